"""What every candidate must do, whatever it is: new ones are tested by standing in `MODELS`."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from tiny_readings import START, energy, hours, used

from influx.core.constants import WEEK
from influx.forecasting.features import Covariates, every_week, feature_table
from influx.forecasting.models import MODELS, Model, Regression, SeasonalNaive

LEVELS = np.array([0.05, 0.1, 0.5, 0.9, 0.95])
ZONE = "Europe/Madrid"
LENGTH = 8 * WEEK


def new(name: str, timezone: str = ZONE, country: str | None = "ES") -> Regression:
    """Return a candidate that knows where the home is."""
    model = MODELS[name]()
    takes = {"timezone": timezone, "country": country}
    return model.set_params(**{key: value for key, value in takes.items() if key in model.get_params()})


def boosted() -> Regression:
    return new("gradient boosting")


every_candidate = pytest.mark.parametrize("name", list(MODELS))


def with_gaps(kwh: np.ndarray) -> np.ndarray:
    """Return the energy with a tenth of its hours and one whole week unknown."""
    kwh = np.where(np.random.default_rng(5).random(len(kwh)) < 0.1, np.nan, kwh)
    kwh[3 * WEEK : 4 * WEEK] = np.nan
    return kwh


SERIES = {
    "in use": used(LENGTH),
    "gaps": with_gaps(used(LENGTH)),
    "constant": np.full(LENGTH, 0.25),
    "never used": np.zeros(LENGTH),
    "used once": np.r_[np.zeros(LENGTH - 200), 2.0, np.zeros(199)],
    "unknown of late": np.r_[used(LENGTH - 100), np.full(100, np.nan)],
}


def tables(candidate: Model, kwh: np.ndarray, horizon: int = WEEK) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Return what a candidate learns from, and the rows of the hours after it."""
    history = energy(kwh)
    end = history.index[-1] + pd.Timedelta(hours=1)
    if not candidate.uses_features:
        return pd.DataFrame(index=history.index), history.to_numpy(), pd.DataFrame(index=hours(horizon, end))
    around = Covariates(timezone=ZONE, country="ES")
    learnt = feature_table(history, around, every_week(history, end)).set_index("timestamp")
    ahead = feature_table(history, around, pd.DatetimeIndex([end]), horizon).set_index("timestamp")
    apart = ["origin", "energy_kwh"]
    return learnt.drop(columns=apart), learnt["energy_kwh"].to_numpy(), ahead.drop(columns=apart)


def learn(name: str, kwh: np.ndarray) -> tuple[Model, pd.DataFrame]:
    """Return a fitted candidate and the rows of the week after."""
    candidate = new(name)
    learnt, target, ahead = tables(candidate, kwh)
    return candidate.fit(learnt, target), ahead


@cache
def fitted(name: str, kind: str) -> tuple[Model, pd.DataFrame]:
    """Return a candidate that has learnt one of `SERIES`; tests that change it take one of their own."""
    return learn(name, SERIES[kind])


def test_climatology_stands_first_and_needs_no_history() -> None:
    assert next(iter(MODELS)) == "climatology"
    assert new("climatology").needs_days == 0


