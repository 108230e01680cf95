"""The dashboard beside a bare Voilà page of one Matplotlib plot, in a real browser without any other host."""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import psutil

from benchmarks.process import MEGABYTE, clean_environment, run
from benchmarks.registry import PROJECT, Measured, Options, Skipped, benchmark

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

VISITS = 5
VISITORS = 10
LEFT_FOR = 120
"""Seconds after which nothing may be left of visitors who have left."""

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]

REDRAW = """() => new Promise(done => {
  const controls = [...document.querySelectorAll("#rendered_cells select")];
  const control = controls.find(one => one.offsetParent && one.options.length > 1);
  const began = performance.now();
  const drawn = node => node.nodeName === "svg" || (node.querySelector && node.querySelector("svg"));
  const watch = new MutationObserver(changes => {
    if (!changes.some(change => [...change.addedNodes].some(drawn))) return;
    watch.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - began) / 1000)));
  });
  watch.observe(document.getElementById("rendered_cells"), {childList: true, subtree: true});
  control.selectedIndex = (control.selectedIndex + 1) % control.options.length;
  control.dispatchEvent(new Event("change", {bubbles: true}));
})"""


@benchmark("dashboard", runs=1)
def dashboard_and_a_bare_page(_: Options) -> list[Measured]:
    """Seconds to the first figure, memory of a visitor, seconds to redraw, and what is left of ten who have left."""
    with tempfile.TemporaryDirectory() as name, _browser() as browser:
        folder = Path(name)
        run([sys.executable, "-m", "influx", "report", "--reports", folder], PROJECT, clean_environment())
        ours = [sys.executable, "-m", "influx", "dashboard", "--port", "0", "--reports", str(folder)]
        with _serving(_bare(folder), folder) as bare, _serving(ours, folder) as dashboard:
            pairs = [(_visit(browser, *bare, "img"), _visit(browser, *dashboard, "svg")) for _ in range(VISITS)]
            redraw = _redraw(browser, dashboard[0])
            left = _left(browser, *dashboard)
    seconds, memory = ([statistics.median(one[kind][what] for one in pairs) for kind in (1, 0)] for what in (0, 1))
    return [
        Measured("first figure of the dashboard", seconds[0], "s"),
        Measured("first figure of a bare page", seconds[1], "s"),
        Measured("the one over the other", seconds[0] / seconds[1], "", at_most=1.5),
        Measured("kernel of a visitor", memory[0], "MB"),
        Measured("kernel of a bare page", memory[1], "MB"),
        Measured("the one over the other, memory", memory[0] / memory[1], "", at_most=1.3),
        Measured("redraw after a changed control", redraw, "s", at_most=0.5),
        Measured(f"kernels {LEFT_FOR} s after {VISITORS} visitors left", left, "", at_most=0),
    ]


@contextmanager
def _browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise Skipped("playwright is not installed") from error
    if chromium is None:
        raise Skipped("there is no chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def _serving(command: list[str], folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Run a server from its link to its end; yield the link and the process."""
    settings = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    said = folder / f"{time.monotonic_ns()}.log"
    with said.open("wb") as log:
        server = subprocess.Popen(command, cwd=PROJECT, env=os.environ | settings, stdout=log, stderr=log)
    try:
        while not (link := re.search(r"http://127\S+", said.read_text())):
            if server.poll() is not None:
                raise RuntimeError(f"{' '.join(command)} failed:\n{said.read_text()[-2000:]}")
            time.sleep(0.1)
        yield link[0], psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def _bare(folder: Path) -> list[str]:
    """Return the command that serves one plot with Voilà as it comes."""
    plot = nbformat.v4.new_code_cell("import matplotlib.pyplot as plt\n\nplt.plot([1, 2, 3])")
    notebook = nbformat.v4.new_notebook(cells=[plot])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "bare.ipynb")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    served = [sys.executable, "-m", "voila", str(folder / "bare.ipynb"), "--no-browser", f"--port={port}"]
    return [*served, "--Voila.ip=127.0.0.1"]


def _visit(browser: Browser, link: str, server: psutil.Process, figure: str) -> tuple[float, float]:
    """Return the seconds until a new visitor sees the first figure, and the memory of the kernel then [MB]."""
    before = {kernel.pid for kernel in _kernels(server)}
    context = browser.new_context()
    page = context.new_page()
    began = time.perf_counter()
    _open(page, link, figure)
    seconds = time.perf_counter() - began
    resident = sum(kernel.memory_info().rss for kernel in _kernels(server) if kernel.pid not in before)
    page.close(run_before_unload=True)
    context.close()
    return seconds, resident / MEGABYTE


def _redraw(browser: Browser, link: str) -> float:
    """Return the median time from the change of the forecast's first picker to its figure [s]."""
    page = browser.new_context().new_page()
    _open(page, link, "svg")
    page.get_by_role("button", name="Forecast").click()
    page.locator("#rendered_cells select >> visible=true").first.wait_for()
    seconds = statistics.median(float(page.evaluate(REDRAW)) for _ in range(VISITS))
    page.context.close()
    return seconds


def _left(browser: Browser, link: str, server: psutil.Process) -> int:
    """Return how many kernels there are a while after visitors left without a word."""
    contexts = [browser.new_context() for _ in range(VISITORS)]
    for context in contexts:
        _open(context.new_page(), link, "svg")
    for context in contexts:
        context.close()
    end = time.monotonic() + LEFT_FOR
    while _kernels(server) and time.monotonic() < end:
        time.sleep(1)
    return len(_kernels(server))


def _open(page: Page, link: str, figure: str) -> None:
    page.goto(link, wait_until="commit")
    page.locator(f"#rendered_cells {figure} >> visible=true").first.wait_for(timeout=120_000)


def _kernels(server: psutil.Process) -> list[psutil.Process]:
    return [child for child in server.children(recursive=True) if "ipykernel_launcher" in _command(child)]


def _command(process: psutil.Process) -> list[str]:
    """Return how a process was called; one that has just ended was called nothing."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # a zombie is one, too
        return []
