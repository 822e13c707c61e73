"""Bars of one timeframe as columns. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

#: Columns of a bar in a case file: ns since the epoch (bar open, UTC), bid OHLC, ask OHLC, volume. A side that has no
#: row at that time holds nulls.
COLUMNS = ("ts_ns", "bo", "bh", "bl", "bc", "ao", "ah", "al", "ac", "volume")

MINUTE_NS = 60_000_000_000
#: Minutes of a bar by timeframe.
TIMEFRAME_MINUTES = {"M1": 1, "M5": 5, "M15": 15, "M30": 30, "H1": 60, "H4": 240, "D1": 1440, "W1": 10080}


@dataclass(frozen=True, eq=False)
class Bars:
    """``ts`` of shape (n,) in ns, ``bid`` and ``ask`` of shape (n, 4) (OHLC, NaN where the side has no row), ``volume``
    of shape (n,)."""

    ts: npt.NDArray[np.int64]
    bid: npt.NDArray[np.float64]
    ask: npt.NDArray[np.float64]
    volume: npt.NDArray[np.float64]

    @classmethod
    def of(cls, rows: Iterable[Sequence[Any]]) -> Bars:
        """From rows of COLUMNS; None where a side has no row."""
        listed = [list(row) for row in rows]
        ts = np.array([row[0] for row in listed], dtype=np.int64)
        rest = [[math.nan if x is None else x for x in row[1:]] for row in listed]
        prices = np.array(rest, dtype=np.float64).reshape(len(listed), len(COLUMNS) - 1)
        return cls(ts, prices[:, 0:4], prices[:, 4:8], prices[:, 8])

    def __len__(self) -> int:
        return len(self.ts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bars):
            return NotImplemented
        pairs = [(self.bid, other.bid), (self.ask, other.ask), (self.volume, other.volume)]
        return np.array_equal(self.ts, other.ts) and all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    def rows(self) -> list[list[Any]]:
        """Rows of COLUMNS."""
        prices = np.column_stack([self.bid, self.ask, self.volume]).tolist()
        rows = zip(self.ts.tolist(), prices, strict=True)
        return [[t, *(None if math.isnan(x) else x for x in row)] for t, row in rows]

    def take(self, index: npt.NDArray[Any] | Sequence[int] | slice) -> Bars:
        """The bars at these places."""
        return Bars(self.ts[index], self.bid[index], self.ask[index], self.volume[index])

    def side(self, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Times, prices and volume of the rows that a side (``bid`` or ``ask``) has."""
        prices = self.bid if name == "bid" else self.ask
        there = ~np.isnan(prices[:, 0])
        if there.all():
            return self.ts, prices, self.volume
        return self.ts[there], prices[there], self.volume[there]

    def text(self) -> str:
        """One line of JSON per bar."""
        return ",\n   ".join(json.dumps(row) for row in self.rows())
