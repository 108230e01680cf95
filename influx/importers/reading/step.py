"""How long a reading lasts, as its series tells: the most frequent step between its times."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from influx.core.errors import InputError


def most_frequent(times: np.ndarray) -> tuple[float, int, int]:
    """Return the most frequent step of a series [min], how often it stands, and how many steps there are.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Microseconds, in any order; equal ones count once.

    Returns
    -------
    tuple
        (NaN, 0, 0) where there is no step.
    """
    gaps = np.diff(times)
    if (gaps <= 0).any():
        gaps = np.diff(np.unique(times))
    if not len(gaps):
        return np.nan, 0, 0
    minutes = gaps / 60e6
    minutes = np.where(minutes < 5, minutes, np.rint(minutes))  # a logger that writes a few seconds late
    steps, counts = np.unique(minutes, return_counts=True)
    best = int(counts.argmax())
    return float(steps[best]), int(counts[best]), int(counts.sum())


def lengths(steps: Mapping[str, tuple[float, int, int]], file: str) -> dict[str, float]:
    """Return how long the readings of each series last [min], from what `most_frequent` says of each.

    A series that says nothing by itself (a single reading, or steps that are longer than an hour by chance) takes the
    step that is most frequent in its file; an hour where none is.

    Raises
    ------
    InputError
        The readings of a series are coarser than hourly.
    """
    total: dict[float, int] = {}
    for step, count, _ in steps.values():
        if count:
            total[step] = total.get(step, 0) + count
    usual = max(total, key=lambda step: (total[step], -step)) if total else 60.0
    for name, (step, count, of) in steps.items():
        if step > 60 and ((count > of / 2 and count > 1) or usual > 60):
            raise InputError(
                f"{file}: a reading of {name} every {step / 60:g} hours is too coarse to tell one hour from another. "
                "Export hourly or finer readings."
            )
    return {name: step if step <= 60 else usual for name, (step, _, _) in steps.items()}
