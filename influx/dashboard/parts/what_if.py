"""What if a run began at another time, a device had another rating, the week were warmer, or the tariff another one?"""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD
from influx.dashboard.elements import heading, html, live, row, slider
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
    starts = [_moment(wall) for wall in week.local(runs["start"])]
    names = [f"{device}, {start}" for device, start in zip(runs["device_id"], starts, strict=True)]
    walls = [_moment(wall) for wall in week.local(steps["timestamp"])]
    run = widgets.Dropdown(options=[(name, number) for number, name in enumerate(names)], description="Run")
    start = widgets.Dropdown(options=[(wall, number) for number, wall in enumerate(walls)], description="At")
    start.value = int(np.flatnonzero(steps["timestamp"] == runs["start"].iloc[0])[0])
    return _question("A run at another time", lambda *chosen: moved(week, *chosen), run, start)


def moved(week: Week, run: int, step: int) -> str:
    """Return in words what a planned run costs where it begins at another half hour.

    Parameters
    ----------
    week : Week
    run, step : int
        Numbers of the rows of `plan_runs` and `plan_steps`.
    """
    chosen, price = week.frame("plan_runs").iloc[run], week.frame("plan_steps")["price"].to_numpy()
    taken = week.frame("plan", device_id=chosen["device_id"], run=chosen["run"])
    places = step + ((taken["timestamp"] - taken["timestamp"].iloc[0]) // pd.Timedelta(minutes=30)).to_numpy()
    if places[-1] >= len(price):
        return "From there the run would end after what is forecast."
    cost = float(taken["kwh"].to_numpy() @ price[places])
    difference, words = cost - chosen["cost"], fmt.money(cost, week.currency)
    if abs(difference) < 0.005:
        return f"It costs the same there: {words}."
    way = "dearer" if difference > 0 else "cheaper"
    return f"There it costs {words}, {fmt.money(abs(difference), week.currency)} {way} than as planned."


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
    cost = week.row("cost_week", device_id=device)
    change, way = abs(1 - ratio), "less" if ratio < 1 else "more"
    words = (
        f"It would cost {fmt.money(change * cost['total'], week.currency)} {way} in these {fmt.hours(cost['hours'])}"
    )
    if not np.isfinite(cost["p10"]):
        return f"{words}; the range is {fmt.NOT_KNOWN}."
    span = fmt.money_span(change * cost["p10"], change * cost["p90"], week.currency)
    then, now = (fmt.money(part * cost["total"], week.currency) for part in (ratio, 1))
    return f"{words}, {span}: {then} instead of {now}."


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
    clock = week.local(hours.index).hour
    price = np.where((clock >= NIGHT[0]) | (clock < NIGHT[1]), night, day)
    kwh = float(hours.sum())
    words = f"The {fmt.number(len(hours) / 24)} days that are known of the last year, {fmt.kwh(kwh)}, would have cost "
    words += fmt.money(float(hours.to_numpy() @ price), week.currency)
    paid = week.frame("spent", device_id=HOUSEHOLD)
    if len(paid) and "cost" in paid:
        paid = paid[paid["cost"].notna() & (paid["day"] >= hours.index.min().tz_localize(None).normalize())]
        if abs(paid["kwh"].sum() - kwh) <= 0.01 * kwh:
            words += f"; by the tariff they cost {fmt.money(paid['cost'].sum(), week.currency)}"
    return f"{words}, standing charge and tax apart."


def _moment(wall: pd.Timestamp) -> str:
    return f"{wall:%a %H:%M}"
