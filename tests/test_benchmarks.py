"""The benchmarks' own arithmetic by hand, and that a peer which fails stops nothing."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from tiny_readings import energy, hours, readings, used

from benchmarks import accuracy, page, peer_environments, peers_answer
from benchmarks.calibration import households, perfect_coverage
from benchmarks.cost import measure
from benchmarks.made_homes import END, made_home
from benchmarks.methods import Answer, answer, plain_climatology, with_candidate, with_influx
from benchmarks.peer_environments import LOCKS, Unavailable
from benchmarks.peers_answer import PEERS, Peer, question
from benchmarks.protocol import WEEK, Case, Readings, cases, origins, read_sets
from benchmarks.registry import Benchmark, Findings, Measured, Options, Skipped, Table, benchmarks
from benchmarks.scores import pinball, score, summary
from benchmarks.temperature import errors, london, perfect, usual

sys.path.append(str(LOCKS))
import contract

HOUR = pd.Timedelta(hours=1)


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.pivot(index="timestamp", columns=["home_id", "device_id"], values="energy_kwh")


def case(truth: list[float], naive_error: float = 2.0, device: str = "tv", **about: object) -> Case:
    """Return a case of one device whose coming hours are `truth` [kWh]; the week before was 1 kWh an hour."""
    history, ahead = readings(**{device: np.ones(WEEK)}), readings(**{device: truth}, start=hours(WEEK + 1)[-1])
    naive = pd.Series({("home", device): naive_error})
    return Case(str(about.get("name", "set")), hours(WEEK + 1)[-1], "UTC", wide(history), wide(ahead), naive)


def said(of: Case, p10: list[float], p50: list[float], p90: list[float], mean: list[float]) -> Answer:
    (device,) = of.truth
    frame = pd.DataFrame({"p10": p10, "p50": p50, "p90": p90, "mean": mean}, index=of.truth.index).reset_index()
    return Answer(frame.assign(case=of.key, home_id=device[0], device_id=device[1]))


# --- the protocol -----------------------------------------------------------------------------------------------------


def test_five_origins_with_a_year_of_history_and_the_week_after() -> None:
    found = origins(pd.Timestamp("2024-07-01", tz="UTC"))
    assert [f"{origin:%m-%d %H}" for origin in found] == ["03-04 00", "04-01 00", "04-29 00", "05-27 00", "06-24 00"]
    whole = Readings("set", "UTC", wide(readings(tv=used(400 * 24))))
    first, *_, last = found = list(cases(whole))
    assert len(found) == 5
    assert (len(first.history), len(last.history), len(last.truth)) == ((400 - 7 - 4 * 28) * 24, 365 * 24, WEEK)
    assert last.history.index[-1] + HOUR == last.origin == last.truth.index[0]
    assert last.truth.index[-1] == whole.hours.index[-1]


def test_a_device_without_truth_history_or_change_is_not_asked() -> None:
    """The week before and the week after; `fan` used the same in both weeks before, `new` began too late."""
    tv = np.concatenate([np.full(WEEK, 1.0), np.full(WEEK, 4.0), np.full(WEEK, 2.0)])
    gone, new = tv.copy(), tv.copy()
    gone[2 * WEEK :], new[: 2 * WEEK - 1] = np.nan, np.nan
    frame = readings(tv=tv, fan=np.ones(3 * WEEK), gone=gone, new=new)
    (only,) = cases(Readings("set", "UTC", wide(frame)))
    assert list(only.truth) == list(only.history) == [("home", "tv")]
    assert only.naive_error["home", "tv"] == 3.0


def test_sets_are_read_from_any_folder_with_the_weather_beside(tmp_path: Path) -> None:
    with pytest.raises(Skipped, match="--readings"):
        read_sets(Options(tmp_path, tmp_path))
    naive = readings(tv=[1.0, 2.0])
    naive.assign(timestamp=naive["timestamp"].dt.tz_localize(None)).to_parquet(tmp_path / "mine.parquet")
    weather = pd.DataFrame({"timestamp": hours(2), "outdoor_temp_celsius": [3.0, 4.0]})
    weather.to_parquet(tmp_path / "mine.weather.parquet")
    (mine,) = read_sets(Options(tmp_path, tmp_path, "Asia/Tokyo"))
    assert (mine.name, mine.timezone) == ("mine", "Asia/Tokyo")
    assert mine.hours["home", "tv"].to_dict() == dict(zip(hours(2), [1.0, 2.0], strict=True))  # no offset: UTC
    assert mine.weather is not None
    assert mine.weather["outdoor_temp_celsius"].tolist() == [3.0, 4.0]


def test_a_home_is_asked_up_to_the_origin_even_where_it_ended_before() -> None:
    frame = readings(tv=used(5 * WEEK), fan=np.concatenate([used(5 * WEEK - 3), [np.nan] * 3]))
    last = list(cases(Readings("set", "UTC", wide(frame))))[-1]
    parts, refused = with_influx(last)
    assert not refused
    assert set(pd.concat(parts)["timestamp"]) == set(last.truth.index)


# --- the scores -------------------------------------------------------------------------------------------------------


def test_scores_by_hand() -> None:
    """4 against 4, 5, 6 loses nothing, half of 1 and a tenth of 2; 6 against 1, 2, 3 loses .1 x 5, .5 x 4, .9 x 3.

    Of the device, hours 4 and 6 are known, 5 and 2 expected; the loss is over a naive error of 2; 6 is not covered.
    """
    one = case([4.0, np.nan, 6.0], naive_error=2.0)
    loss = pinball(np.array([4.0, 6.0]), np.array([[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]]))
    assert loss == approx([(0 + 0.5 + 0.2) / 3, (0.5 + 2.0 + 2.7) / 3])
    (row,) = score([one], said(one, [4, 0, 1], [5, 0, 2], [6, 0, 3], [5, 9, 2])).to_dict("records")
    assert row["pinball"] == approx(loss.mean() / 2)
    assert row["coverage"] == 0.5
    assert (row["day_error"], row["miss"], row["energy"]) == (3.0, -3.0, 10.0)


def test_days_count_from_the_origin() -> None:
    """Too much on the first day and too little on the second do not cancel; two hours of one day do."""
    one = case([1.0] * 48)
    mean = [2.0] * 24 + [0.0] * 12 + [1.0] * 12
    (row,) = score([one], said(one, [0] * 48, [1] * 48, [2] * 48, mean)).to_dict("records")
    assert (row["day_error"], row["miss"]) == (24 + 12, 24 - 12)


def test_a_device_counts_once_however_often_it_was_scored() -> None:
    """Losses of 1 and 3 at two origins and of 8 at one: mean 5, not 4; the same for bias, which is over energy."""
    columns = ["set", "home_id", "device_id", "origin", "pinball", "coverage", "day_error", "miss", "energy"]
    rows = [
        ("a", "home", "tv", 1, 1.0, 1.0, 2.0, -2.0, 4.0),
        ("a", "home", "tv", 2, 3.0, 0.5, 1.0, 1.0, 6.0),
        ("a", "home", "fan", 1, 8.0, 0.25, 0.5, 0.5, 1.0),
        ("a", "home", "off", 1, 8.0, 1.0, 0.0, 0.0, 0.0),
    ]
    found = summary(pd.DataFrame(rows, columns=columns)).loc["a"]
    assert found["pinball"] == approx((2 + 8 + 8) / 3)
    assert found["coverage"] == approx((0.75 + 0.25 + 1) / 3)
    assert found["wape"] == approx((3 / 10 + 0.5) / 2)  # nothing was used of `off`: no share of it
    assert found["bias"] == approx((-1 / 10 + 0.5) / 2)


def test_plain_climatology_by_hand() -> None:
    """At ten o'clock 6 to 45 kWh on 40 working days and 100 on 16 others; the week before those does not count."""
    stamps = hours(9 * WEEK)
    day = (stamps - stamps[0]).days.to_numpy()
    off = day % 7 >= 5
    working = np.cumsum(~off & (stamps.hour == 10))
    history = energy(np.where(stamps.hour == 10, np.where(off, 100.0, working), 0.0))
    ahead = hours(WEEK, stamps[-1] + HOUR)
    found = plain_climatology(history, ahead, "UTC")
    monday, saturday = found[10], found[5 * 24 + 10]
    assert monday == approx([*np.quantile(np.arange(6, 46), [0.1, 0.5, 0.9]), 25.5])
    assert monday[:3] == approx([9.9, 25.5, 41.1])
    assert saturday == approx([100, 100, 100, 100])
    assert found[11] == approx([0, 0, 0, 0])
    assert plain_climatology(history, ahead, "Asia/Tokyo")[10] == approx(monday)  # nine hours on, at every hour alike


