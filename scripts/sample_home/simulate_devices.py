"""How ten household devices are used: one function a device, from the world it stands in to its uses.

A use is a start, a duration, a mean power and a mode. Powers and cycles are those of ordinary European appliances; room
and hot-water tank are single heat capacities, the simplest models that let weather and habits act through physics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from sample_home.simulate_world import DAY, World, sun_hours

STEP = 5
"""Minutes between two looks of a thermostat."""

COOLING = {"Sleep": (650, 0.8), "Eco": (950, 1.2), "Turbo": (1450, 2.2)}
"""Power of the air conditioner [W] and what it takes from the room [C an hour], by mode."""


class Use(NamedTuple):
    """One use of a device: start [minute of the world], duration [minutes], mean power [W]."""

    start: int
    minutes: int
    watts: float
    mode: str = "Normal"


Behaviour = Callable[[World, np.random.Generator], Iterator[Use]]


class Facts(NamedTuple):
    """What is printed on a device or known of it; the order is that of the columns of an events file."""

    device_type: str
    power_rating_watt: int
    energy_efficiency_rating: int
    standby_power_watt: float
    age_of_appliance_years: float
    maintenance_last_date: str
    peak_power_draw_watt: int


def _about(rng: np.random.Generator, value: float, share: float = 0.06) -> float:
    """Return `value` give or take a `share` of it (one standard deviation), at least a fifth of it."""
    return float(max(0.2, 1 + share * rng.normal()) * value)


def _clock(world: World, rng: np.random.Generator, day: int, hour: float, spread: float, chance: float) -> int | None:
    """Return a minute around clock `hour` of `day`, or None where chance is against it or nobody is up."""
    minute, drawn = round(day * DAY + 60 * (hour + spread * rng.normal())), rng.random()
    inside = 0 <= minute < world.days * DAY
    return minute if inside and drawn < chance and world.anyone_up(minute) else None


def _runs(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield start and end of each unbroken run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def air_conditioner(world: World, rng: np.random.Generator) -> tuple[np.ndarray, list[Use]]:
    """Cool the living room while somebody feels the heat.

    The room follows the outdoor air with a time constant of 24 h, 14 h while a warm room is aired; people and sun warm
    it, the gas boiler keeps it above 19.5 C. It is cooled above some 26 C, until 1 C is gained or the last one leaves.

    Returns
    -------
    tuple of ndarray, shape (minutes,), and list of Use
        The indoor temperature [C], which the other devices feel too, and the uses.
    """
    indoor, uses = np.empty(world.days * DAY), []
    temperature, feels, mode, started = 20.5, 26.0, "", 0
    for minute in range(0, world.days * DAY, STEP):
        if minute % DAY == 0:
            feels = 25.8 + 0.4 * rng.normal()
        someone, up = world.home[:, minute].any(), world.anyone_up(minute)
        if not mode and someone and temperature > (feels if up else 25.9):
            mode, started = "Sleep" if not up else "Turbo" if temperature > 26.5 else "Eco", minute
        elif mode and (temperature < feels - 1.0 or not someone or minute - started >= 240):
            watts = _about(rng, COOLING[mode][0] * (0.75 + 0.012 * world.outdoor[minute]))
            uses.append(Use(started, minute - started, watts, mode))
            mode = ""
        aired = not mode and up and temperature > 24 and world.outdoor[minute] < temperature - 1
        sun = np.sin(np.pi * np.clip((minute % DAY / 60 - 9) / 11, 0, 1))
        warmth = 0.07 + 0.04 * world.up[:, minute].sum() + 0.16 * sun - (COOLING[mode][1] if mode else 0)
        temperature += STEP / 60 * ((world.outdoor[minute] - temperature) / (14 if aired else 24) + warmth)
        temperature = max(temperature, 19.5)
        indoor[minute : minute + STEP] = temperature
    return indoor, uses


def fan(world: World, rng: np.random.Generator) -> Iterator[Use]:
    """Run the bedroom fan after going to bed on a warm night, and through a siesta on a hot day off."""
    for day in range(world.days):
        nap = _clock(world, rng, day, 15.8, 0.4, 0.6 if world.days_off[day] else 0.15)
        if nap is not None and world.indoor[nap] > 25.5:
            yield Use(nap, int(rng.integers(45, 100)), _about(rng, 60))
        bed = world.bedtime(day)
        if bed is not None and world.indoor[bed] > 24.7 and rng.random() < 0.85:
            hours = 2.0 + 1.6 * (world.indoor[bed] - 24.7) + 0.7 * rng.normal()
            mode = "Normal" if world.indoor[bed] > 26 else "Eco"
            yield Use(bed, round(60 * min(7.5, max(0.75, hours))), _about(rng, 60 if mode == "Normal" else 42), mode)


def fridge(world: World, rng: np.random.Generator) -> Iterator[Use]:
    """Cycle the compressor: the share of time it runs rises with the room's warmth and with people at its door."""
    minute = int(rng.integers(5, 40))
    while minute < world.days * DAY:
        minutes = int(rng.integers(11, 19))
        share = 0.235 + 0.011 * (world.indoor[minute] - 22) + 0.012 * world.up[:, minute].sum()
        yield Use(minute, minutes, _about(rng, 152, 0.04))
        minute += max(minutes + 8, round(_about(rng, minutes / share, 0.1)))


