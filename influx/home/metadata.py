"""What is known of a home beside energy: of each device, of the home at an hour, of the weather, of prices and carbon.

Prices and carbon hold for half hours, whatever the step of their files.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core.constants import HOUSEHOLD, KNOWN_SHARE, OTHER
from influx.core.schema import CONTEXT_COLUMNS, EVENT_COLUMNS, STATIC_COLUMNS
from influx.core.settings import Device, Settings
from influx.home.audit import Audit, SourceFile
from influx.home.hours import Hours
from influx.home.household_balance import Balance
from influx.home.time_grid import hour_of

_TEXTS = ("device_type", "mode_of_operation", "maintenance_last_date")
_NAMEPLATE = ("power_rating_watt", "standby_power_watt")
"""Ratings that home.yaml may give, too."""

_WEATHER = ("outdoor_temp_celsius", "humidity_percent")


def describe(
    files: list[SourceFile], hours: Hours, balance: Balance, settings: Settings, audit: Audit
) -> dict[str, pd.DataFrame | None]:
    """Return what is known beside energy, as `Home` holds it.

    Returns
    -------
    dict of str to DataFrame or None
        `devices`: a row a device, with what the events and home.yaml say of it, its span of known hours, its energy
        [kWh], and its source ("events", "readings" or "derived"). `minutes` of use, under the names of the readings.
        `context`: the mean over the events that start in an hour. `weather` by hours; `prices` and `carbon` by half
        hours: what was measured goes before a forecast, then the newer file counts.
    """
    weather = _weather(_with_kind(files, "weather", hours.now, audit), hours.shift)
    if hours.events is None:
        audit.note("energy alone", temperature=", or of the outdoor temperature" if weather is None else "")
    else:
        given = {
            *hours.events,
            *([] if weather is None else weather),
            "device_id",
            "timestamp",
            "power_consumption_kwh",
        }
        if lacking := [name for name in EVENT_COLUMNS if name not in given]:
            audit.note("lacking columns", names=", ".join(lacking))
    devices = _devices(balance, hours, settings)
    minutes = hours.minutes.replace({"device_id": {balance.main: HOUSEHOLD}})
    prices = [file.frame for file in files if file.part.kind == "prices" and len(file.frame)]
    return {
        "devices": devices,
        "minutes": minutes[minutes["device_id"].isin(devices["device_id"])].reset_index(drop=True),
        "context": _context(hours),
        "weather": weather,
        "prices": half_hours(prices, "price_per_kwh", hours.shift),
        "carbon": half_hours(_with_kind(files, "carbon", hours.now, audit), "carbon_g_per_kwh", hours.shift),
    }


def _devices(balance: Balance, hours: Hours, settings: Settings) -> pd.DataFrame:
    names = pd.Index(sorted(balance.readings["device_id"].unique()), name="device_id")
    in_files = [(name == HOUSEHOLD and balance.main) or name for name in names]
    columns = [*_TEXTS, *STATIC_COLUMNS]
    table = pd.DataFrame(index=names)
    if hours.events is not None:  # of what changes, the last known value counts
        table = hours.events.groupby("device_id")[[name for name in columns if name in hours.events]].last()
    table = table.reindex(index=names, columns=columns)
    table = table.astype({**dict.fromkeys(_TEXTS, "str"), **dict.fromkeys(STATIC_COLUMNS, float)})
    in_yaml = [
        settings.devices.get(file, settings.devices.get(name, Device()))
        for name, file in zip(names, in_files, strict=True)
    ]
    for rating in _NAMEPLATE:
        given = pd.Series([getattr(device, rating) for device in in_yaml], index=names, dtype=float)
        table[rating] = given.fillna(table[rating])
    derived = {OTHER} | ({HOUSEHOLD} if balance.main is None else set())
    source = pd.Series(np.where(names.isin(derived), "derived", "readings"), index=names, dtype="str")
    if hours.events is not None:
        source = source.mask(pd.Index(in_files).isin(hours.events["device_id"]), "events")
    known = balance.readings[balance.readings["energy_kwh"].notna()].groupby("device_id")
    table = table.assign(
        location=pd.Series([device.location for device in in_yaml], index=names, dtype="str"),
        flexible=[bool(device.flexible) for device in in_yaml],
        always_on=[device.always_on for device in in_yaml],
        source=source,
    ).join(known.agg(first=("timestamp", "min"), last=("timestamp", "max"), kwh=("energy_kwh", "sum")))
    order = ["device_type", "location", "flexible", "always_on", *STATIC_COLUMNS, *_TEXTS[1:]]
    table = table.fillna({"kwh": 0.0})[[*order, "first", "last", "kwh", "source"]]
    return table.reset_index().astype({"device_id": "str"})


def _context(hours: Hours) -> pd.DataFrame:
    stamps = pd.DatetimeIndex(hours.energy["timestamp"].unique(), name="timestamp").sort_values()
    columns = [name for name in CONTEXT_COLUMNS if hours.events is not None and name in hours.events]
    if hours.events is None or not columns:
        return pd.DataFrame({"timestamp": stamps[:0]})
    hour = hour_of(hours.events["timestamp"], hours.shift)
    return hours.events.groupby(hour)[columns].mean().reindex(stamps).reset_index()


def _weather(files: list[pd.DataFrame], shift: pd.Timedelta) -> pd.DataFrame | None:
    if not files:
        return None
    parts = []
    for frame in files:
        means = frame.groupby([hour_of(frame["timestamp"], shift), "kind"])[[c for c in _WEATHER if c in frame]].mean()
        parts.append(means[means["outdoor_temp_celsius"].notna()].reset_index())
    hours = _best_known(parts).astype({"kind": "str"})
    return hours[["timestamp", *(name for name in _WEATHER if name in hours), "kind"]]


def half_hours(files: list[pd.DataFrame], value: str, shift: pd.Timedelta) -> pd.DataFrame | None:
    """Return what holds in each half hour that is known: `timestamp` (UTC), `value`, and `kind` where files have it.

    `files`, oldest first, have `timestamp` (UTC, the start), `minutes` (how long a value holds), the column `value`,
    NaN where unknown, and maybe `kind`, or `published`: then the last one published counts. Measured goes before
    forecast, then the newer file and the later row. Without any file, the result is None.
    """
    if not files:
        return None
    parts = [
        _half_hours_of(rows, value, shift).assign(kind=kind)
        for frame in files
        for kind, rows in (frame.groupby("kind") if "kind" in frame else [("", frame)])
    ]
    columns = ["timestamp", value, *(["kind"] if "kind" in files[0] else [])]
    return _best_known(parts)[columns].astype({value: float})


def _half_hours_of(frame: pd.DataFrame, value: str, shift: pd.Timedelta) -> pd.DataFrame:
    """Return the mean of one file's values in each half hour of which enough is known."""
    order = frame.sort_values("published", kind="stable") if "published" in frame else frame
    known = order[order[value].notna()].drop_duplicates("timestamp", keep="last")
    pieces = np.maximum(known["minutes"].to_numpy(float) // 15, 1).astype(int)
    cut = known.loc[known.index.repeat(pieces), ["timestamp", "minutes", value]]
    begin = cut["timestamp"] + pd.to_timedelta(15 * cut.groupby(level=0).cumcount(), unit="min")
    cut["timestamp"] = hour_of(begin, shift, "30min")
    cut["minutes"] /= np.repeat(pieces, pieces)
    halves = cut.groupby("timestamp").agg(**{value: (value, "mean"), "minutes": ("minutes", "sum")})
    return halves.loc[halves["minutes"] >= 30 * KNOWN_SHARE, [value]].reset_index()


def _best_known(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return a row a time of frames with `timestamp` and `kind`: measured before forecast, then the later frame's."""
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.sort_values("kind", key=lambda kind: kind == "measured", kind="stable")
    return rows.drop_duplicates("timestamp", keep="last").sort_values("timestamp", ignore_index=True)


def _with_kind(files: list[SourceFile], kind: str, now: pd.Timestamp, audit: Audit) -> list[pd.DataFrame]:
    """Return the rows of weather or carbon; those from `now` on count as a forecast where a file does not say."""
    frames = []
    for file in (file for file in files if file.part.kind == kind and len(file.frame)):
        frame = file.frame
        if "kind" not in frame:
            ahead = frame["timestamp"] >= now
            frame = frame.assign(kind=ahead.map({True: "forecast", False: "measured"}))
            if ahead.any():
                audit.note("no column kind", file=file.name)
        frames.append(frame)
    return frames
