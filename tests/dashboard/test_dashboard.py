"""The dashboard's parts without a browser: columns of CSV, clock times, drawings, and numbers that are the run's."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from influx import Run
from influx.core import formatting as fmt
from influx.core.sanitize import from_cell
from influx.dashboard import charts, dashboard, html
from influx.dashboard.app import page
from influx.dashboard.columns import Columns, read
from influx.dashboard.devices import devices
from influx.dashboard.forecast import forecast
from influx.dashboard.overview import _saved
from influx.dashboard.plan import anew, plan, stretched
from influx.dashboard.svg import Chart, figure, ticks
from influx.dashboard.week import Week, newest
from influx.dashboard.whatif import moved, replaced, under, year


@pytest.fixture
def folder(week_folder: Path) -> Path:
    return week_folder


@pytest.fixture
def week(folder: Path) -> Week:
    return Week(folder)


def told(widget: widgets.Widget) -> str:
    """Return all HTML that a widget holds."""
    own = [widget.value] if isinstance(widget, widgets.HTML) else []
    return "".join(own + [told(child) for child in getattr(widget, "children", ())])


def plain(markup: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", markup))


def control(widget: widgets.Widget, name: str) -> widgets.Widget:
    """Return the control with a description, or the one that has an option."""
    for child in getattr(widget, "children", ()):
        options = [one[0] if isinstance(one, tuple) else one for one in getattr(child, "options", None) or ()]
        if getattr(child, "description", "") == name or name in options:
            return child
        if (found := control(child, name)) is not None:
            return found
    return None


# --- columns ----------------------------------------------------------------------------------------------------------


def test_a_csv_is_numbers_truths_stamps_and_words(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,b,c,d\n1.5,True,2024-07-15 22:00:00+00:00,"x, ""y"""\n,False,,2\n', encoding="utf-8")
    rows = read(path)
    assert len(rows) == 2
    np.testing.assert_array_equal(rows["a"], [1.5, np.nan])
    assert rows["b"].tolist() == [True, False]
    assert rows["c"][0] == np.datetime64("2024-07-15T22:00:00") and np.isnat(rows["c"][1])
    assert rows["d"].tolist() == ['x, "y"', "2"]
    assert rows.where(b=True)["a"].tolist() == [1.5]
    assert not read(tmp_path / "none.csv")


@example([("-0", 0.0), ("=1", 1.0), ("a;=1", 2.0), ("'=1", 3.0)])
@given(st.lists(st.tuples(st.text(max_size=12), st.floats(allow_infinity=False, width=32)), max_size=8))
def test_what_is_saved_is_what_is_shown_and_never_a_formula(rows: list[tuple[str, float]]) -> None:
    names, numbers = np.array([row[0] for row in rows], dtype=object), np.array([row[1] for row in rows])
    saved = Columns({"name": names, "value": numbers}).csv()
    import csv
    import io

    back = list(csv.reader(io.StringIO(saved, newline="")))[1:]
    assert len(back) == len(rows)
    for (name, value), (written, number) in zip(rows, back, strict=True):
        assert from_cell(written) == name
        assert written[:1] not in tuple("=+-@\t\r") or re.fullmatch(r"[+-][\d.]+([eE][+-]?\d+)?", written)
        assert number == "" if np.isnan(value) else float(number) == pytest.approx(value, rel=1e-5, abs=1e-37)


# --- clock ------------------------------------------------------------------------------------------------------------


def test_stamps_are_shown_by_the_homes_clock_through_its_changes(week: Week) -> None:
    """Madrid puts its clock forward on 31 March 2024 at 1:00 UTC and back on 27 October at 1:00 UTC."""
    stamps = np.array(["2024-03-31T00", "2024-03-31T01", "2024-10-27T00", "2024-10-27T01"], dtype="datetime64[s]")
    assert [str(stamp) for stamp in week.local(stamps).astype("datetime64[h]")] == [
        "2024-03-31T01",
        "2024-03-31T03",
        "2024-10-27T02",
        "2024-10-27T02",
    ]


# --- drawings ---------------------------------------------------------------------------------------------------------


def test_values_have_their_place() -> None:
    chart = Chart(200, 100, (0, 10), (0, 4), left=20, right=10, top=5, bottom=15)
    assert (chart.x(0), chart.x(10), chart.x(5)) == (20, 190, 105)
    assert (chart.y(0), chart.y(4), chart.y(1)) == (85, 5, 65)
    chart.rect(0, 5, 0, 1, 'fill="red"', "<b> & more")
    assert chart.parts == [
        '<rect x="20.0" y="65.0" width="85.0" height="20.0" fill="red"><title>&lt;b&gt; &amp; more</title></rect>'
    ]


