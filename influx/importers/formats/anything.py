"""Any other table of energy or power: what its columns are is told from the data (`infer`), and shown by `inspect`."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.autodetect import infer
from influx.importers.autodetect.infer import Inferred
from influx.importers.autodetect.sample import look, read_all
from influx.importers.reading import cells, encoding, intervals, tabular, times
from influx.importers.reading.layout import overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

RANK = 99
"""Asked last, as nearly any table could be one of energy."""

_MIXED = 0.5
_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".parquet", ".dat", "")


def matches(path: Path) -> bool:
    """Tell whether a table has times of an hour or less, and a column of numbers that may be energy or power."""
    if path.suffix.lower() not in _SUFFIXES:
        return False
    try:
        if encoding.kind(path) == "database":
            return False
        return infer.may_be(look(path))
    except (InputError, OSError, ValueError, csv.Error):
        return False


def read(path: Path, settings: Settings) -> Part:
    """Read a table by what its data tells.

    Raises
    ------
    InputError
        It is no table of energy, or two readings are possible; then the error has the lines for home.yaml.
    """
    found = infer.infer(path, settings)
    part = _read_matrix(path, found, settings) if found.matrix else tabular.read(path, found.layout, settings)
    _refuse_mixed(path.name, part)
    return replace(part, notes=(*part.notes, *found.notes), why=found.why)


def _refuse_mixed(file: str, part: Part) -> None:
    """Refuse a table in which most times of a series stand several times: it has more series than were told apart."""
    twice = part.frame.duplicated(["device_id", "timestamp"], keep=False)
    if twice.mean() > _MIXED:
        raise InputError(
            f"{file}: most of its times stand in several rows (first: row {int(part.frame['row'][twice].iloc[0])}), "
            "and no column was found that tells these rows apart. Name it in home.yaml: under `files:`, in a line "
            f"`{file}:`, write `device: ` and the column below it."
        )


def _read_matrix(path: Path, found: Inferred, settings: Settings) -> Part:
    """Read a table that has a row a day; each cell is a row of the account."""
    layout = overridden(found.layout, settings.file(path.name))
    out = []
    for block in read_all(path, found.sample):
        count = len(found.matrix)
        day, why = times.parse(block.rows[layout.times[0]], layout.order)
        texts = block.rows[list(found.matrix)].astype("str").to_numpy(object).ravel()
        values, bad = cells.numbers(pd.Series(texts, dtype="str"), bool(layout.comma))
        step = {24: 60.0, 25: 60.0, 48: 30.0, 50: 30.0}.get(count, 15.0)
        clocks = np.array([infer.clock_of(name) or 0.0 for name in found.matrix])
        clocks = (
            clocks if (np.diff(clocks) > 0).all() and clocks.max() * 60 >= 23 * 60 else np.arange(count) * step / 60
        )
        rows = pd.DataFrame(
            {
                "device_id": pd.Categorical.from_codes(np.zeros(len(texts), int), list(layout.mappings)),
                "value": values,
                "minutes": step,
            },
            index=np.repeat(block.rows.index.to_numpy(), count),
        )
        raw = Table(block.file, rows, bool(layout.comma), block.rejected, block.notes)
        micros = np.repeat(day, count) + np.tile(np.rint(clocks * 3.6e9).astype("int64"), len(day))
        reasons = np.repeat(why, count)
        keep = _extra_hours(micros, values, bad)
        rows["micros"], rows["why"] = micros, reasons
        raw.rows = rows[keep]
        raw.reject(
            (bad | np.isinf(values))[keep], "value", "not a number", pd.Series(texts[keep], index=raw.rows.index)
        )
        out.append(raw)
    raw = out[0] if len(out) == 1 else _joined(out)
    raw.rows_read = len(raw.rows) + sum(map(len, raw.rejected))
    micros, reasons = raw.rows.pop("micros").to_numpy(), raw.rows.pop("why").to_numpy(object)
    cells.settle(
        raw, "timestamp", micros, reasons, tabular.zone_of(layout, settings), cells=pd.Series(micros, raw.rows.index)
    )
    return intervals.to_intervals(raw, dict(layout.mappings), layout.format, settings, layout.time_marks, layout.gaps)


def _extra_hours(micros: np.ndarray, values: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Tell which cells count: blank ones of a 25th hour are none, as most days have 24."""
    return np.isfinite(values) | bad | (micros >= 0)


def _joined(blocks: list[Table]) -> Table:
    whole = blocks[0]
    whole.rows = pd.concat([block.rows for block in blocks])
    for block in blocks[1:]:
        whole.rejected += block.rejected
        whole.notes += [note for note in block.notes if note not in whole.notes]
    return whole
