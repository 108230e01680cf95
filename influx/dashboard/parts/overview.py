"""Overview: what was used, what the next hours will use and cost, where energy goes, and what is worth a look."""

from __future__ import annotations

import ipywidgets as widgets
import pandas as pd

from influx.core.constants import HOUSEHOLD
from influx.dashboard.elements import Markup, download, heading, html, markup, text
from influx.dashboard.parts.forecast import QUANTILES
from influx.dashboard.week import Week
from influx.report import plots
from influx.report.figures import show
from influx.report.html import answer, sentence
from influx.report.tables import table

LEADS = (
    ("savings", "Plan", "See the plan"),
    ("drift", "Devices", "See the devices"),
    ("last_forecast", "Accuracy", "See how far to trust it"),
    ("unusual_use", "Devices", "See what stood out"),
)
"""Texts worth knowing, the part of the page that each leads to, and the words on its button."""


def overview(week: Week) -> widgets.Widget:
    """Return the part; its buttons open others."""
    names = {"now": "overview", "next_day": "next_day", "week": "week", "cost": "cost_week"}
    rows = {fact: week.row(frame, device_id=HOUSEHOLD) for fact, frame in names.items()}
    cards = markup("cards", currency=week.currency, **rows)
    leads = [lead for lead in LEADS if week.text(lead[0])][:3]
    return widgets.VBox(
        [
            html(answer(week.text("coming_week")), cards, *_next_day(week)),
            html(heading("Three things to know")),
            *[_lead(week, *lead) for lead in leads],
            html(heading("Where the energy goes"), *_breakdown(week)),
        ]
    )


def _lead(week: Week, name: str, target: str, label: str) -> widgets.Widget:
    button = widgets.Button(description=label, layout=widgets.Layout(width="fit-content")).add_class("ix-lead")
    button.on_click(lambda _: week.go(target))
    return widgets.VBox([html(sentence(week.text(name).split("\n\n")[0])), button])


def _next_day(week: Week) -> list[Markup]:
    hours, prices = week.frame("forecast"), week.frame("prices")
    title = heading("The next 24 hours")
    if hours.empty:
        return [title, sentence("The coming hours are not in this run folder; `make report` makes them.")]
    hours = hours[hours["timestamp"] < hours["timestamp"].min() + pd.Timedelta(days=1)]
    stamps = hours["timestamp"].drop_duplicates().sort_values()
    price = prices.set_index("timestamp")["price"].reindex(stamps).to_numpy() if len(prices) else None
    figure = show(
        plots.next_day, hours, price, week.timezone, week.currency, week.all_devices,
        caption="Expected energy of each device, stacked, and the price as a line.",
    )  # fmt: skip
    parts = hours[hours["device_id"] != HOUSEHOLD]
    saved = (parts if len(parts) else hours)[["device_id", "timestamp", *QUANTILES]]
    return [title, figure, download(saved, "next-24-hours")]


def _breakdown(week: Week) -> list[Markup]:
    rows = week.frame("breakdown")
    if rows.empty:
        return [sentence("This run folder has no breakdown; `make report` makes it.")]
    figure = show(
        plots.breakdown, rows, week.all_devices,
        caption="Mean energy of each device over the hours in which it is known.",
    )  # fmt: skip
    standby = sentence(text("standby", standby=rows["standby_kwh_per_day"].sum()))
    return [figure, table(rows, "breakdown"), standby, download(rows, "breakdown")]
