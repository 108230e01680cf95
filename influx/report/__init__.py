"""The report room: a run folder and its frames go in; pages, figures and tables that answer in plain English come out.

A cell of a notebook ends with one of four: `answer` and `note` render a text of `templates/text`, `table` sets a frame
by the columns that `tables.py` names, `show` draws a plot of `influx.report.plots`. They are imported at first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from influx.report.figures import show
    from influx.report.tables import table
    from influx.report.texts import answer, note, text

__all__ = ["answer", "note", "show", "table", "text"]

_MODULES = {
    "answer": "influx.report.texts",
    "note": "influx.report.texts",
    "show": "influx.report.figures",
    "table": "influx.report.tables",
    "text": "influx.report.texts",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'influx.report' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
