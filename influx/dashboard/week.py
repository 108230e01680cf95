"""The run folder as the page reads it: its frames, its clock, its texts. Nothing is computed anew."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from influx.core.constants import HOUSEHOLD, OTHER
from influx.core.local_time import local
from influx.core.paths import find
from influx.report.plots.style import colours


class Week:
    """A run folder; its frames are read when they are first needed.

    Parameters
    ----------
    folder : Path
        Holds `home.json`, `run.json` and the frames as Parquet.

    Attributes
    ----------
    name, timezone, currency : str
        The home's name, its zone, whose clock the page shows, and the ISO 4217 code of its money or an empty string.
    go : callable
        Opens another part of the page by its name; the page sets it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        home = _json(folder / "home.json")
        settings = home["settings"]
        self.name = str(settings.get("home_id", "home"))
        self.timezone = str(settings.get("timezone", "UTC"))
        self.currency = str(settings.get("currency") or "")
        self.notes: list[str] = home["notes"]
        self.run = _json(folder / "run.json")
        self.go: Callable[[str], None] = lambda _: None
        self._frames: dict[str, pd.DataFrame] = {}

    def frame(self, name: str, **equal: Any) -> pd.DataFrame:
        """Return a frame of the run folder, or its rows in which the named columns have these values.

        A frame that the folder lacks has neither rows nor columns.
        """
        if name not in self._frames:
            path = self.folder / f"{name}.parquet"
            self._frames[name] = pd.read_parquet(path) if path.exists() else pd.DataFrame()
        frame = self._frames[name]
        for column, value in equal.items():
            frame = frame if frame.empty else frame[frame[column] == value]
        return frame

    def row(self, name: str, **equal: Any) -> dict[str, Any]:
        """Return the first of these rows by column, empty where there is none."""
        return next(iter(self.frame(name, **equal).iloc[:1].to_dict("records")), {})

    def text(self, name: str) -> str:
        """Return a text of the week's start page, so that both tell the same; empty where it has none."""
        return self._texts.get(name, "")

    @cached_property
    def _texts(self) -> dict[str, str]:
        path = self.folder / "texts.json"
        return _json(path) if path.exists() else {}

    @cached_property
    def devices(self) -> list[str]:
        """The devices that are forecast, the household first and `other` last."""
        ends, week = {HOUSEHOLD: -1, OTHER: 1}, self.frame("week")
        return sorted(week["device_id"] if len(week) else [], key=lambda name: (ends.get(name, 0), name))

    @cached_property
    def all_devices(self) -> list[str]:
        """All of the home's devices: their order gives them their colours, as on the pages of the report."""
        devices = self.frame("devices")
        return [*(devices["device_id"] if len(devices) else []), *self.devices]

    @cached_property
    def colours(self) -> dict[str, str]:
        """A colour for each device."""
        return colours(self.all_devices)

    def local(self, stamps: pd.Series | pd.Index) -> pd.DatetimeIndex:
        """Return UTC stamps as the home's clock times."""
        return local(pd.DatetimeIndex(stamps), self.timezone)


def open_report(folder: str | Path = "") -> Week | None:
    """Open the run folder to show, None where there is none.

    Parameters
    ----------
    folder : str or Path
        A run folder; empty is the one that `INFLUX_RUN` names, else `reports/latest`.
    """
    path = find(str(folder) or os.environ.get("INFLUX_RUN", "") or "reports/latest")
    return Week(path.resolve()) if _is_run(path) else None


def homes(week: Week) -> dict[str, Path]:
    """Return this run folder and the newest one of each other home whose reports lie beside it, by the homes' names.

    Weeks lie in `reports` itself, or in a folder a home below it; each has a `latest`. Nothing above is looked at.
    """
    folders = {week.name: week.folder}
    for path in sorted(filter(_is_run, week.folder.parent.glob("*/latest"))):
        folders.setdefault(Week(path).name, path.resolve())
    return folders


def _is_run(path: Path) -> bool:
    return (path / "home.json").exists() and (path / "run.json").exists()


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
