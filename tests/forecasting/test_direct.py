"""The direct model and the blend: what the learner sees, how far the blend goes, and learners by their dotted path."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from tiny_readings import START, hours, used

from influx.core.errors import InputError
from influx.forecasting.models import MODELS, SimilarDays
from influx.forecasting.models.regression import (
    DEFAULT,
    DEFAULT_SETTINGS,
    Regression,
    _factor,
    _stacked_inputs,
    named_estimator,
)
from influx.forecasting.models.similar_days import ForecastContext

LEVELS = np.array([0.1, 0.5, 0.9])
COUNT = 24 * 7 * 20
"""Hours of 18 past weeks and two to begin with."""


def rows(count: int, start: pd.Timestamp = START) -> pd.DataFrame:
    return pd.DataFrame(index=hours(count, start))


def ahead(count: int = 168) -> pd.DataFrame:
    return rows(count, START + pd.Timedelta(hours=COUNT))


def context(expected: float, ahead: int = 1) -> ForecastContext:
    level = np.full((ahead, 24), expected)
    members = np.stack([level, 2 * level])
    off = np.zeros((ahead, 24), dtype=bool)
    return ForecastContext(level, np.repeat(level[..., None], 3, axis=-1), members, off, off + 2, level)


def test_the_learner_sees_what_was_said_the_clock_the_calendar_and_the_day_ahead() -> None:
    seen = _stacked_inputs(context(3.0, 2), 1.5)
    assert seen.shape == (48, 8)
    first, last = seen[0], seen[47]
    assert first.tolist() == pytest.approx([2.0, 2.0, 4.0, 0.0, 1.0, 0.0, 2.0, 0.0])
    assert last[-1] == 1.0
    assert seen[6, 3:5].tolist() == pytest.approx([1.0, 0.0])  # a quarter of the day after the origin


def test_a_band_is_stretched_as_far_as_the_mean_moved_and_three_times_at_most() -> None:
    similar = np.array([1.0, 1.0, 1.0, 0.0])
    assert _factor(np.array([2.0, 9.0, 0.0, 5.0]), similar).tolist() == pytest.approx([2.0, 3.0, 1 / 3, 1.0])


def test_the_direct_model_says_what_its_learner_says() -> None:
    """A learner that always says the median of the scaled hours, whatever it sees."""
    kwh = used(COUNT)
    model = Regression(DummyRegressor(strategy="median"), base="similar days").fit(rows(COUNT), kwh)
    weeks = np.concatenate([week.observed.ravel() for week in model.base_.past_contexts])
    assert model.predict(ahead()) == pytest.approx(np.full(168, np.median(weeks)))


def test_zeros_stay_zeros() -> None:
    kwh = np.where(np.arange(COUNT) % 24 < 3, used(COUNT, off=0.0), 0.0)
    model = MODELS["stacked regression"]().fit(rows(COUNT), kwh)
    assert (model.predict_quantiles(ahead(), LEVELS)[12:20] == 0).all()


def test_a_blend_that_gains_nothing_is_similar_days() -> None:
    """A learner that always says the same is no help to a device that lives by the clock."""
    kwh = np.tile(np.r_[np.zeros(12), np.ones(12)], COUNT // 24) + np.random.default_rng(0).gamma(1, 0.01, COUNT)
    blend = Regression(DummyRegressor(), base="similar days", blend=True).fit(rows(COUNT), kwh)
    similar = SimilarDays().fit(rows(COUNT), kwh)
    assert blend.share_ == 0
    np.testing.assert_array_equal(blend.predict(ahead()), similar.predict(ahead()))


def test_a_blend_goes_as_far_as_past_weeks_say_that_it_pays() -> None:
    """Of 18 past weeks the last 4 judge: the best share counts by half."""
    kwh = used(COUNT)
    blend = MODELS["blend"]().fit(rows(COUNT), kwh)
    assert blend.share_ in [share * 4 / 8 for share in (0, 0.25, 0.5, 0.75, 1)]
    direct = MODELS["stacked regression"]().fit(rows(COUNT), kwh)
    similar = SimilarDays().fit(rows(COUNT), kwh).predict(ahead())
    moved = similar + blend.share_ * (direct.predict(ahead()) - similar)
    assert blend.predict(ahead()) == pytest.approx(moved)


def test_too_few_past_weeks_leave_similar_days_alone() -> None:
    kwh = used(24 * 40)
    model = MODELS["stacked regression"]().fit(rows(len(kwh)), kwh)
    coming = rows(168, START + pd.Timedelta(days=40))
    np.testing.assert_array_equal(model.predict(coming), SimilarDays().fit(rows(len(kwh)), kwh).predict(coming))


@pytest.mark.parametrize(
    ("path", "settings"),
    [
        ("lightgbm.LGBMRegressor", {"n_estimators": 10}),
        ("sklearn.linear_model.Ridge", {}),
    ],
)
def test_learners_of_other_packages(path: str, settings: dict[str, object], recwarn: object) -> None:
    pytest.importorskip(path.partition(".")[0])
    kwh = used(COUNT)
    stacked = Regression(named_estimator(path, settings), base="similar days")
    model, same = (clone(stacked).fit(rows(COUNT), kwh) for _ in range(2))
    said = model.predict(ahead())
    assert np.isfinite(said).all() and (said >= 0).all()
    np.testing.assert_array_equal(said, same.predict(ahead()))
    assert [str(one.message) for one in recwarn] == []  # type: ignore[attr-defined]


def test_a_learner_is_seeded_and_on_one_core_unless_it_is_told_otherwise() -> None:
    forest = "sklearn.ensemble.RandomForestRegressor"
    assert (
        named_estimator(forest).get_params() | {"random_state": 0, "n_jobs": 1} == named_estimator(forest).get_params()
    )
    assert named_estimator(forest, {"random_state": 7}).random_state == 7
    small = named_estimator().get_params()
    assert {name: small[name] for name in DEFAULT_SETTINGS} == DEFAULT_SETTINGS
    assert small["random_state"] == 0
    assert named_estimator(DEFAULT, {"max_iter": 5}).max_leaf_nodes == 31


@pytest.mark.parametrize(
    ("path", "settings", "said"),
    [
        ("no.such.Thing", {}, "cannot be imported"),
        ("Ridge", {}, "cannot be imported"),
        ("sklearn.linear_model.Nothing", {}, "cannot be imported"),
        ("os.path.join", {}, "is no scikit-learn regressor"),
        ("pathlib.Path", {}, "is no scikit-learn regressor"),
        ("sklearn.linear_model.Ridge", {"depth": 3}, "refuses them"),
    ],
)
def test_a_learner_that_cannot_be_is_named(path: str, settings: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        named_estimator(path, settings)


def test_there_is_no_other_base() -> None:
    with pytest.raises(InputError, match="there is no 'tomorrow'"):
        Regression(base="tomorrow").fit(rows(COUNT), used(COUNT))
