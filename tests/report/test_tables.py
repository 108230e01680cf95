"""What a reader of the tables relies on: the frames' own numbers, with units, local times and words for codes."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from pytest import approx

from influx import Run
from influx.core import formatting as fmt
from influx.core.schema import HOUSEHOLD
from influx.core.uncertainty import NOMINAL, half_width
from influx.insights.forecast_review import AGAIN
from influx.report import rows, table, tables

NAN = float("nan")
ROOT = Path(__file__).resolve().parents[2]
JULY = pd.Timestamp("2024-07-01")


def cells(frame: pd.DataFrame | None, name: Any, **more: Any) -> list[list[str]]:
    """Return the headings and all rows of a table as they are shown."""
    markup = table(frame, name, **more).markup
    lines = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in re.findall(r"<tr>(.*?)</tr>", markup)]
    lines = [[unescape(cell).replace(fmt.THIN_SPACE, " ") for cell in line] for line in lines]
    return [lines[0], *(line for line in lines[1:] if line != lines[0])] if lines else []


def column(frame: pd.DataFrame, name: str, heading: str, **more: Any) -> list[str]:
    shown = cells(frame, name, **more)
    return [line[shown[0].index(heading)] for line in shown[1:]]


def with_household(**columns: list) -> pd.DataFrame:
    """Return a frame of a device and the household, in the order in which steps leave them."""
    return pd.DataFrame({"home_id": "h", "device_id": ["tv", HOUSEHOLD], **columns})


# --- the mechanism ----------------------------------------------------------------------------------------------------


def test_columns_are_named_formatted_and_left_out_as_their_rows_say() -> None:
    frame = with_household(share=[0.5, 1.0], low=[1.0, 2.0], high=[3.0, NAN], cost=[2.5, NAN], none=[0, 0])
    columns = {"device": "device_id", "share": "share | percent", "range": "low high | between"}
    columns |= {"cost [{currency}]": "cost | money", "none": "none?", "missing": "missing?"}
    assert cells(frame, columns, currency="EUR") == [
        ["device", "share", "range", "cost [EUR]"],
        ["household", "100 %", "not known", "not known"],
        ["tv", "50 %", "1.0 to 3.0", "2.50 EUR"],
    ]
    assert cells(frame[["share"]], "") == [["share"], ["0.500"], ["1.00"]]
    assert table(None, "bill", empty="There is no bill.").words == "There is no bill."


def test_times_are_those_of_the_home_s_clock() -> None:
    stamps = pd.to_datetime(["2024-07-14 22:30", "2024-12-01 22:30"], utc=True)
    frame = pd.DataFrame({"at": stamps})
    assert cells(frame, {"at": "at | time"}, timezone="Europe/Madrid") == [
        ["at"],
        ["00:30"],
        ["23:30"],
    ]


def test_every_column_has_a_format_that_there_is() -> None:
    for columns in tables.COLUMNS.values():
        for column in columns.values():
            form = column.partition(" | ")[2].partition(" or")[0]
            assert not form or form in tables.CODES or form in tables.FORMATS or hasattr(fmt, form), column


def test_every_table_stands_on_a_page() -> None:
    """So the pages of awkward homes, made in `test_notebooks`, hold each of them."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert [name for name in tables.COLUMNS if not any(f'\\"{name}\\"' in source for source in sources)] == []


# --- what was read ----------------------------------------------------------------------------------------------------


def test_the_rows_of_the_sample_reconcile(sample_run: Run) -> None:
    shown = cells(sample_run.home().reconciliation, "reconciliation")
    lines = f"{len((sample_run.data / 'events.csv').read_text().splitlines()) - 1:,}".replace(",", " ")
    by_file = {line[0]: dict(zip(shown[0], line, strict=True)) for line in shown[1:]}
    assert by_file["events.csv"]["rows read"] == by_file["events.csv"]["used"] == lines
    assert "after the as-of time" not in shown[0]  # a column of zeros tells nothing
    assert by_file["weather.csv"]["kWh read"] == "none"  # it holds no energy, which is not 0 kWh


