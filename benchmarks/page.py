"""The page of results: a section a benchmark, with its tables and the bounds that it should keep, as Markdown."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.registry import Benchmark, Findings, Measured, Table

PACKAGES = ("numpy", "pandas", "scikit-learn", "matplotlib", "papermill", "nbconvert")


def title() -> str:
    """Return the head of the page: when and on what it was measured."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    cores = os.cpu_count()
    where = f"{today}, {cores} cores, {platform.machine()}, Python {platform.python_version()}, {versions}."
    return f"# Benchmarks\n\n{where} `make bench` writes this page.\n"


def section(bench: Benchmark, results: Sequence[list[Measured] | Findings], seconds: float) -> str:
    """Return the section of a benchmark that was run once or more often; its tables are those of the last run."""
    every = [one if isinstance(one, Findings) else Findings([], one) for one in results]
    parts = [_head(bench, f"Took {seconds:.0f} s.")]
    parts += [_table(table) for table in every[-1].tables]
    middle = [_middle(same) for same in zip(*(one.measured for one in every), strict=True)]
    rows = [(one.what, _value(one), one.bound()) for one in middle]
    runs = len(every)
    parts.append(_rows(("what", "measured" if runs == 1 else f"median of {runs}", "should be"), rows))
    if every[-1].versions:
        parts.append(f"Peers: {', '.join(every[-1].versions)}.\n")
    return "\n".join(parts)


def skipped(bench: Benchmark, reason: str) -> str:
    """Return the section of a benchmark that was not run."""
    return _head(bench, f"Skipped: {reason}.")


def _head(bench: Benchmark, more: str) -> str:
    return f"## {bench.name}\n\n{bench.about} {more}\n"


def _middle(same: Sequence[Measured]) -> Measured:
    return replace(same[0], value=statistics.median(one.value for one in same))


def _value(one: Measured) -> str:
    return "not known" if math.isnan(one.value) else f"{one.value:.3g} {one.unit}".strip()


def _table(table: Table) -> str:
    notes = "".join(f"\n- {note}" for note in table.notes)
    return f"### {table.title}\n\n{_rows(table.columns, table.rows)}{notes}{chr(10) if notes else ''}"


def _rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
