"""Any table of readings, read by its layout: block by block to numbers, then as a whole to times and energy."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from influx.core.constants import MINUTE_US
from influx.core.schema import QUALITIES
from influx.core.settings import Settings
from influx.importers.reading import cells, intervals, table, times, units
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table


def read(path: Path, layout: Layout, settings: Settings) -> Part:
    """Read a table of readings: a row of its reconciliation is a row of a long table, and a cell of a wide one.

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
    if layout.zone == "home":  # whose clock a format of a vendor keeps is known
        cells.refuse_standard_time(
            raw, raw.rows["micros"].to_numpy(), raw.rows["naive"].to_numpy(bool), settings.timezone
        )
    _to_utc(raw, mappings, zone_of(layout, settings))
    return intervals.to_intervals(
        raw, mappings, layout.format, settings, layout.time_marks, layout.gaps, layout.value or ""
    )


def zone_of(layout: Layout, settings: Settings) -> str:
    """Return the zone whose clock wrote the times without an offset."""
    zone = settings.timezone if layout.zone == "home" else layout.zone
    return f"UTC{zone}" if zone[:1] in ("+", "-") else zone


def _mappings(layout: Layout, rows: pd.DataFrame) -> dict[str, SeriesMapping]:
    names = [str(name) for name in rows["device_id"].cat.categories]
    return {name: layout.mappings.get(name, replace(layout.default, device_id=name)) for name in names}


