"""Earlier forecasts held to account: what was said, what then happened, and whether a device or its forecast drifts.

The forecasts of earlier report weeks are read from their run folders as they were published. Where there is none, the
past week is forecast again from what was known at its beginning, and everything that is said of it says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp, mannwhitneyu

from influx.backtesting import fit, past_forecasts, pinball
from influx.clock import local
from influx.features import WEEK
from influx.forecasting import predict_all
from influx.intervals import LEVELS
from influx.parallel import run_all
from influx.schema import HOUSEHOLD
from influx.series import Series
from influx.totals import totals

ANCHOR = "climatology"
LEAST_KNOWN = 0.75
"""Share of a week's hours that must have been measured before its total is judged."""

DRIFT_WEEKS = 12
"""Past weeks over which errors are looked at."""

LEAST_DRIFT_WEEKS = 8
"""Past weeks below which nothing is said of errors."""

RECENT_DAYS, EARLIER_DAYS = 28, 84
"""Days of use that are compared: the last four weeks with the twelve before."""

MOST_WEEKS = 8
"""Earlier reports that are judged."""

QUANTILES = ["p10", "p50", "p90"]


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
    for folder in sorted(reports.glob("[0-9][0-9][0-9][0-9]-W[0-9][0-9]"), reverse=True):
        parts = [folder / name for name in ("home.json", "forecast.parquet", "week.parquet")]
        if not all(part.exists() for part in parts):
            continue
        origin = pd.Timestamp(json.loads(parts[0].read_text(encoding="utf-8"))["origin"])
        hours, sums = pd.read_parquet(parts[1]), pd.read_parquet(parts[2])
        if origin < before and set(hours["home_id"]) == {home_id}:
            found.append(Statement(folder.name, origin, hours, sums))
    return found


def again(every: list[Series], choice: pd.DataFrame, origin: pd.Timestamp, horizon: int = WEEK) -> Statement | None:
    """Forecast the past week from what was known at its beginning, or return None where too little was.

    The models are those that are used today, so that their choice, though not their learning, knows the past week.
    """
    then = origin - pd.Timedelta(hours=horizon)
    known = [one for one in every if one.days_known(then) >= 1]
    if len(known) < len(every) or not known:
        return None
    names = choice.set_index(["home_id", "device_id"])["model"]
    keys = [(one.home_id, one.device_id) for one in known]
    fitted = run_all(lambda one: fit(one, names[(one.home_id, one.device_id)], then, horizon), known)
    models = dict(zip(keys, fitted, strict=True))
    hours = predict_all(known, models, choice, then, horizon, np.array(LEVELS))
    return Statement("again", then, hours, totals(hours, known, then, models=models)[1])


def review(every: list[Series], choice: pd.DataFrame, origin: pd.Timestamp, reports: Path) -> dict[str, pd.DataFrame]:
    """Hold the forecasts of a home's earlier reports to account.

    Parameters
    ----------
    every : list of Series
        The devices, with all that is known now.
    choice : DataFrame
        The model of each device today.
    origin : Timestamp
        The end of what is known.
    reports : Path
        The folder of the weeks; the newest eight of this home are judged.

    Returns
    -------
    dict of DataFrame
        `said_and_was` (with `week` and `origin`), `review_hours` (`judge`), `review_devices` and `review_days`
        (`scores`), all empty where nothing can be judged, and `drift`.
    """
    made = earlier(reports, every[0].home_id, origin)[:MOST_WEEKS]
    statements = made or [one for one in [again(every, choice, origin)] if one is not None]
    judged = [(one, judge(one, every)) for one in statements]
    judged = [(one, hours) for one, hours in judged if len(hours)]
    totals_ = [said_and_was(one, hours).assign(week=one.week, origin=one.origin) for one, hours in judged]
    hours = pd.concat([hours for _, hours in judged], ignore_index=True) if judged else pd.DataFrame()
    return {
        "said_and_was": pd.concat(totals_, ignore_index=True) if totals_ else pd.DataFrame(),
        "review_hours": hours,
        "review_devices": scores(hours) if judged else pd.DataFrame(),
        "review_days": scores(hours[hours["device_id"] == HOUSEHOLD], "day") if judged else pd.DataFrame(),
        "drift": drift(every, choice, origin),
    }


