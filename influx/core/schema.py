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

DEVICE_COLUMNS = (
    "device_type",
    "power_rating_watt",
    "energy_efficiency_rating",
    "standby_power_watt",
    "mode_of_operation",
    "age_of_appliance_years",
    "maintenance_last_date",
    "peak_power_draw_watt",
)
"""What an events file says of the device itself."""

EVENT_COLUMNS = (
    "device_id",
    *DEVICE_COLUMNS,
    "timestamp",
    "duration_minutes",
    "power_consumption_kwh",
    "tariff_rate",
    "is_peak_tariff",
    "indoor_temp_celsius",
    "outdoor_temp_celsius",
    "humidity_percent",
    "occupancy_count",
    "motion_detected",
)
"""The 19 columns of a smart-home events file; `timestamp` is the start of use, local time unless it has an offset."""

STATIC_COLUMNS = (
    "power_rating_watt",
    "energy_efficiency_rating",
    "standby_power_watt",
    "age_of_appliance_years",
    "peak_power_draw_watt",
)
"""The numeric columns that belong to a device and hardly change."""

CONTEXT_COLUMNS = (
    "tariff_rate",
    "is_peak_tariff",
    "indoor_temp_celsius",
    "outdoor_temp_celsius",
    "humidity_percent",
    "occupancy_count",
    "motion_detected",
)
"""The numeric columns that belong to the home at an hour."""

QUALITIES = ("measured", "estimated", "missing")
UTC_HOURS = pd.DatetimeTZDtype("us", "UTC")

_key = {
    "home_id": pa.Column(str, nullable=False),
    "device_id": pa.Column(str, nullable=False),
    "timestamp": pa.Column(UTC_HOURS, nullable=False),
}
_energy = pa.Column(float, [pa.Check.ge(0), pa.Check(lambda kwh: ~np.isinf(kwh))], nullable=True)

READINGS = pa.DataFrameSchema(
    {**_key, "energy_kwh": _energy, "quality": pa.Column(str, pa.Check.isin(QUALITIES), nullable=False)},
    unique=["home_id", "device_id", "timestamp"],
    coerce=True,
    name="readings",
)

FORECAST = pa.DataFrameSchema(
    {
        **_key,
        "energy_kwh": pa.Column(float, pa.Check.ge(0), nullable=False),
        r"^p\d+(\.\d+)?$": pa.Column(float, pa.Check.ge(0), nullable=False, regex=True),
        "model": pa.Column(str, nullable=False),
    },
    unique=["home_id", "device_id", "timestamp"],
    coerce=True,
    name="forecast",
)

METRICS = pa.DataFrameSchema(
    {
        "home_id": pa.Column(str),
        "device_id": pa.Column(str),
        "model": pa.Column(str),
        "folds": pa.Column(int, pa.Check.ge(1)),
        **{
            name: pa.Column(float, nullable=True)
            for name in ("mae", "rmse", "bias", "mase", "pinball", "coverage_80", "daily_wape", "r2", "scaled_pinball")
        },
    },
    unique=["home_id", "device_id", "model"],
    coerce=True,
    name="metrics",
)


