"""Thousands of damaged files: each ends in a clear error, or in a reading whose audit closes. `make fuzz` runs it.

Whatever a mutation keeps whole (rows shuffled or repeated, another encoding, columns in another order) must give the
same energy, or an error; what it cuts off may be lacking, and nothing else may change. What was found here stands in
the tests of the format.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from exports import WRITERS, energy

import influx
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.home.audit import Audit
from influx.home.home import unexplained_kwh
from influx.home.resample import readings_to_hours
from influx.importers import Part, find

ROOT = Path(__file__).parents[1]
EXPORTS = ROOT.parent / "shared" / "data" / "exports"
SETTINGS = Settings(timezone="Europe/Amsterdam")

SECONDS = 20
"""No small file takes longer, however it is damaged."""

LINES = 400
"""Of a real file so many are taken."""

HOMES = 20
"""One changed file in so many is loaded as a home, too."""

TEXT = (".csv", ".tsv", ".xml", ".json")
PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\2\0\0\0"
ODD = (
    "1e308",
    "-1e308",
    "999999999999",
    "NaN",
    "inf",
    "1,5",
    "1.234.567",
    "0x10",
    "''",
    '"',
    "=1+1",
    "\x1b[31m",
    "日本",
)
STUFFING = (b'"', b"\0", b",", b"\n", b"\xff\xfe", b"<!ENTITY x 'y'>", b"{")

Change = Callable[[bytes, random.Random], bytes]


def _rows(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def _joined(*rows: bytes) -> bytes:
    return b"".join(row if row.endswith(b"\n") else row + b"\n" for row in rows)


# --- what keeps the energy --------------------------------------------------------------------------------------------


def shuffled(content: bytes, dice: random.Random) -> bytes:
    head, *body = _rows(content)
    return _joined(head, *dice.sample(body, len(body)))


def newest_first(content: bytes, _: random.Random) -> bytes:
    head, *body = _rows(content)
    return _joined(head, *body[::-1])


def repeated(content: bytes, dice: random.Random) -> bytes:
    rows = _rows(content)
    return _joined(*rows, *rows[dice.randrange(1, len(rows)) if len(rows) > 1 else 0 :])


def rewritten(content: bytes, dice: random.Random) -> bytes:
    """Write the same text in another encoding, with other line ends, or without the last of them."""
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    encoding, ends = dice.choice([("utf-16", "\n"), ("utf-8-sig", "\n"), ("utf-8", "\r\n"), ("utf-8", "\r")])
    return (text if dice.random() < 0.7 else text.rstrip("\n")).replace("\n", ends).encode(encoding)


def columns_swapped(content: bytes, dice: random.Random) -> bytes:
    rows = content.splitlines() or [b""]
    sign = max((b",", b";", b"\t"), key=rows[0].count)
    order = list(range(rows[0].count(sign) + 1))
    dice.shuffle(order)
    cells = [row.split(sign) for row in rows]
    if b'"' in content or any(len(row) != len(order) for row in cells):
        return content
    return _joined(*(sign.join(row[place] for place in order) for row in cells))


# --- what damages it --------------------------------------------------------------------------------------------------


def cut(content: bytes, dice: random.Random) -> bytes:
    return content[: dice.randrange(len(content))]


def flipped(content: bytes, dice: random.Random) -> bytes:
    out = bytearray(content)
    for _ in range(dice.choice([1, 3, 30])):
        out[dice.randrange(len(out))] = dice.randrange(256)
    return bytes(out)


def odd_cells(content: bytes, dice: random.Random) -> bytes:
    rows = _rows(content)
    for _ in range(dice.choice([1, 5, 50])):
        place = dice.randrange(len(rows))
        cells = rows[place].split(b",")
        cells[dice.randrange(len(cells))] = dice.choice(ODD).encode()
        rows[place] = b",".join(cells).rstrip(b"\r\n") + b"\n"
    return b"".join(rows)


def lines_lost(content: bytes, dice: random.Random) -> bytes:
    first = int(dice.random() < 0.3)  # the header is lost, too
    return b"".join(row for row in _rows(content)[first:] if dice.random() > 0.1)


def stuffed(content: bytes, dice: random.Random) -> bytes:
    first, second = dice.randrange(len(content)), dice.randrange(len(content))
    return content[:first] + dice.choice(STUFFING) + content[dice.choice([first, second]) :]


def replaced(content: bytes, dice: random.Random) -> bytes:
    return dice.choice([b"", b"\n\n\n", b" ", b"\xef\xbb\xbf", PICTURE + content[:200], PICTURE + dice.randbytes(200)])


KEEPING: tuple[Change, ...] = (shuffled, newest_first, repeated, rewritten, columns_swapped)
DAMAGING: tuple[Change, ...] = (cut, cut, flipped, flipped, odd_cells, lines_lost, stuffed, replaced)


# --- what must hold ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Original:
    """A whole file: its name, its bytes, its hours; none where it asks for a line in home.yaml."""

    name: str
    content: bytes
    hours: pd.Series


def originals(folder: Path) -> list[Original]:
    """Return small files of all formats: those that `exports` writes, and the beginnings of the real ones."""
    kwh = energy()
    for name, write in WRITERS.items():
        write(folder / name, kwh)
    for real in sorted(EXPORTS.iterdir()) if EXPORTS.exists() else []:
        content = real.read_bytes()
        (folder / real.name).write_bytes(
            b"".join(_rows(content)[:LINES]) if real.suffix in (".csv", ".tsv") else content
        )
    return [Original(path.name, path.read_bytes(), _whole(path)) for path in sorted(folder.iterdir())]


def _whole(path: Path) -> pd.Series:
    try:
        return hours_of(_read(path))
    except InputError:
        return pd.Series(dtype=float)


def _read(path: Path) -> Part:
    source = find(path)
    if source is None:
        raise InputError(f"{path.name}: of no known format.")
    return source.read(path, SETTINGS)


def hours_of(part: Part) -> pd.Series:
    """Return the energy of a part by device and hour; of events, by device and start [kWh]."""
    if part.kind == "events":
        rows = part.frame.drop_duplicates(["device_id", "timestamp", "power_consumption_kwh"])
        rows = rows.rename(columns={"power_consumption_kwh": "energy_kwh"})
    else:
        rows = readings_to_hours({"f": part.frame}, Settings(), pd.Timedelta(0), Audit())
    hours = rows.astype({"device_id": str, "energy_kwh": float}).set_index(["device_id", "timestamp"])["energy_kwh"]
    return hours[~hours.index.duplicated(keep="last")]


def fault_of(original: Original, change: Change, content: bytes, folder: Path) -> str:
    """Return what is wrong with how a changed file is read, or nothing."""
    path = folder / original.name
    path.write_bytes(content)
    try:
        part = _read(path)
    except InputError as error:
        return "" if original.name in str(error) else f"an error that does not name the file: {error}"
    if part.kind not in ("events", "readings"):
        return ""
    used = int((part.frame["row"] > 0).sum())
    if part.rows_read != used + len(part.rejected):
        return f"{part.rows_read} rows read, {used} used, {len(part.rejected)} rejected"
    if (part.rejected["reason"] == "").any():
        return "a row is rejected without a reason"
    kwh = part.frame["power_consumption_kwh" if part.kind == "events" else "energy_kwh"]
    if not np.isfinite(kwh.dropna()).all() or (kwh < 0).any():
        return "energy that is infinite or negative"
    if original.hours.empty:
        return ""
    hours = hours_of(part)
    if change in KEEPING and part.kind == "readings" and abs(original.hours.sum() - hours.sum()) > 1e-6:
        return f"{original.hours.sum():.6f} kWh became {hours.sum():.6f}"
    differ = hours[~((original.hours.reindex(hours.index) - hours).abs() <= 1e-9)]
    if change is cut and differ.groupby(level=0).size().max() > 2:  # the hour that was cut, and one where a number was
        return f"{len(differ)} hours differ from those of the whole file, first {differ.index[0]}"
    return ""


def fault_of_home(original: Original, content: bytes, folder: Path) -> str:
    """Return what is wrong with a home of one changed file, or nothing."""
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (home / original.name).write_bytes(content)
    try:
        loaded = influx.load(home)
    except InputError:
        return ""
    lost, read = unexplained_kwh(loaded), loaded.reconciliation["kwh_read"].sum()
    return f"{lost:.6g} kWh of the home are lost" if abs(lost) > 1e-6 * max(read, 1) else ""


def _late(*_: object) -> None:
    raise TimeoutError(f"not read within {SECONDS} s")


def _drawn_change(name: str, dice: random.Random) -> Change:
    """Return a change; rows of XML, JSON and NEM12 mean something in their order."""
    keeps = Path(name).suffix in TEXT and dice.random() < 0.35
    change = dice.choice(KEEPING if keeps else DAMAGING)
    ordered = name.endswith((".xml", ".json", "nem12.csv"))
    return cut if ordered and change in KEEPING and change is not rewritten else change


def batch(seed: int, count: int, keep: Path | None) -> list[tuple[str, str, str]]:
    """Read `count` changed files; return the faults: file, change, and what is wrong. Such files go into `keep`."""
    dice = random.Random(seed)
    found = []
    signal.signal(signal.SIGALRM, _late)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "whole").mkdir()
        whole = originals(folder / "whole")
        for number in range(count):
            original = dice.choice(whole)
            change = _drawn_change(original.name, dice)
            content = change(original.content, dice)
            signal.alarm(SECONDS)
            try:
                fault = fault_of(original, change, content, folder)
                if not fault and number % HOMES == 0:
                    fault = fault_of_home(original, content, folder)
            except Exception:
                fault = traceback.format_exc(limit=-4)
            finally:
                signal.alarm(0)
            if fault:
                found.append((original.name, change.__name__, fault))
                if keep is not None:
                    shutil.copy(folder / original.name, keep / f"{seed}_{number}_{original.name}")
    return found


def main() -> int:
    """Read as many changed files as asked for, and print what was found."""
    parser = argparse.ArgumentParser(prog="python tests/fuzz.py", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the files that were read wrongly")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    began, size = time.monotonic(), 250
    seeds = range(options.seed * 1_000_000, options.seed * 1_000_000 + -(-options.count // size))
    with ProcessPoolExecutor() as pool:
        batches = list(pool.map(batch, seeds, [size] * len(seeds), [options.keep] * len(seeds)))
    faults = [fault for found in batches for fault in found]
    for (name, change, what), number in Counter(faults).most_common(40):
        print(f"{name}, {change}, {number} times: {what}")
    print(f"{size * len(seeds)} changed files in {time.monotonic() - began:.0f} s: {len(faults)} read wrongly.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
