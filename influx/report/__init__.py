"""The report room: a run folder and its frames go in; pages, figures and tables that answer in plain English come out.

A cell of a notebook ends with one of four: `answer` and `note` render a text of `templates/text`, `table` sets a frame
by the columns of `templates/tables.yaml`, `show` draws a plot of `influx.report.plots`. They are imported at first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from influx.report.figures import show
    from influx.report.tables import table
    from influx.report.texts import answer, note, text

__all__ = ["answer", "note", "show", "table", "text"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'influx.report' has no attribute {name!r}")
    module = {"show": "figures", "table": "tables"}.get(name, "texts")
    return getattr(import_module(f"influx.report.{module}"), name)
