"""A finished backtest."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any, Self

import msgspec
import numpy as np
import pyarrow as pa

from bt._columns import equity_columns
from bt._document import Document, Trade, decode

__all__ = ["Result"]

_UTC_NS = pa.timestamp("ns", tz="UTC")
_TRADE_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("entry_time", _UTC_NS),
    ("exit_time", _UTC_NS),
    ("trigger_time", _UTC_NS),
    ("direction", pa.string()),
    ("symbol", pa.string()),
    ("order_type", pa.string()),
    ("entry_price", pa.float64()),
    ("exit_price", pa.float64()),
    ("initial_stop_loss", pa.float64()),
    ("stop_loss", pa.float64()),
    ("take_profit", pa.float64()),
    ("size", pa.float64()),
    ("result", pa.float64()),
    ("r_multiple", pa.float64()),
    ("entry_fee", pa.float64()),
    ("exit_fee", pa.float64()),
    ("reason", pa.string()),
    ("scenario", pa.string()),
]
_TRADE_SCHEMA = pa.schema(_TRADE_COLUMNS)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one backtest says. Prices in quote currency, money in account currency, times UTC.

    ``text`` is the result JSON; the tables below are views of it, built on first use.
    """

    text: str = field(repr=False)
    document: Document = field(repr=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """A result from its JSON text, as ``bt run --json-result`` and ``run_backtest_json`` give it.

        Raises:
            ValueError: the text is not a result, or is an error.
        """
        document = decode(text)
        if not document.ok:
            raise ValueError(f"the run ended in an error: {(document.error or {}).get('message')}")
        return cls(text=text, document=document)

    @cached_property
    def raw(self) -> dict[str, Any]:
        """The whole result as plain dictionaries and lists."""
        parsed: dict[str, Any] = msgspec.json.decode(self.text)
        return parsed

    @property
    def trade_records(self) -> list[Trade]:
        """Closed positions by exit time, then order id."""
        return self.document.trades

    @cached_property
    def trades(self) -> pa.Table:
        """Closed positions by exit time, then order id: one row each, columns as in the result JSON."""
        rows = self.document.trades
        columns: list[pa.Array[Any]] = []
        for column in _TRADE_SCHEMA:
            read = attrgetter(f"{column.name}_ns" if column.type == _UTC_NS else column.name)
            columns.append(pa.array(list(map(read, rows)), type=column.type))
        return pa.Table.from_arrays(columns, schema=_TRADE_SCHEMA)

    @cached_property
    def equity(self) -> pa.Table:
        """``time``, ``equity``, ``balance``, ``high_water`` and ``drawdown`` (share of the high water)."""
        times, equity, balance = equity_columns(self.document.equity)
        start = self.meta["config"]["normalised"]["account"]["initial_balance"]
        high = np.maximum.accumulate(equity)
        np.maximum(high, start, out=high)
        # The balance that an account starts with is above zero, and the high water never lies below it.
        fall = high - equity
        fall /= high
        return pa.table(
            {
                "time": pa.array(times).cast(_UTC_NS),
                "equity": equity,
                "balance": balance,
                "high_water": high,
                "drawdown": fall,
            }
        )

    @property
    def metrics(self) -> dict[str, float | int | str]:
        """Name -> value; ``"n/a"`` where there are too few samples."""
        return dict(self.document.metrics)

    @property
    def definitions(self) -> dict[str, dict[str, str]]:
        """Name -> unit, description, domain, source and type of each metric."""
        return dict(self.document.definitions)

    @property
    def open_positions(self) -> list[dict[str, Any]]:
        """Orders and positions that were alive after the last bar."""
        return list(self.document.open_positions)

    @property
    def rejected_orders(self) -> list[dict[str, Any]]:
        """Orders that were refused, with the rule that refused them."""
        return list(self.document.rejected_orders)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The trace; empty unless ``output.events`` is set.

        Kinds: gate (what keeps the strategy from trading, and until when), signal, order_placed, order_rejected,
        triggered, filled, exit_checked, closed, fee, equity; ``bt.schema("result")`` describes their fields.
        """
        return list(self.document.events)

    @property
    def meta(self) -> dict[str, Any]:
        """Run id, hashes, semantics, dataset, counters and timings."""
        return dict(self.document.meta)

    @property
    def run_id(self) -> str:
        """Sixteen hex digits: the same config and data give the same id."""
        return str(self.document.meta["run_id"])

    def trades_frame(self, library: str = "pandas") -> Any:
        """``trades`` as a pandas or polars frame; ImportError when that library is absent."""
        return _frame(self.trades, library)

    def equity_frame(self, library: str = "pandas") -> Any:
        """``equity`` as a pandas or polars frame; ImportError when that library is absent."""
        return _frame(self.equity, library)


def _frame(table: pa.Table, library: str) -> Any:
    if library == "pandas":
        return table.to_pandas()
    if library == "polars":
        import polars

        return polars.from_arrow(table)
    raise ValueError(f"library must be 'pandas' or 'polars', not {library!r}")
