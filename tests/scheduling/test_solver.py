"""The schedule: as good as looking at every plan, and never outside what a device may do."""

from __future__ import annotations

from dataclasses import replace

import brute_force
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest import approx

from influx.scheduling.infeasibility import diagnose, least_limit, solve_or_diagnose
from influx.scheduling.jobs import Cycle, Job, Storage, read, runs_of, write
from influx.scheduling.solver import Impossible, solve, weigh

STEPS = 12


def cycle(name: str = "washer", kwh: tuple[float, ...] = (1.0, 0.5), steps: int = STEPS, **other: object) -> Cycle:
    """Return a cycle that may run once, at any time."""
    asked: dict = {"runs": 1, "windows": ((0, steps),), "most": 9, "allowed": np.ones(steps, bool)} | other
    return Cycle(name, np.array(kwh), **asked)


def car(kwh: float = 3.0, most: float = 1.0, steps: int = STEPS, **other: object) -> Storage:
    """Return a storage with one window."""
    return Storage("car", kwh, **({"windows": ((0, steps),), "most": most, "allowed": np.ones(steps, bool)} | other))


def cheap_at(*steps: int, count: int = STEPS, price: float = 0.3, low: float = 0.1) -> np.ndarray:
    out = np.full(count, price)
    out[list(steps)] = low
    return out


# --- hand-worked ------------------------------------------------------------------------------------------------------


def test_a_run_goes_where_its_energy_is_cheapest() -> None:
    """1.0 kWh then 0.5 kWh: cheap steps 4 and 5 cost 0.15; one cheap step alone is best used by the first part."""
    price = cheap_at(4, 5, 9)
    found = solve([cycle()], price)
    assert found.kwh[0].tolist() == [0] * 4 + [1.0, 0.5] + [0] * 6
    assert float(found.kwh[0] @ price) == approx(0.15)
    found = solve([cycle()], cheap_at(9))
    assert np.flatnonzero(found.kwh[0]).tolist() == [9, 10]


def test_two_runs_of_one_device_never_overlap() -> None:
    """Steps 4 to 6 are cheap: one run takes 4 and 5, the other one has to begin at 6 or end at 3."""
    found = solve([cycle(kwh=(1.0, 1.0), runs=2)], cheap_at(4, 5, 6))
    assert found.kwh.max() == 1.0
    assert float(found.kwh[0] @ cheap_at(4, 5, 6)) == approx(3 * 0.1 + 0.3)


def test_most_runs_of_a_window_are_kept() -> None:
    two_days = {"windows": ((0, 6), (6, 12)), "runs": 2}
    price = cheap_at(0, 1, 2, 3)
    assert float(solve([cycle(most=2, **two_days)], price).kwh[0] @ price) == approx(0.3)
    spread = solve([cycle(most=1, **two_days)], price).kwh[0]
    assert spread[:6].sum() == spread[6:].sum() == 1.5


def test_a_cycle_that_may_pause_takes_the_cheapest_steps_of_one_window() -> None:
    """Cheap steps 1, 3 and 8: the first window holds two of them."""
    asked = {"windows": ((0, 6), (6, 12)), "pauses": True}
    found = solve([cycle(kwh=(1.0, 0.5), **asked)], cheap_at(1, 3, 8))
    assert np.flatnonzero(found.kwh[0]).tolist() == [1, 3]
    assert found.kwh[0][[1, 3]].tolist() == [0.75, 0.75]


def test_hours_of_rest_are_kept() -> None:
    allowed = np.ones(STEPS, bool)
    allowed[4:6] = False
    assert np.flatnonzero(solve([cycle(allowed=allowed)], cheap_at(4, 5, 9)).kwh[0]).tolist() == [9, 10]


def test_a_storage_has_its_energy_by_each_deadline() -> None:
    """3 kWh at 1 kWh a step by step 6, and again by step 12: three steps each, the cheap ones first."""
    found = solve([car(windows=((0, 6), (6, 12)))], cheap_at(1, 2, 7)).kwh[0]
    assert found[:6].sum() == found[6:].sum() == approx(3.0)
    assert found[[1, 2, 7]].tolist() == [1.0, 1.0, 1.0]


