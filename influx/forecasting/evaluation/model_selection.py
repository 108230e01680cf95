"""Training: the contest of the candidates on each device, the winner learnt on all data, and how well it did.

Climatology always takes part. Similar days were better on many homes over all seasons, so they are the anchor where
they were tested, and climatology where they were not. Another model, climatology among them, is chosen only where its
lead over the anchor, paired fold by fold, is larger than so few folds show by luck once in 20 times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import mean_absolute_error

from influx.core.constants import WEEK
from influx.core.parallel import run_all
from influx.forecasting.device_series import Series
from influx.forecasting.evaluation.backtest import can_learn, fit, join, metrics, past_forecasts_of_all, pinball
from influx.forecasting.evaluation.calibration import half_width
from influx.forecasting.features import every_hour, every_week, feature_table, names
from influx.forecasting.models.registry import CANDIDATES, NAMES, Candidate, GradientBoosting, first_80_percent

SIMPLEST = "climatology"
FAVOURITE = "kernel"
FOLDS = 4
"""Past forecasts that decide a contest."""

LEAST_FOLDS = 3
"""Folds below which no lead over the anchor is believed."""

SCORE_COLUMNS = ["home_id", "device_id", "looking", "hours", "mae", "rmse", "bias", "r2"]
IMPORTANCE_COLUMNS = ["home_id", "device_id", "feature", "importance", "spread"]


@dataclass(frozen=True)
class Training:
    """What training found.

    Attributes
    ----------
    forecasts : DataFrame
        Every past forecast of every candidate beside what happened.
    metrics : DataFrame
        The `metrics` frame.
    choice : DataFrame
        A row a device: `model`, the `lead` of the best rival over the anchor in pinball (fraction), its standard error
        `lead_se`, `folds`, `days_known` in the last year and `why`, a sentence.
    models : dict
        The chosen model of each (home, device), learnt on all data.
    """

    forecasts: pd.DataFrame
    metrics: pd.DataFrame
    choice: pd.DataFrame
    models: dict[tuple[str, str], Candidate]


def train(
    every: list[Series],
    origin: pd.Timestamp,
    folds: int = FOLDS,
    horizon: int = WEEK,
    models: Sequence[str] = tuple(CANDIDATES),
) -> Training:
    """Run the contest and let each winner learn from everything before `origin`.

    Parameters
    ----------
    every : list of Series
        The devices; they are trained side by side.
    origin : Timestamp
        The first hour of the coming forecast.
    folds, horizon : int
        As in `influx.backtest`.
    models : sequence of str
        The candidates, by name; climatology takes part even where it is not named.
    """
    models = with_anchor(models)
    past = past_forecasts_of_all(every, folds, horizon, models)
    choice = pd.DataFrame([choose(one, forecasts, origin, models) for one, forecasts in zip(every, past, strict=True)])
    fitted = run_all(lambda pair: fit(pair[0], pair[1], origin, horizon), zip(every, choice["model"], strict=True))
    keys = [(one.home_id, one.device_id) for one in every]
    forecasts = join(past)
    return Training(forecasts, metrics(forecasts), choice, dict(zip(keys, fitted, strict=True)))


def with_anchor(models: Sequence[str]) -> list[str]:
    """Return the candidates with climatology, which always takes part, as the first."""
    return list(dict.fromkeys([SIMPLEST, *models]))


def choose(series: Series, forecasts: pd.DataFrame, origin: pd.Timestamp, models: Sequence[str]) -> dict[str, object]:
    """Choose a device's model from its past forecasts; a row of `Training.choice`."""
    days = series.days_known(origin)
    row: dict[str, object] = {"home_id": series.home_id, "device_id": series.device_id, "model": SIMPLEST}
    row |= {"lead": np.nan, "lead_se": np.nan, "folds": 0, "days_known": days}
    if forecasts.empty:
        return row | {"why": f"{days:.0f} days of history are too few to test anything: climatology, untested."}
    loss = pinball(forecasts["observed"].to_numpy(), forecasts[["p10", "p50", "p90"]].to_numpy())
    by_fold = pd.Series(loss).groupby([forecasts["origin"].to_numpy(), forecasts["model"].to_numpy()]).mean().unstack()
    row["folds"] = len(by_fold)
    missing = [NAMES[name] for name in models if name not in by_fold]
    anchor = FAVOURITE if FAVOURITE in by_fold else SIMPLEST
    leads = _leads(by_fold, anchor)
    if not leads:
        alone = f"Too little history for {' and '.join(missing)}: c" if missing else "C"
        return row | {"why": f"{alone}limatology alone was tested."}
    best = max(leads, key=lambda lead: (lead.believed, lead.gain))
    row |= {"model": best.model if best.believed else anchor, "lead": best.gain, "lead_se": best.error}
    return row | {"why": _why(best, NAMES[anchor]) + _lacking(missing)}


class Lead(NamedTuple):
    """By which fraction of the anchor's loss a model lost less, the standard error of that, and on how many folds."""

    model: str
    gain: float
    error: float
    folds: int

    @property
    def believed(self) -> bool:
        """Whether it is more than luck explains, 19 times in 20."""
        return self.gain > half_width(self.error, self.folds) and self.folds >= LEAST_FOLDS


