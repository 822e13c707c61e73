"""The first bar at which the engines diverge, in plain words, with the numbers and the config keys behind it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from parity.harness.coverage.life_cycle import Trace
from parity.harness.model.case import Case
from parity.harness.model.events import (
    Closed,
    EquityPoint,
    Event,
    ExitChecked,
    Fee,
    Filled,
    Gate,
    OrderPlaced,
    OrderRejected,
    Signal,
    Triggered,
    numbers,
)  # fmt: skip
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.oracle.equality import same
from parity.harness.oracle.trace_diff import Divergence, first_divergence, traces

_ORDER = ("direction", "order_type", "scenario", "kind", "reason", "price", "level", "entry", "size", "sl", "tp",
          "buffer", "low", "high", "sl_hit", "tp_hit", "r", "result", "amount", "equity", "balance")  # fmt: skip
Names = tuple[str, str]


def narrate(case: Case, a: Outcome | Refusal, b: Outcome | Refusal, *, names: Names) -> str:
    """One sentence of what parts the engines, both traces around it, and the bars there; both need their events."""
    if isinstance(a, Refusal) or isinstance(b, Refusal):
        return "; ".join(f"{name} {_refusal(x)}" for name, x in zip(names, (a, b), strict=True))
    both = traces(a, b)
    if both is None:
        return f"{without_trace(a, b, names)}, so that nobody can tell on which bar they part"
    divergence = first_divergence(*both)
    if divergence is None:
        return "the traces are equal: the difference lies in what is made of them after the last bar"
    lines = [sentence(divergence, (Trace(case, a), Trace(case, b)), names), *_side_by_side(divergence, both, names),
             *_bars(case, divergence)]  # fmt: skip
    return "\n".join(lines)


def without_trace(a: Outcome | Refusal | None, b: Outcome | Refusal | None, names: Names) -> str:
    """Which engine ran and gave no trace; empty where there is none."""
    silent = [name for name, x in zip(names, (a, b), strict=True) if isinstance(x, Outcome) and x.trace is None]
    if not silent:
        return ""
    verb = "has" if len(silent) == 1 else "have"
    return f"{' and '.join(silent)} {verb} no trace: only results were compared"


def _refusal(outcome: Outcome | Refusal) -> str:
    return f"refuses with {outcome.code} ({outcome.message})" if isinstance(outcome, Refusal) else "runs"


def sentence(divergence: Divergence, traces: tuple[Trace, Trace], names: Names) -> str:
    """What one engine does and the other does not, and why."""
    a, b = divergence.a, divergence.b
    if a is not None and b is not None and (a.event, a.bar, a.order) == (b.event, b.bar, b.order):
        return f"bar {a.bar}: {names[0]} {_deed(a, traces[0])}; in {names[1]} {', '.join(_changes(a, b))}"
    first = _first(a, b)
    doer = 0 if first is a else 1
    other = 1 - doer
    deed, trace = _deed(first, traces[doer]), traces[other]
    instead = (a, b)[other]
    if instead is not None and instead.bar == first.bar and not isinstance(instead, EquityPoint):
        return f"bar {first.bar}: {names[doer]} {deed}; {names[other]} {_deed(instead, trace)}"
    return f"bar {first.bar}: {names[doer]} {deed}; {names[other]} does not{_why_not(first, traces[doer], trace)}"


def _changes(a: Event, b: Event, *, its: str = "") -> list[str]:
    """What differs in two events of one kind, with as many digits as it takes to see it."""
    mine, theirs = numbers(a), numbers(b)
    if a.timestamp_ns != b.timestamp_ns:
        mine, theirs = {**mine, "time": a.timestamp_ns}, {**theirs, "time": b.timestamp_ns}
    return [f"{its}{k} is {apart(theirs[k], mine[k])} instead of {apart(mine[k], theirs[k])}" for k in _ordered(mine)
            if not same(mine[k], theirs[k])]  # fmt: skip


def _first(a: Event | None, b: Event | None) -> Event:
    """The event that the other engine lacks: the earlier one, and no mere equity point beside a deed."""
    present = [event for event in (a, b) if event is not None]
    return min(present, key=lambda event: (event.bar, isinstance(event, EquityPoint)))


def _number(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.10g}"
    return f"{value:.10f}".rstrip("0") if "e-0" in text and abs(value) >= 1e-7 else text


def apart(value: Any, other: Any) -> str:
    """A value as it is shown beside another one that differs: in full where their short texts are the same."""
    text = _number(value)
    return text if text != _number(other) else repr(value)


def _ordered(keys: Iterable[str]) -> list[str]:
    """Keys that say what, in the order in which a reader wants them."""
    place = {key: i for i, key in enumerate(_ORDER)}
    return sorted(keys, key=lambda key: (place.get(key, len(_ORDER)), key))


def _sides(trace: Trace, order: int | None) -> tuple[bool, str]:
    known = trace.orders.get(order) if order is not None else None
    long = known.long if known else True
    return long, "b" if long else "a"


def _level_words(check: ExitChecked, *, long: bool, stop: bool) -> str:
    """Why a level counts as touched: the comparison with its numbers."""
    side = "b" if long else "a"
    name, level = ("SL", check.sl) if stop else ("TP", check.tp)
    price, key = (check.low, "L") if long == stop else (check.high, "H")
    compared, sign = ("<=", "+") if long == stop else (">=", "-")
    return f"{side}.{key} {_number(price)} {compared} {name} {_number(level)} {sign} buffer {_number(check.buffer)}"


def _deed(event: Event, trace: Trace) -> str:
    """What an event says its engine did."""
    long, side = _sides(trace, event.order)
    order = event.order
    match event:
        case Closed():
            return _closing(event, trace, long=long, side=side)
        case ExitChecked():
            touched = [_level_words(event, long=long, stop=stop)
                       for stop, hit in ((True, event.sl_hit), (False, event.tp_hit)) if hit]  # fmt: skip
            return f"finds levels of order {order} touched: {' and '.join(touched)}"
        case Signal():
            label = f" ({event.scenario})" if event.scenario else ""
            levels = f"SL {_number(event.sl)}, TP {_number(event.tp)}"
            return f"gives a {event.direction} {event.order_type} signal{label} at {_number(event.price)}, {levels}"
        case Triggered():
            bar = trace.candle(event.timestamp_ns, ask=long)
            prices = f" ({'a' if long else 'b'}.L {_number(bar.low)}, H {_number(bar.high)})" if bar else ""
            return f"triggers order {order} at its level {_number(event.level)}{prices}"
        case Filled():
            return f"fills order {order} at {_number(event.price)} with {_number(event.size)} lots"
        case Fee():
            return f"charges {_number(event.amount)} on the {event.kind} of order {order}"
        case OrderRejected():
            return f"drops order {order} ({event.rule})"
        case OrderPlaced():
            return f"places order {order} at {_number(event.entry)}"
        case Gate():
            return f"is stopped by {event.gate}"
        case EquityPoint():
            return f"notes equity {_number(event.equity)}, balance {_number(event.balance)}"


def _closing(event: Closed, trace: Trace, *, long: bool, side: str) -> str:
    known, price = trace.orders.get(event.order), _number(event.price)
    if event.reason == "timeout":
        return f"closes order {event.order} at {side}.C {price} for having been held too long"
    check = known.checks[-1] if known and known.checks else None
    because = f" because {_level_words(check, long=long, stop=event.reason != 'take_profit')}" if check else ""
    return f"closes order {event.order} at {price} ({event.reason}){because}"


def _why_not(event: Event, doer: Trace, other: Trace) -> str:
    """What the other engine saw instead, where its trace tells."""
    order, bar = event.order, event.bar
    known = other.orders.get(order) if order is not None else None
    if isinstance(event, Closed | ExitChecked) and known is not None:
        own = doer.orders.get(event.order)
        checks = own.checks if own is not None else ()
        mine = event if isinstance(event, ExitChecked) else next((c for c in checks if c.bar == bar), None)
        theirs = next((c for c in known.checks if c.bar == bar), None)
        if mine is not None and theirs is not None:
            changed = _changes(mine, theirs, its="its ")
            return f": {', '.join(changed)}" if changed else ", although it sees the same numbers"
        if known.end is not None and known.end.bar != bar:
            return f": it closes order {order} on bar {known.end.bar}"
        if known.fill is None:
            return f": order {order} is not open there"
        return ": it finds no level touched on this bar"
    if isinstance(event, Signal):
        return ": it gives no signal on this bar"
    if isinstance(event, Triggered | Filled) and known is not None and known.fill is not None:
        return f": it fills order {order} on bar {known.fill.bar}"
    return ""


def _text(event: Event | None, other: Event | None = None) -> str:
    """An event on one line, in full where it looks like the other one and is not."""
    if event is None:
        return "-"
    mine, theirs = numbers(event), {} if other is None or other.event != event.event else numbers(other)
    shown = [f"{k}={_number(mine[k]) if same(mine[k], theirs.get(k)) else apart(mine[k], theirs.get(k))}"
             for k in _ordered(mine) if mine[k] is not None]  # fmt: skip
    order = "" if event.order is None else f" #{event.order}"
    return f"{event.bar:>4} {event.event}{order} {', '.join(shown)}"


def _side_by_side(divergence: Divergence, both: tuple[Sequence[Event], Sequence[Event]], names: Names) -> list[str]:
    """Both traces from a little before the divergence to the end of its bar."""
    lines = ["trace (bar, event, numbers):", *(f"  both {_text(event)}" for event in divergence.before)]
    parts = [
        [e for e in trace[divergence.place : divergence.place + 8] if e.bar <= divergence.bar][:4] for trace in both
    ]
    for name, after, others in zip(names, parts, reversed(parts), strict=True):
        pairs = zip_longest(after, others[: len(after)])
        lines += [f"  {name:4} {_text(*pair)}" for pair in pairs] or [f"  {name:4} nothing more on this bar"]
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
        time = datetime.fromtimestamp(int(bars.ts[i]) / 1e9, UTC)
        prices = [" ".join(_number(x) for x in side[i].tolist()) for side in (bars.bid, bars.ask)]
        lines.append(f"  {'>' if i == places[-1] else ' '} {time:%Y-%m-%d %H:%M} {prices[0]} | {prices[1]}")
    return lines
