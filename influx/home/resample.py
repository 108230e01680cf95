"""From readings of any length to the hours of a home, with every kilowatt-hour accounted for.

A reading flows evenly over its time, but for one that bridges an outage: what a register counted in those hours is
known as a sum only, so it is spread by the usual profile of its device, and estimated. An hour of which too little is
known is unknown; one of which enough is known is scaled up, and estimated. Where files overlap, the newest one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from influx.core.constants import HOUR_US, KNOWN_SHARE
from influx.core.local_time import local
from influx.home import reconciliation
from influx.home.reconciliation import Correction
from influx.home.time_grid import Hours, pieces, stamps_of

CROSSING = 0.1
"""Share of an hour's energy that may come from readings across its borders before the hour is an estimate."""

_LATE = 0.1  # of a reading's length, by which the next one may begin early
_TINY = 1e-3  # kWh
_KEY = ["device_id", "timestamp"]


@dataclass
class _Readings:
    """Known readings of one device in one file, in order of time: start [us], length [min], energy [kWh], guessed."""

    start: np.ndarray
    minutes: np.ndarray
    kwh: np.ndarray
    guess: np.ndarray

    def take(self, places: np.ndarray) -> _Readings:
        return _Readings(self.start[places], self.minutes[places], self.kwh[places], self.guess[places])


def readings_to_hours(
    files: list[pd.DataFrame], names: list[str], shift: pd.Timedelta, timezone: str = "UTC", least: float = KNOWN_SHARE
) -> Hours:
    """Bring the readings of all files to hours; where files overlap, the newer one wins.

    Parameters
    ----------
    files : list of DataFrame
        Oldest first; columns `device_id`, `timestamp` (UTC), `minutes`, `energy_kwh`, `quality`.
    names : list of str
        The files' names, for the notes.
    shift : Timedelta
        How far after a full UTC hour the hours begin (`grid.phase`).
    timezone : str
        Of the home, whose clock the usual profile goes by.
    least : float
        Share of an hour that must be known before the rest may be estimated.

    Returns
    -------
    Hours
        Only hours that are known. An hour with less than `least` of its time is unknown; one with less than all of it
        is scaled up and "estimated", and so is an hour that got its energy from a reading across its border.
    """
    notes: list[str] = []
    told: list[Correction] = []
    overlaps = [0] * len(files)
    parts: list[pd.DataFrame] = []
    bridges: list[tuple[int, str, _Readings]] = []
    for number, frame in enumerate(files):
        for device, readings, lost in _single(frame, names[number], notes, told, shift):
            overlaps[number] += lost
            long = readings.guess & (readings.minutes > 60)
            if long.any():
                bridges.append((number, device, readings.take(np.flatnonzero(long))))
                readings = readings.take(np.flatnonzero(~long))
            parts.append(_sum(readings, device, number, shift))
    parts += _bridged(bridges, parts, shift, timezone)
    hours = pd.concat(parts, ignore_index=True) if parts else _sum(_nothing(), "", 0, shift)
    hours = _newest(hours, least, names, overlaps, notes, told)
    return _whole(hours, names, overlaps, least, notes, told)


def _nothing() -> _Readings:
    return _Readings(np.zeros(0, "int64"), np.zeros(0), np.zeros(0), np.zeros(0, bool))


