"""Similar days: how a past day describes a coming one, by hand, and what holds for any history."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from tiny_readings import START, hours, used

from influx.forecasting.models import degree_days, ensemble, ensemble_members
from influx.forecasting.models.day_matrix import Days, calendar, cells, to_days
from influx.forecasting.models.similar_days import Member, SimilarDays

LEVELS = np.array([0.02, 0.1, 0.5, 0.9, 0.98])
CELSIUS = "outdoor_temp_celsius"
PLAIN = Member(1e9, 112, power=0.0, nearby=(), other_type=1.0)
"""Every known hour of the same place counts alike."""


def days(kwh: np.ndarray, ahead: int = 1, celsius: np.ndarray | None = None, first: int = 0) -> Days:
    """Return days (past, 24) that begin at midnight of weekday `first`, Saturdays and Sundays off."""
    count = len(kwh) + ahead
    weekday = np.repeat((first + np.arange(count)) % 7, 24).reshape(-1, 24)
    return Days(kwh, weekday >= 5, weekday, np.full((count, 24), np.nan) if celsius is None else celsius)


def flat(*level: float) -> np.ndarray:
    """Return days of 24 equal hours."""
    return np.repeat(np.array(level, dtype=float)[:, None], 24, axis=1)


def table(stamps: pd.DatetimeIndex, celsius: np.ndarray | None = None) -> pd.DataFrame:
    return pd.DataFrame(index=stamps) if celsius is None else pd.DataFrame({CELSIUS: celsius}, index=stamps)


def forecast(
    kwh: np.ndarray,
    celsius: np.ndarray | None = None,
    ahead: np.ndarray | None = None,
    horizon: int = 168,
    zone: str = "UTC",
    start: pd.Timestamp = START,
) -> tuple[np.ndarray, np.ndarray]:
    """Return expected values (n,) and quantiles (n, 5) of the hours after `kwh`."""
    model = SimilarDays(zone).fit(table(hours(len(kwh), start), celsius), kwh)
    coming = table(hours(horizon, start + pd.Timedelta(hours=len(kwh))), ahead)
    return model.predict(coming), model.predict_quantiles(coming, LEVELS)


def heat_pump(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the energy [kWh] of a heat pump that answers the temperature [C] of the last day, and the latter."""
    rng = np.random.default_rng(seed)
    day = np.repeat(rng.normal(6, 5, count // 24 + 1), 24)[:count]
    celsius = day + 3 * np.sin(2 * np.pi * (np.arange(count) - 9) / 24)
    mean = pd.Series(celsius).rolling(24, min_periods=1).mean().to_numpy()
    return np.maximum(16 - mean, 0) * 0.1 * rng.gamma(20, 1 / 20, count), celsius


def expected_by(known: Days, member: Member) -> np.ndarray:
    """Return the expected energy of the hours ahead (ahead, 24)."""
    return ensemble_members.predict_member(known, member, LEVELS)[0]


def quantiles_by(known: Days, member: Member, levels: np.ndarray) -> np.ndarray:
    """Return quantiles of the hours ahead (ahead, 24, q)."""
    return ensemble_members.predict_member(known, member, levels)[1]


def test_a_day_is_24_hours_of_the_local_clock_from_the_origin() -> None:
    """London, 31 March 2024: at 01:00 UTC the clock is put forward; the night's places are those of the clock."""
    origin = pd.Timestamp("2024-03-30 22:00", tz="UTC")
    stamps = hours(6, pd.Timestamp("2024-03-30 21:00", tz="UTC"))
    day, place = cells(stamps, origin, "Europe/London")
    assert day.tolist() == [-1, 0, 0, 0, 0, 0]
    assert place.tolist() == [23, 0, 1, 2, 4, 5]


def test_the_hour_that_is_shown_twice_shares_a_place() -> None:
    origin = pd.Timestamp("2024-10-27 03:00", tz="UTC")
    stamps = hours(4, pd.Timestamp("2024-10-26 23:00", tz="UTC"))  # 00:00, 01:00, 01:00, 02:00 in London
    day, place = cells(stamps, origin, "Europe/London")
    assert place.tolist() == [21, 22, 22, 23]
    laid = to_days(np.array([1.0, 2.0, 4.0, 8.0]), day, place, -1, 1)
    assert laid[0, 21:].tolist() == [1.0, 3.0, 8.0]
    assert np.isnan(laid[0, :21]).all()


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Australia/Lord_Howe", "America/New_York", "UTC"])
def test_no_hour_before_the_origin_is_laid_after_it(zone: str) -> None:
    """Over both changes of the clock, whole hours or half an hour, at any origin."""
    for start in ("2024-03-08", "2024-04-05", "2024-10-04", "2024-11-01"):
        stamps = hours(96, pd.Timestamp(start, tz="UTC"))
        for origin in stamps[40:70]:
            day, place = cells(stamps, origin, zone)
            assert ((day < 0) == (stamps < origin)).all()
            assert (np.diff(day * 24 + place) >= 0).all()
            assert ((place >= 0) & (place < 24)).all()


def test_a_day_off_and_its_weekday_change_at_local_midnight() -> None:
    """From Friday 5 January 2024, 22:00 UTC, 23:00 in Madrid; Saturday the 6th is a holiday and a weekend."""
    off, weekday = calendar(pd.Timestamp("2024-01-05 22:00", tz="UTC"), 1, 1, "Europe/Madrid", "ES")
    assert weekday[0].tolist() == [3] + [4] * 23
    assert weekday[1].tolist() == [4] + [5] * 23
    assert off[1].tolist() == [False] + [True] * 23


def test_the_expected_value_by_hand() -> None:
    """Friday 1, Saturday 2, Sunday 4, then a Monday; half-life a day, days off count half."""
    member = Member(1 / 7, 112, power=0.0, nearby=(), other_type=0.5)
    found = expected_by(days(flat(1, 2, 4), first=4), member)
    weight = np.array([1 / 4, 0.5 / 2, 0.5])
    assert found == pytest.approx(np.full((1, 24), weight @ [1, 2, 4] / weight.sum()))


def test_the_same_weekday_counts_more() -> None:
    member = Member(1e9, 112, power=0.0, nearby=(), other_type=1.0, same_weekday=4.0)
    found = expected_by(days(flat(10, 1, 1, 1, 1, 1, 1), ahead=2), member)
    assert found[:, 0] == pytest.approx([(4 * 10 + 6) / 10, (10 + 4 + 5) / 10])


def test_weekday_and_day_type_multiply() -> None:
    """A Monday after Monday to Sunday: its weekday counts 4, other working days 1, the weekend .5."""
    member = Member(1e9, 112, power=0.0, nearby=(), other_type=0.5, same_weekday=4.0)
    found = expected_by(days(flat(1, 0, 0, 0, 0, 9, 9)), member)
    assert found == pytest.approx(np.full((1, 24), (4 * 1 + 0.5 * 18) / (4 + 4 + 1)))


def test_neighbouring_hours_count_by_their_distance_and_reach_over_midnight() -> None:
    kwh = np.zeros((2, 24))
    kwh[0, 23] = 1.0
    member = Member(1e9, 112, power=0.0, nearby=(0.5, 0.25), other_type=1.0)
    found = expected_by(days(kwh), member)[0]
    # Two days, whose neighbours before the first and after the last hour are not known.
    assert found[23] == pytest.approx(1 / (2 + 0.5 * 3 + 0.25 * 3))
    assert found[22] == pytest.approx(0.5 / (2 + 0.5 * 4 + 0.25 * 3))
    assert found[0] == pytest.approx(0.5 / (2 + 0.5 * 3 + 0.25 * 3))
    assert found[2] == 0


def test_quantiles_are_those_of_the_weighted_days() -> None:
    found = quantiles_by(days(flat(3, 1, 2, 4)), PLAIN, np.array([0.125, 0.5, 0.75]))
    assert found[0, 7] == pytest.approx([1.0, 2.5, 3.5])


def test_days_follow_the_level_of_use() -> None:
    """28 days of 1 kWh, then 28 of 3 kWh: unscaled the past says 2, scaled by its level it says more."""
    kwh = flat(*[1.0] * 28, *[3.0] * 28)
    unscaled = expected_by(days(kwh), PLAIN)
    scaled = [expected_by(days(kwh), Member(1e9, 112, power, (), 1.0)) for power in (0.5, 1.0)]
    assert unscaled == pytest.approx(2.0)
    assert (unscaled < scaled[0]).all() and (scaled[0] < scaled[1]).all()
    assert (scaled[1] < 3.2).all()
    # A day is compared with the level four days before it; after 42 of 56 days levels count 42/70, and half of that.
    levels = ensemble_members.level(kwh[:, 0])[[0] * 4 + list(range(52))]
    ratio = ((ensemble_members.level(kwh[:, 0])[-1] + 0.25 * 2) / (levels + 0.25 * 2)) ** (0.5 * 42 / 70)
    assert scaled[0] == pytest.approx(np.full((1, 24), (ratio * kwh[:, 0]).mean()))


def test_the_level_by_hand() -> None:
    """Half of the weight is lost in five days; unknown days count nothing."""
    keep = 0.5**0.2
    found = ensemble_members.level(np.array([np.nan, 2.0, np.nan, 5.0]))
    assert np.isnan(found[0])
    assert found[1:3] == pytest.approx([2.0, 2.0])
    assert found[3] == pytest.approx((2 * keep**2 + 5) / (keep**2 + 1))
    half = np.full((1, 24), np.nan)
    half[0, :11] = 1.0
    assert np.isnan(ensemble_members.daily_mean(half)).all()
    half[0, 11] = 13.0
    assert ensemble_members.daily_mean(half) == pytest.approx([2.0])


def test_two_weeks_do_not_make_a_level() -> None:
    kwh = flat(*[1.0] * 7, *[3.0] * 7)
    assert expected_by(days(kwh), Member(1e9, 112, 1.0, (), 1.0)) == pytest.approx(2.0)


def test_an_hour_never_known_is_told_by_the_nearest_one_that_was() -> None:
    kwh = np.full((3, 24), np.nan)
    kwh[:, 8] = 1.0
    kwh[:, 14] = 7.0
    found = expected_by(days(kwh), PLAIN)[0]
    assert found[[8, 11, 12, 14, 23, 0]] == pytest.approx([1.0, 1.0, 7.0, 7.0, 7.0, 1.0])


def test_degree_days_explain_the_level_by_hand() -> None:
    """1 kWh, and .2 kWh more for each degree below 16 C; yesterday counts three tenths."""
    celsius = np.repeat(np.tile([16.0, 6.0, 11.0, 1.0, 21.0], 20)[:, None], 24, axis=1)
    heating = degree_days.degrees(celsius)[:, 0]
    assert heating[2] == pytest.approx(16 - (0.7 * 11 + 0.3 * 6))
    assert np.isnan(heating[0])
    daily = 1 + 0.2 * heating
    found = degree_days.explained(daily[:-1], celsius)
    assert found[-5:] == pytest.approx(1 + 0.2 * heating[-5:], rel=0.03)  # the ridge pulls a little
    assert found[0] == pytest.approx(np.nanmean(daily[:-1]))


def test_hours_of_a_like_temperature_count_more() -> None:
    """Days of 0 C use 1 kWh, days of 10 C use 3: an hour of 4 C, widths of 4 C, hears the colder ones more."""
    celsius = flat(*[0.0] * 10, *[10.0] * 10, *[4.0] * 2)
    member = Member(1e9, 112, power=0.0, nearby=(), other_type=1.0, alike_celsius=4.0)
    found = expected_by(days(flat(*[1.0] * 10, *[3.0] * 10), ahead=2, celsius=celsius), member)[1, 23]
    cold, warm = np.exp(-0.5 * 1.0**2) + 0.001, np.exp(-0.5 * 1.5**2) + 0.001
    # On the first and the eleventh day the mean of 24 hours is not known, or mixed; they move it by 3 % at most.
    assert found == pytest.approx((cold * 1 + warm * 3) / (cold + warm), rel=0.03)


def test_days_are_scaled_by_what_their_cold_explains() -> None:
    """Warm weeks of 1 kWh and cold ones of 3 kWh: a cold day ahead is told by all of them, scaled."""
    celsius = flat(*[16.0, 16.0, 16.0, 6.0, 6.0, 6.0, 6.0] * 6, 6.0, 6.0)
    kwh = 1 + 0.2 * np.nan_to_num(degree_days.degrees(celsius)[:-2, 0])
    member = Member(1e9, 112, power=0.0, nearby=(), other_type=1.0, by_degrees=True)
    found = expected_by(days(flat(*kwh), ahead=2, celsius=celsius), member)
    assert found[1] == pytest.approx(np.full(24, 3.0), rel=0.08)  # a tenth of the mean is added to both sides
    assert expected_by(days(flat(*kwh), ahead=2), member)[1, 0] == pytest.approx(kwh.mean())


def test_days_scaled_by_degrees_still_follow_the_level() -> None:
    """The same temperature throughout, so that it explains nothing: use tripled four weeks ago."""
    kwh, celsius = flat(*[1.0] * 28, *[3.0] * 28), flat(*[10.0] * 57)
    member = Member(1e9, 112, nearby=(), other_type=1.0, by_degrees=True)
    assert (expected_by(days(kwh, celsius=celsius), member) > 2.2).all()


def test_heating_never_saves_energy() -> None:
    celsius = np.repeat(np.linspace(-5, 15, 40)[:, None], 24, axis=1)
    found = degree_days.explained(np.linspace(1.0, 3.0, 39), celsius)
    assert found[1:] == pytest.approx(found[1])


def test_an_hour_feels_like_itself_and_the_day_before_it() -> None:
    celsius = np.zeros((2, 24))
    celsius[1, 5] = 24.0
    found = degree_days.felt(celsius)
    assert np.isnan(found[0, :23]).all()
    assert found[1, 4:7] == pytest.approx([0.0, 0.3 * 24 + 0.7, 0.7])


def test_a_gap_in_the_temperature_takes_the_same_hour_of_up_to_two_days_before() -> None:
    celsius = np.full((5, 24), np.nan)
    celsius[0] = np.arange(24)
    filled = degree_days.filled(celsius)
    assert (filled[:3] == np.arange(24)).all()
    assert np.isnan(filled[3:]).all()


def test_a_mean_that_was_too_low_is_raised_by_part_of_what_it_missed() -> None:
    predicted = np.ones((12, 7, 24))
    age = 0.5 ** (np.arange(1, 13) / 8)
    effective = age.sum() ** 2 / (age**2).sum()
    factor = ensemble.bias_factor(1.5 * predicted, predicted, np.arange(1, 13))
    assert factor == pytest.approx(1.5 ** (0.5 * effective / (effective + 12)))
    assert ensemble.bias_factor(0.0 * predicted, predicted, np.arange(1, 13)) == 1.0


def test_a_growing_use_is_not_told_too_low() -> None:
    """Use grows by 3 % a day; members lag behind, and what they missed before is made good in part."""
    kwh = np.repeat(1.03 ** np.arange(126), 24)
    model = SimilarDays().fit(table(hours(len(kwh))), kwh)
    assert model.mean_weights_.sum() > 1.02
    assert SimilarDays().fit(table(hours(len(kwh))), np.ones(len(kwh))).mean_weights_.sum() == pytest.approx(1.0)


def test_before_any_past_week_only_the_steady_memories_speak() -> None:
    """Ten days: those of four weeks and more, but not the one that keeps to the clock; all alike."""
    kwh = used(240)
    mean, quantiles = forecast(kwh, horizon=24)
    laid = days(kwh.reshape(10, 24))
    steady = [member for member in ensemble_members.MEMBERS if member.half_life_weeks >= 4 and member.nearby]
    assert len(steady) == 3
    assert mean == pytest.approx(np.mean([expected_by(laid, one)[0] for one in steady], axis=0))
    told = np.mean([quantiles_by(laid, one, LEVELS)[0] for one in steady], axis=0)
    assert quantiles == pytest.approx(told)


@settings(max_examples=20, deadline=None)
@given(
    count=st.integers(1, 24 * 70),
    horizon=st.integers(1, 336),
    seed=st.integers(0, 10_000),
    off=st.sampled_from([0.0, 0.5, 0.95, 1.0]),
    unknown=st.sampled_from([0.0, 0.3, 0.9]),
    warm=st.sampled_from([None, 0.0, 0.5]),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "Europe/London", "Australia/Lord_Howe"]),
)
def test_any_history_gives_a_band_that_is_in_order_and_never_negative(
    count: int, horizon: int, seed: int, off: float, unknown: float, warm: float | None, zone: str
) -> None:
    """From one hour up, of any start, with gaps in energy and temperature; twice the same, byte for byte."""
    rng = np.random.default_rng(seed)
    kwh = np.where(rng.random(count) < unknown, np.nan, used(count, seed, off))
    kwh[rng.integers(count)] = 0.3
    start = START + pd.Timedelta(hours=int(rng.integers(0, 24 * 300)))
    celsius = rng.normal(8, 6, count + horizon)
    celsius = None if warm is None else np.where(rng.random(count + horizon) < warm, np.nan, celsius)
    inputs = (None, None) if celsius is None else (celsius[:count], celsius[count:])
    mean, quantiles = forecast(kwh, *inputs, horizon, zone, start)
    assert mean.shape == (horizon,) and quantiles.shape == (horizon, 5)
    assert np.isfinite(mean).all() and (mean >= 0).all()
    assert np.isfinite(quantiles).all() and (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    again = forecast(kwh, *inputs, horizon, zone, start)
    np.testing.assert_array_equal(mean, again[0])
    np.testing.assert_array_equal(quantiles, again[1])


def test_a_device_of_one_value_is_forecast_by_it() -> None:
    for value in (0.0, 0.25):
        mean, quantiles = forecast(np.full(24 * 90, value))
        assert mean == pytest.approx(np.full(168, value))
        assert quantiles == pytest.approx(np.full((168, 5), value))


@settings(max_examples=2, deadline=None)
@given(factor=st.sampled_from([0.001, 7.0, 1000.0]), seed=st.integers(0, 100))
def test_the_unit_does_not_matter(factor: float, seed: int) -> None:
    kwh = used(24 * 100, seed)
    mean, quantiles = forecast(kwh)
    scaled = forecast(factor * kwh)
    np.testing.assert_allclose(scaled[0], factor * mean, rtol=1e-6, atol=1e-9 * factor)
    np.testing.assert_allclose(scaled[1], factor * quantiles, rtol=1e-6, atol=1e-9 * factor)


def test_a_quantile_does_not_depend_on_which_others_are_asked_for_nor_on_their_order() -> None:
    kwh = used(24 * 120, 3)
    model = SimilarDays().fit(table(hours(len(kwh))), kwh)
    coming = table(hours(48, START + pd.Timedelta(days=120)))
    every = model.predict_quantiles(coming, LEVELS)
    np.testing.assert_array_equal(model.predict_quantiles(coming, LEVELS[::-1]), every[:, ::-1])
    np.testing.assert_allclose(model.predict_quantiles(coming, LEVELS[[3]]), every[:, [3]])
    np.testing.assert_allclose(model.predict_quantiles(coming[10:12], LEVELS), every[10:12])


def test_a_past_week_is_told_from_what_was_known_before_it() -> None:
    """Whatever happened in the last week and after it, the days before describe it alike."""
    rng = np.random.default_rng(0)
    kwh, celsius = rng.gamma(2, 1, (60, 24)), rng.normal(8, 5, (67, 24))
    other, warmer = kwh.copy(), celsius.copy()
    other[53:], warmer[60:] = 99.0, 40.0
    for member in (*ensemble_members.MEMBERS, *ensemble_members.TEMPERATURE_MEMBERS):
        a, b = (
            quantiles_by(days(energy, 7, warm).at(53, 7), member, LEVELS)
            for energy, warm in ((kwh, celsius), (other, warmer))
        )
        np.testing.assert_array_equal(a, b)


def test_temperature_makes_a_heat_pump_known() -> None:
    kwh, celsius = heat_pump(24 * 127)
    with_it, _ = forecast(kwh[:-168], celsius[:-168], celsius[-168:])
    without, _ = forecast(kwh[:-168])
    miss = [np.abs((one - kwh[-168:]).reshape(7, 24).sum(axis=1)).sum() for one in (with_it, without)]
    assert miss[0] < 0.5 * miss[1]


def test_an_hour_without_a_temperature_is_forecast_as_if_there_were_none() -> None:
    """A forecast that is short, and has a hole: those hours fall back exactly; the others do not."""
    kwh, celsius = heat_pump(24 * 113)
    ahead = celsius[-168:].copy()
    ahead[72:] = np.nan
    ahead[5] = np.nan
    cold = forecast(kwh[:-168])
    warm = forecast(kwh[:-168], celsius[:-168], ahead)
    for one, other in zip(cold, warm, strict=True):
        np.testing.assert_array_equal(other[np.isnan(ahead)], one[np.isnan(ahead)])
        assert (other[np.isfinite(ahead)] != one[np.isfinite(ahead)]).any()
    nothing = forecast(kwh[:-168], np.full(24 * 106, np.nan), celsius[-168:])
    np.testing.assert_array_equal(nothing[1], cold[1])


def test_a_temperature_known_for_less_than_four_past_weeks_is_not_used() -> None:
    kwh, celsius = heat_pump(24 * 60)
    recent = np.where(np.arange(len(kwh)) < 24 * 25, np.nan, celsius)
    np.testing.assert_array_equal(forecast(kwh, recent, celsius[:168])[1], forecast(kwh)[1])
    recent[24 * 10 :] = celsius[24 * 10 :]
    assert (forecast(kwh, recent, celsius[:168])[1] != forecast(kwh)[1]).any()


def test_a_public_holiday_is_a_day_off() -> None:
    """Weekends use 5 kWh an hour, working days 1: Good Friday 2024 is forecast like a Saturday in Britain."""
    stamps = hours(24 * 84, pd.Timestamp("2024-01-05", tz="UTC"))
    kwh = np.where(stamps.day_of_week >= 5, 5.0, 1.0)
    coming = table(hours(24, pd.Timestamp("2024-03-29", tz="UTC")))
    at_work, at_home = (SimilarDays("UTC", country).fit(table(stamps), kwh).predict(coming) for country in (None, "GB"))
    assert (at_work < 2).all()
    assert (at_home > 2).all()


def test_nothing_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="no known hour"):
        SimilarDays().fit(table(hours(48)), np.full(48, np.nan))


