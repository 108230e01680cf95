"""What would be read of a file, from which columns, and why: `influx inspect FILE`, before anything is done with it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.errors import InputError
from influx.core.home_yaml import read_settings
from influx.core.local_time import local
from influx.core.settings import Settings
from influx.home import home_assistant_energy
from influx.home.meter_roles import role_of
from influx.home.source_files import SETTINGS
from influx.importers import Part, find
from influx.importers.reading.part import KWH

WIDTH = 96
_FIRST = 5
_REJECTED = 3
_SERIES = 20


def inspect(path: Path) -> str:
    """Return what would be read of a file, or of each file of a folder, as lines of text.

    Parameters
    ----------
    path : Path
        The home.yaml beside the file counts.

    Raises
    ------
    InputError
        There is no such file; or one that cannot be read, or asks for a line in home.yaml: the error says which.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder.")
    folder = path if path.is_dir() else path.parent
    settings = read_settings(folder / SETTINGS)
    if not path.is_dir():
        return _of_file(path, settings)
    parts = []
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.name != SETTINGS and not file.name.startswith("."):
            try:
                parts.append(_of_file(file, settings))
            except InputError as error:
                parts.append(_wrapped(str(error), ""))
    return "\n\n".join(parts) if parts else f"{folder.name}: there is no file in this folder."


def _of_file(path: Path, settings: Settings) -> str:
    if home_assistant_energy.is_page(path):
        roles = home_assistant_energy.read(path).roles
        rows = "\n".join(f"  {name}  {role.replace('_', ' ')}" for name, role in roles.items())
        return f"{path.name}: the settings of Home Assistant's Energy page, for the database beside it\n\n{rows}"
    source = find(path, settings)
    if source is None:
        raise InputError(
            f"{path.name}: of no known format. A table needs a column of times, and one of energy or power that says "
            "so by its name or unit; name them under files in home.yaml."
        )
    part = source.read(path, settings)
    lines = [f"{path.name}: {part.format}, read as `format: {source.id}`"]
    lines += _account(part)
    if part.kind in KWH:
        lines += ["", "Series", *_series(part, settings)]
    lines += ["", f"First rows, in the time of {settings.timezone}", *_first(part, settings)]
    told = [*part.why, *(note.removeprefix(f"{path.name}: ") for note in part.notes)]
    if told:
        lines += ["", "Why"] + [_wrapped(line, "- ") for line in told]
    if len(part.rejected):
        lines += ["", "Not used", *_rejected(part)]
    lines += ["", *_how_to_change(path, part)]
    return "\n".join(line.rstrip() for line in lines)


def _account(part: Part) -> list[str]:
    used = int((part.frame["row"] > 0).sum())
    text = f"  {part.rows_read:,} rows read, {used:,} used, {len(part.rejected):,} rejected"
    if part.kind in KWH:
        text += f"; {part.kwh:,.3f} kWh"
        rejected = float(part.rejected["kwh"].sum())
        text += f", {rejected:,.3f} kWh rejected" if rejected else ""
    return [text]


def _series(part: Part, settings: Settings) -> list[str]:
    """Return a line a series: what it measures, its step, its span and its energy."""
    roles = {name: role_of(name, settings, part.roles) for name in map(str, part.frame["device_id"].unique())}
    rows = []
    for name, frame in part.frame.groupby("device_id", observed=True):
        times = local(pd.DatetimeIndex(frame["timestamp"]), settings.timezone)
        minutes = frame["minutes"] if "minutes" in frame else frame["duration_minutes"]
        rows.append(
            [
                str(name),
                roles[str(name)].replace("_", " "),
                f"{float(np.median(minutes)):g} min",
                f"{times.min():%Y-%m-%d %H:%M} to {times.max():%Y-%m-%d %H:%M}",
                f"{frame[KWH[part.kind]].sum():,.3f} kWh",
            ]
        )
    more = [f"  and {len(rows) - _SERIES} more"] if len(rows) > _SERIES else []
    return _columns(rows[:_SERIES]) + more


def _first(part: Part, settings: Settings) -> list[str]:
    known = part.frame[part.frame[KWH[part.kind]].notna()] if part.kind in KWH else part.frame
    frame = known.sort_values(["timestamp", "row"], kind="stable").head(_FIRST)
    times = local(pd.DatetimeIndex(frame["timestamp"]), settings.timezone)
    names = [name for name in ("device_id", KWH.get(part.kind, ""), "quality") if name in frame]
    names += [name for name in ("outdoor_temp_celsius", "price_per_kwh", "carbon_g_per_kwh") if name in frame]
    rows = [[f"row {row}", f"{at:%Y-%m-%d %H:%M:%S}"] for row, at in zip(frame["row"], times, strict=True)]
    for name in names:
        for row, value in zip(rows, frame[name], strict=True):
            row.append(_cell(name, value))
    return _columns(rows)


def _cell(name: str, value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if value != value:
        return "not known"
    return f"{value:.4f} kWh" if name in KWH.values() else f"{value:g}"


def _rejected(part: Part) -> list[str]:
    alike = part.rejected.groupby(["column", "reason"], sort=False).agg(
        rows=("row", "size"), first=("row", "first"), value=("value", "first")
    )
    lines = []
    for (column, reason), row in list(alike.iterrows())[:_REJECTED]:
        where = f", {column}" if column else ""
        lines.append(
            _wrapped(f"{row['rows']} rows (first: row {row['first']}{where}, {row['value']!r}): {reason}", "- ")
        )
    more = len(alike) - _REJECTED
    return [*lines, f"  and {more} more reasons"] if more > 0 else lines


def _how_to_change(path: Path, part: Part) -> list[str]:
    """Return the lines for home.yaml that would change how the file is read."""
    if part.kind != "readings":
        return []
    return [
        f"To change it, write into {SETTINGS} beside the file (every key may be left out):",
        "  files:",
        f"    {path.name}: {{timezone: Europe/Madrid, date_order: dmy, label: end, unit: Wh, measures: counter}}",
    ]


def _columns(rows: list[list[str]]) -> list[str]:
    """Return rows of cells with their columns in line."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def _wrapped(text: str, mark: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=f"  {mark}", subsequent_indent="    ", break_on_hyphens=False)
