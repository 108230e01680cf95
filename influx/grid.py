"""From events and readings to one complete grid of hours, without losing or inventing energy.

An event's or a reading's energy flows evenly over its duration, so that each hour gets the share that lies in it. All
of it is counted in UTC, where no hour is doubled or skipped; the hours themselves begin when an hour begins on the
home's clock. An hour without a reading is unknown; what an hour without an event is, `usage` knows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx import clock
from influx.errors import InputError

COMPLETE = 0.75
"""Share of an hour that must be known before the rest may be estimated."""

_HOUR = 3_600_000_000  # microseconds
_MOST_CELLS = 60_000_000
_NO_SHIFT = pd.Timedelta(0)


@dataclass(frozen=True)
class Hours:
    """Energy by device and hour, and what became of each file on the way.

    `frame` has device_id, timestamp, energy_kwh, quality; `overlaps` and `kwh_used` have an entry a file, oldest first.
    """

    frame: pd.DataFrame
    overlaps: list[int]
    kwh_used: list[float]
    notes: list[str]


def phase(timezone: str, at: pd.Timestamp) -> pd.Timedelta:
    """Return how far after a full UTC hour the hours of `timezone` begin at the time `at` (30 min in India)."""
    offset = at.tz_convert(timezone).utcoffset()
    return -pd.Timedelta(offset) % clock.HOUR


def _pieces(
    start: pd.DatetimeIndex, minutes: np.ndarray, shift: pd.Timedelta
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut intervals at the hours: return for each piece its interval, its hour (from 1970) and its length [us]."""
    begin = start.as_unit("us").asi8 - shift // pd.Timedelta(microseconds=1)
    end = begin + np.maximum(np.rint(np.asarray(minutes, float) * 60e6).astype("int64"), 1)
    first, last = begin // _HOUR, (end - 1) // _HOUR
    count = last - first + 1
    interval = np.repeat(np.arange(len(begin)), count)
    step = np.arange(len(interval)) - np.repeat(np.cumsum(count) - count, count)
    hour = first[interval] + step
    length = np.minimum(end[interval], (hour + 1) * _HOUR) - np.maximum(begin[interval], hour * _HOUR)
    return interval, hour, length


