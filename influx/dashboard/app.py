"""The page's frame: its heading, the five parts, and the words that stand where there is nothing to show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from html import escape
from pathlib import Path

import ipywidgets as widgets

from influx.dashboard import html
from influx.dashboard.week import Week, homes, newest

STYLE = Path(__file__).parent / "templates" / "dashboard.css"


def _parts() -> dict[str, Callable[[Week, Callable[[str], None]], widgets.Widget]]:
    from influx.dashboard.accuracy import accuracy
    from influx.dashboard.devices import devices
    from influx.dashboard.forecast import forecast
    from influx.dashboard.overview import overview
    from influx.dashboard.plan import plan

    return {
        "Overview": overview,
        "Forecast": lambda week, _: forecast(week),
        "Devices": lambda week, _: devices(week),
        "Plan": lambda week, _: plan(week),
        "Accuracy": lambda week, _: accuracy(week),
    }


def page(folder: str | Path = "") -> widgets.Widget:
    """Return the whole page as a widget."""
    style = widgets.HTML(f"<style>{STYLE.read_text(encoding='utf-8')}</style>", layout=widgets.Layout(display="none"))
    path = newest(folder)
    if path is None:
        return widgets.VBox([style, widgets.HTML(_none())])
    every = homes(path)
    shown = widgets.VBox([_Page(Week(path)).whole])
    picker = widgets.Dropdown(options=list(every.items()), value=path, description="Home")
    picker.observe(lambda change: setattr(shown, "children", [_Page(Week(change["new"])).whole]), "value")
    out = widgets.VBox([style, *([picker] if len(every) > 1 else []), shown])
    out.add_class("ix-page")
    return out


class _Page:
    """The parts of one home's week, and which one is open."""

    def __init__(self, week: Week) -> None:
        self.week = week
        self.made: dict[str, widgets.Widget] = {}
        self.parts = _parts()
        self.chosen = widgets.ToggleButtons(options=list(self.parts), value="Overview")
        self.chosen.add_class("ix-nav")
        self.body = widgets.VBox([])
        self.chosen.observe(lambda _: self.open(), "value")
        self.whole = widgets.VBox([widgets.HTML(_title(week)), self.chosen, self.body])
        self.open()

    def open(self) -> None:
        """Show the chosen part, made the first time that it is asked for."""
        name = self.chosen.value
        if name not in self.made:
            self.made[name] = self.parts[name](self.week, self.go)
        self.body.children = [self.made[name]]

    def go(self, name: str) -> None:
        """Open another part."""
        if name in self.parts:
            self.chosen.value = name


def _title(week: Week) -> str:
    monday = dt.date.fromisocalendar(int(week.run["week"][:4]), int(week.run["week"][6:]), 1)
    made = week.run["finished"][:16].replace("T", " ")
    home = "" if week.name == "home" else f" of {week.name}"
    return (
        f'<header class="ix-head"><h1>The week{escape(home)} from {monday.day} {monday:%B %Y}</h1>'
        f'<p class="ix-quiet">Report {escape(week.run["week"])}, made {escape(made)} UTC; times are those of '
        f"{escape(str(week.zone))}.</p></header>"
    )


def _none() -> str:
    return (
        '<div class="ix-page">' + html.answer("**There is no report to show yet.** `make report` makes one.") + "</div>"
    )
