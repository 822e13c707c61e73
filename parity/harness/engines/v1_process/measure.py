"""Measures V1's boundary inside the worker: overhead of single calls, batch sizes of a real run.

Overhead is the time at the boundary minus ``last_kernel_ns()``, as CPU time of the calling thread (so that a busy
machine does not count) with wall time beside it.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CALLS = 10_000
BULK_ROWS = 1000
BULK_REPEATS = 60
#: Records and repetitions by which the cost a + b*n of a bulk call is fitted.
FITTED = ((1, 60), (10, 60), (100, 60), (1000, 60), (10_000, 20), (100_000, 5))
RESAMPLED = 400
#: Files whose frames are no places of calls.
OWN = ("measure.py", "recorder.py", "stand_ins.py")


def _percentiles(values: list[int]) -> dict[str, float]:
    ordered = sorted(values)
    n = len(ordered)

    def pick(share: float) -> float:
        return ordered[min(n - 1, int(n * share))] / 1000.0

    return {"p50_us": pick(0.5), "p99_us": pick(0.99), "max_us": ordered[-1] / 1000.0}


def _single(call: Callable[[], Any], kernel: Callable[[], int]) -> dict[str, Any]:
    cpu, wall = [], []
    for _ in range(200):
        call()
    for _ in range(CALLS):
        w0, c0 = time.perf_counter_ns(), time.thread_time_ns()
        call()
        c1, w1 = time.thread_time_ns(), time.perf_counter_ns()
        inside = kernel()
        cpu.append(max(0, c1 - c0 - inside))
        wall.append(max(0, w1 - w0 - inside))
    return {"calls": CALLS, "cpu": _percentiles(cpu), "wall": _percentiles(wall)}


def _fit(call: Callable[[int], Any], kernel: Callable[[], int]) -> dict[str, Any]:
    """Overhead a + b*n for n = 1 .. 100,000 records: least squares of relative errors, 95 % bootstrap bounds."""
    import numpy as np

    sizes, costs = [], []
    for rows, repeats in FITTED:
        for _ in range(repeats):
            began = time.thread_time_ns()
            call(rows)
            costs.append(max(1, time.thread_time_ns() - began - kernel()) / 1000.0)
            sizes.append(rows)
    n, y = np.array(sizes, dtype=float), np.array(costs)
    generator = np.random.default_rng(1)

    def solve(pick: Any) -> Any:
        weights = 1.0 / y[pick]
        return np.linalg.lstsq(np.column_stack([weights, n[pick] * weights]), np.ones(len(pick)), rcond=None)[0]

    everything = np.arange(len(n))
    draws = np.array([solve(generator.choice(everything, len(n))) for _ in range(RESAMPLED)])
    (a, b), bounds = solve(everything), np.percentile(draws, [2.5, 97.5], axis=0)
    return {"a_us": a, "b_us": b, "a_bounds": bounds[:, 0].tolist(), "b_bounds": bounds[:, 1].tolist()}


def _bulk(call: Callable[[], Any], kernel: Callable[[], int]) -> dict[str, Any]:
    cpu, wall = [], []
    for _ in range(BULK_REPEATS):
        w0, c0 = time.perf_counter_ns(), time.thread_time_ns()
        call()
        c1, w1 = time.thread_time_ns(), time.perf_counter_ns()
        inside = kernel()
        cpu.append(max(0, c1 - c0 - inside))
        wall.append(max(0, w1 - w0 - inside))
    per = [value / BULK_ROWS for value in sorted(cpu)]
    return {
        "rows": BULK_ROWS,
        "cpu_us_per_record": per[len(per) // 2] / 1000.0,
        "wall_us_per_record": sorted(wall)[len(wall) // 2] / BULK_ROWS / 1000.0,
    }


def single_calls(rust: Any) -> dict[str, Callable[[], Any]]:
    t0, t1 = (datetime(2025, 1, 6, 10, minute, tzinfo=UTC) for minute in (0, 1))
    bar = rust.BarRust(t1, 1.1, 1.102, 1.099, 1.1, 1.0)
    pending = rust.PositionRust(0, t0, "long", "EURUSD", "limit", 1.05, 1.04, 1.2)
    opened = rust.PositionRust(1, t0, "long", "EURUSD", "market", 1.1, 1.05, 1.2)
    opened.fill(t0, 0.5)
    fee = rust.FeeRequestRust("per_lot", 1.1, 0.5, 1e5, 2.5, 0.0, 0.0, 0.0, 1.0, 1.0, [], [(1.1, False)])
    portfolio = rust.PortfolioRust(10_000.0)

    def entry_and_exit() -> None:
        position = rust.PositionRust(2, t0, "long", "EURUSD", "market", 1.1, 1.05, 1.2)
        portfolio.register_entry(position)
        portfolio.register_exit(position, t1, 1.1, "timeout", 100.0)

    return {
        "calculate_slippage": lambda: rust.calculate_slippage(1.1, "long", 0.0001, 0.3),
        "calculate_fee": lambda: rust.calculate_fee(fee),
        "check_entry_trigger": lambda: rust.check_entry_trigger(pending, bar, bar),
        "check_exit": lambda: rust.check_exit(opened, bar, bar, 0.00005),
        "PortfolioRust.register_fee": lambda: portfolio.register_fee(t1, "entry", "EURUSD", 0.5, 0.0),
        "PortfolioRust.register_entry+exit": entry_and_exit,
        "PortfolioRust.update": lambda: portfolio.update(t1),
    }


def _bulk_calls(rust: Any) -> dict[str, Callable[[int], Any]]:
    """Each bulk function as a call of so many records, their streams made beforehand."""
    import numpy as np
    from backtest_engine.indicators import ohlcv_stream

    def made(rows: int) -> bytes:
        ts = np.arange(rows, dtype=np.int64) * 60_000_000_000
        close = 1.1 + np.sin(np.arange(rows) / 9.0) * 0.01
        table = np.column_stack([close, close + 0.001, close - 0.001, close, np.ones(rows)])
        stream: bytes = ohlcv_stream(ts, table, symbol="EURUSD", timeframe="M1", side="bid")
        return stream

    streams = {rows: made(rows) for rows, _ in FITTED}
    return {
        "sma": lambda n: rust.sma(streams[n], 20),
        "ema": lambda n: rust.ema(streams[n], 20),
        "ema_stepwise": lambda n: rust.ema_stepwise(streams[n], 20, list(range(0, n, 12))),
        "bollinger": lambda n: rust.bollinger(streams[n], 20, 2.0),
        "atr": lambda n: rust.atr(streams[n], 14),
        "zscore": lambda n: rust.zscore(streams[n], 20, 20),
        "kalman_mean": lambda n: rust.kalman_mean(streams[n], 0.5, 0.05),
        "kalman_zscore": lambda n: rust.kalman_zscore(streams[n], 20, 0.5, 0.05),
    }


def _real_run(request: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Runs a config with the bulk calls wrapped: how many records each of them carried."""
    import omega_rust
    import pyarrow as pa
    from backtest_engine.runner import Environment, run_backtest

    seen: list[dict[str, Any]] = []
    originals = {name: getattr(omega_rust, name) for name in names}

    def wrap(name: str) -> Callable[..., bytes]:
        def call(stream: bytes, *args: Any) -> bytes:
            rows = pa.ipc.open_stream(stream).read_all().num_rows
            seen.append({"function": name, "rows": rows, "site": _site()})
            answer: bytes = originals[name](stream, *args)
            return answer

        return call

    for name in names:
        setattr(omega_rust, name, wrap(name))
    try:
        if request.get("plant") == "small-batch":
            omega_rust.sma(_small_batch(), 5)
        news = Path(request["news_file"])
        env = Environment(data_root=Path(request["data_root"]), news_file=news)
        result = run_backtest(request["config"], env)
    finally:
        for name, original in originals.items():
            setattr(omega_rust, name, original)
    return {"bulk_calls": seen, "series": result.bars_total, "bars": result.bars_tested}


