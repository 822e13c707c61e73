"""Measures V1's boundary inside V1's process: single calls, bulk calls, and all calls of a real run.

Overhead is the time at the boundary minus ``last_kernel_ns()``, as CPU time of the calling thread (so that a busy
machine does not count) with wall time beside it. Calls of a run are recorded by the recorder of the harness, which is
imported as a file from the folder that the request names (``tools``).
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
#: Runs the request's case on V1; the reply of the protocol.
Run = Callable[[dict[str, Any]], dict[str, Any]]


def _percentiles(values: list[int]) -> dict[str, float]:
    ordered = sorted(values)
    n = len(ordered)

    def pick(share: float) -> float:
        return ordered[min(n - 1, int(n * share))] / 1000.0

    return {"p50_us": pick(0.5), "p99_us": pick(0.99), "max_us": ordered[-1] / 1000.0}


def _overheads(call: Callable[[], Any], kernel: Callable[[], int], repeats: int) -> tuple[list[int], list[int]]:
    """CPU and wall time of each call less what it reports to have computed, ns."""
    cpu, wall = [], []
    for _ in range(repeats):
        w0, c0 = time.perf_counter_ns(), time.thread_time_ns()
        call()
        c1, w1 = time.thread_time_ns(), time.perf_counter_ns()
        inside = kernel()
        cpu.append(max(0, c1 - c0 - inside))
        wall.append(max(0, w1 - w0 - inside))
    return cpu, wall


def _single(call: Callable[[], Any], kernel: Callable[[], int]) -> dict[str, Any]:
    for _ in range(200):
        call()
    cpu, wall = _overheads(call, kernel, CALLS)
    return {"calls": CALLS, "cpu": _percentiles(cpu), "wall": _percentiles(wall)}


def _fit(call: Callable[[int], Any], kernel: Callable[[], int]) -> dict[str, Any]:
    """Overhead a + b*n us for n = 1 .. 100,000 records: least squares of relative errors, 95 % bootstrap bounds.

    Fitted is the median of each n. A call that is interrupted while it computes seems to cost too little, because
    ``kernel`` is wall time: such calls are repeated where it shows, and would otherwise decide the fit.
    """
    import numpy as np

    costs, sizes = [], []
    for rows, repeats in FITTED:
        taken: list[float] = []
        for _ in range(10 * repeats):
            began = time.thread_time_ns()
            call(rows)
            overhead = time.thread_time_ns() - began - kernel()
            if overhead > 0:
                taken.append(overhead / 1000.0)
            if len(taken) == repeats:
                break
        if taken:
            costs.append(np.array(taken))
            sizes.append(float(rows))
    n, generator = np.array(sizes), np.random.default_rng(1)

    def solve(samples: list[Any]) -> Any:
        weights = 1.0 / np.array([np.median(sample) for sample in samples])
        return np.linalg.lstsq(np.column_stack([weights, n * weights]), np.ones(len(n)), rcond=None)[0]

    draws = np.array([solve([generator.choice(cost, len(cost)) for cost in costs]) for _ in range(RESAMPLED)])
    (a, b), bounds = solve(costs), np.percentile(draws, [2.5, 97.5], axis=0)
    return {"a_us": a, "b_us": b, "a_bounds": bounds[:, 0].tolist(), "b_bounds": bounds[:, 1].tolist()}


def _bulk(call: Callable[[], Any], kernel: Callable[[], int]) -> dict[str, Any]:
    cpu, wall = (sorted(times) for times in _overheads(call, kernel, BULK_REPEATS))
    return {
        "rows": BULK_ROWS,
        "cpu_us_per_record": cpu[len(cpu) // 2] / BULK_ROWS / 1000.0,
        "wall_us_per_record": wall[len(wall) // 2] / BULK_ROWS / 1000.0,
    }


def single_calls(rust: Any) -> dict[str, Callable[[], Any]]:
    """Each single-record function as a call without arguments, its arguments made beforehand."""
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
    """Each bulk function as a call that takes the number of records, their streams made beforehand."""
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


def _records(_: str, arguments: tuple[Any, ...]) -> int | None:
    """Rows of the Arrow streams that a bulk call carries; None for a call without a stream."""
    import pyarrow as pa

    streams = [argument for argument in arguments if isinstance(argument, bytes)]
    return sum(pa.ipc.open_stream(stream).read_all().num_rows for stream in streams) if streams else None


def _recorder(request: dict[str, Any], **more: Any) -> Any:
    """A recorder of the calls into V1's module."""
    import omega_rust

    sys.path.insert(0, request["tools"])
    from recorder import Recorder  # type: ignore[import-not-found]  # a file that stands alone, outside a package

    return Recorder(omega_rust, **more)


