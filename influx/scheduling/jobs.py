"""The jobs of flexible devices as columns and rows of a mixed-integer linear programme.

A device's runs are alike, so a run is not a variable: each start that is allowed is one, zero or one, and their sum is
the number of runs (a time-indexed formulation, Sousa and Wolsey 1992, without the symmetry of numbered runs). Rows over
consecutive starts (one that runs at any moment, so many in a window) form an interval matrix, whose corners are whole
numbers; only the power limit, which devices share, makes fractions. A cycle that may pause has a column for each step
and the number of runs of each window; a storage has the energy of each step.

Nothing here knows a tariff, a clock or a home: steps are numbered, energies are kWh in a step.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

LEAST = 1e-6
"""Energy below which nothing runs [kWh]."""


@dataclass(frozen=True)
class Cycle:
    """A device that runs in cycles.

    `kwh` is the energy of a run in each of its steps [kWh]; it must run `runs` times, at `most` so often in each
    window, a range of steps of which the end is excluded, and in `allowed` steps alone. One that `pauses` runs at its
    mean power. `preference`, 0 to 1, is how much the household likes each step: it decides where the cost does not.
    """

    device_id: str
    kwh: np.ndarray
    runs: int
    windows: tuple[tuple[int, int], ...]
    most: int
    allowed: np.ndarray
    pauses: bool = False
    preference: np.ndarray | None = None

    @property
    def energy(self) -> float:
        """What all runs take together [kWh]."""
        return float(self.kwh.sum()) * self.runs


@dataclass(frozen=True)
class Storage:
    """A device that needs `kwh` by the end of each of its windows, and can take `most` in a step [kWh]; else as a
    `Cycle`.
    """

    device_id: str
    kwh: float
    windows: tuple[tuple[int, int], ...]
    most: float
    allowed: np.ndarray
    preference: np.ndarray | None = None

    @property
    def energy(self) -> float:
        """What all windows take together [kWh]."""
        return self.kwh * len(self.windows)


Job = Cycle | Storage


@dataclass(frozen=True)
class Block:
    """A job as columns: the energy that each adds to each step, the rows that tie them together, and their bounds."""

    use: sparse.csr_array
    rows: sparse.csr_array
    low: np.ndarray
    high: np.ndarray
    most: np.ndarray
    whole: np.ndarray


def block(job: Job, steps: int) -> Block:
    """Return a job as columns and rows."""
    if isinstance(job, Storage):
        return _of_storage(job, steps)
    return _of_pauses(job, steps) if job.pauses else _of_starts(job, steps)


def _of_starts(job: Cycle, steps: int) -> Block:
    """A column for each start of a run."""
    length, windows = len(job.kwh), len(job.windows)
    window, start = _starts(job, length)
    count = len(start)
    step, column = (start[:, None] + np.arange(length)).ravel(), np.repeat(np.arange(count), length)
    by_window = _matrix(window, np.arange(count), (windows, count))
    running = _matrix(step, column, (steps, count))
    rows = sparse.vstack([sparse.csr_array(np.ones((1, count))), by_window, running], format="csr")
    low = np.concatenate([[job.runs], np.zeros(windows + steps)])
    high = np.concatenate([[job.runs], np.full(windows, job.most), np.ones(steps)])
    use = _matrix(step, column, (steps, count), np.tile(job.kwh, count))
    return Block(use, rows, low, high, np.ones(count), np.ones(count))


def _of_pauses(job: Cycle, steps: int) -> Block:
    """A column for each step, on or off, and one for the number of runs in each window."""
    window, step = _starts(job, 1)
    size, windows = len(step), len(job.windows)
    cell, shape = np.arange(size), (steps, size + windows)
    per_window = [_matrix(window, cell, (windows, size)), -len(job.kwh) * sparse.eye_array(windows, format="csr")]
    all_runs = sparse.csr_array(np.concatenate([np.zeros(size), np.ones(windows)])[None])
    rows = sparse.vstack([sparse.hstack(per_window), all_runs, _matrix(step, cell, shape)], format="csr")
    low = np.concatenate([np.zeros(windows), [job.runs], np.zeros(steps)])
    high = np.concatenate([np.zeros(windows), [job.runs], np.ones(steps)])
    most = np.concatenate([np.ones(size), np.full(windows, job.most)])
    return Block(_matrix(step, cell, shape, job.kwh.mean()), rows, low, high, most, np.ones(size + windows))


def _of_storage(job: Storage, steps: int) -> Block:
    """A column for the energy of each step."""
    window, step = _starts(job, 1)
    size, cell, need = len(step), np.arange(len(step)), np.full(len(job.windows), job.kwh)
    use = _matrix(step, cell, (steps, size))
    rows = sparse.vstack([_matrix(window, cell, (len(need), size)), use], format="csr")
    low, high = (np.concatenate([need, np.full(steps, most)]) for most in (0.0, job.most))
    return Block(use, rows, low, high, np.full(size, job.most), np.zeros(size))


def _matrix(row: np.ndarray, column: np.ndarray, shape: tuple[int, int], values: object = 1.0) -> sparse.csr_array:
    return sparse.csr_array((np.broadcast_to(np.asarray(values, float), len(row)), (row, column)), shape=shape)


def _starts(job: Job, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the window and the first step of each stretch of so many steps that are all allowed."""
    blocked = np.concatenate([[0], np.cumsum(~job.allowed)])
    window, start = [np.zeros(0, int)], [np.zeros(0, int)]
    for number, (first, end) in enumerate(job.windows):
        step = np.arange(first, end - length + 1)
        step = step[blocked[step + length] == blocked[step]]
        window.append(np.full(len(step), number))
        start.append(step)
    return np.concatenate(window), np.concatenate(start)


def runs_of(job: Job, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the runs of a solved job, whose part of `Solution.columns` is given, in order of time.

    For each step that a run takes energy in: the run, counted from 1, the step, and what it takes [kWh].
    """
    if isinstance(job, Cycle) and not job.pauses:
        length = len(job.kwh)
        starts = np.sort(_starts(job, length)[1][columns > 0.5])
        steps = (starts[:, None] + np.arange(length)).ravel()
        return np.repeat(np.arange(len(starts)) + 1, length), steps, np.tile(job.kwh, len(starts))
    window, step = _starts(job, 1)
    energy = columns[: len(step)] * (float(job.kwh.mean()) if isinstance(job, Cycle) else 1.0)
    on = np.flatnonzero(energy > LEAST)
    on = on[np.argsort(step[on], kind="stable")]
    _, first, place = np.unique(window[on], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[place] + 1, step[on], energy[on]


def write(jobs: Sequence[Job]) -> str:
    """Return jobs as JSON, so that somebody who has only the run folder can plan them anew."""
    return json.dumps([{"kind": type(job).__name__, **vars(job)} for job in jobs], default=np.ndarray.tolist)


def read(content: str) -> list[Job]:
    """Return the jobs that `write` wrote."""
    jobs: list[Job] = []
    for row in json.loads(content):
        kind = {"Cycle": Cycle, "Storage": Storage}[row.pop("kind")]
        row |= {"allowed": np.array(row["allowed"], bool), "windows": tuple(map(tuple, row["windows"]))}
        row |= {name: np.array(row[name], float) for name in ("kwh", "preference") if isinstance(row[name], list)}
        jobs.append(kind(**row))
    return jobs
