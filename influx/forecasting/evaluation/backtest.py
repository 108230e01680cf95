"""Rolling-origin evaluation: forecast past weeks from what was known then, and compare with what happened.

Each fold stands at an origin in the past, lets every candidate learn from the hours before it alone, and forecasts the
horizon after it (Tashman 2000). Errors are told in kWh, and scaled by the error of repeating the same hour one week
before (Hyndman and Koehler 2006), so that devices compare; the pinball loss judges expected value and band at once.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Sequence
from itertools import islice, product

import numpy as np
import pandas as pd

from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.parallel import run_all
from influx.core.schema import METRICS, as_readings, check
from influx.forecasting import absences
from influx.forecasting.device_series import Series, all_series, surroundings, with_household
from influx.forecasting.features import every_week, feature_table
from influx.forecasting.models import conformal
from influx.forecasting.models.registry import CANDIDATES, Candidate

LEVELS = np.array(conformal.LEVELS)
KEYS = ["home_id", "device_id", "model"]
_COLUMNS = [*KEYS, "origin", "timestamp", "energy_kwh", "p10", "p50", "p90", "observed", "naive_error"]
FIRST_FOLD_DAYS = 7
"""Days of history before the first origin at which a fold is worth making."""


def backtest(
    readings: pd.DataFrame,
    folds: int = 4,
    horizon: int = WEEK,
    timezone: str = "UTC",
    country: str | None = None,
    weather: pd.DataFrame | None = None,
    models: Sequence[str] = tuple(CANDIDATES),
) -> pd.DataFrame:
    """Measure every candidate on the last weeks of each device.

    Parameters
    ----------
    readings : DataFrame
        `device_id`, `timestamp`, `energy_kwh` [kWh, NaN = unknown]; `home_id` and `quality` optional.
    folds : int
        Number of past origins, `horizon` hours apart; the last one lies `horizon` hours before the end.
    horizon : int
        Hours ahead.
    timezone, country : str
        For local hours and public holidays.
    weather : DataFrame, optional
        `timestamp` (UTC hours) and `outdoor_temp_celsius` [C].
    models : sequence of str
        Names in `influx.forecasting.models.registry.CANDIDATES`.

    Returns
    -------
    DataFrame
        The `metrics` frame: a row for each device, the household included, and each model that had enough history.

    Raises
    ------
    InputError
        The readings break a rule of their frame, or a parameter is out of range.
    """
    check_asked(horizon, models, folds)
    around = surroundings(timezone, country, weather)
    every = all_series(with_household(as_readings(readings)), around)
    return metrics(join(past_forecasts_of_all(every, folds, horizon, models)))


def check_asked(horizon: int, models: Sequence[str], folds: int = 1) -> None:
    """Refuse a horizon, a number of folds or a model that cannot be.

    Raises
    ------
    InputError
        Names the parameter and what it may be.
    """
    for name, value, unit in (("horizon", horizon, "hours"), ("folds", folds, "past forecasts")):
        if value < 1:
            raise InputError(f"{name}: {value} {unit}; ask for at least 1.")
    unknown = [name for name in models if name not in CANDIDATES]
    if unknown or not models:
        raise InputError(f"models: there is no {', '.join(unknown) or 'name'}; choose among {', '.join(CANDIDATES)}.")


def origins_of(end: pd.Timestamp, folds: int, horizon: int) -> list[pd.Timestamp]:
    """Return `folds` past origins in order of time, `horizon` hours apart, the last one a horizon before `end`."""
    return [end - pd.Timedelta(hours=horizon * back) for back in range(folds, 0, -1)]


def past_forecasts(series: Series, folds: int, horizon: int, models: Sequence[str]) -> pd.DataFrame:
    """Forecast the last `folds` horizons of one device from what was known before each.

    Returns
    -------
    DataFrame
        `home_id`, `device_id`, `model`, `origin`, `timestamp`, `observed` [kWh], `energy_kwh`, `p10`, `p50`, `p90`, and
        `naive_error`, the mean absolute weekly change before the origin [kWh]. Only hours that were measured.
    """
    return join(_folds(series, _origins(series, folds, horizon), models, horizon).values())


def past_forecasts_of_all(every: list[Series], folds: int, horizon: int, models: Sequence[str]) -> list[pd.DataFrame]:
    """Return `past_forecasts` of each device, computed side by side.

    A model on features takes most of the time and shares nothing between folds, so each of its folds is work of its
    own: no thread is left with a whole device at the end. The others look up what they said of the same weeks before.
    """
    alone = [name for name in models if CANDIDATES[name]("UTC", None).uses_features]
    others = [name for name in models if name not in alone]
    places = [(one, _origins(one, folds, horizon)) for one in every]
    work = [
        job
        for one, origins in places
        for job in (*((one, [origin], alone) for origin in origins), (one, origins, others))
    ]
    made = iter(run_all(lambda job: _folds(*job, horizon), work))
    found = []
    for _, origins in places:
        of_device = dict(ChainMap(*islice(made, folds + 1)))
        found.append(join(of_device[key] for key in product(origins, models) if key in of_device))
    return found


def join(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return past forecasts as one frame; a part without rows has no types and takes no part."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=_COLUMNS)


def can_learn(series: Series, model: str, origin: pd.Timestamp, horizon: int) -> bool:
    """Tell whether enough is known of a device before `origin` for a fold of this model."""
    candidate = CANDIDATES[model]("UTC", None)
    needs: float = max(FIRST_FOLD_DAYS, candidate.needs_days)
    if candidate.uses_features:  # whole blocks are learnt, and a long one may leave so much out
        needs += max(horizon - WEEK, 0) / 24
    return series.days_known(origin, candidate.within_days) >= needs


def fit(series: Series, model: str, origin: pd.Timestamp, horizon: int) -> Candidate:
    """Let a candidate learn from all that was known of a device's ordinary days before `origin`."""
    history = series.ordinary(origin)
    candidate = CANDIDATES[model](series.around.timezone, series.around.country, *series.around.learner)
    if not candidate.uses_features:
        return candidate.fit(weather_of(series, pd.DatetimeIndex(history.index)), history.to_numpy())
    table = feature_table(history, series.around, every_week(history, origin, horizon), horizon).set_index("timestamp")
    return candidate.fit(table, table["energy_kwh"].to_numpy())


