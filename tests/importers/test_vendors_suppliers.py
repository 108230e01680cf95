"""The exports of more suppliers, meters and inverters: what each says, in kWh and UTC, with sums worked out by hand."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from exports import workbook
from pytest import approx
from test_vendors import AMSTERDAM, format_of, kwh, read, times, values, write

import influx
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.home.meter_roles import role_of


def home(**said: object) -> Settings:
    return Settings.model_validate({"timezone": "Europe/Amsterdam", **said})


# --- E-REDES ----------------------------------------------------------------------------------------------------------

TITLE = [["Dados Globais"], ["CPE", "PT0002"], ["Intervalo", "15 min"], [""]]


def load_curve(path: Path, *names: str, rows: list[list[str | float]]) -> Path:
    width = 2 + len(names)
    above: list[list[str | float]] = [[*line, *[""] * (width - len(line))] for line in TITLE]
    return workbook(path, Data=[*above, ["Data", "Hora", *names], *rows])


def test_e_redes_is_mean_power_to_the_end_of_the_quarter_by_the_clock_of_lisbon(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [
        ["2025/07/01", "00:15", 0.8, "Real"],
        ["2025/07/01", "00:30", "0,4", "Estimado"],
        ["2025/07/02", "00:00", 1.2, "Real"],
    ]
    path = load_curve(tmp_path / "c.xlsx", "Consumo registado, Ativa (kW)", "Estado", rows=rows)
    part = read(path, AMSTERDAM)
    assert times(part, "grid import") == ["06-30 23:00", "06-30 23:15", "07-01 22:45"]
    assert values(part, "grid import") == approx([0.2, 0.1, 0.3])
    assert part.frame["quality"].tolist() == ["measured", "estimated", "measured"]
    assert part.roles == {"grid import": "grid_import"}


def test_e_redes_energy_is_read_once_where_it_was_measured(tmp_path: Path) -> None:
    names = ("Consumo registado, Ativa (kW)", "Consumo medido na IC, Ativa (kW)", "Injeção registada, Ativa (kW)")
    rows: list[list[str | float]] = [["2025/07/01 00:00:00", f"0{n}:00", 0.5, 0.75, 0.25] for n in (1, 2)]
    path = load_curve(tmp_path / "c.xlsx", *names, rows=rows)
    assert kwh(read(path)) == approx({"grid import": 1.5, "grid export": 0.5})


# --- EDC --------------------------------------------------------------------------------------------------------------

PAIR = "Datum;Cas od;Cas do;8591-8592\n01.08.2025;10:00;10:15;0,1;\n01.08.2025;10:15;10:30;0,15;\n"


def test_shared_energy_of_edc_is_asked_about(tmp_path: Path) -> None:
    path = write(tmp_path, PAIR)
    with pytest.raises(InputError, match=r"counted by its grid meter.*columns: \{8591-8592: \{role: solar\}\}"):
        read(path)
    part = read(path, home(files={"export.csv": {"columns": {"8591-8592": {"role": "solar", "device": "shared"}}}}))
    assert kwh(part) == approx({"shared": 0.25})
    assert part.roles == {"shared": "solar"}


# --- e-distribuzione --------------------------------------------------------------------------------------------------


def quarters(days: list[str], cell: str) -> str:
    clocks = [f"{n // 4:02d}:{n % 4 * 15:02d}" for n in range(96)]
    names = ";".join(f"{begin}-{end}" for begin, end in zip(clocks, [*clocks[1:], "00:00"], strict=True))
    return f"Giorno;{names}\n" + "".join(f'"{day}";' + f'"{cell}";' * 96 + "\n" for day in days)


def test_e_distribuzione_has_kwh_in_a_row_a_day_and_an_export_is_no_feed_in(tmp_path: Path) -> None:
    path = write(tmp_path, quarters(["01/09/2024", "02/09/2024"], "0,25"), "ExportData_settembre.csv")
    part = read(path, AMSTERDAM)
    assert kwh(part) == approx({"grid_import": 48.0})
    assert times(part, "grid_import")[:2] == ["08-31 22:00", "08-31 22:15"]
    assert part.roles == {"grid_import": "grid_import"}
    assert part.format == "e-distribuzione"


# --- Ameren -----------------------------------------------------------------------------------------------------------

AMEREN = (
    "Name,Somebody,,,,,,\nMeter Number,72621898,,,,,,\nStart Date,03/09/2025,,,,,,\n,,,,,,,\n"
    "Start Interval Date/Time,Meter Id,Usage,Units,Interval,Usage,Units,Interval\n"
    "03/09/2025 01:00,72621898,1.5,kwh,60min,0.5,kwh,15min\n"
    "03/09/2025 01:15,72621898,-,-,-,0.25,kwh,15min\n"
    "03/09/2025 01:30,72621898,-,-,-,0.5,kwh,15min\n"
    "03/09/2025 01:45,72621898,-,-,-,0.25,kwh,15min\n"
    "03/09/2025 02:00,72621898,0.6,kwh,60min,0.6,kwh,15min\n"
    "03/09/2025 03:00,72621898,0.75,kwh,60min,-,-,-\n"
    "03/09/2025 03:15,72621898,-,-,-,0.75,kwh,15min\n"
)


def test_ameren_hours_without_quarters_are_read(tmp_path: Path) -> None:
    lines = AMEREN.splitlines()
    hours = [line.rsplit(",", 3)[0] for line in (lines[4], lines[5], lines[10])]
    part = read(write(tmp_path, "Title,Data,,,\n" + "\n".join(hours) + "\n"))
    assert kwh(part) == approx({"grid import": 2.25})


def test_the_number_of_a_meter_is_no_date(tmp_path: Path) -> None:
    rows = "".join(f"2024-07-{day:02d} {hour:02d}:00,{0.25 + hour / 100}\n" for day in (1, 2) for hour in range(24))
    part = read(write(tmp_path, "Meter,72621898\nAt,Usage (kWh)\n" + rows))
    assert part.rows_read == 48


# --- GivEnergy --------------------------------------------------------------------------------------------------------


def record(at: str, solar: float, battery: float, **other: object) -> dict[str, object]:
    flows = {"grid": {"import": 5, "export": 2 * solar}, "consumption": solar, "ac_charge": 0}
    total = {"solar": solar, "battery": {"charge": 62.3, "discharge": 62.3}, **flows}
    today = {"solar": 0, "battery": {"charge": battery, "discharge": battery / 2}, **flows}
    power = {"battery": {"percent": 87, "power": 342}}
    return {"time": at, "status": "NORMAL", "power": power, "today": today, "total": total, "is_metered": True, **other}


def test_givenergy_registers_are_those_since_the_beginning_but_the_battery_s(tmp_path: Path) -> None:
    records = [
        record("2025-05-31T22:55:00Z", 10.0, 4.0),
        record("2025-05-31T23:00:00Z", 10.25, 0.0),  # midnight in Britain: the battery's registers begin anew
        record("2025-05-31T23:05:00Z", 999.0, 9.0, status="LOST"),
        record("2025-05-31T23:10:00Z", 999.0, 9.0, is_metered=False),
        record("2025-05-31T23:15:00Z", 11.0, 0.5),
    ]
    part = read(write(tmp_path, json.dumps({"data": records}, indent=4), "m.json"), home(timezone="Europe/London"))
    assert kwh(part) == approx(
        {
            "solar": 1.0,
            "grid import": 0.0,
            "grid export": 2.0,
            "household": 1.0,
            "battery in": 0.5,
            "battery out": 0.25,
        }
    )
    assert part.roles == {name: name.replace(" ", "_") for name in kwh(part)}
    assert part.rejected["value"].tolist() == ["2025-05-31T23:05:00Z", "2025-05-31T23:10:00Z"]


# --- registers without a header: Toon, and those for Home Assistant ---------------------------------------------------


def register(*states: float, first: int = 1_704_067_200) -> str:
    return "".join(f"{first + 3600 * place},{state}\n" for place, state in enumerate(states))


def test_a_register_that_may_be_in_two_units_is_asked_about(tmp_path: Path) -> None:
    path = write(tmp_path, register(0, 7, 20, 30))
    with pytest.raises(InputError, match="unit: kWh or unit: Wh"):
        read(path)
    assert kwh(read(path, home(files={"export.csv": {"unit": "Wh"}}))) == approx({"export": 0.03})


# --- HomeWizard kWh meters --------------------------------------------------------------------------------------------

HOMEWIZARD = (
    "time,Import kWh,Export kWh,L1 max W\n"
    "2025-06-24 20:30,32.125,0.150,-16\n2025-06-24 20:45,32.125,0.161,0\n2025-06-24 21:00,32.500,0.161,148\n"
)


@pytest.mark.parametrize(
    ("columns", "expected", "roles"),
    [
        ({"Import kWh": {"device": "washer"}}, {"washer": 0.375}, {}),
        ({"Export kWh": {"device": "roof", "role": "solar"}}, {"roof": 0.011}, {"roof": "solar"}),
        (
            {"Import kWh": {"role": "battery_in"}, "Export kWh": {"role": "battery_out"}},
            {"export import": 0.375, "export export": 0.011},
            {"export import": "battery_in", "export export": "battery_out"},
        ),
    ],
)
def test_a_homewizard_kwh_meter_is_what_home_yaml_says(
    tmp_path: Path, columns: dict[str, object], expected: dict[str, float], roles: dict[str, str]
) -> None:
    part = read(write(tmp_path, HOMEWIZARD), home(files={"export.csv": {"columns": columns}}))
    assert kwh(part) == approx(expected)
    assert part.roles == roles


def test_a_homewizard_kwh_meter_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not say what it measures.*columns: \{Export kWh: \{role: solar\}\}"):
        read(write(tmp_path, HOMEWIZARD))


# --- Domoticz ---------------------------------------------------------------------------------------------------------


def domoticz(path: Path, *more: str) -> Path:
    """Write a database with a smart meter, sun, a washer and a gas meter."""
    with closing(sqlite3.connect(path)) as base:
        base.executescript(
            "CREATE TABLE DeviceStatus (ID INTEGER PRIMARY KEY, Name TEXT, Type INTEGER, SubType INTEGER, "
            "SwitchType INTEGER DEFAULT 0);"
            "CREATE TABLE Meter (DeviceRowID BIGINT, Value BIGINT, Usage INTEGER DEFAULT 0, Date DATETIME);"
            "CREATE TABLE MultiMeter (DeviceRowID BIGINT, Value1 BIGINT, Value2 BIGINT, Value3 BIGINT, Value4 BIGINT, "
            "Value5 BIGINT, Value6 BIGINT, Date DATETIME);"
            "INSERT INTO DeviceStatus VALUES (1,'Power',250,1,0),(2,'Roof',243,29,4),(3,'Gas',251,2,0),"
            "(4,'Washer',243,29,0);"
            "INSERT INTO Meter VALUES (2,1000,0,'2024-07-01 12:00:00'),(2,1250,0,'2024-07-01 12:05:00'),"
            "(3,5000,0,'2024-07-01 12:00:00'),(3,6000,0,'2024-07-01 12:05:00'),"
            "(4,10,0,'2024-07-01 12:00:00'),(4,35,0,'2024-07-01 12:05:00');"
            "INSERT INTO MultiMeter VALUES (1,100,0,5000,0,700,40,'2024-07-01 12:00:00'),"
            "(1,150,30,9000,0,700,60,'2024-07-01 12:05:00');" + ";".join(more)
        )
        base.commit()
    return path


def test_domoticz_registers_are_in_wh_and_say_what_they_count(tmp_path: Path) -> None:
    path = domoticz(tmp_path / "domoticz.db")
    part = read(path, AMSTERDAM)
    assert format_of(path) == "domoticz"
    assert kwh(part) == approx(
        {
            "Roof": 0.25,
            "Washer": 0.025,
            "Power import 1": 0.05,
            "Power import 2": 0.0,
            "Power export 1": 0.03,
            "Power export 2": 0.02,
        }
    )
    assert times(part, "Roof")[1:] == ["07-01 10:00"]
    assert part.roles == {
        "Roof": "solar",
        "Power import 1": "grid_import",
        "Power import 2": "grid_import",
        "Power export 1": "grid_export",
        "Power export 2": "grid_export",
    }
    assert "Gas is no meter in kWh" in part.notes[0]


def test_two_devices_of_one_name_in_domoticz_stay_two(tmp_path: Path) -> None:
    more = (
        "INSERT INTO DeviceStatus VALUES (9,'Washer',243,29,0)",
        "INSERT INTO Meter VALUES (9,0,0,'2024-07-01 12:00:00'),(9,500,0,'2024-07-01 12:05:00')",
    )
    part = read(domoticz(tmp_path / "domoticz.db", *more))
    assert {name: sum_ for name, sum_ in kwh(part).items() if "Washer" in name} == approx(
        {"Washer 4": 0.025, "Washer 9": 0.5}
    )


def test_a_domoticz_without_electricity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no state of a meter of electricity"):
        read(domoticz(tmp_path / "d.db", "DELETE FROM MultiMeter", "DELETE FROM Meter WHERE DeviceRowID <> 3"))


# --- names of Home Assistant ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("electricity_meter_feed_in_tariff_1", "grid_import"),
        ("electricity_meter_feed_out_tariff_2", "grid_export"),
        ("electricity_meter_energy_consumption_tarif_1", "grid_import"),
        ("p1_meter_energy_export_tariff_2", "grid_export"),
        ("energy_consumption", "device"),
    ],
)
def test_registers_of_tariffs_are_those_of_the_connection(tmp_path: Path, name: str, role: str) -> None:
    rows = "".join(f"sensor.{name},{100 + n},2024-01-01T0{n}:00:30.000Z\n" for n in range(6))
    write(tmp_path, "entity_id,state,last_changed\n" + rows, "history.csv")
    part = read(tmp_path / "history.csv")
    assert kwh(part) == approx({name: 5.0})
    assert role_of(name, Settings(), part.roles) == role


# --- what the general reading tells from the columns beside one another -----------------------------------------------


def hourly(*cells: str, head: str, days: int = 2) -> str:
    rows = [f"2024-07-0{day} {hour:02d}:00" for day in range(1, days + 1) for hour in range(24)]
    return head + "\n" + "".join(f"{at};{';'.join(cells)}\n" for at in rows)


def test_a_total_of_the_other_columns_counts_once_and_what_is_fed_in_may_be_below_zero(tmp_path: Path) -> None:
    head = "Vanaf;Verbruik laag tarief;Verbruik hoog tarief;Teruglevering laag tarief;Totaal"
    part = read(write(tmp_path, hourly("0,5", "0,25", "-0,125", "0,625", head=head)), AMSTERDAM)
    assert kwh(part) == approx(
        {"Verbruik laag tarief": 24.0, "Verbruik hoog tarief": 12.0, "Teruglevering laag tarief": 6}
    )
    assert part.roles == {
        "Verbruik laag tarief": "grid_import",
        "Verbruik hoog tarief": "grid_import",
        "Teruglevering laag tarief": "grid_export",
    }
    assert any("Totaal is the sum of the other columns" in note for note in part.notes)


def test_a_few_hours_that_are_fed_in_below_zero_are_fed_in(tmp_path: Path) -> None:
    text = hourly("0,5", "-0,125", head="Vanaf;Verbruik laag tarief;Teruglevering laag tarief").splitlines()[:6]
    text.append(text[-1].replace("04:00", "05:00").replace("-0,125", "0"))
    part = read(write(tmp_path, "\n".join(text) + "\n"), home(files={"export.csv": {"label": "start"}}))
    assert kwh(part) == approx({"Verbruik laag tarief": 3.0, "Teruglevering laag tarief": 0.625})
    assert not np.signbit(part.frame["energy_kwh"]).any()


def test_what_a_home_used_is_no_total_of_its_flows(tmp_path: Path) -> None:
    part = read(write(tmp_path, hourly("0,75", "0,5", "0,25", head="Start;Load (kWh);Solar (kWh);Grid import (kWh)")))
    assert kwh(part) == approx({"Load": 36.0, "Solar": 24.0, "Grid import": 12.0})


def test_a_total_that_is_more_than_the_others_is_read(tmp_path: Path) -> None:
    part = read(write(tmp_path, hourly("0,5", "0,25", "1", head="Start;Fridge (kWh);Oven (kWh);Total (kWh)")))
    assert kwh(part) == approx({"Fridge": 24.0, "Oven": 12.0, "Total": 48.0})


def test_a_peak_is_no_mean_power(tmp_path: Path) -> None:
    part = read(write(tmp_path, hourly("0,5", "900", head="Start;Fridge (kWh);L1 max W")), AMSTERDAM)
    assert kwh(part) == approx({"Fridge": 24.0})


def test_a_register_that_stands_still_beside_another_is_one(tmp_path: Path) -> None:
    rows = "".join(f"2024-07-01 {hour:02d}:00,{100 + hour / 4},7.5\n" for hour in range(24))
    part = read(write(tmp_path, "time,Fridge kWh,Oven kWh\n" + rows), home(files={"export.csv": {"label": "start"}}))
    assert kwh(part) == approx({"Fridge": 5.75, "Oven": 0.0})


def test_what_a_database_was_asked_for_is_named_by_its_file_or_asked_about(tmp_path: Path) -> None:
    text = "time,kWh.first\n" + "".join(f"2024-07-01 {hour:02d}:00,{100 + hour / 4}\n" for hour in range(24))
    assert read(write(tmp_path, text, "PV meter-data.csv")).roles == {"solar": "solar"}
    path = write(tmp_path, text, "Chronograf Data.csv")
    with pytest.raises(InputError, match=r'nothing says what kWh\.first measures.*\{"kWh\.first": \{role: solar\}\}'):
        read(path)
    said = home(files={"Chronograf Data.csv": {"columns": {"kWh.first": {"role": "grid_import"}}}})
    assert set(read(path, said).roles.values()) == {"grid_import"}


def test_a_file_that_was_exported_is_not_fed_in(tmp_path: Path) -> None:
    text = "date," + ",".join(f"{hour:02d}:00" for hour in range(24)) + "\n"
    text += "".join(f"2024-07-0{day}," + ",".join(["0.5"] * 24) + "\n" for day in range(1, 6))
    assert read(write(tmp_path, text, "export.csv")).roles == {"grid_import": "grid_import"}
    assert read(write(tmp_path, text, "grid_export.csv")).roles == {"grid_export": "grid_export"}


def test_gas_among_the_series_of_a_table_is_left_aside(tmp_path: Path) -> None:
    rows = "".join(
        f"2024-07-01 {hour:02d}:00;{name};0,5\n" for hour in range(24) for name in ("Fridge", "Gas boiler", "Gas")
    )
    part = read(write(tmp_path, "start;device;kWh\n" + rows))
    assert kwh(part) == approx({"Fridge": 12.0, "Gas boiler": 12.0})
    assert set(part.rejected["value"]) == {"Gas"}


def test_rows_of_several_series_that_nothing_tells_apart_are_asked_about(tmp_path: Path) -> None:
    text = "start;kWh\n" + "".join(f"2024-07-01 {hour:02d}:00;0,5\n" * 2 for hour in range(24))
    with pytest.raises(InputError, match=r"most of its times stand in several rows \(first: row 2\).*write `device: `"):
        read(write(tmp_path, text))


def test_a_mean_power_that_stands_twice_counts_once(tmp_path: Path) -> None:
    rows = "".join(f"2024-07-01 {hour:02d}:00,600\n" * (2 if hour == 5 else 1) for hour in range(24))
    (tmp_path / "home").mkdir()
    path = write(tmp_path / "home", "start,Oven (W)\n" + rows)
    assert (read(path).frame["minutes"] == 60).all()
    assert influx.load(tmp_path / "home").readings["energy_kwh"].sum() == approx(14.4)


def test_rows_above_a_header_are_not_passed_over(tmp_path: Path) -> None:
    lines = AMEREN.splitlines()
    moved = [*lines[:3], lines[5], *lines[3:5], *lines[6:]]
    assert format_of(write(tmp_path, "\n".join(moved) + "\n")) != "ameren"


def test_ameren_columns_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    rows = [line.split(",") for line in AMEREN.splitlines()[4:]]
    swapped = "".join(",".join([*row[:2], row[5], *row[3:5], row[2], *row[6:]]) + "\n" for row in rows)
    with pytest.raises(InputError, match="do not belong together"):
        read(write(tmp_path, swapped))
