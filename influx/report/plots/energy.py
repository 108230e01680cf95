"""Plots of energy: what was measured, and what is coming."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD
from influx.core.local_time import local
from influx.report.plots import style
from influx.report.plots.style import ACCENT, INK, SERIES, is_narrow, legend_below, name_rows, plot

PRICE_SHADES = 6
"""Steps of grey for prices from the lowest to the highest."""

DARKEST = 0.42
"""Opacity of the dearest hours' grey; it shows on light and on dark paper."""


@plot
def daily_use(daily_use: pd.DataFrame, device: str = HOUSEHOLD, *, ax: Axes) -> str:
    """Draw each day's energy [kWh] and its mean over seven days; a day that is not fully known has no bar."""
    kwh = daily_use[daily_use["device_id"] == device].set_index("day")["kwh"].sort_index().asfreq("D")
    if len(kwh) <= 200:
        ax.bar(kwh.index, kwh, width=0.85, color=ACCENT, alpha=0.35, linewidth=0)
    smooth = kwh.rolling(7, min_periods=4).mean()
    ax.plot(smooth.index, smooth, color=ACCENT, linewidth=1.8)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("kWh a day")
    style.date_axis(ax, len(kwh))
    known = kwh.dropna()
    return (
        f"Daily energy of {device} over {len(kwh)} days, {len(known)} of them fully known: "
        f"mean {fmt.kwh(known.mean())}, from {fmt.kwh(known.min())} to {fmt.kwh(known.max())}."
    )


@plot
def load_curve(profile: pd.DataFrame, device: str = HOUSEHOLD, *, ax: Axes) -> str:
    """Draw the mean energy by local hour [kWh], Monday to Friday and weekend."""
    rows = profile[profile["device_id"] == device]
    kinds = rows["weekday"].ge(5).map({False: "Mon to Fri", True: "weekend"})
    curves = rows.groupby([kinds, "hour"])["kwh"].mean().unstack(0)
    for (name, curve), hue, line in zip(curves.items(), SERIES, ("-", "--"), strict=False):
        ax.step(curve.index, curve, where="post", color=hue, linestyle=line, linewidth=1.8, label=name)
    style.clock_axis(ax)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("kWh in the hour")
    ax.legend(loc="upper left")
    tops = "; ".join(f"{name}: highest at {fmt.clock(int(curve.idxmax()))}" for name, curve in curves.items())
    return f"Mean energy of {device} by hour of the day. {tops}."


@plot
def breakdown(breakdown: pd.DataFrame, devices: Iterable[str] = (), *, ax: Axes) -> str:
    """Draw each device's energy a day [kWh], largest first, with its estimated standby as a hatched bar below."""
    rows = breakdown.iloc[:12][::-1]
    hues = style.colours([*devices, *breakdown["device_id"]])
    place = name_rows(ax, rows["device_id"])
    ax.barh(place, rows["kwh_per_day"], height=0.55, color=[hues[name] for name in rows["device_id"]])
    standby = rows["standby_kwh_per_day"].fillna(0)
    if standby.gt(0).any():
        ax.barh(place - 0.4, standby, height=0.2, facecolor="none", edgecolor=INK, hatch="//////", linewidth=0.5)
        ax.plot([], [], color=INK, linewidth=4, alpha=0.4, label="hatched: standby, estimated")
        ax.legend(loc="lower right", handlelength=0)
    for at, share, kwh in zip(place, rows["share"], rows["kwh_per_day"], strict=True):
        ax.annotate(fmt.percent(share), (kwh, at), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)
    ax.set_xlabel("kWh a day")
    ax.margins(x=0.12)
    shares = ", ".join(f"{row.device_id} {fmt.percent(row.share)}" for row in breakdown.iloc[:5].itertuples())
    return f"Share of each device in the energy of the home: {shares}."


# The coming week


