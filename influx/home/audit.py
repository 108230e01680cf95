"""The audit of a home's files: what became of every row and of every kilowatt-hour.

Rows read are rows used, rejected, or after the as-of time. The energy of the files is the energy of the readings, that
of rejected rows, and that of corrections, each of which has a name: nothing is left out without one. What a reader of
the numbers should know are notes, whose words stand in `templates/notes.yaml`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files as resources

import numpy as np
import pandas as pd
import yaml

from influx.core.sanitize import message
from influx.importers import Part
from influx.importers.reading.part import KWH

TWICE = "stands twice in its file; the later row counts"
OVERLAP = "overlaps another reading of its file; the later row counts"
NEWER = "stands in a newer file too, which counts"
MEASURED = "measured by another file, so what was estimated of it does not count"
SPARSE = "too little of its hour is known"
SCALED = "added for the rest of hours of which enough is known (estimated)"
AFTER = "lies after the as-of time"
READINGS = "known from events and from readings; the readings count"
REPEATED = "an event that stands twice counts once"

_KEYS = ["file", "device_id", "correction"]


@dataclass(frozen=True)
class SourceFile:
    """One file of a home as its format read it; `part` holds the rows that are used from here on."""

    name: str
    sha256: str
    part: Part
    kwh_read: float

    @property
    def frame(self) -> pd.DataFrame:
        """The rows that are used."""
        return self.part.frame

    @property
    def kwh_column(self) -> str | None:
        """The column of energy [kWh], None of a kind without any."""
        return KWH.get(self.part.kind)

    def with_frame(self, frame: pd.DataFrame) -> SourceFile:
        """Return the file with other rows."""
        return replace(self, part=replace(self.part, frame=frame))


@cache
def _texts() -> dict[str, str]:
    return yaml.safe_load((resources("influx.home") / "templates" / "notes.yaml").read_text(encoding="utf-8"))


@dataclass
class Audit:
    """Collects on the way from files to hours what a reader of the numbers should know.

    `overlaps` count, by file, the device-hours (of events: events) in which a newer file or a later row won; `kwh_used`
    is the energy by file that the hours hold [kWh].
    """

    notes: list[str] = field(default_factory=list)
    overlaps: Counter[str] = field(default_factory=Counter)
    rows_after_as_of: Counter[str] = field(default_factory=Counter)
    kwh_used: dict[str, float] = field(default_factory=dict)
    _corrections: list[pd.DataFrame] = field(default_factory=list)

    def note(self, note: str, /, **values: object) -> None:
        """Keep a note of `templates/notes.yaml`, legible whatever it quotes."""
        self.notes.append(message(_texts()[note].format(**values)))

    def correct(self, correction: str, rows: pd.DataFrame, kwh: str = "energy_kwh") -> None:
        """Name energy [kWh] that the files hold and the hours do not, or, where it is negative, the other way round.

        `correction` is one of the names above; `rows` are readings, events or hours, with `file` and `device_id` where
        these are known.
        """
        names = {key: rows[key].astype("str") if key in rows else "" for key in ("file", "device_id")}
        table = pd.DataFrame({**names, "kwh": rows[kwh]}, index=rows.index).assign(correction=correction)
        self._corrections.append(table)

    def corrections(self) -> pd.DataFrame:
        """Return file, device_id, correction, hours (readings, events or hours) and kwh, a row each kind."""
        empty = pd.DataFrame(columns=[*_KEYS, "kwh"]).astype({**dict.fromkeys(_KEYS, "str"), "kwh": float})
        rows = pd.concat([empty, *self._corrections], ignore_index=True)
        table = rows.groupby(_KEYS, as_index=False)["kwh"].agg(hours="size", kwh="sum")
        return table.astype({**dict.fromkeys(_KEYS, "str"), "hours": "int64"})

    def reconciliation(self, files: list[SourceFile]) -> pd.DataFrame:
        """Return a row a file: what it is, and what became of its rows and of its energy."""
        rows = [
            {
                "file": file.name,
                "format": file.part.format,
                "sha256": file.sha256,
                "rows_read": file.part.rows_read,
                "rows_used": int((file.frame["row"] > 0).sum()),
                "rows_rejected": len(file.part.rejected),
                "rows_after_as_of": self.rows_after_as_of[file.name],
                "overlaps": self.overlaps[file.name],
                "kwh_read": file.kwh_read,
                "kwh_rejected": float(file.part.rejected["kwh"].sum()) if file.kwh_column else np.nan,
                "kwh_used": self.kwh_used.get(file.name, 0.0 if file.kwh_column else np.nan),
                "first": file.frame["timestamp"].min(),
                "last": file.frame["timestamp"].max(),
            }
            for file in files
        ]
        times = dict.fromkeys(["first", "last"], "datetime64[us, UTC]")
        return pd.DataFrame(rows).astype({**dict.fromkeys(["file", "format", "sha256"], "str"), **times})
