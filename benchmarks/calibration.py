"""Whether the band holds what it promises, for each device and for the home: half a year of weekly origins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.methods import answer, with_influx
from benchmarks.protocol import WEEK, Case, Readings, cases, read_sets
from benchmarks.registry import Findings, Measured, Options, Table, benchmark
from benchmarks.scores import DEVICE, score
from influx.schema import HOUSEHOLD

WEEKS = 26
MOSTLY_ZERO = 0.90
"""Share of zero hours from which on a device is set aside: any sensible band covers more of it than promised."""

COLUMNS = ["device_id", "weeks", "zero", "coverage", "aside"]

METERS_OF_ALL = {HOUSEHOLD, "main"}
"""Devices that are the whole home: beside one of them the sum of all devices counts everything twice."""


@benchmark("calibration", runs=1)
def calibration(options: Options) -> Findings:
    """What the band from p10 to p90 covered a week ahead at 26 weekly origins; it promises 80 %.

    A device is told by itself, the mean over devices is that of the set. One series' coverage over 26 weeks has a
    standard deviation of 1 to 3 points.
    """
    rows, measured = [], []
    for readings in read_sets(options):
        found = _covered(readings)
        counted = found[~found["aside"] & (found["device_id"] != HOUSEHOLD)]["coverage"]
        rows += [_row(readings.name, *one) for one in found.itertuples(index=False)]
        share = 100 * float(((counted >= 0.7) & (counted <= 0.9)).mean())
        measured += [
            Measured(f"{readings.name}: mean over devices", 100 * float(counted.mean()), "%", at_most=82, at_least=78),
            Measured(f"{readings.name}: devices of which 70 to 90 % are covered", share, "%", at_least=100),
        ]
        for covered in found[found["device_id"] == HOUSEHOLD]["coverage"]:
            measured.append(Measured(f"{readings.name}: the household", 100 * covered, "%", at_most=90, at_least=70))
    note = f"Set aside: devices that are zero in {MOSTLY_ZERO:.0%} of their hours or more."
    columns = ["set", "device", "weeks", "zero hours", "covered"]
    return Findings([Table("Covered by the band", columns, rows, [note])], measured)


def _covered(readings: Readings) -> pd.DataFrame:
    """Return a row a device and household: `COLUMNS`, of which `aside` tells whether it is set aside."""
    asked = list(cases(readings, WEEKS, 7))
    said = answer(with_influx, asked)
    scores = pd.concat([score(asked, said), score(households(asked), said)])
    by_device = scores.groupby(DEVICE, sort=False)["coverage"].agg(["size", "mean"]).reset_index()
    keys = zip(by_device["home_id"], by_device["device_id"], strict=True)
    zero = np.array([_zero(readings.hours, *device) for device in keys])
    found = by_device.assign(zero=zero, aside=zero >= MOSTLY_ZERO)
    return found.rename(columns={"size": "weeks", "mean": "coverage"})[COLUMNS]


def households(asked: Sequence[Case]) -> list[Case]:
    """Return the cases of the homes that are the sum of their devices, where every device is known."""
    out = []
    for case in asked:
        homes = [home for home in case.truth.columns.unique(0) if _is_sum(list(case.truth[home]))]
        history, truth = _sums(case.history, homes), _sums(case.truth, homes)
        naive = (history - history.shift(WEEK)).abs().mean()
        known = [column for column in truth if truth[column].notna().any() and naive[column] > 0]
        out.append(Case(case.name, case.origin, case.timezone, history[known], truth[known], naive[known]))
    return out


def _sums(hours: pd.DataFrame, homes: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({(home, HOUSEHOLD): hours[home].sum(axis=1, skipna=False) for home in homes}, index=hours.index)


def _is_sum(devices: list[str]) -> bool:
    return len(devices) > 1 and not METERS_OF_ALL & set(devices)


def _zero(hours: pd.DataFrame, home_id: str, device_id: str) -> float:
    if (home_id, device_id) not in hours:
        return 0.0
    known = hours[home_id, device_id].dropna()
    return float((known == 0).mean())


def _row(name: str, device: str, weeks: int, zero: float, coverage: float, aside: bool) -> list[str]:
    return [name, device, str(weeks), f"{zero:.0%}" + (", set aside" if aside else ""), f"{coverage:.1%}"]
