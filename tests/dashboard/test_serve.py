"""The dashboard's server: who comes in, what can be reached, how long a kernel lives. Real servers on this machine."""

from __future__ import annotations

import json
import signal
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import pytest
import websockets.sync.client
from servers import PATIENCE, TOKEN, Served, running, serving, wait
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from influx.core.errors import InputError
from influx.dashboard.server.access_control import HEADERS, AccessPolicy
from influx.dashboard.server.serve import _address, _host_names, serve

SECRET = "a secret that lies beside the notebook"
KERNEL = "01234567-89ab-cdef-0123-456789abcdef"


def page(folder: Path, *cells: str) -> Path:
    """Write a notebook of code cells beside files that nobody may get."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    folder.mkdir(exist_ok=True)
    for name in ("picture.png", "picture.svg", "home.yaml"):
        (folder / name).write_text(SECRET)
    path = folder / "page.ipynb"
    nbformat.write(notebook, path)
    return path


SHOWS = f"""
import os, sys
import ipywidgets
from IPython.display import HTML
source = {SECRET!r}
def fail(change):
    print("loud"); print("louder", file=sys.stderr)
    open("/no/such/file")
number = ipywidgets.IntText()
number.observe(fail, "value")
HTML(os.path.basename(os.environ["INFLUX_RUN"]) + " is shown")
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose page names the run folder, and has a control that fails."""
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, notebook=page(folder / "notebooks", SHOWS), grace=3600) as running_server:
        yield running_server


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for two sessions at once, which end three seconds after their connection."""
    folder = tmp_path_factory.mktemp("brief")
    with serving(folder, notebook=page(folder / "notebooks", "1"), sessions=2, grace=3) as running_server:
        yield running_server


def connect(served: Served, kernel: str, query: str = "", **headers: str) -> ClientConnection:
    """Open the socket of a kernel."""
    address = f"ws://{served.home}/api/kernels/{kernel}/channels{query}"
    return websockets.sync.client.connect(address, additional_headers=headers, open_timeout=PATIENCE, proxy=None)


# --- the link ---


def test_the_link_opens_the_page_once_and_leaves_a_cookie_in_place_of_the_token(served):
    answer = served.ask(f"/?token={TOKEN}")
    name, *rest = answer.headers["Set-Cookie"].split("; ")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert name.startswith(f"influx-{served.port}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(rest) and "Secure" not in rest
    assert TOKEN not in name
    assert "Secure" in served.ask(f"/?token={TOKEN}", X_Forwarded_Proto="https").headers["Set-Cookie"]
    opened = served.ask("/", Cookie=name)
    assert (opened.status, "latest is shown" in opened.text) == (200, True)


def test_without_the_right_token_or_cookie_nothing_opens(served):
    refused = served.ask("/")
    for path in ("/", "/?token=", "/?token=no", f"/?token={TOKEN}x", f"/?token={TOKEN[:-1]}"):
        answer = served.ask(path)
        assert (answer.status, answer.text, "Set-Cookie" in answer.headers) == (403, refused.text, False)
    cookie = served.cookie()
    for forged in (cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), f"influx-{served.port}=visitor", "influx=1"):
        assert served.ask("/", Cookie=forged).status == 403


def test_the_token_is_taken_at_the_page_and_nowhere_else(served):
    for path in ("/voila/static/voila.js", f"/api/kernels/{KERNEL}"):
        assert served.ask(f"{path}?token={TOKEN}").status == 403
        assert served.ask(path, Authorization=f"token {TOKEN}").status == 403


def test_the_command_prints_a_ready_link_with_a_new_token_each_time_and_leaves_nothing_behind(tmp_path):
    tokens, home = [], tmp_path / "home"
    home.mkdir()
    for ending in (signal.SIGTERM, signal.SIGINT):
        command = ["-m", "influx", "dashboard", "--port", "0", "--reports", str(tmp_path)]
        with running(tmp_path, command, HOME=str(home)) as served:
            kernels = []
            if not tokens:
                sockets = psutil.Process(served.process.pid).net_connections("tcp")
                assert {socket.laddr.ip for socket in sockets} == {"127.0.0.1"}
                assert served.link.startswith(f"http://{served.home}/?token=")
                text = served.ask("/", Cookie=served.cookie()).text
                assert "<title>InFlux</title>" in text and "influx.dashboard" not in text
                kernels = served.kernels()
                assert len(kernels) == 1
            tokens.append(served.link.partition("?token=")[2])
            served.process.send_signal(ending)
            assert (served.process.wait(PATIENCE), served.errors.read_text()) == (0, "")
            assert psutil.wait_procs(kernels, PATIENCE)[1] == []
    assert tokens[0] != tokens[1] and min(map(len, tokens)) == 48
    assert list(home.iterdir()) == []


