"""Days away: found by hand in made-up homes, left out of what is learnt, and forecast from days away."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_readings import START, energy, hours

from influx.forecasting import absences
from influx.forecasting.absences import Absences, Span
from influx.forecasting.device_series import Covariates, Series
from influx.forecasting.evaluation.backtest import fit, predict

LEVELS = np.array([0.1, 0.5, 0.9])


def lived(days: int, away: list[int], level: float = 1.0) -> np.ndarray:
    """Return a home's hours: .1 kWh that runs by itself, and from 6 to 24 `level` kWh more on days not `away`."""
    kwh = np.full((days, 24), 0.1)
    at_home = ~np.isin(np.arange(days), away)
    kwh[at_home, 6:] += level
    return kwh.ravel()


def day(number: int) -> pd.Timestamp:
    return START.tz_localize(None) + pd.Timedelta(days=number)


def home(kwh: np.ndarray, given: tuple[Span, ...] = ()) -> Series:
    """Return the household itself, with its absences."""
    whole = energy(kwh)
    return Series("home", "household", whole, Covariates(), Absences(whole, "UTC", given))


def end(series: Series) -> pd.Timestamp:
    return series.energy.index[-1] + pd.Timedelta(hours=1)


def test_activity_is_how_far_waking_hours_rise_above_what_runs_by_itself() -> None:
    """Twelve of 18 waking hours take 1.1 kWh, all others .1, which is what runs by itself."""
    kwh = np.full(24, 1.1)
    kwh[:6] = 0.1
    kwh[12:18] = 0.1
    assert absences.activity(energy(kwh), "UTC").tolist() == pytest.approx([(12 * 1.1 + 6 * 0.1) / 18 - 0.1])


def test_a_day_with_few_known_waking_hours_is_not_judged() -> None:
    kwh = lived(2, [])
    kwh[24 + 6 : 24 + 11] = np.nan  # 13 of 18 are known
    rise = absences.activity(energy(kwh), "UTC")
    assert np.isfinite(rise.iloc[0]) and np.isnan(rise.iloc[1])


def test_three_quiet_days_in_a_row_are_an_absence_and_two_are_a_weekend() -> None:
    found = absences.find(energy(lived(60, [10, 11, 20, 21, 22, 23])), "UTC")
    assert found == [Span(day(20), day(23), "found")]


def test_days_are_those_of_the_local_clock() -> None:
    """A home in Tokyo, nine hours ahead: its days begin at 15:00 UTC of the day before."""
    whole = energy(lived(60, [20, 21, 22, 23]), START - pd.Timedelta(hours=9))
    assert absences.find(whole, "Asia/Tokyo") == [Span(day(20), day(23), "found")]


def test_a_home_that_lives_by_night_tells_nothing() -> None:
    """Heat is stored from 0 to 6 and the waking hours lie below the quartile of the day: no day stands out."""
    kwh = np.full((60, 24), 0.5)
    kwh[:, :6], kwh[:, 12:18] = 3.0, 0.1
    assert absences.find(energy(kwh.ravel()), "UTC") == []


def test_a_home_that_is_quiet_to_the_end_may_stay_so() -> None:
    found = absences.find(energy(lived(60, [56, 57, 58, 59])), "UTC")
    assert found == [Span(day(56), day(59), "open")]
    device = home(lived(60, [56, 57, 58, 59]))
    assert device.ordinary(end(device)).notna().all()


def test_a_home_that_is_always_quiet_is_not_away() -> None:
    assert absences.find(energy(np.full(60 * 24, 0.1)), "UTC") == []
    assert absences.find(energy(np.full(24, np.nan)), "UTC") == []


def test_models_do_not_learn_from_days_away() -> None:
    away = list(range(50, 56))
    device = home(lived(60, away))
    history = device.ordinary(end(device))
    unknown = np.unique(history.index[history.isna()].normalize().tz_localize(None))
    assert unknown.tolist() == [day(number).to_datetime64() for number in away]
    forecast = predict(fit(device, "climatology", end(device), 24), device, end(device), 24)
    assert forecast["energy_kwh"].to_numpy()[8:22] == pytest.approx(1.1)  # as if nobody had ever left


def test_a_history_that_is_mostly_away_is_learnt_from_all_the_same() -> None:
    given = (Span(day(0), day(20), "given"),)
    device = home(lived(30, list(range(21))), given)
    assert device.ordinary(end(device)).notna().all()


