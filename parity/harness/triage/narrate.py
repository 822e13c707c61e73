"""The first bar at which the engines diverge, in plain words, with the numbers and the config keys behind it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from parity.harness.coverage.life_cycle import Trace
from parity.harness.model.case import Case
from parity.harness.model.events import Closed, EquityPoint, Event, ExitChecked, Filled, Signal, Triggered
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.model.times import moment
from parity.harness.oracle.compare import Difference
from parity.harness.oracle.grouping import earliest
from parity.harness.oracle.stops import Stop, lone_signals, stop_of
from parity.harness.oracle.trace_diff import Divergence, first_divergence, traces
from parity.harness.triage.causes import cause_of, cause_of_field, config_lines
from parity.harness.triage.words import apart, changes, deed, gate_words, line, no_gate_words, number

#: Events of each engine that are shown from the divergence on, and events before it.
AFTER, BEFORE = 3, 2
#: Characters of a refusal's own words, and of a line.
LONGEST_MESSAGE, LONGEST_LINE = 160, 200


@dataclass(frozen=True, kw_only=True)
class Side:
    """One engine: what it is called, what it answered, the gates that it tells, and its config if it tells that."""

    name: str
    outcome: Outcome | Refusal
    gates: frozenset[str] = field(default=frozenset())
    config: Mapping[str, Any] | None = None


Sides = tuple[Side, Side]


def narrate(case: Case, sides: Sides, differences: Sequence[Difference] = ()) -> str:
    """The sentence and the config keys of the first divergence, both traces around it, and the bars there.

    Where an engine has no trace, or refuses, ``differences`` say what is known.
    """
    return "\n".join([*headline(case, sides, differences), *context(case, sides)])


def headline(case: Case, sides: Sides, differences: Sequence[Difference] = ()) -> list[str]:
    """What diverges first, in one sentence, and the config keys involved."""
    a, b = (side.outcome for side in sides)
    names, own = (sides[0].name, sides[1].name), (sides[0].config, sides[1].config)
    if isinstance(a, Refusal) or isinstance(b, Refusal):
        alike = isinstance(a, Refusal) and isinstance(b, Refusal) and a.code == b.code
        return [refusal_words(sides), *([] if alike else map(_short, config_lines(case, "refusal", names, own)))]
    both = traces(a, b)
    divergence = None if both is None else first_divergence(*both)
    if divergence is not None:
        stop = stop_of(a, b, divergence)
        told = sentence(case, divergence, stop, sides)
        return [_short(told), *map(_short, config_lines(case, cause_of(divergence, stop), names, own))]
    lines = [result_words(differences, names)] if differences else []
    if differences and differences[0].group != "events":
        cause = cause_of_field(earliest(differences))
        lines += [_short(told) for told in config_lines(case, cause, names, own)]
    if both is None:
        return [*lines, f"{without_trace(a, b, names)}, so that the bar of the divergence is not known"]
    return [*lines, "the traces are equal: the difference lies in what is made of them after the last bar"]


def context(case: Case, sides: Sides) -> list[str]:
    """Both traces around the first divergence and the bars there; nothing where a trace is missing."""
    both = traces(*(side.outcome for side in sides))
    divergence = None if both is None else first_divergence(*both)
    if both is None or divergence is None:
        return []
    return [*_side_by_side(divergence, both, sides), *_bars(case, divergence)]


def _short(text: str) -> str:
    return text if len(text) <= 2 * LONGEST_LINE else f"{text[: 2 * LONGEST_LINE - 3]}..."


def without_trace(a: Outcome | Refusal | None, b: Outcome | Refusal | None, names: tuple[str, str]) -> str:
    """Which engine ran and gave no trace; empty where there is none."""
    silent = [name for name, x in zip(names, (a, b), strict=True) if isinstance(x, Outcome) and x.trace is None]
    if not silent:
        return ""
    verb = "has" if len(silent) == 1 else "have"
    return f"{' and '.join(silent)} {verb} no trace: only results were compared"


def refusal_words(sides: Sides) -> str:
    """Who refuses and with what, by code and name; messages where they help to tell two refusals apart."""
    a, b = (side.outcome for side in sides)
    if isinstance(a, Refusal) and isinstance(b, Refusal) and a.code == b.code:
        return f"both refuse: {code_words(a if len(a.category) >= len(b.category) else b)}"
    return "; ".join(_answer_words(side) for side in sides)


def code_words(refusal: Refusal) -> str:
    """``1010 EMPTY_INPUT``: the code, and what the engine calls it."""
    return f"{refusal.code} {refusal.category}".strip()


def _answer_words(side: Side) -> str:
    outcome = side.outcome
    if isinstance(outcome, Outcome):
        return f"{side.name} runs ({len(outcome.trades)} trades)"
    message = " ".join(outcome.message.split())
    cut = message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 3]}..."
    return f"{side.name} refuses: {code_words(outcome)}" + (f" ({cut})" if cut else "")


def result_words(differences: Sequence[Difference], names: tuple[str, str]) -> str:
    """The first difference between two results, in one sentence."""
    first = earliest(differences)
    when = "" if first.time is None else f" ({moment(first.time)})"
    what = first.group.replace("_", " ")
    if first.order is not None:
        what = f"{what.removesuffix('s')} of order {first.order}"
    if not first.field:
        return f"first difference, {what}{when}: {first.note}"
    if first.field.endswith("_ns") and isinstance(first.a, int) and isinstance(first.b, int):
        values = moment(first.b), moment(first.a)
    else:
        values = apart(first.b, first.a), apart(first.a, first.b)
    return f"first difference, {what}{when}: {first.field} is {values[0]} in {names[1]} and {values[1]} in {names[0]}"


def sentence(case: Case, divergence: Divergence, stop: Stop | None, sides: Sides) -> str:
    """What one engine does and the other does not, and why."""
    a, b = divergence.a, divergence.b
    known = [Trace(case, side.outcome) for side in sides if isinstance(side.outcome, Outcome)]
    if stop is not None:
        told = f"{sides[stop.doer].name} {deed(stop.signal, known[stop.doer])}"
        return f"{_where(stop.signal)}: {told}; {sides[stop.stopped].name} does not: {gate_words(stop.gate)}"
    alike = a is not None and b is not None and (a.event, a.bar, a.order) == (b.event, b.bar, b.order)
    if a is not None and b is not None and alike and not lone_signals(divergence):
        return f"{_where(a)}: {sides[0].name} {deed(a, known[0])}; in {sides[1].name} {', '.join(changes(a, b))}"
    first, doer, other = divergence.first, divergence.extra, 1 - divergence.extra
    told, instead = deed(first, known[doer]), (a, b)[other]
    begun = f"{_where(first)}: {sides[doer].name} {told}; {sides[other].name}"
    if instead is not None and instead.bar == first.bar and not isinstance(instead, EquityPoint):
        return f"{begun} {deed(instead, known[other])}"
    return f"{begun} does not{_why_not(first, known[doer], known[other], sides[other].gates)}"


def _where(event: Event) -> str:
    return f"bar {event.bar} ({moment(event.timestamp_ns)})"


def _why_not(event: Event, doer: Trace, other: Trace, gates: frozenset[str]) -> str:
    """What the other engine saw instead, where its trace tells."""
    order, bar = event.order, event.bar
    known = other.orders.get(order) if order is not None else None
    if isinstance(event, Closed | ExitChecked) and known is not None:
        own = doer.orders.get(event.order)
        checks = own.checks if own is not None else ()
        mine = event if isinstance(event, ExitChecked) else next((c for c in checks if c.bar == bar), None)
        theirs = next((c for c in known.checks if c.bar == bar), None)
        if mine is not None and theirs is not None:
            changed = changes(mine, theirs, its="its ")
            return f": {', '.join(changed)}" if changed else ", although it sees the same numbers"
        if known.end is not None and known.end.bar != bar:
            return f": it closes order {order} on bar {known.end.bar} ({moment(known.end.timestamp_ns)})"
        if known.fill is None:
            return f": order {order} is not open there"
        if isinstance(event, Closed) and event.reason == "timeout":
            return ": it holds the position on"
        return ": it finds no level touched on this bar"
    if isinstance(event, Signal):
        return f": {no_gate_words(gates)}, and it gives no signal on this bar"
    if isinstance(event, Triggered | Filled) and known is not None and known.fill is not None:
        return f": it fills order {order} on bar {known.fill.bar} ({moment(known.fill.timestamp_ns)})"
    return ""


def _side_by_side(divergence: Divergence, both: tuple[Sequence[Event], Sequence[Event]], sides: Sides) -> list[str]:
    """Both traces from a little before the divergence to the end of its bar."""
    width = max(len("both"), *(len(side.name) for side in sides))
    before = divergence.before[-BEFORE:]
    lines = ["trace (bar, time, event, numbers):", *(f"  {'both':{width}} {line(event)}" for event in before)]
    parts = [
        [e for e in trace[divergence.place : divergence.place + 8] if e.bar <= divergence.bar][:AFTER] for trace in both
    ]
    for side, after, others in zip(sides, parts, reversed(parts), strict=True):
        pairs = zip_longest(after, others[: len(after)])
        lines += [f"  {side.name:{width}} {line(*pair)}"[:LONGEST_LINE] for pair in pairs] or [
            f"  {side.name:{width}} nothing more on this bar"
        ]
    return lines


def _bars(case: Case, divergence: Divergence) -> list[str]:
    """The bars around the divergence, both sides."""
    bars = case.bars.get(str(case.config.get("timeframes", {}).get("primary")))
    if bars is None:
        return []
    places = [i for i, ts in enumerate(bars.ts.tolist()) if ts == divergence.timestamp_ns]
    if not places:
        return []
    lines = ["bars (UTC, bid O H L C | ask O H L C):"]
    for i in range(max(0, places[-1] - 2), min(len(bars), places[-1] + 2)):
        prices = [" ".join(number(x) for x in side[i].tolist()) for side in (bars.bid, bars.ask)]
        lines.append(f"  {'>' if i == places[-1] else ' '} {moment(int(bars.ts[i]))} {prices[0]} | {prices[1]}")
    return lines
