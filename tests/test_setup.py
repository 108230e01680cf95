"""Set-up: the lock, pyproject.toml and environment.yml say the same; .venv is made when, and only when, it must be."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from jupyter_server.serverapp import ServerApp
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import strip_notebooks

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


def test_the_lock_holds_every_dependency_once_with_hashes_and_no_host() -> None:
    locked = _locked()
    for wanted in _declared():
        assert wanted.specifier.contains(locked[canonicalize_name(wanted.name)]), wanted
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked)
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in LOCK
    assert not re.search(r"^--", LOCK, re.MULTILINE)
    assert [name for name in locked if re.search(r"nvidia|cuda|xgboost$|triton", name)] == []


def test_conda_leads_to_the_same_lock_and_python() -> None:
    text = (PROJECT / "environment.yml").read_text()
    *conda, pip = yaml.safe_load(text)["dependencies"]
    assert pip == {"pip": ["-r requirements.txt"]}
    assert "pip install --no-deps --no-build-isolation -e ." in text
    in_conda = next(line for line in conda if line.startswith("python>")).removeprefix("python")
    for python in (SpecifierSet(in_conda), SpecifierSet(DECLARED["requires-python"])):
        assert [python.contains(f"3.{minor}") for minor in (10, 11, 12, 13)] == [False, True, True, True]


def test_what_is_declared_is_used_and_what_the_package_imports_is_declared() -> None:
    imported = _imports("influx", "tests", "benchmarks", "scripts")
    files = [PROJECT / "Makefile", PROJECT / "pyproject.toml", *(PROJECT / "influx").rglob("*.py")]
    words = "\n".join(path.read_text() for path in files)
    for name in (canonicalize_name(wanted.name) for wanted in _declared()):
        used = CALLED[name] in words if name in CALLED else IMPORTED_AS.get(name, name) in imported
        assert used, f"{name} is declared and not used"
    declared = {canonicalize_name(Requirement(line).name) for line in DECLARED["dependencies"]}
    allowed = {IMPORTED_AS.get(name, name) for name in declared} | set(sys.stdlib_module_names) | {"influx"}
    assert _imports("influx") - allowed == {"prophet"}  # a model for whoever has installed it, and says so if not


# --- JupyterLab -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "kept"), [("notebooks", False), ("mine", True)])
def test_jupyterlab_saves_the_projects_notebooks_without_a_trace_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, kept: bool
) -> None:
    """The configuration is found as `make lab` leads to it; a run, as JupyterLab saves it, changes no byte."""
    shutil.copytree(PROJECT / "scripts", tmp_path / "scripts")
    source = PROJECT / "notebooks" / "01_explore.ipynb"
    (tmp_path / folder).mkdir()
    shutil.copy(source, tmp_path / folder)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "scripts" / "jupyter"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    server = ServerApp(root_dir=str(tmp_path))
    server.load_config_file()
    server.init_event_logger()
    manager = server.contents_manager_class(parent=server, root_dir=str(tmp_path))

    async def save_a_run() -> None:
        model = await manager.get(f"{folder}/01_explore.ipynb")
        model["content"]["metadata"]["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
        model["content"]["metadata"]["language_info"]["version"] = "3.12.4"
        for count, cell in enumerate(model["content"]["cells"]):
            cell["metadata"]["execution"] = {"iopub.execute_input": "2024-07-15T06:00:00Z"}
            if cell["cell_type"] == "code":
                cell["execution_count"] = count
                cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "a result"}]
        await manager.save(model, f"{folder}/01_explore.ipynb")

    asyncio.run(save_a_run())
    saved = (tmp_path / folder / source.name).read_text()
    assert ("a result" in saved) == kept
    assert (saved == source.read_text()) != kept


def test_lint_names_a_notebook_that_holds_outputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = PROJECT / "notebooks" / "01_explore.ipynb"
    run = tmp_path / "run.ipynb"
    run.write_text(source.read_text().replace('"outputs": []', '"outputs": [{"output_type": "stream", "text": "x"}]'))
    before = run.read_text()
    assert strip_notebooks.main(["--check", str(source)]) == 0
    assert strip_notebooks.main(["--check", str(run)]) == 1
    assert "run.ipynb" in capsys.readouterr().err
    assert run.read_text() == before
    assert strip_notebooks.main([str(run)]) == 1
    assert run.read_text() == source.read_text()


# --- the Makefile and the script that makes .venv, with stand-ins for Python, so that nothing is downloaded -----------

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
        for name in ("make", "sh", "awk", "cat", "cp", "find", "id", "mkdir", "rm"):
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


@pytest.fixture
def ready(checkout: Checkout) -> Checkout:
    """Return a checkout whose .venv is made."""
    _python(checkout.programs, "python3")
    assert checkout.make(".venv").returncode == 0
    return checkout


def test_help_explains_every_target(checkout: Checkout) -> None:
    explained = {line.split()[1] for line in checkout.make("help").stdout.splitlines() if line.startswith("make ")}
    phony = re.search(r"^\.PHONY: (.*)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert explained == set(phony[1].split()) - {".venv", "conda"}
    assert checkout.make().stdout == checkout.make("help").stdout


def test_the_environment_is_made_from_the_lock_once(ready: Checkout) -> None:
    calls = ready.calls()
    assert calls.count("-m venv --clear .venv") == 1
    assert "--require-hashes --compile-bytecode -r requirements.txt" in calls
    assert "--no-deps --no-build-isolation --editable ." in calls
    assert ready.make("report", DATA="my home").returncode == 0
    assert ready.calls() == "-m influx report --data my home\n"


def _newer_lock(made: Checkout) -> None:
    later = (made.root / ".venv/ready").stat().st_mtime + 10
    os.utime(made.root / "requirements.txt", (later, later))


def _moved(made: Checkout) -> None:
    made.root = made.root.rename(made.root.with_name("elsewhere"))


@pytest.mark.parametrize("change", [_newer_lock, _moved])
def test_what_makes_the_environment_old_makes_it_anew(ready: Checkout, change: Callable[[Checkout], None]) -> None:
    ready.calls()
    change(ready)
    ready.make(".venv")
    assert "-m venv --clear .venv" in ready.calls()


def test_a_set_up_that_broke_off_heals(checkout: Checkout) -> None:
    _python(checkout.programs, "python3")
    assert checkout.make("report", BROKEN="1").returncode != 0
    assert "influx report" not in checkout.calls()
    assert checkout.make("report").returncode == 0
    assert "-m venv --clear .venv" in checkout.calls()


def test_a_python_that_suits_is_found_or_taken_as_named(checkout: Checkout) -> None:
    _python(checkout.programs, "python3", version="3.9.2", too_old=1)
    _python(checkout.programs, "python3.11", version="3.11.7")
    named = _python(checkout.root, "my python", version="3.13.0")
    assert "3.11.7" in checkout.make(".venv").stdout
    checkout.make("clean")
    assert "3.13.0" in checkout.make(".venv", f"PYTHON={named}").stdout


@pytest.mark.parametrize(
    ("python", "problem"),
    [
        (None, "there is no python3 here. Install Python 3.11"),
        ({"version": "3.9.2", "too_old": 1}, "python3 is Python 3.9.2, too old. Install Python 3.11"),
        ({"version": "3.12.4", "no_venv": 1}, "python3 has no venv module. Install python3.12-venv"),
    ],
)
def test_what_is_missing_is_named_in_one_line(checkout: Checkout, python: dict | None, problem: str) -> None:
    if python is not None:
        _python(checkout.programs, "python3", **python)
    done = checkout.make("report")
    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make:"))
    assert done.returncode != 0
    assert problem in line


def test_only_an_activated_conda_environment_is_used_as_it_is(checkout: Checkout, tmp_path: Path) -> None:
    conda = tmp_path / "conda env"
    (conda / "bin").mkdir(parents=True)
    _python(conda / "bin", "python")
    activated = {"CONDA_PREFIX": str(conda), "PATH": f"{conda / 'bin'}:{checkout.programs}"}
    assert checkout.make("report", "PYTHON=python", **activated).returncode == 0
    assert checkout.calls().endswith("-m influx report\n")
    assert not (checkout.root / ".venv").exists()
    _python(checkout.programs, "python3")
    checkout.make("report", "PYTHON=python3", CONDA_PREFIX=str(conda))
    assert "-m venv --clear .venv" in checkout.calls()


@pytest.mark.parametrize(
    ("target", "given", "options"),
    [
        ("report", "DATA=my home,AS_OF=2024-07-08,HORIZON=48", "--data my home --as-of 2024-07-08 --horizon 48"),
        ("report", "MODELS=similar days;FOLDS=8", "--parameter models=similar days --parameter folds=8"),
        (
            "report",
            "QUANTILES=0.1;DEVICES=a b;COUNTRY=ES",
            "quantiles=0.1 --parameter devices=a b --parameter country=ES",
        ),
        ("report", "PARAMETERS=one=1 two=2", "--parameter one=1 --parameter two=2"),
        ("dashboard", "HOST=0.0.0.0;PORT=9000", "--host 0.0.0.0 --port 9000"),
        ("dashboard", "TOKEN=a b;NAME=energy.example.org", "--token a b --name energy.example.org"),
    ],
)
def test_what_is_given_to_make_reaches_the_command(ready: Checkout, target: str, given: str, options: str) -> None:
    ready.calls()
    assert ready.make(target, *re.split("[;,]", given)).returncode == 0
    call = ready.calls()
    assert call.startswith(f"-m influx {target} --") and call.endswith(f"{options}\n")


def test_what_names_other_things_elsewhere_is_not_taken_from_the_environment(ready: Checkout) -> None:
    ready.calls()
    ready.make("dashboard", HOST="0.0.0.0", NAME="a-machine", PORT="1", TOKEN="x")
    ready.make("report", MODELS="x", FOLDS="2", DEVICES="y", COUNTRY="z", PARAMETERS="a=1")
    assert ready.calls() == "-m influx dashboard\n-m influx report\n"
