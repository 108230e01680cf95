"""Bills by hand: hours of the local clock, days of the calendar, tax, feed-in, and hours of which something lacks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx
from tiny_readings import energy, hours

from influx import load
from influx.billing.bill import Supply, bill, compare, daily, monthly, supply_of, under
from influx.core.settings import Settings
from influx.core.tariff import Rates, rates

MADRID = {"timezone": "Europe/Madrid", "country": "ES", "currency": "EUR"}
NIGHT = {"rate": 0.1, "rates": {"night": {"rate": 0.05, "hours": ["02:00-03:00"]}}}


def of(tariff: dict[str, object], prices: pd.DataFrame | None = None, **home: str) -> Rates:
    found = rates(Settings.model_validate({**MADRID, "tariff": tariff, **home}), None, prices)
    assert found is not None
    return found


def ones(start: str, count: int) -> Supply:
    """Return 1 kWh in each of `count` hours from a UTC time on."""
    return Supply(energy(np.ones(count), start))


def filed(*prices: float, start: str = "2024-07-01 00:00") -> pd.DataFrame:
    stamps = pd.date_range(start, periods=len(prices), freq="30min", tz="UTC", unit="us")
    return pd.DataFrame({"timestamp": stamps, "price_per_kwh": prices})


def lines(supply: Supply, found: Rates) -> dict[str, float]:
    return dict(bill(supply, found).lines[["line", "amount"]].itertuples(index=False))


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_the_week_in_which_summer_time_ends_has_169_hours_and_seven_days() -> None:
    """21 to 27 October: 2 o'clock comes on seven days, on the last one twice: 8 kWh at night, 161 at other hours."""
    found = of({**NIGHT, "standing_charge_per_day": 0.5, "tax": 0.1})
    week = bill(ones("2024-10-20 22:00", 169), found)
    assert week.lines.set_index("line")["amount"].to_dict() == approx(
        {"night": 0.40, "other hours": 16.10, "standing charge": 3.50, "tax": 2.00, "total": 22.00}
    )
    assert week.lines.set_index("line")["kwh"][:2].to_dict() == {"night": 8, "other hours": 161}
    assert week.total == approx(22)
    assert (week.hours, week.hours_not_known) == (169, 0)


def test_the_week_in_which_summer_time_begins_has_167_hours_and_seven_days() -> None:
    """25 to 31 March: on the last day there is no 2 o'clock."""
    found = of({**NIGHT, "standing_charge_per_day": 0.5})
    expected = {"night": 0.30, "other hours": 16.10, "standing charge": 3.50, "total": 19.90}
    assert lines(ones("2024-03-24 23:00", 167), found) == approx(expected)


def test_days_and_months_are_those_of_the_calendar() -> None:
    """The last two days of October, of which the 27th has 25 hours, are not these: 30 and 31 October, 1 November."""
    days = daily(ones("2024-10-29 23:00", 72), of({"rate": 0.1, "standing_charge_per_day": 0.5}))
    assert days["day"].dt.strftime("%m-%d").tolist() == ["10-30", "10-31", "11-01"]
    assert days["total"].tolist() == approx([2.9] * 3)
    months = monthly(days)
    assert months["month"].dt.strftime("%Y-%m-%d").tolist() == ["2024-10-01", "2024-11-01"]
    assert months["total"].tolist() == approx([5.8, 2.9])
    autumn = daily(ones("2024-10-26 22:00", 25), of({"rate": 0.1, "standing_charge_per_day": 0.5}))
    assert autumn[["hours", "energy", "standing_charge"]].to_numpy().tolist() == [[25, approx(2.5), approx(0.5)]]


def test_a_season_changes_the_bill_at_local_midnight() -> None:
    """From 1 November on 0.3: the hour that begins at 23:00 UTC on 31 October is the first one."""
    winter = {
        "rate": 0.1,
        "rates": {"winter": {"rate": 0.3, "seasons": ["w"]}},
        "seasons": {"w": {"from": "11-01", "to": "03-31"}},
    }
    assert lines(ones("2024-10-31 22:00", 2), of(winter)) == approx({"winter": 0.3, "other hours": 0.1, "total": 0.4})


def test_a_holiday_is_billed_as_a_weekend() -> None:
    """1 May 2024, a Wednesday: all 24 hours at the weekend's rate; without a country it is a working day."""
    tariff = {"rate": 0.1, "rates": {"weekend": {"rate": 0.05, "days": "weekend"}}}
    day = ones("2024-04-30 22:00", 24)
    assert bill(day, of(tariff)).total == approx(1.2)
    without = rates(Settings.model_validate({"timezone": "Europe/Madrid", "tariff": tariff}))
    assert without is not None
    assert bill(day, without).total == approx(2.4)


