"""Climatology: what this home did at similar hours, the recent ones counting more.

An hour of the coming week is described by the hours like it in the past: the same local hour and its two neighbours, on
days of the same type (working day, or weekend and holiday), weighted down with age. Where an hour of the day was never
known, the nearest one that was stands in. The weighted sample *is* the predictive distribution: its mean is the
expected value and its quantiles the band, so zeros stay zeros and nothing crosses. This is conditional climatology as
weather services use it for reference (Wilks, Statistical Methods in the Atmospheric Sciences, ch. 8), with an
exponential memory (Brown 1959).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

from influx.core.local_time import HOUR, is_day_off, local

NEIGHBOUR_WEIGHT = 0.4
"""Weight of the hour before and the hour after, beside the same hour's 1."""

OTHER_DAY_TYPE_WEIGHT = 0.6
"""Weight of a day of the other type, beside the same type's 1."""

WINDOW_DAYS = 112
"""Days of history that count: sixteen weeks, enough for a slow season and short enough to forget the last one."""


@dataclass(frozen=True)
class SimilarHours:
    """The past hours that describe each local hour of the day, sorted by energy.

    Attributes
    ----------
    kwh : ndarray, shape (24, m)
        Energy of the m past hours near each hour of the day, ascending; unknown ones last, as infinity [kWh].
    weeks : ndarray, shape (24, m)
        Age of each [weeks].
    base : ndarray, shape (2, 24, m)
        Weight of each for a working day (0) and a day off (1), before its age counts; 0 where unknown.
    """

    kwh: np.ndarray
    weeks: np.ndarray
    base: np.ndarray

    def weights(self, half_life_weeks: float) -> np.ndarray:
        """Return the weights at one memory, shape (2, 24, m), each row summing to 1."""
        weights = self.base * np.exp2(-self.weeks / half_life_weeks)
        return weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)

    def mean(self, half_life_weeks: float) -> np.ndarray:
        """Return the expected energy by day type and hour, shape (2, 24) [kWh]."""
        known = np.where(np.isfinite(self.kwh), self.kwh, 0.0)
        return np.asarray((self.weights(half_life_weeks) * known).sum(axis=-1))

    def quantiles(self, levels: np.ndarray, half_life_weeks: float) -> np.ndarray:
        """Return quantiles by day type and hour, shape (2, 24, len(levels)) [kWh]."""
        return weighted_quantiles(self.kwh, self.weights(half_life_weeks), levels)


def similar_hours(history: pd.Series, origin: pd.Timestamp, timezone: str, country: str | None = None) -> SimilarHours:
    """Collect the past hours that are similar to each hour of the day.

    Parameters
    ----------
    history : Series of float, index UTC hours
        Energy [kWh], NaN where unknown. Only hours before `origin` are looked at.
    origin : Timestamp
        The first forecast hour, from which age counts.
    timezone, country : str
        For the local hour and the day type.

    Raises
    ------
    ValueError
        No hour before the origin is known.
    """
    known = history[(history.index < origin) & history.notna()]
    if known.empty:
        raise ValueError("no known hour before the origin")
    known = known[known.index >= min(origin, known.index[-1] + pd.Timedelta(hours=1)) - pd.Timedelta(days=WINDOW_DAYS)]
    grid, days = days_by_hours(known, timezone)
    flat = np.concatenate([[np.nan], grid.ravel(), [np.nan]])
    near = np.stack([flat[:-2], flat[1:-1], flat[2:]]).reshape(3, len(days), 24)
    kwh = near.transpose(2, 0, 1).reshape(24, -1)
    off = _days_off(days[0], len(days), country)
    closeness = np.repeat([NEIGHBOUR_WEIGHT, 1.0, NEIGHBOUR_WEIGHT], len(days))
    of_type = [np.where(off == kind, 1.0, OTHER_DAY_TYPE_WEIGHT) for kind in (False, True)]
    base = np.stack([np.tile(weight, 3) * closeness for weight in of_type])
    today = local(pd.DatetimeIndex([origin]), timezone)[0]
    age = np.tile(np.maximum((today - days) / pd.Timedelta(weeks=1), 0.0), 3)
    kwh = np.where(np.isnan(kwh), np.inf, kwh)[_nearest_known(np.isfinite(kwh).any(axis=1))]
    order = np.argsort(kwh, axis=1, kind="stable")
    kwh = np.take_along_axis(kwh, order, axis=1)
    base = np.where(np.isfinite(kwh), base[:, order], 0.0)
    # In one layout, so that sums over these arrays and over copies of them agree to the last digit.
    return SimilarHours(*(np.ascontiguousarray(part) for part in (kwh, age[order], base)))


