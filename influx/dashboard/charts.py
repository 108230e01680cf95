"""The page's charts: the band is p10 to p90, the line the median, dots what happened; nights are shaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from html import escape

import numpy as np

from influx.core import formatting as fmt
from influx.dashboard.columns import Columns
from influx.dashboard.svg import Chart, figure
from influx.dashboard.week import HOUR, Week

DAY = np.timedelta64(86400, "s")


def hours_of(wall: np.ndarray, since: np.datetime64) -> np.ndarray:
    """Return clock times as hours since one of them."""
    return np.asarray((wall - since) / HOUR, dtype=float)


def weekday(stamp: np.datetime64) -> str:
    """Return a day as an axis names it: "Mon" above "15 Jul"."""
    day = stamp.astype("datetime64[D]").astype(dt.date)
    return f"{day:%a}\n{day.day} {day:%b}"


def nights(chart: Chart, since: np.datetime64, hours: float) -> None:
    """Shade 22:00 to 6:00 of every night."""
    midnight = -float((since - since.astype("datetime64[D]")) / HOUR)
    for day in np.arange(midnight, hours + 24, 24):
        start, end = max(day - 2, 0), min(day + 6, hours)
        if end > start:
            chart.rect(start, end, *chart.y_ends, 'class="ix-night"')


def midnights(since: np.datetime64, hours: float, every: int = 1) -> list[tuple[float, str]]:
    """Return a mark at noon of each day that begins within the axis, `every` so many days."""
    first = -float((since - since.astype("datetime64[D]")) / HOUR)
    days = [first + 24 * number for number in range(int(hours // 24) + 2)]
    shown = [(day, since + np.timedelta64(round(day * 3600), "s")) for day in days if 0 <= day <= hours - 6]
    return [(day + 12 if day + 12 <= hours else day, weekday(stamp)) for day, stamp in shown[::every]]


def hourly(week: Week, device: str, rows: Columns, caption: str, peaks: Columns | None = None) -> str:
    """Draw forecast hours with their band and, where it is there, what was `observed`.

    Parameters
    ----------
    week : Week
    device : str
        Whose colour it has.
    rows : Columns
        `timestamp`, `p10`, `p50`, `p90`, and maybe `observed` [kWh].
    caption : str
    peaks : Columns, optional
        `day`, `start` and `end` of peaks (local clock hours), which are marked above the hours.
    """
    wall = week.local(rows["timestamp"])
    since, place = wall[0], hours_of(wall, wall[0])
    most = max(float(np.nanmax(rows[name])) for name in ("p90", "p50", "observed") if name in rows)
    colour = week.colours.get(device, "#999999")

    def draw(width: int) -> Chart:
        chart = Chart(width, 300, (0, place[-1] + 1), (0, most * 1.08))
        nights(chart, since, place[-1] + 1)
        chart.y_axis("kWh in the hour")
        chart.band(place, rows["p10"], rows["p90"], 1, f'fill="{colour}" fill-opacity=".28"')
        chart.steps(place, rows["p50"], 1, f'stroke="{colour}" stroke-width="1.8"')
        if "observed" in rows:
            chart.dots(place + 0.5, rows["observed"], 1.8, 'class="ix-ink"')
        chart.x_axis(midnights(since, place[-1] + 1, 2 if chart.narrow and place[-1] > 100 else 1))
        for peak in () if peaks is None else peaks.rows():
            _mark(chart, hours_of(peak["day"] + np.array([peak["start"], peak["end"]]).astype(int) * HOUR, since), peak)
        return chart

    total = float(np.nansum(rows["energy_kwh"])) if "energy_kwh" in rows else float("nan")
    day = fmt.day(_date(since))
    told = f"{device}, hour by hour from {day}: {fmt.kwh(total)} expected, at most {fmt.kwh(most)} in an hour."
    return figure(draw, told, caption)


def _mark(chart: Chart, ends: np.ndarray, peak: dict[str, object]) -> None:
    """Mark a peak above the hours, with the clock hour at which it begins."""
    top = chart.y_ends[1]
    start = fmt.clock(int(float(str(peak["start"]))))
    chart.rect(float(ends[0]), float(ends[1]), 0.985 * top, top, 'class="ix-ink"', f"peak from {start}")
    if not chart.narrow:
        chart.words(float(ends.mean()), top, start, dy=-3, style='class="ix-label"')


def daily(week: Week, device: str, rows: Columns, caption: str) -> str:
    """Draw days as bars from zero with the range of each; `rows` has `day`, `total`, `p10`, `p90` [kWh]."""
    colour = week.colours.get(device, "#999999")
    place = np.arange(len(rows), dtype=float)
    known = np.concatenate([rows["total"], rows["p90"][np.isfinite(rows["p90"])]])

    def draw(width: int) -> Chart:
        chart = Chart(width, 280, (-0.6, len(rows) - 0.4), (0, float(known.max()) * 1.1))
        chart.y_axis("kWh a day")
        for at, row in zip(place, rows.rows(), strict=True):
            told = f"{fmt.kwh(row['total'])}, {fmt.span(row['p10'], row['p90'])}"
            chart.rect(at - 0.33, at + 0.33, 0, row["total"], f'fill="{colour}" fill-opacity=".55"', told)
            if np.isfinite(row["p10"]):
                chart.line(at, row["p10"], at, row["p90"], 'class="ix-range"')
            chart.words(at, 0, fmt.number(float(row["total"])), dy=-6, style='class="ix-label"')
        chart.x_axis([(at, weekday(day)) for at, day in zip(place, rows["day"], strict=True)])
        return chart

    told = "Expected energy by day: " + ", ".join(fmt.kwh(float(total)) for total in rows["total"]) + "."
    return figure(draw, told, caption)


def stacked(week: Week, rows: Columns, price: np.ndarray | None, caption: str) -> str:
    """Draw the coming hours of each device on top of each other, and the price of each hour below.

    Parameters
    ----------
    week : Week
    rows : Columns
        `device_id`, `timestamp`, `energy_kwh`, of the devices that add up to the household.
    price : ndarray or None
        Price of each hour, in order of time [currency/kWh].
    caption : str
    """
    stamps = np.unique(rows["timestamp"])
    wall = week.local(stamps)
    place = hours_of(wall, wall[0])
    devices = [name for name in week.devices if name in set(rows["device_id"])]
    energy = {name: rows.where(device_id=name)["energy_kwh"] for name in devices}
    total = np.sum(list(energy.values()), axis=0)

    def draw(width: int) -> Chart:
        bottom = 96 if price is not None else 40
        chart = Chart(width, 340, (0, place[-1] + 1), (0, float(total.max()) * 1.1), bottom=bottom)
        nights(chart, wall[0], place[-1] + 1)
        chart.y_axis("kWh in the hour")
        floor = np.zeros(len(stamps))
        for name in devices:
            for at, low, more in zip(place, floor, energy[name], strict=True):
                style = f'fill="{week.colours[name]}"'
                chart.rect(at + 0.06, at + 0.94, low, low + more, style, f"{name}, {fmt.kwh(float(more))}")
            floor = floor + energy[name]
        every = 6 if chart.narrow else 3
        clock = [int((stamp - stamp.astype("datetime64[D]")) / HOUR) for stamp in wall]
        chart.x_axis([(at, fmt.clock(hour)) for at, hour in zip(place, clock, strict=True) if hour % every == 0])
        if price is not None:
            _price_strip(chart, place, price, week.currency)
        return chart

    whole, most = fmt.kwh(float(total.sum())), fmt.kwh(float(total.max()))
    told = f"The next hours by device: {whole} in all, at most {most} in an hour."
    return figure(draw, told, caption) + legend(week, devices)


def _price_strip(chart: Chart, place: np.ndarray, price: np.ndarray, currency: str) -> None:
    top, bottom = chart.height - 58, chart.height - 22
    low, high = float(np.nanmin(price)), float(np.nanmax(price))
    span = high - min(low, 0.0) or 1.0
    for at, value in zip(place, price, strict=True):
        if np.isfinite(value):
            tall = max((float(value) - min(low, 0.0)) / span * (bottom - top), 1)
            left, right = chart.x(at), chart.x(at + 1)
            size = f'x="{left:.1f}" y="{bottom - tall:.1f}" width="{right - left:.1f}" height="{tall:.1f}"'
            told = f"<title>{fmt.money(float(value), currency)} a kWh</title>"
            chart.parts.append(f'<rect class="ix-price" {size}>{told}</rect>')
    ends = f"price: {fmt.number(low)} to {fmt.number(high)} {fmt.unit_of_money(currency)} a kWh"
    chart.parts.append(f'<text x="{chart.left}" y="{chart.height - 6}" class="ix-label">{ends}</text>')


def legend(week: Week, devices: Sequence[str]) -> str:
    """Return the devices with their colours."""
    marks = [f'<span style="background:{week.colours[name]}"></span>{escape(_line(name, 60))}' for name in devices]
    return f'<ul class="ix-legend">{"".join(f"<li>{mark}</li>" for mark in marks)}</ul>'


def short(name: str, chart: Chart) -> str:
    """Return a name as it fits beside an axis."""
    return _line(name, 15 if chart.narrow else 24)


def _line(name: str, most: int) -> str:
    """Return a name on one line, shortened where it is long."""
    line = " ".join(name.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def ranked(week: Week, rows: Sequence[tuple[str, float, str]], unit: str, caption: str) -> str:
    """Draw sorted bars with their names: `rows` are (device, value, words beside the bar)."""
    most = max((value for _, value, _ in rows), default=1.0)

    def draw(width: int) -> Chart:
        left = 120 if width < 600 else 190
        chart = Chart(width, 26 * len(rows) + 26, (0, most * 1.28), (0, len(rows)), left=left, bottom=8, top=18)
        chart.parts.append(f'<text x="2" y="10" class="ix-unit">{unit}</text>')
        for number, (name, value, words) in enumerate(rows):
            top = len(rows) - number
            chart.rect(0, value, top - 0.82, top - 0.18, f'fill="{week.colours.get(name, "#999999")}"', words)
            chart.words(0, top - 0.5, short(name, chart), "end", -8, 4)
            chart.words(value, top - 0.5, words, "start", 6, 4, 'class="ix-label"')
        return chart

    told = "; ".join(f"{name}: {words}" for name, _, words in rows)
    return figure(draw, told, caption)


def _date(stamp: np.datetime64) -> dt.date:
    found: dt.date = stamp.astype("datetime64[D]").astype(dt.date)
    return found
