"""Faults of V1's boundary that the tests plant: a call that takes too long, a batch that is too small."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Where V1's worker lies; its files import each other from there.
V1_PROCESS = Path(__file__).resolve().parents[3] / "parity" / "harness" / "engines" / "v1_process"
sys.path.insert(0, str(V1_PROCESS))


def slowed(call: Callable[[], Any]) -> Callable[[], Any]:
    """A call that takes 1.5 ms more CPU time of its thread than it did."""

    def slow() -> Any:
        until = time.thread_time_ns() + 1_500_000
        while time.thread_time_ns() < until:
            pass
        return call()

    return slow


def plant_slow_call() -> None:
    """Makes check_exit slow where V1's single-record calls are measured."""
    import measure

    original = measure.single_calls

    def planted(rust: Any) -> dict[str, Callable[[], Any]]:
        calls = original(rust)
        return {**calls, "check_exit": slowed(calls["check_exit"])}

    measure.single_calls = planted


def plant_small_batch() -> None:
    """Makes every run of V1 begin with a bulk call of 999 records, one less than rule 2 wants."""
    import numpy as np
    import omega_rust
    from backtest_engine import runner
    from backtest_engine.indicators import ohlcv_stream

    original = runner.run_backtest
    times = np.arange(999, dtype=np.int64) * 60_000_000_000
    stream = ohlcv_stream(times, np.full((999, 5), 1.1), symbol="EURUSD", timeframe="M1", side="bid")

    def planted(*args: Any, **kwargs: Any) -> Any:
        omega_rust.sma(stream, 5)
        return original(*args, **kwargs)

    runner.run_backtest = planted
