"""The peers: other packages that forecast the same cases, each by its script in `benchmarks/peers`, in a process apart.

A peer is given the hours of the home's own clock, on which days have 24 hours of which one may be unknown, or be the
mean of two, when the clock changes: its lags of a day and a week then mean the same hour. A peer that cannot be
installed or breaks is told with its reason and stops nothing; so is a device that it refuses.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.methods import BAND, COLUMNS, Answer
from benchmarks.peer_environments import LOCKS, Unavailable, python_for
from benchmarks.process import clean_environment, run
from benchmarks.protocol import Case
from influx.core.local_time import local
from influx.core.parallel import workers

ONE_CORE = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")} | {"INFLUX_WORKERS": "1"}
"""What keeps a process to one core."""


@dataclass(frozen=True)
class Peer:
    """A package, or one of its models: its name, its script, its environment's lock and the oldest Python of that."""

    name: str
    script: Path
    lock: str = "requirements.txt"
    oldest: tuple[int, int] = (3, 11)


PEERS = (
    Peer("statsforecast ConformalSeasonalPool", LOCKS / "with_csp.py"),
    Peer("statsforecast MSTL", LOCKS / "with_mstl.py"),
    Peer("Prophet", LOCKS / "with_prophet.py"),
    Peer("OpenSTEF 4, XGBoost quantiles", LOCKS / "with_openstef.py", "openstef-requirements.txt", (3, 12)),
    Peer("mlforecast, one LightGBM", LOCKS / "with_mlforecast.py"),
    Peer("skforecast, a LightGBM a series", LOCKS / "with_skforecast.py"),
)


def answers(peers: Sequence[Peer], cases: Sequence[Case]) -> dict[str, Answer]:
    """Let every peer forecast all cases, as many peers at once as there are cores for; each keeps to one."""
    pythons = {peer.name: _python(peer) for peer in peers}
    with ThreadPoolExecutor(workers()) as pool:
        found = pool.map(lambda peer: answer(peer, cases, pythons[peer.name]), peers)
        return dict(zip((peer.name for peer in peers), found, strict=True))


def answer(peer: Peer, cases: Sequence[Case], python: Path | Unavailable) -> Answer:
    """Let one peer forecast all cases in one process."""
    if isinstance(python, Unavailable):
        return Answer(failed=str(python))
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "asked.parquet", Path(folder) / "answered.parquet"
        pd.concat([question(case) for case in cases], ignore_index=True).to_parquet(asked)
        try:
            run([python, peer.script, asked, answered], Path(folder), clean_environment() | ONE_CORE)
            return read(answered, cases)
        except Exception as error:  # whatever a peer does, the others go on
            _, *said = str(error).strip().splitlines() or [""]
            return Answer(failed=said[-1][:200] if said else f"it broke off: {type(error).__name__}")


def question(case: Case) -> pd.DataFrame:
    """Return a case as a peer is asked: `case`, `series`, `timestamp` of the home's clock, `kwh`, `ahead`."""
    first = _clock(case, case.truth.index[:1])[0]
    known = case.history.set_axis(_clock(case, case.history.index)).groupby(level=0).mean()
    hours = pd.date_range(known.index[0], _clock(case, case.truth.index[-1:])[0], freq="h", name="timestamp")
    wide = known[known.index < first].reindex(hours).set_axis(_names(case), axis=1)
    long = wide.melt(var_name="series", value_name="kwh", ignore_index=False).reset_index()
    return long.assign(case=case.key, ahead=long["timestamp"] >= first)


def read(file: Path, cases: Iterable[Case]) -> Answer:
    """Return what a peer's script wrote."""
    said = pd.read_parquet(file)
    versions = json.loads((pq.read_schema(file).metadata or {}).get(b"versions", b"{}"))
    seconds = {str(key): float(value) for key, value in said.groupby("case")["seconds"].first().items()}
    by_case, parts, refused = dict(tuple(said.groupby("case"))), [], {}
    for case in cases:
        rows = by_case[case.key].set_index("timestamp")
        hours = _clock(case, case.truth.index)
        for name, device in zip(_names(case), case.history, strict=True):
            own = rows[rows["series"] == name]
            if own["reason"].iloc[0]:
                refused[case.key, *device] = str(own["reason"].iloc[0])
                continue
            frame = own[[*BAND, "mean"]].reindex(hours).set_axis(case.truth.index).reset_index()
            parts.append(frame.assign(case=case.key, home_id=device[0], device_id=device[1]))
    forecasts = pd.concat(parts, ignore_index=True)[COLUMNS] if parts else Answer().forecasts
    return Answer(forecasts, refused, seconds, versions)


def _python(peer: Peer) -> Path | Unavailable:
    try:
        return python_for(peer.lock, peer.oldest)
    except Unavailable as reason:
        return reason


def _clock(case: Case, stamps: pd.Index) -> pd.DatetimeIndex:
    """Return whole hours of the home's clock."""
    return local(pd.DatetimeIndex(stamps), case.timezone)


def _names(case: Case) -> list[str]:
    return [f"{number:04d}" for number in range(len(case.history.columns))]
