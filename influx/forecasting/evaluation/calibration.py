"""How far past forecasts can be relied on: promised shares of hours beside found ones, and errors by day ahead.

A quantile of zero promises nothing, as no hour can lie below it. So only hours whose quantile is above zero are
counted; which hours these are was known beforehand, so that leaving out the others favours nobody. Hours of one past
forecast err together: uncertainty is that between forecasts, and of one forecast alone none is told.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import t

from influx.core.constants import LEAST_HOURS
from influx.core.schema import HOUSEHOLD
from influx.forecasting.evaluation.backtest import pinball

PROMISES = {"p10": 0.1, "p50": 0.5, "p90": 0.9, "band": 0.8}
"""Share of hours that each quantile promises to lie at or below it, and the band to lie inside it."""

MOSTLY_OFF = 0.9
"""Share of hours without any use from which on a device says little of its band: it is told apart."""

LEAST_OF_DAY = 18
"""Measured hours of a day below which its energy is not judged."""

DEVICE = ("home_id", "device_id")
ANCHOR = "climatology"
_PROMISE_COLUMNS = ["promise", "promised", "found", "found_se", "folds", "hours", "off", "mostly_off"]
_DAY_COLUMNS = ["day", "folds", "loss", "baseline_loss", "lead", "lead_se", "absolute_error", "baseline_absolute_error"]


def half_width(error: float | pd.Series, folds: int | pd.Series) -> float | pd.Series:
    """Return half the width of the interval that holds what a mean over so few folds estimates, 19 times in 20.

    Student's t of a standard error: of four folds 3.2 times the error, of two 12.7 times.
    """
    return error * t.ppf(0.975, np.maximum(np.asarray(folds) - 1, 1))


def of_chosen(past: pd.DataFrame, choice: pd.DataFrame) -> pd.DataFrame:
    """Return the past forecasts that the chosen model of each device made."""
    return past.merge(choice[[*DEVICE, "model"]], on=[*DEVICE, "model"])


def promises(past: pd.DataFrame, by: Sequence[str] = DEVICE) -> pd.DataFrame:
    """Compare promised shares of hours with found ones.

    Parameters
    ----------
    past : DataFrame
        Past forecasts, of one model a device: `origin`, `observed`, `p10`, `p50`, `p90` [kWh] and the columns `by`.
    by : sequence of str
        What is told apart. Without `device_id` all devices count together, but for the household, which is their sum,
        and for those that are mostly off.

    Returns
    -------
    DataFrame
        A row for each of `by` and each promise: `promise` (p10, p50, p90, band), `promised` and `found`, `found_se`,
        `folds` and `hours` that count, `off`, the share of all hours without use, and `mostly_off`. An hour that equals
        its quantile counts as the promise would have it. The standard error is that of a ratio between the folds
        (Cochran 1977), at least that of so many independent hours; NaN of one fold, as is `found` of too few hours.
    """
    keys = list(by)
    rows = past.assign(off=past["observed"] == 0)
    rows = rows if "device_id" in keys else _telling(rows)
    if rows.empty:
        return pd.DataFrame(columns=[*keys, *_PROMISE_COLUMNS])
    parts = [_found(rows, keys, name) for name in PROMISES]
    out = pd.concat(parts, ignore_index=True).merge(rows.groupby(keys)["off"].mean().reset_index(), on=keys)
    return out.assign(mostly_off=out["off"] >= MOSTLY_OFF)[[*keys, *_PROMISE_COLUMNS]]


def _telling(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the devices whose hours count together; a household of which no device is known stands for itself."""
    devices = rows[rows["device_id"] != HOUSEHOLD]
    if devices.empty:
        return rows
    return devices[devices.groupby("device_id")["off"].transform("mean") < MOSTLY_OFF]


