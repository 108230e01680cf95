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

from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.local_time import HOUR, is_day_off, local
from influx.core.schema import STATIC_COLUMNS
from influx.forecasting.device_series import Covariates, Extra, Home, series_of
from influx.forecasting.models.regression import TRAINING_WEEKS

USUAL_WEEKS = 4
"""Weeks whose same hour makes the usual value."""

ROLLING_HOURS = 24

_ENERGY = "the usual energy of that hour, from before the origin"
_USUAL = "its usual value at that weekday and hour, from before the origin"
KNOWN_AHEAD: dict[str, str | None] = {
    **dict.fromkeys(["lag_1h", "lag_2h", "lag_4h", "rolling_mean_24h", "rolling_std_24h"], _ENERGY),
    **dict.fromkeys(["is_peak_hour", "is_weekend", "hour_sin", "hour_cos", "day_sin", "day_cos", *STATIC_COLUMNS]),
    "duration_minutes": _USUAL,
    **dict.fromkeys(["tariff_rate", "is_peak_tariff"]),
    **dict.fromkeys(["indoor_temp_celsius", "outdoor_temp_celsius", "humidity_percent"], _USUAL),
    **dict.fromkeys(["occupancy_count", "motion_detected"], _USUAL),
}
"""The features; for each None where it is known ahead of the hour, else what stands in for it."""

LAGS = {"lag_1h": 1, "lag_2h": 2, "lag_4h": 4}
"""Hours back, `ROLLING_HOURS` at most."""


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
    """Build the features of the `horizon` hours after each of k origins, k * horizon rows.

    `energy` holds complete UTC hours [kWh, NaN = unknown]; each origin must lie after the first of them. Returns
    `origin`, `timestamp`, the features that the data can make, and `energy_kwh`, the target, NaN where not known.
    """
    start = energy.index[0]
    origins = pd.DatetimeIndex(origins, tz="UTC")  # also of none at all
    position = ((origins - start) / HOUR).to_numpy().round().astype(int)
    size = max(len(energy), int(position.max(initial=0)) + horizon)
    stamps = pd.date_range(start, periods=size, freq="h")
    kwh = np.full(size, np.nan)
    kwh[: len(energy)] = energy.to_numpy()
    rows = position[:, None] + np.arange(horizon)
    hours = stamps[rows.ravel()]
    columns = {**_energy_features(kwh, position, horizon), **_known_ahead(hours, covariates)}
    for name, recorded in _recorded(stamps, covariates).items():
        usual = usual_value(recorded, horizon)[rows].ravel()
        columns[name] = np.where(np.isnan(columns[name]), usual, columns[name]) if name in columns else usual
    known = {name: columns[name] for name in KNOWN_AHEAD if name in columns}
    keys = {"origin": np.repeat(origins, horizon), "timestamp": hours}
    return pd.DataFrame(keys | known | _extra_features(hours, covariates) | {"energy_kwh": kwh[rows].ravel()})


def _extra_features(stamps: pd.DatetimeIndex, covariates: Covariates) -> dict[str, np.ndarray]:
    """Return the analyst's own features of hours; an `InputError` says which one is no number for each hour."""
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

    Where none of the four was recorded, the mean of everything up to then stands in; before any record, NaN. Both of
    shape (n,). The origin of an hour is taken to lie a horizon before it: weeks so near that they could lie after it
    are left out.
    """
    first = WEEK * -(-horizon // WEEK)
    hours = pd.Series(recorded)
    weeks = pd.concat([hours.shift(first + WEEK * week) for week in range(USUAL_WEEKS)], axis=1)
    so_far = hours.expanding().mean().shift(first)
    return weeks.mean(axis=1).fillna(so_far).to_numpy()


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
    """Return what is known of any hour, however far ahead: calendar, tariff, nameplate and weather."""
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
    known = {name: float(value) for name, value in covariates.nameplate.items() if np.isfinite(value)}
    columns |= {name: np.full(len(stamps), value) for name, value in known.items()}
    if covariates.weather is not None:
        celsius = covariates.weather.set_index("timestamp")["outdoor_temp_celsius"]
        columns["outdoor_temp_celsius"] = celsius.reindex(stamps).to_numpy(dtype=float)
    return columns


def _recorded(stamps: pd.DatetimeIndex, covariates: Covariates) -> dict[str, np.ndarray]:
    """Return what was recorded and is not known ahead, one value an hour of `stamps`."""
    frames = [] if covariates.minutes is None else [covariates.minutes.to_frame("duration_minutes")]
    frames += [frame.set_index("timestamp") for frame in (covariates.weather, covariates.context) if frame is not None]
    recorded = {}
    for name in (name for name, stand_in in KNOWN_AHEAD.items() if stand_in == _USUAL):
        source = next((frame[name] for frame in frames if name in frame), None)
        if source is not None:
            recorded[name] = source.reindex(stamps).to_numpy(dtype=float)
    return recorded


def relation(near: pd.DataFrame, far: pd.DataFrame, weather_forecast: bool = False) -> pd.DataFrame:
    """Tell for each feature how it is known and how it goes with the energy of the hour.

    `near` and `far` are feature tables of one device with an origin an hour and with an origin a week.

    Returns
    -------
    DataFrame, a row for each of `KNOWN_AHEAD`
        `feature`, `in_data`, `known_ahead`, `stand_in`, `one_hour_ahead` and `one_week_ahead` (Spearman's rank
        correlation with the energy, NaN where a column does not vary).
    """
    rows = []
    for name, stand_in in KNOWN_AHEAD.items():
        known = stand_in is None or (weather_forecast and name == "outdoor_temp_celsius")
        correlations = _rank_correlation(near, name), _rank_correlation(far, name)
        rows.append((name, name in near, known, "not needed" if known else stand_in, *correlations))
    columns = ["feature", "in_data", "known_ahead", "stand_in", "one_hour_ahead", "one_week_ahead"]
    return pd.DataFrame(rows, columns=columns)


def _rank_correlation(table: pd.DataFrame, name: str) -> float:
    if name not in table:
        return float("nan")
    pair = table[[name, "energy_kwh"]].dropna()
    if len(pair) < 24 or (pair.nunique() < 2).any():
        return float("nan")
    # As scipy.stats.spearmanr, without its p-value, which takes the longer part of the time.
    return float(np.corrcoef(pair.rank().to_numpy(), rowvar=False)[1, 0])
