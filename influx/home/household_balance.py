"""The household that follows from what its meters measure, and the energy that no device explains.

A main meter is the household. Without one, the household used what it took from the grid, its own sun and its battery,
less what it fed in and stored: import + solar - export + battery_out - battery_in, where all of them are known. The
household less its devices is `other`. Of meters that contain others (`circuits`) the innermost are the devices, and the
outermost sum to the household where nothing else tells it. No remainder goes below zero: what must be clipped is told,
with its energy, for it means that meters or clocks disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.schema import HOUSEHOLD, OTHER
from influx.core.settings import Role, Settings
from influx.home import submeters
from influx.home.meter_roles import NOTHING, roles_of
from influx.home.meter_roles import role_of as role_of

LEAST_OTHER = 0.01
"""Share of the household's energy below which a remainder is not shown as a device."""

_FLOWS: tuple[Role, ...] = ("solar", "grid_import", "grid_export", "battery_in", "battery_out")
_HALF: dict[Role, str] = {
    "battery_in": "A battery is charged, but no meter of what it gives back is there",
    "battery_out": "A battery gives energy back, but no meter of what charges it is there",
}


@dataclass(frozen=True)
class Metered:
    """The series of a home, sorted by what they measure.

    `readings` and `flows` have device_id, timestamp, energy_kwh, quality, and `flows` has `role`; `main` is the name of
    the main meter, which is `household` in the readings.
    """

    readings: pd.DataFrame
    flows: pd.DataFrame
    main: str | None
    notes: list[str]


def sort_out(hours: pd.DataFrame, settings: Settings, roles: Mapping[str, Role] = NOTHING) -> Metered:
    """Tell devices, household and flows apart, and add `household` and `other` where they follow.

    Parameters
    ----------
    hours : DataFrame
        A complete grid: device_id, timestamp, energy_kwh, quality, all devices at the same hours.
    settings : Settings
        Its roles come before all others; its `part_of` says which meters contain which.
    roles : mapping, optional
        The roles that the formats of the files give, by device_id; they come before those of the names.

    Raises
    ------
    InputError
        There are two main meters, or nothing but series that are to be ignored.
    """
    notes: list[str] = []
    energy = hours.pivot(index="timestamp", columns="device_id", values="energy_kwh")
    quality = hours.pivot(index="timestamp", columns="device_id", values="quality")
    known = roles_of(energy, settings, roles, notes)
    inside = submeters.containers(known, settings, notes)
    named = {role: [name for name in known if known[name] == role] for role in get_args(Role)}
    named |= {role: _outermost(named[role], inside, notes) for role in _FLOWS}
    submeters.tell(energy, {name: inside[name] for name in named["device"] if name in inside}, settings, notes)
    named["grid_export"] = _that_fed_in(energy, named["grid_export"], notes)
    main = _main_meter(named["household"])
    household = _long(energy, quality, main, HOUSEHOLD) if main else _from_flows(energy, quality, named, notes)
    _tell_half_a_battery(named, main, notes)
    parts = _parts(energy, quality, named["device"], inside, household, notes)
    if not parts and named["grid_import"]:
        parts = [_bought(energy, quality, named["grid_import"], notes)]
    if not parts:
        raise InputError(
            f"There is no device, no household and no grid import among {', '.join(known)}. Mend their roles in "
            "home.yaml, such as `role: household`."
        )
    flows = [_long(energy, quality, name).assign(role=role) for role in _FLOWS for name in named[role]]
    empty = parts[0].iloc[:0].assign(role="")
    return Metered(pd.concat(parts, ignore_index=True), pd.concat([empty, *flows], ignore_index=True), main, notes)


