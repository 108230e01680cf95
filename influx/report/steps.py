"""The steps of the weekly report, by the names that a run folder knows them by.

A step is a plain function of its inputs, so that a run folder can tell by them whether it must be made again. Most are
the public functions of the rooms; here are those that put several tables of one room together.
"""

from __future__ import annotations

import pandas as pd

from influx.billing.costs import bill, home_rates
from influx.core.constants import WEEK
from influx.core.frames import Frames
from influx.core.parallel import run_all
from influx.forecasting.aggregate_intervals import totals
from influx.forecasting.device_series import Series, active_series
from influx.forecasting.evaluation.backtest import Scores, backtest
from influx.forecasting.evaluation.calibration import coverage, days_ahead, of_selected
from influx.forecasting.evaluation.model_selection import Selection, references, select
from influx.forecasting.features import every_week, feature_table, relation
from influx.forecasting.forecast import fitted_models, forecast
from influx.home.home import Home
from influx.insights import anomalies, overview, recommendations
from influx.insights import explore as explored
from influx.insights.forecast_review import review
from influx.scheduling.home_plan import plan

__all__ = [
    "backtest",
    "bill",
    "calibration",
    "explore",
    "features",
    "forecast",
    "insights",
    "plan",
    "reference",
    "review",
    "select",
    "sums",
]


def explore(home: Home) -> Frames:
    """Return `completeness`, `profile`, `daily_use`, `breakdown`, `drivers`, `unusual` and `absences` of a home."""
    devices = active_series(home)
    return Frames(
        completeness=explored.completeness(home),
        profile=explored.profile(home),
        daily_use=explored.daily(home),
        breakdown=explored.breakdown(home),
        drivers=explored.drivers(home),
        unusual=anomalies.unusual_hours(devices),
        absences=devices[0].absences.table(home.origin),
    )


def features(home: Home, horizon: int = WEEK) -> Frames:
    """Return `features`, an hour ahead for each device, and `relations` of each with the energy, near and far."""
    origin = home.origin

    def of_device(series: Series) -> tuple[pd.DataFrame, pd.DataFrame]:
        history = series.before(origin)
        near = feature_table(history, series.covariates, pd.DatetimeIndex(history.index)[1:], 1).drop(columns="origin")
        weeks = every_week(history, origin, horizon)
        far = feature_table(history, series.covariates, weeks, horizon) if len(weeks) else near.iloc[:0]
        known = relation(near, far, weather_forecast=series.covariates.weather is not None)
        return near.assign(device_id=series.device_id), known.assign(device_id=series.device_id)

    tables, relations = zip(*run_all(of_device, active_series(home)), strict=True)
    return Frames(features=pd.concat(tables), relations=pd.concat(relations))


def calibration(scores: Scores, selection: Selection) -> Frames:
    """Return nominal and empirical shares of the selected models, by device and overall, and errors by day ahead."""
    past = of_selected(scores.forecasts, selection)
    return Frames(
        calibration=coverage(past),
        calibration_home=coverage(past, ["home_id"]),
        days_ahead=days_ahead(scores.forecasts, selection),
    )


def reference(home: Home, horizon: int = WEEK) -> Frames:
    """Return `reference`, how gradient boosting does on the last 20 % of hours, and `importance` of its features."""
    scores, importance = references(active_series(home), home.origin, horizon)
    return Frames(reference=scores, importance=importance)


def sums(home: Home, forecast: pd.DataFrame, selection: pd.DataFrame) -> Frames:
    """Return the sums of a forecast with their ranges, `daily`, `week` and `next_day`, and the `peaks` of its days."""
    devices, horizon = active_series(home), forecast["timestamp"].nunique()
    models = fitted_models(home, selection, horizon)
    daily, week = totals(forecast, devices, home.origin, models=models)
    soon = forecast[forecast["timestamp"] < home.origin + pd.Timedelta(days=1)]
    next_day = totals(soon, devices, home.origin, models=models)[1]
    return Frames(daily=daily, week=week, next_day=next_day, peaks=overview.peaks(forecast, home.settings.timezone))


def insights(home: Home, forecast: pd.DataFrame, plan: Frames) -> Frames:
    """Return `overview`, `efficiency` and `recommendations`."""
    advice = recommendations.recommendations(home, forecast, explored.standby(home), home_rates(home), plan)
    return Frames(
        overview=overview.overview(active_series(home), home.origin),
        efficiency=overview.efficiency(home),
        recommendations=advice,
    )
