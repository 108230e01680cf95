"""The feature table by hand, and the promise on which every measured error stands: it never looks past its origin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_readings import START, energy, hours, used

from influx.core.constants import WEEK
from influx.core.schema import STATIC_COLUMNS
from influx.core.settings import Settings
from influx.core.tariff import rates
from influx.forecasting.features import (
    KNOWN_AHEAD,
    Covariates,
    every_week,
    feature_table,
    names,
    relation,
    usual_value,
)

NAMES = [
    "lag_1h",
    "lag_2h",
    "lag_4h",
    "rolling_mean_24h",
    "rolling_std_24h",
    "is_peak_hour",
    "is_weekend",
    "hour_sin",
    "hour_cos",
    "day_sin",
    "day_cos",
    "power_rating_watt",
    "energy_efficiency_rating",
    "standby_power_watt",
    "age_of_appliance_years",
    "peak_power_draw_watt",
    "duration_minutes",
    "tariff_rate",
    "is_peak_tariff",
    "indoor_temp_celsius",
    "outdoor_temp_celsius",
    "humidity_percent",
    "occupancy_count",
    "motion_detected",
]
OF_ENERGY = [name for name in NAMES if name.startswith(("lag_", "rolling_"))]
MEASURED = ["indoor_temp_celsius", "humidity_percent", "occupancy_count", "motion_detected"]


def all_there(count: int, seed: int = 0) -> Covariates:
    """Return surroundings with which all features can be made, recorded over `count` hours."""
    rng = np.random.default_rng(seed)
    stamps = hours(count)
    tariff = {"rate": 0.1, "peak_rate": 0.3, "peak_hours": ["18:00-22:00"]}
    home = Settings.model_validate({"timezone": "Europe/Madrid", "tariff": tariff})
    return Covariates(
        timezone="Europe/Madrid",
        country="ES",
        rates=rates(home),
        weather=pd.DataFrame({"timestamp": hours(count + 4 * WEEK), "outdoor_temp_celsius": 20.0}),
        context=pd.DataFrame({"timestamp": stamps, **{name: rng.random(count) for name in MEASURED}}),
        minutes=pd.Series(rng.random(count), index=stamps),
        nameplate=dict.fromkeys(STATIC_COLUMNS, 3.0),
    )


def at(table: pd.DataFrame, hour: int) -> pd.Series:
    """Return the row of the hour that lies `hour` hours after the start."""
    return table[table["timestamp"] == START + pd.Timedelta(hours=hour)].iloc[0]


def origin(hour: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([START + pd.Timedelta(hours=hour)])


def test_the_features_stand_in_their_order() -> None:
    assert list(KNOWN_AHEAD) == NAMES
    table = feature_table(energy(used(300)), all_there(300), origin(200), 24)
    assert names(table) == NAMES
    assert list(table.columns) == ["origin", "timestamp", *NAMES, "energy_kwh"]


def test_a_feature_that_the_data_cannot_make_is_left_out() -> None:
    table = feature_table(energy(used(300)), Covariates(), origin(200), 24)
    assert names(table) == [*OF_ENERGY, "is_weekend", "hour_sin", "hour_cos", "day_sin", "day_cos"]
    context = pd.DataFrame({"timestamp": hours(300), "occupancy_count": 1.0})
    plate = {"power_rating_watt": 100.0, "standby_power_watt": float("nan")}
    table = feature_table(energy(used(300)), Covariates(context=context, nameplate=plate), origin(200), 24)
    assert names(table)[-2:] == ["power_rating_watt", "occupancy_count"]


def test_one_hour_ahead_the_lags_are_measured() -> None:
    squares = np.arange(100.0) ** 2
    row = at(feature_table(energy(squares), Covariates(), energy(squares).index, 1), 50)
    assert row["energy_kwh"] == 2500
    assert row[OF_ENERGY[:3]].tolist() == [49**2, 48**2, 46**2]
    assert row["rolling_mean_24h"] == pytest.approx(np.mean(np.arange(26, 50.0) ** 2))
    assert row["rolling_std_24h"] == pytest.approx(np.std(np.arange(26, 50.0) ** 2))


def week_numbers(weeks: int) -> np.ndarray:
    """Return a device that uses 0 kWh in each hour of the first week, 1 in the second ..."""
    return np.repeat(np.arange(float(weeks)), WEEK)


def test_a_week_ahead_the_usual_value_stands_in_where_the_lags_run_out() -> None:
    """Weeks 1 to 4 used 1, 2, 3, 4 kWh an hour: in week 5, from its own start, 2.5 is usual and 4 the last measured."""
    table = feature_table(energy(week_numbers(6)), Covariates(), origin(5 * WEEK))
    assert len(table) == WEEK
    assert (table["energy_kwh"] == 5).all()
    assert table["lag_1h"].tolist() == [4.0] + [2.5] * 167
    assert table["lag_2h"].tolist() == [4.0] * 2 + [2.5] * 166
    assert table["lag_4h"].tolist() == [4.0] * 4 + [2.5] * 164
    assert table["rolling_mean_24h"].iloc[6] == pytest.approx((18 * 4 + 6 * 2.5) / 24)
    assert table["rolling_std_24h"].iloc[12] == pytest.approx(0.75)
    assert table["rolling_mean_24h"].iloc[24:].tolist() == pytest.approx([2.5] * 144)


def test_two_weeks_ahead_the_usual_weeks_lie_two_weeks_back() -> None:
    table = feature_table(energy(week_numbers(7)), Covariates(), origin(5 * WEEK), 2 * WEEK)
    assert table["lag_1h"].iloc[[1, WEEK - 1]].tolist() == [1.5, 1.5]  # weeks 0 to 3
    assert table["lag_1h"].iloc[[WEEK + 1, -1]].tolist() == [2.5, 2.5]  # weeks 1 to 4


def test_the_usual_value_by_hand() -> None:
    recorded = week_numbers(6)
    recorded[3 * WEEK + 7] = np.nan
    found = usual_value(recorded)
    assert found[5 * WEEK + 6] == 2.5
    assert found[5 * WEEK + 7] == pytest.approx((1 + 2 + 4) / 3)
    assert found[2 * WEEK] == 0.5
    assert np.isnan(found[:WEEK]).all()


def test_where_no_week_was_recorded_the_mean_so_far_stands_in() -> None:
    recorded = np.full(7 * WEEK, np.nan)
    recorded[[3, 4]] = [1.0, 3.0]
    found = usual_value(recorded)
    assert np.isnan(found[: WEEK + 3]).all()
    assert found[WEEK + 3] == 1.0
    assert found[WEEK + 4] == 3.0
    assert (found[WEEK + 5 : 2 * WEEK + 3] == 2.0).all()
    assert (found[6 * WEEK :] == 2.0).all()


def test_an_unknown_hour_is_not_a_zero_among_the_lags() -> None:
    kwh = np.ones(3 * WEEK)
    kwh[2 * WEEK + 50] = np.nan
    table = feature_table(energy(kwh), Covariates(), energy(kwh).index, 1)
    late = table[table["timestamp"] >= START + pd.Timedelta(weeks=2)]
    assert (late[OF_ENERGY[:4]] == 1.0).all(axis=None)
    assert late["energy_kwh"].isna().sum() == 1


def test_what_is_not_known_ahead_is_the_usual_value() -> None:
    """Someone is at home at 20 o'clock only; in the third week, which is looked at, everything is different."""
    stamps = hours(3 * WEEK)
    there = np.where(np.asarray(stamps.hour == 20), 2.0, 0.0)
    there[2 * WEEK :] = 99.0
    covariates = Covariates(
        context=pd.DataFrame({"timestamp": stamps, "occupancy_count": there}),
        minutes=pd.Series(there * 10, index=stamps),
    )
    for origins, horizon in ((origin(2 * WEEK), WEEK), (stamps[2 * WEEK : 3 * WEEK], 1)):
        table = feature_table(energy(np.ones(3 * WEEK)), covariates, origins, horizon)
        evening = table["timestamp"].dt.hour == 20
        np.testing.assert_array_equal(table["occupancy_count"], np.where(evening, 2.0, 0.0))
        np.testing.assert_array_equal(table["duration_minutes"], np.where(evening, 20.0, 0.0))


