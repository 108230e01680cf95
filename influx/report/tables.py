"""Tables for people: which columns of a frame stand in them, under which heading, in which format.

A column is a row of three: the frame's column, or a tuple of several that one cell shows together; the heading, with
its unit; and a format: a function of the value (or values), or a dict of what each value is called. Without a format,
numbers have three significant digits and texts stand as they are. A column whose name ends with `?` is left out where
the frame does not have it. `{currency}` in a heading becomes the currency's code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from influx.core import formatting as fmt
from influx.core.constants import AGAIN, HOUSEHOLD
from influx.core.local_time import local
from influx.report import html
from influx.report.html import NOTHING, Shown

Column = tuple[str | tuple[str, ...], str] | tuple[str | tuple[str, ...], str, Callable[..., str] | Mapping[Any, str]]


def _amounts(low: float, high: float) -> str:
    """Return a range of money without its currency."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return fmt.NOT_KNOWN
    return f"{low:z.2f} to {high:z.2f}" if high - low >= 0.005 else f"{low:z.2f}"


def _time(stamp: pd.Timestamp) -> str:
    return f"{stamp:%H:%M}"


def _stamp(stamp: pd.Timestamp) -> str:
    return f"{stamp:%Y-%m-%d %H:%M}"


def _end(start: pd.Timestamp, end: pd.Timestamp) -> str:
    return _time(end) if end - start < pd.Timedelta(days=1) else _stamp(end)


def _two_digits(value: float) -> str:
    return fmt.number(value, 2)


def _or(instead: str, form: Callable[[float], str]) -> Callable[[float], str]:
    return lambda value: form(value) if value == value else instead


def _trend(slope: float, p: float) -> str:
    """Return a trend: a direction only where its test is clear."""
    if not np.isfinite(slope) or p >= 0.05:
        return "no clear trend" if np.isfinite(slope) else fmt.NOT_KNOWN
    return f"{'rising' if slope > 0 else 'falling'}, {fmt.kwh(abs(slope))} a week each week ({fmt.chance(p)})"


RANGE = (("p10", "p90"), "8 in 10 [kWh]", fmt.between)
ROLES = {
    "device": "a device",
    "household": "the whole home",
    "grid_import": "energy from the grid",
    "grid_export": "energy fed in",
    "solar": "solar output",
    "battery_in": "energy into the battery",
    "battery_out": "energy out of the battery",
    "ignore": "left out",
}
SOURCES = {"found": "found in the readings", "given": "named in home.yaml", "open": "quiet up to now"}
METRICS = (
    ("pinball", "pinball [kWh]"),
    ("scaled_pinball", "scaled pinball"),
    ("coverage_80", "80 % band held", fmt.percent),
    ("daily_wape", "daily WAPE", fmt.percent),
    ("bias", "bias [kWh]"),
    ("mae", "MAE [kWh]"),
    ("rmse", "RMSE [kWh]"),
    ("mase", "MASE"),
    ("r2", "R²"),
)

