"""Equal content is looked up, any other is not: another number, another shape, another order of parts."""

from __future__ import annotations

import numpy as np
import pytest

from influx.forecasting.models.similar_days import ByContent

ONE = (np.arange(6.0).reshape(2, 3), "a")


@pytest.mark.parametrize(
    "other",
    [
        (np.arange(6.0).reshape(3, 2), "a"),
        (np.arange(6).reshape(2, 3), "a"),
        (np.arange(1.0, 7.0).reshape(2, 3), "a"),
        (np.arange(6.0).reshape(2, 3), "b"),
        ("a", np.arange(6.0).reshape(2, 3)),
        (np.arange(6.0).reshape(2, 3),),
    ],
)
def test_other_content_is_another_thing(other: tuple[np.ndarray | str, ...]) -> None:
    assert ByContent("x", *ONE) != ByContent("x", *other)


def test_the_same_content_is_the_same_thing_whatever_stands_for_it() -> None:
    again = ByContent("y", ONE[0].copy(), "a")
    assert ByContent("x", *ONE) == again
    assert {ByContent("x", *ONE): 1}[again] == 1
    assert ByContent("x", *ONE) != "x"


def test_words_do_not_run_into_each_other() -> None:
    assert ByContent(0, "ab", "c") != ByContent(0, "a", "bc")
