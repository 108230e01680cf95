"""How money and carbon read: numbers of the frames, and in words what is not known."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from influx import Run
from influx.core.settings import Settings
from influx.core.tariff import rates
from influx.report import consistency_checks
from influx.report.words import costs, tables

NAN = float("nan")
THIN = "\N{NARROW NO-BREAK SPACE}"
JULY = pd.Timestamp("2024-07-01")


def plain(words: str) -> str:
    return words.replace(THIN, " ")


def stands_for(tariff: dict | None = None, prices: pd.DataFrame | None = None, **frames: pd.DataFrame):
    """Return what stands for a run: its prices, and the frames of all its steps."""
    settings = Settings.model_validate({"currency": "EUR", "tariff": tariff or {"rate": 0.2}})
    origin = pd.Timestamp("2024-07-15", tz="UTC")
    home = SimpleNamespace(origin=origin, settings=settings, flows=pd.DataFrame({"role": []}))
    return SimpleNamespace(
        home=lambda: home,
        rates=lambda: rates(settings, None, prices),
        forecast=lambda: frames,
        bill=lambda: frames,
    )


def sums(total: float, hours: int = 168, low: float = 1.0, high: float = 3.0) -> pd.DataFrame:
    return pd.DataFrame({"device_id": ["household"], "total": total, "p10": low, "p90": high, "hours": hours})


def ahead(**frames: pd.DataFrame) -> str:
    return plain(" ".join(costs.ahead(stands_for(**{"week": sums(50.0), **frames}))))


# --- the coming week --------------------------------------------------------------------------------------------------


def test_cost_and_carbon_are_told_with_their_ranges() -> None:
    assert ahead(cost_week=sums(2.0), carbon_week=sums(12.3, low=10, high=15)) == (
        "It will cost 2.00 EUR, 1.00 to 3.00 EUR (8 in 10), by the tariff in home.yaml. "
        "It will emit 12.3 kg CO₂, 10 to 15 kg (8 in 10)."
    )


def test_hours_without_a_price_are_said_to_be() -> None:
    said = ahead(cost_week=sums(2.0, 48), carbon_week=sums(12.3, 30))
    assert said.startswith("The 48 of these 168 hours whose price is known will cost 2.00 EUR")
    assert "What the other 120 hours cost is not known." in said
    assert "The 30 hours of it whose carbon intensity is known will emit 12.3 kg CO₂" in said
    nothing = ahead(cost_week=sums(NAN, 0, NAN, NAN), carbon_week=sums(NAN, 0, NAN, NAN))
    assert "The cost is not known" in nothing
    assert "What it will emit is not known" in nothing


def test_hours_at_the_rate_that_stands_in_are_counted() -> None:
    stamps = pd.date_range("2024-07-15", periods=96, freq="30min", tz="UTC", unit="us")
    run = stands_for(
        prices=pd.DataFrame({"timestamp": stamps, "price_per_kwh": 0.1}), week=sums(50.0), cost_week=sums(2.0)
    )
    assert "The file has no price for 120 of these 168 hours: they cost what home.yaml says." in costs.ahead(run)


def test_a_standing_charge_is_told_with_its_tax() -> None:
    run = stands_for({"rate": 0.2, "standing_charge_per_day": 0.5, "tax": 0.1}, week=sums(50.0), cost_week=sums(2.0))
    assert plain(costs.ahead(run)[0]).endswith("and 3.85 EUR of standing charge.")


# --- the last week ----------------------------------------------------------------------------------------------------


def test_the_last_week_s_cost_and_carbon_are_told() -> None:
    week = pd.DataFrame({"device_id": ["household"], "kwh": 50.0, "cost": 9.8, "cost_hours": 168})
    assert plain(costs.spent(stands_for(spent_week=week))) == "The last seven days cost 9.80 EUR."
    week = week.assign(carbon=12.0, carbon_hours=150, cost_hours=168)
    assert plain(costs.spent(stands_for(spent_week=week))) == (
        "The last seven days cost 9.80 EUR and emitted 12.0 kg CO₂. 18 of their 168 hours are not in what they "
        "emitted: use, or its price or intensity, is not known there."
    )
    week = week.assign(cost=NAN, cost_hours=0, carbon_hours=168)
    assert "cost an amount that is not known" in costs.spent(stands_for(spent_week=week))
    assert costs.spent(stands_for()) == ""


# --- the month --------------------------------------------------------------------------------------------------------


def bill(**changes: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "month": JULY,
            "since": JULY,
            "line": ["night", "standing charge", "total"],
            "kwh_so_far": [100.0, NAN, NAN],
            "so_far": [20.0, 5.0, 25.0],
            "kwh_at_end": [210.0, NAN, NAN],
            "at_end": [42.0, 10.0, 52.0],
            "p10": [40.0, 10.0, 50.0],
            "p90": [46.0, 10.0, 56.0],
            "hours": 336,
            "hours_not_known": 0,
            "hours_ahead": 408,
            "hours_open": 0,
        }
    )
    return frame.assign(**changes)


def month(frame: pd.DataFrame, **more: object) -> str:
    return plain(costs.month(stands_for(**more, bill=frame)))  # type: ignore[arg-type]


def test_the_month_is_told_so_far_and_at_its_end() -> None:
    assert month(bill()) == (
        "**July 2024 has cost 25.00 EUR so far; at its end the bill will be 52.00 EUR: 50.00 to 56.00 EUR (8 in 10).**"
    )
    assert month(bill(hours=0)).startswith("**July 2024 begins now; at its end the bill will be 52.00 EUR")
    assert "July 2024 has since Wed 10 July, when the data begins, cost" in month(
        bill(since=pd.Timestamp("2024-07-10"))
    )


def test_what_is_not_in_a_bill_is_told() -> None:
    assert "10 of its 336 hours so far are in none of this" in month(bill(hours_not_known=10))
    assert "at its end the bill of the hours that are known will be 52.00 EUR" in month(bill(hours_not_known=10))
    said = month(bill(at_end=NAN, p10=NAN, p90=NAN, hours_open=300))
    assert "what it will cost at its end is not known.**" in said
    assert "Of 300 of the 408 hours that are left of it, nobody knows the price or the use." in said


def test_the_bill_is_shown_line_by_line() -> None:
    shown = costs.bill(stands_for(bill=bill()))
    assert list(shown) == ["line", "kWh so far", "so far", "kWh at its end", "at its end", "8 in 10 [EUR]"]
    assert [plain(cell) for cell in shown.iloc[0]] == [
        "night",
        "100",
        "20.00 EUR",
        "210",
        "42.00 EUR",
        "40.00 to 46.00",
    ]
    assert shown["8 in 10 [EUR]"].tolist() == ["40.00 to 46.00", "10.00", "50.00 to 56.00"]
    assert shown["kWh so far"].tolist() == ["100", "", ""]
    assert costs.bill(stands_for()).empty


def test_months_are_shown_with_the_lines_that_they_have() -> None:
    months = pd.DataFrame(
        {
            "month": [pd.Timestamp("2024-06-01"), JULY],
            "hours_not_known": [3.0, 0.0],
            "kwh": [200.0, 100.0],
            "energy": [40.0, 20.0],
            "standing_charge": 0.0,
            "tax": [4.0, 2.0],
            "fed_in": 0.0,
            "total": [44.0, 22.0],
        }
    )
    shown = costs.months(stands_for(bill=bill(), bill_months=months))
    assert list(shown) == ["month", "kWh", "energy", "tax", "total", "hours in none of it"]
    assert shown["month"].tolist() == ["July 2024, so far", "June 2024"]
    assert [plain(cell) for cell in shown["total"]] == ["22.00 EUR", "44.00 EUR"]


def test_a_bill_that_does_not_add_up_stops_the_page() -> None:
    months = pd.DataFrame({"month": [JULY], "total": [25.0]})
    assert consistency_checks.pays(bill(), months).startswith("Checked: the 2 lines")
    with pytest.raises(AssertionError, match="do not sum to its total"):
        consistency_checks.pays(bill(so_far=[20.0, 5.0, 26.0]), months)
    with pytest.raises(AssertionError, match="is not the sum of its days"):
        consistency_checks.pays(bill(), months.assign(total=24.0))


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_day_that_is_not_wholly_priced_has_no_cost_in_the_table() -> None:
    days = pd.concat([sums(10.0, 24), sums(11.0, 24)]).assign(day=pd.to_datetime(["2024-07-15", "2024-07-16"]))
    cost = days.assign(total=[2.0, 1.0], hours=[24, 6])
    shown = tables.days(days, cost, "EUR", carbon=cost)
    assert [plain(cell) for cell in shown["cost"]] == ["2.00 EUR", "not known"]
    assert shown["kg CO₂"].isna().tolist() == [False, True]


def test_the_week_s_table_says_how_many_hours_are_priced() -> None:
    selection = pd.DataFrame({"home_id": ["h"], "device_id": ["household"], "model": ["climatology"]})
    week, cost = sums(10.0).assign(home_id="h"), sums(2.0, 48).assign(home_id="h")
    assert "cost of 48 h" in tables.week(week, cost, selection, "EUR")
    assert {"cost", "kg CO₂"} <= set(tables.week(week, sums(2.0).assign(home_id="h"), selection, "EUR", week))


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (["grid_import", "solar"], "also where the sun gave it."),
        (["grid_import", "battery_in", "battery_out"], "also where the sun or the battery gave it."),
    ],
)
def test_what_the_home_gives_itself_is_priced_as_the_grid_s(roles: list[str], said: str) -> None:
    run = stands_for(bill=pd.DataFrame({"line": ["total"]}))
    run.home().flows = pd.DataFrame({"role": roles})
    assert said in costs.how(run)


def test_why_there_is_no_bill_is_said() -> None:
    run = stands_for()
    assert costs.month(run) == "The bill is not known: nothing tells in any hour what was bought from the grid."
    assert costs.how(run) == "Without what was bought from the grid there is no bill."
    run.rates = lambda: None
    assert costs.month(run) == ""
    assert costs.how(run) == "Without a price there is no bill."


def test_the_sample_tells_its_own_numbers(sample_run: Run) -> None:
    total = sample_run.bill()["bill"].iloc[-1]
    said = plain(costs.month(sample_run))
    assert f"has cost {total['so_far']:.2f} EUR so far; at its end the bill will be {total['at_end']:.2f} EUR" in said
    assert costs.devices(sample_run)["device"].iloc[0] == "household"
    assert "beyond the forecast" in costs.how(sample_run)
