"""What the numbers mean for a household: now, the coming days, the usual week, trends.

Every figure is a sum over measured or forecast hours, with the range that past errors give it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, theilslopes

from influx.core import formatting as fmt
from influx.core.constants import KNOWN_SHARE, WEEK
from influx.core.local_time import local
from influx.core.schema import HOUSEHOLD
from influx.forecasting.aggregate_intervals import past_errors, spread
from influx.forecasting.device_series import Series
from influx.forecasting.models import Climatology
from influx.forecasting.models.climatology import lookup, similar_hours
from influx.home.home import Home

TREND_WEEKS = 12
LEAST_TREND_WEEKS = 6
"""Whole weeks below which no trend is told."""

PEAK_SHARE = 0.75
"""A day's peak period is the run of hours around its highest that reach this part of it."""


def overview(every: list[Series], origin: pd.Timestamp) -> pd.DataFrame:
    """Tell of each device what it used last and how that compares with its usual week.

    Usual is climatology as of a week ago: what would have been forecast for these seven days.

    Parameters
    ----------
    every : list of Series
        The devices.
    origin : Timestamp
        The end of what is known.

    Returns
    -------
    DataFrame
        `device_id`, `last_hour` (UTC) and `last_hour_kwh`; `last_24h_kwh`, scaled to 24 hours where up to six of them
        are not known; `last_week_kwh` in the `hours_known` of its 168 hours, `usual_week_kwh` for the same hours,
        `saved_kwh` (usual minus used) with `saved_p10`, `saved_p90` and
        `saved_is_unusual`, whether zero lies outside that range; `trend_kwh_per_week` (Theil-Sen slope of weekly
        energy), `trend_p` (Kendall's tau) and `trend_weeks`. NaN where it is not known.
    """
    return pd.DataFrame([_overview(one, origin) for one in every])


def _overview(series: Series, origin: pd.Timestamp) -> dict[str, object]:
    energy = series.energy[series.energy.index < origin]
    last = energy.last_valid_index()
    day = energy[energy.index >= origin - pd.Timedelta(days=1)]
    row: dict[str, object] = {
        "home_id": series.home_id,
        "device_id": series.device_id,
        "last_hour": last,
        "last_hour_kwh": float(energy[last]) if last is not None else float("nan"),
        "last_24h_kwh": 24 * float(day.mean()) if day.notna().sum() >= 18 else float("nan"),
    }
    return row | _against_usual(series, origin) | trend(series, origin)


def _against_usual(series: Series, origin: pd.Timestamp) -> dict[str, object]:
    """Compare the last seven days with what climatology expected at their beginning, over the hours that are known."""
    begin = origin - pd.Timedelta(hours=WEEK)
    week = series.energy.reindex(pd.date_range(begin, periods=WEEK, freq="h")).dropna()
    past = series.before(begin) if begin > series.energy.index[0] else pd.Series(dtype=float)
    nothing = dict.fromkeys(("last_week_kwh", "usual_week_kwh", "saved_kwh", "saved_p10", "saved_p90"), float("nan"))
    if week.empty:
        return {"hours_known": 0, **nothing, "saved_is_unusual": False}
    used = float(week.sum())
    if past.notna().sum() < 7 * 24:
        return {"hours_known": len(week), **nothing, "last_week_kwh": used, "saved_is_unusual": False}
    zone, country = series.around.timezone, series.around.country
    usual_hours = similar_hours(past, begin, zone, country).mean(Climatology().half_life_weeks)
    usual = float(usual_hours[lookup(pd.DatetimeIndex(week.index), zone, country)].sum())
    low, high = spread(past_errors(series, begin, WEEK))
    saved = usual - used
    return {
        "hours_known": len(week),
        "last_week_kwh": used,
        "usual_week_kwh": usual,
        "saved_kwh": saved,
        "saved_p10": saved + low,
        "saved_p90": saved + high,
        "saved_is_unusual": bool(saved + low > 0 or saved + high < 0),
    }


