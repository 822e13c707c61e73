"""Cost and symbol files: merge keys, and what the switch ``config_rules`` at ``v1`` lets pass as V1 did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bt
import pytest

Config = Callable[..., dict[str, Any]]
V1 = {"semantics": {"config_rules": "v1"}}
SPECS = """
base: &base
  contract_size: 100000
  pip_size: 0.0001
  tick_size: 0.00001
  tick_value: 1.0
EURUSD:
  <<: *base
  quote_currency: USD
  volume_min: 0.5
"""
COSTS = """
base: &base {schema: per_lot, per_lot: 2.5, side: entry}
defaults:
  <<: *base
  slippage: {fixed_pips: 0.0, random_pips: 0.0}
per_symbol:
  EURUSD:
    <<: [{per_lot: 7.0}, *base]
"""


@pytest.fixture
def files(tmp_path: Path, market: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    def write(variable: str, text: str) -> Path:
        path = tmp_path / f"{variable.lower()}.yaml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv(f"OMEGA_{variable}_FILE", str(path))
        return path

    return write


def test_merge_keys_of_both_files_are_understood(files: Callable[[str, str], Path], config: Config) -> None:
    files("EXECUTION_COSTS", COSTS)
    files("SYMBOL_SPECS", SPECS)
    result = bt.run_backtest(config())
    assert result.trade_records
    for trade in result.trade_records:
        assert (trade.entry_fee, trade.exit_fee) == (7.0 * trade.size, 0.0)
        assert trade.size >= 0.5
    assert not [warning for warning in result.meta["warnings"] if "<<" in warning]


@pytest.mark.parametrize("text", ["defaults: {<<: 7}", "defaults: {<<: [7]}"])
def test_a_merge_key_that_names_no_mapping_is_a_clear_error(
    text: str, files: Callable[[str, str], Path], config: Config
) -> None:
    path = files("EXECUTION_COSTS", text)
    with pytest.raises(bt.BacktestError) as caught:
        bt.run_backtest(config())
    assert caught.value.code == 1009
    assert path.name in caught.value.message


def test_a_missing_cost_file_is_an_error_and_at_v1_a_run_without_costs(
    files: Callable[[str, str], Path], config: Config
) -> None:
    files("EXECUTION_COSTS", COSTS)
    paid = bt.run_backtest(config(**V1))
    files("EXECUTION_COSTS", "").unlink()
    with pytest.raises(bt.BacktestError) as caught:
        bt.run_backtest(config())
    assert caught.value.code == 3001
    free = bt.run_backtest(config(**V1))
    assert any("execution_costs.yaml does not exist" in warning for warning in free.meta["warnings"])
    assert {entry["kind"] for entry in free.meta["inputs"]} >= {"symbol_specs_yaml"}
    assert "execution_costs_yaml" not in {entry["kind"] for entry in free.meta["inputs"]}
    assert {trade.entry_fee for trade in free.trade_records} == {0.0} != {t.entry_fee for t in paid.trade_records}


def test_a_malformed_cost_file_is_an_error_at_v1_too(files: Callable[[str, str], Path], config: Config) -> None:
    files("EXECUTION_COSTS", "defaults: [")
    with pytest.raises(bt.BacktestError) as caught:
        bt.run_backtest(config(**V1))
    assert caught.value.code == 1009


@pytest.mark.parametrize("specs", ["GBPUSD: {tick_value: 1.0}", SPECS + "GBPUSD: {pip_size: 0.0001}"])
def test_a_symbol_that_v1_does_not_know_stops_the_run_at_its_first_order(
    specs: str, files: Callable[[str, str], Path], config: Config
) -> None:
    files("SYMBOL_SPECS", specs)
    quiet = {**config()["strategy_parameters"], "z_score_long": -90.0, "z_score_short": 90.0}
    result = bt.run_backtest(config(**V1, strategy_parameters=quiet))
    assert (result.trade_records, result.meta["counters"]["signals"]) == ([], 0)
    with pytest.raises(bt.BacktestError) as caught:
        bt.run_backtest(config(**V1))
    assert (caught.value.code, caught.value.details) == (1008, {"symbol": "EURUSD"})


def test_a_symbol_without_tick_value_drops_all_specs_at_v1_alone(
    files: Callable[[str, str], Path], config: Config
) -> None:
    files("SYMBOL_SPECS", SPECS + "GBPUSD: {pip_size: 0.0001, tick_value: null}")
    assert bt.run_backtest(config()).trade_records
    quiet = {**config()["strategy_parameters"], "z_score_long": -90.0, "z_score_short": 90.0}
    warnings = bt.run_backtest(config(**V1, strategy_parameters=quiet)).meta["warnings"]
    assert any("lacks tick_value" in warning for warning in warnings)


def test_a_symbol_that_the_specs_lack_is_an_error_at_v2_before_anything_runs(
    files: Callable[[str, str], Path], config: Config
) -> None:
    files("SYMBOL_SPECS", "GBPUSD: {tick_value: 1.0}")
    quiet = {**config()["strategy_parameters"], "z_score_long": -90.0, "z_score_short": 90.0}
    with pytest.raises(bt.BacktestError) as caught:
        bt.run_backtest(config(strategy_parameters=quiet))
    assert caught.value.code == 1008
