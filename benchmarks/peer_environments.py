"""The environments in which peers run: made on demand from their locks in `.cache/peers`, apart from the project's."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks.registry import PROJECT

FOLDER = PROJECT / ".cache" / "peers"
LOCKS = Path(__file__).with_name("peers")


class Unavailable(Exception):  # noqa: N818 - not an error: the reason why a peer takes no part
    """A peer's environment cannot be made here."""


def python_for(lock: str, oldest: tuple[int, int]) -> Path:
    """Return the Python of the environment of a lock in `benchmarks/peers`; make it where it is missing or older.

    Parameters
    ----------
    lock : str
        Name of the file, such as `requirements.txt`.
    oldest : (int, int)
        The oldest Python that its packages run on.

    Raises
    ------
    Unavailable
        There is no such Python, or the packages could not be installed; the message says which and why.
    """
    text = (LOCKS / lock).read_bytes()
    home = FOLDER / f"{Path(lock).stem}-{hashlib.sha256(text).hexdigest()[:12]}"
    python, ready = home / "bin" / "python", home / "ready"
    if ready.exists():
        return python
    base = _base(oldest)
    _run([base, "-m", "venv", "--clear", home])
    _run([*_installer(python), "--require-hashes", "-r", LOCKS / lock])
    ready.touch()
    return python


def _installer(python: Path) -> list[str | Path]:
    """Return the command that installs into an environment: uv's, or pip's where uv is not here."""
    if find_spec("uv"):
        return [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    return [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def _base(oldest: tuple[int, int]) -> Path:
    """Return a Python that is new enough: the one that runs this, one on the path, or one that pyenv keeps."""
    for python in _pythons():
        check = f"import sys, venv; sys.exit(sys.version_info < {oldest})"
        if subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0:
            return python
    raise Unavailable(f"no Python {oldest[0]}.{oldest[1]} or newer here")


def _pythons() -> Iterator[Path]:
    yield Path(sys.executable)
    names = [f"python3.{minor}" for minor in range(12, 16)]
    yield from (Path(found) for found in map(shutil.which, names) if found)
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(kept.glob("versions/3.*/bin/python"))


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())
        raise Unavailable(f"it could not be installed: {re.sub(r'[a-z]+://[^ ]+', '…', said)[-200:]}")
