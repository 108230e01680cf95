"""How the review reads: last week's promise beside what happened, and the record against climatology."""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.constants import WEEK
from influx.core.schema import HOUSEHOLD
from influx.forecasting.evaluation.calibration import half_width
from influx.insights.forecast_review import AGAIN
from influx.report.run_folder import Frames
from influx.report.words.tables import household_first

LEAST_REPORTS = 3
"""Reports below which nothing is said of how they do on the whole."""


def last_week(review: Frames) -> str:
    """Say what the newest forecast promised of the household and what it was."""
    told = review["review_totals"]
    rows = told[told["device_id"] == HOUSEHOLD] if len(told) else told
    if rows.empty:
        return "No earlier forecast can be judged yet: the history is too short, or too little of it was measured."
    row = rows.iloc[0]
    said = fmt.span(row["p10"], row["p90"]) if np.isfinite(row["p10"]) else f"about {fmt.kwh(row['predicted'])}"
    words = f"**{_when(row)} {said}; it was {fmt.kwh(row['observed'])}.**"
    if row["inside"] is False or row["inside"] == 0:
        side = "below" if row["observed"] < row["p10"] else "above"
        words += f" That is {side} the range, outside which two in ten should lie."
    if row["share_known"] < 1:
        words += f" Both speak of the {fmt.percent(row['share_known'])} of the hours that were measured."
    if row["week"] == AGAIN:
        words += (
            " No earlier report tells of it: the past week was forecast again, by today's models from what was known "
            "at its beginning."
        )
    return words


def _when(row: pd.Series) -> str:
    if row["week"] == AGAIN:
        return "A week ago we would have said"
    if row["hours"] == WEEK and abs(row["weeks_ago"] - 1) < 0.02:  # a clock change makes it an hour more or less
        return "Last week we said"
    return f"Of the {fmt.hours(int(row['hours']))} from {fmt.day(row['first_day'])} on we said"


def against_climatology(review: Frames) -> str:
    """Say how the forecasts did against climatology, and how far so few reports can tell."""
    rows = review["review_devices"]
    if rows.empty:
        return "Nothing can be compared yet."
    total = rows.assign(loss=rows["loss"] * rows["hours"], baseline_loss=rows["baseline_loss"] * rows["hours"])
    sums = total.groupby("device_id")[["loss", "baseline_loss", "hours"]].sum()
    gain = 1 - sums["loss"] / sums["baseline_loss"].where(sums["baseline_loss"] > 0)
    better, worse = int((gain > 0.01).sum()), int((gain < -0.01).sum())
    count = rows["origin"].nunique()
    words = (
        f"{_household_loss(sums, gain)} Of {len(gain)} series {better} lost less than climatology, {worse} more and "
    )
    words += f"{len(gain) - better - worse} the same."
    if count < LEAST_REPORTS:
        return f"{words} {'One forecast decides' if count == 1 else 'Two forecasts decide'} nothing."
    by_report = rows.groupby("origin")["gain"].mean()
    error = float(by_report.std(ddof=1)) / np.sqrt(count)
    meaning = "more than chance explains" if abs(by_report.mean()) > half_width(error, count) else "which may be chance"
    return (
        f"{words} Over {count} forecasts, {fmt.give_or_take(float(by_report.mean()), error)} of climatology's loss "
        f"was avoided on average, {meaning}."
    )


def _household_loss(sums: pd.DataFrame, gain: pd.Series) -> str:
    if HOUSEHOLD not in gain or not np.isfinite(gain[HOUSEHOLD]):
        return ""
    row = sums.loc[HOUSEHOLD] / sums.loc[HOUSEHOLD, "hours"]
    way = "less" if gain[HOUSEHOLD] >= 0 else "more"
    return (
        f"**The household's loss was {fmt.kwh(row['loss'])} in the hour, {fmt.percent(abs(gain[HOUSEHOLD]))} {way} "
        f"than climatology's {fmt.kwh(row['baseline_loss'])}.**"
    )


