"""What rows of the catalog cannot say: a function for each format whose files differ from one another."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from influx.core.errors import InputError, NoElectricityError
from influx.core.settings import Role, Settings
from influx.importers.autodetect import sample
from influx.importers.reading import cells, encoding, table, times, units
from influx.importers.reading.layout import Layout, SeriesMapping, flow
from influx.importers.reading.lines import split_header
from influx.importers.reading.part import Part
from influx.importers.reading.table import Table
from influx.importers.reading.times import Order

_MINUTES = re.compile(r"(\d+) ?min", re.IGNORECASE)


def finest_of_ameren(path: Path, layout: Layout, settings: Settings) -> Layout:
    """Read the usage of the shortest intervals; names repeat, so that columns are told by their place."""
    header = table.header(path, layout.line) or []
    names = tuple(f"{name} {place}" for place, name in enumerate(header))
    usages, intervals = (
        [column for column, name in zip(names, header, strict=True) if name == wanted]
        for wanted in ("Usage", "Interval")
    )
    minutes: dict[str, float] = {}
    for block in table.blocks(path, layout.line, names):
        texts = block.rows[[*usages, *intervals]].apply(lambda column: column.str.strip())
        for usage, interval in zip(usages, intervals, strict=False):
            if (texts[usage].isin(["", "-"]) != texts[interval].isin(["", "-"])).any():
                raise InputError(
                    f"{path.name}: its columns of usage and intervals do not belong together. Export it again."
                )
            lengths = texts[interval].str.extract(_MINUTES, expand=False).dropna().astype(float)
            minutes |= {usage: lengths.min()} if len(lengths) else {}
    if not minutes:
        raise InputError(f"{path.name}: no usage of this file names its interval, such as 60min. Export it again.")
    finest = min(minutes, key=minutes.__getitem__)
    time = names[header.index("Start Interval Date/Time")]
    return replace(layout, time=time, mappings={finest: layout.mappings["Usage"]}, names=names)


def points_of_edc(path: Path, layout: Layout, settings: Settings) -> Layout:
    """Refuse shared energy and several supply points unless home.yaml names the home's own columns."""
    columns = settings.file(path.name).columns
    series = [mapping.device_id for mapping in layout.mappings.values()]
    unclear = [
        name for name, mapping in layout.mappings.items() if not mapping.role or series.count(mapping.device_id) > 1
    ]
    if unclear and not columns:
        raise InputError(
            f"{path.name}: {', '.join(unclear)}: nothing says which of it is this home's, and shared energy is counted "
            "by its grid meter, too. Say it in home.yaml, such as  "
            f"files: {{{path.name}: {{columns: {{{unclear[0]}: {{role: solar}}}}}}}}  "
            "(or grid_import, grid_export; columns that are not named are left out)."
        )
    seen = sample.look(path)  # rows end with a semicolon more than the header
    mappings = {} if columns else layout.mappings
    return replace(layout, mappings=mappings, line=seen.line, names=seen.names, separator=seen.separator)


