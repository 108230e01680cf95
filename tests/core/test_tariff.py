"""What an hour costs: the hours of home.yaml on the home's clock, or what the data recorded."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from tiny_readings import START, hours

from influx.core.settings import Settings
from influx.core.tariff import Rates, rates

MADRID = {"timezone": "Europe/Madrid", "country": "ES", "currency": "EUR"}


def of(**tariff: object) -> Rates:
    found = rates(Settings.model_validate(MADRID | {"tariff": {"rate": 0.1, "peak_rate": 0.3} | tariff}))
    return found


def at(found: Rates, *stamps: str) -> list[float]:
    """Return prices at local times of Madrid."""
    wall = pd.DatetimeIndex(stamps).tz_localize("Europe/Madrid").tz_convert("UTC")
    price, peak = found.at(wall)
    np.testing.assert_array_equal(peak, price == 0.3)
    return price.tolist()


def day(found: Rates) -> np.ndarray:
    """Return the prices of the hours of Monday, 1 July 2024 in Madrid."""
    return found.at(hours(24, "2024-06-30 22:00"))[0]


def peaks(found: Rates) -> np.ndarray:
    return found.at(hours(24, "2024-06-30 22:00"))[1]


def test_peak_hours_are_those_of_the_clock() -> None:
    found = of(peak_hours=["18:00-22:00"])
    assert at(found, *[f"2024-07-01 {time}" for time in ("17:59", "18:00", "21:00", "22:00")]) == [0.1, 0.3, 0.3, 0.1]
    assert at(found, "2024-01-01 17:00", "2024-01-01 18:00") == [0.1, 0.3]  # winter time
    assert (found.currency, found.source, found.is_flat) == ("EUR", "the tariff in home.yaml", False)


def test_on_the_night_of_a_change_of_the_clock_the_clock_counts() -> None:
    """At the end of October 2 o'clock comes twice, and costs the same twice."""
    found = of(peak_hours=["02:00-03:00"])
    price, _ = found.at(hours(5, "2024-10-26 23:00"))  # 1, 2, 2, 3, 4 o'clock
    assert price.tolist() == [0.1, 0.3, 0.3, 0.1, 0.1]


def test_a_span_over_midnight_covers_the_hours_on_both_sides() -> None:
    found = of(peak_hours=["22:00-02:00"])
    day = [f"2024-07-01 {hour:02d}:00" for hour in range(24)]
    assert [hour for hour, price in enumerate(at(found, *day)) if price == 0.3] == [0, 1, 22, 23]


def test_weekends_and_holidays_may_be_without_a_peak() -> None:
    """1 May 2024 is a Wednesday and a holiday in Spain, the 4th a Saturday."""
    days = [f"2024-05-{day:02d} 19:00" for day in (1, 2, 3, 4, 5, 6)]
    assert at(of(peak_hours=["18:00-22:00"], peak_days="weekdays"), *days) == [0.1, 0.3, 0.3, 0.1, 0.1, 0.3]
    assert at(of(peak_hours=["18:00-22:00"]), *days) == [0.3] * 6


def test_without_a_peak_rate_every_hour_costs_the_same() -> None:
    found = of(peak_rate=None, peak_hours=["18:00-22:00"], standing_charge_per_day=0.5)
    assert found.is_flat
    assert not peaks(found).any()
    assert at(found, "2024-07-01 19:00") == [0.1]
    assert found.standing_charge_per_day == 0.5


def recorded(days: int = 3, zone: str = "Europe/Madrid", **columns: object) -> pd.DataFrame:
    """Return records of every hour: 0.3 from 18 to 22 o'clock, else 0.1."""
    stamps = hours(24 * days, START)
    dear = np.isin(stamps.tz_convert(zone).hour, range(18, 22))
    return pd.DataFrame({"timestamp": stamps, "tariff_rate": np.where(dear, 0.3, 0.1)}).assign(**columns)