def judge(statement: Statement, every: list[Series]) -> pd.DataFrame:
    """Put what happened, and what climatology would have said, beside each hour of a forecast.

    Returns
    -------
    DataFrame
        `week`, `origin`, `device_id`, `timestamp`, `day` of the forecast (1 to 7), `observed`, `energy_kwh` and the
        quantiles [kWh], and `loss` and `anchor_loss`, pinball losses of the forecast and of climatology. Only hours
        that were measured.
    """
    parts = run_all(lambda one: _judge(statement, one), every)
    return pd.concat(parts, ignore_index=True)


def _judge(statement: Statement, series: Series) -> pd.DataFrame:
    rows = statement.hours[statement.hours["device_id"] == series.device_id].copy()
    rows["observed"] = series.energy.reindex(pd.DatetimeIndex(rows["timestamp"])).to_numpy()
    rows = rows[rows["observed"].notna()]
    if rows.empty or series.days_known(statement.origin) < 1:
        return pd.DataFrame()
    anchor = fit(series, ANCHOR, statement.origin, WEEK)
    usual = anchor.predict_quantiles(rows.set_index("timestamp"), np.array(LEVELS))
    observed = rows["observed"].to_numpy()
    return rows.assign(
        week=statement.week,
        origin=statement.origin,
        day=(rows["timestamp"] - statement.origin) // pd.Timedelta(days=1) + 1,
        loss=pinball(observed, rows[QUANTILES].to_numpy()),
        anchor_loss=pinball(observed, usual),
    )


def scores(judged: pd.DataFrame, by: str = "device_id") -> pd.DataFrame:
    """Sum judged hours up by device or by day of the forecast.

    Returns
    -------
    DataFrame
        `week`, `by`, `hours`, `said` and `was` [kWh, over the measured hours], `bias` (said minus was, over what was),
        `coverage_80`, `loss`, `anchor_loss` [kWh] and `gain`, the part of climatology's loss that was avoided.
    """
    rows = judged.assign(inside=judged["observed"].between(judged["p10"], judged["p90"]))
    out = rows.groupby(["week", by], sort=False).agg(
        hours=("observed", "size"),
        said=("energy_kwh", "sum"),
        was=("observed", "sum"),
        coverage_80=("inside", "mean"),
        loss=("loss", "mean"),
        anchor_loss=("anchor_loss", "mean"),
    )
    out["bias"] = (out["said"] - out["was"]) / out["was"].where(out["was"] > 0)
    out["gain"] = 1 - out["loss"] / out["anchor_loss"].where(out["anchor_loss"] > 0)
    return out.reset_index()


def said_and_was(statement: Statement, judged: pd.DataFrame) -> pd.DataFrame:
    """Compare each device's total with its range.

    Returns
    -------
    DataFrame
        `device_id`, `said`, `p10`, `p90`, `was` [kWh], `share_known`, and `inside`, whether it was in the range. Where
        some hours were not measured, all of them speak of the measured hours alone: the range is scaled by what was
        expected of them. Devices with less than three quarters of the hours measured are left out.
    """
    rows = []
    for device_id, hours in judged.groupby("device_id", sort=False):
        total = statement.totals[statement.totals["device_id"] == device_id]
        if total.empty or len(hours) < LEAST_KNOWN * float(total["hours"].iloc[0]):
            continue
        whole = float(total["total"].iloc[0])
        part = float(hours["energy_kwh"].sum()) / whole if whole > 0 else 1.0
        low, high = (float(total[name].iloc[0]) * part for name in ("p10", "p90"))
        was = float(hours["observed"].sum())
        rows.append(
            {
                "device_id": device_id,
                "said": whole * part,
                "p10": low,
                "p90": high,
                "was": was,
                "share_known": len(hours) / float(total["hours"].iloc[0]),
                "inside": bool(low <= was <= high) if np.isfinite(low) else None,
            }
        )
    return pd.DataFrame(rows, columns=["device_id", "said", "p10", "p90", "was", "share_known", "inside"])


