"""Tables of a home in any layout, drawn at random, with the energy that they hold: what `infer` has to find out."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

SCALE = {"kWh": 1.0, "Wh": 1000.0, "MWh": 0.001, "kW": 1.0, "W": 1000.0}
DATES = {
    "ymd": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    "dmy": ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d %b %Y"),
    "mdy": ("%m/%d/%Y", "%m-%d-%Y", "%b %d, %Y"),
}
CLOCKS = ("%H:%M", "%H:%M:%S", "%I:%M %p")


@dataclass
class Drawn:
    """A table: what is in it, and the keys of home.yaml that answer whatever may be asked."""

    text: str
    kwh: dict[str, float]
    answers: dict[str, object] = field(default_factory=dict)
    described: dict[str, object] = field(default_factory=dict)


def drawn(seed: int) -> Drawn:
    """Return a table of readings in a layout that depends on the seed."""
    dice = random.Random(seed)
    rng = np.random.default_rng(seed)
    step = dice.choice([15, 30, 60, 60, 60])
    days = dice.choice([3, 12, 40])
    zone = dice.choice(["Europe/Madrid", "Europe/London"])
    first = pd.Timestamp("2024-03-01") + pd.Timedelta(days=dice.randrange(0, 300))
    stamps = pd.date_range(first, first + pd.Timedelta(days=days), freq=f"{step}min", tz=zone, inclusive="left")
    names = dice.choice([["Fridge", "Oven"], ["washer", "tv", "lamp"], ["heat_pump", "other room"]])
    energy = {name: _energy(rng, len(stamps), step) for name in names}
    unit = dice.choice(["kWh", "Wh", "kW", "W"])
    measures = "power" if unit in ("kW", "W") else dice.choice(["energy", "energy", "counter"])
    return _written(dice, stamps, energy, unit, measures, step, zone)


def _energy(rng: np.random.Generator, count: int, step: int) -> np.ndarray:
    """Return readings of a device of half a kW that is off in half of the time, whole Wh [kWh]."""
    kwh = rng.gamma(2.0, 0.25, count) * step / 60 * (rng.random(count) < 0.7)
    return np.round(np.minimum(kwh, 3.0 * step / 60), 3)


def _written(
    dice: random.Random,
    stamps: pd.DatetimeIndex,
    energy: dict[str, np.ndarray],
    unit: str,
    measures: str,
    step: int,
    zone: str,
) -> Drawn:
    order = dice.choice(["ymd", "ymd", "dmy", "mdy"])
    date, clock = dice.choice(DATES[order]), dice.choice(CLOCKS)
    separator = dice.choice([",", ";", "\t", "|"])
    comma = separator != "," and dice.random() < 0.4
    end = measures != "counter" and dice.random() < 0.3
    offset, utc, two = (dice.random() < chance for chance in (0.2, 0.15, 0.25))
    two, offset = two and not offset, offset and order == "ymd"
    if (date == "%b %d, %Y" and separator == ",") or (offset and date == "%Y%m%d"):
        date = "%Y-%m-%d" if order == "ymd" else "%m/%d/%Y"
    shown = stamps + pd.Timedelta(minutes=step) if end else stamps
    shown = shown.tz_convert("UTC") if utc else shown
    if two:
        times = [f"{at:{date}}{separator}{at:{clock}}" for at in shown]
        heads = ["Date" + (" (UTC)" if utc else ""), "Time"]
    else:
        times = [f"{at:{date}} {at:{clock}}" + (f"{at:%z}" if offset else "") for at in shown]
        heads = [dice.choice(["Timestamp", "Date/Time", "datetime"]) + (" UTC" if utc else "")]
    if end:
        heads[0] += " to" if not two else ""
    values = {name: _values(kwh, unit, measures, step) for name, kwh in energy.items()}
    kwh = {name: float(one.sum()) for name, one in energy.items()}
    if measures == "counter":
        kwh = {name: float(one[:-1].sum()) for name, one in energy.items()}
    named = dice.choice(["{} ({})", "{} [{}]", "{}_{}"])
    long = not two and dice.random() < 0.3
    if long:
        head = [*heads, dice.choice(["Device", "sensor name"]), dice.choice(["value", "reading"]) + f" ({unit})"]
        rows = [
            f"{time}{separator}{name}{separator}{_number(values[name][n], comma)}"
            for n, time in enumerate(times)
            for name in energy
        ]
    else:
        head = [*heads, *[named.format(name, unit) for name in energy]]
        rows = [
            separator.join([time, *[_number(values[name][n], comma) for name in energy]])
            for n, time in enumerate(times)
        ]
    if dice.random() < 0.2:
        rows.reverse()
    above = dice.choice([[], [], [f"Report of a home{separator}"], ["My home", "", "exported on a Monday"]])
    text = "\n".join([*above, separator.join(head), *rows]) + "\n"
    answers = {
        "date_order": order,
        "decimal": "," if comma else ".",
        "unit": unit,
        "measures": measures,
        "label": "end" if end else "start",
    }
    described: dict[str, object] = {"label": "end"} if end and two else {}
    return Drawn(text, kwh, {"timezone": zone} | {"file": answers}, described)


def _values(kwh: np.ndarray, unit: str, measures: str, step: int) -> np.ndarray:
    if measures == "counter":
        return (1234.567 + np.append(0, kwh[:-1].cumsum())) * SCALE[unit]
    return kwh * SCALE[unit] * (60 / step if measures == "power" else 1)


def _number(value: float, comma: bool) -> str:
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if comma else text


def write(folder: Path, table: Drawn) -> Path:
    """Write a table, and return its path."""
    path = folder / "meter.csv"
    path.write_text(table.text, encoding="utf-8")
    return path
