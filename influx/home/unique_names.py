"""The names of a home's devices and files, cleaned once, where they enter; everything after knows the clean ones alone.

What is cleaned is told in a note. Names that differ only in what is not seen stay two, and home.yaml may write a device
as its file does, or as it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from influx.core.errors import InputError
from influx.core.sanitize import clean_name, distinct, from_cell, legible, message
from influx.core.settings import Device, Settings
from influx.home.ingest import SETTINGS
from influx.home.source_file import File

LABELS = ("device_type", "mode_of_operation", "maintenance_last_date")
"""Texts of an events file beside its names."""

_TOLD = 5
_LONGEST_QUOTE = 40


def with_clean_names(files: list[File], settings: Settings, notes: list[str]) -> tuple[list[File], Settings]:
    """Return the files and the settings with names that are safe to show, the same name for the same device.

    Parameters
    ----------
    files : list of File
        As they were read; no two names in them become one.
    notes : list of str
        Made legible, as they quote names; a sentence for names that were changed is added.
    """
    devices = distinct(_all(files, "device_id"))
    names = distinct(file.name for file in files)
    notes[:] = [message(note) for note in notes]
    notes += _told(devices, "device") + _told(names, "file")
    return [_cleaned(file, devices, names[file.name]) for file in files], _settings(settings, devices)


def _all(files: Iterable[File], column: str) -> set[str]:
    return {str(name) for file in files if column in file.frame for name in file.frame[column].dropna().unique()}


def _told(names: Mapping[str, str], kind: str) -> list[str]:
    """Return a note on names that are not shown as they are written, or none."""
    other = [(name, shown) for name, shown in names.items() if name != shown]
    if not other:
        return []
    words = [f"{_quoted(name)} is shown as {shown}" for name, shown in other[:_TOLD]]
    more = [f"and {len(other) - _TOLD} more"] if len(other) > _TOLD else []
    return [
        f"Names of a {kind} that hold what cannot be seen, or are longer than a line, are cleaned: "
        f"{', '.join(words + more)}."
    ]


def _quoted(name: str) -> str:
    return repr(name if len(name) <= _LONGEST_QUOTE else name[: _LONGEST_QUOTE - 1] + "…")


def _cleaned(file: File, devices: Mapping[str, str], name: str) -> File:
    frame = _mapped(file.frame, "device_id", devices)
    for column in LABELS:
        frame = _mapped(frame, column, {label: clean_name(label) for label in _all([file], column)})
    rejected = file.part.rejected.assign(file=name)
    for column in ("column", "value", "reason"):
        rejected = _mapped(rejected, column, {text: legible(text) for text in rejected[column].unique()})
    roles = {devices.get(series, clean_name(series)): role for series, role in file.part.roles.items()}
    return replace(file, name=name, part=replace(file.part, frame=frame, rejected=rejected, roles=roles))


def _mapped(frame: pd.DataFrame, column: str, names: Mapping[str, str]) -> pd.DataFrame:
    """Return a frame with the texts of a column, where it is there, replaced by those that stand for them."""
    changed = {name: shown for name, shown in names.items() if name != shown}
    if column not in frame or not changed:
        return frame
    return frame.assign(**{column: frame[column].map(lambda name: changed.get(name, name)).astype("str")})


def _settings(settings: Settings, devices: Mapping[str, str]) -> Settings:
    """Return the settings with the names of home and devices as they are shown, those that no file holds included.

    Raises
    ------
    InputError
        Two devices of home.yaml are one.
    """

    def shown(name: str) -> str:
        return devices.get(name, clean_name(from_cell(name)))

    known: dict[str, Device] = {}
    for name, device in settings.devices.items():
        if shown(name) in known:
            twice = next(other for other in settings.devices if shown(other) == shown(name))
            raise InputError(
                f"{SETTINGS}: devices: {twice!r} and {name!r} name the same device, {shown(name)}. Keep one of the two."
            )
        known[shown(name)] = _device(device, shown(name), shown)
    update: dict[str, Any] = {"home_id": clean_name(settings.home_id)} | ({"devices": known} if known else {})
    return settings.model_copy(update=update)


def _device(device: Device, name: str, shown: Callable[[str], str]) -> Device:
    """Return a device with the names of others as they are shown; an earlier name that looks the same is none."""
    update: dict[str, str | None] = {
        key: shown(other) for key in ("same_as", "part_of") if (other := getattr(device, key)) is not None
    }
    if update.get("same_as") == name:
        update["same_as"] = None
    return device.model_copy(update=update) if update else device
