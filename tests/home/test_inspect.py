"""`influx inspect`: what would be read, from which columns, and why."""

from __future__ import annotations

from pathlib import Path

import exports
import pytest

from influx.__main__ import main
from influx.core.errors import InputError
from influx.home.inspect import WIDTH, inspect


def test_a_table_is_shown_with_its_series_first_rows_and_reasons(tmp_path: Path) -> None:
    rows = "".join(f"{day:02}.06.2024 {hour:02}:00;0,25;21\n" for day in (1, 2) for hour in range(24))
    (tmp_path / "meter.csv").write_text("Zeit;Verbrauch (kWh);Temperatur\n" + rows + "02.06.2024 23:30;viel;21\n")
    (tmp_path / "home.yaml").write_text("timezone: Europe/Berlin\n")
    said = inspect(tmp_path / "meter.csv")
    for words in (
        "49 rows read, 48 used, 1 rejected; 12.000 kWh",
        "grid_import  grid import  60 min  2024-06-01 00:00 to 2024-06-02 23:00  12.000 kWh",
        "row 2  2024-06-01 00:00:00  grid_import  0.2500 kWh  measured",
        "Dates are written with points, so the day comes first.",
        "Decimals are written with a comma.",
        "Temperatur is no energy and is not read.",
        "row 50, Verbrauch (kWh), 'viel'): not a number",
        "meter.csv: {timezone: Europe/Madrid, date_order: dmy",
    ):
        assert words in said
    assert max(map(len, said.splitlines())) <= WIDTH + 24  # a table of series may be wider than sentences


@pytest.mark.parametrize("name", exports.WRITERS)
def test_every_format_can_be_inspected(tmp_path: Path, name: str) -> None:
    exports.WRITERS[name](tmp_path / name, exports.energy())
    said = inspect(tmp_path / name)
    assert said.startswith(f"{name}: ")
    assert "0 rejected" in said
    assert "kWh" in said


def test_a_folder_is_inspected_file_by_file(tmp_path: Path) -> None:
    exports.tidy(tmp_path / "a.csv", exports.energy())
    (tmp_path / "b.csv").write_text("shopping,list\nmilk,1\n")
    said = inspect(tmp_path)
    assert "a.csv: readings" in said
    assert "b.csv: of no known format" in said


def test_what_cannot_be_read_or_is_asked_is_one_line_and_status_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"2024-06-01 {hour:02}:{minute:02},1.2\n" for hour in range(24) for minute in (0, 15, 30, 45))
    (tmp_path / "meter.csv").write_text("when,value\n" + rows)
    assert main(["inspect", str(tmp_path / "meter.csv")]) == 1
    said = capsys.readouterr().err
    assert "unit: kWh or unit: kW" in said
    assert said.count("\n") == 1
    with pytest.raises(InputError, match="no such file"):
        inspect(tmp_path / "none.csv")
