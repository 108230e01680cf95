"""Energy by hour, from events, from readings of any step and from files that overlap: no kilowatt-hour is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from influx.core.errors import InputError
from influx.core.settings import Device, Settings
from influx.home import audit as names
from influx.home.audit import Audit
from influx.home.events import events_to_hours, spread_events
from influx.home.hours import complete
from influx.home.resample import readings_to_hours

HALF = pd.Timedelta(minutes=30)
NONE = pd.Timedelta(0)
MONDAY = "2024-07-01"


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def uses(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    """Return events: a device, its start in UTC, minutes and kWh each."""
    frame = pd.DataFrame(list(rows), columns=["device_id", "timestamp", "duration_minutes", "power_consumption_kwh"])
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"], utc=True).dt.as_unit("us"))


def by_name(files: tuple[pd.DataFrame, ...]) -> dict[str, pd.DataFrame]:
    return {f"file{number}": file for number, file in enumerate(files)}


def kwh_of(hours: pd.DataFrame, device: str | None = None) -> dict[str, float]:
    """Return the energy of a device by day and hour."""
    rows = hours if device is None else hours[hours["device_id"] == device]
    return {f"{at:%d %H:%M}": round(kwh, 12) for at, kwh in zip(rows["timestamp"], rows["energy_kwh"], strict=True)}


# --- events to hours --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "shift", "hours"),
    [
        # 23:30 to 01:45 is 30 + 60 + 45 of 135 minutes
        (("2024-07-01 23:30", 135, 2.7), 0, {"01 23:00": 0.6, "02 00:00": 1.2, "02 01:00": 0.9}),
        (("2024-07-01 10:30", 30, 1.0), 0, {"01 10:00": 1.0}),  # ends with its hour
        # Madrid, 27 October: 1:30 summer time for three hours; the clock shows 2:00 twice, and time flows on in UTC
        (("2024-10-26 23:30", 180, 3.0), 0, {"26 23:00": 0.5, "27 00:00": 1.0, "27 01:00": 1.0, "27 02:00": 0.5}),
        # 10:50 to 11:10 in India is 5:20 to 5:40 UTC; its hours begin at 4:30 and 5:30 UTC
        (("2024-07-01 05:20", 20, 1.0), 30, {"01 04:30": 0.5, "01 05:30": 0.5}),
    ],
)
def test_an_event_is_shared_out_by_the_minutes_in_each_hour(
    event: tuple[str, float, float], shift: int, hours: dict[str, float]
) -> None:
    assert kwh_of(spread_events(uses(("tv", *event)), pd.Timedelta(minutes=shift))) == pytest.approx(hours)


def test_events_at_the_same_time_add_up_and_use_no_more_than_the_hour() -> None:
    out = spread_events(uses(("tv", "2024-07-01 10:00", 60, 1.0), ("tv", "2024-07-01 10:30", 45, 0.9)), NONE)
    assert list(out["energy_kwh"]) == pytest.approx([1.6, 0.3])
    assert list(out["duration_minutes"]) == [60, 15]


EVENTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3_000_000), st.floats(1e-6, 10_080), st.floats(0, 50)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=30)
@given(EVENTS, st.sampled_from([0, 15, 30, 45]))
def test_no_energy_is_lost_or_made(events: list[tuple[str, int, float, float]], shift: int) -> None:
    start = utc("2024-03-01")
    frame = uses(*((name, str(start + pd.Timedelta(seconds=second)), *rest) for name, second, *rest in events))
    out = spread_events(frame, pd.Timedelta(minutes=shift))
    sums = out.groupby("device_id")["energy_kwh"].sum()
    assert dict(sums) == pytest.approx(dict(frame.groupby("device_id")["power_consumption_kwh"].sum()), abs=1e-9)
    assert (out["energy_kwh"] >= 0).all()
    assert out["duration_minutes"].between(0, 60).all()
    assert not out.duplicated(["device_id", "timestamp"]).any()
    assert set(out["timestamp"].dt.minute) == {shift}


# --- hours of use and hours without -----------------------------------------------------------------------------------


def of_events(
    *files: pd.DataFrame, settings: Settings | None = None, cut: str | None = None
) -> tuple[pd.DataFrame, Audit, pd.DataFrame]:
    audit = Audit()
    moment = None if cut is None else utc(cut)
    hours, minutes, _ = events_to_hours(by_name(files), settings or Settings(), NONE, moment, audit)
    return hours, audit, minutes


def test_an_hour_of_the_span_without_an_event_is_zero() -> None:
    file = uses(("a", "2024-07-01 10:30", 10, 1.0), ("b", "2024-07-01 12:50", 20, 0.5))
    hours, _, minutes = of_events(file)
    assert kwh_of(hours, "a") == {"01 10:00": 1.0, "01 11:00": 0.0, "01 12:00": 0.0, "01 13:00": 0.0}
    assert kwh_of(hours, "b") == pytest.approx({"01 10:00": 0, "01 11:00": 0, "01 12:00": 0.25, "01 13:00": 0.25})
    assert set(hours["quality"]) == {"measured"}
    assert list(minutes["duration_minutes"]) == [10, 10, 10]


def test_before_since_and_after_until_nothing_is_known() -> None:
    # New York is four hours behind: its 2 July begins at 4:00 UTC
    devices = {"b": Device(since="2024-07-02"), "c": Device(until="2024-07-01"), "d": Device(since="2024-07-02")}
    file = uses(
        ("a", "2024-07-02 02:00", 240, 1.0),
        ("b", "2024-07-02 05:30", 30, 1.0),
        ("c", "2024-07-02 02:30", 30, 1.0),
        ("d", "2024-07-02 02:30", 30, 1.0),
    )
    hours, audit, _ = of_events(file, settings=Settings(timezone="America/New_York", devices=devices))
    assert list(kwh_of(hours, "a")) == ["02 02:00", "02 03:00", "02 04:00", "02 05:00"]
    assert kwh_of(hours, "b") == {"02 04:00": 0.0, "02 05:00": 1.0}
    assert kwh_of(hours, "c") == {"02 02:00": 1.0, "02 03:00": 0.0}
    assert kwh_of(hours, "d") == {"02 02:00": 1.0, "02 04:00": 0.0, "02 05:00": 0.0}  # use before `since` is kept
    assert [note for note in audit.notes if "d has 1 hours of use outside" in note]


def test_the_same_event_in_two_files_counts_once_and_the_newer_one_wins() -> None:
    old = uses(("a", "2024-07-01 10:00", 60, 1.0), ("a", "2024-07-01 11:00", 60, 1.0))
    new = uses(("a", "2024-07-01 11:00", 60, 3.0), ("a", "2024-07-01 12:00", 60, 1.0))
    hours, audit, _ = of_events(old, new)
    assert list(kwh_of(hours).values()) == [1.0, 3.0, 1.0]
    assert (audit.overlaps, audit.kwh_used) == ({"file0": 1}, {"file0": 1.0, "file1": 4.0})
    assert audit.notes == ["file0: 1 events stand in a newer file too, which counts."]


def test_an_event_that_stands_twice_in_a_file_counts_once_but_two_uses_at_once_add() -> None:
    row = ("a", "2024-07-01 10:00", 60.0, 1.0)
    hours, audit, _ = of_events(uses(row, row, ("a", "2024-07-01 10:00", 30, 0.5)))
    assert kwh_of(hours) == {"01 10:00": 1.5}
    assert audit.overlaps == {"file0": 1}
    assert "file0: 1 events stand twice" in audit.notes[0]


def test_a_night_between_two_files_is_without_use_but_a_month_is_unknown_and_a_quiet_fortnight_is_noted() -> None:
    june, next_day = uses(("a", "2024-06-01 20:00", 60, 1.0)), uses(("a", "2024-06-02 06:00", 60, 1.0))
    july = uses(("a", "2024-07-01 06:00", 60, 1.0))
    hours, audit, _ = of_events(june, next_day, july)
    assert len(hours) == 11 + 1
    assert "2024-06-02 07:00 to 2024-07-01 06:00 (UTC): use is unknown" in audit.notes[0]
    audit = of_events(uses(("a", "2024-06-01 20:00", 60, 1.0), ("a", "2024-06-20 06:00", 60, 1.0)))[1]
    assert "no event at all from 2024-06-01 21:00 to 2024-06-20 06:00" in audit.notes[0]


def test_what_a_use_spends_after_the_cut_is_left_out() -> None:
    hours, audit, minutes = of_events(uses(("a", "2024-07-01 10:30", 120, 4.0)), cut="2024-07-01 12:00")
    assert kwh_of(hours) == {"01 10:00": 1.0, "01 11:00": 2.0}
    assert audit.kwh_used == {"file0": 3.0}
    assert minutes["duration_minutes"].sum() == 90
    assert "1 kWh lie after it" in audit.notes[0]
    hours, audit, _ = of_events(uses(("a", "2024-07-01 10:05", 10, 1.0)), cut="2024-07-01 10:00")
    assert hours.empty
    assert audit.kwh_used == {"file0": 0.0}


# --- readings to hours ------------------------------------------------------------------------------------------------


def rows(*readings: tuple[str, float, float], quality: str = "measured") -> pd.DataFrame:
    """Return readings, each a start in UTC, minutes and kWh."""
    starts, minutes, kwh = zip(*readings, strict=True)
    stamps = pd.DatetimeIndex(starts, tz="UTC").as_unit("us")
    frame = pd.DataFrame({"device_id": "m", "timestamp": stamps, "minutes": minutes, "energy_kwh": kwh})
    return frame.assign(quality=quality, row=range(2, len(kwh) + 2))


def steps(start: str, minutes: float, kwh: list[float], quality: str = "measured") -> pd.DataFrame:
    """Return readings that follow each other from `start` on."""
    at = pd.Timestamp(start) + pd.to_timedelta(np.arange(len(kwh)) * minutes, unit="min")
    return rows(*zip(at.astype(str), [minutes] * len(kwh), kwh, strict=True), quality=quality)


def joined(*files: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(files, ignore_index=True)


def of_readings(
    *files: pd.DataFrame, shift: pd.Timedelta = NONE, timezone: str = "UTC", least: float = 0.75
) -> tuple[pd.DataFrame, Audit]:
    """Bring readings to hours, and check that their energy is that of the hours and of named corrections."""
    audit = Audit()
    # A setting below one half is refused where home.yaml is read.
    settings = Settings(timezone=timezone).model_copy(update={"complete_hour": least})
    hours = readings_to_hours(by_name(files), settings, shift, audit)
    read = sum(file["energy_kwh"].sum() for file in files)
    assert hours["energy_kwh"].sum() + audit.corrections()["kwh"].sum() == pytest.approx(read, abs=1e-9)
    assert not hours["timestamp"].duplicated().any()
    assert (hours["energy_kwh"] >= 0).all()
    return hours, audit


def estimated(hours: pd.DataFrame) -> dict[str, tuple[float, bool]]:
    return {
        at[3:]: (kwh, quality == "estimated")
        for (at, kwh), quality in zip(kwh_of(hours).items(), hours["quality"], strict=True)
    }


@pytest.mark.parametrize(
    ("file", "shift", "expected"),
    [
        pytest.param(steps(f"{MONDAY} 10:00", 60, [0.1, np.nan, 0.3]), NONE, {"10:00": (0.1, 0), "12:00": (0.3, 0)}),
        pytest.param(steps(f"{MONDAY} 10:00", 30, [0.1, 0.2, 0.3, 0.4]), NONE, {"10:00": (0.3, 0), "11:00": (0.7, 0)}),
        pytest.param(
            joined(steps(f"{MONDAY} 10:00", 30, [1.0]), steps(f"{MONDAY} 10:30", 30, [1.0], "estimated")),
            NONE,
            {"10:00": (2.0, 1)},
            id="an estimated reading makes an estimated hour",
        ),
        pytest.param(
            steps(f"{MONDAY} 10:00", 60, [1.0, 3.0]),
            HALF,
            {"10:30": (2.0, 1)},
            id="hourly at full UTC hours, in India, where hours begin at half past",
        ),
        pytest.param(
            steps(f"{MONDAY} 10:00:04", 60, [1.0, 2.0]),
            NONE,
            {"10:00": (1.0, 0), "11:00": (2.0, 0)},
            id="a logger some seconds late",
        ),
        pytest.param(
            rows((f"{MONDAY} 10:00", 180.0, 0.0)),
            NONE,
            {f"{hour}:00": (0.0, 0) for hour in (10, 11, 12)},
            id="a register that did not move is known to be quiet",
        ),
    ],
)
def test_readings_of_one_file(file: pd.DataFrame, shift: pd.Timedelta, expected: dict[str, tuple[float, bool]]) -> None:
    assert estimated(of_readings(file, shift=shift)[0]) == expected


def test_three_quarters_of_an_hour_are_scaled_and_less_is_unknown() -> None:
    kwh = [0.1, 0.1, 0.1, np.nan, 0.1, np.nan, 0.1, np.nan, 0.1, 0.1, 0.1, 0.1]
    hours, audit = of_readings(steps(f"{MONDAY} 10:00", 15, kwh))
    assert estimated(hours) == {"10:00": (0.4, True), "12:00": (0.4, False)}
    assert "1 device-hours lack some" in audit.notes[0]
    assert "1 device-hours hold less than 75% of their readings and count as unknown (0.2 kWh)" in audit.notes[1]
    assert audit.kwh_used == {"file0": pytest.approx(0.7)}


def test_how_much_of_an_hour_must_be_known_is_a_setting() -> None:
    half = rows((f"{MONDAY} 10:00", 30.0, 0.5))
    hours, audit = of_readings(half)
    assert hours.empty
    assert audit.corrections()[["correction", "kwh"]].to_numpy().tolist() == [[names.SPARSE, 0.5]]
    assert kwh_of(of_readings(half, least=0.5)[0]) == {"01 10:00": 1.0}


@pytest.mark.parametrize(
    ("old", "new", "kwh", "overlaps"),
    [
        pytest.param(
            steps(f"{MONDAY} 10:00", 60, [1.0, 2.0, 3.0]),
            steps(f"{MONDAY} 11:00", 60, [5.0, np.nan, 7.0]),
            [1.0, 5.0, 3.0, 7.0],
            {"file0": 1},
            id="the newer file wins",
        ),
        pytest.param(steps(f"{MONDAY} 10:00", 60, [1.0]), steps(f"{MONDAY} 10:00", 15, [0.2] * 4), [0.8], {"file0": 1}),
        pytest.param(steps(f"{MONDAY} 10:00", 15, [0.2] * 4), steps(f"{MONDAY} 10:00", 60, [1.0]), [1.0], {"file0": 1}),
        pytest.param(
            rows((f"{MONDAY} 10:00", 30, 0.5)),
            rows((f"{MONDAY} 10:30", 30, 0.25)),
            [0.75],
            {},
            id="an hour cut between two files is put together",
        ),
        pytest.param(
            rows((f"{MONDAY} 10:00", 60, 1.0)),
            rows((f"{MONDAY} 10:30", 30, 9.0)),
            [1.0],
            {"file1": 1},
            id="a newer file with too little of an hour does not win",
        ),
    ],
)
def test_where_files_overlap(old: pd.DataFrame, new: pd.DataFrame, kwh: list[float], overlaps: dict[str, int]) -> None:
    hours, audit = of_readings(old, new)
    assert list(hours["energy_kwh"]) == pytest.approx(kwh)
    assert audit.overlaps == overlaps
    assert audit.notes == [
        f"{f}: {n} device-hours stand in a newer file too, which counts." for f, n in overlaps.items()
    ]


def test_of_a_reading_that_stands_twice_in_a_file_the_later_row_counts() -> None:
    times = [f"{MONDAY} 10:00"] * 2 + [f"{MONDAY} 11:00"] * 2
    hours, audit = of_readings(rows(*zip(times, [60.0] * 4, [1.0, 1.0, 1.0, 2.0], strict=True)))
    assert kwh_of(hours) == {"01 10:00": 1.0, "01 11:00": 2.0}
    assert audit.overlaps == {"file0": 2}
    assert "1 readings stand twice with different energy (first: row 4)" in audit.notes[0]


def test_readings_of_two_lengths_in_one_file_never_count_twice() -> None:
    quarters = [(f"{MONDAY} 10:{minute}", 15.0, 0.2) for minute in (15, 30, 45)]
    hours, audit = of_readings(rows((f"{MONDAY} 10:00", 60.0, 1.0), *quarters))
    assert kwh_of(hours) == {"01 10:00": 0.8}  # the three later rows, scaled up
    corrections = audit.corrections().set_index("correction")["kwh"]
    assert dict(corrections) == pytest.approx({names.OVERLAP: 1.0, names.SCALED: -0.2})


@pytest.mark.parametrize(
    ("timezone", "start", "first"), [("UTC", MONDAY, 17), ("Europe/Madrid", "2024-06-30 22:00", 15)]
)
def test_an_outage_is_spread_by_the_usual_profile_by_the_clock_of_the_home(
    timezone: str, start: str, first: int
) -> None:
    # Monday to Friday: 0.1 kWh an hour, and 0.9 kWh at 18:00; then an outage from 17:00 to 20:00.
    usual = steps(start, 60, ([0.1] * 18 + [0.9] + [0.1] * 5) * 5)
    bridge = rows((f"2024-07-08 {first}:00", 180.0, 2.2), quality="estimated")
    hours, _ = of_readings(joined(usual, bridge), timezone=timezone)
    last = hours[hours["timestamp"] >= utc("2024-07-08")]
    assert kwh_of(last) == {f"08 {first + n}:00": kwh for n, kwh in enumerate([0.2, 1.8, 0.2])}  # 2.2 kWh as 1 : 9 : 1
    assert set(last["quality"]) == {"estimated"}


def test_an_outage_without_any_profile_is_spread_evenly_and_completes_its_hours() -> None:
    measured = rows((f"{MONDAY} 10:00", 30.0, 0.5), (f"{MONDAY} 12:30", 30.0, 0.5))
    bridge = rows((f"{MONDAY} 10:30", 120.0, 2.0), quality="estimated")
    assert list(of_readings(joined(measured, bridge))[0]["energy_kwh"]) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("newest_first", [False, True])
def test_what_another_file_measured_goes_before_what_was_spread(newest_first: bool) -> None:
    bridge = rows((f"{MONDAY} 10:00", 120.0, 2.0), quality="estimated")
    files = [bridge, steps(f"{MONDAY} 11:00", 60, [0.25])]
    hours, audit = of_readings(*(reversed(files) if newest_first else files))
    assert list(hours["energy_kwh"]) == [1.0, 0.25]
    assert audit.corrections()[["correction", "kwh"]].to_numpy().tolist() == [[names.MEASURED, 1.0]]


@settings(max_examples=30)
@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=60), st.sampled_from([1, 5, 7, 15, 30, 45, 60]), st.integers(0, 59)
)
def test_whole_hours_hold_the_energy_of_their_readings(kwh: list[float], minutes: int, late: int) -> None:
    frame = steps(f"{MONDAY} 10:{late:02}", minutes, kwh)
    ends = frame["timestamp"] + pd.Timedelta(minutes=minutes)
    hours, _ = of_readings(frame)
    for stamp, energy in zip(hours["timestamp"], hours["energy_kwh"], strict=True):
        inside = ends.clip(upper=stamp + 2 * HALF) - frame["timestamp"].clip(lower=stamp)
        share = (inside / pd.Timedelta(minutes=minutes)).clip(lower=0)
        known = share.sum() * minutes / 60
        assert energy == pytest.approx((share * frame["energy_kwh"]).sum() / known, abs=1e-9)
        assert known >= 0.75 - 1e-9


READING = st.tuples(
    st.integers(0, 60 * 24), st.sampled_from([1.0, 7.5, 15.0, 30.0, 60.0, 200.0]), st.floats(0, 5), st.booleans()
)


@settings(max_examples=30)
@given(st.lists(st.lists(READING, min_size=1, max_size=30), min_size=1, max_size=3))
def test_no_energy_of_any_readings_is_lost(files: list[list[tuple[int, float, float, bool]]]) -> None:
    frames = []
    for readings in files:
        at = [str(pd.Timestamp(MONDAY) + pd.Timedelta(minutes=minute)) for minute, *_ in readings]
        frame = rows(*((start, minutes, kwh) for start, (_, minutes, kwh, _) in zip(at, readings, strict=True)))
        frames.append(frame.assign(quality=np.where([guess for *_, guess in readings], "estimated", "measured")))
    of_readings(*frames)


# --- the complete grid ------------------------------------------------------------------------------------------------


def test_all_devices_stand_at_all_hours_of_the_span() -> None:
    stamps = [utc("2024-07-01 10:30"), utc("2024-07-01 12:30")]
    hours = pd.DataFrame({"device_id": ["b", "a"], "timestamp": stamps, "energy_kwh": [1.0, 2.0]})
    out = complete(hours.assign(quality=["measured", "estimated"]))
    assert list(out["device_id"]) == ["a"] * 3 + ["b"] * 3
    np.testing.assert_array_equal(out["energy_kwh"], [np.nan, np.nan, 2, 1, np.nan, np.nan])
    assert list(out["quality"][:3]) == ["missing", "missing", "estimated"]
    assert str(out["timestamp"].dtype) == "datetime64[us, UTC]"


def test_an_absurd_number_of_devices_is_an_error() -> None:
    stamps = pd.date_range("2000-01-01", periods=2000, freq="30D", tz="UTC")
    hours = pd.DataFrame({"device_id": [f"d{n}" for n in range(2000)], "timestamp": stamps, "energy_kwh": 1.0})
    with pytest.raises(InputError, match="2000 devices"):
        complete(hours.assign(quality="measured"))
