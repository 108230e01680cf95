"""A home put together: its files' rows become hours, meters and devices, each step told.

What the frames hold is said where they are kept, in `influx.home.home.Home`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from influx.core import half_hourly, local_time, schema
from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.home import device_metadata, duplicate_series, household_balance, reconciliation, resample, time_grid
from influx.home.events import events_to_hours
from influx.home.ingest import account_of
from influx.home.reconciliation import Correction
from influx.home.source_file import File

_KINDS = ("events", "readings", "weather", "prices", "carbon")


def frames(files: list[File], settings: Settings, moment: pd.Timestamp | None, notes: list[str]) -> dict[str, Any]:
    """Bring the files of one home to hours; return what `influx.home.home.Home` holds beside settings and notes.

    Parameters
    ----------
    files : list of File
        Of one home, under clean names, without what was not known at `moment`.
    settings : Settings
    moment : Timestamp, optional
        The as-of time, UTC.
    notes : list of str
        Takes a sentence on everything that a reader of the numbers should know.

    Raises
    ------
    InputError
        No hour's energy is known, or one meter stands in two files under two names.
    """
    events, readings, weather, prices, carbon = (
        [file for file in files if file.part.kind == kind and len(file.frame)] for kind in _KINDS
    )
    shift = time_grid.phase(settings.timezone, min(file.frame["timestamp"].min() for file in events + readings))
    told = _after(events + readings)
    hours, minutes, uses, overlaps, kwh_used = _hours(events, readings, settings, shift, moment, notes, told)
    metered, series = _metered(hours, readings, settings, notes)
    table = schema.check(metered.readings.assign(home_id=settings.home_id), schema.READINGS)[[*schema.READINGS.columns]]
    origin = _origin(table["timestamp"].max() + local_time.HOUR, shift, settings.timezone, moment)
    devices = device_metadata.device_table(
        table, uses, settings, metered.main, set() if uses is None else set(uses["device_id"])
    )
    absent = [name for name in settings.devices if name not in set(hours["device_id"])]
    if absent:
        notes.append(f"home.yaml names {', '.join(absent)}, of which the files hold nothing.")
    stamps = pd.DatetimeIndex(table["timestamp"].unique()).sort_values()
    context = device_metadata.context_table(uses, stamps)
    now = origin if moment is None else moment
    sky = device_metadata.weather_table(_with_kind(weather, now, notes), shift)
    notes += device_metadata.lacking(uses, sky)
    return dict(
        readings=table.sort_values(["device_id", "timestamp"], ignore_index=True),
        devices=devices.sort_values("device_id", ignore_index=True),
        weather=sky,
        context=context,
        minutes=_of_use(minutes, metered.main, devices),
        flows=metered.flows.assign(home_id=settings.home_id),
        rejected=pd.concat([file.part.rejected for file in files], ignore_index=True),
        reconciliation=account_of(files, overlaps, kwh_used),
        corrections=reconciliation.table(told),
        series=series,
        origin=origin,
        prices=half_hourly.of_files([file.frame for file in prices], "price_per_kwh", shift),
        carbon=half_hourly.of_files(_with_kind(carbon, now, notes), "carbon_g_per_kwh", shift),
    )


def _metered(
    hours: pd.DataFrame, readings: list[File], settings: Settings, notes: list[str]
) -> tuple[household_balance.Metered, pd.DataFrame]:
    """Return the hours told apart by what they measure, and a row a series; what only counts another one is ignored."""
    roles = _roles(readings)
    series = _series(hours, settings, roles)
    measured = dict(zip(series["device_id"], series["role"], strict=True))
    duplicate_series.refuse(hours, measured, _files_of_series(readings))
    copies, alike = duplicate_series.repeated(hours, measured, settings)
    notes += duplicate_series.told(copies, alike)
    series.loc[series["device_id"].isin(copies), "role"] = "ignore"
    metered = household_balance.sort_out(hours[~hours["device_id"].isin(copies)], settings, roles)
    notes += metered.notes
    return metered, series


def _hours(
    events: list[File],
    readings: list[File],
    settings: Settings,
    shift: pd.Timedelta,
    moment: pd.Timestamp | None,
    notes: list[str],
    told: list[Correction],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None, dict[str, int], dict[str, float]]:
    """Return the complete grid, the minutes of use, the events that count, and overlaps and energy used by file."""
    cut = None if moment is None else (moment - shift).floor("h") + shift
    minutes = pd.DataFrame(
        {"device_id": pd.Series(dtype="str"), "timestamp": pd.DatetimeIndex([], tz="UTC").as_unit("us")}
    )
    minutes, uses, parts = minutes.assign(duration_minutes=0.0), None, []
    if events:
        of_events, minutes, uses = events_to_hours(
            [f.frame for f in events], [f.name for f in events], settings, shift, cut
        )
        parts.append((events, of_events))
    if readings:
        frames, names = [file.frame for file in readings], [file.name for file in readings]
        parts.append(
            (readings, resample.readings_to_hours(frames, names, shift, settings.timezone, settings.complete_hour))
        )
    overlaps = {file.name: count for files, part in parts for file, count in zip(files, part.overlaps, strict=True)}
    kwh_used = {file.name: kwh for files, part in parts for file, kwh in zip(files, part.kwh_used, strict=True)}
    for _, part in parts:
        notes += part.notes
        told += part.corrections
    hours = pd.concat([part.frame for _, part in parts], ignore_index=True)
    twice = hours.duplicated(["device_id", "timestamp"], keep="last")
    if twice.any():
        notes.append(
            f"{twice.sum()} device-hours are known from events and from readings; the readings count "
            f"({hours.loc[twice, 'energy_kwh'].sum():.3g} kWh of events are set aside)."
        )
        for device, rows in hours[twice].groupby("device_id"):
            told.append(
                Correction("", str(device), reconciliation.READINGS, len(rows), float(rows["energy_kwh"].sum()))
            )
    if hours.empty:
        raise InputError("The files hold no hour whose energy is known. Is the energy column filled in?")
    return time_grid.complete(hours[~twice]), minutes, uses, overlaps, kwh_used


def _after(files: list[File]) -> list[Correction]:
    """Return the energy of whole rows after the as-of time."""
    return [Correction(file.name, "", reconciliation.AFTER, file.after, file.kwh_after) for file in files if file.after]


def _roles(files: list[File]) -> dict[str, Role]:
    """Return the roles that the formats of the files give; the newest file's counts."""
    return {name: role for file in files for name, role in file.part.roles.items()}


