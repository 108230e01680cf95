"""What a household is advised: real energy at real prices, never more than the bill, and nothing that must run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
import tiny_readings
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest import approx

from influx import Run, load
from influx.core.sanitize import clean_name
from influx.core.settings import Settings, Tariff
from influx.core.tariff import rates
from influx.home.home import Home
from influx.insights import recommendations

MONDAY = pd.Timestamp("2024-07-15", tz="Europe/Madrid").tz_convert("UTC")
PEAK = '{rate: 0.10, peak_rate: 0.30, peak_hours: ["18:00-22:00"]}'
THIN = "\N{NARROW NO-BREAK SPACE}"
FLEXIBLE = ("washer", "dryer", "car", "tv")


def ask(folder: Path, devices: str, tariff: str = PEAK, standby: dict[str, float] | None = None, **coming: np.ndarray):
    """Return the advice for a home whose devices (lines of home.yaml) are expected to use `coming` from Monday on."""
    settings = f"timezone: Europe/Madrid\ncurrency: EUR\ntariff: {tariff}\ndevices:\n{devices}"
    home = load(tiny.write_readings(folder, home=settings, **{name: np.ones(24) for name in coming}))
    return recommendations.recommendations(home, forecast(coming), standby or {}, rates(home.settings))


def forecast(devices: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return what devices and their household are expected to use from Monday on."""
    parts = [
        pd.DataFrame({"device_id": name, "timestamp": tiny_readings.hours(len(kwh), MONDAY), "energy_kwh": kwh})
        for name, kwh in (devices | {"household": sum(devices.values())}).items()
    ]
    return pd.concat(parts)


def at(days: int = 7, **hours: float) -> np.ndarray:
    """Return days on which energy is used at hours such as h19=1 alone [kWh]."""
    kwh = np.zeros(24)
    for hour, value in hours.items():
        kwh[int(hour[1:])] = value
    return np.tile(kwh, days)


def plain(words: str) -> str:
    return words.replace(THIN, " ")


def test_moving_a_device_saves_the_difference_of_the_prices(tmp_path: Path) -> None:
    """7 kWh at 19:00 cost 2.10, and 0.70 from 22:00 on; what runs at noon stays there."""
    found = ask(tmp_path, "  washer: {flexible: true}", washer=at(h12=5, h18=0.2, h19=1), tv=at(h20=1)).iloc[0]
    assert (found["device_id"], found["kind"]) == ("washer", "move")
    assert found["kwh"] == approx(8.4)
    assert found["cost"] == approx(8.4 * 0.30)
    assert found["saving"] == approx(8.4 * 0.20)
    assert plain(found["what"]) == (
        "Run washer from 22:00 instead of around 19:00: 8.40 kWh of its coming 7 days fall into dear hours and cost "
        "2.52 EUR there; moving all of it saves 1.68 EUR."
    )


def test_a_cheap_hour_after_midnight_is_found(tmp_path: Path) -> None:
    tariff = '{rate: 0.10, peak_rate: 0.30, peak_hours: ["18:00-02:00"]}'
    found = ask(tmp_path, "  washer: {flexible: true}", tariff, washer=at(h23=1))
    assert "from 02:00 instead of around 23:00" in found["what"].item()


def test_where_every_working_hour_is_dear_a_day_off_is_named(tmp_path: Path) -> None:
    tariff = '{rate: 0.10, peak_rate: 0.30, peak_hours: ["00:00-24:00"], peak_days: weekdays}'
    found = ask(tmp_path, "  washer: {flexible: true}", tariff, washer=at(h19=1))
    assert "Run washer from 19:00 on a day off instead of around 19:00" in found["what"].item()
    assert found["kwh"].item() == 5  # Saturday and Sunday are cheap already


@pytest.mark.parametrize("tariff", ["{rate: 0.2}", '{rate: 0.2, peak_rate: 0.2, peak_hours: ["18:00-22:00"]}'])
def test_where_the_price_is_flat_nothing_is_moved(tmp_path: Path, tariff: str) -> None:
    assert ask(tmp_path, "  washer: {flexible: true}", tariff, washer=at(h19=1)).empty


def test_where_no_price_is_known_nothing_is_said(tmp_path: Path) -> None:
    home = load(tiny.write_readings(tmp_path, home="devices: {tv: {flexible: true}}\n", tv=np.ones(24)))
    found = recommendations.recommendations(home, pd.DataFrame(), {"tv": 1.0}, None)
    assert found.empty
    assert list(found) == ["device_id", "kind", "kwh", "cost", "saving", "what"]


