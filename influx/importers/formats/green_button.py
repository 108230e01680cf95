"""Green Button: the XML of utilities (ESPI, NAESB REQ.21), and the CSV of some American utilities.

An Atom feed holds usage points, meter readings, reading types and blocks of intervals, linked to each other. Some
utilities leave the links out where there is one of each. What a reading means its type says: unit, power of ten, energy
of the interval or state of a register, delivered to the home or received from it. Times are seconds since 1970 in UTC.
From a real XML file, and public samples of the CSV by hours and by days.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading import encoding, intervals, table, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import ASIDE, Table
from influx.importers.reading.units import Measure

# --- the XML, taken in element by element -----------------------------------------------------------------------------

_NAMESPACE = "http://naesb.org/espi"
_DEEP = 100


@dataclass
class _Entry:
    """The links of an Atom entry."""

    here: str = ""
    up: str = ""
    related: set[str] = field(default_factory=set)


@dataclass
class _Block:
    """The intervals of a block as written: (start [s], length [s], value, quality), empty where not given."""

    entry: _Entry
    meter: _Entry | None
    first: str = ""
    readings: list[tuple[str, str, str, str]] = field(default_factory=list)


@dataclass
class _Feed:
    points: list[tuple[_Entry, str]] = field(default_factory=list)
    meters: list[_Entry] = field(default_factory=list)
    types: list[tuple[_Entry, dict[str, str]]] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)


def _feed(path: Path) -> _Feed:
    """Take in a file. One that defines entities or a document type is refused, as it could fill the memory."""
    try:
        return _taken_in(_elements(path))
    except DefusedXmlException as error:
        raise InputError(
            f"{path.name}: this XML defines entities or a document type, as none of a utility does. It is not read."
        ) from error
    except (ElementTree.ParseError, UnicodeError, ValueError, LookupError) as error:
        raise InputError(f"{path.name}: not readable as XML: {error}. Download it again.") from error


def _elements(path: Path) -> Iterator[tuple[str, str, ElementTree.Element]]:
    """Yield the events of a file: "start" or "end", the element's name without its namespace, and itself."""
    depth = 0
    with path.open("rb") as file:
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > _DEEP:
                raise ValueError(f"elements are nested more than {_DEEP} deep")
            yield event, _name(element), element


def _taken_in(events: Iterator[tuple[str, str, ElementTree.Element]]) -> _Feed:
    feed = _Feed()
    outer = _Entry()
    entry, meter, block = outer, None, None
    for event, name, element in events:
        if event == "start":
            if name == "entry":
                entry = _Entry()
            elif name == "MeterReading":
                meter = entry if entry is not outer else _Entry(here=f"#{len(feed.meters)}")
                feed.meters.append(meter)
            elif name == "IntervalBlock":
                block = _Block(entry, meter if entry is outer else None)
                feed.blocks.append(block)
        elif name == "link":
            _add_link(entry, element.get("rel"), _without_host(element.get("href", "")))
        elif name == "IntervalReading" and block is not None:
            places = (("timePeriod", "start"), ("timePeriod", "duration"), ("value",), ("ReadingQuality", "quality"))
            start, duration, value, quality = (_text(element, *place) for place in places)
            block.readings.append((start, duration, value, quality))
            element.clear()
        elif name == "interval" and block is not None:
            block.first = _text(element, "start")
        elif name == "ReadingType":
            feed.types.append((entry, {_name(child): (child.text or "").strip() for child in element}))
        elif name == "UsagePoint":
            feed.points.append((entry, _text(element, "ServiceCategory", "kind")))
        elif name in ("entry", "IntervalBlock"):
            element.clear()
            entry, block = (outer if name == "entry" else entry), None
    return feed


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: ElementTree.Element, *path: str) -> str:
    """Return the text of an element below another one, by names without namespaces; empty where there is none."""
    for name in path:
        below = next((child for child in element if _name(child) == name), None)
        if below is None:
            return ""
        element = below
    return (element.text or "").strip()


def _add_link(entry: _Entry, rel: str | None, href: str) -> None:
    if rel == "self":
        entry.here = href
    elif rel == "up":
        entry.up = href
    elif rel == "related":
        entry.related.add(href)


def _without_host(href: str) -> str:
    """Return a link without its host, so that absolute and relative ones are alike."""
    with suppress(ValueError):
        href = urlsplit(href).path
    return href.strip("/").rpartition("resource/")[2]


