"""A home's plan: hand-worked bills, honest about what is lacking, and never against what a device may do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from pytest import approx

from influx import Run, load
from influx.core import formatting as fmt
from influx.core.tariff import rates
from influx.forecasting.device_series import Series, series_of_home
from influx.home.home import Home
from influx.insights import recommendations
from influx.report import checks, plots, table, text
from influx.report.figures import show
from influx.report.plots.style import colours, is_narrow
from influx.report.run_folder import Frames
from influx.scheduling.home_plan import COLUMNS, schedule
from influx.scheduling.plan import weeks_back

START = pd.Timestamp("2024-07-14T22:00Z")
"""Monday, 15 July 2024, in Madrid."""


def plain(words: str) -> str:
    return words.replace(fmt.THIN_SPACE, " ")


def evenings(weeks: int = 12, kwh: float = 1.0, hour: int = 19) -> np.ndarray:
    """Return a device that uses energy each day at a local hour, in hours from a local midnight on."""
    out = np.zeros(weeks * 168)
    out[hour::24] = kwh
    return out


def parts(folder: Path, devices: str, more: str = "", **used: np.ndarray) -> tuple[Home, list[Series], pd.DataFrame]:
    """Return a home, its devices, and a forecast that the coming week is like the last one."""
    first = START - pd.Timedelta(hours=max(len(one) for one in used.values()))
    settings = f"{tiny.TARIFF}{more}devices:\n{devices}"
    home = load(tiny.write_readings(folder, start=f"{first:%Y-%m-%d %H:%M}", home=settings, **used))
    assert home.origin == START
    every = series_of_home(home)
    stamps = pd.date_range(START, periods=168, freq="h", unit="us")
    coming = {one.device_id: one.energy.to_numpy()[-168:] for one in every}
    rows = [pd.DataFrame({"device_id": name, "timestamp": stamps, "energy_kwh": kwh}) for name, kwh in coming.items()]
    return home, every, pd.concat(rows)


def plan_of(folder: Path, devices: str, more: str = "", **used: np.ndarray) -> Frames:
    """Return the plan of that home at its tariff."""
    home, every, forecast = parts(folder, devices, more, **used)
    return schedule(home, every, forecast, rates(home.settings))


WASHER = "  washer: {flexible: {hours: 1, kwh: 1, runs_a_week: 7}}\n"


# --- money, worked by hand --------------------------------------------------------------------------------------------


def test_moving_the_washer_out_of_the_dear_hours_saves_two_thirds(tmp_path: Path) -> None:
    """7 kWh at 19:00 cost 7 x 0.30 = 2.10, and 0.70 at any hour but 18:00 to 22:00; each past week saved the same."""
    plan = plan_of(tmp_path, WASHER, washer=evenings(), tv=np.full(12 * 168, 0.1))
    row = plan["plan_devices"].iloc[0]
    assert (row["runs"], row["kwh"], row["cost"], row["usual_cost"]) == approx((7, 7.0, 0.70, 2.10))
    assert (row["saving"], row["p10"], row["p90"], row["weeks"]) == approx((1.40, 1.40, 1.40, 12))
    whole = plan["plan_total"].iloc[0]
    assert (whole["cost"], whole["usual_cost"], whole["saving"], whole["hours"]) == approx((0.70, 2.10, 1.40, 168))
    starts = pd.DatetimeIndex(plan["plan_runs"]["start"]).tz_convert("Europe/Madrid")
    assert starts.day.tolist() == list(range(15, 22))
    assert not set(starts.hour) & {18, 19, 20, 21}
    assert plan["plan_runs"][["kwh", "cost", "usual_cost"]].sum().tolist() == approx([7, 0.70, 2.10])
    assert plan["plan_notes"].empty


def test_a_window_in_dear_hours_saves_nothing(tmp_path: Path) -> None:
    devices = '  washer: {flexible: {hours: 1, kwh: 1, runs_a_week: 7, earliest: "18:00", deadline: "22:00"}}\n'
    whole = plan_of(tmp_path, devices, washer=evenings())["plan_total"].iloc[0]
    assert (whole["cost"], whole["saving"]) == approx((2.10, 0.0))


def test_a_window_dearer_than_the_habit_is_told_as_a_loss(tmp_path: Path) -> None:
    devices = '  washer: {flexible: {hours: 1, kwh: 1, runs_a_week: 7, earliest: "18:00", deadline: "22:00"}}\n'
    plan = plan_of(tmp_path, devices, washer=evenings(hour=12))
    assert plan["plan_total"]["saving"].item() == approx(-1.40)
    assert "2.10 EUR in the coming 7 days instead of 0.70 EUR: 1.40 EUR more" in plain(
        text("plan", plan=plan, currency="EUR")
    )


def test_a_saving_is_no_more_than_the_device_is_expected_to_cost(tmp_path: Path) -> None:
    """home.yaml wants 5 kWh a run, which cost 10.50 now and 3.50 planned; 1 kWh a day is expected, 2.10 in all."""
    devices = "  washer: {flexible: {hours: 1, kwh: 5, runs_a_week: 7}}\n"
    row = plan_of(tmp_path, devices, washer=evenings())["plan_devices"].iloc[0]
    assert (row["cost"], row["usual_cost"], row["saving"]) == approx((3.50, 10.50, 2.10))
    assert row["p90"] <= 2.10 + 1e-9


def test_a_car_is_charged_in_cheap_hours_by_its_deadline(tmp_path: Path) -> None:
    """6 kWh at 2 kW by 21:00, from 17:00: one hour is cheap, two are dear: 5 days of 2 x 0.10 + 4 x 0.30."""
    devices = (
        '  car: {flexible: {kwh: 6, max_kw: 2, earliest: "17:00", deadline: "21:00", '
        "weekdays: [mon, tue, wed, thu, fri]}}\n"
    )
    plan = plan_of(tmp_path, devices, car=evenings(kwh=6.0))
    assert plan["plan_devices"]["cost"].item() == approx(5 * 1.40)
    assert plan["plan_devices"][["kind", "runs"]].to_numpy().tolist() == [["storage", 5]]


def test_the_power_limit_counts_what_else_is_expected(tmp_path: Path) -> None:
    """2 kW of room beside the heater's 2 kW until noon: the washer of 3 kW has to run after it."""
    heater = np.tile(np.where(np.arange(24) < 12, 2.0, 0.0), 7 * 12)
    devices = "  washer: {flexible: {hours: 1, kwh: 3, runs_a_week: 7}}\n"
    plan = plan_of(tmp_path, devices, "power_limit_kw: 4\n", washer=evenings(kwh=3.0), heater=heater)
    hours = set(pd.DatetimeIndex(plan["plan"]["timestamp"]).tz_convert("Europe/Madrid").hour)
    assert hours and not hours & set(range(12))
    assert "7 runs" in checks.plan_holds(plan).words
    with pytest.raises(AssertionError, match="more than the power limit"):
        checks.plan_holds(plan | {"plan_total": plan["plan_total"].assign(limit_kw=2.9)})


