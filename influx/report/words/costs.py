"""How money and carbon read: what the coming week costs and emits, what was spent, and the month's bill."""

from __future__ import annotations

import numpy as np
import pandas as pd

from influx.billing.bill import FEED_IN, STANDING, TAX, TOTAL
from influx.core import formatting as fmt
from influx.core.constants import WEEK
from influx.core.schema import HOUSEHOLD
from influx.core.tariff import Rates
from influx.report.run_folder import Run

_KWH = ("kwh_so_far", "kwh_at_end")
_LINES = {"energy": "energy", "standing_charge": STANDING, "tax": TAX, "fed_in": FEED_IN, "total": TOTAL}


def ahead(run: Run) -> list[str]:
    """Say what the coming hours cost and emit, as far as prices and intensities are known."""
    frames, prices = run.bill(), run.rates()
    length = int(_household(run.forecast()["week"])["hours"])
    if prices is None or "cost_week" not in frames:
        words = ["The cost is not known: no tariff is given and the data holds no price."]
    else:
        words = [_cost(_household(frames["cost_week"]), length, prices), *_fallen_back(run, length, prices)]
        if not prices.currency:
            words.append(f"{fmt.NO_CURRENCY} is the currency of these prices, which nobody named.")
    if "carbon_week" in frames:
        words.append(_carbon(_household(frames["carbon_week"]), length))
    return words


def _cost(cost: pd.Series, length: int, prices: Rates) -> str:
    known = int(cost["hours"])
    if not known:
        return f"The cost is not known: {prices.source} has no price for any of these hours."
    subject = "It" if known == length else f"The {known} of these {length} hours whose price is known"
    words = (
        f"{subject} will cost {fmt.money(cost['total'], prices.currency)}, "
        f"{fmt.money_span(cost['p10'], cost['p90'], prices.currency)}, by {prices.source}"
    )
    fixed = prices.standing_charge_per_day * (1 + prices.tax) * length / 24
    words += f", and {fmt.money(fixed, prices.currency)} of standing charge." if fixed else "."
    return words if known == length else f"{words} What the other {length - known} hours cost is not known."


def _fallen_back(run: Run, length: int, prices: Rates) -> list[str]:
    """Say for how many of the coming hours a price file has no price, so that the rates of home.yaml stand in."""
    if prices.prices is None:
        return []
    which = prices.parts(pd.date_range(run.home().origin, periods=length, freq="h"))[1]
    count = int(((which >= 0) & (which < len(prices.rates))).any(axis=1).sum())
    return (
        [f"The file has no price for {count} of these {length} hours: they cost what home.yaml says."] if count else []
    )


def _carbon(carbon: pd.Series, length: int) -> str:
    known = int(carbon["hours"])
    if not known:
        return "What it will emit is not known: the intensity file ends before it."
    subject = "It" if known == length else f"The {known} hours of it whose carbon intensity is known"
    return f"{subject} will emit {fmt.carbon(carbon['total'])}, {fmt.span(carbon['p10'], carbon['p90'], 'kg')}."


def spent(run: Run) -> str:
    """Say what the last seven days cost and emitted; empty where neither price nor intensity is known."""
    frame = run.bill().get("spent_week")
    if frame is None or not (frame["device_id"] == HOUSEHOLD).any():
        return ""
    row, prices = _household(frame), run.rates()
    parts, lacking = [], []
    for name, verb in (("cost", "cost"), ("carbon", "emitted")):
        if name not in row:
            continue
        amount = fmt.money(row[name], prices.currency if prices else "") if name == "cost" else fmt.carbon(row[name])
        parts.append(f"{verb} {amount}" if np.isfinite(row[name]) else f"{verb} an amount that is not known")
        if 0 < row[f"{name}_hours"] < WEEK:
            lacking.append(f"{int(WEEK - row[f'{name}_hours'])} of their {WEEK} hours are not in what they {verb}")
    more = f" {fmt.listed(lacking)}: use, or its price or intensity, is not known there." if lacking else ""
    return f"The last seven days {fmt.listed(parts)}.{more}"


def month(run: Run) -> str:
    """Say what the month's bill is so far and will be at its end; empty where no price is known."""
    frame = run.bill().get("bill")
    prices = run.rates()
    if prices is None:
        return ""
    if frame is None:
        return "The bill is not known: nothing tells in any hour what was bought from the grid."
    row = frame.iloc[-1]
    name = fmt.month(row["month"])
    since = f" since {fmt.day(row['since'])}, when the data begins," if row["since"] > row["month"] else ""
    paid = fmt.money(row["so_far"], prices.currency)
    begins = f"**{name} begins now" if not row["hours"] else f"**{name} has{since} cost {paid} so far"
    if np.isfinite(row["at_end"]):
        end = fmt.money(row["at_end"], prices.currency)
        bill = "the bill of the hours that are known" if row["hours_not_known"] else "the bill"
        words = f"{begins}; at its end {bill} will be {end}: " + (
            f"{fmt.money_span(row['p10'], row['p90'], prices.currency)}.**"
        )
    else:
        words = f"{begins}; what it will cost at its end is not known.** {_open(row, prices)}"
    return words + _left_out(row)


