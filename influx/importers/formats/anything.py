"""Any other table of energy or power: what its columns are is told from the data (`infer`), and shown by `inspect`."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core import local_time
from influx.core.constants import HOUR_US
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers.autodetect import infer
from influx.importers.autodetect.infer import Inferred
from influx.importers.autodetect.sample import blocks, look, read_all
from influx.importers.reading import cells, encoding, intervals, table, tabular, times
from influx.importers.reading.layout import overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

_MIXED = 0.5
_EQUAL_KWH = 1e-9
SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".parquet", ".dat", "")


def matches(path: Path) -> bool:
    """Tell whether a table has times of an hour or less, and a column of numbers that may be energy or power."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        if encoding.kind(path) == "database":
            return False
        return infer.may_be(look(path))
    except (InputError, OSError, ValueError, csv.Error):
        return False


def read(path: Path, settings: Settings) -> Part:
    """Read a table by what its data tells."""
    found = infer.infer(path, settings)
    if found.matrix:
        part = _read_matrix(path, found, settings)
    else:  # the unit of all columns went into what was told of each
        layout = overridden(found.layout, settings.file(path.name).model_copy(update={"unit": None, "measures": None}))
        part = tabular.of(blocks(path, found.sample), layout, settings)
    part = _once(path.name, part, _telling_apart(found))
    return replace(part, notes=(*part.notes, *found.notes), why=found.why)


def _telling_apart(found: Inferred) -> list[str]:
    """Return the columns, none of a value or a time, in which rows of one time differ."""
    rows, layout = found.sample.rows, found.layout
    names = [name for name in rows if name not in (*layout.times, layout.end, layout.value, *layout.mappings)]
    return [str(name) for name in names if not rows.duplicated([*layout.times, name]).any()]


def _once(file: str, part: Part, names: list[str]) -> Part:
    """Return a table in which most times of a series stand several times with their rows once, if these are equal.

    Otherwise it is refused: it has more series than were told apart, by one of its columns `names` or by its blocks.
    """
    frame, keys = part.frame, ["device_id", "timestamp"]
    twice = frame.duplicated(keys, keep=False)
    if twice.mean() <= _MIXED:
        return part
    again = frame.duplicated(keys).to_numpy(bool)
    spread = frame[twice].groupby(keys, observed=True)["energy_kwh"].agg(lambda kwh: kwh.max() - kwh.min())
    below = frame["row"][again].min() > frame["row"][~again].max()
    if below and not (spread > _EQUAL_KWH).any():
        lines, reason = frame["row"][again], "the same row stands above, as the table stands there twice"
        repeated = table.rejected(file, lines, "timestamp", frame["timestamp"][again].astype("str"), reason)
        frame = frame[~again].reset_index(drop=True)
        return replace(part, frame=frame, rejected=pd.concat([part.rejected, repeated], ignore_index=True))
    several = f"{file}: most of its times stand in several rows (first: row {int(frame['row'][twice].iloc[0])}), "
    if not names:
        raise InputError(
            f"{several}and no column tells these rows apart. Put each series, or each of the tables that stand one "
            "below the other, with its header into a file of its own, whose name says what it measures (such as "
            "import.csv and export.csv)."
        )
    raise InputError(
        f"{several}and no column was found that tells these rows apart. Name it in home.yaml: under `files:`, in a "
        f"line `{file}:`, write `device: ` and the column below it, which may be {', '.join(names)[:80]}."
    )