def test_fed_in_energy_earns_its_price_and_no_tax() -> None:
    supply = Supply(energy([2.0, 1.0]), energy([0.0, 3.0]))
    found = of({"rate": 0.2, "tax": 0.5, "feed_in": 0.1})
    assert lines(supply, found) == approx({"all hours": 0.6, "tax": 0.3, "fed in": -0.3, "total": 0.6})
    assert bill(supply, found).lines.set_index("line")["kwh"]["fed in"] == 3
    assert "fed in" not in lines(supply, of({"rate": 0.2}))  # nobody pays for it


def test_an_hour_costs_the_mean_of_its_half_hourly_prices_and_half_hours_are_exact() -> None:
    """0.5 kWh at 0.10 and 1.5 kWh at 0.30 are 0.50; of the hour's 2 kWh nobody knows when: 0.40."""
    found = of({}, filed(0.1, 0.3))
    stamps = pd.date_range("2024-07-01", periods=2, freq="30min", tz="UTC")
    exact = bill(Supply(pd.Series([0.5, 1.5], index=stamps), minutes=30), found)
    assert exact.total == approx(0.5)
    assert exact.hours == 1
    assert bill(Supply(energy([2.0], "2024-07-01")), found).total == approx(0.4)


def test_an_hour_over_two_rates_is_shared_by_its_halves() -> None:
    found = of({"rate": 0.1, "rates": {"evening": {"rate": 0.3, "hours": ["17:30-21:00"]}}}, timezone="UTC")
    hour = bill(Supply(energy([4.0], "2024-07-01 17:00")), found).lines.set_index("line")
    assert hour["kwh"][:2].to_dict() == {"evening": 2, "other hours": 2}
    assert hour["amount"].to_dict() == approx({"evening": 0.6, "other hours": 0.2, "total": 0.8})


def test_hours_without_a_price_or_a_reading_are_counted_and_not_free() -> None:
    """Of four hours the price file knows two, and the reading of one of these lacks."""
    supply = Supply(energy([1.0, np.nan, 1.0, 1.0], "2024-07-01"))
    short = bill(supply, of({}, filed(0.1, 0.1, 0.2, 0.2)))
    assert (short.total, short.hours, short.hours_not_known) == (approx(0.1), 4, 3)
    with_rate = bill(supply, of({"rate": 0.5}, filed(0.1, 0.1, 0.2, 0.2)))
    assert (with_rate.total, with_rate.hours_not_known) == (approx(1.1), 1)
    assert dict(with_rate.lines[["line", "amount"]].itertuples(index=False)) == approx(
        {"all hours": 1.0, "by the price file": 0.1, "total": 1.1}
    )
    unknown = bill(Supply(energy([np.nan] * 2)), of({"rate": 0.5, "standing_charge_per_day": 1}))
    assert np.isnan(unknown.total)


def test_a_day_of_which_nothing_is_known_has_no_total() -> None:
    supply = Supply(energy(np.r_[np.ones(24), np.full(24, np.nan)]))
    days = daily(supply, of({"rate": 0.1, "standing_charge_per_day": 0.5}, timezone="UTC"))
    np.testing.assert_allclose(days["total"], [2.9, np.nan])
    assert days["hours_not_known"].tolist() == [0, 24]


# --- another tariff ---------------------------------------------------------------------------------------------------


def test_the_last_twelve_months_under_another_tariff() -> None:
    """Of two years, 1 kWh an hour at 0.1, and 0.5 a day."""
    supply = ones("2023-01-01", 2 * 365 * 24)
    found = of({"rate": 0.1, "standing_charge_per_day": 0.5}, timezone="UTC")
    assert supply.ends[1] == pd.Timestamp("2024-12-31", tz="UTC")
    year = under(supply, found)
    assert year.hours == 366 * 24  # 31 December 2023 to 30 December 2024
    assert year.total == approx(366 * 24 * 0.1 + 366 * 0.5)
    assert under(supply, found, months=1).hours == 31 * 24  # from 30 November on
    short = ones("2024-12-01", 48)
    assert under(short, found).hours == 48  # as much as is known


def test_tariffs_are_compared_over_the_hours_whose_price_both_know() -> None:
    supply = ones("2024-07-01", 4)
    now, other = compare(supply, (of({"rate": 0.3}), of({}, filed(0.1, 0.1, 0.2, 0.2))))
    assert (now.total, other.total) == (approx(0.6), approx(0.3))
    assert now.hours_not_known == other.hours_not_known == 2


# --- what must hold of any --------------------------------------------------------------------------------------------

