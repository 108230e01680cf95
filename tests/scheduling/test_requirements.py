"""From home.yaml and usual runs to jobs: clock times in local time, energy conserved, nothing invented."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tiny_readings
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from influx.core.flexible_load_settings import Flexible
from influx.forecasting.device_series import Covariates, Series
from influx.scheduling.jobs import Cycle, Storage
from influx.scheduling.requirements import (
    Grid,
    Requirement,
    Unknown,
    day_windows,
    in_steps,
    job_of,
    past_runs,
    requirement_of,
    usual_runs,
)

ZONE = "Europe/Madrid"
MONDAY = "2024-07-15"
USUAL = Requirement(np.array([60.0, 60.0]), np.array([0.6, 0.2]), 3.4, "readings: 27 uses in 8.0 weeks")


def steps(day: str = MONDAY, days: int = 7, zone: str = ZONE) -> pd.DatetimeIndex:
    """Return the half hours of local days."""
    ends = pd.DatetimeIndex([pd.Timestamp(day), pd.Timestamp(day) + pd.Timedelta(days=days)]).tz_localize(zone)
    return pd.date_range(*ends.tz_convert("UTC"), freq="30min", inclusive="left", unit="us")


def clock(stamps: pd.DatetimeIndex, windows: tuple[tuple[int, int], ...]) -> list[str]:
    """Return windows in local times."""
    ends = stamps.append(stamps[-1:] + pd.Timedelta(minutes=30)).tz_convert(ZONE)
    return [f"{ends[a]:%a %H:%M} to {ends[b]:%a %H:%M}" for a, b in windows]


# --- usual runs -------------------------------------------------------------------------------------------------------


def washer(weeks: int = 4, standby: float = 0.002, begin: int = 19) -> Series:
    """Return a device that runs on Mondays and Thursdays from 19:00 UTC: 0.6 kWh, then 0.2 kWh."""
    kwh = np.full(weeks * 168, standby)
    for day in [7 * week + day for week in range(weeks) for day in (0, 3)]:
        kwh[24 * day + begin : 24 * day + begin + 2] = [0.6, 0.2]
    return tiny_readings.series(kwh)


def test_usual_runs_are_those_that_stand_clear_of_standby() -> None:
    found = usual_runs(washer(), tiny_readings.START + pd.Timedelta(weeks=4))
    assert found.minutes.tolist() == [60, 60]
    assert found.kwh.tolist() == approx([0.6, 0.2])
    assert (found.runs_a_week, found.source) == (2.0, "readings: 8 uses in 4.0 weeks")


def test_only_the_last_eight_weeks_before_the_origin_count() -> None:
    series = washer(weeks=20)
    series.energy.iloc[: 8 * 168] *= 5
    found = usual_runs(series, tiny_readings.START + pd.Timedelta(weeks=16))
    assert found.source == "readings: 16 uses in 8.0 weeks"
    assert found.kwh.sum() == approx(0.8)


def test_minutes_of_use_tell_the_length_where_events_do() -> None:
    series = washer()
    minutes = pd.Series(
        np.where(series.energy > 0.1, np.where(series.energy > 0.5, 40.0, 20.0), 0.0), series.energy.index
    )
    known = Series("home", "tv", series.energy, Covariates(minutes=minutes))
    found = usual_runs(known, tiny_readings.START + pd.Timedelta(weeks=4))
    assert (found.minutes.tolist(), found.kwh.tolist()) == ([60.0], approx([0.8]))
    assert found.source == "events: 8 uses in 4.0 weeks"


def test_a_use_beside_an_unknown_hour_is_left_out() -> None:
    energy = tiny_readings.energy([0, 1, np.nan, 0, 1, 1, 0, 1])
    assert past_runs(energy)[["hours", "kwh"]].to_numpy().tolist() == [[2, 2]]


@pytest.mark.parametrize("kwh", [np.full(4 * 168, 0.5), np.zeros(4 * 168), np.eye(1, 4 * 168, 5)[0]])
def test_nothing_is_usual_of_what_never_stops_never_runs_or_ran_once(kwh: np.ndarray) -> None:
    assert usual_runs(tiny_readings.series(kwh), tiny_readings.START + pd.Timedelta(weeks=4)) is None


# --- requirements -----------------------------------------------------------------------------------------------------


def test_what_home_yaml_tells_is_not_taken_from_the_past() -> None:
    found = requirement_of(Flexible(hours=1, kwh=2, runs_a_week=5), USUAL)
    assert (found.minutes.tolist(), found.kwh.tolist(), found.runs_a_week, found.source) == ([60], [2], 5, "home.yaml")


def test_what_it_does_not_tell_is_taken_from_the_past_and_said() -> None:
    found = requirement_of(Flexible(), USUAL)
    assert (found.minutes.tolist(), found.kwh.tolist(), found.runs_a_week) == ([60, 60], approx([0.6, 0.2]), 3.4)
    assert found.source == "length, energy and runs a week by readings: 27 uses in 8.0 weeks"
    found = requirement_of(Flexible(kwh=1.6), USUAL)
    assert found.kwh.tolist() == approx([1.2, 0.4])
    assert found.source == "length and runs a week by readings: 27 uses in 8.0 weeks; the rest is told in home.yaml"


def test_a_storage_takes_its_usual_week_on_its_days() -> None:
    """3.4 uses of 0.8 kWh a week on two days: 1.36 kWh each."""
    found = requirement_of(Flexible(max_kw=3, deadline="07:00", weekdays=["mon", "fri"]), USUAL)
    assert found.kwh.sum() == approx(1.36)


def test_a_profile_is_power_times_time() -> None:
    found = requirement_of(Flexible(profile_kw=[2, 0.4], profile_minutes=15, runs_a_week=1), None)
    assert (found.minutes.tolist(), found.kwh.tolist()) == ([15, 15], [0.5, 0.1])


def test_nothing_is_invented() -> None:
    with pytest.raises(
        Unknown, match="does not tell its length, energy and runs a week, and its last eight weeks hold"
    ):
        requirement_of(Flexible(), None)
    with pytest.raises(Unknown, match="does not tell its energy"):
        requirement_of(Flexible(max_kw=3, deadline="07:00"), None)


# --- steps and windows ------------------------------------------------------------------------------------------------


def test_a_run_is_cut_into_steps() -> None:
    """98 minutes of 0.98 kWh: three half hours of 0.3 and eight minutes of 0.08."""
    assert in_steps(np.array([98.0]), np.array([0.98]), 30).tolist() == approx([0.3, 0.3, 0.3, 0.08])
    assert in_steps(np.array([15.0, 30.0]), np.array([1.0, 1.0]), 30).tolist() == approx([1.5, 0.5])


@given(st.lists(st.tuples(st.integers(1, 200), st.floats(0, 5)), min_size=1, max_size=6), st.sampled_from([15, 30, 60]))
def test_steps_hold_the_energy_of_the_run(parts: list[tuple[int, float]], step: int) -> None:
    minutes, kwh = (np.array(column, float) for column in zip(*parts, strict=True))
    found = in_steps(minutes, kwh, step)
    assert found.sum() == approx(kwh.sum())
    assert (found >= 0).all()
    assert len(found) == -(-int(minutes.sum()) // step)


def test_a_window_is_that_of_the_clock_on_each_day() -> None:
    stamps = steps(days=2)
    found = day_windows(Grid(stamps, ZONE), Flexible(earliest="09:00", deadline="12:00"), 4)
    assert clock(stamps, found) == ["Mon 09:00 to Mon 12:00", "Tue 09:00 to Tue 12:00"]
    night = day_windows(Grid(stamps, ZONE), Flexible(earliest="22:00", deadline="06:00"), 4)
    assert clock(stamps, night) == ["Mon 00:00 to Mon 06:00", "Mon 22:00 to Tue 06:00", "Tue 22:00 to Wed 00:00"]


def test_without_a_window_a_run_may_cross_midnight() -> None:
    stamps = steps(days=2)
    assert clock(stamps, day_windows(Grid(stamps, ZONE), Flexible(), 3)) == [
        "Mon 00:00 to Tue 01:00",
        "Tue 00:00 to Wed 00:00",
    ]


@pytest.mark.parametrize(("day", "hours"), [("2024-03-30", 7), ("2024-07-15", 8), ("2024-10-26", 9)])
def test_a_night_is_shorter_in_spring_and_longer_in_autumn(day: str, hours: int) -> None:
    stamps = steps(day, 2)
    first, end = day_windows(Grid(stamps, ZONE), Flexible(earliest="22:00", deadline="06:00"), 1)[1]
    assert end - first == 2 * hours


def test_hours_of_rest_are_steps_that_touch_them() -> None:
    stamps = steps(days=1)
    flexible = Flexible(forbidden=["12:30-14:00", "23:00-07:00"], runs_a_week=7)
    found = job_of("tv", flexible, requirement_of(flexible, USUAL), Grid(stamps, ZONE))
    resting = {f"{stamp:%H:%M}" for stamp in stamps[~found.allowed].tz_convert(ZONE)}
    assert resting == {f"{hour:02d}:{minute}" for hour in (23, *range(7)) for minute in ("00", "30")} | {
        "12:30",
        "13:00",
        "13:30",
    }


# --- jobs -------------------------------------------------------------------------------------------------------------


def job(flexible: Flexible, stamps: pd.DatetimeIndex | None = None, **more: object) -> Cycle | Storage:
    stamps = steps() if stamps is None else stamps
    return job_of("tv", flexible, requirement_of(flexible, USUAL), Grid(stamps, ZONE), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("runs_a_week", "runs", "most"), [(3.4, 3, 1), (3.5, 4, 1), (7, 7, 1), (10, 10, 2)])
def test_runs_are_spread_over_the_week(runs_a_week: float, runs: int, most: int) -> None:
    found = job(Flexible(runs_a_week=runs_a_week))
    assert isinstance(found, Cycle)
    assert (found.runs, found.most, found.energy) == (runs, most, approx(0.8 * runs))


def test_a_shorter_plan_holds_fewer_runs() -> None:
    found = job(Flexible(runs_a_week=7), steps(days=2))
    assert isinstance(found, Cycle) and found.runs == 2
    with pytest.raises(Unknown, match="less than half a run falls into the plan"):
        job(Flexible(runs_a_week=3), steps(days=1))


def test_nothing_runs_while_nobody_is_at_home() -> None:
    away = np.arange(336) < 48 * 4
    found = job(Flexible(runs_a_week=7), away=away)
    assert isinstance(found, Cycle)
    assert found.runs == 3
    assert not found.allowed[: 48 * 4].any()


def test_a_storage_ends_at_its_deadlines() -> None:
    stamps = steps()
    found = job(Flexible(kwh=8, max_kw=4, earliest="17:00", deadline="07:00", weekdays=["tue", "sat"]), stamps)
    assert isinstance(found, Storage)
    assert clock(stamps, found.windows) == ["Mon 17:00 to Tue 07:00", "Fri 17:00 to Sat 07:00"]
    assert (found.kwh, found.most, found.energy) == approx((8, 2, 16))


def test_a_window_that_began_before_the_plan_counts_where_it_is_long_enough() -> None:
    """By 07:00 on Monday seven hours are left: 28 kWh at 4 kW, not 30."""
    stamps = steps(days=2)
    asked = {"max_kw": 4, "deadline": "07:00"}
    assert clock(stamps, job(Flexible(kwh=28, **asked), stamps).windows)[0] == "Mon 00:00 to Mon 07:00"
    assert clock(stamps, job(Flexible(kwh=30, **asked), stamps).windows) == ["Mon 07:00 to Tue 07:00"]


def test_a_storage_that_may_not_pause_runs_once_before_each_deadline() -> None:
    """5 kWh at 4 kW: two half hours of 2 kWh and one of 1."""
    found = job(Flexible(kwh=5, max_kw=4, earliest="22:00", deadline="07:00", interruptible=False))
    assert isinstance(found, Cycle)
    assert (found.kwh.tolist(), found.runs, found.most) == ([2, 2, 1], 7, 1)


def test_a_deadline_beyond_the_plan_is_not_its_business() -> None:
    with pytest.raises(Unknown, match="none of its deadlines falls into the plan"):
        job(Flexible(kwh=8, max_kw=4, earliest="17:00", deadline="07:00", weekdays=["tue"]), steps(days=1))
