"""Tables that no format is for: what their columns tell beside one another, in tables of inverters and suppliers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from pytest import approx
from test_vendors import AMSTERDAM, home, kwh, read, write

import influx
from influx.core.errors import InputError
from influx.core.settings import Settings


def quarters(folder: Path, head: str, *columns: list[float]) -> Path:
    """Write two days of quarters of an hour, a few values a column that repeat."""
    rows = [
        f"2024-06-{1 + n // 96:02} {n // 4 % 24:02}:{n % 4 * 15:02}" + "".join(f",{c[n % len(c)]:g}" for c in columns)
        for n in range(192)
    ]
    return write(folder, "\n".join([head, *rows]) + "\n", "plant.csv")


def hourly(row: str, head: str, days: int = 2) -> str:
    """Return hours of some days, each of the same cells."""
    starts = [f"2024-07-0{day} {hour:02d}:00" for day in range(1, days + 1) for hour in range(24)]
    return head + "\n" + "".join(f"{at}{row}\n" for at in starts)


@dataclass(frozen=True)
class Plant:
    """The columns of a table of quarters, two days long, and what they are: energy, roles, and parts of a note."""

    head: str
    columns: list[list[float]]
    kwh: dict[str, float] = field(default_factory=dict)
    roles: dict[str, str] | None = None
    notes: tuple[str, ...] = ()


PLANTS = {
    "what a battery gives is not what charges it": Plant(
        "Time,Battery Charge (kWh),Battery Discharge (kWh),Battery Discharging Time",
        [[0.2, 0, 0, 0], [0, 0.1, 0, 0], [0, 15, 0, 0]],
        {"Battery Charge": 9.6, "Battery Discharge": 4.8},
        {"Battery Charge": "battery_in", "Battery Discharge": "battery_out"},
    ),
    # 4 kW of sun, of which the home uses 1, the battery stores 2 and 1 is fed in; then 3 kW from the grid alone
    "all columns of an inverter count once": Plant(
        "Updated Time,Production Power(kW),Consumption Power(kW),Grid Power(kW),Purchasing Power(kW),Feed-in Power(kW),"
        "Battery Power(kW),Charging Power(kW),Discharging Power(kW),Self-consumption(kW),SoC(%)",
        [[4, 0], [1, 3], [-1, 3], [0, 3], [1, 0], [-2, 0], [2, 0], [0, 0], [3, 0], [5, 6]],
        {"Consumption Power": 96.0},
        {
            "Production Power": "solar",
            "Consumption Power": "household",
            "Purchasing Power": "grid_import",
            "Feed-in Power": "grid_export",
            "Charging Power": "battery_in",
            "Discharging Power": "battery_out",
        },
        ("Grid Power(kW) is the difference", "Battery Power(kW) is the difference", "Self-consumption(kW) is a part"),
    ),
    "a charger beside a battery and a heater of Max are devices": Plant(
        "Time,Battery charge (kWh),Battery discharge (kWh),Charger (kWh),Max heater (kWh),Max demand (kW)",
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0.5, 0, 0], [4]],
        {"Charger": 96, "Max heater": 24},
        {"Battery charge": "battery_in", "Battery discharge": "battery_out"},
        ("Max demand (kW) is no energy",),
    ),
    "use beside what was fed in alone came from the grid": Plant(
        "Zeit,Verbrauch (kWh),Einspeisung (kWh)",
        [[0.5], [0.25, 0, 0, 0]],
        roles={"Verbrauch": "grid_import", "Einspeisung": "grid_export"},
    ),
    "gas in kilowatt-hours is left aside and a gas boiler is a device": Plant(
        "Time,Electricity (kWh),Gas (kWh),Gas boiler (kWh)",
        [[0.1], [2], [0.05]],
        {"Electricity": 19.2, "Gas boiler": 9.6},
        notes=("Gas (kWh) is no energy and is not read",),
    ),
    "a unit may end a word": Plant("Time,ElectricityUsageWh", [[20, 15]], {"grid_import": 3.36}),
    "a time called timestamp does not make kilowatts energy": Plant(
        "timestamp,Solar (kW),Load (kW)",
        [[4, 0], [1, 1, 2, 2]],
        {"Solar": 96, "Load": 72},
        {"Solar": "solar", "Load": "household"},
    ),
    "German batteries, and what may flow at most": Plant(
        "Zeit,Netzbezug [kW],Akkubeladung [kW],Akkuentnahme [kW],Abregelungsgrenze [kW]",
        [[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0], [5]],
        roles={"Netzbezug": "grid_import", "Akkubeladung": "battery_in", "Akkuentnahme": "battery_out"},
        notes=("Abregelungsgrenze [kW]",),
    ),
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_columns_beside_one_another_tell_what_they_are(tmp_path: Path, plant: Plant) -> None:
    part = read(quarters(tmp_path, plant.head, *plant.columns), AMSTERDAM)
    sums = kwh(part)
    assert {name: sums[name] for name in plant.kwh} == approx(plant.kwh)
    assert plant.roles is None or part.roles == plant.roles
    assert not any("Gas (kWh)" in name for name in sums)
    for note in plant.notes:
        assert note in " ".join(part.notes)


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
    part = read(quarters(tmp_path, f"Time,PV (kWh),{name}", [1], [0.25, 0]))
    assert part.roles[name.removesuffix(" (kWh)")] == role


@pytest.mark.parametrize(("grid", "battery"), [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_the_balance_tells_what_a_grid_and_a_battery_are_below_zero(tmp_path: Path, grid: int, battery: int) -> None:
    drawn, stored = [grid * v for v in (-1.0, 3.0, -0.5, 0.5)], [battery * v for v in (2.0, 0.0, 1.5, -1.5)]
    head = "Time,PV(kW),Load(kW),Grid(kW),Battery(kW)"
    part = read(quarters(tmp_path, head, [4.0, 0.0, 3.0, 0.0], [1.0, 3.0, 1.0, 2.0], drawn, stored))
    assert {role: kwh(part)[name] for name, role in part.roles.items()} == approx(
        {"solar": 84, "household": 84, "grid_import": 42, "grid_export": 18, "battery_in": 42, "battery_out": 18}
    )


def test_a_flow_whose_sign_nothing_tells_is_asked_for_and_home_yaml_decides(tmp_path: Path) -> None:
    path = quarters(tmp_path, "Time,PV(kW),Grid(kW)", [4.0, 0.0, 3.0, 0.0], [1.0, -3.0, 0.5, -0.5])
    with pytest.raises(InputError, match=r"Grid\(kW\) flows both ways.*role: grid_import.*role: grid_export"):
        read(path)
    part = read(path, home(files={"plant.csv": {"columns": {"Grid(kW)": {"role": "grid_export"}}}}))
    assert kwh(part) == approx({"PV": 84, "Grid": 18, "Grid back": 42})
    assert part.roles["Grid back"] == "grid_import"


LOW, HIGH, FED_IN = "Verbruik laag tarief", "Verbruik hoog tarief", "Teruglevering laag tarief"


@pytest.mark.parametrize(
    ("head", "row", "sums"),
    [
        (f"Vanaf;{LOW};{HIGH};{FED_IN};Totaal", ";0,5;0,25;-0,125;0,625", {LOW: 24.0, HIGH: 12.0, FED_IN: 6}),
        # what a home used is no total of its flows
        (
            "Start;Load (kWh);Solar (kWh);Grid import (kWh)",
            ";0,75;0,5;0,25",
            {"Load": 36.0, "Solar": 24.0, "Grid import": 12.0},
        ),
        # a total that is more than the others is read
        (
            "Start;Fridge (kWh);Oven (kWh);Total (kWh)",
            ";0,5;0,25;1",
            {"Fridge": 24.0, "Oven": 12.0, "Total": 48.0},
        ),
        ("Start;Fridge (kWh);L1 max W", ";0,5;900", {"Fridge": 24.0}),  # a peak is no mean power
    ],
)
def test_a_total_of_the_other_columns_counts_once(tmp_path: Path, head: str, row: str, sums: dict[str, float]) -> None:
    part = read(write(tmp_path, hourly(row, head)), AMSTERDAM)
    assert kwh(part) == approx(sums)
    if FED_IN in sums:
        assert part.roles == {LOW: "grid_import", HIGH: "grid_import", FED_IN: "grid_export"}
        assert any("Totaal is the sum of the other columns" in note for note in part.notes)


def test_a_few_hours_that_are_fed_in_below_zero_are_fed_in(tmp_path: Path) -> None:
    text = hourly(";0,5;-0,125", f"Vanaf;{LOW};{FED_IN}").splitlines()[:6]
    text.append(text[-1].replace("04:00", "05:00").replace("-0,125", "0"))
    part = read(write(tmp_path, "\n".join(text) + "\n"), home(files={"export.csv": {"label": "start"}}))
    assert kwh(part) == approx({LOW: 3.0, FED_IN: 0.625})
    assert not np.signbit(part.frame["energy_kwh"]).any()


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
    answer = home(files={"Chronograf Data.csv": {"columns": {"kWh.first": {"role": "grid_import"}}}})
    assert set(read(path, answer).roles.values()) == {"grid_import"}


def test_a_file_that_was_exported_is_not_fed_in(tmp_path: Path) -> None:
    text = "date," + ",".join(f"{hour:02d}:00" for hour in range(24)) + "\n"
    text += "".join(f"2024-07-0{day}," + ",".join(["0.5"] * 24) + "\n" for day in range(1, 6))
    assert read(write(tmp_path, text, "export.csv")).roles == {"grid_import": "grid_import"}
    assert read(write(tmp_path, text, "grid_export.csv")).roles == {"grid_export": "grid_export"}
    bad = read(write(tmp_path, text.replace("0.5\n", "?\n", 1), "grid_export.csv")).rejected
    assert bad[["row", "column", "value"]].to_numpy().tolist() == [[2, "23:00", "?"]]


def test_gas_among_the_series_of_a_table_is_left_aside(tmp_path: Path) -> None:
    rows = [f"2024-07-01 {n:02d}:00;{name};0,5\n" for n in range(24) for name in ("Fridge", "Gas boiler", "Gas")]
    part = read(write(tmp_path, "start;device;kWh\n" + "".join(rows)))
    assert kwh(part) == approx({"Fridge": 12.0, "Gas boiler": 12.0})
    assert set(part.rejected["value"]) == {"Gas"}


def test_a_mean_power_that_stands_twice_counts_once(tmp_path: Path) -> None:
    rows = "".join(f"2024-07-01 {hour:02d}:00,600\n" * (2 if hour == 5 else 1) for hour in range(24))
    (tmp_path / "home").mkdir()
    path = write(tmp_path / "home", "start,Oven (W)\n" + rows)
    assert (read(path).frame["minutes"] == 60).all()
    assert influx.load(tmp_path / "home").readings["energy_kwh"].sum() == approx(14.4)


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


def test_watt_hours_are_no_watts(tmp_path: Path) -> None:
    """A pulse counter's minutes, as Powerpal writes them: 6 Wh a minute are 360 W."""
    rows = "".join(
        f"2024-07-27 {n // 60:02}:{n % 60:02}:00,2024-07-27 {10 + n // 60}:{n % 60:02}:00,6.0,0.1\n" for n in range(180)
    )
    part = read(write(tmp_path, "datetime_utc,datetime_local,watt_hours,cost_dollars\n" + rows), AMSTERDAM)
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
    rows = rows.replace('"0.5","-0.5"', '"","0.0"').replace('"0.0","0.25"', '"","0.25"')
    alone = read(write(tmp_path, head + rows, "b.csv"))
    assert kwh(alone) == approx({"Consumption": 14 * 18 * 0.25})  # the net is the same, and not counted twice
    assert alone.roles == {"Consumption": "grid_import"}


