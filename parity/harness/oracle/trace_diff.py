"""The first bar at which two traces diverge. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from parity.harness.model.events import EquityPoint, Event
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.model.times import moment
from parity.harness.oracle.equality import same, same_event, same_events


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """The first events that differ, at ``place`` in both traces, and what both engines did just before.

    ``extra`` is the engine (0, 1) whose event the other one lacks, where the events are not two versions of one.
    """

    bar: int
    timestamp_ns: int
    place: int
    a: Event | None
    b: Event | None
    before: tuple[Event, ...]
    extra: int

    @property
    def first(self) -> Event:
        """The event that the other engine lacks."""
        found = (self.a, self.b)[self.extra]
        assert found is not None
        return found

    @property
    def same_time(self) -> bool:
        """Whether both engines are at one time; they are not where one has bars that the other leaves out."""
        return (
            self.a is None or self.b is None or self.a.bar != self.b.bar or self.a.timestamp_ns == self.b.timestamp_ns
        )

    def words(self) -> str:
        """Which event differs and in what, on one line."""
        kinds = ["nothing" if event is None else event.event for event in (self.a, self.b)]
        if self.a is None or self.b is None or kinds[0] != kinds[1]:
            return f"{kinds[0]} and {kinds[1]} on bar {self.bar}"
        pairs = [(name, getattr(self.a, name), getattr(self.b, name)) for name in self.a.__struct_fields__]
        changed = [_changed(name, x, y) for name, x, y in pairs if not same(x, y)]
        return f"{kinds[0]} on bar {self.bar} with {', '.join(changed)}"


def _changed(name: str, x: Any, y: Any) -> str:
    if name == "timestamp_ns":
        return f"time {moment(x)} and {moment(y)}"
    return f"{name} {x!r} and {y!r}"


def traces(a: Outcome | Refusal | None, b: Outcome | Refusal | None) -> tuple[Sequence[Event], Sequence[Event]] | None:
    """Both traces without their gates; None unless both engines ran and gave one."""
    if not isinstance(a, Outcome) or not isinstance(b, Outcome):
        return None
    left, right = a.trace, b.trace
    return None if left is None or right is None else (left, right)


def first_divergence(a: Sequence[Event], b: Sequence[Event], *, context: int = 3) -> Divergence | None:
    """Where two traces diverge, or None when they are equal."""
    if same_events(a, b):
        return None
    pairs = enumerate(zip(a, b, strict=False))
    place = next((i for i, (left, right) in pairs if not same_event(left, right)), min(len(a), len(b)))
    left, right = (trace[place] if place < len(trace) else None for trace in (a, b))
    first = min((event for event in (left, right) if event is not None), key=lambda event: event.bar)
    before = tuple(event for event in a[max(0, place - 12) : place] if not isinstance(event, EquityPoint))[-context:]
    extra = _extra(left, right, a[place + 1 :], b[place + 1 :])
    return Divergence(
        bar=first.bar, timestamp_ns=first.timestamp_ns, place=place, a=left, b=right, before=before, extra=extra
    )


def _extra(a: Event | None, b: Event | None, after_a: Sequence[Event], after_b: Sequence[Event]) -> int:
    """Which of two events has no counterpart on the other side: the earlier bar's, or the one that does not follow."""
    if a is None or b is None:
        return 0 if b is None else 1
    if a.bar != b.bar:
        return 0 if a.bar < b.bar else 1
    follows = _follows(a, after_b), _follows(b, after_a)
    if follows[0] != follows[1]:
        return 1 if follows[0] else 0
    return 1 if isinstance(a, EquityPoint) else 0


def _follows(event: Event, others: Sequence[Event]) -> bool:
    """Whether an event of this kind about this order comes later on the same bar."""
    for other in others:
        if other.bar != event.bar:
            return False
        if (other.event, other.order) == (event.event, event.order):
            return True
    return False
