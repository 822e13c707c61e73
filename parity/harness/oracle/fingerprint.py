"""What kind of difference two answers show: the key by which differences are told apart and minimised. Pure.

A case is only as good as long as it shows the difference it was kept for. Two cases show the same one when they diverge
first for the same cause: by the same gate, or in the same numbers of the same kind of event. Directions and the fields
that follow from others are left out: one cause shows in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from parity.harness.model.events import Closed, Event, ExitChecked, Signal, numbers
from parity.harness.model.outcome import Answer, Outcome, Refusal
from parity.harness.oracle.compare import Difference, Names
from parity.harness.oracle.equality import same
from parity.harness.oracle.grouping import earliest
from parity.harness.oracle.stops import lone_signals, stop_of
from parity.harness.oracle.trace_diff import Divergence, first_divergence, traces

Fingerprint = tuple[str, ...]
#: What follows from the other numbers of an event, where those differ.
_FOLLOWS = {"exit_checked": {"sl_hit", "tp_hit"}, "closed": {"r", "result", "reason"}, "filled": {"size"}}
#: Fields of a row, causes before consequences.
_CAUSES = ("order_id", "symbol", "direction", "order_type", "status", "scenario", "entry_time_ns", "initial_sl",
           "trigger_time_ns", "entry_price", "size", "entry_fee", "sl", "tp", "exit_time_ns", "reason", "exit_price",
           "exit_fee", "result", "r_multiple")  # fmt: skip
#: Both cooldowns in minutes are one cause: engines that swap them are stopped by either.
_ONE_CAUSE = {"cooldown_exit": "cooldown in minutes", "cooldown_entry": "cooldown in minutes"}


def fingerprint(a: Answer, b: Answer, differences: Sequence[Difference], *, names: Names) -> Fingerprint | None:
    """The kind of the first difference; None when there is none. Traces count where both engines have one."""
    failures = [f"{name} {_kind(x.failure)}" for name, x in zip(names, (a, b), strict=True) if x.failure]
    if failures:
        return ("incomparable", *failures)
    if not differences:
        return None
    if not isinstance(a.outcome, Outcome) or not isinstance(b.outcome, Outcome):
        return ("refusal", *(str(x.outcome.code) if isinstance(x.outcome, Refusal) else "runs" for x in (a, b)))
    both = traces(a.outcome, b.outcome)
    divergence = None if both is None else first_divergence(*both)
    if divergence is None:
        return _of_results(differences)
    stop = stop_of(a.outcome, b.outcome, divergence)
    if stop is not None:
        return ("gate", _ONE_CAUSE.get(stop.gate.gate, stop.gate.gate), f"stops {names[stop.stopped]}")
    return _of_events(divergence, names)


def _kind(failure: str | None) -> str:
    """A failure without the numbers in it."""
    return re.sub(r"\d+(\.\d+)?", "#", str(failure))[:120]


def _of_results(differences: Sequence[Difference]) -> Fingerprint:
    """By the first row that differs, and what its other fields follow from."""
    first = earliest(differences)
    group = first.group
    fields = [d.field for d in differences if (d.group, d.order, d.time) == (group, first.order, first.time)]
    if first.order is None:
        fields = [d.field or d.note for d in differences if d.group == group]
        return ("outcome", group, *sorted(fields)[:4])
    return ("outcome", group, min(fields, key=_place) or first.note)


def _place(field: str) -> int:
    return _CAUSES.index(field) if field in _CAUSES else -1


def _of_events(divergence: Divergence, names: Names) -> Fingerprint:
    a, b = divergence.a, divergence.b
    if not divergence.same_time:
        return ("bars", "other times")
    rules = [_rule(signal) for _, signal in lone_signals(divergence)]
    if len(rules) == 1 or len(set(rules)) == 2:
        # Rules are asked in the order of their numbers: the earlier one is what the other engine lacks.
        return ("event", "signal", *min(rules))
    if a is None or b is None or a.event != b.event:
        first = divergence.first
        return ("event", first.event, *_detail(first), f"only in {names[divergence.extra]}")
    if a.bar != b.bar or a.order != b.order:
        first = divergence.first
        return ("event", first.event, *_detail(first), f"earlier in {names[divergence.extra]}")
    theirs = numbers(b)
    if isinstance(a, Signal) and isinstance(b, Signal) and a.direction != b.direction:
        return ("numbers", "signal", "direction")
    keys = sorted(key for key, value in numbers(a).items() if not same(value, theirs[key]))
    causes = [key for key in keys if key not in _FOLLOWS.get(a.event, ())] or keys
    # Why a position is closed may decide its price; it does not decide its size and what follows from that.
    told = isinstance(a, ExitChecked) or "price" not in causes or _detail(a) != _detail(b)
    return ("numbers", a.event, *causes, *(() if told else _detail(a)))


def _rule(signal: Signal) -> tuple[str, ...]:
    known = re.fullmatch(r"(?:long|short)_(\d)", signal.scenario or "")
    return (f"scenario {known[1]}",) if known else ()


def _detail(event: Event) -> tuple[str, ...]:
    if isinstance(event, Closed):
        return ("stop" if event.reason.endswith("stop_loss") else event.reason,)
    if isinstance(event, ExitChecked):
        return ("stop" if event.sl_hit else "target",)
    return ()
