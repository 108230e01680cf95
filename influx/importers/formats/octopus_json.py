"""Octopus Energy: the consumption that its interface returns as JSON, a page or several (from its documentation)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from influx.core.settings import Settings
from influx.importers.formats import octopus
from influx.importers.reading import json_text, tabular
from influx.importers.reading.layout import Layout
from influx.importers.reading.part import Part

KEYS = {"consumption": "consumption", "interval_start": "interval_start", "interval_end": "interval_end"}


def matches(path: Path) -> bool:
    """Tell whether the head of the file is JSON that names a consumption and an interval."""
    return json_text.begins_with(path, *(f'"{key}"' for key in KEYS))


def read(path: Path, settings: Settings) -> Part:
    """Read the half hours of all pages, whichever comes first.

    Raises
    ------
    InputError
        The file is no such JSON, its name says gas, or more than half of its readings cannot be used.
    """
    mappings = {"consumption": octopus.mapping_of(path)}
    content = json_text.load(path)
    raw = json_text.table_of(path.name, _readings(content), KEYS)
    told = _lacking(path.name, content, raw.rows_read)
    layout = Layout("Octopus Energy, JSON", "interval_start", mappings, end="interval_end")
    part = octopus.with_zeros(tabular.of([raw], layout, settings), path.name)
    return replace(part, notes=(*part.notes, *told))


def _readings(content: object) -> Iterator[object]:
    """Return the readings of a page, of a list of pages, or of a bare list of readings."""
    for page in content if isinstance(content, list) else [content]:
        results = page.get("results") if isinstance(page, dict) else None
        yield from results if isinstance(results, list) else [page]


def _lacking(file: str, content: object, count: int) -> list[str]:
    """Return a note where a page says that there are more readings than the file holds."""
    pages = content if isinstance(content, list) else [content]
    said = [str(page.get("count", "")) for page in pages if isinstance(page, dict) and "results" in page]
    whole = max((int(text) for text in said if text.isdecimal() and len(text) < 10), default=0)
    if whole <= count:
        return []
    return [f"{file}: it holds {count} of the {whole} readings that Octopus has; ask for the other pages, too."]
