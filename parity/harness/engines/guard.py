"""Kills what engines leave behind once the harness has ended, in whatever way. A process of its own.

Started as ``python guard.py MARK``; the end of its input is the end of the harness. Every process that an engine
starts carries the engine's mark in its environment, also one that has left the engine's session.
"""

from __future__ import annotations

import sys
import time

import psutil

#: The variable that marks an engine and everything it starts: ``<run of the harness>.<number of the process>``.
VARIABLE = "OMEGA_PARITY_ENGINE"
#: Rounds of killing, and seconds between them: a process may start others as fast as they are killed.
ROUNDS, PAUSE = 50, 0.002


def marked(mark: str) -> list[psutil.Process]:
    """The processes that carry a mark, or one below it."""
    found = []
    for process in psutil.process_iter():
        try:
            own = process.environ().get(VARIABLE, "")
        except (psutil.Error, OSError):
            continue  # gone, a zombie, or somebody else's
        if own == mark or own.startswith(f"{mark}."):
            found.append(process)
    return found


def sweep(mark: str) -> int:
    """Kills every process that carries a mark, or one below it; how many these were."""
    killed = set()
    for _ in range(ROUNDS):
        found = marked(mark)
        if not found:
            break
        for process in found:
            killed.add(process.pid)
            try:
                process.kill()
            except psutil.Error:
                continue
        time.sleep(PAUSE)
    return len(killed)


def main() -> None:
    """Waits until the input ends, then kills what carries the mark."""
    while sys.stdin.buffer.read(1 << 16):
        pass
    sweep(sys.argv[1])


if __name__ == "__main__":
    main()
