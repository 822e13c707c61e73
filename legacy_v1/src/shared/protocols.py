"""What crosses the boundary as a single record. A test holds each model against its Rust struct."""

from __future__ import annotations

from datetime import datetime
from typing import Optional

from pydantic import BaseModel, ConfigDict


class _Contract(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bar(_Contract):
    """One candle of one side (``BarRust``); prices in quote currency, time is the bar's open."""

    timestamp: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float


class Position(_Contract):
    """An order from placement to end (``PositionRust``)."""

    order_id: int
    entry_time: datetime
    trigger_time: Optional[datetime]
    exit_time: Optional[datetime]
    direction: str
    symbol: str
    order_type: str
    entry_price: float
    exit_price: Optional[float]
    initial_sl: float
    current_sl: float
    tp: float
    size: float
    result: Optional[float]
    r_multiple: float
    reason: Optional[str]
    status: str
    entry_fee: float
    exit_fee: float
    scenario: Optional[str]


class FeeRequest(_Contract):
    """What one commission depends on (``FeeRequestRust``); FX paths as (rate, inverse) steps."""

    fee_schema: str
    price: float
    lots: float
    contract_size: float
    per_lot: float
    rate_per_million: float
    pct: float
    min_fee: float
    multiplier: float
    sides: float
    quote_to_fee: list[tuple[float, bool]]
    fee_to_account: list[tuple[float, bool]]


CONTRACTS = {"BarRust": Bar, "PositionRust": Position, "FeeRequestRust": FeeRequest}
