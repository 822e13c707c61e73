"""V1 reproduces what was measured on the legacy engine: prices and times exact, money to 1e-9, metrics exact."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import observed
import pytest
import recorded
from backtest_engine.data import to_ns
from backtest_engine.metrics import compute_metrics
from backtest_engine.runner import Environment, run_backtest

#: Money agrees to a billionth of a unit, whatever its size.
MONEY_LIMIT = 1e-9


def money(value: Any) -> Any:
    return pytest.approx(value, rel=0, abs=MONEY_LIMIT)


MONEY = ("result", "r_multiple", "entry_fee", "exit_fee")


def assert_trades_equal(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    assert len(found) == len(wanted)
    for got, want in zip(found, wanted, strict=True):
        for key, value in want.items():
            if key in MONEY and value is not None:
                assert got[key] == money(value), (key, got, want)
            else:
                assert got[key] == value, (key, got, want)


@pytest.mark.parametrize("path", observed.files("scripted"), ids=lambda p: p.stem)
def test_scripted_case_is_reproduced(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = observed.load(path)
    if case["error"]:
        with pytest.raises(Exception) as caught:
            observed.run_scripted(case)
        assert type(caught.value).__name__ in case["error"]
        return
    portfolio, _ = observed.run_scripted(case)
    want = case["expected"]
    assert capsys.readouterr().out.strip() == case["stdout"].strip()
    assert_trades_equal([observed.trade_row(p) for p in portfolio.closed_positions()], want["trades"])
    active = portfolio.active_positions()
    assert_trades_equal([observed.trade_row(p) for p in active], want["active_at_end"])
    assert sum(p.status == "open" for p in active) == want["open_positions_at_end"]
    if case["rng_next_after_run"] is not None:
        assert random.random() == case["rng_next_after_run"]
    for name in ("total_fees", "max_equity", "max_drawdown", "initial_max_drawdown"):
        assert getattr(portfolio, name) == money(want[name])
    assert portfolio.cash == money(want["final_cash"])
    assert portfolio.equity == money(want["final_equity"])
    for got, key in (
        (portfolio.get_equity_curve(), "equity_curve"),
        (portfolio.get_trade_curve(), "trade_equity_curve"),
    ):
        assert [to_ns(t) for t, _ in got] == [row[0] for row in want[key]]
        assert [v for _, v in got] == money([row[1] for row in want[key]])
    fees = [
        {"time_ns": to_ns(t), "kind": kind, "symbol": symbol, "size": size, "fee": fee}
        for t, kind, symbol, size, fee in portfolio.get_fees()
    ]
    assert len(fees) == len(want["fees_log"])
    for got, row in zip(fees, want["fees_log"], strict=True):
        assert {k: v for k, v in got.items() if k != "fee"} == {k: v for k, v in row.items() if k != "fee"}
        assert got["fee"] == money(row["fee"])
    assert portfolio.get_summary() == want["summary"]
    assert compute_metrics(portfolio, case["setup"]["initial_balance"]) == want["metrics"]
    last = portfolio.last_exit_time
    assert (None if last is None else to_ns(last)) == want["last_exit_time_ns"]


@pytest.mark.parametrize(("mode", "shift_ns"), [("open", 0), ("close", 60_000_000_000)])
def test_the_time_of_the_last_exit_holds_the_timeframe_in_close_mode(mode: str, shift_ns: int) -> None:
    case = observed.load(observed.DEFAULT / "scripted" / "s_cooldown_trade_open_mode.json")
    case["setup"]["entry_timestamp_mode"] = mode
    portfolio, _ = observed.run_scripted(case)
    exits = [to_ns(p.exit_time) for p in portfolio.closed_positions()]
    assert to_ns(portfolio.last_exit_time) == exits[-1] + shift_ns
    # The cooldown counts in decision times, so that both modes trade alike.
    assert_trades_equal([observed.trade_row(p) for p in portfolio.closed_positions()], case["expected"]["trades"])


RUNS = observed.files("runs")


def environment(case: dict[str, Any]) -> Environment:
    news = "news_calender_history.csv" if case["case"] == "full_s1_news" else "empty.csv"
    return Environment(
        data_root=observed.ROOT / "data" / "parquet",
        news_file=observed.ROOT / "data" / "news" / news,
        base_dir=observed.ROOT,
    )


KINDS = ("scripted", "runs", "indicators", "rules", "recorded")


def found(root: Path) -> dict[str, int]:
    """Files of each kind below a folder of observed outputs."""
    return {
        kind: len(recorded.recorded_files(root) if kind == "recorded" else observed.files(kind, root)) for kind in KINDS
    }


def test_there_is_something_to_reproduce() -> None:
    counts = found(observed.ROOT)
    assert any(counts.values()), f"no observed outputs below {observed.ROOT}"
    assert all(counts.values()) or not observed.is_own_copy(), f"the project's own copy lacks a kind: {counts}"


def test_a_folder_may_hold_any_subset_of_files(tmp_path: Path) -> None:
    assert not any(found(tmp_path).values())
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "market_hours.json").write_text("[]", encoding="utf-8")
    assert found(tmp_path) == {**dict.fromkeys(KINDS, 0), "rules": 1}


@pytest.mark.parametrize("path", RUNS, ids=lambda p: p.stem)
def test_full_run_is_reproduced(path: Path) -> None:
    case = observed.load(path)
    result = run_backtest(case["config"], environment(case))
    portfolio = result.portfolio
    assert result.start_index == case["start_index"]
    assert (result.bars_total, result.bars_tested) == (case["timing"]["bars_total"], case["timing"]["bars_tested"])
    assert_trades_equal([observed.trade_row(p) for p in portfolio.closed_positions()], case["trades"])
    assert_trades_equal([observed.trade_row(p) for p in portfolio.active_positions()], case["open_at_end"])
    for name, value in (
        ("cash", case["final_balance"]),
        ("total_fees", case["total_fees"]),
        ("max_drawdown", case["max_drawdown"]),
        ("initial_max_drawdown", case["initial_max_drawdown"]),
    ):
        assert getattr(portfolio, name) == money(value)
    curve = portfolio.get_equity_curve()
    assert len(curve) == case["equity_len"]
    assert to_ns(curve[1][0]) == case["equity_first"][0]
    assert to_ns(curve[-1][0]) == case["equity_last"][0]
    assert curve[-1][1] == money(case["equity_last"][1])
    assert portfolio.get_summary() == case["summary"]
    assert result.metrics == case["metrics"]