def test_the_power_limit_keeps_devices_apart() -> None:
    """Room for 1.5 kWh a step: two devices of 1 kWh cannot share the cheap steps 4 and 5; apart they pay 0.2 more."""
    jobs = [cycle("a", (1.0, 1.0)), cycle("b", (1.0, 1.0))]
    price = cheap_at(4, 5)
    found = solve(jobs, price, np.full(STEPS, 1.5))
    assert found.kwh.sum(axis=0).max() == 1.0
    assert float(found.kwh.sum(axis=0) @ price) == approx(0.2 + 0.6)


def test_steps_that_are_full_already_are_left_alone() -> None:
    room = np.full(STEPS, 2.0)
    room[4] = -0.7
    assert solve([cycle()], cheap_at(4, 5, 9), room).kwh[0][4] == 0


def test_where_prices_are_equal_the_household_is_asked() -> None:
    preference = np.zeros(STEPS)
    preference[[7, 8]] = 1.0
    assert np.flatnonzero(solve([cycle(preference=preference)], np.full(STEPS, 0.2)).kwh[0]).tolist() == [7, 8]
    assert np.flatnonzero(solve([cycle(preference=preference)], cheap_at(0, 1)).kwh[0]).tolist() == [0, 1]


def test_a_negative_price_is_taken() -> None:
    found = solve([car(kwh=2.0)], cheap_at(3, low=-0.1))
    assert found.kwh[0][3] == 1.0


def test_nothing_to_do_is_a_plan() -> None:
    assert solve([cycle(runs=0, windows=())], np.ones(STEPS)).kwh.sum() == 0


def test_carbon_and_money_are_weighed_by_their_means() -> None:
    """Mean price 0.2, mean carbon 300: a step of 0.1 and 450 counts 0.5, 1.5, or 1.0 in equal parts."""
    price, carbon = np.array([0.1, 0.3]), np.array([450.0, 150.0])
    assert weigh(price, carbon, 1.0).tolist() == approx([0.5, 1.5])
    assert weigh(price, carbon, 0.0).tolist() == approx([1.5, 0.5])
    assert weigh(price, carbon, 0.5).tolist() == approx([1.0, 1.0])
    run = cycle(kwh=(1.0,), steps=2)
    assert solve([run], weigh(price, carbon, 0.9)).kwh[0].tolist() == [1, 0]
    assert solve([run], weigh(price, carbon, 0.1)).kwh[0].tolist() == [0, 1]


@pytest.mark.parametrize(("weight", "carbon"), [(1.1, np.ones(2)), (-0.1, np.ones(2)), (0.5, None)])
def test_a_weight_that_cannot_be_used_is_refused(weight: float, carbon: np.ndarray | None) -> None:
    with pytest.raises(ValueError, match="weight"):
        weigh(np.ones(2), carbon, weight)


def test_the_runs_of_a_plan_are_numbered_in_order_of_time() -> None:
    job = cycle(runs=2, windows=((0, 6), (6, 12)), most=1)
    run, step, kwh = runs_of(job, solve([job], cheap_at(2, 3, 8, 9)).columns[0])
    assert run.tolist() == [1, 1, 2, 2]
    assert step.tolist() == [2, 3, 8, 9]
    assert kwh.tolist() == [1.0, 0.5, 1.0, 0.5]


def test_the_runs_of_a_storage_are_its_windows_in_order_of_time() -> None:
    job = Storage("car", 2.0, ((0, 6), (6, 12)), 1.0, np.ones(12, bool))
    run, step, kwh = runs_of(job, solve([job], cheap_at(1, 4, 7, 8)).columns[0])
    assert run.tolist() == [1, 1, 2, 2]
    assert step.tolist() == [1, 4, 7, 8]
    assert kwh == approx([1.0] * 4)


def test_tasks_that_were_written_are_read_as_they_were() -> None:
    jobs: list[Job] = [
        cycle("wm", (1.0, 0.5), runs=2, windows=((0, 6), (6, 12)), most=1),
        Storage("car", 2.0, ((0, 6), (6, 12)), 1.0, np.arange(12) % 2 == 0, np.linspace(0, 1, 12)),
    ]
    back = read(write(jobs))
    for job, again in zip(jobs, back, strict=True):
        assert type(again) is type(job)
        for name, value in vars(job).items():
            np.testing.assert_array_equal(getattr(again, name), value)
    np.testing.assert_array_equal(solve(back, cheap_at(1, 2, 7, 8)).kwh, solve(jobs, cheap_at(1, 2, 7, 8)).kwh)


