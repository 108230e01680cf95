"""What a few past forecasts say for certain: nominal shares of the bands, and the width of an interval around a mean.

It stands here, and takes no more than a special function of SciPy, as pages and dashboard need it without the models.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

BASELINE = "climatology"
NOMINAL = {"p10": 0.1, "p50": 0.5, "p90": 0.9, "band": 0.8}
"""Share of hours that should lie at or below each quantile, and inside the band."""


def half_width(error: float | pd.Series, folds: int | pd.Series) -> float | pd.Series:
    """Return half the width of the interval that holds what a mean over so few folds estimates, 19 times in 20.

    Student's t of a standard error: of four folds 3.2 times the error, of two 12.7 times.
    """
    from scipy.special import stdtrit  # 0.3 s, and a page with no such figure needs none of it

    return error * stdtrit(np.maximum(np.asarray(folds, dtype=float) - 1, 1), 0.975)
