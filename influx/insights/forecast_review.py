"""Earlier forecasts held to account: what was said, what then happened, and what climatology would have said.

The forecasts of earlier report weeks are read from their run folders as they were published. Where there is none, the
past week is forecast again from what was known at its beginning, and everything that is said of it says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.constants import KNOWN_SHARE, WEEK
from influx.core.frames import Frames
from influx.core.local_time import local
from influx.core.parallel import run_all
from influx.core.schema import HOUSEHOLD
from influx.forecasting.aggregate_intervals import totals
from influx.forecasting.device_series import Series, active_series
from influx.forecasting.evaluation.backtest import fit, pinball
from influx.forecasting.evaluation.calibration import BASELINE, LEAST_OF_DAY, calibration
from influx.forecasting.forecast import fit_named, predict_all
from influx.forecasting.models.conformal import LEVELS
from influx.home.home import Home
from influx.insights.drift import WEEKS, drift

AGAIN = "again"
"""Stands for the week of a report that was never made: its forecast was made again now."""

_WEEK = pd.Timedelta(hours=WEEK)
QUANTILES = ["p10", "p50", "p90"]
DEVICE = ("week", "origin", "device_id")
DAY = (*DEVICE, "day")


@dataclass(frozen=True)
class Statement:
    """A forecast that can now be judged.

    Attributes
    ----------
    week : str
        The report that made it, such as 2024-W28, or "again" where it was made again now.
    origin : Timestamp
        Its first hour, UTC.
    hours, totals : DataFrame
        The `forecast` frame, and the sums over its horizon with their range.
    """

    week: str
    origin: pd.Timestamp
    hours: pd.DataFrame
    totals: pd.DataFrame


def earlier(reports: Path, home_id: str, before: pd.Timestamp) -> list[Statement]:
    """Read the forecasts of earlier reports of a home that began before `before`, the newest first.

    Parameters
    ----------
    reports : Path
        The folder of the weeks.
    home_id : str
        Reports of other homes are left out.
    before : Timestamp
        The end of what is known now.
    """
    found = []
    for folder in reports.glob("[0-9][0-9][0-9][0-9]-W[0-9][0-9]"):
        parts = [folder / name for name in ("home.json", "forecast.parquet", "week.parquet")]
        if not all(part.exists() for part in parts):
            continue
        origin = pd.Timestamp(json.loads(parts[0].read_text(encoding="utf-8"))["origin"])
        hours, sums = pd.read_parquet(parts[1]), pd.read_parquet(parts[2])
        if origin < before and set(hours["home_id"]) == {home_id}:
            found.append(Statement(folder.name, origin, hours, sums))
    return sorted(found, key=lambda one: one.origin, reverse=True)


def again(every: list[Series], selection: pd.DataFrame, origin: pd.Timestamp, horizon: int = WEEK) -> Statement | None:
    """Forecast the past week from what was known at its beginning, or return None where too little was.

    The models are those that are used today, so that their choice, though not their learning, knows the past week.
    """
    then = origin - pd.Timedelta(hours=horizon)
    known = [one for one in every if one.days_known(then) >= 1]
    if len(known) < len(every) or not known:
        return None
    models = fit_named(known, selection, then, horizon)
    hours = predict_all(known, models, selection, then, horizon, np.array(LEVELS))
    return Statement(AGAIN, then, hours, totals(hours, known, then, models=models)[1])


def review(home: Home, selection: pd.DataFrame, reports: str | Path) -> Frames:
    """Compare the forecasts of a home's earlier reports with what was then measured.

    Parameters
    ----------
    home : Home
    selection : DataFrame
        `home_id`, `device_id` and `model` of each device today; a `forecast` frame will do.
    reports : str or Path
        The folder of the weeks; the newest twelve of this home are judged. Where it holds none, the past week is
        forecast again.

    Returns
    -------
    Frames
        See `review_series`.

    Examples
    --------
    >>> influx.review(home, forecast, "reports/sample").review_devices  # doctest: +SKIP
    """
    every = [one for one in active_series(home) if one.device_id in set(selection["device_id"])]
    return review_series(every, selection.drop_duplicates(["home_id", "device_id"]), home.origin, Path(reports))


def review_series(every: list[Series], selection: pd.DataFrame, origin: pd.Timestamp, reports: Path) -> Frames:
    """Hold the forecasts of a home's earlier reports to account.

    Parameters
    ----------
    every : list of Series
        The devices, with all that is known now.
    selection : DataFrame
        The model of each device today.
    origin : Timestamp
        The end of what is known.
    reports : Path
        The folder of the weeks; the newest twelve of this home are judged.

    Returns
    -------
    Frames
        `said_and_was`, with `week`, `origin` and `weeks_ago`, `review_hours` (`judge`), `review_devices` and
        `review_days` (`scores` of each report), `review_calibration` and `review_calibration_overall`
        (`calibration.calibration` over all reports), all empty where nothing can be judged; `drift` and
        `weekly_errors` (`influx.insights.drift.drift`).
    """
    made = earlier(reports, every[0].home_id, origin)[:WEEKS]
    hours, told = _held(made, every, origin)
    changes, weekly = drift(every, selection, origin, hours)
    if HOUSEHOLD not in set(told.get("device_id", ())):  # a report of this very week, say
        hours, told = _held([one for one in [again(every, selection, origin)] if one is not None], every, origin)
    none = pd.DataFrame()
    return Frames(
        {
            "said_and_was": told,
            "review_hours": hours,
            "review_devices": scores(hours, DEVICE) if len(hours) else none,
            "review_days": scores(hours, DAY) if len(hours) else none,
            "review_calibration": calibration(hours) if len(hours) else none,
            "review_calibration_overall": calibration(hours, ["home_id"]) if len(hours) else none,
            "drift": changes,
            "weekly_errors": weekly,
        }
    )


def _held(statements: list[Statement], every: list[Series], origin: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the judged hours of forecasts and their totals, the newest first; both empty where nothing is judged."""
    judged = [(one, hours) for one in statements if len(hours := judge(one, every))]
    if not judged:
        return pd.DataFrame(), pd.DataFrame()
    zone = every[0].around.timezone
    told = [said_and_was(one, hours, zone).assign(weeks_ago=(origin - one.origin) / _WEEK) for one, hours in judged]
    told = [part for part in told if len(part)] or told[:1]
    return pd.concat([hours for _, hours in judged], ignore_index=True), pd.concat(told, ignore_index=True)


