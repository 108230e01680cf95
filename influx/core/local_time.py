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
_DAY = 86_400_000_000  # microseconds


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
    wall: pd.DatetimeIndex, timezone: str, group: np.ndarray | None = None, rank: np.ndarray | None = None
) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """Return clock times without an offset as UTC stamps, and a reason for each that has no answer.

    When the clock is put back, an hour is shown twice: in the order in which the times were written down, those before
    the step back are summer time and those after it winter time. Where a series shows that hour once only, the time is
    the one that follows its neighbours at their usual step; without such neighbours it is ambiguous. A time that the
    clock skipped in spring does not exist.

    Parameters
    ----------
    wall : DatetimeIndex, shape (n,)
        Times as a clock in `timezone` showed them, the oldest or the newest first; NaT stays NaT.
    group : array, shape (n,), optional
        Whose times they are (a device): only times of one group follow each other.
    rank : array of float, shape (n,), optional
        What rises with time beside them, such as the state of a register, NaN where it is not known; it tells the order
        better than the rows do.

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
        skipped = np.asarray(summer.isna())
        filled = stamps.tz_convert("UTC").as_unit("us").asi8.copy()
        whose = np.zeros(len(wall), int) if group is None else pd.factorize(np.asarray(group))[0]
        pair = np.stack([times.tz_convert("UTC").as_unit("us").asi8 for times in (summer, winter)])
        lone = _doubled(wall, open_[~skipped], pair[:, ~skipped], whose, rank, filled)
        reasons[open_[skipped]] = f"this time does not exist in {timezone}: the clock was put forward over it"
        reasons[lone] = (
            f"ambiguous: the clock of {timezone} showed this time twice; add the offset from UTC, such as +01:00"
        )
        return pd.DatetimeIndex(filled.view("datetime64[us]")).tz_localize("UTC"), reasons
    return stamps.tz_convert("UTC").as_unit("us"), reasons


def _doubled(
    wall: pd.DatetimeIndex,
    places: np.ndarray,
    pair: np.ndarray,
    whose: np.ndarray,
    rank: np.ndarray | None,
    filled: np.ndarray,
) -> list[int]:
    """Fill in the UTC times of `places`, whose hour the clock showed twice; return those that stay open.

    Parameters
    ----------
    pair : ndarray of int64, shape (2, len(places))
        Each time in summer and in winter [us].
    """
    moves = np.diff(wall.asi8[:: max(len(wall) // 100_000, 1)])
    backwards = (moves < 0).sum() > (moves > 0).sum()
    days = wall[places].as_unit("us").normalize().asi8
    frame = pd.DataFrame({"place": places, "wall": wall.asi8[places], "column": range(len(places))})
    frame["order"] = -frame["place"] if backwards else frame["place"]
    frame["rank"] = 0.0 if rank is None else rank[places]
    lone: list[int] = []
    near = None
    for _, rows in frame.groupby([whose[places], days], sort=False):
        rows = rows.sort_values(["rank", "order"] if rows["rank"].notna().all() else "order", kind="stable")
        back = np.append(False, np.diff(rows["wall"]) <= 0).cumsum()
        often = rows.groupby("wall")["wall"].transform("size").to_numpy()
        if back[-1] == 1 and (often <= 2).all():
            filled[rows["place"]] = pair[back, rows["column"]]
        elif back[-1] == 0:
            if near is None:
                near = _near(wall, days)
            lone += _beside(rows["place"].to_numpy(), pair[:, rows["column"]], near, whose, filled)
        else:
            lone += rows["place"].tolist()
    return lone


def _near(wall: pd.DatetimeIndex, days: np.ndarray) -> np.ndarray:
    """Return the places of times on `days`, and on the days before and after them."""
    around = np.unique(np.concatenate([days + shift * _DAY for shift in (-1, 0, 1)]))
    return np.flatnonzero(np.isin(wall.as_unit("us").asi8 // _DAY * _DAY, around))


def _beside(places: np.ndarray, pair: np.ndarray, near: np.ndarray, whose: np.ndarray, filled: np.ndarray) -> list[int]:
    """Fill in times that a series shows once, in order of time, where they follow what stands before or after them."""
    day = (pair[0, 0] - _DAY, pair[1, -1] + _DAY)
    own = filled[near[whose[near] == whose[places[0]]]]
    own = own[(own >= day[0]) & (own <= day[1])]
    known = np.unique(own)
    steps, counts = np.unique(np.diff(known), return_counts=True)
    if not len(steps):
        return places.tolist()
    step = steps[counts.argmax()]
    first, last = np.searchsorted(known, [pair[0, 0], pair[1, -1]])
    if first > 0 and pair[0, 0] - known[first - 1] == step:
        filled[places] = pair[0]
    elif last < len(known) and known[last] - pair[1, -1] == step:
        filled[places] = pair[1]
    else:
        return places.tolist()
    return []