def priced(folder: Path, prices: list[float], lines: str = "  washer: {flexible: true}", **coming: np.ndarray):
    """Return the advice where a price file holds a price for each of the first hours from Monday on."""
    home = load(tiny.write_readings(folder, home=f"timezone: Europe/Madrid\ndevices:\n{lines}", washer=np.ones(24)))
    stamps = pd.date_range(MONDAY, periods=2 * len(prices), freq="30min", unit="us")
    known = rates(home.settings, None, pd.DataFrame({"timestamp": stamps, "price_per_kwh": np.repeat(prices, 2)}))
    standby = {"washer": 0.24} if "always" not in lines else {}
    return recommendations.recommendations(home, forecast(coming), standby, known).set_index("kind")


def test_the_cheapest_hour_of_the_horizon_is_named_with_its_day(tmp_path: Path) -> None:
    """Every hour costs 0.20 but that of Thursday at 3 o'clock, 0.05: 7 kWh save 0.15 each."""
    prices = [0.2] * 168
    prices[3 * 24 + 3] = 0.05
    found = priced(tmp_path, prices, washer=at(h19=1)).loc["move"]
    assert found["saving"] == approx(7 * 0.15)
    assert "Run washer from 03:00 on Thu 18 July instead of around 19:00" in found["what"]


def test_energy_in_hours_whose_price_is_not_known_is_left_alone(tmp_path: Path) -> None:
    """Of seven evenings the price file knows two, and of 168 hours of standby 48."""
    found = priced(tmp_path, ([0.1] * 18 + [0.3] * 4 + [0.1] * 2) * 2, washer=at(h19=1))
    assert found.loc["move", "kwh"] == 2
    assert found.loc["move", "saving"] == approx(0.4)
    assert found.loc["standby", "kwh"] == approx(0.48)
    assert found.loc["standby", "cost"] == approx(0.01 * (40 * 0.1 + 8 * 0.3))
    assert "in the coming 2 days" in found.loc["standby", "what"]


def test_a_price_below_zero_saves_no_more_than_the_energy_would_have_cost(tmp_path: Path) -> None:
    found = priced(tmp_path, [-0.5] * 12 + [0.2] * 156, washer=at(h19=1)).loc["move"]
    assert found["saving"] == found["cost"] == approx(1.4)


def test_only_flexible_devices_move_and_neither_household_nor_other(tmp_path: Path) -> None:
    lines = "  other: {flexible: true}\n  household: {flexible: true}\n  tv: {flexible: false}"
    assert ask(tmp_path, lines, washer=at(h19=1), tv=at(h19=1), other=at(h19=1)).empty


def test_what_runs_in_cheap_hours_stays(tmp_path: Path) -> None:
    assert ask(tmp_path, "  washer: {flexible: true}", washer=at(h12=1), tv=at(h19=1)).empty


@pytest.mark.parametrize("name", ["FRIDGE_01", "freezer", "wifi Router", "alarm", "my-modem"])
def test_what_must_run_is_neither_moved_nor_unplugged_by_its_name(tmp_path: Path, name: str) -> None:
    found = ask(tmp_path, f'  "{name}": {{flexible: true}}', standby={name: 1.0}, **{name: at(h19=1)})
    assert found.empty


def test_what_must_run_is_left_alone_where_home_yaml_or_its_type_says_so(tmp_path: Path) -> None:
    device = "  nas: {flexible: true, always_on: true}"
    assert ask(tmp_path / "a", device, standby={"nas": 1.0}, nas=at(h19=1)).empty
    uses = tiny.evenings("X1", 3).assign(device_type="Refrigerator", standby_power_watt=500)
    home = load(tiny.write_events(tmp_path / "b", uses, tiny.TARIFF + "devices: {X1: {flexible: true}}\n"))
    assert recommendations.recommendations(home, forecast({"X1": at(h19=1)}), {"X1": 1.0}, rates(home.settings)).empty


def test_a_pump_may_move_but_is_not_unplugged(tmp_path: Path) -> None:
    found = ask(tmp_path, "  pump: {flexible: true}", standby={"pump": 0.24}, pump=at(h19=1))
    assert found["kind"].tolist() == ["move"]


def test_standby_costs_its_hours_at_the_mean_price(tmp_path: Path) -> None:
    """0.24 kWh a day for 7 days at (20 x 0.10 + 4 x 0.30) / 24 EUR."""
    found = ask(tmp_path, "  tv: {}", standby={"tv": 0.24}, tv=at(h12=1)).iloc[0]
    assert found["kwh"] == approx(1.68)
    assert found["saving"] == found["cost"] == approx(1.68 * 3.2 / 24)
    assert plain(found["what"]) == (
        "Switch tv off at the plug when it is not in use: its standby is estimated at 1.68 kWh in the coming 7 days, "
        "0.22 EUR."
    )


def test_standby_of_a_device_that_is_gone_is_not_told(tmp_path: Path) -> None:
    assert ask(tmp_path, "  tv: {}", standby={"old_tv": 0.24}, tv=at(h12=1)).empty


