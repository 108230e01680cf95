"""The dashboard visited with a real browser: each part is opened, each control used, the numbers are the run folder's.

A page that says anything on its console as an error, or that asks another host for anything, fails its test.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import Served, serving

from influx import Run
from influx.core import formatting as fmt

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PARTS = ("Overview", "Forecast", "Devices", "Plan", "Accuracy")


@pytest.fixture(scope="module")
def served(week_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), reports=week_folder.parent) as running:
        yield running


def part(page, name: str):
    """Open a part and return the page."""
    page.get_by_role("button", name=name, exact=True).click()
    return page


def sees(page, words: str) -> None:
    """Wait until a page shows words somewhere."""
    api.expect(page.get_by_text(words).locator("visible=true").first).to_be_visible()


def household(frame):
    return frame.set_index("device_id").loc["household"]


def test_a_desktop_opens_every_part_and_uses_every_control(served, desktop, sample_run: Run) -> None:
    page = desktop(served.link)
    frames = sample_run.sums() | sample_run.bill()
    for name in ("week", "next_day"):
        sees(page, fmt.kwh(household(frames[name])["total"]))
    sees(page, fmt.money(household(frames["cost_week"])["total"], "EUR"))
    api.expect(page.locator(".ix-wide:visible")).to_have_count(2)

    page.get_by_role("button", name="See the plan").click()
    sees(page, "What if?")
    for cost in sample_run.plan()["plan_devices"]["cost"]:
        sees(page, fmt.money(cost, "EUR"))
    page.get_by_role("slider").locator("visible=true").first.focus()
    page.keyboard.press("ArrowRight")
    sees(page, "At these prices the plan saves")
    page.get_by_role("button", name="3 degrees warmer").click()
    sees(page, sample_run.plan()["warmer_words"].set_index("degrees")["what"][3.0][:40])

    part(page, "Forecast")
    page.locator("select:visible").first.select_option("FRIDGE_01")
    page.get_by_role("button", name="By day").click()
    daily = frames["daily"]
    for total in daily.loc[daily["device_id"] == "FRIDGE_01", "total"]:
        sees(page, fmt.number(total))
    page.get_by_role("button", name="Past forecasts").click()
    sees(page, "of which eight in ten should")
    with page.expect_download() as saved:
        page.get_by_text("Save as CSV").locator("visible=true").click()
    assert saved.value.suggested_filename == "FRIDGE_01-past.csv"
    assert "observed" in Path(saved.value.path()).read_text(encoding="utf-8-sig").splitlines()[0]

    part(page, "Devices").get_by_placeholder("Name, type or room").fill("kitchen wm")
    sees(page, "1 of 6 devices.")
    entry = page.locator("summary:visible")
    api.expect(entry).to_have_count(1)
    entry.focus()
    page.keyboard.press("Enter")
    sees(page, "What drives it")
    page.get_by_placeholder("Name, type or room").fill("")
    page.locator("select:visible").last.select_option("Flexible")
    sees(page, "2 of 6 devices.")

    part(page, "Accuracy").locator("select:visible").last.select_option("Mean absolute error [kWh]")
    metrics = sample_run.scores()
    own = metrics[(metrics["device_id"] == "household") & (metrics["model"] == "climatology")]
    sees(page, fmt.number(float(own["mae"].iloc[0])))


def test_every_part_fits_a_phone_and_a_second_visitor_changes_nothing_for_the_first(served, desktop, phone) -> None:
    first, page = part(desktop(served.link), "Devices"), phone(served.link)
    sees(page, "The next 24 hours")
    drawings = {"Overview": 2, "Forecast": 1, "Devices": 0, "Plan": 1, "Accuracy": 1}
    for name in PARTS:
        part(page, name)
        # A part is made when it is first opened: its own drawings are what shows that it stands.
        api.expect(page.locator(".ix-narrow:visible")).to_have_count(drawings[name])
        api.expect(page.locator(".ix-wide:visible")).to_have_count(0)
        page.wait_for_function("document.documentElement.scrollWidth <= 390")
    part(page, "Devices").get_by_placeholder("Name, type or room").fill("fridge")
    sees(page, "1 of 6 devices.")
    sees(first, "6 of 6 devices.")
