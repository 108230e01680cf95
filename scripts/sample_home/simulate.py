"""A seeded household, for the sample home that is shipped and for tests that need to know the truth.

Three people in Madrid with their weather and habits (`simulate_world`) and ten devices (`simulate_devices`); here their
uses become the 19 columns of an events file, and the sample folder is written. The same seed gives the same files, byte
for byte; a longer simulation continues a shorter one, so that what happened after the sample's last day can be asked.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from influx.core.errors import InputError
from influx.core.home_yaml import read_settings
from influx.core.schema import EVENT_COLUMNS
from influx.core.tariff_settings import Tariff, half_hours
from sample_home.simulate_devices import DEVICES, Facts, Use, air_conditioner
from sample_home.simulate_world import DAY, START, World, stream, weather, world

SEED = 42
WEEKS = 12
LONGEST = 25
"""Weeks that, with the forecast after them, end before the clock changes on 27 October 2024."""

HOME_YAML = """\
# The home behind this folder, and a template for yours: copy it into a folder of your own, beside the files that you
# exported, and change what follows. Every line may be left out; the report says which defaults it took.

home_id: sample            # a short name of the home; shown on the report
timezone: Europe/Madrid    # IANA name; times without an offset are read as this zone's clock
country: ES                # ISO 3166 code; its public holidays count as weekend
currency: EUR              # ISO 4217 code of all amounts of money
# power_limit_kw: 4.6      # most power that the home may draw at once; the plan keeps it
# complete_hour: 0.75      # share of an hour that its readings must cover (above 0.5, up to 1): the rest is then scaled
#                          # up and marked estimated; an hour of which less is known counts as unknown

tariff:
  rate: 0.16                                    # price of a kWh
  peak_rate: 0.24                               # price of a kWh in the peak hours; leave it out where the price is flat
  peak_hours: ["08:00-11:00", "18:00-22:00"]    # local clock, whole hours; the end is not included
  peak_days: weekdays                           # weekdays (public holidays are not) or all
  standing_charge_per_day: 0.0                  # a fixed amount a day
  # More that a tariff may say:
  # tax: 0.21                                   # share put on energy and standing charge, where they do not hold it
  # feed_in: 0.06                               # paid for a kWh fed in
  # surcharge: 0.02                             # added to each price of a price file; such a file's prices come first,
  #                                             # and the rates are for hours that it does not hold
  # rates:                                      # named rates: the first one that holds counts, `rate` where none does
  #   sunday: {rate: 0.12, days: [sun, holidays]}           # all, weekdays, weekend, holidays, mon, tue ..., or a list
  #   night: {rate: 0.09, hours: ["00:30-07:00"]}           # clock times, also half hours; without them, the whole day
  #   cold evening: {rate: 0.30, hours: ["17:30-21:00"], days: weekdays, seasons: [winter], peak: true}
  # seasons:
  #   winter: {from: "10-25", to: "03-31"}      # month and day, both included; it changes at local midnight

