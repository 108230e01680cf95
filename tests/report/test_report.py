"""What a household relies on: a whole report or the last one, pages that run nothing, names that stay text."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import psutil
import pytest
import tiny_notebooks as tiny
from servers import PATIENCE, wait

from influx.core.errors import InputError
from influx.report import execute_notebooks, pages, pipeline
from influx.report.inputs import parse_time

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "<img src=x onerror=alert(1)>"

SAYS = """
import sys
import pandas as pd
from IPython.display import Markdown, display
from influx.report import figures, html
print(name, file=sys.stderr)
print("printed", name)
display(pd.DataFrame({"device_id": [name], "kwh": [1.5]}))
display(html.table(pd.DataFrame({"device_id": [name]}), caption=name))
display(html.answer(f"**58 to 71 kWh** without {name}"))
display(Markdown(f"Told by a helper: {name}\\n\\n{name}\\n\\n**{name}** &lt;b&gt;"))
name
"""
DRAWS = """
from influx.report import figures, html
def plot_bars(ax):
    ax.bar([name, "AC_LR_01"], [1, 2])
    ax.set_title(name)
    ax.get_figure().set_label(f"Two bars, one of {name}")
    return ax
figures.show(plot_bars, caption=f"The bar of {name} is the shorter one.")
"""


class Page(HTMLParser):
    """The tags of a page with their attributes, and its visible text."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def write_hostile(folder: Path) -> Path:
    name = f"name = {HOSTILE!r}"
    tiny.write(folder / "01_explore.ipynb", "# What was *used*?", tiny.settle(folder), name, SAYS, "## Bars", DRAWS)
    tiny.write(
        folder / "02_features.ipynb",
        "# Which features?",
        f"import os, sys\nassert sys.executable == {sys.executable!r}\nassert os.environ['OMP_NUM_THREADS'] == '1'",
        "assert (horizon, as_of) == (24, '2024-07-14')\nassert pathlib.Path(data, 'events.csv').read_text() == 'a,b'",
        "pathlib.Path(output, 'shared.csv').write_text('x') and None",
        "assert folds == 8",  # in the type of its own value; the other notebook has none
        parameters={**tiny.PARAMETERS, "folds": 4},
    )
    second = nbformat.read(folder / "02_features.ipynb", as_version=4)
    second.cells.insert(
        2, nbformat.v4.new_code_cell("import pathlib\nassert pathlib.Path(output, 'home.json').exists()")
    )
    nbformat.write(second, folder / "02_features.ipynb")
    return folder


