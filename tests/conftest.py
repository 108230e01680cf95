"""What holds for every test: no time limits, the same examples on a checking machine, figures without a screen.

Notebooks below here are food for tests, some of them meant to fail: nbval leaves them alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("MPLBACKEND", "Agg")

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import browser, desktop, phone  # noqa: F401
from hypothesis import settings

settings.register_profile("here", deadline=None, max_examples=40)
settings.register_profile("ci", deadline=None, max_examples=40, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

collect_ignore_glob = ["*.ipynb"]

DEVICES = ("AC_LR_01", "FRIDGE_01", "ROUTER_01", "WH_BATH_01", "WM_01")
"""The half of the sample's devices with which tests make do; `make report` and nbval take all of it."""


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory):
    """The run of the shipped sample with all of its steps made, once for all tests; leave its folder as it is."""
    from tiny_homes import part_of_sample

    from influx import Run

    folder = tmp_path_factory.mktemp("sample")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = Run(part_of_sample(folder / "home", DEVICES), output=folder / "run")
        for step in (run.explore, run.features, run.training, run.forecast, run.bill, run.insights, run.review):
            step()
    return run


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
