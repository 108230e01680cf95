"""The list of benchmarks, and what one returns. A new one is a function with `@benchmark` in one of `MODULES`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
MODULES = ("benchmarks.speed", "benchmarks.project", "benchmarks.dashboard")


@dataclass(frozen=True)
class Options:
    """What a benchmark may need to know: the folder of real data, which is no part of the project."""

    data_dir: Path


@dataclass(frozen=True)
class Measured:
    """One number, its unit and the bound that it should keep."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def bound(self) -> str:
        """Return the bound in words, and that it is broken where it is."""
        if self.at_most is not None:
            return f"at most {self.at_most:g}" + (", missed" if self.value > self.at_most else "")
        if self.at_least is not None:
            return f"at least {self.at_least:g}" + (", missed" if self.value < self.at_least else "")
        return ""


@dataclass(frozen=True)
class Benchmark:
    """A named measurement; the median of `runs` is told."""

    name: str
    runs: int
    measure: Callable[[Options], list[Measured]]


class Skipped(Exception):  # noqa: N818 - not an error: the reason why there is nothing to measure
    """This machine lacks what the benchmark needs."""


_BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(
    name: str, runs: int = 3
) -> Callable[[Callable[[Options], list[Measured]]], Callable[[Options], list[Measured]]]:
    """Mark a function as the benchmark `name`."""

    def keep(measure: Callable[[Options], list[Measured]]) -> Callable[[Options], list[Measured]]:
        _BENCHMARKS[name] = Benchmark(name, runs, measure)
        return measure

    return keep


def benchmarks() -> dict[str, Benchmark]:
    """Return all benchmarks by name, in the order in which they are written."""
    for module in MODULES:
        importlib.import_module(module)
    return dict(_BENCHMARKS)
