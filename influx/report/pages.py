"""A week's pages: what a notebook said, or any other content, in one page that needs no network and no script.

nbconvert turns the outputs of a notebook into HTML through the template `page`; :func:`page` puts it, like the start
page, into the same frame with the navigation and the style sheet inlined. The content security policy forbids whatever
could be fetched or run, so a page is as safe to open as a picture. Printed text and Markdown that a cell puts out may
hold names from the data: HTML in them is text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache
from html import escape
from pathlib import Path

import jinja2
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
_TITLE = re.compile(r"^#\s+(.+?)\s*$", re.MULTILINE)
_SHOWN_FIRST = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain"]


def page(title: str, body: str, here: str, names: Sequence[str], week: str | None = None) -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
        Plain text.
    body : str
        HTML; whatever it holds of the data is escaped already.
    here : str
        The page's own name without its ending, `index` for the start page.
    names : sequence of str
        The names of the week's other pages, in their order.
    week : str, optional
        The ISO week, such as 2024-W29.
    """
    pages = [(name, label(name)) for name in names]
    return _shell().render(title=title, body=body, here=here, pages=pages, week=week, style=_style())


def notebook_page(
    notebook: NotebookNode, here: str, names: Sequence[str], week: str | None = None, failed: bool = False
) -> str:
    """Return what an executed notebook shows as a whole page; its title is the notebook's first heading.

    Parameters
    ----------
    failed : bool
        Whether it ended with an error: its code then stands above the outputs, as one who looks for the fault wants it.
        Otherwise an output comes first, and the code that made it is folded away below it.
    """
    body, _ = _exporter(failed).from_notebook_node(notebook if failed else _with_code_below(notebook))
    headings = (_TITLE.search(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    title = next((heading[1] for heading in headings if heading), label(here))
    return page(re.sub(r"[*`]", "", title), body, here, names, week)


def _with_code_below(notebook: NotebookNode) -> NotebookNode:
    """Return a copy in which each cell with an output holds all code since the one before; parameters are left out."""
    copy = deepcopy(notebook)
    waiting: list[str] = []
    for cell in copy.cells:
        if cell.cell_type != "code":
            continue
        if not any("parameters" in tag for tag in cell.metadata.get("tags", [])):  # papermill injects its own
            waiting.append(cell.source)
        cell.source = "\n\n".join(waiting) if cell.outputs else ""
        if cell.outputs:
            waiting = []
    return copy


def label(name: str) -> str:
    """Return a page's name as its link says it.

    >>> label("01_explore")
    'Explore'
    """
    return name.lstrip("0123456789_").replace("_", " ").capitalize() or name


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


@lru_cache
def _shell() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined).get_template(
        "shell.html.j2"
    )


@lru_cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")
