"""Which columns of a table that nobody described hold values, names, units, or something else; and how they write."""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core.settings import File
from influx.importers.autodetect import column_names
from influx.importers.autodetect.quantity_detection import Column, is_number_of_meter
from influx.importers.autodetect.sample import Sample
from influx.importers.autodetect.time_detection import Question, When
from influx.importers.reading import cells, units

_MOST_NAMES = 200
_LONGEST_UNIT = 12


def writes_commas(sample: Sample, said: File, times: list[str]) -> tuple[bool | None, list[str]]:
    """Tell whether decimals are written with a comma."""
    if said.decimal is not None:
        return said.decimal == ",", []
    if not sample.separator and not any(pd.api.types.is_string_dtype(sample.rows[name]) for name in sample.rows):
        return None, []
    texts = pd.concat([sample.rows[name].astype("str") for name in sample.rows if name not in times])
    numbers = texts[texts.str.fullmatch(r"[+-]?\d[\d.,'  ]*")]
    commas = numbers[numbers.str.contains(",")]
    if commas.empty:
        return False, []
    if numbers.str.contains(r",\d*\.\d*$").any():
        return False, ["Commas part thousands, as a point stands before decimals."]
    thousands = commas.str.fullmatch(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
    if thousands.all() and not numbers.str.contains(r"\.").any():
        example = str(commas.iloc[0])
        raise Question(f"{example!r} may be a number of thousands or have decimals", 'decimal: ","', 'decimal: "."')
    return True, ["Decimals are written with a comma."]


def sort_out(
    rows: pd.DataFrame, found: When, comma: bool | None, sample: Sample, said: File
) -> tuple[list[Column], list[str], list[str]]:
    """Return the columns of values, those of words, and those of something else."""
    columns, words, aside = [], [], []
    for name in map(str, rows.columns):
        own = said.columns.get(name)
        if name in found.columns or name == found.end:
            continue
        values, bad = cells.numbers(rows[name], bool(comma))
        blank = np.isnan(values) & ~bad
        if own is not None and own.role == "ignore":
            aside.append(name)
        elif bad.sum() > 0.5 * max((~blank).sum(), 1):
            words.append(name)
        elif blank.all() and (sample.whole or column_names.is_aside(name)):
            continue
        else:
            unit = (
                (own.unit if own is not None else None) or said.unit or units.in_name(name) or unit_below(sample, name)
            )
            column = Column(name, np.where(bad | (np.abs(values) > cells.LARGEST), np.nan, values), unit)
            other = column_names.says(name, "gas") or column_names.says(name, "limit") or is_number_of_meter(values)
            if own is None and name != said.value and (other or (unit is None and column_names.is_aside(name))):
                aside.append(name)
            else:
                columns.append(column)
    known = [column for column in columns if column.unit is not None or column.name in said.columns]
    if known and len(known) < len(columns) and said.value is None:
        others = [column for column in columns if column not in known]
        doubtful = [column for column in others if column_names.says_power(column.name) is None]
        aside += [column.name for column in doubtful]
        columns = [column for column in columns if column not in doubtful]
    return columns, words, aside


def unit_below(sample: Sample, name: str) -> str | None:
    """Return the unit that stands below a column's name."""
    text = sample.units.get(name, "").strip("[]() ")
    return text if text and units.factor(text) is not None else None


def names_and_units(
    rows: pd.DataFrame, found: When, columns: list[Column], words: list[str], said: File
) -> tuple[str | None, str | None]:
    """Return the columns of names and of units of a table that has a row a series and time."""
    unit = next((name for name in words if are_units(rows[name])), None)
    if said.device is not None:
        return said.device, unit
    micros = pd.Series(found.micros)
    twice = micros[micros.notna()].duplicated(keep=False).mean() > 0.5
    for name in words:
        if rows[name].nunique() == 1 and len(columns) > 1 and said.value is None:
            continue  # a plant's name beside all of its columns
        if name == unit or (column_names.is_aside(name) and not column_names.says(name, "series")):
            continue
        texts = rows[name].astype("str")
        once = not pd.DataFrame({"name": texts.to_numpy(), "at": found.micros}).duplicated().any()
        if texts.nunique() <= _MOST_NAMES and ((twice and once) or column_names.says(name, "series")):
            return name, unit
    return None, unit


def are_units(column: pd.Series) -> bool:
    texts = column.astype("str").str.strip()
    texts = texts[texts != ""]
    if texts.empty or texts.str.len().max() >= _LONGEST_UNIT:
        return False
    return bool(texts.map(lambda text: units.factor(text) is not None).mean() > 0.3)


def step_of(rows: pd.DataFrame, found: When, names: str | None) -> float:
    """Return the most frequent step between times [min]."""
    frame = pd.DataFrame({"at": found.micros, "who": "" if names is None else rows[names].astype("str").to_numpy()})
    frame = frame.dropna().drop_duplicates().sort_values(["who", "at"])
    steps = frame.groupby("who")["at"].diff().dropna() / 60e6
    return float(steps.mode().iloc[0]) if len(steps) else np.nan
