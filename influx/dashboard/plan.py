"""Plan: the schedule beside today's habit, and what follows from other prices, another weight, or another week."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np

from influx.core import formatting as fmt
from influx.dashboard import html
from influx.dashboard.columns import Columns
from influx.dashboard.strip import strip
from influx.dashboard.week import Week
from influx.dashboard.whatif import what_if

if TYPE_CHECKING:
    from influx.scheduling.jobs import Job

SECONDS, GAP = 0.25, 0.01
"""Time that a plan for other prices may take, and the gap at which it is good enough."""

LACKING = "This run folder has no plan; `make report` makes it."


def plan(week: Week) -> widgets.Widget:
    """Return the part: the plan as it was made, sliders that plan anew, and what-ifs."""
    if not week.frame("plan"):
        notes = week.frame("plan_notes")
        words = [str(what) for what in notes["what"]] if notes else [week.said("plan") or LACKING]
        return widgets.VBox([widgets.HTML("".join(html.sentence(line) for line in words)), *what_if(week)])
    steps = week.frame("plan_steps")
    spread = widgets.FloatSlider(1.0, min=0, max=3, step=0.25, continuous_update=False, description="Dearness")
    spread.tooltip = "how far dear half hours lie above the cheapest: 1 is your tariff, 0 is flat"
    weight = widgets.FloatSlider(1.0, min=0, max=1, step=0.25, continuous_update=False, description="Money")
    weight.tooltip = "1 saves money alone, 0 carbon alone"
    carbon = np.isfinite(steps["carbon_g_per_kwh"]).all()
    shown = widgets.HTML()
    Thread(target=_import_solver, daemon=True).start()

    def draw(_: object = None) -> None:
        shown.value = _shown(week, spread.value, weight.value if carbon else 1.0)

    for control in (spread, weight):
        control.observe(draw, "value")
    draw()
    hint = "Dearness stretches what dear half hours cost above the cheapest one: 1 is the tariff, 0 is flat."
    hint += " Money weighs money (1) against carbon (0)." if carbon else " No carbon file is known, so money decides."
    sliders = widgets.HBox([spread, *([weight] if carbon else [])], layout=widgets.Layout(flex_flow="row wrap"))
    top = widgets.HTML(html.answer(week.said("plan")) if week.said("plan") else "")
    return widgets.VBox([top, sliders, widgets.HTML(html.sentence(hint, "ix-quiet")), shown, *what_if(week)])


def _import_solver() -> None:
    """Import what planning anew takes while the page is looked at, so that the first slider does not wait for it."""
    import influx.scheduling.solver  # noqa: F401


def _shown(week: Week, spread: float, weight: float) -> str:
    """Return the plan at other prices: as it was made where nothing is changed."""
    steps = week.frame("plan_steps")
    price = stretched(steps["price"], spread)
    if spread == 1 and weight == 1:
        return _as_made(week) + _notes(week)
    planned, gap = anew(week, price, weight)
    table: dict[str, list[object]] = {
        "device": [name for name, _ in planned],
        "planned [kWh]": [float(kwh.sum()) for _, kwh in planned],
        "cost as planned": [_money(week, float(kwh @ price)) for _, kwh in planned],
        "cost by habit": [_money(week, _by_habit(week, name, float(kwh.sum()), price)) for name, kwh in planned],
    }
    saved = sum(_by_habit(week, name, float(kwh.sum()), price) - float(kwh @ price) for name, kwh in planned)
    words = (
        f"**At these prices the plan saves {_money(week, max(saved, 0.0))} against today's habit.** The best there is "
        f"lies at most {fmt.percent(max(gap, 0.0))} lower. The range is not known: past weeks had other prices."
    )
    rows = Columns(
        {
            "device_id": np.repeat(np.array([name for name, _ in planned], dtype=object), len(price)),
            "timestamp": np.tile(steps["timestamp"], len(planned)),
            "kwh": np.concatenate([kwh for _, kwh in planned]) if planned else np.empty(0),
        }
    )
    rows = rows.take(rows["kwh"] > 1e-6)
    return html.sentence(words) + strip(week, rows, price) + html.table(table) + html.download(rows, "plan")


def _as_made(week: Week) -> str:
    rows = week.frame("plan_devices")
    table = {
        "device": list(rows["device_id"]),
        "planned [kWh]": list(rows["kwh"]),
        "cost as planned": [_money(week, float(one)) for one in rows["cost"]],
        "cost by habit": [_money(week, float(one)) for one in rows["usual_cost"]],
        "saving": [_money(week, float(one)) for one in rows["saving"]],
        "8 in 10": [_span(week, low, high) for low, high in zip(rows["p10"], rows["p90"], strict=True)],
    }
    price = week.frame("plan_steps")["price"]
    caption = "As planned, and the same energy at the hours in which it is expected anyway."
    return (
        strip(week, week.frame("plan"), price) + html.table(table, caption) + html.download(week.frame("plan"), "plan")
    )


def _notes(week: Week) -> str:
    notes = week.frame("plan_notes")
    return "".join(html.sentence(str(what)) for what in notes["what"]) if notes else ""


def stretched(price: np.ndarray, spread: float) -> np.ndarray:
    """Return prices whose distance from the lowest one is `spread` times as large."""
    low = float(np.nanmin(price))
    return np.asarray(low + (price - low) * spread)


def anew(week: Week, price: np.ndarray, weight: float) -> tuple[list[tuple[str, np.ndarray]], float]:
    """Plan the jobs of the run folder at other prices; each device's energy by step [kWh], and the gap."""
    from influx.scheduling.jobs import read
    from influx.scheduling.solver import Impossible, solve, weigh

    kept, steps = week.frame("plan_jobs"), week.frame("plan_steps")
    jobs: list[Job] = read(str(kept["jobs"][0]))
    limit = float(kept["limit_kw"][0])
    room = limit / 2 - steps["load_kwh"] if np.isfinite(limit) else None
    value = weigh(price, steps["carbon_g_per_kwh"] if weight < 1 else None, weight)
    try:
        found = solve(jobs, value, room, GAP, SECONDS)
    except Impossible:
        return [], float("nan")
    return [(job.device_id, kwh) for job, kwh in zip(jobs, found.kwh, strict=True)], found.gap


def _by_habit(week: Week, device: str, kwh: float, price: np.ndarray) -> float:
    """Return what as much energy costs at the hours in which the device is expected to run anyway."""
    usual = np.repeat(week.frame("forecast").where(device_id=device)["energy_kwh"], 2)[: len(price)]
    total = float(usual.sum())
    return float(usual @ price) / total * kwh if total > 0 else float("nan")


def _money(week: Week, amount: float) -> str:
    return fmt.money(amount, week.currency)


def _span(week: Week, low: float, high: float) -> str:
    return fmt.money_span(float(low), float(high), week.currency)
