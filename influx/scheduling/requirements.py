"""What each flexible device of a home must do: as `home.yaml` requires it, and where that is silent as it usually runs.

A past run is a row of hours in which the device is on: by the minutes of use where events tell them, else by an energy
that stands clear of its standby. Nothing is invented: where runs cannot be told apart or are too few, none are usual.

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
from influx.core.schema import HOUSEHOLD, OTHER
from influx.forecasting.device_series import Series
from influx.home.home import Home
from influx.scheduling.jobs import LEAST, Cycle, Job, Storage

Notes = list[tuple[str, str, str]]
"""What is not planned: the device, empty for the home; `lacking` (something is not known) or `impossible` (a constraint
forbids it); a sentence."""

MUST_RUN = ("fridge", "refrigerator", "freezer", "router", "modem", "alarm", "medical")
"""Words in a device's name or type that tell that it must run at all times, whatever `home.yaml` says."""

RECENT_DAYS = 56
"""Days before the origin whose runs count: use changes with the season."""

LEAST_RUNS = 3
"""Runs below which nothing is usual."""

ON = 0.1
"""Part of the energy of a device's strongest hours (their 99 % quantile) above which it counts as on."""

MOST_ON = 0.6
"""Part of the hours above which a device is never off long enough for its runs to be told apart."""


class Unknown(Exception):  # noqa: N818 - an answer in words, for the page
    """What a device must do is not known, or nothing of it falls into the plan; the message says which, and why."""


@dataclass(frozen=True)
class Requirement:
    """What a device must do, or usually does: the lengths of the parts of a run [min] with their energy [kWh], how
    often it runs a week, and where that is known from."""

    minutes: np.ndarray
    kwh: np.ndarray
    runs_a_week: float
    source: str


@dataclass(frozen=True)
class FlexibleLoad:
    """One flexible device: what it must do, when it may, and what it is expected to use in each half hour [kWh]."""

    series: Series
    flexible: Flexible
    requirement: Requirement
    expected: np.ndarray

    @property
    def device_id(self) -> str:
        """Its name."""
        return self.series.device_id

    def job(self, stamps: pd.DatetimeIndex, coming: bool = True) -> Job:
        """Return its job over these steps; the `coming` ones know of absences that are named in home.yaml."""
        usual = movable(self.expected)
        preference = np.resize(usual / (usual.max() or 1.0), len(stamps))
        away = self.series.absences.coming(stamps) if coming else None
        grid = Grid(stamps, self.series.covariates.timezone)
        return job_of(self.device_id, self.flexible, self.requirement, grid, away, preference)


def movable(expected: np.ndarray) -> np.ndarray:
    """Return a device's expected energy [kWh] without what it draws at all times, which nobody can move."""
    above = expected - expected.min(initial=np.inf)
    return above if above.sum() > 0 else expected


def flexible_loads(home: Home, devices: list[Series], forecast: pd.DataFrame) -> tuple[list[FlexibleLoad], Notes]:
    """Return the flexible devices of which it is known what they must do, and why not of those of which it is not."""
    forecast_devices = set(forecast["device_id"]) - {HOUSEHOLD, OTHER}
    loads: list[FlexibleLoad] = []
    notes: Notes = []
    for series in devices:
        name = series.device_id
        settings = home.settings.devices.get(name)
        if name not in forecast_devices or settings is None or not settings.flexible:
            continue
        flexible = settings.flexible if isinstance(settings.flexible, Flexible) else Flexible()
        try:
            if must_run(name, home.devices.set_index("device_id")):
                raise Unknown("it must run at all times")
            requirement = requirement_of(flexible, usual_runs(series, home.origin))
        except Unknown as reason:
            notes.append(unplanned(name, reason))
            continue
        expected = forecast.loc[forecast["device_id"] == name, "energy_kwh"].to_numpy()
        loads.append(FlexibleLoad(series, flexible, requirement, np.repeat(expected, 2) / 2))
    return loads, notes


