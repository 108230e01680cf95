"""What a series measures, by home.yaml, its file or its name; and what is counted twice under two names."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_home_assistant import AT, database, put
from test_household_balance import balanced, hours

import influx
from influx.core.settings import Device, Role, Settings
from influx.home.home import unexplained_kwh
from influx.home.meter_roles import duplicates, role_of

NAMES: dict[Role, str] = {
    "household": "household, Main, mains, Whole Home, total, aggregate",
    "grid_import": "grid_import, import, Grid-Import-2",
    "grid_export": "grid_export, feed_in, feedin",
    "solar": "pv, PV 1, solar_roof",
    "battery_in": "battery_in, Battery Charge, home_battery_charged, battery_1_in, battery_energy_in_2",
    "battery_out": "battery_out, Battery-Discharge, battery.discharged, battery_energy_out",
    "device": "solar_heater, main_bedroom_ac, imported_oven, remaining, other, battery, battery_charger, charge, "
    "battery_charging_station, bike_battery_charge, battery_inverter",
}


@pytest.mark.parametrize("role", NAMES)
def test_roles_follow_from_names(role: Role) -> None:
    assert {name: role_of(name, Settings()) for name in NAMES[role].split(", ")} == dict.fromkeys(
        NAMES[role].split(", "), role
    )


def test_home_yaml_comes_before_formats_and_those_before_names() -> None:
    devices = {"a": Device(role="device"), "pv": Device(role="household"), "tv": Device(location="hall")}
    of_formats: dict[str, Role] = {"a": "solar", "tv": "grid_import", "pv": "device", "main": "ignore"}
    found = [role_of(name, Settings(devices=devices), of_formats) for name in ("a", "pv", "tv", "main", "pv_2")]
    assert found == ["device", "household", "grid_import", "ignore", "solar"]


def test_roles_of_formats_are_noted_as_such() -> None:
    of_formats: dict[str, Role] = {"roof": "solar", "net": "grid_import", "pv": "device", "tv": "device", "x": "ignore"}
    energy = hours(roof=[1.0], net=[2.0], pv=[0.5], tv=[0.25], x=[7.0], export=[0.5])
    series, _, noted = balanced(energy, None, of_formats)
    assert series == {"household": [2.5], "pv": [0.5], "tv": [0.25], "other": [1.75]}
    assert [note for note in noted.split("\n") if "file" in note] == [
        "net is taken for energy from the grid, as its file says.",
        "pv is taken for one device, as its file says.",
        "roof is taken for solar output, as its file says.",
        "x is ignored, as its file says (7 kWh).",
    ]
    assert "export is taken for energy fed in, by its name" in noted


def test_the_format_of_an_earlier_name_holds_for_the_newest() -> None:
    found = balanced(hours(roof=[1.0], tv=[0.5]), {"roof": {"same_as": "sensor.x"}}, {"sensor.x": "solar"})[1]
    assert list(found.flows["role"]) == ["solar"]


# --- one energy under two names ---------------------------------------------------------------------------------------

DAYS = 4
USED = np.tile([0.0, 0.25, 1.5, 0.5], 6 * DAYS)
ALWAYS = np.full(len(USED), 0.01)
RESET = np.where(np.isin(np.arange(len(USED)), [24, 48, 72]), 0.1, USED)
"""What a helper counts that begins anew each day, and loses an hour by it."""


@pytest.mark.parametrize(
    ("series", "devices", "copies", "alike"),
    [
        ({"tv": USED, "tv_daily": RESET, "oven": USED[::-1]}, {}, {"tv_daily": "tv"}, []),
        ({"daily_tv": USED, "monthly_tv": USED, "tv": USED}, {}, {"daily_tv": "tv", "monthly_tv": "tv"}, []),
        ({"total": USED, "energy_this_month": USED}, {}, {"energy_this_month": "total"}, []),
        ({"a": USED, "b": USED}, {}, {}, [("a", "b")]),
        ({"a": USED, "b": USED, "c": USED}, {}, {}, [("a", "b"), ("a", "c")]),
        ({"total": USED, "a": USED}, {}, {}, [("total", "a")]),
        # what home.yaml names is no copy, but may have one
        ({"tv": USED, "tv_daily": USED}, {"tv_daily": {"role": "device"}}, {}, []),
        ({"cellar": USED, "cellar_daily": USED, "pump": USED / 2}, {"pump": {"part_of": "cellar_daily"}}, {}, []),
        ({"a": USED, "b": USED}, {"b": {"always_on": True}}, {}, [("b", "a")]),
        ({"tv": USED, "tv_daily": USED}, {"tv": {"role": "device"}}, {"tv_daily": "tv"}, []),
        # what differs is none: one hour in nine, the level, or too few hours to tell
        ({"a": USED, "a_daily": np.where(np.arange(len(USED)) % 12 == 2, 1.4, USED)}, {}, {}, []),
        ({"a": USED, "a_daily": USED * 1.05}, {}, {}, []),
        ({"a": USED, "a_daily": np.where(np.arange(len(USED)) < 40, USED, np.nan)}, {}, {}, []),
        # two devices that are always on may use the same
        ({"router": ALWAYS, "switch": ALWAYS}, {}, {}, []),
        ({"router": ALWAYS, "router_monthly": ALWAYS}, {}, {"router_monthly": "router"}, []),
    ],
)
def test_duplicate_series(
    series: dict[str, np.ndarray], devices: dict[str, object], copies: dict[str, str], alike: list[tuple[str, str]]
) -> None:
    roles: dict[str, Role] = {name: "household" if name == "total" else "device" for name in series}
    found = duplicates(pd.DataFrame(series), roles, Settings.model_validate({"devices": devices}))
    assert found == (copies, alike)


def test_a_copy_in_a_database_is_not_added_and_every_kwh_is_accounted_for(tmp_path: Path) -> None:
    sums = 100 + USED.cumsum()
    series = [("sensor.tv_energy", "kWh", 1), ("sensor.tv_energy_daily", "kWh", 1), ("sensor.oven", "kWh", 1)]
    with closing(database(tmp_path / "ha.db", *series)) as base:
        put(base, 1, *sums, at=AT)
        put(base, 2, *sums, at=AT)
        put(base, 3, *(100 + USED[::-1].cumsum()), at=AT)
    home = influx.load(tmp_path)
    assert set(home.readings["device_id"]) == {"tv_energy", "oven"}
    assert any("tv_energy_daily counts hour by hour what tv_energy counts" in note for note in home.notes)
    assert home.series.set_index("device_id")["role"]["tv_energy_daily"] == "ignore"
    assert unexplained_kwh(home) == pytest.approx(0, abs=1e-9)
    (tmp_path / "home.yaml").write_text("devices: {tv_energy_daily: {role: device}}\n", encoding="utf-8")
    assert "tv_energy_daily" in set(influx.load(tmp_path).readings["device_id"])
