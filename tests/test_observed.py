"""From observations to readings: registers, powers, ends of intervals, signs, limits, and tables read in blocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import influx
from influx.errors import InputError
from influx.settings import Settings
from influx.sources import Part, encoding, observed, tabular
from influx.sources.layout import Channel, Layout
from influx.sources.table import Table

UTC = Settings(timezone="UTC")


def seen(*rows: tuple[str, float], channel: Channel = Channel("m"), said: Settings = UTC, **how: str) -> Part:
    """Return the readings of observations, each a time in UTC and a value, of one series."""
    stamps = pd.DatetimeIndex([at for at, _ in rows], tz="UTC").as_unit("us")
    frame = pd.DataFrame({"device_id": "m", "timestamp": stamps, "value": [value for _, value in rows]})
    raw = Table("file.csv", frame.set_axis(range(2, len(rows) + 2)), rows_read=len(rows))
    return observed.part(raw, {"m": channel}, "test", said, **how)  # type: ignore[arg-type]


def table(part: Part) -> list[tuple[str, float, float, str]]:
    frame = part.frame
    return [
        (f"{at:%H:%M}", float(minutes), round(float(kwh), 9), str(quality))
        for at, minutes, kwh, quality in zip(
            frame["timestamp"], frame["minutes"], frame["energy_kwh"], frame["quality"], strict=True
        )
    ]


def test_energy_stays_as_it_is() -> None:
    part = seen(("2024-06-01 00:00", 0.1), ("2024-06-01 01:00", 0.2))
    assert table(part) == [("00:00", 60, 0.1, "measured"), ("01:00", 60, 0.2, "measured")]


def test_a_time_at_the_end_is_an_interval_before_it() -> None:
    part = seen(("2024-06-01 00:30", 0.1), ("2024-06-01 01:00", 0.2), label="end")
    assert [row[0] for row in table(part)] == ["00:00", "00:30"]


def test_power_is_held_to_the_next_value_but_not_over_an_outage() -> None:
    watts = [("00:00", 600.0), ("00:10", 1200.0), ("00:20", 600.0), ("03:00", 600.0), ("03:10", 0.0)]
    part = seen(*[(f"2024-06-01 {at}", value) for at, value in watts], channel=Channel("m", "W", "power"))
    assert [(minutes, kwh) for _, minutes, kwh, _ in table(part)] == [
        (10, 0.1),
        (10, 0.2),
        (10, 0.1),
        (10, 0.1),
        (10, 0),
    ]


def test_where_silence_means_no_change_power_is_held_on() -> None:
    rows = [("2024-06-01 00:00", 1000.0), ("2024-06-01 06:00", 0.0), ("2024-06-01 06:10", 0.0)]
    part = seen(*rows, channel=Channel("m", "W", "power"), silence="unchanged")
    assert table(part)[0] == ("00:00", 360, 6.0, "measured")


def test_a_register_gives_each_row_what_was_counted_before_it() -> None:
    rows = [("2024-06-01 00:00", 5000.0), ("2024-06-01 01:00", 5300.0), ("2024-06-01 02:00", 5400.0)]
    part = seen(*rows, channel=Channel("m", "Wh", "counter"))
    assert table(part)[1:] == [("00:00", 60, 0.3, "measured"), ("01:00", 60, 0.1, "measured")]
    assert len(part.frame) == part.rows_read == 3


def test_what_was_counted_in_an_outage_is_estimated_and_told() -> None:
    rows = [(f"2024-06-01 {hour:02}:00", float(hour)) for hour in (0, 1, 2, 7, 8)]
    part = seen(*rows, channel=Channel("m", measures="counter"))
    assert table(part)[3] == ("02:00", 300, 5.0, "estimated")
    assert any("silent for a while once" in note for note in part.notes)


def test_a_register_that_says_nothing_while_nothing_changes_had_no_outage() -> None:
    rows = [("2024-06-01 00:00", 1.0), ("2024-06-01 09:00", 1.1), ("2024-06-01 09:10", 1.2)]
    part = seen(*rows, channel=Channel("m", measures="counter"), silence="unchanged")
    assert [row[3] for row in table(part)[1:]] == ["measured", "measured"]


def test_an_unavailable_register_had_one() -> None:
    rows = [("2024-06-01 00:00", 1.0), ("2024-06-01 01:00", np.nan), ("2024-06-01 09:00", 3.0)]
    part = seen(*rows, channel=Channel("m", measures="counter"), silence="unchanged")
    assert table(part)[2][2:] == (2.0, "estimated")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (Settings(), 3),  # 99 kW could be a very large home
        (Settings(power_limit_kw=20), 2),
        (Settings.model_validate({"devices": {"m": {"power_rating_watt": 1000}}}), 1),
    ],
)
def test_readings_above_the_rating_or_the_limit_are_rejected_with_their_energy(said: Settings, kept: int) -> None:
    rows = [
        ("2024-06-01 00:00", 0.9),
        ("2024-06-01 01:00", 21.0),
        ("2024-06-01 02:00", 99.0),
        ("2024-06-01 03:00", 0.1),
    ]
    part = seen(*rows, *[(f"2024-06-01 {hour:02}:00", 0.1) for hour in range(4, 9)], said=said)
    assert len(part.frame) == kept + 6
    assert part.rejected["kwh"].sum() + part.kwh == pytest.approx(121.5)


def test_a_meter_that_counts_the_other_way_is_turned_and_told() -> None:
    rows = [(f"2024-06-{day:02} {hour:02}:00", -0.1) for day in (1, 2) for hour in range(24)]
    part = seen(*rows, channel=Channel("m", role="solar"))
    assert part.kwh == pytest.approx(4.8)
    assert any("its sign is turned" in note for note in part.notes)


def test_a_net_meter_is_import_and_export() -> None:
    rows = [(f"2024-06-01 {hour:02}:00", 0.5 if hour < 12 else -0.25) for hour in range(24)]
    part = seen(*rows, channel=Channel("net", role="grid_import"))
    sums = part.frame.groupby("device_id", observed=True)["energy_kwh"].sum()
    assert sums.to_dict() == pytest.approx({"net": 6.0, "net back": 3.0})
    assert part.roles == {"net": "grid_import", "net back": "grid_export"}


def test_a_unit_of_something_else_is_an_error_that_says_so() -> None:
    with pytest.raises(InputError, match="no unit of energy"):
        seen(("2024-06-01 00:00", 1.0), ("2024-06-01 01:00", 1.0), channel=Channel("m", "m³"))


# --- tables -----------------------------------------------------------------------------------------------------------

WIDE = Layout("test", "time", {"a": Channel("a"), "b": Channel("b", "Wh")})


def write(folder: Path, text: str) -> Path:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    return path


def rows_of(count: int) -> str:
    stamps = pd.date_range("2024-06-01", periods=count, freq="h")
    bad = {7: "x", 300: "-5"}
    return "".join(f"{at:%Y-%m-%d %H:%M},{n / 100},{bad.get(n, n)}\n" for n, at in enumerate(stamps))


def test_a_table_read_in_blocks_is_the_table_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "time,a,b\n" + rows_of(400))
    whole = tabular.read(path, WIDE, UTC)
    monkeypatch.setattr(encoding, "BLOCK", 1000)
    blocks = tabular.read(path, WIDE, UTC)
    pd.testing.assert_frame_equal(blocks.frame, whole.frame)
    pd.testing.assert_frame_equal(blocks.rejected, whole.rejected)
    assert whole.rejected[["row", "column", "value"]].to_numpy().tolist() == [[9, "b", "x"], [302, "b", "-5"]]


def test_a_value_over_the_border_of_two_blocks_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'time,who,kWh\n2024-06-01 00:00,"the\nold tv",1\n2024-06-01 01:00,"the\nold tv",2\n'
    monkeypatch.setattr(encoding, "BLOCK", 30)
    part = tabular.read(write(tmp_path, text), Layout("test", "time", device="who", value="kWh"), UTC)
    assert list(part.frame["energy_kwh"]) == [1, 2]


def test_the_doubled_and_the_missing_hour_of_a_register_keep_the_days_energy(tmp_path: Path) -> None:
    stamps = pd.date_range("2024-10-26 22:00", periods=26, freq="h", tz="UTC").tz_convert("Europe/Madrid")
    rows = "".join(f"{at:%Y-%m-%d %H:%M},{100 + n}\n" for n, at in enumerate(stamps))
    layout = Layout("test", "time", {"kWh": Channel("m", measures="counter")})
    part = tabular.read(write(tmp_path, "time,kWh\n" + rows), layout, Settings(timezone="Europe/Madrid"))
    assert part.frame["energy_kwh"].dropna().tolist() == [1.0] * 25  # a day of 25 hours
    assert part.rejected.empty


def test_what_home_yaml_says_of_a_file_counts(tmp_path: Path) -> None:
    path = write(tmp_path, "time,a,b\n2024-06-01 01:00,1,2000\n2024-06-01 02:00,1,2000\n")
    said = Settings.model_validate({"files": {"*.csv": {"label": "end", "columns": {"b": {"device": "oven"}}}}})
    part = tabular.read(path, WIDE, said)
    assert part.frame["timestamp"].min() == pd.Timestamp("2024-06-01", tz="UTC")
    assert part.frame.groupby("device_id", observed=True)["energy_kwh"].sum().to_dict() == {"a": 2.0, "oven": 4.0}


def test_files_that_home_yaml_leaves_out_are_not_read_and_said(tmp_path: Path) -> None:
    write(tmp_path, "device_id,timestamp,energy_kwh\ntv,2024-06-01 00:00,1\n")
    (tmp_path / "old.csv").write_text("device_id,timestamp,energy_kwh\ntv,2024-06-01 01:00,1\n", encoding="utf-8")
    (tmp_path / "home.yaml").write_text("files: {old.csv: {ignore: true}}\n", encoding="utf-8")
    home = influx.load(tmp_path)
    assert home.account["file"].tolist() == ["file.csv"]
    assert "Not read: old.csv, as home.yaml says." in home.notes
