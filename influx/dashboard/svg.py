"""Drawings for a web page: SVG made of strings, whose ink is the page's own, so that light and dark both read.

A drawing is made twice, wide for a desk and narrow for a phone, and a media query shows the one that fits; shrinking
one drawing would shrink its words too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

import numpy as np

WIDE, NARROW = 900, 400
"""Widths of the two drawings [px]; one that is narrower than its column is not stretched."""


class Chart:
    """A plot area with a time or number axis below and one from zero on the left.

    Parameters
    ----------
    width, height : int
        Of the whole drawing [px].
    x : tuple of float
        Ends of the horizontal axis, in any unit.
    y : tuple of float
        Ends of the vertical axis.
    left, right, top, bottom : int
        Margins [px].
    """

    def __init__(
        self,
        width: int,
        height: int,
        x: tuple[float, float],
        y: tuple[float, float],
        left: int = 52,
        right: int = 12,
        top: int = 14,
        bottom: int = 40,
    ) -> None:
        self.width, self.height = width, height
        self.x_ends, self.y_ends = x, (y[0], y[1] if y[1] > y[0] else y[0] + 1)
        self.left, self.right, self.top, self.bottom = left, right, top, bottom
        self.parts: list[str] = []

    @property
    def narrow(self) -> bool:
        """Whether it is the drawing for a phone."""
        return self.width < 600

    def x(self, value: float) -> float:
        """Return the horizontal place of a value [px]."""
        low, high = self.x_ends
        return self.left + (float(value) - low) / (high - low) * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Return the vertical place of a value [px]."""
        low, high = self.y_ends
        return self.height - self.bottom - (float(value) - low) / (high - low) * (self.height - self.top - self.bottom)

    def rect(self, x0: float, x1: float, y0: float, y1: float, style: str, told: str = "") -> None:
        """Fill between values; `told` is shown where the pointer rests."""
        left, right, top, bottom = self.x(x0), self.x(x1), self.y(max(y0, y1)), self.y(min(y0, y1))
        body = f"<title>{escape(told)}</title>" if told else ""
        size = f'width="{max(right - left, 0):.1f}" height="{max(bottom - top, 0):.1f}"'
        self.parts.append(f'<rect x="{left:.1f}" y="{top:.1f}" {size} {style}>{body}</rect>')

    def steps(self, x: np.ndarray, y: np.ndarray, width: float, style: str) -> None:
        """Draw values that each hold for `width`, as a line of steps; NaN leaves a gap."""
        path, pen = [], False
        for place, value in zip(x, y, strict=True):
            if not math.isfinite(value):
                pen = False
                continue
            sign = "L" if pen else "M"
            path.append(f"{sign}{self.x(place):.1f} {self.y(value):.1f}H{self.x(place + width):.1f}")
            pen = True
        self.parts.append(f'<path d="{"".join(path)}" fill="none" {style}/>')

    def band(self, x: np.ndarray, low: np.ndarray, high: np.ndarray, width: float, style: str) -> None:
        """Fill between two lines of steps."""
        known = np.isfinite(low) & np.isfinite(high)
        there = list(zip(x[known], low[known], high[known], strict=True))
        upper = [f"L{self.x(at):.1f} {self.y(end):.1f}H{self.x(at + width):.1f}" for at, _, end in there]
        lower = [f"L{self.x(at + width):.1f} {self.y(end):.1f}H{self.x(at):.1f}" for at, end, _ in reversed(there)]
        if upper:
            self.parts.append(f'<path d="M{upper[0][1:]}{"".join(upper[1:])}{"".join(lower)}Z" {style}/>')

    def dots(self, x: np.ndarray, y: np.ndarray, radius: float, style: str) -> None:
        """Mark points."""
        spots = (
            f'<circle cx="{self.x(a):.1f}" cy="{self.y(b):.1f}" r="{radius}"/>'
            for a, b in zip(x, y, strict=True)
            if math.isfinite(b)
        )
        self.parts.append(f"<g {style}>{''.join(spots)}</g>")

    def line(self, x0: float, y0: float, x1: float, y1: float, style: str) -> None:
        """Draw a straight line between values."""
        ends = f'x1="{self.x(x0):.1f}" y1="{self.y(y0):.1f}" x2="{self.x(x1):.1f}" y2="{self.y(y1):.1f}"'
        self.parts.append(f"<line {ends} {style}/>")

    def words(
        self, x: float, y: float, text: str, anchor: str = "middle", dx: float = 0, dy: float = 0, style: str = ""
    ) -> None:
        """Write at a value's place, moved by (dx, dy) pixels."""
        place = f'x="{self.x(x) + dx:.1f}" y="{self.y(y) + dy:.1f}" text-anchor="{anchor}"'
        self.parts.append(f"<text {place} {style}>{escape(text)}</text>")

    def y_axis(self, unit: str, count: int = 4) -> None:
        """Draw ticks, their grid, and the unit above them."""
        for tick in ticks(*self.y_ends, count):
            self.line(self.x_ends[0], tick, self.x_ends[1], tick, 'class="ix-grid"')
            self.words(self.x_ends[0], tick, f"{tick:g}", "end", -8, 4)
        self.parts.append(f'<text x="2" y="10" class="ix-unit">{escape(unit)}</text>')

    def x_axis(self, marks: Sequence[tuple[float, str]]) -> None:
        """Write marks below the axis; a line break in one makes two lines."""
        for place, text in marks:
            for number, row in enumerate(text.split("\n")):
                self.words(place, self.y_ends[0], row, dy=18 + 14 * number)
        self.line(self.x_ends[0], self.y_ends[0], self.x_ends[1], self.y_ends[0], 'class="ix-axis"')

    def drawing(self, told: str) -> str:
        """Return the SVG; `told` is what somebody hears who does not see it."""
        size = f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}"'
        named = f'role="img" aria-label="{escape(told, quote=True)}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {named} {size}>{"".join(self.parts)}</svg>'


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round values within (low, high), about `count` of them."""
    span = (high - low) / max(count, 1)
    if span <= 0 or not math.isfinite(span):
        return [low]
    step = 10 ** math.floor(math.log10(span))
    step *= next(times for times in (1, 2, 2.5, 5, 10) if times * step >= span * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def figure(draw: Callable[[int], Chart], told: str, caption: str) -> str:
    """Return a figure of two drawings, of which a media query shows the one that fits.

    Parameters
    ----------
    draw : callable
        Takes a width [px] and returns the chart.
    told : str
        What it shows, for those who do not see it.
    caption : str
        What to see in it.
    """
    wide, narrow = draw(WIDE).drawing(told), draw(NARROW).drawing(told)
    return (
        f'<figure class="ix-figure"><div class="ix-wide">{wide}</div><div class="ix-narrow">{narrow}</div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
