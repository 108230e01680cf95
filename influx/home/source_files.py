"""The files of a home, each parsed by its format, and cut where the clock is turned back (`as_of`)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core import local_time
from influx.core.errors import InputError, NoElectricityError
from influx.core.sanitize import message
from influx.core.settings import Settings
from influx.home import home_assistant_energy, parse_cache
from influx.home.audit import AFTER, Audit, SourceFile
from influx.importers import find
from influx.importers.reading import archive
from influx.importers.reading.cells import OFFSET, TIME
from influx.importers.reading.table import header, rejected

SETTINGS = "home.yaml"
_TABLES = (".csv", ".tsv", ".parquet", ".xlsx", ".xls", ".xml", ".json", ".db")
_BESIDE = ("-wal", "-shm", "-journal")
"""Ends of the files that a database keeps beside itself while it is written."""


def parse(path: Path, settings: Settings, audit: Audit) -> tuple[list[SourceFile], Settings]:
    """Parse every file of a folder that is of a known format, or the one file.

    The files come oldest first, with the rows of one home; the settings get the home's id and currency, where the files
    name them and home.yaml does not.

    An InputError tells what cannot be used: a path, a table of a known format, several homes.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder. Give a home's folder, or one file.")
    alone = path.is_file()
    if alone and settings.model_fields_set:
        audit.note("settings beside", file=path.name)
    candidates = [path] if alone else _candidates(path, settings, audit)
    beside = {item.name for item in candidates}
    parsed = [_parse_packed(item, beside, settings, alone, audit) for item in candidates]
    files = [file for file in parsed if file is not None]
    if not any(file.kwh_column for file in files):
        names = ", ".join(sorted(item.name for item in candidates)) or "there is none"
        raise InputError(
            f"{path}: no file holds the energy of a device or a home ({names}). Put in an events file "
            "(columns device_id, timestamp, duration_minutes, power_consumption_kwh) or readings (device_id, "
            "timestamp, energy_kwh), as CSV or Parquet."
        )
    currencies = {file.part.currency for file in files if file.part.currency}
    if len(currencies) > 1:
        raise InputError(
            f"The price files are in {' and '.join(sorted(currencies))}. Keep those in the home's currency."
        )
    files, home_id = _one_home(files, settings)
    currency = settings.currency or next(iter(currencies), None)
    given = {"home_id": home_id} | ({"currency": currency} if currency else {})
    return files, settings.model_copy(update=given)


def _candidates(folder: Path, settings: Settings, audit: Audit) -> list[Path]:
    """Return the files of a folder that may be tables, oldest first; the others are noted."""
    out = []
    for item in sorted(folder.iterdir()):
        if item.name.lower() in ("home.yml", SETTINGS) and item.name != SETTINGS:
            raise InputError(f"{item.name}: rename this file to {SETTINGS}; only under that name it is read.")
        if item.name.startswith(".") or item.name == SETTINGS or item.name.endswith(_BESIDE):
            continue
        if settings.file(item.name).ignore:
            audit.note("ignored file", file=item.name)
        elif not item.is_file():
            audit.note("no file", file=item.name, kind="a folder" if item.is_dir() else "not a file")
        elif not home_assistant_energy.is_page(item):
            out.append(item)
    return sorted(out, key=lambda item: (item.stat().st_mtime_ns, item.name))


def _parse_packed(path: Path, names: set[str], settings: Settings, alone: bool, audit: Audit) -> SourceFile | None:
    """Parse a file, or the one in an archive; one of a name that lies in the folder, too, is left alone."""
    if path.suffix.lower() not in archive.SUFFIXES:
        return _parse(path, settings, alone, audit)
    try:
        with archive.unpacked(path) as inner:
            if inner.name not in names and find(inner, settings) is None:
                raise archive.ArchiveError(
                    f"{path.name}: this is an archive; {inner.name} in it is of no known format."
                )
            if inner.name not in names:
                file = _parse(inner, settings, alone, audit)
                return None if file is None else replace(file, name=f"{path.name} ({inner.name})")
        audit.note("no format", text=f"{path.name}: its file {inner.name} lies in the folder, too.")
    except archive.ArchiveError as error:
        if alone:
            raise
        audit.note("no format", text=str(error))
    return None


def _parse(path: Path, settings: Settings, alone: bool, audit: Audit) -> SourceFile | None:
    source = find(path, settings)
    if source is None:
        audit.note("no format", text=_of_no_format(path, alone))
        return None
    try:
        part, digest = parse_cache.read(source, path, settings)
    except NoElectricityError as error:
        if alone:
            raise
        audit.note("no electricity", file=path.name, kind=error.what)
        return None
    audit.notes += map(message, part.notes)
    return SourceFile(path.name, digest, part, part.kwh + float(part.rejected["kwh"].sum()))


