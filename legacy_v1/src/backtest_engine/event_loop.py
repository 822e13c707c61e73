"""The bar loop: strategy, fills, exits, manager, portfolio update, in this order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from omega_rust import BarRust, PortfolioRust

from backtest_engine.data import to_ns
from backtest_engine.execution import Executor, Trace


def run_event_loop(
    times: list[datetime],
    bid: list[BarRust],
    ask: list[BarRust],
    start: int,
    strategy: Any,
    executor: Executor,
    portfolio: PortfolioRust,
    trace: Trace,
) -> int:
    """Runs from bar ``start`` to the last one; returns the number of tested bars."""
    if start < len(times):
        portfolio.start(times[start])
    for i in range(start, len(times)):
        now = times[i]
        if trace.enabled:
            trace.at(i - start, to_ns(now))
        for signal in strategy.on_bar(i, now):
            trace.add(
                "signal", signal.order_id, direction=signal.direction, order_type=signal.order_type,
                price=signal.entry, sl=signal.sl, tp=signal.tp, scenario=signal.scenario,
            )
            executor.process_signal(signal, now)
        if portfolio.has_active():
            executor.evaluate_exits(now, bid[i], ask[i])
        if portfolio.has_active() and hasattr(strategy, "strategy"):
            # Only behind a session wrapper is there a `.strategy` to look into.
            manager = strategy.strategy.position_manager
            if manager is not None:
                manager.manage(executor, i, now, bid[i], ask[i])
        portfolio.update(now)
        trace.add("equity", None, equity=portfolio.equity, balance=portfolio.cash)
    return len(times) - start
