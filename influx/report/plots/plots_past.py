"""Figures of past forecasts: whether they kept their promises, how errors grow with the days ahead, where they missed.

Each function draws one frame on one Axes and says in words what it shows, as those of `influx.report.plots.plots` do.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD, NAMES
from influx.forecasting.evaluation.calibration import ANCHOR, PROMISES, half_width
from influx.insights.drift import is_worse
from influx.report.plots import axes
from influx.report.plots.figures import INK, SERIES, describe, is_narrow

QUANTILES = ("p10", "p50", "p90")
_MARKS = {"p10": ("v", SERIES[5]), "p50": ("o", axes.ACCENT), "p90": ("^", SERIES[4])}


def plot_reliability(promises: pd.DataFrame, together: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw found shares of hours over the promised ones: of each device, of all together, and of the household.

    Bars hold the true share 19 times in 20, as the past forecasts differ. Devices that are mostly off, and promises
    of which too few hours tell, are left out.
    """
    ax = axes.own_axes(ax)
    told = promises[promises["found"].notna()]
    household = told[told["device_id"] == HOUSEHOLD]
    each = told[~told["mostly_off"] & (told["device_id"] != HOUSEHOLD)]
    if each.empty and household.empty:
        return axes.say(ax, "Too few hours tell whether any promise was kept.")
    ax.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":")
    ax.annotate("as promised", (0.3, 0.3), xytext=(6, -4), textcoords="offset points", fontsize=9, va="top")
    ax.plot(each["promised"], each["found"], ".", color=axes.GREY, markersize=7, label="a device")
    groups = {"household": (household, 0.012, "o", axes.ACCENT)}
    if len(each):
        groups["all devices together"] = (together[together["found"].notna()], -0.012, "D", SERIES[4])
    for name, (rows, aside, mark, hue) in groups.items():
        ax.plot(rows["promised"] + aside, rows["found"], mark, color=hue, markersize=6, label=name)
        _bars(ax, rows["promised"] + aside, rows["found"], half_width(rows["found_se"], rows["folds"]), hue)
    ax.set_xticks(list(PROMISES.values()), [f"{name}\n{fmt.percent(share)}" for name, share in PROMISES.items()])
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xlabel("promised share of hours")
    ax.set_ylabel("found share of hours")
    ax.legend(loc="lower right", fontsize=9)
    words = [f"{name}: {_shares(rows)}" for name, (rows, *_) in groups.items() if len(rows)]
    return describe(ax, f"Share of past hours found at or below each quantile and in the band. {'; '.join(words)}.")


