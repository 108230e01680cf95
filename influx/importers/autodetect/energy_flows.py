"""What the columns of one table are to each other: the household, parts of others, and flows that have a sign.

A name such as Load or Grid says little by itself. Beside the sun and the grid, the load is what the home used; a grid
that goes below zero beside import and export is their difference, and elsewhere one flow both ways, whose sign follows
from the balance: home = sun + grid + battery. Where it does not follow, home.yaml must tell it. Each of these rules is
a function from flows to flows in `RULES`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from influx.core.errors import InputError
from influx.core.settings import File, Role
from influx.importers.autodetect import column_names
from influx.importers.autodetect.column_names import is_called, mentions
from influx.importers.autodetect.conclusion import AmbiguityError, Conclusion
from influx.importers.autodetect.quantity_detection import Column
from influx.importers.reading import units
from influx.importers.reading.layout import SeriesMapping

_NOTHING, _OFTEN = 1e-9, 0.3
"""No home uses nothing at all in so many of the intervals in which its sun shines."""

_NET = 0.01
"""Of the energy of a home's column, what may lie below zero by noise."""

_EQUAL = 1e-6
"""Of its size, by which a sum of columns may be off."""

_DIFFERENT = 3
_CLOSE, _APART = 0.15, 3.0


@dataclass(frozen=True, eq=False)
class Flows(Conclusion):
    """The columns that are read, with what they measure, and notes on those that are not."""

    file: str
    mappings: Mapping[str, SeriesMapping]
    values: Mapping[str, np.ndarray]
    described: frozenset[str]  # by home.yaml
    notes: tuple[str, ...] = ()

    def of(self, *roles: Role) -> list[str]:
        return [name for name, mapping in self.mappings.items() if mapping.role in roles]

    def undescribed(self) -> list[str]:
        return [name for name in self.mappings if name not in self.described]

    def open(self, kind: str) -> list[str]:
        """Return the columns without a role that are called by a word of `column_names.WHOLE`."""
        return [name for name in self.undescribed() if self.mappings[name].role is None and is_called(name, kind)]

    def with_role(self, name: str, role: Role, sign_flipped: bool = False) -> Flows:
        mapping = replace(self.mappings[name], role=role, sign_flipped=sign_flipped)
        return replace(self, mappings={**self.mappings, name: mapping})

    def without(self, name: str, reason: str) -> Flows:
        mappings = {other: mapping for other, mapping in self.mappings.items() if other != name}
        return replace(self, mappings=mappings, notes=(*self.notes, f"{self.file}: {name} {reason} and is not read."))


def without_copies(flows: Flows) -> Flows:
    """Leave out the net, or a second column of one flow, where it holds what another column does, row by row."""
    for first, second in itertools.combinations(flows.undescribed(), 2):
        if first not in flows.mappings or second not in flows.mappings:
            continue
        values = flows.values[first]
        if not np.array_equal(values, flows.values[second], equal_nan=True) or not np.nansum(values):
            continue
        role = flows.mappings[first].role
        one_flow = role not in (None, "device") and role == flows.mappings[second].role
        one_flow = one_flow and len(np.unique(values)) >= _DIFFERENT
        net = next((name for name in (second, first) if is_called(name, "grid")), None)
        if (copy := net or (second if one_flow else None)) is not None:
            flows = flows.without(copy, f"holds what {first if copy == second else second} does")
    rest = list(flows.mappings)
    lone = len(rest) == 1 and bool(flows.notes) and [*flows.open("generic"), *flows.open("home")]
    return flows.with_role(rest[0], "grid_import") if lone else flows


def with_charging(flows: Flows) -> Flows:
    """Take what charges for the battery's, where only the column of its discharge names it."""
    for name in flows.undescribed():
        half = flows.of("battery_out") and not flows.of("battery_in")
        if half and flows.mappings[name].role is None and mentions(name, "charging"):
            flows = flows.with_role(name, "battery_in")
    return flows


