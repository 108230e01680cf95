"""Hostile words from outside: what a device may be called, and what no page, terminal or spreadsheet may then do."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import influx
from influx import outside, tables
from influx.__main__ import main
from influx.account import rest
from influx.exchange import read_readings, write_frame
from influx.figures import table

HOSTILE = [
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "@SUM(A1)",
    "../../etc/passwd",
    "\x1b[31mred\x1b[0m",
    "tv",
    "tv\u200b",
    "\u202egnp.exe",
    "{{ 7 * 7 }}",
    "a" * 500,
]


@pytest.fixture
def home(tmp_path: Path) -> influx.Home:
    stamps = pd.date_range("2024-06-01", periods=48, freq="h", tz="UTC")
    folder = tmp_path / "home"
    folder.mkdir()
    rows = [(name, f"{at:%Y-%m-%dT%H:%M:%SZ}", 0.1) for name in HOSTILE for at in stamps]
    with (folder / "readings.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("device_id", "timestamp", "energy_kwh"), *rows, ("=1+1", "=cmd", "=2")])
    return influx.load(folder)


def test_every_hostile_name_stays_a_device_of_its_own(home: influx.Home) -> None:
    names = set(home.devices["device_id"])
    assert len(names) == len(HOSTILE)
    assert {"tv", "tv (2)", "_=HYPERLINK(1)", "_@SUM(A1)", "gnp.exe", "../../etc/passwd"} <= names
    assert home.series["kwh"].sum() == pytest.approx(len(HOSTILE) * 4.8)
    assert rest(home) == pytest.approx(0, abs=1e-9)


def test_no_page_runs_what_a_device_is_called(home: influx.Home) -> None:
    page = "".join(shown._repr_html_() for shown in (table(tables.series(home)), table(tables.rejected(home))))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_no_cell_of_a_csv_file_is_a_formula(home: influx.Home, tmp_path: Path) -> None:
    for frame in (home.rejected, home.account, home.series):
        write_frame(frame, tmp_path / "frame.csv")
        with (tmp_path / "frame.csv").open(newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell[:1] in "=@+\t\r" and cell]
    write_frame(home.rejected, tmp_path / "frame.csv")
    assert "'=cmd" in (tmp_path / "frame.csv").read_text()


def test_no_escape_reaches_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.csv").write_text("device_id,timestamp,energy_kwh\n\x1b[31mtv,\x1b]0;owned\x07,1\n", encoding="utf-8")
    assert main(["inspect", str(tmp_path / "x.csv")]) == 1
    assert "\x1b" not in "".join(capsys.readouterr())


@given(st.lists(st.text(), min_size=1, max_size=8))
def test_cleaned_names_are_safe_and_stay_apart(names: list[str]) -> None:
    changed = outside.cleaned(names)
    shown = [changed.get(name, name) for name in set(names)]
    assert len(set(shown)) == len(shown)
    for name in shown:
        assert name == name.strip()
        assert outside.printable(name) == name
        assert not name.startswith(("=", "+", "-", "@"))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1))
def test_a_name_comes_back_from_a_csv_file(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    path = tmp_path_factory.mktemp("names") / "readings.csv"
    stamps = pd.date_range("2024-06-01", periods=2, freq="h", tz="UTC")
    write_frame(pd.DataFrame({"device_id": [name] * 2, "timestamp": stamps, "energy_kwh": [0.1, 0.2]}), path)
    if not name.startswith("'"):
        assert set(read_readings(path)["device_id"]) == {name}
