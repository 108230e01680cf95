"""The names of a home's devices and files, cleaned once, where they enter; everything after knows the clean ones alone.

What is cleaned is noted. Names that differ only in what is not seen stay two, and home.yaml may write a device as its
file does, or as it is shown. A device that was renamed (`same_as`) goes by its newest name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from influx.core.errors import InputError
from influx.core.sanitize import clean_name, distinct, from_cell, legible
from influx.core.settings import Device, Settings
from influx.home.audit import Audit, SourceFile

_LABELS = ("device_type", "mode_of_operation", "maintenance_last_date")
_MOST_QUOTED = 5
_LONGEST_QUOTE = 40


def with_clean_names(files: list[SourceFile], settings: Settings, audit: Audit) -> tuple[list[SourceFile], Settings]:
    """Return files and settings with names that are safe to show; the same device has the same, newest name.

    Two devices of home.yaml that are one, and two names of one device that were measured at the same time for more than
    a day, are an InputError.
    """
    devices = distinct(name for file in files for name in _texts(file.frame, "device_id"))
    names = distinct(file.name for file in files)
    for kind, shown in (("device", devices), ("file", names)):
        changes = [f"{_quoted(name)} is shown as {clean}" for name, clean in shown.items() if name != clean]
        if changes:
            more = [f"and {len(changes) - _MOST_QUOTED} more"] if len(changes) > _MOST_QUOTED else []
            audit.note("clean names", kind=kind, changes=", ".join(changes[:_MOST_QUOTED] + more))
    files = [_cleaned(file, devices, names[file.name]) for file in files]
    settings = _clean_settings(settings, devices)
    return _under_newest_names(files, settings, audit), settings


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    return [str(text) for text in frame[column].dropna().unique()] if column in frame else []


def _quoted(name: str) -> str:
    return repr(name if len(name) <= _LONGEST_QUOTE else name[: _LONGEST_QUOTE - 1] + "…")


def _cleaned(file: SourceFile, devices: Mapping[str, str], name: str) -> SourceFile:
    frame, rejected = _mapped(file.frame, "device_id", devices), file.part.rejected.assign(file=name)
    for column in _LABELS:
        frame = _mapped(frame, column, {label: clean_name(label) for label in _texts(frame, column)})
    for column in ("column", "value", "reason"):
        rejected = _mapped(rejected, column, {text: legible(text) for text in rejected[column].unique()})
    roles = {devices.get(series, clean_name(series)): role for series, role in file.part.roles.items()}
    return replace(file, name=name, part=replace(file.part, frame=frame, rejected=rejected, roles=roles))


def _mapped(frame: pd.DataFrame, column: str, names: Mapping[str, str]) -> pd.DataFrame:
    """Return a frame with the texts of a column, where it is there, replaced by those that stand for them."""
    changes = {name: shown for name, shown in names.items() if name != shown}
    if column not in frame or not changes:
        return frame
    return frame.assign(**{column: frame[column].map(lambda name: changes.get(name, name)).astype("str")})


def _clean_settings(settings: Settings, shown: Mapping[str, str]) -> Settings:
    """Return the settings with the names of home and devices as they are shown, those that no file holds included."""

    def clean(name: str) -> str:
        return shown.get(name, clean_name(from_cell(name)))

    devices: dict[str, Device] = {}
    for written, device in settings.devices.items():
        name = clean(written)
        if name in devices:
            twice = next(other for other in settings.devices if clean(other) == name)
            raise InputError(
                f"home.yaml: devices: {twice!r} and {written!r} name the same device, {name}. Keep one of the two."
            )
        names = {key: clean(other) for key in ("same_as", "part_of") if (other := getattr(device, key)) is not None}
        is_same = names.get("same_as") == name  # an earlier name that looks the same is none
        devices[name] = device.model_copy(update={**names, **({"same_as": None} if is_same else {})})
    update: dict[str, Any] = {"home_id": clean_name(settings.home_id)} | ({"devices": devices} if devices else {})
    return settings.model_copy(update=update)


def _under_newest_names(files: list[SourceFile], settings: Settings, audit: Audit) -> list[SourceFile]:
    """Return the files with the rows of renamed devices under their newest name."""
    names = {name for file in files if file.kwh_column for name in _texts(file.frame, "device_id")}
    for new, device in settings.devices.items():
        if (old := device.same_as) is None:
            continue
        if old not in names:
            audit.note("no earlier name", new=new, old=old)
            continue
        for file in (file for file in files if file.part.kind == "readings"):
            known = file.frame[file.frame["energy_kwh"].notna()]
            hours = [set(known.loc[known["device_id"] == name, "timestamp"].dt.floor("h")) for name in (old, new)]
            if len(both := hours[0] & hours[1]) > 24:
                raise InputError(
                    f"home.yaml: devices.{new}.same_as: {file.name} holds {old} and {new} at the same time in "
                    f"{len(both)} hours, so they are two devices. Remove the line."
                )
        audit.note("one device", old=old, new=settings.name_of(old))
    newest = {name: settings.name_of(name) for name in names}
    return [file.with_frame(_mapped(file.frame, "device_id", newest)) if file.kwh_column else file for file in files]
