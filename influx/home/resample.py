"""From readings of any length to the hours of a home, with every kilowatt-hour accounted for.

A reading flows evenly over its time, but for one that bridges an outage: what a register counted in those hours is
known as a sum only, so it is spread by the usual profile of its device, and estimated. An hour of which too little is
known is unknown; one of which enough is known is scaled up, and estimated. Where files overlap, the newest one counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from influx.core.local_time import local
from influx.core.settings import Settings
from influx.home.audit import MEASURED, NEWER, OVERLAP, SCALED, SPARSE, TWICE, Audit
from influx.home.time_grid import cut_at_hours, hour_of

CROSSING = 0.1
"""Share of an hour's energy that may come from readings across its borders before the hour is an estimate."""

_EARLY = 0.1  # of a reading's length, by which the next one may begin before its end
_TINY = 1e-3  # kWh
_ROUNDING = 1e-9
_SERIES = ["file", "device_id"]
_HOUR = ["device_id", "timestamp"]


def readings_to_hours(
    files: Mapping[str, pd.DataFrame], settings: Settings, shift: pd.Timedelta, audit: Audit
) -> pd.DataFrame:
    """Bring the readings of all files, by name and oldest first, to hours; where files overlap, the newer one wins.

    `files` have `device_id`, `timestamp` (UTC), `minutes`, `energy_kwh`, `quality` and `row`. The result has device_id,
    timestamp, energy_kwh, quality, only of hours that are known. An hour of which not all is known is scaled up and
    "estimated", and so is an hour that got its energy from a reading across its border.
    """
    readings = _without_overlaps(_known(files), shift, audit)
    bridges = readings["estimated"] & (readings["minutes"] > 60)
    hours = _by_hour(_pieces(readings[~bridges], shift)).assign(bridge=False)
    if bridges.any():
        spread = _by_usual_profile(_pieces(readings[bridges], shift), hours, settings.timezone)
        hours = pd.concat([hours, _by_hour(spread).assign(bridge=True)], ignore_index=True)
    return _whole(_newest(hours, settings.complete_hour, audit), settings.complete_hour, audit)


