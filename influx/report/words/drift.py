"""How drift reads: which devices and forecasts have changed and since when, each with something to do about it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.schema import HOUSEHOLD
from influx.insights.drift import EARLIER_DAYS, LEAST_WEEKS, RECENT_DAYS, REPORTS, has_changed, is_worse
from influx.report.words.tables import household_first

FOLLOWS = 0.5
"""Rank correlation with the outdoor temperature from which on the weather is named as a reason."""

NOTHING = "No device has changed clearly, and no forecast is getting clearly worse."


def drifts(drift: pd.DataFrame) -> list[str]:
    """Say which devices have changed and which forecasts are getting worse, a sentence a reason, with what to do."""
    changed, worse, weather = has_changed(drift), is_worse(drift), _goes_with_weather(drift)
    warm = drift["use_degrees"] > 0
    groups = (
        (_by_weather, changed & weather & warm),
        (_by_weather, changed & weather & ~warm),
        (_unexplained, changed & ~weather),
        (_learning, worse & changed),
        (_worse, worse & ~changed),
    )
    words = [say(drift[rows]) for say, rows in groups if rows.any()]
    if words:
        return words
    if drift["use_p"].isna().all() and drift["error_p"].isna().all():
        return ["Whether anything has changed is not known yet: it takes about eight weeks of history."]
    return [NOTHING]


def _goes_with_weather(drift: pd.DataFrame) -> pd.Series:
    """Tell of which devices the use has changed as their relation to the temperature would have it."""
    expected = np.sign(drift["use_temperature"] * drift["use_degrees"])
    return (drift["use_temperature"].abs() >= FOLLOWS) & (expected == np.sign(drift["use_now"] - drift["use_before"]))


def _by_weather(rows: pd.DataFrame) -> str:
    degrees = float(rows["use_degrees"].iloc[0])
    way = "warmer" if degrees > 0 else "colder"
    return (
        f"The last four weeks were {abs(degrees):.0f} °C {way} than those before, and with it went the use of "
        f"{_uses(rows)}: look at what stays so when the weather turns."
    )


def _unexplained(rows: pd.DataFrame) -> str:
    told = f"In the last four weeks the use of {_uses(rows)} was not what it was before: "
    if rows["use_degrees"].isna().all():
        return (
            f"{told}that may be the season, which shows only with a weather.csv; if it is not, and nobody meant that, "
            "check the settings, and whether all still works."
        )
    return f"{told}if nobody meant that, check the settings, and whether all still works."


def _learning(rows: pd.DataFrame) -> str:
    return (
        f"Forecasts miss more while use changes: {_errors(rows)}. Until the models have learnt it, plan by the range."
    )


def _worse(rows: pd.DataFrame) -> str:
    return (
        f"Forecasts miss more though use is much the same: {_errors(rows)}. Plan by the range rather than by the line, "
        "and think of what is new about the use."
    )


def _uses(rows: pd.DataFrame) -> str:
    by_size = (rows["use_now"] - rows["use_before"]).abs().sort_values(ascending=False, kind="stable").index
    return _some(
        f"{_who(row['device_id'])} ({fmt.kwh(row['use_now'])} a day, before {fmt.kwh(row['use_before'])})"
        for _, row in rows.loc[by_size].iterrows()
    )


def _errors(rows: pd.DataFrame) -> str:
    by_size = rows["error_change"].sort_values(ascending=False, kind="stable").index
    return _some(
        f"{_who(row['device_id'])} since {fmt.day(row['error_since'])} ({fmt.kwh(row['error_now'])} in the hour, "
        f"before {fmt.kwh(row['error_before'])})"
        for _, row in rows.loc[by_size].iterrows()
    )


def _who(device_id: str) -> str:
    return "the household" if device_id == HOUSEHOLD else fmt.name(device_id)


def _some(words: Iterable[str], most: int = 3) -> str:
    every = list(words)
    more = [f"{len(every) - most} more"] if len(every) > most else []
    return fmt.listed(every[:most] + more)


def basis(drift: pd.DataFrame) -> str:
    """Say of what the changes are told."""
    use = (
        f"Use is compared by whole days, the last {RECENT_DAYS // 7} weeks with up to {EARLIER_DAYS // 7} before them."
    )
    known = drift[drift["error_weeks"] >= LEAST_WEEKS]
    if known.empty:
        return f"{use} Whether errors grow is not known: it takes {LEAST_WEEKS} past weeks."
    reports = int((known["error_source"] == REPORTS).sum())
    told = "those of the earlier reports" if reports == len(known) else "those of the models on past weeks"
    if 0 < reports < len(known):
        told = f"those of the earlier reports for {reports} of {len(known)} series, else of the models on past weeks"
    fewer = "" if reports else f", as there are fewer than {LEAST_WEEKS} earlier reports"
    return f"{use} Errors are {told}{fewer}."


def use_table(drift: pd.DataFrame) -> pd.DataFrame:
    """Return how each device's use has changed, with the size of the test."""
    return household_first(
        pd.DataFrame(
            {
                "device": drift["device_id"],
                "before [kWh a day]": drift["use_before"],
                "now [kWh a day]": drift["use_now"],
                "change": drift["use_change"].map(fmt.percent),
                "distance (0 same, 1 apart)": [fmt.number(size, 2) for size in drift["use_distance"]],
                "chance": drift["use_p"].map(fmt.chance),
                "with temperature (-1 to 1)": [fmt.number(size, 2) for size in drift["use_temperature"]],
            }
        )
    )


def error_table(drift: pd.DataFrame) -> pd.DataFrame:
    """Return whether each device's forecast is getting worse, since when, and the size of the test."""
    known, worse = drift["error_weeks"] >= LEAST_WEEKS, is_worse(drift)
    since = [fmt.day(day) if bad else "no clear break" for day, bad in zip(drift["error_since"], worse, strict=True)]
    return household_first(
        pd.DataFrame(
            {
                "device": drift["device_id"],
                "worse since": np.where(known, since, fmt.NOT_KNOWN),
                "misses before [kWh]": drift["error_before"],
                "after [kWh]": drift["error_now"],
                "change": drift["error_change"].map(fmt.percent),
                "a later week is worse": drift["error_odds"].map(fmt.percent),
                "chance": drift["error_p"].map(fmt.chance),
                "weeks": drift["error_weeks"],
            }
        )
    )
