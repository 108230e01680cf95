"""What the sentences of a page say: the frames' numbers, in words that fit what is known and what is not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny

from influx import Run, load
from influx.core import formatting as fmt
from influx.core.tariff import rates
from influx.report.words import sentences

NAN, THIN = float("nan"), "\N{NARROW NO-BREAK SPACE}"


def plain(words: str) -> str:
    return words.replace(THIN, " ")


# --- what was read ----------------------------------------------------------------------------------------------------


def test_rows_are_accounted_for(tmp_path: Path) -> None:
    uses = pd.concat([tiny.evenings("TV", 30), tiny.evenings("OVEN", 30)], ignore_index=True)
    assert sentences.read(load(tiny.write_events(tmp_path, uses))) == (
        "**60 of 60 rows were used and none was rejected.** They tell of 2 devices from Mon 6 May 2024 to "
        "Tue 4 June 2024."
    )
    uses.loc[3, "power_consumption_kwh"] = -1
    home = load(tiny.write_events(tmp_path, uses), "2024-05-26")
    assert sentences.read(home) == (
        "**39 of 60 rows were used, 1 was rejected, each with a reason and 20 lie after the as-of time.** They tell of "
        "2 devices from Mon 6 May 2024 to Sat 25 May 2024."
    )


def test_a_home_without_devices_is_told_as_a_whole(tmp_path: Path) -> None:
    assert "They tell of the home as a whole from" in sentences.read(load(tiny.main_meter(tmp_path)))


def test_what_was_assumed_is_said_and_never_bold(tmp_path: Path) -> None:
    said = sentences.assumed(load(tiny.three_days(tmp_path)))
    assert said.startswith("Worth knowing: ")
    assert "No tariff is given" in said
    assert sentences.assumed(SimpleNamespace(notes=())) == "Nothing had to be assumed."  # type: ignore[arg-type]
    assert "**" not in sentences.assumed(SimpleNamespace(notes=("**x** is odd.",)))  # type: ignore[arg-type]


def test_unknown_hours_are_told_with_the_device_that_has_most() -> None:
    frame = pd.DataFrame({"device_id": ["tv", "oven"], "hours_missing": [5, 0], "share_known": [0.8, 1.0]})
    assert plain(sentences.known(frame)) == (
        "1 of 2 devices has hours that are not known; most of all tv, of which 80 % are known. Such hours stay out of "
        "every mean; none is taken for zero."
    )
    assert sentences.known(frame[1:]) == "Every hour of every device is known."


def test_devices_that_fell_silent_are_named(tiny_run) -> None:
    assert sentences.silent(tiny_run(tiny.gaps)) == "gone has had no known hour for four weeks and is not forecast."
    assert sentences.silent(tiny_run(tiny.three_days)) == ""


# --- where energy goes ------------------------------------------------------------------------------------------------


def parts(**kwh: float) -> pd.DataFrame:
    frame = pd.DataFrame({"device_id": list(kwh), "kwh": list(kwh.values())}).sort_values("kwh", ascending=False)
    return frame.assign(kwh_per_day=frame["kwh"], share=frame["kwh"] / frame["kwh"].sum(), standby_kwh_per_day=NAN)


def test_the_home_s_use_is_told_with_its_largest_parts() -> None:
    assert plain(sentences.use(parts(tv=1, oven=5, fridge=3, lamp=1))) == (
        "**The home uses 10.0 kWh a day; most of it goes to oven (50 %), fridge (30 %) and tv (10 %).**"
    )


def test_standby_is_an_estimate_on_top() -> None:
    frame = parts(tv=1, oven=5).assign(standby_kwh_per_day=[0.2, NAN])
    assert plain(sentences.use(frame)).endswith(" Standby is estimated at 0.200 kWh a day on top; it is not measured.")


def test_what_no_device_explains_is_explained() -> None:
    assert sentences.use(parts(other=3, tv=1)).endswith("`other` is what the home's meters saw and no device explains.")


def test_a_home_that_used_nothing_and_one_of_a_single_meter_are_told_as_such() -> None:
    assert sentences.use(parts(tv=0, oven=0)) == "**Nothing was used in any hour that is known.**"
    assert plain(sentences.use(parts(household=7))) == (
        "**The home uses 7.00 kWh a day; no device of it is measured on its own.**"
    )


def drivers(**temperature: float) -> pd.DataFrame:
    frame = pd.DataFrame({"device_id": list(temperature), "temperature": list(temperature.values())})
    return frame.assign(temperature_p=0.001, peak_share=NAN, peak_hours=NAN)


def test_only_clear_relations_to_temperature_are_told() -> None:
    assert sentences.drives(drivers(heater=-0.8, ac=0.9, fan=0.5, tv=0.39, household=0.9)) == (
        "With the day's temperature rise the use of ac (0.90) and fan (0.50). "
        "With the day's temperature falls the use of heater (-0.80)."
    )
    assert sentences.drives(drivers(tv=0.1)) == "No device follows the outdoor temperature clearly."
    assert sentences.drives(drivers(ac=0.9).assign(temperature_p=0.02)) == (
        "No device follows the outdoor temperature clearly."
    )
    assert sentences.drives(drivers(tv=NAN)).startswith("No outdoor temperature is in the data")


def test_a_household_that_alone_follows_the_temperature_is_told() -> None:
    assert sentences.drives(drivers(tv=0.1, household=0.7)) == (
        "With the day's temperature rises the use of household (0.70)."
    )


def test_the_peak_share_is_that_of_the_household() -> None:
    frame = drivers(tv=0.1, household=0.1).assign(peak_share=[1.0, 0.4], peak_hours=0.2)
    assert plain(sentences.drives(frame)).endswith(
        "40 % of the energy falls into peak hours, which are 20 % of all hours."
    )


def test_the_largest_episode_is_told() -> None:
    one = {"device_id": "tv", "start": pd.Timestamp("2024-05-12 15:00"), "kwh": 4.0, "usual_kwh": 0.2, "reason": "so"}
    assert plain(sentences.strange(pd.DataFrame([one]))) == (
        "One episode stands out; the largest is tv on Sun 12 May 2024: 4.00 kWh against a usual 0.200 kWh (so)."
    )
    assert sentences.strange(pd.DataFrame([one, one])).startswith("2 episodes stand out; the largest is tv")
    assert sentences.strange(pd.DataFrame()).startswith("No hour of the history stands out")


# --- models -----------------------------------------------------------------------------------------------------------


def test_the_features_are_counted(sample_run: Run, tiny_run) -> None:
    assert sentences.features(sample_run.features()["relations"]).startswith("**The data makes 24 of the 24 features")
    assert "relation" not in sentences.features(tiny_run(tiny.one_hour).features()["relations"])


def test_gradient_boosting_is_judged_at_both_distances() -> None:
    frame = pd.DataFrame({"looking": ["one hour ahead", "a week ahead"] * 2, "mae": [0.1, 0.3, 0.2, 0.4]})
    said = sentences.looking(frame)
    assert "errs by 0.150 kWh" in said
    assert "0.350 kWh when it looks a week ahead" in said
    assert "not tried" in sentences.looking(frame[:0])


# --- the coming week --------------------------------------------------------------------------------------------------


def run_with(
    folder: Path, home: str, energy: tuple[float, ...], hours: int = 168, cost: tuple[float, ...] = (NAN, NAN, NAN)
):
    """Return what stands for a run: a home, and (total, p10, p90) of the household's coming hours [kWh] and cost."""
    loaded = load(tiny.write_readings(folder, home=home, tv=np.ones(24)))
    frames = {
        name: pd.DataFrame([numbers], columns=["total", "p10", "p90"]).assign(device_id="household", hours=hours)
        for name, numbers in (("week", energy), ("cost_week", cost))
    }
    away = pd.DataFrame({"first": [], "last": [], "source": [], "coming": pd.Series([], dtype=bool)})
    return SimpleNamespace(
        home=lambda: loaded,
        rates=lambda: rates(loaded.settings),
        forecast=lambda: frames,
        explore=lambda: {"absences": away},
    )


