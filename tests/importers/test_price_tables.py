"""Tables of prices: they become prices or a question, and never energy; and files of other kinds keep what is said."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from influx import importers, load
from influx.core.errors import InputError
from influx.core.settings import File, Settings
from influx.importers import Part
from influx.importers.reading import price_units, units

HOUR = ("2024-07-01 00:00", "2024-07-01 01:00", "2024-07-01 02:00", "2024-07-01 03:00")


def table(header: str, *rows: str, times: tuple[str, ...] = HOUR) -> str:
    """Return a table of four hours; a row's `@` is its time."""
    return "\n".join([header, *(row.replace("@", time) for row, time in zip(rows * 4, times, strict=False))]) + "\n"


def read(folder: Path, content: str, name: str = "t.csv", currency: str | None = None, **file: object) -> Part:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    files = {name: File.model_validate(file)} if file else {}
    settings = Settings(timezone="UTC", currency=currency, files=files)
    source = importers.find(path, settings)
    assert source is not None
    return source.read(path, settings)


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "factor", "currencies"),
    [
        ("Preis (ct/kWh)", 0.01, {"EUR", "USD", "AUD", "NZD", "CAD"}),
        ("price_gbp_per_mwh", 0.001, {"GBP"}),
        ("Elpris öre/kWh", 0.01, {"SEK", "NOK", "DKK"}),
        ("Unit rate inc VAT (p/kWh)", 0.01, {"GBP"}),
        ("kr. pr. kWh", 1.0, set()),
        ("c€/kWh", 0.01, {"EUR"}),
        ("Rp./kWh", 0.01, {"CHF"}),
        ("Precio [€/MWh]", 0.001, {"EUR"}),
        ("price_per_mwh", 0.001, set()),
        ("CHF_per_kWh", 1.0, {"CHF"}),
    ],
)
def test_a_unit_of_money_is_none_of_energy(name: str, factor: float, currencies: set[str]) -> None:
    unit = price_units.unit_of(name)
    assert unit is not None
    assert (unit.factor, set(unit.currencies), units.in_name(name)) == (factor, currencies, None)


@pytest.mark.parametrize("name", ["P (kWh)", "C (kWh)", "Ore kWh", "RP kWh", "GR (kWh)"])
def test_a_letter_beside_a_unit_of_energy_is_no_money(name: str) -> None:
    assert price_units.unit_of(name) is None and not price_units.is_money(name)


@pytest.mark.parametrize("name", ["g/kWh", "perKwh", "kg CO2 per kWh", "km/kWh", "gCO2eq/kWh"])
def test_what_something_is_counted_by_is_no_unit_of_it(name: str) -> None:
    assert units.in_name(name) is None


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Verbrauch/kWh", "kWh"),
        ("Leistung / kW", "kW"),
        ("P/W", "W"),
        ("KWH/hh (per half hour)", "KWH"),
        ("Prise salon (kWh)", "kWh"),
        ("Camper kWh", "kWh"),
        ("Consumption low price (kWh)", "kWh"),
        ("Spots (kWh)", "kWh"),
    ],
)
def test_a_unit_behind_a_quantity_stays_one(name: str, unit: str) -> None:
    assert units.in_name(name) == unit


# --- tables -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "row", "currency", "price"),
    [
        ("time,Preis (ct/kWh)", "@,25.5", "EUR", 0.255),
        ("Hour UTC;Hour DK;PriceArea;SpotPriceDKK (DKK/MWh);SpotPriceEUR (EUR/MWh)", "@;@;DK1;750;100", "DKK", 0.75),
        ("date;Marktpreis (EUR/MWh)", "@;80,25", "EUR", 0.08025),
        ("time_start,SEK_per_kWh,EUR_per_kWh,EXR", "@,0.5,0.045,11.1", "SEK", 0.5),
        ("timestamp,spot_price_ore_per_kwh", "@,61.5", "NOK", 0.615),
        ("valid_from,valid_to,value_exc_vat,value_inc_vat", "@,,20,21", "GBP", 0.21),
        ("datetime,price_per_kwh,tax", "@,0.31,0.05", "EUR", 0.31),
    ],
)
def test_a_table_of_prices_becomes_prices(tmp_path: Path, header: str, row: str, currency: str, price: float) -> None:
    part = read(tmp_path, table(header, row), currency=currency)
    assert (part.kind, part.currency in (None, currency)) == ("prices", True)
    assert part.frame["price_per_kwh"].tolist() == pytest.approx([price] * 4)
    assert part.frame["timestamp"].iloc[0] == pd.Timestamp("2024-07-01", tz="UTC")
    assert set(part.frame["minutes"]) == {60}


