"""The weekly entry: one line, known again, that works in the bare environment of cron and leaves other lines alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from influx.core.errors import InputError
from influx.report import cron

OTHERS = b"# my own\n*/5 * * * * /usr/bin/true \xe9 100\\%\n\n@daily backup"

FAKE_CRONTAB = """#!/bin/sh
table="$(dirname "$0")/table"
case "$1" in
-l) if [ -f "$table" ]; then cat "$table"; else echo "no crontab for me" >&2; exit 1; fi ;;
-r) rm "$table" ;;
-) cat >"$table" ;;
esac
"""


def _program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A crontab of our own: the file that a stand-in for the `crontab` program keeps."""
    program = _program(tmp_path / "bin" / "crontab", FAKE_CRONTAB)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    return program.with_name("table")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose report tells what it was given; its path has all that a shell or cron could trip over."""
    folder = tmp_path / "it's 50% of $HOME"
    folder.mkdir()
    recipe = '@echo "made with $$DATA in $$PWD"; command -v python3; exit $${FAIL:-0}'
    (folder / "Makefile").write_text(f"report:\n\t{recipe}\n")
    return folder


def _as_cron_runs_it(line: str, when: str = cron.EVERY_MONDAY_AT_SIX) -> subprocess.CompletedProcess[str]:
    command = line.removeprefix(f"{when} ").replace(r"\%", "%")
    bare = {"HOME": "/", "LOGNAME": "me", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    return subprocess.run(["/bin/sh", "-c", command], env=bare, cwd="/", capture_output=True, text=True, check=False)


def test_installing_twice_leaves_one_entry_and_every_other_line(table: Path, project: Path) -> None:
    table.write_bytes(OTHERS + b"\n")
    cron.install(project)
    cron.install(project, when="30 5 * * 0")
    lines = table.read_bytes().removeprefix(OTHERS + b"\n").splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(b"30 5 * * 0 cd ")


def test_removing_restores_the_table_byte_for_byte(table: Path, project: Path) -> None:
    table.write_bytes(OTHERS + b"\n")
    cron.install(project)
    assert "no more" in cron.remove(project)
    assert table.read_bytes() == OTHERS + b"\n"
    assert "no entry" in cron.remove(project)


def test_a_table_made_for_the_entry_goes_with_it(table: Path, project: Path) -> None:
    cron.install(project)
    cron.remove(project)
    assert not table.exists()


def test_a_last_line_without_its_end_is_not_joined_to_the_entry(table: Path, project: Path) -> None:
    table.write_bytes(OTHERS)
    cron.install(project)
    assert table.read_bytes().startswith(OTHERS + b"\n0 6 * * 1 ")


def test_two_projects_have_an_entry_each(table: Path, project: Path) -> None:
    other = project / "inner"
    other.mkdir()
    cron.install(project)
    cron.install(other)
    cron.remove(project)
    assert table.read_text().count("# InFlux report of") == 1
    assert table.read_text().endswith("/inner\n")


def test_the_entry_works_in_the_environment_of_cron_and_logs(project: Path) -> None:
    line = cron.entry(project, settings={"DATA": "my $home"})
    assert "%" not in line.replace(r"\%", "")
    for _ in range(2):
        done = _as_cron_runs_it(line)
        assert (done.stdout, done.stderr) == ("", "")
    log = (project / cron.LOG).read_text()
    assert log.count(f"made with my $home in {project}") == 2
    assert log.count(str(Path(sys.executable).resolve().parent)) == 2
    assert "failed" not in log


def test_a_failing_report_is_told_in_the_log(project: Path) -> None:
    _as_cron_runs_it(cron.entry(project, settings={"FAIL": "3"}))
    assert "failed with exit status" in (project / cron.LOG).read_text()


@pytest.mark.skipif(shutil.which("flock") is None, reason="this machine has no flock")
def test_no_second_run_while_one_is_going(project: Path) -> None:
    (project / "reports").mkdir()
    line = cron.entry(project)
    with (project / cron.LOCK).open("w") as held:
        subprocess.run(["flock", str(held.fileno())], pass_fds=[held.fileno()], check=True)
        _as_cron_runs_it(line)
    assert "made with" not in (project / cron.LOG).read_text()


def test_an_activated_conda_environment_is_used_as_it_is(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_PREFIX", sys.prefix)
    line = cron.entry(project)
    assert f"CONDA_PREFIX={sys.prefix} " in line
    assert f"report PYTHON={sys.executable} " in line


@pytest.mark.parametrize("when", ["soon", "0 6 * *", "0 6 * * 1 rm", "0 6 * * 1\n* * * * *", "%", "60%5 * * * *"])
def test_what_is_no_time_for_cron_is_refused(table: Path, project: Path, when: str) -> None:
    with pytest.raises(InputError, match="not a time for cron"):
        cron.install(project, when=when)
    assert not table.exists()


@pytest.mark.parametrize("name", ["line\nbreak", "long/" * 200])
def test_a_path_that_fits_no_line_is_refused(project: Path, name: str) -> None:
    with pytest.raises(InputError, match="does not fit"):
        cron.entry(project / name)


def test_where_cron_is_absent_it_says_so(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="there is no crontab here"):
        cron.remove(project)
    with pytest.raises(InputError, match="there is no make here"):
        cron.install(project)


def test_a_table_that_cannot_be_read_is_never_overwritten(table: Path, project: Path) -> None:
    _program(
        table.with_name("crontab"), '#!/bin/sh\n[ "$1" = -l ] || touch "$0.written"\necho not allowed >&2; exit 1\n'
    )
    with pytest.raises(InputError, match="does not show its table: not allowed"):
        cron.install(project)
    assert not table.with_name("crontab.written").exists()


def test_what_cron_says_against_an_entry_is_passed_on(table: Path, project: Path) -> None:
    _program(table.with_name("crontab"), '#!/bin/sh\n[ "$1" = -l ] && exit 0\necho bad minute >&2; exit 1\n')
    with pytest.raises(InputError, match="does not take the entry: bad minute"):
        cron.install(project, when="99 6 * * 1")


@pytest.mark.skipif(
    not (os.environ.get("CI") and shutil.which("crontab")),
    reason="changes the real table: only on a machine that is there for tests (CI set) and has cron",
)
def test_the_real_crontab_takes_the_entry_and_gives_it_back(project: Path) -> None:
    listed = ["crontab", "-l"]
    before = subprocess.run(listed, capture_output=True, check=False).stdout
    try:
        cron.install(project)
        after = subprocess.run(listed, capture_output=True, check=True).stdout
        assert after == before + os.fsencode(cron.entry(project)) + b"\n"
    finally:
        cron.remove(project)
    assert subprocess.run(listed, capture_output=True, check=False).stdout == before
