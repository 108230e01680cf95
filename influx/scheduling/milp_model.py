"""The tasks of flexible devices as columns and rows of a linear programme.

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
from typing import Any

import numpy as np
from scipy import sparse

LEAST = 1e-6
"""Energy below which nothing runs [kWh]."""


@dataclass(frozen=True)
class Cycle:
    """A device that runs in cycles.

    Attributes
    ----------
    device_id : str
    kwh : ndarray, shape (length,)
        Energy of a run in each of its steps [kWh].
    runs : int
        How often it must run.
    windows : tuple of (int, int)
        Ranges of steps, the end excluded; a run lies in one of them.
    most : int
        Runs in a window at most.
    allowed : ndarray of bool, shape (steps,)
        Steps in which it may run.
    pauses : bool
        Whether it may be interrupted; it then runs at its mean power.
    like : ndarray, shape (steps,), optional
        How much the household likes each step, 0 to 1; it decides where the cost does not.
    """

    device_id: str
    kwh: np.ndarray
    runs: int
    windows: tuple[tuple[int, int], ...]
    most: int
    allowed: np.ndarray
    pauses: bool = False
    like: np.ndarray | None = None

    @property
    def energy(self) -> float:
        """What all runs take together [kWh]."""
        return float(self.kwh.sum()) * self.runs


@dataclass(frozen=True)
class Storage:
    """A device that needs energy by the end of each of its windows.

    Attributes
    ----------
    kwh : float
        Energy needed in each window [kWh].
    windows : tuple of (int, int)
        Ranges of steps in which it can take energy, the end excluded.
    most : float
        Energy that it can take in a step [kWh].
    device_id, allowed, like
        As of a `Cycle`.
    """

    device_id: str
    kwh: float
    windows: tuple[tuple[int, int], ...]
    most: float
    allowed: np.ndarray
    like: np.ndarray | None = None

    @property
    def energy(self) -> float:
        """What all windows take together [kWh]."""
        return self.kwh * len(self.windows)


Task = Cycle | Storage


@dataclass(frozen=True)
class Block:
    """A task as columns: the energy that each adds to each step, and the rows that tie them together."""

    use: sparse.csc_array
    rows: sparse.csr_array
    low: np.ndarray
    high: np.ndarray
    most: np.ndarray
    whole: np.ndarray


def block(task: Task, steps: int) -> Block:
    """Return a task as columns and rows."""
    if isinstance(task, Storage):
        return _of_storage(task, steps)
    return _of_pauses(task, steps) if task.pauses else _of_starts(task, steps)


def _of_starts(task: Cycle, steps: int) -> Block:
    """A column for each start of a run."""
    length = len(task.kwh)
    window, start = _starts(task)
    count = np.arange(len(start))
    steps_of = (start[:, None] + np.arange(length)).ravel()
    column = np.repeat(count, length)
    use = sparse.csc_array((np.tile(task.kwh, len(start)), (steps_of, column)), shape=(steps, len(start)))
    running = sparse.csr_array((np.ones(len(column)), (steps_of, column)), shape=(steps, len(start)))
    by_window = sparse.csr_array((np.ones(len(count)), (window, count)), shape=(len(task.windows), len(start)))
    rows = sparse.vstack([sparse.csr_array(np.ones((1, len(start)))), by_window, running], format="csr")
    high = np.concatenate([[task.runs], np.full(len(task.windows), task.most), np.ones(steps)])
    low = np.concatenate([[task.runs], np.zeros(len(task.windows) + steps)])
    return Block(use, rows, low, high, np.ones(len(start)), np.ones(len(start)))


def _starts(task: Cycle) -> tuple[np.ndarray, np.ndarray]:
    """Return the window and the first step of each run that is allowed."""
    length = len(task.kwh)
    blocked = np.concatenate([[0], np.cumsum(~task.allowed)])
    window, start = [np.zeros(0, int)], [np.zeros(0, int)]
    for number, (first, end) in enumerate(task.windows):
        every = np.arange(first, end - length + 1)
        free = every[blocked[every + length] == blocked[every]] if len(every) else every
        window.append(np.full(len(free), number))
        start.append(free)
    return np.concatenate(window), np.concatenate(start)


def _cells(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Return the window and the step of each step that is allowed."""
    steps = [np.arange(first, end) for first, end in task.windows]
    steps = [one[task.allowed[one]] for one in steps]
    window = [np.full(len(one), number) for number, one in enumerate(steps)]
    return np.concatenate([np.zeros(0, int), *window]), np.concatenate([np.zeros(0, int), *steps])


