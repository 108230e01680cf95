"""home.yaml: what it may hold, what is assumed where it is silent, and how what cannot be meant is answered."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from influx.core.errors import InputError
from influx.core.flexible_load_settings import Flexible
from influx.core.home_yaml import read_settings
from influx.core.settings import Settings, check_where
from influx.core.tariff_settings import NamedRate, half_hours

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample" / "home.yaml"
WHOLE = """
home_id: villa
timezone: Europe/Madrid
country: ES
currency: EUR
complete_hour: 1
tariff:
  rate: 0.12
  peak_rate: 0.24
  peak_hours: ["8:00-11:00", "18:00-22:00"]
  peak_days: weekdays
  standing_charge_per_day: 0.3
  rates: {night: {rate: 0.1, hours: ["00:30-07:00"], days: [sat, holidays], seasons: [winter]}}
  seasons: {winter: {from: 10-25, to: 03-31}}
absences:
  - {from: 2024-08-03, to: 2024-08-09}
learner: lightgbm.LGBMRegressor
learner_settings: {n_estimators: 50, learning_rate: 0.1}
devices:
  WM_01: {location: bathroom, flexible: true, since: 2024-03-01, until: 2024-06-30, power_rating_watt: 2000}
  MAIN: {role: household}
  CAR: {flexible: {kwh: 8, max_kw: 3.7, deadline: "07:00"}}
  ROUTER: {always_on: true, standby_power_watt: 6}
  C: {same_as: B}
  B: {same_as: A}
"""


def read(folder: Path, content: str) -> Settings:
    path = folder / "home.yaml"
    path.write_text(content, encoding="utf-8")
    return read_settings(path)


def test_everything_that_may_be_given_is_read_and_kept(tmp_path: Path) -> None:
    found = read(tmp_path, WHOLE)
    assert (found.home_id, found.timezone, found.country, found.currency) == ("villa", "Europe/Madrid", "ES", "EUR")
    assert found.tariff.peak_hours == ["08:00-11:00", "18:00-22:00"]
    assert found.tariff.standing_charge_per_day == 0.3
    washer = found.devices["WM_01"]
    assert (washer.location, washer.flexible, washer.power_rating_watt) == ("bathroom", True, 2000.0)
    assert (washer.since, washer.until) == (dt.date(2024, 3, 1), dt.date(2024, 6, 30))
    assert (found.devices["MAIN"].role, found.devices["ROUTER"].always_on) == ("household", True)
    assert (found.complete_hour, Settings().complete_hour) == (1, 0.75)
    assert [(away.first, away.last) for away in found.absences] == [(dt.date(2024, 8, 3), dt.date(2024, 8, 9))]
    assert found.learner_settings == {"n_estimators": 50, "learning_rate": 0.1}
    assert [found.name_of(name) for name in "ABCD"] == ["C", "C", "C", "D"]
    assert found.default_notes() == []
    kept = found.model_dump(mode="json", exclude_unset=True)
    assert kept["devices"]["CAR"]["flexible"] == {"kwh": 8.0, "max_kw": 3.7, "deadline": "07:00"}
    assert Settings.model_validate(kept) == found
    assert yaml.safe_load(yaml.safe_dump(kept)) == kept


def test_what_the_sample_shows_as_a_comment_can_be_used(tmp_path: Path) -> None:
    """Without their signs of comment, the lines of the sample are settings."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip() == "# More that a tariff may say:")
    last = next(number for number, line in enumerate(lines) if number > first and not line.strip())
    shown = [line.replace("# ", "", 1) for line in lines[first + 1 : last]]
    tariff = read(tmp_path, "\n".join([*lines[:first], *shown])).tariff
    assert (tariff.tax, tariff.feed_in, tariff.surcharge, tariff.rate) == (0.21, 0.06, 0.02, 0.16)
    assert list(tariff.rates) == ["sunday", "night", "cold evening"]
    assert tariff.rates["cold evening"].peak
    assert tariff.seasons["winter"].first == "10-25"


