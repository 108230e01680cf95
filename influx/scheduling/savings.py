"""What a plan costs and saves: its energy at the hours of the plan and at the hours in which the household uses it now.

A saving is the difference of two mean prices times the energy that the plan moves. It is never more than that energy
costs now, nor than the device is expected to cost at all. Its range comes from past weeks: what the device's measured
use cost there, against what a plan made at that week's prices would have paid for the same energy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from influx.core.constants import KNOWN_SHARE
from influx.core.local_time import HOUR
from influx.forecasting.aggregate_intervals import spread
from influx.forecasting.device_series import Series
from influx.scheduling.plan import STEP, Plan, Terms, weeks_back
from influx.scheduling.requirements import FlexibleLoad, Unknown, in_use, movable

PAST_WEEKS = 12
"""Past weeks that are priced."""

PlanPrices = Callable[[int], tuple[pd.DatetimeIndex, np.ndarray, dict[str, float]] | None]
"""For a number of weeks back: the steps of that week, their prices [currency/kWh], and the mean price that a plan for
that week pays for each device; None where prices are not known."""


def plan_value(plan: Plan, loads: list[FlexibleLoad], terms: Terms) -> dict[str, pd.DataFrame]:
    """Return what a plan of these devices, one at least, is worth, as `plan_runs`, `plan_devices` and `plan_total`.

    All have `kwh`, `cost` and `usual_cost` (of the same energy at the hours in which it is expected anyway) [currency];
    devices and total also the `saving`, its `p10` and `p90` from past `weeks`, and carbon [kg].
    """
    price = terms.price(terms.stamps)
    rows, runs = [], []
    for load in loads:
        kwh, usual = plan.energy(load.device_id, terms.stamps), movable(load.expected[: len(terms.stamps)])
        energy, planned, now = float(kwh.sum()), mean_price(kwh, price), mean_price(usual, price)
        bill = float(load.expected[: len(price)] @ price)
        row: dict[str, object] = {
            "device_id": load.device_id,
            "kind": "storage" if load.flexible.is_storage else "cycle",
        }
        row |= {"source": load.requirement.source, "kwh": energy, "cost": energy * planned, "usual_cost": energy * now}
        row |= {"saving": saved(energy, planned, now, bill), "bill": max(min(energy * now, bill), 0.0)}
        rows.append(row | _carbon(kwh, usual, terms))
        runs.append(_runs(plan, load.device_id, pd.Series(price, terms.stamps), now))
    devices = pd.DataFrame(rows).set_index("device_id")
    devices["runs"] = pd.concat(runs).groupby("device_id")["run"].max()
    past = past_savings([load.series for load in loads], lambda back: _past_week(back, loads, plan, terms))
    by_device, (low, high, weeks) = ranges(devices["kwh"], devices["saving"] / devices["kwh"], past)
    devices = devices.join(by_device)
    devices["p90"] = devices["p90"].clip(upper=devices["bill"])
    total = devices[["kwh", "cost", "usual_cost", "saving", "carbon_kg", "usual_carbon_kg"]].sum(skipna=False).to_dict()
    total |= {"p10": low, "p90": min(high, devices["bill"].sum()), "weeks": weeks, "gap": plan.gap}
    total |= {"weight": terms.weight, "limit_kw": terms.limit_kw, "hours": len(terms.stamps) * (STEP / HOUR)}
    return {
        "plan_runs": pd.concat(runs),
        "plan_devices": devices.reset_index(),
        "plan_total": pd.DataFrame([total]).astype({"limit_kw": float}),
    }


def mean_price(kwh: np.ndarray, price: np.ndarray) -> float:
    """Return what a kWh costs on average at these hours [currency/kWh], NaN where there is none."""
    total = float(kwh.sum())
    return float(kwh @ price) / total if total > 0 else float("nan")


def saved(kwh: float, planned: float, usual: float, bill: float = np.inf) -> float:
    """Return the saving of `kwh` at the mean prices of the plan and of the usual hours.

    It is never more than that energy costs now, nor than the `bill` that the device is expected to cost at all.
    """
    return min(kwh * (usual - planned), max(kwh * usual, 0.0), max(bill, 0.0))


def _carbon(kwh: np.ndarray, usual: np.ndarray, terms: Terms) -> dict[str, float]:
    if terms.carbon is None:
        return dict.fromkeys(("carbon_kg", "usual_carbon_kg"), float("nan"))
    grams = terms.carbon(terms.stamps)
    usual_kg = float(kwh.sum()) * mean_price(usual, grams) / 1000
    return {"carbon_kg": float(kwh @ grams) / 1000, "usual_carbon_kg": usual_kg}


def _runs(plan: Plan, device_id: str, price: pd.Series, usual: float) -> pd.DataFrame:
    rows = plan.steps[plan.steps["device_id"] == device_id]
    rows = rows.assign(cost=rows["kwh"] * price.reindex(rows["timestamp"]).to_numpy(), end=rows["timestamp"] + STEP)
    out = rows.groupby("run").agg(
        start=("timestamp", "min"), end=("end", "max"), kwh=("kwh", "sum"), cost=("cost", "sum")
    )
    return out.assign(usual_cost=out["kwh"] * usual, device_id=device_id).reset_index()


def _past_week(
    back: int, loads: list[FlexibleLoad], plan: Plan, terms: Terms
) -> tuple[pd.DatetimeIndex, np.ndarray, dict[str, float]] | None:
    """Return a past week's steps and prices, and what a plan for it would have paid for a kWh of each device.

    Where its prices are those of the coming week, that is the plan that there is.
    """
    then = weeks_back(terms.stamps, back, terms.timezone)
    price = terms.price(then)
    if not np.isfinite(price).all() or not (terms.carbon is None or np.isfinite(terms.carbon(then)).all()):
        return None
    made, when = plan, terms.stamps
    if terms.carbon is not None or len(then) != len(when) or not np.allclose(price, terms.price(when)):
        try:
            made, when = terms.plan([load.job(then, coming=False) for load in loads], then), then
        except Unknown:
            return None
    if len(made.placed) < len(loads):
        return None
    return then, price, {load.device_id: mean_price(made.energy(load.device_id, when), price) for load in loads}


def past_savings(devices: list[Series], priced: PlanPrices) -> pd.DataFrame:
    """Return what a kWh of each device would have been cheaper by in each past week [currency/kWh].

    A row a week back (1 is the last one), a column a device; NaN where the device was not used, or less than three
    quarters of the week are known. Weeks without prices have no row.
    """
    rows: dict[int, dict[str, float]] = {}
    for back in range(1, PAST_WEEKS + 1):
        week = priced(back)
        if week is not None:
            stamps, price, paid = week
            hourly = pd.Series(price, stamps).resample("h", origin=stamps[0]).mean()
            rows[back] = {series.device_id: _cheaper(series, hourly, paid[series.device_id]) for series in devices}
    return pd.DataFrame.from_dict(rows, orient="index", columns=[series.device_id for series in devices], dtype=float)


def _cheaper(series: Series, price: pd.Series, paid: float) -> float:
    if series.energy.reindex(price.index).notna().mean() < KNOWN_SHARE:
        return float("nan")
    used = series.energy.where(in_use(series.energy, series.covariates.minutes), 0.0)
    return mean_price(used.reindex(price.index, fill_value=0.0).to_numpy(), price.to_numpy()) - paid


def ranges(kwh: pd.Series, now: pd.Series, past: pd.DataFrame) -> tuple[pd.DataFrame, tuple[float, float, int]]:
    """Return the range of each device's saving (`p10`, `p90` and `weeks`), and the same of all together.

    `kwh` is the energy that the plan moves, `now` the saving of each kWh, `past` as `past_savings` returns it. A range
    is NaN where fewer than nine past weeks are known; a device that was not used in a week moves nothing in it.
    """
    errors = (past[kwh.index] - now) * kwh
    rows = [_range_of(kwh[name] * now[name], errors[name].dropna()) for name in kwh.index]
    by_device = pd.DataFrame(rows, index=kwh.index, columns=["p10", "p90", "weeks"])
    return by_device, _range_of(float((kwh * now).sum()), errors.dropna(how="all").sum(axis=1))


def _range_of(saving: float, errors: pd.Series) -> tuple[float, float, int]:
    low, high = spread(errors.to_numpy())
    return saving + low, saving + high, len(errors)
