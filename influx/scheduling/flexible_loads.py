"""The flexible devices of a home: what each must do, when it may, and what it is expected to do anyway."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.flexible_load_settings import Flexible
from influx.core.schema import HOUSEHOLD, OTHER
from influx.forecasting.device_series import Series
from influx.home.home import Home
from influx.scheduling import savings
from influx.scheduling.load_requirements import Unknown, Wanted, task_of, wanted
from influx.scheduling.milp_model import Task
from influx.scheduling.usage_patterns import habit

Notes = list[tuple[str, str, str]]
"""What is not planned: the device, empty for the home; `lacking` (something is not known) or `impossible` (a constraint
forbids it); a sentence."""


MUST_RUN = ("fridge", "refrigerator", "freezer", "router", "modem", "alarm", "medical")
"""Words in a device's name or type that tell that it must run at all times, whatever `home.yaml` says."""


@dataclass(frozen=True)
class Asked:
    """One flexible device: what it must do, when it may, and what it is expected to use in each half hour [kWh]."""

    series: Series
    flexible: Flexible
    want: Wanted
    expected: np.ndarray

    @property
    def device_id(self) -> str:
        """Its name."""
        return self.series.device_id

    def task(self, stamps: pd.DatetimeIndex, coming: bool = True) -> Task:
        """Return its task over these steps; the `coming` ones know of absences that are named in home.yaml."""
        usual = savings.movable(self.expected)
        like = np.resize(usual / (usual.max() or 1.0), len(stamps))
        away = self.series.absences.coming(stamps) if coming else None
        return task_of(self.device_id, self.flexible, self.want, stamps, self.series.around.timezone, away, like)


def asked_of(home: Home, every: list[Series], forecast: pd.DataFrame, notes: Notes) -> list[Asked]:
    """Return the flexible devices of which it is known what they must do; say why of those of which it is not.

    Parameters
    ----------
    home : Home
    every : list of Series
        Its devices.
    forecast : DataFrame
        The `forecast` frame.
    notes : list
        To which the reasons are added.
    """
    coming = set(forecast["device_id"]) - {HOUSEHOLD, OTHER}
    said = {name: device.flexible for name, device in home.settings.devices.items() if device.flexible}
    out: list[Asked] = []
    for one in every:
        if one.device_id not in coming or one.device_id not in said:
            continue
        how = said[one.device_id]
        flexible = how if isinstance(how, Flexible) else Flexible()
        try:
            if must_run(one.device_id, home.devices.set_index("device_id")):
                raise Unknown("it must run at all times")
            want = wanted(flexible, habit(one, home.origin))
        except Unknown as reason:
            notes.append(left_out(one.device_id, reason))
            continue
        expected = forecast.loc[forecast["device_id"] == one.device_id, "energy_kwh"].to_numpy()
        out.append(Asked(one, flexible, want, np.repeat(expected, 2) / 2))
    return out


def tasks_of(asked: list[Asked], stamps: pd.DatetimeIndex, notes: Notes) -> dict[str, Task]:
    """Return the tasks of the devices of which something falls into these steps; say why of the others."""
    tasks = {}
    for one in asked:
        try:
            tasks[one.device_id] = one.task(stamps)
        except Unknown as reason:
            notes.append(left_out(one.device_id, reason))
    return tasks


def left_out(device_id: str, reason: Exception) -> tuple[str, str, str]:
    """Return the note on a device of which something is not known."""
    return device_id, "lacking", f"{fmt.name(device_id)} is not planned: {reason}."


def must_run(device_id: str, plates: pd.DataFrame, words: tuple[str, ...] = MUST_RUN) -> bool:
    """Tell whether a device must be left alone, by `home.yaml`, its name or its type; `plates` is `Home.devices`."""
    named = f"{device_id} {plates['device_type'].get(device_id, '')}".lower()
    return bool(plates["always_on"].get(device_id, False)) or any(word in named for word in words)
