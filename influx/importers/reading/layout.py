"""How a table is laid out: which column is the time, which hold energy, in which unit, and whose clock wrote it.

Of a vendor's format the layout is known; of any other table it is inferred from the data. `tabular.read` reads every
table by its layout, so that all of them are read with the same care.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from influx.core.settings import Column, File, Role
from influx.importers.reading.times import Order
from influx.importers.reading.units import Measure, factor


@dataclass(frozen=True)
class SeriesMapping:
    """What a column, or a series of rows, measures."""

    device_id: str  # the series' name from here on
    unit: str = "kWh"
    measures: Measure = "energy"
    role: Role | None = None  # what the format says that it is; else its name or home.yaml tells
    sign_flipped: bool = False  # it counts the other way, such as a grid that is above zero while energy is fed in


def flow(role: Role, name: str = "", unit: str = "kWh", measures: Measure = "energy") -> SeriesMapping:
    """Return what a series measures that is named after its role, as in "grid import low tariff"."""
    return SeriesMapping(f"{role.replace('_', ' ')} {name}".strip(), unit, measures, role)


@dataclass(frozen=True)
class Layout:
    """How to read a table.

    Wide tables have `mappings`, by column; long ones `device` and `value`, and then `mappings` (by the names in the
    column `device`) and `default` say what a series measures. Columns of one `device_id` are added up: the phases of
    one appliance; they are in one unit.
    """

    format: str  # what the reconciliation calls it
    time: str | tuple[str, ...]  # the column of the time, or those of the date and of the clock
    mappings: Mapping[str, SeriesMapping] = field(default_factory=dict)
    device: str | None = None
    value: str | None = None
    unit: str | None = None  # the column of units; a row in one of neither energy nor power is ignored
    quality: str | None = None  # the column of words (of `schema.QUALITIES`, unless `quality_words` translates them)
    home: str | None = None
    quality_words: Mapping[str, str] = field(default_factory=dict)  # in lower case; other words are measured
    default: SeriesMapping = SeriesMapping("")  # what a series is that `mappings` does not name
    only_mapped: bool = False  # the series that `mappings` does not name are no energy, and ignored
    ignored: tuple[str, ...] = ()  # series of a long table that are something else, such as gas
    end: str | None = None  # the column of the intervals' ends
    time_marks: Literal["start", "end"] = "start"  # of an interval; a counter's state always stands at its time
    zone: str = "home"  # whose clock wrote times without an offset: the home's, an IANA zone, or "+10:00"
    order: Order = "ymd"
    comma: bool | None = None  # decimals have a comma; None: they may have one unless commas part the cells
    line: int = 1  # of the header; 0 where there is none, and then `names` are the columns
    names: tuple[str, ...] = ()
    separator: str = ""  # of cells; told from the header where it is empty
    gaps: Literal["unknown", "unchanged"] = "unknown"  # what a time without a row means

    @property
    def times(self) -> tuple[str, ...]:
        """The columns of the time."""
        return (self.time,) if isinstance(self.time, str) else self.time


def overridden(layout: Layout, overrides: File) -> Layout:
    """Return a layout with what home.yaml says of the file."""
    changes: dict[str, Any] = {
        "zone": overrides.timezone,
        "order": overrides.date_order,
        "comma": None if overrides.decimal is None else overrides.decimal == ",",
        "separator": overrides.separator,
        "line": overrides.header,
        "time": tuple(overrides.time) if isinstance(overrides.time, list) else overrides.time,
        "device": overrides.device,
        "value": overrides.value,
        "time_marks": overrides.label,
        "gaps": overrides.silence,
    }
    layout = replace(layout, **{key: value for key, value in changes.items() if value is not None})
    if not overrides.model_fields_set & {"unit", "measures", "columns"}:
        return layout
    of_file = Column(unit=overrides.unit, measures=overrides.measures)
    default = _described(layout.default, of_file, Column())
    mappings = {
        name: _described(layout.mappings.get(name, replace(default, device_id=name)), of_file, column)
        for name in {**dict.fromkeys(layout.mappings), **dict.fromkeys(overrides.columns)}
        if (column := overrides.columns.get(name, Column())).role != "ignore"
    }
    return replace(layout, mappings=mappings, default=default)


def _described(mapping: SeriesMapping, of_file: Column, own: Column) -> SeriesMapping:
    """Return a mapping with what home.yaml says of all columns of the file, and of its own."""
    unit, measures = own.unit or of_file.unit, own.measures or of_file.measures
    kind = None if unit is None else factor(unit)
    if measures is None and kind is not None and (kind[0] == "power") != (mapping.measures == "power"):
        measures = kind[0]
    return replace(
        mapping,
        device_id=own.device or mapping.device_id,
        role=own.role or mapping.role,
        unit=unit or mapping.unit,
        measures=measures or mapping.measures,
    )
