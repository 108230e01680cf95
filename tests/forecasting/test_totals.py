"""Sums by hand: a day is a local day, its range is how far past sums were off, and too few of these tell nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_readings import START, hours, series, used

from influx.core.constants import WEEK
from influx.forecasting.absences import Absences, Span
from influx.forecasting.aggregate_intervals import (
    LEAST_ERRORS,
    Price,
    kilowatt_hours,
    model_residuals,
    past_errors,
    spread,
    summed,
    totals,
)
from influx.forecasting.device_series import Covariates, Series

MADRID = Covariates(timezone="Europe/Madrid")


def ones_and(last_day: list[float], days: int = 30) -> Series:
    """Return a device that used 1 kWh in every hour but those of its last day."""
    return series(np.r_[np.ones(24 * (days - 1)), last_day])


def end(device: Series) -> pd.Timestamp:
    return device.energy.index[-1] + pd.Timedelta(hours=1)


def model_errors(model: object, origin: pd.Timestamp, count: int, price: Price = kilowatt_hours) -> np.ndarray:
    """Return the errors of a model on past sums of `count` hours."""
    return summed(model_residuals(model, count), price(hours(count, origin)))


def ahead(kwh: list[float], origin: pd.Timestamp) -> pd.DataFrame:
    """Return a forecast of the hours from `origin` on."""
    frame = pd.DataFrame({"timestamp": hours(len(kwh), origin), "energy_kwh": kwh})
    return frame.assign(home_id="home", device_id="tv")


def test_eight_in_ten_past_errors_make_the_range_in_which_the_expected_sum_lies() -> None:
    """Of 19 errors -9 .. 9 the second and the last but one; of fewer than nine there is no range."""
    assert spread(np.random.default_rng(0).permutation(np.arange(-9.0, 10.0))) == (-8.0, 8.0)
    assert spread(np.arange(1.0, 20.0)) == (0.0, 18.0)
    assert spread(-np.arange(1.0, 20.0)) == (-18.0, 0.0)
    assert np.isnan(spread(np.arange(8.0))).all()


def test_a_past_error_is_observed_minus_expected() -> None:
    """The last day took 3 kWh in three hours; climatology expected 24 x 1 kWh and knew nothing of it."""
    device = ones_and([1.0] * 21 + [3.0] * 3)
    errors = past_errors(device, end(device), 24)
    assert errors[0] == pytest.approx(6.0)
    assert errors[1:] == pytest.approx(np.zeros(22))  # every day since a week of history was there


def test_a_sum_of_money_weighs_each_hour_by_its_price() -> None:
    device = ones_and([1.0] * 21 + [3.0] * 3)
    errors = past_errors(device, end(device), 24, lambda stamps: np.where(stamps.hour == 23, 0.5, 0.1))
    assert errors[0] == pytest.approx(2 * (0.1 + 0.1 + 0.5))


def test_a_day_that_is_not_wholly_known_is_scaled_up_or_left_out() -> None:
    unknown = float("nan")
    device = ones_and([unknown] * 6 + [2.0] * 18)
    assert past_errors(device, end(device), 24)[0] == pytest.approx(24.0)
    device = series(np.r_[np.ones(24 * 29), [2.0] * 17, [unknown] * 7])
    assert past_errors(device, START + pd.Timedelta(days=30), 24) == pytest.approx(np.zeros(22))


def test_days_count_back_while_a_week_lies_before_them_and_eight_weeks_at_most() -> None:
    for days, count in ((7, 0), (8, 1), (17, 10), (63, 56), (100, 56)):
        device = series(np.ones(24 * days))
        assert len(past_errors(device, end(device), 24)) == count
    device = series(np.ones(24 * 30))
    assert len(past_errors(device, end(device), WEEK)) == 30 - 7 - 6


@pytest.mark.parametrize(("length", "nights"), [(6, 1), (30, 2)])
def test_a_past_sum_begins_at_the_time_of_day_at_which_the_forecast_begins(length: int, nights: int) -> None:
    """A device that is used at midnight, and on the last two nights 2 and 3 kWh more than ever."""
    kwh = np.where(np.arange(24 * 40) % 24 == 0, 1.0, 0.0)
    kwh[[-48, -24]] += [2.0, 3.0]
    errors = past_errors(series(kwh), START + pd.Timedelta(days=40), length)
    assert errors[0] == pytest.approx({1: 3.0, 2: 5.0}[nights], abs=0.4)  # climatology spreads it over the hours beside


@settings(max_examples=5)
@given(seed=st.integers(0, 1000), change=st.sampled_from([0.0, 99.0, float("nan")]), length=st.sampled_from([24, WEEK]))
def test_nothing_at_or_after_the_origin_matters(seed: int, change: float, length: int) -> None:
    kwh = used(24 * 40, seed)
    changed = np.where(np.arange(len(kwh)) >= 24 * 30, change, kwh)
    origin = START + pd.Timedelta(days=30)
    before, after = (past_errors(series(values), origin, length) for values in (kwh, changed))
    np.testing.assert_array_equal(before, after)


class Remembers:
    """A model that was off by 1 kWh an hour in each of `weeks` past weeks, but for what `change` says."""

    def __init__(self, weeks: int, change: dict[tuple[int, int], float] | None = None) -> None:
        self.misses = np.ones((weeks, WEEK))
        for place, value in (change or {}).items():
            self.misses[place] = value

    def past_residuals(self) -> tuple[np.ndarray, np.ndarray]:
        return self.misses, np.arange(1, len(self.misses) + 1)


def test_a_models_own_past_errors_are_summed_by_day_and_by_week() -> None:
    model = Remembers(12, {(0, 3): 5.0, (2, 24): -2.0})
    daily = model_errors(model, START, 24)
    assert daily.tolist() == [28.0] + [24.0] * 14 + [21.0] + [24.0] * 68
    weekly = model_errors(model, START, WEEK)
    assert weekly.tolist() == [172.0, 168.0, 165.0] + [168.0] * 9
    assert model_errors(model, START, 30).tolist() == [34.0, 30.0, 27.0] + [30.0] * 9


def test_past_errors_are_weighed_by_the_prices_of_the_coming_hours() -> None:
    """From 6 o'clock on Monday, 25 March; only from 6 to 7, and on the 30th, an hour has a price: 7 + 23 hours."""
    origin = START + pd.Timedelta(weeks=12, hours=6)

    def price(stamps: pd.DatetimeIndex) -> np.ndarray:
        return np.where((stamps.hour == 6) | ((stamps.month == 3) & (stamps.day == 30)), 1.0, 0.0)

    assert model_errors(Remembers(11), origin, WEEK, price).tolist() == [30.0] * 11
    change = {(0, 0): 4.0, (1, 1): 50.0}  # the first hour has a price, the second has none
    assert model_errors(Remembers(11, change), origin, WEEK, price).tolist() == [33.0] + [30.0] * 10


