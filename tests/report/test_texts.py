"""What the texts of a page tell: the frames' numbers and devices, and in words what is not known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import tiny_homes as tiny
from hypothesis import given
from hypothesis import strategies as st

from influx import load
from influx.core import formatting as fmt
from influx.core.schema import HOUSEHOLD
from influx.core.settings import Settings
from influx.core.tariff import rates
from influx.core.uncertainty import NOMINAL, half_width
from influx.insights.drift import MODEL, REPORTS
from influx.insights.forecast_review import AGAIN
from influx.report import answer, note, text
from influx.report.phrases import FOLDER

NAN = float("nan")
HOSTILE = "<img src=x onerror=alert(1)> **bold** {{ 1 }} &lt;\n\n$x$"
JULY = pd.Timestamp("2024-07-01")
ORIGIN = pd.Timestamp("2024-07-15", tz="UTC")


def plain(name: str, **facts: Any) -> str:
    return text(name, **facts).replace(fmt.THIN_SPACE, " ")


def tells(name: str, *parts: str, **facts: Any) -> None:
    """Check that a text holds all parts."""
    words = plain(name, **facts)
    assert [part for part in parts if part not in words] == [], words


def household(**columns: object) -> pd.DataFrame:
    return pd.DataFrame([{"home_id": "h", "device_id": HOUSEHOLD, **columns}])


# --- the mechanism ----------------------------------------------------------------------------------------------------


def test_an_answer_is_set_large_and_a_note_is_not() -> None:
    assert answer("assumptions", notes=["A **b** < c."]).markup == (
        '<p class="ix-answer">Worth knowing: A *\u200b*b*\u200b* &lt; c.</p>'
    )
    assert note("assumptions", notes=[]).markup == '<p class="ix-sentence">Nothing had to be assumed.</p>'
    assert answer("peaks", peaks=pd.DataFrame()).words == "No day is forecast for long enough to name its peak."
    assert note("left_out", plan={"plan_total": [1], "plan_notes": []}).markup.count("<p") == 1


@given(st.text(max_size=40) | st.just(HOSTILE))
def test_a_name_stays_text_on_one_line_whatever_it_holds(name: str) -> None:
    row = {"device_id": name, "saved_is_unusual": True, "saved_kwh": 1.0, "last_week_kwh": 2.0, "usual_week_kwh": 3.0}
    shown = note("changes", overview=pd.DataFrame([row, row]))
    assert shown.markup.count("<") == 4  # two paragraphs and nothing of the data
    assert fmt.name(name).strip() in shown.words
    assert "<strong>" not in shown.markup


def test_a_fact_that_is_missing_is_an_error() -> None:
    with pytest.raises(Exception, match="notes"):
        text("assumptions")


def test_every_text_has_a_test() -> None:
    source = Path(__file__).read_text(encoding="utf-8") + Path(__file__).with_name("test_checks.py").read_text("utf-8")
    included = {"assumption", "checked"}  # a note of the home as it is, and what the checks end with
    assert {path.stem for path in FOLDER.glob("*.j2") if f'"{path.stem}"' not in source} <= included


# --- what was read ----------------------------------------------------------------------------------------------------


def test_rows_are_accounted_for(tmp_path: Path) -> None:
    uses = pd.concat([tiny.evenings("TV", 30), tiny.evenings("OVEN", 30)], ignore_index=True)
    home = load(tiny.write_events(tmp_path, uses))
    tells("rows_read", "**60 of 60 rows", "2 devices", "Mon 6 May 2024 to Tue 4 June 2024", home=home)
    uses.loc[3, "power_consumption_kwh"] = -1
    home = load(tiny.write_events(tmp_path, uses), "2024-05-26")
    tells("rows_read", "39 of 60 rows", "1 was rejected", "20 lie after", "Sat 25 May 2024", home=home)
    tells("rows_read", "the home as a whole", home=load(tiny.main_meter(tmp_path / "meter")))


def test_unknown_hours_are_told_with_the_device_that_has_most() -> None:
    frame = pd.DataFrame({"device_id": ["tv", "oven"], "hours_missing": [5, 0], "share_known": [0.8, 1.0]})
    tells("completeness", "1 of 2 devices", "tv, of which 80 %", completeness=frame)
    tells("completeness", "over 99 %", completeness=frame.assign(share_known=0.999))
    assert plain("completeness", completeness=frame[1:]) == "Every hour of every device is known."


def test_devices_that_are_not_forecast_are_named() -> None:
    home = SimpleNamespace(readings=pd.DataFrame({"device_id": ["gone", "tv"]}))
    forecast = pd.DataFrame({"device_id": ["tv", HOUSEHOLD]})
    assert plain("silent_devices", home=home, forecast=forecast).startswith("gone has had no known hour")
    assert plain("silent_devices", home=home, forecast=pd.DataFrame({"device_id": ["tv", "gone"]})) == ""


def parts(**kwh: float) -> pd.DataFrame:
    frame = pd.DataFrame({"device_id": list(kwh), "kwh": list(kwh.values())}).sort_values("kwh", ascending=False)
    return frame.assign(kwh_per_day=frame["kwh"], share=frame["kwh"] / frame["kwh"].sum(), standby_kwh_per_day=NAN)


def test_the_home_s_use_is_told_with_its_largest_parts() -> None:
    use = parts(tv=1, oven=5, fridge=3, lamp=1)
    tells("energy_use", "10.0 kWh a day", "oven (50 %), fridge (30 %) and tv (10 %)", breakdown=use)
    standby = use.assign(standby_kwh_per_day=[0.2, NAN, NAN, NAN])
    tells("energy_use", "estimated at 0.200 kWh a day on top", breakdown=standby)
    tells("energy_use", "`other`", breakdown=parts(other=3, tv=1))
    tells("energy_use", "7.00 kWh a day; no device", breakdown=parts(household=7))
    assert plain("energy_use", breakdown=parts(tv=0, oven=0)).startswith("**Nothing was used")


def drivers(**temperature: float) -> pd.DataFrame:
    frame = pd.DataFrame({"device_id": list(temperature), "temperature": list(temperature.values())})
    return frame.assign(temperature_p=0.001, peak_share=NAN, peak_hours=NAN)


def test_only_clear_relations_to_temperature_are_told() -> None:
    clear = drivers(heater=-0.8, ac=0.9, fan=0.5, tv=0.39, household=0.9)
    tells("drivers", "rise the use of ac (0.90) and fan (0.50)", "falls the use of heater (-0.80)", drivers=clear)
    tells("drivers", "rises the use of household (0.70)", drivers=drivers(tv=0.1, household=0.7))
    for frame in (drivers(tv=0.1), drivers(ac=0.9).assign(temperature_p=0.02)):
        tells("drivers", "No device follows the outdoor temperature clearly", drivers=frame)
    tells("drivers", "No outdoor temperature is in the data", drivers=drivers(tv=NAN))
    peaks = drivers(tv=0.1, household=0.1).assign(peak_share=[1.0, 0.4], peak_hours=0.2)
    tells("drivers", "40 % of the energy falls into peak hours, which are 20 %", drivers=peaks)


def test_the_largest_episode_is_told() -> None:
    row = {"device_id": "tv", "start": pd.Timestamp("2024-05-12 15:00"), "kwh": 4.0, "usual_kwh": 0.2, "reason": "so"}
    frame = pd.DataFrame([row, row])
    tells("unusual_use", "One episode", "tv on Sun 12 May 2024: 4.00 kWh", "0.200 kWh (so)", unusual=frame[:1])
    tells("unusual_use", "2 episodes", unusual=frame)
    tells("unusual_use", "No hour of the history", unusual=frame[:0])


def test_features_are_counted() -> None:
    frame = pd.DataFrame({"feature": ["lag_1h", "hour_sin", "tariff_rate"], "in_data": [True, True, False]})
    frame = frame.assign(
        known_ahead=[False, True, True], one_hour_ahead=[0.8, 0.1, NAN], one_week_ahead=[0.3, 0.1, NAN]
    )
    tells("features", "2 of the 3 features, and 1 of them", "0.80", "tells less (0.30)", relations=frame)
    assert "relation" not in plain("features", relations=frame.assign(one_hour_ahead=NAN))


def absences(*rows: tuple[str, str, str, bool]) -> pd.DataFrame:
    """Return absences of (first day, last day, source, whether it is to come)."""
    frame = pd.DataFrame(rows, columns=["first", "last", "source", "coming"])
    frame = frame.assign(first=pd.to_datetime(frame["first"]), last=pd.to_datetime(frame["last"]))
    return frame.assign(days=(frame["last"] - frame["first"]).dt.days + 1, forecast_from="7 past days away")


PAST, QUIET = ("2024-06-05", "2024-06-11", "found", False), ("2024-07-10", "2024-07-14", "open", False)
COMING = ("2024-07-17", "2024-07-20", "given", True)


def test_past_absences_are_told_and_a_coming_one_in_the_week() -> None:
    tells("absences", "on 7 days: 5 to 11 June 2024", absences=absences(PAST, COMING))
    tells("absences", "on 49 days", "and 1 times before", absences=absences(*[PAST] * 7))
    tells("absences", "No three days in a row", absences=absences(COMING)[:0])
    tells("absences", "Since Wed 10 July the home has been as quiet", absences=absences(QUIET))
    facts = coming(None) | {"absences": absences(PAST, COMING)}
    tells("coming_week", "17 to 20 July 2024, says home.yaml", "7 past days away", **facts)


# --- the coming week --------------------------------------------------------------------------------------------------


def sums(total: float = 2.0, hours: int = 168, low: float = 1.0, high: float = 3.0) -> pd.DataFrame:
    return household(total=total, p10=low, p90=high, hours=hours)


def coming(tariff: dict | None, prices: pd.DataFrame | None = None, currency: str = "EUR", **frames: pd.DataFrame):
    """Return the facts of a week from Monday 15 July 2024 on, UTC."""
    settings = Settings.model_validate(
        ({"currency": currency} if currency else {}) | ({"tariff": tariff} if tariff else {})
    )
    home = SimpleNamespace(origin=ORIGIN, settings=settings)
    known = rates(settings, None, prices) if tariff or prices is not None else None
    return {"home": home, "forecast": {"week": sums(64.3, low=58.1, high=70.6)} | frames, "rates": known}


RATE = {"rate": 0.2}


def test_the_coming_week_is_told_with_range_money_and_carbon() -> None:
    facts = coming(RATE, cost_week=sums(12.4, low=11, high=13.85), carbon_week=sums(12.3, low=10, high=15))
    amounts = ["7 days", "64.3 kWh: 58 to 71 kWh", "12.40 EUR, 11.00 to 13.85 EUR", "12.3 kg CO₂, 10 to 15 kg"]
    tells("coming_week", "**From Mon 15 July 2024", "by the tariff in home.yaml.", *amounts, **facts)
    hour = coming(None, week=sums(0.5, 1, NAN, NAN))
    tells("coming_week", "1 hour is", "0.500 kWh: range not known", "The cost is not known", **hour)
    tells("coming_week", "2.00 ¤", "which nobody named", **coming(RATE, currency="", cost_week=sums()))


def test_a_standing_charge_is_told_with_its_tax() -> None:
    tariff = RATE | {"standing_charge_per_day": 0.5, "tax": 0.1}
    tells("coming_week", "and 3.85 EUR of standing charge.", **coming(tariff, cost_week=sums()))


def test_hours_without_a_price_or_intensity_are_counted() -> None:
    facts = coming(RATE, cost_week=sums(hours=48), carbon_week=sums(hours=30))
    tells("coming_week", "The 48 of these 168 hours", "the other 120 hours", "The 30 hours of it", **facts)
    unknown = sums(NAN, 0, NAN, NAN)
    facts = coming(RATE, cost_week=unknown, carbon_week=unknown)
    tells("coming_week", "The cost is not known", "What it will emit is not known", **facts)
    stamps = pd.date_range("2024-07-15", periods=96, freq="30min", tz="UTC", unit="us")
    prices = pd.DataFrame({"timestamp": stamps, "price_per_kwh": 0.1})
    tells("coming_week", "no price for 120 of these 168 hours", **coming(RATE, prices, cost_week=sums()))


def test_the_usual_and_the_highest_peak_are_told() -> None:
    day = pd.date_range("2024-07-15", periods=3)
    frame = pd.DataFrame({"day": day, "start": [18, 19, 19], "end": 22, "kwh": [3.0, 1, 2], "share": 0.25})
    tells("peaks", "19:00 to 22:00", "Mon 15 July with 3.00 kWh, 25 %", peaks=frame)
    tells("peaks", "no part of the day is a peak", peaks=frame.assign(start=0, end=24))


# --- the bill, and the last week --------------------------------------------------------------------------------------


def bill(**changes: object) -> dict[str, Any]:
    row = {"month": JULY, "since": JULY, "so_far": 25.0, "at_end": 52.0, "p10": 50.0, "p90": 56.0, "hours": 336}
    row |= {"hours_not_known": 0, "hours_ahead": 408, "hours_open": 0}
    return {"bill": pd.DataFrame([row | changes]), "rates": coming(RATE)["rates"]}


def test_the_month_is_told_so_far_and_at_its_end() -> None:
    tells("month_bill", "July 2024 has cost 25.00 EUR so far", "52.00 EUR: 50.00 to 56.00 EUR (8 in 10)", **bill())
    tells("month_bill", "July 2024 begins now; at its end the bill will be 52.00 EUR", **bill(hours=0))
    tells("month_bill", "since Wed 10 July, when the data begins", **bill(since=pd.Timestamp("2024-07-10")))
    tells("month_bill", "10 of its 336 hours", "the bill of the hours that are known", **bill(hours_not_known=10))
    tells("month_bill", "at its end is not known", "Of 300 of the 408 hours", **bill(at_end=NAN, hours_open=300))
    tells("month_bill", "no tariff is given", bill=None, rates=None)
    tells("month_bill", "what was bought from the grid", bill=None, rates=bill()["rates"])


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        (["grid_import", "solar"], "also where the sun gave it."),
        (["grid_import", "battery_in", "battery_out"], "also where the sun or the battery gave it."),
        (["grid_import", "grid_export"], "What was fed in earns nothing here"),
    ],
)
def test_how_the_bill_was_computed_fits_the_home(roles: list[str], words: str) -> None:
    home = SimpleNamespace(flows=pd.DataFrame({"role": roles}))
    tells("bill_basis", words, "eight in ten errors", home=home, **bill())
    tells("bill_basis", "Without a price", home=home, bill=None, rates=None)
    tells("bill_basis", "Without what was bought", home=home, bill=None, rates=bill()["rates"])


def test_the_last_week_s_cost_and_carbon_are_told() -> None:
    known = bill()["rates"]
    week = household(kwh=50.0, cost=9.8, cost_hours=168)
    assert plain("last_week_cost", spent_week=week, rates=known) == "The last seven days cost 9.80 EUR."
    week = week.assign(carbon=12.0, carbon_hours=150)
    tells("last_week_cost", "cost 9.80 EUR and emitted 12.0 kg CO₂", "18 of their 168", spent_week=week, rates=known)
    week = week.assign(cost=NAN, cost_hours=0)
    tells("last_week_cost", "cost an amount that is not known", spent_week=week, rates=known)
    tells("last_week_cost", "not known", spent_week=None, rates=None)


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
def test_the_last_week_is_compared_with_the_usual_one(columns: dict[str, object], words: str) -> None:
    row = {"hours_known": 168, "last_week_kwh": 20.0, "usual_week_kwh": 25.0, "saved_kwh": 5.0, "saved_p10": 2.0}
    tells("last_week_use", words, overview=household(**(row | {"saved_is_unusual": True} | columns)))


def test_savings_sum_up_each_kind() -> None:
    frame = pd.DataFrame({"kind": ["move", "standby", "move"], "saving": [1.0, 0.25, 0.5]})
    facts = {"cost": 12.0, "rates": bill()["rates"]}
    tells("savings", "Moving", "1.50 EUR of 12.00 EUR and switching off", "0.25 EUR.", recommendations=frame, **facts)
    assert "EUR and" not in plain("savings", recommendations=frame[:1], **facts)
    assert plain("savings", recommendations=frame[1:2], **facts).startswith("Switching off standby")
    tells("savings", "Nothing to recommend", recommendations=frame[:0], **facts)
    tells("savings", "not known", recommendations=frame, cost=NAN, rates=None)


def test_the_plan_is_told_with_its_saving_and_how_sure_it_is() -> None:
    row = {"cost": 6.0, "usual_cost": 7.5, "hours": 168, "saving": 1.5, "p10": 1.0, "p90": 2.0, "weeks": 3, "weight": 1}

    def frames(notes: tuple[str, ...] = (), **changes: float) -> dict[str, pd.DataFrame]:
        total = pd.DataFrame([row | {"gap": 0.0} | changes])
        names = pd.DataFrame({"device_id": ["tv"]})
        return {"plan_total": total, "plan_devices": names, "plan_notes": pd.DataFrame({"what": list(notes)})}

    amounts = ("tv costs 6.00 EUR in the coming 7 days instead of 7.50 EUR", "1.50 EUR less", "1.00 to 2.00 EUR")
    tells("plan", *amounts, "No plan is cheaper", plan=frames(), currency="EUR")
    tells("plan", "1.50 EUR more", "by more than 1.2 %", plan=frames(saving=-1.5, gap=0.012), currency="EUR")
    tells("plan", "how sure that is, is not known, as 3 of the", plan=frames(p10=NAN), currency="EUR")
    tells("plan", "saves nothing", plan=frames(saving=0.001), currency="EUR")
    nothing = frames(("No tariff.",)) | {"plan_total": pd.DataFrame()}
    assert plain("plan", plan=nothing, currency="") == "No tariff."
    tells("left_out", "No tariff.", plan=frames(("No tariff.",)))


# --- how good the models are ------------------------------------------------------------------------------------------


def selection(*rows: tuple[str, float, float, int], models: tuple[str, ...] = ("similar days",)) -> pd.DataFrame:
    """Return choices of (device, lead of the best challenger, its standard error, folds)."""
    frame = pd.DataFrame(list(rows), columns=["device_id", "skill", "skill_se", "folds"])
    clear = frame["skill"] > half_width(frame["skill_se"], frame["folds"])
    reason = frame["folds"].map(lambda folds: "tested" if folds else "untested")
    names = {"challenger": "similar days", "baseline": "climatology", "not_tested": "", "days_known": 9.0}
    return frame.assign(model=list(models) * (len(frame) // len(models)), significant=clear, reason=reason, **names)


def test_the_models_used_are_counted_and_so_are_clear_leads() -> None:
    frame = selection(("tv", 0.2, 0.06, 4), ("ac", 0.0, 0.1, 4), ("lamp", 0.0, 0.1, 4))
    tells("model_choice", "Of 3 series", "similar days for 3.", "For 1 of them the lead", selection=frame)
    tells("model_choice", "For none of them", selection=frame[1:])


REASON = {"model": "climatology", "challenger": "similar days", "baseline": "climatology", "folds": 4, "skill": -0.2}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"reason": "untested"}, "9 days of history are too few"),
        ({"reason": "one model", "not_tested": "a, b"}, "Too little history for a and b: climatology alone"),
        ({"model": "similar days", "significant": True, "skill": 0.2}, "Similar days: 20 % less loss than climatology"),
        ({"significant": True, "skill": 0.001}, "under 1 % less loss"),
        ({"skill": 0.2}, "similar days is 20 % ahead over 4 past forecasts, which may be chance"),
        ({"folds": 1}, "over 1 past forecast, and one decides nothing"),
        ({"skill": 0.0}, "does no better"),
        ({"not_tested": "a"}, "has 20 % more loss over 4 past forecasts. Too little history for a."),
    ],
)
def test_why_a_model_was_selected_is_told(columns: dict[str, Any], words: str) -> None:
    tells(
        "model_reason",
        words,
        **(REASON | {"reason": "", "not_tested": "", "days_known": 9.0, "significant": False} | columns),
    )


@pytest.mark.parametrize(
    ("rows", "models", "words"),
    [
        ([("tv", 0.2, 0.05, 4), ("ac", 0.0, 0.1, 4)], ("climatology", "similar days"), "forecasts tv: no other model"),
        ([("ac", 0.0, 0.1, 4)], ("similar days",), ""),
        ([(f"d{at}", 0.2, 0.05, 4) for at in range(6)], ("climatology",), "d0, d1, d2, d3 and 2 more"),
        ([("tv", NAN, NAN, 0)] * 2, ("climatology",), "climatology is used untested"),
        ([("tv", -0.2, 0.05, 4), ("new", NAN, NAN, 0)], ("similar days", "climatology"), "forecasts new untested"),
        ([("tv", 0.2, 0.05, 4), ("new", NAN, NAN, 0)], ("climatology",), "It forecasts new untested"),
    ],
)
def test_where_climatology_is_used_it_is_told_why(rows, models, words) -> None:
    shown = plain("climatology_devices", selection=selection(*rows, models=models))
    assert words in shown if words else shown == ""
    assert shown in plain("model_choice", selection=selection(*rows, models=models))


def coverage(device: str = HOUSEHOLD, folds: int = 4, **found: tuple[float, float]) -> pd.DataFrame:
    """Return the coverage of each quantile as (found, its standard error), nominal but for those that are named."""
    shares = {name: found.get(name, (share, 0.01)) for name, share in NOMINAL.items()}
    frame = pd.DataFrame(shares, index=["empirical", "empirical_se"]).T.rename_axis("quantile").reset_index()
    return frame.assign(nominal=list(NOMINAL.values()), device_id=device, folds=folds)


def test_the_coverage_of_the_bands_is_told() -> None:
    every, together = pd.concat([coverage(band=(0.77, 0.05)), coverage("tv")]), coverage(band=(0.9, 0.01))
    words = ["80 % of the hours", "household held 77 ± 5 % (within chance)", "devices held 90 ± 1 % (too wide)"]
    tells("calibration", *words, "over 4 past forecasts", calibration=every, together=together)
    alone = coverage(band=(0.55, NAN), folds=1)
    tells("calibration", "held 55 %.**", "one past forecast, too few", calibration=alone, together=alone)
    unknown = coverage(band=(NAN, NAN))
    for frame in (unknown, pd.DataFrame()):
        tells("calibration", "is not known yet", calibration=frame, together=frame)


def days(folds: int = 4, last: int = 2) -> pd.DataFrame:
    rows = [
        {"device_id": device, "day": day, "folds": folds, "loss": 0.1 * day, "baseline_loss": 0.2, "skill": lead / day}
        for device, lead in (("tv", 0.1), (HOUSEHOLD, 0.3))
        for day in range(1, last + 1)
    ]
    return pd.DataFrame(rows).assign(
        skill_se=0.05, absolute_error=lambda rows: 2.0 * rows["day"], baseline_absolute_error=5.0
    )


def test_the_first_and_the_last_day_ahead_are_told() -> None:
    missed = ["4 past forecasts", "by 2.00 kWh on day 1 and by 4.00 kWh on day 2", "5.00 kWh and 5.00 kWh"]
    tells("days_ahead", *missed, "20 % was avoided on day 1 and 10 % on day 2", days=days())
    words = plain("days_ahead", days=days(folds=1, last=1))
    assert "One forecast decides nothing" in words
    assert "day 2" not in words
    tells("days_ahead", "not known yet", days=days()[:0])


def test_gradient_boosting_is_judged_at_both_distances() -> None:
    frame = pd.DataFrame({"looking": ["one hour ahead", "a week ahead"] * 2, "mae": [0.1, 0.3, 0.2, 0.4]})
    tells("reference_model", "0.150 kWh an hour", "0.350 kWh when it looks a week ahead", reference=frame)
    tells("reference_model", "not tried", reference=frame[:0])


def test_reliability_is_the_coverage_of_the_household_s_own_model() -> None:
    selection = pd.DataFrame({"device_id": [HOUSEHOLD], "model": ["seasonal naive"]})
    rows = [("climatology", 0.1, 0.9), ("seasonal naive", 0.78, 0.12)]
    metrics = pd.DataFrame(rows, columns=["model", "coverage_80", "daily_wape"]).assign(device_id=HOUSEHOLD, folds=4)
    tells("reliability", "4 past weeks", "78 % of the hours", "off by 12 %", selection=selection, metrics=metrics)
    for untested in (metrics[:0], metrics[:1]):
        tells("reliability", "cannot be tested", selection=selection, metrics=untested)
    tells("reliability", "cannot be tested", selection=selection.assign(device_id="tv"), metrics=metrics)


# --- how earlier forecasts turned out ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "**Last week we said 58 to 71 kWh (8 in 10); it was 66.0 kWh.**"),
        ({"p10": NAN, "p90": NAN, "inside": None}, "**Last week we said about 64.0 kWh; it was 66.0 kWh.**"),
        ({"observed": 50.0, "inside": False}, "That is below the range"),
        ({"observed": 80.0, "inside": False}, "That is above the range"),
        ({"weeks_ago": 1 - 1 / 168}, "Last week we said"),  # a clock change
        ({"weeks_ago": 3.0}, "**Of the 7 days from Mon 8 July on we said 58 to 71 kWh"),
        ({"hours": 24}, "Of the 24 hours from Mon 8 July on"),
        ({"week": AGAIN}, "**A week ago we would have said 58 to 71 kWh (8 in 10); it was 66.0 kWh.** No earlier"),
        ({"share_known": 0.92}, "92 % of the hours that were measured"),
        ({"device_id": "tv"}, "No earlier forecast can be judged yet"),
    ],
)
def test_the_last_forecast_is_told_with_what_it_was(columns: dict[str, object], words: str) -> None:
    row = {
        "week": "2024-W28",
        "first_day": pd.Timestamp("2024-07-08"),
        "weeks_ago": 1.0,
        "hours": 168,
        "predicted": 64.0,
    }
    row |= {"p10": 58.0, "p90": 71.0, "observed": 66.0, "share_known": 1.0, "inside": True}
    tells("last_forecast", words, totals=household(**row).assign(**columns))
    tells("last_forecast", "No earlier forecast can be judged yet", totals=pd.DataFrame())


def losses(*reports: dict[str, float], hours: tuple[int, ...] = (168,)) -> pd.DataFrame:
    """Return the losses of devices, a dict a report; climatology's is .2 everywhere."""
    rows = [
        {"origin": number, "device_id": name, "loss": loss, "hours": hours[number % len(hours)], "baseline_loss": 0.2}
        for number, report in enumerate(reports)
        for name, loss in report.items()
    ]
    return pd.DataFrame(rows).assign(gain=lambda frame: 1 - frame["loss"] / 0.2)


