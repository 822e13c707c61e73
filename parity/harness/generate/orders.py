"""Scripted orders aimed at a market's own levels, so that rules fire and their edges are met. Pure."""

from __future__ import annotations

from typing import Any

from parity.harness.generate.choices import Choices
from parity.harness.generate.markets import Built

#: Distances in ticks from a price of the market: exactly on it, a tick away from it, and at the edge of the pip buffer
#: (half a pip is five ticks of every symbol), where `<` and `<=` differ.
OFFSETS = (0, 5, -5, 1, -1, 6, -6, 4, -4, 12, -12)
KINDS = ("market", "limit", "stop")
DIRECTIONS = ("long", "short")
OPEN, HIGH, LOW, CLOSE = range(4)


def _at(choices: Choices, market: Built, bar: int, *, ask: bool) -> int:
    """A price of one of the next bars, in ticks, with an offset."""
    later = min(market.lead + bar + choices.integer(1, 8), len(market.ts) - 1)
    side = market.ask if ask else market.bid
    return int(side[later, choices.pick((HIGH, LOW, CLOSE, OPEN))]) + choices.pick(OFFSETS)


def _entry(choices: Choices, market: Built, bar: int, kind: str, *, long: bool) -> int:
    """Entry level in ticks."""
    close = int((market.ask if long else market.bid)[market.lead + bar, CLOSE])
    if kind == "market":
        return close
    if choices.one_in(3):
        # The side that triggers: asks of buyers; bids of sellers.
        return _at(choices, market, bar, ask=long)
    sign = 1 if long == (kind == "stop") else -1
    return close + sign * choices.integer(0, 60)


def scripted_order(choices: Choices, market: Built, last: int) -> dict[str, Any]:
    """One order. Stop and target lie at a distance from the entry or on prices that the market will touch."""
    bar = choices.integer(0, last)
    kind, direction = choices.pick(KINDS), choices.pick(DIRECTIONS)
    long = direction == "long"
    sign = 1 if long else -1
    entry = _entry(choices, market, bar, kind, long=long)
    style = choices.integer(0, 3)
    near, far = entry - sign * choices.integer(0, 80), entry + sign * choices.integer(-20, 120)
    sl = _at(choices, market, bar, ask=not long) if style in (1, 3) else near
    tp = _at(choices, market, bar, ask=not long) if style in (2, 3) else far
    own_price = kind == "market" and not choices.flag()
    out: dict[str, Any] = {"bar": bar, "direction": direction, "type": kind}
    out["entry"] = None if own_price else entry / market.scale
    out["sl"], out["tp"] = sl / market.scale, tp / market.scale
    if choices.one_in(6):
        out["scenario"] = f"{direction}_{kind}"
    return out


def scripted_orders(choices: Choices, market: Built, *, most: int = 6) -> list[dict[str, Any]]:
    """Orders by bar."""
    last = len(market.ts) - market.lead - 1
    out = [scripted_order(choices, market, last) for _ in range(choices.integer(1, most))]
    return sorted(out, key=lambda order: order["bar"])


def scripted_edits(choices: Choices, orders: list[dict[str, Any]], market: Built) -> list[dict[str, Any]]:
    """Level edits by the position manager on bars after the order's own."""
    last = len(market.ts) - market.lead - 1
    out = []
    for _ in range(choices.integer(0, 2)):
        index = choices.integer(0, len(orders) - 1)
        bar = min(orders[index]["bar"] + choices.integer(0, 6), last)
        level = _at(choices, market, bar, ask=orders[index]["direction"] == "short")
        out.append({"bar": bar, "order": index, choices.pick(("sl", "tp")): level / market.scale})
    return out
