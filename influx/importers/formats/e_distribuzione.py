"""e-distribuzione (Italy, once Enel Distribuzione): kWh of each quarter of an hour, a row a day, by the Italian clock.

Schema: from a public sample export of its site.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from influx.core.settings import Settings
from influx.importers.formats import anything
from influx.importers.reading import table
from influx.importers.reading.part import Part

_QUARTER = re.compile(r"\d\d:\d\d-\d\d:\d\d")
_KNOWN = {"unit": "kWh", "date_order": "dmy", "decimal": ",", "label": "start", "timezone": "Europe/Rome"}


def matches(path: Path) -> bool:
    """Tell whether the header has a day, in Italian, and the quarters of its hours."""
    names = table.header(path) or []
    return names[:1] == ["Giorno"] and sum(map(bool, map(_QUARTER.fullmatch, names))) >= 96


def read(path: Path, settings: Settings) -> Part:
    """Read the quarters of all days as any table with a row a day, but for what is known of them."""
    own = settings.file(path.name)
    known = {key: value for key, value in _KNOWN.items() if key not in own.model_fields_set}
    said = own.model_copy(update=known)
    part = anything.read(path, settings.model_copy(update={"files": {**settings.files, path.name: said}}))
    return replace(part, format="e-distribuzione", why=())
