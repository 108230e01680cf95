"""The members of the similar-day forecast: past hours, scaled and weighted in several ways.

History is laid out as days of 24 hours that begin at the forecast's own hour of the local clock. An hour to come is
described by weighted past hours: the same hour and its neighbours, alike in day type and weekday, weighted down with
age (kernel estimation of a conditional distribution, Nadaraya 1964; weights of age, Brown 1959). Before that each past
day is scaled by how the level of use has moved since, or by what its temperature explains. How long to remember, how
near to look and how much to scale differs from device to device: each `Member` predicts in its own way, and `ensemble`
weighs the predictions by how well they did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.signal import lfilter

from influx.core.fingerprint import fingerprint
from influx.forecasting.models import degree_days
from influx.forecasting.models.climatology import weighted_quantiles
from influx.forecasting.models.day_matrix import Days, nearest_known, neighbours

DAY_KNOWN_HOURS = 12
"""Known hours from which a day has a level."""

LEVEL_HALF_LIFE_DAYS = 5.0
LEVEL_LAG_DAYS = 4
"""A past day is compared with the level four days before it, the mean distance of a week's hours from its origin."""

LEVEL_FLOOR = 0.25
"""Share of the mean that is added to both levels of a ratio, so that a device that woke up does not explode."""

LARGEST_RATIO = 3.0
SETTLING_DAYS = (14, 28)
"""Days of history before levels count at all, and days after that at which they count half."""

KEPT = 4096
"""Predictions that are kept, 5 kB each: those of the past weeks of thirty devices. A home with more than are kept would
find none of them again, as it goes through one device after the other."""


@dataclass(frozen=True)
class Member:
    """One way to choose and weigh the past hours that describe an hour to come."""

    half_life_weeks: float  # age at which a past hour counts half
    window_days: int  # that are looked at
    power: float = 0.5  # how far past days follow the level of use: 0 not at all, 1 in full
    nearby: tuple[float, ...] = (0.25,)  # weight of the hours one, two ... hours away, beside the same hour's 1
    other_type: float = 0.6  # weight of a day of the other type (working day, day off), beside the same type's 1
    same_weekday: float = 1.0  # weight of the same weekday, beside the others' 1
    alike_celsius: float = 0.0  # distance in temperature at which a past hour counts exp(-1/2) [C]; 0 looks at none
    by_degrees: bool = False  # whether past days are scaled by what heating and cooling degrees explain
    untested: bool = True  # whether it takes part before there is a past week to test it on


MEMBERS = (
    Member(0.5, 28, untested=False),
    Member(1.0, 56, nearby=(0.1,), other_type=0.3, untested=False),
    Member(4.0, 112, power=1.0),
    Member(16.0, 112, other_type=0.3, same_weekday=4.0),
    Member(12.0, 112, power=0.0, nearby=(), other_type=0.1, untested=False),
    Member(26.0, 182, power=0.0, nearby=(0.8, 0.5)),
)
"""From the last days to the last half year: the fourth keeps to the weekday, the fifth to the clock; the last one blurs
the hour."""

TEMPERATURE_MEMBERS = (
    Member(4.0, 112, alike_celsius=3.0),
    Member(16.0, 112, nearby=(0.1,), alike_celsius=2.0),
    Member(1.0, 56, by_degrees=True),
    Member(16.0, 112, other_type=0.3, same_weekday=4.0, by_degrees=True),
)
"""The members that are added where the temperature is known."""


class ByContent:
    """Stands for all things with the same content, so that a cache finds them again."""

    def __init__(self, thing: Any, *content: Any) -> None:
        self.thing, self._digest = thing, fingerprint(*content)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByContent) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)


