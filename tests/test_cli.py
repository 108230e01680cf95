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
from influx.core.tabular_io import write_frame
from influx.report import cron, pipeline

HEAD = "device_id,timestamp,energy_kwh\n"


def run(*arguments: str, **settings) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=PROJECT, text=True, check=False, stderr=subprocess.PIPE, **settings)


@pytest.fixture
def readings() -> pd.DataFrame:
    """Three weeks of a lamp and a fridge."""
    hours = pd.date_range("2024-06-24", periods=504, freq="h", tz="UTC")
    lamp = pd.DataFrame({"device_id": "NA", "timestamp": hours, "energy_kwh": np.where(hours.hour >= 18, 0.1, 0.0)})
    fridge = pd.DataFrame({"device_id": "FRIDGE_01", "timestamp": hours, "energy_kwh": 0.05})
    return pd.concat([lamp, fridge], ignore_index=True)


@pytest.mark.parametrize(
    ("arguments", "needed", "spared"),
    [
        (["--help"], "influx.core.errors", ("pandas", "numpy", "papermill", "pydantic")),
        (["report", "--data", "nowhere"], "nbformat", ("lark", "pandas")),
    ],
)
def test_what_a_command_does_not_need_is_not_imported(arguments, needed, spared):
    done = run("-X", "importtime", "-m", "influx", *arguments, stdout=subprocess.DEVNULL)
    assert f" {needed}\n" in done.stderr
    assert not [name for name in spared if f" {name}\n" in done.stderr]


def test_a_reader_who_has_read_enough_sees_no_error(tmp_path, readings):
    readings.to_csv(tmp_path / "readings.csv", index=False)
    read, write = os.pipe()
    os.close(read)
    done = run("-m", "influx", "inspect", str(tmp_path / "readings.csv"), stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_command_is_not_understood(capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([])
    assert left.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_report_hands_on_what_was_given_and_prints_the_start_page(monkeypatch, capsys, tmp_path):
    seen = {}
    monkeypatch.setattr(pipeline, "make_report", lambda **given: seen.update(given) or tmp_path / "2024-W29")
    options = "--data home --as-of 2024-07-08 --horizon 48 --reports out --notebooks cells --no-wait -p folds=8"
    assert cli.main(["report", *options.split(), "--parameter", "models=similar days"]) == 0
    assert seen == {
        "data": "home",
        "as_of": "2024-07-08",
        "horizon": 48,
        "reports": Path("out"),
        "notebooks": Path("cells"),
        "wait": False,
        "parameters": {"folds": "8", "models": "similar days"},
    }
    assert capsys.readouterr().out == "out/2024-W29/index.html\n"


def test_a_failing_notebook_is_named_without_a_traceback(tmp_path):
    (tmp_path / "home.csv").write_text("x")
    tiny.write(tmp_path / "01_bad.ipynb", "# Bad", "raise ValueError('too dark')")
    folders = ["--reports", str(tmp_path / "reports"), "--notebooks", str(tmp_path)]
    done = run("-m", "influx", "report", "--data", str(tmp_path / "home.csv"), *folders, stdout=subprocess.PIPE)
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
    write_frame(readings, source)
    where = ["--timezone", "Europe/Madrid", "--country", "ES"]
    assert cli.main(["forecast", str(source), "--output", str(target), "--horizon", "24", *where]) == 0
    written = pd.read_csv(target, keep_default_na=False) if ending == "csv" else pd.read_parquet(target)
    assert set(written["device_id"]) == {"NA", "FRIDGE_01", "household"}  # a device may be called NA
    assert written.groupby("device_id").size().eq(24).all()
    assert pd.to_datetime(written["timestamp"], utc=True).min() == pd.Timestamp("2024-07-15", tz="UTC")
    assert capsys.readouterr().out == f"{target}\n"
    assert {path.name for path in tmp_path.iterdir()} == {source.name, target.name}


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("r.csv", f"{HEAD}a,2024-07-14T00:00Z,1\na,soon,1\n", "row 2, column timestamp: soon is not a time"),
        ("r.csv", f"{HEAD}a,2024-07-14T00:00Z,much\n", "row 1, column energy_kwh: much is not a number"),
        ("r.csv", "device,time,kwh\na,b,c\n", "no column device_id, energy_kwh, timestamp; there are device, time"),
        ("r.csv", "", "not readable as csv: No columns to parse from file"),
        ("r.parquet", "no parquet", "r.parquet: not readable as parquet"),
    ],
)
def test_readings_that_cannot_be_used_are_named_by_row_and_column(tmp_path, capsys, name, content, problem):
    (tmp_path / name).write_text(content)
    assert cli.main(["forecast", str(tmp_path / name), "--output", str(tmp_path / "out.csv")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("influx: ") and problem in error and error.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("report --data nowhere", "data: there is no nowhere. Name a home's folder, or a file of events or readings."),
        ("report -p folds", "'folds' cannot be used; write NAME=VALUE"),
        ("forecast missing.csv --output out.csv", "missing.csv: there is no such file"),
        ("forecast readings.csv --output out.xlsx", "out.xlsx: its name ends with neither .csv nor .parquet"),
        ("forecast readings.csv --output nowhere/out.csv", "nowhere/out.csv: there is no folder nowhere"),
        ("forecast r.csv --output out.csv --timezone Mars/Olympus", "'Mars/Olympus' is not a time zone"),
        ("forecast r.csv --output out.csv --country XX", "'XX' is not a country"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path, monkeypatch, capsys, arguments, problem):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments.split()) == 1
    error = capsys.readouterr().err
    assert problem in error and error.count("\n") == 1


def test_a_frame_that_cannot_be_written_leaves_the_old_file(tmp_path):
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

    def refuse(*_):
        raise InputError("there is no crontab here.")

    monkeypatch.setattr(cron, "install", refuse)
    assert cli.main(["schedule"]) == 1
    assert capsys.readouterr().err == "influx: there is no crontab here.\n"
