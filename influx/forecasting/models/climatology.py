"""Climatology: what this home did at similar hours, the recent ones counting more.

An hour of the coming week is described by the hours like it in the past: the same local hour and its two neighbours, on
days of the same type (working day, or weekend and holiday), weighted down with age. Where an hour of the day was never
known, the nearest one that was stands in. The weighted sample *is* the predictive distribution: its mean is the
expected value and its quantiles the band, so zeros stay zeros and nothing crosses. This is conditional climatology as
weather services use it for reference (Wilks, Statistical Methods in the Atmospheric Sciences, ch. 8), with an
exponential memory (Brown 1959).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

from influx.core.local_time import HOUR, is_day_off, local
from influx.forecasting.models.day_matrix import calendar_days, nearest_known, neighbours

NEIGHBOUR_WEIGHT = 0.4
"""Weight of the hour before and the hour after, beside the same hour's 1."""

OTHER_DAY_TYPE_WEIGHT = 0.6
"""Weight of a day of the other type, beside the same type's 1."""

WINDOW_DAYS = 112
"""Days of history that count: sixteen weeks, enough for a slow season and short enough to forget the last one."""


class Climatology(RegressorMixin, BaseEstimator):
    """Recency-weighted climatology: weighted quantiles of the similar hours of the last sixteen weeks.

    Parameters
    ----------
    half_life_weeks : float
        Age at which an hour counts half.
    timezone, country : str
        For local hours and day types; the backtest and the forecast set them to those of the home.

    Attributes
    ----------
    expected_ : ndarray, shape (2, 24)
        Expected energy by day type (0 working day, 1 day off) and local hour [kWh].

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> hours = pd.date_range("2024-01-01", periods=24 * 15, freq="h", tz="UTC")
    >>> model = Climatology().fit(pd.DataFrame(index=hours[:-24]), np.ones(24 * 14))
    >>> model.predict_quantiles(pd.DataFrame(index=hours[-24:]), [0.1, 0.9])[0].tolist()
    [1.0, 1.0]
    """

    needs_days = 0
    within_days = 365
    uses_features = False

    def __init__(self, half_life_weeks: float = 4.0, timezone: str = "UTC", country: str | None = None) -> None:
        self.half_life_weeks = half_life_weeks
        self.timezone = timezone
        self.country = country

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Climatology:  # noqa: N803
        """Weigh the similar hours; of `X` only the index is used, complete UTC hours.

        Raises
        ------
        ValueError
            No hour is known.
        """
        stamps, kwh = pd.DatetimeIndex(X.index), np.asarray(y, dtype=float)
        if not np.isfinite(kwh).any():
            raise ValueError("no known hour before the origin")
        start = max(0, int(np.flatnonzero(np.isfinite(kwh))[-1]) + 1 - 24 * WINDOW_DAYS)
        grid, days = calendar_days(stamps[start:], kwh[start:], self.timezone)
        off = _days_off(days[0], len(days), self.country)
        age = (local(stamps[-1:] + HOUR, self.timezone)[0] - days) / pd.Timedelta(weeks=1)
        recency = np.exp2(-np.maximum(age, 0.0) / self.half_life_weeks)
        closeness = np.repeat([NEIGHBOUR_WEIGHT, 1.0, NEIGHBOUR_WEIGHT], len(days))
        of_type = np.where(off == np.array([[False], [True]]), 1.0, OTHER_DAY_TYPE_WEIGHT) * recency.to_numpy()
        kwh = neighbours(grid, 1)
        kwh = kwh[nearest_known(np.isfinite(kwh).any(axis=1))]
        order = np.argsort(kwh, axis=1, kind="stable")  # unknown hours last
        kwh = np.take_along_axis(kwh, order, axis=1)
        weights = np.where(np.isfinite(kwh), (np.tile(of_type, 3) * closeness)[:, order], 0.0)
        self.weights_ = weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)
        self.kwh_ = np.where(np.isfinite(kwh), kwh, np.inf)
        self.expected_ = (self.weights_ * np.where(np.isfinite(kwh), kwh, 0.0)).sum(axis=-1)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the expected energy, shape (n,) [kWh]."""
        return np.asarray(self.expected_[self._places(X)])

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles, shape (n, q) [kWh]."""
        return np.asarray(weighted_quantiles(self.kwh_, self.weights_, np.asarray(levels))[self._places(X)])

    def _places(self, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:  # noqa: N803
        """Return day type and local hour of the rows of `X`."""
        stamps = pd.DatetimeIndex(X.index)
        if len(stamps) and stamps[-1] - stamps[0] == (len(stamps) - 1) * HOUR:
            return _places_of_hours(stamps[0], len(stamps), self.timezone, self.country)
        return _places_of(stamps, self.timezone, self.country)


def _places_of(stamps: pd.DatetimeIndex, timezone: str, country: str | None) -> tuple[np.ndarray, np.ndarray]:
    return is_day_off(stamps, timezone, country).astype(int), local(stamps, timezone).hour.to_numpy()


@lru_cache(maxsize=128)
def _places_of_hours(
    first: pd.Timestamp, count: int, timezone: str, country: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same of complete hours, which all devices of a home share."""
    return _places_of(pd.date_range(first, periods=count, freq="h"), timezone, country)


@lru_cache(maxsize=128)
def _days_off(first: pd.Timestamp, count: int, country: str | None) -> np.ndarray:
    return is_day_off(pd.date_range(first, periods=count, freq="D", tz="UTC"), "UTC", country)


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return quantiles of weighted samples, linear between the midpoints of their cumulated weights, shape (..., q).

    With equal weights this is Hazen's plotting position, (i - 1/2)/n (Hyndman and Fan 1996, type 5). `values` (..., m)
    ascend, those of weight 0 last; `weights` (..., m), broadcast against them, sum to 1.
    """
    shape = weights.shape
    values, weights = np.broadcast_to(values, shape).reshape(-1, shape[-1]), weights.reshape(-1, shape[-1])
    middle = np.cumsum(weights, axis=1) - weights / 2
    row, last = np.arange(len(weights))[:, None], np.maximum(np.count_nonzero(weights, axis=1) - 1, 0)[:, None]
    above = np.stack([np.count_nonzero(middle < level, axis=1) for level in levels], axis=1)
    above = np.clip(above, 0, last)
    below = np.maximum(above - 1, 0)
    left, right, low, high = middle[row, below], middle[row, above], values[row, below], values[row, above]
    share = np.clip((levels - left) / np.where(right > left, right - left, 1.0), 0.0, 1.0)
    out = np.minimum(low + share * (high - low), high)  # rounding must not lift it over the next one
    return np.asarray(out.reshape(*shape[:-1], len(levels)))
