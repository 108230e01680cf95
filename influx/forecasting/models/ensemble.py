"""Combining several forecasts by how well they did, and calibrating their tails.

Members are averaged quantile by quantile with weights that fall exponentially with the pinball loss of past weeks, as
exponentially weighted forecasters do (Vovk 1990; for quantiles Berrisch and Ziel 2023), so that a low quantile may
look back less far than a high one. What is then still too narrow or too wide over those weeks is calibrated by
conformalised quantile regression (Romano, Patterson and Candes 2019), shrunk while there are few of them. Recent
weeks count more in both. In all that follows `observed` has the shape (n, days, 24) [kWh], NaN where unknown, and
`weeks` (n,) holds how many weeks ago each began.
"""

from __future__ import annotations

import numpy as np

from influx.forecasting.models.climatology import weighted_quantiles

HALF_LIFE_WEEKS = 8.0
"""Age at which a past week counts half."""

RATE = 45.0
"""How sharply members are told apart by their pinball loss; 1 % more of it costs a third of the weight."""

MEAN_RATE = 15.0
"""The same for expected values and the squared error of daily energy, which varies twice as much."""

TRUST_WEEKS, MEAN_TRUST_WEEKS, TAIL_TRUST_WEEKS = 4.0, 12.0, 2.0
"""Past weeks at which the weights of quantiles and of expected values, and the calibration of tails, count half."""

WIDER = 0.4
"""Share by which a level is pushed outwards with one past week, since members were weighed on the same weeks."""

LEAST_TAIL_WEEKS = 8
"""Past weeks below which tails are left alone: calibrating them on fewer costs more than it gives."""

CORRECTED = 0.5
"""Share of past weeks' bias that an expected value makes good; more of it overshoots."""

LARGEST_FACTOR = 2.0

FARTHEST = 1.5
"""Largest move of a quantile, as a share of its distance from the median."""

WIDTH_FLOOR = 0.1
"""Share of the naive error that is added to that distance."""


def recency(weeks: np.ndarray) -> np.ndarray:
    """Return the weights of past weeks, shape (n,), summing to 1."""
    weight = np.exp2(-np.asarray(weeks, dtype=float) / HALF_LIFE_WEEKS)
    return np.asarray(weight / weight.sum())


def pinball(observed: np.ndarray, quantiles: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return the pinball loss of each level [kWh], the shape of `quantiles`, NaN where unknown (Koenker 1978)."""
    residual = observed[..., None] - quantiles
    return np.asarray(np.maximum(levels * residual, (levels - 1) * residual))


def weights(losses: np.ndarray, weeks: np.ndarray, rate: float, trust: float = TRUST_WEEKS) -> np.ndarray:
    """Weigh members by their mean losses in past weeks (n, members, ...); shape (members, ...), summing to 1 over them.

    `rate` is how sharply members are told apart, `trust` the number of past weeks at which that holds by half.
    """
    count = len(weeks)
    if count == 0:
        return np.full(losses.shape[1:], 1.0 / losses.shape[1])
    loss = np.tensordot(recency(weeks), losses, axes=1)
    mean = loss.mean(axis=0)
    relative = np.where(mean > 0, loss / np.where(mean > 0, mean, 1.0), 1.0)
    weight = np.exp(-rate * count / (count + trust) * (relative - relative.min(axis=0)))
    return np.asarray(weight / weight.sum(axis=0))


def quantile_weights(observed: np.ndarray, members: np.ndarray, levels: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    """Return the weight of each member's quantiles, shape (members, q); `members` is (n, members, days, 24, q)."""
    loss = pinball(observed[:, None], members, levels)
    known = np.isfinite(observed).sum(axis=(1, 2))[:, None, None]
    return weights(np.nansum(loss, axis=(2, 3)) / np.maximum(known, 1), weeks, RATE)


def mean_weights(observed: np.ndarray, members: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    """Return the weight of each member's expected value, shape (members,); `members` is (n, members, days, 24).

    They are weighed by the squared error of daily energy, and do not sum to 1 but to what makes good for past bias.
    """
    daily = np.nansum(observed[:, None] - members, axis=3)
    weight = weights((daily**2).mean(axis=2), weeks, MEAN_RATE, MEAN_TRUST_WEEKS)
    return weight * bias_factor(observed, np.einsum("njdh,j->ndh", members, weight), weeks)


def bias_factor(observed: np.ndarray, predicted: np.ndarray, weeks: np.ndarray) -> float:
    """Return by what to multiply an expected value that was too low or too high; `predicted` is (n, days, 24)."""
    age = recency(weeks)
    energy = float(age @ np.nansum(observed, axis=(1, 2)))
    expected = float(age @ np.where(np.isfinite(observed), predicted, 0.0).sum(axis=(1, 2)))
    if energy <= 0 or expected <= 0:
        return 1.0
    effective = 1 / float((age**2).sum())
    power = CORRECTED * effective / (effective + MEAN_TRUST_WEEKS)
    return float(np.clip(energy / expected, 1 / LARGEST_FACTOR, LARGEST_FACTOR) ** power)


def combined(members: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Average quantiles over the members, shape (..., members, days, 24, q) to (..., days, 24, q)."""
    return np.einsum("...jdhq,jq->...dhq", members, weight)


def calibrate_tails(
    ahead: np.ndarray, past: np.ndarray, observed: np.ndarray, levels: np.ndarray, weeks: np.ndarray, naive: float
) -> np.ndarray:
    """Move each quantile so far from the median that past weeks had its coverage; in order and never negative.

    `ahead` (days, 24, q) and `past` (n, days, 24, q) are combined with the same weights, by ascending level, of which
    one is 0.5; `naive` is the mean absolute weekly change [kWh], the yardstick where a band has no width.
    """
    middle = int(np.argmin(np.abs(levels - 0.5)))
    out = np.array(ahead)
    if len(weeks) >= LEAST_TAIL_WEEKS:
        for number in set(range(len(levels))) - {middle}:
            width = np.abs(past[..., number] - past[..., middle]) + WIDTH_FLOOR * naive
            move = _move(observed - past[..., number], width, float(levels[number]), weeks)
            out[..., number] += move * (np.abs(ahead[..., number] - ahead[..., middle]) + WIDTH_FLOOR * naive)
    median = out[..., middle : middle + 1]
    out = np.where(levels < levels[middle], np.minimum(out, median), np.maximum(out, median))
    return np.sort(np.clip(out, 0.0, None), axis=-1)


def _move(residual: np.ndarray, width: np.ndarray, level: float, weeks: np.ndarray) -> float:
    """Return the quantile of the residuals in units of the width, shrunk by how few effective weeks there are."""
    age = recency(weeks)
    effective = 1 / float((age**2).sum())
    outer = np.clip(0.5 + (level - 0.5) * (1 + WIDER / effective), level / 2, (1 + level) / 2)
    known = np.isfinite(residual) & (width > 0)
    if not known.any():
        return 0.0
    score = residual[known] / width[known]
    weight = np.broadcast_to(age[:, None, None], residual.shape)[known]
    order = np.argsort(score, kind="stable")
    at = weighted_quantiles(score[order], weight[order] / weight.sum(), np.array([outer]))[0]
    return float(np.clip(at * effective / (effective + TAIL_TRUST_WEEKS), -FARTHEST, FARTHEST))
