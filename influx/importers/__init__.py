"""One exported file in, one tidy table of energy, weather or prices out, with an account of its rows.

`find` tells a file's format by its head, `Source.read` reads it; neither knows of other files or of the household.
`FORMATS` lists all formats. Most are a row of `formats.catalog`, what a row cannot say is a small module of
`formats`, and any other table is read by what its data tells (`autodetect`).
"""

from __future__ import annotations

from pathlib import Path

from influx.core.errors import InputError
from influx.core.settings import File, Settings
from influx.importers.formats import (
    anything,
    covariates,
    databases,
    datadis,
    epoch_registers,
    events,
    green_button,
    home_assistant,
    nem12,
    price_tables,
    readings,
    sense,
    text_exports,
)
from influx.importers.formats.catalog import TABLES
from influx.importers.formats.json_formats import JSON_FORMATS
from influx.importers.reading.part import CodedFormat, Part, Source

__all__ = ["FORMATS", "Part", "Source", "find"]


FORMATS: tuple[Source, ...] = tuple(
    sorted(
        (
            *TABLES,
            *JSON_FORMATS,
            CodedFormat("datadis", datadis.matches, datadis.read),
            CodedFormat("e_distribuzione", anything.is_e_distribuzione, anything.read_e_distribuzione),
            CodedFormat("edf", text_exports.is_edf, text_exports.read_edf),
            CodedFormat("epoch_register", epoch_registers.matches, epoch_registers.read),
            CodedFormat("events", events.matches, events.read),
            CodedFormat("green_button", green_button.matches, green_button.read),
            CodedFormat("green_button_text", text_exports.is_green_button, text_exports.read_green_button),
            CodedFormat("ha_database", home_assistant.is_database, home_assistant.read_database),
            CodedFormat("ha_energy", home_assistant.is_energy, home_assistant.read_energy),
            CodedFormat("ha_history", home_assistant.is_history, home_assistant.read_history),
            CodedFormat("ha_statistics", home_assistant.is_statistics, home_assistant.read_statistics),
            CodedFormat("nem12", nem12.matches, nem12.read),
            CodedFormat("sense", sense.matches, sense.read),
            CodedFormat("sma", text_exports.is_sma, text_exports.read_sma),
            CodedFormat("weather", covariates.is_weather, covariates.read_weather),
            # before those that claim whatever has the same kind of table or database
            CodedFormat("carbon", covariates.is_carbon, covariates.read_carbon, rank=40),
            CodedFormat("domoticz", databases.is_domoticz, databases.read_domoticz, rank=40),
            CodedFormat("p1mon", databases.is_p1mon, databases.read_p1mon, rank=40),
            CodedFormat("prices", covariates.is_prices, covariates.read_prices, rank=40),
            CodedFormat("toon", epoch_registers.matches_toon, epoch_registers.read_toon, rank=40),
            CodedFormat("price_history", price_tables.is_history, price_tables.read, rank=45),
            # what is left: tables of prices by the names of their columns
            CodedFormat("price_table", price_tables.matches, price_tables.read, rank=80),
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
    file = File() if settings is None else settings.file(path.name)
    named = file.format or ("price_table" if file.prices and not covariates.is_prices(path) else None)
    if named is None:
        return next((source for source in FORMATS if source.matches(path)), None)
    by_id = {source.id: source for source in FORMATS}
    if named not in by_id:
        raise InputError(f"home.yaml: files.{path.name}.format: there is no {named!r}; formats are {', '.join(by_id)}.")
    return by_id[named]
