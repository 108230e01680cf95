"""What a reader of the figures relies on: units, words for those who cannot see, one colour a device, no surprise."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from influx import Run
from influx.report.plots import axes, figures, plots

THIN = "\N{NARROW NO-BREAK SPACE}"
Drawing = tuple[Callable[..., Axes], tuple, dict]
UNITS = {
    "plot_daily_use": "kWh a day",
    "plot_heat_map": "kWh in the hour",
    "plot_load_curve": "kWh in the hour",
    "plot_breakdown": "kWh a day",
    "plot_relations": "strength of the relation",
    "plot_contest": "loss over that of",
    "plot_importance": "share of the importance",
    "plot_past_week": "kWh in the hour",
    "plot_forecast": "kWh in the hour",
    "plot_days": "kWh a day",
    "plot_next_day": "kWh in the hour",
}


@pytest.fixture(autouse=True)
def no_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def drawings(run: Run) -> dict[str, Drawing]:
    """Return every plot with what it is given on the pages."""
    explored, trained, coming = run.explore(), run.training(), run.forecast()
    zone, devices = run.home().settings.timezone, run.home().devices["device_id"]
    model = trained["choice"].set_index("device_id")["model"]["household"]
    return {
        "plot_daily_use": (plots.plot_daily_use, (explored["daily_use"],), {}),
        "plot_heat_map": (plots.plot_heat_map, (explored["profile"],), {}),
        "plot_load_curve": (plots.plot_load_curve, (explored["profile"],), {}),
        "plot_breakdown": (plots.plot_breakdown, (explored["breakdown"], devices), {}),
        "plot_relations": (plots.plot_relations, (run.features()["relations"],), {}),
        "plot_contest": (plots.plot_contest, (trained["metrics"],), {}),
        "plot_importance": (plots.plot_importance, (trained["importance"],), {}),
        "plot_past_week": (plots.plot_past_week, (trained["past_forecasts"], "household", model, zone), {}),
        "plot_forecast": (plots.plot_forecast, (coming["forecast"], "household", zone, devices), {}),
        "plot_days": (plots.plot_days, (coming["daily"],), {}),
        "plot_next_day": (plots.plot_next_day, (coming["forecast"], run.prices(24), zone, "EUR", devices), {}),
    }


def words_on(figure: Figure) -> str:
    """Return the titles of all axes of a figure."""
    return " | ".join(f"{ax.get_xlabel()} {ax.get_ylabel()}" for ax in figure.axes)


def test_every_plot_is_tested() -> None:
    assert {name for name in dir(plots) if name.startswith("plot_")} == set(UNITS)


@pytest.mark.parametrize("name", list(UNITS))
def test_a_plot_of_the_sample_has_words_and_a_unit(name: str, sample_run: Run) -> None:
    plot, args, kwargs = drawings(sample_run)[name]
    ax = plot(*args, **kwargs)
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    described = str(figure.get_label())
    assert len(described) > 40
    assert any(character.isdigit() for character in described)
    assert "nan" not in described
    assert UNITS[name] in words_on(figure)


@pytest.mark.parametrize("name", ["plot_heat_map", "plot_breakdown", "plot_days", "plot_next_day"])
def test_a_plot_is_shown_wide_and_narrow(name: str, sample_run: Run) -> None:
    plot, args, kwargs = drawings(sample_run)[name]
    markup = figures.show(plot, *args, caption="What to see.", **kwargs).markup
    assert markup.count("<svg") == 2
    assert 'class="ix-wide"' in markup
    assert 'class="ix-narrow"' in markup


@pytest.mark.parametrize("make", [tiny.three_days, tiny.main_meter, tiny.hostile], ids=lambda make: make.__name__)
def test_plots_of_awkward_homes_draw_on_axes_of_their_own(make, tiny_run) -> None:
    """Also outside a page, where the page's style does not hold."""
    for plot, args, kwargs in drawings(tiny_run(make)).values():
        if len(args[0]):
            ax = plot(*args, **kwargs)
            assert isinstance(ax, Axes)
            assert ax.get_figure().get_label()


def test_a_plot_draws_on_the_axes_that_it_is_given(sample_run: Run) -> None:
    ax = Figure().add_subplot()
    assert plots.plot_days(sample_run.forecast()["daily"], ax=ax) is ax


