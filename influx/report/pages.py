"""A week's pages: what a notebook shows, or any other content, in one page that needs no network and no script.

nbconvert turns the outputs of a notebook into HTML through the template `page`; :func:`page` puts it, like the start
page, into the same frame with the navigation and the style sheet inlined. The content security policy forbids whatever
could be fetched or run, so a page is as safe to open as a picture. Printed text and Markdown that a cell puts out may
hold names from the data: HTML in them is text.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache
from html import escape, unescape
from itertools import groupby
from pathlib import Path

import jinja2
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
_HEADING = re.compile(r"^#\s+(.+?)\s*$", re.MULTILINE)
_TITLE = re.compile(r"<title>(.*?) · InFlux")
_SHOWN_FIRST = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain"]


def page(title: str, body: str, here: str, names: Sequence[str], week: str | None = None) -> str:
    """Return a whole page of `body`, HTML in which all of the data is escaped; `title` is plain text, `here` the page's
    name (`index` is the start page), `names` are those of the week's other pages in their order."""
    loader = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    loader.undefined = jinja2.StrictUndefined
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    pages = [(name, label(name)) for name in names]
    shell = loader.get_template("shell.html.j2")
    return shell.render(title=title, body=body, here=here, pages=pages, week=week, style=style)


def label(name: str) -> str:
    """Return a page's name as its link says it.

    >>> label("01_explore")
    'Explore'
    """
    return name.lstrip("0123456789_").replace("_", " ").capitalize() or name


# A notebook's page


def notebook_page(
    notebook: NotebookNode, here: str, names: Sequence[str], week: str | None = None, failed: bool = False
) -> str:
    """Return what an executed notebook shows as a whole page; its title is the notebook's first heading.

    The code of a section is folded away below its outputs; where the notebook `failed`, each cell's stands above them.
    """
    body, _ = _exporter(failed).from_notebook_node(notebook if failed else _with_code_below(notebook))
    headings = (_HEADING.search(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    title = next((heading[1] for heading in headings if heading), label(here))
    return page(re.sub(r"[*`]", "", title), body, here, names, week)


def _with_code_below(notebook: NotebookNode) -> NotebookNode:
    """Return a copy in which the last output of each section holds the section's code; parameters are left out."""
    copy = deepcopy(notebook)
    code: list[str] = []
    for kind, cells in groupby(copy.cells, lambda cell: cell.cell_type):
        section = list(cells) if kind == "code" else []
        tagged = [any("parameters" in tag for tag in cell.metadata.get("tags", [])) for cell in section]
        code += [cell.source for cell, is_parameters in zip(section, tagged, strict=True) if not is_parameters]
        with_output = [cell for cell in section if any(output.get("name") != "stderr" for output in cell.outputs)]
        for cell in section:
            cell.source = ""
        if with_output:
            with_output[-1].source, code = "\n\n".join(code), []
    return copy


@lru_cache
def _exporter(failed: bool) -> HTMLExporter:
    exporter = HTMLExporter(
        template_name="page",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    exporter.config.NbConvertBase.display_data_priority = _SHOWN_FIRST
    exporter.register_filter("words_only", _words_only)
    exporter.environment.globals["failed"] = failed
    return exporter


class _WordsOnly(IPythonRenderer):
    """Markdown whose HTML is text; entities stay what they are, so that nothing is escaped twice."""

    def block_html(self, html: str) -> str:
        return f"<p>{escape(html.strip())}</p>\n"

    def inline_html(self, html: str) -> str:
        return escape(html)


def _words_only(source: str) -> str:
    return MarkdownWithMath(_WordsOnly(escape=False, exclude_anchor_links=True)).render(source)


# The start page


def write_index(folder: Path, reports: Path) -> Path:
    """Write the start page, `index.html`, into a run folder.

    Parameters
    ----------
    folder : Path
        The run folder, with its pages and a `run.json` that names its `week`.
    reports : Path
        Where the earlier weeks are.
    """
    week = json.loads((folder / "run.json").read_text(encoding="utf-8"))["week"]
    names = sorted(path.stem for path in folder.glob("[0-9][0-9]_*.html"))
    title = f"The week of {monday(week):%-d %B %Y}"
    body = f"<h1>{title}</h1>"
    if all((folder / "steps" / f"{step}.json").exists() for step in ("explore", "sums", "bill", "insights")):
        from influx.report.run_folder import Run
        from influx.report.start_page import answers, overview

        run = Run.open(folder)
        texts = answers(run)
        body = overview(run, texts)
        (folder / "texts.json").write_text(json.dumps(texts, ensure_ascii=False, indent=1), encoding="utf-8")
    body += f"<h2>The pages of this week</h2>{_list([(f'{name}.html', _question(folder, name)) for name in names])}"
    if earlier := earlier_weeks(reports, week):
        links = [(f"../{name}/index.html", f"{monday(name):%-d %B %Y}") for name in earlier]
        body += f"<h2>Earlier weeks</h2>{_list(links)}"
    path = folder / "index.html"
    path.write_text(page(title, body, "index", names, week), encoding="utf-8")
    return path


def _question(folder: Path, name: str) -> str:
    """Return a page's name with the question that it answers."""
    title = _TITLE.search((folder / f"{name}.html").read_text(encoding="utf-8"))
    return f"{label(name)}: {unescape(title[1])}" if title and title[1] else label(name)


def earlier_weeks(reports: Path, week: str) -> list[str]:
    """Return the weeks before `week` that `reports` holds a start page of, the newest first."""
    names = (path.parent.name for path in reports.glob("[0-9][0-9][0-9][0-9]-W[0-9][0-9]/index.html"))
    return sorted((name for name in names if name < week), reverse=True)


def monday(week: str) -> dt.date:
    """Return the first day of an ISO week such as 2024-W29."""
    return dt.datetime.strptime(f"{week}-1", "%G-W%V-%u").date()


def _list(links: list[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="{escape(target)}">{escape(words)}</a></li>' for target, words in links)
    return f"<ul>{items}</ul>"
