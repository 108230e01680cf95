"""What a reader relies on, whatever devices, files and homes are called: text stays text, and two devices stay two."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
import tiny_notebooks
from hypothesis import example, given
from hypothesis import strategies as st

import influx
from influx import InputError, Run
from influx.core import tabular_io
from influx.core.paths import PROJECT
from influx.core.sanitize import clean_name, distinct, file_name, for_cell, from_cell, legible, message
from influx.dashboard.elements import download
from influx.dashboard.week import Week
from influx.home.audit import Audit
from influx.home.home import Home, unexplained_kwh
from influx.home.unique_names import with_clean_names
from influx.report import html as markup

LINKS = ("href", "src", "action")
BIDI = "\u202e"
HIDDEN = "\u200b"
RAW = {
    "</td><script>alert(1)</script>": "</td><script>alert(1)</script>",
    '=HYPERLINK("http://x","y")': '=HYPERLINK("http://x","y")',
    "+1+1": "+1+1",
    "-2+3;=4": "-2+3;=4",
    "@SUM(1)": "@SUM(1)",
    "\t=tab": "=tab",
    "\x1b[31mred\x07": "[31mred",
    f"{BIDI}evil": "evil",
    "lamp": "lamp",
    f"lamp{HIDDEN}": "lamp (2)",
    f"la{HIDDEN}mp": "lamp (3)",
    "../../../tmp/x": "../../../tmp/x",
    "CON": "CON",
    "NU\0L": "NUL",
    "{{ 7*7 }}{% raw %}": "{{ 7*7 }}{% raw %}",
    "[a](javascript:alert(1))": "[a](javascript:alert(1))",
    "- &x !!python/object:os.system": "- &x !!python/object:os.system",
    "7": "7",
    "2024-07-01": "2024-07-01",
    "long" * 100: "long" * 29 + "lon…",
    HIDDEN * 2: "\\u200b\\u200b",
}
"""Names as a file has them, and as they are shown; two differ from a third only in what is not seen."""

ODD = st.text(
    st.sampled_from("ae\u0301\u00e9\u200b\u200c\u200d\ufe0f\u0627 \t\n\x1f\xa0\u202f\u2028\u3164\udcff"), max_size=9
)
"""Texts of characters that join, hide, part words or are none."""

HOME_NAME = f"<script>{BIDI}\x1b[2J"
FILE_NAME = "=cmd|' '!A0\x1b[31m\n<script>.csv"


def write_home(folder: Path) -> Path:
    """Sixteen days of devices called so, of a home and in a file that are called so, too; one row cannot be read."""
    folder.mkdir(parents=True)
    stamps = pd.date_range(tiny.MONDAY, periods=16 * 24, freq="h").strftime("%Y-%m-%dT%H:%M:%SZ")
    kwh = {name: tiny.days(16, seed=number) for number, name in enumerate(RAW)}
    frame = pd.concat(
        pd.DataFrame({"home_id": HOME_NAME, "device_id": name, "timestamp": stamps, "energy_kwh": values.astype(str)})
        for name, values in kwh.items()
    )
    frame.iloc[0, -1] = "=1+1\x1b[5m"
    frame.to_parquet(folder / FILE_NAME, index=False)  # a CSV with a NUL is refused
    keys = "".join(f"  {json.dumps(name)}: {{flexible: true, location: {json.dumps(name)}}}\n" for name in RAW)
    (folder / "home.yaml").write_text(f"{tiny.TARIFF}devices:\n{keys}", encoding="utf-8")
    return folder


class Seen(HTMLParser):
    """The tags of a page and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def unseen(text: str) -> set[str]:
    """Return the characters of a text that steer or hide, but for line ends."""
    return {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs")} - set("\n\r")


def is_computed(cell: str) -> bool:
    """Tell whether a spreadsheet computes a cell that was not written as a number."""
    try:
        float(cell)
    except ValueError:
        return cell[:1] in set("=+-@\t\r")
    return False


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> tuple[Path, str]:
    """A folder with a home and its report, and what was printed meanwhile."""
    folder = tmp_path_factory.mktemp("outside {x}")
    write_home(folder / "home ='\x1b[31m")
    tiny_notebooks.write(
        folder / "cells" / "01_all.ipynb",
        "# What was used?",
        "from influx import Run\nfrom influx.report import plots\n"
        "from influx.report.figures import show\n"
        "from influx.report import table\nfrom influx.report.html import paragraphs",
        "run = Run(data, as_of, horizon, output)\nrun.home(), run.explore(), run.sums(), run.bill(), run.plan(),"
        " run.insights(), run.review() and None",
        "table(run.home().reconciliation, 'reconciliation')",
        "table(run.home().rejected, 'rejected')",
        "paragraphs(list(run.home().notes))",
        "table(run.explore()['breakdown'], 'breakdown')",
        "show(plots.breakdown, run.explore()['breakdown'], run.home().devices['device_id'], caption='All.')",
        "print(*run.home().devices['device_id'])",
        "run.home().devices",
    )
    command = [sys.executable, "-m", "influx", "report", "--data", str(folder / "home ='\x1b[31m")]
    command += ["--reports", str(folder / "reports"), "--notebooks", str(folder / "cells")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout + done.stderr


@pytest.fixture
def week(report) -> Path:
    return (report[0] / "reports" / "latest").resolve()


def read_back(path: Path) -> dict[str, list[str]]:
    """Return the columns of a CSV as texts, as they were before they were written."""
    with path.open(newline="", encoding="utf-8") as stream:
        head, *rows = csv.reader(stream)
    columns = zip(*rows, strict=True) if rows else ([] for _ in head)
    return {from_cell(name): list(map(from_cell, column)) for name, column in zip(head, columns, strict=True)}


@pytest.fixture
def any_length():
    """Let csv read cells of any length, for as long as a test takes."""
    usual = csv.field_size_limit(1 << 30)
    yield
    csv.field_size_limit(usual)


def test_each_device_is_there_once_under_the_name_that_is_shown_with_all_of_its_energy(week) -> None:
    devices = pd.read_parquet(week / "devices.parquet").set_index("device_id")
    assert sorted(devices.index) == sorted(RAW.values())
    assert devices.loc[list(RAW.values()), "flexible"].all()
    assert devices.loc["lamp (3)", "location"] == "lamp"
    (row,) = pd.read_parquet(week / "reconciliation.parquet").to_dict("records")
    assert row["rows_read"] == len(RAW) * 16 * 24 == row["rows_used"] + row["rows_rejected"]
    assert row["rows_rejected"] == 1
    kwh = sum(tiny.days(16, seed=number).sum() for number in range(len(RAW))) - tiny.days(16)[0]
    assert (row["kwh_read"], row["kwh_used"]) == (pytest.approx(kwh), pytest.approx(kwh))
    assert unexplained_kwh(Home.open(week)) == pytest.approx(0, abs=1e-9)
    readings = pd.read_parquet(week / "readings.parquet")
    assert readings["energy_kwh"].sum() == pytest.approx(kwh)


def test_pages_hold_names_as_text_alone(week) -> None:
    for path in week.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        seen = Seen(page)
        assert not {"script", "iframe", "img"} & seen.tags
        assert not [
            name for name, value in seen.attributes if name.startswith("on") or (name in LINKS and ":" in value)
        ]
        assert "&lt;script" in page and "lamp (3)" in page
        assert "49{%" not in page and not unseen(page) - {HIDDEN}
    assert {"svg", "table"} <= Seen((week / "01_all.html").read_text(encoding="utf-8")).tags


def test_no_cell_of_a_csv_is_computed_and_each_holds_its_name(week, any_length) -> None:
    """Neither where commas part the cells, nor where a spreadsheet has them parted by semicolons or tabs."""
    seen = set()
    for path in week.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        assert not unseen(text) - {HIDDEN}
        for separator in ",;\t":
            rows = csv.reader(text.splitlines(), delimiter=separator)
            began = [cell.split(",")[0] for row in rows for cell in row]
            assert not [cell for cell in began if is_computed(cell)], path.name
        read = read_back(path)
        assert list(read) == list(pd.read_parquet(path.with_suffix(".parquet")).columns)
        if "device_id" in read:
            frame = pd.read_parquet(path.with_suffix(".parquet"))
            assert read["device_id"] == list(frame["device_id"])
            seen |= set(read["device_id"])
    assert seen >= set(RAW.values())


def test_a_rejected_cell_and_its_file_are_told_as_they_were_and_steer_nothing(week) -> None:
    row = read_back(week / "rejected.csv")
    assert (row["value"], row["reason"]) == (["=1+1\\x1b[5m"], ["not a number"])
    assert row["file"] == ["=cmd|' '!A0[31m <script>.csv"]


def test_a_terminal_and_the_notes_get_no_character_that_steers(report, week) -> None:
    assert not unseen(report[1])
    assert report[1].startswith(legible(report[0] / "reports"))
    for path in [*week.glob("*.json"), *week.glob("steps/*.json")]:
        assert not unseen(path.read_text(encoding="utf-8")) - {HIDDEN}, path.name
    home = json.loads((week / "home.json").read_text(encoding="utf-8"))
    assert home["settings"]["home_id"] == "<script>[2J"
    (note,) = (note for note in home["notes"] if "of a device" in note)
    assert "'lamp\\u200b' is shown as lamp (2)" in note


def test_no_file_is_called_by_a_name_or_lies_elsewhere(report, week) -> None:
    assert {path.name for path in report[0].iterdir()} == {"home ='\x1b[31m", "cells", "reports"}
    names = [path.name for path in week.rglob("*")]
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.") for name in names)


def test_the_dashboard_knows_each_device_by_its_name_and_reads_a_long_plan(week) -> None:
    shown = Week(week)
    jobs = shown.row("plan_jobs")["jobs"]
    assert len(jobs) > csv.field_size_limit()
    assert {job["device_id"] for job in json.loads(jobs)} == set(RAW.values())
    assert set(shown.devices) == {*RAW.values(), "household"}
    assert len(shown.frame("forecast", device_id="7")) == 168


# --- what enters ------------------------------------------------------------------------------------------------------


def test_a_home_is_loaded_again_from_its_own_readings(tmp_path, week) -> None:
    (tmp_path / "readings.csv").write_bytes((week / "readings.csv").read_bytes())
    assert sorted(influx.load(tmp_path).readings["device_id"].unique()) == sorted(RAW.values())


@given(st.lists(st.text() | ODD, unique=True, max_size=8))
def test_two_names_never_become_one_and_each_can_be_shown(names: list[str]) -> None:
    shown = distinct(names)
    assert set(shown) == set(names) and len(set(shown.values())) == len(names)
    for name in shown.values():
        assert name.strip() and len(name) <= 130 and not set("\n\r\t") & set(name)
        assert not unseen(name) - set("\u200c\u200d")
        assert clean_name(name) == name or len(name) >= 120


def test_joiners_stay_where_a_script_needs_them_and_go_where_they_hide() -> None:
    for name in ("\u0645\u06cc\u200c\u0634", "👨\u200d👩\u200d👧", "❤\ufe0f", "Wäsche", "空調"):
        assert clean_name(name) == name
    assert clean_name("t\u200dv\u200c \ufe0f") == "tv"


def test_home_yaml_may_name_a_device_as_its_file_does_or_as_it_is_shown(tmp_path) -> None:
    kwh = {"tv ": tiny.days(2), "old\u200btv": tiny.days(2)}
    home = 'devices: {tv: {always_on: true}, "old\\u200Btv": {flexible: true}}\n'
    devices = influx.load(tiny.write_readings(tmp_path, home=home, **kwh)).devices.set_index("device_id")
    assert devices.loc["tv", "always_on"] and devices.loc["oldtv", "flexible"]


def test_two_lines_of_home_yaml_for_one_device_are_an_error_that_names_both(tmp_path) -> None:
    home = 'devices: {tv: {always_on: true}, "tv\\u200B": {flexible: true}}\n'
    with pytest.raises(InputError, match=r"devices: 'tv' and 'tv\\u200b' name the same device, tv"):
        influx.load(tiny.write_readings(tmp_path, home=home, lamp=tiny.days(2)))


def test_an_earlier_name_that_looks_the_same_is_joined(tmp_path) -> None:
    stamps = pd.date_range(tiny.MONDAY, periods=48, freq="h").strftime("%Y-%m-%dT%H:%M:%SZ")
    names = np.where(np.arange(48) < 24, "tv\u200b", "tv")
    pd.DataFrame({"device_id": names, "timestamp": stamps, "energy_kwh": 0.5}).to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "home.yaml").write_text('devices: {tv: {same_as: "tv\\u200B"}}\n')
    readings = influx.load(tmp_path).readings
    assert readings[readings["device_id"] == "tv"]["energy_kwh"].sum() == 24


def test_an_earlier_name_that_no_file_holds_is_no_other_one_if_it_looks_the_same(tmp_path) -> None:
    home = tiny.write_readings(tmp_path, home='devices: {"tv\\u200B": {same_as: tv}}\n', **{"tv\u200b": np.ones(48)})
    assert influx.load(home).readings["energy_kwh"].sum() == 48


def test_files_whose_names_look_the_same_have_an_account_each(tmp_path) -> None:
    for name, start in (("a.csv", "2024-05-06"), ("a\u200b.csv", "2024-05-08")):
        tiny.write_readings(tmp_path / "made", start, tv=np.ones(24)).joinpath("readings.csv").rename(tmp_path / name)
    (tmp_path / "made").rmdir()
    account = influx.load(tmp_path).reconciliation.set_index("file")
    assert account["kwh_used"].to_dict() == {"a.csv": 24, "a.csv (2)": 24}


def test_names_that_are_clean_are_left_alone(tmp_path) -> None:
    home = influx.load(tiny.write_readings(tmp_path, home="devices: {tv: {same_as: telly}}", tv=tiny.days(2)))
    assert not [note for note in home.notes if "is shown as" in note]
    audit = Audit()
    assert with_clean_names([], home.settings, audit)[1] == home.settings
    assert not [note for note in audit.notes if "is shown as" in note]


def test_a_file_name_that_is_no_text_is_read_and_told(tmp_path) -> None:
    tiny.write_readings(tmp_path, tv=tiny.days(2)).joinpath("readings.csv").rename(tmp_path / "x\udcff.csv")
    run = Run(tmp_path, output=tmp_path / ".run")
    assert list(run.home().reconciliation["file"]) == ["x\ufffd.csv"]


# --- what leaves ------------------------------------------------------------------------------------------------------


@given(st.lists(st.text(), min_size=1, max_size=6))
def test_a_cell_gives_back_its_text_and_is_never_computed(texts: list[str]) -> None:
    for text in [*texts, *(start + text for start in "=+-@\t\r'\uff1d" for text in texts)]:
        cell = for_cell(text)
        assert from_cell(cell) == text
        assert not is_computed(cell)
        assert not [part for part in cell.split(";") if is_computed(part)] or cell == text


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1, max_size=6))
@example(["7", "1.0", "NaN"])
@example(["2024-07-01"])
@example(["a\rb", "'=1", ";@"])
def test_a_name_that_was_written_is_read_again(tmp_path_factory, names: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "frame.csv"
    frame = pd.DataFrame({"device_id": names, "timestamp": "2024-07-14T00:00Z", "energy_kwh": -1.5})
    tabular_io.write_csv(frame.assign(**{"=x": 1.0}), path)
    assert list(tabular_io.read_readings(path)["device_id"]) == names
    read = read_back(path)
    assert read["device_id"] == names and read["=x"] == ["1.0"] * len(names)


def test_numbers_and_times_stay_what_they_are(tmp_path) -> None:
    frame = pd.DataFrame({"a": [-1.5, np.nan], "b": ["-1.5", "+2"], "c": pd.to_datetime(["2024-07-14"] * 2)})
    tabular_io.write_csv(frame.assign(d=pd.Series(["=1", None], dtype=object)), tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "a,b,c,d\n-1.5,-1.5,2024-07-14,'=1\n,+2,2024-07-14,\n"


def test_a_forecast_of_formulas_is_no_formula(tmp_path) -> None:
    hours = pd.date_range("2024-06-24", periods=504, freq="h", tz="UTC")
    frame = pd.DataFrame({"device_id": "=1+1", "timestamp": hours, "energy_kwh": 0.1})
    tabular_io.write_frame(influx.forecast(frame, horizon=24), tmp_path / "forecast.csv")
    written = tabular_io.read_readings(tmp_path / "forecast.csv")
    assert set(written["device_id"]) == {"=1+1", "household"}
    assert "'=1+1" in (tmp_path / "forecast.csv").read_text()


@given(st.text())
def test_what_is_printed_steers_no_terminal(text: str) -> None:
    line = message(text)
    assert not unseen(line) and "\n" not in line and "\r" not in line and len(line) <= 2000
    assert message(line) == line
    assert not unseen(legible(text)) - {"\t"}
    assert str(InputError(text)) == line


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    line = message("readings.csv: no column a; there are " + "b, " * 5000 + ". Rename the column.")
    assert line.startswith("readings.csv: no column a") and line.endswith("Rename the column.") and len(line) <= 2000


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "--data", "no\x1b[2Jhome"],
        ["forecast", "no\x1b[2J.csv", "--output", "x.csv"],
        ["report", "\x1b[2J"],
        ["forecast", "a.csv", "--output", "x.csv", "--timezone", f"{BIDI}zone"],
    ],
)
def test_an_error_quotes_an_argument_legibly(arguments, tmp_path, capsys) -> None:
    from influx import __main__ as cli

    try:
        assert cli.main(arguments) == 1
    except SystemExit as left:
        assert left.code == 2
    said = capsys.readouterr().err
    assert not unseen(said) and ("\\x1b[2J" in said or "\\u202e" in said)