def test_what_is_looked_up_is_what_was_said_of_the_same_days() -> None:
    """Another day, another hour of it, or another temperature is not the same."""
    kwh = used(40 * 24).reshape(-1, 24)
    warm = np.full((41, 24), 10.0)
    members = ensemble_members.MEMBERS[2:4]
    laid = days(kwh, 1, warm)
    expected, found = ensemble_members.predict_members(laid, members, LEVELS)
    for number, member in enumerate(members):
        mean, predicted = ensemble_members.predict_member(laid, member, LEVELS)
        np.testing.assert_array_equal(expected[number], mean)
        np.testing.assert_array_equal(found[number], predicted)
    again, _ = ensemble_members.predict_members(days(kwh.copy(), 1, warm.copy()), members, LEVELS)
    np.testing.assert_array_equal(again, expected)
    higher = kwh.copy()
    higher[-1, 3] += 1
    assert (ensemble_members.predict_members(days(higher, 1, warm), members, LEVELS)[0] != expected).any()
    assert (ensemble_members.predict_members(days(kwh, 1, warm, first=3), members, LEVELS)[0] != expected).any()
    cold = [Member(4.0, 112, alike_celsius=3.0)]
    colder = warm.copy()
    colder[:20] = 0.0
    assert (
        ensemble_members.predict_members(days(kwh, 1, colder), cold, LEVELS)[0]
        != ensemble_members.predict_members(laid, cold, LEVELS)[0]
    ).any()


def test_what_was_predicted_of_the_past_weeks_of_some_devices_is_kept_until_the_last_of_them() -> None:
    devices = [SimilarDays().fit(table(hours(20 * 168)), used(20 * 168, seed)) for seed in range(4)]
    first = [model.past_contexts for model in devices]
    before = ensemble_members._kept_prediction.cache_info().misses
    again = [
        clone(model).fit(table(hours(20 * 168)), used(20 * 168, seed)).past_contexts
        for seed, model in enumerate(devices)
    ]
    assert ensemble_members._kept_prediction.cache_info().misses == before
    np.testing.assert_array_equal(again[0][0].quantiles, first[0][0].quantiles)
