"""Weather, prices of a dynamic tariff and carbon intensities: values of the hour that are no device's energy.

A price or an intensity holds from its time to the next one. The column of prices is `price`, or says its unit:
`price_per_kwh`, `price_eur_per_kwh`, `price_eur_per_mwh`; `published` may say from when on a price was known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import File, Settings
from influx.importers.autodetect.conclusion import AmbiguityError
from influx.importers.reading import cells, price_units, table, tabular, times
from influx.importers.reading.layout import Layout, overridden
from influx.importers.reading.part import Part, part_of
from influx.importers.reading.price_units import PriceUnit

PRICE = re.compile(r"price(?:_([a-z]{3}))?(?:_per_(kwh|mwh))?")
CARBON = re.compile(r"carbon_intensity_g_per_kwh")

_WEATHER = ("outdoor_temp_celsius", "humidity_percent")
_KINDS = ("measured", "forecast")
_ENERGY = {"device_id", "energy_kwh", "power_consumption_kwh", "duration_minutes"}
"""Columns of files that hold energy, whatever else they hold."""

_HEEDED = {"ignore", "format", "timezone", "date_order", "decimal", "separator", "header", "time", "label"}
_OF_PRICES = {"prices", "value", "unit"}
"""Keys of a file that have an effect on weather, prices and carbon intensity, and on prices alone."""

_MOST_PRICE = dict.fromkeys(("EUR", "GBP", "USD", "CHF", "AUD", "CAD", "NZD"), 3.0) | dict.fromkeys(
    ("SEK", "NOK", "DKK", "PLN"), 20.0
)
"""Prices are in another unit where most of them are above [currency/kWh]."""

_FED_IN = re.compile(r"export|outgoing|feed ?in|fed ?in|einspeis|teruglever|vertid|excedent|\bsell|\bsale|injec")
_TWICE = 0.1
_LONGEST = 2880.0
"""A price sensor that is silent for longer does not work [min]."""

_BESIDE = {"timestamp", "kind", "published"}
"""Columns that may stand beside a value a kWh without being a device's."""


def is_weather(path: Path) -> bool:
    """Tell whether the header has a time and an outdoor temperature, and nothing of a device."""
    names = set(table.header(path) or ())
    return {"timestamp", _WEATHER[0]} <= names and not names & (_ENERGY - {"duration_minutes"})


def is_prices(path: Path) -> bool:
    """Tell whether the header has a time and a price, and nothing of a device."""
    return _is_alone(path, PRICE, "price")


def is_carbon(path: Path) -> bool:
    """Tell whether the header has a time and a carbon intensity, and nothing of a device."""
    return _is_alone(path, CARBON, "carbon")


def _is_alone(path: Path, column: re.Pattern[str], word: str) -> bool:
    """Tell whether a file has such a column, and no device's energy.

    Where it has other columns too, which may be devices', the file's name must have the `word`.
    """
    names = set(table.header(path) or ())
    if "timestamp" not in names or names & _ENERGY or not any(map(column.fullmatch, names)):
        return False
    unknown = [name for name in names - _BESIDE if not (PRICE.fullmatch(name) or CARBON.fullmatch(name))]
    return not unknown or word in path.stem.lower()


def read_weather(path: Path, settings: Settings) -> Part:
    """Read `timestamp`, `outdoor_temp_celsius`, and optionally `humidity_percent` and `kind`."""
    layout = _layout(path, settings, "weather")
    raw, others = _values(path, settings, layout, _WEATHER, "kind")
    if layout.time_marks == "end":
        raw.rows["timestamp"] -= pd.Timedelta(minutes=_usual_step(raw.rows["timestamp"]))
    if others:
        raw.notes.append(f"{path.name}: the column {others} is not read from a weather file.")
    return part_of(raw, "weather", "weather")


