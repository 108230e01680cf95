"""The exports of vendors that no row describes: kWh, UTC and roles worked out by hand, and nothing lost or twice."""

from __future__ import annotations

import sqlite3
import warnings
import zipfile
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from exports import workbook
from pytest import approx

import influx
from influx import importers
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.home.meter_roles import role_of
from influx.importers import Part


def home(**keys: object) -> Settings:
    return Settings.model_validate({"timezone": "Europe/Amsterdam", **keys})


AMSTERDAM = home()


def write(folder: Path, text: str | bytes, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path, settings: Settings | None = None) -> Part:
    """Read a file by the format that claims it, a warning being an error; its account must close."""
    source = importers.find(path, settings)
    assert source is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        part = source.read(path, settings or Settings())
    assert part.rows_read == (part.frame["row"] > 0).sum() + len(part.rejected)
    return part


def format_of(path: Path) -> str:
    source = importers.find(path)
    return "" if source is None else source.id


def kwh(part: Part) -> dict[str, float]:
    return part.frame.groupby("device_id", observed=True)["energy_kwh"].sum().to_dict()


def times(part: Part, device: str) -> list[str]:
    stamps = part.frame.loc[part.frame["device_id"] == device, "timestamp"]
    return [f"{stamp:%m-%d %H:%M}" for stamp in stamps]


def values(part: Part, device: str) -> list[float]:
    return part.frame.loc[part.frame["device_id"] == device, "energy_kwh"].tolist()


def at(part: Part, device: str) -> dict[str, float]:
    """Return the energy of a series by the start of its readings, in UTC."""
    return dict(zip(times(part, device), values(part, device), strict=True))


def test_an_outage_of_homewizard_loses_no_energy(tmp_path: Path) -> None:
    rows = [f"2024-07-01 0{n // 4}:{n % 4 * 15:02},{100 + n * 0.1:.1f}\n" for n in range(16) if n not in (5, 6, 7)]
    part = read(write(tmp_path, "time,Import T1 kWh\n" + "".join(rows)), AMSTERDAM)
    assert part.kwh == approx(1.5)
    bridge = part.frame[part.frame["quality"] == "estimated"]
    assert bridge[["energy_kwh", "minutes"]].to_numpy().tolist() == [[approx(0.4), 60.0]]
    assert "silent for a while once" in part.notes[0]


def test_a_cell_that_is_no_number_costs_the_hour_of_its_device(tmp_path: Path) -> None:
    head = "Serial Number,Timestamp,Total Generation (Wh),Diverter Energy (L1) (Wh),Boosted Energy (L1) (Wh)\n"
    rows = "".join(f"1,2025-07-31T1{n}:00:00.000Z,1,{'oops' if n == 3 else 7},1\n" for n in (1, 2, 3))
    part = read(write(tmp_path, head + rows))
    assert part.rejected[["row", "column", "value"]].to_numpy().tolist() == [[4, "Diverter Energy (L1) (Wh)", "oops"]]
    assert len(part.frame) == 5


@pytest.mark.parametrize("written", ["%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S"])
@pytest.mark.parametrize("first", ["2024-01-01", "2024-01-30", "2024-02-03", "2024-12-11"])
def test_enphase_tells_day_from_month_by_the_order_of_its_times(tmp_path: Path, written: str, first: str) -> None:
    days = pd.date_range(first, periods=4 * 48, freq="15min")
    head = "Date/Time,Energy Produced (Wh),Energy Consumed (Wh),Exported to Grid (Wh)\n"
    part = read(write(tmp_path, head + "".join(f"{time.strftime(written)},100,250,50\n" for time in days)))
    solar = part.frame[part.frame["device_id"] == "solar"]
    assert list(solar["timestamp"]) == list(days.tz_localize("UTC"))
    assert kwh(part) == approx({"solar": 19.2, "household": 48.0, "grid export": 9.6})
    assert part.roles["household"] == "household"


# --- Sense ------------------------------------------------------------------------------------------------------------

SENSE = (
    "# Please note that there may be discrepancies, such as Wi-Fi loss\n"
    "DateTime,Device ID,Name,Device Type,Device Make,Device Model,Device Location,Avg Wattage,kWh\n"
)


def sense(hour: int, **devices: float) -> str:
    names = {"Total": "Total Usage", "Solar": "Solar Production", "Always": "Always On"}
    return "".join(
        f"2024-07-01 {hour:02}:00:00,id_{name},{names.get(name, name)},,,,,{1000 * kwh},{kwh}\n"
        for name, kwh in devices.items()
    )