def _site() -> str:
    """The line outside this file and the recorder's that made the call."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.endswith(OWN):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


def call_sites(request: dict[str, Any]) -> dict[str, str]:
    """Where a real run calls each function from most often."""
    import omega_rust
    from backtest_engine.runner import Environment, run_backtest

    sys.path.insert(0, request["tools"])
    from recorder import Recorder  # type: ignore[import-not-found]  # a file that stands alone, outside a package

    recorder = Recorder(omega_rust)
    env = Environment(data_root=Path(request["data_root"]), news_file=Path(request["news_file"]))
    with recorder.recording():
        run_backtest(request["config"], env)
    return {name: max(row.sites, key=row.sites.__getitem__) for name, row in recorder.crossings.items()}


def _small_batch() -> bytes:
    """999 records: one less than the rule wants."""
    import numpy as np
    from backtest_engine.indicators import ohlcv_stream

    ts = np.arange(999, dtype=np.int64) * 60_000_000_000
    stream: bytes = ohlcv_stream(ts, np.full((999, 5), 1.1), symbol="EURUSD", timeframe="M1", side="bid")
    return stream


def slowed(call: Callable[[], Any]) -> Callable[[], Any]:
    """A call that burns 1.5 ms more of its thread's time: a planted fault, to show that the rule catches it."""

    def slow() -> Any:
        until = time.thread_time_ns() + 1_500_000
        while time.thread_time_ns() < until:
            pass
        return call()

    return slow


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Everything the boundary rules of spec 9.5 are judged by."""
    import omega_rust

    kernel = omega_rust.last_kernel_ns
    single = single_calls(omega_rust)
    if request.get("plant") == "slow-call":
        single = {"check_exit": slowed(single["check_exit"])}
    bulk = _bulk_calls(omega_rust)
    return {
        "sites": call_sites(request),
        "single": {name: _single(call, kernel) for name, call in single.items()},
        "bulk": {
            name: {**_bulk(functools.partial(call, BULK_ROWS), kernel), "fit": _fit(call, kernel)}
            for name, call in bulk.items()
        },
        "run": _real_run(request, list(bulk)),
    }
