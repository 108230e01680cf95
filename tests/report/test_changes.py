"""What is said of drift: the kilowatt-hours, the day since when, a reason where the data has one, and what to do."""

from __future__ import annotations

import pandas as pd
import pytest

from influx.insights.drift import MODEL, REPORTS
from influx.report.words import drift

NAN, THIN = float("nan"), "\N{NARROW NO-BREAK SPACE}"
SINCE = pd.Timestamp("2024-06-17")


def row(device: str = "tv", **columns: object) -> dict[str, object]:
    """Return the drift of a device that has not changed, but for `columns`."""
    same = {"use_before": 2.0, "use_now": 2.0, "use_change": 0.0, "use_distance": 0.1, "use_p": 0.9}
    same |= {"use_temperature": NAN, "use_degrees": NAN, "error_source": MODEL, "error_weeks": 12}
    same |= {"error_since": SINCE, "error_before": 0.1, "error_now": 0.1, "error_change": 0.0, "error_odds": 0.5}
    return {"device_id": device, **same, "error_p": 1.0, **columns}


def used(device: str, before: float, now: float, **columns: object) -> dict[str, object]:
    change = now / before - 1 if before else NAN
    return row(device, use_before=before, use_now=now, use_change=change, use_distance=0.8, use_p=1e-5, **columns)


def said(*rows: dict[str, object]) -> list[str]:
    return [words.replace(THIN, " ") for words in drift.drifts(pd.DataFrame(list(rows)))]


WORSE = {"error_before": 0.1, "error_now": 0.3, "error_change": 2.0, "error_odds": 1.0, "error_p": 0.02}
WARMER = {"use_temperature": 0.8, "use_degrees": 6.2}


def test_a_change_without_a_known_reason_asks_for_a_look() -> None:
    mild = {"use_temperature": 0.1, "use_degrees": 2.0}
    assert said(used("tv", 1.0, 3.0, **mild), row("oven")) == [
        "In the last four weeks the use of tv (3.00 kWh a day, before 1.00 kWh) was not what it was before: if nobody "
        "meant that, check the settings, and whether all still works."
    ]


def test_where_no_temperature_is_known_a_change_may_be_the_season() -> None:
    (words,) = said(used("heat_pump", 16.3, 23.9))
    assert words.startswith("In the last four weeks the use of heat_pump (23.9 kWh a day, before 16.3 kWh)")
    assert "that may be the season, which shows only with a weather.csv; if it is not, and nobody meant" in words


def test_a_change_that_goes_with_the_weather_is_told_with_it() -> None:
    assert said(used("ac", 1.0, 3.0, **WARMER), used("household", 10.0, 14.0, **WARMER)) == [
        "The last four weeks were 6 °C warmer than those before, and with it went the use of the household (14.0 kWh a "
        "day, before 10.0 kWh) and ac (3.00 kWh a day, before 1.00 kWh): look at what stays so when the weather turns."
    ]
    (colder,) = said(used("heater", 5.0, 9.0, use_temperature=-0.9, use_degrees=-8.0))
    assert colder.startswith("The last four weeks were 8 °C colder")


@pytest.mark.parametrize(
    "weather",
    [
        {"use_temperature": 0.4, "use_degrees": 6.0},  # hardly goes with it
        {"use_temperature": 0.8, "use_degrees": -6.0},  # it was colder, and more was used
        {"use_temperature": NAN, "use_degrees": NAN},
    ],
)
def test_weather_that_would_not_have_it_so_is_no_reason(weather: dict[str, float]) -> None:
    assert said(used("ac", 1.0, 3.0, **weather))[0].startswith("In the last four weeks the use of ac")


def test_a_forecast_that_gets_worse_is_dated_with_what_it_misses_by() -> None:
    assert said(row("tv", **WORSE)) == [
        "Forecasts miss more though use is much the same: tv since Mon 17 June (0.300 kWh in the hour, before 0.100 "
        "kWh). Plan by the range rather than by the line, and think of what is new about the use."
    ]


def test_a_forecast_that_has_yet_to_learn_a_new_use_is_told_as_such() -> None:
    words = said(used("tv", 1.0, 3.0, **WORSE), row("oven", **WORSE))
    assert len(words) == 3
    assert words[1] == (
        "Forecasts miss more while use changes: tv since Mon 17 June (0.300 kWh in the hour, before 0.100 kWh). Until "
        "the models have learnt it, plan by the range."
    )
    assert words[2].startswith("Forecasts miss more though use is much the same: oven since")


def test_the_largest_three_are_named_and_the_others_counted() -> None:
    (words,) = said(*[used(f"d{size}", 1.0, 1.0 + size) for size in range(1, 7)])
    assert words.index("d6 (") < words.index("d5 (") < words.index("d4 (")
    assert "and 3 more was not" in words.replace("were", "was")
    assert "d3" not in words


def test_nothing_to_tell_is_said_and_so_is_what_is_not_known() -> None:
    assert said(row()) == ["No device has changed clearly, and no forecast is getting clearly worse."]
    unknown = row(use_p=NAN, use_change=NAN, error_p=NAN, error_change=NAN)
    assert said(unknown) == ["Whether anything has changed is not known yet: it takes about eight weeks of history."]
    assert said(unknown, row("oven"))[0].startswith("No device has changed")


def test_the_basis_says_where_errors_come_from() -> None:
    def basis(*sources: str, weeks: int = 12) -> str:
        return drift.basis(pd.DataFrame([row(error_source=source, error_weeks=weeks) for source in sources]))

    assert basis(MODEL).endswith(
        "Errors are those of the models on past weeks, as there are fewer than 8 earlier reports."
    )
    assert basis(REPORTS).endswith("Errors are those of the earlier reports.")
    assert basis(REPORTS, MODEL).endswith(
        "Errors are those of the earlier reports for 1 of 2 series, else of the models on past weeks."
    )
    assert basis(MODEL, weeks=7).endswith("Whether errors grow is not known: it takes 8 past weeks.")


def test_the_tables_hold_every_test_with_its_size_and_name_a_break_only_where_it_is_clear() -> None:
    frame = pd.DataFrame([row("tv", **WORSE), row("household"), row("new", error_weeks=3, error_odds=NAN)])
    errors = drift.error_table(frame)
    assert errors["device"].tolist() == ["household", "tv", "new"]
    assert errors["worse since"].tolist() == ["no clear break", "Mon 17 June", "not known"]
    assert errors.iloc[1, 2:].tolist() == [0.1, 0.3, f"200{THIN}%", f"100{THIN}%", "p 0.020", 12]
    assert errors["a later week is worse"].iloc[2] == "not known"
    use = drift.use_table(pd.DataFrame([used("ac", 1.0, 3.0, **WARMER)]))
    assert use.iloc[0].tolist() == ["ac", 1.0, 3.0, f"200{THIN}%", "0.80", "p < 0.001", "0.80"]
