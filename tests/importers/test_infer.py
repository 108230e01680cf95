"""Tables that nobody described: read by what their data tells, or asked about, and never guessed."""

from __future__ import annotations

from pathlib import Path

import layouts
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.importers import Part, find


def read(path: Path, timezone: str = "Europe/Madrid", **keys: object) -> Part:
    home = Settings.model_validate({"timezone": timezone, "files": {path.name: keys}})
    source = find(path, home)
    assert source is not None, "of no known format"
    return source.read(path, home)


def energy(part: Part) -> dict[str, float]:
    sums = part.frame.groupby("device_id", observed=True)["energy_kwh"].sum()
    return {str(name): float(kwh) for name, kwh in sums.items()}


def hours(count: int, form: str = "%Y-%m-%d %H:%M", start: str = "2024-06-01", freq: str = "h") -> list[str]:
    return pd.date_range(start, periods=count, freq=freq).strftime(form).tolist()


def write(folder: Path, *lines: str, name: str = "meter.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.no_cover
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000_000))
@example(seed=47)  # a date with a name of the month, and the clock in a column of its own
@example(seed=339)  # a register over the end of summer time
@example(seed=903)  # a table of which only pieces are looked at
def test_a_table_in_any_layout_is_read_or_asked_about_and_then_read(tmp_path: Path, seed: int) -> None:
    table = layouts.drawn(seed)
    path = layouts.write(tmp_path, table)
    answers: dict[str, object] = dict(table.answers["file"])  # type: ignore[call-overload]
    keys = dict(table.described)
    for _ in range(len(answers) + 1):
        try:
            part = read(path, str(table.answers["timezone"]), **keys)
            break
        except InputError as error:
            open_keys = [key for key in answers if f"{key}:" in str(error).rpartition("write one of these")[2]]
            assert open_keys, str(error)
            keys[open_keys[0]] = answers[open_keys[0]]
    assert sorted(energy(part).values()) == pytest.approx(sorted(table.kwh.values()), abs=1e-6)
    assert part.rows_read == len(part.frame) + len(part.rejected)


def of_hours(head: str, row: str, count: int = 48, **when: str) -> list[str]:
    """Return a header and a row an hour; `{}` in the row is its time, `{n}` its number."""
    return [*head.split("\n"), *[row.format(at, n=n) for n, at in enumerate(hours(count, **when))]]


DAY_OF_HOURS = ",".join(["0.25"] * 24)
LAYOUTS = {
    "german": of_hours("Datum;Uhrzeit;Verbrauch (kWh)", "{};0,25", form="%d.%m.%Y;%H:%M"),
    "american": of_hours("Date,Start Time,End Time,Usage (kWh)", "{},0.25", form="%m/%d/%Y,%I:%M %p,%I:59 %p"),
    "epoch": ["time,Wh", *[f"{1_717_200_000 + 3600 * n},250" for n in range(48)]],
    "milliseconds": ["time;energy_wh", *[f"{(1_717_200_000 + 3600 * n) * 1000};250" for n in range(48)]],
    "titles": of_hours("Customer,Jane Doe\nAddress,1 Main St\n\nInterval start,Consumption (kWh)", "{},0.25"),
    "units below": of_hours("Time;Bezug;Temperatur\n;kWh;°C", "{};0,25;21,5"),
    "watts": of_hours("timestamp UTC,Power (W)", "{},250", 96, freq="30min"),
    "end of hour": of_hours("Hour ending,kWh", "{},0.25", start="2024-06-01 01:00"),
    "register": ["date,meter reading kWh", *[f"{at},{1000 + n / 4}" for n, at in enumerate(hours(49))]],
    "long": of_hours("when,sensor,value kWh", "{0},a,0.125\n{0},b,0.125"),
    "unit of a row": of_hours("when,sensor,value,unit", "{0},a,125,Wh\n{0},b,0.125,kWh"),
    "hour numbers": ["Fecha;Hora;Consumo_kWh", *[f"{day}/06/2024;{n};0,25" for day in (13, 14) for n in range(1, 25)]],
    "newest first": ["Time,kWh", *[f"{at},0.25" for at in hours(48)[::-1]]],
    "thousands": ["Time;Zähler Wh", *[f"{at};1.0{n // 4:02}.{n % 4 * 250:03},0" for n, at in enumerate(hours(49))]],
    "a row a day": [
        ",".join(["Date", *[f"{n:02}:00" for n in range(24)], "total kWh"]),
        f"2024-06-01,{DAY_OF_HOURS},6",
        f"2024-06-02,{DAY_OF_HOURS},6",
    ],
    "tabs and megawatt hours": of_hours("time\tenergy MWh", "{}\t0.00025"),
    "midnight without a clock": ["time,kWh", *[f"{at.removesuffix(' 00:00')},0.25" for at in hours(48)]],
}
"""Twelve kilowatt-hours over two days, in layouts that people export."""


@pytest.mark.parametrize("name", LAYOUTS)
def test_twelve_kilowatt_hours_in_many_layouts(tmp_path: Path, name: str) -> None:
    part = read(write(tmp_path, *"\n".join(LAYOUTS[name]).split("\n")))
    assert sum(energy(part).values()) == pytest.approx(12)
    assert part.why, "says why"


