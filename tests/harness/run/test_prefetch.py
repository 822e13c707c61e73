"""Prefetching hands everything over in order, propagates exceptions, and leaves no thread behind."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from parity.harness.coverage.registry import Coverage
from parity.harness.generate.cases import sweep_case
from parity.harness.oracle.compare import Tolerances
from parity.harness.run import scratch as scratch_module
from parity.harness.run.differential import Pair
from parity.harness.run.prefetch import prefetched
from parity.harness.run.scratch import scratch
from parity.harness.triage.campaign import Campaign


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ahead"]


def test_everything_comes_in_order_and_the_switch_interval_is_put_back() -> None:
    before = sys.getswitchinterval()
    seen = []
    for item in prefetched(lambda emit: [emit(i) for i in range(100)] and None):
        assert sys.getswitchinterval() < before
        seen.append(item)
    assert seen == list(range(100))
    assert sys.getswitchinterval() == before
    assert threads() == []


def test_a_fault_comes_after_what_was_made_before_it() -> None:
    def produce(emit: Callable[[int], None]) -> None:
        emit(1)
        emit(2)
        raise ValueError("no third")

    made = prefetched(produce)
    assert [next(made), next(made)] == [1, 2]
    with pytest.raises(ValueError, match="no third"):
        next(made)
    assert threads() == []


def test_an_end_that_is_no_exception_is_passed_on_instead_of_waited_for() -> None:
    def produce(emit: Callable[[int], None]) -> None:
        emit(1)
        raise SystemExit(3)

    made = prefetched(produce)
    assert next(made) == 1
    with pytest.raises(SystemExit):
        next(made)
    assert threads() == []


def test_who_stops_listening_ends_the_thread_even_where_it_swallows_exceptions() -> None:
    made = []

    def produce(emit: Callable[[int], None]) -> None:
        for i in range(10**9):
            made.append(i)
            try:
                emit(i)
            except Exception:
                continue

    for item in prefetched(produce):
        if item == 5:
            break
    assert threads() == []
    assert len(made) < 10


def test_prefetched_cases_are_the_cases_of_the_sweep(tmp_path: Path) -> None:
    pair = Pair.of(None, tmp_path, Tolerances.load())
    campaign = Campaign(pair, Coverage(), tmp_path)
    try:
        for number, (case, made) in enumerate(campaign.sweep(3, range(20, 40)), 20):
            wanted, choices = sweep_case(3, number)
            assert (case.to_json(), made) == (wanted.to_json(), choices)
            assert pair.prepare(case).data_root.is_dir()
        first = [case.to_json() for case in campaign.drawn(10)]
        assert first == [case.to_json() for case in campaign.drawn(10)]
        assert len(set(first)) >= 5
    finally:
        pair.close()


def test_scratch_files_lie_where_the_variable_says_and_are_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(scratch_module.VARIABLE, str(tmp_path))
    with scratch() as folder:
        assert folder.parent == tmp_path
        assert folder.is_dir()
    assert not folder.exists()
    monkeypatch.setenv(scratch_module.VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(FileNotFoundError), scratch():
        pass


def test_scratch_falls_back_where_memory_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(scratch_module.VARIABLE, raising=False)
    monkeypatch.setattr(scratch_module, "MEMORY", tmp_path)
    with scratch() as folder:
        assert folder.parent == tmp_path
    monkeypatch.setattr(scratch_module, "ROOM", 1 << 62)
    with scratch() as folder:
        assert folder.parent != tmp_path