def _files_of_series(files: list[File]) -> dict[str, set[str]]:
    """Return the names of the files that each series stands in."""
    out: dict[str, set[str]] = {}
    for file in files:
        for name in map(str, file.frame["device_id"].unique()):
            out.setdefault(name, set()).add(file.name)
    return out


def _series(hours: pd.DataFrame, settings: Settings, roles: dict[str, Role]) -> pd.DataFrame:
    """Return what each measured series is, and its energy."""
    sums = hours.groupby("device_id", sort=True)["energy_kwh"].agg(hours="count", kwh="sum").reset_index()
    said = {settings.name_of(name): role for name, role in roles.items()}
    found = [household_balance.role_of(str(name), settings, said) for name in sums["device_id"]]
    return sums.assign(role=pd.Series(found, dtype="str"))[["device_id", "role", "hours", "kwh"]]


def _of_use(minutes: pd.DataFrame, main: str | None, devices: pd.DataFrame) -> pd.DataFrame:
    """Return the minutes of use of the devices that are in the readings, under the names that they have there."""
    named = minutes.assign(device_id=minutes["device_id"].where(minutes["device_id"] != main, schema.HOUSEHOLD))
    return named[named["device_id"].isin(devices["device_id"])].reset_index(drop=True)


def _origin(end: pd.Timestamp, shift: pd.Timedelta, timezone: str, moment: pd.Timestamp | None) -> pd.Timestamp:
    first = local_time.midnight_at_or_after(end, timezone) if moment is None else moment
    return ((first - shift).ceil("h") + shift).as_unit("us")


def _with_kind(files: list[File], now: pd.Timestamp, notes: list[str]) -> list[pd.DataFrame]:
    """Return the rows of weather or carbon; those from `now` on count as a forecast where a file does not say."""
    frames = []
    for file in files:
        frame = file.frame
        if "kind" not in frame:
            ahead = frame["timestamp"] >= now
            frame = frame.assign(kind=ahead.map({True: "forecast", False: "measured"}))
            if ahead.any():
                notes.append(f"{file.name} has no column kind: its hours after the data are taken for a forecast.")
        frames.append(frame)
    return frames
