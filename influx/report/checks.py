"""What must hold of a run, checked where it is shown: each check ends with what it found, or stops the page.

They stand in the notebooks, so that a report whose numbers do not add up is never published.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from influx.core.schema import HOUSEHOLD
from influx.home.home import Home, unexplained_kwh
from influx.report.html import Shown
from influx.report.texts import note

TOLERANCE = 1e-6
"""Energy that rounding may lose in a sum [kWh]."""

CENT = 0.005
"""Money that rounding may lose in a sum [currency]."""


def _require(holds: bool, failure: str) -> None:
    if not holds:
        raise AssertionError(failure)


def reconciles(home: Home) -> Shown:
    """Check that rows read are rows used, rejected, or after the as-of time, file by file, and that no kWh is lost."""
    rows = home.reconciliation
    rest = rows["rows_read"] - rows["rows_used"] - rows["rows_rejected"] - rows["rows_after_as_of"]
    for file, count in zip(rows["file"][rest != 0], rest[rest != 0], strict=True):
        raise AssertionError(f"{file}: {count} rows are neither used, rejected nor after the as-of time")
    lost = unexplained_kwh(home)
    _require(
        abs(lost) <= max(TOLERANCE, 1e-9 * float(rows["kwh_read"].sum())),
        f"{lost:.6g} kWh of the files are neither used, rejected nor corrected",
    )
    return note("checked", check="reconciles", count=len(rows))


def past_only(features: pd.DataFrame, home: Home) -> Shown:
    """Check that the feature table ends before the forecast begins."""
    _require(not (features["timestamp"] >= home.origin).any(), "the feature table holds hours at or after the origin")
    return note("checked", check="past_only", count=len(features))


def known_beforehand(past_forecasts: pd.DataFrame, home: Home) -> Shown:
    """Check that past forecasts begin at their origin and end before the coming one."""
    inside = (past_forecasts["timestamp"] >= past_forecasts["origin"]) & (past_forecasts["timestamp"] < home.origin)
    _require(inside.all(), "a past forecast reaches outside its own weeks")
    return note("checked", check="known_beforehand", count=past_forecasts["origin"].nunique())


def judged_on_measured(hours: pd.DataFrame, home: Home) -> Shown:
    """Check that forecasts are judged only on measured hours that lie after their origin and in the past."""
    if len(hours):
        past = (hours["timestamp"] >= hours["origin"]) & (hours["timestamp"] < home.origin)
        _require(
            (past & hours["observed"].notna()).all(),
            "a forecast is judged on an hour that it did not forecast or that is not known",
        )
    return note("checked", check="judged_on_measured", count=len(hours))


def adds_up(forecast: pd.DataFrame) -> Shown:
    """Check that devices sum to the household at every hour, nothing is negative and no quantiles cross."""
    is_household = forecast["device_id"] == HOUSEHOLD
    whole, parts = (
        forecast[rows].groupby(["home_id", "timestamp"])["energy_kwh"].sum() for rows in (is_household, ~is_household)
    )
    _require(parts.empty or ((whole - parts).abs() <= TOLERANCE).all(), "the devices do not sum to the household")
    quantiles = forecast[sorted(name for name in forecast if name.startswith("p") and name[1:].isdigit())].to_numpy()
    _require(
        not (quantiles < 0).any() and not (np.diff(quantiles, axis=1) < -TOLERANCE).any(),
        "a quantile is negative or crosses another",
    )
    return note("checked", check="adds_up", count=len(whole))


def bill_adds_up(bill: pd.DataFrame | None, months: pd.DataFrame | None) -> Shown:
    """Check that the lines of the month's bill sum to its total, and that it is the sum of its days."""
    if bill is None or months is None:
        return note("checked", check="bill_adds_up", count=0)
    lines, total = bill.iloc[:-1], bill.iloc[-1]
    for name in ("so_far", "at_end"):
        _require(
            not abs(lines[name].sum() - total[name]) > CENT,  # an amount that is not known passes
            f"the lines of the bill {name} do not sum to its total",
        )
    days = months.loc[months["month"] == total["month"], "total"].sum()
    _require(
        bool(total["hours_not_known"]) or not abs(days - total["so_far"]) > CENT,
        "the bill so far is not the sum of its days",
    )
    return note("checked", check="bill_adds_up", count=len(lines))


def plan_holds(plan: Mapping[str, pd.DataFrame]) -> Shown:
    """Check that the plan's steps hold the energy of its devices, keep the power limit and save no more than a bill."""
    if plan["plan_total"].empty:
        return note("checked", check="plan_holds", count=0)
    devices, steps, whole = plan["plan_devices"], plan["plan_steps"], plan["plan_total"].iloc[0]
    kwh = plan["plan"].groupby("device_id")["kwh"].sum().reindex(devices["device_id"]).to_numpy()
    _require(
        (np.abs(kwh - devices["kwh"]) <= TOLERANCE).all() and abs(kwh.sum() - steps["planned_kwh"].sum()) <= TOLERANCE,
        "the steps of the plan do not hold the energy of its devices",
    )
    _require(
        (devices["saving"] <= devices["usual_cost"].clip(lower=0) + TOLERANCE).all(),
        "a device saves more than its energy costs now",
    )
    drawn = steps.loc[steps["planned_kwh"] > 0, ["load_kwh", "planned_kwh"]].sum(axis=1)
    limit = whole["limit_kw"] * whole["hours"] / len(steps)
    _require(not (drawn > limit + TOLERANCE).any(), "the plan draws more than the power limit")
    return note("checked", check="plan_holds", count=len(plan["plan_runs"]))
