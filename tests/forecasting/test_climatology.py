"""Climatology by hand: which past hours describe a coming one, and how much each counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tiny_readings import START, energy, hours, used

from influx.forecasting.models import Climatology
from influx.forecasting.models.climatology import weighted_quantiles

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
LONG = 1e6
"""A half-life in weeks with which age does not count."""


def fitted(history: pd.Series, half_life: float = 4.0, zone: str = "UTC", country: str | None = None) -> Climatology:
    return Climatology(half_life, zone, country).fit(history.to_frame(), history.to_numpy())


def expected(history: pd.Series, half_life: float = 4.0, zone: str = "UTC", country: str | None = None) -> np.ndarray:
    """Return the expected energy by day type and local hour, shape (2, 24)."""
    return fitted(history, half_life, zone, country).expected_


def with_hours(known: dict[int, float], count: int = 24) -> pd.Series:
    """Return hours of which these are known."""
    return energy([known.get(hour, np.nan) for hour in range(count)])


def days_of_one_hour(hour: int, *kwh: float, start: pd.Timestamp = START) -> pd.Series:
    """Return days on which one hour is known, NaN else."""
    values = np.full((len(kwh), 24), np.nan)
    values[:, hour] = kwh
    return energy(values.ravel(), start)


def test_the_expected_value_by_hand() -> None:
    """Friday, Saturday and Sunday, then a Monday: ages 3, 2 and 1 days, weekend days count .6 for a working day."""
    found = expected(days_of_one_hour(10, 1.0, 2.0, 4.0, start=START + pd.Timedelta(days=4)), 2.0)
    age = 0.5 ** (np.array([3, 2, 1]) / 7 / 2)
    for kind, type_weight in ((0, [1.0, 0.6, 0.6]), (1, [0.6, 1.0, 1.0])):
        weight = age * type_weight
        assert found[kind, 10] == pytest.approx(weight @ [1.0, 2.0, 4.0] / weight.sum())


def test_the_neighbouring_hours_count_two_fifths_also_over_midnight() -> None:
    found = expected(with_hours({9: 1.0, 10: 10.0, 11: 100.0, 12: 1000.0}))[0]
    assert found[10] == pytest.approx((0.4 * 1 + 10 + 0.4 * 100) / 1.8)
    assert found[11] == pytest.approx((0.4 * 10 + 100 + 0.4 * 1000) / 1.8)
    found = expected(with_hours({23: 3.0, 24: 5.0}, 48), LONG)[0]
    assert found[[23, 0]] == pytest.approx([(3 + 0.4 * 5) / 1.4, (0.4 * 3 + 5) / 1.4])


def test_quantiles_by_hand() -> None:
    """Weights .2, .3, .5 have their middles at .1, .35 and .75."""
    found = weighted_quantiles(
        np.array([0.0, 1.0, 3.0]), np.array([0.2, 0.3, 0.5]), np.array([0.05, 0.1, 0.225, 0.35, 0.55, 0.75, 0.9])
    )
    np.testing.assert_allclose(found, [0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 3.0])


def test_equal_weights_are_hazens_plotting_positions() -> None:
    values = np.sort(used(20, off=0.0))
    found = weighted_quantiles(values, np.full(20, 0.05), LEVELS)
    np.testing.assert_allclose(found, np.quantile(values, LEVELS, method="hazen"))


@given(
    values=arrays.arrays(float, (3, 9), elements=st.floats(0, 1e6)),
    weights=arrays.arrays(float, (3, 9), elements=st.floats(1e-6, 1.0)),
    levels=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8),
)
def test_quantiles_stay_within_the_sample_and_in_their_order(
    values: np.ndarray, weights: np.ndarray, levels: list[float]
) -> None:
    values = np.sort(values, axis=1)
    found = weighted_quantiles(values, weights / weights.sum(axis=1, keepdims=True), np.sort(levels))
    assert (np.diff(found, axis=1) >= 0).all()
    assert (found >= values[:, :1]).all()
    assert (found <= values[:, -1:]).all()


def test_rounding_never_lifts_a_quantile_over_the_next_sample() -> None:
    """0.3 + (0.9 - 0.3) is a hair more than 0.9 in floating point."""
    found = weighted_quantiles(np.array([0.3, 0.9, 0.9]), np.array([0.25, 0.5, 0.25]), np.array([0.5, 0.7]))
    assert found.tolist() == [0.9, 0.9]


histories = st.builds(
    lambda count, seed, gaps: np.where(np.random.default_rng(seed).random(count) < gaps, np.nan, used(count, seed)),
    count=st.integers(1, 24 * 40),
    seed=st.integers(0, 10_000),
    gaps=st.sampled_from([0.0, 0.3, 0.95]),
)


@settings(max_examples=20)
@given(values=histories, half_life=st.floats(0.5, 50), zone=st.sampled_from(["UTC", "Asia/Kolkata", "Europe/Madrid"]))
def test_whatever_is_known_gives_a_whole_forecast(values: np.ndarray, half_life: float, zone: str) -> None:
    values[len(values) // 2] = 1.0  # something must be known
    model = fitted(energy(values), half_life, zone)
    np.testing.assert_allclose(model.weights_.sum(axis=-1), 1.0)
    coming = pd.DataFrame(index=hours(48, START + pd.Timedelta(hours=len(values))))
    quantiles, mean = model.predict_quantiles(coming, LEVELS), model.predict(coming)
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    for part in (quantiles, mean):
        assert np.nanmin(values) - 1e-9 <= part.min() <= part.max() <= np.nanmax(values) + 1e-9


def test_an_unknown_hour_is_not_a_zero() -> None:
    model = fitted(days_of_one_hour(10, 2.0, np.nan, 2.0, np.nan))
    assert model.expected_[0, 10] == pytest.approx(2.0)
    coming = pd.DataFrame(index=hours(1, START + pd.Timedelta(days=4, hours=10)))
    np.testing.assert_allclose(model.predict_quantiles(coming, LEVELS), 2.0)


def test_an_hour_that_was_never_known_is_described_by_the_nearest_one() -> None:
    values = np.full((7, 24), np.nan)
    values[:, 8], values[:, 20] = 1.0, 5.0
    np.testing.assert_allclose(expected(energy(values.ravel()))[0], [5.0] * 3 + [1.0] * 12 + [5.0] * 9)


def test_a_device_that_is_mostly_off_keeps_its_zeros() -> None:
    """Off in four of five hours: the band begins at 0, the expected value is a fifth of the energy in use."""
    model = fitted(energy(np.where(np.arange(24 * 50) % 5 == 0, 1.0, 0.0)), LONG)
    found = model.predict_quantiles(pd.DataFrame(index=hours(24)), [0.1, 0.5, 0.7, 0.95])
    assert (found == [0, 0, 0, 1]).all()
    np.testing.assert_allclose(model.expected_, 0.2, atol=0.03)


def test_the_new_counts_more_than_the_old() -> None:
    history = days_of_one_hour(10, *[1.0] * 28, *[3.0] * 28)
    assert expected(history, LONG)[0, 10] == pytest.approx(2.0, abs=0.01)
    assert expected(history, 1.0)[0, 10] > 2.8


def test_sixteen_weeks_before_the_last_known_hour_count_and_no_day_more() -> None:
    assert expected(days_of_one_hour(10, 1000.0, *[1.0] * 112), LONG).max() == pytest.approx(1.0)
    assert expected(days_of_one_hour(10, 1000.0, *[1.0] * 111), LONG).max() > 2.0
    silent = days_of_one_hour(10, 1000.0, *[1.0] * 111, *[np.nan] * 21)
    assert expected(silent, LONG).max() > 2.0


@pytest.mark.parametrize("change", ["2024-03-31", "2024-10-27"])
def test_a_local_hour_stays_that_hour_when_the_clock_changes(change: str) -> None:
    """A lamp that burns from 19 to 20 o'clock in Madrid, two weeks around each change of the clock."""
    stamps = hours(24 * 28, pd.Timestamp(change, tz="UTC") - pd.Timedelta(days=21))
    history = pd.Series(np.where(stamps.tz_convert("Europe/Madrid").hour == 19, 1.0, 0.0), index=stamps)
    found = expected(history, zone="Europe/Madrid")
    np.testing.assert_allclose(found[:, [18, 19, 20]], [[0.4 / 1.8, 1 / 1.8, 0.4 / 1.8]] * 2, atol=0.01)
    np.testing.assert_allclose(np.delete(found, [18, 19, 20], axis=1), 0.0)


