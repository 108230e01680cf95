"""What every format hands over: one file's energy, weather or prices in a common shape, with an account of its rows.

A format (`Source`) knows nothing of hours, other files or the household: they are the business of other rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading.table import ASIDE, Table

Kind = Literal["events", "readings", "weather", "prices", "carbon"]

KWH = {"events": "power_consumption_kwh", "readings": "energy_kwh"}
"""The column of energy of those kinds that have one [kWh]."""


@dataclass(frozen=True)
class Part:
    """What one file holds.

    `frame` has, with `row` (0 where a format fills in what its files leave out), `timestamp` (UTC, the start) and
    optionally `home_id`,

    - for events: `device_id`, `duration_minutes`, `power_consumption_kwh` and others of `schema.EVENT_COLUMNS`;
    - for readings: `device_id`, `minutes` (how long a reading lasts), `energy_kwh` (NaN unknown) and `quality`;
    - for weather: `outdoor_temp_celsius` and, where there, `humidity_percent` and `kind` (measured or forecast);
    - for prices: `price_per_kwh`, `minutes` (how long it holds) and, where there, `published`, when it became known;
    - for carbon: `carbon_g_per_kwh`, `minutes` and, where there, `kind`.

    `rejected` has the columns of `table.REJECTED`; of rows whose energy could be read, `kwh` is that energy. `currency`
    is that of prices, where their file names it; `roles` are those that the format gives to its series, and
    `why` is what was concluded of a file that says little of itself.
    """

    kind: Kind
    format: str
    frame: pd.DataFrame
    rejected: pd.DataFrame
    rows_read: int
    notes: tuple[str, ...] = ()
    currency: str | None = None
    why: tuple[str, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)

    @property
    def kwh(self) -> float:
        """The energy of the rows that are used [kWh], NaN of a kind without any."""
        return float(self.frame[KWH[self.kind]].sum()) if self.kind in KWH else np.nan


class Source(Protocol):
    """A format: `id` is its name under `format:` in home.yaml; of several that match, the lowest `rank` reads."""

    @property
    def id(self) -> str: ...

    @property
    def rank(self) -> int: ...

    def matches(self, path: Path) -> bool:
        """Tell from the head of the file, cheaply, whether it is of this format. It must not raise."""
        ...

    def read(self, path: Path, settings: Settings) -> Part:
        """Read the whole file; raise `InputError` where it cannot be used."""
        ...


@dataclass(frozen=True)
class CodedFormat:
    """A format that has code of its own: its id (`format:` in home.yaml), how it is recognized, and how it is read."""

    id: str
    matches: Callable[[Path], bool]
    read: Callable[[Path, Settings], Part]
    rank: int = 50


def part_of(table: Table, kind: Kind, form: str, roles: Mapping[str, Role] | None = None) -> Part:
    """Return what is left of a table as a part.

    A file of which more than half was rejected is not what it seems: an InputError, as one without any electricity.
    """
    bad = table.all_rejected()
    ignored = bad["reason"].str.startswith(ASIDE).to_numpy(bool)
    if ignored.any() and ignored.sum() == table.rows_read:
        raise InputError(f"{table.file}: there is {bad['reason'].iloc[0]}. Move the file out of the home's folder.")
    if (~ignored).sum() * 2 > table.rows_read - ignored.sum():
        first = bad[~ignored].iloc[0]
        where = f"row {first['row']}" + (f", column {first['column']}" if first["column"] else "")
        raise InputError(
            f"{table.file}, {where}: {first['value']!r}: {first['reason']}. "
            f"{(~ignored).sum()} of its {table.rows_read} rows cannot be used; mend the file and try again."
        )
    frame = table.rows.rename_axis("row").reset_index()
    return Part(kind, form, frame, bad, table.rows_read, tuple(table.notes), roles=dict(roles or {}))
