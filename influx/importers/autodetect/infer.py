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
_LONG = 30.0
"""Intervals from here on are asked about where their label is in doubt; shorter ones shift little [min]."""


@dataclass(frozen=True)
class Inferred:
    """A layout, the sample that it was told from, and why; `matrix` are the columns of clock times of a row a day."""

    layout: Layout
    sample: Sample
    why: tuple[str, ...]
    notes: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()


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
        clocks = _clocks_of(sample.rows, found)
        if clocks:
            return _of_days(path, sample, found, clocks, settings, said)
        return _told(_of_columns(path, sample, found, settings, said), found, path)
    except Question as question:
        raise InputError(question.in_words(path.name)) from question


def _told(inferred: Inferred, found: When, path: Path) -> Inferred:
    """Ask which end of its interval a time marks where nothing says it; of short intervals take the start, and tell."""
    layout = inferred.layout
    measures = {mapping.measures for mapping in layout.mappings.values()} or {layout.default.measures}
    if not found.doubt or measures == {"counter"}:
        return inferred
    minutes = float(np.median(np.diff(np.unique(found.micros[np.isfinite(found.micros)])))) / 60e6
    if minutes >= _LONG:
        raise Question(
            "nothing says whether its times mark the start or the end of their interval", "label: start", "label: end"
        )
    note = (
        f"{path.name}: nothing says whether its times mark the start or the end of their interval; they are taken for "
        f"the start. If it is the end, write `files: {{{path.name}: {{label: end}}}}` into home.yaml."
    )
    return replace(inferred, notes=(*inferred.notes, note))


def may_be(sample: Sample) -> bool:
    """Tell whether a table may hold readings: times, a day at most apart, beside numbers that are nothing else."""
    try:
        found = time_detection.find(sample, File())
    except Question:
        found = None
        return any(not column_names.is_aside(str(name)) for name in sample.rows)
    if found is None:
        return False
    if _clocks_of(sample.rows, found):
        return True
    columns, words, _ = column_classification.sort_out(sample.rows, found, True, sample, File())
    named = [one for one in columns if one.unit is not None or column_names.says_power(one.name) is not None]
    if named or any(column_classification.are_units(sample.rows[name]) for name in words):
        return True
    micros = np.unique(found.micros[np.isfinite(found.micros)])
    if not columns or len(micros) <= _ROWS:
        return False
    step = float(np.median(np.diff(micros)))
    return step <= 3.6e9 or (sample.line == 0 and len(columns) == 1 and step <= 24 * 3.6e9)  # days are refused in words


def _of_columns(path: Path, sample: Sample, found: When, settings: Settings, said: File) -> Inferred:
    rows = sample.rows
    comma, told = column_classification.writes_commas(sample, said, [*found.columns, found.end or ""])
    columns, words, aside = column_classification.sort_out(rows, found, comma, sample, said)
    notes = [f"{path.name}: {', '.join(aside)} is no energy and is not read."] if aside else []
    names, unit = column_classification.names_and_units(rows, found, columns, words, said)
    if unit is None and said.unit is None:
        refuse_other_units(path.name, rows, words)
    if not columns:
        raise InputError(
            f"{path.name}: no column of this table holds energy or power; there are "
            f"{', '.join(map(str, rows.columns))}. Say what they are under files in home.yaml."
        )
    step = column_classification.step_of(rows, found, names)
    if np.isfinite(step) and step > 60:
        raise InputError(
            f"{path.name}: a row every {step / 60:g} hours is too coarse to tell one hour from another. Export hourly "
            "or finer readings."
        )
    if names is None:
        columns, left = energy_flows.leave_sums_and_peaks(columns, said, path.name, path.stem)
        notes += left
    layout = Layout(
        "table",
        found.columns if len(found.columns) > 1 else found.columns[0],
        end=found.end,
        time_marks=found.time_marks,
        zone=found.zone,
        order=found.order,
        comma=comma,
        line=sample.line,
        names=sample.names,
        separator=sample.separator,
    )
    why = [*sample.why, *found.why, *told]
    if names is not None:
        return _of_rows(layout, sample, columns, names, unit, step, settings, said, why, notes)
    if unit is not None:
        take_unit(path.name, rows[unit], columns)
    for column in columns:
        judge(column, found.micros, None, said)
    energy_flows.as_registers(columns, said)
    fit_units(columns, step, settings, said, sample)
    mappings = {column.name: _mapping(column, said, len(columns) == 1) for column in columns}
    mappings, left, found_out = energy_flows.settle(columns, mappings, said, path.name)
    notes += left
    why += [*(line for column in columns for line in column.told), *found_out]
    layout = replace(layout, mappings=mappings)
    return Inferred(layout, sample, tuple(why), tuple(notes))


