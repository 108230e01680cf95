"""Colours: Okabe and Ito's, which colour-blind readers tell apart, and one for a device wherever it is drawn."""

from __future__ import annotations

from collections.abc import Iterable

from influx.core.constants import HOUSEHOLD, OTHER

SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#999999", "#B8A200")
"""In the order in which devices get them; black is grey here and yellow is darker, so that both show on light and on
dark paper."""

ACCENT = SERIES[0]
GREY = "#999999"


def colours(devices: Iterable[str]) -> dict[str, str]:
    """Return one colour a device, by the order of their names: the same on every page that hands over the same devices.

    The household has the accent colour and `other` is grey; beyond six devices the colours repeat, paler.
    """
    names = sorted(set(devices) - {HOUSEHOLD, OTHER})
    hues = [hue for hue in SERIES if hue not in (ACCENT, GREY)]
    out = {HOUSEHOLD: ACCENT, OTHER: GREY}
    for number, name in enumerate(names):
        hue = hues[number % len(hues)]
        out[name] = hue if number < len(hues) else hue + "88"
    return out
