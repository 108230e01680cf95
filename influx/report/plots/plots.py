"""Every figure of the report: each function draws one frame on one Axes and says in words what it shows.

Conventions hold across pages: the band is p10 to p90, the line the median, dots are what happened, nights are shaded,
clock times are local, and a device has the same colour everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD, NAMES
from influx.core.local_time import local
from influx.report.plots import axes
from influx.report.plots.figures import INK, SERIES, describe, is_narrow


def plot_daily_use(daily_use: pd.DataFrame, device_id: str = HOUSEHOLD, ax: Axes | None = None) -> Axes:
    """Draw each day's energy [kWh] and its mean over seven days; a day that is not fully known has no bar."""
    ax = axes.own_axes(ax)
    days = daily_use[daily_use["device_id"] == device_id].set_index("day")["kwh"].sort_index().asfreq("D")
    if len(days) <= 200:
        ax.bar(days.index, days, width=0.85, color=axes.ACCENT, alpha=0.35, linewidth=0)
    smooth = days.rolling(7, min_periods=4).mean()
    ax.plot(smooth.index, smooth, color=axes.ACCENT, linewidth=1.8)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("kWh a day")
    axes.date_axis(ax, len(days))
    known = days.dropna()
    return describe(
        ax,
        f"Daily energy of {device_id} over {len(days)} days, {len(known)} of them fully known: "
        f"mean {fmt.kwh(known.mean())}, from {fmt.kwh(known.min())} to {fmt.kwh(known.max())}.",
    )


def plot_heat_map(profile: pd.DataFrame, device_id: str = HOUSEHOLD, ax: Axes | None = None) -> Axes:
    """Draw the mean energy of each local hour of the week [kWh]."""
    import seaborn

    ax = axes.own_axes(ax)
    rows = profile[profile["device_id"] == device_id]
    grid = rows.pivot(index="weekday", columns="hour", values="kwh").reindex(index=range(7), columns=range(24))
    bar = {"label": "kWh in the hour", "shrink": 0.8} if not is_narrow(ax) else None
    seaborn.heatmap(grid, ax=ax, cmap="cividis", vmin=0, cbar=bar is not None, cbar_kws=bar, linewidths=0.3)
    ax.set_yticks(np.arange(7) + 0.5, axes.WEEKDAYS, rotation=0)
    step = 6 if is_narrow(ax) else 3
    ax.set_xticks(np.arange(0, 24, step), [fmt.clock(hour) for hour in range(0, 24, step)], rotation=0)
    ax.set_xlabel("local hour")
    ax.set_ylabel("")
    top = rows.loc[rows["kwh"].idxmax()]
    where = f"{axes.WEEKDAYS[int(top['weekday'])]} {fmt.clock(int(top['hour']))}"
    return describe(
        ax,
        f"Mean energy of {device_id} by weekday and hour; the highest is {where} with {fmt.kwh(top['kwh'])}.",
    )


def plot_load_curve(profile: pd.DataFrame, device_id: str = HOUSEHOLD, ax: Axes | None = None) -> Axes:
    """Draw the mean energy by local hour [kWh], Monday to Friday and weekend."""
    ax = axes.own_axes(ax)
    rows = profile[profile["device_id"] == device_id]
    kinds = rows["weekday"].ge(5).map({False: "Mon to Fri", True: "weekend"})
    curves = rows.groupby([kinds, "hour"])["kwh"].mean().unstack(0)
    for (name, curve), hue, style in zip(curves.items(), SERIES, ("-", "--"), strict=False):
        ax.step(curve.index, curve, where="post", color=hue, linestyle=style, linewidth=1.8, label=name)
    axes.clock_axis(ax)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("kWh in the hour")
    ax.legend(loc="upper left")
    tops = "; ".join(f"{name}: highest at {fmt.clock(int(curve.idxmax()))}" for name, curve in curves.items())
    return describe(ax, f"Mean energy of {device_id} by hour of the day. {tops}.")


