"""Texts as times: in ISO order by default, and in the other orders that people export, once it is known which.

01/07/2024 is two days, so the order of day and month is never guessed here: a source says it (`infer` asks the data).
All of a column is read at once: Arrow reads ISO times by itself, and one pattern an order takes the rest apart.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from influx.core.constants import DAY_US, MINUTE_US
from influx.core.errors import InputError

Order = Literal["ymd", "dmy", "mdy", "s", "ms"]
"""Which comes first of year, month and day; or seconds, or milliseconds, since 1970 in UTC."""

MISSING = ("", "nan", "na", "n/a", "null", "none", "nat", "<na>", "-", "unknown", "unavailable")
"""What files write where nothing is known, in lower case."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATES = {
    "ymd": r"(?P<y>\d{4})(?:[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|(?P<m2>\d\d)(?P<d2>\d\d))",
    "dmy": r"(?P<d>\d{1,2})(?:[-/. ](?P<m>\d{1,2})[-/. ]|[-/. ](?P<n>[a-z]{3})[a-z]*[-/., ]+)(?P<y>\d{4}|\d\d)",
    "mdy": r"(?:(?P<m>\d{1,2})[-/. ]|(?P<n>[a-z]{3})[a-z]*[-/. ]+)(?P<d>\d{1,2})[-/., ]+(?P<y>\d{4}|\d\d)",
}
_CLOCK = (
    r"(?:(?:t|,| )+(?P<H>\d{1,2})(?:[:.](?P<M>\d\d)(?:[:.](?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?)?|(?P<M2>\d\d))?"
    r" ?(?P<p>[ap]\.?m\.?)?)?"
)
_OFFSET = r" ?(?P<z>z|utc|gmt|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?"
PATTERNS = {order: rf"^{date}{_CLOCK}{_OFFSET}$" for order, date in _DATES.items()}
"""How a time in each order is written, in lower case; a clock may lack, and so may an offset from UTC."""

SWAPPED = re.compile(r"\d\d?[/.-]\d\d?[/.-]\d{2,4}.*")
NOT_A_TIME = "not a time; write it as 2024-07-31 18:00, or with an offset as in 2024-07-31T18:00+02:00"
_NO_CLOCK = "a date without a clock time, which the others have"
_NO_OFFSET = "a time without its offset from UTC, which the others have"
_LAST = 253_300_000_000_000_000
"""In the year 9996: no clock shows what lies behind the year 9999 [microseconds since 1970]."""

_OTHERS, _FEW = 3, 0.002
"""Of so many times, one that lacks a clock or an offset which the others have was cut off, or that share of them."""

OUTLIER = "far apart from the other rows of the file; is its date right?"
_APART, _LONE = 366 * DAY_US, 31 * DAY_US
"""Longest gap inside a file that is taken for one, and before or behind a single time [us]."""

_OUTLIERS_FROM, _OUTLIERS = 100, 0.005
"""Of so many times, less than this share may lie apart from all others."""

AMBIGUOUS = "ambiguous: day and month cannot be told apart; write the year first, as in 2024-07-31 18:00"


def parse(cells: pd.Series, order: Order = "ymd") -> tuple[np.ndarray, np.ndarray]:
    """Return cells as microseconds since 1970, in UTC or on the clock that wrote them, and a reason for each.

    It is "" for a time in UTC, "naive" for one on a clock, else why it is none; then the number means nothing.
    """
    if pd.api.types.is_datetime64_any_dtype(cells):
        return _typed(cells)
    if order in ("s", "ms"):
        return _since_1970(cells, 1_000_000 if order == "s" else 1_000)
    texts = arrow_texts(cells)
    quick = _iso(texts) if order == "ymd" else None
    return quick or _by_pattern(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), order)


def arrow_texts(cells: pd.Series) -> pa.Array:
    """Return cells as texts, blank where nothing is there."""
    texts = pa.array(cells.astype("str"), from_pandas=True).fill_null("")
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts


