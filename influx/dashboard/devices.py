"""Devices: search and filter, and for each what it does now, its trend, what stood out and what is coming."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np

from influx.core import formatting as fmt
from influx.dashboard import charts, html
from influx.dashboard.columns import Columns
from influx.dashboard.week import Week
from influx.report.texts import text

FILTERS = ("All", "Flexible", "Always on", "Changing", "Stood out")
LEAST_CHANCE = 0.05
SHOWN_UNUSUAL = 3


def devices(week: Week) -> widgets.Widget:
    """Return the part: words and a filter choose devices; each unfolds."""
    search = widgets.Text(placeholder="Name, type or room", description="Search", continuous_update=True)
    kind = widgets.Dropdown(options=FILTERS, description="Show")
    shown = widgets.HTML()
    known = [_facts(week, name) for name in week.devices]

    def draw(_: object = None) -> None:
        words = search.value.casefold().split()
        chosen = [one for one in known if _fits(one, words, kind.value)]
        count = html.sentence(f"{len(chosen)} of {len(known)} devices.")
        shown.value = count + "".join(_entry(week, one) for one in chosen) + html.download(_table(chosen), "devices")

    for control in (search, kind):
        control.observe(draw, "value")
    draw()
    return widgets.VBox([widgets.HBox([search, kind], layout=widgets.Layout(flex_flow="row wrap")), shown])


def _facts(week: Week, name: str) -> dict[str, Any]:
    """Gather a device's rows of all frames."""
    frames = ("devices", "overview", "efficiency", "week", "drivers", "selection", "breakdown")
    rows = {frame: week.frame(frame).where(device_id=name) if week.frame(frame) else Columns() for frame in frames}
    one: dict[str, Any] = {frame: next(found.rows(), {}) for frame, found in rows.items()}
    unusual = week.frame("unusual")
    one |= {"name": name, "unusual": unusual.where(device_id=name) if unusual else Columns()}
    return one


def _fits(one: dict[str, Any], words: list[str], kind: str) -> bool:
    plate, now = one["devices"], one["overview"]
    about = " ".join(
        str(part) for part in (one["name"], plate.get("device_type", ""), plate.get("location", ""))
    ).casefold()
    chance = float(now.get("trend_p", np.nan))
    fits = {
        "All": True,
        "Flexible": bool(plate.get("flexible", False)),
        "Always on": bool(plate.get("always_on", False)),
        "Changing": chance < LEAST_CHANCE,
        "Stood out": bool(one["unusual"]),
    }
    return fits[kind] and all(word in about for word in words)


def _entry(week: Week, one: dict[str, Any]) -> str:
    """Return a device as an entry that unfolds."""
    now, coming = one["overview"], one["week"]
    name = " ".join(one["name"].split())
    line = f"{fmt.kwh(_number(now, 'last_24h_kwh'))} in the last 24 hours, {fmt.kwh(_number(coming, 'total'))} coming"
    mark = f'<span class="ix-mark" style="background:{week.colours.get(one["name"], "#999999")}"></span>'
    facts = "".join(f"<dt>{escape(term)}</dt><dd>{escape(words)}</dd>" for term, words in _lines(week, one) if words)
    rows = week.frame("daily").where(device_id=one["name"])
    figure = charts.daily(week, one["name"], rows, "The coming days; each line spans eight in ten.") if rows else ""
    return (
        f'<details class="ix-device"><summary>{mark}<b>{escape(name)}</b> <span>{escape(line)}</span></summary>'
        f'<dl class="ix-facts">{facts}</dl>{figure}{_unusual(one)}</details>'
    )