def without_parts(flows: Flows) -> Flows:
    """Leave out what is a part of other columns: own use of the sun, and flows from one to another of them."""
    for name in flows.undescribed():
        role = flows.mappings[name].role
        extra = role is None or (role == "solar" and len(flows.of("solar")) > 1)
        totals = [mapping.role for other, mapping in flows.mappings.items() if not mentions(other, "internal")]
        internal = mentions(name, "internal") and (role not in ("grid_export", "battery_in") or role in totals)
        if internal and not {"solar", "household"} & set(totals):
            raise InputError(
                f"{flows.file}: {name} is a flow from one to another, and the sums of what the sun gave and the home "
                "used are not there. Export these instead."
            )
        if internal or (extra and is_called(name, "self consumption")):
            flows = flows.without(name, "is a part of the other columns")
    return flows


def with_home(flows: Flows) -> Flows:
    """Take the one column of what was used for the household, or for the import where only an export stands beside."""
    homes, sun = flows.open("home"), flows.of("solar")
    if len(homes) != 1 or flows.of("household"):
        return flows
    home, metered = homes[0], flows.of("grid_import", "grid_export")
    below = np.nansum(np.minimum(flows.values[home], 0.0))
    if below < -_NET * np.nansum(np.abs(flows.values[home])) and not metered:
        reason = f"{home} falls below zero, which no use does, so it is the difference at the grid."
        return flows.with_role(home, "grid_import").because(reason)
    if len(sun) == 1 and not metered and sun[0] not in flows.described and is_called(sun[0], "production"):
        bright = flows.values[sun[0]] > 0
        if bright.any() and (np.abs(flows.values[home][bright]) < _NOTHING).mean() > _OFTEN:
            reason = f"{home} is zero while {sun[0]} is not, so both are what a meter at the grid counts."
            return flows.with_role(home, "grid_import").with_role(sun[0], "grid_export").because(reason)
    if flows.of("solar", "grid_import"):
        reason = f"{home} stands beside the sun or the grid, so it is what the home used."
        return flows.with_role(home, "household").because(reason)
    if flows.of("grid_export"):
        reason = f"{home} stands beside what was fed in, so it is what came from the grid."
        return flows.with_role(home, "grid_import").because(reason)
    return flows


def without_differences(flows: Flows) -> Flows:
    """Leave out a column that is the difference of two others."""
    pairs: tuple[tuple[str, tuple[Role, Role]], ...] = (
        ("grid", ("grid_import", "grid_export")),
        ("battery", ("battery_in", "battery_out")),
    )
    for kind, pair in pairs:
        for name in flows.open(kind) if all(map(flows.of, pair)) else ():
            flows = flows.without(name, "is the difference of other columns")
    return flows


def with_signs(flows: Flows) -> Flows:
    """Give a grid or a battery that flows both ways its role, with the sign that the balance tells."""
    grid, battery = flows.open("grid"), flows.open("battery")
    signed = [*grid, *battery]
    if len(grid) > 1 or len(battery) > 1 or not signed:
        return flows
    signs = _balance(flows, signed)
    both_ways = [name for name in signed if np.nanmin(flows.values[name], initial=0.0) < 0]
    if signs is None and (both_ways or battery):
        name = (both_ways or battery)[0]
        roles = ("battery_in", "battery_out") if name in battery else ("grid_import", "grid_export")
        raise AmbiguityError(
            f"{name} flows both ways, and nothing tells what it is above zero",
            *(f"columns: {{{name!r}: {{role: {role}}}}}" for role in roles),
        )
    for name in signed:
        to_home = signs is None or signs[name] > 0
        if name in grid:
            meaning = f"is {'what came from the grid' if to_home else 'what was fed in'}"
            flows = flows.with_role(name, "grid_import", sign_flipped=not to_home)
        else:
            meaning = "comes from the battery" if to_home else "charges the battery"
            flows = flows.with_role(name, "battery_in", sign_flipped=to_home)
        flows = flows.because(f"{name} above zero {meaning}.")
    return flows


