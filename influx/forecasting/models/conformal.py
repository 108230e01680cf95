"""Bands for models that only know an expected value: how far off they were, hour by hour of the day.

Split conformal prediction (Vovk et al. 2005; Lei et al. 2018): errors made on data that the model did not learn from
are its band, with the finite-sample step that keeps the promised coverage for few errors. Errors are pooled over the
same local hour and its two neighbours, since evenings are less certain than nights.
"""

from __future__ import annotations

import numpy as np

LEVELS = (0.1, 0.5, 0.9)
"""The quantiles that every page shows: the middle, and a band that holds eight in ten."""


def column(level: float) -> str:
    """Return the name of a quantile's column: 0.1 is `p10`, 0.025 is `p2.5`."""
    percent = round(100 * level, 6)
    return f"p{percent:02.0f}" if percent == round(percent) else f"p{percent:g}"


def errors_by_hour(errors: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Sort errors by the local hour at which they were made.

    Parameters
    ----------
    errors : ndarray, shape (n,)
        Observed minus expected [kWh], NaN where not known.
    hours : ndarray of int, shape (n,)
        Local hour 0 to 23 of each.

    Returns
    -------
    ndarray, shape (24, m)
        The errors of each hour and its two neighbours, ascending, NaN last.
    """
    known = np.isfinite(errors)
    rows = [np.sort(errors[known & np.isin(hours, [(hour - 1) % 24, hour, (hour + 1) % 24])]) for hour in range(24)]
    width = max(1, *(len(row) for row in rows))
    return np.array([np.pad(row, (0, width - len(row)), constant_values=np.nan) for row in rows])


def conformal_offsets(errors: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return what to add to an expected value for each quantile, by local hour.

    Parameters
    ----------
    errors : ndarray, shape (24, m)
        As `errors_by_hour` returns them.
    levels : ndarray, shape (q,)
        Probabilities.

    Returns
    -------
    ndarray, shape (24, q)
        Offsets [kWh]; 0 where an hour has no errors.
    """
    out = np.zeros((24, len(levels)))
    for hour, row in enumerate(errors):
        known = row[np.isfinite(row)]
        if len(known):
            out[hour] = np.quantile(known, levels, method="weibull")  # the place p (n + 1), from the first to the last
    return out


def around(expected: np.ndarray, hours: np.ndarray, errors: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return quantiles around expected values, never negative and never crossing, shape (n, q) [kWh]."""
    shifted = expected[:, None] + conformal_offsets(errors, levels)[hours]
    order = np.argsort(levels)
    out = np.empty_like(shifted)
    out[:, order] = np.maximum.accumulate(np.clip(shifted[:, order], 0, None), axis=1)
    return out