def trend(series: Series, origin: pd.Timestamp) -> dict[str, float]:
    """Measure how weekly energy changed over up to twelve whole weeks before `origin`.

    Weeks with less than three quarters of their hours known are left out; the others are scaled to 168 hours. The
    slope is the median of all pairs (Theil 1950, Sen 1968), its test Kendall's rank correlation (Mann 1945).
    """
    sums, weeks = [], []
    for back in range(TREND_WEEKS, 0, -1):
        begin = origin - pd.Timedelta(hours=WEEK * back)
        hours = series.energy[(series.energy.index >= begin) & (series.energy.index < begin + pd.Timedelta(hours=WEEK))]
        if hours.notna().sum() >= KNOWN_SHARE * WEEK:
            sums.append(float(hours.mean()) * WEEK)
            weeks.append(-back)
    if len(sums) < LEAST_TREND_WEEKS:
        return {"trend_kwh_per_week": float("nan"), "trend_p": float("nan"), "trend_weeks": len(sums)}
    if np.ptp(sums) == 0:
        return {"trend_kwh_per_week": 0.0, "trend_p": 1.0, "trend_weeks": len(sums)}
    return {
        "trend_kwh_per_week": float(theilslopes(sums, weeks).slope),
        "trend_p": float(kendalltau(weeks, sums).pvalue),
        "trend_weeks": len(sums),
    }


def trend_in_words(row: pd.Series) -> str:
    """Return a device's trend as a phrase: a direction only where its test is clear (p < .05)."""
    if not np.isfinite(row["trend_kwh_per_week"]):
        return fmt.NOT_KNOWN
    if row["trend_p"] >= 0.05:
        return "no clear trend"
    way = "rising" if row["trend_kwh_per_week"] > 0 else "falling"
    return f"{way}, {fmt.kwh(abs(row['trend_kwh_per_week']))} a week each week ({fmt.chance(row['trend_p'])})"


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
    ratings = home.devices.set_index("device_id")["power_rating_watt"]
    for device_id, minutes in home.minutes.groupby("device_id"):
        energy = home.readings.loc[home.readings["device_id"] == device_id, ["timestamp", "energy_kwh"]]
        both = energy.merge(minutes, on="timestamp", how="left").dropna(subset=["energy_kwh"])
        both["duration_minutes"] = both["duration_minutes"].fillna(0)
        rated = float(ratings.get(device_id, np.nan)) / 1000
        recent = both["timestamp"] >= home.origin - pd.Timedelta(weeks=4)
        now, before = (_mean_power(both[part]) for part in (recent, ~recent))
        rows.append(
            {
                "device_id": device_id,
                "load_factor": _over(_mean_power(both), rated),
                "hours_of_use": float(both["duration_minutes"].sum()) / 60 / max(len(both) / WEEK, 1e-9),
                "change": _over(now, before) - 1,
            }
        )
    return pd.DataFrame(rows, columns=["device_id", "load_factor", "hours_of_use", "change"])


def _over(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _mean_power(hours: pd.DataFrame) -> float:
    """Return the mean power while in use [kW], NaN below one hour of use."""
    used = float(hours["duration_minutes"].sum()) / 60
    return float(hours["energy_kwh"].sum()) / used if used >= 1 else float("nan")


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
    out = []
    for day, hours in rows.groupby(wall.normalize()):
        kwh = hours["energy_kwh"].to_numpy()
        if len(kwh) < 20 or kwh.sum() <= 0:
            continue
        clock_hours = local(pd.DatetimeIndex(hours["timestamp"]), timezone).hour.to_numpy()
        top = int(kwh.argmax())
        high = kwh >= PEAK_SHARE * kwh[top]
        first = top - int(np.argmin(high[: top + 1][::-1])) + 1 if not high[: top + 1].all() else 0
        last = top + int(np.argmin(high[top:])) - 1 if not high[top:].all() else len(kwh) - 1
        inside = float(kwh[first : last + 1].sum())
        out.append(
            {
                "day": day,
                "start": int(clock_hours[first]),
                "end": int(clock_hours[last]) + 1,
                "kwh": inside,
                "share": inside / float(kwh.sum()),
            }
        )
    return pd.DataFrame(out, columns=["day", "start", "end", "kwh", "share"])


def changes(table: pd.DataFrame, most: int = 3) -> list[str]:
    """Say which devices used clearly more or less last week than usual, the largest difference first."""
    devices = table[(table["device_id"] != HOUSEHOLD) & table["saved_is_unusual"]]
    order = devices["saved_kwh"].abs().sort_values(ascending=False, kind="stable").index
    sentences = []
    for _, row in devices.loc[order].head(most).iterrows():
        way = "less" if row["saved_kwh"] > 0 else "more"
        sentences.append(
            f"{fmt.name(row['device_id'])} used {fmt.kwh(abs(row['saved_kwh']))} {way} than in its usual week "
            f"({fmt.kwh(row['last_week_kwh'])} against {fmt.kwh(row['usual_week_kwh'])})."
        )
    return sentences
