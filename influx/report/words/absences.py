"""How absences read: when nobody was at home, what that means for the models, and how coming ones are forecast."""

from __future__ import annotations

import pandas as pd

from influx.core import formatting as fmt
from influx.report.run_folder import Run

MOST = 6
"""Absences that a sentence names; the table has them all."""


def told(run: Run) -> str:
    """Say on which past days nobody was at home and what became of them."""
    spans = run.explore()["absences"]
    past = spans[~spans["coming"] & (spans["source"] != "open")]
    if past.empty:
        return "No three days in a row were so quiet that nobody can have been at home." + _open(spans)
    days = int(past["days"].sum())
    named = [fmt.days(row.first, row.last) for row in past.iloc[-MOST:].itertuples(index=False)]
    more = f" and {len(past) - MOST} times before" if len(past) > MOST else ""
    return (
        f"**Nobody was at home on {days} days: {fmt.listed(named)}{more}.** Models do not learn from these days. "
        "A day counts as one of absence where, three days or more in a row, use rises hardly above what runs by "
        "itself; `absences:` in home.yaml adds others." + _open(spans)
    )


def _open(spans: pd.DataFrame) -> str:
    rows = spans[spans["source"] == "open"]
    if rows.empty:
        return ""
    return (
        f" Since {fmt.day(rows['first'].iloc[-1])} the home has been as quiet as if nobody were there. The forecast "
        "takes that for its life now; if somebody comes back, name the days under `absences:` in home.yaml."
    )


def ahead(run: Run) -> str:
    """Say which of the days ahead are forecast as an absence, and from what; empty where none is."""
    spans = run.explore()["absences"]
    coming = spans[spans["coming"]]
    if coming.empty:
        return ""
    row = coming.iloc[0]
    return (
        f"Nobody is at home {fmt.days(row['first'], row['last'])}, says home.yaml: those days are forecast from "
        f"{row['forecast_from']}."
    )


def table(run: Run) -> pd.DataFrame:
    """Return all absences, the newest first."""
    spans = run.explore()["absences"].iloc[::-1]
    source = {"found": "found in the readings", "given": "named in home.yaml", "open": "quiet up to now"}
    return pd.DataFrame(
        {
            "from": [fmt.day(day) for day in spans["first"]],
            "to": [fmt.day(day) for day in spans["last"]],
            "days": spans["days"].to_numpy(),
            "known how": [source[one] for one in spans["source"]],
            "when": ["to come" if one else "past" for one in spans["coming"]],
        }
    )
