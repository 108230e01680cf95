"""What the values of a column are: energy, power or the states of a register, and in which unit.

A unit is told from the name, from a row of units, from a title, or, where a home could not be so large or so small in
any other one, from the size of the values; where two remain possible it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import File, Role, Settings
from influx.importers.autodetect import column_names
from influx.importers.autodetect.sample import Sample
from influx.importers.autodetect.time_detection import Question
from influx.importers.reading import units

DAY = 86_400_000_000  # microseconds
_FEW = 5
_MOST_UNITS = 10
_LEAST_KW = 0.05
"""A home whose highest use stays below this is none: then another unit is meant [kW]."""

_LEAST_MEAN_KW = 0.005


@dataclass
class Column:
    """A column of values: its numbers in the sample, and what is known of it.

    `power` is None where it may be energy or power; `role` is the flow that its file or home says; `told` are the
    conclusions, in words.
    """

    name: str
    values: np.ndarray
    unit: str | None = None
    power: bool | None = None
    register: bool = False
    hours: float = np.nan
    risen: float = 0.0
    role: Role | None = None
    told: list[str] = field(default_factory=list)


def refuse_other_units(file: str, rows: pd.DataFrame, words: list[str]) -> None:
    """Refuse a table whose column of units names none of energy or power, such as that of a gas meter.

    Raises
    ------
    InputError
        There is such a column.
    """
    for name in words:
        texts = sorted(set(rows[name].astype("str").str.strip()) - {""})
        if column_names.says(name, "unit") and texts and len(texts) < _MOST_UNITS:
            raise InputError(
                f"{file}: its values are in {', '.join(texts)[:60]} ({name}), which is no electricity. Move the "
                "file out of the home's folder; if they are, say their unit under files in home.yaml."
            )


def take_unit(file: str, cells: pd.Series, columns: list[Column]) -> None:
    """Give columns the unit that a column of units says of all rows.

    Raises
    ------
    InputError
        It says several, which are of several series.
    """
    texts = sorted(set(cells.astype("str").str.strip()) - {""})
    if len({units.factor(text) for text in texts}) > 1:
        raise InputError(
            f"{file}: its rows are in {' and '.join(texts)[:60]}, and no column tells which series they are of. "
            "Name it under files in home.yaml (device:)."
        )
    for column in columns:
        column.unit = column.unit or texts[0]


def is_number_of_meter(values: np.ndarray) -> bool:
    """Tell whether values are the number of a meter or contract: the same in all rows, or larger than any state."""
    known = values[~np.isnan(values)]
    whole = len(known) > 1 and bool((known == np.rint(known)).all())
    return whole and bool((known.min() == known.max() and known[0] >= 1e5) or known.min() >= 1e10)


def judge(column: Column, micros: np.ndarray, groups: pd.Series | None, said: File) -> None:
    """Tell whether a column holds power, and whether the states of a register."""
    own = said.columns.get(column.name)
    column.hours = float(np.nanmax(micros) - np.nanmin(micros)) / 3.6e9 if np.isfinite(micros).any() else np.nan
    measures = (own.measures if own is not None else None) or said.measures
    kind = None if column.unit is None else units.factor(column.unit)
    column.power = column_names.says_power(column.name) if kind is None else kind[0] == "power"
    if measures is not None:
        column.power, column.register = measures == "power", measures == "counter"
        return
    if column.power:
        return
    whose = np.zeros(len(micros), int) if groups is None else pd.factorize(groups)[0]
    found = [_rises(column.values[whose == who], micros[whose == who]) for who in np.unique(whose)]
    column.risen = max(_risen(column.values[whose == who], micros[whose == who]) for who in np.unique(whose))
    known = [one for one in found if one is not None]
    said_so = column_names.says(column.name, "register")
    if known and all(known):
        column.register = True
        column.told.append(
            f"{column.name}: its values never fall but where a register begins anew, so it is a register."
        )
    elif said_so and not (known and not any(known)):
        column.register = True
        column.told.append(f"{column.name}: its name says that it is a register.")


def _rises(values: np.ndarray, micros: np.ndarray) -> bool | None:
    """Tell whether values are those of a register; None where they do not change enough to tell."""
    there = np.isfinite(values) & np.isfinite(micros)
    known, when = values[there], micros[there]
    if len(known) < _FEW or len(np.unique(known)) < 3:
        return None
    order = np.argsort(when, kind="stable")
    if any((np.diff(known[way]) >= 0).all() for way in (slice(None), slice(None, None, -1), order)):
        return True  # in the file's order an hour that is shown twice is right, in that of time shuffled rows are
    order = _order_of_time(when)
    ordered, at = known[order], when[order]
    step = np.diff(ordered)
    falls = np.flatnonzero(step < 0)
    anew = ordered[falls + 1] <= 0.05 * np.maximum(ordered[falls], 1e-9)
    rising = (step >= 0).mean() > 0.8 and (ordered == 0).mean() < 0.6
    days = max((at[-1] - at[0]) / DAY, 1)
    hours = np.round(at[falls + 1] % DAY / 3.6e9)
    same = np.unique(hours, return_counts=True)[1].max() / len(falls) > 0.8
    return bool(anew.all() and rising and len(falls) <= days + 2 and (len(falls) < 3 or same) and len(ordered) > 24)


def _risen(values: np.ndarray, micros: np.ndarray) -> float:
    """Return by how much the values of one series rose in all."""
    there = np.isfinite(values) & np.isfinite(micros)
    known = values[there][_order_of_time(micros[there])]
    return float(np.maximum(np.diff(known), 0.0).sum())


def _order_of_time(micros: np.ndarray) -> np.ndarray:
    """Return the order of rows in time; that of the file where its clock goes back but for once, in autumn."""
    moves = np.diff(micros)
    back, on = (moves < 0).sum(), (moves > 0).sum()
    if back <= 0.01 * on + 1:
        return np.arange(len(micros))
    return np.arange(len(micros))[::-1] if on <= 0.01 * back + 1 else np.argsort(micros, kind="stable")


def fit_units(columns: list[Column], step: float, settings: Settings, said: File, sample: Sample) -> None:
    """Give every column a unit: the one that is said, or the only one that is possible."""
    open_ = [column for column in columns if column.unit is None]
    title = units.in_name(sample.title) if sample.title else None
    if title is not None:
        for column in open_:
            column.unit = title
            column.power = (units.factor(title) or ("energy", 1))[0] == "power"
            column.told.append(f"{column.name}: in {title}, as stands above the table.")
        return
    if not open_:
        return
    registers = [column for column in open_ if column.register]
    for column in registers:
        unit_of_register(column)
    flows = [column for column in open_ if not column.register]
    if flows:
        unit_of_flows(flows, step, settings)


def unit_of_register(column: Column) -> None:
    """Tell the unit of a register by how fast it counts; ask where two are possible."""
    hours = column.hours if column.hours > 0 else max(len(column.values), 1)
    mean = column.risen / hours
    possible = [unit for unit, scale in (("kWh", 1.0), ("Wh", 1e-3)) if _LEAST_MEAN_KW < mean * scale < 30]
    if len(possible) != 1:
        raise Question(f"the unit of the register {column.name} is not said", "unit: kWh", "unit: Wh")
    column.unit = possible[0]
    column.told.append(f"{column.name}: in {possible[0]}, as no other unit is possible for a home.")


def unit_of_flows(columns: list[Column], step: float, settings: Settings) -> None:
    """Tell the unit of readings by their size, all of a table alike; ask where two are possible."""
    hours = step / 60 if np.isfinite(step) else 1.0
    table = np.stack([column.values for column in columns])
    highest = float(np.nanmax(np.nansum(np.abs(table), axis=0))) if np.isfinite(table).any() else 0.0
    limit = settings.power_limit_kw or 100.0
    kw = {"kWh": highest / hours, "Wh": highest / hours / 1000, "kW": highest, "W": highest / 1000}
    power = {column.power for column in columns}
    wanted = [unit for unit in kw if (unit in ("kW", "W")) in power or None in power]
    possible = [unit for unit in wanted if _LEAST_KW <= kw[unit] <= limit] if highest > 0 else ["kWh"]
    if abs(hours - 1) < 1e-6:  # energy of an hour and mean power over it are one number
        possible = list(dict.fromkeys({"kW": "kWh", "W": "Wh"}.get(unit, unit) for unit in possible))
    names = ", ".join(column.name for column in columns[:4]) + (" ..." if len(columns) > 4 else "")
    if len(possible) != 1:
        lines = possible or list(kw)
        raise Question(
            f"the unit of {names} is not said, and {' or '.join(lines)} are possible (at most {highest:g} in "
            f"{hours * 60:g} minutes)",
            *(f"unit: {unit}" for unit in lines),
        )
    for column in columns:
        column.unit, column.power = possible[0], possible[0] in ("kW", "W")
        why = "which are the same over an hour" if abs(hours - 1) < 1e-6 else "as no other unit is possible for a home"
        other = " or kW," if abs(hours - 1) < 1e-6 else ","
        column.told.append(f"{column.name}: in {possible[0]}{other} {why}.")
