"""Devices are independent, so they run side by side.

Threads, not processes: the time goes into compiled code that lets other threads run, nothing has to be copied, and the
result is the same, byte for byte, whatever the number of workers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def workers() -> int:
    """Return how many threads may run: `INFLUX_WORKERS`, else the processors this process may use."""
    asked = os.environ.get("INFLUX_WORKERS", "")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(asked)) if asked.isdigit() else available


def run_all(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return `[work(item) for item in items]`, computed side by side."""
    with ThreadPoolExecutor(workers()) as pool:
        return list(pool.map(work, items))
