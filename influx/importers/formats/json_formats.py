"""The formats that are answers of an interface in JSON: how each is recognized, and where its records are.

The records become a table of texts, which is read as any other one is. Each function below returns the records of one
interface, and the layout of their table; a record that is no mapping is passed on, so that it is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import Role, Settings
from influx.importers.formats.adapters import octopus_series, with_zeros
from influx.importers.reading import json_text, tabular
from influx.importers.reading.layout import Layout, SeriesMapping, flow, overridden
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table


@dataclass(frozen=True)
class JsonFormat:
    """A format in JSON: what stands in the beginning of its files, and how its records become a table."""

    id: str
    words: tuple[tuple[str, ...], ...]  # all words of one of the tuples stand in the beginning of a file
    records: Callable[[object, Path], tuple[Iterable[object], Layout]]
    prepare: Callable[[Table], Table] = lambda raw: raw
    complete: Callable[[Part, object, Path], Part] = lambda part, content, path: part
    rank: int = 50

    def matches(self, path: Path) -> bool:
        """Tell whether the beginning of the file is JSON with the words of the format."""
        return any(json_text.begins_with(path, *(f'"{word}"' for word in words)) for words in self.words)

    def read(self, path: Path, settings: Settings) -> Part:
        """Read all records."""
        content = json_text.load(path)
        records, layout = self.records(content, path)
        columns = [*layout.times, *((layout.device, layout.value) if layout.device else layout.mappings), layout.end]
        raw = self.prepare(json_text.table_of(path.name, records, {name: name for name in columns if name}))
        part = tabular.of([raw], overridden(layout, settings.file(path.name)), settings)
        return self.complete(part, content, path)


def _below(record: object, *keys: str) -> object:
    """Return what stands below the keys of nested mappings, None where there is nothing."""
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record


def _list(content: object) -> list[object]:
    return content if isinstance(content, list) else []


def _mapping(content: object, path: Path, vendor: str) -> dict[str, object]:
    if not isinstance(content, dict):
        raise InputError(f"{path.name}: this is no answer of {vendor}. Download it again.")
    return content


# --- GivEnergy: records of an inverter every five minutes, in UTC (public sample files and its documentation) ---------

_GIVENERGY: dict[str, Role] = {
    "total.solar": "solar",
    "total.grid.import": "grid_import",
    "total.grid.export": "grid_export",
    "total.consumption": "household",
    "today.battery.charge": "battery_in",  # the register since the beginning does not part charge from discharge
    "today.battery.discharge": "battery_out",
}


def _givenergy(content: object, path: Path) -> tuple[Iterable[object], Layout]:
    """Records whose status is not normal, or that were not metered, hold no states."""

    def flat(record: object) -> object:
        if not isinstance(record, dict):
            return record
        good = record.get("status") == "NORMAL" and record.get("is_metered", True) is not False
        return record | ({name: _below(record, *name.split(".")) for name in _GIVENERGY} if good else {})

    page = content.get("data") if isinstance(content, dict) else content
    mappings = {name: flow(role, measures="counter") for name, role in _GIVENERGY.items()}
    return map(flat, page if isinstance(page, list) else [page]), Layout("GivEnergy", "time", mappings)


def _without_lost_states(raw: Table) -> Table:
    lost = (raw.rows[list(_GIVENERGY)] == "").all(axis=1).to_numpy(bool)
    raw.reject(lost, "status", "the inverter was not in a normal state, or not metered", raw.rows["time"])
    return raw


# --- Glowmarkt (Glow and Bright): pairs of seconds since 1970, taken for the start, and a value (public clients) ------


def _glowmarkt(content: object, path: Path) -> tuple[Iterable[object], Layout]:
    answer = _mapping(content, path, "Glowmarkt")
    data = answer.get("data")
    if not isinstance(data, list):
        raise InputError(f"{path.name}: this is no answer of Glowmarkt with data. Download it again.")
    what = str(answer.get("classifier") or answer.get("name") or "").lower()
    if any(word in what for word in ("cost", "gas", "reactive")):
        raise InputError(f"{path.name}: this is {what[:80]}, not electric energy. Move it out of the folder.")
    role: Role = "grid_export" if "export" in what or "production" in what else "grid_import"
    records = [
        dict(zip(("time", "value"), pair, strict=True)) if isinstance(pair, list) and len(pair) == 2 else pair
        for pair in data
    ]
    mapping = SeriesMapping(role, str(answer.get("units") or "kWh"), role=role)
    return records, Layout("Glowmarkt", "time", {"value": mapping}, order="s")


# --- n3rgy: half hours of SMETS2 meters, named by their end in UTC (public clients) -----------------------------------


def _n3rgy(content: object, path: Path) -> tuple[Iterable[object], Layout]:
    answer = _mapping(content, path, "n3rgy")
    resource = str(answer.get("resource", "")).lower().split("/")
    if "gas" in resource:
        raise NoElectricityError(path.name, "gas")
    role: Role = "grid_export" if {"production", "export"} & set(resource) else "grid_import"
    values = [value for part in (answer, *_list(answer.get("devices"))) for value in _list(_below(part, "values"))]
    records = [{"value": value.get("primaryValue"), **value} if isinstance(value, dict) else value for value in values]
    mapping = SeriesMapping(role, str(answer.get("unit") or "kWh"), role=role)
    return records, Layout("n3rgy", "timestamp", {"value": mapping}, time_marks="end", zone="UTC")


# --- Octopus Energy: a page of its interface, a list of pages, or a bare list of readings (its documentation) ---------


def _octopus(content: object, path: Path) -> tuple[Iterable[object], Layout]:
    records: list[object] = []
    for page in content if isinstance(content, list) else [content]:
        results = _below(page, "results")
        records += results if isinstance(results, list) else [page]
    mappings = {"consumption": octopus_series(path)}
    return records, Layout("Octopus Energy, JSON", "interval_start", mappings, end="interval_end")


def _octopus_complete(part: Part, content: object, path: Path) -> Part:
    """Add the half hours that were left out, and a note where a page says that there are more readings."""
    pages = content if isinstance(content, list) else [content]
    counts = [str(page.get("count", "")) for page in pages if isinstance(page, dict) and "results" in page]
    whole = max((int(text) for text in counts if text.isdecimal() and len(text) < 10), default=0)
    note = f"{path.name}: it holds {part.rows_read} of {whole} readings that Octopus has; ask for the other pages, too."
    out = with_zeros(part, path)
    return replace(out, notes=(*out.notes, note)) if whole > part.rows_read else out


# --- SolarEdge: energy in Wh or mean power in W by the plant's clock (its documentation, answers stored in programs) --

_SOLAREDGE = ("energy", "energyDetails", "power", "powerDetails")
_SOLAREDGE_ROLES: dict[str, Role] = {
    "production": "solar",
    "consumption": "household",
    "purchased": "grid_import",
    "feedin": "grid_export",
}
_ZONE_NAME = re.compile(r" [A-Z]{2,5}(?=[+-]\d{2}:?\d{2}$)")


def _solaredge(content: object, path: Path) -> tuple[Iterable[object], Layout]:
    """`energy` and `power` are of the plant's output; the details name the meter of each list."""
    answer = _mapping(content, path, "SolarEdge")
    kind = next((kind for kind in _SOLAREDGE if kind in answer), "")
    body = _mapping(answer.get(kind), path, "SolarEdge")
    if body.get("timeUnit") not in ("QUARTER_OF_AN_HOUR", "HOUR"):
        raise InputError(
            f"{path.name}: a value for each {str(body.get('timeUnit', '(not said)'))[:20].lower()} is too coarse to "
            "tell one hour from another. Ask for timeUnit=HOUR or QUARTER_OF_AN_HOUR."
        )
    meters = body.get("meters")
    records = [
        {**value, "meter": str(_below(meter, "type") or "").lower()} if isinstance(value, dict) else value
        for meter in (meters if isinstance(meters, list) else [{"type": "production", **body}])
        for value in _list(_below(meter, "values"))
    ]
    default = SeriesMapping("", str(body.get("unit") or "Wh"), "power" if kind.startswith("power") else "energy")
    mappings = {name: replace(default, device_id=name, role=role) for name, role in _SOLAREDGE_ROLES.items()}
    return records, Layout("SolarEdge", "date", mappings, "meter", "value", only_mapped=True, default=default)


