"""Model selection: which model forecasts each device, from paired losses over the past forecasts of a backtest.

Similar days were better than climatology on many homes over all seasons, so they are the baseline where they were
tested, and climatology where they were not. A challenger, climatology among them, is selected only where its skill, the
share of the baseline's pinball loss that it avoids, paired fold by fold, is larger than so few folds show by luck once
in 20 times (Student's t).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.metrics import mean_absolute_error

from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.parallel import run_all
from influx.core.uncertainty import half_width
from influx.forecasting.device_series import Series
from influx.forecasting.evaluation.backtest import Scores, can_learn, configured, pinball, point_errors
from influx.forecasting.features import every_week, feature_table, names
from influx.forecasting.models import CLIMATOLOGY, MODELS, SIMILAR_DAYS
from influx.forecasting.models.regression import Regression, first_80_percent

FOLDS = 4
"""Past forecasts that decide a selection."""

LEAST_FOLDS = 3
"""Folds below which no skill counts as significant."""

DEVICE = ["home_id", "device_id"]
SCORE_COLUMNS = ["home_id", "device_id", "looking", "hours", "mae", "rmse", "bias", "r2"]
IMPORTANCE_COLUMNS = ["home_id", "device_id", "feature", "importance", "spread"]
_COMPARED = ["model", "baseline", "folds", "loss", "baseline_loss", "difference", "difference_se", "skill", "skill_se"]


class Selection(pd.DataFrame):
    """The selected model of each device (`select`), and the models by name, as they were before they learnt."""

    _metadata = ("models",)
    models: dict[str, Any]

    @property
    def _constructor(self) -> type[Selection]:
        return Selection


def compare(scores: Scores, baseline: str | None = None) -> pd.DataFrame:
    """Compare the mean losses of all models with those of a baseline, paired over the same past forecasts.

    Parameters
    ----------
    scores : Scores
        What `influx.backtest` returned, or some of its rows.
    baseline : str, optional
        A model's name; None is similar days where these were tested, else climatology, else the first model.

    Returns
    -------
    DataFrame
        A row for each device and model that forecast a fold of the baseline's: `home_id`, `device_id`, `model`,
        `baseline`, `folds`, `loss` and `baseline_loss` (mean pinball loss of p10, p50 and p90 over these folds [kWh in
        the hour]), `difference` between them and its standard error `difference_se` (infinite of one fold), both also
        as shares of the baseline's loss, `skill` (above 0 is better) and `skill_se`, and whether the model is
        `significant`ly better.

    Raises
    ------
    InputError
        `scores` is no result of a backtest, or there is no such baseline.

    Examples
    --------
    >>> import influx, numpy as np, pandas as pd
    >>> hours = pd.date_range("2024-01-01", periods=42 * 24, freq="h", tz="UTC")
    >>> readings = pd.DataFrame({"device_id": "tv", "timestamp": hours, "energy_kwh": np.arange(42 * 24) % 168 / 100})
    >>> scores = influx.backtest(readings, ["climatology", "seasonal naive"])
    >>> influx.compare(scores)[["device_id", "model", "skill", "significant"]].values.tolist()[-1]
    ['tv', 'seasonal naive', 1.0, True]
    """
    losses = _losses(scores)
    if baseline is not None and baseline not in scores.models:
        raise InputError(f"baseline: there is no {baseline!r}; choose among {', '.join(scores.models)}.")
    rows = [
        (*key, *row)
        for key, by_fold in losses.groupby(DEVICE, sort=False)
        for row in _compared(by_fold.pivot(index="origin", columns="model", values="loss"), baseline, scores.models)
    ]
    out = pd.DataFrame(rows, columns=[*DEVICE, *_COMPARED])
    clear = out["skill"] > half_width(out["skill_se"], out["folds"])
    return out.assign(significant=(clear & (out["folds"] >= LEAST_FOLDS)).astype(bool))


def select(scores: Scores) -> Selection:
    """Select the model of each device: the baseline, or the challenger that is significantly better.

    Parameters
    ----------
    scores : Scores
        What `influx.backtest` returned.

    Returns
    -------
    Selection
        A row for each device: `home_id`, `device_id`, the selected `model`, the `baseline` and the best `challenger`
        (empty where there is none), the challenger's `skill` over the baseline (share of its loss), `skill_se` and
        whether that is `significant`, the `folds` that both forecast, the `days_known` in the last year, the models
        `not_tested` for want of history (joined by commas), and the `reason`: "untested" (climatology, then),
        "one model" (nothing to compare), "significant" or "not significant". `influx.forecast` takes it as `models`.

    Raises
    ------
    InputError
        `scores` is no result of a backtest.

    Examples
    --------
    >>> import influx, numpy as np, pandas as pd
    >>> hours = pd.date_range("2024-01-01", periods=42 * 24, freq="h", tz="UTC")
    >>> readings = pd.DataFrame({"device_id": "tv", "timestamp": hours, "energy_kwh": np.arange(42 * 24) % 168 / 100})
    >>> selection = influx.select(influx.backtest(readings, ["climatology", "seasonal naive"]))
    >>> selection[["device_id", "model", "reason"]].values.tolist()[-1]
    ['tv', 'seasonal naive', 'significant']
    >>> influx.forecast(readings, models=selection)["model"].unique().tolist()
    ['seasonal naive']
    """
    compared = compare(scores)
    tested = _losses(scores).groupby(DEVICE)["model"].unique().to_dict()
    rows = []
    for home_id, device_id, days in scores.devices.itertuples(index=False):
        of_device = compared[(compared["home_id"] == home_id) & (compared["device_id"] == device_id)]
        lacking = ", ".join(name for name in scores.models if name not in tested.get((home_id, device_id), ()))
        device = {"home_id": home_id, "device_id": device_id}
        rows.append(device | _selected(of_device) | {"days_known": days, "not_tested": lacking})
    selection = Selection(rows)
    selection.models = scores.models
    return selection


def _selected(compared: pd.DataFrame) -> dict[str, Any]:
    """Return what is selected of one device's rows of `compare`."""
    row = {"model": CLIMATOLOGY, "baseline": "", "challenger": "", "skill": np.nan, "skill_se": np.nan}
    row |= {"significant": False, "folds": 0, "reason": "untested"}
    if compared.empty:
        return row
    baseline = compared["baseline"].iloc[0]
    challengers = compared[compared["model"] != baseline]
    if challengers.empty:
        folds = int(compared["folds"].max())
        return row | {"model": baseline, "baseline": baseline, "folds": folds, "reason": "one model"}
    best = challengers.sort_values(["significant", "skill"], ascending=False, kind="stable").iloc[0].to_dict()
    return row | {
        "model": best["model"] if best["significant"] else baseline,
        "challenger": best["model"],
        "reason": "significant" if best["significant"] else "not significant",
        **{name: best[name] for name in ("baseline", "skill", "skill_se", "significant", "folds")},
    }


