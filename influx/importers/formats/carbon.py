"""Carbon intensity of electricity: grams of carbon dioxide equivalent a kWh, in each hour or half hour."""

from __future__ import annotations

from pathlib import Path

from influx.core.settings import Settings
from influx.importers.formats import per_kwh
from influx.importers.formats.weather import check_kind
from influx.importers.reading.part import Part, part_of

RANK = 40
COLUMN = "carbon_intensity_g_per_kwh"


def matches(path: Path) -> bool:
    """Tell whether the header has a time and a carbon intensity, and nothing of a device."""
    return per_kwh.is_alone(path, per_kwh.CARBON, "carbon")


def read(path: Path, settings: Settings) -> Part:
    """Read an intensity file: `timestamp`, `carbon_intensity_g_per_kwh`, and optionally `kind`.

    Returns
    -------
    Part
        Of kind "carbon", with `carbon_g_per_kwh` and `minutes`, how long a value holds.

    Raises
    ------
    InputError
        The values are coarser than hourly, or more than half of the rows cannot be used.
    """
    raw = per_kwh.read(path, settings, COLUMN, "carbon_g_per_kwh", ("kind",))
    check_kind(raw)
    return part_of(raw, "carbon", "carbon intensity")
