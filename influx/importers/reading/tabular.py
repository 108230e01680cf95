"""Any table of readings, read by its layout: block by block to numbers, then as a whole to times and energy."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from influx.core.schema import QUALITIES
from influx.core.settings import Settings
from influx.importers.reading import cells, intervals, table, times, units
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table

_MINUTE = 60_000_000  # microseconds


def read(path: Path, layout: Layout, settings: Settings) -> Part:
    """Read a table of readings.

    Parameters
    ----------
    path : Path
        CSV, TSV, XLSX or Parquet.
    layout : Layout
    settings : Settings
        Of the home; its `timezone` is the clock of layouts whose zone is "home".

    Returns
    -------
    Part
        Of kind "readings". A row of its account is a row of a long table, and a cell of a wide one.

    Raises
    ------
    InputError
        A column is missing, the readings are coarser than hourly, or more than half of them cannot be used.
    """
    layout = overridden(layout, settings.file(path.name))
    return of(table.blocks(path, layout.line, layout.names, layout.separator), layout, settings)


def of(blocks: Iterable[Table], layout: Layout, settings: Settings) -> Part:
    """Read the rows of a file that are tables of text already, as `read` does."""
    raw = _joined([_numbers(block, layout) for block in blocks])
    mappings = _mappings(layout, raw.rows)
    raw.kwh_of = functools.partial(intervals.own_energy, mappings=mappings)
    _settle(raw, layout, zone_of(layout, settings))
    return intervals.to_intervals(
        raw, mappings, layout.format, settings, layout.time_marks, layout.gaps, layout.value or ""
    )


def _mappings(layout: Layout, rows: pd.DataFrame) -> dict[str, SeriesMapping]:
    """Return what each series of rows measures."""
    names = [str(name) for name in rows["device_id"].cat.categories]
    return {name: layout.mappings.get(name, replace(layout.default, device_id=name)) for name in names}


def zone_of(layout: Layout, settings: Settings) -> str:
    """Return the zone whose clock wrote the times without an offset."""
    zone = settings.timezone if layout.zone == "home" else layout.zone
    return f"UTC{zone}" if zone[:1] in ("+", "-") else zone


@dataclass
class _Cells:
    """The values of a block, a row a cell: what stands in them, and why one cannot be read."""

    rows: pd.DataFrame
    reasons: np.ndarray
    columns: np.ndarray
    texts: np.ndarray


def _numbers(raw: Table, layout: Layout) -> Table:
    """Turn a block of cells into numbers, a row a series and time, and reject those that are none."""
    table.need(raw, _needed(layout))
    comma = raw.comma if layout.comma is None else layout.comma
    micros, why = _when(raw, layout.times, layout)
    values = _wide(raw, layout, comma) if layout.device is None else _long(raw, layout, comma)
    wide = max(len(_phases(layout)), 1) if layout.device is None else 1
    rows = values.rows
    rows["micros"] = np.repeat(micros, wide)
    rows["naive"] = np.repeat(why == "naive", wide)
    if layout.end is not None:
        rows["minutes"] = _minutes(raw, layout, micros, why, values, wide)
    lost = np.repeat((why != "") & (why != "naive"), wide)
    reasons = np.where(lost, np.repeat(why, wide), values.reasons)
    columns = np.where(lost, layout.times[0], values.columns)
    bad = reasons != ""
    if bad.any():
        texts = np.where(lost, np.repeat(raw.rows[layout.times[0]].astype("str").to_numpy(object), wide), values.texts)
        kwh = intervals.own_energy(rows[bad], _mappings(layout, rows))
        kwh[pd.Series(reasons[bad]).str.startswith(table.ASIDE).to_numpy(bool)] = np.nan  # of something else
        numbers = rows.index[bad].to_numpy()
        raw.rejected.append(table.rejected(raw.file, numbers, columns[bad], _short(texts[bad]), reasons[bad], kwh))
        rows = rows[~bad]
    raw.rows_read += (wide - 1) * len(raw.rows)
    raw.rows = rows
    return raw


def _needed(layout: Layout) -> tuple[str, ...]:
    named = layout.mappings if layout.device is None else (layout.device, layout.value, layout.unit)
    return tuple(name for name in (*layout.times, *named, layout.end, layout.quality, layout.home) if name is not None)


def _short(texts: np.ndarray) -> list[str]:
    return [text if len(text) <= 80 else text[:77] + "..." for text in map(str, texts)]


def _when(raw: Table, columns: tuple[str, ...], layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Return the times of a block, and what is wrong with each (`times.parse`)."""
    texts = raw.rows[columns[0]]
    for name in columns[1:]:
        texts = texts.astype("str").str.strip() + " " + raw.rows[name].astype("str").str.strip()
    return times.parse(texts, layout.order)