def joined(rows: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """Return the texts of the column of times, or those of date and clock, parted by a blank.

    A day that stands in the first of its rows only, as merged cells are, is that of the rows below it.
    """
    texts = rows[columns[0]]
    if len(columns) > 1:
        blank = texts.astype("str").str.strip().isin(["", "nan"])
        texts = texts.mask(blank).ffill().fillna("") if blank.mean() > 0.5 else texts
    for name in columns[1:]:
        texts = texts.astype("str").str.strip() + " " + rows[name].astype("str").str.strip()
    return texts


def _typed(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return typed times as they are; those without a zone stood on a clock."""
    stamps = pd.DatetimeIndex(pd.to_datetime(cells, utc=True)).as_unit("us")
    known = "" if cells.dt.tz is not None else "naive"
    return stamps.asi8, np.where(stamps.isna(), "the time is empty", known).astype(object)


def _since_1970(cells: pd.Series, micros: int) -> tuple[np.ndarray, np.ndarray]:
    values = pd.to_numeric(cells, errors="coerce").to_numpy(float, na_value=np.nan)
    blank = cells.astype("str").fillna("").str.strip().str.lower().isin(MISSING).to_numpy(bool)
    strange = ~(np.abs(values) < _LAST / micros)
    reasons = np.select([blank, strange], ["the time is empty", NOT_A_TIME], "").astype(object)
    return (np.where(strange, 0, values) * micros).round().astype("int64"), reasons


def _iso(texts: pa.Array) -> tuple[np.ndarray, np.ndarray] | None:
    """Read a whole column of ISO times with or without Z, or return None where any cell is something else."""
    lengths = pc.unique(pc.binary_length(texts)).to_pylist()
    aware = any(length in (17, 20, 24, 27) for length in lengths)
    allowed = (17, 20, 24, 27) if aware else (10, 16, 19, 23, 26)
    if not lengths or any(length not in allowed for length in lengths):
        return None
    try:
        stamps = pc.cast(texts, pa.timestamp("us", "UTC" if aware else None))
    except pa.ArrowInvalid:
        return None
    micros = pc.cast(stamps, pa.int64()).to_numpy(zero_copy_only=False)
    return micros, np.full(len(micros), "" if aware else "naive", dtype=object)


def _by_pattern(texts: pa.Array, order: Order) -> tuple[np.ndarray, np.ndarray]:
    """Take texts apart by the pattern of their order."""
    parts = pc.extract_regex(texts, PATTERNS[order])
    take = functools.partial(_number, parts)
    year = take("y")
    year = np.where(year < 100, year + 2000, year)
    month = take("m2" if order == "ymd" else "n", take("m", 0), words=order != "ymd")
    day = take("d2", take("d", 0)) if order == "ymd" else take("d", 0)
    micros, valid = _date(year, month, day)
    clock, possible = _clock(parts, take)
    offset, aware = _offset(parts)
    valid &= possible & parts.is_valid().to_numpy(zero_copy_only=False)
    reasons = np.select([valid & aware, valid], ["", "naive"], NOT_A_TIME).astype(object)
    times = np.where(valid, micros + clock - offset, 0)
    few = max(1, _FEW * valid.sum()) if valid.sum() >= _OTHERS else 0
    no_offset, no_clock = valid & ~aware, valid & ~_holds(parts, "H")
    if no_offset.sum() <= few:
        reasons[no_offset] = _NO_OFFSET
    if 0 < no_clock.sum() <= few:
        reasons[no_clock & ~_in_line(times, valid)] = _NO_CLOCK
    lost = np.flatnonzero(~valid)
    if len(lost):
        words = texts.take(pa.array(lost)).to_pylist()
        swapped = [order == "ymd" and SWAPPED.fullmatch(word) is not None for word in words]
        blank = [word in MISSING for word in words]
        reasons[lost] = np.select([blank, swapped], ["the time is empty", AMBIGUOUS], NOT_A_TIME)
    return times, reasons


def _holds(parts: pa.Array, name: str) -> np.ndarray:
    return pc.not_equal(parts.field(name), "").fill_null(False).to_numpy(zero_copy_only=False)


def _in_line(micros: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Tell which dates stand between the times before and after them; some exports leave out the clock at midnight."""
    at = micros[valid]
    moves = np.diff(at) * np.sign(np.median(np.diff(at)))
    out = np.zeros(len(micros), bool)
    out[np.flatnonzero(valid)] = np.append(True, moves >= 0) & np.append(moves >= 0, True)
    return out


def _number(parts: pa.Array, name: str, default: np.ndarray | int = 0, words: bool = False) -> np.ndarray:
    """Return one part of each text as a number, `default` where it is not there."""
    texts = parts.field(name)
    if words:
        place = pc.index_in(texts, pa.array(_MONTHS, texts.type))
        values = pc.add(place, 1).fill_null(-1).to_numpy(zero_copy_only=False)
    else:
        numbers = pc.cast(pc.if_else(pc.equal(texts, ""), pa.scalar(None, texts.type), texts), pa.int64())
        values = numbers.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.where(values >= 0, values, default).astype("int64")


def _date(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return dates as microseconds since 1970, and which of them are in the calendar."""
    sane = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= 1) & (year <= 9999)
    months = (np.where(sane, year, 1970) - 1970) * 12 + np.where(sane, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[M]").astype("datetime64[D]") - first).astype("int64")
    return (first.astype("int64") + day - 1) * DAY_US, sane & (day <= length)


def _clock(parts: pa.Array, take: functools.partial[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return clock times as microseconds, and which of them a clock shows; 24:00 is the midnight after."""
    hour, minute, second = take("H"), take("M", take("M2")), take("S")
    later = pc.starts_with(parts.field("p"), "p").fill_null(False).to_numpy(zero_copy_only=False)
    twelve = _holds(parts, "p")
    possible = (minute < 60) & (second < 60) & ((hour < 24) | ((hour == 24) & (minute == 0) & (second == 0)))
    possible &= ~twelve | ((hour >= 1) & (hour <= 12))
    hour = np.where(twelve, hour % 12 + 12 * later, hour)
    digits = parts.field("f").fill_null("")
    fraction = pc.cast(pc.utf8_slice_codeunits(pc.utf8_rpad(digits, 6, "0"), 0, 6), pa.int64())
    micros = fraction.to_numpy(zero_copy_only=False)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros, possible


def _offset(parts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return offsets from UTC as microseconds, and which times have one."""
    codes = pc.dictionary_encode(parts.field("z").fill_null(""))
    micros = [0]
    for place, zone in enumerate(codes.dictionary.to_pylist()):
        digits = zone[1:].replace(":", "").ljust(4, "0")
        minutes = int(digits[:2]) * 60 + int(digits[2:]) if zone[:1] in ("+", "-") else 0
        micros[place:] = [(-minutes if zone[:1] == "-" else minutes) * MINUTE_US]
    return np.asarray(micros, "int64")[codes.indices.to_numpy(zero_copy_only=False)], _holds(parts, "z")


def outliers(micros: np.ndarray) -> np.ndarray:
    """Tell which times [us] lie more than a year apart from the others, where they are less than one in two hundred."""
    if len(micros) < _OUTLIERS_FROM or int(micros.max()) - int(micros.min()) <= _LONE:
        return np.zeros(len(micros), bool)
    if int(micros.max()) - int(micros.min()) <= _APART:
        return _lone_ends(micros)
    days, place = np.unique(micros // DAY_US, return_inverse=True)
    group = np.append(0, (np.diff(days) > _APART // DAY_US).cumsum())[place]
    return (np.bincount(group) < _OUTLIERS * len(micros))[group] | _lone_ends(micros)


def _lone_ends(micros: np.ndarray) -> np.ndarray:
    """Tell which times are the first or the last of all, a month and more away from any other."""
    ends = np.unique(micros)
    lone = [at for at, near in ((ends[0], ends[1]), (ends[-1], ends[-2])) if abs(int(at) - int(near)) > _LONE]
    return np.isin(micros, lone)


def most_frequent_step(times: np.ndarray) -> tuple[float, int, int]:
    """Return the most frequent step between times [us] in minutes, how often it stands, and how many steps there are.

    Equal times count once; (NaN, 0, 0) where there is no step.
    """
    gaps = np.diff(times)
    if (gaps <= 0).any():
        gaps = np.diff(np.unique(times))
    if not len(gaps):
        return np.nan, 0, 0
    minutes = gaps / 60e6
    minutes = np.where(minutes < 5, minutes, np.rint(minutes))  # a logger that writes a few seconds late
    steps, counts = np.unique(minutes, return_counts=True)
    best = int(counts.argmax())
    return float(steps[best]), int(counts[best]), int(counts.sum())


def reading_lengths(steps: Mapping[str, tuple[float, int, int]], file: str) -> dict[str, float]:
    """Return how long the readings of each series last [min], from what `most_frequent_step` says of each.

    A series that says nothing by itself (a single reading, or steps that are longer than an hour by chance) takes the
    step that is most frequent in its file; an hour where none is. Readings coarser than hourly are an InputError.
    """
    total: Counter[float] = Counter()
    for step, count, _ in steps.values():
        total += Counter({step: count})
    usual = max(total, key=lambda step: (total[step], -step)) if total else 60.0
    for name, (step, count, of) in steps.items():
        if step > 60 and ((count > of / 2 and count > 1) or usual > 60):
            raise InputError(
                f"{file}: a reading of {name} every {step / 60:g} hours is too coarse to tell one hour from another. "
                "Export hourly or finer readings."
            )
    return {name: step if step <= 60 else usual for name, (step, _, _) in steps.items()}
