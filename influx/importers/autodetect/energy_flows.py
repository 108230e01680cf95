"""What the columns of one table are to each other: the household, parts of others, and flows that have a sign.

A name such as Load or Grid says little by itself. Beside the sun and the grid, the load is what the home used; a grid
that goes below zero beside import and export is their difference, and elsewhere one flow both ways, whose sign follows
from the balance: home = sun + grid + battery. Where it does not follow, it is asked for.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace

import numpy as np

from influx.core.errors import InputError
from influx.core.settings import File, Role
from influx.importers.autodetect import column_names
from influx.importers.autodetect.column_names import is_generic, plain, without_unit
from influx.importers.autodetect.quantity_detection import Column
from influx.importers.autodetect.time_detection import Question
from influx.importers.reading import units
from influx.importers.reading.layout import SeriesMapping

_HOME = re.compile(
    r"(?:total |whole |current |active |average |mean |electric(?:ity)? |energy |power |today s? ?)*"
    r"(?:consum\w*|load|loads|usage|verbrauch|verbruik|consumo|home|house|household|hausverbrauch|gesamtverbrauch|"
    r"stromverbrauch|(?:\d+ )?forbruk|forbrug|f[öo]rbrukning|kulutus)(?: (?:consum\w*|power|energy|total|load|usage))*"
)
_PART = re.compile(
    r"(?:self|direct\w*) ?(?:consum\w*|use[ds]?|usage)|consumed directly|direkt verbraucht|eigenverbrauch|"
    r"direktverbrauch|eigenverbruik|autoconsum\w*|autarky|inverter yield"
)
_WITHIN = re.compile(
    r"(?:solar|pv|grid|battery|powerwall|genset|generator) to (?:the )?"
    r"(?:home|house|loads?|consumers?|grid|battery|powerwall|ev|vehicle)\b"
)
_METERED = re.compile(
    r"(?:energy |total |power )*(?:production|generation|generated|produced)(?: energy| power| total)*"
)
_GRID = re.compile(r"(?:net )?(?:grid|netz|utility|mains grid)(?: net)?(?: (?:power|energy|exchange|flow|meter))*|net")
_BATTERY = re.compile(
    r"(?:home )?(?:battery|powerwall|batterie|akku|speicher|accu|batter[ií]a|ess)(?: (?:power|energy|flow))*|"
    r"(?:battery )?charg\w* discharg\w*(?: (?:power|energy))*"
)
_CHARGES = re.compile(r"\bcharg(?!.*(?:\bcar\b|\bev\b|vehicle|wallbox|station))")
_DIRECTIONS: dict[Role, re.Pattern[str]] = {
    "grid_export": re.compile(
        r"(?:grid |energy |active )?(?:export(?:ed)?|feed ?in|fed ?in|returned?|received|production)(?: energy)?|"
        r"generation|injection|teruglevering|teruggeleverd|invoeding|injectie|(?:netz)?einspeisung|immissione|vertido|excedente"
    ),
    "grid_import": re.compile(
        r"(?:grid |energy |active )?(?:import(?:ed)?|delivered|consumption|usage|purchased?|offtake)(?: energy)?|"
        r"levering|geleverd|afname|verbruik|(?:netz)?bezug|verbrauch|prelievo|consumo|soutirage|consommation"
    ),
}
"""What a meter's rows are called that tell its two directions; only where both stand in one column."""

_NOTHING, _OFTEN = 1e-9, 0.3
"""No home uses nothing at all in so many of the intervals in which its sun shines."""

_EQUAL = 1e-6
"""Of its size, by which a sum of columns may be off."""

_DIFFERENT = 3
_CLOSE, _APART = 0.15, 3.0


@dataclass
class _Sorted:
    mappings: dict[str, SeriesMapping]
    notes: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    def named(self, *roles: Role) -> list[str]:
        return [name for name, mapping in self.mappings.items() if mapping.role in roles]

    def give(self, name: str, role: Role, sign_flipped: bool = False) -> None:
        self.mappings[name] = replace(self.mappings[name], role=role, sign_flipped=sign_flipped)