def test_a_weather_forecast_is_known_ahead_and_what_it_lacks_is_usual() -> None:
    stamps = hours(2 * WEEK + 24)
    weather = pd.DataFrame(
        {"timestamp": stamps, "outdoor_temp_celsius": np.r_[np.full(2 * WEEK, 10.0), np.full(24, 35.0)]}
    )
    table = feature_table(energy(np.ones(2 * WEEK)), Covariates(weather=weather), origin(2 * WEEK), 48)
    assert table["outdoor_temp_celsius"].tolist() == [35.0] * 24 + [10.0] * 24
    context = weather.iloc[: 2 * WEEK]
    table = feature_table(energy(np.ones(2 * WEEK)), Covariates(context=context), origin(2 * WEEK), 48)
    assert table["outdoor_temp_celsius"].tolist() == [10.0] * 48


def test_the_calendar_is_local() -> None:
    """31 March 2024, a Sunday, has no 2 o'clock in Madrid; 1 May is a holiday in Spain; both are known ahead."""
    stamps = hours(24 * 130)
    covariates = all_there(24 * 130)
    table = feature_table(energy(np.ones(len(stamps))), covariates, stamps[:1], len(stamps)).set_index("timestamp")
    wall = stamps.tz_convert("Europe/Madrid")
    np.testing.assert_allclose(np.arctan2(table["hour_sin"], table["hour_cos"]) % (2 * np.pi), wall.hour * np.pi / 12)
    np.testing.assert_allclose(
        np.arctan2(table["day_sin"], table["day_cos"]) % (2 * np.pi), wall.day_of_week * 2 * np.pi / 7, atol=1e-9
    )
    by_day = table["is_weekend"].groupby(wall.strftime("%Y-%m-%d")).agg(["min", "max"])
    for day, expected in {"2024-05-01": 1.0, "2024-05-02": 0.0, "2024-05-04": 1.0, "2024-05-06": 0.0}.items():
        assert by_day.loc[day].tolist() == [expected] * 2
    dear = np.asarray((wall.hour >= 18) & (wall.hour < 22))
    for name in ("is_peak_hour", "is_peak_tariff"):
        np.testing.assert_array_equal(table[name], dear)
    np.testing.assert_allclose(table["tariff_rate"], np.where(dear, 0.3, 0.1))


