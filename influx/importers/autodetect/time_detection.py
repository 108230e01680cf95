"""Which columns of a table tell the time, in which order a date is written, and which end of an interval it marks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from influx.core import local_time
from influx.core.constants import DAY_US
from influx.core.settings import File
from influx.importers.autodetect import column_names
from influx.importers.autodetect.sample import Sample
from influx.importers.reading import times
from influx.importers.reading.times import Order

_CLOCK = re.compile(
    r"(?:[01]?\d|2[0-4])[:h][0-5]\d(?:[:.][0-5]\d)?(?: ?[ap]\.?m\.?)?(?: ?(?:z|[+-]\d\d:?\d\d))?", re.IGNORECASE
)
_HOUR = re.compile(r"\d{1,2}")
_HOUR_NAME = re.compile(r"hour|hora|stunde|heure|uur|time|ora|he\b")
_MOST = 0.9
_REGULAR = 0.8


class Question(Exception):  # noqa: N818 (it is asked, not a fault)
    """Two readings are possible: what is asked, and the keys of home.yaml, of which one must be given."""

    def __init__(self, text: str, *lines: str) -> None:
        super().__init__(text)
        self.lines = lines

    def in_words(self, file: str) -> str:
        """Return what is asked of a file, and the lines that answer it."""
        return (
            f"{file}: {self}. Decide it in home.yaml: under `files:`, in a line `{file}:`, write one of these below "
            f"it: {' or '.join(self.lines)}"
        )


@dataclass(frozen=True)
class When:
    """The times of a table.

    `micros` are those of the sample (on the clock that wrote them, or in UTC where they have offsets), NaN where none;
    `doubt` tells that nothing says which end of its interval a time marks.
    """

    columns: tuple[str, ...]
    order: Order
    micros: np.ndarray
    end: str | None = None
    time_marks: Literal["start", "end"] = "start"
    zone: str = "home"
    doubt: bool = False
    why: tuple[str, ...] = ()

    def because(self, reason: str, **changes: Any) -> When:
        """Return the same with something changed, and why."""
        return replace(self, **changes, why=(*self.why, reason))


def find(sample: Sample, said: File, timezone: str = "UTC") -> When | None:
    """Return the times of a table, or None where no column holds any; `timezone` is that of the home.

    Raises
    ------
    Question
        Day and month cannot be told apart.
    """
    rows = sample.rows
    given = (said.time,) if isinstance(said.time, str) else tuple(said.time or ())
    columns = given if given and set(given) <= set(rows) else _columns(rows)
    if columns is None:
        return None
    texts = _joined(rows, columns)
    order, why = _order(texts, said)
    micros, reasons = times.parse(texts, order)
    good = (reasons == "") | (reasons == "naive")
    out = When(columns, order, np.where(good, micros, np.nan), why=(f"{' and '.join(columns)}: the time.", *why))
    if order not in ("s", "ms"):
        if (reasons == "").any():
            out = out.because("The times have their offset from UTC.")
        elif any(column_names.says(name, "utc") for name in columns):
            out = out.because("The name of the time says UTC.", zone="UTC")
        else:
            out = out.because("The times have no offset: they are the clock of the home's time zone.")
    return _with_marks(out, rows, texts, said, timezone)


def _joined(rows: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    if len(columns) == 1:
        return rows[columns[0]]
    texts = rows[columns[0]].astype("str").str.strip()
    for name in columns[1:]:
        texts = texts + " " + rows[name].astype("str").str.strip()
    return texts


def _columns(rows: pd.DataFrame) -> tuple[str, ...] | None:
    """Return the column of the time, or those of date and clock."""
    typed = [name for name in rows if pd.api.types.is_datetime64_any_dtype(rows[name])]
    if typed:
        return (typed[0],)
    kinds = {name: _kind(rows[name]) for name in rows}
    whole = [name for name, kind in kinds.items() if kind in ("time", "epoch")]
    if whole:
        utc = [name for name in whole if column_names.says(name, "utc") and not column_names.marks_end(name)]
        starts = any(column_names.says(name, "start") for name in whole)
        return (_likeliest(whole) if starts or not utc else utc[0],)
    dates, clocks, numbers = (
        [name for name, kind in kinds.items() if kind == own] for own in ("date", "clock", "hour")
    )
    if not dates:
        return None
    hours = [name for name in numbers if _HOUR_NAME.search(column_names.plain(name))]
    return (dates[0], _likeliest(clocks)) if clocks else (dates[0], *hours[:1])


def _likeliest(names: list[str]) -> str:
    """Return the column of times that marks starts, else one that marks no ends."""
    starts = [name for name in names if column_names.says(name, "start")]
    others = [name for name in names if not column_names.marks_end(name)]
    return (starts or others or names)[0]


def _kind(column: pd.Series) -> str:
    """Return what the cells of a column are: time, date, clock, hour, epoch, or nothing of it."""
    if not pd.api.types.is_string_dtype(column) and not pd.api.types.is_object_dtype(column):
        return ""
    texts = column.astype("str").str.strip().str.lower()
    texts = texts[~texts.isin(times.MISSING)]
    if not len(texts):
        return ""
    some = texts.iloc[:: max(len(texts) // 300, 1)]
    numbers = pd.to_numeric(some, errors="coerce")
    if any(((numbers > 946_684_800 * of) & (numbers < 4_102_444_800 * of)).mean() > _MOST for of in (1, 1000)):
        return "epoch"  # of the years 2000 to 2099
    if some.map(lambda text: _CLOCK.fullmatch(text) is not None).mean() > _MOST:
        return "clock"
    dated = some.map(_is_dated)
    if dated.mean() > _MOST:
        clocked = some.map(lambda text: re.search(r"\d[t, ]+\d{1,2}[:.]\d\d|\d{8}[t ]\d{4}", text) is not None)
        return "time" if clocked.mean() > 0.5 else "date"
    if some.map(lambda text: _HOUR.fullmatch(text) is not None).mean() > _MOST and numbers.max() <= 25:
        return "hour"
    return ""


def _is_dated(text: str) -> bool:
    """Tell whether a text may be a date; eight digits may be the number of a meter, too."""
    if text.isdigit() and len(text) == 8:
        return text[:2] in ("19", "20") and 1 <= int(text[4:6]) <= 12 and 1 <= int(text[6:]) <= 31
    return any(re.match(pattern, text) for pattern in times.PATTERNS.values())


def _order(texts: pd.Series, said: File) -> tuple[Order, tuple[str, ...]]:
    """Return the order of a date's parts, and why."""
    if said.date_order is not None:
        return said.date_order, ("home.yaml says the order of its dates.",)
    if pd.api.types.is_datetime64_any_dtype(texts):
        return "ymd", ()
    plain = texts.astype("str").str.strip()
    numbers = pd.to_numeric(plain, errors="coerce")
    if numbers.notna().mean() > _MOST and (numbers > 900_000_000).mean() > _MOST:
        milli = bool(numbers.median() > 1e11)
        return "ms" if milli else "s", (f"Times are {'milli' * milli}seconds since 1970.",)
    known = plain[~plain.str.lower().isin(times.MISSING)]
    good = {order: _readable(known, order) for order in ("ymd", "dmy", "mdy")}
    if good["ymd"] >= max(good["dmy"], good["mdy"]):
        return "ymd", ("Dates begin with the year.",)
    if known.str.match(r"\d{1,2}\.\d{1,2}\.\d").mean() > _MOST:
        return "dmy", ("Dates are written with points, so the day comes first.",)
    if abs(good["dmy"] - good["mdy"]) > 0.01:
        order: Order = "dmy" if good["dmy"] > good["mdy"] else "mdy"
        return order, (
            f"Dates can only be {'day' if order == 'dmy' else 'month'} first: the other way some do not exist.",
        )
    return _by_sequence(known)