@every_candidate
@pytest.mark.parametrize("kind", list(SERIES))
def test_any_device_gets_a_whole_forecast(name: str, kind: str) -> None:
    """Finite, never negative, quantiles in order, and nothing beyond what was ever measured by much."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model, ahead = fitted(name, kind)
        expected, quantiles = model.predict(ahead), model.predict_quantiles(ahead, LEVELS)
    assert expected.shape == (WEEK,)
    assert quantiles.shape == (WEEK, 5)
    assert np.isfinite(expected).all()
    assert np.isfinite(quantiles).all()
    assert (expected >= 0).all()
    assert (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    most = np.nanmax(SERIES[kind])
    assert expected.max() <= 1.5 * most
    assert quantiles.max() <= 3 * most
    if np.ptp(SERIES[kind]) == 0:  # one that never varies is forecast as it is
        np.testing.assert_allclose(expected, most, atol=1e-9)
        np.testing.assert_allclose(quantiles, most, atol=1e-9)


@every_candidate
def test_fit_returns_the_model_and_forgets_what_it_learnt_before(name: str) -> None:
    again, ahead = learn(name, used(LENGTH, seed=9))
    learnt, target, _ = tables(again, SERIES["gaps"])
    copies = learnt.copy(), target.copy(), ahead.copy()
    assert again.fit(learnt, target) is again
    fresh, _ = fitted(name, "gaps")
    np.testing.assert_array_equal(again.predict(ahead), fresh.predict(ahead))
    np.testing.assert_array_equal(again.predict_quantiles(ahead, LEVELS), fresh.predict_quantiles(ahead, LEVELS))
    for inputs, copy in ((learnt, copies[0]), (pd.Series(target), pd.Series(copies[1])), (ahead, copies[2])):
        assert inputs.equals(copy)  # nothing that was passed in has changed


@every_candidate
def test_scikit_learn_can_clone_and_set_up_a_candidate(name: str) -> None:
    model = new(name)
    copy = clone(model)
    assert type(copy) is type(model)
    assert repr(copy) == repr(model)
    assert copy.set_params(timezone="Asia/Tokyo").timezone == "Asia/Tokyo"
    assert model.timezone == ZONE


@every_candidate
def test_each_hour_and_each_quantile_is_forecast_for_itself(name: str) -> None:
    """Asking for fewer hours, or for quantiles one by one, changes nothing but the last digits."""
    model, ahead = fitted(name, "in use")
    some = ahead.iloc[[5, 50, 100]]
    np.testing.assert_allclose(model.predict(some), model.predict(ahead)[[5, 50, 100]], rtol=1e-12)
    whole = model.predict_quantiles(ahead, LEVELS)
    np.testing.assert_allclose(model.predict_quantiles(some, LEVELS[[2]]), whole[[5, 50, 100]][:, [2]], rtol=1e-12)


def naive(kwh: np.ndarray, start: str | pd.Timestamp = START, zone: str = "UTC") -> SeasonalNaive:
    history = energy(kwh, start)
    return SeasonalNaive(timezone=zone).fit(pd.DataFrame(index=history.index), history.to_numpy())


def test_last_week_again_repeats_the_last_week_however_far_ahead() -> None:
    kwh = used(5 * WEEK)
    ahead = pd.DataFrame(index=hours(3 * WEEK, START + pd.Timedelta(weeks=5)))
    np.testing.assert_array_equal(naive(kwh).predict(ahead), np.tile(kwh[-WEEK:], 3))


def test_an_unknown_hour_of_the_last_week_is_taken_from_the_weeks_before_then_from_the_mean() -> None:
    kwh = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], WEEK)
    kwh[4 * WEEK + 10] = np.nan
    kwh[[back * WEEK + 20 for back in (1, 2, 3, 4)]] = np.nan
    kwh[[back * WEEK + 22 for back in (2, 3, 4)]] = np.nan
    found = naive(kwh).predict(pd.DataFrame(index=hours(30, START + pd.Timedelta(weeks=5))))
    assert found[[9, 10, 22]].tolist() == [5.0, 4.0, 2.0]
    assert found[20] == pytest.approx(np.nanmean(kwh))


@pytest.mark.parametrize("change", ["2024-03-31", "2024-10-27"])
def test_last_week_again_keeps_the_local_hour_when_the_clock_changes(change: str) -> None:
    stamps = hours(3 * WEEK, pd.Timestamp(change, tz="UTC") - pd.Timedelta(days=18))
    model = naive(np.where(stamps.tz_convert(ZONE).hour == 19, 1.0, 0.0), stamps[0], ZONE)
    ahead = pd.DataFrame(index=hours(2 * WEEK, stamps[-1] + pd.Timedelta(hours=1)))
    assert pd.Timestamp(change, tz="UTC") < ahead.index[0]
    np.testing.assert_array_equal(model.predict(ahead), ahead.index.tz_convert(ZONE).hour == 19)


def test_the_band_of_last_week_again_is_its_weekly_changes() -> None:
    """Weeks of 1, 2, 4 and 8 kWh an hour: changes of 1, 2 and 4, in equal numbers."""
    found = naive(np.repeat([1.0, 2.0, 4.0, 8.0], WEEK)).predict_quantiles(
        pd.DataFrame(index=hours(24, START + pd.Timedelta(weeks=4))), np.array([0.1, 0.5, 0.9])
    )
    np.testing.assert_allclose(found, [[9.0, 10.0, 12.0]] * 24)


def test_gradient_boosting_is_the_reference_as_it_was_set() -> None:
    model, _ = fitted("gradient boosting", "in use")
    asked = {"n_estimators": 100, "learning_rate": 0.1, "max_depth": 3, "random_state": 42}
    assert {name: model.estimator_.get_params()[name] for name in asked} == asked
    assert model.estimator_.n_estimators_ == 100


def test_the_band_of_gradient_boosting_comes_from_hours_that_it_had_not_learnt() -> None:
    """In the last fifth it was hot and took 1 kWh more: with all hours learnt a matter of course, before a surprise."""
    kwh = np.where(np.arange(LENGTH) % 24 < 12, 1.0, 0.0)
    learnt, target, ahead = tables(boosted(), kwh)
    hot = np.where(np.arange(len(target)) >= int(0.8 * len(target)), 1.0, 0.0)
    model = boosted().fit(learnt.assign(outdoor_temp_celsius=hot), target + hot)
    ahead = ahead.assign(outdoor_temp_celsius=1.0)
    expected = model.predict(ahead)
    np.testing.assert_allclose(expected, np.where(ahead.index.hour < 12, 2.0, 1.0), atol=0.1)
    np.testing.assert_allclose(model.predict_quantiles(ahead, LEVELS), expected[:, None] + [[1.0] * 5], atol=0.1)


def test_gradient_boosting_uses_a_feature_that_is_there_and_does_without_one_that_is_not() -> None:
    learnt, _, ahead = tables(boosted(), SERIES["in use"])
    hot = np.where(np.arange(len(learnt)) % 30 < 15, 1.0, 0.0)
    with_heat = learnt.assign(outdoor_temp_celsius=hot, humidity_percent=np.nan)
    model = boosted().fit(with_heat, hot)
    assert "outdoor_temp_celsius" in model.features_
    assert "humidity_percent" not in model.features_
    assert "power_rating_watt" not in model.features_
    for value in (0.0, 1.0):
        found = model.predict(ahead.assign(outdoor_temp_celsius=value, humidity_percent=50.0))
        np.testing.assert_allclose(found, value, atol=0.01)


def test_gradient_boosting_fills_an_unknown_input_with_the_middle_of_what_it_saw() -> None:
    learnt, target, ahead = tables(boosted(), SERIES["in use"])
    model = boosted().fit(learnt, target)
    middle = np.median(learnt["lag_1h"])
    np.testing.assert_array_equal(
        model.predict(ahead.assign(lag_1h=np.nan)), model.predict(ahead.assign(lag_1h=middle))
    )


@settings(max_examples=10)
@given(
    name=st.sampled_from([name for name in MODELS if not MODELS[name]().uses_features]),
    count=st.integers(1, 24 * 110),
    known=st.sampled_from([1.0, 0.5, 0.02]),
    warm=st.sampled_from(["no", "all", "gaps"]),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns"]),
    seed=st.integers(0, 10_000),
)
def test_any_history_in_which_anything_is_known_is_enough(
    name: str, count: int, known: float, warm: str, zone: str, seed: int
) -> None:
    """An hour or sixteen weeks, gaps in the energy and in the temperature, hours of any length after it."""
    rng = np.random.default_rng(seed)
    kwh = np.where(rng.random(count) < known, used(count, seed), np.nan)
    kwh[rng.integers(count)] = 0.5
    rows = pd.DataFrame(index=hours(count + 200))
    if warm != "no":
        celsius = 15 + 10 * np.sin(np.arange(len(rows)) / 50)
        rows["outdoor_temp_celsius"] = (
            np.where(rng.random(len(rows)) < 0.2, np.nan, celsius) if warm == "gaps" else celsius
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = new(name, zone, None).fit(rows[:count], kwh)
        expected, quantiles = model.predict(rows[count:]), model.predict_quantiles(rows[count:], LEVELS)
    assert np.isfinite(expected).all()
    assert np.isfinite(quantiles).all()
    assert min(expected.min(), quantiles.min()) >= 0
    assert (np.diff(quantiles, axis=1) >= 0).all()
