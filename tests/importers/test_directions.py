"""Which way energy flows, by a meter's codes, by the words of many languages, by phases, signs and group headers."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_infer import energy, hours, read, write

from influx.core.errors import InputError
from influx.importers import Part
from influx.importers.autodetect.column_names import is_coded, role_of, without_phase


def by_role(part: Part) -> dict[str, float]:
    """Return the energy of each role, and of all devices together."""
    sums: dict[str, float] = {}
    for name, kwh in energy(part).items():
        role = str(part.roles.get(name, "device"))
        sums[role] = round(sums.get(role, 0.0) + kwh, 6)
    return sums


def table(folder: Path, head: str, *cells: str, name: str = "meter.csv") -> Path:
    """Write two days of hours whose rows repeat some cells."""
    times = hours(48)
    return write(folder, head, *(f"{at},{cells[n % len(cells)]}" for n, at in enumerate(times)), name=name)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("1-0:1.8.0*255", "grid_import"),
        ("1-1:2.29.0 (kWh)", "grid_export"),
        ("sml_2_8_0", "grid_export"),
        ("1.8.1", "grid_import"),
        ("2.9.0 P.01", "grid_export"),
        ("Rückeinspeisung (kWh)", "grid_export"),
        ("Überschusserzeugung", "grid_export"),
        ("Ruecklieferung kWh", "grid_export"),
        ("Lieferung in das Netz (Einspeisung)", "grid_export"),
        ("Énergie injectée (kWh)", "grid_export"),
        ("Surplus (kWh)", "grid_export"),
        ("Énergie soutirée", "grid_import"),
        ("Energia immessa in rete", "grid_export"),
        ("Energia prelevata (kWh)", "grid_import"),
        ("Excedentes (kWh)", "grid_export"),
        ("Energía inyectada", "grid_export"),
        ("Energia injetada na rede", "grid_export"),
        ("Teruggeleverd laag (kWh)", "grid_export"),
        ("Energia oddana", "grid_export"),
        ("Energia pobrana", "grid_import"),
        ("Överskott (kWh)", "grid_export"),
        ("Solgt strøm kWh", "grid_export"),
        ("Surplus Generation", "grid_export"),
        ("Refoulement (kWh)", "grid_export"),
    ],
)
def test_codes_and_words_tell_the_direction(name: str, role: str) -> None:
    assert role_of(name) == role


@pytest.mark.parametrize(
    ("name", "coded"),
    [("3.8.0", False), ("1-0:16.7.0", False), ("32.7.0 (V)", False), ("1.8.2024", None), ("Fridge 2.8", None)],
)
def test_other_codes_are_no_energy_bought_or_fed_in(name: str, coded: bool | None) -> None:
    assert is_coded(name) is coded


@pytest.mark.parametrize("names", [("1.8.0", "2.8.0", "3.8.0"), ("Consumption", "Surplus Generation", "5.8.0")])
def test_rows_of_each_direction(tmp_path: Path, names: tuple[str, str, str]) -> None:
    rows = [f"{at},{name},{kwh}" for at in hours(48) for name, kwh in zip(names, (0.5, 0.25, 7), strict=True)]
    part = read(write(tmp_path, "time,channel,value (kWh)", *rows), label="start")
    assert by_role(part) == {"grid_import": 24.0, "grid_export": 12.0}


@pytest.mark.parametrize(
    ("heads", "expected"),
    [
        ((",Bezug (kWh),,Einspeisung (kWh)", "Zeit,HT,NT,Summe"), {"grid_import": 36.0, "grid_export": 4.8}),
        (("Zeit,Bezug,,Lieferung ins Netz", ",HT (kWh),NT (kWh),kWh"), {"grid_import": 36.0, "grid_export": 4.8}),
        ((",Import,Import,Export", "Time,kWh,Day kWh,kWh"), {"grid_import": 36.0, "grid_export": 4.8}),
        (
            ("Account,Miller,,", "Time,Import T1 kWh,Import T2 kWh,Export kWh"),
            {"grid_import": 36.0, "grid_export": 4.8},
        ),
    ],
)
def test_groups_above_the_header(tmp_path: Path, heads: tuple[str, str], expected: dict[str, float]) -> None:
    path = table(tmp_path, "\n".join(heads), "0.5,0.25,0.1")
    assert by_role(read(path, label="start")) == expected


@pytest.mark.parametrize(
    ("name", "rest"),
    [("Grid L1 (W)", ("Grid (W)", "1")), ("Phase B power", ("power", "b")), ("Level 1", ("Level 1", ""))],
)
def test_the_phase_of_a_name(name: str, rest: tuple[str, str]) -> None:
    assert without_phase(name) == rest


@pytest.mark.parametrize(
    ("head", "cells", "expected"),
    [
        (
            "time,Grid L1 (kWh),Grid L2 (kWh),Grid L3 (kWh),PV (kWh)",
            "0.2,0.3,-0.1,0.5",
            {"grid_import": 19.2, "solar": 24.0},
        ),
        ("time,L1 (kWh),L2 (kWh),L3 (kWh)", "0.2,0.3,0.5", {"grid_import": 48.0}),
        ("time,Oven L1 (kWh),Oven L2 (kWh),Fridge (kWh)", "0.2,0.3,0.1", {"device": 28.8}),
        ("time,Oven (kWh),Oven L1 (kWh),Oven L2 (kWh)", "0.5,0.2,0.3", {"device": 24.0}),
    ],
)
def test_phases_are_added_up(tmp_path: Path, head: str, cells: str, expected: dict[str, float]) -> None:
    part = read(table(tmp_path, head, cells), label="start")
    assert by_role(part) == expected
    assert not any("L1" in name or "L2" in name for name in energy(part))


def test_the_sign_of_phases_is_asked_for_in_one_line(tmp_path: Path) -> None:
    path = table(tmp_path, "time,Grid L1 (kWh),Grid L2 (kWh),PV (kWh)", "0.2,0.3,0", "-0.5,0.1,1")
    with pytest.raises(InputError, match="Grid L1"):
        read(path, label="start")
    part = read(path, label="start", columns={"Grid L1 (kWh)": {"role": "grid_import"}})
    assert by_role(part) == {"grid_import": 12.0, "grid_export": 9.6, "solar": 24.0}


@pytest.mark.parametrize("head", ["time,Consumed (kWh)", "time,kWh", "time,Energy used kWh"])
def test_net_use_gives_both_directions(tmp_path: Path, head: str) -> None:
    path = table(tmp_path, head, "0.5", "-0.25", "0.5", name="consumed.csv")
    assert by_role(read(path, label="start")) == {"grid_import": 16.0, "grid_export": 4.0}


def test_use_below_zero_beside_the_sun_is_the_grid(tmp_path: Path) -> None:
    path = table(tmp_path, "time,Consumption (kWh),Solar (kWh)", "0.5,0", "-0.25,1")
    assert by_role(read(path, label="start")) == {"grid_import": 12.0, "grid_export": 6.0, "solar": 24.0}


@pytest.mark.parametrize(
    ("head", "cells", "expected"),
    [
        ("time,Verbrauch (kWh),Restnetzbezug (kWh),Eigendeckung (kWh)", "0.5,0.4,0.1", {"grid_import": 24.0}),
        ("time,Restnetzbezug (kWh),Eigendeckung (kWh)", "0.4,0.1", {"grid_import": 24.0}),
        (
            "time,Bezug (kWh),Gemeinschaft (kWh),Einspeisung (kWh)",
            "0.5,0.1,0.2",
            {"grid_import": 24.0, "grid_export": 9.6},
        ),
    ],
)
def test_what_a_community_brings_counts_once(tmp_path: Path, head: str, cells: str, expected: dict[str, float]) -> None:
    assert by_role(read(table(tmp_path, head, cells), label="start")) == expected


@pytest.mark.parametrize(
    "head", ["time,Zählpunkt,Profil (kWh)", "time,CUPS,Curva (kWh)", "time,Metering point,Active (kWh)"]
)
def test_the_file_of_a_connection_is_the_whole_home(tmp_path: Path, head: str) -> None:
    assert by_role(read(table(tmp_path, head, "X1,0.5"), label="start")) == {"grid_import": 24.0}
