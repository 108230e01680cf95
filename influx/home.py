"""A home as its own files tell it: `load` reads a folder, and what comes out is all that later steps ever see.

Every row of every file is accounted for: used, rejected with a reason, or after the as-of time. What was assumed,
what is lacking and what was mended is said in plain sentences (`Home.notes`), so that the report can say it too.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from influx import account, clock, facts, grid, half_hours, hourly, meters, schema, twins, usage
from influx.account import Correction
from influx.errors import InputError
from influx.intake import SETTINGS, File, account_of, before, files_of, joined, one_home, parse_as_of
from influx.naming import with_clean_names
from influx.settings import Role, Settings, read_settings

_KINDS = ("events", "readings", "weather", "prices", "carbon")
_FILES = {"prices": "price_file"}
"""Frames whose file has another name than they, as the run folder holds the prices of the coming hours, too."""
_FRAMES = (
    *("readings", "devices", "weather", "context", "minutes", "flows", "rejected", "account", "corrections", "series"),
    *("prices", "carbon"),
)


@dataclass(frozen=True)
class Home:
    """All that is known of a home. Times are UTC and mark the start of their hour; energy is kWh.

    Attributes
    ----------
    settings : Settings
        home.yaml, or its defaults.
    readings : DataFrame
        `schema.READINGS`: the devices of use; `household` where a meter measures it or it follows from meters; `other`
        where devices explain only a part of it. A complete grid: all devices at all hours of the span.
    devices : DataFrame
        A row a device (`facts.device_table`).
    weather : DataFrame or None
        timestamp, outdoor_temp_celsius, maybe humidity_percent, kind (measured or forecast); hourly.
    context : DataFrame
        timestamp and those of `schema.CONTEXT_COLUMNS` that the data has; no rows where it has none.
    minutes : DataFrame
        device_id, timestamp, duration_minutes: minutes of use in the hour, from events.
    flows : DataFrame
        The meters of solar output, of the grid and of a battery: the columns of readings, and `role`.
    rejected : DataFrame
        file, row, column, value, reason, and kwh, NaN where the energy of the row is not known.
    account : DataFrame
        A row a file: rows_read = rows_used + rows_rejected + rows_after_as_of; `overlaps` are device-hours (of events:
        events) in which a newer file, or a later row, won; kwh_used of kwh_read stands in the hours; first and last
        are its times.
    corrections : DataFrame
        file, device_id, correction, hours, kwh: what the files hold and the hours do not (`account`), each by name.
    series : DataFrame
        device_id, role, hours (known) and kwh of everything that was measured. The kwh of all files are those of the
        series, of rejected rows and of corrections.
    notes : tuple of str
        What a reader of any number from here should know.
    origin : Timestamp
        The first hour to forecast, UTC.
    prices : DataFrame or None
        timestamp (half hours), price_per_kwh [currency/kWh], of the home's price file.
    carbon : DataFrame or None
        timestamp (half hours), carbon_g_per_kwh [g/kWh], kind (measured or forecast).
    """

    settings: Settings
    readings: pd.DataFrame
    devices: pd.DataFrame
    weather: pd.DataFrame | None
    context: pd.DataFrame
    minutes: pd.DataFrame
    flows: pd.DataFrame
    rejected: pd.DataFrame
    account: pd.DataFrame
    corrections: pd.DataFrame
    series: pd.DataFrame
    notes: tuple[str, ...]
    origin: pd.Timestamp
    prices: pd.DataFrame | None = None
    carbon: pd.DataFrame | None = None

    def save(self, folder: Path) -> None:
        """Write a Parquet file a frame into `folder`, and home.json last; each file appears whole or not at all."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in _FRAMES:
            frame, path = getattr(self, name), _path(folder, name)
            if frame is None:
                path.unlink(missing_ok=True)
            else:
                _replace(path, frame.to_parquet(index=False))
        rest = {
            "settings": self.settings.model_dump(mode="json", exclude_unset=True),
            "notes": self.notes,
            "origin": self.origin.isoformat(),
        }
        _replace(folder / "home.json", json.dumps(rest, ensure_ascii=False, indent=1).encode())

    @classmethod
    def open(cls, folder: Path) -> Home:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            The folder holds no saved home.
        """
        folder = Path(folder)
        try:
            rest = json.loads((folder / "home.json").read_text(encoding="utf-8"))
            frames = {name: pd.read_parquet(path) for name in _FRAMES if (path := _path(folder, name)).exists()}
        except (OSError, ValueError) as error:
            raise InputError(
                f"{folder.name}: no saved home can be read from here: {error}. Load the home again."
            ) from error
        return cls(
            settings=Settings.model_validate(rest["settings"]),
            notes=tuple(rest["notes"]),
            origin=pd.Timestamp(rest["origin"]).as_unit("us"),
            **{"weather": None} | frames,
        )


def _path(folder: Path, frame: str) -> Path:
    return folder / f"{_FILES.get(frame, frame)}.parquet"


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


def load(path: str | Path, as_of: str | dt.date | pd.Timestamp | None = None) -> Home:
    """Read a home's folder, or one file of it.

    Parameters
    ----------
    path : str or Path
        A folder with the files that the household exported and, if there is one, home.yaml; or one file (a home.yaml
        beside it counts).
    as_of : str, date or Timestamp, optional
        Only what was known at that time is used. A date is its local midnight; a time without an offset is local.

    Returns
    -------
    Home
        Its `origin` is the as-of time rounded up to the hour, or else the first local midnight after the data.

    Raises
    ------
    InputError
        A file or home.yaml cannot be used, there are several homes, or there is no data before `as_of`.
    """
    path = Path(path)
    settings = read_settings((path if path.is_dir() else path.parent) / SETTINGS)
    moment = parse_as_of(as_of, settings.timezone)
    notes: list[str] = []
    if path.is_file() and settings.model_fields_set:
        notes.append(f"The settings are those of the {SETTINGS} beside {path.name}.")
    files, home_id = one_home(files_of(path, settings, notes), settings)
    settings = settings.model_copy(update={"home_id": home_id, **_currency(files, settings)})
    notes[:0] = settings.told()
    files, settings = with_clean_names(files, settings, notes)
    files = joined(files, settings, notes)
    if moment is not None:
        files = before(files, moment, settings.timezone, notes)
    return _build(files, settings, moment, notes)


def _currency(files: list[File], settings: Settings) -> dict[str, str]:
    """Return the currency that price files name, where home.yaml names none."""
    named = {file.part.currency for file in files if file.part.currency}
    if len(named) > 1:
        raise InputError(f"The price files are in {' and '.join(sorted(named))}. Keep those in the home's currency.")
    return {"currency": named.pop()} if named and not settings.currency else {}


def _build(files: list[File], settings: Settings, moment: pd.Timestamp | None, notes: list[str]) -> Home:
    """Bring the files of one home to hours, and put the home together."""
    events, readings, weather, prices, carbon = (
        [file for file in files if file.part.kind == kind and len(file.frame)] for kind in _KINDS
    )
    shift = grid.phase(settings.timezone, min(file.frame["timestamp"].min() for file in events + readings))
    told = _after(events + readings)
    hours, minutes, uses, overlaps, kwh_used = _hours(events, readings, settings, shift, moment, notes, told)
    roles = _roles(readings)
    series = _series(hours, settings, roles)
    measured = dict(zip(series["device_id"], series["role"], strict=True))
    twins.refuse(hours, measured, _files_of_series(readings))
    copies, alike = twins.repeated(hours, measured, settings)
    notes += twins.told(copies, alike)
    series.loc[series["device_id"].isin(copies), "role"] = "ignore"
    metered = meters.sort_out(hours[~hours["device_id"].isin(copies)], settings, roles)
    notes += metered.notes
    table = schema.check(metered.readings.assign(home_id=settings.home_id), schema.READINGS)[[*schema.READINGS.columns]]
    origin = _origin(table["timestamp"].max() + clock.HOUR, shift, settings.timezone, moment)
    devices = facts.device_table(table, uses, settings, metered.main, set() if uses is None else set(uses["device_id"]))
    absent = [name for name in settings.devices if name not in set(hours["device_id"])]
    if absent:
        notes.append(f"home.yaml names {', '.join(absent)}, of which the files hold nothing.")
    stamps = pd.DatetimeIndex(table["timestamp"].unique()).sort_values()
    context = facts.context_table(uses, stamps)
    now = origin if moment is None else moment
    sky = facts.weather_table(_with_kind(weather, now, notes), shift)
    _tell_lacking(uses, sky, notes)
    return Home(
        settings=settings,
        readings=table.sort_values(["device_id", "timestamp"], ignore_index=True),
        devices=devices.sort_values("device_id", ignore_index=True),
        weather=sky,
        context=context,
        minutes=_of_use(minutes, metered.main, devices),
        flows=metered.flows.assign(home_id=settings.home_id),
        rejected=pd.concat([file.part.rejected for file in files], ignore_index=True),
        account=account_of(files, overlaps, kwh_used),
        corrections=account.table(told),
        series=series,
        notes=tuple(notes),
        origin=origin,
        prices=half_hours.of_files([file.frame for file in prices], "price_per_kwh", shift),
        carbon=half_hours.of_files(_with_kind(carbon, now, notes), "carbon_g_per_kwh", shift),
    )


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
        of_events, minutes, uses = usage.events_to_hours(
            [f.frame for f in events], [f.name for f in events], settings, shift, cut
        )
        parts.append((events, of_events))
    if readings:
        frames, names = [file.frame for file in readings], [file.name for file in readings]
        parts.append(
            (readings, hourly.readings_to_hours(frames, names, shift, settings.timezone, settings.complete_hour))
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
            told.append(Correction("", str(device), account.READINGS, len(rows), float(rows["energy_kwh"].sum())))
    if hours.empty:
        raise InputError("The files hold no hour whose energy is known. Is the energy column filled in?")
    return grid.complete(hours[~twice]), minutes, uses, overlaps, kwh_used


def _after(files: list[File]) -> list[Correction]:
    """Return the energy of whole rows after the as-of time."""
    return [Correction(file.name, "", account.AFTER, file.after, file.kwh_after) for file in files if file.after]


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
    found = [meters.role_of(str(name), settings, said) for name in sums["device_id"]]
    return sums.assign(role=pd.Series(found, dtype="str"))[["device_id", "role", "hours", "kwh"]]


def _of_use(minutes: pd.DataFrame, main: str | None, devices: pd.DataFrame) -> pd.DataFrame:
    """Return the minutes of use of the devices that are in the readings, under the names that they have there."""
    named = minutes.assign(device_id=minutes["device_id"].where(minutes["device_id"] != main, schema.HOUSEHOLD))
    return named[named["device_id"].isin(devices["device_id"])].reset_index(drop=True)


def _origin(end: pd.Timestamp, shift: pd.Timedelta, timezone: str, moment: pd.Timestamp | None) -> pd.Timestamp:
    first = clock.midnight_at_or_after(end, timezone) if moment is None else moment
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


def _tell_lacking(uses: pd.DataFrame | None, sky: pd.DataFrame | None, notes: list[str]) -> None:
    there = set() if uses is None else set(uses)
    there |= set() if sky is None else set(sky)
    lacking = [
        name for name in schema.EVENT_COLUMNS if name not in {*there, "device_id", "timestamp", "power_consumption_kwh"}
    ]
    if lacking:
        notes.append(f"The data has no {', '.join(lacking)}: what is built on them is left out.")
