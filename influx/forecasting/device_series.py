"""One device's hours and everything its models may know: the unit that is trained, backtested and forecast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influx.core.constants import HISTORY_DAYS
from influx.core.schema import HOUSEHOLD, OTHER, STATIC_COLUMNS, as_weather
from influx.core.settings import check_where
from influx.core.tariff import rates
from influx.forecasting.absences import Absences, Span
from influx.forecasting.features import Surroundings
from influx.forecasting.models.learner import Learner
from influx.home.household_balance import LEAST_OTHER

if TYPE_CHECKING:
    from influx.home.home import Home


@dataclass(frozen=True)
class Series:
    """A device's energy with its surroundings.

    Attributes
    ----------
    home_id, device_id : str
    energy : Series of float, index complete UTC hours
        Energy [kWh], NaN where unknown, from its first known hour.
    around : Surroundings
    absences : Absences
        When its home was away.
    """

    home_id: str
    device_id: str
    energy: pd.Series
    around: Surroundings
    absences: Absences = field(default_factory=Absences)

    def before(self, origin: pd.Timestamp) -> pd.Series:
        """Return the history that a model may learn from at `origin`: complete hours up to it, a year at most."""
        start = max(self.energy.index[0], origin - pd.Timedelta(days=HISTORY_DAYS))
        past = self.energy[(self.energy.index < origin) & (self.energy.index >= start)]
        return past.reindex(pd.date_range(start, origin - pd.Timedelta(hours=1), freq="h"))

    def ordinary(self, origin: pd.Timestamp) -> pd.Series:
        """Return the history without the days on which nobody was at home, which are unknown in it."""
        return self.absences.ordinary(self.before(origin), origin)

    def days_known(self, origin: pd.Timestamp, within: float = HISTORY_DAYS) -> float:
        """Return how many days of known hours lie in the `within` days before `origin`."""
        index = self.energy.index
        recent = self.energy[(index < origin) & (index >= origin - pd.Timedelta(days=within))]
        return float(recent.notna().sum()) / 24


def with_household(readings: pd.DataFrame) -> pd.DataFrame:
    """Return the readings with the device `household` in each home, and `other` where its devices do not explain it.

    Where no meter measured the household, it is the sum of its devices: an hour counts as known when every device is
    known that has begun and not yet ended; before its first known hour and after its last one a device adds nothing.
    """
    parts = []
    for home_id, home in readings.groupby("home_id", sort=False):
        wide = home.pivot(index="timestamp", columns="device_id", values="energy_kwh").asfreq("h")
        devices = wide.drop(columns=HOUSEHOLD, errors="ignore")
        living = devices.ffill().notna() & devices.bfill().notna()
        added = devices.sum(axis=1).where((devices.notna() | ~living).all(axis=1))
        if HOUSEHOLD in wide and wide[HOUSEHOLD].notna().any():
            parts.append(home)
            rest = (wide[HOUSEHOLD] - added).clip(lower=0)
            least = LEAST_OTHER * wide[HOUSEHOLD].where(rest.notna()).sum()
            if OTHER not in wide and len(devices.columns) and rest.sum() > least:
                parts.append(_readings(home_id, OTHER, rest))
        else:
            total = added.where(living.any(axis=1))
            parts += [home[home["device_id"] != HOUSEHOLD], _readings(home_id, HOUSEHOLD, total)]
    return pd.concat(parts, ignore_index=True)


def _readings(home_id: object, device_id: str, energy: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "home_id": home_id,
            "device_id": device_id,
            "timestamp": energy.index,
            "energy_kwh": energy.to_numpy(),
            "quality": np.where(energy.notna(), "measured", "missing"),
        }
    )


def surroundings(timezone: str, country: str | None, weather: pd.DataFrame | None) -> Surroundings:
    """Return the surroundings of devices of which nothing but their readings is known.

    Raises
    ------
    InputError
        The time zone or the country is not known, or the weather breaks a rule of its frame.
    """
    check_where(timezone, country)
    return Surroundings(timezone, country, weather=None if weather is None else as_weather(weather))


def all_series(readings: pd.DataFrame, around: Surroundings) -> list[Series]:
    """Return each device of each home with one common calendar and weather, ordered by home and device."""
    every = list(_energies(readings))
    away = {home: Absences(energy, around.timezone) for home, device, energy in every if device == HOUSEHOLD}
    return [Series(home, device, energy, around, away.get(home, Absences())) for home, device, energy in every]


def series_of_home(home: Home) -> list[Series]:
    """Return each device of a loaded home, the household included, with all that its data says."""
    known = rates(home.settings, home.context, home.prices)
    minutes = dict(tuple(home.minutes.groupby("device_id"))) if len(home.minutes) else {}
    plates = home.devices.set_index("device_id")
    every = list(_energies(with_household(home.readings)))
    whole = next((energy for _, device, energy in every if device == HOUSEHOLD), None)
    away = Absences(whole, home.settings.timezone, _given(home))
    out = []
    for home_id, device_id, energy in every:
        own = minutes.get(device_id)
        plate = plates.loc[device_id] if device_id in plates.index else pd.Series(dtype=float)
        around = Surroundings(
            timezone=home.settings.timezone,
            country=home.settings.country,
            rates=known if known is not None and known.is_known_ahead else None,
            weather=home.weather,
            context=home.context if len(home.context) else None,
            minutes=None if own is None else _minutes_of_use(own, energy),
            plate={name: float(plate[name]) for name in STATIC_COLUMNS if name in plate and np.isfinite(plate[name])},
            learner=Learner.of(home.settings.learner, home.settings.learner_settings),
        )
        out.append(Series(home_id, device_id, energy, around, away))
    return out


def _given(home: Home) -> tuple[Span, ...]:
    return tuple(Span(pd.Timestamp(one.first), pd.Timestamp(one.last), "given") for one in home.settings.absences)


def _minutes_of_use(used: pd.DataFrame, energy: pd.Series) -> pd.Series:
    """Return the minutes of use of each hour [min]: 0 where nothing was used, NaN where nobody knows."""
    minutes = used.set_index("timestamp")["duration_minutes"].reindex(energy.index)
    return minutes.mask(minutes.isna() & (energy == 0), 0.0)


def _energies(readings: pd.DataFrame) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield each device's energy on complete hours from its first known one; a device never known is left out."""
    for (home_id, device_id), rows in readings.groupby(["home_id", "device_id"], sort=True):
        energy = rows.set_index("timestamp")["energy_kwh"].sort_index()
        first = energy.first_valid_index()
        if first is not None:
            yield str(home_id), str(device_id), energy[first:].asfreq("h")
