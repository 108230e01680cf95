"""The contest: climatology wins ties, a rival must lead by more than luck, and the sentence says what happened."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from tiny_readings import START, hours, readings, series, used

from influx.core.constants import WEEK
from influx.core.schema import as_readings
from influx.forecasting.device_series import Series, all_series, with_household
from influx.forecasting.evaluation.model_selection import choose, reference, train
from influx.forecasting.features import Surroundings, every_week, feature_table, names
from influx.forecasting.models.registry import (
    CANDIDATES,
    Climatology,
    GradientBoosting,
    SeasonalNaive,
    first_80_percent,
)

MODELS = ("climatology", "seasonal_naive", "gradient_boosting")
DEVICE = series(np.ones(24 * 30))
END = START + pd.Timedelta(days=30)


def past(**losses: list[float]) -> pd.DataFrame:
    """Return past forecasts, a fold each, whose pinball losses are `losses` [kWh]: medians that are far enough off."""
    rows = [
        {"model": model, "origin": START + pd.Timedelta(weeks=fold), "observed": 10.0, "p50": 10.0 - 6 * loss}
        for model, by_fold in losses.items()
        for fold, loss in enumerate(by_fold)
        if np.isfinite(loss)
    ]
    return pd.DataFrame(rows).assign(p10=10.0, p90=10.0, energy_kwh=10.0, home_id="home", device_id="tv")


def chosen(models: tuple[str, ...] = MODELS, **losses: list[float]) -> dict[str, object]:
    return choose(DEVICE, past(**losses), END, models)


def test_a_lead_larger_than_luck_explains_wins() -> None:
    """Leads of .1, .2, .3 and .2 of climatology's 1 kWh: .2 on average, with a standard error of .0408."""
    row = chosen(climatology=[1.0] * 4, seasonal_naive=[0.9, 0.8, 0.7, 0.8])
    assert row["model"] == "seasonal_naive"
    assert row["lead"] == pytest.approx(0.2)
    assert row["lead_se"] == pytest.approx(np.std([0.1, 0.2, 0.3, 0.2], ddof=1) / 2)
    assert row["folds"] == 4
    assert row["days_known"] == 30
    assert row["why"] == (
        "Last week again: 20 % less loss than climatology over 4 past forecasts, more than chance explains. "
        "Too little history for gradient boosting."
    )


def test_a_lead_that_so_few_folds_show_by_luck_does_not_win() -> None:
    row = chosen(MODELS[:2], climatology=[1.0] * 4, seasonal_naive=[0.4, 1.2, 0.7, 1.3])
    assert row["model"] == "climatology"
    assert 0 < row["lead"] < row["lead_se"]
    assert row["why"] == "Climatology: last week again is 10 % ahead over 4 past forecasts, which may be chance."


def test_climatology_wins_ties() -> None:
    for loss in (1.0, 0.0):
        row = chosen(MODELS[:2], climatology=[loss] * 4, seasonal_naive=[loss] * 4)
        assert row["model"] == "climatology"
        assert row["lead"] == 0
        assert row["why"] == "Climatology: the next best, last week again, does no better over 4 past forecasts."


def test_the_sentence_says_by_how_much_climatology_wins() -> None:
    row = chosen(climatology=[1.0] * 4, seasonal_naive=[1.5] * 4, gradient_boosting=[1.2] * 4)
    assert row["model"] == "climatology"
    assert row["why"] == ("Climatology: the next best, gradient boosting, has 20 % more loss over 4 past forecasts.")


def test_where_climatology_lost_nothing_no_percentage_is_told() -> None:
    row = chosen(MODELS[:2], climatology=[0.0] * 4, seasonal_naive=[0.3] * 4)
    assert row["model"] == "climatology"
    assert "does no better" in row["why"]


@pytest.mark.parametrize("folds", [1, 2])
def test_fewer_than_three_folds_convince_nobody(folds: int) -> None:
    row = chosen(MODELS[:2], climatology=[1.0] * folds, seasonal_naive=[0.5] * folds)
    assert row["model"] == "climatology"
    assert "50 % ahead" in row["why"]
    assert f"over {folds} past forecast{'s' if folds > 1 else ''}," in row["why"]
    assert chosen(MODELS[:2], climatology=[1.0] * 3, seasonal_naive=[0.5] * 3)["model"] == "seasonal_naive"


def test_one_fold_that_is_lost_decides_nothing_either() -> None:
    row = chosen(MODELS[:2], climatology=[1.0], seasonal_naive=[2.0])
    assert row["why"] == "Climatology: last week again did not beat it over 1 past forecast, and one decides nothing."


def test_folds_that_only_one_of_a_pair_forecast_do_not_count() -> None:
    """Gradient boosting forecast two folds of four: too few to be chosen, no reason to forget those of the other."""
    none = float("nan")
    row = chosen(climatology=[1.0] * 4, seasonal_naive=[0.8] * 4, gradient_boosting=[none, none, 0.1, 0.1])
    assert row["model"] == "seasonal_naive"
    assert row["lead"] == pytest.approx(0.2)
    row = chosen(climatology=[1.0] * 4, seasonal_naive=[1.2] * 4, gradient_boosting=[none, none, 0.1, 0.1])
    assert row["model"] == "climatology"
    assert row["why"].startswith("Climatology: gradient boosting is 90 % ahead over 2 past forecasts, which may be")


def test_of_two_that_lead_the_better_one_is_taken() -> None:
    row = chosen(climatology=[1.0] * 4, seasonal_naive=[0.9] * 4, gradient_boosting=[0.8] * 4)
    assert row["model"] == "gradient_boosting"


