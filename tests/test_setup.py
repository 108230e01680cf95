"""Set-up: the lock, pyproject.toml and environment.yml say the same; .venv is made when, and only when, it must be."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]
DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
LOCK = (PROJECT / "requirements.txt").read_text()

# What is called by its command or through another package, and the word in the project that shows it.
CALLED = {
    "jupyterlab": "-m jupyterlab",
    "mypy": "-m mypy",
    "nbval": "--nbval-lax",
    "pyarrow": "parquet",
    "pytest-cov": "--cov",
    "pytest-xdist": "--numprocesses",
    "ruff": "-m ruff",
    "setuptools": "setuptools.build_meta",
    "types-pyyaml": "yaml",
    "types-defusedxml": "yaml",
}
IMPORTED_AS = {
    "python-calamine": "python_calamine",
    "scikit-learn": "sklearn",
    "pyyaml": "yaml",
    "jupyter-client": "jupyter_client",
    "jupyter-core": "jupyter_core",
    "jupyter-server": "jupyter_server",
}


def _declared() -> list[Requirement]:
    return [Requirement(line) for line in DECLARED["dependencies"] + DECLARED["optional-dependencies"]["dev"]]


def _locked() -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9][\w.-]*)==([^\s;]+)", LOCK, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def _imports(*folders: str) -> set[str]:
    """Return the top-level names that the modules in `folders` import."""
    names: set[str] = set()
    for path in (path for folder in folders for path in (PROJECT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names


def test_the_lock_holds_every_dependency_in_a_version_that_is_asked_for() -> None:
    locked = _locked()
    for wanted in _declared():
        assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), wanted


def test_every_locked_package_has_one_version_and_a_hash() -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(_locked())
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_lock_names_no_host_and_pulls_no_cuda() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^--", LOCK, re.MULTILINE)
    assert [name for name in _locked() if re.search(r"nvidia|cuda|xgboost$|triton", name)] == []


def test_conda_leads_to_the_same_lock_and_python() -> None:
    text = (PROJECT / "environment.yml").read_text()
    *conda, pip = yaml.safe_load(text)["dependencies"]
    assert pip == {"pip": ["-r requirements.txt"]}
    assert "pip install --no-deps --no-build-isolation -e ." in text
    python = SpecifierSet(next(line for line in conda if line.startswith("python>")).removeprefix("python"))
    declared = SpecifierSet(DECLARED["requires-python"])
    assert [python.contains(f"3.{minor}") for minor in (10, 11, 12, 13)] == [False, True, True, True]
    assert [declared.contains(f"3.{minor}") for minor in (10, 11, 12, 13)] == [False, True, True, True]


def test_every_dependency_is_used() -> None:
    imported = _imports("influx", "tests", "benchmarks")
    files = [PROJECT / "Makefile", PROJECT / "pyproject.toml", *(PROJECT / "influx").rglob("*.py")]
    words = "\n".join(path.read_text() for path in files)
    for name in (canonicalize_name(wanted.name) for wanted in _declared()):
        used = CALLED[name] in words if name in CALLED else IMPORTED_AS.get(name, name) in imported
        assert used, f"{name} is declared and not used"


def test_what_the_package_imports_is_declared() -> None:
    declared = {canonicalize_name(Requirement(line).name) for line in DECLARED["dependencies"]}
    allowed = {IMPORTED_AS.get(name, name) for name in declared} | set(sys.stdlib_module_names) | {"influx"}
    assert _imports("influx") <= allowed


# From here on: the Makefile and the script that makes .venv, with stand-ins for Python, so that nothing is downloaded.

PYTHON_STAND_IN = """#!/bin/sh
echo "$*" >>"$LOG"
case "$*" in
*version_info\\ \\<*) exit {too_old} ;;
*version_info*) echo {version} ;;
*ensurepip*) exit {no_venv} ;;
"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
*require-hashes*) exit "${{BROKEN:-0}}" ;;
esac
"""


def _python(folder: Path, name: str, version: str = "3.12.4", too_old: int = 0, no_venv: int = 0) -> Path:
    path = folder / name
    path.write_text(PYTHON_STAND_IN.format(version=version, too_old=too_old, no_venv=no_venv))
    path.chmod(0o755)
    return path


class Checkout:
    """A copy of what makes .venv, in a folder with a space, and a PATH with only what is put there."""

    def __init__(self, folder: Path) -> None:
        self.root, self.programs, self.log = folder / "a checkout", folder / "programs", folder / "log"
        self.programs.mkdir()
        (self.root / "scripts").mkdir(parents=True)
        for name in ("Makefile", "requirements.txt", "scripts/venv.sh"):
            shutil.copy(PROJECT / name, self.root / name)
        for name in ("make", "sh", "awk", "cat", "cp", "id", "mkdir", "rm"):
            (self.programs / name).symlink_to(shutil.which(name) or name)

    def make(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {"PATH": str(self.programs), "LOG": str(self.log), "HOME": str(self.root.parent), **environment}
        command = ["make", *words]
        return subprocess.run(command, cwd=self.root, env=known, capture_output=True, text=True, check=False)

    def calls(self) -> str:
        calls = self.log.read_text() if self.log.exists() else ""
        self.log.unlink(missing_ok=True)
        return calls


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_help_explains_every_target(checkout: Checkout) -> None:
    explained = {line.split()[1] for line in checkout.make("help").stdout.splitlines()}
    phony = re.search(r"^\.PHONY: (.*)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert explained == set(phony[1].split()) - {".venv", "conda"}
    assert {"report", "lab", "dashboard", "test", "lint", "bench", "schedule", "clean"} <= explained
    assert checkout.make().stdout == checkout.make("help").stdout


def test_the_environment_is_made_from_the_lock_once(checkout: Checkout) -> None:
    _python(checkout.programs, "python3")
    assert checkout.make(".venv").returncode == 0
    calls = checkout.calls()
    assert calls.count("-m venv --clear .venv") == 1
    assert "--require-hashes --compile-bytecode -r requirements.txt" in calls
    assert "--no-deps --no-build-isolation --editable ." in calls
    assert checkout.make("report", DATA="my home").returncode == 0
    assert checkout.calls() == "-m influx report --data my home\n"


def test_a_newer_lock_makes_it_anew(checkout: Checkout) -> None:
    _python(checkout.programs, "python3")
    checkout.make(".venv")
    checkout.calls()
    later = (checkout.root / ".venv/ready").stat().st_mtime + 10
    os.utime(checkout.root / "requirements.txt", (later, later))
    checkout.make(".venv")
    assert "-m venv --clear .venv" in checkout.calls()


def test_a_set_up_that_broke_off_heals(checkout: Checkout) -> None:
    _python(checkout.programs, "python3")
    assert checkout.make("report", BROKEN="1").returncode != 0
    assert "influx report" not in checkout.calls()
    assert checkout.make("report").returncode == 0
    assert "-m venv --clear .venv" in checkout.calls()


def test_a_checkout_that_moved_is_set_up_anew(checkout: Checkout) -> None:
    _python(checkout.programs, "python3")
    checkout.make(".venv")
    checkout.calls()
    checkout.root = checkout.root.rename(checkout.root.with_name("elsewhere"))
    checkout.make(".venv")
    assert "-m venv --clear .venv" in checkout.calls()


def test_a_newer_python_is_found_beside_an_old_one(checkout: Checkout) -> None:
    _python(checkout.programs, "python3", version="3.9.2", too_old=1)
    _python(checkout.programs, "python3.11", version="3.11.7")
    done = checkout.make(".venv")
    assert (done.returncode, "3.11.7" in done.stdout) == (0, True)


def test_the_python_that_is_named_is_taken(checkout: Checkout) -> None:
    _python(checkout.programs, "python3")
    named = _python(checkout.root, "my python", version="3.13.0")
    assert "3.13.0" in checkout.make(".venv", f"PYTHON={named}").stdout


@pytest.mark.parametrize(
    ("python", "said"),
    [
        (None, "there is no python3 here. Install Python 3.11"),
        ({"version": "3.9.2", "too_old": 1}, "python3 is Python 3.9.2, too old. Install Python 3.11"),
        ({"version": "3.12.4", "no_venv": 1}, "python3 has no venv module. Install python3.12-venv"),
    ],
)
def test_what_is_missing_is_told_in_one_line(checkout: Checkout, python: dict | None, said: str) -> None:
    if python is not None:
        _python(checkout.programs, "python3", **python)
    done = checkout.make("report")
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make:")]
    assert done.returncode != 0
    assert len(lines) == 1
    assert said in lines[0]


def test_an_activated_conda_environment_is_used_as_it_is(checkout: Checkout, tmp_path: Path) -> None:
    conda = tmp_path / "conda env"
    (conda / "bin").mkdir(parents=True)
    _python(conda / "bin", "python")
    activated = {"CONDA_PREFIX": str(conda), "PATH": f"{conda / 'bin'}:{checkout.programs}"}
    assert checkout.make("report", "PYTHON=python", **activated).returncode == 0
    assert checkout.calls().endswith("-m influx report\n")
    assert not (checkout.root / ".venv").exists()


def test_outside_of_conda_a_named_python_makes_the_environment(checkout: Checkout, tmp_path: Path) -> None:
    _python(checkout.programs, "python3")
    checkout.make("report", "PYTHON=python3", CONDA_PREFIX=str(tmp_path / "conda"))
    assert "-m venv --clear .venv" in checkout.calls()


def test_what_the_dashboard_is_told_comes_from_the_command_line_alone(checkout: Checkout) -> None:
    _python(checkout.programs, "python3")
    checkout.make(".venv")
    checkout.calls()
    checkout.make("dashboard", HOST="0.0.0.0", NAME="a-machine", PORT="1", TOKEN="x")
    assert checkout.calls().split() == ["-m", "influx", "dashboard"]
    checkout.make("dashboard", "HOST=0.0.0.0", "PORT=9000", "TOKEN=a b", "NAME=energy.example.org")
    assert checkout.calls() == (
        "-m influx dashboard --host 0.0.0.0 --port 9000 --token a b --name energy.example.org\n"
    )