# --- what it means ----------------------------------------------------------------------------------------------------

_ELECTRICITY = "0"
_UNITS = {"72": "Wh", "38": "W"}
_FORWARD: dict[str, Role] = {"1": "grid_import", "19": "grid_export", "4": "grid_import", "0": "grid_import"}
_ESTIMATED = {"7", "8", "9", "10", "12", "13"}
"""Qualities of a reading that was not measured: edited by hand, estimated, questionable, projected or mixed."""

_REGISTERS = {"1", "2", "3", "9"}
"""Accumulations that are states of a register: bulk quantity, continuously cumulative, cumulative, summation."""

_MOST_POWER = 12
_LONGEST = 40 * 86_400.0  # seconds
_YEARS = (946_684_800.0, 4_102_444_800.0)


@dataclass(frozen=True)
class _Meaning:
    """What the values of a block are: series, power of ten, length [s], place and meter, or why they are none."""

    mapping: SeriesMapping
    scale: float
    length: float
    place: str
    meter: str
    why: str


def is_xml(path: Path) -> bool:
    """Tell whether the head of the file is XML that names the ESPI namespace or an Atom feed with its resources."""
    try:
        head = encoding.head(path)
    except (InputError, OSError, UnicodeError):
        return False
    return head.lstrip("\ufeff \n\t")[:1] == "<" and (
        _NAMESPACE in head or re.search(r"<(?:\w+:)?(?:UsagePoint|IntervalBlock|MeterReading)\b", head) is not None
    )


def read_xml(path: Path, settings: Settings) -> Part:
    """Read the intervals of electricity, numbered in the order of the file.

    Raises
    ------
    InputError
        The file is no XML, defines entities, holds no electricity, or more than half of it cannot be used.
    """
    feed = _feed(path)
    meanings = _named([_meaning(block, feed) for block in feed.blocks])
    frames = [_numbers(block, meaning) for block, meaning in zip(feed.blocks, meanings, strict=True)]
    if not sum(map(len, frames)):
        raise InputError(f"{path.name}: there is no reading of an interval in this file. Download it again.")
    rows = pd.concat(frames, ignore_index=True)
    rows.index += 1
    raw = Table(path.name, rows, rows_read=len(rows))
    why = raw.rows.pop("why").to_numpy(object)
    raw.reject(why != "", "value", why, raw.rows.pop("text"))
    raw.rows["quality"] = pd.Categorical(raw.rows["quality"])
    mappings = {meaning.mapping.device_id: meaning.mapping for meaning in meanings}
    return intervals.to_intervals(raw, mappings, "Green Button", settings, column="value")


def _meaning(block: _Block, feed: _Feed) -> _Meaning:
    """Return what the values of a block are, by the meter, the type and the usage point that it is linked to."""
    meter = block.meter or _owner(block.entry, feed.meters)
    linked = [what for entry, what in feed.types if meter is not None and entry.here in meter.related]
    kind = linked[0] if linked else feed.types[0][1] if len(feed.types) == 1 else None
    points = [point for point, _ in feed.points]
    point = _owner(meter or block.entry, points)
    service = next((what for entry, what in feed.points if entry is point), "") or _ELECTRICITY
    place = "" if point is None or len(points) < 2 else point.here.rpartition("/")[2]
    name = "" if meter is None else meter.here.rpartition("/")[2].strip("#")
    if kind is None:
        why = "no reading type says what the value means"
        return _Meaning(SeriesMapping("grid_import"), 1.0, np.nan, place, name, why)
    unit = _UNITS.get(kind.get("uom", ""))
    role = _FORWARD.get(kind.get("flowDirection", "1") or "1")
    why = ""
    if service != _ELECTRICITY or unit is None or role is None:
        why = f"{ASIDE}: service {service}, unit {kind.get('uom', '')}, direction {kind.get('flowDirection', '')}"
    measures: Measure = "power" if unit == "W" else "energy"
    if unit == "Wh" and kind.get("accumulationBehaviour") in _REGISTERS:
        measures = "counter"
    mapping = SeriesMapping(role or "grid_import", unit or "Wh", measures, role)
    power = _number(kind.get("powerOfTenMultiplier", "") or "0")
    scale = 10.0**power if abs(power) <= _MOST_POWER else np.nan
    return _Meaning(mapping, scale, _number(kind.get("intervalLength", "")), place, name, why)


