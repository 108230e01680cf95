"""ESPI, the XML of Green Button, taken apart: what is linked to what, and the intervals as they are written.

A file is taken in element by element, so that a large one fits, and one that defines entities or a document type is
refused: none of a utility does, and such a file could fill the memory or read other files.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from influx.core.errors import InputError

NAMESPACE = "http://naesb.org/espi"
_DEEP = 100


@dataclass
class Entry:
    """The links of an Atom entry, and the resources in it: their kind and their settings."""

    here: str = ""
    up: str = ""
    related: set[str] = field(default_factory=set)


@dataclass
class Block:
    """The intervals of a block as written: starts [s], lengths [s], values and qualities, empty where not said."""

    entry: Entry
    meter: Entry | None
    first: str = ""
    start: list[str] = field(default_factory=list)
    duration: list[str] = field(default_factory=list)
    value: list[str] = field(default_factory=list)
    quality: list[str] = field(default_factory=list)


@dataclass
class Feed:
    points: list[tuple[Entry, str]] = field(default_factory=list)
    meters: list[Entry] = field(default_factory=list)
    types: list[tuple[Entry, dict[str, str]]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


def parsed(path: Path) -> Feed:
    """Take in a file, element by element."""
    try:
        return _taken_in(_elements(path))
    except DefusedXmlException as error:
        raise InputError(
            f"{path.name}: this XML defines entities or a document type, as none of a utility does. It is not read."
        ) from error
    except (ElementTree.ParseError, UnicodeError, ValueError, LookupError) as error:
        raise InputError(f"{path.name}: not readable as XML: {error}. Download it again.") from error


def _elements(path: Path) -> Iterator[tuple[str, str, ElementTree.Element, int]]:
    """Yield the events of a file: "start" or "end", the element's name without its namespace, itself, and its depth."""
    depth = 0
    with path.open("rb") as file:
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > _DEEP:
                raise ValueError(f"elements are nested more than {_DEEP} deep")
            yield event, str(element.tag).rpartition("}")[2], element, depth


def _taken_in(events: Iterator[tuple[str, str, ElementTree.Element, int]]) -> Feed:
    feed = Feed()
    outer = Entry()
    entry, meter, block = outer, None, None
    for event, name, element, _ in events:
        if event == "start":
            if name == "entry":
                entry = Entry()
            elif name == "MeterReading":
                meter = entry if entry is not outer else Entry(here=f"#{len(feed.meters)}")
                feed.meters.append(meter)
            elif name == "IntervalBlock":
                block = Block(entry, meter if entry is outer else None)
                feed.blocks.append(block)
        elif name == "link":
            _link(entry, element)
        elif name == "IntervalReading" and block is not None:
            _reading(block, element)
            element.clear()
        elif name == "interval" and block is not None:
            block.first = _text(element, "start")
        elif name == "ReadingType":
            feed.types.append((entry, {_name(child): (child.text or "").strip() for child in element}))
        elif name == "UsagePoint":
            kinds = [child.text or "" for part in element for child in part if _name(part) == "ServiceCategory"]
            feed.points.append((entry, kinds[0].strip() if kinds else ""))
        elif name in ("entry", "IntervalBlock"):
            element.clear()
            entry, block = (outer if name == "entry" else entry), None
    return feed


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: ElementTree.Element, *path: str) -> str:
    """Return the text of an element below another one, by names without namespaces; empty where there is none."""
    for name in path:
        found = next((child for child in element if _name(child) == name), None)
        if found is None:
            return ""
        element = found
    return (element.text or "").strip()


def _link(entry: Entry, element: ElementTree.Element) -> None:
    href = _plain(element.get("href", ""))
    if element.get("rel") == "self":
        entry.here = href
    elif element.get("rel") == "up":
        entry.up = href
    elif element.get("rel") == "related":
        entry.related.add(href)


def _plain(href: str) -> str:
    """Return a link without its host, so that absolute and relative ones are alike."""
    try:
        path = urlsplit(href).path
    except ValueError:
        path = href
    return path.strip("/").rpartition("resource/")[2]


def _reading(block: Block, element: ElementTree.Element) -> None:
    block.start.append(_text(element, "timePeriod", "start"))
    block.duration.append(_text(element, "timePeriod", "duration"))
    block.value.append(_text(element, "value"))
    block.quality.append(_text(element, "ReadingQuality", "quality"))
