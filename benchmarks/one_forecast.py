"""Forecast a readings frame once, and print what it took: `python -m benchmarks.one_forecast READINGS.parquet`."""

from __future__ import annotations

import json
import sys
import time

import pandas as pd

import influx


def main(file: str) -> None:
    """Print wall and processor time of one call of `influx.forecast` [s], without reading the file, as JSON."""
    readings = pd.read_parquet(file)
    forecast = influx.forecast  # imports what it takes, which is no part of a call
    wall, own = time.perf_counter(), time.process_time()
    said = forecast(readings, timezone="Europe/Berlin")
    took = {"wall": time.perf_counter() - wall, "processor": time.process_time() - own}
    print(json.dumps(took | {"devices": int(said["device_id"].nunique())}))


if __name__ == "__main__":
    main(sys.argv[1])
