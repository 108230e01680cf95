"""The rows of a home's files as energy by device and hour: events and readings, on one complete grid."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from influx.core import local_time
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.home import time_grid
from influx.home.audit import READINGS, Audit, SourceFile
from influx.home.events import events_to_hours
from influx.home.resample import readings_to_hours


@dataclass(frozen=True)
class Hours:
    """Energy by device and hour, and what of events remains beside it.

    `energy` is a complete grid of device_id, timestamp, energy_kwh and quality; `minutes` has device_id, timestamp and
    duration_minutes, for the hours of use; `events` are those that count, None without any. Hours begin `shift` after a
    full UTC hour; `origin` is the first to forecast. What is known was known at `now`.
    """

    energy: pd.DataFrame
    minutes: pd.DataFrame
    events: pd.DataFrame | None
    shift: pd.Timedelta
    origin: pd.Timestamp
    now: pd.Timestamp


def to_hours(files: list[SourceFile], settings: Settings, moment: pd.Timestamp | None, audit: Audit) -> Hours:
    """Bring events and readings to hours; where a device has both in an hour, its readings count.

    Parameters
    ----------
    files : list of SourceFile
        Oldest first.
    moment : Timestamp, optional
        The as-of time, UTC.

    Raises
    ------
    InputError
        No hour's energy is known.
    """
    events, readings = (
        {file.name: file.frame for file in files if file.part.kind == kind and len(file.frame)}
        for kind in ("events", "readings")
    )
    first = min(frame["timestamp"].min() for frame in [*events.values(), *readings.values()])
    shift = time_grid.phase(settings.timezone, first)
    parts, uses = [], None
    minutes = pd.DataFrame({"device_id": "", "timestamp": pd.DatetimeIndex([], tz="UTC"), "duration_minutes": 0.0})
    if events:
        cut = None if moment is None else (moment - shift).floor("h") + shift
        of_events, minutes, uses = events_to_hours(events, settings, shift, cut, audit)
        parts.append(of_events)
    if readings:
        parts.append(readings_to_hours(readings, settings, shift, audit))
    hours = pd.concat(parts, ignore_index=True)
    twice = hours[hours.duplicated(["device_id", "timestamp"], keep="last")]
    audit.correct(READINGS, twice)
    if len(twice):
        audit.note(
            f"{len(twice)} device-hours are known from events and from readings; the readings count "
            f"({twice['energy_kwh'].sum():.3g} kWh of events are set aside)."
        )
    if hours.empty:
        raise InputError("The files hold no hour whose energy is known. Is the energy column filled in?")
    end = hours["timestamp"].max() + local_time.HOUR
    now = local_time.midnight_at_or_after(end, settings.timezone) if moment is None else moment
    origin = ((now - shift).ceil("h") + shift).as_unit("us")
    minutes = minutes.astype({"device_id": "str", "timestamp": "datetime64[us, UTC]"})
    grid = time_grid.complete(hours.drop(index=twice.index))
    return Hours(grid, minutes, uses, shift, origin, origin if moment is None else moment)
