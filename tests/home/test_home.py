"""A home's folder as a whole: what is loaded, what is accounted for, what an as-of time hides, and the real homes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import influx
from influx.core import schema
from influx.core.errors import InputError
from influx.home.home import Home, load, unexplained_kwh

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
real = pytest.mark.skipif(not DATA.exists(), reason="the shared real homes are not here")

HEADER = "device_id,timestamp,duration_minutes,power_consumption_kwh"
EVENTS = "TV,2024-07-01 10:00,60,0.5\nTV,2024-07-01 20:30,60,1.0\nAC,2024-07-02 23:00,120,2.0\n"
FRAMES = ("readings", "devices", "context", "minutes", "flows", "rejected", "reconciliation", "corrections", "series")


def home_of(folder: Path, as_of: str | None = None, **files: str) -> Home:
    """Write files (`events` is events.csv, `home` home.yaml), each a minute newer than the one before; load them."""
    for number, (name, content) in enumerate(files.items()):
        path = folder / ("home.yaml" if name == "home" else f"{name}.csv")
        path.write_text(content, encoding="utf-8")
        os.utime(path, (1_700_000_000 + 60 * number,) * 2)
    return load(folder, as_of)


def series(home: Home, device: str) -> pd.Series:
    return home.readings[home.readings["device_id"] == device].set_index("timestamp")["energy_kwh"]


def noted(home: Home, *parts: str) -> bool:
    return any(all(part in note for part in parts) for note in home.notes)


def assert_accounted(home: Home) -> None:
    account = home.reconciliation
    parts = account["rows_used"] + account["rows_rejected"] + account["rows_after_as_of"]
    assert (account["rows_read"] == parts).all()
    assert account["rows_rejected"].sum() == len(home.rejected)
    assert unexplained_kwh(home) == pytest.approx(0, abs=1e-9 * max(account["kwh_read"].sum(), 1))


# --- the good path ----------------------------------------------------------------------------------------------------


def test_a_folder_of_events(tmp_path: Path) -> None:
    home = home_of(tmp_path, events=f"{HEADER}\n{EVENTS}", home="timezone: Europe/Madrid\nhome_id: casa\n")
    # 10:00 on 1 July to 1:00 on 3 July: 39 hours, from 8:00 UTC
    assert list(home.readings.columns) == list(schema.READINGS.columns)
    assert set(home.readings["home_id"]) == {"casa"}
    assert home.readings.groupby("device_id").size().to_dict() == {"AC": 39, "TV": 39}
    assert series(home, "TV").iloc[0] == 0.5
    assert series(home, "TV").index[0] == pd.Timestamp("2024-07-01 08:00", tz="UTC")
    assert series(home, "TV").sum() == 1.5
    assert series(home, "AC").iloc[-2:].tolist() == [1.0, 1.0]
    assert home.origin == pd.Timestamp("2024-07-03 22:00", tz="UTC")  # midnight in Madrid after the data
    assert home.minutes.groupby("device_id")["duration_minutes"].sum().to_dict() == {"AC": 120, "TV": 120}
    assert home.weather is None
    assert list(home.context.columns) == ["timestamp"]
    assert home.context.empty
    assert_accounted(home)
    assert influx.load(tmp_path).origin == home.origin


def test_one_file_is_a_home_and_takes_the_settings_beside_it(tmp_path: Path) -> None:
    home_of(tmp_path, events=f"{HEADER}\n{EVENTS}", home="timezone: Europe/Madrid\n")
    home = load(tmp_path / "events.csv")
    assert home.settings.timezone == "Europe/Madrid"
    assert noted(home, "home.yaml beside events.csv")


def test_a_file_of_gas_is_left_aside_beside_others_and_an_error_alone(tmp_path: Path) -> None:
    header = "Consumption (kwh), Estimated Cost Inc. Tax (p), Start, End"
    usage = f"{header}\n1.5, 3, 2024-07-01T00:00:00Z, 2024-07-01T00:30:00Z"
    home = home_of(tmp_path, events=f"{HEADER}\n{EVENTS}", gas_use=usage)
    assert noted(home, "Not read: gas_use.csv, gas by its name", "not electricity")
    assert home.reconciliation["file"].tolist() == ["events.csv"]
    with pytest.raises(InputError, match=r"gas_use\.csv: this is gas by its name .*, not electricity"):
        load(tmp_path / "gas_use.csv")


def test_what_is_assumed_and_what_is_lacking_is_noted(tmp_path: Path) -> None:
    home = home_of(tmp_path, events=f"{HEADER},tariff_rate\n" + EVENTS.replace("\n", ",0.2\n"))
    assert noted(home, "No time zone is given")
    assert noted(home, "The data has no device_type", "occupancy_count", "left out")
    assert not noted(home, "The data has no", "tariff_rate")
    (tmp_path / "events.csv").write_text("device_id,timestamp,energy_kwh\ntv,2024-05-06T00:00:00Z,0.5\n")
    assert noted(load(tmp_path), "The files tell energy alone", "or of the outdoor temperature", "unless home.yaml")
    home = home_of(tmp_path, weather="timestamp,outdoor_temp_celsius\n2024-05-06T00:00:00Z,12\n")
    assert noted(home, "The files tell energy alone")
    assert not noted(home, "outdoor temperature")


def test_facts_of_devices_come_from_the_data_and_from_home_yaml(tmp_path: Path) -> None:
    rows = (
        "device_id,device_type,power_rating_watt,standby_power_watt,mode_of_operation,timestamp,duration_minutes,"
        "power_consumption_kwh\nTV,LED,120,2,Eco,2024-07-01 10:00,60,1\nTV,LED,120,2,Normal,2024-07-01 12:00,60,1\n"
        "TV,LED,,,,2024-07-01 14:00,60,1\nAC,Split,,,Eco,2024-07-01 10:00,60,1\n"
    )
    said = "devices: {TV: {location: hall, flexible: true, standby_power_watt: 3}, ghost: {always_on: true}}\n"
    home = home_of(tmp_path, events=rows, home=said)
    assert series(home, "TV").sum() == 3.0  # standby is never part of the readings
    tv = home.devices.set_index("device_id").loc["TV"]
    assert tv["mode_of_operation"] == "Normal"  # the last known one
    assert (tv["power_rating_watt"], tv["standby_power_watt"]) == (120, 3)
    assert (tv["location"], tv["flexible"], tv["always_on"], tv["source"]) == ("hall", True, False, "events")
    assert (tv["first"].hour, tv["last"].hour, tv["kwh"]) == (10, 14, 3.0)
    ac = home.devices.set_index("device_id").loc["AC"]
    assert np.isnan(ac["power_rating_watt"])
    assert ac["location"] != ac["location"]
    assert {*schema.STATIC_COLUMNS, "device_type", "maintenance_last_date"} <= set(home.devices.columns)
    assert noted(home, "home.yaml names ghost", "nothing")
    assert "ghost" not in set(home.devices["device_id"])


def test_context_is_the_mean_of_the_events_that_start_in_an_hour(tmp_path: Path) -> None:
    rows = "A,2024-07-01 10:05,30,1,20,1\nB,2024-07-01 10:50,30,1,24,\nA,2024-07-01 12:10,10,1,30,3\n"
    context = home_of(tmp_path, events=f"{HEADER},outdoor_temp_celsius,occupancy_count\n{rows}").context
    assert list(context["timestamp"].dt.hour) == [10, 11, 12]
    np.testing.assert_array_equal(context["outdoor_temp_celsius"], [22, np.nan, 30])
    np.testing.assert_array_equal(context["occupancy_count"], [1, np.nan, 3])


def test_half_hour_zones_have_their_own_hours(tmp_path: Path) -> None:
    home = home_of(
        tmp_path,
        events=f"{HEADER},tariff_rate\nA,2024-07-01 10:10,40,1,5\nA,2024-07-01 12:00,60,1,6\n",
        home="timezone: Asia/Kolkata\n",
    )
    assert [f"{stamp:%H:%M}" for stamp in series(home, "A").index] == ["04:30", "05:30", "06:30"]
    assert series(home, "A").tolist() == [1, 0, 1]
    np.testing.assert_array_equal(home.context["tariff_rate"], [5, np.nan, 6])
    assert home.origin == pd.Timestamp("2024-07-01 18:30", tz="UTC")


def test_a_home_shows_what_it_holds_and_escapes_names(tmp_path: Path) -> None:
    rows = EVENTS.replace("AC", "<b>AC</b>") + "TV,?,1,1\n"
    home = home_of(tmp_path, "2024-07-02", events=f"{HEADER}\n{rows}", home="timezone: Europe/Madrid\nhome_id: casa\n")
    shown = repr(home)
    for fact in (
        "casa",
        "events.csv",
        "1 rows rejected, 1 after",
        "TV (1.5 kWh)",
        "2024-07-01 10:00 to 2024-07-01 22:00 (Europe/Madrid)",
    ):
        assert fact in shown
    home = home_of(tmp_path, events=f"{HEADER}\n{rows}")
    assert "&lt;b&gt;AC" in home._repr_html_()
    assert "<b>" not in home._repr_html_()
    assert len(repr(home).splitlines()) == 10


# --- meters, and files of several kinds -------------------------------------------------------------------------------


def test_main_meter_devices_flows_and_weather(tmp_path: Path) -> None:
    home = home_of(
        tmp_path,
        meters="timestamp,main,tv,pv\n2024-07-01 00:00,1,0.25,0\n2024-07-01 01:00,2,0.5,3\n",
        weather="timestamp,outdoor_temp_celsius\n2024-07-01 00:00,20\n2024-07-01 00:30,21\n2024-07-02 00:00,25\n",
        home="devices: {main: {location: cellar}}\n",
    )
    assert series(home, "household").tolist() == [1, 2]
    assert series(home, "other").tolist() == [0.75, 1.5]
    assert "pv" not in set(home.readings["device_id"])
    assert home.flows["role"].unique().tolist() == ["solar"]
    assert set(schema.READINGS.columns) <= set(home.flows.columns)
    sources = home.devices.set_index("device_id")["source"].to_dict()
    assert sources == {"household": "readings", "other": "derived", "tv": "readings"}
    assert home.devices.set_index("device_id")["location"]["household"] == "cellar"
    assert home.weather["outdoor_temp_celsius"].tolist() == [20.5, 25]
    assert home.weather["kind"].tolist() == ["measured", "forecast"]  # the second one is after the data
    assert home.minutes.empty
    assert_accounted(home)


def test_minutes_of_use_go_by_the_names_in_the_readings(tmp_path: Path) -> None:
    rows = "main,2024-07-01 10:00,60,1\nTV,2024-07-01 10:00,30,0.5\npv,2024-07-01 10:00,60,1\n"
    home = home_of(tmp_path, events=f"{HEADER}\n{rows}")
    assert home.minutes.set_index("device_id")["duration_minutes"].to_dict() == {"household": 60, "TV": 30}
    assert home.devices.set_index("device_id")["source"].to_dict() == {
        "household": "events",
        "TV": "events",
        "other": "derived",
    }


def test_measured_weather_goes_before_a_forecast_of_the_same_hour(tmp_path: Path) -> None:
    home = home_of(
        tmp_path,
        events=f"{HEADER}\n{EVENTS}",
        weather="timestamp,outdoor_temp_celsius,kind\n2024-07-01 00:00,20,measured\n2024-07-01 01:00,1,forecast\n",
        newer="timestamp,outdoor_temp_celsius,kind\n2024-07-01 00:00,9,forecast\n2024-07-01 01:00,2,forecast\n",
    )
    assert home.weather["outdoor_temp_celsius"].tolist() == [20, 2]


def test_files_that_overlap_the_newer_one_wins_and_it_is_counted(tmp_path: Path) -> None:
    head = "device_id,timestamp,energy_kwh\n"
    old = head + "tv,2024-07-01 00:00,1\ntv,2024-07-01 01:00,2\n"
    new = head + "tv,2024-07-01 01:00,5\ntv,2024-07-01 02:00,6\n"
    home = home_of(tmp_path, z_old=old, a_new=new)
    assert series(home, "tv").tolist() == [1, 5, 6]
    assert home.reconciliation.set_index("file")["overlaps"].to_dict() == {"z_old.csv": 1, "a_new.csv": 0}
    assert home.reconciliation["kwh_read"].tolist() == [3, 11]
    assert home.reconciliation["kwh_used"].tolist() == [1, 11]
    os.utime(tmp_path / "z_old.csv", (1_800_000_000,) * 2)
    assert series(load(tmp_path), "tv").tolist() == [1, 2, 6]
    os.utime(tmp_path / "a_new.csv", (1_800_000_000,) * 2)  # files of the same age go by name
    assert series(load(tmp_path), "tv").tolist() == [1, 2, 6]


def test_readings_count_where_a_device_has_events_too(tmp_path: Path) -> None:
    home = home_of(
        tmp_path,
        readings="timestamp,TV\n2024-07-01 10:00,0.7\n2024-07-01 11:00,0.1\n",
        events=f"{HEADER}\nTV,2024-07-01 11:30,60,1.0\n",
    )
    assert series(home, "TV").tolist() == [0.7, 0.1, 0.5]
    assert noted(home, "1 device-hours are known from events and from readings", "0.5 kWh")


# --- what is left out -------------------------------------------------------------------------------------------------


def test_files_of_no_known_format_are_named(tmp_path: Path) -> None:
    (tmp_path / ".hidden.csv").write_text("?")
    (tmp_path / "photos").mkdir()
    (tmp_path / "bill.pdf").write_bytes(bytes(range(256)))
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    home = home_of(tmp_path, events=f"{HEADER}\n{EVENTS}", prices="day,price\n1,2\n")
    assert noted(home, "Not read: prices.csv", "day, price")
    assert noted(home, "Not read: bill.pdf")
    assert noted(home, "Not read: photos, a folder")
    assert noted(home, "Not read: gone.csv")
    assert not noted(home, "hidden")


def test_rejected_rows_of_all_files_are_listed(tmp_path: Path) -> None:
    home = home_of(
        tmp_path, one=f"{HEADER}\n{EVENTS}TV,?,1,1\n", two="timestamp,m,n\n2024-07-01,x,1\n2024-07-01 01:00,1,1\n"
    )
    assert home.rejected[["file", "row", "column"]].to_numpy().tolist() == [
        ["one.csv", 5, "timestamp"],
        ["two.csv", 2, "m"],
    ]
    assert_accounted(home)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no file holds the energy"),
        ({"weather": "timestamp,outdoor_temp_celsius\n2024-07-01,20\n"}, r"no file holds the energy.*weather\.csv"),
        ({"events": f"{HEADER}\n{EVENTS}", "more": ""}, r"more\.csv: the file is empty"),
        ({"events": f"{HEADER}\n{EVENTS}", "more": "\0\0,\0"}, r"more\.csv: it cannot be read as a CSV"),
        ({"readings": "timestamp,tv,fridge\n2024-07-01,,\n2024-07-02,,\n"}, "no column holds the energy"),
        ({"readings": "device_id,timestamp,energy_kwh\na,2024-07-01,\n"}, "no hour whose energy is known"),
        ({"a": "timestamp,main,total\n2024-07-01,1,2\n"}, "several main meters"),
        ({"events": f"{HEADER}\n{EVENTS}", "home": "timezone: Mars\n"}, r"home\.yaml: timezone"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        home_of(tmp_path, **files)


def test_paths_that_lead_nowhere_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file or folder"):
        load(tmp_path / "nowhere")
    (tmp_path / "home.yml").write_text("home_id: x\n")
    with pytest.raises(InputError, match=r"rename this file to home\.yaml"):
        load(tmp_path)
    (tmp_path / "home.yml").rename(tmp_path / "home.yaml")
    with pytest.raises(InputError, match="give the folder"):
        load(tmp_path / "home.yaml")
    (tmp_path / "prices.csv").write_text("day,price\n1,2\n")
    with pytest.raises(InputError, match=r"prices\.csv: of no known format; its columns are day, price"):
        load(tmp_path / "prices.csv")


# --- one home among several -------------------------------------------------------------------------------------------

HOMES = (
    "home_id,device_id,timestamp,energy_kwh\nA,m,2024-07-01 00:00,1\nB,m,2024-07-01 00:00,2\nB,m,2024-07-01 01:00,3\n"
)


def test_home_yaml_chooses_one_of_several_homes_and_the_others_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2 homes: A, B\. Split them"):
        home_of(tmp_path, readings=HOMES)
    with pytest.raises(InputError, match=r"home\.yaml says C"):
        home_of(tmp_path, readings=HOMES, home="home_id: C\n")
    home = home_of(tmp_path, readings=HOMES, home="home_id: A\n")
    assert series(home, "m").tolist() == [1]
    assert list(home.rejected["row"]) == [3, 4]
    assert set(home.rejected["value"]) == {"B"}
    assert home.reconciliation["kwh_read"].tolist() == [6]
    assert home.rejected["kwh"].tolist() == [2, 3]
    assert_accounted(home)


def test_a_home_is_named_by_home_yaml_or_by_its_only_files(tmp_path: Path) -> None:
    only = HOMES.replace("A,", "B,")
    assert set(home_of(tmp_path, readings=only).readings["home_id"]) == {"B"}
    assert set(home_of(tmp_path, readings=only, home="home_id: mine\n").readings["home_id"]) == {"mine"}
    more = "device_id,timestamp,energy_kwh\nn,2024-07-01 00:00,7\n"  # names no home
    home = home_of(tmp_path, readings=HOMES, more=more, home="home_id: B\n")
    assert series(home, "n").tolist()[0] == 7
    assert series(home, "m").tolist() == [2, 3]


# --- as of a time -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "origin", "used"),
    [
        ("2024-07-02", "2024-07-01 22:00", 2),  # local midnight in Madrid
        ("2024-07-01T20:00", "2024-07-01 18:00", 1),
        ("2024-07-01T20:00Z", "2024-07-01 20:00", 2),
        ("2024-07-01 20:31", "2024-07-01 19:00", 2),
        (pd.Timestamp("2024-07-01 20:00", tz="Europe/Madrid"), "2024-07-01 18:00", 1),
        ("2030-01-01", "2029-12-31 23:00", 3),
        ("", "2024-07-03 22:00", 3),
    ],
)
def test_as_of_sets_the_origin_and_hides_what_came_later(tmp_path: Path, as_of: str, origin: str, used: int) -> None:
    home = home_of(tmp_path, as_of, events=f"{HEADER}\n{EVENTS}", home="timezone: Europe/Madrid\n")
    assert home.origin == pd.Timestamp(origin, tz="UTC")
    assert home.reconciliation["rows_used"].tolist() == [used]
    assert home.reconciliation["rows_after_as_of"].tolist() == [3 - used]
    assert (home.readings["timestamp"] < home.origin).all()
    assert_accounted(home)


@pytest.mark.parametrize(
    ("zone", "day", "origin"),
    [
        ("America/Havana", "2024-11-03", "2024-11-03 04:00"),  # the clock shows 0:00 twice
        ("America/Santiago", "2024-09-08", "2024-09-08 04:00"),  # the clock skips from 0:00 to 1:00
    ],
)
def test_a_day_begins_with_its_first_moment(tmp_path: Path, zone: str, day: str, origin: str) -> None:
    home = home_of(tmp_path, day, events=f"{HEADER}\n{EVENTS}", home=f"timezone: {zone}\n")
    assert home.origin == pd.Timestamp(origin, tz="UTC")


def test_a_reading_is_known_when_its_hour_is_over(tmp_path: Path) -> None:
    rows = "timestamp,tv\n2024-07-01 08:00,1\n2024-07-01 09:00,2\n2024-07-01 10:00,3\n"
    home = home_of(tmp_path, "2024-07-01 10:30", readings=rows)
    assert series(home, "tv").tolist() == [1, 2]
    assert home.origin.hour == 11
    assert home.reconciliation["rows_after_as_of"].tolist() == [1]


def test_a_file_that_begins_after_the_as_of_time_is_accounted_for(tmp_path: Path) -> None:
    later = EVENTS.replace("2024-07", "2024-08")
    home = home_of(tmp_path, "2024-07-20", events=f"{HEADER}\n{EVENTS}", more=f"{HEADER}\n{later}")
    assert home.reconciliation["rows_after_as_of"].tolist() == [0, 3]
    assert home.corrections[["file", "kwh"]].to_numpy().tolist() == [["more.csv", 3.5]]
    assert_accounted(home)


def test_later_weather_is_known_only_as_a_forecast(tmp_path: Path) -> None:
    kinds = (
        "timestamp,outdoor_temp_celsius,kind\n2024-07-01 10:00,20,measured\n"
        "2024-07-02 10:00,21,measured\n2024-07-02 11:00,22,forecast\n"
    )
    home = home_of(tmp_path, "2024-07-02", events=f"{HEADER}\n{EVENTS}", weather=kinds)
    assert home.weather["outdoor_temp_celsius"].tolist() == [20, 22]
    assert noted(home, "weather.csv: 1 rows measured after the as-of time")
    (tmp_path / "weather.csv").write_text("timestamp,outdoor_temp_celsius\n2024-07-01 10:00,20\n2024-07-02 10:00,21\n")
    home = load(tmp_path, "2024-07-02")
    assert home.weather["kind"].tolist() == ["measured", "forecast"]
    assert noted(home, "weather.csv has no column kind")


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        ("2024-07-01", r"no data before the as-of time 2024-07-01 00:00: .* 2024-07-01 10:00 to 2024-07-02 23:00"),
        ("next week", "as_of: 'next week' is not a date"),
        ("2024-02-30", "is not a date"),
        ("2024-10-27 02:30", "ambiguous"),
        ("2024-03-31 02:30", "does not exist"),
    ],
)
def test_an_as_of_time_that_cannot_be_used_is_one_clear_error(tmp_path: Path, as_of: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        home_of(tmp_path, as_of, events=f"{HEADER}\n{EVENTS}", home="timezone: Europe/Madrid\n")


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["TV", "AC", ""]),
        st.integers(0, 96).filter(lambda hour: hour != 50),  # two hours in Madrid: which one depends on the other rows
        st.integers(0, 59),
        st.sampled_from([1, 45, 60, 90, 600]),
        st.integers(0, 30),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=10)
@given(rows=ROWS, hour=st.integers(1, 110), zone=st.sampled_from(["Europe/Madrid", "Asia/Kolkata", "UTC"]))
def test_as_of_is_the_same_as_a_file_that_ends_there(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, int, int, int]], hour: int, zone: str
) -> None:
    start = pd.Timestamp("2024-10-25")  # the clock goes back in Madrid on the 27th
    stamps = [start + pd.Timedelta(hours=h, minutes=m) for _, h, m, _, _ in rows]
    lines = [f"{name},{t:%Y-%m-%d %H:%M},{long},{kwh}" for t, (name, _, _, long, kwh) in zip(stamps, rows, strict=True)]
    safe = [f"TV,2024-10-25 00:{minute:02},1,0.1" for minute in range(len(rows))]
    as_of = (start + pd.Timedelta(hours=hour)).tz_localize(zone, ambiguous=True)
    earlier = [
        line
        for line, stamp in zip(lines, stamps, strict=True)
        if stamp.tz_localize(zone, ambiguous="NaT") < as_of or line.startswith(",")
    ]
    folder = tmp_path_factory.mktemp("home")
    zoned = f"timezone: {zone}\n"
    whole = home_of(folder, str(as_of), events="\n".join([HEADER, *safe, *lines]), home=zoned)
    ended = home_of(folder, str(as_of), events="\n".join([HEADER, *safe, *earlier]), home=zoned)
    assert_accounted(whole)
    assert whole.reconciliation["kwh_used"].sum() == pytest.approx(whole.readings["energy_kwh"].sum(), abs=1e-9)
    pd.testing.assert_frame_equal(whole.readings, ended.readings)
    pd.testing.assert_frame_equal(whole.devices, ended.devices)
    pd.testing.assert_frame_equal(whole.context, ended.context)


# --- saving -----------------------------------------------------------------------------------------------------------


def assert_same(first: Home, second: Home) -> None:
    assert first.fingerprint == second.fingerprint
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name), obj=name)
    assert (first.settings, first.notes, first.origin) == (second.settings, second.notes, second.origin)
    assert first.settings.default_notes() == second.settings.default_notes()


@pytest.mark.parametrize("weather", [True, False])
def test_a_saved_home_comes_back_exactly(tmp_path: Path, weather: bool) -> None:
    rows = '"Tü\nr",2024-07-01 10:10,40,1,,5\nA,2024-07-01 12:00,6,1,Eco,6\nA,?,1,1,,\n'
    files = {"events": f"{HEADER},mode_of_operation,tariff_rate\n{rows}"}
    if weather:
        files |= {"weather": "timestamp,outdoor_temp_celsius\n2024-07-01,20\n"}
    folder = tmp_path / "home"
    folder.mkdir()
    said = "timezone: Asia/Kolkata\ndevices: {A: {since: 2024-07-01, flexible: true}}\ntariff: {rate: 5}\n"
    home = home_of(folder, **files, home=said)
    home.save(tmp_path / "saved")
    assert_same(home, Home.open(tmp_path / "saved"))
    assert not [path for path in (tmp_path / "saved").iterdir() if path.name.startswith(".")]


def test_saving_again_replaces_what_was_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no saved home"):
        Home.open(tmp_path)
    weather = "timestamp,outdoor_temp_celsius\n2024-07-01,20\n"
    home_of(tmp_path, events=f"{HEADER}\n{EVENTS}", weather=weather).save(tmp_path / "saved")
    (tmp_path / "weather.csv").unlink()
    second = load(tmp_path)
    second.save(tmp_path / "saved")
    assert_same(second, Home.open(tmp_path / "saved"))


# --- the sample and the real homes ------------------------------------------------------------------------------------


def test_the_shipped_sample() -> None:
    home = load(ROOT / "data" / "sample")
    assert home.settings.home_id == "sample"
    assert home.origin == pd.Timestamp("2024-07-14 22:00", tz="UTC")
    rooms = ["AC_LR", "FAN_BR", "FRIDGE", "LAPTOP", "LIGHT_LR", "MICRO", "ROUTER", "TV_LR", "WH_BATH", "WM"]
    assert home.devices["device_id"].tolist() == [f"{room}_01" for room in rooms]
    assert home.readings.groupby("device_id").size().unique().tolist() == [12 * 7 * 24]
    assert len(home.rejected) == 0
    assert home.reconciliation["kwh_used"].sum() == pytest.approx(home.readings["energy_kwh"].sum())
    assert home.weather["timestamp"].max() >= home.origin + pd.Timedelta(hours=167)
    assert not noted(home, "The data has no")
    assert_accounted(home)


REAL = [
    ("smart_home_energy_sample.csv", "", 220, 49.618, ""),
    ("homes/opsd_residential4.parquet", "household", 103503, 6975.565, "household: in 7 hours"),
    ("homes/uci_sceaux.parquet", "household", None, 37297.664815, "main is taken for the main meter"),
    ("homes/london_10_halfhourly.parquet", "", None, None, "10 homes: MAC000002, MAC000004"),
    ("bench/opsd_devices.parquet", "", None, None, ""),
    ("bench/uci_house.parquet", "", None, None, ""),
]


@real
@pytest.mark.parametrize(("file", "device", "rows", "kwh", "words"), REAL)
def test_the_real_homes(file: str, device: str, rows: int | None, kwh: float | None, words: str) -> None:
    if file.startswith("homes/london"):
        with pytest.raises(InputError, match=words):
            load(DATA / file)
        return
    home = load(DATA / file)
    assert rows is None or home.reconciliation["rows_read"].tolist() == [rows]
    energy = series(home, device) if device else home.readings["energy_kwh"]
    assert kwh is None or energy.sum() == pytest.approx(kwh)
    assert not words or noted(home, words)
    assert_accounted(home)


def hourly(*names: str, days: int = 3, kwh: tuple[str, ...] = ("0.1", "0.2")) -> str:
    """Return a table of hourly readings, a column a device."""
    stamps = pd.date_range("2024-05-01", periods=24 * days, freq="h").strftime("%Y-%m-%d %H:%M")
    return "\n".join([f"timestamp,{','.join(names)}", *(f"{at},{','.join(kwh[: len(names)])}" for at in stamps)])


def test_a_renamed_device_is_one_device(tmp_path: Path) -> None:
    """A fridge that was `old` for two days and is `new` since; a column each, empty where the other one is filled."""
    lines = hourly("old", "new", days=5).split("\n")
    rows = [line.replace(",0.2", ",") if n <= 48 else line.replace(",0.1", ",") for n, line in enumerate(lines)]
    said = "devices: {new: {same_as: old}, tv: {same_as: telly}}"
    home = home_of(tmp_path, readings="\n".join(rows), home=said)
    assert set(home.readings["device_id"]) == {"new"}
    energy = series(home, "new")
    assert energy.notna().all()
    assert energy.sum() == pytest.approx(48 * 0.1 + 72 * 0.2)
    assert noted(home, "old and new are one device")
    assert noted(home, "tv was telly before, of which the files hold nothing")
    assert_accounted(home)


def test_two_devices_that_run_at_the_same_time_are_not_one(tmp_path: Path) -> None:
    files = {"readings": hourly("old", "new"), "home": "devices: {new: {same_as: old}}"}
    with pytest.raises(InputError, match=r"devices.new.same_as: readings.csv holds old and new at the same time in 72"):
        home_of(tmp_path, **files)


def test_one_meter_in_two_files_under_two_names_is_never_added_up(tmp_path: Path) -> None:
    files = {"app": hourly("import"), "meter": hourly("grid_import")}
    with pytest.raises(InputError, match=r"grid_import \(meter\.csv\) and import \(app\.csv\) count the same"):
        home_of(tmp_path, **files)
    home = home_of(tmp_path, **files, home="devices: {import: {role: ignore}}\n")
    assert series(home, "household").sum() == pytest.approx(home.reconciliation["kwh_read"].sum() / 2)


def test_the_phases_of_one_meter_are_added_up(tmp_path: Path) -> None:
    readings = hourly("import_1", "import_2", kwh=("0.5", "0.5"))
    assert series(home_of(tmp_path, readings=readings), "household").sum() == 72
