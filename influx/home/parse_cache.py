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
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa

from influx.core.fingerprint import fingerprint
from influx.core.paths import PROJECT
from influx.core.settings import Settings
from influx.importers import Part, Source

FOLDER = PROJECT / ".cache" / "parts"
LEAST_BYTES = 1 << 18  # smaller files are read as quickly as they would be found
MOST_BYTES = 4 << 30  # beyond this, the oldest parts are removed

_FRAMES = ("frame", "rejected")
_SETTINGS = {"timezone", "devices", "files", "power_limit_kw", "currency", "home_id"}
"""What of home.yaml the formats use."""


def read(source: Source, path: Path, settings: Settings) -> tuple[Part, str]:
    """Return what a file holds, and the SHA-256 of its bytes; what is known already is not read again."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if path.stat().st_size < LEAST_BYTES:
        return source.read(path, settings), digest
    used = settings.model_dump(mode="json", include=_SETTINGS)
    folder = FOLDER / fingerprint(type(source), source, Part, path.name, digest, used)[:40]
    part = _open(folder)
    if part is None:
        part = source.read(path, settings)
        with suppress(OSError, pa.ArrowException, ValueError):  # where it cannot be kept, it is read again
            _keep(part, folder)
    return part, digest


def _open(folder: Path) -> Part | None:
    """Return the part that is kept in a folder, or None where there is none that is whole."""
    try:
        fields = json.loads((folder / "part.json").read_text(encoding="utf-8"))
        frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in _FRAMES}
        os.utime(folder)
    except (OSError, ValueError, pa.ArrowException):
        return None
    return Part(**frames, **{**fields, "notes": tuple(fields["notes"])})


def _keep(part: Part, folder: Path) -> None:
    """Keep a part, and remove those that were not used for longest."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as draft:
        new = Path(draft) / "part"
        new.mkdir()
        for name in _FRAMES:
            getattr(part, name).to_parquet(new / f"{name}.parquet", compression="zstd")
        rest = {name: value for name, value in vars(part).items() if name not in _FRAMES}
        (new / "part.json").write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")
        if not folder.exists():
            new.rename(folder)
    total = 0
    kept = [path for path in folder.parent.iterdir() if path.name[0] != "."]
    for path in sorted(kept, key=lambda path: -path.stat().st_mtime):
        total += sum(file.stat().st_size for file in path.iterdir())
        if total > MOST_BYTES:
            shutil.rmtree(path, ignore_errors=True)
