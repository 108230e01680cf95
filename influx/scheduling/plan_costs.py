"""What a plan costs, and what the same energy costs as the household uses it now: by run, by device, and in all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx.core.local_time import HOUR, local
from influx.scheduling import savings
from influx.scheduling.flexible_loads import Asked
from influx.scheduling.load_requirements import Unknown
from influx.scheduling.milp_model import Task
from influx.scheduling.plan import Plan, make

STEP = pd.Timedelta(minutes=30)
"""Length of a step of the plan."""

PerStep = Callable[[pd.DatetimeIndex], np.ndarray]
"""A price [currency/kWh] or a carbon intensity [g/kWh] of each step; NaN where it is not known."""


@dataclass(frozen=True)
class Terms:
    """What holds for all devices.

    Attributes
    ----------
    stamps : DatetimeIndex, shape (steps,)
        The coming half hours, UTC.
    load : ndarray, shape (steps,)
        What the home is expected to use beside the planned devices [kWh in the step].
    price, carbon : callable
        `PerStep`; carbon is None where it is not known.
    limit_kw : float, optional
        Most power that the home may draw [kW].
    weight : float
        1 minimises money alone, 0 carbon alone.
    timezone : str
    """

    stamps: pd.DatetimeIndex
    load: np.ndarray
    price: PerStep
    carbon: PerStep | None
    limit_kw: float | None
    weight: float
    timezone: str

    def plan(self, tasks: list[Task], stamps: pd.DatetimeIndex | None = None) -> Plan:
        """Plan tasks over these steps, or over those of another week on the same load."""
        when = self.stamps if stamps is None else stamps
        dirt = None if self.carbon is None else self.carbon(when)
        load = np.resize(self.load, len(when))
        return make(when, self.price(when), tasks, load, self.limit_kw, dirt, self.weight)


def value(plan: Plan, kept: list[Asked], terms: Terms) -> dict[str, pd.DataFrame]:
    """Return what a plan is worth.

    Parameters
    ----------
    plan : Plan
    kept : list of Asked
        The devices that it holds; at least one.
    terms : Terms

    Returns
    -------
    dict of DataFrame
        `plan_runs` and `plan_devices` with `kwh`, `cost`, `usual_cost` (of the same energy at the hours in which it is
        expected anyway) [currency]; devices and the row of `plan_total` also with the `saving`, its `p10` and `p90`
        from past `weeks`, and carbon [kg].
    """
    price = terms.price(terms.stamps)
    rows, runs = [], []
    for one in kept:
        kwh = plan.energy(one.device_id, terms.stamps)
        usual = savings.movable(one.expected[: len(terms.stamps)])
        now = savings.mean_price(usual, price)
        bill = float(one.expected[: len(price)] @ price)
        rows.append(_device(one, kwh, savings.mean_price(kwh, price), now, bill) | _carbon(kwh, usual, terms))
        runs.append(_runs(plan, one.device_id, pd.Series(price, terms.stamps), now))
    devices = pd.DataFrame(rows).set_index("device_id")
    devices["runs"] = pd.concat(runs).groupby("device_id")["run"].max()
    past = savings.past_savings([one.series for one in kept], lambda back: _past_week(back, kept, plan, terms))
    each, whole = savings.ranges(devices["kwh"], devices["saving"] / devices["kwh"], past)
    devices = devices.join(each)
    devices["p90"] = devices["p90"].clip(upper=devices["bill"])
    total = devices[["kwh", "cost", "usual_cost", "saving", "carbon_kg", "usual_carbon_kg"]].sum(skipna=False)
    row = total.to_dict() | {
        "p10": whole[0],
        "p90": min(whole[1], devices["bill"].sum()),
        "weeks": whole[2],
        "gap": plan.gap,
    }
    row |= {"weight": terms.weight, "limit_kw": terms.limit_kw, "hours": len(terms.stamps) * (STEP / HOUR)}
    return {
        "plan_runs": pd.concat(runs),
        "plan_devices": devices.reset_index(),
        "plan_total": pd.DataFrame([row]).astype({"limit_kw": float}),
    }


def _device(one: Asked, kwh: np.ndarray, planned: float, now: float, bill: float) -> dict[str, object]:
    energy = float(kwh.sum())
    return {
        "device_id": one.device_id,
        "kind": "storage" if one.flexible.is_storage else "cycle",
        "source": one.want.source,
        "kwh": energy,
        "cost": energy * planned,
        "usual_cost": energy * now,
        "saving": savings.saved(energy, planned, now, bill),
        "bill": max(min(energy * now, bill), 0.0),
    }


def _carbon(kwh: np.ndarray, usual: np.ndarray, terms: Terms) -> dict[str, float]:
    if terms.carbon is None:
        return {"carbon_kg": float("nan"), "usual_carbon_kg": float("nan")}
    grams = terms.carbon(terms.stamps)
    return {
        "carbon_kg": float(kwh @ grams) / 1000,
        "usual_carbon_kg": float(kwh.sum()) * savings.mean_price(usual, grams) / 1000,
    }


def _runs(plan: Plan, device_id: str, price: pd.Series, now: float) -> pd.DataFrame:
    own = plan.steps[plan.steps["device_id"] == device_id]
    own = own.assign(cost=own["kwh"] * price.reindex(own["timestamp"]).to_numpy())
    out = own.groupby("run").agg(
        start=("timestamp", "min"), end=("timestamp", "max"), kwh=("kwh", "sum"), cost=("cost", "sum")
    )
    out["end"] += STEP
    out["usual_cost"] = out["kwh"] * now
    return out.reset_index().assign(device_id=device_id)


def _past_week(
    back: int, kept: list[Asked], plan: Plan, terms: Terms
) -> tuple[pd.DatetimeIndex, np.ndarray, dict[str, float]] | None:
    """Return a past week's steps and prices, and what a plan for it would have paid for a kWh of each device.

    Where its prices are those of the coming week, that is the plan that there is.
    """
    then = weeks_back(terms.stamps, back, terms.timezone)
    price = terms.price(then)
    if not np.isfinite(price).all() or not (terms.carbon is None or np.isfinite(terms.carbon(then)).all()):
        return None
    if terms.carbon is None and len(then) == len(terms.stamps) and np.allclose(price, terms.price(terms.stamps)):
        return then, price, {one.device_id: _paid(plan, one, terms.stamps, price) for one in kept}
    try:
        made = terms.plan([one.task(then, coming=False) for one in kept], then)
    except Unknown:
        return None
    if len(made.placed) < len(kept):
        return None
    return then, price, {one.device_id: _paid(made, one, then, price) for one in kept}


def _paid(plan: Plan, one: Asked, stamps: pd.DatetimeIndex, price: np.ndarray) -> float:
    return savings.mean_price(plan.energy(one.device_id, stamps), price)


def weeks_back(stamps: pd.DatetimeIndex, back: int, timezone: str) -> pd.DatetimeIndex:
    """Return the steps between the same clock times some weeks before, more or fewer where the clock was changed."""
    ends = local(pd.DatetimeIndex([stamps[0], stamps[-1] + STEP]), timezone) - pd.Timedelta(weeks=back)
    first, last = ends.tz_localize(timezone, nonexistent="shift_forward", ambiguous=np.ones(2, bool)).tz_convert("UTC")
    return pd.date_range(first, last, freq=STEP, inclusive="left").as_unit("us")
