"""A frame of the run folder as plain columns, read from its CSV with nothing but numpy.

A visitor's page has a kernel of its own, and pandas would double its memory; what the page does with a frame (choose
rows, sum, draw) needs no more than arrays.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from influx.core.sanitize import for_cell, from_cell

WORDS = {"home_id", "device_id", "device_type", "location", "mode_of_operation", "line", "file", "column", "value"}
"""Columns of words from outside: a device may be called 1, NaN or 2024-07-01."""

LONGEST_CELL = 1 << 30
"""Characters; the tasks of a plan stand in one cell, which is long where many devices are flexible."""


class Columns(dict[str, np.ndarray]):
    """The columns of a table by name, all of one length: numbers (NaN where unknown), UTC stamps, or words."""

    def __len__(self) -> int:
        return len(next(iter(self.values()))) if self.keys() else 0

    def __bool__(self) -> bool:
        return len(self) > 0

    def where(self, **equal: Any) -> Columns:
        """Return the rows in which each named column equals its value; a table without columns has none."""
        if not self.keys():
            return Columns()
        chosen = np.ones(len(self), dtype=bool)
        for name, value in equal.items():
            chosen &= self[name] == value
        return self.take(chosen)

    def take(self, chosen: np.ndarray) -> Columns:
        """Return rows by a mask or by their numbers."""
        return Columns({name: column[chosen] for name, column in self.items()})

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows, one after the other."""
        for values in zip(*self.values(), strict=True):
            yield dict(zip(self.keys(), values, strict=True))

    def csv(self) -> str:
        """Return the table as CSV that a spreadsheet reads as values, never as formulas."""
        lines = [",".join(map(_cell, self.keys()))]
        lines += [",".join(_cell(value) for value in values) for values in zip(*self.values(), strict=True)]
        return "\r\n".join(lines) + "\r\n"


def read(path: Path) -> Columns:
    """Read a CSV of the run folder; a file that is not there has no columns."""
    if not path.exists():
        return Columns()
    usual = csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            lines = csv.reader(stream)
            names = next(lines, [])
            columns = list(zip(*lines, strict=True)) or [()] * len(names)
    finally:
        csv.field_size_limit(usual)
    return Columns({from_cell(name): _values(name, values) for name, values in zip(names, columns, strict=True)})


def _values(name: str, texts: tuple[str, ...]) -> np.ndarray:
    return np.array([from_cell(text) for text in texts], dtype=object) if name in WORDS else _typed(texts)


def _typed(values: tuple[str, ...]) -> np.ndarray:
    """Return text as numbers, else as truths, else as stamps, else as it is; empty is unknown."""
    seen = set(values) - {""}
    if seen <= {"True", "False"} and seen:
        return np.array([value == "True" for value in values])
    try:
        return np.array([float(value) if value else np.nan for value in values], dtype=float)
    except ValueError:
        pass
    try:
        return np.array([_stamp(value) for value in values], dtype="datetime64[s]")
    except ValueError:
        return np.array([from_cell(value) for value in values], dtype=object)


def _stamp(value: str) -> np.datetime64:
    if not value:
        return np.datetime64("NaT", "s")
    if len(value) < 10 or value[4] != "-":
        raise ValueError(value)
    return np.datetime64(dt.datetime.fromisoformat(value).replace(tzinfo=None), "s")  # stamps with a zone are UTC


def _cell(value: Any) -> str:
    if isinstance(value, np.datetime64):
        return "" if np.isnat(value) else str(value)
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.6g}"
    words = for_cell(str(value))
    return f'"{words.replace(chr(34), chr(34) * 2)}"' if any(sign in words for sign in ',"\r\n') else words
