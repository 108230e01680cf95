"""The dashboard's server, visited with a real browser: what loads, what redraws, what happens when somebody leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import new_page, visits
from servers import Served, serving, wait
from test_serve import page

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

SLIDER = """
import ipywidgets
picture = ipywidgets.HTML()
number = ipywidgets.IntSlider(value=40, min=10, max=100, description='Width')
def draw(change=None):
    size = f'width="{number.value}" height="20"'
    picture.value = f'<svg role="img" aria-label="{number.value} wide" {size}><rect {size} fill="teal"/></svg>'
number.observe(draw, 'value')
draw()
save = ipywidgets.HTML('<a download="week.csv" href="data:text/csv,hour,kwh">Save</a>')
below = ipywidgets.HTML('<p style="padding-top: 2000px">The end</p>')
ipywidgets.VBox([picture, number, save, below])
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of a picture and the slider that sets its width."""
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, notebook=page(folder / "notebooks", SLIDER)) as running:
        yield running


def shown(opened, width: int) -> None:
    """Wait until a page shows the picture in that width."""
    api.expect(opened.locator(f'svg[aria-label="{width} wide"]')).to_be_visible()


def test_a_page_is_redrawn_by_its_control_in_the_colours_of_the_system_and_reaches_no_other_host(served, browser):
    """Dark, as the system asks for; a file is saved and the page stays; what would fetch from elsewhere is stopped."""
    with new_page(browser, color_scheme="dark") as opened:
        opened.goto(served.link)
        shown(opened, 40)
        assert opened.url == f"http://{served.home}/"
        assert _light(_ground(opened)) < 100 < 150 < _light(_ink(opened))
        opened.get_by_role("slider").focus()
        opened.keyboard.press("ArrowRight")
        shown(opened, 41)
        with opened.expect_download() as saved:
            opened.get_by_text("Save").click()
        assert Path(saved.value.path()).read_text() == "hour,kwh"
        opened.get_by_role("slider").focus()
        opened.keyboard.press("ArrowLeft")
        shown(opened, 40)
        with pytest.raises(api.Error, match="Failed to fetch"):
            opened.evaluate("fetch('http://example.org/')")
        loads = (
            "new Promise(done => { const i = new Image(); i.onload = i.onerror = ({type}) => done(type); i.src = %r })"
        )
        assert opened.evaluate(loads % "http://example.org/x.png") == "error"
        assert opened.evaluate(loads % "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>") == "load"


def test_a_phone_scrolls_the_page_itself_and_has_a_page_of_its_own(served, desktop, phone):
    first, second = desktop(served.link, color_scheme="light"), phone(served.link)
    shown(first, 40)
    assert _light(_ink(first)) < 100 < 150 < _light(_ground(first))
    shown(second, 40)
    second.wait_for_function("document.documentElement.scrollHeight > 2000")
    assert second.evaluate("document.documentElement.scrollWidth") <= 390
    first.get_by_role("slider").focus()
    first.keyboard.press("End")
    shown(first, 100)
    shown(second, 40)


def test_a_page_whose_kernel_or_server_is_gone_makes_itself_anew_or_says_so(tmp_path, browser):
    """Nobody is missed here for an hour: what ends a kernel is the page that closes."""
    kernel = "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
    looks = "document.dispatchEvent(new Event('visibilitychange'))"
    notebook = page(tmp_path / "notebooks", SLIDER)
    with new_page(browser) as stays:
        with serving(tmp_path, notebook=notebook, grace=3600) as served, visits(browser) as visit:
            leaves = visit(served.link)
            stays.goto(served.link)
            shown(stays, 40)
            shown(leaves, 40)
            leaves.close(run_before_unload=True)
            wait(lambda: len(served.kernels()) == 1)
            stays.get_by_role("slider").focus()
            stays.keyboard.press("Home")
            shown(stays, 10)
            gone = stays.evaluate(kernel)
            served.ask(f"/voila/api/shutdown/{gone}", "POST", Cookie=served.cookie())
            stays.evaluate(looks)
            shown(stays, 40)
            assert stays.evaluate(kernel) != gone
            assert not stays.get_by_role("alert").is_visible()
        stays.evaluate(looks)
        api.expect(stays.get_by_role("alert")).to_have_text("The connection is lost. Load the page again.")


def _ground(opened) -> str:
    return opened.evaluate("getComputedStyle(document.body).backgroundColor")


def _ink(opened) -> str:
    return opened.get_by_text("Width").evaluate("node => getComputedStyle(node).color")


def _light(colour: str) -> float:
    """Return how light `rgb(r, g, b)` is, 0 to 255."""
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(parts) / 3