def test_what_is_flexible_without_more_is_planned_from_its_past(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "  washer: {flexible: true}\n", washer=evenings())
    row = plan["plan_devices"].iloc[0]
    assert (row["runs"], row["kwh"]) == (7, approx(7.0))
    assert row["source"] == "length, energy and runs a week by readings: 56 uses in 8.0 weeks"


def test_a_short_history_gives_no_range(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, WASHER, washer=evenings(weeks=3))
    assert plan["plan_devices"][["p10", "p90"]].isna().all(axis=None)
    said = plain(text("plan", plan=plan, currency="EUR"))
    assert "1.40 EUR less; how sure that is, is not known, as 3 of the 9 past weeks that it takes are known" in said
    assert plan["plan_devices"]["p10"].isna().all()


def test_past_weeks_are_planned_at_their_own_prices(tmp_path: Path) -> None:
    """Cheap at 3:00 in past weeks and at 12:00 in the coming one; used at 19:00, a kWh saves 0.20 in each of them."""

    class Moving:
        def at(self, stamps: pd.DatetimeIndex, minutes: int = 60) -> tuple[np.ndarray, np.ndarray]:
            hour = stamps.tz_convert("Europe/Madrid").hour
            cheap = np.where(stamps < START, hour == 3, hour == 12)
            return np.where(cheap, 0.10, 0.30), ~cheap

    home, every, forecast = parts(tmp_path, WASHER, washer=evenings())
    row = schedule(home, every, forecast, Moving())["plan_devices"].iloc[0]  # type: ignore[arg-type]
    assert (row["cost"], row["saving"], row["p10"], row["p90"]) == approx((0.70, 1.40, 1.40, 1.40))
    assert row["weeks"] == 12