def laptop(world: World, rng: np.random.Generator) -> Iterator[Use]:
    """Charge often on a day of work from home (Tuesday, Thursday), else on most evenings, less on a day off."""
    for day in range(world.days):
        off = world.days_off[day]
        at_desk = [(9.4, 0.95), (13.0, 0.6), (15.8, 0.9), (20.0, 0.4)]
        for hour, chance in [(18.8, 0.5)] if off else at_desk if day % 7 in (1, 3) else [(18.8, 0.85)]:
            start = _clock(world, rng, day, hour, 0.5, chance)
            if start is not None:
                yield Use(start, int(rng.integers(60, 150)), _about(rng, 46, 0.12))


def light(world: World, rng: np.random.Generator) -> Iterator[Use]:
    """Light the living room while it is dark and somebody is up."""
    rise, fall = sun_hours(world.days)
    hour = np.arange(world.days * DAY) % DAY / 60
    dark = (hour < np.repeat(rise - 0.3, DAY)) | (hour > np.repeat(fall - 0.1, DAY))
    for start, end in _runs(dark & world.up.any(axis=0)):
        start += int(abs(rng.normal()) * 9)
        if end - start >= 5:
            yield Use(start, end - start, _about(rng, 11.5, 0.04))


def microwave(world: World, rng: np.random.Generator) -> Iterator[Use]:
    """Warm breakfast cups, lunch, an afternoon snack and dinner, each for minutes."""
    for day in range(world.days):
        late = 1.9 if world.days_off[day] else 0.0
        meals = [(7.3, 0.7, 3), (7.7, 0.6, 3), (15.0, 0.65, 6), (18.0, 0.3, 3), (21.2, 0.8, 7), (22.6, 0.2, 3)]
        for hour, chance, longest in meals:
            start = _clock(world, rng, day, hour + (late if hour < 12 else 0), 0.25, chance)
            if start is not None:
                yield Use(start, int(rng.integers(2, longest + 1)), _about(rng, 1030, 0.04))


def router(world: World, rng: np.random.Generator) -> Iterator[Use]:
    """Never stop; draw a little more while people are up. One row an hour, as the router's plug reports."""
    for minute in range(0, world.days * DAY, 60):
        yield Use(minute, 60, _about(rng, 8.6 + 0.25 * world.up[:, minute].sum(), 0.02))


def television(world: World, rng: np.random.Generator) -> Iterator[Use]:
    """Watch the lunch news, a film on a day off, something after school, and most evenings until bed."""
    for day in range(world.days):
        off = world.days_off[day]
        for hour, chance, low, high in [
            (15.1, 0.55 if off else 0.35, 30, 70),
            (17.4, 0.65 if off else 0.5, 50, 160 if off else 100),
            (21.6, 0.9, 75, 170),
        ]:
            start = _clock(world, rng, day, hour, 0.3, chance)
            minutes = int(rng.integers(low, high))
            if start is not None:
                up = world.up[:, start : start + minutes].any(axis=0)
                yield Use(start, int(up.argmin()) if not up.all() else minutes, _about(rng, 104))


