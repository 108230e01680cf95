"""The plan of one home as frames: what its flexible devices should do in the coming week, and what that is worth.

What cannot be planned is named in a sentence, with the least that would have to give.
"""

from __future__ import annotations

from dataclasses import replace

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
from influx.scheduling import temperature_scenarios
from influx.scheduling.infeasibility import crowded_note, limit_note, unfit_note
from influx.scheduling.jobs import Job, write
from influx.scheduling.plan import STEP, Plan, Terms
from influx.scheduling.requirements import FlexibleLoad, Notes, flexible_loads, jobs_of
from influx.scheduling.savings import plan_value

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
        row of `plan_total` as of `savings.plan_value`; `plan_steps`, with price, expected load beside the plan, and
        what is planned; `plan_notes`, what is not planned and why. Without a plan all but the notes are empty.
        `warmer` and `warmer_words`: see `temperature_scenarios.by_degrees`.

    Examples
    --------
    >>> home = influx.load("data/sample")  # doctest: +SKIP
    >>> influx.plan(home, forecast).plan_runs  # doctest: +SKIP
    """
    devices = [series for series in active_series(home) if series.device_id in set(forecast["device_id"])]
    if models is None:
        models = fitted_models(home, forecast, forecast["timestamp"].nunique())
    made = schedule(home, devices, forecast, home_rates(home), weight)
    return Frames(made | temperature_scenarios.by_degrees(forecast, devices, models, home.origin))


def schedule(
    home: Home, devices: list[Series], forecast: pd.DataFrame, rates: Rates | None, weight: float = 1.0
) -> dict[str, pd.DataFrame]:
    """Plan devices of a home at any prices, None where none is known; the frames of `COLUMNS`."""
    made: dict[str, pd.DataFrame] = {}
    if rates is None:
        notes = [("", "lacking", "No plan is made: no tariff is given in home.yaml and the data holds no price.")]
    else:
        stamps, notes = _steps(forecast, rates)
        if len(stamps):
            loads, unclear = flexible_loads(home, devices, forecast)
            jobs, outside = jobs_of(loads, stamps)
            notes += unclear + outside
            loads = [load for load in loads if load.device_id in jobs]
            if loads:
                terms = _terms(home, forecast, loads, stamps, rates)
                made, diagnosed = _planned(loads, jobs, replace(terms, weight=weight))
                notes += diagnosed
            elif not notes:
                notes.append(("", "lacking", NO_DEVICE))
    made["plan_notes"] = pd.DataFrame(notes, columns=COLUMNS["plan_notes"])
    return {name: _typed(made.get(name, pd.DataFrame(columns=columns))[columns]) for name, columns in COLUMNS.items()}


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose columns have their types, also where it has no rows."""
    return frame.astype({name: _TYPES.get(name, "float64") for name in frame})


def _steps(forecast: pd.DataFrame, rates: Rates) -> tuple[pd.DatetimeIndex, Notes]:
    """Return the steps of the plan: those of the forecast, as far as prices are known."""
    hours = pd.DatetimeIndex(forecast["timestamp"].unique()).sort_values()
    stamps = pd.date_range(hours[0], hours[-1] + HOUR, freq=STEP, inclusive="left")
    unknown = ~np.isfinite(rates.at(stamps, STEP_MINUTES)[0])
    if not unknown.any():
        return stamps, []
    known = int(unknown.argmax()) // 2
    words = f"Prices are known for the first {known} of {len(hours)} hours: the plan ends there."
    if known == 0:
        words = "No plan is made: the price of the coming hours is not known."
    return stamps[: 2 * known], [("", "lacking", words)]


def _terms(
    home: Home, forecast: pd.DataFrame, loads: list[FlexibleLoad], stamps: pd.DatetimeIndex, rates: Rates
) -> Terms:
    whole = forecast.loc[forecast["device_id"] == HOUSEHOLD, "energy_kwh"].to_numpy()
    beside = np.maximum(np.repeat(whole, 2) / 2 - sum(load.expected for load in loads), 0.0)
    grams = carbon_intensity(home)
    return Terms(
        stamps=stamps,
        load=beside[: len(stamps)],
        price=lambda when: rates.at(when, STEP_MINUTES)[0],
        carbon=None if grams is None else lambda when: grams(when, STEP_MINUTES),
        limit_kw=home.settings.power_limit_kw,
        weight=1.0,
        timezone=home.settings.timezone,
    )


def _planned(loads: list[FlexibleLoad], jobs: dict[str, Job], terms: Terms) -> tuple[dict[str, pd.DataFrame], Notes]:
    made, stamps = terms.plan(list(jobs.values())), terms.stamps
    placed = {job.device_id for job in made.placed}
    kept = [load for load in loads if load.device_id in placed]
    steps = pd.DataFrame(
        {
            "timestamp": stamps,
            "price": terms.price(stamps),
            "carbon_g_per_kwh": np.nan if terms.carbon is None else terms.carbon(stamps),
            "load_kwh": terms.load,
            "planned_kwh": made.steps.groupby("timestamp")["kwh"].sum().reindex(stamps, fill_value=0.0).to_numpy(),
        }
    )
    limit = np.nan if terms.limit_kw is None else terms.limit_kw
    again = pd.DataFrame({"jobs": [write(made.placed)], "limit_kw": [limit]})
    frames = {"plan": made.steps, "plan_steps": steps, "plan_jobs": again}
    return frames | (plan_value(made, kept, terms) if kept else {}), _diagnosed(made, loads, jobs, terms)


def _diagnosed(made: Plan, loads: list[FlexibleLoad], jobs: dict[str, Job], terms: Terms) -> Notes:
    """Return what keeps devices out of the plan."""
    notes: Notes = []
    when = (terms.stamps, terms.timezone)
    flexible = {load.device_id: load.flexible for load in loads}
    out = {diagnosis.device_id for diagnosis in made.diagnoses}
    for diagnosis in made.diagnoses:
        name = diagnosis.device_id
        if diagnosis.gives != "limit":
            notes.append((name, "impossible", unfit_note(diagnosis, jobs[name], flexible[name], *when)))
        elif terms.limit_kw is not None:
            others = [job for name, job in jobs.items() if name not in out]
            notes.append(("", "impossible", limit_note(diagnosis, others, *when, terms.limit_kw)))
    headroom = terms.headroom(len(terms.stamps))
    if headroom is not None and terms.limit_kw is not None and (headroom < 0).any():
        notes.append(("", "lacking", crowded_note(headroom, *when, terms.limit_kw)))
    return notes
