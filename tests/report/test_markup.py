"""What a reader relies on: numbers set alike, missing values said in words, nothing of the data taken for HTML."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx.report import html as markup

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.123456, "0.123"),
        (1.0, "1.00"),
        (9.999, "10.0"),
        (58.04, "58.0"),
        (-58.04, "-58.0"),
        (123.456, "123"),
        (12345.6, "12\u202f300"),
        (0.0, "0"),
        (0.00012345, "0.000123"),
        (1.5e-9, "1.50e-09"),
        (float("inf"), "not known"),
        (220, "220"),
        (np.int64(1_000_000), "1\u202f000\u202f000"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (None, "not known"),
        (float("nan"), "not known"),
        (pd.NaT, "not known"),
        (pd.NA, "not known"),
        (pd.Timestamp("2024-07-14"), "2024-07-14"),
        (pd.Timestamp("2024-07-14 18:00"), "2024-07-14 18:00"),
        ("AC_LR_01", "AC_LR_01"),
    ],
)
def test_a_value_is_set_with_three_digits_thin_spaces_and_words_for_what_is_not_known(value, words):
    assert markup.cell(value) == words


@given(st.floats(min_value=1e-5, max_value=1e12))
def test_a_number_read_back_is_off_by_half_a_percent_at_most(number):
    assert float(markup.cell(number).replace("\u202f", "")) == pytest.approx(number, rel=0.0051)


def test_a_table_aligns_numbers_and_escapes_names_headings_and_caption():
    frame = pd.DataFrame({f"name {HOSTILE}": [HOSTILE], "energy [kWh]": [1.5], "unsure": [np.nan]})
    html = markup.table(frame, caption=f"Use by {HOSTILE}")._repr_html_()
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") == 3
    assert '<td class="num">1.50</td>' in html
    assert '<th scope="col" class="num">energy [kWh]</th>' in html
    assert '<td class="num unknown">not known</td>' in html


def test_eight_rows_stand_before_the_fold_and_none_is_lost():
    html = markup.table(pd.DataFrame({"n": range(11)}))._repr_html_()
    before, fold = html.split("<details>")
    assert re.findall(r"<td[^>]*>(\d+)</td>", before) == [str(n) for n in range(8)]
    assert re.findall(r"<td[^>]*>(\d+)</td>", fold) == ["8", "9", "10"]
    assert "<summary>3 more rows</summary>" in fold
    assert "<details>" not in markup.table(pd.DataFrame({"n": range(8)}))._repr_html_()


def test_a_very_long_table_says_how_much_it_leaves_out():
    html = markup.table(pd.DataFrame({"n": range(5376)}), rows=8)._repr_html_()
    assert html.count("<tr>") == 2 + markup.LONGEST_TABLE
    assert "192 more rows, of 5\u202f376 in all" in html


def test_a_named_index_is_shown_and_a_bare_one_is_not():
    frame = pd.DataFrame({"kwh": [1.0]}, index=["AC_LR_01"])
    assert "AC_LR_01" not in markup.table(frame)._repr_html_()
    assert "AC_LR_01" in markup.table(frame.rename_axis("device_id"))._repr_html_()


def test_a_sentence_is_text_but_for_what_is_bold():
    shown = markup.answer(f"**58 to 71 kWh** for {HOSTILE} & more")
    assert shown._repr_html_() == (
        '<p class="ix-answer"><strong>58 to 71 kWh</strong> for &lt;img src=x onerror=alert(1)&gt; &amp; more</p>'
    )
    assert repr(shown) == f"58 to 71 kWh for {HOSTILE} & more"
    assert markup.sentence("a < b")._repr_html_() == '<p class="ix-sentence">a &lt; b</p>'


def test_sentences_are_paragraphs_each():
    shown = markup.paragraphs(["**So** much.", "A < b."])
    assert shown.markup == ('<p class="ix-sentence"><strong>So</strong> much.</p><p class="ix-sentence">A &lt; b.</p>')
    assert repr(shown) == "So much. A < b."


def test_short_texts_stay_on_a_line_and_long_ones_may_break():
    frame = pd.DataFrame({"range": ["58 to 71 kWh (8 in 10)"], "reason": ["rarely in use on such a day at 15:00"]})
    html = markup.table(frame)._repr_html_()
    assert '<td class="line">58 to 71 kWh (8 in 10)</td><td>rarely in use' in html


@pytest.mark.parametrize("text", ["13.64 EUR", "55 %", "1\u202f234 kWh", "-3.5 °C", "not known"])
def test_amounts_that_were_set_before_are_aligned_like_numbers(text):
    assert f">{text}<" in markup.table(pd.DataFrame({"a": [text]}))._repr_html_()
    assert '<td class="num' in markup.table(pd.DataFrame({"a": [text]}))._repr_html_()


@pytest.mark.parametrize("text", ["2024-07-14", "18:00", "9.3 to 15 kWh", "AC_LR_01", "3 rooms upstairs"])
def test_times_ranges_and_names_are_not(text):
    assert '<td class="line">' in markup.table(pd.DataFrame({"a": [text]}))._repr_html_()


def test_where_there_is_nothing_to_show_it_is_said():
    assert markup.table(pd.DataFrame({"n": []}), empty="No row was rejected.").words == "No row was rejected."
    assert markup.table(pd.DataFrame({"n": []})).words == markup.NOTHING