SILENT = Settings.model_validate({"timezone": "Europe/Madrid"})


def test_prices_are_learned_from_records_by_local_hour() -> None:
    found = rates(SILENT, recorded())
    expected = np.where(np.isin(np.arange(24), range(18, 22)), 0.3, 0.1)
    np.testing.assert_array_equal(day(found), expected)
    np.testing.assert_array_equal(peaks(found), expected == 0.3)
    assert found.source == "the prices recorded in the data, hour by hour"
    assert found.currency == ""
    assert at(found, "2024-07-01 18:00", "2024-07-01 17:00") == [0.3, 0.1]


def test_an_hour_takes_the_price_that_was_recorded_most_often() -> None:
    seen = recorded(days=5)
    seen.loc[[3, 27], "tariff_rate"] = 0.9  # two of five days, at 4 o'clock in Madrid
    found = rates(SILENT, seen)
    assert day(found)[4] == 0.1
    seen.loc[51, "tariff_rate"] = 0.9
    found = rates(SILENT, seen)
    assert day(found)[4] == 0.9


def test_an_hour_without_a_record_costs_what_most_hours_cost() -> None:
    seen = recorded()
    local_hour = pd.DatetimeIndex(seen["timestamp"]).tz_convert("Europe/Madrid").hour
    seen.loc[np.isin(local_hour, [18, 19]), "tariff_rate"] = float("nan")
    found = rates(SILENT, seen)
    assert day(found)[17:22].tolist() == [0.1, 0.1, 0.1, 0.3, 0.3]


def test_the_records_say_which_hours_are_dear_where_they_can() -> None:
    flags = (np.arange(72) % 24 == 10).astype(float)  # 11 o'clock in Madrid
    found = rates(SILENT, recorded(is_peak_tariff=flags))
    assert np.flatnonzero(peaks(found)).tolist() == [11]
    once = np.where(np.arange(72) == 10, 1.0, 0.0)
    found = rates(SILENT, recorded(is_peak_tariff=once))
    assert not peaks(found).any()  # on one of three days


def test_home_yaml_counts_where_both_know_a_price() -> None:
    settings = Settings.model_validate(MADRID | {"tariff": {"rate": 0.2}})
    found = rates(settings, recorded())
    assert found.is_flat
    assert day(found)[0] == 0.2


@pytest.mark.parametrize(
    "context",
    [None, recorded().drop(columns="tariff_rate"), recorded(tariff_rate=float("nan")), recorded().iloc[:23]],
)
def test_too_few_records_tell_no_price(context: pd.DataFrame | None) -> None:
    assert rates(SILENT, context) is None


# --- named rates ------------------------------------------------------------------------------------------------------

WINTER = {
    "rate": 0.2,
    "rates": {
        "night": {"rate": 0.1, "hours": ["00:30-07:00"]},
        "cold evening": {"rate": 0.5, "hours": ["17:30-21:00"], "days": "weekdays", "seasons": ["winter"]},
    },
    "seasons": {"winter": {"from": "10-25", "to": "03-31"}},
}


def named(tariff: dict[str, object] = WINTER, prices: pd.DataFrame | None = None, **home: object) -> Rates:
    found = rates(Settings.model_validate(MADRID | {"tariff": tariff} | home), None, prices)
    return found


def paid(found: Rates, *times: str, minutes: int = 60) -> list[float]:
    """Return prices at local times of Madrid."""
    wall = pd.DatetimeIndex(times).tz_localize("Europe/Madrid").tz_convert("UTC")
    return found.at(wall, minutes)[0].tolist()


def test_an_hour_costs_the_mean_of_its_half_hours_and_a_half_hour_its_own_price() -> None:
    found = named()
    assert paid(found, "2024-07-01 00:00", "2024-07-01 06:00", "2024-07-01 07:00") == approx([0.15, 0.1, 0.2])
    assert paid(found, "2024-07-01 00:00", "2024-07-01 00:30", "2024-07-01 07:00", minutes=30) == [0.2, 0.1, 0.2]
    assert found.has_half_hours
    assert not of(peak_hours=["18:00-22:00"]).has_half_hours


