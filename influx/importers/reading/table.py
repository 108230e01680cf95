"""Files as raw tables, before anybody knows what they mean: every row keeps its number, none is dropped in silence.

A CSV row is one line, and all of its cells stay text until a source reads them; a Parquet file keeps its types. What
cannot be used moves, with a reason, from the rows to the rejected ones, so that rows read = rows used + rows rejected.
A large CSV file comes in blocks of some hundred thousand rows, so that a source may turn each into numbers before the
next one is read. Encodings are told in `encoding`, spreadsheets are read in `sheet`.
"""

from __future__ import annotations

import csv
import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from influx.core.errors import InputError
from influx.importers.reading import encoding, sheet
from influx.importers.reading.lines import padded, rows_of, split_header

REJECTED = {"file": "str", "row": "int64", "column": "str", "value": "str", "reason": "str", "kwh": "float64"}
"""Columns of the rejected rows; `row` counts from 1, in a CSV with the header; `kwh` is NaN where it is not known."""

ASIDE = "no electricity"
"""How the reason begins where a row tells of something else: it is ignored, and does not count as a fault."""

_DAMAGED = (pa.ArrowException, OSError, ValueError, RecursionError, OverflowError, KeyError, TypeError)
_MOST_COLUMNS = 20_000
_MOST_KWH = 1e12
"""An energy beyond is none: its sums would hold nothing else."""


