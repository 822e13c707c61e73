"""What an engine answered, as plain data (spec 10.1), for readers that are not typed yet. Pure: no I/O, no engines.

An outcome is a refusal ``{"error": {"category", "code"}}`` or a mapping with ``trades``, ``open_positions``,
``equity`` (``[timestamp_ns, equity]`` pairs), ``balance``, ``fees_total``, ``metrics`` and, on request, ``events``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Outcome = Mapping[str, Any]

#: Fields of a closed trade, in both engines' words.
TRADE_FIELDS = (
    "order_id", "direction", "symbol", "order_type", "entry_time_ns", "trigger_time_ns", "exit_time_ns",
    "entry_price", "exit_price", "initial_sl", "sl", "tp", "size", "result", "r_multiple", "entry_fee",
    "exit_fee", "reason", "scenario",
)  # fmt: skip
#: Fields of an order or position that was alive after the last bar.
OPEN_FIELDS = (
    "order_id", "status", "direction", "symbol", "order_type", "entry_time_ns", "trigger_time_ns",
    "entry_price", "initial_sl", "sl", "tp", "size", "entry_fee", "scenario",
)  # fmt: skip


def refusal(category: str, code: int, message: str = "") -> dict[str, Any]:
    """The outcome of an engine that refuses a case; the message is for people and never compared."""
    return {"error": {"category": category, "code": int(code), "message": message}}


def is_refusal(outcome: Outcome) -> bool:
    return "error" in outcome


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back from an engine, and how long it took.

    ``failure`` is set when the engine crashed, hung or answered nonsense; then ``outcome`` is None.
    """

    outcome: Outcome | None
    failure: str | None = None
    seconds: float = 0.0
    bars: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def trades(self) -> int:
        """Closed trades, 0 for refusals and failures."""
        if self.outcome is None or is_refusal(self.outcome):
            return 0
        return len(self.outcome["trades"])
