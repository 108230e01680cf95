"""What the plots have in common: a device's colour, the band, and axes of days, nights and clock hours.

Colours are Okabe and Ito's, which colour-blind readers tell apart.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, DayLocator, num2date
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD, OTHER
from influx.core.local_time import local

SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#999999", "#B8A200")
"""In the order in which devices get them; black is grey here and yellow is darker, so that both show on light and on
dark paper."""

ACCENT = SERIES[0]
GREY = "#999999"
INK = "#010203"
"""The colour of words, axes and neutral lines; a page replaces it by its own text colour."""

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MODEL_MARKS = {
    "climatology": ("o", ACCENT),
    "similar days": ("D", SERIES[4]),
    "seasonal naive": ("s", SERIES[1]),
    "gradient boosting": ("^", SERIES[2]),
}


def colours(devices: Iterable[str]) -> dict[str, str]:
    """Return one colour a device, by the order of their names: the same on every page that hands over the same devices.

    The household has the accent colour and `other` is grey; beyond six devices the colours repeat, paler.
    """
    names = sorted(set(devices) - {HOUSEHOLD, OTHER})
    hues = [hue for hue in SERIES if hue not in (ACCENT, GREY)]
    out = {HOUSEHOLD: ACCENT, OTHER: GREY}
    for number, name in enumerate(names):
        hue = hues[number % len(hues)]
        out[name] = hue if number < len(hues) else hue + "88"
    return out


def plot(draw: Callable[..., str]) -> Callable[..., Axes]:
    """Make a function that draws on `ax` and returns what it shows in words one that returns the Axes, the words being
    their figure's label; without `ax` they are new ones."""

    @functools.wraps(draw)
    def on_axes(*args: object, ax: Axes | None = None, **kwargs: object) -> Axes:
        ax = ax if ax is not None else Figure(figsize=(9, 4), layout="constrained").add_subplot()
        ax.get_figure(root=True).set_label(draw(*args, ax=ax, **kwargs))  # type: ignore[union-attr] # it has a figure
        return ax

    return on_axes


def empty(ax: Axes, words: str) -> str:
    """Put words where a drawing would stand if there were anything to draw, and return them."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, words, ha="center", va="center", wrap=True, transform=ax.transAxes)
    return words


def is_narrow(ax: Axes) -> bool:
    """Return whether `ax` is the phone's: fewer ticks and shorter words fit there."""
    figure = ax.get_figure(root=True)
    return figure is not None and figure.get_size_inches()[0] < 6


def name_rows(ax: Axes, names: Iterable[object], most: int = 24) -> np.ndarray:
    """Name the rows of a plot, and return where they lie."""
    labels = [short(str(name), ax, most) for name in names]
    ax.set_yticks(range(len(labels)), labels, rotation=0)
    return np.arange(len(labels))


def legend_below(ax: Axes, columns: int, narrow: int | None = None, drop: float = 0.14) -> None:
    columns = narrow if narrow and is_narrow(ax) else columns
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -drop), ncols=columns, fontsize=9)


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
    ax.xaxis.set_major_formatter(FuncFormatter(lambda place, _: f"{num2date(place):%a\n%-d %b}"))
    ax.set_ylim(0, 1.12 * ax.get_ylim()[1])  # room for the legend
    ax.set_ylabel("kWh in the hour")


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
