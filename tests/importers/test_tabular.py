"""Any table by its layout: every way to write a time or a number, every file type, in blocks as well as whole."""

from __future__ import annotations

import itertools
import zipfile
from dataclasses import replace
from pathlib import Path

import exports
import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers import Part
from influx.importers.reading import cells, encoding, sheet, tabular, times
from influx.importers.reading.layout import Layout, SeriesMapping

WIDE = Layout("test", "time", {"tv": SeriesMapping("tv"), "fridge": SeriesMapping("fridge")})
LONG = Layout("test", "time", device="who", value="kwh")
MADRID = Settings(timezone="Europe/Madrid")


def read(
    folder: Path, text: str | bytes, layout: Layout, settings: Settings | None = None, name: str = "t.csv"
) -> Part:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    part = tabular.read(path, layout, settings or Settings())
    assert part.rows_read == len(part.frame) + len(part.rejected)
    return part


def hours(part: Part, device: str) -> dict[str, float]:
    rows = part.frame[part.frame["device_id"] == device]
    return {f"{time:%m-%d %H:%M}": kwh for time, kwh in zip(rows["timestamp"], rows["energy_kwh"], strict=True)}


# --- times ------------------------------------------------------------------------------------------------------------


_CLOCK = """
ymd | 2024-07-31 | 2024-07-31 00:00
ymd | 2024/7/31 6:05 | 2024-07-31 06:05
ymd | 20240731 1805 | 2024-07-31 18:05
ymd | 2024-07-31T18:05:30.250 | 2024-07-31 18:05:30.250
ymd | 2024-12-31 24:00:00 | 2025-01-01 00:00
ymd | 2024-07-31 12:30 AM | 2024-07-31 00:30
ymd | 2024-07-31 12:30 pm | 2024-07-31 12:30
dmy | 31/07/2024 18:05 | 2024-07-31 18:05
dmy | 1.2.24 18.05 | 2024-02-01 18:05
dmy | 31 Jul 2024 6:05 p.m. | 2024-07-31 18:05
dmy | 31-July-2024 | 2024-07-31 00:00
mdy | 07/31/2024, 11:59:59 PM | 2024-07-31 23:59:59
mdy | July 31, 2024 6:00 am | 2024-07-31 06:00
mdy | 1/2/2024 7 | 2024-01-02 07:00
ymd | 2024-07-31T18:05:00Z | 2024-07-31 18:05Z
ymd | 2024-07-31T18:05+02:00 | 2024-07-31 16:05Z
ymd | 2024-07-31 18:05:00 -0330 | 2024-07-31 21:35Z
dmy | 31.07.2024 18:05 UTC | 2024-07-31 18:05Z
mdy | 7/31/2024 6:05 PM +01 | 2024-07-31 17:05Z
s | 1722448800 | 2024-07-31 18:00Z
ms | 1722448800000 | 2024-07-31 18:00Z
ymd | 2023-02-29 10:00 | none
ymd | 2024-07-31 24:01 | none
ymd | 2024-07-31 13:00 PM | none
ymd | 2024-07-31 10:60 | none
dmy | 07/31/2024 | none
dmy | 31 Foo 2024 | none
mdy | 31/07/2024 | none
s | 1e30 | none
s | soon | none
"""
"""The order of a date, a text, and the time that it is: on a clock, or in UTC (Z), or none."""


@pytest.mark.parametrize("row", _CLOCK.strip().splitlines())
def test_a_time_is_on_a_clock_or_in_utc_or_none(row: str) -> None:
    order, text, means = row.split(" | ")
    micros, reasons = times.parse(pd.Series([text]), order)  # type: ignore[arg-type]
    if means == "none":
        assert reasons.tolist() == [times.NOT_A_TIME]
    else:
        assert reasons.tolist() == ["" if means.endswith("Z") else "naive"]
        assert pd.Timestamp(int(micros[0]), unit="us") == pd.Timestamp(means.rstrip("Z"))


