"""Days on which nobody was at home: found in the household's own energy, or named in `home.yaml`.

While people are at home, a day's use rises well above what runs by itself; a day on which it hardly does was spent
elsewhere. Such days are not what the next week will be like, so models do not learn from them. An absence that is still
to come is forecast from past days away instead, device by device: a refrigerator goes on, a kettle does not.

On five sets of real homes many of the days found are those of Christmas, Easter and August. Leaving them out of what is
learnt changed the pinball loss of ordinary weeks after them by .1 % for the worse to 1.2 % for the better, set by set;
weeks that were themselves spent away, of which the home had not been told, lost 1 to 8 % on four sets and gained 8 % on
one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from influx.core.local_time import local
from influx.forecasting.models.climatology import weighted_quantiles
from influx.forecasting.models.day_matrix import calendar_days

WAKING_FROM = 6
"""Local hour from which people who are at home are awake."""

LEAST_WAKING_HOURS = 14
"""Known waking hours from which a day can be judged."""

BASE_QUANTILE = 1 / 6
"""Quantile of a day's hours that tells what runs by itself: the fourth lowest of 24, within any night."""

QUIET = 0.25
"""Share of the usual rise above that, below which nobody was there."""

USUAL_DAYS, LEAST_USUAL_DAYS = 28, 14
"""Days before and after a day that tell what is usual, and how many of them must be known."""

LEAST_DAYS = 3
"""Days in a row from which it is an absence: quieter weekends belong to an ordinary life."""

LEAST_LEFT_DAYS = 14
"""Known days that must be left to learn from; else days away are learnt from, too."""

LEAST_DAYS_AWAY = 2
"""Past days away from which a coming absence can be forecast."""

QUIETEST, QUIETEST_OF_DAYS = 0.1, 112
"""Share of the last days by use, the quietest of which stand in where no past absence is known."""


class Span(NamedTuple):
    """An absence from its first to its last local day: `found`, `given` by the household, or still `open`."""

    first: pd.Timestamp
    last: pd.Timestamp
    source: str


def activity(household: pd.Series, timezone: str) -> pd.Series:
    """Return how far the use of each local day's waking hours rises above what runs by itself, NaN where unknown [kWh].

    That is the mean of the waking hours minus a low quantile of all hours; at least one hour must be known.
    """
    grid, days = calendar_days(pd.DatetimeIndex(household.index), household.to_numpy(), timezone)
    known = np.isfinite(grid)
    waking = known[:, WAKING_FROM:].sum(axis=1)
    mean = np.where(known, grid, 0.0)[:, WAKING_FROM:].sum(axis=1) / np.maximum(waking, 1)
    place = (BASE_QUANTILE * np.maximum(known.sum(axis=1) - 1, 0)).astype(int)
    base = np.take_along_axis(np.sort(grid, axis=1), place[:, None], axis=1)[:, 0]  # unknown hours last
    return pd.Series(np.where(waking >= LEAST_WAKING_HOURS, mean - base, np.nan), index=days)


def find(household: pd.Series, timezone: str) -> list[Span]:
    """Return the absences that lie within `household`: three quiet days or more in a row, after which somebody came.

    A home that is quiet up to the last known day counts as `open`: that may be its new life, so models go on learning.
    """
    if not household.notna().any():
        return []
    rise = activity(household, timezone)
    usual = rise.rolling(2 * USUAL_DAYS + 1, center=True, min_periods=LEAST_USUAL_DAYS).median()
    quiet = (usual > 0) & (rise < QUIET * usual)
    last_lived = rise[~quiet].last_valid_index()
    return [
        Span(run.index[0], run.index[-1], "found" if last_lived is not None and last_lived > run.index[-1] else "open")
        for _, run in rise[quiet].groupby((~quiet).cumsum()[quiet])
        if len(run) >= LEAST_DAYS
    ]