def jobs_of(loads: list[FlexibleLoad], stamps: pd.DatetimeIndex) -> tuple[dict[str, Job], Notes]:
    """Return the jobs of the devices of which something falls into these steps, and why not of the others."""
    jobs: dict[str, Job] = {}
    notes: Notes = []
    for load in loads:
        try:
            jobs[load.device_id] = load.job(stamps)
        except Unknown as reason:
            notes.append(unplanned(load.device_id, reason))
    return jobs, notes


def unplanned(device_id: str, reason: Exception) -> tuple[str, str, str]:
    """Return the note on a device of which something is not known."""
    return device_id, "lacking", f"{fmt.name(device_id)} is not planned: {reason}."


def must_run(device_id: str, devices: pd.DataFrame, words: tuple[str, ...] = MUST_RUN) -> bool:
    """Tell whether a device must be left alone, by `home.yaml`, its name or its type; `devices` is `Home.devices`."""
    name = f"{device_id} {devices['device_type'].get(device_id, '')}".lower()
    return bool(devices["always_on"].get(device_id, False)) or any(word in name for word in words)


# --- usual runs -------------------------------------------------------------------------------------------------------


def usual_runs(series: Series, origin: pd.Timestamp) -> Requirement | None:
    """Return how a device has been running before `origin`, None where runs are too few or cannot be told apart."""
    energy = series.ordinary(origin)
    energy = energy[energy.index >= origin - pd.Timedelta(days=RECENT_DAYS)]
    minutes = None if series.covariates.minutes is None else series.covariates.minutes.reindex(energy.index)
    runs = past_runs(energy, minutes)
    if len(runs) < LEAST_RUNS:
        return None
    weeks = float(energy.notna().sum()) / WEEK
    length, share = _parts(energy, runs) if minutes is None else (np.array([runs["minutes"].median()]), np.ones(1))
    source = f"{'readings' if minutes is None else 'events'}: {len(runs)} uses in {weeks:.1f} weeks"
    return Requirement(length, share * float(runs["kwh"].mean()), len(runs) / weeks, source)


def past_runs(energy: pd.Series, minutes: pd.Series | None = None) -> pd.DataFrame:
    """Return `start` (UTC hour), `hours`, `minutes` and `kwh` of each run; none where a device is hardly ever off.

    `energy` [kWh] has complete UTC hours, NaN where unknown; `minutes` of use in the same hours are optional. Runs that
    touch an unknown hour or the ends of the span are left out, as nobody knows their length.
    """
    on = in_use(energy, minutes)
    number = (on != on.shift()).cumsum()[on]
    table = pd.DataFrame({"stamp": energy.index[on], "kwh": energy[on].to_numpy(), "number": number.to_numpy()})
    table["minutes"] = 60.0 if minutes is None else minutes[on].to_numpy()
    out = table.groupby("number").agg(
        start=("stamp", "min"), hours=("stamp", "size"), minutes=("minutes", "sum"), kwh=("kwh", "sum")
    )
    if on.mean() > MOST_ON * energy.notna().mean():
        return out.iloc[:0].reset_index(drop=True)
    before = energy.reindex(out["start"] - pd.Timedelta(hours=1)).notna().to_numpy()
    after = energy.reindex(out["start"] + pd.to_timedelta(out["hours"], unit="h")).notna().to_numpy()
    return out[before & after].reset_index(drop=True)


def in_use(energy: pd.Series, minutes: pd.Series | None = None) -> pd.Series:
    """Tell in which hours a device is on; not in those that are unknown."""
    if minutes is not None:
        return (minutes > 0) & (energy > 0)
    used = energy[energy > 0]
    return energy > ON * used.quantile(0.99) if len(used) else energy > 0


