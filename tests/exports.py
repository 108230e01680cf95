"""Small files of every format that can be read, as their makers write them: three days of a home, with known energy."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

HOURS = 72
START = pd.Timestamp("2024-03-04", tz="UTC")

Writer = Callable[[Path, np.ndarray], None]
"""Writes a file whose energy, hour by hour from `START` on, is that of an array, shape (72,) [kWh]."""


def energy(seed: int = 1) -> np.ndarray:
    """Return the energy of `HOURS` hours, each a whole number of Wh [kWh]."""
    return np.random.default_rng(seed).integers(20, 1500, HOURS) / 1000


def _stamps(freq: str = "h", form: str = "%Y-%m-%dT%H:%M:%SZ", count: int = HOURS) -> list[str]:
    return list(pd.date_range(START, periods=count, freq=freq).strftime(form))


def _lines(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def tidy(path: Path, kwh: np.ndarray) -> None:
    _lines(
        path,
        "device_id,timestamp,energy_kwh",
        *[f"tv,{at},{value:.3f}" for at, value in zip(_stamps(), kwh, strict=True)],
    )


def wide(path: Path, kwh: np.ndarray) -> None:
    """The energy of an hour, two thirds of it the oven's, with Wh that come out even."""
    oven = np.floor(kwh * 1000 / 3) / 500
    rows = zip(_stamps(), oven, kwh - oven, strict=True)
    _lines(path, "timestamp,oven,tv", *[f"{at},{one:.3f},{two:.3f}" for at, one, two in rows])


def events(path: Path, kwh: np.ndarray) -> None:
    rows = [f"tv,{at},60,{value:.3f}" for at, value in zip(_stamps(), kwh, strict=True)]
    _lines(path, "device_id,timestamp,duration_minutes,power_consumption_kwh", *rows)


def registers(path: Path, kwh: np.ndarray) -> None:
    """A P1 meter: the state of its registers, so that the last hour ends with a state of its own."""
    state = 8350.274 + np.append(0, kwh.cumsum())
    times = _stamps(form="%Y-%m-%d %H:%M", count=HOURS + 1)
    rows = [f"{at},{value:.3f},0.000,0.000,0.000" for at, value in zip(times, state, strict=True)]
    _lines(path, "time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh", *rows)


def shelly(path: Path, kwh: np.ndarray) -> None:
    rows = [
        f"{at},{value * 500:.2f},0.00"
        for at, value in zip(_stamps("30min", "%Y-%m-%d %H:%M", 2 * HOURS), kwh.repeat(2), strict=True)
    ]
    _lines(path, "Date/time UTC,Active energy Wh (A),Returned energy Wh (A)", *rows)


def dsmr(path: Path, kwh: np.ndarray) -> None:
    kind = "(Dutch Users: {} Tariff)"
    names = [
        f"Electricity {n}{back} {kind.format(t)}" for back in ("", " Returned") for n, t in ((1, "Low"), (2, "Normal"))
    ]
    times = pd.date_range(START, periods=HOURS, freq="h").tz_convert("Europe/Amsterdam")
    rows = [f"{at.isoformat()},{value:.3f},0,0,0,0.032" for at, value in zip(times, kwh, strict=True)]
    _lines(path, ",".join(["Hour Start", *names, "Gas"]), *rows)


def zappi(path: Path, kwh: np.ndarray) -> None:
    names = [f"Diverter Energy (L{phase}) (Wh)" for phase in (1, 2, 3)]
    rows = [
        f"1234,{at},{value * 1000:.2f},0.00,0.00"
        for at, value in zip(_stamps(form="%Y-%m-%dT%H:%M:%S.000Z"), kwh, strict=True)
    ]
    _lines(path, ",".join(["Serial Number", "Timestamp", *names]), *rows)


def enphase(path: Path, kwh: np.ndarray) -> None:
    """What a home consumed, its sun, and what came from the grid; all of it came from there."""
    times = (
        pd.date_range(START, periods=HOURS, freq="h").tz_convert("Europe/Amsterdam").strftime("%Y-%m-%d %H:%M:%S %z")
    )
    names = ("Energy Produced", "Energy Consumed", "Imported from Grid")
    rows = [f"{at},0,{value * 1000:.0f},{value * 1000:.0f}" for at, value in zip(times, kwh, strict=True)]
    _lines(path, ",".join(["Date/Time", *[f"{name} (Wh)" for name in names]]), *rows)


