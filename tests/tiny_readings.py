"""Small homes for tests of the models: a week or a few, drawn from a seed, so that every test sees the same ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.forecasting.device_series import Covariates, Series

START = pd.Timestamp("2024-01-01", tz="UTC")
"""A Monday."""


def hours(count: int, start: str | pd.Timestamp = START) -> pd.DatetimeIndex:
    """Return `count` UTC hours from `start` on."""
    return pd.date_range(
        start, periods=count, freq="h", tz=None if isinstance(start, pd.Timestamp) else "UTC", unit="us"
    )


def used(count: int, seed: int = 0, off: float = 0.4) -> np.ndarray:
    """Return the energy of `count` hours of a day-and-night device that is off in a share `off` of them [kWh]."""
    rng = np.random.default_rng(seed)
    kwh = rng.gamma(2.0, 0.1, count) * (1.2 + np.sin(2 * np.pi * np.arange(count) / 24))
    return np.where(rng.random(count) < off, 0.0, kwh)


def energy(values: np.ndarray | list[float], start: str | pd.Timestamp = START) -> pd.Series:
    """Return values as a device's energy by UTC hour [kWh]."""
    return pd.Series(np.asarray(values, dtype=float), index=hours(len(values), start))


def series(values: np.ndarray | list[float], start: str | pd.Timestamp = START, **covariates: object) -> Series:
    """Return a device whose hours hold `values` [kWh]."""
    return Series("home", "tv", energy(values, start), Covariates(**covariates))


def readings(
    home_id: str = "home", start: str | pd.Timestamp = START, **devices: np.ndarray | list[float]
) -> pd.DataFrame:
    """Return a readings frame: a keyword a device, its hours from `start` on [kWh]."""
    parts = [
        pd.DataFrame({"home_id": home_id, "device_id": name, "timestamp": hours(len(kwh), start), "energy_kwh": kwh})
        for name, kwh in devices.items()
    ]
    return pd.concat(parts, ignore_index=True)
