"""Small homes as folders of files, each awkward in its own way, for tests of everything that a page shows.

All but one of them are a few weeks long, so that reading, training and forecasting one takes a second.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

HOSTILE = "<img src=x onerror=alert(1)>"
NAMES = (HOSTILE, "$x^2$", "**bold**", "a_very_long_name_" + "x" * 150, "Wasch\N{MEMO}maschine", "two\nlines")
"""Device names that mean something to HTML, to mathematics, to Markdown, to a layout, to a font and to a file."""

MONDAY = "2024-05-06"
SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
TARIFF = """timezone: Europe/Madrid
country: ES
currency: EUR
tariff: {rate: 0.10, peak_rate: 0.30, peak_hours: ["18:00-22:00"]}
"""


def days(count: float, seed: int = 0, level: float = 0.2, off: float = 0.3) -> np.ndarray:
    """Return hours of a device that is used by day, and not at all in a share `off` of them [kWh]."""
    rng = np.random.default_rng(seed)
    hours = round(24 * count)
    kwh = level * rng.gamma(4, 0.25, hours) * (1.1 + np.sin(2 * np.pi * (np.arange(hours) - 9) / 24))
    return np.where(rng.random(hours) < off, 0.0, kwh).round(4)


def write_readings(folder: Path, start: str = MONDAY, home: str = "", **devices: np.ndarray) -> Path:
    """Write a folder with readings, a column a device, whose stamps are UTC; `home` is the text of home.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    most = max(len(kwh) for kwh in devices.values())
    stamps = pd.date_range(start, periods=most, freq="h", tz="UTC")
    long = [
        pd.DataFrame({"device_id": name, "timestamp": stamps[: len(kwh)], "energy_kwh": kwh})
        for name, kwh in devices.items()
    ]
    frame = pd.concat(long, ignore_index=True)
    frame["timestamp"] = frame["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    frame.to_csv(folder / "readings.csv", index=False)
    if home:
        (folder / "home.yaml").write_text(home, encoding="utf-8")
    return folder


def write_events(folder: Path, uses: pd.DataFrame, home: str = "") -> Path:
    """Write a folder with events: `device_id`, `timestamp` (local), `duration_minutes`, `power_consumption_kwh`."""
    folder.mkdir(parents=True, exist_ok=True)
    uses.to_csv(folder / "events.csv", index=False)
    if home:
        (folder / "home.yaml").write_text(home, encoding="utf-8")
    return folder


def part_of_sample(folder: Path, devices: tuple[str, ...], since: str = "") -> Path:
    """Write the shipped sample with some of its devices alone, and from a day on, but with all of its settings."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("home.yaml", "weather.csv"):
        (folder / name).write_bytes((SAMPLE / name).read_bytes())
    events = pd.read_csv(SAMPLE / "events.csv", dtype=str)
    some = events["device_id"].isin(devices) & (events["timestamp"] >= since)
    events[some].to_csv(folder / "events.csv", index=False)
    return folder


def evenings(device: str, count: int, start: str = MONDAY, at: str = "19:00", minutes: int = 60, kwh: float = 0.5):
    """Return a use each evening, as events."""
    stamps = pd.date_range(f"{start} {at}", periods=count, freq="D").strftime("%Y-%m-%d %H:%M:%S")
    return pd.DataFrame(
        {"device_id": device, "timestamp": stamps, "duration_minutes": minutes, "power_consumption_kwh": kwh}
    )


def three_days(folder: Path) -> Path:
    """A home of three days: too little for any past week, for any trend and for any range."""
    return write_readings(folder, tv=days(3), fridge=days(3, seed=1, off=0))


def one_hour(folder: Path) -> Path:
    """A home of which one hour is known."""
    return write_readings(folder, tv=np.array([0.25]))


def plain_events(folder: Path) -> Path:
    """Events with the four columns that they need and no home.yaml: no tariff, weather, country or rating."""
    uses = [evenings("TV", 24), evenings("KETTLE", 24, at="07:30", minutes=6, kwh=0.2), evenings("IDLE", 24, kwh=0.0)]
    return write_events(folder, pd.concat(uses))


def rated_events(folder: Path) -> Path:
    """Events with ratings, standby and a tariff; one device never uses anything, one is rated at zero watts."""
    uses = pd.concat(
        [
            evenings("TV", 16).assign(power_rating_watt=600, standby_power_watt=10),
            evenings("IDLE", 16, kwh=0.0).assign(power_rating_watt=100, standby_power_watt=5),
            evenings("PAPER", 16, kwh=0.1).assign(power_rating_watt=0, standby_power_watt=0),
        ]
    )
    return write_events(folder, uses, TARIFF + "devices: {TV: {flexible: true}}\n")


def one_device(folder: Path) -> Path:
    """Three weeks of one device."""
    return write_readings(folder, tv=days(21))


def main_meter(folder: Path) -> Path:
    """Sixteen days of a main meter, and no device."""
    return write_readings(folder, main=days(16, off=0), home=TARIFF)


def all_zero(folder: Path) -> Path:
    """A home that used nothing."""
    return write_readings(folder, tv=np.zeros(16 * 24), heater=np.zeros(16 * 24), home=TARIFF)


def gaps(folder: Path) -> Path:
    """Devices with unknown ranges: a week in the middle, a day at the end, all but the last hour, the last five weeks;
    and one that was never used."""
    tv, fridge, new, gone = (days(41, seed=seed, off=0) for seed in range(4))
    tv[20 * 24 : 27 * 24] = np.nan
    fridge[-30:-6] = np.nan
    new[:-1] = np.nan
    gone[6 * 24 :] = np.nan
    return write_readings(folder, tv=tv, fridge=fridge, new=new, gone=gone, heater=np.zeros(41 * 24), home=TARIFF)


def hostile(folder: Path) -> Path:
    """Devices whose names mean something to whatever shows them, all of them flexible."""
    devices = {name: days(16, seed=number) for number, name in enumerate(NAMES)}
    keys = "".join(f"  {quoted(name)}: {{flexible: true}}\n" for name in NAMES)
    return write_readings(folder, home=f"home_id: {quoted(HOSTILE)}\n{TARIFF}devices:\n{keys}", **devices)


def quoted(name: str) -> str:
    """Return a name as home.yaml takes it."""
    return '"' + name.replace("\n", "\\n") + '"'


HOMES: tuple[Callable[[Path], Path], ...] = (
    three_days,
    one_hour,
    rated_events,
    main_meter,
    all_zero,
    gaps,
    hostile,
)
