"""How much carbon a kWh stands for: from an intensity file alone, never from money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx.core.half_hourly import halves_of, read_off


@dataclass(frozen=True)
class Intensity:
    """The carbon intensity of electricity.

    Attributes
    ----------
    grams : Series of float, index UTC
        Carbon dioxide equivalent of a kWh, each for half an hour [g/kWh].
    timezone : str
        Of the home, for whose clock an hour begins.
    """

    grams: pd.Series
    timezone: str

    def at(self, stamps: pd.DatetimeIndex, minutes: int = 60) -> np.ndarray:
        """Return the mean intensity of readings of `minutes` from `stamps` (UTC) on [g/kWh], NaN where not known."""
        halves, count = halves_of(stamps, self.timezone, minutes)
        return read_off(self.grams, halves).reshape(-1, count).mean(axis=1)

    def kilograms(self, stamps: pd.DatetimeIndex) -> np.ndarray:
        """Return what a kWh stands for in each hour [kg/kWh], the weight of an hour in a sum of carbon."""
        return self.at(stamps) / 1000


def intensity(carbon: pd.DataFrame | None, timezone: str) -> Intensity | None:
    """Return the intensity of a home's `carbon` frame (`timestamp`, `carbon_g_per_kwh`), None where there is none."""
    if carbon is None or carbon.empty:
        return None
    return Intensity(carbon.set_index("timestamp")["carbon_g_per_kwh"], timezone)
