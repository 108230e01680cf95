"""Time in hours: intervals cut where an hour ends, and the complete hourly grid of a home.

All of it is counted in UTC, where no hour is doubled or skipped; the hours themselves begin when an hour begins on the
home's clock (:func:`phase`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core import local_time
from influx.core.constants import HOUR_US
from influx.core.errors import InputError

_MOST_CELLS = 60_000_000


def phase(timezone: str, at: pd.Timestamp) -> pd.Timedelta:
    """Return how far after a full UTC hour the hours of `timezone` begin at the time `at` (30 min in India)."""
    offset = at.tz_convert(timezone).utcoffset()
    return -pd.Timedelta(offset) % local_time.HOUR


def hour_of(stamps: pd.Series, shift: pd.Timedelta) -> pd.Series:
    """Return the start of the home's hour in which each of `stamps` (UTC) lies."""
    return ((stamps - shift).dt.floor("h") + shift).dt.as_unit("us")


def cut_at_hours(start: pd.Series, minutes: pd.Series, shift: pd.Timedelta) -> pd.DataFrame:
    """Cut intervals at the hours.

    Parameters
    ----------
    start : Series of UTC stamps, length n
    minutes : Series of float, length n
        How long each interval lasts [min].
    shift : Timedelta
        How far after a full UTC hour the hours begin (`phase`).

    Returns
    -------
    DataFrame
        A row a piece, in the order of the intervals: `interval` (its place in `start`), `timestamp` (UTC start of the
        hour), `minutes` (length of the piece) and `share` (of its interval's length, which sum to 1).
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


def complete(hours: pd.DataFrame) -> pd.DataFrame:
    """Return the hours of all devices from the first to the last that is known of any; the others are NaN, "missing".

    Raises
    ------
    InputError
        There are too many devices for their span.
    """
    stamps = pd.date_range(hours["timestamp"].min(), hours["timestamp"].max(), freq="h", unit="us")
    names = sorted(hours["device_id"].unique())
    if len(names) * len(stamps) > _MOST_CELLS:
        raise InputError(
            f"{len(names)} devices over {len(stamps)} hours are too many to hold. Is device_id the right column?"
        )
    grid = pd.MultiIndex.from_product([names, stamps], names=["device_id", "timestamp"])
    table = hours.set_index(["device_id", "timestamp"])[["energy_kwh", "quality"]].reindex(grid).reset_index()
    return table.fillna({"quality": "missing"}).astype({"device_id": "str", "quality": "str"})
