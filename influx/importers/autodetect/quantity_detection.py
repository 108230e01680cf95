"""What the values of a column are: energy, power or the states of a register, and in which unit.

A unit is told from the name, from a row of units, from a title, or, where a home could not be so large or so small in
any other one, from the size of the values; where two remain possible, home.yaml must decide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from influx.core.constants import DAY_US, HOUR_US, MINUTE_US
from influx.core.settings import File, Role
from influx.importers.autodetect import column_names
from influx.importers.autodetect.conclusion import AmbiguityError, Conclusion
from influx.importers.reading import units
from influx.importers.reading.units import Measure

_FEW, _FEW_STRAY = 5, 8
_SHORT = 5  # minutes
_LEAST_KW, _MOST_KW = 0.05, 100.0
_LEAST_MEAN_KW, _MOST_MEAN_KW = 0.005, 30.0
"""A home whose highest power, or whose mean, is outside is none: then another unit is meant [kW]."""

_REPAIRED = 0.9
"""Of the steps of a column that is called a register, those that do not fall."""

_LEAST_PLUG_KW, _SELDOM_KW, _SELDOM_MEAN_KW = 0.005, 30.0, 5.0
"""The least that a plug draws at most, and what a home hardly reaches at its highest or in the mean [kW]."""


@dataclass(frozen=True, eq=False)
class Column(Conclusion):
    """A column of values: its numbers in the sample, and what is known of it."""

    name: str
    values: np.ndarray
    unit: str | None = None
    measures: Measure | None = None
    role: Role | None = None


@dataclass(frozen=True, eq=False)
class Rows:
    """The times of a sample's rows [us, NaN unknown], the number of each one's series, and the usual step [min]."""

    micros: np.ndarray
    series: np.ndarray
    step: float

    @classmethod
    def of(cls, micros: np.ndarray, names: pd.Series | None) -> Rows:
        series = np.zeros(len(micros), int) if names is None else pd.factorize(names.astype("str"))[0]
        frame = pd.DataFrame({"series": series, "at": micros}).dropna().drop_duplicates().sort_values(["series", "at"])
        steps = frame.groupby("series")["at"].diff().dropna() / MINUTE_US
        steps = steps.where(steps < _SHORT, steps.round())  # stamps that a logger writes somewhat late
        return cls(micros, series, float(steps.mode().iloc[0]) if len(steps) else np.nan)

    @property
    def hours(self) -> float:
        """The time from the first row to the last [h]."""
        return float(np.nanmax(self.micros) - np.nanmin(self.micros)) / HOUR_US if np.isfinite(self.micros).any() else 0

    def split(self, values: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the known values of each series, and their times."""
        known = np.isfinite(values) & np.isfinite(self.micros)
        places = [known & (self.series == number) for number in np.unique(self.series)]
        return [(values[place], self.micros[place]) for place in places]


def with_measure(column: Column, rows: Rows, overrides: File) -> Column:
    """Return a column with what it measures: what home.yaml says, its unit, its name or the course of its values."""
    own = overrides.columns.get(column.name)
    if (measures := (own and own.measures) or overrides.measures) is not None:
        return replace(column, measures=measures)
    kind = None if column.unit is None else units.factor(column.unit)
    power = column_names.mentions_power(column.name) if kind is None else kind[0] == "power"
    if power:
        return replace(column, measures="power")
    rising = [rises for values, micros in rows.split(column.values) if (rises := _rises(values, micros)) is not None]
    if rising and all(rising):
        reason = f"{column.name}: its values never fall but where a register begins anew, so it is a register."
        return column.because(reason, measures="counter")
    if column_names.mentions(column.name, "register") and (not rising or any(rising) or _mostly_rises(column, rows)):
        return column.because(f"{column.name}: its name says that it is a register.", measures="counter")
    return replace(column, measures=None if power is None else "energy")


