"""Hours of use from events: which hours the files speak for, and that a device without an event in them was not used.

A file of events speaks for the time from its first start to its last end. Time that no file speaks for is unknown,
except for pauses of less than a day between two files, such as the night between two weekly exports.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core import local_time
from influx.core.settings import Device, Settings
from influx.home import reconciliation
from influx.home.reconciliation import Correction
from influx.home.time_grid import Hours, spread_events

PAUSE = pd.Timedelta(days=1)
"""Longest time between two files' events that still counts as time without use."""

QUIET = pd.Timedelta(days=7)
"""Time without any event, inside a file, that is told in a note."""


def events_to_hours(
    files: list[pd.DataFrame],
    names: list[str],
    settings: Settings,
    shift: pd.Timedelta,
    cut: pd.Timestamp | None = None,
) -> tuple[Hours, pd.DataFrame, pd.DataFrame]:
    """Bring the events of all files to hours.

    Parameters
    ----------
    files : list of DataFrame
        Oldest first; `device_id`, `timestamp` (UTC start), `duration_minutes`, `power_consumption_kwh` and others.
    names : list of str
        The files' names, for the notes.
    shift : Timedelta
        How far after a full UTC hour the hours begin (`grid.phase`).
    cut : Timestamp, optional
        A full hour from which on nothing is known.

    Returns
    -------
    hours : Hours
        Every device at every hour that the files speak for. `overlaps` are the events that stand in a newer file too.
    minutes : DataFrame
        `device_id`, `timestamp`, `duration_minutes`, for the hours of use.
    events : DataFrame
        The events that count, each once.
    """
    notes: list[str] = []
    told: list[Correction] = []
    events, overlaps = _once(files, names, notes, told)
    ends = events["timestamp"] + pd.to_timedelta(events["duration_minutes"], unit="min")
    spans = _spans(events.assign(end=ends), shift, cut, notes)
    use = spread_events(
        pd.DatetimeIndex(events["timestamp"]),
        events["duration_minutes"].to_numpy(),
        events["power_consumption_kwh"].to_numpy(),
        events["device_id"].to_numpy(),
        shift,
    )
    if cut is not None and (late := use["timestamp"] >= cut).any():
        notes.append(
            "Uses that last beyond the as-of time are cut off there; "
            f"{use.loc[late, 'energy_kwh'].sum():.3g} kWh lie after it."
        )
        use = use[~late]
    hours = _with_zeros(use, spans, settings, sorted(events["device_id"].unique()), notes)
    before = _kwh_before(events, cut)
    used = before.groupby(events["file"]).sum().reindex(range(len(files)), fill_value=0.0)
    told += _corrections(events.assign(kwh=events["power_consumption_kwh"] - before), names, reconciliation.AFTER)
    whole = Hours(hours, overlaps, used.tolist(), notes, told)
    return whole, use[["device_id", "timestamp", "duration_minutes"]], events


def _corrections(events: pd.DataFrame, names: list[str], words: str) -> list[Correction]:
    """Return the energy `kwh` of events that the hours do not hold, as corrections."""
    lost = events[events["kwh"] > 0]
    return [
        Correction(names[int(number)], str(device), words, len(rows), float(rows["kwh"].sum()))
        for (number, device), rows in lost.groupby(["file", "device_id"])
    ]


def _once(
    files: list[pd.DataFrame], names: list[str], notes: list[str], told: list[Correction]
) -> tuple[pd.DataFrame, list[int]]:
    """Return all events, those of several files from the newest, and the number of events that each file lost."""
    events = pd.concat([frame.assign(file=number) for number, frame in enumerate(files)], ignore_index=True)
    same = ["device_id", "timestamp"]
    whole = [*same, "duration_minutes", "power_consumption_kwh"]
    newest = events.groupby(same)["file"].transform("max")
    repeated = events.duplicated([*whole, "file"], keep="last")
    for number, count in events.loc[repeated, "file"].value_counts().items():
        notes.append(
            f"{names[int(number)]}: {count} events stand twice, start, duration and energy alike, and count once."
        )
    older = events["file"] < newest
    for number, count in events.loc[older, "file"].value_counts().items():
        notes.append(f"{names[int(number)]}: {count} events stand in a newer file too, which counts.")
    gone = older | repeated
    kwh = events.assign(kwh=events["power_consumption_kwh"])
    told += _corrections(kwh[older], names, reconciliation.NEWER) + _corrections(
        kwh[repeated & ~older], names, reconciliation.REPEATED
    )
    lost = events.loc[gone, "file"].value_counts()
    return events[~gone].sort_values("timestamp", kind="stable", ignore_index=True), [
        int(lost.get(n, 0)) for n in range(len(files))
    ]


