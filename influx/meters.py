"""What each series measures, the household that follows from it, and the energy that no device explains.

A main meter is the household. Without one, the household used what it took from the grid and from its own sun, less
what it fed in: import + solar - export, where all of them are known. The household less its devices is `other`. No
remainder goes below zero: what must be clipped is told, with its energy, for it means that meters or clocks disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from influx.errors import InputError
from influx.schema import HOUSEHOLD, OTHER
from influx.settings import Role, Settings

LEAST_OTHER = 0.01
"""Share of the household's energy below which a remainder is not shown as a device."""

_COUNTED = r"(?:_?\d+)?"
_NAMES: dict[Role, re.Pattern[str]] = {
    "household": re.compile(
        rf"(?:household|mains?|total|aggregate|whole_(?:home|house)|main_meter|total_(?:use|load|consumption)){_COUNTED}"
    ),
    "grid_import": re.compile(rf"(?:grid_)?import{_COUNTED}"),
    "grid_export": re.compile(rf"(?:grid_)?export{_COUNTED}|feed_?in{_COUNTED}|grid_feed_?in{_COUNTED}"),
    "solar": re.compile(
        rf"(?:pv|solar|photovoltaics?)(?:_(?:pv|power|panels?|roof|inverter|production|generation))*{_COUNTED}"
    ),
}
_FLOWS: tuple[Role, ...] = ("solar", "grid_import", "grid_export")


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


def role_of(name: str, settings: Settings) -> Role:
    """Return what a series measures: what home.yaml says, else what its name says, else one device."""
    device = settings.devices.get(name)
    if device is not None and device.role is not None:
        return device.role
    plain = re.sub(r"[\s.-]+", "_", name.strip().lower())
    return next((role for role, pattern in _NAMES.items() if pattern.fullmatch(plain)), "device")


def sort_out(hours: pd.DataFrame, settings: Settings) -> Metered:
    """Tell devices, household and flows apart, and add `household` and `other` where they follow.

    Parameters
    ----------
    hours : DataFrame
        A complete grid: device_id, timestamp, energy_kwh, quality, all devices at the same hours.

    Raises
    ------
    InputError
        There are two main meters, or nothing but series that home.yaml says to ignore.
    """
    notes: list[str] = []
    energy = hours.pivot(index="timestamp", columns="device_id", values="energy_kwh")
    quality = hours.pivot(index="timestamp", columns="device_id", values="quality")
    roles = {str(name): role_of(str(name), settings) for name in energy}
    _tell_roles(roles, energy, settings, notes)
    named = {role: [name for name in roles if roles[name] == role] for role in get_args(Role)}
    main = _main_meter(named["household"])
    parts = [_long(energy, quality, name) for name in named["device"]]
    household = _long(energy, quality, main, HOUSEHOLD) if main else _from_flows(energy, quality, named, notes)
    if household is not None:
        if OTHER not in named["device"]:
            parts += _other(household, parts, notes)
        parts.append(household)
    elif named["device"]:
        notes.append("There is no main meter: the household is the sum of its devices.")
    if not parts:
        raise InputError(
            f"There is no device and no household among {', '.join(roles)}. Mend their roles in home.yaml; with "
            "`role: household`, what a meter of the grid import counts stands for the household."
        )
    flows = [_long(energy, quality, name).assign(role=role) for role in _FLOWS for name in named[role]]
    empty = parts[0].iloc[:0].assign(role="")
    return Metered(pd.concat(parts, ignore_index=True), pd.concat([empty, *flows], ignore_index=True), main, notes)


def _tell_roles(roles: dict[str, Role], energy: pd.DataFrame, settings: Settings, notes: list[str]) -> None:
    """Note which roles were told from names, and what is ignored."""
    said = {
        "household": "the main meter",
        "grid_import": "energy from the grid",
        "grid_export": "energy fed in",
        "solar": "solar output",
    }
    for name, role in roles.items():
        if role == "ignore":
            notes.append(f"{name} is ignored, as home.yaml says ({energy[name].sum():.3g} kWh).")
        elif (
            role in said and name != HOUSEHOLD and (name not in settings.devices or settings.devices[name].role is None)
        ):
            notes.append(f"{name} is taken for {said[role]}, by its name; give it a role in home.yaml if it is not.")


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
    """Return the household as import + solar - export, or None where these meters are not there."""
    if not named["grid_import"]:
        if named["solar"] or named["grid_export"]:
            notes.append("Solar and feed-in meters without one of the grid import do not tell what the household uses.")
        return None
    if named["grid_export"] and not named["solar"]:
        notes.append(
            "Energy is fed in, but no solar meter is there: what the household uses does not follow from its meters."
        )
        return None
    if named["solar"] and not named["grid_export"]:
        notes.append("No meter of the fed-in energy is there: all solar output is taken for used at home.")
    used = [*named["grid_import"], *named["solar"]]
    raw = energy[used].sum(axis=1, skipna=False) - energy[named["grid_export"]].sum(axis=1, skipna=False)
    notes.append(
        f"The household is computed as {' + '.join(used)}{''.join(f' - {name}' for name in named['grid_export'])}."
    )
    return _derived(
        raw, quality[used + named["grid_export"]], HOUSEHOLD, "more was fed in than was taken and produced", notes
    )


def _other(household: pd.DataFrame, devices: list[pd.DataFrame], notes: list[str]) -> list[pd.DataFrame]:
    """Return the household less its devices as a list of one frame, or of none where it is too little to show."""
    if not devices:
        return []
    total = household.set_index("timestamp")["energy_kwh"]
    raw = total - sum(_or_none_of_it(frame["energy_kwh"].to_numpy()) for frame in devices)
    if raw.notna().sum() == 0:
        notes.append(
            "There is no hour in which the household and all devices are known: what no device explains is unknown."
        )
        return []
    quality = pd.concat([frame.set_index("timestamp")["quality"] for frame in [household, *devices]], axis=1)
    told: list[str] = []
    other = _derived(raw, quality, OTHER, "the devices used more than the household", told)
    share = other["energy_kwh"].sum() / max(total[raw.notna()].sum(), 1e-12)
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
