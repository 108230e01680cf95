"""Devices: search and filter, and for each what it does now, its trend, what stood out and what is coming."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets
import pandas as pd

from influx.core import formatting as fmt
from influx.dashboard.elements import Markup, download, heading, live, row
from influx.dashboard.parts.forecast import days_table
from influx.dashboard.week import Week
from influx.report.html import sentence, table
from influx.report.phrases import phrase

LEAST_CHANCE = 0.05
"""Chance below which a trend is taken for clear."""

SHOWN_UNUSUAL = 3

COLUMNS = {
    "overview": [
        *("last_hour_kwh", "last_24h_kwh", "last_week_kwh", "usual_week_kwh", "saved_kwh"),
        *("trend_kwh_per_week", "trend_p", "trend_weeks"),
    ],
    "week": ["total", "p10", "p90"],
    "devices": ["device_type", "location", "flexible", "always_on"],
    "efficiency": ["load_factor"],
    "breakdown": ["kwh_per_day"],
    "drivers": ["temperature", "temperature_p", "occupancy"],
}
"""Columns by the frame that has them, with a row a device; those of the first two are saved."""

FILTERS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "All": lambda devices: devices["device_id"].notna(),
    "Flexible": lambda devices: devices["flexible"].eq(True),
    "Always on": lambda devices: devices["always_on"].eq(True),
    "Changing": lambda devices: devices["trend_p"] < LEAST_CHANCE,
    "Stood out": lambda devices: devices["unusual"] > 0,
}


def devices(week: Week) -> widgets.Widget:
    """Return the part: words and a filter choose devices; each unfolds."""
    search = widgets.Text(placeholder="Name, type or room", description="Search", continuous_update=True)
    kind = widgets.Dropdown(options=list(FILTERS), description="Show")
    known = _with_all_columns(week)

    def draw(words: str, chosen: str) -> list[Markup]:
        shown = known[FILTERS[chosen](known)]
        for word in words.casefold().split():
            shown = shown[shown["about"].str.contains(word, regex=False)]
        saved = shown[["device_id", *COLUMNS["overview"], *COLUMNS["week"]]]
        entries = [_entry(week, device) for device in shown.to_dict("records")]
        return [sentence(f"{len(shown)} of {len(known)} devices."), *entries, download(saved, "devices")]

    return widgets.VBox([row(search, kind), live(draw, search, kind)])


def _with_all_columns(week: Week) -> pd.DataFrame:
    """Return a row a device with all `COLUMNS`, the number of `unusual` episodes, and the words that it is found by."""
    out = pd.DataFrame({"device_id": pd.Series(week.devices, dtype="str")})
    for name, columns in COLUMNS.items():
        frame = week.frame(name)
        none = pd.DataFrame(columns=columns, index=pd.Index([], dtype="str"))
        known = frame.set_index("device_id")[columns] if len(frame) else none
        out = out.join(known, on="device_id")
    out["unusual"] = [len(week.frame("unusual", device_id=name)) for name in out["device_id"]]
    texts = out[["device_id", "device_type", "location"]].astype("str").fillna("")
    return out.assign(about=texts.agg(" ".join, axis=1).str.casefold() if len(out) else "")


def _entry(week: Week, device: dict[str, Any]) -> str:
    """Return a device as an entry that unfolds."""
    name = device["device_id"]
    line = f"{fmt.kwh(device['last_24h_kwh'])} in the last 24 hours, {fmt.kwh(device['total'])} coming"
    facts = "".join(
        f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in _facts(week, device).items() if text
    )
    days = days_table(week.frame("daily", device_id=name), week.frame("cost_daily", device_id=name), week.currency)
    return (
        f'<details class="ix-device"><summary><span class="ix-mark" style="background:{week.colours[name]}"></span>'
        f"<b>{escape(' '.join(name.split()))}</b> <span>{escape(line)}</span></summary>"
        f'<dl class="ix-facts">{facts}</dl>{days.markup}{_unusual(week, name)}</details>'
    )


def _facts(week: Week, device: dict[str, Any]) -> dict[str, str]:
    last, usual, average = (fmt.kwh(device[name]) for name in ("last_week_kwh", "usual_week_kwh", "kwh_per_day"))
    kind = [device[name] for name in ("device_type", "location") if isinstance(device[name], str) and device[name]]
    efficiency = f"load factor {fmt.percent(device['load_factor'])} of the rated power while in use"
    choice = week.row("selection", device_id=device["device_id"])
    return {
        "Kind": ", ".join(kind),
        "Last hour known": fmt.kwh(device["last_hour_kwh"]),
        "Average": f"{average} a day" if pd.notna(device["kwh_per_day"]) else "",
        "Last 7 days": f"{last}; usual {usual}",
        "Trend": _trend(device),
        "Efficiency": efficiency if pd.notna(device["load_factor"]) else fmt.NOT_KNOWN,
        "Flexibility": _flexibility(device),
        "Coming week": f"{fmt.kwh(device['total'])}, {fmt.span(device['p10'], device['p90'])}",
        "What drives it": _drivers(device),
        "Model": phrase("model_reason", choice) if choice else "",
    }


def _trend(device: dict[str, Any]) -> str:
    slope, chance = device["trend_kwh_per_week"], device["trend_p"]
    if pd.isna(slope):
        return f"{fmt.NOT_KNOWN}: too few whole weeks"
    way = "more" if slope > 0 else "less"
    trend = f"{fmt.kwh(abs(slope))} {way} each week over {device['trend_weeks']:.0f} weeks ({fmt.chance(chance)})"
    return trend if chance < LEAST_CHANCE else f"no clear one: {trend}"


def _flexibility(device: dict[str, Any]) -> str:
    if device["always_on"] is True:
        return "must always run"
    return "can run at another hour" if device["flexible"] is True else "not said to be flexible"


def _drivers(device: dict[str, Any]) -> str:
    parts = []
    warmth, people = device["temperature"], device["occupancy"]
    if abs(warmth) >= 0.4 and device["temperature_p"] < 0.01:
        parts.append(f"{'rises' if warmth > 0 else 'falls'} with the day's temperature (rank correlation {warmth:.2f})")
    if abs(people) >= 0.2:
        parts.append(f"{'rises' if people > 0 else 'falls'} with people at home ({people:.2f})")
    return " and ".join(parts) or "no clear relation to the temperature or to people at home is known"


def _unusual(week: Week, name: str) -> str:
    rows = week.frame("unusual", device_id=name).iloc[:SHOWN_UNUSUAL]
    if rows.empty:
        return ""
    columns = {"start": "when", "kwh": "used [kWh]", "usual_kwh": "usual [kWh]", "reason": "reason"}
    shown = rows[list(columns)].rename(columns=columns)
    return heading("What stood out", 3) + table(shown.replace({"reason": {"": fmt.NOT_KNOWN}})).markup
