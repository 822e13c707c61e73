"""Events of a trace: one strict type for each kind, the same for every engine. Pure.

``bar`` counts from the first tradable bar, ``timestamp_ns`` is that bar's open (ns since the epoch, UTC), ``order`` is
the number of the order, null where an event is about none. Prices are in the symbol's quote, sizes in lots, money in
account currency.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

#: A whole number of 64 bits: times in ns since the epoch (UTC), numbers of bars and orders, codes.
Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
#: A finite double. NaN and infinity are neither at least the one bound nor at most the other.
Number = Annotated[float, Meta(ge=-1.7976931348623157e308, le=1.7976931348623157e308)]
#: A text that is valid Unicode: a lone surrogate cannot be written down.
Text = Annotated[str, Meta(pattern=r"^[^\ud800-\udfff]*\Z")]

Direction = Literal["long", "short"]
OrderType = Literal["market", "limit", "stop"]
Reason = Literal["take_profit", "stop_loss", "break_even_stop_loss", "timeout"]
Status = Literal["pending", "open"]


class EventBase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="event", gc=False):
    """What every event has: where it happened. It holds plain values alone: the garbage collector need not track it."""

    bar: Whole
    timestamp_ns: Whole

    @property
    def event(self) -> str:
        """The kind, as it is called in a trace."""
        return str(self.__struct_config__.tag)


class Signal(EventBase, frozen=True, kw_only=True, gc=False, tag="signal"):
    """A strategy wants an order; ``price`` is the level it names, before slippage."""

    order: Whole
    direction: Direction
    order_type: OrderType
    price: Number
    sl: Number
    tp: Number
    scenario: Text | None


class OrderPlaced(EventBase, frozen=True, kw_only=True, gc=False, tag="order_placed"):
    """A pending order waits at ``entry``."""

    order: Whole
    entry: Number


class OrderRejected(EventBase, frozen=True, kw_only=True, gc=False, tag="order_rejected"):
    """An order is dropped by the rule of that name; ``price`` is what it would have been filled at."""

    order: Whole
    rule: Text
    price: Number
    sl: Number


class Triggered(EventBase, frozen=True, kw_only=True, gc=False, tag="triggered"):
    """A bar reaches the level of a pending order."""

    order: Whole
    level: Number


class Filled(EventBase, frozen=True, kw_only=True, gc=False, tag="filled"):
    """An order becomes a position."""

    order: Whole
    price: Number
    size: Number


class ExitChecked(EventBase, frozen=True, kw_only=True, gc=False, tag="exit_checked"):
    """A bar touches a level of a position: the numbers that were compared, and which level counts as touched."""

    order: Whole
    sl: Number
    tp: Number
    buffer: Number
    low: Number
    high: Number
    sl_hit: bool
    tp_hit: bool


class Closed(EventBase, frozen=True, kw_only=True, gc=False, tag="closed"):
    """A position is closed; ``r`` is the result in units of initial risk."""

    order: Whole
    price: Number
    reason: Reason
    r: Number
    result: Number


class Fee(EventBase, frozen=True, kw_only=True, gc=False, tag="fee"):
    """A fee that is not zero is charged."""

    order: Whole
    kind: Literal["entry", "exit"]
    amount: Number


class EquityPoint(EventBase, frozen=True, kw_only=True, gc=False, tag="equity"):
    """The account after a bar. ``order`` is always null."""

    order: None
    equity: Number
    balance: Number


class Gate(EventBase, frozen=True, kw_only=True, gc=False, tag="gate"):
    """What stops the strategy on this bar. It explains and is not compared: engines test their gates in any order.

    ``direction`` is null where both are stopped; ``until_ns`` is null where the engine does not know it. ``order`` is
    always null.
    """

    order: None
    gate: Literal[
        "cooldown_exit", "cooldown_entry", "cooldown_candles", "session", "anchor", "news", "position_limit", "trend",
        "chain",
    ]  # fmt: skip
    direction: Direction | None
    until_ns: Whole | None


#: Events that are about an order.
OrderEvent = Signal | OrderPlaced | OrderRejected | Triggered | Filled | ExitChecked | Closed | Fee
Event = OrderEvent | EquityPoint | Gate
EVENTS: tuple[type[EventBase], ...] = (
    Signal, OrderPlaced, OrderRejected, Triggered, Filled, ExitChecked, Closed, Fee, EquityPoint, Gate,
)  # fmt: skip
_WHERE = frozenset(("bar", "timestamp_ns", "order"))


def numbers(event: Event) -> dict[str, Any]:
    """What an event says, less where it happened: values by field."""
    return {name: getattr(event, name) for name in event.__struct_fields__ if name not in _WHERE}