@plot
def forecast(
    forecast: pd.DataFrame,
    device: str = HOUSEHOLD,
    timezone: str = "UTC",
    devices: Iterable[str] = (),
    *,
    ax: Axes,
) -> str:
    """Draw a device's coming hours: the median as a line, p10 to p90 as a band [kWh].

    Parameters
    ----------
    forecast : DataFrame
        `device_id`, `timestamp` (UTC), `energy_kwh`, `p10`, `p50`, `p90`.
    device : str
    timezone : str
        Whose clock the axis shows.
    devices : iterable of str
        All devices of the home, so that each keeps its colour.
    ax : Axes, optional
        Without it, a new figure is made.

    Examples
    --------
    >>> hours = pd.date_range("2024-07-15", periods=24, freq="h", tz="UTC")
    >>> frame = pd.DataFrame({"device_id": "household", "timestamp": hours, "energy_kwh": 0.5})
    >>> forecast(frame.assign(p10=0.2, p50=0.5, p90=0.9), timezone="Europe/Madrid").get_ylabel()
    'kWh in the hour'
    """
    rows = forecast[forecast["device_id"] == device]
    wall = style.band(ax, rows, timezone, style.colours([*devices, *forecast["device_id"].unique()])[device])
    style.week_axis(ax, wall)
    ax.legend(loc="upper left", ncols=2, fontsize=9)
    top = int(rows["energy_kwh"].to_numpy().argmax())
    return (
        f"{device}: {fmt.kwh(rows['energy_kwh'].sum())} expected over {len(rows)} hours; the highest hour is "
        f"{fmt.day(wall[top])} {fmt.clock(wall[top].hour)} with {fmt.kwh(rows['energy_kwh'].iloc[top])}."
    )


@plot
def days(daily: pd.DataFrame, device: str = HOUSEHOLD, *, ax: Axes) -> str:
    """Draw each coming day's energy [kWh] with the range that holds eight in ten; parts of days are left out."""
    rows = daily[daily["device_id"] == device]
    rows = rows[rows["hours"] >= 20] if (rows["hours"] >= 20).any() else rows
    place = np.arange(len(rows))
    ax.bar(place, rows["total"], width=0.62, color=style.colours([device])[device], alpha=0.55)
    ranged = rows["p10"].notna().to_numpy()
    if ranged.any():
        around = np.array([rows["total"] - rows["p10"], rows["p90"] - rows["total"]])[:, ranged]
        ax.errorbar(place[ranged], rows["total"][ranged], around, fmt="none", ecolor=INK, elinewidth=1.4, capsize=4)
    for at, total in zip(place, rows["total"], strict=True):
        ax.annotate(fmt.number(total), (at, 0), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=9)
    form = "%a %-d" if is_narrow(ax) else "%a %-d %b"
    ax.set_xticks(place, [day.strftime(form) for day in rows["day"]], rotation=45 if is_narrow(ax) else 0)
    ax.set_ylabel("kWh a day")
    ax.set_ylim(bottom=0)
    totals = ", ".join(
        f"{fmt.day(row.day)} {fmt.kwh(row.total)} ({fmt.span(row.p10, row.p90)})" for row in rows.itertuples()
    )
    return f"Expected energy of {device} on each coming day, with its range: {totals}."


@plot
def next_day(
    forecast: pd.DataFrame,
    price: np.ndarray | None = None,
    timezone: str = "UTC",
    currency: str = "",
    devices: Iterable[str] = (),
    *,
    ax: Axes,
) -> str:
    """Draw the next 24 hours by device, stacked [kWh], the smallest ones together, and the price as a line above."""
    hours = forecast["timestamp"].drop_duplicates().sort_values().iloc[:24]
    parts = forecast["device_id"] != HOUSEHOLD
    rows = forecast[(parts if parts.any() else ~parts) & forecast["timestamp"].isin(hours)]
    wide = rows.pivot(index="timestamp", columns="device_id", values="energy_kwh")
    order = wide.sum().sort_values(ascending=False).index
    most = 5 if len(order) > 6 else 6
    hues = style.colours([*devices, *forecast["device_id"].unique()])
    stack = [(style.short(name, ax, 18), wide[name], hues[name]) for name in order[:most]]
    if len(order) > most:
        stack.append((f"{len(order) - most} more", wide[order[most:]].sum(axis=1), "#bbbbbb"))
    place, base = np.arange(len(wide)), np.zeros(len(wide))
    for name, kwh, hue in stack:
        ax.bar(place, kwh, bottom=base, width=0.85, color=hue, label=name, align="edge")
        base = base + kwh.to_numpy()
    wall = local(pd.DatetimeIndex(wide.index), timezone)
    step = 6 if is_narrow(ax) else 3
    ax.set_xticks(place[::step], [f"{stamp:%H:%M}" for stamp in wall[::step]])
    ax.set(xlabel=f"local time, from {fmt.day(wall[0])}", ylabel="kWh in the hour")
    _price_line(ax, np.empty(0) if price is None else price[: len(wide)], currency)
    legend_below(ax, 3, narrow=2, drop=0.17)
    largest = ", ".join(f"{name} {fmt.kwh(wide[name].sum())}" for name in order[:4])
    return f"The next 24 hours by device, {fmt.kwh(base.sum())} in all: {largest}."


