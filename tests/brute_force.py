"""The slow truth: every way to place a few runs in a few steps, looked at one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np

from influx.scheduling.jobs import Cycle, Job, Storage


def placements(job: Cycle, steps: int) -> Iterator[np.ndarray]:
    """Yield the energy by step of each way to place all runs of a cycle [kWh]."""
    every = list(_runs_that_pause(job) if job.pauses else _runs(job))
    for some in combinations(every, job.runs):
        in_window = [sum(window == number for window, _ in some) for number in range(len(job.windows))]
        cells = [step for _, run in some for step in run]
        if len(cells) == len(set(cells)) and max(in_window, default=0) <= job.most:
            kwh = np.zeros(steps)
            for _, run in some:
                kwh[list(run)] += job.kwh.mean() if job.pauses else job.kwh
            yield kwh


def _runs(job: Cycle) -> Iterator[tuple[int, tuple[int, ...]]]:
    for number, (first, end) in enumerate(job.windows):
        for start in range(first, end - len(job.kwh) + 1):
            run = tuple(range(start, start + len(job.kwh)))
            if job.allowed[list(run)].all():
                yield number, run


def _runs_that_pause(job: Cycle) -> Iterator[tuple[int, tuple[int, ...]]]:
    for number, (first, end) in enumerate(job.windows):
        free = [step for step in range(first, end) if job.allowed[step]]
        yield from ((number, run) for run in combinations(free, len(job.kwh)))


def filled(job: Storage, value: np.ndarray, room: np.ndarray) -> np.ndarray | None:
    """Return a storage filled where it counts least, in windows that do not touch; None where one has no room."""
    kwh = np.zeros(len(value))
    for first, end in job.windows:
        left = job.kwh
        for step in sorted(range(first, end), key=lambda one: value[one]):
            if job.allowed[step]:
                kwh[step] = min(left, job.most, max(room[step], 0.0))
                left -= kwh[step]
        if left > 1e-9:
            return None
    return kwh


def best(jobs: list[Job], value: np.ndarray, room: np.ndarray) -> float | None:
    """Return the least total value of any plan, None where there is none; the last job may be a storage."""
    steps, found = len(value), None
    cycles = [list(placements(job, steps)) for job in jobs if isinstance(job, Cycle)]
    storage = [job for job in jobs if isinstance(job, Storage)]
    for some in product(*cycles):
        kwh = sum(some, np.zeros(steps))
        if ((kwh > 0) & (kwh > np.maximum(room, 0) + 1e-9)).any():
            continue
        if storage:
            own = filled(storage[0], value, room - kwh)
            if own is None:
                continue
            kwh = kwh + own
        total = float(kwh @ value)
        found = total if found is None else min(found, total)
    return found


def least_rise(jobs: list[Job], room: np.ndarray) -> float:
    """Return the least rise of the room of all steps under which some plan of cycles fits [kWh]."""
    rises = []
    for some in product(*(list(placements(job, len(room))) for job in jobs if isinstance(job, Cycle))):
        kwh = sum(some, np.zeros(len(room)))
        rises.append(max(float((kwh - room)[kwh > 0].max()), 0.0))
    return min(rises)