def check(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return `frame` in the types of `schema`.

    Raises
    ------
    InputError
        Names the frame, the column and the first failing value.
    """
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
    missing = {"device_id", "timestamp", "energy_kwh"} - set(frame.columns)
    if missing:
        raise InputError(
            f"readings: no column {', '.join(sorted(missing))}; there are {', '.join(map(str, frame.columns))}. "
            "Name the columns device_id, timestamp and energy_kwh."
        )
    if frame.empty:
        raise InputError("readings: the frame has no rows. Hand over at least a day of hours.")
    out = _parsed(frame.reset_index(drop=True))
    if "home_id" not in out:
        out["home_id"] = "home"
    if "quality" not in out:
        out["quality"] = np.where(out["energy_kwh"].notna(), "measured", "missing")
    out = out[["home_id", "device_id", "timestamp", "energy_kwh", "quality"]]
    twice = out.duplicated(["home_id", "device_id", "timestamp"])
    _refuse(out, twice, "timestamp", "stands twice for its device; keep one reading of an hour")
    out = check(out, READINGS).sort_values(["home_id", "device_id", "timestamp"], ignore_index=True)
    _check_hourly(out)
    return out


def as_weather(frame: pd.DataFrame) -> pd.DataFrame:
    """Return any weather frame as `timestamp` (UTC; so are stamps without an offset) and its numeric columns.

    Raises
    ------
    InputError
        A column is missing, a time is none or stands twice, or a temperature is not a number.
    """
    missing = {"timestamp", "outdoor_temp_celsius"} - set(frame.columns)
    if missing:
        there = ", ".join(map(str, frame.columns))
        raise InputError(f"weather: no column {', '.join(sorted(missing))}; there are {there}.")
    out = frame.reset_index(drop=True)
    stamps = _utc(out["timestamp"])
    degrees = pd.to_numeric(out["outdoor_temp_celsius"], errors="coerce").astype(float)
    _refuse(out, stamps.isna(), "timestamp", "is not a time; write 2024-07-14T18:00:00Z", "weather")
    _refuse(out, stamps.duplicated(), "timestamp", "stands twice; keep one row of an hour", "weather")
    strange = (degrees.isna() & out["outdoor_temp_celsius"].notna()) | np.isinf(degrees)
    _refuse(out, strange, "outdoor_temp_celsius", "is not a number of degrees", "weather")
    return out.assign(timestamp=stamps, outdoor_temp_celsius=degrees)


def _parsed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return readings with their columns in the right types, and refuse the first value that cannot be."""
    stamps = _utc(frame["timestamp"])
    energy = pd.to_numeric(frame["energy_kwh"], errors="coerce").astype(float)
    names = [name for name in ("home_id", "device_id") if name in frame]
    _refuse(frame, stamps.isna(), "timestamp", "is not a time; write 2024-07-14T18:00:00Z")
    _refuse(frame, energy.isna() & frame["energy_kwh"].notna(), "energy_kwh", "is not a number of kWh")
    below = (energy < 0) | np.isinf(energy)
    _refuse(frame, below, "energy_kwh", "is no energy of an hour; it must be 0 or more, NaN where it is not known")
    for name in names:
        _refuse(frame, frame[name].isna(), name, "is not a name")
    return frame.assign(timestamp=stamps, energy_kwh=energy, **{name: frame[name].astype(str) for name in names})


def _utc(times: pd.Series) -> pd.Series:
    """Return times as UTC stamps, NaT where they are none: nobody knows the unit of a bare number."""
    if pd.api.types.is_numeric_dtype(times):
        times = pd.Series(pd.NaT, index=times.index, dtype="datetime64[us]")
    return pd.to_datetime(times, utc=True, errors="coerce", format="ISO8601").dt.as_unit("us")


def _refuse(frame: pd.DataFrame, wrong: pd.Series, column: str, why: str, name: str = "readings") -> None:
    if wrong.any():
        place = int(wrong.to_numpy().argmax())
        raise InputError(f"{name}: row {place + 1}, column {column}: {frame[column].iloc[place]} {why}.")


def _check_hourly(readings: pd.DataFrame) -> None:
    """Refuse readings that are not those of whole hours, such as half-hourly or daily ones."""
    hour = pd.Timedelta(hours=1)
    minute = (readings["timestamp"] - readings["timestamp"].dt.floor("h")).rename("minute")
    first = minute.groupby(readings["home_id"]).transform("first")
    odd = (minute != first) | (minute % pd.Timedelta(minutes=15) != pd.Timedelta(0))
    if odd.any():
        row = readings.loc[odd.idxmax()]
        raise InputError(
            f"readings: {row['device_id']} at {row['timestamp']:%Y-%m-%d %H:%M:%S}: not a reading of a whole hour. All "
            "of a home must begin at the same minute of the hour; sum them to hours first, as influx.load does."
        )
    device = readings.groupby(["home_id", "device_id"])["timestamp"]
    apart = device.diff().groupby([readings["home_id"], readings["device_id"]]).min()
    coarse = apart[(apart > hour) & (device.size() > 2)]
    if len(coarse):
        raise InputError(
            f"readings: those of {coarse.index[0][1]} are {coarse.iloc[0] / hour:.0f} hours apart or more. Hand over a "
            "reading an hour: 0 where nothing was used, NaN where it is not known."
        )
