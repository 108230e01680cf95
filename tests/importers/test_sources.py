"""What is read from files, and what is rejected and where: a row of a CSV is its line, the header is line 1."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_vendors import format_of
from test_vendors import read as read_file
from test_vendors import write as write_file

import influx
from influx import importers
from influx.core.errors import InputError
from influx.core.settings import Device, Settings
from influx.importers import Part
from influx.importers.reading import table
from influx.importers.reading.lines import rows_of

HEADER = "device_id,timestamp,duration_minutes,power_consumption_kwh"
GOOD = "TV,2024-07-01 10:00,30,0.5"


def write(folder: Path, content: str | bytes, name: str = "data.csv") -> Path:
    return write_file(folder, content, name)


def read(path: Path, settings: Settings | None = None) -> Part:
    return read_file(path, settings or Settings())


def events(folder: Path, *rows: str, settings: Settings | None = None, good: int = 3) -> Part:
    """Read an events file of the given rows (lines 2, 3 ...) and some good ones after them."""
    return read(write(folder, "\n".join([HEADER, *rows, *[GOOD] * good]) + "\n"), settings)


def only_reject(part: Part) -> dict[str, object]:
    assert len(part.rejected) == 1
    return dict(part.rejected.iloc[0])


# --- the registry ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (HEADER, "events"),
        ("device_id,timestamp,energy_kwh", "readings"),
        ("timestamp,fridge,tv", "readings"),
        ("timestamp,outdoor_temp_celsius,humidity_percent,kind", "weather"),
        ("timestamp,device_id,energy_kwh,outdoor_temp_celsius", "readings"),
    ],
)
def test_a_file_is_known_by_its_header(tmp_path: Path, header: str, kind: str) -> None:
    assert format_of(write(tmp_path, f"{header}\n")) == kind


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"# Notes\nhello", b"PAR1 not really", bytes(range(256)), b"price,day\n1,2"]
)
def test_other_files_are_of_no_format(tmp_path: Path, content: bytes) -> None:
    assert importers.find(write(tmp_path, content)) is None


# --- events ---------------------------------------------------------------------------------------------------------


def test_an_event_is_read_in_utc(tmp_path: Path) -> None:
    part = events(tmp_path, "AC,2024-07-01 23:50:30,45,0.765", settings=Settings(timezone="Asia/Kolkata"))
    first = part.frame.iloc[0][["device_id", "timestamp", "duration_minutes", "power_consumption_kwh"]]
    assert first.tolist() == ["AC", pd.Timestamp("2024-07-01 18:20:30", tz="UTC"), 45, 0.765]
    assert (part.kind, part.rows_read, len(part.rejected)) == ("events", 4, 0)


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        (",2024-07-01 10:00,30,0.5", "device_id", "", "empty"),
        ("  ,2024-07-01 10:00,30,0.5", "device_id", "  ", "empty"),
        ("TV,yesterday,30,0.5", "timestamp", "yesterday", "not a time"),
        ("TV,,30,0.5", "timestamp", "", "empty"),
        ("TV,01/07/2024 10:00,30,0.5", "timestamp", "01/07/2024 10:00", "ambiguous"),
        ("TV,2024-02-30 10:00,30,0.5", "timestamp", "2024-02-30 10:00", "not a time"),
        ("TV,2024-07-01 25:00,30,0.5", "timestamp", "2024-07-01 25:00", "not a time"),
        ("TV,1970-01-01 00:00,30,0.5", "timestamp", "1970-01-01 00:00", "2000"),
        ("TV,2100-06-01 00:00,30,0.5", "timestamp", "2100-06-01 00:00", "2099"),
        ("TV,2024-10-27 02:30,30,0.5", "timestamp", "2024-10-27 02:30", "ambiguous"),
        ("TV,2024-03-31 02:30,30,0.5", "timestamp", "2024-03-31 02:30", "does not exist"),
        ("TV,2024-07-01 10:00,long,0.5", "duration_minutes", "long", "not a number"),
        ("TV,2024-07-01 10:00,,0.5", "duration_minutes", "", "empty"),
        ("TV,2024-07-01 10:00,0,0.5", "duration_minutes", "0", "zero"),
        ("TV,2024-07-01 10:00,-5,0.5", "duration_minutes", "-5", "negative"),
        ("TV,2024-07-01 10:00,10081,0.5", "duration_minutes", "10081", "week"),
        ("TV,2024-07-01 10:00,30,n/a", "power_consumption_kwh", "n/a", "empty"),
        ("TV,2024-07-01 10:00,30,much", "power_consumption_kwh", "much", "not a number"),
        ("TV,2024-07-01 10:00,30,True", "power_consumption_kwh", "True", "not a number"),
        ("TV,2024-07-01 10:00,30,inf", "power_consumption_kwh", "inf", "infinite"),
        ("TV,2024-07-01 10:00,30,1e999", "power_consumption_kwh", "1e999", "infinite"),
        ("TV,2024-07-01 10:00,30,-0.1", "power_consumption_kwh", "-0.1", "negative"),
        ("TV,2024-07-01 10:00", "", "TV,2024-07-01 10:00", "2 cells where the header has 4"),
        ("TV,2024-07-01 10:00,30,0.5,9", "", "TV,2024-07-01 10:00,30,0.5,9", "5 cells where the header has 4"),
        ('"TV,2024-07-01 10:00,30,0.5', "", '"TV,2024-07-01 10:00,30,0.5', "quote"),
    ],
)
def test_a_bad_row_is_rejected_with_its_place(tmp_path: Path, row: str, column: str, value: str, reason: str) -> None:
    part = events(tmp_path, GOOD, "", row, settings=Settings(timezone="Europe/Madrid"))
    bad = only_reject(part)
    assert (bad["file"], bad["row"], bad["column"], bad["value"]) == ("data.csv", 4, column, value)
    assert reason in str(bad["reason"])
    assert part.rows_read == len(part.frame) + 1 == 5


def test_a_use_may_take_no_energy(tmp_path: Path) -> None:
    assert events(tmp_path, "TV,2024-07-01 10:00,30,0").frame["power_consumption_kwh"][0] == 0


@pytest.mark.parametrize(
    "time",
    [
        "2024-07-01T10:00",
        "2024-07-01 10:00:00.000",
        "2024-07-01T12:00+02:00",
        "2024-07-01T10:00Z",
        "2024-07-01 10:00 UTC",
    ],
)
def test_iso_times_are_read(tmp_path: Path, time: str) -> None:
    assert events(tmp_path, f"TV,{time},30,0.5").frame["timestamp"][0] == pd.Timestamp("2024-07-01 10:00", tz="UTC")


def test_missing_columns_are_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = write(tmp_path, "device_id,time_stamp,duration_minutes,kwh\nTV,2024-07-01,30,0.5\n")
    with pytest.raises(
        InputError, match=r"data.csv: no column timestamp, power_consumption_kwh; there are device_id"
    ) as error:
        read(path)
    assert "'time_stamp' meant as timestamp" in str(error.value)


def test_a_column_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'kwh' stands twice"):
        read(write(tmp_path, "timestamp,kwh,kwh\n2024-07-01,1,2\n"))


def test_a_file_of_mostly_bad_rows_is_an_error_with_the_first_fault(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"data.csv, row 2, column timestamp: '1/7/24 10:00': ambiguous.*2 of its 3 rows"
    ):
        events(tmp_path, "TV,1/7/24 10:00,30,0.5", "TV,2/7/24 10:00,30,0.5", good=1)


def test_half_of_the_rows_may_be_bad(tmp_path: Path) -> None:
    assert len(events(tmp_path, "TV,?,30,0.5", good=1).frame) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        *((text, "the file (is empty|has a header but no rows)") for text in ("", "  \n\n", HEADER, HEADER + "\n\n\n")),
        *((data, "") for data in (bytes(range(256)) * 40, b"PAR1" + bytes(400), b"\x80\x00\x01,timestamp\n\x00")),
        (HEADER + "," + "x" * 200_000 + f"\n{GOOD},1\n", "not readable as CSV"),  # a header without an end
    ],
)
def test_an_empty_or_damaged_file_is_an_error_not_a_traceback(tmp_path: Path, content: str | bytes, why: str) -> None:
    source = importers.find(write(tmp_path, HEADER))
    assert source is not None
    with pytest.raises(InputError, match=rf"data\.csv: .*{why}"):
        source.read(write(tmp_path, content), Settings())


def test_what_is_no_number_in_a_column_one_can_do_without_is_unknown_and_told(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER},occupancy_count,motion_detected\n{GOOD},two,yes\n{GOOD},inf,false\n{GOOD},3,\n")
    part = read(path)
    assert len(part.rejected) == 0
    np.testing.assert_array_equal(part.frame["occupancy_count"], [np.nan, np.nan, 3])
    np.testing.assert_array_equal(part.frame["motion_detected"], [1, 0, np.nan])
    assert part.notes == (
        "data.csv: 2 values of occupancy_count cannot be read as a number and count as unknown (first: row 2, 'two').",
    )


@pytest.mark.parametrize(
    "name", ["=1+1", "<img src=x onerror=alert(1)>", "Türöffner", "a,b", 'say "hi"', "two\nlines", "\x1b[31m"]
)
def test_a_device_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "data.csv"
    pd.DataFrame([[name, "2024-07-01 10:00", 30, 0.5]] * 3, columns=HEADER.split(",")).to_csv(path, index=False)
    assert list(read(path).frame["device_id"]) == [name] * 3


# --- encodings, separators and broken lines ---------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    part = read(write(tmp_path, f"{HEADER}\nKüche,2024-07-01 10:00,30,0.5\n".encode(encoding)))
    assert part.frame["device_id"][0] == "Küche"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_decimal_comma_is_read_where_cells_are_parted_by_another_sign(tmp_path: Path, separator: str) -> None:
    text = f"{HEADER}\nTV,2024-07-01 10:00,30,0.5".replace(",", separator).replace(".", ",")
    assert read(write(tmp_path, text)).frame["power_consumption_kwh"][0] == 0.5


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_any_system(tmp_path: Path, end: str) -> None:
    part = read(write(tmp_path, end.join([HEADER, GOOD, "", GOOD, ""])))
    assert list(part.frame["row"]) == [2, 4]


@pytest.mark.parametrize(
    ("text", "rows", "faults"),
    [
        ('1,"x\n2,y\n3"x,"z\n4,w\n', {3: {"a": "2", "b": "y"}, 5: {"a": "4", "b": "w"}}, [2, 4]),  # open quotes
        ('1,"x\n\ny"\n2,z\n', {2: {"a": "1", "b": "x\n\ny"}, 5: {"a": "2", "b": "z"}}, []),  # a line break in a value
    ],
)
def test_an_open_quote_costs_its_own_line_only(text: str, rows: dict[int, dict[str, str]], faults: list[int]) -> None:
    frame, bad = rows_of(text, ["a", "b"], ",")
    assert (frame.to_dict("index"), [number for number, _, _ in bad]) == (rows, faults)


@given(st.lists(st.text(alphabet='ab",;\n 1', max_size=12), max_size=12))
@example(['"\n",1"\n1', '"""'])  # lines that look like one row and are two
def test_no_line_vanishes_and_none_is_counted_twice(texts: list[str]) -> None:
    text = "\n".join(texts)
    frame, faults = rows_of(text, ["x", "y"], ",")
    numbers = [*frame.index, *(number for number, _, _ in faults)]
    assert len(numbers) == len(set(numbers))
    content = "".join(frame.to_numpy().ravel()) + "".join(text for _, text, _ in faults)
    for letter in "ab1":
        assert content.count(letter) == text.count(letter)


