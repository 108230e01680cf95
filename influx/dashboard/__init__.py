"""The dashboard's page, made of widgets by a visitor's kernel from a finished run folder."""

from __future__ import annotations

import json
import os
from html import escape
from pathlib import Path

from ipywidgets import HTML

from influx.paths import PROJECT


def dashboard(folder: str | Path = "") -> HTML:
    """Return the page, which a notebook shows as a cell's last expression.

    Parameters
    ----------
    folder : str or Path
        The run folder; empty is what the environment variable INFLUX_RUN names, else `reports/latest`.
    """
    run = Path(folder or os.environ.get("INFLUX_RUN", PROJECT / "reports" / "latest"))
    return HTML(_week(run))


def _week(run: Path) -> str:
    told = run / "run.json"
    if not told.exists():
        return "<p>There is no report yet. <code>make report</code> makes one.</p>"
    return f"<h1>InFlux, {escape(json.loads(told.read_text(encoding='utf-8'))['week'])}</h1>"