def test_a_line_of_steps_has_gaps_where_nothing_is_known() -> None:
    chart = Chart(120, 100, (0, 3), (0, 1), left=0, right=0, top=0, bottom=0)
    chart.steps(np.arange(3.0), np.array([1.0, np.nan, 0.5]), 1, "")
    assert 'd="M0.0 0.0H40.0M80.0 50.0H120.0"' in chart.parts[0]


@pytest.mark.parametrize(("low", "high", "found"), [(0, 1, [0, 0.25, 0.5, 0.75, 1]), (0, 43, [0, 20, 40]), (0, 0, [0])])
def test_ticks_are_round(low: float, high: float, found: list[float]) -> None:
    assert ticks(low, high) == found


def test_a_figure_is_drawn_for_a_desk_and_for_a_phone_and_says_what_it_shows() -> None:
    drawn = figure(lambda width: Chart(width, 50, (0, 1), (0, 1)), 'one "and" two', "See <this>.")
    assert [int(width) for width in re.findall(r'viewBox="0 0 (\d+)', drawn)] == [900, 400]
    assert 'aria-label="one &quot;and&quot; two"' in drawn
    assert "See &lt;this&gt;." in drawn


# --- words ------------------------------------------------------------------------------------------------------------


def test_names_from_outside_are_text() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    made = html.table({"device": [hostile], hostile: [1.0]}, hostile) + html.card(hostile, hostile, hostile)
    made += html.sentence(f"**{hostile}**") + html.download(Columns({"a": np.array([1.0])}), hostile)
    assert "<img" not in made
    assert plain(made).count(hostile) >= 6


def test_what_is_not_known_is_said_in_words() -> None:
    made = html.table({"a": [float("nan"), 1.0], "b": ["", "x"]})
    assert made.count("not known") == 2
    assert html.table({"a": []}, empty="None of these.") == html.sentence("None of these.")


# --- the parts --------------------------------------------------------------------------------------------------------