def _rises(values: np.ndarray, micros: np.ndarray) -> bool | None:
    """Tell whether values are those of a register; None where they do not change enough to tell."""
    if len(values) < _FEW or len(np.unique(values)) < 3:
        return None
    by_time = np.argsort(micros, kind="stable")
    if any((np.diff(values[order]) >= 0).all() for order in (slice(None), slice(None, None, -1), by_time)):
        return True  # in the file's order an hour that is shown twice is right, in that of time shuffled rows are
    order = order_of_time(micros)
    states, at = values[order], micros[order]
    if len(states) > _FEW_STRAY and _rises_but_once(states):
        return True
    step = np.diff(states)
    falls = np.flatnonzero(step < 0)
    anew = states[falls + 1] <= 0.05 * np.maximum(states[falls], 1e-9)
    rising = (step >= 0).mean() > 0.8 and (states == 0).mean() < 0.6
    days = max((at[-1] - at[0]) / DAY_US, 1)
    hours = np.round(at[falls + 1] % DAY_US / HOUR_US)
    same_hour = np.unique(hours, return_counts=True)[1].max() / len(falls) > 0.8
    few = len(falls) <= days + 2 and (len(falls) < 3 or same_hour)
    return bool(anew.all() and rising and few and len(states) > 24)


def _mostly_rises(column: Column, rows: Rows) -> bool:
    """Tell whether values hardly ever fall, as those of a register some of whose states were repaired."""
    steps = [np.diff(values[order_of_time(micros)]) for values, micros in rows.split(column.values)]
    return bool((np.concatenate([*steps, np.array([0.0])]) >= 0).mean() > _REPAIRED)


def _rises_but_once(states: np.ndarray) -> bool:
    """Tell whether states rise but for a single one that is zero, or above all that the others rise."""
    falls = np.flatnonzero(np.diff(states) < 0)
    if len(falls) != 1:
        return False
    for place in (falls[0], falls[0] + 1):
        rest, stray = np.delete(states, place), states[place]
        if (np.diff(rest) >= 0).all() and (stray == 0 or stray > 2 * rest[-1] - rest[0]) and len(np.unique(rest)) > 2:
            return True
    return False


def order_of_time(micros: np.ndarray) -> np.ndarray:
    """Return the order of rows in time; that of the file where its clock goes back but for once, in autumn."""
    moves = np.diff(micros)
    back, on = (moves < 0).sum(), (moves > 0).sum()
    if back <= 0.01 * on + 1:
        return np.arange(len(micros))
    return np.arange(len(micros))[::-1] if on <= 0.01 * back + 1 else np.argsort(micros, kind="stable")


def with_still_registers(columns: list[Column], overrides: File) -> list[Column]:
    """Take columns that stand still for registers where another is one: a meter's export that nothing flows to."""
    if all(column.measures != "counter" for column in columns) or overrides.measures is not None:
        return columns

    def stands_still(column: Column) -> bool:
        known = column.values[np.isfinite(column.values)]
        still = len(np.unique(known)) < 3 and not (np.diff(known) < 0).any()
        return still and column.name not in overrides.columns and column.measures in (None, "energy")

    reason = "it stands still beside registers, so it is one."
    return [
        column.because(f"{column.name}: {reason}", measures="counter") if stands_still(column) else column
        for column in columns
    ]


def with_units(
    columns: list[Column], rows: Rows, title: str, power_limit_kw: float | None, alone: bool = True
) -> list[Column]:
    """Give every column a unit: the one in its table's title, or the only one that is possible.

    `alone` tells that the table has no other columns: then an answer for the whole file is one for them.
    """
    if (unit := units.in_text(title)) is not None:
        energy, _ = units.factor(unit) or ("energy", 1.0)
        return [
            column
            if column.unit is not None
            else column.because(
                f"{column.name}: in {unit}, as stands above the table.",
                unit=unit,
                measures=column.measures if energy == "energy" and column.measures == "counter" else energy,
            )
            for column in columns
        ]
    flows = [column for column in columns if column.unit is None and column.measures != "counter"]
    known = {
        column.name: _with_unit_of_register(column, rows, alone and len(columns) == 1)
        for column in columns
        if column.unit is None and column.measures == "counter"
    }
    whole = alone and len(flows) == len(columns)
    known |= {column.name: column for column in with_unit_of_flows(flows, rows.step, power_limit_kw, whole)}
    return [known.get(column.name, column) for column in columns]


