"""Past forecasts: what they may know, where they stand, and their errors by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from tiny_readings import START, hours, readings, series, used

import influx
from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.schema import METRICS
from influx.forecasting.evaluation.backtest import (
    can_learn,
    fit,
    metrics,
    past_forecasts,
    past_forecasts_of_all,
    pinball,
    predict,
)
from influx.forecasting.models import MODELS, named_models

QUICK = ("climatology", "similar days", "seasonal naive")


def made(observed: list[float], expected: list[float], **columns: object) -> pd.DataFrame:
    """Return past forecasts of consecutive hours [kWh], a band of 1 kWh either side of what was expected."""
    expected_ = np.array(expected)
    frame = pd.DataFrame({"timestamp": hours(len(observed)), "observed": observed, "energy_kwh": expected_})
    frame = frame.assign(p10=expected_ - 1, p50=expected_, p90=expected_ + 1, naive_error=2.0, origin=START)
    return frame.assign(home_id="home", device_id="tv", model="climatology").assign(**columns)


def measured(frame: pd.DataFrame) -> dict[str, float]:
    (row,) = metrics(frame).to_dict("records")
    return row


def test_errors_by_hand() -> None:
    """Observed 4, 2, 0, 6 and expected 5, 2, 1, 2: off by +1, 0, +1 and -4."""
    row = measured(made([4.0, 2.0, 0.0, 6.0], [5.0, 2.0, 1.0, 2.0]))
    assert row["folds"] == 1
    assert row["mae"] == 1.5
    assert row["rmse"] == pytest.approx(np.sqrt(18 / 4))
    assert row["bias"] == -0.5  # too little was expected
    assert row["mase"] == 0.75
    assert row["r2"] == pytest.approx(1 - 18 / 20)
    assert row["coverage_80"] == 0.75  # 4 and 0 lie on the edge of their bands
    assert row["daily_wape"] == pytest.approx(2 / 12)


def test_the_pinball_loss_by_hand() -> None:
    """4 against 4, 5, 6 loses nothing, half of 1 and a tenth of 2; 6 against 1, 2, 3 loses .1 x 5, .5 x 4, .9 x 3."""
    quantiles = np.array([[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]])
    found = pinball(np.array([4.0, 6.0]), quantiles)
    np.testing.assert_allclose(found, [(0 + 0.5 + 0.2) / 3, (0.5 + 2.0 + 2.7) / 3])
    row = measured(made([4.0, 6.0], [5.0, 2.0]))
    assert row["pinball"] == pytest.approx(found.mean())
    assert row["scaled_pinball"] == pytest.approx(found.mean() / 2)


@given(
    observed=st.lists(st.floats(0, 100), min_size=1, max_size=20),
    level=st.sampled_from([0.1, 0.5, 0.9]),
)
def test_the_sample_quantile_loses_least(observed: list[float], level: float) -> None:
    sample = np.array(observed)

    def loss(value: float) -> float:
        return float(pinball(sample, np.full((len(sample), 1), value), np.array([level])).mean())

    best = float(np.quantile(sample, level, method="inverted_cdf"))
    assert all(loss(best) <= loss(other) + 1e-9 for other in (best - 1, best + 1, *sample))


def test_days_are_summed_within_a_fold() -> None:
    """Two folds of two days, off by +24 and -24 kWh, then by -24 and +24: neither days nor folds cancel, hours do."""
    one = made([2.0] * 48, [3.0] * 24 + [1.0] * 24)
    two = made([2.0] * 48, [1.0] * 24 + [3.0] * 24, origin=START + pd.Timedelta(weeks=1))
    two["timestamp"] += pd.Timedelta(weeks=1)
    row = measured(pd.concat([one, two]))
    assert row["folds"] == 2
    assert row["daily_wape"] == pytest.approx(24 / 48)
    assert row["bias"] == 0
    swapped = made([2.0] * 48, [1.0, 3.0] * 24)
    assert measured(swapped)["daily_wape"] == 0


def test_what_the_data_cannot_tell_is_unknown() -> None:
    row = measured(made([0.0] * 3, [1.0] * 3, naive_error=0.0))
    assert row["mae"] == 1.0
    for name in ("mase", "scaled_pinball", "daily_wape", "r2"):
        assert np.isnan(row[name])


def test_each_device_and_model_has_a_row() -> None:
    frame = pd.concat([made([1.0], [2.0]), made([1.0], [1.0], model="m"), made([1.0], [3.0], device_id="ac")])
    found = metrics(frame).set_index(["device_id", "model"])["mae"]
    assert found.to_dict() == {("tv", "climatology"): 1.0, ("tv", "m"): 0.0, ("ac", "climatology"): 2.0}
    assert list(metrics(frame).columns) == list(METRICS.columns)


def test_folds_stand_a_horizon_apart_and_the_last_one_a_horizon_before_the_end() -> None:
    end = START + pd.Timedelta(weeks=10)
    found = past_forecasts(series(used(10 * WEEK)), 3, 24, QUICK)
    assert set(found["origin"]) == {end - pd.Timedelta(days=back) for back in (1, 2, 3)}
    assert (found["timestamp"] >= found["origin"]).all()
    assert (found["timestamp"] < found["origin"] + pd.Timedelta(days=1)).all()
    assert len(found) == 3 * 24 * len(QUICK)


def test_devices_side_by_side_have_the_past_forecasts_that_each_has_alone() -> None:
    old, young = series(used(10 * WEEK)), series(used(7 * WEEK, seed=1))  # at 35 days of age nothing is boosted
    devices = [old, dataclasses.replace(young, device_id="ac")]
    models = named_models({"climatology": "climatology", "line": LinearRegression(), "naive": "seasonal naive"})
    for device, found in zip(devices, past_forecasts_of_all(devices, 2, WEEK, models), strict=True):
        pd.testing.assert_frame_equal(found, past_forecasts(device, 2, WEEK, models))
    assert found.groupby("model")["origin"].nunique().to_dict() == {"climatology": 2, "line": 1, "naive": 2}


def test_a_fold_compares_with_what_was_measured() -> None:
    kwh = used(8 * WEEK)
    kwh[-30:-20] = np.nan
    kwh[-WEEK - 50 :][:10] = np.nan
    device = series(np.r_[kwh, [np.nan] * 40])  # silent for two days
    found = past_forecasts(device, 2, WEEK, ("climatology",))
    assert found["origin"].max() == START + pd.Timedelta(weeks=7)
    assert len(found) == 2 * WEEK - 20
    np.testing.assert_array_equal(found["observed"], device.energy.reindex(found["timestamp"]))
    naive = np.nanmean(np.abs(kwh[WEEK : 7 * WEEK] - kwh[: 6 * WEEK]))
    assert found["naive_error"].iloc[-1] == pytest.approx(naive)


def test_a_fold_without_a_measured_hour_is_left_out() -> None:
    kwh = used(6 * WEEK)
    kwh[4 * WEEK : 5 * WEEK] = np.nan
    found = past_forecasts(series(kwh), 3, WEEK, ("climatology",))
    assert set(found["origin"]) == {START + pd.Timedelta(weeks=week) for week in (3, 5)}


@settings(max_examples=3)
@given(fold=st.integers(1, 4), seed=st.integers(0, 1000), change=st.sampled_from([0.0, 50.0]))
def test_a_fold_knows_nothing_of_its_origin_and_after(fold: int, seed: int, change: float) -> None:
    """What is forecast in a fold stays when every hour from its origin on changes, but the last one."""
    kwh = used(9 * WEEK, seed)
    later = np.arange(len(kwh)) >= (9 - fold) * WEEK
    later[-1] = False  # the end of what is known, from which folds are counted
    other = np.where(later, change, kwh)
    origin = START + pd.Timedelta(weeks=9 - fold)
    columns = ["model", "timestamp", "energy_kwh", "p10", "p50", "p90", "naive_error"]
    before, after = (past_forecasts(series(values), 4, WEEK, QUICK) for values in (kwh, other))
    before = before.loc[before["origin"] == origin, columns]
    after = after.loc[after["origin"] == origin, columns]
    both = before.merge(after, on=["model", "timestamp"], suffixes=("", "_after"))
    assert len(both) == len(QUICK) * WEEK
    for name in columns[2:]:
        np.testing.assert_array_equal(both[name], both[f"{name}_after"])


@pytest.mark.parametrize("model", list(MODELS))
def test_a_past_forecast_is_what_would_have_been_forecast_then(model: str) -> None:
    kwh = used(9 * WEEK)
    origin = START + pd.Timedelta(weeks=8)
    found = past_forecasts(series(kwh), 1, WEEK, (model,))
    then = series(kwh[: 8 * WEEK])
    expected = predict(fit(then, model, origin, WEEK), then, origin, WEEK)
    for name in ("energy_kwh", "p10", "p50", "p90"):
        np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.parametrize(("model", "days"), [("climatology", 7), ("seasonal naive", 15), ("gradient boosting", 42)])
def test_a_model_is_tested_when_it_has_the_history_that_it_needs(model: str, days: int) -> None:
    device = series(used(24 * 60))
    at = START + pd.Timedelta(days=days)
    assert can_learn(device, model, at, WEEK)
    assert not can_learn(device, model, at - pd.Timedelta(hours=1), WEEK)


def test_a_long_horizon_needs_more_history_for_blocks_of_its_length() -> None:
    device = series(used(24 * 100))
    assert can_learn(device, "gradient boosting", START + pd.Timedelta(days=49), 2 * WEEK)
    assert not can_learn(device, "gradient boosting", START + pd.Timedelta(days=48), 2 * WEEK)
    assert not past_forecasts(device, 1, 1000, ("gradient boosting",)).shape[0]


def test_what_was_known_long_ago_does_not_count() -> None:
    """A year of silence, then two weeks: nothing to learn from before these, whatever stood there once."""
    old, new = used(60 * 24), used(3 * WEEK, seed=1)
    device = series(np.r_[old, np.full(400 * 24, np.nan), new])
    found = past_forecasts(device, 4, WEEK, tuple(MODELS))
    end = device.energy.index[-1] + pd.Timedelta(hours=1)
    assert set(found["origin"]) == {end - pd.Timedelta(weeks=back) for back in (1, 2)}
    half_a_year = series(np.r_[old, np.full(200 * 24, np.nan), new])
    assert set(past_forecasts(half_a_year, 3, WEEK, tuple(MODELS))["model"]) == set(QUICK)


def test_backtest_tells_every_device_of_every_home_and_the_household() -> None:
    frame = pd.concat([readings("a", tv=used(5 * WEEK), ac=used(5 * WEEK, 1)), readings("b", tv=used(4 * WEEK))])
    found = influx.backtest(frame, folds=2)
    assert list(found.columns) == list(METRICS.columns)
    keys = set(zip(found["home_id"], found["device_id"], found["model"], strict=True))
    devices = {("a", "tv"), ("a", "ac"), ("a", "household"), ("b", "tv"), ("b", "household")}
    assert keys == {(*device, model) for device in devices for model in QUICK}
    alone = found[found["home_id"] == "b"].set_index(["device_id", "model"])
    for model in QUICK:
        pd.testing.assert_series_equal(alone.loc[("tv", model)], alone.loc[("household", model)], check_names=False)


def test_too_little_history_gives_no_rows_and_no_error() -> None:
    for frame in (readings(tv=used(30)), readings(tv=used(13 * 24))):
        found = influx.backtest(frame)
        assert len(found) == 0
        assert list(found.columns) == list(METRICS.columns)
        assert found["mae"].dtype == float


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"horizon": 0}, "horizon: 0 hours; ask for at least 1"),
        ({"folds": 0}, "folds: 0 past forecasts; ask for at least 1"),
        ({"models": ["climatology", "prophecy"]}, "models: there is no prophecy; choose among climatology, "),
        ({"models": []}, "choose among climatology, "),
        ({"timezone": "Mars"}, "'Mars' is not a time zone"),
        ({"country": "Atlantis"}, "'Atlantis' is not a country"),
    ],
)
def test_what_cannot_be_done_is_an_error(options: dict[str, object], fact: str) -> None:
    with pytest.raises(InputError, match=fact):
        influx.backtest(readings(tv=used(WEEK)), **options)
