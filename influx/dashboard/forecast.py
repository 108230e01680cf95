"""Forecast: seven days by hour or by day with their range and peaks, and past forecasts beside what happened."""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD
from influx.dashboard import charts, html
from influx.dashboard.columns import Columns
from influx.dashboard.week import Week

VIEWS = ("By hour", "By day", "Past forecasts")
LACKING = "This run folder has no {}; `make report` makes it."


def forecast(week: Week) -> widgets.Widget:
    """Return the part: a device and a view are chosen, all else follows."""
    if not week.devices:
        return widgets.HTML(html.sentence(LACKING.format("forecast")))
    device = widgets.Dropdown(options=week.devices, description="Device")
    view = widgets.ToggleButtons(options=VIEWS, tooltips=["each hour", "each day", "what was said, and what was"])
    origin = widgets.Dropdown(options=_origins(week), description="Made on")
    shown = widgets.HTML()

    def draw(_: object = None) -> None:
        origin.layout.display = "" if view.value == VIEWS[2] else "none"
        shown.value = {VIEWS[0]: _by_hour, VIEWS[1]: _by_day}.get(view.value, _past)(week, device.value, origin.value)

    for control in (device, view, origin):
        control.observe(draw, "value")
    draw()
    return widgets.VBox([widgets.HBox([device, view, origin], layout=widgets.Layout(flex_flow="row wrap")), shown])


def _by_hour(week: Week, device: str, _: object) -> str:
    rows = week.frame("forecast").where(device_id=device)
    shown = Columns({name: rows[name] for name in ("timestamp", "energy_kwh", "p10", "p50", "p90")})
    caption = "Median and band of eight in ten; nights are shaded, times are local."
    peaks = week.frame("peaks") if device == HOUSEHOLD else Columns()
    if peaks:
        caption += " Marks above are the peaks and when they begin."
    return (
        _week(week, device)
        + charts.hourly(week, device, shown, caption, peaks or None)
        + _peaks(week, device)
        + html.download(shown, f"{device}-hours")
    )


def _by_day(week: Week, device: str, _: object) -> str:
    rows = week.frame("daily").where(device_id=device)
    cost = week.frame("cost_daily").where(device_id=device) if week.frame("cost_daily") else Columns()
    shown = Columns({name: rows[name] for name in ("day", "total", "p10", "p90")})
    days = {
        "day": [charts.weekday(day).replace("\n", " ") for day in rows["day"]],
        "expected [kWh]": list(rows["total"]),
        "8 in 10 [kWh]": [fmt.between(low, high) for low, high in zip(rows["p10"], rows["p90"], strict=True)],
    }
    if cost:
        days[f"cost [{fmt.unit_of_money(week.currency)}]"] = [
            fmt.money(float(one), week.currency) for one in cost["total"]
        ]
    figure = charts.daily(week, device, rows, "Expected energy of each day; the line spans eight in ten.")
    return _week(week, device) + figure + html.table(days) + html.download(shown, f"{device}-days")


def _past(week: Week, device: str, origin: object) -> str:
    rows = week.frame("past_forecasts")
    model = _model(week, device)
    rows = rows.where(device_id=device, model=model, origin=origin) if rows and origin is not None else Columns()
    if not rows:
        return html.sentence("No past forecast of this device is known for that day.")
    shown = Columns({name: rows[name] for name in ("timestamp", "energy_kwh", "p10", "p50", "p90", "observed")})
    inside = float(np.mean((rows["observed"] >= rows["p10"]) & (rows["observed"] <= rows["p90"])))
    words = (
        f"**{fmt.kwh(float(rows['energy_kwh'].sum()))} were expected, {fmt.kwh(float(rows['observed'].sum()))} were "
        f"used.** {fmt.percent(inside)} of the hours lay inside the band, of which eight in ten were promised."
    )
    caption = "What was said beforehand as line and band, what happened as dots."
    return html.answer(words) + charts.hourly(week, device, shown, caption) + html.download(shown, f"{device}-past")


def _origins(week: Week) -> list[tuple[str, np.datetime64]]:
    rows = week.frame("past_forecasts")
    if not rows:
        return []
    stamps = np.unique(rows["origin"])[::-1]
    return [
        (charts.weekday(wall).replace("\n", " "), stamp) for wall, stamp in zip(week.local(stamps), stamps, strict=True)
    ]


def _model(week: Week, device: str) -> str:
    rows = week.frame("selection").where(device_id=device) if week.frame("selection") else Columns()
    return str(rows["model"][0]) if rows else "climatology"


def _week(week: Week, device: str) -> str:
    if device == HOUSEHOLD and week.said("coming_week"):
        return html.answer(week.said("coming_week"))
    row = next(week.frame("week").where(device_id=device).rows())
    length = fmt.hours(int(row["hours"]))
    return html.answer(
        f"**{length}: {fmt.kwh(float(row['total']))}, {fmt.span(float(row['p10']), float(row['p90']))}.**"
    )


def _peaks(week: Week, device: str) -> str:
    rows = week.frame("peaks")
    if device != HOUSEHOLD or not rows:
        return ""
    peaks = {
        "day": [charts.weekday(day).replace("\n", " ") for day in rows["day"]],
        "peak": [
            f"{fmt.clock(int(a))} to {fmt.clock(int(b))}" for a, b in zip(rows["start"], rows["end"], strict=True)
        ],
        "energy [kWh]": list(rows["kwh"]),
        "share of the day": [fmt.percent(float(one)) for one in rows["share"]],
    }
    return html.heading("Peaks", 3) + html.table(peaks)