def _lines(week: Week, one: dict[str, Any]) -> list[tuple[str, str]]:
    plate, now, coming, selection = one["devices"], one["overview"], one["week"], one["selection"]
    return [
        (
            "Kind",
            ", ".join(
                str(plate[key]) for key in ("device_type", "location") if str(plate.get(key, "")) not in ("", "nan")
            ),
        ),
        ("Last hour known", fmt.kwh(_number(now, "last_hour_kwh"))),
        ("Average", f"{fmt.kwh(_number(one['breakdown'], 'kwh_per_day'))} a day" if one["breakdown"] else ""),
        (
            "Last 7 days",
            f"{fmt.kwh(_number(now, 'last_week_kwh'))}; usual {fmt.kwh(_number(now, 'usual_week_kwh'))}",
        ),
        ("Trend", _trend(now)),
        ("Efficiency", _efficiency(one["efficiency"])),
        ("Flexibility", _flexibility(plate)),
        (
            "Coming week",
            f"{fmt.kwh(_number(coming, 'total'))}, {fmt.span(_number(coming, 'p10'), _number(coming, 'p90'))}",
        ),
        ("What drives it", _drivers(one["drivers"])),
        ("Model", text("model_reason", **selection) if "reason" in selection else ""),
    ]


def _trend(now: dict[str, Any]) -> str:
    slope, chance = _number(now, "trend_kwh_per_week"), _number(now, "trend_p")
    if not np.isfinite(slope):
        return f"{fmt.NOT_KNOWN}: too few whole weeks"
    way = "more" if slope > 0 else "less"
    told = f"{fmt.kwh(abs(slope))} {way} each week over {int(now['trend_weeks'])} weeks ({fmt.chance(chance)})"
    return told if chance < LEAST_CHANCE else f"no clear one: {told}"


def _efficiency(row: dict[str, Any]) -> str:
    load = _number(row, "load_factor")
    return f"load factor {fmt.percent(load)} of the rated power while in use" if np.isfinite(load) else fmt.NOT_KNOWN


def _flexibility(plate: dict[str, Any]) -> str:
    if plate.get("always_on"):
        return "must always run"
    return "can run at another hour" if plate.get("flexible") else "not said to be flexible"


def _drivers(row: dict[str, Any]) -> str:
    parts = []
    warmth, chance = _number(row, "temperature"), _number(row, "temperature_p")
    if np.isfinite(warmth) and abs(warmth) >= 0.4 and chance < 0.01:
        parts.append(f"{'rises' if warmth > 0 else 'falls'} with the day's temperature (rank correlation {warmth:.2f})")
    people = _number(row, "occupancy")
    if np.isfinite(people) and abs(people) >= 0.2:
        parts.append(f"{'rises' if people > 0 else 'falls'} with people at home ({people:.2f})")
    return " and ".join(parts) or "no clear relation to the temperature or to people at home is known"


def _unusual(one: dict[str, Any]) -> str:
    rows = one["unusual"]
    if not rows:
        return ""
    some = rows.take(np.arange(min(len(rows), SHOWN_UNUSUAL)))
    told = {
        "when": [str(stamp.astype("datetime64[m]")).replace("T", " ") for stamp in some["start"]],
        "used [kWh]": list(some["kwh"]),
        "usual [kWh]": list(some["usual_kwh"]),
        "reason": [str(reason) or fmt.NOT_KNOWN for reason in some["reason"]],
    }
    return html.heading("What stood out", 3) + html.table(told)


def _table(chosen: list[dict[str, Any]]) -> Columns:
    names = (
        "last_hour_kwh",
        "last_24h_kwh",
        "last_week_kwh",
        "usual_week_kwh",
        "saved_kwh",
        "trend_kwh_per_week",
        "trend_p",
    )
    columns = {"device_id": np.array([one["name"] for one in chosen], dtype=object)}
    columns |= {name: np.array([_number(one["overview"], name) for one in chosen]) for name in names}
    for name in ("total", "p10", "p90"):
        columns[f"coming_{name}_kwh"] = np.array([_number(one["week"], name) for one in chosen])
    return Columns(columns)


def _number(row: dict[str, Any], name: str) -> float:
    return float(row.get(name, np.nan))


def _said(row: dict[str, Any], name: str) -> str:
    words = str(row.get(name, ""))
    return "" if words == "nan" else words