def _parts(
    energy: pd.DataFrame,
    quality: pd.DataFrame,
    meters: list[str],
    inside: Mapping[str, str],
    household: pd.DataFrame | None,
    notes: list[str],
) -> list[pd.DataFrame]:
    """Return the devices, which contain no other one, then `other`, then the household, as far as they are known."""
    around = {inside[name] for name in meters if name in inside}
    devices = [_long(energy, quality, name) for name in meters if name not in around]
    if household is None and around:
        household, rest = _from_circuits(energy[meters], quality[meters], inside, notes)
    elif household is None:
        if devices:
            notes.append("There is no main meter: the household is the sum of its devices.")
        return devices
    else:
        rest = household["energy_kwh"].set_axis(energy.index)
    if OTHER not in set(meters) - around:
        devices += _other(household, rest, devices, notes)
    return [*devices, household]


def _that_fed_in(energy: pd.DataFrame, meters: list[str], notes: list[str]) -> list[str]:
    """Return the meters of the feed-in that ever counted something; many a register of a home without sun does not."""
    still = [name for name in meters if not (energy[name] > 0).any()]
    if still:
        notes.append(f"{', '.join(still)}: nothing was ever fed in.")
    return [name for name in meters if name not in still]


def _bought(energy: pd.DataFrame, quality: pd.DataFrame, meters: list[str], notes: list[str]) -> pd.DataFrame:
    """Return what was taken from the grid as the household, where nothing more of it is known."""
    notes.append(
        "What is called household here is what it took from the grid: what it used of its own sun is not known without "
        "a meter of the sun."
    )
    return _derived(energy[meters].sum(axis=1, skipna=False), quality[meters], HOUSEHOLD, "", notes)


def _outermost(flows: list[str], inside: Mapping[str, str], notes: list[str]) -> list[str]:
    """Return the meters of a flow that no other one of it contains."""
    notes += [
        f"{name} is part of {inside[name]}, as home.yaml says, and not added to it." for name in flows if name in inside
    ]
    return [name for name in flows if name not in inside]


def _main_meter(names: list[str]) -> str | None:
    if len(names) > 1:
        raise InputError(
            f"There are several main meters: {', '.join(names)}. Give all but one another role in home.yaml "
            "(under devices: `role: device` or `role: ignore`)."
        )
    return names[0] if names else None


def _long(energy: pd.DataFrame, quality: pd.DataFrame, name: str, as_name: str | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "device_id": pd.Series(as_name or name, index=range(len(energy)), dtype="str"),
            "timestamp": energy.index,
            "energy_kwh": energy[name].to_numpy(),
            "quality": quality[name].to_numpy(),
        }
    )


def _from_flows(
    energy: pd.DataFrame, quality: pd.DataFrame, named: dict[Role, list[str]], notes: list[str]
) -> pd.DataFrame | None:
    """Return the household as what came in less what went out, or None where these meters do not tell it."""
    if not any(named[role] for role in _FLOWS):
        return None
    reason = _why_not(named)
    if reason:
        notes.append(reason)
        return None
    if named["solar"] and not named["grid_export"]:
        notes.append("No meter of the fed-in energy is there: all solar output is taken for used at home.")
    if named["grid_export"] and not named["solar"]:
        notes.append("No solar meter is there: all that is fed in is taken for the battery's.")
    came = [*named["grid_import"], *named["solar"], *named["battery_out"]]
    went = [*named["grid_export"], *named["battery_in"]]
    raw = energy[came].sum(axis=1, skipna=False) - energy[went].sum(axis=1, skipna=False)
    notes.append(f"The household is computed as {' + '.join(came)}{''.join(f' - {name}' for name in went)}.")
    cause = "more was fed in than was taken and produced"
    if named["battery_in"]:
        cause = "more was fed in and stored than was taken, produced and given back"
    return _derived(raw, quality[came + went], HOUSEHOLD, cause, notes)


def _why_not(named: dict[Role, list[str]]) -> str:
    """Return why the household does not follow from its flows, nothing where it does."""
    if not named["grid_import"]:
        return "Solar, feed-in and battery meters without one of the grid import do not tell what the household uses."
    half = _half_a_battery(named)
    if half:
        return f"{half}: what the household uses does not follow from its meters."
    if named["grid_export"] and not (named["solar"] or named["battery_out"]):
        return "Energy is fed in, but no solar meter is there: what the household uses does not follow from its meters."
    return ""