def zone_of_emporia(path: Path, layout: Layout, settings: Settings) -> Layout:
    """Return the zone that the header names; the home's where it is none."""
    if not layout.mappings:
        raise InputError(f"{path.name}: no circuit holds a number. Export it again, or remove it.")
    name = layout.times[0].partition("(")[2].removesuffix(")")
    try:
        return replace(layout, zone=ZoneInfo(name).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return layout


def times_factor(block: Table) -> Table:
    """Write states as kWh; what is no number stays as it is."""
    number, factor = (cells.numbers(block.rows[name], comma=False)[0] for name in ("value", "factor"))
    states = pd.Series([f"{state:.6f}" for state in number * factor], block.rows.index, dtype="str")
    block.rows["value"] = block.rows["value"].astype("str").mask(np.isfinite(number * factor), states)
    block.comma = False
    return block


_MOST_LINES = 10


def header_of_enedis(path: Path) -> int:
    """Return the line of the table's header below the point of delivery; 0 where there is none."""
    lines = [line.strip().strip(";") for line in encoding.first_lines(path, _MOST_LINES)]
    known = any("Identifiant PRM" in line for line in lines) and "Horodate;Valeur" in lines
    return lines.index("Horodate;Valeur") + 1 if known else 0


def kind_of_enedis(path: Path, layout: Layout, settings: Settings) -> Layout:
    """Take unit and direction from the lines above the table."""
    above = encoding.first_lines(path, layout.line - 1)
    words = [cell.strip() for line in above for cell in split_header(line, ";")[0]]
    unit = next((word for word in reversed(words) if units.factor(word) is not None), None)
    if unit is None:
        raise InputError(f"{path.name}: this is no load curve in W. Ask Enedis for the hourly consumption.")
    text = " ".join(words).lower()
    role: Role = "grid_export" if "production" in text or "injection" in text else "grid_import"
    measures, _ = units.factor(unit) or ("power", 1.0)
    return replace(layout, mappings={"Valeur": flow(role, "", unit, measures)}, separator=";")


_ORDERS: tuple[Order, ...] = ("ymd", "mdy", "dmy")
_THOUSANDS = r"(?<=\d),(?=\d{3}(?:,\d{3})*$)"


def order_of_enphase(path: Path, layout: Layout, settings: Settings) -> Layout:
    """Find the order in which a report writes its dates: the one in which its times lie closest together."""
    texts = pd.concat([block.rows[layout.times[0]] for block in table.blocks(path)])
    texts = texts[texts.str.strip() != "Total"]
    read = {order: times.parse(texts, order) for order in _ORDERS}
    good = {order: np.isin(reasons, ("", "naive")) for order, (_, reasons) in read.items()}
    span = {order: np.ptp(read[order][0][good[order]]) if good[order].any() else 0 for order in _ORDERS}
    best, *others = sorted(_ORDERS, key=lambda order: (-good[order].sum(), span[order]))
    for other in others:
        same = good[other].sum() == good[best].sum() and span[other] == span[best]
        if good[best].any() and same and (read[other][0] != read[best][0]).any():
            raise InputError(
                f"{path.name}: its dates, such as {texts.iloc[0]}, do not tell day from month. Export a longer span."
            )
    return replace(layout, order=best)


def without_thousands(block: Table) -> Table:
    """Remove the commas that part thousands, as in 1,298."""
    energies = [name for name in block.rows if name.endswith("(Wh)")]
    block.rows[energies] = block.rows[energies].replace(_THOUSANDS, "", regex=True)
    return block


def circuit_of_homewizard(path: Path, layout: Layout, settings: Settings) -> Layout:
    """Keep the registers that home.yaml says something of; what hangs on the meter nothing else tells."""
    columns = settings.file(path.name).columns
    mappings = {
        name: replace(mapping, device_id=f"{path.stem} {mapping.device_id.lower()}")
        for name, mapping in layout.mappings.items()
        if name in columns
    }
    if not mappings:
        start = f"files: {{{path.name}: {{columns: {{"
        raise InputError(
            f"{path.name}: a kWh meter of HomeWizard does not say what it measures. Say it in home.yaml. A device:  "
            f"{start}Import kWh: {{device: washer}}}}}}}}  Solar panels:  {start}Export kWh: {{role: solar}}}}}}}}  "
            f"A battery:  {start}Import kWh: {{role: battery_in}}, Export kWh: {{role: battery_out}}}}}}}}"
        )
    return replace(layout, mappings=mappings)


_EXPORT = re.compile(r"export|outgoing|generation|feed.?in", re.IGNORECASE)
_GAS = re.compile(r"(?<![a-z])gas(?![a-z])", re.IGNORECASE)
_HALF = pd.Timedelta(minutes=30)
_NEARLY_NONE = 0.02
"""A home that never uses as little as this in half an hour does not use nothing, so its gaps are unknown [kWh]."""


def octopus_series(path: Path) -> SeriesMapping:
    """Return what a file of Octopus measures, by its name, as nothing in it says so."""
    if _GAS.search(path.stem.replace("_", " ")):
        raise NoElectricityError(path.name, "gas by its name (rename it if it is not)")
    role: Role = "grid_export" if _EXPORT.search(path.stem) else "grid_import"
    return SeriesMapping(role, role=role)


def octopus_by_name(path: Path, layout: Layout, settings: Settings) -> Layout:
    """Tell import from export by the file's name."""
    return replace(layout, mappings=dict.fromkeys(layout.mappings, octopus_series(path)))


def with_zeros(part: Part, path: Path) -> Part:
    """Return half hours with those that were left out because nothing was used; their `row` is 0.

    Where a file holds no zero but hardly any use at times, a gap of less than a day is no use (estimated); any other
    gap is unknown.
    """
    known = part.frame[part.frame["energy_kwh"].notna()].sort_values("timestamp")
    if len(known) < 2 or (known["energy_kwh"] == 0).any() or known["energy_kwh"].min() > _NEARLY_NONE:
        return part
    ends = known["timestamp"] + pd.to_timedelta(known["minutes"], unit="min")
    gap = known["timestamp"].shift(-1) - ends
    short = (gap >= _HALF) & (gap < pd.Timedelta(days=1)) & ~_before_unknown(part, known["row"].to_numpy())
    if not short.any():
        return part
    count = (gap[short] / _HALF).astype(int).to_numpy()
    place = np.concatenate([np.arange(number) for number in count])
    begin = ends[short].repeat(count) + pd.to_timedelta(30 * place, unit="min")
    added = pd.DataFrame(
        {
            "row": 0,
            "device_id": known["device_id"][short].repeat(count).array,
            "timestamp": begin.dt.as_unit("us").array,
            "energy_kwh": 0.0,
            "quality": pd.Categorical(["estimated"] * len(place), known["quality"].cat.categories),
            "minutes": np.float32(30),
        }
    )
    note = (
        f"{path.name}: {len(place)} half hours between others are left out, and no zero is there: they count as no use."
    )
    return replace(part, frame=pd.concat([part.frame, added], ignore_index=True), notes=(*part.notes, note))


def _before_unknown(part: Part, rows: np.ndarray) -> np.ndarray:
    """Tell after which readings, by their rows in order of time, comes a row whose energy is not known."""
    unknown = part.frame.loc[part.frame["energy_kwh"].isna(), "row"].to_numpy()
    bad = np.sort(np.concatenate([unknown, part.rejected["row"].to_numpy()]))
    steps = np.diff(rows)
    if not len(bad) or not ((steps > 0).all() or (steps < 0).all()):
        return np.full(len(rows), len(bad) > 0)  # a file in no order does not tell where the row belongs
    place = np.searchsorted(bad, rows)
    return np.append(place[1:] != place[:-1], False)


def other_tariff_is_zero(block: Table) -> Table:
    """Write a zero for the tariff that does not hold where the other one has a value."""
    for way in ("levering", "teruglevering"):
        both = [name for name in (f"{way}_normaal", f"{way}_laag") if name in block.rows]
        filled = (block.rows[both] != "").any(axis=1)
        for name in both:
            block.rows[name] = block.rows[name].mask(filled & (block.rows[name] == ""), "0")
    return block
