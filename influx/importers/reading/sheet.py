"""Spreadsheets (XLSX, XLS, ODS) as rows of text: the first sheet that holds rows and that a reader sees.

Cells are written as a CSV file would have them: times as 2024-07-14 18:00:00, numbers with a point. Calamine reads
them; it runs no macro and no formula, and takes the results that were stored; cells without one are blank, and counted.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path, PurePosixPath

import python_calamine
from defusedxml.ElementTree import fromstring

from influx.core.errors import InputError

_SHEET = re.compile(r"xl/worksheets/.*\.xml").fullmatch
_PLACE = re.compile(rb'<c[^>]{0,200}? r="([A-Z]{1,3})(\d{1,9})"')
_MOST_CELLS = 750_000_000  # 26 columns over all rows that a sheet may have, and some more
_MOST_BYTES = 1 << 29
"""No spreadsheet of a meter is larger than this once it is unpacked [bytes]."""


def rows(path: Path, name: str = "") -> list[list[str]]:
    """Return the rows of a sheet, all of one length; it is the first that holds rows where no name is given."""
    stat = path.stat()
    return _read(path, name, stat.st_mtime_ns, stat.st_size)[0]


def notes(path: Path) -> list[str]:
    """Return what a reader should know: which sheets were not read."""
    stat = path.stat()
    return list(_read(path, "", stat.st_mtime_ns, stat.st_size)[1])


@lru_cache(maxsize=4)
def _read(path: Path, name: str, _changed: int, _size: int) -> tuple[list[list[str]], tuple[str, ...]]:
    _refuse_bomb(path)
    try:
        with python_calamine.load_workbook(str(path)) as book:
            hidden = [
                sheet.name
                for sheet in book.sheets_metadata
                if sheet.visible != python_calamine.SheetVisibleEnum.Visible
            ]
            sheets = {
                title: book.get_sheet_by_name(title).to_python(skip_empty_area=False)
                for title in book.sheet_names
                if title not in hidden or title == name
            }
    except BaseException as error:  # a damaged file may panic, which is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise InputError(f"{path.name}: not readable as a spreadsheet: {error}. Export it as CSV.") from error
    full = [title for title, cells in sheets.items() if len(cells) > 1 and name in ("", title)]
    if not full and name:
        raise InputError(f"{path.name}: it has no sheet {name} with rows; there are {', '.join(sheets)}.")
    if not full:
        unseen = f" but in hidden sheets ({', '.join(hidden)}), which are not read: show one" if hidden else ""
        raise InputError(f"{path.name}: the spreadsheet holds no rows{unseen}. Export it again, or remove it.")
    cells = [[_text(cell) for cell in row] for row in sheets[full[0]]]
    width = max(map(len, cells))
    others = [f"{path.name}: only its sheet {full[0]} is read, not {', '.join(full[1:])}."] if full[1:] else []
    others += [f"{path.name}: its hidden sheets are not read ({', '.join(hidden)})."] if hidden else []
    for what, count in _cells_without_value(path, full[0]).items():
        others += [f"{path.name}: {count} of the sheet's cells {what}; they count as blank."] if count else []
    return [row + [""] * (width - len(row)) for row in cells], tuple(others)


_WITHOUT = {
    "hold an error": re.compile(rb"<c\b[^>]{0,200}\bt=\"e\"|<table:table-cell[^>]{0,900}value-type=\"error\""),
    "hold a formula that was never computed (open and save the file once)": re.compile(
        rb"<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
    ),
}


def _cells_without_value(path: Path, title: str) -> dict[str, int]:
    """Return how many cells of a sheet have no value though they are not blank, by what they are."""
    try:
        with zipfile.ZipFile(path) as archive:
            xml = archive.read(_part_of(archive, title))
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError, KeyError):
        return {}  # an old XLS
    return {what: len(pattern.findall(xml)) for what, pattern in _WITHOUT.items()}


def _part_of(archive: zipfile.ZipFile, title: str) -> str:
    """Return the name of a sheet's XML in its archive; ODS has one for all sheets."""
    if "content.xml" in archive.namelist():
        return "content.xml"
    book = fromstring(archive.read("xl/workbook.xml"))
    links = fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = {link.get("Id"): str(link.get("Target")) for link in links}
    (sheet,) = [item for item in book.iter() if item.tag.endswith("}sheet") and item.get("name") == title][:1]
    key = next(value for key, value in sheet.attrib.items() if key.endswith("}id"))
    return str(PurePosixPath("xl") / target[key]).removeprefix("/")


def _refuse_bomb(path: Path) -> None:
    """Refuse a file that is small by itself and fills the memory when it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            sheets = [] if size > _MOST_BYTES else [archive.read(name) for name in archive.namelist() if _SHEET(name)]
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError):
        return  # an old XLS, or a damaged one, which the reader refuses
    if size > _MOST_BYTES:
        raise InputError(f"{path.name}: unpacked, this spreadsheet takes {size >> 20} MB. Export it as CSV.")
    for xml in sheets:
        places = _PLACE.findall(xml)
        width = max((len(column) for column, _ in places), default=0)
        height = max((int(row) for _, row in places), default=0)
        if 26**width * height > _MOST_CELLS:
            raise InputError(f"{path.name}: a sheet has cells in row {height}. Export it as CSV without empty rows.")


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return f"{cell + dt.timedelta(microseconds=500_000):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, dt.timedelta):
        return str(cell)
    return str(cell).strip()
