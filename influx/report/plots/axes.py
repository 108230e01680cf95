"""What the figures have in common: a device's colour, the band, and axes of days, nights and clock hours."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, DayLocator
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from influx.core import formatting as fmt
from influx.core.local_time import local
from influx.report.plots.colours import ACCENT as ACCENT
from influx.report.plots.colours import GREY as GREY
from influx.report.plots.colours import SERIES
from influx.report.plots.colours import colours as colours
from influx.report.plots.figures import describe, is_narrow

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MODEL_MARKS = {
    "climatology": ("o", ACCENT),
    "similar days": ("D", SERIES[4]),
    "seasonal naive": ("s", SERIES[1]),
    "gradient boosting": ("^", SERIES[2]),
}


def own_axes(ax: Axes | None) -> Axes:
    """Return the Axes that were given, or new ones on a figure of their own."""
    return ax if ax is not None else Figure(figsize=(9, 4), layout="constrained").add_subplot()


def say(ax: Axes, words: str) -> Axes:
    """Put words where a drawing would stand if there were anything to draw."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, words, ha="center", va="center", wrap=True, transform=ax.transAxes)
    return describe(ax, words)


def band(ax: Axes, rows: pd.DataFrame, timezone: str, colour: str) -> pd.DatetimeIndex:
    """Draw the median as a line and p10 to p90 as a band [kWh] over the local times, which are returned."""
    wall = local(pd.DatetimeIndex(rows["timestamp"]), timezone)
    ax.fill_between(wall, rows["p10"], rows["p90"], step="post", color=colour, alpha=0.25, linewidth=0, label="8 in 10")
    ax.step(wall, rows["p50"], where="post", color=colour, linewidth=1.4, label="median")
    return wall


def week_axis(ax: Axes, wall: pd.DatetimeIndex, nights: bool = True) -> None:
    """Mark local midnights and, where nothing else is shaded, the nights, 22:00 to 06:00."""
    days = pd.date_range(wall[0].normalize() - pd.Timedelta(days=1), wall[-1].normalize(), freq="D")
    for day in days if nights else ():
        ax.axvspan(day + pd.Timedelta(hours=22), day + pd.Timedelta(hours=30), color="#808080", alpha=0.08, linewidth=0)
    ax.set_xlim(wall[0], wall[-1] + pd.Timedelta(hours=1))
    ax.xaxis.set_major_locator(DayLocator(interval=2 if is_narrow(ax) and len(days) > 5 else 1))
    ax.xaxis.set_major_formatter(FuncFormatter(_day_label))
    ax.set_ylim(0, 1.12 * ax.get_ylim()[1])  # room for the legend
    ax.set_ylabel("kWh in the hour")


def _day_label(place: float, _: int | None = None) -> str:
    stamp = pd.Timestamp(place, unit="D")
    return f"{stamp:%a}\n{stamp.day} {stamp:%b}"


def date_axis(ax: Axes, days: int) -> None:
    """Mark dates on an axis of so many days."""
    most = 5 if is_narrow(ax) else 9
    locator = AutoDateLocator(maxticks=most) if days > most else DayLocator()
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def clock_axis(ax: Axes) -> None:
    """Mark the clock hours of a day."""
    step = 6 if is_narrow(ax) else 3
    ax.xaxis.set_major_locator(FixedLocator(list(range(0, 25, step))))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda hour, _: fmt.clock(int(hour))))
    ax.set_xlim(0, 24)
    ax.set_xlabel("local time")


def short(name: str, ax: Axes, most: int = 24) -> str:
    """Return a name that fits beside an axis, on one line; the whole one stands in the tables."""
    limit = min(most, 14) if is_narrow(ax) else most
    line = " ".join(name.split())
    line = f"\u200b{line}" if line.startswith("_") else line  # a legend leaves out what begins with an underscore
    return line if len(line) <= limit else line[: limit - 1] + "…"