def _of_rows(
    layout: Layout,
    sample: Sample,
    columns: list[Column],
    names: str,
    unit: str | None,
    step: float,
    settings: Settings,
    said: File,
    why: list[str],
    notes: list[str],
) -> Inferred:
    """Return the layout of a table that has a row a series and time."""
    if len(columns) > 1:
        preferred = [column for column in columns if column.name == said.value] or [
            column for column in columns if column.unit is not None and units.factor(column.unit) is not None
        ]
        preferred = [one for one in preferred if (units.factor(one.unit or "") or ("", 0))[0] == "energy"] or preferred
        if len(preferred) != 1:
            raise Question(
                f"several columns may be the value of {names}: {', '.join(column.name for column in columns)}",
                *(f"value: {column.name}" for column in columns),
            )
        others = ", ".join(one.name for one in columns if one is not preferred[0])
        notes.append(f"{others} is not read beside {preferred[0].name}.")
        columns = preferred
    column = columns[0]
    series = [] if unit is not None else sorted(set(sample.rows[names].astype("str").str.strip()))
    layout = replace(layout, ignored=tuple(name for name in series if column_names.says(name, "supply")))
    why.append(f"{names} names the series of a row, {column.name} holds its value.")
    seen = time_detection.find(sample, said)
    times = np.full(len(sample.rows), np.nan) if seen is None else seen.micros
    judge(column, times, sample.rows[names], said)
    if unit is not None:
        why.append(f"{unit} names the unit of a row.")
        kinds = {kind for one in sample.rows[unit].astype("str").str.strip().unique() if (kind := units.factor(one))}
        power = bool(kinds) and all(kind[0] == "power" for kind in kinds)
        column.unit = "kW" if power else "kWh"
        column.power = power
    else:
        fit_units([column], step, settings, said, sample)
    mapping = _mapping(column, said, False)
    default = SeriesMapping("", mapping.unit, mapping.measures)
    ways = energy_flows.directions([text for text in sample.rows[names].astype("str").unique() if text.strip()])
    mappings = {text: replace(default, device_id=text, role=role) for text, role in ways.items()}
    layout = replace(layout, device=names, value=column.name, unit=unit, default=default)
    layout = replace(layout, mappings=mappings)
    return Inferred(layout, sample, (*why, *column.told), tuple(notes))


def _mapping(column: Column, said: File, alone: bool) -> SeriesMapping:
    """Return what a column measures."""
    own = said.columns.get(column.name)
    measures: Measure = "counter" if column.register else "power" if column.power else "energy"
    unit = column.unit or "kWh"
    kind = units.factor(unit)
    if kind is None:
        raise Question(f"{column.name} is in {unit!r}, which is no unit of energy or power", "unit: kWh", "unit: Wh")
    if kind[0] == "power" and measures != "power":
        measures = "power"
    role = (own.role if own is not None else None) or column_names.role_of(column.name)
    role = role or column.role
    device = (own.device if own is not None else None) or _device(column.name, role, alone)
    words = {"counter": "the states of a register", "power": "mean power", "energy": "energy of the interval"}[measures]
    column.told.append(f"{column.name}: {words} in {unit}" + (f", {role.replace('_', ' ')}." if role else "."))
    return SeriesMapping(device, unit, measures, role)


def _device(name: str, role: str | None, alone: bool) -> str:
    bare = column_names.without_statistic(name)
    return role if alone and role is not None and column_names.is_generic(bare) else column_names.device_of(bare)


def _clocks_of(rows: pd.DataFrame, found: When) -> tuple[str, ...]:
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


def _of_days(
    path: Path, sample: Sample, found: When, matrix: tuple[str, ...], settings: Settings, said: File
) -> Inferred:
    """Return the layout of a table that has a row a day and a column a clock time."""
    comma, told = column_classification.writes_commas(sample, said, list(found.columns))
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
