"""Why a device's model was selected, as report and dashboard put it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from influx.core import formatting as fmt


def why(row: Mapping[str, Any]) -> str:
    """Say why a device's model was selected, of a row of `influx.select`."""
    if row["reason"] == "untested":
        return f"{row['days_known']:.0f} days of history are too few to test anything: climatology, untested."
    missing = f"Too little history for {fmt.listed(row['not_tested'].split(', '))}" if row["not_tested"] else ""
    model, percent, folds = (
        str(row["model"]).capitalize(),
        round(100 * row["skill"]) if row["challenger"] else 0,
        row["folds"],
    )
    if row["reason"] == "one model":
        return f"{missing}: {row['model']} alone was tested." if missing else f"{model} alone was tested."
    over = f"over {folds} past forecast{'s' if folds != 1 else ''}"
    if row["significant"]:
        less = f"{percent} %" if percent else "under 1 %"
        words = f"{model}: {less} less loss than {row['baseline']} {over}, more than chance explains."
    elif percent > 0:
        words = f"{model}: {row['challenger']} is {percent} % ahead {over}, which may be chance."
    elif folds == 1:
        words = f"{model}: {row['challenger']} did not beat it {over}, and one decides nothing."
    elif percent == 0:
        words = f"{model}: the next best, {row['challenger']}, does no better {over}."
    else:
        words = f"{model}: the next best, {row['challenger']}, has {-percent} % more loss {over}."
    return f"{words} {missing}." if missing else words