def test_many_rejected_rows_of_one_reason_stand_together() -> None:
    frame = pd.DataFrame({"file": "a.csv", "row": range(2, 62), "column": "kwh", "value": "x", "reason": "no number"})
    assert cells(frame, "rejected")[1:] == [["a.csv", "60", "2", "kwh", "x", "no number"]]
    assert cells(frame[:1], "rejected")[1:] == [["a.csv", "2", "kwh", "x", "no number"]]


def test_the_exploration_of_the_sample_is_shown_as_it_was_found(sample_run: Run) -> None:
    found = sample_run.explore()
    known = {line[0]: line for line in cells(found["completeness"], "completeness")}
    assert known["FRIDGE_01"][1:4] == ["2024-04-22", "2024-07-14", "100 %"]
    assert sum(float(share.split()[0]) for share in column(found["breakdown"], "breakdown", "share")) == approx(
        100, abs=3
    )
    assert set(column(found["drivers"], "drivers", "peak hours of all hours")) == {"20 %"}


def test_an_episode_ends_at_a_clock_time_and_a_long_one_on_a_day() -> None:
    end = pd.to_datetime(["2024-06-02 00:00", "2024-06-02 21:00", "2024-06-02 22:00"])
    frame = pd.DataFrame({"device_id": "tv", "start": pd.Timestamp("2024-06-01 22:00"), "end": end, "kwh": 1.0})
    frame = frame.assign(usual_kwh=0.1, reason="so")
    assert column(frame, "unusual", "from (local)") == ["2024-06-01 22:00"] * 3
    assert column(frame, "unusual", "to") == ["00:00", "21:00", "2024-06-02 22:00"]


def test_each_feature_is_shown_once_with_what_stands_in(sample_run: Run, tiny_run) -> None:
    shown = {line[0]: line[1:] for line in cells(sample_run.features()["relations"], "relations", rows=24)[1:]}
    assert len(shown) == 24
    assert shown["lag_1h"][0] == "no"
    assert shown["lag_1h"][1].startswith("the usual energy")
    assert shown["hour_sin"][0] == "yes"
    lacking = {line[0]: line[1:] for line in cells(tiny_run(tiny.three_days).features()["relations"], "relations")}
    assert lacking["tariff_rate"][1:3] == ["left out: the data does not have it", "does not vary"]


# --- models -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skill", "error", "folds", "margin", "word"),
    [
        (-0.2, 0.06, 4, 0.2, rows.CLEAR),  # the baseline leads by 3.3 errors, and of four folds 3.2 are rare
        (-0.2, 0.07, 4, 0.2, rows.CHANCE),
        (-0.2, 0.06, 3, 0.2, rows.CHANCE),  # of three folds 4.3 are
        (0.1, 0.12, 4, -0.1, rows.CHANCE),  # a challenger is ahead, but not significantly: the baseline is used
        (0.2, 0.05, 4, 0.2, rows.CLEAR),
        (-0.5, float("inf"), 1, 0.5, rows.TOO_FEW),
        (NAN, NAN, 0, NAN, rows.TOO_FEW),
    ],
)
def test_a_lead_is_clear_only_where_so_few_forecasts_rarely_show_it(skill, error, folds, margin, word) -> None:
    selection = pd.DataFrame(
        [{"device_id": "tv", "skill": skill, "skill_se": error, "folds": folds, "model": "similar days"}]
    )
    names = {"challenger": "similar days", "baseline": "climatology", "not_tested": "", "days_known": 9.0}
    reason = "" if folds else "untested"
    selection = selection.assign(significant=skill > half_width(error, folds), reason=reason, **names)
    row = rows.model_choice(selection).iloc[0]
    assert row["margin"] == approx(margin, nan_ok=True)
    assert row["word"] == word
    share = "not known" if np.isnan(skill) else f"{100 * margin:.0f}"
    assert cells(selection, "model_choice")[1][2].startswith(share)


