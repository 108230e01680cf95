"""What if a run began at another time, a device had another rating, the week were warmer, or the tariff another one?"""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD
from influx.dashboard import charts, html
from influx.dashboard.columns import Columns
from influx.dashboard.week import HOUR, Week

YEAR = np.timedelta64(365 * 86400, "s")
NIGHT = (23, 7)
"""Local hours from and to which a night rate holds."""


def what_if(week: Week) -> list[widgets.Widget]:
    """Return the questions with their controls and answers, those that the run folder can answer."""
    parts = [*_moved(week), *_replaced(week), *_warmer(week), *_tariff(week)]
    return [widgets.HTML(html.heading("What if?")), *parts] if parts else []


def _answering(controls: list[widgets.Widget], say: object, title: str) -> list[widgets.Widget]:
    """Return controls below their title, and the sentence that follows from them."""
    shown = widgets.HTML()

    def draw(_: object = None) -> None:
        shown.value = html.sentence(say(*(control.value for control in controls)))  # type: ignore[operator]

    for control in controls:
        control.observe(draw, "value")
    draw()
    row = widgets.HBox(controls, layout=widgets.Layout(flex_flow="row wrap"))
    return [widgets.HTML(html.heading(title, 3)), row, shown]


def _moved(week: Week) -> list[widgets.Widget]:
    runs, steps = week.frame("plan_runs"), week.frame("plan_steps")
    if not runs or not steps:
        return []
    starts = week.local(runs["start"])
    names = [f"{row['device_id']}, {_moment(at)}" for row, at in zip(runs.rows(), starts, strict=True)]
    run = widgets.Dropdown(options=[(name, number) for number, name in enumerate(names)], description="Run")
    walls = week.local(steps["timestamp"])
    start = widgets.Dropdown(options=[(_moment(wall), number) for number, wall in enumerate(walls)], description="At")
    start.value = int(np.flatnonzero(steps["timestamp"] == runs["start"][0])[0])
    return _answering([run, start], lambda one, at: moved(week, one, at), "A run at another time")


def moved(week: Week, run: int, step: int) -> str:
    """Say what a planned run costs where it begins at another half hour."""
    runs, steps = week.frame("plan_runs"), week.frame("plan_steps")
    row = next(runs.take(np.array([run])).rows())
    own = week.frame("plan").where(device_id=row["device_id"], run=row["run"])
    length = ((own["timestamp"] - own["timestamp"][0]) / (HOUR / 2)).astype(int)
    where = step + length
    if where[-1] >= len(steps):
        return "From there the run would end after what is forecast."
    then = float(own["kwh"] @ steps["price"][where])
    difference = then - float(row["cost"])
    way = "dearer" if difference > 0 else "cheaper"
    if abs(difference) < 0.005:
        return f"It costs the same there: {fmt.money(then, week.currency)}."
    apart = fmt.money(abs(difference), week.currency)
    return f"There it costs {fmt.money(then, week.currency)}, {apart} {way} than as planned."


def _replaced(week: Week) -> list[widgets.Widget]:
    names = [name for name in week.devices if name != HOUSEHOLD]
    if not names or not week.frame("cost_week"):
        return []
    device = widgets.Dropdown(options=names, description="Device")
    ratio = widgets.IntSlider(70, min=20, max=150, step=5, continuous_update=False, description="Takes %")
    return _answering(
        [device, ratio], lambda name, share: replaced(week, name, share / 100), "A device with another rating"
    )


def replaced(week: Week, device: str, ratio: float) -> str:
    """Say what the coming hours cost where a device takes another share of its energy for the same service."""
    row = next(week.frame("cost_week").where(device_id=device).rows())
    now, low, high = (float(row[name]) for name in ("total", "p10", "p90"))
    change = abs(1 - ratio)
    way = "less" if ratio < 1 else "more"
    words = f"It would cost {fmt.money(change * now, week.currency)} {way} in these {fmt.hours(int(row['hours']))}"
    if not np.isfinite(low):
        return f"{words}; the range is {fmt.NOT_KNOWN}."
    span = fmt.money_span(change * low, change * high, week.currency)
    return f"{words}, {span}: {fmt.money(ratio * now, week.currency)} instead of {fmt.money(now, week.currency)}."


def _warmer(week: Week) -> list[widgets.Widget]:
    rows = week.frame("warmer_words")
    if not rows:
        return []
    options = [("3 degrees colder", -3.0), ("as forecast", 0.0), ("3 degrees warmer", 3.0)]
    degrees = widgets.ToggleButtons(options=options, value=0.0)
    said = dict(zip(rows["degrees"].tolist(), rows["what"], strict=True))
    plain = "That is the forecast itself."
    return _answering([degrees], lambda one: str(said.get(one, plain)), "A warmer or a colder week")


def _tariff(week: Week) -> list[widgets.Widget]:
    hours = year(week)
    if not hours:
        return []
    known = week.frame("prices")
    usual = float(np.nanmean(known["price"])) if known else 0.25
    top = max(round(2.5 * usual, 2), 0.05)
    day = widgets.FloatSlider(usual, min=0, max=top, step=0.01, continuous_update=False, description="By day")
    night = widgets.FloatSlider(usual, min=0, max=top, step=0.01, continuous_update=False, description="23 to 7")
    return _answering([day, night], lambda one, two: under(week, hours, one, two), "Another tariff over the last year")


def year(week: Week) -> Columns:
    """Return the household's known hours of the last twelve months: `timestamp` and `energy_kwh`."""
    rows = week.frame("readings")
    if not rows:
        return Columns()
    own = rows.where(device_id=HOUSEHOLD)
    if not own:
        own = rows
    own = own.take(np.isfinite(own["energy_kwh"]) & (own["timestamp"] > own["timestamp"].max() - YEAR))
    stamps, place = np.unique(own["timestamp"], return_inverse=True)
    return Columns({"timestamp": stamps, "energy_kwh": np.bincount(place, own["energy_kwh"], minlength=len(stamps))})


def under(week: Week, hours: Columns, day: float, night: float) -> str:
    """Say what the last twelve months would have cost at a day and a night rate, standing charge apart."""
    wall = week.local(hours["timestamp"])
    clock = ((wall - wall.astype("datetime64[D]")) / HOUR).astype(int)
    price = np.where((clock >= NIGHT[0]) | (clock < NIGHT[1]), night, day)
    cost, kwh = float(hours["energy_kwh"] @ price), float(hours["energy_kwh"].sum())
    days = len(hours) / 24
    words = f"The {fmt.number(days)} days that are known of the last year, {fmt.kwh(kwh)}, would have cost "
    words += fmt.money(cost, week.currency)
    paid = week.frame("spent")
    if paid:
        own = paid.where(device_id=HOUSEHOLD)
        since = hours["timestamp"].min().astype("datetime64[D]")
        own = own.take(np.isfinite(own["cost"]) & (own["day"] >= since))
        if own and "cost" in own and abs(float(own["kwh"].sum()) - kwh) <= 0.01 * kwh:
            words += f"; by the tariff they cost {fmt.money(float(own['cost'].sum()), week.currency)}"
    return f"{words}, standing charge and tax apart."


def _moment(wall: np.datetime64) -> str:
    hour = (wall - wall.astype("datetime64[D]")).astype("timedelta64[m]").astype(int)
    return f"{charts.weekday(wall).split(chr(10))[0]} {hour // 60:02d}:{hour % 60:02d}"
