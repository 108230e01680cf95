"""What keeps a device out of the plan, in a sentence: the constraint, and the least that would have to give."""

from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.flexible_load_settings import MINUTES_A_DAY, Flexible, minutes_of
from influx.core.local_time import HOUR, local
from influx.scheduling.infeasibility import Relaxation
from influx.scheduling.milp_model import Cycle, Task


def alone(relaxation: Relaxation, task: Task, flexible: Flexible, stamps: pd.DatetimeIndex, timezone: str) -> str:
    """Say why a task does not fit by itself, and the smallest relaxation that mends it."""
    step = stamps[1] - stamps[0]
    return (
        f"{fmt.name(task.device_id)} is not planned: {_asked(task, step)} {_do(task)} not fit {_where(flexible)} "
        f"{_days(stamps, timezone)}. The smallest relaxation: {_relaxed(relaxation, task, flexible, step)}."
    )


def _asked(task: Task, step: pd.Timedelta) -> str:
    if not isinstance(task, Cycle):
        return f"{fmt.kwh(task.kwh)} at {fmt.number(task.most / (step / HOUR))}{fmt.THIN_SPACE}kW"
    hours = len(task.kwh) * (step / HOUR)
    return f"{task.runs} run{'s' if task.runs > 1 else ''} of {hours:g}{fmt.THIN_SPACE}h"


def _do(task: Task) -> str:
    return "does" if isinstance(task, Cycle) and task.runs == 1 else "do"


def _where(flexible: Flexible) -> str:
    begin, end = flexible.earliest, flexible.deadline
    if flexible.is_storage and begin is None:
        span = f"before {end}"
    else:
        span = f"between {begin or '00:00'} and {end or '24:00'}"
    rest = f", outside {fmt.listed(list(flexible.forbidden))}" if flexible.forbidden else ""
    return span + rest


def _days(stamps: pd.DatetimeIndex, timezone: str) -> str:
    wall = local(stamps[[0, -1]], timezone).normalize()
    return f"on {fmt.day(wall[0])}" if wall[0] == wall[1] else f"from {fmt.day(wall[0])} to {fmt.day(wall[1])}"


def _relaxed(relaxation: Relaxation, task: Task, flexible: Flexible, step: pd.Timedelta) -> str:
    if relaxation.gives == "deadline":
        minute = minutes_of(flexible.deadline or "24:00") + round(relaxation.by * step / pd.Timedelta(minutes=1))
        clock = f"{minute % MINUTES_A_DAY // 60:02d}:{minute % 60:02d}"
        return f"deadline {clock}{' on the day after' if minute >= MINUTES_A_DAY else ''}"
    if relaxation.gives == "forbidden":
        return f"lift its hours of rest, {fmt.listed(list(flexible.forbidden))}"
    if isinstance(task, Cycle):
        return f"{relaxation.by:.0f} run{'s' if relaxation.by != 1 else ''} instead of {task.runs}"
    return f"{fmt.kwh(relaxation.by)} instead of {fmt.kwh(task.kwh)}"


def together(
    relaxation: Relaxation, tasks: list[Task], stamps: pd.DatetimeIndex, timezone: str, limit_kw: float
) -> str:
    """Say by how much the power limit is too low for all tasks at once, when, and which limit would do."""
    extra = relaxation.by / ((stamps[1] - stamps[0]) / HOUR)
    enough = ceil(round(10 * (limit_kw + extra), 4)) / 10
    names = fmt.listed([fmt.name(task.device_id) for task in tasks])
    smallest = "The smallest relaxation" if relaxation.proven else "A relaxation that is enough"
    return (
        f"Nothing is planned: the power limit of {limit_kw:g}{fmt.THIN_SPACE}kW leaves no room for {names}. However "
        f"they are placed, it is exceeded by {fmt.number(extra, 2)}{fmt.THIN_SPACE}kW "
        f"{_when(stamps[relaxation.step], timezone)}. {smallest}: power_limit_kw {enough:g}."
    )


def crowded(room: np.ndarray, stamps: pd.DatetimeIndex, timezone: str, limit_kw: float) -> str:
    """Say where what is expected beside the plan is above the limit already; empty where it is nowhere."""
    if not (room < 0).any():
        return ""
    worst = int(room.argmin())
    kw = -float(room[worst]) / ((stamps[1] - stamps[0]) / HOUR)
    return (
        f"What the home is expected to use beside its flexible devices is above the power limit of {limit_kw:g}"
        f"{fmt.THIN_SPACE}kW by up to {fmt.number(kw, 2)}{fmt.THIN_SPACE}kW, {_when(stamps[worst], timezone)}: "
        "nothing is planned there."
    )


def _when(stamp: pd.Timestamp, timezone: str) -> str:
    wall = local(pd.DatetimeIndex([stamp]), timezone)[0]
    return f"on {fmt.day(wall)} at {wall:%H:%M}"
