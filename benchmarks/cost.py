"""What a forecast costs: time and memory of one call, how both grow, and what a peer takes for the same."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.made_homes import made_home
from benchmarks.peers_answer import ONE_CORE, PEERS, answers
from benchmarks.process import clean_environment, run
from benchmarks.protocol import HOUR, WEEK, Case
from benchmarks.registry import PROJECT, Findings, Measured, Options, Table, benchmark
from influx.core.parallel import workers

DEVICES = (10, 30, 100, 300, 1000)
DAYS = (90, 180, 365, 730)
PEER = next(peer for peer in PEERS if peer.name.startswith("mlforecast"))


@dataclass(frozen=True)
class Cost:
    """Of one call of `influx.forecast`: wall and processor time [s], and the most memory of all its processes [MB]."""

    wall: float
    processor: float
    megabytes: float


@benchmark("cost", runs=1)
def cost(options: Options) -> Findings:
    """One origin through `influx.forecast` on one core: fit, calibration and a week ahead.

    Ten made-up devices with the shapes of a day, a week and a year; time is the call's, memory that of all processes.
    """
    costs = {days: measure(made_home(10, days), ONE_CORE) for days in DAYS}
    rows = [[str(days), f"{one.processor:.3g}", f"{one.megabytes:.0f}"] for days, one in costs.items()]
    year = costs[365]
    measured = [
        Measured("ten devices, a year", year.processor, "s", at_most=3),
        Measured("ten devices, a year, memory", year.megabytes, "MB", at_most=500),
    ]
    notes, versions = [], []
    if options.peers:
        said = answers([PEER], [_case(10)])[PEER.name]
        versions = [f"{name} {version}" for name, version in said.versions.items()]
        if said.failed:
            notes.append(f"{PEER.name} took no part: {said.failed}")
        for seconds in said.seconds.values():
            measured.append(Measured(f"the same by {PEER.name}", seconds, "s"))
            measured.append(Measured("its time over ours", seconds / year.processor, "x", at_least=2))
    table = Table("Ten devices, by length of history", ["days", "processor s", "memory, MB"], rows, notes)
    return Findings([table], measured, versions)


@benchmark("growth", runs=1)
def growth(_: Options) -> Findings:
    """One origin for ever more devices of one home with a year of hours each, on as many cores as there are."""
    costs = {devices: measure(made_home(devices, 365)) for devices in DEVICES}
    rows = [
        [str(devices), f"{one.wall:.3g}", f"{one.processor / devices:.2g}", f"{one.megabytes:.0f}"]
        for devices, one in costs.items()
    ]
    columns = ["devices", f"s, {workers()} at once", "processor s a device", "memory, MB"]
    most = costs[DEVICES[-1]]
    measured = [
        Measured(f"{DEVICES[-1]} devices, a year", most.wall, "s"),
        Measured(f"{DEVICES[-1]} devices, a year, memory", most.megabytes / 1000, "GB", at_most=4),
    ]
    return Findings([Table("A year of hours, by number of devices", columns, rows)], measured)


def measure(readings: pd.DataFrame, environment: dict[str, str] | None = None) -> Cost:
    """Forecast readings once in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "readings.parquet"
        readings.to_parquet(file)
        command: Sequence[str | Path] = [sys.executable, "-m", "benchmarks.one_forecast", file]
        usage = run(command, PROJECT, clean_environment() | (environment or {}))
    took = json.loads(usage.output.splitlines()[-1])
    return Cost(took["wall"], took["processor"], usage.tree_mb)


def _case(devices: int) -> Case:
    """Return the same home and hour as the accuracy benchmark asks for it; there is no truth in it."""
    history = made_home(devices, 365).pivot(index="timestamp", columns=["home_id", "device_id"], values="energy_kwh")
    origin = history.index[-1] + HOUR
    hours = pd.date_range(origin, periods=WEEK, freq="h", name="timestamp")
    truth = pd.DataFrame(float("nan"), index=hours, columns=history.columns)
    return Case("made", origin, "Europe/Berlin", history, truth, (history - history.shift(WEEK)).abs().mean())
