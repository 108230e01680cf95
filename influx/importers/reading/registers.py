"""Registers that count energy: what was used between two of their states, also where they were reset or replaced.

A register only counts up. Where it does not, the reason is told from what follows: a single state that is off is a
fault of that row; a small step back that is made good is rounding; a state so near zero that the home's usual power
explains it is a register that began anew, and counted what it shows; anything else is another register, and what was
used up to its first state is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_SMALL = 0.02
"""A step back of at most this is rounding or noise, not a reset [kWh]."""

_ASTRAY = 5
"""So many states in a row may be off before they count as a new level."""

_LEAP = 3.0
"""More than so many times the usual power is no use: not the way back from a low state, nor what a new register shows.
"""


@dataclass
class Counted:
    """What the states of a register say, each array of shape (n,), in order of time.

    `kwh` is the energy since the state before that counts, NaN where it is not known; `since` the place of that state
    (-1: none); `estimated` tells that a reset hides a part of it; `reasons` that a state, or its step, cannot be.
    """

    kwh: np.ndarray
    since: np.ndarray
    estimated: np.ndarray
    reasons: np.ndarray
    resets: int = 0
    replaced: int = 0
    back: int = 0
    gaps: list[int] = field(default_factory=list)


def count(state: np.ndarray, hours: np.ndarray, most_kw: float) -> Counted:
    """Return the energy between the states of a register.

    Parameters
    ----------
    state : ndarray of float, shape (n,)
        States [kWh] in order of time; NaN where unknown.
    hours : ndarray of float, shape (n,)
        Their times [h].
    most_kw : float
        More power than this cannot flow [kW].

    Returns
    -------
    Counted
    """
    n = len(state)
    out = Counted(np.full(n, np.nan), np.full(n, -1), np.zeros(n, bool), np.full(n, "", dtype=object))
    known = np.flatnonzero(np.isfinite(state))
    if len(known) < 2:
        return out
    levels, times = state[known].copy(), hours[known]
    keep = _sort_out(levels, times, most_kw, out, known)
    places = known[keep]
    step = np.diff(levels[keep])
    usual = ~np.isin(places[1:], np.array(out.gaps, int))
    out.since[places[1:]] = places[:-1]
    out.kwh[places[1:]] = np.where(usual, np.maximum(step, 0.0), out.kwh[places[1:]])
    return out


def _sort_out(levels: np.ndarray, times: np.ndarray, most_kw: float, out: Counted, known: np.ndarray) -> np.ndarray:
    """Look at each step that is none of a register; mend `levels` in place and return which states count."""
    keep = np.ones(len(levels), bool)
    step = np.diff(levels)
    impossible = (step < 0) | (step > most_kw * np.diff(times) + _SMALL)
    odd = np.flatnonzero(impossible) + 1
    rate = step[~impossible] / np.maximum(np.diff(times)[~impossible], 1e-9)
    usual = float(np.quantile(rate, 0.99)) if len(rate) else 0.0
    done = 0
    for place in odd.tolist():
        before = place - 1
        while before >= 0 and not keep[before]:
            before -= 1
        if place < done or before < 0 or not _is_odd(levels, times, before, place, most_kw):
            continue
        done = _explain(levels, times, before, place, most_kw, usual, keep, out, known)
    return keep


def _is_odd(levels: np.ndarray, times: np.ndarray, before: int, place: int, most_kw: float) -> bool:
    step = levels[place] - levels[before]
    return bool(step < 0 or step > most_kw * (times[place] - times[before]) + _SMALL)


def _explain(
    levels: np.ndarray,
    times: np.ndarray,
    before: int,
    place: int,
    most_kw: float,
    usual: float,
    keep: np.ndarray,
    out: Counted,
    known: np.ndarray,
) -> int:
    """Say what one odd step is; return the first place that is not dealt with yet."""
    step = levels[place] - levels[before]
    if -_SMALL <= step < 0:
        end = place
        while end < len(levels) and -_SMALL <= levels[end] - levels[before] < 0:
            levels[end], end = levels[before], end + 1
        out.back += 1
        return end
    most = min(most_kw, _LEAP * usual)
    anew = 0 <= levels[place] <= most * (times[place] - times[before]) + _SMALL
    for back in range(place + 1, min(place + 1 + _ASTRAY, len(levels))):
        fell = levels[back] < levels[place]
        leapt = levels[back] - levels[back - 1] > most * (times[back] - times[back - 1]) + _SMALL
        returns = fell if step > 0 else leapt or not anew
        if returns and not _is_odd(levels, times, before, back, most_kw):
            keep[place:back] = False
            out.reasons[known[place:back]] = "the register jumps here and comes back: this state cannot be"
            return back
    here = known[place]
    out.gaps.append(int(here))
    if step < 0 and anew:
        out.kwh[here], out.estimated[here] = levels[place], True
        out.resets += 1
    elif step < 0:
        out.replaced += 1
    else:
        out.kwh[here] = step
        out.reasons[here] = f"{step:.6g} kWh since the state before are more than {most_kw:g} kW can bring"
    return place + 1
