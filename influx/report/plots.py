"""The plots: each function draws one frame on one Axes, and describes in words what it shows.

The same holds in all of them: the band is p10 to p90, the line the median, dots are what was observed, nights are
shaded, and a device has the same colour everywhere (hand over all `devices` of the home where a frame lacks some).
Times of a frame are UTC; they are drawn on the clock of `timezone`. Plots of past forecasts import the room that
trains when they are called, so that whoever draws the coming week alone starts without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.ticker import MaxNLocator, PercentFormatter

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD
from influx.core.local_time import local
from influx.core.uncertainty import BASELINE, NOMINAL, half_width
from influx.report import plot_style as style
from influx.report.plot_style import ACCENT, GREY, INK, MODEL_MARKS, SERIES, describe, is_narrow

PRICE_SHADES = 6
"""Steps of grey for prices from the lowest to the highest."""

DARKEST = 0.42
"""Opacity of the dearest hours' grey; it shows on light and on dark paper."""

_QUANTILE_MARKS = {"p10": ("v", SERIES[5]), "p50": ("o", ACCENT), "p90": ("^", SERIES[4])}


def _rows(ax: Axes, names: Iterable[object], most: int = 24) -> np.ndarray:
    """Name the rows of a plot, and return where they lie."""
    labels = [style.short(str(name), ax, most) for name in names]
    ax.set_yticks(range(len(labels)), labels, rotation=0)
    return np.arange(len(labels))


def _legend_below(ax: Axes, columns: int, narrow: int | None = None, drop: float = 0.14) -> None:
    columns = narrow if narrow and is_narrow(ax) else columns
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -drop), ncols=columns, fontsize=9)


# What was measured


def daily_use(daily_use: pd.DataFrame, device: str = HOUSEHOLD, ax: Axes | None = None) -> Axes:
    """Draw each day's energy [kWh] and its mean over seven days; a day that is not fully known has no bar."""
    ax = style.axes_or_new(ax)
    kwh = daily_use[daily_use["device_id"] == device].set_index("day")["kwh"].sort_index().asfreq("D")
    if len(kwh) <= 200:
        ax.bar(kwh.index, kwh, width=0.85, color=ACCENT, alpha=0.35, linewidth=0)
    smooth = kwh.rolling(7, min_periods=4).mean()
    ax.plot(smooth.index, smooth, color=ACCENT, linewidth=1.8)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("kWh a day")
    style.date_axis(ax, len(kwh))
    known = kwh.dropna()
    return describe(
        ax,
        f"Daily energy of {device} over {len(kwh)} days, {len(known)} of them fully known: "
        f"mean {fmt.kwh(known.mean())}, from {fmt.kwh(known.min())} to {fmt.kwh(known.max())}.",
    )


def heat_map(profile: pd.DataFrame, device: str = HOUSEHOLD, ax: Axes | None = None) -> Axes:
    """Draw the mean energy of each local hour of the week [kWh]."""
    import seaborn

    ax = style.axes_or_new(ax)
    rows = profile[profile["device_id"] == device]
    grid = rows.pivot(index="weekday", columns="hour", values="kwh").reindex(index=range(7), columns=range(24))
    bar = {"label": "kWh in the hour", "shrink": 0.8} if not is_narrow(ax) else None
    seaborn.heatmap(grid, ax=ax, cmap="cividis", vmin=0, cbar=bar is not None, cbar_kws=bar, linewidths=0.3)
    ax.set_yticks(np.arange(7) + 0.5, style.WEEKDAYS, rotation=0)
    step = 6 if is_narrow(ax) else 3
    ax.set_xticks(np.arange(0, 24, step), [fmt.clock(hour) for hour in range(0, 24, step)], rotation=0)
    ax.set(xlabel="local hour", ylabel="")
    top = rows.loc[rows["kwh"].idxmax()]
    where = f"{style.WEEKDAYS[int(top['weekday'])]} {fmt.clock(int(top['hour']))}"
    return describe(
        ax, f"Mean energy of {device} by weekday and hour; the highest is {where} with {fmt.kwh(top['kwh'])}."
    )


def load_curve(profile: pd.DataFrame, device: str = HOUSEHOLD, ax: Axes | None = None) -> Axes:
    """Draw the mean energy by local hour [kWh], Monday to Friday and weekend."""
    ax = style.axes_or_new(ax)
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
    return describe(ax, f"Mean energy of {device} by hour of the day. {tops}.")


