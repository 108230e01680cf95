"""What a kWh costs at each hour: from `home.yaml`, else learned from the prices that the data recorded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx.clock import is_day_off, local
from influx.settings import Settings, Tariff


@dataclass(frozen=True)
class Rates:
    """Prices by day type and local hour.

    Attributes
    ----------
    price : ndarray, shape (2, 24)
        Price of a kWh on a working day (0) and a day off (1) [currency/kWh].
    peak : ndarray of bool, shape (2, 24)
        Whether the hour is a dear one.
    currency : str
        ISO 4217 code, or an empty string where nobody says which.
    source : str
        Where the prices come from, in words.
    standing_charge_per_day : float
        A fixed amount a day [currency].
    """

    price: np.ndarray
    peak: np.ndarray
    currency: str
    source: str
    standing_charge_per_day: float
    timezone: str
    country: str | None

    def at(self, stamps: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
        """Return the price [currency/kWh] and whether it is a peak hour, for UTC `stamps`."""
        where = (
            is_day_off(stamps, self.timezone, self.country).astype(int),
            local(stamps, self.timezone).hour.to_numpy(),
        )
        return self.price[where], self.peak[where]

    @property
    def is_flat(self) -> bool:
        """Whether every hour costs the same, so that moving use to another hour saves nothing."""
        return bool(np.ptp(self.price) == 0)


def rates(settings: Settings, context: pd.DataFrame | None = None) -> Rates | None:
    """Return the prices that hold in a home, or None where nobody knows them.

    Parameters
    ----------
    settings : Settings
        Its tariff, where there is one, is used.
    context : DataFrame, optional
        Recorded `tariff_rate` [currency/kWh] and `is_peak_tariff` by `timestamp`; used where `home.yaml` has no tariff.
    """
    if settings.tariff is not None:
        return _of_settings(settings, settings.tariff)
    if context is None or "tariff_rate" not in context or context["tariff_rate"].notna().sum() < 24:
        return None
    return _of_records(settings, context)


def _of_settings(settings: Settings, tariff: Tariff) -> Rates:
    peak = np.zeros((2, 24), dtype=bool)
    if tariff.peak_rate is not None:
        peak[:, sorted(tariff.hours_of_peak())] = True
        peak[1] &= tariff.peak_days == "all"
    price = np.where(peak, tariff.peak_rate if tariff.peak_rate is not None else tariff.rate, tariff.rate)
    return Rates(
        price,
        peak,
        settings.currency or "",
        "the tariff in home.yaml",
        tariff.standing_charge_per_day,
        settings.timezone,
        settings.country,
    )


def _of_records(settings: Settings, context: pd.DataFrame) -> Rates:
    """Take the price most often recorded at each local hour; an hour without a record costs what most hours cost."""
    seen = context.dropna(subset=["tariff_rate"])
    hour = local(pd.DatetimeIndex(seen["timestamp"]), settings.timezone).hour
    usual = seen["tariff_rate"].mode().iloc[0]
    price = (
        seen.groupby(hour)["tariff_rate"]
        .agg(lambda paid: paid.mode().iloc[0])
        .reindex(range(24))
        .fillna(usual)
        .to_numpy()
    )
    if "is_peak_tariff" in seen:
        peak = seen.groupby(hour)["is_peak_tariff"].mean().reindex(range(24)).fillna(0).to_numpy() > 0.5
    else:
        peak = price > price.min()
    source = "the prices recorded in the data, hour by hour"
    country = settings.country
    return Rates(
        np.tile(price, (2, 1)), np.tile(peak, (2, 1)), settings.currency or "", source, 0.0, settings.timezone, country
    )