def _with_unit_of_register(column: Column, rows: Rows, alone: bool) -> Column:
    series = [values[order_of_time(micros)] for values, micros in rows.split(column.values)]
    risen = max(float(np.maximum(np.diff(values), 0.0).sum()) for values in series)
    unit = unit_of_register(column.name, risen, rows.hours or max(len(column.values), 1), alone)
    return column.because(f"{column.name}: in {unit}, as no other unit is possible for a home.", unit=unit)


def unit_of_register(name: str, risen: float, hours: float, alone: bool = True) -> str:
    """Return the unit of a register by how fast it counts."""
    mean_kw = {"kWh": risen / hours, "Wh": risen / hours / 1000}
    possible = [unit for unit, kw in mean_kw.items() if _LEAST_MEAN_KW < kw < _MOST_MEAN_KW]
    if len(possible) != 1:
        raise AmbiguityError(f"the unit of the register {name} is not said", *_answers([name], ["kWh", "Wh"], alone))
    return possible[0]


def _answers(names: list[str], possible: list[str], alone: bool) -> list[str]:
    """Return the lines for home.yaml that give columns one of the possible units, a column each but where it is all."""
    if alone:
        return [f"unit: {unit}" for unit in possible]
    return [f"columns: {{{', '.join(f'{name!r}: {{unit: {unit}}}' for name in names)}}}" for unit in possible]


def with_unit_of_flows(
    columns: list[Column], step: float, power_limit_kw: float | None, alone: bool = True
) -> list[Column]:
    """Give readings the unit that their size allows, all of a table alike."""
    if not columns:
        return columns
    hours = step / 60 if np.isfinite(step) else 1.0
    hourly = abs(hours - 1) < 1e-6  # energy of an hour and mean power over it are one number
    table = np.stack([column.values for column in columns])
    highest = float(np.nanmax(np.nansum(np.abs(table), axis=0))) if np.isfinite(table).any() else 0.0
    kw = {"kWh": highest / hours, "Wh": highest / hours / 1000, "kW": highest, "W": highest / 1000}
    measures = {column.measures for column in columns}
    likely = [unit for unit in kw if None in measures or _measure(unit) in measures]
    # of one plug the highest power may be less than of a home, where a larger unit would make it more than homes use
    mean = float(np.nanmean(np.nansum(np.abs(table), axis=0))) / highest if highest > 0 else 0.0
    least = {
        unit: _LEAST_PLUG_KW if 1000 * kw[unit] > _SELDOM_KW or 1000 * kw[unit] * mean > _SELDOM_MEAN_KW else _LEAST_KW
        for unit in likely
    }
    possible = [unit for unit in likely if least[unit] <= kw[unit] <= (power_limit_kw or _MOST_KW)]
    possible = possible if highest > 0 else ["kWh"]
    if hourly:
        possible = list(dict.fromkeys({"kW": "kWh", "W": "Wh"}.get(unit, unit) for unit in possible))
    if len(possible) != 1:
        names = ", ".join(column.name for column in columns[:4]) + (" ..." if len(columns) > 4 else "")
        lines = possible or list(kw)
        raise AmbiguityError(
            f"the unit of {names} is not said, and {' or '.join(lines)} are possible (at most {highest:g} in "
            f"{hours * 60:g} minutes)",
            *_answers([column.name for column in columns], lines, alone),
        )
    unit = possible[0]
    reason = " or kW, which are the same over an hour." if hourly else ", as no other unit is possible for a home."
    return [
        column.because(f"{column.name}: in {unit}{reason}", unit=unit, measures=_measure(unit)) for column in columns
    ]


def _measure(unit: str) -> Measure:
    return "power" if unit in ("kW", "W") else "energy"