def test_a_season_begins_and_ends_at_local_midnight() -> None:
    """From 25 October on a working evening is cold; 1 April is not. In UTC the season begins two hours earlier."""
    found = named()
    evenings = ["2024-10-24 18:00", "2024-10-25 18:00", "2024-12-31 18:00", "2025-03-31 18:00", "2025-04-01 18:00"]
    assert paid(found, *evenings) == [0.2, 0.5, 0.5, 0.5, 0.2]
    whole_day = {**WINTER, "rates": {"cold": {"rate": 0.5, "seasons": ["winter"]}}}
    price, _ = named(whole_day).at(hours(3, "2024-10-24 21:00"))  # 23 o'clock of the 24th, 0 and 1 of the 25th
    assert price.tolist() == [0.2, 0.5, 0.5]
    price, _ = named(whole_day).at(hours(3, "2025-03-31 21:00"))  # the same on the night of 1 April
    assert price.tolist() == [0.5, 0.2, 0.2]


def test_leap_day_lies_in_a_season_that_ends_with_february() -> None:
    cold = {"a": {"rate": 0.5, "seasons": ["w"]}}
    leap = {"rate": 0.2, "rates": cold, "seasons": {"w": {"from": "01-01", "to": "02-29"}}}
    assert paid(named(leap), "2024-02-29 12:00", "2023-02-28 12:00", "2023-03-01 12:00") == [0.5, 0.5, 0.2]


@pytest.mark.parametrize(
    ("days", "dear"),
    [
        ("weekdays", ["Tue", "Thu", "Fri", "Mon"]),
        ("weekend", ["Wed", "Sat", "Sun"]),
        ("holidays", ["Wed"]),
        ("sat", ["Sat"]),
        (["sun", "holidays"], ["Wed", "Sun"]),
        ("wed", ["Wed"]),
        ("all", ["Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"]),
    ],
)
def test_days_are_working_days_weekends_holidays_or_named(days: object, dear: list[str]) -> None:
    """From Tuesday, 30 April 2024; the Wednesday is 1 May, a holiday."""
    found = named({"rate": 0.1, "rates": {"dear": {"rate": 0.3, "days": days}}})
    week = pd.date_range("2024-04-30 12:00", periods=7, freq="D")
    price = paid(found, *week.strftime("%Y-%m-%d %H:%M"))
    assert [f"{at:%a}" for at, cost in zip(week, price, strict=True) if cost == 0.3] == dear


def test_the_first_rate_that_holds_counts_and_rate_where_none_does() -> None:
    both = {"sunday": {"rate": 0.12, "days": "sun"}, "evening": {"rate": 0.3, "hours": ["18:00-22:00"]}}
    found = named({"rate": 0.2, "rates": both})
    assert paid(found, "2024-06-30 19:00", "2024-07-01 19:00", "2024-07-01 12:00") == [0.12, 0.3, 0.2]


def test_a_time_that_no_rate_covers_has_no_known_price() -> None:
    found = named({"rates": {"evening": {"rate": 0.3, "hours": ["18:30-22:00"]}}})
    price, peak = found.at(hours(3, "2024-07-01 15:00"))  # 17, 18, 19 o'clock
    np.testing.assert_array_equal(price, [np.nan, np.nan, 0.3])  # half of the second hour is not known
    assert not peak.any()


def test_peak_hours_are_the_dear_ones_or_those_that_say_so() -> None:
    dear, cheap = {"rate": 0.3, "hours": ["10:00-11:00"]}, {"rate": 0.1, "hours": ["12:00-13:00"], "peak": True}
    found = named(WINTER | {"rates": {"a": dear, "b": cheap}})
    wall = pd.DatetimeIndex(["2024-07-01 10:00", "2024-07-01 12:00", "2024-07-01 14:00"]).tz_localize("Europe/Madrid")
    assert found.at(wall.tz_convert("UTC"))[1].tolist() == [True, True, False]


