"""What holds for half an hour, such as a price or a carbon intensity, read off at the times of readings.

An hour's value is the mean of its two half hours, for nobody knows in which of them its energy was used. An hour of
which a half is not known is not known.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core.local_time import local

HALF = pd.Timedelta(minutes=30)


def read_off(values: pd.Series, stamps: pd.DatetimeIndex) -> np.ndarray:
    """Return the value that holds at each of `stamps` (UTC), NaN where none is known.

    Parameters
    ----------
    values : Series of float, index UTC
        A value each half hour that is known, in order of time.
    """
    if values.empty:
        return np.full(len(stamps), np.nan)
    index = pd.DatetimeIndex(values.index)
    place = index.searchsorted(stamps, side="right") - 1
    held = stamps - index[np.maximum(place, 0)]
    return np.where((place >= 0) & np.asarray(held < HALF), values.to_numpy(float)[place], np.nan)


def halves_of(stamps: pd.DatetimeIndex, timezone: str, minutes: int = 60) -> tuple[pd.DatetimeIndex, int]:
    """Return the half hours in which readings lie, those of a reading together, and how many a reading has.

    Parameters
    ----------
    stamps : DatetimeIndex, UTC, shape (n,)
        Starts of readings. One within a half hour, or an hour, of the home's clock stands for all of it.
    minutes : int
        How long a reading lasts: 60, or 30 and less.

    Returns
    -------
    halves : DatetimeIndex, UTC, shape (n * k,)
    k : int
        2 for hours, else 1.
    """
    wall = local(stamps, timezone)
    past = wall - wall.floor("h")
    if minutes <= 30:
        return stamps - past % HALF, 1
    begin = stamps - past.where(past != HALF, pd.Timedelta(0))  # an hour may begin at half past
    return begin.repeat(2) + pd.TimedeltaIndex(np.tile([0 * HALF, HALF], len(begin))), 2
