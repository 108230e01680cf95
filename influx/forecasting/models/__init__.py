"""The models: small estimators with scikit-learn's `fit` and `predict`, and quantiles beside.

`fit(X, y)` takes a table indexed by UTC hour and the energy of each hour (NaN where unknown), `predict(X)` returns the
expected energy and `predict_quantiles(X, levels)` its quantiles, both for hours after the last one fitted. `MODELS`
holds a way to make each candidate, by name; any other scikit-learn regressor takes part as `Regression(estimator)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.ensemble import GradientBoostingRegressor

from influx.core.errors import InputError
from influx.forecasting.models.climatology import Climatology
from influx.forecasting.models.prophet import Prophet
from influx.forecasting.models.regression import SIMILAR_DAYS, Regression
from influx.forecasting.models.seasonal_naive import SeasonalNaive
from influx.forecasting.models.similar_days import SimilarDays

__all__ = ["MODELS", "Climatology", "Model", "Prophet", "Regression", "SeasonalNaive", "SimilarDays", "named_models"]


class Model(Protocol):
    """What the backtest and the forecast require beside scikit-learn's `get_params`.

    It learns where at least `needs_days` of the last `within_days` are known. `uses_features`: `X` is the feature
    table, of past weeks as they were seen from before each; else every hour of the history, with no column but
    `outdoor_temp_celsius` where that is known. `timezone` and `country`, where it has them, are set to the home's.
    """

    needs_days: int
    within_days: int
    uses_features: bool

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Any: ...  # noqa: N803
    def predict(self, X: pd.DataFrame) -> np.ndarray: ...  # noqa: N803
    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray: ...  # noqa: N803


CLIMATOLOGY = "climatology"
MODELS: dict[str, Callable[[], Any]] = {
    CLIMATOLOGY: Climatology,
    SIMILAR_DAYS: SimilarDays,
    "stacked regression": partial(Regression, base=SIMILAR_DAYS),
    "blend": partial(Regression, base=SIMILAR_DAYS, blend=True),
    "seasonal naive": SeasonalNaive,
    "gradient boosting": lambda: Regression(
        GradientBoostingRegressor(n_estimators=100, learning_rate=0.1, max_depth=3, random_state=42)
    ),
}
"""How each candidate is made, by the name that frames and pages use."""


def named_models(models: Mapping[str, Any] | Sequence[str] | str | None = None) -> dict[str, Any]:
    """Return models by name; a bare scikit-learn regressor becomes a `Regression`, and names are those of `MODELS`.

    None takes all of these. An `InputError` names what is no model, and what may stand there.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> named_models({"mine": Ridge()})
    {'mine': Regression(estimator=Ridge())}
    """
    if models is None:
        models = tuple(MODELS)
    elif isinstance(models, str):
        models = (models,)
    if not isinstance(models, Mapping):
        models = {name: name for name in models}
    if not models:
        raise InputError(f"models: there is none; choose among {', '.join(MODELS)}.")
    return {str(name): _model(str(name), model) for name, model in models.items()}


def _model(name: str, model: Any) -> Any:
    if isinstance(model, str):
        if model not in MODELS:
            raise InputError(f"models: there is no {model}; choose among {', '.join(MODELS)}.")
        return MODELS[model]()
    if isinstance(model, type):
        raise InputError(f"models: {name!r} is the class {model.__name__}; give an instance: {model.__name__}().")
    if not all(hasattr(model, method) for method in ("fit", "predict", "get_params")):
        raise InputError(f"models: {name!r} is {model!r}, no estimator; give a scikit-learn regressor.")
    if hasattr(model, "predict_quantiles") and hasattr(model, "needs_days"):
        return model
    if is_classifier(model):
        raise InputError(f"models: {name!r} is {model!r}, a classifier; energy needs a regressor.")
    return Regression(model)
