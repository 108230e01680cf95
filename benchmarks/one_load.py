"""Load a home in a process of its own, and say how long that took and what came out."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import influx
from influx.home import parse_cache


def main(folder: Path, again: bool) -> None:
    """Load `folder`; `again`: once more, now that its files are known."""
    began = time.perf_counter()
    home = influx.load(folder)
    first = time.perf_counter() - began
    second = 0.0
    if again:
        began = time.perf_counter()
        home = influx.load(folder)
        second = time.perf_counter() - began
    rows, kwh = int(home.reconciliation["rows_read"].sum()), float(home.series["kwh"].sum())
    print(json.dumps({"seconds": first, "again": second, "rows": rows, "kwh": kwh}))


if __name__ == "__main__":
    parse_cache.FOLDER = Path(sys.argv[2])
    main(Path(sys.argv[1]), len(sys.argv) > 3)
