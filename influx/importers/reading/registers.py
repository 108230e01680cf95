"""Registers that count energy: what was used between two of their states, also where they were reset or replaced.

A register only counts up. Where it does not, the reason is told from what follows: a single state that is off is a
fault of that row; a small step back that is made good is rounding; a state so near zero that the home's usual power
explains it is a register that began anew, and counted what it shows; anything else is another register, and what was
used up to its first state is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SMALL = 0.02
"""A step back of at most this is rounding or noise, not a reset [kWh]."""

_ASTRAY = 5
"""So many states in a row may be off before they count as a new level."""

_LEAP = 3.0
"""More than so many times the usual power is no use: not the way back from a low state, nor what a new register shows.
"""

_OFF = "the register jumps here and comes back: this state cannot be"


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


def count(state: np.ndarray, hours: np.ndarray, most_kw: float) -> Counted:
    """Return the energy between states [kWh, NaN unknown] in order of time [h], where no more than `most_kw` can flow.

    Examples
    --------
    >>> count(np.array([100.0, 101, 0.5, 1.5]), np.arange(4.0), 10).kwh.tolist()
    [nan, 1.0, 0.5, 1.0]
    """
    n = len(state)
    out = Counted(np.full(n, np.nan), np.full(n, -1), np.zeros(n, bool), np.full(n, "", dtype=object))
    known = np.flatnonzero(np.isfinite(state))
    if len(known) < 2:
        return out
    levels, times = state[known].copy(), hours[known]
    step, span = np.diff(levels), np.diff(times)
    strange = (step < 0) | (step > most_kw * span + _SMALL)
    rate = step[~strange] / np.maximum(span[~strange], 1e-9)
    usual_kw = min(most_kw, _LEAP * float(np.quantile(rate, 0.99)) if len(rate) else 0.0)
    counts, explained, done = np.ones(len(levels), bool), np.zeros(len(levels), bool), 0
    for place in (np.flatnonzero(strange) + 1).tolist():
        before = place - 1
        while not counts[before]:
            before -= 1
        if place < done or not _cannot_be(levels, times, before, place, most_kw):
            continue
        rise, row = levels[place] - levels[before], known[place]
        if -_SMALL <= rise < 0:
            done = place
            while done < len(levels) and -_SMALL <= levels[done] - levels[before] < 0:
                levels[done], done = levels[before], done + 1
            out.back += 1
            continue
        anew = 0 <= levels[place] <= usual_kw * (times[place] - times[before]) + _SMALL
        done = _way_back(levels, times, (before, place), (most_kw, usual_kw), anew)
        if done > place:
            counts[place:done], out.reasons[known[place:done]] = False, _OFF
            continue
        explained[place], done = True, place + 1
        if rise >= 0:
            out.kwh[row] = rise
            out.reasons[row] = f"{rise:.6g} kWh since the state before are more than {most_kw:g} kW can bring"
        elif anew:
            out.kwh[row], out.estimated[row] = levels[place], True
            out.resets += 1
        else:
            out.replaced += 1
    places = known[counts]
    out.since[places[1:]] = places[:-1]
    used = np.maximum(np.diff(levels[counts]), 0.0)
    out.kwh[places[1:]] = np.where(explained[counts][1:], out.kwh[places[1:]], used)
    return out


def _cannot_be(levels: np.ndarray, times: np.ndarray, before: int, place: int, most_kw: float) -> bool:
    step = levels[place] - levels[before]
    return bool(step < 0 or step > most_kw * (times[place] - times[before]) + _SMALL)


def _way_back(
    levels: np.ndarray, times: np.ndarray, places: tuple[int, int], kw: tuple[float, float], anew: bool
) -> int:
    """Return where a register is back on its way after a strange state at the second of `places`, 0 where it never is.

    `kw` are the largest possible power, and the largest usual one.
    """
    before, place = places
    for back in range(place + 1, min(place + 1 + _ASTRAY, len(levels))):
        fell = levels[back] < levels[place]
        leapt = levels[back] - levels[back - 1] > kw[1] * (times[back] - times[back - 1]) + _SMALL
        returns = fell if levels[place] > levels[before] else leapt or not anew
        if returns and not _cannot_be(levels, times, before, back, kw[0]):
            return back
    return 0
