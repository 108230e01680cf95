"""What would be read of a file, from which columns, and why: `influx inspect FILE`, before anything is done with it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import jinja2
import pandas as pd

from influx.core.errors import InputError
from influx.core.home_yaml import read_settings
from influx.core.local_time import local
from influx.core.settings import Settings
from influx.home import home_assistant_energy
from influx.home.meter_roles import role_of
from influx.home.source_files import SETTINGS
from influx.importers import Part, find
from influx.importers.reading import archive
from influx.importers.reading.part import KWH

WIDTH = 96
_FIRST_ROWS, _REASONS, _SERIES = 5, 3, 20
_VALUES = ("device_id", *KWH.values(), "quality", "outdoor_temp_celsius", "price_per_kwh", "carbon_g_per_kwh")


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
        return _of_packed(path, settings)
    parts = []
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.name != SETTINGS and not file.name.startswith("."):
            try:
                parts.append(_of_packed(file, settings))
            except InputError as error:
                parts.append(_wrapped(str(error), ""))
    return "\n\n".join(parts) if parts else f"{folder.name}: there is no file in this folder."


def _of_packed(path: Path, settings: Settings) -> str:
    with archive.unpacked(path) as file:
        return _of_file(file, settings)


def _of_file(path: Path, settings: Settings) -> str:
    template = jinja2.Environment(
        loader=jinja2.PackageLoader("influx.home"), trim_blocks=True, undefined=jinja2.StrictUndefined
    ).get_template("inspect.j2")
    if home_assistant_energy.is_page(path):
        return template.render(file=path.name, part=None, roles=home_assistant_energy.read(path).roles)
    source = find(path, settings)
    if source is None:
        raise InputError(
            f"{path.name}: of no known format. A table needs a column of times, and one of energy or power that says "
            "so by its name or unit; name them under files in home.yaml."
        )
    part = source.read(path, settings)
    reasons = [*part.why, *(note.removeprefix(f"{path.name}: ") for note in part.notes)]
    faults = part.rejected.groupby(["column", "reason"], sort=False, as_index=False).agg(
        rows=("row", "size"), first=("row", "first"), value=("value", "first")
    )
    text = template.render(
        file=path.name,
        part=part,
        source=source,
        used=int((part.frame["row"] > 0).sum()),
        has_energy=part.kind in KWH,
        kwh_rejected=float(part.rejected["kwh"].sum()),
        series=_series(part, settings) if part.kind in KWH else [],
        zone=settings.timezone,
        first_rows=_first_rows(part, settings),
        reasons=[_wrapped(reason, "- ") for reason in reasons],
        faults=[
            _wrapped(
                f"{fault.rows} rows (first: row {fault.first}{fault.column and ', '}{fault.column}, "
                f"{fault.value!r}): {fault.reason}",
                "- ",
            )
            for fault in faults.head(_REASONS).itertuples()
        ],
        more_faults=len(faults) - _REASONS,
    )
    return "\n".join(line.rstrip() for line in text.splitlines())


def _series(part: Part, settings: Settings) -> list[str]:
    """Return a line a series: what it measures, its step, its span and its energy."""
    minutes = "minutes" if "minutes" in part.frame else "duration_minutes"
    series = part.frame.groupby("device_id", observed=True).agg(
        minutes=(minutes, "median"), first=("timestamp", "min"), last=("timestamp", "max"), kwh=(KWH[part.kind], "sum")
    )
    first, last = (local(pd.DatetimeIndex(series[end]), settings.timezone) for end in ("first", "last"))
    table = pd.DataFrame(
        {
            "name": series.index.astype("str"),
            "role": [role_of(str(name), settings, part.roles).replace("_", " ") for name in series.index],
            "step": [f"{step:g} min" for step in series["minutes"]],
            "span": first.strftime("%Y-%m-%d %H:%M to ") + last.strftime("%Y-%m-%d %H:%M"),
            "kwh": [f"{kwh:,.3f} kWh" for kwh in series["kwh"]],
        }
    )
    more = [f"  and {len(table) - _SERIES} more"] if len(table) > _SERIES else []
    return _lines(table.head(_SERIES)) + more


def _first_rows(part: Part, settings: Settings) -> list[str]:
    known = part.frame[part.frame[KWH[part.kind]].notna()] if part.kind in KWH else part.frame
    frame = known.sort_values(["timestamp", "row"], kind="stable").head(_FIRST_ROWS)
    times = local(pd.DatetimeIndex(frame["timestamp"]), settings.timezone)
    columns = {name: [_cell(name, value) for value in frame[name]] for name in _VALUES if name in frame}
    rows = [f"row {row}" for row in frame["row"]]
    return _lines(pd.DataFrame({"row": rows, "time": times.strftime("%Y-%m-%d %H:%M:%S"), **columns}))


def _cell(name: str, value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if value != value:
        return "not known"
    return f"{value:.4f} kWh" if name in KWH.values() else f"{value:g}"


def _lines(table: pd.DataFrame) -> list[str]:
    """Return the rows of a table of texts, each column as wide as its longest text."""
    padded = table.apply(lambda column: column.str.ljust(int(column.str.len().max())))
    return ["  " + "  ".join(row) for row in padded.itertuples(index=False)]


def _wrapped(text: str, mark: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=f"  {mark}", subsequent_indent="    ", break_on_hyphens=False)