def test_a_table_is_one_of_prices_by_the_name_of_its_file(tmp_path: Path) -> None:
    part = read(tmp_path, table("time;value", "@;0,25"), "strompreise.csv", "EUR")
    assert part.frame["price_per_kwh"].tolist() == [0.25] * 4


@pytest.mark.parametrize(
    ("content", "name", "currency", "lines", "answer", "price"),
    [
        (table("time,price", "@,24.5"), "t.csv", "GBP", ("unit: p/kWh", "unit: GBP/MWh"), {"unit": "p/kWh"}, 0.245),
        (table("timestamp,price", "@,24.5"), "p.csv", "EUR", ("unit: ct/kWh",), {"unit": "EUR/MWh"}, 0.0245),
        (
            table("time,spot_price,total_price", "@,0.1,0.3"),
            "t.csv",
            "EUR",
            ("value: spot_price", "value: total_price"),
            {"value": "total_price"},
            0.3,
        ),
        (
            table("timestamp,price", "@,0.1"),
            "outgoing_prices.csv",
            "GBP",
            ("prices: export",),
            {"prices": "import"},
            0.1,
        ),
        (table("time,Einspeisepreis ct/kWh", "@,8"), "t.csv", "EUR", ("prices: import",), {"prices": "import"}, 0.08),
    ],
)
def test_what_is_not_certain_of_prices_is_asked_and_the_answer_is_read(
    tmp_path: Path, content: str, name: str, currency: str, lines: tuple[str, ...], answer: dict[str, str], price: float
) -> None:
    with pytest.raises(InputError, match="price") as error:
        read(tmp_path, content, name, currency)
    assert all(line in str(error.value) for line in lines)
    part = read(tmp_path, content, name, currency, **answer)
    assert (part.kind, part.frame["price_per_kwh"].tolist()) == ("prices", pytest.approx([price] * 4))


def test_any_table_may_be_said_to_be_one_of_prices(tmp_path: Path) -> None:
    content = table("when;a;b", "@;12,5;3")
    part = read(tmp_path, content, currency="EUR", prices="import", value="a", unit="ct/kWh")
    assert part.frame["price_per_kwh"].tolist() == [0.125] * 4


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("time,fridge (kWh),price (ct/kWh)", "@,0.2,30"),
        ("time,energy,price_eur", "@,0.2,0.3"),
        ("time,Consumption low price (kWh)", "@,0.2"),
        ("time,Verbrauch/kWh,Kosten/EUR", "@,0.2,0.05"),
    ],
)
def test_energy_beside_prices_is_still_energy(tmp_path: Path, header: str, row: str) -> None:
    part = read(
        tmp_path, table(header, row, times=tuple(f"2024-07-01 {hour:02}:00" for hour in range(4))), label="start"
    )
    assert (part.kind, part.frame["energy_kwh"].sum()) == ("readings", pytest.approx(0.8))
    assert part.frame["device_id"].nunique() == 1


def test_prices_of_what_is_fed_in_are_left_aside(tmp_path: Path) -> None:
    (tmp_path / "use.csv").write_text(table("device_id,timestamp,energy_kwh", "tv,@,0.5"), encoding="utf-8")
    (tmp_path / "out.csv").write_text(table("timestamp,price_eur_per_kwh", "@,0.08"), encoding="utf-8")
    (tmp_path / "home.yaml").write_text("timezone: UTC\nfiles: {out.csv: {prices: export}}\n", encoding="utf-8")
    home = load(tmp_path)
    assert home.prices is None
    assert any("out.csv, a table of prices for what is fed in" in note for note in home.notes)


