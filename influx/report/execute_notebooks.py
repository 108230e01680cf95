"""Running the notebooks: papermill in this process, one fresh kernel each, the next one already starting.

papermill only warns about a parameter that a notebook does not have, so parameters are compared before anything runs.
The kernel is always this very Python, whatever a kernel called python3 may be on the machine; it gets a neutral working
folder and none of the user's own start-up files, so that a report depends on its inputs alone.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import time
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import papermill
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from papermill.execute import ERROR_MARKER_TAG

from influx.core.errors import InputError
from influx.core.paths import PROJECT
from influx.core.sanitize import without_colours

PARAMETERS = ("data", "as_of", "horizon", "output")
"""What every notebook has."""

_WARM_UP = "import gc; gc.disable(); from influx.report import run_folder as _; gc.enable(); del gc, _"
"""Run by a kernel while the one before it still computes, so that its own notebook need not wait for the libraries:
all of them stay, and looking for waste among them would take a tenth of the time."""

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_LINE = re.compile(r"(?:Cell In\[\d+\]|<ipython-input[^>]*>), line (\d+)")
_HEADING = re.compile(r"^#+\s+(.+)", re.MULTILINE)


class NotebookFailed(RuntimeError):  # noqa: N818 - it says what happened
    """A cell of a notebook raised: `str` tells where and what, `traceback` all of it, `executed` is the notebook."""

    def __init__(self, message: str, name: str, traceback: str, executed: nbformat.NotebookNode | None) -> None:
        super().__init__(message)
        self.name, self.traceback, self.executed = name, traceback, executed


class Executed(NamedTuple):
    """A notebook that ran to its end."""

    name: str
    notebook: nbformat.NotebookNode
    seconds: float


def discover(folder: Path) -> list[Path]:
    """Return the notebooks `NN_name.ipynb` of `folder` in their order."""
    notebooks = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not notebooks:
        raise InputError(f"{folder}: no notebook is here whose name begins with two digits, such as 01_explore.ipynb.")
    return notebooks


# Parameters


def check_parameters(notebook: Path, parameters: Iterable[str]) -> None:
    """Refuse to run `notebook` with a parameter that it does not have, or a file that is no notebook for Python."""
    known = _inspect(notebook)
    if unknown := [name for name in parameters if name not in known]:
        there = f"there are {', '.join(known)}" if known else "its cell tagged `parameters` is missing or empty"
        raise InputError(f"{notebook.name}: no parameter {', '.join(unknown)}; {there}.")


def parse_parameters(notebooks: Iterable[Path], given: Mapping[str, str]) -> dict[str, Any]:
    """Return parameters that were given as text in the types that the notebooks' own values have."""
    known = {name: default for notebook in notebooks for name, default in _inspect(notebook).items()}
    if unknown := sorted(set(given) - set(known)):
        raise InputError(f"no notebook has a parameter {', '.join(unknown)}; there are {', '.join(sorted(known))}.")
    return {name: _parse(name, text, known[name]) for name, text in given.items()}


def _parse(name: str, text: str, default: Any) -> Any:
    if isinstance(default, str):
        return text
    value = _literal(text, None)
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(default):
        raise InputError(f"{name}: {text!r} cannot be used; write it as the notebooks do, such as {default!r}.")
    return value


def _inspect(notebook: Path) -> dict[str, Any]:
    """Return the parameters of a notebook with their own values; what is no literal is taken for a text."""
    try:
        known = papermill.inspect_notebook(_escaped(notebook))
    except ValueError as error:
        reason = str(error).splitlines()[0]
        message = f"{notebook.name}: not a notebook that can run: {reason} Save it anew in JupyterLab."
        raise InputError(message) from error
    return {name: _literal(parameter["default"], "") for name, parameter in known.items()}


def _literal(text: str, otherwise: Any) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return otherwise