def test_plain_climatology_knows_the_local_day() -> None:
    """20:00 UTC on a Friday is Saturday in Tokyo: with the last eight weeks' Saturdays it goes."""
    stamps = hours(8 * WEEK)
    wall = stamps.tz_convert("Asia/Tokyo")
    history = energy(np.where(wall.day_of_week == 5, 7.0, np.where(wall.day_of_week == 6, 9.0, 1.0)))
    ahead, friday = hours(WEEK, stamps[-1] + HOUR), 4 * 24 + 20
    assert plain_climatology(history, ahead, "Asia/Tokyo")[friday, 3] == 8.0
    assert plain_climatology(history, ahead, "UTC")[friday, 3] == approx((4 * 1 + 7) / 5)  # one of five working days


def test_plain_climatology_refuses_an_hour_that_was_never_known() -> None:
    one = case([1.0] * 24)
    one.history.loc[one.history.index.hour == 3] = np.nan
    found = answer(accuracy.METHODS[accuracy.PLAIN], [one])
    assert found.refused == {(one.key, "home", "tv"): "hour 3 was not known once in 56 days"}
    assert found.forecasts.empty
    assert score([one], found).empty


def test_a_candidate_alone_is_given_what_influx_gives_it() -> None:
    last = list(cases(Readings("set", "UTC", wide(readings(tv=used(6 * WEEK))))))[-1]
    alone = answer(with_candidate("climatology"), [last]).forecasts
    expected = influx_forecast(last, ("climatology",))
    for column, name in (("p10", "p10"), ("p90", "p90"), ("mean", "energy_kwh")):
        np.testing.assert_allclose(alone[column], expected[name])


