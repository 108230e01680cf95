"""A row a day: tables whose columns are clock times, told from their data as `infer` tells the others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.settings import File, Settings
from influx.importers.autodetect import column_names
from influx.importers.autodetect.column_classification import writes_commas
from influx.importers.autodetect.quantity_detection import Column, unit_of_flows
from influx.importers.autodetect.sample import Sample
from influx.importers.autodetect.time_detection import When
from influx.importers.reading import cells, units
from influx.importers.reading.layout import Layout, SeriesMapping


@dataclass(frozen=True)
class Inferred:
    """A layout, the sample that it was told from, and why; `matrix` are the columns of clock times of a row a day."""

    layout: Layout
    sample: Sample
    why: tuple[str, ...]
    notes: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()


def clocks_of(rows: pd.DataFrame, found: When) -> tuple[str, ...]:
    """Return the columns of clock times of a table that has a row a day, or none."""
    names = [str(name) for name in rows if name not in found.columns]
    clocks = [name for name in names if clock_of(name) is not None]
    return tuple(clocks) if len(clocks) in (24, 25, 48, 50, 96, 100) else ()


def clock_of(name: str) -> float | None:
    """Return the clock time that a column of a row a day is named by [h]; numbers are hours."""
    found = re.search(r"(?<!\d)(\d{1,2})[:.h](\d\d)", name)
    if found is not None:
        hour = int(found[1]) + int(found[2]) / 60
        return hour if hour <= 25 else None
    found = re.fullmatch(r"\D*?(\d{1,2})\D*", name.strip())
    return float(found[1]) if found is not None and int(found[1]) <= 25 else None


def infer(path: Path, sample: Sample, found: When, matrix: tuple[str, ...], settings: Settings, said: File) -> Inferred:
    """Return the layout of a table that has a row a day and a column a clock time."""
    comma, told = writes_commas(sample, said, list(found.columns))
    values = np.stack([cells.numbers(sample.rows[name], bool(comma))[0] for name in matrix], axis=1)
    clocks = [clock_of(name) or 0.0 for name in matrix]
    time_marks = said.label or ("end" if min(clocks) > 0 else "start")
    minutes = 60.0 if len(matrix) <= 25 else 30.0 if len(matrix) <= 50 else 15.0
    column = Column(
        path.stem,
        values.ravel(),
        said.unit or units.in_name(" ".join([sample.title, path.stem, *map(str, sample.rows.columns)])),
    )
    column.power = None if column.unit is None else (units.factor(column.unit) or ("energy", 1))[0] == "power"
    if column.unit is None:
        unit_of_flows([column], minutes, settings)
    role = column_names.role_in_file(path.stem) or "grid_import"
    mapping = SeriesMapping(role, column.unit or "kWh", "power" if column.power else "energy", role)
    why = [*sample.why, *found.why, *told, *column.told]
    span = f"{len(matrix)} columns {matrix[0]} to {matrix[-1]}"
    why.append(f"A row is a day, and its {span} mark the {time_marks} of its intervals.")
    layout = Layout(
        "table, a row a day",
        found.columns[0],
        {path.stem: mapping},
        time_marks=time_marks,
        order=found.order,
        zone=found.zone,
        comma=comma,
        line=sample.line,
        names=sample.names,
        separator=sample.separator,
    )
    return Inferred(layout, sample, tuple(why), (), matrix)
