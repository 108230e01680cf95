"""From what `home.yaml` asks of a flexible device, and its habit where that is silent, to a task of the schedule.

Clock times are the home's, right across daylight saving: a window from 22:00 to 06:00 has seven hours in the night in
which the clock is put forward. A cycle's window opens on every day; a run stays within it, and without one a run may
begin at any time of a day. A storage's window ends with its deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.constants import WEEK
from influx.core.flexible_load_settings import MINUTES_A_DAY, WEEKDAYS, Flexible, minutes_of
from influx.core.local_time import HOUR, local
from influx.scheduling.milp_model import LEAST, Cycle, Storage, Task
from influx.scheduling.usage_patterns import Habit


@dataclass(frozen=True)
class Wanted:
    """What a device must do: the parts of a run with their energy, how often a week, and where that is known from."""

    minutes: np.ndarray
    kwh: np.ndarray
    runs_a_week: float
    source: str


class Unknown(Exception):  # noqa: N818 - an answer in words, for the page
    """What a device must do is not known, or nothing of it falls into the plan; the message says which, and why."""


def wanted(flexible: Flexible, habit: Habit | None) -> Wanted:
    """Return what a device must do, by `home.yaml`, and by its habit where that is silent.

    Raises
    ------
    Unknown
        Something is not told and there is no habit.
    """
    lacking = [] if flexible.kwh or flexible.profile_kw else ["energy"]
    if not flexible.is_storage:
        lacking = ([] if flexible.hours or flexible.profile_kw else ["length"]) + lacking
        lacking += [] if flexible.runs_a_week else ["runs a week"]
    if lacking and habit is None:
        raise Unknown(
            f"home.yaml does not tell its {fmt.listed(lacking)}, and its last eight weeks hold no uses that can be "
            "told apart"
        )
    source = "home.yaml" if habit is None or not lacking else _from_habit(lacking, habit, flexible.is_storage)
    runs = flexible.runs_a_week or (7.0 if habit is None else habit.runs_a_week)
    if flexible.profile_kw is not None:
        power = np.array(flexible.profile_kw)
        minutes = np.full(len(power), float(flexible.profile_minutes))
        return Wanted(minutes, power * minutes / 60, runs, source)
    if flexible.hours is not None or habit is None:
        minutes, share = np.array([60 * (flexible.hours or 24.0)]), np.ones(1)
    else:
        minutes, share = habit.minutes, habit.kwh / habit.kwh.sum()
    if flexible.kwh is not None or habit is None:
        return Wanted(minutes, share * (flexible.kwh or 0.0), runs, source)
    a_week = float(habit.kwh.sum()) * habit.runs_a_week
    return Wanted(
        minutes, share * (a_week / len(flexible.weekdays) if flexible.is_storage else habit.kwh.sum()), runs, source
    )


def _from_habit(lacking: list[str], habit: Habit, told_in_part: bool) -> str:
    rest = "; the rest is told in home.yaml" if told_in_part or len(lacking) < 3 else ""
    return f"{fmt.listed(lacking)} by {habit.source}: {habit.uses} uses in {habit.weeks:.1f} weeks{rest}"


def task_of(
    device_id: str,
    flexible: Flexible,
    want: Wanted,
    stamps: pd.DatetimeIndex,
    timezone: str,
    away: np.ndarray | None = None,
    like: np.ndarray | None = None,
) -> Task:
    """Return a device's task over the steps that begin at `stamps`.

    Parameters
    ----------
    device_id : str
    flexible : Flexible
        When it may run.
    want : Wanted
        What it must do.
    stamps : DatetimeIndex, UTC
        Starts of steps of one length.
    timezone : str
        Of all clock times.
    away : ndarray of bool, optional
        Steps in which nobody is at home: no cycle runs there, and runs a week are those of the other steps.
    like : ndarray, optional
        How much the household likes each step, 0 to 1.

    Raises
    ------
    Unknown
        Nothing of it falls into these steps.
    """
    gone = np.zeros(len(stamps), bool) if away is None else away
    step = stamps[1] - stamps[0]
    allowed = ~_resting(stamps, flexible.forbidden, timezone) & ~gone
    if flexible.is_storage:
        return _storage(device_id, flexible, want, stamps, timezone, (allowed, gone), like)
    kwh = in_steps(want.minutes, want.kwh, step / pd.Timedelta(minutes=1))
    hours = float((~gone).sum()) * (step / HOUR)
    runs = floor(want.runs_a_week * hours / WEEK + 0.5)
    if runs == 0:
        raise Unknown(f"it runs {want.runs_a_week:.1f} times a week, and less than half a run falls into the plan")
    windows = day_windows(stamps, flexible, timezone, 1 if flexible.pauses else len(kwh))
    usable = sum(bool(allowed[first:end].any()) for first, end in windows)
    spread = max(ceil(want.runs_a_week / 7 - 1e-9), ceil(runs / max(usable, 1)))
    return Cycle(device_id, kwh, runs, windows, flexible.runs_a_day or spread, allowed, flexible.pauses, like)


def in_steps(minutes: np.ndarray, kwh: np.ndarray, step: float) -> np.ndarray:
    """Return the energy of a run in steps of `step` minutes, of parts of any length; what is left fills a last step."""
    ends = np.concatenate([[0.0], np.cumsum(minutes)])
    grid = step * np.arange(ceil(ends[-1] / step - 1e-9) + 1)
    return np.diff(np.interp(grid, ends, np.concatenate([[0.0], np.cumsum(kwh)])))


def day_windows(
    stamps: pd.DatetimeIndex, flexible: Flexible, timezone: str, length: int
) -> tuple[tuple[int, int], ...]:
    """Return the window of each local day as steps, the end excluded; without any a run of `length` starts in it."""
    begin, end = minutes_of(flexible.earliest or "00:00"), minutes_of(flexible.deadline or "24:00")
    days = _days(stamps, timezone)
    first = _at(days, begin, stamps, timezone, np.ceil)
    last = _at(days, end if end > begin else end + MINUTES_A_DAY, stamps, timezone, np.floor)
    over = 0 if flexible.earliest or flexible.deadline else length - 1
    ends = np.where(last > 0, np.minimum(last + over, len(stamps)), 0)
    first = np.maximum(first, 0)
    return tuple(zip(first[ends > first].tolist(), ends[ends > first].tolist(), strict=True))


def _storage(
    device_id: str,
    flexible: Flexible,
    want: Wanted,
    stamps: pd.DatetimeIndex,
    timezone: str,
    free: tuple[np.ndarray, np.ndarray],
    like: np.ndarray | None,
) -> Task:
    """Return a storage's task; `free` tells in which steps it may run and in which nobody is at home."""
    allowed, gone = free
    kwh, most = float(want.kwh.sum()), float(flexible.max_kw or 0.0) * ((stamps[1] - stamps[0]) / HOUR)
    windows = [
        (max(first, 0), end)
        for first, end in _deadlines(stamps, flexible, timezone)
        if 0 < end <= len(stamps)
        and not gone[end - 1]
        # Of a window that began before the plan nobody knows what was taken by then: it counts where all of it fits.
        and (first >= 0 or most * allowed[:end].sum() >= kwh)
    ]
    if not windows:
        raise Unknown("none of its deadlines falls into the plan")
    if flexible.pauses:
        return Storage(device_id, kwh, tuple(windows), most, allowed, _early(windows, len(stamps)))
    full = floor(kwh / most + 1e-9)
    run = np.concatenate([np.full(full, most), [kwh - full * most]])
    return Cycle(device_id, run[run > LEAST], len(windows), tuple(windows), 1, allowed, False, like)


