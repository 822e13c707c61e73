"""The boundary rules are judged by measurement: a planted slow call and a planted small batch are caught and end the
suite with exit code 3; a machine under full load stays green."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
NOT_COUNTED = "V1's single-record calls: instructions were not counted, because valgrind is missing"
BURN = "import time\nend = time.monotonic() + 120\nwhile time.monotonic() < end: pass"


def suite(tmp_path: Path, plant: str | None) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "parity/test_boundary.py", "-q", "--out", str(tmp_path)]
    if plant:
        environment["PYTHONPATH"] = os.pathsep.join([str(HERE), environment.get("PYTHONPATH", "")])
        command += ["-p", "plant", "--plant", plant]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        ("slow-call", ("rule 1", "check_exit", "BROKEN", "called at execution.py:")),
        ("small-batch", ("rule 2", "sma", "999.000 >=     1000", "BROKEN", "called at planted_calls.py:")),
    ],
)
def test_a_planted_breach_ends_with_exit_code_3_and_names_function_figure_and_limit(
    tmp_path: Path, plant: str, words: tuple[str, ...]
) -> None:
    done = suite(tmp_path, plant)
    assert done.returncode == 3, done.stdout[-2000:]
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line and line.startswith("rule")]
    timed = [line for line in broken if "instructions" not in line]
    assert len(timed) == 1, done.stdout
    assert all(word in timed[0] for word in words), timed[0]
    counted = [line for line in broken if "instructions" in line]
    if shutil.which("valgrind") is None:
        assert NOT_COUNTED in done.stdout
    else:
        # A clock is not needed to see the slow call.
        assert len(counted) == (plant == "slow-call")
        assert all("check_exit" in line and "called at execution.py:" in line for line in counted)


def test_without_valgrind_the_counts_are_reported_as_not_run(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")} | {"PATH": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "parity/test_boundary.py", "-q", "-k", "instructions"]
    command += ["--out", str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, env=environment, check=False)
    assert "1 skipped" in done.stdout, done.stdout[-2000:]
    assert NOT_COUNTED in done.stdout
    assert done.returncode not in (1, 3)


def test_a_machine_under_full_load_of_all_cores_stays_green(tmp_path: Path) -> None:
    burners = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range((os.cpu_count() or 1) + 1)]
    try:
        done = suite(tmp_path, None)
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.count("rule 1") >= 7
    assert "cost of n: " in done.stdout