def settle(
    columns: list[Column], mappings: dict[str, SeriesMapping], said: File, file: str
) -> tuple[dict[str, SeriesMapping], list[str], list[str]]:
    """Return mappings with the roles that follow from the other columns, notes on those left out, and reasons.

    Raises
    ------
    Question
        A flow goes both ways, and nothing tells what below zero means.
    InputError
        The columns are flows from one to another, without their sums.
    """
    out = _Sorted(dict(mappings))
    values = {column.name: column.values for column in columns}
    _leave_copies(out, values, said, file)
    if len(out.mappings) == 1 < len(mappings):
        only = next(iter(out.mappings))
        if out.mappings[only].role is None and (is_generic(only) or _HOME.fullmatch(without_unit(only))):
            out.give(only, "grid_import")
    if not out.named("solar", "grid_import", "grid_export", "battery_in", "battery_out"):
        return out.mappings, out.notes, []
    words = {name: without_unit(name) for name in out.mappings if name not in said.columns}
    for name, text in words.items():
        half = out.named("battery_out") and not out.named("battery_in")
        if mappings[name].role is None and half and _CHARGES.search(text):
            out.give(name, "battery_in")
    _leave_parts(out, words, file)
    _find_home(out, words, values)
    for pattern, pair in ((_GRID, ("grid_import", "grid_export")), (_BATTERY, ("battery_in", "battery_out"))):
        _leave_net(out, words, pattern, pair, file)  # type: ignore[arg-type]
    _give_signs(out, words, values)
    return out.mappings, out.notes, out.why


def directions(names: list[str]) -> dict[str, Role]:
    """Return the flows that the names of a long table are, where all of them are directions of one meter; else none."""
    found: dict[str, Role] = {}
    for name in names:
        role = next((role for role, pattern in _DIRECTIONS.items() if pattern.fullmatch(without_unit(name))), None)
        if role is None:
            return {}
        found[name] = role
    return found if set(found.values()) == {"grid_import", "grid_export"} else {}


def _leave_copies(out: _Sorted, values: dict[str, np.ndarray], said: File, file: str) -> None:
    """Leave out the net, or a second column of one flow, where it holds what another column does, row by row."""
    names = [name for name in out.mappings if name not in said.columns]
    for first, second in itertools.combinations(names, 2):
        if first not in out.mappings or second not in out.mappings:
            continue
        if not np.array_equal(values[first], values[second], equal_nan=True) or not np.nansum(values[first]):
            continue
        net = next((name for name in (second, first) if _GRID.fullmatch(without_unit(name))), None)
        role = out.mappings[first].role
        one_flow = role not in (None, "device") and role == out.mappings[second].role
        one_flow = one_flow and len(np.unique(values[first])) >= _DIFFERENT
        copy = net or (second if one_flow else None)
        if copy is not None:
            del out.mappings[copy]
            out.notes.append(f"{file}: {copy} holds what {first if copy == second else second} does and is not read.")


def _leave_parts(out: _Sorted, words: dict[str, str], file: str) -> None:
    """Leave out what is a part of other columns: own use of the sun, and flows from one to another of them."""
    for name, text in words.items():
        twice = out.mappings[name].role == "solar" and len(out.named("solar")) > 1
        own = (out.mappings[name].role is None or twice) and _PART.fullmatch(text)
        totals = [mapping.role for other, mapping in out.mappings.items() if not _WITHIN.search(plain(other))]
        role = out.mappings[name].role
        within = _WITHIN.search(text) and (role not in ("grid_export", "battery_in") or role in totals)
        if within and not {"solar", "household"} & set(totals):
            raise InputError(
                f"{file}: {name} is a flow from one to another, and the sums of what the sun gave and the home used "
                "are not there. Export these instead."
            )
        if own or within:
            del out.mappings[name]
            out.notes.append(f"{file}: {name} is a part of the other columns and is not read.")


