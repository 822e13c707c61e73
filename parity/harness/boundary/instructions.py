"""Instructions that a call over V1's boundary takes, counted by callgrind: no other load on the machine changes them.

Hardware counters would be quicker, but many virtual machines have none. What is counted is the build that users get
(`.cargo/config.toml` says for which processors): valgrind knows no AVX-512.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from parity.harness.boundary.rules import RuleRow, called_at

TARGET = Path(__file__).resolve().parents[1] / "engines" / "v1_process" / "instructions.py"
CALLS = 2000
MISSING = "valgrind is missing, so instructions were not counted: install valgrind (apt install valgrind)"


class CountError(Exception):
    """The program under callgrind failed; the message ends with what it said."""


def _environment() -> dict[str, str]:
    """Without what changes Python's ways, and with the same hashes in every run, so that counts repeat themselves."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {
        "PYTHONHASHSEED": "0"
    }


def _count(function: str, calls: int, folder: Path, planted: bool) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-S"]
    command += [str(TARGET), function, str(calls), str(folder), *(["slow"] if planted else [])]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    match = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or match is None:
        raise CountError(f"callgrind on {function}: exit {done.returncode}: {done.stderr[-800:]}")
    return int(match[1])


def instructions_per_call(functions: Sequence[str], *, planted: str | None = None) -> dict[str, float]:
    """Instructions of one call of each function, the loop around it taken off; ``planted`` names one to slow down.

    Raises:
        CountError: the program did not run, or V1's module is not installed.
        FileNotFoundError: valgrind is missing.
    """
    if shutil.which("valgrind") is None:
        raise FileNotFoundError(MISSING)
    found = importlib.util.find_spec("omega_rust")
    if found is None or found.origin is None:
        raise CountError("omega_rust is not installed: run make setup")
    folder = Path(found.origin).parent
    folder = folder if folder.name != "omega_rust" else folder.parent
    # Once without callgrind: Python compiles and keeps the files that it imports.
    subprocess.run(
        [sys.executable, "-S", str(TARGET), "nothing", "1", str(folder)],
        env=_environment(),
        capture_output=True,
        check=False,
    )
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        loop = pool.submit(_count, "nothing", CALLS, folder, False)
        counted = {name: pool.submit(_count, name, CALLS, folder, name == planted) for name in functions}
        return {name: (run.result() - loop.result()) / CALLS for name, run in counted.items()}


def judge(counted: Mapping[str, float], budgets: Mapping[str, Any], sites: Mapping[str, str]) -> list[RuleRow]:
    """A row for each function, with the place that calls it; ValueError for one without a budget or a budget without
    its function."""
    limits = {name: value for name, value in budgets["instructions"].items() if name != "reason"}
    if set(limits) != set(counted) or not counted:
        raise ValueError(f"budgets of {sorted(limits)}, but counts of {sorted(counted)}")
    return [
        RuleRow(
            rule="rule 1",
            function=name,
            figure="instructions per call",
            value=value,
            limit=limits[name],
            note=called_at(name, sites),
        )
        for name, value in counted.items()
    ]
