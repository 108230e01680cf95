"""What `home.yaml` may hold on a flexible device: what it must do, and when it may do it.

A device either runs in cycles (a washing machine: so long, so much energy, so often a week) or it stores (an electric
car, a water heater: so much energy by a time, at no more than a power); `max_kw` makes it a storage. What is left out
of a cycle's length and energy, of how often it runs, and of a storage's energy, is taken from the device's own past.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60


class Strict(BaseModel):
    """Settings in which a key that does not exist is an error, and true or false is no number."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        kinds = _types_in(cls.model_fields[info.field_name or ""].annotation)
        flags = [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, bool)]
        if flags and kinds & {int, float} and bool not in kinds:
            raise ValueError(f"{str(flags[0]).lower()} is no number")
        return value


def _types_in(annotation: Any) -> set[Any]:
    """Return the plain types of an annotation, those inside of others included."""
    return {annotation}.union(*map(_types_in, get_args(annotation))) if get_args(annotation) else {annotation}


def minutes_of(clock: str) -> int:
    """Return the minute of the day of a local clock time such as "18:30"."""
    hour, _, minute = clock.partition(":")
    return 60 * int(hour) + int(minute)


def _clock(value: Any) -> str:
    """Read a clock time; YAML takes an unquoted 22:00 for the number 22 x 60."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value // 60:02d}:{value % 60:02d}"
    if not isinstance(value, str) or not re.fullmatch(r"([01]?\d|2[0-3]):([03]0)|24:00", value):
        raise ValueError(f'{value!r} is not a clock time on the half hour; write it as "18:30"')
    return value.zfill(5)


def _hours(value: Any) -> str:
    if not isinstance(value, str) or "-" not in value:
        raise ValueError(f'{value!r} is not a span of clock times; write it as "23:00-07:00"')
    return "-".join(_clock(end.strip()) for end in value.split("-", 1))


Clock = Annotated[str, BeforeValidator(_clock)]
Hours = Annotated[str, BeforeValidator(_hours)]


class Flexible(Strict):
    """What a flexible device must do in a week, and when it may."""

    hours: float | None = Field(None, gt=0, le=24, description="length of a cycle")
    kwh: float | None = Field(None, gt=0, description="energy of a cycle; of a storage, energy needed by its deadline")
    profile_kw: list[Annotated[float, Field(ge=0)]] | None = Field(
        None, min_length=1, description="power of a cycle, step by step, instead of its length and energy"
    )
    profile_minutes: Literal[15, 30, 60] = Field(30, description="length of a step of the profile")
    runs_a_week: float | None = Field(None, gt=0)
    runs_a_day: int | None = Field(None, ge=1, description="most runs that begin on a day; else spread over the week")
    earliest: Clock | None = Field(None, description="local time before which no run starts")
    deadline: Clock | None = Field(None, description="local time by which a run has ended, or a storage has its energy")
    forbidden: list[Hours] = Field([], description='local hours of rest such as "23:00-07:00"')
    interruptible: bool | None = Field(None, description="whether it may pause: a cycle may not, a storage may")
    max_kw: float | None = Field(None, gt=0, description="most power; makes the device a storage")
    weekdays: list[Weekday] = Field(list(WEEKDAYS), min_length=1, description="days of a storage's deadline")

    @property
    def is_storage(self) -> bool:
        """Whether it takes energy by a time instead of running in cycles."""
        return self.max_kw is not None

    @property
    def pauses(self) -> bool:
        """Whether it may be interrupted."""
        return self.is_storage if self.interruptible is None else self.interruptible

    @model_validator(mode="after")
    def _is_consistent(self) -> Flexible:
        given, profile, (day, week) = self.model_fields_set, self.profile_kw, (self.runs_a_day, self.runs_a_week)
        of_cycles = [name for name in ("hours", "profile_kw", "runs_a_week", "runs_a_day") if name in given]
        rules = {
            f"max_kw makes it a storage, which has no {', '.join(of_cycles)}; leave out one of the two": (
                self.is_storage and of_cycles
            ),
            'max_kw makes it a storage; give the deadline of its energy, such as "07:00"': (
                self.is_storage and self.deadline is None
            ),
            "weekdays are those of a storage's deadline; give its max_kw, or leave them out": (
                not self.is_storage and "weekdays" in given
            ),
            "profile_kw is zero throughout; give the power of at least one step": profile and not any(profile),
            "profile_kw tells length and energy already; leave out hours and kwh": profile and (self.hours or self.kwh),
            "a cycle that may pause runs at one power; give hours and kwh instead of profile_kw": (
                profile and self.interruptible
            ),
            f"{week or 0:g} runs a week are more than {day} on each of 7 days": day and week and week > 7 * day,
        }
        for words, is_broken in rules.items():
            if is_broken:
                raise ValueError(words)
        return self