def test_the_number_of_a_meter_above_a_table_is_no_date(tmp_path: Path) -> None:
    part = read(write(tmp_path, hourly(",0.25", "Meter,72621898\nAt,Usage (kWh)")))
    assert part.rows_read == 48


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
    part = read(write(tmp_path, "\n".join([head, *rows]) + "\n"), AMSTERDAM)
    assert kwh(part) == approx({"grid_import": 12.0})
    assert part.roles == {"grid_import": "grid_import"}


M3 = "".join(f"2024-06-01 {n:02}:00,M1,0.4,m3\n" for n in range(24))
TWO_UNITS = "".join(f"2024-06-01 {n:02}:00,{n},{'kWh' if n % 2 else 'm3'}\n" for n in range(24))
TWICE = "".join(f"2024-07-01 {hour:02d}:00;0,5\n" * 2 for hour in range(24))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Time,Meter,Value,Unit\n" + M3, r"its values are in m3 \(Unit\), which is no electricity"),
        ("Time,Value,Unit\n" + TWO_UNITS, "its rows are in kWh and m3, and no column tells"),
        (
            "start;kWh\n" + TWICE,
            r"most of its times stand in several rows \(first: row 2\), and no column tells these rows apart",
        ),
    ],
)
def test_rows_of_several_quantities_are_refused_or_asked_about(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read(write(tmp_path, text))


def test_flows_from_one_to_another_without_their_sums_are_refused(tmp_path: Path) -> None:
    head = "Time,PV to battery (kWh),PV to grid (kWh),PV to consumers (kWh),Grid to consumers (kWh)"
    with pytest.raises(InputError, match="is a flow from one to another"):
        read(quarters(tmp_path, head, [0.1, 0, 0, 0], [0.2, 0, 0, 0], [0.1, 0.2, 0, 0], [0, 0, 0.1, 0.1]))


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
def test_days_and_bills_are_refused(tmp_path: Path, head: str, row: str) -> None:
    rows = [row.format(month=f"{1 + n // 28:02}", day=f"{1 + n % 28:02}", n=100 + n) for n in range(56)]
    with pytest.raises(InputError, match="24 hours is too coarse to tell one hour from another"):
        read(write(tmp_path, "\n".join([head, *rows] if head else rows) + "\n"))