def worst_day(review: Frames) -> str:
    """Say on which day of the newest forecast the household was missed most."""
    rows = newest(review["review_days"])
    rows = rows[(rows["device_id"] == HOUSEHOLD) & rows["absolute_error"].notna()] if len(rows) else rows
    if rows.empty:
        return "By how much each day was missed is not known yet."
    top = rows.loc[rows["absolute_error"].idxmax()]
    closer = int((rows["baseline_absolute_error"] < rows["absolute_error"]).sum())
    return (
        f"The household was missed most on day {top['day']}: {fmt.kwh(top['predicted'])} were said, "
        f"{fmt.kwh(top['observed'])} were used. Climatology would have been closer on {closer} of {len(rows)} days."
    )


def newest(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the newest forecast."""
    return frame[frame["origin"] == frame["origin"].max()] if len(frame) else frame


def promises(told: pd.DataFrame) -> pd.DataFrame:
    """Return each device's promise in the newest forecast beside what happened."""
    if told.empty:
        return told
    rows = newest(told)
    out = pd.DataFrame({"device": rows["device_id"], "said [kWh]": rows["predicted"], "8 in 10 [kWh]": _ranges(rows)})
    return household_first(out.assign(**{"was [kWh]": rows["observed"], "in the range": _yes_or_no(rows["inside"])}))


def record(review: Frames, device_id: str = HOUSEHOLD) -> pd.DataFrame:
    """Return what each report said of a device, what it was, and the loss against climatology's, the newest first."""
    told = review["review_totals"]
    if told.empty:
        return told
    rows = told.merge(
        review["review_devices"].drop(columns=["predicted", "observed", "hours"]), on=["week", "origin", "device_id"]
    )
    rows = rows[rows["device_id"] == device_id].sort_values("origin", ascending=False)
    return pd.DataFrame(
        {
            "from": [fmt.day(day) for day in rows["first_day"]],
            "8 in 10 [kWh]": _ranges(rows),
            "was [kWh]": rows["observed"],
            "in the range": _yes_or_no(rows["inside"]),
            "hours in the band": [fmt.percent(share) for share in rows["coverage_80"]],
            "loss [kWh]": rows["loss"],
            "climatology's [kWh]": rows["baseline_loss"],
            "read from": rows["week"].replace(AGAIN, "made again now"),
        }
    )


def _ranges(rows: pd.DataFrame) -> list[str]:
    return [fmt.between(low, high) for low, high in zip(rows["p10"], rows["p90"], strict=True)]


def _yes_or_no(inside: pd.Series) -> list[str]:
    return [fmt.NOT_KNOWN if pd.isna(one) else "yes" if one else "no" for one in inside]


def energies(scores: pd.DataFrame) -> pd.DataFrame:
    """Return what the newest forecast and climatology said of the energy, by device or also by day, and what it was."""
    if scores.empty:
        return scores
    rows = newest(scores)
    out = _of_device(rows) | {
        "said [kWh]": rows["predicted"],
        "climatology [kWh]": rows["baseline_predicted"],
        "was [kWh]": rows["observed"],
        "bias": rows["bias"].map(fmt.percent),
        "climatology's bias": rows["baseline_bias"].map(fmt.percent),
    }
    if "day" not in rows:
        out |= {
            "a day missed by [kWh]": rows["absolute_error"],
            "climatology by [kWh]": rows["baseline_absolute_error"],
        }
    return household_first(pd.DataFrame(out))


def losses(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the losses and the coverage of the newest forecast and of climatology, by device or also by day."""
    if scores.empty:
        return scores
    rows = newest(scores)
    out = _of_device(rows) | {
        "loss [kWh]": rows["loss"],
        "climatology's [kWh]": rows["baseline_loss"],
        "loss avoided": rows["gain"].map(fmt.percent),
        "in the band": rows["coverage_80"].map(fmt.percent),
        "in climatology's": rows["baseline_coverage_80"].map(fmt.percent),
    }
    return household_first(pd.DataFrame(out))


def _of_device(rows: pd.DataFrame) -> dict[str, pd.Series]:
    return {"device": rows["device_id"]} | ({"day": rows["day"]} if "day" in rows else {})
