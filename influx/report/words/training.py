"""How training reads: who won and by how much, whether promises were kept, and what each day ahead costs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.schema import HOUSEHOLD
from influx.forecasting.evaluation.calibration import BASELINE, NOMINAL, half_width
from influx.forecasting.evaluation.model_selection import LEAST_FOLDS
from influx.report.selection import why
from influx.report.words.tables import household_first

CLEAR, CHANCE = "more than chance explains", "may be chance"
TOO_FEW = "too few past forecasts to tell"
KEPT = "within chance"
UNTOLD = "Whether the bands keep what they promise cannot be told yet: too few hours were tested."


def margins(selection: pd.DataFrame) -> pd.DataFrame:
    """Tell by how much each device's model leads the next best, and whether that may be chance.

    Returns
    -------
    DataFrame, index that of `selection`
        `margin`, the part of the anchor's loss by which it lost less; `error`, its standard error over the past
        forecasts, paired; `word`, what they mean: clear is only a margin that so few forecasts show by chance once in
        20 times at most. NaN where there was no rival.
    """
    enough, error = selection["folds"] >= LEAST_FOLDS, selection["skill_se"].where(np.isfinite(selection["skill_se"]))
    margin = selection["skill"].where(selection["significant"].astype(bool), -selection["skill"])
    clear = enough & (margin > half_width(error, selection["folds"]))
    word = np.select([clear, error.notna()], [CLEAR, CHANCE], TOO_FEW)
    return pd.DataFrame({"margin": margin, "error": error, "word": word}, index=selection.index)


def winners(selection: pd.DataFrame) -> str:
    """Say who won the contest, and how often that is more than chance."""
    counts = selection["model"].value_counts()
    parts = [f"{name} for {count}" for name, count in counts.items()]
    words = f"**Of {len(selection)} series (the household counts as one), the forecast uses {fmt.listed(parts)}.**"
    if (selection["folds"] > 0).any():
        clear = int((margins(selection)["word"] == CLEAR).sum())
        words += f" For {clear or 'none'} of them the lead over the next best is {CLEAR}."
    return f"{words} {usual_use(selection)}".rstrip()


def usual_use(selection: pd.DataFrame) -> str:
    """Say where climatology is used and why; empty where it is not."""
    used = selection[selection["model"] == BASELINE]
    untested = used["folds"] == 0
    if len(used) and untested.sum() == len(selection):
        return "There is too little history to test anything, so climatology is used untested."
    won, new = ([fmt.name(name) for name in used.loc[some, "device_id"]] for some in (~untested, untested))
    words = f"Climatology forecasts {_some(won)}: no other model beat it by more than chance." if won else ""
    if new:
        words += f"{' It' if won else 'Climatology'} forecasts {_some(new)} untested, as too little is known of it."
    return words


def _some(names: list[str], most: int = 4) -> str:
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return fmt.listed(names[:most] + more)


def selection(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the model of each device, its lead over the next best with the standard error, and why it was chosen."""
    lead = margins(frame)
    out = pd.DataFrame({"device": frame["device_id"], "model used": frame["model"]})
    out["lead over the next best"] = _with_error(lead["margin"], lead["error"])
    out["which is"] = lead["word"]
    return household_first(out.assign(why=[why(row) for row in frame.to_dict("records")]))


def _with_error(share: pd.Series, error: pd.Series) -> list[str]:
    return [fmt.give_or_take(part, around) for part, around in zip(share, error, strict=True)]


def kept(promises: pd.DataFrame, together: pd.DataFrame) -> str:
    """Say which share of the hours the bands promised and held."""
    if promises.empty:
        return UNTOLD
    words = []
    for who, rows in (
        ("that of the household", promises[promises["device_id"] == HOUSEHOLD]),
        ("those of the devices", together),
    ):
        band = rows[(rows["quantile"] == "band") & rows["empirical"].notna()]
        if len(band) and not (rows is together and set(promises["device_id"]) == {HOUSEHOLD}):
            row = band.iloc[0]
            words.append(f"{who} held {fmt.give_or_take(row['found'], row['empirical_se'])}{_told(row)}")
    if not words:
        return UNTOLD
    folds = int(promises["folds"].max())
    over = f"{folds} past forecasts" if folds > 1 else "one past forecast"
    over += "" if folds >= LEAST_FOLDS else ", too few to judge it by"
    return (
        f"**A band promises {fmt.percent(NOMINAL['band'])} of the hours: {' and '.join(words)}.** That is over "
        f"{over}; hours whose band begins at zero are left out, as nothing can fall below it."
    )


