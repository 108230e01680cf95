"""One file of a home as it was read."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from influx.importers import Part


@dataclass(frozen=True)
class File:
    """One file that was read: its rows that are used, and the count of those that are not."""

    name: str
    sha256: str
    part: Part
    kwh_read: float
    after: int = 0
    kwh_after: float = 0.0

    @property
    def frame(self) -> pd.DataFrame:
        """The rows that are used."""
        return self.part.frame