def _find_home(out: _Sorted, words: dict[str, str], values: dict[str, np.ndarray]) -> None:
    """Take the one column of what was used for the household, or for the import where only an export stands beside."""
    found = [
        name
        for name, text in words.items()
        if name in out.mappings and _HOME.fullmatch(text) and out.mappings[name].role is None
    ]
    if len(found) != 1 or out.named("household"):
        return
    sun = out.named("solar")
    if len(sun) == 1 and _METERED.fullmatch(words.get(sun[0], "")) and not out.named("grid_import", "grid_export"):
        bright = values[sun[0]] > 0
        if bright.any() and (np.abs(values[found[0]][bright]) < _NOTHING).mean() > _OFTEN:
            out.give(found[0], "grid_import")
            out.give(sun[0], "grid_export")
            out.why.append(f"{found[0]} is zero while {sun[0]} is not, so both are what a meter at the grid counts.")
            return
    if out.named("solar", "grid_import"):
        out.give(found[0], "household")
        out.why.append(f"{found[0]} stands beside the sun or the grid, so it is what the home used.")
    elif out.named("grid_export"):
        out.give(found[0], "grid_import")
        out.why.append(f"{found[0]} stands beside what was fed in, so it is what came from the grid.")


def _leave_net(
    out: _Sorted, words: dict[str, str], pattern: re.Pattern[str], pair: tuple[Role, Role], file: str
) -> None:
    """Leave out a column that is the difference of two others."""
    if not all(out.named(role) for role in pair):
        return
    for name, text in words.items():
        if name in out.mappings and out.mappings[name].role is None and pattern.fullmatch(text):
            del out.mappings[name]
            out.notes.append(f"{file}: {name} is the difference of other columns and is not read.")


def _give_signs(out: _Sorted, words: dict[str, str], values: dict[str, np.ndarray]) -> None:
    """Give a grid or a battery that flows both ways its role, with the sign that the balance tells."""
    open_ = [name for name, text in words.items() if name in out.mappings and out.mappings[name].role is None]
    grid = [name for name in open_ if _GRID.fullmatch(words[name])]
    battery = [name for name in open_ if _BATTERY.fullmatch(words[name])]
    signed = [*grid, *battery]
    both_ways = [name for name in signed if np.nanmin(values[name], initial=0.0) < 0]
    if len(grid) > 1 or len(battery) > 1 or not signed:
        return
    sums = _balances(out, signed, values)
    if sums is None:
        if both_ways or battery:
            name = (both_ways or battery)[0]
            roles = ("battery_in", "battery_out") if name in battery else ("grid_import", "grid_export")
            raise Question(
                f"{name} flows both ways, and nothing tells what it is above zero",
                *(f"columns: {{{name!r}: {{role: {role}}}}}" for role in roles),
            )
        sums = dict.fromkeys(signed, 1.0)
    for name in signed:
        above = sums[name] > 0
        if name in grid:
            out.give(name, "grid_import", sign_flipped=not above)
            out.why.append(f"{name} above zero is {'what came from the grid' if above else 'what was fed in'}.")
        else:
            out.give(name, "battery_in", sign_flipped=above)
            out.why.append(f"{name} above zero {'comes from the battery' if above else 'charges the battery'}.")


