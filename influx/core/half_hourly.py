"""What holds for half an hour, such as a price or a carbon intensity: from files of any step to the home's half hours.

An hour's value is the mean of its two half hours, for nobody knows in which of them its energy was used. An hour of
which a half is not known is not known.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core.constants import KNOWN_SHARE
from influx.core.local_time import local

HALF = pd.Timedelta(minutes=30)


def of_files(files: list[pd.DataFrame], value: str, shift: pd.Timedelta) -> pd.DataFrame | None:
    """Return what holds in each half hour; measured goes before forecast, then the newer file and the later row.

    Parameters
    ----------
    files : list of DataFrame
        Oldest first; `timestamp` (UTC, the start), `minutes` (how long a value holds), the column `value`, NaN where
        unknown, and maybe `kind` (measured or forecast), or `published`: then the last one published counts.
    value : str
    shift : Timedelta
        How far after a full UTC hour the home's hours begin.

    Returns
    -------
    DataFrame or None
        `timestamp` (UTC), `value`, and `kind` where the files have it, a row each half hour that is known; None where
        there is no file.
    """
    parts = [
        _of_one(rows, value, shift).assign(kind=kind, file=number)
        for number, frame in enumerate(files)
        for kind, rows in (frame.groupby("kind") if "kind" in frame else [("", frame)])
    ]
    if not parts:
        return None
    halves = pd.concat(parts, ignore_index=True)
    order = halves.assign(measured=halves["kind"] == "measured").sort_values(["timestamp", "measured", "file"])
    last = order.drop_duplicates("timestamp", keep="last").reset_index(drop=True)
    return last[["timestamp", value, *(["kind"] if "kind" in files[0] else [])]].astype({value: float})


def _of_one(frame: pd.DataFrame, value: str, shift: pd.Timedelta) -> pd.DataFrame:
    """Return the mean of one file's values in each half hour of which enough is known."""
    order = frame.sort_values("published", kind="stable") if "published" in frame else frame
    known = order[order[value].notna()].drop_duplicates("timestamp", keep="last")
    pieces = np.maximum(known["minutes"].to_numpy(float) // 15, 1).astype(int)
    cut = known.loc[known.index.repeat(pieces), ["timestamp", "minutes", value]].reset_index(drop=True)
    place = np.concatenate([np.arange(count) for count in [*pieces, 0]])
    begin = cut["timestamp"] + pd.to_timedelta(15 * place, unit="min")
    cut["timestamp"] = ((begin - shift).dt.floor("30min") + shift).dt.as_unit("us")
    cut["minutes"] /= np.repeat(pieces, pieces)
    halves = cut.groupby("timestamp").agg(**{value: (value, "mean"), "minutes": ("minutes", "sum")})
    return halves.loc[halves["minutes"] >= 30 * KNOWN_SHARE, [value]].reset_index()


def read_off(values: pd.Series, stamps: pd.DatetimeIndex) -> np.ndarray:
    """Return the value that holds at each of `stamps` (UTC), NaN where none is known.

    Parameters
    ----------
    values : Series of float, index UTC
        A value each half hour that is known, in order of time.
    """
    if values.empty:
        return np.full(len(stamps), np.nan)
    index = pd.DatetimeIndex(values.index)
    place = index.searchsorted(stamps, side="right") - 1
    held = stamps - index[np.maximum(place, 0)]
    return np.where((place >= 0) & np.asarray(held < HALF), values.to_numpy(float)[place], np.nan)


def halves_of(stamps: pd.DatetimeIndex, timezone: str, minutes: int = 60) -> tuple[pd.DatetimeIndex, int]:
    """Return the half hours in which readings lie, those of a reading together, and how many a reading has.

    Parameters
    ----------
    stamps : DatetimeIndex, UTC, shape (n,)
        Starts of readings. One within a half hour, or an hour, of the home's clock stands for all of it.
    minutes : int
        How long a reading lasts: 60, or 30 and less.

    Returns
    -------
    halves : DatetimeIndex, UTC, shape (n * k,)
    k : int
        2 for hours, else 1.
    """
    wall = local(stamps, timezone)
    past = wall - wall.floor("h")
    if minutes <= 30:
        return stamps - past % HALF, 1
    begin = stamps - past.where(past != HALF, pd.Timedelta(0))  # an hour may begin at half past
    return begin.repeat(2) + pd.TimedeltaIndex(np.tile([0 * HALF, HALF], len(begin))), 2
