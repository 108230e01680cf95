"""The frames of a run as a person reads them: headings with their units, local times, words instead of codes.

Each function takes frames and returns a frame to be shown; nothing is computed here that the run folder does not hold.
"""

from __future__ import annotations

import pandas as pd

from influx.core import formatting as fmt
from influx.core.local_time import local
from influx.core.schema import HOUSEHOLD
from influx.home.home import Home
from influx.insights.overview import trend_in_words


def account(home: Home) -> pd.DataFrame:
    """Return what became of every row and kilowatt-hour of each file."""
    names = {
        "file": "file",
        "format": "format",
        "rows_read": "rows read",
        "rows_used": "used",
        "rows_rejected": "rejected",
        "rows_after_as_of": "after the as-of time",
        "overlaps": "replaced by a newer row",
        "kwh_read": "kWh read",
        "kwh_rejected": "kWh rejected",
        "kwh_used": "kWh used",
    }
    out = home.reconciliation.rename(columns=names)[list(names.values())]
    for heading in ("after the as-of time", "replaced by a newer row", "kWh rejected"):
        if not out[heading].fillna(0).any():
            out = out.drop(columns=heading)
    for heading in (name for name in ("kWh read", "kWh rejected", "kWh used") if name in out):
        out[heading] = [fmt.number(kwh) if kwh == kwh else "none" for kwh in out[heading]]
    return out


def rejected(home: Home) -> pd.DataFrame:
    """Return the rows that were not used, with the reason of each; those of one reason together where they are many."""
    rows = home.rejected
    if len(rows) <= _MOST_ROWS:
        return rows[["file", "row", "column", "value", "reason"]]
    alike = rows.groupby(["file", "column", "reason"], sort=False)
    out = alike.agg(rows=("row", "size"), first=("row", "first"), value=("value", "first")).reset_index()
    names = {"first": "first row", "value": "its value"}
    return out.rename(columns=names)[["file", "rows", "first row", "column", "its value", "reason"]]


_MOST_ROWS = 50


def corrections(home: Home) -> pd.DataFrame:
    """Return the energy that the files hold and the hours do not, each with its name."""
    out = home.corrections.groupby(["file", "correction"], sort=False)[["hours", "kwh"]].sum().reset_index()
    out["file"] = out["file"].replace("", "all files")
    return out.rename(columns={"correction": "what became of it", "hours": "readings or hours", "kwh": "kWh"})


_MEASURES = {
    "device": "a device",
    "household": "the whole home",
    "grid_import": "energy from the grid",
    "grid_export": "energy fed in",
    "solar": "solar output",
    "battery_in": "energy into the battery",
    "battery_out": "energy out of the battery",
    "ignore": "left out",
}


def series(home: Home) -> pd.DataFrame:
    """Return what each series of the files measures, and how much."""
    out = home.series.assign(role=home.series["role"].map(_MEASURES))
    names = {"device_id": "series", "role": "what it measures", "hours": "hours known", "kwh": "kWh"}
    return out.rename(columns=names)[list(names.values())]


def completeness(frame: pd.DataFrame) -> pd.DataFrame:
    """Return each device's span and how much of it is known."""
    out = frame.assign(
        first=frame["first"].dt.date.astype(str),
        last=frame["last"].dt.date.astype(str),
        share_known=frame["share_known"].map(fmt.percent),
    )
    names = {
        "device_id": "device",
        "first": "first day",
        "last": "last day",
        "share_known": "hours known",
        "hours_missing": "hours not known",
        "kwh": "kWh",
    }
    return out.rename(columns=names)[list(names.values())]


def breakdown(frame: pd.DataFrame) -> pd.DataFrame:
    """Return each device's part of the whole."""
    out = frame.assign(share=frame["share"].map(fmt.percent))
    names = {
        "device_id": "device",
        "kwh_per_day": "kWh a day",
        "share": "share",
        "kwh": "kWh in all",
        "standby_kwh_per_day": "standby kWh a day (estimate)",
    }
    return out.rename(columns=names)[list(names.values())]


def drivers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what each device's use goes with."""
    out = frame.assign(
        peak_share=frame["peak_share"].map(fmt.percent),
        peak_hours=frame["peak_hours"].map(fmt.percent),
    )
    names = {
        "device_id": "device",
        "temperature": "with outdoor temperature (-1 to 1)",
        "temperature_p": "p",
        "days": "days compared",
        "occupancy": "with people at home (-1 to 1)",
        "peak_share": "energy in peak hours",
        "peak_hours": "peak hours of all hours",
    }
    return out.rename(columns=names)[list(names.values())]


