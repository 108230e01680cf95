"""The week's start page: which pages there are, which week it is about, and the weeks before it."""

from __future__ import annotations

import datetime as dt
import json
import re
from html import escape, unescape
from pathlib import Path

from influx.report import pages

_WEEK = re.compile(r"\d{4}-W\d\d")
_TITLE = re.compile(r"<title>(.*?) · InFlux")


def write_index(folder: Path, reports: Path) -> Path:
    """Write `index.html` into a run folder.

    Parameters
    ----------
    folder : Path
        The run folder, with its pages and a `run.json` that names its `week`.
    reports : Path
        Where the earlier weeks are.

    Returns
    -------
    Path
        The page.
    """
    week = json.loads((folder / "run.json").read_text(encoding="utf-8"))["week"]
    names = sorted(path.stem for path in folder.glob("[0-9][0-9]_*.html"))
    title = f"The week of {monday(week):%-d %B %Y}"
    body = f"<h1>{title}</h1>"
    if all((folder / "steps" / f"{step}.json").exists() for step in ("explore", "sums", "bill", "insights")):
        from influx.report.run_folder import Run
        from influx.report.start_page import answers, glance

        body = glance(folder)
        texts = answers(Run.open(folder))
        (folder / "texts.json").write_text(json.dumps(texts, ensure_ascii=False, indent=1), encoding="utf-8")
    body += f"<h2>The pages of this week</h2>{_list([(f'{name}.html', _question(folder, name)) for name in names])}"
    if earlier := earlier_weeks(reports, week):
        links = [(f"../{name}/index.html", f"{monday(name):%-d %B %Y}") for name in earlier]
        body += f"<h2>Earlier weeks</h2>{_list(links)}"
    path = folder / "index.html"
    path.write_text(pages.page(title, body, "index", names, week), encoding="utf-8")
    return path


def _question(folder: Path, name: str) -> str:
    """Return a page's name with the question that it answers."""
    title = _TITLE.search((folder / f"{name}.html").read_text(encoding="utf-8"))
    question = unescape(title[1]) if title else ""
    return f"{pages.label(name)}: {question}" if question else pages.label(name)


def earlier_weeks(reports: Path, week: str) -> list[str]:
    """Return the weeks before `week` that `reports` holds a start page of, the newest first."""
    found = (path.parent.name for path in reports.glob("*-W*/index.html"))
    return sorted((name for name in found if _WEEK.fullmatch(name) and name < week), reverse=True)


def monday(week: str) -> dt.date:
    """Return the first day of an ISO week such as 2024-W29."""
    return dt.date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def _list(links: list[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="{escape(target)}">{escape(words)}</a></li>' for target, words in links)
    return f"<ul>{items}</ul>"
