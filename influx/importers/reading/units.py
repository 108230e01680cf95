"""What the units of meters mean: energy in kWh, or power in kW."""

from __future__ import annotations

import re
from typing import Literal

from influx.importers.reading import price_units

Measure = Literal["energy", "power", "counter"]
"""Energy in an interval, mean power over it, or the state of a register that counts energy."""

ENERGY = {
    "wh": 1e-3,
    "kwh": 1.0,
    "mwh": 1e3,
    "gwh": 1e6,
    "j": 1 / 3.6e6,
    "kj": 1 / 3.6e3,
    "mj": 1 / 3.6,
    "gj": 1e3 / 3.6,
}
"""kWh in one of each unit of energy; M is mega unless it is written as in mWh."""

POWER = {"w": 1e-3, "kw": 1.0, "mw": 1e3}
"""kW in one of each unit of power."""

_IN_NAME = re.compile(r"(?<![a-z])(wh|kwh|mwh|gwh|kj|mj|gj|w|kw|mw|watts?|kilowatts?)(?![a-z])", re.IGNORECASE)
_JOINED = re.compile(r"(?<=[a-jln-z])(?=[KMk]?(?:[Ww]h|WH)(?![A-Za-z]))")
"""Where a unit begins within a word, as in UsageKwh."""

_HOURS = re.compile(r"(kilo|mega)?watt[ _-]?hours?", re.IGNORECASE)

_MILLI: dict[str, tuple[Literal["energy", "power"], float]] = {"mWh": ("energy", 1e-6), "mW": ("power", 1e-6)}
_WORDS = {"watt": "w", "watts": "w", "kilowatt": "kw", "kilowatts": "kw"}


def factor(unit: str) -> tuple[Literal["energy", "power"], float] | None:
    """Return what a unit measures and its kWh or kW, or None where it is neither (GB, °C, a currency)."""
    if unit.strip() in _MILLI:
        return _MILLI[unit.strip()]
    plain = unit.strip().lower().replace("·", "").replace(" ", "")
    plain = _WORDS.get(plain, plain)
    if plain in ENERGY:
        return "energy", ENERGY[plain]
    if plain in POWER:
        return "power", POWER[plain]
    return None


def in_name(name: str) -> str | None:
    """Return the unit that a column's name holds, such as kWh in "Import T1 kWh" or `energy_kwh`; None where none.

    That of a price, as in `price_ct_per_kwh`, is none.
    """
    return None if price_units.is_price(name) else in_text(name)


def in_text(text: str) -> str | None:
    """Return the last unit of energy or power in a text, but for those by which something else is counted."""
    text = _HOURS.sub(lambda hit: {"kilo": " kWh ", "mega": " MWh "}.get(str(hit[1]).lower(), " Wh "), text)
    text = _JOINED.sub(" ", re.sub(r"[_\-]", " ", text))
    names = [hit[0] for hit in _IN_NAME.finditer(text) if not price_units.is_behind(text[: hit.start()])]
    return _WORDS.get(names[-1].lower(), names[-1]) if names else None
