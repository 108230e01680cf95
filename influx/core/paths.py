"""Where relative paths lead: below the working directory, else below the project; so notebooks run in any folder."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def find(path: str | Path) -> Path:
    """Return `path` made absolute; it need not exist."""
    given = Path(path).expanduser()
    return given.absolute() if given.is_absolute() or given.exists() else PROJECT / given


def published_path(path: Path) -> str:
    """Return an absolute `path` as it may be published: within the folders above, or else its last part alone."""
    for base in (Path.cwd(), PROJECT):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name