def _phases(layout: Layout) -> list[list[str]]:
    """Return the columns of each series of a wide table."""
    columns: dict[str, list[str]] = {}
    for name, mapping in layout.mappings.items():
        columns.setdefault(mapping.device_id, []).append(name)
    return list(columns.values())


def _wide(raw: Table, layout: Layout, comma: bool) -> _Cells:
    """Return the cells of a table that has a column a series; those of one series' phases are added up."""
    phases = _phases(layout)
    read = {name: cells.numbers(raw.rows[name], comma) for name in layout.mappings}
    endless = {name: np.isinf(values) for name, (values, _) in read.items()}
    count, wide = len(raw.rows), len(phases)
    values = np.column_stack([sum(np.where(endless[name], 0, read[name][0]) for name in part) for part in phases])
    bad = np.column_stack([np.any([read[name][1] for name in part], axis=0) for part in phases]).ravel()
    infinite = np.column_stack([np.any([endless[name] for name in part], axis=0) for part in phases]).ravel()
    names = np.array([columns[0] for columns in phases], dtype=object)
    rows = pd.DataFrame(
        {
            "device_id": pd.Categorical.from_codes(np.tile(np.arange(wide, dtype="int32"), count), names),
            "value": values.ravel(),
        },
        index=np.repeat(raw.rows.index.to_numpy(), wide),
    )
    for column, name in ((layout.home, "home_id"), (layout.quality, "quality")):
        if column is not None:
            rows[name] = _categories(raw.rows[column]).repeat(wide)
    reasons = np.where(bad, "not a number", np.where(infinite, "infinite", "")).astype(object)
    texts, blamed = np.full(len(rows), "", dtype=object), np.tile(names, count)
    for place in np.flatnonzero(reasons != ""):
        row, part = place // wide, phases[place % wide]
        blamed[place] = next(name for name in part if read[name][1][row] or endless[name][row])
        texts[place] = raw.rows[blamed[place]].iloc[row]
    out = _Cells(rows, reasons, blamed, texts)
    _check_quality(out, layout)
    return out


def _long(raw: Table, layout: Layout, comma: bool) -> _Cells:
    """Return the cells of a table that has a row a series and time."""
    column = layout.value or ""
    values, bad = cells.numbers(raw.rows[column], comma)
    rows = pd.DataFrame({"device_id": _categories(raw.rows[layout.device], strip=False), "value": values})
    rows.index = raw.rows.index
    for name, kept in ((layout.home, "home_id"), (layout.quality, "quality")):
        if name is not None:
            rows[kept] = _categories(raw.rows[name])
    reasons = np.where(bad, "not a number", np.where(np.isinf(values), "infinite", "")).astype(object)
    texts = np.full(len(rows), "", dtype=object)
    lost = reasons != ""
    texts[lost] = raw.rows[column][lost].astype("str").to_numpy(object)
    out = _Cells(rows, reasons, np.full(len(rows), column, object), texts)
    names = rows["device_id"].cat
    nameless = np.isin(names.codes, [place for place, name in enumerate(names.categories) if not name.strip()])
    _blame(out, nameless, layout.device or "", f"{layout.device} is empty", "")
    other = {
        name
        for name in names.categories
        if name in layout.ignored or (layout.only_mapped and name not in layout.mappings)
    }
    if other:
        others = np.isin(names.codes, [n for n, name in enumerate(names.categories) if name in other])
        out.reasons[others] = ""
        whose = raw.rows[layout.device].astype("str").to_numpy(object)
        _blame(out, others, layout.device or "", f"{table.ASIDE}: a series of something else", whose)
    _check_quality(out, layout)
    if layout.unit is not None:
        _convert(out, raw.rows[layout.unit], layout)
    return out


def _blame(out: _Cells, bad: np.ndarray, column: str, reason: str, texts: object) -> None:
    """Give cells that are still good a reason."""
    bad = bad & (out.reasons == "")
    if bad.any():
        out.reasons[bad], out.columns[bad] = reason, column
        out.texts[bad] = texts[bad] if isinstance(texts, np.ndarray) else texts