def influx_forecast(of: Case, models: tuple[str, ...]) -> pd.DataFrame:
    import influx

    found = influx.forecast(of.home("home"), timezone=of.timezone, models=models)
    return found[found["device_id"] == "tv"]


# --- peers ------------------------------------------------------------------------------------------------------------

MEAN = """
import numpy as np
from contract import each, frame, main

def forecast(history, hours):
    if history.name == "0001":
        raise ValueError("a flat line")
    return frame(hours, np.full(len(hours), 3.0), np.full(len(hours), 2.0), np.full(len(hours), -1.0), history.mean())

main(each(forecast), ["numpy"])
"""


@pytest.fixture
def asked() -> list[Case]:
    frame = readings(tv=used(4 * WEEK, 1), fan=used(4 * WEEK, 2))
    return list(cases(Readings("set", "UTC", wide(frame))))


def peer(folder: Path, script: str) -> Peer:
    shutil.copy(LOCKS / "contract.py", folder)
    (folder / "with_it.py").write_text(script)
    return Peer("it", folder / "with_it.py")


def test_a_peer_answers_and_a_series_that_it_refuses_is_told(tmp_path: Path, asked: list[Case]) -> None:
    (one,) = asked
    found = peers_answer.answer(peer(tmp_path, MEAN), asked, Path(sys.executable))
    first, second = one.history  # series are numbered in the order of their columns
    assert found.failed == ""
    assert found.refused == {(one.key, *second): "ValueError: a flat line"}
    assert set(found.forecasts["device_id"]) == {first[1]}
    assert found.versions == {"numpy": np.__version__}
    row = found.forecasts.iloc[0]
    assert row[["p10", "p50", "p90"]].tolist() == [0.0, 2.0, 3.0]  # in order, and never below zero
    assert row["mean"] == approx(one.history[first].mean())
    assert found.forecasts["timestamp"].tolist() == one.truth.index.tolist()
    assert score(asked, found)["device_id"].tolist() == [first[1]]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("import sys; sys.exit(3)", "it broke off: RuntimeError"),
        ("", "it broke off: FileNotFoundError"),
    ],
)
def test_a_peer_that_breaks_takes_no_part_and_says_why(
    tmp_path: Path, asked: list[Case], script: str, reason: str
) -> None:
    found = peers_answer.answer(peer(tmp_path, script), asked, Path(sys.executable))
    assert found.failed == reason
    assert score(asked, found).empty


