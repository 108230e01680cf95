"""The plots: each function draws one frame on one Axes, and describes in words what it shows.

The same holds in all of them: the band is p10 to p90, the line the median, dots are what was observed, nights are
shaded, and a device has the same colour everywhere (hand over all `devices` of the home where a frame lacks some).
Times of a frame are UTC; they are drawn on the clock of `timezone`. Each returns the Axes it was given as `ax`, or new
ones. Plots of past forecasts import the room that trains when they are called: the coming week is drawn without it.
"""

from influx.report.plots.energy import breakdown, daily_use, days, forecast, load_curve, next_day, plan
from influx.report.plots.models import (
    calibration,
    coverage,
    daily_errors,
    days_ahead,
    importance,
    past_week,
    relations,
    residuals,
    scores,
    weekly_errors,
)

__all__ = ["breakdown", "calibration", "coverage", "daily_errors", "daily_use", "days", "days_ahead", "forecast"]
__all__ += ["importance", "load_curve", "next_day", "past_week", "plan", "relations", "residuals", "scores"]
__all__ += ["weekly_errors"]