# One entry a device_id of the data. A device may be left out here; nothing is lost but what only you can know:
#   location              where it stands
#   flexible: true        its use can move to a cheaper hour: its past tells the plan what it must do.
#                         Or say what it must do, and when it may, on the home's clock:
#                           a cycle    {hours: 1.5, kwh: 0.8, runs_a_week: 4, earliest: "08:00", deadline: "21:00"};
#                                      profile_kw: [2.0, 0.3, 0.5] (profile_minutes: 30) for hours and kwh,
#                                      forbidden: ["12:00-14:00"], runs_a_day: 1, interruptible: true
#                           a storage  {kwh: 8, max_kw: 3.7, earliest: "18:00", deadline: "07:00", weekdays: [mon]}:
#                                      energy that a car or a boiler needs by the deadline
#   always_on: true       it must never be switched off
#   since, until          first and last day in the home (2024-05-31); outside them its use is unknown, not zero
#   power_rating_watt     and standby_power_watt, where the data does not hold them
#   same_as: WM_00        an earlier name of the same device; its readings are joined to this one's
#   part_of: KITCHEN      a meter that measures this device too, such as its circuit's. That one is then no device of
#                         its own: its parts are, and what it measured beyond them belongs to `other`
#   role                  what a meter measures: device, household (the whole home), grid_import, grid_export, solar,
#                         battery_in (energy that charges a battery), battery_out (energy that it gives back) or ignore;
#                         told by the format of its file or by its name where it is not given
devices:
  AC_LR_01: {location: living room}
  FAN_BR_01: {location: bedroom}
  FRIDGE_01: {location: kitchen, always_on: true}
  LAPTOP_01: {location: study}
  LIGHT_LR_01: {location: living room}
  MICRO_01: {location: kitchen}
  ROUTER_01: {location: hall, always_on: true}
  TV_LR_01: {location: living room}
  WH_BATH_01: {location: bathroom, flexible: true}
  WM_01: {location: kitchen, flexible: true}

# How to read a file, by its name or a pattern, where neither it nor its data says so; each key may stand alone.
# `python -m influx inspect FILE` shows what would be read, and asks for one of these where two readings are possible.
# files:
#   meter.csv: {timezone: UTC, date_order: dmy, decimal: ",", label: end, unit: Wh, measures: counter}
#   plugs.csv: {columns: {"Plug 1 (kWh)": fridge, "Roof (kWh)": {device: roof, role: solar}}}
#   "old *.csv": {ignore: true}

# Days on which nobody is at home, first and last. Past ones are also found in the readings; models do not learn from
# them. Coming ones are forecast from past days away.
# absences:
#   - {from: 2024-08-03, to: 2024-08-16}

# The regressor of the direct model, one of the candidates: any scikit-learn class, such as lightgbm.LGBMRegressor.
# learner: sklearn.ensemble.ExtraTreesRegressor
# learner_settings: {n_estimators: 100, min_samples_leaf: 20}
"""


@dataclass(frozen=True)
class Household:
    """What the household's files hold.

    `events` has the 19 columns, sorted by `timestamp`, which is local clock time without a zone [datetime64];
    `weather` has the columns of `simulate_world.weather`.
    """

    events: pd.DataFrame
    weather: pd.DataFrame


def simulate(seed: int = SEED, weeks: int = WEEKS) -> Household:
    """Return a household's weeks from Monday 22 April 2024, 00:00 in Madrid, and its weather with a week's forecast.

    Parameters
    ----------
    seed : int
        0 or more. Equal seeds give equal households; the first weeks of a longer one are those of a shorter one.
    weeks : int
        1 to 25.

    Raises
    ------
    InputError
        The seed or the weeks are out of range.
    """
    if seed < 0:
        raise InputError(f"simulate: the seed is {seed}. Give a whole number of 0 or more.")
    if not 1 <= weeks <= LONGEST:
        raise InputError(f"simulate: {weeks} weeks cannot be simulated. Give 1 to {LONGEST}; then the clock changes.")
    days = 7 * weeks
    scene = world(seed, days + 1)  # a day more than is kept, so that the end of the last one is like any other night
    indoor, cooling = air_conditioner(scene, stream(seed, "AC_LR_01"))
    scene = replace(scene, indoor=indoor)
    tables = []
    for name, (facts, behaviour) in DEVICES.items():
        uses = behaviour(scene, stream(seed, name)) if behaviour else cooling
        tables.append(_table(name, facts, _kept(uses, days * DAY), days * DAY, stream(seed, f"{name} seconds")))
    sky = weather(seed, days)
    events = _with_context(pd.concat(tables, ignore_index=True), scene, sky)
    events = events.sort_values(["timestamp", "device_id"], ignore_index=True)
    return Household(events[list(EVENT_COLUMNS)], sky)


def _kept(uses: Iterable[Use], end: int) -> list[Use]:
    """Return the uses before minute `end`, cut off there, without any that begins while the one before still runs."""
    kept: list[Use] = []
    free = 0
    for use in sorted(uses):
        if free <= use.start < end:
            free = use.start + use.minutes
            kept.append(use._replace(minutes=min(use.minutes, end - use.start)))
    return kept


def _table(name: str, facts: Facts, uses: list[Use], end: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return one device's uses as rows; `minute` is the start in minutes of the world, `timestamp` has seconds too."""
    start, minutes = np.array([(use.start, use.minutes) for use in uses], dtype=int).reshape(-1, 2).T
    watts = np.minimum(np.array([use.watts for use in uses], dtype=float), 0.98 * facts.peak_power_draw_watt)
    touches = start + minutes == np.append(start[1:], end)  # runs up to the next use or the end: no second to give away
    seconds = np.where(touches, 0, rng.integers(0, 60, size=len(uses)))
    return pd.DataFrame(
        {
            "device_id": name,
            **facts._asdict(),
            "mode_of_operation": pd.Series([use.mode for use in uses], dtype="str"),
            "minute": start,
            "timestamp": START.as_unit("s") + pd.to_timedelta(start * 60 + seconds, unit="s"),
            "duration_minutes": minutes,
            "power_consumption_kwh": np.round(watts * minutes / 60_000, 5),
        }
    )


