"""The simulated household: the shipped files are its own, and it lives like a home."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from influx.core.errors import InputError
from influx.core.home_yaml import read_settings
from influx.core.local_time import is_day_off
from influx.core.schema import EVENT_COLUMNS
from sample_home.simulate import Household, simulate, write_sample
from sample_home.simulate_devices import DEVICES, air_conditioner, water_heater
from sample_home.simulate_world import AWAY, World, weather

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
START, END = pd.Timestamp("2024-04-22"), pd.Timestamp("2024-07-15")


@pytest.fixture(scope="module")
def household() -> Household:
    return simulate()


@pytest.fixture(scope="module")
def events(household: Household) -> pd.DataFrame:
    end = household.events["timestamp"] + pd.to_timedelta(household.events["duration_minutes"], unit="min")
    return household.events.assign(end=end, date=household.events["timestamp"].dt.normalize())


@pytest.fixture(scope="module")
def daily(events: pd.DataFrame) -> pd.DataFrame:
    """Energy [kWh] of each day (by the start of use) and device."""
    return events.pivot_table(
        index="date", columns="device_id", values="power_consumption_kwh", aggfunc="sum", fill_value=0.0
    )


def test_the_shipped_sample_is_rebuilt_byte_for_byte(tmp_path: Path) -> None:
    written = write_sample(tmp_path / "again")
    assert [path.name for path in written] == ["home.yaml", "events.csv", "weather.csv"]
    assert {path: path.read_bytes() for path in written} == {
        path: (SAMPLE / path.name).read_bytes() for path in (tmp_path / "again").iterdir()
    }


def test_the_events_file_has_19_columns_and_ten_devices_and_reads_back(household: Household) -> None:
    read = pd.read_csv(SAMPLE / "events.csv", parse_dates=["timestamp"])
    assert tuple(read.columns) == EVENT_COLUMNS
    assert len(EVENT_COLUMNS) == 19
    assert read["timestamp"].is_monotonic_increasing
    pd.testing.assert_frame_equal(read, household.events, check_dtype=False)
    facts = read.groupby("device_id")[["device_type", "power_rating_watt", "maintenance_last_date"]].nunique()
    assert list(facts.index) == list(DEVICES)
    assert facts.eq(1).all(axis=None) and len(facts) == 10 and read.notna().all(axis=None)


def test_uses_are_possible(events: pd.DataFrame) -> None:
    """Twelve weeks; no more energy than the device can draw, no device used twice at once; the router never stops."""
    assert (events["timestamp"].min(), events["end"].max(), events["date"].nunique()) == (START, END, 84)
    most = events["peak_power_draw_watt"] * events["duration_minutes"] / 60_000
    assert (events["power_consumption_kwh"] <= most).all()
    assert (events["power_consumption_kwh"] > 0).all() and (events["duration_minutes"] >= 1).all()
    for device, uses in events.groupby("device_id"):
        assert (uses["timestamp"].to_numpy()[1:] >= uses["end"].to_numpy()[:-1]).all(), device
    router = events[events["device_id"] == "ROUTER_01"]
    assert (router["timestamp"].iloc[0], router["end"].iloc[-1]) == (START, END)
    assert (router["timestamp"].to_numpy()[1:] == router["end"].to_numpy()[:-1]).all()


def test_the_fridge_takes_about_a_kwh_a_day_and_more_when_hot(daily: pd.DataFrame, household: Household) -> None:
    fridge = daily["FRIDGE_01"]
    assert fridge.between(0.7, 1.3).all()
    assert fridge.mean() == pytest.approx(1.0, abs=0.1)
    assert fridge.corr(_daily_temperature(household), method="spearman") > 0.4
    uses = household.events[household.events["device_id"] == "FRIDGE_01"]
    assert uses["duration_minutes"].between(5, 30).all()


def test_the_air_conditioner_follows_the_heat_and_the_people(daily: pd.DataFrame, household: Household) -> None:
    cooling = daily["AC_LR_01"]
    assert cooling.corr(_daily_temperature(household), method="spearman") > 0.5
    assert cooling["2024-07"].mean() > 3 * cooling["2024-05"].mean()
    uses = household.events[household.events["device_id"] == "AC_LR_01"]
    assert (uses["occupancy_count"] > 0).all()
    assert uses["indoor_temp_celsius"].min() > 24


def _plain_world(days: int, outdoor: float, home: np.ndarray, indoor: float = 22.0) -> World:
    """A world of one person and one temperature, awake whenever at home."""
    minutes = days * 24 * 60
    constant = np.full(minutes, outdoor)
    return World(constant, home[None], home[None], home, np.zeros(days, bool), np.full(minutes, indoor))


def test_the_air_conditioner_stops_when_the_last_one_leaves() -> None:
    """Two days at 38 C, at home until noon of each: no use begins or lasts after noon, though the room stays warm."""
    hour = np.arange(2 * 1440) % 1440 / 60
    indoor, uses = air_conditioner(_plain_world(2, 38.0, hour < 12), np.random.default_rng(1))
    assert any(use.start + use.minutes in (720, 1440 + 720) for use in uses)
    assert all(use.start % 1440 + use.minutes <= 720 for use in uses)
    assert indoor[1440 + 1430] > 27


def test_an_empty_home_is_not_cooled_and_its_tank_loses_a_little() -> None:
    """Ten days at 38 C without people: no cooling, and 10 times the standing loss of 1.2 kWh of hot water."""
    empty = _plain_world(10, 38.0, np.zeros(10 * 1440, dtype=bool))
    assert air_conditioner(empty, np.random.default_rng(1))[1] == []
    heated = sum(use.watts * use.minutes / 60_000 for use in water_heater(empty, np.random.default_rng(1)))
    assert heated == pytest.approx(12, abs=0.6)


def test_the_home_lives_like_a_home(daily: pd.DataFrame, events: pd.DataFrame) -> None:
    """Washing two to five times a week, light in the dark, 8 to 20 kWh a day; nobody acts while all are away."""
    starts = events.set_index("device_id")["timestamp"]
    washes = (starts["WM_01"] - START).dt.days // 7
    assert washes.value_counts().reindex(range(12), fill_value=0).between(2, 5).all()
    assert not starts["LIGHT_LR_01"].dt.hour.between(9, 19).any()
    total, share = daily.sum(axis=1), daily.sum() / daily.sum().sum()
    assert 8 < total.mean() < 20 and total.max() < 25
    assert share.idxmax() == "WH_BATH_01" and (share > 0.002).all()
    away = events[events["timestamp"].between(*AWAY)]
    assert set(away["device_id"]) == {"FRIDGE_01", "ROUTER_01", "WH_BATH_01"}
    assert away[["occupancy_count", "motion_detected"]].eq(0).all(axis=None)
    assert (events.loc[events["occupancy_count"] == 0, "motion_detected"] == 0).all()
    assert set(events["occupancy_count"]) == {0, 1, 2, 3}


def test_offices_are_for_workdays(events: pd.DataFrame) -> None:
    """On Wednesday the first of May, a public holiday, people are as much at home by ten as on a Saturday."""
    router = events[(events["device_id"] == "ROUTER_01") & (events["timestamp"].dt.hour == 10)]
    at_ten = router.set_index("date")["occupancy_count"]
    assert at_ten["2024-05-01"] == 3
    assert at_ten["2024-04-24"] == 0
    assert at_ten[at_ten.index.day_of_week == 5].mean() > 2


def test_rows_agree_with_the_weather_of_their_hour(household: Household) -> None:
    sky = household.weather.set_index("timestamp")
    hour = household.events["timestamp"].dt.tz_localize("Europe/Madrid").dt.tz_convert("UTC").dt.floor("h")
    for column in ("outdoor_temp_celsius", "humidity_percent"):
        assert (sky.loc[hour, column].to_numpy() == household.events[column].to_numpy()).all(), column
    assert household.events["indoor_temp_celsius"].between(18, 30).all()


def test_home_yaml_knows_the_tariff_of_the_rows_and_the_devices(household: Household) -> None:
    """Peak hours are 8 to 11 and 18 to 22 on workdays: 7 of 24 hours, none on a weekend or the first of May."""
    settings = read_settings(SAMPLE / "home.yaml")
    assert settings.tariff is not None
    assert settings.default_notes() == []
    events = household.events
    workday = ~is_day_off(
        pd.DatetimeIndex(events["timestamp"]).tz_localize("Europe/Madrid").tz_convert("UTC"),
        settings.timezone,
        settings.country,
    )
    peak = events["timestamp"].dt.hour.isin([8, 9, 10, 18, 19, 20, 21]) & workday
    assert settings.tariff.peak_days == "weekdays"
    assert settings.tariff.peak_hours == ["08:00-11:00", "18:00-22:00"]
    assert (events["is_peak_tariff"] == peak).all()
    assert (events["tariff_rate"] == np.where(peak, settings.tariff.peak_rate, settings.tariff.rate)).all()
    assert not events.loc[events["timestamp"].dt.normalize() == "2024-05-01", "is_peak_tariff"].any()
    devices = settings.devices
    assert set(devices) == set(events["device_id"])
    assert {name for name, device in devices.items() if device.flexible} == {"WM_01", "WH_BATH_01"}
    assert {name for name, device in devices.items() if device.always_on} == {"ROUTER_01", "FRIDGE_01"}
    assert all(device.location for device in devices.values())


def test_the_weather_file_is_hourly_and_ends_with_a_week_of_forecast(household: Household) -> None:
    sky = pd.read_csv(SAMPLE / "weather.csv", parse_dates=["timestamp"])
    assert list(sky.columns) == ["timestamp", "outdoor_temp_celsius", "humidity_percent", "kind"]
    assert sky["timestamp"].iloc[0] == pd.Timestamp("2024-04-21T22:00Z")
    assert (sky["timestamp"].diff().dropna() == pd.Timedelta(hours=1)).all()
    assert sky["kind"].tolist() == ["measured"] * 84 * 24 + ["forecast"] * 7 * 24
    assert sky["humidity_percent"].between(5, 100).all()
    means = _daily_temperature(household)
    assert means["2024-04"].mean() < means["2024-05"].mean() < means["2024-07"].mean()
    assert household.weather["outdoor_temp_celsius"].max() > 36


def test_the_forecast_week_is_near_the_truth_and_its_error_grows(household: Household) -> None:
    """Over many seeds the standard deviation is near 1 C on the first day and near 2.4 C on the seventh."""
    ahead = slice(84 * 24, 91 * 24)
    forecast, truth = household.weather[ahead], simulate(weeks=13).weather[ahead]
    assert set(forecast["kind"]) == {"forecast"} and set(truth["kind"]) == {"measured"}
    error = (forecast["outdoor_temp_celsius"] - truth["outdoor_temp_celsius"]).abs()
    assert 0.4 < error.mean() < 3 and error.max() < 8
    errors = [
        (weather(seed, 7)["outdoor_temp_celsius"] - weather(seed, 14)["outdoor_temp_celsius"])[7 * 24 : 14 * 24]
        for seed in range(150)
    ]
    spread = np.sqrt(np.mean(np.square(errors), axis=0)).reshape(7, 24).mean(axis=1)
    assert spread[[0, -1]] == pytest.approx([1.1, 2.4], abs=0.3)


@pytest.mark.parametrize(("seed", "weeks"), [(0, 1), (4, 1), (6, 1), (12, 9), (15, 12)])
def test_a_longer_simulation_continues_a_shorter_one(seed: int, weeks: int) -> None:
    """Only uses under way at the end are cut there; in the last two cases the air conditioner runs at that midnight."""
    short, long = simulate(seed, weeks), simulate(seed, weeks + 1)
    end = START + pd.Timedelta(weeks=weeks)
    before = long.events[long.events["timestamp"] < end]
    over = before["timestamp"] + pd.to_timedelta(before["duration_minutes"], unit="min") > end
    assert len(before) == len(short.events)
    pd.testing.assert_frame_equal(before[~over], short.events[~over])
    assert (short.events[over]["power_consumption_kwh"] < before[over]["power_consumption_kwh"]).all()
    pd.testing.assert_frame_equal(short.weather[: weeks * 168], long.weather[: weeks * 168])


@pytest.mark.parametrize("seed", [1, 9])
def test_another_seed_is_another_home_that_lives_alike(seed: int, household: Household) -> None:
    other = simulate(seed)
    assert not other.events.equals(household.events)
    assert not other.weather.equals(household.weather)
    assert set(other.events["device_id"]) == set(DEVICES)
    assert 7 < other.events["power_consumption_kwh"].sum() / 84 < 20


def test_the_shortest_and_the_longest_simulation_hold_together() -> None:
    assert simulate(weeks=1).events["timestamp"].max() < START + pd.Timedelta(weeks=1)
    sky = simulate(weeks=25).weather["timestamp"]
    assert sky.nunique() == len(sky) == 26 * 7 * 24
    for seed, weeks, message in ((-1, 12, "seed is -1"), (1, 0, "0 weeks"), (1, 26, "1 to 25")):
        with pytest.raises(InputError, match=message):
            simulate(seed, weeks)


def test_only_an_earlier_sample_is_replaced(tmp_path: Path) -> None:
    mine, export, sample = tmp_path / "home.yaml", tmp_path / "export" / "events.csv", tmp_path / "sample"
    mine.write_text("home_id: mine\n")
    export.parent.mkdir()
    export.write_text("device_id\n")
    for target, message in ((tmp_path, "not the sample's"), (export.parent, "not the sample's"), (mine, "is a file")):
        with pytest.raises(InputError, match=message):
            write_sample(target, weeks=1)
    assert mine.read_text() == "home_id: mine\n"
    write_sample(sample, seed=1, weeks=1)
    before = (sample / "events.csv").read_bytes()
    write_sample(sample, seed=2, weeks=1)
    assert (sample / "events.csv").read_bytes() != before
    assert len(list(sample.iterdir())) == 3


def _daily_temperature(household: Household) -> pd.Series:
    """Mean outdoor temperature [C] of each local day that was measured."""
    past = household.weather[household.weather["kind"] == "measured"]
    date = past["timestamp"].dt.tz_convert("Europe/Madrid").dt.tz_localize(None).dt.normalize()
    return past.groupby(date)["outdoor_temp_celsius"].mean()


def test_the_script_writes_a_home(tmp_path: Path) -> None:
    script = [sys.executable, str(SAMPLE.parents[1] / "scripts" / "sample_home"), "--output", str(tmp_path / "home")]
    done = subprocess.run([*script, "--seed", "7"], capture_output=True, text=True, check=True)
    written = [Path(line) for line in done.stdout.splitlines()]
    assert {path.name for path in written} == {"home.yaml", "events.csv", "weather.csv"}
    assert all(path.stat().st_size for path in written)
