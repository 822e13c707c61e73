"""``bt`` as people use it: a run, its result, its determinism, its threads."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bt
import pyarrow as pa
import pytest

Config = Callable[..., dict[str, Any]]


def without_timings(text: str) -> str:
    raw = json.loads(text)
    del raw["meta"]["timings_ns"]
    return json.dumps(raw)


def test_a_run_gives_trades_equity_and_metrics(market: Any, config: Config) -> None:
    result = bt.run_backtest(config())
    assert result.trades.num_rows > 0
    assert result.trades.num_rows == result.metrics["total_trades"]
    assert result.equity.num_rows == 40
    assert result.trades.schema.field("entry_time").type == pa.timestamp("ns", tz="UTC")
    assert set(result.metrics) == set(result.definitions)
    assert len(result.run_id) == 16
    with pytest.raises(AttributeError):
        result.raw = {}  # type: ignore[misc]


def test_cash_is_initial_balance_plus_results_minus_fees(market: Any, config: Config) -> None:
    result = bt.run_backtest(config())
    results = sum(result.trades["result"].to_pylist())
    fees = sum(result.trades["entry_fee"].to_pylist()) + sum(result.trades["exit_fee"].to_pylist())
    fees += sum(p["entry_fee"] for p in result.open_positions)
    assert result.equity["balance"].to_pylist()[-1] == pytest.approx(10_000 + results - fees, rel=0, abs=1e-8)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_come_in_pandas_and_polars(library: str, market: Any, config: Config) -> None:
    result = bt.run_backtest(config())
    for frame in (result.trades_frame(library), result.equity_frame(library)):
        assert type(frame).__module__.startswith(library)
    assert len(result.trades_frame(library)) == result.trades.num_rows
    with pytest.raises(ValueError, match="pandas"):
        result.trades_frame("excel")


def test_config_may_be_a_dict_a_text_or_a_path(market: Any, config: Config, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config()))
    runs = [bt.run_backtest(c) for c in (config(), json.dumps(config()), path)]
    assert len({r.run_id for r in runs}) == 1


def test_two_runs_are_byte_identical_apart_from_timings(market: Any, config: Config) -> None:
    text = json.dumps(config(output={"events": True}))
    assert without_timings(bt.run_backtest_json(text)) == without_timings(bt.run_backtest_json(text))


def test_many_threads_get_the_same_answer(market: Any, config: Config) -> None:
    text = json.dumps(config())
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: without_timings(bt.run_backtest_json(text)), range(32)))
    assert len(answers) == 1


def test_the_gil_is_released_while_a_backtest_runs(market: Any, config: Config) -> None:
    orders = [
        {"bar": 0, "direction": "long", "type": "limit", "entry": 0.5, "sl": 0.4, "tp": 0.6} for _ in range(20_000)
    ]
    slow = json.dumps(config(strategy_name="scripted_orders", strategy_parameters={"orders": orders}))
    ticks, done = [0], threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks[0] += 1

    thread = threading.Thread(target=tick)
    interval = sys.getswitchinterval()
    # The call is over before this interval is: the other thread moves only if this one lets go of the GIL.
    sys.setswitchinterval(0.25)
    try:
        thread.start()
        before = ticks[0]
        bt.run_backtest_json(slow)
        during = ticks[0] - before
    finally:
        done.set()
        sys.setswitchinterval(interval)
        thread.join()
    assert during > 0


def test_the_trace_is_there_on_request_only(market: Any, config: Config) -> None:
    assert bt.run_backtest(config()).events == []
    kinds = {e["event"] for e in bt.run_backtest(config(output={"events": True})).events}
    assert {"signal", "filled", "exit_checked", "closed", "fee", "equity"} <= kinds


@pytest.mark.parametrize("switch", ["exit_gap", "bar_order"])
def test_switches_are_recorded_and_only_for_dev(switch: str, market: Any, config: Config) -> None:
    result = bt.run_backtest(config(semantics={switch: "v1"}))
    assert result.meta["semantics"][switch] == "v1"
    assert list(result.meta["semantics"].values()).count("v1") == 1
    with pytest.raises(bt.ConfigError, match="only with run_mode"):
        bt.run_backtest(config(run_mode="prod", semantics={switch: "v1"}))


def test_prod_runs_differ_in_run_id_and_dev_runs_do_not(market: Any, config: Config) -> None:
    assert bt.run_backtest(config()).run_id == bt.run_backtest(config()).run_id
    prod = config(run_mode="prod")
    one, other = bt.run_backtest(prod), bt.run_backtest(prod)
    assert one.run_id != other.run_id
    assert one.meta["rng_seed"] != other.meta["rng_seed"]
    assert bt.run_backtest(config(rng_seed=7)).meta["rng_seed"] == 7


def test_provenance_names_every_input_with_its_digest(market: Any, config: Config) -> None:
    inputs = bt.run_backtest(config()).meta["inputs"]
    kinds = [entry["kind"] for entry in inputs]
    assert sorted(kinds) == [
        "execution_costs_yaml", "market_parquet_ask", "market_parquet_bid", "symbol_specs_yaml"
    ]  # fmt: skip
    import hashlib

    bid = next(e for e in inputs if e["kind"] == "market_parquet_bid")
    assert bid["sha256"] == hashlib.sha256(market.path("BID").read_bytes()).hexdigest()
    assert bid["rows"] == 60


def test_equity_output_can_be_thinned(market: Any, config: Config) -> None:
    full = bt.run_backtest(config())
    thin = bt.run_backtest(config(output={"equity": "trades"}))
    none = bt.run_backtest(config(output={"equity": "none"}))
    assert none.equity.num_rows == 0 < thin.equity.num_rows < full.equity.num_rows
    assert thin.equity["equity"].to_pylist()[-1] == full.equity["equity"].to_pylist()[-1]
    assert thin.metrics == full.metrics


def test_a_position_cap_rejects_and_lists(market: Any, config: Config) -> None:
    order = {"bar": 0, "direction": "long", "type": "market", "sl": 1.0, "tp": 1.2}
    account = {"max_positions": 1}
    result = bt.run_backtest(
        config(strategy_name="scripted_orders", strategy_parameters={"orders": [order, order]}, account=account)
    )
    assert len(result.open_positions) == 1
    assert [r["rule"] for r in result.rejected_orders] == ["max_positions"]


def test_the_package_is_typed() -> None:
    root = Path(bt.__file__).parent
    assert (root / "py.typed").is_file()
    assert (root / "_native.pyi").is_file()


def test_an_internal_error_carries_code_message_and_source_line() -> None:
    error = bt.InternalError._from_native("boom", "engine.rs:1")
    assert error.code == 5005
    assert "engine.rs:1" in str(error)


def test_a_fresh_process_runs_a_backtest(market: Any, config: Config) -> None:
    program = "import bt, json, sys; print(bt.run_backtest(json.loads(sys.stdin.read())).run_id)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(config()),
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stdout.strip()) == 16
