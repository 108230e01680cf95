"""Frames to and from files, for the command line: CSV or Parquet, told by the name's ending."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pandas as pd
import pyarrow as pa

from influx.core.errors import InputError
from influx.core.sanitize import for_cell, from_cell

_KEYS = ("home_id", "device_id")


def read_readings(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet file of readings as :func:`influx.forecast` takes them; that one checks what they hold."""
    is_csv = _is_csv(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file. Name a file of readings.")
    try:
        return _read_csv(path) if is_csv else pd.read_parquet(path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not readable as {path.suffix[1:]}: {str(error).strip()}") from error


def _read_csv(path: Path) -> pd.DataFrame:
    # Only an energy can be unknown; a device may well be called NA.
    unknown = {"energy_kwh": ["", "NA", "NaN", "nan", "null"]}
    frame = pd.read_csv(
        path, dtype=dict.fromkeys(_KEYS, str), keep_default_na=False, na_values=unknown, encoding="utf-8-sig"
    ).rename(columns=from_cell)
    return frame.assign(**{name: _changed(frame[name], from_cell) for name in _KEYS if name in frame})


def check_target(path: Path) -> None:
    """Refuse a name under which no frame can be written, before anything is computed."""
    _is_csv(path)
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}. Make it first.")


def _is_csv(path: Path) -> bool:
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"{path}: its name ends with neither .csv nor .parquet, so its format is not known.")
    return path.suffix.lower() == ".csv"


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` to a CSV or Parquet file that appears whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        if _is_csv(path):
            write_csv(frame, partial)
        else:
            frame.to_parquet(partial, index=False)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_csv(frame: pd.DataFrame, path: Path | TextIO) -> None:
    """Write `frame` as CSV in which no spreadsheet takes a text for a formula (`sanitize.for_cell`)."""
    texts = frame.select_dtypes(exclude=["number", "bool", "datetime", "datetimetz", "timedelta"]).columns
    safe = frame.assign(**{name: _changed(frame[name], for_cell) for name in texts})
    safe.columns = [for_cell(str(name)) for name in frame.columns]
    # Before Python 3.13 a lone carriage return stands without quotes, and ends the row.
    bare = any("\r" in text for name in texts for text in frame[name].unique() if isinstance(text, str))
    safe.to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC if bare else csv.QUOTE_MINIMAL)


def _changed(texts: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Return a column with its texts changed, and all else in it as it is."""
    new = {text: change(text) for text in texts.unique() if isinstance(text, str)}
    if all(text == words for text, words in new.items()):
        return texts
    return texts.astype(object).map(lambda value: new[value] if isinstance(value, str) else value)
