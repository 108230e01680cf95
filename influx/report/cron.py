"""One line in the user's crontab that makes the report every week.

cron runs a command in a bare environment: next to no PATH, no terminal, no activated environment, and a percent sign
ends the command (crontab(5)). So the line carries all that it needs: where the project is, where Python and make are,
a lock against a run that is still going, and a log with dates. It goes through `make report`, so that an environment
that an update has left behind is mended first; for that, the PATH names the Python that .venv was made from. The line
is known again by the comment at its end, and no other line of the crontab is touched.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from influx.core.errors import InputError

EVERY_MONDAY_AT_SIX = "0 6 * * 1"
LOG = "reports/schedule.log"
LOCK = "reports/.schedule.lock"
LONGEST_LINE = 900
"""Bytes; Debian's cron ignores what goes beyond 1000."""

_WHEN = re.compile(r"@(hourly|daily|weekly|monthly)|[\d*][^\s%]*( [\w*][^\s%]*){4}")
_NOTHING_YET = re.compile(rb"no crontab|no such file", re.IGNORECASE)


def install(project: Path, when: str = EVERY_MONDAY_AT_SIX, settings: Mapping[str, str] | None = None) -> str:
    """Have `make report` run regularly, in place of an earlier entry of the project; return a sentence that reports it.

    `when` are the five time fields of crontab(5), local time of the machine, or `@weekly` and the like; `settings`
    stand behind `make report`, such as `{"DATA": "data/home"}`.
    """
    project = project.resolve()
    line = entry(project, when, settings)
    (project / LOG).parent.mkdir(exist_ok=True)
    _change(project, line)
    return f"cron makes the report at '{when}'; what it prints goes to {LOG}. `make unschedule` ends it."


def remove(project: Path) -> str:
    """Remove the project's entry from the crontab; return a sentence that reports it."""
    if _change(project.resolve()):
        return "cron makes no more reports for this project."
    return "cron had no entry for this project; nothing was changed."


def entry(project: Path, when: str = EVERY_MONDAY_AT_SIX, settings: Mapping[str, str] | None = None) -> str:
    """Return the crontab line, without its line end."""
    if not _WHEN.fullmatch(when):
        raise InputError(f"{when!r} is not a time for cron; write five fields, such as '0 6 * * 1' for Mondays at six.")
    make = _program("make")
    conda = _conda()
    python = Path(sys.executable) if conda else Path(sys.executable).resolve()
    folders = [str(python.parent), str(Path(make).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    environment = {"PATH": ":".join(dict.fromkeys(folders)), **conda}
    arguments = {**(settings or {}), **({"PYTHON": str(python)} if conda else {})}
    lock = [flock, "-n", LOCK] if (flock := shutil.which("flock")) else []
    given = [f"{name}={value}".replace("$", "$$") for name, value in arguments.items()]
    command = [*lock, make, "--silent", "report", *given]
    assigned = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    job = f"{{ date; {assigned} {shlex.join(command)} || echo failed with exit status $?; }} >>{LOG} 2>&1"
    whole = f"cd {shlex.quote(str(project))} && mkdir -p reports && {job} {_marker(project)}"
    line = f"{when} " + whole.replace("%", r"\%")
    if "\n" in line or len(os.fsencode(line)) > LONGEST_LINE:
        raise InputError(f"{project}: the path does not fit into a line of cron. Move the project to a shorter path.")
    return line


def _marker(project: Path) -> str:
    return f"# InFlux report of {project}"


def _conda() -> dict[str, str]:
    """Return the variable that tells the Makefile to use the conda environment that runs this, where one does."""
    prefix = os.environ.get("CONDA_PREFIX")
    return {"CONDA_PREFIX": prefix} if prefix and Path(sys.prefix) == Path(prefix) else {}


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        package = {"crontab": "cron"}.get(name, name)
        raise InputError(f"there is no {name} here. Install it (Debian, Ubuntu: apt install {package}).")
    return path


def _change(project: Path, line: str = "") -> bool:
    """Replace the project's line of the crontab by `line`; return whether there was one. Other lines stay as they are,
    byte for byte."""
    table = _crontab("-l").splitlines(keepends=True)
    mark = os.fsencode(" " + _marker(project).replace("%", r"\%"))
    others = [row for row in table if not row.rstrip(b"\r\n").endswith(mark)]
    had_line = len(others) < len(table)
    if line:
        if others and not others[-1].endswith(b"\n"):
            others.append(b"\n")
        others.append(os.fsencode(line) + b"\n")
    if others and (line or had_line):
        _crontab("-", b"".join(others))
    elif had_line:
        _crontab("-r")
    return had_line


def _crontab(argument: str, text: bytes = b"") -> bytes:
    command = [_program("crontab"), argument]
    done = subprocess.run(command, input=text, capture_output=True, env=os.environ | {"LC_ALL": "C"}, check=False)
    if done.returncode == 0:
        return done.stdout
    if argument == "-l" and _NOTHING_YET.search(done.stderr):
        return b""
    reason = " ".join(done.stderr.decode(errors="replace").split()) or f"exit status {done.returncode}"
    raise InputError(f"cron does not {'show its table' if argument == '-l' else 'take the entry'}: {reason}")
