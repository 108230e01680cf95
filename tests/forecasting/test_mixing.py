"""Weighing members and mending tails: what holds for any past, and the weights by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from influx.forecasting.models.ensemble import calibrate_tails, combined, recency, weights

LEVELS = np.array([0.05, 0.1, 0.5, 0.9, 0.95])


@settings(max_examples=15)
@given(
    weeks=st.integers(0, 18),
    seed=st.integers(0, 10_000),
    scale=st.sampled_from([0.0, 0.1, 1.0, 50.0]),
    unknown=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_mended_quantiles_are_a_band_around_the_same_median(
    weeks: int, seed: int, scale: float, unknown: float
) -> None:
    """However far off past weeks were: in order, never negative, and not more than 1.5 widths away."""
    rng = np.random.default_rng(seed)
    ahead, past = (np.sort(rng.gamma(0.5, 1.0, (*shape, 5)), axis=-1) for shape in ((7, 24), (weeks, 7, 24)))
    observed = np.where(rng.random((weeks, 7, 24)) < unknown, np.nan, scale * rng.gamma(0.5, 1.0, (weeks, 7, 24)))
    found = calibrate_tails(ahead, past, observed, LEVELS, np.arange(1, weeks + 1), 0.3)
    assert (np.diff(found, axis=-1) >= 0).all()
    assert (found >= 0).all()
    np.testing.assert_array_equal(found[..., 2], ahead[..., 2])
    assert (found[..., 4] - ahead[..., 4] <= 1.5 * (ahead[..., 4] - ahead[..., 2] + 0.03) + 1e-9).all()


def test_fewer_than_eight_past_weeks_mend_no_tail() -> None:
    ahead = np.broadcast_to(np.arange(5.0), (7, 24, 5))
    for count, moved in ((7, False), (8, True)):
        past = np.broadcast_to(np.arange(5.0), (count, 7, 24, 5))
        found = calibrate_tails(ahead, past, np.full((count, 7, 24), 9.0), LEVELS, np.arange(1, count + 1), 0.0)
        assert (found[..., 4] > 4).all() == moved
        assert found[..., 2].max() == 2.0


def test_tails_that_were_too_narrow_widen_and_tails_that_were_too_wide_shrink() -> None:
    quantiles = np.broadcast_to([1.0, 2.0, 5.0, 8.0, 9.0], (12, 7, 24, 5))
    weeks = np.arange(1, 13)
    rng = np.random.default_rng(0)
    wild, calm = 5 + rng.normal(0, 8, (12, 7, 24)), 5 + rng.normal(0, 0.5, (12, 7, 24))
    for observed, sign in ((wild, 1), (calm, -1)):
        found = calibrate_tails(quantiles[0], quantiles, observed, LEVELS, weeks, 0.0)
        assert (sign * (found[..., 3] - 8) > 0.5).all()
        assert (sign * (found[..., 1] - 2) < -0.5).all()


def test_recent_weeks_count_more() -> None:
    assert recency(np.array([0, 8, 16])) == pytest.approx(np.array([4, 2, 1]) / 7)


def test_members_that_lost_less_weigh_more() -> None:
    """What counts is the loss in proportion, so that a big device is weighed as a small one."""
    losses = np.array([[1.0, 1.2, 1.1], [0.8, 1.0, 0.9]])
    found = weights(losses, np.array([1, 2]), 15.0)
    assert found.sum() == pytest.approx(1.0)
    assert found[0] > found[2] > found[1] > 0
    assert found[2] ** 2 == pytest.approx(found[0] * found[1])  # exponential: half the distance, the root of the ratio
    assert weights(100 * losses, np.array([1, 2]), 15.0) == pytest.approx(found)
    assert weights(np.zeros((3, 2)), np.array([1, 2, 3]), 15.0).tolist() == [0.5, 0.5]


def test_members_are_averaged_quantile_by_quantile() -> None:
    members = np.stack([np.full((7, 24, 2), 1.0), np.full((7, 24, 2), 3.0)])
    found = combined(members, np.array([[1.0, 0.25], [0.0, 0.75]]))
    assert found.shape == (7, 24, 2)
    assert found[0, 0].tolist() == [1.0, 2.5]
