"""Run the benchmarks and print what they found; all of them together write it to benchmarks/RESULTS.md, too."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import page
from benchmarks.registry import PROJECT, Benchmark, Options, Skipped, benchmarks
from influx.core.errors import InputError

RESULTS = Path(__file__).with_name("RESULTS.md")
TRIED = RESULTS.with_name("TRIED.md")
"""What was tried by hand and is told below what is measured."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 0, or 1 where something that is measured failed."""
    known = benchmarks()
    asked = _parser(list(known)).parse_args(arguments)
    options = Options(asked.data_dir, asked.readings, asked.timezone, not asked.without_peers)
    parts, failed = [page.title()], False
    print(parts[0])
    for name in asked.only or known:
        try:
            parts.append(_measure(known[name], asked.runs or known[name].runs, options))
        except (RuntimeError, InputError) as error:
            failed = True
            print(f"{name} failed: {error}", file=sys.stderr)
            continue
        print(parts[-1], flush=True)
    if failed:
        return 1
    if not asked.only and options == Options(options.data_dir):
        _write("\n".join(parts))
    return 0


def _parser(names: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    data = PROJECT.parent / "shared" / "data"
    parser.add_argument("--only", action="append", choices=names, help="one benchmark; may be given again")
    parser.add_argument("--runs", type=int, help="how often each is measured (default: its own number)")
    parser.add_argument("--data-dir", type=Path, default=data, help="real data (default: %(default)s)")
    parser.add_argument("--readings", type=Path, help="a folder of readings frames, *.parquet (default: bench in it)")
    parser.add_argument("--timezone", help="that of readings whose own is not known (default: UTC)")
    parser.add_argument("--without-peers", action="store_true", help="measure this project alone")
    return parser


def _measure(bench: Benchmark, runs: int, options: Options) -> str:
    began = time.perf_counter()
    try:
        results = [bench.measure(options) for _ in range(runs)]
    except Skipped as reason:
        return page.skipped(bench, str(reason))
    return page.section(bench, results, time.perf_counter() - began)


def _write(text: str) -> None:
    part = RESULTS.with_suffix(".part")
    part.write_text(f"{text.rstrip()}\n\n{TRIED.read_text(encoding='utf-8')}", encoding="utf-8")
    part.replace(RESULTS)


if __name__ == "__main__":
    sys.exit(main())