def _half_a_battery(named: dict[Role, list[str]]) -> str:
    there = [role for role in _HALF if named[role]]
    return _HALF[there[0]] if len(there) == 1 else ""


def _tell_half_a_battery(named: dict[Role, list[str]], main: str | None, notes: list[str]) -> None:
    """Note that what was bought is not known where it would follow from a battery of which half is metered."""
    half = _half_a_battery(named)
    if half and main and not named["grid_import"]:
        notes.append(f"{half}: what was bought from the grid does not follow from its meters.")


def _from_circuits(
    energy: pd.DataFrame, quality: pd.DataFrame, inside: Mapping[str, str], notes: list[str]
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the household as the sum of the outermost meters, and its energy in hours that leave a remainder.

    Before the first known hour of any meter that contains others, and after the last one, there is none to speak of.
    """
    within = {name: up for name, up in inside.items() if name in energy}
    counts = submeters.counted(energy, within)
    outermost = [str(name) for name in energy if name not in within]
    notes.append(f"There is no main meter: the household is the sum of {', '.join(outermost)}.")
    if OTHER in energy and OTHER not in within.values():
        notes.append(f'A device is called "{OTHER}": what these meters measured beyond their parts is not shown.')
    household = _derived(submeters.total(energy, counts), quality.where(counts, "missing"), HOUSEHOLD, "", notes)
    some = submeters.there(energy[sorted(set(within.values()))]).any(axis=1)
    return household, household["energy_kwh"].set_axis(energy.index).where(some)


def _other(
    household: pd.DataFrame, rest: pd.Series, devices: list[pd.DataFrame], notes: list[str]
) -> list[pd.DataFrame]:
    """Return what the devices leave of `rest` as a list of one frame, or of none where it is too little to show.

    `rest` is the household's energy in the hours of which a remainder can be told.
    """
    if not devices:
        return []
    raw = rest - sum(_or_none_of_it(frame["energy_kwh"].to_numpy()) for frame in devices)
    if raw.notna().sum() == 0:
        notes.append(
            "There is no hour in which the household and all devices are known: what no device explains is unknown."
        )
        return []
    quality = pd.concat([frame.set_index("timestamp")["quality"] for frame in [household, *devices]], axis=1)
    told: list[str] = []
    other = _derived(raw, quality, OTHER, "the devices used more than the household", told)
    share = other["energy_kwh"].sum() / max(rest[raw.notna()].sum(), 1e-12)
    notes += told
    if share < LEAST_OTHER:
        notes.append(f"The devices explain the household but for {share:.1%} of its energy; no `{OTHER}` is shown.")
        return []
    return [other]


def _or_none_of_it(energy: np.ndarray) -> np.ndarray:
    """Return a device's energy with 0 before its first and after its last known hour.

    What the home uses then is not explained by that device, so it belongs to `other`; a gap in between stays unknown.
    """
    known = np.flatnonzero(np.isfinite(energy))
    out = energy.copy()
    if len(known):
        out[: known[0]] = 0.0
        out[known[-1] + 1 :] = 0.0
    return out


def _derived(raw: pd.Series, quality: pd.DataFrame, name: str, cause: str, notes: list[str]) -> pd.DataFrame:
    """Return a computed series, clipped at zero, no better known than what it was computed from."""
    below = raw < -1e-9
    if below.any():
        notes.append(f"{name}: in {below.sum()} hours {cause}; {-raw[below].sum():.3g} kWh are clipped to zero.")
    worst = np.where((quality == "estimated").any(axis=1), "estimated", "measured")
    return pd.DataFrame(
        {
            "device_id": pd.Series(name, index=range(len(raw)), dtype="str"),
            "timestamp": raw.index,
            "energy_kwh": raw.clip(lower=0).to_numpy(),
            "quality": np.where(raw.isna(), "missing", worst),
        }
    )
