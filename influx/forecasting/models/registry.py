"""The candidates: small estimators with scikit-learn's fit and predict, and quantiles beside.

`fit(X, y)` takes a feature table indexed by UTC hour and the energy of each hour (NaN where unknown), `predict(X)`
returns the expected energy and `predict_quantiles(X, levels)` its quantiles, both for hours after the last one fitted.
Climatology is the anchor; gradient boosting on the 24 features is the reference that the project began from. A new
candidate is one class and one line in `CANDIDATES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import GradientBoostingRegressor

from influx.core.constants import NAMES as NAMES
from influx.core.constants import WEEK
from influx.core.local_time import local
from influx.forecasting.features import KNOWN_AHEAD, TRAINING_WEEKS
from influx.forecasting.models import climatology, conformal
from influx.forecasting.models.similar_days_regressor import Kernel
from influx.forecasting.models.stacked import Blend, Direct


class Candidate(Protocol):
    """What the backtest and the forecast ask of a model: to learn it needs `needs_days` of the last `within_days`."""

    needs_days: int
    within_days: int
    uses_features: bool

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Candidate: ...  # noqa: N803
    def predict(self, X: pd.DataFrame) -> np.ndarray: ...  # noqa: N803
    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray: ...  # noqa: N803


class Climatology(RegressorMixin, BaseEstimator):
    """Recency-weighted climatology: weighted quantiles of the similar hours of the last sixteen weeks.

    Parameters
    ----------
    half_life_weeks : float
        Age at which an hour counts half.
    timezone, country : str
        For local hours and day types.
    """

    needs_days = 0
    within_days = 365
    uses_features = False

    def __init__(self, half_life_weeks: float = 4.0, timezone: str = "UTC", country: str | None = None) -> None:
        self.half_life_weeks = half_life_weeks
        self.timezone = timezone
        self.country = country

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Climatology:  # noqa: N803
        """Keep the similar hours; only the index of `X` is used."""
        history = pd.Series(np.asarray(y, dtype=float), index=pd.DatetimeIndex(X.index))
        origin = history.index[-1] + pd.Timedelta(hours=1)
        pool = climatology.similar_hours(history, origin, self.timezone, self.country)
        self.kwh_, self.weeks_, self.base_ = pool.kwh, pool.weeks, pool.base
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the expected energy, shape (n,) [kWh]."""
        return np.asarray(self._pool().mean(self.half_life_weeks)[self._where(X)])

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles, shape (n, q) [kWh]."""
        return np.asarray(self._pool().quantiles(np.asarray(levels), self.half_life_weeks)[self._where(X)])

    def _pool(self) -> climatology.SimilarHours:
        return climatology.SimilarHours(self.kwh_, self.weeks_, self.base_)

    def _where(self, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:  # noqa: N803
        return climatology.lookup(pd.DatetimeIndex(X.index), self.timezone, self.country)


class SeasonalNaive(RegressorMixin, BaseEstimator):
    """What was measured at the same weekday and local hour one week before; its weekly changes are its band.

    Where that hour was not measured, the week before it stands in, up to four weeks back, then the mean.
    """

    needs_days = 15
    within_days = 365
    uses_features = False

    def __init__(self, timezone: str = "UTC") -> None:
        self.timezone = timezone

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> SeasonalNaive:  # noqa: N803
        """Keep the last weeks of `y`; only the index of `X` is used."""
        history = pd.Series(np.asarray(y, dtype=float), index=pd.DatetimeIndex(X.index)).asfreq("h")
        changes = (history - history.shift(WEEK)).iloc[-8 * WEEK :]
        hours = local(pd.DatetimeIndex(changes.index), self.timezone).hour.to_numpy()
        self.errors_ = conformal.errors_by_hour(changes.to_numpy(), hours)
        recent = history.iloc[-4 * WEEK :].dropna()
        latest = recent.groupby(self._hour_of_week(recent)).last()
        self.last_week_ = latest.reindex(range(WEEK)).fillna(history.mean()).to_numpy()
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the energy of the same hour of the last week, shape (n,) [kWh]."""
        return np.asarray(self.last_week_[self._hour_of_week(X)])

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles, shape (n, q) [kWh]."""
        hours = local(pd.DatetimeIndex(X.index), self.timezone).hour.to_numpy()
        return conformal.around(self.predict(X), hours, self.errors_, np.asarray(levels))

    def _hour_of_week(self, rows: pd.DataFrame | pd.Series) -> np.ndarray:
        wall = local(pd.DatetimeIndex(rows.index), self.timezone)
        return np.asarray(24 * wall.day_of_week + wall.hour)


def first_80_percent(rows: np.ndarray) -> int:
    """Return where the chronological 80/20 split cuts: the rows before it are learnt, those after it judged."""
    return int(0.8 * len(rows))


class GradientBoosting(RegressorMixin, BaseEstimator):
    """Gradient boosting on the feature table (Friedman 2001), the reference.

    It learns on the first 80 % of the hours in order of time; its errors on the last 20 % are its band; then it learns
    on all of them.
    """

    needs_days = 42
    within_days = 7 * TRAINING_WEEKS
    uses_features = True

    def __init__(
        self,
        n_estimators: int = 100,
        learning_rate: float = 0.1,
        max_depth: int = 3,
        random_state: int = 42,
        timezone: str = "UTC",
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.random_state = random_state
        self.timezone = timezone

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> GradientBoosting:  # noqa: N803
        """Learn from the rows of `X` whose energy is known."""
        self.fit_first(X, y)
        known = np.isfinite(y)
        self.learner_ = self._learnt(self.inputs(X[known]), np.asarray(y, dtype=float)[known])
        return self

    def fit_first(self, X: pd.DataFrame, y: np.ndarray) -> GradientBoosting:  # noqa: N803
        """Learn from the first 80 % of the known rows alone, and keep the errors on the last 20 % as the band."""
        known, target = X[np.isfinite(y)], np.asarray(y, dtype=float)[np.isfinite(y)]
        # A column that never changes cannot split anything; leaving it out saves half of the time.
        self.features_ = [name for name in KNOWN_AHEAD if name in X and known[name].nunique() > 1]
        self.stand_ins_ = known[self.features_].median().to_numpy()
        inputs, cut = self.inputs(known), first_80_percent(target)
        self.learner_ = self._learnt(inputs[:cut], target[:cut])
        expected = np.asarray(self.learner_.predict(inputs[cut:])).clip(0)
        hours = local(pd.DatetimeIndex(known.index[cut:]), self.timezone).hour.to_numpy()
        self.errors_ = conformal.errors_by_hour(target[cut:] - expected, hours)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the expected energy, shape (n,) [kWh]."""
        return np.asarray(self.learner_.predict(self.inputs(X))).clip(0)

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles, shape (n, q) [kWh]."""
        hours = local(pd.DatetimeIndex(X.index), self.timezone).hour.to_numpy()
        return conformal.around(self.predict(X), hours, self.errors_, np.asarray(levels))

    def inputs(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return what the trees look at, shape (n, len(features_)): NaN gives way to the median of the first rows."""
        values = X[self.features_].to_numpy(dtype=float)
        return np.where(np.isnan(values), self.stand_ins_, values)

    def _learnt(self, inputs: np.ndarray, target: np.ndarray) -> GradientBoostingRegressor:
        learner = GradientBoostingRegressor(
            n_estimators=self.n_estimators,
            learning_rate=self.learning_rate,
            max_depth=self.max_depth,
            random_state=self.random_state,
        )
        # Else each of the trees has the same parameters checked once more.
        with config_context(skip_parameter_validation=True):
            return learner.fit(inputs, target)


CANDIDATES: dict[str, Callable[..., Candidate]] = {
    "climatology": lambda timezone, country, *_: Climatology(timezone=timezone, country=country),
    "kernel": lambda timezone, country, *_: Kernel(timezone, country),
    "direct": lambda timezone, country, *learner: Direct(timezone, country, *learner),
    "blend": lambda timezone, country, *learner: Blend(timezone, country, *learner),
    "seasonal_naive": lambda timezone, *_: SeasonalNaive(timezone=timezone),
    "gradient_boosting": lambda timezone, *_: GradientBoosting(timezone=timezone),
}
"""Every model that is tried, by name: made with the time zone, the country, and the path and settings of a learner.
Climatology stands first since it wins ties."""
