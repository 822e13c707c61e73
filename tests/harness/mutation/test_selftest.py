"""The suite finds faults that are planted in a copy of V2, a real panic included; V2 itself holds none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from parity.harness.mutation import faults
from parity.harness.mutation.faults import VARIABLE
from parity.harness.mutation.selftest import Row, judged, known_faults

REPOSITORY = Path(__file__).resolve().parents[3]
PLANTED = REPOSITORY / "var" / "planted"


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """The environment of a process whose V2 holds the faults; builds it where it is not up to date."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(faults.build(PLANTED)), str(REPOSITORY)])}


def test_every_planted_fault_is_caught_by_the_cases_of_the_ci_profile(
    environment: dict[str, str], tmp_path: Path
) -> None:
    table = tmp_path / "table.json"
    command = [sys.executable, "-m", "parity.harness.mutation.selftest", "--detect-only", "--json", str(table)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    rows = json.loads(table.read_text())
    assert len(rows) == len(known_faults()) >= 62
    assert [row["fault"] for row in rows if row["sweep"] is None and not row["pinned"]] == []
    assert sum(row["sweep"] is not None for row in rows) >= 0.95 * len(rows)


def test_a_caught_fault_is_minimised_to_what_a_person_can_read(environment: dict[str, str], tmp_path: Path) -> None:
    table = tmp_path / "table.json"
    names = "stop-is-strict,timeout-pays-fee,higher-stale-early,trades-by-order,target-is-open"
    command = [sys.executable, "-m", "parity.harness.mutation.selftest", "--faults", names, "--json", str(table)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    for row in json.loads(table.read_text()):
        assert row["same_fault"], row
        assert row["bars"] <= 12, row


def test_a_real_panic_of_v2_is_a_verdict_with_its_words_and_not_the_end_of_the_run(environment: dict[str, str]) -> None:
    program = """
import tempfile
from pathlib import Path
from parity.harness.oracle.compare import Tolerances
from parity.harness.engines import V1Engine, V2InProcess
from parity.harness.generate.cases import sweep_case
from parity.harness.run.differential import Pair
pair = Pair(V1Engine(), V2InProcess(), Path(tempfile.mkdtemp()), Tolerances.load())
for number in range(60):
    report = pair.run(sweep_case(0, number)[0])
    print(report.verdict.value, report.reason)
pair.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False,
        env={**environment, VARIABLE: "panic-on-two-exits"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert len(lines) == 60
    panics = [line for line in lines if line.startswith("incomparable")]
    assert panics
    assert all("panicked" in line and "planted: two exits on one bar" in line for line in panics)
    assert len(panics) + lines.count("match ") == 60


def test_the_selftest_refuses_a_build_without_faults_and_names_it_does_not_know() -> None:
    command = [sys.executable, "-m", "parity.harness.mutation.selftest", "--faults"]
    sound = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    for name, words in (("stop-is-strict", "holds no planted faults"), ("no-such", "no such fault: no-such")):
        done = subprocess.run([*command, name], cwd=REPOSITORY, capture_output=True, text=True, env=sound, check=False)
        assert done.returncode == 2
        assert words in done.stderr


def test_the_selftest_fails_for_a_fault_that_survives_and_for_unreadable_cases() -> None:
    caught = Row("a", "", pinned=1, sweep=3, bars=40, orders=3, same_fault=False)
    wrong = judged([caught, Row("b", "")], minimises=True, unsound=["c-1", "c-2"])
    assert wrong == [
        "b survived: no case catches it",
        "with nothing planted 2 cases differ, the first is c-1",
        "the minimised case of a does not show it alone",
        "median of 40 bars and 3 orders, at most 12 and 1 are wanted",
    ]


def test_the_built_module_that_users_get_holds_no_planted_faults(environment: dict[str, str]) -> None:
    from bt import _native

    release = Path(_native.__file__).read_bytes()
    assert VARIABLE.encode() not in release
    assert b"there is no planted fault" not in release
    assert VARIABLE.encode() in next((PLANTED / "python" / "bt").glob("_native*.so")).read_bytes()
