"""The month's bill by hand: what was measured, what the forecast says, and what lies beyond it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pytest import approx
from tiny_readings import hours, used

from influx.billing.bill import Supply
from influx.billing.monthly_bill import this_month
from influx.core.settings import Settings
from influx.core.tariff import Rates, rates
from influx.forecasting.device_series import Covariates, Series

ORIGIN = pd.Timestamp("2024-07-14 22:00", tz="UTC")
"""Midnight before Monday, 15 July, in Madrid: 336 hours of July are over and 408 are to come."""


def of(prices: pd.DataFrame | None = None, **tariff: object) -> Rates:
    found = rates(Settings.model_validate({"timezone": "Europe/Madrid", "tariff": tariff}), None, prices)
    assert found is not None
    return found


def household(kwh: np.ndarray, origin: pd.Timestamp = ORIGIN) -> Series:
    """Return a household whose hours up to `origin` took `kwh`."""
    stamps = hours(len(kwh), origin - pd.Timedelta(hours=len(kwh)))
    return Series("home", "household", pd.Series(kwh, index=stamps), Covariates("Europe/Madrid"))


def bill_of(
    whole: Series,
    found: Rates,
    forecast: pd.Series | None = None,
    sold: pd.Series | None = None,
    origin: pd.Timestamp = ORIGIN,
    model: object = None,
) -> pd.DataFrame:
    return this_month(Supply(whole.energy, sold), found, whole, origin, forecast, model).set_index("line")


STEADY = np.ones(24 * 90)


def test_so_far_is_what_was_measured_and_the_end_what_is_expected() -> None:
    """1 kWh an hour up to now, 2 kWh in the seven days of the forecast, and 1 in the ten days beyond it."""
    week = pd.Series(2.0, index=hours(168, ORIGIN))
    found = bill_of(household(STEADY), of(rate=0.1, standing_charge_per_day=0.2, tax=0.5), week)
    assert found["so_far"].to_dict() == approx({"all hours": 33.6, "standing charge": 2.8, "tax": 18.2, "total": 54.6})
    energy = 33.6 + 16.8 * 2 + 24.0
    assert found["at_end"].to_dict() == approx(
        {"all hours": energy, "standing charge": 6.2, "tax": (energy + 6.2) / 2, "total": 1.5 * (energy + 6.2)}
    )
    assert found.loc["all hours", ["kwh_so_far", "kwh_at_end"]].tolist() == approx([336, 336 + 336 + 240])
    assert set(found["month"]) == set(found["since"]) == {pd.Timestamp("2024-07-01")}
    assert found[["hours", "hours_not_known", "hours_ahead", "hours_open"]].iloc[0].tolist() == [336, 0, 408, 0]


def test_the_range_is_that_of_past_sums_and_never_below_what_is_spent() -> None:
    found = bill_of(household(used(24 * 90)), of(rate=0.1, standing_charge_per_day=0.2))
    total, energy = found.loc["total"], found.loc["all hours"]
    assert total["p10"] < total["at_end"] < total["p90"]
    assert energy["p10"] >= energy["so_far"]
    assert total["p90"] - total["at_end"] == approx(energy["p90"] - energy["at_end"])
    assert found.loc["standing charge", ["p10", "p90"]].tolist() == approx([6.2, 6.2])
    steady = bill_of(household(STEADY), of(rate=0.1)).loc["total"]
    assert steady[["p10", "at_end", "p90"]].tolist() == approx([74.4] * 3)


def test_the_range_of_few_hours_is_that_of_the_model() -> None:
    """On the last day of July the model was off by 1 kWh an hour, up or down, on all days of the past: 2.4."""

    class Model:
        def past_residuals(self) -> tuple[np.ndarray, np.ndarray]:
            ups = np.where(np.arange(84) % 2 == 0, 1.0, -1.0)
            return np.repeat(ups, 24).reshape(12, 168), np.arange(1, 13)

    origin = pd.Timestamp("2024-07-30 22:00", tz="UTC")
    found = bill_of(household(np.full(24 * 90, 5.0), origin), of(rate=0.1), origin=origin, model=Model()).loc["total"]
    assert found["at_end"] == approx(0.5 * 744)
    assert found[["p10", "p90"]].tolist() == approx([372 - 2.4, 372 + 2.4])


def test_a_short_history_tells_no_range() -> None:
    found = bill_of(household(np.ones(24 * 10)), of(rate=0.1)).loc["total"]
    assert found["since"] == pd.Timestamp("2024-07-05")
    assert found["so_far"] == approx(24.0)
    assert found["at_end"] == approx(24.0 + 40.8)
    assert np.isnan(found["p10"])


def test_hours_that_are_not_known_are_counted_and_not_billed() -> None:
    kwh = STEADY.copy()
    kwh[-10:] = np.nan
    found = bill_of(household(kwh), of(rate=0.1)).loc["total"]
    assert found["so_far"] == approx(32.6)
    assert (found["hours"], found["hours_not_known"]) == (336, 10)


def test_the_end_is_not_known_where_prices_of_coming_hours_are_not() -> None:
    stamps = pd.date_range("2024-06-30 22:00", periods=2 * (336 + 24), freq="30min", tz="UTC", unit="us")
    file = pd.DataFrame({"timestamp": stamps, "price_per_kwh": 0.1})
    found = bill_of(household(STEADY), of(file)).loc["total"]
    assert found["so_far"] == approx(33.6)
    assert np.isnan(found[["at_end", "p10", "p90"]].to_numpy(dtype=float)).all()
    assert found["hours_open"] == 408 - 24
    assert bill_of(household(STEADY), of(file, rate=0.3)).loc["total", "at_end"] == approx(36.0 + 384 * 0.3)


def test_a_month_that_begins_has_cost_nothing_yet() -> None:
    origin = pd.Timestamp("2024-06-30 22:00", tz="UTC")
    found = bill_of(household(STEADY, origin), of(rate=0.1, standing_charge_per_day=0.2), origin=origin).loc["total"]
    assert (found["so_far"], found["hours"], found["month"]) == (0, 0, pd.Timestamp("2024-07-01"))
    assert found["at_end"] == approx(74.4 + 6.2)


def test_a_month_with_a_change_of_the_clock_has_its_hours() -> None:
    """October 2024 has 745 hours and 31 days."""
    origin = pd.Timestamp("2024-10-14 22:00", tz="UTC")
    found = bill_of(household(STEADY, origin), of(rate=0.1, standing_charge_per_day=0.2), origin=origin).loc["total"]
    assert found["hours"] + found["hours_ahead"] == 745
    assert found["at_end"] == approx(74.5 + 6.2)


def test_what_is_fed_in_is_expected_too() -> None:
    whole = household(STEADY)
    found = bill_of(whole, of(rate=0.2, feed_in=0.05), sold=2 * whole.energy)
    assert found["so_far"].to_dict() == approx({"all hours": 67.2, "fed in": -33.6, "total": 33.6})
    assert found["at_end"].to_dict() == approx({"all hours": 148.8, "fed in": -74.4, "total": 74.4})
    assert found.loc["fed in", "p90"] <= found.loc["fed in", "so_far"]


def test_a_home_that_is_no_longer_measured_has_no_bill_ahead() -> None:
    kwh = STEADY.copy()
    kwh[-24 * 30 :] = np.nan
    found = bill_of(household(kwh), of(rate=0.1)).loc["total"]
    assert np.isnan(found["at_end"])
    assert found["hours_open"] == 408
