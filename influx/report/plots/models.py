"""Plots of features, of models, and of past forecasts beside what was observed.

Error bars hold the true value 19 times in 20, as the past forecasts differ.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD
from influx.core.local_time import local
from influx.core.uncertainty import BASELINE, NOMINAL, half_width
from influx.report.plots import style
from influx.report.plots.style import ACCENT, GREY, INK, MODEL_MARKS, SERIES, is_narrow, legend_below, name_rows, plot

_QUANTILE_MARKS = {"p10": ("v", SERIES[5]), "p50": ("o", ACCENT), "p90": ("^", SERIES[4])}


@plot
def relations(relations: pd.DataFrame, *, ax: Axes) -> str:
    """Draw each feature's rank correlation with the energy, one hour and one week ahead, as means over the devices."""
    mean = relations.groupby("feature", sort=False)[["one_hour_ahead", "one_week_ahead"]].agg(lambda r: r.abs().mean())
    mean = mean.dropna(how="all").sort_values("one_hour_ahead", na_position="first")
    place = name_rows(ax, mean.index, 18)
    ax.hlines(place, mean.min(axis=1), mean.max(axis=1), color="#808080", linewidth=1)
    ax.plot(mean["one_hour_ahead"], place, "o", color=SERIES[1], label="one hour ahead")
    ax.plot(mean["one_week_ahead"], place, "D", color=ACCENT, label="a week ahead")
    ax.set(xlim=(0, 1), xlabel="strength of the relation to the energy (0 none, 1 perfect)")
    ax.legend(loc="lower right")
    strongest = ", ".join(
        f"{name} {fmt.number(row.one_hour_ahead, 2)} and {fmt.number(row.one_week_ahead, 2)}"
        for name, row in mean.iloc[::-1].iloc[:3].iterrows()
    )
    return f"Rank correlation of each feature with the energy, one hour and one week ahead: {strongest}."


@plot
def importance(importance: pd.DataFrame, *, ax: Axes) -> str:
    """Draw by how much the error grows when a feature is shuffled, each device's importances made to sum to one."""
    size = importance.assign(importance=importance["importance"].clip(lower=0))
    total = size.groupby("device_id")["importance"].transform("sum")
    size["share"] = (size["importance"] / total.where(total > 0)).fillna(0)
    mean = size.groupby("feature")["share"].mean().sort_values().iloc[-12:]
    ax.barh(name_rows(ax, mean.index, 18), mean, color=ACCENT, height=0.6)
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.set_xlabel("share of the importance, mean over devices")
    largest = ", ".join(f"{name} {fmt.percent(share)}" for name, share in mean.iloc[::-1].iloc[:4].items())
    return f"Permutation importance of the features a week ahead: {largest}."


@plot
def scores(scores: pd.DataFrame, metric: str = "scaled_pinball", *, ax: Axes) -> str:
    """Draw a metric of every model for each device; the farther left, the better.

    Where a device and model have several rows, such as one a fold, their mean is drawn with its standard error.
    """
    groups = scores.groupby(["device_id", "model"])[metric]
    mean, error = groups.mean().unstack().dropna(how="all"), groups.sem().unstack()
    if mean.empty:
        return style.empty(ax, "Nothing was used on the past weeks, so no model lost anything.")
    mean = mean.sort_values("climatology", ascending=False) if "climatology" in mean else mean
    place = name_rows(ax, mean.index)
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
    legend_below(ax, 4, narrow=1)
    means = ", ".join(f"{name} {fmt.number(value)}" for name, value in mean.mean().items())
    what = "Scaled pinball loss" if is_loss else metric
    return f"{what} of each model by device; means over the devices: {means}."


@plot
def residuals(past_forecasts: pd.DataFrame, device: str = HOUSEHOLD, timezone: str = "UTC", *, ax: Axes) -> str:
    """Draw observed minus predicted energy [kWh] by local hour: the mean, and the band that holds eight in ten."""
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
    return (
        f"Residuals of {device} in {len(rows)} hours by hour of the day; the mean is farthest from zero at "
        f"{fmt.clock(int(worst))}, {fmt.kwh(float(mean[worst]))}."
    )


