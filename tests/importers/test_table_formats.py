"""Exports by a row each: a small file, and its kWh, times in UTC, roles and rejected cells, worked out by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytest import approx
from test_vendors import (
    AMSTERDAM,
    DATA,
    DATADIS,
    DSMR,
    ENGLISH,
    ENPHASE,
    FLUVIUS,
    SHELLY,
    VUE,
    WIZARD,
    ZAPPI,
    format_of,
    kwh,
    read,
    real,
    times,
    values,
    write,
)
from test_vendors_suppliers import AMEREN

from influx.core.errors import InputError
from influx.importers import FORMATS

NAN = float("nan")


@dataclass(frozen=True)
class Case:
    """A file of a format (by the clock of Amsterdam where it has none), and what it holds."""

    format: str
    text: str
    kwh: dict[str, float]
    starts: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    qualities: list[str] = field(default_factory=list)
    minutes: float | None = None
    rejected: list[str] = field(default_factory=list)
    note: str = ""
    name: str = "export.csv"


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
BOTH = {"grid import": "grid_import", "grid export": "grid_export"}
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
TOON = "elec_{}_CurrentElectricityQuantity_5yrhours.csv"
NEW_YORK = "Time Bucket (America/New_York),"


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
        starts={"grid import": [f"01-{14 + (n > 3)} {(n // 4 + 23) % 24:02}:{n % 4 * 15:02}" for n in range(96)]},
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
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.format)
def test_a_file_holds_what_was_worked_out_by_hand(tmp_path: Path, case: Case) -> None:
    path = write(tmp_path, case.text, case.name)
    assert format_of(path) == case.format
    part = read(path, AMSTERDAM)
    assert kwh(part) == approx(case.kwh)
    for series, starts in case.starts.items():
        assert times(part, series) == starts
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
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read(write(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gas_quantity_CurrentGasQuantity_5yrhours.csv", "this is gas"),
        (TOON.format("quantity_nt"), "computed this from other registers"),
        ("gas_high_resolution.csv", "this is gas"),
    ],
)
def test_a_register_of_something_else_is_refused_by_its_name(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read(write(tmp_path, register(1752, 2369, 2419, 2420), name))


def test_another_meter_of_homewizard_is_no_connection(tmp_path: Path) -> None:
    assert format_of(write(tmp_path, "time,Import kWh,Export kWh\n2024-01-01 00:00,1,2\n")) == "homewizard_kwh"


def test_a_report_of_myenergi_that_lacks_boosted_energy_is_noted(tmp_path: Path) -> None:
    part = read(write(tmp_path, "Serial Number,Timestamp,Diverter Energy (L1) (Wh)\n1,2025-07-31T11:00:00.000Z,5\n"))
    assert "lacks the columns of boosted energy" in part.notes[0]


@real
@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        ("shelly_em3_phaseA.csv", 2 * 57_158, {"grid import A": 1923.17627, "grid export A": 0.0}),
        (
            "dsmr_reader_export_hour.csv",
            4 * 8754,
            {
                "grid import low tariff": 1828.818,
                "grid import normal tariff": 1914.313,
                "grid export low tariff": 651.104,
                "grid export normal tariff": 1477.279,
            },
        ),
        (
            "homewizard_p1_15min.csv",
            4 * 2880,
            {
                "grid import T1": 855.816,
                "grid import T2": 500.611,
                "grid export T1": 284.979,
                "grid export T2": 576.139,
            },
        ),
        ("myenergi_zappi_report.csv", 48, {"myenergi XXXXXXXX": 56.81533}),
    ],
)
def test_a_real_file_is_all_used(name: str, rows: int, expected: dict[str, float]) -> None:
    part = read(DATA / name, AMSTERDAM)
    assert (part.rows_read, len(part.rejected)) == (rows, 0)
    assert kwh(part) == approx(expected)


def test_all_formats_are_documented_and_have_an_id_of_their_own() -> None:
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    ids = [format_.id for format_ in FORMATS]
    assert sorted(re.findall(r"^\| `(\w+)`", page, re.MULTILINE)) == sorted(ids)
    assert len(set(ids)) == len(ids)
