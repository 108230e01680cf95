"""Accuracy: each device's errors against the baselines, whether the band holds, and what the models were made from."""

from __future__ import annotations

import ipywidgets as widgets
import pandas as pd

from influx.core import formatting as fmt
from influx.dashboard.elements import Markup, download, heading, html, live, text
from influx.dashboard.week import Week
from influx.report import plots
from influx.report.figures import show
from influx.report.html import answer, paragraphs, sentence, table

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
    figure = show(
        plots.coverage, week.frame("calibration"),
        caption="Share of past hours at or below each quantile; a device that is mostly off has hollow marks.",
        empty="It could not be tested yet.",
    )  # fmt: skip
    files = pd.DataFrame(week.run.get("inputs", []), columns=["file", "bytes", "sha256"])
    files["sha256"] = files["sha256"].str[:16]
    trained = text("trained", run=week.run, days=week.frame("selection")["days_known"].max())
    return widgets.VBox(
        [
            html(answer(week.text("reliability")), sentence(week.text("last_forecast"))),
            measure,
            live(lambda name: _scores(week, name), measure),
            html(
                *(heading("Does the band hold?"), figure, heading("Where it comes from")),
                paragraphs([trained, *week.notes]),
                table(files.rename(columns={"sha256": "SHA-256"}), "The files that went in."),
            ),
        ]
    )


def _scores(week: Week, measure: str) -> list[Markup]:
    metrics, column = week.frame("metrics"), MEASURES[measure]
    used = week.frame("selection").set_index("device_id")["model"]
    of_used = metrics.merge(used.reset_index()).set_index("device_id")
    by_model = metrics.pivot(index="device_id", columns="model", values=column).reindex(columns=BASELINES)
    shown = pd.DataFrame(
        {
            "model used": used,
            "its error": of_used[column],
            **{model: by_model[model] for model in BASELINES},
            "hours in its band (nominal 80 %)": of_used["coverage_80"].map(fmt.percent),
        }
    )
    shown = shown.reindex([name for name in week.devices if name in by_model.index]).rename_axis("device")
    folds = metrics["folds"].max()
    caption = f"{measure}: lower is better; over up to {folds} past weeks, each forecast from what was known before it."
    return [table(shown, caption, rows=16), download(metrics, "metrics")]
