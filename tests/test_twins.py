"""One energy that is counted twice: what is a copy, which of the two stays, and what only looks alike."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_home_assistant import AT, database, put

import influx
from influx.account import rest
from influx.settings import Settings
from influx.twins import repeated

DAYS = 4
HOURS = pd.date_range("2024-01-01", periods=24 * DAYS, freq="h", tz="UTC")
USED = np.tile([0.0, 0.25, 1.5, 0.5], 6 * DAYS)


def hours(**devices: np.ndarray) -> pd.DataFrame:
    parts = [pd.DataFrame({"device_id": name, "timestamp": HOURS, "energy_kwh": kwh}) for name, kwh in devices.items()]
    return pd.concat(parts, ignore_index=True)


def found(said: dict[str, object] | None = None, main: str = "", **devices: np.ndarray) -> dict[str, str]:
    roles = {name: "household" if name == main else "device" for name in devices}
    return repeated(hours(**devices), roles, Settings.model_validate({"devices": said or {}}))  # type: ignore[arg-type]


def test_a_helper_that_counts_by_the_day_is_a_copy() -> None:
    reset = USED.copy()
    reset[[24, 48, 72]] = 0.1  # what a helper loses when it begins anew
    assert found(tv=USED, tv_daily=reset, oven=USED[::-1]) == {"tv_daily": "tv"}
    assert found(daily_tv=USED, tv_of_the_living_room=USED) == {"daily_tv": "tv_of_the_living_room"}


def test_of_many_copies_one_stays() -> None:
    assert found(a=USED, b=USED, c=USED) == {"b": "a", "c": "a"}


def test_what_is_known_longer_stays() -> None:
    late = np.where(np.arange(len(USED)) < 24, np.nan, USED)
    assert found(a=late, b=USED) == {"a": "b"}


def test_a_device_that_repeats_the_main_meter_is_none() -> None:
    assert found(main="total", total=USED, a=USED) == {"a": "total"}


def test_what_home_yaml_says_stays() -> None:
    assert found({"b": {"always_on": True}}, a=USED, b=USED) == {"a": "b"}
    assert found({"a": {"role": "device"}, "b": {"role": "device"}}, a=USED, b=USED) == {}


@pytest.mark.parametrize(
    "other",
    [
        np.where(np.arange(len(USED)) % 12 == 2, 1.4, USED),  # one hour in nine differs
        USED * 1.05,
        np.where(np.arange(len(USED)) < 40, USED, np.nan),  # too few hours to tell
    ],
)
def test_what_differs_is_no_copy(other: np.ndarray) -> None:
    assert found(a=USED, b=other) == {}


def test_two_devices_that_are_always_on_may_use_the_same() -> None:
    always = np.full(len(USED), 0.01)
    assert found(router=always, switch=always) == {}
    assert found(router=always, router_monthly=always) == {"router_monthly": "router"}


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
    assert rest(home) == pytest.approx(0, abs=1e-9)
    (tmp_path / "home.yaml").write_text("devices: {tv_energy_daily: {role: device}}\n", encoding="utf-8")
    assert "tv_energy_daily" in set(influx.load(tmp_path).readings["device_id"])
