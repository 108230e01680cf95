"""More exports of meters, suppliers and inverters: small files of our own in their layouts, with hand-worked sums."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import test_vendors
from exports import workbook as book
from pytest import approx
from test_vendors import AMSTERDAM, format_of, kwh, write

import influx
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers import Part


def read(path: Path, settings: Settings = AMSTERDAM) -> Part:
    return test_vendors.read(path, settings)


def at(part: Part, device: str) -> dict[str, float]:
    """Return the energy of a series by the start of its readings, in UTC."""
    rows = part.frame[part.frame["device_id"] == device]
    return {f"{time:%m-%d %H:%M}": value for time, value in zip(rows["timestamp"], rows["energy_kwh"], strict=True)}


# --- SolarEdge --------------------------------------------------------------------------------------------------------


def solaredge(folder: Path, values: list[tuple[str, object]], step: str = "HOUR", unit: str = "Wh") -> Path:
    rows = [{"date": date, "value": value} for date, value in values]
    body = {"energy": {"timeUnit": step, "unit": unit, "measuredBy": "INVERTER", "values": rows}}
    return write(folder, json.dumps(body), "2024-10.json")


def test_solaredge_by_the_clock_of_the_home_has_nights_without_values(tmp_path: Path) -> None:
    path = solaredge(
        tmp_path,
        [
            ("2024-07-01 00:00:00", None),
            ("2024-07-01 12:00:00", 800.0),
            ("2024-07-01 13:00:00", 150.0),
            ("2024-07-02 12:00:00", None),
            ("2024-07-02 13:00:00", None),
        ],
    )
    assert format_of(path) == "solaredge"
    part = read(path)
    assert part.roles == {"production": "solar"}
    assert {time: value for time, value in at(part, "production").items() if value == value} == approx(
        {"06-30 22:00": 0.0, "07-01 10:00": 0.8, "07-01 11:00": 0.15}
    )
    assert part.frame["energy_kwh"].isna().sum() == 2  # a day without any value is unknown
    assert "1 values are null on days with others" in " ".join(part.notes)


def test_solaredge_with_offsets_tells_both_hours_of_autumn_apart(tmp_path: Path) -> None:
    path = solaredge(
        tmp_path,
        [
            ("2024-10-27 01:00:00 CEST+0200", 1.0),
            ("2024-10-27 02:00:00 CEST+0200", 2.0),
            ("2024-10-27 02:00:00 CET+0100", 3.0),
            ("2024-10-27 03:00:00 CET+0100", 4.0),
        ],
    )
    assert at(read(path), "production") == approx(
        {"10-26 23:00": 0.001, "10-27 00:00": 0.002, "10-27 01:00": 0.003, "10-27 02:00": 0.004}
    )


def test_solaredge_names_the_meters_of_details_and_a_power_is_no_energy(tmp_path: Path) -> None:
    def meter(kind: str, value: float) -> dict[str, object]:
        values = [{"date": f"2024-07-01 12:{minute:02}:00", "value": value} for minute in (0, 15, 30, 45)]
        return {"type": kind, "values": values}

    kinds = {"Production": 400.0, "SelfConsumption": 300.0, "FeedIn": 100.0, "Purchased": 40.0, "Consumption": 340.0}
    body = {
        "timeUnit": "QUARTER_OF_AN_HOUR",
        "unit": "W",
        "meters": [meter(kind, value) for kind, value in kinds.items()],
    }
    part = read(write(tmp_path, json.dumps({"powerDetails": body}), "details.json"))
    assert kwh(part) == approx({"production": 0.4, "feedin": 0.1, "purchased": 0.04, "consumption": 0.34})
    assert part.roles == {
        "production": "solar",
        "feedin": "grid_export",
        "purchased": "grid_import",
        "consumption": "household",
    }


def test_days_of_solaredge_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a value for each day is too coarse .* timeUnit=HOUR"):
        read(solaredge(tmp_path, [("2024-07-01 00:00:00", 9000.0)], "DAY"))


# --- SMA --------------------------------------------------------------------------------------------------------------

SMA = (
    "sep=,\nVersion CSV3|Tool WebUI|Linebreaks CR/LF|Delimiter comma\n\n"
    ",STP 1,STP 1,STP 1,STP 1,STP 1\n,TRIPOWER,TRIPOWER,TRIPOWER,TRIPOWER,TRIPOWER\n,1,1,1,1,1\n"
    ",Metering.TotWhOut,GridMs.Hz (Avg),DcMs.Watt (Avg),DcMs.Watt (Avg),Metering.GridMs.TotWhOut\n"
    ",Analog,Analog,Analog,Analog,Analog\n"
    "DD.MM.YYYY hh:mm:ss,[Wh],[Hz],[W],[W],[Wh]\n"
)


def test_an_sma_inverter_is_read_from_its_register_and_nothing_twice(tmp_path: Path) -> None:
    rows = "".join(
        f"03.07.2025 {12 + n // 4}:{n % 4 * 15:02}:00,{41000 + 250 * n},50.00,700,300,NaN\n" for n in range(9)
    )
    path = write(tmp_path, SMA + rows)
    assert format_of(path) == "sma"
    part = read(path)
    assert kwh(part) == approx({"solar": 2.0})
    assert part.roles == {"solar": "solar"}
    assert min(part.frame.loc[part.frame["energy_kwh"].notna(), "timestamp"]).hour == 10  # 12:00 in Amsterdam


def test_the_meter_at_the_grid_of_an_sma_inverter_counts_where_it_moves(tmp_path: Path) -> None:
    rows = "".join(f"03.07.2025 12:{n * 5:02}:00,{1000 + 100 * n},50,1,1,{70 + 40 * n}\n" for n in range(6))
    part = read(write(tmp_path, SMA + rows))
    assert kwh(part) == approx({"solar": 0.5, "grid export": 0.2})
    assert part.roles["grid export"] == "grid_export"


def test_sunny_explorer_writes_semicolons_commas_and_a_column_an_inverter(tmp_path: Path) -> None:
    head = (
        "sep=;\nVersion CSV1|Tool SunnyExplorer 2|Linebreaks CR/LF|Delimiter semicolon|Decimalpoint comma|Precision 3\n"
        "\n;SN: 1;SN: 1;SN: 2;SN: 2\n;SB 4000;SB 4000;SB 3000;SB 3000\n;1;1;2;2\n"
        ";Total yield;Power;Total yield;Power\n;Counter;Analog;Counter;Analog\ndd/MM/yyyy HH:mm:ss;kWh;kW;kWh;kW\n"
    )
    rows = "".join(f"07/03/2024 10:{n * 5:02}:00;{100 + n / 10:.3f};1,2;{50 + n / 20:.3f};0,6\n" for n in range(5))
    part = read(write(tmp_path, head + rows.replace(".", ",")))
    assert kwh(part) == approx({"solar 1": 0.4, "solar 2": 0.2})
    assert {f"{time:%m-%d}" for time in part.frame["timestamp"]} == {"03-07"}


def test_days_of_sma_are_refused_and_so_is_a_file_without_its_register(tmp_path: Path) -> None:
    days = "".join(f"{n:02}.07.2025 00:00:00,{41000 + 9000 * n},50,1,1,NaN\n" for n in range(1, 9))
    with pytest.raises(InputError, match="every 24 hours is too coarse"):
        read(write(tmp_path, SMA + days))
    with pytest.raises(InputError, match=r"no register in it counts energy.*Metering\.TotWhOut"):
        read(write(tmp_path, SMA.replace("Metering.TotWhOut", "GridMs.TotW") + days.replace(",NaN", ",0")))


# --- Slimme Meter Portal ----------------------------------------------------------------------------------------------

PORTAL = ("datum_tijd", "levering_normaal", "levering_laag", "teruglevering_normaal", "teruglevering_laag")


def test_a_quarter_of_the_portal_is_named_by_its_end_and_the_other_tariff_is_zero(tmp_path: Path) -> None:
    rows = [
        ("29-10-2023 02:45:00 +0200", "", "0,10", "", "0"),
        ("29-10-2023 03:00:00 +0200", "", "0,20", "", "0"),
        ("29-10-2023 02:15:00 +0100", "0,40", "", "0,01", ""),
        ("29-10-2023 02:30:00 +0100", "", "", "", ""),
    ]
    path = book(tmp_path / "data_2023_1.xlsx", data=[PORTAL, *rows])
    assert format_of(path) == "slimmemeterportal"
    part = read(path)
    normal, low = at(part, "grid import normal tariff"), at(part, "grid import low tariff")
    assert list(normal) == ["10-29 00:30", "10-29 00:45", "10-29 01:00", "10-29 01:15"]
    assert list(normal.values())[:3] == approx([0, 0, 0.4])
    assert list(low.values())[:3] == approx([0.1, 0.2, 0])
    assert normal["10-29 01:15"] != normal["10-29 01:15"]  # both are blank: not known
    assert part.roles["grid export normal tariff"] == "grid_export"
    assert kwh(part)["grid export normal tariff"] == approx(0.01)


def test_the_gas_meter_of_the_portal_is_refused(tmp_path: Path) -> None:
    rows = [(f"01-10-2023 {n:02}:00:00 +0200", "0,3", "9,5") for n in range(1, 9)]
    with pytest.raises(InputError, match="gas meter, not electricity"):
        read(book(tmp_path / "gas.xlsx", data=[("datum_tijd", "levering", "buitentemperatuur"), *rows]))


# --- Zonneplan and NextEnergy -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("both", [True, False])
def test_an_hour_of_zonneplan_is_named_by_its_end_and_what_is_fed_in_is_below_zero(tmp_path: Path, both: bool) -> None:
    head = ["DateFrom", "DateTo", "ElectricityConsumptionUsageKwh", "ElectricityProductionUsageKwh", "GasUsageKwh"]
    rows = [
        [*(f"2024-03-0{1 + h // 24} {h % 24:02}:00:00" for h in (n, n + 1)), "0,5", "-1,25" if n == 12 else "0", "0,9"]
        for n in range(26)
    ]
    totals = [["", "", "", "", ""], ["", "", "13", "-1,25", "23,4"]]
    table = [head, *rows, *totals]
    path = book(tmp_path / "export.xlsx", data=table if both else [row[1:] for row in table])
    assert format_of(path) == "zonneplan"
    part = read(path)
    assert kwh(part) == approx({"grid import": 13.0, "grid export": 1.25})
    assert at(part, "grid export")["03-01 11:00"] == approx(1.25)
    assert min(part.frame["timestamp"]).hour == 23  # midnight in Amsterdam
    assert part.rejected.empty


def test_registers_of_nextenergy_are_in_utc_and_gas_is_set_aside(tmp_path: Path) -> None:
    head = ["Date Time UTC", "Direction", "Unit", "Reading Start"]
    rows = [
        [
            f"06-12-2023 {21 + n}:00:00" if n < 3 else "07-12-2023 00:00:00",
            way,
            unit,
            f"{start + n * use:.3f}".replace(".", ","),
        ]
        for way, unit, start, use in (
            ("levering", "kWh", 1000, 0.5),
            ("teruglevering", "kWh", 30, 0.25),
            ("levering", "m3", 800, 1),
        )
        for n in range(4)
    ]
    path = book(tmp_path / "measurements.xlsx", Sheet1=[head, *rows])
    assert format_of(path) == "nextenergy"
    part = read(path)
    assert kwh(part) == approx({"grid import": 1.5, "grid export": 0.75})
    assert part.roles == {"grid import": "grid_import", "grid export": "grid_export"}
    known = {time: value for time, value in at(part, "grid import").items() if value == value}
    assert known == approx({"12-06 21:00": 0.5, "12-06 22:00": 0.5, "12-06 23:00": 0.5})
    assert part.rejected["reason"].str.contains("no electricity").all()
    gas = book(tmp_path / "gas.xlsx", Sheet1=[head, *[row for row in rows if row[2] == "m3"]])
    with pytest.raises(InputError, match="this is gas, not electricity"):
        read(gas)


# --- P1 Monitor -------------------------------------------------------------------------------------------------------

P1MON = ["TIMESTAMP", "VERBR_KWH_181", "VERBR_KWH_182", "GELVR_KWH_281", "GELVR_KWH_282", "VERBR_KWH_X", "GELVR_KWH_X"]
P1MON_HOURS = [
    [f"2024-03-01 {n:02}:00:00", str(100 + n / 2), "200.0", "10.0", str(20 + n / 4), "0.5", "0.25"]
    for n in range(8, 20)
]


def test_p1_monitor_is_read_by_its_hours_from_whichever_sheet(tmp_path: Path) -> None:
    minutes = [[f"2024-03-01 08:{n:02}:00", "100", "200", "10", "20", "0.01", "0"] for n in range(9)]
    days = [[f"2024-03-0{n} 00:00:00", "100", "200", "10", "20", "12", "6"] for n in range(1, 5)]
    path = book(
        tmp_path / "e_historie.db.xlsx",
        e_history_min=[P1MON, *minutes],
        e_history_uur=[P1MON, *P1MON_HOURS],
        e_history_dag=[P1MON, *days],
    )
    assert format_of(path) == "p1mon"
    part = read(path)
    assert kwh(part) == approx({"grid import": 6.0, "grid export": 3.0})
    assert at(part, "grid import")["03-01 07:00"] == approx(0.5)  # the hour from 08:00 on, in Amsterdam


def test_the_database_of_p1_monitor_holds_the_same(tmp_path: Path) -> None:
    path = tmp_path / "e_historie.db"
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"CREATE TABLE e_history_uur ({', '.join(P1MON)})")
        base.executemany(f"INSERT INTO e_history_uur VALUES ({','.join('?' * len(P1MON))})", P1MON_HOURS)
        base.commit()
    assert format_of(path) == "p1mon"
    assert kwh(read(path)) == approx({"grid import": 6.0, "grid export": 3.0})


def test_what_p1_monitor_has_no_hours_of_is_refused(tmp_path: Path) -> None:
    minutes = [[f"2024-03-01 08:{n:02}:00", "100", "200", "10", "20", "0.01", "0"] for n in range(9)]
    with pytest.raises(InputError, match="no sheet e_history_uur with rows; there are e_history_min"):
        read(book(tmp_path / "minutes.xlsx", e_history_min=[P1MON, *minutes]))
    water = [["TIMESTAMP", "TIMEPERIOD_ID", "VERBR_IN_M3_TOTAAL"], ["2024-03-01 08:00:00", "12", "55.1"]]
    with pytest.raises(InputError, match="water meter"):
        read(book(tmp_path / "06_watermeter.db.xlsx", watermeter=water))
    with closing(sqlite3.connect(tmp_path / "empty.db")) as base:
        base.execute(f"CREATE TABLE e_history_uur ({', '.join(P1MON)})")
    with pytest.raises(InputError, match="table of hours is empty"):
        read(tmp_path / "empty.db")
    damaged = (tmp_path / "empty.db").read_bytes().replace(b"e_history_uur", b"e_history_\x8bur")
    (tmp_path / "damaged.db").write_bytes(damaged)
    assert format_of(tmp_path / "damaged.db") == "ha_database"  # which says that it is none of its own


# --- Green Button as text ---------------------------------------------------------------------------------------------


def blocks(*meters: list[float], kind: str = "Electricity, Energy Consumption, Real energy in kilowatt-hours") -> str:
    out = "====\n Usage Information\n For: somebody\n ====\n"
    for values in meters:
        out += f" Meter Reading Information\n Type of readings: {kind} \n ====\n Detailed Usage\n"
        out += " Start date: 2025-10-19 00:00 for 1 days\n Energy consumption time period,Usage(kWh),Events occurred\n"
        for n, value in enumerate(values):
            out += f" 2025-10-19 {n:02}:00 to 2025-10-19 {n + 1:02}:00,{value:.3f},,\n"
        out += " \n"
    return out


def test_a_meter_that_is_the_sum_of_the_others_is_not_counted_beside_them(tmp_path: Path) -> None:
    bought, sold = [1.0, 0.5, 0.1, 0.2], [0.0, 0.0, -2.0, -1.5]
    net = [a + b for a, b in zip(bought, sold, strict=True)]
    path = write(tmp_path, blocks(sold, bought, net))
    assert format_of(path) == "green_button_text"
    part = read(path, Settings(timezone="America/Denver"))
    assert kwh(part) == approx({"grid import": 1.8, "grid export": 3.5})
    assert part.roles == {"grid import": "grid_import", "grid export": "grid_export"}
    assert at(part, "grid export")["10-19 08:00"] == approx(2.0)
    assert "number 3 is the sum of the others: not read" in " ".join(part.notes)


def test_a_net_meter_alone_flows_both_ways(tmp_path: Path) -> None:
    part = read(write(tmp_path, blocks([1.0, -2.0, 0.5])))
    assert kwh(part) == approx({"grid import": 1.5, "grid import back": 2.0})
    assert part.roles["grid import back"] == "grid_export"


def test_meters_that_may_hold_energy_twice_are_refused_and_so_is_gas(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="3 meters, and none is the sum of the others"):
        read(write(tmp_path, blocks([1.0, 2.0], [0.5, 0.5], [0.7, 0.7])))
    with pytest.raises(InputError, match="2 meters of which one flows both ways"):
        read(write(tmp_path, blocks([1.0, 2.0], [0.5, -0.5])))
    with pytest.raises(InputError, match="no block of it holds electricity"):
        read(write(tmp_path, blocks([1.0, 2.0], kind="Gas, Therms")))


def test_rows_without_the_header_of_their_block_are_refused(tmp_path: Path) -> None:
    lines = blocks([1.0, 0.5, 0.25]).splitlines()
    for at in (1, 5):  # above the block, and below its first line
        moved = [*lines[:at], lines[-2], *lines[at:-2]]
        with pytest.raises(InputError, match=f"line {at + 1}: no header above it"):
            read(write(tmp_path, "\n".join(moved) + "\n", "moved.csv"))


def test_days_of_green_button_text_are_refused(tmp_path: Path) -> None:
    rows = "".join(f" 2025-10-{n} 00:00 to 2025-10-{n + 1} 00:00,20.000,,\n" for n in range(10, 20))
    head = " Meter Reading Information\n Type of readings: Electricity, Energy, kilowatt-hours\n"
    with pytest.raises(InputError, match="readings of 24 hours are too coarse"):
        read(write(tmp_path, head + rows))


# --- tables of inverters and suppliers that no format is for ----------------------------------------------------------


def quarters(folder: Path, head: str, *columns: list[float], name: str = "plant.csv") -> Path:
    """Write a day of quarters of an hour, four values a column that repeat through the day."""
    rows = [
        ",".join([f"2024-06-{1 + n // 96:02} {n // 4 % 24:02}:{n % 4 * 15:02}", *[f"{c[n % 4]:g}" for c in columns]])
        for n in range(192)
    ]
    return write(folder, "\n".join([head, *rows]) + "\n", name)


def test_what_a_battery_gives_is_not_what_charges_it(tmp_path: Path) -> None:
    head = "Time,Battery Charge (kWh),Battery Discharge (kWh),Battery Discharging Time"
    part = read(quarters(tmp_path, head, [0.2, 0, 0, 0], [0, 0.1, 0, 0], [0, 15, 0, 0]))
    assert kwh(part) == approx({"Battery Charge": 9.6, "Battery Discharge": 4.8})
    assert part.roles == {"Battery Charge": "battery_in", "Battery Discharge": "battery_out"}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("From Powerwall (kWh)", "battery_out"),
        ("To Powerwall (kWh)", "battery_in"),
        ("Batterie Entladung (kWh)", "battery_out"),
        ("Batterie Ladung (kWh)", "battery_in"),
        ("To Grid (kWh)", "grid_export"),
        ("Discharging Energy (kWh)", "battery_out"),
        ("Energie vom Netz bezogen (kWh)", "grid_import"),
        ("Energie aus Batterie bezogen (kWh)", "battery_out"),
    ],
)
def test_the_name_of_a_column_tells_its_flow(tmp_path: Path, name: str, role: str) -> None:
    part = read(quarters(tmp_path, f"Time,PV (kWh),{name}", [1, 1, 1, 1], [0.25, 0, 0.25, 0]))
    assert part.roles[name.removesuffix(" (kWh)")] == role


def test_all_columns_of_an_inverter_count_once(tmp_path: Path) -> None:
    """4 kW of sun, of which the home uses 1, the battery stores 2 and 1 is fed in; then 3 kW from the grid alone."""
    head = (
        "Updated Time,Production Power(W),Consumption Power(W),Grid Power(W),Purchasing Power(W),Feed-in Power(W),"
        "Battery Power(W),Charging Power(W),Discharging Power(W),Self-consumption(W),SoC(%)"
    )
    columns = (
        [4000, 0],
        [1000, 3000],
        [-1000, 3000],
        [0, 3000],
        [1000, 0],
        [-2000, 0],
        [2000, 0],
        [0, 0],
        [3000, 0],
        [5, 6],
    )
    path = quarters(tmp_path, head, *([float(v) for v in pair * 2] for pair in columns))
    path.write_text("Plant Name," + path.read_text().replace("\n2024", "\nMy roof,2024"))
    part = read(path)
    assert part.roles == {
        "Production Power": "solar",
        "Consumption Power": "household",
        "Purchasing Power": "grid_import",
        "Feed-in Power": "grid_export",
        "Charging Power": "battery_in",
        "Discharging Power": "battery_out",
    }
    assert kwh(part)["Consumption Power"] == approx(96.0)
    told = " ".join(part.notes)
    for name in (
        "Grid Power(W) is the difference",
        "Battery Power(W) is the difference",
        "Self-consumption(W) is a part",
    ):
        assert name in told


@pytest.mark.parametrize("grid", [1, -1])
@pytest.mark.parametrize("battery", [1, -1])
def test_the_balance_tells_what_a_grid_and_a_battery_are_below_zero(tmp_path: Path, grid: int, battery: int) -> None:
    sun, load = [4.0, 0.0, 3.0, 0.0], [1.0, 3.0, 1.0, 2.0]
    drawn, stored = [-1.0, 3.0, -0.5, 0.5], [2.0, 0.0, 1.5, -1.5]
    path = quarters(
        tmp_path,
        "Time,PV(kW),Load(kW),Grid(kW),Battery(kW)",
        sun,
        load,
        [grid * v for v in drawn],
        [battery * v for v in stored],
    )
    part = read(path)
    sums = {
        role: sum(kwh(part)[name] for name, own in part.roles.items() if own == role) for role in part.roles.values()
    }
    assert sums == approx(
        {"solar": 84, "household": 84, "grid_import": 42, "grid_export": 18, "battery_in": 42, "battery_out": 18}
    )


def test_a_flow_whose_sign_nothing_tells_is_asked_for_and_home_yaml_decides(tmp_path: Path) -> None:
    path = quarters(tmp_path, "Time,PV(kW),Grid(kW)", [4.0, 0.0, 3.0, 0.0], [1.0, -3.0, 0.5, -0.5])
    with pytest.raises(InputError, match=r"Grid\(kW\) flows both ways.*role: grid_import.*role: grid_export"):
        read(path)
    said = {"plant.csv": {"columns": {"Grid(kW)": {"role": "grid_export"}}}}
    part = read(path, Settings.model_validate({"timezone": "Europe/Amsterdam", "files": said}))
    assert kwh(part) == approx({"PV": 84, "Grid": 18, "Grid back": 42})
    assert part.roles["Grid back"] == "grid_import"


def test_a_charger_beside_a_battery_and_a_heater_of_max_are_devices(tmp_path: Path) -> None:
    head = "Time,Battery charge (kWh),Battery discharge (kWh),Charger (kWh),Max heater (kWh),Max demand (kW)"
    part = read(quarters(tmp_path, head, [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0.5, 0, 0], [4, 4, 4, 4]))
    assert part.roles == {"Battery charge": "battery_in", "Battery discharge": "battery_out"}
    assert {"Charger", "Max heater"} < set(kwh(part))
    assert "Max demand (kW) is no energy" in " ".join(part.notes)


def test_use_beside_what_was_fed_in_alone_came_from_the_grid(tmp_path: Path) -> None:
    part = read(quarters(tmp_path, "Zeit,Verbrauch (kWh),Einspeisung (kWh)", [0.5] * 4, [0.25, 0, 0, 0]))
    assert part.roles == {"Verbrauch": "grid_import", "Einspeisung": "grid_export"}


def test_gas_in_kilowatt_hours_is_left_aside_and_a_gas_boiler_is_a_device(tmp_path: Path) -> None:
    part = read(quarters(tmp_path, "Time,Electricity (kWh),Gas (kWh),Gas boiler (kWh)", [0.1] * 4, [2] * 4, [0.05] * 4))
    assert set(kwh(part)) == {"Electricity", "Gas boiler"}
    assert "Gas (kWh) is no energy and is not read" in " ".join(part.notes)


def test_a_unit_may_end_a_word(tmp_path: Path) -> None:
    part = read(quarters(tmp_path, "Time,ElectricityUsageWh", [20, 15, 20, 15]))  # without a unit kWh might be meant
    assert part.kwh == approx(3.36)


def test_values_in_cubic_metres_are_refused_by_their_column_of_units(tmp_path: Path) -> None:
    rows = "".join(f"2024-06-01 {n:02}:00,M1,0.4,m3\n" for n in range(24))
    with pytest.raises(InputError, match=r"its values are in m3 \(Unit\), which is no electricity"):
        read(write(tmp_path, "Time,Meter,Value,Unit\n" + rows))


def test_rows_of_two_directions_are_import_and_export(tmp_path: Path) -> None:
    rows = "".join(
        f"2024-06-01 {n:02}:00,{way},{value},kWh\n"
        for n in range(24)
        for way, value in (("Levering", 1), ("Teruglevering", 2))
    )
    part = read(write(tmp_path, "Time,Direction,Value,Unit\n" + rows))
    assert part.roles == {"Levering": "grid_import", "Teruglevering": "grid_export"}
    assert kwh(part) == approx({"Levering": 24, "Teruglevering": 48})
    devices = read(write(tmp_path, "Time,Device,Value,Unit\n" + rows.replace("Levering", "Fridge")))
    assert "Fridge" not in devices.roles


def test_a_time_called_timestamp_does_not_make_kilowatts_energy(tmp_path: Path) -> None:
    part = read(quarters(tmp_path, "timestamp,Solar (kW),Load (kW)", [4, 0, 4, 0], [1, 1, 2, 2]))
    assert part.roles == {"Solar": "solar", "Load": "household"}
    assert kwh(part) == approx({"Solar": 96, "Load": 72})


def test_watt_hours_are_no_watts(tmp_path: Path) -> None:
    """A pulse counter's minutes, as Powerpal writes them: 6 Wh a minute are 360 W."""
    rows = "".join(
        f"2024-07-27 {n // 60:02}:{n % 60:02}:00,2024-07-27 {10 + n // 60}:{n % 60:02}:00,6.0,0.1\n" for n in range(180)
    )
    part = read(write(tmp_path, "datetime_utc,datetime_local,watt_hours,cost_dollars\n" + rows))
    assert kwh(part) == approx({"grid_import": 1.08})
    assert part.frame["timestamp"].iloc[0].hour == 0


