"""Sums over hours: a day's, a week's, in kWh or in money, each with a range.

The quantiles of a sum are not the sum of quantiles: hours err partly together and partly against each other. So the
range of a sum is measured: the same sum of past days and weeks, as the device's model would have forecast it, is
compared with what happened, and the spread of those errors (with the finite-sample step of conformal prediction) is
laid around the expected sum. A model that keeps no such errors takes those of climatology. Hours of a coming absence
have no past of their own as a sum: their bands are added up, as if they all erred the same way, which is the widest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import pandas as pd

from influx.core.constants import KNOWN_SHARE, WEEK
from influx.core.local_time import local
from influx.core.parallel import run_all
from influx.forecasting.device_series import Series
from influx.forecasting.models import Climatology
from influx.forecasting.models.climatology import lookup, similar_hours

PAST_ORIGINS = 56
"""Past days from which the sums are forecast again: eight weeks."""

LEAST_ERRORS = 9
"""Past sums below which no range is told: of nine the next one lies outside with a chance of one in five."""

Price = Callable[[pd.DatetimeIndex], np.ndarray]


def kilowatt_hours(stamps: pd.DatetimeIndex) -> np.ndarray:
    """Return the weight of each hour in a sum of energy: 1."""
    return np.ones(len(stamps))


def past_errors(series: Series, origin: pd.Timestamp, hours: int, each: Price = kilowatt_hours) -> np.ndarray:
    """Return how far climatology was off on past sums of `hours` hours, observed minus expected.

    Parameters
    ----------
    series : Series
    origin : Timestamp
        Nothing at or after it is looked at.
    hours : int
        Length of the sum: 24 for a day. It begins at the same time of day as the forecast.
    each : callable
        Weight of an hour, such as its price: that of the coming hour counts for its past ones, too. NaN leaves it out.

    Returns
    -------
    ndarray
        Errors in the unit of `each` times kWh.
    """
    return summed(past_residuals(series, origin, hours), each(pd.date_range(origin, periods=hours, freq="h")))


def past_residuals(
    series: Series, origin: pd.Timestamp, hours: int, origins: int = PAST_ORIGINS, apart: int = 1
) -> np.ndarray:
    """Return how far climatology was off in each hour of past sums, shape (n, hours), NaN where not known [kWh].

    The sums, `origins` of them at most, begin so many days `apart`; the last one ends at `origin`.
    """
    history = series.before(origin)
    zone, country = series.covariates.timezone, series.covariates.country
    misses, days = [], -(-hours // 24)
    for back in range(1, 1 + apart * origins, apart):
        then = origin - pd.Timedelta(days=back + days - 1)
        known = history[history.index < then]
        if known.notna().sum() < 7 * 24:
            break
        expected = similar_hours(known, then, zone, country).mean(Climatology().half_life_weeks)
        stamps, place = _week(then, hours, zone, country)
        misses.append(history.reindex(stamps).to_numpy() - expected[place])
    return np.array(misses).reshape(-1, hours)


@lru_cache(maxsize=128)
def _week(
    then: pd.Timestamp, hours: int, zone: str, country: str | None
) -> tuple[pd.DatetimeIndex, tuple[np.ndarray, np.ndarray]]:
    """Return the hours from `then` on, and where each is looked up; all devices of a home share them."""
    stamps = pd.date_range(then, periods=hours, freq="h")
    return stamps, lookup(stamps, zone, country)


def summed(misses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighed sum of each row of misses of which enough is known, scaled up to the whole.

    Parameters
    ----------
    misses : ndarray, shape (n, hours)
        NaN where not known.
    weights : ndarray, shape (hours,)
        NaN leaves the hour out of the sum.
    """
    counts = np.isfinite(weights)
    amounts = (misses * np.where(counts, weights, 0.0))[:, counts]
    there = np.isfinite(amounts).mean(axis=1) if counts.any() else np.zeros(len(misses))
    enough = there >= KNOWN_SHARE
    return np.asarray(np.nansum(amounts[enough], axis=1) / there[enough])


def model_errors(model: object, origin: pd.Timestamp, hours: int, each: Price = kilowatt_hours) -> np.ndarray | None:
    """Return how far a fitted model was off on past sums of `hours` hours, observed minus expected.

    Parameters
    ----------
    model : object
        A model with `past_residuals`, such as `influx.forecasting.models.SimilarDays`.
    origin, hours, each
        As in `past_errors`; sums of 24 hours are those of each day of the past weeks.

    Returns
    -------
    ndarray or None
        None where the model keeps no past errors, too few of them, or the sum is longer than a week.
    """
    misses = model_residuals(model, hours)
    if misses is None:
        return None
    errors = summed(misses, each(pd.date_range(origin, periods=hours, freq="h")))
    return errors if len(errors) >= LEAST_ERRORS else None


def model_residuals(model: object, hours: int) -> np.ndarray | None:
    """Return a fitted model's residuals in each hour of past sums, as `past_residuals`; None where it keeps none."""
    if not hasattr(model, "past_residuals") or hours > WEEK:
        return None
    misses = model.past_residuals()[0]
    return np.asarray(misses.reshape(-1, 24) if hours == 24 else misses[:, :hours])


def spread(errors: np.ndarray) -> tuple[float, float]:
    """Return the offsets that hold eight in ten past errors, NaN where there are too few."""
    if len(errors) < LEAST_ERRORS:
        return float("nan"), float("nan")
    low, high = np.quantile(errors[np.isfinite(errors)], (0.1, 0.9), method="weibull")
    return float(min(low, 0.0)), float(max(high, 0.0))


