"""Local time: days off, midnights, and clock times to UTC, on the nights when the clock changes too.

In Madrid the clock goes back on 2024-10-27 at 3:00, and forward on 2024-03-31 at 2:00.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_readings import hours

from influx.core import local_time
from influx.core.local_time import is_day_off, local, midnight_at_or_after, to_utc

MADRID = "Europe/Madrid"


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def test_the_clock_shows_an_hour_twice_in_autumn_and_skips_one_in_spring() -> None:
    assert local(hours(4, "2024-10-26 23:00"), MADRID).hour.tolist() == [1, 2, 2, 3]
    assert local(hours(3, "2024-03-31 00:00"), MADRID).hour.tolist() == [1, 3, 4]


def test_a_half_hour_zone_has_its_own_hours() -> None:
    wall = local(hours(2, "2024-01-01 18:30"), "Asia/Kolkata")
    assert list(wall) == [pd.Timestamp("2024-01-02 00:00"), pd.Timestamp("2024-01-02 01:00")]


def test_a_weekend_begins_at_local_midnight() -> None:
    friday_night = hours(3, "2024-07-05 21:00")
    assert is_day_off(friday_night, MADRID).tolist() == [False, True, True]
    assert is_day_off(friday_night, "UTC").tolist() == [False, False, False]
    sunday_night = hours(2, "2024-07-07 21:00")
    assert is_day_off(sunday_night, MADRID).tolist() == [True, False]


def test_public_holidays_are_days_off_where_the_country_is_known() -> None:
    """Epiphany 2025 is a Monday in Spain, Christmas 2024 a Wednesday in both, 4 July 2024 a Thursday in the USA."""
    noons = pd.DatetimeIndex([utc("2024-07-04 12:00"), utc("2024-12-25 12:00"), utc("2025-01-06 12:00")])
    assert is_day_off(noons, MADRID, "ES").tolist() == [False, True, True]
    assert is_day_off(noons, "America/New_York", "US").tolist() == [True, True, False]
    assert is_day_off(noons, MADRID).tolist() == [False, False, False]


def test_a_holiday_is_found_in_whatever_order_and_however_long_the_span() -> None:
    christmas = [utc(f"{year}-12-25 12:00") for year in (2030, 2019, 2024)]
    assert is_day_off(pd.DatetimeIndex(christmas), MADRID, "ES").all()
    year = hours(24 * 366 * 2, "2023-06-01")
    off = pd.Series(is_day_off(year, "UTC", "ES"), index=year)
    assert off["2023-12-25"].all()
    assert off["2024-05-01"].all()
    assert off["2025-05-01"].all()
    new_year_in_tokyo = hours(1, "2023-12-31 15:00")
    assert is_day_off(new_year_in_tokyo, "Asia/Tokyo", "JP").tolist() == [True]


@pytest.mark.parametrize(
    ("stamp", "zone", "midnight"),
    [
        ("2024-07-14 22:00", MADRID, "2024-07-14 22:00"),
        ("2024-07-14 22:01", MADRID, "2024-07-15 22:00"),
        ("2024-03-30 23:30", MADRID, "2024-03-31 22:00"),  # the day of 23 hours
        ("2024-10-26 23:00", MADRID, "2024-10-27 23:00"),  # the day of 25 hours
        ("2024-01-01 12:00", "Asia/Kolkata", "2024-01-01 18:30"),
        ("2024-04-25 22:00", "Africa/Cairo", "2024-04-25 22:00"),  # midnight is skipped: the day begins at 1
        ("2024-04-25 23:00", "Africa/Cairo", "2024-04-26 21:00"),
        ("2024-11-03 04:00", "America/Havana", "2024-11-03 04:00"),  # midnight comes twice: the day begins at the first
        ("2024-11-03 05:00", "America/Havana", "2024-11-04 05:00"),
        ("2018-11-03 12:00", "America/Sao_Paulo", "2018-11-04 03:00"),
    ],
)
def test_the_next_midnight(stamp: str, zone: str, midnight: str) -> None:
    found = midnight_at_or_after(utc(stamp), zone)
    assert found == utc(midnight)
    assert found.unit == "us"


@settings(max_examples=50)
@given(
    hour=st.integers(0, 24 * 366 * 4),
    zone=st.sampled_from([MADRID, "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana"]),
)
def test_a_midnight_begins_the_first_day_that_has_not_begun(hour: int, zone: str) -> None:
    stamp = utc("2016-01-01") + pd.Timedelta(hours=hour)
    found = midnight_at_or_after(stamp, zone)
    assert pd.Timedelta(0) <= found - stamp <= pd.Timedelta(hours=25)
    day, before = (found - pd.Timedelta(minutes=back) for back in (0, 1))
    assert (day.tz_convert(zone).date() - before.tz_convert(zone).date()).days == 1
    between = pd.date_range(stamp, found - pd.Timedelta(hours=1), freq="h").tz_convert(zone)
    assert len(set(between.date)) <= 1  # no other day has begun on the way


# --- clock times to UTC -----------------------------------------------------------------------------------------------


def walls(*texts: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(list(texts)).as_unit("us")


@pytest.mark.parametrize(
    ("texts", "utc"),
    [
        (["07-01 12:00", "01-01 12:00"], ["10:00", "11:00"]),
        (["10-27 01:00", "10-27 02:00", "10-27 02:00"], ["23:00", "00:00", "01:00"]),  # the first is summer time
        (["10-27 02:00", "10-27 02:30", "10-27 02:00", "10-27 02:30"], ["00:00", "00:30", "01:00", "01:30"]),
        (["10-27 03:00", "10-27 02:00", "10-27 02:00", "10-27 01:00"], ["02:00", "01:00", "00:00", "23:00"]),
        (["10-27 01:50", "10-27 02:10", "10-27 02:05", "10-27 03:10"], ["23:50", "00:10", "01:05", "02:10"]),
        (["10-27 00:00", "10-27 01:00", "10-27 02:00"], ["22:00", "23:00", "00:00"]),  # follows the hour before
        (["10-27 02:00", "10-27 03:00", "10-27 04:00"], ["01:00", "02:00", "03:00"]),  # comes before the hour after
        (["10-27 01:00", "10-27 02:00", "10-27 03:00", "10-27 04:00"], ["23:00", "00:00", "02:00", "03:00"]),
    ],
)
def test_a_doubled_hour_goes_by_the_step_back_or_by_its_neighbours(texts: list[str], utc: list[str]) -> None:
    """Whichever stands first, the oldest or the newest, and where an hour is shown once, too."""
    stamps, reasons = to_utc(walls(*[f"2024-{text}" for text in texts]), MADRID)
    assert [f"{stamp:%H:%M}" for stamp in stamps] == utc
    assert not any(reasons)


def test_pairs_are_made_within_a_device() -> None:
    stamps, reasons = to_utc(walls(*["2024-10-27 02:00"] * 3), MADRID, np.array(["tv", "fridge", "tv"]))
    assert stamps[0].hour == 0
    assert stamps[2].hour == 1
    assert stamps[1] is pd.NaT
    assert "ambiguous" in reasons[1]
    assert "offset" in reasons[1]


def test_a_register_tells_the_order_of_shuffled_rows() -> None:
    wall = walls("2024-10-27 02:00", "2024-10-27 02:30", "2024-10-27 02:00", "2024-10-27 02:30")
    stamps, _ = to_utc(wall, MADRID, rank=np.array([11.0, 10.5, 10.0, 11.5]))
    assert [f"{stamp:%H:%M}" for stamp in stamps] == ["01:00", "00:30", "00:00", "01:30"]


def test_three_equal_times_are_ambiguous() -> None:
    _, reasons = to_utc(walls(*["2024-10-27 02:00"] * 3), MADRID)
    assert all("ambiguous" in why for why in reasons)


def test_a_skipped_time_does_not_exist() -> None:
    stamps, reasons = to_utc(walls("2024-03-31 02:30", "2024-03-31 03:30"), MADRID)
    assert stamps[0] is pd.NaT
    assert "does not exist in Europe/Madrid" in reasons[0]
    assert stamps[1] == pd.Timestamp("2024-03-31 01:30", tz="UTC")


def test_nothing_known_stays_unknown_without_a_reason() -> None:
    stamps, reasons = to_utc(pd.DatetimeIndex([pd.NaT]), MADRID)
    assert stamps[0] is pd.NaT
    assert list(reasons) == [""]


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/New_York", "Asia/Kolkata", "America/St_Johns"])
@given(data=st.data())
def test_the_hours_of_any_days_come_back_whole(zone: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, 8700))
    hours = pd.date_range("2024-01-01", periods=9000, freq="h", tz="UTC", unit="us")[first : first + 200]
    wall = local(hours, zone)
    stamps, reasons = to_utc(wall, zone)
    lone = np.array([bool(why) for why in reasons])
    assert (stamps[~lone] == hours[~lone]).all()
    assert all(hour in (hours[0], hours[-1]) for hour in hours[lone])  # only where the span cuts a pair apart


@pytest.mark.parametrize(
    ("calendar", "day", "holiday"),
    [
        ("DE", "2024-01-06", False),
        ("DE-BY", "2024-01-06", True),
        ("DE-BE", "2024-01-06", False),
        ("GB", "2024-04-01", False),
        ("GB-ENG", "2024-04-01", True),
        ("GB-SCT", "2024-04-01", False),
        ("CA-ON", "2024-02-19", True),
        ("NL", "2024-03-29", False),
        ("NL", "2024-04-01", True),
        ("ES-CT", "2024-09-11", True),
    ],
)
@pytest.mark.parametrize("language", ["en_US", "de_DE", ""])
def test_holidays_of_a_region_in_any_locale(
    calendar: str, day: str, holiday: bool, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", language)
    local_time._holidays.cache_clear()
    stamps = pd.DatetimeIndex([f"{day} 12:00"]).tz_localize("UTC")
    assert local_time.is_holiday(stamps, "UTC", calendar).tolist() == [holiday]


def test_the_pinned_time_zones_come_before_those_of_the_system() -> None:
    code = "import influx.core, zoneinfo; print(zoneinfo.TZPATH, zoneinfo.ZoneInfo('Europe/Madrid'))"
    keep = {name: value for name, value in os.environ.items() if name != "PYTHONTZPATH"}
    out = [
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout.strip()
        for env in (keep, {**keep, "PYTHONTZPATH": "/usr/share/zoneinfo"})
    ]
    assert out == ["() Europe/Madrid", "('/usr/share/zoneinfo',) Europe/Madrid"]
