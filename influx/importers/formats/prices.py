"""Prices of a dynamic tariff: what a kWh costs in each hour, half hour or quarter of an hour.

The column is `price`, or says its unit: `price_per_kwh`, `price_eur_per_kwh`, `price_eur_per_mwh`. A column `published`
may say from when on a price was known; a price without it counts as announced long before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.formats import per_kwh
from influx.importers.reading import cells, table
from influx.importers.reading.part import Part, part_of

RANK = 40
"""Asked before the weather and the readings: a file that is named after prices holds them, whatever stands beside."""


def matches(path: Path) -> bool:
    """Tell whether the header has a time and a price, and nothing of a device."""
    return per_kwh.is_alone(path, per_kwh.PRICE, "price")


def read(path: Path, settings: Settings) -> Part:
    """Read a price file: `timestamp`, a price, and optionally `published`.

    Returns
    -------
    Part
        Of kind "prices", with `price_per_kwh` and `minutes`, how long a price holds.

    Raises
    ------
    InputError
        There are two prices, they are in another currency than the home's, coarser than hourly, or more than half of
        the rows cannot be used.
    """
    columns = [name for name in table.header(path) or () if per_kwh.PRICE.fullmatch(name)]
    if len(columns) > 1:
        raise InputError(f"{path.name}: there are several prices, {', '.join(columns)}. Keep the one that you pay.")
    code, unit = per_kwh.PRICE.fullmatch(columns[0]).groups()  # type: ignore[union-attr]
    if code and settings.currency and code.upper() != settings.currency.upper():
        raise InputError(
            f"{path.name}: {columns[0]} is in {code.upper()}, but home.yaml says `currency: {settings.currency}`. "
            "Convert the prices, or mend the currency."
        )
    raw = per_kwh.read(path, settings, columns[0], "price_per_kwh", ("published",), below_zero=True)
    if unit == "mwh":
        raw.rows["price_per_kwh"] /= 1000
    if "published" in raw.rows:
        cells.times(raw, "published", settings.timezone)
    return replace(part_of(raw, "prices", "prices"), currency=code.upper() if code else None)
