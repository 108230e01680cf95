"""What a reader of the reports relies on: whatever happens to a run, a report is there, and it is whole."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from influx.core.errors import InputError
from influx.report import atomic_publish

ROOT = Path(__file__).resolve().parents[2]

PUBLISHER = """
import ctypes, os, signal, sys
from pathlib import Path
from influx.report import atomic_publish as publish

reports, last, exchange = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "exchange"
if not exchange:
    publish._exchange = lambda one, other: False
steps = 0

def killed(event, arguments):  # at the step that is the last one, before it happens
    global steps
    if event in ("os.rename", "os.symlink", "os.mkdir", "os.rmdir", "os.remove", "shutil.rmtree", "ctypes.dlsym"):
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

with publish.staging(reports) as staged:
    folder = staged / "week"
    folder.mkdir()
    for name in ("index.html", "01_explore.html"):
        (folder / name).write_text("new")
    sys.addaudithook(killed)
    publish.replace(folder, reports / "2024-W29")
    publish.point_latest(staged, reports / "2024-W29")
    publish.withdraw(reports / "failed", staged)
"""


def make_week(reports: Path, week: str, content: str) -> Path:
    folder = reports / week
    folder.mkdir(parents=True)
    for name in ("index.html", "01_explore.html"):
        (folder / name).write_text(content)
    return folder


def contents(folder: Path) -> set[str]:
    return {(folder / name).read_text() for name in ("index.html", "01_explore.html")}


def publish_new(reports: Path, last: int = 0, how: str = "exchange") -> int:
    command = [sys.executable, "-c", PUBLISHER, str(reports), str(last), how]
    return subprocess.run(command, cwd=ROOT, check=False, stderr=subprocess.DEVNULL).returncode


@pytest.mark.parametrize("how", ["exchange", "step aside"])
def test_killed_before_any_step_of_publishing_a_week_is_whole_and_the_next_run_mends_the_rest(tmp_path, how):
    killed = 0
    for last in range(1, 40):
        reports = tmp_path / str(last)
        make_week(reports, "2024-W29", "old")
        make_week(reports, "failed", "an earlier failure")
        (reports / "latest").symlink_to("2024-W29")
        if publish_new(reports, last, how) == 0:
            break
        killed += 1
        if how == "exchange":  # at no moment is there no report
            assert contents(reports / "latest") in ({"old"}, {"new"})
        with atomic_publish.staging(reports):
            assert contents(reports / "latest") in ({"old"}, {"new"})
            assert not list(reports.glob(".old-*"))
            assert len(list(reports.glob(".tmp-*"))) == 1
        if last % 4 == 1:
            assert publish_new(reports, 0, how) == 0
            assert contents(reports / "latest") == {"new"}
            assert {path.name for path in reports.iterdir()} == {".lock", "2024-W29", "latest"}
    assert killed >= 5


@pytest.mark.parametrize("swaps", [True, False])
def test_a_week_replaces_the_same_week_and_leaves_the_others(tmp_path, monkeypatch, swaps):
    if not swaps:
        monkeypatch.setattr(atomic_publish.ctypes, "CDLL", lambda _: object())  # a C library without renameat2
    make_week(tmp_path, "2024-W28", "earlier")
    make_week(tmp_path, "2024-W29", "old")
    (tmp_path / "latest").symlink_to("2024-W28")
    with atomic_publish.staging(tmp_path) as staged:
        atomic_publish.replace(make_week(staged, "week", "new"), tmp_path / "2024-W29")
        assert (tmp_path / "latest").readlink() == Path("2024-W28")
        atomic_publish.point_latest(staged, tmp_path / "2024-W29")
    assert (tmp_path / "latest").readlink() == Path("2024-W29")
    assert contents(tmp_path / "latest") == {"new"}
    assert contents(tmp_path / "2024-W28") == {"earlier"}
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "2024-W28", "2024-W29", "latest"}


def test_a_week_that_stepped_aside_is_put_back(tmp_path):
    make_week(tmp_path, ".old-2024-W29", "old")
    make_week(tmp_path, ".tmp-1-abc", "half")
    with atomic_publish.staging(tmp_path):
        pass
    assert contents(tmp_path / "2024-W29") == {"old"}
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "2024-W29"}


def test_a_second_run_is_told_who_holds_the_folder(tmp_path):
    second = atomic_publish.staging(tmp_path, wait=False)
    with (
        atomic_publish.staging(tmp_path),
        pytest.raises(InputError, match=r"another report is being made \(pid \d+, since 20"),
    ):
        second.__enter__()


def test_a_second_run_waits_and_says_so(tmp_path):
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("pid 7, since noon")
        lock.flush()
        command = [sys.executable, "-c", PUBLISHER, str(tmp_path), "0", "exchange"]
        waiting = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert waiting.stderr is not None
        said = waiting.stderr.readline()
        assert said == "influx: another report is being made (pid 7, since noon); waiting\n"
        assert not (tmp_path / "2024-W29").exists()
    assert waiting.wait(timeout=30) == 0
    assert contents(tmp_path / "latest") == {"new"}
    waiting.stderr.close()


def test_the_lock_of_a_killed_run_is_free(tmp_path):
    code = PUBLISHER.replace("with publish", "with publish", 1).replace(
        "    folder = staged", "    print(1, flush=True); input()", 1
    )
    command = [sys.executable, "-c", code, str(tmp_path), "0", "exchange"]
    holder = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdin is not None
    holder.stdout.readline()
    with pytest.raises(InputError, match=f"pid {holder.pid}"), atomic_publish.staging(tmp_path, wait=False):
        pytest.fail("two runs at once")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    with atomic_publish.staging(tmp_path, wait=False):
        assert len(list(tmp_path.glob(".tmp-*"))) == 1


def test_what_cannot_be_a_reports_folder_is_refused_before_anything_is_done(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not a folder"), atomic_publish.staging(tmp_path / "file"):
        pytest.fail("a file is no folder")
    (tmp_path / "reports" / "latest").mkdir(parents=True)
    with pytest.raises(InputError, match="latest: a link is kept there"), atomic_publish.staging(tmp_path / "reports"):
        pytest.fail("latest cannot be moved")