def test_a_doubled_hour_counts_as_one_and_a_skipped_one_as_unknown() -> None:
    """Only the night of the change is known: in October two runs of 2 o'clock, in March none."""
    twice = energy([1.0, 3.0], pd.Timestamp("2024-10-27 00:00", tz="UTC"))
    assert expected(twice, zone="Europe/Madrid")[1, 2] == pytest.approx(2.0)
    skipped = energy([1.0, 5.0], pd.Timestamp("2024-03-31 00:00", tz="UTC"))  # 1 and 3 o'clock
    # 2 o'clock knows its neighbours alone.
    assert expected(skipped, zone="Europe/Madrid")[1, 1:4].tolist() == pytest.approx([1.0, 3.0, 5.0])


def test_hours_of_a_half_hour_zone_are_those_of_its_clock() -> None:
    stamps = hours(24 * 14, pd.Timestamp("2024-01-01 00:30", tz="UTC"))
    history = pd.Series(np.where(stamps.tz_convert("Asia/Kolkata").hour == 6, 1.0, 0.0), index=stamps)
    assert (expected(history, zone="Asia/Kolkata").argmax(axis=1) == 6).all()


def test_a_holiday_is_a_day_off() -> None:
    """1 May 2024 is a Wednesday: its own use describes Sundays more than Mondays, and on it one stays in bed."""
    stamps = hours(24 * 10, pd.Timestamp("2024-04-29", tz="UTC"))
    off = (stamps.day_of_week >= 5) | (stamps.normalize() == pd.Timestamp("2024-05-01", tz="UTC"))
    history = pd.Series(np.where(off, 1.0, 0.0), index=stamps)
    spanish, other = fitted(history, LONG, country="ES"), fitted(history, LONG)
    at_work, at_home = 3 * 0.6 / (3 * 0.6 + 7), 3 / (3 + 7 * 0.6)
    assert spanish.expected_[:, 12] == pytest.approx([at_work, at_home], abs=1e-4)
    days = pd.DataFrame(index=pd.DatetimeIndex(["2024-05-01 12:00", "2024-05-02 12:00", "2024-05-04 12:00"], tz="UTC"))
    assert spanish.predict(days) == pytest.approx([at_home, at_work, at_home], abs=1e-4)
    low, same, high = other.predict(days)
    assert low == same < high < at_home


def test_a_day_changes_its_type_at_local_midnight() -> None:
    """Late on a Friday in Madrid: a working day's last hour, and the first one of a day off."""
    history = energy(np.where(hours(24 * 14).tz_convert("Europe/Madrid").day_of_week >= 5, 5.0, 1.0))
    model = fitted(history, zone="Europe/Madrid")
    late = pd.DataFrame(index=pd.DatetimeIndex(["2024-01-19 22:00", "2024-01-19 23:00"], tz="UTC"))
    assert model.predict(late) == pytest.approx([model.expected_[0, 23], model.expected_[1, 0]])


def test_without_a_known_hour_there_is_no_climatology() -> None:
    with pytest.raises(ValueError, match="no known hour before the origin"):
        fitted(energy([np.nan] * 24))
