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
    """Read `timestamp`, `outdoor_temp_celsius`, and optionally `humidity_percent` and `kind`.

    Raises
    ------
    InputError
        More than half of the rows cannot be used.
    """
    raw = table.read(path)
    cells.times(raw, "timestamp", settings.timezone)
    for name in _WEATHER:
        if name in raw.rows:
            _numbers(raw, name, below_zero=True)
    _check_kind(raw)
    kept = [name for name in ("timestamp", *_WEATHER, "kind") if name in raw.rows]
    others = [name for name in raw.rows if name not in kept]
    if others:
        raw.notes.append(f"{path.name}: the column {', '.join(others)} is not read from a weather file.")
    raw.rows = raw.rows[kept]
    return part_of(raw, "weather", "weather")


def read_prices(path: Path, settings: Settings) -> Part:
    """Read `timestamp`, a price, and optionally `published`; `minutes` is how long a price holds.

    Raises
    ------
    InputError
        There are two prices, they are in another currency than the home's, coarser than hourly, or more than half of
        the rows cannot be used.
    """
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
    if "published" in raw.rows:
        cells.times(raw, "published", settings.timezone)
    return replace(part_of(raw, "prices", "prices"), currency=code.upper() if code else None)


def read_carbon(path: Path, settings: Settings) -> Part:
    """Read `timestamp`, `carbon_intensity_g_per_kwh`, and optionally `kind`; `minutes` is how long a value holds.

    Raises
    ------
    InputError
        The values are coarser than hourly, or more than half of the rows cannot be used.
    """
    raw = _per_kwh(path, settings, "carbon_intensity_g_per_kwh", "carbon_g_per_kwh", "kind")
    _check_kind(raw)
    return part_of(raw, "carbon", "carbon intensity")


def _per_kwh(path: Path, settings: Settings, column: str, value: str, known: str) -> table.Table:
    """Read times and values, which are called `value` from here on, and how long each holds.

    A blank cell is unknown; a price may be negative. A column `known` is read as it is, others are named in a note.
    """
    raw = table.read(path)
    cells.times(raw, "timestamp", settings.timezone)
    _numbers(raw, column, below_zero=value.startswith("price"))
    kept = [name for name in ("timestamp", column, known) if name in raw.rows]
    others = [name for name in raw.rows if name not in kept]
    if others:
        raw.notes.append(
            f"{path.name}: {', '.join(others)} beside {column} is not read; put it into a file of its own."
        )
    rows = raw.rows[kept].rename(columns={column: value})
    raw.rows = rows.assign(minutes=_step_minutes(rows["timestamp"], path.name))
    return raw


def _numbers(raw: table.Table, column: str, below_zero: bool) -> None:
    """Turn a column into finite numbers, and reject the other rows."""
    texts = raw.rows[column]
    values, bad = cells.numbers(texts, raw.comma)
    raw.rows = raw.rows.assign(**{column: values})
    reasons = np.select([bad | np.isinf(values), (values < 0) & (not below_zero)], ["not a number", "negative"], "")
    raw.reject(reasons != "", column, reasons.astype(object), texts)


def _check_kind(raw: table.Table) -> None:
    """Put the words of `kind`, where there is such a column, into lower case, and reject the rows with another one."""
    if "kind" in raw.rows:
        word = raw.rows["kind"].astype("str").fillna("").str.strip().str.lower()
        raw.rows = raw.rows.assign(kind=word.array)
        raw.reject(~word.isin(_KINDS).to_numpy(bool), "kind", f"not one of {', '.join(_KINDS)}")


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
