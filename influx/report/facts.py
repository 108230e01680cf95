"""The numbers of those texts that need more than the rows of their frames: each function has its template's name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from influx.core.local_time import local
from influx.core.schema import HOUSEHOLD
from influx.core.tariff import Rates
from influx.core.uncertainty import NOMINAL, half_width
from influx.forecasting.aggregate_intervals import LEAST_ERRORS
from influx.forecasting.evaluation.model_selection import LEAST_FOLDS
from influx.forecasting.features import WEEK
from influx.home.home import Home
from influx.insights.drift import EARLIER_DAYS, LEAST_WEEKS, RECENT_DAYS, REPORTS, has_changed, is_worse
from influx.report import rows

Facts = dict[str, Any]
Frames = dict[str, pd.DataFrame]

FOLLOWS = 0.5
"""Rank correlation with the outdoor temperature from which on the weather is named as a reason of a change."""

LEAST_REPORTS = 3
"""Forecasts below which nothing is concluded of how they do on the whole."""


def _records(frame: pd.DataFrame) -> list[Facts]:
    return frame.to_dict("records")


def _household(frame: pd.DataFrame | None) -> Facts | None:
    """Return the household's row, None where there is none."""
    if frame is None or frame.empty:
        return None
    return next(iter(_records(frame[frame["device_id"] == HOUSEHOLD].iloc[:1])), None)


# What was read


def rows_read(home: Home) -> Facts:
    """Count what became of the rows, and name the devices and days that they tell of."""
    counts = (
        home.reconciliation[["rows_read", "rows_used", "rows_rejected", "rows_after_as_of"]].sum().astype(int).to_dict()
    )
    ends = pd.DatetimeIndex([home.readings["timestamp"].min(), home.origin - pd.Timedelta(hours=1)])
    devices = home.readings.loc[home.readings["device_id"] != HOUSEHOLD, "device_id"].nunique()
    return {**counts, "devices": devices, "ends": local(ends, home.settings.timezone)}


def drivers(drivers: pd.DataFrame) -> Facts:
    """Return whose use clearly follows the outdoor temperature, and how much of it falls into peak hours."""
    clear = drivers[(drivers["temperature"].abs() >= 0.4) & (drivers["temperature_p"] < 0.01)]
    devices = clear[clear["device_id"] != HOUSEHOLD]
    shown = clear if devices.empty else devices
    return {
        "temperature_known": drivers["temperature"].notna().any(),
        "rising": shown[shown["temperature"] > 0],
        "falling": shown[shown["temperature"] < 0],
        "household": _household(drivers),
    }


def features(relations: pd.DataFrame) -> Facts:
    """Count the features that the data makes and those known a week ahead; and what the hour before tells."""
    lag = relations[relations["feature"] == "lag_1h"][["one_hour_ahead", "one_week_ahead"]].abs().mean()
    made = relations[relations["in_data"]].groupby("feature")["known_ahead"].first()
    return {"made": len(made), "of": relations["feature"].nunique(), "known_ahead": made.sum(), **lag}


def silent_devices(home: Home, forecast: pd.DataFrame) -> Facts:
    """Return the devices that are not forecast, as nothing was measured of them for four weeks."""
    return {"devices": sorted(set(home.readings["device_id"]) - set(forecast["device_id"]))}


# How good the models are


def model_choice(selection: pd.DataFrame) -> Facts:
    """Count the series that each model forecasts, and those where it is clearly better than the next best."""
    counts = selection["model"].value_counts()
    tested = (selection["folds"] > 0).any()
    clear = (rows.model_choice(selection)["word"] == rows.CLEAR).sum() if tested else None
    models = [{"name": name, "count": count} for name, count in counts.items()]
    return {"models": models, "series": len(selection), "clear": clear, "selection": selection}


def calibration(calibration: pd.DataFrame, together: pd.DataFrame) -> Facts:
    """Return the coverage of the household's band and of all devices' together."""
    bands: dict[str, Facts | None] = {"household": None, "devices": None}
    only_household = set(calibration.get("device_id", [])) == {HOUSEHOLD}
    household = calibration[calibration["device_id"] == HOUSEHOLD] if len(calibration) else calibration
    for name, frame in (("household", household), ("devices", together)):
        band = frame[(frame["quantile"] == "band") & frame["empirical"].notna()] if len(calibration) else frame
        if len(band) and not (name == "devices" and only_household):
            word = rows.calibration_word(band.iloc[0])
            bands[name] = _records(band)[0] | {"word": word}
    folds = int(calibration["folds"].max()) if len(calibration) else 0
    return {**bands, "nominal": NOMINAL["band"], "folds": folds, "enough": folds >= LEAST_FOLDS}


def days_ahead(days: pd.DataFrame) -> Facts:
    """Return the household's first and last day ahead, and what all series avoided of the baseline's loss on them."""
    return {"days": rows.days_ahead(days), "folds": days["folds"].max()}


# The coming week


def coming_week(
    home: Home, forecast: Frames, rates: Rates | None = None, absences: pd.DataFrame | None = None
) -> Facts:
    """Return the energy, money and carbon of the household's coming hours, as far as known, and who will be away."""
    week, cost = _household(forecast["week"]) or {}, _household(forecast.get("cost_week"))
    hours = int(week["hours"])
    coming = absences[absences["coming"]] if absences is not None else pd.DataFrame()
    return {
        "start": local(pd.DatetimeIndex([home.origin]), home.settings.timezone)[0],
        "week": week | {"hours": hours},
        "cost": None if rates is None else cost,
        "carbon": _household(forecast.get("carbon_week")),
        "source": rates.source if rates else "",
        "currency": rates.currency if rates else "",
        "standing_charge": rates.standing_charge_per_day * (1 + rates.tax) * hours / 24 if rates else 0,
        "hours_of_rates": _hours_of_rates(home.origin, hours, rates),
        "absence": _records(coming)[0] if len(coming) else None,
    }


