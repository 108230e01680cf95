"""Whether the band holds what it promises, for each device and for the home: half a year of weekly origins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.methods import answer, with_influx
from benchmarks.protocol import WEEK, Case, Readings, cases, read_sets
from benchmarks.registry import Findings, Measured, Options, Table, benchmark
from benchmarks.scores import DEVICE, score
from influx.core.local_time import local
from influx.core.schema import HOUSEHOLD

WEEKS = 26
MOSTLY_ZERO = 0.90
"""Share of zero hours from which on a device is set aside: any sensible band covers more of it than promised."""

COLUMNS = ["device_id", "weeks", "zero", "coverage", "perfect", "aside"]

METERS_OF_ALL = {HOUSEHOLD, "main"}
"""Devices that are the whole home: beside one of them the sum of all devices counts everything twice."""


@benchmark("calibration", runs=1)
def calibration(options: Options) -> Findings:
    """What the band from p10 to p90 covered a week ahead at 26 weekly origins; it promises 80 %.

    A device is told by itself, the mean over devices is that of the set. One series' coverage over 26 weeks has a
    standard deviation of 1 to 3 points. Beside it stands what a band whose ends are exactly the quantiles 10 and 90 %
    covers: 80 % of hours that are never zero, but 90 % of those that are zero more than one time in ten, since the
    lower end is then zero itself, and all zeros where they are more than nine in ten.
    """
    rows, measured = [], []
    for readings in read_sets(options):
        found = _covered(readings)
        judged = found[~found["aside"] & (found["device_id"] != HOUSEHOLD)]
        counted, apart = judged["coverage"], 100 * float((judged["coverage"] - judged["perfect"]).mean())
        rows += [_row(readings.name, *one) for one in found.itertuples(index=False)]
        share = 100 * float(((counted >= 0.7) & (counted <= 0.9)).mean())
        measured += [
            Measured(f"{readings.name}: mean over devices", 100 * float(counted.mean()), "%", at_most=82, at_least=78),
            Measured(f"{readings.name}: mean over devices, less that of perfect bands", apart, "points"),
            Measured(f"{readings.name}: devices of which 70 to 90 % are covered", share, "%", at_least=100),
        ]
        for covered in found[found["device_id"] == HOUSEHOLD]["coverage"]:
            measured.append(Measured(f"{readings.name}: the household", 100 * covered, "%", at_most=90, at_least=70))
    note = f"Set aside: devices that are zero in {MOSTLY_ZERO:.0%} of their hours or more."
    columns = ["set", "device", "weeks", "zero hours", "covered", "a perfect band"]
    return Findings([Table("Covered by the band", columns, rows, [note])], measured)


def _covered(readings: Readings) -> pd.DataFrame:
    """Return a row a device and household: `COLUMNS`, of which `aside` tells whether it is set aside."""
    asked = list(cases(readings, WEEKS, 7))
    said = answer(with_influx, asked)
    scores = pd.concat([score(asked, said), score(households(asked), said)])
    by_device = scores.groupby(DEVICE, sort=False)["coverage"].agg(["size", "mean"]).reset_index()
    hours = pd.concat([readings.hours, _sums(readings.hours, homes_of_devices(readings.hours))], axis=1)
    known = [hours[device].dropna() for device in zip(by_device["home_id"], by_device["device_id"], strict=True)]
    zero = np.array([(energy == 0).mean() for energy in known])
    perfect = [perfect_coverage(energy, readings.timezone) for energy in known]
    found = by_device.assign(zero=zero, perfect=perfect, aside=zero >= MOSTLY_ZERO)
    return found.rename(columns={"size": "weeks", "mean": "coverage"})[COLUMNS]


def households(asked: Sequence[Case]) -> list[Case]:
    """Return the cases of the homes that are the sum of their devices, where every device is known."""
    out = []
    for case in asked:
        homes = homes_of_devices(case.truth)
        history, truth = _sums(case.history, homes), _sums(case.truth, homes)
        naive = (history - history.shift(WEEK)).abs().mean()
        known = [column for column in truth if truth[column].notna().any() and naive[column] > 0]
        out.append(Case(case.name, case.origin, case.timezone, history[known], truth[known], naive[known]))
    return out


def _sums(hours: pd.DataFrame, homes: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({(home, HOUSEHOLD): hours[home].sum(axis=1, skipna=False) for home in homes}, index=hours.index)


def homes_of_devices(hours: pd.DataFrame) -> list[str]:
    """Return the homes whose household is the sum of their devices."""
    by_home = {home: set(hours[home]) for home in hours.columns.unique(0)}
    return [home for home, devices in by_home.items() if len(devices) > 1 and not METERS_OF_ALL & devices]


def perfect_coverage(energy: pd.Series, timezone: str) -> float:
    """Return the share of known hours that exact quantiles of each hour of the day would cover, for its zeros."""
    hour = local(pd.DatetimeIndex(energy.index), timezone).hour.to_numpy()
    zero = (energy == 0).groupby(hour).transform("mean").to_numpy()
    return float(np.select([zero >= 0.9, zero >= 0.1], [zero, 0.9], 0.8).mean())


def _row(name: str, device: str, weeks: int, zero: float, coverage: float, perfect: float, aside: bool) -> list[str]:
    zeros = f"{zero:.0%}" + (", set aside" if aside else "")
    return [name, device, str(weeks), zeros, f"{coverage:.1%}", f"{perfect:.1%}"]