def _number(text: str) -> float:
    try:
        return float(text) if text else np.nan
    except ValueError:
        return np.nan


def _owner(entry: _Entry, others: list[_Entry]) -> _Entry | None:
    """Return the resource that an entry belongs to: the one it is linked to, else the only one there is."""
    linked = [other for other in others if entry.up and (entry.up in other.related or entry.here in other.related)]
    above = [other for other in others if other.here and f"{entry.here}/".startswith(f"{other.here}/")]
    found = linked or sorted(above, key=lambda other: -len(other.here))
    return found[0] if found else others[0] if len(others) == 1 else None


def _named(meanings: list[_Meaning]) -> list[_Meaning]:
    """Return meanings under the names of their series; what a finer meter measures too is set aside."""
    groups: dict[tuple[str, str], dict[str, float]] = {}
    for meaning in meanings:
        if not meaning.why:
            group = groups.setdefault((meaning.place, meaning.mapping.device_id), {})
            group[meaning.meter] = min(meaning.length, group.get(meaning.meter, np.inf))
    out = []
    for meaning in meanings:
        series = meaning.mapping.device_id
        lengths = [*groups.get((meaning.place, series), {}).values()]
        finest = np.nanmin([*lengths, np.inf])
        several = lengths.count(finest) > 1
        name = "_".join(filter(None, [series, meaning.place, meaning.meter if several else ""]))
        why = meaning.why or ("a finer meter reading of the file counts" if meaning.length > finest else "")
        out.append(replace(meaning, mapping=replace(meaning.mapping, device_id=name), why=why))
    return out


def _numbers(block: _Block, meaning: _Meaning) -> pd.DataFrame:
    """Return the intervals of a block as rows: time, length, value, quality, and why one cannot be used."""
    texts = pd.DataFrame(block.readings, columns=["start", "duration", "value", "quality"], dtype="str")
    start, duration, value = (
        pd.to_numeric(texts[name], errors="coerce").to_numpy(float) for name in ("start", "duration", "value")
    )
    counter = meaning.mapping.measures == "counter"
    duration = np.where(np.isfinite(duration) & (duration > 0), duration, meaning.length)
    begin = np.where(np.isfinite(start), start, _number(block.first) + np.arange(len(texts)) * meaning.length)
    begin = begin + duration if counter else begin
    sane = (begin > _YEARS[0]) & (begin < _YEARS[1])
    long = np.isfinite(duration) & (duration < _LONGEST)
    reasons = np.select(
        [np.full(len(texts), bool(meaning.why)), ~sane, ~long & (not counter), ~np.isfinite(value)],
        [
            meaning.why,
            "its start is not a time between the years 2000 and 2099",
            "its length is not known",
            "not a number",
        ],
        "",
    ).astype(object)
    stamps = (np.where(sane, begin, 0) * 1e6).round().astype("int64").view("datetime64[us]")
    return pd.DataFrame(
        {
            "device_id": meaning.mapping.device_id,
            "timestamp": pd.DatetimeIndex(stamps).tz_localize("UTC"),
            "minutes": np.where(long, duration, 3600.0) / 60,
            "value": value * meaning.scale,
            "quality": np.where(texts["quality"].isin(_ESTIMATED), "estimated", "measured"),
            "why": reasons,
            "text": texts["value"].to_numpy(object),
        }
    )


# --- the CSV: a block a meter, and rows such as "2025-10-19 00:00 to 2025-10-19 01:00" and their kWh ------------------

_BEGIN = re.compile(r'\s*"?Meter Reading Information\b')
_TIME = r"(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)"
_ROW = re.compile(rf'\s*"?{_TIME}\s+to\s+{_TIME}"?\s*,\s*"?([^",]*)')
_KIND = re.compile(r'\s*"?Type of readings:(.*)')
_HEADER = re.compile(r'\s*"?Energy (\w+) time period')
_FED_IN = ("received", "generation", "generated", "production")
_ROUNDED = 0.0051
_LOOKED_AT = 100


def is_text(path: Path) -> bool:
    """Tell whether a block of readings begins in the first lines, and says of which type they are."""
    lines = encoding.first_lines(path, _LOOKED_AT)
    return any(map(_BEGIN.match, lines)) and any(map(_KIND.match, lines))


