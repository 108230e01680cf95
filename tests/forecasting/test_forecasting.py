"""What `influx.forecast` promises of any readings: devices add up to the household, and a band that is one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_readings import START, hours, readings, series, used

import influx
from influx.core import parallel
from influx.core.errors import InputError
from influx.forecasting.device_series import is_alive
from influx.forecasting.forecast import reconcile

pytestmark = pytest.mark.filterwarnings("error")

CHEAP = ("climatology", "seasonal naive")
NAN = float("nan")
WEEK = 168


def home(days: int = 20, seed: int = 0, home_id: str = "home") -> pd.DataFrame:
    """Return three devices: one all along, one with gaps that came late, one that was last known a week ago."""
    count = 24 * days
    late, gone = used(count, seed + 1), used(count, seed + 2)
    late[: count // 3] = late[np.random.default_rng(seed).random(count) < 0.1] = NAN
    gone[-min(WEEK, count // 2) :] = NAN
    return readings(home_id, tv=used(count, seed), ac=late, heater=gone)


def quantiles_of(forecast: pd.DataFrame) -> np.ndarray:
    """Return the quantiles, by their level."""
    names = sorted((name for name in forecast if name.startswith("p")), key=lambda name: float(name[1:]))
    return forecast[names].to_numpy()


def holds(forecast: pd.DataFrame, horizon: int) -> None:
    """Assert what every forecast promises."""
    assert (forecast.groupby(["home_id", "device_id"]).size() == horizon).all()
    numbers = forecast.select_dtypes("number")
    assert np.isfinite(numbers).all(axis=None)
    assert (numbers >= 0).all(axis=None)
    assert (np.diff(quantiles_of(forecast), axis=1) >= 0).all()
    whole = forecast["device_id"] == "household"
    key = ["home_id", "timestamp"]
    total = forecast[whole].set_index(key)["energy_kwh"]
    devices = forecast[~whole].groupby(key)["energy_kwh"].sum()
    np.testing.assert_allclose(devices.reindex(total.index), total, rtol=0, atol=1e-9)


@settings(max_examples=4)
@given(
    horizon=st.integers(1, 336),
    levels=st.lists(st.integers(1, 999), min_size=1, max_size=5, unique=True),
    days=st.integers(1, 24),
    seed=st.integers(0, 1000),
    zone=st.sampled_from(["UTC", "Europe/Madrid", "Asia/Kolkata"]),
)
def test_devices_add_up_and_bands_are_bands_on_any_readings(
    horizon: int, levels: list[int], days: int, seed: int, zone: str
) -> None:
    quantiles = [level / 1000 for level in levels]
    found = influx.forecast(home(days, seed), None, horizon, quantiles, timezone=zone)
    holds(found, horizon)
    assert quantiles_of(found).shape[1] == len(levels)


@pytest.mark.parametrize("days", [3, 16, 40])
def test_any_length_of_history_is_enough_for_each_coming_hour_of_each_device(days: int) -> None:
    found = influx.forecast(home(days))
    holds(found, WEEK)
    assert list(found.columns) == ["home_id", "device_id", "timestamp", "energy_kwh", "p10", "p50", "p90", "model"]
    assert found["timestamp"].dtype == "datetime64[us, UTC]"
    assert set(found["device_id"]) == {"tv", "ac", "heater", "household"}
    for _, rows in found.groupby("device_id"):
        assert list(rows["timestamp"]) == list(hours(WEEK, START + pd.Timedelta(days=days)))


def test_a_single_hour_says_what_little_it_knows() -> None:
    found = influx.forecast(readings(tv=[0.3]), horizon=24)
    holds(found, 24)
    np.testing.assert_allclose(found[["energy_kwh", "p10", "p50", "p90"]], 0.3)
    assert (found["model"] == "climatology").all()


def test_any_quantiles_have_their_columns_in_order() -> None:
    frame = readings(tv=used(24 * 20))
    found = influx.forecast(frame, horizon=5, quantiles=(0.975, 0.5, 0.025, 0.05))
    assert list(found.columns[4:-1]) == ["p2.5", "p05", "p50", "p97.5"]
    holds(found, 5)
    narrow = influx.forecast(frame, horizon=5, quantiles=(0.5,))
    devices = narrow["device_id"] != "household"
    np.testing.assert_array_equal(narrow.loc[devices, "p50"], found.loc[devices, "p50"])


def test_each_home_is_forecast_for_itself_from_its_own_last_hour() -> None:
    one, two = home(home_id="a"), readings("b", tv=used(24 * 18, 7))
    both = influx.forecast(pd.concat([two, one]))
    holds(both, WEEK)
    for home_id, alone in (("a", one), ("b", two)):
        expected = influx.forecast(alone)
        pd.testing.assert_frame_equal(both[both["home_id"] == home_id].reset_index(drop=True), expected)
    first = both.groupby("home_id")["timestamp"].min()
    assert first.to_dict() == {"a": START + pd.Timedelta(days=20), "b": START + pd.Timedelta(days=18)}


def test_the_order_of_rows_does_not_matter() -> None:
    frame = home()
    shuffled = frame.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(influx.forecast(shuffled), influx.forecast(frame))


def test_the_readings_are_left_as_they_were() -> None:
    frame = home()
    before = frame.copy()
    influx.forecast(frame, models=CHEAP)
    pd.testing.assert_frame_equal(frame, before)


def test_a_use_at_a_local_hour_stays_there_when_the_clock_changes() -> None:
    """A lamp from 19 to 20 o'clock in Madrid; in the coming week the clock goes forward."""
    stamps = hours(24 * 40, pd.Timestamp("2024-03-28", tz="UTC") - pd.Timedelta(days=40))
    lamp = np.where(stamps.tz_convert("Europe/Madrid").hour == 19, 1.0, 0.0)
    found = influx.forecast(readings(start=stamps[0], lamp=lamp), timezone="Europe/Madrid")
    lit = found[(found["device_id"] == "lamp") & (found["p50"] > 0.5)]
    assert lit["timestamp"].dt.tz_convert("Europe/Madrid").dt.hour.unique().tolist() == [19]
    assert lit["timestamp"].dt.hour.unique().tolist() == [18, 17]


