"""Tables that are easily read wrongly: what is certain is read, what is not is asked about, with the line for it."""

from __future__ import annotations

from pathlib import Path

import pytest

import influx
from influx import InputError
from influx.importers.reading import cells

DAY = [0.2] * 18 + [1.2, 1.3] + [0.2] * 4  # 6.9 kWh


def table(head: str, row, hours: int = 24, step: int = 60) -> str:
    """Return a CSV file of a day: its header, and what `row` makes of each time and the use of its interval [kWh]."""
    lines = [head]
    for place in range(hours * 60 // step):
        minute = place * step
        use = DAY[minute // 60 % 24] * step / 60
        lines.append(f"2024-04-15 {minute // 60:02d}:{minute % 60:02d}{row(place, use)}")
    return "\n".join(lines) + "\n"


def loaded(folder: Path, text: str, settings: str = "", name: str = "data.csv") -> influx.Home:
    (folder / name).write_text(text)
    (folder / "home.yaml").write_text("timezone: Europe/Vienna\n" + settings)
    return influx.load(folder)


def total(home: influx.Home) -> float:
    """Return what the household used, or its devices."""
    kwh = home.readings.groupby("device_id", observed=True)["energy_kwh"].sum()
    return float(kwh.get("household", kwh.sum()))


def states(start: float = 50.0, step: int = 60) -> list[float]:
    """Return a register's states at the ends of the day's intervals."""
    out = [start]
    for place in range(1440 // step):
        out.append(out[-1] + DAY[place * step // 60] * step / 60)
    return out[1:]


STATES, QUARTERS = states(), states(step=15)


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("timestamp,fridge_kwh,temperatur,spannung", lambda n, kwh: f",{kwh},{n},230"),
        ("timestamp,energy_kwh", lambda n, kwh: f",{kwh}"),
        ("timestamp,usage_kwh,soc,strompreis,is_on", lambda n, kwh: f",{kwh},{n},0.3,{n % 2}"),
        ("timestamp,plug_counter_kwh", lambda n, kwh: f",{STATES[n] - kwh:.2f}"),
        ("timestamp,heat_pump_w", lambda n, kwh: f",{kwh * 1000:.0f}"),
        ("timestamp,window_fan,lamp", lambda n, kwh: f",{kwh / 2:.2f},{kwh / 2:.2f}"),
        ("timestamp,kitchen,relay", lambda n, kwh: f",{kwh},{n % 2}"),
    ],
)
def test_a_table_with_a_timestamp_holds_only_what_is_energy(tmp_path: Path, head: str, row) -> None:
    used = total(loaded(tmp_path, table(head, row), "files: {data.csv: {label: start}}\n"))
    assert used == pytest.approx(6.9 - 0.2 * ("counter" in head), abs=0.01)


@pytest.mark.parametrize("unit", ["W", "kW"])
def test_small_powers_are_asked_about(tmp_path: Path, unit: str) -> None:
    text = table("timestamp,power,voltage,current", lambda n, kwh: f",{kwh * 150},230,0.1", step=15)
    with pytest.raises(InputError, match=rf"the unit of power is not said.*{{'power': {{unit: {unit}}}}}"):
        loaded(tmp_path, text)


@pytest.mark.parametrize(
    "aside", ["Temperature", "Kosten", "Spannung", "Humidity", "current", "Luftfeuchte", "tension"]
)
def test_the_unit_of_a_file_makes_no_energy_of_other_quantities(tmp_path: Path, aside: str) -> None:
    text = table(f"Time,AT01,{aside}", lambda n, kwh: f",{kwh / 4},{n % 9 + 10}", step=15)
    home = loaded(tmp_path, text, "files: {data.csv: {unit: kWh}}\n")
    assert total(home) == pytest.approx(6.9 / 4, abs=0.001)
    assert any(f"{aside} is no energy" in note for note in home.notes)


@pytest.mark.parametrize(
    ("head", "row", "step"),
    [
        ("time,use (kWh),meterstand (kWh)", lambda n, kwh: f",{kwh:.3f},{QUARTERS[n]:.3f}", 15),  # its end
        ("start,use (kWh),index (kWh)", lambda n, kwh: f",{kwh:.3f},{QUARTERS[n] - kwh:.3f}", 15),  # its start
        ("start,use (kWh),meter reading (Wh)", lambda n, kwh: f",{kwh:.3f},{QUARTERS[n] * 1000:.0f}", 15),
        ("start,Leistung (W),Energie (kWh)", lambda n, kwh: f",{kwh * 4000:.0f},{kwh:.3f}", 15),
        ("start,kWh,kW", lambda n, kwh: f",{kwh:.4f},{kwh * 4:.3f}", 15),
        ("start,Gesamt kWh,HT kWh,NT kWh", lambda n, kwh: f",{kwh},{kwh * (n % 2)},{kwh * (1 - n % 2)}", 15),
        ("start,Totaal kWh,Dal kWh,Piek kWh", lambda n, kwh: f",{kwh},{kwh * (n > 40)},{kwh * (n <= 40)}", 15),
        ("start,power (W),total_kwh", lambda n, kwh: f",{kwh * (3900 + 200 * (n % 2))},{QUARTERS[n] - kwh:.3f}", 15),
    ],
)
def test_an_energy_that_stands_twice_counts_once(tmp_path: Path, head: str, row, step: int) -> None:
    home = loaded(tmp_path, table(head, row, step=step))
    assert total(home) == pytest.approx(6.9, abs=0.06)  # a register lacks what came before its first state
    assert any("is not read" in note for note in home.notes)


def test_two_devices_in_one_table_are_not_the_same_energy(tmp_path: Path) -> None:
    text = table("start,dryer kWh,oven kW", lambda n, kwh: f",{kwh},{(n % 5) / 10}", step=15)
    assert set(loaded(tmp_path, text).devices["device_id"]) >= {"dryer", "oven"}


@pytest.mark.parametrize(
    ("sign", "number", "kwh"),
    [
        (".", lambda kwh: f"{kwh * 1e3:,.0f}".replace(",", "."), 6.9),
        (",", lambda kwh: f'"{kwh * 1e3:,.0f}"', 6.9),
        (".", lambda kwh: f"{(kwh + 1) * 1e3:,.0f}".replace(",", "."), 30.9),
    ],
)
def test_thousands_are_asked_about_and_then_read_whole(tmp_path: Path, sign: str, number, kwh: float) -> None:
    text = table("Zeit,Energie (Wh)", lambda n, use: f",{number(use)}")
    answer = "," if sign == "." else "."
    with pytest.raises(InputError, match=f'decimal: "{answer}"'):
        loaded(tmp_path, text)
    settings = f'files: {{data.csv: {{decimal: "{answer}"}}}}\n'
    assert total(loaded(tmp_path, text, settings)) == pytest.approx(kwh)


@pytest.mark.parametrize(
    ("head", "number"),
    [
        ("Zeit,Verbrauch (kWh)", lambda kwh: f"{kwh + 1:.3f}"),  # thousands of kWh use no home
        ("Zeit,Zähler (kWh)", lambda kwh: f"{kwh:.3f}"),  # a zero before the point
        ("Zeit,Energie (Wh)", lambda kwh: f"{kwh * 1000:.3f}"),  # four digits before it
    ],
)
def test_decimals_that_cannot_be_thousands_are_read(tmp_path: Path, head: str, number) -> None:
    used = total(loaded(tmp_path, table(head, lambda n, kwh: f",{number(kwh)}")))
    assert used == pytest.approx(30.9 if "Verbrauch" in head else 6.9)


def test_signs_that_part_thousands() -> None:
    import pandas as pd

    assert cells.numbers(pd.Series(["1.200", "0,5"]), comma=True, parted=True)[0].tolist() == [1200, 0.5]
    assert cells.numbers(pd.Series(["1,200", "0,500"]), parted=True)[1].tolist() == [True, True]  # no thousands


ROWS = table("", lambda n, kwh: f";{kwh:.3f}", step=15).lstrip("\n")


@pytest.mark.parametrize(
    "above",
    [
        "Zählpunkt;Von\nAT001;15.04.2024\nDatum;Verbrauch (kWh)\n",  # a query with a date
        "Meter;From\n123456;2024-04-15\nTime;Usage (kWh)\n",  # and with a number
        "Kunde;000\nBeginn;15.04.2024\n;\nZeit;kWh\n",  # blank lines before a header that is a unit
        "Home;Home\nTime;Consumption\n;kWh\n",  # a row of units
    ],
)
def test_the_line_of_the_header_is_found(tmp_path: Path, above: str) -> None:
    assert total(loaded(tmp_path, above + ROWS)) == pytest.approx(6.9, abs=0.01)


def test_rows_without_a_value_may_be_shorter(tmp_path: Path) -> None:
    blank = "".join(f"2024-04-{day} {hour:02d}:00;\n" for day in (12, 13, 14) for hour in range(24))
    rows = table("Zeit;Verbrauch (kWh);;", lambda n, kwh: f";{kwh};;")
    head, _, rest = rows.partition("\n")
    assert total(loaded(tmp_path, f"{head}\n{blank}{rest}")) == pytest.approx(6.9)


def test_a_table_below_itself_is_read_once_and_another_is_refused(tmp_path: Path) -> None:
    text = "Zeit;kWh\n" + ROWS
    home = loaded(tmp_path, text + text)
    assert total(home) == pytest.approx(6.9, abs=0.01)
    assert (home.rejected["reason"] == "the same row stands above, as the table stands there twice").sum() == 96
    with pytest.raises(InputError, match=r"no column tells these rows apart\. Put each series"):
        loaded(tmp_path, text + text.replace(";0.", ";1."))


def test_of_tables_beside_each_other_the_finer_is_read(tmp_path: Path) -> None:
    lines = ROWS.splitlines()
    lines[0] += ";2024-04-15 00:00;6.9"
    lines[1:] = [line + ";;" for line in lines[1:]]
    home = loaded(tmp_path, "Zeit;kWh;Zeit;kWh\n" + "\n".join(lines) + "\n")
    assert total(home) == pytest.approx(6.9, abs=0.01)
    assert any("has other times than the one beside it and is not read" in note for note in home.notes)


@pytest.mark.parametrize("watts", [lambda minute: 0 if minute < 400 else 600 + minute % 7, lambda minute: 600])
def test_watts_by_the_minute_are_no_register(tmp_path: Path, watts) -> None:
    rows = "".join(f"{1713135600 + 60 * minute},{watts(minute)}\n" for minute in range(1440))
    kwh = sum(map(watts, range(1440))) / 60_000
    try:
        home = loaded(tmp_path, rows, name="feed.csv")
    except InputError as error:
        assert "unit: W" in str(error)
        home = loaded(tmp_path, rows, "files: {feed.csv: {unit: W}}\n", "feed.csv")
    assert total(home) == pytest.approx(kwh, rel=0.001)