def test_the_loss_is_compared_with_climatology_s_as_far_as_so_few_reports_tell() -> None:
    frame = losses({"household": 0.15, "tv": 0.1, "ac": 0.3, "lamp": 0.2})
    words = ["0.150 kWh in the hour, 25 % less", "0.200 kWh", "Of 4 series 2 lost less", "1 more and 1 the same"]
    tells("skill", *words, "One forecast decides nothing", losses=frame)
    tells("skill", "Two forecasts decide nothing", losses=losses({"household": 0.3}, {"household": 0.1}))
    # losses of .1 over 168 hours and .4 over 84 hours make .2, which is climatology's
    by_hours = losses({"household": 0.1}, {"household": 0.4}, hours=(168, 84))
    tells("skill", "0.200 kWh in the hour, 0 % less", losses=by_hours)
    clear = losses({"tv": 0.1}, {"tv": 0.11}, {"tv": 0.09})
    tells("skill", "Over 3 forecasts, 50 ± 3 %", "more than chance explains", losses=clear)
    tells("skill", "may be chance", losses=losses({"tv": 0.1}, {"tv": 0.22}, {"tv": 0.15}))
    tells("skill", "Nothing can be compared yet", losses=pd.DataFrame())


def test_the_worst_day_of_the_household_is_told() -> None:
    frame = pd.DataFrame(
        [(1, 10, 11, 12.0), (2, 13, 9, 8.0), (3, 9, 7, 9.5)],
        columns=["day", "predicted", "baseline_predicted", "observed"],
    ).assign(device_id=HOUSEHOLD, origin=1)
    errors = {"absolute_error": "predicted", "baseline_absolute_error": "baseline_predicted"}
    frame = frame.assign(**{name: (frame[of] - frame["observed"]).abs() for name, of in errors.items()})
    tells("worst_day", "on day 2: 13.0 kWh", "8.00 kWh were used", "closer on 2 of 3 days", days=frame)
    tells("worst_day", "not known", days=pd.DataFrame())


