"""What a run folder keeps beside its frames, and which files a home is read from."""

from __future__ import annotations

import json
from pathlib import Path

from influx.home.source_files import SETTINGS


def files_of_home(data: Path) -> list[Path]:
    """Return the files of a home, oldest first as the newest one wins; a home.yaml beside a single file counts too."""
    files = [data, data.with_name(SETTINGS)] if data.is_file() else list(data.iterdir())
    return sorted((file for file in files if file.is_file()), key=lambda file: (file.stat().st_mtime_ns, file.name))


def write_json(path: Path, content: object) -> None:
    """Write a JSON file that appears whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=2), encoding="utf-8")
    partial.replace(path)
