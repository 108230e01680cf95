"""Clocks that do not do what the home's does: standard time all year, late stamps, days of 25 hours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from test_infer import energy, hours, read, write

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers import Part, find


def local_hour(part: Part, at: str, timezone: str = "Europe/Madrid") -> list[float]:
    """Return the energy of what begins in an hour of the home's clock."""
    clock = part.frame["timestamp"].dt.tz_convert(timezone).dt.tz_localize(None).dt.floor("h")
    return part.frame["energy_kwh"][clock == pd.Timestamp(at)].round(6).tolist()


@pytest.mark.parametrize(
    ("zone", "spring", "offset"),
    [
        ("Europe/Madrid", "2024-03-31", "+01:00"),
        ("Europe/London", "2024-03-31", "+00:00"),
        ("America/New_York", "2024-03-10", "-05:00"),
        ("Australia/Sydney", "2024-10-06", "+10:00"),
    ],
)
def test_an_hour_that_the_home_skips_is_asked_about(tmp_path: Path, zone: str, spring: str, offset: str) -> None:
    rows = [f"{at},{1.5 if at.endswith('20:00') else 0.5}" for at in hours(96, start=spring)]
    path = write(tmp_path, "time,energy (kWh)", *rows)
    with pytest.raises(InputError, match=f'timezone: "{offset.replace("+", chr(92) + "+")}"'):
        read(path, zone, label="start")
    home = Settings.model_validate({"timezone": zone, "files": {path.name: {"label": "start", "timezone": offset}}})
    source = find(path, home)
    assert source is not None
    part = source.read(path, home)
    day = (pd.Timestamp(spring) + pd.Timedelta(days=2)).strftime("%Y-%m-%d")
    assert local_hour(part, f"{day} 21:00", zone) == [1.5]
    assert len(part.rejected) == 0


def test_a_blank_row_of_the_skipped_hour_is_rejected_alone(tmp_path: Path) -> None:
    rows = [f"{at},{'' if at == '2024-03-31 02:00' else 0.5}" for at in hours(72, start="2024-03-30")]
    assert len(read(write(tmp_path, "time,energy (kWh)", *rows), label="start").rejected) == 1


@pytest.mark.parametrize(("length", "short"), [(15, 1), (30, 1), (60, 1), (15, 60), (60, 60)])
def test_intervals_that_end_before_the_next_one_begins_are_whole(tmp_path: Path, length: int, short: int) -> None:
    starts = pd.date_range("2024-06-01", periods=48 * 60 // length, freq=f"{length}min")
    ends = starts + pd.Timedelta(minutes=length) - pd.Timedelta(seconds=short)
    rows = [f"{start},{end},0.1" for start, end in zip(starts, ends, strict=True)]
    part = read(write(tmp_path, "start,end,energy (kWh)", *rows))
    assert part.frame["minutes"].unique().tolist() == [length]


@pytest.mark.parametrize("late", [0.001, 0.25, 1.0])
def test_stamps_that_are_somewhat_late_are_hourly(tmp_path: Path, late: float) -> None:
    starts = pd.date_range("2024-06-01", periods=72, freq="h") + pd.to_timedelta(np.arange(72) % 2 * late, unit="s")
    part = read(write(tmp_path, "time,energy (kWh)", *(f"{at.isoformat()},0.5" for at in starts)), label="start")
    assert sum(energy(part).values()) == approx(36)


_NUMBERED = [f"H{n}" for n in range(1, 26)]
_AGAIN = ["1", "2", "2B", *map(str, range(3, 25))]
_TWICE = ["00:00", "01:00", "02:00", "02:00", *(f"{hour:02d}:00" for hour in range(3, 24))]


@pytest.mark.parametrize(("names", "extra"), [(_NUMBERED, 24), (_AGAIN, 2), (_TWICE, 3)])
def test_the_day_of_25_hours_has_all_of_them(tmp_path: Path, names: list[str], extra: int) -> None:
    usual = [f"{n / 100:.2f}" for n in range(24)]
    normal = [*usual[:extra], "", *usual[extra:]]
    doubled = [f"{n / 100:.2f}" for n in range(25)]
    days = [("2024-10-26", normal), ("2024-10-27", doubled), ("2024-10-28", normal)]
    rows = [",".join([day, *cells]) for day, cells in days]
    part = read(write(tmp_path, ",".join(["day", *names]), *rows, name="a_kWh.csv"))
    assert sum(energy(part).values()) == approx(2 * 2.76 + 3.0)
    assert local_hour(part, "2024-10-27 02:00") == [0.02, 0.03]
    assert local_hour(part, "2024-10-27 23:00") == [0.24]
    assert local_hour(part, "2024-10-28 05:00") == [0.05]


def test_the_day_of_23_hours_may_leave_its_last_column_blank(tmp_path: Path) -> None:
    day = [f"{n / 100:.2f}" for n in range(24)]
    rows = ["2024-03-30," + ",".join(day), "2024-03-31," + ",".join([*day[:23], ""]), "2024-04-01," + ",".join(day)]
    part = read(write(tmp_path, ",".join(["day", *_NUMBERED[:24]]), *rows, name="a_kWh.csv"))
    assert local_hour(part, "2024-03-31 01:00") == [0.01]
    assert local_hour(part, "2024-03-31 03:00") == [0.02]
    assert local_hour(part, "2024-03-31 23:00") == [0.22]


def test_hours_of_half_a_day_by_their_names(tmp_path: Path) -> None:
    names = [f"{n % 12 or 12}:00 {'AM' if n < 12 else 'PM'}" for n in range(24)]
    rows = [f"2024-06-0{day}," + ",".join(f"{n / 100:.2f}" for n in range(24)) for day in (1, 2, 3)]
    part = read(write(tmp_path, ",".join(["day", *names]), *rows, name="a_kWh.csv"))
    assert local_hour(part, "2024-06-02 13:00") == [0.13]


def test_a_day_that_stands_once_is_that_of_the_rows_below(tmp_path: Path) -> None:
    rows = [
        f"{'2024-06-0' + str(1 + n // 24) if n % 24 == 0 else ''},{n % 24:02d}:00,{n * 7 % 24 / 100:.2f}"
        for n in range(72)
    ]
    part = read(write(tmp_path, "date,time,energy (kWh)", *rows), label="start")
    assert local_hour(part, "2024-06-02 05:00") == [0.11]


def test_a_date_of_revision_is_not_the_time_of_a_row(tmp_path: Path) -> None:
    rows = [f"{at[:10]},2024-07-01 11:18:06,{at[11:]},0.5" for at in hours(72)]
    part = read(write(tmp_path, "date,revised,start,energy (kWh)", *rows))
    assert sum(energy(part).values()) == approx(36)


@pytest.mark.parametrize(("months", "lost"), [(0, 0), (2, 1), (-3, 1)])
def test_a_lone_time_far_from_all_others_is_rejected(tmp_path: Path, months: int, lost: int) -> None:
    times = hours(200)
    times[7 if months <= 0 else 150] = (pd.Timestamp(times[150]) + pd.DateOffset(months=months)).isoformat(" ")
    rows = [f"{at},0.5" for at in times]
    assert len(read(write(tmp_path, "time,energy (kWh)", *rows), label="start").rejected) == lost