def sense(path: Path, kwh: np.ndarray) -> None:
    """A fridge that uses all of it, and the whole home."""
    head = "DateTime,Device ID,Name,Device Type,Device Make,Device Model,Device Location,Avg Wattage,kWh"
    rows = [
        f"{at},{who},{value * 1000:.1f},{value:.3f}"
        for at, value in zip(_stamps(form="%Y-%m-%d %H:%M:%S"), kwh, strict=True)
        for who in ("mains,Total Usage,,,,", "ab12,Fridge,Fridge,,,Kitchen")
    ]
    _lines(path, "# Sense Data Export", head, *rows)


def octopus_csv(path: Path, kwh: np.ndarray) -> None:
    starts = pd.date_range(START, periods=2 * HOURS, freq="30min").tz_convert("Europe/London")
    rows = [
        f"{value / 2:.4f}, {at.isoformat()}, {(at + pd.Timedelta(minutes=30)).isoformat()}"
        for at, value in zip(starts, kwh.repeat(2), strict=True)
    ]
    _lines(path, "Consumption (kwh), Start, End", *rows)


def octopus_json(path: Path, kwh: np.ndarray) -> None:
    starts = pd.date_range(START, periods=2 * HOURS, freq="30min")
    results = [
        {
            "consumption": round(float(value) / 2, 4),
            "interval_start": at.isoformat(),
            "interval_end": (at + pd.Timedelta(minutes=30)).isoformat(),
        }
        for at, value in zip(starts, kwh.repeat(2), strict=True)
    ]
    path.write_text(json.dumps({"count": len(results), "next": None, "previous": None, "results": results[::-1]}))


def n3rgy(path: Path, kwh: np.ndarray) -> None:
    ends = pd.date_range(START, periods=2 * HOURS, freq="30min") + pd.Timedelta(minutes=30)
    values = [
        {"value": round(float(value) / 2, 4), "timestamp": at}
        for at, value in zip(ends.strftime("%Y-%m-%d %H:%M"), kwh.repeat(2), strict=True)
    ]
    about = {"resource": "/1234567890123/electricity/consumption/1", "granularity": "halfhour", "unit": "kWh"}
    path.write_text(json.dumps({**about, "responseTimestamp": "2024-07-08T00:00:00Z", "values": values}))


def glowmarkt(path: Path, kwh: np.ndarray) -> None:
    first = int(START.timestamp())
    data = [[first + 1800 * place, round(float(value) / 2, 4)] for place, value in enumerate(kwh.repeat(2))]
    path.write_text(json.dumps({"classifier": "electricity.consumption", "units": "kWh", "data": data}))


def nem12(path: Path, kwh: np.ndarray) -> None:
    """Half hours of eastern standard time; the first and the last day are filled up with zeros."""
    halves = np.concatenate([np.zeros(20), (kwh / 2).repeat(2), np.zeros(28)])  # UTC midnight is 10:00 there
    days = pd.date_range("2024-03-04", periods=4).strftime("%Y%m%d")
    rows = [
        ",".join(["300", day, *[f"{value:.4f}" for value in halves[48 * n : 48 * n + 48]], "A,,,20240310120000,"])
        for n, day in enumerate(days)
    ]
    _lines(
        path,
        "100,NEM12,202403101200,MDA1,Ret1",
        "200,NCDE001111,E1,1,E1,N1,METER01,kWh,30,20240331",
        *rows,
        "900",
    )