def _recorded_run(request: dict[str, Any]) -> tuple[Any, Any]:
    """V1's result of the request's config, and the recorder of its calls."""
    from backtest_engine import runner

    recorder = _recorder(request, records=_records)
    env = runner.Environment(data_root=Path(request["data_root"]), news_file=Path(request["news_file"]))
    with recorder.recording(constructors=False, attributes=False):
        result = runner.run_backtest(request["config"], env)
    return result, recorder


def _sites(recorder: Any) -> dict[str, str]:
    """The most frequent call site of each function, ``file:line``."""
    return {name: max(row.sites, key=row.sites.__getitem__) for name, row in recorder.crossings.items()}


def call_sites(request: dict[str, Any]) -> dict[str, str]:
    """Where a real run calls each function from most often, ``file:line``."""
    return _sites(_recorded_run(request)[1])


def crossings(request: dict[str, Any], run: Run) -> dict[str, Any]:
    """Every call of a run, and the seconds of the same run without recording; V1's reply where it refuses the case."""
    import omega_rust

    run(request)  # warm-up: files, imports and caches are the same for both runs below
    began, cpu = time.perf_counter(), time.process_time()
    run(request)
    plain, plain_cpu = time.perf_counter() - began, time.process_time() - cpu
    recorder = _recorder(request, kernel=omega_rust.last_kernel_ns, records=_records)
    began = time.perf_counter()
    with recorder.recording(constructors=False, attributes=False):
        reply = run(request)
    recorded = time.perf_counter() - began
    if "error" in reply["outcome"]:
        return reply
    # Once more for what is counted and not timed.
    counter = _recorder(request)
    with counter.recording(heartbeat=bool(request.get("gil"))):
        run(request)
    counted, timed = counter.report(), recorder.report()
    attributes = [row for row in counted["functions"] if row["function"] not in recorder.crossings]
    timed["functions"] += attributes
    for figure in ("calls", "records"):
        timed[figure] += sum(row[figure] for row in attributes)
    out = {**timed, "bars": reply["bars"], "plain_s": plain, "plain_cpu_s": plain_cpu, "recorded_s": recorded}
    if request.get("gil"):
        out["gil"] = {row["function"]: [row["released"], row["calls"]] for row in counted["functions"]}
    return out


def boundary(request: dict[str, Any]) -> dict[str, Any]:
    """All figures by which the rules of ``budgets.toml`` are judged."""
    import omega_rust

    kernel = omega_rust.last_kernel_ns
    result, recorder = _recorded_run(request)
    return {
        "sites": _sites(recorder),
        "single": {name: _single(call, kernel) for name, call in single_calls(omega_rust).items()},
        "bulk": {
            name: {**_bulk(functools.partial(call, BULK_ROWS), kernel), "fit": _fit(call, kernel)}
            for name, call in _bulk_calls(omega_rust).items()
        },
        "run": {"batches": recorder.report()["batches"], "series": result.bars_total, "bars": result.bars_tested},
    }


def answer(request: dict[str, Any], run: Run) -> dict[str, Any]:
    """The reply to ``crossings``, ``boundary`` or ``sites``; KeyError for another ``op``."""
    if request["op"] == "crossings":
        return crossings(request, run)
    return {"boundary": boundary, "sites": call_sites}[request["op"]](request)
