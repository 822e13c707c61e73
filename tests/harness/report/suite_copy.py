"""A copy of the suite that tests may break: the repository by links, ``parity`` by value."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
LINKED = ("ADRs", "legacy_v1", "python", "rust_core", "tests", "conftest.py", "pyproject.toml")

#: Engines that answer at once. ``right`` is what every honest one says, whatever the case.
ENGINES = """
TRADE = {"order_id": 0, "direction": "long", "symbol": "EURUSD", "order_type": "market", "entry_time_ns": 1,
         "trigger_time_ns": 1, "exit_time_ns": 2, "entry_price": 1.1, "exit_price": 1.2, "initial_sl": 1.0,
         "sl": 1.0, "tp": 1.3, "size": 0.1, "result": 5.0, "r_multiple": 0.5, "entry_fee": 0.0, "exit_fee": 0.0,
         "reason": "take_profit", "scenario": None}
OUTCOME = {"trades": [TRADE], "open_positions": [], "equity": [[1, 10000.0]], "balance": 10005.0, "fees_total": 0.0,
           "metrics": {}}

def right(request):
    return {"outcome": OUTCOME, "bars": 1}

def lies(request):
    return {"outcome": {**OUTCOME, "balance": 10005.01}, "bars": 1}

def crashes(request):
    raise RuntimeError("out of luck")

def interrupts(request):
    raise KeyboardInterrupt

def terminates(request):
    import os, signal, time
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
"""

#: Tests that fail in every way in which a test can fail.
EXTRA = """
import pytest
from parity.harness.oracle.verdict import DivergenceError

@pytest.fixture
def broken():
    assert False, "a fixture"

def test_extra_divergence(session):
    raise DivergenceError("the engines differ")

def test_extra_assertion(session):
    assert 1 == 2

def test_extra_fixture(broken):
    pass

@pytest.mark.performance
def test_extra_rule(session):
    session.boundary_facts.append("measured")
    assert 1 == 2

@pytest.mark.performance
def test_extra_rule_without_its_tool(session):
    session.boundary_facts.append("measured")
    raise OSError("no tool")

def test_extra_skip(session):
    pytest.skip("no such tool here")
"""


def copy_suite(folder: Path, *, engines: tuple[str, str] = ("right", "right")) -> Path:
    """A suite below ``folder`` whose ``engines.toml`` names two of ``ENGINES``."""
    for name in LINKED:
        (folder / name).symlink_to(REPOSITORY / name)
    shutil.copytree(REPOSITORY / "parity", folder / "parity", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "parity" / "test_extra.py").write_text(EXTRA, encoding="utf-8")
    (folder / "instant_engines.py").write_text(ENGINES, encoding="utf-8")
    tables = [
        f'[{role}]\nname = "{role}-{engine}"\ncallable = "instant_engines:{engine}"\n'
        for role, engine in zip(("reference", "candidate"), engines, strict=True)
    ]
    # They answer whatever they are asked, and V1 refused some spellings.
    tables.append("[candidate.limits]\nspellings = false\n")
    (folder / "engines.toml").write_text("\n".join(tables), encoding="utf-8")
    return folder


def run_suite(folder: Path, *words: str, kilobytes: int | None = None, **environment: str) -> tuple[int, str]:
    """Exit code and output of pytest in a copy; ``kilobytes`` is the largest file that it may write."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    if kilobytes is not None:
        command = ["bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "bash", *command]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OMEGA_"))}
    path = os.pathsep.join([str(folder), str(folder / "python")])
    environment = {**clean, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout
