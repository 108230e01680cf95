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
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from influx.core import __version__
from influx.core.errors import InputError
from influx.core.paths import find, published_path
from influx.core.sanitize import legible
from influx.report import atomic_publish, pages
from influx.report.execute_notebooks import (
    Executed,
    NotebookFailed,
    check_parameters,
    discover,
    parse_parameters,
    run_all,
)
from influx.report.reports_index import write_index

LONGEST_HORIZON = 336
"""Hours: two weeks."""

PACKAGES = (
    "holidays",
    "ipykernel",
    "matplotlib",
    "nbconvert",
    "numpy",
    "pandas",
    "pandera",
    "papermill",
    "pyarrow",
    "pydantic",
    "scikit-learn",
    "scipy",
    "seaborn",
)
"""What `run.json` tells the version of."""

_DATE_FIRST = re.compile(r"\d{4}-\d\d-\d\d")


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
    common = check_inputs(data, as_of, horizon)
    found = discover(find(notebooks))
    for notebook in found:
        check_parameters(notebook, [*common, "output"])
    values = common | parse_parameters(found, parameters or {})
    reports = reports.expanduser().absolute()
    with atomic_publish.staging(reports, wait) as staged:
        folder, work = staged / "week", staged / "work"
        folder.mkdir()
        work.mkdir()
        note = _note(values)
        try:
            note["timings"] = _make_pages(found, {**values, "output": str(folder)}, folder, work)
        except NotebookFailed as error:
            _keep_failure(error, staged, reports)
            raise
        week = week_of(folder, as_of)
        _finish(note, week, folder)
        write_index(folder, reports)
        atomic_publish.replace(folder, reports / week)
        atomic_publish.point_latest(staged, reports / week)
        atomic_publish.withdraw(reports / "failed", staged)
    return reports / week


def check_inputs(data: str | Path, as_of: str, horizon: int) -> dict[str, Any]:
    """Return the parameters as the notebooks get them.

    Raises
    ------
    InputError
        The data does not exist, `as_of` is no time, or `horizon` is not 1 to 336 whole hours.
    """
    path = find(data)
    if not path.exists():
        raise InputError(f"data: there is no {data}. Name a home's folder, or a file of events or readings.")
    if isinstance(horizon, bool) or not isinstance(horizon, int) or not 1 <= horizon <= LONGEST_HORIZON:
        raise InputError(f"horizon: {horizon!r} cannot be used; give 1 to {LONGEST_HORIZON} whole hours.")
    if as_of:
        _time(as_of)
    return {"data": str(path), "as_of": as_of, "horizon": horizon}


def week_of(folder: Path, as_of: str = "") -> str:
    """Return the ISO week in which a run's forecast begins by the home's own clock, such as 2024-W29.

    A run folder without a `home.json` takes `as_of`, or else the present.
    """
    home = folder / "home.json"
    if home.exists():
        kept = json.loads(home.read_text(encoding="utf-8"))
        zone = ZoneInfo(kept.get("settings", {}).get("timezone", "UTC"))
        origin = dt.datetime.fromisoformat(kept["origin"]).astimezone(zone)
    else:
        origin = _time(as_of) if as_of else dt.datetime.now()
    year, week, _ = origin.isocalendar()
    return f"{year}-W{week:02d}"


def _time(as_of: str) -> dt.datetime:
    try:
        if not _DATE_FIRST.match(as_of):
            raise ValueError("no date first")
        return dt.datetime.fromisoformat(as_of)
    except ValueError as error:
        raise InputError(
            f"as_of: {as_of!r} is not a time; write 2024-07-14, or 2024-07-14T18:00 for an hour of the home's clock."
        ) from error


def _make_pages(notebooks: list[Path], parameters: dict[str, Any], folder: Path, work: Path) -> dict[str, Any]:
    """Run the notebooks, write a page each, and return the seconds that each took."""
    names = [notebook.stem for notebook in notebooks]
    seconds: dict[str, dict[str, float]] = {}
    with _progress(names) as tell, closing(run_all(notebooks, parameters, work)) as running:
        for done in running:
            began = time.monotonic()
            week = week_of(folder) if (folder / "home.json").exists() else None
            html = pages.notebook_page(done.notebook, done.name, names, week)
            (folder / f"{done.name}.html").write_text(html, encoding="utf-8")
            seconds[done.name] = {"run": round(done.seconds, 2), "page": round(time.monotonic() - began, 2)}
            tell(done)
            if len(seconds) == len(names) - 1 and (folder / "steps" / "insights.json").exists():
                # No kernel starts any more: the start page's libraries may take its place, in memory and time.
                threading.Thread(target=importlib.import_module, args=("influx.report.start_page",)).start()
    return {"notebooks": seconds}


def _note(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of a run before it begins."""
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


def _finish(note: dict[str, Any], week: str, folder: Path) -> None:
    """Write `run.json`: what went in, what made it, and where the time went."""
    steps = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("steps/*.json"))}
    note["timings"]["steps"] = {name: step["seconds"] for name, step in steps.items() if "seconds" in step}
    note |= {"week": week, "finished": _now(), "memory_mb": _memory()}
    (folder / "run.json").write_text(json.dumps(note, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _versions() -> dict[str, str]:
    installed = {}
    for package in PACKAGES:
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed


def _memory() -> dict[str, int]:
    """Return the largest resident memory of this process and of its largest kernel [MB]."""
    unit = 1024**2 if sys.platform == "darwin" else 1024
    kinds = {"report": resource.RUSAGE_SELF, "largest_kernel": resource.RUSAGE_CHILDREN}
    return {name: round(resource.getrusage(who).ru_maxrss / unit) for name, who in kinds.items()}


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _keep_failure(error: NotebookFailed, staged: Path, reports: Path) -> None:
    """Put what is known of a failure into `reports/failed`."""
    folder = staged / "failed"
    folder.mkdir()
    (folder / "error.txt").write_text(legible(f"{error}\n\n{error.traceback}\n"), encoding="utf-8")
    if error.executed is not None:
        html = pages.notebook_page(error.executed, error.name, [], failed=True)
        (folder / f"{error.name}.html").write_text(html, encoding="utf-8")
    atomic_publish.replace(folder, reports / "failed")


@contextmanager
def _progress(names: list[str]) -> Iterator[Callable[[Executed], None]]:
    """Show how far the notebooks are: a bar on a terminal, a line each in a log."""
    if not sys.stderr.isatty():
        yield lambda done: print(f"{legible(done.name)}: {done.seconds:.1f} s", file=sys.stderr, flush=True)
        return
    from tqdm import tqdm

    following = iter([*names[1:], "done"])
    with tqdm(total=len(names), desc=names[0], unit="notebook", file=sys.stderr) as bar:

        def tell(_: Executed) -> None:
            bar.set_description(next(following), refresh=False)
            bar.update()

        yield tell