def test_what_cannot_be_served_is_told_in_one_line(served, capfd):
    with pytest.raises(InputError, match="token: give at least 16 letters and digits"):
        serve(token="short")
    with pytest.raises(InputError, match=rf"cannot listen on 127.0.0.1, port {served.port}: .*Give another HOST"):
        serve(port=served.port)
    with pytest.raises(InputError, match=r"cannot listen on no\.such\.name\.invalid"):
        serve(host="no.such.name.invalid", port=0)
    assert capfd.readouterr() == ("", "")


# --- what can be reached ---

ELSEWHERE = [
    *("/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml", "/../pyproject.toml", "//etc/passwd"),
    *("/voila/static/../../../../../../../../../../etc/passwd", "/voila/static/..%2f..%2f..%2f..%2fetc%2fpasswd"),
    *("/voila/static/%2e%2e/conf.json", "/voila/static/..", "/voila/static/", "/voila/static//etc/passwd"),
    *("/voila/templates/lab/static/../index.html.j2", "/voila/templates/lab/index.html.j2", "/voila/templates/x"),
    *("/voila/templates/lab/static/%2e%2e/index.html.j2", "/voila/templates/../static/voila.js"),
    *("/voila/labextensions/../../../../etc/passwd", "/voila/labextensions/@jupyter-widgets/jupyterlab-manager/x"),
    *("/voila/labextensions/jupyterlab_pygments/package.json", "/voila/labextensions/%2fetc/passwd"),
    *("/voila/files/page.ipynb", "/voila/files/picture.png", "/voila/files/picture.svg", "/files/picture.png"),
    *("/voila/files/../../../etc/passwd", "/page.ipynb", "/home.yaml", "/picture.png", "/notebooks/page.ipynb"),
    *("/voila/render/page.ipynb", "/voila/tree", "/voila/tree/", "/tree", "/lab", "/voila/api/contents"),
    *("/api", "/api/kernels", "/api/contents", "/api/contents/page.ipynb", "/api/sessions", "/api/kernelspecs"),
    *("/api/terminals", "/api/config/x", "/api/me", "/api/status", f"/api/kernels/{KERNEL}/restart", "/metrics"),
    *(f"/voila/execution/{KERNEL}", f"/voila/query/{KERNEL}", "/voila/api/themes/x", "/login", "/logout"),
]


def test_there_is_no_other_address(served):
    cookie = served.cookie()
    nothing = served.ask("/nothing", Cookie=cookie).text
    for path in ELSEWHERE:
        assert served.ask(path).status == 403, path
        answer = served.ask(path, Cookie=cookie)
        assert (answer.status, answer.text) == (404, nothing), path


def test_a_script_of_the_page_comes_to_a_visitor_alone(served):
    assert served.ask("/voila/static/voila.js").status == 403
    assert served.ask("/voila/static/voila.js", Cookie=served.cookie()).status == 200
    assert served.ask("/voila/static/no-such-file.js", Cookie=served.cookie()).status == 404


def test_kernels_are_out_of_reach_but_for_the_page_that_closes(served, kernel):
    cookie, closing = served.cookie(), served.open()
    path = f"/api/kernels/{kernel}"
    assert served.ask(path).status == 403
    assert json.loads(served.ask(path, Cookie=cookie).text)["id"] == kernel
    for method, where in (("POST", "/api/kernels"), ("POST", f"{path}/restart"), ("POST", f"{path}/interrupt")):
        assert served.ask(where, method, "{}", Cookie=cookie).status == 404
    for method in ("DELETE", "PUT", "PATCH", "POST"):
        assert served.ask(path, method, "{}", Cookie=cookie).status == 405
    assert served.ask(f"/voila/api/shutdown/{kernel}", "POST").status == 403
    assert served.ask(f"/api/kernels/{KERNEL}", Cookie=cookie).status == 404
    beacon = {"Cookie": cookie, "Origin": "null"}  # what a browser sends of a page without referrer
    assert served.ask(f"/voila/api/shutdown/{closing}", "POST", **beacon).status == 204
    assert served.ask(f"/voila/api/shutdown/{KERNEL}", "POST", **beacon).status == 204
    assert served.ask(f"/api/kernels/{closing}", Cookie=cookie).status == 404
    assert served.ask(path, Cookie=cookie).status == 200


def test_the_page_can_only_be_looked_at(served):
    cookie = served.cookie()
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert served.ask("/", method, Cookie=cookie).status == 405


# --- other hosts and origins ---


def test_a_foreign_host_header_is_refused_and_own_names_are_known(served):
    cookie = served.cookie()
    for host in ("evil.example", "evil.example:80", "localhost.evil.example", "10.0.0.1", ""):
        assert served.ask(f"/?token={TOKEN}", Host=host).status in (400, 403)
        assert served.ask("/", Host=host, Cookie=cookie).status in (400, 403)
    for name in ("localhost", "127.0.0.1", "LOCALHOST", "[::1]"):
        assert served.ask(f"/?token={TOKEN}", Host=f"{name}:{served.port}").status == 303


