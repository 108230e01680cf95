"""Figures of past forecasts: units, words for those who cannot see, and no more than the frames hold."""

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
from influx.forecasting.evaluation.calibration import half_width
from influx.report.plots import axes, figures, plots_past

NAN, THIN = float("nan"), "\N{NARROW NO-BREAK SPACE}"
Drawing = tuple[Callable[..., Axes], tuple]
UNITS = {
    "plot_reliability": "found share of hours",
    "plot_promises": "found share of hours",
    "plot_days_ahead": "kWh in the hour",
    "plot_daily_misses": "said minus was, kWh",
    "plot_weekly_errors": "kWh in the hour",
}


@pytest.fixture(autouse=True)
def no_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def drawings(run: Run) -> dict[str, Drawing]:
    """Return every plot with what it is given on the pages."""
    trained, found = run.training(), run.review()
    return {
        "plot_reliability": (plots_past.plot_reliability, (trained["promises"], trained["together"])),
        "plot_promises": (plots_past.plot_promises, (trained["promises"],)),
        "plot_days_ahead": (plots_past.plot_days_ahead, (trained["days_ahead"], run.model("household"))),
        "plot_daily_misses": (plots_past.plot_daily_misses, (found["review_days"],)),
        "plot_weekly_errors": (plots_past.plot_weekly_errors, (found["weekly_errors"], found["drift"])),
    }


def described(ax: Axes) -> str:
    return str(ax.get_figure().get_label()).replace(THIN, " ")


def test_every_plot_is_tested() -> None:
    assert {name for name in dir(plots_past) if name.startswith("plot_")} == set(UNITS)


@pytest.mark.parametrize("name", list(UNITS))
def test_a_plot_of_the_sample_has_words_and_a_unit_on_both_sizes(name: str, sample_run: Run) -> None:
    plot, args = drawings(sample_run)[name]
    ax = plot(*args)
    figure = ax.get_figure()
    figure.draw_without_rendering()
    assert len(described(ax)) > 40
    assert any(character.isdigit() for character in described(ax))
    assert "nan" not in described(ax)
    assert UNITS[name] in " | ".join(f"{ax.get_xlabel()} {ax.get_ylabel()}" for ax in figure.axes)
    markup = figures.show(plot, *args, caption="What to see.").markup
    assert markup.count("<svg") == 2


@pytest.mark.parametrize("make", tiny.HOMES, ids=lambda make: make.__name__)
def test_plots_of_awkward_homes_draw_or_say_why_not(make, tiny_run) -> None:
    for plot, args in drawings(tiny_run(make)).values():
        if len(args[0]):
            assert described(plot(*args))


# --- promises ---------------------------------------------------------------------------------------------------------


def promises(**devices: dict[str, object]) -> pd.DataFrame:
    """Return a p90 of each device, found at .95 with an error of .01 over four folds, but for what is given."""
    same = {"promise": "p90", "promised": 0.9, "found": 0.95, "found_se": 0.01, "folds": 4, "off": 0.0}
    rows = [{"device_id": name, **same, "mostly_off": False} | columns for name, columns in devices.items()]
    return pd.DataFrame(rows)


def bars(ax: Axes) -> list[np.ndarray]:
    """Return the error bars as their ends, (n, 2, 2)."""
    return [np.array(lines.get_segments()) for lines in ax.collections if hasattr(lines, "get_segments")]


def test_found_stands_over_promised_with_a_bar_that_is_no_more_than_a_share() -> None:
    ax = plots_past.plot_reliability(promises(household={"found_se": 0.01}), promises(household={})[:0])
    (segment,) = bars(ax)
    half = half_width(0.01, 4)
    assert segment[0, :, 1].tolist() == pytest.approx([0.95 - half, 0.95 + half])
    wide = plots_past.plot_reliability(promises(household={"found_se": 0.1}), promises(household={})[:0])
    assert bars(wide)[0][0, :, 1].tolist() == pytest.approx([0.95 - half_width(0.1, 4), 1.0])
    assert described(ax).endswith("household: p90 95 %.")


def test_devices_that_are_mostly_off_or_not_known_are_not_in_the_diagram() -> None:
    frame = promises(tv={"found": 0.93}, lamp={"mostly_off": True}, new={"found": NAN, "found_se": NAN}, household={})
    ax = plots_past.plot_reliability(frame, promises(all={"found": 0.93}))
    dots = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert dots["a device"] == [0.93]
    assert dots["all devices together"] == [0.93]
    assert dots["household"] == [0.95]


def test_promises_that_nothing_tells_of_are_said_in_words() -> None:
    ax = plots_past.plot_reliability(promises(tv={"found": NAN}), promises(all={"found": NAN}))
    assert described(ax) == "Too few hours tell whether any promise was kept."


