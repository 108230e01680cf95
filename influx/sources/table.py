"""Files as raw tables, before anybody knows what they mean: every row keeps its number, none is dropped in silence.

A CSV row is one line, and all of its cells stay text until a source reads them; a Parquet file keeps its types. What
cannot be used moves, with a reason, from the rows to the rejected ones, so that rows read = rows used + rows rejected.
Text may be UTF-8 or UTF-16 (told by its mark) and otherwise counts as Latin-1; comma, semicolon or tab part its cells.
"""

from __future__ import annotations

import codecs
import csv
import difflib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from influx.errors import InputError
from influx.sources.lines import split_header, split_lines

REJECTED = ("file", "row", "column", "value", "reason")
"""Columns of the rejected rows; `row` counts from 1, in a CSV with the header."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROL = frozenset(map(chr, range(32))) - set("\t\n\f\r\x1b")


@dataclass
class Table:
    """The rows of one file that are still good, and those that are not.

    `rows` has the file's row numbers as its index; `comma` tells that decimals may be written with a comma.
    """

    file: str
    rows: pd.DataFrame
    comma: bool = False
    rejected: list[pd.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows_read: int = 0

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
                [_shown(value) for value in values[bad]],
                reason if isinstance(reason, str) else reason[bad],
            )
        )
        self.rows = self.rows[~bad]

    def all_rejected(self) -> pd.DataFrame:
        """Return the rejected rows in the order of the file."""
        frames = [frame for frame in self.rejected if len(frame)] or [rejected(self.file, [], "", [], "")]
        return pd.concat(frames).sort_values("row", kind="stable", ignore_index=True)


def rejected(file: str, rows: object, column: object, values: object, reason: object) -> pd.DataFrame:
    """Return a frame with the columns of `REJECTED`."""
    frame = pd.DataFrame({"row": np.asarray(rows, dtype="int64"), "value": np.asarray(values, dtype=object)})
    frame = frame.assign(file=file, column=column, reason=reason)[list(REJECTED)]
    return frame.astype({"file": "str", "row": "int64", "column": "str", "value": "str", "reason": "str"})


def _shown(value: object) -> str:
    text = "" if value is None or value is pd.NaT or value != value else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def header(path: Path) -> list[str] | None:
    """Return the column names of a table, or None where the file is no table. Only its first lines are read."""
    stat = path.stat()
    return _header(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _header(path: Path, _changed: int, _size: int) -> list[str] | None:
    try:
        with path.open("rb") as file:
            start = file.read(1 << 16)
        if start.startswith(b"PAR1"):
            return [str(name) for name in pa.parquet.read_schema(path).names]
        text = _text(start, path.name, whole=False)
        return split_header(text.split("\n", 1)[0])[0] if text.strip() else None
    except (InputError, csv.Error, pa.ArrowException, OSError):
        return None


def read(path: Path) -> Table:
    """Read a CSV or Parquet file.

    Raises
    ------
    InputError
        The file is empty, has a header only, names a column twice, or is no table at all.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path.name}: cannot be opened: {error.strerror}. Mend its permissions, or remove it."
        ) from error
    if not content.strip():
        raise InputError(f"{path.name}: the file is empty. Export it again, or remove it.")
    table = _parquet(path) if content.startswith(b"PAR1") else _csv(path.name, _text(content, path.name))
    if not table.rows_read:
        raise InputError(f"{path.name}: the file has a header but no rows. Export it again, or remove it.")
    return table


def _parquet(path: Path) -> Table:
    try:
        rows = pd.read_parquet(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(
            f"{path.name}: not readable as Parquet: {str(error).splitlines()[0]}. Export it again."
        ) from error
    if rows.index.name is not None and rows.index.name not in rows:
        rows = rows.reset_index()
    rows.columns = [str(name) for name in rows.columns]
    _once(path.name, list(rows.columns))
    rows.index = pd.RangeIndex(1, len(rows) + 1)
    return Table(path.name, rows, rows_read=len(rows))


def _text(content: bytes, file: str, whole: bool = True) -> str:
    """Return the text of a file, whose encoding is told by its mark, else by whether it is valid UTF-8."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    try:
        if encoding == "utf-16":
            text = content.decode("utf-16", "strict" if whole else "ignore")
        else:
            text = codecs.getincrementaldecoder(encoding or "utf-8")().decode(content, whole)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    odd = _CONTROL & set(text)
    if "\0" in odd or sum(text.count(sign) for sign in odd) > len(text) / 50:
        raise InputError(f"{file}: this is not a text table (it holds binary bytes). Export it as CSV or Parquet.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _once(file: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{file}: the column {twice[0]!r} stands twice in the header. Keep one of the two.")


def _csv(file: str, text: str) -> Table:
    try:
        _once(file, split_header(text.split("\n", 1)[0])[0])
        lines = split_lines(text)
    except (csv.Error, pa.ArrowException) as error:
        raise InputError(f"{file}: not readable as CSV: {error}. Export it again.") from error
    faults = lines.faults
    reasons = [why for _, _, why in faults]
    bad = rejected(file, [row for row, _, _ in faults], "", [_shown(text) for _, text, _ in faults], reasons)
    return Table(file, lines.frame, lines.separator != ",", [bad], rows_read=len(lines.frame) + len(bad))


def need(table: Table, columns: tuple[str, ...]) -> None:
    """Raise InputError where the table lacks one of `columns`; the error says which are there, and the near name."""
    lacking = [name for name in columns if name not in table.rows]
    if not lacking:
        return
    there = list(table.rows.columns)
    near = [(name, difflib.get_close_matches(name, there, n=1)) for name in lacking]
    hints = "".join(f" Is {found[0]!r} meant as {name}?" for name, found in near if found)
    raise InputError(
        f"{table.file}: no column {', '.join(lacking)}; there are {', '.join(there)}.{hints} Rename or add the column."
    )
