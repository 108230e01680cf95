"""The household that follows from what its meters measure, and the energy that no device explains.

A main meter is the household. Without one, the household used what it took from the grid, its own sun and its battery,
less what it fed in and stored: import + solar - export + battery_out - battery_in, where all of them are known. The
household less its devices is `other`. No remainder goes below zero: what must be clipped is noted, with its energy, for
it means that meters or clocks disagree.

A meter that contains others (`part_of` in home.yaml) is no device of its own. What counts towards the sum is the
outermost meter that is there: a circuit while it is measured, what stands behind it before its first known hour and
after its last one. So nothing counts twice; and a gap in a circuit's readings is not filled by its parts, which are not
all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from influx.core import schema
from influx.core.constants import HOUSEHOLD, OTHER
from influx.core.errors import InputError
from influx.core.settings import Role
from influx.home.audit import Audit

LEAST_OTHER = 0.01
"""Share of the household's energy below which a remainder is not shown as a device."""

_FLOWS: tuple[Role, ...] = ("solar", "grid_import", "grid_export", "battery_in", "battery_out")
_HALF_A_BATTERY: dict[Role, str] = {
    "battery_in": "A battery is charged, but no meter of what it gives back is there",
    "battery_out": "A battery gives energy back, but no meter of what charges it is there",
}


@dataclass(frozen=True)
class Balance:
    """The series of a home by what they measure.

    `readings` are `schema.READINGS`, `flows` have the same columns and `role`; `main` is the name of the main meter,
    which is `household` in the readings.
    """

    readings: pd.DataFrame
    flows: pd.DataFrame
    main: str | None


@dataclass(frozen=True)
class _Meters:
    """All meters, a column each and a row an hour (energy [kWh] and quality), and the names of those of each role."""

    energy: pd.DataFrame
    quality: pd.DataFrame
    named: Mapping[Role, list[str]]

    def series(self, name: str) -> pd.DataFrame:
        return pd.DataFrame({"energy_kwh": self.energy[name], "quality": self.quality[name]})

    def sum(self, names: list[str]) -> pd.Series:
        return self.energy[names].sum(axis=1, skipna=False)

    def half_a_battery(self) -> str:
        metered = [role for role in _HALF_A_BATTERY if self.named[role]]
        return _HALF_A_BATTERY[metered[0]] if len(metered) == 1 else ""


def balance(
    hours: pd.DataFrame, series: pd.DataFrame, containers: Mapping[str, str], home_id: str, audit: Audit
) -> Balance:
    """Tell devices, household and flows apart, and add `household` and `other` where they follow.

    `hours` are a complete grid, `series` have device_id and role, `containers` the meter of the same role that contains
    each one that has such a meter. Two main meters, or nothing but series that are to be ignored, are an InputError.
    """
    roles: dict[str, Role] = dict(zip(series["device_id"], series["role"], strict=True))
    energy, quality = (hours.pivot(index="timestamp", columns="device_id", values=c) for c in ("energy_kwh", "quality"))
    named = _by_role(energy, roles, containers, audit)
    meters = _Meters(energy, quality, named)
    within = {name: containers[name] for name in named["device"] if name in containers}
    _note_containers(energy, within, audit)
    if len(named["household"]) > 1:
        raise InputError(
            f"There are several main meters: {', '.join(named['household'])}. Give all but one another role in "
            "home.yaml (under devices: `role: device` or `role: ignore`)."
        )
    main = next(iter(named["household"]), None)
    household = meters.series(main) if main else _from_flows(meters, audit)
    if main and not named["grid_import"] and (half := meters.half_a_battery()):
        audit.note("half a battery", half=half)
    use = _use(meters, within, household, audit)
    if not use and (grid := named["grid_import"]):
        audit.note("grid alone")
        use = {HOUSEHOLD: _derived(HOUSEHOLD, meters.sum(grid), quality[grid], "", audit)}
    if not use:
        raise InputError(
            f"There is no device, no household and no grid import among {', '.join(roles)}. Mend their roles in "
            "home.yaml, such as `role: household`."
        )
    flows = {name: meters.series(name).assign(role=role) for role in _FLOWS for name in named[role]}
    flows = flows or {"": meters.series(next(iter(roles))).iloc[:0].assign(role="")}
    readings = schema.check(_long(use, home_id), schema.READINGS)[[*schema.READINGS.columns]]
    return Balance(readings.sort_values(["device_id", "timestamp"], ignore_index=True), _long(flows, home_id), main)


def _by_role(
    energy: pd.DataFrame, roles: Mapping[str, Role], containers: Mapping[str, str], audit: Audit
) -> dict[Role, list[str]]:
    """Return the meters of each role; of flows those that no other one contains, and no feed-in that never was."""
    named = {role: [name for name in energy if roles[name] == role] for role in get_args(Role)}
    for name in (name for role in _FLOWS for name in named[role] if name in containers):
        audit.note("contained flow", name=name, container=containers[name])
    named |= {role: [name for name in named[role] if name not in containers] for role in _FLOWS}
    never = [name for name in named["grid_export"] if not (energy[name] > 0).any()]
    if never:  # many a register of a home without sun
        audit.note("no feed-in", names=", ".join(never))
    return {**named, "grid_export": [name for name in named["grid_export"] if name not in never]}


def _long(series: Mapping[str, pd.DataFrame], home_id: str) -> pd.DataFrame:
    frame = pd.concat(series, names=["device_id", "timestamp"]).reset_index()
    return frame.astype({"device_id": "str"}).assign(home_id=home_id)


