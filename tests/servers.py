"""Real servers of the dashboard for tests: on a free port of this machine, ended by their process id.

Called with settings as JSON, this file is such a server. What it runs of the package is not counted as covered:
measuring slows every answer down.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

PROJECT = Path(__file__).parents[1]
TOKEN = "0123456789abcdefghij"
"""The token of a server that is started with none of its own."""

PATIENCE = 180
"""Seconds after which something that must happen is taken for missing, however slow the machine."""


@dataclass
class Answer:
    """A server's answer."""

    status: int
    headers: http.client.HTTPMessage
    text: str


class Served:
    """A running server: its link, its process, the file of its standard error."""

    def __init__(self, process: subprocess.Popen[bytes], link: str, errors: Path) -> None:
        self.process, self.link, self.errors = process, link, errors
        self.port = urlsplit(link).port or 0
        self.home = f"127.0.0.1:{self.port}"

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> Answer:
        """Ask for `path` exactly as it is written; in a header's name stand underscores for hyphens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def cookie(self) -> str:
        """Return the cookie that the link is exchanged for."""
        return self.ask(f"/?{urlsplit(self.link).query}").headers["Set-Cookie"].split(";")[0]

    def open(self) -> str:
        """Open the page without a browser, and return the kernel that it was given.

        A kernel whose process has just ended holds its place for a moment longer: who is told to try again does.
        """
        pages: list[Answer] = []
        wait(lambda: pages.append(self.ask("/", Cookie=self.cookie())) or pages[-1].status != 503)
        found = re.search(r'"kernelId": "([\w-]+)"', pages[-1].text)
        assert found is not None, pages[-1].text
        return found[1]

    def kernels(self) -> list[psutil.Process]:
        """Return the processes of all kernels."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if _is_kernel(child)]


@contextmanager
def serving(folder: Path, **settings: object) -> Iterator[Served]:
    """Serve the dashboard with `settings` of `serve.serve`; `folder` takes its output."""
    settings = {"port": 0, "token": TOKEN, "reports": str(folder / "reports"), **settings}
    given = {key: str(value) if isinstance(value, Path) else value for key, value in settings.items()}
    with running(folder, [__file__, json.dumps(given)]) as served:
        yield served


@contextmanager
def running(folder: Path, arguments: list[str], **environment: str) -> Iterator[Served]:
    """Run Python with `arguments` that serve the dashboard, from its link to its end."""
    output, errors = folder / "server.out", folder / "server.err"
    command, known = [sys.executable, *arguments], os.environ | environment
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(command, cwd=PROJECT, env=known, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    try:
        wait(lambda: "http" in output.read_text() or process.poll() is not None)
        assert process.poll() is None, errors.read_text()
        yield Served(process, output.read_text().split()[-1], errors)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()


def wait(until: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def _is_kernel(process: psutil.Process) -> bool:
    try:
        return "ipykernel_launcher" in process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


if __name__ == "__main__":
    from influx.dashboard.server.serve import serve

    settings = json.loads(sys.argv[1])
    serve(**settings | {name: Path(settings[name]) for name in ("reports", "notebook") if name in settings})