def judge(statement: Statement, every: list[Series]) -> pd.DataFrame:
    """Put what happened, and what climatology would have said, beside each hour of a forecast.

    Returns
    -------
    DataFrame
        `week`, `origin`, `home_id`, `device_id`, `timestamp`, `day` of the forecast (1 to 7), `observed`, `energy_kwh`
        and the quantiles [kWh]; `baseline_kwh`, `baseline_p10` and `baseline_p90`, what climatology expected [kWh];
        `loss` and `baseline_loss`, pinball losses of the two [kWh]. Only hours that were measured.
    """
    parts = run_all(lambda one: _judge(statement, one), every)
    return pd.concat(parts, ignore_index=True)


def _judge(statement: Statement, series: Series) -> pd.DataFrame:
    rows = statement.hours[statement.hours["device_id"] == series.device_id].copy()
    rows["observed"] = series.energy.reindex(pd.DatetimeIndex(rows["timestamp"])).to_numpy()
    rows = rows[rows["observed"].notna()]
    if rows.empty or series.days_known(statement.origin) < 1:
        return pd.DataFrame()
    anchor, inputs = fit(series, BASELINE, statement.origin, WEEK), rows.set_index("timestamp")
    usual, observed = anchor.predict_quantiles(inputs, np.array(LEVELS)), rows["observed"].to_numpy()
    return rows.assign(
        week=statement.week,
        origin=statement.origin,
        day=(rows["timestamp"] - statement.origin) // pd.Timedelta(days=1) + 1,
        baseline_kwh=anchor.predict(inputs),
        baseline_p10=usual[:, 0],
        baseline_p90=usual[:, -1],
        loss=pinball(observed, rows[QUANTILES].to_numpy()),
        baseline_loss=pinball(observed, usual),
    )


