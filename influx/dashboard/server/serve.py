"""The dashboard's server: Voilà, for one notebook, behind an access policy.

`python -m influx dashboard` starts it on this machine alone, with a token of its own, and prints the link that opens
the page. It trains nothing and writes nothing: each session's kernel reads the newest run folder.
"""

from __future__ import annotations

import logging
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from traitlets import Bool
from traitlets.config import Config
from voila.app import Voila

from influx.core.errors import InputError
from influx.core.paths import PROJECT
from influx.core.sanitize import legible
from influx.dashboard.server.access_control import EXTENSIONS, AccessPolicy, CookieIdentity, NotFound, routes
from influx.dashboard.server.kernels import GRACE, MAX_SESSIONS, FilteredConnection, RunningPython, SessionKernels

NOTEBOOK = PROJECT / "notebooks" / "dashboard.ipynb"
PORT = 8866
SHORTEST_TOKEN = 16

_TEMPLATES = Path(__file__).parents[1] / "templates"
_HERE = {"127.0.0.1", "localhost", "::1"}
_EVERYWHERE = {"", "0.0.0.0", "::"}


def serve(
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str = "",
    name: str = "",
    reports: Path = PROJECT / "reports",
    sessions: int = MAX_SESSIONS,
    notebook: Path = NOTEBOOK,
    grace: int = GRACE,
) -> None:
    """Serve the dashboard until the process is told to end (SIGINT, SIGTERM).

    Parameters
    ----------
    host : str
        The address to listen on; `0.0.0.0` is all of them.
    port : int, optional
        The port; 0 is any free one. Without it 8866 is taken, or the next free one.
    token : str
        What opens the page, at least 16 characters; empty is a new random one.
    name : str
        The name under which a proxy with TLS publishes the page.
    reports : Path
        The folder whose `latest` is shown.
    sessions : int
        How many pages may be open at once.
    notebook : Path
        The notebook that is the page.
    grace : int
        Seconds without a connection after which a session's kernel ends.

    Raises
    ------
    InputError
        The token is too short, or nothing can listen there.
    """
    if token and (len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isalnum()):
        raise InputError(
            f"token: give at least {SHORTEST_TOKEN} letters and digits, or none: then a random one is made."
        )
    sockets = _listen(host, port)
    listens = sockets[0].getsockname()[1]
    hosts, any_address = _host_names(host, name), host in _EVERYWHERE
    policy = AccessPolicy(token or secrets.token_hex(24), f"influx-{listens}", hosts, any_address)
    settings = _settings(policy, grace)
    settings.SessionKernels = Config(limit=sessions, reports=str(reports.absolute()))
    app = Dashboard.instance(config=settings, config_file_paths=[])  # Jupyter's handlers log to the one instance
    app.sockets, app.link = sockets, f"{_address(host, name, listens)}/?token={policy.token}"
    app.initialize([str(notebook)])
    app.start()


class Dashboard(Voila):
    """Voilà with our template, our routes and our sockets."""

    open_browser = Bool(False)
    sockets: list[socket.socket]
    link: str

    def setup_template_dirs(self) -> None:
        """Put our template before Voilà's."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(_TEMPLATES))

    def init_handlers(self) -> list[Any]:
        """Return the routes that there are; Voilà's own list has more."""
        page = {
            "notebook_path": Path(self.notebook_path).name,
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        return routes(page, self.static_paths, self.labextensions_path)

    def listen(self) -> None:
        """Answer, say where, and go on until told to end."""
        server = HTTPServer(self.app)
        server.add_sockets(self.sockets)
        self.ioloop = IOLoop.current()
        self.ioloop.add_callback(print, f"The dashboard is at {self.link}", flush=True)
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            pass
        finally:
            server.stop()
            self.stop()


def _settings(policy: AccessPolicy, grace: int) -> Config:
    """Return how Voilà and Jupyter's server are set up."""
    return Config(
        Voila={
            "identity_provider_class": CookieIdentity,
            "kernel_websocket_connection_class": FilteredConnection,
            "log_level": logging.ERROR,
            "tornado_settings": {
                "access_policy": policy,
                "ping": grace / 2,
                "disable_check_xsrf": True,
                "default_handler_class": NotFound,
                "log_function": _log_failure,
            },
        },
        VoilaConfiguration={
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "extension_allowlist": list(EXTENSIONS),
            "file_allowlist": [],
            "kernel_spec_manager_class": RunningPython,
            "multi_kernel_manager_class": SessionKernels,
            "show_tracebacks": False,
            "strip_sources": True,
        },
        MappingKernelManager={
            "allow_tracebacks": False,
            "buffer_offline_messages": False,
            "cull_connected": False,
            "cull_idle_timeout": grace,
            "cull_interval": max(1, grace // 8),
            "transport_encryption": "auto",  # other users of this machine
        },
        NotebookNotary={"db_file": ":memory:", "secret": secrets.token_bytes(32)},  # nothing is left behind
    )


def _listen(host: str, port: int | None) -> list[socket.socket]:
    """Return listening sockets."""
    for candidate in [port] if port is not None else range(PORT, PORT + 50):
        try:
            return bind_sockets(candidate, "" if host in _EVERYWHERE else host)
        except OSError as error:
            reason = error
    raise InputError(f"cannot listen on {host}, port {port or PORT}: {reason.strerror}. Give another HOST or PORT.")


def _host_names(host: str, name: str) -> frozenset[str]:
    """Return the names that a Host header may hold."""
    names = {*_HERE, host, name} - _EVERYWHERE
    if host in _EVERYWHERE:
        names |= {socket.gethostname(), f"{socket.gethostname()}.local", socket.getfqdn()}
    return frozenset(known.lower().strip("[]") for known in names)


def _address(host: str, name: str, port: int) -> str:
    if name:
        return f"https://{name}"
    shown = socket.gethostname() if host in _EVERYWHERE else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _log_failure(handler: Any) -> None:
    """Log what went wrong here, without the query, which may hold a token."""
    if handler.get_status() >= 500 and handler.get_status() != 503:
        request = f"{handler.request.method} {handler.request.path}"
        print(f"influx: {handler.get_status()} {legible(request)}", file=sys.stderr)
