"""How the review reads: last week's promise beside what happened, and what has changed, in sentences and tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx import text
from influx.runs import Frames
from influx.schema import HOUSEHOLD

CLEAR = 0.01
"""p below which a change is told: many devices are looked at, so a lax level would cry wolf."""

LARGE = 0.25
"""Part by which use or errors must have changed to be worth a sentence."""


def last_week(review: Frames) -> str:
    """Say what the newest forecast promised of the household and what it was."""
    told = review["said_and_was"]
    rows = told[told["device_id"] == HOUSEHOLD] if len(told) else told
    if rows.empty:
        return "No earlier forecast can be judged yet: the history is too short, or too little of it was measured."
    row = rows.iloc[0]
    again = row["week"] == "again"
    said = text.span(row["p10"], row["p90"]) if np.isfinite(row["p10"]) else f"about {text.kwh(row['said'])}"
    opening = "A week ago we would have said" if again else "Last time we said"
    words = f"**{opening} {said}; it was {text.kwh(row['was'])}.**"
    if row["share_known"] < 1:
        words += f" Both speak of the {text.percent(row['share_known'])} of the hours that were measured."
    if again:
        words += " There is no earlier report: the past week was forecast again, from what was known at its beginning."
    return words


def against_climatology(review: Frames) -> str:
    """Say how the forecasts did against climatology."""
    rows = review["review_devices"]
    if rows.empty:
        return "Nothing can be compared yet."
    loss, anchor = rows.groupby("device_id")[["loss", "anchor_loss"]].mean().T.to_numpy()
    gain = 1 - loss[anchor > 0] / anchor[anchor > 0]
    better, worse = int((gain > 0.01).sum()), int((gain < -0.01).sum())
    inside = float(np.average(rows["coverage_80"], weights=rows["hours"]))
    return (
        f"Of {len(loss)} series, {better} did better than climatology, {worse} worse and {len(loss) - better - worse} "
        f"the same. {text.percent(inside)} of the hours lay inside the band, of which eight in ten were promised."
    )


def drifts(drift: pd.DataFrame) -> list[str]:
    """Say, a sentence each, which devices have changed and which forecasts are getting worse, with what to do."""
    sentences = []
    for row in drift.itertuples():
        if row.use_p < CLEAR and abs(row.use_change) >= LARGE:
            way = "more" if row.use_change > 0 else "less"
            sentences.append(
                f"{row.device_id} uses {text.percent(abs(row.use_change))} {way} a day than in the twelve weeks before "
                f"(distance {row.use_distance:.2f}, {text.chance(row.use_p)}): if that is neither the season nor a "
                "change of yours, look at it."
            )
        if row.error_p < 5 * CLEAR and row.error_change >= LARGE:
            sentences.append(
                f"The forecast of {row.device_id} has been worse since {text.day(row.error_since)}, by "
                f"{text.percent(row.error_change)} ({text.chance(row.error_p)}): trust its range more than its line."
            )
    return sentences or ["No device has changed clearly, and no forecast is getting clearly worse."]


def promises(told: pd.DataFrame) -> pd.DataFrame:
    """Return each device's promise beside what happened, the newest report's household first."""
    if told.empty:
        return told
    order = (told["device_id"] != HOUSEHOLD).to_numpy()
    rows = told.iloc[np.lexsort((order, -pd.DatetimeIndex(told["origin"]).asi8))]
    return pd.DataFrame(
        {
            "forecast of": rows["week"].replace("again", "made again now"),
            "device": rows["device_id"],
            "said [kWh]": rows["said"],
            "8 in 10 [kWh]": [text.between(low, high) for low, high in zip(rows["p10"], rows["p90"], strict=True)],
            "was [kWh]": rows["was"],
            "inside": ["not known" if one is None else "yes" if one else "no" for one in rows["inside"]],
        }
    )


def marks(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of each device or forecast day."""
    if scores.empty:
        return scores
    names = {"device_id": "device", "day": "day of the forecast", "said": "said [kWh]", "was": "was [kWh]"}
    out = scores.rename(columns=names)
    out["bias"] = [text.percent(value) for value in scores["bias"]]
    out["inside the band"] = [text.percent(value) for value in scores["coverage_80"]]
    out["loss avoided, of climatology's"] = [text.percent(value) for value in scores["gain"]]
    first = "device" if "device" in out else "day of the forecast"
    last = ["said [kWh]", "was [kWh]", "bias", "inside the band", "loss avoided, of climatology's"]
    return out[[first, *last]]


def drift_table(drift: pd.DataFrame) -> pd.DataFrame:
    """Return the tests of drift, with their sizes."""
    since = [text.NOT_KNOWN if pd.isna(day) else text.day(day) for day in drift["error_since"]]
    return pd.DataFrame(
        {
            "device": drift["device_id"],
            "use, last 4 weeks": [text.percent(value) for value in drift["use_change"]],
            "distance (0 to 1)": drift["use_distance"],
            "chance": [text.chance(value) for value in drift["use_p"]],
            "errors since": since,
            "by": [text.percent(value) for value in drift["error_change"]],
            "chance of that": [text.chance(value) for value in drift["error_p"]],
        }
    )