def _escaped(path: Path) -> str:
    """Return a path for papermill, which would fill in what stands in braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


# Running


def run_all(notebooks: list[Path], parameters: Mapping[str, Any], work: Path) -> Generator[Executed, None, None]:
    """Run `notebooks` one after another and yield each as soon as it is done.

    Each gets those of `parameters` that it has; paths are absolute, as the kernels work in `work`, an empty folder.
    Where a cell raises or the kernel dies, that is NotebookFailed.
    """
    kernels = [_start(work, 0)]
    try:
        for place, notebook in enumerate(notebooks, start=1):
            if place < len(notebooks):
                kernels.append(_start(work, place))  # it imports its own machinery while this one computes
            began, known = time.monotonic(), _inspect(notebook)
            own = {name: value for name, value in parameters.items() if name in known}
            executed = _run(notebook, own, work, kernels[0])
            # All that it puts out is here: taking it down in its own time would cost half a second and its memory.
            _stop(kernels.pop(0))
            yield Executed(notebook.stem, executed, time.monotonic() - began)
    finally:
        for kernel in kernels:
            _stop(kernel)


class _ThisPython(AsyncKernelManager):
    """Starts kernels of the Python that runs this, without asking which kernels are installed."""

    listener: AsyncKernelClient | None = None

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        argv.append(f"--IPKernelApp.exec_lines={_WARM_UP}")
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    def client(self, **options: Any) -> AsyncKernelClient:  # type: ignore[override] # as its base class declares
        self.listener = super().client(**options)
        return self.listener


def _start(work: Path, number: int) -> _ThisPython:
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    # Devices train in parallel; threads below that would only get in each other's way.
    environment |= {name: os.environ.get(name, "1") for name in _ONE_THREAD}
    environment |= {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH")))),
        "PYTHONHASHSEED": "0",
        "TQDM_DISABLE": "1",  # a bar on a page would differ from run to run
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "IPYTHONDIR": str(work / "ipython"),
    }
    kernel = _ThisPython(kernel_name="python3", connection_file=str(work / f"kernel-{number}.json"))
    with (work / "kernels.log").open("a") as log:
        run_sync(kernel.start_kernel)(cwd=str(work), env=environment, stdout=log, stderr=log)
    return kernel


def _stop(kernel: _ThisPython) -> None:
    if kernel.listener is not None:  # papermill leaves it open, as it did not start the kernel
        kernel.listener.stop_channels()
    run_sync(kernel.shutdown_kernel)(now=True)


def _run(
    notebook: Path, parameters: Mapping[str, Any], work: Path, kernel: AsyncKernelManager
) -> nbformat.NotebookNode:
    copy = work / notebook.name
    try:
        return papermill.execute_notebook(
            _escaped(notebook),
            _escaped(copy),
            parameters=dict(parameters),
            kernel_name="python3",
            km=kernel,
            progress_bar=False,
            request_save_on_cell_execute=False,
        )
    except PapermillExecutionError as error:
        executed = nbformat.read(copy, as_version=4)
        executed.cells = [cell for cell in executed.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", [])]
        traceback = without_colours("\n".join(error.traceback))
        message = _explain(notebook, executed, error, traceback)
        raise NotebookFailed(message, notebook.stem, traceback, executed) from error
    except DeadKernelError as error:
        log = (work / "kernels.log").read_text(errors="replace")[-4000:]
        message = f"{notebook.name}: its kernel died; too little memory is the usual cause."
        raise NotebookFailed(message, notebook.stem, log, None) from error


def _explain(notebook: Path, executed: nbformat.NotebookNode, error: PapermillExecutionError, traceback: str) -> str:
    """Return where a notebook failed: its cell as a reader counts them, the heading above it, line and error."""
    above = executed.cells[: error.cell_index]
    injected = sum("injected-parameters" in cell.metadata.get("tags", []) for cell in above)
    headings = [heading for cell in above if cell.cell_type == "markdown" for heading in _HEADING.findall(cell.source)]
    where = f"{notebook.name}, cell {error.cell_index + 1 - injected}" + (f" ({headings[-1]})" if headings else "")
    if error.ename == InputError.__name__:
        return f"{where}: {error.evalue}"
    number = _LINE.search(traceback)
    lines = error.source.splitlines() or [""]
    place = int(number[1]) if number and int(number[1]) <= len(lines) else 1
    return f"{where}, line {place}: {lines[place - 1].strip()}\n{error.ename}: {error.evalue}"
