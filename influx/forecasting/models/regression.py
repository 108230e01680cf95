"""Any scikit-learn regressor as a model of a device's hours, with a band from its own errors.

Without a base it learns from the feature table, in which every hour is seen from an origin at most a horizon before it,
so it meets in training what it will meet in the coming week. Its band is conformal: the errors on the last fifth of the
hours, of which it had not learnt, by local hour (`conformal`).

On the base "similar days" it is stacked (Wolpert 1992): it learns each hour of a week ahead at once (direct multi-step
forecasting, Ben Taieb et al. 2012) from what every member of the similar days predicted at the beginning of past weeks,
the clock, the calendar and the day ahead. The band is then that of similar days, stretched by the same factor, so zeros
stay zeros. A blend lies between similar days and that, as far from the first as past weeks say that it pays (quantile
averaging, Lichtendahl, Grushka-Cockayne and Winkler 2013).
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from influx.core.constants import LEAST_DAYS
from influx.core.errors import InputError
from influx.core.local_time import local
from influx.forecasting.models.conformal import LEVELS, conformal_quantiles, residuals_by_hour
from influx.forecasting.models.ensemble import pinball
from influx.forecasting.models.ensemble_members import ByContent
from influx.forecasting.models.similar_days import PAST_WEEKS, ForecastContext, SimilarDays

SIMILAR_DAYS = "similar days"
TRAINING_WEEKS = 26
"""Weeks of the feature table from which a regressor learns."""

LARGEST_FACTOR = 3.0
"""Largest factor by which a band of similar days is stretched or shrunk."""

SHARES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
"""Shares of the stacked regression that a blend tries."""

TRUST_WEEKS = 4.0
"""Past weeks at which the best share counts half."""

LEAST_WEEKS = 6
"""Past weeks below which nothing is learnt: similar days then stand alone."""

DEFAULT = "sklearn.ensemble.HistGradientBoostingRegressor"
DEFAULT_SETTINGS = {"max_iter": 60, "max_leaf_nodes": 8, "min_samples_leaf": 40, "early_stopping": False}


class Regression(RegressorMixin, BaseEstimator):
    """Any scikit-learn regressor, with quantiles.

    Parameters
    ----------
    estimator : regressor, optional
        Anything with scikit-learn's `fit`, `predict` and `get_params`: a pipeline, XGBoost, LightGBM, a neural net.
        None is what `home.yaml` names as `learner`, else a small histogram gradient boosting.
    base : {"similar days"}, optional
        None learns from the feature table, "similar days" from what similar days predicted before each past week.
    blend : bool
        With a base: whether to go only as far from it as past weeks say that it pays.
    timezone, country : str
        For local hours and holidays; the backtest and the forecast set them to those of the home.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sklearn.linear_model import LinearRegression
    >>> hours = pd.date_range("2024-01-01", periods=48, freq="h", tz="UTC")
    >>> table = pd.DataFrame({"hour": hours.hour}, index=hours)
    >>> model = Regression(LinearRegression()).fit(table, 0.5 * table["hour"].to_numpy())
    >>> model.predict(table[:3]).round(3).tolist()
    [0.0, 0.5, 1.0]
    """

    def __init__(
        self,
        estimator: Any = None,
        base: str | None = None,
        blend: bool = False,
        timezone: str = "UTC",
        country: str | None = None,
    ) -> None:
        self.estimator = estimator
        self.base = base
        self.blend = blend
        self.timezone = timezone
        self.country = country

    uses_features = property(lambda self: self.base is None)
    needs_days = property(lambda self: 42 if self.base is None else LEAST_DAYS + 7 * LEAST_WEEKS)
    within_days = property(lambda self: 7 * TRAINING_WEEKS if self.base is None else LEAST_DAYS + 7 * PAST_WEEKS)

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Regression:  # noqa: N803
        """Learn from the rows of `X` (index UTC hours) whose energy `y` is known [kWh]."""
        if self.base is not None:
            return self._fit_stacked(X, y)
        self.fit_first(X, y)
        known = np.isfinite(y)
        self.estimator_ = self._new().fit(self.inputs(X[known]), np.asarray(y, dtype=float)[known])
        return self

    def fit_first(self, X: pd.DataFrame, y: np.ndarray) -> Regression:  # noqa: N803
        """Learn from the first 80 % of the known rows alone, and keep the errors on the last 20 % as the band."""
        known, target = X[np.isfinite(y)], np.asarray(y, dtype=float)[np.isfinite(y)]
        self.estimator_ = self._new()
        # A column that never changes explains nothing; leaving it out saves half of the time.
        self.features_ = [name for name in X if known[name].nunique() > 1]
        takes_nan = hasattr(self.estimator_, "__sklearn_tags__") and get_tags(self.estimator_).input_tags.allow_nan
        medians = known[self.features_].median().to_numpy(dtype=float)
        self.stand_ins_ = np.full(len(medians), np.nan) if takes_nan else medians
        inputs, cut = self.inputs(known), first_80_percent(target)
        self.estimator_.fit(inputs[:cut], target[:cut])
        expected = np.asarray(self.estimator_.predict(inputs[cut:]), dtype=float).ravel().clip(0)
        self.residuals_ = residuals_by_hour(target[cut:] - expected, self._hours(known[cut:]))
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the expected energy, shape (n,) [kWh]."""
        if self.base is not None:
            similar = self.base_.predict(X)
            return similar + self.share_ * (self._stacked(X, similar) - similar)
        return np.asarray(self.estimator_.predict(self.inputs(X)), dtype=float).ravel().clip(0)

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles, shape (n, q) [kWh]."""
        if self.base is not None:
            similar = self.base_.predict(X)
            factor = 1 + self.share_ * (_factor(self._stacked(X, similar), similar) - 1)
            return self.base_.predict_quantiles(X, levels) * factor[:, None]
        return conformal_quantiles(self.predict(X), self._hours(X), self.residuals_, np.asarray(levels))

    @available_if(lambda self: self.base is not None)
    def past_residuals(self) -> tuple[np.ndarray, np.ndarray]:
        """Return those of its base (`SimilarDays.past_residuals`): ranges of sums have their spread."""
        return self.base_.past_residuals()

    def inputs(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        """Return what the estimator looks at: NaN gives way to the median of the first rows if it cannot take NaN."""
        values = X[self.features_].to_numpy(dtype=float)
        return pd.DataFrame(np.where(np.isnan(values), self.stand_ins_, values), X.index, self.features_)

    def _new(self) -> Any:
        return named_estimator() if self.estimator is None else clone(self.estimator)

    def _hours(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        return local(pd.DatetimeIndex(X.index), self.timezone).hour.to_numpy()

    def _fit_stacked(self, X: pd.DataFrame, y: np.ndarray) -> Regression:  # noqa: N803
        if self.base != SIMILAR_DAYS:
            raise InputError(f"base: there is no {self.base!r}; a regression stands on {SIMILAR_DAYS!r} or on None.")
        place = self.timezone, self.country
        self.base_ = _fitted(ByContent((SimilarDays(*place), X, y), place, X, y))
        mean = float(np.nanmean(self.base_.kwh_))
        self.scale_ = mean if mean > 0 else 1.0
        weeks = self.base_.past_contexts
        self.share_ = self._share(weeks) if self.blend else 1.0
        self.estimator_ = self._fit_weeks(weeks) if len(weeks) >= LEAST_WEEKS else None
        return self

    def _stacked(self, X: pd.DataFrame, similar: np.ndarray) -> np.ndarray:  # noqa: N803
        if self.estimator_ is None:
            return similar
        context, day, hour = self.base_.context(X, similar)
        return self._predicted(self.estimator_, context).clip(0)[day, hour]

    def _predicted(self, estimator: Any, context: ForecastContext) -> np.ndarray:
        scaled = np.asarray(estimator.predict(_stacked_inputs(context, self.scale_)), dtype=float)
        return scaled.reshape(-1, 24) * self.scale_

    def _fit_weeks(self, weeks: list[ForecastContext]) -> Any:
        inputs = np.concatenate([_stacked_inputs(week, self.scale_) for week in weeks])
        target = np.concatenate([week.observed.ravel() for week in weeks]) / self.scale_
        known = np.isfinite(target)
        lesson = self._new(), inputs[known], target[known]
        return _fitted(ByContent(lesson, *lesson))

    def _share(self, weeks: list[ForecastContext]) -> float:
        """Return how far a blend goes: the share that lost least on the last fifth of the weeks, shrunk."""
        cut = first_80_percent(weeks)
        if cut < LEAST_WEEKS or len(weeks) - cut < 2:
            return 0.0
        estimator, losses = self._fit_weeks(weeks[:cut]), []
        for week in weeks[cut:]:
            factor = _factor(self._predicted(estimator, week), week.expected) - 1
            stretched = week.quantiles * (1 + SHARES[:, None, None] * factor)[..., None]
            of_shares = [np.nanmean(pinball(week.observed, band, np.array(LEVELS))) for band in stretched]
            losses.append(np.array(of_shares) / max(of_shares[0], 1e-12))
        best = SHARES[int(np.argmin(np.mean(losses, axis=0)))]
        return float(best * len(losses) / (len(losses) + TRUST_WEEKS))


@lru_cache(maxsize=32)
def _fitted(lesson: ByContent) -> Any:
    """Fit, or find again what learned the same: stacked regression and blend share their base and their estimator."""
    estimator, inputs, target = lesson.thing
    return estimator.fit(inputs, target)


def first_80_percent(rows: Any) -> int:
    """Return where the chronological 80/20 split cuts: the rows before it are learnt, those after it judged."""
    return int(0.8 * len(rows))


def _factor(stacked: np.ndarray, similar: np.ndarray) -> np.ndarray:
    """Return by what to stretch the band of similar days to make its mean that of the stacked regression."""
    ratio = np.where(similar > 0, stacked / np.where(similar > 0, similar, 1.0), 1.0)
    return np.asarray(np.clip(ratio, 1 / LARGEST_FACTOR, LARGEST_FACTOR))


def _stacked_inputs(context: ForecastContext, scale: float) -> np.ndarray:
    """Return what was known of each hour, shape (ahead * 24, features): predictions, clock, calendar, day ahead."""
    clock, ahead = 2 * np.pi * np.arange(24) / 24, np.arange(len(context.expected))[:, None]
    predictions = np.concatenate([context.expected[None], context.members]) / scale
    columns = [*predictions, np.sin(clock), np.cos(clock), context.off, context.weekday, ahead]
    return np.stack(np.broadcast_arrays(*columns), axis=-1).astype(float).reshape(-1, len(columns))


def named_estimator(path: str | None = None, settings: Mapping[str, Any] | None = None) -> Any:
    """Return a new regressor by its dotted path, such as `lightgbm.LGBMRegressor`, seeded, on one core and silent.

    None is `sklearn.ensemble.HistGradientBoostingRegressor`, small without `settings`, its keyword arguments. An
    `InputError` says that there is no such class, that it has no `fit` and `predict`, or refuses its settings.
    """
    if path in (None, DEFAULT):
        return HistGradientBoostingRegressor(**{"random_state": 0, **(settings or DEFAULT_SETTINGS)})
    kind, given = _class_named(str(path)), dict(settings or {})
    quiet = {"random_state": 0, "n_jobs": 1, "verbosity": -1 if str(path).startswith("lightgbm.") else 0}
    try:
        model = kind(**given)
        takes = model.get_params()
        return model.set_params(**{name: value for name, value in quiet.items() if name in takes and name not in given})
    except (TypeError, ValueError) as error:
        raise InputError(f"learner_settings: {path} refuses them: {error}. Mend home.yaml.") from error


def _class_named(path: str) -> Any:
    package, _, name = path.rpartition(".")
    try:
        kind = getattr(importlib.import_module(package), name)
    except (ImportError, ValueError, AttributeError) as error:
        raise InputError(
            f"learner: {path!r} cannot be imported ({error}). Name a class such as "
            "sklearn.ensemble.RandomForestRegressor, and install its package."
        ) from error
    if not inspect.isclass(kind) or not all(hasattr(kind, method) for method in ("fit", "predict", "get_params")):
        raise InputError(f"learner: {path!r} is no scikit-learn regressor: it lacks fit, predict or get_params.")
    return kind