def test_numbers_of_meters_are_neither_dates_nor_energy(tmp_path: Path) -> None:
    """San Diego Gas & Electric: what a meter counts in both directions, and their net, with titles that say kWh."""
    head = "Title,CSV Export Electric Meter(s)\nMeter Number,05514532\nUOM,kWh\n"
    head += "Meter Number,Date,Start Time,Duration,Consumption,Generation,Net\n"
    rows = ""
    for n in range(24 * 14):
        used, made = (0.0, 0.5) if 9 <= n % 24 < 15 else (0.25, 0.0)
        clock = f"{n % 12 or 12}:00 {'AM' if n % 24 < 12 else 'PM'}"
        rows += f'"05514532","11/{1 + n // 24}/2022","{clock}","60","{used}","{made}","{used - made}"\n'
    part = read(write(tmp_path, head + rows), Settings(timezone="America/Los_Angeles"))
    assert part.roles == {"Consumption": "grid_import", "Generation": "grid_export"}
    assert kwh(part) == approx({"Consumption": 14 * 18 * 0.25, "Generation": 14 * 6 * 0.5})
    assert "Net is the difference" in " ".join(part.notes)
    alone = read(
        write(tmp_path, head + rows.replace('"0.5","-0.5"', '"","0.0"').replace('"0.0","0.25"', '"","0.25"'), "b.csv")
    )
    assert kwh(alone) == approx({"Consumption": 14 * 18 * 0.25})  # the net is the same, and not counted twice
    assert alone.roles == {"Consumption": "grid_import"}


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("MålepunktsID;Fra_dato;Til_dato;Mængde;Måleenhed;Kvalitet", "571313161100187650;{dmy};{end};0,25;KWH;Målt"),
        ("Fra;Til;KWH 60 Forbruk;Kvalitet", "{dmy};{end};0,25;Målt"),
        (
            "Mittauspisteen tunnus;Resoluutio;Yksikkötyyppi;Alkuaika;Määrä;Laatu",
            "643006966022791278;PT15M;kWh;{quarter};0,25;OK",
        ),
    ],
)
def test_northern_meters_tell_what_came_from_the_grid(tmp_path: Path, head: str, row: str) -> None:
    """Eloverblik, Elhub and Fingrid Datahub: numbers of meters beside the energy, and its unit in a column."""
    rows = [
        row.format(
            dmy=f"{13 + n // 24}-01-2024 {n % 24:02}:00",
            end=f"{13 + (n + 1) // 24}-01-2024 {(n + 1) % 24:02}:00",
            quarter=f"2024-01-13T{n // 4:02}:{n % 4 * 15:02}:00Z",
        )
        for n in range(48)
    ]
    part = read(write(tmp_path, "\n".join([head, *rows]) + "\n"))
    assert kwh(part) == approx({"grid_import": 12.0})
    assert part.roles == {"grid_import": "grid_import"}


