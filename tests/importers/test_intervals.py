"""From registers, powers and end labels to readings: whose energy it is, when it flowed, and how sure that is."""

from __future__ import annotations

import random

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from influx.core.errors import InputError
from influx.core.settings import Device, Settings
from influx.importers import Part
from influx.importers.reading import intervals
from influx.importers.reading.layout import SeriesMapping
from influx.importers.reading.table import Table
from influx.importers.reading.units import factor, in_name

START = pd.Timestamp("2024-07-01", tz="UTC")


def part_of(
    mapping: SeriesMapping,
    rows: list[tuple[float, float]],
    settings: Settings | None = None,
    time_marks: str = "start",
    gaps: str = "unknown",
    **columns: list[object],
) -> Part:
    """Return what a series observed: `rows` are minutes since the start, and values."""
    minutes, values = zip(*rows, strict=True)
    frame = pd.DataFrame({"device_id": "x", "timestamp": START + pd.to_timedelta(minutes, unit="min"), "value": values})
    frame = frame.assign(**columns)
    frame.index = range(2, len(rows) + 2)
    raw = Table("data.csv", frame, rows_read=len(rows))
    part = intervals.to_intervals(raw, {"x": mapping}, "test", settings or Settings(), time_marks, gaps)  # type: ignore[arg-type]
    assert part.rows_read == len(part.frame) + len(part.rejected)
    return part


def seen(part: Part) -> list[tuple[str, float, float]]:
    """Return each reading's start, its length [min] and its energy [kWh]."""
    rows = part.frame.sort_values("timestamp")
    return [
        (f"{start:%H:%M}", float(minutes), round(float(kwh), 6))
        for start, minutes, kwh in zip(rows["timestamp"], rows["minutes"], rows["energy_kwh"], strict=True)
    ]


ENERGY, WATTS = SeriesMapping("x"), SeriesMapping("x", "W", "power")
COUNTER = SeriesMapping("x", "kWh", "counter")


# --- units ------------------------------------------------------------------------------------------------------------


def test_units_of_energy_and_power_and_units_in_names() -> None:
    kwh = {"kWh": 1, "Wh": 0.001, "MWh": 1000, "mWh": 1e-6, "MJ": 1 / 3.6}
    kw = {"kW": 1, "W": 0.001, "MW": 1000, "mW": 1e-6, "Watts": 0.001}
    assert {unit: factor(unit) for unit in kwh} == {unit: ("energy", approx(scale)) for unit, scale in kwh.items()}
    assert {unit: factor(unit) for unit in kw} == {unit: ("power", approx(scale)) for unit, scale in kw.items()}
    assert [factor(unit) for unit in ("GB", "°C", "m³", "EUR")] == [None] * 4
    names = ("Import T1 kWh", "energy_kwh", "Energy Produced (Wh)", "power (watts)", "window", "MW/h")
    assert [in_name(name) for name in names] == ["kWh", "kwh", "Wh", "w", None, "MW"]


@pytest.mark.parametrize(
    "mapping", [SeriesMapping("x", "GB"), SeriesMapping("x", "kW"), SeriesMapping("x", "kWh", "power")]
)
def test_a_unit_of_something_else_is_an_error(mapping: SeriesMapping) -> None:
    with pytest.raises(InputError, match=r"data\.csv: x is in '\w+', which is no unit of"):
        part_of(mapping, [(0, 1), (60, 1)])


# --- energy and power -------------------------------------------------------------------------------------------------


def test_energy_stands_at_the_start_or_at_the_end_of_its_interval() -> None:
    rows = [(60.0, 1.0), (90.0, 2.0), (120.0, 3.0)]
    assert seen(part_of(ENERGY, rows)) == [("01:00", 30, 1), ("01:30", 30, 2), ("02:00", 30, 3)]
    assert seen(part_of(ENERGY, rows, time_marks="end")) == [("00:30", 30, 1), ("01:00", 30, 2), ("01:30", 30, 3)]


