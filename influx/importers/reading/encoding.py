"""The bytes of a file as text: UTF-8 or UTF-16 (told by its mark, or its zeros), and Latin-1 where they are neither.

A spreadsheet may have saved each line as one quoted cell: these quotes are taken off.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from influx.core.errors import InputError
from influx.importers.reading.lines import MOST_LINES

Kind = Literal["parquet", "sheet", "database", "text"]

BLOCK = 1 << 24
"""Characters of a block; it ends with a line."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SIGNS: tuple[tuple[bytes, Kind], ...] = (
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "sheet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "sheet"),
    (b"SQLite format 3\0", "database"),
)
_START, _LINES, _ZEROS = 4096, 10, 0.7
_QUOTED = re.compile(r'^"((?:[^"\n]|"")*)"[ \t]*$', re.MULTILINE)
"""A line that is one quoted cell."""

_CONTROL = bytes(set(range(32)) - set(b"\t\n\f\r\x1b"))


def kind(path: Path) -> Kind:
    """Return what the first bytes of a file say that it is."""
    with path.open("rb") as file:
        start = file.read(16)
    return next((kind for sign, kind in _SIGNS if start.startswith(sign)), "text")


def head(path: Path, size: int = 1 << 16) -> str:
    """Return the beginning of a text file, its line ends as `\\n`; the last line may be cut."""
    with path.open("rb") as file:
        start = file.read(size)
    marked = _marked(start)
    is_wide = marked is not None and marked.startswith("utf-16")
    if not is_wide:
        _refuse_binary(start, path.name)
    for name in (marked or "",) if is_wide else (marked or "utf-8", "latin-1"):
        try:
            return unquoted(plain(codecs.getincrementaldecoder(name)("strict").decode(start)))
        except UnicodeDecodeError:
            continue
    return unquoted(plain(start.decode(marked or "utf-16", "replace")))


def first_lines(path: Path, most: int) -> list[str]:
    """Return the first lines of a text file, the last of which may be cut; none of a file that is no text."""
    try:
        return head(path).lstrip("\ufeff").split("\n")[:most]
    except (InputError, OSError):
        return []


def blocks(path: Path, header: int = 0) -> Iterator[str]:
    """Return the text of a file in pieces that end with a line, their line ends as `\\n`.

    Where the line of a header is given, it is the first piece, and those above it are passed over.
    """
    with path.open(encoding=name_of(path), newline=None) as file:
        try:
            if _are_quoted(file.read(_START)):
                file.seek(0)
                lines = unquoted(file.read()).split("\n")
                yield from ([lines[header - 1]] if header and header <= len(lines) else [])
                yield "\n".join(lines[header:])
                return
            file.seek(0)
            if header:
                yield [file.readline() for _ in range(header)][-1].removesuffix("\n")
            while text := file.read(BLOCK):
                text += file.readline()
                more = 0
                while more < MOST_LINES and text.count('"') % 2 and (line := file.readline()):
                    text, more = text + line, more + 1
                yield text
        except UnicodeError as error:
            raise InputError(
                f"{path.name}: this is not a text table ({error}). Export it as CSV or Parquet."
            ) from error


def name_of(path: Path) -> str:
    """Return the encoding of all of a file."""
    with path.open("rb") as file:
        marked = _marked(file.read(_START))
        if marked is not None and marked.startswith("utf-16"):
            return marked
        file.seek(0)
        name = marked or "utf-8"
        decoder = codecs.getincrementaldecoder(name)("strict")
        while piece := file.read(1 << 22):
            _refuse_binary(piece, path.name)
            try:
                decoder.decode(piece if name != "latin-1" else b"")
            except UnicodeDecodeError:
                name = "latin-1"
        try:
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            name = "latin-1"
    return name


def _marked(start: bytes) -> str | None:
    """Return the encoding that the mark of a file names, or that the zeros in its first bytes do."""
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    if marked is None and b"\0" in start and (half := len(start) // 2):
        for name, zeros, others in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
            if zeros.count(0) > _ZEROS * half and others.count(0) == 0:
                return name
    return marked


def _are_quoted(text: str) -> bool:
    """Tell whether each of the first lines is one quoted cell with several in it; the last one may be cut."""
    lines = [line for line in text.lstrip("\ufeff").split("\n")[:_LINES] if line.strip()]
    lines = lines[:-1] if len(lines) < _LINES and not text.endswith("\n") else lines
    return len(lines) > 1 and all(_QUOTED.fullmatch(line) and re.search(r"[,;\t]", line) for line in lines)


def unquoted(text: str) -> str:
    """Return a text whose lines are each one quoted cell without these quotes, and any other one as it is."""
    if not _are_quoted(text[:_START]):
        return text
    return _QUOTED.sub(lambda hit: hit[1].replace('""', '"'), text.lstrip("\ufeff"))


def _refuse_binary(piece: bytes, file: str) -> None:
    odd = len(piece) - len(piece.translate(None, _CONTROL))
    if b"\0" in piece or odd > len(piece) / 50:
        raise InputError(f"{file}: this is not a text table (it holds binary bytes). Export it as CSV or Parquet.")


def plain(text: str) -> str:
    """Return a text whose lines end with `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
