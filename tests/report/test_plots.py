"""What a reader of the figures relies on: units, words for those who cannot see, one colour a device, no surprise."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from influx import Run
from influx.core.uncertainty import half_width
from influx.report import figures, plots
from influx.report.plots import models, style

NAN, THIN = float("nan"), "\N{NARROW NO-BREAK SPACE}"
UNITS = {
    "daily_use": "kWh a day",
    "load_curve": "kWh in the hour",
    "breakdown": "kWh a day",
    "relations": "strength of the relation",
    "scores": "loss over that of",
    "importance": "share of the importance",
    "residuals": "observed minus predicted, kWh",
    "calibration": "empirical share of hours",
    "coverage": "empirical share of hours",
    "days_ahead": "kWh in the hour",
    "past_week": "kWh in the hour",
    "forecast": "kWh in the hour",
    "days": "kWh a day",
    "next_day": "kWh in the hour",
    "plan": "EUR/kWh",
    "daily_errors": "predicted minus observed, kWh",
    "weekly_errors": "kWh in the hour",
}


@pytest.fixture(autouse=True)
def no_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def drawings(run: Run) -> dict[str, tuple]:
    """Return what every plot is given on the pages."""
    explored, scores, coming, reviewed, plan = run.explore(), run.scores(), run.forecast(), run.review(), run.plan()
    calibration, daily = run.calibration(), run.sums()["daily"]
    zone, devices = run.home().settings.timezone, run.home().devices["device_id"]
    model = run.model("household")
    return {
        "daily_use": (explored["daily_use"],),
        "load_curve": (explored["profile"],),
        "breakdown": (explored["breakdown"], devices),
        "relations": (run.features()["relations"],),
        "scores": (scores,),
        "importance": (run.reference()["importance"],),
        "residuals": (scores.forecasts.query("model == @model"), "household", zone),
        "calibration": (calibration["calibration"], calibration["calibration_home"]),
        "coverage": (calibration["calibration"],),
        "days_ahead": (calibration["days_ahead"], model),
        "past_week": (scores.forecasts, "household", model, zone),
        "forecast": (coming, "household", zone, devices),
        "days": (daily,),
        "next_day": (coming, run.prices(24), zone, "EUR", devices),
        "plan": (plan["plan"], plan["plan_steps"], zone, "EUR", devices),
        "daily_errors": (reviewed["review_days"],),
        "weekly_errors": (reviewed["weekly_errors"], reviewed["drift"], devices),
    }


def described(ax: Axes) -> str:
    return str(ax.get_figure().get_label()).replace(THIN, " ")


def words_on(figure: Figure) -> str:
    """Return the titles of all axes of a figure."""
    return " | ".join(f"{ax.get_xlabel()} {ax.get_ylabel()}" for ax in figure.axes)


def test_every_plot_is_tested() -> None:
    assert set(plots.__all__) == set(UNITS)


@pytest.mark.parametrize("name", list(UNITS))
def test_a_plot_of_the_sample_has_words_and_a_unit_and_draws_on_the_axes_it_is_given(name, sample_run) -> None:
    figure = Figure(figsize=(9, 4))
    given = figure.add_subplot()
    ax = getattr(plots, name)(*drawings(sample_run)[name], ax=given)
    assert ax is given
    figure.draw_without_rendering()
    assert re.search(r".{40}", described(ax)) and re.search(r"\d", described(ax)) and "nan" not in described(ax)
    assert UNITS[name] in words_on(figure)


def test_a_plot_is_shown_wide_and_narrow(sample_run: Run) -> None:
    given = drawings(sample_run)
    for name in ("breakdown", "days", "next_day", "plan", "daily_errors"):
        assert figures.show(getattr(plots, name), *given[name], caption="What to see.").markup.count("<svg") == 2


def test_every_plot_stands_on_a_page_or_the_dashboard() -> None:
    """So the pages of awkward homes, made in `test_notebooks`, draw each of them."""
    root = Path(__file__).resolve().parents[2]
    files = [*(root / "notebooks").glob("*.ipynb"), root / "influx" / "report" / "start_page.py"]
    sources = [path.read_text(encoding="utf-8") for path in files]
    assert [name for name in UNITS if not any(re.search(rf"plots\.{name}\b", source) for source in sources)] == []


# --- colours ----------------------------------------------------------------------------------------------------------


def test_a_device_has_the_same_colour_whatever_a_page_shows_of_it(sample_run: Run) -> None:
    devices = list(sample_run.home().devices["device_id"])
    breakdown = sample_run.explore()["breakdown"]
    fewer = breakdown[breakdown["device_id"].isin(["WH_BATH_01", "AC_LR_01"])]

    def seen(frame: pd.DataFrame) -> dict[str, str]:
        ax = plots.breakdown(frame.assign(standby_kwh_per_day=np.nan), devices)
        bars = reversed(ax.patches)  # the largest is drawn last, on top
        return {name: to_hex(bar.get_facecolor(), True) for name, bar in zip(frame["device_id"], bars, strict=True)}

    assert seen(fewer).items() <= seen(breakdown).items()
    ax = plots.next_day(sample_run.forecast(), devices=devices)
    stacked = {box.get_label(): to_hex(box.patches[0].get_facecolor(), True) for box in ax.containers}
    shared = set(stacked) & set(breakdown["device_id"])
    assert len(shared) == 5
    assert {name: stacked[name] for name in shared} == {name: seen(breakdown)[name] for name in shared}


def test_colours_follow_the_names_and_not_their_order() -> None:
    names = ["washer", "ac", "tv", "household", "other"]
    hues = style.colours(names)
    assert style.colours(reversed(names)) == hues
    assert len(set(hues.values())) == 5
    assert hues["household"] == style.ACCENT
    many = style.colours([f"d{number:02d}" for number in range(12)])
    assert len(set(many.values())) == 14  # household and other are always there


# --- what is drawn ----------------------------------------------------------------------------------------------------


def test_an_unknown_day_has_no_bar_and_is_no_zero() -> None:
    days = pd.date_range("2024-07-01", periods=10)
    kwh = np.array([2.0] * 10)
    kwh[4] = np.nan
    ax = plots.daily_use(pd.DataFrame({"device_id": "household", "day": days, "kwh": kwh}))
    heights = [bar.get_height() for bar in ax.patches]
    assert np.isnan(heights[4])
    assert heights[:4] == [2.0] * 4
    assert ax.get_figure().get_label().replace(THIN, " ") == (
        "Daily energy of household over 10 days, 9 of them fully known: mean 2.00 kWh, from 2.00 kWh to 2.00 kWh."
    )


def test_the_load_curve_tells_working_days_from_the_weekend(sample_run: Run) -> None:
    profile = sample_run.explore()["profile"].query("device_id == 'household'")
    ax = plots.load_curve(profile)
    named = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(named["Mon to Fri"], profile[profile["weekday"] < 5].groupby("hour")["kwh"].mean())
    np.testing.assert_allclose(named["weekend"], profile[profile["weekday"] >= 5].groupby("hour")["kwh"].mean())
    assert ax.get_ylim()[0] == 0


def test_a_load_curve_of_three_working_days_has_no_weekend() -> None:
    frame = pd.DataFrame({"device_id": "household", "weekday": [0, 1, 2], "hour": 7, "kwh": 1.0})
    assert [line.get_label() for line in plots.load_curve(frame).lines] == ["Mon to Fri"]


def test_the_forecast_of_a_day_is_a_bar_with_its_range(sample_run: Run) -> None:
    daily = sample_run.sums()["daily"].query("device_id == 'household'")
    ax = plots.days(daily)
    assert [bar.get_height() for bar in ax.patches] == daily["total"].tolist()
    (lines,) = ax.collections
    spans = [segment[:, 1].tolist() for segment in lines.get_segments()]
    np.testing.assert_allclose(spans, daily[["p10", "p90"]])
    assert ax.get_ylim()[0] == 0


def test_parts_of_days_are_left_out_unless_there_is_nothing_else() -> None:
    day = pd.date_range("2024-07-15", periods=3)
    frame = pd.DataFrame({"device_id": "household", "day": day, "hours": [6, 24, 18], "total": [1.0, 4.0, 3.0]})
    frame = frame.assign(p10=np.nan, p90=np.nan)
    assert [bar.get_height() for bar in plots.days(frame).patches] == [4.0]
    assert [bar.get_height() for bar in plots.days(frame.iloc[[0, 2]]).patches] == [1.0, 3.0]


def test_the_next_day_stacks_to_the_household(sample_run: Run) -> None:
    forecast = sample_run.forecast()
    ax = plots.next_day(forecast, sample_run.prices(24), "Europe/Madrid", "EUR")
    tops = np.array([[bar.get_y() + bar.get_height() for bar in box] for box in ax.containers]).max(axis=0)
    whole = forecast.query("device_id == 'household'").sort_values("timestamp")["energy_kwh"].to_numpy()[:24]
    np.testing.assert_allclose(tops, whole)
    assert "price, line [EUR/kWh]" in words_on(ax.get_figure())
    flat = plots.next_day(forecast, np.full(24, 0.2))
    assert len(flat.get_figure().axes) == 1  # a price that never changes needs no line


def test_beyond_six_devices_the_smallest_stand_together() -> None:
    hours = pd.date_range("2024-07-15", periods=30, freq="h", tz="UTC")
    parts = [
        pd.DataFrame({"device_id": f"d{size}", "timestamp": hours, "energy_kwh": size / 100}) for size in range(1, 9)
    ]
    ax = plots.next_day(pd.concat(parts))
    named = {box.get_label(): box.patches[0].get_height() for box in ax.containers}
    assert named == pytest.approx({"d8": 0.08, "d7": 0.07, "d6": 0.06, "d5": 0.05, "d4": 0.04, "3 more": 0.06})
    assert len(ax.containers[0]) == 24


def test_the_band_of_the_forecast_is_p10_to_p90(sample_run: Run) -> None:
    rows = sample_run.forecast().query("device_id == 'household'")
    ax = plots.forecast(rows, timezone="Europe/Madrid")
    edges = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert edges.max() == rows["p90"].max()
    np.testing.assert_allclose(ax.lines[0].get_ydata(), rows["p50"])


def test_what_cannot_be_drawn_is_said_in_words() -> None:
    past = pd.DataFrame({"device_id": ["tv"], "model": "climatology"})
    ax = plots.past_week(past, "household", "climatology")
    assert ax.texts[0].get_text() == described(ax) == "No past week of household could be forecast and compared."
    lost = pd.DataFrame({"device_id": ["tv"], "model": "climatology", "scaled_pinball": NAN})
    assert described(plots.scores(lost)).startswith("Nothing was used")
    unknown = nominal(tv={"empirical": NAN})
    assert described(plots.calibration(unknown, unknown)).startswith("Too few hours")
    ahead = plots.days_ahead(days_ahead().assign(device_id="tv"), "similar days")
    assert described(ahead) == "No past day of household could be forecast and compared."
    weeks = plots.weekly_errors(weekly("tv", 0.2), pd.DataFrame([worsens("tv", p=0.5)]))
    assert described(weeks) == "No past week of household could be judged."


def test_the_usual_run_times_stand_below_the_plan(sample_run: Run) -> None:
    plan, hours = sample_run.plan(), sample_run.forecast()
    alone, beside = (plots.plan(plan["plan"], plan["plan_steps"], usual=usual) for usual in (None, hours))
    assert len(beside.collections) == len(alone.collections) + plan["plan"]["device_id"].nunique()


@pytest.mark.parametrize("days", [1, 3, 9, 30, 400])
def test_dates_are_marked_on_axes_of_any_length(days: int) -> None:
    frame = pd.DataFrame({"device_id": "household", "day": pd.date_range("2024-01-01", periods=days), "kwh": 1.0})
    for width in (9, 4):
        ax = plots.daily_use(frame, ax=Figure(figsize=(width, 4)).add_subplot())
        ax.get_figure().draw_without_rendering()
        assert 1 <= len(ax.get_xticks()) <= 12


def test_names_fit_beside_an_axis() -> None:
    wide, narrow = (Figure(figsize=(width, 4)).add_subplot() for width in (9, 4))
    assert style.short("x" * 40, wide) == "x" * 23 + "…"
    assert style.short("x" * 40, narrow) == "x" * 13 + "…"
    assert style.short("two\nlines", wide) == "two lines"
    assert not style.short("_hidden", wide).startswith("_")  # a legend would leave it out


# --- coverage ---------------------------------------------------------------------------------------------------------


def nominal(**devices: dict[str, object]) -> pd.DataFrame:
    """Return a p90 of each device, found at .95 with an error of .01 over four folds, but for what is given."""
    same = {"quantile": "p90", "nominal": 0.9, "empirical": 0.95, "empirical_se": 0.01, "folds": 4, "off": 0.0}
    rows = [{"device_id": name, **same, "mostly_off": False} | columns for name, columns in devices.items()]
    return pd.DataFrame(rows)


def bars(ax: Axes) -> list[np.ndarray]:
    """Return the error bars as their ends, (n, 2, 2)."""
    return [np.array(lines.get_segments()) for lines in ax.collections if hasattr(lines, "get_segments")]


def test_empirical_stands_over_nominal_with_a_bar_that_is_no_more_than_a_share() -> None:
    ax = plots.calibration(nominal(household={"empirical_se": 0.01}), nominal(household={})[:0])
    (segment,) = bars(ax)
    half = half_width(0.01, 4)
    assert segment[0, :, 1].tolist() == pytest.approx([0.95 - half, 0.95 + half])
    wide = plots.calibration(nominal(household={"empirical_se": 0.1}), nominal(household={})[:0])
    assert bars(wide)[0][0, :, 1].tolist() == pytest.approx([0.95 - half_width(0.1, 4), 1.0])
    assert described(ax).endswith("household: p90 95 %.")


def test_devices_that_are_mostly_off_or_not_known_are_not_in_the_diagram() -> None:
    unknown = {"empirical": NAN, "empirical_se": NAN}
    frame = nominal(tv={"empirical": 0.93}, lamp={"mostly_off": True}, new=unknown, household={})
    ax = plots.calibration(frame, nominal(all={"empirical": 0.93}))
    dots = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert dots["a device"] == [0.93]
    assert dots["all devices together"] == [0.93]
    assert dots["household"] == [0.95]


def test_a_device_that_is_mostly_off_has_a_hollow_mark_and_is_told() -> None:
    ax = plots.coverage(nominal(tv={}, lamp={"mostly_off": True, "off": 0.96}))
    marks = next(points for points in ax.collections if points.get_label() == "p90")
    assert [len(face) > 0 and face[3] > 0 for face in marks.get_facecolors()] == [True, False]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["lamp", "tv"]
    assert [note.get_text().replace(THIN, " ") for note in ax.texts] == ["off 96 % of the time"]


# --- days and weeks ---------------------------------------------------------------------------------------------------


def days_ahead(skill_se: float = 0.1) -> pd.DataFrame:
    frame = pd.DataFrame({"device_id": "household", "day": [1, 2], "folds": 4, "loss": [0.1, 0.2]})
    return frame.assign(baseline_loss=[0.2, 0.3], skill_se=skill_se)


def test_each_day_ahead_stands_beside_climatology_s() -> None:
    ax = plots.days_ahead(days_ahead(), "similar days")
    lines = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert lines["similar days"] == [0.1, 0.2]
    assert lines["climatology"] == [0.2, 0.3]
    half = half_width(0.1, 4)  # of climatology's loss
    assert bars(ax)[0][1, :, 1].tolist() == pytest.approx([0.2 - half * 0.3, 0.2 + half * 0.3])
    assert "day 2 0.200 kWh against 0.300 kWh" in described(ax)
    plots.days_ahead(days_ahead(NAN), "similar days")  # of one fold


def test_where_climatology_is_used_it_is_drawn_once() -> None:
    ax = plots.days_ahead(days_ahead(), "climatology")
    assert [line.get_label() for line in ax.lines] == ["climatology"]


def test_a_cell_holds_predicted_minus_observed_and_unknown_days_are_blank() -> None:
    frame = pd.DataFrame(
        [("tv", 1, 3.0, 2.0, 1.0), ("tv", 2, 1.0, 2.0, 1.0), ("ac", 1, 5.0, 9.0, 4.0), ("ac", 2, 5.0, 1.0, NAN)],
        columns=["device_id", "day", "predicted", "observed", "absolute_error"],
    ).assign(origin=1)
    older = frame.assign(origin=0, predicted=100.0)
    ax = plots.daily_errors(pd.concat([older, frame]))
    assert [text.get_text() for text in ax.texts if text.get_text()] == ["-4.0", "+1.0", "-1.0"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ac", "tv"]
    shares = ax.collections[0].get_array()
    assert shares.compressed().tolist() == pytest.approx([-0.8, 0.5, -0.5])  # of mean days of 5 and 2 kWh
    assert described(ax).endswith("the largest errors: ac 4.00 kWh, tv 1.00 kWh.")


def test_an_error_stands_no_finer_than_a_watt_hour() -> None:
    signed = [models._signed(kwh) for kwh in (4.62, -0.131, 0.0012, -0.0004, NAN)]
    assert signed == ["+4.6", "-0.13", "+0.001", "0", ""]


def weekly(device: str, *errors: float) -> pd.DataFrame:
    weeks = pd.date_range("2024-05-06", periods=len(errors), freq="7D")
    return pd.DataFrame({"device_id": device, "week": weeks, "error": errors})


def worsens(device: str, p: float = 0.02, change: float = 2.0) -> dict[str, object]:
    since = pd.Timestamp("2024-05-20")
    errors = {"error_since": since, "error_before": 0.1, "error_now": 0.3, "error_change": change, "error_p": p}
    return {"device_id": device} | errors


def test_the_device_whose_forecast_worsens_most_clearly_is_drawn_with_its_break() -> None:
    errors = pd.concat([weekly("household", 1, 1, 1, 1), weekly("tv", 0.1, 0.1, 0.3, 0.3), weekly("ac", 2, 2, 2, 2)])
    changes = pd.DataFrame([worsens("household", p=0.5), worsens("tv"), worsens("ac", p=0.03)])
    ax = plots.weekly_errors(errors, changes)
    assert [bar.get_height() for bar in ax.patches] == [0.1, 0.1, 0.3, 0.3]
    assert to_hex(ax.patches[0].get_facecolor()) == style.colours(["ac", "tv"])["tv"].lower()
    assert [line.get_xdata()[0] for line in ax.lines] == [1.5]
    assert ax.get_xlabel() == "tv, week from"
    assert "0.100 kWh before Mon 20 May, 0.300 kWh since" in described(ax)


def test_where_no_forecast_worsens_the_household_is_drawn_without_a_break() -> None:
    ax = plots.weekly_errors(weekly("household", 0.2, 0.4), pd.DataFrame([worsens("household", p=0.5)]))
    assert [bar.get_height() for bar in ax.patches] == [0.2, 0.4]
    assert not ax.lines
