"""Bands from residuals by hand: the finite-sample step, the hours that are pooled, and what holds for any input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from influx.forecasting.models.conformal import column, conformal_quantiles, residuals_by_hour

LEVELS = np.array([0.1, 0.5, 0.9])


def band(expected: float, residuals: list[float], levels: np.ndarray = LEVELS) -> list[float]:
    """Return the quantiles of an hour of which these residuals are known."""
    return conformal_quantiles(np.array([expected]), np.array([7]), [np.array(residuals)] * 24, levels)[0].tolist()


def test_quantiles_have_a_column_each() -> None:
    assert [column(level) for level in (0.1, 0.05, 0.5, 0.29, 0.57)] == ["p10", "p05", "p50", "p29", "p57"]


def test_residuals_are_pooled_with_the_hours_beside() -> None:
    found = residuals_by_hour(np.array([1.0, -2.0, 3.0, np.nan, 5.0]), np.array([23, 0, 1, 1, 12]))
    pooled = {hour: of_hour.tolist() for hour, of_hour in enumerate(found) if len(of_hour)}
    assert pooled == {22: [1], 23: [1, -2], 0: [1, -2, 3], 1: [-2, 3], 2: [3], 11: [5], 12: [5], 13: [5]}


def test_a_band_by_hand() -> None:
    """Of 19 residuals the second and the last but one: a 20th falls beyond each in one of ten cases."""
    assert band(0.0, list(range(1, 20))) == pytest.approx([2.0, 10.0, 18.0])
    assert band(10.0, [-3.0, 2.0]) == [7.0, 9.5, 12.0]  # never farther than what happened
    assert band(0.25, [-1.0, 0.5, 2.0]) == [0.0, 0.75, 2.25]  # never below zero
    assert band(3.0, []) == [3.0] * 3


@given(
    expected=arrays.arrays(float, 5, elements=st.floats(0, 1e4)),
    residuals=arrays.arrays(float, (24, 4), elements=st.floats(-1e4, 1e4)),
    hours=arrays.arrays(int, 5, elements=st.integers(0, 23)),
    levels=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6),
)
def test_any_band_is_ordered_and_not_negative(
    expected: np.ndarray, residuals: np.ndarray, hours: np.ndarray, levels: list[float]
) -> None:
    found = conformal_quantiles(expected, hours, residuals, np.array(levels))
    assert found.shape == (5, len(levels))
    assert (found >= 0).all()
    assert (np.diff(found[:, np.argsort(levels)], axis=1) >= 0).all()


@pytest.mark.parametrize("count", [9, 19, 56])
def test_a_new_residual_falls_into_the_band_in_eight_of_ten_cases_however_few_there_were(count: int) -> None:
    draws = np.random.default_rng(count).gamma(1.0, size=(100, 24, count + 1))
    bands = [conformal_quantiles(np.zeros(24), np.arange(24), draw[:, :-1], LEVELS) for draw in draws]
    low, _, high = np.moveaxis(np.array(bands), -1, 0)
    assert ((draws[..., -1] >= low) & (draws[..., -1] <= high)).mean() == pytest.approx(0.8, abs=0.025)
