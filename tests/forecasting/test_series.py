"""From readings to devices: the household that adds up, what no device explains, and what a model may look at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tiny_readings import START, energy, hours, readings, series

from influx.core.errors import InputError
from influx.core.schema import as_readings
from influx.forecasting.device_series import (
    Covariates,
    Series,
    _minutes_of_use,
    all_series,
    series_of,
    series_of_home,
    with_household,
)
from influx.home.home import load

NAN = float("nan")


def of(frame: pd.DataFrame, device_id: str, home_id: str = "home") -> list[float]:
    """Return a device's energy in a readings frame."""
    rows = frame[(frame["device_id"] == device_id) & (frame["home_id"] == home_id)]
    return rows.sort_values("timestamp")["energy_kwh"].tolist()


def same(found: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_household_is_the_sum_of_its_devices() -> None:
    """A gap of a device makes the hour unknown; before it came and after it went a device adds nothing."""
    frame = readings(
        tv=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        ac=[NAN, 10.0, NAN, 10.0, 10.0, NAN],
    )
    found = with_household(as_readings(frame))
    same(of(found, "household"), [1.0, 12.0, NAN, 14.0, 15.0, 6.0])
    quality = found.loc[found["device_id"] == "household", "quality"].tolist()
    assert quality == ["measured", "measured", "missing", "measured", "measured", "measured"]
    pd.testing.assert_frame_equal(found[found["device_id"] != "household"].reset_index(drop=True), as_readings(frame))


def test_devices_that_begin_and_end_at_different_times_need_no_rows_for_the_others_hours() -> None:
    late = readings(ac=[10.0, 10.0], start=START + pd.Timedelta(hours=2))
    found = with_household(as_readings(pd.concat([readings(tv=[1.0, 2.0, 3.0]), late])))
    same(of(found, "household"), [1.0, 2.0, 13.0, 10.0])


def test_a_metered_household_stays_and_what_no_device_explains_is_other() -> None:
    frame = readings(household=[5.0, 5.0, NAN, 5.0, 5.0], tv=[1.0, NAN, 1.0, 7.0, 2.0])
    found = with_household(as_readings(frame))
    same(of(found, "household"), [5.0, 5.0, NAN, 5.0, 5.0])
    same(of(found, "other"), [4.0, NAN, NAN, 0.0, 3.0])


def test_what_a_device_did_not_measure_before_it_came_belongs_to_other() -> None:
    found = with_household(as_readings(readings(household=[5.0] * 4, tv=[NAN, 1.0, 1.0, NAN])))
    same(of(found, "other"), [5.0, 4.0, 4.0, 5.0])


@pytest.mark.parametrize("tv", [[4.99] * 4, [6.0] * 4])
def test_a_remainder_too_small_to_tell_is_no_device(tv: list[float]) -> None:
    found = with_household(as_readings(readings(household=[5.0] * 4, tv=tv)))
    assert set(found["device_id"]) == {"household", "tv"}


def test_a_home_that_names_its_other_keeps_it() -> None:
    frame = as_readings(readings(household=[5.0] * 3, tv=[1.0] * 3, other=[0.5] * 3))
    pd.testing.assert_frame_equal(with_household(frame), frame)


def test_a_household_meter_alone_is_left_as_it_is() -> None:
    frame = as_readings(readings(household=[5.0, NAN, 3.0]))
    pd.testing.assert_frame_equal(with_household(frame), frame)


def test_a_household_meter_that_never_counted_is_none() -> None:
    found = with_household(as_readings(readings(household=[NAN] * 3, tv=[1.0, 2.0, 3.0])))
    same(of(found, "household"), [1.0, 2.0, 3.0])


def test_homes_are_summed_apart() -> None:
    frame = pd.concat([readings("a", tv=[1.0, 2.0]), readings("b", tv=[4.0, 4.0], ac=[1.0, 1.0])])
    found = with_household(as_readings(frame))
    same(of(found, "household", "a"), [1.0, 2.0])
    same(of(found, "household", "b"), [5.0, 5.0])


@settings(max_examples=10)
@given(kwh=arrays.arrays(float, (3, 12), elements=st.floats(0, 100) | st.just(NAN)))
def test_wherever_all_devices_are_known_the_household_is_their_sum(kwh: np.ndarray) -> None:
    found = of(with_household(as_readings(readings(a=kwh[0], b=kwh[1], c=kwh[2]))), "household")
    whole = np.isfinite(kwh).all(axis=0)
    same(list(np.array(found)[whole]), list(kwh.sum(axis=0)[whole]))
    nothing = np.isnan(kwh).all(axis=0)
    assert np.isnan(np.array(found)[nothing]).all()


def test_a_device_begins_with_its_first_known_hour_on_complete_hours() -> None:
    frame = as_readings(readings(b=[NAN, NAN, 1.0, NAN, 2.0], a=[NAN] * 5, c=[3.0] * 5).drop(index=3))
    one, two = all_series(frame, Covariates())
    assert (one.device_id, two.device_id) == ("b", "c")  # a was never known
    assert list(one.energy.index) == list(hours(3, START + pd.Timedelta(hours=2)))
    same(one.energy.tolist(), [1.0, NAN, 2.0])


def test_a_model_may_look_at_a_year_before_its_origin_and_no_hour_more() -> None:
    device = series(np.arange(24.0 * 400))
    origin = START + pd.Timedelta(days=390)
    history = device.before(origin)
    assert history.index[-1] == origin - pd.Timedelta(hours=1)
    assert len(history) == 365 * 24
    assert history.iloc[-1] == 390 * 24 - 1
    young = device.before(START + pd.Timedelta(days=3))
    assert young.tolist() == list(np.arange(72.0))


def test_a_history_reaches_its_origin_though_the_device_fell_silent() -> None:
    history = series([1.0, 2.0]).before(START + pd.Timedelta(hours=5))
    same(history.tolist(), [1.0, 2.0, NAN, NAN, NAN])


def test_days_are_counted_by_their_known_hours() -> None:
    kwh = np.ones(24 * 400)
    kwh[24 * 390 : 24 * 395 : 2] = np.nan
    device = series(kwh)
    assert device.days_known(START + pd.Timedelta(days=10)) == 10
    assert device.days_known(START + pd.Timedelta(days=400)) == 365 - 2.5  # as far back as a model may look
    assert device.days_known(START + pd.Timedelta(days=400), within=10) == 10 - 2.5


@pytest.mark.parametrize(
    ("place", "fact"),
    [
        ({"timezone": "Mars"}, "'Mars' is not a time zone"),
        ({"country": "ZZ"}, "'ZZ' is not a country"),
        ({"weather": pd.DataFrame({"timestamp": hours(2), "temp": 1.0})}, "weather: no column outdoor_temp_celsius"),
        (
            {"weather": pd.DataFrame({"timestamp": ["x"], "outdoor_temp_celsius": 1.0})},
            "weather: row 1.*x is not a time",
        ),
        ({"weather": pd.DataFrame({"timestamp": [START] * 2, "outdoor_temp_celsius": 1.0})}, "row 2.*stands twice"),
        ({"weather": pd.DataFrame({"timestamp": hours(1), "outdoor_temp_celsius": "hot"})}, "hot is not a number"),
    ],
)
def test_covariates_that_cannot_be_are_refused(place: dict[str, object], fact: str) -> None:
    with pytest.raises(InputError, match=fact):
        series_of(readings(tv=[1.0, 2.0]), **place)


def test_weather_without_an_offset_is_utc() -> None:
    naive = pd.DataFrame({"timestamp": hours(2).tz_localize(None), "outdoor_temp_celsius": [1, 2]})
    found = series_of(readings(tv=[1.0, 2.0]), weather=naive)[0][0].covariates.weather
    assert list(found["timestamp"]) == list(hours(2))
    assert found["outdoor_temp_celsius"].dtype == float


@pytest.fixture(scope="module")
def of_events(tmp_path_factory: pytest.TempPathFactory) -> list[Series]:
    """Return the devices of two days of events: a kettle of 2 kW, used for 30 minutes at 7 o'clock, and a lamp."""
    folder = tmp_path_factory.mktemp("home")
    rows = [
        f"{name},{watt},2024-05-{day:02d} {hour:02d}:00,30,{watt / 2000},0.2,{hour >= 18},21.5"
        for day in (6, 7)
        for name, watt, hour in (("kettle", 2000, 7), ("lamp", 40, 20))
    ]
    columns = "device_id,power_rating_watt,timestamp,duration_minutes,power_consumption_kwh"
    content = "\n".join([f"{columns},tariff_rate,is_peak_tariff,indoor_temp_celsius", *rows])
    (folder / "events.csv").write_text(content, encoding="utf-8")
    (folder / "home.yaml").write_text("timezone: Europe/Madrid\ncountry: ES\n", encoding="utf-8")
    return series_of_home(load(folder))


def test_a_homes_devices_know_what_its_data_says(of_events: list[Series]) -> None:
    assert [one.device_id for one in of_events] == ["household", "kettle", "lamp"]
    household, kettle, _ = of_events
    assert {(one.covariates.timezone, one.covariates.country) for one in of_events} == {("Europe/Madrid", "ES")}
    assert kettle.covariates.nameplate == {"power_rating_watt": 2000.0}
    assert household.covariates.nameplate == {}
    assert household.covariates.minutes is None
    assert kettle.covariates.context["indoor_temp_celsius"].dropna().unique().tolist() == [21.5]
    assert household.energy.sum() == pytest.approx(2 * (1.0 + 0.02))


def test_an_hour_without_use_has_no_minutes_of_use(of_events: list[Series]) -> None:
    minutes = of_events[1].covariates.minutes
    local_hour = minutes.index.tz_convert("Europe/Madrid").hour
    np.testing.assert_array_equal(minutes, np.where(local_hour == 7, 30.0, 0.0))


def test_minutes_of_an_unknown_hour_are_unknown() -> None:
    used = pd.DataFrame({"timestamp": hours(1), "duration_minutes": [12.0]})
    same(_minutes_of_use(used, energy([0.2, 0.0, NAN, 0.1])).tolist(), [12.0, 0.0, NAN, NAN])