TARIFFS = st.fixed_dictionaries(
    {
        "rate": st.floats(0, 1),
        "standing_charge_per_day": st.floats(0, 2),
        "tax": st.floats(0, 0.5),
        "feed_in": st.floats(0, 0.5),
        "rates": st.dictionaries(
            st.sampled_from(["a", "b", "c"]),
            st.fixed_dictionaries(
                {
                    "rate": st.floats(-0.5, 1),
                    "hours": st.sampled_from([[], ["00:30-07:00"], ["17:00-20:30", "22:00-01:30"]]),
                    "days": st.sampled_from(["all", "weekdays", "weekend", "holidays", ["mon", "sun"]]),
                    "seasons": st.sampled_from([[], ["w"]]),
                }
            ),
        ),
        "seasons": st.just({"w": {"from": "10-26", "to": "10-28"}}),
    }
)


def drawn(seed: int) -> Supply:
    """Return five days around the end of summer time, some of whose hours are not known."""
    rng = np.random.default_rng(seed)
    kwh = np.where(rng.random(121) < 0.1, np.nan, rng.gamma(1, 1, 121))
    return Supply(energy(kwh, "2024-10-24 22:00"), energy(rng.gamma(1, 1, 121), "2024-10-24 22:00"))


@given(TARIFFS, st.integers(0, 100))
def test_a_bill_is_the_sum_of_its_days(tariff: dict[str, object], seed: int) -> None:
    supply, found = drawn(seed), of(tariff)
    whole, days = bill(supply, found), daily(supply, found)
    assert days["total"].sum() == approx(whole.total, abs=1e-9)
    assert len(days) == 5
    assert days["kwh"].sum() == approx(np.nansum(supply.bought))
    for line, name in (("tax", "tax"), ("standing charge", "standing_charge"), ("fed in", "fed_in")):
        found_lines = dict(whole.lines[["line", "amount"]].itertuples(index=False))
        assert days[name].sum() == approx(found_lines.get(line, 0.0), abs=1e-9)
    assert days["hours_not_known"].sum() == whole.hours_not_known


@given(TARIFFS, st.integers(0, 100), st.floats(0, 1))
def test_the_parts_of_the_energy_cost_what_the_whole_does(tariff: dict[str, object], seed: int, share: float) -> None:
    supply, found = drawn(seed), of({**tariff, "standing_charge_per_day": 0})
    parts = [Supply(supply.bought * part, supply.sold * part) for part in (share, 1 - share)]
    assert sum(bill(part, found).total for part in parts) == approx(bill(supply, found).total, abs=1e-9)
    price = found.at(pd.DatetimeIndex(supply.bought.index))[0]
    devices = [float(np.nansum(part.bought * price)) for part in parts]
    assert sum(devices) == approx(float(np.nansum(supply.bought * price)), abs=1e-9)


# --- what a home buys -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meters", "bought", "sold", "metered"),
    [
        ({"tv": 1.0, "fridge": 2.0}, 3.0, None, False),
        ({"main": 5.0, "tv": 1.0}, 5.0, None, False),
        ({"grid_import": 2.0, "pv": 4.0, "grid_export": 3.0}, 2.0, 3.0, True),
        ({"main": 5.0, "pv": 4.0}, 1.0, None, True),
        ({"main": 5.0, "pv": 4.0, "grid_export": 3.0}, 4.0, 3.0, True),
        ({"main": 2.0, "pv": 4.0}, 0.0, None, True),
        ({"grid_import": 2.0, "pv": 4.0, "grid_export": 1.0, "battery_in": 3.0, "battery_out": 2.0}, 2.0, 1.0, True),
        ({"main": 5.0, "pv": 4.0, "battery_in": 2.0, "battery_out": 0.5}, 2.5, None, True),
        ({"main": 5.0, "battery_in": 0.5, "battery_out": 2.0, "grid_export": 1.0}, 4.5, 1.0, True),
    ],
)
def test_what_is_bought_follows_from_the_meters(tmp_path, meters, bought, sold, metered) -> None:
    home = load(tiny.write_readings(tmp_path, **{name: np.full(24, kwh) for name, kwh in meters.items()}))
    supply = supply_of(home)
    assert supply.bought.tolist() == [bought] * 24
    assert (None if supply.sold is None else supply.sold.tolist()) == (None if sold is None else [sold] * 24)
    assert supply.is_metered == metered


def test_half_a_battery_does_not_tell_what_was_bought(tmp_path) -> None:
    home = load(tiny.write_readings(tmp_path, main=np.ones(24), battery_in=np.ones(24)))
    supply = supply_of(home)
    assert supply.bought.isna().all()
    assert len(supply.bought) == 24
    assert supply.is_metered


def test_hours_between_the_data_and_the_as_of_time_are_not_known(tmp_path) -> None:
    home = load(tiny.write_readings(tmp_path, tv=np.ones(24)), "2024-05-08")
    assert supply_of(home).bought.isna().sum() == 24
    assert list(supply_of(home).bought.index) == list(hours(48, "2024-05-06"))
