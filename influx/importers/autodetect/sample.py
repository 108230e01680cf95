"""A look into a table before it is read: lines from all over the file, what parts their cells, and where its header is.

Exports begin with titles and addresses, repeat a name, or have a row of units below the header; some have no header.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from influx.core.errors import InputError
from influx.importers.reading import encoding, sheet, units
from influx.importers.reading.table import Table, blocks
from influx.importers.reading.table import header as header_of
from influx.importers.reading.times import PATTERNS

SEPARATORS = (";", "\t", ",", "|")
_HEAD = 1 << 18
_MOST_ABOVE = 31
_CHUNK = 1 << 14
_PIECES = 8
_NUMBER = re.compile(r"[+-]?(?:\d[\d .,'\u00a0\u202f]*|[.,]\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
_DATES = [re.compile(pattern.replace("?P<", "?P<_")) for pattern in PATTERNS.values()]


@dataclass(frozen=True)
class Sample:
    """Rows of a table, and how its beginning is laid out.

    Attributes
    ----------
    rows : DataFrame
        Cells as text (typed ones of Parquet as they are), a column each, by the names that it will be read with.
    separator : str
        Empty where cells are not parted by a sign.
    line : int
        The line after which the rows begin: that of the header, or of the units below it; 0 where there is none.
    names : tuple of str
        The columns where the file does not name each of them once; else empty.
    units : dict of str to str
        Units that stand below the names.
    title : str
        What stands above the header.
    whole : bool
        Whether the rows are all of the file.
    why : list of str
        What was concluded, and from what.
    """

    rows: pd.DataFrame
    separator: str = ""
    line: int = 1
    names: tuple[str, ...] = ()
    units: dict[str, str] = field(default_factory=dict)
    title: str = ""
    whole: bool = True
    why: list[str] = field(default_factory=list)


def look(path: Path, separator: str | None = None, header: int | None = None) -> Sample:
    """Return a sample of a table.

    Parameters
    ----------
    separator, header : optional
        What home.yaml says of the file.

    Raises
    ------
    InputError
        The file is no table.
    """
    kind = encoding.kind(path)
    if kind == "parquet":
        table = next(blocks(path))
        return Sample(table.rows, why=["A Parquet file names and types its columns."])
    if kind == "sheet":
        return _laid_out([list(row) for row in sheet.rows(path)], "", header, path.name)
    if kind != "text":
        raise InputError(f"{path.name}: this is not a table. Export it as CSV or Parquet.")
    lines, whole = _lines(path)
    found = max(SEPARATORS if separator is None else (separator,), key=lambda sign: _score(lines, sign))
    cells = [_cells(line, found) for line in lines]
    out = _laid_out(cells, found, header, path.name)
    said = {";": "semicolons", "\t": "tabs", ",": "commas", "|": "bars"}.get(found, found)
    return replace(out, whole=whole, why=[f"Its cells are parted by {said}.", *out.why])


def line_of(path: Path, is_header: Callable[[list[str]], bool]) -> int:
    """Return the line of a known header, which may stand below some about the account; 0 where it stands below rows."""
    for line in range(1, _MOST_ABOVE):
        names = header_of(path, line) or []
        if is_header(names):
            return line
        if _is_data(names):
            break
    return 0


def _lines(path: Path) -> tuple[list[str], bool]:
    """Return the lines of the beginning, and some from all over the rest; and whether they are all."""
    size = path.stat().st_size
    whole = size <= 2 * _HEAD
    lines = encoding.head(path, 2 * _HEAD if whole else _HEAD).lstrip("\ufeff").split("\n")
    if whole:
        return (lines[:-1] if lines and not lines[-1] else lines), True
    lines = lines[:-1]
    name = encoding.name_of(path)
    if name == "utf-16":
        return lines, False
    with path.open("rb") as file:
        for place in range(1, _PIECES + 1):
            file.seek(_HEAD + (size - _HEAD - _CHUNK) * place // _PIECES)
            text = file.read(_CHUNK).decode(name, "replace").replace("\r\n", "\n").replace("\r", "\n")
            lines += text.split("\n")[1:-1]
    return lines, False


def _cells(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:
        return []


def is_date(text: str) -> bool:
    """Tell whether a text is a date, in whatever order, or a date and a clock time."""
    compact = re.fullmatch(r"\d{8}", text)  # a number of a meter has eight digits, too
    if compact is not None:
        return re.fullmatch(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", text) is not None
    return any(pattern.fullmatch(text.lower()) for pattern in _DATES)


def is_number(text: str) -> bool:
    """Tell whether a text is a number, however its thousands and decimals are parted."""
    return _NUMBER.fullmatch(text) is not None


def _score(lines: list[str], separator: str) -> tuple[float, int]:
    """Return how well a sign parts cells: in how many lines beside a date or an epoch stand numbers."""
    some = [line for line in lines[:400] if line.strip()]
    rows = [_cells(line, separator) for line in some]
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0.0, 0
    width = widths.most_common(1)[0][0]
    good = [row for row in rows if len(row) == width and any(is_date(cell) or _is_epoch(cell) for cell in row)]
    with_numbers = [row for row in good if sum(is_number(cell) and not is_date(cell) for cell in row) > 0]
    return len(with_numbers) / len(some), width


def _is_epoch(text: str) -> bool:
    return re.fullmatch(r"\d{10}(?:\d{3})?(?:\.\d+)?", text) is not None


def _laid_out(cells: list[list[str]], separator: str, header: int | None, file: str) -> Sample:
    """Find the first row of data, and what stands above it."""
    full = [row for row in cells if any(row)]
    if not full:
        raise InputError(f"{file}: the file is empty. Export it again, or remove it.")
    width = Counter(len(row) for row in full).most_common(1)[0][0]
    first = next((n for n, row in enumerate(cells) if len(row) == width and _is_data(row)), None)
    if first is None or width < 2:
        raise InputError(f"{file}: no row of this file has a time and a number. Is it a table of readings?")
    why, below = [], {}
    head = first
    if first > 1 and len(cells[first - 1]) == width and _are_units(cells[first - 1]):
        head, below = first - 1, dict(enumerate(cells[first - 1]))
        why.append(f"Line {first} holds the units of the columns.")
    above = [n for n in range(head) if abs(len(cells[n]) - width) <= 1 and sum(map(bool, cells[n])) > width / 2]
    line = header if header is not None else above[-1] + 1 if above else 0
    names = [f"column {n}" for n in range(1, width + 1)] if not line else [*cells[line - 1], *[""] * width][:width]
    why.append(f"Line {line} names the columns." if line else "No line names the columns.")
    own = _once(names)
    changed = own != names or not line or below or (separator and any("\n" in name for name in names))
    rows = pd.DataFrame([row for row in cells[first:] if len(row) == width], columns=own, dtype="str")
    title = " ".join(cell for row in cells[: max((line or 1) - 1, 0)] for cell in row if cell)
    units_of = {own[n]: text for n, text in below.items() if text}
    return Sample(
        rows, separator, first if changed else line or 0, tuple(own) if changed else (), units_of, title, True, why
    )


def _is_data(row: list[str]) -> bool:
    return any(is_date(cell) or _is_epoch(cell) for cell in row) and sum(map(is_number, row)) > 0


def _are_units(row: list[str]) -> bool:
    there = [cell.strip("[]() ") for cell in row if cell]
    return bool(there) and any(units.factor(cell) for cell in there) and not any(map(is_number, there))


def _once(names: list[str]) -> list[str]:
    """Return names of which none is empty and none stands twice."""
    out: list[str] = []
    for place, name in enumerate(names, start=1):
        plain = name.strip() or f"(column {place})"
        out.append(plain if plain not in out else f"{plain} ({place})")
    return out


def read_all(path: Path, sample: Sample) -> list[Table]:
    """Return the whole table that a sample was taken of."""
    return list(blocks(path, sample.line, sample.names, sample.separator))
