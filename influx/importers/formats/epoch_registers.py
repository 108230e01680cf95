"""Registers without a header: seconds (or ms) since 1970, and the state of the meter.

The Toon of Eneco (the Netherlands) writes a file a register, in Wh, whose name says which one it is (public sample
exports). Files for a public importer of Home Assistant have names that say the flow: `feed_in` is what comes into the
home, `feed_out` what leaves it (a real file); they are in kWh, or in Wh where a home could not count so fast otherwise.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import Role, Settings
from influx.importers.autodetect import quantity_detection
from influx.importers.autodetect.conclusion import AmbiguityError
from influx.importers.autodetect.sample import lines
from influx.importers.reading import encoding, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, flow
from influx.importers.reading.part import Part
from influx.importers.reading.times import Order

_LINE = re.compile(r"\s*(\d{10}|\d{13})(?:\.\d+)?\s*([,;\t])\s*(\d+(?:\.\d+)?)\s*")
_SELDOM_FALLS = 0.98
"""Of the steps of a register; it falls where it was replaced, or began anew."""

_TOON = re.compile(r"(gas|elec)_(?:(solar)_)?quantity(?:_(nt|lt))?(?:_(orig|produ))?_Current\w+Quantity_\d+yr\w+.*")
_TARIFFS = {"nt": "normal tariff", "lt": "low tariff", None: ""}
_ROLES: dict[str, Role] = {
    "elec_feed_in_": "grid_import",
    "elec_feed_out_": "grid_export",
    "elec_solar_": "solar",
    "elec_battery_feed_in_": "battery_out",
    "elec_battery_feed_out_": "battery_in",
}


def matches(path: Path) -> bool:
    """Tell whether lines from all over the file are rising times since 1970, with a state that rises and never falls.

    A state that stands still may be a power; only the name of its file makes it a register.
    """
    head = [line for line in encoding.first_lines(path, 20)[:-1] if line.strip()]
    times, states = _numbers(head)
    if len(times) != len(head) or len(head) < 3 or (np.diff(times) <= 0).any() or (np.diff(states) < 0).any():
        return False
    times, states = _numbers(lines(path)[0][:-1])
    named = _TOON.fullmatch(path.stem) or path.stem.startswith(tuple(_ROLES))
    rises = (np.diff(times) > 0).all() and (np.diff(states) >= 0).mean() > _SELDOM_FALLS
    return bool(rises and (named or len(np.unique(states)) >= min(3, len(states) - 1)))


def matches_toon(path: Path) -> bool:
    """Tell whether the file has the name and the rows of a register of a Toon."""
    return _TOON.fullmatch(path.stem) is not None and matches(path)


def read(path: Path, settings: Settings) -> Part:
    """Read what the register counted; the series has the name of the file."""
    if (other := re.match("(gas|water)_", path.stem)) is not None:
        raise NoElectricityError(path.name, other[1])
    role = next((role for start, role in _ROLES.items() if path.stem.startswith(start)), None)
    mapping = SeriesMapping(path.stem, _unit(path, settings), "counter", role)
    return tabular.read(path, _layout(path, "register, seconds since 1970", mapping), settings)


def read_toon(path: Path, settings: Settings) -> Part:
    """Read the register: `nt` and `lt` are the normal and the low tariff, `orig` was taken and `produ` fed in."""
    match = _TOON.fullmatch(path.stem)
    kind, sun, tariff, way = match.groups() if match else ("elec", None, None, "orig")
    if kind == "gas":
        raise NoElectricityError(path.name, "gas")
    if sun is None and way is None:
        raise InputError(
            f"{path.name}: the Toon computed this from other registers. Keep those named orig, produ and solar, and "
            "remove it from the folder."
        )
    role: Role = "solar" if sun else "grid_import" if way == "orig" else "grid_export"
    mapping = flow(role, _TARIFFS[tariff], "Wh", "counter")
    return tabular.read(path, _layout(path, "Toon", mapping), settings)


def _layout(path: Path, title: str, mapping: SeriesMapping) -> Layout:
    first = _LINE.fullmatch((encoding.first_lines(path, 1) or [""])[0])
    order: Order = "ms" if first and len(first[1]) == 13 else "s"
    separator = first[2] if first else ","
    return Layout(title, "time", {"state": mapping}, order=order, line=0, names=("time", "state"), separator=separator)


def _numbers(lines: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the times and the states of those lines that hold both."""
    found = [match for line in lines if (match := _LINE.fullmatch(line))]
    return np.array([float(match[1]) for match in found]), np.array([float(match[3]) for match in found])


def _unit(path: Path, settings: Settings) -> str:
    """Return the unit of a register that does not say it, from how fast it counts in the beginning of its file."""
    file = settings.file(path.name)
    times, states = _numbers(encoding.first_lines(path, 1 << 16))
    if "unit" in file.model_fields_set or file.columns or not len(times):
        return "kWh"  # what home.yaml says comes after it
    hours = np.ptp(times) / (3.6e6 if times[0] > 1e11 else 3600)
    risen = float(np.maximum(np.diff(states), 0).sum())
    if not risen or (risen < 30 * hours and (states % 1 > 0).any()):
        return "kWh"  # no register in Wh has decimals
    try:
        return quantity_detection.unit_of_register("state", risen, hours)
    except AmbiguityError as error:
        raise InputError(error.of_file(path.name)) from error
