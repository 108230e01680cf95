"""The plan of one home as frames: what its flexible devices should do in the coming week, and what that is worth.

What cannot be planned is named in a sentence, with the least that would have to give.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.billing.costs import Models, carbon_intensity, home_rates
from influx.core.frames import Frames
from influx.core.local_time import HOUR
from influx.core.schema import HOUSEHOLD
from influx.core.tariff import Rates
from influx.forecasting.device_series import Series, active_series
from influx.forecasting.forecast import fitted_models
from influx.home.home import Home
from influx.scheduling import infeasibility_messages, temperature_scenarios
from influx.scheduling.flexible_loads import Asked, Notes, asked_of, tasks_of
from influx.scheduling.milp_model import Task, write
from influx.scheduling.plan import Plan
from influx.scheduling.plan_costs import STEP, PerStep, Terms, value

STEP_MINUTES = 30

COLUMNS = {
    "plan": ["device_id", "run", "timestamp", "kwh"],
    "plan_runs": ["device_id", "run", "start", "end", "kwh", "cost", "usual_cost"],
    "plan_devices": [
        *("device_id", "kind", "runs", "kwh", "cost", "usual_cost", "saving", "p10", "p90", "weeks"),
        *("carbon_kg", "usual_carbon_kg", "source"),
    ],
    "plan_steps": ["timestamp", "price", "carbon_g_per_kwh", "load_kwh", "planned_kwh"],
    "plan_jobs": ["jobs", "limit_kw"],
    "plan_total": [
        *("kwh", "cost", "usual_cost", "saving", "p10", "p90", "weeks", "gap", "weight", "limit_kw", "hours"),
        *("carbon_kg", "usual_carbon_kg"),
    ],
    "plan_notes": ["device_id", "kind", "what"],
}
"""The frames of a plan. Times are UTC, energy is in kWh, money in the home's currency, carbon in kg."""

_TYPES = {
    **dict.fromkeys(("device_id", "kind", "source", "what", "jobs"), "str"),
    **dict.fromkeys(("run", "runs", "weeks"), "int64"),
    **dict.fromkeys(("timestamp", "start", "end"), "datetime64[us, UTC]"),
}
"""What is no number with decimals."""

NO_DEVICE = "No plan is made: home.yaml names no flexible device. The line flexible: true below a device makes it one."


def plan(home: Home, forecast: pd.DataFrame, models: Models | None = None, weight: float = 1.0) -> Frames:
    """Plan a home's flexible devices over its forecast.

    Parameters
    ----------
    home : Home
    forecast : DataFrame
        The `forecast` frame of the home, from its origin on.
    models : mapping, optional
        The fitted model of each (home, device), which forecast a warmer and a colder week; without it, the models that
        `forecast` names learn again.
    weight : float
        1 minimises money alone, 0 carbon alone.

    Returns
    -------
    Frames
        Those of `COLUMNS`: `plan`, a row a step in which a run takes energy; `plan_runs`, `plan_devices` and the one
        row of `plan_total` as of `plan_costs.value`; `plan_steps`, with price, expected load beside the plan, and what
        is planned; `plan_notes`, what is not planned and why. Without a plan all but the notes are empty. `warmer` and
        `warmer_words`: see `temperature_scenarios.by_degrees`.

    Examples
    --------
    >>> home = influx.load("data/sample")  # doctest: +SKIP
    >>> influx.plan(home, forecast).plan_runs  # doctest: +SKIP
    """
    every = [one for one in active_series(home) if one.device_id in set(forecast["device_id"])]
    if models is None:
        models = fitted_models(home, forecast, forecast["timestamp"].nunique())
    made = schedule(home, every, forecast, home_rates(home), weight)
    return Frames(made | temperature_scenarios.by_degrees(forecast, every, models, home.origin))