def _of_pauses(task: Cycle, steps: int) -> Block:
    """A column for each step, on or off, and one for the number of runs in each window."""
    window, step = _cells(task)
    size, windows, length = len(step), len(task.windows), len(task.kwh)
    cell = np.arange(size)
    ones = np.ones(size)
    kwh = np.full(size, float(task.kwh.mean()))
    use = sparse.csc_array((kwh, (step, cell)), shape=(steps, size + windows))
    in_window = sparse.csr_array((ones, (window, cell)), shape=(windows, size))
    runs = sparse.eye_array(windows, format="csr")
    rows = sparse.vstack(
        [
            sparse.hstack([in_window, -length * runs]),
            sparse.csr_array(np.concatenate([np.zeros(size), np.ones(windows)])[None]),
            sparse.csr_array((ones, (step, cell)), shape=(steps, size + windows)),
        ],
        format="csr",
    )
    low = np.concatenate([np.zeros(windows), [task.runs], np.zeros(steps)])
    high = np.concatenate([np.zeros(windows), [task.runs], np.ones(steps)])
    most = np.concatenate([ones, np.full(windows, task.most)])
    return Block(use, rows, low, high, most, np.ones(size + windows))


def _of_storage(task: Storage, steps: int) -> Block:
    """A column for the energy of each step."""
    window, step = _cells(task)
    cell, ones = np.arange(len(step)), np.ones(len(step))
    use = sparse.csc_array((ones, (step, cell)), shape=(steps, len(step)))
    in_window = sparse.csr_array((ones, (window, cell)), shape=(len(task.windows), len(step)))
    need = np.full(len(task.windows), task.kwh)
    rows = sparse.vstack([in_window, use], format="csr")
    high = np.concatenate([need, np.full(steps, task.most)])
    return Block(use, rows, np.concatenate([need, np.zeros(steps)]), high, task.most * ones, np.zeros(len(step)))


def runs_of(task: Task, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the runs of a solved task in order of time.

    Parameters
    ----------
    task : Cycle or Storage
    columns : ndarray
        Its part of `Solution.columns`.

    Returns
    -------
    run, step : ndarray of int, shape (n,)
        An entry for each step that a run takes energy in; runs are counted from 1.
    kwh : ndarray, shape (n,)
        What it takes in the step [kWh].
    """
    if isinstance(task, Cycle) and not task.pauses:
        starts = np.sort(_starts(task)[1][columns > 0.5])
        steps = (starts[:, None] + np.arange(len(task.kwh))).ravel()
        return np.repeat(np.arange(len(starts)) + 1, len(task.kwh)), steps, np.tile(task.kwh, len(starts))
    window, step = _cells(task)
    energy = columns[: len(step)] * (float(task.kwh.mean()) if isinstance(task, Cycle) else 1.0)
    on = np.flatnonzero(energy > LEAST)
    on = on[np.argsort(step[on], kind="stable")]
    _, first, place = np.unique(window[on], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[place] + 1, step[on], energy[on]


def write(tasks: Sequence[Task]) -> str:
    """Return tasks as JSON, so that somebody who has only the run folder can plan them anew."""
    plain = lambda value: value.tolist() if isinstance(value, np.ndarray) else value  # noqa: E731
    rows = [{name: plain(value) for name, value in vars(task).items()} for task in tasks]
    return json.dumps([{"kind": type(task).__name__, **row} for task, row in zip(tasks, rows, strict=True)])


def read(content: str) -> list[Task]:
    """Return the tasks that `write` wrote."""
    return [_task(row) for row in json.loads(content)]


def _task(row: dict[str, Any]) -> Task:
    kind = {"Cycle": Cycle, "Storage": Storage}[row.pop("kind")]
    row["allowed"] = np.array(row["allowed"], dtype=bool)
    row["like"] = None if row["like"] is None else np.array(row["like"], dtype=float)
    row["windows"] = tuple((int(first), int(end)) for first, end in row["windows"])
    if kind is Cycle:
        row["kwh"] = np.array(row["kwh"], dtype=float)
    return kind(**row)
