"""The newest run folder as the page sees it: its frames, its clock, its colours. Nothing is computed anew."""

from __future__ import annotations

import datetime as dt
import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from influx.core.constants import HOUSEHOLD, OTHER
from influx.core.paths import find
from influx.dashboard.columns import Columns, read
from influx.report.plot_style import colours

HOUR = np.timedelta64(3600, "s")


class Week:
    """A run folder, read as it is asked for.

    Parameters
    ----------
    folder : Path
        Holds `home.json`, `run.json` and the frames as CSV.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = json.loads((folder / "home.json").read_text(encoding="utf-8"))
        self.settings: dict[str, Any] = kept["settings"]
        self.notes: list[str] = kept["notes"]
        self.run: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        self.zone = ZoneInfo(self.settings.get("timezone", "UTC"))
        self._frames: dict[str, Columns] = {}

    @property
    def name(self) -> str:
        """The home's name, and the week's."""
        return str(self.settings.get("home_id", "home"))

    @property
    def currency(self) -> str:
        """The ISO 4217 code of amounts of money, or an empty string."""
        return str(self.settings.get("currency") or "")

    def frame(self, name: str) -> Columns:
        """Return a frame of the run folder; one that it lacks has no rows."""
        if name not in self._frames:
            self._frames[name] = read(self.folder / f"{name}.csv")
        return self._frames[name]

    @cached_property
    def _words(self) -> dict[str, str]:
        path = self.folder / "texts.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def said(self, name: str) -> str:
        """Return a sentence that the week's start page has said, so that both say the same; empty where it has not."""
        return self._words.get(name, "")

    @cached_property
    def devices(self) -> list[str]:
        """The devices that are forecast, the household first and `other` last."""
        names = sorted(set(self.frame("week").get("device_id", [])))
        ends = {HOUSEHOLD: -1, OTHER: 1}
        return sorted(names, key=lambda name: (ends.get(name, 0), name))

    @cached_property
    def colours(self) -> dict[str, str]:
        """A colour for each device, as on the pages of the report."""
        return colours([*self.frame("devices").get("device_id", []), *self.devices])

    def local(self, stamps: np.ndarray) -> np.ndarray:
        """Return UTC stamps (n,) as the home's clock times; an hour that the clock shows twice shows twice."""
        seconds = stamps.astype("datetime64[s]").astype(np.int64)
        days, place = np.unique(seconds // 3600, return_inverse=True)
        shift = [self.zone.utcoffset(_moment(hour * 3600, self.zone)) for hour in days]
        offset = np.array([0 if one is None else int(one.total_seconds()) for one in shift], dtype="timedelta64[s]")
        return np.asarray(stamps.astype("datetime64[s]") + offset[place])


def _moment(second: int, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.fromtimestamp(int(second), zone)


def newest(folder: str | Path = "") -> Path | None:
    """Return the run folder to show: the one that is named, else `INFLUX_RUN`, else `reports/latest`; None without."""
    path = find(str(folder) or os.environ.get("INFLUX_RUN", "") or "reports/latest")
    return path.resolve() if _is_run(path) else None


def homes(folder: Path) -> dict[str, Path]:
    """Return `folder` and the newest run of each other home whose reports lie in a folder beside it, by their names.

    Weeks lie in `reports` itself, or in a folder a home below it; each has a `latest`. Nothing above is looked at.
    """
    found = {_home(folder): folder}
    for path in sorted(folder.parent.glob("*/latest")):
        if _is_run(path):
            found.setdefault(_home(path), path.resolve())
    return found


def _is_run(path: Path) -> bool:
    return (path / "home.json").exists() and (path / "run.json").exists()


def _home(path: Path) -> str:
    settings = json.loads((path / "home.json").read_text(encoding="utf-8"))["settings"]
    return str(settings.get("home_id", "home"))