def test_rows_of_two_units_without_a_series_are_asked_about(tmp_path: Path) -> None:
    rows = "".join(f"2024-06-01 {n:02}:00,{n},{'kWh' if n % 2 else 'm3'}\n" for n in range(24))
    with pytest.raises(InputError, match="its rows are in kWh and m3, and no column tells"):
        read(write(tmp_path, "Time,Value,Unit\n" + rows))


def test_german_batteries_and_what_may_flow_at_most(tmp_path: Path) -> None:
    head = "Zeit,Netzbezug [kW],Akkubeladung [kW],Akkuentnahme [kW],Abregelungsgrenze [kW]"
    part = read(quarters(tmp_path, head, [1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0], [5, 5, 5, 5]))
    assert part.roles == {"Netzbezug": "grid_import", "Akkubeladung": "battery_in", "Akkuentnahme": "battery_out"}
    assert "Abregelungsgrenze [kW]" in " ".join(part.notes)


def test_flows_from_one_to_another_without_their_sums_are_refused(tmp_path: Path) -> None:
    head = "Time,PV to battery (kWh),PV to grid (kWh),PV to consumers (kWh),Grid to consumers (kWh)"
    with pytest.raises(InputError, match="is a flow from one to another"):
        read(quarters(tmp_path, head, [0.1, 0, 0, 0], [0.2, 0, 0, 0], [0.1, 0.2, 0, 0], [0, 0, 0.1, 0.1]))


