"""Rolling-origin evaluation: forecast past weeks from what was known then, and compare with what happened.

Each fold stands at an origin in the past, lets every candidate learn from the hours before it alone, and forecasts the
horizon after it (Tashman 2000). Errors are in kWh, and scaled by the error of repeating the same hour one week
before (Hyndman and Koehler 2006), so that devices compare; the pinball loss judges expected value and band at once.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.parallel import run_all
from influx.core.schema import METRICS, check
from influx.forecasting import absences
from influx.forecasting.device_series import Extra, Home, Series, series_of
from influx.forecasting.features import every_week, feature_table
from influx.forecasting.models import MODELS, Model, Regression, conformal, ensemble, named_models

LEVELS = np.array(conformal.LEVELS)
KEYS = ["home_id", "device_id", "model"]
_COLUMNS = [*KEYS, "origin", "timestamp", "energy_kwh", "p10", "p50", "p90", "observed", "naive_error"]
FIRST_FOLD_DAYS = 7
"""Days of history before the first origin at which a fold is worth making."""


class Scores(pd.DataFrame):
    """The `metrics` frame of a backtest, and what it was made of.

    Attributes
    ----------
    forecasts : DataFrame
        The past forecasts, hour by hour, as `past_forecasts` returns them.
    models : dict
        The models by name, as they were before they learnt anything.
    devices : DataFrame
        `home_id`, `device_id` and `days_known` in the last year of each device, tested or not.
    """

    _metadata = ("forecasts", "models", "devices")
    forecasts: pd.DataFrame
    models: dict[str, Any]
    devices: pd.DataFrame

    @property
    def _constructor(self) -> type[Scores]:
        return Scores

    @property
    def by_fold(self) -> pd.DataFrame:
        """The same measures of each past forecast, by its `origin`."""
        return metrics(self.forecasts, ["origin"])


def backtest(
    home_or_readings: Home | pd.DataFrame,
    models: Mapping[str, Any] | Sequence[str] | None = None,
    folds: int = 4,
    horizon: int = WEEK,
    *,
    timezone: str | None = None,
    country: str | None = None,
    weather: pd.DataFrame | None = None,
    extra: Extra | None = None,
    progress: bool | None = None,
) -> Scores:
    """Measure models on the last weeks of each device.

    Parameters
    ----------
    home_or_readings : Home or DataFrame
        What `influx.load` returned; or readings: `device_id`, `timestamp`, `energy_kwh` [kWh, NaN = unknown], `home_id`
        and `quality` optional. A device that was not measured in the last four weeks is left out.
    models : mapping of str to estimator, or sequence of str, optional
        Any scikit-learn regressors by a name of your own, models of `influx.models`, or names in
        `influx.models.MODELS`; None takes all of these.
    folds : int
        Number of past origins, `horizon` hours apart; the last one lies `horizon` hours before the end.
    horizon : int
        Hours ahead.
    timezone, country : str, optional
        Of a readings frame, for local hours and public holidays; UTC and none by default. A home has its own.
    weather : DataFrame, optional
        Of a readings frame: `timestamp` (UTC hours) and `outdoor_temp_celsius` [C].
    extra : mapping of str to callable, optional
        Own features, as in `influx.features`.
    progress : bool, optional
        Whether a bar is shown where it takes longer than two seconds; None shows it on a terminal and in a notebook.

    Returns
    -------
    Scores
        The `metrics` frame: a row for each device, the household included, and each model that had enough history.
        `.by_fold` holds the same of each past forecast, `.forecasts` its hours.

    Raises
    ------
    InputError
        The readings break a rule of their frame, a model is no estimator, or a parameter is out of range.

    Examples
    --------
    >>> import influx, numpy as np, pandas as pd
    >>> from sklearn.linear_model import LinearRegression
    >>> hours = pd.date_range("2024-01-01", periods=70 * 24, freq="h", tz="UTC")
    >>> readings = pd.DataFrame({"device_id": "tv", "timestamp": hours, "energy_kwh": np.tile(np.arange(24.0), 70)})
    >>> scores = influx.backtest(readings, {"climatology": influx.models.Climatology(), "line": LinearRegression()}, 2)
    >>> scores[["device_id", "model", "folds"]].values.tolist()[:2]
    [['household', 'climatology', 2], ['household', 'line', 2]]
    """
    check_range(horizon=horizon, folds=folds)
    candidates = named_models(models)
    jobs = series_of(home_or_readings, timezone, country, weather, extra)
    return scores_of(jobs, candidates, folds, horizon, progress)


def scores_of(
    jobs: list[tuple[Series, pd.Timestamp]],
    candidates: dict[str, Any],
    folds: int,
    horizon: int,
    progress: bool | None = False,
) -> Scores:
    """Return the scores of models on devices, each with the first hour after its last one (`backtest`)."""
    forecasts = join(past_forecasts_of_all([series for series, _ in jobs], folds, horizon, candidates, progress))
    scores = Scores(metrics(forecasts))
    scores.forecasts, scores.models = forecasts, candidates
    known = [(series.home_id, series.device_id, series.days_known(origin)) for series, origin in jobs]
    scores.devices = pd.DataFrame(known, columns=["home_id", "device_id", "days_known"])
    return scores


def check_range(**counts: int) -> None:
    """Refuse a number of hours (`horizon`) or `folds` below 1."""
    units = {"horizon": "hours", "folds": "past forecasts"}
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise InputError(f"{name}: {value} {units[name]}; ask for at least 1.")


def past_forecasts(series: Series, folds: int, horizon: int, models: Mapping[str, Any] | Sequence[str]) -> pd.DataFrame:
    """Forecast the last `folds` horizons of one device from what was known before each.

    Returns
    -------
    DataFrame
        `home_id`, `device_id`, `model`, `origin`, `timestamp`, `observed` [kWh], `energy_kwh`, `p10`, `p50`, `p90`, and
        `naive_error`, the mean absolute weekly change before the origin [kWh]. Only hours that were measured.
    """
    return join(_folds(series, _origins(series, folds, horizon), named_models(models), horizon).values())


def past_forecasts_of_all(
    devices: list[Series], folds: int, horizon: int, models: dict[str, Any], progress: bool | None = None
) -> list[pd.DataFrame]:
    """Return `past_forecasts` of each device, computed side by side.

    A model on features takes most of the time and shares nothing between folds, so each of its folds is work of its
    own: no thread is left with a whole device at the end. The others look up what they predicted of the same weeks
    before.
    """
    alone = {name: model for name, model in models.items() if model.uses_features}
    others = {name: model for name, model in models.items() if name not in alone}
    work = []
    for series in devices:
        origins = _origins(series, folds, horizon)
        work += [*((series, [origin], alone) for origin in origins), (series, origins, others)]
    made = iter(run_all(lambda job: _folds(*job, horizon), work, progress))
    out = []
    for series in devices:
        of_device = dict(ChainMap(*islice(made, folds + 1)))
        keys = product(_origins(series, folds, horizon), models)
        out.append(join(of_device[key] for key in keys if key in of_device))
    return out


def join(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return past forecasts as one frame; a part without rows has no types and takes no part."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=_COLUMNS)


def can_learn(series: Series, model: Model | str, origin: pd.Timestamp, horizon: int) -> bool:
    """Tell whether enough is known of a device before `origin` for a fold of this model."""
    candidate = MODELS[model]() if isinstance(model, str) else model
    needs: float = max(FIRST_FOLD_DAYS, candidate.needs_days)
    if candidate.uses_features:  # whole blocks are learnt, and a long one may leave so much out
        needs += max(horizon - WEEK, 0) / 24
    return series.days_known(origin, candidate.within_days) >= needs


def fit(series: Series, model: Model | str, origin: pd.Timestamp, horizon: int) -> Any:
    """Let a copy of a model learn from all that was known of a device's ordinary days before `origin`."""
    history = series.ordinary(origin)
    candidate = configured(MODELS[model]() if isinstance(model, str) else model, series)
    if not candidate.uses_features:
        return candidate.fit(weather_of(series, pd.DatetimeIndex(history.index)), history.to_numpy())
    table = feature_table(history, series.covariates, every_week(history, origin, horizon), horizon)
    inputs = table.set_index("timestamp").drop(columns=["origin", "energy_kwh"])
    return candidate.fit(inputs, table["energy_kwh"].to_numpy())