def test_it_needs_neither_pandas_nor_matplotlib(folder: Path) -> None:
    """A visitor's kernel stays small: all parts are made, and what is heavy is not there."""
    code = (
        "import sys; from influx.dashboard.app import page\n"
        "nav = page(sys.argv[1]).children[-1].children[0].children[1]\n"
        "for name in nav.options: nav.value = name\n"
        "print([heavy for heavy in ('pandas', 'matplotlib', 'sklearn', 'pyarrow') if heavy in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_numbers_are_those_of_the_run_folder(folder: Path, sample_run: Run) -> None:
    said = plain(told(page(folder)))
    frames, now = (
        sample_run.sums() | sample_run.bill(),
        sample_run.insights()["overview"].set_index("device_id").loc["household"],
    )
    for name in ("week", "next_day"):
        row = frames[name].set_index("device_id").loc["household"]
        assert fmt.kwh(row["total"]) in said
        assert fmt.span(row["p10"], row["p90"]) in said
    cost = frames["cost_week"].set_index("device_id").loc["household"]
    assert fmt.money(cost["total"], "EUR") in said
    assert fmt.kwh(now["last_24h_kwh"]) in said
    assert fmt.kwh(now["last_week_kwh"]) in said


def test_every_device_and_every_view_of_the_forecast(week: Week, sample_run: Run) -> None:
    part = forecast(week)
    device, view = control(part, "Device"), control(part, "By day")
    daily = sample_run.sums()["daily"]
    for name in device.options:
        device.value = name
        view.value = "By day"
        for total in daily.loc[daily["device_id"] == name, "total"]:
            assert f">{fmt.number(total)}<" in told(part)
        for other in ("By hour", "Past forecasts"):
            view.value = other
            assert "<svg" in told(part)


def test_the_peaks_of_the_household_are_marked_in_clock_time(week: Week, sample_run: Run) -> None:
    said = told(forecast(week))
    for start in sample_run.sums()["peaks"]["start"]:
        assert f"<title>peak from {fmt.clock(start)}</title>" in said
    assert said.count("<title>peak from") == 2 * len(sample_run.sums()["peaks"])  # for a desk and for a phone


def test_past_forecasts_stand_beside_what_happened(week: Week, sample_run: Run) -> None:
    part = forecast(week)
    control(part, "By day").value = "Past forecasts"
    past = sample_run.scores().forecasts
    model = sample_run.model("household")
    rows = past[(past["device_id"] == "household") & (past["model"] == model)]
    newest_ = rows[rows["origin"] == rows["origin"].max()]
    said = plain(told(part))
    assert f"{fmt.kwh(newest_['energy_kwh'].sum())} were expected, {fmt.kwh(newest_['observed'].sum())} were" in said


def test_search_and_filter_choose_devices(week: Week) -> None:
    part = devices(week)
    search, show = control(part, "Search"), control(part, "Show")
    every = len(week.devices)
    assert f"{every} of {every} devices." in told(part)
    search.value = "kitchen wm"
    assert f"1 of {every} devices." in told(part) and "WM_01" in told(part)
    search.value = "nothing like it"
    assert f"0 of {every} devices." in told(part)
    search.value = ""
    show.value = "Flexible"
    assert f"2 of {every} devices." in told(part)


def test_what_is_shown_can_be_saved(week: Week, sample_run: Run) -> None:
    part = forecast(week)
    link = re.search(r'download="household-hours.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)"', told(part))
    assert link is not None
    saved = base64.b64decode(link[1]).decode("utf-8-sig").splitlines()
    assert saved[0] == "timestamp,energy_kwh,p10,p50,p90"
    hours = sample_run.forecast()
    first = hours[hours["device_id"] == "household"].iloc[0]
    assert saved[1].split(",")[1] == f"{first['energy_kwh']:.6g}"
    assert len(saved) == 169


def test_a_part_without_data_says_so(folder: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("home.json", "run.json"):
        shutil.copy(folder / name, bare)
    whole = page(bare)
    nav = whole.children[-1].children[0].children[1]
    for name in nav.options:
        nav.value = name
        said = plain(told(whole))
        assert "make report" in said or "No past week could be tested" in said or "0 of 0 devices" in said
        assert "nan" not in said.lower().split()


def test_without_a_report_it_says_which_command_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUX_RUN", str(tmp_path))
    assert newest() is None
    assert "`make report` makes one" in plain(told(dashboard()))


def test_the_newest_run_is_shown_unless_another_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUX_RUN", str(folder))
    assert newest() == folder.resolve()
    assert newest(folder.parent / "none") is None


def test_hours_of_a_night_are_shaded() -> None:
    chart = Chart(480, 100, (0, 24), (0, 1), left=0, right=0, top=0, bottom=0)
    charts.nights(chart, np.datetime64("2024-07-15T12:00:00"), 24)
    shaded = [
        (float(a), float(b)) for a, b in re.findall(r'x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', "".join(chart.parts))
    ]
    assert shaded == [(200.0, 160.0)]  # from 22:00, ten hours after noon, for eight hours of 20 px


def test_a_price_that_is_not_known_is_not_drawn(week: Week) -> None:
    stamps = np.repeat(np.array(["2024-07-15T00", "2024-07-15T01"], dtype="datetime64[s]"), 1)
    rows = Columns({"device_id": np.array(["WM_01", "WM_01"]), "timestamp": stamps, "energy_kwh": np.array([0.1, 0.2])})
    drawn = charts.stacked(week, rows, np.array([0.2, np.nan]), "x")
    assert drawn.count('class="ix-price"') == 2  # one hour, on each of the two drawings
    assert pd.notna(rows["energy_kwh"]).all()


def test_homes_beside_each_other_can_be_chosen(folder: Path, tmp_path: Path) -> None:
    """One home's weeks lie in `reports` itself, another's in a folder below it."""
    for place, name in (("reports", "villa"), ("reports/hut", "hut")):
        week = tmp_path / place / "2024-W29"
        shutil.copytree(folder, week)
        kept = json.loads((week / "home.json").read_text(encoding="utf-8"))
        kept["settings"]["home_id"] = name
        (week / "home.json").write_text(json.dumps(kept), encoding="utf-8")
        (week.parent / "latest").symlink_to("2024-W29")
    shown = page(tmp_path / "reports" / "latest")
    picker = control(shown, "Home")
    assert [name for name, _ in picker.options] == ["villa", "hut"]
    assert "The week of villa" in told(shown)
    picker.value = picker.options[1][1]
    assert "The week of hut" in told(shown) and "villa" not in told(shown)


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_the_plan_is_the_runs_until_a_slider_moves(week: Week, sample_run: Run) -> None:
    part = plan(week)
    made = sample_run.plan()["plan_devices"]
    for row in made.itertuples():
        assert fmt.money(row.cost, "EUR") in plain(told(part))
        assert fmt.money(row.saving, "EUR") in plain(told(part))
    before = told(part)
    control(part, "Dearness").value = 2.0
    assert told(part) != before
    assert "At these prices the plan saves" in plain(told(part))
    control(part, "Dearness").value = 1.0
    assert told(part) == before


def test_prices_are_stretched_from_the_cheapest_one() -> None:
    assert stretched(np.array([0.1, 0.3]), 2.0).tolist() == pytest.approx([0.1, 0.5])
    assert stretched(np.array([0.1, 0.3]), 0.0).tolist() == pytest.approx([0.1, 0.1])


def test_a_plan_for_other_prices_holds_the_same_energy_and_costs_no_more_than_the_old_one(week: Week) -> None:
    steps, made = week.frame("plan_steps"), week.frame("plan")
    price = stretched(steps["price"], 3.0)
    planned, gap = anew(week, price, 1.0)
    assert gap <= 0.02
    index = {stamp: number for number, stamp in enumerate(steps["timestamp"].tolist())}
    for device, kwh in planned:
        old = made.where(device_id=device)
        where = [index[stamp] for stamp in old["timestamp"].tolist()]
        assert kwh.sum() == pytest.approx(old["kwh"].sum())
        assert kwh @ price <= float(old["kwh"] @ price[where]) * 1.02 + 1e-9


def test_a_run_at_another_half_hour_costs_its_energy_at_the_prices_there(week: Week) -> None:
    runs, steps = week.frame("plan_runs"), week.frame("plan_steps")
    row = next(runs.rows())
    own = week.frame("plan").where(device_id=row["device_id"], run=row["run"])
    dear = int(np.argmax(steps["price"]))
    cost = float(own["kwh"] @ steps["price"][dear : dear + len(own)])
    assert fmt.money(cost, "EUR") in moved(week, 0, dear)
    here = int(np.flatnonzero(steps["timestamp"] == row["start"])[0])
    assert moved(week, 0, here).startswith("It costs the same there")
    assert "after what is forecast" in moved(week, 0, len(steps) - 1)


def test_a_device_that_takes_half_costs_half(week: Week, sample_run: Run) -> None:
    row = sample_run.bill()["cost_week"].set_index("device_id").loc["FRIDGE_01"]
    said = replaced(week, "FRIDGE_01", 0.5)
    assert f"It would cost {fmt.money(row['total'] / 2, 'EUR')} less" in said
    assert said.endswith(f"{fmt.money(row['total'] / 2, 'EUR')} instead of {fmt.money(row['total'], 'EUR')}.")


def test_the_last_year_at_a_day_and_a_night_rate(week: Week, sample_run: Run) -> None:
    """Of the household's known hours those from 23 to 7 by Madrid's clock cost .1, all others .3."""
    readings = sample_run.home().readings
    stamps = pd.DatetimeIndex(readings["timestamp"]).tz_convert("Europe/Madrid")
    night = (stamps.hour >= 23) | (stamps.hour < 7)
    cost = (readings["energy_kwh"] * np.where(night, 0.1, 0.3)).sum()
    assert fmt.money(cost, "EUR") in under(week, year(week), 0.3, 0.1)


def test_a_warmer_week_is_told_as_the_run_tells_it(week: Week, sample_run: Run) -> None:
    part = plan(week)
    words = sample_run.plan()["warmer_words"].set_index("degrees")["what"]
    control(part, "3 degrees warmer").value = 3.0
    assert plain(words[3.0]) in plain(told(part))


@pytest.mark.parametrize(
    ("saved", "low", "unusual", "said"),
    [
        (3.0, 1.0, True, "less than the usual week; more than usual weeks differ"),
        (-3.0, -4.0, False, "more than the usual week; no more than usual weeks differ"),
        (-3.0, float("nan"), False, "more than the usual week; range not known"),
        (float("nan"), float("nan"), False, "too little history for a usual week"),
    ],
)
def test_a_saving_is_told_as_far_as_it_is_known(saved: float, low: float, unusual: bool, said: str) -> None:
    assert _saved({"saved_kwh": saved, "saved_p10": low, "saved_is_unusual": unusual}) == said
