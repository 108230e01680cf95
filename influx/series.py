"""One device's hours and everything its models may know: the unit that is trained, backtested and forecast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influx.features import Surroundings
from influx.schema import HOUSEHOLD, STATIC_COLUMNS
from influx.tariff import rates

if TYPE_CHECKING:
    from influx.home import Home

HISTORY_DAYS = 365
"""Days of history that a model is given; one year holds every season once."""


@dataclass(frozen=True)
class Series:
    """A device's energy with its surroundings.

    Attributes
    ----------
    home_id, device_id : str
    energy : Series of float, index complete UTC hours
        Energy [kWh], NaN where unknown, from its first known hour.
    around : Surroundings
    """

    home_id: str
    device_id: str
    energy: pd.Series
    around: Surroundings

    def before(self, origin: pd.Timestamp) -> pd.Series:
        """Return the history that a model may learn from at `origin`: complete hours up to it, a year at most."""
        start = max(self.energy.index[0], origin - pd.Timedelta(days=HISTORY_DAYS))
        past = self.energy[(self.energy.index < origin) & (self.energy.index >= start)]
        return past.reindex(pd.date_range(start, origin - pd.Timedelta(hours=1), freq="h"))

    def days_known(self, origin: pd.Timestamp) -> float:
        """Return how many days of known hours lie before `origin`."""
        return float(self.energy[self.energy.index < origin].notna().sum()) / 24


def with_household(readings: pd.DataFrame) -> pd.DataFrame:
    """Return the readings with the device `household` in each home, the sum of its devices where no meter measured it.

    An hour counts as known when every device is known that has begun and not yet ended; before its first known hour and
    after its last one a device adds nothing.
    """
    parts = [readings]
    for home_id, home in readings.groupby("home_id", sort=False):
        if (home["device_id"] == HOUSEHOLD).any():
            continue
        wide = home.pivot(index="timestamp", columns="device_id", values="energy_kwh").asfreq("h")
        living = wide.ffill().notna() & wide.bfill().notna()
        known = (wide.notna() | ~living).all(axis=1) & living.any(axis=1)
        total = wide.sum(axis=1).where(known)
        quality = np.where(known, "measured", "missing")
        parts.append(
            pd.DataFrame(
                {
                    "home_id": home_id,
                    "device_id": HOUSEHOLD,
                    "timestamp": wide.index,
                    "energy_kwh": total.to_numpy(),
                    "quality": quality,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def all_series(readings: pd.DataFrame, around: Surroundings) -> list[Series]:
    """Return each device of each home with one common calendar and weather, ordered by home and device."""
    return [Series(home, device, energy, around) for home, device, energy in _energies(readings)]


def series_of_home(home: Home) -> list[Series]:
    """Return each device of a loaded home, the household included, with all that its data says."""
    known = rates(home.settings, home.context)
    minutes = dict(tuple(home.minutes.groupby("device_id"))) if len(home.minutes) else {}
    plates = home.devices.set_index("device_id")
    out = []
    for home_id, device_id, energy in _energies(with_household(home.readings)):
        own = minutes.get(device_id)
        plate = plates.loc[device_id] if device_id in plates.index else pd.Series(dtype=float)
        around = Surroundings(
            timezone=home.settings.timezone,
            country=home.settings.country,
            rates=known,
            weather=home.weather,
            context=home.context if len(home.context) else None,
            minutes=None if own is None else own.set_index("timestamp")["duration_minutes"],
            plate={name: float(plate[name]) for name in STATIC_COLUMNS if name in plate and np.isfinite(plate[name])},
        )
        out.append(Series(home_id, device_id, energy, around))
    return out


def _energies(readings: pd.DataFrame) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield each device's energy on complete hours from its first known one; a device never known is left out."""
    for (home_id, device_id), rows in readings.groupby(["home_id", "device_id"], sort=True):
        energy = rows.set_index("timestamp")["energy_kwh"].sort_index()
        first = energy.first_valid_index()
        if first is not None:
            yield str(home_id), str(device_id), energy[first:].asfreq("h")
