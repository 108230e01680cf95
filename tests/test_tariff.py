"""What an hour costs: the hours of home.yaml on the home's clock, or what the data recorded."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tiny_readings import START, hours

from influx.settings import Settings
from influx.tariff import Rates, rates

MADRID = {"timezone": "Europe/Madrid", "country": "ES", "currency": "EUR"}


def of(**tariff: object) -> Rates:
    found = rates(Settings.model_validate(MADRID | {"tariff": {"rate": 0.1, "peak_rate": 0.3} | tariff}))
    assert found is not None
    return found


def at(found: Rates, *stamps: str) -> list[float]:
    """Return prices at local times of Madrid."""
    wall = pd.DatetimeIndex(stamps).tz_localize("Europe/Madrid").tz_convert("UTC")
    price, peak = found.at(wall)
    np.testing.assert_array_equal(peak, price == 0.3)
    return price.tolist()


def test_peak_hours_are_those_of_the_clock() -> None:
    found = of(peak_hours=["18:00-22:00"])
    assert at(found, "2024-07-01 17:59", "2024-07-01 18:00", "2024-07-01 21:00", "2024-07-01 22:00") == [
        0.1,
        0.3,
        0.3,
        0.1,
    ]
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
    assert not found.peak.any()
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
    assert found is not None
    expected = np.where(np.isin(np.arange(24), range(18, 22)), 0.3, 0.1)
    np.testing.assert_array_equal(found.price, [expected] * 2)
    np.testing.assert_array_equal(found.peak, [expected == 0.3] * 2)
    assert found.source == "the prices recorded in the data, hour by hour"
    assert found.currency == ""
    assert at(found, "2024-07-01 18:00", "2024-07-01 17:00") == [0.3, 0.1]


def test_an_hour_takes_the_price_that_was_recorded_most_often() -> None:
    seen = recorded(days=5)
    seen.loc[[3, 27], "tariff_rate"] = 0.9  # two of five days, at 4 o'clock in Madrid
    found = rates(SILENT, seen)
    assert found is not None
    assert found.price[0, 4] == 0.1
    seen.loc[51, "tariff_rate"] = 0.9
    found = rates(SILENT, seen)
    assert found is not None
    assert found.price[:, 4].tolist() == [0.9, 0.9]


def test_an_hour_without_a_record_costs_what_most_hours_cost() -> None:
    seen = recorded()
    local_hour = pd.DatetimeIndex(seen["timestamp"]).tz_convert("Europe/Madrid").hour
    seen.loc[np.isin(local_hour, [18, 19]), "tariff_rate"] = float("nan")
    found = rates(SILENT, seen)
    assert found is not None
    assert found.price[0, 17:22].tolist() == [0.1, 0.1, 0.1, 0.3, 0.3]


def test_the_records_say_which_hours_are_dear_where_they_can() -> None:
    flags = (np.arange(72) % 24 == 10).astype(float)  # 11 o'clock in Madrid
    found = rates(SILENT, recorded(is_peak_tariff=flags))
    assert found is not None
    assert np.flatnonzero(found.peak[0]).tolist() == [11]
    once = np.where(np.arange(72) == 10, 1.0, 0.0)
    found = rates(SILENT, recorded(is_peak_tariff=once))
    assert found is not None
    assert not found.peak.any()  # on one of three days


def test_home_yaml_counts_where_both_know_a_price() -> None:
    settings = Settings.model_validate(MADRID | {"tariff": {"rate": 0.2}})
    found = rates(settings, recorded())
    assert found is not None
    assert found.is_flat
    assert found.price[0, 0] == 0.2


@pytest.mark.parametrize(
    "context",
    [None, recorded().drop(columns="tariff_rate"), recorded(tariff_rate=float("nan")), recorded().iloc[:23]],
)
def test_too_few_records_tell_no_price(context: pd.DataFrame | None) -> None:
    assert rates(SILENT, context) is None
