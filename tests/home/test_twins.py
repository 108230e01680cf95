"""One energy that is counted twice: what is a copy, which of the two stays, and what only looks alike."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_home_assistant import AT, database, put

import influx
from influx.core.settings import Settings
from influx.home.duplicate_series import repeated, told
from influx.home.home import unexplained_kwh

DAYS = 4
HOURS = pd.date_range("2024-01-01", periods=24 * DAYS, freq="h", tz="UTC")
USED = np.tile([0.0, 0.25, 1.5, 0.5], 6 * DAYS)


def hours(**devices: np.ndarray) -> pd.DataFrame:
    parts = [pd.DataFrame({"device_id": name, "timestamp": HOURS, "energy_kwh": kwh}) for name, kwh in devices.items()]
    return pd.concat(parts, ignore_index=True)


def looked(said: dict[str, object] | None = None, main: str = "", **devices: np.ndarray):  # type: ignore[no-untyped-def]
    roles = {name: "household" if name == main else "device" for name in devices}
    return repeated(hours(**devices), roles, Settings.model_validate({"devices": said or {}}))  # type: ignore[arg-type]


def test_a_helper_that_counts_by_the_day_is_a_copy() -> None:
    reset = USED.copy()
    reset[[24, 48, 72]] = 0.1  # what a helper loses when it begins anew
    assert looked(tv=USED, tv_daily=reset, oven=USED[::-1]) == ({"tv_daily": "tv"}, [])
    assert looked(daily_tv=USED, monthly_tv=USED, tv=USED) == ({"daily_tv": "tv", "monthly_tv": "tv"}, [])


def test_a_helper_may_count_the_main_meter_again() -> None:
    assert looked(main="total", total=USED, energy_this_month=USED) == ({"energy_this_month": "total"}, [])


def test_two_devices_that_are_alike_are_told_and_kept() -> None:
    assert looked(a=USED, b=USED) == ({}, [("a", "b")])
    assert looked(a=USED, b=USED, c=USED) == ({}, [("a", "b"), ("a", "c")])
    assert looked(main="total", total=USED, a=USED) == ({}, [("total", "a")])
    assert told({}, [("a", "b")]) == [
        "a and b count the same energy hour by hour. If they are one, say in home.yaml  devices: {b: {role: ignore}}"
    ]


def test_what_home_yaml_names_is_no_copy() -> None:
    assert looked({"tv_daily": {"role": "device"}}, tv=USED, tv_daily=USED) == ({}, [])
    assert looked({"pump": {"part_of": "cellar_daily"}}, cellar=USED, cellar_daily=USED, pump=USED / 2) == ({}, [])
    assert looked({"b": {"always_on": True}}, a=USED, b=USED) == ({}, [("b", "a")])


def test_a_helper_of_what_home_yaml_names_is_a_copy() -> None:
    assert looked({"tv": {"role": "device"}}, tv=USED, tv_daily=USED) == ({"tv_daily": "tv"}, [])


@pytest.mark.parametrize(
    "other",
    [
        np.where(np.arange(len(USED)) % 12 == 2, 1.4, USED),  # one hour in nine differs
        USED * 1.05,
        np.where(np.arange(len(USED)) < 40, USED, np.nan),  # too few hours to tell
    ],
)
def test_what_differs_is_no_copy(other: np.ndarray) -> None:
    assert looked(a=USED, a_daily=other) == ({}, [])


def test_two_devices_that_are_always_on_may_use_the_same() -> None:
    always = np.full(len(USED), 0.01)
    assert looked(router=always, switch=always) == ({}, [])
    assert looked(router=always, router_monthly=always) == ({"router_monthly": "router"}, [])


def test_a_copy_in_a_database_is_not_added_and_the_account_closes(tmp_path: Path) -> None:
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