def _spans(
    events: pd.DataFrame, shift: pd.Timedelta, cut: pd.Timestamp | None, notes: list[str]
) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the times that the files speak for, as (first hour, hour after the last)."""
    by_file = events.groupby("file").agg(first=("timestamp", "min"), end=("end", "max")).sort_values("first")
    spans: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for first, end in by_file.itertuples(index=False):
        first, end = (first - shift).floor("h") + shift, (end - shift).ceil("h") + shift
        end = end if cut is None else min(end, cut)
        if spans and first - spans[-1][1] <= PAUSE:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif end > first:
            if spans:
                notes.append(
                    f"No file of events speaks for {_day(spans[-1][1])} to {_day(first)} (UTC): use is unknown."
                )
            spans.append((first, end))
    ends = events["end"].cummax()
    quiet = events["timestamp"] - ends.shift()
    for row in np.flatnonzero(quiet > QUIET):
        start, end = ends.iloc[row - 1], events["timestamp"].iloc[row]
        if any(a <= start and end <= b for a, b in spans):
            notes.append(f"There is no event at all from {_day(start)} to {_day(end)} (UTC): nothing counts as used.")
    return spans


def _day(stamp: pd.Timestamp) -> str:
    return f"{stamp:%Y-%m-%d %H:%M}"


def _with_zeros(
    use: pd.DataFrame,
    spans: list[tuple[pd.Timestamp, pd.Timestamp]],
    settings: Settings,
    devices: list[str],
    notes: list[str],
) -> pd.DataFrame:
    """Add the hours without use; leave out those in which a device was not in the home yet, or no longer."""
    if not spans:
        return use.iloc[:0, :3].assign(quality="")
    ranges = [pd.date_range(start, end, freq="h", inclusive="left", unit="us") for start, end in spans]
    stamps = ranges[0].append(ranges[1:])
    parts = [use[["device_id", "timestamp", "energy_kwh"]]]
    for name in devices:
        own = use.loc[use["device_id"] == name, "timestamp"]
        there = _in_home(stamps, settings.devices.get(name, Device()), settings.timezone)
        outside = own.isin(stamps[~there]).sum()
        if outside:
            notes.append(
                f"{name} has {outside} hours of use outside its `since` and `until` in home.yaml; they are kept."
            )
        free = stamps[there & ~stamps.isin(own)]
        parts.append(
            pd.DataFrame(
                {
                    "device_id": pd.Series(name, index=range(len(free)), dtype="str"),
                    "timestamp": free,
                    "energy_kwh": 0.0,
                }
            )
        )
    return pd.concat(parts).assign(quality="measured").sort_values(["device_id", "timestamp"], ignore_index=True)


def _in_home(stamps: pd.DatetimeIndex, device: Device, timezone: str) -> np.ndarray:
    days = local_time.local(stamps, timezone).normalize()
    there = np.ones(len(stamps), bool)
    if device.since is not None:
        there &= np.asarray(days >= pd.Timestamp(device.since))
    if device.until is not None:
        there &= np.asarray(days <= pd.Timestamp(device.until))
    return there


def _kwh_before(events: pd.DataFrame, cut: pd.Timestamp | None) -> pd.Series:
    """Return the energy of each event that was used before `cut` [kWh]."""
    if cut is None:
        return events["power_consumption_kwh"]
    minutes = (cut - events["timestamp"]).dt.total_seconds() / 60
    return events["power_consumption_kwh"] * (minutes / events["duration_minutes"]).clip(0, 1)
