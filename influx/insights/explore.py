"""What was read, looked at from the sides that matter before anything is forecast.

How complete it is, what each device uses and when, what stands by, and what use goes with. Every table here is made of
the hours that were measured; an hour that is not known stays out of every mean.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from influx.core.constants import LEAST_DAYS
from influx.core.local_time import hours_of_days, local
from influx.core.schema import HOUSEHOLD
from influx.core.tariff import rates
from influx.forecasting.device_series import with_household
from influx.home.home import Home

LEAST_OCCUPIED_HOURS = 100
"""Hours with a recorded number of people below which no relation to it is given."""


def completeness(home: Home) -> pd.DataFrame:
    """Return for each device its span and how much of it is known.

    Returns
    -------
    DataFrame
        `device_id`, `first`, `last` (local), `days`, `hours_missing`, `share_known`, `share_estimated`, `kwh`.
    """
    rows = []
    for device_id, hours in home.readings.groupby("device_id"):
        known = hours[hours["energy_kwh"].notna()]
        if known.empty:
            continue
        first, last = known["timestamp"].min(), known["timestamp"].max()
        lived = hours["timestamp"].between(first, last).sum()
        ends = local(pd.DatetimeIndex([first, last]), home.settings.timezone)
        row = {"device_id": device_id, "first": ends[0], "last": ends[1], "days": lived / 24}
        row |= {"hours_missing": int(lived - len(known)), "share_known": len(known) / lived}
        row |= {"share_estimated": (known["quality"] == "estimated").mean(), "kwh": known["energy_kwh"].sum()}
        rows.append(row)
    return pd.DataFrame(rows).sort_values("kwh", ascending=False, ignore_index=True)


def profile(home: Home) -> pd.DataFrame:
    """Return the mean energy of each hour of the week: `device_id`, `weekday` (0 = Monday), `hour` (local), `kwh`."""
    hours = with_household(home.readings).dropna(subset=["energy_kwh"])
    wall = local(pd.DatetimeIndex(hours["timestamp"]), home.settings.timezone)
    keys = [hours["device_id"].to_numpy(), wall.day_of_week, wall.hour]
    mean = hours["energy_kwh"].groupby(keys).mean()
    return mean.rename_axis(["device_id", "weekday", "hour"]).rename("kwh").reset_index()


def daily(home: Home) -> pd.DataFrame:
    """Return each local day's energy by device: `device_id`, `day`, `kwh`, NaN where an hour of it is not known.

    A day has 23, 24 or 25 hours, as its clock says.
    """
    hours = with_household(home.readings)
    day = local(pd.DatetimeIndex(hours["timestamp"]), home.settings.timezone).normalize()
    days = hours["energy_kwh"].groupby([hours["device_id"].to_numpy(), day]).agg(["sum", "count"])
    days = days.rename_axis(["device_id", "day"]).reset_index()
    known = days["count"] >= np.floor(hours_of_days(pd.DatetimeIndex(days["day"]), home.settings.timezone))
    return days.assign(kwh=days["sum"].where(known))[["device_id", "day", "kwh"]]


def breakdown(home: Home) -> pd.DataFrame:
    """Return each device's part of the whole, and standby as an estimate beside it.

    A device's share is its energy over that of the sum of all devices (with `other`, that is the household) in the
    hours in which it is known; a home of which no device is measured on its own is a single `household`. Standby is
    rated standby power times the hours without use; where use was measured by event it is not part of the measured
    energy, so it is given beside the shares and never added to them.

    Returns
    -------
    DataFrame
        `device_id`, `kwh`, `share` (NaN where nothing was used), `kwh_per_day`, `standby_kwh_per_day` (NaN where not
        known), sorted.
    """
    devices = home.readings["device_id"] != HOUSEHOLD
    used = home.readings[devices if devices.any() else ~devices].dropna(subset=["energy_kwh"])
    table = used.groupby("device_id")["energy_kwh"].agg(kwh="sum", hours="count").reset_index()
    table["kwh_per_day"] = 24 * table["kwh"] / table["hours"]
    table["share"] = table["kwh_per_day"] / table["kwh_per_day"].sum()
    table["standby_kwh_per_day"] = table["device_id"].map(standby(home)).astype(float)
    columns = ["device_id", "kwh", "share", "kwh_per_day", "standby_kwh_per_day"]
    return table.sort_values("kwh_per_day", ascending=False, ignore_index=True)[columns]


def standby(home: Home) -> dict[str, float]:
    """Estimate each device's standby energy a day [kWh/day] from its rated standby power and its hours without use.

    Only for devices known by their events; a meter that runs all the time has standby in its readings already.
    """
    watts = home.devices.set_index("device_id")["standby_power_watt"]
    known = home.readings.dropna(subset=["energy_kwh"]).groupby("device_id").size()
    estimates = {}
    for device_id, minutes in home.minutes.groupby("device_id"):
        if device_id in known and np.isfinite(watts.get(device_id, np.nan)):
            busy = float(minutes["duration_minutes"].clip(upper=60).sum()) / 60 / known[device_id]
            estimates[str(device_id)] = float(watts[device_id]) / 1000 * 24 * max(0.0, 1 - busy)
    return estimates


def drivers(home: Home) -> pd.DataFrame:
    """Tell what each device's use goes with.

    Returns
    -------
    DataFrame
        `device_id`; `temperature`: Spearman's rank correlation of daily energy with the day's mean outdoor temperature,
        `temperature_p` its p-value and `days` the days compared; `occupancy`: the same of hourly energy with the
        recorded number of people; `peak_share`: the part of its energy that falls into peak hours, `peak_hours` the
        part of all hours that are peak. NaN where the data lacks it.
    """
    by_day = daily(home)
    temperature = _daily_temperature(home)
    prices = rates(home.settings, home.context, home.prices)
    rows = []
    for device_id, hours in with_household(home.readings).groupby("device_id"):
        row: dict[str, object] = {"device_id": device_id}
        row |= _with_temperature(by_day[by_day["device_id"] == device_id], temperature)
        row["occupancy"] = _with_occupancy(hours, home.context)
        known = hours.dropna(subset=["energy_kwh"])
        total = float(known["energy_kwh"].sum())
        row["peak_share"] = row["peak_hours"] = float("nan")
        peak = np.zeros(0) if prices is None else prices.at(pd.DatetimeIndex(known["timestamp"]))[1]
        if peak.any() and total > 0:
            row |= {"peak_share": float(known.loc[peak, "energy_kwh"].sum()) / total, "peak_hours": float(peak.mean())}
        rows.append(row)
    return pd.DataFrame(rows)


def _daily_temperature(home: Home) -> pd.Series:
    if home.weather is not None:
        seen = home.weather[home.weather["timestamp"] < home.origin].set_index("timestamp")["outdoor_temp_celsius"]
    elif "outdoor_temp_celsius" in home.context:
        seen = home.context.set_index("timestamp")["outdoor_temp_celsius"].dropna()
    else:
        return pd.Series(dtype=float)
    return seen.groupby(local(pd.DatetimeIndex(seen.index), home.settings.timezone).normalize()).mean()


def _with_temperature(days: pd.DataFrame, temperature: pd.Series) -> dict[str, float]:
    pair = days.set_index("day")[["kwh"]].join(temperature.rename("temperature"), how="inner").dropna()
    found = _correlation(pair, LEAST_DAYS)
    return {"temperature": found[0], "temperature_p": found[1], "days": float(len(pair))}


def _with_occupancy(hours: pd.DataFrame, context: pd.DataFrame) -> float:
    if "occupancy_count" not in context:
        return float("nan")
    pair = hours.merge(context[["timestamp", "occupancy_count"]], on="timestamp")[["energy_kwh", "occupancy_count"]]
    return _correlation(pair.dropna(), LEAST_OCCUPIED_HOURS)[0]


def _correlation(pair: pd.DataFrame, least: int) -> tuple[float, float]:
    """Return Spearman's rank correlation of two columns and its p, NaN of too few rows or where one never changes."""
    if len(pair) < least or pair.nunique().min() < 2:
        return float("nan"), float("nan")
    found = spearmanr(pair.iloc[:, 0], pair.iloc[:, 1])
    return float(found.statistic), float(found.pvalue)