def make(folder: Path, cells: Path, **options) -> Path:
    return pipeline.make_report(data=folder / "home", reports=folder / "reports", notebooks=cells, **options)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a home, and a report of hostile names made beside kernels that must not be used."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "home").mkdir()
    (folder / "home" / "events.csv").write_text("a,b")
    decoy = folder / "jupyter" / "kernels" / "python3"
    decoy.mkdir(parents=True)
    (decoy / "kernel.json").write_text(json.dumps({"argv": ["false"], "display_name": "x", "language": "python"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
        patch.delenv("OMP_NUM_THREADS", raising=False)
        made = make(
            folder, write_hostile(folder / "notebooks"), horizon=24, as_of="2024-07-14", parameters={"folds": "8"}
        )
    assert made == folder / "reports" / "2024-W29"
    return folder


@pytest.fixture
def week(place) -> Path:
    return place / "reports" / "2024-W29"


def test_the_week_holds_a_page_a_notebook_a_start_page_the_shared_files_and_nothing_temporary(place, week):
    assert {path.name for path in week.iterdir()} == {
        "01_explore.html",
        "02_features.html",
        "home.json",
        "index.html",
        "run.json",
        "shared.csv",
    }
    assert (place / "reports" / "latest").readlink() == Path("2024-W29")
    assert {path.name for path in (place / "reports").iterdir()} == {".lock", "2024-W29", "latest"}


def test_a_page_fetches_and_runs_nothing(week):
    for path in week.glob("*.html"):
        page = Page(path)
        policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv"))
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
        assert not page.all("script") + page.all("link") + page.all("iframe") + page.all("object")
        addresses = [value for _, attrs in page.tags for key, value in attrs.items() if key in ("src", "href")]
        assert all(re.match(r"data:image/|#|[\w.-]+\.html$", address or "") for address in addresses), addresses
        assert "@import" not in page.source and "http://" not in page.source and "https://" not in page.source
        assert len(page.source.encode()) < 2_000_000


def test_a_device_name_is_text_everywhere(week):
    page = Page(week / "01_explore.html")
    assert not page.all("img")
    assert not [attrs for _, attrs in page.tags if any(key.startswith("on") for key in attrs)]
    # printed, its repr, two tables and a caption, the answer, three times in Markdown; in each of two drawings the
    # title and a tick; below them the caption; and in the code
    assert page.text.count(HOSTILE) == 1 + 1 + 3 + 1 + 3 + 4 + 1 + 1
    outputs = re.sub(r'<details class="code">.*?</details>', "", page.source, flags=re.DOTALL)
    assert "&amp;lt;b" not in outputs and "&lt;b&gt;" in outputs  # escaped once
    assert [svg["aria-label"] for svg in page.all("svg")] == [f"Two bars, one of {HOSTILE}"] * 2


def test_an_answer_comes_first_and_the_code_that_made_it_is_folded_away_below(week):
    page = Page(week / "01_explore.html")
    folds = re.findall(r'<details class="code"><summary>(.*?)</summary>(.*?)</details>', page.source, re.DOTALL)
    assert {summary for summary, _ in folds} == {"How this was computed"}
    assert page.source.index("Told by a helper") < page.source.index("import pandas")
    assert "import pandas" in folds[0][1] and "name = " in folds[0][1]
    assert "data = " not in "".join(code for _, code in folds)  # the parameters name folders of the machine
    assert len(folds) == page.source.count('<section class="words">')  # one a section
    assert page.text.count("printed") == 2  # by the cell, and in its code; what went to stderr is left out
    assert page.all("html") == [{"lang": "en"}]
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))
    assert "<title>What was used? · InFlux 2024-W29</title>" in page.source


def test_pages_link_to_each_other_and_say_where_one_is(week):
    for name in ("index", "01_explore", "02_features"):
        page = Page(week / f"{name}.html")
        links = [link for link in page.all("a") if link.get("class") != "skip"][:3]
        assert [link["href"] for link in links] == ["index.html", "01_explore.html", "02_features.html"]
        assert [link["href"] for link in links if "aria-current" in link] == [f"{name}.html"]


def test_run_json_tells_what_went_in_what_made_it_and_where_the_time_went(week):
    note = json.loads((week / "run.json").read_text())
    assert note["inputs"] == [{"file": "events.csv", "bytes": 3, "sha256": hashlib.sha256(b"a,b").hexdigest()}]
    assert note["parameters"] == {"data": "home", "as_of": "2024-07-14", "horizon": 24, "folds": 8}
    assert note["week"] == "2024-W29"
    assert {"influx", "python", "pandas", "scikit-learn"} <= set(note["versions"])
    assert {name: set(seconds) for name, seconds in note["timings"]["notebooks"].items()} == {
        "01_explore": {"run", "page"},
        "02_features": {"run", "page"},
    }
    assert note["started"] <= note["finished"]
    assert note["started"].endswith("+00:00")
    assert note["memory_mb"]["largest_kernel"] > 0


def test_nothing_that_is_published_tells_of_the_machine(place, week):
    for path in week.iterdir():
        assert str(place) not in path.read_text(encoding="utf-8"), path.name
        assert "papermill" not in path.read_text(encoding="utf-8").replace('"papermill":', ""), path.name


def test_a_good_run_of_the_same_inputs_gives_the_same_pages_and_takes_a_failure_away(place, week, tmp_path, capfd):
    for name in ("failed", "2024-W28"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").touch()
    capfd.readouterr()
    again = pipeline.make_report(
        place / "home",
        "2024-07-14",
        24,
        reports=tmp_path,
        notebooks=place / "notebooks",
        parameters={"folds": "8"},
    )
    for name in ("01_explore.html", "02_features.html"):
        assert (again / name).read_bytes() == (week / name).read_bytes()
    assert re.fullmatch(r"01_explore: \d+\.\d s\n02_features: \d+\.\d s\n", capfd.readouterr().err)
    assert not (tmp_path / "failed").exists()
    assert "../2024-W28/index.html" in [link["href"] for link in Page(again / "index.html").all("a")]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "raise InputError('events.csv, row 12: <b> no such time')",
            "01_bad.ipynb, cell 5 (What was read): events.csv, row 12: <b> no such time",
        ),
        (
            "limit = 3\nlimit / 0",
            "01_bad.ipynb, cell 5 (What was read), line 2: limit / 0\nZeroDivisionError: division by zero",
        ),
    ],
)
def test_a_failing_notebook_is_explained_kept_apart_and_changes_no_report(place, tmp_path, code, message):
    before = {path: path.stat().st_mtime_ns for path in (place / "reports" / "2024-W29").iterdir()}
    importing = "from influx.core.errors import InputError"
    tiny.write(tmp_path / "01_bad.ipynb", "# Bad", importing, "## What was read", code, "# More")
    with pytest.raises(execute_notebooks.NotebookFailed) as failed:
        make(place, tmp_path)
    assert str(failed.value).startswith(message)
    assert {path: path.stat().st_mtime_ns for path in (place / "reports" / "2024-W29").iterdir()} == before
    failure = place / "reports" / "failed"
    assert {path.name for path in failure.iterdir()} == {"01_bad.html", "error.txt"}
    explained = (failure / "error.txt").read_text()
    assert explained.startswith(message)
    assert "\x1b" not in explained
    page = Page(failure / "01_bad.html")
    assert code.splitlines()[-1] in page.text
    assert not page.all("b") and not page.all("nav")
    assert not list((place / "reports").glob(".tmp-*"))


