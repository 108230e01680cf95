"""Model selection: the baseline wins ties, and a challenger must be better by more than luck."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from tiny_readings import START, hours, readings, series, used

import influx
from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.forecasting import models as models_
from influx.forecasting.device_series import series_of
from influx.forecasting.evaluation.backtest import Scores
from influx.forecasting.evaluation.model_selection import reference, select
from influx.forecasting.features import every_week, feature_table, names
from influx.forecasting.forecast import fit_named
from influx.forecasting.models import Climatology, SeasonalNaive
from influx.forecasting.models.regression import first_80_percent

CLIMATOLOGY, NAIVE, BOOSTED, SIMILAR = "climatology", "seasonal naive", "gradient boosting", "similar days"
MODELS = (CLIMATOLOGY, NAIVE, BOOSTED)


def past(losses: dict[str, list[float]]) -> pd.DataFrame:
    """Return past forecasts, a fold each, whose pinball losses are `losses` [kWh]: medians that are far enough off."""
    rows = [
        (name, START + pd.Timedelta(weeks=fold), 10.0 - 6 * loss)
        for name, by_fold in losses.items()
        for fold, loss in enumerate(by_fold)
        if np.isfinite(loss)
    ]
    frame = pd.DataFrame(rows, columns=["model", "origin", "p50"])
    return frame.assign(observed=10.0, p10=10.0, p90=10.0, energy_kwh=10.0, home_id="home", device_id="tv")


def chosen(losses: dict[str, list[float]], models: tuple[str, ...] = MODELS) -> dict[str, object]:
    """Return the row of `select` for past forecasts of these losses."""
    forecasts = past(losses)
    scores = Scores(forecasts[["home_id", "device_id", "model"]].drop_duplicates())
    scores.forecasts, scores.models = forecasts, dict.fromkeys(models)
    scores.devices = pd.DataFrame({"home_id": ["home"], "device_id": "tv", "days_known": 30.0})
    (row,) = select(scores).to_dict("records")
    return row


ONES = [1.0] * 4


def test_a_skill_larger_than_luck_explains_wins() -> None:
    """Skills of .1, .2, .3 and .2 of climatology's 1 kWh: .2 on average, with a standard error of .0408."""
    row = chosen({CLIMATOLOGY: ONES, NAIVE: [0.9, 0.8, 0.7, 0.8]})
    assert row["model"] == row["challenger"] == NAIVE
    assert (row["baseline"], row["significant"], row["reason"]) == (CLIMATOLOGY, True, "significant")
    assert row["skill"] == pytest.approx(0.2)
    assert row["skill_se"] == pytest.approx(np.std([0.1, 0.2, 0.3, 0.2], ddof=1) / 2)
    assert (row["folds"], row["days_known"], row["not_tested"]) == (4, 30, BOOSTED)


NONE = float("nan")
LATE = [NONE, NONE, 0.1, 0.1]
"""Folds that only one of a pair forecast do not count: two are too few, and no reason to forget the others."""


