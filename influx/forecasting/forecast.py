"""The coming hours: each device by its chosen model, and the household, to which they add up.

The household is forecast as a device of its own, because its band is narrower than the sum of its devices' bands:
devices do not all err the same way at once. Its expected value is then set to the sum of theirs, hour by hour, and its
quantiles go half of the way, as a ratio, so nothing crosses and nothing is negative: the household's own forecast knows
as much of the level as the sum does, and a band moved in full covered less.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.fingerprint import fingerprint
from influx.core.parallel import run_all, run_apart
from influx.core.schema import FORECAST, HOUSEHOLD, as_readings, check
from influx.forecasting.device_series import Series, all_series, series_of_home, surroundings, with_household
from influx.forecasting.evaluation.backtest import check_asked, fit, past_forecasts, predict
from influx.forecasting.evaluation.model_selection import FAVOURITE, FOLDS, SIMPLEST, choose, with_anchor
from influx.forecasting.models.conformal import LEVELS, column
from influx.forecasting.models.registry import CANDIDATES, Candidate
from influx.forecasting.models.similar_days import LARGEST_RATIO

if TYPE_CHECKING:
    from influx.home.home import Home

TESTED_DAYS = 14.0
"""Known days from which similar days speak where no contest is held; before, climatology does."""

SILENT_DAYS = 28
"""Days without a known hour after which a device counts as gone and is not forecast."""


def forecast(
    readings: pd.DataFrame,
    horizon: int = WEEK,
    quantiles: Sequence[float] = LEVELS,
    timezone: str = "UTC",
    country: str | None = None,
    weather: pd.DataFrame | None = None,
    models: Sequence[str] | None = None,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Forecast every device of every home, and each household.

    Parameters
    ----------
    readings : DataFrame
        `device_id`, `timestamp`, `energy_kwh` [kWh, NaN = unknown]; `home_id` and `quality` optional. The forecast
        begins with the hour after a home's last one.
    horizon : int
        Hours ahead.
    quantiles : sequence of float
        Probabilities between 0 and 1; each becomes a column, 0.1 is `p10` and 0.025 is `p2.5`.
    timezone, country : str
        For local hours and public holidays.
    weather : DataFrame, optional
        `timestamp` (UTC hours) and `outdoor_temp_celsius` [C], for the past and as a forecast.
    models : sequence of str, optional
        Names in `models.registry.CANDIDATES` that compete for each device over its last four weeks; climatology always
        takes part. None holds no contest: similar days, which weigh their own memories by past weeks and were better
        than climatology on every set of homes that was measured, or climatology before two weeks are known.
    progress : bool, optional
        Whether a bar counts the devices; None shows it on a terminal where there are many.

    Returns
    -------
    DataFrame
        The `forecast` frame: `horizon` rows a device and for the device `household`. A device without a known hour in
        the last four weeks is left out.

    Raises
    ------
    InputError
        The readings break a rule of their frame, or a parameter is out of range.
    """
    levels = _levels(quantiles)
    check_asked(horizon, (SIMPLEST,) if models is None else models)
    around = surroundings(timezone, country, weather)
    jobs = []
    for home_id, home in as_readings(readings).groupby("home_id", sort=False):
        origin = home["timestamp"].max() + pd.Timedelta(hours=1)
        every = [one for one in all_series(with_household(home), around) if is_alive(one, origin)]
        if not every:
            raise InputError(
                f"readings: no device of {home_id} has a known hour in its last four weeks. Add newer ones."
            )
        jobs += [(one, origin) for one in every]
    work = partial(
        _chosen_and_said, horizon=horizon, levels=levels, models=None if models is None else with_anchor(models)
    )
    return _whole(run_apart(work, jobs, progress))


def _chosen_and_said(
    job: tuple[Series, pd.Timestamp], horizon: int, levels: np.ndarray, models: Sequence[str] | None
) -> pd.DataFrame:
    """Choose a device's model, let it learn, and forecast; all of a device at once, as its past is then remembered."""
    series, origin = job
    if models is None:
        model = FAVOURITE if series.days_known(origin) >= TESTED_DAYS else SIMPLEST
    else:
        model = str(choose(series, past_forecasts(series, FOLDS, horizon, models), origin, models)["model"])
    return _said(series, fit(series, model, origin, horizon), model, origin, horizon, levels)


def is_alive(series: Series, origin: pd.Timestamp) -> bool:
    """Tell whether a device was measured at all in the four weeks before `origin`."""
    last = series.energy[series.energy.index < origin].last_valid_index()
    return last is not None and origin - last <= pd.Timedelta(days=SILENT_DAYS)