def test_a_day_first_where_the_year_is_expected_is_not_guessed() -> None:
    _, reasons = times.parse(pd.Series(["01/07/2024 10:00", "", "unavailable"]))
    assert reasons.tolist() == [times.AMBIGUOUS, "the time is empty", "the time is empty"]


def test_a_date_and_a_clock_in_two_columns(tmp_path: Path) -> None:
    layout = Layout("test", ("day", "hour"), {"kwh": SeriesMapping("tv")}, order="dmy", time_marks="end")
    part = read(tmp_path, "day,hour,kwh\n01/07/2024,23:00,1\n01/07/2024,24:00,2\n02/07/2024,01:00,3\n", layout)
    assert hours(part, "tv") == {"07-01 22:00": 1, "07-01 23:00": 2, "07-02 00:00": 3}


def test_a_doubled_hour_is_read_twice_and_a_missing_one_does_not_exist(tmp_path: Path) -> None:
    clock = ["01:00", "02:00", "02:00", "03:00"]
    autumn = "time,tv\n" + "".join(f"2024-10-27 {time},{n}\n" for n, time in enumerate(clock))
    layout = Layout("test", "time", {"tv": SeriesMapping("tv")})
    part = read(tmp_path, autumn, layout, MADRID)
    assert hours(part, "tv") == {"10-26 23:00": 0, "10-27 00:00": 1, "10-27 01:00": 2, "10-27 02:00": 3}
    spring = "time,tv\n2024-03-31 01:00,1\n2024-03-31 02:00,0\n2024-03-31 03:00,3\n"
    part = read(tmp_path, spring, layout, MADRID)
    assert hours(part, "tv") == {"03-31 00:00": 1, "03-31 01:00": 3}
    assert part.rejected["row"].tolist() == [3]
    assert "does not exist in Europe/Madrid" in part.rejected["reason"][0]


def test_the_layout_says_whose_clock_it_was(tmp_path: Path) -> None:
    for zone, hour in {"home": "08", "UTC": "10", "+10:00": "00", "America/New_York": "14"}.items():
        layout = Layout("test", "time", {"tv": SeriesMapping("tv")}, zone=zone)
        part = read(tmp_path, "time,tv\n2024-07-01 10:00,1\n2024-07-01 11:00,2\n", layout, MADRID)
        assert next(iter(hours(part, "tv"))) == f"07-01 {hour}:00"


def test_ends_tell_how_long_a_reading_is_even_when_the_clock_is_changed(tmp_path: Path) -> None:
    layout = Layout("test", "from", {"kwh": SeriesMapping("tv")}, end="to")
    rows = [("01:00", "02:00"), ("02:00", "02:00"), ("02:00", "03:00"), ("03:00", "04:00"), ("05:00", "04:30")]
    text = "from,to,kwh\n" + "".join(f"2024-10-27 {a},2024-10-27 {b},1\n" for a, b in rows)
    part = read(tmp_path, text, layout, MADRID)
    assert part.frame["minutes"].tolist() == [60, 60, 60, 60]
    assert part.rejected["reason"].tolist() == ["ends before it begins"]


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comma", "texts", "means"),
    [
        (False, ["1.5", "1,234.5", "1 234 567.8", "1e3"], [1.5, 1234.5, 1234567.8, 1000]),
        (True, ["1,5", "1.234,5", "1'234,5", "1\u202f234,5", "-0,25"], [1.5, 1234.5, 1234.5, 1234.5, -0.25]),
        (False, ["unavailable", ""], [np.nan, np.nan]),
        (False, ["1,5", "0x10", "true", "1.2.3", "12 kWh"], None),
    ],
)
def test_a_number_is_read_and_what_is_none_is_not_guessed(
    comma: bool, texts: list[str], means: list[float] | None
) -> None:
    values, bad = cells.numbers(pd.Series(texts, dtype="str"), comma)
    assert bad.tolist() == [means is None] * len(texts)
    assert means is None or values == approx(means, nan_ok=True)


