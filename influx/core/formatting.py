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


def number(value: float, digits: int = 3) -> str:
    """Return a number with `digits` significant digits and thin thousands separators; NaN is "not known"."""
    if not math.isfinite(value):
        return NOT_KNOWN
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if places > 8:
        return f"{value:.{digits - 1}e}"
    return f"{round(value, places):,.{max(places, 0)}f}".replace(",", THIN_SPACE)


def kwh(value: float) -> str:
    """Return an energy, such as "64.3 kWh"."""
    return f"{number(value)}{THIN_SPACE}kWh" if math.isfinite(value) else NOT_KNOWN


def carbon(value: float) -> str:
    """Return an amount of carbon dioxide [kg], such as "12.4 kg CO₂"; it stands for all gases of the same warming."""
    return f"{number(value)}{THIN_SPACE}kg{THIN_SPACE}CO₂" if math.isfinite(value) else NOT_KNOWN


def span(low: float, high: float, unit: str = "kWh") -> str:
    """Return a range that holds eight in ten, such as "58 to 71 kWh (8 in 10)"; not known where either end is not."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"range {NOT_KNOWN}"
    return f"{between(low, high)}{THIN_SPACE}{unit} (8 in 10)"


def between(low: float, high: float) -> str:
    """Return a range without its unit, such as "58 to 71", for a column whose heading names it."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOT_KNOWN
    return " to ".join(number(end, 2 if abs(end) < 100 else 3) for end in (low, high))


def money(value: float, currency: str) -> str:
    """Return an amount with its currency, such as "12.40 EUR"."""
    if not math.isfinite(value):
        return NOT_KNOWN
    return f"{value:z,.2f}".replace(",", THIN_SPACE) + f"{THIN_SPACE}{unit_of_money(currency)}"


def money_span(low: float, high: float, currency: str) -> str:
    """Return a range of money that holds eight in ten."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"range {NOT_KNOWN}"
    return f"{low:,.2f} to {high:,.2f}{THIN_SPACE}{unit_of_money(currency)} (8 in 10)".replace(",", THIN_SPACE)


def unit_of_money(currency: str) -> str:
    """Return the currency's code, or the sign of a currency that nobody named."""
    return currency or NO_CURRENCY


def percent(share: float) -> str:
    """Return a share as a whole percentage, such as "12 %"; below one percent, one digit."""
    if not math.isfinite(share):
        return NOT_KNOWN
    digits = 0 if abs(share) >= 0.0095 or share == 0 else 1
    return f"{100 * share:z.{digits}f}{THIN_SPACE}%"


def give_or_take(share: float, error: float) -> str:
    """Return a share with its standard error, such as "77 ± 5 %"; the share alone where the error is not known."""
    if not (math.isfinite(share) and math.isfinite(error)):
        return percent(share)
    digits = 0 if error >= 0.0095 else 1
    return f"{100 * share:z.{digits}f}{THIN_SPACE}±{THIN_SPACE}{100 * error:.{digits}f}{THIN_SPACE}%"


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
    opening = f"{first.day}"
    if first.year != last.year:
        opening += f" {first:%B} {first.year}"
    elif first.month != last.month:
        opening += f" {first:%B}"
    return f"{opening} to {last.day} {last:%B} {last.year}" if first != last else f"{last.day} {last:%B} {last.year}"


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
