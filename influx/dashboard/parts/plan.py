"""Plan: the schedule beside the usual run times, and what follows from other prices, another weight or another week."""

from __future__ import annotations

from threading import Thread

import ipywidgets as widgets
import numpy as np
import pandas as pd

from influx.dashboard.elements import Markup, download, html, live, row, slider, text
from influx.dashboard.parts.what_if import what_if
from influx.dashboard.week import Week
from influx.report import plots
from influx.report.figures import show
from influx.report.html import answer, paragraphs, sentence
from influx.report.tables import table

SECONDS, GAP = 0.25, 0.01
"""Time that a plan for other prices may take, and the gap at which it is good enough."""

LACKING = "This run folder has no plan; `make report` makes it."


def plan(week: Week) -> widgets.Widget:
    """Return the part: the plan as it was made, sliders that plan anew, and what-ifs."""
    if week.frame("plan").empty:
        texts = _notes(week) or [week.text("plan") or LACKING]
        return widgets.VBox([html(paragraphs(texts)), *what_if(week)])
    Thread(target=_import_solver, daemon=True).start()
    spread, weight = slider("Price spread", 1.0, 0, 3, 0.25), slider("Money", 1.0, 0, 1, 0.25)
    carbon = bool(week.frame("plan_steps")["carbon_g_per_kwh"].notna().all())
    return widgets.VBox(
        [
            html(answer(week.text("plan"))),
            row(spread, *([weight] if carbon else [])),
            html(f'<p class="ix-quiet">{text("sliders", carbon=carbon)}</p>'),
            live(lambda wide, money: _shown(week, wide, money), spread, weight),
            *what_if(week),
        ]
    )


def _import_solver() -> None:
    """Import what planning anew takes while the page is looked at, so that the first slider does not wait for it."""
    import influx.scheduling.solver  # noqa: F401


def _notes(week: Week) -> list[str]:
    notes = week.frame("plan_notes")
    return list(notes["what"]) if len(notes) else []


def _shown(week: Week, spread: float, weight: float) -> list[Markup]:
    """Return the plan at other prices: as it was made where nothing is changed."""
    steps = week.frame("plan_steps")
    if spread == 1 and weight == 1:
        caption = "As planned, and the same energy at the hours in which it is expected anyway."
        shown = table(week.frame("plan_devices"), "plan_devices", caption, currency=week.currency)
        made = week.frame("plan")
        return [_strip(week, made, steps), shown, download(made, "plan"), paragraphs(_notes(week))]
    steps = steps.assign(price=stretched(steps["price"], spread))
    planned, gap = plan_anew(week, steps, weight)
    if planned.empty:
        return [sentence("At these prices no plan was found in time.")]
    price = steps.set_index("timestamp")["price"]
    costs = planned.assign(cost=planned["kwh"] * planned["timestamp"].map(price)).groupby("device_id", sort=False)
    costs = costs[["kwh", "cost"]].sum()
    costs["usual_cost"] = [_usual_cost(week, name, kwh, steps) for name, kwh in costs["kwh"].items()]
    costs["saving"] = costs["usual_cost"] - costs["cost"]
    saved = max(costs["saving"].sum(), 0.0)
    words = text("other_prices", saved=saved, gap=max(gap, 0.0), currency=week.currency)
    shown = table(costs.reset_index(), "plan_devices", currency=week.currency)
    return [sentence(words), _strip(week, planned, steps), shown, download(planned, "plan")]


def _strip(week: Week, planned: pd.DataFrame, steps: pd.DataFrame) -> Markup:
    return show(
        plots.plan, planned, steps, week.timezone, week.currency, week.all_devices, week.frame("forecast"),
        caption="When each flexible device should run, and below it, paler, when it is expected to run anyway; "
        "the darker the ground, the higher the price.",
        size=(9, 3), narrow=(4.2, 3.4),
    )  # fmt: skip


def stretched(price: pd.Series, spread: float) -> pd.Series:
    """Return prices whose distance from the lowest one is `spread` times as large.

    >>> stretched(pd.Series([1.0, 3.0]), 2).tolist()
    [1.0, 5.0]
    """
    return price.min() + (price - price.min()) * spread


def plan_anew(week: Week, steps: pd.DataFrame, weight: float) -> tuple[pd.DataFrame, float]:
    """Plan the jobs of the run folder at the `price` of other `steps`; `weight` 1 saves money alone, 0 carbon alone.

    Returns
    -------
    planned : DataFrame
        `device_id`, `run`, `timestamp` and `kwh` of each step in which a device takes energy; empty where the jobs do
        not fit.
    gap : float
        How far at most the best plan lies below it, as a share of the objective.
    """
    from influx.scheduling.jobs import read  # scipy, which most of those who look never need
    from influx.scheduling.solver import Impossible, solve, weigh

    made = week.row("plan_jobs")
    jobs = read(made["jobs"])
    headroom = made["limit_kw"] / 2 - steps["load_kwh"].to_numpy() if np.isfinite(made["limit_kw"]) else None
    carbon = steps["carbon_g_per_kwh"].to_numpy() if weight < 1 else None
    try:
        solution = solve(jobs, weigh(steps["price"].to_numpy(), carbon, weight), headroom, GAP, SECONDS)
    except Impossible:
        return pd.DataFrame(), float("nan")
    parts = [
        pd.DataFrame({"device_id": job.device_id, "run": 0, "timestamp": steps["timestamp"], "kwh": kwh})
        for job, kwh in zip(jobs, solution.kwh, strict=True)
    ]
    planned = pd.concat(parts, ignore_index=True)
    return planned[planned["kwh"] > 1e-6], solution.gap


def _usual_cost(week: Week, device: str, kwh: float, steps: pd.DataFrame) -> float:
    """Return what as much energy costs at the hours in which the device is expected to run anyway."""
    usual = np.repeat(week.frame("forecast", device_id=device)["energy_kwh"].to_numpy(), 2)[: len(steps)]
    return float(usual @ steps["price"]) / usual.sum() * kwh if usual.sum() > 0 else float("nan")
