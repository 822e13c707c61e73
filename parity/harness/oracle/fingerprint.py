"""What kind of difference two answers show: the key by which differences are told apart and minimised. Pure.

A case is only as good as long as it shows the difference it was kept for. Two cases show the same one when the first
events that part are of the same kinds and part in the same numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from parity.harness.model.events import Closed, EquityPoint, Event, ExitChecked, Fee, Signal, numbers
from parity.harness.model.outcome import Answer, Refusal
from parity.harness.oracle.compare import Difference, Names
from parity.harness.oracle.equality import same
from parity.harness.oracle.trace_diff import first_divergence, traces

Fingerprint = tuple[str, ...]
_FOLLOWS = frozenset(("sl_hit", "tp_hit", "r", "result", "reason"))


def fingerprint(a: Answer, b: Answer, differences: Sequence[Difference], *, names: Names) -> Fingerprint | None:
    """The kind of the first difference; None when there is none. Traces count where both engines have one."""
    failures = [f"{name} {_kind(x.failure)}" for name, x in zip(names, (a, b), strict=True) if x.failure]
    if failures:
        return ("incomparable", *failures)
    if not differences:
        return None
    if isinstance(a.outcome, Refusal) or isinstance(b.outcome, Refusal):
        return ("refusal", *(str(x.outcome.code) if isinstance(x.outcome, Refusal) else "runs" for x in (a, b)))
    both = traces(a.outcome, b.outcome)
    divergence = None if both is None else first_divergence(*both)
    if divergence is not None:
        return _of_events(divergence.a, divergence.b, names)
    group = differences[0].group
    fields = {d.field or d.note for d in differences if d.group == group}
    return ("outcome", group, *sorted(fields)[:4])


def _kind(failure: str | None) -> str:
    """A failure without the numbers in it."""
    return re.sub(r"\d+(\.\d+)?", "#", str(failure))[:120]


def _of_events(a: Event | None, b: Event | None, names: Names) -> Fingerprint:
    if a is None or b is None or a.event != b.event:
        first = min((e for e in (a, b) if e is not None), key=lambda e: (e.bar, isinstance(e, EquityPoint)))
        return ("event", first.event, *_detail(first), f"only in {names[0] if first is a else names[1]}")
    if a.bar != b.bar or a.order != b.order:
        first, where = (a, names[0]) if a.bar <= b.bar else (b, names[1])
        return ("event", first.event, *_detail(first), f"earlier in {where}")
    theirs = numbers(b)
    keys = sorted(key for key, value in numbers(a).items() if not same(value, theirs[key]))
    # What was hit, and what it earned, follows from the other numbers where those differ.
    causes = [key for key in keys if key not in _FOLLOWS] or keys
    detail = () if isinstance(a, ExitChecked) or _detail(a) != _detail(b) else _detail(a)
    return ("numbers", a.event, *causes, *detail)


def _detail(event: Event) -> tuple[str, ...]:
    if isinstance(event, Closed):
        return (event.reason,)
    if isinstance(event, ExitChecked):
        return ("stop" if event.sl_hit else "target",)
    if isinstance(event, Fee):
        return (event.kind,)
    if isinstance(event, Signal) and event.scenario:
        return (f"scenario {event.scenario[-1]}",)
    return ()
