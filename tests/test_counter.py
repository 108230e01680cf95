"""Registers that count energy: what their states say, and what they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx.sources.counter import count

NAN = np.nan


def counted(*states: float, most_kw: float = 50.0) -> tuple[list[float | None], list[str]]:
    found = count(np.array(states, float), np.arange(len(states), dtype=float), most_kw)
    return [None if kwh != kwh else round(float(kwh), 9) for kwh in found.kwh], list(found.reasons)


def test_a_register_that_rises_counted_its_steps() -> None:
    assert counted(10, 10.5, 12, 12) == ([None, 0.5, 1.5, 0.0], [""] * 4)


def test_a_register_that_begins_anew_counted_what_it_shows() -> None:
    assert counted(100, 101, 0.5, 1.5)[0] == [None, 1.0, 0.5, 1.0]


def test_a_register_that_is_reset_every_day_counts_on() -> None:
    assert counted(4, 5, 0, 1, 2, 3, 4, 5, 6, 0, 1)[0] == [None, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1]


def test_of_another_register_nothing_is_known_up_to_its_first_state() -> None:
    kwh, reasons = counted(5000, 5001, 200, 201)
    assert kwh == [None, 1.0, None, 1.0]
    assert not any(reasons)


@pytest.mark.parametrize("wrong", [0.0, 999_999.0])
def test_a_single_wrong_state_is_rejected_and_its_energy_kept(wrong: float) -> None:
    kwh, reasons = counted(100, 100.2, wrong, 100.5, 100.7)
    assert kwh == [None, 0.2, None, 0.3, 0.2]
    assert [bool(why) for why in reasons] == [False, False, True, False, False]


def test_a_small_step_back_that_is_made_good_is_no_use() -> None:
    assert counted(10, 10.5, 10.49, 10.6)[0] == [None, 0.5, 0.0, 0.1]


def test_a_step_that_no_connection_can_bring_is_rejected_with_its_energy() -> None:
    kwh, reasons = counted(10, 11, 5011, 5012, most_kw=20)
    assert kwh == [None, 1.0, 5000.0, 1.0]
    assert "more than 20 kW can bring" in reasons[2]


def test_unknown_states_are_bridged() -> None:
    found = count(np.array([1, NAN, NAN, 4.0]), np.arange(4.0), 50.0)
    assert found.kwh[3] == 3
    assert found.since[3] == 0


def test_a_single_state_says_nothing() -> None:
    assert counted(7) == ([None], [""])


@given(st.lists(st.integers(0, 40_000), min_size=2, max_size=60))
def test_a_register_that_never_falls_counted_its_difference(steps: list[int]) -> None:
    states = 1000 + np.cumsum(steps) / 1000
    found = count(states, np.arange(len(states), dtype=float), 50.0)
    assert np.nansum(found.kwh) == pytest.approx(states[-1] - states[0])
    assert not any(found.reasons)


@given(st.lists(st.floats(0, 1e6) | st.just(NAN), min_size=1, max_size=40))
def test_no_states_make_energy_below_zero_or_an_error(states: list[float]) -> None:
    found = count(np.array(states), np.arange(len(states), dtype=float), 50.0)
    assert not (found.kwh < 0).any()
