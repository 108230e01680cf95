"""What if a run began at another time, a device had another rating, or the week were warmer or colder?

Each answer is computed as the page's own numbers are: a moved run at the same prices, a replaced device from its own
forecast, another temperature through the models that were fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from influx import text
from influx.clock import HOUR
from influx.errors import InputError
from influx.forecasting import is_alive, predict_all
from influx.intervals import LEVELS
from influx.kept import open_models
from influx.models import Candidate
from influx.schema import HOUSEHOLD
from influx.series import Series, series_of_home

if TYPE_CHECKING:
    from influx.runs import Run

DEGREES = (-3.0, 3.0)
"""By how much warmer a week is looked at [C]."""


def move(plan: Mapping[str, pd.DataFrame], device_id: str, run: int, start: pd.Timestamp) -> dict[str, float]:
    """Return what a run costs where it is planned and where it would begin at `start`.

    Parameters
    ----------
    plan : mapping of DataFrame
        The frames of a plan.
    device_id, run
        Which run.
    start : Timestamp
        Its other start, a full or half hour with its time zone.

    Returns
    -------
    dict
        `cost` and `cost_there` [currency], `saving` (what it saves to move it, below zero where it costs), `kwh`, and
        `peak_kw` and `peak_kw_there`, the most power of the home in the run's steps [kW].

    Raises
    ------
    InputError
        There is no such run, or it would lie outside the plan.
    """
    rows = plan["plan"]
    own = rows[(rows["device_id"] == device_id) & (rows["run"] == run)]
    if own.empty:
        raise InputError(f"run: the plan has no run {run} of {device_id!r}.")
    steps = plan["plan_steps"].set_index("timestamp")
    there = pd.DatetimeIndex(own["timestamp"]) + (start.tz_convert("UTC") - own["timestamp"].min())
    if not there.isin(steps.index).all():
        raise InputError(f"start: from {start} the run does not lie in half hours of the plan.")
    kwh = own["kwh"].to_numpy()
    rest = steps["load_kwh"] + steps["planned_kwh"]
    rest = rest.sub(pd.Series(kwh, pd.DatetimeIndex(own["timestamp"])), fill_value=0.0)
    cost, cost_there = (float(kwh @ steps["price"].reindex(at).to_numpy()) for at in (own["timestamp"], there))
    hours = (steps.index[1] - steps.index[0]) / HOUR
    peak, peak_there = (float((rest.reindex(at).to_numpy() + kwh).max()) / hours for at in (own["timestamp"], there))
    return {
        "kwh": float(kwh.sum()),
        "cost": cost,
        "cost_there": cost_there,
        "saving": cost - cost_there,
        "peak_kw": peak,
        "peak_kw_there": peak_there,
    }


def replaced(forecast: pd.DataFrame, price: np.ndarray, device_id: str, ratio: float) -> dict[str, float]:
    """Return the coming hours of a device and of one that takes `ratio` of its energy for the same use.

    Parameters
    ----------
    forecast : DataFrame
        The `forecast` frame.
    price : ndarray
        Price of each of its hours [currency/kWh].
    device_id : str
    ratio : float
        Rated power, or energy of a cycle, of the new device over that of the old one; or the old efficiency over the
        new.

    Returns
    -------
    dict
        `kwh`, `kwh_then`, `cost`, `cost_then` and `saving` [kWh, currency].

    Raises
    ------
    InputError
        The device is not forecast, or the ratio is not above zero.
    """
    if not np.isfinite(ratio) or ratio <= 0:
        raise InputError(f"ratio: {ratio} cannot be used; give new over old, such as 0.7.")
    own = forecast.loc[forecast["device_id"] == device_id, "energy_kwh"].to_numpy()
    if not len(own):
        raise InputError(f"device: {device_id!r} is not forecast.")
    kwh, cost = float(own.sum()), float(own @ price)
    return {
        "kwh": kwh,
        "kwh_then": ratio * kwh,
        "cost": cost,
        "cost_then": ratio * cost,
        "saving": (1 - ratio) * cost,
    }


def warmer_week(run: Run, degrees: float) -> tuple[pd.DataFrame, str]:
    """Return what `warmer` says of a run, by the models that lie in its folder."""
    home, choice = run.home(), run.training()["choice"]
    every = [one for one in series_of_home(home) if is_alive(one, home.origin)]
    models = open_models(run.folder / "models", choice, home.settings.learner or "")
    return warmer(every, models, choice, home.origin, run.horizon, degrees)


def warmer(
    every: list[Series],
    models: Mapping[tuple[str, str], Candidate],
    choice: pd.DataFrame,
    origin: pd.Timestamp,
    horizon: int,
    degrees: float,
) -> tuple[pd.DataFrame, str]:
    """Forecast again as if the coming hours were warmer by some degrees, through the models that were fitted.

    Parameters
    ----------
    every, models, choice, origin, horizon
        As of `influx.forecasting.predict_all`.
    degrees : float
        [C]; below zero it is colder.

    Returns
    -------
    forecast : DataFrame
        The `forecast` frame; unchanged where no temperature is known ahead.
    words : str
        Whose energy answers, or why nobody's does.
    """
    levels = np.array(LEVELS)
    plain = predict_all(every, dict(models), choice, origin, horizon, levels)
    hours = pd.date_range(origin, periods=horizon, freq="h")
    if not any(_knows(one, hours) for one in every):
        return plain, "No temperature is known for the coming hours, so no forecast can answer a warmer or colder week."
    other = [_shifted(one, origin, degrees) for one in every]
    shifted = predict_all(other, dict(models), choice, origin, horizon, levels)
    return shifted, _answers(plain, shifted, degrees)


def by_degrees(
    every: list[Series],
    models: Mapping[tuple[str, str], Candidate],
    choice: pd.DataFrame,
    origin: pd.Timestamp,
    horizon: int,
) -> dict[str, pd.DataFrame]:
    """Return what `warmer` says of some degrees, for those who have no models at hand.

    Returns
    -------
    dict of DataFrame
        `warmer`: `degrees`, `device_id` and the `kwh` of the coming hours then; `warmer_words`: `degrees` and `what`.
    """
    kwh, words = [], []
    for degrees in DEGREES:
        hours, said = warmer(every, models, choice, origin, horizon, degrees)
        sums = hours.groupby("device_id", sort=False)["energy_kwh"].sum().rename("kwh").reset_index()
        kwh.append(sums.assign(degrees=degrees))
        words.append({"degrees": degrees, "what": said})
    return {"warmer": pd.concat(kwh)[["degrees", "device_id", "kwh"]], "warmer_words": pd.DataFrame(words)}


def _knows(series: Series, hours: pd.DatetimeIndex) -> bool:
    weather = series.around.weather
    return weather is not None and bool(weather.loc[weather["timestamp"].isin(hours), "outdoor_temp_celsius"].any())


def _shifted(series: Series, origin: pd.Timestamp, degrees: float) -> Series:
    if series.around.weather is None:
        return series
    weather = series.around.weather
    celsius = weather["outdoor_temp_celsius"] + np.where(weather["timestamp"] >= origin, degrees, 0.0)
    return replace(series, around=replace(series.around, weather=weather.assign(outdoor_temp_celsius=celsius)))


def _answers(plain: pd.DataFrame, shifted: pd.DataFrame, degrees: float) -> str:
    before, after = (frame.groupby("device_id")["energy_kwh"].sum() for frame in (plain, shifted))
    change = (after - before).drop(HOUSEHOLD, errors="ignore")
    told = change[change.abs() >= 0.005].sort_values(key=np.abs, ascending=False)
    way = f"{abs(degrees):g} degrees {'warmer' if degrees >= 0 else 'colder'}"
    if told.empty:
        return f"In a week {way} nothing changes" + (
            ": no model of these devices looks at the temperature." if degrees else "."
        )
    whole = float(after[HOUSEHOLD] - before[HOUSEHOLD])
    named = [f"{text.name(str(name))} {text.kwh(abs(by))} {'more' if by > 0 else 'less'}" for name, by in told.items()]
    return (
        f"In a week {way} the household is expected to take {text.kwh(abs(whole))} {'more' if whole > 0 else 'less'}: "
        f"{text.listed(named[:4])}."
    )
