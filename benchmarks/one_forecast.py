"""Forecast a readings frame once, and print what it took: `python -m benchmarks.one_forecast READINGS.parquet`."""

from __future__ import annotations

import json
import sys
import time

import pandas as pd
import psutil

import influx


def main(file: str) -> None:
    """Print wall and processor time of one call of `influx.forecast` [s], without reading the file, as JSON.

    The processor time is that of this process and of those that it started, which are still there after the call.
    """
    readings = pd.read_parquet(file)
    forecast = influx.forecast  # imports what it takes, which is no part of a call
    wall, own = time.perf_counter(), _processor()
    said = forecast(readings, timezone="Europe/Berlin")
    took = {"wall": time.perf_counter() - wall, "processor": _processor() - own}
    print(json.dumps(took | {"devices": int(said["device_id"].nunique())}))


def _processor() -> float:
    spent = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return time.process_time() + sum(one.user + one.system for one in spent)


if __name__ == "__main__":
    main(sys.argv[1])
