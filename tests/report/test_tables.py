"""What a reader of the tables relies on: the frames' own numbers, with units, local times and words for codes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from pytest import approx

from influx import Run, load
from influx.forecasting.models import MODELS
from influx.report.html import cell
from influx.report.words import tables

NAN, THIN = float("nan"), "\N{NARROW NO-BREAK SPACE}"
KEYS = {"home_id": "h", "device_id": "tv"}


def with_household(**columns: list) -> pd.DataFrame:
    """Return a frame of a device and the household, in the order in which steps leave them."""
    return pd.DataFrame({"home_id": "h", "device_id": ["tv", "household"], **columns})


CHOICE = with_household(model=["seasonal naive", "climatology"])
WEEK = with_household(total=[12.3, 45.0], hours=[168, 168], p10=[10.0, NAN], p90=[15.5, NAN])
COST = with_household(total=[2.5, 9.0], hours=[168, 168], p10=[2.0, NAN], p90=[3.125, NAN])


def test_the_account_of_the_sample_closes(sample_run: Run) -> None:
    shown = tables.account(sample_run.home()).set_index("file")
    lines = len((sample_run.data / "events.csv").read_text().splitlines()) - 1
    assert shown.loc["events.csv", ["rows read", "used"]].tolist() == [lines, lines]
    assert shown.loc["events.csv", "rejected"] == 0
    assert "after the as-of time" not in shown  # a column of zeros tells nothing
    assert shown.loc["events.csv", "kWh read"] == shown.loc["events.csv", "kWh used"] != "none"
    assert shown.loc["weather.csv", "kWh read"] == "none"  # it holds no energy, which is not 0 kWh


def test_a_rejected_row_is_shown_with_its_reason(tmp_path: Path) -> None:
    uses = tiny.evenings("TV", 30)
    uses.loc[3, "power_consumption_kwh"] = -1
    shown = tables.rejected(load(tiny.write_events(tmp_path, uses)))
    assert shown[["file", "row", "column", "value"]].to_numpy().tolist() == [
        ["events.csv", 5, "power_consumption_kwh", "-1.0"]
    ]
    assert shown["reason"].item()


def test_the_exploration_of_the_sample_is_told_as_it_was_found(sample_run: Run) -> None:
    found = sample_run.explore()
    known = tables.completeness(found["completeness"]).set_index("device").loc["FRIDGE_01"]
    assert known[["first day", "last day", "hours known"]].tolist() == ["2024-04-22", "2024-07-14", f"100{THIN}%"]
    parts = tables.breakdown(found["breakdown"])
    assert parts["kWh a day"].tolist() == found["breakdown"]["kwh_per_day"].tolist()
    assert sum(float(share.split(THIN)[0]) for share in parts["share"]) == approx(100, abs=3)
    drivers = tables.drivers(found["drivers"]).set_index("device")
    assert drivers.loc["AC_LR_01", "with outdoor temperature (-1 to 1)"] > 0.8
    assert set(drivers["peak hours of all hours"]) == {f"20{THIN}%"}


def test_an_episode_ends_at_a_clock_time_and_a_long_one_on_a_day() -> None:
    start = pd.to_datetime(["2024-06-01 22:00", "2024-06-01 22:00", "2024-06-01 22:00"])
    end = pd.to_datetime(["2024-06-02 00:00", "2024-06-02 21:00", "2024-06-02 22:00"])
    frame = pd.DataFrame({"device_id": "tv", "start": start, "end": end, "kwh": 1.0, "usual_kwh": 0.1, "reason": "so"})
    shown = tables.unusual(frame)
    assert shown["from (local)"].tolist() == ["2024-06-01 22:00"] * 3
    assert shown["to"].tolist() == ["00:00", "21:00", "2024-06-02 22:00"]
    assert tables.unusual(frame.iloc[:0]).empty


def test_each_feature_is_told_once_with_what_stands_in(sample_run: Run) -> None:
    shown = tables.relations(sample_run.features()["relations"]).set_index("feature")
    assert len(shown) == 24
    assert shown.loc["lag_1h", "what stands in for it"].startswith("the usual energy")
    assert not shown.loc["lag_1h", "known ahead"]
    assert shown.loc["hour_sin", "known ahead"]


def test_a_feature_that_the_data_lacks_or_that_never_varies_is_said_to(tiny_run) -> None:
    shown = tables.relations(tiny_run(tiny.three_days).features()["relations"]).set_index("feature")
    assert shown.loc["tariff_rate", "what stands in for it"] == "left out: the data does not have it"
    assert shown.loc["tariff_rate", "relation, an hour ahead"] == "does not vary"


def test_the_contest_shows_the_chosen_model_of_each_device(sample_run: Run) -> None:
    trained = sample_run.training()
    shown = tables.contest(trained["metrics"], trained["selection"])
    assert shown["device"].iloc[0] == "household"
    assert len(shown) == len(trained["selection"])
    chosen = trained["selection"].merge(trained["metrics"]).set_index("device_id")["pinball"]
    assert shown.set_index("device")["pinball [kWh]"].to_dict() == chosen.to_dict()
    every = tables.metrics(trained["metrics"])
    assert len(every) == len(trained["metrics"])
    assert set(every["model"]) == set(MODELS)
    assert every["pinball [kWh]"].tolist() == trained["metrics"]["pinball"].tolist()
    assert every["80 % band held"].str.endswith("%").all()


def test_the_reference_is_told_at_both_distances(sample_run: Run) -> None:
    shown = tables.reference(sample_run.training()["reference"])
    assert set(shown["looking"]) == {"one hour ahead", "a week ahead"}
    assert len(shown) == 2 * shown["device"].nunique() == 12


def test_a_reference_that_was_not_tried_is_an_empty_table(tiny_run) -> None:
    shown = tables.reference(tiny_run(tiny.three_days).training()["reference"])
    assert shown.empty
    assert "MAE [kWh]" in shown


def test_the_week_has_its_ranges_and_costs() -> None:
    shown = tables.week(WEEK, COST, CHOICE, "EUR")
    assert list(shown) == ["device", "kWh expected", "8 in 10 [kWh]", "cost", "8 in 10 [EUR]", "model"]
    assert shown.iloc[0].tolist() == ["household", 45.0, "not known", f"9.00{THIN}EUR", "not known", "climatology"]
    assert shown.iloc[1].tolist() == [
        "tv",
        12.3,
        "10 to 16",
        f"2.50{THIN}EUR",
        "2.00 to 3.12",
        "seasonal naive",
    ]


def test_without_prices_no_cost_is_shown() -> None:
    assert list(tables.week(WEEK, None, CHOICE, "")) == ["device", "kWh expected", "8 in 10 [kWh]", "model"]


def test_days_tell_their_hours_only_where_some_are_cut_short() -> None:
    day = pd.to_datetime(["2024-07-15", "2024-07-16"])
    rows = {"device_id": "household", "day": day, "total": [7.0, 3.0], "p10": 6.0, "p90": 8.0}
    whole = pd.DataFrame({**rows, "hours": [24, 24]})
    shown = tables.days(whole, None, "")
    assert shown.to_numpy().tolist() == [["Mon 15 July", 7.0, "6.0 to 8.0"], ["Tue 16 July", 3.0, "6.0 to 8.0"]]
    cut = pd.DataFrame({**rows, "hours": [24, 10]})
    assert tables.days(cut, cut, "EUR")[["hours", "cost"]].to_numpy().tolist() == [
        [24, f"7.00{THIN}EUR"],
        [10, f"3.00{THIN}EUR"],
    ]


def test_peaks_are_spans_of_the_clock() -> None:
    frame = pd.DataFrame(
        {"day": [pd.Timestamp("2024-07-15")], "start": [22], "end": [24], "kwh": [1.5], "share": [0.3]}
    )
    assert tables.peaks(frame).to_numpy().tolist() == [["Mon 15 July", "22:00 to 24:00", 1.5, f"30{THIN}%"]]


def test_the_last_hour_of_a_device_is_told_by_the_clock_of_the_home(sample_run: Run) -> None:
    overview = sample_run.insights()["overview"]
    shown = tables.devices(overview, "Europe/Madrid")
    assert shown["device"].iloc[0] == "household"
    assert set(shown["at (local)"]) == {"2024-07-14 23:00"}
    numbers = overview.set_index("device_id").loc[shown["device"]]
    assert shown["saved [kWh]"].tolist() == numbers["saved_kwh"].tolist()
    assert (numbers["usual_week_kwh"] - numbers["last_week_kwh"]).tolist() == approx(numbers["saved_kwh"].tolist())


def test_the_health_of_devices_without_a_rating_is_their_trend_alone(sample_run: Run, tiny_run) -> None:
    found = sample_run.insights()
    shown = tables.health(found["overview"], found["efficiency"])
    assert "load factor" in shown
    assert shown.set_index("device").loc["household", ["load factor"]].isna().all()
    meters = tiny_run(tiny.main_meter).insights()
    assert list(tables.health(meters["overview"], meters["efficiency"])) == ["device", "trend over twelve weeks"]


def test_recommendations_are_sentences_in_their_order(sample_run: Run) -> None:
    found = sample_run.insights()["recommendations"]
    assert tables.recommendations(found).iloc[:, 0].tolist() == found["what"].tolist()


@pytest.mark.parametrize("make", tiny.HOMES, ids=lambda make: make.__name__)
def test_no_value_of_any_table_is_a_bare_nan(make, tiny_run) -> None:
    run = tiny_run(make)
    explored, trained, coming, paid = run.explore(), run.training(), run.forecast(), run.bill()
    meaning = run.insights()
    every = [
        tables.account(run.home()),
        tables.completeness(explored["completeness"]),
        tables.breakdown(explored["breakdown"]),
        tables.drivers(explored["drivers"]),
        tables.unusual(explored["unusual"]),
        tables.relations(run.features()["relations"]),
        tables.contest(trained["metrics"], trained["selection"]),
        tables.week(coming["week"], paid.get("cost_week"), trained["selection"], "EUR"),
        tables.days(coming["daily"], paid.get("cost_daily"), ""),
        tables.peaks(coming["peaks"]),
        tables.devices(meaning["overview"], "UTC"),
        tables.health(meaning["overview"], meaning["efficiency"]),
        tables.recommendations(meaning["recommendations"]),
    ]
    for table in every:
        assert len(set(table)) == len(table.columns)
        for value in table.to_numpy(dtype=object).ravel():
            assert not re.search(r"\b(nan|NaN|NaT|inf|None)\b", cell(value))
    assert np.isin(list(every[7]["device"]), [*coming["week"]["device_id"]]).all()
