"""What if: a run elsewhere, another device, another temperature; each with the numbers that the pages would show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from pytest import approx
from test_home_plan import START, WASHER, evenings, plan_of

from influx import InputError, Run, whatif
from influx.kept import open_models
from influx.series import series_of_home


def test_a_run_moved_into_dear_hours_costs_their_price(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, WASHER, washer=evenings(), tv=np.full(12 * 168, 0.1))
    dear = pd.Timestamp("2024-07-16 20:00", tz="Europe/Madrid")
    found = whatif.move(plan, "washer", 2, dear)
    assert found == approx(
        {"kwh": 1, "cost": 0.1, "cost_there": 0.3, "saving": -0.2, "peak_kw": 1.1, "peak_kw_there": 1.1}
    )
    same = pd.Timestamp(plan["plan_runs"]["start"].iloc[1])
    assert whatif.move(plan, "washer", 2, same)["saving"] == approx(0)
    on_another = whatif.move(plan, "washer", 1, same)
    assert on_another["peak_kw_there"] == approx(2.1)
    for run, start in ((9, dear), (2, START - pd.Timedelta(hours=1)), (2, dear + pd.Timedelta(minutes=10))):
        with pytest.raises(InputError, match=r"no run 9|does not lie in half hours of the plan"):
            whatif.move(plan, "washer", run, start)


def test_a_replaced_device_takes_its_ratio() -> None:
    forecast = pd.DataFrame({"device_id": "fridge", "energy_kwh": [1.0, 3.0]})
    found = whatif.replaced(forecast, np.array([0.1, 0.3]), "fridge", 0.7)
    assert found == approx({"kwh": 4, "kwh_then": 2.8, "cost": 1.0, "cost_then": 0.7, "saving": 0.3})
    for device, ratio in (("tv", 0.5), ("fridge", 0.0), ("fridge", float("nan"))):
        with pytest.raises(InputError):
            whatif.replaced(forecast, np.array([0.1, 0.3]), device, ratio)


def heated(folder: Path) -> Path:
    """A home of 60 days whose heater uses 0.1 kWh an hour for each degree below 16, with a forecast of 6 degrees."""
    hours = np.arange(60 * 24)
    celsius = 6 + 6 * np.sin(hours / 37) + 3 * np.sin(2 * np.pi * hours / 24)
    stamps = pd.date_range("2024-01-01", periods=len(hours) + 168, freq="h")
    folder.mkdir()
    weather = pd.DataFrame({"timestamp": stamps, "outdoor_temp_celsius": np.concatenate([celsius, np.full(168, 6.0)])})
    weather.to_csv(folder / "weather.csv", index=False)
    smooth = pd.Series(celsius).rolling(24, min_periods=1).mean().to_numpy()
    return tiny.write_readings(folder, start="2024-01-01", heater=(0.1 * (16 - smooth)).clip(0.01))


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("cold")
    return Run(heated(folder / "home"), output=folder / "run")


def test_a_warmer_week_needs_less_heat_and_a_colder_one_more(cold: Run) -> None:
    """From 6 degrees to 9 and to 3, the heater's 1.0 kWh an hour should go to 0.7 and 1.3."""
    as_is = cold.forecast()["forecast"]
    warm, words = whatif.warmer_week(cold, 3.0)
    chilly, _ = whatif.warmer_week(cold, -3.0)
    sums = [frame.groupby("device_id")["energy_kwh"].sum()["heater"] for frame in (warm, as_is, chilly)]
    assert sums[0] < 0.9 * sums[1] < 0.9 * 0.9 * sums[2]
    assert words.startswith("In a week 3 degrees warmer the household is expected to take ")
    assert words.endswith(" less.")
    assert "less: heater " in words


def test_no_degree_changes_nothing(cold: Run) -> None:
    same, words = whatif.warmer_week(cold, 0.0)
    pd.testing.assert_frame_equal(same, cold.forecast()["forecast"])
    assert words == "In a week 0 degrees warmer nothing changes."


def test_where_no_temperature_is_known_ahead_it_is_said(cold: Run) -> None:
    home, choice = cold.home(), cold.training()["choice"]
    assert home.weather is not None
    past = home.weather[home.weather["timestamp"] < home.origin]
    every = [replace(one, around=replace(one.around, weather=past)) for one in series_of_home(home)]
    models = open_models(cold.folder / "models", choice)
    found, words = whatif.warmer(every, models, choice, home.origin, 168, 3.0)
    assert words.startswith("No temperature is known for the coming hours")
    assert len(found) == 2 * 168
