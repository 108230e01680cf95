"""The page's frame: its heading, the parts, and a picker where there are several homes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import ipywidgets as widgets

from influx.dashboard.elements import TEMPLATES, html, markup
from influx.dashboard.week import Week, homes
from influx.report.html import answer
from influx.report.phrases import FOLDER

STYLES = (FOLDER.parent / "style.css", TEMPLATES / "dashboard.css")
"""The report's style sheet, and what the dashboard adds."""

Part = Callable[[Week], widgets.Widget]


def page(week: Week | None, parts: Mapping[str, Part]) -> widgets.Widget:
    """Return the whole page as a widget.

    Parameters
    ----------
    week : Week or None
        What `week.open_report` returns.
    parts : mapping of str to callable
        What makes each part of a week, by its name on the page; a part is made when it is first opened.
    """
    styles = "".join(path.read_text(encoding="utf-8") for path in STYLES)
    children = [widgets.HTML(f"<style>{styles}</style>", layout=widgets.Layout(display="none"))]
    if week is None:
        children.append(html(answer("**There is no report to show yet.** `make report` makes one.")))
    else:
        shown = widgets.VBox([_of_week(week, parts)])
        folders = homes(week)
        picker = widgets.Dropdown(options=list(folders.items()), value=week.folder, description="Home")
        picker.observe(lambda change: setattr(shown, "children", [_of_week(Week(change["new"]), parts)]), "value")
        children += [*([picker] if len(folders) > 1 else []), shown]
    return widgets.VBox(children).add_class("ix-page")


def _of_week(week: Week, parts: Mapping[str, Part]) -> widgets.Widget:
    made: dict[str, widgets.Widget] = {}
    nav = widgets.ToggleButtons(options=list(parts)).add_class("ix-nav")
    body = widgets.VBox([])

    def open_part(_: object = None) -> None:
        if nav.value not in made:
            made[nav.value] = parts[nav.value](week)
        body.children = [made[nav.value]]

    week.go = lambda name: setattr(nav, "value", name if name in parts else nav.value)
    nav.observe(open_part, "value")
    open_part()
    monday = dt.datetime.strptime(f"{week.run['week']}-1", "%G-W%V-%u")
    title = markup("title", home=week.name, monday=monday, run=week.run, timezone=week.timezone)
    return widgets.VBox([html(title), nav, body])
