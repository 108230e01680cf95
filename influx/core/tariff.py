"""What a kWh costs at each moment: from `home.yaml`, a price file, or else learned from the prices that were recorded.

A tariff is a list of rates, each with its seasons, days and clock times; the first one that holds counts. Where the
home has a price file, its prices come before all rates, which are left for the hours that the file does not hold. An
hour costs the mean of its two half hours. A price that is not known is NaN, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx.core.flexible_load_settings import WEEKDAYS
from influx.core.local_time import is_day_off, is_holiday, local
from influx.core.settings import Settings
from influx.core.tariff_settings import Tariff, half_hours

PRICE_FILE = "by the price file"
"""Name of the rate that is the price file's."""

DEAR = 0.75
"""Quantile of a price file's prices above which an hour counts as a peak one."""

HALF = pd.Timedelta(minutes=30)


@dataclass(frozen=True)
class Rate:
    """A price of a kWh before tax [currency/kWh], and when it holds.

    That is in some half hours 0 to 47 of local days (`tariff_settings.Day`) in seasons, from a first to a last day
    written "MM-DD"; without seasons, the whole year.
    """

    name: str
    price: float
    peak: bool = False
    halves: frozenset[int] = frozenset(range(48))
    days: tuple[str, ...] = ("all",)
    seasons: tuple[tuple[str, str], ...] = ()

    def holds(self, wall: pd.DatetimeIndex, kinds: Mapping[str, np.ndarray]) -> np.ndarray:
        """Tell for clock times `wall`, whose kinds of day are in `kinds`, whether it holds."""
        holds = np.isin(2 * wall.hour + wall.minute // 30, list(self.halves))
        holds &= np.logical_or.reduce([kinds[day] for day in self.days])
        if self.seasons:
            day = wall.strftime("%m-%d")
            holds &= np.logical_or.reduce([_within(day, *season) for season in self.seasons])
        return np.asarray(holds)


def _within(day: pd.Index, first: str, last: str) -> np.ndarray:
    after, before = np.asarray(day >= first), np.asarray(day <= last)
    return after & before if first <= last else after | before


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
        """Return what a kWh costs with tax [currency/kWh], NaN where it is not known, and whether it is a peak price.

        `stamps` (UTC) are the starts of readings of so many `minutes`: 60, or 30 and less.
        """
        price, which = self.parts(stamps, minutes)
        peak = np.array([rate.peak for rate in self.rates] + [False, False])[which]
        if self.prices is not None:
            peak |= (which == len(self.rates)) & (price > self.prices.quantile(DEAR))
        return price.mean(axis=1) * (1 + self.tax), peak.mean(axis=1) >= 0.5

    def parts(self, stamps: pd.DatetimeIndex, minutes: int = 60) -> tuple[np.ndarray, np.ndarray]:
        """Return for each half hour of readings, shape (n, k), its price before tax [currency/kWh], NaN where it is not
        known, and the number of its rate in `names`, -1 where no price is known.
        """
        halves, count = halves_of(stamps, self.timezone, minutes)
        wall = local(halves, self.timezone)
        off, holiday = (kind(halves, self.timezone, self.country) for kind in (is_day_off, is_holiday))
        kinds = {"all": np.full(len(wall), True), "weekdays": ~off, "weekend": off, "holidays": holiday}
        kinds |= {day: np.asarray(wall.day_of_week == number) for number, day in enumerate(WEEKDAYS)}
        which = np.full(len(halves), -1)
        for number, rate in reversed(list(enumerate(self.rates))):
            which[rate.holds(wall, kinds)] = number
        price = np.array([rate.price for rate in self.rates] + [np.nan])[which]
        if self.prices is not None:
            filed = read_off(self.prices, halves)
            there = np.isfinite(filed)
            price, which = np.where(there, filed, price), np.where(there, len(self.rates), which)
        return price.reshape(-1, count), which.reshape(-1, count)

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
        if any(len(rate.halves & {half, half + 1}) == 1 for rate in self.rates for half in range(0, 48, 2)):
            return True
        if self.prices is None:
            return False
        return bool((self.prices.groupby(self.prices.index.floor("h")).nunique() > 1).any())

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
    steps, source, filed = _steps(tariff), "the tariff in home.yaml", None
    if prices is not None and len(prices):
        filed, source = prices.set_index("timestamp")["price_per_kwh"] + tariff.surcharge, "the price file"
    elif settings.tariff is None:
        steps, source = _recorded(settings.timezone, context), "the prices recorded in the data, hour by hour"
    if filed is None and not steps:
        return None
    return Rates(
        rates=tuple(steps),
        currency=settings.currency or "",
        source=source,
        standing_charge_per_day=tariff.standing_charge_per_day,
        timezone=settings.timezone,
        country=settings.calendar,
        tax=tariff.tax,
        feed_in=tariff.feed_in,
        prices=filed,
    )


def _steps(tariff: Tariff) -> list[Rate]:
    """Return the rates of a tariff, those that count first in front."""
    steps = [
        Rate(
            name,
            named.rate,
            named.peak if named.peak is not None else tariff.rate is not None and named.rate > tariff.rate,
            named.half_hours(),
            tuple(named.days) if isinstance(named.days, list) else (named.days,),
            tuple((tariff.seasons[season].first, tariff.seasons[season].last) for season in named.seasons),
        )
        for name, named in tariff.rates.items()
    ]
    if tariff.peak_rate is not None:
        steps.append(Rate("peak hours", tariff.peak_rate, True, half_hours(tariff.peak_hours), (tariff.peak_days,)))
    if tariff.rate is not None:
        steps.append(Rate("other hours" if steps else "all hours", tariff.rate))
    return steps


def _recorded(timezone: str, context: pd.DataFrame | None) -> list[Rate]:
    """Return the price most often recorded at each local hour; an hour without a record costs what most hours cost."""
    if context is None or "tariff_rate" not in context or context["tariff_rate"].notna().sum() < 24:
        return []
    seen = context.dropna(subset=["tariff_rate"])
    by_hour = seen.groupby(local(pd.DatetimeIndex(seen["timestamp"]), timezone).hour)
    usual = seen["tariff_rate"].mode().iloc[0]
    hours = by_hour["tariff_rate"].agg(lambda paid: paid.mode().iloc[0]).reindex(range(24), fill_value=usual)
    peak = hours > hours.min()
    if "is_peak_tariff" in seen:
        peak = by_hour["is_peak_tariff"].mean().reindex(range(24)).fillna(0) > 0.5
    return [
        Rate(
            "recorded peak price" if dear else "recorded price",
            price,
            dear,
            frozenset(half for hour in at.index for half in (2 * hour, 2 * hour + 1)),
        )
        for (price, dear), at in hours.groupby([hours, peak])
    ]


def read_off(values: pd.Series, stamps: pd.DatetimeIndex) -> np.ndarray:
    """Return the one of `values` (index UTC, a half hour each) that holds at each of `stamps`, NaN where none does."""
    if values.empty:
        return np.full(len(stamps), np.nan)
    index = pd.DatetimeIndex(values.index)
    place = index.searchsorted(stamps, side="right") - 1
    held = stamps - index[np.maximum(place, 0)]
    return np.where((place >= 0) & np.asarray(held < HALF), values.to_numpy(float)[place], np.nan)


def halves_of(stamps: pd.DatetimeIndex, timezone: str, minutes: int = 60) -> tuple[pd.DatetimeIndex, int]:
    """Return the half hours in which readings lie, those of a reading together, and how many a reading has (2 or 1).

    `stamps` (UTC) are the starts of readings of so many `minutes`: 60, or 30 and less. One within a half hour, or an
    hour, of the home's clock stands for all of it.
    """
    wall = local(stamps, timezone)
    past = wall - wall.floor("h")
    if minutes <= 30:
        return stamps - past % HALF, 1
    begin = stamps - past.where(past != HALF, pd.Timedelta(0))  # an hour may begin at half past
    return begin.repeat(2) + pd.TimedeltaIndex(np.tile([0 * HALF, HALF], len(begin))), 2
