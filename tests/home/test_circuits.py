"""Meters that contain others: what their parts are, what they leave, and that nothing counts twice, worked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from hypothesis import given
from hypothesis import strategies as st
from test_meters import ENERGY, NAN, hours, sorted_out

import influx
from influx import load
from influx.core.settings import Device, Role, Settings
from influx.home import household_balance
from influx.insights import explore
from influx.report import consistency_checks


def inside(roles: dict[str, Role] | None = None, **part_of: str) -> Settings:
    """Return settings in which each name is part of another, and some have a role."""
    roles = roles or {}
    names = dict.fromkeys([*part_of, *roles])
    return Settings(devices={name: Device(part_of=part_of.get(name), role=roles.get(name)) for name in names})


def told(found: household_balance.Metered, *parts: str) -> bool:
    return any(all(part in note for part in parts) for note in found.notes)


# --- with a main meter ------------------------------------------------------------------------------------------------


def test_a_meter_that_contains_others_is_no_device_beside_them() -> None:
    energy = {"main": [2.0, 3.0], "kitchen": [1.0, 1.5], "dishwasher": [0.75, 0.0], "tv": [0.25, 0.5]}
    series, found = sorted_out(inside(dishwasher="kitchen"), **energy)
    assert series == {"household": [2.0, 3.0], "dishwasher": [0.75, 0.0], "tv": [0.25, 0.5], "other": [1.0, 2.5]}
    assert told(found, "kitchen contains dishwasher: it is no device of its own", 'belongs to "other"')


def test_chains_are_followed_to_their_ends() -> None:
    settings = inside(dishwasher="kitchen", kitchen="ground_floor", tv="ground_floor")
    series, found = sorted_out(
        settings, main=[4.0], ground_floor=[3.0], kitchen=[1.5], dishwasher=[1.0], tv=[0.5], upstairs=[0.75]
    )
    assert series == {"household": [4.0], "dishwasher": [1.0], "tv": [0.5], "upstairs": [0.75], "other": [1.75]}
    assert told(found, "ground_floor contains kitchen, tv")


def test_part_of_the_main_meter_is_a_device_like_others() -> None:
    plain = sorted_out(main=[2.0], tv=[0.5])
    for up in ("main", "household"):
        series, found = sorted_out(inside(tv=up), main=[2.0], tv=[0.5])
        assert series == plain[0]
        assert found.notes == plain[1].notes


def test_a_household_that_follows_from_flows_stays_as_it_is() -> None:
    energy = {"grid_import": [1.0], "pv": [2.0], "grid_export": [0.5], "kitchen": [1.5], "oven": [1.0]}
    series, found = sorted_out(inside(oven="kitchen", kitchen="grid_import"), **energy)
    assert series == {"household": [2.5], "oven": [1.0], "other": [1.5]}
    assert not told(found, "not taken for a part")


def test_parts_that_use_more_than_their_meter_are_told_with_their_energy() -> None:
    energy = {"main": [1.0, 1.0, 1.0], "kitchen": [0.5, 0.5, NAN], "oven": [0.7, 0.2, 0.2], "kettle": [0.1, 0.2, 9.0]}
    series, found = sorted_out(inside(oven="kitchen", kettle="kitchen"), **energy)
    np.testing.assert_allclose(series["other"], [0.2, 0.6, 0.0])
    assert told(found, "kitchen: in 1 hours its parts used more than it measured, by 0.3 kWh")
    assert told(found, "other: in 1 hours the devices used more than the household; 8.2 kWh are clipped")


def test_what_the_parts_of_a_part_used_counts_where_it_is_not_there_itself() -> None:
    energy = {"floor": [1.0, 1.0], "kitchen": [NAN, 0.5], "oven": [1.25, 1.5], "main": [3.0, 3.0]}
    _, found = sorted_out(inside(oven="kitchen", kitchen="floor"), **energy)
    assert told(found, "floor: in 1 hours its parts used more than it measured, by 0.25 kWh")
    assert told(found, "kitchen: in 1 hours its parts used more than it measured, by 1 kWh")


# --- without one ------------------------------------------------------------------------------------------------------


def test_without_a_main_meter_the_outermost_meters_sum_to_the_household() -> None:
    energy = {"kitchen": [1.0, 2.0], "oven": [0.5, 1.0], "garage": [0.75, 0.5], "car": [0.5, 0.5], "tv": [0.25, 0.0]}
    series, found = sorted_out(inside(oven="kitchen", car="garage"), **energy)
    assert series["household"] == [2.0, 2.5]
    assert series["other"] == [0.75, 1.0]
    assert set(series) == {"household", "oven", "car", "tv", "other"}
    assert told(found, "There is no main meter: the household is the sum of garage, kitchen, tv.")
    assert found.main is None


def test_a_gap_in_a_meter_leaves_its_remainder_and_the_household_unknown() -> None:
    series, found = sorted_out(inside(oven="kitchen"), kitchen=[1.0, NAN, 1.0], oven=[0.5, 0.5, 0.5])
    np.testing.assert_array_equal(series["household"], [1.0, NAN, 1.0])
    np.testing.assert_array_equal(series["other"], [0.5, NAN, 0.5])
    rows = found.readings.set_index("device_id")["quality"]
    assert list(rows["household"]) == ["measured", "missing", "measured"]


def test_a_gap_in_a_part_leaves_the_household_known() -> None:
    series, _ = sorted_out(inside(oven="kitchen"), kitchen=[1.0, 1.0, 1.0], oven=[0.5, NAN, 0.5])
    assert series["household"] == [1.0, 1.0, 1.0]
    np.testing.assert_array_equal(series["other"], [0.5, NAN, 0.5])


def test_a_part_that_comes_later_or_goes_earlier_explains_nothing_then() -> None:
    series, _ = sorted_out(inside(oven="kitchen"), kitchen=[1.0, 1.0, 1.0], oven=[NAN, 0.25, NAN])
    assert series["household"] == [1.0, 1.0, 1.0]
    assert series["other"] == [1.0, 0.75, 1.0]


def test_before_a_meter_came_and_after_it_went_its_parts_count_for_themselves() -> None:
    series, _ = sorted_out(inside(oven="kitchen"), kitchen=[NAN, 1.0, NAN], oven=[0.5, 0.5, 0.25], tv=[0.1, 0.1, 0.1])
    np.testing.assert_allclose(series["household"], [0.6, 1.1, 0.35])
    np.testing.assert_allclose(series["other"], [NAN, 0.5, NAN])


def test_before_any_meter_of_use_came_the_household_is_unknown() -> None:
    series, _ = sorted_out(inside(oven="kitchen"), pv=[0.5, 0.5], kitchen=[NAN, 1.0], oven=[NAN, 0.25])
    np.testing.assert_array_equal(series["household"], [NAN, 1.0])
    np.testing.assert_array_equal(series["other"], [NAN, 0.75])


def test_clocks_that_disagree_do_not_make_the_household_use_more() -> None:
    """The oven's clock is an hour early: over the day the kitchen still used 1 kWh, not 2."""
    series, found = sorted_out(inside(oven="kitchen"), kitchen=[0.0, 1.0], oven=[1.0, 0.0])
    assert series["household"] == [0.0, 1.0]
    assert series["other"] == [0.0, 1.0]
    assert told(found, "kitchen: in 1 hours", "by 1 kWh")


