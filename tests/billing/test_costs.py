"""What a run's energy cost and emitted, device by device, and that neither is guessed from the other."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import tiny_homes as tiny
from pytest import approx

from influx import Run, load
from influx.billing.costs import carbon_intensity, spent
from influx.forecasting.device_series import series_of_home
from influx.insights import explore
from influx.report import checks

CARBON = "timestamp,carbon_intensity_g_per_kwh\n" + "".join(
    f"{stamp:%Y-%m-%dT%H:%MZ},{100 if stamp.hour < 12 else 300}\n"
    for stamp in pd.date_range("2024-05-06", "2024-06-08", freq="h")
)


def write(folder: Path, home: str = "timezone: UTC\n", carbon: str = CARBON, prices: str = "", days: int = 21) -> Path:
    """Write a home of a television and a heater, 1 and 2 kWh an hour, from 6 May 2024 on."""
    tiny.write_readings(folder, home=home, tv=np.ones(24 * days), heater=np.full(24 * days, 2.0))
    for name, content in (("carbon.csv", carbon), ("prices.csv", prices)):
        if content:
            (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_carbon_comes_from_the_intensity_file_alone(tmp_path: Path) -> None:
    """12 hours at 100 and 12 at 300 g/kWh are 4.8 kg a day of 1 kWh an hour; no price is known or needed."""
    frames = spent(load(write(tmp_path)))
    week = frames["spent_week"].set_index("device_id")
    assert week["carbon"].to_dict() == approx({"heater": 67.2, "tv": 33.6, "household": 100.8})
    assert set(week["carbon_hours"]) == {168}
    assert "cost" not in week
    days = frames["spent"]
    assert days.loc[days["device_id"] == "tv", "carbon"].tolist() == approx([4.8] * 21)
    dear = spent(load(write(tmp_path, "timezone: UTC\ntariff: {rate: 9}\n")))["spent_week"].set_index("device_id")
    assert dear["carbon"].to_dict() == approx(week["carbon"].to_dict())
    assert dear["cost"]["tv"] == approx(168 * 9)


def test_a_day_that_lacks_an_hour_has_no_cost_and_the_week_says_how_much_is_in_it(tmp_path: Path) -> None:
    """The price file ends at noon of the last day, 26 May."""
    rows = "".join(
        f"{stamp:%Y-%m-%dT%H:%MZ},0.1\n" for stamp in pd.date_range("2024-05-06", "2024-05-26 11:00", freq="h")
    )
    frames = spent(load(write(tmp_path, carbon="", prices=f"timestamp,price\n{rows}")))
    days = frames["spent"].query("device_id == 'tv'")
    np.testing.assert_allclose(days["cost"], [2.4] * 20 + [np.nan])
    week = frames["spent_week"].set_index("device_id").loc["tv"]
    assert week[["cost", "cost_hours", "kwh"]].tolist() == approx([15.6, 156, 168])


def test_where_neither_is_known_nothing_is_told(tmp_path: Path) -> None:
    assert spent(load(write(tmp_path, carbon=""))) == {}


def test_an_intensity_is_the_mean_of_its_hour_and_never_guessed() -> None:
    stamps = pd.date_range("2024-07-01", periods=3, freq="30min", tz="UTC", unit="us")
    grams = pd.DataFrame({"timestamp": stamps, "carbon_g_per_kwh": [100.0, 200.0, 300.0]})
    found = carbon_intensity(SimpleNamespace(carbon=grams, settings=SimpleNamespace(timezone="UTC")))
    assert found is not None
    hours = pd.date_range("2024-07-01", periods=2, freq="h", tz="UTC")
    np.testing.assert_allclose(found(hours, 60), [150, np.nan])
    np.testing.assert_allclose(found(stamps, 30), [100, 200, 300])
    assert carbon_intensity(SimpleNamespace(carbon=None)) is None


def test_models_do_not_learn_from_prices_that_nobody_knows_a_week_ahead(tmp_path: Path) -> None:
    prices = "timestamp,price\n" + "".join(
        f"{stamp:%Y-%m-%dT%H:%MZ},{0.4 if stamp.hour == 18 else 0.1}\n"
        for stamp in pd.date_range("2024-05-06", periods=21 * 24, freq="h")
    )
    home = load(write(tmp_path / "file", prices=prices))
    assert all(one.covariates.rates is None for one in series_of_home(home))
    fixed = load(write(tmp_path / "fixed", tiny.TARIFF))
    assert all(one.covariates.rates is not None for one in series_of_home(fixed))
    peak = explore.drivers(home).set_index("device_id").loc["tv"]
    assert peak[["peak_share", "peak_hours"]].tolist() == approx([1 / 24, 1 / 24])


# --- the run ----------------------------------------------------------------------------------------------------------


def test_a_run_has_the_frames_of_what_is_known(tiny_run) -> None:
    assert tiny_run(tiny.three_days).bill() == {}
    paid = tiny_run(tiny.main_meter).bill()
    coming = {"prices", "cost_daily", "cost_week"}
    assert set(paid) == {"bill", "bill_days", "bill_months", "spent", "spent_week"} | coming


def test_the_coming_week_has_its_carbon_with_a_range(tmp_path: Path) -> None:
    """The intensity file holds 73 of the 168 hours."""
    run = Run(write(tmp_path / "home", days=30), output=tmp_path / "run")
    week = run.bill()["carbon_week"].set_index("device_id").loc["household"]
    assert week["hours"] == 73
    assert week["total"] == approx(3 * 14.4 + 0.3, rel=1e-3)
    assert week["p10"] <= week["total"] <= week["p90"]
    assert set(run.bill()) == {"spent", "spent_week", "carbon_daily", "carbon_week"}


def test_the_sample_s_bill_is_its_days_and_its_forecast(sample_run: Run) -> None:
    """Up to 15 July; the household's cost so far is price times energy, and the coming week's is part of the rest."""
    frames, home, prices = sample_run.bill(), sample_run.home(), sample_run.rates()
    assert prices is not None
    bill, total = frames["bill"].set_index("line"), frames["bill"].iloc[-1]
    used = home.readings[home.readings["timestamp"] >= pd.Timestamp("2024-06-30 22:00", tz="UTC")]
    price = prices.at(pd.DatetimeIndex(used["timestamp"]))[0]
    assert total["so_far"] == approx(float((used["energy_kwh"] * price).sum()))
    assert list(bill.index) == ["peak hours", "other hours", "total"]
    assert (total["hours"], total["hours_ahead"], total["hours_open"]) == (336, 408, 0)
    assert total["at_end"] > total["so_far"] + sample_run.cost()
    months = frames["bill_months"].set_index("month")["total"]
    assert months[pd.Timestamp("2024-07-01")] == approx(total["so_far"])
    assert "its total" in checks.bill_adds_up(frames["bill"], frames["bill_months"]).words
    week = frames["spent_week"].set_index("device_id")["cost"]
    assert week.drop("household").sum() == approx(week["household"])
