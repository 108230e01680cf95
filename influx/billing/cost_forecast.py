"""What a run's energy costs and emits: past days, and the coming hours with their range.

Money is counted with tax; carbon comes from an intensity file alone. Of a home with a sun of its own, a device's energy
costs what it would cost from the grid; the bill tells what was bought.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from influx.billing.bill import daily, monthly, supply_of
from influx.billing.carbon import intensity
from influx.billing.monthly_bill import this_month
from influx.core.constants import WEEK
from influx.core.local_time import hours_of_days, local
from influx.core.schema import HOUSEHOLD
from influx.core.tariff import rates
from influx.forecasting.aggregate_intervals import Price, totals
from influx.forecasting.device_series import Series, with_household
from influx.home.home import Home

Frames = dict[str, pd.DataFrame]


def weights(home: Home) -> dict[str, Price]:
    """Return what an hour's kWh costs [currency] and emits [kg], each where it is known."""
    known, grams = rates(home.settings, home.context, home.prices), intensity(home.carbon, home.settings.timezone)
    found: dict[str, Price] = {}
    if known is not None:
        found["cost"] = lambda stamps: known.at(stamps)[0]
    if grams is not None:
        found["carbon"] = grams.kilograms
    return found


def ahead(home: Home, hours: pd.DataFrame, every: list[Series], models: Mapping[tuple[str, str], object]) -> Frames:
    """Return what is known of the coming hours.

    Returns
    -------
    prices : DataFrame
        `timestamp`, `price` [currency/kWh] and `is_peak` of each hour.
    cost_daily, cost_week, carbon_daily, carbon_week : DataFrame
        As `totals` returns them [currency, kg].
    """
    frames, known = {}, rates(home.settings, home.context, home.prices)
    if known is not None:
        stamps = pd.DatetimeIndex(hours["timestamp"].unique(), name="timestamp")
        price, peak = known.at(stamps)
        frames["prices"] = pd.DataFrame({"timestamp": stamps, "price": price, "is_peak": peak})
    for name, each in weights(home).items():
        frames[f"{name}_daily"], frames[f"{name}_week"] = totals(hours, every, home.origin, each, models)
    return frames


def spent(home: Home) -> Frames:
    """Return what was spent and emitted, as far as it is known.

    Returns
    -------
    spent : DataFrame
        `device_id`, `day` (local), `kwh`, `cost` [currency] and `carbon` [kg] where they are known at all, NaN on a day
        of which an hour is not known.
    spent_week : DataFrame
        `device_id`, and the same over the last seven days, with `cost_hours` and `carbon_hours`, how many of the 168
        are in it.
    """
    known = weights(home)
    if not known:
        return {}
    hours = with_household(home.readings)
    hours = hours[hours["timestamp"] < home.origin]
    stamps = pd.DatetimeIndex(hours["timestamp"])
    values = pd.DataFrame({"kwh": hours["energy_kwh"].to_numpy()})
    values = values.assign(**{name: values["kwh"] * each(stamps) for name, each in known.items()})
    keys = [hours["device_id"].to_numpy(), local(stamps, home.settings.timezone).normalize()]
    sums, counts = (getattr(values.groupby(keys), how)() for how in ("sum", "count"))
    whole = hours_of_days(pd.DatetimeIndex(sums.index.get_level_values(1)), home.settings.timezone)
    days = sums.where(counts.ge(np.floor(whole), axis=0)).rename_axis(["device_id", "day"]).reset_index()
    last = (stamps >= home.origin - pd.Timedelta(hours=WEEK)) & (stamps < home.origin)
    week = (
        values[last]
        .groupby(keys[0][last])
        .agg(
            **{name: (name, lambda column: column.sum(min_count=1)) for name in values},
            **{f"{name}_hours": (name, "count") for name in known},
        )
    )
    return {"spent": days, "spent_week": week.rename_axis("device_id").reset_index()}


def bills(home: Home, hours: pd.DataFrame, every: list[Series], models: Mapping[tuple[str, str], object]) -> Frames:
    """Return the bills of a home whose prices are known.

    Returns
    -------
    bill : DataFrame
        This month's, as `month.this_month` returns it.
    bill_days, bill_months : DataFrame
        As `bill.daily` and `bill.monthly`, of the last twelve months.
    """
    known, supply = rates(home.settings, home.context, home.prices), supply_of(home)
    if known is None or not supply.bought.notna().any():
        return {}
    whole = next(one for one in every if one.device_id == HOUSEHOLD)
    own = hours[(hours["device_id"] == HOUSEHOLD) & (hours["home_id"] == whole.home_id)]
    month = this_month(
        supply,
        known,
        whole,
        home.origin,
        None if supply.is_metered else own.set_index("timestamp")["energy_kwh"],
        None if supply.is_metered else models.get((whole.home_id, HOUSEHOLD)),
    )
    days = daily(supply.months_before(home.origin, known.timezone), known)
    return {"bill": month, "bill_days": days, "bill_months": monthly(days)}
