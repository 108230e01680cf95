"""Sums over hours: a day's, a week's, in kWh or in money, each with a range.

The quantiles of a sum are not the sum of quantiles: hours err partly together and partly against each other. So the
range of a sum is measured: the same sum of past days and weeks, as the device's model would have forecast it, is
compared with what happened, and the spread of those errors (with the finite-sample step of conformal prediction) is
laid around the expected sum. A model that keeps no such errors takes those of climatology. Hours of a coming absence
have no past of their own as a sum: their bands are added up, as if they all erred the same way, which is the widest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

import numpy as np
import pandas as pd

from influx.core.constants import KNOWN_SHARE, WEEK
from influx.core.local_time import local
from influx.core.parallel import run_all
from influx.forecasting.device_series import Series
from influx.forecasting.models import Climatology

PAST_ORIGINS = 56
"""Past days from which the sums are forecast again: eight weeks."""

LEAST_ERRORS = 9
"""Past sums below which there is no range: of nine the next one lies outside with a chance of one in five."""

Price = Callable[[pd.DatetimeIndex], np.ndarray]


def kilowatt_hours(stamps: pd.DatetimeIndex) -> np.ndarray:
    """Return the weight of each hour in a sum of energy: 1."""
    return np.ones(len(stamps))


def past_errors(series: Series, origin: pd.Timestamp, hours: int, price: Price = kilowatt_hours) -> np.ndarray:
    """Return the errors of climatology on past sums of `hours` hours before `origin`, observed minus expected.

    `price` is that of the coming hours; it counts for the past ones, too.
    """
    return summed(past_residuals(series, origin, hours), price(pd.date_range(origin, periods=hours, freq="h")))


def past_residuals(
    series: Series, origin: pd.Timestamp, hours: int, origins: int = PAST_ORIGINS, apart: int = 1
) -> np.ndarray:
    """Return the residuals of climatology in each hour of past sums, shape (n, hours), NaN where not known [kWh].

    The sums, `origins` of them at most, begin so many days `apart`; the last one ends at `origin`.
    """
    history, covariates = series.before(origin), series.covariates
    residuals, days = [], -(-hours // 24)
    for back in range(1, 1 + apart * origins, apart):
        then = origin - pd.Timedelta(days=back + days - 1)
        known = history[history.index < then]
        if known.notna().sum() < 7 * 24:
            break
        model = Climatology(timezone=covariates.timezone, country=covariates.country)
        observed = history.reindex(pd.date_range(then, periods=hours, freq="h"))
        residuals.append(observed - model.fit(known.to_frame(), known.to_numpy()).predict(observed.to_frame()))
    return np.array(residuals).reshape(-1, hours)


def summed(residuals: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighed sum of each row of residuals of which enough is known, scaled up to the whole.

    `residuals` (n, hours) are NaN where not known, `weights` (hours,) where an hour is left out of the sum.
    """
    counts = np.isfinite(weights)
    amounts = (residuals * np.where(counts, weights, 0.0))[:, counts]
    there = np.isfinite(amounts).mean(axis=1) if counts.any() else np.zeros(len(residuals))
    enough = there >= KNOWN_SHARE
    return np.asarray(np.nansum(amounts[enough], axis=1) / there[enough])


def model_residuals(model: object, hours: int) -> np.ndarray:
    """Return the residuals of a fitted model in each hour of past sums, (n, hours) [kWh]; none where it keeps none.

    Sums of 24 hours are those of each day of the past weeks; other ones begin with a past week.
    """
    if not hasattr(model, "past_residuals") or hours > WEEK:
        return np.empty((0, hours))
    residuals = model.past_residuals()[0]
    return np.asarray(residuals.reshape(-1, 24) if hours == 24 else residuals[:, :hours])


