"""Earlier forecasts against what was then measured, and against what climatology would have predicted.

The forecasts of earlier report weeks are read from their run folders as they were published. Where there is none, the
past week is forecast again from what was known at its beginning, and `week` says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.constants import AGAIN, KNOWN_SHARE, WEEK
from influx.core.frames import Frames
from influx.core.local_time import local
from influx.core.parallel import run_all
from influx.core.schema import HOUSEHOLD
from influx.core.uncertainty import BASELINE
from influx.forecasting.aggregate_intervals import totals
from influx.forecasting.device_series import Series, active_series
from influx.forecasting.evaluation.backtest import fit, pinball
from influx.forecasting.evaluation.calibration import LEAST_OF_DAY, coverage
from influx.forecasting.forecast import fit_named, predict_all
from influx.forecasting.models.conformal import LEVELS
from influx.home.home import Home
from influx.insights.drift import WEEKS, drift

QUANTILES = ["p10", "p50", "p90"]
DEVICE = ("week", "origin", "device_id")
DAY = (*DEVICE, "day")


@dataclass(frozen=True)
class PastForecast:
    """A forecast whose hours have been measured since: the `forecast` frame, and the sums over its horizon with their
    range.

    `week` is the report that made it, such as 2024-W28, or "again" where it was made again now; `origin` is UTC.
    """

    week: str
    origin: pd.Timestamp
    hours: pd.DataFrame
    totals: pd.DataFrame


def review(home: Home, selection: pd.DataFrame, reports: str | Path) -> Frames:
    """Compare the forecasts of a home's earlier reports with what was then measured.

    Parameters
    ----------
    home : Home
    selection : DataFrame
        `home_id`, `device_id` and `model` of each device today; a `forecast` frame will do.
    reports : str or Path
        The folder of the weeks; the newest twelve of this home are compared. Where it holds none, the past week is
        forecast again by the models of the selection, whose selection, though not their learning, knows that week.

    Returns
    -------
    Frames
        `review_totals`: see `compare_totals`, with `weeks_ago`; `review_hours`: see `compare_hours`;
        `review_devices` and `review_days`: the `scores` of each report; `review_calibration` and
        `review_calibration_home`: `calibration` over all reports; all empty where nothing can be compared.
        `drift` and `weekly_errors`: see `influx.insights.drift.drift`.

    Examples
    --------
    >>> influx.review(home, forecast, "reports/sample").review_devices  # doctest: +SKIP
    """
    devices = [series for series in active_series(home) if series.device_id in set(selection["device_id"])]
    return review_series(devices, selection.drop_duplicates(["home_id", "device_id"]), home.origin, Path(reports))


def review_series(devices: list[Series], selection: pd.DataFrame, origin: pd.Timestamp, reports: Path) -> Frames:
    """Return the frames of `review` for the series of a home."""
    hours, sums = _compare(earlier(reports, devices[0].home_id, origin)[:WEEKS], devices, origin)
    changes, weekly = drift(devices, selection, origin, hours)
    if HOUSEHOLD not in set(sums.get("device_id", ())):  # there is none, or only one of this very week
        past = forecast_again(devices, selection, origin)
        hours, sums = _compare([] if past is None else [past], devices, origin)
    out = Frames(review_totals=sums, review_hours=hours, drift=changes, weekly_errors=weekly)
    summaries = {
        "review_devices": lambda: scores(hours, DEVICE),
        "review_days": lambda: scores(hours, DAY),
        "review_calibration": lambda: coverage(hours),
        "review_calibration_home": lambda: coverage(hours, ["home_id"]),
    }
    return out | {name: make() if len(hours) else pd.DataFrame() for name, make in summaries.items()}


def earlier(reports: Path, home_id: str, before: pd.Timestamp) -> list[PastForecast]:
    """Read the forecasts of a home's earlier reports that began before `before`, the newest first."""
    found = []
    for folder in reports.glob("[0-9][0-9][0-9][0-9]-W[0-9][0-9]"):
        parts = [folder / name for name in ("home.json", "forecast.parquet", "week.parquet")]
        if not all(part.exists() for part in parts):
            continue
        origin = pd.Timestamp(json.loads(parts[0].read_text(encoding="utf-8"))["origin"])
        hours, sums = pd.read_parquet(parts[1]), pd.read_parquet(parts[2])
        if origin < before and set(hours["home_id"]) == {home_id}:
            found.append(PastForecast(folder.name, origin, hours, sums))
    return sorted(found, key=lambda past: past.origin, reverse=True)


def forecast_again(devices: list[Series], selection: pd.DataFrame, origin: pd.Timestamp) -> PastForecast | None:
    """Forecast the past week from what was known at its beginning, or return None where too little was."""
    then = origin - pd.Timedelta(hours=WEEK)
    if not devices or any(series.days_known(then) < 1 for series in devices):
        return None
    models = fit_named(devices, selection, then, WEEK)
    hours = predict_all(devices, models, selection, then, WEEK, np.array(LEVELS))
    return PastForecast(AGAIN, then, hours, totals(hours, devices, then, models=models)[1])


