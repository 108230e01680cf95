"""What a reader relies on: numbers with three digits and a unit, ranges, money, and "not known" said in words."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx.core import formatting as fmt

NAN, THIN = float("nan"), "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1.00"),
        (64.349, "64.3"),
        (-64.349, "-64.3"),
        (0.123456, "0.123"),
        (0.00012345, "0.000123"),
        (0.0000858, "0.0000858"),
        (1e-9, "1.00e-09"),
        (9.994, "9.99"),
        (9.999, "10.0"),
        (999.4, "999"),
        (999.5, f"1{THIN}000"),
        (1234.0, f"1{THIN}230"),
        (1_234_567.0, f"1{THIN}230{THIN}000"),
        (NAN, "not known"),
        (math.inf, "not known"),
        (-math.inf, "not known"),
    ],
)
def test_a_number_has_three_significant_digits(value: float, words: str) -> None:
    assert fmt.number(value) == words


@given(st.floats(min_value=1e-12, max_value=1e12), st.sampled_from([2, 3]), st.sampled_from([1, -1]))
def test_a_number_read_back_is_off_by_half_of_its_last_digit_at_most(value: float, digits: int, sign: int) -> None:
    read = float(fmt.number(sign * value, digits).replace(THIN, ""))
    assert read == pytest.approx(sign * value, rel=0.5001 * 10 ** (1 - digits))


def test_energy_always_has_its_unit() -> None:
    assert [fmt.kwh(value) for value in (64.3, 0, NAN)] == [f"64.3{THIN}kWh", f"0{THIN}kWh", "not known"]


def test_a_range_says_how_much_it_holds() -> None:
    assert fmt.span(58.2, 70.9) == f"58 to 71{THIN}kWh (8 in 10)"
    assert fmt.span(103.2, 245.6) == f"103 to 246{THIN}kWh (8 in 10)"
    assert fmt.span(0, 0.42) == f"0 to 0.42{THIN}kWh (8 in 10)"
    assert fmt.between(58.2, 70.9) == "58 to 71"
    assert fmt.between(83.7, 100.6) == "84 to 101"


@pytest.mark.parametrize(("low", "high"), [(NAN, 2.0), (1.0, NAN), (NAN, NAN)])
def test_a_range_of_which_an_end_is_not_known_is_not_known(low: float, high: float) -> None:
    assert fmt.span(low, high) == "range not known"
    assert fmt.money_span(low, high, "EUR") == "range not known"
    assert fmt.between(low, high) == "not known"


def test_money_has_cents_and_its_currency() -> None:
    assert fmt.money(12.4, "EUR") == f"12.40{THIN}EUR"
    assert fmt.money(1234.5, "GBP") == f"1{THIN}234.50{THIN}GBP"
    assert fmt.money(-3.0, "EUR") == f"-3.00{THIN}EUR"
    assert fmt.money(-0.001, "EUR") == f"0.00{THIN}EUR"  # no cent is not a negative cent
    assert fmt.money(NAN, "EUR") == "not known"
    assert fmt.money_span(9.5, 1200, "EUR") == f"9.50 to 1{THIN}200.00{THIN}EUR (8 in 10)"
    assert fmt.money(2.5, "") == f"2.50{THIN}{fmt.NO_CURRENCY}"  # nobody said which
    assert fmt.NO_CURRENCY in fmt.money_span(1, 2, "")


def test_a_share_is_a_whole_percentage_or_below_one_percent_has_a_digit() -> None:
    shares = (0.0, 0.125, 0.126, 1.0, -0.3, 0.004, -0.004, -0.0001, 0.0094, 0.0095)
    words = ("0", "12", "13", "100", "-30", "0.4", "-0.4", "0.0", "0.9", "1")
    assert [fmt.percent(share) for share in shares] == [f"{word}{THIN}%" for word in words]
    assert fmt.percent(NAN) == "not known"


def test_a_share_stands_with_its_standard_error() -> None:
    assert fmt.give_or_take(0.774, 0.053) == f"77{THIN}±{THIN}5{THIN}%"
    assert fmt.give_or_take(-0.0101, 0.0066) == f"-1.0{THIN}±{THIN}0.7{THIN}%"
    assert fmt.give_or_take(0.774, NAN) == f"77{THIN}%"
    assert fmt.give_or_take(NAN, NAN) == fmt.give_or_take(NAN, 0.1) == "not known"


def test_a_chance_has_three_digits_and_is_never_zero() -> None:
    words = ["p 0.500", "p 0.029", "p 0.020", "p 0.001", "p < 0.001", "p < 0.001", "not known"]
    assert [fmt.chance(p) for p in (0.5, 0.0291, 0.0204, 0.001, 0.0004, 0.0, NAN)] == words


def test_times_are_those_of_a_clock() -> None:
    assert [fmt.clock(hour) for hour in (0, 7, 18, 24)] == ["00:00", "07:00", "18:00", "24:00"]
    assert fmt.day(pd.Timestamp("2024-07-05 13:00")) == "Fri 5 July"
    lengths = ["1 hour", "24 hours", "36 hours", "2 days", "7 days"]
    assert [fmt.hours(count) for count in (1, 24, 36, 48, 168)] == lengths


def test_a_list_reads_as_a_sentence() -> None:
    words = ["tv", "oven", "pump"]
    assert [fmt.listed(words[:count]) for count in range(4)] == ["", "tv", "tv and oven", "tv, oven and pump"]


def test_a_name_stands_in_a_sentence_on_one_line_and_shortened() -> None:
    assert fmt.name("AC_LR_01") == "AC_LR_01"
    assert fmt.name("two\nlines\tof it ") == "two lines of it"
    assert fmt.name("x" * 61) == "x" * 59 + "…"
    assert len(fmt.name("x" * 60)) == 60


@given(st.text())
def test_no_name_is_taken_for_bold(name: str) -> None:
    assert "**" not in fmt.name(name)
    assert "**" not in fmt.plain(name)
    assert fmt.plain(name).replace("\u200b", "") == name.replace("\u200b", "")