def _early(windows: list[tuple[int, int]], steps: int) -> np.ndarray:
    """Return a liking for the beginning of each window: a storage that could fill at any cheap time fills in one go."""
    like = np.ones(steps)
    for first, end in windows:
        like[first:end] = np.linspace(1.0, 0.0, end - first)
    return like


def _deadlines(stamps: pd.DatetimeIndex, flexible: Flexible, timezone: str) -> list[tuple[int, int]]:
    """Return the steps in which each window of a storage begins and ends; they may lie outside the plan."""
    days = _days(stamps, timezone)
    days = days[np.isin(days.day_of_week, [WEEKDAYS.index(day) for day in flexible.weekdays])]
    end = minutes_of(flexible.deadline or "24:00")
    begin = minutes_of(flexible.earliest) if flexible.earliest else end
    first = _at(days, begin if begin < end else begin - MINUTES_A_DAY, stamps, timezone, np.ceil)
    return list(zip(first.tolist(), _at(days, end, stamps, timezone, np.floor).tolist(), strict=True))


def _days(stamps: pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """Return the local days from the one before the first step to the one after the last."""
    wall = local(stamps[[0, -1]], timezone).normalize()
    return pd.date_range(wall[0] - pd.Timedelta(days=1), wall[1] + pd.Timedelta(days=1), freq="D")


def _at(
    days: pd.DatetimeIndex, minutes: int, stamps: pd.DatetimeIndex, timezone: str, whole: Callable[..., np.ndarray]
) -> np.ndarray:
    """Return the step at a local clock time of each day, made whole by ceil or floor; it may lie outside the stamps."""
    clock = days + pd.Timedelta(minutes=minutes)
    utc = clock.tz_localize(timezone, nonexistent="shift_forward", ambiguous=np.ones(len(days), bool))
    return whole(np.round(np.asarray((utc - stamps[0]) / (stamps[1] - stamps[0])), 9)).astype(int)


def _resting(stamps: pd.DatetimeIndex, spans: list[str], timezone: str) -> np.ndarray:
    """Tell which steps touch the hours of rest."""
    wall = local(stamps, timezone)
    minute = (60 * wall.hour + wall.minute).to_numpy()
    length = round((stamps[1] - stamps[0]) / pd.Timedelta(minutes=1))
    out = np.zeros(len(stamps), bool)
    for span in spans:
        begin, end = (minutes_of(clock) for clock in span.split("-"))
        until = (end - begin) % MINUTES_A_DAY or MINUTES_A_DAY
        since = (minute - begin) % MINUTES_A_DAY
        out |= (since < until) | (since + length > MINUTES_A_DAY)
    return out
