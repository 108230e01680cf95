"""Numbers as people read them: three significant digits, a unit always, and "not known" in words."""

from __future__ import annotations

import datetime as dt
import math
import re

NOT_KNOWN = "not known"
NO_CURRENCY = "\u00a4"
"""Stands for the currency of prices that came without its name."""

THIN_SPACE = "\u202f"
"""Between thousands, and before a unit: narrow, and no line breaks there."""

LONGEST_NAME = 60
"""Characters of a device's name that stand in a sentence; tables hold all of it."""


def number(value: float, digits: int = 3, unit: str = "") -> str:
    """Return a number with `digits` significant digits, thin thousands separators and its unit; NaN is "not known"."""
    if not math.isfinite(value):
        return NOT_KNOWN
    places = 0 if value == 0 else digits - 1 - math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    text = f"{value:.{digits - 1}e}" if places > 8 else f"{round(value, places):z,.{max(places, 0)}f}"
    return _joined(text, unit)


def _joined(text: str, unit: str = "") -> str:
    return THIN_SPACE.join([text.replace(",", THIN_SPACE), *unit.split()])


def kwh(value: float) -> str:
    """Return an energy, such as "64.3 kWh"."""
    return number(value, unit="kWh")


def carbon(value: float) -> str:
    """Return an amount of carbon dioxide [kg], such as "12.4 kg CO₂"; it stands for all gases of the same warming."""
    return number(value, unit="kg CO₂")


def between(low: float, high: float) -> str:
    """Return a range without its unit, such as "58 to 71", for a column whose heading names it."""
    if not math.isfinite(low + high):
        return NOT_KNOWN
    return " to ".join(number(end, 2 if abs(end) < 100 else 3) for end in (low, high))


def span(low: float, high: float) -> str:
    """Return a range that holds eight in ten, such as "58 to 71 kWh (8 in 10)"; not known where either end is not."""
    text = between(low, high)
    return f"range {NOT_KNOWN}" if text == NOT_KNOWN else f"{_joined(text, 'kWh')} (8 in 10)"


def money(value: float, currency: str) -> str:
    """Return an amount with its currency, such as "12.40 EUR"."""
    return _joined(f"{value:z,.2f}", unit_of_money(currency)) if math.isfinite(value) else NOT_KNOWN


def money_span(low: float, high: float, currency: str) -> str:
    """Return a range of money that holds eight in ten."""
    if not math.isfinite(low + high):
        return f"range {NOT_KNOWN}"
    return f"{_joined(f'{low:,.2f} to {high:,.2f}', unit_of_money(currency))} (8 in 10)"


def unit_of_money(currency: str) -> str:
    """Return the currency's code, or the sign of a currency that nobody named."""
    return currency or NO_CURRENCY


def percent(share: float) -> str:
    """Return a share as a whole percentage, such as "12 %"; below one percent, one digit."""
    if not math.isfinite(share):
        return NOT_KNOWN
    return _joined(f"{100 * share:z.{0 if abs(share) >= 0.0095 or share == 0 else 1}f}", "%")


def give_or_take(share: float, error: float) -> str:
    """Return a share with its standard error, such as "77 ± 5 %"; the share alone where the error is not known."""
    if not math.isfinite(share + error):
        return percent(share)
    digits = 0 if error >= 0.0095 else 1
    return _joined(f"{100 * share:z.{digits}f}", f"± {100 * error:.{digits}f} %")


def chance(p: float) -> str:
    """Return the p-value of a test, such as "p 0.029", and "p < 0.001" below that."""
    if not math.isfinite(p):
        return NOT_KNOWN
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}"


def clock(hour: int) -> str:
    """Return a local clock hour, such as "18:00"; 24 stays 24:00, the end of the day."""
    return f"{hour:02d}:00"


def day(stamp: dt.date) -> str:
    """Return a local day, such as "Mon 15 July"."""
    return f"{stamp:%a} {stamp.day} {stamp:%B}"


def days(first: dt.date, last: dt.date) -> str:
    """Return a span of local days, such as "3 to 9 August 2024" or "28 July to 3 August 2024"."""
    ends = [f"{stamp.day} {stamp:%B} {stamp.year}" for stamp in (first, last)]
    for shared in (f" {last.year}", f" {last:%B}"):
        ends[0] = ends[0].removesuffix(shared)
    return " to ".join(ends) if first != last else ends[1]


def month(stamp: dt.date) -> str:
    """Return a month, such as "July 2024"."""
    return f"{stamp:%B} {stamp.year}"


def hours(count: int) -> str:
    """Return a length of time, such as "7 days", "36 hours" or "1 hour"."""
    if count % 24 == 0 and count > 24:
        return f"{count // 24} days"
    return f"{count} hour{'s' if count != 1 else ''}"


def name(device_id: str) -> str:
    """Return a device's name as it stands in a sentence: on one line, shortened where it is long, never as bold."""
    line = " ".join(device_id.split())
    return plain(line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1] + "…")


def plain(words: str) -> str:
    """Return words of the data so that no asterisks in them are taken for the marks of bold."""
    return re.sub(r"\*(?=\*)", "*\u200b", words)


def listed(words: list[str]) -> str:
    """Return words as a list in a sentence, such as "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
