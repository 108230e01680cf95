"""What a home's energy costs and emits: past days, the coming hours with their range, and the bill of the month.

Money is counted with tax; carbon comes from an intensity file alone, never from money. Of a home with a sun of its own,
a device's energy costs what it would cost from the grid; the bill tells what was bought.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from influx.billing.bill import daily, monthly, supply_of
from influx.billing.monthly_bill import this_month
from influx.core.constants import WEEK
from influx.core.frames import Frames
from influx.core.local_time import hours_of_days, local
from influx.core.schema import HOUSEHOLD
from influx.core.tariff import Rates, halves_of, rates, read_off
from influx.forecasting.aggregate_intervals import Price, totals
from influx.forecasting.device_series import Series, active_series, with_household
from influx.forecasting.forecast import fitted_models
from influx.forecasting.models import Model
from influx.home.home import Home

Models = Mapping[tuple[str, str], Model]


def bill(home: Home, forecast: pd.DataFrame, models: Models | None = None) -> Frames:
    """Return what a home's past and coming hours cost and emit, as far as prices and carbon intensities are known.

    Parameters
    ----------
    home : Home
    forecast : DataFrame
        The `forecast` frame of the home, from its origin on.
    models : mapping, optional
        The fitted model of each (home, device), whose past errors make the ranges; without it, the models that
        `forecast` names learn again.

    Returns
    -------
    Frames
        `prices` of the coming hours: `timestamp`, `price` [currency/kWh], `is_peak`. `cost_daily`, `cost_week`,
        `carbon_daily`, `carbon_week`: the sums of `influx.forecasting.aggregate_intervals.totals` [currency, kg].
        `spent` and `spent_week`: see `spent`. `bill`: this month's, see `monthly_bill.this_month`. `bill_days` and
        `bill_months`: those of the last twelve months. What is not known at all has no frame.

    Examples
    --------
    >>> home = influx.load("data/sample")  # doctest: +SKIP
    >>> influx.bill(home, forecast).cost_week  # doctest: +SKIP
    """
    known = home_rates(home)
    devices = [series for series in active_series(home) if series.device_id in set(forecast["device_id"])]
    if models is None:
        models = fitted_models(home, forecast, forecast["timestamp"].nunique())
    out = Frames()
    if known is not None:
        stamps = pd.DatetimeIndex(forecast["timestamp"].unique(), name="timestamp")
        price, peak = known.at(stamps)
        out["prices"] = pd.DataFrame({"timestamp": stamps, "price": price, "is_peak": peak})
    for name, weight in _weights(home).items():
        out[f"{name}_daily"], out[f"{name}_week"] = totals(forecast, devices, home.origin, weight, models)
    out |= spent(home)
    return out if known is None else out | _bills(home, forecast, known, devices, models)


def home_rates(home: Home) -> Rates | None:
    """Return the prices that hold in a home, None where they are not known."""
    return rates(home.settings, home.context, home.prices)


def carbon_intensity(home: Home) -> Callable[[pd.DatetimeIndex, int], np.ndarray] | None:
    """Return what gives the mean intensity of readings from `stamps` (UTC) on, of so many minutes [g/kWh].

    NaN where the home's intensity file says nothing; None where there is no file.
    """
    if home.carbon is None or home.carbon.empty:
        return None
    grams, timezone = home.carbon.set_index("timestamp")["carbon_g_per_kwh"], home.settings.timezone

    def at(stamps: pd.DatetimeIndex, minutes: int) -> np.ndarray:
        halves, count = halves_of(stamps, timezone, minutes)
        return read_off(grams, halves).reshape(-1, count).mean(axis=1)

    return at


def _weights(home: Home) -> dict[str, Price]:
    """Return what an hour's kWh costs [currency] and emits [kg], each where it is known."""
    known, grams = home_rates(home), carbon_intensity(home)
    weights: dict[str, Price] = {} if known is None else {"cost": lambda stamps: known.at(stamps)[0]}
    return weights if grams is None else weights | {"carbon": lambda stamps: grams(stamps, 60) / 1000}


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
    weights, zone = _weights(home), home.settings.timezone
    if not weights:
        return Frames()
    hours = with_household(home.readings)
    hours = hours[hours["timestamp"] < home.origin]
    stamps = pd.DatetimeIndex(hours["timestamp"])
    values = pd.DataFrame({"kwh": hours["energy_kwh"].to_numpy()})
    values = values.assign(**{name: values["kwh"] * weight(stamps) for name, weight in weights.items()})
    device, day = hours["device_id"].to_numpy(), local(stamps, zone).normalize()
    groups = values.groupby([device, day])
    sums, counts = groups.sum(), groups.count()
    whole = np.floor(hours_of_days(pd.DatetimeIndex(sums.index.get_level_values(1)), zone))
    last = stamps >= home.origin - pd.Timedelta(hours=WEEK)
    groups = values[last].groupby(device[last])
    week = groups.sum(min_count=1).join(groups[list(weights)].count().add_suffix("_hours"))
    days = sums.where(counts.ge(whole, axis=0)).rename_axis(["device_id", "day"])
    return Frames(spent=days.reset_index(), spent_week=week.rename_axis("device_id").reset_index())


def _bills(home: Home, forecast: pd.DataFrame, known: Rates, devices: list[Series], models: Models) -> Frames:
    supply = supply_of(home)
    if not supply.bought.notna().any():
        return Frames()
    whole = next(series for series in devices if series.device_id == HOUSEHOLD)
    use, model = None, None
    if not supply.is_metered:
        use = forecast[forecast["device_id"] == HOUSEHOLD].set_index("timestamp")["energy_kwh"]
        model = models.get((whole.home_id, HOUSEHOLD))
    month = this_month(supply, known, whole, home.origin, use, model)
    days = daily(supply.months_before(home.origin, known.timezone), known)
    return Frames(bill=month, bill_days=days, bill_months=monthly(days))