def test_an_end_label_shifts_the_hours_to_their_start(tmp_path: Path) -> None:
    part = read(write(tmp_path, *LAYOUTS["end of hour"]), "UTC")
    assert part.frame["timestamp"].min() == pd.Timestamp("2024-06-01", tz="UTC")


@pytest.mark.parametrize(
    ("lines", "keys"),
    [
        (
            of_hours("when,kWh", "{},1", 24, form="%d/%m/%Y %H:%M", start="2024-05-06"),
            "order: dmy|order: mdy",
        ),
        (of_hours("when,value", "{},1.2", 96, freq="15min"), "unit: kWh|unit: kW"),
        (of_hours("when;kWh", "{};1,234"), 'decimal: ","|decimal: "."'),
        (of_hours("when,usage", "{},60"), "unit: kWh|unit: Wh"),
    ],
)
def test_where_two_readings_are_possible_it_asks_for_the_line(tmp_path: Path, lines: list[str], keys: str) -> None:
    with pytest.raises(InputError) as caught:
        read(write(tmp_path, *lines))
    assert "home.yaml" in str(caught.value)
    assert all(key in str(caught.value) for key in keys.split("|")), str(caught.value)


def test_the_line_decides(tmp_path: Path) -> None:
    path = write(tmp_path, "when,value", *[f"{at},1.2" for at in hours(96, freq="15min")])
    assert sum(energy(read(path, unit="kWh")).values()) == pytest.approx(96 * 1.2)
    assert sum(energy(read(path, unit="kW")).values()) == pytest.approx(24 * 1.2)


def test_a_row_a_day_is_too_coarse(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too coarse"):
        read(write(tmp_path, "date,kWh", *[f"{at},6" for at in hours(30, "%Y-%m-%d", freq="D")]))


@pytest.mark.parametrize(
    "lines",
    [
        ["item,price", "milk,1.2", "bread,2.5"],
        ["date,temperature", *[f"{at},21.5" for at in hours(24)]],
        ["Dear reader,", "this is a letter, and it holds no number."],
        ["a,b", "1,2", "3,4"],
    ],
)
def test_what_holds_no_energy_is_of_no_format(tmp_path: Path, lines: list[str]) -> None:
    assert find(write(tmp_path, *lines)) is None


def test_other_quantities_are_told_and_left(tmp_path: Path) -> None:
    part = read(
        write(tmp_path, "time,fridge kWh,oven kWh,humidity,cost", *[f"{at},0.1,0.2,50,0.03" for at in hours(24)])
    )
    assert energy(part) == pytest.approx({"fridge": 2.4, "oven": 4.8})
    assert any("humidity, cost" in note for note in part.notes)


def test_home_yaml_says_names_roles_and_what_to_leave(tmp_path: Path) -> None:
    path = write(tmp_path, "time,c1 kWh,c2 kWh,c3 kWh", *[f"{at},0.1,0.2,0.3" for at in hours(24)])
    columns = {"c1 kWh": "fridge", "c2 kWh": {"device": "roof", "role": "solar"}, "c3 kWh": {"role": "ignore"}}
    part = read(path, columns=columns)
    assert energy(part) == pytest.approx({"fridge": 2.4, "roof": 4.8})
    assert part.roles == {"roof": "solar"}


def test_a_register_without_a_header_whose_newest_rows_stand_first(tmp_path: Path) -> None:
    rows = [f"{1_717_200_000 + 3600 * n},{2202.5 + n / 4}" for n in range(48)]
    part = read(write(tmp_path, rows[0], *rows[:0:-1]), "UTC")
    assert sum(energy(part).values()) == pytest.approx(47 / 4)


def test_a_number_that_no_meter_shows_costs_its_cell_only(tmp_path: Path) -> None:
    part = read(write(tmp_path, *of_hours("time,meter reading kWh", "{},{n}.5")[:30], "2024-06-05 00:00,1e308"))
    assert part.kwh == pytest.approx(28)
    assert part.rejected["reason"].tolist() == ["infinite"]


def test_the_label_of_long_intervals_is_asked_and_of_short_ones_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="label: start or label: end"):
        read(write(tmp_path, *of_hours("when,kWh", "{},0.25", start="2024-06-01 15:00", count=40)))
    part = read(write(tmp_path, *of_hours("when,kWh", "{},0.25", start="2024-06-01 15:10", count=40, freq="10min")))
    assert any("taken for the start" in note for note in part.notes)


def test_a_unit_may_stand_above_or_below_the_names_and_of_a_long_table_too(tmp_path: Path) -> None:
    rows = of_hours("Values in Wh\nwhen,device,value", "{0},a,125\n{0},b,125")
    assert read(write(tmp_path, *"\n".join(rows).split("\n"))).kwh == pytest.approx(12)
    rows = of_hours("when,clock,device,value\n,,,[Wh]", "{0},a,125\n{0},b,125", form="%Y-%m-%d,%H:%M+0200")
    assert read(write(tmp_path, *"\n".join(rows).split("\n"))).kwh == pytest.approx(12)


def test_the_unit_of_registers_in_a_long_table_is_told_from_each(tmp_path: Path) -> None:
    lines = [f"{at},{who},{start + n / 4}" for n, at in enumerate(hours(49)) for who, start in (("a", 10), ("b", 5000))]
    assert read(write(tmp_path, "when,device,meter reading", *lines)).kwh == pytest.approx(24)
