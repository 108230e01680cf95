"""Archives of one export (ZIP, gzip), unpacked beside the home's folder for as long as it is read.

Nothing is unpacked without a bound, and an archive inside of another one stays closed.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from influx.core.errors import InputError

SUFFIXES = (".zip", ".gz")
_MOST_BYTES = 1 << 29
_MOST_ENTRIES = 1000
_BESIDE = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)


class ArchiveError(InputError):
    """An archive that has to be unpacked by hand."""


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the one file in an archive, under the name that it has there, and any other file as it is.

    Raises
    ------
    ArchiveError
        The archive is damaged or locked, holds no file or several, or one that is an archive again or too large.
    """
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory() as place:
        try:
            if path.suffix.lower() == ".gz":
                with gzip.open(path) as packed:
                    out = _copied(packed, Path(place) / path.stem, path.name)
            else:
                with zipfile.ZipFile(path) as archive:
                    entry = _only_entry(archive, path.name)
                    with archive.open(entry) as packed:
                        out = _copied(packed, Path(place) / PurePosixPath(entry.filename).name, path.name)
        except ArchiveError:
            raise
        except _DAMAGED as error:
            raise ArchiveError(f"{path.name}: this is an archive that cannot be opened: {error}. {_ADVICE}") from error
        shutil.copystat(path, out)
        yield out


_ADVICE = "Unpack it, and put what it holds into the home's folder."


def _only_entry(archive: zipfile.ZipFile, file: str) -> zipfile.ZipInfo:
    """Return the one file of an archive, but for what systems put beside it."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    files = [entry for entry in entries[:_MOST_ENTRIES] if not set(_BESIDE) & set(PurePosixPath(entry.filename).parts)]
    if len(files) != 1 or len(entries) > _MOST_ENTRIES:
        raise ArchiveError(f"{file}: this is an archive of {len(files) or 'no'} files. {_ADVICE}")
    return files[0]


def _copied(packed: IO[bytes] | gzip.GzipFile, out: Path, file: str) -> Path:
    """Copy a file of an archive, as long as it is neither too large nor an archive itself."""
    if out.suffix.lower() in (*SUFFIXES, ".tar") or not out.name:
        raise ArchiveError(f"{file}: this is an archive with another one in it. {_ADVICE}")
    left = _MOST_BYTES
    with out.open("wb") as target:
        while left > 0 and (piece := packed.read(min(left, 1 << 20))):
            left -= target.write(piece)
    if left <= 0:
        raise ArchiveError(f"{file}: unpacked, this archive takes more than {_MOST_BYTES >> 20} MB. {_ADVICE}")
    return out
