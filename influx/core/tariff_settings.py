"""The tariff as `home.yaml` writes it: a flat rate, named rates by season, day and clock time, and what comes on top.

Nothing is priced here; `tariff` does that. The prices of a dynamic tariff stand in a file of the home's folder.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from influx.core.sanitize import distinct

Day = Literal["all", "weekdays", "weekend", "holidays", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""Days of a rate: `weekdays` are Monday to Friday but for public holidays, `weekend` is all other days."""

_HOURS = re.compile(r"([01]?\d|2[0-4]):00-([01]?\d|2[0-4]):00")
_HALF_HOURS = re.compile(r"(?:([01]?\d|2[0-3]):([03]0)|(24):(00))-(?:([01]?\d|2[0-3]):([03]0)|(24):(00))")


class Strict(BaseModel):
    """Settings in which a key that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, allow_inf_nan=False)


def _day_of_year(text: str) -> str:
    try:
        dt.date.fromisoformat(f"2024-{text}")  # a leap year
    except ValueError as error:
        raise ValueError(f'{text!r} is not a day of the year; write month and day, as in "10-25"') from error
    return text


class Season(Strict):
    """Local days of every year, from the first to the last; both belong to it, and it may reach over New Year."""

    first: str = Field(alias="from", description='first day as month and day, such as "11-01"')
    last: str = Field(alias="to", description='last day, such as "03-31"')

    _days = field_validator("first", "last")(_day_of_year)


class NamedRate(Strict):
    """A price of a kWh that holds at some times."""

    rate: float = Field(description="price of a kWh")
    hours: list[str] = Field([], description='local clock times such as "00:30-07:00"; without them, the whole day')
    days: Day | list[Day] = Field("all", description="days on which it holds")
    seasons: list[str] = Field([], description="seasons in which it holds; without them, the whole year")
    peak: bool | None = Field(None, description="whether these are peak hours; by default where it is above `rate`")

    @field_validator("hours")
    @classmethod
    def _clock_times(cls, spans: list[str]) -> list[str]:
        for span in spans:
            if not _HALF_HOURS.fullmatch(span) or span.split("-")[0] == "24:00":
                raise ValueError(f'{span!r} is not a span of hours or half hours; write it as "00:30-07:00"')
        return spans

    def half_hours(self) -> frozenset[int]:
        """Return the half hours 0 to 47 of the local day in which it holds."""
        return half_hours(self.hours or ["00:00-24:00"])


def half_hours(spans: list[str]) -> frozenset[int]:
    """Return the half hours 0 to 47 of the local day that lie in spans of clock times, some past midnight."""
    found: set[int] = set()
    for span in spans:
        start, end = (_half_hour(time) for time in span.split("-"))
        found |= {half % 48 for half in range(start, end if end > start else end + 48)}
    return frozenset(found)


def _half_hour(time: str) -> int:
    hour, minute = time.split(":")
    return 2 * int(hour) + (minute == "30")


class Tariff(Strict):
    """What a kWh costs, in the home's currency, at local clock times, and what comes on top."""

    peak_rate: float | None = Field(
        None, ge=0, description="price of a kWh in the peak hours; without it the rate is flat"
    )
    peak_hours: list[str] = Field([], description='local clock hours such as "18:00-22:00"; the end is not included')
    peak_days: Literal["all", "weekdays"] = Field(
        "all", description="days that have peak hours; holidays count as weekend"
    )
    rate: float | None = Field(
        None, ge=0, validate_default=True, description="price of a kWh where no other rate or price is known"
    )
    rates: dict[str, NamedRate] = Field({}, description="named rates; the first one that holds at a time counts")
    seasons: dict[str, Season] = Field({}, description="seasons that rates name")
    surcharge: float = Field(0.0, description="added to each price of a price file")
    standing_charge_per_day: float = Field(0.0, ge=0, description="a fixed amount a day")
    tax: float = Field(0.0, ge=0, lt=1, description="share put on all that is bought, 0.21 for 21 %")
    feed_in: float | None = Field(None, description="paid to the household for a kWh fed in")

    @field_validator("rates")
    @classmethod
    def _names_can_be_shown(cls, rates: dict[str, NamedRate]) -> dict[str, NamedRate]:
        names = distinct(rates)
        return {names[name]: rate for name, rate in rates.items()}

    @field_validator("peak_hours")
    @classmethod
    def _clock_hours(cls, spans: list[str]) -> list[str]:
        for span in spans:
            if not _HOURS.fullmatch(span):
                raise ValueError(f'{span!r} is not a span of whole hours; write it as "18:00-22:00"')
        return spans

    @field_validator("rate")
    @classmethod
    def _stands_beside_the_peak_rate(cls, rate: float | None, info: ValidationInfo) -> float | None:
        if rate is None and info.data.get("peak_rate") is not None:
            raise ValueError("Field required beside a peak_rate")
        return rate

    @model_validator(mode="after")
    def _peak_has_hours(self) -> Tariff:
        if self.peak_rate is not None and not self.peak_hours:
            raise ValueError('there is a peak_rate but no peak_hours; give them, such as ["18:00-22:00"]')
        return self

    @model_validator(mode="after")
    def _seasons_are_there(self) -> Tariff:
        for name, rate in self.rates.items():
            for season in rate.seasons:
                if season not in self.seasons:
                    near = difflib.get_close_matches(season, self.seasons, n=1)
                    hint = f"did you mean {near[0]!r}?" if near else "name it under `seasons`."
                    raise ValueError(f"rates.{name}.seasons: there is no season {season!r}; {hint}")
        return self

    def hours_of_peak(self) -> frozenset[int]:
        """Return the local clock hours 0 to 23 of the `peak_rate`."""
        return frozenset(half // 2 for half in half_hours(self.peak_hours))
