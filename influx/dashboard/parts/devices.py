"""Devices: search and filter, and for each what it does now, its trend, what stood out and what is coming."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import markupsafe
import pandas as pd

from influx.dashboard.elements import Markup, download, live, markup, row
from influx.dashboard.parts.forecast import days_table
from influx.dashboard.week import Week
from influx.report.html import sentence
from influx.report.phrases import phrase
from influx.report.tables import table

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

UNUSUAL = {"when": "start | stamp", "used [kWh]": "kwh", "usual [kWh]": "usual_kwh", "reason": "reason"}

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
        out = out.join(frame.set_index("device_id")[columns] if len(frame) else none, on="device_id")
    out["unusual"] = [len(week.frame("unusual", device_id=name)) for name in out["device_id"]]
    texts = out[["device_id", "device_type", "location"]].astype("str").fillna("")
    return out.assign(about=texts.agg(" ".join, axis=1).str.casefold() if len(out) else "")


def _entry(week: Week, device: dict[str, Any]) -> str:
    """Return a device as an entry that unfolds."""
    name = device["device_id"]
    choice, unusual = week.row("selection", device_id=name), week.frame("unusual", device_id=name)
    return markup(
        "device",
        device=device,
        colour=week.colours[name],
        least_chance=LEAST_CHANCE,
        model=phrase("model_reason", choice) if choice else "",
        days=markupsafe.Markup(days_table(week, name).markup),
        unusual=markupsafe.Markup(table(unusual.iloc[:SHOWN_UNUSUAL], UNUSUAL).markup) if len(unusual) else "",
    )
