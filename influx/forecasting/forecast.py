"""The coming hours: each device by its chosen model, and the household, to which they add up.

The household is forecast as a device of its own, because its band is narrower than the sum of its devices' bands:
devices do not all err the same way at once. Its expected value is then set to the sum of theirs, hour by hour, and its
quantiles go half of the way, as a ratio, so nothing crosses and nothing is negative: the household's own forecast knows
as much of the level as the sum does, and a band moved in full covered less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.fingerprint import fingerprint
from influx.core.parallel import run_all, run_apart
from influx.core.schema import FORECAST, HOUSEHOLD, check
from influx.forecasting.device_series import Extra, Home, Series, active_series, recent, series_of
from influx.forecasting.evaluation.backtest import check_range, fit, predict, scores_of
from influx.forecasting.evaluation.model_selection import FOLDS, Selection, select
from influx.forecasting.models import CLIMATOLOGY, MODELS, SIMILAR_DAYS, named_models
from influx.forecasting.models.conformal import LEVELS, column
from influx.forecasting.models.ensemble_members import LARGEST_RATIO

TESTED_DAYS = 14.0
"""Known days from which similar days are used where no model is selected; before, climatology is."""


def forecast(
    home_or_readings: Home | pd.DataFrame,
    models: Selection | Mapping[str, Any] | Sequence[str] | None = None,
    horizon: int = WEEK,
    quantiles: Sequence[float] = LEVELS,
    *,
    timezone: str | None = None,
    country: str | None = None,
    weather: pd.DataFrame | None = None,
    extra: Extra | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Forecast every device of every home, and each household.

    Parameters
    ----------
    home_or_readings : Home or DataFrame
        As in `influx.backtest`. The forecast begins with the hour after a home's last one.
    models : Selection, mapping of str to estimator, or sequence of str, optional
        What `influx.select` returned: the model of each device. Or candidates, as in `influx.backtest`, of which one is
        selected for each device by its last four weeks; climatology always takes part. None selects nothing: similar
        days, which weigh their members by past weeks and were better than climatology on every set of homes that was
        measured, or climatology before two weeks are known.
    horizon : int
        Hours ahead.
    quantiles : sequence of float
        Probabilities between 0 and 1; each becomes a column, 0.1 is `p10` and 0.025 is `p2.5`.
    timezone, country, weather, extra, progress
        As in `influx.backtest`; the weather also of the coming hours.

    Returns
    -------
    DataFrame
        The `forecast` frame: `horizon` rows a device and for the device `household`. A device without a known hour in
        the last four weeks is left out.

    Raises
    ------
    InputError
        The readings break a rule of their frame, or a parameter is out of range.

    Examples
    --------
    >>> import influx, numpy as np, pandas as pd
    >>> hours = pd.date_range("2024-01-01", periods=21 * 24, freq="h", tz="UTC")
    >>> readings = pd.DataFrame({"device_id": "tv", "timestamp": hours, "energy_kwh": np.tile(np.arange(24.0), 21)})
    >>> coming = influx.forecast(readings, horizon=24)
    >>> coming.groupby("device_id")["p50"].max().round(1).to_dict()
    {'household': 23.0, 'tv': 23.0}
    """
    levels = _levels(quantiles)
    check_range(horizon=horizon)
    if not isinstance(models, Selection | None):
        models = {CLIMATOLOGY: MODELS[CLIMATOLOGY](), **named_models(models)}
    jobs = series_of(home_or_readings, timezone, country, weather, extra)
    work = partial(_forecast_of_device, horizon=horizon, levels=levels, models=models)
    return reconciled(run_apart(work, jobs, progress))


def _forecast_of_device(
    job: tuple[Series, pd.Timestamp],
    horizon: int,
    levels: np.ndarray,
    models: Selection | dict[str, Any] | None,
) -> pd.DataFrame:
    """Select a device's model, let it learn, and forecast; all of a device at once, as its past is then remembered."""
    series, origin = job
    name, model = _selected_model(series, origin, models, horizon)
    return _labelled(predict(fit(series, model, origin, horizon), series, origin, horizon, levels), series, name)


def _selected_model(
    series: Series, origin: pd.Timestamp, models: Selection | dict[str, Any] | None, horizon: int
) -> tuple[str, Any]:
    if models is None:
        name = SIMILAR_DAYS if series.days_known(origin) >= TESTED_DAYS else CLIMATOLOGY
        return name, MODELS[name]()
    if not isinstance(models, Selection):
        models = select(scores_of([(series, origin)], models, FOLDS, horizon))
    row = models[(models["home_id"] == series.home_id) & (models["device_id"] == series.device_id)]
    if row.empty:
        raise InputError(f"models: no model was selected for {series.device_id} of {series.home_id}.")
    name = str(row["model"].iloc[0])
    return name, models.models[name] if name in models.models else MODELS[name]()


