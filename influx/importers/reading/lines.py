"""CSV text as rows of cells, a line at a time, so that one broken line costs one row and not the rest of the file.

Most lines go through Arrow's reader at once. A line in which a quote stays open is looked at on its own: with the lines
below it, if together they make a row (a value may hold a line break), or else as a fault.
"""

from __future__ import annotations

import csv
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

MOST_LINES = 20
"""A value that spans more lines than this is an open quote, not a value."""

Fault = tuple[int, str, str]
"""The number of a line in its file, its text, and why it is no row."""


def split_header(line: str, separator: str = "") -> tuple[list[str], str]:
    """Return the column names of a header line, and the sign that parts its cells: what stands there most of , ; tab.

    It is a csv.Error where a name is longer than any name is.
    """
    separator = separator or max(",;\t", key=line.count)
    cells = next(csv.reader([line], delimiter=separator), [])
    return [cell.strip() or f"(column {number})" for number, cell in enumerate(cells, start=1)], separator


def padded(body: str, width: int, separator: str) -> str:
    """Return lines with the last cells that they lack; one without a line end may be cut off, and stays as it is."""
    *lines, rest = body.split("\n")
    for place, line in enumerate(lines):
        lacking = width - 1 - line.count(separator)
        if lacking > 0 and line.strip() and '"' not in line:
            lines[place] = line + separator * lacking
    return "\n".join([*lines, rest])


def rows_of(body: str, names: list[str], separator: str, first: int = 2) -> tuple[pd.DataFrame, list[Fault]]:
    """Return the rows of the lines below a header, by their numbers in the file, and the lines that make none.

    The first line has the number `first`; blank lines are no rows.
    """
    if '"' not in body:
        return _parsed(body, names, separator, first)[:2]
    value = rf'(?:"(?:[^"]|"")*"|(?!")[^{separator}]*)'
    clean = re.compile(rf"{value}(?:{separator}{value})*")  # a line whose quotes are all closed
    lines = body.split("\n")
    quoted = [number for number, line in enumerate(lines) if '"' in line]
    odd = [number for number in quoted if lines[number].count('"') % 2]
    for likely in (odd, quoted):  # seldom does a line with an even number of quotes leave one open
        suspect = [number for number in likely if not clean.fullmatch(lines[number])]
        broken, faults, rest = _with_breaks(lines, suspect, names, separator, clean)
        frame, more, seen = _parsed("\n".join(rest), names, separator, first)
        if seen == len(lines):
            break
    if broken:
        rows = {number + first: row for number, row in broken.items()}
        frame = pd.concat([frame, pd.DataFrame.from_dict(rows, "index", columns=names, dtype="str")]).sort_index()
    return frame, [(number + first, text, why) for number, text, why in faults] + more


def _parsed(body: str, names: list[str], separator: str, first: int) -> tuple[pd.DataFrame, list[Fault], int]:
    """Return the rows of lines that are each one row, their faults, and how many lines there were."""
    skipped: list[int] = []
    faults: list[Fault] = []

    def wrong_width(row: pa.csv.InvalidRow) -> str:
        number = row.number + first - 2
        skipped.append(number)
        if row.text.strip():
            faults.append((number, row.text, f"{row.actual_columns} cells where the header has {row.expected_columns}"))
        return "skip"

    content = pa.BufferReader(("\n" + body + "\n").encode())
    table = pa.csv.read_csv(
        content,
        pa.csv.ReadOptions(use_threads=False, block_size=content.size() + 1, column_names=names, skip_rows=1),
        pa.csv.ParseOptions(delimiter=separator, invalid_row_handler=wrong_width, ignore_empty_lines=False),
        pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False),
    )
    numbers = np.arange(first, first + len(table) + len(skipped))
    frame = table.to_pandas()
    frame.index = pd.Index(np.delete(numbers, np.array(skipped, int) - first))
    blank = _blank(table)
    return (frame[~blank] if blank.any() else frame), faults, len(numbers)


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


def _with_breaks(
    lines: list[str], suspect: list[int], names: list[str], separator: str, clean: re.Pattern[str]
) -> tuple[dict[int, list[str]], list[Fault], list[str]]:
    """Return the rows that suspect lines make, those that make none as faults, and all lines with these left blank."""
    rest = lines.copy()
    rows: dict[int, list[str]] = {}
    faults: list[Fault] = []
    for first in suspect:
        if not rest[first]:
            continue  # part of the row before
        below = range(first + 1, min(first + MOST_LINES, len(rest)))
        last = next((number for number in below if rest[number].count('"') % 2), first)
        joined = "\n".join(rest[first : last + 1])
        cells = _cells(joined, separator) if last > first and clean.fullmatch(joined) else []
        if len(cells) == len(names):
            rows[first] = cells
        else:
            faults.append((first, rest[first], "a quote is opened in this line and not closed"))
            last = first
        rest[first : last + 1] = [""] * (last + 1 - first)
    return rows, faults, rest


def _cells(row: str, separator: str) -> list[str]:
    """Return the cells of lines that make one row, none of others."""
    try:
        rows = list(csv.reader(row.splitlines(keepends=True), delimiter=separator))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 else []
