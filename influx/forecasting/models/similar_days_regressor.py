"""The model "similar days": the members of `similar_days`, combined and calibrated on the weeks before.

Learning lays the history out around its end. Forecasting lets every member predict the coming days and up to 18
past weeks, each from what was known before it, weighs the members by those weeks and calibrates the tails. Where the
temperature of an hour is known, in the past and ahead, the members that look at it take part; any other hour is
forecast exactly as if there were no temperature at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

from influx.core.constants import HISTORY_DAYS, LEAST_DAYS, LEAST_HOURS
from influx.core.local_time import HOUR
from influx.forecasting.models import ensemble, similar_days
from influx.forecasting.models.conformal import LEVELS
from influx.forecasting.models.day_matrix import Days, calendar, cells, hourly_cells, to_days
from influx.forecasting.models.similar_days import MEMBERS, TEMPERATURE_MEMBERS, Member

PAST_WEEKS = 18
"""Past weeks on which members are weighed and tails are mended."""

COMMON_LEVELS = np.array(LEVELS)
"""Levels whose quantiles are computed along with expected values, since they are nearly always asked for next."""

LEAST_TEMPERATURE_WEEKS = 4
"""Past weeks below which no member of temperature takes part: it has not shown that it helps."""

TEMPERATURE = "outdoor_temp_celsius"


@dataclass(frozen=True)
class ForecastContext:
    """What similar days predicted of the days after an origin, for models that learn from it.

    Attributes
    ----------
    expected : ndarray, shape (ahead, 24)
        Expected energy, weighed as today [kWh].
    quantiles : ndarray, shape (ahead, 24, 3)
        Mixed p10, p50 and p90 [kWh].
    members : ndarray, shape (members, ahead, 24)
        What each member without temperature expected [kWh].
    off, weekday : ndarray, shape (ahead, 24)
        Whether each hour lies in a day off, and its weekday.
    observed : ndarray, shape (ahead, 24)
        What happened [kWh], NaN where unknown or to come.
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
        origin = stamps[-1] + HOUR
        recent = np.isfinite(kwh) & (stamps >= stamps[np.isfinite(kwh)].max() - pd.Timedelta(days=HISTORY_DAYS))
        if not recent.any():
            raise ValueError("no known hour before the origin")
        day, hour = hourly_cells(stamps[0], len(stamps), origin, self.timezone)
        past = -int(day[recent].min())
        self.origin_ = int(origin.timestamp()) // 3600
        self.kwh_ = to_days(np.where(recent, kwh, np.nan), day, hour, -past, past)
        celsius = X[TEMPERATURE].to_numpy(dtype=float) if TEMPERATURE in X else np.full(len(X), np.nan)
        self.celsius_ = to_days(celsius, day, hour, -past, past)
        self.naive_error_ = _naive_error(self.kwh_)
        self._weigh_means()
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the expected energy of hours after the last one fitted, shape (n,) [kWh].

        `X` may hold `outdoor_temp_celsius` as forecast [C], NaN where missing.
        """
        days, day, hour, known = self._ahead(X)
        now = days.at(len(self.kwh_), days.ahead)
        members, _ = similar_days.predict_members(now, MEMBERS, COMMON_LEVELS)
        out = np.tensordot(self.mean_weights_, members, axes=1)
        if known.any():
            more, _ = similar_days.predict_members(now, TEMPERATURE_MEMBERS, COMMON_LEVELS)
            warm = np.tensordot(self.warm_mean_weights_, np.concatenate([members, more]), axes=1)
            out = np.where(known, warm, out)
        return np.asarray(out[day, hour])

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles of hours after the last one fitted, shape (n, len(levels)) [kWh]."""
        days, day, hour, known = self._ahead(X)
        requested = np.asarray(levels, dtype=float)
        every = np.unique(np.append(requested, 0.5))
        now = days.at(len(self.kwh_), days.ahead)
        past, ahead = self._past_predictions(MEMBERS, every)[1], similar_days.predict_members(now, MEMBERS, every)[1]
        out = self._calibrated(past, ahead, every)
        if known.any():
            more_past, more = (
                self._past_predictions(TEMPERATURE_MEMBERS, every)[1],
                similar_days.predict_members(now, TEMPERATURE_MEMBERS, every)[1],
            )
            both = np.concatenate([past, more_past], axis=1), np.concatenate([ahead, more])
            out = np.where(known[..., None], self._calibrated(*both, every), out)
        return np.asarray(out[day, hour][:, np.searchsorted(every, requested)])

    def past_residuals(self) -> tuple[np.ndarray, np.ndarray]:
        """Return observed minus expected energy of past weeks, (n, 168) [kWh], and how many weeks ago each began.

        The members spoke from what was known before each week; their weights are those of today.
        """
        return self.residuals_.reshape(-1, 7 * 24), self.residual_weeks_

    def past_weeks(self) -> list[ForecastContext]:
        """Return what was predicted of each past week before it began, the oldest first, and what happened."""
        observed, weeks = self._past_weeks()
        if not len(weeks):
            return []
        days = self._days(0)
        expected, quantiles = self._past_predictions(self._every(), COMMON_LEVELS)
        mixed = ensemble.combined(quantiles, ensemble.quantile_weights(observed, quantiles, COMMON_LEVELS, weeks))
        mean = np.einsum("njdh,j->ndh", expected, self.warm_mean_weights_)
        first = len(self.kwh_) - 7 * weeks
        return [
            ForecastContext(
                mean[number],
                np.sort(mixed[number], axis=-1),
                expected[number, : len(MEMBERS)],
                days.off[first[number] : first[number] + 7],
                days.weekday[first[number] : first[number] + 7],
                observed[number],
            )
            for number in reversed(range(len(weeks)))
        ]

    def context(self, X: pd.DataFrame, similar: np.ndarray) -> tuple[ForecastContext, np.ndarray, np.ndarray]:  # noqa: N803
        """Return what is predicted of the days that hold the hours of `X`, and each hour's day and place in it.

        `similar` is what `predict` says of these hours.
        """
        days, day, hour, _ = self._ahead(X)
        past = len(self.kwh_)
        members, _ = similar_days.predict_members(days.at(past, days.ahead), MEMBERS, COMMON_LEVELS)
        expected = np.tensordot(self.mean_weights_, members, axes=1)
        expected[day, hour] = similar
        unknown = np.full(expected.shape, np.nan)
        quantiles = np.full((*expected.shape, len(COMMON_LEVELS)), np.nan)
        off, weekday = days.off[past:], days.weekday[past:]
        return ForecastContext(expected, quantiles, members, off, weekday, unknown), day, hour

    def _weigh_means(self) -> None:
        """Learn the weights of the expected values, with and without the members of temperature."""
        observed, weeks = self._past_weeks()
        predicted, _ = self._past_predictions(self._every(), COMMON_LEVELS)
        self.mean_weights_ = self.warm_mean_weights_ = _untested()
        if len(weeks):
            self.mean_weights_ = _scaled_weights(observed, predicted[:, : len(MEMBERS)], weeks)
            self.warm_mean_weights_ = _scaled_weights(observed, predicted, weeks)
        self.residuals_ = observed - np.einsum("njdh,j->ndh", predicted, self.warm_mean_weights_)
        self.residual_weeks_ = weeks

    def _every(self) -> tuple[Member, ...]:
        return MEMBERS + (TEMPERATURE_MEMBERS if self._knows_temperature() else ())

    def _past_predictions(self, members: tuple[Member, ...], levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what members expected of past weeks (n, members, 7, 24), and their quantiles (..., q)."""
        _, weeks = self._past_weeks()
        days = self._days(0)
        expected = np.empty((len(weeks), len(members), 7, 24))
        quantiles = np.empty((*expected.shape, len(levels)))
        for number, back in enumerate(weeks):
            then = days.at(len(self.kwh_) - 7 * back, 7)
            expected[number], quantiles[number] = similar_days.predict_members(then, members, levels)
        return expected, quantiles

    def _calibrated(self, past: np.ndarray, ahead: np.ndarray, levels: np.ndarray) -> np.ndarray:
        observed, weeks = self._past_weeks()
        if len(weeks):
            weight = ensemble.quantile_weights(observed, past, levels, weeks)
        else:
            weight = np.repeat(_untested()[:, None], len(levels), axis=1)
        mixed = ensemble.combined(past, weight), ensemble.combined(ahead, weight)
        return ensemble.calibrate_tails(mixed[1], mixed[0], observed, levels, weeks, self.naive_error_)

    def _past_weeks(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the past weeks that teach something, (n, 7, 24) [kWh], and how many weeks ago each began."""
        past = len(self.kwh_)
        back = range(1, min(PAST_WEEKS, (past - LEAST_DAYS) // 7) + 1)
        ago = [week for week in back if np.isfinite(self._week(week)).sum() >= LEAST_HOURS]
        return np.array([self._week(week) for week in ago]).reshape(-1, 7, 24), np.array(ago, dtype=int)

    def _week(self, back: int) -> np.ndarray:
        first = len(self.kwh_) - 7 * back
        return np.asarray(self.kwh_[first : first + 7])

    def _knows_temperature(self) -> bool:
        """Tell whether enough of the days before the past weeks have a temperature."""
        _, weeks = self._past_weeks()
        known = [np.isfinite(self.celsius_[: len(self.kwh_) - 7 * back]).sum() >= 24 * LEAST_DAYS for back in weeks]
        return sum(known) >= LEAST_TEMPERATURE_WEEKS

    def _days(self, ahead: int) -> Days:
        past = len(self.kwh_)
        origin = pd.Timestamp(self.origin_ * 3600, unit="s", tz="UTC")
        off, weekday = calendar(origin, past, ahead, self.timezone, self.country)
        return Days(self.kwh_, off, weekday, np.concatenate([self.celsius_, np.full((ahead, 24), np.nan)]))

    def _ahead(self, X: pd.DataFrame) -> tuple[Days, np.ndarray, np.ndarray, np.ndarray]:  # noqa: N803
        """Return the days up to the last one asked for, each row's day and place, and where temperature is of use."""
        origin = pd.Timestamp(self.origin_ * 3600, unit="s", tz="UTC")
        day, hour = cells(pd.DatetimeIndex(X.index), origin, self.timezone)
        count = int(day.max()) + 1
        days = self._days(count)
        known = np.zeros((count, 24), dtype=bool)
        if TEMPERATURE in X and self._knows_temperature():
            celsius = to_days(X[TEMPERATURE].to_numpy(dtype=float), day, hour, 0, count)
            days.celsius[len(self.kwh_) :] = celsius
            known = np.isfinite(celsius)
        return days, day, hour, known


def _untested() -> np.ndarray:
    """Return the weights of the members before any past week: the same for all that are safe untested."""
    trusted = np.array([float(member.untested) for member in MEMBERS])
    return np.asarray(trusted / trusted.sum())


def _scaled_weights(observed: np.ndarray, predicted: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    """Return the members' weights times what makes good for past misses, shape (members,)."""
    weight = ensemble.mean_weights(observed, predicted, weeks)
    return weight * ensemble.mean_factor(observed, np.einsum("njdh,j->ndh", predicted, weight), weeks)


def _naive_error(kwh: np.ndarray) -> float:
    """Return the mean absolute weekly change [kWh]; 0 where no hour is known a week apart."""
    change = np.abs(kwh[7:] - kwh[:-7])
    known = change[np.isfinite(change)]
    return float(known.mean()) if len(known) else 0.0
