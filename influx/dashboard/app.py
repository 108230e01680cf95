"""The page's frame: its heading, the parts, and a picker where there are several homes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

import ipywidgets as widgets

from influx.dashboard.elements import html
from influx.dashboard.week import Week, homes
from influx.report.html import answer

STYLES = (
    Path(__file__).parents[1] / "report" / "templates" / "style.css",
    Path(__file__).parent / "templates" / "dashboard.css",
)
"""The report's style sheet, and what the dashboard adds."""

Part = Callable[[Week], widgets.Widget]


def page(week: Week | None, parts: Mapping[str, Part]) -> widgets.Widget:
    """Return the whole page as a widget.

    Parameters
    ----------
    week : Week or None
        What `week.open_report` has found.
    parts : mapping of str to callable
        What makes each part of a week, by its name on the page; a part is made when it is first opened.
    """
    styles = "".join(path.read_text(encoding="utf-8") for path in STYLES)
    style = widgets.HTML(f"<style>{styles}</style>", layout=widgets.Layout(display="none"))
    if week is None:
        children = [html(answer("**There is no report to show yet.** `make report` makes one."))]
    else:
        shown = widgets.VBox([_of_week(week, parts)])
        folders = homes(week)
        picker = widgets.Dropdown(options=list(folders.items()), value=week.folder, description="Home")
        picker.observe(lambda change: setattr(shown, "children", [_of_week(Week(change["new"]), parts)]), "value")
        children = [*([picker] if len(folders) > 1 else []), shown]
    out = widgets.VBox([style, *children])
    out.add_class("ix-page")
    return out


def _of_week(week: Week, parts: Mapping[str, Part]) -> widgets.Widget:
    made: dict[str, widgets.Widget] = {}
    nav = widgets.ToggleButtons(options=list(parts))
    nav.add_class("ix-nav")
    body = widgets.VBox([])

    def open_part(_: object = None) -> None:
        if nav.value not in made:
            made[nav.value] = parts[nav.value](week)
        body.children = [made[nav.value]]

    def go(name: str) -> None:
        if name in parts:
            nav.value = name

    week.go = go
    nav.observe(open_part, "value")
    open_part()
    return widgets.VBox([html(_title(week)), nav, body])


def _title(week: Week) -> str:
    monday = dt.date.fromisocalendar(int(week.run["week"][:4]), int(week.run["week"][6:]), 1)
    made = week.run["finished"][:16].replace("T", " ")
    home = "" if week.name == "home" else f" of {week.name}"
    return (
        f"<h1>The week{escape(home)} from {monday.day} {monday:%B %Y}</h1>"
        f'<p class="ix-quiet">Report {escape(week.run["week"])}, made {escape(made)} UTC; times are those of '
        f"{escape(week.timezone)}.</p>"
    )
