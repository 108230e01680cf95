"""What prices and carbon intensities have in common: a value a kWh that holds from each time to the next one."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.reading import cells, table

PRICE = re.compile(r"price(?:_([a-z]{3}))?(?:_per_(kwh|mwh))?")
CARBON = re.compile(r"carbon_intensity_g_per_kwh")

DEVICES = {"device_id", "energy_kwh", "power_consumption_kwh", "duration_minutes"}
"""Columns of files that hold energy, whatever else they hold."""

BESIDE = {"timestamp", "kind", "published"}
"""Columns that may stand beside a value a kWh without being a device's."""


def is_alone(path: Path, column: re.Pattern[str], word: str) -> bool:
    """Tell whether a file has a `column` of such values, and no device's energy.

    Where it has other columns too, which may be devices', the file's name must have the `word`.
    """
    names = set(table.header(path) or ())
    if "timestamp" not in names or names & DEVICES or not any(map(column.fullmatch, names)):
        return False
    unknown = [name for name in names - BESIDE if not (PRICE.fullmatch(name) or CARBON.fullmatch(name))]
    return not unknown or word in path.stem.lower()


def read(
    path: Path, settings: Settings, column: str, value: str, known: tuple[str, ...], below_zero: bool = False
) -> table.Table:
    """Read the times and the values of a file, and how long each value holds.

    Parameters
    ----------
    column : str
        The column of the values; a blank cell is unknown.
    value : str
        What the column is called from here on.
    known : tuple of str
        Further columns that are read as they are; all others are named in a note.
    below_zero : bool
        Whether a value may be negative.

    Raises
    ------
    InputError
        The values are coarser than hourly.
    """
    raw = table.read(path)
    cells.times(raw, "timestamp", settings.timezone)
    values, bad = cells.numbers(raw.rows[column], raw.comma)
    original = raw.rows[column]
    raw.rows = raw.rows.assign(**{column: values})
    reasons = np.select([bad | np.isinf(values), (values < 0) & (not below_zero)], ["not a number", "negative"], "")
    raw.reject(reasons != "", column, reasons.astype(object), original)
    kept = ["timestamp", column, *(name for name in known if name in raw.rows)]
    others = [name for name in raw.rows if name not in kept]
    if others:
        raw.notes.append(
            f"{path.name}: {', '.join(others)} beside {column} is not read; put it into a file of its own."
        )
    raw.rows = raw.rows[kept].rename(columns={column: value})
    raw.rows = raw.rows.assign(minutes=_step_minutes(raw.rows["timestamp"], path.name))
    return raw


def _step_minutes(times: pd.Series, file: str) -> float:
    """Return how long a value holds [min]: the most frequent step."""
    steps = times.drop_duplicates().sort_values().diff().dropna().dt.total_seconds() / 60
    if steps.empty:
        return 60.0
    usual = float(steps.mode().iloc[0])
    if usual > 60:
        raise InputError(
            f"{file}: a value every {usual / 60:g} hours is too coarse to tell one hour from another. Hand over "
            "hourly or finer ones."
        )
    return usual
