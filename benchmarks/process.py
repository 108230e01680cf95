"""Run a command and watch what it and all its children take: wall time, and memory, sampled ten times a second."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

MEGABYTE = 1e6
INTERVAL = 0.1


@dataclass(frozen=True)
class Usage:
    """What a command took: wall time, the most memory that all its processes held at once, and that one of them held.

    In `tree_mb` a page that processes share counts once (proportional set size), where the system tells it.
    """

    seconds: float
    tree_mb: float
    largest_mb: float
    output: str


def run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> Usage:
    """Run `command` in `folder` to its end.

    Raises
    ------
    RuntimeError
        It failed; the end of what it said is in the message.
    """
    tree, largest = 0, 0
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        root = psutil.Process(child.pid)
        while child.poll() is None:
            shares, residents = _sizes(root)
            tree, largest = max(tree, sum(shares)), max(largest, *residents)
            time.sleep(INTERVAL)
        seconds = time.perf_counter() - began
        said.seek(0)
        output = said.read().decode(errors="replace")
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} failed ({child.returncode}):\n{output[-2000:]}")
    return Usage(seconds, tree / MEGABYTE, largest / MEGABYTE, output)


def clean_environment(*without: str) -> dict[str, str]:
    """Return the environment without what a surrounding make put there, and without the variables named."""
    unwanted = {"MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS", *without}
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def _sizes(root: psutil.Process) -> tuple[list[int], list[int]]:
    """Return the share of memory and the resident memory of each living process of the tree [bytes]."""
    shares, residents = [0], [0]
    try:
        for process in [root, *root.children(recursive=True)]:
            resident = process.memory_info().rss
            residents.append(resident)
            shares.append(getattr(process.memory_full_info(), "pss", resident))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        pass  # it ended while it was looked at; the next look sees the rest
    return shares, residents
