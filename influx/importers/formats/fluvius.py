"""Fluvius (Belgium): kWh of each quarter of an hour, a row a register and quarter, by the Belgian clock.

What was taken and what was fed in have a register by day and by night. Estimated quarters are told as such; those
without consumption are unknown. Gas has the same columns and is refused. Schema: from real files in Dutch and English.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from influx.core.errors import NoElectricityError
from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_HEADERS = (
    ("Van datum", "Van tijdstip", "Eenheid", "Validatiestatus"),
    ("Van (datum)", "Van (tijdstip)", "Eenheid", "Validatiestatus"),
    ("From (date)", "From (time)", "Unit", "Validation status"),
)
_MAPPINGS = {
    "Afname Dag": SeriesMapping("grid import day", role="grid_import"),
    "Afname Nacht": SeriesMapping("grid import night", role="grid_import"),
    "Injectie Dag": SeriesMapping("grid export day", role="grid_export"),
    "Injectie Nacht": SeriesMapping("grid export night", role="grid_export"),
    "Offtake Day": SeriesMapping("grid import day", role="grid_import"),
    "Offtake Night": SeriesMapping("grid import night", role="grid_import"),
    "Injection Day": SeriesMapping("grid export day", role="grid_export"),
    "Injection Night": SeriesMapping("grid export night", role="grid_export"),
}
_WORDS = {"geschat": "estimated", "estimated": "estimated", "geen verbruik": "missing", "no consumption": "missing"}


def matches(path: Path) -> bool:
    """Tell whether the header is one of those that are known."""
    return _columns(path) is not None


def _columns(path: Path) -> tuple[str, str, str, str] | None:
    names = {*(table.header(path) or []), ""}
    return next((columns for columns in _HEADERS if {*columns, "Register", "Volume"} <= names), None)


def read(path: Path, settings: Settings) -> Part:
    """Read the registers of electricity.

    Raises
    ------
    InputError
        As in `tabular.read`, or the file holds gas.
    """
    date, clock, unit, status = _columns(path) or _HEADERS[0]
    units = {str(word) for block in table.blocks(path) for word in block.rows[unit].astype("str").str.strip().unique()}
    if units & {"m³", "m3"}:
        raise NoElectricityError(path.name, "gas")
    layout = Layout("Fluvius", (date, clock), _MAPPINGS, "Register", "Volume", unit, status, quality_words=_WORDS)
    return tabular.read(path, replace(layout, zone="Europe/Brussels", order="dmy"), settings)
