"""What every peer's script does alike: `python with_NAME.py ASKED.parquet ANSWERED.parquet`, in the peers' environment.

Asked: a row for each `case` (one origin of one set), `series` and `timestamp` (hours of the home's own clock, complete,
without an offset) with `kwh`, NaN where unknown, and `ahead`, true for the hours to forecast. Answered: the hours ahead
with `p10`, `p50`, `p90` and `mean`, never below zero and in order; a series that the peer refuses has one row, with the
`reason`. `seconds` is the processor time that the case took, and the file's metadata name the packages' versions.

A script says how its package forecasts one series, or all series of a case at once; this file knows no package.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

WEEK = 168
COLUMNS = ["p10", "p50", "p90", "mean"]

One = Callable[[pd.Series, pd.DatetimeIndex], pd.DataFrame]
"""The past hours of one series from its first known one (index: hours; NaN: unknown), and the hours ahead: a frame of
`COLUMNS`, a row for each hour ahead."""

Whole = Callable[[pd.DataFrame, pd.DatetimeIndex], "dict[str, pd.DataFrame | str]"]
"""The past hours of all series of a case (a column each), and the hours ahead: a frame each, or why it has none."""


def main(forecast: Whole, packages: Sequence[str]) -> None:
    """Answer the file that the command line names first in the one that it names second."""
    logging.disable(logging.WARNING)
    asked = pd.read_parquet(sys.argv[1]).astype({"timestamp": "datetime64[ns]"})  # the unit that packages expect
    answers = [_answer(str(name), case, forecast) for name, case in asked.groupby("case", sort=False)]
    table = pa.Table.from_pandas(pd.concat(answers, ignore_index=True), preserve_index=False)
    versions = {name: importlib.metadata.version(name) for name in packages}
    pq.write_table(table.replace_schema_metadata({"versions": json.dumps(versions)}), sys.argv[2])


def each(forecast: One) -> Whole:
    """Forecast series by series; a series for which the package raises an error is refused with its words."""

    def every(history: pd.DataFrame, hours: pd.DatetimeIndex) -> dict[str, pd.DataFrame | str]:
        out: dict[str, pd.DataFrame | str] = {}
        for name in history:
            try:
                out[name] = forecast(from_first(history[name]), hours)
            except Exception as error:
                traceback.print_exc()
                out[name] = words(error)
        return out

    return every


def words(error: Exception) -> str:
    """Return an error as one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]


def from_first(energy: pd.Series) -> pd.Series:
    """Return a series from its first known hour."""
    return energy.loc[energy.first_valid_index() :]


def filled(energy: pd.Series) -> pd.Series:
    """Return a series without gaps, for packages that take none: the last known hour of the same hour of the week."""
    hour_of_week = 24 * energy.index.day_of_week + energy.index.hour
    return energy.groupby(hour_of_week).ffill().fillna(energy.mean())


def frame(hours: pd.DatetimeIndex, p10: object, p50: object, p90: object, mean: object) -> pd.DataFrame:
    """Return what was forecast as the frame that is written."""
    columns = dict(zip(COLUMNS, (p10, p50, p90, mean), strict=True))
    return pd.DataFrame({name: np.asarray(values, dtype=float) for name, values in columns.items()}, index=hours)


def _answer(name: str, case: pd.DataFrame, forecast: Whole) -> pd.DataFrame:
    wide = case.pivot(index="timestamp", columns="series", values="kwh")
    ahead = case.groupby("timestamp")["ahead"].first()
    history = wide[~ahead].asfreq("h")
    hours = pd.DatetimeIndex(wide.index[ahead], name="timestamp")
    began = sum(os.times()[:4])
    try:
        answers = forecast(history, hours)
    except Exception as error:
        traceback.print_exc()
        answers = dict.fromkeys(history, words(error))
    seconds = sum(os.times()[:4]) - began
    rows = [_rows(series, answers.get(series, "no forecast came out of it"), hours) for series in history]
    return pd.concat(rows, ignore_index=True).assign(case=name, seconds=seconds)


def _rows(series: str, answer: pd.DataFrame | str, hours: pd.DatetimeIndex) -> pd.DataFrame:
    if not isinstance(answer, str) and not (len(answer) == len(hours) and np.isfinite(answer.to_numpy()).all()):
        answer = "its forecast has gaps"
    if isinstance(answer, str):
        nothing = pd.DataFrame({"timestamp": hours[:1], **dict.fromkeys(COLUMNS, np.nan)})
        return nothing.assign(series=series, reason=answer)
    band = np.sort(answer[["p10", "p50", "p90"]].to_numpy(), axis=1).clip(0)
    out = pd.DataFrame(band, columns=["p10", "p50", "p90"]).assign(mean=answer["mean"].to_numpy().clip(0))
    return out.assign(timestamp=hours, series=series, reason="")