@pytest.mark.parametrize(("day", "steps"), [("2024-04-01", 334), ("2024-04-08", 336), ("2024-10-28", 338)])
def test_a_week_back_is_a_week_of_the_clock(day: str, steps: int) -> None:
    first, last = (pd.Timestamp(day) + pd.Timedelta(days=days) for days in (0, 7))
    coming = pd.date_range(first, last, freq="30min", inclusive="left", tz="Europe/Madrid").tz_convert("UTC")
    found = weeks_back(coming, 1, "Europe/Madrid").tz_convert("Europe/Madrid").tz_localize(None)
    assert len(found) == steps
    assert (found[0], found[-1]) == (first - pd.Timedelta(days=7), first - pd.Timedelta(minutes=30))


# --- what is lacking, and what is impossible --------------------------------------------------------------------------


def notes(plan: Frames) -> list[str]:
    return [plain(words) for words in plan["plan_notes"]["what"]]


def test_without_flexible_devices_the_page_says_so(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "  washer: {flexible: false}\n", washer=evenings())
    assert all(plan[name].empty for name in COLUMNS if name != "plan_notes")
    assert text("plan", plan=plan, currency="EUR").startswith("No plan is made: home.yaml names no flexible device.")
    assert "A line flexible: below a device" in text("left_out", plan=plan)
    assert "nothing" in checks.plan_holds(plan).words
    drawn = show(plots.plan, plan["plan"], plan["plan_steps"], caption="c", empty="There is no plan.")
    assert drawn.words == "There is no plan."


def test_without_prices_the_page_says_so(tmp_path: Path) -> None:
    home = load(tiny.write_readings(tmp_path, home="devices: {tv: {flexible: true}}\n", tv=tiny.days(16)))
    plan = schedule(home, series_of_home(home), pd.DataFrame(), None)
    assert notes(plan) == ["No plan is made: no tariff is given in home.yaml and the data holds no price."]


def test_prices_that_end_early_end_the_plan(tmp_path: Path) -> None:
    class Ending:
        def at(self, stamps: pd.DatetimeIndex, minutes: int = 60) -> tuple[np.ndarray, np.ndarray]:
            price = np.where(stamps < START + pd.Timedelta(hours=self.known), 0.2, np.nan)
            return price, np.zeros(len(stamps), bool)

        known = 48

    home, every, forecast = parts(tmp_path, WASHER, washer=evenings())
    plan = schedule(home, every, forecast, Ending())  # type: ignore[arg-type]
    assert notes(plan) == ["Prices are known for the first 48 of 168 hours: the plan ends there."]
    assert (plan["plan_devices"]["runs"].item(), len(plan["plan_steps"])) == (2, 96)
    Ending.known = 0
    assert notes(schedule(home, every, forecast, Ending())) == [  # type: ignore[arg-type]
        "No plan is made: the price of the coming hours is not known."
    ]


def test_a_device_that_does_not_fit_is_named_with_the_least_that_would_do(tmp_path: Path) -> None:
    """Five runs of 4 h in three hours a day; an hour more is enough. The dryer is planned all the same."""
    devices = (
        '  washer: {flexible: {hours: 4, kwh: 2, runs_a_week: 5, earliest: "09:00", deadline: "12:00"}}\n'
        "  dryer: {flexible: {hours: 1, kwh: 1, runs_a_week: 2}}\n"
    )
    plan = plan_of(tmp_path, devices, washer=evenings(), dryer=evenings())
    assert notes(plan) == [
        "washer is not planned: 5 runs of 4 h do not fit between 09:00 and 12:00 from Mon 15 July to Sun 21 July. The "
        "smallest relaxation: deadline 13:00."
    ]
    assert plan["plan_devices"]["device_id"].tolist() == ["dryer"]
    assert text("left_out", plan=plan) == plan["plan_notes"]["what"].item()


