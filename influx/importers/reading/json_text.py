"""JSON files as tables: every number stays the text that it is written as, so that nothing is rounded or overflows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from influx.core.errors import InputError
from influx.importers.reading import encoding, table
from influx.importers.reading.table import Table

TWICE = "\0twice"
"""Under it stands the key that a mapping has twice, where it has one."""

_MOST_BYTES = 1 << 28
_SHOWN = 80


def begins_with(path: Path, *words: str) -> bool:
    """Tell whether a file is JSON by its first sign, and holds all of the words in its beginning."""
    try:
        start = encoding.head(path).lstrip("\ufeff \t\n")
    except (InputError, OSError):
        return False
    return start[:1] in ("{", "[") and all(word in start for word in words)


def load(path: Path) -> object:
    """Return what a JSON file holds, its numbers as texts.

    Raises
    ------
    InputError
        It is no JSON, is cut, is nested deeper than any export, or larger.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path.name}: {path.stat().st_size >> 20} MB are more than an export holds. Split it.")
        text = "".join(encoding.blocks(path)).removeprefix("\ufeff")
        return json.loads(text, object_pairs_hook=_mapping, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, OSError) as error:
        raise InputError(
            f"{path.name}: not readable as JSON: {error}. It is cut or damaged; export it again."
        ) from error
    except RecursionError as error:
        raise InputError(f"{path.name}: this JSON is nested deeper than any export. Export it again.") from error


def _mapping(pairs: list[tuple[str, object]]) -> dict[str, object]:
    out = dict(pairs)
    if len(out) < len(pairs):
        names = [name for name, _ in pairs]
        out[TWICE] = next(name for name in names if names.count(name) > 1)
    return out


def table_of(file: str, records: Iterable[object], keys: Mapping[str, str]) -> Table:
    """Return records as a table of texts, numbered from 1; what is no mapping, or has a key twice, is rejected.

    `keys` become columns of the names that they are mapped to; one that a record does not have is blank.
    """
    columns: dict[str, list[str]] = {name: [] for name in keys.values()}
    numbers, faults, count = [], [], 0
    for count, record in enumerate(records, start=1):
        if not isinstance(record, dict) or TWICE in record:
            twice = record[TWICE] if isinstance(record, dict) else None
            why = "not a record" if twice is None else f"the key {str(twice)[:_SHOWN]!r} stands twice"
            faults.append((count, _shown(record), why))
            continue
        numbers.append(count)
        for key, name in keys.items():
            value = record.get(key)
            columns[name].append("" if value is None else value if isinstance(value, str) else _shown(value))
    if not count:
        raise InputError(f"{file}: it holds no reading. Export it again, or remove it.")
    rows = pd.DataFrame(columns, index=pd.Index(numbers, dtype="int64"), dtype="str")
    lines, texts, reasons = zip(*faults, strict=True) if faults else ([], [], [])
    return Table(file, rows, rejected=[table.rejected(file, lines, "", texts, reasons)], rows_read=count)


def _shown(value: object) -> str:
    """Return a value as it may be shown, without writing out what is large."""
    if isinstance(value, dict | list):
        return f"({'mapping' if isinstance(value, dict) else 'list'} of {len(value) - (TWICE in value)})"
    return str(value)[:_SHOWN]