def test_a_peer_that_cannot_be_installed_takes_no_part_and_says_why(
    tmp_path: Path, asked: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_environments, "FOLDER", tmp_path)
    found = peers_answer.answers([Peer("it", Path("with_it.py"), oldest=(9, 0))], asked)["it"]
    assert found.failed == "no Python 9.0 or newer here"


def test_the_table_tells_of_every_peer_however_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sets, good, bad = (tmp_path / name for name in ("sets", "good", "bad"))
    for folder in (sets, good, bad):
        folder.mkdir()
    readings(tv=used(4 * WEEK, 1), fan=used(4 * WEEK, 2)).to_parquet(sets / "mine.parquet")
    ran = [peer(good, MEAN), Peer("broken", peer(bad, "1 / 0").script), Peer("too new", good, oldest=(9, 0))]
    monkeypatch.setattr(accuracy, "PEERS", ran)
    monkeypatch.setattr(peers_answer, "python_for", lambda lock, oldest: here(oldest))
    found = accuracy.accuracy(Options(tmp_path, sets))
    assert isinstance(found, Findings)
    loss = found.tables[0]
    rows = {row[0]: row for row in loss.rows}
    assert list(rows) == [*accuracy.METHODS, "it", "broken", "too new"]
    assert rows["it"][2] == "1 of 2"
    assert rows["broken"][1:] == rows["too new"][1:] == ["-", "all", "-"]
    assert loss.notes == [
        "it did not forecast of mine: tv. ValueError: a flat line",
        "broken took no part: ZeroDivisionError: division by zero",
        "too new took no part: no Python",
    ]
    assert [one.what for one in found.measured if "peer" in one.what] == ["mine: loss over that of the best peer (it)"]
    assert found.versions == [f"numpy {np.__version__}"]


def here(oldest: tuple[int, int]) -> Path:
    if oldest > sys.version_info[:2]:
        raise Unavailable("no Python")
    return Path(sys.executable)


def test_a_peer_is_asked_by_the_homes_own_clock() -> None:
    """Berlin, 2024: on 31 March the clock skips 02:00, which is unknown; on 27 October it shows 02:00 twice."""
    frame = wide(readings(tv=np.arange(300 * 24.0)))
    naive = pd.Series({("home", "tv"): 1.0})
    origin = pd.Timestamp("2024-10-26 22:00", tz="UTC")  # midnight, and in three hours the clock is put back
    truth = pd.DataFrame(np.nan, index=pd.date_range(origin, periods=WEEK, freq="h"), columns=frame.columns)
    known = frame[frame.index < origin]
    asked = question(Case("set", origin, "Europe/Berlin", known, truth, naive)).set_index("timestamp")
    assert (asked.index.to_series().diff().dropna() == HOUR).all()
    assert np.isnan(asked["kwh"]["2024-03-31 02:00"])
    assert asked["kwh"]["2024-03-31 03:00"] == frame.loc["2024-03-31 01:00+00:00"].item()
    assert (asked.index[asked["ahead"]][0], asked["ahead"].sum()) == (pd.Timestamp("2024-10-27"), WEEK - 1)
    assert asked.loc[asked["ahead"], "kwh"].isna().all()


