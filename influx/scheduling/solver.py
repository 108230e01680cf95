"""When flexible devices should run: a mixed-integer linear programme, solved by HiGHS (Huangfu and Hall 2018).

The relaxation of `milp_model` is tight, so a proof that nothing is much better comes fast; good whole numbers
under a tight power limit come slower. Where HiGHS has not closed the gap in half of its time, some devices at a time
are placed anew around the others until it is closed (large neighbourhood search, Shaw 1998). The gap between the plan
and the best that could be is told, never assumed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from influx.scheduling.milp_model import LEAST, Block, Task, block

GAP = 0.008
"""Part of a plan's objective by which a better one may lie below it."""

SECONDS = 2.0
"""Time after which the best plan found so far is taken."""

TOGETHER = 3
"""Devices that are placed anew at once."""

TIE = 5e-4
"""Part of the mean price that decides between steps that cost the same: those that the household likes better win."""


@dataclass(frozen=True)
class Solution:
    """A plan.

    Attributes
    ----------
    kwh : ndarray, shape (tasks, steps)
        Energy of each task in each step [kWh].
    columns : list of ndarray
        The columns of each task's block, from which `formulation.runs_of` reads its runs.
    gap : float
        Part of the objective by which a better plan may lie below it at most.
    """

    kwh: np.ndarray
    columns: list[np.ndarray]
    gap: float


class Impossible(Exception):  # noqa: N818 - an answer: `influx.scheduling.infeasibility` says what makes it so
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
    tasks: Sequence[Task], value: np.ndarray, room: np.ndarray | None = None, gap: float = GAP, seconds: float = SECONDS
) -> Solution:
    """Place all tasks at the least total value.

    Parameters
    ----------
    tasks : sequence of Cycle or Storage
    value : ndarray, shape (steps,)
        What a kWh counts in each step (`weigh`).
    room : ndarray, shape (steps,), optional
        Energy that the tasks may take together in each step [kWh]: the power limit less the inflexible load. Below
        zero it counts as none.
    gap, seconds : float
        When to stop.

    Raises
    ------
    Impossible
        No plan keeps all constraints, or none was found in time.
    """
    end = time.monotonic() + seconds
    worth = [_with_ties(task, value) for task in tasks]
    blocks = [block(task, len(value)) for task in tasks]
    if not sum(one.use.shape[1] for one in blocks):
        if any(task.energy > 0 for task in tasks):
            raise Impossible(proven=True)
        return Solution(np.zeros((len(tasks), len(value))), [np.zeros(0) for _ in tasks], 0.0)
    free = np.full(len(value), np.inf) if room is None else np.maximum(room, 0.0)
    found = _milp(blocks, worth, free, gap, seconds / 2)
    if found.x is None and found.status != 2:
        found = _milp(blocks, worth, free, gap, seconds)
    if found.x is None:
        raise Impossible(proven=found.status == 2)
    columns = parted(found.x, blocks)
    bound = float(found.mip_dual_bound) if found.mip_dual_bound is not None else float(found.fun)
    columns = _improved(columns, blocks, worth, free, bound, gap, end)
    return Solution(_energy(columns, blocks), columns, _gap(_total(columns, blocks, worth), bound))


def _milp(blocks: list[Block], worth: list[np.ndarray], free: np.ndarray, gap: float, seconds: float):  # type: ignore[no-untyped-def]
    limit = LinearConstraint(sparse.hstack([one.use for one in blocks], format="csr"), -np.inf, free)
    return milp(
        np.concatenate([one.use.T @ each for one, each in zip(blocks, worth, strict=True)]),
        integrality=np.concatenate([one.whole for one in blocks]),
        bounds=Bounds(0, np.concatenate([one.most for one in blocks])),
        constraints=[ties(blocks), limit] if np.isfinite(free).any() else [ties(blocks)],
        options={"mip_rel_gap": gap, "time_limit": seconds},
    )


def _improved(
    columns: list[np.ndarray],
    blocks: list[Block],
    worth: list[np.ndarray],
    free: np.ndarray,
    bound: float,
    gap: float,
    end: float,
) -> list[np.ndarray]:
    """Place a few tasks at a time anew around the others, until the gap is closed or time is over."""
    random = np.random.default_rng(0)
    while len(blocks) > TOGETHER and _gap(_total(columns, blocks, worth), bound) > gap and time.monotonic() < end:
        pick = random.choice(len(blocks), TOGETHER, replace=False)
        some = [blocks[one] for one in pick]
        own = _energy([columns[one] for one in pick], some).sum(axis=0)
        left = free - (_energy(columns, blocks).sum(axis=0) - own)
        found = _milp(some, [worth[one] for one in pick], np.maximum(left, own), gap / 8, end - time.monotonic())
        if found.x is not None:
            new = list(columns)
            for one, part in zip(pick, parted(found.x, some), strict=True):
                new[one] = part
            columns = min(columns, new, key=lambda each: _total(each, blocks, worth))
    return columns


def parted(x: np.ndarray, blocks: list[Block]) -> list[np.ndarray]:
    """Return the columns of each block, whole numbers rounded to what they are meant to be."""
    ends = np.cumsum([one.use.shape[1] for one in blocks])
    parts = np.split(x[: ends[-1]], ends[:-1])
    return [np.where(one.whole == 1, np.round(part), part) for one, part in zip(blocks, parts, strict=True)]


def ties(blocks: list[Block]) -> LinearConstraint:
    """Return the rows of all blocks as one constraint."""
    rows = sparse.block_diag([one.rows for one in blocks], format="csr")
    return LinearConstraint(rows, np.concatenate([o.low for o in blocks]), np.concatenate([o.high for o in blocks]))


def _with_ties(task: Task, value: np.ndarray) -> np.ndarray:
    if task.like is None:
        return value
    return np.asarray(value + TIE * float(np.abs(value).mean()) * (1 - task.like))


def _energy(columns: list[np.ndarray], blocks: list[Block]) -> np.ndarray:
    kwh = np.stack([one.use @ x for one, x in zip(blocks, columns, strict=True)])
    return np.where(kwh > LEAST, kwh, 0.0)


def _total(columns: list[np.ndarray], blocks: list[Block], worth: list[np.ndarray]) -> float:
    return float(sum(each @ (one.use @ x) for one, x, each in zip(blocks, columns, worth, strict=True)))


def _gap(total: float, bound: float) -> float:
    return max(total - bound, 0.0) / max(abs(total), 1e-9)
