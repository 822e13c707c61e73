"""A trace read as the trace of each order, on the bars it happened on. Pure.

What coverage counts and what explanations say is taken from here, for either engine's trace alike.
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
from parity.harness.model.plain import Outcome

Event = Mapping[str, Any]


@dataclass
class OrderLifeCycle:
    """What became of one order. ``levels`` are the numbers of each exit check."""

    id: int
    signal: Event
    trigger: Event | None = None
    fill: Event | None = None
    end: Event | None = None
    checks: list[Event] = field(default_factory=list)
    fees: list[Event] = field(default_factory=list)
    rejected: Event | None = None

    @property
    def long(self) -> bool:
        return bool(self.signal["direction"] == "long")

    @property
    def market(self) -> bool:
        return bool(self.signal["order_type"] == "market")

    @property
    def fills_and_ends_at_once(self) -> bool:
        return self.fill is not None and self.end is not None and self.fill["bar"] == self.end["bar"]


@dataclass(frozen=True)
class Candle:
    """One side of one bar."""

    open: float
    high: float
    low: float
    close: float


class Trace:
    """A case and one engine's outcome with events."""

    def __init__(self, case: Case, outcome: Outcome) -> None:
        self.case = case
        self.config: Mapping[str, Any] = case.config
        self.outcome = outcome
        self.events: Sequence[Event] = outcome.get("events", ())
        self.parameters: Mapping[str, Any] = self.config["strategy"].get("parameters", {})

    @cached_property
    def timeframe(self) -> str:
        return str(self.config.get("timeframes", {}).get("primary", "M15"))

    @cached_property
    def step(self) -> int:
        """Length of a bar, ns."""
        return TIMEFRAME_MINUTES[self.timeframe] * MINUTE_NS

    @cached_property
    def spec(self) -> Mapping[str, Any]:
        out: Mapping[str, Any] = self.case.specs[self.config["symbol"]]
        return out

    @cached_property
    def traded(self) -> list[int]:
        """Times of the bars that were played."""
        return [e["timestamp_ns"] for e in self.events if e["event"] == "equity"]

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
            kind, order = event["event"], event["order"]
            if kind == "signal":
                out[order] = OrderLifeCycle(order, event)
                continue
            known = out.get(order) if order is not None else None
            if known is None:
                continue
            if kind == "triggered":
                known.trigger = event
            elif kind == "filled":
                known.fill = event
            elif kind == "closed":
                known.end = event
            elif kind == "exit_checked":
                known.checks.append(event)
            elif kind == "fee":
                known.fees.append(event)
            elif kind == "order_rejected":
                known.rejected = event
        return out

    @cached_property
    def wrappers(self) -> int:
        """Session wrappers of V1."""
        own = self.config["strategy"]
        return sum(key in self.config or key in own for key in ("session_filter", "anchored_session_filter"))

    @cached_property
    def scripted(self) -> bool:
        return "orders" in self.parameters

    @cached_property
    def lost(self) -> list[Mapping[str, Any]]:
        """Scripted orders that were due on a bar that was played and gave no signal."""
        given = {e["order"] for e in self.events if e["event"] == "signal"}
        orders = enumerate(self.parameters.get("orders", ()))
        return [o for i, o in orders if i not in given and 0 <= o["bar"] < len(self.traded)]

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
