"""Starts engines so that they can be ended with everything they started, and ends them so.

An engine leads a session of its own, which is killed as one; what has left the session is found by the mark in its
environment, or as a descendant. A guard does the same when the harness is gone (``guard.py``).
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import resource
import signal
import subprocess
import sys
import uuid
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import psutil

from parity.harness.engines import guard

GUARD = Path(guard.__file__)
#: Whether a process that runs already can be given a limit on its memory.
CAN_LIMIT = hasattr(resource, "prlimit")
#: Seconds that a killed process has to be gone.
GRACE = 5.0


class _Closes(Protocol):
    def close(self) -> None: ...


class _Run:
    """This run of the harness: its mark, its guard, and what it has open."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.mark = uuid.uuid4().hex
        self.numbers = itertools.count(1)
        self.open: weakref.WeakSet[_Closes] = weakref.WeakSet()
        # In a session of its own, so that a Ctrl-C at the terminal leaves it to do its work.
        self.guard = subprocess.Popen(
            [sys.executable, "-I", str(GUARD), self.mark],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        atexit.register(self.end)

    def end(self) -> None:
        """Closes what is open; the guard kills the rest and ends."""
        if os.getpid() != self.pid:
            return  # a fork: the engines are its parent's
        for held in list(self.open):
            held.close()
        assert self.guard.stdin is not None
        self.guard.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.guard.wait(GRACE)


_runs: list[_Run] = []


def _run() -> _Run:
    if not _runs or _runs[-1].pid != os.getpid():
        _runs.append(_Run())
    return _runs[-1]


def close_at_exit(held: _Closes) -> None:
    """``held`` is closed when the harness ends, if it was not before."""
    _run().open.add(held)


def start(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    memory_mb: int | None = None,
) -> tuple[subprocess.Popen[bytes], str]:
    """Starts an engine with pipes to all its ends; the process and its mark.

    ``memory_mb`` limits its address space, in MiB, where the system can do that.

    Raises:
        OSError: the program cannot be started.
    """
    run = _run()
    mark = f"{run.mark}.{next(run.numbers)}"
    process = subprocess.Popen(
        list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, cwd=cwd,
        env={**os.environ, **(environment or {}), guard.VARIABLE: mark}, start_new_session=True,
    )  # fmt: skip
    if memory_mb is not None and CAN_LIMIT:
        bound = memory_mb << 20
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_AS, (bound, bound))
    return process, mark


def end(process: subprocess.Popen[bytes], mark: str) -> None:
    """Kills an engine, its session, its descendants and all that carry its mark."""
    strays: list[psutil.Process] = []
    if process.poll() is None:
        with contextlib.suppress(psutil.Error):
            strays = psutil.Process(process.pid).children(recursive=True)
        # Not reaped yet: no other process has the number of its group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    for stray in strays:
        with contextlib.suppress(psutil.Error):
            stray.kill()
    guard.sweep(mark)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
