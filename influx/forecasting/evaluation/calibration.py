"""How far past forecasts can be relied on: nominal and empirical coverage, and errors by day ahead.

No hour can lie below a quantile of zero. So only hours whose quantile is above zero are counted; which hours these are
was known beforehand, so that leaving out the others favours no model. Hours of one past forecast err together:
uncertainty is that between forecasts, and of one forecast alone it is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from influx.core.constants import LEAST_HOURS
from influx.core.schema import HOUSEHOLD
from influx.core.uncertainty import BASELINE, NOMINAL
from influx.forecasting.evaluation.backtest import pinball

MOSTLY_OFF = 0.9
"""Share of hours without any use from which on a device says little of its band: it stands apart."""

LEAST_OF_DAY = 18
"""Measured hours of a day below which its energy is not judged."""

DEVICE = ("home_id", "device_id")
_CALIBRATION_COLUMNS = ["quantile", "nominal", "empirical", "empirical_se", "folds", "hours", "off", "mostly_off"]
_ERRORS = ["absolute_error", "baseline_absolute_error"]
_DAY_COLUMNS = ["day", "folds", "loss", "baseline_loss", "skill", "skill_se", *_ERRORS]


def of_selected(past: pd.DataFrame, selection: pd.DataFrame) -> pd.DataFrame:
    """Return the past forecasts that the selected model of each device made."""
    return past.merge(selection[[*DEVICE, "model"]], on=[*DEVICE, "model"])


def coverage(past: pd.DataFrame, by: Sequence[str] = DEVICE) -> pd.DataFrame:
    """Compare the nominal coverage of each quantile and of the band with the empirical one.

    Parameters
    ----------
    past : DataFrame
        Past forecasts, of one model a device: `origin`, `observed`, `p10`, `p50`, `p90` [kWh] and the columns `by`.
    by : sequence of str
        Keys of the rows. Without `device_id` all devices count together, but for the household, which is their sum,
        and for those that are mostly off.

    Returns
    -------
    DataFrame
        A row for each of `by` and each `quantile` (p10, p50, p90, band): `nominal` and `empirical` share of hours,
        `empirical_se`, `folds` and `hours` that count, `off`, the share of all hours without use, and `mostly_off`. An
        hour that equals its quantile counts for the nominal share. The standard error is that of a ratio between folds
        (Cochran 1977), at least that of so many independent hours; NaN of one fold, as is `empirical` of too few hours.
    """
    keys, columns = list(by), [*by, *_CALIBRATION_COLUMNS]
    rows = past.assign(off=past["observed"] == 0)
    rows = rows if "device_id" in keys else _counted_together(rows)
    if rows.empty:
        return pd.DataFrame(columns=columns)
    parts = pd.concat([_coverage(rows, keys, name) for name in NOMINAL], ignore_index=True)
    out = parts.merge(rows.groupby(keys)["off"].mean().reset_index(), on=keys)
    return out.assign(mostly_off=out["off"] >= MOSTLY_OFF)[columns]


def _counted_together(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the devices whose hours count together; a household of which no device is known stands for itself."""
    devices = rows[rows["device_id"] != HOUSEHOLD]
    if devices.empty:
        return rows
    return devices[devices.groupby("device_id")["off"].transform("mean") < MOSTLY_OFF]


