"""Counts the instructions of a whole program with valgrind's callgrind. No load on the machine changes the count.

Hardware counters would be quicker, but many virtual machines have none. Callgrind knows no AVX-512:
`.cargo/config.toml` says for which processors the programs are built.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MISSING = "instructions were not counted, because valgrind is missing: install it (apt install valgrind)"


class CountError(Exception):
    """The program under callgrind failed, or callgrind gave no count; the message ends with its last output."""


class ValgrindMissingError(Exception):
    """valgrind is not installed; the message says what was not counted and what to install."""

    def __init__(self) -> None:
        super().__init__(MISSING)


@dataclass(frozen=True, kw_only=True)
class Count:
    """Instructions of one run of a program, and what it printed."""

    instructions: int
    output: str


def require() -> None:
    """Raises ValgrindMissingError unless valgrind is installed."""
    if shutil.which("valgrind") is None:
        raise ValgrindMissingError


def count(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Count:
    """Runs a command under callgrind; ``environment`` replaces that of this process.

    Raises:
        ValgrindMissingError: valgrind is not installed.
        CountError: the command ended with an exit code other than 0, or callgrind printed no count.
    """
    require()
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
        env=None if environment is None else dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    match = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or match is None:
        raise CountError(f"callgrind on {' '.join(command)}: exit code {done.returncode}: {done.stderr[-800:]}")
    return Count(instructions=int(match[1]), output=done.stdout)
