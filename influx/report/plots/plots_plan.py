"""The plan as a picture: a row a device, its runs as blocks, and how dear each hour is behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num

from influx.core import formatting as fmt
from influx.core.local_time import local
from influx.report.plots import axes
from influx.report.plots.figures import describe, is_narrow

SHADES = 6
"""Steps of grey for prices from the lowest to the highest."""

DARKEST = 0.42
"""Opacity of the dearest hours' grey; it shows on light and on dark paper."""


def plot_week_strip(
    plan: pd.DataFrame,
    steps: pd.DataFrame,
    timezone: str = "UTC",
    unit: str = "",
    devices: Iterable[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw when each device should run, and the price behind it, the darker the dearer.

    Parameters
    ----------
    plan, steps : DataFrame
        The frames `plan` and `plan_steps`.
    timezone : str
        Of the axis.
    unit : str
        Currency of the prices.
    devices : iterable of str
        All of the home's, so that each keeps its colour whatever is planned.
    ax : Axes, optional
    """
    ax = axes.own_axes(ax)
    wall = local(pd.DatetimeIndex(steps["timestamp"]), timezone)
    length = wall[1] - wall[0]
    names = sorted(plan["device_id"].unique(), reverse=True)
    hues = axes.colours([*devices, *names])
    _shade(ax, wall, steps["price"].to_numpy(), length)
    for row, name in enumerate(names):
        own = plan[plan["device_id"] == name]
        blocks = [(date2num(a), date2num(b) - date2num(a)) for a, b in _blocks(own, timezone, length)]
        ax.broken_barh(blocks, (row - 0.32, 0.64), facecolors=hues[name], linewidth=0)
    axes.week_axis(ax, wall, nights=False)
    ax.set_xlim(wall[0], wall[-1] + length)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.set_yticks(range(len(names)), [axes.short(name, ax) for name in names])
    ax.set_ylabel("")
    ax.set_xlabel(_legend(steps["price"].to_numpy(), unit, is_narrow(ax)))
    told = ", ".join(f"{name} {fmt.kwh(plan.loc[plan['device_id'] == name, 'kwh'].sum())}" for name in names[::-1])
    when = f"from {fmt.day(wall[0])} to {fmt.day(wall[-1])}"
    return describe(ax, f"When each flexible device should run {when}, a row a device, over the price: {told}.")


def _blocks(own: pd.DataFrame, timezone: str, length: pd.Timedelta) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """Yield where energy is taken without a pause, on the clock; a thin gap is left between two runs."""
    gap = length / 6
    for _, run in own.groupby("run"):
        stamps = pd.DatetimeIndex(run["timestamp"]).sort_values()
        part = np.cumsum(np.concatenate([[False], np.diff(stamps) > length]))
        for _, one in local(stamps, timezone).to_series().groupby(part):
            yield one.iloc[0], one.iloc[-1] + length - gap


def _shade(ax: Axes, wall: pd.DatetimeIndex, price: np.ndarray, length: pd.Timedelta) -> None:
    """Lay grey behind the rows, the darker the dearer; one price alone leaves the paper as it is."""
    low, width = float(price.min()), float(np.ptp(price))
    if width == 0:
        return
    level = np.minimum(((price - low) / width * SHADES).astype(int), SHADES - 1)
    change = np.flatnonzero(np.diff(level)) + 1
    for first, end in zip([0, *change], [*change, len(level)], strict=True):
        if level[first]:
            opacity = DARKEST * level[first] / (SHADES - 1)
            ax.axvspan(wall[first], wall[end - 1] + length, color="#808080", alpha=opacity, linewidth=0)


def _legend(price: np.ndarray, unit: str, narrow: bool) -> str:
    each = f"{fmt.unit_of_money(unit)}/kWh"
    if np.ptp(price) == 0:
        return f"local time; the price is {price[0]:.3g} {each} throughout"
    span = f"{price.min():.3g} to {price.max():.3g} {each}"
    return f"grey: price, {span}" if narrow else f"local time; the darker the grey, the dearer the hour: {span}"
