"""CSV text as rows of cells, a line at a time, so that one broken line costs one row and not the rest of the file.

Most lines go through Arrow's reader at once. A line in which a quote stays open is looked at on its own: with the lines
below it, if together they make a row (a value may hold a line break), or else as a fault.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

_MOST_LINES = 20
"""A value that spans more lines than this is an open quote, not a value."""


@dataclass
class Lines:
    """What the lines below a header hold: cells by line number (header 1), and faults (number, text, reason)."""

    names: list[str]
    separator: str
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    faults: list[tuple[int, str, str]] = field(default_factory=list)


def split_header(line: str, separator: str = "") -> tuple[list[str], str]:
    """Return the column names of a header line, and the sign that parts its cells.

    It is a comma, a semicolon or a tab, whichever stands there most, where no `separator` is given.

    Raises
    ------
    csv.Error
        A name is longer than any name is.
    """
    separator = separator or max(",;\t", key=line.count)
    cells = next(csv.reader([line], delimiter=separator), [])
    return [cell.strip() or f"(column {number})" for number, cell in enumerate(cells, start=1)], separator


def split_lines(text: str) -> Lines:
    """Return the rows of a CSV text that begins with its header; blank lines are no rows."""
    head, _, body = text.partition("\n")
    return rows_of(body, *split_header(head))


def padded(body: str, width: int, separator: str) -> str:
    """Return lines with the last cells that they lack; one without a line end may be cut off, and stays as it is."""
    *lines, rest = body.split("\n")
    for place, line in enumerate(lines):
        lacking = width - 1 - line.count(separator)
        if lacking > 0 and line.strip() and '"' not in line:
            lines[place] = line + separator * lacking
    return "\n".join([*lines, rest])


def rows_of(body: str, names: list[str], separator: str, first: int = 2) -> Lines:
    """Return the rows of the lines below a header, the first of which has the number `first` in its file."""
    out = Lines(names, separator)
    clean = _clean_line(separator)
    if '"' not in body:
        _fill(out, body, first)
        return out
    lines = body.split("\n")
    quoted = [number for number, line in enumerate(lines) if '"' in line]
    likely = [number for number in quoted if lines[number].count('"') % 2 and not clean.fullmatch(lines[number])]
    if not _fill_around(out, lines, likely, first):  # some line with an even number of quotes leaves one open
        out.faults.clear()
        _fill_around(out, lines, [number for number in quoted if not clean.fullmatch(lines[number])], first)
    return out


def _clean_line(separator: str) -> re.Pattern[str]:
    """Return the pattern of lines whose quotes are all closed."""
    value = rf'(?:"(?:[^"]|"")*"|(?!")[^{separator}]*)'
    return re.compile(rf"{value}(?:{separator}{value})*")


def _fill_around(out: Lines, lines: list[str], suspect: list[int], first: int) -> bool:
    """Fill in rows and faults, the suspect lines by themselves; return whether every line was seen as one line."""
    lines = lines.copy()
    own = _rows_with_breaks(out, lines, suspect, first)
    seen = _fill(out, "\n".join(lines), first)
    if own:
        out.frame = pd.concat([out.frame, pd.DataFrame.from_dict(own, "index", columns=out.names, dtype="str")])
        out.frame = out.frame.sort_index()
    return seen == len(lines)


def _fill(out: Lines, body: str, first: int) -> int:
    """Fill in the rows of lines that are each one row, and their faults; return how many lines there were."""
    skipped: list[int] = []

    def wrong_width(row: pa.csv.InvalidRow) -> str:
        number = row.number + first - 2
        skipped.append(number)
        if row.text.strip():
            reason = f"{row.actual_columns} cells where the header has {row.expected_columns}"
            out.faults.append((number, row.text, reason))
        return "skip"

    content = pa.BufferReader(("\n" + body + "\n").encode())
    table = pa.csv.read_csv(
        content,
        pa.csv.ReadOptions(use_threads=False, block_size=content.size() + 1, column_names=out.names, skip_rows=1),
        pa.csv.ParseOptions(delimiter=out.separator, invalid_row_handler=wrong_width, ignore_empty_lines=False),
        pa.csv.ConvertOptions(column_types=dict.fromkeys(out.names, pa.large_string()), strings_can_be_null=False),
    )
    numbers = np.arange(first, first + len(table) + len(skipped))
    numbers = np.delete(numbers, np.array(skipped, int) - first)
    blank = _blank(table)
    frame = table.to_pandas()
    frame.index = pd.Index(numbers)
    out.frame = frame[~blank] if blank.any() else frame
    return len(numbers) + len(skipped)


def _blank(table: pa.Table) -> np.ndarray:
    """Tell which rows have nothing in any cell; most tables have none, as their first cells tell."""
    places = np.arange(len(table))
    for column in table.columns:
        cells = pc.utf8_trim_whitespace(column.take(pa.array(places)) if len(places) < len(table) else column)
        places = places[pc.equal(cells, "").to_numpy(zero_copy_only=False)]
        if not len(places):
            break
    blank = np.zeros(len(table), bool)
    blank[places] = True
    return blank


def _rows_with_breaks(out: Lines, lines: list[str], suspect: list[int], begin: int) -> dict[int, list[str]]:
    """Take the suspect lines out of `lines`: return the rows that they make; those that make none are faults."""
    clean = _clean_line(out.separator)
    rows: dict[int, list[str]] = {}
    for first in suspect:
        if not lines[first]:
            continue  # part of the row before
        below = range(first + 1, min(first + _MOST_LINES, len(lines)))
        last = next((number for number in below if lines[number].count('"') % 2), first)
        joined = "\n".join(lines[first : last + 1])
        cells = _cells(joined, out.separator) if last > first and clean.fullmatch(joined) else []
        if len(cells) == len(out.names):
            rows[first + begin] = cells
        else:
            out.faults.append((first + begin, lines[first], "a quote is opened in this line and not closed"))
            last = first
        lines[first : last + 1] = [""] * (last + 1 - first)
    return rows


def _cells(row: str, separator: str) -> list[str]:
    """Return the cells of lines that make one row, none of others."""
    try:
        rows = list(csv.reader(row.splitlines(keepends=True), delimiter=separator))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 else []
