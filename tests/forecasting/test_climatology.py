"""Climatology by hand: which past hours describe a coming one, and how much each counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tiny_readings import START, energy, hours, used

from influx.forecasting.models.climatology import lookup, similar_hours, weighted_quantiles

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
SATURDAY = pd.Timestamp("2024-01-06", tz="UTC")


def days_of_one_hour(hour: int, *kwh: float, start: pd.Timestamp = START) -> pd.Series:
    """Return days on which one hour is known, NaN else."""
    values = np.full((len(kwh), 24), np.nan)
    values[:, hour] = kwh
    return energy(values.ravel(), start)


def end(history: pd.Series) -> pd.Timestamp:
    return history.index[-1] + pd.Timedelta(hours=1)


def test_the_expected_value_by_hand() -> None:
    """Friday, Saturday and Sunday, then a Monday: ages 3, 2 and 1 days, weekend days count .6 for a working day."""
    history = days_of_one_hour(10, 1.0, 2.0, 4.0, start=START + pd.Timedelta(days=4))
    pool = similar_hours(history, end(history), "UTC")
    age = 0.5 ** (np.array([3, 2, 1]) / 7 / 2)
    for kind, type_weight in ((0, [1.0, 0.6, 0.6]), (1, [0.6, 1.0, 1.0])):
        weight = age * type_weight
        assert pool.mean(2.0)[kind, 10] == pytest.approx(weight @ [1.0, 2.0, 4.0] / weight.sum())


def test_the_neighbouring_hours_count_two_fifths() -> None:
    values = np.full(24, np.nan)
    values[[9, 10, 11, 12]] = [1.0, 10.0, 100.0, 1000.0]
    pool = similar_hours(energy(values), START + pd.Timedelta(days=1), "UTC")
    assert pool.mean(4.0)[0, 10] == pytest.approx((0.4 * 1 + 10 + 0.4 * 100) / 1.8)
    assert pool.mean(4.0)[0, 11] == pytest.approx((0.4 * 10 + 100 + 0.4 * 1000) / 1.8)


def test_midnight_is_a_neighbour_of_the_evening_before() -> None:
    values = np.full(48, np.nan)
    values[[23, 24]] = [3.0, 5.0]
    mean = similar_hours(energy(values), START + pd.Timedelta(days=2), "UTC").mean(1e6)
    assert mean[0, 23] == pytest.approx((3 + 0.4 * 5) / 1.4)
    assert mean[0, 0] == pytest.approx((0.4 * 3 + 5) / 1.4)


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


@settings(max_examples=30)
@given(values=histories, half_life=st.floats(0.5, 50), zone=st.sampled_from(["UTC", "Asia/Kolkata", "Europe/Madrid"]))
def test_whatever_is_known_gives_a_whole_forecast(values: np.ndarray, half_life: float, zone: str) -> None:
    values[len(values) // 2] = 1.0  # something must be known
    history = energy(values)
    pool = similar_hours(history, end(history), zone)
    np.testing.assert_allclose(pool.weights(half_life).sum(axis=-1), 1.0)
    quantiles, mean = pool.quantiles(LEVELS, half_life), pool.mean(half_life)
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert (quantiles >= 0).all()
    for part in (quantiles, mean):
        assert np.nanmin(values) - 1e-9 <= part.min() <= part.max() <= np.nanmax(values) + 1e-9


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), more=st.integers(0, 200), lift=st.floats(0, 1e6) | st.just(np.nan))
def test_nothing_at_or_after_the_origin_matters(seed: int, more: int, lift: float) -> None:
    values = used(24 * 20 + more, seed)
    origin = START + pd.Timedelta(days=20)
    changed = np.where(np.arange(len(values)) >= 24 * 20, lift, values)
    before, after = (similar_hours(energy(kwh), origin, "Europe/Madrid") for kwh in (values[: 24 * 20], changed))
    for name in ("kwh", "weeks", "base"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))


def test_an_unknown_hour_is_not_a_zero() -> None:
    pool = similar_hours(days_of_one_hour(10, 2.0, np.nan, 2.0, np.nan), START + pd.Timedelta(days=4), "UTC")
    assert pool.mean(4.0)[0, 10] == pytest.approx(2.0)
    np.testing.assert_allclose(pool.quantiles(LEVELS, 4.0)[:, 10], 2.0)


def test_an_hour_that_was_never_known_is_described_by_the_nearest_one() -> None:
    values = np.full((7, 24), np.nan)
    values[:, 8], values[:, 20] = 1.0, 5.0
    mean = similar_hours(energy(values.ravel()), START + pd.Timedelta(days=7), "UTC").mean(4.0)
    np.testing.assert_allclose(mean[0], [5.0] * 3 + [1.0] * 12 + [5.0] * 9)


def test_a_device_that_is_mostly_off_keeps_its_zeros() -> None:
    """Off in four of five hours: the band begins at 0, the expected value is a fifth of the energy in use."""
    values = np.where(np.arange(24 * 50) % 5 == 0, 1.0, 0.0)
    history = energy(values)
    pool = similar_hours(history, end(history), "UTC")
    assert (pool.quantiles(np.array([0.1, 0.5, 0.7]), 1e6) == 0.0).all()
    assert (pool.quantiles(np.array([0.95]), 1e6) == 1.0).all()
    np.testing.assert_allclose(pool.mean(1e6), 0.2, atol=0.03)


def test_the_new_counts_more_than_the_old() -> None:
    history = days_of_one_hour(10, *[1.0] * 28, *[3.0] * 28)
    pool = similar_hours(history, end(history), "UTC")
    short, long = pool.mean(1.0)[0, 10], pool.mean(1e6)[0, 10]
    assert long == pytest.approx(2.0, abs=0.01)
    assert short > 2.8


def test_sixteen_weeks_are_remembered_and_no_day_more() -> None:
    history = days_of_one_hour(10, 1000.0, *[1.0] * 112)
    assert similar_hours(history, end(history), "UTC").mean(1e6).max() == pytest.approx(1.0)
    shorter = days_of_one_hour(10, 1000.0, *[1.0] * 111)
    assert similar_hours(shorter, end(shorter), "UTC").mean(1e6).max() > 2.0


def test_the_memory_of_a_silent_device_ends_where_it_was_last_known() -> None:
    history = days_of_one_hour(10, 1000.0, *[1.0] * 111)
    later = similar_hours(history, end(history) + pd.Timedelta(weeks=3), "UTC")
    assert later.mean(1e6).max() > 2.0


@pytest.mark.parametrize("change", ["2024-03-31", "2024-10-27"])
def test_a_local_hour_stays_that_hour_when_the_clock_changes(change: str) -> None:
    """A lamp that burns from 19 to 20 o'clock in Madrid, two weeks around each change of the clock."""
    stamps = hours(24 * 28, pd.Timestamp(change, tz="UTC") - pd.Timedelta(days=21))
    wall = stamps.tz_convert("Europe/Madrid")
    history = pd.Series(np.where(wall.hour == 19, 1.0, 0.0), index=stamps)
    mean = similar_hours(history, end(history), "Europe/Madrid").mean(4.0)
    assert (mean.argmax(axis=1) == 19).all()
    np.testing.assert_allclose(mean[:, [18, 19, 20]], [[0.4 / 1.8, 1 / 1.8, 0.4 / 1.8]] * 2, atol=0.01)
    np.testing.assert_allclose(np.delete(mean, [18, 19, 20], axis=1), 0.0)


