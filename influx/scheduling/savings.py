"""What a plan saves: the same energy at the hours of the plan and at the hours in which the household uses it now.

A saving is the difference of two mean prices times the energy that the plan moves. It is never more than that energy
costs now, nor than the device is expected to cost at all. Its range comes from past weeks: what the device's measured
use cost there, against what a plan made at that week's prices would have paid for the same energy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from influx.core.constants import KNOWN_SHARE
from influx.forecasting.aggregate_intervals import spread
from influx.forecasting.device_series import Series
from influx.scheduling.usage_patterns import in_use

PAST_WEEKS = 12
"""Past weeks that are priced."""

PlanPrices = Callable[[int], tuple[pd.DatetimeIndex, np.ndarray, dict[str, float]] | None]
"""For a number of weeks back: the steps of that week, their prices [currency/kWh], and the mean price that a plan for
that week pays for each device; None where prices are not known."""


def movable(expected: np.ndarray) -> np.ndarray:
    """Return a device's expected energy [kWh] without what it draws at all times, which nobody can move."""
    above = expected - expected.min(initial=np.inf)
    return above if above.sum() > 0 else expected


def mean_price(kwh: np.ndarray, price: np.ndarray) -> float:
    """Return what a kWh costs on average at these hours [currency/kWh], NaN where there is none."""
    total = float(kwh.sum())
    return float(kwh @ price) / total if total > 0 else float("nan")


def saved(kwh: float, plan: float, habit: float, bill: float = np.inf) -> float:
    """Return the saving of `kwh` at the mean prices of plan and habit.

    It is never more than that energy costs now, nor than the `bill` that the device is expected to cost at all.
    """
    return min(kwh * (habit - plan), max(kwh * habit, 0.0), max(bill, 0.0))


def past_savings(every: list[Series], priced: PlanPrices) -> pd.DataFrame:
    """Return what a kWh of each device would have been cheaper by in each past week [currency/kWh].

    Parameters
    ----------
    every : list of Series
        The devices of the plan.
    priced : callable
        `PlanPrices`.

    Returns
    -------
    DataFrame
        A row a week back (1 is the last one), a column a device; NaN where the device was not used, or less than three
        quarters of the week are known. Weeks without prices have no row.
    """
    rows: dict[int, dict[str, float]] = {}
    for back in range(1, PAST_WEEKS + 1):
        found = priced(back)
        if found is not None:
            stamps, price, plan = found
            hourly = pd.Series(price, stamps).resample("h", origin=stamps[0]).mean()
            rows[back] = {one.device_id: _cheaper(one, hourly, plan[one.device_id]) for one in every}
    return pd.DataFrame.from_dict(rows, orient="index", columns=[one.device_id for one in every], dtype=float)


def _cheaper(series: Series, price: pd.Series, plan: float) -> float:
    energy = series.energy.reindex(price.index)
    if energy.notna().mean() < KNOWN_SHARE:
        return float("nan")
    used = series.energy.where(in_use(series.energy, series.around.minutes), 0.0)
    return mean_price(used.reindex(price.index, fill_value=0.0).to_numpy(), price.to_numpy()) - plan


def ranges(kwh: pd.Series, now: pd.Series, past: pd.DataFrame) -> tuple[pd.DataFrame, tuple[float, float, int]]:
    """Return the range of each device's saving and of all together.

    Parameters
    ----------
    kwh, now : Series by device
        Energy that the plan moves [kWh], and the saving of each kWh [currency/kWh].
    past : DataFrame
        As `past_savings` returns it.

    Returns
    -------
    each : DataFrame by device
        `p10`, `p90` [currency], NaN where fewer than nine past weeks are known, and `weeks`, how many are.
    whole : tuple
        The same of the sum; a device that was not used in a week moves nothing in it.
    """
    errors = past[kwh.index] - now
    each = pd.DataFrame(
        [_around(kwh[name] * now[name], kwh[name] * errors[name].dropna().to_numpy()) for name in kwh.index],
        index=kwh.index,
        columns=["p10", "p90", "weeks"],
    )
    together = (errors * kwh).dropna(how="all").sum(axis=1)
    return each, _around(float((kwh * now).sum()), together.to_numpy())


def _around(saving: float, errors: np.ndarray) -> tuple[float, float, int]:
    low, high = spread(errors)
    return saving + low, saving + high, len(errors)
