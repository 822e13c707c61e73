"""V1 is measured in a worker of its own, on the cases that it plays; what it refuses is an error with its reason."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.boundary import v1_worker
from parity.harness.boundary.before_after import facts_of_v1, released, side_of_v1
from parity.harness.boundary.v1_worker import RefusedError
from parity.harness.model.files import prepare

CROSSINGS = {
    "calls": 7, "records": 1005, "bytes": 50, "wall_ns": 4_000_000, "cpu_ns": 3_000_000, "kernel_ns": 1_000_000,
    "plain_s": 0.02, "plain_cpu_s": 0.01, "gil": {"f": [3, 5], "g": [1, 2]},
    "functions": [
        {"function": "f", "calls": 5, "wall_ns": 1, "cpu_ns": 1_000_000, "copies": 0, "bytes_copied": 0,
         "sites": {"a.py:1": 5}},
        {"function": "g", "calls": 2, "wall_ns": 2, "cpu_ns": 2_000_000, "copies": 2, "bytes_copied": 1234,
         "sites": {"a.py:2": 0, "b.py:3": 2}},
    ],
}  # fmt: skip


def test_v1_is_recorded_on_a_case_and_the_worker_answers_more_than_once(tmp_path: Path) -> None:
    prepared = prepare(BUILDERS["exit_gap"](), tmp_path)
    with v1_worker.opened() as worker:
        first = v1_worker.ask(worker, prepared, "crossings")
        sites = v1_worker.ask(worker, prepared, "sites")
        second = v1_worker.ask(worker, prepared, "crossings", gil=True)
        pid = worker.pid
    assert first["calls"] == second["calls"] > first["bars"] > 0
    assert ("gil" in first, "gil" in second) == (False, True)
    assert sites["check_exit"].startswith("execution.py:")
    with pytest.raises(ProcessLookupError):
        __import__("os").kill(pid, 0)


@pytest.mark.parametrize("op", ["crossings", "no_such_measurement"])
def test_a_case_that_v1_refuses_and_a_question_it_does_not_know_are_errors(op: str, tmp_path: Path) -> None:
    case = BUILDERS["exit_gap"]()
    case = replace(case, config={**case.config, "symbol": "NOSUCHSYMBOL"})
    with v1_worker.opened() as worker, pytest.raises(RefusedError, match=f"cannot measure '{op}' on {case.id}: .+"):
        v1_worker.ask(worker, prepare(case, tmp_path), op)


def test_another_command_can_take_the_place_of_the_worker(tmp_path: Path) -> None:
    program = 'import sys\nfor line in sys.stdin: print(\'{"error": "mine"}\', flush=True)'
    prepared = prepare(BUILDERS["exit_gap"](), tmp_path)
    with (
        v1_worker.opened(command=[sys.executable, "-c", program]) as worker,
        pytest.raises(RefusedError, match="mine"),
    ):
        v1_worker.ask(worker, prepared, "sites")


def test_v1s_share_is_the_cpu_time_of_its_calls_less_what_it_computed() -> None:
    side = side_of_v1(CROSSINGS)
    assert (side.calls, side.bytes, side.seconds) == (7, 50, 0.02)
    assert side.share == pytest.approx(0.2)


def test_the_facts_name_the_function_with_the_most_time_its_site_and_what_was_copied() -> None:
    assert released(CROSSINGS) == ["f"]
    assert facts_of_v1(CROSSINGS) == [
        "V1, one run: 7 calls with 1005 records, 4.0 ms in calls, 1.0 ms of them computing, 3.0 ms of CPU; "
        "most in g (2 calls, most of them from b.py:3)",
        "V1, one run: 2 answers copied out of its module, 1,234 bytes",
        "V1, one run: calls that release the GIL: f",
    ]
    with pytest.raises(ValueError, match="no call"):
        facts_of_v1({**CROSSINGS, "functions": []})
