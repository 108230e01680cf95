"""`home.yaml` as typed settings: who lives where, at which tariff, with which devices.

Everything is optional but for what a home's own files cannot tell. A default that was taken is noted in a sentence
(`Settings.default_notes`), so that the report can show it. `influx.core.home_yaml` reads the file.
"""

from __future__ import annotations

import datetime as dt
import re
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator

from influx.core.constants import KNOWN_SHARE
from influx.core.errors import InputError
from influx.core.flexible_load_settings import Flexible, Strict
from influx.core.sanitize import clean_name
from influx.core.tariff_settings import Tariff

Words = Annotated[str, AfterValidator(clean_name)]
"""Text that is shown as it is."""

Role = Literal["device", "household", "grid_import", "grid_export", "solar", "battery_in", "battery_out", "ignore"]
"""What a meter measures: one device, the whole home, or one of the flows from which the home's use follows."""

Measures = Literal["energy", "power", "counter"]


class Column(Strict):
    """What a column, or a series of a long table, is."""

    device: str | None = Field(None, description="its name from here on; the column's own where it is not given")
    unit: str | None = Field(None, description="Wh, kWh, MWh, W or kW")
    measures: Measures | None = Field(None, description="energy in an interval, mean power, or a register's state")
    role: Role | None = Field(None, description="what the meter measures; `ignore` leaves the column out")


class File(Strict):
    """How to read a file; everything overrules what its format or its data says."""

    ignore: bool = Field(False, description="whether the file is left alone")
    format: str | None = Field(None, description="the format that reads it, by its id in docs/formats.md")
    timezone: str | None = Field(None, description="whose clock wrote its times: a zone, UTC, or an offset as +01:00")
    date_order: Literal["ymd", "dmy", "mdy"] | None = Field(None, description="the order of a date's parts")
    decimal: Literal[".", ","] | None = Field(None, description="the sign before decimals")
    separator: str | None = Field(None, min_length=1, max_length=1, description="the sign that parts its cells")
    header: Annotated[int, Field(ge=0)] | None = Field(None, description="the line of its header; 0: there is none")
    time: str | list[str] | None = Field(None, description="the column of its times, or those of date and clock")
    device: str | None = Field(None, description="of a long table, the column of names")
    value: str | None = Field(None, description="of a long table, the column of values; of prices, that of the price")
    unit: str | None = Field(None, description="of all its values: Wh, kWh, MWh, W or kW; of prices such as ct/kWh")
    prices: Literal["import", "export"] | None = Field(
        None, description="it holds what is paid for a kWh; `export`, for one that is fed in, is left aside"
    )
    measures: Measures | None = Field(None, description="of all its values: energy, power or counter")
    label: Literal["start", "end"] | None = Field(None, description="which end of its interval a time marks")
    silence: Literal["unknown", "unchanged"] | None = Field(None, description="what a time without a row means")
    columns: dict[str, Column] = Field({}, description="what single columns, or series of a long table, are")

    @field_validator("columns", mode="before")
    @classmethod
    def _names_are_short_for_devices(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                str(name): {"device": column} if isinstance(column, str) else column for name, column in value.items()
            }
        return value


