"""How absences read, on whole runs of a small home whose people left for a week, and leave again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny

from influx import Run
from influx.core import formatting as fmt
from influx.report.words import absences, sentences

AWAY = slice(24 * 30, 24 * 37)
"""The days from Wednesday 5 June 2024 on."""


def lived(count: int) -> np.ndarray:
    """Return days with .05 kWh by night and 1 kWh from 6 to 24; nobody is there in the 31st to 37th."""
    kwh = np.tile(np.r_[np.full(6, 0.05), np.ones(18)], count)
    kwh[AWAY] = 0.05
    return kwh


def run(folder: Path, home: str = "", kwh: np.ndarray | None = None) -> Run:
    data = tiny.write_readings(folder / "home", home=home, tv=lived(60) if kwh is None else kwh)
    return Run(data, output=folder / "run")


def test_days_away_are_told_and_tabled(tmp_path: Path) -> None:
    made = run(tmp_path)
    assert absences.told(made).startswith("**Nobody was at home on 7 days: 5 to 11 June 2024.** Models do not learn")
    assert absences.ahead(made) == ""
    assert absences.table(made).to_numpy().tolist() == [
        ["Wed 5 June", "Tue 11 June", 7, "found in the readings", "past"]
    ]


def test_a_coming_absence_is_forecast_as_one_and_said(tmp_path: Path) -> None:
    """The forecast begins on Friday 5 July; from Sunday on .05 kWh an hour, of seven past days away."""
    made = run(tmp_path, "absences:\n  - {from: 2024-07-07, to: 2024-07-20}\n")
    said = "Nobody is at home 7 to 20 July 2024, says home.yaml: those days are forecast from 7 past days away."
    assert absences.ahead(made) == said
    assert sentences.coming(made).endswith(said)
    assert absences.table(made)["when"].tolist() == ["to come", "past"]
    daily = made.sums()["daily"]
    tv = daily[daily["device_id"] == "tv"]
    assert tv["total"].tolist() == pytest.approx([18.3, 18.3] + [24 * 0.05] * 5, abs=0.01)
    assert tv["p90"].iloc[2:].tolist() == pytest.approx([24 * 0.05] * 5)


def test_a_home_that_is_never_empty(tmp_path: Path) -> None:
    kwh = np.tile(np.r_[np.full(6, 0.05), np.ones(18)], 40)
    made = run(tmp_path, kwh=kwh)
    assert absences.told(made) == "No three days in a row were so quiet that nobody can have been at home."
    assert absences.table(made).empty


def test_a_home_that_is_quiet_now_is_asked_about(tmp_path: Path) -> None:
    """The readings end within the absence, after Saturday 8 June."""
    said = absences.told(run(tmp_path, kwh=lived(60)[: 24 * 34]))
    assert "Since Wed 5 June the home has been as quiet as if nobody were there." in said


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2024-08-03", "2024-08-09", "3 to 9 August 2024"),
        ("2024-07-28", "2024-08-03", "28 July to 3 August 2024"),
        ("2023-12-28", "2024-01-03", "28 December 2023 to 3 January 2024"),
        ("2024-08-03", "2024-08-03", "3 August 2024"),
    ],
)
def test_a_span_of_days_names_what_differs(first: str, last: str, said: str) -> None:
    assert fmt.days(pd.Timestamp(first), pd.Timestamp(last)) == said