def test_a_car_that_cannot_be_charged_in_time_is_named(tmp_path: Path) -> None:
    """20 kWh at 4 kW take five hours, four are given."""
    devices = '  car: {flexible: {kwh: 20, max_kw: 4, earliest: "02:00", deadline: "06:00"}}\n'
    plan = plan_of(tmp_path, devices, car=evenings())
    assert notes(plan) == [
        "car is not planned: 20.0 kWh at 4.00 kW do not fit between 02:00 and 06:00 from Mon 15 July to Sun 21 July. "
        "The smallest relaxation: deadline 07:00."
    ]


def test_a_power_limit_that_is_too_low_is_named_with_the_one_that_would_do(tmp_path: Path) -> None:
    """3 kW beside 0.5 kW of the tv are 3.5 kW."""
    devices = "  washer: {flexible: {hours: 1, kwh: 3, runs_a_week: 7}}\n"
    used = {"washer": evenings(), "tv": np.full(12 * 168, 0.5)}
    plan = plan_of(tmp_path, devices, "power_limit_kw: 3.1\n", **used)
    assert plan["plan"].empty
    words = notes(plan)[0]
    assert words.startswith("Nothing is planned: the power limit of 3.1 kW leaves no room for washer. However they are")
    assert "it is exceeded by 0.40 kW on " in words
    assert words.endswith("The smallest relaxation: power_limit_kw 3.5.")
    assert len(plan_of(tmp_path, devices, "power_limit_kw: 3.5\n", **used)["plan_runs"]) == 7


def test_hours_that_are_full_without_the_plan_are_told(tmp_path: Path) -> None:
    heater = evenings(kwh=3.4, hour=20)
    plan = plan_of(tmp_path, WASHER, "power_limit_kw: 3\n", washer=evenings(), heater=heater)
    assert notes(plan) == [
        "What the home is expected to use beside its flexible devices is above the power limit of 3 kW by up to "
        "0.40 kW, on Mon 15 July at 20:00: nothing is planned there."
    ]
    assert len(plan["plan_runs"]) == 7


def test_what_must_run_is_not_planned(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "  freezer: {flexible: true}\n", freezer=evenings())
    assert notes(plan) == ["freezer is not planned: it must run at all times."]


# --- advice, words, figure --------------------------------------------------------------------------------------------


def advise(folder: Path, plan: Frames, forecast_kwh: float = 1.0) -> pd.DataFrame:
    home = load(folder)
    stamps = pd.date_range(START, periods=168, freq="h", unit="us")
    dear = stamps.tz_convert("Europe/Madrid").hour == 19
    rows = [
        pd.DataFrame({"device_id": name, "timestamp": stamps, "energy_kwh": np.where(dear, forecast_kwh, 0.0)})
        for name in ("washer", "household")
    ]
    return recommendations.recommendations(home, pd.concat(rows), {}, rates(home.settings), plan)


def test_advice_is_the_plan_where_there_is_one(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, WASHER, washer=evenings(), tv=np.full(12 * 168, 0.1))
    row = advise(tmp_path, plan).iloc[0]
    assert (row["kind"], row["kwh"], row["cost"], row["saving"]) == ("move", approx(7), approx(2.10), approx(1.40))
    assert "Run washer as planned, 7 times, the first on Mon 15 July from " in row["what"]
    assert plain(row["what"]).endswith(
        "its 7.00 kWh cost 0.70 EUR there and 2.10 EUR as it is used now, which saves 1.40 EUR."
    )


def test_advice_does_not_say_what_the_plan_forbids(tmp_path: Path) -> None:
    devices = '  washer: {flexible: {hours: 4, kwh: 2, runs_a_week: 5, earliest: "09:00", deadline: "12:00"}}\n'
    assert advise(tmp_path, plan_of(tmp_path, devices, washer=evenings())).empty
    limit = plan_of(tmp_path, WASHER, "power_limit_kw: 0.5\n", washer=evenings())
    assert advise(tmp_path, limit).empty