def _losses(scores: Scores) -> pd.DataFrame:
    """Return the mean pinball loss of each past forecast [kWh in the hour], of the devices and models of the scores."""
    if not isinstance(scores, Scores) or getattr(scores, "forecasts", None) is None:
        raise InputError("scores: pass the frame that influx.backtest returned.")
    past = scores.forecasts
    loss = pinball(past["observed"].to_numpy(dtype=float), past[["p10", "p50", "p90"]].to_numpy(dtype=float))
    keys = [*DEVICE, "model"]
    by_fold = past[[*keys, "origin"]].assign(loss=loss).groupby([*keys, "origin"], sort=False)["loss"].mean()
    return by_fold.reset_index().merge(pd.DataFrame(scores)[keys], on=keys)


def _compared(by_fold: pd.DataFrame, baseline: str | None, order: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the comparison of a device's models (columns) with the baseline, over the folds that both forecast."""
    preferred = [baseline] if baseline else [SIMILAR_DAYS, CLIMATOLOGY, *order]
    base = next((name for name in preferred if name in by_fold), None)
    rows = []
    for name in [name for name in by_fold if base is not None]:
        paired = by_fold[[base, name]].dropna().to_numpy()
        count = len(paired)
        if not count:
            continue
        base_loss, loss = paired.mean(axis=0)
        less = paired[:, 0] - paired[:, 1]
        share = less / base_loss if base_loss > 0 else np.zeros(count)
        errors = [float(part.std(ddof=1) / np.sqrt(count)) if count > 1 else np.inf for part in (less, share)]
        rows.append((name, base, count, loss, base_loss, -less.mean(), errors[0], share.mean(), errors[1]))
    return rows


def references(devices: list[Series], origin: pd.Timestamp, horizon: int = WEEK) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `reference` of all devices, one below the other; one of too short a history has no say in the types."""
    parts = run_all(lambda series: reference(series, origin, horizon), devices)
    scores, importance = (
        pd.concat([frame for frame in frames if len(frame)] or frames[:1]) for frames in zip(*parts, strict=True)
    )
    return scores, importance


def reference(series: Series, origin: pd.Timestamp, horizon: int = WEEK) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Judge gradient boosting on the last 20 % of a device's hours, and tell which features it used.

    Learnt on the first 80 %, once looking one hour ahead, once a week ahead: the first is the figure that is usually
    shown, the second is what a household needs. Returns `looking`, `hours` judged, `mae`, `rmse`, `bias` [kWh] and
    `r2`; and by how much the mean absolute error a week ahead grows when a `feature`'s values are shuffled
    (`importance` and `spread`, mean and standard deviation of five shuffles [kWh], Breiman 2001). Both without rows
    where history is too short.
    """
    history, device = series.before(origin), {"home_id": series.home_id, "device_id": series.device_id}
    scores, importance = pd.DataFrame(columns=SCORE_COLUMNS), pd.DataFrame(columns=IMPORTANCE_COLUMNS)
    if not can_learn(series, "gradient boosting", origin, horizon):
        return scores, importance
    recent, rows = pd.DatetimeIndex(history.index)[-26 * WEEK :], []
    origins = {
        "one hour ahead": (recent[recent > history.index[WEEK - 1]], 1),
        "a week ahead": (every_week(history, origin, horizon), horizon),
    }
    for looking, (stamps, hours) in origins.items():
        table = feature_table(history, series.covariates, stamps, hours).set_index("timestamp").drop(columns="origin")
        table = table[table["energy_kwh"].notna()]
        target, inputs = table["energy_kwh"].to_numpy(), table.drop(columns="energy_kwh")
        cut = first_80_percent(target)
        fitted = configured(MODELS["gradient boosting"](), series).fit_first(inputs, target)
        errors = point_errors(target[cut:], fitted.predict(inputs[cut:]))
        rows.append(device | {"looking": looking, "hours": len(target) - cut} | errors)
        if horizon > 1 and looking == "a week ahead":
            importance = _importance(fitted, inputs[cut:], target[cut:]).assign(**device)[IMPORTANCE_COLUMNS]
    return pd.DataFrame(rows, columns=SCORE_COLUMNS), importance


def _importance(model: Regression, rows: pd.DataFrame, observed: np.ndarray) -> pd.DataFrame:
    def score(trees: Any, inputs: pd.DataFrame, observed: np.ndarray) -> float:
        return -float(mean_absolute_error(observed, trees.predict(inputs).clip(0)))

    shuffled = permutation_importance(
        model.estimator_, model.inputs(rows), observed, scoring=score, n_repeats=5, random_state=42
    )
    columns = {"importance": shuffled["importances_mean"], "spread": shuffled["importances_std"]}
    # A feature that the trees do not see changes nothing.
    table = pd.DataFrame(columns, index=model.features_).reindex(names(rows), fill_value=0.0).rename_axis("feature")
    return table.reset_index().sort_values("importance", ascending=False, ignore_index=True)
