"""What the numbers of a household mean, each worked out by hand: saved, trend, load factor, peaks in clock time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes
import tiny_readings as tiny
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest import approx

from influx import load
from influx.forecasting.device_series import Series
from influx.insights import overview

DAY, WEEK = 24, 168
NAN = float("nan")


def now_of(series: Series) -> pd.Timestamp:
    return series.energy.index[-1] + pd.Timedelta(hours=1)


def told(kwh: np.ndarray) -> pd.Series:
    """Return what is told of a device with these hours, seen from their end."""
    series = tiny.series(kwh)
    return overview.overview([series], now_of(series)).iloc[0]


def weeks(*totals: float) -> np.ndarray:
    return np.repeat(np.array(totals) / WEEK, WEEK)


# --- now --------------------------------------------------------------------------------------------------------------


def test_current_use_is_the_last_known_hour_and_the_last_24() -> None:
    kwh = np.arange(48, dtype=float)
    found = told(kwh)
    assert (found["device_id"], found["last_hour_kwh"]) == ("tv", 47)
    assert found["last_hour"] == tiny.hours(48)[-1]
    assert found["last_24h_kwh"] == sum(range(24, 48))


def test_an_unknown_hour_of_the_last_24_is_not_zero() -> None:
    kwh = np.full(48, 0.5)
    kwh[[30, 40, 47]] = NAN
    found = told(kwh)
    assert found["last_24h_kwh"] == approx(12)
    assert found["last_hour"] == tiny.hours(48)[46]


def test_a_day_of_which_too_much_is_unknown_is_not_known() -> None:
    kwh = np.full(48, 0.5)
    kwh[24:31] = NAN
    assert np.isnan(told(kwh)["last_24h_kwh"])


def test_what_comes_after_the_origin_is_not_looked_at() -> None:
    series = tiny.series(np.concatenate([weeks(*[20] * 8), np.full(DAY, 99)]))
    origin = now_of(series) - pd.Timedelta(days=1)
    assert overview.overview([series], origin).equals(overview.overview([tiny.series(weeks(*[20] * 8))], origin))


# --- against the usual week -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("last", "saved"), [(25.2, 8.4), (42.0, -8.4)])
def test_saved_is_usual_minus_used(last: float, saved: float) -> None:
    """For eight weeks 0.2 kWh an hour, then 0.15 or 0.25: 168 hours of 0.05 saved, or wasted."""
    found = told(weeks(*[33.6] * 8, last))
    assert found["last_week_kwh"] == approx(last)
    assert found["usual_week_kwh"] == approx(33.6)
    assert found["saved_kwh"] == approx(saved)
    assert found["hours_known"] == WEEK
    assert (found["saved_p10"], found["saved_p90"]) == (approx(saved), approx(saved))  # the weeks before did not differ
    assert found["saved_is_unusual"]


def test_a_week_like_others_is_not_unusual() -> None:
    rng = np.random.default_rng(3)
    found = told(np.concatenate([weeks(*rng.uniform(20, 40, 12)), weeks(30)]))
    assert found["saved_p10"] < 0 < found["saved_p90"]
    assert not found["saved_is_unusual"]


def test_usual_is_of_the_same_hours_that_are_known() -> None:
    kwh = weeks(*[33.6] * 8, 25.2)
    kwh[-100:-10] = NAN
    found = told(kwh)
    assert found["hours_known"] == 78
    assert found["usual_week_kwh"] == approx(78 * 0.2)
    assert found["saved_kwh"] == approx(78 * 0.05)


def test_a_week_of_history_before_the_last_is_needed() -> None:
    found = told(weeks(20, 20)[1:])
    assert found["last_week_kwh"] == approx(20)
    assert np.isnan([found["usual_week_kwh"], found["saved_kwh"], found["saved_p10"]]).all()
    assert not found["saved_is_unusual"]
    assert told(weeks(20, 20))["saved_kwh"] == approx(0)


def test_a_device_that_was_silent_all_week_saved_nothing() -> None:
    kwh = weeks(20, 20, 20)
    kwh[-WEEK:] = NAN
    series = tiny.series(kwh)
    found = overview.overview([series], series.energy.index[-1] + pd.Timedelta(hours=1)).iloc[0]
    assert found["hours_known"] == 0
    assert np.isnan([found["last_week_kwh"], found["saved_kwh"]]).all()


# --- trend ------------------------------------------------------------------------------------------------------------


def test_the_trend_of_a_line_is_its_slope() -> None:
    found = told(weeks(*range(10, 22)))
    assert found["trend_kwh_per_week"] == approx(1)
    assert found["trend_p"] < 1e-6
    assert found["trend_weeks"] == 12


def test_one_odd_week_does_not_bend_the_trend() -> None:
    found = told(weeks(30, 29, 28, 27, 26, 25, 240, 23, 22, 21, 20, 19))
    assert found["trend_kwh_per_week"] == approx(-1)


def test_only_twelve_weeks_count() -> None:
    assert told(weeks(*[100] * 4, *range(10, 22)))["trend_kwh_per_week"] == approx(1)


def test_weeks_that_go_up_and_down_have_no_clear_trend() -> None:
    assert told(weeks(10, 30, 20, 11, 29, 21, 12, 28))["trend_p"] > 0.05
    assert told(weeks(*[20] * 8))[["trend_kwh_per_week", "trend_p"]].tolist() == [0, 1]


def test_five_weeks_tell_no_trend() -> None:
    found = told(weeks(*range(10, 15)))
    assert np.isnan(found["trend_kwh_per_week"])
    assert told(weeks(*range(10, 16)))["trend_kwh_per_week"] == approx(1)


def test_a_week_known_in_part_is_scaled_and_one_hardly_known_is_left_out() -> None:
    kwh = weeks(*range(10, 22))
    for week in range(12):
        kwh[week * WEEK : week * WEEK + 3 * week] = NAN  # more and more, up to a fifth
    kwh[7 * WEEK : 7 * WEEK + 43] = NAN  # just over a quarter
    found = told(kwh)
    assert found["trend_weeks"] == 11
    assert found["trend_kwh_per_week"] == approx(1)


# --- efficiency -------------------------------------------------------------------------------------------------------


def rated(folder: Path, kwh: list[float], watts: float = 600, minutes: int = 60) -> pd.Series:
    """Return the efficiency of a device used once on each of these days."""
    uses = tiny_homes.evenings("TV", len(kwh), minutes=minutes)
    uses = uses.assign(power_consumption_kwh=kwh, power_rating_watt=watts)
    return overview.efficiency(load(tiny_homes.write_events(folder, uses))).iloc[0]


def test_the_load_factor_is_energy_over_rated_power_times_hours_of_use(tmp_path: Path) -> None:
    """24 uses of an hour, 0.5 kWh each, rated 0.6 kW: 12 kWh of 14.4; 24 hours of use in 553, 7.29 a week."""
    found = rated(tmp_path, [0.5] * 24)
    assert found["load_factor"] == approx(12 / 14.4)
    assert found["hours_of_use"] == approx(24 / 553 * 168)
    assert np.isnan(found["change"])  # there is no time before the last four weeks


def test_a_rising_load_factor_is_told_against_the_weeks_before(tmp_path: Path) -> None:
    """The origin is midnight after the 56th day, so four weeks lie on either side of its 29th."""
    assert rated(tmp_path, [0.4] * 28 + [0.5] * 28)["change"] == approx(0.25)


def test_uses_shorter_than_an_hour_count_by_their_minutes(tmp_path: Path) -> None:
    found = rated(tmp_path, [0.05] * 24, minutes=6)
    assert found["load_factor"] == approx(0.5 / 0.6)
    assert found["hours_of_use"] == approx(2.4 / 553 * 168)


@pytest.mark.parametrize("watts", [NAN, 0.0])
def test_without_a_rating_nothing_is_compared(tmp_path: Path, watts: float) -> None:
    assert np.isnan(rated(tmp_path, [0.5] * 24, watts)["load_factor"])


def test_a_device_that_used_nothing_has_no_change(tmp_path: Path) -> None:
    found = rated(tmp_path, [0.0] * 56)
    assert found["load_factor"] == 0
    assert np.isnan(found["change"])


def test_less_than_an_hour_of_use_tells_nothing(tmp_path: Path) -> None:
    assert np.isnan(rated(tmp_path, [0.05] * 9, minutes=6)["load_factor"])


def test_efficiency_is_of_events_alone(tmp_path: Path) -> None:
    found = overview.efficiency(load(tiny_homes.one_device(tmp_path)))
    assert found.empty
    assert list(found) == ["device_id", "load_factor", "hours_of_use", "change"]


# --- peaks ------------------------------------------------------------------------------------------------------------


def peaks(kwh: np.ndarray | list[float], start: str, timezone: str = "Europe/Madrid") -> pd.DataFrame:
    """Return the peaks of a household forecast from the local time `start` on."""
    first = pd.Timestamp(start, tz=timezone).tz_convert("UTC")
    frame = pd.DataFrame({"timestamp": tiny.hours(len(kwh), first), "energy_kwh": kwh})
    return overview.peaks(frame.assign(device_id="household"), timezone)


def day_with(**at: float) -> np.ndarray:
    """Return a day of 1 kWh an hour, but for hours such as h18=4."""
    kwh = np.ones(24)
    for hour, value in at.items():
        kwh[int(hour[1:])] = value
    return kwh


def test_the_peak_is_the_run_of_hours_that_reach_three_quarters_of_the_highest() -> None:
    """0.75 x 5 = 3.75 kWh, so 17:00 with 3.7 is no part of it, and 9:00 with 4 is another run."""
    found = peaks(day_with(h9=4, h17=3.7, h18=4, h19=5, h20=3.75), "2024-07-15")
    assert found["day"].tolist() == [pd.Timestamp("2024-07-15")]
    assert found[["start", "end"]].to_numpy().tolist() == [[18, 21]]
    assert found["kwh"].item() == approx(12.75)
    assert found["share"].item() == approx(12.75 / (19 + 4 + 3.7 + 12.75))


def test_a_peak_around_midnight_belongs_to_two_days() -> None:
    kwh = np.concatenate([day_with(h22=4, h23=4), day_with(h0=4, h1=3.5)])
    found = peaks(kwh, "2024-07-15")
    assert found[["start", "end"]].to_numpy().tolist() == [[22, 24], [0, 2]]
    assert found["kwh"].tolist() == [8, 7.5]


def test_peaks_are_clock_times_on_the_days_when_the_clock_changes() -> None:
    """On 31 March 3:00 follows 1:00; on 27 October 2:00 comes twice."""
    spring = np.ones(23)
    spring[[1, 2]] = 4
    assert peaks(spring, "2024-03-31")[["start", "end", "kwh"]].to_numpy().tolist() == [[1, 4, 8]]
    late = np.ones(23)
    late[18] = 4  # the 19th hour of the day is 19:00
    assert peaks(late, "2024-03-31")[["start", "end"]].to_numpy().tolist() == [[19, 20]]
    autumn = np.ones(25)
    autumn[[2, 3]] = 4
    assert peaks(autumn, "2024-10-27")[["start", "end", "kwh"]].to_numpy().tolist() == [[2, 3, 8]]


def test_a_part_of_a_day_and_a_day_without_use_have_no_peak() -> None:
    assert peaks(np.ones(19), "2024-07-15").empty
    assert peaks(np.zeros(24), "2024-07-15").empty
    assert len(peaks(np.ones(20), "2024-07-15")) == 1
    assert list(peaks(np.ones(19), "2024-07-15")) == ["day", "start", "end", "kwh", "share"]


@examples(max_examples=50)
@given(st.lists(st.floats(0, 9), min_size=24, max_size=24).filter(any))
def test_a_peak_holds_the_highest_hour_and_nothing_below_three_quarters(kwh: list[float]) -> None:
    found = peaks(kwh, "2024-07-15").iloc[0]
    inside = kwh[found["start"] : found["end"]]
    assert max(kwh) in inside
    assert min(inside) >= 0.75 * max(kwh)
    assert found["kwh"] == approx(sum(inside))
    assert found["share"] == approx(sum(inside) / sum(kwh))
    beside = [kwh[hour] for hour in (found["start"] - 1, found["end"]) if 0 <= hour < 24]
    assert all(value < 0.75 * max(kwh) for value in beside)