def test_a_price_sensor_holds_its_price_until_the_next_one(tmp_path: Path) -> None:
    stamps = ("2024-07-01T00:00:00.1Z", "2024-07-01T01:00:00.1Z", "2024-07-01T04:00:00.1Z", "2024-07-01T05:00:00.1Z")
    rows = [f"sensor.nordpool_kwh_se3_sek_3_10_025,{price},@" for price in (0.5, 0.7, "unavailable", 0.6)]
    content = "\n".join(
        ["entity_id,state,last_changed", *(row.replace("@", stamp) for row, stamp in zip(rows, stamps, strict=True))]
    )
    part = read(tmp_path, content + "\n", "history.csv", "SEK")
    assert part.frame["price_per_kwh"].tolist()[:2] == [0.5, 0.7]
    assert part.frame["minutes"].tolist()[:2] == [60, 180]


def test_a_price_sensor_beside_a_register_is_left_aside(tmp_path: Path) -> None:
    rows = [
        f"sensor.{name},{state},2024-07-01T0{hour}:30:00.000Z"
        for name, first, step in (("tv_energy", 10.0, 0.5), ("tibber_electricity_price", 0.3, 0.01))
        for hour, state in ((hour, first + step * hour) for hour in range(5))
    ]
    part = read(tmp_path, "\n".join(["entity_id,state,last_changed", *rows, ""]), "history.csv")
    assert set(part.frame["device_id"].astype("str")) == {"tv_energy"}
    assert part.frame["energy_kwh"].sum() == pytest.approx(2.0)
    assert any("tibber_electricity_price is a price" in note for note in part.notes)


# --- what home.yaml says of a file ------------------------------------------------------------------------------------

_KINDS = {
    "prices": ("timestamp,price", "0.25"),
    "weather": ("timestamp,outdoor_temp_celsius", "20.5"),
    "carbon": ("timestamp,carbon_intensity_g_per_kwh", "210.5"),
}


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    ("file", "begin", "separator", "first"),
    [
        ({"timezone": "+02:00"}, ["2024-07-03 10:00", "2024-07-03 11:00"], ",", "2024-07-03 08:00"),
        ({"label": "end"}, ["2024-07-03 10:00", "2024-07-03 11:00"], ",", "2024-07-03 09:00"),
        ({"date_order": "dmy"}, ["03.07.2024 10:00", "03.07.2024 11:00"], ",", "2024-07-03 10:00"),
        ({"date_order": "mdy"}, ["07/03/2024 10:00", "07/03/2024 11:00"], ",", "2024-07-03 10:00"),
        ({"separator": "|"}, ["2024-07-03 10:00", "2024-07-03 11:00"], "|", "2024-07-03 10:00"),
        ({"decimal": ","}, ["2024-07-03 10:00", "2024-07-03 11:00"], ";", "2024-07-03 10:00"),
        ({"header": 2}, ["2024-07-03 10:00", "2024-07-03 11:00"], ",", "2024-07-03 10:00"),
        ({"time": "at"}, ["2024-07-03 10:00", "2024-07-03 11:00"], ",", "2024-07-03 10:00"),
    ],
)
def test_what_is_said_of_a_file_holds_for_every_kind(
    tmp_path: Path, kind: str, file: dict[str, object], begin: list[str], separator: str, first: str
) -> None:
    header, value = _KINDS[kind]
    header = header.replace("timestamp", str(file.get("time", "timestamp")))
    value = value.replace(".", str(file.get("decimal", ".")))
    lines = [header, *(f"{time},{value}" for time in begin)] if file.get("decimal") is None else []
    lines = lines or [header.replace(",", ";"), *(f"{time};{value}" for time in begin)]
    content = "\n".join((["title"] if "header" in file else []) + [line for line in lines]) + "\n"
    content = content.replace(",", separator) if separator == "|" else content
    part = read(tmp_path, content, format=kind, **file)
    assert (part.kind, part.frame["timestamp"].iloc[0]) == (kind, pd.Timestamp(first, tz="UTC"))
    column = {"prices": "price_per_kwh", "weather": "outdoor_temp_celsius", "carbon": "carbon_g_per_kwh"}[kind]
    assert part.frame[column].tolist() == [float(_KINDS[kind][1])] * 2


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    "file", [{"measures": "power"}, {"device": "a"}, {"columns": {"a": "b"}}, {"silence": "unchanged"}]
)
def test_what_has_no_effect_on_a_file_is_refused(tmp_path: Path, kind: str, file: dict[str, object]) -> None:
    header, value = _KINDS[kind]
    with pytest.raises(InputError, match=rf"files\.t\.csv\.{next(iter(file))} has no effect"):
        read(tmp_path, table(header, f"@,{value}"), format=kind, **file)