def test_the_coming_week_is_told_with_range_and_money(tmp_path: Path) -> None:
    run = run_with(tmp_path, tiny.TARIFF, (64.3, 58.1, 70.6), cost=(12.4, 11.0, 13.85))
    assert plain(sentences.coming(run)) == (  # type: ignore[arg-type]
        "**From Wed 8 May 2024, 7 days are expected to take 64.3 kWh: 58 to 71 kWh (8 in 10).** It will cost "
        "12.40 EUR, 11.00 to 13.85 EUR (8 in 10), by the tariff in home.yaml."
    )


def test_a_standing_charge_is_told_beside(tmp_path: Path) -> None:
    home = tiny.TARIFF.replace('"]}', '"], standing_charge_per_day: 0.5}')
    said = plain(sentences.coming(run_with(tmp_path, home, (10, 9, 11), cost=(2, 1, 3))))  # type: ignore[arg-type]
    assert said.endswith("by the tariff in home.yaml, and 3.50 EUR of standing charge.")


def test_a_cost_without_currency_or_tariff_is_said_to_be(tmp_path: Path) -> None:
    unnamed = run_with(tmp_path / "a", "tariff: {rate: 0.2}\n", (10, 9, 11), cost=(2, 1, 3))
    said = plain(sentences.coming(unnamed))  # type: ignore[arg-type]
    assert f"It will cost 2.00 {fmt.NO_CURRENCY}" in said
    assert said.endswith("which nobody named.")
    nothing = run_with(tmp_path / "b", "", (10, 9, 11))
    assert sentences.coming(nothing).endswith(  # type: ignore[arg-type]
        " The cost is not known: no tariff is given and the data holds no price."
    )


