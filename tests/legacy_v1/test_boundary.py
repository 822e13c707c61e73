"""V1's boundary: contracts, schemas, error codes and what malformed input gets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import omega_rust
import pyarrow as pa
import pytest
from backtest_engine.indicators import ohlcv_stream, read_indicator
from shared.arrow_schemas import DEFINITIONS, check_schema, fingerprint, load_schema
from shared.error_codes import ErrorCode
from shared.exceptions import FfiError, IoError, OmegaError, ValidationError
from shared.protocols import CONTRACTS

RUST_NAMES = {float: "f64", int: "i64", str: "String", bool: "bool", datetime: "DateTime<Utc>"}
BULK: dict[str, Callable[[bytes], bytes]] = {
    "sma": lambda s: omega_rust.sma(s, 3),
    "ema": lambda s: omega_rust.ema(s, 3),
    "ema_stepwise": lambda s: omega_rust.ema_stepwise(s, 3, [0]),
    "bollinger": lambda s: omega_rust.bollinger(s, 3, 2.0),
    "atr": lambda s: omega_rust.atr(s, 3),
    "zscore": lambda s: omega_rust.zscore(s, 3),
    "kalman_mean": lambda s: omega_rust.kalman_mean(s, 0.5, 0.1),
    "kalman_zscore": lambda s: omega_rust.kalman_zscore(s, 3, 0.5, 0.1),
}


def rust_name(kind: Any) -> str:
    """The Rust type that stands for a Python type (spec 9.2)."""
    args = get_args(kind)
    if get_origin(kind) is list:
        return f"Vec<{rust_name(args[0])}>"
    if get_origin(kind) is tuple:
        return f"({', '.join(rust_name(a) for a in args)})"
    if type(None) in args:
        return f"Option<{rust_name(next(a for a in args if a is not type(None)))}>"
    return RUST_NAMES[kind]


@pytest.mark.parametrize("name", CONTRACTS)
def test_python_contract_and_rust_struct_have_the_same_fields_and_types(name: str) -> None:
    model = CONTRACTS[name]
    hints = get_type_hints(model)
    wanted = [(field, rust_name(hints[field])) for field in model.model_fields]
    found = [(field, kind.replace(" ", "")) for field, kind in getattr(omega_rust, name).contract()]
    assert found == [(field, kind.replace(" ", "")) for field, kind in wanted]


def test_error_codes_are_the_same_numbers_on_both_sides() -> None:
    assert omega_rust.get_error_code_constants() == {code.name: int(code) for code in ErrorCode}


def test_schema_files_python_and_rust_agree_on_every_schema() -> None:
    assert omega_rust.schema_fingerprints() == {name: fingerprint(name) for name in DEFINITIONS}
    for name, schema in DEFINITIONS.items():
        assert load_schema(name).equals(schema)


def test_a_wrong_schema_is_refused_with_the_fields_named() -> None:
    wrong = DEFINITIONS["ohlcv"].remove(4).append(pa.field("extra", pa.int32()))
    with pytest.raises(FfiError, match="close is missing") as caught:
        check_schema(wrong, "ohlcv")
    assert caught.value.error_code == 5004


def stream(n: int = 8) -> bytes:
    ts = np.arange(n, dtype=np.int64) * 60_000_000_000
    table = np.full((n, 5), 1.5)
    return ohlcv_stream(ts, table, symbol="EURUSD", timeframe="M1", side="bid")


@pytest.mark.parametrize("name", BULK)
def test_bulk_call_answers_one_value_per_row_with_metadata(name: str) -> None:
    answer = BULK[name](stream())
    assert all(len(values) == 8 for values in read_indicator(answer))
    with pa.ipc.open_stream(answer) as reader:
        assert reader.schema.metadata[b"indicator_name"].decode() == name.removesuffix("_stepwise") or name
        assert reader.schema.metadata[b"timeframe"] == b"M1"


@pytest.mark.parametrize("name", BULK)
@pytest.mark.parametrize("bad", [b"", b"nonsense", b"\xff" * 64, stream()[:60]], ids=["empty", "text", "ones", "cut"])
def test_malformed_ipc_raises_the_typed_exception(name: str, bad: bytes) -> None:
    with pytest.raises(IoError) as caught:
        BULK[name](bad)
    assert caught.value.error_code == 3004


def test_empty_batch_wrong_schema_and_bad_periods_have_their_codes() -> None:
    with pytest.raises(ValidationError) as caught:
        omega_rust.sma(stream(0), 3)
    assert caught.value.error_code == 1010
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, DEFINITIONS["indicator"]):
        pass
    with pytest.raises(FfiError, match="open should be float64") as wrong:
        omega_rust.sma(sink.getvalue().to_pybytes(), 3)
    assert wrong.value.error_code == 5004
    for period in (0, -1, 10**12):
        with pytest.raises(ValidationError, match="length must lie between"):
            omega_rust.sma(stream(), period)
    with pytest.raises(ValidationError, match="finite"):
        omega_rust.kalman_mean(stream(), float("nan"), 0.1)
    with pytest.raises(ValidationError, match="steps must rise"):
        omega_rust.ema_stepwise(stream(), 3, [99])


def test_single_record_calls_refuse_what_makes_no_sense() -> None:
    t = datetime(2025, 1, 6, tzinfo=UTC)
    bar = omega_rust.BarRust(t, 1.0, 1.0, 1.0, 1.0, 0.0)
    market = omega_rust.PositionRust(0, t, "long", "EURUSD", "market", 1.0, 0.9, 1.1)
    with pytest.raises(ValidationError, match="does not wait"):
        omega_rust.check_entry_trigger(market, bar, bar)
    with pytest.raises(ValidationError, match="has no exit"):
        omega_rust.check_exit(market, bar, bar, 0.0)
    with pytest.raises(OmegaError, match="long or short"):
        omega_rust.calculate_slippage(1.0, "up", 0.1, 1.0)


def test_the_kernel_clock_measures_the_last_call() -> None:
    omega_rust.sma(stream(5000), 20)
    long = omega_rust.last_kernel_ns()
    omega_rust.calculate_slippage(1.0, "long", 0.1, 1.0)
    assert 0 <= omega_rust.last_kernel_ns() < long