def _with_context(events: pd.DataFrame, scene: World, sky: pd.DataFrame) -> pd.DataFrame:
    """Return the events with the price, the climate and the people of their first minute."""
    minute = events["minute"].to_numpy()
    hour, tariff = minute // 60, Tariff.model_validate(yaml.safe_load(HOME_YAML)["tariff"])
    usual = tariff.rate or 0.0
    peak = np.isin(2 * (hour % 24), list(half_hours(tariff.peak_hours))) & ~scene.days_off[minute // DAY]
    return events.assign(
        tariff_rate=np.where(peak, tariff.peak_rate or usual, usual),
        is_peak_tariff=peak.astype(int),
        indoor_temp_celsius=np.round(scene.indoor[minute], 1),
        outdoor_temp_celsius=sky["outdoor_temp_celsius"].to_numpy()[hour],
        humidity_percent=sky["humidity_percent"].to_numpy()[hour],
        occupancy_count=scene.home[:, minute].sum(axis=0),
        motion_detected=scene.motion[minute].astype(int),
    )


def write_sample(folder: Path, seed: int = SEED, weeks: int = WEEKS) -> list[Path]:
    """Write home.yaml, events.csv and weather.csv of a simulated household into `folder`; return their paths.

    Each file is replaced as a whole or not at all.

    Raises
    ------
    InputError
        `folder` holds the files of another home, or the seed or the weeks are out of range.
    """
    _refuse_other_homes(folder)
    household = simulate(seed, weeks)
    sky = household.weather.assign(timestamp=household.weather["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    content = {
        "home.yaml": HOME_YAML,
        "events.csv": household.events.to_csv(index=False, lineterminator="\n"),
        "weather.csv": sky.to_csv(index=False, lineterminator="\n"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    return [_replaced(folder / name, text) for name, text in content.items()]


def _refuse_other_homes(folder: Path) -> None:
    """Raise unless `folder` is new, empty, or an earlier sample: somebody's own files are not written over."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file. Name a folder for the sample's three files.")
    ours = yaml.safe_load(HOME_YAML)["home_id"]
    settings = folder / "home.yaml"
    mine = settings.exists() and read_settings(settings).home_id == ours
    if not mine and folder.exists() and any(not path.name.startswith(".") for path in folder.iterdir()):
        raise InputError(
            f"{folder}: holds files that are not the sample's (no home.yaml with home_id {ours!r}). "
            "They are left as they are; choose another folder."
        )


def _replaced(path: Path, text: str) -> Path:
    """Put `text` in the place of the file at `path` in one step, and return the path."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
