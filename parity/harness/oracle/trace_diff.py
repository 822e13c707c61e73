"""The first bar at which two traces part. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parity.harness.model.events import EquityPoint, Event
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.oracle.equality import same, same_event, same_events


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """The first events that differ, at ``place`` in both traces, and what both engines did just before."""

    bar: int
    timestamp_ns: int
    place: int
    a: Event | None
    b: Event | None
    before: tuple[Event, ...]

    def words(self) -> str:
        """Which event differs and in what, on one line."""
        kinds = ["nothing" if event is None else event.event for event in (self.a, self.b)]
        if self.a is None or self.b is None or kinds[0] != kinds[1]:
            return f"{kinds[0]} and {kinds[1]} on bar {self.bar}"
        pairs = [(name, getattr(self.a, name), getattr(self.b, name)) for name in self.a.__struct_fields__]
        changed = [f"{name} {x!r} and {y!r}" for name, x, y in pairs if not same(x, y)]
        return f"{kinds[0]} on bar {self.bar} with {', '.join(changed)}"


def traces(a: Outcome | Refusal | None, b: Outcome | Refusal | None) -> tuple[Sequence[Event], Sequence[Event]] | None:
    """Both traces without their gates; None unless both engines ran and gave one."""
    if not isinstance(a, Outcome) or not isinstance(b, Outcome):
        return None
    left, right = a.trace, b.trace
    return None if left is None or right is None else (left, right)


def first_divergence(a: Sequence[Event], b: Sequence[Event], *, context: int = 3) -> Divergence | None:
    """Where two traces part, or None when they are equal."""
    if same_events(a, b):
        return None
    pairs = enumerate(zip(a, b, strict=False))
    place = next((i for i, (left, right) in pairs if not same_event(left, right)), min(len(a), len(b)))
    left, right = (trace[place] if place < len(trace) else None for trace in (a, b))
    first = min((event for event in (left, right) if event is not None), key=lambda event: event.bar)
    before = tuple(event for event in a[max(0, place - 12) : place] if not isinstance(event, EquityPoint))[-context:]
    return Divergence(bar=first.bar, timestamp_ns=first.timestamp_ns, place=place, a=left, b=right, before=before)
