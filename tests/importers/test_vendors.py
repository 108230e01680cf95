"""The exports of vendors: what each says, in kWh and UTC, and that nothing of a file is lost or counted twice."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest
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
    source = importers.find(path, settings)
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


# --- DSMR-reader ------------------------------------------------------------------------------------------------------

DSMR = (
    "Hour Start,Electricity 1 (Dutch Users: Low Tariff),Electricity 2 (Dutch Users: Normal Tariff),"
    "Electricity 1 Returned (Dutch Users: Low Tariff),Electricity 2 Returned (Dutch Users: Normal Tariff),Gas\n"
)


# --- HomeWizard -------------------------------------------------------------------------------------------------------

WIZARD = "time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh,L1 max W,L2 max W,L3 max W\n"


def test_an_outage_of_homewizard_loses_no_energy(tmp_path: Path) -> None:
    rows = [f"2024-07-01 0{n // 4}:{n % 4 * 15:02},{100 + n * 0.1:.1f}\n" for n in range(16) if n not in (5, 6, 7)]
    part = read(write(tmp_path, "time,Import T1 kWh\n" + "".join(rows)), AMSTERDAM)
    assert part.kwh == approx(1.5)
    bridge = part.frame[part.frame["quality"] == "estimated"]
    assert bridge[["energy_kwh", "minutes"]].to_numpy().tolist() == [[approx(0.4), 60.0]]
    assert "silent for a while once" in part.notes[0]


# --- myenergi ---------------------------------------------------------------------------------------------------------

ZAPPI = (
    "Serial Number,Timestamp,Net Grid Import (Wh),Net Grid Export (Wh),Total Generation (Wh),Max Voltage (L1) (dV),"
    "Diverter Energy (L1) (Wh),Diverter Energy (L2) (Wh),Boosted Energy (L1) (Wh)\n"
)


def test_a_cell_that_is_no_number_costs_the_hour_of_its_device(tmp_path: Path) -> None:
    good = "1,2025-07-31T11:00:00.000Z,1,1,1,1,1,1,1\n1,2025-07-31T12:00:00.000Z,1,1,1,1,1,1,1\n"
    part = read(write(tmp_path, ZAPPI + good + "1,2025-07-31T13:00:00.000Z,1,1,1,1,7,oops,1\n"))
    assert part.rejected[["row", "column", "value"]].to_numpy().tolist() == [[4, "Diverter Energy (L2) (Wh)", "oops"]]
    assert len(part.frame) == 11


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


def test_emporia_mains_below_zero_are_fed_in_and_both_ways_are_known_at_all_hours(tmp_path: Path) -> None:
    head = "Time Bucket (America/New_York),Mains_A (kWhs),Mains_B (kWhs),PV-Solar/Generation-Roof (kWhs)\n"
    rows = "07/04/2024 11:00:00,-1.0,0.25,2\n07/04/2024 12:00:00,0.5,0.25,1\n"
    part = read(write(tmp_path, head + rows))
    assert values(part, "mains") == approx([0.0, 0.75])
    assert values(part, "mains back") == approx([0.75, 0.0])
    assert part.roles == {"mains": "grid_import", "mains back": "grid_export", "PV-Solar/Generation-Roof": "solar"}
    assert part.rows_read == 6


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


# --- a home ----------------------------------------------------------------------------------------------------------


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
