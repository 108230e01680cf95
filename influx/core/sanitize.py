"""Text from outside made safe to show: names, messages and cells.

A device's, a file's or a home's name may hold anything, also what steers a terminal, turns the direction of writing,
cannot be seen, or is run by a spreadsheet. Names are cleaned once, where they enter (:func:`distinct`), and two devices
stay two. Messages are made legible where they leave (:func:`legible`): a strange character is shown as its number.
Cells of a CSV get an apostrophe where a spreadsheet would compute them, and :func:`from_cell` takes it off again,
exactly (CWE-1236; OWASP, CSV Injection).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import chain, count

LONGEST_NAME = 120  # characters; what is longer is cut
LONGEST_MESSAGE = 2_000  # of a longer one the middle goes: it begins with the fault and ends with what to do

# Unicode's categories of control, format (bidi overrides among them) and half characters, and line separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Characters of other categories that show nothing.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]")
# Persian and Indic words and many emoji are written with these; beside other letters they only hide.
_JOINERS = "\u200c\u200d\ufe0f"
_LOOSE_JOINER = re.compile(
    r"(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d\ufe0f]|[\u200c\u200d](?![^\x00-\x7f\u200c\u200d])"
)

_LINE_END = re.compile(r"\s*[\t-\r\x1c-\x1e\x85\u2028\u2029]\s*")
_NUMBER = re.compile(r"'*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
# Where cells are parted by semicolons, as in most of Europe, a cell of ours may be opened as several.
_START = r"(?:^|(?<=[;\t\r\n]))"
_COMPUTED = r"(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])"
_ESCAPED_NOT = re.compile(f"{_START}('*){_COMPUTED}")
_ESCAPED = re.compile(f"{_START}'('*){_COMPUTED}")
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[\d¹²³])", re.IGNORECASE)


def clean_name(text: str) -> str:
    """Return a name on one line, without characters that cannot be seen, and of at most `LONGEST_NAME`.

    A name of which nothing is left is shown as its characters' numbers.

    Examples
    --------
    >>> clean_name("  heat\\n pump\\x1b[31m\\u202e ")
    'heat pump[31m'
    """
    line = text
    if not (text.isascii() and text.isprintable()):
        line = "".join(map(_seen, _BLANK.sub("", _LINE_END.sub(" ", text))))
        while (less := _LOOSE_JOINER.sub("", line := " ".join(line.split()))) != line:
            line = less
        line = unicodedata.normalize("NFC", line)
    line = " ".join(line.split()) or text.encode("unicode_escape").decode("ascii").strip() or "(no name)"
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1].rstrip() + "…"


def _seen(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cs":
        return "\ufffd"
    return "" if category in _UNSEEN and char not in _JOINERS else char


def distinct(names: Iterable[str]) -> dict[str, str]:
    """Return each name with the clean one that stands for it: two names never become one.

    Of names that are alike once they are clean, the one that was clean before keeps the name; the others are numbered
    in their order. An apostrophe before a formula is that of :func:`for_cell`, and is taken off.

    Examples
    --------
    >>> distinct(["tv\\u200b", "tv", "=1"])
    {'=1': '=1', 'tv': 'tv', 'tv\\u200b': 'tv (2)'}
    """
    clean = {name: clean_name(from_cell(name)) for name in names}
    out: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(clean, key=lambda name: (name != clean[name], name)):
        candidates = chain([clean[name]], (f"{clean[name]} ({number})" for number in count(2)))
        out[name] = next(candidate for candidate in candidates if candidate not in taken)
        taken.add(out[name])
    return out


def legible(text: object) -> str:
    """Return words for a terminal or a log; what would steer it, or cannot be seen, stands there as its number.

    Line ends and tabs stay, and so does what is legible already.

    Examples
    --------
    >>> legible("tv\\x1b[2J")
    'tv\\\\x1b[2J'
    """
    return "".join(
        char.encode("unicode_escape").decode("ascii")
        if not char.isprintable() and char not in "\n\t" and unicodedata.category(char) in _UNSEEN
        else char
        for char in str(text)
    )


def without_colours(text: str) -> str:
    """Return what a program wrote to a terminal without the marks of its colours."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


def message(text: object) -> str:
    """Return a message as one legible line, shortened in its middle where it is very long."""
    line = legible(_LINE_END.sub(" ", str(text)))
    tail = LONGEST_MESSAGE // 4
    return line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - tail - 3]} … {line[-tail:]}"


def for_cell(text: str) -> str:
    """Return a text as a cell of a CSV that no spreadsheet computes; a plain number stays one.

    Examples
    --------
    >>> for_cell("=1+1"), for_cell("-1.5"), for_cell("a;@b"), for_cell("'=1")
    ("'=1+1", '-1.5', "a;'@b", "''=1")
    """
    return text if _NUMBER.fullmatch(text) else _ESCAPED_NOT.sub(r"'\1", text)


def from_cell(text: str) -> str:
    """Return the text that `for_cell` made a cell of."""
    return text if _NUMBER.fullmatch(text) else _ESCAPED.sub(r"\1", text)


def file_name(text: str) -> str:
    """Return a name as the stem of a file on any system: letters, digits, dots, dashes and underscores.

    Examples
    --------
    >>> file_name("../../etc/passwd"), file_name("CON"), file_name("Wäsche 1")
    ('etc-passwd', '_CON', 'Wäsche-1')
    """
    stem = re.sub(r"[^\w.-]+", "-", clean_name(text))
    stem = re.sub(r"\.{2,}", ".", stem).strip(".-")[:60].rstrip(".-") or "unnamed"
    return f"_{stem}" if _RESERVED.fullmatch(stem.split(".")[0]) else stem
