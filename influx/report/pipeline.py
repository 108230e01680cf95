"""The weekly report: the notebooks run one after another, each becomes a page, and the whole folder appears at once.

Everything happens in this one process but for the kernels (importing papermill costs half a second, a notebook three),
so the libraries of the data stay out of it until the start page needs them. The notebooks share a run folder: each step
leaves its frames for the next.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import importlib.metadata
import json
import platform
import re
import resource
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tqdm import tqdm

from influx.core import __version__
from influx.core.paths import find, published_path
from influx.core.sanitize import legible
from influx.report import atomic_publish, pages
from influx.report.execute_notebooks import NotebookFailed, check_parameters, discover, parse_parameters, run_all
from influx.report.inputs import check_data, check_horizon, parse_time


def make_report(
    data: str | Path = "data/sample",
    as_of: str = "",
    horizon: int = 168,
    reports: Path = Path("reports"),
    notebooks: Path = Path("notebooks"),
    wait: bool = True,
    parameters: Mapping[str, str] | None = None,
) -> Path:
    """Run the notebooks and publish their pages as `reports/<ISO week>`.

    Parameters
    ----------
    data : str or Path
        A home's folder, or one file.
    as_of : str
        A date or time (ISO 8601) after which nothing is used; "" takes all that the files hold.
    horizon : int
        Hours to forecast, 1 to 336.
    reports, notebooks : Path
        Where the weeks are kept, and the folder of the notebooks `NN_name.ipynb`.
    wait : bool
        Whether to wait for a report that another process is making.
    parameters : mapping of str to str, optional
        More parameters of the notebooks, such as `models` or `folds`; each is given to the notebooks that have it.

    Returns
    -------
    Path
        The week's folder.

    Raises
    ------
    InputError
        A parameter cannot be used, a notebook lacks one, or another report is being made and `wait` is false.
    NotebookFailed
        A cell raised. The notebook up to there and the error are in `reports/failed`; earlier reports are as they were.
    """
    common: dict[str, Any] = {"data": str(check_data(data)), "as_of": as_of, "horizon": check_horizon(horizon)}
    if as_of:
        parse_time(as_of)
    steps = discover(find(notebooks))
    for notebook in steps:
        check_parameters(notebook, [*common, "output"])
    values = common | parse_parameters(steps, parameters or {})
    reports = reports.expanduser().absolute()
    with atomic_publish.staging(reports, wait) as staged:
        folder, work = staged / "week", staged / "work"
        folder.mkdir()
        work.mkdir()
        manifest = _manifest(values)
        try:
            manifest["timings"] = {"notebooks": _make_pages(steps, {**values, "output": str(folder)}, folder, work)}
        except NotebookFailed as error:
            _keep_failure(error, staged, reports)
            raise
        week = week_of(folder, as_of)
        _finish(manifest, week, folder)
        pages.write_index(folder, reports)
        atomic_publish.replace(folder, reports / week)
        atomic_publish.point_latest(staged, reports / week)
        atomic_publish.withdraw(reports / "failed", staged)
    return reports / week


def week_of(folder: Path, as_of: str = "") -> str:
    """Return the ISO week in which a run's forecast begins by the home's own clock, such as 2024-W29.

    A run folder without a `home.json` takes `as_of`, or else the present.
    """
    if (folder / "home.json").exists():
        home = json.loads((folder / "home.json").read_text(encoding="utf-8"))
        zone = ZoneInfo(home.get("settings", {}).get("timezone", "UTC"))
        origin = dt.datetime.fromisoformat(home["origin"]).astimezone(zone)
    else:
        origin = parse_time(as_of) if as_of else dt.datetime.now()
    return f"{origin:%G-W%V}"


def _make_pages(notebooks: list[Path], parameters: dict[str, Any], folder: Path, work: Path) -> dict[str, Any]:
    """Run the notebooks, write a page each, and return the seconds that each took; a bar or a log shows progress."""
    names = [notebook.stem for notebook in notebooks]
    seconds: dict[str, dict[str, float]] = {}
    bar = tqdm(total=len(names), unit="notebook", file=sys.stderr, disable=not sys.stderr.isatty())
    bar.set_description(names[0])
    with bar, closing(run_all(notebooks, parameters, work)) as running:
        for done in running:
            began = time.monotonic()
            week = week_of(folder) if (folder / "home.json").exists() else None
            html = pages.notebook_page(done.notebook, done.name, names, week)
            (folder / f"{done.name}.html").write_text(html, encoding="utf-8")
            seconds[done.name] = {"run": round(done.seconds, 2), "page": round(time.monotonic() - began, 2)}
            bar.set_description([*names, "done"][len(seconds)], refresh=False)
            bar.update()
            if bar.disable:
                print(f"{legible(done.name)}: {done.seconds:.1f} s", file=sys.stderr, flush=True)
            if len(seconds) == len(names) - 1 and (folder / "steps" / "insights.json").exists():
                # No kernel starts any more: the start page's libraries may take its place, in memory and time.
                threading.Thread(target=importlib.import_module, args=("influx.report.start_page",)).start()
    return seconds


def _keep_failure(error: NotebookFailed, staged: Path, reports: Path) -> None:
    """Put what is known of a failure into `reports/failed`."""
    folder = staged / "failed"
    folder.mkdir()
    (folder / "error.txt").write_text(legible(f"{error}\n\n{error.traceback}\n"), encoding="utf-8")
    if error.executed is not None:
        html = pages.notebook_page(error.executed, error.name, [], failed=True)
        (folder / f"{error.name}.html").write_text(html, encoding="utf-8")
    atomic_publish.replace(folder, reports / "failed")


# What is known of a run: its `run.json`


def _manifest(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return what goes into a run, and what makes it."""
    data = Path(parameters["data"])
    files = [data] if data.is_file() else sorted(path for path in data.rglob("*") if path.is_file())
    base = data.parent if data.is_file() else data
    inputs = [{"file": legible(path.relative_to(base).as_posix()), **_fingerprint(path)} for path in files]
    return {
        "started": _now(),
        "parameters": {**parameters, "data": legible(published_path(data))},
        "inputs": inputs,
        "versions": {"influx": __version__, "python": platform.python_version(), **_versions()},
    }


def _finish(manifest: dict[str, Any], week: str, folder: Path) -> None:
    """Write `run.json`: what went in, what made it, where the time went, and the largest resident memory [MB]."""
    steps = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("steps/*.json"))}
    manifest["timings"]["steps"] = {name: step["seconds"] for name, step in steps.items() if "seconds" in step}
    unit = 1024**2 if sys.platform == "darwin" else 1024
    processes = {"report": resource.RUSAGE_SELF, "largest_kernel": resource.RUSAGE_CHILDREN}
    memory = {name: round(resource.getrusage(which).ru_maxrss / unit) for name, which in processes.items()}
    manifest |= {"week": week, "finished": _now(), "memory_mb": memory}
    (folder / "run.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _versions() -> dict[str, str]:
    """Return the versions of the packages that the project names, as far as they are installed."""
    versions = {}
    for requirement in importlib.metadata.requires("influx") or []:
        name = re.split(r"[^\w.-]", requirement)[0]
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