def _read_matrix(path: Path, found: Inferred, settings: Settings) -> Part:
    """Read a table that has a row a day; each cell is a row of the reconciliation."""
    layout = overridden(found.layout, settings.file(path.name))
    comma, count = bool(layout.comma), len(found.matrix)
    step = {24: 60.0, 25: 60.0, 48: 30.0, 50: 30.0}.get(count, 15.0)
    raw = table.concat(read_all(path, found.sample))
    day, why = times.parse(raw.rows[layout.times[0]], layout.order)
    texts = raw.rows[list(found.matrix)].astype("str").to_numpy(object).ravel()
    values, bad = cells.numbers(pd.Series(texts, dtype="str"), comma, parted=layout.comma is not None)
    zone = tabular.zone_of(layout, settings)
    clocks = np.array([infer.clock_of(name) or 0.0 for name in found.matrix])  # hours
    filled = ~(np.isnan(values) & ~bad).reshape(len(day), count)
    micros, reasons = _times_of_cells(day, why, clocks, filled, zone)
    rows = pd.DataFrame(
        {
            "device_id": pd.Categorical.from_codes(np.zeros(len(texts), int), list(layout.mappings)),
            "value": values,
            "minutes": step,
            "micros": micros,
            "why": reasons,
        },
        index=np.repeat(raw.rows.index.to_numpy(), count),
    )
    raw = Table(raw.file, rows, comma, raw.rejected, raw.notes, len(rows) + sum(map(len, raw.rejected)))
    names = np.tile(np.array(found.matrix, dtype=object), len(day))
    raw.reject(bad | np.isinf(values), names, "not a number", pd.Series(texts, index=rows.index))
    micros, reasons = raw.rows.pop("micros").to_numpy(), raw.rows.pop("why").to_numpy(object)
    cells.settle(raw, "timestamp", micros, reasons, zone, cells=pd.Series(micros, raw.rows.index))
    return intervals.to_intervals(raw, dict(layout.mappings), layout.format, settings, layout.time_marks, layout.gaps)


def _times_of_cells(
    day: np.ndarray, why: np.ndarray, clocks: np.ndarray, filled: np.ndarray, zone: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the time of each cell of a row a day [us], and "naive" or a reason, both a row of cells after the other.

    Columns beyond those of 24 hours are of the hour that is shown twice; they are filled on that day alone, and then
    all columns follow each other, as they do on a day of 23 hours whose last columns are blank.
    """
    count = len(clocks)
    length = len(filled[0]) // 24
    extra = np.zeros(count, bool)
    again = np.flatnonzero(np.diff(clocks) <= 0) + 1  # such as 2B behind 2
    named = len(again) in (0, count - 24 * length) and clocks.max() >= 23
    extra[again if named and len(again) else slice(24 * length, None)] = True
    usual = clocks if named else np.arange(count) / length
    micros = day[:, None] + np.rint(usual * HOUR_US).astype("int64")
    reasons = np.repeat(why, count).reshape(micros.shape)
    reasons[:, extra] = "this day has no hour that is shown twice"
    dated = np.flatnonzero((why == "naive") | (why == ""))
    midnights = pd.DatetimeIndex(day[dated].view("datetime64[us]"))
    hours = local_time.hours_of_days(midnights, zone)
    begins = local_time.begin_of(midnights, zone).asi8
    for place, hour, begin in zip(dated, hours, begins, strict=True):
        blank = ~filled[place]
        longer = hour == 25 and filled[place, extra].any()
        shorter = hour == 23 and blank[~extra][-length:].all() and not blank[~extra][:-length].any()
        if longer or shorter:
            micros[place] = begin + np.rint((np.arange(count) / length + usual[0]) * HOUR_US).astype("int64")
            reasons[place] = np.where(shorter & extra, reasons[place], "")
    return micros.ravel(), reasons.ravel()


# --- e-distribuzione (Italy, once Enel): quarters of an hour, a row a day (a public sample export of its site) --------

_QUARTER = re.compile(r"\d\d:\d\d-\d\d:\d\d")
_E_DISTRIBUZIONE = {"unit": "kWh", "date_order": "dmy", "decimal": ",", "label": "start", "timezone": "Europe/Rome"}


def is_e_distribuzione(path: Path) -> bool:
    """Tell whether the header has a day, in Italian, and the quarters of its hours."""
    names = table.header(path) or []
    return names[:1] == ["Giorno"] and sum(map(bool, map(_QUARTER.fullmatch, names))) >= 96


def read_e_distribuzione(path: Path, settings: Settings) -> Part:
    """Read the quarters of all days as any table with a row a day, but for what is known of them."""
    file = settings.file(path.name)
    known = {key: value for key, value in _E_DISTRIBUZIONE.items() if key not in file.model_fields_set}
    files = {**settings.files, path.name: file.model_copy(update=known)}
    return replace(read(path, settings.model_copy(update={"files": files})), format="e-distribuzione", why=())