@dataclass
class Table:
    """The rows of one file that are still good, and those that are not.

    `rows` has the file's row numbers as its index; `comma` tells that decimals may be written with a comma; `kwh_of`
    returns the energy of rows [kWh], once it is known how to.
    """

    file: str
    rows: pd.DataFrame
    comma: bool = False
    rejected: list[pd.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows_read: int = 0
    kwh_of: Callable[[pd.DataFrame], np.ndarray] | None = None

    def reject(
        self, bad: np.ndarray, column: str | np.ndarray, reason: str | np.ndarray, values: pd.Series | None = None
    ) -> None:
        """Move the rows where `bad` holds to the rejected ones; `values` are the cells as they stood in the file."""
        if not bad.any():
            return
        values = self.rows[column] if values is None else values
        self.rejected.append(
            rejected(
                self.file,
                self.rows.index[bad].to_numpy(),
                column if isinstance(column, str) else column[bad],
                [shown(value) for value in values[bad]],
                reason if isinstance(reason, str) else reason[bad],
                np.nan if self.kwh_of is None else self.kwh_of(self.rows[bad]),
            )
        )
        self.rows = self.rows[~bad]

    def all_rejected(self) -> pd.DataFrame:
        """Return the rejected rows in the order of the file."""
        frames = [frame for frame in self.rejected if len(frame)] or [rejected(self.file, [], "", [], "")]
        return pd.concat(frames).sort_values("row", kind="stable", ignore_index=True)


def rejected(
    file: str, rows: object, column: object, values: object, reason: object, kwh: object = np.nan
) -> pd.DataFrame:
    """Return a frame with the columns of `REJECTED`."""
    frame = pd.DataFrame({"row": np.asarray(rows, dtype="int64"), "value": np.asarray(values, dtype=object)})
    frame = frame.assign(file=file, column=column, reason=reason, kwh=np.asarray(kwh, float))
    frame["kwh"] = frame["kwh"].where(frame["kwh"].abs() < _MOST_KWH)
    return frame[list(REJECTED)].astype(REJECTED)


def shown(value: object) -> str:
    """Return a cell as it is shown: blank where nothing is there, cut where it is long."""
    text = "" if value is None or value is pd.NaT or value != value else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def header(path: Path, line: int = 1) -> list[str] | None:
    """Return the column names of a table, from the `line` of a CSV file in which they stand; None where it is none."""
    stat = path.stat()
    return _header(path, line, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _header(path: Path, line: int, _changed: int, _size: int) -> list[str] | None:
    try:
        kind = encoding.kind(path)
        if kind == "parquet":
            return [str(name) for name in pa.parquet.read_schema(path).names]
        if kind == "sheet":
            return sheet.rows(path)[line - 1]
        lines = encoding.head(path).split("\n")
        return split_header(lines[line - 1])[0] if len(lines) >= line and lines[line - 1].strip() else None
    except (InputError, IndexError, csv.Error, *_DAMAGED):
        return None


def read(path: Path, line: int = 1) -> Table:
    """Read a CSV, Parquet or XLSX file whole, as `blocks` does."""
    return concat(list(blocks(path, line)))


def blocks(
    path: Path, line: int = 1, names: tuple[str, ...] = (), separator: str = "", short: bool = False
) -> Iterator[Table]:
    """Read a CSV, Parquet or XLSX file, a CSV in blocks of rows.

    `line` is that of the header (0: none), `names` are the columns where the file has no header or repeats a name, and
    `separator` parts the cells where the header does not tell; `short` rows may end before the last columns.

    Raises
    ------
    InputError
        The file is empty, has a header only, names a column twice, or is no table; maybe only at a later block.
    """
    try:
        kind = encoding.kind(path)
        if not path.stat().st_size:
            raise InputError(f"{path.name}: the file is empty. Export it again, or remove it.")
    except OSError as error:
        raise InputError(
            f"{path.name}: cannot be opened: {error.strerror}. Mend its permissions, or remove it."
        ) from error
    if kind == "parquet":
        tables: Iterable[Table] = [_parquet(path)]
    elif kind == "sheet":
        tables = [_sheet(path, line, names)]
    else:
        tables = _lines(path, line, names, separator, short)
    count = 0
    for table in tables:
        count += table.rows_read
        yield table
    if not count:
        raise InputError(f"{path.name}: the file has a header but no rows. Export it again, or remove it.")


def concat(tables: Iterable[Table]) -> Table:
    """Put the blocks of a file together again."""
    tables = list(tables)
    if len(tables) == 1:
        return tables[0]
    rows = pd.concat([table.rows for table in tables])
    rejected = [frame for table in tables for frame in table.rejected if len(frame)]
    notes = list(dict.fromkeys(note for table in tables for note in table.notes))
    rows_read = sum(table.rows_read for table in tables)
    return replace(tables[0], rows=rows, rejected=rejected, notes=notes, rows_read=rows_read)


def _parquet(path: Path) -> Table:
    try:
        rows = pd.read_parquet(path)
    except _DAMAGED as error:
        why = (str(error).splitlines() or ["it is damaged"])[0]
        raise InputError(f"{path.name}: not readable as Parquet: {why}. Export it again.") from error
    if rows.index.name is not None and rows.index.name not in rows:
        rows = rows.reset_index()
    rows.columns = [str(name) for name in rows.columns]
    _refuse_repeated(path.name, list(rows.columns))
    rows.index = pd.RangeIndex(1, len(rows) + 1)
    return Table(path.name, rows, rows_read=len(rows))


def _lines(path: Path, line: int, names: tuple[str, ...], separator: str, short: bool) -> Iterator[Table]:
    texts = encoding.blocks(path, line)
    head, first = next(texts, "") if line else "", line + 1
    try:
        columns, sign = split_header(head, separator)
        columns = list(names) or columns
        _refuse_repeated(path.name, columns)
        for text in texts:
            frame, faults = rows_of(padded(text, len(columns), sign) if short else text, columns, sign, first)
            first += text.count("\n")
            numbers, cells, reasons = ([fault[part] for fault in faults] for part in range(3))
            bad = rejected(path.name, numbers, "", list(map(shown, cells)), reasons)
            yield Table(path.name, frame, sign != ",", [bad], rows_read=len(frame) + len(bad))
    except (csv.Error, pa.ArrowException, UnicodeEncodeError) as error:
        raise InputError(f"{path.name}: not readable as CSV: {error}. Export it again.") from error


def _sheet(path: Path, line: int, names: tuple[str, ...]) -> Table:
    cells = sheet.rows(path)
    columns = list(names) or [name or f"(column {place})" for place, name in enumerate(cells[line - 1], start=1)]
    _refuse_repeated(path.name, columns)
    rows = pd.DataFrame(cells[line:], columns=columns, index=range(line + 1, len(cells) + 1), dtype="str")
    rows = rows[(rows != "").any(axis=1)]
    return Table(path.name, rows, True, rows_read=len(rows), notes=sheet.notes(path))


def _refuse_repeated(file: str, names: list[str]) -> None:
    """Refuse a header that names a column twice, or more columns than a year has hours, twice over."""
    if len(names) > _MOST_COLUMNS:
        raise InputError(f"{file}: it has {len(names)} columns, more than any table of a home. Export fewer at once.")
    if repeated := sorted(name for name, count in Counter(names).items() if count > 1):
        raise InputError(f"{file}: the column {repeated[0]!r} stands twice in the header. Keep one of the two.")


def need(table: Table, columns: tuple[str, ...]) -> None:
    """Raise InputError where the table lacks one of `columns`; the error says which are there, and the near name."""
    lacking = [name for name in columns if name not in table.rows]
    if not lacking:
        return
    there = list(table.rows.columns)
    near = {name: difflib.get_close_matches(name, there, n=1) for name in lacking}
    hints = "".join(f" Is {names[0]!r} meant as {name}?" for name, names in near.items() if names)
    raise InputError(
        f"{table.file}: no column {', '.join(lacking)}; there are {', '.join(there)}.{hints} Rename or add the column."
    )
