"""A home as its own files show it: `load` reads a folder, and what comes out is all that later steps ever see.

Every row of every file is accounted for: used, rejected with a reason, or after the as-of time. What was assumed,
what is lacking and what was mended stands in plain sentences (`Home.notes`), so that the report can show it too.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import os
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import pandas as pd

from influx.core import local_time
from influx.core.errors import InputError
from influx.core.fingerprint import fingerprint
from influx.core.home_yaml import read_settings
from influx.core.sanitize import legible
from influx.core.settings import Settings
from influx.home import home_assistant_energy, household_balance, metadata, meter_roles, source_files, unique_names
from influx.home.audit import Audit
from influx.home.hours import to_hours
from influx.home.plausibility import refuse_implausible

_FILES = {"prices": "price_file"}
"""Frames whose file has another name than they, as the run folder holds the prices of the coming hours, too."""
_FRAMES = (
    *("readings", "devices", "weather", "context", "minutes", "flows", "rejected", "reconciliation", "corrections"),
    *("series", "prices", "carbon"),
)
_MOST_NOTES = 3


@dataclass(frozen=True, repr=False)
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
        A row a device (`metadata.device_table`).
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
    reconciliation : DataFrame
        A row a file: rows_read = rows_used + rows_rejected + rows_after_as_of; `overlaps` are device-hours (of events:
        events) in which a newer file, or a later row, won; kwh_used of kwh_read stands in the hours; first and last
        are its times.
    corrections : DataFrame
        file, device_id, correction, hours, kwh: what the files hold and the hours do not, each by name.
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
    reconciliation: pd.DataFrame
    corrections: pd.DataFrame
    series: pd.DataFrame
    notes: tuple[str, ...]
    origin: pd.Timestamp
    prices: pd.DataFrame | None = None
    carbon: pd.DataFrame | None = None

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that is known of the home: two homes with the same one have the same numbers."""
        return fingerprint({field.name: getattr(self, field.name) for field in fields(self)})

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

    def __repr__(self) -> str:
        return "\n".join(f"{heading:<10} {text}" for heading, text in self._summary())

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{html.escape(h)}</th><td>{html.escape(t)}</td></tr>" for h, t in self._summary())
        return f"<table>{rows}</table>"

    def _summary(self) -> list[tuple[str, str]]:
        """Return what a person who opens the home wants to know first, in about ten lines."""
        files, zone = self.reconciliation, self.settings.timezone
        read, lost = int(files["rows_used"].sum()), len(self.rejected)
        unread = sum(note.startswith("Not read: ") for note in self.notes)
        last = self.readings["timestamp"].max() + local_time.HOUR
        span = local_time.local(pd.DatetimeIndex([self.readings["timestamp"].min(), last, self.origin]), zone)
        used = self.devices.sort_values("kwh", ascending=False)
        more = f" and {len(self.notes) - _MOST_NOTES} more, in .notes" if len(self.notes) > _MOST_NOTES else ""
        lines = [
            ("home", self.settings.home_id),
            ("files", ", ".join(f"{file} ({form})" for file, form in zip(files["file"], files["format"], strict=True))),
            ("read", f"{read:,} rows, {files['kwh_used'].sum():,.1f} kWh"),
            (
                "not read",
                f"{lost:,} rows rejected, {files['rows_after_as_of'].sum():,} after the as-of time; {unread} files",
            ),
            (
                "devices",
                ", ".join(f"{d} ({kwh:,.1f} kWh)" for d, kwh in zip(used["device_id"], used["kwh"], strict=True)),
            ),
            ("flows", ", ".join(self.flows["device_id"].unique()) or "none"),
            ("span", f"{span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M} ({zone})"),
            ("unknown", f"{self.readings['energy_kwh'].isna().mean():.1%} of the hours"),
            ("origin", f"{span[2]:%Y-%m-%d %H:%M}, the first hour to forecast"),
            ("notes", " ".join(self.notes[:_MOST_NOTES]) + more),
        ]
        return [(heading, legible(text)) for heading, text in lines]

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

    Examples
    --------
    >>> home = load("data/sample")
    >>> sorted(home.readings.columns)
    ['device_id', 'energy_kwh', 'home_id', 'quality', 'timestamp']
    """
    path, audit = Path(path), Audit()
    settings = read_settings((path if path.is_dir() else path.parent) / source_files.SETTINGS)
    moment = source_files.parse_as_of(as_of, settings.timezone)
    files, settings = source_files.parse(path, settings, audit)
    files, settings = home_assistant_energy.with_roles_of_page(path, files, settings, audit)
    files, settings = unique_names.with_clean_names(files, settings, audit)
    files = source_files.known_at(files, moment, settings.timezone, audit)
    hours = to_hours(files, settings, moment, audit)
    series, containers = meter_roles.decide(hours.energy, files, settings, audit)
    refuse_implausible(hours.energy, series, files, settings, audit)
    balance = household_balance.balance(hours.energy, series, containers, settings.home_id, audit)
    return Home(
        settings=settings,
        readings=balance.readings,
        flows=balance.flows,
        series=series,
        origin=hours.origin,
        **metadata.describe(files, hours, balance, settings, audit),
        rejected=pd.concat([file.part.rejected for file in files], ignore_index=True),
        reconciliation=audit.reconciliation(files),
        corrections=audit.corrections(),
        notes=(*settings.default_notes(), *audit.notes),
    )


def unexplained_kwh(home: Home) -> float:
    """Return the energy of the files that is neither in the series, nor rejected, nor corrected [kWh]: zero."""
    read = home.reconciliation["kwh_read"].sum()
    known = home.series["kwh"].sum() + home.reconciliation["kwh_rejected"].sum() + home.corrections["kwh"].sum()
    return float(read - known)