@pytest.mark.parametrize("content", ["", "# nothing yet\n", None])
def test_an_absent_or_empty_file_gives_the_defaults_and_notes_them(tmp_path: Path, content: str | None) -> None:
    found = read_settings(tmp_path / "home.yaml") if content is None else read(tmp_path, content)
    assert found == Settings()
    assert (found.home_id, found.timezone, found.country, found.tariff) == ("home", "UTC", None, None)
    assert [note.split(" is given")[0] for note in found.default_notes()] == ["No time zone", "No country", "No tariff"]


def test_only_what_was_assumed_is_noted(tmp_path: Path) -> None:
    (note,) = read(tmp_path, "timezone: UTC\ncountry: ES\ntariff: {rate: 0.2}\n").default_notes()
    assert note.startswith("No currency is given")


@pytest.mark.parametrize(
    ("spans", "halves"),
    [
        (["00:30-02:00"], {1, 2, 3}),
        (["23:30-00:30"], {47, 0}),
        (["22:00-24:00"], {44, 45, 46, 47}),
        (["24:00-01:00"], {0, 1}),
        (["7:00-7:30", "07:00-08:00"], {14, 15}),
        ([], set(range(48))),
    ],
)
def test_hours_of_a_rate_are_clock_times_without_their_end(spans: list[str], halves: set[int]) -> None:
    assert NamedRate(rate=0.1, hours=spans).half_hours() == halves


@given(start=st.integers(0, 47), length=st.integers(1, 48))
def test_a_span_has_as_many_half_hours_as_lie_between_its_ends(start: int, length: int) -> None:
    clock = [f"{half // 2:02d}:{30 * (half % 2):02d}" for half in (start, (start + length) % 48)]
    assert half_hours(["-".join(clock)]) == {(start + step) % 48 for step in range(length)}


# --- flexible devices -------------------------------------------------------------------------------------------------


def flexible(folder: Path, content: str) -> bool | Flexible:
    return read(folder, f"devices: {{tv: {{flexible: {content}}}}}").devices["tv"].flexible


@pytest.mark.parametrize(("words", "value"), [("true", True), ("false", False), ("yes", True)])
def test_yes_and_no_stay_what_they_are(tmp_path: Path, words: str, value: bool) -> None:
    assert flexible(tmp_path, words) is value


def test_cycles_storages_and_profiles_are_read(tmp_path: Path) -> None:
    """YAML reads an unquoted 22:30 as 22 x 60 + 30 = 1350."""
    cycle = flexible(
        tmp_path,
        '{hours: 1.5, kwh: 0.8, runs_a_week: 3.5, runs_a_day: 1, earliest: "9:00", deadline: 22:30, '
        'forbidden: ["12:00-14:30", "23:00 - 07:00"]}',
    )
    assert (cycle.hours, cycle.kwh, cycle.runs_a_week, cycle.runs_a_day) == (1.5, 0.8, 3.5, 1)
    assert (cycle.earliest, cycle.deadline, cycle.forbidden) == ("09:00", "22:30", ["12:00-14:30", "23:00-07:00"])
    assert (cycle.is_storage, cycle.pauses) == (False, False)
    storage = flexible(tmp_path, '{kwh: 8, max_kw: 3.7, deadline: "07:00", weekdays: [mon, fri]}')
    assert (storage.is_storage, storage.pauses, storage.weekdays) == (True, True, ["mon", "fri"])
    profile = flexible(tmp_path, "{profile_kw: [2, 0.2, 0.5], profile_minutes: 15}")
    assert (profile.profile_kw, profile.profile_minutes) == ([2.0, 0.2, 0.5], 15)


# --- what cannot be meant ---------------------------------------------------------------------------------------------

RATE = "tariff: {rate: 0.2, rates: {night: {rate: 0.1, %s}}, seasons: {winter: {from: 10-25, to: 03-31}}}"
FLEXIBLE = "devices: {tv: {flexible: %s}}"


