"""How long a newcomer waits: the set-up of a fresh clone, and the tests."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from benchmarks.process import clean_environment, run
from benchmarks.registry import PROJECT, Measured, Options, Skipped, benchmark


@benchmark("setup", runs=1)
def fresh_set_up(_: Options) -> list[Measured]:
    """`make .venv` in a fresh clone, when the packages have been downloaded before."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        done = subprocess.run(["git", "clone", "--quiet", PROJECT, clone], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Skipped(f"this is no clone: {done.stderr.strip()}")
        usage = run(["make", ".venv"], clone, clean_environment("CONDA_PREFIX", "VIRTUAL_ENV"))
    return [Measured("set-up of a fresh clone, packages cached", usage.seconds, "s", at_most=60)]


@benchmark("tests", runs=1)
def all_tests(_: Options) -> list[Measured]:
    """`make test`, the notebooks included."""
    usage = run(["make", "test"], PROJECT, clean_environment())
    measured = [Measured("make test", usage.seconds, "s", at_most=300)]
    if total := re.search(r"^TOTAL\s.*?([\d.]+)%$", usage.output, re.MULTILINE):
        measured.append(Measured("lines of influx/ that tests run", float(total[1]), "%", at_least=90))
    return measured