def _balance(flows: Flows, signed: list[str]) -> dict[str, float] | None:
    """Return the sign of each flow with which the home is the sum of what came to it; None where it is not clear."""
    home, kinds = flows.of("household"), {(mapping.unit, mapping.measures) for mapping in flows.mappings.values()}
    if len(home) != 1 or not flows.of("solar") or len(kinds) != 1 or "counter" in next(iter(kinds)):
        return None

    def total(*roles: Role) -> np.ndarray:
        return sum((flows.values[name] for name in flows.of(*roles)), np.zeros(len(flows.values[home[0]])))

    rest = total("household", "grid_export", "battery_in") - total("solar", "grid_import", "battery_out")
    table = np.stack([flows.values[name] for name in signed])
    whole = float(np.nansum(np.abs(table)))
    choices = list(itertools.product((1.0, -1.0), repeat=len(signed)))
    errors = sorted((float(np.nansum(np.abs(rest - np.array(signs) @ table))), signs) for signs in choices)
    (least, signs), (second, _), *_ = errors
    clear = least <= _CLOSE * whole and second >= _APART * max(least, 1e-9 * whole)
    return dict(zip(signed, signs, strict=True)) if whole > 0 and clear else None


RULES: tuple[Callable[[Flows], Flows], ...] = (
    with_charging,
    without_parts,
    with_home,
    without_differences,
    with_signs,
)
"""What follows from a table's columns together, where any is a flow; each rule sees what the one before left."""


def detect(columns: list[Column], mappings: Mapping[str, SeriesMapping], overrides: File, file: str) -> Flows:
    """Return the flows of a table, with the roles that follow from its other columns."""
    values = {column.name: column.values for column in columns}
    flows = without_copies(Flows(file, mappings, values, frozenset(overrides.columns)))
    if flows.of("solar", "grid_import", "grid_export", "battery_in", "battery_out"):
        for rule in RULES:
            flows = rule(flows)
    return flows


def directions(names: list[str]) -> dict[str, Role]:
    """Return the flows that the names of a long table are; none where nothing of it is fed in or has a meter's code.

    Words such as consumption are a meter's direction only beside what was fed in.
    """
    pair: tuple[Role, ...] = ("grid_export", "grid_import")
    whole = {name: next((role for role in pair if is_called(name, role)), None) for name in names}
    if set(whole.values()) != set(pair):
        whole = {name: column_names.role_of(name) or role for name, role in whole.items()}
        fed_in = [name for name in names if column_names.role_of(name) == "grid_export"]
        if not fed_in and not any(map(column_names.is_coded, names)):
            return {}
    return {name: role for name, role in whole.items() if role}


def with_phases(
    columns: list[Column], overrides: File, file: str
) -> tuple[list[Column], dict[str, list[str]], list[str]]:
    """Add up the phases of one meter, of which each alone says nothing of import and export.

    Return the columns, of which the first phase stands for all, the names of the others of each, and notes: phases are
    left out where another column is their sum.
    """
    groups: dict[tuple[str, str | None], dict[str, Column]] = {}
    for column in columns:
        rest, phase = column_names.without_phase(column.name)
        if phase and not column_names.is_other_quantity(rest):
            groups.setdefault((rest, column.unit), {}).setdefault(phase, column)
    followers: dict[str, list[str]] = {}
    notes: list[str] = []
    for group in (list(group.values()) for group in groups.values() if len(group) > 1):
        group = sorted(group, key=lambda column: column.name not in overrides.columns)
        first, names = group[0], [column.name for column in group]
        own = [overrides.columns[name] for name in names if name in overrides.columns]
        if len({(setting.role, setting.device) for setting in own}) > 1:
            continue
        whole = np.sum([column.values for column in group], axis=0)
        others = [column for column in columns if column.name not in names]
        if any(np.allclose(whole, column.values, 1e-3, 1e-9, equal_nan=True) for column in others if np.nansum(whole)):
            notes.append(f"{file}: {', '.join(names)} are the phases of another column and are not read.")
            columns = others
            continue
        followers[first.name] = names[1:]
        reason = f"{', '.join(names)} are the phases of one meter and are added up."
        role = first.role if column_names.without_unit(first.name) else "grid_import"
        summed = first.because(reason, values=whole, role=role)
        columns = [summed if column is first else column for column in columns if column.name not in names[1:]]
    return columns, followers, notes


