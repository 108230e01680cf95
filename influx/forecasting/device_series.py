"""One device's hours and everything its models may know: the unit that is trained, backtested and forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from influx.core.constants import HISTORY_DAYS
from influx.core.errors import InputError
from influx.core.schema import HOUSEHOLD, OTHER, STATIC_COLUMNS, as_readings, as_weather
from influx.core.settings import check_where
from influx.core.tariff import Rates, rates
from influx.forecasting.absences import Absences, Span
from influx.forecasting.models.regression import named_estimator
from influx.home.household_balance import LEAST_OTHER

if TYPE_CHECKING:
    from influx.home.home import Home
else:
    Home = Any  # reading a home's files imports far more than a frame of readings needs

SILENT_DAYS = 28
"""Days without a known hour after which a device counts as gone and is not forecast."""


Extra = Mapping[str, Callable[[pd.DatetimeIndex], Any]]
"""Features of an analyst's own, each a function of the local hours."""


@dataclass(frozen=True)
class Covariates:
    """Everything but a device's own energy that its features are made of."""

    timezone: str = "UTC"
    country: str | None = None
    rates: Rates | None = None  # without prices there are no tariff features
    weather: pd.DataFrame | None = None  # `timestamp`, `outdoor_temp_celsius` [C], recorded and forecast
    context: pd.DataFrame | None = None  # recorded columns of the home, by `timestamp`; never known ahead
    minutes: pd.Series | None = None  # of use of the device, by UTC hour; never known ahead
    nameplate: dict[str, float] = field(default_factory=dict)  # the device's own numbers, `power_rating_watt` [W]
    learner: Any = None  # the regressor of the stacked regression and the blend
    extra: Extra = field(default_factory=dict)


@dataclass(frozen=True)
class Series:
    """A device's `energy` on complete UTC hours from its first known one [kWh, NaN = unknown], and its covariates."""

    home_id: str
    device_id: str
    energy: pd.Series
    covariates: Covariates
    absences: Absences = field(default_factory=Absences)

    def before(self, origin: pd.Timestamp) -> pd.Series:
        """Return the history that a model may learn from at `origin`: complete hours up to it, a year at most."""
        start = max(self.energy.index[0], origin - pd.Timedelta(days=HISTORY_DAYS))
        return self.energy.reindex(pd.date_range(start, origin - pd.Timedelta(hours=1), freq="h"))

    def ordinary(self, origin: pd.Timestamp) -> pd.Series:
        """Return the history without the days on which nobody was at home, which are unknown in it."""
        return self.absences.ordinary(self.before(origin), origin)

    def days_known(self, origin: pd.Timestamp, within: float = HISTORY_DAYS) -> float:
        """Return how many days of known hours lie in the `within` days before `origin`."""
        index = self.energy.index
        lately = self.energy[(index < origin) & (index >= origin - pd.Timedelta(days=within))]
        return float(lately.notna().sum()) / 24


def series_of(
    home_or_readings: Home | pd.DataFrame,
    timezone: str | None = None,
    country: str | None = None,
    weather: pd.DataFrame | None = None,
    extra: Extra | None = None,
) -> list[tuple[Series, pd.Timestamp]]:
    """Return each device that was measured in the last four weeks, and the first hour after the last one of its home.

    The parameters are those of `influx.backtest`; a home has its own time zone, country and weather.

    Raises
    ------
    InputError
        The readings break a rule of their frame, no device was measured lately, or a home is given a second context.
    """
    extra = dict(extra or {})
    if not isinstance(home_or_readings, pd.DataFrame):
        if not hasattr(home_or_readings, "readings"):
            raise InputError(f"readings: {type(home_or_readings).__name__} is neither a Home nor a frame of readings.")
        for name, value in (("timezone", timezone), ("country", country), ("weather", weather)):
            if value is not None:
                raise InputError(f"{name}: a Home has its own; leave it away, or pass home.readings.")
        return [
            (replace(series, covariates=replace(series.covariates, extra=extra)), home_or_readings.origin)
            for series in active_series(home_or_readings)
        ]
    check_where(timezone or "UTC", country)
    weather = None if weather is None else as_weather(weather)
    covariates = Covariates(timezone or "UTC", country, weather=weather, extra=extra)
    out = []
    for home_id, home in as_readings(home_or_readings).groupby("home_id", sort=False):
        origin = home["timestamp"].max() + pd.Timedelta(hours=1)
        devices = [series for series in all_series(with_household(home), covariates) if is_alive(series, origin)]
        if not devices:
            raise InputError(
                f"readings: no device of {home_id} has a known hour in its last four weeks. Add newer ones."
            )
        out += [(series, origin) for series in devices]
    return out


recent: dict[str, Any] = {}
"""What the last home of this process needed more than once: its series, and its fitted models."""


def active_series(home: Home) -> list[Series]:
    """Return the devices of a home that were measured in the four weeks before its origin."""
    key = f"series {home.fingerprint}"
    if key not in recent:
        recent.clear()
        recent[key] = alive(series_of_home(home), home.origin)
    return recent[key]


