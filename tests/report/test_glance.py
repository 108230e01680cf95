"""What the start page says: the week's answer, in the numbers of the run folder beside it."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
import tiny_homes as tiny

from influx import InputError, Run
from influx.core import formatting as fmt
from influx.report.reports_index import earlier_weeks, monday, write_index
from influx.report.start_page import glance


def plain(markup: str) -> str:
    """Return the text of a page, without its drawings."""
    without = re.sub(r"<(svg|style)\b.*?</\1>", " ", markup, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", without))


def test_the_answer_holds_the_numbers_of_the_frames(sample_run: Run) -> None:
    said = plain(glance(sample_run.folder))
    frames = sample_run.sums() | sample_run.bill()
    week, cost = (frames[name].set_index("device_id").loc["household"] for name in ("week", "cost_week"))
    assert "What will sample use in the coming week?" in said
    assert fmt.kwh(week["total"]) in said
    assert fmt.span(week["p10"], week["p90"]) in said
    assert fmt.money(cost["total"], "EUR") in said
    assert fmt.money_span(cost["p10"], cost["p90"], "EUR") in said


def test_the_month_s_bill_stands_in_one_sentence(sample_run: Run) -> None:
    total = sample_run.bill()["bill"].iloc[-1]
    said = plain(glance(sample_run.folder))
    assert f"July 2024 has cost {fmt.money(total['so_far'], 'EUR')} so far" in said
    assert fmt.money_span(total["p10"], total["p90"], "EUR") in said


def test_every_device_every_peak_and_every_advice_is_there(sample_run: Run) -> None:
    markup = glance(sample_run.folder)
    said = plain(markup)
    for row in sample_run.sums()["week"].itertuples():
        assert row.device_id in said
        assert f">{fmt.number(row.total)}<" in markup
    top = sample_run.sums()["peaks"].sort_values("kwh").iloc[-1]
    assert f"the highest peak is {fmt.day(top['day'])} with {fmt.kwh(top['kwh'])}" in said
    for what in sample_run.insights()["recommendations"]["what"]:
        assert what in said
    for note in sample_run.home().notes:
        assert fmt.plain(note) in said


def test_the_questions_stand_in_their_order(sample_run: Run) -> None:
    headings = re.findall(r"<h2>(.*?)</h2>", glance(sample_run.folder))
    assert headings == [
        "What changed?",
        "When should it run?",
        "What is worth doing?",
        "How sure is it?",
        "Each device",
        "Worth knowing",
    ]


def test_the_page_opens_with_last_week_s_promise_and_what_it_was(sample_run: Run) -> None:
    said = plain(glance(sample_run.folder))
    row = sample_run.review()["review_totals"].set_index("device_id").loc["household"]
    opening = f"A week ago we would have said {fmt.span(row['p10'], row['p90'])}; it was {fmt.kwh(row['observed'])}."
    assert said.index(opening) < said.index("are expected to take")
    assert "the past week was forecast again" in said  # there is no earlier report


def test_where_climatology_won_the_page_says_so(sample_run: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(sample_run.folder, tmp_path / "copy")
    selection = sample_run.selection().assign(model="similar days", folds=4)
    selection.to_parquet(folder / "selection.parquet")
    assert "Climatology" not in plain(glance(folder))
    selection.loc[selection["device_id"] == "FRIDGE_01", "model"] = "climatology"
    selection.to_parquet(folder / "selection.parquet")
    assert "Climatology forecasts FRIDGE_01: no other model beat it by more than chance." in plain(glance(folder))


def test_climatology_that_nobody_tested_is_said_to_be_untested(tiny_run) -> None:
    run = tiny_run(tiny.three_days)
    run.insights(), run.explore(), run.sums(), run.bill()
    assert "climatology is used untested" in plain(glance(run.folder))


def test_the_page_is_made_of_the_folder_alone(sample_run: Run, tmp_path: Path) -> None:
    shutil.copytree(sample_run.folder, tmp_path / "copy")
    assert glance(tmp_path / "copy") == glance(sample_run.folder)


def test_a_home_without_prices_says_that_its_cost_is_not_known(tiny_run) -> None:
    run = tiny_run(tiny.three_days)
    run.insights(), run.explore(), run.sums(), run.bill()
    said = plain(glance(run.folder))
    assert "What will the home use in the coming week?" in said
    assert "The cost is not known" in said
    assert "What could be saved is not known" in said


def test_a_hostile_home_is_named_as_text(tiny_run) -> None:
    run = tiny_run(tiny.hostile)
    run.insights(), run.explore(), run.sums(), run.bill()
    markup = glance(run.folder)
    assert "<img" not in markup
    assert f"What will {tiny.HOSTILE} use" in plain(markup)


def test_a_folder_that_lacks_a_step_is_an_error_that_names_it(sample_run: Run, tmp_path: Path) -> None:
    shutil.copytree(sample_run.folder, tmp_path / "copy")
    (tmp_path / "copy" / "steps" / "insights.json").unlink()
    with pytest.raises(InputError, match="step insights was never made"):
        glance(tmp_path / "copy")


# --- the page around it -----------------------------------------------------------------------------------------------


def write_week(reports: Path, week: str = "2024-W29", pages: tuple[str, ...] = ("01_explore", "04_forecast")) -> Path:
    folder = reports / week
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps({"week": week}))
    for name in pages:
        (folder / f"{name}.html").write_text(f"<title>What is &lt;{name}&gt;? · InFlux</title>")
    return folder


def test_a_folder_without_a_forecast_lists_its_pages_alone(tmp_path: Path) -> None:
    folder = write_week(tmp_path)
    markup = write_index(folder, tmp_path).read_text()
    assert "<h1>The week of 15 July 2024</h1>" in markup
    assert "What changed?" not in markup
    assert '<a href="01_explore.html">Explore: What is &lt;01_explore&gt;?</a>' in markup
    assert "Earlier weeks" not in markup


def test_a_finished_folder_opens_with_the_answer(sample_run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "2024-W29"
    shutil.copytree(sample_run.folder, folder)
    write_week(tmp_path)
    markup = write_index(folder, tmp_path).read_text()
    assert "What will sample use in the coming week?" in markup
    assert markup.index("What changed?") < markup.index("The pages of this week") < markup.rindex("01_explore.html")
    assert "Content-Security-Policy" in markup
    assert "<script" not in markup


def test_earlier_weeks_are_linked_the_newest_first(tmp_path: Path) -> None:
    for week in ("2024-W05", "2024-W28", "2023-W52", "2024-W30", "2024-W29"):
        (write_week(tmp_path, week) / "index.html").touch()
    (tmp_path / "2024-W27").mkdir()
    (tmp_path / "my-W1x").mkdir()
    (tmp_path / "my-W1x" / "index.html").touch()
    assert earlier_weeks(tmp_path, "2024-W29") == ["2024-W28", "2024-W05", "2023-W52"]
    markup = write_index(tmp_path / "2024-W29", tmp_path).read_text()
    assert '<a href="../2024-W28/index.html">8 July 2024</a>' in markup
    assert "2024-W30" not in markup


def test_a_week_begins_on_its_monday() -> None:
    assert f"{monday('2024-W29')} {monday('2024-W01')} {monday('2020-W53')}" == "2024-07-15 2024-01-01 2020-12-28"
