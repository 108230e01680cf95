"""The dashboard's parts without a browser: what they show is what the run folder holds."""

from __future__ import annotations

import base64
import csv
import io
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
from influx.dashboard.app import page
from influx.dashboard.elements import download, heading, markup
from influx.dashboard.parts import accuracy, devices, forecast, overview, plan
from influx.dashboard.parts.plan import plan_anew, stretched
from influx.dashboard.parts.what_if import last_year, moved, replaced, under
from influx.dashboard.week import Week, open_report

PARTS = {"Overview": overview, "Forecast": forecast, "Devices": devices, "Plan": plan, "Accuracy": accuracy}


@pytest.fixture
def week(week_folder: Path) -> Week:
    return Week(week_folder)


def shown_in(widget: widgets.Widget) -> str:
    """Return all HTML that a widget holds."""
    own = [widget.value] if isinstance(widget, widgets.HTML) else []
    return "".join(own + [shown_in(child) for child in getattr(widget, "children", ())])


def saved(markup: str, name: str) -> str:
    """Return the CSV behind a link."""
    link = re.search(rf'download="{name}.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)"', markup)
    assert link is not None
    return base64.b64decode(link[1]).decode("utf-8-sig")


def plain(markup: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", markup))


def control(widget: widgets.Widget, name: str) -> widgets.Widget:
    """Return the control with a description, or the one that has an option."""
    for child in getattr(widget, "children", ()):
        choices = getattr(child, "options", None) or ()
        options = [option[0] if isinstance(option, tuple) else option for option in choices]
        if getattr(child, "description", "") == name or name in options:
            return child
        if (found := control(child, name)) is not None:
            return found
    return None


# --- clock ------------------------------------------------------------------------------------------------------------


def test_stamps_are_shown_by_the_homes_clock_through_its_changes(week: Week) -> None:
    """Madrid puts its clock forward on 31 March 2024 at 1:00 UTC and back on 27 October at 1:00 UTC."""
    stamps = pd.Series(
        ["2024-03-31T00", "2024-03-31T01", "2024-10-27T00", "2024-10-27T01"], dtype="datetime64[us, UTC]"
    )
    assert list(week.local(stamps).strftime("%d %H")) == ["31 01", "31 03", "27 02", "27 02"]


# --- elements -------------------------------------------------------------------------------------------------------


@example([("-0", 0.0), ("=1", 1.0), ("a;=1", 2.0), ("'=1", 3.0), ("a\rb", 4.0)])
@given(st.lists(st.tuples(st.text(max_size=12), st.floats(allow_infinity=False, width=32)), min_size=1, max_size=8))
def test_what_is_saved_is_what_is_shown_and_never_a_formula(rows: list[tuple[str, float]]) -> None:
    content = saved(download(pd.DataFrame(rows, columns=["name", "value"]), "x"), "x")
    back = list(csv.reader(io.StringIO(content, newline="")))[1:]
    assert len(back) == len(rows)
    for (name, value), (written, number) in zip(rows, back, strict=True):
        assert from_cell(written) == name
        assert written[:1] not in tuple("=+-@\t\r") or re.fullmatch(r"[+-][\d.]+([eE][+-]?\d+)?", written)
        assert number == "" if np.isnan(value) else float(number) == pytest.approx(value, rel=1e-5, abs=1e-37)


def test_names_of_the_data_are_text() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    run = {"week": hostile, "finished": ""}
    made = markup("title", home=hostile, monday=pd.Timestamp("2024-07-15"), run=run, timezone=hostile)
    made += heading(hostile) + download(pd.DataFrame({"a": [1.0]}), hostile)
    assert "<img" not in made
    assert plain(made).count(hostile) == 4


# --- the parts --------------------------------------------------------------------------------------------------------


def test_a_session_needs_nothing_that_trains_or_plans(week_folder: Path) -> None:
    """A kernel stays small: what is heavy is imported by the part that needs it, if it is opened at all."""
    code = (
        "import sys; from influx.dashboard.parts import *; from influx.dashboard.week import open_report\n"
        "for part in (overview, forecast, devices): part(open_report(sys.argv[1]))\n"
        "print([heavy for heavy in ('matplotlib.pyplot', 'scipy', 'sklearn', 'seaborn') if heavy in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, week_folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_numbers_are_those_of_the_run_folder(week_folder: Path, sample_run: Run) -> None:
    said = plain(shown_in(page(open_report(week_folder), PARTS)))
    frames = {**sample_run.sums(), **sample_run.bill()}
    now = sample_run.insights()["overview"].set_index("device_id").loc["household"]
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
            assert f">{fmt.number(total)}<" in shown_in(part)
        for other in ("By hour", "Past forecasts"):
            view.value = other
            assert "<svg" in shown_in(part)
    device.value, view.value = "household", "By hour"
    for peak in sample_run.sums()["peaks"].itertuples():
        assert f"{fmt.clock(peak.start)} to {fmt.clock(peak.end)}" in shown_in(part)


def test_past_forecasts_stand_beside_what_happened(week: Week, sample_run: Run) -> None:
    part = forecast(week)
    control(part, "By day").value = "Past forecasts"
    past = sample_run.scores().forecasts
    model = sample_run.model("household")
    rows = past[(past["device_id"] == "household") & (past["model"] == model)]
    newest = rows[rows["origin"] == rows["origin"].max()]
    said = plain(shown_in(part))
    assert f"{fmt.kwh(newest['energy_kwh'].sum())} were expected, {fmt.kwh(newest['observed'].sum())} were" in said


def test_search_and_filter_choose_devices(week: Week) -> None:
    part = devices(week)
    search, show = control(part, "Search"), control(part, "Show")
    every = len(week.devices)
    assert f"{every} of {every} devices." in shown_in(part)
    search.value = "kitchen wm"
    assert f"1 of {every} devices." in shown_in(part) and "WM_01" in shown_in(part)
    search.value = "nothing like it"
    assert f"0 of {every} devices." in shown_in(part)
    search.value = ""
    show.value = "Flexible"
    assert f"2 of {every} devices." in shown_in(part)


def test_what_is_shown_can_be_saved(week: Week, sample_run: Run) -> None:
    rows = pd.read_csv(io.StringIO(saved(shown_in(forecast(week)), "household-hours")), parse_dates=["timestamp"])
    hours = sample_run.forecast()
    hours = hours[hours["device_id"] == "household"].reset_index(drop=True)
    assert list(rows) == ["timestamp", "energy_kwh", "p10", "p50", "p90"] and len(rows) == 168
    pd.testing.assert_frame_equal(rows, hours[list(rows)], check_dtype=False)


def test_a_part_without_data_says_so(week_folder: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("home.json", "run.json"):
        shutil.copy(week_folder / name, bare)
    whole = page(open_report(bare), PARTS)
    nav = whole.children[-1].children[0].children[1]
    for name in nav.options:
        nav.value = name
        said = plain(shown_in(whole))
        assert "make report" in said or "No past week could be tested" in said or "0 of 0 devices" in said
        assert "nan" not in said.lower().split()


def test_the_newestrun_is_shown_unless_another_is_named(week_folder: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("INFLUX_RUN", str(week_folder))
    assert open_report().folder == week_folder.resolve()
    assert open_report(week_folder.parent / "none") is None
    monkeypatch.setenv("INFLUX_RUN", str(tmp_path))
    assert "`make report` makes one" in plain(shown_in(page(open_report(), PARTS)))


def test_homes_beside_each_other_can_be_chosen(week_folder: Path, tmp_path: Path) -> None:
    """One home's weeks lie in `reports` itself, another's in a folder below it."""
    for place, name in (("reports", "villa"), ("reports/hut", "hut")):
        week = tmp_path / place / "2024-W29"
        shutil.copytree(week_folder, week)
        kept = json.loads((week / "home.json").read_text(encoding="utf-8"))
        kept["settings"]["home_id"] = name
        (week / "home.json").write_text(json.dumps(kept), encoding="utf-8")
        (week.parent / "latest").symlink_to("2024-W29")
    shown = page(open_report(tmp_path / "reports" / "latest"), PARTS)
    picker = control(shown, "Home")
    assert [name for name, _ in picker.options] == ["villa", "hut"]
    assert "The week of villa" in shown_in(shown)
    picker.value = picker.options[1][1]
    assert "The week of hut" in shown_in(shown) and "villa" not in shown_in(shown)


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_the_plan_is_the_runs_until_a_slider_moves(week: Week, sample_run: Run) -> None:
    part = plan(week)
    made = sample_run.plan()["plan_devices"]
    for row in made.itertuples():
        assert fmt.money(row.cost, "EUR") in plain(shown_in(part))
        assert fmt.money(row.saving, "EUR") in plain(shown_in(part))
    before = shown_in(part)
    control(part, "Price spread").value = 2.0
    assert shown_in(part) != before
    assert "At these prices the plan saves" in plain(shown_in(part))
    control(part, "Price spread").value = 1.0
    assert shown_in(part) == before


def test_prices_are_stretched_from_the_cheapest_one() -> None:
    for spread, high in ((2.0, 0.5), (1.0, 0.3), (0.0, 0.1)):
        assert stretched(pd.Series([0.1, 0.3]), spread).tolist() == pytest.approx([0.1, high])


def test_a_plan_for_other_prices_holds_the_same_energy_and_costs_no_more_than_the_old_one(week: Week) -> None:
    steps, made = week.frame("plan_steps"), week.frame("plan")
    steps = steps.assign(price=stretched(steps["price"], 3.0))
    planned, gap = plan_anew(week, steps, 1.0)
    assert gap <= 0.02
    price = steps.set_index("timestamp")["price"]
    old, new = (
        frame.assign(cost=frame["kwh"] * frame["timestamp"].map(price)).groupby("device_id")[["kwh", "cost"]].sum()
        for frame in (made, planned)
    )
    assert new["kwh"].to_dict() == pytest.approx(old["kwh"].to_dict())
    assert (new["cost"] <= old["cost"] * 1.02 + 1e-9).all()


def test_a_run_at_another_half_hour_costs_its_energy_at_the_prices_there(week: Week) -> None:
    price, stamps = week.frame("plan_steps")["price"].to_numpy(), week.frame("plan_steps")["timestamp"]
    run = week.frame("plan_runs").iloc[0]
    energy = week.frame("plan", device_id=run["device_id"], run=run["run"])["kwh"].to_numpy()
    dear = int(price.argmax())
    assert fmt.money(energy @ price[dear : dear + len(energy)], "EUR") in moved(week, 0, dear)
    here = int(np.flatnonzero(stamps == run["start"])[0])
    assert moved(week, 0, here).startswith("It costs the same there")
    assert "after what is forecast" in moved(week, 0, len(price) - 1)


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
    assert fmt.money(cost, "EUR") in under(week, last_year(week), 0.3, 0.1)


def test_a_warmer_week_is_told_as_the_run_tells_it(week: Week, sample_run: Run) -> None:
    part = plan(week)
    words = sample_run.plan()["warmer_words"].set_index("degrees")["what"]
    control(part, "3 degrees warmer").value = 3.0
    assert plain(words[3.0]) in plain(shown_in(part))


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
    now = {"saved_kwh": saved, "saved_p10": low, "saved_is_unusual": unusual, "last_24h_kwh": 1.0}
    now |= {"last_week_kwh": 1.0, "usual_week_kwh": 1.0}
    shown = plain(markup("cards", now=now, next_day={}, week={}, cost={}, currency="EUR"))
    assert said in " ".join(shown.split())