def _open(row: pd.Series, prices: Rates) -> str:
    hint = (
        "" if prices.prices is None else " A `rate` in home.yaml stands in for prices that the file does not have yet."
    )
    return (
        f"Of {int(row['hours_open'])} of the {int(row['hours_ahead'])} hours that are left of it, nobody knows the "
        f"price or the use.{hint}"
    )


def _left_out(row: pd.Series) -> str:
    if not row["hours_not_known"]:
        return ""
    return (
        f" {int(row['hours_not_known'])} of its {int(row['hours'])} hours so far are in none of this, for their use or "
        "price is not known."
    )


def how(run: Run) -> str:
    """Say how the bill was computed."""
    prices = run.rates()
    if prices is None:
        return "Without a price there is no bill."
    if "bill" not in run.bill():
        return "Without what was bought from the grid there is no bill."
    words = [
        "Days of the month beyond the forecast are expected as similar hours of the past weeks were; the range is as "
        "wide as eight in ten errors of such sums in the past year."
    ]
    if prices.has_half_hours:
        words.append("Prices change at half hours and use is known by hours: an hour costs the mean of its two halves.")
    flows = set(run.home().flows["role"])
    if flows:
        giver = "the sun or the battery" if "battery_out" in flows else "the sun"
        words.append(
            "The bill counts what was bought from the grid; the cost of a device's use is that of the grid's price, "
            f"also where {giver} gave it."
        )
    if "grid_export" in flows and prices.feed_in is None:
        words.append("What was fed in earns nothing here: home.yaml names no `feed_in`.")
    return " ".join(words)


def bill(run: Run) -> pd.DataFrame:
    """Return the month's bill, a line each."""
    frame, prices = run.bill().get("bill"), run.rates()
    if frame is None or prices is None:
        return pd.DataFrame()
    kwh = {name: [_kwh(value, line) for value, line in zip(frame[name], frame["line"], strict=True)] for name in _KWH}
    return pd.DataFrame(
        {
            "line": frame["line"],
            "kWh so far": kwh["kwh_so_far"],
            "so far": [fmt.money(amount, prices.currency) for amount in frame["so_far"]],
            "kWh at its end": kwh["kwh_at_end"],
            "at its end": [fmt.money(amount, prices.currency) for amount in frame["at_end"]],
            f"8 in 10 [{fmt.unit_of_money(prices.currency)}]": [
                _between(low, high) for low, high in zip(frame["p10"], frame["p90"], strict=True)
            ],
        }
    )


def _between(low: float, high: float) -> str:
    if not (np.isfinite(low) and np.isfinite(high)):
        return fmt.NOT_KNOWN
    return f"{low:.2f} to {high:.2f}" if high - low >= 0.005 else f"{low:.2f}"


def _kwh(value: float, line: str) -> str:
    return "" if line in (STANDING, TAX, TOTAL) else fmt.number(value)


def months(run: Run) -> pd.DataFrame:
    """Return the bills of the last twelve months, the newest first, with the lines that they have."""
    frame, prices = run.bill().get("bill_months"), run.rates()
    if frame is None or prices is None:
        return pd.DataFrame()
    rows = frame.iloc[::-1]
    out = pd.DataFrame({"month": [fmt.month(month) for month in rows["month"]], "kWh": rows["kwh"]})
    if len(frame) and frame["month"].iloc[-1] == run.bill()["bill"]["month"].iloc[0]:
        out.iloc[0, 0] += ", so far"
    for name, heading in _LINES.items():
        if rows[name].any() or name == "total":
            out[heading] = [fmt.money(amount, prices.currency) for amount in rows[name]]
    if rows["hours_not_known"].any():
        out["hours in none of it"] = rows["hours_not_known"].astype(int)
    return out.reset_index(drop=True)


def devices(run: Run) -> pd.DataFrame:
    """Return what each device cost and emitted in the last seven days, the household first."""
    frame, prices = run.bill().get("spent_week"), run.rates()
    if frame is None:
        return pd.DataFrame()
    order = (frame["device_id"] != HOUSEHOLD).sort_values(kind="stable").index
    rows = frame.loc[order]
    out = pd.DataFrame({"device": rows["device_id"], "last 7 days [kWh]": rows["kwh"]})
    if "cost" in rows:
        out["cost"] = [fmt.money(amount, prices.currency if prices else "") for amount in rows["cost"]]
    if "carbon" in rows:
        out["kg CO₂"] = rows["carbon"]
    return out


def _household(frame: pd.DataFrame) -> pd.Series:
    return frame[frame["device_id"] == HOUSEHOLD].iloc[0]