# --- colours ----------------------------------------------------------------------------------------------------------


def test_a_device_has_the_same_colour_whatever_a_page_shows_of_it(sample_run: Run) -> None:
    devices = list(sample_run.home().devices["device_id"])
    breakdown = sample_run.explore()["breakdown"]
    fewer = breakdown[breakdown["device_id"].isin(["WH_BATH_01", "AC_LR_01"])]

    def seen(frame: pd.DataFrame) -> dict[str, str]:
        ax = plots.plot_breakdown(frame.assign(standby_kwh_per_day=np.nan), devices)
        bars = reversed(ax.patches)  # the largest is drawn last, on top
        return {name: to_hex(bar.get_facecolor(), True) for name, bar in zip(frame["device_id"], bars, strict=True)}

    assert seen(fewer).items() <= seen(breakdown).items()
    ax = plots.plot_next_day(sample_run.forecast()["forecast"], devices=devices)
    stacked = {box.get_label(): to_hex(box.patches[0].get_facecolor(), True) for box in ax.containers}
    shared = set(stacked) & set(breakdown["device_id"])
    assert len(shared) == 5
    assert {name: stacked[name] for name in shared} == {name: seen(breakdown)[name] for name in shared}


def test_colours_follow_the_names_and_not_their_order() -> None:
    names = ["washer", "ac", "tv", "household", "other"]
    hues = axes.colours(names)
    assert axes.colours(reversed(names)) == hues
    assert len(set(hues.values())) == 5
    assert hues["household"] == axes.ACCENT
    many = axes.colours([f"d{number:02d}" for number in range(12)])
    assert len(set(many.values())) == 14  # household and other are always there


# --- what is drawn ----------------------------------------------------------------------------------------------------


def test_an_unknown_day_has_no_bar_and_is_no_zero() -> None:
    days = pd.date_range("2024-07-01", periods=10)
    kwh = np.array([2.0] * 10)
    kwh[4] = np.nan
    ax = plots.plot_daily_use(pd.DataFrame({"device_id": "household", "day": days, "kwh": kwh}))
    heights = [bar.get_height() for bar in ax.patches]
    assert np.isnan(heights[4])
    assert heights[:4] == [2.0] * 4
    assert ax.get_figure().get_label().replace(THIN, " ") == (
        "Daily energy of household over 10 days, 9 of them fully known: mean 2.00 kWh, from 2.00 kWh to 2.00 kWh."
    )


def test_the_heat_map_names_the_highest_hour() -> None:
    frame = pd.DataFrame([(0, 7, 0.5), (2, 19, 1.5)], columns=["weekday", "hour", "kwh"]).assign(device_id="household")
    ax = plots.plot_heat_map(frame)
    assert "the highest is Wed 19:00 with 1.50" in ax.get_figure().get_label()
    values = ax.collections[0].get_array()
    assert values.compressed().tolist() == [0.5, 1.5]  # hours that are not known stay blank


def test_the_load_curve_tells_working_days_from_the_weekend(sample_run: Run) -> None:
    profile = sample_run.explore()["profile"].query("device_id == 'household'")
    ax = plots.plot_load_curve(profile)
    named = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(named["Mon to Fri"], profile[profile["weekday"] < 5].groupby("hour")["kwh"].mean())
    np.testing.assert_allclose(named["weekend"], profile[profile["weekday"] >= 5].groupby("hour")["kwh"].mean())
    assert ax.get_ylim()[0] == 0


def test_a_load_curve_of_three_working_days_has_no_weekend(tiny_run) -> None:
    ax = plots.plot_load_curve(tiny_run(tiny.three_days).explore()["profile"])
    assert [line.get_label() for line in ax.lines] == ["Mon to Fri"]


def test_the_forecast_of_a_day_is_a_bar_with_its_range(sample_run: Run) -> None:
    daily = sample_run.forecast()["daily"].query("device_id == 'household'")
    ax = plots.plot_days(daily)
    assert [bar.get_height() for bar in ax.patches] == daily["total"].tolist()
    (lines,) = ax.collections
    spans = [segment[:, 1].tolist() for segment in lines.get_segments()]
    np.testing.assert_allclose(spans, daily[["p10", "p90"]])
    assert ax.get_ylim()[0] == 0


