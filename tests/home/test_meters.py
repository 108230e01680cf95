"""The household and `other` from meters, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx.core.errors import InputError
from influx.core.settings import Device, Role, Settings
from influx.home import household_balance

NAN = np.nan


def hours(**kwh: list[float]) -> pd.DataFrame:
    count = len(next(iter(kwh.values())))
    stamps = pd.date_range("2024-07-01", periods=count, freq="h", tz="UTC", unit="us")
    parts = [
        pd.DataFrame({"device_id": name, "timestamp": stamps, "energy_kwh": values}) for name, values in kwh.items()
    ]
    frame = pd.concat(parts, ignore_index=True).astype({"energy_kwh": float})
    return frame.assign(quality=np.where(frame["energy_kwh"].isna(), "missing", "measured"))


def sorted_out(
    settings: Settings | None = None, of_formats: dict[str, Role] | None = None, /, **kwh: list[float]
) -> tuple[dict[str, list[float]], household_balance.Metered]:
    found = household_balance.sort_out(hours(**kwh), settings or Settings(), of_formats or {})
    return {str(name): list(own["energy_kwh"]) for name, own in found.readings.groupby("device_id")}, found


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("household", "household"),
        ("Main", "household"),
        ("mains", "household"),
        ("Whole Home", "household"),
        ("total", "household"),
        ("aggregate", "household"),
        ("grid_import", "grid_import"),
        ("import", "grid_import"),
        ("Grid-Import-2", "grid_import"),
        ("grid_export", "grid_export"),
        ("feed_in", "grid_export"),
        ("feedin", "grid_export"),
        ("pv", "solar"),
        ("PV 1", "solar"),
        ("solar_roof", "solar"),
        ("solar_heater", "device"),
        ("main_bedroom_ac", "device"),
        ("imported_oven", "device"),
        ("remaining", "device"),
        ("other", "device"),
        ("battery_in", "battery_in"),
        ("Battery Charge", "battery_in"),
        ("home_battery_charged", "battery_in"),
        ("battery_1_in", "battery_in"),
        ("battery_energy_in_2", "battery_in"),
        ("battery_out", "battery_out"),
        ("Battery-Discharge", "battery_out"),
        ("battery.discharged", "battery_out"),
        ("battery_energy_out", "battery_out"),
        ("battery", "device"),
        ("battery_charger", "device"),
        ("battery_charging_station", "device"),
        ("bike_battery_charge", "device"),
        ("battery_inverter", "device"),
        ("charge", "device"),
    ],
)
def test_roles_are_told_from_names(name: str, role: str) -> None:
    assert household_balance.role_of(name, Settings()) == role


def test_home_yaml_overrules_names() -> None:
    settings = Settings(devices={"pv": Device(role="device"), "fridge": Device(role="household"), "tv": Device()})
    assert [household_balance.role_of(name, settings) for name in ("pv", "fridge", "tv")] == [
        "device",
        "household",
        "device",
    ]


def test_a_format_comes_after_home_yaml_and_before_names() -> None:
    settings = Settings(devices={"a": Device(role="device"), "tv": Device(location="hall")})
    of_formats: dict[str, Role] = {"a": "solar", "tv": "grid_import", "pv": "device", "main": "ignore"}
    found = [household_balance.role_of(name, settings, of_formats) for name in ("a", "tv", "pv", "main", "pv_2")]
    assert found == ["device", "grid_import", "device", "ignore", "solar"]


def test_roles_of_formats_are_told_as_such() -> None:
    of_formats: dict[str, Role] = {"roof": "solar", "net": "grid_import", "pv": "device", "tv": "device", "x": "ignore"}
    series, found = sorted_out(None, of_formats, roof=[1.0], net=[2.0], pv=[0.5], tv=[0.25], x=[7.0], export=[0.5])
    assert series == {"household": [2.5], "pv": [0.5], "tv": [0.25], "other": [1.75]}
    assert [note for note in found.notes if "file" in note] == [
        "net is taken for energy from the grid, as its file says.",
        "pv is taken for one device, as its file says.",
        "roof is taken for solar output, as its file says.",
        "x is ignored, as its file says (7 kWh).",
    ]
    assert any("export is taken for energy fed in, by its name" in note for note in found.notes)


def test_the_format_of_an_earlier_name_holds_for_the_newest() -> None:
    settings = Settings(devices={"roof": Device(same_as="sensor.x")})
    found = sorted_out(settings, {"sensor.x": "solar"}, roof=[1.0], tv=[0.5])[1]
    assert list(found.flows["role"]) == ["solar"]


def test_a_main_meter_is_the_household_and_leaves_other() -> None:
    series, found = sorted_out(main=[1.0, 2.0, NAN, 4.0], tv=[0.5, NAN, 0.5, 0.5], oven=[0.25, 1.0, 0.0, 0.0])
    np.testing.assert_array_equal(series["household"], [1.0, 2.0, NAN, 4.0])
    np.testing.assert_array_equal(series["other"], [0.25, NAN, NAN, 3.5])
    assert set(series) == {"household", "other", "tv", "oven"}
    assert found.main == "main"
    assert any("main is taken for the main meter" in note for note in found.notes)


def test_before_a_device_came_and_after_it_left_it_explains_nothing() -> None:
    series, _ = sorted_out(main=[1.0, 1.0, 1.0, 1.0, 1.0], tv=[NAN, 0.5, NAN, 0.5, NAN])
    np.testing.assert_array_equal(series["other"], [1.0, 0.5, NAN, 0.5, 1.0])
    np.testing.assert_array_equal(series["tv"], [NAN, 0.5, NAN, 0.5, NAN])


def test_the_household_follows_from_import_solar_and_export() -> None:
    series, found = sorted_out(
        grid_import=[1.0, 0.0, 0.5, NAN], pv=[0.0, 3.0, 1.0, 1.0], grid_export=[0.0, 2.5, 2.0, 0.0], tv=[0.5] * 4
    )
    np.testing.assert_array_equal(series["household"], [1.0, 0.5, 0.0, NAN])
    np.testing.assert_array_equal(series["other"], [0.5, 0.0, 0.0, NAN])
    assert any("in 1 hours more was fed in" in note and "0.5 kWh" in note for note in found.notes)
    assert any("in 1 hours the devices used more" in note and "0.5 kWh" in note for note in found.notes)
    assert dict(found.flows.groupby("device_id")["role"].first()) == {
        "grid_import": "grid_import",
        "pv": "solar",
        "grid_export": "grid_export",
    }
    assert not {"pv", "grid_import", "grid_export"} & set(series)


def test_several_meters_of_one_flow_add_up() -> None:
    series, _ = sorted_out(import_1=[1.0], import_2=[2.0], pv_1=[0.5], pv_2=[0.25], export=[0.75])
    assert series == {"household": [3.0]}


def test_import_alone_is_the_household() -> None:
    assert sorted_out(grid_import=[1.0, 2.0])[0] == {"household": [1.0, 2.0]}


def test_import_and_solar_without_export_are_told() -> None:
    series, found = sorted_out(grid_import=[1.0], pv=[2.0])
    assert series == {"household": [3.0]}
    assert any("all solar output is taken for used at home" in note for note in found.notes)


def test_a_household_that_does_not_follow_is_not_made_up() -> None:
    series, found = sorted_out(grid_import=[1.0], grid_export=[0.5], tv=[0.1])
    assert series == {"tv": [0.1]}
    assert any("does not follow from its meters" in note for note in found.notes)
    series, found = sorted_out(pv=[1.0], tv=[0.1])
    assert series == {"tv": [0.1]}
    assert any("do not tell what the household uses" in note for note in found.notes)


def test_a_battery_gives_what_it_took() -> None:
    series, found = sorted_out(
        grid_import=[1.0, 0.0, 0.5, 1.0],
        pv=[0.0, 3.0, 0.0, 0.0],
        grid_export=[0.0, 1.0, 0.0, 0.0],
        battery_in=[0.0, 1.5, 0.0, NAN],
        battery_out=[0.5, 0.0, 1.0, 0.0],
        tv=[0.5, 0.25, 0.5, 0.5],
    )
    np.testing.assert_array_equal(series["household"], [1.5, 0.5, 1.5, NAN])
    np.testing.assert_array_equal(series["other"], [1.0, 0.25, 1.0, NAN])
    assert "The household is computed as grid_import + pv + battery_out - grid_export - battery_in." in found.notes
    assert "battery_in is taken for energy that charges a battery, by its name" in " ".join(found.notes)
    battery = found.flows[found.flows["role"].str.startswith("battery")]
    assert battery.groupby("role")["energy_kwh"].sum().to_dict() == {"battery_in": 1.5, "battery_out": 1.5}
    assert set(series) == {"household", "other", "tv"}


def test_several_batteries_add_up() -> None:
    energy = {"battery_1_in": [0.5], "battery_2_in": [0.25], "battery_1_out": [1.0], "battery_2_out": [2.0]}
    assert sorted_out(import_1=[1.0], **energy)[0] == {"household": [3.25]}


def test_a_battery_that_fills_from_the_grid_needs_no_sun() -> None:
    energy = {
        "grid_import": [1.0, 0.0],
        "grid_export": [0.0, 0.5],
        "battery_in": [0.75, 0.0],
        "battery_out": [0.0, 1.0],
    }
    series, found = sorted_out(**energy)
    assert series == {"household": [0.25, 0.5]}
    assert "No solar meter is there: all that is fed in is taken for the battery's." in found.notes


def test_more_stored_than_there_was_is_clipped_and_told() -> None:
    series, found = sorted_out(grid_import=[1.0, 1.0], battery_in=[1.25, 0.5], battery_out=[0.0, 0.0])
    assert series == {"household": [0.0, 0.5]}
    assert any("in 1 hours more was fed in and stored than" in note and "0.25 kWh" in note for note in found.notes)


@pytest.mark.parametrize(
    ("half", "said"), [("battery_in", "no meter of what it gives back"), ("battery_out", "no meter of what charges it")]
)
def test_half_a_battery_tells_neither_use_nor_what_was_bought(half: str, said: str) -> None:
    series, found = sorted_out(grid_import=[1.0], tv=[0.1], **{half: [0.5]})
    assert series == {"tv": [0.1]}
    assert any(said in note and "what the household uses does not follow" in note for note in found.notes)
    series, found = sorted_out(main=[1.0], tv=[0.1], **{half: [0.5]})
    assert series["household"] == [1.0]
    assert any(said in note and "bought from the grid does not follow" in note for note in found.notes)
    _, found = sorted_out(main=[1.0], grid_import=[1.0], **{half: [0.5]})
    assert not any(said in note for note in found.notes)


def test_a_battery_without_a_meter_of_the_grid_tells_no_use() -> None:
    series, found = sorted_out(battery_in=[1.0], battery_out=[1.0], tv=[0.1])
    assert series == {"tv": [0.1]}
    assert any("battery meters without one of the grid import do not tell" in note for note in found.notes)


def test_only_flows_that_tell_no_use_are_an_error_that_says_what_to_do() -> None:
    with pytest.raises(InputError, match="role: household"):
        sorted_out(pv=[1.0], grid_export=[0.5])


def test_a_grid_meter_alone_forecasts_what_is_bought_and_says_so() -> None:
    series, found = sorted_out(grid_import=[1.0, 2.0], grid_export=[0.5, 0.0])
    assert series == {"household": [1.0, 2.0]}
    assert any("what it took from the grid" in note for note in found.notes)


def test_a_register_of_feed_in_that_never_counted_is_none() -> None:
    series, found = sorted_out(grid_import=[1.0, 2.0], grid_export=[0.0, 0.0], tv=[0.5, 0.5])
    assert series == {"tv": [0.5, 0.5], "other": [0.5, 1.5], "household": [1.0, 2.0]}
    assert "grid_export: nothing was ever fed in." in found.notes


def test_without_a_main_meter_there_is_no_household() -> None:
    series, found = sorted_out(tv=[1.0], oven=[2.0])
    assert set(series) == {"tv", "oven"}
    assert "There is no main meter: the household is the sum of its devices." in found.notes


def test_less_than_a_hundredth_is_not_shown_as_other() -> None:
    series, found = sorted_out(main=[1.0, 1.0], tv=[0.992, 0.99])
    assert "other" not in series
    assert any("but for 0.9%" in note for note in found.notes)
    assert "other" in sorted_out(main=[1.0, 1.0], tv=[0.98, 0.99])[0]


def test_a_main_meter_alone_has_no_other() -> None:
    assert set(sorted_out(main=[1.0])[0]) == {"household"}


def test_a_device_named_other_is_taken_as_such() -> None:
    assert sorted_out(household=[1.0], other=[0.25])[0] == {"household": [1.0], "other": [0.25]}


def test_what_comes_from_an_estimate_is_one() -> None:
    frame = hours(main=[1.0, 1.0], tv=[0.5, 0.5])
    frame.loc[2, "quality"] = "estimated"  # the first hour of the tv
    found = household_balance.sort_out(frame, Settings()).readings
    assert list(found.loc[found["device_id"] == "other", "quality"]) == ["estimated", "measured"]


def test_two_main_meters_are_an_error_that_asks_for_roles() -> None:
    with pytest.raises(InputError, match=r"several main meters: main, total.*role"):
        sorted_out(main=[1.0], total=[2.0])
    settings = Settings(devices={"total": Device(role="ignore")})
    series, found = sorted_out(settings, main=[1.0], total=[2.0])
    assert series == {"household": [1.0]}
    assert any("total is ignored" in note and "2 kWh" in note for note in found.notes)


ENERGY = st.lists(st.one_of(st.floats(0, 10), st.just(NAN)), min_size=4, max_size=4)


@given(main=ENERGY, tv=ENERGY, oven=ENERGY)
def test_devices_and_other_sum_to_the_household_or_more(main: list[float], tv: list[float], oven: list[float]) -> None:
    series, _ = sorted_out(main=main, tv=tv, oven=oven)
    if "other" in series:
        other = np.array(series["other"])
        total = np.nan_to_num(tv) + np.nan_to_num(oven) + other
        known = ~np.isnan(other)
        assert (total[known] >= np.array(main)[known] - 1e-9).all()
        np.testing.assert_allclose(total[other > 0], np.array(main)[other > 0], atol=1e-9)
