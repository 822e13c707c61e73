"""Runs one engine below itself and ends with it, with nothing of the engine left. A process of its own.

Started as ``python keeper.py SOCKET NAME=VALUE COMMAND...``: the variable is set for the engine, the socket's other end
is the harness. The keeper says on it ``pid N``, or ``error ERRNO`` where the command cannot be started. The end of the
socket ends the engine. Then the keeper ends as the engine has ended: with its exit code, or killed by its signal.

On Linux it is the parent of whatever the engine's processes leave behind, so all of them can be found, whatever they
have done to their environment and session. Elsewhere it ends the engine's process group, and no more. It imports
nothing but the standard library: it is started with each engine, and does not need the packages.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

#: Of Linux's prctl: whoever loses its parent becomes a child of this process.
PR_SET_CHILD_SUBREAPER = 36
#: Seconds in which everything below it is killed, and between two rounds: a process may start others meanwhile.
LONGEST, PAUSE = 3.0, 0.002


def adopt_orphans() -> bool:
    """Makes this process the parent of all orphans below it; False where the system cannot do that."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def below() -> list[int]:
    """The ids of all processes below this one; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name stands in brackets and may hold anything; state and parent come after it.
            parent = int(stat.read_bytes().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = children.get(os.getpid(), [])
    for pid in found:  # grows while it is walked
        found += children.get(pid, [])
    return found


def reap(engine: int, status: int | None) -> int | None:
    """Buries children that have ended; the engine's wait status, once there is one."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, ended = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            status = ended if pid == engine else status
    return status


def end_all(engine: int, status: int | None) -> int | None:
    """Kills everything below; the engine's wait status."""
    if status is None:
        # Not reaped yet: no other process has the number of its group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(engine, signal.SIGKILL)
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        status = reap(engine, status)
        left = below()
        if not left and status is not None:
            break
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE)
    return status


def end_like(status: int) -> None:
    """Ends this process as another has ended."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def let_go_of_pipes() -> None:
    """Leaves the engine's pipes to the engine: they close when it closes them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)


def main() -> None:
    """Starts the engine, waits until it or the harness ends, and leaves nothing behind."""
    harness, variable, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    os.set_inheritable(harness, False)
    adopt_orphans()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    name, _, value = variable.partition("=")
    try:
        engine = subprocess.Popen(command, env={**os.environ, name: value}, start_new_session=True).pid
    except (OSError, ValueError) as error:
        os.write(harness, f"error {getattr(error, 'errno', None) or 22}\n".encode())
        os._exit(1)
    os.write(harness, f"pid {engine}\n".encode())
    let_go_of_pipes()
    status: int | None = None
    # Its engine may ask it to end: then both end.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        while status is None:
            ready, _, _ = select.select([harness, woken], [], [])
            if woken in ready:
                os.read(woken, 4096)
            status = reap(engine, status)
            if harness in ready and not os.read(harness, 1):
                break
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    status = end_all(engine, status)
    if status is not None:
        end_like(status)
    os._exit(1)


if __name__ == "__main__":
    main()
