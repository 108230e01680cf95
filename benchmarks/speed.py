"""How long a report takes, how much memory it needs, and how fast events become hours."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.process import clean_environment, run
from benchmarks.registry import PROJECT, Measured, Options, Skipped, benchmark
from influx.home.events import spread_events

EVENTS = 1_000_000


@benchmark("report_sample")
def report_of_the_sample(_: Options) -> list[Measured]:
    """`make report` on the shipped sample: ten devices, twelve weeks."""
    return _report(PROJECT / "data" / "sample", seconds=45, megabytes=700)


@benchmark("report_home")
def report_of_a_real_home(options: Options) -> list[Measured]:
    """`make report` on nine meters of a real home, sixteen months."""
    home = options.data_dir / "homes" / "opsd_residential4.parquet"
    if not home.exists():
        raise Skipped("there is no homes/opsd_residential4.parquet below --data-dir")
    return _report(home, seconds=90)


@benchmark("grid", runs=5)
def a_million_events(_: Options) -> list[Measured]:
    """A year of a million uses of twenty devices, one minute to ten hours each, to hours."""
    random = np.random.default_rng(42)
    minute = random.integers(0, 365 * 24 * 60, EVENTS)
    start = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(minute, unit="min")
    minutes = np.clip(random.lognormal(3.5, 1.0, EVENTS), 1, 600)
    kwh = minutes / 60 * random.uniform(0.02, 2.5, EVENTS)
    device = np.array([f"DEVICE_{number:02d}" for number in range(20)])[random.integers(0, 20, EVENTS)]
    events = pd.DataFrame(
        {"device_id": device, "timestamp": start, "duration_minutes": minutes, "power_consumption_kwh": kwh}
    )
    began = time.perf_counter()
    hours = spread_events(events, shift=pd.Timedelta(0))
    seconds = time.perf_counter() - began
    lost = abs(hours["energy_kwh"].sum() / kwh.sum() - 1)
    return [
        Measured("a million events to hours", seconds, "s", at_most=3),
        Measured("share of their energy lost", lost, "", at_most=1e-9),
    ]


def _report(data: Path, seconds: float, megabytes: float | None = None) -> list[Measured]:
    with tempfile.TemporaryDirectory() as reports:
        command: list[str | Path] = [sys.executable, "-m", "influx", "report", "--data", data, "--reports", reports]
        usage = run(command, PROJECT, clean_environment())
    name = f"report of {data.stem}"
    return [
        Measured(name, usage.seconds, "s", at_most=seconds),
        Measured(f"{name}, all processes", usage.tree_mb, "MB", at_most=megabytes),
        Measured(f"{name}, largest process", usage.largest_mb, "MB"),
    ]