def _readable(texts: pd.Series, order: Order) -> float:
    _, reasons = times.parse(texts, order)
    return float(((reasons == "") | (reasons == "naive")).mean()) if len(texts) else 0.0


def _by_sequence(texts: pd.Series) -> tuple[Order, tuple[str, ...]]:
    """Tell the order by the days, which follow each other under the right one and lie months apart under the other."""
    follow: dict[str, float] = {}
    orders: tuple[tuple[Order, Order, str], ...] = (("dmy", "mdy", "day"), ("mdy", "dmy", "month"))
    for order, _, _ in orders:
        days = np.unique(times.parse(texts, order)[0] // DAY_US)
        follow[order] = float((np.diff(days) == 1).mean()) if len(days) > 1 else np.nan
    for order, other, first in orders:
        if follow[order] > _REGULAR and follow[other] < 1 - _REGULAR:
            return order, (f"With the {first} first the days follow each other.",)
    text = f"{texts.iloc[0]!r} is two dates: the day or the month may come first"
    raise Question(text, "date_order: dmy", "date_order: mdy")


def _with_marks(when: When, rows: pd.DataFrame, texts: pd.Series, said: File, timezone: str) -> When:
    """Say which end of its interval a time marks."""
    if said.label is not None:
        return when.because(f"home.yaml says that times mark the {said.label}.", time_marks=said.label)
    ends = [
        name
        for name in rows
        if name not in when.columns and column_names.marks_end(name) and _kind(rows[name]) in ("time", "epoch")
    ]
    if ends and len(when.columns) == 1:
        return when.because(f"{ends[0]}: the end of the interval.", end=ends[0])
    if any(map(column_names.marks_end, when.columns)):
        return when.because("The name of the time says that it marks the end.", time_marks="end")
    if any(column_names.says(name, "start") for name in when.columns):
        return when.because("The name of the time says that it marks the start.")
    if not pd.api.types.is_datetime64_any_dtype(texts):
        plain = texts.astype("str").str.strip()
        if plain.str.contains(r"[t ]24[:.]?(?:00)?(?:[:.]00)?$", case=False, regex=True).any():
            return when.because("Days end with 24:00, so times mark the end.", time_marks="end")
    return _by_whole_days(when, texts, timezone)


def _by_whole_days(when: When, texts: pd.Series, timezone: str) -> When:
    """Tell the label from how the first and the last day of the home's clock are filled; else take the start."""
    micros = np.sort(when.micros[np.isfinite(when.micros)])
    steps = np.diff(np.unique(micros))
    if not len(steps):
        return replace(when, doubt=True)
    step = float(np.median(steps))
    ends = pd.DatetimeIndex(micros[[0, -1]].astype("int64").view("datetime64[us]"))
    _, reasons = times.parse(texts.iloc[:1], when.order)
    shown = [ends]
    if when.zone == "UTC" or (reasons == "").all():
        shown = [local_time.local(ends.tz_localize("UTC"), timezone), ends]
    for wall in shown:
        first, last = (wall - wall.normalize()) / pd.Timedelta(microseconds=1)
        if last == 0 and (first == step or first != 0):
            return when.because("The last day ends at midnight, so times mark the end.", time_marks="end")
        if first == 0 and last != 0:
            return when.because("The first day begins at midnight, so times mark the start.")
    return when.because("Times are taken for the start of their interval.", doubt=True)
