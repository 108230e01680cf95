"""The files of a home, read and accounted for: which are read, whose home they tell of, and what is not known yet.

`as_of` turns the clock back: rows from then on are left out, as if the files had been exported at that moment.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core import local_time
from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import Settings
from influx.home import home_assistant_energy, parse_cache
from influx.home.source_file import File
from influx.importers import find
from influx.importers.reading.cells import OFFSET, TIME
from influx.importers.reading.part import KWH
from influx.importers.reading.table import header, rejected

SETTINGS = "home.yaml"
_TABLES = (".csv", ".tsv", ".parquet", ".xlsx", ".xls", ".xml", ".json", ".db")
_BESIDE = ("-wal", "-shm", "-journal")
"""Ends of the files that a database keeps beside itself while it is written."""


def files_of(path: Path, settings: Settings, notes: list[str]) -> list[File]:
    """Read every file of a folder that is of a known format, or the one file, oldest first.

    Raises
    ------
    InputError
        There is no such path, or no file that can be read; or a table among them cannot be used.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder. Give a home's folder, or one file.")
    alone = not path.is_dir()
    candidates = [path] if alone else [item for item in path.iterdir() if not _passed_over(item, settings, notes)]
    files = []
    for item in sorted(candidates, key=lambda item: (item.stat().st_mtime_ns, item.name)):
        source = find(item, settings)
        if source is None:
            _refuse(item, alone, notes)
            continue
        try:
            part, digest = parse_cache.read(source, item, settings)
        except NoElectricityError as other:
            if alone:
                raise
            notes.append(f"Not read: {item.name}, {other.what}, not electricity.")
            continue
        files.append(File(item.name, digest, part, part.kwh + float(part.rejected["kwh"].sum())))
        notes.extend(part.notes)
    if not any(file.part.kind in KWH for file in files):
        seen = ", ".join(sorted(item.name for item in candidates)) or "there is none"
        raise InputError(
            f"{path}: no file holds the energy of a device or a home ({seen}). Put in an events file "
            "(columns device_id, timestamp, duration_minutes, power_consumption_kwh) or readings (device_id, "
            "timestamp, energy_kwh), as CSV or Parquet."
        )
    return files


def _passed_over(item: Path, settings: Settings, notes: list[str]) -> bool:
    """Tell whether an entry of a folder is none of its tables: hidden, settings, ignored, or no file at all."""
    if item.name.lower() in ("home.yml", SETTINGS) and item.name != SETTINGS:
        raise InputError(f"{item.name}: rename this file to {SETTINGS}; only under that name it is read.")
    if item.name.startswith(".") or item.name == SETTINGS or item.name.endswith(_BESIDE):
        return True
    if settings.file(item.name).ignore:
        notes.append(f"Not read: {item.name}, as home.yaml says.")
        return True
    if not item.is_file():
        notes.append(f"Not read: {item.name}, {'a folder' if item.is_dir() else 'not a file'}.")
        return True
    return home_assistant_energy.is_page(item)


def _refuse(item: Path, alone: bool, notes: list[str]) -> None:
    """Note that a file is of no known format; a table that cannot be read at all is an error."""
    if item.name == SETTINGS:
        raise InputError(f"{item}: give the folder of this file, or one of the files with energy beside it.")
    if item.suffix.lower() == ".zip":
        told = f"{item.name}: this is an archive; unpack it, and put what it holds into the home's folder."
        if alone:
            raise InputError(told)
        notes.append(f"Not read: {told}")
        return
    if home_assistant_energy.is_page(item):
        raise InputError(f"{item.name}: these are settings of Home Assistant's Energy page. Give their folder instead.")
    names = header(item)
    if names is None and (alone or item.suffix.lower() in _TABLES):
        state = "the file is empty" if not item.stat().st_size else "it cannot be read as a CSV or Parquet table"
        raise InputError(f"{item.name}: {state}. Export it again, or remove it.")
    columns = ", ".join(names or [])[:200]
    if alone:
        raise InputError(
            f"{item.name}: of no known format; its columns are {columns}. Events need device_id, timestamp, "
            "duration_minutes and power_consumption_kwh; readings need device_id, timestamp and energy_kwh, or "
            "timestamp and a column a device."
        )
    notes.append(
        f"Not read: {item.name}, of no known format{f' (columns {columns})' if item.suffix.lower() in _TABLES else ''}."
    )


