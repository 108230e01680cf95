"""How the review reads: what was said, from when, what it was, and no more certainty than so few reports allow."""

from __future__ import annotations

import pandas as pd
import pytest

from influx.core.schema import HOUSEHOLD
from influx.insights.forecast_review import AGAIN
from influx.report.words import review

NAN, THIN = float("nan"), "\N{NARROW NO-BREAK SPACE}"
THEN = pd.Timestamp("2024-07-07 22:00", tz="UTC")
DAY = pd.Timestamp("2024-07-08")


def plain(words: str) -> str:
    return words.replace(THIN, " ")


def told(**columns: object) -> dict[str, pd.DataFrame]:
    """Return a review of one total of the household, said a week ago."""
    row = {"week": "2024-W28", "origin": THEN, "first_day": DAY, "weeks_ago": 1.0, "device_id": HOUSEHOLD, "hours": 168}
    row |= {"predicted": 64.0, "p10": 58.0, "p90": 71.0, "observed": 66.0, "share_known": 1.0, "inside": True}
    return {"review_totals": pd.DataFrame([row | columns])}


def test_the_page_opens_with_what_was_said_and_what_it_was() -> None:
    assert plain(review.last_week(told())) == "**Last week we said 58 to 71 kWh (8 in 10); it was 66.0 kWh.**"
    unknown = told(p10=NAN, p90=NAN, inside=None)
    assert plain(review.last_week(unknown)) == "**Last week we said about 64.0 kWh; it was 66.0 kWh.**"


@pytest.mark.parametrize(("was", "side"), [(50.0, "below"), (80.0, "above")])
def test_a_week_outside_the_range_is_said_to_be(was: float, side: str) -> None:
    assert plain(review.last_week(told(observed=was, inside=False))).endswith(
        f"** That is {side} the range, outside which two in ten should lie."
    )


@pytest.mark.parametrize("ago", [1 - 1 / 168, 1 + 1 / 168])
def test_a_week_with_a_clock_change_is_last_week(ago: float) -> None:
    assert review.last_week(told(weeks_ago=ago)).startswith("**Last week we said")


def test_an_older_or_shorter_forecast_is_dated() -> None:
    assert plain(review.last_week(told(weeks_ago=3.0))).startswith(
        "**Of the 7 days from Mon 8 July on we said 58 to 71 kWh"
    )
    assert review.last_week(told(hours=24)).startswith("**Of the 24 hours from Mon 8 July on we said")


def test_a_week_that_was_forecast_again_is_said_to_be() -> None:
    words = plain(review.last_week(told(week=AGAIN)))
    assert words.startswith("**A week ago we would have said 58 to 71 kWh (8 in 10); it was 66.0 kWh.**")
    assert "No earlier report tells of it: the past week was forecast again" in words


def test_hours_that_were_not_measured_are_told() -> None:
    words = plain(review.last_week(told(share_known=0.92)))
    assert words.endswith("Both speak of the 92 % of the hours that were measured.")


def test_nothing_to_judge_is_said() -> None:
    for frame in (pd.DataFrame(), told(device_id="tv")["review_totals"]):
        assert review.last_week({"review_totals": frame}).startswith("No earlier forecast can be judged yet")
    empty = {"review_devices": pd.DataFrame(), "review_days": pd.DataFrame(), "review_totals": pd.DataFrame()}
    assert review.against_climatology(empty) == "Nothing can be compared yet."
    assert review.worst_day(empty) == "By how much each day was missed is not known yet."
    for table in (review.promises, review.energies, review.losses):
        assert table(pd.DataFrame()).empty
    assert review.record(empty).empty


# --- against climatology ----------------------------------------------------------------------------------------------


def devices(*reports: dict[str, float], hours: int = 168) -> pd.DataFrame:
    """Return the scores of devices against climatology, which loses .2 everywhere: a dict of losses a report."""
    rows = [
        {"week": f"2024-W{28 + number}", "origin": THEN + pd.Timedelta(weeks=number), "device_id": name, "loss": loss}
        for number, losses in enumerate(reports)
        for name, loss in losses.items()
    ]
    frame = pd.DataFrame(rows).assign(hours=hours, baseline_loss=0.2)
    return frame.assign(gain=1 - frame["loss"] / 0.2)


def test_one_report_is_told_and_decides_nothing() -> None:
    rows = devices({"household": 0.15, "tv": 0.1, "ac": 0.3, "lamp": 0.2})
    assert plain(review.against_climatology({"review_devices": rows})) == (
        "**The household's loss was 0.150 kWh in the hour, 25 % less than climatology's 0.200 kWh.** Of 4 series 2 "
        "lost less than climatology, 1 more and 1 the same. One forecast decides nothing."
    )
    both = review.against_climatology({"review_devices": devices({"household": 0.3}, {"household": 0.1})})
    assert both.endswith("0 more and 1 the same. Two forecasts decide nothing.")


