"""What the outdoor temperature explains: how warm an hour feels to a house, and what heating and cooling degrees cost.

A house answers the weather with a delay, so an hour is described by its own temperature and the mean of the day that
ends with it. Two uses are made of it: past hours that felt alike count more (analogue forecasting, Lorenz 1969), and
days are scaled by a line through heating and cooling degrees, the way energy is compared across years (degree days,
ASHRAE Fundamentals, ch. 19), fitted by ridge regression (Hoerl and Kennard 1970) to the recent half year.
Temperatures `celsius` are those of days, shape (d, 24) [C], NaN where unknown.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core.constants import LEAST_DAYS

HEATING_BELOW, COOLING_ABOVE = 16.0, 20.0
"""Daily mean temperatures below which houses are heated and above which they are cooled [C]."""

TODAY = 0.7
"""Share of today in the temperature that a day's energy answers; the rest is yesterday's."""

NOW = 0.3
"""Share of the hour itself in how warm it feels; the rest is the mean of the 24 hours that end with it."""

UNLIKE = 1e-3
"""Weight that an hour of quite another temperature keeps, so that no hour is without a past."""

FLOOR = 0.1
"""Share of the mean that is added to both sides of a ratio of explained levels."""

FIT_DAYS, FIT_HALF_LIFE_DAYS = 182, 56.0
RIDGE = 20.0
"""Penalty on the two slopes: as if there were 20 more days a degree away from comfort on which nothing changed."""

CARRIED_DAYS = 2
"""Days over which an unknown temperature is taken from the same hour of the day before."""


def filled(celsius: np.ndarray) -> np.ndarray:
    """Return the temperatures with short gaps closed by the same hour of up to two days before."""
    return pd.DataFrame(celsius).ffill(limit=CARRIED_DAYS).to_numpy()


def felt(celsius: np.ndarray) -> np.ndarray:
    """Return how warm each hour feels to a house [C], shape (d, 24); NaN where its last 24 hours are not known."""
    hours = filled(celsius)
    flat = np.concatenate([np.full(23, np.nan), hours.ravel()])
    mean = np.lib.stride_tricks.sliding_window_view(flat, 24).mean(axis=-1).reshape(hours.shape)
    return NOW * hours + (1 - NOW) * mean


def alike(past: np.ndarray, ahead: np.ndarray, width: float) -> np.ndarray:
    """Return a Gaussian weight of temperatures `width` degrees apart, broadcast; the least one where either is NaN."""
    weight = np.exp(-0.5 * ((past - ahead) / width) ** 2)
    return np.where(np.isnan(weight), 0.0, weight) + UNLIKE


def degrees(celsius: np.ndarray) -> np.ndarray:
    """Return heating and cooling degrees of days, shape (d, 2) [C]; NaN where a day or the one before is not known."""
    today = filled(celsius).mean(axis=1)
    answered = TODAY * today + (1 - TODAY) * np.append(np.nan, today[:-1])
    return np.stack([np.maximum(HEATING_BELOW - answered, 0.0), np.maximum(answered - COOLING_ABOVE, 0.0)], axis=1)


def explained(daily: np.ndarray, celsius: np.ndarray) -> np.ndarray:
    """Return what the temperature explains of the mean hourly energy of past days and days ahead, (past + ahead,).

    `daily` (past,) is that energy, NaN where unknown, its mean above zero; so is the result, which is that mean where
    the temperature is not known or too few days were [kWh].
    """
    use = degrees(celsius)
    past = len(daily)
    mean = float(daily[np.isfinite(daily)].mean())
    known = np.isfinite(daily) & np.isfinite(use[:past]).all(axis=1) & (np.arange(past) >= past - FIT_DAYS)
    if known.sum() < LEAST_DAYS:
        return np.full(len(use), mean)
    weight = np.exp2(-(past - np.flatnonzero(known)) / FIT_HALF_LIFE_DAYS)
    line, slopes = _ridge(use[:past][known], daily[known], weight)
    out = np.maximum(line + use @ slopes, FLOOR * mean)
    return np.where(np.isfinite(out), out, mean)


def _ridge(use: np.ndarray, daily: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray]:
    """Return intercept and slopes; heating and cooling never save energy, so a slope below zero is none."""
    total = weight.sum()
    centre_use, centre = weight @ use / total, float(weight @ daily / total)
    apart = use - centre_use
    slopes = np.linalg.solve((apart.T * weight) @ apart + RIDGE * np.eye(2), (apart.T * weight) @ (daily - centre))
    slopes = np.maximum(slopes, 0.0)
    return centre - float(centre_use @ slopes), slopes