def with_household(readings: pd.DataFrame) -> pd.DataFrame:
    """Return the readings with the device `household` in each home, and `other` where its devices do not explain it.

    Where no meter measured the household, it is the sum of its devices: an hour counts as known when every device is
    known that has begun and not yet ended; before its first known hour and after its last one a device adds nothing.
    """
    parts = []
    for home_id, home in readings.groupby("home_id", sort=False):
        wide = home.pivot(index="timestamp", columns="device_id", values="energy_kwh").asfreq("h")
        devices = wide.drop(columns=HOUSEHOLD, errors="ignore")
        living = devices.ffill().notna() & devices.bfill().notna()
        added = devices.sum(axis=1).where((devices.notna() | ~living).all(axis=1))
        if HOUSEHOLD in wide and wide[HOUSEHOLD].notna().any():
            parts.append(home)
            rest = (wide[HOUSEHOLD] - added).clip(lower=0)
            least = LEAST_OTHER * wide[HOUSEHOLD].where(rest.notna()).sum()
            if OTHER not in wide and len(devices.columns) and rest.sum() > least:
                parts.append(_readings(home_id, OTHER, rest))
        else:
            total = added.where(living.any(axis=1))
            parts += [home[home["device_id"] != HOUSEHOLD], _readings(home_id, HOUSEHOLD, total)]
    return pd.concat(parts, ignore_index=True)


def _readings(home_id: object, device_id: str, energy: pd.Series) -> pd.DataFrame:
    quality = np.where(energy.notna(), "measured", "missing")
    columns = {"home_id": home_id, "device_id": device_id, "timestamp": energy.index}
    return pd.DataFrame(columns | {"energy_kwh": energy.to_numpy(), "quality": quality})


def all_series(readings: pd.DataFrame, covariates: Covariates) -> list[Series]:
    """Return each device of each home with one common calendar and weather, ordered by home and device."""
    energies = list(_energies(readings))
    away = {home: Absences(energy, covariates.timezone) for home, device, energy in energies if device == HOUSEHOLD}
    return [Series(home, device, energy, covariates, away.get(home, Absences())) for home, device, energy in energies]


def series_of_home(home: Home) -> list[Series]:
    """Return each device of a loaded home, the household included, with all that its data tells."""
    known, settings = rates(home.settings, home.context, home.prices), home.settings
    given = tuple(Span(pd.Timestamp(span.first), pd.Timestamp(span.last), "given") for span in settings.absences)
    named = settings.learner or settings.learner_settings
    common = Covariates(
        timezone=settings.timezone,
        country=settings.calendar,
        rates=known if known is not None and known.is_known_ahead else None,
        weather=home.weather,
        context=home.context if len(home.context) else None,
        learner=named_estimator(settings.learner, settings.learner_settings) if named else None,
    )
    minutes = dict(tuple(home.minutes.groupby("device_id"))) if len(home.minutes) else {}
    nameplates = home.devices.set_index("device_id").reindex(columns=STATIC_COLUMNS).astype(float)
    energies = list(_energies(with_household(home.readings)))
    whole = next((energy for _, device, energy in energies if device == HOUSEHOLD), None)
    away = Absences(whole, settings.timezone, given)
    out = []
    for home_id, device_id, energy in energies:
        covariates = replace(
            common,
            minutes=_minutes_of_use(minutes[device_id], energy) if device_id in minutes else None,
            nameplate=nameplates.loc[device_id].dropna().to_dict() if device_id in nameplates.index else {},
        )
        out.append(Series(home_id, device_id, energy, covariates, away))
    return out


def _minutes_of_use(used: pd.DataFrame, energy: pd.Series) -> pd.Series:
    """Return the minutes of use of each hour [min]: 0 where nothing was used, NaN where it is unknown."""
    minutes = used.set_index("timestamp")["duration_minutes"].reindex(energy.index)
    return minutes.mask(minutes.isna() & (energy == 0), 0.0)


def _energies(readings: pd.DataFrame) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield each device's energy on complete hours from its first known one; a device never known is left out."""
    for (home_id, device_id), rows in readings.groupby(["home_id", "device_id"], sort=True):
        energy = rows.set_index("timestamp")["energy_kwh"].sort_index()
        first = energy.first_valid_index()
        if first is not None:
            yield str(home_id), str(device_id), energy[first:].asfreq("h")


def is_alive(series: Series, origin: pd.Timestamp) -> bool:
    """Tell whether a device was measured at all in the four weeks before `origin`."""
    last = series.energy[series.energy.index < origin].last_valid_index()
    return last is not None and origin - last <= pd.Timedelta(days=SILENT_DAYS)


def alive(devices: list[Series], origin: pd.Timestamp) -> list[Series]:
    """Return the devices of a home that were measured in the four weeks before `origin`.

    Raises
    ------
    InputError
        None was, or the household was not while its devices were.
    """
    living = [series for series in devices if is_alive(series, origin)]
    if not living:
        raise InputError(
            f"data: no device has a known hour in the four weeks before {origin:%Y-%m-%d}. "
            "Add newer files, or choose an earlier as_of."
        )
    if not any(series.device_id == HOUSEHOLD for series in living):
        raise InputError(
            f"data: the home as a whole has no known hour in the four weeks before {origin:%Y-%m-%d}, "
            "its devices have. Add newer files of its main meter, or give that `role: ignore` in home.yaml: then "
            "the sum of the devices counts."
        )
    return living