def test_each_day_has_the_range_of_its_own_prices() -> None:
    """The second day costs thrice the first, and so does what it may be off by; of the third no price is known."""
    device = series(used(24 * 60))
    origin = end(device)

    def price(stamps: pd.DatetimeIndex) -> np.ndarray:
        return np.array([0.1, 0.3, np.nan])[(stamps - origin) // pd.Timedelta(days=1)]

    daily, whole = totals(ahead([1.0] * 72, origin), [device], origin, price)
    low, high = spread(past_errors(device, origin, 24))
    np.testing.assert_allclose(daily["total"], [2.4, 7.2, np.nan])
    np.testing.assert_allclose(daily["p10"], [2.4 + 0.1 * low, 7.2 + 0.3 * low, np.nan])
    np.testing.assert_allclose(daily["p90"], [2.4 + 0.1 * high, 7.2 + 0.3 * high, np.nan])
    assert daily["hours"].tolist() == [24, 24, 0]
    assert whole[["total", "hours"]].to_numpy().tolist() == [[pytest.approx(9.6), 48]]


def test_a_cost_may_fall_below_zero_where_a_price_does() -> None:
    device = series(used(24 * 60))
    daily, _ = totals(ahead([0.01] * 24, end(device)), [device], end(device), lambda stamps: np.full(len(stamps), -1.0))
    assert daily["p10"].item() < daily["total"].item() == pytest.approx(-0.24)


def test_a_models_days_that_are_not_known_enough_are_scaled_up_or_left_out() -> None:
    unknown = {(0, hour): float("nan") for hour in range(6)} | {(1, hour): float("nan") for hour in range(7)}
    assert model_errors(Remembers(12, unknown), START, 24).tolist() == [24.0] * 83


@pytest.mark.parametrize(("model", "length"), [(None, 24), (object(), 24), (Remembers(8), WEEK), (Remembers(12), 169)])
def test_a_model_without_enough_past_errors_takes_those_of_climatology(model: object, length: int) -> None:
    assert len(model_errors(model, START, length)) < LEAST_ERRORS
    device = series(used(24 * 60))
    forecasts = ahead([1.0] * length, end(device))
    (_, own), (_, without) = (
        totals(forecasts, [device], end(device), models={("home", "tv"): each} if each else {})
        for each in (model, None)
    )
    pd.testing.assert_frame_equal(own, without)


def test_a_model_that_remembers_its_errors_has_its_own_range() -> None:
    rng = np.random.default_rng(0)
    model = Remembers(12)
    model.misses = rng.normal(size=(12, WEEK))
    device = series(np.ones(24 * 60))
    daily, whole = totals(ahead([9.0] * WEEK, end(device)), [device], end(device), models={("home", "tv"): model})
    low, high = spread(model.misses.reshape(-1, 24).sum(axis=1))
    assert daily["p10"].to_numpy() == pytest.approx(9 * 24 + low)
    assert daily["p90"].to_numpy() == pytest.approx(9 * 24 + high)
    low, high = spread(model.misses.sum(axis=1))
    assert whole[["p10", "p90"]].to_numpy().ravel() == pytest.approx([9 * WEEK + low, 9 * WEEK + high])


def test_days_are_those_of_the_clock() -> None:
    """From Wednesday, 27 March, 22:00 in Madrid: two hours, three days, a Sunday of 23 hours, and what is left."""
    origin = pd.Timestamp("2024-03-27 21:00", tz="UTC")
    device = Series("home", "tv", pd.Series(1.0, index=hours(24 * 40, origin - pd.Timedelta(days=40))), MADRID)
    daily, whole = totals(ahead([0.5] * 120, origin), [device], origin)
    assert daily["day"].dt.strftime("%m-%d").tolist() == ["03-27", "03-28", "03-29", "03-30", "03-31", "04-01"]
    assert daily["hours"].tolist() == [2, 24, 24, 24, 23, 23]
    assert daily["total"].tolist() == [1.0, 12.0, 12.0, 12.0, 11.5, 11.5]
    assert whole[["hours", "total"]].to_numpy().tolist() == [[120, 60.0]]
    assert set(daily["device_id"]) == set(whole["device_id"]) == {"tv"}
    assert set(daily["home_id"]) == set(whole["home_id"]) == {"home"}


def test_the_range_is_laid_around_the_sum_in_proportion_to_its_hours() -> None:
    device = series(used(24 * 60))
    origin = end(device)
    daily, whole = totals(ahead([1.0] * 36, origin), [device], origin)
    low, high = spread(past_errors(device, origin, 24))
    assert low < 0 < high
    for column, offset in (("p10", low), ("p90", high)):
        assert daily[column].tolist() == pytest.approx([24 + offset, 12 + offset / 2])
    low, high = spread(past_errors(device, origin, 36))
    assert whole[["p10", "p90"]].to_numpy().tolist() == [pytest.approx([36 + low, 36 + high])]


def test_a_range_does_not_begin_below_zero() -> None:
    device = series(used(24 * 60))
    daily, whole = totals(ahead([0.01] * 24, end(device)), [device], end(device))
    assert daily["p10"].tolist() == whole["p10"].tolist() == [0.0]


def test_too_little_history_tells_the_sum_but_no_range() -> None:
    device = series(np.ones(24 * 15))
    daily, whole = totals(ahead([1.0] * 48, end(device)), [device], end(device))
    assert daily["total"].tolist() == [24.0, 24.0]
    assert daily[["p10", "p90"]].isna().all(axis=None)
    assert whole[["p10", "p90"]].isna().all(axis=None)
    longer = series(np.ones(24 * 17))
    daily, whole = totals(ahead([1.0] * 48, end(longer)), [longer], end(longer))
    assert daily[["p10", "p90"]].notna().all(axis=None)


def test_days_away_have_their_own_band_and_ordinary_days_the_errors_of_the_past() -> None:
    """Two days ahead, the second away: its hours' bands are added up, the first has the spread of past days."""
    device = series(used(24 * 60))
    given = (Span(pd.Timestamp("2024-03-02"), pd.Timestamp("2024-03-05"), "given"),)
    away = Series("home", "tv", device.energy, device.covariates, Absences(device.energy, "UTC", given))
    said = ahead([0.5] * 24 + [0.1] * 24, end(device)).assign(p10=0.05, p90=0.3)
    daily, whole = totals(said, [away], end(device))
    usual, _ = totals(said, [device], end(device))
    assert daily["total"].tolist() == pytest.approx([12.0, 2.4])
    assert daily.loc[0, ["p10", "p90"]].tolist() == usual.loc[0, ["p10", "p90"]].tolist()
    assert daily.loc[1, ["p10", "p90"]].tolist() == pytest.approx([24 * 0.05, 24 * 0.3])
    assert whole["total"].tolist() == pytest.approx([14.4])
    assert list(daily.columns) == list(usual.columns)


def test_where_nobody_is_at_home_a_price_below_zero_turns_the_band_round() -> None:
    device = series(used(24 * 60))
    given = (Span(pd.Timestamp("2024-03-01"), pd.Timestamp("2024-03-05"), "given"),)
    away = Series("home", "tv", device.energy, device.covariates, Absences(device.energy, "UTC", given))
    said = ahead([0.1] * 24, end(device)).assign(p10=0.0, p90=0.2)
    _, whole = totals(said, [away], end(device), lambda stamps: np.full(len(stamps), -0.5))
    assert whole["p90"].tolist() == pytest.approx([0.0])  # nothing used costs nothing, and more would have earned
    assert whole["total"].tolist() == pytest.approx([-1.2])
