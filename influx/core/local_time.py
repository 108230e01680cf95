"""Clock and calendar: the only place where UTC becomes local time and back.

Inside, every stamp is UTC; people live by local hours, weekdays and public holidays. All functions take many stamps at
once and keep their order.
"""

from __future__ import annotations

from functools import lru_cache

import holidays
import numpy as np
import pandas as pd

from influx.core.constants import DAY_US

HOUR = pd.Timedelta(hours=1)


def local(stamps: pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """Return UTC `stamps` as wall-clock times of `timezone`, without their zone (a doubled hour shows twice)."""
    return stamps.tz_convert(timezone).tz_localize(None)


def is_day_off(stamps: pd.DatetimeIndex, timezone: str, country: str | None = None) -> np.ndarray:
    """Tell for each stamp whether its local day is a Saturday, a Sunday or a public holiday of `country`.

    It is a code of ISO 3166, or of one of its regions, such as DE-BY.
    """
    return np.asarray(local(stamps, timezone).day_of_week >= 5) | is_holiday(stamps, timezone, country)


def is_holiday(stamps: pd.DatetimeIndex, timezone: str, country: str | None = None) -> np.ndarray:
    """Tell for each stamp whether its local day is a public holiday of `country`."""
    wall = local(stamps, timezone)
    if country is None or len(wall) == 0:
        return np.zeros(len(wall), dtype=bool)
    return np.asarray(wall.normalize().isin(_holidays(country, wall.min().year - 1, wall.max().year + 1)))


_WORKED = {"NL": ("Goede vrijdag",)}
"""Days that are listed as public holidays, and on which most of the country works."""


@lru_cache(maxsize=32)
def _holidays(country: str, first: int, last: int) -> pd.DatetimeIndex:
    code, _, region = country.partition("-")
    years = range(first, last + 1)
    language = holidays.country_holidays(code).default_language  # else that of the process
    days = holidays.country_holidays(code, subdiv=region or None, years=years, language=language)
    return pd.DatetimeIndex(sorted(day for day, name in days.items() if name not in _WORKED.get(code, ())))


def is_country(code: str) -> bool:
    """Tell whether the public holidays of a country are known."""
    return code in _countries()


def regions(country: str | None) -> list[str]:
    """Return the codes of a country's regions that have public holidays of their own, none where it has no regions."""
    return [code for code in _countries().get(country or "", ()) if len(code) < 4]


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    return dict(holidays.list_supported_countries())


def midnight_at_or_after(stamp: pd.Timestamp, timezone: str) -> pd.Timestamp:
    """Return the first local midnight that is not before `stamp`, in UTC (`begin_of`)."""
    day = stamp.tz_convert(timezone).tz_localize(None).normalize()
    first, second = begin_of(pd.DatetimeIndex([day, day + pd.Timedelta(days=1)]), timezone)
    return first if first >= stamp else second


def hours_of_days(days: pd.DatetimeIndex, timezone: str) -> np.ndarray:
    """Return how many hours local `days` (without their zone) have: 24, or 23 and 25 where the clock is changed."""
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
    stamps = wall.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC").as_unit("us")
    reasons = np.full(len(wall), "", dtype=object)
    places = np.flatnonzero(np.asarray(stamps.isna() & wall.notna()))
    if not len(places):
        return stamps, reasons
    seasons = {
        name: wall[places].tz_localize(timezone, ambiguous=np.full(len(places), name == "summer"), nonexistent="NaT")
        for name in ("summer", "winter")
    }
    rows = pd.DataFrame({name: times.tz_convert("UTC").as_unit("us").asi8 for name, times in seasons.items()})
    rows = rows.assign(place=places, wall=wall.asi8[places], rank=0.0 if rank is None else rank[places])
    skipped = np.asarray(seasons["summer"].isna())
    utc = stamps.asi8.copy()
    whose = np.zeros(len(wall), int) if group is None else pd.factorize(np.asarray(group))[0]
    ambiguous = _fill_doubled(wall, rows[~skipped], whose, utc)
    reasons[places[skipped]] = f"this time does not exist in {timezone}: the clock was put forward over it"
    reasons[ambiguous] = (
        f"ambiguous: the clock of {timezone} showed this time twice; add the offset from UTC, such as +01:00"
    )
    return pd.DatetimeIndex(utc.view("datetime64[us]")).tz_localize("UTC"), reasons


def _fill_doubled(wall: pd.DatetimeIndex, rows: pd.DataFrame, whose: np.ndarray, utc: np.ndarray) -> list[int]:
    """Fill `utc` [us] in where the clock showed an hour twice; return the places that stay ambiguous.

    `rows` has the place of each such time, and what it is in summer and in winter time [us].
    """
    moves = np.diff(wall.asi8[:: max(len(wall) // 100_000, 1)])
    newest_first = (moves < 0).sum() > (moves > 0).sum()
    rows = rows.assign(order=-rows["place"] if newest_first else rows["place"])
    day = wall.as_unit("us").asi8 // DAY_US
    days = day[rows["place"]]
    near = np.flatnonzero(np.isin(day, np.unique(days)[:, None] + [-1, 0, 1]))
    ambiguous: list[int] = []
    for (group, _), hour in rows.groupby([whose[rows["place"]], days], sort=False):
        hour = hour.sort_values(["rank", "order"] if hour["rank"].notna().all() else "order", kind="stable")
        is_winter = np.append(False, np.diff(hour["wall"]) <= 0).cumsum()
        season = None
        if is_winter[-1] == 0:
            season = _season_of_neighbours(hour, np.unique(utc[near[whose[near] == group]]))
        elif is_winter[-1] == 1 and hour["wall"].value_counts().max() <= 2:
            utc[hour["place"]] = np.where(is_winter, hour["winter"], hour["summer"])
            continue
        if season is None:
            ambiguous += hour["place"].tolist()
        else:
            utc[hour["place"]] = hour[season]
    return ambiguous


def _season_of_neighbours(hour: pd.DataFrame, known: np.ndarray) -> str | None:
    """Return in which time an hour that was shown once, in order, follows the `known` stamps around it [us]."""
    begin, end = hour["summer"].iat[0], hour["winter"].iat[-1]
    known = known[(known >= begin - DAY_US) & (known <= end + DAY_US)]
    steps, counts = np.unique(np.diff(known), return_counts=True)
    if not len(steps):
        return None
    step = steps[counts.argmax()]
    first, last = np.searchsorted(known, [begin, end])
    if first > 0 and begin - known[first - 1] == step:
        return "summer"
    return "winter" if last < len(known) and known[last] - end == step else None
