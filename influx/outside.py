"""Words that come from outside: names of devices, files and columns, made safe for a terminal and a spreadsheet.

HTML is escaped where it is made (`markup`, `svg`), and files of a run are never named by a device. What is left are the
signs that nobody sees, which a terminal obeys, and cells that a spreadsheet takes for a formula.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
"""Unicode categories of signs that are not seen: control, format (which turns the direction of writing), unassigned."""

_NUMBER = r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def clean(name: str) -> str:
    """Return a name without signs that are not seen, and that no spreadsheet takes for a formula."""
    composed = unicodedata.normalize("NFC", name)
    plain = "".join("" if _is_unseen(sign) else sign for sign in composed).strip()
    return (f"_{plain}" if plain.startswith(_FORMULA) else plain) or "unnamed"


def _is_unseen(sign: str) -> bool:
    return sign != "\n" and unicodedata.category(sign) in _UNSEEN


def cleaned(names: Iterable[str]) -> dict[str, str]:
    """Return the clean name of each, only of those that change; two that would be alike are numbered.

    Whoever has the clean name already keeps it.
    """
    all_ = sorted(set(names))
    taken = {name for name in all_ if clean(name) == name}
    out: dict[str, str] = {}
    for name in all_:
        if name in taken:
            continue
        plain, number = clean(name), 2
        while plain in taken:
            plain, number = f"{clean(name)} ({number})", number + 1
        taken.add(plain)
        out[name] = plain
    return out


def printable(text: str) -> str:
    """Return text for a terminal: signs that are not seen, but for line ends, are shown as lost letters."""
    lost = "\N{REPLACEMENT CHARACTER}"
    return "".join(lost if _is_unseen(sign) else sign for sign in text)


def from_spreadsheet(names: pd.Series) -> pd.Series:
    """Return names as they were before `for_spreadsheets`."""
    return names.str.replace(r"^'(?=[=+\-@\t\r])", "", regex=True)


def for_spreadsheets(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose text cells and headings no spreadsheet takes for a formula: those get an apostrophe before.

    Numbers and times stay as they are.
    """
    import pandas as pd  # not read by a terminal's line

    out = frame.copy(deep=False)
    for name in out:
        column = out[name]
        words = isinstance(column.dtype, pd.CategoricalDtype) or column.dtype == object
        if words or pd.api.types.is_string_dtype(column):
            text = column.astype("str")
            risky = text.str.startswith(_FORMULA).fillna(False) & ~text.str.fullmatch(_NUMBER).fillna(False)
            if risky.any():
                out[name] = text.where(~risky, "'" + text)
    return out.rename(columns=lambda name: f"'{name}" if str(name).startswith(_FORMULA) else name)
