"""Which branches of ``coverage.BRANCHES`` a trace shows. Pure.

One function per chapter; each adds the names of the branches that events, bars and config show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from msgspec import UNSET

from parity.harness.coverage.life_cycle import OrderLifeCycle, Trace
from parity.harness.coverage.strategies import CHAPTERS as OF_STRATEGIES
from parity.harness.model.case import Case
from parity.harness.model.events import ExitChecked
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.model.plain import refused, taken

REFUSALS = {1010: "data nothing left", 1008: "rate missing", 4000: "manager two wrappers"}
#: 2025-04-01 in ns: the summer markets lie after it, the others before.
SUMMER = 1_743_465_600_000_000_000


def branches(case: Case, outcome: Outcome | Refusal) -> set[str]:
    """Names of the branches that an outcome with events has taken; of a refusal, the one that its code names."""
    odd = refused(case)
    if odd:
        # An engine that takes what V1 refused says so, which the verdict demands of it.
        return {f"refused {spelling.name}" for spelling, _ in odd}
    if isinstance(outcome, Refusal):
        name = REFUSALS.get(outcome.code)
        return {name} if name else set()
    trace = Trace(case, outcome)
    if trace.config["symbol"] not in (case.specs or {}):
        return set()  # sizes and fees cannot be explained without the symbol's data
    named = {f"spelled {spelling.name}" for spelling, _ in taken(case)} if trace.orders else set()
    return named | {name for chapter in CHAPTERS for name in chapter(trace)}


def _data(s: Trace) -> Iterator[str]:
    if any(o.fill for o in s.orders.values()):
        yield f"data {s.timeframe}" if s.timeframe in ("M1", "M5") else "data M5"
        yield "data history" if s.config.get("warmup_bars") else "data no history"
        if s.traded and s.traded[0] > SUMMER:
            yield "data summer"
    bars = s.case.bars.get(s.timeframe)
    if bars is None or not s.traded:
        return
    start, end = s.window
    if bars.ts.tolist() == s.traded and s.traded[-1] != end and s.traded[-1] - s.traded[0] == s.step * (len(bars) - 1):
        return  # every row was played, and none is odd
    ts, traded = bars.ts, np.array(s.traded)
    if traded[-1] == end:
        yield "data midnight bar"
    if (ts > end).any():
        yield "data end cut"
    inside = (ts >= start) & (ts <= end)
    skipped = inside & ~np.isin(ts, traded)
    no_bid, no_ask = np.isnan(bars.bid[:, 0]), np.isnan(bars.ask[:, 0])
    if (skipped & no_ask).any():
        yield "data bid only"
    if (skipped & no_bid).any():
        yield "data ask only"
    if (skipped & ~no_bid & ~no_ask).any():
        yield "data weekend"
    rises = np.diff(ts)
    if (rises == 0).any() and np.isin(ts[1:][rises == 0], traded).any():
        yield "data duplicate"
    if (rises < 0).any() and np.isin(ts[1:][rises < 0], traded).any():
        yield "data unsorted"
    holes = np.flatnonzero(np.diff(traded) > s.step)
    if any(not ((ts > traded[i]) & (ts < traded[i + 1])).any() for i in holes):
        yield "data gap"


def _bar(s: Trace) -> Iterator[str]:
    orders = list(s.orders.values())
    signals = [o.signal.bar for o in orders]
    ends = [o.end.bar for o in orders if o.end]
    if len(set(signals)) < len(signals):
        yield "bar two signals"
    if len(set(ends)) < len(ends):
        yield "bar two exits"
    if any(o.fill and o.fill.bar in ends and not o.fills_and_ends_at_once for o in orders):
        yield "bar fill and exit"
    if set(signals) & {bar + 1 for bar in ends}:
        yield "bar entry after exit"
    for row in () if s.outcome.open_positions is UNSET else s.outcome.open_positions:
        yield "bar open at end" if row.status == "open" else "bar pending at end"
    for o in orders:
        if o.market and o.fill and not o.fills_and_ends_at_once and _touched_on_entry(s, o):
            yield "bar entry bar skipped"


def _touched_on_entry(s: Trace, o: OrderLifeCycle) -> bool:
    assert o.fill is not None
    bar = s.candle(o.fill.timestamp_ns, ask=not o.long)
    if bar is None:
        return False
    sl, tp = o.signal.sl, o.signal.tp
    return bool(bar.low <= sl or bar.high >= tp if o.long else bar.high >= sl or bar.low <= tp)


def _exits(s: Trace) -> Iterator[str]:
    pip = s.spec.get("pip_size", 0.0001)
    for o in s.orders.values():
        side = "long" if o.long else "short"
        for check in o.checks:
            yield from _checked(s, o, check, side)
            if pip != 0.0001:
                yield "exit default pip" if check.buffer == 0.00005 else "exit first open pip"
        if o.end is None:
            continue
        reason = o.end.reason
        if reason in ("stop_loss", "break_even_stop_loss"):
            yield f"exit stop {side}"
        if reason == "break_even_stop_loss":
            yield "exit moved stop"
        if reason == "take_profit":
            yield f"exit target {side}"
            if o.checks and o.checks[-1].tp != o.signal.tp:
                yield "exit moved target"
        price = o.signal.price
        if reason != "timeout" and (o.signal.sl > price) == o.long and o.signal.sl != price:
            yield "exit wrong side"
        if _near_miss(s, o):
            yield "exit near miss"


def _checked(s: Trace, o: OrderLifeCycle, check: ExitChecked, side: str) -> Iterator[str]:
    sl, tp, buffer, low, high = check.sl, check.tp, check.buffer, check.low, check.high
    stop, target = (sl + buffer, tp - buffer) if o.long else (sl - buffer, tp + buffer)
    by_stop, by_target = (low, high) if o.long else (high, low)
    if check.sl_hit:
        if by_stop > sl if o.long else by_stop < sl:
            yield f"exit stop buffer {side}"
        if by_stop == stop:
            yield "exit stop edge"
    elif check.tp_hit:
        if by_target < tp if o.long else by_target > tp:
            yield f"exit target buffer {side}"
        if by_target == target:
            yield "exit target edge"
    if check.sl_hit and check.tp_hit:
        yield f"exit tie {side}"
    filled_here = o.fill is not None and o.fill.bar == check.bar
    bar = s.candle(check.timestamp_ns, ask=not o.long)
    if bar is None:
        return
    if not filled_here:
        if check.sl_hit and (bar.open < sl if o.long else bar.open > sl):
            yield f"exit gap stop {side}"
        elif not check.sl_hit and (bar.open > tp if o.long else bar.open < tp):
            yield "exit gap target"
    elif not o.market:
        ended = o.fills_and_ends_at_once
        kind = o.signal.order_type
        if check.sl_hit:
            yield "exit fill bar stop"
        elif kind == "stop" or ended:
            yield f"exit fill bar target {kind}"
        else:
            yield "exit fill bar unconfirmed"
            if bar.close == tp:
                yield "exit fill bar equal"


def _near_miss(s: Trace, o: OrderLifeCycle) -> bool:
    """Whether the bar before the exit misses the level that was then hit by no more than a tick."""
    assert o.end is not None
    if not o.checks or o.fill is None or o.end.bar - 1 <= o.fill.bar:
        return False
    last, tick = o.checks[-1], s.spec.get("tick_size", 1e-5)
    bar = s.candle(o.end.timestamp_ns - s.step, ask=not o.long)
    if bar is None:
        return False
    sl, tp, buffer = last.sl, last.tp, last.buffer
    gaps = (
        (bar.low - sl - buffer, tp - buffer - bar.high) if o.long else (sl - buffer - bar.high, bar.low - tp - buffer)
    )
    return any(0 < gap <= 1.01 * tick for gap in gaps)


def _pending(s: Trace) -> Iterator[str]:
    orders = list(s.orders.values())
    fills = [o.fill.bar for o in orders if o.fill and not o.market]
    if len(set(fills)) < len(fills):
        yield "pending two fills"
    for o in orders:
        if o.market:
            continue
        long, level, kind = o.long, o.signal.price, o.signal.order_type
        own = s.candle(o.signal.timestamp_ns, ask=long)
        if own and _reaches(own, level, kind, long=long) and not (o.fill and o.fill.bar == o.signal.bar):
            yield "pending own bar"
        if o.fill is None:
            continue
        yield f"pending {kind} {'long' if long else 'short'}"
        if o.fill.bar > o.signal.bar + 1:
            yield "pending later"
        if o.signal.sl == level:
            yield "pending no risk"
        bar = s.candle(o.fill.timestamp_ns, ask=long)
        if bar and level == (bar.low if long == (kind == "limit") else bar.high):
            yield f"pending {kind} exact"
        if bar and (bar.open < level if long == (kind == "limit") else bar.open > level):
            yield "pending gap"
        at = o.fill.bar
        if any(p is not o and p.fill and p.fill.bar < at and (not p.end or p.end.bar > at) for p in orders):
            yield "pending beside open"


def _reaches(bar: Any, level: float, kind: str, *, long: bool) -> bool:
    return bool(bar.low <= level if long == (kind == "limit") else bar.high >= level)


def _market(s: Trace) -> Iterator[str]:
    for o in s.orders.values():
        if not o.market:
            continue
        if o.rejected is not None:
            yield "market near stop"
        if o.fill is not None:
            yield f"market {'long' if o.long else 'short'}"
            if s.ordered.get(o.id, {}).get("entry") is not None:
                yield "market own price"


def _manager(s: Trace) -> Iterator[str]:
    limit, switched_on = s.held_at_most, s.parameters.get("use_position_manager", True)
    for o in s.orders.values():
        if o.fill is None or limit is None or not s.traded:
            continue
        last = o.end.timestamp_ns if o.end else s.traded[-1]
        held = last - o.signal.timestamp_ns
        if o.end is not None and o.end.reason == "timeout":
            yield f"manager timeout {'long' if o.long else 'short'}"
            if held == limit:
                yield "manager timeout exact"
            if held == 0:
                yield "manager zero minutes"
            if not o.market and o.fill.bar > o.signal.bar:
                yield "manager since placement"
        elif held > limit and s.wrappers == 0 and switched_on:
            yield "manager unreached"
        elif held > limit and s.wrappers == 1 and not switched_on:
            yield "manager disabled"
    for row in s.outcome.rows:
        trace = s.orders.get(row.order_id)
        if trace is None or trace.fill is None or not s.scripted:
            continue
        if UNSET not in (row.sl, row.initial_sl) and row.sl != row.initial_sl:
            yield "manager edit stop"
        if row.tp not in (UNSET, trace.signal.tp):
            yield "manager edit target"
    if s.wrappers == 0:
        for edit in s.parameters.get("edits", ()):
            trace = s.orders.get(edit["order"])
            if trace and trace.fill and trace.fill.bar <= edit["bar"]:
                yield "manager edit unreached"


def _costs(s: Trace) -> Iterator[str]:
    symbol = s.config["symbol"]
    tariff = s.case.costs or {}
    block = {**tariff.get("defaults", {}), **tariff.get("per_symbol", {}).get(symbol, {})}
    slips = block.get("slippage", {})
    execution = s.config.get("execution", {})
    schema = {"per_lot": "per lot", "per_million_notional": "per million", "percent_of_notional": "percent"}
    multiplier = execution.get("fee_multiplier", 1.0)
    slipping = any(slips.get(k) for k in ("fixed_pips", "random_pips"))
    account = s.config.get("account_currency", "EUR")
    for o in s.orders.values():
        if o.fill is None:
            continue
        if slipping:
            yield from _slips(o, slips, execution)
        if not o.fees:
            yield "cost free"
            continue
        yield f"cost {schema[block['schema']]}"
        kinds = {fee.kind for fee in o.fees}
        yield f"cost side {block.get('side', 'both')}"
        if multiplier != 1.0:
            yield "cost multiplier"
        if block.get("fee_ccy", account) != account:
            yield "cost fee currency"
        if symbol in tariff.get("per_symbol", {}):
            yield "cost per symbol"
        if o.end is not None and o.end.reason == "timeout" and "exit" not in kinds:
            yield "cost timeout free"
        if block["schema"] == "per_lot":
            base = block["per_lot"] * o.fill.size
            if base < block.get("min_fee", 0.0):
                yield "cost minimum"
            elif abs((base * multiplier * 100) % 1 - 0.5) < 1e-9:
                yield "cost tie"


def _slips(o: OrderLifeCycle, slips: Any, execution: Any) -> Iterator[str]:
    assert o.fill is not None
    if slips.get("random_pips"):
        yield "cost slip random"
    if execution.get("slippage_multiplier", 1.0) != 1.0:
        yield "cost slip multiplier"
    moved = o.fill.price != o.signal.price
    if o.market and moved:
        yield f"cost slip entry {'long' if o.long else 'short'}"
    if not o.market and not moved:
        yield "cost no slip pending"
    if o.end is None:
        return
    if o.end.reason == "timeout":
        yield "cost no slip timeout"
    elif o.checks:
        stopped = o.end.reason != "take_profit"
        if o.end.price != (o.checks[-1].sl if stopped else o.checks[-1].tp):
            yield "cost slip stop" if stopped else "cost slip target"


def _sizes(s: Trace) -> Iterator[str]:
    account, quote = s.config.get("account_currency", "EUR"), s.spec["quote_currency"]
    rates = s.config.get("rates_static", {})
    for o in s.orders.values():
        if o.fill is None:
            continue
        if account == quote:
            yield "rate same"
        elif quote + account in rates:
            yield "rate direct"
        else:
            yield "rate inverse" if account + quote in rates else "rate through USD"
        size = o.fill.size
        if size in (s.spec["volume_min"], s.spec["volume_max"]):
            yield "size minimum" if size == s.spec["volume_min"] else "size cap"
        else:
            yield "size stepped"
        if s.config["symbol"].endswith("JPY"):
            yield "size yen"
        elif s.spec["contract_size"] == 1:
            yield "size index"


CHAPTERS: list[Callable[[Trace], Iterator[str]]] = [
    _data, _bar, _exits, _pending, _market, _manager, _costs, _sizes, *OF_STRATEGIES,
]  # fmt: skip