def test_a_device_that_is_mostly_off_has_a_hollow_mark_and_is_told() -> None:
    ax = plots_past.plot_promises(promises(tv={}, lamp={"mostly_off": True, "off": 0.96}))
    marks = next(points for points in ax.collections if points.get_label() == "p90")
    assert [len(face) > 0 and face[3] > 0 for face in marks.get_facecolors()] == [True, False]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["lamp", "tv"]
    assert [note.get_text().replace(THIN, " ") for note in ax.texts] == ["off 96 % of the time"]


# --- days and weeks ---------------------------------------------------------------------------------------------------


def days_ahead(lead_se: float = 0.1) -> pd.DataFrame:
    frame = pd.DataFrame({"device_id": "household", "day": [1, 2], "folds": 4, "loss": [0.1, 0.2]})
    return frame.assign(baseline_loss=[0.2, 0.3], lead_se=lead_se)


def test_each_day_ahead_stands_beside_climatology_s() -> None:
    ax = plots_past.plot_days_ahead(days_ahead(), "kernel")
    lines = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert lines["similar days"] == [0.1, 0.2]
    assert lines["climatology"] == [0.2, 0.3]
    half = half_width(0.1, 4)  # of climatology's loss
    assert bars(ax)[0][1, :, 1].tolist() == pytest.approx([0.2 - half * 0.3, 0.2 + half * 0.3])
    assert "day 2 0.200 kWh against 0.300 kWh" in described(ax)
    plots_past.plot_days_ahead(days_ahead(NAN), "kernel")  # of one fold


def test_where_climatology_is_used_it_is_drawn_once() -> None:
    ax = plots_past.plot_days_ahead(days_ahead(), "climatology")
    assert [line.get_label() for line in ax.lines] == ["climatology"]
    nothing = plots_past.plot_days_ahead(days_ahead().assign(device_id="tv"), "kernel")
    assert described(nothing) == "No past day of household could be forecast and compared."


def test_a_cell_holds_what_was_said_minus_what_was_and_unknown_days_are_blank() -> None:
    frame = pd.DataFrame(
        [("tv", 1, 3.0, 2.0, 1.0), ("tv", 2, 1.0, 2.0, 1.0), ("ac", 1, 5.0, 9.0, 4.0), ("ac", 2, 5.0, 1.0, NAN)],
        columns=["device_id", "day", "predicted", "observed", "absolute_error"],
    ).assign(origin=1)
    older = frame.assign(origin=0, predicted=100.0)
    ax = plots_past.plot_daily_misses(pd.concat([older, frame]))
    assert [text.get_text() for text in ax.texts if text.get_text()] == ["-4.0", "+1.0", "-1.0"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ac", "tv"]
    shares = ax.collections[0].get_array()
    assert shares.compressed().tolist() == pytest.approx([-0.8, 0.5, -0.5])  # of mean days of 5 and 2 kWh
    assert described(ax).endswith("the largest misses: ac 4.00 kWh, tv 1.00 kWh.")


def test_a_miss_is_told_no_finer_than_a_watt_hour() -> None:
    assert [plots_past._signed(kwh) for kwh in (4.62, -0.131, 0.0012, -0.0004, NAN)] == [
        "+4.6",
        "-0.13",
        "+0.001",
        "0",
        "",
    ]


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
    ax = plots_past.plot_weekly_errors(errors, changes)
    assert [bar.get_height() for bar in ax.patches] == [0.1, 0.1, 0.3, 0.3]
    assert to_hex(ax.patches[0].get_facecolor()) == axes.colours(["ac", "tv"])["tv"].lower()
    assert [line.get_xdata()[0] for line in ax.lines] == [1.5]
    assert ax.get_xlabel() == "tv, week from"
    assert "0.100 kWh before Mon 20 May, 0.300 kWh since" in described(ax)


def test_where_no_forecast_worsens_the_household_is_drawn_without_a_break() -> None:
    ax = plots_past.plot_weekly_errors(weekly("household", 0.2, 0.4), pd.DataFrame([worsens("household", p=0.5)]))
    assert [bar.get_height() for bar in ax.patches] == [0.2, 0.4]
    assert not ax.lines
    nothing = plots_past.plot_weekly_errors(weekly("tv", 0.2), pd.DataFrame([worsens("tv", p=0.5)]))
    assert described(nothing) == "No past week of household could be judged."


def test_a_plot_draws_on_the_axes_that_it_is_given(sample_run: Run) -> None:
    for plot, args in drawings(sample_run).values():
        ax = Figure(figsize=(4, 4)).add_subplot()
        assert plot(*args, ax=ax) is ax