# --- readings ---------------------------------------------------------------------------------------------------------


def test_long_readings(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "device_id,timestamp,energy_kwh,quality\n"
        "tv,2024-07-01 00:00,0.1,\ntv,2024-07-01 01:00,,\n"
        "tv,2024-07-01 02:00,0.3,estimated\ntv,2024-07-01 03:00,0.4,missing\n",
    )
    frame = read(path).frame
    np.testing.assert_array_equal(frame["energy_kwh"], [0.1, np.nan, 0.3, np.nan])
    assert list(frame["quality"]) == ["measured", "missing", "estimated", "missing"]
    assert list(frame["minutes"]) == [60] * 4


def test_wide_readings_and_their_bad_cells(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "timestamp,tv,fridge,note,pv\n2024-07-01 00:00,0.1,0.2,x,-1\n"
        "2024-07-01 01:00,oops,0.3,y,-1\n2024-07-01 02:00,,0.4,z,-1\n",
    )
    part = read(path, Settings(devices={"pv": Device(role="ignore")}))
    assert part.rows_read == 6  # three times of two devices
    bad = only_reject(part)
    assert (bad["row"], bad["column"], bad["value"], bad["reason"]) == (3, "tv", "oops", "not a number")
    assert part.frame.groupby("device_id")["energy_kwh"].sum().to_dict() == pytest.approx({"fridge": 0.9, "tv": 0.1})
    assert any("note holds no number" in note for note in part.notes)
    assert any("pv is left out" in note for note in part.notes)


