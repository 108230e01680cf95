"""What an analyst relies on: notebooks that are pages, no programs; they run alone from anywhere, on any home."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import tiny_homes as tiny
from run_cells import NOTEBOOKS, run_cells

from influx import InputError, Run
from influx.core.sanitize import clean_name
from influx.forecasting.models import MODELS, SeasonalNaive
from influx.report import artifacts
from influx.report.execute_notebooks import PARAMETERS, check_parameters, run_all
from influx.report.html import Shown
from influx.report.start_page import overview

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def parameters_of(path: Path) -> str:
    """Return the one cell that is tagged with `parameters`."""
    (tagged,) = (cell for cell in cells(path, "code") if "parameters" in cell.metadata.get("tags", []))
    return tagged.source


# --- as they are stored -----------------------------------------------------------------------------------------------


@each_notebook
def test_a_notebook_is_a_page_that_asks_a_question_and_no_program(path: Path) -> None:
    """It opens with a question and what you will see, ends with a check, stores no output, defines next to nothing."""
    notebook = nbformat.read(path, as_version=4)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    first = notebook.cells[0]
    assert first.source.startswith("# ") and first.source.splitlines()[0].endswith("?")
    assert "You will see" in first.source
    assert "checks." in cells(path, "code")[-1].source
    for cell in cells(path, "code"):
        assert (cell.outputs, cell.execution_count) == ([], None)
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.ClassDef | ast.While | ast.Try), cell.source
            if isinstance(node, ast.FunctionDef | ast.Lambda):
                assert node.end_lineno - node.lineno < 3, cell.source


@each_notebook
def test_the_parameters_begin_with_the_common_four_and_each_has_a_comment(path: Path) -> None:
    source = parameters_of(path)
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(source).body}  # type: ignore[attr-defined]
    assert tuple(values)[:4] == PARAMETERS
    assert values.items() >= {"data": "data/sample", "as_of": "", "horizon": 168, "output": ""}.items()
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    assert all(len(comments[line]) > 10 for line in range(1, len(values) + 1))
    assert "hours" in comments[3]
    check_parameters(path, PARAMETERS)
    with pytest.raises(InputError, match=rf"{path.name}: no parameter horizn; there are data, as_of, horizon, output"):
        check_parameters(path, ["data", "horizn"])


# --- alone, from anywhere ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def weeks(tmp_path_factory) -> Path:
    """The last five weeks of two of the sample's devices, with its weather and settings."""
    return tiny.part_of_sample(tmp_path_factory.mktemp("weeks"), ("FRIDGE_01", "WM_01"), since="2024-06-10")


@each_notebook
def test_a_notebook_runs_alone_for_an_earlier_day_and_a_short_horizon(
    path: Path, weeks: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run_cells(path, data=str(weeks), as_of="2024-06-30", horizon=24, output="run")
    assert all(isinstance(output, Shown) for output in shown)
    assert len(shown) >= 5
    run = Run(weeks, "2024-06-30", 24, tmp_path / "run")
    assert run.has("home")
    assert run.home().origin == pd.Timestamp("2024-06-29 22:00", tz="UTC")
    assert run.home().readings["timestamp"].max() < run.home().origin
    if path.stem == "04_forecast":
        assert "24 hours are expected to take" in repr(shown[0])


def test_the_forecast_runs_alone_for_two_weeks_ahead(weeks: Path, tmp_path: Path) -> None:
    shown = run_cells(NOTEBOOKS[3], data=str(weeks), horizon=336, output=str(tmp_path / "run"))
    assert "From Mon 15 July 2024, 14 days are expected to take" in repr(shown[0])
    assert Run(weeks, horizon=336, output=tmp_path / "run").forecast()["timestamp"].nunique() == 336


def test_models_are_named_of_the_notebook_or_the_package_and_need_no_climatology(
    weeks: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setitem(MODELS, "own", SeasonalNaive)
    shown = run_cells(
        NOTEBOOKS[2], data=str(weeks), horizon=24, folds=1, models="own, similar days", output=str(tmp_path)
    )
    assert isinstance(shown[0], Shown)
    assert set(Run(weeks, horizon=24, output=tmp_path).scores()["model"]) == {"own", "similar days"}
    with pytest.raises(InputError, match="there is no owl; choose among climatology"):
        run_cells(NOTEBOOKS[2], data=str(weeks), horizon=24, models="owl", output=str(tmp_path))


def test_a_notebook_prints_nothing_in_a_kernel(weeks: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    parameters = {"data": str(weeks), "as_of": "2024-06-30", "horizon": 24, "output": str(tmp_path / "run")}
    (done,) = run_all([NOTEBOOKS[0]], parameters, tmp_path / "work")
    outputs = [output for cell in done.notebook.cells for output in cell.get("outputs", [])]
    assert "to Sat 29 June 2024" in outputs[0].data["text/plain"]
    assert all(output.output_type != "stream" for output in outputs)


def test_a_run_that_is_there_already_is_shown_and_not_made_again(sample_run: Run, monkeypatch) -> None:
    monkeypatch.setattr(artifacts, "write", lambda *_: pytest.fail("a step was made again"))
    for path in NOTEBOOKS[2:4]:
        run_cells(path, data=str(sample_run.data), output=str(sample_run.folder))


# --- on any home ------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The tags of a piece of HTML, and what is said in it: its text, and the words that stand for its figures."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.said = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.said += " ".join(value or "" for name, value in attrs if name in ("alt", "aria-label"))

    def handle_data(self, data: str) -> None:
        self.said += data


@pytest.fixture(scope="module")
def pages_of(tiny_run) -> Callable:
    """Return what all notebooks and the start page show of a home of `tiny_homes`, each as its HTML."""
    pages: dict[str, list[Shown]] = {}

    def get(make: Callable[[Path], Path]) -> list[Shown]:
        if make.__name__ not in pages:
            run = tiny_run(make)
            inputs = {"data": str(run.data), "output": str(run.folder)}
            shown = [output for path in NOTEBOOKS for output in run_cells(path, **inputs)]
            pages[make.__name__] = [*shown, Shown(overview(run), "The start page")]
        return pages[make.__name__]

    return get


@pytest.mark.parametrize("make", tiny.HOMES, ids=lambda make: make.__name__)
def test_every_page_can_be_made_of_an_awkward_home(make, tiny_run, pages_of) -> None:
    """No page fails or warns, or shows nothing or a bare NaN where words should stand."""
    for shown in pages_of(make):
        assert isinstance(shown, Shown)
        words = {word.strip(".,:;()") for word in Tags(shown.markup).said.split()}
        assert words
        assert not {"nan", "NaN", "NaT", "inf", "None"} & words, shown.words
    assert tiny_run(make).forecast().groupby("device_id").size().eq(168).all()


def test_a_hostile_name_is_text_on_every_page(pages_of) -> None:
    markup = "".join(shown.markup for shown in pages_of(tiny.hostile))
    told = Tags(markup)
    assert not {"img", "script", "a"} & told.seen
    assert not [name for name in told.attributes if name.startswith("on")]
    assert "<strong>bold</strong>" not in markup
    for name in tiny.NAMES:
        assert clean_name(name) in told.said
