"""The world the simulated devices live in: Madrid's weather, the sun, and three people who sleep, leave and come back.

Weather is a season, a daily cycle, one hot spell and regimes that last for days (first-order autoregressive noise, as
in the weather generator of Richardson, Water Resources Research 17, 1981). People follow habits with a spread. Each
random stream has a name and is read in the order of time, so that a longer simulation continues a shorter one.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from influx.core.local_time import is_day_off

TIMEZONE, COUNTRY = "Europe/Madrid", "ES"
LATITUDE, LONGITUDE = 40.42, -3.70
START = pd.Timestamp("2024-04-22")
"""First local day, a Monday. The clock does not change between it and 27 October."""

SCHOOL_ENDS = pd.Timestamp("2024-06-22")
AWAY = (pd.Timestamp("2024-05-02 09:40"), pd.Timestamp("2024-05-05 19:10"))
"""The long weekend after the first of May, spent elsewhere by all three."""

DAY = 24 * 60
FORECAST_DAYS = 7


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream `name` of `seed`: independent of all others, so that a new device changes no old one."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))


def autoregressive(rng: np.random.Generator, size: int, keep: float) -> np.ndarray:
    """Return a first-order autoregressive series with mean 0 and standard deviation 1, shape (size,)."""
    noise = rng.normal(size=size)
    series = np.empty(size)
    level = series[0] = noise[0]
    for step in range(1, size):
        level = series[step] = keep * level + np.sqrt(1 - keep**2) * noise[step]
    return series


def _temperature(seed: int, days: int) -> np.ndarray:
    """Return the hourly outdoor temperature [C], shape (24 days,)."""
    day = np.arange(days * 24) / 24
    noon = np.arange(days + 1) + 0.5
    regime = np.interp(day, noon, autoregressive(stream(seed, "weather regime"), days + 1, 0.72))
    season = 15.5 + 10.5 * np.cos(2 * np.pi * (START.day_of_year + day - 206) / 366)
    spell = 5.0 * np.exp(-0.5 * ((day - stream(seed, "hot spell").uniform(60, 70)) / 2.2) ** 2)
    hour = 2 * np.pi * (day % 1 - 17 / 24)
    cycle = (6.3 + 1.3 * np.clip(regime, -2, 1.5)) * (np.cos(hour) + 0.15 * np.cos(2 * hour)) / 1.08
    temperature: np.ndarray = season + 2.9 * regime + spell + cycle
    return temperature + 0.5 * autoregressive(stream(seed, "weather hour"), len(day), 0.8)


def _humidity(temperature: np.ndarray, dew_point: np.ndarray) -> np.ndarray:
    """Return the relative humidity [%] of air at `temperature` [C], by the Magnus formula (WMO-No. 8, 2018)."""
    ratio = np.exp(17.62 * dew_point / (243.12 + dew_point) - 17.62 * temperature / (243.12 + temperature))
    return np.clip(np.round(100 * ratio), 8, 98).astype(int)


def weather(seed: int, days: int) -> pd.DataFrame:
    """Return hourly weather: `days` measured days, then a week as a forecast sees it.

    Returns
    -------
    DataFrame
        `timestamp` (UTC, start of the hour), `outdoor_temp_celsius`, `humidity_percent`, `kind` (measured or forecast).
        The forecast's error is itself persistent and grows with the lead, from 1 C to 2.5 C standard deviation.
    """
    hours, known = (days + FORECAST_DAYS) * 24, days * 24
    temperature = _temperature(seed, days + FORECAST_DAYS)
    dew_point = 6.0 + 2.5 * autoregressive(stream(seed, "dew point"), hours, 0.98) + 0.12 * (temperature - 18)
    lead = np.arange(hours - known) / (hours - known)
    temperature[known:] += (1.0 + 1.5 * lead) * autoregressive(stream(seed, "forecast error"), hours - known, 0.95)
    stamps = pd.date_range(START, periods=hours, freq="h", unit="us").tz_localize(TIMEZONE).tz_convert("UTC")
    return pd.DataFrame(
        {
            "timestamp": stamps,
            "outdoor_temp_celsius": np.round(temperature, 1),
            "humidity_percent": _humidity(temperature, np.minimum(dew_point, temperature - 0.5)),
            "kind": np.where(np.arange(hours) < known, "measured", "forecast"),
        }
    )


def sun_hours(days: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sunrise and sunset of each day [local clock hours], within some minutes.

    The declination is Cooper's (Solar Energy 12, 1969); the equation of time is left out.
    """
    date = START.day_of_year + np.arange(days)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + date) / 365)
    half = np.degrees(np.arccos(-np.tan(np.radians(LATITUDE)) * np.tan(declination))) / 15
    noon = 12 + 2 - LONGITUDE / 15  # summer time is two hours ahead of Greenwich
    return noon - half, noon + half


