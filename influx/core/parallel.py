"""Devices are independent, so they run side by side.

Few of them run in threads: nothing has to be copied and nothing has to start. Many run in processes of their own, which
take two seconds to start and then share no lock. The result is the same, byte for byte, whatever the number of workers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

T = TypeVar("T")
R = TypeVar("R")

MANY = 48
"""Devices from which processes of their own are worth their start."""


def workers() -> int:
    """Return how many threads may run: `INFLUX_WORKERS`, else the processors this process may use."""
    count = os.environ.get("INFLUX_WORKERS", "")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(count)) if count.isdigit() else available


def run_all(work: Callable[[T], R], items: Iterable[T], progress: bool | None = False) -> list[R]:
    """Return `[work(item) for item in items]`, computed side by side; `progress` as in `run_apart`."""
    items = list(items)
    # One core each: threads that wait for each other take longer than the fit, and sum in another order.
    with ThreadPoolExecutor(workers(), initializer=threadpool_limits, initargs=(1, "openmp")) as pool:
        return list(_counted(pool.map(work, items), len(items), progress))


def run_apart(work: Callable[[T], R], items: Sequence[T], progress: bool | None = None) -> list[R]:
    """Return `[work(item) for item in items]`, many of them computed in processes of their own.

    A bar counts them where it takes longer than two seconds; `progress` None shows it on a terminal and in a notebook,
    and the environment variable `TQDM_DISABLE` hides it everywhere.
    """
    if len(items) < MANY or workers() == 1:
        return run_all(work, items, progress)
    done = Parallel(n_jobs=workers(), return_as="generator")(delayed(work)(item) for item in items)
    return list(_counted(done, len(items), progress))


def _counted(results: Iterable[R], count: int, progress: bool | None) -> Iterable[R]:
    if progress is None:
        ipython = sys.modules.get("IPython")
        progress = sys.stderr.isatty() or (ipython is not None and ipython.get_ipython() is not None)
    # Of its own, tqdm heeds the variable on a terminal, not in a notebook.
    if not progress or os.environ.get("TQDM_DISABLE", "0") not in ("", "0"):
        return results
    from tqdm.auto import tqdm

    return tqdm(results, total=count, delay=2, leave=False)
