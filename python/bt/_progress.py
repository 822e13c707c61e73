"""Signs of life on standard error while something takes long."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self

__all__ = ["Progress"]

#: Seconds between two signs.
EVERY = 1.0


class Progress:
    """Prints the running step and, every second, how long it has run: on one line of a terminal, a line each in a log.

    A backtest is one call into the core, which never calls back, so there is no percentage to show.
    """

    def __init__(self, what: str, *, quiet: bool = False, every: float = EVERY) -> None:
        self._what, self._quiet, self._every = what, quiet, every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)
        self._terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        if not self._quiet:
            self.say(self._what)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if not self._quiet and self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def say(self, what: str) -> None:
        """Names the step that begins now."""
        self._what = what
        if not self._quiet:
            self._print(f"{what} ...")

    def _tick(self) -> None:
        start = time.monotonic()
        wait = self._every
        while not self._over.wait(wait):
            self._print(f"{self._what} ... {time.monotonic() - start:.0f} s")
            if not self._terminal:
                wait *= 2  # a log wants fewer lines the longer it takes

    def _print(self, text: str) -> None:
        end, start = ("", "\r\x1b[K") if self._terminal else ("\n", "")
        print(f"{start}{text}", end=end, file=sys.stderr, flush=True)
