"""How long it takes to read what a household exports: a very large table, and a year of a home-automation database."""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from benchmarks.process import clean_environment, run
from benchmarks.registry import PROJECT, Measured, Options, benchmark

DEVICES = ("washing_machine", "refrigerator", "heat_pump", "tv")
DAYS = 5 * 365
SENSORS = 30
_CHUNK = 200_000


@dataclass(frozen=True)
class Load:
    """Of one `influx.load`: time, that of loading again [s], rows, kWh, and the most memory of its process [MB]."""

    seconds: float
    again: float
    rows: int
    kwh: float
    megabytes: float


@benchmark("intake", runs=1)
def intake(_: Options) -> list[Measured]:
    """`influx.load` of a CSV file with a row for each minute of four devices over five years.

    Once as tidy readings in UTC, and once as a table that nobody named: a column a device, semicolons, decimal commas,
    the day first, a clock with daylight saving. The file is written by the benchmark.
    """
    out = []
    for what, write in (("tidy", _tidy), ("of no known format", _foreign)):
        with tempfile.TemporaryDirectory() as place:
            home = Path(place) / "home"
            home.mkdir()
            kwh = write(home)
            load = measure(home, again=what == "tidy")
        out += [
            Measured(f"{load.rows / 1e6:.3g} million readings, {what}", load.seconds, "s", at_most=20),
            Measured(f"the same, memory, {what}", load.megabytes / 1000, "GB", at_most=2),
            Measured(f"share of their energy lost, {what}", abs(load.kwh / kwh - 1), "", at_most=1e-9),
        ]
        if load.again:
            out.append(Measured("the same once more, unchanged", load.again, "s"))
    return out


@benchmark("intake_database", runs=3)
def database(_: Options) -> list[Measured]:
    """`influx.load` of a year of hourly statistics of thirty sensors, from a Home Assistant database."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        home.mkdir()
        kwh = _statistics(home / "home-assistant_v2.db")
        load = measure(home)
    return [
        Measured(f"{SENSORS} sensors, a year", load.seconds, "s", at_most=3),
        Measured("share of their energy lost", abs(load.kwh / kwh - 1), "", at_most=1e-9),
    ]


def measure(home: Path, again: bool = False) -> Load:
    """Load a home once in a process of its own that knows none of its files."""
    with tempfile.TemporaryDirectory() as parts:
        command: list[str | Path] = [sys.executable, "-m", "benchmarks.one_load", home, parts]
        usage = run([*command, "again"] if again else command, PROJECT, clean_environment())
    return Load(**json.loads(usage.output.splitlines()[-1]), megabytes=usage.largest_mb)


def _energy(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, 0.004, count).round(5)


def _tidy(home: Path) -> float:
    """Write a row a device and minute; return the energy of all [kWh]."""
    minutes = pd.date_range("2019-01-01", periods=DAYS * 1440, freq="min").strftime("%Y-%m-%dT%H:%M:%SZ").to_numpy()
    schema = pa.schema({"device_id": pa.string(), "timestamp": pa.string(), "energy_kwh": pa.float64()})
    options = pa.csv.WriteOptions(quoting_style="none")
    total = 0.0
    with pa.csv.CSVWriter(home / "readings.csv", schema, write_options=options) as writer:
        for start in range(0, len(minutes), _CHUNK):
            times = np.repeat(minutes[start : start + _CHUNK], len(DEVICES))
            kwh = _energy(len(times), start)
            total += float(kwh.sum())
            names = np.tile(DEVICES, len(times) // len(DEVICES))
            writer.write_table(pa.table([names, times, kwh], schema))
    return total


def _foreign(home: Path) -> float:
    """Write a row a minute as a German spreadsheet would."""
    (home / "home.yaml").write_text("timezone: Europe/Berlin\ncountry: DE\n", encoding="utf-8")
    stamps = pd.date_range("2019-01-01", periods=DAYS * 1440, freq="min", tz="Europe/Berlin")
    times = stamps.strftime("%d.%m.%Y %H:%M").to_numpy()
    kwh = _energy(len(times) * len(DEVICES), 1).reshape(-1, len(DEVICES))
    with (home / "verbrauch.csv").open("w", encoding="utf-8") as file:
        file.write("Datum/Uhrzeit;" + ";".join(f"{name} (kWh)" for name in DEVICES) + "\n")
        for start in range(0, len(times), _CHUNK):
            rows = zip(times[start : start + _CHUNK], *kwh[start : start + _CHUNK].T.tolist(), strict=True)
            lines = (";".join([time, *(f"{value:.5f}" for value in values)]) for time, *values in rows)
            file.writelines(f"{line[:16]}{line[16:].replace('.', ',')}\n" for line in lines)
    return float(kwh.sum())


def _statistics(path: Path) -> float:
    """Write a year of hourly sums; return the energy between the first and the last of each [kWh]."""
    hours = 1_704_067_200 + 3600 * np.arange(366 * 24)
    meta = "statistic_id TEXT, source TEXT, unit_of_measurement TEXT, has_mean BOOLEAN, has_sum BOOLEAN, name TEXT"
    columns = "created_ts, metadata_id INTEGER, start_ts FLOAT, mean, min, max, last_reset_ts, state FLOAT, sum FLOAT"
    total = 0.0
    with sqlite3.connect(path) as base:
        base.execute(f"CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, {meta})")
        for name in ("statistics", "statistics_short_term"):
            base.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {columns})")
        for sensor in range(1, SENSORS + 1):
            base.execute(
                "INSERT INTO statistics_meta VALUES (?, ?, 'recorder', 'kWh', 0, 1, NULL)",
                (sensor, f"sensor.device_{sensor:02}_energy"),
            )
            sums = _energy(len(hours), sensor).cumsum()
            total += float(sums[-1] - sums[0])
            rows = ((sensor, float(at), float(kwh), float(kwh)) for at, kwh in zip(hours, sums, strict=True))
            base.executemany("INSERT INTO statistics (metadata_id, start_ts, state, sum) VALUES (?, ?, ?, ?)", rows)
    base.close()
    return total
