"""What was once read of a file, kept by its content, so that a growing home is read anew only where it grew.

The key holds all that the result depends on: the file's name and bytes, the settings, and the code that reads. Only
what takes long to read is kept; the folder may be removed at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa

from influx.core.paths import PROJECT
from influx.core.settings import Settings
from influx.importers import Part, Source

FOLDER = PROJECT / ".cache" / "parts"
LEAST_BYTES = 1 << 18
"""Smaller files are read as quickly as they would be found."""

MOST_BYTES = 4 << 30
"""Beyond this, the oldest parts are removed [bytes]."""


def read(source: Source, path: Path, settings: Settings) -> tuple[Part, str]:
    """Return what a file holds, and the SHA-256 of its bytes; what is known already is not read again."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if path.stat().st_size < LEAST_BYTES:
        return source.read(path, settings), digest
    known = FOLDER / _key(source, path.name, digest, settings)
    part = _open(known)
    if part is None:
        part = source.read(path, settings)
        _keep(part, known)
    return part, digest


def _key(source: Source, name: str, digest: str, settings: Settings) -> str:
    said = settings.model_dump_json(include=_SAID & set(type(settings).model_fields))
    parts = [source.id, name, digest, said, _code(), pd.__version__, pa.__version__]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


_SAID = {"timezone", "devices", "files", "power_limit_kw", "currency", "home_id"}


@cache
def _code() -> str:
    """Return the fingerprint of all that reads."""
    here = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(path for room in ("core", "importers", "home") for path in (here / room).rglob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _open(folder: Path) -> Part | None:
    """Return the part that is kept in a folder, or None where there is none that is whole."""
    try:
        rest = json.loads((folder / "part.json").read_text(encoding="utf-8"))
        frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("frame", "rejected")}
        os.utime(folder)
    except (OSError, ValueError, pa.ArrowException):
        return None
    return Part(**frames, **{**rest, "notes": tuple(rest["notes"])})


def _keep(part: Part, folder: Path) -> None:
    """Keep a part; where that cannot be done, it is read again next time."""
    rest = {name: value for name, value in vars(part).items() if name not in ("frame", "rejected")}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as draft:
            new = Path(draft) / "part"
            new.mkdir()
            part.frame.to_parquet(new / "frame.parquet", compression="zstd")
            part.rejected.to_parquet(new / "rejected.parquet", compression="zstd")
            (new / "part.json").write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")
            if not folder.exists():
                new.rename(folder)
        _prune(folder.parent)
    except (OSError, pa.ArrowException, ValueError):
        return


def _prune(folder: Path) -> None:
    """Remove the parts that were not used for longest where all of them take too much."""
    parts = sorted((path for path in folder.iterdir() if path.name[0] != "."), key=lambda path: -path.stat().st_mtime)
    total = 0
    for path in parts:
        total += sum(file.stat().st_size for file in path.iterdir())
        if total > MOST_BYTES:
            shutil.rmtree(path, ignore_errors=True)