@dataclass(frozen=True)
class Absences:
    """When a home was, or will be, away: found in the energy of the `household` [kWh], or `given` by it."""

    household: pd.Series | None = None
    timezone: str = "UTC"
    given: tuple[Span, ...] = ()
    _known: dict[pd.Timestamp, list[Span]] = field(default_factory=dict, compare=False, repr=False)
    _away: dict[tuple[object, ...], np.ndarray] = field(default_factory=dict, compare=False, repr=False)

    def before(self, origin: pd.Timestamp) -> list[Span]:
        """Return the absences that are known of the time before `origin`, from that time's readings alone."""
        if origin not in self._known:
            found = [] if self.household is None else find(self.household[self.household.index < origin], self.timezone)
            self._known[origin] = [span for span in self.given if span.first < self._day(origin)] + found
        return self._known[origin]

    def ordinary(self, history: pd.Series, origin: pd.Timestamp) -> pd.Series:
        """Return a device's `history` with the hours of days away unknown, where enough is left to learn from."""
        key = (origin, history.index[0], len(history))
        if key not in self._away:  # the devices of a home share it
            over = [span for span in self.before(origin) if span.source != "open"]
            self._away[key] = self._inside(history.index, over)
        if not self._away[key].any():
            return history
        left = history.mask(self._away[key])
        return left if left.notna().sum() >= 24 * LEAST_LEFT_DAYS else history

    def coming(self, stamps: pd.DatetimeIndex) -> np.ndarray:
        """Tell which of the hours ahead lie in an absence that the household named and that is not over.

        Whether the home knew of an absence long past when it began, nobody can tell: past forecasts know of none.
        """
        if not self.given or self.household is None:
            return np.zeros(len(stamps), dtype=bool)
        newest = self._day(self.household.index[-1])
        return self._inside(stamps, [span for span in self.given if span.last >= newest])

    def sample(self, history: pd.Series, origin: pd.Timestamp) -> tuple[pd.Series, str]:
        """Return the known hours of a device from which days away are forecast, and in words what days they are."""
        away = history[self._inside(history.index, self.before(origin)) & (history.index < origin)].dropna()
        count = len(away) // 24
        if count >= LEAST_DAYS_AWAY:
            return away, f"{count} past days away"
        quiet = self._quietest(origin)
        chosen = history[local(pd.DatetimeIndex(history.index), self.timezone).normalize().isin(quiet)].dropna()
        if chosen.empty:
            return history.dropna(), "all past days, since no quiet day is known"
        days = f"{len(quiet)} quietest days" if len(quiet) > 1 else "quietest day"
        return chosen, f"the {days} of the last weeks, since no past absence is known"

    def table(self, origin: pd.Timestamp) -> pd.DataFrame:
        """Return the absences known at `origin`, in order of time.

        `first` and `last` local day, `days`, `source` (found, given, open), `coming`, whether it is not over, and
        `forecast_from`, in words what its days are forecast from ("" for those that are over).
        """
        known = self.before(origin)
        spans = [*known, *(span for span in self.given if span not in known)]
        out = pd.DataFrame(spans, columns=list(Span._fields)).sort_values("first", ignore_index=True)
        out = out.astype({"first": "datetime64[us]", "last": "datetime64[us]"})
        out.insert(2, "days", ((out["last"] - out["first"]) // pd.Timedelta(days=1) + 1).astype(int))
        coming = (out["source"] == "given") & (out["last"] >= self._day(origin))
        some = self.household is not None and coming.any()
        words = self.sample(self.household, origin)[1] if some else ""
        return out.assign(coming=coming, forecast_from=np.where(coming, words, ""))

    def _day(self, stamp: pd.Timestamp) -> pd.Timestamp:
        return local(pd.DatetimeIndex([stamp]), self.timezone)[0].normalize()

    def _quietest(self, origin: pd.Timestamp) -> pd.DatetimeIndex:
        past = pd.Series(dtype=float) if self.household is None else self.household[self.household.index < origin]
        if not past.notna().any():
            return pd.DatetimeIndex([])
        recent = activity(past, self.timezone).iloc[-QUIETEST_OF_DAYS:].dropna()
        return pd.DatetimeIndex(recent.nsmallest(max(1, round(QUIETEST * len(recent))), keep="last").index)

    def _inside(self, stamps: pd.Index, spans: Iterable[Span]) -> np.ndarray:
        day = local(pd.DatetimeIndex(stamps), self.timezone).normalize()
        inside = np.zeros(len(day), dtype=bool)
        for span in spans:
            inside |= np.asarray((day >= span.first) & (day <= span.last))
        return inside


def forecast(sample: pd.Series, stamps: pd.DatetimeIndex, timezone: str, levels: np.ndarray) -> pd.DataFrame:
    """Forecast hours away from past ones: the mean and the quantiles of the same local hour and its two neighbours.

    `sample` holds the known energy of past days away by UTC hour [kWh]. Returns `energy_kwh` and a column a level.
    """
    kwh, hour = sample.to_numpy(), local(pd.DatetimeIndex(sample.index), timezone).hour.to_numpy()
    rows = []
    for ahead in local(stamps, timezone).hour:
        near = np.sort(kwh[np.isin((hour - ahead) % 24, (0, 1, 23))])
        near = near if len(near) else np.sort(kwh)
        equal = np.full((1, len(near)), 1 / len(near))
        rows.append([near.mean(), *weighted_quantiles(near[None], equal, levels)[0]])
    return pd.DataFrame(rows, columns=["energy_kwh", *levels])
