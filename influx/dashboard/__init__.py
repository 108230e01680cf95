"""The dashboard: one page on the newest run folder, each part made when it is first opened.

It imports numpy and ipywidgets alone, since every visitor has a kernel of their own; what is shown was computed by
`make report`, and what follows from a changed control is computed from the same frames.
"""

from __future__ import annotations

from pathlib import Path


def dashboard(folder: str | Path = "") -> None:
    """Show the page.

    Parameters
    ----------
    folder : str or Path
        A run folder; empty is what `INFLUX_RUN` names, else the newest report's.
    """
    from IPython.display import display

    from influx.dashboard.app import page

    display(page(folder))