def _balances(out: _Sorted, signed: list[str], values: dict[str, np.ndarray]) -> dict[str, float] | None:
    """Return the sign of each flow with which the home is the sum of what came to it; None where it is not clear."""
    home, sun = out.named("household"), out.named("solar")
    kinds = {(mapping.unit, mapping.measures) for mapping in out.mappings.values()}
    if len(home) != 1 or not sun or len(kinds) != 1 or "counter" in next(iter(kinds)):
        return None

    def total(*roles: Role) -> np.ndarray:
        return sum((values[name] for name in out.named(*roles)), np.zeros(len(values[home[0]])))

    rest = values[home[0]] - total("solar", "grid_import", "battery_out") + total("grid_export", "battery_in")
    errors: list[tuple[float, tuple[float, ...]]] = []
    for signs in itertools.product((1.0, -1.0), repeat=len(signed)):
        off = rest - sum(sign * values[name] for sign, name in zip(signs, signed, strict=True))
        errors.append((float(np.nansum(np.abs(off))), signs))
    errors.sort()
    whole = float(np.nansum(np.abs(np.stack([values[name] for name in signed]))))
    clear = errors[0][0] <= _CLOSE * whole and errors[1][0] >= _APART * max(errors[0][0], 1e-9 * whole)
    return dict(zip(signed, errors[0][1], strict=True)) if whole > 0 and clear else None


def leave_sums_and_peaks(columns: list[Column], said: File, file: str, stem: str) -> tuple[list[Column], list[str]]:
    """Return the columns that count, and notes on the others; the only one is given a flow where its name says none.

    Raises
    ------
    Question
        The only column is what a database was asked for, and nothing says what it measures.
    """
    peaks = [column.name for column in columns if column.name not in said.columns and _is_peak(column)]
    if len(peaks) < len(columns):
        columns = [column for column in columns if column.name not in peaks]
        notes = [f"{file}: {', '.join(peaks)} is a peak, of which no energy follows, and is not read."] if peaks else []
    else:
        notes = []
    whole = _sum_of_others(columns, said)
    if whole is not None:
        columns = [column for column in columns if column is not whole]
        notes.append(f"{file}: {whole.name} is the sum of the other columns and is not read.")
    if len(columns) == 1 and columns[0].name not in said.columns:
        columns[0].role = _of_lone(columns[0].name, stem)
    return columns, notes


def as_registers(columns: list[Column], said: File) -> None:
    """Take columns that stand still for registers where another one is: a meter's export that nothing flows to."""
    if not any(column.register for column in columns):
        return
    for column in columns:
        known = column.values[np.isfinite(column.values)]
        still = len(np.unique(known)) < 3 and not (np.diff(known) < 0).any()
        told = said.measures is not None or column.name in said.columns
        if still and not told and not column.register and not column.power:
            column.register = True
            column.told.append(f"{column.name}: it stands still beside registers, so it is one.")


def _is_peak(column: Column) -> bool:
    kind = units.factor(column.unit) if column.unit is not None else None
    return kind is not None and kind[0] == "power" and column_names.says(column.name, "extreme")


def _sum_of_others(columns: list[Column], said: File) -> Column | None:
    """Return the total that is the sum of all others, whose energy must count once; None where there is none.

    What a home used is the sum of its flows, too, and no total of them.
    """
    if len(columns) < 2:
        return None
    values = np.stack([column.values for column in columns])
    values = values[:, np.isfinite(values).all(axis=0)]
    whole, size = values.sum(axis=0), np.maximum(np.abs(values).sum(axis=0), 1)
    sums = [
        column
        for column, own in zip(columns, values, strict=True)
        if column_names.is_total(column.name)
        and column.name not in said.columns
        and (np.abs(whole - 2 * own) <= _EQUAL * size).all()
    ]
    return sums[0] if len(sums) == 1 else None


def _of_lone(name: str, stem: str) -> Role | None:
    """Return the flow of the only column of a table: what its file's name says, or energy from the grid."""
    bare = column_names.without_statistic(name)
    if column_names.role_of(name) is not None or not is_generic(bare):
        return None
    role = column_names.role_in_file(stem)
    if role is None and bare != name:
        raise Question(
            f"nothing says what {name} measures",
            *(f'columns: {{"{name}": {{role: {one}}}}}' for one in ("grid_import", "grid_export", "solar", "device")),
        )
    return role or "grid_import"
