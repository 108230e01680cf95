"""Run the benchmarks and print a table; all of them together write it to benchmarks/RESULTS.md, too."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.registry import PROJECT, Benchmark, Measured, Options, Skipped, benchmarks

RESULTS = Path(__file__).with_name("RESULTS.md")
PACKAGES = ("numpy", "pandas", "scikit-learn", "matplotlib", "papermill", "nbconvert")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 0, or 1 where something that is measured failed."""
    known = benchmarks()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=known, help="one benchmark; may be given again")
    parser.add_argument("--runs", type=int, help="how often each is measured (default: its own number)")
    parser.add_argument(
        "--data-dir", type=Path, default=PROJECT.parent / "shared" / "data", help="real data (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    lines = ["| benchmark | what | measured | should be | median of |", "|---|---|---:|---|---:|"]
    _print(*lines)
    failed = False
    for name in options.only or known:
        try:
            rows = _rows(known[name], options.runs or known[name].runs, Options(options.data_dir))
        except RuntimeError as error:
            failed, rows = True, [f"| {name} | failed | | | |"]
            print(error, file=sys.stderr)
        lines += rows
        _print(*rows)
    if failed:
        return 1
    if not options.only:
        _write("\n".join(["# Benchmarks", "", _conditions(), "", *lines, ""]))
    return 0


def _rows(bench: Benchmark, runs: int, options: Options) -> list[str]:
    try:
        results = [bench.measure(options) for _ in range(runs)]
    except Skipped as reason:
        return [f"| {bench.name} | skipped: {reason} | | | |"]
    return [_row(bench.name, same, runs) for same in zip(*results, strict=True)]


def _row(name: str, same: Sequence[Measured], runs: int) -> str:
    middle = replace(same[0], value=statistics.median(one.value for one in same))
    value = f"{middle.value:.3g} {middle.unit}".strip()
    return f"| {name} | {middle.what} | {value} | {middle.bound()} | {runs} |"


def _conditions() -> str:
    """Return what was measured, when and on what, in a sentence."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    cores = os.cpu_count()
    return f"{today}, {cores} cores, {platform.machine()}, Python {platform.python_version()}, {versions}."


def _write(text: str) -> None:
    part = RESULTS.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(RESULTS)


def _print(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
