"""The last look at a home's hours: what no home looks like is refused with its line, and a home as it is passes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import influx
from influx.core.settings import Settings
from influx.home.plausibility import doubts

HOURS = np.arange(7 * 24)
DAY = 0.2 + 0.1 * (HOURS % 24) + 0.01 * (HOURS % 7)
"""A week of a device: 0.2 to 2.6 kWh an hour."""
EVENING = np.where(HOURS % 24 >= 18, 0.5 + 0.01 * (HOURS % 11), 0.0)
SERIES = {
    "as it is": (DAY, "device", None),
    "never falls": (100 + np.cumsum(EVENING) / 10, "device", "never falls"),
    "never falls from zero": (np.cumsum(EVENING) / 100, "solar", "never falls"),
    "percentage": (np.clip(np.round(60 + 50 * np.sin(HOURS / 12)), 0, 100), "device", "percentage"),
    "small percentage": (np.where(HOURS % 24 == 12, 100, HOURS % 13), "device", "percentage"),
    "watts as kilowatts": (300 * DAY, "grid_import", "more than a home takes"),
    "kilowatts as watts": (DAY / 1000, "grid_import", "router"),
    "a small device": (DAY / 1000, "device", None),
    "temperature": (18 + 3 * np.sin(HOURS / 4), "device", "more than a home takes"),
    "stands still": (np.full(len(HOURS), 0.05), "device", None),
    "two steps up": (np.where(HOURS < 80, 0.05, 0.2), "device", None),
    "a strong home": (4 * DAY, "grid_import", None),
    "never used": (np.zeros(len(HOURS)), "device", None),
    "a day alone": (np.where(HOURS < 20, 200.0, np.nan), "device", None),
}


@pytest.mark.parametrize("name", SERIES)
def test_a_series_is_looked_at_by_its_hours(name: str) -> None:
    energy, role, fault = SERIES[name]
    found = doubts(pd.DataFrame({"it": energy}), {"it": role}, Settings())
    assert [doubt.device_id for doubt in found] == ([] if fault is None else ["it"])
    assert fault is None or fault in found[0].what


def test_a_home_that_draws_more_than_it_may_is_asked_about() -> None:
    table, roles = pd.DataFrame({"grid": 4 * DAY}), {"grid": "grid_import"}
    assert doubts(table, roles, Settings(power_limit_kw=13.8)) == []
    (doubt,) = doubts(table, roles, Settings(power_limit_kw=4.6))
    assert "power_limit_kw: 4.6" in doubt.what


@pytest.mark.parametrize("factor", [12, 60, 1000])
def test_the_same_in_another_unit_is_named_with_the_larger_one(factor: float) -> None:
    table = pd.DataFrame({"fine": DAY / 1000, "coarse": factor * DAY / 1000, "tv": EVENING})
    found = doubts(table, dict.fromkeys(table, "device"), Settings())
    assert [(doubt.device_id, f"{factor:,g} times fine" in doubt.what) for doubt in found] == [("coarse", True)]
    assert doubts(table, {"fine": "device", "coarse": "ignore", "tv": "device"}, Settings()) == []


def test_devices_of_one_rhythm_are_not_the_same() -> None:
    """Twice as much, and a thousand times but for every third hour."""
    table = pd.DataFrame({"a": DAY, "b": 2 * DAY, "c": DAY / 1000 * np.where(HOURS % 3, 1, 1.5)})
    assert doubts(table, dict.fromkeys(table, "device"), Settings()) == []


def test_a_sum_among_its_parts_is_the_household() -> None:
    table = pd.DataFrame({"fridge": DAY / 10, "tv": EVENING, "all": DAY / 10 + EVENING})
    (doubt,) = doubts(table, dict.fromkeys(table, "device"), Settings())
    assert (doubt.device_id, doubt.role) == ("all", "household")
    assert doubts(table, {"fridge": "device", "tv": "device", "all": "household"}, Settings()) == []


LINE = re.compile(r"(?:devices|files): \{.*?\}\}")


def test_each_line_that_is_proposed_settles_it_and_a_role_keeps_it(tmp_path: Path) -> None:
    stamps = pd.date_range("2024-07-01", periods=len(HOURS), freq="h", tz="UTC")
    frame = pd.DataFrame({"timestamp": stamps, "tv": EVENING, "meter: old": 5 + np.cumsum(EVENING) / 20})
    frame.melt("timestamp", var_name="device_id", value_name="energy_kwh").to_csv(tmp_path / "r.csv", index=False)
    with pytest.raises(influx.InputError, match=r"^r\.csv, meter: old: it never falls") as asked:
        influx.load(tmp_path)
    leave, keep = LINE.findall(str(asked.value))
    (tmp_path / "home.yaml").write_text(leave)
    assert influx.load(tmp_path).readings["device_id"].unique().tolist() == ["tv"]
    (tmp_path / "home.yaml").write_text(keep)
    kept = influx.load(tmp_path)
    assert kept.readings["energy_kwh"].max() > 5
    assert any("meter: old" in note and "role" in note for note in kept.notes)


def test_the_unit_that_is_proposed_names_the_file(tmp_path: Path) -> None:
    stamps = pd.date_range("2024-07-01", periods=len(HOURS), freq="h", tz="UTC")
    frame = pd.DataFrame({"timestamp": stamps, "device_id": "tv", "energy_kwh": 20 + 10 * DAY})
    frame.to_csv(tmp_path / "r.csv", index=False)
    with pytest.raises(influx.InputError, match="more than a home takes") as asked:
        influx.load(tmp_path)
    (tmp_path / "home.yaml").write_text(next(line for line in LINE.findall(str(asked.value)) if "unit" in line))
    assert influx.load(tmp_path).series["kwh"].sum() == pytest.approx((20 + 10 * DAY).sum() / 1000)