def _hours_of_rates(origin: pd.Timestamp, hours: int, rates: Rates | None) -> int:
    """Count the coming hours of which a price file has no price, so that the rates of home.yaml stand in."""
    if rates is None or rates.prices is None:
        return 0
    which = rates.parts(pd.date_range(origin, periods=hours, freq="h"))[1]
    return int(((which >= 0) & (which < len(rates.rates))).any(axis=1).sum())


def peaks(peaks: pd.DataFrame) -> Facts:
    """Return the usual peak's hours and the highest peak."""
    if peaks.empty:
        return {"usual": None, "top": None}
    usual = [int(hour) for hour in peaks.groupby(["start", "end"]).size().idxmax()]
    return {"usual": usual, "top": _records(peaks.loc[[peaks["kwh"].idxmax()]])[0]}


def last_week_cost(spent_week: pd.DataFrame | None, rates: Rates | None) -> Facts:
    """Return what the household's last seven days cost and emitted, and how many hours are not in it."""
    row = _household(spent_week)
    parts = [
        {"name": name, "amount": row[name], "hours_lacking": WEEK - row[f"{name}_hours"] if row[f"{name}_hours"] else 0}
        for name in ("cost", "carbon")
        if row is not None and name in row
    ]
    lacking = [part for part in parts if part["hours_lacking"] > 0]
    return {"parts": parts, "lacking": lacking, "currency": rates.currency if rates else ""}


def plan(plan: Frames, currency: str = "") -> Facts:
    """Return the plan, and the past weeks that it takes to tell how sure its saving is."""
    return {"plan": plan, "currency": currency, "least_weeks": LEAST_ERRORS}


# How earlier forecasts turned out


def skill(losses: pd.DataFrame) -> Facts:
    """Return the loss of the forecasts against climatology's, and how far so few reports can tell."""
    if losses.empty:
        return {"count": 0}
    sums = losses.assign(loss=losses["loss"] * losses["hours"], baseline_loss=losses["baseline_loss"] * losses["hours"])
    sums = sums.groupby("device_id")[["loss", "baseline_loss", "hours"]].sum().reset_index()
    sums["gain"] = 1 - sums["loss"] / sums["baseline_loss"].where(sums["baseline_loss"] > 0)
    household, count = _household(sums), losses["origin"].nunique()
    by_report = losses.groupby("origin")["gain"].mean()
    error = by_report.std(ddof=1) / np.sqrt(count)
    return {
        "household": household if household and np.isfinite(household["gain"]) else None,
        "series": len(sums),
        "better": (sums["gain"] > 0.01).sum(),
        "worse": (sums["gain"] < -0.01).sum(),
        "count": count,
        "enough": count >= LEAST_REPORTS,
        "gain": by_report.mean(),
        "error": error,
        "clear": abs(by_report.mean()) > half_width(error, count),
    }


def worst_day(days: pd.DataFrame) -> Facts:
    """Return the day of the newest forecast on which the household was missed most."""
    frame = rows.newest(days)
    frame = frame[(frame["device_id"] == HOUSEHOLD) & frame["absolute_error"].notna()] if len(frame) else frame
    if frame.empty:
        return {"day": None}
    closer = (frame["baseline_absolute_error"] < frame["absolute_error"]).sum()
    return {"day": _records(frame.loc[[frame["absolute_error"].idxmax()]])[0], "closer": closer, "days": len(frame)}


def drift(drift: pd.DataFrame) -> Facts:
    """Return which devices have changed and which forecasts are getting worse, by what may be the reason."""
    changed, worse = has_changed(drift), is_worse(drift)
    expected = np.sign(drift["use_temperature"] * drift["use_degrees"])
    follows = (drift["use_temperature"].abs() >= FOLLOWS) & (
        expected == np.sign(drift["use_now"] - drift["use_before"])
    )
    warmer, use = drift["use_degrees"] > 0, (drift["use_now"] - drift["use_before"]).abs()
    return {
        "weather": [_largest(drift[changed & follows & way], use) for way in (warmer, ~warmer)],
        "unexplained": _largest(drift[changed & ~follows], use),
        "learning": _largest(drift[worse & changed], drift["error_change"]),
        "worse": _largest(drift[worse & ~changed], drift["error_change"]),
        "known": not (drift["use_p"].isna().all() and drift["error_p"].isna().all()),
    }


def _largest(frame: pd.DataFrame, size: pd.Series) -> list[Facts]:
    return _records(frame.loc[size.loc[frame.index].sort_values(ascending=False, kind="stable").index])


def drift_basis(drift: pd.DataFrame) -> Facts:
    """Return from what the changes are computed."""
    known = drift[drift["error_weeks"] >= LEAST_WEEKS]
    return {
        "recent": RECENT_DAYS // 7,
        "earlier": EARLIER_DAYS // 7,
        "least": LEAST_WEEKS,
        "series": len(known),
        "of_reports": (known["error_source"] == REPORTS).sum(),
    }


def changes(overview: pd.DataFrame) -> Facts:
    """Return the devices that used clearly more or less last week than usual, the largest difference first."""
    devices = overview[(overview["device_id"] != HOUSEHOLD) & overview["saved_is_unusual"].astype(bool)]
    return {"devices": _largest(devices, devices["saved_kwh"].abs())[:3]}