@pytest.mark.parametrize(
    ("losses", "model", "challenger", "skill", "folds"),
    [
        ({CLIMATOLOGY: ONES, NAIVE: [0.4, 1.2, 0.7, 1.3]}, CLIMATOLOGY, NAIVE, 0.1, 4),
        ({CLIMATOLOGY: ONES, NAIVE: ONES}, CLIMATOLOGY, NAIVE, 0.0, 4),
        ({CLIMATOLOGY: [0.0] * 4, NAIVE: [0.0] * 4}, CLIMATOLOGY, NAIVE, 0.0, 4),
        ({CLIMATOLOGY: [0.0] * 4, NAIVE: [0.3] * 4}, CLIMATOLOGY, NAIVE, 0.0, 4),
        ({CLIMATOLOGY: ONES, NAIVE: [1.5] * 4, BOOSTED: [1.2] * 4}, CLIMATOLOGY, BOOSTED, -0.2, 4),
        ({CLIMATOLOGY: [1.0], NAIVE: [0.5]}, CLIMATOLOGY, NAIVE, 0.5, 1),
        ({CLIMATOLOGY: ONES[:2], NAIVE: [0.5] * 2}, CLIMATOLOGY, NAIVE, 0.5, 2),
        ({CLIMATOLOGY: ONES[:3], NAIVE: [0.5] * 3}, NAIVE, NAIVE, 0.5, 3),
        ({CLIMATOLOGY: ONES, NAIVE: [0.9] * 4, BOOSTED: [0.8] * 4}, BOOSTED, BOOSTED, 0.2, 4),
        ({CLIMATOLOGY: ONES, NAIVE: [0.8] * 4, BOOSTED: LATE}, NAIVE, NAIVE, 0.2, 4),
        ({CLIMATOLOGY: ONES, NAIVE: [1.2] * 4, BOOSTED: LATE}, CLIMATOLOGY, BOOSTED, 0.9, 2),
        # Similar days are the baseline where they were tested: they win ties and what may be luck.
        ({CLIMATOLOGY: ONES, SIMILAR: ONES}, SIMILAR, CLIMATOLOGY, 0.0, 4),
        ({CLIMATOLOGY: [0.4, 1.2, 0.7, 1.3], SIMILAR: ONES}, SIMILAR, CLIMATOLOGY, 0.1, 4),
        ({CLIMATOLOGY: [0.9, 0.8, 0.7, 0.8], SIMILAR: ONES}, CLIMATOLOGY, CLIMATOLOGY, 0.2, 4),
        ({CLIMATOLOGY: ONES, SIMILAR: [0.8] * 4}, SIMILAR, CLIMATOLOGY, -0.25, 4),
    ],
)
def test_which_model_is_selected(
    losses: dict[str, list[float]], model: str, challenger: str, skill: float, folds: int
) -> None:
    row = chosen(losses)
    assert (row["model"], row["challenger"], row["folds"]) == (model, challenger, folds)
    assert row["skill"] == pytest.approx(skill)
    assert row["significant"] == (model == challenger)


def test_a_model_alone_is_taken() -> None:
    row = chosen({CLIMATOLOGY: [1.0]}, MODELS[:2])
    assert (row["model"], row["reason"], row["not_tested"], row["folds"]) == (CLIMATOLOGY, "one model", NAIVE, 1)


def test_the_baseline_may_be_named_and_the_difference_is_in_kwh() -> None:
    frame = readings(tv=weekly(6))
    scores = influx.backtest(frame, ("climatology", "seasonal naive"))
    found = influx.compare(scores[scores["device_id"] == "tv"], baseline="seasonal naive").set_index("model")
    assert set(found["device_id"]) == {"tv"}
    assert found.loc["seasonal naive", ["difference", "skill"]].tolist() == [0, 0]
    assert found.loc["climatology", "difference"] == pytest.approx(
        found.loc["climatology", "loss"] - found.loc["climatology", "baseline_loss"]
    )
    assert not found["significant"].any()
    with pytest.raises(InputError, match="baseline: there is no 'mine'"):
        influx.compare(scores, baseline="mine")
    with pytest.raises(InputError, match="scores: pass the frame"):
        influx.select(pd.DataFrame(scores))


def weekly(weeks: int, seed: int = 0) -> np.ndarray:
    """Return a device with a plan of its own for each hour of the week, which climatology cannot know [kWh]."""
    return np.tile(np.random.default_rng(seed).random(WEEK), weeks)


def test_the_selected_model_learns_from_all_that_is_known() -> None:
    frame = readings(tv=weekly(6), ac=used(6 * WEEK))
    origin = START + pd.Timedelta(weeks=6)
    scores = influx.backtest(frame, MODELS[:2])
    selection = influx.select(scores)
    assert selection.set_index("device_id")["model"][["tv", "ac"]].tolist() == ["seasonal naive", "climatology"]
    every = [one for one, _ in series_of(frame)]
    models = fit_named(every, selection, origin, WEEK)
    assert isinstance(models["home", "tv"], SeasonalNaive)
    assert isinstance(models["home", "ac"], Climatology)
    np.testing.assert_array_equal(models["home", "tv"].predict(pd.DataFrame(index=hours(WEEK, origin))), weekly(1))
    assert set(scores.forecasts["origin"]) == {origin - pd.Timedelta(weeks=back) for back in (1, 2, 3, 4)}


