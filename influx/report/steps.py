"""The steps of a weekly run: each takes the home and the results of steps before it, and returns frames.

A step is a plain function of its inputs, so that a run folder can tell by them whether it must be made again.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from influx.billing import cost_forecast
from influx.core.fingerprint import fingerprint
from influx.core.parallel import run_all
from influx.core.tariff import rates
from influx.forecasting.aggregate_intervals import totals
from influx.forecasting.device_series import Series, series_of_home
from influx.forecasting.evaluation.backtest import LEVELS, fit
from influx.forecasting.evaluation.calibration import days_ahead, of_chosen, promises
from influx.forecasting.evaluation.model_selection import references, train
from influx.forecasting.features import every_hour, every_week, feature_table, relation
from influx.forecasting.forecast import alive, predict_all
from influx.forecasting.models.registry import Candidate
from influx.home.home import Home
from influx.insights import anomalies, explore, forecast_review, overview, recommendations
from influx.scheduling import home_plan, temperature_scenarios

Frames = dict[str, pd.DataFrame]
Models = dict[tuple[str, str], Candidate]

_recent: dict[str, object] = {}
"""What the last home of this process needed more than once: its series, and its fitted models."""


def living(home: Home) -> list[Series]:
    """Return the devices of a home that were measured in the last four weeks."""
    key = f"series {home.fingerprint}"
    if key not in _recent:
        _recent.clear()
        _recent[key] = alive(series_of_home(home), home.origin)
    return _recent[key]  # type: ignore[return-value]


def fitted(home: Home, selection: pd.DataFrame, horizon: int) -> Models:
    """Return the selected model of each device, fitted to all that is known of it."""
    devices = living(home)
    key = fingerprint("models", home, selection, horizon)
    if key not in _recent:
        selected = selection.set_index(["home_id", "device_id"])["model"]
        keys = [(series.home_id, series.device_id) for series in devices]
        jobs = [(series, selected[key]) for series, key in zip(devices, keys, strict=True)]
        models = run_all(lambda job: fit(*job, home.origin, horizon), jobs)
        _recent[key] = dict(zip(keys, models, strict=True))
    return _recent[key]  # type: ignore[return-value]


def explored(home: Home) -> Frames:
    """Return `completeness`, `profile`, `daily_use`, `breakdown`, `drivers`, `unusual` and `absences`."""
    devices = living(home)
    return {
        "completeness": explore.completeness(home),
        "profile": explore.profile(home),
        "daily_use": explore.daily(home),
        "breakdown": explore.breakdown(home),
        "drivers": explore.drivers(home),
        "unusual": anomalies.unusual_hours(devices),
        "absences": devices[0].absences.table(home.origin),
    }


def features(home: Home, horizon: int) -> Frames:
    """Return `features`, an hour ahead for each device, and `relations` of each of the 24 with the energy."""
    origin = home.origin

    def of_device(series: Series) -> tuple[pd.DataFrame, pd.DataFrame]:
        history = series.before(origin)
        near = feature_table(history, series.around, every_hour(history)[1:], 1).drop(columns="origin")
        weeks = every_week(history, origin, horizon)
        far = feature_table(history, series.around, weeks, horizon) if len(weeks) else near.iloc[:0]
        known = relation(near, far, weather_forecast=series.around.weather is not None)
        return near.assign(device_id=series.device_id), known.assign(device_id=series.device_id)

    tables, relations = zip(*run_all(of_device, living(home)), strict=True)
    return {"features": pd.concat(tables), "relations": pd.concat(relations)}


def training(home: Home, horizon: int) -> Frames:
    """Return `metrics`, `choice`, `past_forecasts`, `promises`, `together`, `days_ahead`, `reference`, `importance`."""
    devices = living(home)
    trained = train(devices, home.origin, horizon=horizon)
    scores, importance = references(devices, home.origin, horizon)
    chosen = of_chosen(trained.forecasts, trained.choice)
    return {
        "metrics": trained.metrics,
        "choice": trained.choice,
        "past_forecasts": trained.forecasts,
        "promises": promises(chosen),
        "together": promises(chosen, ["home_id"]),
        "days_ahead": days_ahead(trained.forecasts, trained.choice),
        "reference": scores,
        "importance": importance,
    }


def forecast(home: Home, selection: pd.DataFrame, horizon: int) -> Frames:
    """Return `forecast`, `daily`, `week`, `peaks`, and `cost_daily`, `carbon_week` ... as far as known."""
    devices, models, origin = living(home), fitted(home, selection, horizon), home.origin
    hours = predict_all(devices, models, selection, origin, horizon, LEVELS)
    daily, week = totals(hours, devices, origin, models=models)
    soon = hours[hours["timestamp"] < origin + pd.Timedelta(days=1)]
    return {
        "forecast": hours,
        "daily": daily,
        "week": week,
        "next_day": totals(soon, devices, origin, models=models)[1],
        "peaks": overview.peaks(hours, home.settings.timezone),
        **cost_forecast.ahead(home, hours, devices, models),
    }


def bill(home: Home, hours: pd.DataFrame, selection: pd.DataFrame, horizon: int) -> Frames:
    """Return `bill`, `bill_days`, `bill_months`, `spent` and `spent_week`, those that are known."""
    models = fitted(home, selection, horizon)
    return cost_forecast.spent(home) | cost_forecast.bills(home, hours, living(home), models)


def plan(home: Home, hours: pd.DataFrame, selection: pd.DataFrame, horizon: int) -> Frames:
    """Return `plan`, `plan_runs`, `plan_devices` ..., and `warmer`, the week some degrees warmer or colder."""
    devices = living(home)
    planned = home_plan.frames(home, devices, hours, rates(home.settings, home.context, home.prices))
    models = fitted(home, selection, horizon)
    return planned | temperature_scenarios.by_degrees(hours, devices, models, selection, home.origin)


def insights(home: Home, hours: pd.DataFrame, planned: Frames) -> Frames:
    """Return `overview`, `efficiency` and `recommendations`."""
    known = rates(home.settings, home.context, home.prices)
    return {
        "overview": overview.overview(living(home), home.origin),
        "efficiency": overview.efficiency(home),
        "recommendations": recommendations.recommendations(home, hours, explore.standby(home), known, planned),
    }


def review(home: Home, selection: pd.DataFrame, reports: Path) -> Frames:
    """Return `said_and_was`, `drift`, `weekly_errors` and the frames `review_*` (`forecast_review.review`)."""
    return forecast_review.review(living(home), selection, home.origin, reports)