def _check_quality(out: _Cells, layout: Layout) -> None:
    """Read the words of quality; blank ones are measured, and a missing value is none."""
    if layout.quality is None:
        return
    word = out.rows["quality"].astype("str").str.lower()
    if layout.quality_words:
        word = word.map(layout.quality_words).fillna("measured")
    word = word.where(~word.isin(times.MISSING), "measured")
    strange = ~word.isin(QUALITIES).to_numpy(bool)
    _blame(out, strange, layout.quality, f"not one of {', '.join(QUALITIES)}", word.to_numpy(object))
    out.rows["quality"] = pd.Categorical(word.where(~strange, "missing"), QUALITIES)
    out.rows.loc[(word == "missing").array, "value"] = np.nan


def _convert(out: _Cells, column: pd.Series, layout: Layout) -> None:
    """Bring values to the unit of their series; a row in a unit of something else is set aside."""
    texts = column.astype("str").fillna("").str.strip()
    wanted = units.factor(layout.default.unit)
    scale = np.ones(len(texts))
    strange = np.zeros(len(texts), bool)
    for unit in texts.unique():
        kind = units.factor(str(unit))
        here = (texts == unit).to_numpy(bool)
        if kind is None or wanted is None or kind[0] != wanted[0]:
            strange |= here
        else:
            scale[here] = kind[1] / wanted[1]
    out.rows["value"] = out.rows["value"].to_numpy() * scale
    _blame(out, strange, column.name, f"{table.ASIDE}: in another unit", texts.to_numpy(object))


def _categories(column: pd.Series, strip: bool = True) -> pd.Categorical:
    """Return texts as categories, which take a byte or four a row."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("str")
    texts = pa.array(column.astype("str"), from_pandas=True).fill_null("")
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    coded = pc.dictionary_encode(pc.utf8_trim_whitespace(texts) if strip else texts)
    return pd.Categorical.from_codes(coded.indices.to_numpy(), pd.Index(coded.dictionary.to_pylist(), dtype="str"))


def _minutes(raw: Table, layout: Layout, micros: np.ndarray, why: np.ndarray, values: _Cells, wide: int) -> np.ndarray:
    """Return how long the readings last [min], from their ends in the table, and blame those that end too soon."""
    until, reasons = _when(raw, (layout.end or "",), layout)
    lost = (reasons != "") & (reasons != "naive")
    minutes = (until - micros) / _MINUTE
    naive = (reasons == "naive") & (why == "naive") & ~lost
    if naive.any():  # clocks that are changed within an interval lengthen it by an hour, or take it away
        usual = float(np.median(minutes[naive]))
        minutes = np.where(naive & (np.abs(np.abs(minutes - usual) - 60) < 1e-6), usual, minutes)
    texts = raw.rows[layout.end].astype("str").to_numpy(object).repeat(wide)
    _blame(values, np.repeat(lost, wide), layout.end or "", "the end of the interval is not a time", texts)
    _blame(values, np.repeat(~lost & (minutes <= 0), wide), layout.end or "", "ends before it begins", texts)
    return np.repeat(np.where(lost, 60.0, np.maximum(minutes, 1e-3)), wide)


def _joined(blocks: list[Table]) -> Table:
    """Put blocks together; categories that differ are united."""
    if len(blocks) == 1:
        return blocks[0]
    for name in blocks[0].rows:
        if isinstance(blocks[0].rows[name].dtype, pd.CategoricalDtype):
            united = pd.api.types.union_categoricals([block.rows[name] for block in blocks])
            for block in blocks:
                block.rows[name] = block.rows[name].cat.set_categories(united.categories)
    return table.concat(blocks)


def _settle(raw: Table, layout: Layout, zone: str) -> None:
    """Turn microseconds into UTC stamps; what a register shows tells which of two equal times was the first."""
    names = raw.rows["device_id"].cat
    counts = [layout.mappings.get(name, layout.default).measures == "counter" for name in names.categories]
    rank = None
    if any(counts):
        rank = np.where(np.array([*counts, False])[names.codes], raw.rows["value"].to_numpy(float), np.nan)
    micros, naive = raw.rows.pop("micros").to_numpy(), raw.rows.pop("naive").to_numpy(bool)
    reasons = np.full(len(naive), "", dtype=object)
    reasons[naive] = "naive"
    shown = pd.Series(pd.DatetimeIndex(micros.view("datetime64[us]")), index=raw.rows.index)
    cells.settle(raw, "timestamp", micros, reasons, zone, "device_id", shown, rank)
