"""Feeds V1's bulk calls with damaged IPC streams: ``python fuzz_ipc.py INPUTS``. Run as a process of its own, because
what is looked for would end it. Prints how many inputs there were and how they were answered."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "legacy_v1" / "src"))

import omega_rust  # noqa: E402
from backtest_engine.indicators import ohlcv_stream  # noqa: E402
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from shared.arrow_schemas import DEFINITIONS  # noqa: E402
from shared.exceptions import OmegaError  # noqa: E402

T = datetime(2025, 1, 6, tzinfo=UTC)
BAR = omega_rust.BarRust(T, 1.1, 1.2, 1.0, 1.1, 1.0)
FEE = omega_rust.FeeRequestRust("per_lot", 1.1, 0.5, 1e5, 2.5, 0.0, 0.0, 0.0, 1.0, 1.0, [], [])
GARCH = (0.05, 0.9, None, True, 100.0, 3, 1e-6)
PER_EXAMPLE = 20


def ohlcv(n: int = 12) -> bytes:
    table = 1.1 + np.arange(n * 5, dtype=float).reshape(n, 5) / 1000
    return ohlcv_stream(np.arange(n, dtype=np.int64) * 10**9, table, symbol="EURUSD", timeframe="M1", side="bid")


def rows_of(name: str, n: int = 6) -> bytes:
    """A valid stream of any schema."""
    schema = DEFINITIONS[name]
    columns = []
    for field in schema:
        if pa.types.is_timestamp(field.type):
            values: list[Any] = [T] * n
        elif pa.types.is_floating(field.type):
            values = [1.1 + i / 100 for i in range(n)]
        else:
            word = {"direction": "long", "order_type": "limit", "status": "closed"}.get(field.name, "EURUSD")
            values = [word] * n
        array = pa.array(values, type=pa.string() if pa.types.is_dictionary(field.type) else field.type)
        columns.append(array.cast(field.type) if pa.types.is_dictionary(field.type) else array)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(columns, schema=schema))
    return sink.getvalue().to_pybytes()


def swapped() -> bytes:
    """A stream whose columns stand in another order."""
    with pa.ipc.open_stream(ohlcv()) as reader:
        table = reader.read_all()
    table = table.select(list(reversed(table.column_names)))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


R: Any = omega_rust
OHLCV_CALLS = [
    lambda s: R.sma(s, 3), lambda s: R.ema(s, 3), lambda s: R.ema_stepwise(s, 3, [0, 1]),
    lambda s: R.bollinger(s, 3, 2.0), lambda s: R.bollinger_stepwise(s, 3, 2.0, [0, 1]), lambda s: R.atr(s, 3),
    lambda s: R.zscore(s, 3), lambda s: R.kalman_mean(s, 0.5, 0.1), lambda s: R.kalman_zscore(s, 3, 0.5, 0.1),
    lambda s: R.kalman_zscore_stepwise(s, 3, 0.5, 0.1, [0, 1]), lambda s: R.garch_volatility(s, *GARCH),
    lambda s: R.garch_volatility_local(s, 1, 5, *GARCH), lambda s: R.kalman_garch_zscore(s, 0.5, 0.1, *GARCH),
    lambda s: R.kalman_garch_zscore_local(s, 1, 5, 0.5, 0.1, *GARCH), lambda s: R.rsi(s, 3), lambda s: R.macd(s),
    lambda s: R.roc(s, 3), lambda s: R.dmi(s, 3), lambda s: R.choppiness(s, 3),
]  # fmt: skip
SEEDS: list[tuple[bytes, list[Any]]] = [
    (ohlcv(), OHLCV_CALLS),
    (swapped(), OHLCV_CALLS),
    (
        rows_of("trade_signal"),
        [lambda s: R.calculate_slippage_batch(s, 0.0001, [0.1] * 6), lambda s: R.check_entry_trigger_batch(s, BAR, BAR)],
    ),
    (
        rows_of("position"),
        [
            lambda s: R.calculate_fee_batch(s, FEE),
            lambda s: R.check_exit_batch(s, BAR, BAR, 0.00005),
            lambda s: R.PortfolioRust(1e4).process_batch(s, 100.0),
        ],
    ),
]


def damage(data: bytes, kind: str, rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    if kind == "truncate":
        return bytes(out[: int(rng.integers(0, len(out)))])
    if kind == "extend":
        return bytes(out) + rng.bytes(int(rng.integers(1, 64)))
    if kind == "splice":
        at, length = (int(x) for x in rng.integers(0, len(out), 2))
        return bytes(out[:at] + out[min(len(out), at + length // 8 + 1) :])
    for _ in range(int(rng.integers(1, 9))):
        at = int(rng.integers(0, len(out)))
        if kind == "bits":
            out[at] ^= 1 << int(rng.integers(0, 8))
        else:
            value = int(rng.choice([0, 1, -1, 2**31 - 1, -(2**31)])) & 0xFFFFFFFF
            at = min(at, len(out) - 4)
            out[at : at + 4] = value.to_bytes(4, "little")
    return bytes(out)


def main(inputs: int) -> None:
    answers: Counter[str] = Counter()

    @settings(
        max_examples=inputs // PER_EXAMPLE + 1,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**32), st.sampled_from(range(len(SEEDS))), st.sampled_from(["bits", "words", "truncate", "extend", "splice"]))
    def run(seed: int, which: int, kind: str) -> None:
        data, calls = SEEDS[which]
        rng = np.random.default_rng(seed)
        for _ in range(PER_EXAMPLE):
            answers["inputs"] += 1
            damaged = damage(data, kind, rng)
            call = calls[int(rng.integers(0, len(calls)))]
            try:
                call(damaged)
                answers["answered"] += 1
            except OmegaError as error:
                answers[f"{type(error).__name__} {error.error_code}"] += 1

    while answers["inputs"] < inputs:
        before = answers["inputs"]
        run()
        if answers["inputs"] < inputs and answers["inputs"] - before < inputs // 4:
            break
    print(dict(answers))


if __name__ == "__main__":
    main(int(sys.argv[1]))
