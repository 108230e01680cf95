"""Overview: what was used, what the next hours will use and cost, where energy goes, and what is worth a look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD
from influx.dashboard import charts, html
from influx.dashboard.columns import Columns
from influx.dashboard.week import HOUR, Week


def overview(week: Week, go: Callable[[str], None]) -> widgets.Widget:
    """Return the part; `go` opens another one."""
    next_day = _next_day(week)
    body = [
        html.answer(week.said("coming_week")),
        html.cards(_cards(week)),
        html.heading("The next 24 hours"),
        charts.stacked(week, next_day, _prices(week, next_day), "Expected energy of each device, and the price below.")
        if next_day
        else html.sentence("The coming hours are not in this run folder; `make report` makes them."),
        html.download(next_day, "next-24-hours"),
    ]
    parts = [widgets.HTML("".join(body)), widgets.HTML(html.heading("Three things to know"))]
    parts += [_lead(words, target, label, go) for words, target, label in insights(week)]
    parts.append(widgets.HTML(html.heading("Where the energy goes") + breakdown(week)))
    return widgets.VBox(parts)


def _cards(week: Week) -> list[str]:
    rows = week.frame("overview").where(device_id=HOUSEHOLD)
    out = []
    if rows:
        row = next(rows.rows())
        out.append(html.card("Last 24 hours", fmt.kwh(float(row["last_24h_kwh"])), "used"))
        usual = fmt.kwh(float(row["usual_week_kwh"]))
        out.append(html.card("Last 7 days", fmt.kwh(float(row["last_week_kwh"])), f"usual {usual}"))
        out.append(html.card("Saved in these", fmt.kwh(float(row["saved_kwh"])), _saved(row)))
    out += _coming(week, "next_day", "Next 24 hours", fmt.kwh, lambda low, high: fmt.span(low, high))
    out += _coming(week, "week", f"Next {_length(week)}", fmt.kwh, lambda low, high: fmt.span(low, high))
    out += _coming(
        week,
        "cost_week",
        f"Cost of {_length(week, 'cost_week')}",
        lambda value: fmt.money(value, week.currency),
        lambda low, high: fmt.money_span(low, high, week.currency),
    )
    return out


def _saved(row: dict[str, Any]) -> str:
    """Say what the saving of the last week means; nothing is said of one that is not known."""
    if not np.isfinite(row["saved_kwh"]):
        return "too little history for a usual week"
    way = "less than the usual week" if row["saved_kwh"] >= 0 else "more than the usual week"
    if not np.isfinite(row["saved_p10"]):
        return f"{way}; range {fmt.NOT_KNOWN}"
    return f"{way}; {'more' if row['saved_is_unusual'] else 'no more'} than usual weeks differ"


def _coming(
    week: Week, frame: str, title: str, amount: Callable[[float], str], span: Callable[[float, float], str]
) -> list[str]:
    rows = week.frame(frame).where(device_id=HOUSEHOLD) if week.frame(frame) else Columns()
    if not rows:
        return [html.card(title, fmt.NOT_KNOWN, "no price is known" if frame.startswith("cost") else "")]
    row = next(rows.rows())
    return [html.card(title, amount(float(row["total"])), span(float(row["p10"]), float(row["p90"])))]


def _length(week: Week, frame: str = "week") -> str:
    """Say how long the coming week is, or how much of it has a known price."""
    rows = week.frame(frame)
    return fmt.hours(int(rows["hours"][0])) if rows and rows["hours"][0] else "7 days"


def _next_day(week: Week) -> Columns:
    rows = week.frame("forecast")
    if not rows:
        return Columns()
    first = rows["timestamp"].min()
    parts = rows.take((rows["timestamp"] < first + 24 * HOUR) & (rows["device_id"] != HOUSEHOLD))
    alone = rows.take(rows["timestamp"] < first + 24 * HOUR)
    chosen = parts or alone
    return Columns({name: chosen[name] for name in ("device_id", "timestamp", "energy_kwh", "p10", "p50", "p90")})


def _prices(week: Week, rows: Columns) -> np.ndarray | None:
    known = week.frame("prices")
    if not known or not rows:
        return None
    at = dict(zip(known["timestamp"].tolist(), known["price"], strict=True))
    price = np.array([at.get(stamp, np.nan) for stamp in np.unique(rows["timestamp"]).tolist()])
    return price if np.isfinite(price).any() else None


def breakdown(week: Week) -> str:
    """Return where energy goes, `other` and estimated standby included, as sorted bars."""
    rows = week.frame("breakdown")
    if not rows:
        return html.sentence("This run folder has no breakdown; `make report` makes it.")
    bars = []
    for row in rows.rows():
        daily, share = float(row["kwh_per_day"]), fmt.percent(float(row["share"]))
        bars.append((str(row["device_id"]), daily, f"{fmt.number(daily)} ({share})"))
    standby = float(np.nansum(rows["standby_kwh_per_day"])) if np.isfinite(rows["standby_kwh_per_day"]).any() else 0.0
    words = f"Standby is estimated at {fmt.kwh(standby)} a day on top; it is not measured." if standby else ""
    figure = charts.ranked(week, bars, "kWh a day", "Mean energy of each device over the hours in which it is known.")
    return figure + (html.sentence(words) if words else "") + html.download(rows, "breakdown")


def insights(week: Week) -> list[tuple[str, str, str]]:
    """Return up to three sentences, each with the part that it leads to and what the link says."""
    found = []
    advice = week.said("savings")
    if advice:
        found.append((advice, "Plan", "See the plan"))
    if drifts := week.said("drift"):
        found.append((drifts.split("\n")[0], "Devices", "See the devices"))
    if promise := week.said("last_forecast"):
        found.append((promise, "Accuracy", "See how far to trust it"))
    if strange := week.said("unusual_use"):
        found.append((strange, "Devices", "See what stood out"))
    return found[:3]


def _lead(words: str, target: str, label: str, go: Callable[[str], None]) -> widgets.Widget:
    button = widgets.Button(description=label, layout=widgets.Layout(width="auto"))
    button.add_class("ix-lead")
    button.on_click(lambda _: go(target))
    return widgets.VBox([widgets.HTML(html.sentence(words)), button])
