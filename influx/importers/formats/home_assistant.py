"""Home Assistant: its recorder's database, the downloads of its Energy and History pages, and exported statistics.

Schemas: the tables of the recorder, the documentation and code of the two pages, and files in the layout of the
integration that exports statistics.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from influx.core.constants import HOUR_US
from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.formats.databases import opened
from influx.importers.reading import cells, encoding, intervals, price_units, table, tabular, times, units
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import ASIDE, Table
from influx.importers.reading.times import Order
from influx.importers.reading.units import Measure


def _short_names(entities: list[str]) -> dict[str, str]:
    """Return names without the domain, as in tv_energy for sensor.tv_energy, unless two would be alike."""
    short = {name: name.removeprefix("sensor.") for name in entities}
    often = Counter(short.values())
    return {name: plain if often[plain] == 1 else name for name, plain in short.items()}


def _kinds(unit: pd.Series) -> pd.Series:
    """Return whether units are of energy or of power, "" where of neither."""
    return unit.map(lambda text: (units.factor(text) or ("",))[0])


def _settle(raw: Table, column: str, layout: Layout, settings: Settings, rank: np.ndarray | None = None) -> None:
    """Turn a column of times into `timestamp`."""
    micros, reasons = times.parse(raw.rows[column], layout.order)
    zone = tabular.zone_of(layout, settings)
    cells.settle(raw, "timestamp", micros, reasons, zone, "device_id", raw.rows[column], rank)


# --- the database -----------------------------------------------------------------------------------------------------

_SECONDS = {"statistics": 3600, "statistics_short_term": 300}
"""Tables of statistics, and how long a row of each lasts [s]."""

_META = ("id", "statistic_id", "unit_of_measurement", "has_sum")


def is_database(path: Path) -> bool:
    """Tell whether the file is an SQLite database."""
    try:
        return encoding.kind(path) == "database"
    except OSError:
        return False


def read_database(path: Path, settings: Settings) -> Part:
    """Read the energy of all statistics that have a sum; where none has, the mean power of those in W or kW.

    `sum` is the state of a register at the end of the hour that begins at `start_ts` (`start` as text in older
    databases). Statistics of five minutes follow for the time after the last hour.
    """
    with opened(path, "Home Assistant") as base:
        found, notes = _statistics(base, path)
        counts = bool(found["sums"].all())
        rows = _rows(base, ",".join(map(str, found.index)), "sum" if counts else "mean")
    if rows.empty:
        raise InputError(
            f"{path.name}: the statistics of this database are empty. Wait for an hour, and copy it again."
        )
    if found["name"].duplicated().any():
        found, rows = _each_once(found, rows, path.name)
    short = _short_names(list(found["name"]))
    mappings = {
        name: SeriesMapping(short[name], unit, "counter" if counts else "power")
        for name, unit in zip(found["name"], found["unit"], strict=True)
    }
    for name, column in settings.file(path.name).columns.items():
        if name in mappings:
            mappings[name] = replace(mappings[name], device_id=column.device or short[name], role=column.role)
    micros = (rows["start"].fillna(0).clip(0, 1e11) * 1e6).round().astype("int64").to_numpy()
    frame = pd.DataFrame(
        {
            "device_id": pd.Categorical.from_codes(found.index.get_indexer(rows["number"]), list(found["name"])),
            "start_ts": pd.DatetimeIndex(micros.view("datetime64[us]")).tz_localize("UTC"),
            "value": rows["value"].to_numpy(float),
        },
        index=rows["row"].astype("int64").to_numpy(),
    )
    raw = Table(path.name, frame, rows_read=len(frame), notes=notes)
    cells.times(raw, "start_ts", "UTC", into="timestamp")
    raw.reject((raw.rows["value"].abs() > cells.LARGEST).to_numpy(bool), "sum", "infinite", raw.rows["value"])
    return intervals.to_intervals(raw, mappings, "Home Assistant, database", settings, column="sum")


def _name(name: object, number: int) -> str:
    return f"statistic {number} without a name" if str(name).strip().lower() in cells.NAMELESS else str(name)


def _each_once(found: pd.DataFrame, rows: pd.DataFrame, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return statistics and their rows where one that has two entries stands once; entries that differ are refused."""
    first = found.reset_index().groupby("name", sort=False)["number"].first()
    number = rows["number"].map(found["name"]).map(first)
    rows = rows.assign(entry=rows["number"], number=number)
    alike = rows.duplicated(["number", "start", "value"])
    joined = rows["number"].isin(rows.loc[alike, "number"])  # they agree where both have a value
    rows = rows[~alike]
    entries = rows["number"].map(rows.groupby("number")["entry"].nunique())
    again = rows.duplicated(["number", "start"]) | ((entries > 1) & ~joined[~alike])
    if again.any():
        name = found.at[rows.loc[again, "number"].iloc[0], "name"]
        raise InputError(
            f"{file}: {name} has two entries in this database, and they differ. Mend it in Home Assistant under "
            "developer tools, statistics, and copy the database again."
        )
    return found.loc[first], rows.drop(columns="entry").reset_index(drop=True)