def test_both_runs_of_a_doubled_hour_have_the_same_forecast(tmp_path: Path) -> None:
    frame = wide(readings(tv=used(300 * 24)))
    origin = pd.Timestamp("2024-10-26 22:00", tz="UTC")
    ahead = frame.reindex(pd.date_range(origin, periods=WEEK, freq="h", name="timestamp"))
    one = Case("set", origin, "Europe/Berlin", frame[frame.index < origin], ahead, pd.Series({("home", "tv"): 1.0}))
    script = MEAN.replace("history.mean()", "np.arange(len(hours))").replace("0001", "none")
    found = peers_answer.answer(peer(tmp_path, script), [one], Path(sys.executable)).forecasts
    assert found["mean"].tolist()[:5] == [0, 1, 2, 2, 3]
    assert found["timestamp"].tolist() == ahead.index.tolist()


def test_gaps_are_filled_with_the_week_before_for_packages_that_take_none() -> None:
    kwh = np.arange(3.0 * WEEK)
    kwh[[5, WEEK + 7]] = np.nan
    found = contract.filled(energy(kwh).tz_localize(None)).to_numpy()
    assert found[WEEK + 7] == 7.0
    assert found[5] == approx(np.nanmean(kwh))  # there is no week before the first
    assert np.isfinite(found).all()


def test_peers_have_scripts_and_locks_without_hosts_or_cuda() -> None:
    assert {peer.script.name for peer in PEERS} == {file.name for file in LOCKS.glob("with_*.py")}
    for lock in {peer.lock for peer in PEERS}:
        text = (LOCKS / lock).read_text()
        declared = re.findall(r"^([a-z][\w-]*)", (LOCKS / lock).with_suffix(".in").read_text(), re.MULTILINE)
        locked = dict(re.findall(r"^([a-z][\w-]*)==(.*)$", text, re.MULTILINE))
        assert set(declared) <= set(locked)
        assert "://" not in text and not re.search(r"^--", text, re.MULTILINE)
        assert not [name for name in locked if re.search(r"nvidia|cuda|triton", name)]
        assert "sys_platform == 'darwin'" in locked.get("xgboost", "sys_platform == 'darwin'")


# --- calibration, temperature, cost -----------------------------------------------------------------------------------


def test_the_household_is_the_sum_where_all_is_known_and_no_meter_is_the_sum() -> None:
    tv, fan = used(4 * WEEK, 1), used(4 * WEEK, 2)
    fan[-1] = np.nan
    devices = list(cases(Readings("set", "UTC", wide(readings(tv=tv, fan=fan)))))
    (found,) = households(devices)
    assert list(found.truth) == [("home", "household")]
    np.testing.assert_allclose(found.truth["home", "household"], (tv + fan)[-WEEK:])
    main = list(cases(Readings("set", "UTC", wide(readings(main=tv + 1, fan=fan)))))
    assert [list(one.truth) for one in households(main)] == [[]]


def test_exact_quantiles_cover_more_than_they_promise_of_hours_that_are_often_zero() -> None:
    """Never zero: 80 %; zero on half of the days: 90 %, as p10 is zero; on 19 of 20: all zeros, and nothing else."""
    day = np.arange(20 * 24) // 24
    for zero_days, expected in ((0, 0.8), (1, 0.8), (10, 0.9), (19, 0.95)):
        assert perfect_coverage(energy(np.where(day < zero_days, 0.0, 1.0)), "UTC") == approx(expected)
    night = energy(np.where(hours(20 * 24).hour < 6, 0.0, 1.0))
    assert perfect_coverage(night, "UTC") == approx(0.25 * 1 + 0.75 * 0.8)


def test_errors_of_a_temperature_forecast_grow_from_one_to_two_and_a_half_degrees() -> None:
    drawn = np.array([errors(seed) for seed in range(2000)])
    assert drawn.std(axis=0)[[0, 23, 4 * 24, -1]] == approx([1.0, 1.0, 1.75, 2.5], rel=0.05)
    assert np.corrcoef(drawn[:, 100], drawn[:, 101])[0, 1] == approx(0.97, abs=0.01)
    assert (errors(1) == errors(1)).all()