def without_community(columns: list[Column], overrides: File, file: str) -> tuple[list[Column], list[str]]:
    """Leave out the parts of a meter's energy that an energy community brings or leaves, beside the whole."""
    open_ = [column.name for column in columns if column.name not in overrides.columns]
    brought = [name for name in open_ if mentions(name, "community") or mentions(name, "theoretical")]
    left = [name for name in open_ if mentions(name, "left by a community")] if brought else []
    if not brought:
        return columns, []
    rest = [column.name for column in columns if column.name not in (*brought, *left)]
    fed_in = [name for name in rest if column_names.role_of(name) == "grid_export"]
    parts = [name for name in brought if mentions(name, "theoretical")]
    if len(rest) > len(fed_in):
        parts = [*brought, *left]
    elif not left:
        return columns, []
    notes = [f"{file}: {', '.join(parts)} is a part of what the meter counted and is not read."] if parts else []
    kept = [
        replace(column, role="grid_import") if column.name in brought else column
        for column in columns
        if column.name not in parts
    ]
    return kept, notes


def without_sums_and_peaks(columns: list[Column], overrides: File, file: str) -> tuple[list[Column], list[str]]:
    """Return the columns that count, and notes on the others."""
    peaks = [column.name for column in columns if column.name not in overrides.columns and _is_peak(column)]
    peaks = peaks if len(peaks) < len(columns) else []
    notes = [f"{file}: {', '.join(peaks)} is a peak, of which no energy follows, and is not read."] if peaks else []
    columns = [column for column in columns if column.name not in peaks]
    if (whole := _sum_of_others(columns, overrides)) is not None:
        columns = [column for column in columns if column is not whole]
        notes.append(f"{file}: {whole.name} is the sum of the other columns and is not read.")
    return columns, notes


def _is_peak(column: Column) -> bool:
    kind = units.factor(column.unit or "")
    return kind is not None and kind[0] == "power" and mentions(column.name, "extreme")


def _sum_of_others(columns: list[Column], overrides: File) -> Column | None:
    """Return the total that is the sum of all others, whose energy must count once; None where there is none.

    What a home used is the sum of its flows, too, and no total of them.
    """
    if len(columns) < 2:
        return None
    values = np.stack([column.values for column in columns])
    values = values[:, np.isfinite(values).all(axis=0)]
    off = np.abs(values.sum(axis=0) - 2 * values)
    equal = (off <= _EQUAL * np.maximum(np.abs(values).sum(axis=0), 1)).all(axis=1)
    sums = [
        column
        for column, is_sum in zip(columns, equal, strict=True)
        if is_sum and is_called(column.name, "total") and column.name not in overrides.columns
    ]
    return sums[0] if len(sums) == 1 else None


def role_of_lone(name: str, stem: str, table: str = "") -> Role | None:
    """Return the flow of the only column of a table: what its file's name says, or energy from the grid.

    `table` is what else stands in it, such as its other columns: a grid operator's file is that of a whole home.
    """
    bare = column_names.without_statistic(name)
    if column_names.role_of(name) is not None:
        return None
    if not is_called(bare, "generic"):
        return (column_names.role_in_file(stem) or "grid_import") if mentions(table, "connection") else None
    role = column_names.role_in_file(stem)
    if role is None and bare != name:
        roles = ("grid_import", "grid_export", "solar", "device")
        lines = [f'columns: {{"{name}": {{role: {choice}}}}}' for choice in roles]
        raise AmbiguityError(f"nothing says what {name} measures", *lines)
    return role or "grid_import"
