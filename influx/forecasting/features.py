"""The feature table: what was known of an hour before it began, and what stands in for what was not.

Each row belongs to an hour and to an *origin*, the moment from which the hour is looked at. Only what was known before
the origin enters, and what is known ahead of any hour (calendar, tariff, the device's plate, a weather forecast). With
one origin an hour the lags are measured; with one origin a week they run out after the first hours, and the usual
value, the mean of the same weekday and hour over the last four weeks before the origin, stands in. Training and
forecasting call the same function, so a model meets in training exactly what it will meet in the coming week.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.local_time import is_day_off, local
from influx.core.schema import STATIC_COLUMNS
from influx.forecasting.device_series import Covariates, Extra, Home, series_of
from influx.forecasting.models.regression import TRAINING_WEEKS

USUAL_WEEKS = 4
"""Weeks whose same hour makes the usual value."""

ROLLING_HOURS = 24

_ENERGY = "the usual energy of that hour, from before the origin"
_USUAL = "its usual value at that weekday and hour, from before the origin"
KNOWN_AHEAD: dict[str, str | None] = {
    "lag_1h": _ENERGY,
    "lag_2h": _ENERGY,
    "lag_4h": _ENERGY,
    "rolling_mean_24h": _ENERGY,
    "rolling_std_24h": _ENERGY,
    "is_peak_hour": None,
    "is_weekend": None,
    "hour_sin": None,
    "hour_cos": None,
    "day_sin": None,
    "day_cos": None,
    **dict.fromkeys(STATIC_COLUMNS),
    "duration_minutes": _USUAL,
    "tariff_rate": None,
    "is_peak_tariff": None,
    "indoor_temp_celsius": _USUAL,
    "outdoor_temp_celsius": _USUAL,
    "humidity_percent": _USUAL,
    "occupancy_count": _USUAL,
    "motion_detected": _USUAL,
}
"""The 24 features; for each None where it is known ahead of the hour, else what stands in for it."""

LAGS = {"lag_1h": 1, "lag_2h": 2, "lag_4h": 4}
_UNKNOWN_AHEAD = (
    "indoor_temp_celsius",
    "outdoor_temp_celsius",
    "humidity_percent",
    "occupancy_count",
    "motion_detected",
)


def features(
    home_or_readings: Home | pd.DataFrame,
    horizon: int = WEEK,
    extra: Extra | None = None,
    **context: Any,
) -> pd.DataFrame:
    """Return the table from which models on features learn.

    Parameters
    ----------
    home_or_readings : Home or DataFrame
        As `influx.backtest` takes it.
    horizon : int
        Hours after each origin; origins lie a horizon apart, and the last horizon ends where the history does.
    extra : mapping of str to callable, optional
        Features of your own: each is a function of the local hours (DatetimeIndex) that returns a number for each.
    **context
        `timezone`, `country` and `weather` of a readings frame, as in `influx.backtest`.

    Returns
    -------
    DataFrame
        A row for each device, origin and hour: `home_id`, `device_id`, `origin`, `timestamp` (UTC), the features that
        the data can make, and `energy_kwh`, the target [kWh], NaN where unknown. `attrs["known_ahead"]` names the
        features that are known ahead of any hour; the others are measured before the origin, and usual values after it.

    Raises
    ------
    InputError
        The readings break a rule of their frame, or an own feature returns no number for each hour.

    Examples
    --------
    >>> import influx, numpy as np, pandas as pd
    >>> hours = pd.date_range("2024-01-01", periods=21 * 24, freq="h", tz="UTC")
    >>> readings = pd.DataFrame({"device_id": "tv", "timestamp": hours, "energy_kwh": np.tile(np.arange(24.0), 21)})
    >>> table = influx.features(readings, extra={"evening": lambda hours: hours.hour.isin([18, 19, 20])})
    >>> table.groupby("device_id")["evening"].sum().to_dict()
    {'household': 42.0, 'tv': 42.0}
    """
    if horizon < 1:
        raise InputError(f"horizon: {horizon} hours; ask for at least 1.")
    tables = []
    for series, origin in series_of(home_or_readings, extra=extra, **context):
        history = series.ordinary(origin)
        table = feature_table(history, series.covariates, every_week(history, origin, horizon), horizon)
        table.insert(0, "device_id", series.device_id)
        table.insert(0, "home_id", series.home_id)
        tables.append(table)
        weather = series.covariates.weather is not None
    out = pd.concat(tables, ignore_index=True)
    stand_ins = KNOWN_AHEAD | ({"outdoor_temp_celsius": None} if weather else {})
    out.attrs["known_ahead"] = [name for name in [*names(out), *(extra or {})] if stand_ins.get(name) is None]
    return out


def every_hour(energy: pd.Series) -> pd.DatetimeIndex:
    """Return an origin an hour: the table then looks one hour ahead."""
    return pd.DatetimeIndex(energy.index)


def every_week(
    energy: pd.Series, end: pd.Timestamp, horizon: int = WEEK, weeks: int = TRAINING_WEEKS
) -> pd.DatetimeIndex:
    """Return the origins of blocks of `horizon` hours, one after the other.

    They end at `end`, fill the last `weeks` weeks before it, and begin when a week of history is there.
    """
    first = energy.index[0] + pd.Timedelta(hours=WEEK)
    origins = [end - pd.Timedelta(hours=horizon * block) for block in range(weeks * WEEK // horizon, 0, -1)]
    return pd.DatetimeIndex([origin for origin in origins if origin >= first])


def feature_table(
    energy: pd.Series, covariates: Covariates, origins: pd.DatetimeIndex, horizon: int = WEEK
) -> pd.DataFrame:
    """Build the features of the `horizon` hours after each origin.

    Parameters
    ----------
    energy : Series of float, index complete UTC hours
        The device's energy [kWh], NaN where unknown.
    covariates : Covariates
        Calendar, tariff, weather and what else was recorded.
    origins : DatetimeIndex, shape (k,)
        Looked at from here; each must lie after the first hour of `energy`.
    horizon : int
        Hours after each origin.

    Returns
    -------
    DataFrame, k * horizon rows
        `origin`, `timestamp`, the features that the data can make, and `energy_kwh`, the target, NaN where not known.
    """
    start = energy.index[0]
    origins = pd.DatetimeIndex(origins, tz="UTC")  # also of none at all
    position = ((origins - start) / pd.Timedelta(hours=1)).to_numpy().round().astype(int)
    size = max(len(energy), int(position.max(initial=0)) + horizon)
    stamps = pd.date_range(start, periods=size, freq="h")
    kwh = np.full(size, np.nan)
    kwh[: len(energy)] = energy.to_numpy()
    rows = position[:, None] + np.arange(horizon)
    columns = {**_energy_features(kwh, position, horizon), **_known_ahead(stamps[rows.ravel()], covariates)}
    for name, recorded in _recorded(stamps, covariates).items():
        usual = usual_value(recorded, horizon)[rows].ravel()
        columns[name] = np.where(np.isnan(columns[name]), usual, columns[name]) if name in columns else usual
    table = pd.DataFrame({name: columns[name] for name in KNOWN_AHEAD if name in columns})
    table = table.assign(**_extra_features(stamps[rows.ravel()], covariates))
    table.insert(0, "timestamp", stamps[rows.ravel()])
    table.insert(0, "origin", np.repeat(origins, horizon))
    table["energy_kwh"] = kwh[rows].ravel()
    return table


def _extra_features(stamps: pd.DatetimeIndex, covariates: Covariates) -> dict[str, np.ndarray]:
    """Return the analyst's own features of hours.

    Raises
    ------
    InputError
        A function does not return a number for each hour, or has the name of another column.
    """
    hours, columns = local(stamps, covariates.timezone), {}
    for name, function in covariates.extra.items():
        if name in KNOWN_AHEAD or name in ("origin", "timestamp", "energy_kwh"):
            raise InputError(f"extra: there is a column {name!r} already; choose another name.")
        values = np.asarray(function(hours))
        if values.shape != (len(hours),):
            raise InputError(
                f"extra: {name!r} has the shape {values.shape} for {len(hours)} hours; return one value an hour."
            )
        if values.dtype.kind not in "biuf":
            raise InputError(f"extra: {name!r} returned {values.dtype} values; return numbers or True and False.")
        columns[name] = values.astype(float)
    return columns


def names(table: pd.DataFrame) -> list[str]:
    """Return the features in a table, in their fixed order."""
    return [name for name in KNOWN_AHEAD if name in table]


def usual_value(recorded: np.ndarray, horizon: int = WEEK) -> np.ndarray:
    """Return what is usual at each hour: the mean of the same hour in the four last weeks that end before the origin.

    Where none of the four was recorded, the mean of everything up to then stands in; before any record, NaN.

    Parameters
    ----------
    recorded : ndarray, shape (n,)
        One value an hour, NaN where unknown.
    horizon : int
        The farthest an hour may lie from its origin; weeks so near that they could lie after it are left out.
    """
    first = -(-horizon // WEEK)
    weeks = np.full((USUAL_WEEKS, len(recorded)), np.nan)
    for row in range(USUAL_WEEKS):
        back = WEEK * (first + row)
        weeks[row, back:] = recorded[: max(len(recorded) - back, 0)]
    known = np.isfinite(weeks)
    count = known.sum(axis=0)
    mean = np.where(known, weeks, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.where(count > 0, mean, _mean_so_far(recorded, WEEK * first))


def _mean_so_far(recorded: np.ndarray, back: int) -> np.ndarray:
    """Return the mean of all that was recorded at least `back` hours earlier."""
    known = np.isfinite(recorded)
    count = np.cumsum(known)
    mean = np.where(count > 0, np.cumsum(np.where(known, recorded, 0.0)) / np.maximum(count, 1), np.nan)
    out = np.full(len(recorded), np.nan)
    out[back:] = mean[: max(len(recorded) - back, 0)]
    return out


def _energy_features(kwh: np.ndarray, position: np.ndarray, horizon: int) -> dict[str, np.ndarray]:
    """Return lags and rolling statistics of the energy, measured before each origin and usual after it."""
    usual = usual_value(kwh, horizon)
    rows = position[:, None] + np.arange(-ROLLING_HOURS, horizon)
    inside = np.clip(rows, 0, len(kwh) - 1)
    measured = (rows >= 0) & (rows < position[:, None]) & np.isfinite(kwh[inside])
    seen = np.where(measured, kwh[inside], np.where(rows >= 0, usual[inside], np.nan))
    windows = np.lib.stride_tricks.sliding_window_view(seen[:, :-1], ROLLING_HOURS, axis=1)
    lags = {name: seen[:, ROLLING_HOURS - lag : seen.shape[1] - lag].ravel() for name, lag in LAGS.items()}
    return {
        **lags,
        "rolling_mean_24h": windows.mean(axis=-1).ravel(),
        "rolling_std_24h": windows.std(axis=-1).ravel(),
    }


def _known_ahead(stamps: pd.DatetimeIndex, covariates: Covariates) -> dict[str, np.ndarray]:
    """Return what is known of any hour, however far ahead: calendar, tariff, plate and weather."""
    wall = local(stamps, covariates.timezone)
    hour, day = 2 * np.pi * wall.hour.to_numpy() / 24, 2 * np.pi * wall.day_of_week.to_numpy() / 7
    columns = {
        "is_weekend": is_day_off(stamps, covariates.timezone, covariates.country).astype(float),
        "hour_sin": np.sin(hour),
        "hour_cos": np.cos(hour),
        "day_sin": np.sin(day),
        "day_cos": np.cos(day),
    }
    if covariates.rates is not None:
        price, peak = covariates.rates.at(stamps)
        columns |= {"is_peak_hour": peak.astype(float), "tariff_rate": price, "is_peak_tariff": peak.astype(float)}
    columns |= {
        name: np.full(len(stamps), float(value)) for name, value in covariates.nameplate.items() if np.isfinite(value)
    }
    if covariates.weather is not None:
        known = covariates.weather.set_index("timestamp")["outdoor_temp_celsius"]
        columns["outdoor_temp_celsius"] = known.reindex(stamps).to_numpy(dtype=float)
    return columns


def _recorded(stamps: pd.DatetimeIndex, covariates: Covariates) -> dict[str, np.ndarray]:
    """Return what was recorded and nobody knows ahead, one value an hour of `stamps`."""
    columns: dict[str, np.ndarray] = {}
    if covariates.minutes is not None:
        columns["duration_minutes"] = covariates.minutes.reindex(stamps).to_numpy(dtype=float)
    sources = [frame.set_index("timestamp") for frame in (covariates.weather, covariates.context) if frame is not None]
    for name in _UNKNOWN_AHEAD:
        for source in sources:
            if name in source and name not in columns:
                columns[name] = source[name].reindex(stamps).to_numpy(dtype=float)
    return columns


def relation(near: pd.DataFrame, far: pd.DataFrame, weather_forecast: bool = False) -> pd.DataFrame:
    """Tell for each of the 24 features how it is known and how it goes with the energy of the hour.

    Parameters
    ----------
    near, far : DataFrame
        Feature tables of one device with an origin an hour and with an origin a week.
    weather_forecast : bool
        Whether a forecast of the outdoor temperature was there, so that it is known ahead.

    Returns
    -------
    DataFrame, 24 rows
        `feature`, `known_ahead`, `stand_in`, `one_hour_ahead` and `one_week_ahead` (Spearman's rank correlation with
        the energy, NaN where a column does not vary) and `in_data`.
    """
    rows = []
    for name, stand_in in KNOWN_AHEAD.items():
        known = stand_in is None or (weather_forecast and name == "outdoor_temp_celsius")
        rows.append(
            {
                "feature": name,
                "in_data": name in near,
                "known_ahead": known,
                "stand_in": "not needed" if known else stand_in,
                "one_hour_ahead": _rank_correlation(near, name),
                "one_week_ahead": _rank_correlation(far, name),
            }
        )
    return pd.DataFrame(rows)


def _rank_correlation(table: pd.DataFrame, name: str) -> float:
    if name not in table:
        return float("nan")
    pair = table[[name, "energy_kwh"]].dropna()
    if len(pair) < 24 or pair[name].nunique() < 2 or pair["energy_kwh"].nunique() < 2:
        return float("nan")
    # As scipy.stats.spearmanr, without its p-value, which takes the longer part of the time.
    ranks = np.column_stack([rankdata(pair[name]), rankdata(pair["energy_kwh"])])
    return float(np.corrcoef(ranks, rowvar=False)[1, 0])
