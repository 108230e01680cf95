"""The week strip: a row for each flexible device, planned runs solid, today's habit pale below them, price behind."""

from __future__ import annotations

import numpy as np

from influx.core import formatting as fmt
from influx.dashboard import charts
from influx.dashboard.columns import Columns
from influx.dashboard.svg import Chart, figure
from influx.dashboard.week import HOUR, Week

ROW = 46


def strip(week: Week, rows: Columns, price: np.ndarray) -> str:
    """Return the figure of a plan.

    Parameters
    ----------
    week : Week
    rows : Columns
        `device_id`, `timestamp`, `kwh`: a row a half hour in which a run takes energy.
    price : ndarray
        Price of each half hour of `plan_steps` [currency/kWh].
    """
    stamps = week.frame("plan_steps")["timestamp"]
    wall = week.local(stamps)
    places = dict(zip(stamps.tolist(), charts.hours_of(wall, wall[0]), strict=True))
    end = float(charts.hours_of(wall, wall[0])[-1]) + 0.5
    devices = [name for name in week.devices if name in set(rows["device_id"])]

    def draw(width: int) -> Chart:
        left = 96 if width < 600 else 150
        chart = Chart(width, ROW * len(devices) + 66, (0, end), (0, len(devices)), left=left, bottom=44, top=20)
        _prices(chart, np.array(list(places.values())), price)
        for number, device in enumerate(devices):
            base = len(devices) - number - 1
            chart.words(0, base + 0.5, charts.short(device, chart)[: 12 if chart.narrow else 24], "end", -8, 4)
            _habit(chart, week, device, base, end)
            own = rows.where(device_id=device)
            most = float(own["kwh"].max())
            for row in own.rows():
                at = places.get(row["timestamp"].tolist())
                if at is not None:
                    told = f"{device}, {fmt.kwh(float(row['kwh']))} in the half hour"
                    tall = 0.12 + 0.32 * float(row["kwh"]) / most
                    style = f'fill="{week.colours.get(device, "#999999")}"'
                    chart.rect(at, at + 0.5, base + 0.48, base + 0.48 + tall, style, told)
        chart.x_axis(charts.midnights(wall[0], end, 2 if chart.narrow else 1))
        return chart

    told = "When each flexible device should run: " + "; ".join(
        f"{name} {fmt.kwh(float(rows.where(device_id=name)['kwh'].sum()))}" for name in devices
    )
    caption = "Planned runs above each line, today's habit pale below it; the darker the ground, the dearer the hour."
    return figure(draw, told, caption)


def _prices(chart: Chart, places: np.ndarray, price: np.ndarray) -> None:
    low, high = float(np.nanmin(price)), float(np.nanmax(price))
    span = high - low
    edges = np.flatnonzero(np.diff(price) != 0) + 1
    for first, last in zip([0, *edges], [*edges, len(price)], strict=True):
        dear = (float(price[first]) - low) / span if span > 0 else 0.0
        if dear > 0:
            end = places[last] if last < len(places) else places[-1] + 0.5
            chart.rect(
                float(places[first]), float(end), *chart.y_ends, f'fill="#808080" fill-opacity="{0.26 * dear:.2f}"'
            )


def _habit(chart: Chart, week: Week, device: str, base: float, end: float) -> None:
    """Draw what the device is expected to use anyway, hour by hour, downwards from its line."""
    rows = week.frame("forecast").where(device_id=device)
    wall = week.local(rows["timestamp"])
    most = float(rows["energy_kwh"].max()) or 1.0
    colour = week.colours.get(device, "#999999")
    for at, kwh in zip((wall - wall[0]) / HOUR, rows["energy_kwh"], strict=True):
        if at < end and kwh > 0.01 * most:
            style = f'fill="{colour}" fill-opacity=".45"'
            chart.rect(float(at), float(at) + 1, base + 0.44 - 0.34 * float(kwh) / most, base + 0.44, style)
    chart.line(0, base + 0.46, end, base + 0.46, 'class="ix-grid"')
