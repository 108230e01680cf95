"""Forecast: seven days by hour or by day with their range and peaks, and past forecasts beside what was observed."""

from __future__ import annotations

import ipywidgets as widgets
import pandas as pd

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD
from influx.dashboard.elements import Markup, download, heading, html, live, row, text
from influx.dashboard.week import Week
from influx.report import plots
from influx.report.figures import show
from influx.report.html import Shown, answer, sentence
from influx.report.tables import table

QUANTILES = ["energy_kwh", "p10", "p50", "p90"]


def forecast(week: Week) -> widgets.Widget:
    """Return the part: a device and a view are chosen, all else follows."""
    if not week.devices:
        return html(sentence("This run folder has no forecast; `make report` makes it."))
    views = {"By hour": _by_hour, "By day": _by_day, "Past forecasts": _past}
    device = widgets.Dropdown(options=week.devices, description="Device")
    view = widgets.ToggleButtons(options=list(views))
    origin = widgets.Dropdown(options=_origins(week), description="Made on")

    def draw(name: str, chosen: str, made: pd.Timestamp | None) -> list[Markup]:
        origin.layout.display = "" if chosen == "Past forecasts" else "none"
        return views[chosen](week, name, made)

    shown = live(draw, device, view, origin)
    return widgets.VBox([row(device, view, origin), shown])


def _by_hour(week: Week, device: str, _: object) -> list[Markup]:
    rows = week.frame("forecast", device_id=device)
    figure = show(
        plots.forecast, rows, device, week.timezone, week.all_devices,
        caption="Median and band of eight in ten; nights are shaded, times are local.",
    )  # fmt: skip
    peaks: list[Markup] = [heading("Peaks", 3), table(week.frame("peaks"), "peaks")] if device == HOUSEHOLD else []
    return [_total(week, device), figure, *peaks, download(rows[["timestamp", *QUANTILES]], f"{device}-hours")]


def _by_day(week: Week, device: str, _: object) -> list[Markup]:
    rows = week.frame("daily", device_id=device)
    figure = show(plots.days, rows, device, caption="Expected energy of each day; the line spans eight in ten.")
    saved = download(rows[["day", "total", "p10", "p90"]], f"{device}-days")
    return [_total(week, device), figure, days_table(week, device), saved]


def days_table(week: Week, device: str) -> Shown:
    """Return the coming days of a device as a table, with their cost where it is known."""
    daily, cost = week.frame("daily"), week.frame("cost_daily")
    return table(daily, "days", "The coming days.", cost=cost, device=device, currency=week.currency)


def _past(week: Week, device: str, origin: pd.Timestamp | None) -> list[Markup]:
    model = week.row("selection", device_id=device).get("model", "climatology")
    rows = week.frame("past_forecasts", device_id=device, model=model, origin=origin)
    if rows.empty:
        return [sentence("No past forecast of this device is known for that day.")]
    inside = rows["observed"].between(rows["p10"], rows["p90"]).mean()
    words = text("past_forecast", predicted=rows["energy_kwh"].sum(), observed=rows["observed"].sum(), inside=inside)
    figure = show(
        plots.past_week, rows, device, model, week.timezone,
        caption="The forecast made beforehand as line and band, what was observed as dots.",
    )  # fmt: skip
    return [answer(words), figure, download(rows[["timestamp", *QUANTILES, "observed"]], f"{device}-past")]


def _origins(week: Week) -> list[tuple[str, pd.Timestamp]]:
    past = week.frame("past_forecasts")
    if past.empty:
        return []
    stamps = past["origin"].drop_duplicates().sort_values(ascending=False)
    return [(fmt.day(wall), stamp) for wall, stamp in zip(week.local(stamps), stamps, strict=True)]


def _total(week: Week, device: str) -> Markup:
    if device == HOUSEHOLD and week.text("coming_week"):
        return answer(week.text("coming_week"))
    return answer(text("total", week=week.row("week", device_id=device)))