def test_one_hour_and_an_unknown_range_are_told_as_such(tmp_path: Path) -> None:
    said = plain(sentences.coming(run_with(tmp_path, "", (0.5, NAN, NAN), hours=1)))  # type: ignore[arg-type]
    assert said.startswith("**From Tue 7 May 2024, 1 hour is expected to take 0.500 kWh: range not known.**")


def test_the_sample_s_answer_holds_the_numbers_of_its_frames(sample_run: Run) -> None:
    frames = sample_run.forecast() | sample_run.bill()
    week, cost = (frames[name].set_index("device_id").loc["household"] for name in ("week", "cost_week"))
    said = sentences.coming(sample_run)
    assert said.startswith("**From Mon 15 July 2024, 7 days are expected")
    for part in (
        fmt.kwh(week["total"]),
        fmt.span(week["p10"], week["p90"]),
        fmt.money(cost["total"], "EUR"),
    ):
        assert part in said


# --- the last week ----------------------------------------------------------------------------------------------------


def overview(**columns: object) -> dict[str, pd.DataFrame]:
    row = {"device_id": "household", "hours_known": 168, "last_week_kwh": 20.0, "usual_week_kwh": 25.0}
    row |= {"saved_kwh": 5.0, "saved_p10": 2.0, "saved_p90": 9.0, "saved_is_unusual": True}
    return {"overview": pd.DataFrame([row | columns])}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "took 20.0 kWh, 5.00 kWh less than the usual 25.0 kWh, more than usual weeks differ."),
        ({"saved_kwh": -5.0}, "took 20.0 kWh, 5.00 kWh more than the usual"),
        ({"saved_is_unusual": False}, "no more than usual weeks differ."),
        ({"saved_p10": NAN}, "; how sure that is, is not known."),
        ({"saved_kwh": 0.0}, "took 20.0 kWh, exactly the usual"),
        ({"hours_known": 100}, "took 20.0 kWh in the 100 hours of them that are known, 5.00 kWh less"),
        ({"saved_kwh": NAN}, "is not known: there is too little history"),
    ],
)
def test_what_was_saved_is_told_with_how_sure_it_is(columns: dict[str, object], words: str) -> None:
    assert words in plain(sentences.saved(overview(**columns)))


def test_the_usual_and_the_highest_peak_are_told() -> None:
    day = pd.date_range("2024-07-15", periods=3)
    frame = pd.DataFrame({"day": day, "start": [18, 19, 19], "end": 22, "kwh": [3.0, 1, 2], "share": 0.25})
    assert plain(sentences.busiest(frame)) == (
        "Most days peak from 19:00 to 22:00; the highest peak is Mon 15 July with 3.00 kWh, 25 % of that day."
    )
    even = frame.assign(start=0, end=24)
    assert sentences.busiest(even) == "Use is so even that no part of the day is a peak."
    assert sentences.busiest(frame[:0]) == "No day is forecast for long enough to name its peak."


# --- advice and trust -------------------------------------------------------------------------------------------------


def test_advice_sums_up_each_kind() -> None:
    frame = pd.DataFrame({"kind": ["move", "standby", "move"], "saving": [1.0, 0.25, 0.5]})
    assert plain(sentences.advice(frame, 12.0, "EUR", True)) == (
        "Moving flexible devices saves up to 1.50 EUR of 12.00 EUR and switching off standby saves an estimated "
        "0.25 EUR."
    )
    assert plain(sentences.advice(frame[1:2], 12.0, "EUR", True)) == (
        "Switching off standby saves an estimated 0.25 EUR."
    )
    assert sentences.advice(frame[:0], 12.0, "EUR", True).startswith("Nothing to recommend")
    assert sentences.advice(frame, NAN, "", False).startswith("What could be saved is not known")


def test_trust_is_the_coverage_of_the_household_s_own_model() -> None:
    selection = pd.DataFrame({"device_id": ["household"], "model": ["seasonal_naive"]})
    rows = [("climatology", 0.1, 0.9), ("seasonal_naive", 0.78, 0.12)]
    metrics = pd.DataFrame(rows, columns=["model", "coverage_80", "daily_wape"]).assign(device_id="household", folds=4)
    said = plain(sentences.trust({"selection": selection, "metrics": metrics}))
    assert said.startswith("Over 4 past ")
    assert "held 78 % of the hours" in said
    assert "off by 12 %" in said
    for untested in (metrics[:0], metrics[:1]):
        assert sentences.trust({"selection": selection, "metrics": untested}).startswith(
            "How sure it is cannot be tested yet"
        )
    assert "cannot be tested" in sentences.trust({"selection": selection.assign(device_id="tv"), "metrics": metrics})