def _hot_water(world: World, rng: np.random.Generator) -> np.ndarray:
    """Return the heat drawn from the tank [kWh] at each minute: showers, more of them on hot days, and the dishes."""
    drawn = np.zeros(world.days * DAY)
    for day in range(world.days):
        warm = world.outdoor[day * DAY : (day + 1) * DAY].mean()
        shower = 1.5 - 0.02 * (warm - 15)  # mains water and people's wishes follow the season
        rises = [_clock(world, rng, day, 9.3 if world.days_off[day] else hour, 0.25, 0.92) for hour in (7.1, 7.6)]
        evening = _clock(world, rng, day, 20.4, 0.5, 0.9)
        another = _clock(world, rng, day, 19.0, 0.8, 0.04 * max(0.0, warm - 20))
        for minute in [*rises, evening, another]:
            if minute is not None:
                drawn[minute] += _about(rng, shower, 0.15)
        for dishes in (_clock(world, rng, day, hour, 0.3, 0.7) for hour in (15.7, 22.0)):
            if dishes is not None:
                drawn[dishes] += _about(rng, 0.25, 0.25)
    return drawn


def water_heater(world: World, rng: np.random.Generator) -> Iterator[Use]:
    """Heat the tank back up after hot water was drawn, and against its own standing loss of 1.2 kWh a day."""
    drawn = _hot_water(world, rng.spawn(1)[0])
    missing, started = 0.1, -1  # kWh the tank lacks, and since when it heats
    for minute in range(0, world.days * DAY, STEP):
        missing += drawn[minute : minute + STEP].sum() + 1.2 * STEP / DAY
        if started < 0 and missing > 0.4:
            started = minute
        if started >= 0:
            missing -= 1.9 * STEP / 60
            if missing <= 0:
                minutes = minute + STEP - started
                yield Use(started, minutes, _about(rng, 1920, 0.03), "Eco" if minutes <= 20 else "Normal")
                started = -1


def washing_machine(world: World, rng: np.random.Generator) -> Iterator[Use]:
    """Wash when the basket is full: late morning on a day off, else mostly in the evening; an absence fills it too."""
    basket = 0.6
    for day in range(world.days):
        basket += _about(rng, 0.14 * len(world.home), 0.3)
        evening, early = rng.random() < 0.75, rng.random() < 0.5
        hour = 11.3 if world.days_off[day] else 20.0 if evening else 7.6 if early else 22.5
        start, later = _clock(world, rng, day, hour, 0.5, 0.9), _clock(world, rng, day, 20.5, 0.4, 0.9)
        start = later if start is None else start
        mode, minutes, watts = ("Eco", 95, 330) if rng.random() < 0.45 else ("Normal", 62, 500)
        minutes += round(20 * rng.random())
        if start is not None and basket >= 1:
            basket = max(0.0, basket - 1)
            yield Use(start, minutes, _about(rng, watts), mode)


DEVICES: dict[str, tuple[Facts, Behaviour | None]] = {
    "AC_LR_01": (Facts("AirConditioner", 1500, 5, 3.0, 2.5, "2023-02-08", 1800), None),
    "FAN_BR_01": (Facts("CeilingFan", 75, 4, 1.0, 3.0, "2023-11-05", 90), fan),
    "FRIDGE_01": (Facts("Refrigerator", 180, 5, 5.0, 4.0, "2023-12-20", 220), fridge),
    "LAPTOP_01": (Facts("LaptopCharger", 65, 3, 1.0, 1.0, "2023-09-09", 90), laptop),
    "LIGHT_LR_01": (Facts("LED_Light", 12, 5, 0.2, 1.0, "2023-01-20", 15), light),
    "MICRO_01": (Facts("MicrowaveOven", 1000, 3, 1.0, 2.0, "2023-11-10", 1200), microwave),
    "ROUTER_01": (Facts("WiFiRouter", 10, 4, 8.0, 2.0, "2023-03-28", 12), router),
    "TV_LR_01": (Facts("LED_TV", 120, 4, 2.0, 2.0, "2023-08-29", 150), television),
    "WH_BATH_01": (Facts("WaterHeater", 2000, 4, 2.0, 3.5, "2023-10-22", 2300), water_heater),
    "WM_01": (Facts("WashingMachine", 500, 4, 2.0, 1.5, "2023-08-14", 650), washing_machine),
}
"""Facts and behaviour of each; None for the air conditioner, which is asked first: it makes the indoor temperature."""
