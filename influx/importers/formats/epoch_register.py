"""A register without a header: seconds (or ms) since 1970, and the state of the meter (a real file).

It is in kWh, or in Wh where a home could not count so fast otherwise. Files for a public importer of Home Assistant
have names that say the flow: `feed_in` is what comes into the home, `feed_out` what leaves it.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import Role, Settings
from influx.importers.autodetect import quantity_detection
from influx.importers.autodetect.time_detection import Question
from influx.importers.reading import encoding, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part
from influx.importers.reading.times import Order

_LINE = re.compile(r"\s*(\d{10}|\d{13})(?:\.\d+)?\s*[,;\t]\s*(\d+(?:\.\d+)?)\s*")
_ROLES: dict[re.Pattern[str], Role] = {
    re.compile(r"elec_feed_in_"): "grid_import",
    re.compile(r"elec_feed_out_"): "grid_export",
    re.compile(r"elec_solar_"): "solar",
    re.compile(r"elec_battery_feed_in_"): "battery_out",
    re.compile(r"elec_battery_feed_out_"): "battery_in",
}
_OTHER = re.compile(r"(gas|water)_")
_LOOKED_AT = 20
_LEAST = 3


def matches(path: Path) -> bool:
    """Tell whether the first lines are rising times since 1970, each with a state that never falls."""
    lines = encoding.first_lines(path, _LOOKED_AT)
    found = [_LINE.fullmatch(line) for line in lines[:-1] if line.strip()]
    if len(found) < _LEAST or not all(found):
        return False
    times, states = (np.array([float(one[place]) for one in found if one]) for place in (1, 2))
    return bool((np.diff(times) > 0).all() and (np.diff(states) >= 0).all())


def read(path: Path, settings: Settings) -> Part:
    """Read what the register counted; the series has the name of the file.

    Raises
    ------
    InputError
        As in `tabular.read`; its name says gas or water; or kWh and Wh are both possible.
    """
    if (other := _OTHER.match(path.stem)) is not None:
        raise NoElectricityError(path.name, other[1])
    role = next((role for pattern, role in _ROLES.items() if pattern.match(path.stem)), None)
    return of(
        path, "register, seconds since 1970", SeriesMapping(path.stem, _unit(path, settings), "counter", role), settings
    )


def of(path: Path, form: str, mapping: SeriesMapping, settings: Settings) -> Part:
    """Read a register that is known."""
    line = encoding.head(path, 1 << 12).lstrip("\ufeff").split("\n")[0]
    found = _LINE.fullmatch(line)
    order: Order = "ms" if found is not None and len(found[1]) == 13 else "s"
    separator = next(sign for sign in (",", ";", "\t") if sign in line)
    names = ("time", "state")
    layout = Layout(form, "time", {"state": mapping}, order=order, line=0, names=names, separator=separator)
    return tabular.read(path, layout, settings)


def _unit(path: Path, settings: Settings) -> str:
    """Return the unit of a register that does not say it, from how fast it counts in the beginning of its file."""
    own = settings.file(path.name)
    if "unit" in own.model_fields_set or own.columns:
        return "kWh"  # what home.yaml says comes after it
    found = [_LINE.fullmatch(line) for line in encoding.head(path).lstrip("\ufeff").split("\n")]
    times, states = (np.array([float(one[place]) for one in found if one]) for place in (1, 2))
    hours = np.ptp(times) / (3.6e6 if times[0] > 1e11 else 3600)
    column = quantity_detection.Column("state", states, hours=hours, risen=float(np.maximum(np.diff(states), 0).sum()))
    if not column.risen or (column.risen < 30 * hours and (states % 1 > 0).any()):
        return "kWh"  # no register in Wh has decimals
    try:
        quantity_detection.unit_of_register(column)
    except Question as question:
        raise InputError(question.in_words(path.name)) from question
    return column.unit or "kWh"
