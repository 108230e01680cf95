"""Accuracy: each device's errors against the baselines, whether the band holds, and what the models were made from."""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np

from influx.core import formatting as fmt
from influx.dashboard import charts, html
from influx.dashboard.columns import Columns
from influx.dashboard.svg import Chart, figure
from influx.dashboard.week import Week

BASELINES = ("climatology", "seasonal naive", "gradient boosting")


def accuracy(week: Week) -> widgets.Widget:
    """Return the part: a measure is chosen, table and chart follow."""
    if not week.frame("metrics"):
        return widgets.HTML(html.sentence("No past week could be tested yet: the history is too short."))
    measure = widgets.Dropdown(options=list(MEASURES), description="Measure")
    shown = widgets.HTML()

    def draw(_: object = None) -> None:
        shown.value = _contest(week, measure.value)

    measure.observe(draw, "value")
    draw()
    top = html.answer(week.said("reliability")) if week.said("reliability") else ""
    top += html.sentence(week.said("last_forecast")) if week.said("last_forecast") else ""
    bottom = html.heading("Does the band hold?") + _coverage(week) + html.heading("Where it comes from") + _made(week)
    return widgets.VBox([widgets.HTML(top), measure, shown, widgets.HTML(bottom)])


MEASURES = {
    "Loss of expected value and band (pinball, scaled)": "scaled_pinball",
    "Error of daily energy (WAPE)": "daily_wape",
    "Mean absolute error [kWh]": "mae",
    "Bias [kWh]": "bias",
}


def _contest(week: Week, measure: str) -> str:
    rows, selection = week.frame("metrics"), week.frame("selection")
    name = MEASURES[measure]
    used = dict(zip(selection["device_id"], selection["model"], strict=True))
    table: dict[str, list[object]] = {"device": [], "model used": [], "its own": []}
    table |= {model: [] for model in BASELINES}
    for device in week.devices:
        own = rows.where(device_id=device)
        if not own:
            continue
        value = dict(zip(own["model"], own[name], strict=True))
        table["device"].append(device)
        table["model used"].append(used.get(device, fmt.NOT_KNOWN))
        table["its own"].append(float(value.get(used.get(device, ""), np.nan)))
        for model in BASELINES:
            table[model].append(float(value.get(model, np.nan)))
    folds = int(rows["folds"].max())
    caption = f"{measure}: lower is better; over up to {folds} past weeks, each forecast from what was known before it."
    return html.table(table, caption) + html.download(rows, "metrics")


def _coverage(week: Week) -> str:
    rows, selection = week.frame("metrics"), week.frame("selection")
    used = dict(zip(selection["device_id"], selection["model"], strict=True))
    found = []
    for device in week.devices:
        own = rows.where(device_id=device, model=used.get(device, ""))
        if own:
            found.append((device, float(own["coverage_80"][0])))

    def draw(width: int) -> Chart:
        left = 120 if width < 600 else 190
        chart = Chart(width, 26 * len(found) + 44, (0, 1), (0, len(found)), left=left, bottom=26, top=18, right=40)
        chart.line(0.8, 0, 0.8, len(found), 'class="ix-promise"')
        chart.words(0.8, len(found), "promised", dy=-5, style='class="ix-label"')
        for number, (device, share) in enumerate(found):
            at = len(found) - number - 0.5
            chart.words(0, at, charts.short(device, chart), "end", -8, 4)
            chart.line(0, at, share, at, 'class="ix-grid"')
            colour = week.colours.get(device, "#999999")
            chart.dots(np.array([share]), np.array([at]), 5, f'fill="{colour}"')
            chart.words(share, at, fmt.percent(share), "start", 9, 4, 'class="ix-label"')
        chart.x_axis([(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")])
        return chart

    told = "; ".join(
        f"{device}: {fmt.percent(share)} of the hours inside a band of eight in ten" for device, share in found
    )
    caption = "Past hours inside the band; a device that is mostly off lies inside any sensible one."
    return figure(draw, told, caption) if found else html.sentence("It could not be tested yet.")


def _made(week: Week) -> str:
    files = week.run.get("inputs", [])
    selection = week.frame("selection")
    days = float(np.nanmax(selection["days_known"])) if selection else float("nan")
    words = [
        f"Trained {week.run['finished'].replace('T', ' ')[:16]} UTC for the week {week.run['week']}, on up to "
        f"{days:.0f} days of history, with InFlux {week.run['versions']['influx']}.",
        *week.notes,
    ]
    table = Columns(
        {
            "file": np.array([one["file"] for one in files], dtype=object),
            "bytes": np.array([one["bytes"] for one in files], dtype=int),
            "SHA-256": np.array([one["sha256"][:16] for one in files], dtype=object),
        }
    )
    return "".join(html.sentence(line) for line in words) + html.table(table, "The files that went in.")
