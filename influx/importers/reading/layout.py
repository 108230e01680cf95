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
    """What a column, or a series of rows, measures.

    Attributes
    ----------
    device_id : str
        The series' name from here on.
    unit : str
        Of its values (`units.factor`).
    measures : {"energy", "power", "counter"}
        Energy in each interval, mean power over it, or the state of a register that counts energy at a time.
    role : Role, optional
        What the format says that it is, such as grid_export; else its name or home.yaml tells.
    sign_flipped : bool
        Whether its values count the other way, such as a grid that is above zero while energy is fed in.
    """

    device_id: str
    unit: str = "kWh"
    measures: Measure = "energy"
    role: Role | None = None
    sign_flipped: bool = False


def flow(role: Role, name: str = "", unit: str = "kWh", measures: Measure = "energy") -> SeriesMapping:
    """Return what a series measures that is named after its role, as in "grid import low tariff"."""
    return SeriesMapping(f"{role.replace('_', ' ')} {name}".strip(), unit, measures, role)


@dataclass(frozen=True)
class Layout:
    """How to read a table.

    Wide tables have `mappings`, by column; long ones `device` and `value`, and then `mappings` (by the names in the
    column `device`) and `default` say what a series measures. Columns of one `device_id` are added up: the phases of
    one appliance; they are in one unit.

    Attributes
    ----------
    format : str
        What the account calls the format.
    time : str or tuple of str
        The column of the time, or those of the date and of the clock.
    mappings : mapping of str to SeriesMapping
    device, value, unit : str, optional
        Of a long table: the columns of names, values and, where it has one, units. A row in a unit of neither energy
        nor power is ignored.
    quality, home : str, optional
        The columns that say how good a value is (`schema.QUALITIES`), and whose home it tells of.
    quality_words : mapping of str to str
        What the file calls a quality, in lower case; a word that is not in it is measured. Empty: `schema.QUALITIES`.
    default : SeriesMapping
        What a series measures that `mappings` does not name; its `device_id` does not matter.
    only_mapped : bool
        Whether the series that `mappings` does not name are no energy, and ignored.
    ignored : tuple of str
        Series of a long table that are something else, such as gas, and ignored.
    end : str, optional
        The column of the intervals' ends, where there is one.
    time_marks : {"start", "end"}
        Which end of its interval a time marks; a counter's state always stands at its time.
    zone : str
        Whose clock wrote times without an offset: "home", or an IANA zone, or an offset such as "+10:00".
    order : Order
        In which order a date is written.
    comma : bool, optional
        Whether decimals are written with a comma; where it is not said, they may be unless commas part the cells.
    line : int
        The line of the header, from 1; 0 where there is none, and then `names` are the columns.
    names : tuple of str
    separator : str
        What parts the cells; told from the header where it is empty.
    gaps : {"unknown", "unchanged"}
        What a time without a row means: nothing is known, or nothing has changed.
    """

    format: str
    time: str | tuple[str, ...]
    mappings: Mapping[str, SeriesMapping] = field(default_factory=dict)
    device: str | None = None
    value: str | None = None
    unit: str | None = None
    quality: str | None = None
    home: str | None = None
    quality_words: Mapping[str, str] = field(default_factory=dict)
    default: SeriesMapping = SeriesMapping("")
    only_mapped: bool = False
    ignored: tuple[str, ...] = ()
    end: str | None = None
    time_marks: Literal["start", "end"] = "start"
    zone: str = "home"
    order: Order = "ymd"
    comma: bool | None = None
    line: int = 1
    names: tuple[str, ...] = ()
    separator: str = ""
    gaps: Literal["unknown", "unchanged"] = "unknown"

    @property
    def times(self) -> tuple[str, ...]:
        """The columns of the time."""
        return (self.time,) if isinstance(self.time, str) else self.time


def overridden(layout: Layout, said: File) -> Layout:
    """Return a layout with what home.yaml says of the file."""
    keys = said.model_fields_set
    own: dict[str, Any] = {
        "zone": said.timezone,
        "order": said.date_order,
        "comma": None if said.decimal is None else said.decimal == ",",
        "separator": said.separator,
        "line": said.header,
        "time": said.time if said.time is None or isinstance(said.time, str) else tuple(said.time),
        "device": said.device,
        "value": said.value,
        "time_marks": said.label,
        "gaps": said.silence,
    }
    layout = replace(layout, **{key: value for key, value in own.items() if value is not None})
    if not keys & {"unit", "measures", "columns"}:
        return layout
    names = {**dict.fromkeys(layout.mappings), **dict.fromkeys(said.columns)}
    default = _said(layout.default, said.unit, said.measures, None)
    mappings = {
        name: _said(layout.mappings.get(name, replace(default, device_id=name)), said.unit, said.measures, column)
        for name in names
        if (column := said.columns.get(name)) is None or column.role != "ignore"
    }
    return replace(layout, mappings=mappings, default=default)


def _said(mapping: SeriesMapping, unit: str | None, measures: Measure | None, column: Column | None) -> SeriesMapping:
    """Return a mapping with what home.yaml says of all columns, and of its own."""
    if column is not None:
        unit, measures = column.unit or unit, column.measures or measures
        mapping = replace(mapping, device_id=column.device or mapping.device_id, role=column.role or mapping.role)
    kind = None if unit is None else factor(unit)
    if measures is None and kind is not None and (kind[0] == "power") != (mapping.measures == "power"):
        measures = kind[0]
    return replace(mapping, unit=unit or mapping.unit, measures=measures or mapping.measures)