class Device(Strict):
    """What the household knows of one device or meter."""

    role: Role | None = Field(None, description="what it measures; told from its name where it is not given")
    location: Words | None = None
    flexible: bool | Flexible = Field(False, description="whether its use can move, and what it must do and when")
    always_on: bool = Field(False, description="whether it must never be switched off")
    since: dt.date | None = Field(None, description="first local day in the home; before it, its use is unknown")
    until: dt.date | None = Field(None, description="last local day in the home; after it, its use is unknown")
    same_as: str | None = Field(None, description="earlier name of the device; its readings are joined to this one's")
    part_of: str | None = Field(
        None, description="meter that measures this device too, such as its circuit's; that one is no device of its own"
    )
    power_rating_watt: float | None = Field(None, gt=0)
    standby_power_watt: float | None = Field(None, ge=0)

    @field_validator("flexible", mode="before")
    @classmethod
    def _yes_or_how(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return Flexible.model_validate(value)
        if not isinstance(value, bool | Flexible):
            raise ValueError(f"{value!r} is neither true nor false, nor `key: value` lines below it")
        return value

    @model_validator(mode="after")
    def _comes_before_it_goes(self) -> Device:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise ValueError(f"until {self.until} lies before since {self.since}")
        return self


class Absence(Strict):
    """Local days on which nobody is at home."""

    first: dt.date = Field(alias="from", description="first day away")
    last: dt.date = Field(alias="to", description="last day away")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Absence:
        if self.last < self.first:
            raise ValueError(f"to {self.last} lies before from {self.first}")
        return self


class Settings(Strict):
    """All of `home.yaml`."""

    home_id: str = Field("home", min_length=1)
    timezone: str = "UTC"
    country: str | None = Field(None, description="ISO 3166 code, for public holidays")
    currency: Words | None = Field(None, description="ISO 4217 code of every amount of money")
    tariff: Tariff | None = None
    power_limit_kw: float | None = Field(None, gt=0, description="most power that the home may draw at once")
    complete_hour: float = Field(
        KNOWN_SHARE,
        gt=0.5,  # an hour of which half is known is as much a guess as a measurement
        le=1,
        description="share of an hour that its readings must cover; the rest is then scaled up, and marked estimated",
    )
    absences: list[Absence] = Field([], description="days away, past and coming")
    learner: str | None = Field(None, description="dotted path of the stacked regression's scikit-learn regressor")
    learner_settings: dict[str, bool | int | float | str] = Field({}, description="what the learner is made with")
    devices: dict[str, Device] = Field({}, description="what is known of each device")
    files: dict[str, File] = Field({}, description="how to read a file, by its name or a pattern such as *.csv")

    @field_validator("devices")
    @classmethod
    def _names_lead_in_no_circle(cls, devices: dict[str, Device]) -> dict[str, Device]:
        newer: dict[str, str] = {}
        for name, device in devices.items():
            if device.same_as in newer:
                raise ValueError(f"{device.same_as!r} is same_as of both {newer[device.same_as]!r} and {name!r}")
            if device.same_as is not None:
                newer[device.same_as] = name
        for old in newer:
            if _way(old, newer)[1]:
                raise ValueError(f"same_as of {old!r} leads back to itself; name each earlier name once")
        containers = _containers(devices)
        for name in containers:
            way, is_circle = _way(name, containers)
            if is_circle:
                raise ValueError(
                    f"part_of of {name!r} leads back to {way[-1]!r} ({', '.join(way)}); "
                    "name for each the meter that it stands behind"
                )
        return devices

    @field_validator("files")
    @classmethod
    def _clocks_are_known(cls, files: dict[str, File]) -> dict[str, File]:
        for name, file in files.items():
            if file.timezone and not re.fullmatch(r"[+-](?:0\d|1[0-4]):[0-5]\d", file.timezone):
                try:
                    cls._zone(file.timezone)
                except ValueError as error:
                    raise ValueError(
                        f'timezone of {name}: {error}, or an offset in quotes, such as "+01:00"'
                    ) from error
        return files

    def file(self, name: str) -> File:
        """Return what home.yaml says of a file; what stands under its own name comes before what patterns say."""
        names = [pattern for pattern in self.files if pattern != name and fnmatchcase(name, pattern)]
        files = [self.files[key] for key in (*names, name) if key in self.files]
        keys = {key: getattr(file, key) for file in files for key in file.model_fields_set}
        return File.model_construct(**{**dict(File()), **keys}, _fields_set=set(keys))

    def name_of(self, device_id: str) -> str:
        """Return the newest name of a device that was renamed (`same_as`), and any other one as it is."""
        return _newest_name(device_id, self.devices)

    def containers(self) -> dict[str, str]:
        """Return the meter that contains a device, for each that is `part_of` one; both by their newest names."""
        return _containers(self.devices)

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is not a time zone; use an IANA name such as Europe/Madrid") from error
        return name

    @field_validator("country")
    @classmethod
    def _country(cls, code: str | None) -> str | None:
        if code is not None and code not in holidays.list_supported_countries():
            raise ValueError(f"{code!r} is not a country whose holidays are known; use an ISO 3166 code such as ES")
        return code

    def default_notes(self) -> list[str]:
        """Return a sentence for each default that was taken because `home.yaml` does not give it."""
        lacking = {*_DEFAULT_NOTES} - self.model_fields_set
        lacking -= {"currency"} if "tariff" in lacking else set()
        return [note for key, note in _DEFAULT_NOTES.items() if key in lacking]


_DEFAULT_NOTES = {
    "timezone": "No time zone is given: times without an offset are read as UTC, and clock hours are shown in UTC.",
    "country": "No country is given: public holidays are not known and count as ordinary days.",
    "tariff": "No tariff is given: costs are computed only where the data holds a price.",
    "currency": "No currency is given: amounts of money are in the currency of the tariff, shown as \u00a4.",
}


def _way(name: str, steps: dict[str, str]) -> tuple[list[str], bool]:
    """Follow steps from a name to the last one; stop, and tell so, where they lead back to one that was passed."""
    way = [name]
    while (name := steps.get(name, "")) and name not in way:
        way.append(name)
    return ([*way, name], True) if name else (way, False)


def _newest_name(device_id: str, devices: dict[str, Device]) -> str:
    newer = {device.same_as: name for name, device in devices.items() if device.same_as is not None}
    return _way(device_id, newer)[0][-1]


def _containers(devices: dict[str, Device]) -> dict[str, str]:
    """Return the container of each device that has one; what stands below the newest name counts."""
    newest = {name: _newest_name(name, devices) for name in devices}
    part_of = {name: device.part_of for name, device in devices.items() if device.part_of is not None}
    in_order = sorted(part_of, key=lambda name: newest[name] == name)
    return {newest[name]: _newest_name(part_of[name], devices) for name in in_order}


def check_where(timezone: str, country: str | None) -> None:
    """Raise an InputError where a time zone or a country is not known."""
    try:
        Settings(timezone=timezone, country=country)
    except ValidationError as error:
        faults = [str(fault["msg"]).removeprefix("Value error, ") for fault in error.errors()]
        raise InputError("; ".join(faults)) from error