def test_a_doubled_hour_counts_as_one_and_a_skipped_one_as_unknown() -> None:
    """Only the night of the change is known: in October two runs of 2 o'clock, in March none."""
    twice = energy([1.0, 3.0], pd.Timestamp("2024-10-27 00:00", tz="UTC"))
    mean = similar_hours(twice, pd.Timestamp("2024-10-28", tz="UTC"), "Europe/Madrid").mean(4.0)
    assert mean[1, 2] == pytest.approx(2.0)
    around = energy([1.0, 5.0], pd.Timestamp("2024-03-31 00:00", tz="UTC"))  # 1 and 3 o'clock
    mean = similar_hours(around, pd.Timestamp("2024-04-01", tz="UTC"), "Europe/Madrid").mean(4.0)
    assert mean[1, 1:4].tolist() == pytest.approx([1.0, 3.0, 5.0])  # 2 o'clock knows its neighbours alone


def test_hours_of_a_half_hour_zone_are_those_of_its_clock() -> None:
    stamps = hours(24 * 14, pd.Timestamp("2024-01-01 00:30", tz="UTC"))
    wall = stamps.tz_convert("Asia/Kolkata")
    assert (wall.minute == 0).all()
    history = pd.Series(np.where(wall.hour == 6, 1.0, 0.0), index=stamps)
    assert (similar_hours(history, end(history), "Asia/Kolkata").mean(4.0).argmax(axis=1) == 6).all()


def test_a_holiday_is_a_day_off() -> None:
    """1 May 2024 is a Wednesday: its own use describes Sundays more than Mondays, and on it one stays in bed."""
    stamps = hours(24 * 10, pd.Timestamp("2024-04-29", tz="UTC"))
    off = (stamps.day_of_week >= 5) | (stamps.normalize() == pd.Timestamp("2024-05-01", tz="UTC"))
    history = pd.Series(np.where(off, 1.0, 0.0), index=stamps)
    known, unknown = (similar_hours(history, end(history), "UTC", country).mean(1e6)[:, 12] for country in ("ES", None))
    assert known[1] == pytest.approx(3 / (3 + 7 * 0.6), abs=1e-4)
    assert known[0] == pytest.approx(3 * 0.6 / (3 * 0.6 + 7), abs=1e-4)
    assert unknown[1] < known[1]
    days = pd.DatetimeIndex(["2024-05-01 12:00", "2024-05-02 12:00", "2024-05-04 12:00"], tz="UTC")
    assert lookup(days, "UTC", "ES")[0].tolist() == [1, 0, 1]
    assert lookup(days, "UTC")[0].tolist() == [0, 0, 1]


def test_lookup_tells_the_local_hour_and_day() -> None:
    late_friday = pd.DatetimeIndex(["2024-01-05 22:00", "2024-01-05 23:00"], tz="UTC")
    kind, hour = lookup(late_friday, "Europe/Madrid")
    assert kind.tolist() == [0, 1]
    assert hour.tolist() == [23, 0]


def test_without_a_known_hour_there_is_no_climatology() -> None:
    for history in (energy([np.nan] * 24), energy([1.0] * 24, SATURDAY)):
        with pytest.raises(ValueError, match="no known hour before the origin"):
            similar_hours(history, START + pd.Timedelta(days=1), "UTC")
