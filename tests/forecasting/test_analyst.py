"""What an analyst does: any estimator through backtest, comparison, selection and forecast, and own features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tiny_readings import START, hours, readings, used

import influx
from influx.core.errors import InputError
from influx.core.schema import METRICS
from influx.forecasting.models import MODELS, Climatology, Prophet, Regression, SimilarDays
from influx.forecasting.models.regression import named_estimator

WEEK = 168
HOME = readings(tv=used(9 * WEEK), ac=used(9 * WEEK, 1))
EVENING = {"evening": lambda hours: hours.hour.isin([18, 19, 20])}


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(SimpleImputer(), Ridge()),
        HistGradientBoostingRegressor(max_iter=10, random_state=0),
        make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(4,), max_iter=5, random_state=0)),
        "xgboost.XGBRegressor",
        "lightgbm.LGBMRegressor",
    ],
    ids=lambda estimator: estimator if isinstance(estimator, str) else str(estimator)[:30],
)
@pytest.mark.filterwarnings("error", "ignore::sklearn.exceptions.ConvergenceWarning")
def test_any_regressor_goes_from_the_backtest_to_the_forecast(estimator: BaseEstimator | str) -> None:
    if isinstance(estimator, str):
        pytest.importorskip(estimator.partition(".")[0])
        estimator = named_estimator(estimator, {"n_estimators": 10})
    weather = pd.DataFrame({"timestamp": hours(10 * WEEK), "outdoor_temp_celsius": np.arange(10 * WEEK) % 29.0})
    weather.loc[weather.index % 50 == 0, "outdoor_temp_celsius"] = np.nan
    frame = readings(tv=used(9 * WEEK))
    scores = influx.backtest(frame, {"mine": estimator, "climatology": Climatology()}, folds=1, weather=weather)
    assert list(scores.columns) == list(METRICS.columns)
    assert scores.groupby("device_id")["model"].unique().map(sorted).tolist() == [["climatology", "mine"]] * 2
    mine = scores[scores["model"] == "mine"]
    selection = influx.select(mine)
    assert (selection["model"] == "mine").all() and (selection["reason"] == "one model").all()
    coming = influx.forecast(frame, selection, horizon=24, weather=weather)
    assert (coming["model"] == "mine").all()
    numbers = coming[["energy_kwh", "p10", "p50", "p90"]].to_numpy()
    assert np.isfinite(numbers).all() and (numbers >= 0).all()
    assert (np.diff(numbers[:, 1:], axis=1) >= 0).all()


def test_scores_hold_each_past_forecast_and_each_fold() -> None:
    scores = influx.backtest(HOME, ["climatology", "seasonal naive"], folds=3)
    assert scores.by_fold.groupby(["device_id", "model"])["origin"].nunique().eq(3).all()
    mean = scores.by_fold.groupby(["device_id", "model"])["mae"].mean()
    pd.testing.assert_series_equal(mean, scores.set_index(["device_id", "model"])["mae"].sort_index())
    assert len(scores.forecasts) == 3 * 2 * 3 * WEEK
    assert scores.devices.set_index("device_id")["days_known"].to_dict() == dict.fromkeys(["ac", "household", "tv"], 63)


@pytest.mark.parametrize(
    ("models", "fact"),
    [
        ({"mine": 3}, "'mine' is 3, no estimator"),
        ({"mine": "prophecy"}, "there is no prophecy; choose among climatology"),
        ({"mine": LinearRegression}, r"'mine' is the class LinearRegression; give an instance: LinearRegression\(\)"),
        ({"mine": StandardScaler()}, "no estimator"),
        ({"mine": LogisticRegression()}, "a classifier"),
        ({}, "there is none"),
    ],
)
def test_what_is_no_regressor_is_named(models: dict[str, object], fact: str) -> None:
    for function in (influx.backtest, influx.forecast):
        with pytest.raises(InputError, match=f"^models: .*{fact}"):
            function(HOME, models)


def test_prophet_says_what_it_needs() -> None:
    try:
        import prophet  # noqa: F401
    except ImportError:
        with pytest.raises(InputError, match="pip install prophet"):
            influx.backtest(HOME, {"prophet": Prophet()}, folds=1)


def test_candidates_given_to_the_forecast_are_selected_from_there() -> None:
    weekly = np.tile(np.random.default_rng(0).random(WEEK), 6)
    frame = readings(tv=weekly)
    found = influx.forecast(frame, {"last week": MODELS["seasonal naive"]()}, horizon=24)
    assert set(found["model"]) == {"last week"}
    np.testing.assert_allclose(found.loc[found["device_id"] == "tv", "energy_kwh"], weekly[:24])
    selection = influx.select(influx.backtest(frame, {"last week": "seasonal naive", "climatology": "climatology"}))
    pd.testing.assert_frame_equal(influx.forecast(frame, selection, horizon=24), found)


def test_a_device_that_no_selection_knows_is_an_error_and_an_untested_one_is_not() -> None:
    young = readings(tv=used(3 * 24))
    selection = influx.select(influx.backtest(young, {"mine": Ridge()}))
    assert (
        selection[["model", "reason", "not_tested", "days_known"]].values.tolist()
        == [["climatology", "untested", "mine", 3.0]] * 2
    )
    assert set(influx.forecast(young, selection, horizon=24)["model"]) == {"climatology"}
    with pytest.raises(InputError, match="no model was selected for ac of home"):
        influx.forecast(readings(ac=used(3 * 24)), selection)


def written(folder: Path, more: str = "") -> Path:
    HOME.drop(columns="home_id").to_csv(folder / "readings.csv", index=False)
    (folder / "home.yaml").write_text(f"timezone: Europe/London\ncountry: GB\n{more}", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> influx.Home:
    return influx.load(written(tmp_path_factory.mktemp("home")))


def test_a_home_and_its_readings_give_the_same(home: influx.Home) -> None:
    place = {"timezone": "Europe/London", "country": "GB"}
    models = {"similar days": "similar days", "line": LinearRegression()}
    scores = influx.backtest(home, models, folds=1, extra=EVENING)
    other = influx.backtest(home.readings, models, folds=1, extra=EVENING, **place)
    pd.testing.assert_frame_equal(pd.DataFrame(scores), pd.DataFrame(other))
    pd.testing.assert_frame_equal(
        influx.features(home, extra=EVENING), influx.features(home.readings, extra=EVENING, **place)
    )
    selection = influx.select(scores)
    of_home, of_frame = influx.forecast(home, selection), influx.forecast(home.readings, selection, **place)
    pd.testing.assert_frame_equal(of_home, of_frame)
    pd.testing.assert_frame_equal(influx.forecast(home), influx.forecast(home.readings, **place))


def test_a_home_has_a_place_of_its_own(home: influx.Home) -> None:
    with pytest.raises(InputError, match="timezone: a Home has its own"):
        influx.backtest(home, timezone="UTC")
    with pytest.raises(InputError, match="str is neither a Home nor a frame of readings"):
        influx.forecast("data/sample")


def test_the_feature_table_has_a_row_for_each_device_origin_and_hour() -> None:
    table = influx.features(HOME, horizon=48, extra=EVENING, timezone="Europe/London")
    assert table.groupby(["device_id", "origin"]).size().eq(48).all()
    assert table["origin"].max() == START + pd.Timedelta(weeks=9) - pd.Timedelta(hours=48)
    local = table["timestamp"].dt.tz_convert("Europe/London").dt.hour
    np.testing.assert_array_equal(table["evening"], local.isin([18, 19, 20]))
    assert table.attrs["known_ahead"] == ["is_weekend", "hour_sin", "hour_cos", "day_sin", "day_cos", "evening"]
    young = influx.features(readings(tv=used(48)))
    assert len(young) == 0 and "lag_1h" in young


def test_an_own_feature_is_learnt_and_forecast_alike() -> None:
    """A device that runs in hours that no other feature tells: its own feature tells them."""
    own = {"odd": lambda hours: hours.day_of_year.to_numpy() % 5 == 0}
    stamps = hours(20 * WEEK)
    frame = readings(tv=(stamps.day_of_year % 5 == 0).astype(float))
    with_it, without = (
        influx.backtest(frame, {"line": LinearRegression()}, folds=1, extra=extra) for extra in (own, None)
    )
    assert with_it["mae"].max() < 0.05 < 0.1 < without["mae"].max()
    found = influx.forecast(frame, influx.select(with_it), extra=own)
    tv = found[found["device_id"] == "tv"]
    np.testing.assert_allclose(tv["energy_kwh"], tv["timestamp"].dt.day_of_year % 5 == 0, atol=0.05)


def test_own_features_stay_when_the_future_changes() -> None:
    kwh = used(9 * WEEK)
    changed = np.where(np.arange(9 * WEEK) >= 8 * WEEK, 50.0, kwh)
    origin = START + pd.Timedelta(weeks=8)
    tables = [influx.features(readings(tv=values), extra=EVENING) for values in (kwh, changed)]
    before, after = (table[table["origin"] <= origin].drop(columns="energy_kwh") for table in tables)
    pd.testing.assert_frame_equal(before, after)
    assert (before["origin"] == origin).any()


@pytest.mark.parametrize(
    ("extra", "fact"),
    [
        ({"short": lambda hours: hours.hour[:-1]}, r"'short' has the shape \(\d+,\) for \d+ hours"),
        ({"scalar": lambda hours: 1}, "'scalar' has the shape"),
        ({"names": lambda hours: hours.day_name()}, "'names' returned .* values; return numbers"),
        ({"lag_1h": lambda hours: hours.hour}, "a column 'lag_1h' already"),
    ],
)
def test_an_own_feature_that_is_no_number_an_hour_is_refused(extra: dict[str, object], fact: str) -> None:
    for function in (influx.features, lambda frame, extra: influx.backtest(frame, {"mine": Ridge()}, extra=extra)):
        with pytest.raises(InputError, match=f"extra: .*{fact}"):
            function(HOME, extra=extra)


def test_constructors_need_no_arguments() -> None:
    assert repr(SimilarDays()) == "SimilarDays()"
    assert repr(MODELS["stacked regression"]()) == "Regression(base='similar days')"
    assert Regression(Ridge()).needs_days == 42


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    influx.select(influx.backtest(HOME, ["climatology"], progress=True))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "\n" not in printed.err


def test_the_learner_of_home_yaml_is_stacked(home: influx.Home, tmp_path: Path) -> None:
    written(tmp_path, "learner: sklearn.linear_model.Ridge\n")
    named = influx.backtest(influx.load(tmp_path), ["stacked regression"], folds=1)
    ridge = Regression(Ridge(random_state=0), base="similar days")
    given = influx.backtest(home, {"stacked regression": ridge}, folds=1)
    pd.testing.assert_frame_equal(pd.DataFrame(named), pd.DataFrame(given))
