"""How long a week's plan of ten flexible devices takes, and how far it can be from the best one."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.registry import Measured, Options, benchmark
from influx.scheduling.jobs import Cycle, Job, Storage
from influx.scheduling.solver import solve, weigh

STEPS, DAY = 336, 48
LIMITS_KW = (6.0, 4.6, 3.5)
"""From roomy to so tight that devices have to take turns all day."""


@benchmark("schedule")
def a_week_of_ten_devices(_: Options) -> list[Measured]:
    """Ten devices, half hours of a week, a price that changes each half hour; three homes under three limits."""
    seconds, gaps = [], []
    for limit in LIMITS_KW:
        for seed in range(3):
            jobs, price, load = _home(np.random.default_rng(seed))
            began = time.perf_counter()
            found = solve(jobs, weigh(price), limit / 2 - load)
            seconds.append(time.perf_counter() - began)
            gaps.append(found.gap)
    return [
        Measured("a week of ten devices, median of nine", float(np.median(seconds)), "s", at_most=2),
        Measured("a week of ten devices, slowest", max(seconds), "s"),
        Measured("farthest from the best bound, median of nine", 100 * float(np.median(gaps)), "%", at_most=1),
        Measured("farthest from the best bound, worst", 100 * max(gaps), "%"),
    ]


def _home(random: np.random.Generator) -> tuple[list[Job], np.ndarray, np.ndarray]:
    """Return six cycles, two that may pause and two storages, 140 to 190 kWh in all, the price and the load."""
    step = np.arange(STEPS)
    price = 0.2 + 0.1 * np.sin(2 * np.pi * (step - 34) / DAY) + 0.04 * random.standard_normal(STEPS)
    load = 0.15 + 0.12 * np.sin(2 * np.pi * (step - 20) / DAY) + 0.1 * random.random(STEPS)
    every, night = np.ones(STEPS, bool), step % DAY < 14
    jobs: list[Job] = []
    for number in range(6):
        length, first, long = (int(random.integers(*ends)) for ends in ((2, 7), (0, 20), (14, 29)))
        kwh = random.uniform(0.2, 1.2) * random.dirichlet(np.full(length, 3.0)) * length / 2
        windows = tuple((day + first, min(day + first + long, STEPS)) for day in range(0, STEPS, DAY))
        allowed = ~night if number % 3 == 0 else every
        jobs.append(Cycle(f"cycle {number}", kwh, int(random.integers(2, 10)), windows, 2, allowed))
    days = tuple((day, day + DAY) for day in range(0, STEPS, DAY))
    jobs += [Cycle(f"pausing {number}", np.full(4, 0.5), 7, days, 1, every, True) for number in range(2)]
    nights = tuple((day + 36, day + 62) for day in range(0, STEPS - DAY, DAY))
    jobs += [Storage(f"storage {most}", random.uniform(4, 9), nights, most, every) for most in (1.85, 1.0)]
    return jobs, price, load
