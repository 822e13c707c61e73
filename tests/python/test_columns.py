"""Equity columns: the way for long arrays gives what the way for short ones gives, bit for bit."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest
from bt import _columns


def test_long_and_short_arrays_are_read_to_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 80_000
    draws = np.random.default_rng(1)
    equity = draws.normal(1e4, 50, n)
    balance = draws.normal(0, 1, n) * 10.0 ** draws.integers(-12, 12, n)
    times = 10**18 + np.arange(n, dtype=np.int64) * 60
    document = {"timestamp_ns": times.tolist(), "equity": equity.tolist(), "balance": balance.tolist()}
    text = msgspec.json.decode(json.dumps(document, separators=(",", ":")), type=_columns.EquityText)
    assert memoryview(text.timestamp_ns).nbytes > _columns.LARGE
    long = _columns.equity_columns(text)
    monkeypatch.setattr(_columns, "LARGE", 10**12)
    short = _columns.equity_columns(text)
    for found, other, wanted in zip(long, short, (times, equity, balance), strict=True):
        assert found.dtype == other.dtype == wanted.dtype
        assert found.tobytes() == other.tobytes() == wanted.tobytes()


def test_an_array_that_holds_something_else_is_refused() -> None:
    text = msgspec.json.decode(b'{"timestamp_ns":[1],"equity":["x"],"balance":[1.0]}', type=_columns.EquityText)
    with pytest.raises(ValueError, match="could not convert"):
        _columns.equity_columns(text)
