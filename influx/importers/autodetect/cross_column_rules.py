"""What a column says once the others are looked at: sums of them, peaks, and registers that stand still."""

from __future__ import annotations

import numpy as np

from influx.core.settings import File, Role
from influx.importers.autodetect import column_names
from influx.importers.autodetect.quantity_detection import Column
from influx.importers.autodetect.time_detection import Question
from influx.importers.reading import units

_CLOSE = 1e-6


def sort_out(columns: list[Column], said: File, file: str, stem: str) -> tuple[list[Column], list[str]]:
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
        and (np.abs(whole - 2 * own) <= _CLOSE * size).all()
    ]
    return sums[0] if len(sums) == 1 else None


def _of_lone(name: str, stem: str) -> Role | None:
    """Return the flow of the only column of a table: what its file's name says, or energy from the grid."""
    bare = column_names.without_statistic(name)
    if column_names.role_of(name) is not None or not column_names.is_generic(bare):
        return None
    role = column_names.role_in_file(stem)
    if role is None and bare != name:
        raise Question(
            f"nothing says what {name} measures",
            *(f'columns: {{"{name}": {{role: {one}}}}}' for one in ("grid_import", "grid_export", "solar", "device")),
        )
    return role or "grid_import"
