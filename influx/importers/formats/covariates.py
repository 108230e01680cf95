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

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.reading import cells, table
from influx.importers.reading.part import Part, part_of

PRICE = re.compile(r"price(?:_([a-z]{3}))?(?:_per_(kwh|mwh))?")
CARBON = re.compile(r"carbon_intensity_g_per_kwh")

_WEATHER = ("outdoor_temp_celsius", "humidity_percent")
_KINDS = ("measured", "forecast")
_ENERGY = {"device_id", "energy_kwh", "power_consumption_kwh", "duration_minutes"}
"""Columns of files that hold energy, whatever else they hold."""

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
    raw, others = _values(path, settings, _WEATHER, "kind")
    if others:
        raw.notes.append(f"{path.name}: the column {others} is not read from a weather file.")
    return part_of(raw, "weather", "weather")


def read_prices(path: Path, settings: Settings) -> Part:
    """Read `timestamp`, a price, and optionally `published`; `minutes` is how long a price holds."""
    columns = {name: match for name in table.header(path) or () if (match := PRICE.fullmatch(name))}
    if len(columns) != 1:
        found = f"are several prices, {', '.join(columns)}. Keep" if columns else "is no price. Add the column of"
        raise InputError(f"{path.name}: there {found} the one that you pay.")
    column, match = next(iter(columns.items()))
    code, unit = match.groups()
    if code and settings.currency and code.upper() != settings.currency.upper():
        raise InputError(
            f"{path.name}: {column} is in {code.upper()}, but home.yaml says `currency: {settings.currency}`. "
            "Convert the prices, or mend the currency."
        )
    raw = _per_kwh(path, settings, column, "price_per_kwh", "published")
    if unit == "mwh":
        raw.rows["price_per_kwh"] /= 1000
    return replace(part_of(raw, "prices", "prices"), currency=code.upper() if code else None)


def read_carbon(path: Path, settings: Settings) -> Part:
    """Read `timestamp`, `carbon_intensity_g_per_kwh`, and optionally `kind`; `minutes` is how long a value holds."""
    raw = _per_kwh(path, settings, "carbon_intensity_g_per_kwh", "carbon_g_per_kwh", "kind")
    return part_of(raw, "carbon", "carbon intensity")


def _per_kwh(path: Path, settings: Settings, column: str, value: str, optional: str) -> table.Table:
    """Read times and values, which are called `value` from here on, and how long each holds."""
    raw, others = _values(path, settings, (column,), optional)
    if others:
        raw.notes.append(f"{path.name}: {others} beside {column} is not read; put it into a file of its own.")
    rows = raw.rows.rename(columns={column: value})
    raw.rows = rows.assign(minutes=_step_minutes(rows["timestamp"], path.name))
    return raw


def _values(path: Path, settings: Settings, columns: tuple[str, ...], optional: str) -> tuple[table.Table, str]:
    """Read times, finite numbers and an optional column (`kind` or `published`), and return the other columns' names.

    A blank cell is unknown; only a carbon intensity may not be negative.
    """
    raw = table.read(path)
    cells.times(raw, "timestamp", settings.timezone)
    for name in (name for name in columns if name in raw.rows):
        texts = raw.rows[name]
        values, bad = cells.numbers(texts, raw.comma)
        negative = (values < 0) & (CARBON.fullmatch(name) is not None)
        raw.rows = raw.rows.assign(**{name: values})
        reasons = np.select([bad | np.isinf(values), negative], ["not a number", "negative"], "").astype(object)
        raw.reject(reasons != "", name, reasons, texts)
    if optional == "published" and optional in raw.rows:
        cells.times(raw, optional, settings.timezone)
    elif optional in raw.rows:
        word = raw.rows[optional].astype("str").fillna("").str.strip().str.lower()
        raw.rows = raw.rows.assign(**{optional: word.array})
        raw.reject(~word.isin(_KINDS).to_numpy(bool), optional, f"not one of {', '.join(_KINDS)}")
    used = [name for name in ("timestamp", *columns, optional) if name in raw.rows]
    others = [name for name in raw.rows if name not in used]
    raw.rows = raw.rows[used]
    return raw, ", ".join(others)


def _step_minutes(times: pd.Series, file: str) -> float:
    """Return how long a value holds [min]: the most frequent step."""
    steps = times.drop_duplicates().sort_values().diff().dropna().dt.total_seconds() / 60
    usual = 60.0 if steps.empty else float(steps.mode().iloc[0])
    if usual > 60:
        raise InputError(
            f"{file}: a value every {usual / 60:g} hours is too coarse to tell one hour from another. Hand over "
            "hourly or finer ones."
        )
    return usual