def days_by_hours(known: pd.Series, timezone: str) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """Lay hours out as local days x 24; the two runs of a doubled hour are averaged, a skipped hour stays unknown."""
    days, cell = _cells(pd.DatetimeIndex(known.index), timezone)
    total = np.bincount(cell, known.to_numpy(), minlength=24 * len(days))
    count = np.bincount(cell, minlength=24 * len(days))
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / count, np.nan).reshape(len(days), 24), days


def _cells(stamps: pd.DatetimeIndex, timezone: str) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """Return the local days of stamps, and the place of each among their hours."""
    if stamps[-1] - stamps[0] == (len(stamps) - 1) * HOUR:
        return _cells_of_every_hour(stamps[0], len(stamps), timezone)
    return _cells_of(stamps, timezone)


@lru_cache(maxsize=128)
def _cells_of_every_hour(first: pd.Timestamp, count: int, timezone: str) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """The same for hours without a gap, which all devices of a home share."""
    return _cells_of(pd.date_range(first, periods=count, freq="h"), timezone)


def _cells_of(stamps: pd.DatetimeIndex, timezone: str) -> tuple[pd.DatetimeIndex, np.ndarray]:
    wall = local(stamps, timezone)
    first = wall[0].normalize()
    days = pd.date_range(first, wall[-1].normalize(), freq="D")
    return days, ((wall.normalize() - first).days * 24 + wall.hour).to_numpy()


@lru_cache(maxsize=128)
def _days_off(first: pd.Timestamp, count: int, country: str | None) -> np.ndarray:
    """Tell which of some days from `first` on (local, without their zone) nobody works on."""
    return is_day_off(pd.date_range(first, periods=count, freq="D", tz="UTC"), "UTC", country)


def _nearest_known(known: np.ndarray) -> np.ndarray:
    """Return for each hour of the day the nearest one that is known, the earlier of two equally near ones."""
    there = np.flatnonzero(known)
    behind = (np.arange(24)[:, None] - there) % 24
    return np.asarray(there[np.minimum(behind, 24 - behind + 0.5).argmin(axis=1)])


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return quantiles of weighted samples, linear between the midpoints of their cumulated weights.

    With equal weights this is Hazen's plotting position, (i - 1/2)/n (Hyndman and Fan 1996, type 5).

    Parameters
    ----------
    values : ndarray, shape (..., m)
        Samples, ascending; those of weight 0 must stand last.
    weights : ndarray, shape (..., m)
        Non-negative, each row summing to 1; broadcast against `values`.
    levels : ndarray, shape (q,)
        Probabilities between 0 and 1.

    Returns
    -------
    ndarray, shape (..., q)
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


def lookup(stamps: pd.DatetimeIndex, timezone: str, country: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return day type (0 working day, 1 day off) and local hour of UTC `stamps`, which index the arrays above."""
    return is_day_off(stamps, timezone, country).astype(int), local(stamps, timezone).hour.to_numpy()


class Climatology(RegressorMixin, BaseEstimator):
    """Recency-weighted climatology: weighted quantiles of the similar hours of the last sixteen weeks.

    Parameters
    ----------
    half_life_weeks : float
        Age at which an hour counts half.
    timezone, country : str
        For local hours and day types; the backtest and the forecast set them to those of the home.

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
        """Keep the similar hours; only the index of `X` is used."""
        history = pd.Series(np.asarray(y, dtype=float), index=pd.DatetimeIndex(X.index))
        origin = history.index[-1] + pd.Timedelta(hours=1)
        pool = similar_hours(history, origin, self.timezone, self.country)
        self.kwh_, self.weeks_, self.base_ = pool.kwh, pool.weeks, pool.base
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the expected energy, shape (n,) [kWh]."""
        return np.asarray(self._pool().mean(self.half_life_weeks)[self._where(X)])

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles, shape (n, q) [kWh]."""
        return np.asarray(self._pool().quantiles(np.asarray(levels), self.half_life_weeks)[self._where(X)])

    def _pool(self) -> SimilarHours:
        return SimilarHours(self.kwh_, self.weeks_, self.base_)

    def _where(self, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:  # noqa: N803
        return lookup(pd.DatetimeIndex(X.index), self.timezone, self.country)