def test_parts_of_days_are_left_out_unless_there_is_nothing_else() -> None:
    day = pd.date_range("2024-07-15", periods=3)
    frame = pd.DataFrame({"device_id": "household", "day": day, "hours": [6, 24, 18], "total": [1.0, 4.0, 3.0]})
    frame = frame.assign(p10=np.nan, p90=np.nan)
    assert [bar.get_height() for bar in plots.plot_days(frame).patches] == [4.0]
    assert [bar.get_height() for bar in plots.plot_days(frame.iloc[[0, 2]]).patches] == [1.0, 3.0]


def test_the_next_day_stacks_to_the_household(sample_run: Run) -> None:
    forecast = sample_run.forecast()["forecast"]
    ax = plots.plot_next_day(forecast, sample_run.prices(24), "Europe/Madrid", "EUR")
    tops = np.array([[bar.get_y() + bar.get_height() for bar in box] for box in ax.containers]).max(axis=0)
    whole = forecast.query("device_id == 'household'").sort_values("timestamp")["energy_kwh"].to_numpy()[:24]
    np.testing.assert_allclose(tops, whole)
    assert "price, line [EUR/kWh]" in words_on(ax.get_figure())
    flat = plots.plot_next_day(forecast, np.full(24, 0.2))
    assert len(flat.get_figure().axes) == 1  # a price that never changes needs no line


def test_beyond_six_devices_the_smallest_stand_together() -> None:
    hours = pd.date_range("2024-07-15", periods=30, freq="h", tz="UTC")
    parts = [
        pd.DataFrame({"device_id": f"d{size}", "timestamp": hours, "energy_kwh": size / 100}) for size in range(1, 9)
    ]
    ax = plots.plot_next_day(pd.concat(parts))
    named = {box.get_label(): box.patches[0].get_height() for box in ax.containers}
    assert named == pytest.approx({"d8": 0.08, "d7": 0.07, "d6": 0.06, "d5": 0.05, "d4": 0.04, "3 more": 0.06})
    assert len(ax.containers[0]) == 24


def test_the_band_of_the_forecast_is_p10_to_p90(sample_run: Run) -> None:
    rows = sample_run.forecast()["forecast"].query("device_id == 'household'")
    ax = plots.plot_forecast(rows, timezone="Europe/Madrid")
    edges = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert edges.max() == rows["p90"].max()
    np.testing.assert_allclose(ax.lines[0].get_ydata(), rows["p50"])


def test_a_week_that_could_not_be_forecast_is_said_in_words(sample_run: Run) -> None:
    past = sample_run.training()["past_forecasts"]
    ax = plots.plot_past_week(past[past["device_id"] != "household"], "household", "climatology")
    assert ax.texts[0].get_text() == "No past week of household could be forecast and compared."
    assert ax.get_figure().get_label() == ax.texts[0].get_text()


def test_a_contest_that_nobody_could_lose_is_said_in_words(tiny_run) -> None:
    ax = plots.plot_contest(tiny_run(tiny.all_zero).training()["metrics"])
    assert ax.texts[0].get_text().startswith("Nothing was used")


@pytest.mark.parametrize("days", [1, 3, 9, 30, 400])
def test_dates_are_marked_on_axes_of_any_length(days: int) -> None:
    frame = pd.DataFrame({"device_id": "household", "day": pd.date_range("2024-01-01", periods=days), "kwh": 1.0})
    for width in (9, 4):
        ax = plots.plot_daily_use(frame, ax=Figure(figsize=(width, 4)).add_subplot())
        ax.get_figure().draw_without_rendering()
        assert 1 <= len(ax.get_xticks()) <= 12


def test_names_fit_beside_an_axis() -> None:
    wide, narrow = (Figure(figsize=(width, 4)).add_subplot() for width in (9, 4))
    assert axes.short("x" * 40, wide) == "x" * 23 + "…"
    assert axes.short("x" * 40, narrow) == "x" * 13 + "…"
    assert axes.short("two\nlines", wide) == "two lines"
    assert not axes.short("_hidden", wide).startswith("_")  # a legend would leave it out
