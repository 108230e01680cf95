"""A real browser for tests of the dashboard: Debian's Chromium, led by Playwright for Python.

Where one of them is missing the tests are skipped and say so. Every page fails its test on an error in the console, on
an uncaught error and on a request to another host, also on one that the page's policy stops.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from servers import PATIENCE

CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a Chromium; each page of it gets a profile of its own."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("this machine has no chromium")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        api.expect.set_options(timeout=PATIENCE * 1000)
        yield chromium
        chromium.close()


@pytest.fixture
def desktop(browser) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a link as on a desktop, 1440 px wide."""
    with visits(browser, viewport=DESKTOP) as visit:
        yield visit


@pytest.fixture
def phone(browser) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a link as on a phone, 390 px wide."""
    with visits(browser, viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2) as visit:
        yield visit


@contextmanager
def visits(browser: Any, **settings: Any) -> Iterator[Callable[..., Any]]:
    """Yield a function that opens a link in a new profile, `settings` are those of Playwright's contexts.

    Whatever went wrong in one of these pages is an AssertionError at the end.
    """
    wrong: list[str] = []
    with ExitStack() as pages:

        def visit(link: str, **more: Any) -> Any:
            page = pages.enter_context(new_page(browser, **settings, **more))
            page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
            page.on("console", lambda line: wrong.append(f"console: {line.text}") if line.type == "error" else None)
            page.on("request", lambda sent: wrong.append(sent.url) if is_outside(sent.url, link) else None)
            page.goto(link, wait_until="commit")
            return page

        yield visit
    assert wrong == []


@contextmanager
def new_page(browser: Any, **settings: Any) -> Iterator[Any]:
    """Yield an empty page in a profile of its own; it waits for `PATIENCE`, and is left as a person leaves it."""
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    try:
        yield page
    finally:
        if not page.is_closed():
            page.close(run_before_unload=True)
        context.close()


def is_outside(url: str, link: str) -> bool:
    """Tell whether a request leaves the host of `link`; `data:` and `blob:` go nowhere."""
    target = urlsplit(url)
    return target.scheme not in ("data", "blob") and target.netloc != urlsplit(link).netloc