def test_the_answer_names_money_range_and_how_good_the_plan_is(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, WASHER, washer=evenings())
    assert plain(text("plan", plan=plan, currency="EUR")) == (
        "**Run as planned, washer costs 0.70 EUR in the coming 7 days instead of 2.10 EUR: 1.40 EUR less, by past "
        "weeks 1.40 to 1.40 EUR (8 in 10).** No plan is cheaper."
    )
    loose = plan | {"plan_total": plan["plan_total"].assign(gap=0.0061)}
    assert plain(text("plan", plan=loose, currency="EUR")).endswith("No plan can be cheaper by more than 0.6 %.")
    assert text("left_out", plan=plan) == "Every flexible device is planned."
    shown = table(plan["plan_runs"], "plan_runs", timezone="Europe/Madrid", currency="EUR").markup
    assert shown.index("Mon 15 July") < shown.index("Tue 16 July")


@pytest.mark.parametrize("size", [(9, 3), (4.2, 3.4)])
def test_the_strip_has_a_row_a_device_in_its_colour_over_the_price(tmp_path: Path, size: tuple[float, float]) -> None:
    devices = WASHER + "  dryer: {flexible: {hours: 2, kwh: 1, runs_a_week: 2}}\n"
    plan = plan_of(tmp_path, devices, washer=evenings(), dryer=evenings())
    ax = Figure(figsize=size).add_subplot()
    plots.plan(plan["plan"], plan["plan_steps"], "Europe/Madrid", "EUR", ["a", "dryer", "washer"], ax=ax)
    assert is_narrow(ax) == (size[0] < 6)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["washer", "dryer"]
    hues = colours(["a", "dryer", "washer"])
    assert [to_hex(one.get_facecolor()[0]).upper() for one in ax.collections] == [hues["washer"], hues["dryer"]]
    assert [len(one.get_paths()) for one in ax.collections] == [7, 2]
    assert len(ax.patches) == 7  # the dear hours of each day
    assert "0.1 to 0.3 EUR/kWh" in ax.get_xlabel()
    assert (
        ax.get_figure()
        .get_label()
        .startswith(  # type: ignore[union-attr]
            "When each flexible device should run from Mon 15 July to Sun 21 July"
        )
    )


def test_a_run_that_pauses_is_drawn_in_parts(tmp_path: Path) -> None:
    """Cheap from 17:00 to 18:00 and from 22:00 on, 3 kWh at 2 kW: two parts."""
    devices = '  car: {flexible: {kwh: 3, max_kw: 2, earliest: "17:00", deadline: "22:30"}}\n'
    plan = plan_of(tmp_path, devices, car=evenings())
    ax = plots.plan(plan["plan"], plan["plan_steps"], "Europe/Madrid")
    assert len(ax.collections[0].get_paths()) == 14


# --- the run folder ---------------------------------------------------------------------------------------------------


def test_the_sample_s_plan_lies_in_its_run_folder(sample_run: Run) -> None:
    plan = sample_run.plan()
    warmer = {"warmer": ["degrees", "device_id", "kwh"], "warmer_words": ["degrees", "what"]}
    assert {name: list(frame) for name, frame in plan.items()} == COLUMNS | warmer
    assert set(plan["warmer"]["degrees"]) == {-3.0, 3.0}
    assert set(plan["plan_devices"]["device_id"]) == {"WH_BATH_01", "WM_01"}
    assert all((sample_run.folder / f"{name}.csv").exists() for name in COLUMNS)
    assert checks.plan_holds(plan)
    whole, cost = plan["plan_total"].iloc[0], sample_run.bill()["cost_week"].set_index("device_id")["total"]
    assert 0 < whole["saving"] <= whole["p90"] <= cost[["WH_BATH_01", "WM_01"]].sum()
    assert whole["gap"] <= 0.01
    moved = sample_run.insights()["recommendations"].query("kind == 'move'").set_index("device_id")["saving"]
    assert moved.to_dict() == approx(plan["plan_devices"].set_index("device_id")["saving"].to_dict())
