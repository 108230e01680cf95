"""From events to hours, and from hours to one complete grid, without losing or inventing energy.

An event's energy flows evenly over its duration, so that each hour gets the share that lies in it; `hourly` does the
same for readings. All of it is counted in UTC, where no hour is doubled or skipped; the hours themselves begin when an
hour begins on the home's clock. An hour without a reading is unknown; what one without an event is, `usage` knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from influx.core import local_time
from influx.core.constants import HOUR_US
from influx.core.errors import InputError
from influx.home.reconciliation import Correction

_MOST_CELLS = 60_000_000
_NO_SHIFT = pd.Timedelta(0)


@dataclass(frozen=True)
class Hours:
    """Energy by device and hour, and what became of each file on the way.

    `frame` has device_id, timestamp, energy_kwh, quality; `overlaps` and `kwh_used` have an entry a file, oldest first;
    `corrections` name the energy that the files hold and the hours do not.
    """

    frame: pd.DataFrame
    overlaps: list[int]
    kwh_used: list[float]
    notes: list[str]
    corrections: list[Correction] = field(default_factory=list)


def phase(timezone: str, at: pd.Timestamp) -> pd.Timedelta:
    """Return how far after a full UTC hour the hours of `timezone` begin at the time `at` (30 min in India)."""
    offset = at.tz_convert(timezone).utcoffset()
    return -pd.Timedelta(offset) % local_time.HOUR


def pieces(
    start: np.ndarray, minutes: np.ndarray, shift: pd.Timedelta = _NO_SHIFT
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut intervals at the hours.

    Parameters
    ----------
    start : ndarray of int64, shape (n,)
        Microseconds since 1970, UTC.
    minutes : ndarray, shape (n,)
    shift : Timedelta
        How far after a full UTC hour the hours begin (`phase`).

    Returns
    -------
    interval, hour, length : ndarray of int64
        For each piece its interval, its hour since 1970 (`stamps_of`) and its length [us].
    """
    begin = start - shift // pd.Timedelta(microseconds=1)
    end = begin + np.maximum(np.rint(np.asarray(minutes, float) * 60e6).astype("int64"), 1)
    first, last = begin // HOUR_US, (end - 1) // HOUR_US
    count = last - first + 1
    interval = np.repeat(np.arange(len(begin)), count)
    step = np.arange(len(interval)) - np.repeat(np.cumsum(count) - count, count)
    hour = first[interval] + step
    length = np.minimum(end[interval], (hour + 1) * HOUR_US) - np.maximum(begin[interval], hour * HOUR_US)
    return interval, hour, length


def _by_hour(codes: np.ndarray, hour: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group pieces by device and hour: return device, hour of each group, and the group of each piece."""
    base, span = (hour.min(), hour.max() - hour.min() + 1) if len(hour) else (0, 1)
    keys, group = np.unique(codes * span + (hour - base), return_inverse=True)
    return keys // span, keys % span + base, group


def stamps_of(hour: np.ndarray, shift: pd.Timedelta) -> pd.DatetimeIndex:
    """Return hours since 1970 as UTC stamps."""
    return pd.DatetimeIndex((hour * HOUR_US).astype("datetime64[us]")).tz_localize("UTC") + shift


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
    event, hour, length = pieces(start.as_unit("us").asi8, minutes, shift)
    who, when, group = _by_hour(codes[event], hour)
    whole = np.bincount(event, weights=length, minlength=len(start))
    energy = np.bincount(group, weights=np.asarray(kwh, float)[event] * (length / whole[event]), minlength=len(who))
    used = np.bincount(group, weights=length, minlength=len(who)) / 60e6
    return pd.DataFrame(
        {
            "device_id": pd.Series(names[who], dtype="str"),
            "timestamp": stamps_of(when, shift),
            "energy_kwh": energy,
            "duration_minutes": np.minimum(used, 60.0),
        }
    )


def complete(hours: pd.DataFrame) -> pd.DataFrame:
    """Return the hours of all devices from the first to the last that is known of any; the others are NaN, "missing".

    Raises
    ------
    InputError
        There are too many devices for their span.
    """
    first, last = hours["timestamp"].min(), hours["timestamp"].max()
    count = (last - first) // local_time.HOUR + 1
    codes, names = pd.factorize(hours["device_id"].to_numpy(), sort=True)
    if len(names) * count > _MOST_CELLS:
        raise InputError(
            f"{len(names)} devices over {count} hours are too many to hold. Is device_id the right column?"
        )
    place = codes * count + (hours["timestamp"] - first) // local_time.HOUR
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
