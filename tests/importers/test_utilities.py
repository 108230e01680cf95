"""Green Button, NEM12 and the British half hours: what their records mean, beside what `test_exports` holds of all."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers import Part, find

ESPI = 'xmlns="http://naesb.org/espi"'


def read(path: Path, **said: object) -> Part:
    source = find(path)
    assert source is not None
    return source.read(path, Settings.model_validate(said))


def energy(part: Part) -> dict[str, float]:
    sums = part.frame.groupby("device_id", observed=True)["energy_kwh"].sum()
    return {str(name): round(float(kwh), 9) for name, kwh in sums.items()}


# --- Green Button -----------------------------------------------------------------------------------------------------


def entry(here: str, content: str, *related: str) -> str:
    links = "".join(f'<link rel="related" href="{to}"/>' for to in related)
    return f'<entry><link rel="self" href="{here}"/>{links}<content>{content}</content></entry>'


def kind(here: str, **said: object) -> str:
    values = {
        "accumulationBehaviour": 4,
        "flowDirection": 1,
        "intervalLength": 3600,
        "powerOfTenMultiplier": 0,
        "uom": 72,
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in (values | said).items())
    return entry(here, f"<ReadingType {ESPI}>{inner}</ReadingType>")


def block(
    here: str, *values: int, length: int = 3600, start: int = 1_709_510_400, period: bool = True, more: str = ""
) -> str:
    readings = "".join(
        "<IntervalReading>"
        + (
            f"<timePeriod><duration>{length}</duration><start>{start + length * n}</start></timePeriod>"
            if period
            else ""
        )
        + f"<value>{value}</value>{more}</IntervalReading>"
        for n, value in enumerate(values)
    )
    inner = f"<interval><duration>{length * len(values)}</duration><start>{start}</start></interval>{readings}"
    return entry(here, f"<IntervalBlock {ESPI}>{inner}</IntervalBlock>")


def meter(number: int, kind_: str, point: str = "U/1/UsagePoint/1") -> str:
    here = f"{point}/MeterReading/{number}"
    return entry(here, f"<MeterReading {ESPI}/>", f"{here}/IntervalBlock", kind_)


def point(here: str = "U/1/UsagePoint/1", service: int = 0) -> str:
    inner = f"<UsagePoint {ESPI}><ServiceCategory><kind>{service}</kind></ServiceCategory></UsagePoint>"
    return entry(here, inner, f"{here}/MeterReading")


def feed(folder: Path, *entries: str, head: str = "") -> Path:
    path = folder / "usage.xml"
    path.write_text(f'{head}<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>', encoding="utf-8")
    return path


BLOCK = "U/1/UsagePoint/1/MeterReading/{}/IntervalBlock/1"


def test_units_and_powers_of_ten(tmp_path: Path) -> None:
    path = feed(tmp_path, point(), meter(1, "T/1"), kind("T/1", powerOfTenMultiplier=2), block(BLOCK.format(1), 5, 7))
    assert energy(read(path)) == {"grid_import": 1.2}


def test_import_and_export_stay_apart_and_each_has_its_role(tmp_path: Path) -> None:
    path = feed(
        tmp_path,
        point(),
        *(meter(1, "T/1"), kind("T/1"), block(BLOCK.format(1), 100, 200)),
        *(meter(2, "T/2"), kind("T/2", flowDirection=19), block(BLOCK.format(2), 50, 0)),
    )
    part = read(path)
    assert energy(part) == {"grid_export": 0.05, "grid_import": 0.3}
    assert part.roles == {"grid_export": "grid_export", "grid_import": "grid_import"}


def test_power_without_times_goes_by_the_length_of_its_intervals(tmp_path: Path) -> None:
    said = kind("T/1", uom=38, intervalLength=900)
    path = feed(tmp_path, point(), meter(1, "T/1"), said, block(BLOCK.format(1), 400, 800, length=900, period=False))
    part = read(path)
    assert part.kwh == pytest.approx(0.3)
    assert part.frame["timestamp"].diff().iloc[1] == pd.Timedelta(minutes=15)


def test_a_cumulative_reading_is_a_register(tmp_path: Path) -> None:
    said = kind("T/1", accumulationBehaviour=3)
    path = feed(tmp_path, point(), meter(1, "T/1"), said, block(BLOCK.format(1), 10_000, 10_400, 10_500))
    assert read(path).kwh == pytest.approx(0.5)


def test_of_two_meters_that_measure_the_same_the_finer_one_counts(tmp_path: Path) -> None:
    day = kind("T/2", intervalLength=86_400)
    path = feed(
        tmp_path,
        point(),
        *(meter(1, "T/1"), kind("T/1"), block(BLOCK.format(1), *[100] * 24)),
        *(meter(2, "T/2"), day, block(BLOCK.format(2), 2400, length=86_400)),
    )
    part = read(path)
    assert part.kwh == pytest.approx(2.4)
    assert part.rejected["reason"].tolist() == ["a finer meter reading of the file counts"]


def test_gas_is_set_aside(tmp_path: Path) -> None:
    gas = "U/1/UsagePoint/2"
    path = feed(
        tmp_path,
        *(point(), meter(1, "T/1"), kind("T/1"), block(BLOCK.format(1), 100, 100)),
        *(point(gas, 1), meter(1, "T/3", gas), kind("T/3", uom=169)),
        block(f"{gas}/MeterReading/1/IntervalBlock/1", 5, 5, 5),
    )
    part = read(path)
    assert energy(part) == {"grid_import_1": 0.2} or energy(part) == {"grid_import": 0.2}
    assert len(part.rejected) == 3


def test_an_estimated_reading_is_marked(tmp_path: Path) -> None:
    quality = "<ReadingQuality><quality>8</quality></ReadingQuality>"
    path = feed(tmp_path, point(), meter(1, "T/1"), kind("T/1"), block(BLOCK.format(1), 100, more=quality))
    assert read(path).frame["quality"].tolist() == ["estimated"]


def test_one_of_each_needs_no_links(tmp_path: Path) -> None:
    path = feed(tmp_path, entry("a", f"<UsagePoint {ESPI}/>"), kind("b"), block("c", 100, 300))
    assert read(path).kwh == pytest.approx(0.4)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_entities_are_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(InputError, match="entities or a document type"):
        read(feed(tmp_path, point(), meter(1, "T/1"), kind("T/1"), block(BLOCK.format(1), 100), head=head))


def test_nothing_but_xml_of_this_kind_is_matched(tmp_path: Path) -> None:
    path = tmp_path / "page.xml"
    path.write_text("<html><body>energy</body></html>", encoding="utf-8")
    assert find(path) is None


# --- NEM12 ------------------------------------------------------------------------------------------------------------


def nem12(folder: Path, *records: str) -> Path:
    path = folder / "nem.csv"
    path.write_text("\n".join(["100,NEM12,202403101200,MDA1,Ret1", *records, "900"]) + "\n", encoding="utf-8")
    return path


def register(suffix: str, unit: str = "kWh", nmi: str = "NCDE001111") -> str:
    return f"200,{nmi},E1B1,1,{suffix},N1,METER01,{unit},30,20240331"


def day(*values: float, quality: str = "A", date: str = "20240304") -> str:
    return ",".join(["300", date, *map(str, values), quality, "", "", "20240310120000", ""])


def test_a_day_begins_at_midnight_of_eastern_standard_time_wherever_the_home_is(tmp_path: Path) -> None:
    part = read(nem12(tmp_path, register("E1"), day(*[0.5] * 48)), timezone="Australia/Perth")
    assert part.frame["timestamp"].min() == pd.Timestamp("2024-03-03 14:00", tz="UTC")
    assert part.kwh == 24.0


def test_suffixes_are_import_and_export_and_the_rest_is_left(tmp_path: Path) -> None:
    path = nem12(
        tmp_path,
        *(register("E1"), day(*[1] * 48), register("B1", "Wh"), day(*[100] * 48)),
        *(register("Q1", "kVArh"), day(*[9] * 48)),
    )
    part = read(path)
    assert energy(part) == {"B1": 4.8, "E1": 48.0}
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
    path = tmp_path / "portal.csv"
    path.write_text("\n".join([register("E1"), day(*[0.5] * 48)]) + "\n", encoding="utf-8")
    assert (read(path).format, read(path).kwh) == ("NEM12", 24.0)


def test_readings_of_months_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "nem13.csv"
    path.write_text("100,NEM13,202403101200,MDA1,Ret1\n250,NCDE001111,1141,01,11,11,METER,E,0,20240101,A\n900\n")
    with pytest.raises(InputError, match="no day of intervals"):
        read(path)


def test_two_meters_keep_their_numbers(tmp_path: Path) -> None:
    records = [register("E1"), day(*[1] * 48), register("E1", nmi="NCDE002222"), day(*[2] * 48)]
    assert energy(read(nem12(tmp_path, *records))) == {"NCDE001111_E1": 48.0, "NCDE002222_E1": 96.0}


# --- Octopus ----------------------------------------------------------------------------------------------------------


def octopus(folder: Path, *rows: str, name: str = "consumption.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(["Consumption (kwh), Estimated Cost Inc. Tax (p), Start, End", *rows]) + "\n")
    return path


def half(kwh: float, start: str, end: str) -> str:
    return f"{kwh}, 3.2, {start}, {end}"


def test_offsets_change_with_summer_time(tmp_path: Path) -> None:
    rows = [
        half(0.1, "2024-03-31T00:30:00+00:00", "2024-03-31T02:00:00+01:00"),
        half(0.2, "2024-03-31T02:00:00+01:00", "2024-03-31T02:30:00+01:00"),
    ]
    part = read(octopus(tmp_path, *rows), timezone="Europe/London")
    assert part.frame["minutes"].tolist() == [30, 30]
    assert part.frame["timestamp"].tolist() == [pd.Timestamp(f"2024-03-31 {at}", tz="UTC") for at in ("00:30", "01:00")]


def test_half_hours_left_out_are_no_use_where_no_zero_is_written(tmp_path: Path) -> None:
    rows = [
        half(0.01, "2024-03-04T00:00:00Z", "2024-03-04T00:30:00Z"),
        half(0.2, "2024-03-04T02:00:00Z", "2024-03-04T02:30:00Z"),
    ]
    part = read(octopus(tmp_path, *rows))
    assert len(part.frame) == 5
    assert (part.frame["row"] == 0).sum() == 3
    assert part.rows_read == 2
    assert any("3 half hours between others are left out" in note for note in part.notes)
    with_zero = [*rows, half(0, "2024-03-04T02:30:00Z", "2024-03-04T03:00:00Z")]
    assert len(read(octopus(tmp_path, *with_zero)).frame) == 3  # this file writes its zeros
    always_on = [half(0.1, "2024-03-04T00:00:00Z", "2024-03-04T00:30:00Z"), rows[1]]
    assert len(read(octopus(tmp_path, *always_on)).frame) == 2  # and this home never uses nothing


def test_half_hours_that_cannot_be_read_are_not_taken_for_no_use(tmp_path: Path) -> None:
    hours = [(0.01, "00:00", "00:30"), ("?", "00:30", "01:00"), (0.2, "01:00", "01:30"), (0.1, "02:00", "02:30")]
    rows = [half(kwh, f"2024-03-04T{start}:00Z", f"2024-03-04T{end}:00Z") for kwh, start, end in hours]  # type: ignore[arg-type]
    part = read(octopus(tmp_path, *rows))
    added = part.frame[part.frame["row"] == 0]
    assert added["timestamp"].dt.strftime("%H:%M").tolist() == ["01:30"]
    assert len(part.rejected) == 1


def test_pages_that_lack_are_told(tmp_path: Path) -> None:
    at = {"interval_start": "2024-03-04T00:00:00Z", "interval_end": "2024-03-04T00:30:00Z"}
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"count": 96, "results": [{"consumption": 0.25, **at}]}), encoding="utf-8")
    assert any("1 of 96 readings" in note for note in read(path).notes)


def test_the_name_says_export_and_gas(tmp_path: Path) -> None:
    row = half(0.1, "2024-03-04T00:00:00Z", "2024-03-04T00:30:00Z")
    assert read(octopus(tmp_path, row, row, name="export.csv")).roles == {"grid_export": "grid_export"}
    with pytest.raises(InputError, match="gas"):
        read(octopus(tmp_path, row, name="gas_consumption.csv"))


@pytest.mark.parametrize("wrap", [lambda page: page, lambda page: [page, page], lambda page: page["results"]])
def test_a_page_several_pages_or_bare_results(tmp_path: Path, wrap: object) -> None:
    start = pd.date_range("2024-03-04", periods=4, freq="30min", tz="UTC")
    results = [
        {
            "consumption": 0.25,
            "interval_start": at.isoformat(),
            "interval_end": (at + pd.Timedelta("30min")).isoformat(),
        }
        for at in start[::-1]
    ]
    path = tmp_path / "page.json"
    path.write_text(json.dumps(wrap({"count": 4, "results": results})), encoding="utf-8")  # type: ignore[operator]
    frame = read(path).frame
    assert frame.drop_duplicates("timestamp")["energy_kwh"].sum() == 1.0


@pytest.mark.parametrize("text", ['{"results": [', "[" * 5_000, '{"results": [1, 2]}', "[]"])
def test_other_json_is_one_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.json"
    path.write_text(text + ' "consumption" "interval_start" "interval_end"', encoding="utf-8")
    source = find(path)
    assert source is not None
    with pytest.raises(InputError, match=r"page\.json"):
        source.read(path, Settings())


# --- n3rgy and Glowmarkt ----------------------------------------------------------------------------------------------

AT = 1_720_396_800  # 2024-07-08 00:00 UTC


def answer(folder: Path, content: object) -> Path:
    path = folder / "answer.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def n3rgy(what: str = "electricity/consumption", **more: object) -> dict[str, object]:
    values = [{"value": 0.5, "timestamp": "2024-07-08 00:30"}, {"value": 0.25, "timestamp": "2024-07-08 01:00"}]
    return {"resource": f"/123/{what}/1", "granularity": "halfhour", "unit": "kWh", "values": values} | more


def test_n3rgy_marks_the_end_of_a_half_hour_in_utc(tmp_path: Path) -> None:
    part = read(answer(tmp_path, n3rgy()), timezone="Europe/London")
    assert part.frame["timestamp"].tolist() == [pd.Timestamp(f"2024-07-08 {at}", tz="UTC") for at in ("00:00", "00:30")]
    assert (energy(part), part.roles) == ({"grid_import": 0.75}, {"grid_import": "grid_import"})
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
