"""The candidates "direct" and "blend": a regressor of the household's choice on what similar days say, and its mean.

The direct model learns each hour of a week ahead at once (direct multi-step forecasting, Ben Taieb et al. 2012), from
what was known at the beginning of past weeks: what every memory of `similar_days` said, the clock, the calendar and
the day ahead. Nothing is fed back, so no error grows on itself. Its learner is any scikit-learn regressor. It knows an
expected value only: the band is that of similar days, stretched by the same factor, so that zeros stay zeros.

The blend lies between similar days and the direct model, as far from the first as past weeks say that it pays
(quantile averaging, Lichtendahl, Grushka-Cockayne and Winkler 2013).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

from influx.core.constants import LEAST_DAYS
from influx.forecasting.models.conformal import LEVELS
from influx.forecasting.models.content_cache import ByContent
from influx.forecasting.models.ensemble import pinball
from influx.forecasting.models.learner import DEFAULT, Learner
from influx.forecasting.models.similar_days_regressor import PAST_WEEKS, Kernel, Outlook

LARGEST_FACTOR = 3.0
"""Largest factor by which a band of similar days is stretched or shrunk."""

SHARES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
"""Shares of the direct model that a blend tries."""

TRUST_WEEKS = 4.0
"""Past weeks at which the best share counts half."""

LEAST_WEEKS = 6
"""Past weeks below which nothing is learnt: similar days then speak alone."""


class Direct(RegressorMixin, BaseEstimator):
    """A learner on what similar days say of each hour ahead.

    Parameters
    ----------
    timezone, country : str
        For local hours, weekdays and public holidays.
    learner : str
        Dotted path of a scikit-learn regressor.
    learner_settings : tuple of (str, value)
        Its keyword arguments; the default learner has some of its own.
    """

    needs_days = LEAST_DAYS + 7 * LEAST_WEEKS
    within_days = LEAST_DAYS + 7 * PAST_WEEKS
    uses_features = False

    def __init__(
        self,
        timezone: str = "UTC",
        country: str | None = None,
        learner: str = DEFAULT,
        learner_settings: tuple[tuple[str, Any], ...] = (),
    ) -> None:
        self.timezone = timezone
        self.country = country
        self.learner = learner
        self.learner_settings = learner_settings

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Direct:  # noqa: N803
        """Learn from past weeks, each as it looked at its beginning; as `Kernel.fit`."""
        self.kernel_ = Kernel(self.timezone, self.country).fit(X, y)
        weeks = self.kernel_.past_weeks()
        self.share_ = self._share(weeks)
        self.learner_ = self._learnt(weeks) if len(weeks) >= LEAST_WEEKS else None
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:  # noqa: N803
        """Return the expected energy, shape (n,) [kWh]."""
        similar = self.kernel_.predict(X)
        return similar + self.share_ * (self._direct(X, similar) - similar)

    def predict_quantiles(self, X: pd.DataFrame, levels: np.ndarray) -> np.ndarray:  # noqa: N803
        """Return quantiles, shape (n, q) [kWh]."""
        similar = self.kernel_.predict(X)
        factor = 1 + self.share_ * (_factor(self._direct(X, similar), similar) - 1)
        return self.kernel_.predict_quantiles(X, levels) * factor[:, None]

    def past_misses(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what similar days missed on past weeks (`Kernel.past_misses`): ranges of sums have their spread."""
        return self.kernel_.past_misses()

    def _direct(self, X: pd.DataFrame, similar: np.ndarray) -> np.ndarray:  # noqa: N803
        if self.learner_ is None:
            return similar
        outlook, day, hour = self.kernel_.outlook(X, similar)
        said = np.asarray(self.learner_.predict(_inputs(outlook, self._scale())), dtype=float)
        return (said * self._scale()).clip(0).reshape(-1, 24)[day, hour]

    def _learnt(self, weeks: list[Outlook]) -> Any:
        inputs = np.concatenate([_inputs(week, self._scale()) for week in weeks])
        target = np.concatenate([week.observed.ravel() for week in weeks]) / self._scale()
        known = np.isfinite(target)
        lesson = _Lesson(Learner.of(self.learner, dict(self.learner_settings)), inputs[known], target[known])
        # The direct model and the blend learn the same lesson.
        return _learnt(ByContent(lesson, repr(lesson.learner), lesson.inputs, lesson.target))

    def _scale(self) -> float:
        mean = float(np.nanmean(self.kernel_.kwh_))
        return mean if mean > 0 else 1.0

    def _share(self, weeks: list[Outlook]) -> float:
        return 1.0


class _Lesson(NamedTuple):
    learner: Learner
    inputs: np.ndarray
    target: np.ndarray


@lru_cache(maxsize=32)
def _learnt(content: ByContent[_Lesson]) -> Any:
    lesson = content.thing
    return lesson.learner.make().fit(lesson.inputs, lesson.target)


class Blend(Direct):
    """Similar days, moved towards the direct model as far as the last fifth of the past weeks says that it pays."""

    def _share(self, weeks: list[Outlook]) -> float:
        cut = int(0.8 * len(weeks))
        if cut < LEAST_WEEKS or len(weeks) - cut < 2:
            return 0.0
        learner = self._learnt(weeks[:cut])
        losses = np.array([self._loss(learner, week) for week in weeks[cut:]])
        best = SHARES[int(np.argmin(losses.mean(axis=0)))]
        return float(best * len(losses) / (len(losses) + TRUST_WEEKS))

    def _loss(self, learner: Any, week: Outlook) -> np.ndarray:
        """Return the pinball loss of each share on a week, over that of similar days."""
        said = np.asarray(learner.predict(_inputs(week, self._scale())), dtype=float).reshape(-1, 24) * self._scale()
        factor = _factor(said, week.expected) - 1
        levels = np.array(LEVELS)
        losses = [
            np.nanmean(pinball(week.observed, week.quantiles * (1 + share * factor)[..., None], levels))
            for share in SHARES
        ]
        return np.array(losses) / max(losses[0], 1e-12)


def _factor(direct: np.ndarray, similar: np.ndarray) -> np.ndarray:
    """Return by what to stretch the band of similar days to make its mean the direct model's."""
    ratio = np.where(similar > 0, direct / np.where(similar > 0, similar, 1.0), 1.0)
    return np.asarray(np.clip(ratio, 1 / LARGEST_FACTOR, LARGEST_FACTOR))


def _inputs(outlook: Outlook, scale: float) -> np.ndarray:
    """Return what was known of each hour of an outlook, shape (ahead * 24, features)."""
    ahead, hours = outlook.expected.shape
    clock = 2 * np.pi * np.arange(hours) / 24
    members = [outlook.expected, *outlook.members]
    columns = [
        *(member / scale for member in members),
        *(np.broadcast_to(turn(clock), (ahead, hours)) for turn in (np.sin, np.cos)),
        outlook.off,
        outlook.weekday,
        np.broadcast_to(np.arange(ahead)[:, None], (ahead, hours)),
    ]
    return np.stack([np.asarray(column, dtype=float).ravel() for column in columns], axis=1)
