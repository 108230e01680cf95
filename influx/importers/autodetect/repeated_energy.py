"""Columns that hold the energy of another one again: a register beside its use, power beside energy, parts of a sum.

Each column becomes the energy of its rows. Where two are the same energy, row by row, one of them is left out: the
register or the power beside an energy, the parts of a tariff beside their sum. A power that was read now and then only
follows its register; there the register counts. What home.yaml gives a role or a device stays.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np

from influx.core.settings import File
from influx.importers.autodetect import column_names
from influx.importers.autodetect.quantity_detection import Column, Rows, order_of_time
from influx.importers.reading import units

_ALIKE, _MOSTLY, _TOTAL = 0.95, 0.8, 0.01
"""Rows in which equal energies agree, of all; where states were repaired it is fewer. And of a sum, its fault."""

_FOLLOWS, _NEAR = 0.9, 0.2
"""How closely a power that is read now and then moves with the energy, and how far its sum may be off."""

_CLEARLY = 1.5
"""So many times as far off is the other end of the use's interval where a register tells which one it is."""

_COARSE = 0.3
"""Of the usual energy of a row: a register that is written no finer agrees with anything, so that its sum decides."""


@dataclass(frozen=True, eq=False)
class _Energy:
    """A column's energy of each row [kWh], in order of time, its states if it is a register, and how it is rounded."""

    column: Column
    kwh: np.ndarray
    states: np.ndarray | None
    rounding: float

    @property
    def name(self) -> str:
        return self.column.name


def without_repeated(
    columns: list[Column], rows: Rows, overrides: File
) -> tuple[list[Column], list[str], Literal["start", "end"] | None]:
    """Return the columns whose energy counts once, why others do not, and which end of a use its register tells.

    Examples
    --------
    >>> use, state = np.array([0.1, 0.3, 0.2, 0.1, 0.4]), np.array([7.1, 7.4, 7.6, 7.7, 8.1])
    >>> columns = [Column("use", use, "kWh", "energy"), Column("state", state, "kWh", "counter")]
    >>> kept, why, end = without_repeated(columns, Rows.of(np.arange(5) * 9e8, None), File())
    >>> [column.name for column in kept], why, end
    (['use'], ['state is the register of use'], 'end')
    """
    fixed = {name for name, own in overrides.columns.items() if own.role is not None or own.device is not None}
    energies = [_energy(column, rows) for column in columns]
    dropped: dict[str, str] = {}
    label: Literal["start", "end"] | None = None
    registers = [energy for energy in energies if energy.states is not None and energy.name not in fixed]
    flows = [energy for energy in energies if energy.states is None]
    for register, flow in itertools.product(registers, flows):
        if register.name in dropped or flow.name in dropped:
            continue
        off = _disagreement(register, flow)
        if (least := min(off)) < np.inf:
            dropped[register.name] = f"is the register of {flow.name}"
            if _CLEARLY * least < max(off):
                label = "end" if off[0] == least else "start"
        elif flow.column.measures == "power" and flow.name not in fixed and _follows(register.kwh, flow.kwh):
            dropped[flow.name] = f"is the power of {register.name}"
    if any(register.name in dropped for register in registers):
        still = [register.name for register in registers if not np.nansum(np.abs(register.kwh))]
        dropped |= {name: "is a register that stands still" for name in still}
    for power, energy in itertools.permutations(flows, 2):
        pair = (power.column.measures == "power", energy.column.measures == "power")
        same = pair == (True, False) and not {power.name, energy.name} & dropped.keys()
        if same and power.name not in fixed and (_is_same(power, energy) or _follows(energy.kwh, power.kwh)):
            dropped[power.name] = f"is the power of {energy.name}"
    dropped |= _parts_of_sums([energy for energy in energies if energy.name not in dropped], fixed)
    kept = [column for column in columns if column.name not in dropped]
    return kept, [f"{name} {reason}" for name, reason in dropped.items()], label