def test_a_device_that_fell_silent_is_forecast_for_four_weeks_and_then_no_more() -> None:
    kwh = used(60 * 24)
    kwh[30 * 24 :] = NAN
    device = series(kwh)
    last = START + pd.Timedelta(days=30) - pd.Timedelta(hours=1)
    assert is_alive(device, last + pd.Timedelta(days=28))
    assert not is_alive(device, last + pd.Timedelta(days=28, hours=1))
    assert not is_alive(device, START)
    found = influx.forecast(readings(tv=used(60 * 24), old=kwh, never=np.full(60 * 24, NAN)), horizon=24)
    holds(found, 24)
    assert set(found["device_id"]) == {"tv", "household"}


def test_a_metered_household_keeps_what_no_device_explains() -> None:
    kwh = used(30 * 24)
    found = influx.forecast(readings(household=kwh + 0.5, tv=kwh), models=CHEAP)
    holds(found, WEEK)
    assert set(found["device_id"]) == {"household", "tv", "other"}
    other = found[found["device_id"] == "other"]
    np.testing.assert_allclose(other[["energy_kwh", "p10", "p90"]], 0.5)


def test_the_household_is_set_to_the_sum_and_its_band_goes_half_of_the_way() -> None:
    rows = [("a", 2.0, 1.0, 3.0), ("b", 2.32, 0.0, 2.0), ("household", 3.0, 2.0, 5.0)]
    frame = pd.DataFrame(rows, columns=["device_id", "energy_kwh", "p10", "p90"]).assign(
        home_id="home", timestamp=START
    )
    found = reconcile(frame).set_index("device_id")[["energy_kwh", "p10", "p90"]]
    assert found.loc["household"].tolist() == pytest.approx([4.32, 2.4, 6.0])  # 4.32 is 1.44 times 3, whose root is 1.2
    assert found.loc["a"].tolist() == [2.0, 1.0, 3.0]


@pytest.mark.parametrize(("own", "p90"), [(3.0, 15.0), (0.0, 5.0)])
def test_a_band_moves_to_three_times_at_most_and_not_where_nothing_was_expected(own: float, p90: float) -> None:
    rows = [("a", 60.0, 1.0, 90.0), ("household", own, 0.0, 5.0)]
    frame = pd.DataFrame(rows, columns=["device_id", "energy_kwh", "p10", "p90"])
    found = reconcile(frame.assign(home_id="home", timestamp=START)).set_index("device_id")
    assert found.loc["household", ["energy_kwh", "p10", "p90"]].tolist() == [60.0, 0.0, p90]