def one_home(files: list[File], settings: Settings) -> tuple[list[File], str]:
    """Return the files with the rows of one home, and its id.

    Several homes are told apart only where home.yaml says which one is meant; then the others' rows are rejected.

    Raises
    ------
    InputError
        The files hold several homes and home.yaml does not name one of them.
    """
    homes = sorted(
        {str(home) for file in files if "home_id" in file.frame for home in file.frame["home_id"].dropna().unique()}
    )
    given = "home_id" in settings.model_fields_set
    if len(homes) <= 1:
        return files, settings.home_id if given or not homes else homes[0]
    if not given or settings.home_id not in homes:
        shown = ", ".join(homes[:20]) + (" ..." if len(homes) > 20 else "")
        said = f" (home.yaml says {settings.home_id})" if given else ""
        raise InputError(
            f"The files hold {len(homes)} homes: {shown}{said}. Split them into a folder each, or set home_id in "
            f"{SETTINGS}."
        )
    return [_only(file, settings.home_id) for file in files], settings.home_id


def _only(file: File, home: str) -> File:
    if "home_id" not in file.frame:
        return file
    others = (file.frame["home_id"].notna() & (file.frame["home_id"].astype("str") != home)).to_numpy()
    gone = file.frame[others]
    kwh = gone[KWH[file.part.kind]] if file.part.kind in KWH else np.nan
    bad = rejected(file.name, gone["row"], "home_id", gone["home_id"], f"a row of another home than {home}", kwh)
    kept = file.frame[~others].reset_index(drop=True)
    part = replace(file.part, frame=kept, rejected=pd.concat([file.part.rejected, bad], ignore_index=True))
    return replace(file, part=part)


def joined(files: list[File], settings: Settings, notes: list[str]) -> list[File]:
    """Return the files with the rows of renamed devices (`same_as` in home.yaml) under their newest name.

    Raises
    ------
    InputError
        Two names that are to be one device were measured at the same time for more than a day.
    """
    there = {str(name) for file in files if file.part.kind in KWH for name in file.frame["device_id"].unique()}
    for old, new in ((device.same_as, name) for name, device in settings.devices.items() if device.same_as):
        if old not in there:
            notes.append(f"home.yaml says that {new} was {old} before, of which the files hold nothing.")
            continue
        _refuse_twins(files, old, new)
        notes.append(f"{old} and {settings.name_of(old)} are one device, says home.yaml; its readings are joined.")
    names = {name: settings.name_of(name) for name in there if settings.name_of(name) != name}
    return [_renamed(file, names) if names and file.part.kind in KWH else file for file in files]


def _refuse_twins(files: list[File], old: str, new: str) -> None:
    for file in files:
        if file.part.kind != "readings":
            continue
        known = file.frame[file.frame["energy_kwh"].notna()]
        hours = [set(known.loc[known["device_id"] == name, "timestamp"].dt.floor("h")) for name in (old, new)]
        if len(both := hours[0] & hours[1]) > 24:
            raise InputError(
                f"{SETTINGS}: devices.{new}.same_as: {file.name} holds {old} and {new} at the same time in "
                f"{len(both)} hours, so they are two devices. Remove the line."
            )


def _renamed(file: File, names: dict[str, str]) -> File:
    device = file.frame["device_id"].astype("str").replace(names)
    frame = file.frame.assign(device_id=device)
    return replace(file, part=replace(file.part, frame=frame))


