"""A finished backtest."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

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

    ``raw`` is the parsed result JSON; the tables below are views of it, built on first use.
    """

    raw: dict[str, Any] = field(repr=False)

    @cached_property
    def trades(self) -> pa.Table:
        """Closed positions by exit time, then order id: one row each, columns as in the result JSON."""
        rows = self.raw["trades"]
        columns: list[pa.Array[Any]] = []
        for column in _TRADE_SCHEMA:
            key = f"{column.name}_ns" if column.type == _UTC_NS else column.name
            columns.append(pa.array([row[key] for row in rows], type=column.type))
        return pa.Table.from_arrays(columns, schema=_TRADE_SCHEMA)

    @cached_property
    def equity(self) -> pa.Table:
        """``time``, ``equity``, ``balance``, ``high_water`` and ``drawdown`` (share of the high water)."""
        raw = self.raw["equity"]
        equity: list[float] = raw["equity"]
        high, highs = self.raw["meta"]["config"]["normalised"]["account"]["initial_balance"], []
        for value in equity:
            high = max(high, value)
            highs.append(high)
        falls = [(h - e) / h if h > 0 else 0.0 for h, e in zip(highs, equity, strict=True)]
        return pa.table(
            {
                "time": pa.array(raw["timestamp_ns"], type=_UTC_NS),
                "equity": pa.array(equity, type=pa.float64()),
                "balance": pa.array(raw["balance"], type=pa.float64()),
                "high_water": pa.array(highs, type=pa.float64()),
                "drawdown": pa.array(falls, type=pa.float64()),
            }
        )

    @property
    def metrics(self) -> dict[str, float | int | str]:
        """Name -> value; ``"n/a"`` where there are too few samples."""
        return dict(self.raw["metrics"])

    @property
    def definitions(self) -> dict[str, dict[str, str]]:
        """Name -> unit, description, domain, source and type of each metric."""
        return dict(self.raw["definitions"])

    @property
    def open_positions(self) -> list[dict[str, Any]]:
        """Orders and positions that were alive after the last bar."""
        return list(self.raw["open_positions"])

    @property
    def rejected_orders(self) -> list[dict[str, Any]]:
        """Orders that were refused, with the rule that refused them."""
        return list(self.raw["rejected_orders"])

    @property
    def events(self) -> list[dict[str, Any]]:
        """The trace; empty unless ``output.events`` is set."""
        return list(self.raw.get("events", []))

    @property
    def meta(self) -> dict[str, Any]:
        """Run id, hashes, semantics, dataset, counters and timings."""
        return dict(self.raw["meta"])

    @property
    def run_id(self) -> str:
        """Sixteen hex digits: the same config and data give the same id."""
        return str(self.raw["meta"]["run_id"])

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