def test_nothing_known_of_late_is_said_with_the_home() -> None:
    silent = readings("villa", tv=np.r_[used(48), np.full(24 * 29, NAN)])
    with pytest.raises(InputError, match="no device of villa has a known hour in its last four weeks"):
        influx.forecast(silent)


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"horizon": 0}, "horizon: 0 hours; ask for at least 1"),
        ({"quantiles": (0.1, 1.0)}, r"quantiles: \[0.1, 1.0\]; give different probabilities between 0 and 1"),
        ({"quantiles": (0.0,)}, "between 0 and 1"),
        ({"quantiles": (float("nan"),)}, "between 0 and 1"),
        ({"quantiles": (10, 50, 90)}, "between 0 and 1"),
        ({"quantiles": (0.5, 0.5)}, "different"),
        ({"quantiles": ()}, "quantiles"),
        ({"timezone": "Mars"}, "'Mars' is not a time zone"),
        ({"country": "Atlantis"}, "'Atlantis' is not a country"),
        ({"models": ("oracle",)}, "models: there is no oracle; choose among climatology, "),
        ({"weather": pd.DataFrame({"timestamp": [START]})}, "weather: no column outdoor_temp_celsius"),
    ],
)
def test_what_cannot_be_done_is_an_error(options: dict[str, object], fact: str) -> None:
    with pytest.raises(InputError, match=fact):
        influx.forecast(home(), **options)


def test_neither_the_number_of_workers_nor_processes_of_their_own_change_a_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = home(16)
    found = []
    for workers, many in (("1", 48), ("2", 48), ("2", 2)):
        monkeypatch.setenv("INFLUX_WORKERS", workers)
        monkeypatch.setattr(parallel, "MANY", many)
        found.append(influx.forecast(frame, horizon=24).to_csv(index=False))
    assert found[0] == found[1] == found[2]


def test_days_away_do_not_change_what_an_ordinary_week_is() -> None:
    """A home that lives the same every day, once without and once with a week away: the coming week is the same."""
    lived = np.tile(np.r_[np.full(6, 0.05), np.ones(18)], 60)
    left = lived.copy()
    left[24 * 40 : 24 * 47] = 0.05
    stayed, away = (influx.forecast(readings(tv=kwh))["energy_kwh"].to_numpy() for kwh in (lived, left))
    np.testing.assert_allclose(away.reshape(-1, 24).sum(axis=1), stayed.reshape(-1, 24).sum(axis=1), rtol=0.02)


def test_a_washing_machine_that_runs_twice_a_week_has_a_right_weekly_energy() -> None:
    """1.2 kWh over two hours on two evenings of each week, on days that change: most hours are zero, the sum is not."""
    rng = np.random.default_rng(3)
    kwh = np.zeros((26 * 7, 24))
    for week in range(26):
        kwh[7 * week + rng.choice(7, 2, replace=False), 19:21] = 0.6
    found = influx.forecast(readings(wm=kwh.ravel()))
    wm = found[found["device_id"] == "wm"]
    assert wm["energy_kwh"].sum() == pytest.approx(2.4, rel=0.12)
    assert (wm["p50"] == 0).all() and (wm["p10"] == 0).all()
    evening = wm["timestamp"].dt.hour.isin([19, 20])
    assert (wm.loc[evening, "p90"] > 0.3).all()
    assert (wm.loc[wm["timestamp"].dt.hour.between(2, 15), "p90"] == 0).all()


def test_a_device_that_is_always_on_has_a_tight_band() -> None:
    kwh = 0.05 + np.random.default_rng(0).normal(0, 0.002, 26 * 168)
    found = influx.forecast(readings(router=kwh))
    router = found[found["device_id"] == "router"]
    assert router["energy_kwh"].to_numpy() == pytest.approx(0.05, rel=0.03)
    width = (router["p90"] - router["p10"]).to_numpy()
    assert (width < 0.008).all() and (width > 0.002).all()  # of a normal spread of .002 eight in ten span .005
