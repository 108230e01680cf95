"""The steps of the weekly report, by the names that a run folder knows them by.

A step is a plain function of its inputs, so that a run folder can tell by them whether it must be made again.
"""

from __future__ import annotations

from influx.billing.costs import bill
from influx.forecasting import calibration, reference, sums
from influx.forecasting.evaluation.backtest import backtest
from influx.forecasting.evaluation.model_selection import select
from influx.forecasting.features import features_and_relations as features
from influx.forecasting.forecast import forecast
from influx.insights import explore, insights
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
