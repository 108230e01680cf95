"""Home Assistant's Energy page beside its database: what each statistic measures, and which of them count at all."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from test_home_assistant import database, put

import influx
from influx.core.errors import InputError
from influx.home import home_assistant_energy, inspect
from influx.home.home import Home

STATISTICS = ("p1_import", "p1_export", "roof", "box_from", "box_to", "kitchen", "oven", "kitchen_monthly", "boiler")
HOURLY = {"p1_import": 5, "p1_export": 2, "roof": 4, "box_from": 1, "box_to": 2, "kitchen": 3, "oven": 1}
"""kWh an hour of each; all others use 0.5."""

SOURCES = [
    {"type": "solar", "stat_energy_from": "sensor.roof", "config_entry_solar_forecast": None},
    {"type": "battery", "stat_energy_from": "sensor.box_from", "stat_energy_to": "sensor.box_to"},
    {"type": "gas", "stat_energy_from": "sensor.boiler"},
]
OLD_GRID = {
    "type": "grid",
    "flow_from": [{"stat_energy_from": "sensor.p1_import", "stat_cost": None}],
    "flow_to": [{"stat_energy_to": "sensor.p1_export", "stat_compensation": None}],
}
NEW_GRID = {"type": "grid", "stat_energy_from": "sensor.p1_import", "stat_energy_to": "sensor.p1_export"}
DEVICES = [
    {"stat_consumption": "sensor.kitchen"},
    {"stat_consumption": "sensor.oven", "name": "Oven", "included_in_stat": "sensor.kitchen"},
]


def write_page(folder: Path, sources: list[object], devices: list[object], name: str = "energy") -> None:
    data = {"energy_sources": sources, "device_consumption": devices}
    (folder / name).write_text(json.dumps({"version": 1, "minor_version": 1, "key": "energy", "data": data}, indent=2))


def home_of(folder: Path, said: str = "", grid: object = OLD_GRID, name: str = "energy") -> Home:
    """Return the home of a database of twenty-four hours, with the settings of the page beside it."""
    if not (folder / "home-assistant_v2.db").exists():
        with closing(database(folder / "home-assistant_v2.db", *((f"sensor.{n}", "kWh", 1) for n in STATISTICS))) as db:
            for number, one in enumerate(STATISTICS, start=1):
                put(db, number, *(HOURLY.get(one, 0.5) * hour for hour in range(25)))
    write_page(folder, [grid, *SOURCES], DEVICES, name)
    (folder / "home.yaml").write_text(f"timezone: UTC\n{said}")
    return influx.load(folder)


def kwh(home: Home) -> dict[str, float]:
    return {str(name): float(sum_) for name, sum_ in home.readings.groupby("device_id")["energy_kwh"].sum().items()}


@pytest.mark.parametrize("grid", [OLD_GRID, NEW_GRID])
@pytest.mark.parametrize("name", home_assistant_energy.NAMES)
def test_the_page_says_what_is_measured_and_what_counts(tmp_path: Path, grid: object, name: str) -> None:
    home = home_of(tmp_path, grid=grid, name=name)
    roles = home.series.set_index("device_id")["role"].to_dict()
    flows = {"p1_import": "grid_import", "p1_export": "grid_export", "roof": "solar"}
    flows |= {"box_from": "battery_out", "box_to": "battery_in"}
    devices = {"kitchen": "device", "oven": "device"}
    assert roles == flows | devices | {"kitchen_monthly": "ignore", "boiler": "ignore"}
    # An hour takes 5 + 4 - 2 + 1 - 2 = 6 kWh, of which the oven has 1 and the rest of the kitchen and home 5.
    assert kwh(home) == pytest.approx({"household": 24 * 6, "oven": 24 * 1, "other": 24 * 5})
    assert any("does not name them: boiler, kitchen_monthly, 2 in all." in note for note in home.notes)


def test_what_home_yaml_says_comes_first(tmp_path: Path) -> None:
    said = "devices: {boiler: {}, roof: {role: ignore}, oven: {part_of: boiler}}\n"
    home = home_of(tmp_path, said)
    roles = home.series.set_index("device_id")["role"]
    assert roles[["boiler", "roof"]].tolist() == ["device", "ignore"]
    assert home.settings.devices["oven"].part_of == "boiler"


def test_a_page_that_home_yaml_ignores_says_nothing(tmp_path: Path) -> None:
    home = home_of(tmp_path, "files: {energy: {ignore: true}}\n")
    assert set(home.series.set_index("device_id")["role"][["boiler", "p1_import"]]) == {"device"}


def test_a_page_about_other_statistics_changes_nothing(tmp_path: Path) -> None:
    home_of(tmp_path)
    write_page(tmp_path, [{"type": "solar", "stat_energy_from": "sensor.elsewhere"}], [])
    home = influx.load(tmp_path)
    assert "ignore" not in set(home.series["role"])
    assert any("none of the 1 statistics that the Energy page names" in note for note in home.notes)


def test_a_damaged_page_is_one_clear_error(tmp_path: Path) -> None:
    home_of(tmp_path)
    (tmp_path / "energy").write_text((tmp_path / "energy").read_text()[:-20])
    with pytest.raises(InputError, match="energy: not readable as JSON"):
        influx.load(tmp_path)


def test_a_changed_page_is_another_home_to_a_run(tmp_path: Path) -> None:
    from influx.core.fingerprint import fingerprint_of_files
    from influx.report.run_folder import files_of_home

    home_of(tmp_path)
    before = fingerprint_of_files(files_of_home(tmp_path))
    write_page(tmp_path, [NEW_GRID], [])
    assert fingerprint_of_files(files_of_home(tmp_path)) != before


def test_the_page_alone_is_no_home_and_is_shown_for_what_it_is(tmp_path: Path) -> None:
    home_of(tmp_path)
    with pytest.raises(InputError, match="energy: these are settings of Home Assistant's Energy page"):
        influx.load(tmp_path / "energy")
    shown = inspect.inspect(tmp_path)
    assert "energy: the settings of Home Assistant's Energy page" in shown
    assert "  box_to  battery in" in shown