def configured(model: Model, series: Series) -> Any:
    """Return a copy of a model that knows the time zone, the country and the learner of the home."""
    copy, covariates = clone(model), series.covariates
    takes = copy.get_params(deep=False)
    context = {name: getattr(covariates, name) for name in ("timezone", "country") if name in takes}
    if isinstance(copy, Regression) and copy.estimator is None:
        context["estimator"] = covariates.learner
    return copy.set_params(**context)


def predict(
    candidate: Any, series: Series, origin: pd.Timestamp, horizon: int, levels: np.ndarray = LEVELS
) -> pd.DataFrame:
    """Forecast the hours after `origin`: `timestamp`, `energy_kwh` and a column a quantile.

    Days that the household has named as a coming absence are forecast from days away, whatever the candidate.
    """
    stamps = pd.date_range(origin, periods=horizon, freq="h", name="timestamp")
    inputs = weather_of(series, stamps)
    if candidate.uses_features:
        history, origins = series.ordinary(origin), pd.DatetimeIndex([origin])
        inputs = feature_table(history, series.covariates, origins, horizon).set_index("timestamp")
    quantiles = candidate.predict_quantiles(inputs, levels)
    out = pd.DataFrame({"timestamp": stamps, "energy_kwh": candidate.predict(inputs)})
    out = out.assign(**{conformal.column(level): quantiles[:, number] for number, level in enumerate(levels)})
    away = series.absences.coming(stamps)
    if away.any():
        sample, _ = series.absences.sample(series.before(origin), origin)
        of_away = absences.forecast(sample, stamps[away], series.covariates.timezone, levels)
        out.loc[away, out.columns[1:]] = of_away.to_numpy()
    return out


