"""How the plan reads: the answer, what it leaves out, and its tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.local_time import local
from influx.forecasting.aggregate_intervals import LEAST_ERRORS
from influx.report.run_folder import Frames


def answer(plan: Frames, currency: str) -> str:
    """Say what running as planned saves, how sure that is, and how far from the best plan it can be."""
    if plan["plan_total"].empty:
        return (
            fmt.plain(" ".join(plan["plan_notes"]["what"]))
            or "No plan is made: nothing of it falls into the coming hours."
        )
    row = plan["plan_total"].iloc[0]
    devices = plan["plan_devices"]["device_id"]
    who = fmt.name(devices.iloc[0]) if len(devices) == 1 else f"{len(devices)} flexible devices"
    cost = "costs" if len(devices) == 1 else "cost"
    words = (
        f"**Run as planned, {who} {cost} {fmt.money(row['cost'], currency)} in the coming "
        f"{fmt.hours(int(row['hours']))} instead of {fmt.money(row['usual_cost'], currency)}: "
        f"{_difference(row, currency)}.**"
    )
    return f"{words} {_best(row)}"


def _difference(row: pd.Series, currency: str) -> str:
    saving = float(row["saving"])
    if not np.isfinite(saving):
        return f"what it saves is {fmt.NOT_KNOWN}"
    if abs(saving) < 0.005:
        return "it saves nothing, as they run at these prices anyway"
    amount = f"{fmt.money(abs(saving), currency)} {'less' if saving > 0 else 'more'}"
    if not np.isfinite(row["p10"]):
        return (
            f"{amount}; how sure that is, is {fmt.NOT_KNOWN}, as {int(row['weeks'])} of the {LEAST_ERRORS} past weeks "
            "that it takes are known"
        )
    return f"{amount}, by past weeks {fmt.money_span(row['p10'], row['p90'], currency)}"


def _best(row: pd.Series) -> str:
    aim = "cheaper" if row["weight"] == 1 else "better"
    if row["gap"] < 5e-4:
        return f"No plan is {aim}."
    return f"No plan can be {aim} by more than {100 * row['gap']:.1f}{fmt.THIN_SPACE}%."


def left_out(plan: Frames) -> str:
    """Say what is not planned and why; the answer says so already where nothing is."""
    if plan["plan_total"].empty:
        return "A line flexible: below a device in home.yaml tells what it must do and when it may."
    return fmt.plain(" ".join(plan["plan_notes"]["what"])) or "Every flexible device is planned."


def devices(plan: Frames, currency: str) -> pd.DataFrame:
    """Return what each device takes, costs and saves, and where it is known from what it must do."""
    rows = plan["plan_devices"]
    money = fmt.unit_of_money(currency)
    return pd.DataFrame(
        {
            "device": rows["device_id"],
            "runs": rows["runs"],
            "kWh": rows["kwh"],
            "as planned": [fmt.money(cost, currency) for cost in rows["cost"]],
            "as used now": [fmt.money(cost, currency) for cost in rows["usual_cost"]],
            "saved": [fmt.money(saving, currency) for saving in rows["saving"]],
            f"8 in 10 [{money}]": [_between(low, high) for low, high in zip(rows["p10"], rows["p90"], strict=True)],
            "known from": rows["source"],
        }
    )


def _between(low: float, high: float) -> str:
    return f"{low:z.2f} to {high:z.2f}" if np.isfinite(low) and np.isfinite(high) else fmt.NOT_KNOWN


def runs(plan: Frames, timezone: str, currency: str) -> pd.DataFrame:
    """Return the runs in order of time, in clock times."""
    rows = plan["plan_runs"].sort_values(["start", "device_id"])
    start, end = (local(pd.DatetimeIndex(rows[name]), timezone) for name in ("start", "end"))
    return pd.DataFrame(
        {
            "day": [fmt.day(stamp) for stamp in start],
            "device": rows["device_id"].to_numpy(),
            "from": [f"{stamp:%H:%M}" for stamp in start],
            "to": [f"{stamp:%H:%M}" for stamp in end],
            "kWh": rows["kwh"].to_numpy(),
            "cost": [fmt.money(cost, currency) for cost in rows["cost"]],
            "as used now": [fmt.money(cost, currency) for cost in rows["usual_cost"]],
        }
    )
