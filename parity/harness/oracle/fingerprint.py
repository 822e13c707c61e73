"""What kind of difference two answers show: the key by which differences are told apart and minimised. Pure.

A case is only as good as long as it shows the difference it was kept for. Two cases show the same one when the first
events that part are of the same kinds and part in the same numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from parity.harness.model.plain import Answer, is_refusal
from parity.harness.oracle.compare import Difference
from parity.harness.oracle.trace_diff import first_divergence

Fingerprint = tuple[str, ...]
#: Keys of events that say where and not what.
_WHERE = frozenset(("bar", "timestamp_ns", "order", "event"))
_FOLLOWS = frozenset(("sl_hit", "tp_hit", "r", "result", "reason"))


def fingerprint(a: Answer, b: Answer, differences: Sequence[Difference]) -> Fingerprint | None:
    """The kind of the first difference; None when there is none."""
    failures = [f"{name} {_kind(x.failure)}" for name, x in (("A", a), ("B", b)) if x.failure]
    if failures:
        return ("incomparable", *failures)
    assert a.outcome is not None
    assert b.outcome is not None
    if is_refusal(a.outcome) or is_refusal(b.outcome):
        codes = [str(x["error"]["code"]) if is_refusal(x) else "runs" for x in (a.outcome, b.outcome)]
        return ("refusal", *codes) if differences else None
    divergence = first_divergence(a.outcome.get("events", ()), b.outcome.get("events", ()))
    if divergence is not None:
        return _of_events(divergence.a, divergence.b)
    if not differences:
        return None
    names = {re.sub(r"\[.*?\]", "", d.path) for d in differences if d.group == differences[0].group}
    return ("outcome", differences[0].group, *sorted(names)[:4])


def _kind(failure: str | None) -> str:
    """A failure without the numbers in it."""
    return re.sub(r"\d+(\.\d+)?", "#", str(failure))[:120]


def _of_events(a: Any, b: Any) -> Fingerprint:
    kinds = ["nothing" if event is None else str(event["event"]) for event in (a, b)]
    if a is None or b is None or kinds[0] != kinds[1]:
        first = min((e for e in (a, b) if e is not None), key=lambda e: (e["bar"], e["event"] == "equity"))
        return ("event", first["event"], *_detail(first), f"only in {'V1' if first is a else 'V2'}")
    if a["bar"] != b["bar"] or a["order"] != b["order"]:
        first, where = (a, "V1") if a["bar"] <= b["bar"] else (b, "V2")
        return ("event", first["event"], *_detail(first), f"earlier in {where}")
    keys = sorted(k for k in (a.keys() | b.keys()) - _WHERE if a.get(k) != b.get(k))
    # What was hit, and what it earned, follows from the other numbers where those differ.
    causes = [k for k in keys if k not in _FOLLOWS] or keys
    detail = () if kinds[0] == "exit_checked" or _detail(a) != _detail(b) else _detail(a)
    return ("numbers", kinds[0], *causes, *detail)


def _detail(event: Any) -> tuple[str, ...]:
    if event["event"] == "closed":
        return (str(event["reason"]),)
    if event["event"] == "exit_checked":
        return ("stop" if event["sl_hit"] else "target",)
    if event["event"] == "fee":
        return (str(event["kind"]),)
    if event["event"] == "signal" and event["scenario"]:
        return (f"scenario {str(event['scenario'])[-1]}",)
    return ()
