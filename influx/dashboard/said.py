"""Sentences that the report has already said: they are read from the run folder, so both say the same."""

from __future__ import annotations

import json

from influx.dashboard.week import Week


def said(week: Week, name: str) -> str:
    """Return a sentence of the week's start page; empty where it was not said."""
    path = week.folder / "words.json"
    if not path.exists():
        return ""
    return str(json.loads(path.read_text(encoding="utf-8")).get(name, ""))
