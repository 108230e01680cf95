"""Earlier forecasts are judged as they were published, on measured hours only, and drift is told with its size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_readings import START, hours, series, used

from influx import verdict
from influx.review import Statement, again, drift, earlier, judge, review, said_and_was, scores
from influx.schema import HOUSEHOLD
from influx.series import Series

WEEK = 168
THEN = START + pd.Timedelta(weeks=5)
NOW = THEN + pd.Timedelta(weeks=1)
CHOICE = pd.DataFrame({"home_id": ["home"] * 2, "device_id": [HOUSEHOLD, "tv"], "model": ["climatology"] * 2})


def home(seed: int = 0, weeks: int = 6) -> list[Series]:
    """Return one device and the household, which it is alone."""
    tv = series(used(WEEK * weeks, seed))
    return [Series("home", HOUSEHOLD, tv.energy, tv.around), tv]


def stated(kwh: float, low: float, high: float, device: str = "tv", week: str = "2024-W06") -> Statement:
    """Return a forecast of the same energy in each hour of the week from THEN, with a band around each and the sum."""
    rows = pd.DataFrame({"home_id": "home", "device_id": device, "timestamp": hours(WEEK, THEN), "energy_kwh": kwh})
    rows = rows.assign(p10=low, p50=kwh, p90=high, model="climatology")
    sums = {"home_id": "home", "device_id": device, "total": kwh * WEEK, "hours": WEEK}
    return Statement(week, THEN, rows, pd.DataFrame([sums | {"p10": low * WEEK, "p90": high * WEEK}]))


def test_a_forecast_is_judged_hour_by_hour_beside_climatology():
    kwh = np.concatenate([np.full(5 * WEEK, 0.5), np.full(WEEK, 0.7)])
    judged = judge(stated(0.6, 0.5, 0.8), [series(kwh)])
    # p10 .5, p50 .6, p90 .8 against .7: (.1 * .2 + .5 * .1 + .1 * .1) / 3; climatology says .5 at every level
    assert judged["loss"].to_numpy() == pytest.approx((0.02 + 0.05 + 0.01) / 3)
    assert judged["anchor_loss"].to_numpy() == pytest.approx((0.1 + 0.5 + 0.9) * 0.2 / 3)
    assert judged["day"].tolist() == [1 + hour // 24 for hour in range(WEEK)]


def test_scores_say_bias_coverage_and_what_was_avoided():
    kwh = np.concatenate([np.full(5 * WEEK, 0.5), np.full(WEEK // 2, 0.7), np.full(WEEK // 2, 0.9)])
    row = scores(judge(stated(0.6, 0.5, 0.8), [series(kwh)])).iloc[0]
    assert (row["said"], row["was"]) == pytest.approx((0.6 * WEEK, 0.8 * WEEK))
    assert row["bias"] == pytest.approx(-0.25)
    assert row["coverage_80"] == 0.5
    assert row["gain"] == pytest.approx(1 - row["loss"] / row["anchor_loss"])
    assert row["gain"] > 0


def test_hours_that_were_not_measured_are_neither_judged_nor_taken_for_zero():
    kwh = np.full(6 * WEEK, 0.5)
    kwh[5 * WEEK : 5 * WEEK + 42] = np.nan
    statement = stated(0.6, 0.4, 0.8)
    judged = judge(statement, [series(kwh)])
    row = said_and_was(statement, judged).iloc[0]
    assert len(judged) == 126
    assert row["share_known"] == 0.75
    assert (row["said"], row["p10"], row["p90"], row["was"]) == pytest.approx((75.6, 50.4, 100.8, 63.0))
    assert row["inside"]


def test_a_total_of_which_less_than_three_quarters_was_measured_is_not_judged():
    kwh = np.full(6 * WEEK, 0.5)
    kwh[5 * WEEK : 5 * WEEK + 43] = np.nan
    statement = stated(0.6, 0.4, 0.8)
    assert said_and_was(statement, judge(statement, [series(kwh)])).empty


def test_a_total_outside_its_range_is_said_to_be_outside():
    statement = stated(0.6, 0.55, 0.65)
    told = said_and_was(statement, judge(statement, [series(np.full(6 * WEEK, 0.5))]))
    assert told["inside"].tolist() == [False]


def test_earlier_reports_are_read_as_published_and_only_those_of_this_home(tmp_path):
    for week, home_id, origin in (("2024-W06", "home", THEN), ("2024-W07", "home", NOW), ("2024-W05", "other", START)):
        folder = tmp_path / week
        folder.mkdir()
        statement = stated(0.6, 0.4, 0.8)
        (folder / "home.json").write_text(json.dumps({"origin": origin.isoformat()}))
        statement.hours.assign(home_id=home_id).to_parquet(folder / "forecast.parquet")
        statement.totals.to_parquet(folder / "week.parquet")
    (tmp_path / "2024-W04").mkdir()
    found = earlier(tmp_path, "home", NOW)
    assert [one.week for one in found] == ["2024-W06"]
    assert found[0].hours["energy_kwh"].eq(0.6).all()


def test_without_an_earlier_report_the_past_week_is_forecast_again_from_what_was_known(tmp_path):
    every = home()
    found = review(every, CHOICE, NOW, tmp_path)
    changed = [Series(one.home_id, one.device_id, one.energy.copy(), one.around) for one in every]
    for one in changed:
        one.energy[one.energy.index >= THEN] = 9.0
    assert found["said_and_was"]["week"].unique().tolist() == ["again"]
    assert found["said_and_was"]["origin"].unique().tolist() == [THEN]
    pd.testing.assert_frame_equal(again(every, CHOICE, NOW).hours, again(changed, CHOICE, NOW).hours)
    assert "forecast again" in verdict.last_week(found)


def test_the_sentence_holds_the_range_and_what_it_was(tmp_path):
    folder = tmp_path / "2024-W06"
    folder.mkdir()
    statement = stated(0.5, 0.4, 0.6, HOUSEHOLD)
    (folder / "home.json").write_text(json.dumps({"origin": THEN.isoformat()}))
    statement.hours.to_parquet(folder / "forecast.parquet")
    statement.totals.to_parquet(folder / "week.parquet")
    flat = series(np.full(6 * WEEK, 0.5))
    found = review([Series("home", HOUSEHOLD, flat.energy, flat.around)], CHOICE, NOW, tmp_path)
    words = verdict.last_week(found).replace("\u202f", " ")
    assert words == "**Last time we said 67.2 to 101 kWh (8 in 10); it was 84.0 kWh.**"


def test_nothing_to_judge_is_said():
    found = review(home(weeks=1), CHOICE, START + pd.Timedelta(weeks=1), Path("nowhere"))
    assert found["review_hours"].empty
    assert verdict.last_week(found).startswith("No earlier forecast can be judged yet")
    assert verdict.against_climatology(found) == "Nothing can be compared yet."
    assert verdict.promises(found["said_and_was"]).empty


def test_a_device_that_doubles_its_use_is_found_with_the_size_of_the_change():
    kwh = used(16 * WEEK, off=0.0)
    kwh[-28 * 24 :] *= 2
    one = series(kwh)
    row = drift([one], CHOICE, one.energy.index[-1] + pd.Timedelta(hours=1)).iloc[0]
    assert 0.7 < row["use_change"] < 1.3
    assert row["use_distance"] > 0.9
    assert row["use_p"] < 1e-6
    assert any("more a day" in words for words in verdict.drifts(pd.DataFrame([row])))


def test_a_device_that_goes_on_as_before_has_not_drifted():
    one = series(used(16 * WEEK, seed=3, off=0.0))
    row = drift([one], CHOICE, one.energy.index[-1] + pd.Timedelta(hours=1))
    assert row["use_p"].iloc[0] > 0.01
    assert verdict.drifts(row) == ["No device has changed clearly, and no forecast is getting clearly worse."]


def test_errors_that_grow_are_dated():
    rng = np.random.default_rng(1)
    kwh = 1 + 0.05 * rng.standard_normal(16 * WEEK)
    kwh[-5 * WEEK :] = rng.choice([0.2, 1.8], 5 * WEEK)
    one = series(kwh)
    row = drift([one], CHOICE, one.energy.index[-1] + pd.Timedelta(hours=1)).iloc[0]
    assert row["error_since"] == pd.Timestamp(START.date()) + pd.Timedelta(weeks=11)
    assert row["error_change"] > 1
    assert row["error_p"] < 0.05


def test_short_histories_know_of_no_drift():
    row = drift([series(used(3 * WEEK))], CHOICE, START + pd.Timedelta(weeks=3)).iloc[0]
    assert np.isnan(row["use_p"]) and np.isnan(row["error_p"]) and pd.isna(row["error_since"])