def test_the_metrics_of_the_chosen_models_are_the_household_s_first(sample_run: Run) -> None:
    trained = sample_run.reference() | {"metrics": sample_run.scores(), "selection": sample_run.selection()}
    used = trained["selection"][["home_id", "device_id", "model"]].merge(trained["metrics"])
    shown = cells(used, "metrics", rows=50)
    assert shown[1][0] == HOUSEHOLD
    assert len(shown) == 1 + len(trained["selection"])
    assert len(cells(trained["metrics"], "metrics", rows=99)) == 1 + len(trained["metrics"])
    assert set(column(trained["reference"], "reference", "looking")) == {"one hour ahead", "a week ahead"}


def coverage(device: str, off: float = 0.0, **found: tuple[float, float]) -> pd.DataFrame:
    shares = {name: found.get(name, (share, 0.01)) for name, share in NOMINAL.items()}
    frame = pd.DataFrame(shares, index=["empirical", "empirical_se"]).T.rename_axis("quantile").reset_index()
    return frame.assign(nominal=list(NOMINAL.values()), device_id=device, folds=4, off=off)


@pytest.mark.parametrize(
    ("quantile", "found", "error", "folds", "word"),
    [
        ("band", 0.74, 0.02, 4, "within chance"),  # 3.0 errors off; of four folds 3.2 are rare
        ("band", 0.73, 0.02, 4, "too narrow"),
        ("band", 0.87, 0.02, 4, "too wide"),
        ("p90", 0.97, 0.02, 4, "p90 too high"),
        ("p10", 0.02, 0.02, 4, "p10 too low"),
        ("p10", 0.02, 0.02, 2, "not known"),
        ("p10", 0.02, NAN, 1, "not known"),
        ("p10", NAN, NAN, 0, "not known"),
    ],
)
def test_a_quantile_is_off_only_where_so_few_forecasts_can_tell(quantile, found, error, folds, word) -> None:
    row = {"quantile": quantile, "nominal": NOMINAL[quantile], "empirical": found}
    row |= {"empirical_se": error, "folds": folds}
    assert rows.calibration_word(pd.Series(row)) == word


def test_the_calibration_of_each_device_names_what_is_off() -> None:
    frame = pd.concat([coverage("tv", 0.95, p10=(NAN, NAN), p90=(0.97, 0.01)), coverage(HOUSEHOLD, band=(0.7, 0.02))])
    assert cells(frame, "calibration")[1:] == [
        ["household", "0 %", "10 ± 1 %", "50 ± 1 %", "90 ± 1 %", "70 ± 2 %", "too narrow"],
        ["tv", "95 %", "not known", "50 ± 1 %", "97 ± 1 %", "80 ± 1 %", "p90 too high"],
    ]


def test_days_ahead_are_the_household_s_with_the_mean_of_all_series() -> None:
    frame = with_household(day=[1, 1], loss=[0.1, 0.2], skill=[0.1, 0.3]).assign(
        baseline_loss=0.2, skill_se=0.05, absolute_error=2.0, baseline_absolute_error=5.0
    )
    assert cells(frame, "days_ahead")[1:] == [["1", "0.200", "0.200", "30 ± 5 %", "2.00", "5.00", "20 %"]]


# --- the coming week and its money ------------------------------------------------------------------------------------

CHOICE = with_household(model=["seasonal naive", "climatology"])
WEEK = with_household(total=[12.3, 45.0], hours=[168, 168], p10=[10.0, NAN], p90=[15.5, NAN])
COST = with_household(total=[2.5, 9.0], hours=[168, 168], p10=[2.0, NAN], p90=[3.125, NAN])


def test_the_week_has_its_ranges_and_costs() -> None:
    assert cells(WEEK, "coming_week", selection=CHOICE, cost=COST, currency="EUR") == [
        ["device", "kWh expected", "8 in 10 [kWh]", "cost", "8 in 10 [EUR]", "model"],
        ["household", "45.0", "not known", "9.00 EUR", "not known", "climatology"],
        ["tv", "12.3", "10 to 16", "2.50 EUR", "2.00 to 3.12", "seasonal naive"],
    ]
    partly = cells(WEEK, "coming_week", selection=CHOICE, cost=COST.assign(hours=48), carbon=COST)
    assert {"cost of 48 h", "kg CO₂"} <= set(partly[0])
    assert cells(WEEK, "coming_week", selection=CHOICE)[0] == ["device", "kWh expected", "8 in 10 [kWh]", "model"]


