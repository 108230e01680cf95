"""The reports folder: one writer at a time, and nothing that a reader sees changes but by a rename.

A report is made in a folder of its own, `.tmp-<pid>-...`, beside the weeks. When it is whole it takes its week's name:
where the kernel can swap two names in one step (Linux: renameat2, see rename(2)) it does, else the old week steps aside
to `.old-<week>` for the moment. `latest` is a link and moves last. A run may end at any moment, also by `kill -9`: the
lock goes with its process, and the next run clears away what was left, or puts an old week back.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from influx.core.errors import InputError
from influx.core.sanitize import legible

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def staging(reports: Path, wait: bool = True) -> Iterator[Path]:
    """Lock `reports`, wait for another process that holds it (or do not), and yield an empty folder in it, which is
    gone afterwards with all that is still there."""
    try:
        reports.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{reports}: not a folder. Name another one for the reports.") from error
    latest = reports / "latest"
    if latest.exists() and not latest.is_symlink():
        raise InputError(f"{latest}: a link is kept there, and this is none. Move it away.")
    with (reports / ".lock").open("a+", encoding="utf-8") as lock:
        _acquire(lock.fileno(), reports / ".lock", wait)
        lock.truncate(0)
        lock.write(f"pid {os.getpid()}, since {dt.datetime.now().astimezone():%Y-%m-%d %H:%M:%S %Z}")
        lock.flush()
        _clear_leftovers(reports)
        folder = Path(tempfile.mkdtemp(prefix=f".tmp-{os.getpid()}-", dir=reports))
        try:
            yield folder
        finally:
            _remove(folder)
            lock.truncate(0)


def replace(folder: Path, target: Path) -> None:
    """Give the finished `folder`, which stands in a staging folder, the name `target`; what stood there goes."""
    folder.chmod(0o755)
    if not target.exists():
        folder.rename(target)
    elif not _exchange(folder, target):
        aside = target.with_name(f".old-{target.name}")
        target.rename(aside)
        folder.rename(target)
        aside.rename(folder)  # deleted with the staging folder: what is called .old is always whole


def withdraw(folder: Path, staged: Path) -> None:
    """Take `folder` out of sight, if it is there; it is deleted with the staging folder `staged`."""
    if folder.exists():
        folder.rename(staged / f"withdrawn-{folder.name}")


def point_latest(staged: Path, week: Path) -> None:
    """Let the link `latest` beside `week` point at it; `staged` is the staging folder."""
    link = staged / "latest"
    link.symlink_to(week.name)
    link.replace(week.with_name("latest"))


def _acquire(descriptor: int, lock: Path, wait: bool) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = lock.read_text(encoding="utf-8")
        busy = "another report is being made" + (f" ({holder})" if holder else "")
        if not wait:
            raise InputError(f"{busy}. Try again when it is done.") from error
        print(f"influx: {legible(busy)}; waiting", file=sys.stderr, flush=True)
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _clear_leftovers(reports: Path) -> None:
    """Mend what a run left that did not end by itself. Under the lock, whatever is temporary is nobody's."""
    for aside in reports.glob(".old-*"):
        week = aside.with_name(aside.name.removeprefix(".old-"))
        if week.exists():
            _remove(aside)
        else:
            aside.rename(week)
    for left in reports.glob(".tmp-*"):
        _remove(left)


def _remove(folder: Path) -> None:
    # A kernel outlives a killed run by a second and may still write; what is then left the next run removes.
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def _exchange(folder: Path, other: Path) -> bool:
    """Swap two names in one step; return whether this system could."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError):
        return False
    return rename(_AT_FDCWD, os.fsencode(folder), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0