def predict(
    candidate: Candidate, series: Series, origin: pd.Timestamp, horizon: int, levels: np.ndarray = LEVELS
) -> pd.DataFrame:
    """Forecast the hours after `origin`: `timestamp`, `energy_kwh` and a column a quantile.

    Days that the household has named as a coming absence are forecast from days away, whatever the candidate.
    """
    history = series.ordinary(origin)
    if candidate.uses_features:
        inputs = feature_table(history, series.around, pd.DatetimeIndex([origin]), horizon).set_index("timestamp")
    else:
        inputs = weather_of(series, pd.date_range(origin, periods=horizon, freq="h", name="timestamp"))
    quantiles = candidate.predict_quantiles(inputs, levels)
    out = pd.DataFrame({"timestamp": inputs.index, "energy_kwh": candidate.predict(inputs)})
    out = out.assign(**{conformal.column(level): quantiles[:, number] for number, level in enumerate(levels)})
    stamps = pd.DatetimeIndex(inputs.index)
    away = series.absences.coming(stamps)
    if away.any():
        sample, _ = series.absences.sample(series.before(origin), origin)
        out.loc[away, out.columns[1:]] = absences.forecast(
            sample, stamps[away], series.around.timezone, levels
        ).to_numpy()
    return out


def weather_of(series: Series, stamps: pd.DatetimeIndex) -> pd.DataFrame:
    """Return what models without the feature table may look at: `outdoor_temp_celsius`, where there is weather.

    Of past hours it is what was recorded, also of those after a past origin, so past forecasts had a perfect weather
    forecast; the coming hours have the forecast that was given.
    """
    weather = series.around.weather
    if weather is None:
        return pd.DataFrame(index=stamps)
    known = weather.set_index("timestamp")["outdoor_temp_celsius"].reindex(stamps)
    return pd.DataFrame({"outdoor_temp_celsius": known.to_numpy(dtype=float)}, index=stamps)