def read_prices(path: Path, settings: Settings) -> Part:
    """Read `timestamp`, a price, and optionally `published`; `minutes` is how long a price holds."""
    layout = _layout(path, settings, "prices")
    value = settings.file(path.name).value
    names = list(next(table.blocks(path, layout.line, separator=layout.separator)).rows)
    columns = [name for name in names if (PRICE.fullmatch(name) if value is None else name == value)]
    if len(columns) != 1:
        found = f"are several prices, {', '.join(columns)}. Keep" if columns else "is no price. Add the column of"
        raise InputError(f"{path.name}: there {found} the one that you pay.")
    return prices_of(path, settings, layout, columns[0], price_units.unit_of(columns[0]) or PriceUnit())


def read_carbon(path: Path, settings: Settings) -> Part:
    """Read `timestamp`, `carbon_intensity_g_per_kwh`, and optionally `kind`; `minutes` is how long a value holds."""
    layout = _layout(path, settings, "carbon")
    raw = _per_kwh(path, settings, layout, "carbon_intensity_g_per_kwh", "carbon_g_per_kwh", "kind")
    return part_of(raw, "carbon", "carbon intensity")


def _layout(path: Path, settings: Settings, kind: str) -> Layout:
    """Return the layout of a file with the columns of this project, and what home.yaml says of it."""
    refuse_idle_keys(path, settings, kind)
    return overridden(Layout(kind, "timestamp"), settings.file(path.name))


def refuse_idle_keys(path: Path, settings: Settings, kind: str) -> None:
    """Refuse what home.yaml says of this file by its name and what has no effect on its kind."""
    given = settings.files.get(path.name, File()).model_fields_set
    if idle := sorted(given - _HEEDED - (_OF_PRICES if kind == "prices" else set())):
        raise InputError(
            f"home.yaml: files.{path.name}.{idle[0]} has no effect on a file of {kind}. Remove the line, or name "
            "another format of the file."
        )


def prices_of(path: Path, settings: Settings, layout: Layout, column: str, unit: PriceUnit) -> Part:
    """Read the prices of a column that is in a unit, or in the one that home.yaml says."""
    refuse_idle_keys(path, settings, "prices")
    file = settings.file(path.name)
    words = " ".join(price_units.words_of(f"{path.stem} {column}"))
    if file.prices is None and _FED_IN.search(words):
        doubt = "by its name it holds the prices of what is fed in, which are none of a kWh that is bought"
        raise InputError(AmbiguityError(doubt, "prices: export", "prices: import").of_file(path.name))
    if file.prices == "export":
        raise NoElectricityError(path.name, "a table of prices for what is fed in (bills take `feed_in` of the tariff)")
    if file.unit is not None:
        named = price_units.unit_of(file.unit)
        if named is None:
            raise InputError(
                f"home.yaml: files.{path.name}.unit: {file.unit!r} is no unit of a price. Write it as EUR/kWh, ct/kWh "
                "or EUR/MWh."
            )
        unit = named
    home = (settings.currency or "").upper()
    if home and unit.currencies and home not in unit.currencies:
        raise InputError(
            f"{path.name}: {column} is in {' or '.join(unit.currencies)}, but home.yaml says `currency: "
            f"{settings.currency}`. Convert the prices, or mend the currency."
        )
    raw = _per_kwh(path, settings, layout, column, "price_per_kwh", "published")
    if (twice := raw.rows["timestamp"].duplicated(keep=False)).mean() > _TWICE and "published" not in raw.rows:
        raise InputError(
            f"{path.name}: several prices stand at one time (first: row {raw.rows.index[twice][0]}). Keep the "
            "rows of the price that you pay."
        )
    raw.rows["price_per_kwh"] *= unit.factor
    usual = float(raw.rows["price_per_kwh"].abs().median())
    if file.unit is None and usual > _MOST_PRICE.get(home, np.inf):
        raise InputError(
            AmbiguityError(
                f"its prices, mostly {usual:g} {home} a kWh by the column {column}, are more than homes pay, so they "
                "are in another unit",
                *(f"unit: {text}/kWh" for text in (price_units.hundredth_of(home),) if text),
                f"unit: {home}/MWh",
                f"unit: {home}/kWh",
            ).of_file(path.name)
        )
    code = unit.currencies[0] if len(unit.currencies) == 1 else None
    return replace(part_of(raw, "prices", "prices"), currency=code)


