"""Unusual hours, each with a reason: use outside what the weeks before it would have led anyone to expect.

Every week of the history is looked at from its beginning, so an hour is judged by what was known before it. An hour is
unusual when it lies beyond the one-in-a-hundred ends of its climatology by more than the width of the usual range;
neighbouring unusual hours of a device are one episode.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.constants import WEEK
from influx.core.local_time import local
from influx.core.parallel import run_all
from influx.forecasting.device_series import Series
from influx.forecasting.models import Climatology

LEVELS, QUANTILES = np.array([0.01, 0.1, 0.5, 0.9, 0.99]), ["q01", "q10", "q50", "q90", "q99"]
FIRST_DAYS = 14
"""Days of history before an hour that it takes to call it unusual."""

LEAST_KWH = 0.05
"""Energy beyond the usual ends below which an episode is not worth telling [kWh]."""

RARE_SHARE = 0.02


def unusual_hours(devices: list[Series], most: int = 200) -> pd.DataFrame:
    """Find the `most` unusual episodes in the whole history of the devices, those with the most energy beyond it first.

    Returns
    -------
    DataFrame
        `device_id`, `start`, `end` (local), `hours`, `kwh`, `usual_kwh` (median), `beyond_kwh` (outside the usual ends,
        negative when too little was used) and `reason`. The first two weeks of a device cannot be judged.
    """
    parts = [part for part in run_all(_of_device, devices) if len(part)]
    if not parts:
        return pd.DataFrame(columns=["device_id", "start", "end", "hours", "kwh", "usual_kwh", "beyond_kwh", "reason"])
    found = pd.concat(parts, ignore_index=True)
    order = found["beyond_kwh"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order].head(most).reset_index(drop=True)


def _of_device(series: Series) -> pd.DataFrame:
    hours = _with_usual(series)
    if hours.empty:
        return hours
    above, below = hours["kwh"] - hours["q99"], hours["q01"] - hours["kwh"]
    too_much, too_little = above > hours["q90"] - hours["q10"], (below > 0) & (below > 0.5 * hours["q50"])
    hours["beyond"] = np.where(too_much, above, np.where(too_little, -below, 0.0))
    flagged = hours[hours["beyond"] != 0]
    if flagged.empty:
        return pd.DataFrame()
    gap = flagged.index.to_series().diff() > pd.Timedelta(hours=1)
    episode = (gap | (np.sign(flagged["beyond"]).diff() != 0)).cumsum()
    temperature = _temperature(series)
    found = pd.DataFrame([_episode(series, rows, temperature) for _, rows in flagged.groupby(episode)])
    return found[found["beyond_kwh"].abs() >= LEAST_KWH]


def _with_usual(series: Series) -> pd.DataFrame:
    """Return each hour's energy with the quantiles that the week's beginning led to expect."""
    energy, zone, country = series.energy, series.covariates.timezone, series.covariates.country
    first = energy.index[0] + pd.Timedelta(days=FIRST_DAYS)
    parts = []
    for origin in pd.date_range(first, energy.index[-1], freq=f"{WEEK}h"):
        hours = energy[origin : origin + pd.Timedelta(hours=WEEK - 1)].dropna()
        past = energy[origin - pd.Timedelta(days=120) : origin - pd.Timedelta(hours=1)]
        if hours.empty or past.notna().sum() < FIRST_DAYS * 12:
            continue
        climatology = Climatology(timezone=zone, country=country).fit(past.to_frame(), past.to_numpy())
        usual = climatology.predict_quantiles(hours.to_frame(), LEVELS)
        parts.append(pd.DataFrame(usual, index=hours.index, columns=QUANTILES).assign(kwh=hours))
    return pd.concat(parts) if parts else pd.DataFrame()


def _temperature(series: Series) -> pd.Series:
    """Return the outdoor temperature of the device's hours, NaN where it is not known [deg C]."""
    if series.covariates.weather is None:
        return pd.Series(np.nan, index=series.energy.index)
    known = series.covariates.weather.set_index("timestamp")["outdoor_temp_celsius"]
    return known.reindex(series.energy.index)


def _episode(series: Series, rows: pd.DataFrame, temperature: pd.Series) -> dict[str, object]:
    wall = local(pd.DatetimeIndex(rows.index), series.covariates.timezone)
    return {
        "device_id": series.device_id,
        "start": wall[0],
        "end": wall[-1] + pd.Timedelta(hours=1),
        "hours": len(rows),
        "kwh": float(rows["kwh"].sum()),
        "usual_kwh": float(rows["q50"].sum()),
        "beyond_kwh": float(rows["beyond"].sum()),
        "reason": _reason(rows, temperature[: rows.index[-1]].dropna(), wall[0]),
    }


def _reason(rows: pd.DataFrame, temperature: pd.Series, start: pd.Timestamp) -> str:
    """Say what sets the episode apart, without a guess at a cause that the data does not hold.

    `temperature` ends with the episode: what came later makes nothing usual that was not.
    """
    used, usual = float(rows["kwh"].sum()), float(rows["q50"].sum())
    if rows["beyond"].iloc[0] < 0:
        share = used / usual if usual > 0 else 0.0
        return "off, though it usually runs then" if share < 0.05 else f"only {fmt.percent(share)} of the usual energy"
    there = float(temperature.reindex(rows.index).mean())
    if np.isfinite(there) and temperature.nunique() > 1:
        cold, hot = np.quantile(temperature, [0.05, 0.95])
        if there >= hot:
            return f"among the hottest hours until then ({there:.0f} °C)"
        if there <= cold:
            return f"among the coldest hours until then ({there:.0f} °C)"
    if float(rows["q90"].max()) <= RARE_SHARE * used:
        return f"rarely in use on such a day at {fmt.clock(start.hour)}"
    if len(rows) >= 6:
        return f"in use for {len(rows)} hours on end"
    return f"{fmt.number(used / usual, 2)} times the usual energy" if usual > 0 else "more than in 99 of 100 such hours"