def test_weekly_origins_end_at_the_end_and_begin_with_a_week_of_history() -> None:
    history = energy(np.ones(5 * WEEK + 24))
    end = history.index[-1] + pd.Timedelta(hours=1)
    found = every_week(history, end)
    assert [(end - one) / pd.Timedelta(weeks=1) for one in found] == [4, 3, 2, 1]
    assert len(every_week(history, end, weeks=2)) == 2
    assert len(every_week(history, end, horizon=24)) == 4 * 7 + 1
    assert len(every_week(history, end, horizon=24, weeks=1)) == 7
    assert len(every_week(history, end, horizon=2 * WEEK)) == 2


COUNT = 8 * WEEK


@st.composite
def changed_worlds(draw: st.DrawFn) -> tuple[int, pd.Series, Covariates, pd.Series, Covariates]:
    """Draw an hour, a device, and the same device with everything from that hour on replaced."""
    cut = draw(st.integers(WEEK, COUNT - 1))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    kwh = np.where(rng.random(COUNT) < 0.1, np.nan, used(COUNT, seed))
    later = np.arange(COUNT) >= cut
    other = draw(st.sampled_from([np.nan, 0.0, 1e6]))
    covariates = all_there(COUNT, seed)
    context, minutes = covariates.context, covariates.minutes
    changed = replace(
        covariates,
        context=context.assign(**{name: np.where(later, other, context[name]) for name in MEASURED}),
        minutes=minutes.where(~later, other),
    )
    return cut, energy(kwh), covariates, energy(np.where(later, other, kwh)), changed


