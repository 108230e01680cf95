"""Odd containers of a table, and names that are none: they are read as what they hold, or refused in words."""

from __future__ import annotations

import gzip
import io
import sqlite3
import zipfile
from pathlib import Path

import pytest

from influx import load
from influx.core.errors import InputError
from influx.home.home import Home
from influx.importers.autodetect import column_names
from influx.importers.reading import archive

HOURS = [f"2024-04-{15 + hour // 24} {hour % 24:02}:00" for hour in range(48)]
CSV = "time,tv (kWh)\n" + "".join(f"{time},0.25\n" for time in HOURS)
READINGS = "device_id,timestamp,energy_kwh\n" + "".join(f"tv,{time},0.25\n" for time in HOURS)
KWH = 12.0
"""48 hours of a quarter of a kWh."""


def home(folder: Path, name: str, content: bytes, settings: str = "") -> Home:
    (folder / name).write_bytes(content)
    (folder / "home.yaml").write_text(f"timezone: UTC\n{settings}", encoding="utf-8")
    return load(folder)


def zipped(**files: str | bytes) -> bytes:
    """Return an archive that is the same at any time, as the names of tests hold it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            path = name.replace("__", "/", 1) if not name.startswith("__") else name
            packed.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def kwh(home: Home) -> float:
    return float(home.series["kwh"].sum())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("export.zip", zipped(**{"a.csv": CSV})),
        ("export.zip", zipped(**{"folder__a.csv": CSV, "__MACOSX/._a.csv": "x"})),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("wide.csv", CSV.encode("utf-16-le")),
        ("wide.csv", CSV.encode("utf-16-be")),
        ("wide.csv", CSV.replace("tv", "Kühlschrank").encode("utf-16-le")),
        ("wide.csv", READINGS.encode("utf-16-le")),
        ("quoted.csv", "".join(f'"{line}"\n' for line in CSV.splitlines()).encode()),
        ("quoted.csv", "".join(f'"{line}"\r\n' for line in READINGS.splitlines()).encode()),
        ("quoted.csv", "".join(f'"{line}"\n' for line in CSV.replace("tv", '""tv""').splitlines()).encode()),
        ("quoted.csv", "".join(f'"{line}"\n' for line in CSV.replace(",", ";").splitlines()).encode("latin-1")),
    ],
)
def test_a_table_is_read_from_its_container(tmp_path: Path, name: str, content: bytes) -> None:
    assert kwh(home(tmp_path, name, content)) == pytest.approx(KWH)


def test_blanks_may_part_the_cells(tmp_path: Path) -> None:
    content = "".join(f"{1713139200 + 3600 * hour} 250\n" for hour in range(48)).encode()
    assert kwh(home(tmp_path, "channel_1.dat", content, "files: {channel_1.dat: {unit: W}}\n")) == pytest.approx(KWH)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("export.zip", zipped(**{"a.csv": CSV, "b.csv": CSV}), "archive of 2 files. Unpack it"),
        ("export.zip", zipped(**{"b.zip": zipped(**{"a.csv": CSV})}), "another one in it. Unpack it"),
        ("export.zip", zipped(), "archive of no files"),
        ("export.zip", b"PK\x03\x04" + b"x" * 99, "cannot be opened"),
        ("export.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:99], "cannot be opened"),
    ],
)
def test_an_archive_that_stays_closed_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    notes = home(tmp_path, name, content).notes
    assert any(words in note for note in notes)
    with pytest.raises(InputError, match=words):
        load(tmp_path / name)


def test_an_archive_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST_BYTES", 1 << 10)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"0" * 5000))
    with pytest.raises(InputError, match="takes more than"):
        load(tmp_path / "a.csv.gz")


def test_an_archive_beside_what_it_holds_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    found = home(tmp_path, "export.zip", zipped(**{"a.csv": CSV}))
    assert kwh(found) == pytest.approx(KWH)
    assert any("lies in the folder, too" in note for note in found.notes)


def test_a_question_of_a_packed_file_is_answered_by_its_own_name(tmp_path: Path) -> None:
    content = CSV.replace("tv (kWh)", "tv").replace(":00,", ":00:00,").replace("0.25", "1.5")
    content = "\n".join(line for line in content.splitlines()).replace(" (kWh)", "")
    (tmp_path / "x").mkdir()
    found = home(tmp_path / "x", "export.zip", zipped(**{"a.csv": content}), "files: {a.csv: {unit: Wh}}\n")
    assert kwh(found) == pytest.approx(0.072)


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("Verbrauch in (kWh)", "Verbrauch"),
        ("Consumo en kWh", "Consumo"),
        ("Lastgänge (306,499 kWh)", "Lastgänge"),
        ("Fridge (kWh)", "Fridge"),
        ("Plug (left) kWh", "Plug (left)"),
        ("Plug in (kWh)", "Plug in"),
        ("Battery in (kWh)", "Battery in"),
        ("Grid in (kWh)", "Grid in"),
        ("Heat pump", "Heat pump"),
    ],
)
def test_a_device_is_called_without_what_belongs_to_the_unit(name: str, device: str) -> None:
    assert column_names.device_of(name) == device


@pytest.mark.parametrize("word", ["None", "NULL", "nan", " null "])
def test_a_missing_name_is_no_device(tmp_path: Path, word: str) -> None:
    found = home(tmp_path, "a.csv", (READINGS + f"{word},2024-04-16 00:00,5\n").encode())
    assert set(found.readings["device_id"]) - {"household"} == {"tv"}
    assert found.rejected["reason"].tolist() == ["device_id is empty"]
    assert found.rejected["kwh"].tolist() == [5.0]


def database(folder: Path, *entries: tuple[str | None, list[tuple[int, float]]]) -> None:
    """Write a recorder's database: of each entry its name, and its hours and sums."""
    with sqlite3.connect(folder / "home-assistant_v2.db") as base:
        base.execute("CREATE TABLE statistics_meta (id, statistic_id, unit_of_measurement, has_sum)")
        base.execute("CREATE TABLE statistics (metadata_id, start_ts, sum)")
        for number, (name, sums) in enumerate(entries, start=1):
            base.execute("INSERT INTO statistics_meta VALUES (?, ?, 'kWh', 1)", (number, name))
            rows = [(number, 1713139200.0 + 3600 * hour, value) for hour, value in sums]
            base.executemany("INSERT INTO statistics VALUES (?, ?, ?)", rows)


