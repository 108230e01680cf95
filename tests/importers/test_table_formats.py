"""Exports by a row each: a small file, and its kWh, times in UTC, roles and rejected cells, worked out by hand."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from exports import workbook
from pytest import approx
from test_vendors import format_of, home, kwh, read, times, values, write

from influx.core.errors import InputError
from influx.importers import FORMATS

NAN = float("nan")
Content = str | list[list[str]]
"""The text of a file, or the rows of a sheet."""


@dataclass(frozen=True)
class Case:
    """A file of a format (by the clock of Amsterdam where it has none), and what it holds."""

    format: str
    content: Content
    kwh: dict[str, float]
    starts: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    qualities: list[str] = field(default_factory=list)
    minutes: float | None = None
    rejected: list[str] = field(default_factory=list)
    note: str = ""
    name: str = "export.csv"
    zone: str = "Europe/Amsterdam"


def saved(folder: Path, content: Content, name: str) -> Path:
    if isinstance(content, str):
        return write(folder, content, name)
    width = max(map(len, content))
    return workbook(folder / f"{Path(name).stem}.xlsx", data=[[*row, *[""] * (width - len(row))] for row in content])


BOTH = {"grid import": "grid_import", "grid export": "grid_export"}

# --- contents of files, by their formats ------------------------------------------------------------------------------

SHELLY = "Date/time UTC,Active energy Wh (A),Returned energy Wh (A)\n"
DSMR = (
    "Hour Start,Electricity 1 (Dutch Users: Low Tariff),Electricity 2 (Dutch Users: Normal Tariff),"
    "Electricity 1 Returned (Dutch Users: Low Tariff),Electricity 2 Returned (Dutch Users: Normal Tariff),Gas\n"
)
WIZARD = "time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh,L1 max W,L2 max W,L3 max W\n"
ZAPPI = (
    "Serial Number,Timestamp,Net Grid Import (Wh),Net Grid Export (Wh),Total Generation (Wh),Max Voltage (L1) (dV),"
    "Diverter Energy (L1) (Wh),Diverter Energy (L2) (Wh),Boosted Energy (L1) (Wh)\n"
)
ENPHASE = "Date/Time,Energy Produced (Wh),Energy Consumed (Wh),Exported to Grid (Wh),Imported from Grid (Wh)\n"
VUE = "Time Bucket (America/New_York),Home-Mains_A (kWhs),Home-Mains_B (kWhs),Home-Dryer (kWhs),Home-Circuit_9 (kWhs)\n"
FLUVIUS = (
    "Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus\n"
    '12-10-2021;07:15:00;12-10-2021;07:30:00;="1";1S;Digitale Meter;Afname Dag;;kWh;Geen verbruik\n'
    '12-10-2021;07:30:00;12-10-2021;07:45:00;="1";1S;Digitale Meter;Afname Dag;0,067;kWh;Gevalideerd\n'
    '12-10-2021;07:30:00;12-10-2021;07:45:00;="1";1S;Digitale Meter;Injectie Dag;0,500;kWh;Gevalideerd\n'
    '12-10-2021;07:45:00;12-10-2021;08:00:00;="1";1S;Digitale Meter;Afname Dag;0,080;kWh;Geschat\n'
    '12-10-2021;07:45:00;12-10-2021;08:00:00;="1";1S;Digitale Meter;Injectie Dag;0,000;kWh;Uitgelezen\n'
)
ENGLISH = (
    "From (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;Volume;Unit;"
    "Validation status;Description\n"
    '12/10/2021;07:30:00;12/10/2021;07:45:00;="1";1S;Digital meter;Offtake Day;0,067;kWh;Read;\n'
    '12/10/2021;07:45:00;12/10/2021;08:00:00;="1";1S;Digital meter;Offtake Day;0,080;kWh;Estimated;\n'
    '12/10/2021;07:45:00;12/10/2021;08:00:00;="1";1S;Digital meter;Injection Day;0,500;kWh;Read;\n'
)
DATADIS = "CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion\n"
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
DUTCH = (
    "Begintijd Uur,Elektriciteit 1 (Nederlandse Gebruikers: Daltarief),Elektriciteit 2 (Piektarief),"
    "Elektriciteit 1 Teruggeleverd (Nederlandse Gebruikers: Daltarief),Elektriciteit 2 Teruggeleverd (Piektarief),Gas\n"
)
DSMR_ROWS = "2024-01-01T00:00:00+01:00,0.196,0,0.5,0,0.032\n2024-01-01T01:00:00+01:00,0.224,0.1,0,0.25,0.056\n"
DSMR_KWH = {
    "grid import low tariff": 0.42,
    "grid import normal tariff": 0.1,
    "grid export low tariff": 0.5,
    "grid export normal tariff": 0.25,
}
ENGIE = '"Datum","EAN","Verbruik","Type","Piek"\n'
GAS = '"2024-10-27T02:00:00+02:00","8717","3.0","Gas","0"\n'
MANAGER = (
    "\nname;ean;code;moment;moment-date;value;factor;type\n"
    "Home;8717;ellm;1735686000;2025-01-01 00:00:00;35089902;0.001;0\n"
    "Home;8717;ellm;1735686900;2025-01-01 00:15:00;35089984;0.001;0\n"
    "Home;8717;ellm;1735687800;2025-01-01 00:30:00;35090217;0.001;0\n"
    "Home;8717;eltm;1735686000;2025-01-01 00:00:00;12.5;1;0\n"
    "Home;8717;eltm;1735686900;2025-01-01 00:15:00;12.75;1;0\n"
    "Home;8717;7agasm;1735686000;2025-01-01 00:00:00;7.439;1;0\n"
)
AMEREN_LINES = AMEREN.splitlines()
AMEREN_HOURS = "Title,Data,,,\n" + "".join(AMEREN_LINES[n].rsplit(",", 3)[0] + "\n" for n in (4, 5, 10))
AMEREN_ROWS = [line.split(",") for line in AMEREN_LINES[4:]]
TOON = "elec_{}_CurrentElectricityQuantity_5yrhours.csv"
NEW_YORK = "Time Bucket (America/New_York),"
PORTAL = ["datum_tijd", "levering_normaal", "levering_laag", "teruglevering_normaal", "teruglevering_laag"]
ZONNEPLAN = [
    ["DateFrom", "DateTo", "ElectricityConsumptionUsageKwh", "ElectricityProductionUsageKwh", "GasUsageKwh"],
    *(
        [*(f"2024-03-0{1 + h // 24} {h % 24:02}:00:00" for h in (n, n + 1)), "0,5", "-1,25" if n == 12 else "0", "0,9"]
        for n in range(26)
    ),
    ["", "", "", "", ""],
    ["", "", "13", "-1,25", "23,4"],
]
NEXTENERGY = [
    ["Date Time UTC", "Direction", "Unit", "Reading Start"],
    *(
        [f"06-12-2023 {20 + n}:00:00", way, unit, f"{start + n * use:.3f}".replace(".", ",")]
        for way, unit, start, use in (
            ("levering", "kWh", 1000, 0.5),
            ("teruglevering", "kWh", 30, 0.25),
            ("levering", "m3", 800, 1),
        )
        for n in range(4)
    ),
]
E_REDES = [["Dados Globais"], ["CPE", "PT0002"], ["Intervalo", "15 min"], [""]]
SMA = (
    "sep=,\nVersion CSV3|Tool WebUI|Linebreaks CR/LF|Delimiter comma\n\n"
    ",STP 1,STP 1,STP 1,STP 1,STP 1\n,TRIPOWER,TRIPOWER,TRIPOWER,TRIPOWER,TRIPOWER\n,1,1,1,1,1\n"
    ",Metering.TotWhOut,GridMs.Hz (Avg),DcMs.Watt (Avg),DcMs.Watt (Avg),Metering.GridMs.TotWhOut\n"
    ",Analog,Analog,Analog,Analog,Analog\nDD.MM.YYYY hh:mm:ss,[Wh],[Hz],[W],[W],[Wh]\n"
)
SMA_DAYS = "".join(f"{n:02}.07.2025 00:00:00,{41000 + 9000 * n},50,1,1,NaN\n" for n in range(1, 9))
SUNNY_EXPLORER = (
    "sep=;\nVersion CSV1|Tool SunnyExplorer 2|Linebreaks CR/LF|Delimiter semicolon|Decimalpoint comma|Precision 3\n"
    "\n;SN: 1;SN: 1;SN: 2;SN: 2\n;SB 4000;SB 4000;SB 3000;SB 3000\n;1;1;2;2\n"
    ";Total yield;Power;Total yield;Power\n;Counter;Analog;Counter;Analog\ndd/MM/yyyy HH:mm:ss;kWh;kW;kWh;kW\n"
) + "".join(f"07/03/2024 10:0{n}:00;{100 + n / 10:.3f};1,2;{50 + n / 20:.3f};0,6\n" for n in range(5)).replace(".", ",")
LINKY = (
    "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Unite\n"
    "12345678901234;Courbe de charge;31/03/2024;01/04/2024;Energie active;{};W\nHorodate;Valeur\n"
    "2024-03-31T01:30:00+01:00;400\n2024-03-31T03:00:00+02:00;600\n2024-03-31T03:30:00+02:00;800\n"
)
ESB = "MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time\n"
ESB_DAY = "1030,000001,5123,24 Hr Active Import Register (kWh),01-07-2024 00:00\n"
PAIR = "Datum;Cas od;Cas do;8591-8592\n01.08.2025;10:00;10:15;0,1;\n01.08.2025;10:15;10:30;0,15;\n"
HOMEWIZARD = (
    "time,Import kWh,Export kWh,L1 max W\n"
    "2025-06-24 20:30,32.125,0.150,-16\n2025-06-24 20:45,32.125,0.161,0\n2025-06-24 21:00,32.500,0.161,148\n"
)


def esb(unit: str) -> str:
    """Return half hours, the newest first, of half a unit taken and a quarter fed in, and a register by days."""
    return ESB + "".join(
        f"1030,000001,{value},Active {way} Interval ({unit}),01-07-2024 0{n // 2}:{n % 2 * 30:02}\n"
        for n in (5, 4, 3, 2)
        for way, value in (("Import", 0.5), ("Export", 0.25))
    )


def solaredge(*rows: tuple[str, object], step: str = "HOUR") -> str:
    values = [{"date": date, "value": value} for date, value in rows]
    return json.dumps({"energy": {"timeUnit": step, "unit": "Wh", "measuredBy": "INVERTER", "values": values}})


def solaredge_details(**meters: float) -> str:
    """Return quarters of an hour of power in W."""
    quarters = [f"2024-07-01 12:{minute:02}:00" for minute in (0, 15, 30, 45)]
    lists = [{"type": kind, "values": [{"date": at, "value": w} for at in quarters]} for kind, w in meters.items()]
    return json.dumps({"powerDetails": {"timeUnit": "QUARTER_OF_AN_HOUR", "unit": "W", "meters": lists}})


def tibber(homes: int) -> str:
    hours = [
        ("2024-03-31T01:00:00+01:00", "2024-03-31T03:00:00+02:00"),
        ("2024-03-31T03:00:00+02:00", "2024-03-31T04:00:00+02:00"),
    ]
    amounts = {"consumption": 0.5, "production": 0.2}
    lists = {
        kind: {"nodes": [{"from": a, "to": b, kind: kwh, f"{kind}Unit": "kWh", "cost": 1} for a, b in hours]}
        for kind, kwh in amounts.items()
    }
    return json.dumps({"data": {"viewer": {"homes": [lists] * homes}}})


def givenergy(at: str, solar: float, battery: float, **other: object) -> dict[str, object]:
    flows = {"grid": {"import": 5, "export": 2 * solar}, "consumption": solar, "ac_charge": 0}
    total = {"solar": solar, "battery": {"charge": 62.3, "discharge": 62.3}, **flows}
    today = {"solar": 0, "battery": {"charge": battery, "discharge": battery / 2}, **flows}
    return {"time": at, "status": "NORMAL", "today": today, "total": total, "is_metered": True, **other}


GIVENERGY = [
    givenergy("2025-05-31T22:55:00Z", 10.0, 4.0),
    givenergy("2025-05-31T23:00:00Z", 10.25, 0.0),  # midnight in Britain: the battery's registers begin anew
    givenergy("2025-05-31T23:05:00Z", 999.0, 9.0, status="LOST"),
    givenergy("2025-05-31T23:10:00Z", 999.0, 9.0, is_metered=False),
    givenergy("2025-05-31T23:15:00Z", 11.0, 0.5),
]


def quarters_of_days(*days: str, cell: str) -> str:
    clocks = [f"{n // 4:02d}:{n % 4 * 15:02d}" for n in range(96)]
    names = ";".join(f"{begin}-{end}" for begin, end in zip(clocks, [*clocks[1:], "00:00"], strict=True))
    return f"Giorno;{names}\n" + "".join(f'"{day}";' + f'"{cell}";' * 96 + "\n" for day in days)


def register(*states: float) -> str:
    return "".join(f"{1_704_067_200 + 3600 * place},{state}\n" for place, state in enumerate(states))


CASES = [
    Case(
        "shelly",
        SHELLY + "2025-01-11 00:00,30.70,0.00\n2025-01-11 00:10,33.70,1.50\n",
        kwh={"grid import A": 0.0644, "grid export A": 0.0015},
        starts={"grid import A": ["01-11 00:00", "01-11 00:10"]},
        roles={"grid import A": "grid_import", "grid export A": "grid_export"},
        minutes=10,
    ),
    Case(
        "shelly",  # a series a phase, volts aside
        "Date/time UTC,Active energy Wh (A),Active energy Wh (B),Active energy Wh (C),Max V (A)\n"
        "2025-01-11 00:00,1,2,3,231\n2025-01-11 00:10,1,2,3,232\n",
        kwh={"grid import A": 0.002, "grid import B": 0.004, "grid import C": 0.006},
    ),
    Case(
        "dsmr_reader",
        DSMR + DSMR_ROWS,
        kwh=DSMR_KWH,
        starts={"grid import low tariff": ["12-31 23:00", "01-01 00:00"]},
        roles={name: "grid_import" if "import" in name else "grid_export" for name in DSMR_KWH},
    ),
    Case("dsmr_reader", DUTCH + DSMR_ROWS, kwh=DSMR_KWH),
    Case(
        "homewizard",  # three states make two intervals; what came before the first is unknown
        WIZARD + "2024-07-01 00:00,100.000,200.000,50.000,30.000,0,0,0\n"
        "2024-07-01 00:15,100.500,200.100,50.200,30.050,1200,800,600\n"
        "2024-07-01 00:30,101.200,200.300,50.600,30.100,1100,900,500\n",
        kwh={"grid import T1": 1.2, "grid import T2": 0.3, "grid export T1": 0.6, "grid export T2": 0.1},
        starts={"grid import T1": ["06-30 21:45", "06-30 22:00", "06-30 22:15"]},
        values={"grid import T1": [NAN, 0.5, 0.7]},
    ),
    Case(
        "myenergi",  # the sum over phases and boosts
        ZAPPI + "12345678,2025-07-31T11:00:00.000Z,100,2000,5000,2400,4554.23,440.81,0\n"
        "12345678,2025-07-31T12:00:00.000Z,0,1500.5,4000,2400,0,0,1000\n",
        kwh={"grid import": 0.1, "grid export": 3.5005, "solar": 9.0, "myenergi 12345678": 5.99504},
        starts={"solar": ["07-31 11:00", "07-31 12:00"]},
        values={"myenergi 12345678": [4.99504, 1.0]},
    ),
    Case(
        "enphase",
        "Date/Time,Energy Produced (Wh)\n2016-07-29 12:00:00 -0500,900\n2016-07-29 12:15:00 -0500,950\n",
        kwh={"solar": 1.85},
        starts={"solar": ["07-29 17:00", "07-29 17:15"]},
    ),
    Case(
        "enphase",  # a site with a battery, and a total below
        'Date/Time,Energy Delivered (Wh)\n10/13/2022 10:00,"1,298"\n10/13/2022 11:00,702\nTotal,"2,000"\n',
        kwh={"solar": 2.0},
        note="row Total is the sum",
    ),
    Case(
        "enphase",
        "Date/Time,Energy Produced (Wh),Stored in AC Batteries (Wh),Discharged from AC Batteries (Wh)\n"
        "2021-12-01 00:00:00 +0000,9,4,1\n2021-12-01 00:15:00 +0000,9,4,2\n",
        kwh={"solar": 0.018, "battery in": 0.008, "battery out": 0.003},
        roles={"solar": "solar", "battery in": "battery_in", "battery out": "battery_out"},
    ),
    Case(
        "emporia",  # the mains are added up, by the clock that the header names
        VUE + "07/04/2024 00:00:00,0.5,0.25,0.1,No CT\n07/04/2024 01:00:00,0.6,0.3,0.2,No CT\n",
        kwh={"Home mains": 1.65, "Home-Dryer": 0.3},
        starts={"Home-Dryer": ["07-04 04:00", "07-04 05:00"]},
        roles={"Home mains": "grid_import", "Home-Dryer": "device"},
        note="Home-Circuit_9 (kWhs) holds no number and is not read.",
    ),
    Case(
        "emporia",
        NEW_YORK + "Dryer (kWatts)\n" + "".join(f"07/04/2024 11:{n:02}:00,1.2\n" for n in range(0, 60, 15)),
        kwh={"Dryer": 1.2},
    ),
    Case(
        "fluvius",
        FLUVIUS,
        kwh={"grid import day": 0.147, "grid export day": 0.5},
        starts={"grid import day": ["10-12 05:15", "10-12 05:30", "10-12 05:45"]},
        qualities=["missing", "measured", "measured", "estimated", "measured"],
        minutes=15,
    ),
    Case(
        "fluvius",
        ENGLISH,
        kwh={"grid import day": 0.147, "grid export day": 0.5},
        roles={"grid import day": "grid_import", "grid export day": "grid_export"},
    ),
    Case(
        "datadis",  # quarters of a distributor
        "CUPS;Fecha;Hora;AE_kWh;AS_KWh;AE_AUTOCONS_kWh;REAL/ESTIMADO\n"
        + "".join(f"ES1;15/01/2025;{n};0,1;0,25;9;R\n" for n in range(1, 97)),
        kwh={"grid import": 9.6, "grid export": 24.0},
        starts={"grid import": ["01-14 23:00", "01-14 23:15"]},
        minutes=15,
    ),
    Case(
        "engie",
        ENGIE + '"2024-10-27T02:00:00+02:00","8716","0.5","Elektriciteit","false"\n'
        '"2024-10-27T02:00:00+01:00","8716","0.25","Elektriciteit","true"\n'
        '"2024-10-27T02:00:00+02:00","8716","0.125","Teruglevering","false"\n' + GAS,
        kwh={"grid import": 0.75, "grid export": 0.125},
        starts={"grid import": ["10-27 00:00", "10-27 01:00"]},
        roles=BOTH,
        rejected=["Gas"],
    ),
    Case(
        "energiemanager",
        MANAGER,
        kwh={"grid import": 0.315, "grid export": 0.25},
        starts={"grid import": ["12-31 22:45", "12-31 23:00", "12-31 23:15"]},
        values={"grid import": [NAN, 0.082, 0.233]},
        roles=BOTH,
        rejected=["7agasm"],
    ),
    Case(
        "energiemanager",
        MANAGER.replace("35089984", "much"),
        kwh={"grid import": 0.315, "grid export": 0.25},
        rejected=["much", "7agasm"],
    ),
    Case(
        "edc_cr",  # what the meter counted, not what was left after sharing
        "Datum;Cas od;Cas do;IN-859182400000000001-D;OUT-859182400000000001-D;IN-859182400000000002-O;"
        "OUT-859182400000000002-O\n"
        "01.08.2025;00:00;00:15;0,5;0,1;-0,25;-0,2;\n01.08.2025;00:15;00:30;0,0;0,0;-0,75;-0,7;\n",
        kwh={"grid export": 0.5, "grid import": 1.0},
        starts={"grid import": ["07-31 22:00", "07-31 22:15"]},
        roles=BOTH,
    ),
    Case(
        "ameren",  # hours and quarters of one energy; 02:00 does not exist in spring
        AMEREN,
        kwh={"grid import": 2.25},
        starts={"grid import": [f"03-09 0{at}" for at in ("7:00", "7:15", "7:30", "7:45", "8:00", "8:15")]},
        values={"grid import": [0.5, 0.25, 0.5, 0.25, NAN, 0.75]},
        roles={"grid import": "grid_import"},
        rejected=["2025-03-09 02:00:00"],
    ),
    Case(
        "toon",
        register(1752, 2369, 2419, 2419),
        kwh={"grid import normal tariff": 0.667},
        starts={"grid import normal tariff": ["12-31 23:00", "01-01 00:00", "01-01 01:00", "01-01 02:00"]},
        roles={"grid import normal tariff": "grid_import"},
        name=TOON.format("quantity_nt_orig"),
    ),
    *(
        Case("toon", register(1752, 2369, 2419, 2419), {series: 0.667}, roles={series: role}, name=TOON.format(name))
        for name, series, role in (
            ("quantity_lt_produ", "grid export low tariff", "grid_export"),
            ("solar_quantity", "solar", "solar"),
        )
    ),
    *(
        Case("epoch_register", register(100.5, 100.75, 101.5), {name: 1.0}, roles={name: role}, name=f"{name}.csv")
        for name, role in (
            ("elec_feed_in_tariff_1_high_resolution", "grid_import"),
            ("elec_feed_out_tariff_2_high_resolution", "grid_export"),
            ("elec_solar_high_resolution", "solar"),
            ("elec_battery_feed_out_high_resolution", "battery_in"),
            ("elec_battery_feed_in_high_resolution", "battery_out"),
        )
    ),
    Case("epoch_register", register(0, 700, 1500, 2000), kwh={"export": 2.0}),  # too fast for kWh
    Case("epoch_register", register(5.125, 5.125, 5.126, 5.126), kwh={"export": 0.001}),  # decimals: kWh
    Case(
        "solaredge",  # by the clock of the home; a night without values is none, a day without any is unknown
        solaredge(
            ("2024-07-01 00:00:00", None),
            ("2024-07-01 12:00:00", 800.0),
            ("2024-07-01 13:00:00", 150.0),
            ("2024-07-02 12:00:00", None),
        ),
        kwh={"production": 0.95},
        starts={"production": ["06-30 22:00", "07-01 10:00", "07-01 11:00", "07-02 10:00"]},
        values={"production": [0, 0.8, 0.15, NAN]},
        roles={"production": "solar"},
        note="1 values are null on days with others",
        name="2024-10.json",
    ),
    Case(
        "solaredge",  # offsets tell both hours of autumn apart
        solaredge(
            ("2024-10-27 01:00:00 CEST+0200", 1.0),
            ("2024-10-27 02:00:00 CEST+0200", 2.0),
            ("2024-10-27 02:00:00 CET+0100", 3.0),
        ),
        kwh={"production": 0.006},
        starts={"production": ["10-26 23:00", "10-27 00:00", "10-27 01:00"]},
        name="2024-10.json",
    ),
    Case(
        "solaredge",  # a power is no energy, and what a home used of its sun stands in the others
        solaredge_details(Production=400, SelfConsumption=300, FeedIn=100, Purchased=40, Consumption=340),
        kwh={"production": 0.4, "feedin": 0.1, "purchased": 0.04, "consumption": 0.34},
        roles={"production": "solar", "feedin": "grid_export", "purchased": "grid_import", "consumption": "household"},
        rejected=["selfconsumption"] * 4,
        name="details.json",
    ),
    Case(
        "sma",
        SMA + "".join(f"03.07.2025 12:{n * 15:02}:00,{41000 + 250 * n},50.00,700,300,NaN\n" for n in range(4)),
        kwh={"solar": 0.75},
        starts={"solar": ["07-03 09:45", "07-03 10:00", "07-03 10:15", "07-03 10:30"]},
        roles={"solar": "solar"},
    ),
    Case(
        "sma",  # the meter at the grid counts where it moves
        SMA + "".join(f"03.07.2025 12:{n * 5:02}:00,{1000 + 100 * n},50,1,1,{70 + 40 * n}\n" for n in range(6)),
        kwh={"solar": 0.5, "grid export": 0.2},
        roles={"solar": "solar", "grid export": "grid_export"},
    ),
    Case(
        "sma",  # the 7th of March, a column an inverter
        SUNNY_EXPLORER,
        kwh={"solar 1": 0.4, "solar 2": 0.2},
        starts={"solar 1": ["03-07 08:59", "03-07 09:00"]},
    ),
    Case(
        "slimmemeterportal",  # ends of quarters, and of two tariffs the other is zero; where both are blank unknown
        [
            PORTAL,
            ["29-10-2023 02:45:00 +0200", "", "0,10", "", "0"],
            ["29-10-2023 03:00:00 +0200", "", "0,20", "", "0"],
            ["29-10-2023 02:15:00 +0100", "0,40", "", "0,01", ""],
            ["29-10-2023 02:30:00 +0100", "", "", "", ""],
        ],
        kwh={
            "grid import normal tariff": 0.4,
            "grid import low tariff": 0.3,
            "grid export normal tariff": 0.01,
            "grid export low tariff": 0.0,
        },
        starts={"grid import low tariff": ["10-29 00:30", "10-29 00:45", "10-29 01:00", "10-29 01:15"]},
        values={"grid import normal tariff": [0, 0, 0.4, NAN], "grid import low tariff": [0.1, 0.2, 0, NAN]},
    ),
    *(
        Case(
            "zonneplan",  # ends of hours on the Dutch clock, what is fed in below zero, and totals below the table
            rows,
            kwh={"grid import": 13.0, "grid export": 1.25},
            starts={"grid import": ["02-29 23:00", "03-01 00:00"]},
            values={"grid export": [1.25 if n == 12 else 0 for n in range(26)]},
            roles=BOTH,
        )
        for rows in (ZONNEPLAN, [row[1:] for row in ZONNEPLAN])
    ),
    Case(
        "nextenergy",  # registers in UTC, gas aside
        NEXTENERGY,
        kwh={"grid import": 1.5, "grid export": 0.75},
        values={"grid import": [NAN, 0.5, 0.5, 0.5]},
        starts={"grid import": ["12-06 19:00", "12-06 20:00", "12-06 21:00", "12-06 22:00"]},
        roles=BOTH,
        rejected=["m3"] * 4,
    ),
    Case(
        "e_redes",  # mean power to the end of the quarter by the clock of Lisbon
        [
            *E_REDES,
            ["Data", "Hora", "Consumo registado, Ativa (kW)", "Estado"],
            ["2025/07/01", "00:15", "0.8", "Real"],
            ["2025/07/01", "00:30", "0,4", "Estimado"],
            ["2025/07/02", "00:00", "1.2", "Real"],
        ],
        kwh={"grid import": 0.6},
        starts={"grid import": ["06-30 23:00", "06-30 23:15", "07-01 22:45"]},
        values={"grid import": [0.2, 0.1, 0.3]},
        qualities=["measured", "estimated", "measured"],
        roles={"grid import": "grid_import"},
    ),
    Case(
        "e_redes",  # read once, where it was measured
        [
            *E_REDES,
            [
                *("Data", "Hora", "Consumo registado, Ativa (kW)"),
                *("Consumo medido na IC, Ativa (kW)", "Injeção registada, Ativa (kW)"),
            ],
            *(["2025/07/01 00:00:00", f"0{n}:00", "0.5", "0.75", "0.25"] for n in (1, 2)),
        ],
        kwh={"grid import": 1.5, "grid export": 0.5},
    ),
    *(
        Case(
            "enedis",  # half hours of mean power, named by their end
            LINKY.format(kind),
            kwh={role.replace("_", " "): 0.9},
            starts={role.replace("_", " "): ["03-31 00:00", "03-31 00:30", "03-31 01:00"]},
            values={role.replace("_", " "): [0.2, 0.3, 0.4]},
            roles={role.replace("_", " "): role},
            zone="Europe/Paris",
        )
        for kind, role in (("Consommation", "grid_import"), ("Production", "grid_export"))
    ),
    *(
        Case(
            "esb_networks",
            esb(unit) + ESB_DAY,
            kwh={"grid import": whole, "grid export": whole / 2},
            starts={"grid import": ["07-01 01:00", "07-01 00:30", "07-01 00:00", "06-30 23:30"]},  # summer time
            roles=BOTH,
            rejected=["24 Hr Active Import Register (kWh)"],
            zone="Europe/Dublin",
        )
        for unit, whole in (("kW", 1.0), ("kWh", 2.0))
    ),
    Case(
        "tibber",
        tibber(homes=1),
        kwh={"grid import": 1.0, "grid export": 0.4},
        starts={"grid import": ["03-31 00:00", "03-31 01:00"]},
        name="tibber.json",
    ),
    Case(
        "givenergy",  # registers since the beginning, but the battery's
        json.dumps({"data": GIVENERGY}, indent=4),
        kwh={
            **{"solar": 1.0, "grid import": 0.0, "grid export": 2.0, "household": 1.0},
            **{"battery in": 0.5, "battery out": 0.25},
        },
        roles={
            **{**BOTH, "solar": "solar", "household": "household"},
            **{"battery in": "battery_in", "battery out": "battery_out"},
        },
        rejected=["2025-05-31T23:05:00Z", "2025-05-31T23:10:00Z"],
        name="m.json",
        zone="Europe/London",
    ),
    Case(
        "e_distribuzione",  # an export is no feed-in
        quarters_of_days("01/09/2024", "02/09/2024", cell="0,25"),
        kwh={"grid_import": 48.0},
        starts={"grid_import": ["08-31 22:00", "08-31 22:15"]},
        roles={"grid_import": "grid_import"},
        name="ExportData_settembre.csv",
    ),
    Case("ameren", AMEREN_HOURS, kwh={"grid import": 2.25}),  # hours without quarters
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.format)
def test_a_file_holds_what_was_worked_out_by_hand(tmp_path: Path, case: Case) -> None:
    path = saved(tmp_path, case.content, case.name)
    assert format_of(path) == case.format
    part = read(path, home(timezone=case.zone))
    assert kwh(part) == approx(case.kwh)
    for series, starts in case.starts.items():
        assert times(part, series)[: len(starts)] == starts
    for series, expected in case.values.items():
        assert values(part, series) == approx(expected, nan_ok=True)
    assert not case.roles or part.roles == case.roles
    assert not case.qualities or part.frame["quality"].tolist() == case.qualities
    assert case.minutes is None or part.frame["minutes"].eq(case.minutes).all()
    assert part.rejected["value"].tolist() == case.rejected
    assert case.note in " ".join(part.notes)


def days(row: str, count: int = 5) -> str:
    return "".join(row.format(day=day) + "\n" for day in range(1, count + 1))


FLUVIUS_GAS = '\n10-01-2022;07:00:00;10-01-2022;08:00:00;="1";7F;D;Afname;0,4;m³;Gevalideerd\n'
REFUSED = {
    "days of DSMR-reader": (DSMR.replace("Hour Start", "Date") + days("2024-01-0{day},5.2,3.1,0,0,2.2"), "too coarse"),
    "days of HomeWizard": (WIZARD + days("2024-01-0{day},{day},200,50,30,0,0,0"), "too coarse"),
    "days of Enphase": (ENPHASE + days("01/{day:02}/2024,100,250,50,200", 31), "too coarse"),
    "one day of Enphase, of two months": (
        ENPHASE + "".join(f"02/01/2024 {hour:02}:00,100,250,50,200\n" for hour in range(24)),
        "such as 02/01/2024 00:00, do not tell day from month",
    ),
    "two devices of myenergi": (
        ZAPPI + "1,2025-07-31T11:00:00.000Z,1,1,1,1,1,1,1\n2,2025-07-31T11:00:00.000Z,1,1,1,1,1,1,1\n",
        r"2 meters or devices \(1, 2\)",
    ),
    "gas of Fluvius": (FLUVIUS.splitlines()[0] + FLUVIUS_GAS, "gas, not electricity"),
    "two supply points": (DATADIS + "ES1;2023/01/05;01:00;1;R\nES2;2023/01/05;01:00;1;R\n", "2 supply points"),
    "gas of Engie": (ENGIE + GAS, "no electricity"),
    "two homes of EDC": (
        "Datum;Cas od;Cas do;IN-1-O;IN-2-O\n01.08.2025;00:00;00:15;-0,5;-0,1\n",
        "IN-1-O, IN-2-O: nothing says",
    ),
    "days of SolarEdge": (
        solaredge(("2024-07-01 00:00:00", 9000.0), step="DAY"),
        r"a value for each day is too coarse .* timeUnit=HOUR",
        "day.json",
    ),
    "days of SMA": (SMA + SMA_DAYS, "every 24 hours is too coarse"),
    "SMA without its register": (
        SMA.replace("Metering.TotWhOut", "GridMs.TotW") + SMA_DAYS.replace(",NaN", ",0"),
        r"no register in it counts energy.*Metering\.TotWhOut",
    ),
    "gas of the portal": (
        [["datum_tijd", "levering", "buitentemperatuur"], ["01-10-2023 01:00:00 +0200", "0,3", "9,5"]],
        "gas meter, not electricity",
    ),
    "gas of NextEnergy": ([row for row in NEXTENERGY if row[2] != "kWh"], "this is gas, not electricity"),
    "water of P1 Monitor": (
        [["TIMESTAMP", "TIMEPERIOD_ID", "VERBR_IN_M3_TOTAAL"], ["2024-03-01 08:00:00", "12", "55.1"]],
        "water meter",
    ),
    "days of Enedis": (
        "Identifiant PRM;Type de donnees;Unite\n1;Arrete quotidien;\nHorodate;Valeur\n2024-03-31T00:00:00+01:00;1\n",
        "no load curve in W",
    ),
    "days of ESB": (ESB + ESB_DAY, r"no electricity of ESB Networks in 24 Hr Active Import Register.*30 minutes"),
    "two homes of Tibber": (tibber(homes=2), "several homes", "two.json"),
    "columns of Ameren that do not belong together": (
        "".join(",".join([*row[:2], row[5], *row[3:5], row[2], *row[6:]]) + "\n" for row in AMEREN_ROWS),
        "do not belong together",
    ),
    "shared energy of EDC": (PAIR, r"counted by its grid meter.*columns: \{8591-8592: \{role: solar\}\}"),
    "a register in one of two units": (register(0, 7, 20, 30), "unit: kWh or unit: Wh"),
    "a kWh meter of HomeWizard": (
        HOMEWIZARD,
        r"does not say what it measures.*columns: \{Export kWh: \{role: solar\}\}",
    ),
    "gas of a Toon": (register(1752, 2369, 2420), "this is gas", "gas_quantity_CurrentGasQuantity_5yrhours.csv"),
    "what a Toon computed": (register(1752, 2369, 2420), "computed this from", TOON.format("quantity_nt")),
    "a register of gas": (register(1752, 2369, 2420), "this is gas", "gas_high_resolution.csv"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_a_file_of_something_else_is_refused(
    tmp_path: Path, case: tuple[Content, str] | tuple[Content, str, str]
) -> None:
    content, why, name = (*case, "export.csv")[:3]
    with pytest.raises(InputError, match=why):
        read(saved(tmp_path, content, name))


@pytest.mark.parametrize(
    ("content", "columns", "sums", "roles"),
    [
        (PAIR, {"8591-8592": {"role": "solar", "device": "shared"}}, {"shared": 0.25}, {"shared": "solar"}),
        (HOMEWIZARD, {"Import kWh": {"device": "washer"}}, {"washer": 0.375}, {}),
        (HOMEWIZARD, {"Export kWh": {"device": "roof", "role": "solar"}}, {"roof": 0.011}, {"roof": "solar"}),
        (
            HOMEWIZARD,
            {"Import kWh": {"role": "battery_in"}, "Export kWh": {"role": "battery_out"}},
            {"export import": 0.375, "export export": 0.011},
            {"export import": "battery_in", "export export": "battery_out"},
        ),
    ],
)
def test_home_yaml_says_what_a_file_does_not(
    tmp_path: Path, content: str, columns: dict[str, object], sums: dict[str, float], roles: dict[str, str]
) -> None:
    part = read(write(tmp_path, content), home(files={"export.csv": {"columns": columns}}))
    assert kwh(part) == approx(sums)
    assert part.roles == roles


def test_home_yaml_says_the_unit_of_a_register(tmp_path: Path) -> None:
    part = read(write(tmp_path, register(0, 7, 20, 30)), home(files={"export.csv": {"unit": "Wh"}}))
    assert kwh(part) == approx({"export": 0.03})


def test_rows_above_a_header_are_not_passed_over(tmp_path: Path) -> None:
    moved = [*AMEREN_LINES[:3], AMEREN_LINES[5], *AMEREN_LINES[3:5], *AMEREN_LINES[6:]]
    assert format_of(write(tmp_path, "\n".join(moved) + "\n")) != "ameren"


def test_another_meter_of_homewizard_is_no_connection(tmp_path: Path) -> None:
    assert format_of(write(tmp_path, "time,Import kWh,Export kWh\n2024-01-01 00:00,1,2\n")) == "homewizard_kwh"


def test_a_report_of_myenergi_that_lacks_boosted_energy_is_noted(tmp_path: Path) -> None:
    part = read(write(tmp_path, "Serial Number,Timestamp,Diverter Energy (L1) (Wh)\n1,2025-07-31T11:00:00.000Z,5\n"))
    assert "lacks the columns of boosted energy" in part.notes[0]


def test_all_formats_are_documented_and_have_an_id_of_their_own() -> None:
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    ids = [format_.id for format_ in FORMATS]
    assert sorted(re.findall(r"^\| `(\w+)`", page, re.MULTILINE)) == sorted(ids)
    assert len(set(ids)) == len(ids)
