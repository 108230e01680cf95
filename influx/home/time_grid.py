"""The hours of a home, and intervals cut where an hour ends.

All of it is counted in UTC, where no hour is doubled or skipped; the hours begin `shift` after a full UTC hour, when an
hour begins on the home's clock.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core.constants import HOUR_US


def hour_of(stamps: pd.Series, shift: pd.Timedelta, length: str = "h") -> pd.Series:
    """Return the start of the home's hour (or of another `length`) in which each of `stamps` (UTC) lies."""
    return ((stamps - shift).dt.floor(length) + shift).dt.as_unit("us")


def cut_at_hours(start: pd.Series, minutes: pd.Series, shift: pd.Timedelta) -> pd.DataFrame:
    """Cut intervals, from UTC stamps on, at the hours: a row a piece, in the order of the intervals.

    Return `interval` (its place in `start`), `timestamp` (UTC start of the hour), `minutes` (length of the piece) and
    `share` (of its interval's length, which sum to 1).
    """
    begin = pd.DatetimeIndex(start).as_unit("us").asi8 - shift // pd.Timedelta(microseconds=1)
    length = np.maximum(np.rint(minutes.to_numpy(float) * 60e6).astype("int64"), 1)
    first, last = begin // HOUR_US, (begin + length - 1) // HOUR_US
    count = last - first + 1
    interval = np.repeat(np.arange(len(begin)), count)
    hour = first[interval] + np.arange(len(interval)) - np.repeat(np.cumsum(count) - count, count)
    inside = np.minimum((begin + length)[interval], (hour + 1) * HOUR_US) - np.maximum(begin[interval], hour * HOUR_US)
    stamps = pd.DatetimeIndex((hour * HOUR_US).astype("datetime64[us]")).tz_localize("UTC") + shift
    return pd.DataFrame(
        {"interval": interval, "timestamp": stamps, "minutes": inside / 60e6, "share": inside / length[interval]}
    )
