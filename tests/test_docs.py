"""The pages for the next engineer say what is: the rooms and their imports, every key of home.yaml, links, snippets."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from pydantic import BaseModel

import architecture
import influx
from influx.core.flexible_load_settings import Flexible
from influx.core.settings import Absence, Column, Device, File, Settings
from influx.core.tariff_settings import NamedRate, Season, Tariff
from influx.importers.formats.table_format import TableFormat  # noqa: F401
from influx.importers.reading.layout import SeriesMapping  # noqa: F401

PROJECT = Path(__file__).resolve().parents[1]
PAGES = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("*/README.md")]
MODELS: dict[str, type[BaseModel]] = {
    "The home": Settings,
    "`tariff`": Tariff,
    "`tariff.rates`": NamedRate,
    "`tariff.seasons`": Season,
    "`devices`": Device,
    "`devices.flexible`": Flexible,
    "`absences`": Absence,
    "`files`": File,
    "`files.columns`": Column,
}


# --- the rooms --------------------------------------------------------------------------------------------------------


def test_imports_go_one_way_and_the_drawing_shows_them() -> None:
    files = architecture.module_files()
    graph = architecture.import_graph(files)
    assert architecture.faults(graph) == []
    page = architecture.PAGE.read_text(encoding="utf-8")
    assert architecture.drawn_arrows(page) == architecture.arrows(graph)
    assert set(re.findall(r'^ +(\w+)\["', page, re.MULTILINE)) == set(architecture.ROOMS)
    assert {path.parent.name for path in PROJECT.glob("influx/*/__init__.py")} == set(architecture.ROOMS)


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("core/a.py", "from influx.home import b", "influx.core.a imports influx.home.b: core may only"),
        ("core/a.py", "def f():\n    import influx.home.b", "influx.core.a imports influx.home.b: core may only"),
        ("home/a.py", "from influx import Run", "influx.home.a imports influx: home may only"),
        ("home/a.py", "from influx.home.b import x", "a circle of imports: influx.home."),
        ("report/a.py", "from influx.home import b", ""),
        ("__main__.py", "from influx.report import a\nimport influx", ""),
    ],
)
def test_an_arrow_back_is_named_wherever_the_import_stands(
    tmp_path: Path, module: str, source: str, fault: str
) -> None:
    written = {"__init__.py": "", "home/__init__.py": "", "home/b.py": "from influx.core import c\n", "core/c.py": ""}
    if "circle" in fault:
        written["home/b.py"] = "from influx.home import a\n"
    for name, text in (written | {module: source}).items():
        path = tmp_path / "influx" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    graph = architecture.import_graph(architecture.module_files(tmp_path))
    found = architecture.faults(graph)
    assert [line.startswith(fault) for line in found] == ([True] if fault else [])
    if not fault and module == "report/a.py":
        assert architecture.longest_chain(graph) == ["influx.report.a", "influx.home.b", "influx.core.c"]


# --- home.yaml --------------------------------------------------------------------------------------------------------


def _documented(heading: str) -> dict[str, str]:
    """Return the default of each key in the table below a heading of docs/home-yaml.md."""
    page = (PROJECT / "docs" / "home-yaml.md").read_text(encoding="utf-8")
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page, re.DOTALL | re.MULTILINE)
    assert section is not None
    rows = [re.split(r" *\| *", line.strip("| ")) for line in section[1].splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[2] for row in rows}


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_of_home_yaml_is_documented_with_its_default(heading: str) -> None:
    fields = {field.alias or name: field for name, field in MODELS[heading].model_fields.items()}
    documented = _documented(heading)
    assert set(documented) == set(fields)
    for key, default in documented.items():
        if default == "required":
            assert fields[key].is_required(), key
        elif default == "none":
            assert fields[key].default in (None, [], {}), key
        elif default != "all":
            assert fields[key].default == yaml.safe_load(default.strip("`")), key


# --- pages ------------------------------------------------------------------------------------------------------------


def test_every_link_within_the_project_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_is_a_page_that_one_reads() -> None:
    assert (PROJECT / "README.md").read_text(encoding="utf-8").count("\n") <= 150


def test_the_other_tariff_of_the_docs_can_be_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    page = (PROJECT / "docs" / "tariffs.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    exec(page.split("```python\n")[1].split("```")[0].replace("bill.under(", "found = bill.under("), names)
    assert not names["found"].empty  # type: ignore[attr-defined]


def test_the_format_that_contributors_are_shown_reads_the_file_beside_it(tmp_path: Path) -> None:
    """300 Wh and more: .25 + .3 + .15 kWh drawn and .1 kWh fed in, half hours named by their end in Berlin's summer."""
    page = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    file, row, _ = re.findall(r"```(?:python)?\n(.*?)```", page.split("## Adding a format")[1], re.DOTALL)[:3]
    (tmp_path / "export.csv").write_text(file)
    shown = eval(row[row.index("TableFormat(") :].rstrip().rstrip(","))
    assert shown.matches(tmp_path / "export.csv")
    part = shown.read(tmp_path / "export.csv", Settings())
    assert part.frame.groupby("device_id")["energy_kwh"].sum().to_dict() == pytest.approx(
        {"grid import": 0.7, "grid export": 0.1}
    )
    assert part.frame["timestamp"].min() == pd.Timestamp("2024-06-30 22:00", tz="UTC")


def test_the_names_that_pages_use_of_the_package_are_there() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        used = set(re.findall(r"\binflux\.([a-z]+)\(", (PROJECT / name).read_text(encoding="utf-8")))
        assert used <= set(dir(influx)), name


def test_every_finding_is_listed_and_pinned() -> None:
    listed = (PROJECT / "findings" / "README.md").read_text(encoding="utf-8")
    for script in PROJECT.glob("findings/*.sh"):
        assert f"| `{script.name}` |" in listed
        assert "==" in script.read_text(encoding="utf-8"), f"{script.name} pins no version"
