"""Sums over hours: a day's, a week's, in kWh or in money, each with a range.

The quantiles of a sum are not the sum of quantiles: hours err partly together and partly against each other. So the
range of a sum is measured: the same sum of past days and weeks, as the device's model would have forecast it, is
compared with what happened, and the spread of those errors (with the finite-sample step of conformal prediction) is
laid around the expected sum. A model that keeps no such errors takes those of climatology. Hours of a coming absence
have no past of their own as a sum: their bands are added up, as if they all erred the same way, which is the widest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from influx.climatology import lookup, similar_hours
from influx.clock import local
from influx.features import WEEK
from influx.intervals import conformal_offsets
from influx.models import Climatology
from influx.parallel import run_all
from influx.series import Series

PAST_ORIGINS = 56
"""Past days from which the sums are forecast again: eight weeks."""

LEAST_ERRORS = 9
"""Past sums below which no range is told: of nine the next one lies outside with a chance of one in five."""

LEAST_KNOWN = 0.75
"""Share of an interval's hours that must be known for its past sum to count; it is then scaled up to the whole."""

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
        Weight of an hour, such as its price.

    Returns
    -------
    ndarray
        Errors in the unit of `each` times kWh.
    """
    history = series.before(origin)
    zone, country = series.around.timezone, series.around.country
    errors, days = [], -(-hours // 24)
    for back in range(1, PAST_ORIGINS + 1):
        then = origin - pd.Timedelta(days=back + days - 1)
        known = history[history.index < then]
        if known.notna().sum() < 7 * 24:
            break
        stamps = pd.date_range(then, periods=hours, freq="h")
        observed = history.reindex(stamps).to_numpy()
        there = np.isfinite(observed)
        if there.mean() < LEAST_KNOWN:
            continue
        expected = similar_hours(known, then, zone, country).mean(Climatology().half_life_weeks)[
            lookup(stamps, zone, country)
        ]
        errors.append(float(((observed - expected) * each(stamps))[there].sum() / there.mean()))
    return np.array(errors)


def model_errors(
    model: object, origin: pd.Timestamp, hours: int, each: Price = kilowatt_hours, ordinary: np.ndarray | None = None
) -> np.ndarray | None:
    """Return how far a fitted model was off on past sums of `hours` hours, observed minus expected.

    Parameters
    ----------
    model : object
        A model with `past_misses`, such as `influx.kernel_model.Kernel`.
    origin, hours, each
        As in `past_errors`; sums of 24 hours are those of each day of the past weeks.
    ordinary : ndarray of bool, shape (hours,), optional
        Which hours of a longer sum count; all of them by default.

    Returns
    -------
    ndarray or None
        None where the model keeps no past errors, too few of them, or the sum is longer than a week.
    """
    if not hasattr(model, "past_misses") or hours > WEEK:
        return None
    misses, weeks = model.past_misses()
    if len(weeks) == 0:
        return None
    stamps = [pd.date_range(origin - pd.Timedelta(weeks=int(back)), periods=WEEK, freq="h") for back in weeks]
    amounts = misses * np.stack([each(one) for one in stamps])
    amounts = amounts.reshape(-1, 24) if hours == 24 else amounts[:, :hours]
    if ordinary is not None and hours != 24:
        amounts = amounts[:, ordinary]
    there = np.isfinite(amounts).mean(axis=1)
    enough = there >= LEAST_KNOWN
    errors = np.nansum(amounts[enough], axis=1) / there[enough]
    return errors if len(errors) >= LEAST_ERRORS else None


def spread(errors: np.ndarray) -> tuple[float, float]:
    """Return the offsets that hold eight in ten past errors, NaN where there are too few."""
    if len(errors) < LEAST_ERRORS:
        return float("nan"), float("nan")
    low, high = conformal_offsets(np.sort(errors)[None].repeat(24, axis=0), np.array([0.1, 0.9]))[0]
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
        Weight of an hour: 1 for energy, its price for cost.
    models : mapping
        The fitted model of each (home, device), whose past errors make the ranges.

    Returns
    -------
    daily : DataFrame
        `home_id`, `device_id`, `day` (local date), `hours` (24, or less where the horizon cuts the day), `total`,
        `p10`, `p90`; the range is NaN where fewer than nine past sums could be compared.
    whole : DataFrame
        The same over all hours of the forecast, without `day`.
    """
    parts = run_all(
        lambda one: _of_device(forecasts, one, origin, each, models.get((one.home_id, one.device_id))), every
    )
    return pd.concat([part[0] for part in parts]), pd.concat([part[1] for part in parts])


def _of_device(
    forecasts: pd.DataFrame, series: Series, origin: pd.Timestamp, each: Price, model: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = forecasts[(forecasts["home_id"] == series.home_id) & (forecasts["device_id"] == series.device_id)]
    stamps = pd.DatetimeIndex(rows["timestamp"])
    price = each(stamps)
    ordinary = ~series.absences.coming(stamps)
    sums = pd.DataFrame(
        {"total": rows["energy_kwh"].to_numpy() * price, "hours": 1, "ordinary": ordinary.astype(int)}
    ).assign(**_bands_away(rows, price * ~ordinary))
    day = local(stamps, series.around.timezone).normalize()
    frames = []
    for frame, hours in ((sums.groupby(day).sum().rename_axis("day").reset_index(), 24), (_one(sums), len(sums))):
        errors = model_errors(model, origin, hours, each, ordinary) if ordinary.any() else np.empty(0)
        low, high = spread(past_errors(series, origin, hours, each) if errors is None else errors)
        share = frame["ordinary"] / (24 if hours == 24 else max(int(ordinary.sum()), 1))
        for name, away, offset in (("p10", "low", low), ("p90", "high", high)):
            frame[name] = frame["total"] + frame[away] + np.where(share > 0, share * offset, 0.0)
        frame["p10"] = frame["p10"].clip(lower=0)
        frame = frame.drop(columns=["ordinary", "low", "high"])
        frame.insert(0, "device_id", series.device_id)
        frame.insert(0, "home_id", series.home_id)
        frames.append(frame)
    return frames[0], frames[1]


def _one(sums: pd.DataFrame) -> pd.DataFrame:
    return sums.sum().to_frame().T.astype({"hours": int})


def _bands_away(rows: pd.DataFrame, price: np.ndarray) -> dict[str, np.ndarray]:
    """Return how far the band of each hour away lies below and above its expected value, in money or energy."""
    if not price.any():
        return {"low": np.zeros(len(rows)), "high": np.zeros(len(rows))}
    band = (rows[["p10", "p90"]].to_numpy() - rows[["energy_kwh"]].to_numpy()) * price[:, None]
    return {"low": band.min(axis=1), "high": band.max(axis=1)}  # where a price is below zero, more use costs less