def plot_breakdown(breakdown: pd.DataFrame, devices: Iterable[str] = (), ax: Axes | None = None) -> Axes:
    """Draw each device's energy a day [kWh], largest first, with its estimated standby as a hatched bar of its own.

    `devices` are all of the home's, so that each keeps its colour whatever the frame holds.
    """
    ax = axes.own_axes(ax)
    rows = breakdown.iloc[:12][::-1]
    hues = axes.colours([*devices, *breakdown["device_id"]])
    place = np.arange(len(rows))
    ax.barh(place, rows["kwh_per_day"], height=0.55, color=[hues[name] for name in rows["device_id"]])
    standby = rows["standby_kwh_per_day"].fillna(0)
    if standby.gt(0).any():
        ax.barh(place - 0.4, standby, height=0.2, facecolor="none", edgecolor=INK, hatch="//////", linewidth=0.5)
        ax.plot([], [], color=INK, linewidth=4, alpha=0.4, label="hatched: standby, estimated")
        ax.legend(loc="lower right", handlelength=0)
    for at, share, kwh in zip(place, rows["share"], rows["kwh_per_day"], strict=True):
        ax.annotate(fmt.percent(share), (kwh, at), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)
    ax.set_yticks(place, [axes.short(name, ax) for name in rows["device_id"]])
    ax.set_xlabel("kWh a day")
    ax.margins(x=0.12)
    told = ", ".join(f"{r.device_id} {fmt.percent(r.share)}" for r in breakdown.iloc[:5].itertuples())
    return describe(ax, f"Share of each device in the energy of the home: {told}.")


