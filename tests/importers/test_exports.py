"""Every format: what its makers write is read with all of its energy, hour by hour, and its account closes."""

from __future__ import annotations

from pathlib import Path

import exports
import fuzz
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import influx
from influx.core.errors import InputError
from influx.core.settings import Settings
from influx.home.home import unexplained_kwh
from influx.importers import FORMATS, Part, find

DATA = Path(__file__).parents[3] / "shared" / "data" / "exports"
real = pytest.mark.skipif(not DATA.exists(), reason="the shared real exports are not here")

pytestmark = pytest.mark.no_cover  # many files through lines that each format's own tests cover


def read(path: Path, **said: object) -> Part:
    source = find(path)
    assert source is not None
    return source.read(path, Settings.model_validate(said))


def assert_accounted(part: Part) -> None:
    assert part.rows_read == (part.frame["row"] > 0).sum() + len(part.rejected)
    assert (part.rejected["reason"] != "").all()


def by_hour(part: Part, name: str) -> np.ndarray:
    """Return the energy of all devices in each hour that the file was written for [kWh]."""
    hours = pd.Series(0.0, index=pd.date_range(exports.START, periods=exports.HOURS, freq="h"))
    for (_, at), kwh in fuzz.hours_of(part).items():
        if at in hours.index:
            hours[at] += kwh
    return hours.to_numpy() / (1 + (name in exports.TWICE))


@pytest.mark.parametrize("name", exports.WRITERS)
def test_all_energy_is_read_in_its_hour_by_the_one_format_that_claims_the_file(tmp_path: Path, name: str) -> None:
    kwh = exports.energy()
    exports.WRITERS[name](tmp_path / name, kwh)
    claims = [source.rank for source in FORMATS if source.matches(tmp_path / name)]
    assert claims.count(min(claims)) == 1
    part = read(tmp_path / name)
    np.testing.assert_allclose(by_hour(part, name), kwh, atol=1e-9)
    assert part.kwh == pytest.approx(kwh.sum() * (1 + (name in exports.TWICE)), abs=1e-9)
    assert_accounted(part)
    assert part.rejected.empty


@pytest.mark.parametrize("name", exports.WRITERS)
@settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wh=st.lists(st.integers(0, 20_000), min_size=exports.HOURS, max_size=exports.HOURS))
def test_any_energy_comes_back(tmp_path: Path, name: str, wh: list[int]) -> None:
    kwh = np.array(wh) / 1000
    exports.WRITERS[name](tmp_path / name, kwh)
    part = read(tmp_path / name)
    assert part.kwh == pytest.approx(kwh.sum() * (1 + (name in exports.TWICE)), rel=1e-9, abs=1e-9)
    assert_accounted(part)


@pytest.mark.parametrize("name", exports.WRITERS)
@settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1))
@example(0.11328125)  # in the last time of history.csv, which then reads as one of the day before
def test_a_file_that_was_cut_is_an_error_or_a_part_of_it(tmp_path: Path, name: str, share: float) -> None:
    kwh = exports.energy()
    exports.WRITERS[name](tmp_path / name, kwh)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(share * len(content))])
    try:
        part = read(tmp_path / name) if find(tmp_path / name) else None
    except InputError as error:
        assert name in str(error)
        return
    if part is not None:
        assert_accounted(part)
        differ = np.flatnonzero(np.abs(by_hour(part, name) - kwh) > 1e-9)
        assert len(differ) == 0 or (by_hour(part, name)[differ[0] + 2 :] == 0).all()  # nothing after the cut is made up


@pytest.mark.parametrize("name", [name for name in exports.WRITERS if name != "events.csv"])
def test_a_home_of_one_export_closes_its_account(tmp_path: Path, name: str) -> None:
    kwh = exports.energy()
    exports.WRITERS[name](tmp_path / name, kwh)
    home = influx.load(tmp_path)
    assert home.series["kwh"].sum() == pytest.approx(kwh.sum() * (1 + (name in exports.TWICE)), abs=1e-6)
    assert unexplained_kwh(home) == pytest.approx(0, abs=1e-9)
    household = home.readings[home.readings["device_id"] == "household"]
    assert household.empty or household["energy_kwh"].sum() == pytest.approx(kwh.sum(), abs=1e-6)


def test_damaged_files_are_read_rightly_or_refused() -> None:
    assert fuzz.batch(seed=20_240_704, count=80, keep=None) == []


# --- the real files ---------------------------------------------------------------------------------------------------


@real
@pytest.mark.parametrize(
    ("name", "rows", "kwh"),
    [
        ("shelly_em3_phaseA.csv", 57_158 * 2, 1923.1763),
        ("dsmr_reader_export_hour.csv", 8_754 * 4, 5871.514),
        ("homewizard_p1_15min.csv", 2_880 * 4, 2217.545),
        ("myenergi_zappi_report.csv", 48, 56.815_25),
        ("greenbutton_coastal_single_family_sample.xml", 362, 291.018),
        ("ha_import_cumulative_epoch.csv", 400, 76.113),
    ],
)
def test_the_real_files_are_read_whole(name: str, rows: int, kwh: float) -> None:
    part = read(DATA / name, timezone="Europe/Amsterdam")
    assert part.rows_read == rows
    assert len(part.rejected) == 0
    assert part.kwh == pytest.approx(kwh, abs=1e-4)


@real
def test_the_registers_of_the_real_meter_count_from_first_to_last() -> None:
    part = read(DATA / "homewizard_p1_15min.csv", timezone="Europe/Amsterdam")
    table = pd.read_csv(DATA / "homewizard_p1_15min.csv").drop(columns="time")
    used = part.frame.groupby("device_id", observed=True)["energy_kwh"].sum().to_numpy()
    np.testing.assert_allclose(sorted(used), sorted(table.iloc[-1] - table.iloc[0]), atol=1e-9)


@real
def test_all_rows_of_real_statistics_are_read_or_of_something_else() -> None:
    part = read(DATA / "ha_statistics_all_SYNTHETIC.csv", timezone="Europe/Berlin")
    assert part.rows_read == 624
    assert part.rejected["reason"].str.startswith("no electricity").all()
    assert part.frame["device_id"].value_counts().tolist() == [39] * 7  # seven registers of energy, no hour lost