def test_reports_count_by_their_hours() -> None:
    """Losses of .1 over 168 hours and .4 over 84 hours make .2, which is climatology's."""
    rows = devices({"household": 0.1}, {"household": 0.4})
    rows["hours"] = [168, 84]
    assert "loss was 0.200 kWh in the hour, 0 % less" in plain(review.against_climatology({"review_devices": rows}))


def test_several_reports_are_told_with_their_error_and_what_it_means() -> None:
    clear = review.against_climatology({"review_devices": devices(*[{"tv": loss} for loss in (0.1, 0.11, 0.09)])})
    assert plain(clear).endswith(
        "Over 3 forecasts, 50 ± 3 % of climatology's loss was avoided on average, more than chance explains."
    )
    chance = review.against_climatology({"review_devices": devices(*[{"tv": loss} for loss in (0.1, 0.22, 0.15)])})
    assert chance.endswith("on average, which may be chance.")


# --- days and tables --------------------------------------------------------------------------------------------------


def scored(*days: tuple[str, float, float, float], origin: pd.Timestamp = THEN) -> pd.DataFrame:
    """Return scores of (device, said, climatology said, was) a day each."""
    frame = pd.DataFrame(list(days), columns=["device_id", "predicted", "baseline_predicted", "observed"])
    frame = frame.assign(week="2024-W28", origin=origin, hours=24, loss=0.1, baseline_loss=0.2, gain=0.5)
    frame["day"] = frame.groupby("device_id").cumcount() + 1
    frame = frame.assign(
        coverage_80=0.75, baseline_coverage_80=0.5, absolute_error=(frame["predicted"] - frame["observed"]).abs()
    )
    frame["bias"], frame["baseline_bias"] = (
        frame[name] / frame["observed"] - 1 for name in ("predicted", "baseline_predicted")
    )
    return frame.assign(baseline_absolute_error=(frame["baseline_predicted"] - frame["observed"]).abs())


DAYS = scored(("tv", 9, 1, 1), (HOUSEHOLD, 10, 11, 12), (HOUSEHOLD, 13, 9, 8), (HOUSEHOLD, 9, 7, 9.5))


def test_the_worst_day_of_the_household_is_told() -> None:
    assert plain(review.worst_day({"review_days": DAYS})) == (
        "The household was missed most on day 2: 13.0 kWh were said, 8.00 kWh were used. Climatology would have been "
        "closer on 2 of 3 days."
    )


def test_only_the_newest_forecast_stands_in_the_tables() -> None:
    older = scored((HOUSEHOLD, 1, 1, 1), origin=THEN - pd.Timedelta(weeks=1))
    shown = review.energies(pd.concat([older, DAYS]))
    assert shown["device"].tolist() == [HOUSEHOLD] * 3 + ["tv"]
    assert [plain(str(value)) for value in shown.iloc[1]] == ["household", "2", "13", "9", "8.0", "62 %", "12 %"]
    losses = review.losses(pd.concat([older, DAYS]))
    assert [plain(str(value)) for value in losses.iloc[3]] == ["tv", "1", "0.1", "0.2", "50 %", "75 %", "50 %"]


def test_by_device_the_mean_miss_of_a_day_is_told() -> None:
    shown = review.energies(DAYS[DAYS["day"] == 1].drop(columns="day"))
    assert shown.set_index("device").loc["tv", ["a day missed by [kWh]", "climatology by [kWh]"]].tolist() == [8, 0]
    assert "day" not in shown


def test_promises_hold_the_newest_totals_the_household_first() -> None:
    frame = pd.concat(
        [
            told(device_id="tv", inside=None, p10=NAN, p90=NAN)["review_totals"],
            told(inside=False)["review_totals"],
            told(origin=THEN - pd.Timedelta(weeks=1))["review_totals"],
        ],
        ignore_index=True,
    )
    shown = review.promises(frame)
    assert shown.to_numpy().tolist() == [
        [HOUSEHOLD, 64.0, "58 to 71", 66.0, "no"],
        ["tv", 64.0, "not known", 66.0, "not known"],
    ]


def test_the_record_holds_every_report_the_newest_first() -> None:
    older = told(week=AGAIN, origin=THEN - pd.Timedelta(weeks=1), first_day=DAY - pd.Timedelta(weeks=1), observed=50.0)
    scores = devices({"household": 0.15}).assign(predicted=0.0, observed=0.0, coverage_80=0.8)
    past = scores.assign(week=AGAIN, origin=THEN - pd.Timedelta(weeks=1), loss=0.3)
    review = {
        "review_totals": pd.concat([older["review_totals"], told()["review_totals"]], ignore_index=True),
        "review_devices": pd.concat([scores, past]),
    }
    assert [[plain(str(value)) for value in line] for line in review.record(review).to_numpy()] == [
        ["Mon 8 July", "58 to 71", "66.0", "yes", "80 %", "0.15", "0.2", "2024-W28"],
        ["Mon 1 July", "58 to 71", "50.0", "yes", "80 %", "0.3", "0.2", "made again now"],
    ]