def test_days_show_their_hours_only_where_some_are_cut_short_and_money_where_all_is_known() -> None:
    day = pd.to_datetime(["2024-07-15", "2024-07-16"])
    frame = pd.DataFrame({"device_id": HOUSEHOLD, "day": day, "total": [7.0, 3.0], "p10": 6.0, "p90": 8.0, "hours": 24})
    assert cells(frame, "days")[1:] == [["Mon 15 July", "7.00", "6.0 to 8.0"], ["Tue 16 July", "3.00", "6.0 to 8.0"]]
    cut = frame.assign(hours=[24, 10])
    assert column(cut, "days", "hours", cost=cut) == ["24", "10"]
    assert column(frame, "days", "cost", cost=cut, currency="EUR") == ["7.00 EUR", "not known"]
    assert column(frame, "days", "kg CO₂", carbon=cut) == ["7.00", "not known"]


def test_peaks_are_spans_of_the_clock() -> None:
    frame = pd.DataFrame([{"day": pd.Timestamp("2024-07-15"), "start": 22, "end": 24, "kwh": 1.5, "share": 0.3}])
    assert cells(frame, "peaks")[1:] == [["Mon 15 July", "22:00 to 24:00", "1.50", "30 %"]]


def test_the_bill_is_shown_line_by_line_and_month_by_month() -> None:
    bill = pd.DataFrame({"month": JULY, "line": ["night", "standing charge", "total"], "kwh_so_far": [100.0, NAN, 100]})
    bill = bill.assign(so_far=[20.0, 5.0, 25.0], kwh_at_end=[210.0, NAN, 210], at_end=[42.0, 10.0, 52.0])
    bill = bill.assign(p10=[40.0, 10.0, 50.0], p90=[46.0, 10.0, 56.0])
    assert cells(bill, "bill", currency="EUR") == [
        ["line", "kWh so far", "so far", "kWh at its end", "at its end", "8 in 10 [EUR]"],
        ["night", "100", "20.00 EUR", "210", "42.00 EUR", "40.00 to 46.00"],
        ["standing charge", "", "5.00 EUR", "", "10.00 EUR", "10.00"],
        ["total", "", "25.00 EUR", "", "52.00 EUR", "50.00 to 56.00"],
    ]
    months = pd.DataFrame({"month": [pd.Timestamp("2024-06-01"), JULY], "hours_not_known": [3, 0], "kwh": [200.0, 100]})
    months = months.assign(energy=[40.0, 20.0], standing_charge=0.0, tax=[4.0, 2.0], fed_in=0.0, total=[44.0, 22.0])
    assert cells(months, "bill_months", bill=bill, currency="EUR") == [
        ["month", "kWh", "energy", "tax", "total", "hours in none of it"],
        ["July 2024, so far", "100", "20.00 EUR", "2.00 EUR", "22.00 EUR", "0"],
        ["June 2024", "200", "40.00 EUR", "4.00 EUR", "44.00 EUR", "3"],
    ]


def test_the_last_hour_of_a_device_is_shown_by_the_clock_of_the_home(sample_run: Run) -> None:
    found = sample_run.insights()
    assert set(column(found["overview"], "last_week", "at (local)", timezone="Europe/Madrid")) == {"2024-07-14 23:00"}
    assert column(found["recommendations"], "recommendations", "what to do in the coming week") == [
        what.replace(fmt.THIN_SPACE, " ") for what in found["recommendations"]["what"]
    ]


@pytest.mark.parametrize(
    ("slope", "p", "words"),
    [
        (NAN, NAN, "not known"),
        (0.5, 0.2, "no clear trend"),
        (-0.5, 0.01, "falling, 0.500 kWh a week each week (p 0.010)"),
    ],
)
def test_the_health_of_devices_without_a_rating_is_their_trend_alone(slope, p, words) -> None:
    overview = pd.DataFrame([{"device_id": "tv", "trend_kwh_per_week": slope, "trend_p": p}])
    rated = pd.DataFrame([{"device_id": "tv", "load_factor": 0.5, "hours_of_use": 3.0, "change": 0.1}])
    assert cells(overview, "health", efficiency=rated)[1:] == [["tv", words, "0.500", "3.00", "10 %"]]
    assert cells(overview, "health", efficiency=rated[:0])[1:] == [["tv", words]]