def test_a_table_with_semicolons_has_decimal_commas(tmp_path: Path) -> None:
    part = read(tmp_path, "time;tv;fridge\n2024-07-01 10:00;0,5;1.234,5\n2024-07-01 11:00;1,5;0,1\n", WIDE, LARGE)
    assert hours(part, "tv") == {"07-01 10:00": 0.5, "07-01 11:00": 1.5}
    assert hours(part, "fridge") == {"07-01 10:00": 1234.5, "07-01 11:00": 0.1}


LARGE = Settings(power_limit_kw=1e6)


def test_each_row_of_a_long_table_has_its_unit(tmp_path: Path) -> None:
    text = (
        "time,who,kwh,unit\n2024-07-01 10:00,tv,500,Wh\n2024-07-01 11:00,tv,0.25,kWh\n2024-07-01 12:00,tv,0.001,MWh\n"
        "2024-07-01 13:00,tv,21.5,°C\n2024-07-01 14:00,tv,3.6,MJ\n"
    )
    part = read(tmp_path, text, Layout("test", "time", device="who", value="kwh", unit="unit"))
    assert list(hours(part, "tv").values()) == approx([0.5, 0.25, 1, 1])
    assert part.rejected[["row", "column", "value"]].to_numpy().tolist() == [[5, "unit", "°C"]]


def test_columns_of_one_device_are_added_up_and_a_fault_in_one_costs_their_sum(tmp_path: Path) -> None:
    layout = Layout(
        "test", "time", {"L1": SeriesMapping("car", "Wh"), "L2": SeriesMapping("car", "Wh"), "tv": SeriesMapping("tv")}
    )
    text = "time,L1,L2,tv\n2024-07-01 10:00,1000,500,1\n2024-07-01 11:00,1,,1\n2024-07-01 12:00,1,x,1\n"
    part = read(tmp_path, text + "2024-07-01 13:00,inf,-inf,1\n", layout)
    assert list(hours(part, "car").values()) == approx([1.5, np.nan], nan_ok=True)
    assert part.rejected[["row", "column", "value", "reason"]].to_numpy().tolist() == [
        [4, "L2", "x", "not a number"],
        [5, "L1", "inf", "infinite"],
    ]
    assert part.rows_read == 8


def test_the_words_of_quality_are_those_of_the_layout(tmp_path: Path) -> None:
    text = "time,tv,how\n2024-07-01 10:00,1,R\n2024-07-01 11:00,2,E\n2024-07-01 12:00,3,none\n"
    layout = Layout(
        "test", "time", {"tv": SeriesMapping("tv")}, quality="how", quality_words={"e": "estimated", "none": "missing"}
    )
    assert list(read(tmp_path, text, layout).frame["quality"]) == ["measured", "estimated", "missing"]


# --- files ------------------------------------------------------------------------------------------------------------

TABLE = "time,tv,fridge\n2024-07-01 10:00,0.5,0.1\n2024-07-01 11:00,0.25,0.2\n"
SAME = {"tv": 0.75, "fridge": approx(0.3)}


def kwh(part: Part) -> dict[str, float]:
    return part.frame.groupby("device_id", observed=True)["energy_kwh"].sum().to_dict()


def test_every_encoding_and_every_line_end(tmp_path: Path) -> None:
    layout = Layout("test", "time", {"tv": SeriesMapping("tv"), "kühlschrank": SeriesMapping("fridge")})
    for name, ends in itertools.product(["utf-8", "utf-8-sig", "utf-16", "latin-1"], ["\n", "\r\n", "\r"]):
        text = TABLE.replace("fridge", "kühlschrank").replace("\n", ends)
        assert kwh(read(tmp_path, text.encode(name), layout)) == SAME


def test_lines_above_the_header_are_passed_over_and_rows_keep_their_number(tmp_path: Path) -> None:
    part = read(tmp_path, "a report\n\nof a home\n" + TABLE + "later,1,1\n", replace(WIDE, line=4))
    assert part.frame["row"].unique().tolist() == [5, 6]
    assert part.rejected["row"].unique().tolist() == [7]