def test_sense_is_read_once_with_zeros_where_a_device_was_off(tmp_path: Path) -> None:
    """The dryer ran at 10 and at 13; at 11 Sense saw it off; at 12 Sense did not run, so nothing is known."""
    rows = (
        sense(13, Total=2.0, Solar=-1.0, Always=0.3, Other=0.7, Dryer=1.0)
        + sense(10, Total=1.5, Solar=-0.5, Always=0.3, Other=0.2, Dryer=1.0)
        + sense(11, Total=0.5, Solar=-0.8, Always=0.3, Other=0.2)
        + sense(14, Total=0.4, Solar=0.005, Always=0.3, Other=0.1)
    )
    part = read(write(tmp_path, SENSE + rows))
    dryer = part.frame[part.frame["device_id"] == "Dryer"].set_index("timestamp")["energy_kwh"]
    assert {f"{time:%H}": value for time, value in dryer.items()} == {"13": 1.0, "10": 1.0, "11": 0.0}
    assert kwh(part) == approx(
        {"Total Usage": 4.4, "Solar Production": 2.3, "Always On": 1.2, "other": 1.2, "Dryer": 2.0}
    )
    assert part.roles["Total Usage"] == "household"
    assert part.roles["Solar Production"] == "solar"
    assert part.rows_read == 18 + 1
    assert "1 device-hours" in part.notes[-1]


def test_a_meter_that_lacks_an_hour_is_not_off_but_unknown(tmp_path: Path) -> None:
    rows = sense(10, Total=1, Solar=0.5, Always=0.1) + sense(11, Total=1) + sense(12, Total=1, Solar=0.5, Always=0.1)
    part = read(write(tmp_path, SENSE + rows))
    assert len(values(part, "Solar Production")) == len(values(part, "Always On")) == 2


def test_solar_output_above_zero_keeps_its_sign(tmp_path: Path) -> None:
    part = read(write(tmp_path, SENSE + sense(10, Total=1, Solar=0.9) + sense(11, Total=1, Solar=-0.004)))
    assert kwh(part)["Solar Production"] == approx(0.9)
    assert "0.004 kWh that the inverter used itself" in part.notes[0]


def test_a_device_that_runs_once_a_day_is_not_too_coarse(tmp_path: Path) -> None:
    rows = "".join(
        f"2024-07-{day:02} {hour:02}:00:00,m,Total Usage,,,,,500,0.5\n" for day in range(1, 6) for hour in range(24)
    ) + "".join(f"2024-07-{day:02} 20:00:00,d,Dishwasher,,,,,900,0.9\n" for day in range(1, 6))
    part = read(write(tmp_path, SENSE + rows))
    assert kwh(part) == approx({"Total Usage": 60.0, "Dishwasher": 4.5})
    assert len(values(part, "Dishwasher")) == 4 * 24 + 1


def test_days_of_sense_are_refused_and_equal_names_stay_apart(tmp_path: Path) -> None:
    days = "".join(f"2024-07-{day:02} 00:00:00,m,Total Usage,,,,,500,12\n" for day in range(1, 9))
    with pytest.raises(InputError, match="by 24 hours"):
        read(write(tmp_path, SENSE + days))
    rows = sense(10, Total=1) + "2024-07-01 10:00:00,a1,Light,,,,,1,0.1\n2024-07-01 10:00:00,b2,Light,,,,,1,0.2\n"
    assert kwh(read(write(tmp_path, SENSE + rows))) == approx({"Total Usage": 1, "Light (a1)": 0.1, "Light (b2)": 0.2})


def test_emporia_mains_below_zero_are_fed_in_and_both_ways_are_known_at_all_hours(tmp_path: Path) -> None:
    head = "Time Bucket (America/New_York),Mains_A (kWhs),Mains_B (kWhs),PV-Solar/Generation-Roof (kWhs)\n"
    rows = "07/04/2024 11:00:00,-1.0,0.25,2\n07/04/2024 12:00:00,0.5,0.25,1\n"
    part = read(write(tmp_path, head + rows))
    assert values(part, "mains") == approx([0.0, 0.75])
    assert values(part, "mains back") == approx([0.75, 0.0])
    assert part.roles == {"mains": "grid_import", "mains back": "grid_export", "PV-Solar/Generation-Roof": "solar"}
    assert part.rows_read == 6


# --- Datadis ----------------------------------------------------------------------------------------------------------

DATADIS = "CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion\n"


@pytest.mark.parametrize(("day", "hours"), [("2023/01/05", "{:02}:00"), ("05/01/2023", "{}")])
def test_datadis_hours_are_named_by_their_end(tmp_path: Path, day: str, hours: str) -> None:
    rows = "".join(f"ES1;{day};{hours.format(n)};0,{n:03};R\n" for n in range(1, 25))
    part = read(write(tmp_path, DATADIS + rows))
    assert kwh(part) == approx({"grid import": 0.3})
    assert times(part, "grid import")[0] == "01-04 23:00"
    assert times(part, "grid import")[-1] == "01-05 22:00"