def scores(judged: pd.DataFrame, by: Sequence[str] = DEVICE) -> pd.DataFrame:
    """Sum judged hours up, by report and device or also by day of the forecast.

    Returns
    -------
    DataFrame
        The columns `by`; `hours`; `said`, `baseline_said` and `was`, energy of the measured hours as forecast, as
        climatology would have said and as it was [kWh]; `bias` and `baseline_bias` (said minus was, over what was);
        `absolute_error` and `baseline_absolute_error`, by how much the energy of a day was missed on average, over days
        that were measured for 18 hours or more [kWh]; `coverage_80` and `baseline_coverage_80`; `loss` and
        `baseline_loss` [kWh in the hour], and `gain`, the part of climatology's loss that was avoided.
    """
    keys, observed = list(by), judged["observed"]
    rows = judged.assign(
        inside=observed.between(judged["p10"], judged["p90"]),
        baseline_inside=observed.between(judged["baseline_p10"], judged["baseline_p90"]),
    )
    out = rows.groupby(keys, sort=False).agg(
        hours=("observed", "size"),
        said=("energy_kwh", "sum"),
        baseline_said=("baseline_kwh", "sum"),
        was=("observed", "sum"),
        coverage_80=("inside", "mean"),
        baseline_coverage_80=("baseline_inside", "mean"),
        loss=("loss", "mean"),
        baseline_loss=("baseline_loss", "mean"),
    )
    energy = out["was"].where(out["was"] > 0)
    out["bias"], out["baseline_bias"] = ((out[name] - out["was"]) / energy for name in ("said", "baseline_said"))
    out["gain"] = 1 - out["loss"] / out["baseline_loss"].where(out["baseline_loss"] > 0)
    return out.join(_missed(rows, keys)).reset_index()


def _missed(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return by how much the energy of days was missed, on average [kWh]."""
    names = {"energy_kwh": "absolute_error", "baseline_kwh": "baseline_absolute_error"}
    days = rows.groupby(list(DAY))[["observed", *names]].agg("sum")
    known = rows.groupby(list(DAY)).size() >= LEAST_OF_DAY
    missed = days[list(names)].sub(days["observed"], axis=0).abs()[known].rename(columns=names)
    return missed.groupby(level=keys).mean()


def said_and_was(statement: Statement, judged: pd.DataFrame, timezone: str = "UTC") -> pd.DataFrame:
    """Compare each device's total with its range.

    Returns
    -------
    DataFrame
        `week`, `origin`, `first_day` (local), `device_id`, `hours` of the forecast, `said`, `p10`, `p90`, `was` [kWh],
        `share_known`, and `inside`, whether it was in the range. Where some hours were not measured, all of them speak
        of the measured hours alone: the range is scaled by what was expected of them. Devices with less than three
        quarters of the hours measured are left out.
    """
    first_day = local(pd.DatetimeIndex([statement.origin]), timezone)[0].normalize()
    rows = []
    for device_id, hours in judged.groupby("device_id", sort=False):
        total = statement.totals[statement.totals["device_id"] == device_id]
        if total.empty or len(hours) < KNOWN_SHARE * float(total["hours"].iloc[0]):
            continue
        rows.append({"device_id": device_id} | _compared(total.iloc[0], hours))
    out = pd.DataFrame(rows, columns=["device_id", "hours", "said", "p10", "p90", "was", "share_known", "inside"])
    return out.assign(week=statement.week, origin=statement.origin, first_day=first_day)


def _compared(total: pd.Series, hours: pd.DataFrame) -> dict[str, object]:
    whole = float(total["total"])
    part = float(hours["energy_kwh"].sum()) / whole if whole > 0 else 1.0
    low, high = float(total["p10"]) * part, float(total["p90"]) * part
    was = float(hours["observed"].sum())
    return {
        "hours": int(total["hours"]),
        "said": whole * part,
        "p10": low,
        "p90": high,
        "was": was,
        "share_known": len(hours) / float(total["hours"]),
        "inside": bool(low <= was <= high) if np.isfinite(low) else None,
    }
