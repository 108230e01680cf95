"""The same hour of the week before: the forecast that any other one must beat (Hyndman and Koehler 2006)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

from influx.core.constants import WEEK
from influx.core.local_time import local
from influx.forecasting.models.conformal import conformal_quantiles, residuals_by_hour


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
        self.residuals_ = residuals_by_hour(changes.to_numpy(), self._hour_of_week(changes) % 24)
        recent = history.iloc[-4 * WEEK :].dropna()
        latest = recent.groupby(self._hour_of_week(recent)).last()
        self.last_week_ = latest.reindex(range(WEEK)).fillna(history.mean()).to_numpy()
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the energy of the same hour of the last week, shape (n,) [kWh]."""
        return np.asarray(self.last_week_[self._hour_of_week(X)])

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles, shape (n, q) [kWh]."""
        hours = self._hour_of_week(X) % 24
        return conformal_quantiles(self.predict(X), hours, self.residuals_, np.asarray(levels))

    def _hour_of_week(self, rows: pd.DataFrame | pd.Series) -> np.ndarray:
        wall = local(pd.DatetimeIndex(rows.index), self.timezone)
        return np.asarray(24 * wall.day_of_week + wall.hour)