@pytest.mark.parametrize(("day", "count"), [("29/10/2023", 25), ("26/03/2023", 23)])
def test_datadis_counts_the_hours_of_a_day_of_another_length(tmp_path: Path, day: str, count: int) -> None:
    rows = "".join(f"ES1;{day};{n};1;E\n" for n in range(1, count + 1))
    part = read(write(tmp_path, DATADIS + rows))
    stamps = part.frame["timestamp"]
    assert part.rejected.empty
    assert (stamps.diff().dropna() == pd.Timedelta(hours=1)).all()
    assert f"{stamps.iloc[0]:%H}" == ("22" if count == 25 else "23")  # midnight of summer, or of winter
    assert (part.frame["quality"] == "estimated").all()


def test_datadis_by_the_clock_skips_an_hour_in_spring_and_doubles_one_in_autumn(tmp_path: Path) -> None:
    """In spring there is no 03:00 (02:00 to 03:00); in autumn 03:00 stands twice."""
    spring = [n for n in range(1, 25) if n != 3]
    autumn = sorted([*range(1, 25), 3])
    for day, hours in (("2023/03/26", spring), ("2023/10/29", autumn)):
        rows = "".join(f"ES1;{day};{n:02}:00;1;R\n" for n in hours)
        part = read(write(tmp_path, DATADIS + rows))
        assert part.rejected.empty
        assert (part.frame["timestamp"].diff().dropna() == pd.Timedelta(hours=1)).all()


def test_strange_hours_and_days_of_datadis_are_rejected(tmp_path: Path) -> None:
    good = "".join(f"ES1;2023/01/05;{n:02}:00;1;R\n" for n in range(1, 25))
    bad = "ES1;2023/01/06;00:00;1;R\nES1;2023/02/30;01:00;1;R\nES1;2023/01/06;05:00;x;R\nES1;1980/01/06;05:00;1;R\n"
    part = read(write(tmp_path, DATADIS + good + bad))
    assert part.rejected["row"].tolist() == [26, 27, 28, 29]
    assert part.rejected["column"].tolist() == ["Hora", "Fecha", "Consumo_kWh", "Fecha"]


# --- databases: P1 Monitor and Domoticz -------------------------------------------------------------------------------

P1MON = ["TIMESTAMP", "VERBR_KWH_181", "VERBR_KWH_182", "GELVR_KWH_281", "GELVR_KWH_282", "VERBR_KWH_X", "GELVR_KWH_X"]
P1MON_HOURS = [
    [f"2024-03-01 {n:02}:00:00", str(100 + n / 2), "200.0", "10.0", str(20 + n / 4), "0.5", "0.25"]
    for n in range(8, 20)
]


def test_p1_monitor_is_read_by_its_hours_from_whichever_sheet(tmp_path: Path) -> None:
    minutes = [[f"2024-03-01 08:{n:02}:00", "100", "200", "10", "20", "0.01", "0"] for n in range(9)]
    days = [[f"2024-03-0{n} 00:00:00", "100", "200", "10", "20", "12", "6"] for n in range(1, 5)]
    path = workbook(
        tmp_path / "e_historie.db.xlsx",
        e_history_min=[P1MON, *minutes],
        e_history_uur=[P1MON, *P1MON_HOURS],
        e_history_dag=[P1MON, *days],
    )
    assert format_of(path) == "p1mon"
    part = read(path, AMSTERDAM)
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
        read(workbook(tmp_path / "minutes.xlsx", e_history_min=[P1MON, *minutes]))
    with closing(sqlite3.connect(tmp_path / "empty.db")) as base:
        base.execute(f"CREATE TABLE e_history_uur ({', '.join(P1MON)})")
    with pytest.raises(InputError, match="table of hours is empty"):
        read(tmp_path / "empty.db")
    damaged = (tmp_path / "empty.db").read_bytes().replace(b"e_history_uur", b"e_history_\x8bur")
    (tmp_path / "damaged.db").write_bytes(damaged)
    assert format_of(tmp_path / "damaged.db") == "ha_database"  # which says that it is none of its own


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


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    write(tmp_path, "timestamp,tv\n2024-07-01 00:00,0.1\n2024-07-01 01:00,0.1\n", "readings.csv")
    with zipfile.ZipFile(tmp_path / "green_button.zip", "w") as archive:
        archive.writestr("data.xml", "<feed/>")
    assert "green_button.zip: this is an archive; data.xml in it is of no known format" in " ".join(
        influx.load(tmp_path).notes
    )
    with pytest.raises(InputError, match=r"this is an archive; data\.xml in it is of no known format"):
        influx.load(tmp_path / "green_button.zip")