def _leads(by_fold: pd.DataFrame, anchor: str) -> list[Lead]:
    """Return the lead of each rival of the anchor over the folds that both forecast."""
    leads = []
    for rival in [name for name in by_fold if name != anchor and anchor in by_fold]:
        paired = by_fold[[anchor, rival]].dropna()
        count, base = len(paired), float(paired[anchor].mean())
        if count:
            less = (paired[anchor] - paired[rival]).to_numpy() / base if base > 0 else np.zeros(count)
            error = float(less.std(ddof=1) / np.sqrt(count)) if count > 1 else float("inf")
            leads.append(Lead(str(rival), float(less.mean()), error, count))
    return leads


def _why(best: Lead, anchor: str) -> str:
    rival, percent, name = NAMES[best.model], round(100 * best.gain), anchor.capitalize()
    over = f"over {best.folds} past forecast{'s' if best.folds != 1 else ''}"
    if best.believed:
        less = f"{percent} %" if percent else "under 1 %"
        return f"{rival.capitalize()}: {less} less loss than {anchor} {over}, more than chance explains."
    if percent > 0:
        return f"{name}: {rival} is {percent} % ahead {over}, which may be chance."
    if best.folds == 1:
        return f"{name}: {rival} did not beat it {over}, and one decides nothing."
    if percent == 0:
        return f"{name}: the next best, {rival}, does no better {over}."
    return f"{name}: the next best, {rival}, has {-percent} % more loss {over}."


def _lacking(missing: list[str]) -> str:
    return f" Too little history for {' and '.join(missing)}." if missing else ""


def references(every: list[Series], origin: pd.Timestamp, horizon: int = WEEK) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `reference` of all devices, one below the other; one of too short a history has no say in the types."""
    parts = run_all(lambda one: reference(one, origin, horizon), every)
    scores, importance = (
        pd.concat([frame for frame in frames if len(frame)] or frames[:1]) for frames in zip(*parts, strict=True)
    )
    return scores, importance


def reference(series: Series, origin: pd.Timestamp, horizon: int = WEEK) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Judge gradient boosting on the last 20 % of a device's hours, and tell which features it used.

    Learnt on the first 80 %, once looking one hour ahead, once a week ahead: the first is the figure that is usually
    shown, the second is what a household asks for.

    Returns
    -------
    scores : DataFrame
        `looking`, `hours` judged, `mae`, `rmse`, `bias` [kWh], `r2`; no rows where history is too short.
    importance : DataFrame
        `feature`, `importance`, `spread`: by how much the mean absolute error a week ahead grows when the feature's
        values are shuffled, mean and standard deviation of five shuffles [kWh] (Breiman 2001).
    """
    history = series.before(origin)
    if not can_learn(series, "gradient_boosting", origin, horizon):
        return pd.DataFrame(columns=SCORE_COLUMNS), pd.DataFrame(columns=IMPORTANCE_COLUMNS)
    recent = every_hour(history)[-26 * WEEK :]
    tables = {
        "one hour ahead": feature_table(history, series.around, recent[recent > history.index[WEEK - 1]], 1),
        "a week ahead": feature_table(history, series.around, every_week(history, origin, horizon), horizon),
    }
    scores, importance = [], pd.DataFrame(columns=IMPORTANCE_COLUMNS)
    for looking, table in tables.items():
        rows = table[table["energy_kwh"].notna()].set_index("timestamp")
        cut = first_80_percent(rows["energy_kwh"].to_numpy())
        learnt = GradientBoosting(timezone=series.around.timezone).fit_first(rows, rows["energy_kwh"].to_numpy())
        scores.append(_score(learnt, rows[cut:], series, looking))
        if horizon > 1 and looking == "a week ahead":
            importance = _importance(learnt, rows[cut:], series)
    return pd.DataFrame(scores), importance


def _score(model: GradientBoosting, rows: pd.DataFrame, series: Series, looking: str) -> dict[str, object]:
    observed = rows["energy_kwh"].to_numpy()
    miss = model.predict(rows) - observed
    spread = float(((observed - observed.mean()) ** 2).sum())
    return {
        "home_id": series.home_id,
        "device_id": series.device_id,
        "looking": looking,
        "hours": len(rows),
        "mae": float(np.abs(miss).mean()),
        "rmse": float(np.sqrt((miss**2).mean())),
        "bias": float(miss.mean()),
        "r2": 1 - float((miss**2).sum()) / spread if spread > 0 else float("nan"),
    }


def _importance(model: GradientBoosting, rows: pd.DataFrame, series: Series) -> pd.DataFrame:
    def score(trees: GradientBoostingRegressor, inputs: np.ndarray, observed: np.ndarray) -> float:
        return -float(mean_absolute_error(observed, trees.predict(inputs).clip(0)))

    # Shuffled are the arrays that the trees see: in frames the same would take twice as long.
    inputs, observed = model.inputs(rows), rows["energy_kwh"].to_numpy()
    found = permutation_importance(model.learner_, inputs, observed, scoring=score, n_repeats=5, random_state=42)
    columns = {"importance": found["importances_mean"], "spread": found["importances_std"]}
    # A feature that the trees do not see changes nothing.
    table = pd.DataFrame(columns, index=model.features_).reindex(names(rows), fill_value=0.0)
    table = table.rename_axis("feature").reset_index()
    table.insert(0, "device_id", series.device_id)
    table.insert(0, "home_id", series.home_id)
    return table.sort_values("importance", ascending=False, ignore_index=True)
