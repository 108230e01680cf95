"""How a table that nobody described is laid out, told from its data; each conclusion has its reason in words.

Where two readings are both possible, such as kW or kWh in quarter hours, nothing is guessed: the error asks for the
line in home.yaml that decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Column as ColumnSettings
from influx.core.settings import File, Settings
from influx.importers.autodetect import column_classification, column_names, energy_flows, time_detection
from influx.importers.autodetect.quantity_detection import (
    Column,
    fit_units,
    judge,
    refuse_other_units,
    take_unit,
    unit_of_flows,
)
from influx.importers.autodetect.sample import Sample, look
from influx.importers.autodetect.time_detection import Question, When
from influx.importers.reading import cells, units
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.units import Measure

_ROWS = 10
"""More times than this tell how far apart they are."""

_LONG = 30.0
"""Intervals from here on are asked about where nothing says what their times mark; shorter ones shift little [min]."""

_QUARTERS = {24: 60.0, 25: 60.0, 48: 30.0, 50: 30.0, 96: 15.0, 100: 15.0}
"""Minutes of the columns of a row a day, by how many there are: some have those of a day of 25 hours."""

_MEANING = {"counter": "the states of a register", "power": "mean power", "energy": "energy of the interval"}


@dataclass(frozen=True)
class Inferred:
    """A layout, the sample that it was told from, and why; `matrix` are the columns of clock times of a row a day."""

    layout: Layout
    sample: Sample
    why: tuple[str, ...]
    notes: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Table:
    """What is known before the columns are looked at."""

    path: Path
    sample: Sample
    found: When
    settings: Settings
    said: File

    def layout(self, name: str, comma: bool | None) -> Layout:
        columns, found, sample = self.found.columns, self.found, self.sample
        return Layout(
            name,
            columns if len(columns) > 1 else columns[0],
            end=found.end,
            time_marks=found.time_marks,
            zone=found.zone,
            order=found.order,
            comma=comma,
            line=sample.line,
            names=sample.names,
            separator=sample.separator,
        )


def infer(path: Path, settings: Settings) -> Inferred:
    """Return how a table is laid out.

    Raises
    ------
    InputError
        It is no table of energy, or two readings are possible; then the error has the lines for home.yaml.
    """
    said = settings.file(path.name)
    sample = look(path, said.separator, said.header)
    try:
        found = time_detection.find(sample, said, settings.timezone)
        if found is None:
            raise InputError(f"{path.name}: no column of this table holds times. Name one under files in home.yaml.")
        table = _Table(path, sample, found, settings, said)
        clocks = _clocks_of(sample.rows, found)
        return _of_days(table, clocks) if clocks else _with_marks(_of_columns(table), table)
    except Question as question:
        raise InputError(question.in_words(path.name)) from question


def _with_marks(inferred: Inferred, table: _Table) -> Inferred:
    """Ask which end of its interval a time marks where nothing says it; of short intervals take the start, and tell."""
    layout, found, name = inferred.layout, table.found, table.path.name
    measures = {mapping.measures for mapping in layout.mappings.values()} or {layout.default.measures}
    if not found.doubt or measures == {"counter"}:
        return inferred
    doubt = "nothing says whether its times mark the start or the end of their interval"
    if float(np.median(np.diff(np.unique(found.micros[np.isfinite(found.micros)])))) / 60e6 >= _LONG:
        raise Question(doubt, "label: start", "label: end")
    note = (
        f"{name}: {doubt}; they are taken for the start. If it is the end, write `files: {{{name}: {{label: end}}}}` "
        "into home.yaml."
    )
    return replace(inferred, notes=(*inferred.notes, note))


def may_be(sample: Sample) -> bool:
    """Tell whether a table may hold readings: times, a day at most apart, beside numbers that are nothing else."""
    try:
        found = time_detection.find(sample, File())
    except Question:
        return any(not column_names.is_aside(str(name)) for name in sample.rows)
    if found is None:
        return False
    if _clocks_of(sample.rows, found):
        return True
    columns, words, _ = column_classification.sort_out(sample.rows, found, True, sample, File())
    named = any(column.unit is not None or column_names.says_power(column.name) is not None for column in columns)
    if named or any(column_classification.are_units(sample.rows[name]) for name in words):
        return True
    micros = np.unique(found.micros[np.isfinite(found.micros)])
    if not columns or len(micros) <= _ROWS:
        return False
    step = float(np.median(np.diff(micros)))
    return step <= 3.6e9 or (sample.line == 0 and len(columns) == 1 and step <= 24 * 3.6e9)  # days are refused in words


def _of_columns(table: _Table) -> Inferred:
    name, rows, found, said = table.path.name, table.sample.rows, table.found, table.said
    comma, told = column_classification.writes_commas(table.sample, said, [*found.columns, found.end or ""])
    columns, words, ignored = column_classification.sort_out(rows, found, comma, table.sample, said)
    notes = [f"{name}: {', '.join(ignored)} is no energy and is not read."] if ignored else []
    names, unit = column_classification.names_and_units(rows, found, columns, words, said)
    if unit is None and said.unit is None:
        refuse_other_units(name, rows, words)
    if not columns:
        raise InputError(
            f"{name}: no column of this table holds energy or power; there are "
            f"{', '.join(map(str, rows.columns))}. Say what they are under files in home.yaml."
        )
    step = column_classification.step_of(rows, found, names)
    if np.isfinite(step) and step > 60:
        raise InputError(
            f"{name}: a row every {step / 60:g} hours is too coarse to tell one hour from another. Export hourly "
            "or finer readings."
        )
    layout = table.layout("table", comma)
    why = [*table.sample.why, *found.why, *told]
    if names is not None:
        found_out = _of_rows(table, layout, columns, (names, unit), step)
        return replace(found_out, why=(*why, *found_out.why), notes=(*notes, *found_out.notes))
    columns, left = energy_flows.leave_sums_and_peaks(columns, said, name, table.path.stem)
    if unit is not None:
        take_unit(name, rows[unit], columns)
    for column in columns:
        judge(column, found.micros, None, said)
    energy_flows.as_registers(columns, said)
    fit_units(columns, step, table.settings, said, table.sample)
    mappings = {column.name: _mapping(column, said, len(columns) == 1) for column in columns}
    mappings, copies, reasons = energy_flows.settle(columns, mappings, said, name)
    why += [*(line for column in columns for line in column.told), *reasons]
    return Inferred(replace(layout, mappings=mappings), table.sample, tuple(why), (*notes, *left, *copies))


def _of_rows(
    table: _Table, layout: Layout, columns: list[Column], names_and_unit: tuple[str, str | None], step: float
) -> Inferred:
    """Return the layout of a table that has a row a series and time."""
    (names, unit), said, sample = names_and_unit, table.said, table.sample
    column = _value_of(columns, names, said)
    others = ", ".join(other.name for other in columns if other is not column)
    notes = (f"{others} is not read beside {column.name}.",) if others else ()
    texts = sample.rows[names].astype("str")
    series = [] if unit is not None else sorted(set(texts.str.strip()))
    why = [f"{names} names the series of a row, {column.name} holds its value."]
    judge(column, table.found.micros, sample.rows[names], said)
    if unit is not None:
        why.append(f"{unit} names the unit of a row.")
        kinds = [kind for text in sample.rows[unit].astype("str").str.strip().unique() if (kind := units.factor(text))]
        column.power = bool(kinds) and all(kind[0] == "power" for kind in kinds)
        column.unit = "kW" if column.power else "kWh"
    else:
        fit_units([column], step, table.settings, said, sample)
    mapping = _mapping(column, said, False)
    default = SeriesMapping("", mapping.unit, mapping.measures)
    ways = energy_flows.directions([text for text in texts.unique() if text.strip()])
    layout = replace(
        layout,
        mappings={text: replace(default, device_id=text, role=role) for text, role in ways.items()},
        device=names,
        value=column.name,
        unit=unit,
        default=default,
        ignored=tuple(name for name in series if column_names.says(name, "supply")),
    )
    return Inferred(layout, sample, (*why, *column.told), notes)


def _value_of(columns: list[Column], names: str, said: File) -> Column:
    """Return the column of values of a table that has a row a series and time; ask where several may be it."""
    kinds = [(column, units.factor(column.unit or "")) for column in columns]
    energy = [column for column, kind in kinds if kind is not None and kind[0] == "energy"]
    preferred = [column for column in columns if column.name == said.value or len(columns) == 1]
    preferred = preferred or energy or [column for column, kind in kinds if kind is not None]
    if len(preferred) != 1:
        raise Question(
            f"several columns may be the value of {names}: {', '.join(column.name for column in columns)}",
            *(f"value: {column.name}" for column in columns),
        )
    return preferred[0]


def _mapping(column: Column, said: File, alone: bool) -> SeriesMapping:
    """Return what a column measures."""
    own = said.columns.get(column.name, ColumnSettings())
    unit = column.unit or "kWh"
    kind = units.factor(unit)
    if kind is None:
        raise Question(f"{column.name} is in {unit!r}, which is no unit of energy or power", "unit: kWh", "unit: Wh")
    measures: Measure = "power" if column.power or kind[0] == "power" else "energy"
    measures = "counter" if column.register and kind[0] != "power" else measures
    role = own.role or column_names.role_of(column.name) or column.role
    bare = column_names.without_statistic(column.name)
    generic = alone and role is not None and column_names.is_generic(bare)
    device = own.device or (role if generic else None) or column_names.device_of(bare)
    flow = f", {role.replace('_', ' ')}." if role else "."
    column.told.append(f"{column.name}: {_MEANING[measures]} in {unit}{flow}")
    return SeriesMapping(device, unit, measures, role)


def _clocks_of(rows: pd.DataFrame, found: When) -> tuple[str, ...]:
    """Return the columns of clock times of a table that has a row a day, or none."""
    names = [str(name) for name in rows if name not in found.columns]
    clocks = [name for name in names if clock_of(name) is not None]
    return tuple(clocks) if len(clocks) in _QUARTERS else ()


def clock_of(name: str) -> float | None:
    """Return the clock time that a column of a row a day is named by [h]; numbers are hours."""
    found = re.search(r"(?<!\d)(\d{1,2})[:.h](\d\d)", name) or re.fullmatch(r"\D*?(\d{1,2})()\D*", name.strip())
    hour = int(found[1]) + int(found[2] or 0) / 60 if found is not None else 99.0
    return hour if hour <= 25 else None


def _of_days(table: _Table, matrix: tuple[str, ...]) -> Inferred:
    """Return the layout of a table that has a row a day and a column a clock time."""
    sample, said, stem = table.sample, table.said, table.path.stem
    comma, told = column_classification.writes_commas(sample, said, list(table.found.columns))
    values = np.stack([cells.numbers(sample.rows[name], bool(comma))[0] for name in matrix], axis=1)
    time_marks = said.label or ("end" if min(clock_of(name) or 0.0 for name in matrix) > 0 else "start")
    heads = " ".join([sample.title, stem, *map(str, sample.rows.columns)])
    column = Column(stem, values.ravel(), said.unit or units.in_name(heads))
    if column.unit is None:
        unit_of_flows([column], _QUARTERS[len(matrix)], table.settings)
    else:
        column.power = (units.factor(column.unit) or ("energy", 1))[0] == "power"
    role = column_names.role_in_file(stem) or "grid_import"
    mapping = SeriesMapping(role, column.unit or "kWh", "power" if column.power else "energy", role)
    span = f"{len(matrix)} columns {matrix[0]} to {matrix[-1]}"
    last = f"A row is a day, and its {span} mark the {time_marks} of its intervals."
    layout = replace(
        table.layout("table, a row a day", comma),
        time=table.found.columns[0],
        mappings={stem: mapping},
        end=None,
        time_marks=time_marks,
    )
    return Inferred(layout, sample, (*sample.why, *table.found.why, *told, *column.told, last), (), matrix)
