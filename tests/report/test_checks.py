"""What stops a page: rows that do not reconcile, a look into the future, parts that are not the whole."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import tiny_readings

from influx import Run
from influx.report import checks

NOW = pd.Timestamp("2024-07-15", tz="UTC")
HOME = SimpleNamespace(origin=NOW)


def account(read: int, used: int, rejected: int = 0, later: int = 0, kwh: float = 5.0) -> SimpleNamespace:
    """Return a home whose files hold 6 kWh: `kwh` stand in the series, 2 in rejected rows, and 1 was added."""
    row = {"file": "events.csv", "rows_read": read, "rows_used": used, "rows_rejected": rejected}
    row |= {"rows_after_as_of": later, "kwh_read": 6.0, "kwh_rejected": 2.0}
    series, corrections = pd.DataFrame({"kwh": [kwh]}), pd.DataFrame({"kwh": [-1.0]})
    return SimpleNamespace(reconciliation=pd.DataFrame([row]), series=series, corrections=corrections)


def test_all_holds_of_the_sample(sample_run: Run) -> None:
    home, plan, paid = sample_run.home(), sample_run.plan(), sample_run.bill()
    assert "2 files" in checks.reconciles(home).words
    assert "rows lie before" in checks.past_only(sample_run.features()["features"], home).words
    assert "past origins" in checks.known_beforehand(sample_run.scores().forecasts, home).words
    assert "168 hours" in checks.adds_up(sample_run.forecast()).words
    assert "lines of the bill" in checks.bill_adds_up(paid["bill"], paid["bill_months"]).words
    assert f"{len(plan['plan_runs'])} runs" in checks.plan_holds(plan).words


def test_a_bill_that_does_not_add_up_stops_the_page() -> None:
    bill = pd.DataFrame({"month": NOW, "so_far": [20.0, 5.0, 25.0], "at_end": [42.0, 10.0, 52.0], "hours_not_known": 0})
    months = pd.DataFrame({"month": [NOW], "total": [25.0]})
    assert "2 lines" in checks.bill_adds_up(bill, months).words
    assert "nothing is there" in checks.bill_adds_up(None, None).words
    with pytest.raises(AssertionError, match="do not sum to its total"):
        checks.bill_adds_up(bill.assign(so_far=[20.0, 5.0, 26.0]), months)
    with pytest.raises(AssertionError, match="is not the sum of its days"):
        checks.bill_adds_up(bill, months.assign(total=24.0))


def test_a_row_that_vanished_stops_the_page() -> None:
    assert checks.reconciles(account(10, 7, 2, 1))  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match=r"events\.csv: 1 rows are neither"):
        checks.reconciles(account(10, 7, 2))  # type: ignore[arg-type]


def test_a_kilowatt_hour_that_vanished_stops_the_page() -> None:
    with pytest.raises(AssertionError, match=r"0\.5 kWh of the files are neither used, rejected nor corrected"):
        checks.reconciles(account(10, 7, 2, 1, kwh=4.5))  # type: ignore[arg-type]


def test_a_feature_of_the_coming_hour_stops_the_page() -> None:
    before = pd.DataFrame({"timestamp": [NOW - pd.Timedelta(hours=1)]})
    assert checks.past_only(before, HOME)  # type: ignore[arg-type]
    assert checks.past_only(before[:0], HOME)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="at or after the origin"):
        checks.past_only(pd.DataFrame({"timestamp": [NOW]}), HOME)  # type: ignore[arg-type]


def past(origin: pd.Timestamp, hour: pd.Timestamp) -> pd.DataFrame:
    return pd.DataFrame({"origin": [origin], "timestamp": [hour], "observed": [1.0]})


@pytest.mark.parametrize("check", [checks.known_beforehand, checks.judged_on_measured])
def test_a_past_forecast_outside_its_weeks_stops_the_page(check) -> None:
    week = pd.Timedelta(days=7)
    assert check(past(NOW - week, NOW - week), HOME)
    assert check(past(NOW, NOW)[:0], HOME).words.startswith("Checked")
    with pytest.raises(AssertionError):
        check(past(NOW - week, NOW - 2 * week), HOME)  # judged on an hour before it was made
    with pytest.raises(AssertionError):
        check(past(NOW - week, NOW), HOME)  # judged on an hour that is still to come


def test_a_forecast_judged_on_an_unknown_hour_stops_the_page() -> None:
    with pytest.raises(AssertionError, match="not known"):
        checks.judged_on_measured(
            past(NOW - pd.Timedelta(days=7), NOW - pd.Timedelta(days=6)).assign(observed=np.nan), HOME
        )  # type: ignore[arg-type]


def forecast(**changes: list[float]) -> pd.DataFrame:
    """Return two hours of two devices that sum to the household."""
    devices = {"tv": [0.1, 0.2], "oven": [1.0, 0.0], "household": [1.1, 0.2]} | changes
    parts = [
        pd.DataFrame({"device_id": name, "timestamp": tiny_readings.hours(len(kwh)), "energy_kwh": kwh})
        for name, kwh in devices.items()
    ]
    return pd.concat(parts, ignore_index=True).assign(home_id="h", p10=0.0, p50=0.1, p90=0.2)


def test_devices_that_do_not_sum_to_the_household_stop_the_page() -> None:
    assert "2 hours" in checks.adds_up(forecast()).words
    assert checks.adds_up(forecast(household=[1.1 + 5e-7, 0.2]))
    for household in ([1.1, 0.3], [1.1], [1.1, np.nan]):
        with pytest.raises(AssertionError, match="do not sum"):
            checks.adds_up(forecast(household=household))


def test_a_household_alone_adds_up() -> None:
    assert checks.adds_up(forecast().query("device_id == 'household'"))


@pytest.mark.parametrize("change", [{"p10": -0.01}, {"p10": 0.15}, {"p50": 0.25}])
def test_a_negative_or_crossing_quantile_stops_the_page(change: dict[str, float]) -> None:
    with pytest.raises(AssertionError, match="negative or crosses"):
        checks.adds_up(forecast().assign(**change))