def _of_no_format(path: Path, alone: bool) -> str:
    """Return what a file of no known format is; one that should have been read is an error."""
    if path.name == SETTINGS:
        raise InputError(f"{path}: give the folder of this file, or one of the files with energy beside it.")
    if home_assistant_energy.is_page(path):
        raise InputError(f"{path.name}: these are settings of Home Assistant's Energy page. Give their folder instead.")
    names, is_table = header(path), path.suffix.lower() in _TABLES
    if names is None and (alone or is_table):
        state = "the file is empty" if not path.stat().st_size else "it cannot be read as a CSV or Parquet table"
        raise InputError(f"{path.name}: {state}. Export it again, or remove it.")
    columns = ", ".join(names or [])[:200]
    if alone:
        raise InputError(
            f"{path.name}: of no known format; its columns are {columns}. Events need device_id, timestamp, "
            "duration_minutes and power_consumption_kwh; readings need device_id, timestamp and energy_kwh, or "
            "timestamp and a column a device."
        )
    return f"{path.name}, of no known format{f' (columns {columns})' if is_table else ''}."


def _one_home(files: list[SourceFile], settings: Settings) -> tuple[list[SourceFile], str]:
    """Return the files with the rows of the home that home.yaml names, or of the only one, and its id."""
    columns = [file.frame["home_id"] for file in files if "home_id" in file.frame]
    homes = sorted({str(home) for column in columns for home in column.dropna().unique()})
    given = "home_id" in settings.model_fields_set
    if len(homes) <= 1:
        return files, settings.home_id if given or not homes else homes[0]
    if not given or settings.home_id not in homes:
        shown = ", ".join(homes[:20]) + (" ..." if len(homes) > 20 else "")
        named = f" (home.yaml says {settings.home_id})" if given else ""
        raise InputError(
            f"The files hold {len(homes)} homes: {shown}{named}. Split them into a folder each, or set home_id in "
            f"{SETTINGS}."
        )
    return [_rows_of(file, settings.home_id) for file in files], settings.home_id


def _rows_of(file: SourceFile, home: str) -> SourceFile:
    if "home_id" not in file.frame:
        return file
    others = (file.frame["home_id"].notna() & (file.frame["home_id"].astype("str") != home)).to_numpy()
    rows = file.frame[others]
    kwh = rows[file.kwh_column] if file.kwh_column else np.nan
    bad = rejected(file.name, rows["row"], "home_id", rows["home_id"], f"a row of another home than {home}", kwh)
    both = pd.concat([file.part.rejected, bad], ignore_index=True)
    frame = file.frame[~others].reset_index(drop=True)
    return replace(file, part=replace(file.part, frame=frame, rejected=both))


def parse_as_of(as_of: str | dt.date | pd.Timestamp | None, timezone: str) -> pd.Timestamp | None:
    """Return an as-of time in UTC; a date is its first local moment, a time without an offset is local."""
    if as_of is None or (isinstance(as_of, str) and not as_of.strip()):
        return None
    text = str(as_of).strip()
    if not re.fullmatch(f"{TIME}(?:{OFFSET})?", text) or not "1990" <= text[:4] < "2200":
        raise InputError(f"as_of: {text!r} is not a date or time. Write it as 2024-07-14 or 2024-07-14T18:00+02:00.")
    try:
        stamp = pd.Timestamp(text)
    except ValueError as error:
        raise InputError(f"as_of: {text!r} is not a date or time: {error}. Write it as 2024-07-14.") from error
    if stamp.tz is not None:
        return stamp.tz_convert("UTC").as_unit("us")
    wall = pd.DatetimeIndex([stamp])
    if stamp == stamp.normalize():
        return local_time.begin_of(wall, timezone)[0]
    known, reasons = local_time.to_utc(wall, timezone)
    if reasons[0]:
        raise InputError(f"as_of: {text!r}: {reasons[0]}.")
    return known[0]


def known_at(files: list[SourceFile], moment: pd.Timestamp | None, timezone: str, audit: Audit) -> list[SourceFile]:
    """Return the files as if they had been exported at `moment` (UTC): without later events, unfinished readings, ...

    Raises an InputError where nothing of the energy was known then.
    """
    if moment is None:
        return files
    cut = [_known_at(file, moment, audit) for file in files]
    if not any(len(file.frame) for file in cut if file.kwh_column):
        stamps = pd.concat([file.frame["timestamp"] for file in files if file.kwh_column]).dt.tz_convert(timezone)
        raise InputError(
            f"There is no data before the as-of time {moment.tz_convert(timezone):%Y-%m-%d %H:%M}: the files hold "
            f"{stamps.min():%Y-%m-%d %H:%M} to {stamps.max():%Y-%m-%d %H:%M} (time zone {timezone}). Choose a later "
            "time."
        )
    return cut


def _known_at(file: SourceFile, moment: pd.Timestamp, audit: Audit) -> SourceFile:
    frame, kind = file.frame, file.part.kind
    known = frame["timestamp"] < moment
    if kind == "readings":
        known = frame["timestamp"] + pd.to_timedelta(frame["minutes"], unit="min") <= moment
    elif kind == "prices" and "published" in frame:
        known = frame["published"] <= moment
    elif kind == "prices":
        if not known.all():
            audit.note("no column published", file=file.name)
        known |= True
    elif kind in ("weather", "carbon"):
        known |= frame["kind"] == "forecast" if "kind" in frame else True
        if not known.all():
            audit.note("measured later", file=file.name, count=(~known).sum())
    later = frame[~known]
    audit.rows_after_as_of[file.name] += len(later)
    if file.kwh_column:
        audit.correct(AFTER, later[[file.kwh_column]].assign(file=file.name), file.kwh_column)
    return file.with_frame(frame[known].reset_index(drop=True))
