"""Bad input: a clear error that names the field, file, row and time. Run with ``-s`` to read the messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bt
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Config = Callable[..., dict[str, Any]]


def refused(config: Any) -> bt.ConfigError:
    with pytest.raises(bt.ConfigError) as caught:
        bt.run_backtest(config)
    print(f"\n  {caught.value}")
    assert isinstance(caught.value, ValueError)
    return caught.value


def stopped(config: Any) -> bt.BacktestError:
    with pytest.raises(bt.BacktestError) as caught:
        bt.run_backtest(config)
    print(f"\n  {caught.value}  {caught.value.details}")
    return caught.value


def test_broken_json_names_line_and_column() -> None:
    error = refused('{"schema_version": "2",\n "symbol": }')
    assert error.code == 1009
    assert "line 2, column 12" in str(error)


def test_unknown_key_suggests_the_nearest(config: Config) -> None:
    error = refused(config(costs={"slipage": {}}))
    assert (error.code, error.path, error.issues[0].nearest) == (1001, "costs.slipage", "slippage")


def test_unknown_keys_are_listed_when_they_are_allowed(market: Any, config: Config) -> None:
    result = bt.run_backtest(config(allow_unknown=True, colour="red"))
    assert result.meta["ignored_keys"] == ["colour"]


def test_wrong_type_names_path_value_and_what_is_allowed(config: Config) -> None:
    error = refused(config(account={"risk_per_trade": "much"}))
    issue = error.issues[0]
    assert (issue.code, issue.path, issue.value, issue.allowed) == (
        1004,
        "account.risk_per_trade",
        "much",
        "a number",
    )


def test_all_faults_are_reported_at_once(config: Config) -> None:
    bad = config(symbol="X", end_date="2025-13-01", warmup_bars=-1, rates={"EUR": 1}, sessions=[{"start": "9"}])
    error = refused(bad)
    assert {i.path for i in error.issues} == {
        "symbol", "end_date", "warmup_bars", "rates.EUR", "sessions[0].start", "sessions[0].end"
    }  # fmt: skip


@pytest.mark.parametrize("symbol", ["../../etc/passwd", "EUR/USD", "EU", "A" * 21, "EURUSD\0", "EUR.USD", ""])
def test_a_symbol_that_could_leave_the_data_root_is_refused(symbol: str, config: Config) -> None:
    error = refused(config(symbol=symbol))
    assert (error.code, error.path) == (1009, "symbol")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_config_with_nan_is_refused(value: float, config: Config) -> None:
    assert refused(config(warmup_bars=value)).code == 1009


def test_a_missing_config_file_is_named(tmp_path: Path) -> None:
    assert "nowhere.json" in str(refused(tmp_path / "nowhere.json"))


def test_tick_data_is_clearly_not_supported(config: Config) -> None:
    assert refused(config(data_mode="tick")).code == 4001


def test_missing_file_is_named(market: Any, config: Config) -> None:
    market.path("ASK").unlink()
    error = stopped(config())
    assert (error.category, error.code, error.details["file"]) == (
        "market_data", 3001, "EURUSD/EURUSD_M1_ASK.parquet"
    )  # fmt: skip


@pytest.mark.parametrize("keep", [0, 3, 100, -1, -40])
def test_truncated_parquet_is_an_error_and_not_a_panic(keep: int, market: Any, config: Config) -> None:
    content = market.path("BID").read_bytes()
    market.path("BID").write_bytes(content[:keep])
    error = stopped(config())
    assert error.code == 3004
    assert "EURUSD_M1_BID.parquet" in error.message


def test_ask_below_bid_names_the_row(market: Any, config: Config) -> None:
    market.ask[25, [0, 2]] = market.bid[25, 0] - 0.0001
    market.write()
    error = stopped(config())
    assert (error.code, error.details["column"], error.details["offending_rows"]) == (1006, "Open", 1)
    assert error.details["timestamp"] == "2025-01-07T00:05:00Z"


def test_nan_price_names_the_row(market: Any, config: Config) -> None:
    market.bid[[7, 9], 3] = np.nan
    market.write()
    error = stopped(config())
    assert (error.code, error.details["row"], error.details["offending_rows"]) == (1005, 7, 2)
    assert error.details["column"] == "Close"


def test_rows_out_of_order_are_an_error(market: Any, config: Config) -> None:
    market.ts[[30, 31]] = market.ts[[31, 30]]
    market.write()
    error = stopped(config())
    assert (error.code, error.details["row"], error.details["column"]) == (1005, 31, "UTC time")


def test_an_empty_window_is_an_error(market: Any, config: Config) -> None:
    assert stopped(config(start_date="2025-02-03", end_date="2025-02-04", warmup_bars=0)).code == 1010


def test_too_little_history_is_an_error(market: Any, config: Config) -> None:
    error = stopped(config(warmup_bars=21))
    assert (error.code, error.details["bars_before_start"]) == (2008, 20)


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [(1, 0.5, "high lies below"), (2, None, "low lies above"), (4, -1.0, "volume"), (0, -1.0, "not above 0"),
     (0, np.inf, "infinite")],
)  # fmt: skip
def test_impossible_prices_are_errors(column: int, value: float | None, rule: str, market: Any, config: Config) -> None:
    market.bid[12, column] = market.bid[12, 1] if value is None else value
    market.write()
    error = stopped(config())
    assert error.code == 1005
    assert rule in error.message
    assert error.details["row"] == 12


def test_one_side_with_many_more_bars_is_an_error_and_a_few_are_counted(market: Any, config: Config) -> None:
    keep = np.r_[0:30, 35:60]
    write = market.path("ASK")
    from parity.harness.model.files import write_candles

    write_candles(write, [market.ts[keep], *market.ask[keep].T])
    error = stopped(config())
    assert (error.code, error.details["bars_both"]) == (1011, 55)


def test_equal_duplicates_are_counted_and_differing_ones_refused(market: Any, config: Config) -> None:
    twice = np.r_[0:31, 30:60]
    market.ts, market.bid, market.ask = market.ts[twice], market.bid[twice], market.ask[twice]
    market.write()
    assert bt.run_backtest(config()).meta["dataset"]["governance"]["duplicates"] == 2
    market.bid[31, 4] = 7.0
    market.write()
    assert stopped(config()).code == 1005


def test_gaps_are_counted_and_never_filled(market: Any, config: Config) -> None:
    keep = np.r_[0:30, 33:60]
    market.ts, market.bid, market.ask = market.ts[keep], market.bid[keep], market.ask[keep]
    market.write()
    result = bt.run_backtest(config())
    assert result.meta["dataset"]["governance"]["gaps"] == 3
    assert result.equity.num_rows == 37


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(path)), path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns(["Low"]), "is missing"),
        (lambda t: t.set_column(1, "Open", t["Open"].cast(pa.float32())), "float64 is needed"),
        (lambda t: t.set_column(0, "UTC time", t[0].cast(pa.timestamp("ns"))), "no time zone"),
        (
            lambda t: t.set_column(0, "UTC time", t[0].cast(pa.timestamp("us", tz="UTC"))),
            "nanoseconds are needed",
        ),
        (
            lambda t: t.set_column(0, "UTC time", t[0].cast(pa.timestamp("ns", tz="Europe/Berlin"))),
            "Europe/Berlin",
        ),
        (lambda t: t.set_column(0, "UTC time", t[0].cast(pa.int64())), "not a timestamp"),
        (lambda t: t.set_column(2, "High", pa.array([None, *t["High"].to_pylist()[1:]])), "null at row 0"),
    ],
    ids=["missing", "float32", "naive", "microseconds", "zone", "integer", "null"],
)
@pytest.mark.parametrize("side", ["BID", "ASK"])
def test_wrong_columns_are_errors_1005_that_name_the_file(
    side: str, change: Callable[[pa.Table], pa.Table], message: str, market: Any, config: Config
) -> None:
    # The other side's times are the same bytes under another description, which must not let these pass.
    rewrite(market.path(side), change)
    error = stopped(config())
    assert error.code == 1005
    assert message in error.message
    assert market.path(side).name in error.message


@pytest.mark.parametrize(
    "options", [{"compression": "zstd"}, {"row_group_size": 17}, {"use_dictionary": False}, {"data_page_size": 64}]
)
def test_sides_that_are_stored_differently_are_read_alike(options: dict[str, Any], market: Any, config: Config) -> None:
    wanted = bt.run_backtest(config()).raw["trades"]
    pq.write_table(pq.read_table(market.path("ASK")), market.path("ASK"), **options)
    assert bt.run_backtest(config()).raw["trades"] == wanted


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("volume", [pa.int64(), pa.int32(), pa.float32(), pa.float64()])
def test_any_numeric_volume_and_the_usual_codecs_are_read(
    codec: str, volume: pa.DataType, market: Any, config: Config
) -> None:
    wanted = bt.run_backtest(config()).raw["trades"]
    for side in ("BID", "ASK"):
        table = pq.read_table(market.path(side))
        table = table.set_column(5, "Volume", table["Volume"].cast(volume))
        pq.write_table(table, market.path(side), compression=codec, row_group_size=17)
    assert bt.run_backtest(config()).raw["trades"] == wanted


def test_a_missing_rate_is_an_error_of_the_run(market: Any, config: Config) -> None:
    error = stopped(config(rates={}))
    assert (error.category, error.code, error.details) == ("execution", 1008, {"from": "USD", "to": "EUR"})


@pytest.mark.parametrize("content", ["defaults: [1, 2]", "- a\n- b", "defaults: {schema: per_moon}", "a: [", "\0"])
def test_a_malformed_cost_file_is_a_clear_error(
    content: str, market: Any, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "costs.yaml"
    path.write_text(content)
    monkeypatch.setenv("OMEGA_EXECUTION_COSTS_FILE", str(path))
    error = stopped(config())
    assert error.code == 1009
    assert "costs.yaml" in error.message


def test_news_without_a_calendar_is_an_error(market: Any, config: Config) -> None:
    assert stopped(config(news_filter={"enabled": True})).code == 1008


def test_deeply_nested_json_is_refused_and_does_not_overflow() -> None:
    assert refused("[" * 100_000).code == 1009
    assert refused(json.dumps([])).code == 1004
