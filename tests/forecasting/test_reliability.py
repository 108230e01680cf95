"""Whether promises were kept, by hand: quantiles of zero promise nothing, and one forecast tells of no error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_readings import START

from influx.core.schema import HOUSEHOLD
from influx.core.uncertainty import half_width
from influx.forecasting.evaluation.calibration import coverage, days_ahead, of_selected

NAN = float("nan")
CHOICE = pd.DataFrame({"home_id": ["h"], "device_id": ["tv"], "model": ["similar days"]})


def past(
    *folds: list[float],
    p10: float = 0.1,
    p50: float = 0.5,
    p90: float = 0.9,
    device: str = "tv",
    model: str = "similar days",
) -> pd.DataFrame:
    """Return past forecasts of the same quantiles for each hour; each fold holds what was observed [kWh]."""
    parts = []
    for number, observed in enumerate(folds):
        origin = START + pd.Timedelta(weeks=number)
        hours = pd.date_range(origin, periods=len(observed), freq="h")
        parts.append(pd.DataFrame({"origin": origin, "timestamp": hours, "observed": np.array(observed, dtype=float)}))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(home_id="h", device_id=device, model=model, energy_kwh=p50, p10=p10, p50=p50, p90=p90)


def row(frame: pd.DataFrame, promise: str) -> pd.Series:
    return frame[frame["quantile"] == promise].iloc[0]


def hours(below: int, low: int, high: int, above: int) -> list[float]:
    """Return so many hours below p10, between it and p50, between that and p90, and above."""
    return [0.05] * below + [0.3] * low + [0.7] * high + [1.0] * above


def test_found_shares_are_those_of_the_hours() -> None:
    found = coverage(past(hours(20, 30, 45, 5), hours(10, 40, 30, 20)))
    assert found.set_index("quantile")["empirical"].to_dict() == pytest.approx(
        {"p10": 0.15, "p50": 0.5, "p90": 0.875, "band": 0.725}
    )
    assert found.set_index("quantile")["nominal"].to_dict() == {"p10": 0.1, "p50": 0.5, "p90": 0.9, "band": 0.8}
    assert set(found["hours"]) == {200}
    assert set(found["folds"]) == {2}


def test_the_error_is_that_between_the_folds() -> None:
    """Shares of .1 and .3 over folds of 100 hours: sqrt(2 (10^2 + 10^2)) / 200 = .1, more than independent hours'."""
    found = row(coverage(past(hours(10, 90, 0, 0), hours(30, 70, 0, 0))), "p10")
    assert found["empirical"] == pytest.approx(0.2)
    assert found["empirical_se"] == pytest.approx(0.1)


def test_the_error_is_at_least_that_of_so_many_independent_hours() -> None:
    found = row(coverage(past(hours(10, 90, 0, 0), hours(10, 90, 0, 0))), "p10")
    assert found["empirical_se"] == pytest.approx(np.sqrt(0.1 * 0.9 / 200))


def test_of_one_forecast_no_error_is_told() -> None:
    found = coverage(past(hours(10, 40, 40, 10)))
    assert found["empirical"].notna().all()
    assert found["empirical_se"].isna().all()


def test_of_less_than_half_a_week_nothing_is_told() -> None:
    assert coverage(past(hours(8, 32, 33, 10)))["empirical"].isna().all()
    assert coverage(past(hours(8, 32, 34, 10)))["empirical"].notna().all()


def test_a_quantile_of_zero_promises_nothing() -> None:
    """Half of the hours have a p10 of zero, and none of these counts for it or for the band, but all do for p90."""
    off = past([0.0] * 90 + [0.95] * 10, p10=0.0, p50=0.0)
    on = past(hours(10, 40, 40, 10)).assign(origin=START + pd.Timedelta(weeks=1))
    found = coverage(pd.concat([off, on]))
    assert row(found, "p10")[["empirical", "hours", "folds"]].tolist() == [0.1, 100, 1]
    assert row(found, "band")[["empirical", "hours"]].tolist() == [0.8, 100]
    assert row(found, "p90")[["empirical", "hours", "folds"]].tolist() == [0.9, 200, 2]
    assert row(found, "p90")["off"] == 0.45


def test_a_device_that_never_ran_promises_nothing_and_is_mostly_off() -> None:
    found = coverage(past([0.0] * 168, [0.0] * 168, p10=0.0, p50=0.0, p90=0.0))
    assert found["empirical"].isna().all()
    assert found[["hours", "folds"]].eq(0).all(axis=None)
    assert found["mostly_off"].all()


@pytest.mark.parametrize(("zeros", "told"), [(90, True), (89, False)])
def test_a_device_is_mostly_off_from_nine_hours_in_ten_on(zeros: int, told: bool) -> None:
    assert coverage(past([0.0] * zeros + [0.3] * (100 - zeros)))["mostly_off"].eq(told).all()


def test_an_hour_on_its_quantile_counts_as_the_promise_would_have_it() -> None:
    """A device of constant use lies on all of its quantiles: at or below p10 always, below p90 never."""
    flat = coverage(past([0.5] * 168, [0.5] * 168, p10=0.5, p90=0.5))
    assert flat.set_index("quantile")["empirical"].to_dict() == {"p10": 0.1, "p50": 0.5, "p90": 0.9, "band": 0.8}


