"""Clock and calendar: the only place where UTC becomes local time and back.

Inside, every stamp is UTC; people live by local hours, weekdays and public holidays. All functions take many stamps at
once and keep their order.
"""

from __future__ import annotations

from functools import lru_cache

import holidays
import numpy as np
import pandas as pd

HOUR = pd.Timedelta(hours=1)


def local(stamps: pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """Return UTC `stamps` as wall-clock times of `timezone`, without their zone (a doubled hour shows twice)."""
    return stamps.tz_convert(timezone).tz_localize(None)


def is_day_off(stamps: pd.DatetimeIndex, timezone: str, country: str | None = None) -> np.ndarray:
    """Tell for each stamp whether its local day is a Saturday, a Sunday or a public holiday of `country`.

    Returns
    -------
    ndarray of bool, shape (len(stamps),)
    """
    wall = local(stamps, timezone)
    off = np.asarray(wall.dayofweek >= 5)
    if country is None or len(wall) == 0:
        return off
    years = tuple(range(wall[0].year - 1, wall[-1].year + 2)) if wall.is_monotonic_increasing else tuple(sorted(set(wall.year)))
    return off | np.asarray(wall.normalize().isin(_holidays(country, years)))


@lru_cache(maxsize=32)
def _holidays(country: str, years: tuple[int, ...]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(sorted(holidays.country_holidays(country, years=years)))


def midnight_at_or_after(stamp: pd.Timestamp, timezone: str) -> pd.Timestamp:
    """Return the first local midnight that is not before `stamp`, in UTC.

    Where the clock skips midnight, the day's first hour that exists is returned.
    """
    wall = stamp.tz_convert(timezone)
    day = wall.normalize() if wall == wall.normalize() else wall.normalize() + pd.DateOffset(days=1)
    first = pd.Timestamp(day.date()).tz_localize(timezone, nonexistent="shift_forward", ambiguous=True)
    return first.tz_convert("UTC").as_unit("us")