def test_what_comes_from_the_estimate_of_a_meter_that_counts_is_one() -> None:
    frame = hours(kitchen=[1.0, 1.0], oven=[0.5, 0.5])
    frame.loc[[0, 3], "quality"] = "estimated"  # the kitchen's first hour, the oven's second
    found = household_balance.sort_out(frame, inside(oven="kitchen")).readings.set_index("device_id")["quality"]
    assert list(found["household"]) == ["estimated", "measured"]
    assert list(found["other"]) == ["estimated", "estimated"]


def test_what_is_left_of_meters_has_no_name_where_a_device_has_it() -> None:
    series, found = sorted_out(inside(oven="kitchen"), kitchen=[1.0], oven=[0.5], other=[0.25])
    assert series == {"household": [1.25], "oven": [0.5], "other": [0.25]}
    assert told(found, 'A device is called "other"')


# --- who contains whom ------------------------------------------------------------------------------------------------


def test_a_meter_of_which_the_files_hold_nothing_contains_nothing() -> None:
    series, found = sorted_out(inside(oven="kitchen"), oven=[0.5], tv=[0.25])
    assert series == {"oven": [0.5], "tv": [0.25]}
    assert told(found, "home.yaml says that oven is part of kitchen, of which the files hold nothing")
    assert told(found, "the household is the sum of its devices")


@pytest.mark.parametrize("kitchen", ["absent", "ignored"])
def test_a_chain_goes_on_past_a_meter_that_does_not_count(kitchen: str) -> None:
    settings = inside({"kitchen": "ignore"} if kitchen == "ignored" else None, oven="kitchen", kitchen="floor")
    energy = {"floor": [1.0], "oven": [0.25]} | ({"kitchen": [9.0]} if kitchen == "ignored" else {})
    assert sorted_out(settings, **energy)[0] == {"household": [1.0], "oven": [0.25], "other": [0.75]}


def test_a_part_that_is_ignored_stays_in_what_is_left() -> None:
    series, found = sorted_out(
        inside({"oven": "ignore"}, oven="kitchen", tv="kitchen"), kitchen=[1.0], oven=[9], tv=[0.25]
    )
    assert series == {"household": [1.0], "tv": [0.25], "other": [0.75]}
    assert told(found, "kitchen contains tv:")
    assert sorted_out(inside({"oven": "ignore"}, oven="kitchen"), kitchen=[1.0], oven=[9.0])[0] == {"kitchen": [1.0]}


