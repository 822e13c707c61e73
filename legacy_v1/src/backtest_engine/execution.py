"""Orders become positions, positions are closed: V1's executor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from omega_rust import BarRust, PortfolioRust, PositionRust, check_entry_trigger, check_exit

from backtest_engine.data import to_ns
from backtest_engine.money import CommissionModel, LegacyFee, LotSizer, SlippageModel, SymbolSpec, fallback_pip, snap


@dataclass(frozen=True)
class Signal:
    """What a strategy asks for; ``order_id`` is given by the event loop."""

    direction: str
    order_type: str
    entry: float
    sl: float
    tp: float
    symbol: str
    scenario: Optional[str] = None
    order_id: int = -1


class Trace:
    """Event list of one run; nothing is recorded when it is off."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self.events: list[dict[str, Any]] = []
        self.bar = 0
        self.time_ns = 0

    def at(self, bar: int, time_ns: int) -> None:
        self.bar, self.time_ns = bar, time_ns

    def add(self, event: str, order: Optional[int], **numbers: Any) -> None:
        if self.enabled:
            row = {"event": event, "bar": self.bar, "timestamp_ns": self.time_ns, "order": order}
            self.events.append({**row, **numbers})


class Executor:
    """Opens, triggers and closes; one instance for each run."""

    MIN_STOP_DISTANCE = 1e-5

    def __init__(
        self,
        portfolio: PortfolioRust,
        *,
        risk_per_trade: float,
        specs: dict[str, SymbolSpec],
        lot_sizer: Optional[LotSizer] = None,
        commission: Optional[CommissionModel] = None,
        legacy_fee: Optional[LegacyFee] = None,
        slippage: Optional[SlippageModel] = None,
        unit_value: Optional[Any] = None,
        trace: Optional[Trace] = None,
    ) -> None:
        self.portfolio = portfolio
        self.risk_per_trade = risk_per_trade
        self.specs = specs
        self.lot_sizer = lot_sizer
        self.commission = commission
        self.legacy_fee = legacy_fee
        self.slippage = slippage
        self.unit_value = unit_value
        self.pip_buffer_factor = 0.5
        self.trace = trace or Trace(False)

    def pip(self, symbol: str) -> float:
        spec = self.specs.get(symbol)
        return spec.pip if spec else fallback_pip(symbol)

    def _slip(self, price: float, direction: str, symbol: str) -> float:
        if self.slippage is None:
            return price
        return self.slippage.apply(price, direction, self.pip(symbol))

    def _size(self, symbol: str, fill: float, sl: float) -> float:
        distance = abs(fill - sl)
        if self.lot_sizer is not None:
            return self.lot_sizer.lots(symbol, self.risk_per_trade, distance / self.pip(symbol))
        return self._size_without_sizer(symbol, distance)

    def _size_without_sizer(self, symbol: str, distance: float) -> float:
        spec = self.specs.get(symbol)
        if spec is None:
            raw = self.risk_per_trade / (distance * 100000.0) if distance > 0 else 0.0
            return max(0.01, round(raw, 2))
        if spec.tick_size and spec.tick_value:
            unit = spec.tick_value / spec.tick_size
        elif self.unit_value is not None:
            unit = self.unit_value(spec)
        else:
            unit = 100000.0
        raw = self.risk_per_trade / (distance * unit) if distance > 0 else 0.0
        return float(f"{snap(raw, spec):.8f}")

    def _charge(self, position: PositionRust, kind: str, price: float, time: datetime) -> None:
        symbol, size = position.symbol, position.size
        if self.commission is not None:
            fee = self.commission.fee(symbol, price, size, kind)
        elif self.legacy_fee is not None:
            spec = self.specs.get(symbol)
            fee = self.legacy_fee.fee(price, size, spec.contract_size if spec else None)
        else:
            return
        self.portfolio.register_fee(time, kind, symbol, size, fee)
        if kind == "entry":
            position.entry_fee = fee
        else:
            position.exit_fee = fee
        if fee != 0.0:
            self.trace.add("fee", position.order_id, kind=kind, amount=fee)

    def _fill(self, position: PositionRust, time: datetime) -> None:
        price = position.entry_price
        size = self._size(position.symbol, price, position.current_sl)
        position.fill(time, size)
        self.trace.add("filled", position.order_id, price=price, size=size)
        self._charge(position, "entry", price, time)

    def process_signal(self, signal: Signal, time: datetime) -> None:
        """A market order is opened at once, anything else waits."""
        entry = signal.entry
        if signal.order_type == "market":
            entry = self._slip(entry, signal.direction, signal.symbol)
            if abs(entry - signal.sl) < self.MIN_STOP_DISTANCE:
                print("⚠️ SL-Distanz zu klein – Trade ignoriert")
                self.trace.add("order_rejected", signal.order_id, rule="min_stop_distance", price=entry, sl=signal.sl)
                return
        position = PositionRust(
            signal.order_id, time, signal.direction, signal.symbol, signal.order_type,
            entry, signal.sl, signal.tp, signal.scenario,
        )
        self.portfolio.register_entry(position)
        if signal.order_type == "market":
            self._fill(position, time)
        else:
            self.trace.add("order_placed", signal.order_id, entry=entry)

    def evaluate_exits(self, time: datetime, bid: BarRust, ask: BarRust) -> None:
        """Pending triggers and exits of one bar, in the order in which the orders were placed."""
        active = self.portfolio.active_positions()
        # Looked up once: a pending order that fills below does not change this bar's buffer.
        first_open = next((p for p in active if p.status == "open"), None)
        buffer = self.pip_buffer_factor * (self.pip(first_open.symbol) if first_open else 0.0001)
        for position in active:
            if position.status == "closed" or time <= position.entry_time:
                continue
            if position.status == "pending" and check_entry_trigger(position, bid, ask):
                self.trace.add("triggered", position.order_id, level=position.entry_price)
                self._fill(position, time)
            if position.status != "open":
                continue
            hit = check_exit(position, bid, ask, buffer)
            if self.trace.enabled:
                self._trace_check(position, bid, ask, buffer)
            if hit is not None:
                level, reason = hit
                self.close(position, self._slip(level, position.direction, position.symbol), reason, time)

    def _trace_check(self, position: PositionRust, bid: BarRust, ask: BarRust, buffer: float) -> None:
        long = position.direction == "long"
        side = bid if long else ask
        sl, tp = position.current_sl, position.tp
        sl_hit = side.low <= sl + buffer if long else side.high >= sl - buffer
        tp_hit = side.high >= tp - buffer if long else side.low <= tp + buffer
        if sl_hit or tp_hit:
            self.trace.add(
                "exit_checked", position.order_id, sl=sl, tp=tp, buffer=buffer,
                low=side.low, high=side.high, sl_hit=sl_hit, tp_hit=tp_hit,
            )

    def close(self, position: PositionRust, price: float, reason: str, time: datetime, *, fee: bool = True) -> None:
        """The exit fee is booked before the result."""
        if fee:
            self._charge(position, "exit", price, time)
        self.portfolio.register_exit(position, time, price, reason, self.risk_per_trade)
        self.trace.add(
            "closed", position.order_id, price=price, reason=reason,
            r=position.r_multiple, result=position.result,
        )


class PositionManager:
    """Closes positions that are held too long and edits levels on given bars."""

    def __init__(self, max_holding_minutes: Optional[float], edits: Optional[dict[int, list[dict[str, Any]]]] = None) -> None:
        self.max_holding_minutes = max_holding_minutes
        self.edits = edits or {}

    def manage(self, executor: Executor, index: int, time: datetime, bid: BarRust, ask: BarRust) -> None:
        opened = [p for p in executor.portfolio.active_positions() if p.status == "open"]
        # In the order of their fills; the sort keeps the order of placement among equals.
        for position in sorted(opened, key=lambda p: (p.trigger_time, p.order_type != "market")):
            held = (to_ns(time) - to_ns(position.entry_time)) / 60e9
            if self.max_holding_minutes is not None and held >= self.max_holding_minutes:
                price = bid.close if position.direction == "long" else ask.close
                executor.close(position, price, "timeout", time, fee=False)
                continue
            for edit in self.edits.get(index, ()):
                if edit.get("order") in (None, position.order_id):
                    if edit.get("sl") is not None:
                        position.current_sl = float(edit["sl"])
                    if edit.get("tp") is not None:
                        position.tp = float(edit["tp"])
