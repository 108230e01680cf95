"""Sessions: a kernel for each open page, at most so many at once, and none that nobody looks at.

A page that closes says so and its kernel ends. One that just goes (a phone that sleeps, a network that breaks) is known
by its socket, which answers no more: after `GRACE` without it the kernel ends, too. Time counts from the moment when
the socket closed, not from the last click, so that a socket that breaks for a moment costs nobody his page. What a
kernel prints or raises stays here: a browser gets widgets.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Integer, Unicode

from influx.core.paths import PROJECT
from influx.core.sanitize import legible, without_colours

GRACE = 40
"""Seconds without a connection after which a session's kernel ends."""

MAX_SESSIONS = 20
"""Sessions at once; each takes the memory of a kernel."""

RUN = "INFLUX_RUN"
"""The environment variable that names the run folder which a kernel shows."""

FRUGAL = {"MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
"""Environment of a kernel: a page computes little, and buffers of threads that idle took 40 MB a session."""

WIDGET_MESSAGES = {
    *("comm_open", "comm_msg", "comm_close", "comm_info_reply", "kernel_info_reply", "status"),
    *("display_data", "update_display_data", "clear_output"),
}
"""Types of a kernel's messages that reach the browser."""


class SessionKernels(AsyncMappingKernelManager):
    """The kernels of all sessions. Each shows the run folder that is the newest when it starts."""

    limit = Integer(MAX_SESSIONS).tag(config=True)
    reports = Unicode().tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.starting: set[str] = set()

    async def start_kernel(self, **settings: Any) -> str:  # type: ignore[override] # as its base class does
        """Start a kernel, unless there are as many sessions as there may be."""
        if len(self.starting.union(self.list_kernel_ids())) >= self.limit:
            raise HTTPError(503)
        kernel_id = self.new_kernel_id()
        self.starting.add(kernel_id)
        environment = {
            **(settings.pop("env", None) or os.environ),
            RUN: str(Path(self.reports, "latest").resolve()),
            "IPYTHONDIR": str(Path(self.connection_dir, "ipython")),  # none of the user's own start-up files
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            # Matplotlib's list of fonts is kept where `make` keeps it, not in the home directory.
            "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", str(PROJECT / ".cache" / "matplotlib")),
            **FRUGAL,
        }
        try:
            return await super().start_kernel(kernel_id=kernel_id, env=environment, **settings)
        finally:
            self.starting.remove(kernel_id)

    def notify_disconnect(self, kernel_id: str) -> None:
        """Note when a session's socket closed: the kernel's time counts from there."""
        super().notify_disconnect(kernel_id)
        if kernel_id in self:
            self.get_kernel(kernel_id).last_activity = dt.datetime.now(dt.UTC)  # type: ignore[attr-defined] # it has


class RunningPython(KernelSpecManager):
    """Offers one kernel: the Python that runs this, whatever a kernel called python3 may be on the machine."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the one kernel; it keeps no history."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        argv += ["--HistoryManager.enabled=False"]
        encryption = {"supported_encryption": ["curve"]}
        return KernelSpec(argv=argv, display_name="Python 3", language="python", metadata=encryption)

    def get_all_specs(self) -> dict[str, Any]:
        """Return the one kernel, under the name that notebooks ask for."""
        return {"python3": {"resource_dir": "", "spec": self.get_kernel_spec("python3").to_dict()}}


class FilteredConnection(ZMQChannelsWebsocketConnection):
    """A kernel's connection that passes on what widgets need; what a kernel raises goes to the log."""

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Pass a message of the kernel to the page, or keep it."""
        _, (_, header, _, _, content, *_) = self.session.feed_identities(outgoing_msg)
        kind = self.session.unpack(header)["msg_type"]
        if kind in WIDGET_MESSAGES:
            super().handle_outgoing_message(stream, outgoing_msg)
        elif kind == "error":
            self.log.error(legible(without_colours("\n".join(self.session.unpack(content)["traceback"]))))