# --- Enedis, EDF, ESB Networks, Tibber, Southern California Edison ----------------------------------------------------


@pytest.mark.parametrize(("kind", "role"), [("Consommation", "grid_import"), ("Production", "grid_export")])
def test_a_linky_half_hour_is_mean_power_and_named_by_its_end(tmp_path: Path, kind: str, role: str) -> None:
    head = (
        "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Unite\n"
        f"12345678901234;Courbe de charge;31/03/2024;01/04/2024;Energie active;{kind};W\nHorodate;Valeur\n"
    )
    rows = "2024-03-31T01:30:00+01:00;400\n2024-03-31T03:00:00+02:00;600\n2024-03-31T03:30:00+02:00;800\n"
    path = write(tmp_path, head + rows)
    assert format_of(path) == "enedis"
    part = read(path, Settings(timezone="Europe/Paris"))
    name = role.replace("_", " ")
    assert at(part, name) == approx({"03-31 00:00": 0.2, "03-31 00:30": 0.3, "03-31 01:00": 0.4})
    assert part.roles == {name: role}
    again = read(write(tmp_path, head + rows + rows, "again.csv"), Settings(timezone="Europe/Paris"))
    assert again.frame["minutes"].eq(30).all()  # a row that stands twice does not last for no time


def test_an_enedis_table_of_something_else_is_refused(tmp_path: Path) -> None:
    head = "Identifiant PRM;Type de donnees;Unite\n1;Arrete quotidien;\nHorodate;Valeur\n2024-03-31T00:00:00+01:00;1\n"
    with pytest.raises(InputError, match="no load curve in W"):
        read(write(tmp_path, head))