def fitted_models(home: Home, selection: pd.DataFrame, horizon: int) -> dict[tuple[str, str], Any]:
    """Return the `model` that a selection, or a `forecast` frame, names for each device, fitted to all that is known.

    A device without one, or with a model that is neither the selection's own nor in `influx.models.MODELS`, is left
    out.
    """
    keys = ["home_id", "device_id"]
    named = pd.DataFrame(selection)[[*keys, "model"]].astype("str").drop_duplicates()
    named = named.sort_values(keys, ignore_index=True)
    models = getattr(selection, "models", None) or {}
    key = fingerprint("models", home, named, horizon, repr(models))
    if key not in recent:
        recent[key] = fit_named(active_series(home), named, home.origin, horizon, models)
    return recent[key]


def fit_named(
    devices: list[Series],
    named: pd.DataFrame,
    origin: pd.Timestamp,
    horizon: int,
    models: Mapping[str, Any] = MappingProxyType({}),
) -> dict[tuple[str, str], Any]:
    """Let each device's `model`, of `models` or else of `MODELS`, learn from all that was known at `origin`."""
    names = named.set_index(["home_id", "device_id"])["model"].to_dict()
    known = {name: make() for name, make in MODELS.items()} | dict(models)
    jobs = {(series.home_id, series.device_id): series for series in devices}
    jobs = {key: series for key, series in jobs.items() if names.get(key) in known}
    fitted = run_all(lambda key: fit(jobs[key], known[names[key]], origin, horizon), list(jobs))
    return dict(zip(jobs, fitted, strict=True))


def predict_all(
    devices: list[Series],
    models: Mapping[tuple[str, str], Any],
    selection: pd.DataFrame,
    origin: pd.Timestamp,
    horizon: int,
    levels: np.ndarray,
) -> pd.DataFrame:
    """Forecast each device with its fitted model and reconcile the household; the `forecast` frame."""
    names = selection.set_index(["home_id", "device_id"])["model"]

    def of_device(series: Series) -> pd.DataFrame:
        key = (series.home_id, series.device_id)
        return _labelled(predict(models[key], series, origin, horizon, levels), series, names[key])

    return reconciled(run_all(of_device, devices))


def _labelled(forecast: pd.DataFrame, series: Series, model: str) -> pd.DataFrame:
    keys = {"home_id": series.home_id, "device_id": series.device_id}
    return forecast.assign(**keys, model=model)[[*keys, *forecast.columns, "model"]]


def reconciled(forecasts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the forecasts of devices and households as one `forecast` frame that adds up."""
    return check(reconcile(pd.concat(forecasts, ignore_index=True)), FORECAST)


def reconcile(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Set each household's expected value to the sum of its devices', and move its quantiles half of the way there.

    They are multiplied by the root of the sum over the household's own expected value, from a third to three times, so
    the order of the quantiles stays, zero stays zero and none is negative.
    """
    out = forecasts.copy()
    whole = out["device_id"] == HOUSEHOLD
    total = out[~whole].groupby(["home_id", "timestamp"])["energy_kwh"].sum()
    added = total.reindex(pd.MultiIndex.from_frame(out.loc[whole, ["home_id", "timestamp"]])).to_numpy()
    direct = out.loc[whole, "energy_kwh"].to_numpy()
    added = np.where(np.isfinite(added), added, direct)
    ratio = np.divide(added, direct, out=np.ones(len(direct)), where=direct > 0)
    quantiles = [name for name in out if re.fullmatch(r"p\d+(\.\d+)?", name)]
    out.loc[whole, quantiles] *= np.clip(np.sqrt(ratio), 1 / LARGEST_RATIO, LARGEST_RATIO)[:, None]
    out.loc[whole, "energy_kwh"] = added
    return out


def _levels(quantiles: Sequence[float]) -> np.ndarray:
    levels = np.asarray(sorted(quantiles), dtype=float)
    inside = (levels > 0) & (levels < 1)
    if len(levels) == 0 or not inside.all() or len({column(level) for level in levels}) < len(levels):
        raise InputError(f"quantiles: {list(quantiles)}; give different probabilities between 0 and 1, such as 0.1.")
    return levels
