"""What must hold of a run, checked where it is shown: each check says what it found, or stops the page.

They stand in the notebooks, so that a report whose numbers do not add up is never published.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.schema import HOUSEHOLD
from influx.home.home import Home, unexplained_kwh

TOLERANCE = 1e-6
"""Energy that rounding may lose in a sum [kWh]."""

CENT = 0.005
"""Money that rounding may lose in a sum [currency]."""


def closes(home: Home) -> str:
    """Check that rows read are rows used, rejected, or after the as-of time, file by file, and that no kWh is lost."""
    rows = home.reconciliation
    rest = rows["rows_read"] - rows["rows_used"] - rows["rows_rejected"] - rows["rows_after_as_of"]
    if (rest != 0).any():
        raise AssertionError(
            f"the account of {rows.loc[rest != 0, 'file'].iloc[0]} does not close: {rest[rest != 0].iloc[0]} rows"
        )
    lost = unexplained_kwh(home)
    if abs(lost) > max(TOLERANCE, 1e-9 * float(rows["kwh_read"].sum())):
        raise AssertionError(f"{lost:.6g} kWh of the files are neither used, rejected nor corrected")
    files = f"{len(rows)} file{'s' if len(rows) != 1 else ''}"
    return f"Checked: the account of {files} closes, row for row and kWh for kWh."


def is_past(features: pd.DataFrame, home: Home) -> str:
    """Check that the feature table ends before the forecast begins."""
    if features["timestamp"].max() >= home.origin:
        raise AssertionError("the feature table holds hours at or after the origin")
    return f"Checked: all {len(features):,} rows lie before the forecast begins.".replace(",", fmt.THIN_SPACE)


def was_known(past_forecasts: pd.DataFrame, home: Home) -> str:
    """Check that past forecasts begin at their origin and end before the coming one."""
    if past_forecasts.empty:
        return "Checked: no past week could be forecast, so nothing is claimed."
    if (past_forecasts["timestamp"] < past_forecasts["origin"]).any() or past_forecasts[
        "timestamp"
    ].max() >= home.origin:
        raise AssertionError("a past forecast reaches outside its own weeks")
    return f"Checked: {past_forecasts['origin'].nunique()} past origins, each judged on the hours after it alone."


def is_judged(hours: pd.DataFrame, home: Home) -> str:
    """Check that forecasts are judged only on measured hours that lie after their origin and in the past."""
    if hours.empty:
        return "Checked: nothing was judged."
    past = (hours["timestamp"] >= hours["origin"]) & (hours["timestamp"] < home.origin)
    if not (past & hours["observed"].notna()).all():
        raise AssertionError("a forecast is judged on an hour that it did not forecast or that is not known")
    return f"Checked: {len(hours):,} forecast hours, each judged on what was measured.".replace(",", fmt.THIN_SPACE)


def adds_up(forecast: pd.DataFrame) -> str:
    """Check that devices sum to the household at every hour, nothing is negative and no quantiles cross."""
    whole = forecast[forecast["device_id"] == HOUSEHOLD].groupby(["home_id", "timestamp"])["energy_kwh"].sum()
    parts = forecast[forecast["device_id"] != HOUSEHOLD].groupby(["home_id", "timestamp"])["energy_kwh"].sum()
    if len(parts) and not ((whole - parts).abs() <= TOLERANCE).all():
        raise AssertionError("the devices do not sum to the household")
    quantiles = forecast[sorted(name for name in forecast if name.startswith("p") and name[1:].isdigit())].to_numpy()
    if (quantiles < 0).any() or (np.diff(quantiles, axis=1) < -TOLERANCE).any():
        raise AssertionError("a quantile is negative or crosses another")
    return (
        f"Checked: the devices sum to the household at each of {len(whole)} hours; no quantile is "
        "negative or crosses another."
    )


def pays(bill: pd.DataFrame, months: pd.DataFrame) -> str:
    """Check that the lines of the month's bill sum to its total, and that it says the same as the sum of its days."""
    lines, total = bill.iloc[:-1], bill.iloc[-1]
    for name in ("so_far", "at_end"):
        if np.isfinite(total[name]) and abs(lines[name].sum() - total[name]) > CENT:
            raise AssertionError(f"the lines of the bill {name} do not sum to its total")
    days = months.loc[months["month"] == total["month"], "total"].sum()
    if np.isfinite(total["so_far"]) and not total["hours_not_known"] and abs(days - total["so_far"]) > CENT:
        raise AssertionError("the bill so far is not the sum of its days")
    return (
        f"Checked: the {len(lines)} line{'s' if len(lines) != 1 else ''} of the bill sum to its total, and its days do."
    )


def is_kept(plan: Mapping[str, pd.DataFrame]) -> str:
    """Check that the plan's steps hold the energy of its devices, keep the power limit and save no more than a bill."""
    if plan["plan_total"].empty:
        return "Checked: nothing is planned, so nothing is claimed."
    devices, steps, whole = plan["plan_devices"], plan["plan_steps"], plan["plan_total"].iloc[0]
    kwh = plan["plan"].groupby("device_id")["kwh"].sum().reindex(devices["device_id"]).to_numpy()
    if (np.abs(kwh - devices["kwh"]) > TOLERANCE).any() or abs(kwh.sum() - steps["planned_kwh"].sum()) > TOLERANCE:
        raise AssertionError("the steps of the plan do not hold the energy of its devices")
    if (devices["saving"] > devices["usual_cost"].clip(lower=0) + TOLERANCE).any():
        raise AssertionError("a device saves more than its energy costs now")
    drawn = steps.loc[steps["planned_kwh"] > 0, ["load_kwh", "planned_kwh"]].sum(axis=1)
    hours = whole["hours"] / len(steps)
    if (drawn > whole["limit_kw"] * hours + TOLERANCE).any():
        raise AssertionError("the plan draws more than the power limit")
    return f"Checked: {len(plan['plan_runs'])} runs hold the energy of {len(devices)} devices and keep their limits."