def _coverage(rows: pd.DataFrame, keys: list[str], name: str) -> pd.DataFrame:
    observed, low, high = rows["observed"], rows["p10"], rows["p90"]
    if name == "band":
        counts, least = low > 0, (observed > low) & (observed < high)
        most = (observed >= low) & (observed <= high)
    else:
        counts, least, most = rows[name] > 0, observed < rows[name], observed <= rows[name]
    hours = rows[[*keys, "origin"]].assign(hours=counts.astype(int), least=least & counts, most=most & counts)
    folds = hours.groupby([*keys, "origin"], sort=False).sum().reset_index()
    out = folds.drop(columns="origin").groupby(keys, sort=False).sum()
    nominal = NOMINAL[name]
    out["empirical"] = _share(out, nominal)
    folds = folds[folds["hours"] > 0].merge(out["empirical"].reset_index(), on=keys)
    folds["square"] = (folds["hours"] * (_share(folds, nominal) - folds["empirical"])) ** 2
    out = out.join(folds.groupby(keys)["square"].agg(folds="size", square="sum"))
    out = out.fillna({"folds": 0, "square": 0}).astype({"folds": int})
    several, enough = out["folds"].where(out["folds"] > 1), out["hours"].where(out["hours"] >= LEAST_HOURS)
    between = np.sqrt(several / (several - 1) * out["square"]) / enough
    error = np.maximum(between, np.sqrt(nominal * (1 - nominal) / enough)).where(between.notna())
    out = out.assign(empirical=out["empirical"].where(enough.notna()), empirical_se=error)
    return out.assign(quantile=name, nominal=nominal).reset_index()


def _share(hours: pd.DataFrame, nominal: float) -> pd.Series:
    """Return the share of hours; those on the edge count whichever way is nearer to the nominal share."""
    least, most = (hours[name] / hours["hours"].where(hours["hours"] > 0) for name in ("least", "most"))
    return np.minimum(np.maximum(least, nominal), most)


def days_ahead(past: pd.DataFrame, selection: pd.DataFrame) -> pd.DataFrame:
    """Compare the selected model of each device with climatology, for each day of the past forecasts of all models.

    Returns
    -------
    DataFrame
        `home_id`, `device_id`, `day` (1 is the first), `folds`; `loss` and `baseline_loss`, mean pinball losses of the
        model and of climatology over the folds that both forecast [kWh in the hour]; `skill`, the part of climatology's
        loss that was avoided, and `skill_se`, its standard error over the folds, paired (NaN of one); `absolute_error`
        and `baseline_absolute_error` of the day's energy, on average [kWh].
    """
    if past.empty:
        return pd.DataFrame(columns=[*DEVICE, *_DAY_COLUMNS])
    daily, keys = _daily(past), [*DEVICE, "origin", "day"]
    baseline = daily[daily["model"] == BASELINE].drop(columns="model")
    both = of_selected(daily, selection).merge(baseline, on=keys, suffixes=("", "_baseline"))
    parts = [
        dict(zip((*DEVICE, "day"), key, strict=True)) | _compare(rows)
        for key, rows in both.groupby([*DEVICE, "day"], sort=True)
    ]
    return pd.DataFrame(parts, columns=[*DEVICE, *_DAY_COLUMNS])


def _daily(past: pd.DataFrame) -> pd.DataFrame:
    """Return the mean loss of each day of each past forecast, and the absolute error of its energy [kWh]."""
    loss = pinball(past["observed"].to_numpy(), past[["p10", "p50", "p90"]].to_numpy())
    rows = past.assign(loss=loss, residual=past["energy_kwh"] - past["observed"])
    rows["day"] = (rows["timestamp"] - rows["origin"]) // pd.Timedelta(days=1) + 1
    days = rows.groupby([*DEVICE, "model", "origin", "day"], sort=False)
    daily = days.agg(hours=("loss", "size"), loss=("loss", "mean"), absolute_error=("residual", "sum")).reset_index()
    return daily.assign(absolute_error=daily["absolute_error"].abs().where(daily["hours"] >= LEAST_OF_DAY))


def _compare(rows: pd.DataFrame) -> dict[str, float]:
    folds, base = len(rows), float(rows["loss_baseline"].mean())
    less = (rows["loss_baseline"] - rows["loss"]) / base if base > 0 else rows["loss"] * np.nan
    return {
        "folds": folds,
        "loss": float(rows["loss"].mean()),
        "baseline_loss": base,
        "skill": float(less.mean()),
        "skill_se": float(less.std(ddof=1)) / np.sqrt(folds),
        "absolute_error": float(rows["absolute_error"].mean()),
        "baseline_absolute_error": float(rows["absolute_error_baseline"].mean()),
    }
