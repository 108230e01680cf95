"""The frames that travel between the rooms: their columns, units, types and checks.

Every frame is a plain :class:`pandas.DataFrame`; pandera checks it where it enters (a file was read) and where it
leaves (a forecast is published), so that nobody in between needs to. Times are UTC and mark the start of their hour.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa

from influx.core.constants import HOUSEHOLD as HOUSEHOLD
from influx.core.constants import OTHER as OTHER
from influx.core.errors import InputError

STATIC_COLUMNS = (
    "power_rating_watt",
    "energy_efficiency_rating",
    "standby_power_watt",
    "age_of_appliance_years",
    "peak_power_draw_watt",
)
"""The numeric columns of an events file that belong to a device and hardly change."""

CONTEXT_COLUMNS = (
    "tariff_rate",
    "is_peak_tariff",
    "indoor_temp_celsius",
    "outdoor_temp_celsius",
    "humidity_percent",
    "occupancy_count",
    "motion_detected",
)
"""The numeric columns of an events file that belong to the home at an hour."""

EVENT_COLUMNS = (
    "device_id",
    "device_type",
    *STATIC_COLUMNS[:3],
    "mode_of_operation",
    "age_of_appliance_years",
    "maintenance_last_date",
    "peak_power_draw_watt",
    "timestamp",
    "duration_minutes",
    "power_consumption_kwh",
    *CONTEXT_COLUMNS,
)
"""The 19 columns of a smart-home events file; `timestamp` is the start of use, local time unless it has an offset."""

QUALITIES = ("measured", "estimated", "missing")

_NAME = pa.Column(str, nullable=False)
_KEYS = ["home_id", "device_id", "timestamp"]
_KEY = {
    "home_id": _NAME,
    "device_id": _NAME,
    "timestamp": pa.Column(pd.DatetimeTZDtype("us", "UTC"), nullable=False),
}
_NOT_NEGATIVE = pa.Check.ge(0)
_SCORES = ("mae", "rmse", "bias", "mase", "pinball", "coverage_80", "daily_wape", "r2", "scaled_pinball")

READINGS = pa.DataFrameSchema(
    {
        **_KEY,
        "energy_kwh": pa.Column(float, [_NOT_NEGATIVE, pa.Check(lambda kwh: ~np.isinf(kwh))], nullable=True),
        "quality": pa.Column(str, pa.Check.isin(QUALITIES), nullable=False),
    },
    unique=_KEYS,
    coerce=True,
    name="readings",
)
FORECAST = pa.DataFrameSchema(
    {
        **_KEY,
        "energy_kwh": pa.Column(float, _NOT_NEGATIVE, nullable=False),
        r"^p\d+(\.\d+)?$": pa.Column(float, _NOT_NEGATIVE, nullable=False, regex=True),
        "model": _NAME,
    },
    unique=_KEYS,
    coerce=True,
    name="forecast",
)
METRICS = pa.DataFrameSchema(
    {
        **dict.fromkeys(("home_id", "device_id", "model"), _NAME),
        "folds": pa.Column(int, pa.Check.ge(1)),
        **dict.fromkeys(_SCORES, pa.Column(float, nullable=True)),
    },
    unique=["home_id", "device_id", "model"],
    coerce=True,
    name="metrics",
)


def check(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return `frame` in the types of `schema`; an InputError names the column and the first value that breaks it."""
    try:
        return schema.validate(frame)
    except (pa.errors.SchemaError, pa.errors.SchemaErrors) as error:
        raise InputError(
            f"{schema.name}: {str(error).splitlines()[0]}; columns here: {', '.join(frame.columns)}"
        ) from error


