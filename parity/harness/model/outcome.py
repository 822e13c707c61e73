"""What an engine answered: an outcome or a refusal, in strict types. Pure: no I/O, no engines.

``model.decode`` makes them from plain data. On the wire a refusal is ``{"error": {"category", "code", "message"}}`` and
an outcome is an object with the fields of ``Outcome``. A field that an engine declares unknown is left out and is UNSET
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from parity.harness.model.events import Direction, Event, Gate, Number, OrderType, Reason, Status, Text, Whole

PlainOutcome = Mapping[str, Any]


class Trade(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A closed position. Times are ns since the epoch (UTC), prices in the symbol's quote, money in account currency.

    ``entry_time_ns`` is when the order was placed, ``trigger_time_ns`` when it was filled; ``sl`` and ``tp`` are the
    levels at the end; ``size`` is in lots; ``result`` is before fees.
    """

    order_id: Whole
    direction: Direction
    order_type: OrderType
    entry_time_ns: Whole
    symbol: Text | UnsetType = UNSET
    trigger_time_ns: Whole | UnsetType = UNSET
    exit_time_ns: Whole | UnsetType = UNSET
    entry_price: Number | UnsetType = UNSET
    exit_price: Number | UnsetType = UNSET
    initial_sl: Number | UnsetType = UNSET
    sl: Number | UnsetType = UNSET
    tp: Number | UnsetType = UNSET
    size: Number | UnsetType = UNSET
    result: Number | UnsetType = UNSET
    r_multiple: Number | UnsetType = UNSET
    entry_fee: Number | UnsetType = UNSET
    exit_fee: Number | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
    scenario: Text | UnsetType | None = UNSET


class OpenPosition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """An order or position that was alive after the last bar; ``trigger_time_ns`` is null while it is pending."""

    order_id: Whole
    status: Status
    direction: Direction
    order_type: OrderType
    entry_time_ns: Whole
    symbol: Text | UnsetType = UNSET
    trigger_time_ns: Whole | UnsetType | None = UNSET
    entry_price: Number | UnsetType = UNSET
    initial_sl: Number | UnsetType = UNSET
    sl: Number | UnsetType = UNSET
    tp: Number | UnsetType = UNSET
    size: Number | UnsetType = UNSET
    entry_fee: Number | UnsetType = UNSET
    scenario: Text | UnsetType | None = UNSET


Metric = Number | Whole | Text | None


class Outcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A finished run. ``equity`` holds a point ``(timestamp_ns, equity)`` for each bar played.

    ``events`` is UNSET where the engine gave no trace. ``unknown`` names what the engine does not know, as
    ``trades.entry_fee``, ``metrics.sortino_trade`` or ``balance``.
    """

    trades: tuple[Trade, ...]
    open_positions: tuple[OpenPosition, ...] | UnsetType = UNSET
    equity: tuple[tuple[Whole, Number], ...] | UnsetType = UNSET
    balance: Number | UnsetType = UNSET
    fees_total: Number | UnsetType = UNSET
    metrics: dict[Text, Metric] | UnsetType = UNSET
    events: tuple[Event, ...] | UnsetType = UNSET
    unknown: tuple[Text, ...] = ()

    @property
    def trace(self) -> tuple[Event, ...] | None:
        """The events that are compared: all but gates. None where the engine gave no trace."""
        if self.events is UNSET:
            return None
        if Gate not in set(map(type, self.events)):
            return self.events
        return tuple(event for event in self.events if type(event) is not Gate)

    @property
    def rows(self) -> tuple[Trade | OpenPosition, ...]:
        """Closed positions, then what was alive after the last bar."""
        return (*self.trades, *(() if self.open_positions is UNSET else self.open_positions))


class Refusal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An engine refuses a case. Only ``code`` is compared; category is the name of the code, or a word for people."""

    category: Text
    code: Whole
    message: Text = ""


def refusal(category: str, code: int, message: str = "") -> Refusal:
    """The answer of an engine that refuses a case."""
    return Refusal(category=category, code=int(code), message=message)


def is_refusal(answer: Outcome | Refusal) -> bool:
    """Whether an engine refused."""
    return isinstance(answer, Refusal)


class MalformedOutcomeError(ValueError):
    """An engine answered something that is not an outcome. ``path`` says where, ``problem`` what is wrong there."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path, self.problem = path, problem


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back from an engine, and how long it took.

    ``failure`` is set when the engine crashed, hung or answered nonsense; then ``outcome`` is None. ``bars`` is None
    where the engine does not say how many it played.
    """

    outcome: Outcome | Refusal | None
    failure: str | None = None
    seconds: float = 0.0
    bars: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def trades(self) -> int:
        """Closed trades, 0 for refusals and failures."""
        return len(self.outcome.trades) if isinstance(self.outcome, Outcome) else 0
