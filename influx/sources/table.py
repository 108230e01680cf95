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
import pyarrow.csv
import pyarrow.parquet

from influx.errors import InputError

REJECTED = ("file", "row", "column", "value", "reason")
"""Columns of the rejected rows; `row` counts from 1, in a CSV with the header."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROL = frozenset(range(32)) - {9, 10, 12, 13, 27}


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
    with path.open("rb") as file:
        start = file.read(1 << 16)
    try:
        if start.startswith(b"PAR1"):
            return [str(name) for name in pa.parquet.read_schema(path).names]
        lines = _text(start, path.name, whole=False).splitlines()
        return _cells(lines[0])[0] if lines else None
    except (InputError, pa.ArrowException, OSError):
        return None


def read(path: Path) -> Table:
    """Read a CSV or Parquet file.

    Raises
    ------
    InputError
        The file is empty, has a header only, names a column twice, or is no table at all.
    """
    content = path.read_bytes()
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
            return content[: len(content) // 2 * 2].decode("utf-16", "strict" if whole else "ignore")
        text = codecs.getincrementaldecoder(encoding or "utf-8")().decode(content, whole)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if any(ord(sign) in _CONTROL for sign in set(text)):
        raise InputError(f"{file}: this is not a text table (it holds binary bytes). Export it as CSV or Parquet.")
    return text


def _cells(line: str) -> tuple[list[str], str]:
    """Return the column names of a header line, and the sign that parts them."""
    separator = max(",;\t", key=line.count)
    return [name.strip() for name in next(csv.reader([line], delimiter=separator), [])], separator


def _once(file: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{file}: the column {twice[0]!r} stands twice in the header. Keep one of the two.")


def _csv(file: str, text: str) -> Table:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    names, separator = _cells(lines[0])
    _once(file, names)
    quoted, faults = _take_open_quotes(lines, names, separator)
    plain = _plain(lines[1:], names, separator, faults)
    rows = (
        plain if not quoted else pd.concat([plain, pd.DataFrame.from_dict(quoted, "index", columns=names)]).sort_index()
    )
    bad = rejected(
        file, [row for row, _, _ in faults], "", [_shown(value) for _, value, _ in faults], [why for *_, why in faults]
    )
    return Table(file, rows, separator != ",", [bad], rows_read=len(rows) + len(bad))


def _take_open_quotes(
    lines: list[str], names: list[str], separator: str
) -> tuple[dict[int, list[str]], list[tuple[int, str, str]]]:
    """Take the lines with an open quote out of `lines`: return the rows that they make, and those that they do not.

    A value may hold a line break, so that the quote closes some lines below; a quote that never fits is a fault of its
    own line only, and does not swallow the rest of the file.
    """
    rows: dict[int, list[str]] = {}
    faults = []
    open_ = [number for number, line in enumerate(lines) if '"' in line and line.count('"') % 2 and number]
    while open_:
        first = open_.pop(0)
        cells = next(csv.reader([lines[first]], delimiter=separator))
        if len(cells) == len(names) and not _open(lines[first], separator):
            rows[first + 1] = cells
        elif open_ and open_[0] - first < 20:
            joined = next(csv.reader(iter([line + "\n" for line in lines[first : open_[0] + 1]]), delimiter=separator))
            if len(joined) == len(names):
                rows[first + 1] = joined
                lines[first : open_[0] + 1] = [""] * (open_.pop(0) + 1 - first)
                continue
        if first + 1 not in rows:
            faults.append((first + 1, lines[first], "a quote is opened in this line and not closed"))
        lines[first] = ""
    return rows, faults


def _open(line: str, separator: str) -> bool:
    """Tell whether the last quoted value of a line lacks its closing quote."""
    try:
        next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:
        return True
    return False


def _plain(lines: list[str], names: list[str], separator: str, faults: list[tuple[int, str, str]]) -> pd.DataFrame:
    """Return the cells of the lines as text, the line number as index; lines of another width go to `faults`."""
    skipped: list[int] = []

    def wrong_width(row: pa.csv.InvalidRow) -> str:
        skipped.append(row.number)
        if row.text.strip():
            faults.append(
                (row.number, row.text, f"{row.actual_columns} cells where the header has {row.expected_columns}")
            )
        return "skip"

    content = pa.BufferReader("\n".join(["", *lines]).encode("utf-8", "surrogatepass"))
    table = pa.csv.read_csv(
        content,
        pa.csv.ReadOptions(use_threads=False, block_size=content.size() + 1, column_names=names, skip_rows=1),
        pa.csv.ParseOptions(delimiter=separator, invalid_row_handler=wrong_width, ignore_empty_lines=False),
        pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False),
    )
    frame = table.to_pandas()
    numbers = np.setdiff1d(np.arange(2, len(frame) + len(skipped) + 2), skipped)
    frame.index = pd.Index(numbers[: len(frame)])
    empty = np.logical_and.reduce([(frame[name].str.strip() == "").to_numpy() for name in names])
    return frame[~empty]


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
