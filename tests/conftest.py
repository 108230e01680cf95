"""What holds for every test: no time limits, the same examples on a checking machine, figures without a screen.

Notebooks below here are food for tests, some of them meant to fail: nbval leaves them alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # as reports have it

import fcntl
import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import browser, desktop, phone  # noqa: F401
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

settings.register_profile("here", deadline=None, max_examples=40)
settings.register_profile("ci", deadline=None, max_examples=40, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

collect_ignore_glob = ["*.ipynb"]

LONGEST = ("notebooks", *(f"test_{name}.py" for name in ("notebooks", "serve", "visit", "dashboard_visit", "runs")))
"""What takes longest, much of it waiting: where tests run side by side these come first."""

DEVICES = ("AC_LR_01", "FRIDGE_01", "ROUTER_01", "WH_BATH_01", "WM_01")
"""The half of the sample's devices with which tests make do; `make report` and nbval take all of it."""


class ByFile(LoadFileScheduling):
    """Keeps the tests of a file in one process, and all notebooks: each goes on from what those before it made."""

    def _split_scope(self, nodeid: str) -> str:
        return "notebooks" if ".ipynb::" in nodeid else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        name = "notebooks" if item.path.suffix == ".ipynb" else item.path.name
        return LONGEST.index(name) if name in LONGEST else len(LONGEST)

    items.sort(key=place)


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory, worker_id):
    """The run of the shipped sample with all of its steps made, once for all tests; leave its folder as it is."""
    from tiny_homes import part_of_sample

    from influx import Run

    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "sample"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock, warnings.catch_warnings():
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several workers the first makes the run, the others read it
        warnings.simplefilter("error")
        if not (folder / "home").is_dir():
            part_of_sample(folder / "home", DEVICES)
        run = Run(folder / "home", output=folder / "run")
        first = run.explore, run.features, run.scores, run.selection, run.calibration, run.reference
        for step in (*first, run.forecast, run.sums, run.bill, run.plan, run.insights, run.review):
            step()
    return run


@pytest.fixture(scope="session")
def week_folder(sample_run, tmp_path_factory) -> Path:
    """Return the sample's run folder as a report leaves it, with a `latest` beside it."""
    from influx.report.pages import write_index

    folder = tmp_path_factory.mktemp("reports") / "2024-W29"
    shutil.copytree(sample_run.folder, folder)
    note = {"week": "2024-W29", "finished": "2024-07-15T06:00:00+00:00", "versions": {"influx": "0.1.0"}, "inputs": []}
    (folder / "run.json").write_text(json.dumps(note), encoding="utf-8")
    write_index(folder, folder.parent)
    (folder.parent / "latest").symlink_to("2024-W29")
    return folder


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory) -> Callable:
    """Return the run of a home of `tiny_homes`, made when first asked for, once for all tests."""
    from influx import Run

    runs: dict[str, Run] = {}

    def get(make: Callable[[Path], Path]) -> Run:
        if make.__name__ not in runs:
            folder = tmp_path_factory.mktemp(make.__name__)
            runs[make.__name__] = Run(make(folder / "home"), output=folder / "run")
        return runs[make.__name__]

    return get
