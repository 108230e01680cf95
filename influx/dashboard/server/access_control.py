"""Who may open which address of the dashboard.

Voilà asks for its token at the page and at the kernels only; its static files and `/voila/files` are open to all, it
takes any Host, and lets every origin in that knows the token. Here one check stands before all routes, and there are no
more routes than the page needs. The token is taken once, at `/`, and exchanged for a signed cookie, so that it does
not stay in the address bar. A foreign Host ends DNS rebinding, a foreign Origin ends cross-site sockets and posts
(OWASP, Cross-Site WebSocket Hijacking): for that reason XSRF tokens, which would need a cookie that scripts can read,
are not asked for.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.web import HTTPError, RequestHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8")
"""What Voilà's page needs to show widgets, and all of it that is served."""

HEADERS = {
    # Voilà's scripts are inline and compile their schemas. Nothing is fetched from another host.
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_KERNEL = r"(?P<kernel_id>\w{8}-\w{4}-\w{4}-\w{4}-\w{12})"
_FILE = r"[\w-][\w.-]*"
_MESSAGES = {
    403: ("This page opens with its link", "Whoever runs InFlux sees the link in the terminal. Ask for it."),
    404: ("There is nothing here", "The dashboard is at the start page of this address."),
    503: ("Too many visitors", "Each visitor takes memory, and there is none left. Try again in a minute."),
}
_FAILED = ("That did not work", "Whoever runs InFlux sees the reason in the terminal.")
_MESSAGE_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title} · InFlux</title>
<style>body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto; padding: 0 1rem }}</style>
</head><body><h1>{title}</h1><p>{text}</p></body></html>
"""


@dataclass(frozen=True)
class AccessPolicy:
    """What a request must bring: the token once, then the cookie, and a Host by which this server is known."""

    token: str
    cookie: str  # its name: the servers of one machine share their cookies
    hosts: frozenset[str]  # in lower case
    any_address: bool = False  # whether any IP address is a host, too: rebinding needs a name

    def accepts_token(self, token: str) -> bool:
        """Return whether a token is the right one, in a time that does not depend on it."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def accepts_host(self, host: str) -> bool:
        """Return whether a Host header, without its port, names this server."""
        name = host.lower().strip("[]")
        if self.any_address:
            with suppress(ValueError):
                return bool(ipaddress.ip_address(name))
        return name in self.hosts


class Protected(RequestHandler):
    """Goes before a handler: checks Host, Origin and cookie, sets the headers, and gives no details of an error."""

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    async def prepare(self, **settings: Any) -> Any:
        self.check(_has_cookie(self))
        waiting = super().prepare(**settings)
        if waiting is not None:
            await waiting

    def check(self, is_known: bool) -> None:
        """Refuse a request that is not known, does not name this server, or comes from the page of another."""
        is_host = self.settings["access_policy"].accepts_host(self.request.host_name)
        if not (is_known and is_host and self.check_origin()):
            raise HTTPError(403)

    def check_origin(self, _: str | None = None) -> bool:
        """Return whether a request comes from the page itself, or from no page. A closing page's beacon is `null`: it
        has no referrer, and another site's would have no cookie."""
        origin = self.request.headers.get("Origin")
        if origin is None or (origin == "null" and self.request.method == "POST"):
            return True
        return urlsplit(origin.lower()).netloc == self.request.host.lower()

    def write_error(self, status_code: int, **_: Any) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        if status_code == 503:
            self.set_header("Retry-After", "60")
            self.set_header("Refresh", "60")
        title, text = (escape(part) for part in _MESSAGES.get(status_code, _FAILED))
        self.finish(_MESSAGE_PAGE.format(title=title, text=text))


class CookieIdentity(IdentityProvider):
    """Lets Jupyter's own handlers know whether a request has the cookie; there is no other way to log in."""

    def get_user(self, handler: RequestHandler) -> User | None:
        """Return the user of a session, None without one."""
        return User("visitor") if _has_cookie(handler) else None


class Page(Protected, TornadoVoilaHandler):
    """The page, and the exchange of the token for the cookie."""

    async def prepare(self, **settings: Any) -> None:
        token = self.get_query_argument("token", None)
        if token is None:
            return await super().prepare(**settings)
        policy = self.settings["access_policy"]
        self.check(policy.accepts_token(token))
        secure = self.request.headers.get("X-Forwarded-Proto", self.request.protocol) == "https"
        self.set_signed_cookie(policy.cookie, secrets.token_hex(8), httponly=True, samesite="Lax", secure=secure)
        self.redirect("/", status=303)


class KernelStatus(Protected, KernelHandler):
    """Whether the kernel of a page lives; it ends by the page's beacon."""

    async def delete(self, kernel_id: str) -> None:
        raise HTTPError(405)


class KernelSocket(Protected, VoilaKernelWebsocketHandler):
    """The socket between a page and its kernel.

    Tornado itself pings the browser, and reads these settings in seconds. Jupyter's own pinging reads them in
    milliseconds: it is ended.
    """

    @property
    def ping_interval(self) -> float:
        """Seconds between pings."""
        return self.settings["ping"]

    ping_timeout = ping_interval

    def send_ping(self) -> None:
        """Ping no more."""
        self.ping_callback.stop()


class KernelShutdown(Protected, VoilaShutdownKernelHandler):
    """Ends the kernel of a page that closes."""

    async def post(self, kernel_id: str) -> None:
        if kernel_id in self.kernel_manager:
            await self.kernel_manager.shutdown_kernel(kernel_id)
        self.set_status(204)


class StaticFile(Protected, FileFindHandler):
    """Voilà's scripts and style sheets; they change when it is installed anew."""

    def set_headers(self) -> None:
        """Let a browser keep it for a while."""
        super().set_headers()
        self.set_header("Cache-Control", "private, max-age=600")


class NotFound(Protected, RequestHandler):
    """All other addresses."""

    async def prepare(self, **settings: Any) -> None:
        await super().prepare(**settings)
        raise HTTPError(404)


def routes(
    page: dict[str, Any], scripts: list[str], extensions: list[str]
) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Return all addresses that there are, with settings of Voilà's `page` handler and the folders of its scripts and
    extensions. None has a place for a path: a file's name holds no slash and no `%`."""
    extension = "|".join(map(re.escape, EXTENSIONS))
    return [
        (r"/", Page, page),
        (rf"/api/kernels/{_KERNEL}", KernelStatus, {}),
        (rf"/api/kernels/{_KERNEL}/channels", KernelSocket, {}),
        (rf"/voila/api/shutdown/{_KERNEL}", KernelShutdown, {}),
        (rf"/voila/templates/lab/static/({_FILE})", StaticFile, {"path": scripts}),
        (rf"/voila/static/({_FILE})", StaticFile, {"path": scripts}),
        (rf"/voila/labextensions/((?:{extension})/static/{_FILE})", StaticFile, {"path": extensions}),
    ]


def _has_cookie(handler: RequestHandler) -> bool:
    return handler.get_signed_cookie(handler.settings["access_policy"].cookie) is not None
