"""A look into a table before it is read: lines from all over the file, what parts their cells, and where its header is.

Exports begin with titles and addresses, repeat a name, or have a row of units below the header; some have no header.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from influx.core.errors import InputError
from influx.importers.autodetect import column_names
from influx.importers.reading import encoding, sheet, table, units
from influx.importers.reading.table import Table
from influx.importers.reading.times import PATTERNS

_SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas", "|": "bars"}
_HEAD = 1 << 18
_MOST_ABOVE = 31
_CHUNK = 1 << 14
_PIECES = 8
_NUMBER = re.compile(r"[+-]?(?:\d[\d .,'\u00a0\u202f]*|[.,]\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
_DATES = [re.compile(pattern) for pattern in PATTERNS.values()]
_DATE_IN_DIGITS = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_TIME_WORD = re.compile(r"dat|zeit|tim|hor[ao]|fecha|uhr|heure|stamp|from|von|start|begin|tijd|giorno|klok")
_OFTEN = 0.1
"""A length that so many of a table's rows have is one of its lengths."""

_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")


@dataclass(frozen=True)
class Sample:
    """Rows of a table, and how its beginning is laid out.

    `rows` are cells as text (typed ones of Parquet as they are), by the names that the table will be read with; `line`
    is the last one above them (0: none), `names` are the columns where the file does not name each of them once,
    `units` those that stand below the names, `title` is what stands above the header; `whole` tells that rows are all.
    """

    rows: pd.DataFrame
    separator: str = ""
    line: int = 1
    names: tuple[str, ...] = ()
    units: dict[str, str] = field(default_factory=dict)
    title: str = ""
    whole: bool = True
    why: tuple[str, ...] = ()
    short: bool = False  # whether rows may end before the last columns


def look(path: Path, separator: str | None = None, header: int | None = None) -> Sample:
    """Return a sample of a table; `separator` and the line of the `header` are what home.yaml says of the file.

    Raises
    ------
    InputError
        The file is no table.
    """
    kind = encoding.kind(path)
    if kind == "parquet":
        return Sample(next(table.blocks(path)).rows, why=("A Parquet file names and types its columns.",))
    if kind == "sheet":
        return _laid_out([list(row) for row in sheet.rows(path)], "", header, path.name)
    if kind != "text":
        raise InputError(f"{path.name}: this is not a table. Export it as CSV or Parquet.")
    text, whole = lines(path)
    sign = separator or max(_SEPARATORS, key=lambda sign: _score(text, sign))
    sign = sign if separator or _score(text, sign)[0] or not _score(text, " ")[0] else " "
    out = _laid_out([_cells(line, sign) for line in text], sign, header, path.name)
    return replace(
        out,
        whole=whole,
        why=(f"Its cells are parted by {_SEPARATORS.get(sign, 'blanks' if sign == ' ' else sign)}.", *out.why),
    )


def read_all(path: Path, sample: Sample) -> list[Table]:
    """Return the whole table that a sample was taken of."""
    return list(blocks(path, sample))


def blocks(path: Path, sample: Sample) -> Iterator[Table]:
    """Read the table that a sample was taken of, block by block."""
    return table.blocks(path, sample.line, sample.names, sample.separator, sample.short)


def line_of(path: Path, is_header: Callable[[list[str]], bool]) -> int:
    """Return the line of a known header, which may stand below some about the account; 0 where it stands below rows."""
    for line in range(1, _MOST_ABOVE):
        names = table.header(path, line) or []
        if is_header(names):
            return line
        if _is_data(names):
            break
    return 0


def is_date_in_digits(text: str) -> bool:
    """Tell whether eight digits are a date; the number of a meter has eight, too."""
    return _DATE_IN_DIGITS.fullmatch(text) is not None


