"""HomeWizard kWh meters: the registers of both directions every 15 minutes, at times of the home's clock.

The file does not say what hangs on the meter: an appliance, solar panels, a battery. So home.yaml must. The largest
power of each phase is left aside; so is a register that home.yaml does not name. Schema: from public sample exports of
the app.
"""

from __future__ import annotations

from pathlib import Path

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.reading import table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping
from influx.importers.reading.part import Part

_REGISTERS = ("Import kWh", "Export kWh")


def matches(path: Path) -> bool:
    """Tell whether the header has the time and the registers of a meter without tariffs."""
    names = table.header(path) or []
    return names[:1] == ["time"] and set(_REGISTERS) <= set(names)


def read(path: Path, settings: Settings) -> Part:
    """Read the registers that home.yaml says something of.

    Raises
    ------
    InputError
        It says nothing of them: the error has the lines.
    """
    said = settings.file(path.name).columns
    if not set(_REGISTERS) & set(said):
        start = f"files: {{{path.name}: {{columns: {{"
        raise InputError(
            f"{path.name}: a kWh meter of HomeWizard does not say what it measures. Say it in home.yaml. A device:  "
            f"{start}Import kWh: {{device: washer}}}}}}}}  Solar panels:  {start}Export kWh: {{role: solar}}}}}}}}  "
            f"A battery:  {start}Import kWh: {{role: battery_in}}, Export kWh: {{role: battery_out}}}}}}}}"
        )
    named = {
        name: SeriesMapping(f"{path.stem} {name[:6].lower()}", measures="counter")
        for name in _REGISTERS
        if name in said
    }
    return tabular.read(path, Layout("HomeWizard kWh meter", "time", named), settings)
