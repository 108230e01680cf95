"""Octopus Energy: the consumption that its interface returns as JSON, a page or several (from its documentation)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from influx.errors import InputError
from influx.settings import Settings
from influx.sources import cells, encoding, observed, octopus
from influx.sources.part import Part
from influx.sources.table import Table

KEYS = ("consumption", "interval_start", "interval_end")
_HEAD = 1 << 14


def matches(path: Path) -> bool:
    """Tell whether the head of the file is JSON that names a consumption and an interval."""
    try:
        head = encoding.head(path, _HEAD).lstrip("\ufeff \n\t")
    except (InputError, OSError, UnicodeError):
        return False
    return head[:1] in ("{", "[") and all(f'"{key}"' in head for key in KEYS)


def read(path: Path, settings: Settings) -> Part:
    """Read the half hours of all pages, whichever comes first.

    Raises
    ------
    InputError
        The file is no such JSON, or more than half of its readings cannot be used.
    """
    channel = octopus.channel_of(path)
    results = _results(path)
    rows = pd.DataFrame(
        {key: ["" if one.get(key) is None else str(one.get(key)) for one in results] for key in KEYS}, dtype="str"
    )
    raw = Table(path.name, rows.set_axis(range(1, len(rows) + 1)), rows_read=len(rows))
    values, bad = cells.numbers(raw.rows["consumption"])
    raw.rows = raw.rows.assign(value=values)
    raw.reject(bad | np.isinf(values), "consumption", "not a number")
    cells.times(raw, "interval_start", settings.timezone)
    cells.times(raw, "interval_end", settings.timezone)
    minutes = (raw.rows["interval_end"] - raw.rows["interval_start"]).dt.total_seconds() / 60
    raw.rows = raw.rows.assign(device_id=channel.device_id, timestamp=raw.rows["interval_start"], minutes=minutes)
    raw.reject((minutes <= 0).to_numpy(bool), "interval_end", "ends before it begins")
    part = observed.part(raw, {channel.device_id: channel}, "Octopus Energy, JSON", settings, column="consumption")
    return octopus.with_zeros(part, path.name)


def _results(path: Path) -> list[dict[str, Any]]:
    """Return the readings of a page, of a list of pages, or of a bare list of readings."""
    try:
        content = json.loads("".join(encoding.blocks(path)))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name}: not readable as JSON: {error}. Download it again.") from error
    pages = content if isinstance(content, list) else [content]
    results: list[Any] = []
    for page in pages:
        inner = page.get("results") if isinstance(page, dict) else None
        results += inner if isinstance(inner, list) else [page]
    good = [one for one in results if isinstance(one, dict) and "consumption" in one]
    if not good or len(good) < len(results):
        raise InputError(
            f"{path.name}: {len(results) - len(good)} of its {len(results)} entries are no readings with "
            f"{', '.join(KEYS)}. Download it again."
        )
    return good
