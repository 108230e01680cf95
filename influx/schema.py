"""The frames that travel between the rooms: their columns, units, types and checks.

Every frame is a plain :class:`pandas.DataFrame`; pandera checks it where it enters (a file was read) and where it leaves
(a forecast is published), so that nobody in between needs to. All times are UTC and mark the start of their hour.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa

from influx.errors import InputError

HOUSEHOLD = "household"
"""The device that stands for the whole home."""

OTHER = "other"
"""The device that stands for the energy of the home that no device explains."""

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
        r"^p\d\d$": pa.Column(float, pa.Check.ge(0), nullable=False, regex=True),
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
        raise InputError(f"{schema.name}: {str(error).splitlines()[0]}; columns here: {', '.join(frame.columns)}") from error


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
        A column is missing, or a value breaks a rule of the frame.
    """
    missing = {"device_id", "timestamp", "energy_kwh"} - set(frame.columns)
    if missing:
        raise InputError(
            f"readings: no column {', '.join(sorted(missing))}; there are {', '.join(map(str, frame.columns))}. "
            "Name the columns device_id, timestamp and energy_kwh."
        )
    if frame.empty:
        raise InputError("readings: the frame has no rows. Hand over at least a day of hours.")
    out = frame.assign(timestamp=pd.to_datetime(frame["timestamp"], utc=True).dt.as_unit("us"))
    if "home_id" not in out:
        out["home_id"] = "home"
    known = out["energy_kwh"].notna()
    if "quality" not in out:
        out["quality"] = np.where(known, "measured", "missing")
    out = out[["home_id", "device_id", "timestamp", "energy_kwh", "quality"]]
    return check(out, READINGS).sort_values(["home_id", "device_id", "timestamp"], ignore_index=True)
