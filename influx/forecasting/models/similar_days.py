"""The model "similar days": the members of `ensemble_members`, combined and calibrated on the weeks before.

Learning lays the history out around its end. Forecasting lets every member predict the coming days and up to 18
past weeks, each from what was known before it, weighs the members by those weeks and calibrates the tails. Where the
temperature of an hour is known, in the past and ahead, the members that look at it take part; any other hour is
forecast exactly as if there were no temperature at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

from influx.core.constants import HISTORY_DAYS, LEAST_DAYS, LEAST_HOURS
from influx.core.local_time import HOUR
from influx.forecasting.models import ensemble
from influx.forecasting.models.conformal import LEVELS
from influx.forecasting.models.day_matrix import Days, calendar, cells, hourly_cells, to_days
from influx.forecasting.models.ensemble_members import MEMBERS, TEMPERATURE_MEMBERS, Member, predict_members

PAST_WEEKS = 18
"""Past weeks on which members are weighed and tails are calibrated."""

COMMON_LEVELS = np.array(LEVELS)
"""Levels whose quantiles are computed along with expected values, since they are nearly always asked for next."""

LEAST_TEMPERATURE_WEEKS = 4
"""Past weeks below which no member of temperature takes part: it has not shown that it helps."""

TEMPERATURE = "outdoor_temp_celsius"
PLAIN = len(MEMBERS)
"""The first members, which look at no temperature."""


@dataclass(frozen=True)
class ForecastContext:
    """What similar days predicted of some days before they began, for models that learn from it [kWh].

    `expected` (ahead, 24), `quantiles` (ahead, 24, 3) and the expected value of each member without temperature
    `members` (members, ahead, 24); `off` and `weekday` (ahead, 24) of each hour; `observed` (ahead, 24), NaN where
    unknown or to come.
    """

    expected: np.ndarray
    quantiles: np.ndarray
    members: np.ndarray
    off: np.ndarray
    weekday: np.ndarray
    observed: np.ndarray


class SimilarDays(RegressorMixin, BaseEstimator):
    """Similar days: a combination of scaled, weighted past hours with calibrated quantiles.

    Parameters
    ----------
    timezone, country : str
        For local hours and holidays; the backtest and the forecast set them to those of the home.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> hours = pd.date_range("2024-01-01", periods=24 * 15, freq="h", tz="UTC")
    >>> model = SimilarDays().fit(pd.DataFrame(index=hours[:-24]), np.ones(24 * 14))
    >>> model.predict(pd.DataFrame(index=hours[-24:]))[:2].round(3).tolist()
    [1.0, 1.0]
    """

    needs_days = 0
    within_days = HISTORY_DAYS
    uses_features = False

    def __init__(self, timezone: str = "UTC", country: str | None = None) -> None:
        self.timezone = timezone
        self.country = country

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> SimilarDays:  # noqa: N803
        """Lay the history out in days, and weigh the members' expected values.

        Parameters
        ----------
        X : DataFrame, index complete UTC hours
            May hold `outdoor_temp_celsius`, as recorded [C], NaN where unknown; no other column is used.
        y : ndarray, shape (n,)
            Energy [kWh], NaN where unknown. The hour after the last one is the origin of the forecast.

        Raises
        ------
        ValueError
            No hour is known.
        """
        stamps, kwh = pd.DatetimeIndex(X.index), np.asarray(y, dtype=float)
        known = np.isfinite(kwh)
        if not known.any():
            raise ValueError("no known hour before the origin")
        recent = known & (stamps >= stamps[known].max() - pd.Timedelta(days=HISTORY_DAYS))
        self.origin_ = stamps[-1] + HOUR
        day, hour = hourly_cells(stamps[0], len(stamps), self.origin_, self.timezone)
        past = -int(day[recent].min())
        self.kwh_ = to_days(np.where(recent, kwh, np.nan), day, hour, -past, past)
        celsius = X[TEMPERATURE].to_numpy(dtype=float) if TEMPERATURE in X else np.full(len(X), np.nan)
        self.celsius_ = to_days(celsius, day, hour, -past, past)
        change = np.abs(self.kwh_[7:] - self.kwh_[:-7])
        self.naive_error_ = float(np.nanmean(change)) if np.isfinite(change).any() else 0.0
        self._weigh_means()
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the expected energy of hours after the last one fitted, shape (n,) [kWh].

        `X` may hold `outdoor_temp_celsius` as forecast [C], NaN where missing.
        """
        now, day, hour, warm = self._ahead(X)
        members, _ = predict_members(now, self.members_ if warm.any() else MEMBERS, COMMON_LEVELS)
        out = np.tensordot(self.mean_weights_, members[:PLAIN], axes=1)
        if warm.any():
            out = np.where(warm, np.tensordot(self.warm_mean_weights_, members, axes=1), out)
        return np.asarray(out[day, hour])

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles of hours after the last one fitted, shape (n, len(levels)) [kWh]."""
        now, day, hour, warm = self._ahead(X)
        requested = np.asarray(levels, dtype=float)
        ascending = np.unique(np.append(requested, 0.5))
        members = self.members_ if warm.any() else MEMBERS
        past, ahead = self._past_predictions(members, ascending)[1], predict_members(now, members, ascending)[1]
        out = self._calibrated(past[:, :PLAIN], ahead[:PLAIN], ascending)
        if warm.any():
            out = np.where(warm[..., None], self._calibrated(past, ahead, ascending), out)
        return np.asarray(out[day, hour][:, np.searchsorted(ascending, requested)])

    def past_residuals(self) -> tuple[np.ndarray, np.ndarray]:
        """Return observed minus expected energy of past weeks, (n, 168) [kWh], and how many weeks ago each began.

        The members predicted from what was known before each week; their weights are those of today.
        """
        return self.residuals_.reshape(-1, 7 * 24), self.weeks_

    @cached_property
    def past_contexts(self) -> list[ForecastContext]:
        """What was predicted of each past week before it began, the oldest first, and what happened."""
        expected, quantiles = self._past_predictions(self.members_, COMMON_LEVELS)
        weights = ensemble.quantile_weights(self.observed_, quantiles, COMMON_LEVELS, self.weeks_)
        combined = np.sort(ensemble.combined(quantiles, weights), axis=-1)
        mean, days = np.einsum("njdh,j->ndh", expected, self.warm_mean_weights_), self._days(np.empty((0, 24)))
        contexts = []
        for number, back in enumerate(self.weeks_):
            first = len(self.kwh_) - 7 * back
            off, weekday = days.off[first : first + 7], days.weekday[first : first + 7]
            members = expected[number, :PLAIN]
            observed = self.observed_[number]
            contexts.append(ForecastContext(mean[number], combined[number], members, off, weekday, observed))
        return contexts[::-1]

    def context(self, X: pd.DataFrame, similar: np.ndarray) -> tuple[ForecastContext, np.ndarray, np.ndarray]:  # noqa: N803
        """Return what is predicted of the days that hold the hours of `X`, and each hour's day and place in it.

        `similar` is what `predict` returns of these hours.
        """
        now, day, hour, _ = self._ahead(X)
        members, _ = predict_members(now, MEMBERS, COMMON_LEVELS)
        expected = np.tensordot(self.mean_weights_, members, axes=1)
        expected[day, hour] = similar
        unknown, past = np.full(expected.shape, np.nan), len(now.kwh)
        quantiles = np.full((*expected.shape, len(COMMON_LEVELS)), np.nan)
        return ForecastContext(expected, quantiles, members, now.off[past:], now.weekday[past:], unknown), day, hour

    def _weigh_means(self) -> None:
        """Learn the weights of the expected values, with and without the members of temperature."""
        past = len(self.kwh_)
        weeks = np.arange(1, 1 + max(0, min(PAST_WEEKS, (past - LEAST_DAYS) // 7)))
        observed = np.array([self.kwh_[past - 7 * back :][:7] for back in weeks]).reshape(-1, 7, 24)
        known = np.isfinite(observed).sum(axis=(1, 2)) >= LEAST_HOURS
        self.weeks_, self.observed_ = weeks[known], observed[known]
        warm = [np.isfinite(self.celsius_[: past - 7 * back]).sum() >= 24 * LEAST_DAYS for back in self.weeks_]
        self.members_ = MEMBERS + (TEMPERATURE_MEMBERS if sum(warm) >= LEAST_TEMPERATURE_WEEKS else ())
        expected, _ = self._past_predictions(self.members_, COMMON_LEVELS)
        self.mean_weights_ = self.warm_mean_weights_ = _untested()
        if len(self.weeks_):
            self.mean_weights_, self.warm_mean_weights_ = (
                ensemble.mean_weights(self.observed_, part, self.weeks_) for part in (expected[:, :PLAIN], expected)
            )
        self.residuals_ = self.observed_ - np.einsum("njdh,j->ndh", expected, self.warm_mean_weights_)

    def _past_predictions(self, members: tuple[Member, ...], levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what members expected of past weeks (n, members, 7, 24), and their quantiles (..., q)."""
        days = self._days(np.empty((0, 24)))
        expected = np.empty((len(self.weeks_), len(members), 7, 24))
        quantiles = np.empty((*expected.shape, len(levels)))
        for number, back in enumerate(self.weeks_):
            then = days.at(len(self.kwh_) - 7 * back, 7)
            expected[number], quantiles[number] = predict_members(then, members, levels)
        return expected, quantiles

    def _calibrated(self, past: np.ndarray, ahead: np.ndarray, levels: np.ndarray) -> np.ndarray:
        if len(self.weeks_):
            weight = ensemble.quantile_weights(self.observed_, past, levels, self.weeks_)
        else:
            weight = np.repeat(_untested()[:, None], len(levels), axis=1)
        combined = ensemble.combined(ahead, weight), ensemble.combined(past, weight)
        return ensemble.calibrate_tails(*combined, self.observed_, levels, self.weeks_, self.naive_error_)

    def _days(self, celsius: np.ndarray) -> Days:
        """Return the days of the history and those ahead, of which `celsius` (ahead, 24) is the temperature."""
        off, weekday = calendar(self.origin_, len(self.kwh_), len(celsius), self.timezone, self.country)
        return Days(self.kwh_, off, weekday, np.concatenate([self.celsius_, celsius]))

    def _ahead(self, X: pd.DataFrame) -> tuple[Days, np.ndarray, np.ndarray, np.ndarray]:  # noqa: N803
        """Return the days up to the last row of `X`, each row's day and place, and where temperature is of use."""
        day, hour = cells(pd.DatetimeIndex(X.index), self.origin_, self.timezone)
        celsius = np.full((int(day.max()) + 1, 24), np.nan)
        if TEMPERATURE in X and len(self.members_) > PLAIN:
            celsius = to_days(X[TEMPERATURE].to_numpy(dtype=float), day, hour, 0, len(celsius))
        return self._days(celsius).at(len(self.kwh_), len(celsius)), day, hour, np.isfinite(celsius)


def _untested() -> np.ndarray:
    """Return the weights of the members before any past week: the same for all that are safe untested."""
    trusted = np.array([float(member.untested) for member in MEMBERS])
    return np.asarray(trusted / trusted.sum())
