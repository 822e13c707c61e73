"""V1's boundary: contracts, schemas, error codes and what malformed input gets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import bt
import omega_rust
import pyarrow as pa
import pytest
from backtest_engine.indicators import ohlcv_stream, read_indicator
from shared.arrow_schemas import DEFINITIONS, check_schema, fingerprint, load_schema
from shared.error_codes import ErrorCode
from shared.exceptions import FfiError, IoError, OmegaError, ValidationError
from shared.protocols import CONTRACTS

RUST_NAMES = {float: "f64", int: "i64", str: "String", bool: "bool", datetime: "DateTime<Utc>"}
GARCH = (0.05, 0.9, None, True, 100.0, 3, 1e-6)
BULK: dict[str, Callable[[bytes], bytes]] = {
    "sma": lambda s: omega_rust.sma(s, 3),
    "ema": lambda s: omega_rust.ema(s, 3),
    "ema_stepwise": lambda s: omega_rust.ema_stepwise(s, 3, [0]),
    "bollinger": lambda s: omega_rust.bollinger(s, 3, 2.0),
    "atr": lambda s: omega_rust.atr(s, 3),
    "zscore": lambda s: omega_rust.zscore(s, 3),
    "kalman_mean": lambda s: omega_rust.kalman_mean(s, 0.5, 0.1),
    "kalman_zscore": lambda s: omega_rust.kalman_zscore(s, 3, 0.5, 0.1),
    "kalman_zscore_stepwise": lambda s: omega_rust.kalman_zscore_stepwise(s, 3, 0.5, 0.1, [0, 4]),
    "bollinger_stepwise": lambda s: omega_rust.bollinger_stepwise(s, 3, 2.0, [0, 4]),
    "garch_volatility": lambda s: omega_rust.garch_volatility(s, *GARCH),
    "kalman_garch_zscore": lambda s: omega_rust.kalman_garch_zscore(s, 0.5, 0.1, *GARCH),
    "rsi": lambda s: omega_rust.rsi(s, 3),
    "macd": lambda s: omega_rust.macd(s),
    "roc": lambda s: omega_rust.roc(s, 3),
    "dmi": lambda s: omega_rust.dmi(s, 3),
    "choppiness": lambda s: omega_rust.choppiness(s, 3),
}


def rust_name(kind: Any) -> str:
    """The Rust type that stands for a Python type."""
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
        assert reader.schema.metadata[b"indicator_name"].decode() == name
        assert reader.schema.metadata[b"timeframe"] == b"M1"


@pytest.mark.parametrize("name", BULK)
@pytest.mark.parametrize("bad", [b"", b"nonsense", b"\xff" * 64, stream()[:60]], ids=["empty", "text", "ones", "cut"])
def test_malformed_ipc_raises_the_typed_exception(name: str, bad: bytes) -> None:
    with pytest.raises(IoError) as caught:
        BULK[name](bad)
    assert caught.value.error_code == 3004


@pytest.mark.parametrize("name", BULK)
def test_bulk_call_answers_a_hundred_thousand_rows_and_rows_of_nan(name: str) -> None:
    assert len(read_indicator(BULK[name](stream(100_000)))[0]) == 100_000
    ts = np.arange(8, dtype=np.int64) * 60_000_000_000
    missing = ohlcv_stream(ts, np.full((8, 5), np.nan), symbol="EURUSD", timeframe="M1", side="bid")
    assert all(len(values) == 8 for values in read_indicator(BULK[name](missing)))


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


T0 = datetime(2025, 1, 6, 10, 0, tzinfo=UTC)
T1 = datetime(2025, 1, 6, 10, 1, tzinfo=UTC)


def batch(name: str, **columns: list[Any]) -> bytes:
    """One batch of a schema; columns that are not given are filled with something valid."""
    n = len(next(iter(columns.values())))
    schema = DEFINITIONS[name]
    arrays = []
    for field in schema:
        default = T0 if pa.types.is_timestamp(field.type) else 1.0 if pa.types.is_floating(field.type) else "EURUSD"
        values = columns.get(field.name, [None if field.nullable else default] * n)
        words = pa.types.is_dictionary(field.type)
        array = pa.array(values, type=pa.string() if words else field.type)
        arrays.append(array.cast(field.type) if words else array)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    return sink.getvalue().to_pybytes()


def bars() -> tuple[Any, Any]:
    return (
        omega_rust.BarRust(T1, 1.10, 1.12, 1.08, 1.11, 1.0),
        omega_rust.BarRust(T1, 1.11, 1.13, 1.09, 1.12, 1.0),
    )


def test_slippage_and_trigger_batches_equal_the_single_calls() -> None:
    directions, kinds, entries = ["long", "short", "long"], ["limit", "stop", "market"], [1.085, 1.0801, 1.1]
    signals = batch("trade_signal", direction=directions, order_type=kinds, entry=entries)
    pips = [0.1, 0.2, 0.3]
    slipped = read_indicator(omega_rust.calculate_slippage_batch(signals, 0.0001, pips))[0]
    rows = zip(entries, directions, pips, strict=True)
    assert slipped == [omega_rust.calculate_slippage(e, d, 0.0001, p) for e, d, p in rows]
    bid, ask = bars()
    hits = read_indicator(omega_rust.check_entry_trigger_batch(signals, bid, ask))[0]
    single = [
        omega_rust.check_entry_trigger(omega_rust.PositionRust(0, T0, d, "EURUSD", k, e, 1.0, 1.2), bid, ask)
        for d, k, e in zip(directions[:2], kinds[:2], entries[:2], strict=True)
    ]
    assert hits[:2] == [float(hit) for hit in single]
    assert np.isnan(hits[2])
    with pytest.raises(ValidationError, match="2 values for 3 rows") as caught:
        omega_rust.calculate_slippage_batch(signals, 0.0001, [0.1, 0.2])
    assert caught.value.error_code == 1011


def test_fee_and_exit_batches_equal_the_single_calls() -> None:
    positions = batch(
        "position", direction=["long", "short", "long"], status=["open", "open", "closed"], entry_price=[1.1, 1.1, 1.1],
        initial_sl=[1.085, 1.2, 1.085], current_sl=[1.085, 1.2, 1.085], tp=[1.3, 1.0, 1.3], size=[0.33, 0.5, 1.0],
    )  # fmt: skip
    request = omega_rust.FeeRequestRust("per_lot", 0.0, 0.0, 1e5, 2.5, 0.0, 0.0, 0.0, 1.0, 1.0, [], [])
    fees = read_indicator(omega_rust.calculate_fee_batch(positions, request))[0]
    single = [
        float(omega_rust.calculate_fee(omega_rust.FeeRequestRust("per_lot", 1.1, lots, 1e5, 2.5, 0, 0, 0, 1, 1, [], [])))
        for lots in (0.33, 0.5, 1.0)
    ]
    assert fees == single
    bid, ask = bars()
    exits = read_indicator(omega_rust.check_exit_batch(positions, bid, ask, 0.00005))[0]
    assert exits[0] == 1.085
    assert np.isnan(exits[1])
    assert np.isnan(exits[2])


def test_a_batch_of_closed_positions_is_booked_and_the_rest_counted() -> None:
    portfolio = omega_rust.PortfolioRust(10_000.0)
    positions = batch(
        "position", direction=["long", "short", "long"], status=["closed", "closed", "open"],
        entry_price=[1.1, 1.1, 1.1], initial_sl=[1.0, 1.2, 1.0], exit_price=[1.2, 1.2, None], exit_time=[T1, T1, None],
    )  # fmt: skip
    result = portfolio.process_batch(positions, 100.0)
    assert (result.processed, result.skipped) == (2, 1)
    assert result.total_result == pytest.approx(0.0, abs=1e-9)
    assert result.cash == portfolio.cash == pytest.approx(10_000.0, rel=0, abs=1e-9)
    with pytest.raises(IoError):
        portfolio.process_batch(b"nonsense", 100.0)
    assert portfolio.cash == pytest.approx(10_000.0, rel=0, abs=1e-9)


def test_the_stub_names_exactly_what_the_module_exports() -> None:
    import ast
    from pathlib import Path

    crate = Path(__file__).resolve().parents[2] / "legacy_v1" / "src" / "rust_modules" / "omega_rust"
    tree = ast.parse((crate / "omega_rust.pyi").read_text(encoding="utf-8"))
    stubbed = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    exported = {n for n in dir(omega_rust) if not n.startswith("__")} - {"omega_rust"}
    assert stubbed == exported
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names = {n.name for n in node.body if isinstance(n, ast.FunctionDef)} - {"__init__"}
            names |= {n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
            assert names == {n for n in dir(getattr(omega_rust, node.name)) if not n.startswith("__")}, node.name


def test_twenty_thousand_damaged_streams_end_in_an_answer_or_a_typed_exception() -> None:
    import ast
    import subprocess
    import sys
    from pathlib import Path

    script = Path(__file__).with_name("fuzz_ipc.py")
    done = subprocess.run([sys.executable, str(script), "20000"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = ast.literal_eval(done.stdout.strip().splitlines()[-1])
    print(answers)
    assert answers["inputs"] >= 20_000
    assert answers["IoError 3004"] > 5_000
    assert answers["answered"] > 0
    assert "FfiError 5005" not in answers, "a panic reached the outer guard"


def test_v1_and_v2_give_every_error_code_the_same_name() -> None:
    assert {code.name: int(code) for code in ErrorCode} == bt.schema("codes")
