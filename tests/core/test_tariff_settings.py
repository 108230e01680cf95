"""The tariff of home.yaml: what may be said, and how what cannot be meant is answered."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from influx.core.errors import InputError
from influx.core.home_yaml import read_settings
from influx.core.settings import Settings
from influx.core.tariff_settings import NamedRate

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample" / "home.yaml"


def read(folder: Path, content: str) -> Settings:
    path = folder / "home.yaml"
    path.write_text(content, encoding="utf-8")
    return read_settings(path)


def test_what_the_sample_shows_as_a_comment_can_be_used(tmp_path: Path) -> None:
    """Without their signs of comment, the lines of the sample are settings."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip() == "# More that a tariff may say:")
    last = next(number for number, line in enumerate(lines) if number > first and not line.strip())
    shown = [line.replace("# ", "", 1) for line in lines[first + 1 : last]]
    tariff = read(tmp_path, "\n".join([*lines[:first], *shown])).tariff
    assert tariff is not None
    assert (tariff.tax, tariff.feed_in, tariff.surcharge, tariff.rate) == (0.21, 0.06, 0.02, 0.16)
    assert list(tariff.rates) == ["sunday", "night", "cold evening"]
    assert tariff.rates["cold evening"].peak
    assert tariff.seasons["winter"].first == "10-25"


@pytest.mark.parametrize(
    ("spans", "halves"),
    [
        (["00:30-02:00"], {1, 2, 3}),
        (["23:30-00:30"], {47, 0}),
        (["22:00-24:00"], {44, 45, 46, 47}),
        (["7:00-7:30", "07:00-08:00"], {14, 15}),
        ([], set(range(48))),
    ],
)
def test_hours_of_a_rate_are_clock_times_without_their_end(spans: list[str], halves: set[int]) -> None:
    assert NamedRate(rate=0.1, hours=spans).half_hours() == halves


@given(start=st.integers(0, 47), length=st.integers(1, 48))
def test_a_span_has_as_many_half_hours_as_lie_between_its_ends(start: int, length: int) -> None:
    clock = [f"{half // 2:02d}:{30 * (half % 2):02d}" for half in (start, (start + length) % 48)]
    halves = NamedRate(rate=0.1, hours=["-".join(clock)]).half_hours()
    assert halves == {(start + step) % 48 for step in range(length)}


RATE = "tariff: {rate: 0.2, rates: {night: {rate: 0.1, %s}}, seasons: {winter: {from: 10-25, to: 03-31}}}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (RATE % "hour: []", "tariff.rates.night.hour: there is no such key; did you mean 'hours'"),
        (
            RATE % 'hours: ["00:15-07:00"]',
            "tariff.rates.night.hours: '00:15-07:00' is not a span of hours or half hours",
        ),
        (RATE % 'hours: ["24:00-07:00"]', "'24:00-07:00' is not a span"),
        (RATE % "days: [mon, holliday]", "tariff.rates.night.days"),
        (RATE % "seasons: [wintr]", "there is no season 'wintr'; did you mean 'winter'?"),
        (RATE % "seasons: [summer]", "there is no season 'summer'; name it under `seasons`."),
        ("tariff: {seasons: {w: {from: 02-30, to: 03-01}}}", "tariff.seasons.w.from: '02-30' is not a day of the year"),
        (
            "tariff: {seasons: {w: {form: 02-20, to: 03-01}}}",
            "tariff.seasons.w.form: there is no such key; did you mean 'from'",
        ),
        ("tariff: {taxes: 0.1}", "tariff.taxes: there is no such key; did you mean 'tax'"),
        ("tariff: {rate: 1, tax: 21}", "tariff.tax: .*less than 1"),
        ("absences:\n  - {from: 2024-08-09, untl: 2024-08-13}", "absences.0.untl: .* the keys here are from, to."),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_key(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path, content)


def test_a_tariff_without_a_rate_leaves_it_to_a_price_file(tmp_path: Path) -> None:
    tariff = read(tmp_path, "tariff: {tax: 0.05, standing_charge_per_day: 0.3}").tariff
    assert tariff is not None
    assert tariff.rate is None


def test_a_tariff_is_kept_as_it_was_said(tmp_path: Path) -> None:
    settings = read(tmp_path, RATE % 'hours: ["00:30-07:00"], days: [sat, holidays], seasons: [winter]')
    kept = settings.model_dump(mode="json", exclude_unset=True)
    assert Settings.model_validate(kept) == settings
    assert yaml.safe_load(yaml.safe_dump(kept)) == kept