def plot_promises(promises: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw for each device the share of hours found at or below p10, p50 and p90; bars as above.

    Dotted lines are the promises. A device that is mostly off has hollow marks, as its few hours tell little.
    """
    ax = axes.own_axes(ax)
    told = promises[promises["found"].notna() & promises["promise"].isin(QUANTILES)]
    devices = list(promises.drop_duplicates("device_id").sort_values("off", ascending=False)["device_id"])
    for name in QUANTILES:
        rows, (mark, hue) = told[told["promise"] == name], _MARKS[name]
        place = rows["device_id"].map(devices.index)
        faces = ["none" if off else hue for off in rows["mostly_off"]]
        ax.axvline(PROMISES[name], color=hue, linewidth=1, linestyle=":")
        ax.scatter(rows["found"], place, marker=mark, facecolors=faces, edgecolors=hue, s=36, label=name)
        _bars(ax, rows["found"], place, half_width(rows["found_se"], rows["folds"]), hue, upright=False)
    off = promises.groupby("device_id")["off"].first()
    for at, device in enumerate(devices):
        if off[device] >= 0.5 and not is_narrow(ax):
            words = f"off {fmt.percent(off[device])} of the time"
            ax.annotate(words, (1.02, at), va="center", fontsize=8, annotation_clip=False)
    ax.set_yticks(range(len(devices)), [axes.short(device, ax) for device in devices])
    ax.set_xlim(0, 1.01)
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xlabel("found share of hours (dotted: promised)")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)
    lines = [f"{device} {_shares(rows)}" for device, rows in told.groupby("device_id", sort=False)]
    return describe(ax, f"Share of past hours found at or below each quantile: {'; '.join(lines) or fmt.NOT_KNOWN}.")


def _bars(ax: Axes, x: pd.Series, y: pd.Series, half: pd.Series, colour: str, upright: bool = True) -> None:
    """Draw bars around shares, where their half widths are known; a share is 0 to 1, and so are its bars."""
    known = half.notna().to_numpy()
    if known.any():
        share = (y if upright else x)[known]
        ends = np.minimum([half[known], half[known]], [share, 1 - share])
        across, along = (None, ends) if upright else (ends, None)
        ax.errorbar(x[known], y[known], along, across, fmt="none", ecolor=colour, elinewidth=1.3, capsize=2.5)


def _shares(rows: pd.DataFrame) -> str:
    return ", ".join(f"{row.promise} {fmt.percent(row.found)}" for row in rows.itertuples())


def plot_days_ahead(days: pd.DataFrame, model: str, device_id: str = HOUSEHOLD, ax: Axes | None = None) -> Axes:
    """Draw the loss of each day ahead [kWh in the hour], of a device's `model` and of climatology.

    Bars hold the true difference between the two 19 times in 20, as the past forecasts differ.
    """
    ax = axes.own_axes(ax)
    rows = days[days["device_id"] == device_id]
    if rows.empty:
        return axes.say(ax, f"No past day of {device_id} could be forecast and compared.")
    name, (mark, hue) = NAMES.get(model, model), axes.MODEL_MARKS.get(model, ("d", SERIES[3]))
    ax.plot(rows["day"], rows["loss"], mark, linestyle="-", color=hue, label=name, linewidth=1.4)
    if model != ANCHOR:
        half = half_width(rows["lead_se"], rows["folds"]) * rows["anchor_loss"]
        ax.errorbar(rows["day"], rows["loss"], half, fmt="none", ecolor=hue, elinewidth=1.3, capsize=2.5)
        mark, hue = axes.MODEL_MARKS[ANCHOR]
        ax.plot(rows["day"], rows["anchor_loss"], mark, linestyle="--", color=hue, label=NAMES[ANCHOR], linewidth=1.4)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(bottom=0)
    ax.set_xlabel("day of the forecast")
    ax.set_ylabel("loss, kWh in the hour")
    ax.legend(loc="lower left", ncols=1 if is_narrow(ax) else 2)
    told = "; ".join(
        f"day {row.day} {fmt.kwh(row.loss)} against {fmt.kwh(row.anchor_loss)}" for row in rows.itertuples()
    )
    return describe(ax, f"Pinball loss of {device_id} by day of the forecast, {name} against climatology: {told}.")


def plot_daily_misses(days: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw by how much the newest forecast missed the energy of each device and day: said minus was [kWh].

    The colour is the miss over the device's mean day; a day of which too little was measured stays blank.
    """
    import seaborn

    ax = axes.own_axes(ax)
    rows = days[days["origin"] == days["origin"].max()]
    rows = rows.assign(miss=(rows["said"] - rows["was"]).where(rows["off_by"].notna()))
    kwh = rows.pivot(index="device_id", columns="day", values="miss")
    usual = rows.groupby("device_id")["was"].mean()
    order = usual.sort_values(ascending=False).index
    share = kwh.div(usual.where(usual > 0), axis=0).where(kwh != 0, 0.0).loc[order]
    bar = None if is_narrow(ax) else {"label": "said minus was, over the mean day", "format": PercentFormatter(1)}
    words = kwh.loc[order].map(_signed)
    seaborn.heatmap(
        share, ax=ax, cmap="PuOr_r", vmin=-1, vmax=1, annot=words, fmt="", linewidths=0.5, cbar=bar is not None,
        cbar_kws=bar, annot_kws={"fontsize": 7 if is_narrow(ax) else 9}, xticklabels=False, yticklabels=False,
    )  # fmt: skip
    ax.set_xticks(np.arange(len(share.columns)) + 0.5, [str(day) for day in share])
    ax.set_yticks(np.arange(len(order)) + 0.5, [axes.short(name, ax) for name in order], rotation=0)
    ax.set_xlabel("day of the forecast (in the cells: said minus was, kWh)")
    ax.set_ylabel("")
    top = kwh.abs().max(axis=1).reindex(order).dropna()
    told = ", ".join(f"{name} {fmt.kwh(value)}" for name, value in top.iloc[:5].items())
    return describe(
        ax, f"Daily energy said minus what it was, by device and day; the largest misses: {told or 'none'}."
    )


def _signed(kwh: float) -> str:
    """Return a difference as it stands in a cell: two digits, no finer than a watt-hour."""
    if not np.isfinite(kwh):
        return ""
    told = round(kwh, 3)
    return f"{'+' if told > 0 else ''}{fmt.number(told, 1 if abs(told) < 0.01 else 2)}"


def plot_weekly_errors(
    weekly: pd.DataFrame, changes: pd.DataFrame, devices: Iterable[str] = (), ax: Axes | None = None
) -> Axes:
    """Draw the mean error of each past week [kWh in the hour] of the device whose forecast worsens most clearly.

    A break is marked where it is clear; where no device has one, the household is drawn. `devices` are all of the
    home's, so that each keeps its colour.
    """
    ax = axes.own_axes(ax)
    worse = changes[is_worse(changes)].sort_values(["error_p", "error_change"], ascending=[True, False])
    device_id = HOUSEHOLD if worse.empty else str(worse["device_id"].iloc[0])
    errors = weekly[weekly["device_id"] == device_id].set_index("week")["error"]
    if errors.empty:
        return axes.say(ax, f"No past week of {device_id} could be judged.")
    place, hues = np.arange(len(errors)), axes.colours([*devices, *changes["device_id"]])
    ax.bar(place, errors, width=0.62, color=hues[device_id], alpha=0.6)
    step = 3 if is_narrow(ax) else 1
    ax.set_xticks(place[::step], [f"{day.day} {day:%b}" for day in errors.index[::step]])
    ax.set_xlabel(f"{axes.short(device_id, ax)}, week from")
    ax.set_ylabel("mean error, kWh in the hour")
    said = f"Mean error of {device_id} in {len(errors)} past weeks: {fmt.kwh(errors.mean())} in the hour"
    return describe(ax, f"{said}{'' if worse.empty else _mark_break(ax, errors, worse.iloc[0])}.")


def _mark_break(ax: Axes, errors: pd.Series, row: pd.Series) -> str:
    """Draw the mean errors on either side of a break, and return them in words."""
    at, means = errors.index.get_loc(row["error_since"]) - 0.5, [row["error_before"], row["error_now"]]
    ax.hlines(means, [-0.5, at], [at, len(errors) - 0.5], color=INK, linewidth=1.2)
    ax.axvline(at, color=INK, linewidth=1, linestyle=":")
    before, now = (fmt.kwh(mean) for mean in means)
    return f"; {before} before {fmt.day(row['error_since'])}, {now} since"
