"""The first bar at which two traces part. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Event = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """The first events that differ, and what both engines did just before."""

    bar: int
    timestamp_ns: int
    a: Event | None
    b: Event | None
    before: tuple[Event, ...]

    def __str__(self) -> str:
        def show(event: Event | None) -> str:
            if event is None:
                return "nothing more"
            numbers = {k: v for k, v in event.items() if k not in ("event", "bar", "timestamp_ns", "order")}
            detail = ", ".join(f"{k}={v}" for k, v in numbers.items())
            return f"bar {event['bar']} {event['event']} (order {event['order']}) {detail}"

        lines = [f"the engines part at bar {self.bar} ({self.timestamp_ns})"]
        lines += [f"  both  {show(event)}" for event in self.before]
        lines += [f"  V1    {show(self.a)}", f"  V2    {show(self.b)}"]
        return "\n".join(lines)


def first_divergence(a: Sequence[Event], b: Sequence[Event], *, context: int = 3) -> Divergence | None:
    """Where two traces part, or None when they are equal."""
    for i in range(max(len(a), len(b))):
        left = a[i] if i < len(a) else None
        right = b[i] if i < len(b) else None
        if left == right:
            continue
        event = left if left is not None else right
        assert event is not None
        if left is not None and right is not None and right["bar"] < left["bar"]:
            event = right
        before = tuple(e for e in a[max(0, i - 8) : i] if e["event"] != "equity")[-context:]
        return Divergence(bar=event["bar"], timestamp_ns=event["timestamp_ns"], a=left, b=right, before=before)
    return None
