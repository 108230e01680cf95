"""Earlier forecasts are judged as they were published, on measured hours only, beside climatology."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_readings import START, hours, series, used

from influx.core.schema import HOUSEHOLD
from influx.forecasting.device_series import Series
from influx.insights.forecast_review import (
    AGAIN,
    DAY,
    PastForecast,
    compare_hours,
    compare_totals,
    earlier,
    forecast_again,
    review_series,
    scores,
)
from influx.report import rows, text

WEEK = 168
THEN = START + pd.Timedelta(weeks=5)
NOW = THEN + pd.Timedelta(weeks=1)
CHOICE = pd.DataFrame({"home_id": ["home"] * 2, "device_id": [HOUSEHOLD, "tv"], "model": ["climatology"] * 2})


def home(seed: int = 0, weeks: int = 6) -> list[Series]:
    """Return one device and the household, which it is alone."""
    tv = series(used(WEEK * weeks, seed))
    return [Series("home", HOUSEHOLD, tv.energy, tv.covariates), tv]


def stated(kwh: float, low: float, high: float, device: str = "tv", week: str = "2024-W06") -> PastForecast:
    """Return a forecast of the same energy in each hour of the week from THEN, with a band around each and the sum."""
    rows = pd.DataFrame({"home_id": "home", "device_id": device, "timestamp": hours(WEEK, THEN), "energy_kwh": kwh})
    rows = rows.assign(p10=low, p50=kwh, p90=high, model="climatology")
    sums = {"home_id": "home", "device_id": device, "total": kwh * WEEK, "hours": WEEK}
    return PastForecast(week, THEN, rows, pd.DataFrame([sums | {"p10": low * WEEK, "p90": high * WEEK}]))


def test_a_forecast_is_judged_hour_by_hour_beside_climatology():
    kwh = np.concatenate([np.full(5 * WEEK, 0.5), np.full(WEEK, 0.7)])
    judged = compare_hours(stated(0.6, 0.5, 0.8), [series(kwh)])
    # p10 .5, p50 .6, p90 .8 against .7: (.1 * .2 + .5 * .1 + .1 * .1) / 3; climatology says .5 at every level
    assert judged["loss"].to_numpy() == pytest.approx((0.02 + 0.05 + 0.01) / 3)
    assert judged["baseline_loss"].to_numpy() == pytest.approx((0.1 + 0.5 + 0.9) * 0.2 / 3)
    assert judged["day"].tolist() == [1 + hour // 24 for hour in range(WEEK)]
    assert judged[["baseline_kwh", "baseline_p10", "baseline_p90"]].to_numpy() == pytest.approx(0.5)


def test_scores_say_bias_coverage_and_what_was_avoided():
    kwh = np.concatenate([np.full(5 * WEEK, 0.5), np.full(WEEK // 2, 0.7), np.full(WEEK // 2, 0.9)])
    row = scores(compare_hours(stated(0.6, 0.5, 0.8), [series(kwh)])).iloc[0]
    assert (row["predicted"], row["observed"]) == pytest.approx((0.6 * WEEK, 0.8 * WEEK))
    assert row["bias"] == pytest.approx(-0.25)
    assert row["coverage_80"] == 0.5
    assert row["gain"] == pytest.approx(1 - row["loss"] / row["baseline_loss"])
    assert row["gain"] > 0
    # climatology said .5 throughout, and never met what happened
    assert (row["baseline_predicted"], row["baseline_bias"]) == pytest.approx((0.5 * WEEK, -0.375))
    assert row["baseline_coverage_80"] == 0
    # the first 84 hours were missed by .1, the others by .3: days by 2.4, 4.8 (the fourth) or 7.2 kWh
    assert row["absolute_error"] == pytest.approx((3 * 2.4 + 4.8 + 3 * 7.2) / 7)
    assert row["baseline_absolute_error"] == pytest.approx((3 * 4.8 + 7.2 + 3 * 9.6) / 7)


def test_scores_by_day_tell_each_day_of_each_device():
    kwh = np.concatenate([np.full(5 * WEEK, 0.5), np.full(24, 0.7), np.full(24, 0.5), np.full(5 * 24, 0.6)])
    days = scores(compare_hours(stated(0.6, 0.5, 0.65), [series(kwh)]), DAY)
    assert days["day"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert days["predicted"].tolist() == pytest.approx([14.4] * 7)
    assert days["observed"].tolist() == pytest.approx([16.8, 12.0, *[14.4] * 5])
    assert days["absolute_error"].tolist() == pytest.approx([2.4, 2.4, *[0.0] * 5])
    assert days["coverage_80"].tolist() == [0, *[1] * 6]


def test_a_day_of_which_less_than_18_hours_were_measured_is_not_said_to_be_missed():
    for unknown, told in ((6, True), (7, False)):
        kwh = np.full(6 * WEEK, 0.5)
        kwh[5 * WEEK : 5 * WEEK + unknown] = np.nan
        days = scores(compare_hours(stated(0.6, 0.5, 0.8), [series(kwh)]), DAY)
        assert days["hours"].iloc[0] == 24 - unknown
        assert np.isfinite(days["absolute_error"].iloc[0]) == told


def test_hours_that_were_not_measured_are_neither_judged_nor_taken_for_zero():
    kwh = np.full(6 * WEEK, 0.5)
    kwh[5 * WEEK : 5 * WEEK + 42] = np.nan
    statement = stated(0.6, 0.4, 0.8)
    judged = compare_hours(statement, [series(kwh)])
    row = compare_totals(statement, judged).iloc[0]
    assert len(judged) == 126
    assert row["share_known"] == 0.75
    assert (row["predicted"], row["p10"], row["p90"], row["observed"]) == pytest.approx((75.6, 50.4, 100.8, 63.0))
    assert row["inside"]


def test_a_total_of_which_less_than_three_quarters_was_measured_is_not_judged():
    kwh = np.full(6 * WEEK, 0.5)
    kwh[5 * WEEK : 5 * WEEK + 43] = np.nan
    statement = stated(0.6, 0.4, 0.8)
    assert compare_totals(statement, compare_hours(statement, [series(kwh)])).empty


def test_a_total_outside_its_range_is_said_to_be_outside():
    statement = stated(0.6, 0.55, 0.65)
    told = compare_totals(statement, compare_hours(statement, [series(np.full(6 * WEEK, 0.5))]))
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


def write(folder: Path, statement: PastForecast) -> None:
    """Write a forecast into a folder of its week, as a report leaves it."""
    folder = folder / statement.week
    folder.mkdir()
    (folder / "home.json").write_text(json.dumps({"origin": statement.origin.isoformat()}))
    statement.hours.to_parquet(folder / "forecast.parquet")
    statement.totals.to_parquet(folder / "week.parquet")


def test_every_earlier_report_is_judged_the_newest_first(tmp_path):
    """Two reports of the same home, the second of a forecast that begins a week later."""
    first = stated(0.5, 0.4, 0.6, HOUSEHOLD)
    later = first.hours.assign(timestamp=first.hours["timestamp"] + pd.Timedelta(weeks=1), energy_kwh=0.8)
    write(tmp_path, first)
    write(tmp_path, PastForecast("2024-W07", NOW, later, first.totals))
    flat = series(np.full(7 * WEEK, 0.5))
    every = [Series("home", HOUSEHOLD, flat.energy, flat.covariates)]
    found = review_series(every, CHOICE, NOW + pd.Timedelta(weeks=1), tmp_path)
    assert found["review_totals"]["week"].tolist() == ["2024-W07", "2024-W06"]
    assert found["review_totals"]["weeks_ago"].tolist() == [1, 2]
    assert found["review_devices"].set_index("week")["bias"].to_dict() == pytest.approx(
        {"2024-W07": 0.6, "2024-W06": 0}
    )
    assert found["review_days"].groupby("week").size().to_dict() == {"2024-W06": 7, "2024-W07": 7}
    assert set(found["review_calibration"]["folds"]) == {2}
    assert rows.forecast_record(found["review_totals"], found["review_devices"])["week"].tolist() == [
        "2024-W07",
        "2024-W06",
    ]


def test_a_report_of_this_very_week_is_no_reason_to_judge_nothing(tmp_path):
    """Too little of it has happened: the past week is forecast forecast_again, and said to be."""
    write(tmp_path, stated(0.5, 0.4, 0.6, HOUSEHOLD))
    now = THEN + pd.Timedelta(days=1)
    known = [Series(one.home_id, one.device_id, one.energy[one.energy.index < now], one.covariates) for one in home()]
    found = review_series(known, CHOICE, now, tmp_path)
    assert set(found["review_totals"]["week"]) == {AGAIN}
    assert "forecast again" in text("last_forecast", totals=found["review_totals"])


def test_without_an_earlier_report_the_past_week_is_forecast_again_from_what_was_known(tmp_path):
    every = home()
    found = review_series(every, CHOICE, NOW, tmp_path)
    changed = [Series(one.home_id, one.device_id, one.energy.copy(), one.covariates) for one in every]
    for one in changed:
        one.energy[one.energy.index >= THEN] = 9.0
    assert found["review_totals"]["week"].unique().tolist() == [AGAIN]
    assert found["review_totals"]["origin"].unique().tolist() == [THEN]
    pd.testing.assert_frame_equal(forecast_again(every, CHOICE, NOW).hours, forecast_again(changed, CHOICE, NOW).hours)
    assert "forecast again" in text("last_forecast", totals=found["review_totals"])


def test_the_sentence_holds_the_range_and_what_it_was(tmp_path):
    write(tmp_path, stated(0.5, 0.4, 0.6, HOUSEHOLD))
    flat = series(np.full(6 * WEEK, 0.5))
    found = review_series([Series("home", HOUSEHOLD, flat.energy, flat.covariates)], CHOICE, NOW, tmp_path)
    words = text("last_forecast", totals=found["review_totals"]).replace("\u202f", " ")
    assert words == "**Last week we said 67 to 101 kWh (8 in 10); it was 84.0 kWh.**"


def test_nothing_to_judge_is_said():
    found = review_series(home(weeks=1), CHOICE, START + pd.Timedelta(weeks=1), Path("nowhere"))
    assert found["review_hours"].empty
    assert text("last_forecast", totals=found["review_totals"]).startswith("No earlier forecast can be judged yet")
    assert text("skill", losses=found["review_devices"]) == "Nothing can be compared yet."
    assert found["review_totals"].empty
