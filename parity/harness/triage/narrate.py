"""The first bar at which the engines part, in plain words, with the numbers that decided it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from parity.harness.coverage.life_cycle import Trace
from parity.harness.model.case import Case
from parity.harness.model.plain import Outcome, is_refusal
from parity.harness.oracle.trace_diff import Divergence, Event, first_divergence

#: Event keys that say where, not what.
_WHERE = ("event", "bar", "timestamp_ns", "order")
_ORDER = ("direction", "order_type", "scenario", "kind", "reason", "price", "level", "entry", "size", "sl", "tp",
          "buffer", "low", "high", "sl_hit", "tp_hit", "r", "result", "amount", "equity", "balance")  # fmt: skip


def narrate(case: Case, a: Outcome, b: Outcome, *, names: tuple[str, str] = ("V1", "V2")) -> str:
    """One sentence of what parts the engines, both traces around it, and the bars there; outcomes need their events."""
    if is_refusal(a) or is_refusal(b):
        parts = [f"{name} {_refusal(x)}" for name, x in zip(names, (a, b), strict=True)]
        return "; ".join(parts)
    divergence = first_divergence(a.get("events", ()), b.get("events", ()))
    if divergence is None:
        return "the traces are equal: the difference lies in what is made of them after the last bar"
    traces = (Trace(case, a), Trace(case, b))
    lines = [sentence(divergence, traces, names), *_side_by_side(divergence, a, b, names), *_bars(case, divergence)]
    return "\n".join(lines)


def _refusal(outcome: Outcome) -> str:
    if not is_refusal(outcome):
        return "runs"
    error = outcome["error"]
    return f"refuses with {error['code']} ({error.get('message', '')})"


def sentence(divergence: Divergence, traces: tuple[Trace, Trace], names: tuple[str, str]) -> str:
    """What one engine does and the other does not, and why."""
    a, b = divergence.a, divergence.b
    both = a is not None and b is not None and a["event"] == b["event"] and a["bar"] == b["bar"]
    if both and a is not None and b is not None and a["order"] == b["order"]:
        changed = [f"{k} is {_number(b.get(k))} instead of {_number(a.get(k))}" for k in _ordered(a.keys() | b.keys())
                   if a.get(k) != b.get(k)]  # fmt: skip
        what = _deed(a, traces[0])
        return f"bar {a['bar']}: {names[0]} {what}; in {names[1]} {', '.join(changed)}"
    first = _first(a, b)
    doer = 0 if first is a else 1
    other = 1 - doer
    deed, trace = _deed(first, traces[doer]), traces[other]
    instead = (a, b)[other]
    if instead is not None and instead["bar"] == first["bar"] and instead["event"] != "equity":
        return f"bar {first['bar']}: {names[doer]} {deed}; {names[other]} {_deed(instead, trace)}"
    return f"bar {first['bar']}: {names[doer]} {deed}; {names[other]} does not{_why_not(first, traces[doer], trace)}"


def _first(a: Event | None, b: Event | None) -> Event:
    """The event that the other engine lacks: the earlier one, and no mere equity point beside a deed."""
    present = [event for event in (a, b) if event is not None]
    return min(present, key=lambda e: (e["bar"], e["event"] == "equity"))


def _number(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.10g}"
    return f"{value:.10f}".rstrip("0") if "e-0" in text and abs(value) >= 1e-7 else text


def _ordered(keys: Iterable[str]) -> list[str]:
    """Keys that say what, in the order in which a reader wants them."""
    place = {key: i for i, key in enumerate(_ORDER)}
    return sorted((k for k in keys if k not in _WHERE), key=lambda k: (place.get(k, len(_ORDER)), k))


def _sides(trace: Trace, order: int | None) -> tuple[bool, str]:
    known = trace.orders.get(order) if order is not None else None
    long = known.long if known else True
    return long, "b" if long else "a"


def _level_words(check: Mapping[str, Any], *, long: bool, stop: bool) -> str:
    """Why a level counts as touched: the comparison with its numbers."""
    side = "b" if long else "a"
    name = "SL" if stop else "TP"
    level, buffer = check["sl" if stop else "tp"], check["buffer"]
    low = long == stop
    price, key = (check["low"], "L") if low else (check["high"], "H")
    compared, sign = ("<=", "+") if low else (">=", "-")
    return f"{side}.{key} {_number(price)} {compared} {name} {_number(level)} {sign} buffer {_number(buffer)}"


def _deed(event: Event, trace: Trace) -> str:
    """What an event says its engine did."""
    kind, order = event["event"], event["order"]
    long, side = _sides(trace, order)
    known = trace.orders.get(order) if order is not None else None
    if kind == "closed":
        reason = event["reason"]
        price = _number(event["price"])
        if reason == "timeout":
            return f"closes order {order} at {side}.C {price} for having been held too long"
        stop = reason != "take_profit"
        check = known.checks[-1] if known and known.checks else None
        because = f" because {_level_words(check, long=long, stop=stop)}" if check else ""
        return f"closes order {order} at {price} ({reason}){because}"
    if kind == "exit_checked":
        touched = [_level_words(event, long=long, stop=stop)
                   for stop, key in ((True, "sl_hit"), (False, "tp_hit")) if event[key]]  # fmt: skip
        return f"finds levels of order {order} touched: {' and '.join(touched)}"
    if kind == "signal":
        label = f" ({event['scenario']})" if event.get("scenario") else ""
        levels = ", ".join(f"{name} {_number(event[key])}" for name, key in (("SL", "sl"), ("TP", "tp")))
        return (
            f"gives a {event['direction']} {event['order_type']} signal{label} at {_number(event['price'])}, {levels}"
        )
    if kind == "triggered":
        bar = trace.candle(event["timestamp_ns"], ask=long)
        prices = f" ({'a' if long else 'b'}.L {_number(bar.low)}, H {_number(bar.high)})" if bar else ""
        return f"triggers order {order} at its level {_number(event['level'])}{prices}"
    if kind == "filled":
        return f"fills order {order} at {_number(event['price'])} with {_number(event['size'])} lots"
    if kind == "fee":
        return f"charges {_number(event['amount'])} on the {event['kind']} of order {order}"
    if kind == "order_rejected":
        return f"drops order {order} ({event.get('rule', 'rule unknown')})"
    if kind == "order_placed":
        return f"places order {order} at {_number(event['entry'])}"
    return f"notes equity {_number(event.get('equity'))}, balance {_number(event.get('balance'))}"


def _why_not(event: Event, doer: Trace, other: Trace) -> str:
    """What the other engine saw instead, where its trace tells."""
    order, bar, kind = event["order"], event["bar"], event["event"]
    known = other.orders.get(order) if order is not None else None
    if kind in ("closed", "exit_checked") and known is not None:
        mine = event if kind == "exit_checked" else next(
            (c for c in doer.orders[order].checks if c["bar"] == bar), None)  # fmt: skip
        theirs = next((c for c in known.checks if c["bar"] == bar), None)
        if mine is not None and theirs is not None:
            changed = [f"its {k} is {_number(theirs[k])} instead of {_number(mine[k])}" for k in mine
                       if k not in _WHERE and mine[k] != theirs.get(k)]  # fmt: skip
            return f": {', '.join(changed)}" if changed else ", although it sees the same numbers"
        if known.end is not None and known.end["bar"] != bar:
            return f": it closes order {order} on bar {known.end['bar']}"
        if known.fill is None:
            return f": order {order} is not open there"
        return ": it finds no level touched on this bar"
    if kind == "signal":
        return ": it gives no signal on this bar"
    if kind in ("triggered", "filled") and known is not None and known.fill is not None:
        return f": it fills order {order} on bar {known.fill['bar']}"
    return ""


def _text(event: Event | None) -> str:
    if event is None:
        return "-"
    numbers = ", ".join(f"{k}={_number(event[k])}" for k in _ordered(event) if event[k] is not None)
    order = "" if event["order"] is None else f" #{event['order']}"
    return f"{event['bar']:>4} {event['event']}{order} {numbers}"


def _side_by_side(divergence: Divergence, a: Outcome, b: Outcome, names: tuple[str, str]) -> list[str]:
    """Both traces from a little before the divergence to the end of its bar."""
    traces: list[Sequence[Event]] = [a.get("events", ()), b.get("events", ())]
    start = next((i for i, pair in enumerate(zip(*traces, strict=False)) if pair[0] != pair[1]),
                 min(len(trace) for trace in traces))  # fmt: skip
    before = [e for e in traces[0][max(0, start - 12) : start] if e["event"] != "equity"][-3:]
    lines = ["trace (bar, event, numbers):", *(f"  both {_text(event)}" for event in before)]
    for name, trace in zip(names, traces, strict=True):
        after = [e for e in trace[start : start + 8] if e["bar"] <= divergence.bar][:4]
        lines += [f"  {name:4} {_text(event)}" for event in after] or [f"  {name:4} nothing more on this bar"]
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
