"""What if the week were warmer or colder? The models that were fitted are asked again, at another temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.schema import HOUSEHOLD
from influx.forecasting.device_series import Series
from influx.forecasting.forecast import predict_all
from influx.forecasting.models import Model
from influx.forecasting.models.conformal import LEVELS

DEGREES = (-3.0, 3.0)
"""By how much warmer a week is looked at [C]."""

_MODEL = ["home_id", "device_id", "model"]


def warmer(
    plain: pd.DataFrame,
    every: list[Series],
    models: Mapping[tuple[str, str], Model],
    origin: pd.Timestamp,
    degrees: float,
) -> tuple[pd.DataFrame, str]:
    """Forecast again as if the coming hours were warmer by some degrees, through the models that were fitted.

    Parameters
    ----------
    plain : DataFrame
        The `forecast` frame as it is.
    every, models, origin
        What it was made of, as of `influx.forecasting.forecast.predict_all`.
    degrees : float
        [C]; below zero it is colder.

    Returns
    -------
    forecast : DataFrame
        The `forecast` frame; unchanged where no temperature is known ahead.
    words : str
        Whose energy answers, or why nobody's does.
    """
    hours = pd.DatetimeIndex(plain["timestamp"].unique())
    if not any(_knows(one, hours) for one in every):
        return plain, "No temperature is known for the coming hours, so no forecast can answer a warmer or colder week."
    other = [_shifted(one, origin, degrees) for one in every]
    shifted = predict_all(other, dict(models), plain[_MODEL].drop_duplicates(), origin, len(hours), np.array(LEVELS))
    return shifted, _answers(plain, shifted, degrees)


def by_degrees(
    plain: pd.DataFrame,
    every: list[Series],
    models: Mapping[tuple[str, str], Model],
    origin: pd.Timestamp,
) -> dict[str, pd.DataFrame]:
    """Return what `warmer` says of some degrees, for those who have no models at hand.

    Returns
    -------
    dict of DataFrame
        `warmer`: `degrees`, `device_id` and the `kwh` of the coming hours then; `warmer_words`: `degrees` and `what`.
    """
    kwh, words = [], []
    for degrees in DEGREES:
        hours, said = warmer(plain, every, models, origin, degrees)
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
    named = [f"{fmt.name(str(name))} {fmt.kwh(abs(by))} {'more' if by > 0 else 'less'}" for name, by in told.items()]
    return (
        f"In a week {way} the household is expected to take {fmt.kwh(abs(whole))} {'more' if whole > 0 else 'less'}: "
        f"{fmt.listed(named[:4])}."
    )
