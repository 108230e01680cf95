"""A plan: which half hours each flexible device should take its energy in.

The same call plans the coming week and a past one, at the prices of either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx.core.local_time import HOUR, local
from influx.scheduling.infeasibility import Diagnosis, solve_or_diagnose
from influx.scheduling.jobs import Job, runs_of
from influx.scheduling.solver import weigh

STEP = pd.Timedelta(minutes=30)
"""Length of a step of the plan."""

PerStep = Callable[[pd.DatetimeIndex], np.ndarray]
"""A price [currency/kWh] or a carbon intensity [g/kWh] of each step; NaN where it is not known."""


@dataclass(frozen=True)
class Plan:
    """A plan.

    Attributes
    ----------
    steps : DataFrame
        `device_id`, `run` (from 1), `timestamp` (UTC start of the step), `kwh`.
    placed : list of Job
        The jobs that it holds; empty where there is no plan.
    diagnoses : list of Diagnosis
        What keeps the others, or all of them, out.
    gap : float
        Part of the objective by which a better plan may lie below it at most, NaN where there is no plan.
    """

    steps: pd.DataFrame
    placed: list[Job]
    diagnoses: list[Diagnosis]
    gap: float

    def energy(self, device_id: str, stamps: pd.DatetimeIndex) -> np.ndarray:
        """Return what a device takes in each of the steps [kWh]."""
        rows = self.steps[self.steps["device_id"] == device_id]
        return rows.groupby("timestamp")["kwh"].sum().reindex(stamps, fill_value=0.0).to_numpy()


@dataclass(frozen=True)
class Terms:
    """What holds for all devices.

    `stamps` are the coming half hours, UTC, and `load` what the home is expected to use beside the planned devices in
    each [kWh]; `carbon` is None where it is not known; `limit_kw` is the most power that the home may draw; a `weight`
    of 1 minimises money alone, 0 carbon alone, and between them each counts by its mean.
    """

    stamps: pd.DatetimeIndex
    load: np.ndarray
    price: PerStep
    carbon: PerStep | None
    limit_kw: float | None
    weight: float
    timezone: str

    def headroom(self, steps: int) -> np.ndarray | None:
        """Return what the limit leaves beside the load in each step [kWh], below zero where the load is above it."""
        return None if self.limit_kw is None else self.limit_kw * (STEP / HOUR) - np.resize(self.load, steps)

    def plan(self, jobs: list[Job], stamps: pd.DatetimeIndex | None = None) -> Plan:
        """Plan jobs over these steps, or over those of another week on the same load."""
        when = self.stamps if stamps is None else stamps
        value = weigh(self.price(when), None if self.carbon is None else self.carbon(when), self.weight)
        solution, placed, diagnoses = solve_or_diagnose(jobs, value, self.headroom(len(when)), round(24 * HOUR / STEP))
        rows = pd.DataFrame({"device_id": [""], "run": [0], "timestamp": when[:1], "kwh": [0.0]}).iloc[:0]
        if solution is None:
            return Plan(rows.astype({"device_id": "str"}), [], diagnoses, float("nan"))
        parts = [rows]
        for job, columns in zip(placed, solution.columns, strict=True):
            run, step, kwh = runs_of(job, columns)
            parts.append(pd.DataFrame({"device_id": job.device_id, "run": run, "timestamp": when[step], "kwh": kwh}))
        rows = pd.concat([part for part in parts if len(part)] or [rows], ignore_index=True)
        return Plan(rows.astype({"device_id": "str", "run": int}), placed, diagnoses, solution.gap)


def weeks_back(stamps: pd.DatetimeIndex, back: int, timezone: str) -> pd.DatetimeIndex:
    """Return the steps between the same clock times some weeks before, more or fewer where the clock was changed."""
    ends = local(pd.DatetimeIndex([stamps[0], stamps[-1] + STEP]), timezone) - pd.Timedelta(weeks=back)
    first, last = ends.tz_localize(timezone, nonexistent="shift_forward", ambiguous=np.ones(2, bool)).tz_convert("UTC")
    return pd.date_range(first, last, freq=STEP, inclusive="left").as_unit("us")