def lines(path: Path) -> tuple[list[str], bool]:
    """Return the lines of the beginning, and some from all over the rest; and whether they are all."""
    size = path.stat().st_size
    whole = size <= 2 * _HEAD
    out = encoding.head(path, 2 * _HEAD if whole else _HEAD).lstrip("\ufeff").split("\n")
    if whole:
        return (out if out[-1] else out[:-1]), True
    out, name = out[:-1], encoding.name_of(path)
    if not name.startswith("utf-16"):
        with path.open("rb") as file:
            for place in range(1, _PIECES + 1):
                file.seek(_HEAD + (size - _HEAD - _CHUNK) * place // _PIECES)
                out += _whole_lines(file.read(_CHUNK).decode(name, "replace"))
    return out, False


def _whole_lines(text: str) -> list[str]:
    """Return the lines of a piece of a text that are whole."""
    return encoding.unquoted("\n".join(encoding.plain(text).split("\n")[1:-1])).split("\n")


def _cells(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:
        return []


def _is_date(text: str) -> bool:
    """Tell whether a text is a date, in whatever order, or a date and a clock time."""
    if text.isdigit() and len(text) == 8:
        return is_date_in_digits(text)
    return any(pattern.fullmatch(text.lower()) for pattern in _DATES)


def _is_time(text: str) -> bool:
    return _is_date(text) or _EPOCH.fullmatch(text) is not None


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _is_data(row: list[str]) -> bool:
    return any(map(_is_time, row)) and any(_is_number(cell) and not _is_date(cell) for cell in row)


def _are_units(row: list[str]) -> bool:
    cells = [cell.strip("[]() ") for cell in row if cell]
    named = any(_TIME_WORD.search(cell.lower()) for cell in cells)
    named = named or any(units.in_name(cell) and units.factor(cell) is None for cell in cells)  # as in HT (kWh)
    return any(map(units.factor, cells)) and not named and not any(map(_is_number, cells))


def _score(lines: list[str], separator: str) -> tuple[float, int]:
    """Return how well a sign parts cells: in how many lines beside a time stand numbers, and how many cells."""
    rows = [_cells(line, separator) for line in lines[:400] if line.strip()]
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0.0, 0
    width = widths.most_common(1)[0][0]
    return sum(_is_data(row) for row in rows if len(row) == width) / len(rows), width


def _laid_out(cells: list[list[str]], separator: str, header: int | None, file: str) -> Sample:
    """Find the first row of data, and what stands above it."""
    widths = Counter(len(row) for row in cells if any(row))
    if not widths:
        raise InputError(f"{file}: the file is empty. Export it again, or remove it.")
    width, short = _width(cells)
    rows = [row + [""] * (width - len(row)) if short and any(row) else row for row in cells]
    first = _first_of_data(rows, width, header or 0)
    if first is None or width < 2:
        raise InputError(f"{file}: no row of this file has a time and a number. Is it a table of readings?")
    above = [n for n in range(first) if _may_name(cells[n], rows[n], width)]
    with_units = bool(above) and _are_units(rows[above[-1]]) and len(above) > 1
    below, above = (rows[above[-1]], above[:-1]) if with_units else ([], above)
    line = header if header is not None else above[-1] + 1 if above else 0
    if line:  # rows without a value come before the first that has one
        first = next((n for n in range(line + with_units, first) if any(map(_is_time, rows[n]))), first)
    names = [f"column {n}" for n in range(1, width + 1)] if not line else [*cells[line - 1], *[""] * width][:width]
    grouped = _with_groups(cells[line - 2] if line > 1 else [], names)
    columns = _distinct(grouped)
    changed = columns != names or not line or with_units or (separator and any("\n" in name for name in names))
    return Sample(
        pd.DataFrame([row for row in rows[first:] if len(row) == width], columns=columns, dtype="str"),
        separator,
        first if changed else line,
        tuple(columns) if changed else (),
        {name: text for name, text in zip(columns, below, strict=False) if text},
        " ".join(cell for row in cells[: max(line - 1, 0)] for cell in row if cell),
        why=(
            *([f"Line {first} holds the units of the columns."] if with_units else []),
            f"Line {line} names the columns." if line else "No line names the columns.",
        ),
        short=short,
    )


def _width(cells: list[list[str]]) -> tuple[int, bool]:
    """Return how many cells a row has, and whether many rows end before the last of them."""
    widths = Counter(len(row) for row in cells if any(map(_is_time, row)))
    widths = widths or Counter(len(row) for row in cells if any(row))
    often = [width for width, count in widths.items() if count >= _OFTEN * widths.total()]
    usual = max(often, default=widths.most_common(1)[0][0])
    return usual, min(often, default=usual) < usual


def _first_of_data(rows: list[list[str]], width: int, header: int) -> int | None:
    """Return the first row of data below a known header; a row above the names may hold a time and a number, too.

    A row of data follows one, if only with its numbers where a day stands once.
    """
    places = [n for n in range(header, len(rows)) if len(rows[n]) == width and _is_data(rows[n])]
    full = [n for n in range(len(rows)) if any(rows[n])]
    following = dict(itertools.pairwise(full))

    def goes_on(n: int) -> bool:
        row = rows[following[n]]
        day = next(place for place, cell in enumerate(rows[n]) if _is_time(cell))
        stands_once = len(row) > day and not row[day] and any(map(_is_number, row))
        return any(map(_is_time, row)) or stands_once

    return next((n for n in places if n not in following or goes_on(n)), None)


def _may_name(cells: list[str], row: list[str], width: int) -> bool:
    """Tell whether a line may name the columns: it fills most of them, and holds no time."""
    fits = abs(len(cells) - width) <= 1 or len(row) == width
    return fits and sum(map(bool, cells)) > width / 2 and not any(map(_is_date, cells))


def finest_beside(sample: Sample) -> tuple[Sample, str]:
    """Return the table with the most rows of those that stand beside one another, and why the others are not read.

    Such a table begins with a column of times that is called as the first one's, and has other times than it.
    """
    names = list(map(str, sample.rows.columns))
    dates = [n for n, name in enumerate(names) if sample.rows[name].astype("str").map(_is_date).any()]
    again = [n for n in dates if re.fullmatch(re.escape(names[dates[0]]) + r" \(\d+\)", names[n])]
    again = [n for n in again if not sample.rows.iloc[:, n].equals(sample.rows.iloc[:, dates[0]].rename(names[n]))]
    if not again:
        return sample, ""
    starts = [0, *again, len(names)]
    tables = [names[begin:end] for begin, end in itertools.pairwise(starts)]
    filled = [int((sample.rows[names[n]].astype("str") != "").sum()) for n in (dates[0], *again)]
    place = filled.index(max(filled))
    others = ", ".join(names[n] for number, n in enumerate((dates[0], *again)) if number != place)
    rows = sample.rows[tables[place]]
    rows = rows[(rows.astype("str") != "").any(axis=1)]
    return replace(sample, rows=rows), f"the table from {others} on has other times than the one beside it"


def _with_groups(above: list[str], names: list[str]) -> list[str]:
    """Return names with those of the groups above them, of which merged cells hold the first alone.

    A line above is one of groups where it names what is blank or stands twice in the header, or tells a direction that
    the header does not tell; others are of the account.
    """
    width = len(names)
    above = [*above, *[""] * width][:width]
    blank = [place for place, name in enumerate(names) if not name]
    filled: list[str] = []
    for place, group in enumerate(above):
        filled.append(group or (filled[-1] if place and names[place] else ""))
    places = [place for place in range(width) if above[place]]
    twice = any(names.count(name) > 1 and name for name in names)
    apart = len(set(zip(filled, names, strict=True))) == width
    tells = [place for place in places if column_names.role_of(above[place]) in ("grid_import", "grid_export")]
    needed = (
        (any(above[place] for place in blank) and all(above[place] for place in blank))
        or (twice and apart)
        or (tells and not any(map(column_names.role_of, names)))
    )
    if len(places) < 2 or not needed or any(_is_time(cell) or _is_number(cell) for cell in above):
        return names
    return [f"{group} {name}".strip() for group, name in zip(filled, names, strict=True)]


def _distinct(names: list[str]) -> list[str]:
    """Return names of which none is empty and none stands twice."""
    out: dict[str, None] = {}
    for place, name in enumerate(names, start=1):
        unique = name.strip() or f"(column {place})"
        while unique in out:
            unique = f"{unique} ({place})"
        out[unique] = None
    return list(out)
