"""Devices side by side: in their order, on as many threads as asked for, and with the first error told."""

from __future__ import annotations

import threading

import pytest

from influx.core.parallel import MANY, run_all, run_apart, workers


@pytest.mark.parametrize(("asked", "count"), [("1", 1), ("7", 7), ("0", 1)])
def test_influx_workers_sets_the_number_of_threads(monkeypatch: pytest.MonkeyPatch, asked: str, count: int) -> None:
    monkeypatch.setenv("INFLUX_WORKERS", asked)
    assert workers() == count


@pytest.mark.parametrize("asked", ["", "many", "-3", "1.5"])
def test_anything_else_takes_what_the_machine_has(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.delenv("INFLUX_WORKERS", raising=False)
    there = workers()
    assert there >= 1
    monkeypatch.setenv("INFLUX_WORKERS", asked)
    assert workers() == there


@pytest.mark.parametrize("asked", ["1", "4"])
def test_results_keep_their_order_whichever_is_ready_first(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setenv("INFLUX_WORKERS", asked)

    together = threading.Barrier(int(asked))

    def work(item: int) -> tuple[int, str]:
        together.wait()
        return item, threading.current_thread().name

    found = run_all(work, range(4))
    assert [item for item, _ in found] == [0, 1, 2, 3]
    assert len({thread for _, thread in found}) == int(asked)
    assert run_all(work, []) == []


def test_an_error_in_one_device_is_not_lost() -> None:
    with pytest.raises(ZeroDivisionError):
        run_all(lambda item: 1 / item, [1, 0, 1])


def _square(item: int) -> int:
    return item * item


@pytest.mark.parametrize("asked", ["1", "2"])
def test_many_items_run_apart_and_keep_their_order(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setenv("INFLUX_WORKERS", asked)
    assert run_apart(_square, range(MANY)) == [item * item for item in range(MANY)]
    assert run_apart(_square, [3, 1]) == [9, 1]
    assert run_apart(_square, []) == []


def test_a_bar_counts_the_items_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    monkeypatch.setattr("tqdm.auto.tqdm", lambda results, total, **_: counted.append(total) or results)
    for items, progress in ((5, True), (MANY, None), (5, False)):  # None: there is no terminal
        run_apart(_square, range(items), progress=progress)
    assert counted == [5]