def alive(every: list[Series], origin: pd.Timestamp) -> list[Series]:
    """Return the devices of a home that were measured in the four weeks before `origin`.

    Raises
    ------
    InputError
        None was, or the household was not while its devices were.
    """
    living = [one for one in every if is_alive(one, origin)]
    if not living:
        raise InputError(
            f"data: no device has a known hour in the four weeks before {origin:%Y-%m-%d}. "
            "Add newer files, or choose an earlier as_of."
        )
    if not any(one.device_id == HOUSEHOLD for one in living):
        raise InputError(
            f"data: the home as a whole has no known hour in the four weeks before {origin:%Y-%m-%d}, "
            "its devices have. Add newer files of its main meter, or give that `role: ignore` in home.yaml: then "
            "the sum of the devices counts."
        )
    return living


_recent: dict[str, Any] = {}
"""What the last home of this process needed more than once: its series, and its fitted models."""


def active_series(home: Home) -> list[Series]:
    """Return the devices of a home that were measured in the four weeks before its origin."""
    key = f"series {home.fingerprint}"
    if key not in _recent:
        _recent.clear()
        _recent[key] = alive(series_of_home(home), home.origin)
    return _recent[key]


def fitted_models(home: Home, selection: pd.DataFrame, horizon: int) -> dict[tuple[str, str], Candidate]:
    """Return the `model` that a selection, or a `forecast` frame, names for each device, fitted to all that is known.

    A device without one, or with a model that has no name in `models.registry.CANDIDATES`, is left out.
    """
    keys = ["home_id", "device_id"]
    named = selection[[*keys, "model"]].astype("str").drop_duplicates().sort_values(keys, ignore_index=True)
    key = fingerprint("models", home, named, horizon)
    if key not in _recent:
        _recent[key] = fit_named(active_series(home), named, home.origin, horizon)
    return _recent[key]


def fit_named(
    every: list[Series], named: pd.DataFrame, origin: pd.Timestamp, horizon: int
) -> dict[tuple[str, str], Candidate]:
    """Let each device's `model` learn from all that was known at `origin`."""
    names = named.set_index(["home_id", "device_id"])["model"].to_dict()
    jobs = {(one.home_id, one.device_id): one for one in every}
    jobs = {key: one for key, one in jobs.items() if names.get(key) in CANDIDATES}
    models = run_all(lambda key: fit(jobs[key], names[key], origin, horizon), list(jobs))
    return dict(zip(jobs, models, strict=True))


def predict_all(
    every: list[Series],
    models: dict[tuple[str, str], Candidate],
    choice: pd.DataFrame,
    origin: pd.Timestamp,
    horizon: int,
    levels: np.ndarray,
) -> pd.DataFrame:
    """Forecast each device with its fitted model and reconcile the household; the `forecast` frame."""
    chosen = choice.set_index(["home_id", "device_id"])["model"]
    keys = [(one.home_id, one.device_id) for one in every]
    work = [(one, models[key], chosen[key]) for one, key in zip(every, keys, strict=True)]
    return _whole(run_all(lambda job: _said(*job, origin, horizon, levels), work))


def _said(
    series: Series, candidate: Candidate, model: str, origin: pd.Timestamp, horizon: int, levels: np.ndarray
) -> pd.DataFrame:
    out = predict(candidate, series, origin, horizon, levels)
    out.insert(0, "device_id", series.device_id)
    out.insert(0, "home_id", series.home_id)
    return out.assign(model=model)


def _whole(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return check(reconcile(pd.concat(parts, ignore_index=True)), FORECAST)


def reconcile(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Set each household's expected value to the sum of its devices', and move its quantiles half of the way there.

    They are multiplied by the root of the sum over the household's own expected value, from a third to three times, so
    the order of the quantiles stays, zero stays zero and none is negative.
    """
    out = forecasts.copy()
    whole = out["device_id"] == HOUSEHOLD
    total = out[~whole].groupby(["home_id", "timestamp"])["energy_kwh"].sum()
    added = total.reindex(pd.MultiIndex.from_frame(out.loc[whole, ["home_id", "timestamp"]])).to_numpy()
    own = out.loc[whole, "energy_kwh"].to_numpy()
    added = np.where(np.isfinite(added), added, own)
    ratio = np.divide(added, own, out=np.ones(len(own)), where=own > 0)
    factor = np.clip(np.sqrt(ratio), 1 / LARGEST_RATIO, LARGEST_RATIO)
    for name in [name for name in out if re.fullmatch(r"p\d+(\.\d+)?", name)]:
        out.loc[whole, name] = out.loc[whole, name].to_numpy() * factor
    out.loc[whole, "energy_kwh"] = added
    return out


def _levels(quantiles: Sequence[float]) -> np.ndarray:
    levels = np.asarray(sorted(quantiles), dtype=float)
    inside = (levels > 0) & (levels < 1)
    if len(levels) == 0 or not inside.all() or len({column(one) for one in levels}) < len(levels):
        raise InputError(f"quantiles: {list(quantiles)}; give different probabilities between 0 and 1, such as 0.1.")
    return levels
