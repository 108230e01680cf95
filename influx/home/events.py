"""Hours of use from events: which hours the files cover, and that a device without an event in them was not used.

An event's energy flows evenly over its duration. A file of events covers the time from its first start to its last
end. Time that no file covers is unknown, except for pauses of less than a day between two files, such as the night
between two weekly exports.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from influx.core import local_time
from influx.core.settings import Device, Settings
from influx.home.audit import AFTER, NEWER, REPEATED, Audit
from influx.home.time_grid import cut_at_hours

PAUSE = pd.Timedelta(days=1)
"""Longest time between two files' events that still counts as time without use."""

QUIET = pd.Timedelta(days=7)
"""Time without any event, inside a file, that is noted."""

_KWH = "power_consumption_kwh"
_Spans = list[tuple[pd.Timestamp, pd.Timestamp]]


def events_to_hours(
    files: Mapping[str, pd.DataFrame], settings: Settings, shift: pd.Timedelta, cut: pd.Timestamp | None, audit: Audit
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Bring the events of all files, by name and oldest first, to hours; nothing is known from the full hour `cut` on.

    Return device_id, timestamp, energy_kwh and quality of all devices at all hours that the files cover; the
    `duration_minutes` of the hours of use; and the events that count, each once, in order of time.
    """
    events = _without_repeats(files, audit)
    used = events[_KWH]
    if cut is not None:
        minutes = (cut - events["timestamp"]) / pd.Timedelta(minutes=1)
        used = used * (minutes / events["duration_minutes"]).clip(0, 1)
    audit.kwh_used |= {str(f): float(kwh) for f, kwh in used.groupby(events["file"], observed=False).sum().items()}
    after = events.assign(energy_kwh=events[_KWH] - used)
    audit.correct(AFTER, after[after["energy_kwh"] > 0])
    use = spread_events(events, shift)
    spans = _spans(events, shift, cut, audit)
    if cut is not None and (late := use["timestamp"] >= cut).any():
        audit.note("events beyond", kwh=use.loc[late, "energy_kwh"].sum())
        use = use[~late]
    hours = _with_hours_without_use(use, sorted(events["device_id"].unique()), spans, settings, audit)
    return hours, use[["device_id", "timestamp", "duration_minutes"]], events


def spread_events(events: pd.DataFrame, shift: pd.Timedelta) -> pd.DataFrame:
    """Spread each event's energy evenly over its duration, and add up what falls into an hour.

    Return `device_id`, `timestamp` (UTC start of the hour), `energy_kwh` and `duration_minutes` (of use, at most 60), a
    row for each hour that an event touches. Each device's energy is that of its events.
    """
    pieces = cut_at_hours(events["timestamp"], events["duration_minutes"], shift)
    whole = events[["device_id", _KWH]].iloc[pieces["interval"]].reset_index(drop=True)
    pieces = pieces.assign(device_id=whole["device_id"].astype("str"), energy_kwh=whole[_KWH] * pieces["share"])
    use = pieces.groupby(["device_id", "timestamp"], as_index=False)[["energy_kwh", "minutes"]].sum()
    return use.assign(minutes=use["minutes"].clip(upper=60.0)).rename(columns={"minutes": "duration_minutes"})


def _without_repeats(files: Mapping[str, pd.DataFrame], audit: Audit) -> pd.DataFrame:
    """Return all events in order of time, those of several files from the newest, and those of one file once."""
    events = pd.concat(files.values(), ignore_index=True)
    order = np.repeat(np.arange(len(files)), [len(frame) for frame in files.values()])
    events["file"] = pd.Categorical.from_codes(order, list(files))
    start = ["device_id", "timestamp"]
    older = pd.Series(order).groupby([events[name] for name in start]).transform("max") > order
    repeated = events.duplicated([*start, "duration_minutes", _KWH, "file"], keep="last")
    for lost, note in ((repeated, "repeated events"), (older, "newer events")):
        for file, count in events.loc[lost, "file"].astype("str").value_counts().items():
            audit.note(note, file=file, count=count)
    for lost, correction in ((older, NEWER), (repeated & ~older, REPEATED)):
        audit.correct(correction, events[lost & (events[_KWH] > 0)], _KWH)
        audit.overlaps.update(events.loc[lost, "file"].astype("str"))
    return events[~older & ~repeated].sort_values("timestamp", kind="stable", ignore_index=True)


def _spans(events: pd.DataFrame, shift: pd.Timedelta, cut: pd.Timestamp | None, audit: Audit) -> _Spans:
    """Return the times that the files cover, as (first hour, hour after the last)."""
    events = events.assign(end=events["timestamp"] + pd.to_timedelta(events["duration_minutes"], unit="min"))
    by_file = events.groupby("file", observed=True).agg(first=("timestamp", "min"), end=("end", "max"))
    spans: _Spans = []
    for first, end in by_file.sort_values("first").itertuples(index=False):
        first, end = (first - shift).floor("h") + shift, (end - shift).ceil("h") + shift
        end = end if cut is None else min(end, cut)
        if spans and first - spans[-1][1] <= PAUSE:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif end > first:
            if spans:
                audit.note("uncovered", begin=spans[-1][1], end=first)
            spans.append((first, end))
    quiet = pd.DataFrame({"start": events["end"].cummax().shift(), "end": events["timestamp"]})
    for start, end in quiet[quiet["end"] - quiet["start"] > QUIET].itertuples(index=False):
        if any(first <= start and end <= last for first, last in spans):
            audit.note("quiet", begin=start, end=end)
    return spans


def _with_hours_without_use(
    use: pd.DataFrame, devices: list[str], spans: _Spans, settings: Settings, audit: Audit
) -> pd.DataFrame:
    """Add the hours without use; leave out those in which a device was not in the home yet, or no longer."""
    stamps = pd.DatetimeIndex([], tz="UTC").as_unit("us")
    for start, end in spans:
        stamps = stamps.append(pd.date_range(start, end, freq="h", inclusive="left", unit="us"))
    days = local_time.local(stamps, settings.timezone).normalize()
    parts = [use[["device_id", "timestamp", "energy_kwh"]]]
    for name in devices:
        hours = use.loc[use["device_id"] == name, "timestamp"]
        device = settings.devices.get(name, Device())
        first, last = pd.Timestamp(device.since or pd.Timestamp.min), pd.Timestamp(device.until or pd.Timestamp.max)
        in_home = (days >= first) & (days <= last)
        if outside := hours.isin(stamps[~in_home]).sum():
            audit.note("outside", name=name, count=outside)
        idle = stamps[in_home & ~stamps.isin(hours)]
        parts.append(pd.DataFrame({"device_id": name, "timestamp": idle, "energy_kwh": 0.0}))
    table = pd.concat(parts).sort_values(["device_id", "timestamp"], ignore_index=True)
    return table.astype({"device_id": "str"}).assign(quality="measured")