def _single(
    frame: pd.DataFrame, file: str, notes: list[str], told: list[Correction], shift: pd.Timedelta
) -> Iterator[tuple[str, _Readings, int]]:
    """Yield each device's known readings, each time once, and in how many of its hours there were several."""
    codes, devices = pd.factorize(frame["device_id"])
    energy = frame["energy_kwh"].to_numpy(float)
    stamps = pd.DatetimeIndex(frame["timestamp"]).as_unit("us").asi8
    minutes = frame["minutes"].to_numpy(float)
    guess = (frame["quality"] == "estimated").to_numpy(bool)
    for code, device in enumerate(devices):
        rows = np.flatnonzero((codes == code) & np.isfinite(energy))
        if not len(rows):
            continue
        readings = _Readings(_rounded(stamps[rows], minutes[rows]), minutes[rows], energy[rows], guess[rows])
        order = np.arange(len(rows))
        if (np.diff(readings.start) < 0).any():
            order = np.argsort(readings.start, kind="stable")
        keep, what = _apart(readings.take(order), order)
        if not keep.all():
            gone = order[~keep]
            _tell_twice(file, str(device), readings, frame["row"].to_numpy()[rows], order, keep, what, notes, told)
            lost = len(np.unique((readings.start[gone] - shift // pd.Timedelta(microseconds=1)) // HOUR_US))
            yield str(device), readings.take(order[keep]), lost
        else:
            yield str(device), readings.take(order) if len(order) and order[0] != 0 else readings, 0


def _rounded(stamps: np.ndarray, minutes: np.ndarray) -> np.ndarray:
    """Return stamps, those of a logger that writes some seconds late at the full minute."""
    regular = (minutes >= 10) & (minutes == np.rint(minutes))
    return np.where(regular, (stamps + 30_000_000) // 60_000_000 * 60_000_000, stamps)


def _apart(readings: _Readings, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell which readings stay where some cover the same time (the one of the later row), and which stood twice.

    Parameters
    ----------
    readings : _Readings
        In order of time.
    row : ndarray of int, shape (n,)
        Their order in the file.
    """
    length = np.rint(readings.minutes * 60e6).astype("int64")
    keep, twice = np.ones(len(row), bool), np.zeros(len(row), bool)
    early = readings.start[:-1] + length[:-1] - readings.start[1:]
    if not (early > _LATE * np.minimum(length[:-1], length[1:])).any():
        return keep, twice
    last = 0
    for place in range(1, len(row)):
        early_by = readings.start[last] + length[last] - readings.start[place]
        if early_by <= _LATE * min(length[last], length[place]):
            last = place
            continue
        gone = last if row[place] > row[last] else place
        keep[gone], twice[gone] = False, readings.start[place] == readings.start[last]
        last = place if gone == last else last
    return keep, twice


def _tell_twice(
    file: str,
    device: str,
    readings: _Readings,
    rows: np.ndarray,
    order: np.ndarray,
    keep: np.ndarray,
    twice: np.ndarray,
    notes: list[str],
    told: list[Correction],
) -> None:
    """Tell the readings that another one of their file replaces."""
    for mask, words in ((~keep & twice, reconciliation.TWICE), (~keep & ~twice, reconciliation.OVERLAP)):
        gone = order[mask]
        if len(gone):
            told.append(Correction(file, device, words, len(gone), float(readings.kwh[gone].sum())))
    places = np.flatnonzero(~keep & twice)
    kept = np.flatnonzero(keep)
    stays = dict(zip(readings.start[order[kept]].tolist(), readings.kwh[order[kept]].tolist(), strict=True))
    differ = [at for at in order[places].tolist() if readings.kwh[at] != stays.get(int(readings.start[at]))]
    if differ:
        notes.append(
            f"{file}: {len(differ)} readings stand twice with different energy (first: row {rows[min(differ)]}); "
            "the later row counts."
        )


def _sum(
    readings: _Readings, device: str, file: int, shift: pd.Timedelta, profile: np.ndarray | None = None
) -> pd.DataFrame:
    """Return energy, known share, and what of it is estimated, by hour.

    Parameters
    ----------
    profile : ndarray, shape (n pieces,), optional
        How the energy of a reading is spread over its pieces, where it is not evenly.
    """
    reading, hour, length = pieces(readings.start, readings.minutes, shift)
    split = length / (readings.minutes[reading] * 60e6)
    if profile is not None:
        weight = length * profile
        whole = np.bincount(reading, weights=weight, minlength=len(readings.start))[reading]
        split = np.where(whole > 0, weight / np.where(whole > 0, whole, 1), split)
    base = int(hour.min()) if len(hour) else 0
    place = hour - base
    energy = readings.kwh[reading] * split
    crossing = energy * (split < 1 - 1e-6)
    sums = [np.bincount(place, weights=values) for values in (energy, length / HOUR_US, crossing)]
    guess = np.bincount(place, weights=readings.guess[reading]) > 0
    there = np.flatnonzero(np.bincount(place))
    energy, share, crossing = (values[there] for values in sums)
    crossed = (crossing > CROSSING * energy) & (crossing > _TINY)
    return pd.DataFrame(
        {
            "device_id": pd.Series(device, index=range(len(there)), dtype="str"),
            "timestamp": stamps_of(there + base, shift),
            "energy_kwh": energy,
            "share": np.minimum(share, 1.0),
            "estimated": guess[there] | crossed,
            "bridge": profile is not None,
            "file": file,
        }
    )


def _bridged(
    bridges: list[tuple[int, str, _Readings]], parts: list[pd.DataFrame], shift: pd.Timedelta, timezone: str
) -> list[pd.DataFrame]:
    """Spread what registers counted during outages by the usual profile of their device; the sum is kept."""
    out = []
    for device in dict.fromkeys(device for _, device, _ in bridges):
        own = [part[~part["estimated"]] for part in parts if len(part) and part["device_id"].iat[0] == device]
        usual = _profile(pd.concat(own) if own else _sum(_nothing(), device, 0, shift), timezone)
        for file, _, readings in (one for one in bridges if one[1] == device):
            _, hour, _ = pieces(readings.start, readings.minutes, shift)
            out.append(_sum(readings, device, file, shift, usual[_class(stamps_of(hour, shift), timezone)]))
    return out


def _class(stamps: pd.DatetimeIndex, timezone: str) -> np.ndarray:
    """Return the hour of the day, and 24 more on a Saturday or Sunday."""
    wall = local(stamps, timezone)
    return np.asarray(wall.hour + 24 * (wall.day_of_week >= 5))


def _profile(hours: pd.DataFrame, timezone: str) -> np.ndarray:
    """Return the mean energy of each hour of working days and weekends, shape (48,); 1 where nothing is known."""
    if hours.empty:
        return np.ones(48)
    place = _class(pd.DatetimeIndex(hours["timestamp"]), timezone)
    count = np.bincount(place, minlength=48)
    total = np.bincount(place, weights=hours["energy_kwh"], minlength=48)
    either = (total[:24] + total[24:]) / np.maximum(count[:24] + count[24:], 1)
    seen = np.tile(count[:24] + count[24:] > 0, 2)
    mean = np.where(count > 1, total / np.maximum(count, 1), np.tile(either, 2))
    return np.where(seen, mean, float(hours["energy_kwh"].mean()))


def _newest(
    hours: pd.DataFrame,
    least: float,
    names: list[str],
    overlaps: list[int],
    notes: list[str],
    told: list[Correction],
) -> pd.DataFrame:
    """Keep, of hours that several files fill, the newest file's; files that complete each other's hour both stay.

    What bridges an outage gives way to what another file, or the same one, measured in it.
    """
    again = hours.duplicated(_KEY, keep=False)
    if not again.any():
        return hours
    both = hours[again]
    rank = both["file"] + len(names) * ((both["share"] >= least - 1e-9).astype(int) + ~both["bridge"])
    groups = [both["device_id"], both["timestamp"]]
    complete_each_other = both["share"].groupby(groups).transform("sum") <= 1 + 1e-6
    stays = complete_each_other | (rank == rank.groupby(groups).transform("max"))
    gone = both[~stays]
    for (number, device, bridge), rows in gone.groupby(["file", "device_id", "bridge"]):
        words = reconciliation.MEASURED if bridge else reconciliation.NEWER
        told.append(Correction(names[int(number)], str(device), words, len(rows), float(rows["energy_kwh"].sum())))
    for number, count in gone.loc[~gone["bridge"], "file"].value_counts().items():
        overlaps[int(number)] += int(count)
        notes.append(f"{names[int(number)]}: {count} device-hours stand in a newer file too, which counts.")
    return hours.drop(index=gone.index)


def _whole(
    hours: pd.DataFrame,
    names: list[str],
    overlaps: list[int],
    least: float,
    notes: list[str],
    told: list[Correction],
) -> Hours:
    """Put the hours of all files together, scale up those of which enough is known, and drop the others."""
    out = (
        hours.groupby(_KEY, sort=True)
        .agg(energy_kwh=("energy_kwh", "sum"), share=("share", "sum"), estimated=("estimated", "max"))
        .reset_index()
    )
    full, enough = out["share"] > 1 - 1e-6, out["share"] >= least - 1e-9
    kept = hours.merge(out.loc[enough, _KEY])
    used = kept.groupby("file")["energy_kwh"].sum().reindex(range(len(names)), fill_value=0.0).tolist()
    lost = hours.merge(out.loc[~enough, _KEY])
    for (number, device), rows in lost.groupby(["file", "device_id"]):
        kwh = float(rows["energy_kwh"].sum())
        told.append(Correction(names[int(number)], str(device), reconciliation.SPARSE, len(rows), kwh))
    whole = np.where(full, out["energy_kwh"], out["energy_kwh"] / out["share"])
    grown = out.assign(kwh=out["energy_kwh"] - whole)[enough & ~full]
    for device, rows in grown.groupby("device_id"):
        told.append(Correction("", str(device), reconciliation.SCALED, len(rows), float(rows["kwh"].sum())))
    _tell_incomplete(out, full, enough, least, notes)
    out["energy_kwh"] = whole
    out["quality"] = np.where(full & ~out["estimated"], "measured", "estimated")
    frame = out.loc[enough, [*_KEY, "energy_kwh", "quality"]].reset_index(drop=True)
    return Hours(frame, overlaps, used, notes, told)


def _tell_incomplete(out: pd.DataFrame, full: pd.Series, enough: pd.Series, least: float, notes: list[str]) -> None:
    scaled, lost = (enough & ~full).sum(), (~enough).sum()
    if scaled:
        notes.append(f"{scaled} device-hours lack some of their readings and are scaled up from the rest (estimated).")
    if lost:
        kwh = out.loc[~enough, "energy_kwh"].sum()
        notes.append(
            f"{lost} device-hours hold less than {least:.0%} of their readings and count as unknown ({kwh:.3g} kWh)."
        )