def test_midnight_of_edf_ends_the_day_above_it(tmp_path: Path) -> None:
    text = (
        "Récapitulatif de mes puissances atteintes en W\n\n"
        "Date et heure de relève par le distributeur;Puissance atteinte (W);Nature de la donnée\n"
        "18/01/2025;;\n00:00:00;1000;Réelle\n23:30:00;600;Réelle\n00:30:00;200;Réelle\n\n17/01/2025;;\n00:00:00;400;Réelle\n"
        "?1/01/2025\n99:00:00;5;x\n"
    )
    path = tmp_path / "mes-puissances.csv"
    path.write_bytes(text.encode("latin-1"))
    assert format_of(path) == "edf"
    part = read(path, Settings(timezone="Europe/Paris"))
    assert at(part, "grid import") == approx(
        {"01-18 22:30": 0.5, "01-18 22:00": 0.3, "01-17 23:00": 0.1, "01-17 22:30": 0.2}
    )
    assert part.rejected["row"].tolist() == [12]
    lines = text.splitlines()
    for moved in (lines[:3] + lines[4:], lines[:4] + lines[6:3:-1]):
        with pytest.raises(InputError, match="do not stand below its date, the last one first"):
            read(write(tmp_path, "\n".join(moved) + "\n", "moved.csv"))


