"""What home.yaml may say of a flexible device, and what it is told where it errs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from influx.core.errors import InputError
from influx.core.flexible_load_settings import Flexible
from influx.core.home_yaml import read_settings
from influx.core.settings import Settings


def read(folder: Path, flexible: str) -> bool | Flexible:
    """Return what home.yaml says below `flexible` of the device tv."""
    (folder / "home.yaml").write_text(f"devices:\n  tv:\n    flexible: {flexible}\n", encoding="utf-8")
    return read_settings(folder / "home.yaml").devices["tv"].flexible


@pytest.mark.parametrize(("words", "value"), [("true", True), ("false", False), ("yes", True)])
def test_yes_and_no_stay_what_they_are(tmp_path: Path, words: str, value: bool) -> None:
    assert read(tmp_path, words) is value


def test_a_cycle_is_read(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '{hours: 1.5, kwh: 0.8, runs_a_week: 3.5, runs_a_day: 1, earliest: "9:00", deadline: 22:30, '
        'forbidden: ["12:00-14:30", "23:00 - 07:00"]}',
    )
    assert isinstance(found, Flexible)
    assert (found.hours, found.kwh, found.runs_a_week, found.runs_a_day) == (1.5, 0.8, 3.5, 1)
    assert (found.earliest, found.deadline) == ("09:00", "22:30")
    assert found.forbidden == ["12:00-14:30", "23:00-07:00"]
    assert (found.is_storage, found.pauses) == (False, False)


def test_an_unquoted_time_is_not_the_number_that_yaml_takes_it_for(tmp_path: Path) -> None:
    """YAML reads 22:30 as 22 x 60 + 30 = 1350."""
    found = read(tmp_path, "{deadline: 22:30, earliest: 10:00}")
    assert isinstance(found, Flexible)
    assert (found.earliest, found.deadline) == ("10:00", "22:30")


def test_a_storage_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, '{kwh: 8, max_kw: 3.7, deadline: "07:00", weekdays: [mon, fri]}')
    assert isinstance(found, Flexible)
    assert (found.is_storage, found.pauses, found.weekdays) == (True, True, ["mon", "fri"])


def test_a_profile_of_power_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, "{profile_kw: [2, 0.2, 0.5], profile_minutes: 15}")
    assert isinstance(found, Flexible)
    assert (found.profile_kw, found.profile_minutes) == ([2.0, 0.2, 0.5], 15)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("perhaps", "flexible: 'perhaps' is neither true nor false"),
        ("{hour: 2}", "flexible.hour: there is no such key; did you mean 'hours'?"),
        ("{hours: -1}", "flexible.hours: Input should be greater than 0"),
        ("{earliest: 9}", "flexible.earliest: '00:09' is not a clock time on the half hour; write it as \"18:30\""),
        ('{deadline: "25:00"}', "flexible.deadline: '25:00' is not a clock time"),
        ('{forbidden: ["12"]}', "flexible.forbidden.0: '12' is not a span of clock times; write it as \"23:00-07:00\""),
        ('{max_kw: 3, deadline: "7:00", hours: 2}', "max_kw makes it a storage, which has no hours"),
        ("{max_kw: 3}", "max_kw makes it a storage; give the deadline of its energy"),
        ("{weekdays: [mon]}", "weekdays are those of a storage's deadline"),
        ("{weekdays: [someday], max_kw: 1}", "flexible.weekdays.0: Input should be 'mon', 'tue'"),
        ("{profile_kw: [0, 0]}", "profile_kw is zero throughout"),
        ("{profile_kw: [1], kwh: 1}", "profile_kw tells length and energy already"),
        ("{profile_kw: [1], interruptible: true}", "a cycle that may pause runs at one power"),
        ("{runs_a_week: 9, runs_a_day: 1}", "9 runs a week are more than 1 on each of 7 days"),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, words: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)) as raised:
        read(tmp_path, words)
    assert "devices.tv.flexible" in str(raised.value)


def test_settings_come_back_as_they_were_kept() -> None:
    flexible = {"kwh": 8, "max_kw": 3.7, "deadline": "07:00"}
    settings = Settings(power_limit_kw=4.6, devices={"car": {"flexible": flexible}, "tv": {"flexible": True}})
    kept = settings.model_dump(mode="json", exclude_unset=True)
    assert kept["devices"]["car"]["flexible"] == {"kwh": 8.0, "max_kw": 3.7, "deadline": "07:00"}
    assert Settings.model_validate(kept) == settings