@dataclass
class _Cells:
    """The values of a block, a row a cell: why one cannot be read, in which column, and what stands there."""

    rows: pd.DataFrame
    reasons: np.ndarray
    columns: np.ndarray
    texts: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame) -> _Cells:
        return cls(rows, *(np.full(len(rows), "", dtype=object) for _ in range(3)))

    def blame(self, bad: np.ndarray, column: str, reason: str | np.ndarray, texts: pd.Series) -> None:
        """Give cells that are still good a reason; a row of `texts` may stand for several cells."""
        places = np.flatnonzero(bad)
        places = places[self.reasons[places] == ""]
        if len(places):
            self.reasons[places] = reason if isinstance(reason, str) else reason[places]
            self.columns[places] = column
            self.texts[places] = texts.iloc[places * len(texts) // len(bad)].astype("str").to_numpy(object)


def _numbers(raw: Table, layout: Layout) -> Table:
    """Turn a block of cells into numbers, a row a series and time, and reject those that are none."""
    columns = layout.mappings if layout.device is None else (layout.device, layout.value, layout.unit)
    needed = (*layout.times, *columns, layout.end, layout.quality, layout.home)
    table.need(raw, tuple(name for name in needed if name is not None))
    comma = bool(raw.comma if layout.comma is None else layout.comma)
    micros, why = times.parse(times.joined(raw.rows, layout.times), layout.order)
    out = _wide(raw, layout, comma) if layout.device is None else _long(raw, layout, comma)
    wide = len(out.rows) // max(len(raw.rows), 1)
    for column, name in ((layout.home, "home_id"), (layout.quality, "quality")):
        if column is not None:
            out.rows[name] = _categories(raw.rows[column]).repeat(wide)
    _check_quality(out, layout)
    if layout.unit is not None:
        _convert(out, raw.rows[layout.unit], layout)
    out.rows["micros"], out.rows["naive"] = np.repeat(micros, wide), np.repeat(why == "naive", wide)
    if layout.end is not None:
        out.rows["minutes"] = _minutes(out, raw.rows[layout.end], layout, micros, why)
    lost = np.repeat((why != "") & (why != "naive"), wide)
    if lost.any():
        out.reasons[lost] = ""  # a row without a time has no other fault
        out.blame(lost, layout.times[0], np.repeat(why, wide), raw.rows[layout.times[0]])
    bad = out.reasons != ""
    if bad.any():
        kwh = intervals.own_energy(out.rows[bad], _mappings(layout, out.rows))
        kwh[pd.Series(out.reasons[bad]).str.startswith(table.ASIDE).to_numpy(bool)] = np.nan  # of something else
        numbers, texts = out.rows.index[bad].to_numpy(), [table.shown(text) for text in out.texts[bad]]
        raw.rejected.append(table.rejected(raw.file, numbers, out.columns[bad], texts, out.reasons[bad], kwh))
    raw.rows_read += (wide - 1) * len(raw.rows)
    raw.rows = out.rows[~bad] if bad.any() else out.rows
    return raw


def _wide(raw: Table, layout: Layout, comma: bool) -> _Cells:
    """Return the cells of a table that has a column a series; those of one series' phases are added up."""
    phases: dict[str, list[str]] = {}
    for name, mapping in layout.mappings.items():
        phases.setdefault(mapping.device_id, []).append(name)
    count, wide = len(raw.rows), len(phases)
    names = np.array([columns[0] for columns in phases.values()], dtype=object)
    devices = pd.Categorical.from_codes(np.tile(np.arange(wide, dtype="int32"), count), names)
    out = _Cells.of(pd.DataFrame({"device_id": devices}, index=np.repeat(raw.rows.index.to_numpy(), wide)))
    values = np.zeros((count, wide))
    for place, columns in enumerate(phases.values()):
        read = {name: cells.numbers(raw.rows[name], comma, parted=layout.comma is not None) for name in columns}
        values[:, place] = sum(np.where(np.isinf(numbers), 0, numbers) for numbers, _ in read.values())
        faults = [("not a number", name, bad) for name, (_, bad) in read.items()]
        faults += [("infinite", name, np.isinf(numbers)) for name, (numbers, _) in read.items()]
        for reason, name, bad in faults:
            if bad.any():
                of_series = np.zeros((count, wide), bool)
                of_series[:, place] = bad
                out.blame(of_series.ravel(), name, reason, raw.rows[name])
    out.rows["value"] = values.ravel()
    return out


def _long(raw: Table, layout: Layout, comma: bool) -> _Cells:
    """Return the cells of a table that has a row a series and time."""
    column, device = layout.value or "", layout.device or ""
    values, bad = cells.numbers(raw.rows[column], comma, parted=layout.comma is not None)
    rows = pd.DataFrame({"device_id": _categories(raw.rows[device], strip=False), "value": values})
    rows.index = raw.rows.index
    out, names = _Cells.of(rows), rows["device_id"].cat

    def of_series(is_meant: list[bool]) -> np.ndarray:
        return np.array([*is_meant, False])[names.codes]

    mapped = set(layout.mappings) if layout.only_mapped else set(names.categories)
    others = of_series([name in layout.ignored or name not in mapped for name in names.categories])
    nameless = of_series([name.strip().lower() in cells.NAMELESS for name in names.categories])
    out.blame(others, device, f"{table.ASIDE}: a series of something else", raw.rows[device])
    out.blame(bad, column, "not a number", raw.rows[column])
    out.blame(np.isinf(values), column, "infinite", raw.rows[column])
    out.blame(nameless, device, f"{device} is empty", raw.rows[device])
    return out


def _check_quality(out: _Cells, layout: Layout) -> None:
    """Read the words of quality; blank ones are measured, and a missing value is none."""
    if layout.quality is None:
        return
    word = out.rows["quality"].astype("str").str.lower()
    if layout.quality_words:
        word = word.map(layout.quality_words).fillna("measured")
    word = word.where(~word.isin(times.MISSING), "measured")
    strange = ~word.isin(QUALITIES).to_numpy(bool)
    out.blame(strange, layout.quality, f"not one of {', '.join(QUALITIES)}", word)
    out.rows["quality"] = pd.Categorical(word.where(~strange, "missing"), QUALITIES)
    out.rows.loc[(word == "missing").array, "value"] = np.nan


def _convert(out: _Cells, column: pd.Series, layout: Layout) -> None:
    """Bring values to the unit of their series; a row in a unit of something else is ignored."""
    texts = column.astype("str").fillna("").str.strip()
    wanted = units.factor(layout.default.unit) or ("", np.nan)
    kinds = {str(unit): units.factor(str(unit)) for unit in texts.unique()}
    scale = {unit: kind[1] / wanted[1] for unit, kind in kinds.items() if kind is not None and kind[0] == wanted[0]}
    out.rows["value"] = out.rows["value"].to_numpy() * texts.map(scale).fillna(1.0).to_numpy(float)
    out.blame(~texts.isin(scale).to_numpy(bool), str(column.name), f"{table.ASIDE}: in another unit", texts)


def _categories(column: pd.Series, strip: bool = True) -> pd.Categorical:
    """Return texts as categories, which take a byte or four a row."""
    texts = times.arrow_texts(column)
    coded = pc.dictionary_encode(pc.utf8_trim_whitespace(texts) if strip else texts)
    return pd.Categorical.from_codes(coded.indices.to_numpy(), pd.Index(coded.dictionary.to_pylist(), dtype="str"))


def _minutes(out: _Cells, ends: pd.Series, layout: Layout, micros: np.ndarray, why: np.ndarray) -> np.ndarray:
    """Return how long the readings last [min], from their ends in the table, and blame those that end too soon."""
    wide = len(out.rows) // max(len(micros), 1)
    until, reasons = times.parse(ends, layout.order)
    lost = (reasons != "") & (reasons != "naive")
    minutes = (until - micros) / MINUTE_US
    naive = (reasons == "naive") & (why == "naive")
    if naive.any():  # clocks that are changed within an interval lengthen it by an hour, or take it away
        usual = float(np.median(minutes[naive]))
        minutes = np.where(naive & (np.abs(np.abs(minutes - usual) - 60) < 1e-6), usual, minutes)
    step, _, _ = times.most_frequent_step(micros[~lost])
    usual = float(np.median(minutes[~lost])) if (~lost).any() else np.nan
    if 0 < step - usual <= 1 + 1e-9 and usual > 0.75 * step:  # ends a second, or a minute, before the next begins
        minutes = np.where(np.abs(minutes - usual) < 1e-6, step, minutes)
    out.blame(np.repeat(lost, wide), str(ends.name), "the end of the interval is not a time", ends)
    out.blame(np.repeat(~lost & (minutes <= 0), wide), str(ends.name), "ends before it begins", ends)
    return np.repeat(np.where(lost, 60.0, np.maximum(minutes, 1e-3)), wide)


def _joined(blocks: list[Table]) -> Table:
    """Put blocks together; categories that differ are united."""
    for name in blocks[0].rows if len(blocks) > 1 else ():
        if isinstance(blocks[0].rows[name].dtype, pd.CategoricalDtype):
            united = pd.api.types.union_categoricals([block.rows[name] for block in blocks])
            for block in blocks:
                block.rows[name] = block.rows[name].cat.set_categories(united.categories)
    return table.concat(blocks)


def _to_utc(raw: Table, mappings: dict[str, SeriesMapping], zone: str) -> None:
    """Turn microseconds into UTC stamps; what a register shows tells which of two equal times was the first."""
    counts, rank = [mapping.measures == "counter" for mapping in mappings.values()], None
    if any(counts):
        counting = np.array([*counts, False])[raw.rows["device_id"].cat.codes]
        rank = np.where(counting, raw.rows["value"].to_numpy(float), np.nan)
    micros, naive = raw.rows.pop("micros").to_numpy(), raw.rows.pop("naive").to_numpy(bool)
    reasons = np.full(len(naive), "", dtype=object)
    reasons[naive] = "naive"
    shown = pd.Series(pd.DatetimeIndex(micros.view("datetime64[us]")), index=raw.rows.index)
    cells.settle(raw, "timestamp", micros, reasons, zone, "device_id", shown, rank)