def test_a_dead_kernel_is_told(place, tmp_path):
    tiny.write(tmp_path / "01_dies.ipynb", "# Dies", "import os\nos._exit(9)")
    with pytest.raises(execute_notebooks.NotebookFailed, match=r"01_dies.ipynb: its kernel died; too little memory"):
        make(place, tmp_path)
    assert {path.name for path in (place / "reports" / "failed").iterdir()} == {"error.txt"}


def test_killed_while_a_notebook_runs_the_last_report_stands_and_the_next_run_clears_up(place, tmp_path):
    reports = place / "reports"
    before = {path.name for path in (reports / "latest").iterdir()}
    tiny.write(tmp_path / "01_slow.ipynb", "# Slow", tiny.settle(tmp_path), "import time\ntime.sleep(600)")
    command = [sys.executable, "-m", "influx", "report", "--data", str(place / "home")]
    command += ["--notebooks", str(tmp_path), "--reports", str(reports)]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    wait(lambda: list(reports.glob(".tmp-*/week/home.json")))
    kernels = psutil.Process(running.pid).children()
    running.kill()
    running.wait()
    assert {path.name for path in (reports / "latest").iterdir()} == before
    with pipeline.atomic_publish.staging(reports, wait=False):
        assert len(list(reports.glob(".tmp-*"))) == 1
    assert psutil.wait_procs(kernels, PATIENCE)[1] == []  # a kernel looks every second whether it was left alone


def test_a_parameter_that_a_notebook_does_not_have_is_named_before_anything_runs(place, tmp_path):
    tiny.write(tmp_path / "01_odd.ipynb", "# Odd", parameters={"data": "", "as_of": "", "horizont": 168, "output": ""})
    with pytest.raises(InputError) as refused:
        make(place, tmp_path)
    assert str(refused.value) == "01_odd.ipynb: no parameter horizon; there are data, as_of, horizont, output."
    tiny.write(tmp_path / "01_odd.ipynb", "# Odd", parameters={})
    with pytest.raises(InputError, match="its cell tagged `parameters` is missing or empty"):
        make(place, tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "words"), [("folds", "many", "'many' cannot be used"), ("fold", "8", "fold; there")]
)
def test_a_parameter_that_no_notebook_has_or_of_another_type_is_refused(place, tmp_path, name, value, words):
    with pytest.raises(InputError, match=words):
        make(place, place / "notebooks", parameters={name: value})


NO_KERNEL = {
    "cells": [{"cell_type": "code", "source": "data = ''", "metadata": {"tags": ["parameters"]}, "outputs": []}],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 4,
}


