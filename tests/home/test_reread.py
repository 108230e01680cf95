"""Reading a growing home again: the same as reading all of it at once, and a known file is not read twice."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import influx
from influx.core.settings import Settings
from influx.home import parse_cache
from influx.importers import Part
from influx.importers.reading import tabular
from influx.importers.reading.layout import Layout


@pytest.fixture(autouse=True)
def everything_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(parse_cache, "FOLDER", tmp_path / "parts")
    monkeypatch.setattr(parse_cache, "LEAST_BYTES", 0)
    return tmp_path / "parts"


def month(folder: Path, number: int, bad: str = "") -> Path:
    """Write a month of hourly readings of two devices; `bad` is one more row."""
    folder.mkdir(exist_ok=True)
    times = pd.date_range(f"2024-{number:02}-01", periods=28 * 24, freq="h").strftime("%Y-%m-%d %H:%M")
    kwh = np.random.default_rng(number).gamma(2, 0.1, len(times)).round(4)
    rows = [f"{name},{time},{value}" for time, value in zip(times, kwh, strict=True) for name in ("tv", "oven")]
    path = folder / f"{number:02}.csv"
    path.write_text("\n".join(["device_id,timestamp,energy_kwh", *rows, *([bad] if bad else [])]) + "\n")
    os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    return path


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that are really read from now on."""
    seen: list[str] = []
    once = tabular.read

    def read(path: Path, layout: Layout, settings: Settings) -> Part:
        seen.append(path.name)
        return once(path, layout, settings)

    monkeypatch.setattr(tabular, "read", read)
    return seen


def test_a_home_that_grows_is_read_as_if_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    month(tmp_path / "home", 1, bad="tv,2024-02-30 00:00,1")
    influx.load(tmp_path / "home")
    month(tmp_path / "home", 2)
    seen = reads(monkeypatch)
    grown = influx.load(tmp_path / "home")
    assert seen == ["02.csv"]
    monkeypatch.setattr(parse_cache, "FOLDER", tmp_path / "elsewhere")
    whole = influx.load(tmp_path / "home")
    for name in ("readings", "rejected", "reconciliation", "corrections", "series", "devices"):
        pd.testing.assert_frame_equal(getattr(grown, name), getattr(whole, name))
    assert grown.notes == whole.notes
    assert grown.rejected["reason"].tolist()


def test_what_a_file_is_read_with_is_part_of_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = month(tmp_path / "home", 1).parent
    influx.load(home)
    (home / "home.yaml").write_text("timezone: Europe/Madrid\n")
    seen = reads(monkeypatch)
    first = influx.load(home).readings["timestamp"].min()
    assert seen == ["01.csv"]
    assert first == pd.Timestamp("2023-12-31 23:00", tz="UTC")


def test_a_file_that_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = month(tmp_path / "home", 1)
    influx.load(path.parent)
    stamp = path.stat().st_mtime_ns
    path.write_text(path.read_text().replace("tv,2024-01-01 00:00", "tv,2024-01-01 00:30", 1))
    os.utime(path, ns=(stamp, stamp))
    seen = reads(monkeypatch)
    influx.load(path.parent)
    assert seen == ["01.csv"]


def test_a_damaged_part_is_read_again(tmp_path: Path, everything_is_kept: Path) -> None:
    home = month(tmp_path / "home", 1).parent
    whole = influx.load(home)
    for file in everything_is_kept.rglob("*.parquet"):
        file.write_bytes(file.read_bytes()[:100])
    pd.testing.assert_frame_equal(influx.load(home).readings, whole.readings)


def test_the_oldest_parts_make_room(tmp_path: Path, everything_is_kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_cache, "MOST_BYTES", 1)
    home = month(tmp_path / "home", 1).parent
    influx.load(home)
    assert not list(everything_is_kept.iterdir())


def test_nothing_is_kept_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(parse_cache, "FOLDER", tmp_path / "file" / "parts")
    assert len(influx.load(month(tmp_path / "home", 1).parent).readings) == 2 * 28 * 24
