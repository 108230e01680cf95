"""Why no plan is possible, and what is the least that would have to give.

A task that does not fit by itself is found first: its deadline is moved step by step, then its hours of rest are
lifted, then it is asked for less. Where each fits by itself but not all under the power limit, the limit becomes a
variable (an elastic programme, Chinneck and Dravnieks 1991), and the least one is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from influx.scheduling.milp_model import Block, Cycle, Storage, Task, block
from influx.scheduling.solver import GAP, SECONDS, Impossible, Solution, solve, ties

ELASTIC_SECONDS = 10.0
"""Time to find any plan where none was found quickly, and for the least power limit, which else is told as found."""


@dataclass(frozen=True)
class Relaxation:
    """The least by which one constraint must give.

    Attributes
    ----------
    device_id : str
        Whose constraint it is, empty for the power limit of the home.
    gives : str
        deadline, forbidden (hours of rest), asked (runs, or the energy of a storage), or limit.
    by : float
        Steps by which the deadline moves; runs that fit, or energy that fits in every window [kWh]; energy by which
        the limit of a step rises [kWh].
    step : int
        For the limit: where the devices press hardest against it.
    proven : bool
        Whether less is known not to do.
    """

    device_id: str
    gives: Literal["deadline", "forbidden", "asked", "limit"]
    by: float
    step: int = -1
    proven: bool = True


def solve_or_tell(
    tasks: Sequence[Task],
    value: np.ndarray,
    room: np.ndarray | None,
    steps_a_day: int,
    gap: float = GAP,
    seconds: float = SECONDS,
) -> tuple[Solution | None, list[Task], list[Relaxation]]:
    """Place the tasks, or say what keeps them from being placed.

    Parameters
    ----------
    tasks, value, room, gap, seconds
        As in `influx.scheduling.solver.solve`.
    steps_a_day : int
        The farthest that a deadline is moved.

    Returns
    -------
    solution : Solution or None
        Of the tasks that fit by themselves; None where the power limit has no room for all of these.
    placed : list of Task
        Those tasks.
    relaxations : list of Relaxation
        One for each task that does not fit by itself, and one for the power limit.
    """
    for time in (seconds, ELASTIC_SECONDS):
        try:
            return solve(tasks, value, room, gap, time), list(tasks), []
        except Impossible as answer:
            if answer.proven:
                break
    alone = [relaxed(task, len(value), steps_a_day) for task in tasks]
    fit = [task for task, one in zip(tasks, alone, strict=True) if one is None]
    told = [one for one in alone if one is not None]
    if told:
        try:
            return solve(fit, value, room, gap, seconds), fit, told
        except Impossible:
            pass
    assert room is not None  # without a limit, tasks that fit by themselves fit together
    return None, fit, [*told, least_limit(fit, room)]


def relaxed(task: Task, steps: int, steps_a_day: int) -> Relaxation | None:
    """Return the least that lets a task fit by itself, None where it fits as it is."""
    if fits(task, steps):
        return None
    most = max(steps_a_day - min((end - first for first, end in task.windows), default=steps_a_day), 0)
    later = _least(lambda by: fits(_later(task, by, steps), steps), most)
    if later is not None:
        return Relaxation(task.device_id, "deadline", later)
    if fits(replace(task, allowed=np.ones(steps, bool)), steps):
        return Relaxation(task.device_id, "forbidden", 0)
    return Relaxation(task.device_id, "asked", _that_fits(task, steps))


def fits(task: Task, steps: int) -> bool:
    """Tell whether a task fits by itself."""
    try:
        solve([task], np.zeros(steps))
    except Impossible:
        return False
    return True


def _later(task: Task, by: int, steps: int) -> Task:
    return replace(task, windows=tuple((first, min(end + by, steps)) for first, end in task.windows))


def _that_fits(task: Task, steps: int) -> float:
    """Return how many runs fit, or how much energy of a storage fits in every window [kWh]."""
    if isinstance(task, Storage):
        return min((task.most * float(task.allowed[first:end].sum()) for first, end in task.windows), default=0.0)
    fewer = _least(lambda less: fits(replace(task, runs=task.runs - less), steps), task.runs)
    return float(task.runs - (task.runs if fewer is None else fewer))


def _least(enough: Callable[[int], bool], most: int) -> int | None:
    """Return the least whole number from 1 to `most` that is enough, None where none is; more is always enough too."""
    if most < 1 or not enough(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def least_limit(tasks: Sequence[Task], room: np.ndarray, seconds: float = ELASTIC_SECONDS) -> Relaxation:
    """Return the least rise of the power limit under which all tasks have room.

    Where the inflexible load alone is above the limit, nothing may run, unless the rise makes room there too: a column
    of zero or one for each such step.
    """
    blocks = [block(task, len(room)) for task in tasks]
    use = sparse.hstack([one.use for one in blocks], format="csr")
    columns, over = use.shape[1], np.flatnonzero(room < 0)
    extra = sparse.csr_array(np.ones((len(room), 1)))
    here = sparse.csr_array((np.ones(len(over)), (over, np.arange(len(over)))), shape=(len(room), len(over)))
    below = sparse.hstack([use, -extra, here * np.maximum(-room, 0.0)[:, None]], format="csr")
    only_where = sparse.hstack([use, 0 * extra, here * -_most(tasks)], format="csr")[over]
    own = ties(blocks)
    fixed = sparse.hstack([own.A, sparse.csr_array((own.A.shape[0], 1 + len(over)))], format="csr")
    limits = [LinearConstraint(fixed, own.lb, own.ub), LinearConstraint(below, -np.inf, np.maximum(room, 0.0))]
    limits += [LinearConstraint(only_where, -np.inf, 0.0)] if len(over) else []
    found = milp(
        np.concatenate([np.zeros(columns), [1.0], np.zeros(len(over))]),
        integrality=np.concatenate([*(one.whole for one in blocks), [0], np.ones(len(over))]),
        bounds=Bounds(0, np.concatenate([*(one.most for one in blocks), [np.inf], np.ones(len(over))])),
        constraints=limits,
        options={"mip_rel_gap": 1e-4, "time_limit": seconds},
    )
    if found.x is None:  # a limit that all devices may draw at once, wherever they run
        return Relaxation("", "limit", _most(tasks) - float(room.min()), int(room.argmin()), False)
    return Relaxation("", "limit", float(found.fun), _worst(found.x[:columns], blocks, room), found.status == 0)


def _worst(x: np.ndarray, blocks: list[Block], room: np.ndarray) -> int:
    """Return the step in which the devices take most beyond the room that there is."""
    taken = sparse.hstack([one.use for one in blocks]) @ x
    return int(np.argmax(np.where(taken > 0, taken - room, -np.inf)))


def _most(tasks: Sequence[Task]) -> float:
    """Return the most that all tasks can take in a step [kWh]."""
    return sum(float(task.kwh.max()) if isinstance(task, Cycle) else task.most for task in tasks)
