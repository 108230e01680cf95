"""Any table of prices: those of suppliers, of markets, and of a price sensor, told by the names of its columns.

What a home pays for a kWh is read where one column can be it, in one currency; else a question names the lines of
home.yaml that decide. What is paid for what is fed in (`prices: export`) is left aside.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import File, Settings
from influx.importers.autodetect import column_classification, column_names, infer, time_detection
from influx.importers.autodetect.conclusion import AmbiguityError
from influx.importers.autodetect.sample import Sample, look
from influx.importers.formats import covariates
from influx.importers.formats.anything import SUFFIXES
from influx.importers.reading import cells, encoding, price_units, units
from influx.importers.reading.layout import overridden
from influx.importers.reading.part import Part
from influx.importers.reading.price_units import PriceUnit, unit_of

_KNOWN: tuple[tuple[set[str], str, str], ...] = (
    ({"startsat", "total", "energy", "tax"}, "total", "price per kWh"),  # Tibber
    ({"value_exc_vat", "value_inc_vat", "valid_from"}, "value_inc_vat", "p/kWh"),  # Octopus
    ({"perkwh", "spotperkwh"}, "perKwh", "c/kWh"),  # Amber
)
"""Columns, in lower case, that tell a table, the one that a home pays, and its unit (public documentation of each)."""

_HISTORY = {"entity_id", "state", "last_changed"}
_PARTS = re.compile(r"tax|vat|fees?|renewables|exr|level|zone|area")
_SUM = re.compile(r"total|sum|summe|totaal")
_AREA = re.compile(r".*\(([A-Z]{3})\)")


def matches(path: Path) -> bool:
    """Tell whether a table has times and prices, and nothing that may be energy."""
    return _holds(path, lambda sample: bool(_prices(sample, path.stem)))


def is_history(path: Path) -> bool:
    """Tell whether a history of Home Assistant holds prices alone."""
    return _holds(path, lambda sample: set(sample.rows) >= _HISTORY and bool(_prices(sample, path.stem)))


def _holds(path: Path, test: Callable[[Sample], bool]) -> bool:
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        return encoding.kind(path) != "database" and test(look(path))
    except (InputError, OSError, ValueError, csv.Error):
        return False


def _prices(sample: Sample, stem: str) -> dict[str, str]:
    """Return the columns that may be the price of a table of prices, and where the unit of each stands; else none."""
    rows, names = sample.rows, list(map(str, sample.rows))
    lower = {name.lower() for name in names}
    if lower >= _HISTORY:
        entities = rows["entity_id"].astype("str").unique()
        return {"state": entities[0]} if all(map(price_units.is_price, entities)) else {}
    for known, value, unit in _KNOWN:
        if known <= lower:
            return {name: unit for name in names if name.lower() == value.lower()}
    is_named, is_titled = price_units.is_price(stem), unit_of(sample.title) is not None
    delivered = any(name.startswith("delivery") for name in lower)
    if not (is_named or is_titled or delivered or any(map(price_units.is_price, names))):
        return {}
    try:
        times = time_detection.detect(sample, File())
    except AmbiguityError:
        times = None
    at = set() if times is None else {*times.columns, times.end}
    numbers = [name for name in names if name not in at and _is_number(rows[name])]
    if delivered:  # Nord Pool, in a currency a MWh
        areas = {name: f"{hit[1]}/MWh" for name in numbers if (hit := _AREA.fullmatch(name))}
        if areas:
            return areas
    named = [name for name in numbers if price_units.is_price(name)]
    named += [name for name in numbers if named and _SUM.fullmatch(name.lower())]
    others = [name for name in numbers if name not in named and not column_names.is_other_quantity(name)]
    others = [name for name in others if not _PARTS.fullmatch(name.lower())]
    if any(units.in_name(name) is not None or column_names.mentions_power(name) is not None for name in others):
        return {}
    if named and (is_named or not others):
        return {name: name for name in named}
    is_titled = is_titled and units.in_text(sample.title) is None
    return {name: sample.title for name in others} if (is_named or is_titled) and at else {}


def _is_number(column: pd.Series) -> bool:
    values, bad = cells.numbers(column, True)
    return bad.mean() < 0.5 and bool(np.isfinite(values).any())


def read(path: Path, settings: Settings) -> Part:
    """Read the price that a home pays."""
    file = settings.file(path.name)
    sample = look(path, file.separator, file.header)
    try:
        times = time_detection.detect(sample, file, settings.timezone)
        if times is None:
            raise InputError(f"{path.name}: no column of this table of prices holds times. Name it in home.yaml.")
        column, unit = _column(sample, times.columns, path, settings)
        comma, _ = column_classification.decimal_comma(sample, times, file)
        # A price holds until the next one, whatever end stands beside it.
        holds: Literal["unknown", "unchanged"] = "unchanged" if set(sample.rows) >= _HISTORY else "unknown"
        layout = replace(infer.layout_of("prices", sample, times, comma), end=None, gaps=holds)
        layout = overridden(layout, file.model_copy(update={"header": None, "value": None}))
        return covariates.prices_of(path, settings, layout, column, unit)
    except AmbiguityError as error:
        raise InputError(error.of_file(path.name)) from error


def _column(sample: Sample, at: tuple[str, ...], path: Path, settings: Settings) -> tuple[str, PriceUnit]:
    """Return the column of prices, and its unit; `at` are those of the times."""
    found, value = _prices(sample, path.stem), settings.file(path.name).value
    if value is not None and value not in sample.rows:
        raise InputError(f"{path.name}: there is no column {value!r}; there are {', '.join(sample.rows)}.")
    if value is not None:
        return value, unit_of(found.get(value, value)) or PriceUnit()
    if not found:
        found = {name: name for name in map(str, sample.rows) if name not in at and _is_number(sample.rows[name])}
    if len(found) > 1 and settings.currency:
        own = [name for name, text in found.items() if settings.currency.lower() in price_units.words_of(text)]
        found = {name: found[name] for name in (own if len(own) == 1 else found)}
    if len(found) != 1:
        columns = ", ".join(found) or "none"
        raise AmbiguityError(
            f"it is a table of prices, and several columns may be the one that you pay: {columns}",
            *(f"value: {name}" for name in found),
            *(["format: anything"] if any(_SUM.fullmatch(name.lower()) for name in found) else []),
        )
    ((name, text),) = found.items()
    return name, unit_of(text) or PriceUnit()