# --- against every plan that there is ---------------------------------------------------------------------------------


@st.composite
def problems(draw: st.DrawFn, with_car: bool = True) -> tuple[list[Job], np.ndarray, np.ndarray]:
    """Return up to three jobs, values and room, in halves and tenths, so that equal plans are equal."""
    value = np.array(draw(st.lists(st.integers(-1, 9), min_size=STEPS, max_size=STEPS))) / 10
    room = np.array(draw(st.lists(st.integers(-1, 6), min_size=STEPS, max_size=STEPS))) / 2
    jobs: list[Job] = []
    for number in range(draw(st.integers(1, 2))):
        kwh = tuple(draw(st.lists(st.sampled_from([0.5, 1.0, 1.5]), min_size=1, max_size=3)))
        allowed = np.array(draw(st.lists(st.sampled_from([True, True, True, False]), min_size=STEPS, max_size=STEPS)))
        first, end = draw(st.sampled_from([(0, 6), (1, 5), (0, 4)]))
        windows = draw(st.sampled_from([((first, end), (first + 6, end + 6)), ((first, end + 6),)]))
        most, pauses = draw(st.integers(1, 2)), draw(st.booleans()) and len(set(kwh)) == 1
        jobs.append(Cycle(f"d{number}", np.array(kwh), draw(st.integers(1, 2)), windows, most, allowed, pauses))
    if with_car and draw(st.booleans()):
        jobs.append(car(draw(st.sampled_from([1.0, 2.5])), 1.0, windows=((0, 5), (6, 12))))
    return jobs, value, room


@examples(max_examples=150)
@given(problems())
def test_no_plan_is_better_and_none_is_found_where_there_is_none(
    problem: tuple[list[Job], np.ndarray, np.ndarray],
) -> None:
    jobs, value, room = problem
    truth = brute_force.best(jobs, value, room)
    if truth is None:
        with pytest.raises(Impossible):
            solve(jobs, value, room)
        return
    found = solve(jobs, value, room, gap=0.0)
    assert float(found.kwh.sum(axis=0) @ value) == approx(truth, abs=1e-6)
    assert found.gap == approx(0, abs=1e-6)


@examples(max_examples=80)
@given(problems())
def test_every_plan_keeps_energy_windows_hours_of_rest_and_the_limit(
    problem: tuple[list[Job], np.ndarray, np.ndarray],
) -> None:
    jobs, value, room = problem
    solution, placed, _ = solve_or_diagnose(jobs, value, room, STEPS)
    assume(solution is not None)
    assert solution is not None
    total = solution.kwh.sum(axis=0)
    assert (total <= np.maximum(room, 0) + 1e-6).all()
    for job, kwh, columns in zip(placed, solution.kwh, solution.columns, strict=True):
        inside = np.zeros(STEPS, bool)
        for first, end in job.windows:
            inside[first:end] = True
        assert kwh.sum() == approx(job.energy)
        assert not kwh[~(inside & job.allowed)].any()
        run, step, taken = runs_of(job, columns)
        assert np.bincount(step, taken, minlength=STEPS).tolist() == approx(kwh.tolist())
        if isinstance(job, Cycle) and not job.pauses:
            for one in np.unique(run):
                assert np.diff(step[run == one]).tolist() == [1] * (len(job.kwh) - 1)


def test_many_devices_under_a_tight_limit_come_within_a_hundredth() -> None:
    """Twelve devices of 1 kWh for two steps, room for three at once: four turns, of which three are cheap."""
    price = np.tile([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 0.3], 3)
    jobs = [cycle(f"d{number}", (1.0, 1.0), steps=24, windows=((0, 8),)) for number in range(12)]
    found = solve(jobs, price, np.full(24, 3.0))
    assert found.kwh.sum(axis=0)[:8].tolist() == approx([3.0] * 8)
    assert found.gap <= 0.01
    assert float(found.kwh.sum(axis=0) @ price) == approx(18 * 0.1 + 6 * 0.3)


