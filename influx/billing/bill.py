"""What the supplier asks: energy by rate, standing charge, tax, and what fed-in energy earns, each a line of its own.

Each line is a weighed sum over hours of what the home bought and sold, or an amount for each local day. So the bill of
a span is the sum of its days' bills, and the bills of the parts of a home's energy add up to that of the whole. An hour
whose energy or price is not known is in no line; it is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from influx.core.local_time import hours_of_days, local
from influx.core.schema import HOUSEHOLD
from influx.core.tariff import Rates
from influx.forecasting.device_series import with_household
from influx.home.home import Home

STANDING, TAX, FEED_IN, TOTAL = "standing charge", "tax", "fed in", "total"
"""Lines of a bill; those of the energy have the names of its rates."""

_OWN = ("solar", "battery_in", "battery_out")
"""Flows that make what was bought differ from what was used."""

MONTHS = 12
"""Past months that are told."""


@dataclass(frozen=True)
class Supply:
    """What a home bought from the grid and sold to it [kWh], NaN where not known, None where nothing measures it.

    Readings of `minutes` (60, or 30) one after another, by UTC times. `is_metered` tells whether they are those of
    meters of the grid, of the home's own sun or of its battery; else they are all that was used.
    """

    bought: pd.Series
    sold: pd.Series | None = None
    is_metered: bool = False
    minutes: int = 60

    def between(self, start: pd.Timestamp, end: pd.Timestamp) -> Supply:
        """Return the part from `start` to before `end`; what lies outside of what was measured is not known."""
        stamps = pd.DatetimeIndex(self.bought.index)
        inside = stamps[(stamps >= start) & (stamps < end)]
        return self.at(inside)

    def months_before(self, end: pd.Timestamp, timezone: str, months: int = MONTHS) -> Supply:
        """Return the last months before `end`, as far as anything was measured in them."""
        start = (end.tz_convert(timezone) - pd.DateOffset(months=months)).tz_convert("UTC")
        first = self.bought.first_valid_index()
        return self.between(start if first is None else max(start, first), end)

    def at(self, stamps: pd.DatetimeIndex) -> Supply:
        """Return the readings at `stamps`."""
        sold = None if self.sold is None else self.sold.reindex(stamps)
        return replace(self, bought=self.bought.reindex(stamps), sold=sold)

    @property
    def ends(self) -> pd.DatetimeIndex:
        """Begin of the first reading and end of the last one."""
        last = self.bought.index[-1] + pd.Timedelta(minutes=self.minutes)
        return pd.DatetimeIndex([self.bought.index[0], last])


@dataclass(frozen=True)
class Bill:
    """The bill of a span: `line`, `kwh` (NaN where a line is none of energy) and `amount` [currency], the total at the
    end; its length, and the hours whose energy or price is not known and that are in no line.
    """

    lines: pd.DataFrame
    hours: float
    hours_not_known: float

    @property
    def total(self) -> float:
        """The amount of all lines, NaN where no hour is known [currency]."""
        return float(self.lines["amount"].iloc[-1])


def supply_of(home: Home) -> Supply:
    """Return what a home bought and sold up to its origin.

    Its grid meters tell; without one of the import, all that the household used and stored, less what its own sun and
    its battery gave and was not fed in, counts as bought.
    """
    flows = {str(role): _added(rows) for role, rows in home.flows.groupby("role")}
    sold = flows.get("grid_export")
    if "grid_import" in flows:
        bought = flows["grid_import"]
    else:
        whole = with_household(home.readings)
        bought = whole[whole["device_id"] == HOUSEHOLD].set_index("timestamp")["energy_kwh"]
        bought = _less_own(bought, flows)
    stamps = pd.date_range(bought.index[0], home.origin, freq="h", inclusive="left")
    return Supply(bought, sold, bool({"grid_import", *_OWN} & set(flows))).at(stamps)


def _less_own(used: pd.Series, flows: Mapping[str, pd.Series]) -> pd.Series:
    """Return what was bought, as it follows from what was used; it does not from one direction of a battery alone."""
    if not set(_OWN) & set(flows):
        return used
    if ("battery_in" in flows) != ("battery_out" in flows):
        return used * np.nan
    signs = {"solar": -1, "grid_export": 1, "battery_in": 1, "battery_out": -1}
    return (used + sum(sign * flows[role] for role, sign in signs.items() if role in flows)).clip(lower=0)


def _added(rows: pd.DataFrame) -> pd.Series:
    return rows.pivot(index="timestamp", columns="device_id", values="energy_kwh").sum(axis=1, skipna=False)


def hourly(supply: Supply, rates: Rates) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the energy [kWh] and the amount [currency] that each reading adds to the lines of a bill.

    A column for each rate, the tax and the feed-in; a reading that is not known is NaN in all.
    """
    stamps = pd.DatetimeIndex(supply.bought.index)
    price, which = rates.parts(stamps, supply.minutes)
    bought, sold = supply.bought.to_numpy(), _sold(supply, rates)
    known = np.isfinite(bought) & np.isfinite(price).all(axis=1) & np.isfinite(sold)
    kwh, amounts = pd.DataFrame(index=stamps), pd.DataFrame(index=stamps)
    for name in dict.fromkeys(rates.names):
        share = np.isin(which, [number for number, other in enumerate(rates.names) if other == name])
        kwh[name] = np.where(known, bought * share.mean(axis=1), np.nan)
        amounts[name] = np.where(known, bought * np.where(share, price, 0.0).mean(axis=1), np.nan)
    kwh[TAX], amounts[TAX] = np.nan, rates.tax * amounts.sum(axis=1, skipna=False)
    kwh[FEED_IN] = np.where(known, sold, np.nan)
    amounts[FEED_IN] = 0.0 - (rates.feed_in or 0.0) * kwh[FEED_IN]  # no minus zero
    return kwh, amounts