# --- past forecasts ---------------------------------------------------------------------------------------------------


def test_only_the_newest_forecast_is_shown_and_the_record_holds_them_all() -> None:
    day = pd.Timestamp("2024-07-08")
    totals = with_household(origin=[2, 2], week="2024-W28", hours=168, predicted=64.0, p10=[NAN, 58.0], p90=[NAN, 71.0])
    totals = totals.assign(first_day=day, observed=66.0, inside=[None, False])
    older = totals[1:].assign(origin=1, week=AGAIN, first_day=day - pd.Timedelta(days=7), observed=60.0, inside=True)
    both = pd.concat([older, totals], ignore_index=True)
    assert cells(both, "last_forecast")[1:] == [
        ["household", "64.0", "58 to 71", "66.0", "no"],
        ["tv", "64.0", "not known", "66.0", "not known"],
    ]
    scores = both.assign(coverage_80=0.8, loss=0.15, baseline_loss=0.2)
    scores = scores[
        ["week", "origin", "device_id", "predicted", "observed", "hours", "coverage_80", "loss", "baseline_loss"]
    ]
    assert cells(both, "forecast_record", losses=scores)[1:] == [
        ["Mon 8 July", "58 to 71", "66.0", "no", "80 %", "0.150", "0.200", "2024-W28"],
        ["Mon 1 July", "58 to 71", "60.0", "yes", "80 %", "0.150", "0.200", "made again now"],
    ]


def test_errors_and_losses_of_the_newest_forecast_are_shown_beside_climatology_s() -> None:
    frame = with_household(origin=2, predicted=[9.0, 10.0], baseline_predicted=1.0, observed=[1.0, 8.0]).assign(
        bias=0.25, baseline_bias=-0.5, absolute_error=2.0, baseline_absolute_error=7.0, loss=0.1, baseline_loss=0.2,
        gain=0.5, coverage_80=0.75, baseline_coverage_80=0.5,
    )  # fmt: skip
    both = pd.concat([frame.assign(origin=1, predicted=0.0), frame])
    assert cells(both, "energy_errors")[1] == ["household", "10.0", "1.00", "8.00", "25 %", "-50 %", "2.00", "7.00"]
    assert cells(both.assign(day=1), "energy_errors")[1] == ["household", "1", "10.0", "1.00", "8.00", "25 %", "-50 %"]
    assert cells(both, "losses")[1:] == [
        ["household", "0.100", "0.200", "50 %", "75 %", "50 %"],
        ["tv", "0.100", "0.200", "50 %", "75 %", "50 %"],
    ]


def test_drift_names_a_break_only_where_it_is_clear() -> None:
    same = {"use_before": 2.0, "use_now": 2.0, "use_change": 0.0, "use_distance": 0.1, "use_p": 1e-5}
    same |= {"use_temperature": 0.8, "error_since": pd.Timestamp("2024-06-17"), "error_before": 0.1, "error_now": 0.3}
    same |= {"error_change": 2.0, "error_odds": 1.0, "error_p": 0.02, "error_weeks": 12}
    frame = pd.DataFrame(
        [
            {"device_id": "tv", **same},
            {"device_id": HOUSEHOLD, **same, "error_p": 1.0},
            {"device_id": "new", **same, "error_weeks": 3, "error_odds": NAN},
        ]
    )
    assert column(frame, "drift_of_errors", "worse since") == ["no clear break", "Mon 17 June", "not known"]
    assert cells(frame, "drift_of_errors")[2][2:] == ["0.100", "0.300", "200 %", "100 %", "p 0.020", "12"]
    assert cells(frame, "drift_of_use")[1] == ["household", "2.00", "2.00", "0 %", "0.10", "p < 0.001", "0.80"]