def test_a_file_without_a_header_has_the_names_of_its_layout(tmp_path: Path) -> None:
    layout = Layout(
        "test", "time", {"kwh": SeriesMapping("tv", "kWh", "counter")}, order="s", line=0, names=("time", "kwh")
    )
    part = read(tmp_path, "1614772800,2202.5\n1614776400,2203.0\n1614780000,2203.25\n", layout)
    assert part.kwh == 0.75
    assert part.rows_read == 3


def test_a_spreadsheet_is_a_table(tmp_path: Path) -> None:
    """Day 45474 of a spreadsheet is 1 July 2024; 0.416666 of a day are 57.6 ms less than ten hours: 10:00."""
    rows: list[list[str | float]] = [["time", "tv", "fridge"], [45474.416666, 0.5, 0.1], [45474 + 11 / 24, 0.25, 0.2]]
    part = tabular.read(exports.workbook(tmp_path / "t.xlsx", first=rows), WIDE, Settings())
    assert kwh(part) == SAME
    assert hours(part, "tv") == {"07-01 10:00": 0.5, "07-01 11:00": 0.25}
    assert part.frame["row"].unique().tolist() == [2, 3]


def test_of_several_sheets_the_first_is_read_and_a_damaged_or_huge_one_is_an_error(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [
        ["time", "tv", "fridge"],
        ["2024-07-01 10:00", 1.0, 1.0],
        ["2024-07-01 11:00", 1.0, 1.0],
    ]
    path = exports.workbook(tmp_path / "t.xlsx", Sheet1=rows, Sheet2=rows)
    assert tabular.read(path, WIDE, Settings()).notes == ("t.xlsx: only its sheet Sheet1 is read, not Sheet2.",)
    whole = path.read_bytes()
    for cut in (10, 400, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError, match=r"t\.xlsx: not readable as a spreadsheet"):
            tabular.read(path, WIDE, Settings())
    path.write_bytes(whole)
    far = '<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/worksheets/sheet3.xml", far)
    with pytest.raises(InputError, match="cells in row 1048576"):
        sheet.rows(path)


def test_a_parquet_file_keeps_its_types(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"time": pd.date_range("2024-07-01 10:00", periods=2, freq="h"), "tv": [0.5, 0.25], "fridge": [0.1, 0.2]}
    )
    frame.to_parquet(tmp_path / "t.parquet")
    part = tabular.read(tmp_path / "t.parquet", WIDE, MADRID)
    assert kwh(part) == SAME
    assert f"{part.frame['timestamp'].iloc[0]:%H:%M}" == "08:00"


def test_cells_of_parquet_that_are_no_numbers_are_refused_in_words(tmp_path: Path) -> None:
    times = pd.date_range("2024-07-01 10:00", periods=2, freq="h")
    pd.DataFrame({"time": times, "tv": [{"a": 0.5}] * 2, "fridge": [0.1, 0.2]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"t\.parquet, row 1, column tv: .*: not a number"):
        tabular.read(tmp_path / "t.parquet", replace(WIDE, mappings={"tv": SeriesMapping("tv")}), Settings())


def test_a_column_that_is_lacking_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"t\.csv: no column fridge; there are time, tv, Fridge\. Is 'Fridge' meant"):
        read(tmp_path, TABLE.replace("fridge", "Fridge"), WIDE)


# --- blocks -----------------------------------------------------------------------------------------------------------


def long_text(count: int) -> str:
    """Return a long table in which devices come and go, with faults, quotes and blank lines."""
    rows = []
    for n in range(count):
        time = f"2024-07-{1 + n // 24:02} {n % 24:02}:00"
        rows.append(f"{time},dev{n // 7},{n % 5}.5,measured")
        rows += [f'{time},"dev, {n % 3}",x,measured', f'{time},"a ""b""",1,estimated', ""][: n % 4]
    return "time,who,kwh,how\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("size", [1, 137])
