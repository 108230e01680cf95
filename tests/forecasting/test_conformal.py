"""Bands from errors by hand: the finite-sample step, the hours that are pooled, and what holds for any input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from influx.forecasting.models.conformal import around, column, conformal_offsets, errors_by_hour

LEVELS = np.array([0.1, 0.5, 0.9])


def test_quantiles_have_a_column_each() -> None:
    assert [column(level) for level in (0.1, 0.05, 0.5, 0.9, 0.29, 0.57)] == ["p10", "p05", "p50", "p90", "p29", "p57"]


def test_errors_are_pooled_with_the_hours_beside() -> None:
    found = errors_by_hour(np.array([1.0, -2.0, 3.0, np.nan, 5.0]), np.array([23, 0, 1, 1, 12]))
    assert found.shape == (24, 3)
    np.testing.assert_array_equal(found[0], [-2.0, 1.0, 3.0])
    np.testing.assert_array_equal(found[22], [1.0, np.nan, np.nan])
    np.testing.assert_array_equal(found[23], [-2.0, 1.0, np.nan])
    np.testing.assert_array_equal(found[[11, 12, 13], 0], [5.0] * 3)
    assert np.isnan(found[5]).all()


def test_of_few_errors_those_are_taken_that_keep_the_coverage() -> None:
    """Of 19 errors the second and the last but one: a 20th falls beyond each in one of ten cases."""
    errors = np.tile(np.arange(1.0, 20.0), (24, 1))
    np.testing.assert_allclose(conformal_offsets(errors, LEVELS)[3], [2.0, 10.0, 18.0])
    np.testing.assert_allclose(conformal_offsets(errors, np.array([0.125]))[3], [2.5])


def test_the_step_never_leaves_the_errors_that_were_made() -> None:
    assert conformal_offsets(np.tile([-3.0, 2.0], (24, 1)), LEVELS)[0].tolist() == [-3.0, -0.5, 2.0]


def test_an_hour_without_errors_has_no_band() -> None:
    assert (conformal_offsets(np.full((24, 2), np.nan), LEVELS) == 0.0).all()


def test_a_band_around_expected_values_by_hand() -> None:
    errors = np.full((24, 3), np.nan)
    errors[7] = [-1.0, 0.5, 2.0]
    found = around(np.array([3.0, 0.25, 3.0]), np.array([7, 7, 8]), errors, LEVELS)
    np.testing.assert_allclose(found, [[2.0, 3.5, 5.0], [0.0, 0.75, 2.25], [3.0, 3.0, 3.0]])


@given(
    expected=arrays.arrays(float, 5, elements=st.floats(0, 1e4)),
    errors=arrays.arrays(float, (24, 4), elements=st.floats(-1e4, 1e4) | st.just(np.nan)),
    hours=arrays.arrays(int, 5, elements=st.integers(0, 23)),
    levels=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6),
)
def test_any_band_is_ordered_and_not_negative(
    expected: np.ndarray, errors: np.ndarray, hours: np.ndarray, levels: list[float]
) -> None:
    found = around(expected, hours, errors, np.array(levels))
    assert found.shape == (5, len(levels))
    assert (found >= 0).all()
    assert (np.diff(found[:, np.argsort(levels)], axis=1) >= 0).all()


@pytest.mark.parametrize("count", [9, 14, 19, 56])
def test_a_new_error_falls_into_the_band_in_eight_of_ten_cases_however_few_there_were(count: int) -> None:
    draws = np.random.default_rng(count).gamma(1.0, size=(100, 24, count + 1))
    bands = np.array([conformal_offsets(np.sort(draw[:, :-1]), LEVELS) for draw in draws])
    inside = (draws[..., -1] >= bands[..., 0]) & (draws[..., -1] <= bands[..., 2])
    assert inside.mean() == pytest.approx(0.8, abs=0.025)
