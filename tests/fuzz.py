"""Thousands of damaged files: each ends in a clear error, or in a reading whose account closes. `make fuzz` runs it.

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

_LINES = 400
_HOMES = 20
"""One changed file in so many is loaded as a home, too."""

_TEXT = (".csv", ".tsv", ".xml", ".json")
_PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\2\0\0\0"
_ODD = [
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
]

Change = Callable[[bytes, random.Random], bytes]


# --- what keeps the energy --------------------------------------------------------------------------------------------


def _rows(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def shuffled(content: bytes, dice: random.Random) -> bytes:
    rows = _rows(content)
    body = rows[1:]
    dice.shuffle(body)
    return b"".join([rows[0], *[row if row.endswith(b"\n") else row + b"\n" for row in body]])


def newest_first(content: bytes, _: random.Random) -> bytes:
    rows = _rows(content)
    return b"".join([rows[0], *[row if row.endswith(b"\n") else row + b"\n" for row in rows[:0:-1]]])


def repeated(content: bytes, dice: random.Random) -> bytes:
    rows = _rows(content)
    first = dice.randrange(1, len(rows)) if len(rows) > 1 else 0
    return b"".join([*[row if row.endswith(b"\n") else row + b"\n" for row in rows], *rows[first:]])


def other_encoding(content: bytes, dice: random.Random) -> bytes:
    return content.decode("utf-8", "replace").encode(dice.choice(["utf-16", "utf-8-sig"]))


def other_line_ends(content: bytes, dice: random.Random) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", dice.choice([b"\r\n", b"\r"]))


def without_last_line_end(content: bytes, _: random.Random) -> bytes:
    return content.rstrip(b"\r\n")


def columns_swapped(content: bytes, dice: random.Random) -> bytes:
    rows = [row.rstrip(b"\r\n") for row in _rows(content)]
    sign = max((b",", b";", b"\t"), key=rows[0].count) if rows else b","
    order = list(range(rows[0].count(sign) + 1)) if rows else []
    dice.shuffle(order)
    cells = [row.split(sign) for row in rows]
    if any(b'"' in row for row in rows) or any(len(row) != len(order) for row in cells):
        return content
    return b"\n".join(sign.join(row[place] for place in order) for row in cells) + b"\n"


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
        cells[dice.randrange(len(cells))] = dice.choice(_ODD).encode()
        rows[place] = b",".join(cells).rstrip(b"\r\n") + b"\n"
    return b"".join(rows)


def lines_lost(content: bytes, dice: random.Random) -> bytes:
    return b"".join(row for row in _rows(content) if dice.random() > 0.1)


def headless(content: bytes, _: random.Random) -> bytes:
    return b"".join(_rows(content)[1:])


def joined_up(content: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(content))
    return content[:place] + content[dice.randrange(len(content)) :]


def stuffed(content: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(content))
    return (
        content[:place]
        + dice.choice([b'"', b"\0", b",", b"\n", b"\xff\xfe", b"<!ENTITY x 'y'>", b"{"])
        + content[place:]
    )


def empty(_: bytes, dice: random.Random) -> bytes:
    return dice.choice([b"", b"\n\n\n", b" ", b"\xef\xbb\xbf"])


def picture(content: bytes, dice: random.Random) -> bytes:
    return _PICTURE + (content[:200] if dice.random() < 0.5 else bytes(dice.randrange(256) for _ in range(200)))


KEEPING: tuple[Change, ...] = (
    *(shuffled, newest_first, repeated, other_encoding, other_line_ends, without_last_line_end, columns_swapped),
)
DAMAGING: tuple[Change, ...] = (
    *(cut, cut, flipped, flipped, odd_cells, lines_lost, headless, joined_up, stuffed, empty, picture),
)


# --- what must hold ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Original:
    """A whole file: its name, its bytes, and the energy of its hours by device."""

    name: str
    content: bytes
    hours: dict[tuple[str, pd.Timestamp], float]


def originals(folder: Path) -> list[Original]:
    """Return small files of all formats: those that `exports` writes, and the beginnings of the real ones."""
    kwh = energy()
    for name, write in WRITERS.items():
        write(folder / name, kwh)
    for real in sorted(EXPORTS.iterdir()) if EXPORTS.exists() else []:
        content = real.read_bytes()
        if real.suffix in (".csv", ".tsv"):
            content = b"".join(_rows(content)[:_LINES])
        (folder / real.name).write_bytes(content)
    return [Original(path.name, path.read_bytes(), _hours_or_none(path)) for path in sorted(folder.iterdir())]


def _hours_or_none(path: Path) -> dict[tuple[str, pd.Timestamp], float]:
    """Return the hours of a whole file, none where it asks for a line in home.yaml."""
    try:
        return hours_of(_read(path))
    except InputError:
        return {}


def _read(path: Path) -> Part:
    source = find(path)
    if source is None:
        raise InputError(f"{path.name}: of no known format.")
    return source.read(path, SETTINGS)


def hours_of(part: Part) -> dict[tuple[str, pd.Timestamp], float]:
    """Return the energy of a part by device and hour; of events, by device and start."""
    if part.kind == "events":
        rows = part.frame.drop_duplicates(["device_id", "timestamp", "power_consumption_kwh"])
        column = "power_consumption_kwh"
    else:
        rows, column = readings_to_hours({"f": part.frame}, Settings(), pd.Timedelta(0), Audit()), "energy_kwh"
    keys = zip(rows["device_id"].astype(str), rows["timestamp"], strict=True)
    return dict(zip(keys, rows[column].astype(float), strict=True))


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
    hours = hours_of(part)
    if change in KEEPING and part.kind == "readings" and original.hours:
        return _same(original.hours, hours)
    if change is cut and original.hours:
        return _part_of(original.hours, hours)
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
    lost = unexplained_kwh(loaded)
    return (
        f"{lost:.6g} kWh of the home are lost"
        if abs(lost) > 1e-6 * max(loaded.reconciliation["kwh_read"].sum(), 1)
        else ""
    )


def _same(before: dict[tuple[str, pd.Timestamp], float], after: dict[tuple[str, pd.Timestamp], float]) -> str:
    if abs(sum(before.values()) - sum(after.values())) > 1e-6:
        return f"{sum(before.values()):.6f} kWh became {sum(after.values()):.6f}"
    return ""


def _part_of(before: dict[tuple[str, pd.Timestamp], float], after: dict[tuple[str, pd.Timestamp], float]) -> str:
    differ = [key for key, kwh in after.items() if abs(before.get(key, np.inf) - kwh) > 1e-9]
    often = Counter(device for device, _ in differ)
    if often and max(often.values()) > 2:  # the hour that was cut, and one more where a number was
        return f"{len(differ)} hours differ from those of the whole file, first {differ[0]}"
    return ""


def _late(*_: object) -> None:
    raise TimeoutError(f"not read within {SECONDS} s")


def batch(seed: int, count: int, keep: Path | None) -> list[tuple[str, str, str, str]]:
    """Read `count` changed files; return the faults: file, change, what is wrong, and where the file was kept."""
    dice = random.Random(seed)
    found = []
    signal.signal(signal.SIGALRM, _late)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "whole").mkdir()
        whole = originals(folder / "whole")
        for number in range(count):
            original = dice.choice(whole)
            text = Path(original.name).suffix in _TEXT
            change = dice.choice(KEEPING if text and dice.random() < 0.35 else DAMAGING)
            if (
                change in KEEPING
                and original.name.endswith((".xml", ".json", "nem12.csv"))
                and change is not other_encoding
            ):
                change = cut
            content = change(original.content, dice)
            signal.alarm(SECONDS)
            try:
                fault = fault_of(original, change, content, folder)
                if not fault and number % _HOMES == 0:
                    fault = fault_of_home(original, content, folder)
            except Exception:
                fault = traceback.format_exc(limit=-4)
            finally:
                signal.alarm(0)
            if fault:
                kept = ""
                if keep is not None:
                    kept = f"{seed}_{number}_{original.name}"
                    shutil.copy(folder / original.name, keep / kept)
                found.append((original.name, change.__name__, fault, kept))
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
    faults = [fault for one in batches for fault in one]
    for (name, change, what), number in Counter((name, change, what) for name, change, what, _ in faults).most_common(
        40
    ):
        print(f"{name}, {change}, {number} times: {what}")
    print(f"{size * len(seeds)} changed files in {time.monotonic() - began:.0f} s: {len(faults)} read wrongly.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