def test_a_table_in_blocks_is_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    layout = Layout("test", "time", device="who", value="kwh", quality="how")
    whole = read(tmp_path, long_text(26), layout)
    monkeypatch.setattr(encoding, "BLOCK", size)
    blocks = read(tmp_path, long_text(26), layout)
    assert blocks.rows_read == whole.rows_read
    order = ["row", "device_id"]
    plain = {"device_id": "str", "quality": "str"}
    first, second = (part.frame.astype(plain).sort_values(order, ignore_index=True) for part in (whole, blocks))
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(whole.rejected, blocks.rejected)


def test_a_doubled_hour_may_lie_in_two_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "time,tv\n" + "".join(f"2024-10-27 {h},1\n" for h in ("00:00", "01:00", "02:00", "02:00", "03:00"))
    monkeypatch.setattr(encoding, "BLOCK", 20)
    part = read(tmp_path, text, Layout("test", "time", {"tv": SeriesMapping("tv")}), MADRID)
    assert part.rejected.empty
    assert part.frame["timestamp"].is_monotonic_increasing


# --- how long a reading is --------------------------------------------------------------------------------------------


def test_the_most_frequent_step_is_the_length_of_a_reading() -> None:
    minutes = np.array([0, 15, 30, 45, 120, 135, 135])
    assert times.most_frequent_step(minutes * 60_000_000) == (15, 4, 5)
    assert times.most_frequent_step(minutes[::-1] * 60_000_000) == (15, 4, 5)
    assert times.most_frequent_step(np.array([7])) == (approx(np.nan, nan_ok=True), 0, 0)
    late = np.array([0, 905, 1799, 2702]) * 1_000_000  # a logger of quarters that writes seconds late
    assert times.most_frequent_step(late) == (15, 3, 3)


def test_a_series_that_says_nothing_takes_the_step_of_its_file() -> None:
    lengths = times.reading_lengths({"a": (15, 90, 95), "b": (np.nan, 0, 0), "c": (180, 1, 3)}, "t.csv")
    assert lengths == {"a": 15, "b": 15, "c": 15}
    with pytest.raises(InputError, match="a reading of c every 3 hours"):
        times.reading_lengths({"a": (15, 90, 95), "c": (180, 3, 4)}, "t.csv")


# --- anything at all --------------------------------------------------------------------------------------------------

TIMES = st.sampled_from(
    [
        *("2024-07-01 10:00", "2024-07-01 11:00", "2024-10-27 02:00", "2024-03-31 02:00", "2024-07-01T10:00Z"),
        *("9999-12-31", "0001-01-01", "2024-07-01 24:00", '"2024-07-01\n10:00"', "2024-07-02 10:00:00+02:00"),
        *("", "x", "1/2/2024"),
    ]
)
NUMBERS = st.sampled_from(["1", "0.5", "", "x", "-1", "1e400", "nan", "1e9", "1,5", '"1,5"', "-inf", "0"])
NAMES = st.sampled_from(["tv", "fridge", "", " ", "tv ", '"a"', "nan"])


COUNTERS = Layout("test", "time", {name: SeriesMapping(name, measures="counter") for name in ("tv", "fridge")})
WATTS = Layout("test", "time", device="who", value="kwh", default=SeriesMapping("", "W", "power"))


@hypothesis.settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(TIMES, NAMES, NUMBERS, NUMBERS), min_size=1, max_size=12),
    layout=st.sampled_from([WIDE, COUNTERS, LONG, WATTS]),
)
def test_any_cells_are_used_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], layout: Layout
) -> None:
    keep, head = ((0, 2, 3), "time,tv,fridge") if layout.device is None else ((0, 1, 2), "time,who,kwh")
    text = "\n".join([head, *(",".join(row[place] for place in keep) for row in rows), ""])
    try:
        part = read(tmp_path_factory.getbasetemp(), text, layout, MADRID, "cells.csv")
    except InputError as error:
        assert "cells.csv" in str(error)
    else:
        assert (part.frame["energy_kwh"].dropna() >= 0).all()
        assert np.isfinite(part.kwh)
