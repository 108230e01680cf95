"""The exports of vendors: what each says, in kWh and UTC, and that nothing of a file is lost or counted twice."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

import influx
from influx import importers
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers import Part

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"
AMSTERDAM = Settings(timezone="Europe/Amsterdam")
real = pytest.mark.skipif(not DATA.exists(), reason="the shared real exports are not here")


def write(folder: Path, text: str | bytes, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path, settings: Settings | None = None) -> Part:
    """Read a file by the format that claims it, a warning being an error; its account must close."""
    source = importers.find(path)
    assert source is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        part = source.read(path, settings or Settings())
    assert part.rows_read == len(part.frame) + len(part.rejected)
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


# --- Shelly -----------------------------------------------------------------------------------------------------------

SHELLY = "Date/time UTC,Active energy Wh (A),Returned energy Wh (A)\n"


def test_shelly_counts_in_wh_and_utc(tmp_path: Path) -> None:
    part = read(write(tmp_path, SHELLY + "2025-01-11 00:00,30.70,0.00\n2025-01-11 00:10,33.70,1.50\n"), AMSTERDAM)
    assert kwh(part) == approx({"grid import A": 0.0644, "grid export A": 0.0015})
    assert times(part, "grid import A") == ["01-11 00:00", "01-11 00:10"]
    assert part.frame["minutes"].eq(10).all()
    assert part.roles == {"grid import A": "grid_import", "grid export A": "grid_export"}


def test_shelly_phases_are_series_of_their_own_and_volts_are_left_aside(tmp_path: Path) -> None:
    head = "Date/time UTC,Active energy Wh (A),Active energy Wh (B),Active energy Wh (C),Max V (A)\n"
    part = read(write(tmp_path, head + "2025-01-11 00:00,1,2,3,231\n2025-01-11 00:10,1,2,3,232\n"))
    assert kwh(part) == approx({"grid import A": 0.002, "grid import B": 0.004, "grid import C": 0.006})


@real
def test_a_real_shelly_phase_is_all_used() -> None:
    part = read(DATA / "shelly_em3_phaseA.csv")
    assert part.rows_read == 2 * 57_158
    assert kwh(part) == approx({"grid import A": 1923.17627, "grid export A": 0.0})
    assert part.rejected.empty


# --- DSMR-reader ------------------------------------------------------------------------------------------------------

DSMR = (
    "Hour Start,Electricity 1 (Dutch Users: Low Tariff),Electricity 2 (Dutch Users: Normal Tariff),"
    "Electricity 1 Returned (Dutch Users: Low Tariff),Electricity 2 Returned (Dutch Users: Normal Tariff),Gas\n"
)
DUTCH = (
    "Begintijd Uur,Elektriciteit 1 (Nederlandse Gebruikers: Daltarief),Elektriciteit 2 (Piektarief),"
    "Elektriciteit 1 Teruggeleverd (Nederlandse Gebruikers: Daltarief),Elektriciteit 2 Teruggeleverd (Piektarief),Gas\n"
)


@pytest.mark.parametrize("head", [DSMR, DUTCH])
def test_dsmr_reader_has_two_tariffs_of_each_direction_and_gas_is_no_energy(tmp_path: Path, head: str) -> None:
    rows = "2024-01-01T00:00:00+01:00,0.196,0,0.5,0,0.032\n2024-01-01T01:00:00+01:00,0.224,0.1,0,0.25,0.056\n"
    part = read(write(tmp_path, head + rows))
    assert kwh(part) == approx(
        {
            "grid import low tariff": 0.42,
            "grid import normal tariff": 0.1,
            "grid export low tariff": 0.5,
            "grid export normal tariff": 0.25,
        }
    )
    assert times(part, "grid import low tariff") == ["12-31 23:00", "01-01 00:00"]
    assert set(part.roles.values()) == {"grid_import", "grid_export"}


def test_days_of_dsmr_reader_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-0{day},5.2,3.1,0,0,2.2,1.1\n" for day in range(1, 6))
    head = DSMR.replace("Hour Start", "Date").replace(",Gas", ",Gas,Electricity 1 Price (Dutch Users: Low Tariff)")
    with pytest.raises(InputError, match="every 24 hours is too coarse"):
        read(write(tmp_path, head + rows))


@real
def test_a_real_year_of_dsmr_reader_is_all_used() -> None:
    part = read(DATA / "dsmr_reader_export_hour.csv")
    assert part.rows_read == 4 * 8754
    assert part.rejected.empty
    assert kwh(part) == approx(
        {
            "grid import low tariff": 1828.818,
            "grid import normal tariff": 1914.313,
            "grid export low tariff": 651.104,
            "grid export normal tariff": 1477.279,
        }
    )


# --- HomeWizard -------------------------------------------------------------------------------------------------------

WIZARD = "time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh,L1 max W,L2 max W,L3 max W\n"


def test_homewizard_registers_count_by_the_local_clock(tmp_path: Path) -> None:
    """Three states make two intervals; the first state of each register is known to be unknown."""
    rows = (
        "2024-07-01 00:00,100.000,200.000,50.000,30.000,0,0,0\n"
        "2024-07-01 00:15,100.500,200.100,50.200,30.050,1200,800,600\n"
        "2024-07-01 00:30,101.200,200.300,50.600,30.100,1100,900,500\n"
    )
    part = read(write(tmp_path, WIZARD + rows), AMSTERDAM)
    assert kwh(part) == approx(
        {"grid import T1": 1.2, "grid import T2": 0.3, "grid export T1": 0.6, "grid export T2": 0.1}
    )
    assert times(part, "grid import T1") == ["06-30 21:45", "06-30 22:00", "06-30 22:15"]
    assert values(part, "grid import T1") == approx([np.nan, 0.5, 0.7], nan_ok=True)


def test_an_outage_of_homewizard_loses_no_energy(tmp_path: Path) -> None:
    rows = [f"2024-07-01 0{n // 4}:{n % 4 * 15:02},{100 + n * 0.1:.1f}\n" for n in range(16) if n not in (5, 6, 7)]
    part = read(write(tmp_path, "time,Import T1 kWh\n" + "".join(rows)), AMSTERDAM)
    assert part.kwh == approx(1.5)
    bridge = part.frame[part.frame["quality"] == "estimated"]
    assert bridge[["energy_kwh", "minutes"]].to_numpy().tolist() == [[approx(0.4), 60.0]]
    assert "silent for a while once" in part.notes[0]


def test_days_of_homewizard_and_its_other_meters_are_not_read_as_hours(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-0{day},{100 + day},200,50,30,0,0,0\n" for day in range(1, 6))
    with pytest.raises(InputError, match="too coarse"):
        read(write(tmp_path, WIZARD + rows))
    assert format_of(write(tmp_path, "time,Import kWh,Export kWh\n2024-01-01 00:00,1,2\n")) != "homewizard"


@real
def test_a_real_month_of_homewizard_is_the_difference_of_its_registers() -> None:
    part = read(DATA / "homewizard_p1_15min.csv", AMSTERDAM)
    assert part.rows_read == 4 * 2880
    assert kwh(part) == approx(
        {"grid import T1": 855.816, "grid import T2": 500.611, "grid export T1": 284.979, "grid export T2": 576.139}
    )
    assert part.frame["energy_kwh"].isna().sum() == 4


# --- myenergi ---------------------------------------------------------------------------------------------------------

ZAPPI = (
    "Serial Number,Timestamp,Net Grid Import (Wh),Net Grid Export (Wh),Total Generation (Wh),Max Voltage (L1) (dV),"
    "Diverter Energy (L1) (Wh),Diverter Energy (L2) (Wh),Boosted Energy (L1) (Wh)\n"
)


def test_a_zappi_is_one_device_over_its_phases_and_its_boosts(tmp_path: Path) -> None:
    rows = (
        "12345678,2025-07-31T11:00:00.000Z,100,2000,5000,2400,4554.23,440.81,0\n"
        "12345678,2025-07-31T12:00:00.000Z,0,1500.5,4000,2400,0,0,1000\n"
    )
    part = read(write(tmp_path, ZAPPI + rows), AMSTERDAM)
    assert kwh(part) == approx({"grid import": 0.1, "grid export": 3.5005, "solar": 9.0, "myenergi 12345678": 5.99504})
    assert values(part, "myenergi 12345678") == approx([4.99504, 1.0])
    assert times(part, "solar") == ["07-31 11:00", "07-31 12:00"]
    assert part.notes == ()


def test_a_cell_that_is_no_number_costs_the_hour_of_its_device(tmp_path: Path) -> None:
    good = "1,2025-07-31T11:00:00.000Z,1,1,1,1,1,1,1\n1,2025-07-31T12:00:00.000Z,1,1,1,1,1,1,1\n"
    part = read(write(tmp_path, ZAPPI + good + "1,2025-07-31T13:00:00.000Z,1,1,1,1,7,oops,1\n"))
    assert part.rejected[["row", "column", "value"]].to_numpy().tolist() == [[4, "Diverter Energy (L2) (Wh)", "oops"]]
    assert len(part.frame) == 11


def test_several_myenergi_devices_in_one_report_are_not_mixed(tmp_path: Path) -> None:
    rows = "1,2025-07-31T11:00:00.000Z,1,1,1,1,1,1,1\n2,2025-07-31T11:00:00.000Z,1,1,1,1,1,1,1\n"
    with pytest.raises(InputError, match=r"2 meters or devices \(1, 2\)"):
        read(write(tmp_path, ZAPPI + rows))


@real
def test_a_real_zappi_report_is_all_used() -> None:
    part = read(DATA / "myenergi_zappi_report.csv")
    assert kwh(part) == approx({"myenergi XXXXXXXX": 56.81533})
    assert (part.rows_read, len(part.rejected)) == (48, 0)
    assert "lacks the columns of boosted energy" in part.notes[0]


# --- Enphase ----------------------------------------------------------------------------------------------------------

ENPHASE = "Date/Time,Energy Produced (Wh),Energy Consumed (Wh),Exported to Grid (Wh),Imported from Grid (Wh)\n"


def enphase(days: pd.DatetimeIndex, written: str) -> str:
    return ENPHASE + "".join(f"{time.strftime(written)},100,250,50,200\n" for time in days)


@pytest.mark.parametrize("written", ["%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S"])
@pytest.mark.parametrize("first", ["2024-01-01", "2024-01-30", "2024-02-03", "2024-12-11"])
def test_enphase_tells_day_from_month_by_the_order_of_its_times(tmp_path: Path, written: str, first: str) -> None:
    days = pd.date_range(first, periods=4 * 48, freq="15min")
    part = read(write(tmp_path, enphase(days, written)))
    solar = part.frame[part.frame["device_id"] == "solar"]
    assert list(solar["timestamp"]) == list(days.tz_localize("UTC"))
    assert kwh(part) == approx({"solar": 19.2, "household": 48.0, "grid export": 9.6, "grid import": 38.4})
    assert part.roles["household"] == "household"


def test_one_day_of_enphase_may_be_of_two_months(tmp_path: Path) -> None:
    days = pd.date_range("2024-02-01", periods=24, freq="h")
    with pytest.raises(InputError, match=r"such as 02/01/2024 00:00, do not tell day from month"):
        read(write(tmp_path, enphase(days, "%m/%d/%Y %H:%M")))


def test_old_enphase_times_have_an_offset(tmp_path: Path) -> None:
    rows = "2016-07-29 12:00:00 -0500,900\n2016-07-29 12:15:00 -0500,950\n"
    part = read(write(tmp_path, "Date/Time,Energy Produced (Wh)\n" + rows), AMSTERDAM)
    assert times(part, "solar") == ["07-29 17:00", "07-29 17:15"]
    assert part.kwh == approx(1.85)


def test_days_of_enphase_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too coarse"):
        read(write(tmp_path, enphase(pd.date_range("2024-01-01", periods=40), "%m/%d/%Y")))


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


# --- Emporia ----------------------------------------------------------------------------------------------------------

VUE = "Time Bucket (America/New_York),Home-Mains_A (kWhs),Home-Mains_B (kWhs),Home-Dryer (kWhs),Home-Circuit_9 (kWhs)\n"


def test_emporia_adds_up_its_mains_by_the_clock_of_its_header(tmp_path: Path) -> None:
    rows = "07/04/2024 00:00:00,0.5,0.25,0.1,No CT\n07/04/2024 01:00:00,0.6,0.3,0.2,No CT\n"
    part = read(write(tmp_path, VUE + rows), AMSTERDAM)
    assert kwh(part) == approx({"Home mains": 1.65, "Home-Dryer": 0.3})
    assert times(part, "Home-Dryer") == ["07-04 04:00", "07-04 05:00"]
    assert part.roles == {"Home mains": "grid_import", "Home-Dryer": "device"}
    assert part.notes == ("export.csv: Home-Circuit_9 (kWhs) holds no number and is not read.",)


def test_emporia_mains_below_zero_are_fed_in_and_both_ways_are_known_at_all_hours(tmp_path: Path) -> None:
    head = "Time Bucket (America/New_York),Mains_A (kWhs),Mains_B (kWhs),PV-Solar/Generation-Roof (kWhs)\n"
    rows = "07/04/2024 11:00:00,-1.0,0.25,2\n07/04/2024 12:00:00,0.5,0.25,1\n"
    part = read(write(tmp_path, head + rows))
    assert values(part, "mains") == approx([0.0, 0.75])
    assert values(part, "mains back") == approx([0.75, 0.0])
    assert part.roles == {"mains": "grid_import", "mains back": "grid_export", "PV-Solar/Generation-Roof": "solar"}
    assert part.rows_read == 6


def test_emporia_power_of_minutes_is_energy(tmp_path: Path) -> None:
    rows = "".join(f"07/04/2024 11:{minute:02}:00,1.2\n" for minute in range(0, 60, 15))
    part = read(write(tmp_path, "Time Bucket (America/New_York),Dryer (kWatts)\n" + rows))
    assert kwh(part) == approx({"Dryer": 1.2})


# --- Fluvius ----------------------------------------------------------------------------------------------------------

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


def test_fluvius_writes_the_day_first_and_commas_and_how_sure_it_is(tmp_path: Path) -> None:
    part = read(write(tmp_path, FLUVIUS))
    assert kwh(part) == approx({"grid import day": 0.147, "grid export day": 0.5})
    assert times(part, "grid import day") == ["10-12 05:15", "10-12 05:30", "10-12 05:45"]
    taken = part.frame[part.frame["device_id"] == "grid import day"]
    assert list(taken["quality"]) == ["missing", "measured", "estimated"]
    assert part.frame["minutes"].eq(15).all()


def test_fluvius_in_english_has_the_same_series(tmp_path: Path) -> None:
    part = read(write(tmp_path, ENGLISH))
    assert kwh(part) == approx({"grid import day": 0.147, "grid export day": 0.5})
    assert part.roles == {"grid import day": "grid_import", "grid export day": "grid_export"}


def test_gas_of_fluvius_is_refused(tmp_path: Path) -> None:
    gas = FLUVIUS.splitlines()[0] + '\n10-01-2022;07:00:00;10-01-2022;08:00:00;="1";7F;D;Afname;0,4;m³;Gevalideerd\n'
    with pytest.raises(InputError, match="gas, not electricity"):
        read(write(tmp_path, gas))


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


def test_a_spanish_distributor_tells_what_was_fed_in_and_quarters_are_counted(tmp_path: Path) -> None:
    head = "CUPS;Fecha;Hora;AE_kWh;AS_KWh;AE_AUTOCONS_kWh;REAL/ESTIMADO\n"
    rows = "".join(f"ES1;15/01/2025;{n};0,1;0,25;9;R\n" for n in range(1, 97))
    part = read(write(tmp_path, head + rows))
    assert kwh(part) == approx({"grid import": 9.6, "grid export": 24.0})
    assert part.frame["minutes"].eq(15).all()
    assert times(part, "grid import")[-1] == "01-15 22:45"


def test_strange_hours_and_days_of_datadis_are_rejected(tmp_path: Path) -> None:
    good = "".join(f"ES1;2023/01/05;{n:02}:00;1;R\n" for n in range(1, 25))
    bad = "ES1;2023/01/06;00:00;1;R\nES1;2023/02/30;01:00;1;R\nES1;2023/01/06;05:00;x;R\nES1;1980/01/06;05:00;1;R\n"
    part = read(write(tmp_path, DATADIS + good + bad))
    assert part.rejected["row"].tolist() == [26, 27, 28, 29]
    assert part.rejected["column"].tolist() == ["Hora", "Fecha", "Consumo_kWh", "Fecha"]


def test_several_supply_points_are_not_mixed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2 supply points"):
        read(write(tmp_path, DATADIS + "ES1;2023/01/05;01:00;1;R\nES2;2023/01/05;01:00;1;R\n"))


# --- all of them ------------------------------------------------------------------------------------------------------


def hours(written: str = "%Y-%m-%d %H:%M", step: str = "h") -> Callable[[int], Iterator[str]]:
    return lambda count: (f"{time.strftime(written)}" for time in pd.date_range("2024-07-01", periods=count, freq=step))


FORMATS: dict[str, tuple[str, str, Callable[[int], Iterator[str]], float]] = {
    "shelly": (SHELLY, "{time},{a},{b}", hours(step="10min"), 1e-3),
    "dsmr_reader": (DSMR, "{time},{a},0,{b},0,1", hours("%Y-%m-%dT%H:%M:%S+02:00"), 1.0),
    "myenergi": (ZAPPI, "1,{time},{a},0,0,1,{b},0,0", hours("%Y-%m-%dT%H:%M:%S.000Z"), 1e-3),
    "enphase": (ENPHASE, "{time},{a},{b},0,0", hours("%d/%m/%Y %H:%M"), 1e-3),
    "sense": (SENSE, "{time},m,Total Usage,,,,,1,{a}\n{time},s,Solar Production,,,,,1,{b}", hours(), 1.0),
    "emporia": (VUE, "{time},{a},0,{b},0", hours("%m/%d/%Y %H:%M:%S"), 1.0),
    "fluvius": (
        ENGLISH.splitlines()[0] + "\n",
        "{time};;;1;1;d;Offtake Day;{a};kWh;Read;\n{time};;;1;1;d;Injection Day;{b};kWh;Read;",
        hours("%d/%m/%Y;%H:%M:%S", "15min"),
        1.0,
    ),
    "datadis": (
        DATADIS.replace("Consumo_kWh", "AE_kWh;AS_kWh"),
        "ES1;{time};{a};{b};R",
        lambda count: (f"2024/07/{1 + n // 24:02};{1 + n % 24:02}:00" for n in range(count)),
        1.0,
    ),
}
"""Of each format its header, its row, its times, and the kWh in one of its numbers."""
ENERGIES = st.lists(
    st.tuples(st.floats(0, 900), st.floats(0, 900)).map(lambda pair: (round(pair[0], 3), round(pair[1], 3))),
    min_size=3,
    max_size=40,
)
LIMIT = Settings(power_limit_kw=1e6)


def made(form: str, energies: list[tuple[float, float]]) -> str:
    head, row, clock, _ = FORMATS[form]
    rows = [row.format(time=time, a=a, b=b) for time, (a, b) in zip(clock(len(energies)), energies, strict=True)]
    return head + "\n".join(rows) + "\n"


@pytest.mark.parametrize("form", FORMATS)
def test_only_its_own_format_claims_a_file(tmp_path: Path, form: str) -> None:
    path = write(tmp_path, made(form, [(1, 2), (3, 4), (5, 6)]))
    claims = [source for source in importers.FORMATS if source.rank < 90 and source.matches(path)]
    assert [source.id for source in claims] == [form]


@pytest.mark.parametrize("form", FORMATS)
@given(energies=ENERGIES)
def test_what_a_format_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, form: str, energies: list[tuple[float, float]]
) -> None:
    path = write(tmp_path_factory.getbasetemp(), made(form, energies), f"{form}.csv")
    assert format_of(path) == form
    try:
        part = read(path, LIMIT)
    except InputError as error:
        assert "do not tell day from month" in str(error)  # two days of Enphase may be of two months
        return
    assert part.rejected.empty
    unit = FORMATS[form][3]
    a, b = (sum(pair[place] for pair in energies) * unit for place in (0, 1))
    assert sorted(value for value in kwh(part).values() if value) == approx(sorted(x for x in (a, b) if x), rel=1e-9)


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data(), energies=ENERGIES)
def test_a_cut_or_shuffled_file_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: st.DataObject, energies: list[tuple[float, float]]
) -> None:
    text = made(form, energies).encode()
    if data.draw(st.booleans()):
        text = text[: data.draw(st.integers(0, len(text)))]
    else:
        head = FORMATS[form][0]
        body = text.decode().splitlines()[len(head.splitlines()) :]
        text = (head + "\n".join(data.draw(st.lists(st.sampled_from(body), max_size=30))) + "\n").encode()
    path = write(tmp_path_factory.getbasetemp(), text, f"{form}_cut.csv")
    if format_of(path) != form:
        return
    try:
        read(path, LIMIT)
    except InputError as error:
        assert path.name in str(error)


@given(content=st.binary(max_size=200), form=st.sampled_from([*FORMATS]))
def test_any_bytes_below_a_header_give_a_part_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, form: str
) -> None:
    path = write(tmp_path_factory.getbasetemp(), FORMATS[form][0].encode() + content, "bytes.csv")
    if format_of(path) != form:
        return
    try:
        read(path)
    except InputError as error:
        assert "bytes.csv" in str(error)


@real
def test_a_home_of_two_exports_is_loaded(tmp_path: Path) -> None:
    """The registers of September and a day of the car charger in the same folder."""
    for name in ("homewizard_p1_15min.csv", "myenergi_zappi_report.csv"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    (tmp_path / "home.yaml").write_text("timezone: Europe/Amsterdam\n")
    account = influx.load(tmp_path).reconciliation.set_index("file")
    assert account["format"].to_dict() == {
        "homewizard_p1_15min.csv": "HomeWizard P1",
        "myenergi_zappi_report.csv": "myenergi",
    }
    assert account["kwh_used"].to_dict() == approx(
        {"homewizard_p1_15min.csv": 2217.545, "myenergi_zappi_report.csv": 56.81533}
    )
