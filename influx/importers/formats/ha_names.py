"""Names of Home Assistant as a person says them, and what they tell of a sensor."""

from __future__ import annotations

import re
from collections import Counter

from influx.importers.reading.units import Measure

_ENERGY = re.compile(
    r"(?:^|_)(?:energy|kwh|wh|consumption|import(?:ed)?|export(?:ed)?|yield|production|"
    r"feed_(?:in|out)_tarif+_?\d)(?:_|$)"
)
_POWER = re.compile(r"(?:^|_)(?:power|watts?|load)(?:_|$)")


def names_of(statistics: list[str]) -> dict[str, str]:
    """Return for each statistic its name without the domain, as in tv_energy for sensor.tv_energy.

    Those that would be alike keep their whole name.
    """
    plain = {name: name.removeprefix("sensor.") for name in statistics}
    often = Counter(plain.values())
    return {name: short if often[short] == 1 else name for name, short in plain.items()}


def measures_of(name: str) -> Measure | None:
    """Return "power" or "counter" for a sensor whose name says so, else None."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower())
    if _POWER.search(plain):
        return "power"
    return "counter" if _ENERGY.search(plain) else None
