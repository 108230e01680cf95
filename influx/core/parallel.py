"""Devices are independent, so they run side by side.

Few of them run in threads: nothing has to be copied and nothing has to start. Many run in processes of their own, which
take two seconds to start and then share no lock. The result is the same, byte for byte, whatever the number of workers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from joblib import Parallel, delayed
from tqdm import tqdm

T = TypeVar("T")
R = TypeVar("R")

MANY = 48
"""Devices from which processes of their own are worth their start."""


def workers() -> int:
    """Return how many threads may run: `INFLUX_WORKERS`, else the processors this process may use."""
    asked = os.environ.get("INFLUX_WORKERS", "")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(asked)) if asked.isdigit() else available


def run_all(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return `[work(item) for item in items]`, computed side by side."""
    with ThreadPoolExecutor(workers()) as pool:
        return list(pool.map(work, items))


def run_apart(work: Callable[[T], R], items: Sequence[T], progress: bool | None = None) -> list[R]:
    """Return `[work(item) for item in items]`, many of them computed in processes of their own.

    Parameters
    ----------
    work : callable
        A function of a module, or a `functools.partial` of one.
    items : sequence
        What it is called with; copied to the processes.
    progress : bool, optional
        Whether a bar on the error stream counts them; None shows it on a terminal where there are many.
    """
    if len(items) < MANY or workers() == 1:
        with ThreadPoolExecutor(workers()) as pool:
            return list(_counted(pool.map(work, items), len(items), progress))
    done = Parallel(n_jobs=workers(), return_as="generator")(delayed(work)(item) for item in items)
    return list(_counted(done, len(items), progress))


def _counted(results: Iterable[R], count: int, progress: bool | None) -> Iterable[R]:
    hidden: bool | None = not progress
    if progress is None:
        hidden = None if count >= MANY else True  # tqdm hides what is None where the error stream is no terminal
    return tqdm(results, total=count, unit="device", disable=hidden)