@pytest.mark.parametrize(("unit", "whole"), [("kW", 1.0), ("kWh", 2.0)])
def test_irish_half_hours_are_named_by_their_end_and_days_left_aside(tmp_path: Path, unit: str, whole: float) -> None:
    head = "MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time\n"
    rows = "".join(
        f"1030,000001,{value},Active {way} Interval ({unit}),01-07-2024 0{n // 2}:{n % 2 * 30:02}\n"
        for n in (5, 4, 3, 2)
        for way, value in (("Import", 0.5), ("Export", 0.25))
    )
    path = write(tmp_path, head + rows + "1030,000001,5123,24 Hr Active Import Register (kWh),01-07-2024 00:00\n")
    assert format_of(path) == "esb_networks"
    part = read(path, Settings(timezone="Europe/Dublin"))
    assert kwh(part) == approx({"grid import": whole, "grid export": whole / 2})
    assert min(part.frame["timestamp"]).strftime("%d %H:%M") == "30 23:30"  # 00:30 of Irish summer time
    assert part.roles == {"grid import": "grid_import", "grid export": "grid_export"}
    days = head + "1030,000001,5123,24 Hr Active Import Register (kWh),01-07-2024 00:00\n"
    with pytest.raises(InputError, match=r"no electricity of ESB Networks in 24 Hr Active Import Register.*30 minutes"):
        read(write(tmp_path, days, "days.csv"))