def test_a_reading_does_not_reach_beyond_one_that_follows_sooner() -> None:
    """A meter keeps ten minutes of old days and one minute of today; a logger that is some seconds early does not."""
    rows = [(0.0, 1.0), (10.0, 1.0), (20.0, 1.0), (30.0, 0.1), (31.0, 0.1), (32.0, 0.1), (42.0, 1.0), (51.9, 1.0)]
    lengths = [10, 10, 10, 1, 1, 10, 10, 10]
    assert [minutes for _, minutes, _ in seen(part_of(ENERGY, rows))] == lengths
    lengths = [10, 10, 10, 10, 1, 1, 10, 10]
    assert [minutes for _, minutes, _ in seen(part_of(ENERGY, rows, time_marks="end"))] == lengths


def test_a_mean_power_holds_to_the_next_value() -> None:
    """1000 W for 10 minutes are 1/6 kWh; over a gap of half an hour nothing is known beyond the usual 5 minutes."""
    rows = [(0.0, 600.0), (5.0, 600.0), (10.0, 1000.0), (20.0, 1200.0), (25.0, 600.0), (55.0, 600.0), (60.0, 0.0)]
    assert [reading[1:] for reading in seen(part_of(WATTS, rows))] == [
        *((5, 0.05), (5, 0.05), (10, 0.166667), (5, 0.1), (5, 0.05), (5, 0.05), (5, 0)),
    ]


def test_a_power_at_the_end_of_its_interval_held_since_the_value_before() -> None:
    rows = [(30.0, 1000.0), (60.0, 2000.0), (120.0, 500.0)]
    assert seen(part_of(WATTS, rows, time_marks="end")) == [("00:00", 30, 0.5), ("00:30", 30, 1), ("01:00", 60, 0.5)]


def test_where_silence_means_no_change_a_power_holds_as_long_as_it_takes() -> None:
    rows = [(0.0, 100.0), (5.0, 200.0), (600.0, 0.0)]
    found = seen(part_of(WATTS, rows, gaps="unchanged"))
    assert found[:2] == [("00:00", 5, 0.008333), ("00:05", 595, 1.983333)]


def test_readings_that_are_given_a_length_keep_it_and_days_are_too_coarse() -> None:
    part = part_of(ENERGY, [(0, 1), (60, 2)], minutes=[60.0, 30.0])
    assert seen(part) == [("00:00", 60, 1), ("01:00", 30, 2)]
    with pytest.raises(InputError, match="readings of 24 hours are too coarse"):
        part_of(ENERGY, [(0, 1), (1440, 2)], minutes=[1440.0, 1440.0])
    with pytest.raises(InputError, match="every 24 hours is too coarse"):
        part_of(ENERGY, [(1440.0 * n, 5.0) for n in range(5)])


def test_what_cannot_flow_is_rejected_with_its_energy() -> None:
    settings = Settings(power_limit_kw=10, devices={"x": Device(power_rating_watt=2000)})
    rows = [(0.0, 1.0), (60.0, 2.9), (120.0, 3.1), (180.0, np.inf)]
    part = part_of(ENERGY, rows, settings)
    assert part.rejected["row"].tolist() == [4, 5]
    assert part.rejected["kwh"].iloc[0] == 3.1
    assert part.rejected["reason"].iloc[0].startswith("more than the 3 kW that x can draw")
    assert part.rejected["reason"].iloc[1] == "infinite"


def test_a_missing_value_is_unknown_and_an_estimated_one_says_so() -> None:
    part = part_of(ENERGY, [(0, 1), (60, 2), (120, 3)], quality=["measured", "estimated", "missing"])
    assert list(part.frame["quality"]) == ["measured", "estimated", "missing"]
    assert part.kwh == 3


# --- registers --------------------------------------------------------------------------------------------------------


def test_a_register_counts_between_its_states() -> None:
    part = part_of(SeriesMapping("x", "Wh", "counter"), [(0, 1000), (15, 1250), (30, 1250), (45, 2000)])
    assert seen(part)[1:] == [("00:00", 15, 0.25), ("00:15", 15, 0), ("00:30", 15, 0.75)]
    assert list(part.frame["quality"]) == ["missing", "measured", "measured", "measured"]


def test_an_outage_keeps_its_energy_over_its_time() -> None:
    rows = [(15.0 * n, 100 + 0.5 * n) for n in range(20) if n not in (4, 5, 6)]
    part = part_of(COUNTER, rows)
    assert part.kwh == approx(9.5)
    bridge = part.frame[part.frame["quality"] == "estimated"]
    assert bridge[["minutes", "energy_kwh"]].to_numpy().tolist() == [[60, 2]]
    assert "silent for a while once" in part.notes[0]