def _by_hour(codes: np.ndarray, hour: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group pieces by device and hour: return device, hour of each group, and the group of each piece."""
    base, span = (hour.min(), hour.max() - hour.min() + 1) if len(hour) else (0, 1)
    keys, group = np.unique(codes * span + (hour - base), return_inverse=True)
    return keys // span, keys % span + base, group


def _stamps(hour: np.ndarray, shift: pd.Timedelta) -> pd.DatetimeIndex:
    return pd.DatetimeIndex((hour * _HOUR).astype("datetime64[us]")).tz_localize("UTC") + shift


def spread_events(
    start: pd.DatetimeIndex,
    minutes: np.ndarray,
    kwh: np.ndarray,
    device: np.ndarray,
    shift: pd.Timedelta = _NO_SHIFT,
) -> pd.DataFrame:
    """Spread each event's energy evenly over its duration, and add up what falls into an hour.

    Parameters
    ----------
    start : DatetimeIndex, shape (n,), UTC
    minutes : array, shape (n,)
        Durations [min], above zero.
    kwh : array, shape (n,)
        Energies [kWh].
    device : array, shape (n,)
        Whose event it is.
    shift : Timedelta
        How far after a full UTC hour the hours begin (`phase`).

    Returns
    -------
    DataFrame
        `device_id`, `timestamp` (UTC start of the hour), `energy_kwh`, `duration_minutes` (minutes of use, at most 60),
        a row for each hour that an event touches, sorted. Each device's energy is that of its events.
    """
    codes, names = pd.factorize(np.asarray(device), sort=True)
    event, hour, length = _pieces(start, minutes, shift)
    who, when, group = _by_hour(codes[event], hour)
    whole = np.bincount(event, weights=length, minlength=len(start))
    energy = np.bincount(group, weights=np.asarray(kwh, float)[event] * (length / whole[event]), minlength=len(who))
    used = np.bincount(group, weights=length, minlength=len(who)) / 60e6
    return pd.DataFrame(
        {
            "device_id": pd.Series(names[who], dtype="str"),
            "timestamp": _stamps(when, shift),
            "energy_kwh": energy,
            "duration_minutes": np.minimum(used, 60.0),
        }
    )


def readings_to_hours(files: list[pd.DataFrame], names: list[str], shift: pd.Timedelta) -> Hours:
    """Bring the readings of all files to hours; where files overlap, the newer one wins.

    Parameters
    ----------
    files : list of DataFrame
        Oldest first; columns `device_id`, `timestamp` (UTC), `minutes`, `energy_kwh`, `quality`.
    names : list of str
        The files' names, for the notes.
    shift : Timedelta
        How far after a full UTC hour the hours begin (`phase`).

    Returns
    -------
    Hours
        Only hours that are known. An hour with less than `COMPLETE` of its time is unknown; one with less than all of
        it is scaled up and "estimated", and so is an hour that got its energy from a reading across its border.
    """
    notes: list[str] = []
    overlaps = [0] * len(files)
    parts = []
    for number, frame in enumerate(files):
        single, overlaps[number] = _without_repeats(frame, names[number], notes)
        parts.append(_sum_readings(single, shift).assign(file=number))
    hours = pd.concat(parts, ignore_index=True)
    hours, lost = _newest(hours)
    for number, count in lost.items():
        overlaps[int(number)] += int(count)
        notes.append(f"{names[int(number)]}: {count} device-hours stand in a newer file too, which counts.")
    total = hours.groupby(["device_id", "timestamp"], sort=True)
    out = total.agg(
        energy_kwh=("energy_kwh", "sum"), share=("share", "sum"), estimated=("estimated", "max")
    ).reset_index()
    full, enough = out["share"] > 1 - 1e-6, out["share"] >= COMPLETE - 1e-9
    _tell_incomplete(out, full, enough, notes)
    kept = hours.merge(out.loc[enough, ["device_id", "timestamp"]])
    used = kept.groupby("file")["energy_kwh"].sum().reindex(range(len(files)), fill_value=0.0).tolist()
    out["energy_kwh"] = np.where(full, out["energy_kwh"], out["energy_kwh"] / out["share"])
    out["quality"] = np.where(full & ~out["estimated"], "measured", "estimated")
    return Hours(
        out.loc[enough, ["device_id", "timestamp", "energy_kwh", "quality"]].reset_index(drop=True),
        overlaps,
        used,
        notes,
    )


def _without_repeats(frame: pd.DataFrame, file: str, notes: list[str]) -> tuple[pd.DataFrame, int]:
    """Return known readings, the last one of a device and time, and in how many device-hours there were several."""
    known = frame[frame["energy_kwh"].notna()]
    key = ["device_id", "timestamp"]
    again = known.duplicated(key, keep="last")
    if not again.any():
        return known, 0
    differ = again & ~known.duplicated([*key, "energy_kwh"], keep="last")
    if differ.any():
        first = known[differ].iloc[0]
        notes.append(
            f"{file}: {differ.sum()} readings stand twice with different energy (first: row {first['row']}); "
            "the later row counts."
        )
    hours = known[again].assign(timestamp=known["timestamp"].dt.floor("h"))[key].drop_duplicates()
    return known[~again], len(hours)


def _sum_readings(frame: pd.DataFrame, shift: pd.Timedelta) -> pd.DataFrame:
    """Return energy, known share and whether anything was estimated, by device and hour."""
    stamps = pd.DatetimeIndex(frame["timestamp"])
    minutes = frame["minutes"].to_numpy(float)
    stamps = stamps.where(minutes < 10, stamps.round("min"))  # a logger that writes a few seconds late
    codes, names = pd.factorize(frame["device_id"].to_numpy(), sort=True)
    reading, hour, length = _pieces(stamps, minutes, shift)
    who, when, group = _by_hour(codes[reading], hour)
    split = length / (minutes[reading] * 60e6)
    guess = (split < 1 - 1e-6) | (frame["quality"] == "estimated").to_numpy()[reading]
    return pd.DataFrame(
        {
            "device_id": pd.Series(names[who], dtype="str"),
            "timestamp": _stamps(when, shift),
            "energy_kwh": np.bincount(
                group, weights=frame["energy_kwh"].to_numpy(float)[reading] * split, minlength=len(who)
            ),
            "share": np.bincount(group, weights=length, minlength=len(who)) / _HOUR,
            "estimated": np.bincount(group, weights=guess, minlength=len(who)) > 0,
        }
    )


def _newest(hours: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Keep, of hours that several files fill, the newest file's; files that complete each other's hour both stay.

    Returns
    -------
    hours : DataFrame
    lost : Series
        Hours lost to a newer file, by file.
    """
    again = hours.duplicated(["device_id", "timestamp"], keep=False)
    if not again.any():
        return hours, pd.Series(dtype="int64")
    both = hours[again]
    rank = both["file"] + len(hours) * (both["share"] >= COMPLETE)
    groups = [both["device_id"], both["timestamp"]]
    complete_each_other = both["share"].groupby(groups).transform("sum") <= 1 + 1e-6
    stays = complete_each_other | (rank == rank.groupby(groups).transform("max"))
    return hours.drop(index=both.index[~stays]), both.loc[~stays, "file"].value_counts()


def _tell_incomplete(out: pd.DataFrame, full: pd.Series, enough: pd.Series, notes: list[str]) -> None:
    scaled, lost = (enough & ~full).sum(), (~enough).sum()
    if scaled:
        notes.append(f"{scaled} device-hours lack some of their readings and are scaled up from the rest (estimated).")
    if lost:
        kwh = out.loc[~enough, "energy_kwh"].sum()
        notes.append(
            f"{lost} device-hours hold less than three quarters of their readings and count as unknown ({kwh:.3g} kWh)."
        )


def complete(hours: pd.DataFrame) -> pd.DataFrame:
    """Return the hours of all devices from the first to the last that is known of any; the others are NaN, "missing".

    Raises
    ------
    InputError
        There are too many devices for their span.
    """
    first, last = hours["timestamp"].min(), hours["timestamp"].max()
    count = (last - first) // clock.HOUR + 1
    codes, names = pd.factorize(hours["device_id"].to_numpy(), sort=True)
    if len(names) * count > _MOST_CELLS:
        raise InputError(
            f"{len(names)} devices over {count} hours are too many to hold. Is device_id the right column?"
        )
    place = codes * count + (hours["timestamp"] - first) // clock.HOUR
    energy = np.full(len(names) * count, np.nan)
    quality = np.full(len(names) * count, "missing", dtype=object)
    energy[place], quality[place] = hours["energy_kwh"], hours["quality"]
    return pd.DataFrame(
        {
            "device_id": pd.Series(np.repeat(names, count), dtype="str"),
            "timestamp": first + pd.to_timedelta(np.tile(np.arange(count), len(names)), unit="h"),
            "energy_kwh": energy,
            "quality": pd.Series(quality, dtype="str"),
        }
    )