def plot_relations(relations: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw each feature's rank correlation with the energy, one hour and one week ahead, as means over the devices."""
    ax = axes.own_axes(ax)
    mean = relations.groupby("feature", sort=False)[["one_hour_ahead", "one_week_ahead"]].agg(lambda r: r.abs().mean())
    mean = mean.dropna(how="all").sort_values("one_hour_ahead", na_position="first")
    place = np.arange(len(mean))
    ax.hlines(place, mean.min(axis=1), mean.max(axis=1), color="#808080", linewidth=1)
    ax.plot(mean["one_hour_ahead"], place, "o", color=SERIES[1], label="one hour ahead")
    ax.plot(mean["one_week_ahead"], place, "D", color=axes.ACCENT, label="a week ahead")
    ax.set_yticks(place, [axes.short(name, ax, 18) for name in mean.index])
    ax.set_xlim(0, 1)
    ax.set_xlabel("strength of the relation to the energy (0 none, 1 perfect)")
    ax.legend(loc="lower right")
    top = mean.iloc[::-1].iloc[:3]
    told = ", ".join(
        f"{name} {fmt.number(row.one_hour_ahead, 2)} and {fmt.number(row.one_week_ahead, 2)}"
        for name, row in top.iterrows()
    )
    return describe(ax, f"Rank correlation of each feature with the energy, one hour and one week ahead: {told}.")


def plot_contest(metrics: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw every candidate's scaled pinball loss for each device; the farther left, the better."""
    ax = axes.own_axes(ax)
    wide = metrics.pivot(index="device_id", columns="model", values="scaled_pinball").dropna(how="all")
    wide = wide.sort_values("climatology", ascending=False) if "climatology" in wide else wide
    if wide.empty:
        return axes.say(ax, "Nothing was used on the past weeks, so no candidate lost anything.")
    place = np.arange(len(wide))
    ax.hlines(place, wide.min(axis=1), wide.max(axis=1), color="#808080", linewidth=1)
    for model in wide:
        mark, hue = axes.MODEL_MARKS.get(str(model), ("d", SERIES[3]))
        ax.plot(wide[model], place, mark, color=hue, label=NAMES.get(str(model), str(model)), markersize=7)
    ax.set_yticks(place, [axes.short(name, ax) for name in wide.index])
    ax.set_xlim(left=0)
    ax.set_xlabel("loss over that of last week's change (left is better)")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=1 if is_narrow(ax) else 4)
    told = ", ".join(f"{NAMES.get(str(name), name)} {fmt.number(value)}" for name, value in wide.mean().items())
    return describe(ax, f"Scaled pinball loss of each candidate by device; means over the devices: {told}.")


def plot_importance(importance: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw by how much the error grows when a feature is shuffled, each device's importances made to sum to one."""
    ax = axes.own_axes(ax)
    positive = importance.assign(importance=importance["importance"].clip(lower=0))
    total = positive.groupby("device_id")["importance"].transform("sum")
    positive["share"] = np.where(total > 0, positive["importance"] / total.where(total > 0, 1), 0)
    mean = positive.groupby("feature")["share"].mean().sort_values().iloc[-12:]
    ax.barh(np.arange(len(mean)), mean, color=axes.ACCENT, height=0.6)
    ax.set_yticks(np.arange(len(mean)), [axes.short(str(name), ax, 18) for name in mean.index])
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xlabel("share of the importance, mean over devices")
    told = ", ".join(f"{name} {fmt.percent(share)}" for name, share in mean.iloc[::-1].iloc[:4].items())
    return describe(ax, f"Permutation importance of the features a week ahead: {told}.")


def plot_past_week(
    past_forecasts: pd.DataFrame,
    device_id: str,
    model: str | None = None,
    timezone: str = "UTC",
    ax: Axes | None = None,
) -> Axes:
    """Draw the last past week as it was forecast at its beginning, by any model or one, and what happened [kWh]."""
    ax = axes.own_axes(ax)
    rows = past_forecasts[past_forecasts["device_id"] == device_id]
    rows = rows if model is None else rows[rows["model"] == model]
    if rows.empty:
        return axes.say(ax, f"No past week of {device_id} could be forecast and compared.")
    rows = rows[rows["origin"] == rows["origin"].max()]
    wall = axes.band(
        ax, rows, timezone, axes.colours([device_id])[device_id] if device_id == HOUSEHOLD else axes.ACCENT
    )
    ax.plot(wall, rows["observed"], ".", color=INK, markersize=4, label="what happened")
    axes.week_axis(ax, wall)
    ax.legend(loc="upper left", ncols=3, fontsize=9)
    inside = float(rows["observed"].between(rows["p10"], rows["p90"]).mean())
    return describe(
        ax,
        f"{device_id}: the past week as forecast beforehand, {fmt.kwh(rows['energy_kwh'].sum())} expected, "
        f"{fmt.kwh(rows['observed'].sum())} measured; {fmt.percent(inside)} of the hours lie inside the band.",
    )


def plot_forecast(
    forecast: pd.DataFrame,
    device_id: str = HOUSEHOLD,
    timezone: str = "UTC",
    devices: Iterable[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw a device's coming hours: the median as a line, p10 to p90 as a band [kWh]; `devices` as above."""
    ax = axes.own_axes(ax)
    rows = forecast[forecast["device_id"] == device_id]
    wall = axes.band(ax, rows, timezone, axes.colours([*devices, *forecast["device_id"].unique()])[device_id])
    axes.week_axis(ax, wall)
    ax.legend(loc="upper left", ncols=2, fontsize=9)
    top = rows.loc[rows["energy_kwh"].idxmax()]
    when = local(pd.DatetimeIndex([top["timestamp"]]), timezone)[0]
    return describe(
        ax,
        f"{device_id}: {fmt.kwh(rows['energy_kwh'].sum())} expected over {len(rows)} hours; the highest hour is "
        f"{fmt.day(when)} {fmt.clock(when.hour)} with {fmt.kwh(top['energy_kwh'])}.",
    )


def plot_days(daily: pd.DataFrame, device_id: str = HOUSEHOLD, ax: Axes | None = None) -> Axes:
    """Draw each coming day's energy [kWh] with the range that holds eight in ten."""
    ax = axes.own_axes(ax)
    rows = daily[daily["device_id"] == device_id]
    rows = rows[rows["hours"] >= 20] if (rows["hours"] >= 20).any() else rows
    place = np.arange(len(rows))
    ax.bar(place, rows["total"], width=0.62, color=axes.colours([device_id])[device_id], alpha=0.55)
    ranged = rows["p10"].notna().to_numpy()
    low, high = rows["total"] - rows["p10"], rows["p90"] - rows["total"]
    if ranged.any():
        around = np.array([low[ranged], high[ranged]])
        ax.errorbar(place[ranged], rows["total"][ranged], around, fmt="none", ecolor=INK, elinewidth=1.4, capsize=4)
    for at, total in zip(place, rows["total"], strict=True):
        ax.annotate(fmt.number(total), (at, 0), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=9)
    form = "%a %-d" if is_narrow(ax) else "%a %-d %b"
    ax.set_xticks(place, [day.strftime(form) for day in rows["day"]], rotation=45 if is_narrow(ax) else 0)
    ax.set_ylabel("kWh a day")
    ax.set_ylim(bottom=0)
    told = ", ".join(
        f"{fmt.day(row.day)} {fmt.kwh(row.total)} ({fmt.span(row.p10, row.p90)})" for row in rows.itertuples()
    )
    return describe(ax, f"Expected energy of {device_id} on each coming day, with its range: {told}.")


def plot_next_day(
    forecast: pd.DataFrame,
    price: np.ndarray | None = None,
    timezone: str = "UTC",
    unit: str = "",
    devices: Iterable[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw the next 24 hours by device, stacked [kWh], the smallest ones together, and the price as a line above."""
    ax = axes.own_axes(ax)
    hours = forecast["timestamp"].drop_duplicates().sort_values().iloc[:24]
    parts = forecast["device_id"] != HOUSEHOLD
    rows = forecast[(parts if parts.any() else ~parts) & forecast["timestamp"].isin(hours)]
    wide = rows.pivot(index="timestamp", columns="device_id", values="energy_kwh")
    order = wide.sum().sort_values(ascending=False).index
    most = 5 if len(order) > 6 else 6
    hues = axes.colours([*devices, *forecast["device_id"].unique()])
    place, base = np.arange(len(wide)), np.zeros(len(wide))
    for name in order[:most]:
        ax.bar(
            place, wide[name], bottom=base, width=0.85, color=hues[name], label=axes.short(name, ax, 18), align="edge"
        )
        base += wide[name].to_numpy()
    if len(order) > most:
        rest = wide[order[most:]].sum(axis=1).to_numpy()
        ax.bar(place, rest, bottom=base, width=0.85, color="#bbbbbb", label=f"{len(order) - most} more", align="edge")
        base = base + rest
    wall = local(pd.DatetimeIndex(wide.index), timezone)
    step = 6 if is_narrow(ax) else 3
    ax.set_xticks(place[::step], [f"{stamp:%H:%M}" for stamp in wall[::step]])
    ax.set_xlabel(f"local time, from {fmt.day(wall[0])}")
    ax.set_ylabel("kWh in the hour")
    paid = np.empty(0) if price is None else price[: len(wide)]
    known = paid[np.isfinite(paid)]
    if len(known) and np.ptp(known) > 0:
        other = ax.twinx()
        other.step(np.append(place, len(wide)), np.append(paid, paid[-1]), where="post", color=INK)
        other.set_ylim(1.3 * min(0.0, float(known.min())), 1.3 * max(0.0, float(known.max())))
        other.set_ylabel(f"price, line [{unit}/kWh]")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2 if is_narrow(ax) else 3, fontsize=9)
    return describe(
        ax,
        f"The next 24 hours by device, {fmt.kwh(base.sum())} in all: "
        + ", ".join(f"{name} {fmt.kwh(wide[name].sum())}" for name in order[:4])
        + ".",
    )
