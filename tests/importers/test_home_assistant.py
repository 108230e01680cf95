"""Home Assistant: its database also while it is written, its pages, and what of them is no energy."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import exports
import numpy as np
import pandas as pd
import pytest
from pytest import approx
from test_vendors import kwh, write
from test_vendors import read as read_file

import influx
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers import Part

AT = int(exports.START.timestamp())


def read(path: Path, **keys: object) -> Part:
    return read_file(path, Settings.model_validate(keys))


def database(path: Path, *statistics: tuple[str, str, int]) -> sqlite3.Connection:
    """Return a new database of statistics, each a name, a unit and whether it has a sum."""
    base = sqlite3.connect(path)
    meta = "statistic_id TEXT, unit_of_measurement TEXT, has_sum INT"
    base.execute(f"CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, {meta})")
    for name in ("statistics", "statistics_short_term"):
        base.execute(
            f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, metadata_id INT, start_ts REAL, mean REAL, sum REAL)"
        )
    for number, (name, unit, sums) in enumerate(statistics, start=1):
        base.execute("INSERT INTO statistics_meta VALUES (?, ?, ?, ?)", (number, name, unit, sums))
    return base


def put(base: sqlite3.Connection, number: int, *sums: float | None, table: str = "statistics", at: int = AT) -> None:
    step = 3600 if table == "statistics" else 300
    column = "sum" if table == "statistics" or number else "mean"
    rows = [(number, at + step * place, value) for place, value in enumerate(sums)]
    base.executemany(f"INSERT INTO {table} (metadata_id, start_ts, {column}) VALUES (?, ?, ?)", rows)
    base.commit()


def test_a_sum_stands_at_the_end_of_its_hour(tmp_path: Path) -> None:
    with closing(database(tmp_path / "ha.db", ("sensor.tv_energy", "Wh", 1))) as base:
        put(base, 1, 1000, 1500, 1750)
    part = read(tmp_path / "ha.db")
    known = part.frame.dropna(subset="energy_kwh")
    assert known["timestamp"].tolist() == [exports.START + pd.Timedelta(hours=hour) for hour in (1, 2)]
    assert known["energy_kwh"].tolist() == [0.5, 0.25]
    assert kwh(part) == approx({"tv_energy": 0.75})


def test_five_minutes_follow_only_after_the_last_hour(tmp_path: Path) -> None:
    with closing(database(tmp_path / "ha.db", ("sensor.tv", "kWh", 1))) as base:
        put(base, 1, 1.0, 2.0)
        put(base, 1, *np.linspace(1, 3, 25)[1:], table="statistics_short_term", at=AT + 3600)
    part = read(tmp_path / "ha.db")
    assert part.kwh == approx(2.0)
    assert part.rows_read == 2 + 12


def test_what_is_no_energy_is_told_and_left(tmp_path: Path) -> None:
    statistics = [
        ("sensor.tv", "kWh", 1),
        ("sensor.water", "m³", 1),
        ("sensor.room", "°C", 0),
        ("sensor.tv_power", "W", 0),
    ]
    with closing(database(tmp_path / "ha.db", *statistics)) as base:
        for number in (1, 2):
            put(base, number, 1.0, 2.0)
    part = read(tmp_path / "ha.db")
    assert kwh(part) == approx({"tv": 1.0})
    assert any("2 statistics of something else" in note for note in part.notes)
    assert any("power is not read where energy is counted (sensor.tv_power)" in note for note in part.notes)


def test_the_start_of_older_databases_is_a_text(tmp_path: Path) -> None:
    with closing(database(tmp_path / "ha.db", ("sensor.tv", "kWh", 1))) as base:
        base.execute("DROP TABLE statistics")
        base.execute("CREATE TABLE statistics (id INTEGER PRIMARY KEY, metadata_id INT, start TEXT, sum REAL)")
        rows = [(f"2024-03-04 {hour:02}:00:00.000000", hour * 0.5) for hour in range(4)]
        base.executemany("INSERT INTO statistics (metadata_id, start, sum) VALUES (1, ?, ?)", rows)
        base.commit()
    part = read(tmp_path / "ha.db")
    assert part.frame["timestamp"].dropna().max() == exports.START + pd.Timedelta(hours=3)
    assert part.kwh == 1.5


def test_a_database_is_read_while_it_is_written_and_left_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with closing(database(home / "ha.db", ("sensor.tv", "kWh", 1))) as base:
        base.execute("PRAGMA journal_mode=WAL")
        put(base, 1, *np.arange(30.0))
        base.execute("BEGIN IMMEDIATE")
        base.execute("INSERT INTO statistics (metadata_id, start_ts, sum) VALUES (1, ?, 1000)", (AT + 3600 * 30,))
        before = {path.name: path.read_bytes() for path in home.iterdir() if not path.name.endswith("-shm")}
        loaded = influx.load(home)  # what is not committed is not seen
        after = {path.name: path.read_bytes() for path in home.iterdir() if not path.name.endswith("-shm")}
    assert loaded.series["kwh"].sum() == 29.0
    assert before == after
    assert not [note for note in loaded.notes if "-wal" in note]


@pytest.mark.skipif(os.geteuid() == 0 and not hasattr(os, "setxattr"), reason="a folder cannot be closed to root")
def test_a_copy_that_lacks_its_log_is_read(tmp_path: Path) -> None:
    with closing(database(tmp_path / "ha.db", ("sensor.tv", "kWh", 1))) as base:
        base.execute("PRAGMA journal_mode=WAL")
        put(base, 1, 1.0, 2.5)
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (tmp_path / "copy.db").write_bytes((tmp_path / "ha.db").read_bytes())
    assert read(tmp_path / "copy.db").kwh == 1.5
    assert sorted(path.name for path in tmp_path.iterdir() if "copy" in path.name) == ["copy.db"]


@pytest.mark.parametrize("name", ["other.db", "cut.db"])
def test_other_and_damaged_databases_are_one_clear_error(tmp_path: Path, name: str) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as base:
        base.execute("CREATE TABLE notes (text)")
        base.commit()
    exports.ha_database(tmp_path / "cut.db", exports.energy())
    content = (tmp_path / "cut.db").read_bytes()
    (tmp_path / "cut.db").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=name):
        read(tmp_path / name)


# --- the Energy page --------------------------------------------------------------------------------------------------


def energy_csv(folder: Path, *rows: str, freq: str = "h", count: int = 3) -> Path:
    times = pd.date_range("2024-03-04", periods=count, freq=freq).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return write(folder, "\n".join([",".join(["entity_id", "type", "unit", *times]), *rows]) + "\n", "energy.csv")


def test_types_are_roles_and_money_is_left(tmp_path: Path) -> None:
    path = energy_csv(
        tmp_path,
        "sensor.tv,device_consumption,kWh,0.1,0.2,",
        "sensor.grid,grid_consumption,kWh,1,1,1",
        "sensor.grid_cost,grid_consumption_cost,EUR,0.3,0.3,0.3",
        "sensor.back,grid_return,Wh,0,500,0",
        "sensor.roof,solar_production,kWh,0,2,0",
        "sensor.charged,battery_in,kWh,0,1,0",
        ",calculated_consumed_solar,kWh,0,0.5,0",
        "sensor.gas,gas_consumption,m³,1,1,1",
    )
    part = read(path)
    assert kwh(part) == approx({"back": 0.5, "charged": 1.0, "grid": 3.0, "roof": 2.0, "tv": 0.3})
    assert part.roles == {"back": "grid_export", "charged": "battery_in", "grid": "grid_import", "roof": "solar"}
    assert part.frame["energy_kwh"].isna().sum() == 1  # a blank cell is unknown, not zero
    assert len(part.rejected) == 3
    assert part.rows_read == 5 * 3 + 3


def test_a_bad_cell_is_rejected_with_its_row_and_hour(tmp_path: Path) -> None:
    rows = ["sensor.tv,device_consumption,kWh,0.1,0.2,0.3", "sensor.oven,device_consumption,kWh,1,much,2"]
    part = read(energy_csv(tmp_path, *rows))
    assert kwh(part) == approx({"tv": 0.6, "oven": 3.0})
    assert part.rejected[["row", "column", "value"]].to_numpy().tolist() == [[3, "2024-03-04T01:00:00.000Z", "much"]]


def test_a_page_of_days_is_too_coarse_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose a single day"):
        read(energy_csv(tmp_path, "sensor.tv,device_consumption,kWh,1,2,3", freq="D"))


# --- the History page -------------------------------------------------------------------------------------------------


def history(folder: Path, *rows: tuple[str, str, str]) -> Path:
    """Write changes on the 4th of March, each an entity, a state and the clock."""
    lines = [f"{entity},{state},2024-03-04T{at if '.' in at else at + ':00.000'}Z\n" for entity, state, at in rows]
    return write(folder, "entity_id,state,last_changed\n" + "".join(lines), "history.csv")


def test_silence_is_no_outage_but_unavailable_is(tmp_path: Path) -> None:
    rows = [("00:00", "10"), ("06:00", "10.6"), ("07:00", "unavailable"), ("09:00", "11.2"), ("10:00", "11.3")]
    part = read(history(tmp_path, *[("sensor.tv_energy", state, at) for at, state in rows]))
    assert part.kwh == approx(1.3)
    assert part.frame["quality"].astype(str).tolist() == ["missing", "measured", "missing", "estimated", "measured"]


def test_power_is_held_until_it_changes(tmp_path: Path) -> None:
    rows = [("00:00", "1000"), ("03:00", "0"), ("04:00", "500"), ("04:30", "0")]
    part = read(history(tmp_path, *[("sensor.oven_power", state, at) for at, state in rows]))
    assert part.kwh == approx(3.25)


def test_what_a_sensor_measures_is_asked_where_its_name_does_not_say(tmp_path: Path) -> None:
    path = history(tmp_path, ("sensor.plug_3", "1.0", "00:00"), ("sensor.plug_3", "1.5", "01:00"))
    with pytest.raises(InputError, match=r"sensor\.plug_3: \{unit: kWh, measures: counter\}"):
        read(path)
    said = {"files": {"history.csv": {"columns": {"sensor.plug_3": {"unit": "kWh"}}}}}
    assert read(path, **said).kwh == 0.5


def test_statistics_before_the_states_are_of_the_end_of_their_hour(tmp_path: Path) -> None:
    rows = [*((str(10 + hour), f"0{hour}:00") for hour in range(5)), ("14.5", "05:30:00.250"), ("15", "06:00")]
    path = history(tmp_path, *[("sensor.tv_energy", state, at) for state, at in rows])
    frame = read(path).frame.dropna(subset="energy_kwh")
    assert frame["timestamp"].dt.hour.tolist()[:4] == [1, 2, 3, 4]  # one kWh in each hour from one to five
    assert frame["energy_kwh"].tolist()[:4] == [1, 1, 1, 1]
    ends = frame["timestamp"] + pd.to_timedelta(frame["minutes"], unit="min")
    assert abs(ends.max() - pd.Timestamp("2024-03-04T06:00", tz="UTC")) < pd.Timedelta(seconds=1)
    assert frame["energy_kwh"].sum() == approx(5)


def test_rows_of_a_history_may_lack_the_columns_of_other_entities(tmp_path: Path) -> None:
    text = (
        "entity_id,state,last_changed,current_temperature,hvac_action\n"
        "sensor.tv_energy,1,2024-01-01T00:00:01.000Z\nsensor.tv_energy,3,2024-01-01T01:00:01.000Z\n"
        "climate.hall,heat,2024-01-01T00:10:00.000Z,19.5,idle\n"
    )
    part = read(write(tmp_path, text, "history.csv"))
    assert part.kwh == 2.0
    assert part.rejected["reason"].tolist() == ["no electricity: a series of something else"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("sensor.hall\t°C\t01.01.2024 00:00\t19\n", "no electricity: unit °C"),  # rows may end with their last value
        ("sensor.tv\tkWh\t01.01.2024 04:00\t\t1", "5 cells where the header has 7"),  # and this sum may have been 10
    ],
)
def test_rows_of_statistics_may_end_early_but_may_not_be_cut_off(tmp_path: Path, row: str, reason: str) -> None:
    head = "statistic_id\tunit\tstart\tmean\tsum\tstate\tdelta\n"
    rows = "".join(f"sensor.tv\tkWh\t01.01.2024 0{hour}:00\t\t{hour}\n" for hour in range(4))
    part = read(write(tmp_path, head + rows + row, "statistics.tsv"))
    assert part.kwh == 3.0
    assert part.rejected["reason"].tolist() == [reason]


def test_switches_are_set_aside(tmp_path: Path) -> None:
    rows = [("sensor.tv_energy", "1", "00:00"), *[("switch.tv", "on", f"0{hour}:00") for hour in range(1, 8)]]
    part = read(history(tmp_path, *rows, ("sensor.tv_energy", "2", "09:00")))
    assert part.kwh == 1.0
    assert len(part.rejected) == 7
