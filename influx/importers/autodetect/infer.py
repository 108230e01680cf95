"""How a table that nobody described is laid out, told from its data; each conclusion has its reason in words.

The way is: sample of the cells -> times -> classes of columns -> measures and units -> flows -> layout. Where two
readings are both possible, such as kW or kWh in quarter hours, the error asks for the line in home.yaml that decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from influx.core.constants import HOUR_US, MINUTE_US
from influx.core.errors import InputError
from influx.core.settings import Column as ColumnSettings
from influx.core.settings import File, Settings
from influx.importers.autodetect import column_classification, column_names, energy_flows, time_detection
from influx.importers.autodetect.conclusion import AmbiguityError
from influx.importers.autodetect.quantity_detection import (
    Column,
    Rows,
    with_measure,
    with_still_registers,
    with_unit_of_flows,
    with_units,
)
from influx.importers.autodetect.repeated_energy import without_repeated
from influx.importers.autodetect.sample import Sample, finest_beside, look
from influx.importers.autodetect.time_detection import Times
from influx.importers.reading import cells, units
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.units import Measure

_ROWS = 10
"""More times than this tell how far apart they are."""

_LONG = 30.0
"""Intervals from here on need an answer where nothing says what their times mark; shorter ones shift little [min]."""

_STEPS = {24: 60.0, 25: 60.0, 48: 30.0, 50: 30.0, 96: 15.0, 100: 15.0}
"""Minutes of the columns of a row a day, by how many there are: some have those of a day of 25 hours."""

_MOST_UNITS = 10
_MEANING = {"counter": "the states of a register", "power": "mean power", "energy": "energy of the interval"}


@dataclass(frozen=True)
class Inferred:
    """A layout, the sample that it was told from, and why; `matrix` are the columns of clock times of a row a day."""

    layout: Layout
    sample: Sample
    why: tuple[str, ...]
    notes: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()
    marks_known: bool = False  # whether something says which end of its interval a time marks


@dataclass(frozen=True)
class _Table:
    """What is known before the columns are looked at."""

    path: Path
    sample: Sample
    times: Times
    settings: Settings
    layout: Layout
    why: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def overrides(self) -> File:
        return self.settings.file(self.path.name)

    def inferred(
        self, changes: dict[str, Any], why: list[str], notes: list[str], matrix: tuple[str, ...] = ()
    ) -> Inferred:
        layout = replace(self.layout, **changes)
        notes = [*self.notes, *notes]
        return Inferred(layout, self.sample, (*self.why, *why), tuple(notes), matrix, self.times.marks_known)


def infer(path: Path, settings: Settings) -> Inferred:
    """Return how a table is laid out.

    Raises
    ------
    InputError
        It is no table of energy, or two readings are possible; then the error has the lines for home.yaml.
    """
    overrides = settings.file(path.name)
    sample, beside = finest_beside(look(path, overrides.separator, overrides.header))
    try:
        times = time_detection.detect(sample, overrides, settings.timezone)
        if times is None:
            raise InputError(f"{path.name}: no column of this table holds times. Name one under files in home.yaml.")
        comma, why = column_classification.decimal_comma(sample, times, overrides)
        layout = layout_of("table", sample, times, comma)
        notes = (f"{path.name}: {beside} and is not read.",) if beside else ()
        table = _Table(path, sample, times, settings, layout, (*sample.why, *times.why, *why), notes)
        clocks = _clock_columns(sample, times)
        return _of_days(table, clocks) if clocks else _with_marks(_of_times(table), table)
    except AmbiguityError as error:
        raise InputError(error.of_file(path.name)) from error


def layout_of(title: str, sample: Sample, times: Times, comma: bool | None) -> Layout:
    """Return how the lines and times of a table are laid out; what its columns measure is not in it."""
    return Layout(
        title,
        times.columns if len(times.columns) > 1 else times.columns[0],
        end=times.end,
        time_marks=times.time_marks,
        zone=times.zone,
        order=times.order,
        comma=comma,
        line=sample.line,
        names=sample.names,
        separator=sample.separator,
    )


def may_be(sample: Sample) -> bool:
    """Tell whether a table may hold readings: times, a day at most apart, beside numbers that are nothing else."""
    try:
        times = time_detection.detect(sample, File())
    except AmbiguityError:
        return any(not column_names.is_other_quantity(str(name)) for name in sample.rows)
    if times is None or _clock_columns(sample, times):
        return times is not None
    columns, texts, _ = column_classification.classify(sample, times, True, File())
    named = any(column.unit is not None or column_names.mentions_power(column.name) is not None for column in columns)
    if named or any(column_classification.are_units(sample.rows[name]) for name in texts):
        return True
    micros = np.unique(times.micros[np.isfinite(times.micros)])
    if not columns or len(micros) <= _ROWS:
        return False
    hours = float(np.median(np.diff(micros))) / HOUR_US
    return hours <= 1 or (sample.line == 0 and len(columns) == 1 and hours <= 24)  # days are refused in words


def _of_times(table: _Table) -> Inferred:
    """Return the layout of a table that has a row a time, or a row a series and time."""
    name, sample, times, overrides = table.path.name, table.sample, table.times, table.overrides
    columns, texts, ignored = column_classification.classify(sample, times, table.layout.comma, overrides)
    series, unit = column_classification.series_and_unit_columns(sample, times, columns, texts, overrides)
    if unit is None and overrides.unit is None:
        _refuse_other_units(name, sample, texts)
    if not columns:
        raise InputError(
            f"{name}: no column of this table holds energy or power; there are "
            f"{', '.join(map(str, sample.rows.columns))}. Say what they are under files in home.yaml."
        )
    rows = Rows.of(times.micros, None if series is None else sample.rows[series])
    if rows.step > 60:
        raise InputError(
            f"{name}: a row every {rows.step / 60:g} hours is too coarse to tell one hour from another. Export hourly "
            "or finer readings."
        )
    if ignored:
        table = replace(table, notes=(*table.notes, f"{name}: {', '.join(ignored)} is no energy and is not read."))
    return _wide(table, columns, rows, unit) if series is None else _long(table, columns, rows, series, unit)


def _wide(table: _Table, columns: list[Column], rows: Rows, unit: str | None) -> Inferred:
    """Return the layout of a table that has a column a series."""
    name, overrides = table.path.name, table.overrides
    columns, notes = energy_flows.without_sums_and_peaks(columns, overrides, name)
    columns, parts = energy_flows.without_community(columns, overrides, name)
    columns, phases, wholes = energy_flows.with_phases(columns, overrides, name)
    notes += [*parts, *wholes]
    if len(columns) == 1 and columns[0].name not in overrides.columns:
        beside = " ".join([table.sample.title, *map(str, table.sample.rows), *map(str, table.sample.rows.iloc[0])])
        columns = [replace(columns[0], role=energy_flows.role_of_lone(columns[0].name, table.path.stem, beside))]
    if unit is not None:
        usual = _common_unit(name, table.sample, unit)
        columns = [replace(column, unit=column.unit or usual) for column in columns]
    columns = with_still_registers([with_measure(column, rows, overrides) for column in columns], overrides)
    columns = with_units(columns, rows, table.sample.title, table.settings.power_limit_kw, alone=not table.notes)
    columns, repeated, label = without_repeated(columns, rows, overrides)
    notes = [*notes, *(f"{name}: {reason} and is not read." for reason in repeated)]
    if label is not None and not table.times.marks_known:
        reason = f"A register beside the use tells that times mark the {label}."
        layout, times = replace(table.layout, time_marks=label), replace(table.times, marks_known=True)
        table = replace(table, times=times, layout=layout, why=(*table.why, reason))
    mappings = {column.name: _mapping(column, overrides, len(columns) == 1) for column in columns}
    mappings |= {first: replace(mappings[first], device_id=_name_of_phases(first, mappings[first])) for first in phases}
    flows = energy_flows.detect(columns, mappings, overrides, name)
    why = [reason for column in columns for reason in (*column.why, _meaning(column, mappings[column.name]))]
    of_phases = {name: flows.mappings[first] for first, names in phases.items() for name in names}
    return table.inferred({"mappings": {**flows.mappings, **of_phases}}, [*why, *flows.why], [*notes, *flows.notes])


def _long(table: _Table, columns: list[Column], rows: Rows, series: str, unit: str | None) -> Inferred:
    """Return the layout of a table that has a row a series and time."""
    overrides, sample = table.overrides, table.sample
    column = with_measure(_column_of_values(columns, series, overrides), rows, overrides)
    others = ", ".join(other.name for other in columns if other.name != column.name)
    notes = [f"{others} is not read beside {column.name}."] if others else []
    why = [f"{series} names the series of a row, {column.name} holds its value."]
    names = sample.rows[series].astype("str").unique()
    if unit is None:
        (column,) = with_units([column], rows, sample.title, table.settings.power_limit_kw)
        ignored = tuple(sorted({name.strip() for name in names if column_names.mentions(name, "supply")}))
    else:
        why.append(f"{unit} names the unit of a row.")
        ignored, kinds = (), {kind[0] for kind in map(units.factor, sample.rows[unit].astype("str").unique()) if kind}
        measures: Measure = "power" if kinds == {"power"} else "counter" if column.measures == "counter" else "energy"
        column = replace(column, unit="kW" if measures == "power" else "kWh", measures=measures)
    mapping = _mapping(column, overrides, False)
    default = SeriesMapping("", mapping.unit, mapping.measures)
    ignored = (*ignored, *(name.strip() for name in names if column_names.is_coded(name) is False))
    ways = energy_flows.directions([name for name in names if name.strip() and name.strip() not in ignored])
    if not ways and len(names) == 1 and column_names.mentions(series, "connection"):
        ways = {str(names[0]): mapping.role or column_names.role_in_file(table.path.stem) or "grid_import"}
    changes = {
        "mappings": {name: replace(default, device_id=name, role=role) for name, role in ways.items()},
        "device": series,
        "value": column.name,
        "unit": unit,
        "default": default,
        "ignored": ignored,
    }
    return table.inferred(changes, [*why, *column.why, _meaning(column, mapping)], notes)


def _of_days(table: _Table, matrix: tuple[str, ...]) -> Inferred:
    """Return the layout of a table that has a row a day and a column a clock time."""
    rows, overrides, stem = table.sample.rows, table.overrides, table.path.stem
    values = np.stack(
        [
            cells.numbers(rows[name], bool(table.layout.comma), parted=table.layout.comma is not None)[0]
            for name in matrix
        ],
        axis=1,
    )
    title = " ".join([table.sample.title, stem, *map(str, rows.columns)])
    column = Column(stem, values.ravel(), overrides.unit or units.in_text(title))
    if column.unit is None:
        (column,) = with_unit_of_flows([column], _STEPS[len(matrix)], table.settings.power_limit_kw)
    unit, role = column.unit or "kWh", column_names.role_in_file(stem) or "grid_import"
    kind, _ = units.factor(unit) or ("energy", 1.0)
    time_marks = overrides.label or ("end" if min(clock_of(name) or 0.0 for name in matrix) > 0 else "start")
    changes = {
        "format": "table, a row a day",
        "time": table.times.columns[0],
        "mappings": {stem: SeriesMapping(role, unit, kind, role)},
        "end": None,
        "time_marks": time_marks,
    }
    span = f"A row is a day, and its {len(matrix)} columns {matrix[0]} to {matrix[-1]} mark the {time_marks}"
    return table.inferred(changes, [*column.why, f"{span} of its intervals."], [], matrix)


def _with_marks(inferred: Inferred, table: _Table) -> Inferred:
    """Refuse long intervals of which nothing says which end times mark; take the start of short ones, with a note."""
    layout, times, name = inferred.layout, table.times, table.path.name
    measures = {mapping.measures for mapping in layout.mappings.values()} or {layout.default.measures}
    if inferred.marks_known or measures == {"counter"}:
        return inferred
    doubt = "nothing says whether its times mark the start or the end of their interval"
    if float(np.median(np.diff(np.unique(times.micros[np.isfinite(times.micros)])))) / MINUTE_US >= _LONG:
        raise AmbiguityError(doubt, "label: start", "label: end")
    note = (
        f"{name}: {doubt}; they are taken for the start. If it is the end, write `files: {{{name}: {{label: end}}}}` "
        "into home.yaml."
    )
    return replace(inferred, notes=(*inferred.notes, note))


def _refuse_other_units(file: str, sample: Sample, texts: list[str]) -> None:
    """Refuse a table whose column of units names none of energy or power, such as that of a gas meter."""
    for name in texts:
        words = sorted(set(sample.rows[name].astype("str").str.strip()) - {""})
        if column_names.mentions(name, "unit") and 0 < len(words) < _MOST_UNITS:
            raise InputError(
                f"{file}: its values are in {', '.join(words)[:60]} ({name}), which is no electricity. Move the "
                "file out of the home's folder; if they are, say their unit under files in home.yaml."
            )


def _common_unit(file: str, sample: Sample, unit: str) -> str:
    """Return the unit that a column of units says of all rows; several are of several series."""
    words = sorted(set(sample.rows[unit].astype("str").str.strip()) - {""})
    if len(set(map(units.factor, words))) > 1:
        raise InputError(
            f"{file}: its rows are in {' and '.join(words)[:60]}, and no column tells which series they are of. "
            "Name it under files in home.yaml (device:)."
        )
    return words[0]


def _column_of_values(columns: list[Column], series: str, overrides: File) -> Column:
    """Return the column of values of a table that has a row a series and time; there must be one that may be it."""
    known = [(column, kind[0]) for column in columns if (kind := units.factor(column.unit or ""))]
    named = [column for column in columns if column.name == overrides.value or len(columns) == 1]
    likely = named or [column for column, kind in known if kind == "energy"] or [column for column, _ in known]
    if len(likely) != 1:
        raise AmbiguityError(
            f"several columns may be the value of {series}: {', '.join(column.name for column in columns)}",
            *(f"value: {column.name}" for column in columns),
        )
    return likely[0]


def _mapping(column: Column, overrides: File, alone: bool) -> SeriesMapping:
    """Return what a column measures, under which name, and its flow."""
    own = overrides.columns.get(column.name, ColumnSettings())
    unit = column.unit or "kWh"
    kind = units.factor(unit)
    if kind is None:
        reason = f"{column.name} is in {unit!r}, which is no unit of energy or power"
        raise AmbiguityError(reason, "unit: kWh", "unit: Wh")
    role = own.role or column_names.role_of(column.name) or column.role
    bare = column_names.without_statistic(column.name)
    generic = alone and role is not None and column_names.is_called(bare, "generic")
    device = own.device or (role if generic else None) or column_names.device_of(bare)
    return SeriesMapping(device, unit, "power" if kind[0] == "power" else column.measures or "energy", role)


def _name_of_phases(first: str, mapping: SeriesMapping) -> str:
    """Return the name of a meter of which a column is the first phase."""
    rest, _ = column_names.without_phase(first)
    named = mapping.device_id == column_names.device_of(first) and column_names.without_unit(rest)
    return column_names.device_of(rest) if named else mapping.device_id


def _meaning(column: Column, mapping: SeriesMapping) -> str:
    flow = f", {mapping.role.replace('_', ' ')}." if mapping.role else "."
    return f"{column.name}: {_MEANING[mapping.measures]} in {mapping.unit}{flow}"


def _clock_columns(sample: Sample, times: Times) -> tuple[str, ...]:
    """Return the columns of clock times of a table that has a row a day, or none."""
    names = [str(name) for name in sample.rows if name not in times.columns]
    clocks = tuple(name for name in names if clock_of(name) is not None)
    return clocks if len(clocks) in _STEPS else ()


def clock_of(name: str) -> float | None:
    """Return the clock time that a column of a row a day is named by [h]; numbers are hours."""
    match = re.search(r"(?<!\d)(\d{1,2})[:.h](\d\d)", name) or re.fullmatch(r"\D*?(\d{1,2})()\D*", name.strip())
    hour = int(match[1]) + int(match[2] or 0) / 60 if match is not None else 99.0
    if (half := re.search(r"\d ?([ap])\.?m\b", name.lower())) is not None and hour < 13:
        hour = hour % 12 + 12 * (half[1] == "p")
    return hour if hour <= 25 else None
