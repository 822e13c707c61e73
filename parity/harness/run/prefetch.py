"""Prefetches in a thread: cases are drawn while an engine in another process works."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
#: How long the thread may keep the interpreter to itself; five milliseconds, Python's choice, are half a case.
SWITCH_SECONDS = 1e-4
#: Seconds between the thread's checks whether more is wanted.
NOTICE_SECONDS = 0.1


class _Unwanted(BaseException):
    """Ends the thread. Not an Exception, so that code which catches those does not swallow it."""


@dataclass(frozen=True)
class _End:
    error: BaseException | None


def prefetched(produce: Callable[[Callable[[T], None]], None]) -> Iterator[T]:
    """Yields what ``produce(emit)`` hands to ``emit``, which waits while one thing lies ready.

    What ``produce`` raises comes after everything that it emitted before.
    """
    ready: queue.Queue[T | _End] = queue.Queue(1)
    unwanted = threading.Event()

    def put(item: T | _End) -> None:
        while not unwanted.is_set():
            try:
                return ready.put(item, timeout=NOTICE_SECONDS)
            except queue.Full:
                continue
        raise _Unwanted

    def run() -> None:
        try:
            try:
                produce(put)
            except _Unwanted:
                raise
            except BaseException as error:  # whoever listens waits for an end, whatever ended it
                put(_End(error))
            else:
                put(_End(None))
        except _Unwanted:
            pass

    thread = threading.Thread(target=run, name="ahead", daemon=True)
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        unwanted.set()
        thread.join()
        sys.setswitchinterval(before)