def _per_kwh(path: Path, settings: Settings, layout: Layout, column: str, value: str, optional: str) -> table.Table:
    """Read times and values, which are called `value` from here on, and how long each holds."""
    raw, others = _values(path, settings, layout, (column,), optional)
    if others:
        raw.notes.append(f"{path.name}: {others} beside {column} is not read; put it into a file of its own.")
    rows = raw.rows.rename(columns={column: value})
    minutes = _usual_step(rows["timestamp"])
    if minutes > 60:
        raise InputError(
            f"{path.name}: a value every {minutes / 60:g} hours is too coarse to tell one hour from another. Hand over "
            "hourly or finer ones."
        )
    if layout.gaps == "unchanged":  # a value holds until the next row, from the minute on in which it came
        rows = rows.assign(timestamp=rows["timestamp"].dt.floor("min")).sort_values("timestamp", kind="stable")
        holds = -rows["timestamp"].diff(-1).dt.total_seconds() / 60
        rows = rows.assign(minutes=holds.clip(upper=_LONGEST).fillna(minutes))
        raw.rows = rows[rows["minutes"] > 0]
        return raw
    if layout.time_marks == "end":
        rows["timestamp"] -= pd.Timedelta(minutes=minutes)
    raw.rows = rows.assign(minutes=minutes)
    return raw


def _values(
    path: Path, settings: Settings, layout: Layout, columns: tuple[str, ...], optional: str
) -> tuple[table.Table, str]:
    """Read times, finite numbers and an optional column (`kind` or `published`), and return the other columns' names.

    A blank cell is unknown; only a carbon intensity may not be negative.
    """
    raw = table.concat(table.blocks(path, layout.line, layout.names, layout.separator))
    table.need(raw, (*layout.times, columns[0]))
    texts = times.joined(raw.rows, layout.times)
    micros, reasons = times.parse(texts, layout.order)
    zone = tabular.zone_of(layout, settings)
    cells.settle(raw, "timestamp", micros, reasons, zone, cells=texts)
    for name in (name for name in columns if name in raw.rows):
        texts = raw.rows[name]
        values, bad = cells.numbers(texts, raw.comma if layout.comma is None else layout.comma)
        negative = (values < 0) & (CARBON.fullmatch(name) is not None)
        raw.rows = raw.rows.assign(**{name: values})
        reasons = np.select([bad | np.isinf(values), negative], ["not a number", "negative"], "").astype(object)
        raw.reject(reasons != "", name, reasons, texts)
    if optional == "published" and optional in raw.rows:
        cells.times(raw, optional, zone, order=layout.order)
    elif optional in raw.rows:
        word = raw.rows[optional].astype("str").fillna("").str.strip().str.lower()
        raw.rows = raw.rows.assign(**{optional: word.array})
        raw.reject(~word.isin(_KINDS).to_numpy(bool), optional, f"not one of {', '.join(_KINDS)}")
    used = [name for name in ("timestamp", *columns, optional) if name in raw.rows]
    others = [name for name in raw.rows if name not in (*used, *layout.times, layout.end)]
    raw.rows = raw.rows[used].copy()
    return raw, ", ".join(others)


def _usual_step(stamps: pd.Series) -> float:
    """Return the most frequent step of times, an hour where there is none [min]."""
    steps = stamps.drop_duplicates().sort_values().diff().dropna().dt.total_seconds() / 60
    return 60.0 if steps.empty else float(steps.mode().iloc[0])