def test_what_is_inspected_steers_no_terminal(tmp_path, capsys) -> None:
    from influx import __main__ as cli

    rows = "".join(f"\x1b[31mtv,2024-05-06T{hour:02d}:00Z,\x1b]0;x\x07\n" for hour in range(4))
    rows += "".join(f"\x1b[31mtv,2024-05-07T{hour:02d}:00Z,1\n" for hour in range(8))
    (tmp_path / "x.csv").write_text(f"device_id,timestamp,energy_kwh\n{rows}")
    assert cli.main(["inspect", str(tmp_path / "x.csv")]) == 0
    said = capsys.readouterr().out
    assert "\\x1b[31mtv" in said and not unseen(said)


def test_an_error_of_a_file_quotes_its_name_and_columns_legibly(tmp_path) -> None:
    path = tmp_path / "x\x1b[31m.csv"
    path.write_text(f"device_id,{BIDI}energy\na,1\n")
    with pytest.raises(InputError) as caught:
        influx.load(path)
    assert not unseen(str(caught.value)) and "x\\x1b[31m.csv" in str(caught.value) and "\\u202e" in str(caught.value)


@given(st.text() | st.sampled_from([*RAW, "COM1.txt", "..", "a/../b", "C:\\x"]))
def test_a_file_is_called_so_that_every_system_takes_it(text: str) -> None:
    stem = file_name(text)
    assert stem and len(stem) <= 61 and not set('/\\:*?"<>|\n') & set(stem)
    assert stem not in (".", "..") and stem.split(".")[0].upper() not in ("CON", "NUL", "COM1")
    assert f'download="{stem}.csv"' in download(pd.DataFrame({"a": [1.0]}), text)


def test_a_dollar_in_a_name_is_no_mathematics() -> None:
    assert markup.sentence("$x^2$")._repr_html_().startswith('<div class="mathjax_ignore">')


def test_a_path_is_handed_to_a_notebook_as_it_is(tmp_path) -> None:
    """The data's path is a string of the notebook, and braces in its own path are no parameters."""
    from influx.report.execute_notebooks import check_parameters, run_all

    data = 'x"; raise SystemExit #\n{horizon} \\ \' """'
    folder = tmp_path / "{data}"
    made = tiny_notebooks.write(folder / "01_a.ipynb", "# A", f"assert data == {data!r}")
    check_parameters(made, ["data", "output"])
    (folder / "work").mkdir()
    (done,) = run_all([made], {"data": data}, folder / "work")
    assert done.name == "01_a"
