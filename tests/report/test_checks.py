"""What stops a page: an account that does not close, a look into the future, parts that are not the whole."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
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
    return SimpleNamespace(account=pd.DataFrame([row]), series=series, corrections=corrections)


def test_all_holds_of_the_sample(sample_run: Run) -> None:
    assert checks.closes(sample_run.home()) == "Checked: the account of 2 files closes, row for row and kWh for kWh."
    assert "rows lie before the forecast begins" in checks.is_past(sample_run.features()["features"], sample_run.home())
    assert "past origins" in checks.was_known(sample_run.scores().forecasts, sample_run.home())
    assert "at each of 168 hours" in checks.adds_up(sample_run.forecast())


@pytest.mark.parametrize("make", tiny.HOMES, ids=lambda make: make.__name__)
def test_all_holds_of_an_awkward_home(make, tiny_run) -> None:
    run = tiny_run(make)
    checks.closes(run.home())
    checks.is_past(run.features()["features"], run.home())
    checks.was_known(run.scores().forecasts, run.home())
    checks.adds_up(run.forecast())


def test_a_row_that_vanished_stops_the_page() -> None:
    assert checks.closes(account(10, 7, 2, 1))  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match=r"events\.csv does not close: 1 rows"):
        checks.closes(account(10, 7, 2))  # type: ignore[arg-type]


def test_a_kilowatt_hour_that_vanished_stops_the_page() -> None:
    with pytest.raises(AssertionError, match=r"0\.5 kWh of the files are neither used, rejected nor corrected"):
        checks.closes(account(10, 7, 2, 1, kwh=4.5))  # type: ignore[arg-type]


def test_a_feature_of_the_coming_hour_stops_the_page() -> None:
    before = pd.DataFrame({"timestamp": [NOW - pd.Timedelta(hours=1)]})
    assert checks.is_past(before, HOME)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="at or after the origin"):
        checks.is_past(pd.DataFrame({"timestamp": [NOW]}), HOME)  # type: ignore[arg-type]


def past(origin: pd.Timestamp, hour: pd.Timestamp) -> pd.DataFrame:
    return pd.DataFrame({"origin": [origin], "timestamp": [hour], "observed": [1.0]})


@pytest.mark.parametrize("check", [checks.was_known, checks.is_judged])
def test_a_past_forecast_outside_its_weeks_stops_the_page(check) -> None:
    week = pd.Timedelta(days=7)
    assert check(past(NOW - week, NOW - week), HOME)
    assert check(past(NOW, NOW)[:0], HOME).startswith("Checked")
    with pytest.raises(AssertionError):
        check(past(NOW - week, NOW - 2 * week), HOME)  # judged on an hour before it was made
    with pytest.raises(AssertionError):
        check(past(NOW - week, NOW), HOME)  # judged on an hour that is still to come


def test_a_forecast_judged_on_an_unknown_hour_stops_the_page() -> None:
    with pytest.raises(AssertionError, match="not known"):
        checks.is_judged(past(NOW - pd.Timedelta(days=7), NOW - pd.Timedelta(days=6)).assign(observed=np.nan), HOME)  # type: ignore[arg-type]


def forecast(**changes: list[float]) -> pd.DataFrame:
    """Return two hours of two devices that sum to the household."""
    devices = {"tv": [0.1, 0.2], "oven": [1.0, 0.0], "household": [1.1, 0.2]} | changes
    parts = [
        pd.DataFrame({"device_id": name, "timestamp": tiny_readings.hours(len(kwh)), "energy_kwh": kwh})
        for name, kwh in devices.items()
    ]
    return pd.concat(parts, ignore_index=True).assign(home_id="h", p10=0.0, p50=0.1, p90=0.2)


def test_devices_that_do_not_sum_to_the_household_stop_the_page() -> None:
    assert "at each of 2 hours" in checks.adds_up(forecast())
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