def test_only_the_coming_weeks_temperature_is_forecast_and_no_later_one_is_told() -> None:
    one = case([1.0] * WEEK)
    stamps = hours(3 * WEEK)
    weather = pd.DataFrame({"timestamp": stamps, "outdoor_temp_celsius": np.arange(3.0 * WEEK)})
    known, guessed = perfect(one, weather), usual(one, weather)
    assert known["timestamp"].max() == guessed["timestamp"].max() == one.origin + (WEEK - 1) * HOUR
    assert known["outdoor_temp_celsius"].tolist() == list(range(2 * WEEK))
    off = (guessed["outdoor_temp_celsius"] - known["outdoor_temp_celsius"]).to_numpy()
    assert (off[:WEEK] == 0).all()
    np.testing.assert_allclose(off[WEEK:], errors(int(one.origin.timestamp()) // 3600))


def test_half_hours_become_hours_where_both_halves_are_known() -> None:
    halves = pd.date_range("2013-01-01", periods=6, freq="30min", tz="UTC")
    kwh = pd.DataFrame(
        {"home_id": "one", "device_id": "main", "timestamp": halves, "energy_kwh": [1, 2, 3, np.nan, 5, 6]}
    )
    found = london(kwh, pd.DataFrame({"timestamp": halves, "outdoor_temp_celsius": [1.0, 3.0, 5.0, 6.0, 0.0, -1.0]}))
    np.testing.assert_array_equal(found.hours["one", "main"], [3.0, np.nan, 11.0])
    assert found.weather is not None
    assert found.weather["outdoor_temp_celsius"].tolist() == [2.0, 5.5, -0.5]


def test_made_homes_are_the_same_every_time_and_cost_is_that_of_a_process_of_its_own() -> None:
    found = made_home(6, 21)
    assert found.groupby("device_id").size().tolist() == [21 * 24] * 6
    assert found["timestamp"].max() == END - HOUR
    assert (found["energy_kwh"] >= 0).all()
    pd.testing.assert_frame_equal(found, made_home(6, 21))
    cost = measure(made_home(1, 21), peers_answer.ONE_CORE)
    assert cost.processor > 0 and cost.wall > 0 and cost.megabytes > 50  # Python with pandas


# --- the page ---------------------------------------------------------------------------------------------------------


def test_a_broken_bound_is_named() -> None:
    bounds = {
        (1.0, None, None): "",
        (1.0, None, 1.0): "at most 1",
        (1.1, None, 1.0): "at most 1, missed",
        (0.9, 1.0, None): "at least 1, missed",
        (80.0, 78.0, 82.0): "78 to 82",
        (82.5, 78.0, 82.0): "78 to 82, missed",
        (77.9, 78.0, 82.0): "78 to 82, missed",
        (np.nan, 78.0, 82.0): "78 to 82",
    }
    for (value, least, most), words in bounds.items():
        assert Measured("it", value, "%", at_most=most, at_least=least).bound() == words


def test_a_section_has_the_tables_and_the_median_of_the_runs() -> None:
    def it(options: Options) -> Findings:
        """What it is
        about.
        """
        raise NotImplementedError

    table = Table("Loss", ["method", "home"], [["ours", "0.1"]], ["a note"])
    runs = [Findings([table], [Measured("time", seconds, "s", at_most=2)], ["peer 1.0"]) for seconds in (1.0, 9.0, 3.0)]
    shown = page.section(Benchmark("it", 3, it), runs, 13.2)
    for line in (
        "What it is about. Took 13 s.",
        "| method | home |\n| --- | ---: |\n| ours | 0.1 |\n\n- a note",
        "| what | median of 3 | should be |",
        "| time | 3 s | at most 2, missed |",
        "Peers: peer 1.0.",
    ):
        assert line in shown


def test_every_benchmark_says_what_it_measures() -> None:
    known = benchmarks()
    assert {"accuracy", "calibration", "temperature", "cost", "growth", "report_sample", "grid", "tests"} <= set(known)
    assert all(bench.about.endswith(".") for bench in known.values())
