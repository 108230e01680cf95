"""How good the forecasts are, side by side with simple methods and with other packages, on the same hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from benchmarks.methods import Answer, answer, with_candidate, with_influx, with_plain_climatology
from benchmarks.peers_answer import PEERS, answers
from benchmarks.protocol import Case, cases, read_sets
from benchmarks.registry import Findings, Measured, Options, Skipped, Table, benchmark
from benchmarks.scores import DEVICE, score, summary

OURS, PLAIN = "InFlux", "plain climatology"
METHODS = {
    OURS: with_influx,
    "InFlux, similar days alone": with_candidate("similar days"),
    "recency-weighted climatology": with_candidate("climatology"),
    PLAIN: with_plain_climatology(),
    "seasonal naive": with_candidate("seasonal naive"),
}

MOST = {"opsd_devices": 0.270, "uci_house": 0.255, "london_a": 0.292}
"""Scaled pinball loss that should not be exceeded."""

MOST_OF_BEST_PEER, MOST_BIAS = 0.90, 0.10


@benchmark("accuracy", runs=1)
def accuracy(options: Options) -> Findings:
    """A week ahead at five origins, 28 days apart, from at most a year of hours, without weather.

    A device's loss is divided by the mean absolute change from week to week of its history; mean over origins, then
    over devices.
    """
    asked = [case for readings in read_sets(options) for case in cases(readings)]
    if not asked:
        raise Skipped("no set has a week to forecast and more than one before it")
    found = {name: answer(forecast, asked) for name, forecast in METHODS.items()}
    if options.peers:
        found |= answers(PEERS, asked)
    scores = {name: score(asked, said) for name, said in found.items()}
    sets = list(dict.fromkeys(case.name for case in asked))
    versions = sorted({f"{name} {version}" for said in found.values() for name, version in said.versions.items()})
    peers = [name for name in found if name not in METHODS]
    return Findings(_tables(found, scores, sets, asked), _bounds(scores, sets, peers), versions)


def _tables(
    found: Mapping[str, Answer], scores: Mapping[str, pd.DataFrame], sets: Sequence[str], asked: Sequence[Case]
) -> list[Table]:
    by_method = {name: summary(one) for name, one in scores.items()}
    count = sum(len(case.history.columns) for case in asked)

    def table(title: str, column: str, show: Callable[[float], str]) -> Table:
        rows = [[name, *_cells(one[column], sets, show)] for name, one in by_method.items()]
        return Table(title, ["method", *sets], rows)

    loss = table("Scaled pinball loss of p10, p50 and p90 (lower is better)", "pinball", "{:.3f}".format)
    more = [
        [f"{len(said.refused)} of {count}" if not said.failed else "all", _seconds(said)] for said in found.values()
    ]
    rows = [[*row, *extra] for row, extra in zip(loss.rows, more, strict=True)]
    columns = [*loss.columns, "not forecast", "processor s an origin"]
    return [
        Table(loss.title, columns, rows, [note for name, said in found.items() for note in _notes(name, said)]),
        table("What the band from p10 to p90 covered (it promises 80 %)", "coverage", "{:.1%}".format),
        table("Absolute error of daily energy over energy, mean over devices", "wape", "{:.1%}".format),
        table("Bias: expected minus observed energy over the observed, mean over devices", "bias", "{:+.1%}".format),
    ]


def _cells(column: pd.Series, sets: Sequence[str], show: Callable[[float], str]) -> list[str]:
    return [show(column[name]) if name in column else "-" for name in sets]


def _seconds(said: Answer) -> str:
    return f"{sum(said.seconds.values()) / len(said.seconds):.2g}" if said.seconds else "-"


def _notes(name: str, said: Answer) -> list[str]:
    """Tell what a method did not forecast, and why."""
    if said.failed:
        return [f"{name} took no part: {said.failed}"]
    times = Counter((case.rpartition(" ")[0], why, device) for (case, _, device), why in said.refused.items())
    devices: dict[tuple[str, str], list[str]] = {}
    for (set_, why, device), count in times.items():
        devices.setdefault((set_, why), []).append(device if count == 1 else f"{device} ({count} x)")
    return [f"{name} did not forecast of {set_}: {', '.join(those)}. {why}" for (set_, why), those in devices.items()]


def _bounds(scores: Mapping[str, pd.DataFrame], sets: Sequence[str], peers: Sequence[str]) -> list[Measured]:
    ours, plain = (summary(scores[name]).reindex(sets) for name in (OURS, PLAIN))
    out = []
    for name in sets:
        out.append(Measured(f"{name}: scaled pinball loss", ours["pinball"][name], "", at_most=MOST.get(name)))
        leads = [(_ratio(scores, peer, name), peer) for peer in peers if name in set(scores[peer]["set"])]
        for ratio, peer in sorted(leads)[-1:]:
            what = f"{name}: loss over that of the best peer ({peer})"
            out.append(Measured(what, ratio, "", at_most=MOST_OF_BEST_PEER))
        error = ours["wape"][name] / plain["wape"][name]
        out.append(Measured(f"{name}: daily error over that of plain climatology", error, "", at_most=1))
        bias = 100 * ours["bias"][name]
        out.append(Measured(f"{name}: bias", bias, "%", at_most=100 * MOST_BIAS, at_least=-100 * MOST_BIAS))
    return out


def _ratio(scores: Mapping[str, pd.DataFrame], peer: str, name: str) -> float:
    """Return InFlux's loss over a peer's, on the devices and origins of a set that both forecast."""
    keys = [*DEVICE, "origin"]
    both = scores[OURS].merge(scores[peer], on=keys, suffixes=("", "_peer"))
    mean = both[both["set"] == name].groupby(DEVICE)[["pinball", "pinball_peer"]].mean().mean()
    return float(mean["pinball"] / mean["pinball_peer"])