def predict_members(days: Days, members: Sequence[Member], levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what each member expects of the hours ahead, (members, ahead, 24), and its quantiles (..., q) [kWh].

    Neighbouring origins of one device look back on the same past weeks. What was predicted of the same days before
    is looked up, which changes nothing but the time it takes.
    """
    celsius = days.celsius if np.isfinite(days.celsius).any() else None
    content = ByContent(days, days.kwh, (2 * days.weekday + days.off).astype(np.int8), celsius)
    requested = tuple(float(level) for level in levels)
    expected, quantiles = zip(*(_kept_prediction(content, member, requested) for member in members), strict=True)
    return np.stack(expected), np.stack(quantiles)


@lru_cache(maxsize=KEPT)
def _kept_prediction(content: ByContent, member: Member, levels: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    return predict_member(content.thing, member, np.array(levels))


def predict_member(days: Days, member: Member, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected energy of the hours ahead (ahead, 24) and its quantiles (ahead, 24, q) [kWh]."""
    kwh, weights, kind = _sample(days, member)
    place = kind, np.arange(24)
    expected = (weights * np.where(np.isfinite(kwh), kwh, 0.0)).sum(axis=-1)[place]
    order = np.argsort(kwh, axis=-1, kind="stable")
    kwh = np.take_along_axis(kwh, order, axis=-1)
    weights = np.take_along_axis(weights, np.broadcast_to(order, weights.shape), axis=-1)
    return expected, weighted_quantiles(kwh, weights, levels)[place]


def _sample(days: Days, member: Member) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the scaled past hours (1 or kinds, 24, m), their weights (kinds, 24, m), and each hour's kind (ahead, 24).

    Hours ahead of one kind share their weights. Unknown hours are infinite and weigh nothing; weights sum to 1.
    """
    last = int(np.flatnonzero(np.isfinite(days.kwh).any(axis=1))[-1]) + 1
    rows = np.arange(max(0, last - member.window_days), last)
    reach = len(member.nearby)
    kwh = np.stack([neighbours(scaled, reach) for scaled in days.kwh[rows] * _scale(days, member, rows)[..., None]])
    known = np.isfinite(kwh[0])
    nearest = nearest_known(known.any(axis=1))
    closeness = np.array([*member.nearby[::-1], 1.0, *member.nearby])
    weights, kind = _alike(days, member, rows, reach)
    weights = weights * (closeness[:, None] * np.exp2((rows - rows[-1]) / (7 * member.half_life_weeks))).ravel()
    weights = np.where(known[nearest], weights[:, nearest], 0.0)
    return np.where(known, kwh, np.inf)[:, nearest], weights / weights.sum(axis=-1, keepdims=True), kind


def _alike(days: Days, member: Member, rows: np.ndarray, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how alike past hours are to each kind of hour ahead (kinds, 24, m), and the kind of each hour ahead."""
    past = len(days.kwh)
    off = neighbours(days.off[rows], reach, False)
    off_ahead = days.off[past:]
    if member.same_weekday == 1 and not member.alike_celsius and not member.by_degrees:
        both = np.array([False, True])[:, None, None]
        return np.where(off == both, 1.0, member.other_type), off_ahead.astype(int)
    weights = np.where(off == off_ahead[:, :, None], 1.0, member.other_type)
    if member.same_weekday != 1:
        weekday = neighbours(days.weekday[rows], reach, -1)
        weights = weights * np.where(weekday == days.weekday[past:, :, None], member.same_weekday, 1.0)
    if member.alike_celsius:
        felt = degree_days.felt(days.celsius)
        near = neighbours(felt[rows], reach)
        weights = weights * degree_days.alike(near, felt[past:, :, None], member.alike_celsius)
    return weights, np.broadcast_to(np.arange(days.ahead)[:, None], off_ahead.shape)


def _scale(days: Days, member: Member, rows: np.ndarray) -> np.ndarray:
    """Return by what to multiply each past day of `rows`: shape (1, rows), or (ahead, rows) by degrees."""
    daily = daily_mean(days.kwh)
    known = daily[rows][np.isfinite(daily[rows])]
    mean = float(known.mean()) if len(known) else 0.0
    if mean <= 0:
        return np.ones((1, len(rows)))
    settled = max(0, len(daily) - SETTLING_DAYS[0])
    power = member.power * settled / (settled + SETTLING_DAYS[1])
    if member.by_degrees:
        explained = degree_days.explained(daily, days.celsius)
        floor = degree_days.FLOOR * mean
        by_degrees = (explained[len(daily) :, None] + floor) / (explained[rows] + floor)
        ratio = by_degrees * _level_ratio(daily / explained[: len(daily)], rows, 1.0) ** power
    else:
        ratio = _level_ratio(daily, rows, mean)[None] ** power
    return np.clip(ratio, 1 / LARGEST_RATIO, LARGEST_RATIO)


def _level_ratio(daily: np.ndarray, rows: np.ndarray, mean: float) -> np.ndarray:
    """Return the ratio of today's level to the level four days before each of `rows`; 1 where either is unknown."""
    levels = level(daily) + LEVEL_FLOOR * mean
    ratio = levels[-1] / levels[np.maximum(rows - LEVEL_LAG_DAYS, 0)]
    return np.where(np.isfinite(ratio), ratio, 1.0)


def daily_mean(kwh: np.ndarray) -> np.ndarray:
    """Return the mean hourly energy of each day, shape (past,); NaN where half of the day is unknown."""
    known = np.isfinite(kwh)
    count = known.sum(axis=1)
    return np.where(count >= DAY_KNOWN_HOURS, np.where(known, kwh, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


def level(daily: np.ndarray) -> np.ndarray:
    """Return the exponentially weighted mean of the days up to each day, shape (past,); NaN before the first known."""
    keep = 0.5 ** (1 / LEVEL_HALF_LIFE_DAYS)
    known = np.isfinite(daily)
    weight, total = (lfilter([1.0], [1.0, -keep], part) for part in (known.astype(float), np.where(known, daily, 0.0)))
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)