def schedule(
    home: Home, every: list[Series], forecast: pd.DataFrame, rates: Rates | None, weight: float = 1.0
) -> Frames:
    """Plan devices of a home at any prices, None where none is known; the frames of `COLUMNS`."""
    grams = carbon_intensity(home)
    carbon = None if grams is None else lambda stamps: grams(stamps, STEP_MINUTES)
    notes: Notes = []
    found: dict[str, pd.DataFrame] = {}
    price = None if rates is None else lambda stamps: rates.at(stamps, STEP_MINUTES)[0]
    stamps = _steps(forecast, price, notes)
    if stamps is not None and price is not None:
        asked = asked_of(home, every, forecast, notes)
        tasks = tasks_of(asked, stamps, notes)
        asked = [one for one in asked if one.device_id in tasks]
        if asked:
            zone, limit = home.settings.timezone, home.settings.power_limit_kw
            terms = Terms(stamps, _load(forecast, asked, len(stamps)), price, carbon, limit, weight, zone)
            found = _planned(asked, tasks, terms, notes)
        elif not notes:
            notes.append(("", "lacking", NO_DEVICE))
    found["plan_notes"] = pd.DataFrame(notes, columns=COLUMNS["plan_notes"])
    out = {name: _typed(found.get(name, pd.DataFrame(columns=columns))[columns]) for name, columns in COLUMNS.items()}
    return Frames(out)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose columns have their types, also where it has no rows."""
    return frame.astype({name: _TYPES.get(name, "float64") for name in frame})


def _planned(asked: list[Asked], tasks: dict[str, Task], terms: Terms, notes: Notes) -> dict[str, pd.DataFrame]:
    made = terms.plan(list(tasks.values()))
    _tell(made, asked, tasks, terms, notes)
    placed = {task.device_id for task in made.placed}
    kept = [one for one in asked if one.device_id in placed]
    planned = made.steps.groupby("timestamp")["kwh"].sum().reindex(terms.stamps, fill_value=0.0).to_numpy()
    steps = pd.DataFrame(
        {
            "timestamp": terms.stamps,
            "price": terms.price(terms.stamps),
            "carbon_g_per_kwh": np.nan if terms.carbon is None else terms.carbon(terms.stamps),
            "load_kwh": terms.load,
            "planned_kwh": planned,
        }
    )
    limit = np.nan if terms.limit_kw is None else terms.limit_kw
    again = pd.DataFrame({"jobs": [write(made.placed)], "limit_kw": [limit]})
    found = {"plan": made.steps, "plan_steps": steps, "plan_jobs": again}
    return found | (value(made, kept, terms) if kept else {})


def _steps(forecast: pd.DataFrame, price: PerStep | None, notes: Notes) -> pd.DatetimeIndex | None:
    """Return the steps of the plan: those of the forecast, as far as prices are known."""
    if price is None:
        notes.append(("", "lacking", "No plan is made: no tariff is given in home.yaml and the data holds no price."))
        return None
    hours = pd.DatetimeIndex(forecast["timestamp"].unique()).sort_values()
    stamps = pd.date_range(hours[0], hours[-1] + HOUR, freq=STEP, inclusive="left")
    unknown = ~np.isfinite(price(stamps))
    if not unknown.any():
        return stamps
    known = int(unknown.argmax()) // 2
    if known == 0:
        notes.append(("", "lacking", "No plan is made: the price of the coming hours is not known."))
        return None
    notes.append(("", "lacking", f"Prices are known for the first {known} of {len(hours)} hours: the plan ends there."))
    return stamps[: 2 * known]


def _load(forecast: pd.DataFrame, asked: list[Asked], steps: int) -> np.ndarray:
    """Return what the home is expected to use beside its planned devices [kWh in the step]."""
    whole = forecast.loc[forecast["device_id"] == HOUSEHOLD, "energy_kwh"].to_numpy()
    load = np.repeat(whole, 2) / 2 - sum(one.expected for one in asked)
    return np.asarray(np.maximum(load, 0.0)[:steps])


def _tell(plan: Plan, asked: list[Asked], tasks: dict[str, Task], terms: Terms, notes: Notes) -> None:
    """Add to `notes` what keeps devices out of the plan."""
    when, limit = (terms.stamps, terms.timezone), terms.limit_kw
    out = {one.device_id for one in plan.relaxations}
    how = {one.device_id: one.flexible for one in asked}
    for one in plan.relaxations:
        name = one.device_id
        if one.gives != "limit":
            notes.append((name, "impossible", infeasibility_messages.alone(one, tasks[name], how[name], *when)))
        elif limit is not None:
            rest = [task for name, task in tasks.items() if name not in out]
            notes.append(("", "impossible", infeasibility_messages.together(one, rest, *when, limit)))
    if limit is not None and (
        words := infeasibility_messages.crowded(limit * (STEP / HOUR) - terms.load, *when, limit)
    ):
        notes.append(("", "lacking", words))