def green_button(path: Path, kwh: np.ndarray) -> None:
    first = int(START.timestamp())
    readings = "".join(
        "<IntervalReading><timePeriod><duration>3600</duration>"
        f"<start>{first + 3600 * n}</start></timePeriod><value>{round(value * 1000)}</value></IntervalReading>"
        for n, value in enumerate(kwh)
    )
    point = "RetailCustomer/1/UsagePoint/1"
    meter = f"{point}/MeterReading/1"
    entries = [
        (
            point,
            [f"{point}/MeterReading"],
            "<UsagePoint><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint>",
        ),
        (meter, [f"{meter}/IntervalBlock", "ReadingType/1"], "<MeterReading/>"),
        (
            "ReadingType/1",
            [],
            "<ReadingType><accumulationBehaviour>4</accumulationBehaviour><flowDirection>1</flowDirection>"
            "<intervalLength>3600</intervalLength><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>72</uom></ReadingType>",
        ),
        (
            f"{meter}/IntervalBlock/1",
            [],
            f"<IntervalBlock><interval><duration>{3600 * len(kwh)}</duration><start>{first}</start></interval>"
            f"{readings}</IntervalBlock>",
        ),
    ]
    said = []
    for here, related, content in entries:
        links = "".join(f'<link rel="related" href="{to}"/>' for to in related)
        up = here.rsplit("/", 1)[0]
        content = content.replace(">", ' xmlns="http://naesb.org/espi">', 1).replace(
            '/ xmlns="http://naesb.org/espi">', ' xmlns="http://naesb.org/espi"/>'
        )
        links = f'<link rel="self" href="{here}"/><link rel="up" href="{up}"/>{links}'
        said.append(f"<entry>{links}<content>{content}</content></entry>")
    path.write_text(f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{"".join(said)}</feed>')


def ha_database(path: Path, kwh: np.ndarray) -> None:
    """The sum at the end of each hour, and of the hour before the first."""
    at = int(START.timestamp()) - 3600
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as base:
        base.execute(
            "CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id TEXT, source TEXT, "
            "unit_of_measurement TEXT, has_mean BOOLEAN, has_sum BOOLEAN, name TEXT)"
        )
        for table in ("statistics", "statistics_short_term"):
            base.execute(
                f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, metadata_id INTEGER, start_ts FLOAT, mean FLOAT, "
                "state FLOAT, sum FLOAT)"
            )
        base.execute("INSERT INTO statistics_meta VALUES (1, 'sensor.tv_energy', 'recorder', 'kWh', 0, 1, NULL)")
        sums = np.append(0, kwh.cumsum())
        rows = [(at + 3600 * n, 100 + float(value), float(value)) for n, value in enumerate(sums)]
        base.executemany("INSERT INTO statistics (metadata_id, start_ts, state, sum) VALUES (1, ?, ?, ?)", rows)
    base.close()


def ha_energy(path: Path, kwh: np.ndarray) -> None:
    times = _stamps(form="%Y-%m-%dT%H:%M:%S.000Z")
    rows = [["sensor.tv_energy", "device_consumption", "kWh", *[f"{value:.3f}" for value in kwh]]]
    _lines(path, *[",".join(row) for row in [["entity_id", "type", "unit", *times], *rows]])


def ha_history(path: Path, kwh: np.ndarray) -> None:
    """What the recorder no longer holds: what the register showed at the end of hours, stamped with their start."""
    before = START - pd.Timedelta(hours=1)
    times = pd.date_range(before, periods=HOURS + 1, freq="h").strftime("%Y-%m-%dT%H:%M:%S.000Z")
    states = 20 + np.append(0, kwh.cumsum())
    rows = [f"sensor.tv_energy,{state:.3f},{at}" for at, state in zip(times, states, strict=True)]
    _lines(path, "entity_id,state,last_changed", *rows)


def ha_statistics(path: Path, kwh: np.ndarray) -> None:
    times = pd.date_range(START - pd.Timedelta(hours=1), periods=HOURS + 1, freq="h").strftime("%d.%m.%Y %H:%M")
    sums = np.append(0, kwh.cumsum())
    rows = [
        f"sensor.tv_energy\t{at}\tkWh\t{value:.3f}\t{100 + value:.3f}" for at, value in zip(times, sums, strict=True)
    ]
    _lines(path, "statistic_id\tstart\tunit\tsum\tstate", *rows)


def workbook(path: Path, **sheets: Sequence[Sequence[str | float]]) -> Path:
    """Write an XLSX file of texts and numbers; those above 40,000 are shown as dates."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbered = list(enumerate(sheets, start=1))
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>' for n, _ in numbered
    )
    names = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in numbered)
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n, _ in numbered
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{kind}.sheet.main+xml"/>{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{links}'
        f'<Relationship Id="rId99" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
        "</styleSheet>",
    }
    for n, (_, rows) in enumerate(sheets.items(), start=1):
        cells = "".join(
            f'<row r="{row}">'
            + "".join(
                f'<c r="{"ABCDEFGHIJKL"[place]}{row}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
                if isinstance(cell, str)
                else f'<c r="{"ABCDEFGHIJKL"[place]}{row}" s="{int(cell > 40_000)}"><v>{cell}</v></c>'
                for place, cell in enumerate(line)
                if cell != ""
            )
            + "</row>"
            for row, line in enumerate(rows, start=1)
        )
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    path.write_bytes(content.getvalue())
    return path


def spreadsheet(path: Path, kwh: np.ndarray) -> None:
    workbook(
        path, Data=[["timestamp", "tv"], *([at, f"{value:.3f}"] for at, value in zip(_stamps(), kwh, strict=True))]
    )


def parquet(path: Path, kwh: np.ndarray) -> None:
    stamps = pd.date_range(START, periods=HOURS, freq="h")
    pd.DataFrame({"device_id": "tv", "timestamp": stamps, "energy_kwh": kwh}).to_parquet(path)


def engie(path: Path, kwh: np.ndarray) -> None:
    times = pd.date_range(START, periods=HOURS, freq="h").tz_convert("Europe/Amsterdam")
    rows = [
        f'"{at.isoformat()}","8716","{value:.3f}","Elektriciteit","false"' for at, value in zip(times, kwh, strict=True)
    ]
    _lines(path, '"Datum","EAN","Verbruik","Type","Piek"', *rows)


def energiemanager(path: Path, kwh: np.ndarray) -> None:
    """States in thousands of their factor, below a line that is blank."""
    state = 35_089_902 + np.append(0, np.rint(kwh * 1000).cumsum())
    seconds = [int(START.timestamp()) + 3600 * hour for hour in range(HOURS + 1)]
    rows = [f"Home;8717;ellm;{at};;{value:.0f};0.001;0" for at, value in zip(seconds, state, strict=True)]
    _lines(path, "", "name;ean;code;moment;moment-date;value;factor;type", *rows)


def e_redes(path: Path, kwh: np.ndarray) -> None:
    """The mean power of quarters, at their ends, below lines about the connection; Lisbon's winter is UTC."""
    ends = pd.date_range(START, periods=4 * HOURS + 1, freq="15min")[1:]
    rows = [f"{at:%Y/%m/%d;%H:%M};{value:.3f};Real" for at, value in zip(ends, kwh.repeat(4), strict=True)]
    _lines(path, "CPE;PT0002", "Intervalo;15 min", "Data;Hora;Consumo registado, Ativa (kW);Estado", *rows)


def edc(path: Path, kwh: np.ndarray) -> None:
    """What was taken is below zero, and rows end with a semicolon."""
    times = pd.date_range(START, periods=HOURS, freq="h").tz_convert("Europe/Prague")
    rows = [f"{at:%d.%m.%Y;%H:%M};;-{value:.3f};".replace(",", ".") for at, value in zip(times, kwh, strict=True)]
    _lines(path, "Datum;Cas od;Cas do;IN-8591-O", *rows)


def ameren(path: Path, kwh: np.ndarray) -> None:
    """The same energy by hours and by quarters."""
    times = pd.date_range(START, periods=4 * HOURS, freq="15min").tz_convert("America/Chicago")
    hours = [f"{value:.3f},kwh,60min" if part == 0 else "-,-,-" for value in kwh for part in range(4)]
    rows = [
        f"{at:%m/%d/%Y %H:%M},72621898,{hour},{value / 4:.6f},kwh,15min"
        for at, hour, value in zip(times, hours, kwh.repeat(4), strict=True)
    ]
    head = "Start Interval Date/Time,Meter Id,Usage,Units,Interval,Usage,Units,Interval"
    _lines(path, "Meter Number,72621898,,,,,,", ",,,,,,,", head, *rows)


def givenergy(path: Path, kwh: np.ndarray) -> None:
    """What the household used all came from the grid."""
    state = [round(float(value), 3) for value in 100 + np.append(0, kwh.cumsum())]
    battery = {"charge": 0, "discharge": 0}
    records = [
        {
            "time": at,
            "status": "NORMAL",
            "today": {"battery": battery},
            "total": {"solar": 0, "grid": {"import": value, "export": 0}, "battery": battery, "consumption": value},
            "is_metered": True,
        }
        for at, value in zip(_stamps(count=HOURS + 1), state, strict=True)
    ]
    path.write_text(json.dumps({"data": records}))


def domoticz(path: Path, kwh: np.ndarray) -> None:
    state = 1000 + np.append(0, np.rint(kwh * 1000).cumsum())
    times = _stamps(form="%Y-%m-%d %H:%M:%S", count=HOURS + 1)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE DeviceStatus (ID INTEGER PRIMARY KEY, Name, Type, SubType, SwitchType)")
        base.execute("CREATE TABLE Meter (DeviceRowID, Value, Usage, Date)")
        base.execute("CREATE TABLE MultiMeter (DeviceRowID, Value1, Value2, Value3, Value4, Value5, Value6, Date)")
        base.execute("INSERT INTO DeviceStatus VALUES (7, 'Washer', 243, 29, 0)")
        rows = [(int(value), at) for value, at in zip(state, times, strict=True)]
        base.executemany("INSERT INTO Meter VALUES (7, ?, 0, ?)", rows)
        base.commit()


def emporia(path: Path, kwh: np.ndarray) -> None:
    times = pd.date_range(START, periods=HOURS, freq="h").tz_convert("America/New_York")
    rows = [f"{at:%m/%d/%Y %H:%M:%S},{value:.3f},0,No CT" for at, value in zip(times, kwh, strict=True)]
    _lines(path, "Time Bucket (America/New_York),Mains_A (kWhs),Mains_B (kWhs),Circuit_9 (kWhs)", *rows)


def fluvius(path: Path, kwh: np.ndarray) -> None:
    times = pd.date_range(START, periods=HOURS, freq="h").tz_convert("Europe/Brussels")
    rows = [
        f"{at:%d/%m/%Y;%H:%M:%S};;;1;1;d;Offtake Day;{value:.3f};kWh;Read;"
        for at, value in zip(times, kwh, strict=True)
    ]
    head = "From (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;Volume;Unit"
    _lines(path, f"{head};Validation status;Description", *[row.replace(".", ",") for row in rows])


def datadis(path: Path, kwh: np.ndarray) -> None:
    """Hours that are named by their end; Spain's first one is the last of the day before in UTC."""
    times = pd.date_range(START, periods=HOURS, freq="h").tz_convert("Europe/Madrid")
    rows = [f"ES1;{at:%Y/%m/%d};{at.hour + 1:02}:00;{value:.3f};R" for at, value in zip(times, kwh, strict=True)]
    _lines(path, "CUPS;Fecha;Hora;AE_kWh;Metodo_obtencion", *[row.replace(".", ",") for row in rows])


TWICE = ("enphase.csv", "sense.csv", "givenergy.json")
"""Files that hold the energy twice: of the home, and of where it came from or went to."""

WRITERS: dict[str, Writer] = {
    "tidy.csv": tidy,
    "wide.csv": wide,
    "events.csv": events,
    "p1.csv": registers,
    "shelly.csv": shelly,
    "dsmr.csv": dsmr,
    "zappi.csv": zappi,
    "enphase.csv": enphase,
    "sense.csv": sense,
    "octopus.csv": octopus_csv,
    "octopus.json": octopus_json,
    "n3rgy.json": n3rgy,
    "glow.json": glowmarkt,
    "nem12.csv": nem12,
    "green_button.xml": green_button,
    "home-assistant_v2.db": ha_database,
    "energy.csv": ha_energy,
    "history.csv": ha_history,
    "statistics.tsv": ha_statistics,
    "readings.xlsx": spreadsheet,
    "readings.parquet": parquet,
    "engie.csv": engie,
    "energiemanager.csv": energiemanager,
    "load_curve.csv": e_redes,
    "edc.csv": edc,
    "ameren.csv": ameren,
    "givenergy.json": givenergy,
    "domoticz.db": domoticz,
    "emporia.csv": emporia,
    "fluvius.csv": fluvius,
    "datadis.csv": datadis,
}
"""How each format is written, by the name of a file of it."""