def test_a_wide_time_that_cannot_be_read_rejects_each_of_its_cells(tmp_path: Path) -> None:
    part = read(write(tmp_path, "timestamp,tv,fridge\n?,1,2\n2024-07-01 00:00,1,2\n2024-07-01 01:00,1,2\n"))
    assert (part.rows_read, len(part.frame), list(part.rejected["row"])) == (6, 4, [2, 2])


def test_other_quantities_in_a_wide_file_are_no_devices(tmp_path: Path) -> None:
    part = read(write(tmp_path, "timestamp,tv,humidity_percent\n2024-07-01 00:00,1,50\n"))
    assert set(part.frame["device_id"]) == {"tv"}
    assert any("humidity_percent is no energy" in note for note in part.notes)


def test_the_step_of_each_device_is_found(tmp_path: Path) -> None:
    hours = [f"a,2024-07-01 {hour:02}:00:{hour % 4:02},1" for hour in range(5)]  # some seconds late
    quarters = [f"b,2024-07-01 00:{minute:02},1" for minute in (0, 15, 30, 45)]
    frame = read(write(tmp_path, "\n".join(["device_id,timestamp,energy_kwh", *hours, *quarters]))).frame
    assert frame.groupby("device_id")["minutes"].unique().map(list).to_dict() == {"a": [60.0], "b": [15.0]}


