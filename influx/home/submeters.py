"""Meters that contain others, as `part_of` in home.yaml says: a circuit, and behind it the devices that have their own.

A meter that contains others is no device of its own. What counts towards the sum is the outermost meter that is there:
a circuit while it is measured, what stands behind it before its first known hour and after its last one. So nothing
counts twice; and a gap in a circuit's readings is not filled by its parts, which are not all of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from influx.core.constants import HOUSEHOLD
from influx.core.settings import Role, Settings

_OF_ALL_USE: tuple[Role, ...] = ("household", "grid_import")
"""Meters behind which every device of a home stands anyway."""


def containers(roles: Mapping[str, Role], settings: Settings, notes: list[str]) -> dict[str, str]:
    """Return the meter that contains each one that stands behind another of its role.

    A meter that the files do not hold, or that is to be ignored, is passed over: what is part of it is part of the
    next one out.
    """
    said = settings.containers()
    found = {}
    for name in (name for name in said if roles.get(name, "ignore") != "ignore"):
        up = said[name]
        while up != HOUSEHOLD and roles.get(up, "ignore") == "ignore":
            if up not in roles:
                notes.append(f"home.yaml says that {name} is part of {up}, of which the files hold nothing.")
            if up not in said:
                break
            up = said[up]
        role = roles.get(up, "household" if up == HOUSEHOLD else "ignore")
        if role == roles[name] != "household":
            found[name] = up
        elif role != "ignore" and not (roles[name] == "device" and role in _OF_ALL_USE):
            notes.append(
                f"{name} ({_words(roles[name])}) is not taken for a part of {up} ({_words(role)}), whatever home.yaml "
                "says: only meters of one kind contain each other."
            )
    return found


def _words(role: Role) -> str:
    return role.replace("_", " ")


def counted(energy: pd.DataFrame, inside: Mapping[str, str]) -> pd.DataFrame:
    """Tell for each meter in which hours it counts towards the sum of all: when it is there, and none that contains it.

    Parameters
    ----------
    energy : DataFrame
        A column a meter, NaN where unknown [kWh].
    inside : mapping
        The container of each meter that has one among these.

    Returns
    -------
    DataFrame of bool
    """
    present = there(energy)
    return pd.DataFrame({name: present[name] & ~present[_around(str(name), inside)].any(axis=1) for name in energy})


def there(energy: pd.DataFrame) -> pd.DataFrame:
    """Tell for each meter in which hours it is there: from its first known one to its last one."""
    return energy.ffill().notna() & energy.bfill().notna()


def _around(name: str, inside: Mapping[str, str]) -> list[str]:
    """Return all that contain a meter, the innermost first."""
    out = []
    while name in inside:
        name = inside[name]
        out.append(name)
    return out


def total(energy: pd.DataFrame, counts: pd.DataFrame) -> pd.Series:
    """Return the sum of the meters that count, NaN where one of them is unknown and where none counts [kWh]."""
    return energy.where(counts, 0.0).sum(axis=1, skipna=False).where(counts.any(axis=1))


def tell(energy: pd.DataFrame, inside: Mapping[str, str], settings: Settings, notes: list[str]) -> None:
    """Note what each meter contains, and in which hours its parts used more than it measured."""
    for name in dict.fromkeys(inside.values()):
        parts = [part for part, around in inside.items() if around == name]
        notes.append(
            f"{name} contains {', '.join(parts)}: it is no device of its own, and what it measured beyond them belongs "
            'to "other".'
        )
        if name in settings.devices and settings.devices[name].flexible:
            notes.append(f"{name} is not planned, though home.yaml calls it flexible; call its parts so.")
        behind = energy[[part for part in inside if name in _around(part, inside)]]
        within = {part: around for part, around in inside.items() if around in behind}
        excess = total(behind, counted(behind, within)) - energy[name]
        if (more := excess > 1e-9).any():
            notes.append(
                f"{name}: in {more.sum()} hours its parts used more than it measured, by {excess[more].sum():.3g} kWh; "
                "its meter or theirs errs, and other does not go below zero for it."
            )