def test_devices_together_are_without_the_household_and_those_mostly_off() -> None:
    every = pd.concat(
        [
            past(hours(10, 40, 40, 10), device="tv"),
            past(hours(30, 20, 40, 10), device="oven"),
            past([0.0] * 99 + [0.3], device="lamp"),
            past(hours(0, 100, 0, 0), device=HOUSEHOLD),
        ]
    )
    found = coverage(every, ["home_id"])
    assert row(found, "p10")["empirical"] == pytest.approx(0.2)
    assert set(found["hours"]) == {200}
    assert "device_id" not in found


def test_a_household_of_no_known_device_stands_for_itself() -> None:
    found = coverage(past(hours(10, 40, 40, 10), device=HOUSEHOLD), ["home_id"])
    assert row(found, "band")["empirical"] == 0.8


def test_without_past_forecasts_there_are_no_promises() -> None:
    nothing = past(hours(1, 1, 1, 1))[:0]
    assert coverage(nothing).empty
    assert coverage(nothing, ["home_id"]).empty
    assert days_ahead(nothing, CHOICE).empty
    assert "skill" in days_ahead(nothing, CHOICE)


@settings(max_examples=8)
@given(count=st.integers(1, 3), seed=st.integers(0, 10_000), off=st.sampled_from([0.0, 0.5, 1.0]))
def test_shares_are_shares_on_any_hours(count: int, seed: int, off: float) -> None:
    rng = np.random.default_rng(seed)
    folds = np.where(rng.random((count, 84)) < off, rng.choice([0.0, 0.1, 0.9]), rng.uniform(0, 2, (count, 84)))
    found = coverage(past(*folds.tolist()))
    assert found["empirical"].between(0, 1).all()
    assert found["empirical_se"].isna().all() if len(folds) == 1 else found["empirical_se"].gt(0).all()


def test_intervals_of_few_folds_are_wide() -> None:
    assert half_width(1.0, 4) == pytest.approx(3.18, abs=0.01)
    assert half_width(1.0, 2) == pytest.approx(12.7, abs=0.05)
    assert half_width(pd.Series([1.0, NAN]), pd.Series([1000, 1])).tolist() == pytest.approx(
        [1.96, NAN], 0.01, nan_ok=True
    )


# --- days ahead -------------------------------------------------------------------------------------------------------


def against(*kernel: float, climatology: float) -> pd.DataFrame:
    """Return folds of two days in which 1 kWh was used each hour, and a kernel that said so much of each second day.

    Its quantiles are one value, as are climatology's, so that a miss of m kWh in the hour loses m / 2.
    """
    parts = [past(*[[1.0] * 48] * len(kernel), p10=climatology, p50=climatology, p90=climatology, model="climatology")]
    mine = past(*[[1.0] * 48] * len(kernel), p10=1.0, p50=1.0, p90=1.0)
    second = (mine["timestamp"] - mine["origin"]) >= pd.Timedelta(days=1)
    said = dict(zip(mine["origin"].unique(), kernel, strict=True))
    value = mine["origin"].map(said).where(second, 1.0)
    parts.append(mine.assign(p10=value, p50=value, p90=value, energy_kwh=value))
    return pd.concat(parts, ignore_index=True)


def test_each_day_ahead_is_compared_with_climatology() -> None:
    """Climatology misses by .4 each hour and loses .2; the kernel misses nothing on day 1 and .1 and .3 on day 2."""
    first, second = days_ahead(against(0.9, 0.7, climatology=0.6), CHOICE).to_dict("records")
    assert (first["day"], second["day"]) == (1, 2)
    assert (first["loss"], first["baseline_loss"]) == pytest.approx((0.0, 0.2))
    assert (first["skill"], first["skill_se"]) == pytest.approx((1.0, 0.0))
    assert (second["loss"], second["skill"]) == pytest.approx((0.1, 0.5))
    assert second["skill_se"] == pytest.approx(0.25)  # leads of .75 and .25
    assert (second["absolute_error"], second["baseline_absolute_error"]) == pytest.approx((24 * 0.2, 24 * 0.4))
    assert second["folds"] == 2


def test_one_fold_has_no_error_and_a_day_half_measured_no_energy() -> None:
    forecasts = against(0.9, climatology=0.6)
    forecasts = forecasts[forecasts["timestamp"] < START + pd.Timedelta(hours=41)]
    first, second = days_ahead(forecasts, CHOICE).to_dict("records")
    assert np.isnan(first["skill_se"])
    assert (first["absolute_error"], second["loss"]) == pytest.approx((0.0, 0.05))
    assert np.isnan(second["absolute_error"])  # 17 hours


def test_where_climatology_lost_nothing_there_is_no_lead() -> None:
    assert days_ahead(against(1.0, climatology=1.0), CHOICE)["skill"].isna().all()


def test_only_the_chosen_model_of_a_device_counts() -> None:
    both = pd.concat([past([0.3] * 100), past([0.3] * 100, model="climatology")])
    assert of_selected(both, CHOICE)["model"].unique().tolist() == ["similar days"]
    assert of_selected(both, CHOICE.assign(device_id="oven")).empty
