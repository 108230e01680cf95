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


def _stamps(form: str = "%Y-%m-%dT%H:%M:%SZ", count: int = HOURS) -> list[str]:
    return list(pd.date_range(START, periods=count, freq="h").strftime(form))


def _lines(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def table(
    head: str,
    row: str,
    zone: str = "UTC",
    *,
    parts: int = 1,
    scale: float = 1,
    digits: int = 3,
    comma: bool = False,
    first: float | None = None,
    late: int = 0,
) -> Writer:
    """Return the writer of a table of text, which fills in a row with `value`, `at`, and `to`, an interval later.

    `parts` is how many intervals an hour has; a register shows `first` in the beginning; `late` is by how many
    intervals times are late.
    """

    def write(path: Path, kwh: np.ndarray) -> None:
        step = pd.Timedelta(hours=1) / parts
        values = kwh.repeat(parts) / parts * scale
        values = values if first is None else first + np.append(0, values.cumsum())
        times = (pd.date_range(START, periods=len(values), freq=step) + late * step).tz_convert(zone)
        texts = [f"{value:.{digits}f}".replace(".", "," if comma else ".") for value in values]
        rows = []
        for at, text in zip(times, texts, strict=True):
            more = {"to": at + step, "iso": at.isoformat(), "until": (at + step).isoformat(), "seconds": at.timestamp()}
            more["hour"] = at.hour + 1
            rows.append(row.format(at=at, value=text, **more))
        _lines(path, head, *rows)

    return write


tidy = table("device_id,timestamp,energy_kwh", "tv,{at:%Y-%m-%dT%H:%M:%SZ},{value}")


def wide(path: Path, kwh: np.ndarray) -> None:
    """The energy of an hour, two thirds of it the oven's, with Wh that come out even."""
    oven = np.floor(kwh * 1000 / 3) / 500
    rows = zip(_stamps(), oven, kwh - oven, strict=True)
    _lines(path, "timestamp,oven,tv", *[f"{at},{one:.3f},{two:.3f}" for at, one, two in rows])


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
    rows = [
        ",".join(["300", f"2024030{4 + n}", *[f"{value:.4f}" for value in day], "A,,,20240310120000,"])
        for n, day in enumerate(halves.reshape(4, 48))
    ]
    register = "200,NCDE001111,E1,1,E1,N1,METER01,kWh,30,20240331"
    _lines(path, "100,NEM12,202403101200,MDA1,Ret1", register, *rows, "900")


def green_button(path: Path, kwh: np.ndarray) -> None:
    first = int(START.timestamp())
    readings = "".join(
        "<IntervalReading><timePeriod><duration>3600</duration>"
        f"<start>{first + 3600 * n}</start></timePeriod><value>{round(value * 1000)}</value></IntervalReading>"
        for n, value in enumerate(kwh)
    )

    def entry(here: str, name: str, content: str, *related: str) -> str:
        links = "".join(f'<link rel="related" href="{to}"/>' for to in related)
        links += f'<link rel="self" href="{here}"/><link rel="up" href="{here.rsplit("/", 1)[0]}"/>'
        return f'<entry>{links}<content><{name} xmlns="http://naesb.org/espi">{content}</{name}></content></entry>'

    point = "RetailCustomer/1/UsagePoint/1"
    meter = f"{point}/MeterReading/1"
    kind = (
        "<accumulationBehaviour>4</accumulationBehaviour><flowDirection>1</flowDirection>"
        "<intervalLength>3600</intervalLength><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>72</uom>"
    )
    interval = f"<interval><duration>{3600 * len(kwh)}</duration><start>{first}</start></interval>"
    entries = [
        entry(point, "UsagePoint", "<ServiceCategory><kind>0</kind></ServiceCategory>", f"{point}/MeterReading"),
        entry(meter, "MeterReading", "", f"{meter}/IntervalBlock", "ReadingType/1"),
        entry("ReadingType/1", "ReadingType", kind),
        entry(f"{meter}/IntervalBlock/1", "IntervalBlock", interval + readings),
    ]
    path.write_text(f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>')


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


TWICE = ("enphase.csv", "sense.csv", "givenergy.json")
"""Files that hold the energy twice: of the home, and of where it came from or went to."""

_PHASES = ",".join(f"Diverter Energy (L{phase}) (Wh)" for phase in (1, 2, 3))
_TARIFFS = ",".join(f"Electricity {n}{back} (Dutch Users)" for back in ("", " Returned") for n in (1, 2))
_WATTS = "Date/Time,Energy Produced (Wh),Energy Consumed (Wh),Imported from Grid (Wh)"
_SENSE = "DateTime,Device ID,Name,Device Type,Device Make,Device Model,Device Location,Avg Wattage,kWh"
_SENSE_AT = "{at:%Y-%m-%d %H:%M:%S}"
_FLUVIUS = "From (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;Volume;Unit"
_STATES = "{at:%Y-%m-%d %H:%M},{value},0.000,0.000,0.000"
_HALF_HOUR = "{value}, {iso}, {until}"

WRITERS: dict[str, Writer] = {
    "tidy.csv": tidy,
    "wide.csv": wide,
    "events.csv": table(
        "device_id,timestamp,duration_minutes,power_consumption_kwh", "tv,{at:%Y-%m-%dT%H:%M:%SZ},60,{value}"
    ),
    "p1.csv": table("time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh", _STATES, first=8350.274),
    "shelly.csv": table(
        "Date/time UTC,Active energy Wh (A),Returned energy Wh (A)",
        "{at:%Y-%m-%d %H:%M},{value},0",
        parts=2,
        scale=1000,
    ),
    "dsmr.csv": table(f"Hour Start,{_TARIFFS},Gas", "{iso},{value},0,0,0,0.032", "Europe/Amsterdam"),
    "zappi.csv": table(
        f"Serial Number,Timestamp,{_PHASES}", "1234,{at:%Y-%m-%dT%H:%M:%S}.000Z,{value},0.00,0.00", scale=1000
    ),
    # all of what the home consumed came from the grid
    "enphase.csv": table(
        _WATTS, "{at:%Y-%m-%d %H:%M:%S %z},0,{value},{value}", "Europe/Amsterdam", scale=1000, digits=0
    ),
    # a fridge that uses all of it, and the whole home
    "sense.csv": table(
        f"# Sense Data Export\n{_SENSE}",
        f"{_SENSE_AT},mains,Total Usage,,,,,1,{{value}}\n{_SENSE_AT},ab12,Fridge,Fridge,,,Kitchen,1,{{value}}",
    ),
    "octopus.csv": table("Consumption (kwh), Start, End", _HALF_HOUR, "Europe/London", parts=2, digits=4),
    "octopus.json": octopus_json,
    "n3rgy.json": n3rgy,
    "glow.json": glowmarkt,
    "nem12.csv": nem12,
    "green_button.xml": green_button,
    "home-assistant_v2.db": ha_database,
    "energy.csv": ha_energy,
    # what the recorder no longer holds: what the register showed at the end of hours, stamped with their start
    "history.csv": table(
        "entity_id,state,last_changed", "sensor.tv_energy,{value},{at:%Y-%m-%dT%H:%M:%S}.000Z", first=20, late=-1
    ),
    "statistics.tsv": table(
        "statistic_id\tstart\tunit\tsum\tstate",
        "sensor.tv_energy\t{at:%d.%m.%Y %H:%M}\tkWh\t{value}\t{value}",
        first=0,
        late=-1,
    ),
    "readings.xlsx": spreadsheet,
    "readings.parquet": parquet,
    "engie.csv": table(
        '"Datum","EAN","Verbruik","Type","Piek"',
        '"{iso}","8716","{value}","Elektriciteit","false"',
        "Europe/Amsterdam",
    ),
    # states in thousands of their factor, below a line that is blank
    "energiemanager.csv": table(
        "\nname;ean;code;moment;moment-date;value;factor;type",
        "Home;8717;ellm;{seconds:.0f};;{value};0.001;0",
        scale=1000,
        digits=0,
        first=35_089_902,
    ),
    # the mean power of quarters, at their ends; Lisbon's winter is UTC
    "load_curve.csv": table(
        "CPE;PT0002\nIntervalo;15 min\nData;Hora;Consumo registado, Ativa (kW);Estado",
        "{at:%Y/%m/%d;%H:%M};{value};Real",
        parts=4,
        scale=4,
        late=1,
    ),
    # what was taken is below zero, and rows end with a semicolon
    "edc.csv": table("Datum;Cas od;Cas do;IN-8591-O", "{at:%d.%m.%Y;%H:%M};;-{value};", "Europe/Prague", comma=True),
    "ameren.csv": ameren,
    "givenergy.json": givenergy,
    "domoticz.db": domoticz,
    "emporia.csv": table(
        "Time Bucket (America/New_York),Mains_A (kWhs),Mains_B (kWhs),Circuit_9 (kWhs)",
        "{at:%m/%d/%Y %H:%M:%S},{value},0,No CT",
        "America/New_York",
    ),
    "fluvius.csv": table(
        f"{_FLUVIUS};Validation status;Description",
        "{at:%d/%m/%Y;%H:%M:%S};;;1;1;d;Offtake Day;{value};kWh;Read;",
        "Europe/Brussels",
        comma=True,
    ),
    # hours that are named by their end; Spain's first one is the last of the day before in UTC
    "datadis.csv": table(
        "CUPS;Fecha;Hora;AE_kWh;Metodo_obtencion",
        "ES1;{at:%Y/%m/%d};{hour:02}:00;{value};R",
        "Europe/Madrid",
        comma=True,
    ),
}
"""How each format is written, by the name of a file of it."""