def _energy(column: Column, rows: Rows) -> _Energy:
    _, factor = units.factor(column.unit or "") or ("energy", 1.0)
    order = order_of_time(rows.micros)
    values = column.values[order] * factor
    if column.measures == "power":
        factor, values = factor * rows.step / 60, values * rows.step / 60
    rounding = factor * _last_digit(column.values)
    if column.measures != "counter":
        return _Energy(column, values, None, rounding)
    known, steps = np.flatnonzero(np.isfinite(values)), np.full(len(values), np.nan)
    steps[known[1:]] = np.maximum(np.diff(values[known]), 0.0)
    return _Energy(column, steps, values, rounding)


def _last_digit(values: np.ndarray) -> float:
    """Return the size of the last digit that values are written with."""
    known = values[np.isfinite(values)]
    digits = (10.0**-place for place in range(7))
    return next((digit for digit in digits if np.allclose(known / digit, np.rint(known / digit), 0, 1e-4)), 0.0)


def _disagreement(register: _Energy, flow: _Energy) -> tuple[float, float]:
    """Return how far a use that ends, and one that begins, at its row is off a register [kWh]; infinite: another's."""
    assert register.states is not None
    known = np.flatnonzero(np.isfinite(register.states))
    steps, until = np.diff(register.states[known]), np.append(0.0, np.nancumsum(flow.kwh))
    whole, usual = float(until[-1]), flow.kwh[flow.kwh > 0]
    if len(steps) < 2 or not len(usual) or not steps.any():
        return np.inf, np.inf
    fine = register.rounding + flow.rounding < _COARSE * float(np.median(usual)) * len(flow.kwh) / len(known)
    out = []
    for uses in (np.diff(until[known + 1]), np.diff(until[known])):
        within = np.abs(steps - uses) <= 1.01 * (register.rounding + flow.rounding) + _TOTAL * np.abs(uses)
        sums = abs(steps.sum() - uses.sum()) <= 2 * register.rounding + _TOTAL * whole
        same = within.mean() >= _MOSTLY and (fine or (sums and whole > 5 * register.rounding))
        out.append(float(np.mean(np.minimum(np.abs(steps - uses), usual.max()))) if same else np.inf)
    return out[0], out[1]


def _is_same(first: _Energy, second: _Energy) -> bool:
    """Tell whether two columns are the same energy in nearly every row."""
    known = np.isfinite(first.kwh) & np.isfinite(second.kwh)
    one, other = first.kwh[known], second.kwh[known]
    within = np.abs(one - other) <= 1.01 * (first.rounding + second.rounding) + _TOTAL * np.abs(other)
    sums = abs(one.sum() - other.sum()) <= _TOTAL * abs(other).sum()
    return len(one) > 2 and bool(other.any()) and within.mean() >= _ALIKE and bool(sums)


def _follows(energy: np.ndarray, power: np.ndarray) -> bool:
    """Tell whether a power moves with an energy, and sums up to about it."""
    known = np.isfinite(energy) & np.isfinite(power)
    one, other = energy[known], power[known]
    if len(one) < 10 or not one.std() or not other.std():
        return False
    near = abs(one.sum() - other.sum()) <= _NEAR * abs(one).sum()
    return bool(near and np.corrcoef(one, other)[0, 1] >= _FOLLOWS)


def _parts_of_sums(energies: list[_Energy], fixed: set[str]) -> dict[str, str]:
    """Return the parts of a tariff whose sum is another column, with the reason why they are not read."""
    parts = [energy for energy in energies if column_names.mentions(energy.name, "tariff") and energy.name not in fixed]
    out: dict[str, str] = {}
    for whole in energies:
        if column_names.mentions(whole.name, "tariff"):
            continue
        kind = whole.states is None
        mine = [part for part in parts if (part.states is None) == kind and part.name not in out]
        for role in dict.fromkeys(column_names.role_of(part.name) for part in mine):
            some = [part for part in mine if column_names.role_of(part.name) == role]
            kwh = np.nansum([part.kwh for part in some], axis=0)
            rounding = sum(part.rounding for part in some)
            if _is_same(_Energy(some[0].column, kwh, None, rounding), whole):
                out |= {part.name: f"is a part of {whole.name}" for part in some}
    return out
