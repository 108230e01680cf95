"""The accuracy protocol: which weeks are forecast, from what, and which of them are scored.

An origin is the first hour of a forecast week. The last one lies a week before the end of its set, the others 28 days
apart before it; what is known is at most a year of hours before the origin. A device takes part at an origin where the
week after it has a known hour and the history has weekly changes: their mean size, the error of repeating last week, is
what losses are divided by (Hyndman and Koehler 2006). The same goes for every method.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.registry import Options, Skipped
from influx.core.schema import as_readings, as_weather

WEEK = 168
HOUR = pd.Timedelta(hours=1)
HISTORY = pd.Timedelta(days=365)

TIMEZONES = {"opsd_devices": "Europe/Berlin", "london_a": "Europe/London"}
"""Where the homes of the known sets are; uci_house keeps its own clock, written as UTC."""


@dataclass(frozen=True)
class Readings:
    """A set: the hours of its devices, a column (home_id, device_id) each [kWh], and its weather where it has one."""

    name: str
    timezone: str
    hours: pd.DataFrame
    weather: pd.DataFrame | None = None


@dataclass(frozen=True)
class Case:
    """One origin of a set.

    Attributes
    ----------
    name : str
        Of the set.
    origin : Timestamp
        The first hour to forecast, UTC.
    timezone : str
    history, truth : DataFrame
        Complete UTC hours before the origin and from it on; a column (home_id, device_id) each [kWh, NaN = unknown].
    naive_error : Series
        Mean absolute weekly change of each column's history [kWh].
    """

    name: str
    origin: pd.Timestamp
    timezone: str
    history: pd.DataFrame
    truth: pd.DataFrame
    naive_error: pd.Series

    @property
    def key(self) -> str:
        """The name that tells it from all other cases."""
        return f"{self.name} {self.origin:%Y-%m-%dT%H}"

    def home(self, home_id: str) -> pd.DataFrame:
        """Return the history of one home as readings, up to the hour before the origin."""
        long = self.history[home_id].melt(var_name="device_id", value_name="energy_kwh", ignore_index=False)
        return long.reset_index().assign(home_id=home_id)


def read_sets(options: Options) -> list[Readings]:
    """Read every set of the folder that the options name.

    Raises
    ------
    Skipped
        There is none.
    """
    files = [file for file in sorted(options.sets.glob("*.parquet")) if not file.stem.endswith(".weather")]
    if not files:
        raise Skipped("there are no readings frames (*.parquet); name their folder with --readings")
    return [read_set(file, options.timezone) for file in files]


def read_set(file: Path, timezone: str | None = None) -> Readings:
    """Read a readings frame, and the weather frame `NAME.weather.parquet` beside it where there is one."""
    frame = as_readings(pd.read_parquet(file))
    hours = frame.pivot(index="timestamp", columns=["home_id", "device_id"], values="energy_kwh").asfreq("h")
    beside = file.with_suffix(".weather.parquet")
    weather = as_weather(pd.read_parquet(beside)) if beside.exists() else None
    return Readings(file.stem, TIMEZONES.get(file.stem, timezone or "UTC"), hours, weather)


def origins(end: pd.Timestamp, count: int = 5, days_apart: int = 28) -> list[pd.Timestamp]:
    """Return `count` origins in order of time, the last one a week before `end`, the hour after the last one."""
    last = end - WEEK * HOUR
    return [last - pd.Timedelta(days=days_apart * back) for back in range(count - 1, -1, -1)]


def cases(readings: Readings, count: int = 5, days_apart: int = 28) -> Iterator[Case]:
    """Yield the origins of a set at which a device can be scored, with the devices that can."""
    hours = readings.hours
    for origin in origins(hours.index[-1] + HOUR, count, days_apart):
        history = hours[(hours.index < origin) & (hours.index >= origin - HISTORY)]
        truth = hours.reindex(pd.date_range(origin, periods=WEEK, freq="h", name="timestamp"))
        naive = (history - history.shift(WEEK)).abs().mean()
        asked = (naive > 0) & truth.notna().any()
        if asked.any():
            scored = hours.columns[asked]
            yield Case(readings.name, origin, readings.timezone, history[scored], truth[scored], naive[scored])
