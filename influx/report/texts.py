"""The texts of pages and notebooks: frames go in, sentences come out.

Where `influx.report.facts` has a function of the text's name, that function first turns the frames into the numbers and
names which the template of that name phrases (`influx.report.phrases`).
"""

from __future__ import annotations

from typing import Any

from influx.report import facts as functions
from influx.report.html import Shown, paragraphs
from influx.report.phrases import phrase


def answer(name: str, /, **facts: Any) -> Shown:
    """Return a text as what answers a page's question: its first paragraph is set large.

    Parameters
    ----------
    name : str
        A file of `templates/text` without its ending.
    **facts
        What the function of that name in `influx.report.facts` takes, or else the template itself.

    Examples
    --------
    >>> answer("absences", absences=run.explore().absences)  # doctest: +SKIP
    """
    return paragraphs(text(name, **facts).split("\n\n"), first="ix-answer")


def note(name: str, /, **facts: Any) -> Shown:
    """Return a text in the size of the page's text; the parameters are those of :func:`answer`."""
    return paragraphs(text(name, **facts).split("\n\n"))


def text(name: str, /, **facts: Any) -> str:
    """Return a text with `**` around what is bold and a blank line between paragraphs; it may be empty."""
    extract = getattr(functions, name, dict)
    return phrase(name, extract(**facts))
