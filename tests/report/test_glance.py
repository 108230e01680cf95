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
from influx.report.pages import earlier_weeks, monday, write_index
from influx.report.start_page import overview


def plain(markup: str) -> str:
    """Return the text of a page, without its drawings."""
    without = re.sub(r"<(svg|style)\b.*?</\1>", " ", markup, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", without))


@pytest.fixture(scope="module")
def markup(sample_run: Run) -> str:
    return overview(sample_run)


def test_the_page_opens_with_last_week_s_forecast_and_the_answer_in_numbers_of_the_frames(sample_run, markup) -> None:
    words = plain(markup)
    frames = sample_run.sums() | sample_run.bill()
    week, cost = (frames[name].set_index("device_id").loc["household"] for name in ("week", "cost_week"))
    assert "What will sample use in the coming week?" in words
    for amount in (fmt.kwh(week["total"]), fmt.span(week["p10"], week["p90"]), fmt.money(cost["total"], "EUR")):
        assert amount in words
    assert fmt.money_span(cost["p10"], cost["p90"], "EUR") in words
    total = frames["bill"].iloc[-1]
    assert f"July 2024 has cost {fmt.money(total['so_far'], 'EUR')} so far" in words
    assert fmt.money_span(total["p10"], total["p90"], "EUR") in words
    row = sample_run.review()["review_totals"].set_index("device_id").loc["household"]
    opening = f"A week ago we would have said {fmt.span(row['p10'], row['p90'])}; it was {fmt.kwh(row['observed'])}."
    assert words.index(opening) < words.index("are expected to take")
    assert "the past week was forecast again" in words  # there is no earlier report


def test_every_device_every_peak_and_every_advice_is_there_in_order(sample_run: Run, markup: str) -> None:
    words = plain(markup)
    for row in sample_run.sums()["week"].itertuples():
        assert row.device_id in words
        assert f">{fmt.number(row.total)}<" in markup
    top = sample_run.sums()["peaks"].sort_values("kwh").iloc[-1]
    assert f"the highest peak is {fmt.day(top['day'])} with {fmt.kwh(top['kwh'])}" in words
    assert all(what in words for what in sample_run.insights()["recommendations"]["what"])
    assert all(fmt.plain(note) in words for note in sample_run.home().notes)
    headings = ["What changed?", "When should it run?", "What is worth doing?", "How sure is it?", "Each device"]
    assert re.findall(r"<h2>(.*?)</h2>", markup) == [*headings, "Worth knowing"]


def test_where_climatology_won_the_page_says_so(sample_run: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(sample_run.folder, tmp_path / "copy")
    selection = sample_run.selection().assign(model="similar days", folds=4)
    selection.to_parquet(folder / "selection.parquet")
    assert "Climatology" not in plain(overview(Run.open(folder)))
    selection.loc[selection["device_id"] == "FRIDGE_01", "model"] = "climatology"
    selection.to_parquet(folder / "selection.parquet")
    assert "Climatology forecasts FRIDGE_01: no other model beat it by more than chance." in plain(
        overview(Run.open(folder))
    )


def test_a_young_home_without_prices_says_what_is_not_known(tiny_run) -> None:
    run = tiny_run(tiny.three_days)
    words = plain(overview(run))
    assert "What will the home use in the coming week?" in words
    assert "climatology is used untested" in words
    assert "The cost is not known" in words
    assert "What could be saved is not known" in words


def test_a_folder_that_lacks_a_step_is_an_error_that_names_it(sample_run: Run, tmp_path: Path) -> None:
    shutil.copytree(sample_run.folder, tmp_path / "copy")
    (tmp_path / "copy" / "steps" / "insights.json").unlink()
    with pytest.raises(InputError, match="step insights was never made"):
        overview(Run.open(tmp_path / "copy"))


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


def test_a_finished_folder_opens_with_the_answer_made_of_the_folder_alone(sample_run, tmp_path, markup) -> None:
    folder = tmp_path / "2024-W29"
    shutil.copytree(sample_run.folder, folder)
    write_week(tmp_path)
    page = write_index(folder, tmp_path).read_text()
    assert markup in page
    assert page.index("What changed?") < page.index("The pages of this week") < page.rindex("01_explore.html")
    assert "Content-Security-Policy" in page
    assert "<script" not in page


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
