"""What the temperature of the coming week is worth: known perfectly, forecast as well as usual, and not at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.methods import answer, with_influx
from benchmarks.protocol import HOUR, WEEK, Case, Readings, cases, read_set
from benchmarks.registry import Findings, Measured, Options, Skipped, Table, benchmark
from benchmarks.scores import score, summary

DEGREES = ((1, 7), (1.0, 2.5))
"""Days ahead, and the standard deviation of a usual forecast's error then [C]; before the first day as on it."""

CORRELATION = 0.97
"""Of the errors of one hour and the next."""

MOST = 0.97

Weather = Callable[[Case, pd.DataFrame], "pd.DataFrame | None"]


@benchmark("temperature", runs=1)
def temperature(options: Options) -> Findings:
    """The protocol of the accuracy benchmark with the outdoor temperature, of the past and of the week ahead.

    The usual error grows from 1 C on the first day to 2.5 C on the seventh, and lasts for days.
    """
    ways: dict[str, Weather] = {"without": lambda case, weather: None, "perfect": perfect, "with usual errors": usual}
    loss, cover, measured = [], [], []
    for readings in _sets(options):
        found = {name: _summary(readings, way) for name, way in ways.items()}
        loss.append([readings.name, *(f"{one['pinball']:.3f}" for one in found.values())])
        cover.append([readings.name, *(f"{one['coverage']:.1%}" for one in found.values())])
        for name, most in (("perfect", MOST), ("with usual errors", None)):
            ratio = found[name]["pinball"] / found["without"]["pinball"]
            measured.append(Measured(f"{readings.name}: loss over that without temperature, {name}", ratio, "", most))
    tables = [
        Table("Scaled pinball loss (lower is better)", ["set", *ways], loss),
        Table("What the band from p10 to p90 covered", ["set", *ways], cover),
    ]
    return Findings(tables, measured)


def perfect(case: Case, weather: pd.DataFrame) -> pd.DataFrame:
    """Return the recorded temperature of the past and of the week ahead."""
    return weather[weather["timestamp"] < case.origin + WEEK * HOUR]


def usual(case: Case, weather: pd.DataFrame) -> pd.DataFrame:
    """Return the recorded temperature, that of the week ahead with an error of a usual size."""
    out = perfect(case, weather).copy()
    lead = ((out["timestamp"] - case.origin) / HOUR).to_numpy()
    ahead = np.flatnonzero(lead >= 0)
    error = errors(int(case.origin.timestamp()) // 3600)
    out.iloc[ahead, out.columns.get_loc("outdoor_temp_celsius")] += error[lead[ahead].astype(int)]
    return out


def errors(seed: int) -> np.ndarray:
    """Return the errors of a temperature forecast, hour by hour of a week [C]: first-order autoregressive, growing."""
    random = np.random.default_rng(seed)
    steps = random.standard_normal(WEEK)
    steps[1:] *= np.sqrt(1 - CORRELATION**2)
    unit = [steps[0]]
    for step in steps[1:]:
        unit.append(CORRELATION * unit[-1] + step)
    return np.interp(np.arange(WEEK) / 24, *DEGREES) * np.array(unit)


def _summary(readings: Readings, way: Weather) -> pd.Series:
    asked = list(cases(readings))
    known = readings.weather
    assert known is not None
    said = answer(lambda case: with_influx(case, way(case, known)), asked)
    return summary(score(asked, said)).reindex([readings.name]).iloc[0]


def _sets(options: Options) -> list[Readings]:
    """Return every set that has its weather beside it, and the ten homes in London whose weather is in `--data-dir`."""
    beside = sorted(options.sets.glob("*.weather.parquet"))
    files = [file.with_name(file.name.replace(".weather.", ".")) for file in beside]
    out = [read_set(file, options.timezone) for file in files if file.exists()]
    homes, weather = (
        options.data_dir / "homes" / f"{name}.parquet"
        for name in ("london_10_halfhourly", "london_price_temperature_halfhourly")
    )
    if homes.exists() and weather.exists():
        out.append(london(pd.read_parquet(homes), pd.read_parquet(weather)))
    if not out:
        raise Skipped("there are no readings with weather (NAME.weather.parquet beside NAME.parquet)")
    return out


def london(halves: pd.DataFrame, weather: pd.DataFrame) -> Readings:
    """Return ten homes as hours, known where both halves are, with hourly means of the temperature."""
    hour = pd.Grouper(key="timestamp", freq="h")
    energy = halves.groupby(["home_id", "device_id", hour])["energy_kwh"].sum(min_count=2)
    hours = energy.unstack(["home_id", "device_id"]).asfreq("h")
    return Readings(
        "london_10", "Europe/London", hours, weather.groupby(hour)["outdoor_temp_celsius"].mean().reset_index()
    )
