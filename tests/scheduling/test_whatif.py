"""What if the week were warmer or colder: the fitted models are asked again, and what they say is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from pytest import approx

from influx import Run
from influx.forecasting.device_series import Series, active_series, series_of_home
from influx.forecasting.forecast import fitted_models
from influx.scheduling import temperature_scenarios


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


def warmer(run: Run, degrees: float, every: list[Series] | None = None) -> tuple[pd.DataFrame, str]:
    """Ask a run's models again, with its own devices or with others."""
    home, hours = run.home(), run.forecast()
    models = fitted_models(home, hours, run.horizon)
    return temperature_scenarios.warmer(hours, every or active_series(home), models, home.origin, degrees)


def test_what_the_run_keeps_is_what_its_models_say(cold: Run) -> None:
    kept = cold.plan()["warmer"]
    for degrees in (-3.0, 3.0):
        said, _ = warmer(cold, degrees)
        own = kept[kept["degrees"] == degrees].set_index("device_id")["kwh"]
        assert own.to_dict() == approx(said.groupby("device_id")["energy_kwh"].sum().to_dict())


def test_a_warmer_week_needs_less_heat_and_a_colder_one_more(cold: Run) -> None:
    """From 6 degrees to 9 and to 3, the heater's 1.0 kWh an hour should go to 0.7 and 1.3."""
    as_is = cold.forecast()
    warm, words = warmer(cold, 3.0)
    chilly, _ = warmer(cold, -3.0)
    sums = [frame.groupby("device_id")["energy_kwh"].sum()["heater"] for frame in (warm, as_is, chilly)]
    assert sums[0] < 0.9 * sums[1] < 0.9 * 0.9 * sums[2]
    assert words.startswith("In a week 3 degrees warmer the household is expected to take ")
    assert words.endswith(" less.")
    assert "less: heater " in words


def test_no_degree_changes_nothing(cold: Run) -> None:
    same, words = warmer(cold, 0.0)
    pd.testing.assert_frame_equal(same, cold.forecast())
    assert words == "In a week 0 degrees warmer nothing changes."


def test_where_no_temperature_is_known_ahead_it_is_said(cold: Run) -> None:
    home = cold.home()
    assert home.weather is not None
    past = home.weather[home.weather["timestamp"] < home.origin]
    every = [replace(one, covariates=replace(one.covariates, weather=past)) for one in series_of_home(home)]
    found, words = warmer(cold, 3.0, every)
    assert words.startswith("No temperature is known for the coming hours")
    assert len(found) == 2 * 168