def test_tibber_answers_with_what_was_bought_and_sold(tmp_path: Path) -> None:
    def nodes(name: str, amount: float) -> dict[str, object]:
        hours = [
            ("2024-03-31T01:00:00+01:00", "2024-03-31T03:00:00+02:00"),
            ("2024-03-31T03:00:00+02:00", "2024-03-31T04:00:00+02:00"),
        ]
        return {"nodes": [{"from": a, "to": b, name: amount, f"{name}Unit": "kWh", "cost": 1} for a, b in hours]}

    home = {"consumption": nodes("consumption", 0.5), "production": nodes("production", 0.2)}
    path = write(tmp_path, json.dumps({"data": {"viewer": {"homes": [home]}}}), "tibber.json")
    assert format_of(path) == "tibber"
    part = read(path)
    assert kwh(part) == approx({"grid import": 1.0, "grid export": 0.4})
    assert list(at(part, "grid import")) == ["03-31 00:00", "03-31 01:00"]
    two = write(tmp_path, json.dumps({"data": {"viewer": {"homes": [home, home]}}}), "two.json")
    with pytest.raises(InputError, match="several homes"):
        read(two)


def test_edison_writes_quotes_seconds_and_what_was_received_apart(tmp_path: Path) -> None:
    def day(way: str, value: float) -> str:
        rows = "".join(
            f'"2024-08-29 0{n}:00:00\u00a0to 2024-08-29 0{n + 1}:00:00","{value:.3f}",""\n' for n in range(4)
        )
        return f"Energy {way} time period,Usage(Real energy in kilowatt-hours),Reading quality\n" + rows

    head = 'Energy Usage Information\n\nMeter Reading Information\n"Type of readings: Electricity"\n\n'
    path = write(tmp_path, head + day("consumption", 0.5))
    assert format_of(path) == "green_button_text"
    assert kwh(read(path)) == approx({"grid import": 2.0})
    both = read(write(tmp_path, head + day("Delivered", 0.5) + day("Received", 0.25), "both.csv"))
    assert kwh(both) == approx({"grid import": 2.0, "grid export": 1.0})