def test_a_rate_in_the_doubled_hour_holds_twice_and_in_the_skipped_one_never() -> None:
    night = named({"rate": 0.2, "rates": {"night": {"rate": 0.1, "hours": ["02:00-03:00"]}}})
    assert night.at(hours(25, "2024-10-26 22:00"))[0].tolist() == [0.2] * 2 + [0.1] * 2 + [0.2] * 21
    assert night.at(hours(23, "2024-03-30 23:00"))[0].tolist() == [0.2] * 23


def test_tax_is_part_of_what_a_kwh_costs() -> None:
    assert paid(named({"rate": 0.2, "tax": 0.21}), "2024-07-01 12:00") == approx([0.242])


# --- price files ------------------------------------------------------------------------------------------------------


def filed(*prices: float, start: str = "2024-07-01 00:00") -> pd.DataFrame:
    """Return half-hourly prices from a UTC time on."""
    stamps = pd.date_range(start, periods=len(prices), freq="30min", tz="UTC", unit="us")
    return pd.DataFrame({"timestamp": stamps, "price_per_kwh": prices})


def test_prices_of_a_file_come_first_and_are_not_invented_where_it_ends() -> None:
    found = named({}, filed(0.1, 0.3, -0.1, 0.1, 0.2))
    price, _ = found.at(hours(4, "2024-07-01 00:00"))
    np.testing.assert_allclose(price, [0.2, 0.0, np.nan, np.nan])
    half = pd.date_range("2024-07-01 00:00", periods=6, freq="30min", tz="UTC")
    np.testing.assert_array_equal(found.at(half, 30)[0], [0.1, 0.3, -0.1, 0.1, 0.2, np.nan])
    assert found.source == "the price file"
    assert not found.is_known_ahead
    assert found.has_half_hours
    assert not found.is_flat


def test_a_rate_in_home_yaml_stands_in_where_the_file_has_no_price() -> None:
    found = named({"rate": 0.5, "surcharge": 0.02, "tax": 0.1}, filed(0.1, 0.3, 0.2))
    price, _ = found.at(hours(3, "2024-07-01 00:00"))
    np.testing.assert_allclose(price, np.array([0.22, (0.22 + 0.5) / 2, 0.5]) * 1.1)


def test_a_price_file_needs_no_tariff_and_a_tariff_without_any_price_tells_none() -> None:
    found = rates(SILENT, recorded(), filed(0.4, 0.4))
    assert found.at(hours(1, "2024-07-01"))[0].tolist() == [0.4]
    assert found.is_flat
    standing = Settings.model_validate({"tariff": {"standing_charge_per_day": 0.3}})
    assert rates(standing) is None


def test_the_dearest_quarter_of_a_price_file_is_its_peak() -> None:
    found = named({}, filed(*[0.1] * 36, *[0.4] * 12))
    assert found.at(hours(24, "2024-07-01"))[1].tolist() == [False] * 18 + [True] * 6


def test_hours_that_begin_at_half_past_cost_what_their_halves_do() -> None:
    """In India an hour of the clock begins at half past in UTC."""
    settings = Settings.model_validate(
        {"timezone": "Asia/Kolkata", "tariff": {"rate": 0.1, "rates": {"n": {"rate": 0.3, "hours": ["06:00-07:00"]}}}}
    )
    found = rates(settings, None, filed(0.9, 0.5, start="2024-07-01 02:00"))
    price, _ = found.at(hours(4, "2024-07-01 00:30"))  # 6 to 9 o'clock
    np.testing.assert_allclose(price, [0.3, (0.1 + 0.9) / 2, (0.5 + 0.1) / 2, 0.1])
