"""One exported file in, one tidy table of energy, weather or prices out, with an account of its rows.

`find` tells a file's format by its head, `Source.read` reads it; neither knows of other files or of the household.
`FORMATS` lists all formats. Most are a row of `formats.catalog`, what a row cannot say is a small module of
`formats`, and any other table is read by what its data tells (`autodetect`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.formats import (
    anything,
    carbon,
    datadis,
    domoticz,
    e_distribuzione,
    edf,
    epoch_register,
    events,
    green_button,
    green_button_text,
    ha_database,
    ha_energy,
    ha_history,
    ha_statistics,
    nem12,
    p1mon,
    prices,
    readings,
    sense,
    sma,
    toon,
    weather,
)
from influx.importers.formats.catalog import TABLES
from influx.importers.formats.json_formats import JSON_FORMATS
from influx.importers.reading.part import Part, Source

__all__ = ["FORMATS", "Part", "Source", "find"]


@dataclass(frozen=True)
class CodedFormat:
    """A format that has code of its own: its id (`format:` in home.yaml), how it is recognized, and how it is read."""

    id: str
    matches: Callable[[Path], bool]
    read: Callable[[Path, Settings], Part]
    rank: int = 50


FORMATS: tuple[Source, ...] = tuple(
    sorted(
        (
            *TABLES,
            *JSON_FORMATS,
            CodedFormat("datadis", datadis.matches, datadis.read),
            CodedFormat("e_distribuzione", e_distribuzione.matches, e_distribuzione.read),
            CodedFormat("edf", edf.matches, edf.read),
            CodedFormat("epoch_register", epoch_register.matches, epoch_register.read),
            CodedFormat("events", events.matches, events.read),
            CodedFormat("green_button", green_button.matches, green_button.read),
            CodedFormat("green_button_text", green_button_text.matches, green_button_text.read),
            CodedFormat("ha_database", ha_database.matches, ha_database.read),
            CodedFormat("ha_energy", ha_energy.matches, ha_energy.read),
            CodedFormat("ha_history", ha_history.matches, ha_history.read),
            CodedFormat("ha_statistics", ha_statistics.matches, ha_statistics.read),
            CodedFormat("nem12", nem12.matches, nem12.read),
            CodedFormat("sense", sense.matches, sense.read),
            CodedFormat("sma", sma.matches, sma.read),
            CodedFormat("weather", weather.matches, weather.read),
            # before those that claim whatever has the same kind of table or database
            CodedFormat("carbon", carbon.matches, carbon.read, rank=40),
            CodedFormat("domoticz", domoticz.matches, domoticz.read, rank=40),
            CodedFormat("p1mon", p1mon.matches, p1mon.read, rank=40),
            CodedFormat("prices", prices.matches, prices.read, rank=40),
            CodedFormat("toon", toon.matches, toon.read, rank=40),
            # after all others: any table with times and numbers looks like one
            CodedFormat("readings", readings.matches, readings.read, rank=90),
            CodedFormat("anything", anything.matches, anything.read, rank=99),
        ),
        key=lambda source: (source.rank, source.id),
    )
)
"""All formats, in the order in which a file is held against them."""


def find(path: Path, settings: Settings | None = None) -> Source | None:
    """Return the format of a file, the one that home.yaml names or the first that matches; None where none does.

    Raises
    ------
    InputError
        home.yaml names a format that does not exist.
    """
    named = None if settings is None else settings.file(path.name).format
    if named is None:
        return next((source for source in FORMATS if source.matches(path)), None)
    by_id = {source.id: source for source in FORMATS}
    if named not in by_id:
        raise InputError(f"home.yaml: files.{path.name}.format: there is no {named!r}; formats are {', '.join(by_id)}.")
    return by_id[named]
