"""The rows of a home's files as energy by device and hour: events and readings, on one complete grid."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from influx.core import local_time
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.home.audit import READINGS, Audit, SourceFile
from influx.home.events import events_to_hours
from influx.home.resample import readings_to_hours

_MOST_CELLS = 60_000_000


@dataclass(frozen=True)
class Hours:
    """Energy by device and hour, and what of events remains beside it.

    `energy` is a complete grid of device_id, timestamp, energy_kwh and quality; `minutes` has device_id, timestamp and
    duration_minutes, for the hours of use; `events` are those that count, None without any. Hours begin `shift` after a
    full UTC hour (30 min in India); `origin` is the first to forecast. What is known was known at `now`.
    """

    energy: pd.DataFrame
    minutes: pd.DataFrame
    events: pd.DataFrame | None
    shift: pd.Timedelta
    origin: pd.Timestamp
    now: pd.Timestamp


def to_hours(files: list[SourceFile], settings: Settings, moment: pd.Timestamp | None, audit: Audit) -> Hours:
    """Bring events and readings, oldest file first, to hours; where a device has both in an hour, its readings count.

    `moment` is the as-of time, UTC. Raises an InputError where no hour's energy is known.
    """
    events, readings = (
        {file.name: file.frame for file in files if file.part.kind == kind and len(file.frame)}
        for kind in ("events", "readings")
    )
    first = min(frame["timestamp"].min() for frame in [*events.values(), *readings.values()])
    shift = -pd.Timedelta(first.tz_convert(settings.timezone).utcoffset()) % local_time.HOUR
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
        audit.note("events and readings", count=len(twice), kwh=twice["energy_kwh"].sum())
    if hours.empty:
        raise InputError("The files hold no hour whose energy is known. Is the energy column filled in?")
    end = hours["timestamp"].max() + local_time.HOUR
    now = local_time.midnight_at_or_after(end, settings.timezone) if moment is None else moment
    origin = ((now - shift).ceil("h") + shift).as_unit("us")
    minutes = minutes.astype({"device_id": "str", "timestamp": "datetime64[us, UTC]"})
    grid = complete(hours.drop(index=twice.index))
    return Hours(grid, minutes, uses, shift, origin, origin if moment is None else moment)


def complete(hours: pd.DataFrame) -> pd.DataFrame:
    """Return the hours of all devices from the first to the last known one; those not known are NaN, "missing"."""
    stamps = pd.date_range(hours["timestamp"].min(), hours["timestamp"].max(), freq="h", unit="us")
    names = sorted(hours["device_id"].unique())
    if len(names) * len(stamps) > _MOST_CELLS:
        raise InputError(
            f"{len(names)} devices over {len(stamps)} hours are too many to hold. Is device_id the right column?"
        )
    grid = pd.MultiIndex.from_product([names, stamps], names=["device_id", "timestamp"])
    table = hours.set_index(["device_id", "timestamp"])[["energy_kwh", "quality"]].reindex(grid).reset_index()
    return table.fillna({"quality": "missing"}).astype({"device_id": "str", "quality": "str"})