def _told(row: pd.Series) -> str:
    word = outcome(row)
    return "" if word == fmt.NOT_KNOWN else f" ({word})"


def outcome(row: pd.Series) -> str:
    """Return whether a promise was kept, as far as so few past forecasts tell."""
    if not np.isfinite(row["empirical_se"]) or row["folds"] < LEAST_FOLDS:
        return fmt.NOT_KNOWN
    off = row["empirical"] - row["nominal"]
    if abs(off) <= half_width(row["empirical_se"], row["folds"]):
        return KEPT
    if row["quantile"] == "band":
        return "too wide" if off > 0 else "too narrow"
    return f"{row['quantile']} too {'high' if off > 0 else 'low'}"


def promise_table(promises: pd.DataFrame) -> pd.DataFrame:
    """Return the found share of each device and promise with its standard error, and what broke."""
    if promises.empty:
        return promises
    rows = []
    for device, told in promises.groupby("device_id", sort=False):
        found = dict(zip(told["quantile"], _with_error(told["empirical"], told["empirical_se"]), strict=True))
        words = [outcome(row) for _, row in told.iterrows()]
        broken = [word for word in words if word not in (KEPT, fmt.NOT_KNOWN)]
        row = {"device": device, "off": fmt.percent(float(told["off"].iloc[0]))}
        row |= {_promised(name): found[name] for name in NOMINAL}
        row["kept?"] = ", ".join(broken) or (KEPT if KEPT in words else fmt.NOT_KNOWN)
        rows.append(row)
    return household_first(pd.DataFrame(rows))


def _promised(name: str) -> str:
    share = fmt.percent(NOMINAL[name])
    return f"inside the band ({share} promised)" if name == "band" else f"below {name} ({share} promised)"


def horizon(days: pd.DataFrame) -> str:
    """Say what the first and the last day ahead cost the household, and all series against climatology."""
    rows = days[days["device_id"] == HOUSEHOLD]
    if rows.empty:
        return "What each day ahead costs cannot be told yet."
    first, last = rows.iloc[0], rows.iloc[-1]
    folds = int(rows["folds"].max())
    more = last["day"] > first["day"]
    words = (
        f"Over {folds} past forecast{'s' if folds > 1 else ''} the household's energy was missed by "
        f"{fmt.kwh(first['absolute_error'])} on day 1"
    )
    words += f" and by {fmt.kwh(last['absolute_error'])} on day {last['day']}" if more else ""
    words += f", by climatology by {fmt.kwh(first['baseline_absolute_error'])}"
    words += f" and {fmt.kwh(last['baseline_absolute_error'])}." if more else "."
    lead = days.groupby("day")["skill"].mean()
    words += f" Of climatology's loss, {fmt.percent(lead.iloc[0])} was avoided on day 1"
    words += f" and {fmt.percent(lead.iloc[-1])} on day {last['day']}" if more else ""
    words += ", on average over all series."
    return words if folds > 1 else f"{words} One forecast decides nothing."


def day_table(days: pd.DataFrame, device_id: str = HOUSEHOLD) -> pd.DataFrame:
    """Return each day ahead of a device against climatology, with what all series avoided of its loss."""
    rows = days[days["device_id"] == device_id]
    every = days.groupby("day")["skill"].mean()
    return pd.DataFrame(
        {
            "day": rows["day"],
            "loss [kWh]": rows["loss"],
            "climatology's [kWh]": rows["baseline_loss"],
            "loss avoided": _with_error(rows["skill"], rows["skill_se"]),
            "energy missed by [kWh]": rows["absolute_error"],
            "by climatology [kWh]": rows["baseline_absolute_error"],
            "loss avoided, all series": [fmt.percent(every[day]) for day in rows["day"]],
        }
    )
