"""What the first page tells: parts of a whole, estimates that are called so, and no gap that passes for zero."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest import approx

from influx import load
from influx.home.home import Home
from influx.insights import explore

MADRID = "timezone: Europe/Madrid\n"


def by_device(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index("device_id")


def with_weather(folder: Path, celsius: np.ndarray, start: str = tiny.MONDAY) -> Path:
    stamps = pd.date_range(start, periods=len(celsius), freq="h").strftime("%Y-%m-%dT%H:%M:%SZ")
    frame = pd.DataFrame({"timestamp": stamps, "outdoor_temp_celsius": celsius, "kind": "measured"})
    frame.to_csv(folder / "weather.csv", index=False)
    return folder


# --- where the energy goes --------------------------------------------------------------------------------------------


def test_shares_are_of_the_known_hours(tmp_path: Path) -> None:
    """A heater uses 0.3 kWh in each hour, an oven 0.1 kWh, of which every other hour is not known."""
    oven = np.where(np.arange(48) % 2 == 0, 0.1, np.nan)
    found = by_device(explore.breakdown(load(tiny.write_readings(tmp_path, heater=np.full(48, 0.3), oven=oven))))
    assert list(found.index) == ["heater", "oven"]
    assert found["kwh"].to_dict() == approx({"heater": 14.4, "oven": 2.4})
    assert found["kwh_per_day"].to_dict() == approx({"heater": 7.2, "oven": 2.4})
    assert found["share"].to_dict() == approx({"heater": 0.75, "oven": 0.25})
    assert found["standby_kwh_per_day"].isna().all()


@examples(max_examples=10)
@given(st.lists(st.floats(0, 5), min_size=1, max_size=9), st.integers(0, 100))
def test_shares_add_up_to_one_unless_nothing_was_used(tmp_path_factory, levels: list[float], seed: int) -> None:
    unknown = np.random.default_rng(seed).random((len(levels), 30)) < 0.2
    unknown[:, 0] = False
    devices = {f"d{n}": np.where(unknown[n], np.nan, round(level, 3)) for n, level in enumerate(levels)}
    found = explore.breakdown(load(tiny.write_readings(tmp_path_factory.mktemp("home"), **devices)))
    assert len(found) == len(levels)
    assert found["share"].sum() == approx(1) if found["kwh"].sum() > 0 else found["share"].isna().all()


def test_what_no_device_explains_has_its_share(tmp_path: Path) -> None:
    home = load(tiny.write_readings(tmp_path, main=np.full(24, 1.0), tv=np.full(24, 0.25)))
    assert by_device(explore.breakdown(home))["share"].to_dict() == approx({"other": 0.75, "tv": 0.25})


def test_a_home_of_one_meter_is_its_own_whole(tmp_path: Path) -> None:
    found = explore.breakdown(load(tiny.write_readings(tmp_path, main=np.full(48, 0.5))))
    assert found[["device_id", "kwh", "share", "kwh_per_day"]].to_numpy().tolist() == [["household", 24, 1, 12]]


def test_standby_is_watts_times_hours_without_use(tmp_path: Path) -> None:
    """From 19:00 on 6 May to 20:00 on 29 May lie 553 hours, in 24 of which the television ran: 10 W in the others."""
    uses = tiny.evenings("TV", 24).assign(standby_power_watt=10)
    home = load(tiny.write_events(tmp_path, uses))
    assert len(home.readings) == 553
    assert explore.standby(home) == approx({"TV": 0.010 * 24 * 529 / 553})
    found = explore.breakdown(home).iloc[0]
    assert found["standby_kwh_per_day"] == approx(0.22958, abs=1e-5)
    assert found["kwh"] == approx(12)  # standby stands beside what was measured, not in it
    assert found["share"] == 1


def test_standby_of_a_meter_or_of_unknown_watts_is_not_invented(tmp_path: Path) -> None:
    assert explore.standby(load(tiny.write_events(tmp_path / "a", tiny.evenings("TV", 5)))) == {}
    settings = "devices: {tv: {standby_power_watt: 5}}\n"  # a meter has it in its readings
    assert explore.standby(load(tiny.write_readings(tmp_path / "b", tv=tiny.days(5), home=settings))) == {}


def test_a_device_that_never_rests_has_no_standby(tmp_path: Path) -> None:
    uses = tiny.evenings("ROUTER", 3, at="00:00", minutes=1440).assign(standby_power_watt=8)
    assert explore.standby(load(tiny.write_events(tmp_path, uses))) == {"ROUTER": 0.0}


# --- days -------------------------------------------------------------------------------------------------------------


def test_a_day_has_the_hours_that_its_clock_gives_it(tmp_path: Path) -> None:
    """1 kWh in each hour: 23 on the day of summer time, 25 on the day of winter time, 24 on others."""
    year = np.ones(366 * 24)
    home = load(tiny.write_readings(tmp_path, start="2023-12-31T23:00", tv=year, home=MADRID))
    days = explore.daily(home).query("device_id == 'tv'").set_index("day")["kwh"]
    assert days["2024-03-31"] == 23
    assert days["2024-10-27"] == 25
    assert (days.drop([pd.Timestamp("2024-03-31"), pd.Timestamp("2024-10-27")]) == 24).all()


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25), ("2024-05-06", 24)])
def test_a_day_of_which_one_hour_is_not_known_is_not_known(tmp_path: Path, day: str, hours: int) -> None:
    begin = pd.Timestamp(day, tz="Europe/Madrid").tz_convert("UTC")
    kwh = np.ones(hours + 24)
    kwh[hours - 1] = np.nan
    home = load(tiny.write_readings(tmp_path, start=f"{begin:%Y-%m-%dT%H:%M}", tv=kwh, home=MADRID))
    days = explore.daily(home).query("device_id == 'tv'").set_index("day")["kwh"]
    assert np.isnan(days[day])
    assert days.iloc[1] == 24


@pytest.mark.parametrize(("day", "hours"), [("2024-10-27", 24), ("2024-05-06", 23)])
def test_a_day_that_the_data_only_holds_in_part_is_not_known(tmp_path: Path, day: str, hours: int) -> None:
    """The first hour of the day came before the data."""
    begin = pd.Timestamp(day, tz="Europe/Madrid").tz_convert("UTC") + pd.Timedelta(hours=1)
    home = load(tiny.write_readings(tmp_path, start=f"{begin:%Y-%m-%dT%H:%M}", tv=np.ones(hours), home=MADRID))
    assert explore.daily(home)["kwh"].isna().all()


def test_the_household_of_a_day_is_the_sum_of_its_devices(tmp_path: Path) -> None:
    home = load(tiny.write_readings(tmp_path, tv=tiny.days(3), oven=tiny.days(3, seed=1)))
    days = explore.daily(home).pivot(index="day", columns="device_id", values="kwh")
    assert days["household"].to_numpy() == approx((days["tv"] + days["oven"]).to_numpy())


# --- hours ------------------------------------------------------------------------------------------------------------


def test_the_heat_map_holds_means_of_the_known_hours(tmp_path: Path) -> None:
    """Three Mondays at 10:00 in Madrid (8:00 UTC): 1 kWh, not known, 4 kWh."""
    kwh = np.zeros(21 * 24)
    kwh[[8, 7 * 24 + 8, 14 * 24 + 8]] = [1, np.nan, 4]
    home = load(tiny.write_readings(tmp_path, tv=kwh, home=MADRID))
    found = explore.profile(home).set_index(["device_id", "weekday", "hour"])["kwh"]
    assert found["tv", 0, 10] == 2.5
    assert found["household", 0, 10] == 2.5
    assert found["tv"].sum() == 2.5
    assert len(found["tv"]) == 168


def test_completeness_counts_from_the_first_known_hour_to_the_last(tmp_path: Path) -> None:
    kwh = np.full(72, 0.5)
    kwh[:10], kwh[20:26], kwh[-2:] = np.nan, np.nan, np.nan
    home = load(tiny.write_readings(tmp_path, tv=kwh, oven=np.full(72, 0.1), home=MADRID))
    found = by_device(explore.completeness(home)).loc["tv"]
    assert found["first"] == pd.Timestamp("2024-05-06 12:00")
    assert found["last"] == pd.Timestamp("2024-05-08 23:00")
    assert (found["days"], found["hours_missing"]) == (2.5, 6)
    assert found["share_known"] == approx(54 / 60)
    assert found["kwh"] == approx(27)
    assert found["share_estimated"] == 0
    assert by_device(explore.completeness(home)).loc["oven", "share_known"] == 1


def test_a_device_that_was_never_known_is_left_out(tmp_path: Path) -> None:
    home = load(tiny.write_readings(tmp_path, tv=np.ones(24), dead=np.full(24, np.nan)))
    assert explore.completeness(home)["device_id"].tolist() == ["tv"]
    assert explore.breakdown(home)["device_id"].tolist() == ["tv"]


def test_a_household_that_no_hour_of_its_meters_tells_is_left_out(tmp_path: Path) -> None:
    """The grid meter and the solar meter are never known in the same hour."""
    even = np.arange(48) % 2 == 0
    meters = {"grid_import": np.where(even, 1.0, np.nan), "pv": np.where(even, np.nan, 1.0)}
    home = load(tiny.write_readings(tmp_path, tv=np.ones(48), **meters))
    assert "household" in set(home.readings["device_id"])
    assert explore.completeness(home)["device_id"].tolist() == ["tv"]


# --- what use goes with -----------------------------------------------------------------------------------------------


def heated(folder: Path, days: int) -> Home:
    """A heater that uses more on each colder day, a cooler on each warmer one, and a clock that does not care."""
    cold = np.repeat(np.arange(days, dtype=float), 24)
    heat = 1 + cold / 100 + np.tile([0.05, -0.05], 12 * days)
    devices = {"heater": heat, "cooler": 1 - cold / 1000, "clock": np.full(24 * days, 0.001)}
    tiny.write_readings(folder, **devices)
    return load(with_weather(folder, 15 - cold))


def test_use_that_rises_and_falls_with_temperature_is_found(tmp_path: Path) -> None:
    found = by_device(explore.drivers(heated(tmp_path, 20)))
    assert found["temperature"].drop("clock").to_dict() == approx({"heater": -1, "cooler": 1, "household": -1})
    assert np.isnan(found.loc["clock", "temperature"])  # what never changes goes with nothing
    assert (found["days"] == 20).all()
    assert found.loc["heater", "temperature_p"] < 0.001


def test_two_weeks_are_needed_to_tell_of_temperature(tmp_path: Path) -> None:
    found = explore.drivers(heated(tmp_path, 13))
    assert found["temperature"].isna().all()
    assert (found["days"] == 13).all()


def test_what_the_data_lacks_is_not_known(tmp_path: Path) -> None:
    found = explore.drivers(load(tiny.plain_events(tmp_path)))
    assert found[["temperature", "occupancy", "peak_share", "peak_hours"]].isna().all(axis=None)


def test_the_temperature_of_the_events_stands_in_for_a_weather_file(tmp_path: Path) -> None:
    uses = tiny.evenings("AC", 20).assign(outdoor_temp_celsius=np.arange(20), power_consumption_kwh=np.arange(20) / 10)
    found = by_device(explore.drivers(load(tiny.write_events(tmp_path, pd.concat([all_day("CLOCK", 20), uses])))))
    assert found.loc["AC", "temperature"] == approx(1)


def all_day(device: str, days: int) -> pd.DataFrame:
    return tiny.evenings(device, days, at="00:00", minutes=1440, kwh=0.024)


def test_use_with_people_at_home_is_found(tmp_path: Path) -> None:
    """Somebody is there in the second half of the day, and then the television runs."""
    each = [tiny.evenings("TV", 6, at=f"{hour:02d}:00", kwh=0.1 * (hour >= 12)) for hour in range(24)]
    uses = pd.concat([frame.assign(occupancy_count=2 * (hour >= 12)) for hour, frame in enumerate(each)])
    found = by_device(explore.drivers(load(tiny.write_events(tmp_path, pd.concat([uses, all_day("CLOCK", 6)])))))
    assert found.loc["TV", "occupancy"] == approx(1)
    assert np.isnan(found.loc["CLOCK", "occupancy"])


def test_the_peak_share_is_the_energy_in_peak_hours(tmp_path: Path) -> None:
    """Peak is 18:00 to 22:00. The television runs then, the kettle at 7:30. Of 553 hours 3 + 22 x 4 + 2 are peak."""
    uses = pd.concat([tiny.evenings("TV", 24), tiny.evenings("KETTLE", 23, "2024-05-07", at="07:30", minutes=6)])
    found = by_device(explore.drivers(load(tiny.write_events(tmp_path, uses, tiny.TARIFF))))
    assert found["peak_share"].to_dict() == approx({"TV": 1, "KETTLE": 0, "household": 24 / 47})
    assert found["peak_hours"].to_dict() == approx(dict.fromkeys(found.index, 93 / 553))


def test_of_a_flat_price_no_hours_are_peak(tmp_path: Path) -> None:
    settings = "currency: EUR\ntariff: {rate: 0.2}\n"
    assert (
        explore.drivers(load(tiny.write_readings(tmp_path, tv=tiny.days(3), home=settings)))["peak_share"].isna().all()
    )