def _parts(energy: pd.Series, runs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the hours of a run of median length, and the share of its energy that each takes on average."""
    length = int(runs["hours"].median())
    alike = runs[runs["hours"] == length] if (runs["hours"] == length).any() else runs[runs["hours"] > length]
    first = energy.index.get_indexer(alike["start"])
    kwh = energy.to_numpy()[first[:, None] + np.arange(length)].mean(axis=0)
    return np.full(length, 60.0), kwh / kwh.sum()


# --- requirements -----------------------------------------------------------------------------------------------------


def requirement_of(flexible: Flexible, usual: Requirement | None) -> Requirement:
    """Return what a device must do, by `home.yaml`, or by its usual runs where that is silent; else raise `Unknown`."""
    given = {
        "length": flexible.is_storage or flexible.hours or flexible.profile_kw,
        "energy": flexible.kwh or flexible.profile_kw,
        "runs a week": flexible.is_storage or flexible.runs_a_week,
    }
    lacking = [name for name, value in given.items() if not value]
    source = "home.yaml"
    if lacking and usual is None:
        raise Unknown(
            f"home.yaml does not tell its {fmt.listed(lacking)}, and its last eight weeks hold no uses that can be "
            "told apart"
        )
    if lacking and usual is not None:
        rest = "; the rest is told in home.yaml" if len(lacking) < len(given) else ""
        source = f"{fmt.listed(lacking)} by {usual.source}{rest}"
    # Where nothing is usual, all that is needed is given; a storage has no length and no runs.
    usual = usual or Requirement(np.array([24 * 60.0]), np.ones(1), 7.0, "")
    runs = flexible.runs_a_week or usual.runs_a_week
    if flexible.profile_kw is not None:
        power = np.array(flexible.profile_kw)
        minutes = np.full(len(power), float(flexible.profile_minutes))
        return Requirement(minutes, power * minutes / 60, runs, source)
    minutes, share = usual.minutes, usual.kwh / usual.kwh.sum()
    if flexible.hours is not None:
        minutes, share = np.array([60 * flexible.hours]), np.ones(1)
    kwh = flexible.kwh
    if kwh is None:  # of a storage, what a week takes, shared by its deadlines
        shared = usual.runs_a_week / len(flexible.weekdays) if flexible.is_storage else 1.0
        kwh = float(usual.kwh.sum()) * shared
    return Requirement(minutes, share * kwh, runs, source)


# --- jobs -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grid:
    """Steps of one length by their starts (UTC), and the time zone of all clock times."""

    stamps: pd.DatetimeIndex
    timezone: str

    @property
    def step(self) -> pd.Timedelta:
        """Length of a step."""
        return self.stamps[1] - self.stamps[0]

    def days(self) -> pd.DatetimeIndex:
        """Return the local days from the one before the first step to the one after the last."""
        wall = local(self.stamps[[0, -1]], self.timezone).normalize()
        return pd.date_range(wall[0] - pd.Timedelta(days=1), wall[1] + pd.Timedelta(days=1), freq="D")

    def at(self, days: pd.DatetimeIndex, minutes: int, whole: Callable[..., np.ndarray]) -> np.ndarray:
        """Return the step at a local clock time of each day, made whole by ceil or floor; it may lie outside."""
        clock = days + pd.Timedelta(minutes=minutes)
        utc = clock.tz_localize(self.timezone, nonexistent="shift_forward", ambiguous=np.ones(len(days), bool))
        return whole(np.round(np.asarray((utc - self.stamps[0]) / self.step), 9)).astype(int)

    def resting(self, spans: list[str]) -> np.ndarray:
        """Tell which steps touch these local hours of rest, such as "23:00-07:00"."""
        wall = local(self.stamps, self.timezone)
        minute = (60 * wall.hour + wall.minute).to_numpy()
        length = round(self.step / pd.Timedelta(minutes=1))
        out = np.zeros(len(self.stamps), bool)
        for span in spans:
            begin, end = (minutes_of(clock) for clock in span.split("-"))
            until = (end - begin) % MINUTES_A_DAY or MINUTES_A_DAY
            since = (minute - begin) % MINUTES_A_DAY
            out |= (since < until) | (since + length > MINUTES_A_DAY)
        return out


def job_of(
    device_id: str,
    flexible: Flexible,
    requirement: Requirement,
    grid: Grid,
    away: np.ndarray | None = None,
    preference: np.ndarray | None = None,
) -> Job:
    """Return a device's job over the steps of a grid; raise `Unknown` where nothing of it falls into these.

    No cycle runs in the steps in which nobody is at home (`away`), and runs a week are those of the other steps;
    `preference`, 0 to 1, is how much the household likes each step.
    """
    gone = np.zeros(len(grid.stamps), bool) if away is None else away
    allowed = ~grid.resting(flexible.forbidden) & ~gone
    if flexible.is_storage:
        kwh, most = float(requirement.kwh.sum()), float(flexible.max_kw or 0.0) * (grid.step / HOUR)
        windows = _deadline_windows(grid, flexible, gone, lambda end: most * allowed[:end].sum() >= kwh)
        if flexible.pauses:
            return Storage(device_id, kwh, windows, most, allowed, _early(windows, len(gone)))
        full = floor(kwh / most + 1e-9)
        run = np.concatenate([np.full(full, most), [kwh - full * most]])
        return Cycle(device_id, run[run > LEAST], len(windows), windows, 1, allowed, False, preference)
    per_step = in_steps(requirement.minutes, requirement.kwh, grid.step / pd.Timedelta(minutes=1))
    a_week = requirement.runs_a_week
    runs = floor(a_week * float((~gone).sum()) * (grid.step / HOUR) / WEEK + 0.5)
    if runs == 0:
        raise Unknown(f"it runs {a_week:.1f} times a week, and less than half a run falls into the plan")
    windows = day_windows(grid, flexible, 1 if flexible.pauses else len(per_step))
    usable = sum(bool(allowed[first:end].any()) for first, end in windows)
    spread = max(ceil(a_week / 7 - 1e-9), ceil(runs / max(usable, 1)))
    most_runs = flexible.runs_a_day or spread
    return Cycle(device_id, per_step, runs, windows, most_runs, allowed, flexible.pauses, preference)


def in_steps(minutes: np.ndarray, kwh: np.ndarray, step: float) -> np.ndarray:
    """Return the energy of a run in steps of `step` minutes, of parts of any length; what is left fills a last step."""
    ends = np.concatenate([[0.0], np.cumsum(minutes)])
    grid = step * np.arange(ceil(ends[-1] / step - 1e-9) + 1)
    return np.diff(np.interp(grid, ends, np.concatenate([[0.0], np.cumsum(kwh)])))


def day_windows(grid: Grid, flexible: Flexible, length: int) -> tuple[tuple[int, int], ...]:
    """Return the window of each local day as steps, the end excluded; without any a run of `length` starts in it."""
    begin, end = minutes_of(flexible.earliest or "00:00"), minutes_of(flexible.deadline or "24:00")
    days, steps = grid.days(), len(grid.stamps)
    first = np.maximum(grid.at(days, begin, np.ceil), 0)
    last = grid.at(days, end if end > begin else end + MINUTES_A_DAY, np.floor)
    over = 0 if flexible.earliest or flexible.deadline else length - 1
    ends = np.where(last > 0, np.minimum(last + over, steps), 0)
    return tuple(zip(first[ends > first].tolist(), ends[ends > first].tolist(), strict=True))


def _deadline_windows(
    grid: Grid, flexible: Flexible, gone: np.ndarray, fits_before: Callable[[int], bool]
) -> tuple[tuple[int, int], ...]:
    """Return the steps in which each window of a storage begins and ends, of those whose deadline is in the plan."""
    days = grid.days()
    days = days[np.isin(days.day_of_week, [WEEKDAYS.index(day) for day in flexible.weekdays])]
    end = minutes_of(flexible.deadline or "24:00")
    begin = minutes_of(flexible.earliest) if flexible.earliest else end
    first = grid.at(days, begin if begin < end else begin - MINUTES_A_DAY, np.ceil)
    windows = tuple(
        (max(begins, 0), ends)
        for begins, ends in zip(first.tolist(), grid.at(days, end, np.floor).tolist(), strict=True)
        if 0 < ends <= len(gone)
        and not gone[ends - 1]
        # Of a window that began before the plan nobody knows what was taken by then: it counts where all of it fits.
        and (begins >= 0 or fits_before(ends))
    )
    if not windows:
        raise Unknown("none of its deadlines falls into the plan")
    return windows


def _early(windows: tuple[tuple[int, int], ...], steps: int) -> np.ndarray:
    """Prefer the beginning of each window: a storage that could fill at any cheap time fills in one go."""
    preference = np.ones(steps)
    for first, end in windows:
        preference[first:end] = np.linspace(1.0, 0.0, end - first)
    return preference
