"""Real homes: what they are told is their own, all of it, and no surer than their history allows."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from run_cells import NOTEBOOKS, run_cells

from influx import Run
from influx.report import checks, text
from influx.report.start_page import overview

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
EVENTS = DATA / "smart_home_energy_sample.csv"
OPSD = DATA / "homes" / "opsd_residential4.parquet"
SCEAUX = DATA / "homes" / "uci_sceaux.parquet"

pytestmark = [
    pytest.mark.skipif(not DATA.exists(), reason="the shared real homes are not here"),
    pytest.mark.no_cover,  # what is covered must not depend on them
]


def made(data: Path, folder: Path, **parameters) -> Run:
    """Return a run with all of its steps made, a warning being an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = Run(data, output=folder, **parameters)
        run.explore(), run.features(), run.calibration(), run.reference(), run.sums(), run.bill(), run.insights()
    return run


def cut(file: Path, folder: Path, first: str, end: str, settings: str) -> Path:
    """Write the hours of a home between two times as a home's folder."""
    frame = pd.read_parquet(file)
    stamps = frame["timestamp"]
    zone = stamps.dt.tz
    frame[(stamps >= pd.Timestamp(first, tz=zone)) & (stamps < pd.Timestamp(end, tz=zone))].to_parquet(
        folder / "readings.parquet"
    )
    (folder / "home.yaml").write_text(settings)
    return folder


# --- 220 events of two weeks ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_weeks(tmp_path_factory) -> Run:
    return made(EVENTS, tmp_path_factory.mktemp("two_weeks"))


def test_every_event_is_used_with_all_of_its_energy(two_weeks: Run) -> None:
    events = pd.read_csv(EVENTS)
    account = two_weeks.home().reconciliation.iloc[0]
    assert (account["rows_read"], account["rows_used"], account["rows_rejected"]) == (220, 220, 0)
    energy = two_weeks.home().readings.groupby("device_id")["energy_kwh"].sum()
    assert energy.sum() == approx(49.618, abs=1e-9)
    own = events.groupby("device_id")["power_consumption_kwh"].sum()
    assert energy.to_dict() == approx(own.to_dict(), abs=1e-9)
    assert two_weeks.explore()["breakdown"]["kwh"].sum() == approx(49.618, abs=1e-9)


def test_two_weeks_are_too_few_to_test_a_model_and_that_is_said(two_weeks: Run) -> None:
    selection = two_weeks.selection()
    assert len(selection) == 11
    assert (selection["folds"] == 0).all()
    assert set(selection["reason"]) == {"untested"}
    assert two_weeks.scores().empty
    assert "untested" in text("model_choice", selection=selection)
    assert "cannot be tested yet" in text("reliability", metrics=two_weeks.scores(), selection=selection)


def test_no_range_no_trend_and_no_usual_week_is_made_up(two_weeks: Run) -> None:
    coming, overview = two_weeks.sums() | two_weeks.bill(), two_weeks.insights()["overview"]
    assert coming["week"][["p10", "p90"]].isna().all(axis=None)
    assert coming["cost_week"][["p10", "p90"]].isna().all(axis=None)
    assert overview[["saved_kwh", "usual_week_kwh", "trend_kwh_per_week"]].isna().all(axis=None)
    week = text("coming_week", home=two_weeks.home(), forecast=coming, rates=two_weeks.rates())
    assert "range not known" in week
    assert checks.adds_up(two_weeks.forecast())


def test_the_week_is_of_the_size_of_the_weeks_before(two_weeks: Run) -> None:
    """49.6 kWh in 13.9 days are 25.0 kWh a week."""
    week = two_weeks.sums()["week"].set_index("device_id")["total"]
    assert week["household"] == approx(49.618 / 13.875 * 7, rel=0.1)
    assert week["household"] == approx(week.drop("household").sum())


def test_prices_are_those_that_the_events_recorded(two_weeks: Run) -> None:
    """They change by the hour, and nobody says in which currency."""
    events = pd.read_csv(EVENTS)
    prices = two_weeks.prices(168)
    assert prices is not None
    assert set(prices) <= set(events["tariff_rate"])
    assert (two_weeks.insights()["recommendations"]["saving"].sum()) < two_weeks.cost()
    assert not set(two_weeks.insights()["recommendations"]["device_id"]) & {"FRIDGE_01", "ROUTER_01"}


def test_all_pages_can_be_made_of_two_weeks(two_weeks: Run) -> None:
    for path in NOTEBOOKS:
        assert run_cells(path, data=str(EVENTS), output=str(two_weeks.folder))
    assert "too little history" in overview(two_weeks)


# --- meters -----------------------------------------------------------------------------------------------------------


def test_a_home_with_sun_and_gaps_is_explored_and_forecast(tmp_path: Path) -> None:
    """Six devices, a solar meter, import and export: the household is what was taken and produced less what left."""
    home = cut(OPSD, tmp_path, "2016-06-01", "2016-07-04", "timezone: Europe/Berlin\ncountry: DE\n")
    run = made(home, tmp_path / "run", horizon=48)
    loaded, found = run.home(), run.explore()
    devices = {"dishwasher", "ev", "freezer", "heat_pump", "refrigerator", "washing_machine"}
    assert devices < set(found["breakdown"]["device_id"])
    assert set(loaded.flows["role"]) == {"solar", "grid_import", "grid_export"}
    energy = loaded.readings.pivot(index="timestamp", columns="device_id", values="energy_kwh")
    rest = energy[energy["other"] > 0]
    assert len(rest) > 0.3 * len(energy)
    explained = rest[list(devices)].sum(axis=1) + rest["other"]
    np.testing.assert_allclose(explained, rest["household"], atol=1e-9)
    assert found["breakdown"]["share"].sum() == approx(1)
    assert found["completeness"]["share_known"].between(0.5, 1).all()
    forecast = run.forecast()
    assert forecast.groupby("device_id").size().eq(48).all()
    checks.adds_up(forecast)
    fridge = energy["refrigerator"].mean() * 48
    assert forecast.query("device_id == 'refrigerator'")["energy_kwh"].sum() == approx(fridge, rel=0.3)


def test_a_home_of_sub_meters_has_what_they_do_not_explain(tmp_path: Path) -> None:
    """Its times keep standard time; the main meter is the household, and the unmetered rest is a device of its own."""
    settings = "timezone: Europe/Paris\ncountry: FR\ncurrency: EUR\ntariff: {rate: 0.2}\n"
    settings += 'files: {readings.parquet: {timezone: "+01:00"}}\n'
    home = cut(SCEAUX, tmp_path, "2010-03-01", "2010-04-05", settings)
    run = made(home, tmp_path / "run", horizon=24)
    days = run.explore()["daily_use"].query("device_id == 'household'").set_index("day")["kwh"]
    raw = pd.read_parquet(SCEAUX).query("device_id == 'main'").set_index("timestamp")["energy_kwh"]
    monday = raw["2010-03-08":"2010-03-08"]
    assert days["2010-03-08"] == approx(monday.sum())
    coming = run.sums() | run.bill()
    week, cost = (coming[name].set_index("device_id")["total"] for name in ("week", "cost_week"))
    assert cost["household"] == approx(0.2 * week["household"])
    assert run.insights()["recommendations"].empty  # nothing is flexible, and at a flat price nothing would move
    assert np.isfinite(week).all()
