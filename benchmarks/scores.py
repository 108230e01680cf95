"""How good forecasts were: the scaled pinball loss, what the band covered, daily energy and bias.

A device is scored at each origin over the hours whose truth is known; the mean over its origins is its score, the mean
over devices that of the set, so that a device counts the same whatever it uses and however often it was scored.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from benchmarks.methods import BAND, QUANTILES, Answer
from benchmarks.protocol import Case

DAY = pd.Timedelta(days=1)
DEVICE = ["set", "home_id", "device_id"]
_COLUMNS = [*DEVICE, "origin", "pinball", "coverage", "day_error", "miss", "energy"]


def score(cases: Iterable[Case], answer: Answer) -> pd.DataFrame:
    """Score every device at every origin at which it was forecast.

    Returns
    -------
    DataFrame
        `set`, `home_id`, `device_id`, `origin`; `pinball`, the mean loss at 10, 50 and 90 % over the naive error;
        `coverage`, the share of hours from p10 to p90; `day_error`, the sum over days from the origin on of the
        absolute error of their energy, `miss`, expected minus observed energy, and `energy`, the observed [kWh].
    """
    said = dict(tuple(answer.forecasts.groupby(["case", "home_id", "device_id"], sort=False)))
    rows = []
    for case in cases:
        for home_id, device_id in case.truth:
            forecast = said.get((case.key, home_id, device_id))
            if forecast is not None:
                scores = _score(case, (home_id, device_id), forecast.set_index("timestamp"))
                rows.append(
                    {"set": case.name, "home_id": home_id, "device_id": device_id, "origin": case.origin} | scores
                )
    return pd.DataFrame(rows, columns=_COLUMNS)


def summary(scores: pd.DataFrame) -> pd.DataFrame:
    """Return a row a set: `pinball`, `coverage`, `wape` and `bias`.

    `wape` is the absolute error of daily energy over energy, `bias` expected minus observed energy over the observed;
    both device by device, and the mean over devices that used any.
    """
    by_device = scores.groupby(DEVICE)
    total = by_device[["day_error", "miss", "energy"]].sum()
    energy = total["energy"].where(total["energy"] > 0)
    mean = by_device[["pinball", "coverage"]].mean()
    return mean.assign(wape=total["day_error"] / energy, bias=total["miss"] / energy).groupby("set").mean()


def _score(case: Case, device: tuple[str, str], forecast: pd.DataFrame) -> dict[str, float]:
    observed = case.truth[device].dropna()
    known = forecast.reindex(observed.index)
    energy, band, mean = observed.to_numpy(), known[BAND].to_numpy(), known["mean"].to_numpy()
    day = (observed.index - case.origin) // DAY
    return {
        "pinball": float(pinball(energy, band).mean() / case.naive_error[device]),
        "coverage": float(((band[:, 0] <= energy) & (energy <= band[:, 2])).mean()),
        "day_error": float(np.abs(pd.Series(mean - energy).groupby(day).sum()).sum()),
        "miss": float((mean - energy).sum()),
        "energy": float(energy.sum()),
    }


def pinball(observed: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return the mean pinball loss of p10, p50 and p90, shape (n, 3), at each hour, shape (n,) [kWh]."""
    above = observed[:, None] - quantiles
    return np.asarray(np.where(above >= 0, above * QUANTILES, above * (np.array(QUANTILES) - 1)).mean(axis=1))
