"""What if a run began at another time, a device had another rating, the week were warmer, or the tariff another one?"""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
import pandas as pd

from influx.core.constants import HOUSEHOLD
from influx.dashboard.elements import heading, html, live, row, slider, text
from influx.dashboard.week import Week
from influx.report.html import sentence

NIGHT = (23, 7)
"""Local hours from and to which a night rate holds."""


def what_if(week: Week) -> list[widgets.Widget]:
    """Return the questions with their controls and answers, those that the run folder can answer."""
    parts = [*_another_time(week), *_another_rating(week), *_another_temperature(week), *_another_tariff(week)]
    return [html(heading("What if?")), *parts] if parts else []


def _question(title: str, answer: Callable[..., str], *controls: widgets.Widget) -> list[widgets.Widget]:
    """Return controls below their title, and the sentence that follows from their values."""
    shown = live(lambda *values: [sentence(answer(*values))], *controls)
    return [html(heading(title, 3)), row(*controls), shown]


def _another_time(week: Week) -> list[widgets.Widget]:
    runs, steps = week.frame("plan_runs"), week.frame("plan_steps")
    if runs.empty or steps.empty:
        return []
    starts, walls = (week.local(stamps).strftime("%a %H:%M") for stamps in (runs["start"], steps["timestamp"]))
    names = [f"{device}, {start}" for device, start in zip(runs["device_id"], starts, strict=True)]
    run = widgets.Dropdown(options=[(name, number) for number, name in enumerate(names)], description="Run")
    start = widgets.Dropdown(options=[(wall, number) for number, wall in enumerate(walls)], description="At")
    start.value = int(np.flatnonzero(steps["timestamp"] == runs["start"].iloc[0])[0])
    return _question("A run at another time", lambda *chosen: moved(week, *chosen), run, start)


def moved(week: Week, run: int, step: int) -> str:
    """Return in words what a row of `plan_runs` costs where it begins at a row of `plan_steps`, another half hour."""
    chosen, price = week.frame("plan_runs").iloc[run], week.frame("plan_steps")["price"].to_numpy()
    taken = week.frame("plan", device_id=chosen["device_id"], run=chosen["run"])
    places = step + ((taken["timestamp"] - taken["timestamp"].iloc[0]) // pd.Timedelta(minutes=30)).to_numpy()
    cost = float(taken["kwh"].to_numpy() @ price[places]) if places[-1] < len(price) else None
    return text("moved_run", cost=cost, planned=chosen["cost"], currency=week.currency)


def _another_rating(week: Week) -> list[widgets.Widget]:
    names = [name for name in week.devices if name != HOUSEHOLD]
    if not names or week.frame("cost_week").empty:
        return []
    device = widgets.Dropdown(options=names, description="Device")
    ratio = widgets.IntSlider(70, min=20, max=150, step=5, continuous_update=False, description="Takes %")
    title = "A device with another rating"
    return _question(title, lambda name, share: replaced(week, name, share / 100), device, ratio)


def replaced(week: Week, device: str, ratio: float) -> str:
    """Return in words what the coming hours cost where a device takes `ratio` of its energy for the same service."""
    return text("other_rating", cost=week.row("cost_week", device_id=device), ratio=ratio, currency=week.currency)


def _another_temperature(week: Week) -> list[widgets.Widget]:
    rows = week.frame("warmer_words")
    if rows.empty:
        return []
    texts = {0.0: "That is the forecast itself.", **dict(zip(rows["degrees"], rows["what"], strict=True))}
    options = [("3 degrees colder", -3.0), ("as forecast", 0.0), ("3 degrees warmer", 3.0)]
    degrees = widgets.ToggleButtons(options=options, value=0.0)
    return _question("A warmer or a colder week", lambda chosen: texts.get(chosen, texts[0.0]), degrees)


def _another_tariff(week: Week) -> list[widgets.Widget]:
    hours, prices = last_year(week), week.frame("prices")
    if hours.empty:
        return []
    usual = float(prices["price"].mean()) if len(prices) else 0.25
    top = max(round(2.5 * usual, 2), 0.05)
    day, night = (slider(name, usual, 0, top, 0.01) for name in ("By day", "23 to 7"))
    return _question("Another tariff over the last year", lambda *rates: under(week, hours, *rates), day, night)


def last_year(week: Week) -> pd.Series:
    """Return the household's known energy of each hour of the last twelve months [kWh], by its UTC stamp."""
    readings = week.frame("readings")
    if readings.empty:
        return pd.Series(dtype=float)
    household = readings[readings["device_id"] == HOUSEHOLD]
    hours = (household if len(household) else readings).dropna(subset="energy_kwh")
    hours = hours[hours["timestamp"] > hours["timestamp"].max() - pd.Timedelta(days=365)]
    return hours.groupby("timestamp")["energy_kwh"].sum()


def under(week: Week, hours: pd.Series, day: float, night: float) -> str:
    """Return in words what these hours would have cost at a day and a night rate [currency/kWh]."""
    clock, kwh = week.local(hours.index).hour, float(hours.sum())
    price = np.where((clock >= NIGHT[0]) | (clock < NIGHT[1]), night, day)
    cost, paid = float(hours.to_numpy() @ price), None
    spent = week.frame("spent", device_id=HOUSEHOLD)
    if len(spent) and "cost" in spent:
        spent = spent[spent["cost"].notna() & (spent["day"] >= hours.index.min().tz_localize(None).normalize())]
        paid = spent["cost"].sum() if abs(spent["kwh"].sum() - kwh) <= 0.01 * kwh else None
    return text("other_tariff", days=len(hours) / 24, kwh=kwh, cost=cost, paid=paid, currency=week.currency)