def test_readings_coarser_than_hourly_are_an_error(tmp_path: Path) -> None:
    days = "".join(f"m,2024-07-0{day},5\n" for day in range(1, 6))
    hours = "".join(f"h,2024-07-01 {hour:02}:00,1\n" for hour in range(24))
    with pytest.raises(InputError, match="a reading of m every 24 hours is too coarse"):
        read(write(tmp_path, "device_id,timestamp,energy_kwh\n" + days + hours))


def test_a_quality_of_another_word_is_rejected(tmp_path: Path) -> None:
    rows = "tv,2024-07-01 00:00,1,good\ntv,2024-07-01 01:00,1,measured\n"
    part = read(write(tmp_path, "device_id,timestamp,energy_kwh,quality\n" + rows))
    assert only_reject(part)["column"] == "quality"


def test_parquet_keeps_types_and_counts_rows_from_one(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pd.DataFrame(
        {
            "device_id": pd.Categorical(["tv", "tv", "tv", None]),
            "timestamp": pd.to_datetime(
                ["2024-07-01 02:00+02:00", "2024-07-01 03:00+02:00", None, "2024-07-01 05:00Z"], utc=True
            ),
            "energy_kwh": [Decimal("0.5"), None, Decimal(1), Decimal(1)],
        }
    ).to_parquet(path)
    part = read(path)
    assert list(part.frame["timestamp"]) == list(pd.to_datetime(["2024-07-01 00:00", "2024-07-01 01:00"], utc=True))
    np.testing.assert_array_equal(part.frame["energy_kwh"], [0.5, np.nan])
    assert list(part.rejected["row"]) == [3, 4]


def test_times_may_be_the_index_of_a_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    index = pd.date_range("2024-07-01", periods=2, freq="h", tz="UTC", name="timestamp")
    pd.DataFrame({"tv": [1.0, 2.0]}, index=index).to_parquet(path)
    assert list(read(path).frame["timestamp"]) == list(index)


@pytest.mark.parametrize("cells", [[[1], [2]], [dt.date(2024, 7, 1)] * 2, [True, False], [b"x", b"y"], [None, None]])
def test_a_column_of_another_type_is_an_error_not_a_traceback(tmp_path: Path, cells: list[object]) -> None:
    path = tmp_path / "data.parquet"
    frame = pd.DataFrame({"device_id": ["a", "b"], "timestamp": ["2024-07-01 10:00"] * 2, "duration_minutes": 10.0})
    frame.assign(power_consumption_kwh=cells).to_parquet(path)
    with pytest.raises(InputError, match=r"data\.parquet, row 1, column power_consumption_kwh"):
        read(path)


# --- weather ----------------------------------------------------------------------------------------------------------


def test_weather(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "timestamp,outdoor_temp_celsius,humidity_percent,kind,price\n2024-07-01 00:00,-3.5,72,measured,1\n"
        "2024-07-01 01:00,20,,Forecast,1\n2024-07-01 02:00,warm,50,measured,1\n2024-07-01 03:00,21,50,guess,1\n",
    )
    part = read(path)
    assert list(part.frame["outdoor_temp_celsius"]) == [-3.5, 20]
    assert list(part.frame["kind"]) == ["measured", "forecast"]
    assert list(part.rejected["column"]) == ["outdoor_temp_celsius", "kind"]
    assert part.notes == ("data.csv: the column price is not read from a weather file.",)


# --- anything at all --------------------------------------------------------------------------------------------------


@given(
    content=st.binary(max_size=300),
    head=st.sampled_from([HEADER, "device_id,timestamp,energy_kwh", "timestamp,outdoor_temp_celsius"]),
)
def test_any_bytes_give_a_part_or_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, head: str
) -> None:
    path = write(tmp_path_factory.getbasetemp(), head.encode() + b"\n" + content)
    source = importers.find(path)
    if source is None:
        return
    try:
        part = source.read(path, Settings())
    except InputError as error:
        assert "data.csv" in str(error)
    else:
        assert part.rows_read == len(part.frame) + len(part.rejected)


