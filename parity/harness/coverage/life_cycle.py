"""A trace read as the life cycle of each order, with the bars it happened on. Pure.

Coverage and explanations both read it, for the trace of either engine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from parity.harness.model.bars import MINUTE_NS, TIMEFRAME_MINUTES
from parity.harness.model.case import Case
from parity.harness.model.events import (
    Closed,
    EquityPoint,
    Event,
    ExitChecked,
    Fee,
    Filled,
    OrderRejected,
    Signal,
    Triggered,
)  # fmt: skip
from parity.harness.model.outcome import Outcome
from parity.harness.model.plain import plain


@dataclass
class OrderLifeCycle:
    """What became of one order. ``checks`` hold the numbers of each exit check."""

    id: int
    signal: Signal
    trigger: Triggered | None = None
    fill: Filled | None = None
    end: Closed | None = None
    checks: list[ExitChecked] = field(default_factory=list)
    fees: list[Fee] = field(default_factory=list)
    rejected: OrderRejected | None = None

    @property
    def long(self) -> bool:
        """Whether the order buys."""
        return self.signal.direction == "long"

    @property
    def market(self) -> bool:
        """Whether it is a market order, with no entry price of its own."""
        return self.signal.order_type == "market"

    @property
    def rule(self) -> str:
        """Number of the scenario that gave the order, empty for an order without a label."""
        return (self.signal.scenario or "")[-1:]

    @property
    def fills_and_ends_at_once(self) -> bool:
        """Whether fill and close fall on one bar."""
        return self.fill is not None and self.end is not None and self.fill.bar == self.end.bar


@dataclass(frozen=True)
class Candle:
    """One side of one bar."""

    open: float
    high: float
    low: float
    close: float


class Trace:
    """A case and one engine's outcome; without a trace there are no events, no orders and no bars played."""

    def __init__(self, case: Case, outcome: Outcome) -> None:
        self.case = case
        self.config: Mapping[str, Any] = plain(case.config)
        self.outcome = outcome
        self.events: Sequence[Event] = outcome.trace or ()
        self.parameters: Mapping[str, Any] = self.config["strategy"].get("parameters", {})

    @cached_property
    def timeframe(self) -> str:
        """Primary timeframe of the case; M15 is V1's default."""
        return str(self.config.get("timeframes", {}).get("primary", "M15"))

    @cached_property
    def step(self) -> int:
        """Length of a bar, ns."""
        return TIMEFRAME_MINUTES[self.timeframe] * MINUTE_NS

    @cached_property
    def spec(self) -> Mapping[str, Any]:
        """Symbol data of the traded symbol, as in the case."""
        out: Mapping[str, Any] = (self.case.specs or {})[self.config["symbol"]]
        return out

    @cached_property
    def traded(self) -> list[int]:
        """Times of the bars that were played."""
        return [event.timestamp_ns for event in self.events if isinstance(event, EquityPoint)]

    @cached_property
    def _rows(self) -> dict[int, int]:
        bars = self.case.bars.get(self.timeframe)
        # Of rows with one time the last one counts.
        return {} if bars is None else {t: i for i, t in enumerate(bars.ts.tolist())}

    def candle(self, ts: int, *, ask: bool) -> Candle | None:
        """One side of the bar at a time; None when the case does not hold it."""
        row = self._rows.get(ts)
        if row is None:
            return None
        bars = self.case.bars[self.timeframe]
        prices = (bars.ask if ask else bars.bid)[row].tolist()
        return None if math.isnan(prices[0]) else Candle(*prices)

    @cached_property
    def orders(self) -> dict[int, OrderLifeCycle]:
        """Orders by id."""
        out: dict[int, OrderLifeCycle] = {}
        for event in self.events:
            if isinstance(event, EquityPoint):
                continue
            if isinstance(event, Signal):
                out[event.order] = OrderLifeCycle(event.order, event)
                continue
            known = None if event.order is None else out.get(event.order)
            if known is None:
                continue
            if isinstance(event, Triggered):
                known.trigger = event
            elif isinstance(event, Filled):
                known.fill = event
            elif isinstance(event, Closed):
                known.end = event
            elif isinstance(event, ExitChecked):
                known.checks.append(event)
            elif isinstance(event, Fee):
                known.fees.append(event)
            elif isinstance(event, OrderRejected):
                known.rejected = event
        return out

    @cached_property
    def wrappers(self) -> int:
        """Session wrappers of V1."""
        own = self.config["strategy"]
        return sum(key in self.config or key in own for key in ("session_filter", "anchored_session_filter"))

    @cached_property
    def scripted(self) -> bool:
        """Whether the case names its orders itself."""
        return "orders" in self.parameters

    @cached_property
    def ordered(self) -> Mapping[int, Mapping[str, Any]]:
        """Scripted orders by number."""
        return dict(enumerate(self.parameters.get("orders", ())))

    @cached_property
    def lost(self) -> list[Mapping[str, Any]]:
        """Scripted orders that were due on a bar that was played and gave no signal."""
        given = {event.order for event in self.events if isinstance(event, Signal)}
        return [o for i, o in self.ordered.items() if i not in given and 0 <= o["bar"] < len(self.traded)]

    @cached_property
    def held_at_most(self) -> float | None:
        """Holding time of the manager, ns."""
        minutes = self.parameters.get("max_holding_minutes", None if self.scripted else 30)
        return None if minutes is None else float(minutes) * MINUTE_NS

    @cached_property
    def window(self) -> tuple[int, int]:
        """Start of the first day and V1's end (midnight of the last day), ns."""

        def day(text: Any) -> int:
            return int(datetime.fromisoformat(str(text)[:10]).replace(tzinfo=UTC).timestamp()) * 1_000_000_000

        return day(self.config["start_date"]), day(self.config["end_date"])
