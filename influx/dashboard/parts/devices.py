"""Devices: search and filter, and for each what it does now, its trend, what stood out and what is coming."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.dashboard.elements import Markup, download, heading, live, row
from influx.dashboard.parts.forecast import days_table
from influx.dashboard.week import Week
from influx.report.html import sentence, table
from influx.report.selection import why

LEAST_CHANCE = 0.05
SHOWN_UNUSUAL = 3
FRAMES = ("devices", "overview", "efficiency", "week", "drivers", "choice", "breakdown")
"""Frames with a row a device."""

Device = dict[str, Any]

FILTERS: dict[str, Callable[[Device], bool]] = {
    "All": lambda device: True,
    "Flexible": lambda device: bool(device["devices"].get("flexible")),
    "Always on": lambda device: bool(device["devices"].get("always_on")),
    "Changing": lambda device: device["overview"].get("trend_p", np.nan) < LEAST_CHANCE,
    "Stood out": lambda device: len(device["unusual"]) > 0,
}

SAVED = [
    *("last_hour_kwh", "last_24h_kwh", "last_week_kwh", "usual_week_kwh", "saved_kwh"),
    *("trend_kwh_per_week", "trend_p"),
]
"""Columns of the frame `overview` that are saved."""


def devices(week: Week) -> widgets.Widget:
    """Return the part: words and a filter choose devices; each unfolds."""
    search = widgets.Text(placeholder="Name, type or room", description="Search", continuous_update=True)
    kind = widgets.Dropdown(options=list(FILTERS), description="Show")
    known = [_device(week, name) for name in week.devices]

    def draw(words: str, chosen: str) -> list[Markup]:
        shown = [device for device in known if FILTERS[chosen](device) and _is_found(device, words)]
        count = sentence(f"{len(shown)} of {len(known)} devices.")
        return [count, *[_entry(week, device) for device in shown], download(_table(shown), "devices")]

    return widgets.VBox([row(search, kind), live(draw, search, kind)])


def _device(week: Week, name: str) -> Device:
    """Return a device's row of each frame."""
    rows = {frame: week.row(frame, device_id=name) for frame in FRAMES}
    return {"name": name, **rows, "unusual": week.frame("unusual", device_id=name)}


def _is_found(device: Device, words: str) -> bool:
    about = " ".join([device["name"], *_kind(device)]).casefold()
    return all(word in about for word in words.casefold().split())


def _kind(device: Device) -> list[str]:
    return [text for key in ("device_type", "location") if (text := _text(device["devices"].get(key)))]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _entry(week: Week, device: Device) -> str:
    """Return a device as an entry that unfolds."""
    now, coming = device["overview"], device["week"]
    name = " ".join(device["name"].split())
    line = f"{_kwh(now, 'last_24h_kwh')} in the last 24 hours, {_kwh(coming, 'total')} coming"
    mark = f'<span class="ix-mark" style="background:{week.colours.get(device["name"], "#999999")}"></span>'
    facts = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in _facts(device) if text)
    days = week.frame("daily", device_id=device["name"])
    cost = week.frame("cost_daily", device_id=device["name"])
    tables = [*([days_table(days, cost, week.currency).markup] if len(days) else []), _unusual(device)]
    return (
        f'<details class="ix-device"><summary>{mark}<b>{escape(name)}</b> <span>{escape(line)}</span></summary>'
        f'<dl class="ix-facts">{facts}</dl>{"".join(tables)}</details>'
    )


def _facts(device: Device) -> list[tuple[str, str]]:
    now, coming, load = device["overview"], device["week"], device["efficiency"].get("load_factor", np.nan)
    average = f"{_kwh(device['breakdown'], 'kwh_per_day')} a day" if device["breakdown"] else ""
    efficiency = f"load factor {fmt.percent(load)} of the rated power while in use"
    return [
        ("Kind", ", ".join(_kind(device))),
        ("Last hour known", _kwh(now, "last_hour_kwh")),
        ("Average", average),
        ("Last 7 days", f"{_kwh(now, 'last_week_kwh')}; usual {_kwh(now, 'usual_week_kwh')}"),
        ("Trend", _trend(now)),
        ("Efficiency", efficiency if np.isfinite(load) else fmt.NOT_KNOWN),
        ("Flexibility", _flexibility(device["devices"])),
        ("Coming week", f"{_kwh(coming, 'total')}, {fmt.span(_number(coming, 'p10'), _number(coming, 'p90'))}"),
        ("What drives it", _drivers(device["drivers"])),
        ("Model", why(device["choice"]) if device["choice"] else ""),
    ]


def _trend(now: dict[str, Any]) -> str:
    slope, chance = _number(now, "trend_kwh_per_week"), _number(now, "trend_p")
    if not np.isfinite(slope):
        return f"{fmt.NOT_KNOWN}: too few whole weeks"
    way = "more" if slope > 0 else "less"
    trend = f"{fmt.kwh(abs(slope))} {way} each week over {int(now['trend_weeks'])} weeks ({fmt.chance(chance)})"
    return trend if chance < LEAST_CHANCE else f"no clear one: {trend}"


def _flexibility(metadata: dict[str, Any]) -> str:
    if metadata.get("always_on"):
        return "must always run"
    return "can run at another hour" if metadata.get("flexible") else "not said to be flexible"


def _drivers(relation: dict[str, Any]) -> str:
    parts = []
    warmth, people = _number(relation, "temperature"), _number(relation, "occupancy")
    if abs(warmth) >= 0.4 and _number(relation, "temperature_p") < 0.01:
        parts.append(f"{'rises' if warmth > 0 else 'falls'} with the day's temperature (rank correlation {warmth:.2f})")
    if abs(people) >= 0.2:
        parts.append(f"{'rises' if people > 0 else 'falls'} with people at home ({people:.2f})")
    return " and ".join(parts) or "no clear relation to the temperature or to people at home is known"


def _unusual(device: Device) -> str:
    rows = device["unusual"].iloc[:SHOWN_UNUSUAL]
    if rows.empty:
        return ""
    columns = {"start": "when", "kwh": "used [kWh]", "usual_kwh": "usual [kWh]", "reason": "reason"}
    shown = rows[list(columns)].rename(columns=columns)
    return heading("What stood out", 3) + table(shown.replace({"reason": {"": fmt.NOT_KNOWN}})).markup


def _table(shown: list[Device]) -> pd.DataFrame:
    rows = [
        {"device_id": device["name"]}
        | {name: _number(device["overview"], name) for name in SAVED}
        | {f"coming_{name}_kwh": _number(device["week"], name) for name in ("total", "p10", "p90")}
        for device in shown
    ]
    return pd.DataFrame(rows)


def _kwh(values: dict[str, Any], name: str) -> str:
    return fmt.kwh(_number(values, name))


def _number(values: dict[str, Any], name: str) -> float:
    return float(values.get(name, np.nan))
