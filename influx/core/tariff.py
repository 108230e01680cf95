"""What a kWh costs at each moment: from `home.yaml`, a price file, or else learned from the prices that were recorded.

A tariff is a list of rates, each with its seasons, days and clock times; the first one that holds counts. Where the
home has a price file, its prices come before all rates, which are left for the hours that the file does not hold. An
hour costs the mean of its two half hours. A price that is not known is NaN, never zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx.core.half_hourly import halves_of, read_off
from influx.core.local_time import is_day_off, is_holiday, local
from influx.core.settings import Settings
from influx.core.tariff_settings import NamedRate, Tariff, half_hours

PRICE_FILE = "by the price file"
"""Name of the rate that is the price file's."""

DEAR = 0.75
"""Quantile of a price file's prices above which an hour counts as a peak one."""

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Rate:
    """A price and when it holds.

    Attributes
    ----------
    name : str
    price : float
        Of a kWh, before tax [currency/kWh].
    peak : bool
        Whether these are peak hours.
    halves : frozenset of int
        Half hours 0 to 47 of the local day.
    days : tuple of str
        Days, as `tariff_settings.Day`; it holds on each day that one of them names.
    seasons : tuple of (str, str)
        First and last day as "MM-DD"; none means the whole year.
    """

    name: str
    price: float
    peak: bool = False
    halves: frozenset[int] = frozenset(range(48))
    days: tuple[str, ...] = ("all",)
    seasons: tuple[tuple[str, str], ...] = ()

    def holds(self, wall: pd.DatetimeIndex, kinds: dict[str, np.ndarray]) -> np.ndarray:
        """Tell for clock times `wall`, whose kinds of day are in `kinds`, whether it holds."""
        half = (2 * wall.hour + wall.minute // 30).to_numpy()
        holds = np.isin(half, list(self.halves))
        if "all" not in self.days:
            holds &= np.logical_or.reduce([kinds[day] for day in self.days])
        if self.seasons:
            day = (100 * wall.month + wall.day).to_numpy()
            holds &= np.logical_or.reduce([_within(day, *season) for season in self.seasons])
        return np.asarray(holds)


def _within(day: np.ndarray, first: str, last: str) -> np.ndarray:
    start, end = (int(part.replace("-", "")) for part in (first, last))
    return (day >= start) & (day <= end) if start <= end else (day >= start) | (day <= end)


@dataclass(frozen=True)
class Rates:
    """The prices that hold in a home.

    Attributes
    ----------
    rates : tuple of Rate
        The first one that holds counts.
    currency : str
        ISO 4217 code, or an empty string where nobody says which.
    source : str
        Where the prices come from, in words.
    standing_charge_per_day : float
        A fixed amount a local day, before tax [currency].
    timezone, country : str
        For clock times and public holidays.
    tax : float
        Share that comes on top of all that is bought.
    feed_in : float or None
        Paid to the household for a kWh fed in [currency/kWh]; None where nobody says.
    prices : Series of float, index UTC, or None
        Prices of a price file, before tax, each for half an hour [currency/kWh].
    """

    rates: tuple[Rate, ...]
    currency: str
    source: str
    standing_charge_per_day: float
    timezone: str
    country: str | None
    tax: float = 0.0
    feed_in: float | None = None
    prices: pd.Series | None = None

    def at(self, stamps: pd.DatetimeIndex, minutes: int = 60) -> tuple[np.ndarray, np.ndarray]:
        """Return what a kWh costs with tax [currency/kWh], and whether it is a peak hour.

        Parameters
        ----------
        stamps : DatetimeIndex, UTC
            Starts of readings that last `minutes`: 60, or 30 and less.

        Returns
        -------
        price : ndarray of float
            NaN where it is not known.
        peak : ndarray of bool
            Whether at least half of the reading lies in peak time.
        """
        price, which = self.parts(stamps, minutes)
        dear = np.array([rate.peak for rate in self.rates] + [False, False])
        peak = dear[which]
        if self.prices is not None:
            peak |= (which == len(self.rates)) & (price > self.prices.quantile(DEAR))
        return price.mean(axis=1) * (1 + self.tax), peak.mean(axis=1) >= 0.5

    def parts(self, stamps: pd.DatetimeIndex, minutes: int = 60) -> tuple[np.ndarray, np.ndarray]:
        """Return for each half hour of readings its price before tax, and the number of its rate.

        Returns
        -------
        price : ndarray of float, shape (n, k)
            NaN where it is not known [currency/kWh].
        which : ndarray of int, shape (n, k)
            Place in `names`; -1 where no price is known.
        """
        halves, count = halves_of(stamps, self.timezone, minutes)
        wall = local(halves, self.timezone)
        kinds = dict(self._kinds(halves, wall))
        which = np.full(len(halves), -1)
        for number in range(len(self.rates) - 1, -1, -1):
            which[self.rates[number].holds(wall, kinds)] = number
        price = np.array([rate.price for rate in self.rates] + [np.nan])[which]
        if self.prices is not None:
            filed = read_off(self.prices, halves)
            there = np.isfinite(filed)
            price, which = np.where(there, filed, price), np.where(there, len(self.rates), which)
        return price.reshape(-1, count), which.reshape(-1, count)

    def _kinds(self, halves: pd.DatetimeIndex, wall: pd.DatetimeIndex) -> Iterator[tuple[str, np.ndarray]]:
        """Yield for each word for days that a rate uses which of the half hours lie in such days."""
        asked = {day for rate in self.rates for day in rate.days}
        if asked & {"weekdays", "weekend"}:
            off = is_day_off(halves, self.timezone, self.country)
            yield from (("weekdays", ~off), ("weekend", off))
        if "holidays" in asked:
            yield "holidays", is_holiday(halves, self.timezone, self.country)
        yield from ((day, np.asarray(wall.day_of_week == number)) for number, day in enumerate(_WEEKDAYS))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the rates, the price file's at the end."""
        return (*(rate.name for rate in self.rates), PRICE_FILE)

    def has(self, name: str) -> bool:
        """Tell whether a rate of `names` is one of this tariff."""
        return name != PRICE_FILE or self.prices is not None

    @property
    def is_flat(self) -> bool:
        """Whether every hour costs the same, so that moving use to another hour saves nothing."""
        prices = {rate.price for rate in self.rates} | set([] if self.prices is None else self.prices.unique())
        return len(prices) <= 1

    @property
    def has_half_hours(self) -> bool:
        """Whether the price changes within an hour."""
        split = any(
            (2 * hour in rate.halves) != (2 * hour + 1 in rate.halves) for rate in self.rates for hour in range(24)
        )
        if self.prices is None or split:
            return split
        _, which = np.unique(pd.DatetimeIndex(self.prices.index).floor("h"), return_inverse=True)
        return bool((self.prices.groupby(which).nunique() > 1).any())

    @property
    def is_known_ahead(self) -> bool:
        """Whether the price of any coming hour is known; those of a price file are known for a day or so."""
        return self.prices is None


def rates(settings: Settings, context: pd.DataFrame | None = None, prices: pd.DataFrame | None = None) -> Rates | None:
    """Return the prices that hold in a home, or None where nobody knows them.

    Parameters
    ----------
    settings : Settings
        Its tariff, where there is one, is used.
    context : DataFrame, optional
        Recorded `tariff_rate` [currency/kWh] and `is_peak_tariff` by `timestamp`; used where `home.yaml` has no tariff
        and there is no price file.
    prices : DataFrame, optional
        `timestamp` (UTC half hours) and `price_per_kwh` of the home's price file; they come before the tariff's rates.
    """
    tariff = settings.tariff or Tariff()
    steps = tuple(_steps(tariff))
    filed = None
    if prices is not None and len(prices):
        filed = prices.set_index("timestamp")["price_per_kwh"] + tariff.surcharge
    if filed is None and not steps:
        return _of_records(settings, context) if settings.tariff is None else None
    return Rates(
        rates=steps,
        currency=settings.currency or "",
        source="the tariff in home.yaml" if filed is None else "the price file",
        standing_charge_per_day=tariff.standing_charge_per_day,
        timezone=settings.timezone,
        country=settings.country,
        tax=tariff.tax,
        feed_in=tariff.feed_in,
        prices=filed,
    )


def _steps(tariff: Tariff) -> Iterator[Rate]:
    """Yield the rates of a tariff, those that count first in front."""
    for name, named in tariff.rates.items():
        yield _named(name, named, tariff)
    others = bool(tariff.rates)
    if tariff.peak_rate is not None:
        yield Rate("peak hours", tariff.peak_rate, True, half_hours(tariff.peak_hours), (tariff.peak_days,))
        others = True
    if tariff.rate is not None:
        yield Rate("other hours" if others else "all hours", tariff.rate)


def _named(name: str, named: NamedRate, tariff: Tariff) -> Rate:
    return Rate(
        name,
        named.rate,
        named.peak if named.peak is not None else tariff.rate is not None and named.rate > tariff.rate,
        named.half_hours(),
        tuple(named.days) if isinstance(named.days, list) else (named.days,),
        tuple((tariff.seasons[season].first, tariff.seasons[season].last) for season in named.seasons),
    )


def _of_records(settings: Settings, context: pd.DataFrame | None) -> Rates | None:
    """Take the price most often recorded at each local hour; an hour without a record costs what most hours cost."""
    if context is None or "tariff_rate" not in context or context["tariff_rate"].notna().sum() < 24:
        return None
    seen = context.dropna(subset=["tariff_rate"])
    hour = local(pd.DatetimeIndex(seen["timestamp"]), settings.timezone).hour
    usual = seen["tariff_rate"].mode().iloc[0]
    by_hour = seen.groupby(hour)
    price = by_hour["tariff_rate"].agg(lambda paid: paid.mode().iloc[0]).reindex(range(24), fill_value=usual).to_numpy()
    peak = price > price.min()
    if "is_peak_tariff" in seen:
        peak = by_hour["is_peak_tariff"].mean().reindex(range(24)).fillna(0).to_numpy() > 0.5
    return Rates(
        rates=tuple(_at_hours(price, peak)),
        currency=settings.currency or "",
        source="the prices recorded in the data, hour by hour",
        standing_charge_per_day=0.0,
        timezone=settings.timezone,
        country=settings.country,
    )


def _at_hours(price: np.ndarray, peak: np.ndarray) -> Iterator[Rate]:
    """Yield a rate for each price that some of the 24 local hours have."""
    for paid, dear in sorted(set(zip(price.tolist(), peak.tolist(), strict=True))):
        hours = np.flatnonzero((price == paid) & (peak == dear)).tolist()
        halves = frozenset(half for hour in hours for half in (2 * hour, 2 * hour + 1))
        yield Rate("recorded peak price" if dear else "recorded price", paid, bool(dear), halves)