def _compare(
    forecasts: list[PastForecast], devices: list[Series], origin: pd.Timestamp
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the compared hours and totals of forecasts, the newest first."""
    pairs = [(past, hours) for past in forecasts if len(hours := compare_hours(past, devices))]
    if not pairs:
        return pd.DataFrame(), pd.DataFrame()
    zone, week = devices[0].covariates.timezone, pd.Timedelta(hours=WEEK)
    sums = [compare_totals(past, hours, zone).assign(weeks_ago=(origin - past.origin) / week) for past, hours in pairs]
    sums = [part for part in sums if len(part)] or sums[:1]
    return pd.concat([hours for _, hours in pairs], ignore_index=True), pd.concat(sums, ignore_index=True)


def compare_hours(past: PastForecast, devices: list[Series]) -> pd.DataFrame:
    """Put what was measured, and what climatology would have predicted, beside each hour of a forecast that was
    measured.

    Return `week`, `origin`, `home_id`, `device_id`, `timestamp`, `day` of the forecast (1 to 7), `observed`,
    `energy_kwh` and the quantiles; `baseline_kwh`, `baseline_p10` and `baseline_p90`, those of climatology; `loss` and
    `baseline_loss`, pinball losses of the two [all kWh].
    """

    def of_device(series: Series) -> pd.DataFrame:
        rows = past.hours[past.hours["device_id"] == series.device_id].copy()
        rows["observed"] = series.energy.reindex(pd.DatetimeIndex(rows["timestamp"])).to_numpy()
        rows = rows[rows["observed"].notna()]
        if rows.empty or series.days_known(past.origin) < 1:
            return pd.DataFrame()
        baseline, inputs = fit(series, BASELINE, past.origin, WEEK), rows.set_index("timestamp")
        quantiles, observed = baseline.predict_quantiles(inputs, np.array(LEVELS)), rows["observed"].to_numpy()
        return rows.assign(
            week=past.week,
            origin=past.origin,
            day=(rows["timestamp"] - past.origin) // pd.Timedelta(days=1) + 1,
            baseline_kwh=baseline.predict(inputs),
            baseline_p10=quantiles[:, 0],
            baseline_p90=quantiles[:, -1],
            loss=pinball(observed, rows[QUANTILES].to_numpy()),
            baseline_loss=pinball(observed, quantiles),
        )

    return pd.concat(run_all(of_device, devices), ignore_index=True)


def scores(compared: pd.DataFrame, by: Sequence[str] = DEVICE) -> pd.DataFrame:
    """Score compared hours by report and device, or also by day of the forecast.

    Returns
    -------
    DataFrame
        The columns `by`; `hours`; energy of the measured hours as `predicted`, as `baseline_predicted` by climatology
        and as `observed` [kWh]; `bias` and `baseline_bias` (predicted minus observed, over observed); `absolute_error`
        and `baseline_absolute_error` of the energy of a day, on average over days that were measured for 18 hours or
        more [kWh]; `coverage_80` and `baseline_coverage_80`; `loss` and `baseline_loss` [kWh in the hour], and `gain`,
        the part of climatology's loss that was avoided.
    """
    keys, observed = list(by), compared["observed"]
    rows = compared.assign(
        inside=observed.between(compared["p10"], compared["p90"]),
        baseline_inside=observed.between(compared["baseline_p10"], compared["baseline_p90"]),
    )
    out = rows.groupby(keys, sort=False).agg(
        hours=("observed", "size"),
        predicted=("energy_kwh", "sum"),
        baseline_predicted=("baseline_kwh", "sum"),
        observed=("observed", "sum"),
        coverage_80=("inside", "mean"),
        baseline_coverage_80=("baseline_inside", "mean"),
        loss=("loss", "mean"),
        baseline_loss=("baseline_loss", "mean"),
    )
    energy = out["observed"].where(out["observed"] > 0)
    out["bias"] = (out["predicted"] - out["observed"]) / energy
    out["baseline_bias"] = (out["baseline_predicted"] - out["observed"]) / energy
    out["gain"] = 1 - out["loss"] / out["baseline_loss"].where(out["baseline_loss"] > 0)
    days = rows.groupby(list(DAY))
    sums = days[["observed", "energy_kwh", "baseline_kwh"]].sum()[days.size() >= LEAST_OF_DAY]
    errors = sums[["energy_kwh", "baseline_kwh"]].sub(sums["observed"], axis=0).abs().groupby(level=keys).mean()
    return out.join(errors.set_axis(["absolute_error", "baseline_absolute_error"], axis=1)).reset_index()


def compare_totals(past: PastForecast, compared: pd.DataFrame, timezone: str = "UTC") -> pd.DataFrame:
    """Compare each device's total with its range.

    Return `week`, `origin`, `first_day` (local), `device_id`, `hours` of the forecast, `predicted`, `p10`, `p90`,
    `observed` [kWh], `share_known`, and `inside`, whether it was in the range. Where some hours were not measured, all
    of them are of the measured hours alone: the range is scaled by what was expected of them. Devices with less than
    three quarters of the hours measured are left out.
    """
    sums = compared.groupby("device_id", sort=False).agg(
        known=("observed", "size"), expected=("energy_kwh", "sum"), observed=("observed", "sum")
    )
    out = sums.join(past.totals.set_index("device_id")[["hours", "total", "p10", "p90"]], how="inner")
    out = out[out["known"] >= KNOWN_SHARE * out["hours"]]
    part = (out["expected"] / out["total"]).where(out["total"] > 0, 1.0)
    out = out.assign(
        predicted=out["total"] * part,
        p10=out["p10"] * part,
        p90=out["p90"] * part,
        share_known=out["known"] / out["hours"],
        week=past.week,
        origin=past.origin,
        first_day=local(pd.DatetimeIndex([past.origin]), timezone)[0].normalize(),
    )
    inside = out["observed"].between(out["p10"], out["p90"]).astype(object)
    out["inside"] = inside.where(np.isfinite(out["p10"].astype(float)), None)
    columns = ["hours", "predicted", "p10", "p90", "observed", "share_known", "inside", "week", "origin", "first_day"]
    return out[columns].reset_index()
