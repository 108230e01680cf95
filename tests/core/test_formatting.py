"""Numbers with three digits and a unit, ranges, money, and "not known" in words."""

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


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ([fmt.kwh(value) for value in (64.3, 0, NAN)], ["64.3~kWh", "0~kWh", "not known"]),
        ([fmt.span(58.2, 70.9), fmt.span(103.2, 245.6)], ["58 to 71~kWh (8 in 10)", "103 to 246~kWh (8 in 10)"]),
        ([fmt.span(0, 0.42), fmt.between(83.7, 100.6)], ["0 to 0.42~kWh (8 in 10)", "84 to 101"]),
        (
            [fmt.span(NAN, 2), fmt.money_span(1, NAN, "EUR"), fmt.between(NAN, NAN)],
            ["range not known"] * 2 + ["not known"],
        ),
        # no cent is not a negative cent
        ([fmt.money(value, "EUR") for value in (12.4, -3, -0.001)], ["12.40~EUR", "-3.00~EUR", "0.00~EUR"]),
        ([fmt.money(1234.5, "GBP"), fmt.money(NAN, "GBP")], ["1~234.50~GBP", "not known"]),
        ([fmt.money(2.5, ""), fmt.money_span(9.5, 1200, "")], ["2.50~¤", "9.50 to 1~200.00~¤ (8 in 10)"]),
        (
            [fmt.percent(share) for share in (0.0, 0.126, 1.0, -0.3, NAN)],
            ["0~%", "13~%", "100~%", "-30~%", "not known"],
        ),
        ([fmt.percent(share) for share in (0.004, -0.0001, 0.0094, 0.0095)], ["0.4~%", "0.0~%", "0.9~%", "1~%"]),
        ([fmt.give_or_take(0.774, 0.053), fmt.give_or_take(-0.0101, 0.0066)], ["77~±~5~%", "-1.0~±~0.7~%"]),
        ([fmt.give_or_take(0.774, NAN), fmt.give_or_take(NAN, 0.1)], ["77~%", "not known"]),
        ([fmt.chance(p) for p in (0.5, 0.0204, 0.0004, NAN)], ["p 0.500", "p 0.020", "p < 0.001", "not known"]),
        ([fmt.clock(hour) for hour in (0, 7, 24)], ["00:00", "07:00", "24:00"]),
        ([fmt.day(pd.Timestamp("2024-07-05 13:00"))], ["Fri 5 July"]),
        ([fmt.hours(count) for count in (1, 24, 36, 48)], ["1 hour", "24 hours", "36 hours", "2 days"]),
        (
            [fmt.listed(["tv", "oven", "pump"][:count]) for count in range(4)],
            ["", "tv", "tv and oven", "tv, oven and pump"],
        ),
        ([fmt.name("two\nlines\tof it "), fmt.name("x" * 61)], ["two lines of it", "x" * 59 + "…"]),
        (
            [
                fmt.days(pd.Timestamp(first), pd.Timestamp("2024-08-03"))
                for first in ("2024-08-01", "2024-07-28", "2023-12-31")
            ],
            ["1 to 3 August 2024", "28 July to 3 August 2024", "31 December 2023 to 3 August 2024"],
        ),
    ],
)
def test_numbers_money_shares_times_and_lists_as_people_read_them(shown: list[str], words: list[str]) -> None:
    assert shown == [text.replace("~", THIN) for text in words]


@given(st.text())
def test_no_name_is_taken_for_bold(name: str) -> None:
    assert "**" not in fmt.name(name)
    assert "**" not in fmt.plain(name)
    assert fmt.plain(name).replace("\u200b", "") == name.replace("\u200b", "")