def _solaredge_nights(raw: Table) -> Table:
    """Write a zero for null on a day with other values: by night the inverter sleeps. A day of nulls is unknown."""
    raw.rows["date"] = raw.rows["date"].str.replace(_ZONE_NAME, " ", regex=True)
    blank = raw.rows["value"] == ""
    alive = (~blank).groupby([raw.rows["date"].str.slice(0, 10), raw.rows["meter"]]).transform("any")
    raw.rows["value"] = raw.rows["value"].mask(blank & alive, "0")
    if (blank & alive).any():
        raw.notes.append(f"{raw.file}: {(blank & alive).sum()} values are null on days with others, and count as zero.")
    return raw


# --- Tibber: the hours that were bought and fed in (its documentation) ------------------------------------------------

_TIBBER: dict[str, Role] = {"consumption": "grid_import", "production": "grid_export"}


def _tibber(content: object, path: Path) -> tuple[Iterable[object], Layout]:
    lists = list(_nodes(content))
    if len({kind for kind, _ in lists}) < len(lists):
        raise InputError(f"{path.name}: it holds several homes. Keep one of them, or split the file.")
    records = [
        {**node, "amount": node.get(kind), "kind": kind} if isinstance(node, dict) else node
        for kind, nodes in lists
        for node in nodes
    ]
    mappings = {kind: flow(role) for kind, role in _TIBBER.items()}
    return records, Layout("Tibber", "from", mappings, "kind", "amount", end="to")


def _nodes(content: object) -> Iterator[tuple[str, list[object]]]:
    """Return the lists of nodes, wherever they stand, each with what it is of."""
    for key, value in content.items() if isinstance(content, dict) else enumerate(_list(content)):
        nodes = _below(value, "nodes")
        if key in _TIBBER and isinstance(nodes, list):
            yield str(key), nodes
        else:
            yield from _nodes(value)


JSON_FORMATS = (
    JsonFormat("givenergy", (("time", "today", "total", "battery", "consumption"),), _givenergy, _without_lost_states),
    JsonFormat("glowmarkt", (("data", "classifier", "units"), ("data", "resourceTypeId", "query")), _glowmarkt),
    JsonFormat(
        "n3rgy",
        tuple(("resource", "granularity", "timestamp", value) for value in ("value", "primaryValue")),
        _n3rgy,
    ),
    JsonFormat(
        "octopus_json", (("consumption", "interval_start", "interval_end"),), _octopus, complete=_octopus_complete
    ),
    JsonFormat(
        "solaredge",
        tuple((kind, "timeUnit", "values", "date", "unit") for kind in _SOLAREDGE),
        _solaredge,
        _solaredge_nights,
    ),
    JsonFormat("tibber", tuple(("nodes", "from", "to", f"{kind}Unit", kind) for kind in _TIBBER), _tibber),
)