def totals(
    forecasts: pd.DataFrame,
    every: list[Series],
    origin: pd.Timestamp,
    each: Price = kilowatt_hours,
    models: Mapping[tuple[str, str], object] = MappingProxyType({}),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sum a forecast by local day and over its whole horizon.

    Parameters
    ----------
    forecasts : DataFrame
        The `forecast` frame.
    every : list of Series
        The devices' histories.
    origin : Timestamp
        The first forecast hour.
    each : callable
        Weight of an hour: 1 for energy, its price for cost; NaN where it is not known.
    models : mapping
        The fitted model of each (home, device), whose past errors make the ranges.

    Returns
    -------
    daily : DataFrame
        `home_id`, `device_id`, `day` (local date), `hours` in the sum (24, or less where the horizon cuts the day or
        the weight is not known), `total` (NaN where no weight is known), `p10`, `p90`; the range is NaN where fewer
        than nine past sums could be compared.
    whole : DataFrame
        The same over all hours of the forecast, without `day`.
    """
    parts = run_all(
        lambda one: _of_device(forecasts, one, origin, each, models.get((one.home_id, one.device_id))), every
    )
    return pd.concat([part[0] for part in parts]), pd.concat([part[1] for part in parts])


class Past:
    """What one series' past sums were off by: its model's own errors, or else those of climatology."""

    def __init__(self, series: Series, origin: pd.Timestamp, model: object = None):
        self.series, self.origin, self.model = series, origin, model
        self._climatology: dict[int, np.ndarray] = {}

    def misses(self, hours: int) -> np.ndarray:
        """Return `past_residuals` of sums of so many hours."""
        if hours not in self._climatology:
            self._climatology[hours] = past_residuals(self.series, self.origin, hours)
        return self._climatology[hours]

    def offsets(self, weights: np.ndarray) -> tuple[float, float]:
        """Return how far eight in ten sums lie below and above the expected one, which begins at the origin.

        Parameters
        ----------
        weights : ndarray, shape (hours,)
            Of the hours ahead; NaN leaves one out.
        """
        if not np.isfinite(weights).any():
            return 0.0, 0.0
        own = model_residuals(self.model, len(weights))
        errors = np.empty(0) if own is None else summed(own, weights)
        return spread(errors if len(errors) >= LEAST_ERRORS else summed(self.misses(len(weights)), weights))

    def offsets_of_day(self, weights: np.ndarray, places: np.ndarray) -> tuple[float, float]:
        """Return the same for the hours of one day, in proportion to how many of its 24 are counted.

        Parameters
        ----------
        weights, places : ndarray, shape (hours of the day that are ahead,)
            Weight of each, and how many clock hours after that of the origin it begins.
        """
        known = np.isfinite(weights)
        whole = np.full(24, weights[known].mean() if known.any() else np.nan)
        whole[places[known]] = weights[known]
        low, high = self.offsets(whole)
        return low * known.sum() / 24, high * known.sum() / 24


def _of_device(
    forecasts: pd.DataFrame, series: Series, origin: pd.Timestamp, each: Price, model: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = forecasts[(forecasts["home_id"] == series.home_id) & (forecasts["device_id"] == series.device_id)]
    stamps = pd.DatetimeIndex(rows["timestamp"])
    weight, away = each(stamps), series.absences.coming(stamps)
    ordinary = np.where(away, np.nan, weight)
    sums = pd.DataFrame({"total": rows["energy_kwh"].to_numpy() * weight, "hours": np.isfinite(weight).astype(int)})
    sums = sums.assign(**_bands_away(rows, np.where(away, weight, 0.0)))
    wall, past = local(pd.DatetimeIndex([origin, *stamps]), series.covariates.timezone), Past(series, origin, model)
    day, places = wall[1:].normalize(), ((wall[1:].hour - wall[0].hour) % 24).to_numpy()
    daily = sums.groupby(day).sum(min_count=1).rename_axis("day").reset_index()
    offsets = [past.offsets_of_day(ordinary[day == one], places[day == one]) for one in daily["day"]]
    whole = sums.sum(min_count=1).to_frame().T.astype({"hours": int})
    frames = []
    for frame, ranges in ((daily, offsets), (whole, [past.offsets(ordinary)])):
        frame = _with_range(frame, np.array(ranges), bool((weight < 0).any()))
        frame.insert(0, "device_id", series.device_id)
        frame.insert(0, "home_id", series.home_id)
        frames.append(frame)
    return frames[0], frames[1]


def _with_range(frame: pd.DataFrame, offsets: np.ndarray, below_zero: bool) -> pd.DataFrame:
    out = frame.assign(
        p10=frame["total"] + frame["low"] + offsets[:, 0], p90=frame["total"] + frame["high"] + offsets[:, 1]
    )
    return out.drop(columns=["low", "high"]).assign(p10=out["p10"] if below_zero else out["p10"].clip(lower=0))


def _bands_away(rows: pd.DataFrame, price: np.ndarray) -> dict[str, np.ndarray]:
    """Return how far the band of each hour away lies below and above its expected value, in money or energy."""
    if not price.any():
        return {"low": np.zeros(len(rows)), "high": np.zeros(len(rows))}
    band = (rows[["p10", "p90"]].to_numpy() - rows[["energy_kwh"]].to_numpy()) * price[:, None]
    return {"low": band.min(axis=1), "high": band.max(axis=1)}  # where a price is below zero, more use costs less
