"""What the numbers mean for a household: now, the coming days, the usual week, trends.

Every figure is a sum over measured or forecast hours, with the range that past errors give it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, theilslopes

from influx.core.constants import KNOWN_SHARE, WEEK
from influx.core.local_time import local
from influx.core.schema import HOUSEHOLD
from influx.forecasting.aggregate_intervals import past_errors, spread
from influx.forecasting.device_series import Series
from influx.forecasting.models import Climatology
from influx.home.home import Home

TREND_WEEKS = 12
LEAST_TREND_WEEKS = 6
"""Whole weeks below which no trend is told."""

PEAK_SHARE = 0.75
"""A day's peak period is the run of hours around its highest that reach this part of it."""


def overview(devices: list[Series], origin: pd.Timestamp) -> pd.DataFrame:
    """Tell of each device what it used last and how that compares with its usual week.

    Usual is climatology as of a week ago: what would have been forecast for these seven days.

    Returns
    -------
    DataFrame
        `device_id`, `last_hour` (UTC) and `last_hour_kwh`; `last_24h_kwh`, scaled to 24 hours where up to six of them
        are not known; `last_week_kwh` in the `hours_known` of its 168 hours, `usual_week_kwh` for the same hours,
        `saved_kwh` (usual minus used) with `saved_p10`, `saved_p90` and
        `saved_is_unusual`, whether zero lies outside that range; `trend_kwh_per_week` (Theil-Sen slope of weekly
        energy), `trend_p` (Kendall's tau) and `trend_weeks`. NaN where it is not known.
    """
    return pd.DataFrame([_overview(series, origin) for series in devices])


def _overview(series: Series, origin: pd.Timestamp) -> dict[str, object]:
    energy = series.energy[series.energy.index < origin]
    last, day = energy.last_valid_index(), energy[energy.index >= origin - pd.Timedelta(days=1)]
    row: dict[str, object] = {
        "home_id": series.home_id,
        "device_id": series.device_id,
        "last_hour": last,
        "last_hour_kwh": float("nan") if last is None else float(energy[last]),
        "last_24h_kwh": 24 * float(day.mean()) if day.notna().sum() >= KNOWN_SHARE * 24 else float("nan"),
    }
    return row | _against_usual(series, origin) | trend(series, origin)


def _against_usual(series: Series, origin: pd.Timestamp) -> dict[str, object]:
    """Compare the last seven days with what climatology expected at their beginning, over the hours that are known."""
    begin = origin - pd.Timedelta(hours=WEEK)
    week = series.energy.reindex(pd.date_range(begin, periods=WEEK, freq="h")).dropna()
    past = series.before(begin) if begin > series.energy.index[0] else pd.Series(dtype=float)
    used = float(week.sum(min_count=1))
    row: dict[str, object] = {"hours_known": len(week), "last_week_kwh": used, "usual_week_kwh": float("nan")}
    row |= dict.fromkeys(("saved_kwh", "saved_p10", "saved_p90"), float("nan")) | {"saved_is_unusual": False}
    if week.empty or past.notna().sum() < WEEK:
        return row
    zone, country = series.covariates.timezone, series.covariates.country
    climatology = Climatology(timezone=zone, country=country).fit(past.to_frame(), past.to_numpy())
    usual = float(climatology.predict(week.to_frame()).sum())
    saved = usual - used
    low, high = (saved + offset for offset in spread(past_errors(series, begin, WEEK)))
    row |= {"usual_week_kwh": usual, "saved_kwh": saved, "saved_p10": low, "saved_p90": high}
    return row | {"saved_is_unusual": bool(low > 0 or high < 0)}


