"""The rows of tables that are more than a frame's own: each function has the name of its table in `tables.yaml`.

Where they need a constant of the rooms that train, they import it themselves: the dashboard starts without those.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.constants import HOUSEHOLD
from influx.core.uncertainty import half_width
from influx.report.phrases import phrase

MOST_ROWS = 50
"""Rejected rows above which those of one reason stand together."""

CLEAR, CHANCE = "more than chance explains", "may be chance"
TOO_FEW = "too few past forecasts to tell"
HOLDS = "within chance"


def reconciliation(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what became of the rows and the energy of each file; a kind of loss that no file had is left out."""
    rare = ["rows_after_as_of", "overlaps", "kwh_rejected"]
    return frame.drop(columns=[name for name in rare if not frame[name].fillna(0).any()])


def rejected(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that were not used; those of one reason together where they are many."""
    if len(frame) <= MOST_ROWS:
        return frame
    alike = frame.groupby(["file", "column", "reason"], sort=False)
    return alike.agg(rows=("row", "size"), row=("row", "first"), value=("value", "first")).reset_index()


def corrections(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the energy that the files hold and the hours do not, by file and name."""
    return frame.groupby(["file", "correction"], sort=False)[["hours", "kwh"]].sum().reset_index()


def relations(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how each feature is known and how it goes with the energy, as means of sizes over the devices."""
    first = {name: (name, "first") for name in ("known_ahead", "stand_in")}
    sizes = {name: (name, lambda sizes: sizes.abs().mean()) for name in ("one_hour_ahead", "one_week_ahead")}
    out = frame.groupby("feature", sort=False).agg(in_data=("in_data", "any"), **first, **sizes).reset_index()
    return out.assign(stand_in=out["stand_in"].where(out["in_data"], "left out: the data does not have it"))


def model_choice(selection: pd.DataFrame) -> pd.DataFrame:
    """Add the `margin` of each model over the next best (a share of the baseline's loss), its standard `error`, `word`,
    whether that may be chance, and `why` it was selected."""
    from influx.forecasting.evaluation.model_selection import LEAST_FOLDS

    enough, error = selection["folds"] >= LEAST_FOLDS, selection["skill_se"].where(np.isfinite(selection["skill_se"]))
    margin = selection["skill"].where(selection["significant"].astype(bool), -selection["skill"])
    clear = enough & (margin > half_width(error, selection["folds"]))
    word = np.select([clear, error.notna()], [CLEAR, CHANCE], TOO_FEW)
    reasons = [phrase("model_reason", row) for row in selection.to_dict("records")]
    return selection.assign(margin=margin, error=error, word=word, why=reasons)


def calibration_word(row: pd.Series) -> str:
    """Return whether a quantile or band covers the share of hours that it should, as far as so few forecasts tell."""
    from influx.forecasting.evaluation.model_selection import LEAST_FOLDS

    if not np.isfinite(row["empirical_se"]) or row["folds"] < LEAST_FOLDS:
        return fmt.NOT_KNOWN
    off = row["empirical"] - row["nominal"]
    if abs(off) <= half_width(row["empirical_se"], row["folds"]):
        return HOLDS
    if row["quantile"] == "band":
        return "too wide" if off > 0 else "too narrow"
    return f"{row['quantile']} too {'high' if off > 0 else 'low'}"


def calibration(calibration: pd.DataFrame) -> pd.DataFrame:
    """Return each device's empirical shares of hours with their standard errors, a column each, and what is off."""
    if calibration.empty:
        return calibration
    keys = ["device_id", "off"]
    wide = calibration.pivot(index=keys, columns="quantile", values=["empirical", "empirical_se"])
    wide.columns = [name if kind == "empirical" else f"{name}_se" for kind, name in wide.columns]
    words = calibration.assign(word=calibration.apply(calibration_word, axis=1)).groupby(keys)["word"]
    wide["word"] = words.agg(_summary)
    order = calibration["device_id"].unique()
    return wide.reset_index().set_index("device_id").loc[order].reset_index()


def _summary(words: pd.Series) -> str:
    off = [word for word in words if word not in (HOLDS, fmt.NOT_KNOWN)]
    return ", ".join(off) or (HOLDS if HOLDS in set(words) else fmt.NOT_KNOWN)


def days_ahead(days: pd.DataFrame, device: str = HOUSEHOLD) -> pd.DataFrame:
    """Return each day ahead of a device, with what all series avoided of the baseline's loss."""
    rows = days[days["device_id"] == device]
    return rows.assign(skill_of_all=rows["day"].map(days.groupby("day")["skill"].mean()))


def days(
    daily: pd.DataFrame,
    cost: pd.DataFrame | None = None,
    carbon: pd.DataFrame | None = None,
    device: str = HOUSEHOLD,
) -> pd.DataFrame:
    """Return a device's coming days; money and carbon of a day stand there where all of its hours are known."""
    out = daily[daily["device_id"] == device].reset_index(drop=True)
    for name, sums in (("cost", cost), ("carbon", carbon)):
        if sums is not None and len(sums):
            rows = sums[sums["device_id"] == device].reset_index(drop=True)
            out[name] = rows["total"].where(rows["hours"] == out["hours"])
    return out if (out["hours"] < 24).any() else out.drop(columns="hours")


def coming_week(
    week: pd.DataFrame,
    selection: pd.DataFrame,
    cost: pd.DataFrame | None = None,
    carbon: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return each device's coming week: energy with its range, cost, carbon, and its model."""
    device = ["home_id", "device_id"]
    out = week.merge(selection[[*device, "model"]], on=device)
    headings = {"cost_hours": "", "carbon_hours": ""}
    for name, sums in (("cost", cost), ("carbon", carbon)):
        if sums is not None:
            names = {"total": name, "p10": f"{name}_p10", "p90": f"{name}_p90"}
            out = out.merge(sums.rename(columns=names)[[*device, *names.values()]], on=device)
            known, length = int(sums["hours"].max()), int(week["hours"].max())
            headings[f"{name}_hours"] = "" if known in (0, length) else f" of {known} h"
    out.attrs |= headings
    return out


def bill(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the month's bill; lines that no energy is counted in have none."""
    from influx.billing.bill import STANDING, TAX, TOTAL

    counted = ~frame["line"].isin([STANDING, TAX, TOTAL])
    return frame.assign(**{name: frame[name].where(counted) for name in ("kwh_so_far", "kwh_at_end")})


def bill_months(frame: pd.DataFrame, bill: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the bills of the last months, the newest first; the month of `bill` is not over."""
    current = None if bill is None else bill["month"].iloc[0]
    return frame.assign(so_far=frame["month"] == current).iloc[::-1]


def health(overview: pd.DataFrame, efficiency: pd.DataFrame) -> pd.DataFrame:
    """Return each device's trend, and its energy against its rating where any rating is known."""
    rows = overview.merge(efficiency, on="device_id", how="left")
    return rows if rows["load_factor"].notna().any() else rows.drop(columns=list(efficiency.columns.drop("device_id")))


def plan_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs in order of time."""
    return runs.sort_values(["start", "device_id"])


def newest(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the newest forecast."""
    return frame[frame["origin"] == frame["origin"].max()] if len(frame) else frame


last_forecast = losses = newest


def energy_errors(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the energy errors of the newest forecast, by device; by day, what was missed is the difference shown."""
    return newest(frame).drop(columns=["absolute_error", "baseline_absolute_error"] if "day" in frame else [])


def forecast_record(totals: pd.DataFrame, losses: pd.DataFrame, device: str = HOUSEHOLD) -> pd.DataFrame:
    """Return each forecast of a device that can be judged, its total and its loss, the newest first."""
    if totals.empty:
        return totals
    rows = totals.merge(losses.drop(columns=["predicted", "observed", "hours"]), on=["week", "origin", "device_id"])
    return rows[rows["device_id"] == device].sort_values("origin", ascending=False)


def drift_of_errors(drift: pd.DataFrame) -> pd.DataFrame:
    """Return whether each device's forecast is getting worse, and since when."""
    from influx.insights.drift import LEAST_WEEKS, is_worse

    since = drift["error_since"].map(fmt.day, na_action="ignore").where(is_worse(drift), "no clear break")
    return drift.assign(worse_since=since.where(drift["error_weeks"] >= LEAST_WEEKS, fmt.NOT_KNOWN))
