"""What if the week were warmer or colder? The models that were fitted predict again, at another temperature."""

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

Models = Mapping[tuple[str, str], Model]


def by_degrees(
    plain: pd.DataFrame, devices: list[Series], models: Models, origin: pd.Timestamp
) -> dict[str, pd.DataFrame]:
    """Return the week at each of some temperatures: `warmer` with `degrees`, `device_id` and the `kwh` of the coming
    hours then, and `warmer_words` with `degrees` and `what`.
    """
    kwh, words = [], []
    for degrees in DEGREES:
        hours, what = warmer(plain, devices, models, origin, degrees)
        sums = hours.groupby("device_id", sort=False)["energy_kwh"].sum().rename("kwh").reset_index()
        kwh.append(sums.assign(degrees=degrees))
        words.append({"degrees": degrees, "what": what})
    return {"warmer": pd.concat(kwh)[["degrees", "device_id", "kwh"]], "warmer_words": pd.DataFrame(words)}


def warmer(
    plain: pd.DataFrame, devices: list[Series], models: Models, origin: pd.Timestamp, degrees: float
) -> tuple[pd.DataFrame, str]:
    """Forecast again as if the coming hours were warmer by some degrees [C], through the models that were fitted.

    Return the `forecast` frame, the `plain` one where no temperature is known ahead, and whose energy changes, or why
    nobody's does, in words.
    """
    hours = pd.DatetimeIndex(plain["timestamp"].unique())
    if not any(_is_known_ahead(series.covariates.weather, hours) for series in devices):
        return plain, "No temperature is known for the coming hours, so no forecast can answer a warmer or colder week."
    named = plain[["home_id", "device_id", "model"]].drop_duplicates()
    shifted = [_shifted(series, origin, degrees) for series in devices]
    other = predict_all(shifted, dict(models), named, origin, len(hours), np.array(LEVELS))
    return other, _words(plain, other, degrees)


def _is_known_ahead(weather: pd.DataFrame | None, hours: pd.DatetimeIndex) -> bool:
    if weather is None:
        return False
    return bool(weather.loc[weather["timestamp"].isin(hours), "outdoor_temp_celsius"].notna().any())


def _shifted(series: Series, origin: pd.Timestamp, degrees: float) -> Series:
    weather = series.covariates.weather
    if weather is None:
        return series
    celsius = weather["outdoor_temp_celsius"] + np.where(weather["timestamp"] >= origin, degrees, 0.0)
    return replace(series, covariates=replace(series.covariates, weather=weather.assign(outdoor_temp_celsius=celsius)))


def _words(plain: pd.DataFrame, other: pd.DataFrame, degrees: float) -> str:
    change = other.groupby("device_id")["energy_kwh"].sum() - plain.groupby("device_id")["energy_kwh"].sum()
    way = f"{abs(degrees):g} degrees {'warmer' if degrees >= 0 else 'colder'}"
    devices = change.drop(HOUSEHOLD, errors="ignore")
    devices = devices[devices.abs() >= 0.005].sort_values(key=np.abs, ascending=False)
    if devices.empty:
        why = ": no model of these devices looks at the temperature." if degrees else "."
        return f"In a week {way} nothing changes{why}"
    names = [f"{fmt.name(name)} {_more_or_less(by)}" for name, by in devices.head(4).items()]
    return f"In a week {way} the household is expected to take {_more_or_less(change[HOUSEHOLD])}: {fmt.listed(names)}."


def _more_or_less(kwh: float) -> str:
    return f"{fmt.kwh(abs(kwh))} {'more' if kwh > 0 else 'less'}"
