"""Registers: what was used between their states, and what a state below the one before it means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from influx.importers.reading.registers import Counted, count


def counted(*states: float, every: float = 1.0, most: float = 10.0) -> Counted:
    """Count hourly states [kWh] under a limit of 10 kW."""
    return count(np.array(states, float), np.arange(len(states)) * every, most)


def kwh(found: Counted) -> list[float]:
    return [round(float(value), 9) for value in found.kwh]


def unknown_first(*values: float) -> object:
    return approx([np.nan, *values], nan_ok=True)


def test_energy_is_the_difference_of_states_and_stands_at_the_later_one() -> None:
    found = counted(100, 101, 101, 103.5)
    assert kwh(found) == unknown_first(1, 0, 2.5)
    assert list(found.since) == [-1, 0, 1, 2]
    assert not found.estimated.any()
    assert (found.reasons == "").all()


def test_an_unknown_state_is_bridged_with_its_energy() -> None:
    found = counted(100, np.nan, np.nan, 103, 104)
    assert kwh(found) == unknown_first(np.nan, np.nan, 3, 1)
    assert list(found.since) == [-1, -1, -1, 0, 3]


@pytest.mark.parametrize("states", [(), (5.0,), (np.nan, np.nan), (np.nan, 5.0)])
def test_fewer_than_two_states_say_nothing(states: tuple[float, ...]) -> None:
    assert np.isnan(counted(*states).kwh).all()


def test_a_register_that_begins_anew_counted_what_it_shows() -> None:
    """What it counted before the reset, in the same step, is lost: the step is estimated."""
    found = counted(100, 101, 102, 0.5, 1.5, 2.5)
    assert kwh(found) == unknown_first(1, 1, 0.5, 1, 1)
    assert list(np.flatnonzero(found.estimated)) == [3]
    assert (found.resets, found.replaced, found.back) == (1, 0, 0)


def test_a_register_may_begin_anew_every_day() -> None:
    day = [0.0, 0.4, 0.8, 1.2]
    found = counted(*day, *day, *day)
    assert np.nansum(found.kwh) == approx(3.6)
    assert found.resets == 2


@pytest.mark.parametrize("first", [8000.0, 60.0, 7.0])
def test_another_register_leaves_its_first_step_unknown(first: float) -> None:
    """60 kWh are no use of one hour, though 100 kW could bring them: nothing is made up."""
    found = counted(10_000, 10_001, 10_002, first, first + 1, first + 2, most=100)
    assert kwh(found) == unknown_first(1, 1, np.nan, 1, 1)
    assert (found.resets, found.replaced) == (0, 1)


def test_a_single_state_that_is_off_is_a_fault_of_its_row() -> None:
    for wrong in (5000.0, 0.0, 99.0):
        found = counted(100, 101, wrong, 103, 104)
        assert kwh(found) == unknown_first(1, np.nan, 2, 1)
        assert list(np.flatnonzero(found.reasons != "")) == [2]
        assert "jumps here and comes back" in found.reasons[2]
        assert found.resets == found.replaced == 0


def test_up_to_five_states_may_be_off_together() -> None:
    found = counted(100, 101, *[5000] * 5, 107, 108)
    assert np.nansum(found.kwh) == approx(8)
    assert (found.reasons != "").sum() == 5


def test_a_small_step_back_is_no_use_and_no_reset() -> None:
    found = counted(100, 101, 100.99, 100.995, 102)
    assert kwh(found) == unknown_first(1, 0, 0, 1)
    assert (found.back, found.resets, found.replaced) == (1, 0, 0)


def test_more_than_can_flow_is_told_with_its_energy() -> None:
    found = counted(100, 101, 131, 132, 133, 134, 135, 136, 137)
    assert kwh(found)[2] == 30
    assert "30 kWh since the state before are more than 10 kW can bring" in found.reasons[2]
    assert np.nansum(np.where(found.reasons == "", found.kwh, np.nan)) == approx(7)


STEPS = st.lists(st.floats(0, 9.9).map(lambda x: round(x, 3)), min_size=1, max_size=60)


@given(first=st.floats(0, 1e5), steps=STEPS, gaps=st.sets(st.integers(1, 60)))
def test_a_register_that_never_falls_counts_the_difference_of_its_ends(
    first: float, steps: list[float], gaps: set[int]
) -> None:
    states = first + np.cumsum([0.0, *steps])
    seen = np.array([0 < place < len(steps) and place in gaps for place in range(len(states))])
    found = count(np.where(seen, np.nan, states), np.arange(len(states), dtype=float), 10.0)
    assert (found.reasons == "").all()
    assert np.nansum(found.kwh) == approx(states[-1] - states[0], abs=1e-6)


@given(states=st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), max_size=40), most=st.floats(0.1, 100))
def test_any_states_make_no_energy_below_zero_and_none_above_the_limit(states: list[float], most: float) -> None:
    found = count(np.array(states, float), np.arange(len(states), dtype=float), most)
    used = found.kwh[(found.reasons == "") & np.isfinite(found.kwh)]
    assert (used >= 0).all()
    span = np.arange(len(states)) - found.since
    limit = most * span[(found.reasons == "") & np.isfinite(found.kwh)] + 0.02
    assert (used <= limit + 1e-6).all()
