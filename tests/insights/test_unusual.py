"""What a reader of the unusual hours relies on: what was planted is found with its numbers, and little else is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tiny_readings as tiny
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest import approx

from influx.forecasting.device_series import Series
from influx.insights.anomalies import FIRST_DAYS, unusual_hours

DAY = 24
MADRID = {"timezone": "Europe/Madrid"}


def steady(days: int, kwh: float = 0.1) -> np.ndarray:
    """Return hours of a device that always takes the same, but for the last digits of its meter."""
    return kwh * (1 + 0.01 * np.sin(np.arange(days * DAY)))


def only(series: Series) -> pd.Series:
    """Return the one episode that there is."""
    found = unusual_hours([series])
    assert len(found) == 1
    return found.iloc[0]


def weather(celsius: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"timestamp": tiny.hours(len(celsius)), "outdoor_temp_celsius": celsius})


def test_a_planted_spike_is_found_with_its_hours_and_energy() -> None:
    """2 kWh in each of two hours from 15:00 UTC, 16:00 in Madrid, on 10 February; usual are 0.1."""
    kwh = steady(56)
    kwh[40 * DAY + 15 : 40 * DAY + 17] = 2.0
    found = only(tiny.series(kwh, **MADRID))
    assert found["device_id"] == "tv"
    assert found["start"] == pd.Timestamp("2024-02-10 16:00")
    assert found["end"] == pd.Timestamp("2024-02-10 18:00")
    assert found["hours"] == 2
    assert found["kwh"] == 4.0
    assert found["usual_kwh"] == approx(0.2, rel=0.02)
    assert found["beyond_kwh"] == approx(3.8, rel=0.02)
    assert found["reason"] == "20 times the usual energy"


def test_the_usual_energy_is_the_median() -> None:
    """On one day in five it takes 0.3 kWh an hour, on the others 0.1."""
    kwh = np.repeat(np.where(np.arange(56) % 5 == 0, 0.3, 0.1), DAY)
    kwh[41 * DAY + 15] = 2.0
    found = only(tiny.series(kwh))
    assert (found["usual_kwh"], found["reason"]) == (approx(0.1), "20 times the usual energy")
    assert found["beyond_kwh"] == approx(1.7)


def test_a_planted_outage_of_a_device_that_never_stops_is_found() -> None:
    kwh = steady(56)
    kwh[40 * DAY + 3 : 40 * DAY + 8] = 0.0
    found = only(tiny.series(kwh))
    assert found["start"] == pd.Timestamp("2024-02-10 03:00")
    assert found["end"] == pd.Timestamp("2024-02-10 08:00")
    assert (found["hours"], found["kwh"]) == (5, 0)
    assert found["usual_kwh"] == approx(0.5, rel=0.02)
    assert found["beyond_kwh"] == approx(-0.5, rel=0.02)
    assert found["reason"] == "off, though it usually runs then"


def test_an_outage_of_two_days_is_one_episode() -> None:
    kwh = steady(56)
    kwh[36 * DAY + 3 : 38 * DAY + 3] = 0.0
    found = only(tiny.series(kwh))
    assert (found["hours"], found["end"]) == (48, pd.Timestamp("2024-02-08 03:00"))


def test_a_device_that_runs_at_a_fifth_says_so() -> None:
    kwh = steady(56)
    kwh[40 * DAY : 40 * DAY + 10] /= 5
    assert only(tiny.series(kwh))["reason"].startswith("only 20")


def test_too_much_beside_too_little_are_two_episodes() -> None:
    kwh = steady(56)
    kwh[40 * DAY : 40 * DAY + 4] = 0.0
    kwh[40 * DAY + 4] = 1.0
    found = unusual_hours([tiny.series(kwh)])
    assert found["hours"].tolist() == [1, 4]  # the larger first
    assert np.sign(found["beyond_kwh"]).tolist() == [1, -1]


def test_hours_that_are_not_known_are_no_outage() -> None:
    kwh = steady(56)
    kwh[40 * DAY : 43 * DAY] = np.nan
    assert unusual_hours([tiny.series(kwh)]).empty


def test_nothing_is_judged_in_the_first_two_weeks() -> None:
    kwh = steady(56)
    kwh[: FIRST_DAYS * DAY : 50] = 5.0
    assert unusual_hours([tiny.series(kwh[: FIRST_DAYS * DAY])]).empty
    found = unusual_hours([tiny.series(kwh)])
    assert (found["start"] >= tiny.START.tz_localize(None) + pd.Timedelta(days=FIRST_DAYS)).all()


def test_two_weeks_of_which_most_hours_are_unknown_judge_nothing() -> None:
    kwh = steady(21)
    kwh[: FIRST_DAYS * DAY] = np.where(np.arange(FIRST_DAYS * DAY) % 3 == 0, 0.1, np.nan)
    kwh[-1] = 5.0
    assert unusual_hours([tiny.series(kwh)]).empty
    kwh[: FIRST_DAYS * DAY] = 0.1
    assert len(unusual_hours([tiny.series(kwh)])) == 1


@pytest.mark.parametrize("seed", range(4))
def test_an_ordinary_device_has_few_unusual_hours(seed: int) -> None:
    found = unusual_hours([tiny.series(tiny.used(84 * DAY, seed))])
    assert found["hours"].sum() <= 0.005 * 70 * DAY


def test_the_largest_come_first_and_no_more_than_asked_for() -> None:
    kwh = steady(84)
    kwh[[20 * DAY, 30 * DAY + 6, 40 * DAY + 12, 50 * DAY + 18]] = [1, 3, 2, 4]
    assert unusual_hours([tiny.series(kwh)])["kwh"].tolist() == [4, 3, 2, 1]
    assert unusual_hours([tiny.series(kwh)], most=2)["kwh"].tolist() == [4, 3]


def test_little_energy_is_not_worth_telling() -> None:
    kwh = steady(56, kwh=0.001)
    kwh[40 * DAY] = 0.04
    assert unusual_hours([tiny.series(kwh)]).empty
    kwh[40 * DAY] = 0.06
    assert len(unusual_hours([tiny.series(kwh)])) == 1


@pytest.mark.parametrize(("change", "words"), [(12.0, "hottest hours until then (22 °C)"), (-12.0, "coldest")])
def test_heat_and_cold_are_told_as_what_they_were_at_that_time(change: float, words: str) -> None:
    """It was never as hot before; that weeks later it becomes hotter still does not make the hour less unusual."""
    celsius = 10 + np.sin(np.arange(84 * DAY))
    celsius[40 * DAY + 12 : 40 * DAY + 15] = 10 + change
    celsius[60 * DAY :] += 2 * change
    kwh = steady(84)
    kwh[40 * DAY + 12 : 40 * DAY + 15] = 2.0
    assert words in only(tiny.series(kwh, weather=weather(celsius)))["reason"]


def test_use_at_a_rare_hour_names_the_hour() -> None:
    kwh = np.where(np.arange(56 * DAY) % DAY == 19, 0.5, 0.0)
    kwh[40 * DAY + 3] = 0.6
    found = only(tiny.series(kwh, **MADRID))
    assert found["reason"] == "rarely in use on such a day at 04:00"
    assert (found["usual_kwh"], found["beyond_kwh"]) == (0, approx(0.6))


def test_long_use_tells_how_long() -> None:
    kwh = np.where(np.arange(56 * DAY) % 5 < 2, 0.5, 0.0)
    kwh[40 * DAY : 40 * DAY + 9] = 1.5
    assert only(tiny.series(kwh))["reason"] == "in use for 9 hours on end"


@examples(max_examples=15)
@given(st.integers(0, 1000), st.integers(20 * DAY, 55 * DAY), st.floats(0, 5))
def test_what_comes_later_changes_no_earlier_judgement(seed: int, cut: int, later: float) -> None:
    rng = np.random.default_rng(seed)
    kwh = tiny.used(56 * DAY, seed, off=0.1)
    kwh[rng.integers(0, 56 * DAY, 60)] *= 6
    celsius = rng.normal(15, 8, 56 * DAY)
    changed, warmer = kwh.copy(), celsius.copy()
    changed[cut:] *= later
    warmer[cut:] += 20
    before, after = (
        unusual_hours([tiny.series(energy, weather=weather(temperature))], most=10_000)
        for energy, temperature in ((kwh, celsius), (changed, warmer))
    )
    end = tiny.hours(cut + 1)[-1].tz_localize(None)
    kept = [found[found["end"] < end].sort_values("start", ignore_index=True) for found in (before, after)]
    pd.testing.assert_frame_equal(*kept, check_dtype=False)


def test_several_devices_are_told_together_and_none_gives_an_empty_table() -> None:
    kwh = steady(56)
    kwh[40 * DAY] = 2.0
    around = tiny.series(kwh).covariates
    every = [Series("home", name, tiny.energy(values), around) for name, values in (("a", kwh), ("b", 2 * kwh))]
    assert unusual_hours(every)["device_id"].tolist() == ["b", "a"]
    nothing = unusual_hours([tiny.series(steady(56))])
    assert nothing.empty
    assert list(nothing) == list(unusual_hours(every))
