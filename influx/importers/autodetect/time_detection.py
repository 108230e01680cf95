"""Which columns of a table tell the time, in which order a date is written, and which end of an interval it marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from influx.core import local_time
from influx.core.constants import DAY_US
from influx.core.settings import File
from influx.importers.autodetect import column_names
from influx.importers.autodetect.conclusion import AmbiguityError, Conclusion
from influx.importers.autodetect.sample import Sample, is_date_in_digits
from influx.importers.reading import times
from influx.importers.reading.times import Order

_CLOCK = r"(?:[01]?\d|2[0-4])[:h][0-5]\d(?:[:.][0-5]\d)?(?: ?[ap]\.?m\.?)?(?: ?(?:z|[+-]\d\d:?\d\d))?"
_CLOCK_IN_TIME = re.compile(r"\d[t, ]+\d{1,2}[:.]\d\d|\d{8}[t ]\d{4}")
_FIRST, _LAST = 946_684_800, 4_102_444_800
"""The years 2000 to 2099 in seconds since 1970."""

_MOST = 0.9
_REGULAR = 0.8


@dataclass(frozen=True, eq=False)
class Times(Conclusion):
    """The times of a table.

    `micros` are those of the sample (on the clock that wrote them, or in UTC where they have offsets), NaN where none;
    `marks_known` tells whether something says which end of its interval a time marks.
    """

    columns: tuple[str, ...]
    order: Order
    micros: np.ndarray
    end: str | None = None
    time_marks: Literal["start", "end"] = "start"
    zone: str = "home"
    marks_known: bool = True


def detect(sample: Sample, overrides: File, timezone: str = "UTC") -> Times | None:
    """Return the times of a table, or None where no column holds any; `timezone` is that of the home."""
    rows = sample.rows
    named = (overrides.time,) if isinstance(overrides.time, str) else tuple(overrides.time or ())
    columns = named if named and set(named) <= set(rows) else _columns(rows)
    if columns is None:
        return None
    texts = times.joined(rows, columns)
    order, why = _order(texts, overrides)
    micros, reasons = times.parse(texts, order)
    out = Times(
        columns,
        order,
        np.where(np.isin(reasons, ("", "naive")), micros, np.nan),
        why=(f"{' and '.join(columns)}: the time.", *why),
    )
    if order not in ("s", "ms"):
        if (reasons == "").any():
            out = out.because("The times have their offset from UTC.")
        elif any(column_names.mentions(name, "utc") for name in columns):
            out = out.because("The name of the time says UTC.", zone="UTC")
        else:
            out = out.because("The times have no offset: they are the clock of the home's time zone.")
    in_utc = out.zone == "UTC" or reasons[0] == ""
    return _with_marks(out, rows, texts, overrides, timezone if in_utc else None)


def _columns(rows: pd.DataFrame) -> tuple[str, ...] | None:
    """Return the column of the time, or those of date and clock."""
    kinds = {name: _kind(rows[name]) for name in rows}

    def of_kind(*wanted: str) -> list[str]:
        return [name for name, kind in kinds.items() if kind in wanted]

    if typed := of_kind("typed"):
        return (typed[0],)
    dates, clocks = of_kind("date"), of_kind("clock")
    whole = of_kind("time", "epoch")
    if whole and dates and clocks:  # beside a day and a clock, a time of fewer values is of something else: a revision
        most = max(rows[name].nunique() for name in whole)
        whole = whole if most >= len(rows[[dates[0], _likeliest(clocks)]].drop_duplicates()) else []
    if whole:
        utc = [name for name in whole if column_names.mentions(name, "utc") and not column_names.marks_end(name)]
        starts = any(column_names.mentions(name, "start") for name in whole)
        return (_likeliest(whole) if starts or not utc else utc[0],)
    if not dates:
        return None
    hours = [name for name in of_kind("hour") if column_names.mentions(name, "hour")]
    return (dates[0], _likeliest(clocks)) if clocks else (dates[0], *hours[:1])


def _likeliest(names: list[str]) -> str:
    """Return the column of times that marks starts, else one that marks no ends."""
    starts = [name for name in names if column_names.mentions(name, "start")]
    return (starts or [name for name in names if not column_names.marks_end(name)] or names)[0]


def _kind(column: pd.Series) -> str:
    """Return what the cells of a column are: typed, time, date, clock, hour, epoch, or nothing of it."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return "typed"
    if not pd.api.types.is_string_dtype(column) and not pd.api.types.is_object_dtype(column):
        return ""
    texts = column.astype("str").fillna("").str.strip().str.lower()
    texts = texts[~texts.isin(times.MISSING)]
    if texts.empty:
        return ""
    texts = texts.iloc[:: max(len(texts) // 300, 1)]
    numbers = pd.to_numeric(texts, errors="coerce")
    if any(((numbers > _FIRST * per) & (numbers < _LAST * per)).mean() > _MOST for per in (1, 1000)):
        return "epoch"
    if texts.str.fullmatch(_CLOCK).mean() > _MOST:
        return "clock"
    if texts.map(_is_dated).mean() > _MOST:
        return "time" if texts.map(lambda text: _CLOCK_IN_TIME.search(text) is not None).mean() > 0.5 else "date"
    return "hour" if texts.str.fullmatch(r"\d{1,2}").mean() > _MOST and numbers.max() <= 25 else ""


def _is_dated(text: str) -> bool:
    if text.isdigit() and len(text) == 8:
        return is_date_in_digits(text)
    return any(re.match(pattern, text) for pattern in times.PATTERNS.values())


def _order(texts: pd.Series, overrides: File) -> tuple[Order, tuple[str, ...]]:
    """Return the order of a date's parts, and why."""
    if overrides.date_order is not None:
        return overrides.date_order, ("home.yaml says the order of its dates.",)
    if pd.api.types.is_datetime64_any_dtype(texts):
        return "ymd", ()
    plain = texts.astype("str").str.strip()
    numbers = pd.to_numeric(plain, errors="coerce")
    if numbers.notna().mean() > _MOST and (numbers > 900_000_000).mean() > _MOST:
        milli = bool(numbers.median() > 1e11)
        return "ms" if milli else "s", (f"Times are {'milli' * milli}seconds since 1970.",)
    known = plain[~plain.str.lower().isin(times.MISSING)]
    good = {}
    for order in ("ymd", "dmy", "mdy"):
        _, reasons = times.parse(known, order)
        good[order] = np.isin(reasons, ("", "naive")).sum() / max(len(known), 1)
    if good["ymd"] >= max(good["dmy"], good["mdy"]):
        return "ymd", ("Dates begin with the year.",)
    if known.str.match(r"\d{1,2}\.\d{1,2}\.\d").mean() > _MOST:
        return "dmy", ("Dates are written with points, so the day comes first.",)
    if good["dmy"] > good["mdy"] + 0.01:
        return "dmy", ("Dates can only be day first: the other way some do not exist.",)
    if good["mdy"] > good["dmy"] + 0.01:
        return "mdy", ("Dates can only be month first: the other way some do not exist.",)
    return _by_sequence(known)


def _by_sequence(texts: pd.Series) -> tuple[Order, tuple[str, ...]]:
    """Tell the order by the days, which follow each other under the right one and lie months apart under the other."""

    def follow(order: Order) -> float:
        days = np.unique(times.parse(texts, order)[0] // DAY_US)
        return float((np.diff(days) == 1).mean()) if len(days) > 1 else np.nan

    day_first, month_first = follow("dmy"), follow("mdy")
    if day_first > _REGULAR and month_first < 1 - _REGULAR:
        return "dmy", ("With the day first the days follow each other.",)
    if month_first > _REGULAR and day_first < 1 - _REGULAR:
        return "mdy", ("With the month first the days follow each other.",)
    text = f"{texts.iloc[0]!r} is two dates: the day or the month may come first"
    raise AmbiguityError(text, "date_order: dmy", "date_order: mdy")


def _with_marks(out: Times, rows: pd.DataFrame, texts: pd.Series, overrides: File, timezone: str | None) -> Times:
    """Return times with the end of their interval that they mark; `timezone` is the home's where they are in UTC."""
    if overrides.label is not None:
        return out.because(f"home.yaml says that times mark the {overrides.label}.", time_marks=overrides.label)
    others = [name for name in rows if name not in out.columns and column_names.marks_end(name)]
    ends = [name for name in others if _kind(rows[name]) in ("time", "epoch")]
    if ends and len(out.columns) == 1:
        return out.because(f"{ends[0]}: the end of the interval.", end=ends[0])
    if any(map(column_names.marks_end, out.columns)):
        return out.because("The name of the time says that it marks the end.", time_marks="end")
    if any(column_names.mentions(name, "start") for name in out.columns):
        return out.because("The name of the time says that it marks the start.")
    midnight = r"[Tt ]24[:.]?(?:00)?(?:[:.]00)?$"
    if not pd.api.types.is_datetime64_any_dtype(texts) and texts.astype("str").str.strip().str.contains(midnight).any():
        return out.because("Days end with 24:00, so times mark the end.", time_marks="end")
    return _by_whole_days(out, timezone)


def _by_whole_days(out: Times, timezone: str | None) -> Times:
    """Tell the marks from how the first and the last day of the home's clock are filled; else take the start."""
    micros = np.unique(out.micros[np.isfinite(out.micros)])
    if len(micros) < 2:
        return out.because("Times are taken for the start of their interval.", marks_known=False)
    ends = pd.DatetimeIndex(micros[[0, -1]].astype("int64").view("datetime64[us]"))
    clocks = [ends] if timezone is None else [local_time.local(ends.tz_localize("UTC"), timezone), ends]
    for clock in clocks:
        first, last = (clock - clock.normalize()) / pd.Timedelta(microseconds=1)
        if last == 0 and first != 0:
            return out.because("The last day ends at midnight, so times mark the end.", time_marks="end")
        if first == 0 and last != 0:
            return out.because("The first day begins at midnight, so times mark the start.")
    return out.because("Times are taken for the start of their interval.", marks_known=False)
