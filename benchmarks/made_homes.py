"""Hourly readings of any number and length, for what asks for time and memory alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

END = pd.Timestamp("2024-07-01", tz="UTC")
HOURS = np.arange(24)


def made_home(devices: int, days: int) -> pd.DataFrame:
    """Return the readings of one home, up to 1 July 2024: `home_id`, `device_id`, `timestamp`, `energy_kwh`.

    Of five devices one is a fridge, one a light, one a machine that runs every third day, one a heater with seasons and
    one everything else of a home; each has its own size, hours and noise, and weekends that differ.
    """
    stamps = pd.date_range(END - pd.Timedelta(days=days), END, freq="h", inclusive="left")
    kinds = (_fridge, _light, _machine, _heater, _rest)
    parts = []
    for number in range(devices):
        energy = kinds[number % 5](stamps, np.random.default_rng(number))
        parts.append(pd.DataFrame({"device_id": f"device_{number:04d}", "timestamp": stamps, "energy_kwh": energy}))
    return pd.concat(parts, ignore_index=True).assign(home_id="home")


def _fridge(stamps: pd.DatetimeIndex, random: np.random.Generator) -> np.ndarray:
    warm = 1 + 0.2 * np.sin(2 * np.pi * (stamps.day_of_year.to_numpy() - 100) / 365)
    return random.uniform(0.02, 0.06) * warm * random.gamma(20, 1 / 20, len(stamps))


def _light(stamps: pd.DatetimeIndex, random: np.random.Generator) -> np.ndarray:
    return _by_hour(stamps, random, peak=random.uniform(19, 22), width=2, weekend=1.2) * random.uniform(0.05, 0.4)


def _machine(stamps: pd.DatetimeIndex, random: np.random.Generator) -> np.ndarray:
    day = (stamps - stamps[0]).days.to_numpy()
    runs = random.random(day[-1] + 1) < 1 / 3
    begins = random.normal(random.uniform(9, 20), 2, day[-1] + 1).astype(int).clip(0, 21)
    since = stamps.hour.to_numpy() - begins[day]
    return np.where(runs[day] & (since >= 0) & (since < 2), random.uniform(0.3, 0.8), 0.0)


def _heater(stamps: pd.DatetimeIndex, random: np.random.Generator) -> np.ndarray:
    season = np.clip(np.cos(2 * np.pi * (stamps.day_of_year.to_numpy() - 20) / 365), 0, None)
    return season * _by_hour(stamps, random, peak=7, width=4, weekend=1.1) * random.uniform(0.5, 2)


def _rest(stamps: pd.DatetimeIndex, random: np.random.Generator) -> np.ndarray:
    evening = _by_hour(stamps, random, peak=19, width=3, weekend=1.3)
    return random.uniform(0.1, 0.3) + evening * random.uniform(0.3, 1)


def _by_hour(
    stamps: pd.DatetimeIndex, random: np.random.Generator, peak: float, width: float, weekend: float
) -> np.ndarray:
    """Return use around an hour of the day, with noise of its own every hour and every day."""
    away = np.minimum(np.abs(HOURS - peak), 24 - np.abs(HOURS - peak))
    shape = np.exp(-0.5 * (away / width) ** 2)[stamps.hour.to_numpy()]
    day = (stamps - stamps[0]).days.to_numpy()
    daily = random.gamma(6, 1 / 6, day[-1] + 1)[day]
    return shape * daily * np.where(stamps.day_of_week >= 5, weekend, 1) * random.gamma(3, 1 / 3, len(stamps))
