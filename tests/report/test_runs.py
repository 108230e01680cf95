"""What every page relies on: a step is made once, for its own inputs; its files are whole and tell no secrets."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from pytest import approx
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import influx
from influx import InputError, Run
from influx.core import fingerprint as fingerprints
from influx.core import formatting as fmt
from influx.forecasting import forecast
from influx.forecasting.evaluation import backtest
from influx.insights import anomalies
from influx.report import artifacts, run_folder, steps, text
from influx.report.run_folder import Frames

ROOT = Path(__file__).resolve().parents[2]
STEPS = ("explore", "features", "selection", "reference", "forecast", "sums", "bill", "insights")
HOME = tiny.TARIFF + "devices: {tv: {flexible: true}}\n"


def write_home(folder: Path, seed: int = 0) -> Path:
    return tiny.write_readings(folder, home=HOME, tv=tiny.days(16, seed), fridge=tiny.days(16, seed + 1, off=0))


def make(run: Run, *steps: str) -> dict[str, Frames]:
    return {step: getattr(run, step)() for step in steps or STEPS}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Run:
    """A run of a home of sixteen days with all steps made; leave its folder as it is."""
    folder = tmp_path_factory.mktemp("finished")
    run = Run(write_home(folder / "home"), output=folder / "run")
    make(run)
    return run


@pytest.fixture
def copied(finished: Run, tmp_path: Path) -> Path:
    """A copy of the finished folder and its home, to be changed."""
    shutil.copytree(finished.folder.parent, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def count(monkeypatch) -> dict[str, int]:
    """Count how often a home is read, trained and forecast."""
    calls: dict[str, int] = {}

    def counted(module, name: str):
        work = getattr(module, name)

        @functools.wraps(work)
        def call(*args, **kwargs):
            calls[name] = calls.get(name, 0) + 1
            return work(*args, **kwargs)

        monkeypatch.setattr(module, name, call)

    for name in ("unusual_hours", "past_forecasts_of_all", "reconciled"):
        counted({"unusual_hours": anomalies, "past_forecasts_of_all": backtest}.get(name, forecast), name)
    counted(run_folder, "load")
    return calls


def settle(folder: Path, **parameters) -> Run:
    """Return the run of a copied folder, unchanged but for `parameters`."""
    return Run(folder / "home", output=folder / "run", **parameters)


def assert_same(these: dict[str, Frames], those: dict[str, Frames]) -> None:
    for step, result in these.items():
        frames, others = ({step: one} if isinstance(one, pd.DataFrame) else one for one in (result, those[step]))
        assert list(frames) == list(others)
        for name, frame in frames.items():
            pd.testing.assert_frame_equal(frame, others[name], check_dtype=len(frame) > 0)


# --- made once --------------------------------------------------------------------------------------------------------


def test_a_step_is_made_once_and_brings_those_before_it(tmp_path: Path, count: dict[str, int]) -> None:
    run = Run(write_home(tmp_path / "home"), output=tmp_path / "run")
    assert not run.has("home")
    first = make(run, "insights", "explore")
    assert [step for step in STEPS if run.has(step)] == ["explore", "selection", "forecast", "insights"]
    assert count == {"load": 1, "unusual_hours": 1, "past_forecasts_of_all": 1, "reconciled": 1}
    assert_same(first, make(run, "insights", "explore"))
    assert_same(first, make(settle(tmp_path), "insights", "explore"))
    assert count == {"load": 1, "unusual_hours": 1, "past_forecasts_of_all": 1, "reconciled": 1}


def test_the_home_read_from_the_folder_is_the_one_that_was_loaded(finished: Run) -> None:
    kept, loaded = settle(finished.folder.parent).home(), influx.load(finished.data)
    for field in dataclasses.fields(loaded):
        here, there = getattr(kept, field.name), getattr(loaded, field.name)
        if isinstance(there, pd.DataFrame):
            pd.testing.assert_frame_equal(here, there)
        else:
            assert here == there


def test_another_parameter_remakes_every_step(copied: Path, count: dict[str, int]) -> None:
    assert not any(settle(copied, horizon=24).has(step) for step in ("home", *STEPS))
    run = settle(copied, as_of="2024-05-21", horizon=24)
    hours = run.forecast()["timestamp"]
    assert count["load"] == count["past_forecasts_of_all"] == 1
    assert (hours.nunique(), hours.min()) == (24, run.home().origin)
    assert settle(copied, as_of="2024-05-21", horizon=24).has("forecast")
    assert not settle(copied).has("forecast")


def change(home: Path, how: str) -> None:
    readings, settings = home / "readings.csv", home / "home.yaml"
    if how == "content":
        readings.write_text(readings.read_text().replace(",0.2", ",0.3", 1))
    elif how == "settings":
        settings.write_text(settings.read_text().replace("0.30", "0.31"))
    elif how == "one more":
        shutil.copy(readings, home / "again.csv")
    else:
        readings.rename(home / "meter.csv")


@pytest.mark.parametrize("how", ["content", "settings", "one more", "name"])
def test_another_file_remakes_every_step(copied: Path, how: str) -> None:
    assert settle(copied).has("forecast")
    change(copied / "home", how)
    assert not settle(copied).has("home")


def test_another_order_of_the_files_remakes_every_step(tmp_path: Path) -> None:
    """Of two files that tell of the same hours the newer one wins."""
    home = write_home(tmp_path / "home")
    text = (home / "readings.csv").read_text()
    (home / "other.csv").write_text(text.replace(",0.2", ",0.3"))
    totals = []
    for newer in ("other.csv", "readings.csv"):
        for file in home.glob("*.csv"):
            os.utime(file, (1_700_000_000 + 60 * (file.name == newer),) * 2)
        totals.append(settle(tmp_path).home().readings["energy_kwh"].sum())
    assert totals[0] > totals[1]


def test_the_settings_beside_a_single_file_count(tmp_path: Path) -> None:
    file = write_home(tmp_path / "home") / "readings.csv"
    assert Run(file, output=tmp_path / "run").home().settings.currency == "EUR"
    (file.parent / "home.yaml").write_text("currency: GBP\n")
    assert Run(file, output=tmp_path / "run").home().settings.currency == "GBP"


CHANGED = {
    "report/figures.py": (set(), set(steps.__all__)),
    "insights/anomalies.py": ({"explore"}, {"backtest", "forecast", "bill", "plan"}),
    "forecasting/features.py": ({"backtest", "forecast", "features", "explore"}, set()),
}
"""Where the code of a file has changed, steps that are made again, and steps that are not."""


def codes() -> dict[str, str]:
    """Return the fingerprint of the code of each step, as the package's files are now."""
    fingerprints._code_of_module.cache_clear()
    return {name: fingerprints.code_of(getattr(steps, name)) for name in steps.__all__}