# --- what would have to give ------------------------------------------------------------------------------------------


def test_what_is_possible_needs_no_relaxation() -> None:
    solution, placed, told = solve_or_diagnose([cycle(), car()], cheap_at(3), np.full(STEPS, 2.0), STEPS)
    assert solution is not None
    assert ([job.device_id for job in placed], told) == (["washer", "car"], [])


def test_a_deadline_moves_by_the_least_that_is_enough() -> None:
    """Two runs of two steps need four; the window of three has to be one longer."""
    narrow = cycle(runs=2, windows=((2, 5),))
    solution, placed, told = solve_or_diagnose([narrow, car()], cheap_at(3), None, STEPS)
    assert [(one.device_id, one.gives, one.by) for one in told] == [("washer", "deadline", 1)]
    assert [job.device_id for job in placed] == ["car"]
    assert solution is not None and solution.kwh.sum() == approx(3.0)
    assert diagnose(replace(narrow, windows=((2, 6),)), STEPS, STEPS) is None


def test_hours_of_rest_are_lifted_where_no_deadline_helps() -> None:
    resting = np.zeros(STEPS, bool)
    resting[::2] = True
    found = diagnose(cycle(allowed=resting), STEPS, STEPS)
    assert found is not None and (found.gives, found.by) == ("forbidden", 0)


def test_fewer_runs_are_asked_for_where_nothing_else_helps() -> None:
    found = diagnose(cycle(runs=8), STEPS, STEPS)
    assert found is not None and (found.gives, found.by) == ("requirement", 6)


def test_a_storage_that_cannot_fill_tells_what_it_can_take() -> None:
    found = diagnose(car(kwh=5.0, windows=((0, 3),)), STEPS, STEPS)
    assert found is not None and (found.gives, found.by) == ("deadline", 2)
    found = diagnose(car(kwh=20.0), STEPS, STEPS)
    assert found is not None and (found.gives, found.by) == ("requirement", approx(12.0))


def test_the_least_power_limit_is_found() -> None:
    """Two devices of 2 kWh in one step of a window of one: 4 kWh against 3."""
    jobs = [cycle("a", (2.0,), windows=((5, 6),)), cycle("b", (2.0,), windows=((5, 6),))]
    solution, _, told = solve_or_diagnose(jobs, cheap_at(3), np.full(STEPS, 3.0), STEPS)
    assert solution is None
    assert (told[0].gives, told[0].by, told[0].step, told[0].proven) == ("limit", approx(1.0), 5, True)


@examples(max_examples=80)
@given(problems(with_car=False))
def test_no_lower_limit_would_do(problem: tuple[list[Job], np.ndarray, np.ndarray]) -> None:
    jobs, value, room = problem
    assume(all(diagnose(job, STEPS, STEPS) is None for job in jobs))
    least = brute_force.least_rise(jobs, room)
    found = least_limit(jobs, room)
    assert found.by == approx(least, abs=1e-5)
    assert solve(jobs, value, room + found.by + 1e-6).kwh.sum() == approx(sum(job.energy for job in jobs))


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("runs", [2, 3])
@pytest.mark.parametrize("pauses", [False, True])
def test_no_earlier_deadline_would_do(length: int, runs: int, pauses: bool) -> None:
    """Rest in step 4: the window of two steps from step 2 on grows until all runs lie around it."""
    allowed = np.ones(STEPS, bool)
    allowed[4] = False
    job = cycle(kwh=(1.0,) * length, runs=runs, windows=((2, 4),), allowed=allowed, pauses=pauses)
    found = diagnose(job, STEPS, STEPS)
    if found is None:
        assert next(brute_force.placements(job, STEPS), None) is not None
        return
    ends = [end for end in range(5, 13) if fits_until(replace(job, windows=((2, end),)))]
    assert (found.gives, found.by) == (("deadline", ends[0] - 4) if ends else ("requirement", found.by))


def fits_until(job: Cycle) -> bool:
    return next(brute_force.placements(job, STEPS), None) is not None
