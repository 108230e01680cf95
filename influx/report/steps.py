"""The steps of a weekly run: each takes the home and the results of steps before it, and returns frames.

A step is a plain function of its inputs, so that a run folder can tell by them whether it must be made again.
"""

from __future__ import annotations

import pandas as pd

from influx.billing.costs import bill, home_rates
from influx.core.parallel import run_all
from influx.forecasting.aggregate_intervals import totals
from influx.forecasting.device_series import Series, active_series
from influx.forecasting.evaluation.backtest import LEVELS, backtest
from influx.forecasting.evaluation.calibration import calibration, days_ahead, of_selected
from influx.forecasting.evaluation.model_selection import references, select
from influx.forecasting.features import every_hour, every_week, feature_table, relation
from influx.forecasting.forecast import fitted_models, predict_all
from influx.home.home import Home
from influx.insights import anomalies, explore, overview, recommendations
from influx.insights.forecast_review import review
from influx.scheduling.home_plan import plan

__all__ = ["bill", "explored", "features", "forecast", "insights", "plan", "review", "training"]

Frames = dict[str, pd.DataFrame]


def explored(home: Home) -> Frames:
    """Return `completeness`, `profile`, `daily_use`, `breakdown`, `drivers`, `unusual` and `absences`."""
    devices = active_series(home)
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

    tables, relations = zip(*run_all(of_device, active_series(home)), strict=True)
    return {"features": pd.concat(tables), "relations": pd.concat(relations)}


def training(home: Home, horizon: int) -> Frames:
    """Return `metrics`, `selection`, `past_forecasts`, `calibration`, `days_ahead`, `reference`, `importance`."""
    evaluated = backtest(home, horizon=horizon)
    selection, past = select(evaluated), evaluated.forecasts
    scores, importance = references(active_series(home), home.origin, horizon)
    selected = of_selected(past, selection)
    return {
        "metrics": pd.DataFrame(evaluated),
        "selection": pd.DataFrame(selection),
        "past_forecasts": past,
        "calibration": calibration(selected),
        "calibration_overall": calibration(selected, ["home_id"]),
        "days_ahead": days_ahead(past, selection),
        "reference": scores,
        "importance": importance,
    }


def forecast(home: Home, selection: pd.DataFrame, horizon: int) -> Frames:
    """Return `forecast`, `daily`, `week`, `next_day` and `peaks`."""
    devices, models, origin = active_series(home), fitted_models(home, selection, horizon), home.origin
    hours = predict_all(devices, models, selection, origin, horizon, LEVELS)
    daily, week = totals(hours, devices, origin, models=models)
    soon = hours[hours["timestamp"] < origin + pd.Timedelta(days=1)]
    return {
        "forecast": hours,
        "daily": daily,
        "week": week,
        "next_day": totals(soon, devices, origin, models=models)[1],
        "peaks": overview.peaks(hours, home.settings.timezone),
    }


def insights(home: Home, hours: pd.DataFrame, planned: Frames) -> Frames:
    """Return `overview`, `efficiency` and `recommendations`."""
    known = home_rates(home)
    return {
        "overview": overview.overview(active_series(home), home.origin),
        "efficiency": overview.efficiency(home),
        "recommendations": recommendations.recommendations(home, hours, explore.standby(home), known, planned),
    }
