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
    stamps, reasons = local_time.to_utc(walls(*[f"2024-{text}" for text in texts]), MADRID)
    assert [f"{stamp:%H:%M}" for stamp in stamps] == utc
    assert not any(reasons)


def test_pairs_are_made_within_a_device() -> None:
    stamps, reasons = local_time.to_utc(walls(*["2024-10-27 02:00"] * 3), MADRID, np.array(["tv", "fridge", "tv"]))
    assert stamps[0].hour == 0
    assert stamps[2].hour == 1
    assert stamps[1] is pd.NaT
    assert "ambiguous" in reasons[1]
    assert "offset" in reasons[1]


def test_a_register_tells_the_order_of_shuffled_rows() -> None:
    wall = walls("2024-10-27 02:00", "2024-10-27 02:30", "2024-10-27 02:00", "2024-10-27 02:30")
    stamps, _ = local_time.to_utc(wall, MADRID, rank=np.array([11.0, 10.5, 10.0, 11.5]))
    assert [f"{stamp:%H:%M}" for stamp in stamps] == ["01:00", "00:30", "00:00", "01:30"]


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
