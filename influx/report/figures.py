"""Figures as they stand on a page: inline SVG that follows the page's colours, wide for a desk and narrow for a phone.

A plot draws on the Axes that it is given. :func:`show` calls it twice, on a wide Axes and on a narrow one, and a
media query picks the one that fits: shrinking one drawing to a phone would shrink its words too. Ink is a stand-in
colour that becomes ``currentColor``, so the same drawing reads on light and on dark paper; words stay words
(``svg.fonttype`` none), so they can be searched and take the font of the page. The same input gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
import warnings
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from influx.report.html import NOTHING, Shown, sentence
from influx.report.plots.style import INK, SERIES

LARGEST_SVG = 250_000
"""Bytes above which a drawing is sent as a picture of pixels instead."""

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "influx",
    "text.parse_math": False,  # a `$` in a device's name is a dollar
    "font.family": ["DejaVu Sans"],  # measures the words; the page's own font, rather narrower, shows them
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=SERIES),
    "grid.color": "#808080",
    "grid.alpha": 0.25,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "legend.labelcolor": INK,
}
"""What every figure has in common."""

_SWITCH = (
    "<style>.ix-figure .ix-narrow{display:none}"
    "@media (max-width:640px){.ix-figure .ix-wide{display:none}.ix-figure .ix-narrow{display:block}}</style>"
)
_FAMILY = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',sans-serif"
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG_DECIMAL = re.compile(r"-?\d*\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def show(
    plot: Callable[..., Axes],
    *args: Any,
    caption: str,
    size: tuple[float, float] = (9, 4),
    narrow: tuple[float, float] = (4.2, 4.2),
    empty: str = NOTHING,
    **kwargs: Any,
) -> Shown:
    """Draw `plot(*args, ax=..., **kwargs)` for a desk and for a phone.

    Parameters
    ----------
    plot : callable
        Draws on `ax`, as the functions of `influx.plots` and of seaborn do.
    caption : str
        One sentence that says what to see; plain text. It is also the alternative text of a plot that has none
        (its figure's label).
    size, narrow : (float, float)
        Width and height of the two drawings [inch]; 9 inches fill the page's column.
    empty : str
        What is said where the frame to be drawn has no rows.

    Returns
    -------
    Shown
        A `<figure>` for a notebook, a page or the dashboard.

    Examples
    --------
    >>> show(sns.heatmap, frame, caption="Mean energy by hour and weekday.")  # doctest: +SKIP
    """
    if args and getattr(args[0], "empty", False):
        return sentence(empty)
    drawings = [
        _draw(plot, args, kwargs, inches, caption, kind) for kind, inches in (("wide", size), ("narrow", narrow))
    ]
    markup = f"{_SWITCH}{''.join(drawings)}<figcaption>{html.escape(caption)}</figcaption>"
    return Shown(f'<figure class="ix-figure">{markup}</figure>', f"Figure: {caption}")


def _draw(
    plot: Callable[..., Axes], args: Any, kwargs: dict[str, Any], inches: tuple[float, float], caption: str, kind: str
) -> str:
    with mpl.rc_context({**STYLE, "font.size": 10 if kind == "wide" else 9}), warnings.catch_warnings():
        # The reader's fonts draw the words, and they know more scripts than the one that measures them.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        figure = Figure(figsize=inches, layout="constrained")
        FigureCanvasSVG(figure)
        plot(*args, ax=figure.add_subplot(), **kwargs)
        words = _NO_XML.sub("\ufffd", str(figure.get_label() or caption))
        drawing = _svg(figure, words, kind)
        return drawing if len(drawing) <= LARGEST_SVG else _png(figure, words, kind)


def _svg(figure: Figure, words: str, kind: str) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    # A name may hold anything, also what XML cannot; the text matters, not the control character.
    source = _NO_XML.sub("\ufffd", stream.getvalue())
    root = ElementTree.fromstring(source)
    _tidy(root, "i" + hashlib.sha256(f"{kind}{source}".encode()).hexdigest()[:8])
    box = root.get("viewBox", "")
    root.attrib.clear()
    width = figure.get_size_inches()[0] * 96
    root.attrib |= {
        "class": f"ix-{kind}",
        "viewBox": box,
        "role": "img",
        "aria-label": words,
        "style": f"width:100%;max-width:{width:.0f}px;height:auto;stroke-linejoin:round;font-family:{_FAMILY}",
    }
    return ElementTree.tostring(root, encoding="unicode")


def _tidy(root: ElementTree.Element, prefix: str) -> None:
    """Make `root` fit to stand inside a page: no name spaces, styles of its own or loose ids; fewer bytes."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):  # that style would reach over the whole page
                parent.remove(child)
    used = {name for element in root.iter() for name in _references(element)}
    for element in root.iter():
        if element.get("id", "").startswith("QuadMesh"):
            element.set("shape-rendering", "crispEdges")  # else hairlines show between the cells of a heat map
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {
            key.rpartition("}")[2]: _attribute(key.rpartition("}")[2], value, prefix)
            for key, value in element.attrib.items()
            if (key != "id" or value in used) and not value.startswith("rotate(-0 ")
        }
        if element.tag != "text" and not (element.text or "").strip():
            element.text = None
        element.tail = None


def _references(element: ElementTree.Element) -> list[str]:
    links = (value[1:] for key, value in element.attrib.items() if key.endswith("href") and value.startswith("#"))
    return [*links, *(name for value in element.attrib.values() for name in _REFERENCE.findall(value))]


def _attribute(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return f"{prefix}{value}"
    if key == "href":
        return f"#{prefix}{value[1:]}" if value.startswith("#") else "".join(value.split())
    if key == "d":
        return _shorter(" ".join(value.split()))
    if key in ("x", "y"):
        return _shorter(value)
    if key == "style":
        # The darkest of the series may be lightened by a dark page; elsewhere it stays what it is.
        value = value.replace(INK, "currentColor").replace("#0072b2", "var(--ix-blue,#0072b2)")
        value = ";".join(part for part in value.split("; ") if not part.startswith("font-family"))
    return _REFERENCE.sub(rf"url(#{prefix}\1)", value)


def _shorter(numbers: str) -> str:
    """Round coordinates to a hundredth of a point, which no screen shows."""
    return _LONG_DECIMAL.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), numbers)


def _png(figure: Figure, words: str, kind: str) -> str:
    stream = io.BytesIO()
    # Pixels cannot follow the page's colours: they bring white paper of their own.
    figure.savefig(stream, format="png", dpi=192, facecolor="white", metadata={"Software": None})
    data = base64.b64encode(stream.getvalue()).decode()
    width, height = (round(inch * 96) for inch in figure.get_size_inches())
    return (
        f'<img class="ix-{kind} ix-pixels" alt="{html.escape(words)}" width="{width}" height="{height}" '
        f'style="max-width:100%;height:auto" src="data:image/png;base64,{data}">'
    )
