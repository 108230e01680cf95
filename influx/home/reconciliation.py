"""The account of a home's files: what became of every row and of every kilowatt-hour.

Rows read are rows used, rejected, or after the as-of time. The energy of the files is the energy of the readings, that
of rejected rows, and that of corrections, each of which has a name: nothing is set aside without one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

COLUMNS = ("file", "device_id", "correction", "hours", "kwh")

TWICE = "stands twice in its file; the later row counts"
OVERLAP = "overlaps another reading of its file; the later row counts"
NEWER = "stands in a newer file too, which counts"
MEASURED = "measured by another file, so what was estimated of it does not count"
SPARSE = "too little of its hour is known"
SCALED = "added for the rest of hours of which enough is known (estimated)"
AFTER = "lies after the as-of time"
READINGS = "known from events and from readings; the readings count"
REPEATED = "an event that stands twice counts once"


@dataclass(frozen=True)
class Correction:
    """Energy that a file holds and the readings do not, or, where it is negative, the other way round."""

    file: str
    device_id: str
    correction: str
    hours: int
    kwh: float


def table(corrections: Iterable[Correction]) -> pd.DataFrame:
    """Return corrections as a frame, those of one file, device and kind together."""
    frame = pd.DataFrame([vars(one) for one in corrections], columns=list(COLUMNS))
    keys = ["file", "device_id", "correction"]
    frame = frame.astype({**dict.fromkeys(keys, "str"), "hours": "int64", "kwh": "float64"})
    return frame.groupby(keys, sort=True, as_index=False)[["hours", "kwh"]].sum()