def _sold(supply: Supply, rates: Rates) -> np.ndarray:
    """Return what is sold and paid for, zero where nobody pays for it."""
    if supply.sold is None or rates.feed_in is None:
        return np.zeros(len(supply.bought))
    return supply.sold.to_numpy()


def bill(supply: Supply, rates: Rates) -> Bill:
    """Return the bill of all readings of a supply under any tariff; it need not be that of the home."""
    kwh, amounts = hourly(supply, rates)
    known, hour = amounts[TAX].notna(), supply.minutes / 60
    lines = lines_of(kwh.sum(min_count=1), amounts.sum(min_count=1), local_days(supply, rates), supply, rates)
    return Bill(lines, hour * len(known), hour * float((~known).sum()))


def local_days(supply: Supply, rates: Rates) -> float:
    """Return how many days of the home's clock a supply spans, for which the standing charge is due."""
    if supply.bought.empty:
        return 0.0
    first, last = local(supply.ends, rates.timezone)
    return float((last - first) / pd.Timedelta(days=1))


def lines_of(kwh: pd.Series, amounts: pd.Series, days: float, supply: Supply, rates: Rates) -> pd.DataFrame:
    """Return the lines of a bill from the sums of `hourly` and the local days: `line`, `kwh`, `amount`."""
    standing = days * rates.standing_charge_per_day
    out = [(name, kwh[name], amounts[name]) for name in dict.fromkeys(rates.names) if rates.has(name)]
    if rates.standing_charge_per_day:
        out.append((STANDING, np.nan, standing))
    if rates.tax:
        out.append((TAX, np.nan, amounts[TAX] + rates.tax * standing))
    if supply.sold is not None and rates.feed_in is not None:
        out.append((FEED_IN, kwh[FEED_IN], amounts[FEED_IN]))
    lines = pd.DataFrame(out, columns=["line", "kwh", "amount"])
    total = (TOTAL, np.nan, lines["amount"].sum(skipna=False))
    return pd.concat([lines, pd.DataFrame([total], columns=lines.columns)], ignore_index=True)


def daily(supply: Supply, rates: Rates) -> pd.DataFrame:
    """Return the bill of each local day.

    Returns
    -------
    DataFrame
        `day`, `hours`, `hours_not_known`, `kwh` bought, `energy`, `standing_charge`, `tax`, `kwh_fed_in`, `fed_in`
        (below zero where it earns) and `total` [currency]; energy and total are NaN on a day of which nothing is known.
    """
    kwh, amounts = hourly(supply, rates)
    names = list(dict.fromkeys(rates.names))
    hour = supply.minutes / 60
    parts = pd.DataFrame({"hours": hour, "hours_not_known": hour * amounts[TAX].isna()}, index=amounts.index)
    parts = parts.assign(kwh=kwh[names].sum(axis=1, skipna=False), energy=amounts[names].sum(axis=1, skipna=False))
    parts = parts.assign(tax=amounts[TAX], kwh_fed_in=kwh[FEED_IN], fed_in=amounts[FEED_IN])
    day = local(pd.DatetimeIndex(parts.index), rates.timezone).normalize()
    out = parts.groupby(day).sum(min_count=1).rename_axis("day").reset_index()
    share = out["hours"] / hours_of_days(pd.DatetimeIndex(out["day"]), rates.timezone)
    out.insert(5, "standing_charge", share * rates.standing_charge_per_day)
    out["tax"] += rates.tax * out["standing_charge"]
    return out.assign(total=out[["energy", "standing_charge", "tax", "fed_in"]].sum(axis=1, skipna=False))


def monthly(days: pd.DataFrame) -> pd.DataFrame:
    """Return the bill of each month from those of its days: `month` (its first day), and the columns of `daily`."""
    month = days["day"].dt.to_period("M").dt.to_timestamp().rename("month")
    return days.drop(columns="day").groupby(month).sum(min_count=1).reset_index()


def under(supply: Supply, rates: Rates, months: int = MONTHS) -> Bill:
    """Return what the last months would have cost under another tariff, or as much of them as was measured.

    `rates` are those of `tariff.rates(settings.model_copy(update={"tariff": other}))`.
    """
    return bill(supply.months_before(supply.ends[1], rates.timezone, months), rates)


def compare(supply: Supply, rates: tuple[Rates, ...], months: int = MONTHS) -> list[Bill]:
    """Return the bills of the last months under several tariffs, each over the hours whose price all of them know."""
    known = np.ones(len(supply.bought), dtype=bool)
    for tariff in rates:
        known &= hourly(supply, tariff)[1][TAX].notna().to_numpy()
    common = replace(supply, bought=supply.bought.where(known))
    return [under(common, tariff, months) for tariff in rates]