def _from_flows(meters: _Meters, audit: Audit) -> pd.DataFrame | None:
    """Return the household as what came in less what went out, or None where it does not follow from these meters."""
    sun, bought, fed_in, stored, given_back = (meters.named[role] for role in _FLOWS)
    if not any(meters.named[role] for role in _FLOWS):
        return None
    if not bought:
        audit.note("no import")
        return None
    reason = meters.half_a_battery()
    if fed_in and not (sun or given_back):
        reason = reason or "Energy is fed in, but no solar meter is there"
    if reason:
        audit.note("unknown household", reason=reason)
        return None
    if bool(sun) != bool(fed_in):
        audit.note("all sun used" if sun else "battery feeds in")
    came, went = [*bought, *sun, *given_back], [*fed_in, *stored]
    audit.note("computed household", terms=" - ".join([" + ".join(came), *went]))
    cause = "more was fed in than was taken and produced"
    if stored:
        cause = "more was fed in and stored than was taken, produced and given back"
    return _derived(HOUSEHOLD, meters.sum(came) - meters.sum(went), meters.quality[came + went], cause, audit)


def _use(
    meters: _Meters, within: Mapping[str, str], household: pd.DataFrame | None, audit: Audit
) -> dict[str, pd.DataFrame]:
    """Return the devices, which contain no other one, then `other`, then the household, as far as they are known."""
    names, outer = meters.named["device"], set(within.values())
    devices = {name: meters.series(name) for name in names if name not in outer}
    if household is None and not outer:
        if devices:
            audit.note("sum of devices", names="its devices")
        return devices
    if household is not None:
        explained = household["energy_kwh"]
    else:  # the sum of the outermost meters, and a remainder while any meter that contains others is there
        energy, counts = meters.energy[names], _counts(meters.energy[names], within)
        audit.note("sum of devices", names=", ".join(name for name in names if name not in within))
        if OTHER in devices:
            audit.note("device called other")
        household = _derived(
            HOUSEHOLD, _total(energy, counts), meters.quality[names].where(counts, "missing"), "", audit
        )
        explained = household["energy_kwh"].where(_present(energy[sorted(outer)]).any(axis=1))
    other = {} if OTHER in devices else _other(household, explained, devices, audit)
    return {**devices, **other, HOUSEHOLD: household}


def _other(
    household: pd.DataFrame, to_explain: pd.Series, devices: Mapping[str, pd.DataFrame], audit: Audit
) -> dict[str, pd.DataFrame]:
    """Return what the devices leave of the household's energy in some hours, nothing where it is too little to show.

    What the home uses before a device's first known hour and after its last one is not explained by that device, so
    it belongs to `other`; a gap in between stays unknown.
    """
    if not devices:
        return {}
    energy = pd.DataFrame({name: device["energy_kwh"] for name, device in devices.items()})
    raw = to_explain - energy.where(_present(energy), 0.0).sum(axis=1, skipna=False)
    if raw.notna().sum() == 0:
        audit.note("no common hour")
        return {}
    quality = pd.DataFrame({name: series["quality"] for name, series in {HOUSEHOLD: household, **devices}.items()})
    other = _derived(OTHER, raw, quality, "the devices used more than the household", audit)
    share = other["energy_kwh"].sum() / max(to_explain[raw.notna()].sum(), 1e-12)
    if share < LEAST_OTHER:
        audit.note("little other", share=share)
        return {}
    return {OTHER: other}


def _derived(name: str, raw: pd.Series, quality: pd.DataFrame, cause: str, audit: Audit) -> pd.DataFrame:
    """Return a computed series, clipped at zero, no better known than what it was computed from."""
    below = raw < -1e-9
    if below.any():
        audit.note("clipped", name=name, count=below.sum(), cause=cause, kwh=-raw[below].sum())
    worst = np.where((quality == "estimated").any(axis=1), "estimated", "measured")
    return pd.DataFrame({"energy_kwh": raw.clip(lower=0), "quality": np.where(raw.isna(), "missing", worst)})


def _note_containers(energy: pd.DataFrame, within: Mapping[str, str], audit: Audit) -> None:
    """Note what each meter contains, and in which hours its parts used more than it measured."""
    for name in dict.fromkeys(within.values()):
        audit.note("contains", name=name, parts=", ".join(part for part, outer in within.items() if outer == name))
        behind = energy[[part for part in within if name in _containers_of(part, within)]]
        inner = {part: outer for part, outer in within.items() if outer in behind}
        excess = _total(behind, _counts(behind, inner)) - energy[name]
        if (more := excess > 1e-9).any():
            audit.note("parts exceed", name=name, count=more.sum(), kwh=excess[more].sum())


def _counts(energy: pd.DataFrame, within: Mapping[str, str]) -> pd.DataFrame:
    """Tell in which hours each meter counts towards the sum: when it is there, and none that contains it."""
    there = _present(energy)
    return pd.DataFrame({name: there[name] & ~there[_containers_of(name, within)].any(axis=1) for name in energy})


def _present(energy: pd.DataFrame) -> pd.DataFrame:
    """Tell for each meter in which hours it is there: from its first known one to its last one."""
    return energy.ffill().notna() & energy.bfill().notna()


def _containers_of(name: str, within: Mapping[str, str]) -> list[str]:
    """Return all that contain a meter, the innermost first."""
    return [within[name], *_containers_of(within[name], within)] if name in within else []


def _total(energy: pd.DataFrame, counts: pd.DataFrame) -> pd.Series:
    """Return the sum of the meters that count, NaN where one of them is unknown and where none counts [kWh]."""
    return energy.where(counts, 0.0).sum(axis=1, skipna=False).where(counts.any(axis=1))
