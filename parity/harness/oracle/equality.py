"""When two values are equal: in type and in bits. Pure.

``==`` is not enough: it takes 1 for True and for 1.0, and 0.0 for -0.0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from parity.harness.model.events import Event
from parity.harness.model.outcome import Outcome

_encode = msgspec.json.Encoder(order="deterministic").encode


def same(a: object, b: object) -> bool:
    """Whether two plain values are equal in type and bits. NaN is equal to nothing."""
    if type(a) is not type(b) or a != b:
        return False
    return not isinstance(a, float) or math.copysign(1.0, a) == math.copysign(1.0, b)  # type: ignore[arg-type]


def results(outcome: Outcome) -> bytes:
    """Everything but trace and declared unknowns as bytes: equal bytes, equal results.

    The shortest text that reads back as the same double is another one for every double, the sign of zero included.
    """
    return _encode(msgspec.structs.replace(outcome, events=msgspec.UNSET, unknown=()))


def same_events(a: Sequence[Event], b: Sequence[Event]) -> bool:
    """Whether two traces, or parts of traces, are equal in type and bits."""
    return len(a) == len(b) and _encode(a) == _encode(b)


def same_event(a: Event | None, b: Event | None) -> bool:
    """Whether two events are equal in kind, type and bits."""
    return _encode(a) == _encode(b)