def _known(files: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the known readings of all files, those of a logger that writes some seconds late at the full minute."""
    columns = ["device_id", "timestamp", "minutes", "energy_kwh", "quality", "row"]
    rows = pd.concat([frame[columns] for frame in files.values()], ignore_index=True)
    order = np.repeat(np.arange(len(files)), [len(frame) for frame in files.values()])
    rows["file"] = pd.Categorical.from_codes(order, list(files))
    rows = rows[np.isfinite(rows["energy_kwh"])].astype({"minutes": float, "energy_kwh": float})
    regular = (rows["minutes"] >= 10) & (rows["minutes"] == np.rint(rows["minutes"]))
    full_minute = (rows["timestamp"] + pd.Timedelta(seconds=30)).dt.floor("min")
    return rows.assign(
        device_id=rows["device_id"].astype("str"),
        timestamp=rows["timestamp"].where(~regular, full_minute).dt.as_unit("us"),
        estimated=rows["quality"] == "estimated",
    )


def _without_overlaps(readings: pd.DataFrame, shift: pd.Timedelta, audit: Audit) -> pd.DataFrame:
    """Return readings of which no two of a series cover the same time; of those that do, the later row counts."""
    ordered = readings.sort_values([*_SERIES, "timestamp"], kind="stable")
    start, minutes = ordered["timestamp"], ordered["minutes"]
    early = (start.shift() + pd.to_timedelta(minutes.shift(), unit="min") - start) / pd.Timedelta(minutes=1)
    series = ordered.groupby(_SERIES, observed=True).ngroup()
    overlaps = (series == series.shift()) & (early > _EARLY * np.minimum(minutes, minutes.shift()))
    for _, rows in ordered[series.isin(series[overlaps])].groupby(_SERIES, observed=True):
        keep, twice = _later_rows(rows)
        file = str(rows["file"].iat[0])
        audit.correct(TWICE, rows[twice])
        audit.correct(OVERLAP, rows[~keep & ~twice])
        audit.overlaps[file] += hour_of(rows.loc[~keep, "timestamp"], shift).nunique()
        energy = rows[keep].drop_duplicates("timestamp", keep="last").set_index("timestamp")["energy_kwh"]
        again = rows[twice]
        differ = again[again["energy_kwh"].to_numpy() != energy.reindex(again["timestamp"]).to_numpy()]
        if len(differ):
            audit.note("different energy", file=file, count=len(differ), row=differ["row"].min())
        readings = readings.drop(index=rows.index[~keep])
    return readings


def _later_rows(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Tell which readings of a series, in order of time, stay, and which of the others begin with one that stays.

    The index of `rows` is their order in the file.
    """
    start, row = pd.DatetimeIndex(rows["timestamp"]).asi8, rows.index.to_numpy()
    length = np.rint(rows["minutes"].to_numpy() * 60e6).astype("int64")
    keep, twice = np.ones(len(rows), bool), np.zeros(len(rows), bool)
    last = 0
    for place in range(1, len(rows)):
        if start[last] + length[last] - start[place] > _EARLY * min(length[last], length[place]):
            older, newer = (last, place) if row[place] > row[last] else (place, last)
            keep[older], twice[older] = False, start[place] == start[last]
            last = newer
        else:
            last = place
    return keep, twice


def _pieces(readings: pd.DataFrame, shift: pd.Timedelta) -> pd.DataFrame:
    """Return readings cut at the hours, the energy of each spread evenly."""
    pieces = cut_at_hours(readings["timestamp"], readings["minutes"], shift)
    whole = readings[[*_SERIES, "energy_kwh", "estimated"]].iloc[pieces["interval"]].reset_index(drop=True)
    return pieces.join(whole.assign(energy_kwh=whole["energy_kwh"] * pieces["share"]))


def _by_hour(pieces: pd.DataFrame) -> pd.DataFrame:
    """Return energy, the share of the hour that is known, and whether it is estimated, by file, device and hour."""
    crossing = pieces["energy_kwh"].where(pieces["share"] < 1 - 1e-6, 0.0)
    hours = (
        pieces.assign(crossing=crossing)
        .groupby([*_SERIES, "timestamp"], observed=True)
        .agg({"energy_kwh": "sum", "minutes": "sum", "crossing": "sum", "estimated": "max"})
        .reset_index()
    )
    crossed = (hours["crossing"] > CROSSING * hours["energy_kwh"]) & (hours["crossing"] > _TINY)
    hours["estimated"] |= crossed
    hours["share"] = (hours["minutes"] / 60).clip(upper=1.0)
    return hours.drop(columns=["minutes", "crossing"])


def _by_usual_profile(pieces: pd.DataFrame, hours: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Spread what registers counted in outages by the usual profile of their device; each sum is kept."""
    out = []
    for device, rows in pieces.groupby("device_id", sort=False):
        measured = hours[(hours["device_id"] == device) & ~hours["estimated"]]
        weight = rows["minutes"] * _usual_profile(measured, timezone)[_part_of_week(rows["timestamp"], timezone)]
        weights, energy = (values.groupby(rows["interval"]).transform("sum") for values in (weight, rows["energy_kwh"]))
        out.append(rows.assign(energy_kwh=(energy * weight / weights).where(weights > 0, rows["energy_kwh"])))
    return pd.concat(out, ignore_index=True)


def _part_of_week(stamps: pd.Series, timezone: str) -> np.ndarray:
    """Return the hour of the day, and 24 more on a Saturday or Sunday."""
    wall = local(pd.DatetimeIndex(stamps), timezone)
    return np.asarray(wall.hour + 24 * (wall.day_of_week >= 5))


def _usual_profile(hours: pd.DataFrame, timezone: str) -> np.ndarray:
    """Return the mean energy of each hour of working days and weekends, shape (48,); 1 where nothing is known.

    An hour that was seen once or never on such days is the mean of all days; one that was never seen, that of all.
    """
    if hours.empty:
        return np.ones(48)
    energy, part = hours["energy_kwh"], _part_of_week(hours["timestamp"], timezone)
    of_part = energy.groupby(part).agg(["mean", "size"])
    of_day = energy.groupby(part % 24).mean().reindex(np.arange(48) % 24).set_axis(range(48))
    usual = of_part.loc[of_part["size"] > 1, "mean"].reindex(range(48))
    return usual.fillna(of_day).fillna(energy.mean()).to_numpy()


def _newest(hours: pd.DataFrame, least: float, audit: Audit) -> pd.DataFrame:
    """Keep, of hours that several files fill, the newest file's; files that complete each other's hour both stay.

    What bridges an outage gives way to what another file, or the same one, measured in it.
    """
    both = hours[hours.duplicated(_HOUR, keep=False)]
    if both.empty:
        return hours
    enough = (both["share"] >= least - _ROUNDING).astype(int)
    rank = both["file"].cat.codes + len(both["file"].cat.categories) * (enough + ~both["bridge"])
    groups = [both["device_id"], both["timestamp"]]
    complete_each_other = both["share"].groupby(groups).transform("sum") <= 1 + 1e-6
    lost = both[~complete_each_other & (rank != rank.groupby(groups).transform("max"))]
    audit.correct(MEASURED, lost[lost["bridge"]])
    audit.correct(NEWER, lost[~lost["bridge"]])
    for file, count in lost.loc[~lost["bridge"], "file"].astype("str").value_counts().items():
        audit.overlaps[str(file)] += int(count)
        audit.note("newer hours", file=file, count=count)
    return hours.drop(index=lost.index)


def _whole(hours: pd.DataFrame, least: float, audit: Audit) -> pd.DataFrame:
    """Put the hours of all files together, scale up those of which enough is known, and drop the others."""
    enough = hours.groupby(_HOUR)["share"].transform("sum") >= least - _ROUNDING
    lost, kept = hours[~enough], hours[enough]
    audit.correct(SPARSE, lost)
    for file, kwh in kept.groupby("file", observed=False)["energy_kwh"].sum().items():
        audit.kwh_used[str(file)] = float(kwh)
    out = kept.groupby(_HOUR, as_index=False).agg({"energy_kwh": "sum", "share": "sum", "estimated": "max"})
    scaled = out["share"] <= 1 - 1e-6
    whole = out["energy_kwh"].where(~scaled, out["energy_kwh"] / out["share"])
    audit.correct(SCALED, out[scaled].assign(energy_kwh=out["energy_kwh"] - whole))
    if scaled.any():
        audit.note("scaled", count=scaled.sum())
    if len(lost):
        audit.note("sparse", count=len(lost.drop_duplicates(_HOUR)), least=least, kwh=lost["energy_kwh"].sum())
    quality = np.where(scaled | out["estimated"], "estimated", "measured")
    return out[_HOUR].assign(energy_kwh=whole, quality=pd.Series(quality, index=out.index, dtype="str"))
