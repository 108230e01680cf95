"""Toon (Eneco): the registers of a Dutch meter in Wh, each in a file of its own, at seconds since 1970.

There is no header; the name of the file says which register it is: `nt` and `lt` are the normal and the low tariff,
`orig` what was taken and `produ` what was fed in. Files of days are too coarse, and refused. Schema: from public sample
exports of the device.
"""

from __future__ import annotations

import re
from pathlib import Path

from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import Role, Settings
from influx.importers.formats import epoch_register
from influx.importers.reading.layout import SeriesMapping
from influx.importers.reading.part import Part

RANK = 40
"""Asked before registers that say nothing of themselves."""

_NAME = re.compile(r"(gas|elec)_(?:(solar)_)?quantity(?:_(nt|lt))?(?:_(orig|produ))?_Current\w+Quantity_\d+yr\w+.*")
_TARIFFS = {"nt": " normal tariff", "lt": " low tariff", None: ""}


def matches(path: Path) -> bool:
    """Tell whether the file has the name and the rows of a register of a Toon."""
    return _NAME.fullmatch(path.stem) is not None and epoch_register.matches(path)


def read(path: Path, settings: Settings) -> Part:
    """Read the register.

    Raises
    ------
    InputError
        As in `tabular.read`; or it is gas, or use that the Toon computed from other registers.
    """
    found = _NAME.fullmatch(path.stem)
    kind, sun, tariff, way = found.groups() if found is not None else ("elec", None, None, "orig")
    if kind == "gas":
        raise NoElectricityError(path.name, "gas")
    if sun is None and way is None:
        raise InputError(
            f"{path.name}: the Toon computed this from other registers. Keep those named orig, produ and solar, and "
            "remove it from the folder."
        )
    role: Role = "solar" if sun else "grid_import" if way == "orig" else "grid_export"
    name = role.replace("_", " ") + _TARIFFS[tariff]
    return epoch_register.of(path, "Toon", SeriesMapping(name, "Wh", "counter", role), settings)
