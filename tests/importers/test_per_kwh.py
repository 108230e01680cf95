"""Files of prices and of carbon intensity: known by their header, read, accounted for, kept with the home."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny

from influx import importers, load
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.home.home import Home
from influx.home.metadata import half_hours
from influx.importers import Part

LONDON = Settings(timezone="Europe/London")


def write(folder: Path, content: str, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def read(path: Path, settings: Settings = LONDON) -> Part:
    source = importers.find(path)
    assert source is not None
    return source.read(path, settings)


# --- which file is one ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "header", "kind"),
    [
        ("a.csv", "timestamp,price", "prices"),
        ("a.csv", "timestamp,price_per_kwh,published", "prices"),
        ("a.csv", "timestamp,price_gbp_per_kwh", "prices"),
        ("spot_prices.csv", "timestamp,zone,price_eur_per_mwh,volume", "prices"),
        ("london_price_temperature.csv", "timestamp,price_gbp_per_kwh,outdoor_temp_celsius", "prices"),
        ("a.csv", "timestamp,outdoor_temp_celsius,price", "weather"),
        ("a.csv", "timestamp,fridge,tv,price", "readings"),
        ("prices.csv", "device_id,timestamp,energy_kwh,price", "readings"),
        ("a.csv", "timestamp,carbon_intensity_g_per_kwh,kind", "carbon"),
        ("carbon.csv", "timestamp,carbon_intensity_g_per_kwh,index", "carbon"),
        ("a.csv", "timestamp,fridge,carbon_intensity_g_per_kwh", "readings"),
    ],
)
def test_a_file_is_told_from_readings_and_weather(tmp_path: Path, name: str, header: str, kind: str) -> None:
    source = importers.find(write(tmp_path, f"{header}\n", name))
    assert source is not None
    assert source.id == kind


def test_a_price_beside_devices_is_no_device(tmp_path: Path) -> None:
    part = read(write(tmp_path, "timestamp,tv,price_eur_per_kwh\n2024-07-01 00:00,1,0.2\n2024-07-01 01:00,1,0.3\n"))
    assert set(part.frame["device_id"]) == {"tv"}
    assert part.notes == ("data.csv: price_eur_per_kwh is no energy and is not read here.",)


# --- what is read -----------------------------------------------------------------------------------------------------


def test_prices_are_read_in_their_unit_and_may_fall_below_zero(tmp_path: Path) -> None:
    rows = "2024-07-01 00:00,120\n2024-07-01 01:00,-20.5\n2024-07-01 02:00,\n2024-07-01 03:00,dear\n"
    part = read(write(tmp_path, f"timestamp,price_eur_per_mwh\n{rows}"))
    assert (part.kind, part.currency, part.rows_read) == ("prices", "EUR", 4)
    np.testing.assert_allclose(part.frame["price_per_kwh"], [0.12, -0.0205, np.nan])
    assert part.frame["timestamp"].iloc[0] == pd.Timestamp("2024-06-30 23:00", tz="UTC")  # summer time in London
    assert set(part.frame["minutes"]) == {60}
    assert part.rejected[["row", "column", "value", "reason"]].to_numpy().tolist() == [
        [5, "price_eur_per_mwh", "dear", "not a number"]
    ]


def test_local_half_hours_are_read_across_the_end_of_summer_time(tmp_path: Path) -> None:
    times = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]
    rows = "".join(f"2024-10-27 {time},{number / 10}\n" for number, time in enumerate(times))
    part = read(write(tmp_path, f"timestamp,price\n{rows}"))
    expected = pd.date_range("2024-10-26 23:30", periods=6, freq="30min", tz="UTC")
    assert part.frame["timestamp"].tolist() == expected.tolist()
    assert (len(part.rejected), set(part.frame["minutes"]), part.currency) == (0, {30}, None)


def test_intensities_are_read_and_none_is_negative(tmp_path: Path) -> None:
    rows = "2024-07-01 00:00Z,210,measured\n2024-07-01 01:00Z,190,Forecast\n2024-07-01 02:00Z,-1,forecast\n"
    rows += "2024-07-01 03:00Z,200,guess\n"
    part = read(write(tmp_path, f"timestamp,carbon_intensity_g_per_kwh,kind\n{rows}"))
    assert part.frame["carbon_g_per_kwh"].tolist() == [210, 190]
    assert part.frame["kind"].tolist() == ["measured", "forecast"]
    assert part.rejected["column"].tolist() == ["carbon_intensity_g_per_kwh", "kind"]


@pytest.mark.parametrize(
    ("content", "settings", "reason"),
    [
        ("timestamp,price_gbp_per_kwh\n2024-07-01,1\n", Settings(currency="EUR"), "is in GBP, but home.yaml says"),
        ("timestamp,price,price_per_kwh\n2024-07-01,1,1\n", LONDON, "there are several prices, price, price_per_kwh"),
        ("timestamp,price\n2024-07-01,1\n2024-07-02,1\n", LONDON, "a value every 24 hours is too coarse"),
        ("timestamp,price\n2024-07-01,much\n", LONDON, "'much': not a number"),
    ],
)
def test_what_cannot_be_a_price_file_is_said(tmp_path: Path, content: str, settings: Settings, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(write(tmp_path, content), settings)


def test_what_else_stands_in_a_price_file_is_told(tmp_path: Path) -> None:
    part = read(write(tmp_path, "timestamp,price,zone\n2024-07-01 00:00,1,A\n", "prices.csv"))
    assert part.notes == ("prices.csv: zone beside price is not read; put it into a file of its own.",)


# --- half hours -------------------------------------------------------------------------------------------------------

NO_SHIFT = pd.Timedelta(0)


def values(start: str, minutes: int, *numbers: float, **more: object) -> pd.DataFrame:
    stamps = pd.date_range(start, periods=len(numbers), freq=f"{minutes}min", tz="UTC", unit="us")
    return pd.DataFrame({"timestamp": stamps, "minutes": float(minutes), "x": numbers}).assign(**more)


def halves(*files: pd.DataFrame, shift: pd.Timedelta = NO_SHIFT) -> dict[str, float]:
    found = half_hours(list(files), "x", shift)
    assert found is not None
    return dict(zip(found["timestamp"].dt.strftime("%H:%M"), found["x"], strict=True))


def test_every_step_is_brought_to_half_hours() -> None:
    assert halves(values("2024-07-01", 60, 1.0, 3.0)) == {"00:00": 1, "00:30": 1, "01:00": 3, "01:30": 3}
    assert halves(values("2024-07-01", 30, 1.0, 3.0)) == {"00:00": 1, "00:30": 3}
    assert halves(values("2024-07-01", 15, 1.0, 3.0, 5.0, 9.0)) == {"00:00": 2, "00:30": 7}
    assert halves(values("2024-07-01", 10, 1.0, 2.0, 6.0)) == {"00:00": 3}
    assert halves(values("2024-07-01", 15, 1.0, 3.0, np.nan, 9.0)) == {"00:00": 2}, "half of one is known"


def test_half_hours_are_those_of_the_homes_clock() -> None:
    """In Nepal an hour begins at a quarter past in UTC: half of the half hour from 00:45 lies in the next price."""
    found = halves(values("2024-07-01", 60, 1.0, 3.0), shift=pd.Timedelta(minutes=15))
    assert found == {"00:15": 1, "00:45": 2, "01:15": 3}


def test_measured_goes_before_forecast_then_the_newer_file_then_what_was_published_last() -> None:
    old, new = values("2024-07-01", 30, 1.0, 1.0, kind="measured"), values("2024-07-01", 30, 2.0, 2.0, kind="forecast")
    assert halves(old, new) == halves(new, old) == {"00:00": 1, "00:30": 1}
    assert halves(old, old.assign(x=5.0)) == {"00:00": 5, "00:30": 5}
    first, later = values("2024-07-01", 30, 1.0, published=1), values("2024-07-01", 30, 2.0, published=2)
    assert halves(pd.concat([later, first], ignore_index=True)) == {"00:00": 2}


# --- the home ---------------------------------------------------------------------------------------------------------


def home_with(folder: Path, files: dict[str, str], as_of: str | None = None, home: str = "timezone: UTC\n") -> Home:
    """Load two days of a device from 6 May 2024 on, beside further files."""
    tiny.write_readings(folder, home=home, tv=np.ones(48))
    for name, content in files.items():
        write(folder, content, name)
    return load(folder, as_of)


PRICES = "timestamp,price_gbp_per_kwh\n" + "".join(
    f"2024-05-0{day}T{hour:02d}:00Z,0.{day}\n" for day in (6, 7, 8) for hour in range(24)
)
CARBON = "timestamp,carbon_intensity_g_per_kwh\n" + "".join(
    f"2024-05-0{day}T{hour:02d}:00Z,{day}00\n" for day in (6, 7, 8) for hour in range(24)
)


def test_prices_and_carbon_are_accounted_for_and_kept_with_the_home(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", {"prices.csv": PRICES, "carbon.csv": CARBON})
    audit = home.reconciliation.set_index("file")
    files = audit.loc[["prices.csv", "carbon.csv"]]
    assert files[["rows_read", "rows_used", "rows_rejected"]].to_numpy().tolist() == [[72, 72, 0]] * 2
    assert files["kwh_used"].isna().all()
    assert audit.loc["readings.csv", "kwh_used"] == 48
    assert home.prices is not None
    assert home.carbon is not None
    assert home.prices["price_per_kwh"].tolist() == [0.6] * 48 + [0.7] * 48 + [0.8] * 48
    assert home.carbon["kind"].tolist() == ["measured"] * 96 + ["forecast"] * 48
    assert set(home.readings["device_id"]) == {"tv"}
    home.save(tmp_path / "kept")
    assert not (tmp_path / "kept" / "prices.parquet").exists()  # the run's own, of the coming hours
    again = Home.open(tmp_path / "kept")
    pd.testing.assert_frame_equal(again.prices, home.prices)
    pd.testing.assert_frame_equal(again.carbon, home.carbon)
    assert home_with(tmp_path / "without", {}).prices is None


def test_a_price_file_names_the_currency_where_home_yaml_does_not(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"prices.csv": PRICES}, home="tariff: {standing_charge_per_day: 0.1}\n")
    assert home.settings.currency == "GBP"
    assert not any("No currency" in note for note in home.notes)


def test_two_currencies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="The price files are in EUR and GBP"):
        home_with(tmp_path, {"prices.csv": PRICES, "more_prices.csv": PRICES.replace("gbp", "eur")})


def test_carbon_measured_after_the_as_of_time_is_not_known_then(tmp_path: Path) -> None:
    rows = "2024-05-06T12:00Z,300,measured\n2024-05-07T12:00Z,400,measured\n2024-05-07T13:00Z,500,forecast\n"
    content = f"timestamp,carbon_intensity_g_per_kwh,kind\n{rows}"
    home = home_with(tmp_path, {"carbon.csv": content}, as_of="2024-05-07")
    assert home.carbon is not None
    assert sorted(set(home.carbon["carbon_g_per_kwh"])) == [300, 500]
    assert home.reconciliation.set_index("file").loc["carbon.csv", "rows_after_as_of"] == 1


def test_prices_published_after_the_as_of_time_are_not_known_then(tmp_path: Path) -> None:
    rows = "2024-05-07T23:00Z,0.3,2024-05-06T13:00Z\n2024-05-08T00:00Z,0.4,2024-05-07T13:00Z\n"
    home = home_with(tmp_path / "a", {"prices.csv": f"timestamp,price,published\n{rows}"}, as_of="2024-05-07")
    assert home.prices is not None
    assert set(home.prices["price_per_kwh"]) == {0.3}
    silent = home_with(tmp_path / "b", {"prices.csv": PRICES}, as_of="2024-05-07")
    assert silent.prices is not None
    assert len(silent.prices) == 144
    assert any("no column published" in note for note in silent.notes)
