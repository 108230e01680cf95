"""Infeasibility diagnosis: why no plan is possible, and what is the least that would have to give.

A job that does not fit by itself is found first: its deadline is moved step by step, then its hours of rest are
lifted, then less is required of it. Where each fits by itself but not all under the power limit, the limit becomes a
variable (an elastic programme, Chinneck and Dravnieks 1991), and the least one is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from influx.core import formatting as fmt
from influx.core.flexible_load_settings import MINUTES_A_DAY, Flexible, minutes_of
from influx.core.local_time import HOUR, local
from influx.scheduling.jobs import Cycle, Job, Storage, block
from influx.scheduling.solver import SECONDS, Impossible, Solution, constraint, solve

ELASTIC_SECONDS = 10.0
"""Time to find any plan where none was found quickly, and to find the least power limit."""


@dataclass(frozen=True)
class Diagnosis:
    """The least by which one constraint must give: that of a device, or the power limit of the home (no device).

    `gives` is deadline, forbidden (hours of rest), requirement (runs, or the energy of a storage), or limit. `by` is in
    steps by which the deadline moves; in runs that fit, or energy that fits in every window [kWh]; or in energy by
    which the limit of a step rises [kWh]. `step` is where the devices press hardest against the limit; `proven` tells
    whether less is known not to do.
    """

    device_id: str
    gives: Literal["deadline", "forbidden", "requirement", "limit"]
    by: float
    step: int = -1
    proven: bool = True


def solve_or_diagnose(
    jobs: Sequence[Job], value: np.ndarray, headroom: np.ndarray | None, steps_a_day: int
) -> tuple[Solution | None, list[Job], list[Diagnosis]]:
    """Place the jobs, as `solver.solve` does, or find what keeps them from being placed.

    Return the solution of the jobs that fit by themselves, None where the power limit has no room for all of these;
    those jobs; and a diagnosis for each other job, and for the power limit. A deadline is moved by `steps_a_day` at
    most.
    """
    for seconds in (SECONDS, ELASTIC_SECONDS):
        try:
            return solve(jobs, value, headroom, seconds=seconds), list(jobs), []
        except Impossible as answer:
            if answer.proven:
                break
    alone = [diagnose(job, len(value), steps_a_day) for job in jobs]
    fit = [job for job, diagnosis in zip(jobs, alone, strict=True) if diagnosis is None]
    diagnoses = [diagnosis for diagnosis in alone if diagnosis is not None]
    if diagnoses:
        try:
            return solve(fit, value, headroom), fit, diagnoses
        except Impossible:
            pass
    assert headroom is not None  # without a limit, jobs that fit by themselves fit together
    return None, fit, [*diagnoses, least_limit(fit, headroom)]


def diagnose(job: Job, steps: int, steps_a_day: int) -> Diagnosis | None:
    """Return the least that lets a job fit by itself, None where it fits as it is."""
    if _fits(job, steps):
        return None

    def later(by: int) -> Job:
        return replace(job, windows=tuple((first, min(end + by, steps)) for first, end in job.windows))

    most = max(steps_a_day - min((end - first for first, end in job.windows), default=steps_a_day), 0)
    by = _least(lambda by: _fits(later(by), steps), most)
    if by is not None:
        return Diagnosis(job.device_id, "deadline", by)
    if _fits(replace(job, allowed=np.ones(steps, bool)), steps):
        return Diagnosis(job.device_id, "forbidden", 0)
    if isinstance(job, Storage):
        kwh = min((job.most * float(job.allowed[first:end].sum()) for first, end in job.windows), default=0.0)
        return Diagnosis(job.device_id, "requirement", kwh)
    fewer = _least(lambda less: _fits(replace(job, runs=job.runs - less), steps), job.runs)
    return Diagnosis(job.device_id, "requirement", 0.0 if fewer is None else float(job.runs - fewer))


def _fits(job: Job, steps: int) -> bool:
    try:
        solve([job], np.zeros(steps))
    except Impossible:
        return False
    return True


def _least(enough: Callable[[int], bool], most: int) -> int | None:
    """Return the least whole number from 1 to `most` that is enough, None where none is; more is always enough too."""
    if most < 1 or not enough(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def least_limit(jobs: Sequence[Job], headroom: np.ndarray, seconds: float = ELASTIC_SECONDS) -> Diagnosis:
    """Return the least rise of the power limit under which all jobs have room.

    Where the inflexible load alone is above the limit, nothing may run, unless the rise makes room there too: a column
    of zero or one for each such step.
    """
    blocks = [block(job, len(headroom)) for job in jobs]
    at_once = sum(float(job.kwh.max()) if isinstance(job, Cycle) else job.most for job in jobs)
    use = sparse.hstack([part.use for part in blocks], format="csr")
    columns, over = use.shape[1], np.flatnonzero(headroom < 0)
    extra = sparse.csr_array(np.ones((len(headroom), 1)))
    here = sparse.csr_array((np.ones(len(over)), (over, np.arange(len(over)))), shape=(len(headroom), len(over)))
    below = sparse.hstack([use, -extra, here * np.maximum(-headroom, 0.0)[:, None]], format="csr")
    only_where = sparse.hstack([use, 0 * extra, here * -at_once], format="csr")[over]
    rows = constraint(blocks)
    fixed = sparse.hstack([rows.A, sparse.csr_array((rows.A.shape[0], 1 + len(over)))], format="csr")
    limits = [LinearConstraint(fixed, rows.lb, rows.ub), LinearConstraint(below, -np.inf, np.maximum(headroom, 0.0))]
    limits += [LinearConstraint(only_where, -np.inf, 0.0)] if len(over) else []
    found = milp(
        np.concatenate([np.zeros(columns), [1.0], np.zeros(len(over))]),
        integrality=np.concatenate([*(part.whole for part in blocks), [0], np.ones(len(over))]),
        bounds=Bounds(0, np.concatenate([*(part.most for part in blocks), [np.inf], np.ones(len(over))])),
        constraints=limits,
        options={"mip_rel_gap": 1e-4, "time_limit": seconds},
    )
    if found.x is None:  # a limit that all devices may draw at once, wherever they run
        return Diagnosis("", "limit", at_once - float(headroom.min()), int(headroom.argmin()), False)
    taken = use @ found.x[:columns]
    worst = int(np.argmax(np.where(taken > 0, taken - headroom, -np.inf)))
    return Diagnosis("", "limit", float(found.fun), worst, found.status == 0)


def unfit_note(diagnosis: Diagnosis, job: Job, flexible: Flexible, stamps: pd.DatetimeIndex, timezone: str) -> str:
    """Say why a job does not fit by itself, and the smallest relaxation that mends it."""
    step, rest = stamps[1] - stamps[0], fmt.listed(list(flexible.forbidden))
    if isinstance(job, Cycle):
        needs = f"{_runs(job.runs)} of {len(job.kwh) * (step / HOUR):g}{fmt.THIN_SPACE}h"
        fewer = f"{_runs(round(diagnosis.by))} instead of {job.runs}"
    else:
        needs = f"{fmt.kwh(job.kwh)} at {fmt.number(job.most / (step / HOUR))}{fmt.THIN_SPACE}kW"
        fewer = f"{fmt.kwh(diagnosis.by)} instead of {fmt.kwh(job.kwh)}"
    span = f"between {flexible.earliest or '00:00'} and {flexible.deadline or '24:00'}"
    if flexible.is_storage and flexible.earliest is None:
        span = f"before {flexible.deadline}"
    first, last = local(stamps[[0, -1]], timezone).normalize()
    days = f"on {fmt.day(first)}" if first == last else f"from {fmt.day(first)} to {fmt.day(last)}"
    minute = minutes_of(flexible.deadline or "24:00") + round(diagnosis.by * step / pd.Timedelta(minutes=1))
    clock = f"{minute % MINUTES_A_DAY // 60:02d}:{minute % 60:02d}"
    relaxation = {
        "deadline": f"deadline {clock}{' on the day after' if minute >= MINUTES_A_DAY else ''}",
        "forbidden": f"lift its hours of rest, {rest}",
        "requirement": fewer,
    }[diagnosis.gives]
    verb = "does" if isinstance(job, Cycle) and job.runs == 1 else "do"
    return (
        f"{fmt.name(job.device_id)} is not planned: {needs} {verb} not fit {span}{f', outside {rest}' if rest else ''} "
        f"{days}. The smallest relaxation: {relaxation}."
    )


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"


def limit_note(diagnosis: Diagnosis, jobs: list[Job], stamps: pd.DatetimeIndex, timezone: str, limit_kw: float) -> str:
    """Say by how much the power limit is too low for all jobs at once, when, and which limit would do."""
    extra = diagnosis.by / ((stamps[1] - stamps[0]) / HOUR)
    enough = ceil(round(10 * (limit_kw + extra), 4)) / 10
    names = fmt.listed([fmt.name(job.device_id) for job in jobs])
    smallest = "The smallest relaxation" if diagnosis.proven else "A relaxation that is enough"
    return (
        f"Nothing is planned: the power limit of {limit_kw:g}{fmt.THIN_SPACE}kW leaves no room for {names}. However "
        f"they are placed, it is exceeded by {fmt.number(extra, 2)}{fmt.THIN_SPACE}kW "
        f"{_when(stamps[diagnosis.step], timezone)}. {smallest}: power_limit_kw {enough:g}."
    )


def crowded_note(headroom: np.ndarray, stamps: pd.DatetimeIndex, timezone: str, limit_kw: float) -> str:
    """Say where what is expected beside the plan is above the limit already."""
    worst = int(headroom.argmin())
    kw = -float(headroom[worst]) / ((stamps[1] - stamps[0]) / HOUR)
    return (
        f"What the home is expected to use beside its flexible devices is above the power limit of {limit_kw:g}"
        f"{fmt.THIN_SPACE}kW by up to {fmt.number(kw, 2)}{fmt.THIN_SPACE}kW, {_when(stamps[worst], timezone)}: "
        "nothing is planned there."
    )


def _when(stamp: pd.Timestamp, timezone: str) -> str:
    wall = local(pd.DatetimeIndex([stamp]), timezone)[0]
    return f"on {fmt.day(wall)} at {wall:%H:%M}"