@pytest.mark.parametrize("content", ["no JSON", json.dumps(NO_KERNEL)])
def test_a_file_that_is_no_notebook_for_python_is_named(place, tmp_path, content):
    (tmp_path / "01_odd.ipynb").write_text(content)
    with pytest.raises(InputError, match=r"01_odd.ipynb: not a notebook that can run: .* Save it anew"):
        make(place, tmp_path)


def test_a_folder_without_notebooks_is_refused(place, tmp_path):
    (tmp_path / "dashboard.ipynb").write_text("{}")
    with pytest.raises(InputError, match="no notebook is here whose name begins with two digits"):
        make(place, tmp_path)


@pytest.mark.parametrize("as_of", ["yesterday", "2024-13-01", "14/07/2024", "2024-W28", "20240714"])
def test_inputs_that_cannot_be_used_are_refused_before_anything_runs(tmp_path, as_of):
    with pytest.raises(InputError, match=f"as_of: '{as_of}' is not a time; write 2024-07-14"):
        pipeline.make_report(tmp_path, as_of)
    with pytest.raises(InputError, match=r"horizon: 0 cannot be used; give 1 to 336 whole hours"):
        pipeline.make_report(tmp_path, horizon=0)
    with pytest.raises(InputError, match="data: there is no elsewhere"):
        pipeline.make_report("elsewhere")


@pytest.mark.parametrize("as_of", ["2024-07-14", "2024-07-14T18:00", "2024-07-14 18:00+02:00"])
def test_a_date_or_a_time_is_a_moment(as_of):
    assert parse_time(as_of).date().isoformat() == "2024-07-14"


@pytest.mark.parametrize(
    ("origin", "timezone", "week"),
    [
        ("2024-07-14T22:00:00+00:00", "Europe/Madrid", "2024-W29"),  # Monday 0:00 there, Sunday 22:00 in UTC
        ("2024-07-14T22:00:00+00:00", "UTC", "2024-W28"),
        ("2024-12-30T00:00:00+00:00", "UTC", "2025-W01"),  # ISO weeks belong to the year of their Thursday
        ("2021-01-03T23:00:00+00:00", "America/New_York", "2020-W53"),
    ],
)
def test_the_week_is_the_one_in_which_the_forecast_begins_by_the_homes_clock(tmp_path, origin, timezone, week):
    (tmp_path / "home.json").write_text(json.dumps({"origin": origin, "settings": {"timezone": timezone}}))
    assert pipeline.week_of(tmp_path) == week


def test_without_a_home_the_week_is_that_of_as_of(tmp_path):
    assert pipeline.week_of(tmp_path, "2024-07-14") == "2024-W28"
    assert re.fullmatch(r"\d{4}-W\d\d", pipeline.week_of(tmp_path))


def test_step_times_are_merged_into_run_json(tmp_path):
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "training.json").write_text('{"frames": ["metrics"], "seconds": 7.25}')
    (tmp_path / "steps" / "inputs.json").write_text('{"as_of": ""}')
    pipeline._finish({"timings": {"notebooks": {}}}, "2024-W29", tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["timings"] == {"notebooks": {}, "steps": {"training": 7.25}}


def test_pixels_that_a_cell_draws_by_itself_are_kept_in_the_page():
    picture = nbformat.v4.new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"})
    drawing = nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg onload='x'/>"})
    script = nbformat.v4.new_output("display_data", {"application/javascript": "alert(1)", "text/plain": "nothing"})
    cell = nbformat.v4.new_code_cell("x", outputs=[picture, drawing, script])
    html = pages.notebook_page(nbformat.v4.new_notebook(cells=[cell]), "03_train", ["03_train"])
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in html
    assert 'src="data:image/svg+xml;base64,' in html
    assert "onload" not in html and "alert" not in html and "nothing" in html
    assert "<title>Train · InFlux</title>" in html


def test_relative_paths_lead_below_the_working_folder_else_below_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "influx").mkdir()
    assert pipeline.find("influx") == tmp_path / "influx"
    assert pipeline.find("pyproject.toml") == ROOT / "pyproject.toml"
    assert pipeline.published_path(tmp_path / "influx") == "influx"
    assert pipeline.published_path(ROOT / "data" / "sample") == "data/sample"
    assert pipeline.published_path(Path("/elsewhere/home")) == "home"
    assert os.path.isabs(pipeline.find("nothing"))  # noqa: PTH117
