"""The result text as typed records: decoded once, columns of numbers only where they are asked for.

Decoding into records instead of dictionaries takes less than half the time; the equity columns, which may hold
millions of numbers, stay text until they are read.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from bt._columns import EquityText

__all__ = ["Document", "Trade", "TradeMeta", "decode"]


_NO_EQUITY = EquityText(msgspec.Raw(b"[]"), msgspec.Raw(b"[]"), msgspec.Raw(b"[]"))


class TradeMeta(msgspec.Struct, frozen=True, gc=False):
    """What else identifies a trade."""

    order_id: int


class Trade(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A closed position. Times in ns since the epoch (UTC), prices in quote currency, money in account currency."""

    entry_time_ns: int
    exit_time_ns: int
    trigger_time_ns: int
    direction: Literal["long", "short"]
    symbol: str
    order_type: Literal["market", "limit", "stop"]
    entry_price: float
    exit_price: float
    initial_stop_loss: float
    stop_loss: float
    take_profit: float
    size: float
    result: float
    r_multiple: float
    entry_fee: float
    exit_fee: float
    reason: Literal["take_profit", "stop_loss", "break_even_stop_loss", "timeout"]
    scenario: str | None
    meta: TradeMeta


class Document(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A result, or an error when ``ok`` is false."""

    ok: bool
    error: dict[str, Any] | None = None
    trades: list[Trade] = []
    open_positions: list[dict[str, Any]] = []
    rejected_orders: list[dict[str, Any]] = []
    equity: EquityText = _NO_EQUITY
    metrics: dict[str, float | int | str] = {}
    definitions: dict[str, dict[str, str]] = {}
    events: list[dict[str, Any]] = []
    meta: dict[str, Any] = {}


_DECODER = msgspec.json.Decoder(Document)

#: Characters of a text from which on cutting its points out first pays: the decoder reads each character of what it
#: skips, and a search for the end of an array of numbers does not.
LARGE = 1 << 24
_KEYS = ('"equity":{"timestamp_ns":[', '],"equity":[', '],"balance":[', "]}")


def _cut(text: str) -> tuple[bytes, EquityText] | None:
    """The text with empty equity arrays, and the arrays; None unless the text is laid out as the engine lays it out.

    A quotation mark inside a JSON string has a backslash before it, so the first key found is a key.
    """
    if not text.isascii():
        return None
    first = text.find(_KEYS[0])
    if first < 0:
        return None
    starts, at = [], first
    for key in _KEYS[:3]:
        if not text.startswith(key, at):
            return None
        starts.append(at + len(key) - 1)
        at = text.find("]", at + len(key))
    if not text.startswith(_KEYS[3], at):
        return None
    # ASCII text is its own UTF-8, so places in the text are places in its bytes, which are not copied.
    view = memoryview(msgspec.Raw(text))
    ends = [starts[1] - len(_KEYS[1]) + 2, starts[2] - len(_KEYS[2]) + 2, at + 1]
    arrays = (msgspec.Raw(view[a:b]) for a, b in zip(starts, ends, strict=True))
    rest = b"".join([view[:first], "".join(_KEYS).encode(), view[at + len(_KEYS[3]) :]])
    return rest, EquityText(*arrays)


def decode(text: str) -> Document:
    """Decodes a result text.

    Raises:
        msgspec.ValidationError: the text is not a result of this version.
    """
    cut = _cut(text) if len(text) >= LARGE else None
    if cut is None:
        return _DECODER.decode(text)
    document = _DECODER.decode(cut[0])
    return msgspec.structs.replace(document, equity=cut[1])