RISING = [(hour, 0.5 * hour) for hour in range(30)]


@pytest.mark.parametrize(
    "entries",
    [
        [("sensor.tv", RISING), ("sensor.tv", RISING)],
        [("sensor.tv", RISING), ("sensor.tv", [])],
        [("sensor.tv", RISING[:20]), ("sensor.tv", RISING[10:])],
        [(None, RISING)],
    ],
)
def test_a_statistic_that_stands_twice_counts_once(
    tmp_path: Path, entries: list[tuple[str | None, list[tuple[int, float]]]]
) -> None:
    database(tmp_path, *entries)
    (tmp_path / "home.yaml").write_text("timezone: UTC\n", encoding="utf-8")
    found = load(tmp_path)
    assert kwh(found) == pytest.approx(14.5)
    assert not any("none" in name.lower() for name in found.readings["device_id"])


@pytest.mark.parametrize(
    "second", [[(hour, 0.6 * hour) for hour in range(30)], [(hour, 100 + 0.5 * hour) for hour in range(30, 50)]]
)
def test_two_entries_that_differ_are_refused(tmp_path: Path, second: list[tuple[int, float]]) -> None:
    database(tmp_path, ("sensor.tv", RISING), ("sensor.tv", second))
    with pytest.raises(InputError, match=r"sensor\.tv has two entries"):
        load(tmp_path)