def test_a_flow_within_a_flow_is_not_added_to_it() -> None:
    energy = {"grid_import": [1.0], "pv": [2.0], "pv_1": [1.5], "grid_export": [0.5]}
    series, found = sorted_out(inside(pv_1="pv"), **energy)
    assert series == {"household": [2.5]}
    assert set(found.flows["device_id"]) == {"grid_import", "pv", "grid_export"}
    assert told(found, "pv_1 is part of pv, as home.yaml says, and not added to it")
    assert not told(found, "contains")


def test_meters_of_two_kinds_do_not_contain_each_other() -> None:
    series, found = sorted_out(inside(pv="kitchen", tv="pv"), main=[2.0], kitchen=[1.0], pv=[0.5], tv=[0.25])
    assert series == {"household": [2.0], "kitchen": [1.0], "tv": [0.25], "other": [0.75]}
    assert told(found, "pv (solar) is not taken for a part of kitchen (device)")
    assert told(found, "tv (device) is not taken for a part of pv (solar)")


def test_a_flexible_meter_that_contains_others_is_not_planned_and_that_is_said() -> None:
    settings = Settings(devices={"kitchen": Device(flexible=True), "oven": Device(part_of="kitchen")})
    assert told(sorted_out(settings, kitchen=[1.0], oven=[0.5])[1], "kitchen is not planned")


# --- on any input -----------------------------------------------------------------------------------------------------


@given(kitchen=ENERGY, oven=ENERGY, kettle=ENERGY, garage=ENERGY, car=ENERGY, tv=ENERGY)
def test_devices_and_other_sum_to_the_outermost_meters_where_nothing_is_clipped(**energy: list[float]) -> None:
    known = {name: values for name, values in energy.items() if not np.isnan(values).all()}
    if not known:
        return
    series, found = sorted_out(inside(oven="kitchen", kettle="oven", car="garage"), **known)
    assert (found.readings["energy_kwh"].dropna() >= 0).all()
    if "other" not in series:
        return
    other, whole = np.array(series["other"]), np.array(series["household"])
    added = np.nansum([values for name, values in series.items() if name != "household"], axis=0)
    seen = ~np.isnan(other)
    assert (added[seen] >= whole[seen] - 1e-9).all()
    np.testing.assert_allclose(added[other > 0], whole[other > 0], atol=1e-9)
    if not told(found, "used more than the household"):
        np.testing.assert_allclose(added[seen], whole[seen], atol=1e-9)


@given(main=ENERGY, kitchen=ENERGY, oven=ENERGY, up=st.sampled_from(["kitchen", "main", "cellar"]))
def test_part_of_never_changes_a_main_meter(
    main: list[float], kitchen: list[float], oven: list[float], up: str
) -> None:
    energy = {"main": main, "kitchen": kitchen, "oven": oven}
    np.testing.assert_array_equal(sorted_out(inside(oven=up), **energy)[0]["household"], main)


# --- as a home --------------------------------------------------------------------------------------------------------


HOME = """
devices:
  dishwasher: {part_of: old_kitchen}
  kitchen: {same_as: old_kitchen}
  oven: {part_of: kitchen}
"""


def test_a_home_of_circuits_is_read_forecast_and_adds_up(tmp_path: Path) -> None:
    """The kitchen was old_kitchen for a week; the dishwasher is named part of that, the oven part of the new one."""
    dishwasher, oven, tv = (tiny.days(28, seed=seed) for seed in range(3))
    kitchen = dishwasher + oven + 0.125
    nothing = np.full(7 * 24, np.nan)
    home = load(
        tiny.write_readings(
            tmp_path,
            home=HOME,
            old_kitchen=kitchen[: 7 * 24],
            kitchen=np.append(nothing, kitchen[7 * 24 :]),
            dishwasher=dishwasher,
            oven=oven,
            tv=tv,
        )
    )
    wide = home.readings.pivot(index="timestamp", columns="device_id", values="energy_kwh")
    assert set(wide) == {"dishwasher", "oven", "tv", "other", "household"} == set(home.devices["device_id"])
    np.testing.assert_allclose(wide["other"], 0.125)
    np.testing.assert_allclose(wide["household"], kitchen + tv)
    assert set(home.devices.set_index("device_id").loc[["other", "household"], "source"]) == {"derived"}
    used = explore.breakdown(home).set_index("device_id")["kwh"]
    assert used.sum() == pytest.approx((kitchen + tv).sum())
    coming = influx.forecast(home.readings, horizon=24, timezone="UTC")
    assert set(coming["device_id"]) == set(wide)
    assert "24 hours" in consistency_checks.adds_up(coming)


def test_a_use_is_not_counted_in_its_circuit_again(tmp_path: Path) -> None:
    """A circuit whose uses stand in events has neither energy nor minutes of its own."""
    uses = pd.concat([tiny.evenings("oven", 8), tiny.evenings("kitchen", 8, kwh=0.75)])
    home = load(tiny.write_events(tmp_path, uses, "devices: {oven: {part_of: kitchen}}\n"))
    sums = home.readings.groupby("device_id")["energy_kwh"].sum()
    assert dict(sums) == pytest.approx({"household": 6.0, "oven": 4.0, "other": 2.0})
    assert set(home.minutes["device_id"]) == {"oven"}
