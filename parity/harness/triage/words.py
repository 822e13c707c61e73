"""Events of a trace in words, and numbers with as many digits as it takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from parity.harness.coverage.life_cycle import Trace
from parity.harness.model.capabilities import GATES
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
from parity.harness.model.times import moment, until
from parity.harness.oracle.equality import same

_ORDER = ("direction", "order_type", "scenario", "kind", "reason", "price", "level", "entry", "size", "sl", "tp",
          "buffer", "low", "high", "sl_hit", "tp_hit", "r", "result", "amount", "equity", "balance")  # fmt: skip
#: What stops an engine, as its own: ``{until}`` is empty where the end is not known.
_GATES = {
    "cooldown_exit": "its cooldown after an exit lasts{until}",
    "cooldown_entry": "its cooldown after an entry lasts{until}",
    "cooldown_candles": "its cooldown in candles lasts{until}",
    "session": "the bar closes outside its session{next}",
    "anchor": "the bar closes outside its anchored session{next}",
    "news": "its pause around news lasts{until}",
    "position_limit": "its position limit is reached: a position is open",
    "trend": "its trend filter of the higher timeframes stops {direction}",
    "chain": "its chain of timeframes (scenario 6) stops {direction}",
}


def number(value: Any) -> str:
    """A number for people: ten digits, and no exponent where a few more zeros do."""
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.10g}"
    return f"{value:.10f}".rstrip("0") if "e-0" in text and abs(value) >= 1e-7 else text


def apart(value: Any, other: Any) -> str:
    """A value as it is shown beside another one that differs: in full where their short texts are the same."""
    text = number(value)
    return text if text != number(other) else repr(value)


def changes(a: Event, b: Event, *, its: str = "") -> list[str]:
    """What differs in two events of one kind, with as many digits as it takes to see it."""
    mine, theirs = numbers(a), numbers(b)
    out = [f"{its}{k} is {apart(theirs[k], mine[k])} instead of {apart(mine[k], theirs[k])}" for k in ordered(mine)
           if not same(mine[k], theirs[k])]  # fmt: skip
    if a.timestamp_ns != b.timestamp_ns:
        out.append(f"{its}time is {moment(b.timestamp_ns)} instead of {moment(a.timestamp_ns)}")
    return out


def ordered(keys: Iterable[str]) -> list[str]:
    """Keys that say what, in the order in which a reader wants them."""
    place = {key: i for i, key in enumerate(_ORDER)}
    return sorted(keys, key=lambda key: (place.get(key, len(_ORDER)), key))


def gate_words(gate: Gate) -> str:
    """Why an engine is stopped, and until when it knows."""
    end = "" if gate.until_ns is None else until(gate.until_ns, gate.timestamp_ns)
    directions = {"long": "longs", "short": "shorts"}.get(gate.direction or "", "both directions")
    return _GATES[gate.gate].format(
        until=f" until {end}" if end else "", next=f", which begins at {end}" if end else "", direction=directions
    )


def no_gate_words(reported: frozenset[str]) -> str:
    """What is known of the gates of an engine whose trace names none; ``reported`` are those that it can name."""
    if not reported:
        return "it does not report its gates"
    silent = [gate for gate in GATES if gate not in reported]
    return "no gate stops it" + (f", as far as it reports: it does not report {', '.join(silent)}" if silent else "")


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
    return f"{side}.{key} {number(price)} {compared} {name} {number(level)} {sign} buffer {number(check.buffer)}"


def deed(event: Event, trace: Trace) -> str:
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
            levels = f"SL {number(event.sl)}, TP {number(event.tp)}"
            return f"gives a {event.direction} {event.order_type} signal{label} at {number(event.price)}, {levels}"
        case Triggered():
            bar = trace.candle(event.timestamp_ns, ask=long)
            prices = f" ({'a' if long else 'b'}.L {number(bar.low)}, H {number(bar.high)})" if bar else ""
            return f"triggers order {order} at its level {number(event.level)}{prices}"
        case Filled():
            return f"fills order {order} at {number(event.price)} with {number(event.size)} lots"
        case Fee():
            return f"charges {number(event.amount)} on the {event.kind} of order {order}"
        case OrderRejected():
            return f"drops order {order} ({event.rule})"
        case OrderPlaced():
            return f"places order {order} at {number(event.entry)}"
        case Gate():
            return f"gives no signal: {gate_words(event)}"
        case EquityPoint():
            return f"records equity {number(event.equity)}, balance {number(event.balance)}"


def _closing(event: Closed, trace: Trace, *, long: bool, side: str) -> str:
    known, price = trace.orders.get(event.order), number(event.price)
    if event.reason == "timeout":
        return f"closes order {event.order} at {side}.C {price} (timeout: held too long)"
    check = known.checks[-1] if known and known.checks else None
    because = f" because {_level_words(check, long=long, stop=event.reason != 'take_profit')}" if check else ""
    return f"closes order {event.order} at {price} ({event.reason}){because}"


def line(event: Event | None, other: Event | None = None) -> str:
    """An event on one line, in full where it looks like the other one and is not."""
    if event is None:
        return "-"
    mine, theirs = numbers(event), {} if other is None or other.event != event.event else numbers(other)
    shown = [f"{k}={number(mine[k]) if same(mine[k], theirs.get(k)) else apart(mine[k], theirs.get(k))}"
             for k in ordered(mine) if mine[k] is not None]  # fmt: skip
    order = "" if event.order is None else f" #{event.order}"
    return f"{event.bar:>4} {moment(event.timestamp_ns)} {event.event}{order} {', '.join(shown)}"
