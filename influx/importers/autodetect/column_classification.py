"""Which columns of a table that nobody described hold values, texts, names of series, units, or something else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from influx.core.constants import HOUR_US
from influx.core.settings import Column as ColumnSettings
from influx.core.settings import File
from influx.importers.autodetect import column_names
from influx.importers.autodetect.conclusion import AmbiguityError
from influx.importers.autodetect.quantity_detection import Column
from influx.importers.autodetect.sample import Sample
from influx.importers.autodetect.time_detection import Times
from influx.importers.reading import cells, price_units, units
from influx.importers.reading.intervals import MOST_KW

_MOST_NAMES = 200
_LONGEST_UNIT = 12


def decimal_comma(sample: Sample, times: Times, overrides: File) -> tuple[bool | None, tuple[str, ...]]:
    """Tell whether decimals are written with a comma (None: cells are no texts), and why."""
    if overrides.decimal is not None:
        return overrides.decimal == ",", ()
    if not sample.separator and not any(pd.api.types.is_string_dtype(sample.rows[name]) for name in sample.rows):
        return None, ()
    names = [name for name in sample.rows if name not in (*times.columns, times.end)]
    texts = pd.concat([sample.rows[name].astype("str") for name in names])
    numbers = texts[texts.str.fullmatch(r"[+-]?\d[\d.,'\u00a0\u202f ]*")]
    commas, points = numbers[numbers.str.contains(",")], numbers[numbers.str.contains(".", regex=False)]
    if commas.empty:
        if _may_be_thousands(points, numbers, sample, times):
            example = f"{str(points.iloc[0])!r} may be a number of thousands or have decimals"
            raise AmbiguityError(example, 'decimal: ","', 'decimal: "."')
        return False, ()
    if numbers.str.contains(r",\d*\.\d*$").any():
        return False, ("Commas part thousands, as a point stands before decimals.",)
    thousands = commas.str.fullmatch(cells.PARTED.format(","))
    if thousands.all() and points.empty:
        example = f"{str(commas.iloc[0])!r} may be a number of thousands or have decimals"
        raise AmbiguityError(example, 'decimal: ","', 'decimal: "."')
    return True, ("Decimals are written with a comma.",)


def _may_be_thousands(points: pd.Series, numbers: pd.Series, sample: Sample, times: Times) -> bool:
    """Tell whether the numbers with a point may all be thousands: they look so, and a home may use so much.

    A number of four digits without a point parts no thousands, and zero before a point is none. Beside whole numbers
    below a thousand nothing speaks for decimals; without those only Wh and W are written so.
    """
    digits = numbers[~numbers.str.contains(".", regex=False)]
    if (
        points.empty
        or not points.str.fullmatch(cells.PARTED.format(r"\.")).all()
        or digits.str.contains(r"\d{4}").any()
    ):
        return False
    step = float(np.nanmedian(np.diff(np.unique(times.micros[np.isfinite(times.micros)])))) / HOUR_US
    for name in dict.fromkeys(map(str, sample.rows)) if step > 0 else ():
        texts = sample.rows[name].astype("str")
        if name in (*times.columns, times.end) or not texts.str.contains(".", regex=False).any():
            continue
        unit = units.in_name(name) or _unit_below(sample, name)
        kind = units.factor(unit or "") or ("energy", 1.0)
        mixed = texts.str.fullmatch(r"[1-9]\d{0,2}").any()
        values = cells.numbers(texts, comma=True, parted=True)[0]
        values = values[np.isfinite(values)]
        rising = len(values) > 1 and (np.diff(values) >= 0).all()
        most = (
            float(np.abs(np.diff(values) if rising else values).max()) * kind[1] / (1 if kind[0] == "power" else step)
        )
        if (mixed or kind[1] < 1) and most <= MOST_KW:
            return True
    return False


def classify(
    sample: Sample, times: Times, comma: bool | None, overrides: File
) -> tuple[list[Column], list[str], list[str]]:
    """Return the columns of values, and the names of those of texts and of those of something else."""
    values, texts, ignored = [], [], []
    for name in map(str, sample.rows.columns):
        if name in (*times.columns, times.end):
            continue
        own = overrides.columns.get(name, ColumnSettings())
        numbers, bad = cells.numbers(sample.rows[name], bool(comma), parted=comma is not None)
        blank = np.isnan(numbers) & ~bad
        if own.role == "ignore":
            ignored.append(name)
        elif bad.sum() > 0.5 * max((~blank).sum(), 1):
            texts.append(name)
        elif not blank.all() or not (sample.whole or column_names.is_other_quantity(name)):
            # the unit of a file makes no energy of what is none without it
            unit = own.unit or units.in_name(name) or _unit_below(sample, name)
            if name in overrides.columns or name == overrides.value or not _is_other(name, unit, numbers):
                values.append(Column(name, np.where(bad | (np.abs(numbers) > cells.LARGEST), np.nan, numbers), unit))
            else:
                ignored.append(name)
    doubtful = [] if overrides.value is not None else _without_unit_beside_units(values, overrides)
    values = [column for column in values if column.name not in doubtful]
    return _with_unit_of_file(values, overrides), texts, [*ignored, *doubtful]


def _with_unit_of_file(columns: list[Column], overrides: File) -> list[Column]:
    """Give columns the unit that home.yaml says of their file: those without one, or, where all have one, all."""
    if overrides.unit is None:
        return columns
    lacking = [column for column in columns if column.unit is None]
    described = {name for name, own in overrides.columns.items() if own.unit is not None}
    meant = {column.name for column in lacking or columns} - described
    return [replace(column, unit=overrides.unit) if column.name in meant else column for column in columns]


def _unit_below(sample: Sample, name: str) -> str | None:
    text = sample.units.get(name, "").strip("[]() ")
    return text if text and units.factor(text) is not None else None


def _is_other(name: str, unit: str | None, numbers: np.ndarray) -> bool:
    """Tell whether numbers are another quantity: by their name, or as all are the number of a meter or contract."""
    known = numbers[~np.isnan(numbers)]
    whole = len(known) > 1 and bool((known == np.rint(known)).all())
    identifier = whole and bool((known.min() == known.max() and known[0] >= 1e5) or known.min() >= 1e10)
    named = column_names.mentions(name, "gas") or column_names.mentions(name, "limit") or price_units.is_price(name)
    named = named or column_names.is_coded(name) is False
    flag = whole and bool(np.isin(known, (0.0, 1.0)).all()) and column_names.mentions(name, "flag")
    return identifier or named or (unit is None and (flag or column_names.is_other_quantity(name)))


def _without_unit_beside_units(columns: list[Column], overrides: File) -> list[str]:
    """Return the columns that have no unit, where others have one, and no name of energy or power either."""
    known = [column for column in columns if column.unit is not None or column.name in overrides.columns]
    others = [column.name for column in columns if column not in known] if known else []
    return [name for name in others if column_names.mentions_power(name) is None]


def series_and_unit_columns(
    sample: Sample, times: Times, values: list[Column], texts: list[str], overrides: File
) -> tuple[str | None, str | None]:
    """Return the columns of names and of units of a table that has a row a series and time."""
    unit = next((name for name in texts if are_units(sample.rows[name])), None)
    if overrides.device is not None:
        return overrides.device, unit
    at = pd.Series(times.micros)
    repeated = at[at.notna()].duplicated(keep=False).mean() > 0.5
    for name in texts:
        column, is_name = sample.rows[name].astype("str"), column_names.mentions(name, "series")
        if column.nunique() == 1 and len(values) > 1 and overrides.value is None:
            continue  # a plant's name beside all of its columns
        if name == unit or (column_names.is_other_quantity(name) and not is_name):
            continue
        told_apart = repeated and not pd.DataFrame({"name": column.to_numpy(), "at": times.micros}).duplicated().any()
        if column.nunique() <= _MOST_NAMES and (told_apart or is_name):
            return name, unit
    return None, unit


def are_units(column: pd.Series) -> bool:
    """Tell whether texts are units of energy or power, also beside others."""
    texts = column.astype("str").str.strip()
    texts = texts[texts != ""]
    if texts.empty or texts.str.len().max() >= _LONGEST_UNIT:
        return False
    return bool(texts.map(lambda text: units.factor(text) is not None).mean() > 0.3)
