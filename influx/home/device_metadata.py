"""What is known beside energy: facts of each device, the state of the home at an hour, and the weather."""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core.schema import CONTEXT_COLUMNS, EVENT_COLUMNS, HOUSEHOLD, OTHER, STATIC_COLUMNS
from influx.core.settings import Device, Settings

_TEXTS = ("device_type", "mode_of_operation", "maintenance_last_date")
_OVERRIDES = ("power_rating_watt", "standby_power_watt")


def device_table(
    readings: pd.DataFrame, events: pd.DataFrame | None, settings: Settings, main: str | None, event_devices: set[str]
) -> pd.DataFrame:
    """Return a row a device: what the events and home.yaml say of it, its span of known hours, and its energy.

    Parameters
    ----------
    readings : DataFrame
        All devices of use, `household` and `other` included.
    events : DataFrame, optional
        In order of time; of a fact that changes the last known value counts.
    main : str, optional
        The name under which the main meter stands in the files and in home.yaml.
    event_devices : set of str
        Devices whose hours come from events.

    Returns
    -------
    DataFrame
        device_id, device_type, location, flexible, always_on, `schema.STATIC_COLUMNS`, mode_of_operation,
        maintenance_last_date, first and last (UTC, known hours), kwh, source ("events", "readings" or "derived").
    """
    names = pd.Index(readings["device_id"].unique(), name="device_id")
    facts = pd.DataFrame(index=names)
    if events is not None:
        there = [name for name in (*_TEXTS, *STATIC_COLUMNS) if name in events]
        facts = events.groupby("device_id")[there].last().reindex(names) if there else facts
    said = [settings.devices.get(_own_name(name, main), settings.devices.get(name, Device())) for name in names]
    for name in _TEXTS:
        facts[name] = facts[name].astype("str") if name in facts else pd.Series(np.nan, index=names, dtype="str")
    for name in STATIC_COLUMNS:
        facts[name] = facts[name].astype(float) if name in facts else np.nan
    for name in _OVERRIDES:
        given = np.array([np.nan if (value := getattr(device, name)) is None else value for device in said])
        facts[name] = np.where(np.isnan(given), facts[name], given)
    facts["location"] = pd.Series([device.location for device in said], index=names, dtype="str")
    facts["flexible"] = [bool(device.flexible) for device in said]
    facts["always_on"] = [device.always_on for device in said]
    facts["source"] = [_source(name, main, event_devices) for name in names]
    known = readings[readings["energy_kwh"].notna()].groupby("device_id")
    spans = known.agg(first=("timestamp", "min"), last=("timestamp", "max"), kwh=("energy_kwh", "sum")).reindex(names)
    columns = [
        "device_type",
        "location",
        "flexible",
        "always_on",
        *STATIC_COLUMNS,
        *_TEXTS[1:],
        "first",
        "last",
        "kwh",
        "source",
    ]
    table = facts.join(spans).fillna({"kwh": 0.0})[columns].reset_index()
    return table.astype({"device_id": "str", "source": "str"})


def _own_name(name: str, main: str | None) -> str:
    return main if name == HOUSEHOLD and main is not None else name


def _source(name: str, main: str | None, event_devices: set[str]) -> str:
    own = _own_name(name, main)
    if own in event_devices:
        return "events"
    return "derived" if name == OTHER or (name == HOUSEHOLD and main is None) else "readings"


def context_table(events: pd.DataFrame | None, hours: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the state of the home at each of `hours`: the mean over the events that start in it, NaN where none does.

    Parameters
    ----------
    events : DataFrame, optional
        `timestamp` (UTC) and those of `schema.CONTEXT_COLUMNS` that the data has.
    hours : DatetimeIndex, UTC
        All hours of the span, one after another.
    """
    there = [name for name in CONTEXT_COLUMNS if events is not None and name in events]
    if events is None or not there:
        return pd.DataFrame({"timestamp": hours[:0]})
    shift = hours[0] - hours[0].floor("h")
    hour = (events["timestamp"] - shift).dt.floor("h") + shift
    return events.groupby(hour)[there].mean().reindex(hours.rename("timestamp")).reset_index()


def weather_table(files: list[pd.DataFrame], shift: pd.Timedelta) -> pd.DataFrame | None:
    """Return hourly weather: the mean over what falls into an hour; measured before forecast, then the newer file.

    Parameters
    ----------
    files : list of DataFrame
        Oldest first; `timestamp` (UTC), `outdoor_temp_celsius` [deg C], `kind`, maybe `humidity_percent` [%].
    shift : Timedelta
        How far after a full UTC hour the hours begin.

    Returns
    -------
    DataFrame or None
        None where there is no file.
    """
    if not files:
        return None
    parts = []
    for number, frame in enumerate(files):
        hour = ((frame["timestamp"] - shift).dt.floor("h") + shift).dt.as_unit("us")
        values = [name for name in ("outdoor_temp_celsius", "humidity_percent") if name in frame]
        parts.append(
            frame.assign(timestamp=hour).groupby(["timestamp", "kind"])[values].mean().reset_index().assign(file=number)
        )
    hours = pd.concat(parts, ignore_index=True).assign(measured=lambda frame: frame["kind"] == "measured")
    hours = hours[hours["outdoor_temp_celsius"].notna()].sort_values(["timestamp", "measured", "file"])
    last = hours.drop_duplicates("timestamp", keep="last").drop(columns=["file", "measured"]).reset_index(drop=True)
    return last.astype({"kind": "str"})[
        ["timestamp", *[c for c in ("outdoor_temp_celsius", "humidity_percent") if c in last], "kind"]
    ]


def lacking(events: pd.DataFrame | None, weather: pd.DataFrame | None) -> list[str]:
    """Say what the files do not tell beside energy: of events each fact, of readings that they tell no more."""
    if events is None:
        return [
            "The files tell energy alone: nothing of the devices' type and standby power, of who was at home"
            f"{', or of the outdoor temperature' if weather is None else ''}. What is built on that is left out, "
            "unless home.yaml tells it."
        ]
    there = {*events, *(() if weather is None else weather), "device_id", "timestamp", "power_consumption_kwh"}
    names = [name for name in EVENT_COLUMNS if name not in there]
    return [f"The data has no {', '.join(names)}: what is built on them is left out."] if names else []