# --- what is packed, and what is too coarse ---------------------------------------------------------------------------


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    quarters(tmp_path, "Time,Fridge (kWh)", [0.1, 0.2, 0.1, 0.2])
    with zipfile.ZipFile(tmp_path / "green_button.zip", "w") as archive:
        archive.writestr("data.xml", "<feed/>")
    assert "green_button.zip: this is an archive; unpack it" in " ".join(influx.load(tmp_path).notes)
    with pytest.raises(InputError, match="this is an archive; unpack it"):
        influx.load(tmp_path / "green_button.zip")


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("", "2024{month}{day},{n}43"),  # MeterN
        ("eancodeasn,meternummer,meterreadingdate,reading1,usage1", "8716,E0045,{day}-{month}-2024,{n}26.2,4.2  "),
        ("datum;afname stand dal;afname stand normaal;afname verbruik dal", "{day}-{month}-2024;{n}3;{n}4;6"),
        ("Time,PV(kWh),Purchased Energy(kWh),Feed-in(kWh),Load(kWh)", "2024-{month}-{day},5,7,4,18"),
        ("Plant Name,Updated Time,Production-Today(kWh),Energy Charged-This Day(kWh)", "P,2024/{month}/{day},5,2"),
        ("Bill Date,Electric Charges,Electric Usage (kWh)", '"{month}/{day}/2024","89.45","450"'),
    ],
)
def test_days_and_bills_are_refused_in_words(tmp_path: Path, head: str, row: str) -> None:
    rows = [row.format(month=f"{1 + n // 28:02}", day=f"{1 + n % 28:02}", n=100 + n) for n in range(56)]
    with pytest.raises(InputError, match="24 hours is too coarse to tell one hour from another"):
        read(write(tmp_path, "\n".join([head, *rows] if head else rows) + "\n"))
