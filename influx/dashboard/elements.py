"""What the parts are made of: texts and HTML of `templates/text`, and widgets that follow their controls."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from influx.core.sanitize import file_name
from influx.core.tabular_io import write_csv
from influx.report.html import Shown
from influx.report.phrases import environment, phrase

TEMPLATES = Path(__file__).parent / "templates"

Markup = str | Shown


def text(name: str, **facts: Any) -> str:
    """Return a text of the dashboard, plain but for `**`."""
    return phrase(name, facts, TEMPLATES / "text")


def markup(name: str, **facts: Any) -> str:
    """Return a piece of HTML of the dashboard, in which all of the data is escaped."""
    return environment(TEMPLATES / "text").get_template(f"{name}.html.j2").render(facts)


def html(*pieces: Markup) -> widgets.HTML:
    """Return pieces of HTML, one below the other, as a widget."""
    return widgets.HTML("".join(piece if isinstance(piece, str) else piece.markup for piece in pieces))


def live(draw: Callable[..., list[Markup]], *controls: widgets.Widget) -> widgets.HTML:
    """Return what `draw` makes of the controls' values, and makes anew whenever one of them changes."""
    shown = widgets.HTML()

    def redraw(_: object = None) -> None:
        shown.value = html(*draw(*(control.value for control in controls))).value

    for control in controls:
        control.observe(redraw, "value")
    redraw()
    return shown


def row(*controls: widgets.Widget) -> widgets.HBox:
    """Return controls side by side, as many as fit."""
    return widgets.HBox(controls, layout=widgets.Layout(flex_flow="row wrap"))


def slider(name: str, value: float, low: float, high: float, step: float) -> widgets.FloatSlider:
    """Return a slider that hands on its value when it is let go."""
    ends = {"min": low, "max": high, "step": step}
    style = {"description_width": "initial"}
    return widgets.FloatSlider(value, description=name, style=style, continuous_update=False, **ends)


def heading(words: str, level: int = 2) -> str:
    """Return a heading."""
    return f"<h{level}>{escape(words)}</h{level}>"


def download(frame: pd.DataFrame, name: str) -> str:
    """Return a link that saves a frame as CSV, which a spreadsheet reads as values and never as formulas."""
    if frame.empty:
        return ""
    content = io.StringIO()
    write_csv(frame, content)
    link = f"data:text/csv;charset=utf-8;base64,{base64.b64encode(content.getvalue().encode('utf-8-sig')).decode()}"
    return f'<p class="ix-save"><a download="{file_name(name)}.csv" href="{link}">Save as CSV</a></p>'
