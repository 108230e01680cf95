"""The dashboard: one page on the newest run folder, each part made when it is first opened.

It imports numpy and ipywidgets alone, since every visitor has a kernel of their own; what is shown was computed by
`make report`, and what follows from a changed control is computed from the same frames.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipywidgets import Widget


def dashboard(folder: str | Path = "") -> Widget:
    """Return the page, which a notebook shows as a cell's last expression.

    Parameters
    ----------
    folder : str or Path
        A run folder; empty is what `INFLUX_RUN` names, else the newest report's.
    """
    from influx.dashboard.app import page

    return page(folder)