@settings(max_examples=12)
@given(world=changed_worlds())
def test_changing_anything_after_an_hour_changes_no_feature_at_or_before_it(world: tuple) -> None:
    cut, kwh, covariates, changed_kwh, changed_around = world
    moment = START + pd.Timedelta(hours=cut)
    before, after = (
        feature_table(values, said, values.index[1:], 1)
        for values, said in ((kwh, covariates), (changed_kwh, changed_around))
    )
    rows = before["timestamp"] <= moment
    assert rows.sum() == cut
    pd.testing.assert_frame_equal(before.loc[rows, NAMES], after.loc[rows, NAMES])


@settings(max_examples=12)
@given(world=changed_worlds(), horizon=st.sampled_from([1, 24, WEEK, 200, 2 * WEEK]))
def test_the_hours_after_an_origin_are_seen_from_before_it(world: tuple, horizon: int) -> None:
    """All rows of a block, to its last hour, stay what they were when everything from the block's origin on changes."""
    cut, kwh, covariates, changed_kwh, changed_around = world
    moment = START + pd.Timedelta(hours=cut)
    origins = pd.DatetimeIndex([moment - pd.Timedelta(hours=back) for back in (100, 1, 0)])
    before, after = (
        feature_table(values, said, origins, horizon)
        for values, said in ((kwh, covariates), (changed_kwh, changed_around))
    )
    pd.testing.assert_frame_equal(before[NAMES], after[NAMES])


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), block=st.integers(1, 6), horizon=st.sampled_from([24, WEEK]))
def test_training_and_forecasting_see_the_same_rows(seed: int, block: int, horizon: int) -> None:
    """A block of the training table is, value for value, what a forecast from its origin would have been made of."""
    kwh, covariates = energy(used(COUNT, seed)), all_there(COUNT, seed)
    table = feature_table(kwh, covariates, every_week(kwh, kwh.index[-1] + pd.Timedelta(hours=1), horizon), horizon)
    then = table["origin"].unique()[-block]
    learnt = table[table["origin"] == then].reset_index(drop=True)
    met = feature_table(kwh[kwh.index < then], covariates, pd.DatetimeIndex([then]), horizon)
    pd.testing.assert_frame_equal(met.drop(columns="energy_kwh"), learnt.drop(columns="energy_kwh"))
    assert met["energy_kwh"].isna().all()
    np.testing.assert_array_equal(learnt["energy_kwh"], kwh.reindex(learnt["timestamp"]))


def test_each_feature_says_whether_it_is_known_ahead() -> None:
    kwh, covariates = energy(used(4 * WEEK)), all_there(4 * WEEK)
    near = feature_table(kwh, covariates, kwh.index[1:], 1)
    far = feature_table(kwh, covariates, every_week(kwh, kwh.index[-1] + pd.Timedelta(hours=1)))
    found = relation(near, far, weather_forecast=True).set_index("feature")
    assert list(found.index) == NAMES
    assert found.index[~found["known_ahead"]].tolist() == [*OF_ENERGY, "duration_minutes", *MEASURED]
    assert (found.loc[found["known_ahead"], "stand_in"] == "not needed").all()
    assert found.loc["lag_1h", "stand_in"] == "the usual energy of that hour, from before the origin"
    assert found["in_data"].all()
    assert not relation(near, far).set_index("feature").loc["outdoor_temp_celsius", "known_ahead"]


def test_the_relation_is_a_rank_correlation_and_unknown_where_nothing_varies() -> None:
    ramp = energy(np.arange(200.0))
    near = feature_table(ramp, Covariates(nameplate={"power_rating_watt": 5.0}), ramp.index[1:], 1)
    found = relation(near, near.iloc[:10]).set_index("feature")
    assert found.loc["lag_1h", "one_hour_ahead"] == pytest.approx(1.0)
    assert np.isnan(found.loc["lag_1h", "one_week_ahead"])  # ten hours are too few
    assert np.isnan(found.loc["power_rating_watt", "one_hour_ahead"])
    assert not found.loc["motion_detected", "in_data"]