def test_names_follow_from_where_it_listens():
    assert _host_names("127.0.0.1", "") == {"127.0.0.1", "localhost", "::1"}
    assert _host_names("192.168.1.5", "Energy.example.org") >= {"192.168.1.5", "energy.example.org"}
    assert _address("127.0.0.1", "energy.example.org", 8866) == "https://energy.example.org"
    assert _address("::1", "", 8866) == "http://[::1]:8866"
    everywhere = AccessPolicy("", "", _host_names("0.0.0.0", ""), any_address=True)
    assert all(map(everywhere.accepts_host, ("192.168.1.5", "[fe80::1]", "localhost")))
    assert not any(map(everywhere.accepts_host, ("evil.example", "0.0.0.0.evil.example")))
    assert not AccessPolicy("", "", _host_names("127.0.0.1", "")).accepts_host("192.168.1.5")


def test_a_foreign_origin_is_refused(served):
    cookie = served.cookie()
    for origin in ("http://evil.example", "http://127.0.0.1:1", "https://127.0.0.1", "null", "file://"):
        assert served.ask("/", Cookie=cookie, Origin=origin).status == 403
        assert served.ask(f"/?token={TOKEN}", Origin=origin).status == 403
        with pytest.raises(InvalidStatus, match="403"):
            connect(served, KERNEL, Cookie=cookie, Origin=origin)
        if origin != "null":
            assert served.ask(f"/voila/api/shutdown/{KERNEL}", "POST", Cookie=cookie, Origin=origin).status == 403
    assert served.ask(f"/api/kernels/{KERNEL}", Cookie=cookie, Origin=f"http://{served.home}").status == 404


def test_every_answer_forbids_other_hosts(served):
    cookie = served.cookie()
    asked = [("/", ""), ("/", cookie), (f"/?token={TOKEN}", ""), ("/voila/static/voila.js", cookie), ("/x", cookie)]
    for path, given in [*asked, (f"/api/kernels/{KERNEL}", cookie), (f"/api/kernels/{KERNEL}/channels", "")]:
        headers = served.ask(path, Cookie=given, Origin=f"http://{served.home}").headers
        assert {name: headers[name] for name in HEADERS} == HEADERS, path
        assert "Access-Control-Allow-Origin" not in headers and "Server" not in headers
    assert "http" not in HEADERS["Content-Security-Policy"] and "*" not in HEADERS["Content-Security-Policy"]
    assert HEADERS["Referrer-Policy"] == "no-referrer"


# --- the page ---


def test_the_page_holds_no_source_and_names_no_other_host(served):
    text = served.ask("/", Cookie=served.cookie()).text
    assert SECRET not in text and "import ipywidgets" not in text
    assert "https://" not in text and text.count("http://") == text.count("http://www.w3.org/")
    assert '<html lang="en">' in text and 'name="viewport"' in text


def test_a_failing_page_says_why_to_its_owner_alone(tmp_path):
    notebook = page(tmp_path / "notebooks", "import sys\nprint('loud', file=sys.stderr)", "open('/no/such/file')")
    with serving(tmp_path, notebook=notebook) as served:
        text = served.ask("/", Cookie=served.cookie()).text
        said = served.errors.read_text()
    assert "This page could not be made. Whoever runs InFlux sees the reason in the terminal." in text
    assert "/no/such/file" not in text and "Traceback" not in text and "loud" not in text
    assert "FileNotFoundError" in said and "/no/such/file" in said


# --- the socket ---


def hear(channel: ClientConnection, kind: str, content: dict[str, object]) -> list[dict]:
    """Send a message to a kernel and return what it says until it has told what kernel it is, asked after that.

    That is when its answer and, on a way of its own, that it is idle again have come.
    """
    last = ""
    for name, told in ((kind, content), ("kernel_info_request", {})):
        last = uuid.uuid4().hex
        header = {"msg_id": last, "msg_type": name, "session": "s", "username": "", "version": "5.3", "date": ""}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": told, "channel": "shell"}
        channel.send(json.dumps({**message, "buffers": []}))
    said: list[dict] = []
    due = {"kernel_info_reply", "idle"}
    while due:
        said.append(json.loads(channel.recv(timeout=PATIENCE)))
        if said[-1]["parent_header"].get("msg_id") == last:
            due -= {said[-1]["msg_type"], said[-1]["content"].get("execution_state")}
    return said


@pytest.fixture(scope="module")
def kernel(served) -> str:
    """The kernel of one page, for several tests; connections to it are opened and closed."""
    return served.open()