def parse_as_of(as_of: str | dt.date | pd.Timestamp | None, timezone: str) -> pd.Timestamp | None:
    """Return an as-of time in UTC; a date is its first local moment, a time without an offset is local.

    Raises
    ------
    InputError
        It is no such time, or one that the local clock shows never or twice.
    """
    if as_of is None or (isinstance(as_of, str) and not as_of.strip()):
        return None
    text = str(as_of).strip()
    if not re.fullmatch(f"{TIME}(?:{OFFSET})?", text) or not "1990" <= text[:4] < "2200":
        raise InputError(f"as_of: {text!r} is not a date or time. Write it as 2024-07-14 or 2024-07-14T18:00+02:00.")
    try:
        stamp = pd.Timestamp(text)
        if stamp.tz is not None:
            return stamp.tz_convert("UTC").as_unit("us")
        if stamp == stamp.normalize():
            return (
                stamp.tz_localize(timezone, nonexistent="shift_forward", ambiguous=True).tz_convert("UTC").as_unit("us")
            )
    except ValueError as error:
        raise InputError(f"as_of: {text!r} is not a date or time: {error}. Write it as 2024-07-14.") from error
    known, reasons = local_time.to_utc(pd.DatetimeIndex([stamp]), timezone)
    if reasons[0]:
        raise InputError(f"as_of: {text!r}: {reasons[0]}.")
    return known[0]


def before(files: list[File], as_of: pd.Timestamp, timezone: str, notes: list[str]) -> list[File]:
    """Return the files without what is not known at `as_of`: later events, unfinished readings, weather measured later.

    Raises
    ------
    InputError
        Nothing of the energy was known then; the error says which span there is.
    """
    cut = [_before(file, as_of, notes) for file in files]
    if not any(len(file.frame) for file in cut if file.part.kind in KWH):
        stamps = pd.concat([file.frame["timestamp"] for file in files if file.part.kind in KWH]).dt.tz_convert(timezone)
        raise InputError(
            f"There is no data before the as-of time {as_of.tz_convert(timezone):%Y-%m-%d %H:%M}: the files hold "
            f"{stamps.min():%Y-%m-%d %H:%M} to {stamps.max():%Y-%m-%d %H:%M} (time zone {timezone}). Choose a later "
            "time."
        )
    return cut


def _before(file: File, as_of: pd.Timestamp, notes: list[str]) -> File:
    frame = file.frame
    end = frame["timestamp"]
    if file.part.kind == "readings":
        known = (end + pd.to_timedelta(frame["minutes"], unit="min") <= as_of).to_numpy()
    else:
        known = (end < as_of).to_numpy()
    if file.part.kind == "prices":
        known = (frame["published"] <= as_of).to_numpy() if "published" in frame else np.ones(len(frame), dtype=bool)
        if "published" not in frame and (frame["timestamp"] >= as_of).any():
            notes.append(
                f"{file.name} has no column published: its prices after the as-of time count as known by then."
            )
    if file.part.kind in ("weather", "carbon"):
        known = known | ((frame["kind"] == "forecast").to_numpy() if "kind" in frame else True)
        if not known.all():
            notes.append(
                f"{file.name}: {(~known).sum()} rows measured after the as-of time are not known then, and left out."
            )
    later = frame[~known]
    kwh = float(later[KWH[file.part.kind]].sum()) if file.part.kind in KWH else 0.0
    part = replace(file.part, frame=frame[known].reset_index(drop=True))
    return replace(file, part=part, after=len(later), kwh_after=kwh)


def account_of(files: list[File], overlaps: dict[str, int], kwh_used: dict[str, float]) -> pd.DataFrame:
    """Return a row a file: what it is, and what became of its rows and of its energy."""
    rows = [
        {
            "file": file.name,
            "format": file.part.format,
            "sha256": file.sha256,
            "rows_read": file.part.rows_read,
            "rows_used": int((file.frame["row"] > 0).sum()),
            "rows_rejected": len(file.part.rejected),
            "rows_after_as_of": file.after,
            "overlaps": overlaps.get(file.name, 0),
            "kwh_read": file.kwh_read,
            "kwh_rejected": float(file.part.rejected["kwh"].sum()) if file.part.kind in KWH else np.nan,
            "kwh_used": kwh_used.get(file.name, 0.0 if file.part.kind in KWH else np.nan),
            "first": file.frame["timestamp"].min() if len(file.frame) else pd.NaT,
            "last": file.frame["timestamp"].max() if len(file.frame) else pd.NaT,
        }
        for file in files
    ]
    account = pd.DataFrame(rows)
    for name in ("first", "last"):
        account[name] = pd.to_datetime(account[name], utc=True).dt.as_unit("us")
    return account.astype({"file": "str", "format": "str", "sha256": "str"})
