"""The tariff as `home.yaml` writes it: a flat rate, named rates by season, day and clock time, and what comes on top.

Nothing is priced here; `tariff` does that. The prices of a dynamic tariff stand in a file of the home's folder.
"""

from __future__ import annotations

import datetime as dt
import difflib
from typing import Literal

from pydantic import Field, field_validator, model_validator

from influx.core.flexible_load_settings import Hours, Strict, minutes_of
from influx.core.sanitize import distinct

Day = Literal["all", "weekdays", "weekend", "holidays", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""Days of a rate: `weekdays` are Monday to Friday but for public holidays, `weekend` is all other days."""


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
    hours: list[Hours] = Field([], description='local clock times such as "00:30-07:00"; without them, the whole day')
    days: Day | list[Day] = Field("all", description="days on which it holds")
    seasons: list[str] = Field([], description="seasons in which it holds; without them, the whole year")
    peak: bool | None = Field(None, description="whether these are peak hours; by default where it is above `rate`")

    def half_hours(self) -> frozenset[int]:
        """Return the half hours 0 to 47 of the local day in which it holds."""
        return half_hours(self.hours or ["00:00-24:00"])


def half_hours(spans: list[str]) -> frozenset[int]:
    """Return the half hours 0 to 47 of the local day that lie in spans of clock times, some past midnight."""
    ends = [[minutes_of(time) // 30 for time in span.split("-")] for span in spans]
    return frozenset(half % 48 for first, last in ends for half in range(first, last if last > first else last + 48))


class Tariff(Strict):
    """What a kWh costs, in the home's currency, at local clock times, and what comes on top."""

    peak_rate: float | None = Field(
        None, ge=0, description="price of a kWh in the peak hours; without it the rate is flat"
    )
    peak_hours: list[Hours] = Field([], description='local clock times such as "18:00-22:00"; the end is not included')
    peak_days: Literal["all", "weekdays"] = Field("all", description="days with peak hours; holidays count as weekend")
    rate: float | None = Field(None, ge=0, description="price of a kWh where no other rate or price is known")
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

    @model_validator(mode="after")
    def _is_consistent(self) -> Tariff:
        if self.peak_rate is not None and not self.peak_hours:
            raise ValueError('there is a peak_rate but no peak_hours; give them, such as ["18:00-22:00"]')
        if self.peak_rate is not None and self.rate is None:
            raise ValueError("there is a peak_rate but no rate of the other hours; give it, such as  rate: 0.16")
        for name, rate in self.rates.items():
            for season in (season for season in rate.seasons if season not in self.seasons):
                near = difflib.get_close_matches(season, self.seasons, n=1)
                hint = f"did you mean {near[0]!r}?" if near else "name it under `seasons`."
                raise ValueError(f"rates.{name}.seasons: there is no season {season!r}; {hint}")
        return self