def trend(series: Series, origin: pd.Timestamp) -> dict[str, float]:
    """Measure how weekly energy changed over up to twelve whole weeks before `origin`.

    Weeks with less than three quarters of their hours known are left out; the others are scaled to 168 hours. The
    slope is the median of all pairs (Theil 1950, Sen 1968), its test Kendall's rank correlation (Mann 1945).
    """
    begin = origin - TREND_WEEKS * pd.Timedelta(hours=WEEK)
    hours = series.energy.reindex(pd.date_range(begin, periods=TREND_WEEKS * WEEK, freq="h")).to_numpy()
    energy = pd.DataFrame(hours.reshape(TREND_WEEKS, WEEK)).T  # a column a week
    sums = (energy.mean() * WEEK)[energy.notna().mean() >= KNOWN_SHARE]
    found = {"trend_kwh_per_week": float("nan"), "trend_p": float("nan"), "trend_weeks": len(sums)}
    if len(sums) < LEAST_TREND_WEEKS:
        return found
    if np.ptp(sums) == 0:
        return found | {"trend_kwh_per_week": 0.0, "trend_p": 1.0}
    slope, test = theilslopes(sums, sums.index).slope, kendalltau(sums.index, sums)
    return found | {"trend_kwh_per_week": float(slope), "trend_p": float(test.pvalue)}


def efficiency(home: Home) -> pd.DataFrame:
    """Compare each device's energy with its rating.

    The load factor is measured energy over rated power times hours of use: 1 where it draws its rated power as long as
    it runs, less where it cycles or runs gently. It is defined for devices whose use is known by event and whose power
    rating is known. `change` compares the last four weeks with those before: a load factor that rises means more
    energy for the same time of use.

    Returns
    -------
    DataFrame
        `device_id`, `load_factor`, `hours_of_use` (a week), `change` (ratio minus 1, NaN where either part is too
        short).
    """
    rows = []
    for device_id, minutes in home.minutes.groupby("device_id"):
        energy = home.readings.loc[home.readings["device_id"] == device_id, ["timestamp", "energy_kwh"]]
        both = energy.merge(minutes, on="timestamp", how="left").dropna(subset=["energy_kwh"])
        hours = both["duration_minutes"].fillna(0) / 60
        recent = both["timestamp"] >= home.origin - pd.Timedelta(weeks=4)
        powers = [_mean_power(both["energy_kwh"][part], hours[part]) for part in (hours >= 0, recent, ~recent)]
        rows.append((device_id, *powers, hours.sum() / max(len(both) / WEEK, 1e-9)))
    table = pd.DataFrame(rows, columns=["device_id", "power", "now", "before", "hours_of_use"])
    rated = table["device_id"].map(home.devices.set_index("device_id")["power_rating_watt"]).astype(float) / 1000
    table["load_factor"] = table["power"] / rated.where(rated > 0)
    table["change"] = table["now"] / table["before"].where(table["before"] > 0) - 1
    return table[["device_id", "load_factor", "hours_of_use", "change"]]


def _mean_power(energy: pd.Series, hours: pd.Series) -> float:
    """Return the mean power while in use [kW], NaN below one hour of use."""
    return energy.sum() / hours.sum() if hours.sum() >= 1 else float("nan")


def peaks(forecast: pd.DataFrame, timezone: str, device_id: str = HOUSEHOLD) -> pd.DataFrame:
    """Find each coming day's peak period.

    Returns
    -------
    DataFrame
        `day` (local), `start`, `end` (local clock hours, end excluded, 24 = midnight), `kwh` in it, `share` of the
        day's energy. Days of which fewer than 20 hours are forecast are left out.
    """
    rows = forecast[forecast["device_id"] == device_id]
    wall = local(pd.DatetimeIndex(rows["timestamp"]), timezone)
    energy = pd.Series(rows["energy_kwh"].to_numpy(), index=wall)
    out = []
    for day, hours in energy.groupby(wall.normalize()):
        kwh = hours.to_numpy()
        if len(kwh) < 20 or kwh.sum() <= 0:
            continue
        top = int(kwh.argmax())
        low = np.flatnonzero(kwh < PEAK_SHARE * kwh[top])
        first = low[low < top].max(initial=-1) + 1
        last = low[low > top].min(initial=len(kwh)) - 1
        inside = float(kwh[first : last + 1].sum())
        clock = {"start": hours.index[first].hour, "end": hours.index[last].hour + 1}
        out.append({"day": day, **clock, "kwh": inside, "share": inside / float(kwh.sum())})
    return pd.DataFrame(out, columns=["day", "start", "end", "kwh", "share"])
