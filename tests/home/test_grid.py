"""Energy by hour: from events, from readings of any step, and from files that overlap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx.core.errors import InputError
from influx.core.settings import Device, Settings
from influx.home import events, resample, time_grid

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "smart_home_energy_sample.csv"
HALF = pd.Timedelta(minutes=30)
NONE = pd.Timedelta(0)


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def spread(*events: tuple[str, float, float], shift: pd.Timedelta = NONE) -> dict[str, float]:
    """Spread the events (start in UTC, minutes, kWh) of one device: return its energy by time."""
    starts, minutes, kwh = zip(*events, strict=True)
    start = pd.DatetimeIndex(list(starts)).tz_localize("UTC")
    out = time_grid.spread_events(start, np.array(minutes), np.array(kwh), np.array(["tv"] * len(kwh)), shift)
    return {f"{stamp:%d %H:%M}": energy for stamp, energy in zip(out["timestamp"], out["energy_kwh"], strict=True)}


# --- events to hours --------------------------------------------------------------------------------------------------


def test_an_event_is_shared_out_by_the_minutes_in_each_hour() -> None:
    # 23:30 to 01:45 is 30 + 60 + 45 of 135 minutes
    assert spread(("2024-07-01 23:30", 135, 2.7)) == pytest.approx({"01 23:00": 0.6, "02 00:00": 1.2, "02 01:00": 0.9})


def test_an_event_that_ends_with_its_hour_stays_in_it() -> None:
    assert spread(("2024-07-01 10:30", 30, 1.0)) == {"01 10:00": 1.0}


def test_events_at_the_same_time_add_up_and_use_no_more_than_the_hour() -> None:
    out = time_grid.spread_events(
        pd.DatetimeIndex(["2024-07-01 10:00", "2024-07-01 10:30"]).tz_localize("UTC"),
        np.array([60, 45]),
        np.array([1.0, 0.9]),
        np.array(["tv", "tv"]),
    )
    assert list(out["energy_kwh"]) == pytest.approx([1.6, 0.3])
    assert list(out["duration_minutes"]) == [60, 15]


def test_an_event_over_the_doubled_hour_flows_on_in_utc() -> None:
    # Madrid, 27 October: 1:30 summer time for three hours is 23:30 to 2:30 UTC, and the clock shows 2:00 twice
    assert spread(("2024-10-26 23:30", 180, 3.0)) == pytest.approx(
        {"26 23:00": 0.5, "27 00:00": 1.0, "27 01:00": 1.0, "27 02:00": 0.5}
    )


def test_hours_begin_with_the_clock_of_the_home() -> None:
    shift = time_grid.phase("Asia/Kolkata", utc("2024-07-01"))
    assert shift == HALF
    # 10:50 to 11:10 in India is 5:20 to 5:40 UTC; its hours begin at 4:30 and 5:30 UTC
    assert spread(("2024-07-01 05:20", 20, 1.0), shift=shift) == pytest.approx({"01 04:30": 0.5, "01 05:30": 0.5})
    assert time_grid.phase("Asia/Kathmandu", utc("2024-07-01")) == pd.Timedelta(minutes=15)
    assert time_grid.phase("America/St_Johns", utc("2024-07-01")) == HALF
    assert time_grid.phase("Europe/Madrid", utc("2024-07-01")) == NONE


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 3_000_000),
        st.floats(1e-6, 10_080),
        st.floats(0, 50),
    ),
    min_size=1,
    max_size=30,
)


@given(EVENTS, st.sampled_from([0, 15, 30, 45]))
def test_no_energy_is_lost_or_made(events: list[tuple[str, int, float, float]], shift: int) -> None:
    device, second, minutes, kwh = (np.array(values) for values in zip(*events, strict=True))
    start = utc("2024-03-01") + pd.to_timedelta(second, unit="s")
    out = time_grid.spread_events(pd.DatetimeIndex(start), minutes, kwh, device, pd.Timedelta(minutes=shift))
    for name in set(device):
        assert out.loc[out["device_id"] == name, "energy_kwh"].sum() == pytest.approx(
            kwh[device == name].sum(), abs=1e-9
        )
    assert (out["energy_kwh"] >= 0).all()
    assert out["duration_minutes"].between(0, 60).all()
    assert not out.duplicated(["device_id", "timestamp"]).any()
    assert set(out["timestamp"].dt.minute) == {shift}


@pytest.mark.skipif(not SAMPLE.exists(), reason="the shared sample of 220 events is not here")
def test_the_220_events_keep_their_energy() -> None:
    events = pd.read_csv(SAMPLE, parse_dates=["timestamp"])
    out = time_grid.spread_events(
        pd.DatetimeIndex(events["timestamp"]).tz_localize("UTC"),
        events["duration_minutes"].to_numpy(),
        events["power_consumption_kwh"].to_numpy(),
        events["device_id"].to_numpy(),
    )
    own = events.groupby("device_id")["power_consumption_kwh"].sum()
    assert (out.groupby("device_id")["energy_kwh"].sum() - own).abs().max() < 1e-9
    assert own.sum() == pytest.approx(49.618)


# --- hours of use and hours without -----------------------------------------------------------------------------------


def uses(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["device_id", "timestamp", "duration_minutes", "power_consumption_kwh"])
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"], utc=True).dt.as_unit("us"))


def to_hours(
    *files: pd.DataFrame, settings: Settings | None = None, cut: str | None = None
) -> tuple[time_grid.Hours, pd.DataFrame, pd.DataFrame]:
    names = [f"file{number}" for number in range(len(files))]
    moment = None if cut is None else utc(cut)
    return events.events_to_hours(list(files), names, settings or Settings(), NONE, moment)


def of(hours: time_grid.Hours, device: str) -> dict[str, float]:
    own = hours.frame[hours.frame["device_id"] == device]
    return {f"{stamp:%d %H}": kwh for stamp, kwh in zip(own["timestamp"], own["energy_kwh"], strict=True)}


def test_an_hour_of_the_span_without_an_event_is_zero() -> None:
    hours, minutes, _ = to_hours(uses(("a", "2024-07-01 10:30", 10, 1.0), ("b", "2024-07-01 12:50", 20, 0.5)))
    assert of(hours, "a") == {"01 10": 1.0, "01 11": 0.0, "01 12": 0.0, "01 13": 0.0}
    assert of(hours, "b") == pytest.approx({"01 10": 0.0, "01 11": 0.0, "01 12": 0.25, "01 13": 0.25})
    assert set(hours.frame["quality"]) == {"measured"}
    assert list(minutes["duration_minutes"]) == [10, 10, 10]


def test_before_since_and_after_until_nothing_is_known() -> None:
    # New York is four hours behind: its 2 July begins at 4:00 UTC
    settings = Settings(
        timezone="America/New_York", devices={"b": Device(since="2024-07-02"), "c": Device(until="2024-07-01")}
    )
    file = uses(
        ("a", "2024-07-02 02:00", 240, 1.0), ("b", "2024-07-02 05:30", 30, 1.0), ("c", "2024-07-02 02:30", 30, 1.0)
    )
    hours, _, _ = to_hours(file, settings=settings)
    assert list(of(hours, "a")) == ["02 02", "02 03", "02 04", "02 05"]
    assert of(hours, "b") == {"02 04": 0.0, "02 05": 1.0}
    assert of(hours, "c") == {"02 02": 1.0, "02 03": 0.0}


def test_use_outside_since_and_until_is_kept_and_told() -> None:
    settings = Settings(devices={"a": Device(since="2024-07-02")})
    hours, _, _ = to_hours(
        uses(("a", "2024-07-01 22:00", 60, 1.0), ("a", "2024-07-02 01:00", 60, 1.0)), settings=settings
    )
    assert of(hours, "a") == {"01 22": 1.0, "02 00": 0.0, "02 01": 1.0}
    assert any("1 hours of use outside" in note for note in hours.notes)


def test_the_same_event_in_two_files_counts_once_and_the_newer_one_wins() -> None:
    old = uses(("a", "2024-07-01 10:00", 60, 1.0), ("a", "2024-07-01 11:00", 60, 1.0))
    new = uses(("a", "2024-07-01 11:00", 60, 3.0), ("a", "2024-07-01 12:00", 60, 1.0))
    hours, _, events = to_hours(old, new)
    assert of(hours, "a") == {"01 10": 1.0, "01 11": 3.0, "01 12": 1.0}
    assert hours.overlaps == [1, 0]
    assert hours.notes == ["file0: 1 events stand in a newer file too, which counts."]
    assert hours.kwh_used == [1.0, 4.0]
    assert len(events) == 3


def test_an_event_that_stands_twice_in_a_file_counts_once_but_two_uses_at_once_add() -> None:
    row = ("a", "2024-07-01 10:00", 60.0, 1.0)
    hours, _, _ = to_hours(uses(row, row, ("a", "2024-07-01 10:00", 30, 0.5)))
    assert of(hours, "a") == {"01 10": 1.5}
    assert hours.overlaps == [1]
    assert any("1 events stand twice" in note for note in hours.notes)


def test_a_night_between_two_files_is_without_use_but_a_month_is_unknown() -> None:
    june = uses(("a", "2024-06-01 20:00", 60, 1.0))
    next_day = uses(("a", "2024-06-02 06:00", 60, 1.0))
    july = uses(("a", "2024-07-01 06:00", 60, 1.0))
    hours, _, _ = to_hours(june, next_day, july)
    assert len(hours.frame) == 11 + 1
    assert any("2024-06-02 07:00 to 2024-07-01 06:00" in note and "unknown" in note for note in hours.notes)


def test_a_long_quiet_time_inside_a_file_is_told() -> None:
    hours, _, _ = to_hours(uses(("a", "2024-06-01 20:00", 60, 1.0), ("a", "2024-06-20 06:00", 60, 1.0)))
    assert any("no event at all from 2024-06-01 21:00 to 2024-06-20 06:00" in note for note in hours.notes)


def test_what_a_use_spends_after_the_cut_is_left_out_and_told() -> None:
    hours, minutes, _ = to_hours(uses(("a", "2024-07-01 10:30", 120, 4.0)), cut="2024-07-01 12:00")
    assert of(hours, "a") == {"01 10": 1.0, "01 11": 2.0}
    assert hours.kwh_used == [3.0]
    assert minutes["duration_minutes"].sum() == 90
    assert any("1 kWh lie after it" in note for note in hours.notes)


def test_a_cut_within_the_first_hour_leaves_nothing() -> None:
    hours, _, _ = to_hours(uses(("a", "2024-07-01 10:05", 10, 1.0)), cut="2024-07-01 10:00")
    assert hours.frame.empty
    assert hours.kwh_used == [0.0]


# --- readings to hours ------------------------------------------------------------------------------------------------


def readings(
    start: str,
    minutes: float,
    kwh: list[float],
    device: str = "m",
    quality: str = "measured",
    step: float | None = None,
) -> pd.DataFrame:
    stamps = utc(start) + pd.to_timedelta(np.arange(len(kwh)) * (step or minutes), unit="min")
    columns = {"device_id": device, "timestamp": stamps.as_unit("us"), "minutes": float(minutes), "energy_kwh": kwh}
    return pd.DataFrame(columns).assign(quality=quality, row=range(2, len(kwh) + 2))


def by_hour(*files: pd.DataFrame, shift: pd.Timedelta = NONE) -> tuple[dict[str, tuple[float, str]], time_grid.Hours]:
    hours = resample.readings_to_hours(list(files), [f"file{number}" for number in range(len(files))], shift)
    frame = hours.frame
    rows = zip(frame["timestamp"], frame["energy_kwh"], frame["quality"], strict=True)
    return {f"{stamp:%H:%M}": (round(kwh, 12), quality) for stamp, kwh, quality in rows}, hours


def test_hourly_readings_stay_as_they_are_and_a_gap_is_no_zero() -> None:
    rows, hours = by_hour(readings("2024-07-01 10:00", 60, [0.1, np.nan, 0.3]))
    assert rows == {"10:00": (0.1, "measured"), "12:00": (0.3, "measured")}
    grid_ = time_grid.complete(hours.frame)
    assert list(grid_["quality"]) == ["measured", "missing", "measured"]
    assert np.isnan(grid_["energy_kwh"][1])


def test_half_hours_add_up() -> None:
    rows, _ = by_hour(readings("2024-07-01 10:00", 30, [0.1, 0.2, 0.3, 0.4]))
    assert rows == {"10:00": (0.3, "measured"), "11:00": (0.7, "measured")}


def test_three_quarters_of_an_hour_are_scaled_and_less_is_unknown() -> None:
    kwh = [0.1, 0.1, 0.1, np.nan, 0.1, np.nan, 0.1, np.nan, 0.1, 0.1, 0.1, 0.1]
    rows, hours = by_hour(readings("2024-07-01 10:00", 15, kwh))
    assert rows == {"10:00": (0.4, "estimated"), "12:00": (0.4, "measured")}
    assert any("1 device-hours lack some" in note for note in hours.notes)
    assert any("1 device-hours hold less" in note and "0.2 kWh" in note for note in hours.notes)
    assert hours.kwh_used == [pytest.approx(0.7)]


def test_an_estimated_reading_makes_an_estimated_hour() -> None:
    good, guess = readings("2024-07-01 10:00", 30, [1.0]), readings("2024-07-01 10:30", 30, [1.0], quality="estimated")
    assert by_hour(pd.concat([good, guess]))[0] == {"10:00": (2.0, "estimated")}


def test_readings_across_the_hours_of_the_home_are_shared_out_as_estimates() -> None:
    # hourly at full UTC hours, in India, where hours begin at half past
    rows, _ = by_hour(readings("2024-07-01 10:00", 60, [1.0, 3.0]), shift=HALF)
    assert rows == {"10:30": (2.0, "estimated")}


def test_a_logger_some_seconds_late_still_measures_its_hour() -> None:
    assert by_hour(readings("2024-07-01 10:00:04", 60, [1.0, 2.0]))[0] == {
        "10:00": (1.0, "measured"),
        "11:00": (2.0, "measured"),
    }


def test_the_newer_file_wins_where_files_overlap() -> None:
    old, new = readings("2024-07-01 10:00", 60, [1.0, 2.0, 3.0]), readings("2024-07-01 11:00", 60, [5.0, np.nan, 7.0])
    rows, hours = by_hour(old, new)
    assert [kwh for kwh, _ in rows.values()] == [1.0, 5.0, 3.0, 7.0]
    assert hours.overlaps == [1, 0]
    assert hours.notes == ["file0: 1 device-hours stand in a newer file too, which counts."]
    assert hours.kwh_used == [4.0, 12.0]


def test_files_of_other_steps_never_add_up_for_the_same_hour() -> None:
    hourly, quarters = readings("2024-07-01 10:00", 60, [1.0]), readings("2024-07-01 10:00", 15, [0.2] * 4)
    assert by_hour(hourly, quarters)[0] == {"10:00": (0.8, "measured")}
    assert by_hour(quarters, hourly)[0] == {"10:00": (1.0, "measured")}


def test_an_hour_cut_between_two_files_is_put_together() -> None:
    rows, hours = by_hour(readings("2024-07-01 10:00", 30, [0.5]), readings("2024-07-01 10:30", 30, [0.25]))
    assert rows == {"10:00": (0.75, "measured")}
    assert hours.overlaps == [0, 0]


def test_a_newer_file_with_too_little_of_an_hour_does_not_win() -> None:
    rows, hours = by_hour(readings("2024-07-01 10:00", 60, [1.0]), readings("2024-07-01 10:30", 30, [9.0]))
    assert rows == {"10:00": (1.0, "measured")}
    assert hours.overlaps == [0, 1]


def test_of_a_reading_that_stands_twice_in_a_file_the_later_row_counts() -> None:
    same, other = readings("2024-07-01 10:00", 60, [1.0, 1.0], step=1e-9), readings("2024-07-01 11:00", 60, [1.0])
    rows, hours = by_hour(pd.concat([same, other, other.assign(energy_kwh=2.0)], ignore_index=True))
    assert rows == {"10:00": (1.0, "measured"), "11:00": (2.0, "measured")}
    assert hours.overlaps == [2]
    assert [note for note in hours.notes if "1 readings stand twice with different energy" in note]


@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=60), st.sampled_from([1, 5, 7, 15, 30, 45, 60]), st.integers(0, 59)
)
def test_whole_hours_hold_the_energy_of_their_readings(kwh: list[float], minutes: int, late: int) -> None:
    frame = readings(f"2024-07-01 10:{late:02}", minutes, kwh)
    hours = resample.readings_to_hours([frame], ["f"], NONE)
    ends = frame["timestamp"] + pd.Timedelta(minutes=minutes)
    for stamp, energy in zip(hours.frame["timestamp"], hours.frame["energy_kwh"], strict=True):
        inside = (ends.clip(upper=stamp + 2 * HALF) - frame["timestamp"].clip(lower=stamp)) / pd.Timedelta(
            minutes=minutes
        )
        known = inside.clip(lower=0) * minutes / 60
        assert energy == pytest.approx((inside.clip(lower=0) * frame["energy_kwh"]).sum() / known.sum(), abs=1e-9)
        assert known.sum() >= 0.75 - 1e-9


# --- the complete grid ------------------------------------------------------------------------------------------------


def test_all_devices_stand_at_all_hours_of_the_span() -> None:
    hours = pd.DataFrame(
        {
            "device_id": ["b", "a"],
            "timestamp": [utc("2024-07-01 10:30"), utc("2024-07-01 12:30")],
            "energy_kwh": [1.0, 2.0],
            "quality": ["measured", "estimated"],
        }
    )
    out = time_grid.complete(hours)
    assert list(out["device_id"]) == ["a"] * 3 + ["b"] * 3
    np.testing.assert_array_equal(out["energy_kwh"], [np.nan, np.nan, 2, 1, np.nan, np.nan])
    assert list(out["quality"][:3]) == ["missing", "missing", "estimated"]
    assert str(out["timestamp"].dtype) == "datetime64[us, UTC]"


def test_an_absurd_number_of_devices_is_an_error() -> None:
    stamps = pd.date_range("2000-01-01", periods=2000, freq="30D", tz="UTC")
    hours = pd.DataFrame({"device_id": [f"d{n}" for n in range(2000)], "timestamp": stamps, "energy_kwh": 1.0})
    with pytest.raises(InputError, match="2000 devices"):
        time_grid.complete(hours.assign(quality="measured"))
