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
    return np.asarray(local(stamps, timezone).day_of_week >= 5) | is_holiday(stamps, timezone, country)


def is_holiday(stamps: pd.DatetimeIndex, timezone: str, country: str | None = None) -> np.ndarray:
    """Tell for each stamp whether its local day is a public holiday of `country`, shape (len(stamps),)."""
    wall = local(stamps, timezone)
    if country is None or len(wall) == 0:
        return np.zeros(len(wall), dtype=bool)
    years = (
        tuple(range(wall[0].year - 1, wall[-1].year + 2))
        if wall.is_monotonic_increasing
        else tuple(sorted(set(wall.year)))
    )
    return np.asarray(wall.normalize().isin(_holidays(country, years)))


@lru_cache(maxsize=32)
def _holidays(country: str, years: tuple[int, ...]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(sorted(holidays.country_holidays(country, years=years)))


def midnight_at_or_after(stamp: pd.Timestamp, timezone: str) -> pd.Timestamp:
    """Return the first local midnight that is not before `stamp`, in UTC.

    Where the clock skips midnight, the day's first hour that exists is returned.
    """
    day = stamp.tz_convert(timezone).tz_localize(None).normalize()
    first, second = (
        begins.tz_localize(timezone, nonexistent="shift_forward", ambiguous=True).tz_convert("UTC").as_unit("us")
        for begins in (day, day + pd.Timedelta(days=1))
    )
    return first if first >= stamp else second


def hours_of_days(days: pd.DatetimeIndex, timezone: str) -> np.ndarray:
    """Return how many hours local `days` (without their zone) have: 24, or 23 and 25 where the clock is changed.

    Returns
    -------
    ndarray of float, shape (len(days),)
    """
    begins, ends = (begin_of(days + pd.Timedelta(days=later), timezone) for later in (0, 1))
    return np.asarray((ends - begins) / HOUR)


def begin_of(days: pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """Return the first moment of each local day (without its zone), in UTC; a skipped midnight is the hour after it."""
    first = days.tz_localize(timezone, nonexistent="shift_forward", ambiguous=np.ones(len(days), bool))
    return first.tz_convert("UTC").as_unit("us")


def to_utc(
    wall: pd.DatetimeIndex, timezone: str, group: np.ndarray | None = None
) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """Return clock times without an offset as UTC stamps, and a reason for each that has no answer.

    When the clock is put back, an hour is shown twice: of two equal times the first is summer time and the second
    winter time. A lone one is ambiguous, and a time that the clock skipped in spring does not exist.

    Parameters
    ----------
    wall : DatetimeIndex, shape (n,)
        Times as a clock in `timezone` showed them, in the order in which they were written down; NaT stays NaT.
    group : array, shape (n,), optional
        Whose times they are (a device): only equal times of one group are a pair.

    Returns
    -------
    stamps : DatetimeIndex, shape (n,), UTC
        NaT where there is no answer.
    reasons : ndarray of str, shape (n,)
        Empty where there is one.
    """
    stamps = wall.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT")
    reasons = np.full(len(wall), "", dtype=object)
    open_ = np.flatnonzero(np.asarray(stamps.isna() & wall.notna()))
    if len(open_):
        asked = wall[open_]
        summer = asked.tz_localize(timezone, ambiguous=np.ones(len(asked), bool), nonexistent="NaT")
        winter = asked.tz_localize(timezone, ambiguous=np.zeros(len(asked), bool), nonexistent="NaT")
        frame = pd.DataFrame({"group": 0 if group is None else np.asarray(group)[open_], "wall": asked})
        times = frame.groupby(["group", "wall"], sort=False)["wall"]
        pair, second = (times.transform("size") == 2).to_numpy(), (times.cumcount() == 1).to_numpy()
        answer = pd.Series(summer).where(~second, pd.Series(winter)).where(pair)
        skipped = np.asarray(summer.isna())
        reasons[open_] = np.select(
            [skipped, ~pair],
            [
                f"this time does not exist in {timezone}: the clock was put forward over it",
                f"ambiguous: the clock of {timezone} showed this time twice; add the offset from UTC, such as +01:00",
            ],
            "",
        )
        filled = stamps.to_series(index=range(len(stamps)))
        filled.iloc[open_] = answer.to_numpy()
        stamps = pd.DatetimeIndex(filled)
    return stamps.tz_convert("UTC").as_unit("us"), reasons