def _found(rows: pd.DataFrame, keys: list[str], name: str) -> pd.DataFrame:
    """Return what was found of one promise."""
    observed, low, high = rows["observed"], rows["p10"], rows["p90"]
    if name == "band":
        counts, least = low > 0, (observed > low) & (observed < high)
        most = (observed >= low) & (observed <= high)
    else:
        counts, least, most = rows[name] > 0, observed < rows[name], observed <= rows[name]
    hours = rows[[*keys, "origin"]].assign(hours=counts.astype(int), least=least & counts, most=most & counts)
    folds = hours.groupby([*keys, "origin"], sort=False).sum().reset_index()
    whole = folds.drop(columns="origin").groupby(keys, sort=False).sum()
    whole["found"] = _share(whole, PROMISES[name])
    folds = folds[folds["hours"] > 0].merge(whole["found"].reset_index(), on=keys)
    folds["square"] = (folds["hours"] * (_share(folds, PROMISES[name]) - folds["found"])) ** 2
    between = folds.groupby(keys)["square"].agg(folds="size", square="sum")
    out = whole.join(between).fillna({"folds": 0, "square": 0}).astype({"folds": int})
    return _with_error(out, PROMISES[name]).assign(promise=name, promised=PROMISES[name]).reset_index()


def _share(hours: pd.DataFrame, promised: float) -> pd.Series:
    """Return the share of hours that came true; those on the edge count whichever way is nearer to the promise."""
    least, most = (hours[name] / hours["hours"].where(hours["hours"] > 0) for name in ("least", "most"))
    return np.minimum(np.maximum(least, promised), most)


def _with_error(out: pd.DataFrame, promised: float) -> pd.DataFrame:
    enough = out["hours"] >= LEAST_HOURS
    folds, hours = out["folds"].where(out["folds"] > 1), out["hours"].where(enough)
    between = np.sqrt(folds / (folds - 1) * out["square"]) / hours
    independent = np.sqrt(promised * (1 - promised) / hours)
    error = np.maximum(between, independent).where(between.notna())
    return out.assign(found=out["found"].where(enough), found_se=error)


def days_ahead(past: pd.DataFrame, choice: pd.DataFrame) -> pd.DataFrame:
    """Compare the chosen model of each device with climatology, for each day of past forecasts.

    Parameters
    ----------
    past : DataFrame
        Past forecasts of all models.
    choice : DataFrame
        The model of each device.

    Returns
    -------
    DataFrame
        `home_id`, `device_id`, `day` (1 is the first), `folds`; `loss` and `baseline_loss`, mean pinball losses of the
        model and of climatology over the folds that both forecast [kWh in the hour]; `lead`, the part of climatology's
        loss that was avoided, and `lead_se`, its standard error over the folds, paired (NaN of one);
        `absolute_error` and `baseline_absolute_error`, by how much the day's energy was missed on average [kWh].
    """
    if past.empty:
        return pd.DataFrame(columns=[*DEVICE, *_DAY_COLUMNS])
    daily, keys = _daily(past), [*DEVICE, "origin", "day"]
    anchor = daily[daily["model"] == ANCHOR].drop(columns="model")
    both = of_chosen(daily, choice).merge(anchor, on=keys, suffixes=("", "_anchor"))
    parts = [
        dict(zip((*DEVICE, "day"), key, strict=True)) | _compare(rows)
        for key, rows in both.groupby([*DEVICE, "day"], sort=True)
    ]
    return pd.DataFrame(parts, columns=[*DEVICE, *_DAY_COLUMNS])


def _daily(past: pd.DataFrame) -> pd.DataFrame:
    """Return the mean loss of each day of each past forecast [kWh], and by how much its energy was missed [kWh]."""
    loss = pinball(past["observed"].to_numpy(), past[["p10", "p50", "p90"]].to_numpy())
    rows = past.assign(loss=loss, miss=past["energy_kwh"] - past["observed"])
    rows["day"] = (rows["timestamp"] - rows["origin"]) // pd.Timedelta(days=1) + 1
    days = rows.groupby([*DEVICE, "model", "origin", "day"], sort=False)
    daily = days.agg(hours=("loss", "size"), loss=("loss", "mean"), absolute_error=("miss", "sum")).reset_index()
    return daily.assign(absolute_error=daily["absolute_error"].abs().where(daily["hours"] >= LEAST_OF_DAY))


def _compare(rows: pd.DataFrame) -> dict[str, float]:
    folds, base = len(rows), float(rows["loss_anchor"].mean())
    less = (rows["loss_anchor"] - rows["loss"]) / base if base > 0 else rows["loss"] * np.nan
    return {
        "folds": folds,
        "loss": float(rows["loss"].mean()),
        "baseline_loss": base,
        "lead": float(less.mean()),
        "lead_se": float(less.std(ddof=1)) / np.sqrt(folds),
        "absolute_error": float(rows["absolute_error"].mean()),
        "baseline_absolute_error": float(rows["absolute_error_anchor"].mean()),
    }
