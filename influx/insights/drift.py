"""What has changed: a device's use by day, and the errors of its forecast by week, each with the size of its test.

Days and weeks are taken as independent of each other, which they are not quite: a p alone proves little, so nothing is
told without a change that is large as well.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp, mannwhitneyu, spearmanr

from influx.core.constants import WEEK
from influx.core.local_time import local
from influx.core.parallel import run_all
from influx.forecasting.device_series import Series
from influx.forecasting.evaluation.backtest import fit, past_forecasts

WEEKS = 12
"""Past weeks over which errors are looked at."""

LEAST_WEEKS = 8
"""Past weeks below which nothing is said of errors."""

FIRST_WEEKS, LAST_WEEKS = 3, 2
"""Weeks at least before and after a break."""

RECENT_DAYS, EARLIER_DAYS = 28, 84
"""Days of use that are compared: the last four weeks with the twelve before."""

WHOLE_DAY = 23
"""Known hours of a local day from which on its energy counts."""

REPORTS, MODEL = "earlier reports", "past weeks of the model"
"""Where the errors come from."""

CLEAR = 0.01
"""p below which a change of use counts: many devices are looked at, so a lax level would cry wolf."""

CLEAR_ERRORS = 0.05
"""The same of errors, whose p is already that of many weeks tried."""

LARGE = 0.25
"""Part by which use or errors must have changed to be worth a sentence."""

_NAN = float("nan")
_NO_USE = dict.fromkeys(["use_before", "use_now", "use_change", "use_distance", "use_p"], _NAN)
_NO_TEMPERATURE = dict.fromkeys(["use_temperature", "use_degrees"], _NAN)
_NO_ERRORS = dict.fromkeys(["error_before", "error_now", "error_change", "error_odds", "error_p"], _NAN)


def drift(
    devices: list[Series], selection: pd.DataFrame, origin: pd.Timestamp, compared: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Test for each device whether its use has changed, and whether its forecast is getting worse and since when.

    `selection` holds the model of each device today; `compared` the hours of earlier reports, as
    `forecast_review.compare_hours` returns them, and may be empty.

    Returns
    -------
    changes : DataFrame
        `device_id`; `use_before` and `use_now`, mean daily energy of the twelve weeks before the last four and of these
        [kWh], `use_change` (their ratio minus 1), `use_distance` and `use_p`, size and p of the Kolmogorov-Smirnov
        test of the two, `use_temperature`, rank correlation of its days with their mean outdoor temperature, and
        `use_degrees`, by how much that has risen [C]; `error_source` and `error_weeks`, `error_since` (local day), the
        break after which errors are most clearly larger, `error_before` and `error_now`, mean absolute errors on
        either side [kWh in the hour], `error_change`, `error_odds`, the chance that a later week is worse than an
        earlier one, and `error_p` (Mann-Whitney, times the number of weeks that were tried as the break). NaN where
        history is too short.
    weekly : DataFrame
        `device_id`, `week` (local, its first day), `error`, the mean absolute error [kWh in the hour].
    """
    models = selection.set_index(["home_id", "device_id"])["model"]

    def of_device(series: Series) -> tuple[dict[str, object], pd.DataFrame]:
        errors, source = errors_of_reports(compared, series.device_id), REPORTS
        if len(errors) < LEAST_WEEKS:
            errors, source = errors_of_model(series, models[(series.home_id, series.device_id)], origin), MODEL
        weeks = local(pd.DatetimeIndex(errors.index), series.covariates.timezone).normalize()
        row = {"device_id": series.device_id} | _use(series, origin) | {"error_source": source}
        errors = errors.set_axis(weeks)
        return row | _errors(errors), errors.rename_axis("week").rename("error").reset_index()

    parts = run_all(of_device, devices)
    weekly = [frame.assign(device_id=series.device_id) for series, (_, frame) in zip(devices, parts, strict=True)]
    return pd.DataFrame([row for row, _ in parts]), pd.concat(weekly, ignore_index=True)


def has_changed(changes: pd.DataFrame) -> pd.Series:
    """Tell of which devices the use has changed clearly and by much; out of no use at all, any use is much."""
    much = (changes["use_change"].abs() >= LARGE) | ((changes["use_before"] == 0) & (changes["use_now"] > 0))
    return much & (changes["use_p"] < CLEAR)


def is_worse(changes: pd.DataFrame) -> pd.Series:
    """Tell the forecasts of which devices are getting worse clearly and by much."""
    return (changes["error_change"] >= LARGE) & (changes["error_p"] < CLEAR_ERRORS)


