"""SQLite databases of other programs, opened so that nothing of them is changed, also while their owner writes."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from influx.importers.reading import encoding

_PATIENCE = 10.0  # seconds


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database so that nothing of it is changed, with what is not yet written into it where there is some."""
    ahead = path.with_name(f"{path.name}-wal")
    uri = f"{path.absolute().as_uri()}?mode=ro"
    if not (ahead.exists() and ahead.stat().st_size):
        with closing(sqlite3.connect(f"{uri}&immutable=1", uri=True, timeout=_PATIENCE)) as base:
            yield base
        return
    if path.with_name(f"{path.name}-shm").exists():  # somebody writes: what they commit is seen as a whole
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as base:
            yield base
        return
    with tempfile.TemporaryDirectory() as place:
        for file in (path, ahead):
            shutil.copyfile(file, Path(place) / file.name)
        with closing(sqlite3.connect(Path(place) / path.name, timeout=_PATIENCE)) as base:
            yield base


def tables(path: Path) -> set[str]:
    """Return the names of the tables of a database; none where it is no readable one."""
    try:
        if encoding.kind(path) != "database":
            return set()
        with opened(path) as base:
            return {str(name) for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except (OSError, sqlite3.Error, ValueError, OverflowError):  # its beginning is one, and its tables are damaged
        return set()
