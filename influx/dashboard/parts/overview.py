"""Overview: what was used, what the next hours will use and cost, where energy goes, and what is worth a look."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD, WEEK
from influx.dashboard.elements import Markup, cards, download, heading, html
from influx.dashboard.week import Week
from influx.report import plots, tables
from influx.report.figures import show
from influx.report.html import answer, sentence

LEADS = (
    ("savings", "Plan", "See the plan"),
    ("drift", "Devices", "See the devices"),
    ("last_forecast", "Accuracy", "See how far to trust it"),
    ("unusual_use", "Devices", "See what stood out"),
)
"""Texts worth knowing, the part of the page that each leads to, and what its button says."""


def overview(week: Week) -> widgets.Widget:
    """Return the part; its buttons open others."""
    texts = [(week.text(name).split("\n\n")[0], target, label) for name, target, label in LEADS if week.text(name)]
    return widgets.VBox(
        [
            html(answer(week.text("coming_week")), cards(_cards(week)), *_next_day(week)),
            html(heading("Three things to know")),
            *[_lead(week, *lead) for lead in texts[:3]],
            html(heading("Where the energy goes"), *_breakdown(week)),
        ]
    )


def _cards(week: Week) -> list[tuple[str, str, str]]:
    now, out = week.row("overview", device_id=HOUSEHOLD), []
    if now:
        out = [
            ("Last 24 hours", fmt.kwh(now["last_24h_kwh"]), "used"),
            ("Last 7 days", fmt.kwh(now["last_week_kwh"]), f"usual {fmt.kwh(now['usual_week_kwh'])}"),
            ("Saved in these", fmt.kwh(now["saved_kwh"]), what_saved(now)),
        ]
    return [
        *out,
        _coming(week, "next_day", "Next 24 hours"),
        _coming(week, "week", f"Next {_length(week, 'week')}"),
        _coming(week, "cost_week", f"Cost of {_length(week, 'cost_week')}"),
    ]


def what_saved(now: dict[str, Any]) -> str:
    """Return what the saving of the last week means, as far as it is known."""
    if not np.isfinite(now["saved_kwh"]):
        return "too little history for a usual week"
    way = "less than the usual week" if now["saved_kwh"] >= 0 else "more than the usual week"
    if not np.isfinite(now["saved_p10"]):
        return f"{way}; range {fmt.NOT_KNOWN}"
    return f"{way}; {'more' if now['saved_is_unusual'] else 'no more'} than usual weeks differ"


def _coming(week: Week, frame: str, title: str) -> tuple[str, str, str]:
    total, is_cost = week.row(frame, device_id=HOUSEHOLD), frame.startswith("cost")
    if not total:
        return title, fmt.NOT_KNOWN, "no price is known" if is_cost else ""
    amount, low, high = total["total"], total["p10"], total["p90"]
    if is_cost:
        return title, fmt.money(amount, week.currency), fmt.money_span(low, high, week.currency)
    return title, fmt.kwh(amount), fmt.span(low, high)


def _length(week: Week, frame: str) -> str:
    """Return how long the coming week is, or how much of it has a known price."""
    return fmt.hours(week.row(frame).get("hours") or WEEK)


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
    kept = (parts if len(parts) else hours)[["device_id", "timestamp", "energy_kwh", "p10", "p50", "p90"]]
    return [title, figure, download(kept, "next-24-hours")]


def _breakdown(week: Week) -> list[Markup]:
    rows = week.frame("breakdown")
    if rows.empty:
        return [sentence("This run folder has no breakdown; `make report` makes it.")]
    figure = show(
        plots.breakdown, rows, week.all_devices,
        caption="Mean energy of each device over the hours in which it is known.",
    )  # fmt: skip
    standby = rows["standby_kwh_per_day"].sum()
    words = f"Standby is estimated at {fmt.kwh(standby)} a day on top; it is not measured." if standby > 0 else ""
    return [
        figure,
        tables.table(rows, tables.COLUMNS["breakdown"]),
        *([sentence(words)] if words else []),
        download(rows, "breakdown"),
    ]


def _lead(week: Week, text: str, target: str, label: str) -> widgets.Widget:
    button = widgets.Button(description=label, layout=widgets.Layout(width="auto"))
    button.add_class("ix-lead")
    button.on_click(lambda _: week.go(target))
    return widgets.VBox([html(sentence(text)), button])
