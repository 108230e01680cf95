"""What a plan saves: hand-worked, never more than the bill, and with a range that past weeks bear out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import tiny_readings
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from influx.scheduling import savings
from influx.scheduling.requirements import movable

PRICE = np.tile(np.repeat([0.10, 0.30], 24), 7)
"""Half hours of a week: cheap until noon, dear after it."""


def test_a_saving_is_the_difference_of_two_mean_prices() -> None:
    """2 kWh at 0.30 now, at 0.10 as planned."""
    assert savings.saved(2.0, 0.10, 0.30) == approx(0.40)
    assert savings.saved(2.0, 0.30, 0.10) == approx(-0.40)


@given(st.floats(0, 100), st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 50))
def test_a_saving_is_never_more_than_the_bill(kwh: float, plan: float, habit: float, bill: float) -> None:
    assert savings.saved(kwh, plan, habit, bill) <= min(max(kwh * habit, 0), bill) + 1e-9


def test_standby_is_not_what_a_plan_moves() -> None:
    assert movable(np.array([0.1, 0.1, 1.1])).tolist() == approx([0, 0, 1])
    assert movable(np.full(3, 0.1)).tolist() == [0.1] * 3


def priced(plan: float, unknown: int = 0):
    """Return the prices of past weeks, each of which a plan meets at a mean of `plan`."""

    def of_week(back: int):
        if back == unknown:
            return None
        stamps = pd.date_range(tiny_readings.START - pd.Timedelta(weeks=back), periods=336, freq="30min", unit="us")
        return stamps, PRICE, {"tv": plan}

    return of_week


def weeks(*hours: int) -> object:
    """Return a device that was used each day of each week at an hour, the oldest week first, 1 kWh, and stood by."""
    kwh = np.full(168 * len(hours), 0.001)
    for week, hour in enumerate(hours):
        if hour >= 0:
            kwh[168 * week + hour : 168 * (week + 1) : 24] = 1.0
    return tiny_readings.series(kwh, tiny_readings.START - pd.Timedelta(weeks=len(hours)))


def test_each_past_week_is_priced_as_it_was() -> None:
    """Used at 18:00 it paid 0.30, at 6:00 it paid 0.10; a plan for those weeks pays 0.10."""
    found = savings.past_savings([weeks(6, 18, 18)], priced(0.10))["tv"]  # type: ignore[list-item]
    assert found.dropna().round(6).to_dict() == {1: 0.20, 2: 0.20, 3: 0.0}
    assert len(found) == savings.PAST_WEEKS


def test_a_week_without_use_prices_or_readings_says_nothing() -> None:
    series = weeks(18, 18, 18, -1)
    series.energy.iloc[:60] = np.nan  # type: ignore[attr-defined]
    found = savings.past_savings([series], priced(0.10, unknown=2))["tv"]  # type: ignore[list-item]
    assert found.dropna().round(6).to_dict() == {3: 0.20}
    assert 2 not in found.index


def test_the_range_holds_eight_in_ten_of_past_weeks() -> None:
    """Nine weeks that saved 0.05 to 0.13 a kWh, 0.09 expected, 10 kWh moved: the lowest and the highest but none."""
    past = pd.DataFrame({"tv": np.arange(5, 14) / 100})
    each, whole = savings.ranges(pd.Series({"tv": 10.0}), pd.Series({"tv": 0.09}), past)
    assert each.loc["tv"].tolist() == approx([0.5, 1.3, 9])
    assert whole == approx((0.5, 1.3, 9))


def test_of_fewer_than_nine_weeks_no_range_is_told() -> None:
    each, whole = savings.ranges(pd.Series({"tv": 10.0}), pd.Series({"tv": 0.09}), pd.DataFrame({"tv": [0.1] * 8}))
    assert np.isnan(each.loc["tv", "p10"]) and np.isnan(whole[0])
    assert (each.loc["tv", "weeks"], whole[2]) == (8, 8)


def test_devices_that_err_against_each_other_are_surer_together() -> None:
    past = pd.DataFrame({"a": np.arange(9) / 100, "b": np.arange(9)[::-1] / 100})
    both = pd.Series({"a": 1.0, "b": 1.0})
    each, whole = savings.ranges(both, both * 0.04, past)
    assert (each["p90"] - each["p10"]).tolist() == approx([0.08, 0.08])
    assert whole[0] == approx(0.08) == whole[1]
