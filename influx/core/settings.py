"""`home.yaml` as typed settings: who lives where, at which tariff, with which devices.

Everything is optional but for what a home's own files cannot tell. A default that was taken is noted in a sentence
(`Settings.default_notes`), so that the report can say it. `influx.core.home_yaml` reads the file.
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
from influx.core.flexible_load_settings import Flexible
from influx.core.sanitize import clean_name
from influx.core.tariff_settings import Strict as _Strict
from influx.core.tariff_settings import Tariff

Words = Annotated[str, AfterValidator(clean_name)]
"""Text that is shown as it is."""


Role = Literal["device", "household", "grid_import", "grid_export", "solar", "battery_in", "battery_out", "ignore"]
"""What a meter measures: one device, the whole home, or one of the flows from which the home's use follows."""

Measures = Literal["energy", "power", "counter"]


class Column(_Strict):
    """What a column, or a series of a long table, is."""

    device: str | None = Field(None, description="its name from here on; the column's own where it is not given")
    unit: str | None = Field(None, description="Wh, kWh, MWh, W or kW")
    measures: Measures | None = Field(None, description="energy in an interval, mean power, or a register's state")
    role: Role | None = Field(None, description="what the meter measures; `ignore` leaves the column out")


class File(_Strict):
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
    value: str | None = Field(None, description="of a long table, the column of values")
    unit: str | None = Field(None, description="of all its values: Wh, kWh, MWh, W or kW")
    measures: Measures | None = Field(None, description="of all its values: energy, power or counter")
    label: Literal["start", "end"] | None = Field(None, description="which end of its interval a time marks")
    silence: Literal["unknown", "unchanged"] | None = Field(None, description="what a time without a row means")
    columns: dict[str, Column] = Field({}, description="what single columns, or series of a long table, are")

    @field_validator("columns", mode="before")
    @classmethod
    def _names_are_short_for_devices(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {str(name): {"device": said} if isinstance(said, str) else said for name, said in value.items()}
        return value


class Device(_Strict):
    """What the household knows of one device or meter."""

    role: Role | None = Field(None, description="what it measures; told from its name where it is not given")
    location: Words | None = None
    flexible: bool | Flexible = Field(False, description="whether its use can move, and what it must do and when")
    always_on: bool = Field(False, description="whether it must never be switched off")
    since: dt.date | None = Field(None, description="first local day in the home; before it, its use is unknown")
    until: dt.date | None = Field(None, description="last local day in the home; after it, its use is unknown")
    same_as: str | None = Field(
        None, description="earlier name of the same device; its readings are joined to this one's"
    )
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


class Absence(_Strict):
    """Local days on which nobody is at home."""

    first: dt.date = Field(alias="from", description="first day away")
    last: dt.date = Field(alias="to", description="last day away")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Absence:
        if self.last < self.first:
            raise ValueError(f"to {self.last} lies before from {self.first}")
        return self


class Settings(_Strict):
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
    def _every_device_has_one_name(cls, devices: dict[str, Device]) -> dict[str, Device]:
        claimed: dict[str, str] = {}
        for name, device in devices.items():
            if device.same_as in claimed:
                raise ValueError(f"{device.same_as!r} is same_as of both {claimed[device.same_as]!r} and {name!r}")
            if device.same_as is not None:
                claimed[device.same_as] = name
        for old in claimed:
            if _newest_name(old, devices) is None:
                raise ValueError(f"same_as of {old!r} leads back to itself; name each earlier name once")
        return devices

    @field_validator("devices")
    @classmethod
    def _no_meter_is_part_of_itself(cls, devices: dict[str, Device]) -> dict[str, Device]:
        containers = _containers(devices)
        for name in containers:
            way = [name]
            while (up := containers.get(way[-1])) is not None:
                if up in way:
                    raise ValueError(
                        f"part_of of {name!r} leads back to {up!r} ({', '.join([*way, up])}); "
                        "name for each the meter that it stands behind"
                    )
                way.append(up)
        return devices

    @field_validator("files")
    @classmethod
    def _every_clock_is_one(cls, files: dict[str, File]) -> dict[str, File]:
        for name, file in files.items():
            zone = file.timezone
            if zone is not None and not re.fullmatch(r"[+-](?:0\d|1[0-4]):[0-5]\d", zone):
                try:
                    cls._zone(zone)
                except ValueError as error:
                    raise ValueError(
                        f'timezone of {name}: {error}, or an offset in quotes, such as "+01:00"'
                    ) from error
        return files

    def file(self, name: str) -> File:
        """Return what home.yaml says of a file; what stands under its own name comes before what patterns say."""
        said = [file for pattern, file in self.files.items() if pattern != name and fnmatchcase(name, pattern)]
        said += [self.files[name]] if name in self.files else []
        keys = {key: getattr(file, key) for file in said for key in file.model_fields_set}
        return File.model_construct(**{**dict(File()), **keys}, _fields_set=set(keys))

    def name_of(self, device_id: str) -> str:
        """Return the newest name of a device that was renamed (`same_as`), and any other one as it is."""
        return _newest_name(device_id, self.devices) or device_id

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
        """Return a sentence for each default that was taken because `home.yaml` does not say it."""
        given = self.model_fields_set
        notes = []
        if "timezone" not in given:
            notes.append(
                "No time zone is given: times without an offset are read as UTC, and clock hours are shown in UTC."
            )
        if "country" not in given:
            notes.append("No country is given: public holidays are not known and count as ordinary days.")
        if "tariff" not in given:
            notes.append("No tariff is given: costs are computed only where the data holds a price.")
        elif "currency" not in given:
            notes.append("No currency is given: amounts of money are in the currency of the tariff, shown as \u00a4.")
        return notes


def _newest_name(device_id: str, devices: dict[str, Device]) -> str | None:
    """Follow `same_as` to the newest name; None where the names go round in a circle."""
    newer = {device.same_as: name for name, device in devices.items() if device.same_as is not None}
    seen = set()
    while device_id in newer:
        seen.add(device_id)
        device_id = newer[device_id]
        if device_id in seen:
            return None
    return device_id


def _containers(devices: dict[str, Device]) -> dict[str, str]:
    """Return the container of each device that has one; what is said of the newest name counts."""
    newest = {name: _newest_name(name, devices) or name for name in devices}
    said = {name: device.part_of for name, device in devices.items() if device.part_of is not None}
    in_order = sorted(said, key=lambda name: newest[name] == name)
    return {newest[name]: _newest_name(said[name], devices) or said[name] for name in in_order}


def check_where(timezone: str, country: str | None) -> None:
    """Refuse a place that is nowhere.

    Raises
    ------
    InputError
        The time zone or the country is not known.
    """
    try:
        Settings(timezone=timezone, country=country)
    except ValidationError as error:
        faults = [str(fault["msg"]).removeprefix("Value error, ") for fault in error.errors()]
        raise InputError("; ".join(faults)) from error