COLUMNS: dict[str, Sequence[Column]] = {
    "reconciliation": (
        ("file", "file"),
        ("format", "format"),
        ("rows_read", "rows read"),
        ("rows_used", "used"),
        ("rows_rejected", "rejected"),
        ("rows_after_as_of?", "after the as-of time"),
        ("overlaps?", "replaced by a newer row"),
        ("kwh_read", "kWh read", _or("none", fmt.number)),
        ("kwh_rejected?", "kWh rejected", _or("none", fmt.number)),
        ("kwh_used", "kWh used", _or("none", fmt.number)),
    ),
    "rejected": (
        ("file", "file"),
        ("rows?", "rows"),
        ("row", "row"),
        ("column", "column"),
        ("value", "value"),
        ("reason", "reason"),
    ),
    "corrections": (
        ("file", "file", {"": "all files"}),
        ("correction", "what became of it"),
        ("hours", "readings or hours"),
        ("kwh", "kWh"),
    ),
    "series": (
        ("device_id", "series"),
        ("role", "what it measures", ROLES),
        ("hours", "hours known"),
        ("kwh", "kWh"),
    ),
    "completeness": (
        ("device_id", "device"),
        ("first", "first day", lambda stamp: f"{stamp:%Y-%m-%d}"),
        ("last", "last day", lambda stamp: f"{stamp:%Y-%m-%d}"),
        ("share_known", "hours known", fmt.percent),
        ("hours_missing", "hours not known"),
        ("kwh", "kWh"),
    ),
    "breakdown": (
        ("device_id", "device"),
        ("kwh_per_day", "kWh a day"),
        ("share", "share", fmt.percent),
        ("kwh", "kWh in all"),
        ("standby_kwh_per_day", "standby kWh a day (estimate)"),
    ),
    "drivers": (
        ("device_id", "device"),
        ("temperature", "with outdoor temperature (-1 to 1)"),
        ("temperature_p", "chance", fmt.chance),
        ("days", "days compared"),
        ("occupancy", "with people at home (-1 to 1)"),
        ("peak_share", "energy in peak hours", fmt.percent),
        ("peak_hours", "peak hours of all hours", fmt.percent),
    ),
    "unusual": (
        ("start", "from (local)", _stamp),
        (("start", "end"), "to", _end),
        ("device_id", "device"),
        ("kwh", "kWh"),
        ("usual_kwh", "usual kWh"),
        ("reason", "why it stands out"),
    ),
    "absences": (
        ("first", "from", fmt.day),
        ("last", "to", fmt.day),
        ("days", "days"),
        (
            "source",
            "known how",
            {"found": "found in the readings", "given": "named in home.yaml", "open": "quiet up to now"},
        ),
        ("coming", "when", {True: "to come", False: "past"}),
    ),
    "relations": (
        ("feature", "feature"),
        ("known_ahead", "known ahead"),
        ("stand_in", "what stands in for it"),
        ("one_hour_ahead", "relation, an hour ahead", _or("does not vary", _two_digits)),
        ("one_week_ahead", "relation, a week ahead", _or("does not vary", _two_digits)),
    ),
    "model_choice": (
        ("device_id", "device"),
        ("model", "model used"),
        (("margin", "error"), "lead over the next best", fmt.give_or_take),
        ("word", "which is"),
        ("why", "why"),
    ),
    "chosen_metrics": (("device_id", "device"), *METRICS),
    "metrics": (("device_id", "device"), ("model", "model"), *METRICS),
    "calibration": (
        ("device_id", "device"),
        ("off", "off", fmt.percent),
        (("p10", "p10_se"), "below p10 (10 % promised)", fmt.give_or_take),
        (("p50", "p50_se"), "below p50 (50 % promised)", fmt.give_or_take),
        (("p90", "p90_se"), "below p90 (90 % promised)", fmt.give_or_take),
        (("band", "band_se"), "inside the band (80 % promised)", fmt.give_or_take),
        ("kept", "kept?"),
    ),
    "days_ahead": (
        ("day", "day"),
        ("loss", "loss [kWh]"),
        ("baseline_loss", "climatology's [kWh]"),
        (("skill", "skill_se"), "loss avoided", fmt.give_or_take),
        ("absolute_error", "energy missed by [kWh]"),
        ("baseline_absolute_error", "by climatology [kWh]"),
        ("skill_of_all", "loss avoided, all series", fmt.percent),
    ),
    "reference": (
        ("device_id", "device"),
        ("looking", "looking"),
        ("hours", "hours judged"),
        ("mae", "MAE [kWh]"),
        ("rmse", "RMSE [kWh]"),
        ("bias", "bias [kWh]"),
        ("r2", "R²"),
    ),
    "days": (
        ("day", "day", fmt.day),
        ("hours?", "hours"),
        ("total", "kWh expected"),
        RANGE,
        ("cost?", "cost", fmt.money),
        ("carbon?", "kg CO₂"),
    ),
    "coming_week": (
        ("device_id", "device"),
        ("total", "kWh expected"),
        RANGE,
        ("cost?", "cost{cost_hours}", fmt.money),
        (("cost_p10?", "cost_p90?"), "8 in 10 [{currency}]", _amounts),
        ("carbon?", "kg CO₂{carbon_hours}"),
        ("model", "model"),
    ),
    "peaks": (
        ("day", "day", fmt.day),
        (("start", "end"), "peak (local)", lambda start, end: f"{fmt.clock(int(start))} to {fmt.clock(int(end))}"),
        ("kwh", "kWh in it"),
        ("share", "of the day", fmt.percent),
    ),
    "bill": (
        ("line", "line"),
        ("kwh_so_far", "kWh so far", _or("", fmt.number)),
        ("so_far", "so far", fmt.money),
        ("kwh_at_end", "kWh at its end", _or("", fmt.number)),
        ("at_end", "at its end", fmt.money),
        (("p10", "p90"), "8 in 10 [{currency}]", _amounts),
    ),
    "bill_months": (
        (("month", "so_far"), "month", lambda month, so_far: f"{fmt.month(month)}{', so far' * so_far}"),
        ("kwh", "kWh"),
        ("energy?", "energy", fmt.money),
        ("standing_charge?", "standing charge", fmt.money),
        ("tax?", "tax", fmt.money),
        ("fed_in?", "fed in", fmt.money),
        ("total", "total", fmt.money),
        ("hours_not_known?", "hours in none of it"),
    ),
    "spent_week": (
        ("device_id", "device"),
        ("kwh", "last 7 days [kWh]"),
        ("cost?", "cost", fmt.money),
        ("carbon?", "kg CO₂"),
    ),
    "last_week": (
        ("device_id", "device"),
        ("last_hour_kwh", "last hour [kWh]"),
        ("last_hour", "at (local)", _stamp),
        ("last_24h_kwh", "last 24 h [kWh]"),
        ("last_week_kwh", "last 7 days [kWh]"),
        ("usual_week_kwh", "usual [kWh]"),
        ("saved_kwh", "saved [kWh]"),
        (("saved_p10", "saved_p90"), "saved, 8 in 10", fmt.between),
    ),
    "health": (
        ("device_id", "device"),
        (("trend_kwh_per_week", "trend_p"), "trend over twelve weeks", _trend),
        ("load_factor?", "load factor"),
        ("hours_of_use?", "hours of use a week"),
        ("change?", "change of the load factor", fmt.percent),
    ),
    "recommendations": (("what", "what to do in the coming week"),),
    "plan_devices": (
        ("device_id", "device"),
        ("runs", "runs"),
        ("kwh", "kWh"),
        ("cost", "as planned", fmt.money),
        ("usual_cost", "as used now", fmt.money),
        ("saving", "saved", fmt.money),
        (("p10", "p90"), "8 in 10 [{currency}]", _amounts),
        ("source", "known from"),
    ),
    "plan_runs": (
        ("start", "day", fmt.day),
        ("device_id", "device"),
        ("start", "from", _time),
        ("end", "to", _time),
        ("kwh", "kWh"),
        ("cost", "cost", fmt.money),
        ("usual_cost", "as used now", fmt.money),
    ),
    "last_forecast": (
        ("device_id", "device"),
        ("predicted", "said [kWh]"),
        RANGE,
        ("observed", "was [kWh]"),
        ("inside", "in the range"),
    ),
    "forecast_record": (
        ("first_day", "from", fmt.day),
        RANGE,
        ("observed", "was [kWh]"),
        ("inside", "in the range"),
        ("coverage_80", "hours in the band", fmt.percent),
        ("loss", "loss [kWh]"),
        ("baseline_loss", "climatology's [kWh]"),
        ("week", "read from", {AGAIN: "made again now"}),
    ),
    "energy_errors": (
        ("device_id", "device"),
        ("day?", "day"),
        ("predicted", "said [kWh]"),
        ("baseline_predicted", "climatology [kWh]"),
        ("observed", "was [kWh]"),
        ("bias", "bias", fmt.percent),
        ("baseline_bias", "climatology's bias", fmt.percent),
        ("absolute_error?", "a day missed by [kWh]"),
        ("baseline_absolute_error?", "climatology by [kWh]"),
    ),
    "losses": (
        ("device_id", "device"),
        ("day?", "day"),
        ("loss", "loss [kWh]"),
        ("baseline_loss", "climatology's [kWh]"),
        ("gain", "loss avoided", fmt.percent),
        ("coverage_80", "in the band", fmt.percent),
        ("baseline_coverage_80", "in climatology's", fmt.percent),
    ),
    "drift_of_errors": (
        ("device_id", "device"),
        ("worse_since", "worse since"),
        ("error_before", "misses before [kWh]"),
        ("error_now", "after [kWh]"),
        ("error_change", "change", fmt.percent),
        ("error_odds", "a later week is worse", fmt.percent),
        ("error_p", "chance", fmt.chance),
        ("error_weeks", "weeks"),
    ),
    "drift_of_use": (
        ("device_id", "device"),
        ("use_before", "before [kWh a day]"),
        ("use_now", "now [kWh a day]"),
        ("use_change", "change", fmt.percent),
        ("use_distance", "distance (0 same, 1 apart)", _two_digits),
        ("use_p", "chance", fmt.chance),
        ("use_temperature", "with temperature (-1 to 1)", _two_digits),
    ),
}
"""The tables of the report by name. `docs` and the notebooks use these names."""