CELLS = st.sampled_from(
    ["", "TV", "2024-07-01 10:00", "2024-07-01T10:00+02:00", "9999-12-31", "30", "-1", "1e400", "nan", "x"]
)


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=8))
def test_any_cells_are_used_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, str]]
) -> None:
    path = write(
        tmp_path_factory.getbasetemp(), "\n".join([HEADER, *map(",".join, rows), *[GOOD] * len(rows)]), "cells.csv"
    )
    part = read(path)
    filled = sum(any(row) for row in rows)
    assert part.rows_read == filled + len(rows) == len(part.frame) + len(part.rejected)
    assert part.frame["power_consumption_kwh"].between(0, np.inf, inclusive="left").all()
    assert part.frame["duration_minutes"].gt(0).all()


def test_a_row_of_another_decade_does_not_stretch_the_home(tmp_path: Path) -> None:
    times = pd.date_range("2024-07-01", periods=400, freq="h").strftime("%Y-%m-%d %H:%M").tolist()
    rows = [f"tv,{at},0.1" for at in times]
    rows[7] = rows[7].replace("2024", "2074")
    part = read(write(tmp_path, "\n".join(["device_id,timestamp,energy_kwh", *rows]) + "\n"))
    assert part.rejected[["row", "kwh"]].to_numpy().tolist() == [[9, 0.1]]
    assert "far apart" in part.rejected["reason"].item()
    assert part.frame["timestamp"].max().year == 2024


def test_two_winters_with_a_pause_of_two_years_are_both_read(tmp_path: Path) -> None:
    times = [*pd.date_range("2020-01-01", periods=100, freq="h"), *pd.date_range("2023-01-01", periods=400, freq="h")]
    rows = "".join(f"tv,{at:%Y-%m-%d %H:%M},0.1\n" for at in times)
    assert len(read(write(tmp_path, "device_id,timestamp,energy_kwh\n" + rows)).frame) == 500


def test_a_parquet_file_with_damaged_names_is_an_error_not_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "readings.parquet"
    stamps = [pd.Timestamp("2024-07-01", tz="UTC")]
    pd.DataFrame({"device_id": ["tv"], "timestamp": stamps, "energy_kwh": [1.0]}).to_parquet(path)
    path.write_bytes(path.read_bytes().replace(b"energy_kwh", b"energy_\xf5wh"))
    assert table.header(path) is None
    with pytest.raises(InputError, match=r"readings\.parquet: not readable as Parquet"):
        table.read(path)


@pytest.mark.parametrize("label", ["start", "end"])
@pytest.mark.parametrize(("day", "length"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_the_energy_of_a_day_on_which_the_clock_is_changed_is_exact(
    tmp_path: Path, day: str, length: int, label: str
) -> None:
    first = pd.Timestamp(day, tz="Europe/Madrid") - pd.Timedelta(days=1)
    starts = pd.date_range(first.tz_convert("UTC"), periods=3 * 24 + length - 24, freq="h")
    shown = (starts + pd.Timedelta(hours=int(label == "end"))).tz_convert("Europe/Madrid")
    rows = "".join(f"{at:%Y-%m-%d %H:%M},{(n % 7 + 1) / 10}\n" for n, at in enumerate(shown))
    (tmp_path / "readings.csv").write_text("timestamp,tv\n" + rows)
    (tmp_path / "home.yaml").write_text(f"timezone: Europe/Madrid\nfiles: {{readings.csv: {{label: {label}}}}}\n")
    home = influx.load(tmp_path)
    local = home.readings["timestamp"].dt.tz_convert("Europe/Madrid").dt.date.astype(str)
    kwh = home.readings["energy_kwh"].groupby(local.to_numpy()).agg(["sum", "size"])
    assert kwh.loc[day].tolist() == pytest.approx([sum(n % 7 + 1 for n in range(24, 24 + length)) / 10, length])
    assert home.rejected.empty