def _origins(series: Series, folds: int, horizon: int) -> list[pd.Timestamp]:
    return origins_of(series.energy.last_valid_index() + pd.Timedelta(hours=1), folds, horizon)


def _folds(
    series: Series, origins: Iterable[pd.Timestamp], models: Sequence[str], horizon: int
) -> dict[tuple[pd.Timestamp, str], pd.DataFrame]:
    """Return the past forecasts of the models that can learn, by origin and model."""
    return {
        (origin, name): _fold(series, name, origin, horizon)
        for origin, name in product(origins, models)
        if can_learn(series, name, origin, horizon)
    }


def _fold(series: Series, model: str, origin: pd.Timestamp, horizon: int) -> pd.DataFrame:
    observed = series.energy.reindex(pd.date_range(origin, periods=horizon, freq="h"))
    if not observed.notna().any():
        return pd.DataFrame()
    history = series.before(origin)
    out = predict(fit(series, model, origin, horizon), series, origin, horizon)
    out.insert(0, "origin", origin)
    for name, value in (("model", model), ("device_id", series.device_id), ("home_id", series.home_id)):
        out.insert(0, name, value)
    out["observed"] = observed.to_numpy()
    out["naive_error"] = float((history - history.shift(WEEK)).abs().mean())
    return out[np.isfinite(out["observed"])]


def pinball(observed: np.ndarray, quantiles: np.ndarray, levels: np.ndarray = LEVELS) -> np.ndarray:
    """Return the mean pinball loss over the levels, shape (n,) [kWh] (Koenker and Bassett 1978).

    Parameters
    ----------
    observed : ndarray, shape (n,)
    quantiles : ndarray, shape (n, q)
    levels : ndarray, shape (q,)
    """
    miss = np.asarray(observed)[:, None] - quantiles
    return np.asarray(np.maximum(levels * miss, (levels - 1) * miss).mean(axis=1))


def metrics(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Sum up past forecasts to a row for each device and model.

    Parameters
    ----------
    forecasts : DataFrame
        As `past_forecasts` returns them, of any number of devices.

    Returns
    -------
    DataFrame
        `mae`, `rmse`, `bias` (expected minus observed), `pinball` (mean of p10, p50, p90) [kWh]; `mase` and
        `scaled_pinball`, divided by the naive error; `coverage_80`, the share of hours inside p10 to p90;
        `daily_wape`, the absolute errors of daily totals over the energy; `r2`; NaN where the data cannot tell
        (nothing was used at all).
    """
    if forecasts.empty:
        return check(pd.DataFrame(columns=list(METRICS.columns)), METRICS)
    rows = [dict(zip(KEYS, key, strict=True)) | _measure(part) for key, part in forecasts.groupby(KEYS, sort=False)]
    return check(pd.DataFrame(rows), METRICS)


def _measure(part: pd.DataFrame) -> dict[str, float]:
    observed, expected = part["observed"].to_numpy(), part["energy_kwh"].to_numpy()
    miss = expected - observed
    loss = pinball(observed, part[["p10", "p50", "p90"]].to_numpy())
    naive = part["naive_error"].to_numpy()
    naive = np.where(naive > 0, naive, np.nan)
    spread = float(((observed - observed.mean()) ** 2).sum())
    day = (part["timestamp"] - part["origin"]) // pd.Timedelta(days=1)
    daily = part.groupby([part["origin"], day])[["observed", "energy_kwh"]].sum()
    energy = float(daily["observed"].sum())
    inside = (observed >= part["p10"].to_numpy()) & (observed <= part["p90"].to_numpy())
    return {
        "folds": part["origin"].nunique(),
        "mae": float(np.abs(miss).mean()),
        "rmse": float(np.sqrt((miss**2).mean())),
        "bias": float(miss.mean()),
        "mase": _mean(np.abs(miss) / naive),
        "pinball": float(loss.mean()),
        "coverage_80": float(inside.mean()),
        "daily_wape": float((daily["energy_kwh"] - daily["observed"]).abs().sum() / energy) if energy > 0 else np.nan,
        "r2": 1 - float((miss**2).sum()) / spread if spread > 0 else np.nan,
        "scaled_pinball": _mean(loss / naive),
    }


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