def test_a_change_of_the_code_remakes_what_uses_it_and_nothing_else(tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(ROOT / "influx", tmp_path / "influx", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprints, "PROJECT", tmp_path)
    for file, (remade, kept) in CHANGED.items():
        changed, before = tmp_path / "influx" / file, codes()
        text = changed.read_text()
        changed.write_text(f"# a comment\n{text}")
        assert codes() == before
        changed.write_text(f"{text}\nEXTRA = 1\n")
        after = codes()
        others = {name for name in after if after[name] != before[name]}
        assert remade <= others and not kept & others
        changed.write_text(text)
    fingerprints._code_of_module.cache_clear()


def test_a_step_that_was_interrupted_is_made_again(copied: Path, finished: Run, count: dict[str, int]) -> None:
    (copied / "run" / "steps" / "forecast.json").unlink()
    (copied / "run" / "forecast.parquet").write_bytes(b"PAR1 half of it")
    run = settle(copied)
    assert not run.has("forecast")
    assert_same(make(finished, "forecast"), make(run, "forecast"))
    assert count == {"reconciled": 1}  # training stands


def test_a_step_that_fails_leaves_no_trace_of_being_done(copied: Path, monkeypatch) -> None:
    (copied / "run" / "steps" / "forecast.json").unlink()
    monkeypatch.setattr(forecast, "reconciled", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        settle(copied).forecast()
    assert not settle(copied).has("forecast")


# --- opened -----------------------------------------------------------------------------------------------------------


def test_a_finished_folder_is_read_without_its_data(copied: Path, finished: Run) -> None:
    shutil.rmtree(copied / "home")
    (copied / "run").rename(copied / "2024-W22")
    run = Run.open(copied / "2024-W22")
    assert_same(make(finished), make(run))
    assert (run.as_of, run.horizon) == ("", 168)
    assert run.home().origin == finished.home().origin
    assert run.cost() == finished.cost()


def test_a_step_that_an_opened_folder_lacks_is_named(copied: Path, tmp_path: Path) -> None:
    for step in ("home", *STEPS):
        (copied / "run" / "steps" / f"{step}.json").unlink()
        words = f"{'home was' if step == 'home' else f'step {step} was'} never .*make report"
        with pytest.raises(InputError, match=words):
            getattr(Run.open(copied / "run"), step)()
    with pytest.raises(InputError, match="no run folder"):
        Run.open(tmp_path)


# --- parameters -------------------------------------------------------------------------------------------------------


def test_data_is_found_below_the_working_directory_or_else_below_the_project(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = Run("data/sample", output=tmp_path / "run")
    assert run.data == ROOT / "data" / "sample"
    own = write_home(tmp_path / "data" / "sample")
    assert Run("data/sample", output=tmp_path / "run").data == own
    assert Run(str(own), output=tmp_path / "run").data == own


def test_an_empty_output_is_the_workbench_and_a_relative_one_lies_here(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(run_folder, "PROJECT", tmp_path / "project")
    monkeypatch.chdir(tmp_path)
    home = write_home(tmp_path / "home")
    assert Run(home).folder == tmp_path / "project" / "reports" / "workbench"
    assert Run(home, output="here").folder == tmp_path / "here"


@pytest.mark.parametrize("horizon", [0, 337, -1, 24.5, "168", True, None])
def test_what_cannot_be_used_is_refused(finished: Run, tmp_path: Path, horizon: object) -> None:
    with pytest.raises(InputError, match=r"horizon: .* give 1 to 336 whole hours"):
        Run(finished.data, output=tmp_path / "run", horizon=horizon)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="there is no data/of_mine"):
        Run("data/of_mine", output=tmp_path)


def test_a_home_that_fell_silent_is_not_forecast(tmp_path: Path) -> None:
    run = Run(write_home(tmp_path / "home"), as_of="2024-06-30", output=tmp_path / "run")
    with pytest.raises(InputError, match="no device has a known hour in the four weeks before 2024-06-29"):
        run.forecast()


def test_a_main_meter_that_fell_silent_is_named_with_what_to_do(tmp_path: Path) -> None:
    main = np.concatenate([tiny.days(10), np.full(29 * 24, np.nan)])
    home = tiny.write_readings(tmp_path / "home", main=main, tv=tiny.days(39))
    with pytest.raises(InputError, match=r"home as a whole has no known hour .* `role: ignore` in home.yaml"):
        Run(home, output=tmp_path / "run").explore()
    (home / "home.yaml").write_text("devices: {main: {role: ignore}}\n")
    assert set(Run(home, output=tmp_path / "run").sums()["week"]["device_id"]) == {"tv", "household"}


def test_devices_that_are_hardly_ever_known_at_once_are_summed_all_the_same(tmp_path: Path) -> None:
    even = np.arange(240) % 2 == 0
    home = tiny.write_readings(tmp_path / "home", a=np.where(even, 0.1, np.nan), b=np.where(even, np.nan, 0.3))
    week = Run(home, output=tmp_path / "run").sums()["week"].set_index("device_id")
    assert week["total"].to_dict() == approx({"a": 16.8, "b": 50.4, "household": 67.2})
    assert np.isnan(week.loc["household", "p10"])


def test_the_model_of_a_device_is_told_and_an_unknown_device_is_named(finished: Run) -> None:
    selection = finished.selection().set_index("device_id")["model"]
    assert finished.model("tv") == selection["tv"]
    with pytest.raises(InputError, match="there is no 'radio'; forecast are fridge, household, tv"):
        finished.model("radio")


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_every_frame_is_kept_as_csv_too_and_says_the_same(finished: Run) -> None:
    kept = [json.loads(path.read_text()).get("frames", []) for path in (finished.folder / "steps").glob("*.json")]
    names = {name for frames in kept for name in frames} - {"features"}
    assert {"forecast", "metrics", "week", "breakdown", "recommendations", "reference"} <= names
    for name in names | {"readings"}:
        assert_csv_says_the_same(finished.folder / f"{name}.parquet")


def assert_csv_says_the_same(parquet: Path) -> None:
    frame = pd.read_parquet(parquet)
    csv = pd.read_csv(parquet.with_suffix(".csv"), keep_default_na=False, na_values=[""])
    assert list(csv) == list(frame)
    assert len(csv) == len(frame)
    for name in frame if len(frame) else ():
        if pd.api.types.is_datetime64_any_dtype(frame[name]):
            csv[name] = pd.to_datetime(csv[name], utc=getattr(frame[name].dt, "tz", None) is not None)
        assert frame[name].isna().tolist() == csv[name].isna().tolist(), (parquet.name, name)
        known = frame[name].notna()
        assert frame.loc[known, name].tolist() == csv.loc[known, name].tolist(), (parquet.name, name)


def test_rows_that_were_not_used_stand_in_a_file_with_row_and_reason(tmp_path: Path) -> None:
    kwh = tiny.days(20)
    home = tiny.write_readings(tmp_path / "home", tv=kwh)
    lines = (home / "readings.csv").read_text(encoding="utf-8").splitlines()
    lines[5] = lines[5].rsplit(",", 1)[0] + ",-1"
    (home / "readings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run = Run(home, output=tmp_path / "run")
    run.home()
    rejected = pd.read_csv(tmp_path / "run" / "rejected.csv")
    assert rejected[["file", "row", "column", "value"]].to_numpy().tolist() == [["readings.csv", 6, "energy_kwh", -1]]
    assert rejected["reason"].notna().all()
    account = pd.read_csv(tmp_path / "run" / "reconciliation.csv").iloc[0]
    assert (account["rows_read"], account["rows_used"], account["rows_rejected"]) == (480, 479, 1)


def test_a_very_long_frame_is_kept_as_parquet_alone(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(artifacts, "LARGEST_CSV", 100)
    for rows in (100, 101):
        artifacts.write(tmp_path, "readings", pd.DataFrame({"kwh": np.zeros(rows)}), {})
        assert (tmp_path / "readings.csv").exists() == (rows == 100)
        (tmp_path / "readings.csv").unlink(missing_ok=True)
    assert len(artifacts.read(tmp_path, "readings")) == 101


def test_nothing_that_is_published_tells_a_path_of_the_machine(finished: Run, sample_run: Run) -> None:
    for run in (finished, sample_run):
        secrets = [str(run.folder), str(run.folder.parent), str(run.data), str(ROOT), str(Path.home())]
        assert run.data is not None
        for path in run.folder.rglob("*"):
            if path.suffix == ".parquet":
                frame = pd.read_parquet(path)
                said = " ".join({str(value) for name in frame for value in (name, *frame[name].unique())})
            else:
                said = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
            assert not [secret for secret in secrets if len(secret) > 1 and secret in said], path.name


# --- money ------------------------------------------------------------------------------------------------------------


def test_prices_are_those_of_the_coming_hours(finished: Run) -> None:
    """The forecast begins at midnight in Madrid; peak is 18:00 to 22:00."""
    prices = finished.prices(24)
    assert prices is not None
    assert prices.tolist() == [0.1] * 18 + [0.3] * 4 + [0.1] * 2


def test_cost_is_price_times_energy_of_the_household(finished: Run) -> None:
    hours = finished.forecast().query("device_id == 'household'")
    prices = finished.prices(168)
    assert prices is not None
    assert finished.cost() == approx(float(prices @ hours["energy_kwh"].to_numpy()))


def test_without_a_tariff_there_is_no_cost(tiny_run) -> None:
    run = tiny_run(tiny.three_days)
    assert (run.rates(), run.prices(24)) == (None, None)
    assert np.isnan(run.cost())


# --- one week after another -------------------------------------------------------------------------------------------


def test_the_second_week_holds_the_first_to_account(tmp_path: Path) -> None:
    home = tiny.write_readings(tmp_path / "home", home=HOME, tv=tiny.days(50), fridge=tiny.days(50, seed=1, off=0))
    first = Run(home, "2024-06-17", output=tmp_path / "reports" / "2024-W25")
    first_week = first.sums()["week"].set_index("device_id").loc["household"]
    assert set(first.review()["review_totals"]["week"]) == {"again"}
    second = Run(home, "2024-06-24", output=tmp_path / "reports" / "2024-W26")
    found = second.review()
    row = found["review_totals"].set_index("device_id").loc["household"]
    assert row["week"] == "2024-W25"
    assert row[["predicted", "p10", "p90"]].tolist() == approx(first_week[["total", "p10", "p90"]].tolist())
    hours = second.home().readings
    assert row["observed"] == approx(hours.loc[hours["timestamp"] >= first.home().origin, "energy_kwh"].sum())
    assert row["first_day"] == pd.Timestamp("2024-06-17")
    words = f"Last week we said {fmt.span(first_week['p10'], first_week['p90'])}; it was {fmt.kwh(row['observed'])}."
    assert words in text("last_forecast", totals=found["review_totals"]).replace("**", "")
    assert found["review_days"].groupby("device_id").size().to_dict() == {"household": 7, "tv": 7, "fridge": 7}


def test_calibration_is_kept_of_every_device_and_day_ahead(finished: Run) -> None:
    calibration = finished.calibration()
    assert set(calibration.calibration["device_id"]) == set(finished.scores()["device_id"])
    assert calibration.calibration_home["quantile"].tolist() == ["p10", "p50", "p90", "band"]
    assert set(calibration.days_ahead["day"]) == set(range(1, 8))


def test_models_of_a_notebook_are_read_back_as_they_were(finished: Run, tmp_path: Path) -> None:
    run = Run(finished.data, output=tmp_path / "run")
    mine = make_pipeline(StandardScaler(), Ridge(alpha=2.0))
    scores = run.keep("metrics", influx.backtest, run.home(), {"mine": mine}, folds=1, horizon=24)
    selection = run.keep("selection", influx.select, scores)
    assert repr(selection.models["mine"]) == repr(influx.models.Regression(mine))
    again = Run(finished.data, output=tmp_path / "run")
    assert again.selection().equals(selection)
    forecast = again.keep("forecast", influx.forecast, again.home(), again.selection(), horizon=24)
    assert set(forecast["model"]) <= {"mine", "climatology"}
