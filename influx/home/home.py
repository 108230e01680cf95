"""A home as its own files show it: `load` reads a folder, and what comes out is all that later steps ever see.

Every row of every file is accounted for: used, rejected with a reason, or after the as-of time. What was assumed,
what is lacking and what was mended stands in notes (`Home.notes`), so that the report can show it too.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass, fields
from functools import cached_property
from html import escape
from pathlib import Path

import jinja2
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

_FILES = {"prices": "price_file"}  # the run folder's prices are those of the coming hours
_FRAMES = (
    *("readings", "devices", "weather", "context", "minutes", "flows", "rejected", "reconciliation", "corrections"),
    *("series", "prices", "carbon"),
)


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
    devices, context, minutes : DataFrame
        What is known of each device, of the home at an hour, and of use in it (`metadata.describe`).
    flows : DataFrame
        The meters of solar output, of the grid and of a battery: the columns of readings, and `role`.
    rejected : DataFrame
        file, row, column, value, reason, and kwh, NaN where the energy of the row is not known.
    reconciliation, corrections : DataFrame
        What became of each file's rows and energy, and what the files hold and the hours do not (`audit.Audit`).
    series : DataFrame
        device_id, role, hours (known) and kwh of everything that was measured. The kwh of all files are those of the
        series, of rejected rows and of corrections.
    notes : tuple of str
        What a reader of any number from here should know.
    origin : Timestamp
        The first hour to forecast, UTC.
    weather : DataFrame or None
        timestamp, outdoor_temp_celsius, maybe humidity_percent, kind (measured or forecast); hourly.
    prices, carbon : DataFrame or None
        timestamp (half hours) and price_per_kwh [currency/kWh], or carbon_g_per_kwh [g/kWh] and kind.
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
        settings = self.settings.model_dump(mode="json", exclude_unset=True)
        rest = {"settings": settings, "notes": self.notes, "origin": self.origin.isoformat()}
        _replace(folder / "home.json", json.dumps(rest, ensure_ascii=False, indent=1).encode())

    def __repr__(self) -> str:
        return "\n".join(f"{heading:<10} {text}" for heading, text in self._summary())

    def _repr_html_(self) -> str:
        rows = (f"<tr><th>{escape(heading)}</th><td>{escape(text)}</td></tr>" for heading, text in self._summary())
        return f"<table>{''.join(rows)}</table>"

    def _summary(self) -> list[list[str]]:
        """Return what a person who opens the home wants to know first, in about ten lines."""
        times, zone = self.readings["timestamp"], self.settings.timezone
        ends = local_time.local(pd.DatetimeIndex([times.min(), times.max() + local_time.HOUR, self.origin]), zone)
        environment = jinja2.Environment(loader=jinja2.PackageLoader("influx.home"), undefined=jinja2.StrictUndefined)
        lines = environment.get_template("home.j2").render(
            home=self,
            files=self.reconciliation,
            used=self.devices.set_index("device_id")["kwh"].sort_values(ascending=False),
            unread=sum(note.startswith("Not read: ") for note in self.notes),
            ends=ends.strftime("%Y-%m-%d %H:%M"),
            unknown=self.readings["energy_kwh"].isna().mean(),
        )
        return [legible(line).split(": ", 1) for line in lines.splitlines()]

    @classmethod
    def open(cls, folder: Path) -> Home:
        """Read what `save` wrote; raise an InputError where the folder holds no saved home."""
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
