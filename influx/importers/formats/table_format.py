"""What a row of `catalog` says of a format that is a table, and the one reading of all such formats.

A row names the columns of the time and of the energy by patterns; encodings, spreadsheets, decimal signs, changes of
the clock, resets of registers and rejected rows are the business of `tabular`. What a row cannot say, its functions do:
`adapt` looks into a file for what differs between files, `prepare` rewrites cells, `complete` adds to what was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import Settings
from influx.importers.autodetect import sample
from influx.importers.reading import cells, table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table
from influx.importers.reading.times import Order

_MIDNIGHT = r"[ T]00:00(?::00)?$"


@dataclass(frozen=True)
class TableFormat:
    r"""A format that is a table with a header, whose columns and series are named by patterns of their whole names.

    `series` says what a column measures, or in a table with a row a series and time what a name in its column `device`
    does; the first pattern that matches counts, and `\1` in the name of a series is the first group of its pattern.
    Columns of one name are added up.
    """

    id: str  # its name under `format:` in home.yaml
    title: str  # what the reconciliation calls it
    time: str | tuple[str, ...]  # the column of the time, or those of the date and of the clock
    series: Mapping[str, SeriesMapping]
    header: tuple[str, ...] = ()  # further columns by which a file is known
    below_title: bool = False  # whether the header may stand below lines about the account
    find_header: Callable[[Path], int] | None = None  # its line (0: none), where more than the names of columns tells
    device: str = ""  # of a table with a row a series and time: its columns of names, values and units
    value: str = ""
    unit: str = ""
    others: bool = False  # whether names in `device` that no pattern matches are electricity too, and not set aside
    end: str = ""  # columns of the intervals' ends and of how good a value is, read where they are there
    quality: str = ""
    quality_words: Mapping[str, str] = field(default_factory=dict)  # what the file calls a quality, in lower case
    time_marks: Literal["start", "end"] = "start"  # this and the next three as in `Layout`
    zone: str = "home"
    order: Order = "ymd"
    comma: bool | None = None
    alternatives: bool = False  # whether of columns of one name the first pattern's counts, instead of their sum
    below_zero: str = ""  # the columns that are written with a minus though they are no other direction
    total: str | None = None  # what stands instead of a time in rows that sum up others, which are passed over
    skip_empty: bool = False  # whether columns without any number are left out, with a note
    single: str = ""  # the column of the meter, `{single}` in the name of a series; a file of several is refused
    refuse: Mapping[str, str] = field(default_factory=dict)  # columns of something else than electricity, and of what
    advice: str = "Move the file out of the home's folder."  # what to do with a file without any of the series
    expected: Mapping[str, str] = field(default_factory=dict)  # columns of a complete file, and a note where one lacks
    adapt: Callable[[Path, Layout, Settings], Layout] | None = None
    prepare: Callable[[Table], Table] | None = None  # from a block of cells to the one that is read
    complete: Callable[[Part, Path], Part] | None = None  # from a part to the one that is handed on
    rank: int = 50

    def matches(self, path: Path) -> bool:
        """Tell whether a header in the beginning of the file has the columns of the format."""
        return self._line(path) > 0

    def read(self, path: Path, settings: Settings) -> Part:
        """Read a file by its row of the catalog."""
        line = self._line(path) or 1
        names = table.header(path, line) or []
        layout, notes = self._layout(path, line, names)
        if self.adapt is not None:
            layout = self.adapt(path, layout, settings)
        layout = overridden(layout, settings.file(path.name))
        blocks = table.blocks(path, layout.line, layout.names, layout.separator)
        part = tabular.of((self._prepared(block, layout) for block in blocks), layout, settings)
        part = replace(part, notes=(*notes, *part.notes))
        return part if self.complete is None else self.complete(part, path)

    def _line(self, path: Path) -> int:
        if self.find_header is not None:
            return self.find_header(path)
        if self.below_title:
            return sample.line_of(path, self._is_header)
        return int(self._is_header(table.header(path) or []))

    def _is_header(self, names: list[str]) -> bool:
        needed = (*self._times, *self.header, *filter(None, (self.device, self.value, self.unit, self.single)))
        if any(_column(names, pattern) for pattern in self.refuse):
            needed = self._times
        elif not self.device and not self._mappings(names):
            return False
        return all(_column(names, pattern) is not None for pattern in needed)

    @property
    def _times(self) -> tuple[str, ...]:
        return (self.time,) if isinstance(self.time, str) else self.time

    def _mappings(self, names: Collection[str], meter: str = "") -> dict[str, SeriesMapping]:
        """Return what each of the names measures that are known."""
        mappings: dict[str, SeriesMapping] = {}
        for pattern, mapping in self.series.items():
            for name in names:
                match = None if name in mappings else re.fullmatch(pattern, name)
                if match is None:
                    continue
                series = match.expand(mapping.device_id) if "\\" in mapping.device_id else mapping.device_id
                series = series.replace("{single}", meter).strip()
                if not self.alternatives or series not in {known.device_id for known in mappings.values()}:
                    mappings[name] = replace(mapping, device_id=series)
        return {name: mappings[name] for name in names if name in mappings}

    def _layout(self, path: Path, line: int, names: list[str]) -> tuple[Layout, list[str]]:
        """Return how this file is laid out, and notes on what it lacks."""
        for pattern, what in self.refuse.items():
            if _column(names, pattern) is not None:
                raise NoElectricityError(path.name, what)
        keys = [self.device, self.unit, self.single]
        series, units, meters = _distinct(path, line, [_column(names, pattern) for pattern in keys])
        if units and set(units) <= {"m³", "m3", ""}:
            raise NoElectricityError(path.name, "gas")
        if len(meters) > 1:
            raise InputError(
                f"{path.name}: holds {len(meters)} meters or devices ({', '.join(meters)[:120]}). Export each apart."
            )
        mappings = self._mappings(series if self.device else names, "".join(meters))
        notes = [f"{path.name}: {note}" for pattern, note in self.expected.items() if _column(names, pattern) is None]
        if self.skip_empty:
            empty = _without_numbers(path, line, mappings)
            mappings = {name: mapping for name, mapping in mappings.items() if name not in empty}
            notes += [f"{path.name}: {', '.join(empty)} holds no number and is not read."] if empty else []
        device, value, unit = (_column(names, name) or name or None for name in (self.device, self.value, self.unit))
        if not mappings and not self.others and self.adapt is None:
            seen = ", ".join(series or names)
            raise InputError(f"{path.name}: there is no electricity of {self.title} in {seen[:120]}. {self.advice}")
        return Layout(
            self.title,
            tuple(_column(names, pattern) or pattern for pattern in self._times),
            mappings,
            device,
            value,
            unit,
            quality=_column(names, self.quality),
            quality_words=self.quality_words,
            only_mapped=not self.others,
            end=_column(names, self.end),
            time_marks=self.time_marks,
            zone=self.zone,
            order=self.order,
            comma=self.comma,
            line=line,
        ), notes

    def _prepared(self, block: Table, layout: Layout) -> Table:
        """Return a block without rows of totals, signs that mean nothing, and midnights beside a clock."""
        date = layout.times[0]
        if self.total is not None and date in block.rows:
            whole = (block.rows[date].astype("str").str.strip() == self.total).to_numpy(bool)
            block.rows, block.rows_read = block.rows[~whole], block.rows_read - int(whole.sum())
            if whole.any() and self.total:
                block.notes.append(f"{block.file}: its row {self.total} is the sum of the others and is not read.")
        if len(layout.times) > 1 and date in block.rows:
            block.rows = block.rows.assign(**{date: block.rows[date].str.replace(_MIDNIGHT, "", regex=True)})
        for name in layout.mappings:
            if self.below_zero and name in block.rows and re.fullmatch(self.below_zero, name):
                block.rows = block.rows.assign(**{name: block.rows[name].str.strip().str.removeprefix("-")})
        return block if self.prepare is None else self.prepare(block)


def _column(names: Iterable[str], pattern: str) -> str | None:
    """Return the first column that matches, or None where none does or no pattern is given."""
    return next((name for name in names if re.fullmatch(pattern, name)), None) if pattern else None


def _distinct(path: Path, line: int, columns: list[str | None]) -> list[list[str]]:
    """Return what stands in some columns, in order; nothing of a column that is not there."""
    cells: list[set[str]] = [set() for _ in columns]
    for block in table.blocks(path, line) if any(columns) else ():
        for seen, name in zip(cells, columns, strict=True):
            seen |= set() if name is None else set(block.rows[name].astype("str").unique())
    return [sorted(seen) for seen in cells]


def _without_numbers(path: Path, line: int, columns: Collection[str]) -> list[str]:
    """Return the columns that hold no number."""
    full: set[str] = set()
    for block in table.blocks(path, line):
        full |= {name for name in columns if not np.isnan(cells.numbers(block.rows[name], block.comma)[0]).all()}
    return [name for name in columns if name not in full]
