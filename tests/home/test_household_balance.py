"""The household and `other` from meters and from meters within meters, worked by hand; nothing counts twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny_homes as tiny
from hypothesis import given, settings
from hypothesis import strategies as st

import influx
from influx import load
from influx.core.errors import InputError
from influx.core.settings import Role, Settings
from influx.home import meter_roles
from influx.home.audit import Audit, SourceFile
from influx.home.household_balance import Balance, balance
from influx.importers import Part
from influx.insights import explore
from influx.report import checks

NAN = np.nan


def hours(**kwh: list[float]) -> pd.DataFrame:
    count = len(next(iter(kwh.values())))
    stamps = pd.date_range("2024-07-01", periods=count, freq="h", tz="UTC", unit="us")
    frame = pd.concat([pd.DataFrame({"device_id": n, "timestamp": stamps, "energy_kwh": v}) for n, v in kwh.items()])
    frame = frame.reset_index(drop=True).astype({"energy_kwh": float})
    return frame.assign(quality=np.where(frame["energy_kwh"].isna(), "missing", "measured"))


def balanced(
    frame: pd.DataFrame, devices: dict[str, Any] | None = None, of_formats: dict[str, Role] | None = None
) -> tuple[dict[str, list[float]], Balance, str]:
    """Return the energy of each series, the balance, and all notes as one text."""
    audit, settings = Audit(), Settings.model_validate({"devices": devices or {}})
    part = Part("readings", "", frame, pd.DataFrame(), len(frame), roles=of_formats or {})
    roles = meter_roles.decide(frame, [SourceFile("file", "", part, 0.0)], settings, audit)
    out = balance(frame, *roles, "home", audit)
    return (
        {str(n): list(rows["energy_kwh"]) for n, rows in out.readings.groupby("device_id")},
        out,
        "\n".join(audit.notes),
    )


def part_of(**containers: str) -> dict[str, Any]:
    return {name: {"part_of": container} for name, container in containers.items()}


IGNORED = {"role": "ignore"}
FLOWS = {"grid_import": [1.0], "grid_export": [0.5]}
NO_NEW_FLOW = "what the household uses does not follow"

MAIN_METER = [
    pytest.param(
        {"main": [1, 2, NAN, 4], "tv": [0.5, NAN, 0.5, 0.5], "oven": [0.25, 1, 0, 0]},
        {"household": [1, 2, NAN, 4], "other": [0.25, NAN, NAN, 3.5]},
        ["main is taken for the main meter, by its name"],
        id="a main meter is the household and leaves other",
    ),
    pytest.param(
        {"main": [1] * 5, "tv": [NAN, 0.5, NAN, 0.5, NAN]},
        {"household": [1] * 5, "other": [1, 0.5, NAN, 0.5, 1]},
        [],
        id="before a device came and after it left it explains nothing",
    ),
    pytest.param(
        {"main": [1, 1], "tv": [0.992, 0.99]}, {"household": [1, 1]}, ["but for 0.9%"], id="too little for other"
    ),
    pytest.param({"main": [1, 1], "tv": [0.98, 0.99]}, {"household": [1, 1], "other": [0.02, 0.01]}, [], id="enough"),
    pytest.param({"main": [1, 0.25], "tv": [0.5, 0.5]}, {"household": [1, 0.25], "other": [0.5, 0]}, ["0.25 kWh"]),
    pytest.param({"main": [1]}, {"household": [1]}, [], id="a main meter alone has no other"),
    pytest.param({"tv": [1], "oven": [2]}, {}, ["the household is the sum of its devices"], id="no main meter"),
    pytest.param({"tv": [1], "main": [NAN]}, {"household": [NAN]}, ["There is no hour in which the household and"]),
]
WITHOUT_MAIN_METER = [
    pytest.param(
        {"grid_import": [1, 0, 2, NAN], "pv": [0, 3, 1, 1], "grid_export": [0, 2, 0, 0], "tv": [0.5, 0.5, 0.5, 0.5]},
        {"household": [1, 1, 3, NAN], "other": [0.5, 0.5, 2.5, NAN]},
        ["The household is computed as grid_import + pv - grid_export."],
        id="import, sun and export",
    ),
    pytest.param(
        {"grid_import": [0.5, 0], "pv": [0, 1], "grid_export": [0, 1.25]},
        {"household": [0.5, 0]},
        ["household: in 1 hours more was fed in than was taken and produced; 0.25 kWh are clipped to zero"],
        id="clocks that disagree",
    ),
    pytest.param(
        {"grid_import": [0, 1], "pv": [1, 1]},
        {"household": [1, 2]},
        ["No meter of the fed-in energy is there: all solar output is taken for used at home"],
    ),
    pytest.param(
        {
            "grid_import": [1, 0, 0.5, 1],
            "pv": [0, 3, 0, 0],
            "grid_export": [0, 1, 0, 0],
            "battery_in": [0, 1.5, 0, NAN],
            "battery_out": [0.5, 0, 1, 0],
            "tv": [0.5, 0.25, 0.5, 0.5],
        },
        {"household": [1.5, 0.5, 1.5, NAN], "other": [1, 0.25, 1, NAN]},
        [
            "as grid_import + pv + battery_out - grid_export - battery_in.",
            "battery_in is taken for energy that charges",
        ],
        id="a battery gives what it took",
    ),
    pytest.param(
        {"import_1": [1], "battery_1_in": [0.5], "battery_2_in": [0.25], "battery_1_out": [1], "battery_2_out": [2]},
        {"household": [3.25]},
        [],
        id="several batteries add up",
    ),
    pytest.param(
        {"grid_import": [1, 0], "grid_export": [0, 0.5], "battery_in": [0.75, 0], "battery_out": [0, 1]},
        {"household": [0.25, 0.5]},
        ["No solar meter is there: all that is fed in is taken for the battery's."],
        id="a battery that fills from the grid",
    ),
    pytest.param(
        {"grid_import": [1, 1], "battery_in": [1.25, 0.5], "battery_out": [0, 0]},
        {"household": [0, 0.5]},
        ["in 1 hours more was fed in and stored than was taken, produced and given back; 0.25 kWh"],
        id="more stored than there was",
    ),
    pytest.param(FLOWS | {"tv": [0.1]}, {}, ["no solar meter is there: " + NO_NEW_FLOW]),
    pytest.param({"pv": [1], "tv": [0.1]}, {}, ["without one of the grid import do not tell"]),
    pytest.param({"battery_in": [1], "battery_out": [1], "tv": [0.1]}, {}, ["without one of the grid import"]),
    pytest.param(
        FLOWS,
        {"household": [1]},
        ["What is called household here is what it took from the grid"],
        id="a grid meter alone",
    ),
    pytest.param(
        {"grid_import": [1, 2], "grid_export": [0, 0], "tv": [0.5, 0.5]},
        {"household": [1, 2], "other": [0.5, 1.5]},
        ["grid_export: nothing was ever fed in."],
        id="a register of feed-in that never counted",
    ),
    *(
        pytest.param({"grid_import": [1], "tv": [0.1], half: [0.5]}, {}, [f"{why} is there: {NO_NEW_FLOW}"], id=half)
        for half, why in (
            ("battery_in", "no meter of what it gives back"),
            ("battery_out", "no meter of what charges it"),
        )
    ),
    pytest.param(
        {"main": [1], "tv": [0.1], "battery_in": [0.5]},
        {"household": [1], "other": [0.9]},
        ["gives back is there: what was bought from the grid does not follow"],
    ),
]


@pytest.mark.parametrize(("energy", "derived", "notes"), MAIN_METER + WITHOUT_MAIN_METER)
def test_household_and_other(energy: dict[str, list[float]], derived: dict[str, list[float]], notes: list[str]) -> None:
    series, out, noted = balanced(hours(**energy))
    found = {name: series.pop(name) for name in ("household", "other") if name in series}
    assert found.keys() == derived.keys()
    for name, kwh in derived.items():
        np.testing.assert_allclose(found[name], kwh, atol=1e-12)
    assert not [note for note in notes if note not in noted]
    assert all(energy[name] == pytest.approx(kwh, nan_ok=True) for name, kwh in series.items())
    assert out.main == ("main" if "main" in energy else None)


def test_flows_keep_what_their_meters_counted() -> None:
    energy = {"battery_in": [0.0, 1.5], "battery_out": [0.5, 1.0], "grid_import": [1.0, 1.0]}
    flows = balanced(hours(**energy))[1].flows
    sums = {"battery_in": 1.5, "battery_out": 1.5, "grid_import": 2.0}
    assert flows.groupby("role")["energy_kwh"].sum().to_dict() == sums
    noted = balanced(hours(main=[1.0], grid_import=[1.0], battery_in=[0.5]))[2]
    assert "does not follow" not in noted


@pytest.mark.parametrize(
    ("energy", "message"),
    [
        ({"pv": [1.0], "grid_export": [0.5]}, "role: household"),
        ({"main": [1.0], "total": [2.0]}, r"several main meters: main, total.*role"),
    ],
)
def test_meters_that_tell_no_use_are_an_error_that_asks_for_roles(energy: dict[str, list[float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        balanced(hours(**energy))


def test_a_device_named_other_is_taken_as_such() -> None:
    assert balanced(hours(household=[1.0], other=[0.25]))[0] == {"household": [1.0], "other": [0.25]}
    series, _, noted = balanced(hours(kitchen=[1.0], oven=[0.5], other=[0.25]), part_of(oven="kitchen"))
    assert series == {"household": [1.25], "oven": [0.5], "other": [0.25]}
    assert 'A device is called "other"' in noted


def test_what_comes_from_an_estimate_is_one() -> None:
    frame = hours(main=[1.0, 1.0], tv=[0.5, 0.5])
    frame.loc[2, "quality"] = "estimated"  # the first hour of the tv
    assert list(balanced(frame)[1].readings.set_index("device_id").loc["other", "quality"]) == ["estimated", "measured"]
    frame = hours(kitchen=[1.0, 1.0], oven=[0.5, 0.5])
    frame.loc[[0, 3], "quality"] = "estimated"  # the kitchen's first hour, the oven's second
    quality = balanced(frame, part_of(oven="kitchen"))[1].readings.set_index("device_id")["quality"]
    assert list(quality["household"]) == ["estimated", "measured"]
    assert list(quality["other"]) == ["estimated", "estimated"]


# --- meters that contain others ---------------------------------------------------------------------------------------

SUBMETERS = [
    pytest.param(
        part_of(dishwasher="kitchen"),
        {"main": [2, 3], "kitchen": [1, 1.5], "dishwasher": [0.75, 0], "tv": [0.25, 0.5]},
        {"household": [2, 3], "dishwasher": [0.75, 0], "tv": [0.25, 0.5], "other": [1, 2.5]},
        ["kitchen contains dishwasher: it is no device of its own"],
        id="a meter that contains others is no device beside them",
    ),
    pytest.param(
        part_of(dishwasher="kitchen", kitchen="floor", tv="floor"),
        {"main": [4], "floor": [3], "kitchen": [1.5], "dishwasher": [1], "tv": [0.5], "upstairs": [0.75]},
        {"household": [4], "dishwasher": [1], "tv": [0.5], "upstairs": [0.75], "other": [1.75]},
        ["floor contains kitchen, tv"],
        id="chains are followed to their ends",
    ),
    *(
        pytest.param(part_of(tv=up), {"main": [2], "tv": [0.5]}, {"household": [2], "tv": [0.5], "other": [1.5]}, [])
        for up in ("main", "household")
    ),
    pytest.param(
        part_of(oven="kitchen", kitchen="grid_import"),
        {"grid_import": [1], "pv": [2], "grid_export": [0.5], "kitchen": [1.5], "oven": [1]},
        {"household": [2.5], "oven": [1], "other": [1.5]},
        [],
        id="a household that follows from flows stays as it is",
    ),
    pytest.param(
        part_of(oven="kitchen", kettle="kitchen"),
        {"main": [1, 1, 1], "kitchen": [0.5, 0.5, NAN], "oven": [0.7, 0.2, 0.2], "kettle": [0.1, 0.2, 9]},
        {"household": [1, 1, 1], "oven": [0.7, 0.2, 0.2], "kettle": [0.1, 0.2, 9], "other": [0.2, 0.6, 0]},
        [
            "kitchen: in 1 hours its parts used more than it measured, by 0.3 kWh",
            "other: in 1 hours the devices used more than the household; 8.2 kWh are clipped",
        ],
        id="parts that use more than their meter",
    ),
    pytest.param(
        part_of(oven="kitchen", kitchen="floor"),
        {"floor": [1, 1], "kitchen": [NAN, 0.5], "oven": [1.25, 1.5], "main": [3, 3]},
        {"household": [3, 3], "oven": [1.25, 1.5], "other": [1.75, 1.5]},
        [
            "floor: in 1 hours its parts used more than it measured, by 0.25 kWh",
            "kitchen: in 1 hours its parts used more than it measured, by 1 kWh",
        ],
        id="what the parts of a part used counts where it is not there itself",
    ),
    pytest.param(
        part_of(oven="kitchen", car="garage"),
        {"kitchen": [1, 2], "oven": [0.5, 1], "garage": [0.75, 0.5], "car": [0.5, 0.5], "tv": [0.25, 0]},
        {"household": [2, 2.5], "oven": [0.5, 1], "car": [0.5, 0.5], "tv": [0.25, 0], "other": [0.75, 1]},
        ["There is no main meter: the household is the sum of garage, kitchen, tv."],
        id="without a main meter the outermost meters sum to the household",
    ),
    pytest.param(
        part_of(oven="kitchen"),
        {"kitchen": [1, NAN, 1], "oven": [0.5, 0.5, 0.5]},
        {"household": [1, NAN, 1], "oven": [0.5, 0.5, 0.5], "other": [0.5, NAN, 0.5]},
        [],
        id="a gap in a meter leaves its remainder and the household unknown",
    ),
    pytest.param(
        part_of(oven="kitchen"),
        {"kitchen": [1, 1, 1], "oven": [0.5, NAN, 0.5]},
        {"household": [1, 1, 1], "oven": [0.5, NAN, 0.5], "other": [0.5, NAN, 0.5]},
        [],
        id="a gap in a part leaves the household known",
    ),
    pytest.param(
        part_of(oven="kitchen"),
        {"kitchen": [1, 1, 1], "oven": [NAN, 0.25, NAN]},
        {"household": [1, 1, 1], "oven": [NAN, 0.25, NAN], "other": [1, 0.75, 1]},
        [],
        id="a part that comes later or goes earlier explains nothing then",
    ),
    pytest.param(
        part_of(oven="kitchen"),
        {"kitchen": [NAN, 1, NAN], "oven": [0.5, 0.5, 0.25], "tv": [0.1, 0.1, 0.1]},
        {"household": [0.6, 1.1, 0.35], "oven": [0.5, 0.5, 0.25], "tv": [0.1, 0.1, 0.1], "other": [NAN, 0.5, NAN]},
        [],
        id="before a meter came and after it went its parts count for themselves",
    ),
    pytest.param(
        part_of(oven="kitchen"),
        {"pv": [0.5, 0.5], "kitchen": [NAN, 1], "oven": [NAN, 0.25]},
        {"household": [NAN, 1], "oven": [NAN, 0.25], "other": [NAN, 0.75]},
        [],
        id="before any meter of use came the household is unknown",
    ),
    pytest.param(
        part_of(oven="kitchen"),
        {"kitchen": [0, 1], "oven": [1, 0]},
        {"household": [0, 1], "oven": [1, 0], "other": [0, 1]},
        ["kitchen: in 1 hours its parts used more than it measured, by 1 kWh"],
        id="clocks that disagree do not make the household use more",
    ),
    pytest.param(
        part_of(oven="kitchen"),
        {"oven": [0.5], "tv": [0.25]},
        {"oven": [0.5], "tv": [0.25]},
        [
            "home.yaml says that oven is part of kitchen, of which the files hold nothing",
            "the household is the sum of its devices",
        ],
        id="a meter of which the files hold nothing contains nothing",
    ),
    *(
        pytest.param(
            part_of(oven="kitchen") | {"kitchen": {"part_of": "floor"} | role},
            {"floor": [1], "oven": [0.25]} | kitchen,
            {"household": [1], "oven": [0.25], "other": [0.75]},
            [],
            id="a chain goes on past a meter that does not count",
        )
        for role, kitchen in (({}, {}), (IGNORED, {"kitchen": [9]}))
    ),
    pytest.param(
        part_of(tv="kitchen") | {"oven": {"part_of": "kitchen"} | IGNORED},
        {"kitchen": [1], "oven": [9], "tv": [0.25]},
        {"household": [1], "tv": [0.25], "other": [0.75]},
        ["kitchen contains tv:", "oven is ignored, as home.yaml says (9 kWh)"],
        id="a part that is ignored stays in what is left",
    ),
    pytest.param({"oven": {"part_of": "kitchen"} | IGNORED}, {"kitchen": [1], "oven": [9]}, {"kitchen": [1]}, []),
    pytest.param(
        part_of(pv_1="pv"),
        {"grid_import": [1], "pv": [2], "pv_1": [1.5], "grid_export": [0.5]},
        {"household": [2.5]},
        ["pv_1 is part of pv, as home.yaml says, and not added to it"],
        id="a flow within a flow is not added to it",
    ),
    pytest.param(
        part_of(pv="kitchen", tv="pv"),
        {"main": [2], "kitchen": [1], "pv": [0.5], "tv": [0.25]},
        {"household": [2], "kitchen": [1], "tv": [0.25], "other": [0.75]},
        [
            "pv (solar) is not taken for a part of kitchen (device)",
            "tv (device) is not taken for a part of pv (solar)",
        ],
        id="meters of two kinds do not contain each other",
    ),
    pytest.param(
        part_of(oven="kitchen") | {"kitchen": {"flexible": True}},
        {"kitchen": [1], "oven": [0.5]},
        {"household": [1], "oven": [0.5], "other": [0.5]},
        ["kitchen is not planned"],
        id="a flexible meter that contains others is not planned",
    ),
    pytest.param({"total": IGNORED}, {"main": [1], "total": [2]}, {"household": [1]}, ["total is ignored", "2 kWh"]),
]


@pytest.mark.parametrize(("devices", "energy", "expected", "notes"), SUBMETERS)
def test_meters_within_meters(
    devices: dict[str, Any], energy: dict[str, list[float]], expected: dict[str, list[float]], notes: list[str]
) -> None:
    series, _, noted = balanced(hours(**energy), devices)
    assert series.keys() == expected.keys()
    for name, kwh in expected.items():
        np.testing.assert_allclose(series[name], kwh, atol=1e-12)
    assert not [note for note in notes if note not in noted]
    contradicted = any("not taken for a part" in note for note in notes)
    assert ("not taken for a part" in noted) == contradicted


# --- on any input -----------------------------------------------------------------------------------------------------

ENERGY = st.lists(st.one_of(st.floats(0, 10), st.just(NAN)), min_size=4, max_size=4)


@settings(max_examples=25)
@given(main=ENERGY, tv=ENERGY, oven=ENERGY, up=st.sampled_from(["tv", "main", "cellar"]))
def test_devices_and_other_sum_to_the_main_meter_or_more_and_part_of_never_changes_it(
    main: list[float], tv: list[float], oven: list[float], up: str
) -> None:
    series = balanced(hours(main=main, tv=tv, oven=oven), part_of(oven=up))[0]
    np.testing.assert_array_equal(series.pop("household"), main)
    if "other" in series:
        other = np.array(series["other"])
        total, known = np.nansum(list(series.values()), axis=0), ~np.isnan(other)
        assert (total[known] >= np.array(main)[known] - 1e-9).all()
        np.testing.assert_allclose(total[other > 0], np.array(main)[other > 0], atol=1e-9)


@settings(max_examples=25)
@given(kitchen=ENERGY, oven=ENERGY, kettle=ENERGY, garage=ENERGY, car=ENERGY, tv=ENERGY)
def test_devices_and_other_sum_to_the_outermost_meters_where_nothing_is_clipped(**energy: list[float]) -> None:
    known = {name: values for name, values in energy.items() if not np.isnan(values).all()}
    if not known:
        return
    series, out, noted = balanced(hours(**known), part_of(oven="kitchen", kettle="oven", car="garage"))
    assert (out.readings["energy_kwh"].dropna() >= 0).all()
    if "other" not in series:
        return
    other, whole = np.array(series.pop("other")), np.array(series.pop("household"))
    added, seen = np.nansum([*series.values(), other], axis=0), ~np.isnan(other)
    assert (added[seen] >= whole[seen] - 1e-9).all()
    clipped = other > 0 if "used more than the household" in noted else seen
    np.testing.assert_allclose(added[clipped], whole[clipped], atol=1e-9)


# --- as a home --------------------------------------------------------------------------------------------------------


def test_a_home_of_circuits_is_read_forecast_and_adds_up(tmp_path: Path) -> None:
    """The kitchen was old_kitchen for a week; the dishwasher is named part of that, the oven part of the new one."""
    said = "{dishwasher: {part_of: old_kitchen}, kitchen: {same_as: old_kitchen}, oven: {part_of: kitchen}}"
    dishwasher, oven, tv = (tiny.days(28, seed=seed) for seed in range(3))
    kitchen, week = dishwasher + oven + 0.125, 7 * 24
    columns = {"old_kitchen": kitchen[:week], "kitchen": np.append(np.full(week, NAN), kitchen[week:])}
    columns |= {"dishwasher": dishwasher, "oven": oven, "tv": tv}
    home = load(tiny.write_readings(tmp_path, home=f"devices: {said}\n", **columns))
    wide = home.readings.pivot(index="timestamp", columns="device_id", values="energy_kwh")
    assert set(wide) == {"dishwasher", "oven", "tv", "other", "household"} == set(home.devices["device_id"])
    np.testing.assert_allclose(wide["other"], 0.125)
    np.testing.assert_allclose(wide["household"], kitchen + tv)
    assert set(home.devices.set_index("device_id").loc[["other", "household"], "source"]) == {"derived"}
    used = explore.breakdown(home).set_index("device_id")["kwh"]
    assert used.sum() == pytest.approx((kitchen + tv).sum())
    coming = influx.forecast(home.readings, horizon=24, timezone="UTC")
    assert set(coming["device_id"]) == set(wide)
    assert "24 hours" in checks.adds_up(coming).words


def test_a_use_is_not_counted_in_its_circuit_again(tmp_path: Path) -> None:
    """A circuit whose uses stand in events has neither energy nor minutes of its own."""
    uses = pd.concat([tiny.evenings("oven", 8), tiny.evenings("kitchen", 8, kwh=0.75)])
    home = load(tiny.write_events(tmp_path, uses, "devices: {oven: {part_of: kitchen}}\n"))
    sums = home.readings.groupby("device_id")["energy_kwh"].sum()
    assert dict(sums) == pytest.approx({"household": 6.0, "oven": 4.0, "other": 2.0})
    assert set(home.minutes["device_id"]) == {"oven"}