@plot
def calibration(calibration: pd.DataFrame, together: pd.DataFrame, *, ax: Axes) -> str:
    """Draw empirical shares of hours over the nominal ones: of each device, of all together, and of the household.

    Bars hold the true share 19 times in 20, as the past forecasts differ. Devices that are mostly off, and quantiles
    of which too few hours tell, are left out.
    """
    known = calibration[calibration["empirical"].notna()]
    is_household = known["device_id"] == HOUSEHOLD
    household, devices = known[is_household], known[~known["mostly_off"] & ~is_household]
    if devices.empty and household.empty:
        return style.empty(ax, "Too few hours tell whether any band holds its nominal share.")
    ax.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":")
    ax.annotate("empirical = nominal", (0.3, 0.3), xytext=(6, -4), textcoords="offset points", fontsize=9, va="top")
    ax.plot(devices["nominal"], devices["empirical"], ".", color=GREY, markersize=7, label="a device")
    groups = {"household": (household, 0.012, "o", ACCENT)}
    if len(devices):
        groups["all devices together"] = (together[together["empirical"].notna()], -0.012, "D", SERIES[4])
    for name, (rows, aside, mark, hue) in groups.items():
        ax.plot(rows["nominal"] + aside, rows["empirical"], mark, color=hue, markersize=6, label=name)
        half = half_width(rows["empirical_se"], rows["folds"])
        _share_bars(ax, rows["nominal"] + aside, rows["empirical"], half, hue)
    ax.set_xticks(list(NOMINAL.values()), [f"{name}\n{fmt.percent(share)}" for name, share in NOMINAL.items()])
    ax.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="nominal share of hours", ylabel="empirical share of hours")
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.legend(loc="lower right", fontsize=9)
    words = [f"{name}: {_shares(rows)}" for name, (rows, *_) in groups.items() if len(rows)]
    return f"Share of past hours found at or below each quantile and in the band. {'; '.join(words)}."


@plot
def coverage(calibration: pd.DataFrame, *, ax: Axes) -> str:
    """Draw for each device the share of hours found at or below p10, p50 and p90; bars as in `calibration`.

    Dotted lines are the nominal shares. A device that is mostly off has hollow marks, as its few hours tell little.
    """
    known = calibration[calibration["empirical"].notna() & calibration["quantile"].isin(list(_QUANTILE_MARKS))]
    off = calibration.groupby("device_id", sort=False)["off"].first().sort_values(ascending=False, kind="stable")
    for name, (mark, hue) in _QUANTILE_MARKS.items():
        rows = known[known["quantile"] == name]
        place = rows["device_id"].map(list(off.index).index)
        faces = ["none" if is_off else hue for is_off in rows["mostly_off"]]
        ax.axvline(NOMINAL[name], color=hue, linewidth=1, linestyle=":")
        ax.scatter(rows["empirical"], place, marker=mark, facecolors=faces, edgecolors=hue, s=36, label=name)
        _share_bars(ax, rows["empirical"], place, half_width(rows["empirical_se"], rows["folds"]), hue, upright=False)
    for at, share in zip(name_rows(ax, off.index), off, strict=True):
        if share >= 0.5 and not is_narrow(ax):
            words = f"off {fmt.percent(share)} of the time"
            ax.annotate(words, (1.02, at), va="center", fontsize=8, annotation_clip=False)
    ax.set(xlim=(0, 1.01), xlabel="empirical share of hours (dotted: nominal)")
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    legend_below(ax, 3)
    lines = [f"{device} {_shares(rows)}" for device, rows in known.groupby("device_id", sort=False)]
    return f"Share of past hours found at or below each quantile: {'; '.join(lines) or fmt.NOT_KNOWN}."


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


@plot
def days_ahead(days: pd.DataFrame, model: str, device: str = HOUSEHOLD, *, ax: Axes) -> str:
    """Draw the loss of each day ahead [kWh in the hour], of a device's `model` and of climatology.

    Bars hold the true difference between the two 19 times in 20, as the past forecasts differ.
    """
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
    return f"Pinball loss of {device} by day of the forecast, {name} against climatology: {losses}."


# Past forecasts


@plot
def past_week(
    past_forecasts: pd.DataFrame,
    device: str = HOUSEHOLD,
    model: str | None = None,
    timezone: str = "UTC",
    *,
    ax: Axes,
) -> str:
    """Draw the last past week as it was forecast at its beginning, by any model or one, and what happened [kWh]."""
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
    return (
        f"{device}: the past week as forecast beforehand, {fmt.kwh(rows['energy_kwh'].sum())} expected, "
        f"{fmt.kwh(rows['observed'].sum())} measured; {fmt.percent(inside)} of the hours lie inside the band."
    )


@plot
def daily_errors(days: pd.DataFrame, *, ax: Axes) -> str:
    """Draw by how much the newest forecast missed the energy of each device and day: predicted minus observed [kWh].

    The colour is the error over the device's mean day; a day of which too little was measured stays blank.
    """
    import seaborn

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
    return f"Daily energy, predicted minus observed, by device and day; the largest errors: {largest or 'none'}."


def _signed(kwh: float) -> str:
    """Return a difference as it stands in a cell: two digits, no finer than a watt-hour."""
    if not np.isfinite(kwh):
        return ""
    value = round(kwh, 3)
    return f"{'+' if value > 0 else ''}{fmt.number(value, 1 if abs(value) < 0.01 else 2)}"


@plot
def weekly_errors(weekly: pd.DataFrame, drift: pd.DataFrame, devices: Iterable[str] = (), *, ax: Axes) -> str:
    """Draw the mean error of each past week [kWh in the hour] of the device whose forecast worsens most clearly.

    A break is marked where it is clear; where no device has one, the household is drawn.
    """
    from influx.insights.drift import is_worse

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
    return f"{words}."
