"""What may be handed over as readings, and what is refused: with the row, the column and what to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_readings import START, hours, readings

from influx.core.errors import InputError
from influx.core.schema import FORECAST, METRICS, READINGS, as_readings, check


def three(**columns: object) -> pd.DataFrame:
    return readings(tv=[0.1, 0.2, np.nan]).assign(**columns)


def test_the_least_frame_becomes_readings() -> None:
    given_frame = three().drop(columns="home_id").iloc[::-1]
    found = as_readings(given_frame)
    assert list(found.columns) == list(READINGS.columns)
    assert list(found["home_id"]) == ["home"] * 3
    assert list(found["timestamp"]) == list(hours(3))
    assert found["timestamp"].dtype == "datetime64[us, UTC]"
    assert found["energy_kwh"].tolist()[:2] == [0.1, 0.2]
    assert list(found["quality"]) == ["measured", "measured", "missing"]


@pytest.mark.parametrize(
    "times",
    [
        ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00"],
        ["2024-01-01T00:00Z", "2024-01-01T02:00+01:00", "2023-12-31T21:00-05:00"],
        hours(3).tz_localize(None),
        hours(3).tz_convert("Asia/Tokyo"),
        list(hours(3).to_pydatetime()),
    ],
)
def test_stamps_without_an_offset_are_utc(times: object) -> None:
    assert list(as_readings(three(timestamp=times))["timestamp"]) == list(hours(3))


def test_names_and_numbers_of_other_types_are_understood() -> None:
    found = as_readings(
        three(device_id=7, home_id=pd.Categorical(["a"] * 3), energy_kwh=pd.array([1, None, 2], "Int64"))
    )
    assert found["device_id"].unique().tolist() == ["7"]
    assert found["home_id"].unique().tolist() == ["a"]
    np.testing.assert_array_equal(found["energy_kwh"], [1.0, np.nan, 2.0])


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"energy_kwh": [0.1, -0.2, 0.3]}, "row 2, column energy_kwh: -0.2 is no energy"),
        ({"energy_kwh": [0.1, 0.2, np.inf]}, "row 3, column energy_kwh: inf is no energy"),
        ({"energy_kwh": ["0.1", "?", "0.3"]}, r"row 2, column energy_kwh: \? is not a number"),
        ({"timestamp": ["2024-01-01", "yesterday", "2024-01-02"]}, "row 2, column timestamp: yesterday is not a time"),
        ({"timestamp": [*hours(2), pd.NaT]}, "row 3, column timestamp: NaT is not a time"),
        ({"timestamp": [0, 3600, 7200]}, "row 1, column timestamp: 0 is not a time"),
        ({"timestamp": START}, "row 2, column timestamp: .* stands twice"),
        ({"device_id": ["tv", None, "tv"]}, "row 2, column device_id: .* is not a name"),
        ({"home_id": ["a", "a", np.nan]}, "row 3, column home_id: nan is not a name"),
        ({"quality": "guessed"}, "quality.*guessed"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_row(columns: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        as_readings(three(**columns))


def steps(freq: str, start: object = START) -> pd.DataFrame:
    return pd.DataFrame({"device_id": "tv", "timestamp": pd.date_range(start, periods=9, freq=freq), "energy_kwh": 0.1})


SEVEN_PAST, HALF_PAST = (START + pd.Timedelta(minutes=minutes) for minutes in (7, 30))


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (
            three().rename(columns={"energy_kwh": "kwh"}),
            "no column energy_kwh; there are home_id, device_id, timestamp, kwh",
        ),
        (three().iloc[:0], "no rows"),
        (pd.concat([three(), three()]), r"row 4, column timestamp: .* stands twice for its device"),
        *((steps(freq), r"tv at 2024-01-01 0\d:\d\d:00: not a reading of a whole hour") for freq in ("15min", "45min")),
        # zones differ by quarters of an hour, so a stamp at seven past is no start of an hour anywhere
        (readings(start=SEVEN_PAST, tv=[0.1, 0.2]), "tv at 2024-01-01 00:07:00: not a reading of a whole hour"),
        (pd.concat([three(), readings(fridge=[1.0, 1.0], start=HALF_PAST)]), "not a reading of a whole hour"),
        (steps("2h"), "those of tv are 2 hours apart"),
        (steps("D"), "those of tv are 24 hours apart"),
    ],
)
def test_what_are_no_readings_of_hours_is_refused(frame: pd.DataFrame, words: str) -> None:
    with pytest.raises(InputError, match=words):
        as_readings(frame)


def test_homes_may_begin_their_hours_at_the_minutes_of_their_zones() -> None:
    indian = readings("delhi", START + pd.Timedelta(minutes=30), tv=[0.1, 0.2, 0.3])
    found = as_readings(pd.concat([indian, readings("madrid", tv=[0.4, 0.5, 0.6])]))
    assert found["energy_kwh"].tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


def test_a_device_with_gaps_keeps_its_hours() -> None:
    gaps = readings(tv=np.arange(12.0)).drop(index=[2, 3, 4, 8])
    assert as_readings(gaps)["energy_kwh"].tolist() == [0.0, 1.0, 5.0, 6.0, 7.0, 9.0, 10.0, 11.0]


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    frame = pd.concat([readings("b", tv=[1.0, 2.0], ac=[3.0, 4.0]), readings("a", tv=[5.0, np.nan])])
    shuffled = frame.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(as_readings(shuffled), as_readings(frame))


def test_a_negative_forecast_is_never_published() -> None:
    row = {"home_id": "a", "device_id": "b", "timestamp": START, "energy_kwh": 1.0, "p10": 0.0, "model": "m"}
    good = pd.DataFrame([row])
    assert len(check(good, FORECAST)) == 1
    for column in ("energy_kwh", "p10"):
        for wrong in (-0.1, np.nan):
            with pytest.raises(InputError, match=f"forecast: .*{column}"):
                check(good.assign(**{column: wrong}), FORECAST)


def test_metrics_without_rows_keep_their_columns_and_types() -> None:
    empty = check(pd.DataFrame(columns=list(METRICS.columns)), METRICS)
    assert empty["mae"].dtype == float
    assert len(empty) == 0
