"""What forecasts the protocol's cases in this process: InFlux, its candidates alone, and plain climatology.

An answer is a frame of forecasts and a frame of refusals: a method that cannot forecast a device is not scored on it,
and the table says how often that was. Time is the processor's, so that a busy machine changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

import influx
from benchmarks.protocol import WEEK, Case
from influx.core.local_time import local
from influx.forecasting.models import MODELS

QUANTILES = (0.1, 0.5, 0.9)
BAND = ["p10", "p50", "p90"]
COLUMNS = ["case", "home_id", "device_id", "timestamp", *BAND, "mean"]
PLAIN_DAYS = 56

Said = tuple[list[pd.DataFrame], dict[tuple[str, str], str]]
"""The forecasts of a case, and why a device (home_id, device_id) has none."""

Forecast = Callable[[Case], Said]


@dataclass(frozen=True)
class Answer:
    """What a method said of all cases.

    Attributes
    ----------
    forecasts : DataFrame
        `case`, `home_id`, `device_id`, `timestamp` (UTC), `p10`, `p50`, `p90`, `mean` [kWh].
    refused : dict
        Why there is no forecast of a (case, home_id, device_id).
    seconds : dict
        Processor time of each case [s].
    versions : dict
        Of the packages that it used.
    failed : str
        Why there is nothing at all.
    """

    forecasts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))
    refused: dict[tuple[str, str, str], str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    failed: str = ""


def answer(forecast: Forecast, cases: Iterable[Case]) -> Answer:
    """Let a method forecast every case."""
    parts: list[pd.DataFrame] = []
    refused: dict[tuple[str, str, str], str] = {}
    seconds: dict[str, float] = {}
    for case in cases:
        began = time.process_time()
        frames, reasons = forecast(case)
        seconds[case.key] = time.process_time() - began
        parts += [frame.assign(case=case.key) for frame in frames]
        refused |= {(case.key, *device): why for device, why in reasons.items()}
    forecasts = pd.concat(parts, ignore_index=True)[COLUMNS] if parts else Answer().forecasts
    return Answer(forecasts, refused, seconds)


def with_influx(case: Case, weather: pd.DataFrame | None = None) -> Said:
    """Forecast each home by `influx.forecast`, as a user does, the household with it."""
    parts: list[pd.DataFrame] = []
    reasons: dict[tuple[str, str], str] = {}
    for home_id in case.history.columns.unique(0):
        devices = list(case.history[home_id])
        try:
            said = influx.forecast(case.home(home_id), horizon=WEEK, timezone=case.timezone, weather=weather)
        except influx.InputError as error:
            reasons |= {(home_id, device): str(error) for device in devices}
            continue
        missing = set(devices) - set(said["device_id"])
        reasons |= {(home_id, device): "left out of the forecast" for device in missing}
        parts.append(said.rename(columns={"energy_kwh": "mean"})[COLUMNS[1:]])
    return parts, reasons


def with_candidate(name: str) -> Forecast:
    """Forecast each device by one of InFlux's models, without a contest."""

    def one(energy: pd.Series, hours: pd.DatetimeIndex, timezone: str) -> np.ndarray:
        model = MODELS[name]().set_params(timezone=timezone).fit(pd.DataFrame(index=energy.index), energy.to_numpy())
        ahead = pd.DataFrame(index=hours)
        return np.column_stack([model.predict_quantiles(ahead, np.array(QUANTILES)), model.predict(ahead)])

    return _each(one)


def with_plain_climatology() -> Forecast:
    """Forecast each device by the quantiles of the same local hour of its last eight weeks, weekends apart."""
    return _each(plain_climatology)


def plain_climatology(energy: pd.Series, hours: pd.DatetimeIndex, timezone: str) -> np.ndarray:
    """Return p10, p50, p90 and mean of the same hour on the same kind of day, shape (n, 4) [kWh].

    Where no such hour is known, those of the other kind of day count.

    Raises
    ------
    ValueError
        An hour of the day was never known.
    """
    recent = energy[energy.index >= hours[0] - pd.Timedelta(days=PLAIN_DAYS)].dropna()
    then, ahead = local(pd.DatetimeIndex(recent.index), timezone), local(hours, timezone)
    out = np.empty((len(hours), 4))
    for row, hour in enumerate(ahead):
        same_hour = then.hour == hour.hour
        same_kind = same_hour & ((then.day_of_week >= 5) == (hour.day_of_week >= 5))
        sample = recent.to_numpy()[same_kind if same_kind.any() else same_hour]
        if not len(sample):
            raise ValueError(f"hour {hour.hour} was not known once in {PLAIN_DAYS} days")
        out[row] = [*np.quantile(sample, QUANTILES), sample.mean()]
    return out


def _each(one: Callable[[pd.Series, pd.DatetimeIndex, str], np.ndarray]) -> Forecast:
    """Forecast device by device; one for which a ValueError is raised is refused with its words."""

    def forecast(case: Case) -> Said:
        parts: list[pd.DataFrame] = []
        reasons: dict[tuple[str, str], str] = {}
        for home_id, device_id in case.history:
            energy = case.history[home_id, device_id]
            try:
                said = one(energy[energy.first_valid_index() :], pd.DatetimeIndex(case.truth.index), case.timezone)
            except ValueError as error:
                reasons[home_id, device_id] = str(error)
                continue
            frame = pd.DataFrame(said, columns=[*BAND, "mean"], index=case.truth.index).reset_index()
            parts.append(frame.assign(home_id=home_id, device_id=device_id))
        return parts, reasons

    return forecast