def weather_of(series: Series, stamps: pd.DatetimeIndex) -> pd.DataFrame:
    """Return what models without the feature table may look at: `outdoor_temp_celsius`, where there is weather.

    Of past hours it is what was recorded, also of those after a past origin, so past forecasts had a perfect weather
    forecast; the coming hours have the forecast that was given.
    """
    weather = series.covariates.weather
    if weather is None:
        return pd.DataFrame(index=stamps)
    return weather.set_index("timestamp")[["outdoor_temp_celsius"]].reindex(stamps).astype(float)


def _origins(series: Series, folds: int, horizon: int) -> list[pd.Timestamp]:
    """Return `folds` past origins in order of time, `horizon` hours apart, the last one a horizon before the end."""
    end = series.energy.last_valid_index() + pd.Timedelta(hours=1)
    return [end - pd.Timedelta(hours=horizon * back) for back in range(folds, 0, -1)]


def _folds(
    series: Series, origins: Iterable[pd.Timestamp], models: Mapping[str, Any], horizon: int
) -> dict[tuple[pd.Timestamp, str], pd.DataFrame]:
    """Return the past forecasts of the models that can learn, by origin and model."""
    return {
        (origin, name): _fold(series, name, model, origin, horizon)
        for origin, (name, model) in product(origins, models.items())
        if can_learn(series, model, origin, horizon)
    }


def _fold(series: Series, name: str, model: Any, origin: pd.Timestamp, horizon: int) -> pd.DataFrame:
    observed = series.energy.reindex(pd.date_range(origin, periods=horizon, freq="h"))
    if not observed.notna().any():
        return pd.DataFrame()
    history = series.before(origin)
    out = predict(fit(series, model, origin, horizon), series, origin, horizon).assign(
        home_id=series.home_id,
        device_id=series.device_id,
        model=name,
        origin=origin,
        observed=observed.to_numpy(),
        naive_error=float((history - history.shift(WEEK)).abs().mean()),
    )
    return out.loc[np.isfinite(out["observed"]), _COLUMNS]


def pinball(observed: np.ndarray, quantiles: np.ndarray, levels: np.ndarray = LEVELS) -> np.ndarray:
    """Return the mean pinball loss over the levels (q,) of quantiles (n, q), shape (n,) [kWh]."""
    return np.asarray(ensemble.pinball(np.asarray(observed), quantiles, levels).mean(axis=1))


def metrics(forecasts: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Sum up past forecasts to a row for each device and model.

    Parameters
    ----------
    forecasts : DataFrame
        As `past_forecasts` returns them, of any number of devices.
    by : sequence of str
        Further keys, such as `origin`.

    Returns
    -------
    DataFrame
        `mae`, `rmse`, `bias` (expected minus observed), `pinball` (mean of p10, p50, p90) [kWh]; `mase` and
        `scaled_pinball`, divided by the naive error; `coverage_80`, the share of hours inside p10 to p90;
        `daily_wape`, the absolute errors of daily totals over the energy; `r2`; NaN where the data cannot tell
        (nothing was used at all).
    """
    keys = [*KEYS, *by]
    rows = [dict(zip(keys, key, strict=True)) | _measure(part) for key, part in forecasts.groupby(keys, sort=False)]
    if by:
        return pd.DataFrame(rows, columns=[*keys, *(name for name in METRICS.columns if name not in [*KEYS, "folds"])])
    return check(pd.DataFrame(rows, columns=list(METRICS.columns)), METRICS)


def point_errors(observed: np.ndarray, expected: np.ndarray) -> dict[str, float]:
    """Return `mae`, `rmse`, `bias` (expected minus observed) [kWh] and `r2`, NaN where nothing varies."""
    return {
        "mae": mean_absolute_error(observed, expected),
        "rmse": root_mean_squared_error(observed, expected),
        "bias": float((expected - observed).mean()),
        "r2": r2_score(observed, expected) if np.ptp(observed) > 0 else np.nan,
    }


def _measure(part: pd.DataFrame) -> dict[str, float]:
    observed, expected = part["observed"].to_numpy(), part["energy_kwh"].to_numpy()
    loss = pinball(observed, part[["p10", "p50", "p90"]].to_numpy())
    naive = part["naive_error"].where(part["naive_error"] > 0)
    day = (part["timestamp"] - part["origin"]) // pd.Timedelta(days=1)
    daily = part.groupby([part["origin"], day])[["observed", "energy_kwh"]].sum()
    energy = float(daily["observed"].sum())
    return point_errors(observed, expected) | {
        "folds": part["origin"].nunique(),
        "mase": float((np.abs(expected - observed) / naive).mean()),
        "pinball": float(loss.mean()),
        "coverage_80": float(part["observed"].between(part["p10"], part["p90"]).mean()),
        "daily_wape": float((daily["energy_kwh"] - daily["observed"]).abs().sum() / energy) if energy > 0 else np.nan,
        "scaled_pinball": float((loss / naive).mean()),
    }