def table(
    frame: pd.DataFrame | None,
    columns: str | Sequence[Column] = (),
    caption: str | None = None,
    rows: int = 8,
    empty: str = NOTHING,
    currency: str = "",
    timezone: str = "UTC",
    **more: Any,
) -> Shown:
    """Set a frame as a table of which at most `rows` rows stand before a fold.

    Parameters
    ----------
    frame : DataFrame, optional
        None, where the home has no such frame, is shown like one without rows.
    columns : str or sequence of Column, optional
        A name in `COLUMNS`, or columns as they stand there. Without it the frame's own columns are the headings, and an
        index with a name is shown as the first columns.
    caption : str, optional
        One sentence above the table; plain text.
    rows : int
        Rows before the fold.
    empty : str
        What stands there where the frame has no rows.
    currency : str
        The currency of amounts; empty is one that nobody named.
    timezone : str
        Where the clock times are shown of columns with times in UTC.
    **more
        Further frames that `influx.report.rows` needs for the table of this name.

    Returns
    -------
    Shown
        Numbers right-aligned, texts as they are, missing values as "not known"; a table whose first column is the
        device has the household on top.

    Examples
    --------
    >>> frame = pd.DataFrame({"device_id": ["AC"], "share": [0.123]})
    >>> table(frame, [("device_id", "device"), ("share", "share", fmt.percent)], caption="Shares.")
    Table: Shares. (1 rows)
    """
    spec = COLUMNS[columns] if isinstance(columns, str) else columns
    if frame is None:
        return html.table(pd.DataFrame(), caption, rows, empty)
    if isinstance(columns, str):
        from influx.report import rows as rows_of  # and with it the rooms that train, which `COLUMNS` alone need not

        prepare = getattr(rows_of, columns, None)
        frame = frame if prepare is None else prepare(frame, **more)
    if frame.empty or not spec:
        return html.table(frame, caption, rows, empty)
    if spec[0][0] == "device_id":
        frame = frame.iloc[np.argsort(frame["device_id"] != HOUSEHOLD, kind="stable")]
    words = {"currency": fmt.unit_of_money(currency)} | frame.attrs
    out = {}
    for source, heading, *form in spec:
        names = (source,) if isinstance(source, str) else source
        values = [_values(frame, name.rstrip("?"), timezone) for name in names if _is_there(frame, name)]
        if len(values) == len(names):
            out[heading.format_map(words)] = _formatted(values, form[0] if form else None, currency)
    return html.table(pd.DataFrame(out), caption, rows, empty)


def _is_there(frame: pd.DataFrame, name: str) -> bool:
    """Return whether a column is shown: one with a `?` is not where it is missing or holds nothing but zeros."""
    if not name.endswith("?"):
        return True
    name = name.removesuffix("?")
    return name in frame and not (frame[name] == 0).all()


def _values(frame: pd.DataFrame, name: str, timezone: str) -> pd.Series:
    values = frame[name].reset_index(drop=True)
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return pd.Series(local(pd.DatetimeIndex(values), timezone))
    return values


def _formatted(values: list[pd.Series], form: Any, currency: str) -> pd.Series | list[Any]:
    if form is None:
        return values[0]
    if isinstance(form, Mapping):
        return [form.get(value, value) for value in values[0]]
    more = [currency] if form is fmt.money else []
    return [form(*cells, *more) for cells in zip(*values, strict=True)]