def unusual(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the episodes of unusual use, the largest first."""
    start, end = pd.to_datetime(frame["start"]), pd.to_datetime(frame["end"])
    short = end - start < pd.Timedelta(days=1)
    out = frame.assign(
        start=start.dt.strftime("%Y-%m-%d %H:%M"),
        end=end.dt.strftime("%H:%M").where(short, end.dt.strftime("%Y-%m-%d %H:%M")),
    )
    names = {
        "device_id": "device",
        "start": "from (local)",
        "end": "to",
        "kwh": "kWh",
        "usual_kwh": "usual kWh",
        "reason": "why it stands out",
    }
    return out.rename(columns=names)[list(names.values())]


def relations(frame: pd.DataFrame) -> pd.DataFrame:
    """Return for each of the 24 features how it is known and, as means over the devices, how it goes with the
    energy."""
    mean = frame.groupby("feature", sort=False).agg(
        in_data=("in_data", "any"),
        known_ahead=("known_ahead", "first"),
        stand_in=("stand_in", "first"),
        near=("one_hour_ahead", lambda column: column.abs().mean()),
        far=("one_week_ahead", lambda column: column.abs().mean()),
    )
    mean["stand_in"] = mean["stand_in"].where(mean["in_data"], "left out: the data does not have it")
    for name in ("near", "far"):
        mean[name] = [fmt.number(size, 2) if size == size else "does not vary" for size in mean[name]]
    names = {
        "known_ahead": "known ahead",
        "stand_in": "what stands in for it",
        "near": "relation, an hour ahead",
        "far": "relation, a week ahead",
    }
    return mean.reset_index().rename(columns=names)[["feature", *names.values()]]


def contest(metrics_: pd.DataFrame, selection: pd.DataFrame) -> pd.DataFrame:
    """Return how each device's chosen model did on past weeks."""
    return household_first(metrics(selection[["home_id", "device_id", "model"]].merge(metrics_)).drop(columns="model"))


def metrics(frame: pd.DataFrame) -> pd.DataFrame:
    """Return metrics of candidates, a row for each device and model."""
    out = frame.assign(
        coverage_80=frame["coverage_80"].map(fmt.percent),
        daily_wape=frame["daily_wape"].map(fmt.percent),
    )
    return out.rename(columns=_METRIC_NAMES)[list(_METRIC_NAMES.values())]


_METRIC_NAMES = {
    "device_id": "device",
    "model": "model",
    "pinball": "pinball [kWh]",
    "scaled_pinball": "scaled pinball",
    "coverage_80": "80 % band held",
    "daily_wape": "daily WAPE",
    "bias": "bias [kWh]",
    "mae": "MAE [kWh]",
    "rmse": "RMSE [kWh]",
    "mase": "MASE",
    "r2": "R²",
}


def reference(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how gradient boosting does on the last 20 % of the hours, looking an hour and a week ahead."""
    names = {
        "device_id": "device",
        "looking": "looking",
        "hours": "hours judged",
        "mae": "MAE [kWh]",
        "rmse": "RMSE [kWh]",
        "bias": "bias [kWh]",
        "r2": "R²",
    }
    return frame.rename(columns=names)[list(names.values())]


def week(
    week: pd.DataFrame,
    cost: pd.DataFrame | None,
    selection: pd.DataFrame,
    currency: str,
    carbon: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return each device's coming week: energy with its range, cost, carbon, and the model that says so."""
    rows = week.merge(selection[["home_id", "device_id", "model"]], on=["home_id", "device_id"])
    out = pd.DataFrame({"device": rows["device_id"], "kWh expected": rows["total"]})
    out["8 in 10 [kWh]"] = [fmt.between(low, high) for low, high in zip(rows["p10"], rows["p90"], strict=True)]
    if cost is not None:
        paid = rows[["home_id", "device_id"]].merge(cost, on=["home_id", "device_id"])
        out[_of_hours("cost", paid, rows)] = [fmt.money(amount, currency) for amount in paid["total"]]
        out[f"8 in 10 [{fmt.unit_of_money(currency)}]"] = [
            f"{low:.2f} to {high:.2f}" if high == high else fmt.NOT_KNOWN
            for low, high in zip(paid["p10"], paid["p90"], strict=True)
        ]
    if carbon is not None:
        emitted = rows[["home_id", "device_id"]].merge(carbon, on=["home_id", "device_id"])
        out[_of_hours("kg CO₂", emitted, rows)] = emitted["total"]
    out["model"] = rows["model"]
    return household_first(out)


def _of_hours(heading: str, sums: pd.DataFrame, energy: pd.DataFrame) -> str:
    """Return a heading that says how many hours are in it where that is not all of them."""
    known, length = int(sums["hours"].max()), int(energy["hours"].max())
    return heading if known == length or known == 0 else f"{heading} of {known} h"


def days(
    daily: pd.DataFrame,
    cost: pd.DataFrame | None,
    currency: str,
    device_id: str = HOUSEHOLD,
    carbon: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the coming days of one device; money and carbon of a day are told where they are known of all of it."""
    rows = daily[daily["device_id"] == device_id]
    out = pd.DataFrame({"day": rows["day"].map(fmt.day), "hours": rows["hours"], "kWh expected": rows["total"]})
    out["8 in 10 [kWh]"] = [fmt.between(low, high) for low, high in zip(rows["p10"], rows["p90"], strict=True)]
    if cost is not None:
        out["cost"] = [fmt.money(amount, currency) for amount in _whole(cost, rows, device_id)]
    if carbon is not None:
        out["kg CO₂"] = _whole(carbon, rows, device_id).to_numpy()
    return out if (rows["hours"] < 24).any() else out.drop(columns="hours")


def _whole(sums: pd.DataFrame, energy: pd.DataFrame, device_id: str) -> pd.Series:
    """Return the sums of the days of which all hours are in them, NaN for the others."""
    rows = sums[sums["device_id"] == device_id]
    return rows["total"].where(rows["hours"].to_numpy() == energy["hours"].to_numpy())


def peaks(frame: pd.DataFrame) -> pd.DataFrame:
    """Return each coming day's peak period in clock time."""
    return pd.DataFrame(
        {
            "day": frame["day"].map(fmt.day),
            "peak (local)": [
                f"{fmt.clock(int(start))} to {fmt.clock(int(end))}"
                for start, end in zip(frame["start"], frame["end"], strict=True)
            ],
            "kWh in it": frame["kwh"],
            "of the day": frame["share"].map(fmt.percent),
        }
    )


def devices(overview: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """Return what each device used last, and how the last seven days compare with its usual week."""
    last = local(pd.DatetimeIndex(overview["last_hour"]), timezone)
    out = pd.DataFrame(
        {
            "device": overview["device_id"],
            "last hour [kWh]": overview["last_hour_kwh"],
            "at (local)": [f"{stamp:%Y-%m-%d %H:%M}" for stamp in last],
            "last 24 h [kWh]": overview["last_24h_kwh"],
            "last 7 days [kWh]": overview["last_week_kwh"],
            "usual [kWh]": overview["usual_week_kwh"],
            "saved [kWh]": overview["saved_kwh"],
            "saved, 8 in 10": [
                fmt.between(low, high) for low, high in zip(overview["saved_p10"], overview["saved_p90"], strict=True)
            ],
        }
    )
    return household_first(out)


def health(overview: pd.DataFrame, efficiency: pd.DataFrame) -> pd.DataFrame:
    """Return each device's trend, and its energy against its rating."""
    rows = overview.merge(efficiency, on="device_id", how="left")
    out = pd.DataFrame(
        {
            "device": rows["device_id"],
            "trend over twelve weeks": [trend_in_words(row) for _, row in rows.iterrows()],
            "load factor": rows["load_factor"],
            "hours of use a week": rows["hours_of_use"],
            "change of the load factor": [fmt.percent(change) for change in rows["change"]],
        }
    )
    known = out["load factor"].notna().any()
    return household_first(out if known else out[["device", "trend over twelve weeks"]])


def recommendations(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what is worth doing, as sentences."""
    return frame[["what"]].rename(columns={"what": "what to do in the coming week"})


def household_first(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows of devices with the household's above."""
    order = (frame["device"] != HOUSEHOLD).sort_values(kind="stable").index
    return frame.loc[order].reset_index(drop=True)
