"""The bridge to the bulk indicator calls: one Arrow IPC stream in, one out, once for each series."""

from __future__ import annotations

from typing import Any

import numpy as np
import omega_rust
import pyarrow as pa
from shared.arrow_schemas import check_schema, load_schema


def ohlcv_stream(ts_ns: np.ndarray, ohlcv: np.ndarray, *, symbol: str, timeframe: str, side: str) -> bytes:
    """Serialises candles; a row with NaN anywhere in its prices is ``valid = false``."""
    metadata = {"symbol": symbol, "timeframe": timeframe, "price_type": side}
    schema = load_schema("ohlcv").with_metadata(metadata)
    valid = ~np.isnan(ohlcv[:, :4]).any(axis=1)
    columns: list[Any] = [pa.array(ts_ns // 1000, type=pa.int64()).cast(pa.timestamp("us", tz="UTC"))]
    columns += [pa.array(np.ascontiguousarray(ohlcv[:, i]), from_pandas=False) for i in range(5)]
    columns.append(pa.array(valid))
    batch = pa.record_batch(columns, schema=schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def read_indicator(stream: bytes) -> list[list[float]]:
    """One list of values for each batch; NaN where a value is not valid."""
    with pa.ipc.open_stream(stream) as reader:
        check_schema(reader.schema.remove_metadata(), "indicator")
        return [batch.column(1).to_numpy(zero_copy_only=False).tolist() for batch in reader]


class IndicatorSet:
    """Series of one market, computed on first use and kept.

    ``primary`` holds bid and ask candles; ``higher`` adds, per timeframe, closes at each primary bar.
    """

    def __init__(self, symbol: str, timeframe: str, ts_ns: np.ndarray, bid: np.ndarray, ask: np.ndarray) -> None:
        self._symbol, self._timeframe, self._ts = symbol, timeframe, ts_ns
        self._sides = {"bid": bid, "ask": ask}
        self._streams: dict[str, bytes] = {}
        self._cache: dict[tuple[Any, ...], list[list[float]]] = {}

    def _stream(self, side: str) -> bytes:
        if side not in self._streams:
            self._streams[side] = ohlcv_stream(
                self._ts, self._sides[side], symbol=self._symbol, timeframe=self._timeframe, side=side
            )
        return self._streams[side]

    def series(self, name: str, *params: Any, side: str = "bid") -> list[list[float]]:
        key = (name, side, *params)
        if key not in self._cache:
            self._cache[key] = read_indicator(getattr(omega_rust, name)(self._stream(side), *params))
        return self._cache[key]

    def local(self, name: str, index: int, lookback: int, *params: Any, side: str = "bid") -> Any:
        """A local call: computed afresh for one bar, never kept. Only the rows of its window cross."""
        first = max(0, index - lookback + 1)
        rows = slice(first, index + 1)
        stream = ohlcv_stream(
            self._ts[rows], self._sides[side][rows], symbol=self._symbol, timeframe=self._timeframe, side=side
        )
        return getattr(omega_rust, name)(stream, index - first, lookback, *params)

    def one(self, name: str, *params: Any, side: str = "bid") -> list[float]:
        return self.series(name, *params, side=side)[0]


def new_bar_steps(visible: np.ndarray) -> list[int]:
    """Primary indices at which a NEW higher-timeframe bar appears; one that comes back does not count again."""
    steps, last = [], -1
    for i, j in enumerate(visible.tolist()):
        if j >= 0 and j != last:
            steps.append(i)
            last = j
    return steps


def stepwise(
    call: str, closes: np.ndarray, visible: np.ndarray, ts_ns: np.ndarray, timeframe: str, *params: Any
) -> list[list[float]]:
    """A stepwise call over new higher-timeframe bars: series with one value for each primary bar."""
    column = np.where(visible >= 0, closes[np.maximum(visible, 0)], np.nan) if len(closes) else np.full(len(visible), np.nan)
    table = np.column_stack([column] * 4 + [np.zeros(len(column))])
    stream = ohlcv_stream(ts_ns, table, symbol="HTF", timeframe=timeframe, side="bid")
    return read_indicator(getattr(omega_rust, call)(stream, *params, new_bar_steps(visible)))
