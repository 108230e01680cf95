"""A register without a header: seconds (or ms) since 1970, and the state of the meter in kWh (a real file)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from influx.errors import InputError
from influx.settings import Settings
from influx.sources import encoding, tabular
from influx.sources.layout import Channel, Layout
from influx.sources.part import Part
from influx.sources.times import Order

_LINE = re.compile(r"\s*(\d{10}|\d{13})(?:\.\d+)?\s*[,;\t]\s*(\d+(?:\.\d+)?)\s*")
_LOOKED_AT = 20
_LEAST = 3


def matches(path: Path) -> bool:
    """Tell whether the first lines are rising times since 1970, each with a state that never falls."""
    try:
        if encoding.kind(path) != "text":
            return False
        lines = encoding.head(path, 1 << 12).lstrip("\ufeff").split("\n")[:_LOOKED_AT]
    except (InputError, OSError, UnicodeError):
        return False
    found = [_LINE.fullmatch(line) for line in lines[:-1] if line.strip()]
    if len(found) < _LEAST or not all(found):
        return False
    times, states = (np.array([float(one[place]) for one in found if one]) for place in (1, 2))
    return bool((np.diff(times) > 0).all() and (np.diff(states) >= 0).all())


def read(path: Path, settings: Settings) -> Part:
    """Read what the register counted; the series has the name of the file."""
    line = encoding.head(path, 1 << 12).lstrip("\ufeff").split("\n")[0]
    found = _LINE.fullmatch(line)
    order: Order = "ms" if found is not None and len(found[1]) == 13 else "s"
    separator = next(sign for sign in (",", ";", "\t") if sign in line)
    channels = {"state": Channel(path.stem, measures="counter")}
    names = ("time", "state")
    layout = Layout(
        "register, seconds since 1970", "time", channels, order=order, line=0, names=names, separator=separator
    )
    return tabular.read(path, layout, settings)
