"""Clock times to UTC: in Madrid the clock goes back on 2024-10-27 at 3:00, and forward on 2024-03-31 at 2:00."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx.core import local_time

MADRID = "Europe/Madrid"


def walls(*texts: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(list(texts)).as_unit("us")


def test_ordinary_times_follow_the_zone() -> None:
    stamps, reasons = local_time.to_utc(walls("2024-07-01 12:00", "2024-01-01 12:00"), MADRID)
    assert [f"{stamp:%H:%M}" for stamp in stamps] == ["10:00", "11:00"]
    assert list(reasons) == ["", ""]


def test_of_a_doubled_hour_the_first_is_summer_time() -> None:
    stamps, reasons = local_time.to_utc(walls("2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 02:00"), MADRID)
    assert list(stamps.hour) == [23, 0, 1]
    assert list(reasons) == ["", "", ""]


def test_half_hours_of_a_doubled_hour_pair_up() -> None:
    stamps, _ = local_time.to_utc(walls(*[f"2024-10-27 02:{minute}" for minute in ("00", "30", "00", "30")]), MADRID)
    assert [f"{stamp:%H:%M}" for stamp in stamps] == ["00:00", "00:30", "01:00", "01:30"]


def test_pairs_are_made_within_a_device() -> None:
    stamps, reasons = local_time.to_utc(walls(*["2024-10-27 02:00"] * 3), MADRID, np.array(["tv", "fridge", "tv"]))
    assert stamps[0].hour == 0
    assert stamps[2].hour == 1
    assert stamps[1] is pd.NaT
    assert "ambiguous" in reasons[1]
    assert "offset" in reasons[1]


def test_where_the_newest_stands_first_the_first_of_a_pair_is_winter_time() -> None:
    stamps, reasons = local_time.to_utc(
        walls("2024-10-27 03:00", *["2024-10-27 02:00"] * 2, "2024-10-27 01:00"), MADRID
    )
    assert list(stamps.hour) == [2, 1, 0, 23]
    assert not any(reasons)


def test_times_of_any_minute_are_told_by_the_step_back() -> None:
    minutes = ["01:50", "02:10", "02:55", "02:05", "02:40", "03:10"]
    stamps, reasons = local_time.to_utc(walls(*[f"2024-10-27 {minute}" for minute in minutes]), MADRID)
    assert [f"{stamp:%H:%M}" for stamp in stamps] == ["23:50", "00:10", "00:55", "01:05", "01:40", "02:10"]
    assert not any(reasons)


def test_a_register_tells_the_order_of_shuffled_rows() -> None:
    wall = walls("2024-10-27 02:00", "2024-10-27 02:30", "2024-10-27 02:00", "2024-10-27 02:30")
    stamps, _ = local_time.to_utc(wall, MADRID, rank=np.array([11.0, 10.5, 10.0, 11.5]))
    assert [f"{stamp:%H:%M}" for stamp in stamps] == ["01:00", "00:30", "00:00", "01:30"]


@pytest.mark.parametrize(
    ("texts", "utc"),
    [
        (["00:00", "01:00", "02:00"], ["22:00", "23:00", "00:00"]),  # follows the hour before
        (["02:00", "03:00", "04:00"], ["01:00", "02:00", "03:00"]),  # comes before the hour after
        (["01:00", "02:00", "03:00", "04:00"], ["23:00", "00:00", "02:00", "03:00"]),  # the second is lacking
    ],
)
def test_a_doubled_hour_that_is_shown_once_goes_by_its_neighbours(texts: list[str], utc: list[str]) -> None:
    stamps, reasons = local_time.to_utc(walls(*[f"2024-10-27 {text}" for text in texts]), MADRID)
    assert [f"{stamp:%H:%M}" for stamp in stamps] == utc
    assert not any(reasons)


def test_three_equal_times_are_ambiguous() -> None:
    _, reasons = local_time.to_utc(walls(*["2024-10-27 02:00"] * 3), MADRID)
    assert all("ambiguous" in why for why in reasons)


def test_a_skipped_time_does_not_exist() -> None:
    stamps, reasons = local_time.to_utc(walls("2024-03-31 02:30", "2024-03-31 03:30"), MADRID)
    assert stamps[0] is pd.NaT
    assert "does not exist in Europe/Madrid" in reasons[0]
    assert stamps[1] == pd.Timestamp("2024-03-31 01:30", tz="UTC")


def test_nothing_known_stays_unknown_without_a_reason() -> None:
    stamps, reasons = local_time.to_utc(pd.DatetimeIndex([pd.NaT]), MADRID)
    assert stamps[0] is pd.NaT
    assert list(reasons) == [""]


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/New_York", "Asia/Kolkata", "America/St_Johns"])
@given(data=st.data())
def test_the_hours_of_any_days_come_back_whole(zone: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, 8700))
    hours = pd.date_range("2024-01-01", periods=9000, freq="h", tz="UTC", unit="us")[first : first + 200]
    wall = local_time.local(hours, zone)
    stamps, reasons = local_time.to_utc(wall, zone)
    lone = np.array([bool(why) for why in reasons])
    assert (stamps[~lone] == hours[~lone]).all()
    assert all(hour in (hours[0], hours[-1]) for hour in hours[lone])  # only where the span cuts a pair apart
