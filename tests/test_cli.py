"""What someone at a terminal relies on: one clear line and exit status 1, or the file that was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_notebooks as tiny

from influx import __main__ as cli
from influx.core.errors import InputError
from influx.core.paths import PROJECT
from influx.report import cron, pipeline


@pytest.fixture
def readings() -> pd.DataFrame:
    """Three weeks of a lamp and a fridge."""
    hours = pd.date_range("2024-06-24", periods=504, freq="h", tz="UTC")
    lamp = pd.DataFrame({"device_id": "NA", "timestamp": hours, "energy_kwh": np.where(hours.hour >= 18, 0.1, 0.0)})
    fridge = pd.DataFrame({"device_id": "FRIDGE_01", "timestamp": hours, "energy_kwh": 0.05})
    return pd.concat([lamp, fridge], ignore_index=True)


def test_help_imports_no_library_of_the_data():
    command = [sys.executable, "-X", "importtime", "-m", "influx", "--help"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert "report" in done.stdout and "unschedule" in done.stdout
    assert " influx.core.errors\n" in done.stderr
    assert not [name for name in ("pandas", "numpy", "papermill", "pydantic") if f" {name}\n" in done.stderr]


def test_a_reader_who_has_read_enough_sees_no_error(tmp_path, readings):
    readings.to_csv(tmp_path / "readings.csv", index=False)
    command = [sys.executable, "-m", "influx", "inspect", str(tmp_path / "readings.csv")]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, cwd=PROJECT, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_report_reads_no_grammar_of_web_addresses():
    command = [sys.executable, "-X", "importtime", "-m", "influx", "report", "--data", "nowhere"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert "data: there is no nowhere" in done.stderr
    assert " nbformat\n" in done.stderr
    assert not [name for name in ("lark", "pandas") if f" {name}\n" in done.stderr]


def test_no_command_is_not_understood(capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([])
    assert left.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_report_hands_on_what_was_given_and_prints_the_start_page(monkeypatch, capsys, tmp_path):
    seen = {}
    monkeypatch.setattr(pipeline, "make_report", lambda **given: seen.update(given) or tmp_path / "2024-W29")
    options = "--data home --as-of 2024-07-08 --horizon 48 --reports out --notebooks cells --no-wait -p folds=8"
    assert cli.main(["report", *options.split()]) == 0
    assert seen == {
        "data": "home",
        "as_of": "2024-07-08",
        "horizon": 48,
        "reports": Path("out"),
        "notebooks": Path("cells"),
        "wait": False,
        "parameters": {"folds": "8"},
    }
    assert capsys.readouterr().out == "out/2024-W29/index.html\n"


def test_a_report_that_cannot_be_made_is_one_line(capsys):
    assert cli.main(["report", "--data", "no such home"]) == 1
    assert capsys.readouterr().err == (
        "influx: data: there is no no such home. Name a home's folder, or a file of events or readings.\n"
    )


def test_a_failing_notebook_is_told_without_a_traceback(tmp_path):
    (tmp_path / "home.csv").write_text("x")
    tiny.write(tmp_path / "01_bad.ipynb", "# Bad", "raise ValueError('too dark')")
    command = [sys.executable, "-m", "influx", "report", "--data", str(tmp_path / "home.csv")]
    command += ["--reports", str(tmp_path / "reports"), "--notebooks", str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "influx: 01_bad.ipynb, cell 3 (Bad), line 1: raise ValueError('too dark')\nValueError: too dark\n"
        f"The notebook up to there is in {tmp_path}/reports/failed; earlier reports are untouched.\n"
    )


def test_a_stopped_command_has_the_shells_exit_status(monkeypatch, capsys):
    def stop(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "make_report", stop)
    assert cli.main(["report"]) == 130
    assert capsys.readouterr().err == "influx: stopped\n"


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_forecast_reads_and_writes_both_formats(readings, tmp_path, capsys, ending):
    source, target = tmp_path / f"readings.{ending}", tmp_path / f"forecast.{ending}"
    if ending == "csv":
        readings.to_csv(source, index=False)
    else:
        readings.to_parquet(source, index=False)
    where = ["--timezone", "Europe/Madrid", "--country", "ES"]
    assert cli.main(["forecast", str(source), "--output", str(target), "--horizon", "24", *where]) == 0
    written = pd.read_csv(target, keep_default_na=False) if ending == "csv" else pd.read_parquet(target)
    assert set(written["device_id"]) == {"NA", "FRIDGE_01", "household"}  # a device may be called NA
    assert written.groupby("device_id").size().eq(24).all()
    assert pd.to_datetime(written["timestamp"], utc=True).min() == pd.Timestamp("2024-07-15", tz="UTC")
    assert capsys.readouterr().out == f"{target}\n"
    assert {path.name for path in tmp_path.iterdir()} == {source.name, target.name}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "device_id,timestamp,energy_kwh\na,2024-07-14T00:00Z,1\na,soon,1\n",
            "row 3, column timestamp: 'soon' is not a",
        ),
        (
            "device_id,timestamp,energy_kwh\na,2024-07-14T00:00Z,much\n",
            "row 2, column energy_kwh: 'much' is not a number",
        ),
        (
            "device,time,kwh\na,b,c\n",
            "readings: no column device_id, energy_kwh, timestamp; there are device, time, kwh",
        ),
        ("", "not readable as csv: No columns to parse from file"),
    ],
)
def test_readings_that_cannot_be_used_are_named_by_row_and_column(tmp_path, capsys, content, said):
    (tmp_path / "readings.csv").write_text(content)
    arguments = ["forecast", str(tmp_path / "readings.csv"), "--output", str(tmp_path / "out.csv")]
    assert cli.main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("influx: ") and said in error and error.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()


def test_a_parquet_file_that_is_none_is_named(tmp_path, capsys):
    (tmp_path / "readings.parquet").write_text("no parquet")
    assert cli.main(["forecast", str(tmp_path / "readings.parquet"), "--output", str(tmp_path / "out.csv")]) == 1
    assert "readings.parquet: not readable as parquet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.csv", "--output", "out.csv"], "missing.csv: there is no such file"),
        (["readings.csv", "--output", "out.xlsx"], "out.xlsx: its name ends with neither .csv nor .parquet"),
        (["readings.csv", "--output", "nowhere/out.csv"], "nowhere/out.csv: there is no folder nowhere"),
        (["readings.csv", "--output", "out.csv", "--timezone", "Mars/Olympus"], "'Mars/Olympus' is not a time zone"),
        (["readings.csv", "--output", "out.csv", "--country", "XX"], "'XX' is not a country"),
    ],
)
def test_what_a_forecast_cannot_be_made_of_is_refused(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["forecast", *arguments]) == 1
    assert said in capsys.readouterr().err


def test_a_frame_that_cannot_be_written_leaves_the_old_file(tmp_path):
    from influx.core.tabular_io import write_frame

    target = tmp_path / "forecast.parquet"
    target.write_text("the old one")
    with pytest.raises(Exception, match=r"mixed|Expected|convert"):
        write_frame(pd.DataFrame({"mixed": [1, "x", b"y"]}), target)
    assert target.read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir()] == ["forecast.parquet"]


def test_schedule_and_unschedule_are_handed_to_cron(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(cron, "install", lambda *given: seen.append(given) or "installed")
    monkeypatch.setattr(cron, "remove", lambda *given: seen.append(given) or "removed")
    assert cli.main(["schedule"]) == 0
    assert cli.main(["schedule", "--data", "data/home", "--when", "@weekly"]) == 0
    assert cli.main(["unschedule"]) == 0
    assert seen == [(PROJECT, "0 6 * * 1", {}), (PROJECT, "@weekly", {"DATA": "data/home"}), (PROJECT,)]
    assert capsys.readouterr().out == "installed\ninstalled\nremoved\n"


def test_where_cron_is_absent_it_is_said(monkeypatch, capsys):
    def refuse(*_):
        raise InputError("there is no crontab here. Install it (Debian, Ubuntu: apt install cron).")

    monkeypatch.setattr(cron, "install", refuse)
    assert cli.main(["schedule"]) == 1
    assert capsys.readouterr().err.startswith("influx: there is no crontab here.")