def _price_line(ax: Axes, price: np.ndarray, currency: str) -> None:
    """Draw a price that changes as a line with an axis on the right."""
    known = price[np.isfinite(price)]
    if len(known) and np.ptp(known) > 0:
        right = ax.twinx()
        right.step(np.arange(len(price) + 1), np.append(price, price[-1]), where="post", color=INK)
        right.set_ylim(1.3 * min(0.0, float(known.min())), 1.3 * max(0.0, float(known.max())))
        right.set_ylabel(f"price, line [{currency}/kWh]")


@plot
def plan(
    plan: pd.DataFrame,
    steps: pd.DataFrame,
    timezone: str = "UTC",
    currency: str = "",
    devices: Iterable[str] = (),
    usual: pd.DataFrame | None = None,
    *,
    ax: Axes,
) -> str:
    """Draw when each device should run, a row a device, and the price behind it, the darker the dearer.

    Parameters
    ----------
    plan, steps : DataFrame
        The frames `plan` and `plan_steps`.
    timezone, devices, ax
        As in :func:`forecast`.
    currency : str
        Of the prices.
    usual : DataFrame, optional
        The hours of a forecast; what each device is expected to use anyway stands paler below its row.
    """
    wall = local(pd.DatetimeIndex(steps["timestamp"]), timezone)
    length = wall[1] - wall[0]
    names = sorted(plan["device_id"].unique(), reverse=True)
    hues = style.colours([*devices, *names])
    price = steps["price"].to_numpy()
    _shade_prices(ax, wall, price, length)
    for row, name in enumerate(names):
        runs = plan[plan["device_id"] == name]
        blocks = [(date2num(start), date2num(end) - date2num(start)) for start, end in _blocks(runs, timezone, length)]
        base = row - (0.32 if usual is None else 0.12)
        ax.broken_barh(blocks, (base, row + 0.32 - base), facecolors=hues[name], linewidth=0)
        if usual is not None:
            kwh = usual[usual["device_id"] == name].set_index("timestamp")["energy_kwh"]
            height = row - 0.45 + 0.27 * kwh / kwh.max()
            hours = local(pd.DatetimeIndex(kwh.index), timezone)
            ax.fill_between(hours, row - 0.45, height, step="post", color=hues[name], alpha=0.55, linewidth=0)
    style.week_axis(ax, wall, nights=False)
    name_rows(ax, names)
    ax.set(xlim=(wall[0], wall[-1] + length), ylim=(-0.6, len(names) - 0.4), ylabel="")
    unit = f"{fmt.unit_of_money(currency)}/kWh"
    span = f"{price.min():.3g} to {price.max():.3g} {unit}"
    words = f"grey: price, {span}" if is_narrow(ax) else f"local time; the darker the grey, the dearer the hour: {span}"
    ax.set_xlabel(words if np.ptp(price) else f"local time; the price is {price[0]:.3g} {unit} throughout")
    energy = ", ".join(f"{name} {fmt.kwh(plan.loc[plan['device_id'] == name, 'kwh'].sum())}" for name in names[::-1])
    when = f"from {fmt.day(wall[0])} to {fmt.day(wall[-1])}"
    return f"When each flexible device should run {when}, a row a device, over the price: {energy}."


def _blocks(runs: pd.DataFrame, timezone: str, length: pd.Timedelta) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    """Yield where energy is taken without a pause, on the clock; a thin gap is left between two runs."""
    for _, run in runs.groupby("run"):
        stamps = pd.DatetimeIndex(run["timestamp"]).sort_values()
        part = np.cumsum(np.concatenate([[False], np.diff(stamps) > length]))
        for _, block in local(stamps, timezone).to_series().groupby(part):
            yield block.iloc[0], block.iloc[-1] + length - length / 6


def _shade_prices(ax: Axes, wall: pd.DatetimeIndex, price: np.ndarray, length: pd.Timedelta) -> None:
    """Lay grey behind the rows, the darker the dearer; one price alone leaves the paper as it is."""
    width = float(np.ptp(price))
    if width == 0:
        return
    level = np.minimum(((price - price.min()) / width * PRICE_SHADES).astype(int), PRICE_SHADES - 1)
    change = np.flatnonzero(np.diff(level)) + 1
    for first, end in zip([0, *change], [*change, len(level)], strict=True):
        if level[first]:
            opacity = DARKEST * level[first] / (PRICE_SHADES - 1)
            ax.axvspan(wall[first], wall[end - 1] + length, color="#808080", alpha=opacity, linewidth=0)
