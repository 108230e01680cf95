"""Readings of any length brought to hours: outages, overlaps, and an account in which no kilowatt-hour is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from influx.home import reconciliation, resample
from influx.home.time_grid import Hours

NONE = pd.Timedelta(0)
MONDAY = "2024-07-01"


def rows(*readings: tuple[str, float, float], quality: str = "measured", device: str = "m") -> pd.DataFrame:
    """Return readings, each a start in UTC, minutes and kWh."""
    starts, minutes, kwh = zip(*readings, strict=True)
    stamps = pd.DatetimeIndex(starts, tz="UTC").as_unit("us")
    frame = pd.DataFrame({"device_id": device, "timestamp": stamps, "minutes": minutes, "energy_kwh": kwh})
    return frame.assign(quality=quality, row=range(2, len(kwh) + 2))


def day(start: str, kwh: list[float]) -> pd.DataFrame:
    """Return a reading an hour from `start` on."""
    first = pd.Timestamp(start)
    return rows(*[(str(first + pd.Timedelta(hours=hour)), 60.0, value) for hour, value in enumerate(kwh)])


def to_hours(*files: pd.DataFrame, timezone: str = "UTC", least: float = 0.75) -> Hours:
    return resample.readings_to_hours(list(files), [f"file{n}" for n in range(len(files))], NONE, timezone, least)


def kwh_of(hours: Hours) -> dict[str, float]:
    frame = hours.frame
    return {f"{at:%d %H}": round(kwh, 9) for at, kwh in zip(frame["timestamp"], frame["energy_kwh"], strict=True)}


def assert_closes(hours: Hours, *files: pd.DataFrame) -> None:
    """Check that the energy of the files is that of the hours and of named corrections."""
    read = sum(file["energy_kwh"].sum() for file in files)
    corrected = sum(one.kwh for one in hours.corrections)
    assert hours.frame["energy_kwh"].sum() + corrected == pytest.approx(read, abs=1e-9)


def test_what_a_register_counted_in_an_outage_is_spread_by_the_usual_profile_and_keeps_its_sum() -> None:
    # Three Mondays to Fridays: 0.1 kWh an hour, and 0.9 kWh at 18:00; then an outage from 17:00 to 20:00.
    usual = day(MONDAY, ([0.1] * 18 + [0.9] + [0.1] * 5) * 5)
    bridge = rows(("2024-07-08 17:00", 180.0, 2.2), quality="estimated")
    hours = to_hours(pd.concat([usual, bridge], ignore_index=True))
    found = kwh_of(hours)
    assert [found[f"08 {hour}"] for hour in (17, 18, 19)] == [0.2, 1.8, 0.2]  # 2.2 kWh as 1 : 9 : 1
    last = hours.frame[hours.frame["timestamp"] >= pd.Timestamp("2024-07-08", tz="UTC")]
    assert set(last["quality"]) == {"estimated"}
    assert_closes(hours, usual, bridge)


def test_the_profile_goes_by_the_clock_of_the_home() -> None:
    usual = day("2024-06-30 22:00", ([0.1] * 18 + [0.9] + [0.1] * 5) * 5)  # 0.9 kWh at 18:00 in Madrid
    bridge = rows(("2024-07-08 15:00", 180.0, 2.2), quality="estimated")
    found = kwh_of(to_hours(pd.concat([usual, bridge], ignore_index=True), timezone="Europe/Madrid"))
    assert [found[f"08 {hour}"] for hour in (15, 16, 17)] == [0.2, 1.8, 0.2]


def test_an_outage_without_any_profile_is_spread_evenly() -> None:
    assert kwh_of(to_hours(rows((f"{MONDAY} 10:00", 120.0, 1.0), quality="estimated"))) == {"01 10": 0.5, "01 11": 0.5}


def test_an_outage_that_begins_within_an_hour_completes_it() -> None:
    file = pd.concat(
        [
            rows((f"{MONDAY} 10:00", 30.0, 0.5), (f"{MONDAY} 12:30", 30.0, 0.5)),
            rows((f"{MONDAY} 10:30", 120.0, 2.0), quality="estimated"),
        ],
        ignore_index=True,
    )
    assert kwh_of(to_hours(file)) == {"01 10": 1.0, "01 11": 1.0, "01 12": 1.0}


def test_what_another_file_measured_goes_before_what_was_spread() -> None:
    bridge, measured = rows((f"{MONDAY} 10:00", 120.0, 2.0), quality="estimated"), day(f"{MONDAY} 11:00", [0.25])
    for files in ((bridge, measured), (measured, bridge)):
        hours = to_hours(*files)
        assert kwh_of(hours) == {"01 10": 1.0, "01 11": 0.25}
        assert [(one.correction, one.kwh) for one in hours.corrections] == [(reconciliation.MEASURED, 1.0)]
        assert_closes(hours, *files)


def test_a_quiet_register_is_known_to_be_quiet() -> None:
    hours = to_hours(rows((f"{MONDAY} 10:00", 300.0, 0.0)))
    assert kwh_of(hours) == {f"01 {hour}": 0.0 for hour in range(10, 15)}
    assert set(hours.frame["quality"]) == {"measured"}


def test_readings_of_two_lengths_in_one_file_never_count_twice() -> None:
    file = rows((f"{MONDAY} 10:00", 60.0, 1.0), *[(f"{MONDAY} 10:{minute}", 15.0, 0.2) for minute in (15, 30, 45)])
    hours = to_hours(file)
    assert kwh_of(hours) == {"01 10": 0.8}  # the three later rows, scaled up
    assert {one.correction: one.kwh for one in hours.corrections} == {
        reconciliation.OVERLAP: 1.0,
        reconciliation.SCALED: pytest.approx(-0.2),
    }
    assert_closes(hours, file)


def test_how_much_of_an_hour_must_be_known_is_said() -> None:
    half = rows((f"{MONDAY} 10:00", 30.0, 0.5))
    assert kwh_of(to_hours(half)) == {}
    assert [(one.correction, one.kwh) for one in to_hours(half).corrections] == [(reconciliation.SPARSE, 0.5)]
    assert kwh_of(to_hours(half, least=0.5)) == {"01 10": 1.0}
    assert_closes(to_hours(half, least=0.5), half)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 60 * 24),
                st.sampled_from([1.0, 7.5, 15.0, 30.0, 60.0, 200.0]),
                st.floats(0, 5),
                st.booleans(),
            ),
            min_size=1,
            max_size=30,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_the_account_closes_for_any_readings(files: list[list[tuple[int, float, float, bool]]]) -> None:
    frames = []
    for readings in files:
        stamps = pd.Timestamp(MONDAY, tz="UTC") + pd.to_timedelta([at for at, *_ in readings], unit="min")
        _, minutes, kwh, guess = (np.array(column) for column in zip(*readings, strict=True))
        quality = np.where(guess, "estimated", "measured")
        columns = {"device_id": "m", "timestamp": stamps.as_unit("us"), "minutes": minutes, "energy_kwh": kwh}
        frames.append(pd.DataFrame(columns).assign(quality=quality, row=range(2, len(kwh) + 2)))
    hours = to_hours(*frames)
    assert_closes(hours, *frames)
    assert not hours.frame["timestamp"].duplicated().any()
    assert (hours.frame["energy_kwh"] >= 0).all()
