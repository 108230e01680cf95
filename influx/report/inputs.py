"""What a run is made of: its data, the moment that it is made for, and how far it reaches."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from influx.core.constants import WEEK
from influx.core.errors import InputError
from influx.core.paths import find


def check_data(data: str | Path) -> Path:
    """Return the path of a home's folder or file, absolute."""
    path = find(data)
    if not path.exists():
        raise InputError(f"data: there is no {data}. Name a home's folder, or a file of events or readings.")
    return path


def check_horizon(horizon: object) -> int:
    """Return a number of hours that can be forecast."""
    if isinstance(horizon, bool) or not isinstance(horizon, int) or not 1 <= horizon <= 2 * WEEK:
        raise InputError(f"horizon: {horizon!r} cannot be used; give 1 to {2 * WEEK} whole hours.")
    return horizon


def parse_time(as_of: str) -> dt.datetime:
    """Return the as-of time, written as a date or a time that begins with a date (ISO 8601)."""
    try:
        if not re.match(r"\d{4}-\d\d-\d\d", as_of):
            raise ValueError("no date first")
        return dt.datetime.fromisoformat(as_of)
    except ValueError as error:
        raise InputError(
            f"as_of: {as_of!r} is not a time; write 2024-07-14, or 2024-07-14T18:00 for an hour of the home's clock."
        ) from error
