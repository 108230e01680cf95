"""Green Button: the XML of utilities (ESPI, NAESB REQ.21).

An Atom feed holds usage points, meter readings, reading types and blocks of intervals, linked to each other. Some
utilities leave the links out where there is one of each. What a reading means its type says: unit, power of ten, energy
of the interval or state of a register, delivered to the home or received from it. Times are seconds since 1970 in UTC.
From a real file.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.importers.reading import cells, encoding, intervals
from influx.importers.reading.layout import SeriesMapping
from influx.importers.reading.part import Part
from influx.importers.reading.table import ASIDE, Table
from influx.importers.reading.units import Measure

_XML = re.compile(r"\s*<.*?(?:http://naesb\.org/espi|<(?:\w+:)?(?:UsagePoint|IntervalBlock|MeterReading)\b)", re.DOTALL)
_ELECTRICITY = "0"
_UNITS = {"72": "Wh", "38": "W"}
_DIRECTIONS: dict[Role, tuple[str, ...]] = {"grid_import": ("", "0", "1", "4"), "grid_export": ("19",)}
_ESTIMATED = {"7", "8", "9", "10", "12", "13"}
"""Qualities of a reading that was not measured: edited by hand, estimated, questionable, projected or mixed."""

_REGISTERS = {"1", "2", "3", "9"}
"""Accumulations that are states of a register: bulk quantity, continuously cumulative, cumulative, summation."""

_MOST_POWER = 12
_LONGEST = 40 * 86_400.0  # seconds
_READING = ("timePeriod/start", "timePeriod/duration", "value", "ReadingQuality/quality")


@dataclass
class _Entry:
    """The links of an Atom entry, without their host, so that absolute and relative ones are alike."""

    here: str = ""
    up: str = ""
    related: set[str] = field(default_factory=set)

    def owner(self, others: list[_Entry]) -> _Entry | None:
        """Return the resource that this one belongs to: the one it is linked to, else the only one there is."""
        linked = [other for other in others if self.up and {self.up, self.here} & other.related]
        above = [other for other in others if other.here and f"{self.here}/".startswith(f"{other.here}/")]
        owners = linked or sorted(above, key=lambda other: -len(other.here))
        return owners[0] if owners else others[0] if len(others) == 1 else None


@dataclass
class _Feed:
    """The resources of a file, each with its entry; of a block also its meter, where both stand in one entry."""

    points: list[tuple[_Entry, str]] = field(default_factory=list)
    meters: list[_Entry] = field(default_factory=list)
    types: list[tuple[_Entry, dict[str, str]]] = field(default_factory=list)
    blocks: list[tuple[_Entry, _Entry | None, ElementTree.Element]] = field(default_factory=list)


@dataclass(frozen=True)
class _Meaning:
    """What the values of a block are: series, power of ten, length [s], place and meter, or why they are none."""

    mapping: SeriesMapping
    scale: float
    length: float
    place: str
    meter: str
    why: str


def matches(path: Path) -> bool:
    """Tell whether the head of the file is XML that names the ESPI namespace or its resources."""
    return _XML.match("\n".join(encoding.first_lines(path, 1 << 16))) is not None


def read(path: Path, settings: Settings) -> Part:
    """Read the intervals of electricity, numbered in the order of the file."""
    feed = _feed(path)
    meanings = _named([_meaning(entry, meter, feed) for entry, meter, _ in feed.blocks])
    frames = [_readings(block, meaning) for (_, _, block), meaning in zip(feed.blocks, meanings, strict=True)]
    if not sum(map(len, frames)):
        raise InputError(f"{path.name}: there is no reading of an interval in this file. Download it again.")
    rows = pd.concat(frames, ignore_index=True)
    rows.index += 1
    raw = Table(path.name, rows, rows_read=len(rows))
    why = raw.rows.pop("why").to_numpy(object)
    raw.reject(why != "", "value", why, raw.rows.pop("text"))
    cells.times(raw, "start", "UTC", order="s", into="timestamp")
    raw.rows["quality"] = pd.Categorical(raw.rows["quality"])
    mappings = {meaning.mapping.device_id: meaning.mapping for meaning in meanings}
    return intervals.to_intervals(raw, mappings, "Green Button", settings, column="value")


def _feed(path: Path) -> _Feed:
    """Take in a file. One that defines entities or a document type is refused, as it could fill the memory."""
    try:
        root = fromstring(path.read_bytes(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise InputError(
            f"{path.name}: this XML defines entities or a document type, as none of a utility does. It is not read."
        ) from error
    except (ElementTree.ParseError, UnicodeError, ValueError, LookupError) as error:
        raise InputError(f"{path.name}: not readable as XML: {error}. Download it again.") from error
    feed = _Feed()
    entries = root.findall(".//{*}entry")
    for element in entries or [root]:
        entry, meter = _links(element), None
        for part in element.iter():
            name = _name(part)
            if name == "UsagePoint":
                feed.points.append((entry, _text(part, "ServiceCategory/kind")))
            elif name == "MeterReading":
                meter = entry if entries else _Entry(here=f"#{len(feed.meters)}")
                feed.meters.append(meter)
            elif name == "ReadingType":
                feed.types.append((entry, {_name(child): (child.text or "").strip() for child in part}))
            elif name == "IntervalBlock":
                feed.blocks.append((entry, meter, part))
    return feed


def _links(element: ElementTree.Element) -> _Entry:
    links = [(link.get("rel"), _without_host(link.get("href", ""))) for link in element.findall("{*}link")]
    here, up = (next((href for rel, href in links if rel == wanted), "") for wanted in ("self", "up"))
    return _Entry(here, up, {href for rel, href in links if rel == "related"})


def _without_host(href: str) -> str:
    try:
        return urlsplit(href).path.strip("/").rpartition("resource/")[2]
    except ValueError:
        return href


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: ElementTree.Element, path: str) -> str:
    """Return the text below an element, by names without namespaces; empty where there is none."""
    return element.findtext("/".join(f"{{*}}{name}" for name in path.split("/")), "").strip()


def _meaning(entry: _Entry, meter: _Entry | None, feed: _Feed) -> _Meaning:
    """Return what the values of a block are, by the meter, the type and the usage point that it is linked to."""
    meter = meter or entry.owner(feed.meters)
    linked = [kind for other, kind in feed.types if meter is not None and other.here in meter.related]
    kind = linked[0] if linked else feed.types[0][1] if len(feed.types) == 1 else None
    points = [point for point, _ in feed.points]
    point = (meter or entry).owner(points)
    service = next((service for other, service in feed.points if other is point), "") or _ELECTRICITY
    place = "" if point is None or len(points) < 2 else point.here.rpartition("/")[2]
    name = "" if meter is None else meter.here.rpartition("/")[2].strip("#")
    why = "" if kind is not None else "no reading type says what the value means"
    kind = kind or {}
    unit = _UNITS.get(kind.get("uom", ""))
    role = next((role for role, codes in _DIRECTIONS.items() if kind.get("flowDirection", "") in codes), None)
    if not why and (service != _ELECTRICITY or unit is None or role is None):
        why = f"{ASIDE}: service {service}, unit {kind.get('uom', '')}, direction {kind.get('flowDirection', '')}"
    measures: Measure = "power" if unit == "W" else "energy"
    if unit == "Wh" and kind.get("accumulationBehaviour") in _REGISTERS:
        measures = "counter"
    power = _number(kind.get("powerOfTenMultiplier", "") or "0")
    scale = 10.0**power if abs(power) <= _MOST_POWER else np.nan
    mapping = SeriesMapping(role or "grid_import", unit or "Wh", measures, role)
    return _Meaning(mapping, scale, _number(kind.get("intervalLength", "")), place, name, why)


def _number(text: str) -> float:
    return float(pd.to_numeric(text, errors="coerce"))


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


def _readings(block: ElementTree.Element, meaning: _Meaning) -> pd.DataFrame:
    """Return the intervals of a block as rows: time, length, value, quality, and why one cannot be used."""
    rows = [[_text(reading, path) for path in _READING] for reading in block.iterfind("{*}IntervalReading")]
    texts = pd.DataFrame(rows, columns=["start", "duration", "value", "quality"], dtype="str")
    numbers = texts.apply(pd.to_numeric, errors="coerce").astype(float)
    start, duration, value = (numbers[name].to_numpy() for name in ("start", "duration", "value"))
    counter = meaning.mapping.measures == "counter"
    duration = np.where(np.isfinite(duration) & (duration > 0), duration, meaning.length)
    first = _number(_text(block, "interval/start"))
    begin = np.where(np.isfinite(start), start, first + np.arange(len(texts)) * meaning.length)
    begin = begin + duration if counter else begin
    long = np.isfinite(duration) & (duration < _LONGEST)
    reasons = {
        meaning.why: np.full(len(texts), bool(meaning.why)),
        "its length is not known": ~long & (not counter),
        "not a number": ~np.isfinite(value),
    }
    return pd.DataFrame(
        {
            "device_id": meaning.mapping.device_id,
            "start": begin,
            "minutes": np.where(long, duration, 3600.0) / 60,
            "value": value * meaning.scale,
            "quality": np.where(texts["quality"].isin(_ESTIMATED), "estimated", "measured"),
            "why": np.select(list(reasons.values()), list(reasons), "").astype(object),
            "text": texts["value"].to_numpy(object),
        }
    )
