"""Which switches account for a difference: a measurement, not a pattern. Pure: the engines come as a callable."""

from __future__ import annotations

from collections.abc import Callable, Iterable

#: Whether the engines agree when exactly these switches are at ``v1`` and all others at ``v2``.
Agrees = Callable[[frozenset[str]], bool]


def minimal_switches(switches: Iterable[str], agrees: Agrees) -> frozenset[str] | None:
    """A minimal set of switches that must be at ``v1`` for the difference to vanish.

    Delta debugging (Zeller and Hildebrandt 2002) over the set of switches at ``v1``: no switch of the answer can be
    left out. None when the difference stays with every switch at ``v1``: then it is unexplained.
    """
    current = list(switches)
    if agrees(frozenset()):
        return frozenset()
    if not agrees(frozenset(current)):
        return None
    size = max(1, len(current) // 2)
    while True:
        reduced = False
        for start in range(0, len(current), size):
            rest = current[:start] + current[start + size :]
            if agrees(frozenset(rest)):
                current, reduced = rest, True
                break
        if reduced:
            size = max(1, min(size, len(current) // 2))
        elif size == 1:
            return frozenset(current)
        else:
            size = max(1, size // 2)