@pytest.mark.parametrize(
    ("content", "words"),
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
        ("devices: {tv: {role: telly}}", "devices.tv.role: .*'device', 'household'"),
        ("devices: {tv: {power_rating_watt: 0}}", "devices.tv.power_rating_watt: .*greater than 0"),
        ("devices: {tv: {since: 2024-06-01, until: 2024-05-01}}", "devices.tv: until 2024-05-01 lies before since"),
        ("devices: {tv: {since: 2024-02-30}}", "home.yaml: not readable as YAML: day is out of range"),
        ("timezone: [", "not readable as YAML: .* Mend or remove the file."),
        ("x: !!python/object/apply:os.getcwd []", "not readable as YAML"),
        ("home_id: caf\udce9", "home.yaml: not readable as YAML: .*utf-8"),
        ("? [a, b]\n: 1", "home.yaml, line 1: a key must be a word"),
        ("- timezone: UTC", "expected `key: value` lines, such as"),
        ("just words", "expected `key: value` lines, such as"),
        ("complete_hour: 0.5", "complete_hour: .*greater than 0.5"),
        ("complete_hour: 1.01", "complete_hour: .*less than or equal to 1"),
        ("learner_settings: [1, 2]", "learner_settings"),
        ("absences:\n  - {from: 2024-08-09, to: 2024-08-03}", "to 2024-08-03 lies before from 2024-08-09"),
        ("absences:\n  - {from: 2024-08-09, untl: 2024-08-13}", "absences.0.untl: .* the keys here are from, to."),
        ("absences: 2024-08-09", "absences"),
        # names
        ("devices:\n  A: {same_as: B}\n  B: {same_as: A}", "leads back to itself"),
        ("devices:\n  A: {same_as: A}", "leads back to itself"),
        ("devices:\n  A: {same_as: C}\n  B: {same_as: C}", "is same_as of both 'A' and 'B'"),
        ("devices:\n  A: {part_of: A}", r"part_of of 'A' leads back to 'A' \(A, A\)"),
        ("devices:\n  A: {part_of: B}\n  B: {part_of: C}\n  C: {part_of: A}", r"leads back to 'A' \(A, B, C, A\)"),
        ("devices:\n  A: {part_of: B}\n  B: {part_of: C}\n  C: {part_of: B}", r"leads back to 'B' \(A, B, C, B\)"),
        ("devices:\n  new: {same_as: old, part_of: old}", "part_of of 'new' leads back to 'new'"),
        ("devices:\n  new: {same_as: old, part_of: A}\n  A: {part_of: old}", "leads back to 'new'"),
        ("devices:\n  A: {part_of: 7}", "devices.A.part_of: 7 is not text"),
        # tariffs
        ("tariff: 0.2", "tariff: expected `key: value` lines below it"),
        ("tariff: {peak_rate: 0.2, peak_hours: [18:00-22:00]}", "there is a peak_rate but no rate"),
        ("tariff: {rate: 1, peak_rate: 2}", "tariff: there is a peak_rate but no peak_hours"),
        ("tariff: {rate: -0.1}", "tariff.rate: .*greater than or equal to 0"),
        ("tariff: {rate: .inf}", "tariff.rate: .*finite"),
        ("tariff: {rate: cheap}", "tariff.rate: .*number"),
        ("tariff: {rate: 1, tax: 21}", "tariff.tax: .*less than 1"),
        ('tariff: {rate: 1, peak_hours: ["18-22"]}', "tariff.peak_hours.0: '18' is not a clock time"),
        ('tariff: {rate: 1, peak_hours: ["25:00-02:00"]}', "'25:00' is not a clock time on the half hour"),
        (RATE % 'hours: ["00:15-07:00"]', "tariff.rates.night.hours.0: '00:15' is not a clock time on the half hour"),
        (RATE % "hour: []", "tariff.rates.night.hour: there is no such key; did you mean 'hours'"),
        (RATE % "days: [mon, holliday]", "tariff.rates.night.days"),
        (RATE % "seasons: [wintr]", "there is no season 'wintr'; did you mean 'winter'?"),
        (RATE % "seasons: [summer]", "there is no season 'summer'; name it under `seasons`."),
        ("tariff: {seasons: {w: {from: 02-30, to: 03-01}}}", "tariff.seasons.w.from: '02-30' is not a day of the year"),
        ("tariff: {seasons: {w: {form: 02-20, to: 03-01}}}", "tariff.seasons.w.form: .* did you mean 'from'"),
        # flexible devices
        (FLEXIBLE % "perhaps", "devices.tv.flexible: 'perhaps' is neither true nor false"),
        (FLEXIBLE % "{hour: 2}", "flexible.hour: there is no such key; did you mean 'hours'"),
        (FLEXIBLE % "{hours: -1}", "flexible.hours: Input should be greater than 0"),
        (FLEXIBLE % "{earliest: 9}", "flexible.earliest: '00:09' is not a clock time on the half hour"),
        (FLEXIBLE % '{deadline: "25:00"}', "flexible.deadline: '25:00' is not a clock time"),
        (FLEXIBLE % '{forbidden: ["12"]}', "flexible.forbidden.0: '12' is not a span of clock times"),
        (FLEXIBLE % '{max_kw: 3, deadline: "7:00", hours: 2}', "max_kw makes it a storage, which has no hours"),
        (FLEXIBLE % "{max_kw: 3}", "max_kw makes it a storage; give the deadline of its energy"),
        (FLEXIBLE % "{weekdays: [mon]}", "weekdays are those of a storage's deadline"),
        (FLEXIBLE % "{weekdays: [someday], max_kw: 1}", "flexible.weekdays.0: Input should be 'mon', 'tue'"),
        (FLEXIBLE % "{profile_kw: [0, 0]}", "profile_kw is zero throughout"),
        (FLEXIBLE % "{profile_kw: [1], kwh: 1}", "profile_kw tells length and energy already"),
        (FLEXIBLE % "{profile_kw: [1], interruptible: true}", "a cycle that may pause runs at one power"),
        (FLEXIBLE % "{runs_a_week: 9, runs_a_day: 1}", "9 runs a week are more than 1 on each of 7 days"),
        # what YAML alone takes for a number
        ("tariff: {rate: true}", "tariff.rate: true is no number"),
        ("tariff: {standing_charge_per_day: no}", "standing_charge_per_day: false is no number"),
        ("tariff: {rate: 010}", "tariff.rate: 010 is no plain number"),
        ("tariff: {rates: {night: {rate: 0x1}}}", "tariff.rates.night.rate: 0x1 is no plain number"),
        ("power_limit_kw: 4:30", "power_limit_kw: Input should be a valid number"),
        ("files: {a.csv: {header: yes}}", "files.a.csv.header: true is no number"),
        ("devices: {a: {power_rating_watt: on}}", "devices.a.power_rating_watt: true is no number"),
        (FLEXIBLE % "{kwh: 24:30}", "kwh: Input should be a valid number"),
        (FLEXIBLE % "{profile_kw: [true, 1]}", "profile_kw: true is no number"),
        ("devices: " + "{a: " * 3000, "home.yaml: its blocks are nested too deep"),
        # all at once
        ("timezone: Mars\ntariff: {rate: -1}", r"timezone: .*; home.yaml: tariff.rate: "),
    ],
)
def test_what_cannot_be_meant_is_answered_with_its_key(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "home.yaml").write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(InputError, match=words):
        read_settings(tmp_path / "home.yaml")


def test_what_devices_share_may_be_written_once(tmp_path: Path) -> None:
    content = "devices:\n  a: &plug {location: kitchen, flexible: true}\n  b:\n    <<: *plug\n    flexible: false\n"
    devices = read(tmp_path, content).devices
    assert (devices["b"].location, devices["b"].flexible) == ("kitchen", False)


def test_a_place_is_checked_where_there_is_no_file() -> None:
    check_where("Asia/Kolkata", "IN")
    check_where("UTC", None)
    with pytest.raises(InputError, match=r"'Mars' is not a time zone.*; 'ZZ' is not a country"):
        check_where("Mars", "ZZ")


def test_what_contains_a_device_is_known_by_its_newest_name(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "devices:\n  oven: {part_of: old_kitchen}\n  kitchen: {same_as: old_kitchen, part_of: floor}\n"
        "  tv: {same_as: old_tv, part_of: floor}\n  old_tv: {part_of: cellar}\n  lamp: {same_as: old_lamp}\n"
        "  old_lamp: {part_of: floor}\n  floor: {role: device}\n",
    )
    assert settings.containers() == {"oven": "kitchen", "kitchen": "floor", "tv": "floor", "lamp": "floor"}
    assert Settings().containers() == {}
