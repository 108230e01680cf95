"""The list of benchmarks, and what one returns. A new one is a function with `@benchmark` in one of `MODULES`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
MODULES = (
    "benchmarks.accuracy",
    "benchmarks.calibration",
    "benchmarks.temperature",
    "benchmarks.cost",
    "benchmarks.speed",
    "benchmarks.intake",
    "benchmarks.schedule",
    "benchmarks.dashboard",
    "benchmarks.project",
)


@dataclass(frozen=True)
class Options:
    """What a benchmark may need to know.

    Attributes
    ----------
    data_dir : Path
        The folder of real data, which is no part of the project.
    readings : Path, optional
        A folder of readings frames (Parquet), a file a set; `bench` below `data_dir` where it is not given.
    timezone : str, optional
        Time zone of the sets whose own is not known by their name; UTC where it is not given.
    peers : bool
        Whether other packages take part.
    """

    data_dir: Path
    readings: Path | None = None
    timezone: str | None = None
    peers: bool = True

    @property
    def sets(self) -> Path:
        """The folder of readings frames."""
        return self.readings or self.data_dir / "bench"


@dataclass(frozen=True)
class Measured:
    """One number, its unit and the bounds that it should keep."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def bound(self) -> str:
        """Return the bounds in words, and that they are broken where they are."""
        least, most = self.at_least, self.at_most
        if least is not None and most is not None:
            words = f"{least:g} to {most:g}"
        else:
            words = f"at most {most:g}" if most is not None else f"at least {least:g}" if least is not None else ""
        missed = (least is not None and self.value < least) or (most is not None and self.value > most)
        return f"{words}, missed" if missed else words


@dataclass(frozen=True)
class Table:
    """A table of its own: what it shows, its columns (the first one is text, the others are figures), and notes."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Findings:
    """Tables, the numbers that have a bound, and the versions of the packages that took part beside ours."""

    tables: Sequence[Table]
    measured: Sequence[Measured]
    versions: Sequence[str] = ()


Measure = Callable[[Options], "list[Measured] | Findings"]


@dataclass(frozen=True)
class Benchmark:
    """A named measurement; the median of `runs` is told."""

    name: str
    runs: int
    measure: Measure

    @property
    def about(self) -> str:
        """What it measures, in a paragraph."""
        return " ".join((self.measure.__doc__ or "").split())


class Skipped(Exception):  # noqa: N818 - not an error: the reason why there is nothing to measure
    """This machine lacks what the benchmark needs."""


_BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(name: str, runs: int = 3) -> Callable[[Measure], Measure]:
    """Mark a function as the benchmark `name`."""

    def keep(measure: Measure) -> Measure:
        _BENCHMARKS[name] = Benchmark(name, runs, measure)
        return measure

    return keep


def benchmarks() -> dict[str, Benchmark]:
    """Return all benchmarks by name, in the order in which they are written."""
    for module in MODULES:
        importlib.import_module(module)
    return dict(_BENCHMARKS)
