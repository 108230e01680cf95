"""What home.yaml may say of a file, where the file does not say it itself: `files:`, by name or pattern."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from influx.core.tariff_settings import Strict

Role = Literal["device", "household", "grid_import", "grid_export", "solar", "battery_in", "battery_out", "ignore"]
"""What a meter measures: one device, the whole home, or one of the flows from which the home's use follows."""

Measures = Literal["energy", "power", "counter"]


class Column(Strict):
    """What a column, or a series of a long table, is."""

    device: str | None = Field(None, description="its name from here on; the column's own where it is not given")
    unit: str | None = Field(None, description="Wh, kWh, MWh, W or kW")
    measures: Measures | None = Field(None, description="energy in an interval, mean power, or a register's state")
    role: Role | None = Field(None, description="what the meter measures; `ignore` leaves the column out")


class File(Strict):
    """How to read a file; everything overrules what its format or its data says."""

    ignore: bool = Field(False, description="whether the file is left alone")
    format: str | None = Field(None, description="the format that reads it, by its id in docs/formats.md")
    timezone: str | None = Field(None, description="whose clock wrote its times: a zone, UTC, or an offset as +01:00")
    date_order: Literal["ymd", "dmy", "mdy"] | None = Field(None, description="the order of a date's parts")
    decimal: Literal[".", ","] | None = Field(None, description="the sign before decimals")
    separator: str | None = Field(None, min_length=1, max_length=1, description="the sign that parts its cells")
    header: Annotated[int, Field(ge=0)] | None = Field(None, description="the line of its header; 0: there is none")
    time: str | list[str] | None = Field(None, description="the column of its times, or those of date and clock")
    device: str | None = Field(None, description="of a long table, the column of names")
    value: str | None = Field(None, description="of a long table, the column of values")
    unit: str | None = Field(None, description="of all its values: Wh, kWh, MWh, W or kW")
    measures: Measures | None = Field(None, description="of all its values: energy, power or counter")
    label: Literal["start", "end"] | None = Field(None, description="which end of its interval a time marks")
    silence: Literal["unknown", "unchanged"] | None = Field(None, description="what a time without a row means")
    columns: dict[str, Column] = Field({}, description="what single columns, or series of a long table, are")

    @field_validator("columns", mode="before")
    @classmethod
    def _names_are_short_for_devices(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {str(name): {"device": said} if isinstance(said, str) else said for name, said in value.items()}
        return value
