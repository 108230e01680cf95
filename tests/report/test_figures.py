"""What a reader of a page relies on: figures that follow its colours and fit its width, names that stay text."""

from __future__ import annotations

import re
import warnings
from html.parser import HTMLParser

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes

from influx.report import figures
from influx.report.plots import style

HOSTILE = "<img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """The tags of a piece of HTML, and the text between them."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def plot_line(points: int, title: str = "One line", ax: Axes | None = None) -> Axes:
    assert ax is not None
    ax.plot(np.linspace(0, 1, points), np.random.default_rng(0).random(points), "-o", markersize=2)
    ax.set_title(title)
    ax.set_ylabel("kWh in an hour")
    ax.get_figure().set_label(f"A line, {title}")
    return ax


def shown(plot=plot_line, *args, **kwargs) -> str:
    return figures.show(plot, *(args or (24,)), caption=kwargs.pop("caption", "It rises."), **kwargs)._repr_html_()


def test_a_figure_has_a_wide_and_a_narrow_drawing_with_alternative_text_and_a_caption():
    tags = Tags(shown(caption="It rises & falls."))
    drawings = [attrs for tag, attrs in tags.seen if tag == "svg"]
    assert [drawing["class"] for drawing in drawings] == ["ix-wide", "ix-narrow"]
    assert [drawing["viewbox"] for drawing in drawings] == ["0 0 648 288", "0 0 302.4 302.4"]  # 72 points an inch
    assert all(drawing["role"] == "img" and drawing["aria-label"] == "A line, One line" for drawing in drawings)
    assert "It rises & falls." in tags.text
    assert "@media (max-width:640px)" in tags.text


def test_the_same_input_gives_the_same_bytes():
    assert shown() == shown()


def test_a_plot_without_alternative_text_has_its_caption():
    def plot_silent(ax: Axes) -> Axes:
        return ax

    assert figures.show(plot_silent, caption="Nothing but axes.").markup.count('aria-label="Nothing but axes."') == 2


def test_words_are_text_in_the_colour_of_the_page():
    markup = shown()
    assert "kWh in an hour" in Tags(markup).text
    assert style.INK not in markup
    assert "fill: currentColor" in markup
    assert not re.search(r"fill: (#ffffff|white)", markup)  # the paper shows through


def test_a_page_fetches_nothing_and_a_figure_brings_no_style_for_the_rest_of_the_page():
    markup = shown()
    assert "http" not in markup
    assert re.findall(r"<style>(.*?)</style>", markup, re.S) == [figures._SWITCH[7:-8]]


def test_identifiers_differ_between_figures_and_every_reference_is_met():
    first, second = shown(plot_line, 24), shown(plot_line, 25)
    ids = [re.findall(r'\bid="([^"]+)"', markup) for markup in (first, second)]
    assert ids[0] and len(set(ids[0])) == len(ids[0])
    assert not set(ids[0]) & set(ids[1])
    assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', first)) <= {(i, "") for i in ids[0]} | {
        ("", i) for i in ids[0]
    }


@settings(max_examples=12, deadline=None)
@given(
    st.text(max_size=30) | st.sampled_from([HOSTILE, "$5 & $6", 'id="m1" url(#m1) #010203', "</svg><script>", "\x00"])
)
def test_whatever_a_name_holds_is_text(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tags = Tags(figures.show(plot_line, 5, f"x{name}", caption=name)._repr_html_())
    assert {tag for tag, _ in tags.seen} <= {"div", "figure", "style", "svg", "defs", "g", "path", "use", "text",
                                            "clippath", "rect", "figcaption", "tspan"}  # fmt: skip
    for part in re.split(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd-\uffff]+", name):
        assert part in tags.text


def test_a_drawing_of_very_many_points_is_sent_as_pixels_with_the_same_words():
    few, many = Tags(shown(plot_line, 500)), Tags(shown(plot_line, 20_000))
    assert not [tag for tag, _ in few.seen if tag == "img"]
    pictures = [attrs for tag, attrs in many.seen if tag == "img"]
    assert [picture["alt"] for picture in pictures] == ["A line, One line"] * 2
    assert [picture["width"] for picture in pictures] == ["864", "403"]  # 9 and 4.2 inches of 96 pixels
    assert all((picture["src"] or "").startswith("data:image/png;base64,") for picture in pictures)


def test_a_plot_can_tell_the_phone_from_the_desk():
    seen = []

    def plot_width(ax: Axes) -> Axes:
        seen.append(style.is_narrow(ax))
        return ax

    figures.show(plot_width, caption="Nothing.")
    assert seen == [False, True]


def test_a_figure_of_no_rows_says_so_and_draws_nothing():
    empty = figures.show(plot_line, pd.DataFrame({"kwh": []}), caption="It rises.", empty="No hour is known.")
    assert empty._repr_html_() == '<p class="ix-sentence">No hour is known.</p>'