# --- drift ------------------------------------------------------------------------------------------------------------


def drift_of(device: str = "tv", **columns: object) -> dict[str, object]:
    """Return the drift of a device that has not changed, but for `columns`."""
    same = {"use_before": 2.0, "use_now": 2.0, "use_p": 0.9, "use_distance": 0.1, "use_change": 0.0}
    same |= {"use_temperature": NAN, "use_degrees": NAN, "error_source": MODEL, "error_weeks": 12, "error_p": 1.0}
    same |= {"error_since": pd.Timestamp("2024-06-17"), "error_before": 0.1, "error_now": 0.1, "error_change": 0.0}
    return {"device_id": device, **same, "error_odds": 0.5, **columns}


def used(device: str, before: float, now: float, **columns: object) -> dict[str, object]:
    changed = {"use_before": before, "use_now": now, "use_change": now / before - 1, "use_distance": 0.8, "use_p": 1e-5}
    return drift_of(device, **changed, **columns)


WORSE = {"error_before": 0.1, "error_now": 0.3, "error_change": 2.0, "error_odds": 1.0, "error_p": 0.02}
WARMER = {"use_temperature": 0.8, "use_degrees": 6.2}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([drift_of()], "No device has changed clearly"),
        ([drift_of(use_p=NAN, error_p=NAN)], "not known yet"),
        ([drift_of(use_p=NAN, error_p=NAN), drift_of("oven")], "No device has changed clearly"),
        (
            [used("ac", 1.0, 3.0, **WARMER), used(HOUSEHOLD, 10.0, 14.0, **WARMER)],
            "6 °C warmer than those before, and with it went the use of the household (14.0 kWh a day, before 10.0 "
            "kWh) and ac (3.00 kWh a day, before 1.00 kWh)",
        ),
        ([used("heater", 5.0, 9.0, use_temperature=-0.9, use_degrees=-8.0)], "8 °C colder"),
        ([used("hp", 16.3, 23.9)], "hp (23.9 kWh a day, before 16.3 kWh) was not what it was before: that may be the"),
        ([used("ac", 1.0, 3.0, use_temperature=0.4, use_degrees=6.0)], "ac (3.00 kWh a day, before 1.00 kWh) was not"),
        ([used("ac", 1.0, 3.0, use_temperature=0.8, use_degrees=-6.0)], "was not what it was before: if nobody"),
        ([drift_of(**WORSE)], "much the same: tv since Mon 17 June (0.300 kWh in the hour, before 0.100 kWh)"),
        ([used("tv", 1.0, 3.0, **WORSE)], "while use changes: tv since Mon 17 June (0.300 kWh"),
        ([used(f"d{size}", 1.0, 1.0 + size) for size in range(1, 7)], "before 1.00 kWh) and 3 more was not"),
    ],
)
def test_a_change_is_told_with_its_size_and_what_may_be_its_reason(rows: list, words: str) -> None:
    tells("drift", words, drift=pd.DataFrame(rows))


def test_each_reason_is_a_paragraph_and_the_largest_change_comes_first() -> None:
    paragraphs = plain("drift", drift=pd.DataFrame([used("tv", 1.0, 3.0, **WORSE), drift_of("oven", **WORSE)]))
    assert len(paragraphs.split("\n\n")) == 3
    words = plain("drift", drift=pd.DataFrame([used(f"d{size}", 1.0, 1.0 + size) for size in range(1, 7)]))
    assert words.index("d6 (") < words.index("d5 (") < words.index("d4 (")
    assert "d3" not in words


@pytest.mark.parametrize(
    ("sources", "weeks", "words"),
    [
        ([MODEL], 12, "fewer than 8 earlier reports"),
        ([REPORTS], 12, "Errors are those of the earlier reports."),
        ([REPORTS, MODEL], 12, "earlier reports for 1 of 2 series"),
        ([MODEL], 7, "it takes 8 past weeks"),
    ],
)
def test_the_basis_of_drift_is_told(sources: list[str], weeks: int, words: str) -> None:
    frame = pd.DataFrame([drift_of(error_source=source, error_weeks=weeks) for source in sources])
    tells("drift_basis", words, drift=frame)
