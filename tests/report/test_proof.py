"""How training reads: a lead with its error and a word for it, promises with what they held, days with their cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from influx.forecasting.evaluation.calibration import NOMINAL, half_width
from influx.report.words import training

NAN, THIN = float("nan"), "\N{NARROW NO-BREAK SPACE}"


def plain(words: str) -> str:
    return words.replace(THIN, " ")


def selection(*rows: tuple[str, float, float, int], models: tuple[str, ...] = ("similar days",)) -> pd.DataFrame:
    """Return choices of (device, lead of the best rival, its standard error, folds)."""
    frame = pd.DataFrame(list(rows), columns=["device_id", "skill", "skill_se", "folds"])
    clear = (frame["skill"] > half_width(frame["skill_se"], frame["folds"])) & (frame["folds"] > 2)
    reason = np.where(frame["folds"] == 0, "untested", np.where(clear, "significant", "not significant"))
    frame = frame.assign(home_id="h", model=list(models) * (len(frame) // len(models)), significant=clear)
    return frame.assign(baseline="b", challenger="c", not_tested="", days_known=30.0, reason=reason)


# --- who won ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lead", "error", "folds", "margin", "word"),
    [
        (-0.2, 0.06, 4, 0.2, training.CLEAR),  # the anchor leads by 3.3 errors, and of four folds 3.2 are rare
        (-0.2, 0.07, 4, 0.2, training.CHANCE),
        (-0.2, 0.06, 3, 0.2, training.CHANCE),  # of three folds 4.3 are
        (0.1, 0.12, 4, -0.1, training.CHANCE),  # a rival is ahead, but not believed: the anchor is used
        (0.2, 0.1, 4, -0.2, training.CHANCE),
        (0.2, 0.05, 4, 0.2, training.CLEAR),
        (-0.5, float("inf"), 1, 0.5, training.TOO_FEW),
        (NAN, NAN, 0, NAN, training.TOO_FEW),
    ],
)
def test_a_lead_is_clear_only_where_so_few_forecasts_rarely_show_it(
    lead: float, error: float, folds: int, margin: float, word: str
) -> None:
    row = training.margins(selection(("tv", lead, error, folds))).iloc[0]
    assert row["margin"] == pytest.approx(margin, nan_ok=True)
    assert row["word"] == word
    assert np.isfinite(row["error"]) == np.isfinite(error)


def test_the_choice_shows_the_lead_with_its_error_the_household_first() -> None:
    shown = training.selection(selection(("tv", -0.2, 0.06, 4), ("household", 0.1, 0.12, 4)))
    assert [[plain(str(value)) for value in line] for line in shown.iloc[:, :4].to_numpy()] == [
        ["household", "similar days", "-10 ± 12 %", "may be chance"],
        ["tv", "similar days", "20 ± 6 %", "more than chance explains"],
    ]
    untested = training.selection(selection(("tv", NAN, NAN, 0), models=("climatology",)))
    assert untested.iloc[0, 1:4].tolist() == ["climatology", "not known", "too few past forecasts to tell"]


def test_winners_are_counted_and_so_are_clear_leads() -> None:
    frame = selection(("tv", -0.2, 0.06, 4), ("ac", 0.0, 0.1, 4), ("lamp", 0.0, 0.1, 4))
    assert training.winners(frame) == (
        "**Of 3 series (the household counts as one), the forecast uses similar days for 3.** For 1 of them the lead "
        "over the next best is more than chance explains."
    )
    assert "For none of them" in training.winners(frame[1:])


def test_where_climatology_won_it_is_said() -> None:
    frame = selection(("tv", 0.2, 0.05, 4), ("ac", 0.0, 0.1, 4), models=("climatology", "similar days"))
    words = "Climatology forecasts tv: no other model beat it by more than chance."
    assert training.usual_use(frame) == words
    assert training.winners(frame).endswith(words)
    assert training.usual_use(frame[1:]) == ""
    many = selection(*[(f"d{number}", 0.2, 0.05, 4) for number in range(6)], models=("climatology",))
    assert "forecasts d0, d1, d2, d3 and 2 more: no other" in training.usual_use(many)


def test_climatology_that_nobody_tested_is_said_to_be_untested() -> None:
    untested = selection(("tv", NAN, NAN, 0), ("new", NAN, NAN, 0), models=("climatology",))
    words = "There is too little history to test anything, so climatology is used untested."
    assert training.usual_use(untested) == words
    assert training.winners(untested).endswith(f"uses climatology for 2.** {words}")
    one = selection(("tv", -0.2, 0.05, 4), ("new", NAN, NAN, 0), models=("similar days", "climatology"))
    assert training.usual_use(one) == "Climatology forecasts new untested, as too little is known of it."
    both = selection(("tv", 0.2, 0.05, 4), ("new", NAN, NAN, 0), models=("climatology",))
    assert training.usual_use(both) == (
        "Climatology forecasts tv: no other model beat it by more than chance. It forecasts new untested, as too "
        "little is known of it."
    )


# --- promises ---------------------------------------------------------------------------------------------------------


def promises(device: str = "household", folds: int = 4, off: float = 0.0, **found: tuple[float, float]) -> pd.DataFrame:
    """Return promises with (found, its standard error), all of them kept but for those that are named."""
    kept = {name: found.get(name, (share, 0.01)) for name, share in NOMINAL.items()}
    frame = pd.DataFrame(kept, index=["empirical", "empirical_se"]).T.rename_axis("quantile").reset_index()
    frame["nominal"] = list(NOMINAL.values())
    return frame.assign(device_id=device, folds=folds, hours=672, off=off, mostly_off=off >= 0.9)


@pytest.mark.parametrize(
    ("promise", "found", "error", "folds", "word"),
    [
        ("band", 0.74, 0.02, 4, "within chance"),  # 3.0 errors off; of four folds 3.2 are rare
        ("band", 0.73, 0.02, 4, "too narrow"),
        ("band", 0.87, 0.02, 4, "too wide"),
        ("p90", 0.97, 0.02, 4, "p90 too high"),
        ("p10", 0.02, 0.02, 4, "p10 too low"),
        ("p10", 0.02, 0.02, 2, "not known"),
        ("p10", 0.02, NAN, 1, "not known"),
        ("p10", NAN, NAN, 0, "not known"),
    ],
)
def test_a_promise_is_broken_only_where_so_few_forecasts_can_tell(
    promise: str, found: float, error: float, folds: int, word: str
) -> None:
    row = {"quantile": promise, "nominal": NOMINAL[promise], "empirical": found, "empirical_se": error, "folds": folds}
    assert training.outcome(pd.Series(row)) == word


def test_promised_and_found_coverage_are_told() -> None:
    every = pd.concat([promises(band=(0.77, 0.05)), promises("tv")])
    together = promises(band=(0.9, 0.01)).drop(columns="device_id")
    assert plain(training.kept(every, together)) == (
        "**A band promises 80 % of the hours: that of the household held 77 ± 5 % (within chance) and those of the "
        "devices held 90 ± 1 % (too wide).** That is over 4 past forecasts; hours whose band begins at zero are left "
        "out, as nothing can fall below it."
    )


def test_one_forecast_is_not_said_to_prove_anything() -> None:
    alone = promises(band=(0.55, NAN), folds=1)
    assert plain(training.kept(alone, alone.drop(columns="device_id"))).startswith(
        "**A band promises 80 % of the hours: that of the household held 55 %.** That is over one past forecast, too "
        "few to judge it by;"
    )


def test_promises_of_which_too_few_hours_tell_are_not_told() -> None:
    untold = "Whether the bands keep what they promise cannot be told yet: too few hours were tested."
    assert training.kept(promises(band=(NAN, NAN)), promises(band=(NAN, NAN))) == untold
    assert training.kept(pd.DataFrame(), pd.DataFrame()) == untold
    assert training.promise_table(pd.DataFrame()).empty


def test_the_table_of_promises_names_what_broke() -> None:
    every = [promises("tv", off=0.95, p10=(NAN, NAN), p90=(0.97, 0.01)), promises("household", band=(0.7, 0.02))]
    shown = training.promise_table(pd.concat(every))
    assert [[plain(value) for value in line] for line in shown.iloc[:, :4].to_numpy()] == [
        ["household", "0 %", "10 ± 1 %", "50 ± 1 %", "90 ± 1 %", "70 ± 2 %", "too narrow"],
        ["tv", "95 %", "not known", "50 ± 1 %", "97 ± 1 %", "80 ± 1 %", "p90 too high"],
    ]
    assert plain(list(shown)[2]) == "below p10 (10 % promised)"
    nothing = promises(**dict.fromkeys(NOMINAL, (NAN, NAN)))
    assert training.promise_table(nothing)["kept?"].tolist() == ["not known"]


# --- days ahead -------------------------------------------------------------------------------------------------------


def days(folds: int = 4, last: int = 2) -> pd.DataFrame:
    rows = [
        {"device_id": device, "day": day, "folds": folds, "loss": 0.1 * day, "baseline_loss": 0.2, "skill": lead / day}
        for device, lead in (("tv", 0.1), ("household", 0.3))
        for day in range(1, last + 1)
    ]
    return pd.DataFrame(rows).assign(
        skill_se=0.05, absolute_error=lambda rows: 2.0 * rows["day"], baseline_absolute_error=5.0
    )


def test_the_first_and_the_last_day_are_told() -> None:
    assert plain(training.horizon(days())) == (
        "Over 4 past forecasts the household's energy was missed by 2.00 kWh on day 1 and by 4.00 kWh on day 2, by "
        "climatology by 5.00 kWh and 5.00 kWh. Of climatology's loss, 20 % was avoided on day 1 and 10 % on day 2, on "
        "average over all series."
    )


def test_one_day_and_one_forecast_are_told_as_such() -> None:
    assert plain(training.horizon(days(folds=1, last=1))) == (
        "Over 1 past forecast the household's energy was missed by 2.00 kWh on day 1, by climatology by 5.00 kWh. Of "
        "climatology's loss, 20 % was avoided on day 1, on average over all series. One forecast decides nothing."
    )
    assert training.horizon(days()[:0]) == "What each day ahead costs cannot be told yet."


def test_the_table_of_days_holds_the_household_and_the_mean_of_all() -> None:
    shown = training.day_table(days())
    assert shown["loss [kWh]"].tolist() == [0.1, 0.2]
    assert shown["climatology's [kWh]"].tolist() == [0.2, 0.2]
    assert [plain(value) for value in shown["loss avoided"]] == ["30 ± 5 %", "15 ± 5 %"]
    assert [plain(value) for value in shown["loss avoided, all series"]] == ["20 %", "10 %"]
    assert training.day_table(days()[:0]).empty