def test_similar_days_are_the_anchor_where_they_were_tested() -> None:
    """They win ties and leads that may be luck, against climatology too; a lead that is not luck beats them."""
    even = chosen(("climatology", "kernel"), climatology=[1.0] * 4, kernel=[1.0] * 4)
    assert even["model"] == "kernel"
    assert even["why"] == "Similar days: the next best, climatology, does no better over 4 past forecasts."
    lucky = chosen(("climatology", "kernel"), climatology=[0.4, 1.2, 0.7, 1.3], kernel=[1.0] * 4)
    assert lucky["model"] == "kernel"
    assert lucky["why"] == "Similar days: climatology is 10 % ahead over 4 past forecasts, which may be chance."
    beaten = chosen(("climatology", "kernel"), climatology=[0.9, 0.8, 0.7, 0.8], kernel=[1.0] * 4)
    assert beaten["model"] == "climatology"
    assert beaten["why"].startswith("Climatology: 20 % less loss than similar days over 4 past forecasts")
    ahead = chosen(("climatology", "kernel"), climatology=[1.0] * 4, kernel=[0.8] * 4)
    assert ahead["why"] == "Similar days: the next best, climatology, has 25 % more loss over 4 past forecasts."


def test_too_little_history_is_said() -> None:
    row = choose(series(np.ones(72)), pd.DataFrame(), START + pd.Timedelta(days=3), MODELS)
    assert row["model"] == "climatology"
    assert row["folds"] == 0
    assert row["why"] == "3 days of history are too few to test anything: climatology, untested."
    row = chosen(MODELS[:2], climatology=[1.0])
    assert row["why"] == "Too little history for last week again: climatology alone was tested."
    row = chosen(MODELS[:1], climatology=[1.0])
    assert row["why"] == "Climatology alone was tested."


def weekly(weeks: int, seed: int = 0) -> np.ndarray:
    """Return a device with a plan of its own for each hour of the week, which climatology cannot know [kWh]."""
    return np.tile(np.random.default_rng(seed).random(WEEK), weeks)


def test_the_winner_learns_from_all_that_is_known() -> None:
    frame = readings(tv=weekly(6), ac=used(6 * WEEK))
    every = all_series(with_household(as_readings(frame)), Surroundings())
    origin = START + pd.Timedelta(weeks=6)
    trained = train(every, origin, models=MODELS[:2])
    model = trained.choice.set_index("device_id")["model"]
    assert model["tv"] == "seasonal_naive"
    assert model["ac"] == "climatology"
    assert isinstance(trained.models["home", "tv"], SeasonalNaive)
    assert isinstance(trained.models["home", "ac"], Climatology)
    ahead = pd.DataFrame(index=hours(WEEK, origin))
    np.testing.assert_array_equal(trained.models["home", "tv"].predict(ahead), weekly(1))
    assert set(trained.metrics["device_id"]) == {"ac", "tv", "household"}
    assert set(trained.forecasts["origin"]) == {origin - pd.Timedelta(weeks=back) for back in (1, 2, 3, 4)}


def test_climatology_takes_part_though_it_was_not_asked() -> None:
    trained = train([series(used(6 * WEEK))], START + pd.Timedelta(weeks=6), models=("seasonal_naive",))
    assert set(trained.metrics["model"]) == {"climatology", "seasonal_naive"}


def test_devices_too_young_for_any_test_are_trained_beside_the_others() -> None:
    old = series(used(8 * WEEK))
    young = Series("home", "new", series(used(60), start=old.energy.index[-60]).energy, old.around)
    trained = train([old, young], START + pd.Timedelta(weeks=8), models=MODELS[:2])
    assert trained.choice["folds"].tolist() == [4, 0]
    assert set(trained.metrics["device_id"]) == {"tv"}
    assert set(trained.models) == {("home", "tv"), ("home", "new")}
    alone = train([young], START + pd.Timedelta(weeks=8), models=MODELS[:2])
    assert alone.metrics.empty
    assert alone.choice["model"].tolist() == ["climatology"]


def test_every_candidate_enters_the_contest_by_default() -> None:
    trained = train([series(used(12 * WEEK))], START + pd.Timedelta(weeks=12), folds=3)
    assert set(trained.metrics["model"]) == set(CANDIDATES)


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
    device = series(kwh, weather=warm, plate={"power_rating_watt": 100.0})
    _, importance = reference(device, origin)
    table = feature_table(device.before(origin), device.around, every_week(device.before(origin), origin))
    table = table.set_index("timestamp")
    cut = first_80_percent(table["energy_kwh"].to_numpy())
    model = GradientBoosting().fit_first(table, table["energy_kwh"].to_numpy())
    judged, known = table[cut:], table["energy_kwh"].to_numpy()[cut:]
    scoring = "neg_mean_absolute_error"
    found = permutation_importance(model, judged[names(table)], known, scoring=scoring, n_repeats=5, random_state=42)
    told = importance.set_index("feature").loc[names(table)]
    np.testing.assert_array_equal(told["importance"], found["importances_mean"])
    np.testing.assert_array_equal(told["spread"], found["importances_std"])
    assert told.loc["power_rating_watt", "importance"] == 0
    assert told["importance"].max() > 0


def test_the_reference_needs_six_weeks() -> None:
    scores, importance = reference(series(used(24 * 41)), START + pd.Timedelta(days=41))
    assert scores.empty
    assert importance.empty


def test_the_reference_knows_nothing_of_the_origin_and_after() -> None:
    kwh = used(10 * WEEK)
    changed = np.where(np.arange(10 * WEEK) >= 8 * WEEK, 9.0, kwh)
    found = [reference(series(values), START + pd.Timedelta(weeks=8))[0] for values in (kwh, changed)]
    pd.testing.assert_frame_equal(*found)