def test_where_silence_means_no_change_only_unknown_states_are_an_outage() -> None:
    rows = [(0, 100), (300, 101), (400, np.nan), (600, 102)]
    part = part_of(COUNTER, rows, gaps="unchanged")
    assert list(part.frame["quality"]) == ["missing", "measured", "missing", "estimated"]
    assert part.kwh == approx(2)


def test_of_two_states_at_one_time_the_later_row_counts() -> None:
    part = part_of(COUNTER, [(0, 100), (15, 101), (15, 100.5), (30, 101.5)])
    assert part.kwh == approx(1.5)
    assert "two states at one time once" in part.notes[0]


def test_what_a_register_went_through_is_told() -> None:
    hours = [(60.0 * n, state) for n, state in enumerate([100, 101, 102, 0.5, 1.5, 9000, 9001, 9000.99, 9002])]
    part = part_of(COUNTER, hours, Settings(power_limit_kw=10))
    assert part.kwh == approx(1 + 1 + 0.5 + 1 + 1 + 1)
    assert part.rejected["kwh"].tolist() == [approx(8998.5)]
    assert [note.split(": ")[1].split(";")[0] for note in part.notes] == [
        "the register of x began anew once",
        "the register of x stepped back a little once, which counts as no use.",
    ]


@hypothesis.settings(max_examples=25)
@given(steps=st.lists(st.integers(0, 5000), min_size=2, max_size=50), order=st.randoms(use_true_random=False))
def test_shuffling_the_rows_changes_nothing(steps: list[int], order: random.Random) -> None:
    """Neither of a register, nor of an energy or a power."""
    states = np.cumsum([100_000, *steps])
    rows = [(15.0 * n, float(state)) for n, state in enumerate(states)]
    shuffled = order.sample(rows, len(rows))
    for mapping in (SeriesMapping("x", "Wh", "counter"), SeriesMapping("x", "Wh"), WATTS):
        first, second = (part_of(mapping, table, Settings(power_limit_kw=1e6)) for table in (rows, shuffled))
        expected = [(start, minutes, approx(kwh, nan_ok=True)) for start, minutes, kwh in seen(first)]
        assert seen(second) == expected
        assert mapping.measures != "counter" or second.kwh == approx(sum(steps) / 1000)


# --- below zero -------------------------------------------------------------------------------------------------------


def test_a_flow_below_zero_is_the_flow_back_and_both_are_known_in_all_hours() -> None:
    part = part_of(SeriesMapping("x", role="grid_import"), [(0, 1), (60, -2), (120, np.nan), (180, 0)])
    both = part.frame.pivot(index="timestamp", columns="device_id", values="energy_kwh")
    np.testing.assert_array_equal(both["x"], [1, 0, np.nan, 0])
    np.testing.assert_array_equal(both["x back"], [0, 2, np.nan, 0])
    assert part.roles == {"x": "grid_import", "x back": "grid_export"}
    assert part.rows_read == 8
    assert "what is below zero is x back" in part.notes[0]
    of_home = Settings(devices={"x": Device(role="battery_in")})
    assert part_of(ENERGY, [(0, 1), (60, -2)], of_home).roles["x back"] == "battery_out"


def test_a_meter_that_counts_below_zero_is_turned() -> None:
    part = part_of(ENERGY, [(60.0 * n, -0.5) for n in range(30)])
    assert part.kwh == 15
    assert "its sign is turned" in part.notes[0]


def test_solar_output_is_turned_by_its_energy_and_the_night_counts_as_zero() -> None:
    part = part_of(SeriesMapping("x", role="solar"), [(0, 0.01), (60, 0.01), (120, -3), (180, 0.01)])
    assert seen(part) == [("00:00", 60, 0), ("01:00", 60, 0), ("02:00", 60, 3), ("03:00", 60, 0)]
    assert "below zero in 3 readings" in part.notes[1]
    assert "0.03 kWh" in part.notes[1]


def test_a_device_below_zero_is_a_fault() -> None:
    part = part_of(ENERGY, [(0, 1), (60, -2), (120, 1)])
    assert part.rejected[["row", "reason", "kwh"]].to_numpy().tolist() == [[3, "negative", -2]]
