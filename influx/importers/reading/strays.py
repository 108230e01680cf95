"""Times that cannot belong to their file: a few rows that lie a year or more from all the others."""

from __future__ import annotations

import numpy as np

APART = 366 * 86_400_000_000
"""Longest gap inside a file that is taken for one [us]."""

_ENOUGH = 100
_FEW = 0.005
REASON = "more than a year apart from the other rows of the file; is its year right?"


def astray(micros: np.ndarray) -> np.ndarray:
    """Tell which times lie more than a year apart from the others, where they are less than one in two hundred.

    Parameters
    ----------
    micros : ndarray of int64, shape (n,)
        Microseconds since 1970, in any order.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    if len(micros) < _ENOUGH or int(micros.max()) - int(micros.min()) <= APART:
        return np.zeros(len(micros), bool)
    days = np.unique(micros // 86_400_000_000)
    group = np.append(0, (np.diff(days) > APART // 86_400_000_000).cumsum())
    if group[-1] == 0:
        return np.zeros(len(micros), bool)
    mine = group[np.searchsorted(days, micros // 86_400_000_000)]
    return (np.bincount(mine) < _FEW * len(micros))[mine]
