"""Starts engines so that they can be ended with everything they started, and ends them so.

Each engine runs below a keeper (``keeper.py``), which ends it with everything below it, also when the harness is gone.
Should an engine end its keeper, what it has started is found by the mark in its environment: here, and by a guard when
the harness is gone (``guard.py``).
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import itertools
import os
import resource
import signal
import socket
import subprocess
import sys
import uuid
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from parity.harness.engines import guard, keeper

GUARD, KEEPER = Path(guard.__file__), Path(keeper.__file__)
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


@dataclass(frozen=True)
class Kept:
    """An engine that runs: its keeper, which ends as the engine does; its own process id; its mark."""

    keeper: subprocess.Popen[bytes]
    pid: int
    mark: str
    _line: socket.socket

    def end(self) -> None:
        """Kills the engine, all that descends from it, and all that carries its mark."""
        self._line.close()
        with contextlib.suppress(OSError):
            self.keeper.send_signal(signal.SIGCONT)  # its engine may have stopped it
        try:
            self.keeper.wait(GRACE)
        except subprocess.TimeoutExpired:
            # What it should have killed is killed from here.
            with contextlib.suppress(psutil.Error):
                for process in [*psutil.Process(self.keeper.pid).children(recursive=True), self.keeper]:
                    process.kill()
        guard.sweep(self.mark)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.keeper.wait(GRACE)


def start(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    memory_mb: int | None = None,
) -> Kept:
    """Starts an engine with pipes to all its ends, which are those of its keeper.

    ``memory_mb`` limits its address space, in MiB, where the system can do that.

    Raises:
        OSError: the program cannot be started.
    """
    run = _run()
    mark = f"{run.mark}.{next(run.numbers)}"
    ours, its = socket.socketpair()
    with its:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), str(its.fileno()), f"{guard.VARIABLE}={mark}", *command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, cwd=cwd,
            env={**os.environ, **(environment or {})}, start_new_session=True, pass_fds=[its.fileno()],
        )  # fmt: skip
    kept = Kept(process, _started(ours, process, command), mark, ours)
    if memory_mb is not None and CAN_LIMIT:
        bound = memory_mb << 20
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(kept.pid, resource.RLIMIT_AS, (bound, bound))
    return kept


def _started(line: socket.socket, process: subprocess.Popen[bytes], command: Sequence[str]) -> int:
    """The process id that a keeper tells; OSError where it could start nothing."""
    line.settimeout(GRACE)
    try:
        word, _, number = line.recv(64).decode().strip().partition(" ")
    except TimeoutError:
        word, number = "", ""
    if word == "pid":
        return int(number)
    line.close()
    process.kill()
    process.communicate()
    code = int(number or errno.EAGAIN)
    raise OSError(code, os.strerror(code), command[0])