def test_the_socket_opens_for_the_cookie_alone_and_again_after_a_break(served, kernel):
    for query in ("", f"?token={TOKEN}", "?session_id=1"):
        with pytest.raises(InvalidStatus, match="403"):
            connect(served, kernel, query)
    with pytest.raises(InvalidStatus, match="403"):
        connect(served, kernel, Authorization=f"token {TOKEN}")
    with pytest.raises(InvalidStatus, match="404"):
        connect(served, KERNEL, Cookie=served.cookie())
    for _ in range(2):
        with connect(served, kernel, Cookie=served.cookie()) as channel:
            assert hear(channel, "comm_info_request", {})


def test_no_code_of_a_visitor_is_run(served, kernel, tmp_path):
    with connect(served, kernel, Cookie=served.cookie()) as channel:
        for kind in ("execute_request", "complete_request", "inspect_request", "history_request", "debug_request"):
            code = f"open({str(tmp_path / 'made')!r}, 'w')"
            heard = hear(channel, kind, {"code": code, "cursor_pos": 2, "detail_level": 0, "silent": False})
            assert {message["msg_type"] for message in heard} == {"status", "kernel_info_reply"}
    assert list(tmp_path.iterdir()) == []


def test_what_a_control_prints_and_raises_stays_here(served, kernel):
    with connect(served, kernel, Cookie=served.cookie()) as channel:
        opened = hear(channel, "comm_info_request", {"target_name": "jupyter.widget"})
        models = next(one for one in opened if one["msg_type"] == "comm_info_reply")["content"]["comms"]
        heard = [
            hear(channel, "comm_msg", {"comm_id": model, "data": {"method": "update", "state": {"value": 3}}})
            for model in models
        ]
    wait(lambda: "FileNotFoundError" in served.errors.read_text())
    assert "/no/such/file" not in str(heard) and "loud" not in str(heard) and "Error" not in str(heard)
    kinds = {message["msg_type"] for part in heard for message in part}
    assert kinds <= {"status", "kernel_info_reply", "comm_msg"}


# --- the kernels ---


def test_one_too_many_is_told_to_come_again_and_is_let_in_when_another_has_left(brief):
    wait(lambda: not brief.kernels())
    cookie = brief.cookie()
    with (
        connect(brief, brief.open(), Cookie=cookie) as first,
        connect(brief, brief.open(), Cookie=cookie) as second,
    ):
        refused = brief.ask("/", Cookie=cookie)
        assert (refused.status, refused.headers["Retry-After"], refused.headers["Refresh"]) == (503, "60", "60")
        assert "Too many visitors" in refused.text
        first.close()
        wait(lambda: brief.ask("/", Cookie=cookie).status == 200)
        assert hear(second, "comm_info_request", {})


def test_visitors_who_come_at_the_same_moment_are_counted(brief):
    cookie = brief.cookie()

    def both_places_are_taken() -> bool:
        wait(lambda: not brief.kernels())
        with ThreadPoolExecutor(6) as many:
            answers = list(many.map(lambda _: brief.ask("/", Cookie=cookie).status, range(6)))
        assert answers.count(200) <= 2 and set(answers) <= {200, 503}
        return answers.count(200) == 2

    wait(both_places_are_taken)  # one who is just leaving still counts


def test_the_kernels_of_those_who_left_are_gone_and_of_one_who_stays_is_not(brief):
    wait(lambda: not brief.kernels())
    cookie, stays = brief.cookie(), brief.open()
    with connect(brief, stays, Cookie=cookie) as channel:
        for _ in range(2):  # twice as long as one is missed
            with connect(brief, brief.open(), Cookie=cookie):
                pass
            wait(lambda: len(brief.kernels()) == 1)
        assert brief.ask(f"/api/kernels/{stays}", Cookie=cookie).status == 200
        assert hear(channel, "comm_info_request", {})
    wait(lambda: not brief.kernels())


def test_a_visitor_who_goes_without_a_word_is_missed(brief):
    wait(lambda: not brief.kernels())
    lines = [f"GET /api/kernels/{brief.open()}/channels HTTP/1.1", f"Host: {brief.home}", f"Cookie: {brief.cookie()}"]
    lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAA"]
    with socket.create_connection(("127.0.0.1", brief.port), timeout=PATIENCE) as silent:
        silent.sendall("\r\n".join([*lines, "", ""]).encode())
        assert b"101" in silent.recv(1024).splitlines()[0]
        wait(lambda: not brief.kernels())  # the connection is open all the time, and answers no ping


def test_each_visitor_gets_the_report_that_is_the_newest_when_he_comes(served):
    reports = served.errors.parent / "reports"
    for week in ("2024-W28", "2024-W29"):
        (reports / week).mkdir(parents=True)
        (reports / "latest").unlink(missing_ok=True)
        (reports / "latest").symlink_to(week)
        assert f"{week} is shown" in served.ask("/", Cookie=served.cookie()).text
    (reports / "latest").unlink()
