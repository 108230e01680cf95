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
_HALF: dict[Role, str] = {
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
    """All meters, a column each and a row an hour: energy [kWh] and quality."""

    energy: pd.DataFrame
    quality: pd.DataFrame

    def series(self, name: str) -> pd.DataFrame:
        return pd.DataFrame({"energy_kwh": self.energy[name], "quality": self.quality[name]})


def balance(
    hours: pd.DataFrame, series: pd.DataFrame, containers: Mapping[str, str], home_id: str, audit: Audit
) -> Balance:
    """Tell devices, household and flows apart, and add `household` and `other` where they follow.

    Parameters
    ----------
    hours : DataFrame
        A complete grid: device_id, timestamp, energy_kwh, quality, all devices at the same hours.
    series : DataFrame
        device_id, and role: what each series measures.
    containers : mapping
        The meter of the same role that contains each one that has such a meter.

    Raises
    ------
    InputError
        There are two main meters, or nothing but series that are to be ignored.
    """
    roles: dict[str, Role] = dict(zip(series["device_id"], series["role"], strict=True))
    tables = (hours.pivot(index="timestamp", columns="device_id", values=c) for c in ("energy_kwh", "quality"))
    meters = _Meters(*tables)
    named = _by_role(meters.energy, roles, containers, audit)
    within = {name: containers[name] for name in named["device"] if name in containers}
    _note_containers(meters.energy, within, audit)
    if len(named["household"]) > 1:
        raise InputError(
            f"There are several main meters: {', '.join(named['household'])}. Give all but one another role in "
            "home.yaml (under devices: `role: device` or `role: ignore`)."
        )
    main = next(iter(named["household"]), None)
    household = meters.series(main) if main else _from_flows(meters, named, audit)
    half = _half_a_battery(named)
    if half and main and not named["grid_import"]:
        audit.note(f"{half}: what was bought from the grid does not follow from its meters.")
    use = _use(meters, named["device"], within, household, audit)
    if not use and named["grid_import"]:
        audit.note(
            "What is called household here is what it took from the grid: what it used of its own sun is not known "
            "without a meter of the sun."
        )
        use = {HOUSEHOLD: _derived(HOUSEHOLD, *_sum_of(meters, named["grid_import"]), "", audit)}
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
        audit.note(f"{name} is part of {containers[name]}, as home.yaml says, and not added to it.")
    named |= {role: [name for name in named[role] if name not in containers] for role in _FLOWS}
    never = [name for name in named["grid_export"] if not (energy[name] > 0).any()]
    if never:  # many a register of a home without sun
        audit.note(f"{', '.join(never)}: nothing was ever fed in.")
    return {**named, "grid_export": [name for name in named["grid_export"] if name not in never]}


def _long(series: Mapping[str, pd.DataFrame], home_id: str) -> pd.DataFrame:
    frame = pd.concat(series, names=["device_id", "timestamp"]).reset_index()
    return frame.astype({"device_id": "str"}).assign(home_id=home_id)


def _sum_of(meters: _Meters, names: list[str]) -> tuple[pd.Series, pd.DataFrame]:
    return meters.energy[names].sum(axis=1, skipna=False), meters.quality[names]


def _from_flows(meters: _Meters, named: Mapping[Role, list[str]], audit: Audit) -> pd.DataFrame | None:
    """Return the household as what came in less what went out, or None where these meters do not tell it."""
    sun, bought, fed_in, stored, given_back = (named[role] for role in _FLOWS)
    if not any(named[role] for role in _FLOWS):
        return None
    unknown = "what the household uses does not follow from its meters."
    if not bought:
        audit.note(
            "Solar, feed-in and battery meters without one of the grid import do not tell what the household uses."
        )
        return None
    if half := _half_a_battery(named):
        audit.note(f"{half}: {unknown}")
        return None
    if fed_in and not (sun or given_back):
        audit.note(f"Energy is fed in, but no solar meter is there: {unknown}")
        return None
    if sun and not fed_in:
        audit.note("No meter of the fed-in energy is there: all solar output is taken for used at home.")
    if fed_in and not sun:
        audit.note("No solar meter is there: all that is fed in is taken for the battery's.")
    came, went = [*bought, *sun, *given_back], [*fed_in, *stored]
    audit.note(f"The household is computed as {' + '.join(came)}{''.join(f' - {name}' for name in went)}.")
    cause = "more was fed in than was taken and produced"
    if stored:
        cause = "more was fed in and stored than was taken, produced and given back"
    raw = _sum_of(meters, came)[0] - _sum_of(meters, went)[0]
    return _derived(HOUSEHOLD, raw, meters.quality[came + went], cause, audit)


def _half_a_battery(named: Mapping[Role, list[str]]) -> str:
    metered = [role for role in _HALF if named[role]]
    return _HALF[metered[0]] if len(metered) == 1 else ""


def _use(
    meters: _Meters,
    names: list[str],
    within: Mapping[str, str],
    household: pd.DataFrame | None,
    audit: Audit,
) -> dict[str, pd.DataFrame]:
    """Return the devices, which contain no other one, then `other`, then the household, as far as they are known."""
    around = set(within.values())
    devices = {name: meters.series(name) for name in names if name not in around}
    if household is None and not around:
        if devices:
            audit.note("There is no main meter: the household is the sum of its devices.")
        return devices
    if household is None:
        household, to_explain = _from_outermost(meters, names, within, audit)
    else:
        to_explain = household["energy_kwh"]
    other = {} if OTHER in devices else _other(household, to_explain, devices, audit)
    return {**devices, **other, HOUSEHOLD: household}


def _from_outermost(
    meters: _Meters, names: list[str], within: Mapping[str, str], audit: Audit
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the household as the sum of the outermost meters, and its energy in hours that leave a remainder.

    Before the first known hour of any meter that contains others, and after the last one, there is none to tell of.
    """
    energy = meters.energy[names]
    counts = _counts(energy, within)
    outermost = [name for name in names if name not in within]
    audit.note(f"There is no main meter: the household is the sum of {', '.join(outermost)}.")
    if OTHER in names and OTHER not in within.values():
        audit.note(f'A device is called "{OTHER}": what these meters measured beyond their parts is not shown.')
    quality = meters.quality[names].where(counts, "missing")
    household = _derived(HOUSEHOLD, _total(energy, counts), quality, "", audit)
    remainder = _present(energy[sorted(set(within.values()))]).any(axis=1)
    return household, household["energy_kwh"].where(remainder)


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
        audit.note(
            "There is no hour in which the household and all devices are known: what no device explains is unknown."
        )
        return {}
    quality = pd.DataFrame({name: series["quality"] for name, series in {HOUSEHOLD: household, **devices}.items()})
    other = _derived(OTHER, raw, quality, "the devices used more than the household", audit)
    share = other["energy_kwh"].sum() / max(to_explain[raw.notna()].sum(), 1e-12)
    if share < LEAST_OTHER:
        audit.note(f"The devices explain the household but for {share:.1%} of its energy; no `{OTHER}` is shown.")
        return {}
    return {OTHER: other}


def _derived(name: str, raw: pd.Series, quality: pd.DataFrame, cause: str, audit: Audit) -> pd.DataFrame:
    """Return a computed series, clipped at zero, no better known than what it was computed from."""
    below = raw < -1e-9
    if below.any():
        audit.note(f"{name}: in {below.sum()} hours {cause}; {-raw[below].sum():.3g} kWh are clipped to zero.")
    worst = np.where((quality == "estimated").any(axis=1), "estimated", "measured")
    return pd.DataFrame({"energy_kwh": raw.clip(lower=0), "quality": np.where(raw.isna(), "missing", worst)})


def _note_containers(energy: pd.DataFrame, within: Mapping[str, str], audit: Audit) -> None:
    """Note what each meter contains, and in which hours its parts used more than it measured."""
    for name in dict.fromkeys(within.values()):
        parts = [part for part, around in within.items() if around == name]
        audit.note(
            f"{name} contains {', '.join(parts)}: it is no device of its own, and what it measured beyond them belongs "
            f'to "{OTHER}".'
        )
        behind = energy[[part for part in within if name in _around(part, within)]]
        inner = {part: around for part, around in within.items() if around in behind}
        excess = _total(behind, _counts(behind, inner)) - energy[name]
        if (more := excess > 1e-9).any():
            audit.note(
                f"{name}: in {more.sum()} hours its parts used more than it measured, by {excess[more].sum():.3g} kWh; "
                "its meter or theirs errs, and other does not go below zero for it."
            )


def _counts(energy: pd.DataFrame, within: Mapping[str, str]) -> pd.DataFrame:
    """Tell in which hours each meter counts towards the sum: when it is there, and none that contains it."""
    present = _present(energy)
    return pd.DataFrame({name: present[name] & ~present[_around(name, within)].any(axis=1) for name in energy})


def _present(energy: pd.DataFrame) -> pd.DataFrame:
    """Tell for each meter in which hours it is there: from its first known one to its last one."""
    return energy.ffill().notna() & energy.bfill().notna()


def _around(name: str, within: Mapping[str, str]) -> list[str]:
    """Return all that contain a meter, the innermost first."""
    out = []
    while name in within:
        name = within[name]
        out.append(name)
    return out


def _total(energy: pd.DataFrame, counts: pd.DataFrame) -> pd.Series:
    """Return the sum of the meters that count, NaN where one of them is unknown and where none counts [kWh]."""
    return energy.where(counts, 0.0).sum(axis=1, skipna=False).where(counts.any(axis=1))
