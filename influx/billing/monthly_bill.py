"""The bill of the month in which the forecast begins: so far, and at its end, with a range.

Coming hours are those of the forecast, and beyond its horizon what climatology expects; so is what the meters of the
grid will count, which no model forecasts. The range is as wide to both sides as eight in ten errors of the same sums in
the past year, each hour at the price of the coming one: long sums overlap, so the last weeks alone would tell too
narrow a range. On nine London homes, at three days of each month from April on, it held 84 % of the months' ends; the
spread over the last eight weeks, with which a week does well, held 61 %.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from influx.billing.bill import STANDING, TAX, TOTAL, Supply, hourly, lines_of, local_days
from influx.core.local_time import begin_of, local
from influx.core.tariff import Rates
from influx.forecasting.aggregate_intervals import LEAST_ERRORS, model_residuals, past_residuals, summed
from influx.forecasting.device_series import Series, is_alive
from influx.forecasting.evaluation.backtest import fit, predict

ORIGINS, DAYS_APART = 122, 3
"""Past sums that are compared: a year of them."""


def this_month(
    supply: Supply,
    rates: Rates,
    whole: Series,
    origin: pd.Timestamp,
    forecast: pd.Series | None = None,
    model: object = None,
) -> pd.DataFrame:
    """Return the bill of the month in which the forecast begins: what was measured before `origin`, and what is
    expected.

    The absences and covariates of the household (`whole`) hold for the meters of the grid, too; `forecast` is given
    where the household's use is what is bought, with the `model` that made it.

    Returns
    -------
    DataFrame
        `month` (its first day) and `since` (the first day that is measured, from which the bill counts); `line`,
        `kwh_so_far`, `so_far`, `kwh_at_end`, `at_end` with its `p10` and `p90` [currency]; and the same in each row:
        `hours` so far and `hours_not_known` of them, which are in no line, `hours_ahead` and `hours_open`, those whose
        energy or price is not known: then nothing is said of the end.
    """
    month, since, start, end = _span(supply, rates, origin)
    past, stamps = supply.between(start, origin), pd.date_range(origin, end, freq="h", inclusive="left", unit="us")
    coming = replace(
        supply,
        bought=_expected(supply.bought, whole, stamps, forecast),
        sold=None if supply.sold is None else _expected(supply.sold, whole, stamps),
    )
    (kwh, amounts), (kwh_ahead, amounts_ahead) = hourly(past, rates), hourly(coming, rates)
    least = min(len(kwh), 1)  # of no hour at all the sum is zero, of unknown hours it is not known
    used, paid = kwh.sum(min_count=least), amounts.sum(min_count=least)
    days = local_days(past, rates)
    whole_month = days + local_days(coming, rates)
    now = lines_of(used, paid, days, supply, rates)
    more, to_pay = kwh_ahead.sum(skipna=False), amounts_ahead.sum(skipna=False)
    then = lines_of(used + more, paid + to_pay, whole_month, supply, rates)
    fixed = lines_of(used, paid, whole_month, supply, rates)["amount"]
    out = now.rename(columns={"kwh": "kwh_so_far", "amount": "so_far"})
    out = out.assign(kwh_at_end=then["kwh"], at_end=then["amount"])
    ranges = _ranges(out["line"], supply, rates, whole, origin, stamps, model)
    low, high = _within_reason(ranges, (out["at_end"] - fixed).to_numpy())
    out = out.assign(p10=out["at_end"] + low, p90=out["at_end"] + high)
    out.insert(0, "since", since)
    out.insert(0, "month", month)
    return out.assign(
        hours=len(kwh),
        hours_not_known=int(amounts[TAX].isna().sum()),
        hours_ahead=len(stamps),
        hours_open=int(amounts_ahead[TAX].isna().sum()),
    )


def _span(
    supply: Supply, rates: Rates, origin: pd.Timestamp
) -> tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp, pd.Timestamp]:
    """Return the month and the first day that counts (local), the begin of that day and the end of the month (UTC)."""
    measured = supply.bought.first_valid_index()
    today, first = local(pd.DatetimeIndex([origin, measured]), rates.timezone).normalize()
    month = today.replace(day=1)
    since = max(month, min(first, today))
    start, end = begin_of(pd.DatetimeIndex([since, month + pd.DateOffset(months=1)]), rates.timezone)
    return month, since, start, end


def _expected(
    measured: pd.Series, whole: Series, stamps: pd.DatetimeIndex, forecast: pd.Series | None = None
) -> pd.Series:
    """Return what is expected in the coming hours: the forecast where there is one, else climatology, else NaN."""
    series = _series(measured, whole)
    if not len(stamps) or not is_alive(series, stamps[0]):
        return pd.Series(np.nan, index=stamps)
    usual = predict(fit(series, "climatology", stamps[0], len(stamps)), series, stamps[0], len(stamps))
    expected = usual.set_index("timestamp")["energy_kwh"]
    return expected if forecast is None else forecast.reindex(stamps).fillna(expected)


def _series(measured: pd.Series, whole: Series) -> Series:
    energy = measured[measured.first_valid_index() :] if measured.notna().any() else measured
    return replace(whole, energy=energy.asfreq("h"))


def _ranges(
    lines: pd.Series,
    supply: Supply,
    rates: Rates,
    whole: Series,
    origin: pd.Timestamp,
    stamps: pd.DatetimeIndex,
    model: object,
) -> np.ndarray:
    """Return how far eight in ten sums of each line lie below and above the expected one [currency], and the lowest and
    the highest price of a kWh in it [currency/kWh], shape (lines, 4)."""
    unit, none = pd.Series(1.0, index=stamps), pd.Series(0.0, index=stamps)
    sold = None if supply.sold is None else none
    weights = [hourly(replace(supply, bought=unit, sold=sold), rates)[1]]
    rows = [_residuals(supply.bought, whole, origin, len(stamps), model)]
    if supply.sold is not None:
        weights.append(hourly(replace(supply, bought=none, sold=unit), rates)[1])
        rows.append(_residuals(supply.sold, whole, origin, len(stamps)))
    count = min(map(len, rows))
    residuals = np.hstack([part[:count] for part in rows])
    offsets = []
    for line in lines:
        weight = np.concatenate([_of_line(part, line) for part in weights])
        size = _size(summed(residuals, weight)) if weight.any() else 0.0
        offsets.append((-size, size, weight.min(initial=0.0), weight.max(initial=0.0)))
    return np.array(offsets)


def _size(errors: np.ndarray) -> float:
    """Return what eight in ten errors are no larger than, with the finite-sample step of conformal prediction."""
    if len(errors) < LEAST_ERRORS:
        return float("nan")
    return float(np.sort(np.abs(errors))[min(int(np.ceil(0.8 * (len(errors) + 1))), len(errors)) - 1])


def _within_reason(ranges: np.ndarray, variable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return offsets within which no line needs energy below zero; `variable` is what coming energy adds to a line."""
    low, high, cheapest, dearest = ranges.T
    return np.where(cheapest >= 0, np.maximum(low, -variable), low), np.where(
        dearest <= 0, np.minimum(high, -variable), high
    )


def _of_line(amounts: pd.DataFrame, line: str) -> np.ndarray:
    """Return what a kWh in each hour adds to a line [currency/kWh]."""
    if line == TOTAL:
        return amounts.sum(axis=1, skipna=False).to_numpy()
    return np.zeros(len(amounts)) if line == STANDING else amounts[line].to_numpy()


def _residuals(
    measured: pd.Series, whole: Series, origin: pd.Timestamp, hours: int, model: object = None
) -> np.ndarray:
    fitted = model_residuals(model, hours)
    if len(fitted) >= LEAST_ERRORS:
        return fitted
    return past_residuals(_series(measured, whole), origin, hours, ORIGINS, DAYS_APART)