def spread(errors: np.ndarray) -> tuple[float, float]:
    """Return the offsets that hold eight in ten past errors, NaN where there are too few."""
    if len(errors) < LEAST_ERRORS:
        return float("nan"), float("nan")
    low, high = np.quantile(errors[np.isfinite(errors)], (0.1, 0.9), method="weibull")
    return float(min(low, 0.0)), float(max(high, 0.0))


def totals(
    forecasts: pd.DataFrame,
    devices: list[Series],
    origin: pd.Timestamp,
    price: Price = kilowatt_hours,
    models: Mapping[tuple[str, str], object] = MappingProxyType({}),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sum a forecast by local day and over its whole horizon.

    Parameters
    ----------
    forecasts : DataFrame
        The `forecast` frame of `devices`, of which `origin` is the first hour.
    price : callable
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

    def of_device(series: Series) -> tuple[pd.DataFrame, pd.DataFrame]:
        rows = forecasts[(forecasts["home_id"] == series.home_id) & (forecasts["device_id"] == series.device_id)]
        return _of_device(rows, series, origin, price, models.get((series.home_id, series.device_id)))

    daily, whole = zip(*run_all(of_device, devices), strict=True)
    return pd.concat(daily), pd.concat(whole)


def _of_device(
    rows: pd.DataFrame, series: Series, origin: pd.Timestamp, price: Price, model: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    @cache
    def of_climatology(hours: int) -> np.ndarray:
        return past_residuals(series, origin, hours)

    def offsets(weights: np.ndarray) -> tuple[float, float]:
        """Return how far eight in ten sums with these weights lie below and above the expected one."""
        if not np.isfinite(weights).any():
            return 0.0, 0.0
        errors = summed(model_residuals(model, len(weights)), weights)
        return spread(errors if len(errors) >= LEAST_ERRORS else summed(of_climatology(len(weights)), weights))

    stamps = pd.DatetimeIndex(rows["timestamp"])
    weight, away = price(stamps), series.absences.coming(stamps)
    ordinary = np.where(away, np.nan, weight)
    band = np.zeros((len(rows), 1))
    if away.any():  # where a price is below zero, more use costs less
        band = (rows[["p10", "p90"]].to_numpy() - rows[["energy_kwh"]].to_numpy()) * np.where(away, weight, 0.0)[
            :, None
        ]
    sums = pd.DataFrame({"total": rows["energy_kwh"].to_numpy() * weight, "hours": np.isfinite(weight).astype(int)})
    sums = sums.assign(low=band.min(axis=1), high=band.max(axis=1))
    wall = local(pd.DatetimeIndex([origin, *stamps]), series.covariates.timezone)
    day, place = wall[1:].normalize(), ((wall[1:].hour - wall[0].hour) % 24).to_numpy()
    daily = sums.groupby(day).sum(min_count=1).rename_axis("day").reset_index()
    ranges = []
    for date in daily["day"]:  # in proportion to how many of its 24 hours are counted
        known = (day == date) & np.isfinite(ordinary)
        weights = np.full(24, ordinary[known].mean() if known.any() else np.nan)
        weights[place[known]] = ordinary[known]
        ranges.append(np.array(offsets(weights)) * known.sum() / 24)
    whole = sums.sum(min_count=1).to_frame().T.astype({"hours": int})
    return tuple(
        _with_range(frame, np.array(offset), series, bool((weight < 0).any()))
        for frame, offset in ((daily, ranges), (whole, [offsets(ordinary)]))
    )


def _with_range(frame: pd.DataFrame, offsets: np.ndarray, series: Series, below_zero: bool) -> pd.DataFrame:
    p10, p90 = frame["total"] + frame["low"] + offsets[:, 0], frame["total"] + frame["high"] + offsets[:, 1]
    out = frame.drop(columns=["low", "high"]).assign(p10=p10 if below_zero else p10.clip(lower=0), p90=p90)
    out.insert(0, "device_id", series.device_id)
    out.insert(0, "home_id", series.home_id)
    return out
