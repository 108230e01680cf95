"""Prophet (Taylor and Letham 2018) as one more candidate; its package is an extra that is installed apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

from influx.core.errors import InputError
from influx.core.local_time import local


class Prophet(RegressorMixin, BaseEstimator):
    """Prophet with daily and weekly seasons on the local clock, and the country's holidays.

    The backtest and the forecast set `timezone` and `country` to those of the home.
    """

    needs_days = 28
    within_days = 365
    uses_features = False

    def __init__(self, timezone: str = "UTC", country: str | None = None) -> None:
        self.timezone = timezone
        self.country = country

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Prophet:  # noqa: N803
        """Learn from the known hours; only the index of `X` is used.

        Raises
        ------
        InputError
            The package `prophet` is not installed.
        """
        try:
            import prophet
        except ImportError as error:
            raise InputError("models: Prophet needs the package prophet; `pip install prophet`.") from error
        self.model_ = prophet.Prophet(yearly_seasonality=False, daily_seasonality=True, weekly_seasonality=True)
        if self.country:
            self.model_.add_country_holidays(self.country.partition("-")[0])
        self.model_.fit(self._dates(X).assign(y=np.asarray(y, dtype=float)).dropna())
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the expected energy, shape (n,) [kWh]."""
        return np.asarray(self._samples(X).mean(axis=1))

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles, shape (n, q) [kWh]."""
        return np.asarray(np.quantile(self._samples(X), levels, axis=1).T)

    def _samples(self, X: pd.DataFrame) -> Any:  # noqa: N803
        np.random.seed(0)  # Prophet draws from the global generator
        return self.model_.predictive_samples(self._dates(X))["yhat"].clip(0)

    def _dates(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        return pd.DataFrame({"ds": local(pd.DatetimeIndex(X.index), self.timezone)})
