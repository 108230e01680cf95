"""Green Button, NEM12 and the British half hours: what their records mean, beside what `test_exports` holds of all."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from pytest import approx
from test_vendors import home, kwh, write
from test_vendors import read as read_file

from influx.core.errors import InputError
from influx.importers import Part, find

ESPI = 'xmlns="http://naesb.org/espi"'


def read(path: Path, zone: str = "UTC") -> Part:
    return read_file(path, home(timezone=zone))


# --- Green Button -----------------------------------------------------------------------------------------------------


def entry(here: str, name: str, content: str, *related: str) -> str:
    links = "".join(f'<link rel="related" href="{to}"/>' for to in related)
    return f'<entry><link rel="self" href="{here}"/>{links}<content><{name} {ESPI}>{content}</{name}></content></entry>'


def kind(here: str = "T/1", **changed: int) -> str:
    values = {"accumulationBehaviour": 4, "flowDirection": 1, "intervalLength": 3600}
    values |= {"powerOfTenMultiplier": 0, "uom": 72} | changed
    return entry(here, "ReadingType", "".join(f"<{name}>{value}</{name}>" for name, value in values.items()))


def block(here: str, *values: int, length: int = 3600, period: bool = True, more: str = "") -> str:
    start = 1_709_510_400
    readings = ""
    for n, value in enumerate(values):
        at = f"<timePeriod><duration>{length}</duration><start>{start + length * n}</start></timePeriod>"
        readings += f"<IntervalReading>{at if period else ''}<value>{value}</value>{more}</IntervalReading>"
    interval = f"<interval><duration>{length * len(values)}</duration><start>{start}</start></interval>"
    return entry(here, "IntervalBlock", interval + readings)


def meter(number: int, kind_: str, point: str = "U/1/UsagePoint/1") -> str:
    here = f"{point}/MeterReading/{number}"
    return entry(here, "MeterReading", "", f"{here}/IntervalBlock", kind_)


def point(here: str = "U/1/UsagePoint/1", service: int = 0) -> str:
    category = f"<ServiceCategory><kind>{service}</kind></ServiceCategory>"
    return entry(here, "UsagePoint", category, f"{here}/MeterReading")


def feed(folder: Path, *entries: str, head: str = "") -> Path:
    text = f'{head}<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>'
    return write(folder, text, "usage.xml")


def alone(folder: Path, values: str, head: str = "", **changed: int) -> Path:
    """Write the feed of one meter; `changed` is of its type."""
    return feed(folder, point(), meter(1, "T/1"), kind("T/1", **changed), values, head=head)


BLOCK = "U/1/UsagePoint/1/MeterReading/{}/IntervalBlock/1"
FIRST = BLOCK.format(1)


def test_units_and_powers_of_ten(tmp_path: Path) -> None:
    assert kwh(read(alone(tmp_path, block(FIRST, 5, 7), powerOfTenMultiplier=2))) == approx({"grid_import": 1.2})


def test_import_and_export_stay_apart_and_each_has_its_role(tmp_path: Path) -> None:
    path = feed(
        tmp_path,
        point(),
        *(meter(1, "T/1"), kind(), block(FIRST, 100, 200)),
        *(meter(2, "T/2"), kind("T/2", flowDirection=19), block(BLOCK.format(2), 50, 0)),
    )
    part = read(path)
    assert kwh(part) == approx({"grid_export": 0.05, "grid_import": 0.3})
    assert part.roles == {"grid_export": "grid_export", "grid_import": "grid_import"}


def test_power_without_times_goes_by_the_length_of_its_intervals(tmp_path: Path) -> None:
    values = block(FIRST, 400, 800, length=900, period=False)
    part = read(alone(tmp_path, values, uom=38, intervalLength=900))
    assert part.kwh == approx(0.3)
    assert part.frame["timestamp"].diff().iloc[1] == pd.Timedelta(minutes=15)


def test_a_cumulative_reading_is_a_register(tmp_path: Path) -> None:
    assert read(alone(tmp_path, block(FIRST, 10_000, 10_400, 10_500), accumulationBehaviour=3)).kwh == approx(0.5)


def test_of_two_meters_that_measure_the_same_the_finer_one_counts(tmp_path: Path) -> None:
    day = kind("T/2", intervalLength=86_400)
    path = feed(
        tmp_path,
        point(),
        *(meter(1, "T/1"), kind(), block(FIRST, *[100] * 24)),
        *(meter(2, "T/2"), day, block(BLOCK.format(2), 2400, length=86_400)),
    )
    part = read(path)
    assert part.kwh == pytest.approx(2.4)
    assert part.rejected["reason"].tolist() == ["a finer meter reading of the file counts"]


def test_gas_is_set_aside(tmp_path: Path) -> None:
    gas = "U/1/UsagePoint/2"
    path = feed(
        tmp_path,
        *(point(), meter(1, "T/1"), kind(), block(FIRST, 100, 100)),
        *(point(gas, 1), meter(1, "T/3", gas), kind("T/3", uom=169)),
        block(f"{gas}/MeterReading/1/IntervalBlock/1", 5, 5, 5),
    )
    part = read(path)
    assert kwh(part) == approx({"grid_import_1": 0.2})
    assert len(part.rejected) == 3


def test_an_estimated_reading_is_marked(tmp_path: Path) -> None:
    quality = "<ReadingQuality><quality>8</quality></ReadingQuality>"
    values = block(FIRST, 100, more=quality)
    assert read(alone(tmp_path, values)).frame["quality"].tolist() == ["estimated"]


def test_one_of_each_needs_no_links(tmp_path: Path) -> None:
    path = feed(tmp_path, entry("a", "UsagePoint", ""), kind("b"), block("c", 100, 300))
    assert read(path).kwh == approx(0.4)
    text = path.read_text().replace("<entry>", "<part>").replace("</entry>", "</part>")
    assert read(write(tmp_path, text, "bare.xml")).kwh == approx(0.4)  # nor an Atom feed


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_entities_are_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(InputError, match="entities or a document type"):
        read(alone(tmp_path, block(FIRST, 100), head=head))


def test_nothing_but_xml_of_this_kind_is_matched(tmp_path: Path) -> None:
    assert find(write(tmp_path, "<html><body>energy</body></html>", "page.xml")) is None


# --- NEM12 ------------------------------------------------------------------------------------------------------------


def nem12(folder: Path, *records: str) -> Path:
    return write(folder, "\n".join(["100,NEM12,202403101200,MDA1,Ret1", *records, "900"]) + "\n", "nem.csv")


def register(suffix: str, unit: str = "kWh", nmi: str = "NCDE001111") -> str:
    return f"200,{nmi},E1B1,1,{suffix},N1,METER01,{unit},30,20240331"


def day(*values: float, quality: str = "A", date: str = "20240304") -> str:
    return ",".join(["300", date, *map(str, values), quality, "", "", "20240310120000", ""])


def test_a_day_begins_at_midnight_of_eastern_standard_time_wherever_the_home_is(tmp_path: Path) -> None:
    part = read(nem12(tmp_path, register("E1"), day(*[0.5] * 48)), zone="Australia/Perth")
    assert part.frame["timestamp"].min() == pd.Timestamp("2024-03-03 14:00", tz="UTC")
    assert part.kwh == 24.0


def test_suffixes_are_import_and_export_and_the_rest_is_left(tmp_path: Path) -> None:
    path = nem12(
        tmp_path,
        *(register("E1"), day(*[1] * 48), register("B1", "Wh"), day(*[100] * 48)),
        *(register("Q1", "kVArh"), day(*[9] * 48)),
    )
    part = read(path)
    assert kwh(part) == approx({"B1": 4.8, "E1": 48.0})
    assert part.roles == {"B1": "grid_export", "E1": "grid_import"}
    assert any("Q1 [kVArh]" in note for note in part.notes)


def test_qualities_of_days_and_of_intervals(tmp_path: Path) -> None:
    records = [register("E1"), day(*[1] * 48, quality="V"), "400,1,2,E52,,", "400,3,3,N,,", "400,4,48,A,,"]
    part = read(nem12(tmp_path, *records))
    assert part.frame["quality"].astype(str).value_counts().to_dict() == {"measured": 45, "estimated": 2, "missing": 1}
    assert part.kwh == 47.0


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (day(*[1] * 47), "after 48 intervals"),
        (day(*[1] * 48, date="20240230"), "not a date"),
        (day(*[1] * 48, quality="?"), "no quality"),
        (day(*["x"] * 48), "no interval is a number"),  # type: ignore[arg-type]
    ],
)
def test_a_day_that_cannot_be_is_rejected_with_its_line(tmp_path: Path, record: str, reason: str) -> None:
    part = read(nem12(tmp_path, register("E1"), day(*[1] * 48), record))
    assert part.rejected[["row"]].to_numpy().tolist() == [[4]]
    assert reason in part.rejected["reason"].item()
    assert part.kwh == 48.0


def test_one_interval_that_cannot_be_read_costs_that_interval(tmp_path: Path) -> None:
    part = read(nem12(tmp_path, register("E1"), day("x", "", *[1] * 46)))  # type: ignore[arg-type]
    assert part.kwh == 46.0
    assert part.rejected[["row", "value", "reason"]].to_numpy().tolist() == [[3, "x", "not a number"]]
    assert part.frame["energy_kwh"].isna().sum() == 1  # the blank one is unknown


def test_the_first_record_may_lack(tmp_path: Path) -> None:
    part = read(write(tmp_path, "\n".join([register("E1"), day(*[0.5] * 48)]) + "\n"))
    assert (part.format, part.kwh) == ("NEM12", 24.0)


def test_readings_of_months_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no day of intervals"):
        read(write(tmp_path, "100,NEM13,202403101200,MDA1,Ret1\n250,N,1141,01,11,11,METER,E,0,20240101,A\n900\n"))


def test_two_meters_keep_their_numbers(tmp_path: Path) -> None:
    records = [register("E1"), day(*[1] * 48), register("E1", nmi="NCDE002222"), day(*[2] * 48)]
    assert kwh(read(nem12(tmp_path, *records))) == approx({"NCDE001111_E1": 48.0, "NCDE002222_E1": 96.0})


# --- Octopus ----------------------------------------------------------------------------------------------------------


def octopus(folder: Path, *rows: str, name: str = "consumption.csv") -> Path:
    return write(folder, "\n".join(["Consumption (kwh), Estimated Cost Inc. Tax (p), Start, End", *rows]) + "\n", name)


def half(kwh: float | str, start: str, end: str) -> str:
    """Return an interval of the 4th of March in UTC."""
    return f"{kwh}, 3.2, 2024-03-04T{start}:00Z, 2024-03-04T{end}:00Z"


def test_offsets_change_with_summer_time(tmp_path: Path) -> None:
    rows = [
        "0.1, 3.2, 2024-03-31T00:30:00+00:00, 2024-03-31T02:00:00+01:00",
        "0.2, 3.2, 2024-03-31T02:00:00+01:00, 2024-03-31T02:30:00+01:00",
    ]
    part = read(octopus(tmp_path, *rows), zone="Europe/London")
    assert part.frame["minutes"].tolist() == [30, 30]
    assert part.frame["timestamp"].tolist() == [pd.Timestamp(f"2024-03-31 {at}", tz="UTC") for at in ("00:30", "01:00")]


def test_half_hours_left_out_are_no_use_where_no_zero_is_written(tmp_path: Path) -> None:
    rows = [half(0.01, "00:00", "00:30"), half(0.2, "02:00", "02:30")]
    part = read(octopus(tmp_path, *rows))
    assert len(part.frame) == 5
    assert (part.frame["row"] == 0).sum() == 3
    assert part.rows_read == 2
    assert any("3 half hours between others are left out" in note for note in part.notes)
    with_zero = [*rows, half(0, "02:30", "03:00")]
    assert len(read(octopus(tmp_path, *with_zero)).frame) == 3  # this file writes its zeros
    always_on = [half(0.1, "00:00", "00:30"), rows[1]]
    assert len(read(octopus(tmp_path, *always_on)).frame) == 2  # and this home never uses nothing


def test_half_hours_that_cannot_be_read_are_not_taken_for_no_use(tmp_path: Path) -> None:
    hours = [("0.01", "00:00", "00:30"), ("?", "00:30", "01:00"), ("0.2", "01:00", "01:30"), ("0.1", "02:00", "02:30")]
    part = read(octopus(tmp_path, *(half(*hour) for hour in hours)))
    added = part.frame[part.frame["row"] == 0]
    assert added["timestamp"].dt.strftime("%H:%M").tolist() == ["01:30"]
    assert len(part.rejected) == 1


def test_pages_that_lack_are_told(tmp_path: Path) -> None:
    at = {"interval_start": "2024-03-04T00:00:00Z", "interval_end": "2024-03-04T00:30:00Z"}
    path = answer(tmp_path, {"count": 96, "results": [{"consumption": 0.25, **at}]})
    assert any("1 of 96 readings" in note for note in read(path).notes)


def test_the_name_says_export_and_gas(tmp_path: Path) -> None:
    row = half(0.1, "00:00", "00:30")
    assert read(octopus(tmp_path, row, row, name="export.csv")).roles == {"grid_export": "grid_export"}
    with pytest.raises(InputError, match="gas"):
        read(octopus(tmp_path, row, name="gas_consumption.csv"))


@pytest.mark.parametrize("wrap", [lambda page: page, lambda page: [page, page], lambda page: page["results"]])
def test_a_page_several_pages_or_bare_results(tmp_path: Path, wrap: object) -> None:
    starts = pd.date_range("2024-03-04", periods=5, freq="30min", tz="UTC").strftime("%Y-%m-%dT%H:%M:%SZ")
    results = [
        {"consumption": 0.25, "interval_start": start, "interval_end": end}
        for start, end in zip(starts[-2::-1], starts[:0:-1], strict=True)
    ]
    content = wrap({"count": 4, "results": results})  # type: ignore[operator]
    frame = read(answer(tmp_path, content)).frame
    assert frame.drop_duplicates("timestamp")["energy_kwh"].sum() == 1.0


@pytest.mark.parametrize("text", ['{"results": [', "[" * 5_000, '{"results": [1, 2]}', "[]"])
def test_other_json_is_one_clear_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"page\.json"):
        read(write(tmp_path, text + ' "consumption" "interval_start" "interval_end"', "page.json"))


# --- n3rgy and Glowmarkt ----------------------------------------------------------------------------------------------

AT = 1_720_396_800  # 2024-07-08 00:00 UTC


def answer(folder: Path, content: object) -> Path:
    return write(folder, json.dumps(content), "answer.json")


def n3rgy(what: str = "electricity/consumption", **more: object) -> dict[str, object]:
    values = [{"value": 0.5, "timestamp": "2024-07-08 00:30"}, {"value": 0.25, "timestamp": "2024-07-08 01:00"}]
    return {"resource": f"/123/{what}/1", "granularity": "halfhour", "unit": "kWh", "values": values} | more


def test_n3rgy_marks_the_end_of_a_half_hour_in_utc(tmp_path: Path) -> None:
    part = read(answer(tmp_path, n3rgy()), zone="Europe/London")
    assert part.frame["timestamp"].tolist() == [pd.Timestamp(f"2024-07-08 {at}", tz="UTC") for at in ("00:00", "00:30")]
    assert (kwh(part), part.roles) == ({"grid_import": 0.75}, {"grid_import": "grid_import"})
    assert read(answer(tmp_path, n3rgy("electricity/production"))).roles == {"grid_export": "grid_export"}


def test_n3rgy_may_name_its_devices(tmp_path: Path) -> None:
    values = [{"primaryValue": 500, "timestamp": f"2024-07-08 0{hour}:00"} for hour in (1, 2)]
    content = n3rgy("utility/electricity/readingtype/consumption", values=None, unit="Wh", devices=[{"values": values}])
    assert read(answer(tmp_path, content)).kwh == 1.0


def test_glowmarkt_marks_the_start_of_an_interval(tmp_path: Path) -> None:
    data = [[AT, 0.5], [AT + 1800, None], [AT + 3600, 0.25], 7]
    part = read(answer(tmp_path, {"classifier": "electricity.consumption", "units": "kWh", "data": data}))
    assert part.frame["timestamp"].dt.strftime("%H:%M").tolist() == ["00:00", "00:30", "01:00"]
    assert (part.kwh, part.rejected["row"].tolist()) == (0.75, [4])


@pytest.mark.parametrize(
    "content",
    [
        n3rgy("gas/consumption"),
        n3rgy(unit="m3"),
        {"classifier": "gas.consumption", "units": "kWh", "data": [[AT, 1]]},
        {"classifier": "electricity.consumption.cost", "units": "pence", "data": [[AT, 1]]},
        {"classifier": "electricity.consumption", "units": "kWh", "data": {}},
    ],
)
def test_what_is_no_electric_energy_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(InputError, match=r"answer\.json"):
        read(answer(tmp_path, content))


def test_a_key_that_stands_twice_is_no_reading(tmp_path: Path) -> None:
    path = answer(tmp_path, n3rgy())
    path.write_text(path.read_text().replace('"value": 0.25', '"value": 0.25, "value": 9'), encoding="utf-8")
    part = read(path)
    assert (part.kwh, part.rejected["reason"].tolist()) == (0.5, ["the key 'value' stands twice"])


def test_a_time_behind_the_year_9999_is_none(tmp_path: Path) -> None:
    data = [[AT, 0.5], [AT + 1800, 0.25], [999_999_999_999, 1], [-999_999_999_999, 1]]
    part = read(answer(tmp_path, {"classifier": "electricity.consumption", "units": "kWh", "data": data}))
    assert (part.kwh, part.rejected["row"].tolist()) == (0.75, [3, 4])
