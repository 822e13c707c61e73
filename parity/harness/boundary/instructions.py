"""Instructions of one call over V1's boundary, counted by callgrind and judged by the budgets of rule 1."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from parity.harness.boundary import callgrind
from parity.harness.boundary.rules import RuleRow, called_at

#: Makes the calls; a program with the same arguments can take its place.
PROGRAM = Path(__file__).resolve().parents[1] / "engines" / "v1_process" / "instructions.py"
CALLS = 2000
#: The function of ``PROGRAM`` that does nothing: what it takes is the loop.
LOOP = "nothing"


def _environment() -> dict[str, str]:
    """This process's environment without Python's own variables, and with fixed hashes: counts must repeat."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return own | {"PYTHONHASHSEED": "0"}


def _folder_of_v1() -> Path:
    """The folder from which Python imports V1's module."""
    found = importlib.util.find_spec("omega_rust")
    if found is None or found.origin is None:
        raise callgrind.CountError("omega_rust is not installed: run make setup")
    folder = Path(found.origin).parent
    return folder if folder.name != "omega_rust" else folder.parent


def instructions_per_call(functions: Sequence[str], *, program: Path = PROGRAM) -> dict[str, float]:
    """Instructions of one call of each single-record function of V1; the loop around the call is taken off.

    Raises:
        ValgrindMissingError: valgrind is not installed.
        CountError: the program failed, V1's module is not installed, or it has no such function.
    """
    callgrind.require()
    environment, folder = _environment(), _folder_of_v1()

    def command(function: str, calls: int) -> list[str]:
        return [sys.executable, "-S", str(program), function, str(calls), str(folder)]

    def counted(function: str) -> int:
        return callgrind.count(command(function, CALLS), environment=environment).instructions

    # Once without callgrind: Python compiles the files that it imports, and keeps them.
    subprocess.run(command(LOOP, 1), env=environment, capture_output=True, check=False)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        loop = pool.submit(counted, LOOP)
        runs = {name: pool.submit(counted, name) for name in functions}
        return {name: (run.result() - loop.result()) / CALLS for name, run in runs.items()}


def judge(counted: Mapping[str, float], budgets: Mapping[str, Any], sites: Mapping[str, str]) -> list[RuleRow]:
    """A row for each function: instructions per call, the budget, and the call site.

    Raises:
        ValueError: a function has no budget, a budget has no function, or nothing was counted.
    """
    limits = {name: value for name, value in budgets["instructions"].items() if name != "reason"}
    if set(limits) != set(counted) or not counted:
        raise ValueError(f"budgets.toml has budgets of {sorted(limits)}, but counted were {sorted(counted)}")
    return [
        RuleRow(
            rule="rule 1",
            function=name,
            figure="instructions per call",
            value=value,
            limit=limits[name],
            detail=called_at(name, sites),
        )
        for name, value in counted.items()
    ]
