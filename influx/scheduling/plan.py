"""A plan made of arrays and tasks: which step each flexible device should take its energy in.

Neither a tariff nor a home is known here, so the same call plans the coming week, a past one, and any what-if.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx.core.local_time import HOUR
from influx.scheduling.infeasibility import Relaxation, solve_or_tell
from influx.scheduling.milp_model import Task, runs_of
from influx.scheduling.solver import GAP, SECONDS, Solution, weigh


@dataclass(frozen=True)
class Plan:
    """A plan.

    Attributes
    ----------
    steps : DataFrame
        `device_id`, `run` (from 1), `timestamp` (UTC start of the step), `kwh`.
    placed : list of Task
        The tasks that it holds; empty where there is no plan.
    relaxations : list of Relaxation
        What keeps the others, or all of them, out.
    gap : float
        Part of the objective by which a better plan may lie below it at most, NaN where there is no plan.
    """

    steps: pd.DataFrame
    placed: list[Task]
    relaxations: list[Relaxation]
    gap: float

    def energy(self, device_id: str, stamps: pd.DatetimeIndex) -> np.ndarray:
        """Return what a device takes in each of the steps [kWh]."""
        own = self.steps[self.steps["device_id"] == device_id]
        return own.groupby("timestamp")["kwh"].sum().reindex(stamps, fill_value=0.0).to_numpy()


def make(
    stamps: pd.DatetimeIndex,
    price: np.ndarray,
    tasks: Sequence[Task],
    load: np.ndarray | float = 0.0,
    limit_kw: float | None = None,
    carbon: np.ndarray | None = None,
    weight: float = 1.0,
    gap: float = GAP,
    seconds: float = SECONDS,
) -> Plan:
    """Plan flexible devices.

    Parameters
    ----------
    stamps : DatetimeIndex, shape (steps,), UTC
        Starts of steps of one length, such as half an hour.
    price : ndarray, shape (steps,)
        [currency/kWh].
    tasks : sequence of Task
    load : ndarray, shape (steps,)
        What the home takes beside them [kWh in the step].
    limit_kw : float, optional
        Most power that the home may draw [kW].
    carbon : ndarray, shape (steps,), optional
        [g/kWh].
    weight : float
        1 minimises money alone, 0 carbon alone; between them each counts by its mean.
    gap, seconds : float
        As of `influx.scheduling.solver.solve`.
    """
    step = stamps[1] - stamps[0]
    room = None if limit_kw is None else limit_kw * (step / HOUR) - np.broadcast_to(load, len(stamps))
    value = weigh(price, carbon, weight)
    solution, placed, relaxations = solve_or_tell(tasks, value, room, round(24 * HOUR / step), gap, seconds)
    if solution is None:
        return Plan(_steps([], None, stamps), [], relaxations, float("nan"))
    return Plan(_steps(placed, solution, stamps), placed, relaxations, solution.gap)


def _steps(placed: list[Task], solution: Solution | None, stamps: pd.DatetimeIndex) -> pd.DataFrame:
    parts = [pd.DataFrame({"run": [0], "step": [0], "kwh": [0.0], "device_id": [""]}).iloc[:0]]
    if solution is not None:
        parts += [
            pd.DataFrame(dict(zip(("run", "step", "kwh"), runs_of(task, own), strict=True))).assign(
                device_id=task.device_id
            )
            for task, own in zip(placed, solution.columns, strict=True)
        ]
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    rows["timestamp"] = stamps[rows["step"].to_numpy()]
    return rows[["device_id", "run", "timestamp", "kwh"]].astype({"device_id": "str", "run": int})
