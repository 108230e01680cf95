"""When flexible devices should run: a mixed-integer linear programme, solved by HiGHS (Huangfu and Hall 2018).

The linear relaxation of `jobs` is tight, so a proof that nothing is much better comes fast; good whole numbers under a
tight power limit come slower. Where HiGHS has not closed the gap in half of its time, some devices at a time are placed
anew around the others until it is closed (large neighbourhood search, Shaw 1998). The gap between the plan and the best
that could be is measured, never assumed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from influx.scheduling.jobs import LEAST, Block, Job, block

GAP = 0.008
"""Part of a plan's objective by which a better one may lie below it."""

SECONDS = 2.0
"""Time after which the best plan found so far is taken."""

TOGETHER = 3
"""Devices that are placed anew at once."""

PREFERENCE = 5e-4
"""Part of the mean price that decides between steps that cost the same: those that the household likes better win."""


@dataclass(frozen=True)
class Solution:
    """The energy of each job in each step [kWh], shape (jobs, steps); the columns of each job's block (`jobs.runs_of`);
    and the part of the objective by which a better plan may lie below it at most.
    """

    kwh: np.ndarray
    columns: list[np.ndarray]
    gap: float


class Impossible(Exception):  # noqa: N818 - an answer, not a mistake
    """No plan keeps all constraints; `proven` tells whether that is certain, or none was found in time."""

    def __init__(self, proven: bool):
        super().__init__("no plan keeps all constraints" if proven else "no plan was found in time")
        self.proven = proven


def weigh(price: np.ndarray, carbon: np.ndarray | None = None, weight: float = 1.0) -> np.ndarray:
    """Return what a kWh counts in each step: its price, its carbon, or both, each divided by its mean size.

    Parameters
    ----------
    price : ndarray, shape (steps,)
        [currency/kWh].
    carbon : ndarray, shape (steps,), optional
        [g/kWh].
    weight : float
        1 counts money alone, 0 carbon alone.

    Raises
    ------
    ValueError
        The weight is out of range, or carbon counts and is not given.
    """
    if not 0 <= weight <= 1:
        raise ValueError(f"weight: {weight} does not lie between 0 (carbon alone) and 1 (money alone)")
    if carbon is None and weight < 1:
        raise ValueError("weight: carbon counts, but no carbon intensity is given")
    money = price / (np.abs(price).mean() or 1.0)
    return money if carbon is None else weight * money + (1 - weight) * carbon / (np.abs(carbon).mean() or 1.0)


def solve(
    jobs: Sequence[Job],
    value: np.ndarray,
    headroom: np.ndarray | None = None,
    gap: float = GAP,
    seconds: float = SECONDS,
) -> Solution:
    """Place all jobs at the least total value; raise `Impossible` where that cannot be done, or not in time.

    `value` is what a kWh counts in each step (`weigh`); `headroom` is the energy that the jobs may take together
    in each step [kWh], the power limit less the inflexible load, none where below zero; `gap` and `seconds` tell when
    to stop.
    """
    end, steps = time.monotonic() + seconds, len(value)
    free = np.full(steps, np.inf) if headroom is None else np.maximum(headroom, 0.0)
    problem = _Problem([block(job, steps) for job in jobs], [_with_preference(job, value) for job in jobs], free)
    if not sum(part.use.shape[1] for part in problem.blocks):
        if any(job.energy > 0 for job in jobs):
            raise Impossible(proven=True)
        return Solution(np.zeros((len(jobs), steps)), [np.zeros(0) for _ in jobs], 0.0)
    found = problem.optimize(gap, seconds / 2)
    if found.x is None and found.status != 2:
        found = problem.optimize(gap, seconds)
    if found.x is None:
        raise Impossible(proven=found.status == 2)
    bound = float(found.fun if found.mip_dual_bound is None else found.mip_dual_bound)
    columns = _improved(problem, split(found.x, problem.blocks), bound, gap, end)
    return Solution(problem.energy(columns), columns, problem.gap(columns, bound))


@dataclass(frozen=True)
class _Problem:
    """Blocks of columns, what a kWh of each counts in each step, and the energy that they may take together."""

    blocks: list[Block]
    values: list[np.ndarray]
    free: np.ndarray

    def optimize(self, gap: float, seconds: float) -> Any:
        limit = LinearConstraint(sparse.hstack([part.use for part in self.blocks], format="csr"), -np.inf, self.free)
        return milp(
            np.concatenate([part.use.T @ value for part, value in zip(self.blocks, self.values, strict=True)]),
            integrality=np.concatenate([part.whole for part in self.blocks]),
            bounds=Bounds(0, np.concatenate([part.most for part in self.blocks])),
            constraints=[constraint(self.blocks), *([limit] if np.isfinite(self.free).any() else [])],
            options={"mip_rel_gap": gap, "time_limit": seconds},
        )

    def energy(self, columns: list[np.ndarray]) -> np.ndarray:
        kwh = np.stack([part.use @ x for part, x in zip(self.blocks, columns, strict=True)])
        return np.where(kwh > LEAST, kwh, 0.0)

    def total(self, columns: list[np.ndarray]) -> float:
        parts = zip(self.blocks, columns, self.values, strict=True)
        return float(sum(value @ (part.use @ x) for part, x, value in parts))

    def gap(self, columns: list[np.ndarray], bound: float) -> float:
        total = self.total(columns)
        return max(total - bound, 0.0) / max(abs(total), 1e-9)


def _improved(problem: _Problem, columns: list[np.ndarray], bound: float, gap: float, end: float) -> list[np.ndarray]:
    """Place a few jobs at a time anew around the others, until the gap is closed or time is over."""
    random, count = np.random.default_rng(0), len(problem.blocks)
    while count > TOGETHER and problem.gap(columns, bound) > gap and time.monotonic() < end:
        pick = random.choice(count, TOGETHER, replace=False)
        kwh = problem.energy(columns)
        own = kwh[pick].sum(axis=0)
        left = np.maximum(problem.free - (kwh.sum(axis=0) - own), own)
        part = _Problem([problem.blocks[place] for place in pick], [problem.values[place] for place in pick], left)
        found = part.optimize(gap / 8, end - time.monotonic())
        if found.x is not None:
            again = dict(zip(pick, split(found.x, part.blocks), strict=True))
            columns = min(columns, [again.get(place, columns[place]) for place in range(count)], key=problem.total)
    return columns


def split(x: np.ndarray, blocks: list[Block]) -> list[np.ndarray]:
    """Return the columns of each block, whole numbers rounded to what they are meant to be."""
    ends = np.cumsum([part.use.shape[1] for part in blocks])
    parts = zip(blocks, np.split(x[: ends[-1]], ends[:-1]), strict=True)
    return [np.where(part.whole == 1, np.round(own), own) for part, own in parts]


def constraint(blocks: list[Block]) -> LinearConstraint:
    """Return the rows of all blocks as one constraint."""
    rows = sparse.block_diag([part.rows for part in blocks], format="csr")
    low, high = (np.concatenate([getattr(part, name) for part in blocks]) for name in ("low", "high"))
    return LinearConstraint(rows, low, high)


def _with_preference(job: Job, value: np.ndarray) -> np.ndarray:
    if job.preference is None:
        return value
    return np.asarray(value + PREFERENCE * float(np.abs(value).mean()) * (1 - job.preference))