def _use(series: Series, origin: pd.Timestamp) -> dict[str, float]:
    energy = _by_day(series.before(origin), series.covariates.timezone).iloc[-RECENT_DAYS - EARLIER_DAYS :]
    recent, before = energy.iloc[-RECENT_DAYS:].dropna(), energy.iloc[:-RECENT_DAYS].dropna()
    if len(recent) < RECENT_DAYS // 2 or len(before) < RECENT_DAYS:
        return _NO_USE | _NO_TEMPERATURE
    test, base, now = ks_2samp(recent, before), float(before.mean()), float(recent.mean())
    change = now / base - 1 if base > 0 else _NAN
    values = base, now, change, float(test.statistic), float(test.pvalue)
    return dict(zip(_NO_USE, values, strict=True)) | _with_temperature(energy, series)


def _by_day(hours: pd.Series, timezone: str) -> pd.Series:
    """Return the energy of each local day [kWh], NaN where it is not fully known."""
    day = local(pd.DatetimeIndex(hours.index), timezone).normalize()
    whole = hours.groupby(day).agg(["sum", "count"])
    return whole["sum"].where(whole["count"] >= WHOLE_DAY)


def _with_temperature(energy: pd.Series, series: Series) -> dict[str, float]:
    """Return the rank correlation of daily energy with the day's mean temperature, and by how much that has risen."""
    weather = series.covariates.weather
    if weather is None:
        return _NO_TEMPERATURE
    day = local(pd.DatetimeIndex(weather["timestamp"]), series.covariates.timezone).normalize()
    mean = weather["outdoor_temp_celsius"].groupby(day).mean().reindex(energy.index)
    known = energy.notna() & mean.notna()
    if known.sum() < RECENT_DAYS or energy[known].nunique() < 2 or mean[known].nunique() < 2:
        return _NO_TEMPERATURE
    risen = float(mean.iloc[-RECENT_DAYS:].mean() - mean.iloc[:-RECENT_DAYS].mean())
    return {"use_temperature": float(spearmanr(energy[known], mean[known]).statistic), "use_degrees": risen}


def _errors(weekly: pd.Series) -> dict[str, object]:
    """Find the break after which the weekly errors are most clearly larger, and tell by how much."""
    row: dict[str, object] = {"error_weeks": len(weekly), "error_since": pd.NaT} | _NO_ERRORS
    if len(weekly) < LEAST_WEEKS:
        return row
    breaks = range(FIRST_WEEKS, len(weekly) - LAST_WEEKS + 1)
    tests = [mannwhitneyu(weekly.iloc[at:], weekly.iloc[:at], alternative="greater") for at in breaks]
    best = int(np.argmin([test.pvalue for test in tests]))
    at = breaks[best]
    before, now = float(weekly.iloc[:at].mean()), float(weekly.iloc[at:].mean())
    odds = float(tests[best].statistic) / (at * (len(weekly) - at))
    p = min(1.0, float(tests[best].pvalue) * len(tests))
    values = before, now, now / before - 1 if before > 0 else _NAN, odds, p
    return row | {"error_since": weekly.index[at]} | dict(zip(_NO_ERRORS, values, strict=True))


def errors_of_reports(compared: pd.DataFrame, device_id: str) -> pd.Series:
    """Return the mean absolute error of each earlier report [kWh in the hour] by its first hour, the oldest first.

    A report of which less than half a week was measured says nothing.
    """
    if compared.empty:
        return _nothing()
    rows = compared[compared["device_id"] == device_id]
    reports = (rows["observed"] - rows["energy_kwh"]).abs().groupby(rows["origin"]).agg(["mean", "size"])
    return reports.loc[reports["size"] >= WEEK // 2, "mean"].sort_index().iloc[-WEEKS:]


def errors_of_model(series: Series, model: str, origin: pd.Timestamp) -> pd.Series:
    """Return the mean absolute error of past weeks [kWh in the hour] by their first hour, the oldest first.

    They are those that the model kept when it learnt; a model that keeps none forecasts these weeks again.
    """
    if series.days_known(origin) < WEEK / 24:
        return _nothing()
    fitted = fit(series, model, origin, WEEK)
    if hasattr(fitted, "past_residuals"):
        residuals, back = fitted.past_residuals()
        known = np.isfinite(residuals)
        mean = np.where(known, np.abs(residuals), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        first = origin - pd.to_timedelta(7 * back[:WEEKS], unit="D")
        return pd.Series(mean[:WEEKS], index=first, dtype=float).sort_index()
    past = past_forecasts(series, WEEKS, WEEK, [model])
    if past.empty:
        return _nothing()
    error = (past["observed"] - past["energy_kwh"]).abs().astype(float)
    return error.groupby(past["origin"]).mean().sort_index()


def _nothing() -> pd.Series:
    return pd.Series(dtype=float, index=pd.DatetimeIndex([], tz="UTC"))