def test_nothing_after_the_origin_tells_of_an_absence_before_it() -> None:
    """At the origin the home has been quiet for four days; that somebody came back later is not known."""
    device = home(lived(60, [40, 41, 42, 43]))
    then = START + pd.Timedelta(days=44)
    assert [span.source for span in device.absences.before(then)] == ["open"]
    assert [span.source for span in device.absences.before(end(device))] == ["found"]


def test_a_coming_absence_is_forecast_from_past_days_away() -> None:
    """Days 20 to 23 took .1 kWh an hour; tomorrow is ordinary, the day after somebody leaves."""
    given = (Span(day(61), day(64), "given"),)
    device = home(lived(60, [20, 21, 22, 23]), given)
    forecast = predict(fit(device, "climatology", end(device), 72), device, end(device), 72, LEVELS)
    kwh = forecast.set_index("timestamp")[["energy_kwh", "p10", "p50", "p90"]]
    assert kwh.iloc[8:22].to_numpy() == pytest.approx(1.1)
    assert kwh.iloc[24:].to_numpy() == pytest.approx(0.1)


def test_without_a_past_absence_the_quietest_days_stand_in() -> None:
    """Every tenth day takes half: of sixty days six are the quietest tenth."""
    kwh = lived(60, []).reshape(60, 24)
    kwh[::10, 6:] = 0.6
    away = Absences(energy(kwh.ravel()), "UTC", (Span(day(60), day(62), "given"),))
    sample, words = away.sample(energy(kwh.ravel()), START + pd.Timedelta(days=60))
    assert len(sample) == 6 * 24
    assert sample[sample.index.hour == 12].tolist() == pytest.approx([0.6] * 6)
    assert words == "the 6 quietest days of the last weeks, since no past absence is known"


def test_an_absence_that_is_over_is_not_forecast_again() -> None:
    over = Absences(energy(lived(60, [])), "UTC", (Span(day(20), day(23), "given"),))
    assert not over.coming(hours(7 * 24, START + pd.Timedelta(days=18))).any()
    open_ = Absences(energy(lived(60, [])), "UTC", (Span(day(58), day(61), "given"),))
    assert open_.coming(hours(4 * 24, START + pd.Timedelta(days=60))).tolist() == [True] * 48 + [False] * 48


def test_hours_away_are_the_same_hour_and_its_neighbours() -> None:
    """Three days, at each hour of which its number was used: 23, 0 and 1 make midnight, mean 8."""
    sample = energy(np.tile(np.arange(24.0), 3))
    found = absences.forecast(sample, hours(24), "UTC", LEVELS)
    assert found["energy_kwh"].tolist() == pytest.approx([8.0, *range(1, 23), (22 + 23 + 0) / 3])
    assert found.loc[5, LEVELS.tolist()].tolist() == pytest.approx([4.0, 5.0, 6.0], abs=0.5)


def test_the_table_tells_all_that_is_known_in_order() -> None:
    away = Absences(energy(lived(60, [20, 21, 22, 23])), "UTC", (Span(day(61), day(64), "given"),))
    told = away.table(START + pd.Timedelta(days=60))
    assert told["first"].tolist() == [day(20), day(61)]
    assert told["days"].tolist() == [4, 4]
    assert told["source"].tolist() == ["found", "given"]
    assert told["coming"].tolist() == [False, True]
    assert told["forecast_from"].tolist() == ["", "4 past days away"]
    assert Absences().table(START).empty


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), days=st.integers(1, 90), known=st.sampled_from([1.0, 0.7, 0.05]))
def test_any_household_has_spans_in_order_that_lie_within_it(seed: int, days: int, known: float) -> None:
    rng = np.random.default_rng(seed)
    kwh = rng.gamma(1, 0.3, days * 24) * np.repeat(rng.random(days) < 0.6, 24)
    whole = energy(np.where(rng.random(days * 24) < known, kwh, np.nan))
    found = absences.find(whole, "Europe/Madrid")
    assert all(one.first <= one.last and (one.last - one.first).days + 1 >= absences.LEAST_DAYS for one in found)
    assert all(a.last < b.first for a, b in pairwise(found))
    away = Absences(whole, "Europe/Madrid", (Span(day(days), day(days + 2), "given"),))
    if whole.notna().any():
        origin = whole.index[-1] + pd.Timedelta(hours=1)
        sample, _ = away.sample(whole, origin)
        said = absences.forecast(sample, hours(30, origin), "Europe/Madrid", LEVELS)
        assert np.isfinite(said.to_numpy()).all() and (said.to_numpy() >= 0).all()
        assert (np.diff(said[LEVELS.tolist()].to_numpy(), axis=1) >= 0).all()
