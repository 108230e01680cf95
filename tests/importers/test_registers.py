"""Registers: what was used between their states, and what a state below the one before it means."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from influx.importers.reading.registers import Counted, count


def counted(*states: float, every: float = 1.0, most: float = 10.0) -> Counted:
    """Count hourly states [kWh] under a limit of 10 kW."""
    return count(np.array(states, float), np.arange(len(states)) * every, most)


def kwh(result: Counted) -> list[float]:
    return [round(float(value), 9) for value in result.kwh]


def unknown_first(*values: float) -> object:
    return approx([np.nan, *values], nan_ok=True)


def test_energy_is_the_difference_of_states_and_stands_at_the_later_one() -> None:
    result = counted(100, 101, 101, 103.5)
    assert kwh(result) == unknown_first(1, 0, 2.5)
    assert list(result.since) == [-1, 0, 1, 2]
    assert not result.estimated.any()
    assert (result.reasons == "").all()


def test_an_unknown_state_is_bridged_with_its_energy() -> None:
    result = counted(100, np.nan, np.nan, 103, 104)
    assert kwh(result) == unknown_first(np.nan, np.nan, 3, 1)
    assert list(result.since) == [-1, -1, -1, 0, 3]


def test_fewer_than_two_states_tell_no_energy() -> None:
    for states in ((), (5.0,), (np.nan, np.nan), (np.nan, 5.0)):
        assert np.isnan(counted(*states).kwh).all()


def test_a_register_that_begins_anew_counted_what_it_shows() -> None:
    """What it counted before the reset, in the same step, is lost: the step is estimated."""
    result = counted(100, 101, 102, 0.5, 1.5, 2.5)
    assert kwh(result) == unknown_first(1, 1, 0.5, 1, 1)
    assert list(np.flatnonzero(result.estimated)) == [3]
    assert (result.resets, result.replaced, result.back) == (1, 0, 0)


def test_a_register_may_begin_anew_every_day() -> None:
    day = [0.0, 0.4, 0.8, 1.2]
    result = counted(*day, *day, *day)
    assert np.nansum(result.kwh) == approx(3.6)
    assert result.resets == 2


def test_another_register_leaves_its_first_step_unknown() -> None:
    """60 kWh are no use of one hour, though 100 kW could bring them: nothing is made up."""
    for first in (8000.0, 60.0, 7.0):
        result = counted(10_000, 10_001, 10_002, first, first + 1, first + 2, most=100)
        assert kwh(result) == unknown_first(1, 1, np.nan, 1, 1)
        assert (result.resets, result.replaced) == (0, 1)


def test_a_single_state_that_is_off_or_five_together_are_faults_of_their_rows() -> None:
    for wrong in (5000.0, 0.0, 99.0):
        result = counted(100, 101, wrong, 103, 104)
        assert kwh(result) == unknown_first(1, np.nan, 2, 1)
        assert list(np.flatnonzero(result.reasons != "")) == [2]
        assert "jumps here and comes back" in result.reasons[2]
        assert result.resets == result.replaced == 0
    result = counted(100, 101, *[5000] * 5, 107, 108)
    assert np.nansum(result.kwh) == approx(8)
    assert (result.reasons != "").sum() == 5


def test_a_small_step_back_is_no_use_and_no_reset() -> None:
    result = counted(100, 101, 100.99, 100.995, 102)
    assert kwh(result) == unknown_first(1, 0, 0, 1)
    assert (result.back, result.resets, result.replaced) == (1, 0, 0)


def test_more_than_can_flow_is_told_with_its_energy() -> None:
    result = counted(100, 101, 131, 132, 133, 134, 135, 136, 137)
    assert kwh(result)[2] == 30
    assert "30 kWh since the state before are more than 10 kW can bring" in result.reasons[2]
    assert np.nansum(np.where(result.reasons == "", result.kwh, np.nan)) == approx(7)


STEPS = st.lists(st.floats(0, 9.9).map(lambda x: round(x, 3)), min_size=1, max_size=60)


@given(first=st.floats(0, 1e5), steps=STEPS, gaps=st.sets(st.integers(1, 60)))
def test_a_register_that_never_falls_counts_the_difference_of_its_ends(
    first: float, steps: list[float], gaps: set[int]
) -> None:
    states = first + np.cumsum([0.0, *steps])
    seen = np.array([0 < place < len(steps) and place in gaps for place in range(len(states))])
    result = count(np.where(seen, np.nan, states), np.arange(len(states), dtype=float), 10.0)
    assert (result.reasons == "").all()
    assert np.nansum(result.kwh) == approx(states[-1] - states[0], abs=1e-6)


@given(states=st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), max_size=40), most=st.floats(0.1, 100))
def test_any_states_make_no_energy_below_zero_and_none_above_the_limit(states: list[float], most: float) -> None:
    result = count(np.array(states, float), np.arange(len(states), dtype=float), most)
    used = result.kwh[(result.reasons == "") & np.isfinite(result.kwh)]
    assert (used >= 0).all()
    span = np.arange(len(states)) - result.since
    limit = most * span[(result.reasons == "") & np.isfinite(result.kwh)] + 0.02
    assert (used <= limit + 1e-6).all()


@given(
    uses=st.lists(st.floats(0.05, 1.5).map(lambda kwh: round(kwh, 3)), min_size=8, max_size=60),
    place=st.integers(0, 59),
    first=st.sampled_from([0.0, 0.4, 3.0, 25.0, 8000.0]),
)
def test_a_zero_anywhere_in_a_register_makes_no_energy(uses: list[float], place: int, first: float) -> None:
    states = first + np.append(0.0, np.cumsum(uses))
    place %= len(states)
    with_zero = np.where(np.arange(len(states)) == place, 0.0, states)
    result = counted(*with_zero, most=100.0)
    good = (result.reasons == "") & np.isfinite(result.kwh)
    lost = states[place] - states[place - 1] if place == len(states) - 1 else uses[0] if place == 0 else 0.0
    first_use = states[1] if place == 0 and states[1] <= 3 * max(uses) + 0.02 else 0.0
    assert result.kwh[good].sum() <= sum(uses) + first_use + 1e-6
    if place:
        assert result.kwh[good].sum() == approx(sum(uses) - lost, abs=1e-6)


@given(
    uses=st.lists(st.floats(0.05, 1.5), min_size=12, max_size=60),
    place=st.integers(1, 59),
    off=st.sampled_from([-4.0, 20.0, 60.0, 500.0]),
)
def test_a_single_stray_state_makes_no_energy(uses: list[float], place: int, off: float) -> None:
    states = 25.0 + np.append(0.0, np.cumsum(uses))
    place = 1 + place % (len(states) - 2)
    result = counted(*(states + np.where(np.arange(len(states)) == place, off, 0.0)), most=100.0)
    good = (result.reasons == "") & np.isfinite(result.kwh)
    assert result.kwh[good].sum() == approx(sum(uses), abs=1e-6)


def test_sums_of_a_day_begin_anew_though_they_come_back_in_an_hour() -> None:
    result = counted(*([0, 2, 4, 6] * 3), 0, 0.2, 0, 0.5)
    assert result.kwh[np.isfinite(result.kwh)].sum() == approx(6 * 3 + 0.2 + 0.5)