def as_readings(frame: pd.DataFrame) -> pd.DataFrame:
    """Return any readings frame as a checked one: UTC stamps, `quality` filled in, sorted, ready to use.

    Parameters
    ----------
    frame : DataFrame
        Columns `device_id`, `timestamp`, `energy_kwh` [kWh]; `home_id` and `quality` are optional.
        Stamps without an offset are taken as UTC.

    Raises
    ------
    InputError
        A column is missing, a value breaks a rule of the frame, or the readings of a device are not an hour apart.
    """
    out = _typed(frame, "readings", "energy_kwh", "a number of kWh", ("device_id",))
    if out.empty:
        raise InputError("readings: the frame has no rows. Hand over at least a day of hours.")
    energy = out["energy_kwh"]
    _refuse(out, (energy < 0) | np.isinf(energy), "energy_kwh", "is no energy of an hour: 0 or more, NaN where unknown")
    for name in ("home_id", "device_id"):
        if name not in out:
            out[name] = "home"
        _refuse(out, out[name].isna(), name, "is not a name")
        out[name] = out[name].astype(str)
    if "quality" not in out:
        out["quality"] = np.where(energy.notna(), "measured", "missing")
    _refuse(out, out.duplicated(_KEYS), "timestamp", "stands twice for its device; keep one reading of an hour")
    out = check(out[[*READINGS.columns]], READINGS).sort_values(_KEYS, ignore_index=True)
    _refuse_other_steps(out)
    return out


def as_weather(frame: pd.DataFrame) -> pd.DataFrame:
    """Return any weather frame as `timestamp` (UTC; so are stamps without an offset) and its numeric columns."""
    out = _typed(frame, "weather", "outdoor_temp_celsius", "a number of degrees")
    _refuse(out, np.isinf(out["outdoor_temp_celsius"]), "outdoor_temp_celsius", "is not a number of degrees", "weather")
    _refuse(out, out["timestamp"].duplicated(), "timestamp", "stands twice; keep one row of an hour", "weather")
    return out


def _typed(frame: pd.DataFrame, name: str, value: str, unit: str, others: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a frame whose `timestamp` is in UTC and whose column `value` is of numbers."""
    columns = [*others, "timestamp", value]
    if missing := sorted(set(columns) - set(frame.columns)):
        raise InputError(
            f"{name}: no column {', '.join(missing)}; there are {', '.join(map(str, frame.columns))}. "
            f"Name the columns {', '.join(columns)}."
        )
    frame = frame.reset_index(drop=True)
    times = frame["timestamp"]
    if pd.api.types.is_numeric_dtype(times):  # nobody knows the unit of a bare number
        times = pd.Series(pd.NaT, index=times.index, dtype="datetime64[us]")
    stamps = pd.to_datetime(times, utc=True, errors="coerce", format="ISO8601").dt.as_unit("us")
    numbers = pd.to_numeric(frame[value], errors="coerce").astype(float)
    _refuse(frame, stamps.isna(), "timestamp", "is not a time; write 2024-07-14T18:00:00Z", name)
    _refuse(frame, numbers.isna() & frame[value].notna(), value, f"is not {unit}", name)
    return frame.assign(timestamp=stamps, **{value: numbers})


def _refuse(frame: pd.DataFrame, wrong: pd.Series, column: str, reason: str, name: str = "readings") -> None:
    if wrong.any():
        place = int(wrong.to_numpy().argmax())
        raise InputError(f"{name}: row {place + 1}, column {column}: {frame[column].iloc[place]} {reason}.")


def _refuse_other_steps(readings: pd.DataFrame) -> None:
    """Refuse readings that are not those of whole hours, such as half-hourly or daily ones."""
    hour = pd.Timedelta(hours=1)
    minute = readings["timestamp"] - readings["timestamp"].dt.floor("h")
    odd = (minute != minute.groupby(readings["home_id"]).transform("first")) | (
        minute % pd.Timedelta(minutes=15) != pd.Timedelta(0)
    )
    if odd.any():
        row = readings.loc[odd.idxmax()]
        raise InputError(
            f"readings: {row['device_id']} at {row['timestamp']:%Y-%m-%d %H:%M:%S}: not a reading of a whole hour. All "
            "of a home must begin at the same minute of the hour; sum them to hours first, as influx.load does."
        )
    devices = readings.groupby(["home_id", "device_id"])
    steps = devices["timestamp"].diff().groupby([readings["home_id"], readings["device_id"]]).agg(["size", "min"])
    coarse = steps[(steps["min"] > hour) & (steps["size"] > 2)]
    if len(coarse):
        raise InputError(
            f"readings: those of {coarse.index[0][1]} are {coarse['min'].iloc[0] / hour:.0f} hours apart or more. Hand "
            "over a reading an hour: 0 where nothing was used, NaN where it is not known."
        )