@dataclass(frozen=True)
class Habits:
    """One person's ordinary day, in local clock hours."""

    wake: float
    leave: float
    back: float
    office_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    pupil: bool = False


PEOPLE = (
    Habits(wake=6.9, leave=8.1, back=18.4),
    Habits(wake=7.2, leave=8.5, back=16.3, office_days=(0, 2, 4)),
    Habits(wake=7.3, leave=8.2, back=14.8, pupil=True),
)
"""An office worker, one who works from home on Tuesdays and Thursdays, and a pupil."""


@dataclass(frozen=True)
class World:
    """What a device sees, minute by minute since `START`.

    `outdoor`, `indoor` [C] and `motion` have shape (minutes,); `home` and `up` (at home and awake) have shape
    (people, minutes); `days_off` has shape (days,).
    """

    outdoor: np.ndarray
    home: np.ndarray
    up: np.ndarray
    motion: np.ndarray
    days_off: np.ndarray
    indoor: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def days(self) -> int:
        """Whole days of the world."""
        return len(self.outdoor) // DAY

    def anyone_up(self, minute: int) -> bool:
        """Tell whether somebody is at home and awake."""
        return bool(self.up[:, minute].any())

    def bedtime(self, day: int) -> int | None:
        """Return the minute after which nobody is up on the evening of `day`; None when nobody was up after 21:00."""
        evening = self.up[:, day * DAY + 21 * 60 : day * DAY + 28 * 60].any(axis=0)
        return day * DAY + 21 * 60 + int(np.flatnonzero(evening)[-1]) if evening.any() else None


def world(seed: int, days: int) -> World:
    """Return the world of `days` days, without the indoor temperature, which hangs on the air conditioner."""
    dates = pd.date_range(START, periods=days + 1, unit="us").tz_localize(TIMEZONE).tz_convert("UTC")
    days_off = is_day_off(dates, TIMEZONE, COUNTRY)
    temperature = weather(seed, days)["outdoor_temp_celsius"].to_numpy()[: days * 24]
    home, awake = _presence(stream(seed, "people"), days_off)
    up = home & awake
    chance = np.where(up.any(axis=0), 0.9, np.where(home.any(axis=0), 0.03, 0.0))
    motion = stream(seed, "motion").random(days * DAY) < chance
    return World(np.repeat(temperature, 60), home, up, motion, days_off[:days])


def _presence(rng: np.random.Generator, days_off: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return who is at home and who is awake, each of shape (people, minutes).

    `days_off` has a day more than is returned: people stay up late when the next day is free.
    """
    days = len(days_off) - 1
    home = np.ones((len(PEOPLE), days * DAY), dtype=bool)
    awake = np.zeros_like(home)
    for day in range(days):
        outing, dinner_out = rng.normal(size=2), rng.random() < 0.3
        for person, habits in enumerate(PEOPLE):
            spread, chance = rng.normal(size=6), rng.random()
            free = days_off[day] or (habits.pupil and START + pd.Timedelta(days=day) >= SCHOOL_ENDS)
            wake = (habits.wake + 1.9 if free else habits.wake) + (0.6 if free else 0.2) * spread[0]
            bed = (24.6 if days_off[day + 1] else 23.5) + 0.35 * spread[1]
            _fill(awake[person], day, wake, bed, True)
            if not free and day % 7 in habits.office_days:
                _fill(home[person], day, habits.leave + 0.15 * spread[2], habits.back + 0.4 * spread[3], False)
            elif free and chance < 0.75:
                leave = 12.0 + 1.2 * outing[0] + 0.2 * spread[2]
                _fill(home[person], day, leave, leave + max(1.0, 3.0 + outing[1] + 0.3 * spread[3]), False)
            if dinner_out and days_off[day + 1] and not habits.pupil:
                _fill(home[person], day, 20.6 + 0.1 * spread[4], 24.1 + 0.2 * spread[5], False)
    away = [int((moment - START) / pd.Timedelta(minutes=1)) for moment in AWAY]
    home[:, away[0] : away[1]] = False
    return home, awake


def _fill(line: np.ndarray, day: int, start: float, end: float, value: bool) -> None:
    """Set the minutes of `line` from clock hour `start` to `end` of `day`; an hour past 24 lies in the next day."""
    line[day * DAY + round(start * 60) : max(0, day * DAY + round(end * 60))] = value
