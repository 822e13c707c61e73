"""What an engine answered, as plain data that can be compared (spec 10.1). Pure: no I/O, no engines.

An outcome is a refusal ``{"error": {"category", "code"}}`` or a mapping with ``trades``, ``open_positions``,
``equity`` (``[timestamp_ns, equity]`` pairs), ``balance``, ``fees_total``, ``metrics`` and, on request, ``events``.
"""

from __future__ import annotations

import math
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


class MalformedOutcomeError(ValueError):
    """An engine answered something that is not an outcome; the path says where."""


def refusal(category: str, code: int, message: str = "") -> dict[str, Any]:
    """The outcome of an engine that refuses a case; the message is for people and never compared."""
    return {"error": {"category": category, "code": int(code), "message": message}}


def is_refusal(outcome: Outcome) -> bool:
    return "error" in outcome


def check(outcome: Any) -> Outcome:
    """Raises MalformedOutcomeError unless ``outcome`` has the documented shape and holds no NaN."""
    if not isinstance(outcome, Mapping):
        raise MalformedOutcomeError(f"an outcome is a mapping, not {type(outcome).__name__}")
    if "error" in outcome:
        error = outcome["error"]
        if not isinstance(error, Mapping) or not isinstance(error.get("code"), int):
            raise MalformedOutcomeError("error.code must be a whole number")
        return outcome
    for key in ("trades", "open_positions", "equity", "balance", "fees_total", "metrics"):
        if key not in outcome:
            raise MalformedOutcomeError(f"{key} is missing")
    for key, fields in (("trades", TRADE_FIELDS), ("open_positions", OPEN_FIELDS)):
        if not isinstance(outcome[key], list):
            raise MalformedOutcomeError(f"{key} must be a list")
        for i, row in enumerate(outcome[key]):
            missing = [name for name in fields if name not in row]
            if missing:
                raise MalformedOutcomeError(f"{key}[{i}] lacks {', '.join(missing)}")
            bad = [name for name, value in row.items() if isinstance(value, float) and not math.isfinite(value)]
            if bad:
                raise MalformedOutcomeError(f"{key}[{i}].{bad[0]} is not finite")
    for i, point in enumerate(outcome["equity"]):
        if len(point) != 2 or not isinstance(point[0], int) or not math.isfinite(point[1]):
            raise MalformedOutcomeError(f"equity[{i}] is not a [timestamp_ns, equity] pair")
    return outcome


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