def drift(every: list[Series], choice: pd.DataFrame, origin: pd.Timestamp) -> pd.DataFrame:
    """Tell for each device whether its use has changed, and whether its forecast is getting worse and since when.

    Returns
    -------
    DataFrame
        `device_id`; `use_change`, the median daily energy of the last four weeks against the twelve before (ratio minus
        1), `use_distance` and `use_p`, size and p of the Kolmogorov-Smirnov test of the two; `error_since` (local
        day), `error_change` (ratio minus 1 of the weekly errors after and before) and `error_p` (Mann-Whitney, times
        the number of weeks that were tried as the break). NaN where history is too short.
    """
    models = choice.set_index(["home_id", "device_id"])["model"]
    return pd.DataFrame(run_all(lambda one: _drift(one, models[(one.home_id, one.device_id)], origin), every))


def _drift(series: Series, model: str, origin: pd.Timestamp) -> dict[str, object]:
    return {"device_id": series.device_id} | _use_drift(series, origin) | _error_drift(series, model, origin)


def _use_drift(series: Series, origin: pd.Timestamp) -> dict[str, float]:
    days = series.before(origin)
    stamps = pd.DatetimeIndex(days.index)
    whole = days.groupby(local(stamps, series.around.timezone).normalize()).agg(["sum", "count"])
    daily = whole["sum"].where(whole["count"] >= 23)
    recent, before = daily.iloc[-RECENT_DAYS:].dropna(), daily.iloc[-RECENT_DAYS - EARLIER_DAYS : -RECENT_DAYS].dropna()
    if len(recent) < RECENT_DAYS // 2 or len(before) < RECENT_DAYS:
        return {"use_change": np.nan, "use_distance": np.nan, "use_p": np.nan}
    test = ks_2samp(recent, before)
    base = float(before.median())
    return {
        "use_change": float(recent.median()) / base - 1 if base > 0 else float("nan"),
        "use_distance": float(test.statistic),
        "use_p": float(test.pvalue),
    }


def _error_drift(series: Series, model: str, origin: pd.Timestamp) -> dict[str, object]:
    weekly = _weekly_errors(series, model, origin)
    if len(weekly) < LEAST_DRIFT_WEEKS:
        return {"error_since": pd.NaT, "error_change": np.nan, "error_p": np.nan}
    breaks = range(3, len(weekly) - 1)
    tests = [float(mannwhitneyu(weekly[at:], weekly[:at], alternative="greater").pvalue) for at in breaks]
    at = breaks[int(np.argmin(tests))]
    base = float(weekly.iloc[:at].mean())
    since = local(pd.DatetimeIndex([weekly.index[at]]), series.around.timezone)[0]
    return {
        "error_since": since.normalize(),
        "error_change": float(weekly.iloc[at:].mean()) / base - 1 if base > 0 else float("nan"),
        "error_p": min(1.0, min(tests) * len(tests)),
    }


def _weekly_errors(series: Series, model: str, origin: pd.Timestamp) -> pd.Series:
    """Return the mean absolute error of past weeks [kWh] by their first hour, the oldest first.

    A model that keeps what it missed on past weeks is asked; any other one forecasts them again.
    """
    if series.days_known(origin) < WEEK / 24:
        return pd.Series(dtype=float)
    fitted = fit(series, model, origin, WEEK)
    if hasattr(fitted, "past_misses"):
        misses, back = fitted.past_misses()
        known = np.isfinite(misses)
        mean = np.where(known, np.abs(misses), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        first = [origin - pd.Timedelta(weeks=int(weeks)) for weeks in back[:DRIFT_WEEKS]]
        return pd.Series(mean[:DRIFT_WEEKS], index=pd.DatetimeIndex(first), dtype=float).sort_index()
    past = past_forecasts(series, DRIFT_WEEKS, WEEK, [model])
    error = (past["observed"] - past["energy_kwh"]).abs().astype(float)
    return error.groupby(past["origin"]).mean().sort_index()