def test_a_saving_of_no_cent_or_hardly_any_of_the_bill_is_not_told(tmp_path: Path) -> None:
    assert ask(tmp_path / "a", "  tv: {}", standby={"tv": 0.003}, tv=at(h12=1)).empty
    assert ask(tmp_path / "b", "  tv: {}", standby={"tv": 0.1}, tv=at(h12=200)).empty
    assert ask(tmp_path / "c", "  tv: {}", "{rate: 0.0}", standby={"tv": 0.1}, tv=at(h12=1)).empty


def test_all_savings_together_are_no_more_than_the_bill(tmp_path: Path) -> None:
    """The forecast costs 0.70; the two largest standbys would save 0.37 and 0.33, a third 0.28."""
    standby = {"a": 0.33, "b": 0.40, "c": 0.30}
    found = ask(tmp_path, "  a: {}", standby=standby, a=at(h12=1), b=at(), c=at())
    assert found["device_id"].tolist() == ["b", "a"]
    assert found["saving"].sum() == approx(0.73 * 7 * 3.2 / 24)


def test_a_short_horizon_is_called_by_its_length(tmp_path: Path) -> None:
    devices = "  tv: {flexible: true}"
    found = ask(tmp_path, devices, standby={"tv": 1.2}, tv=at(days=1, h19=2))
    assert all("coming 24 hours" in words for words in found["what"])
    assert found.set_index("kind")["kwh"].to_dict() == approx({"move": 2, "standby": 1.2})


@pytest.mark.parametrize("name", tiny.NAMES)
def test_a_hostile_name_is_plain_text_on_one_line(tmp_path: Path, name: str) -> None:
    key = tiny.quoted(name)
    shown = clean_name(name)
    found = ask(tmp_path, f"  {key}: {{flexible: true}}", standby={shown: 0.24}, **{shown: at(h19=1)})
    assert found["device_id"].tolist() == [shown, shown]
    assert all("\n" not in words and "**" not in words and len(words) < 300 for words in found["what"])


@pytest.fixture(scope="module")
def flexible(tmp_path_factory) -> Home:
    """A home of four flexible devices."""
    lines = "".join(f"  {name}: {{flexible: true}}\n" for name in FLEXIBLE)
    devices = {name: np.ones(24) for name in FLEXIBLE}
    return load(tiny.write_readings(tmp_path_factory.mktemp("flexible"), home=f"devices:\n{lines}", **devices))


@examples(max_examples=60)
@given(
    st.dictionaries(st.sampled_from(FLEXIBLE), st.integers(0, 1000), min_size=1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 5),
)
def test_a_saving_is_no_more_than_its_cost_and_that_no_more_than_the_bill(
    flexible: Home, devices: dict[str, int], rate: float, peak: float, standby: float
) -> None:
    tariff = Tariff(rate=rate, peak_rate=peak, peak_hours=["07:00-09:00", "18:00-22:00"], peak_days="weekdays")
    known = rates(Settings(tariff=tariff, timezone="Europe/Madrid"))
    used = {name: np.random.default_rng(seed).gamma(0.3, 1, 168) for name, seed in devices.items()}
    found = recommendations.recommendations(flexible, forecast(used), dict.fromkeys(devices, standby), known)
    price = known.at(tiny_readings.hours(168, MONDAY))[0]
    assert found["saving"].sum() <= sum(price @ kwh for kwh in used.values()) + 1e-6
    assert found["saving"].is_monotonic_decreasing
    for row in found.itertuples():
        assert 0 < row.saving <= row.cost + 1e-9
        if row.kind == "move":
            assert row.cost <= price @ used[row.device_id] + 1e-9
            assert row.kwh <= used[row.device_id].sum() + 1e-9


def test_the_sample_gets_advice_within_its_bill(sample_run: Run) -> None:
    found, cost = sample_run.insights()["recommendations"], sample_run.bill()["cost_week"]
    bill = cost.set_index("device_id")["total"]
    assert len(found) > 0
    assert set(found.loc[found["kind"] == "move", "device_id"]) == {"WH_BATH_01", "WM_01"}
    assert not set(found["device_id"]) & {"FRIDGE_01", "ROUTER_01", "household", "other"}
    assert (found["saving"] <= found["cost"]).all()
    moved = found[found["kind"] == "move"]
    assert (moved["saving"] <= moved["device_id"].map(bill)).all()
    assert found["saving"].sum() <= bill["household"]
    for row in found.itertuples():
        assert all(word in row.what for word in (row.device_id, "kWh", "EUR"))
    assert moved["what"].str.contains(r"as planned, \d+ times, the first on \w+ \d+ July from \d\d:\d\d: ").all()
