"""Drift is told with its size: of use by day, of errors by week, from the earlier reports where there are enough."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tiny_readings import START, hours, series, used

from influx.forecasting.device_series import Series
from influx.insights.drift import MODEL, REPORTS, drift, errors_of_reports, has_changed, is_worse

NAN, WEEK, DAY = float("nan"), 168, 24
CHOICE = pd.DataFrame({"home_id": ["home"], "device_id": ["tv"], "model": ["climatology"]})
NOTHING = pd.DataFrame()


def found(one: Series, judged: pd.DataFrame = NOTHING) -> tuple[pd.Series, pd.DataFrame]:
    """Return what drift says of a device at the end of its hours."""
    changes, weekly = drift([one], CHOICE, one.energy.index[-1] + pd.Timedelta(hours=1), judged)
    return changes.iloc[0], weekly


def daily(*parts: tuple[int, float]) -> np.ndarray:
    """Return days of even use: (days, kWh a day) each, with a ripple from day to day of a tenth."""
    kwh = np.concatenate([np.full(days, total) for days, total in parts])
    ripple = 1 + 0.1 * np.sin(np.arange(len(kwh)) * 2.0)
    return np.repeat(kwh * ripple / DAY, DAY)


# --- use --------------------------------------------------------------------------------------------------------------


def test_the_use_of_the_last_four_weeks_is_compared_with_the_twelve_before() -> None:
    """What lies before these sixteen weeks does not count."""
    row, _ = found(series(np.repeat([9.0, 1.0, 3.0], [14 * DAY, 84 * DAY, 28 * DAY]) / DAY))
    assert (row["use_before"], row["use_now"]) == pytest.approx((1.0, 3.0))
    assert row["use_change"] == pytest.approx(2.0)
    assert row["use_distance"] == 1.0
    assert row["use_p"] < 1e-6


def test_a_device_that_goes_on_as_before_has_not_drifted() -> None:
    row, _ = found(series(used(16 * WEEK, seed=3, off=0.0)))
    assert abs(row["use_change"]) < 0.1
    assert row["use_distance"] < 0.3
    assert row["use_p"] > 0.01


def test_a_device_that_is_used_for_the_first_time_has_no_ratio() -> None:
    row, _ = found(series(daily((84, 0.0), (28, 2.0))))
    assert row["use_before"] == 0
    assert row["use_now"] == pytest.approx(2.0, rel=0.05)
    assert np.isnan(row["use_change"])


def test_days_that_are_not_fully_known_do_not_count() -> None:
    kwh = np.repeat([1.0, 3.0], [84 * DAY, 28 * DAY]) / DAY
    kwh[84 * DAY : 84 * DAY + 15 * DAY : DAY] = NAN  # an hour of each of 15 days: 23 are known
    assert np.isfinite(found(series(kwh))[0]["use_p"])
    kwh[84 * DAY + 1 : 84 * DAY + 15 * DAY : DAY] = NAN  # another hour: 13 days are left
    assert np.isnan(found(series(kwh))[0]["use_p"])


def test_use_is_told_beside_the_temperature() -> None:
    kwh = daily((84, 1.0), (28, 3.0))
    celsius = np.repeat(np.repeat([10.0, 18.0], [84, 28]), DAY) + np.repeat(np.sin(np.arange(112) * 2.0), DAY)
    weather = pd.DataFrame({"timestamp": hours(112 * DAY), "outdoor_temp_celsius": celsius})
    row, _ = found(series(kwh, weather=weather))
    assert row["use_temperature"] == pytest.approx(1.0)  # both ripple alike
    assert row["use_degrees"] == pytest.approx(8.0, abs=0.1)
    still = found(series(kwh, weather=weather.assign(outdoor_temp_celsius=10.0)))[0]
    assert np.isnan(still["use_temperature"]) and np.isnan(found(series(kwh))[0]["use_degrees"])


@pytest.mark.parametrize(
    ("before", "now", "p", "told"),
    [
        (1.0, 1.25, 0.009, True),
        (1.0, 0.75, 0.009, True),
        (1.0, 1.25, 0.01, False),
        (1.0, 1.24, 0.001, False),
        (0.0, 1.0, 0.001, True),
        (0.0, 0.0, 1.0, False),
        (NAN, NAN, NAN, False),
    ],
)
def test_a_change_counts_where_it_is_clear_and_large(before: float, now: float, p: float, told: bool) -> None:
    frame = pd.DataFrame({"use_before": [before], "use_now": [now], "use_p": [p]})
    change = now / before - 1 if before else NAN
    assert has_changed(frame.assign(use_change=change)).tolist() == [told]


# --- errors -----------------------------------------------------------------------------------------------------------


def judged(*errors: float, device: str = "tv", measured: int = WEEK) -> pd.DataFrame:
    """Return the hours of earlier reports, a week each, that missed by so much in each hour."""
    parts = [
        pd.DataFrame(
            {"origin": START + pd.Timedelta(weeks=week), "observed": 1.0, "energy_kwh": 1 + error}, range(WEEK)
        )
        for week, error in enumerate(errors)
    ]
    return pd.concat([part.iloc[:measured] for part in parts]).assign(device_id=device)


def test_errors_are_those_of_the_earlier_reports_where_there_are_eight() -> None:
    """Three before and five after: every later one is worse; p is 1/56 (of all orders), times the 4 weeks tried."""
    row, weekly = found(series(np.ones(8 * WEEK)), judged(0.1, -0.2, 0.15, 0.6, -0.5, 0.4, 0.45, 0.55))
    assert row["error_source"] == REPORTS
    assert row["error_weeks"] == 8
    assert row["error_since"] == pd.Timestamp(START.date()) + pd.Timedelta(weeks=3)
    assert (row["error_before"], row["error_now"]) == pytest.approx((0.15, 0.5))
    assert row["error_change"] == pytest.approx(0.5 / 0.15 - 1)
    assert row["error_odds"] == 1.0
    assert row["error_p"] == pytest.approx(4 / 56)
    assert weekly["error"].tolist() == pytest.approx([0.1, 0.2, 0.15, 0.6, 0.5, 0.4, 0.45, 0.55])
    assert weekly["week"].iloc[1] == pd.Timestamp(START.date()) + pd.Timedelta(weeks=1)


def test_fewer_reports_leave_the_word_to_the_model() -> None:
    row, _ = found(series(np.ones(14 * WEEK)), judged(*[0.1] * 7))
    assert row["error_source"] == MODEL
    assert row["error_weeks"] > 7


def test_a_report_that_was_hardly_measured_says_nothing() -> None:
    assert len(errors_of_reports(judged(0.1, 0.2, measured=84), "tv")) == 2
    assert errors_of_reports(judged(0.1, 0.2, measured=83), "tv").empty
    assert errors_of_reports(judged(0.1), "oven").empty


def test_errors_of_a_model_that_grow_are_dated() -> None:
    rng = np.random.default_rng(1)
    kwh = 1 + 0.05 * rng.standard_normal(16 * WEEK)
    kwh[-5 * WEEK :] = rng.choice([0.2, 1.8], 5 * WEEK)
    row, weekly = found(series(kwh))
    assert row["error_source"] == MODEL
    assert row["error_since"] == pd.Timestamp(START.date()) + pd.Timedelta(weeks=11)
    assert row["error_before"] < 0.1 < 0.5 < row["error_now"]
    assert row["error_odds"] == 1.0
    assert row["error_p"] < 0.05
    assert len(weekly) == 12


def test_short_histories_know_of_no_drift() -> None:
    row, weekly = found(series(used(3 * WEEK)))
    assert np.isnan(row["use_p"]) and np.isnan(row["error_p"]) and pd.isna(row["error_since"])
    assert row["error_weeks"] == len(weekly) < 8
    young, none = found(series(used(3 * DAY)))
    assert young["error_weeks"] == 0
    assert none.empty


@pytest.mark.parametrize(("change", "p", "told"), [(0.25, 0.049, True), (0.24, 0.01, False), (0.9, 0.05, False)])
def test_a_forecast_is_worse_where_that_is_clear_and_large(change: float, p: float, told: bool) -> None:
    assert is_worse(pd.DataFrame({"error_change": [change, NAN], "error_p": [p, NAN]})).tolist() == [told, False]
