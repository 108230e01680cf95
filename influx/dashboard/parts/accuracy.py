"""Accuracy: each device's errors against the baselines, whether the band holds, and what the models were made from."""

from __future__ import annotations

import ipywidgets as widgets
import pandas as pd

from influx.core import formatting as fmt
from influx.dashboard.elements import Markup, download, heading, html, live, sentences
from influx.dashboard.week import Week
from influx.report import plots
from influx.report.figures import show
from influx.report.html import answer, sentence, table

BASELINES = ("climatology", "seasonal naive", "gradient boosting")
MEASURES = {
    "Loss of expected value and band (pinball, scaled)": "scaled_pinball",
    "Error of daily energy (WAPE)": "daily_wape",
    "Mean absolute error [kWh]": "mae",
    "Bias [kWh]": "bias",
}


def accuracy(week: Week) -> widgets.Widget:
    """Return the part: a measure is chosen, the table follows."""
    if week.frame("metrics").empty:
        return html(sentence("No past week could be tested yet: the history is too short."))
    measure = widgets.Dropdown(options=list(MEASURES), description="Measure")
    top = [answer(week.text("reliability"))] if week.text("reliability") else []
    figure = show(
        plots.coverage, week.frame("calibration"),
        caption="Share of past hours at or below each quantile; a device that is mostly off has hollow marks.",
        empty="It could not be tested yet.",
    )  # fmt: skip
    return widgets.VBox(
        [
            html(*top, *sentences([week.text("last_forecast")])),
            measure,
            live(lambda name: _scores(week, name), measure),
            html(heading("Does the band hold?"), figure, heading("Where it comes from"), *_made(week)),
        ]
    )


def _scores(week: Week, measure: str) -> list[Markup]:
    metrics, choice = week.frame("metrics"), week.frame("selection").set_index("device_id")["model"]
    scores = metrics.pivot(index="device_id", columns="model", values=MEASURES[measure])
    scores = scores.reindex([name for name in week.devices if name in scores.index])
    coverage = metrics.set_index(["device_id", "model"])["coverage_80"]
    used = choice.reindex(scores.index)
    keys = list(used.items())
    shown = {
        "device": scores.index,
        "model used": used.fillna(fmt.NOT_KNOWN).to_numpy(),
        "its error": [scores[model].get(device) if model in scores else None for device, model in keys],
        **{model: scores.reindex(columns=[model])[model].to_numpy() for model in BASELINES},
        "hours in its band (80 % promised)": [fmt.percent(coverage.get(key, float("nan"))) for key in keys],
    }
    caption = (
        f"{measure}: lower is better; over up to {metrics['folds'].max()} past weeks, each forecast from what was "
        "known before it."
    )
    return [table(pd.DataFrame(shown), caption, rows=16), download(metrics, "metrics")]


def _made(week: Week) -> list[Markup]:
    choice, run = week.frame("selection"), week.run
    days = choice["days_known"].max() if len(choice) else float("nan")
    trained = (
        f"Trained {run['finished'].replace('T', ' ')[:16]} UTC for the week {run['week']}, on up to {days:.0f} days of "
        f"history, with InFlux {run['versions']['influx']}."
    )
    files = [
        {"file": file["file"], "bytes": file["bytes"], "SHA-256": file["sha256"][:16]} for file in run.get("inputs", [])
    ]
    return [*sentences([trained, *week.notes]), table(pd.DataFrame(files), "The files that went in.")]