def read_text(path: Path, settings: Settings) -> Part:
    """Read the meters that are no sum of others; what was fed in is below zero, or has a header of its own.

    Raises
    ------
    InputError
        No block is of electricity in kWh; or there are several meters, and it is not told which are parts of which.
    """
    raw = _rows(path)
    values = pd.to_numeric(raw.rows["value"], errors="coerce")
    wide = raw.rows.assign(kwh=values).pivot_table(index="start", columns="meter", values="kwh", aggfunc="sum")
    meters = _without_sum(path.name, wide, raw)
    raw.rows = raw.rows[raw.rows["meter"].isin(meters)].copy()
    raw.rows_read = len(raw.rows) + sum(map(len, raw.rejected))
    mappings = {}
    for name in meters:
        kwh = wide[name].dropna()
        fed_in = name.endswith(_FED_IN) or bool(len(meters) > 1 and (kwh <= 0).all() and (kwh < 0).any())
        if len(meters) > 1 and not fed_in and (kwh < 0).any():
            raise InputError(
                f"{path.name}: it has {len(meters)} meters of which one flows both ways, so that energy may stand in "
                "it twice. Export the net meter alone, or the two directions."
            )
        if fed_in:
            rows = raw.rows["meter"] == name
            raw.rows.loc[rows, "value"] = raw.rows.loc[rows, "value"].str.removeprefix("-")
        number = f" {name.split(' ')[0]}" if len(meters) > 2 else ""
        role: Role = "grid_export" if fed_in else "grid_import"
        mappings[name] = SeriesMapping(role.replace("_", " ") + number, role=role)
    layout = Layout("Green Button, text", "start", mappings, device="meter", value="value", end="end")
    return tabular.of([raw], overridden(layout, settings.file(path.name)), settings)


def _rows(path: Path) -> Table:
    """Return the rows of all blocks of electricity, by the line in which they stand."""
    found: list[tuple[int, str, str, str, str]] = []
    lost: list[tuple[int, str]] = []
    meter, other, kwh, way = 0, False, False, ""
    for number, line in enumerate("".join(encoding.blocks(path)).split("\n"), start=1):
        row = _ROW.match(line)
        if _BEGIN.match(line):
            meter, other, kwh, way = meter + 1, False, False, ""
        elif (kind := _KIND.match(line)) is not None:
            kwh = "kilowatt-hours" in kind[1].lower()
            other = "electric" not in kind[1].lower() or ("," in kind[1] and not kwh)
        elif (head := _HEADER.match(line)) is not None:
            way, kwh = head[1].lower(), kwh or "kilowatt-hours" in line.lower()
        elif row is not None and not other and not (meter and kwh):
            raise InputError(f"{path.name}, line {number}: no header above it says of what it is. Download it again.")
        elif row is not None and not other:
            found.append((number, row[1], row[2], row[3].strip(), f"{meter} {way}".strip()))
        elif re.match(r'\s*"?\d{4}-', line) and not other:
            lost.append((number, line.strip()[:80]))
    if not found:
        raise InputError(f"{path.name}: no block of it holds electricity in kilowatt-hours. Export it again.")
    rows = pd.DataFrame(found, columns=["line", "start", "end", "value", "meter"]).set_index("line").astype("str")
    bad = table.rejected(path.name, [n for n, _ in lost], "", [text for _, text in lost], "no interval and its energy")
    return Table(path.name, rows.rename_axis(None), rejected=[bad], rows_read=len(rows) + len(bad))


def _without_sum(file: str, wide: pd.DataFrame, raw: Table) -> list[str]:
    """Return the meters without the one that is the sum of the others, which is the meter that is billed."""
    names = [str(name) for name in wide]
    if len(names) < 3:
        return names
    for name in names:
        others = wide.drop(columns=name).sum(axis=1, min_count=1)
        if (np.abs(wide[name] - others) <= _ROUNDED * len(names)).all() and (wide[name] != 0).any():
            number = name.split(" ")[0]
            raw.notes.append(f"{file}: of its {len(names)} meters number {number} is the sum of the others: not read.")
            return [other for other in names if other != name]
    raise InputError(
        f"{file}: it holds {len(names)} meters, and none is the sum of the others, so that energy may stand in it "
        "twice. Export a file for each meter."
    )
