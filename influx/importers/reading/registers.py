"""Registers that count energy: what was used between two of their states, also where they were reset or replaced.

A register only counts up. Where it does not, the reason is told from what follows: a single state that is off, above
or below the others, is a fault of that row, as is a zero before the register's first state; a small step back that is
made good is rounding; a state so near zero that the home's usual power explains it is a register that began anew, and
counted what it shows; anything else is another register, and what was used up to its first state is unknown.
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

_SHORT = 5
"""Fewer steps tell nothing of the usual power."""

_NOT_YET = "the register shows 0 here, and more than is usual right after: this state cannot be"
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
    from_zero = int(levels[0] == 0 and len(levels) > _SHORT + 1)
    usual_kw = min(most_kw, _usual(step[from_zero:], span[from_zero:], strange[from_zero:]))
    counts, explained, done = np.ones(len(levels), bool), np.zeros(len(levels), bool), 0
    if from_zero and 0 < usual_kw < (step[0] - _SMALL) / max(span[0], 1e-9):
        counts[0], out.reasons[known[0]], done = False, _NOT_YET, 2
    for place, back in _strays_above(levels, times, np.flatnonzero(step > usual_kw * span + _SMALL), most_kw):
        counts[place:back], out.reasons[known[place:back]], strange[back - 1] = False, _OFF, False
    resets = _begins_anew(levels[counts])
    for place in (np.flatnonzero(strange) + 1).tolist():
        before = place - 1
        while not counts[before]:
            before -= 1
        if place < done or not counts[place] or not _cannot_be(levels, times, before, place, most_kw):
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
        if not done and not resets:
            back = _changed(levels, place)
            done = back if back and not _cannot_be(levels, times, before, back, most_kw) else 0
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


def _usual(step: np.ndarray, span: np.ndarray, strange: np.ndarray) -> float:
    """Return the power above which a step is a leap [kW], from steps that are not near a fall."""
    usual = ~strange
    for around in (1, _ASTRAY):
        near = np.convolve(step < -_SMALL, np.ones(2 * around + 1))[around:][: len(step)] > 0
        usual = usual & ~near if (usual & ~near).sum() >= _SHORT else usual
    rate = step[usual] / np.maximum(span[usual], 1e-9)
    return _LEAP * float(np.quantile(rate, 0.99)) if len(rate) else 0.0


def _strays_above(levels: np.ndarray, times: np.ndarray, leaps: np.ndarray, most_kw: float) -> list[tuple[int, int]]:
    """Return where states leap above their way, after the places `leaps`, and where the first one is back on it."""
    out: list[tuple[int, int]] = []
    done = 0
    for before in leaps.tolist():
        place = before + 1
        fallen = np.flatnonzero(levels[place + 1 : place + 1 + _ASTRAY] < levels[place])
        back = place + 1 + int(fallen[0]) if len(fallen) else 0
        if before >= done and back and not _cannot_be(levels, times, before, back, most_kw):
            done = back
            out.append((place, back))
    return out


def _changed(levels: np.ndarray, place: int) -> int:
    """Return where a state is no longer what it is at a place, 0 where it stays so for long."""
    other = np.flatnonzero(levels[place + 1 : place + 1 + _ASTRAY] != levels[place])
    return place + 1 + int(other[0]) if len(other) else 0


def _begins_anew(levels: np.ndarray) -> bool:
    """Tell whether a register falls anywhere and does not come back at once, as the sum of a day does."""
    falls = (np.flatnonzero(np.diff(levels) < -_SMALL) + 1).tolist()
    return any(levels[back] < levels[place - 1] for place in falls if (back := _changed(levels, place)))


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
