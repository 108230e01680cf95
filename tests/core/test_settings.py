"""home.yaml: what it may say, what is assumed where it is silent, and what it is told where it errs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx.core.errors import InputError
from influx.core.home_yaml import read_settings
from influx.core.settings import Settings, Tariff, check_where


def read(tmp_path: Path, content: str) -> Settings:
    path = tmp_path / "home.yaml"
    path.write_text(content, encoding="utf-8")
    return read_settings(path)


WHOLE = """
home_id: villa
timezone: Europe/Madrid
country: ES
currency: EUR
tariff:
  rate: 0.12
  peak_rate: 0.24
  peak_hours: ["08:00-11:00", "18:00-22:00"]
  peak_days: weekdays
  standing_charge_per_day: 0.3
devices:
  WM_01: {location: bathroom, flexible: true, since: 2024-03-01, until: 2024-06-30, power_rating_watt: 2000}
  MAIN: {role: household}
  ROUTER: {always_on: true, standby_power_watt: 6}
"""


def test_everything_that_can_be_said_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, WHOLE)
    assert (found.home_id, found.timezone, found.country, found.currency) == ("villa", "Europe/Madrid", "ES", "EUR")
    assert found.tariff.hours_of_peak() == {8, 9, 10, 18, 19, 20, 21}
    assert found.tariff.standing_charge_per_day == 0.3
    washer = found.devices["WM_01"]
    assert (washer.location, washer.flexible, washer.power_rating_watt) == ("bathroom", True, 2000.0)
    assert (washer.since, washer.until) == (dt.date(2024, 3, 1), dt.date(2024, 6, 30))
    assert found.devices["MAIN"].role == "household"
    assert found.devices["ROUTER"].always_on
    assert found.default_notes() == []


@pytest.mark.parametrize("content", ["", "# nothing yet\n", None])
def test_an_absent_or_empty_file_gives_the_defaults_and_says_so(tmp_path: Path, content: str | None) -> None:
    found = read_settings(tmp_path / "home.yaml") if content is None else read(tmp_path, content)
    assert found == Settings()
    assert (found.home_id, found.timezone, found.country, found.tariff) == ("home", "UTC", None, None)
    assert len(found.default_notes()) == 3
    said = " ".join(found.default_notes())
    for word in ("time zone", "UTC", "country", "holidays", "tariff"):
        assert word in said


def test_only_what_was_assumed_is_told(tmp_path: Path) -> None:
    (said,) = read(tmp_path, "timezone: UTC\ncountry: ES\ntariff: {rate: 0.2}\n").default_notes()
    assert said.startswith("No currency is given")


def test_a_tariff_may_be_flat_though_its_peak_hours_still_stand_there(tmp_path: Path) -> None:
    tariff = read(tmp_path, 'tariff: {rate: 0.2, peak_hours: ["18:00-22:00"]}').tariff
    assert tariff.peak_rate is None


@pytest.mark.parametrize(
    ("spans", "hours"),
    [
        (["18:00-22:00"], {18, 19, 20, 21}),
        (["22:00-02:00"], {22, 23, 0, 1}),
        (["0:00-1:00", "23:00-24:00"], {0, 23}),
        (["00:00-24:00"], set(range(24))),
        (["8:00-9:00", "08:00-10:00"], {8, 9}),
        ([], set()),
    ],
)
def test_peak_hours_are_clock_hours_without_their_end(spans: list[str], hours: set[int]) -> None:
    assert Tariff(rate=0.1, peak_hours=spans).hours_of_peak() == hours


@given(start=st.integers(0, 23), length=st.integers(1, 24))
def test_a_span_has_as_many_hours_as_lie_between_its_ends(start: int, length: int) -> None:
    end = (start + length) % 24
    hours = Tariff(rate=0.1, peak_hours=[f"{start:02d}:00-{end:02d}:00"]).hours_of_peak()
    assert hours == {(start + step) % 24 for step in range(length)}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("tarif: {rate: 1}", "home.yaml: tarif: there is no such key; did you mean 'tariff'?"),
        ("tariff: {rate: 1, peak_rates: 2}", "tariff.peak_rates: there is no such key; did you mean 'peak_rate'?"),
        ("devices: {tv: {lokation: x}}", "devices.tv.lokation: there is no such key; did you mean 'location'?"),
        ("xyzzy: 1", "xyzzy: there is no such key; the keys here are home_id, timezone,"),
        ("a: 1\nb: 2\na: 3", "home.yaml, line 3: 'a' stands twice. Keep one of the two."),
        ("devices:\n  tv: {location: a}\n  tv: {location: b}", "line 3: 'tv' stands twice"),
        ("timezone: Mars/Olympus", "timezone: 'Mars/Olympus' is not a time zone; use an IANA name"),
        ("timezone: Europe", "'Europe' is not a time zone"),
        ("timezone: ../../../etc/passwd", "is not a time zone"),
        ("country: ZZ", "country: 'ZZ' is not a country whose holidays are known"),
        ("country: NO", 'country: False is not text; write it in quotes, such as "NO"'),
        ("home_id: 12", "home_id: 12 is not text; write it in quotes"),
        ("devices: {7: {location: x}}", "devices.7.*7 is not text; write it in quotes"),
        ("devices: {tv: }", "devices.tv: expected `key: value` lines below it"),
        ("tariff: 0.2", "tariff: expected `key: value` lines below it"),
        ("tariff: {peak_rate: 0.2, peak_hours: [18:00-22:00]}", "tariff.rate: Field required"),
        ("tariff: {rate: -0.1}", "tariff.rate: .*greater than or equal to 0"),
        ("tariff: {rate: .inf}", "tariff.rate: .*finite"),
        ("tariff: {rate: cheap}", "tariff.rate: .*number"),
        ("tariff: {rate: 1, peak_rate: 2}", "tariff: there is a peak_rate but no peak_hours"),
        (
            'tariff: {rate: 1, peak_hours: ["18-22"]}',
            "tariff.peak_hours: '18-22' is not a span of whole hours; write it as",
        ),
        ('tariff: {rate: 1, peak_hours: ["18:30-22:00"]}', "'18:30-22:00' is not a span of whole hours"),
        ('tariff: {rate: 1, peak_hours: ["25:00-26:00"]}', "'25:00-26:00' is not a span of whole hours"),
        ('tariff: {rate: 1, peak_hours: ["25:00-02:00"]}', "'25:00-02:00' is not a span of whole hours"),
        ("devices: {tv: {role: telly}}", "devices.tv.role: .*'device', 'household'"),
        ("devices: {tv: {power_rating_watt: 0}}", "devices.tv.power_rating_watt: .*greater than 0"),
        ("devices: {tv: {since: 2024-06-01, until: 2024-05-01}}", "devices.tv: until 2024-05-01 lies before since"),
        ("devices: {tv: {since: 2024-02-30}}", "home.yaml: not readable as YAML: day is out of range"),
        ("timezone: [", "not readable as YAML: .* Mend or remove the file."),
        ("x: !!python/object/apply:os.getcwd []", "not readable as YAML"),
        ("? [a, b]\n: 1", "home.yaml, line 1: a key must be a word"),
        ("- timezone: UTC", "expected `key: value` lines, such as"),
        ("just words", "expected `key: value` lines, such as"),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_key(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path, content)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"timezone: .*; home.yaml: tariff.rate: .*; home.yaml: devices.tv.flexible: "):
        read(tmp_path, "timezone: Mars\ntariff: {rate: -1}\ndevices: {tv: {flexible: perhaps}}")


def test_bytes_that_are_no_text_are_said(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_bytes(b"home_id: caf\xe9\n")
    with pytest.raises(InputError, match=r"home.yaml: not readable as YAML: .*utf-8"):
        read_settings(path)


def test_what_devices_share_may_be_written_once(tmp_path: Path) -> None:
    content = "devices:\n  a: &plug {location: kitchen, flexible: true}\n  b:\n    <<: *plug\n    flexible: false\n"
    devices = read(tmp_path, content).devices
    assert (devices["b"].location, devices["b"].flexible) == ("kitchen", False)


def test_a_place_is_checked_where_there_is_no_file() -> None:
    check_where("Asia/Kolkata", "IN")
    check_where("UTC", None)
    with pytest.raises(InputError, match=r"'Mars' is not a time zone.*; 'ZZ' is not a country"):
        check_where("Mars", "ZZ")


def test_absences_learner_and_earlier_names(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "absences:\n  - {from: 2024-08-03, to: 2024-08-09}\nlearner: lightgbm.LGBMRegressor\n"
        "learner_settings: {n_estimators: 50, learning_rate: 0.1}\n"
        "devices:\n  C: {same_as: B}\n  B: {same_as: A}\n",
    )
    assert [(one.first, one.last) for one in settings.absences] == [(dt.date(2024, 8, 3), dt.date(2024, 8, 9))]
    assert settings.learner_settings == {"n_estimators": 50, "learning_rate": 0.1}
    assert [settings.name_of(name) for name in "ABCD"] == ["C", "C", "C", "D"]
    assert Settings.model_validate(settings.model_dump(mode="json", exclude_unset=True)) == settings


def test_what_contains_a_device_is_known_by_its_newest_name(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "devices:\n  oven: {part_of: old_kitchen}\n  kitchen: {same_as: old_kitchen, part_of: floor}\n"
        "  tv: {same_as: old_tv, part_of: floor}\n  old_tv: {part_of: cellar}\n  lamp: {same_as: old_lamp}\n"
        "  old_lamp: {part_of: floor}\n  floor: {role: device}\n",
    )
    assert settings.containers() == {"oven": "kitchen", "kitchen": "floor", "tv": "floor", "lamp": "floor"}
    assert Settings.model_validate(settings.model_dump(mode="json", exclude_unset=True)) == settings
    assert Settings().containers() == {}


def test_batteries_and_complete_hours(tmp_path: Path) -> None:
    settings = read(tmp_path, "complete_hour: 1\ndevices: {a: {role: battery_in}, b: {role: battery_out}}")
    assert [settings.devices[name].role for name in "ab"] == ["battery_in", "battery_out"]
    assert settings.complete_hour == 1
    assert Settings().complete_hour == 0.75


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("absences:\n  - {from: 2024-08-09, to: 2024-08-03}", "to 2024-08-03 lies before from 2024-08-09"),
        ("absences:\n  - {from: 2024-08-09, untl: 2024-08-13}", "absences.0"),
        ("absences: 2024-08-09", "absences"),
        ("devices:\n  A: {same_as: B}\n  B: {same_as: A}", "leads back to itself"),
        ("devices:\n  A: {same_as: A}", "leads back to itself"),
        ("devices:\n  A: {same_as: C}\n  B: {same_as: C}", "is same_as of both 'A' and 'B'"),
        ("learner_settings: [1, 2]", "learner_settings"),
        ("devices:\n  A: {part_of: A}", r"part_of of 'A' leads back to 'A' \(A, A\)"),
        ("devices:\n  A: {part_of: B}\n  B: {part_of: C}\n  C: {part_of: A}", r"leads back to 'A' \(A, B, C, A\)"),
        ("devices:\n  A: {part_of: B}\n  B: {part_of: C}\n  C: {part_of: B}", r"leads back to 'B' \(A, B, C, B\)"),
        ("devices:\n  new: {same_as: old, part_of: old}", "part_of of 'new' leads back to 'new'"),
        ("devices:\n  new: {same_as: old, part_of: A}\n  A: {part_of: old}", "leads back to 'new'"),
        ("devices:\n  A: {part_of: 7}", "devices.A.part_of: 7 is not text"),
        ("devices:\n  A: {part-of: B}", "devices.A.part-of: there is no such key; did you mean 'part_of'"),
        ("complete_hour: 0.5", "complete_hour: .*greater than 0.5"),
        ("complete_hour: 1.01", "complete_hour: .*less than or equal to 1"),
        ("complete_hour: 75", "complete_hour: .*less than or equal to 1"),
    ],
)
def test_absences_and_names_that_cannot_be(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path, content)
