"""Bands for models that only know an expected value: how far off they were, hour by hour of the day.

Split conformal prediction (Vovk et al. 2005; Lei et al. 2018): errors made on data that the model did not learn from
are its band, with the finite-sample step that keeps the nominal coverage for few errors. Errors are pooled over the
same local hour and its two neighbours, since evenings are less certain than nights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LEVELS = (0.1, 0.5, 0.9)
"""The quantiles that every page shows: the middle, and a band that holds eight in ten."""


def column(level: float) -> str:
    """Return the name of a quantile's column: 0.1 is `p10`, 0.025 is `p2.5`."""
    percent = round(100 * level, 6)
    return f"p{percent:02.0f}" if percent == round(percent) else f"p{percent:g}"


def residuals_by_hour(residuals: np.ndarray, hours: np.ndarray) -> list[np.ndarray]:
    """Return the known residuals of each local hour and its two neighbours [kWh], of 24 hours."""
    known = np.isfinite(residuals)
    return [residuals[known & np.isin(hours, [(hour - 1) % 24, hour, (hour + 1) % 24])] for hour in range(24)]


def conformal_quantiles(
    expected: np.ndarray, hours: np.ndarray, residuals: Sequence[np.ndarray], levels: np.ndarray
) -> np.ndarray:
    """Return quantiles around expected values (n,) at local hours (n,), in order and never negative, (n, q) [kWh]."""
    offsets = np.zeros((24, len(levels)))
    for hour, of_hour in enumerate(residuals):
        if len(of_hour):  # the place p (n + 1), from the first to the last
            offsets[hour] = np.quantile(of_hour, levels, method="weibull")
    shifted = (expected[:, None] + offsets[hours]).clip(0)
    order = np.argsort(levels)
    out = np.empty_like(shifted)
    out[:, order] = np.maximum.accumulate(shifted[:, order], axis=1)
    return out