def test_a_device_too_young_for_any_test_is_selected_beside_the_others() -> None:
    young = readings(new=used(60), start=START + pd.Timedelta(hours=8 * WEEK - 60))
    frame = pd.concat([readings(tv=used(8 * WEEK)), young])
    selection = influx.select(influx.backtest(frame, MODELS[:2])).set_index("device_id")
    assert selection.loc[["tv", "new"], "folds"].tolist() == [4, 0]
    assert selection.loc["new", ["model", "reason"]].tolist() == ["climatology", "untested"]


def test_every_candidate_is_tested_by_default() -> None:
    assert set(influx.backtest(readings(tv=used(12 * WEEK)), folds=1)["model"]) == set(models_.MODELS)


def test_the_reference_is_told_one_hour_and_one_week_ahead() -> None:
    """A device that stays on or off for ten hours or so follows from its lags, but only while these are measured."""
    switches = np.random.default_rng(0).random(12 * WEEK) < 0.1
    device = series(np.cumsum(switches) % 2.0)
    scores, importance = reference(device, START + pd.Timedelta(weeks=12))
    assert scores["looking"].tolist() == ["one hour ahead", "a week ahead"]
    near, far = scores.to_dict("records")
    assert near["hours"] == pytest.approx(0.2 * 11 * WEEK, abs=1)
    assert far["hours"] == pytest.approx(0.2 * 11 * WEEK, abs=1)
    assert near["r2"] > 0.5 > 0.2 > far["r2"]
    assert near["mae"] < 0.25 < 0.4 < far["mae"]
    assert near["rmse"] >= near["mae"]
    assert set(importance.columns) == {"home_id", "device_id", "feature", "importance", "spread"}
    assert importance["importance"].is_monotonic_decreasing
    assert "lag_1h" in set(importance["feature"])


def test_the_importance_is_what_shuffling_the_whole_table_costs() -> None:
    """Also where inputs are not known, and of a feature that never changes: shuffling that one costs nothing."""
    warm = pd.DataFrame({"timestamp": hours(12 * WEEK), "outdoor_temp_celsius": np.arange(12.0 * WEEK) % 31})
    warm.loc[warm.index % 7 == 0, "outdoor_temp_celsius"] = np.nan
    kwh = used(12 * WEEK)
    kwh[::5] += np.where(np.isnan(warm["outdoor_temp_celsius"]), 0.0, 0.1)[::5]
    origin = START + pd.Timedelta(weeks=12)
    device = series(kwh, weather=warm, nameplate={"power_rating_watt": 100.0})
    _, importance = reference(device, origin)
    table = feature_table(device.before(origin), device.covariates, every_week(device.before(origin), origin))
    table = table.set_index("timestamp")
    cut = first_80_percent(table["energy_kwh"].to_numpy())
    model = models_.MODELS["gradient boosting"]().fit_first(table[names(table)], table["energy_kwh"].to_numpy())
    judged, known = table[cut:], table["energy_kwh"].to_numpy()[cut:]
    scoring = "neg_mean_absolute_error"
    found = permutation_importance(model, judged[names(table)], known, scoring=scoring, n_repeats=5, random_state=42)
    told = importance.set_index("feature").loc[names(table)]
    np.testing.assert_array_equal(told["importance"], found["importances_mean"])
    np.testing.assert_array_equal(told["spread"], found["importances_std"])
    assert told.loc["power_rating_watt", "importance"] == 0
    assert told["importance"].max() > 0


def test_the_reference_knows_nothing_of_the_origin_and_after() -> None:
    kwh = used(10 * WEEK)
    changed = np.where(np.arange(10 * WEEK) >= 8 * WEEK, 9.0, kwh)
    found = [reference(series(values), START + pd.Timedelta(weeks=8))[0] for values in (kwh, changed)]
    pd.testing.assert_frame_equal(*found)
