"""The dashboard's server, visited with a real browser: what loads, what redraws, what happens when somebody leaves."""

from __future__ import annotations

from collections.abc import Iterator

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


def test_a_desktop_sees_the_page_and_its_control_redraws_it(served, desktop):
    opened = desktop(served.link)
    shown(opened, 40)
    assert opened.url == f"http://{served.home}/"
    opened.get_by_role("slider").focus()
    opened.keyboard.press("ArrowRight")
    shown(opened, 41)


def test_a_phone_scrolls_the_page_itself_and_not_sideways(served, phone):
    opened = phone(served.link)
    shown(opened, 40)
    opened.wait_for_function("document.documentElement.scrollHeight > 2000")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("scheme", "is_dark"), [("dark", True), ("light", False)])
def test_the_page_has_the_colours_that_the_system_asks_for(served, desktop, scheme, is_dark):
    opened = desktop(served.link, color_scheme=scheme)
    shown(opened, 40)
    ground = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    text = opened.get_by_text("Width").evaluate("node => getComputedStyle(node).color")
    assert (_light(ground) < 100 < 150 < _light(text)) is is_dark
    assert (_light(text) < 100 < 150 < _light(ground)) is not is_dark


def test_two_visitors_each_have_their_own_page(served, desktop, phone):
    first, second = desktop(served.link), phone(served.link)
    shown(first, 40)
    shown(second, 40)
    first.get_by_role("slider").focus()
    first.keyboard.press("End")
    shown(first, 100)
    shown(second, 40)


def test_a_kernel_ends_when_its_page_is_closed_and_only_then(tmp_path, browser):
    """Nobody is missed here for an hour: what ends a kernel is the page that closes."""
    notebook = page(tmp_path / "notebooks", SLIDER)
    with serving(tmp_path, notebook=notebook, grace=3600) as served, visits(browser) as visit:
        stays, leaves = visit(served.link), visit(served.link)
        shown(stays, 40)
        shown(leaves, 40)
        leaves.close(run_before_unload=True)
        wait(lambda: len(served.kernels()) == 1)
        stays.get_by_role("slider").focus()
        stays.keyboard.press("Home")
        shown(stays, 10)
        stays.close(run_before_unload=True)
        wait(lambda: not served.kernels())


def test_saving_a_file_leaves_the_page_as_it_is(served, desktop, tmp_path):
    opened = desktop(served.link)
    shown(opened, 40)
    with opened.expect_download() as saved:
        opened.get_by_text("Save").click()
    saved.value.save_as(tmp_path / "week.csv")
    assert (tmp_path / "week.csv").read_text() == "hour,kwh"
    opened.get_by_role("slider").focus()
    opened.keyboard.press("ArrowLeft")
    shown(opened, 39)


def test_the_page_can_send_nothing_to_another_host(served, browser):
    with new_page(browser) as opened:
        opened.goto(served.link)
        shown(opened, 40)
        with pytest.raises(api.Error, match="Failed to fetch"):
            opened.evaluate("fetch('http://example.org/')")
        loads = (
            "new Promise(done => { const i = new Image(); i.onload = i.onerror = ({type}) => done(type); i.src = %r })"
        )
        assert opened.evaluate(loads % "http://example.org/x.png") == "error"
        assert opened.evaluate(loads % "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>") == "load"


def test_a_page_whose_kernel_is_gone_makes_itself_anew(served, browser):
    kernel = "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
    with new_page(browser) as opened:
        opened.goto(served.link)
        shown(opened, 40)
        opened.get_by_role("slider").focus()
        opened.keyboard.press("End")
        shown(opened, 100)
        gone = opened.evaluate(kernel)
        served.ask(f"/voila/api/shutdown/{gone}", "POST", Cookie=served.cookie())
        opened.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        shown(opened, 40)
        assert opened.evaluate(kernel) != gone


def test_a_page_whose_server_is_gone_says_so(tmp_path, browser):
    with new_page(browser) as opened:
        with serving(tmp_path, notebook=page(tmp_path / "notebooks", SLIDER)) as ends:
            opened.goto(ends.link)
            shown(opened, 40)
            assert not opened.get_by_role("alert").is_visible()
        opened.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        api.expect(opened.get_by_role("alert")).to_have_text("The connection is lost. Load the page again.")


def _light(colour: str) -> float:
    """Return how light `rgb(r, g, b)` is, 0 to 255."""
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(parts) / 3
