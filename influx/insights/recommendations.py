"""What is worth doing in the coming week, in kWh and money.

Nothing here is advice by rule of thumb: a recommendation names the device, the hour, the energy and the money it is
about, and its saving is never more than what that energy would have cost.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.local_time import is_day_off, local
from influx.core.schema import HOUSEHOLD, OTHER
from influx.core.tariff import Rates
from influx.home.home import Home
from influx.scheduling.requirements import MUST_RUN, must_run

COLUMNS = ["device_id", "kind", "kwh", "cost", "saving", "what"]

LEAST_SAVING = 0.001
"""Part of the week's cost below which a saving is not worth a sentence."""


NEVER_OFF = (*MUST_RUN, "pump")
"""The same for devices that must not be unplugged; a pump may well run at another hour."""


def recommendations(
    home: Home,
    forecast: pd.DataFrame,
    standby: dict[str, float],
    rates: Rates | None,
    plan: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Say what is worth doing in the coming week, the largest saving first.

    Two kinds: run a flexible device as planned, or where there is no plan for it, move its use into the hours with the
    lowest price of the horizon (it saves the difference for the energy expected in dearer ones); and unplug a device
    that stands by (it saves its standby energy, an estimate from its rated standby power). Devices that must always
    run, those that are not forecast, and those whose plan a constraint forbids are left alone; so is energy in hours
    whose price is not known.

    Parameters
    ----------
    standby : dict
        Standby of each device [kWh a day].
    plan : mapping of DataFrame, optional
        The frames of `influx.plan`.

    Returns
    -------
    DataFrame
        `device_id`, `kind` (move | standby), `kwh` it is about, `cost` of that energy and `saving` [currency],
        `saving <= cost`, and `what`, a sentence. All savings together are no more than the forecast costs. Empty where
        no tariff is known.
    """
    if rates is None:
        return pd.DataFrame(columns=COLUMNS)
    devices, price = home.devices.set_index("device_id"), _price_of(forecast, rates)
    rows = [
        _move(device_id, hours, rates)
        for device_id, hours in forecast.groupby("device_id")
        if device_id not in (HOUSEHOLD, OTHER)
        and bool(devices["flexible"].get(device_id, False))
        and not (rates.is_flat or must_run(device_id, devices) or _is_decided(device_id, plan))
    ]
    rows += _as_planned(home, plan, rates.currency)
    rows += [
        _unplug(device_id, kwh / 24, price, rates.currency)
        for device_id, kwh in standby.items()
        if device_id in set(forecast["device_id"]) and not must_run(device_id, devices, NEVER_OFF)
    ]
    table = pd.DataFrame([row for row in rows if row is not None], columns=COLUMNS).astype({"saving": float})
    whole = forecast[forecast["device_id"] == HOUSEHOLD]
    bill = float(np.nansum(_price_of(whole, rates) * whole["energy_kwh"]))
    table = table[(table["saving"].round(2) > 0) & (table["saving"] >= LEAST_SAVING * bill)]
    table = table.sort_values("saving", ascending=False, ignore_index=True)
    return table[table["saving"].cumsum() <= bill + 1e-9]


def _price_of(forecast: pd.DataFrame, rates: Rates) -> np.ndarray:
    return rates.at(pd.DatetimeIndex(forecast["timestamp"].unique()))[0]


def _is_decided(device_id: str, plan: Mapping[str, pd.DataFrame] | None) -> bool:
    """Tell whether the plan holds a device, or says that a constraint keeps it out."""
    if not plan:
        return False
    notes = plan["plan_notes"]
    forbidden = set(notes.loc[notes["kind"] == "impossible", "device_id"])
    return device_id in set(plan["plan_devices"]["device_id"]) or device_id in forbidden or "" in forbidden


def _as_planned(home: Home, plan: Mapping[str, pd.DataFrame] | None, currency: str) -> list[dict[str, object]]:
    """Return the advice to run each planned device as planned."""
    rows: list[dict[str, object]] = []
    if not plan:
        return rows
    for row in plan["plan_devices"].itertuples():
        runs = plan["plan_runs"].loc[plan["plan_runs"]["device_id"] == row.device_id, "start"]
        first = local(pd.DatetimeIndex(runs), home.settings.timezone).min()
        once = f"on {fmt.day(first)} from {first:%H:%M}"
        when = once if len(runs) == 1 else f"as planned, {len(runs)} times, the first {once}"
        what = (
            f"Run {fmt.name(row.device_id)} {when}: its {fmt.kwh(row.kwh)} cost {fmt.money(row.cost, currency)} "
            f"there and {fmt.money(row.usual_cost, currency)} as it is used now, which saves "
            f"{fmt.money(row.saving, currency)}."
        )
        advice = {"device_id": row.device_id, "kind": "move", "kwh": row.kwh, "cost": row.usual_cost}
        rows.append(advice | {"saving": row.saving, "what": what})
    return rows


def _move(device_id: str, hours: pd.DataFrame, rates: Rates) -> dict[str, object] | None:
    stamps = pd.DatetimeIndex(hours["timestamp"])
    price, _ = rates.at(stamps)
    lowest = float(np.min(price, where=np.isfinite(price), initial=np.inf))
    dear = price > lowest
    kwh = hours["energy_kwh"].to_numpy()
    moved = float(kwh[dear].sum())
    if moved <= 0:
        return None
    cost = float((kwh * price)[dear].sum())
    saving = cost - moved * max(lowest, 0.0)  # being paid to use more is no saving
    by_hour = pd.Series(kwh[dear]).groupby(local(stamps, rates.timezone).hour.to_numpy()[dear]).sum()
    busiest = int(by_hour.idxmax())
    cheap = _cheap_time(busiest, stamps, price == lowest, rates)
    what = (
        f"Run {fmt.name(device_id)} {cheap} instead of around {fmt.clock(busiest)}: {fmt.kwh(moved)} of its coming "
        f"{fmt.hours(len(hours))} fall into dear hours and cost {fmt.money(cost, rates.currency)} there; "
        f"moving all of it saves {fmt.money(saving, rates.currency)}."
    )
    return {"device_id": device_id, "kind": "move", "kwh": moved, "cost": cost, "saving": saving, "what": what}


def _cheap_time(hour: int, stamps: pd.DatetimeIndex, cheap: np.ndarray, rates: Rates) -> str:
    """Say when after the clock hour `hour` the lowest price holds: on working days, else on days off, else on a day."""
    off, wall = is_day_off(stamps, rates.timezone, rates.country), local(stamps, rates.timezone)
    for kind, words in ((~off, ""), (off, " on a day off")):
        if not (cheap & kind).any():
            continue
        hours, days = wall.hour.to_numpy(), wall.normalize()
        first = int(hours[cheap & kind][((hours[cheap & kind] - hour) % 24).argmin()])
        there = cheap & kind & (hours == first)
        if there.sum() < days[kind & (hours == first)].nunique():  # not on every such day
            words = f" on {fmt.day(days[there][0])}"
        return f"from {fmt.clock(first)}{words}"
    raise ValueError("no hour is cheap")


def _unplug(device_id: str, standby: float, price: np.ndarray, currency: str) -> dict[str, object] | None:
    """Return the advice to unplug a device of `standby` [kWh in an hour, on average]."""
    known = int(np.isfinite(price).sum())
    kwh, cost = standby * known, standby * float(np.nansum(price))
    if cost <= 0:
        return None
    what = (
        f"Switch {fmt.name(device_id)} off at the plug when it is not in use: its standby is estimated at "
        f"{fmt.kwh(kwh)} in the coming {fmt.hours(known)}, {fmt.money(cost, currency)}."
    )
    return {"device_id": device_id, "kind": "standby", "kwh": kwh, "cost": cost, "saving": cost, "what": what}