def breakdown(breakdown: pd.DataFrame, devices: Iterable[str] = (), ax: Axes | None = None) -> Axes:
    """Draw each device's energy a day [kWh], largest first, with its estimated standby as a hatched bar below."""
    ax = style.axes_or_new(ax)
    rows = breakdown.iloc[:12][::-1]
    hues = style.colours([*devices, *breakdown["device_id"]])
    place = _rows(ax, rows["device_id"])
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
    return describe(ax, f"Share of each device in the energy of the home: {shares}.")


# Features and models


def relations(relations: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw each feature's rank correlation with the energy, one hour and one week ahead, as means over the devices."""
    ax = style.axes_or_new(ax)
    mean = relations.groupby("feature", sort=False)[["one_hour_ahead", "one_week_ahead"]].agg(lambda r: r.abs().mean())
    mean = mean.dropna(how="all").sort_values("one_hour_ahead", na_position="first")
    place = _rows(ax, mean.index, 18)
    ax.hlines(place, mean.min(axis=1), mean.max(axis=1), color="#808080", linewidth=1)
    ax.plot(mean["one_hour_ahead"], place, "o", color=SERIES[1], label="one hour ahead")
    ax.plot(mean["one_week_ahead"], place, "D", color=ACCENT, label="a week ahead")
    ax.set(xlim=(0, 1), xlabel="strength of the relation to the energy (0 none, 1 perfect)")
    ax.legend(loc="lower right")
    strongest = ", ".join(
        f"{name} {fmt.number(row.one_hour_ahead, 2)} and {fmt.number(row.one_week_ahead, 2)}"
        for name, row in mean.iloc[::-1].iloc[:3].iterrows()
    )
    return describe(ax, f"Rank correlation of each feature with the energy, one hour and one week ahead: {strongest}.")


def importance(importance: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw by how much the error grows when a feature is shuffled, each device's importances made to sum to one."""
    ax = style.axes_or_new(ax)
    size = importance.assign(importance=importance["importance"].clip(lower=0))
    total = size.groupby("device_id")["importance"].transform("sum")
    size["share"] = (size["importance"] / total.where(total > 0)).fillna(0)
    mean = size.groupby("feature")["share"].mean().sort_values().iloc[-12:]
    ax.barh(_rows(ax, mean.index, 18), mean, color=ACCENT, height=0.6)
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xlabel("share of the importance, mean over devices")
    largest = ", ".join(f"{name} {fmt.percent(share)}" for name, share in mean.iloc[::-1].iloc[:4].items())
    return describe(ax, f"Permutation importance of the features a week ahead: {largest}.")


def scores(scores: pd.DataFrame, metric: str = "scaled_pinball", ax: Axes | None = None) -> Axes:
    """Draw a metric of every model for each device; the farther left, the better.

    Where a device and model have several rows, such as one a fold, their mean is drawn with its standard error.
    """
    ax = style.axes_or_new(ax)
    groups = scores.groupby(["device_id", "model"])[metric]
    mean, error = groups.mean().unstack().dropna(how="all"), groups.sem().unstack()
    if mean.empty:
        return style.empty(ax, "Nothing was used on the past weeks, so no model lost anything.")
    mean = mean.sort_values("climatology", ascending=False) if "climatology" in mean else mean
    place = _rows(ax, mean.index)
    ax.hlines(place, mean.min(axis=1), mean.max(axis=1), color="#808080", linewidth=1)
    for model in mean:
        mark, hue = MODEL_MARKS.get(str(model), ("d", SERIES[3]))
        ax.plot(mean[model], place, mark, color=hue, label=str(model), markersize=7)
        around = error[model].reindex(mean.index)
        if around.notna().any():
            ax.errorbar(mean[model], place, xerr=around, fmt="none", ecolor=hue, elinewidth=1.3, capsize=2.5)
    ax.set_xlim(left=0)
    is_loss = metric == "scaled_pinball"
    ax.set_xlabel("loss over that of last week's change (left is better)" if is_loss else metric)
    _legend_below(ax, 4, narrow=1)
    means = ", ".join(f"{name} {fmt.number(value)}" for name, value in mean.mean().items())
    what = "Scaled pinball loss" if is_loss else metric
    return describe(ax, f"{what} of each model by device; means over the devices: {means}.")


def residuals(
    past_forecasts: pd.DataFrame, device: str = HOUSEHOLD, timezone: str = "UTC", ax: Axes | None = None
) -> Axes:
    """Draw observed minus predicted energy [kWh] by local hour: the mean, and the band that holds eight in ten."""
    ax = style.axes_or_new(ax)
    rows = past_forecasts[past_forecasts["device_id"] == device].dropna(subset=["observed", "energy_kwh"])
    if rows.empty:
        return style.empty(ax, f"No past hour of {device} was forecast and measured.")
    hour = local(pd.DatetimeIndex(rows["timestamp"]), timezone).hour
    by_hour = (rows["observed"] - rows["energy_kwh"]).groupby(hour)
    low, mean, high = by_hour.quantile(0.1), by_hour.mean(), by_hour.quantile(0.9)
    ax.fill_between(mean.index, low, high, step="post", color=ACCENT, alpha=0.25, linewidth=0, label="8 in 10")
    ax.step(mean.index, mean, where="post", color=ACCENT, linewidth=1.6, label="mean")
    ax.axhline(0, color=INK, linewidth=1, linestyle=":")
    style.clock_axis(ax)
    ax.set_ylabel("observed minus predicted, kWh")
    ax.legend(loc="upper left")
    worst = mean.abs().idxmax()
    return describe(
        ax,
        f"Residuals of {device} in {len(rows)} hours by hour of the day; the mean is farthest from zero at "
        f"{fmt.clock(int(worst))}, {fmt.kwh(float(mean[worst]))}.",
    )


def calibration(calibration: pd.DataFrame, together: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw found shares of hours over the promised ones: of each device, of all together, and of the household.

    Bars hold the true share 19 times in 20, as the past forecasts differ. Devices that are mostly off, and quantiles
    of which too few hours tell, are left out.
    """
    ax = style.axes_or_new(ax)
    known = calibration[calibration["empirical"].notna()]
    is_household = known["device_id"] == HOUSEHOLD
    household, devices = known[is_household], known[~known["mostly_off"] & ~is_household]
    if devices.empty and household.empty:
        return style.empty(ax, "Too few hours tell whether any band holds what it promises.")
    ax.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":")
    ax.annotate("as promised", (0.3, 0.3), xytext=(6, -4), textcoords="offset points", fontsize=9, va="top")
    ax.plot(devices["nominal"], devices["empirical"], ".", color=GREY, markersize=7, label="a device")
    groups = {"household": (household, 0.012, "o", ACCENT)}
    if len(devices):
        groups["all devices together"] = (together[together["empirical"].notna()], -0.012, "D", SERIES[4])
    for name, (rows, aside, mark, hue) in groups.items():
        ax.plot(rows["nominal"] + aside, rows["empirical"], mark, color=hue, markersize=6, label=name)
        half = half_width(rows["empirical_se"], rows["folds"])
        _share_bars(ax, rows["nominal"] + aside, rows["empirical"], half, hue)
    ax.set_xticks(list(NOMINAL.values()), [f"{name}\n{fmt.percent(share)}" for name, share in NOMINAL.items()])
    ax.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="promised share of hours", ylabel="found share of hours")
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.legend(loc="lower right", fontsize=9)
    words = [f"{name}: {_shares(rows)}" for name, (rows, *_) in groups.items() if len(rows)]
    return describe(ax, f"Share of past hours found at or below each quantile and in the band. {'; '.join(words)}.")


def coverage(calibration: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw for each device the share of hours found at or below p10, p50 and p90; bars as in `calibration`.

    Dotted lines are the promised shares. A device that is mostly off has hollow marks, as its few hours tell little.
    """
    ax = style.axes_or_new(ax)
    known = calibration[calibration["empirical"].notna() & calibration["quantile"].isin(list(_QUANTILE_MARKS))]
    off = calibration.groupby("device_id", sort=False)["off"].first().sort_values(ascending=False, kind="stable")
    for name, (mark, hue) in _QUANTILE_MARKS.items():
        rows = known[known["quantile"] == name]
        place = rows["device_id"].map(list(off.index).index)
        faces = ["none" if is_off else hue for is_off in rows["mostly_off"]]
        ax.axvline(NOMINAL[name], color=hue, linewidth=1, linestyle=":")
        ax.scatter(rows["empirical"], place, marker=mark, facecolors=faces, edgecolors=hue, s=36, label=name)
        _share_bars(ax, rows["empirical"], place, half_width(rows["empirical_se"], rows["folds"]), hue, upright=False)
    for at, share in zip(_rows(ax, off.index), off, strict=True):
        if share >= 0.5 and not is_narrow(ax):
            words = f"off {fmt.percent(share)} of the time"
            ax.annotate(words, (1.02, at), va="center", fontsize=8, annotation_clip=False)
    ax.set(xlim=(0, 1.01), xlabel="found share of hours (dotted: promised)")
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    _legend_below(ax, 3)
    lines = [f"{device} {_shares(rows)}" for device, rows in known.groupby("device_id", sort=False)]
    return describe(ax, f"Share of past hours found at or below each quantile: {'; '.join(lines) or fmt.NOT_KNOWN}.")


def _share_bars(ax: Axes, x: pd.Series, y: pd.Series, half: pd.Series, colour: str, upright: bool = True) -> None:
    """Draw bars around shares, where their half widths are known; a share is 0 to 1, and so are its bars."""
    known = half.notna().to_numpy()
    if known.any():
        share = (y if upright else x)[known]
        ends = np.minimum([half[known], half[known]], [share, 1 - share])
        across, along = (None, ends) if upright else (ends, None)
        ax.errorbar(x[known], y[known], along, across, fmt="none", ecolor=colour, elinewidth=1.3, capsize=2.5)


def _shares(rows: pd.DataFrame) -> str:
    return ", ".join(f"{row.quantile} {fmt.percent(row.empirical)}" for row in rows.itertuples())


def days_ahead(days: pd.DataFrame, model: str, device: str = HOUSEHOLD, ax: Axes | None = None) -> Axes:
    """Draw the loss of each day ahead [kWh in the hour], of a device's `model` and of climatology.

    Bars hold the true difference between the two 19 times in 20, as the past forecasts differ.
    """
    ax = style.axes_or_new(ax)
    rows = days[days["device_id"] == device]
    if rows.empty:
        return style.empty(ax, f"No past day of {device} could be forecast and compared.")
    name, (mark, hue) = model, MODEL_MARKS.get(model, ("d", SERIES[3]))
    ax.plot(rows["day"], rows["loss"], mark, linestyle="-", color=hue, label=name, linewidth=1.4)
    if model != BASELINE:
        half = half_width(rows["skill_se"], rows["folds"]) * rows["baseline_loss"]
        ax.errorbar(rows["day"], rows["loss"], half, fmt="none", ecolor=hue, elinewidth=1.3, capsize=2.5)
        mark, hue = MODEL_MARKS[BASELINE]
        ax.plot(rows["day"], rows["baseline_loss"], mark, linestyle="--", color=hue, label=BASELINE, linewidth=1.4)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(bottom=0)
    ax.set(xlabel="day of the forecast", ylabel="loss, kWh in the hour")
    ax.legend(loc="lower left", ncols=1 if is_narrow(ax) else 2)
    losses = "; ".join(
        f"day {row.day} {fmt.kwh(row.loss)} against {fmt.kwh(row.baseline_loss)}" for row in rows.itertuples()
    )
    return describe(ax, f"Pinball loss of {device} by day of the forecast, {name} against climatology: {losses}.")


# The coming week


def forecast(
    forecast: pd.DataFrame,
    device: str = HOUSEHOLD,
    timezone: str = "UTC",
    devices: Iterable[str] = (),
    ax: Axes | None = None,
) -> Axes:
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
    ax = style.axes_or_new(ax)
    rows = forecast[forecast["device_id"] == device]
    wall = style.band(ax, rows, timezone, style.colours([*devices, *forecast["device_id"].unique()])[device])
    style.week_axis(ax, wall)
    ax.legend(loc="upper left", ncols=2, fontsize=9)
    top = int(rows["energy_kwh"].to_numpy().argmax())
    return describe(
        ax,
        f"{device}: {fmt.kwh(rows['energy_kwh'].sum())} expected over {len(rows)} hours; the highest hour is "
        f"{fmt.day(wall[top])} {fmt.clock(wall[top].hour)} with {fmt.kwh(rows['energy_kwh'].iloc[top])}.",
    )


def days(daily: pd.DataFrame, device: str = HOUSEHOLD, ax: Axes | None = None) -> Axes:
    """Draw each coming day's energy [kWh] with the range that holds eight in ten; parts of days are left out."""
    ax = style.axes_or_new(ax)
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
    return describe(ax, f"Expected energy of {device} on each coming day, with its range: {totals}.")


def next_day(
    forecast: pd.DataFrame,
    price: np.ndarray | None = None,
    timezone: str = "UTC",
    currency: str = "",
    devices: Iterable[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw the next 24 hours by device, stacked [kWh], the smallest ones together, and the price as a line above."""
    ax = style.axes_or_new(ax)
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
    _legend_below(ax, 3, narrow=2, drop=0.17)
    largest = ", ".join(f"{name} {fmt.kwh(wide[name].sum())}" for name in order[:4])
    return describe(ax, f"The next 24 hours by device, {fmt.kwh(base.sum())} in all: {largest}.")


def _price_line(ax: Axes, price: np.ndarray, currency: str) -> None:
    """Draw a price that changes as a line with an axis on the right."""
    known = price[np.isfinite(price)]
    if len(known) and np.ptp(known) > 0:
        right = ax.twinx()
        right.step(np.arange(len(price) + 1), np.append(price, price[-1]), where="post", color=INK)
        right.set_ylim(1.3 * min(0.0, float(known.min())), 1.3 * max(0.0, float(known.max())))
        right.set_ylabel(f"price, line [{currency}/kWh]")


def plan(
    plan: pd.DataFrame,
    steps: pd.DataFrame,
    timezone: str = "UTC",
    currency: str = "",
    devices: Iterable[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw when each device should run, a row a device, and the price behind it, the darker the dearer.

    Parameters
    ----------
    plan, steps : DataFrame
        The frames `plan` and `plan_steps`.
    timezone, devices, ax
        As in :func:`forecast`.
    currency : str
        Of the prices.
    """
    ax = style.axes_or_new(ax)
    wall = local(pd.DatetimeIndex(steps["timestamp"]), timezone)
    length = wall[1] - wall[0]
    names = sorted(plan["device_id"].unique(), reverse=True)
    hues = style.colours([*devices, *names])
    price = steps["price"].to_numpy()
    _shade_prices(ax, wall, price, length)
    for row, name in enumerate(names):
        runs = plan[plan["device_id"] == name]
        blocks = [(date2num(start), date2num(end) - date2num(start)) for start, end in _blocks(runs, timezone, length)]
        ax.broken_barh(blocks, (row - 0.32, 0.64), facecolors=hues[name], linewidth=0)
    style.week_axis(ax, wall, nights=False)
    _rows(ax, names)
    ax.set(xlim=(wall[0], wall[-1] + length), ylim=(-0.6, len(names) - 0.4), ylabel="")
    unit = f"{fmt.unit_of_money(currency)}/kWh"
    span = f"{price.min():.3g} to {price.max():.3g} {unit}"
    words = f"grey: price, {span}" if is_narrow(ax) else f"local time; the darker the grey, the dearer the hour: {span}"
    ax.set_xlabel(words if np.ptp(price) else f"local time; the price is {price[0]:.3g} {unit} throughout")
    energy = ", ".join(f"{name} {fmt.kwh(plan.loc[plan['device_id'] == name, 'kwh'].sum())}" for name in names[::-1])
    when = f"from {fmt.day(wall[0])} to {fmt.day(wall[-1])}"
    return describe(ax, f"When each flexible device should run {when}, a row a device, over the price: {energy}.")


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


# Past forecasts


def past_week(
    past_forecasts: pd.DataFrame,
    device: str = HOUSEHOLD,
    model: str | None = None,
    timezone: str = "UTC",
    ax: Axes | None = None,
) -> Axes:
    """Draw the last past week as it was forecast at its beginning, by any model or one, and what happened [kWh]."""
    ax = style.axes_or_new(ax)
    rows = past_forecasts[past_forecasts["device_id"] == device]
    rows = rows if model is None else rows[rows["model"] == model]
    if rows.empty:
        return style.empty(ax, f"No past week of {device} could be forecast and compared.")
    rows = rows[rows["origin"] == rows["origin"].max()]
    wall = style.band(ax, rows, timezone, ACCENT)
    ax.plot(wall, rows["observed"], ".", color=INK, markersize=4, label="what happened")
    style.week_axis(ax, wall)
    ax.legend(loc="upper left", ncols=3, fontsize=9)
    inside = float(rows["observed"].between(rows["p10"], rows["p90"]).mean())
    return describe(
        ax,
        f"{device}: the past week as forecast beforehand, {fmt.kwh(rows['energy_kwh'].sum())} expected, "
        f"{fmt.kwh(rows['observed'].sum())} measured; {fmt.percent(inside)} of the hours lie inside the band.",
    )


def daily_errors(days: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw by how much the newest forecast missed the energy of each device and day: predicted minus observed [kWh].

    The colour is the error over the device's mean day; a day of which too little was measured stays blank.
    """
    import seaborn

    ax = style.axes_or_new(ax)
    rows = days[days["origin"] == days["origin"].max()]
    rows = rows.assign(error=(rows["predicted"] - rows["observed"]).where(rows["absolute_error"].notna()))
    kwh = rows.pivot(index="device_id", columns="day", values="error")
    usual = rows.groupby("device_id")["observed"].mean().sort_values(ascending=False)
    share = kwh.div(usual.where(usual > 0), axis=0).where(kwh != 0, 0.0).loc[usual.index]
    bar = None if is_narrow(ax) else {"label": "error over the mean day", "format": PercentFormatter(1)}
    seaborn.heatmap(
        share, ax=ax, cmap="PuOr_r", vmin=-1, vmax=1, annot=kwh.loc[usual.index].map(_signed), fmt="", linewidths=0.5,
        cbar=bar is not None, cbar_kws=bar, annot_kws={"fontsize": 7 if is_narrow(ax) else 9}, xticklabels=False,
        yticklabels=False,
    )  # fmt: skip
    ax.set_xticks(np.arange(len(share.columns)) + 0.5, [str(day) for day in share])
    ax.set_yticks(np.arange(len(usual)) + 0.5, [style.short(name, ax) for name in usual.index], rotation=0)
    ax.set(xlabel="day of the forecast (in the cells: predicted minus observed, kWh)", ylabel="")
    top = kwh.abs().max(axis=1).reindex(usual.index).dropna()
    largest = ", ".join(f"{name} {fmt.kwh(value)}" for name, value in top.iloc[:5].items())
    return describe(
        ax, f"Daily energy, predicted minus observed, by device and day; the largest errors: {largest or 'none'}."
    )


def _signed(kwh: float) -> str:
    """Return a difference as it stands in a cell: two digits, no finer than a watt-hour."""
    if not np.isfinite(kwh):
        return ""
    value = round(kwh, 3)
    return f"{'+' if value > 0 else ''}{fmt.number(value, 1 if abs(value) < 0.01 else 2)}"


def weekly_errors(
    weekly: pd.DataFrame, drift: pd.DataFrame, devices: Iterable[str] = (), ax: Axes | None = None
) -> Axes:
    """Draw the mean error of each past week [kWh in the hour] of the device whose forecast worsens most clearly.

    A break is marked where it is clear; where no device has one, the household is drawn.
    """
    from influx.insights.drift import is_worse

    ax = style.axes_or_new(ax)
    worse = drift[is_worse(drift)].sort_values(["error_p", "error_change"], ascending=[True, False])
    device = HOUSEHOLD if worse.empty else str(worse["device_id"].iloc[0])
    errors = weekly[weekly["device_id"] == device].set_index("week")["error"]
    if errors.empty:
        return style.empty(ax, f"No past week of {device} could be judged.")
    place = np.arange(len(errors))
    ax.bar(place, errors, width=0.62, color=style.colours([*devices, *drift["device_id"]])[device], alpha=0.6)
    step = 3 if is_narrow(ax) else 1
    ax.set_xticks(place[::step], [f"{day.day} {day:%b}" for day in errors.index[::step]])
    ax.set(xlabel=f"{style.short(device, ax)}, week from", ylabel="mean error, kWh in the hour")
    words = f"Mean error of {device} in {len(errors)} past weeks: {fmt.kwh(errors.mean())} in the hour"
    if len(worse):
        row = worse.iloc[0]
        at = errors.index.get_loc(row["error_since"]) - 0.5
        ax.hlines(row[["error_before", "error_now"]], [-0.5, at], [at, len(errors) - 0.5], color=INK, linewidth=1.2)
        ax.axvline(at, color=INK, linewidth=1, linestyle=":")
        words += f"; {fmt.kwh(row['error_before'])} before {fmt.day(row['error_since'])}, "
        words += f"{fmt.kwh(row['error_now'])} since"
    return describe(ax, f"{words}.")