def _columns(base: sqlite3.Connection, name: str) -> set[str]:
    return {str(row[1]) for row in base.execute(f"PRAGMA table_info({name})")}


def _statistics(base: sqlite3.Connection, path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the statistics that are read, by their numbers, and notes on the others."""
    lacking = set(_META) - _columns(base, "statistics_meta")
    if lacking:
        raise InputError(
            f"{path.name}: a database, but none of Home Assistant: its table statistics_meta has no "
            f"{', '.join(sorted(lacking))}. Move the file out of the home's folder."
        )
    rows = base.execute(f"SELECT {', '.join(_META)} FROM statistics_meta ORDER BY id")
    found = pd.DataFrame(
        [(int(number), _name(name, int(number)), str(unit or ""), bool(sums)) for number, name, unit, sums in rows],
        columns=["number", "name", "unit", "sums"],
    ).set_index("number")
    kind = _kinds(found["unit"])
    energy, power = found[found["sums"] & (kind == "energy")], found[~found["sums"] & (kind == "power")]
    if energy.empty and power.empty:
        raise InputError(
            f"{path.name}: none of the {len(found)} statistics of this database counts energy (a sum in kWh). "
            "Add the meters to the Energy page of Home Assistant first."
        )
    notes = []
    if len(energy) and len(power):
        shown = ", ".join(power["name"][:5]) + (" ..." if len(power) > 5 else "")
        notes.append(f"{path.name}: power is not read where energy is counted ({shown}).")
    if other := len(found) - len(energy) - len(power):
        notes.append(f"{path.name}: {other} statistics of something else than energy are not read.")
    return energy if len(energy) else power, notes


def _rows(base: sqlite3.Connection, numbers: str, value: str) -> pd.DataFrame:
    """Return the rows of some statistics, those of five minutes only after the last hour of theirs."""
    names = ["number", "row", "start", "value"]
    parts, last = [], pd.Series(dtype=float)
    for name, seconds in _SECONDS.items():
        columns = _columns(base, name)
        if not {"metadata_id", value} <= columns or not columns & {"start", "start_ts"}:
            continue
        text = "CAST(strftime('%s', start) AS REAL)" if "start" in columns else "NULL"
        start = f"COALESCE(start_ts, {text})" if "start_ts" in columns else text
        states = base.execute(
            f"SELECT metadata_id, rowid, {start}, CASE WHEN typeof({value}) IN ('real', 'integer') THEN {value} END "
            f"FROM {name} WHERE metadata_id IN ({numbers})"
        ).fetchall()
        rows = pd.DataFrame(np.array(states, dtype=float).reshape(-1, 4), columns=names)
        rows = rows[~(rows["start"] < rows["number"].map(last))]
        last = rows.groupby("number")["start"].max() + seconds
        parts.append(rows.assign(start=rows["start"] + (seconds if value == "sum" else 0)))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names, dtype=float)


# --- energy.csv, the download of the Energy page ----------------------------------------------------------------------

_KEYS = ("entity_id", "type", "unit")
_ROLES: dict[str, Role | None] = {
    "device_consumption": None,
    "grid_consumption": "grid_import",
    "grid_return": "grid_export",
    "solar_production": "solar",
    "battery_in": "battery_in",
    "battery_out": "battery_out",
}


def is_energy(path: Path) -> bool:
    """Tell whether the header begins with entity_id, type and unit."""
    return tuple(table.header(path) or ())[:3] == _KEYS


def read_energy(path: Path, settings: Settings) -> Part:
    """Read a row an entity and a column an hour; costs, gas and what Home Assistant calculated are set aside."""
    raw = table.read(path)
    hours = [name for name in raw.rows if name not in _KEYS]
    _refuse_days(hours, path.name)
    raw.rows = raw.rows.astype("str").assign(**{name: raw.rows[name].astype("str").str.strip() for name in _KEYS})
    kind = raw.rows["type"]
    energy = kind.isin(list(_ROLES)) & (raw.rows["entity_id"] != "") & (_kinds(raw.rows["unit"]) == "energy")
    raw.reject(~energy.to_numpy(bool), "type", (f"{ASIDE} of an entity: " + kind).to_numpy(object))
    if raw.rows.empty:
        raise InputError(f"{path.name}: no row of this file is the energy of an entity. Download it again.")
    short = _short_names(sorted(set(raw.rows["entity_id"])))
    series = raw.rows["entity_id"] + " " + raw.rows["type"]
    mappings = {
        key: SeriesMapping(short[entity], unit, role=_ROLES[what])
        for key, (entity, what, unit) in zip(series, raw.rows[[*_KEYS]].itertuples(index=False), strict=True)
    }
    layout = overridden(Layout("Home Assistant, Energy page", "time", mappings), settings.file(path.name))
    long = raw.rows[hours].assign(device_id=series).melt("device_id", hours, "time", "cell", ignore_index=False)
    values, bad = cells.numbers(long["cell"], raw.comma if layout.comma is None else layout.comma)
    long = long.astype("str").assign(value=values, bad=bad | np.isinf(values)).sort_index(kind="stable")
    raw = Table(raw.file, long, raw.comma, raw.rejected, raw.notes, len(long) + sum(map(len, raw.rejected)))
    raw.reject(long["bad"].to_numpy(), long["time"].to_numpy(object), "not a number", long["cell"])
    _settle(raw, "time", layout, settings)
    raw.rows = raw.rows[["device_id", "timestamp", "value"]]
    return intervals.to_intervals(
        raw, {**mappings, **layout.mappings}, layout.format, settings, layout.time_marks, layout.gaps
    )


def _refuse_days(columns: list[str], file: str) -> None:
    micros, reasons = times.parse(pd.Series(columns, dtype="str"))
    bad = np.flatnonzero((reasons != "") & (reasons != "naive"))
    if len(bad) or not columns:
        why = f"the column {columns[bad[0]]!r}: {reasons[bad[0]]}" if columns else "there is no column of a time"
        raise InputError(f"{file}: {why}. Download it again.")
    if len(micros) > 1 and np.median(np.diff(np.sort(micros))) > HOUR_US:
        raise InputError(
            f"{file}: its columns are days or longer, too coarse to tell one hour from another. On the Energy page "
            "choose a single day, and download each, or hand over the database home-assistant_v2.db."
        )


# --- history.csv, the download of the History page --------------------------------------------------------------------

_ENERGY = re.compile(
    r"(?:^|_)(?:energy|kwh|wh|consumption|import(?:ed)?|export(?:ed)?|yield|production|"
    r"feed_(?:in|out)_tarif+_?\d)(?:_|$)"
)
_POWER = re.compile(r"(?:^|_)(?:power|watts?|load)(?:_|$)")


def is_history(path: Path) -> bool:
    """Tell whether the header is that of a history."""
    return {"entity_id", "state", "last_changed"} <= set(table.header(path) or ())


def read_history(path: Path, settings: Settings) -> Part:
    """Read registers of energy in kWh and sensors of power in W, told apart by their names or home.yaml.

    A row is a change, so that silence is no outage; `unavailable` and `unknown` are. Rows end with their last value
    where other entities have columns of their own.
    """
    raw = table.concat(table.blocks(path, short=True))
    layout = Layout("Home Assistant, history", "last_changed", _sensors(raw, settings), "entity_id", "state")
    layout = overridden(replace(layout, gaps="unchanged", only_mapped=True), settings.file(path.name))
    _to_ends(raw, [name for name, mapping in layout.mappings.items() if mapping.measures == "counter"])
    return tabular.of([raw], layout, settings)


def _sensors(raw: Table, settings: Settings) -> dict[str, SeriesMapping]:
    """Return what each entity with numbers measures."""
    file = settings.file(raw.file)
    values, _ = cells.numbers(raw.rows["state"], raw.comma if file.decimal is None else file.decimal == ",")
    states = pd.Series(values, raw.rows["entity_id"].astype("str").to_numpy(object))
    short = _short_names(sorted(set(states.index)))
    mappings: dict[str, SeriesMapping] = {}
    for name, known in states[np.isfinite(states)].groupby(level=0, sort=False):
        column = file.columns.get(name)
        if column is not None and column.role == "ignore":
            continue
        if column is None and price_units.is_price(name):
            raw.notes.append(f"{raw.file}: {short[name]} is a price and is not read beside energy.")
            continue
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower())
        told = column is not None or file.unit is not None
        measures: Measure = "power" if _POWER.search(plain) and not told else "counter"
        if measures == "counter" and not told and not _ENERGY.search(plain):
            guess = "kWh, measures: counter" if known.is_monotonic_increasing else "W, measures: power"
            raise InputError(
                f"{raw.file}: the file does not say what {name} measures (values from {known.min():g} to "
                f"{known.max():g}). Say it in home.yaml, such as  "
                f"files: {{{raw.file}: {{columns: {{{name}: {{unit: {guess}}}}}}}}}"
            )
        mappings[name] = SeriesMapping(short[name], "W" if measures == "power" else "kWh", measures)
    if not mappings:
        raise InputError(f"{raw.file}: no entity of this history has numbers. Choose sensors of energy or power.")
    return mappings


def _to_ends(raw: Table, registers: list[str]) -> None:
    """Move what registers showed by the hourly statistics, which are stamped with its start, to the end of the hour.

    These rows stand at whole hours, most of them an hour apart, before any other row of their register.
    """
    micros, reasons = times.parse(raw.rows["last_changed"])
    entities = raw.rows["entity_id"].astype("str").to_numpy(object)
    texts = raw.rows["last_changed"].astype("str").to_numpy(object)
    for name in registers:
        rows = np.flatnonzero((entities == name) & (reasons == ""))
        between = micros[rows][micros[rows] % HOUR_US != 0]
        hourly = rows[micros[rows] < between.min()] if len(between) else rows
        steps = np.diff(np.sort(micros[hourly]))
        if len(steps) and np.median(steps) == HOUR_US:
            ends = pd.DatetimeIndex((micros[hourly] + HOUR_US).view("datetime64[us]"))
            texts[hourly] = ends.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    raw.rows = raw.rows.assign(last_changed=pd.Series(texts, raw.rows.index, dtype="str"))


# --- statistics, exported by the integration of that name -------------------------------------------------------------


def is_statistics(path: Path) -> bool:
    """Tell whether the header has a statistic, its unit and start, and a sum or the energy of the hour."""
    names = set(table.header(path) or ())
    return names >= {"statistic_id", "unit", "start"} and bool(names & {"sum", "delta"})


def read_statistics(path: Path, settings: Settings) -> Part:
    """Read what the sums count, or, of a statistic without sums, the energy of its hours (`delta`).

    Times are local, mostly as 31.12.2025 14:00; a sum stands at the end of its hour. Rows with a mean are measurements
    of something, and set aside.
    """
    raw = table.concat(table.blocks(path, short=True))
    first = str(raw.rows["start"].iloc[0]) if len(raw.rows) else ""
    order: Order = "ymd" if first[:4].isdigit() or "/" in first else "dmy"  # with slashes home.yaml must tell it
    layout = overridden(Layout("", "start", order=order), settings.file(path.name))
    names, unit = (raw.rows[name].astype("str").str.strip() for name in ("statistic_id", "unit"))
    sums, bad_sums = _finite(raw, "sum", layout)
    deltas, bad_deltas = _finite(raw, "delta", layout)
    counts = (pd.Series(np.isfinite(sums)).groupby(names.to_numpy()).transform("sum") > 1).to_numpy(bool)
    other = (_kinds(unit) != "energy").to_numpy(bool) | (np.isnan(sums) & np.isnan(deltas) & ~bad_sums & ~bad_deltas)
    raw.rows = raw.rows[["start"]].assign(
        device_id=names, unit=unit, value=np.where(counts, sums, deltas), counts=counts
    )
    bad = np.where(counts, bad_sums, bad_deltas)[~other]
    raw.reject(other, "unit", (f"{ASIDE}: unit " + unit.where(unit != "", "unknown")).to_numpy(object), unit)
    raw.reject(bad, "sum", "not a number", raw.rows["value"])
    if raw.rows.empty:
        raise InputError(f"{path.name}: no statistic of this file counts energy in Wh, kWh or MWh.")
    scale = raw.rows["unit"].map(lambda text: (units.factor(text) or ("", np.nan))[1])
    raw.rows["value"] *= scale
    _settle(raw, "start", layout, settings, raw.rows["value"].where(raw.rows["counts"]).to_numpy(float))
    late = raw.rows["timestamp"] + pd.Timedelta(hours=1)
    raw.rows["timestamp"] = raw.rows["timestamp"].mask(raw.rows["counts"], late)
    counting = raw.rows.groupby("device_id", sort=False)["counts"].first()
    short = _short_names(list(counting.index))
    mappings = {
        name: SeriesMapping(short[name], measures="counter" if counts else "energy")
        for name, counts in counting.items()
    }
    raw.rows = raw.rows[["device_id", "timestamp", "value"]]
    return intervals.to_intervals(raw, mappings, "Home Assistant, statistics", settings, column="sum")


def _finite(raw: Table, column: str, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Return the finite numbers of a column that may lack, NaN where there is none, and where something else stands."""
    texts = raw.rows[column] if column in raw.rows else pd.Series("", raw.rows.index)
    values, bad = cells.numbers(texts, bool(layout.comma) or raw.comma)
    bad = bad | np.isinf(values)
    return np.where(bad, np.nan, values), bad
