"""From a V1 configuration to a finished portfolio."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Optional

from omega_rust import PortfolioRust

from backtest_engine.config import BacktestConfig, timeframe_delta
from backtest_engine.data import load_market, to_ns
from backtest_engine.event_loop import run_event_loop
from backtest_engine.execution import Executor, Trace
from backtest_engine.gates import AnchoredCalendar, AnchoredSessionWrapper, CooldownWrapper, UniversalSessionWrapper
from backtest_engine.metrics import compute_metrics
from backtest_engine.money import CommissionModel, LotSizer, Rates, SlippageModel, SymbolSpec, load_yaml
from backtest_engine.strategies import REGISTRY


@dataclass(frozen=True)
class Environment:
    """Where V1 finds its files; ``from_env`` reads the variables V1 knows."""

    data_root: Path
    costs_file: Optional[Path] = None
    specs_file: Optional[Path] = None
    news_file: Optional[Path] = None
    base_dir: Path = field(default_factory=Path.cwd)

    @classmethod
    def from_env(cls) -> "Environment":
        news = os.environ.get("OMEGA_NEWS_CALENDAR_FILE")
        return cls(
            data_root=Path(os.environ.get("OMEGA_DATA_PARQUET_ROOT", "data/parquet")),
            news_file=Path(news) if news else None,
        )


@dataclass
class RunResult:
    portfolio: PortfolioRust
    metrics: dict[str, Any]
    trace: Trace
    start_index: int
    bars_total: int
    bars_tested: int
    loop_s: float
    wall_s: float


def _cost_blocks(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    raw = load_yaml(path)
    return dict(raw.get("defaults") or {}), dict(raw.get("per_symbol") or {})


def _slippage(config: BacktestConfig, defaults: dict[str, Any]) -> SlippageModel:
    """Through the config a model always exists: zeros draw too."""
    block = dict(defaults.get("slippage") or {})
    if config.slippage is not None:
        given = {"fixed_pips": config.slippage.fixed_pips, "random_pips": config.slippage.random_pips}
        block.update({k: v for k, v in given.items() if v is not None})
    fixed, rand = float(block.get("fixed_pips") or 0.0), float(block.get("random_pips") or 0.0)
    return SlippageModel(fixed, rand, config.execution.slippage_multiplier)


def _wrap(config: BacktestConfig, strategy: Any, portfolio: PortfolioRust, step: timedelta) -> Any:
    shift = step if config.close_mode else timedelta(0)
    wrapped: Any = CooldownWrapper(
        strategy, portfolio, shift, config.cooldown_candles, config.cooldown_minutes, config.cooldown_minutes_trade
    )
    if config.anchored_sessions is not None:
        wrapped = AnchoredSessionWrapper(wrapped, AnchoredCalendar(config.anchored_sessions), step)
    if config.session_windows is not None:
        wrapped = UniversalSessionWrapper(wrapped, config.session_windows.fixed_times, step)
    return wrapped


def run_backtest(raw: dict[str, Any], env: Environment, *, trace_events: bool = False) -> RunResult:
    """Runs one configuration.

    Raises ``pydantic.ValidationError`` (a ValueError) for a bad config, FileNotFoundError for a missing
    file, ValueError for data or rates that cannot be used, AttributeError for V1's two-wrapper fault.
    """
    began = time.perf_counter()
    config = BacktestConfig.model_validate(raw)
    if config.execution.random_seed is not None:
        random.seed(config.execution.random_seed)
    costs_path = Path(config.execution_costs_file) if config.execution_costs_file else env.costs_file
    specs_path = Path(config.symbol_specs_file) if config.symbol_specs_file else env.specs_file
    if costs_path is None or specs_path is None:
        raise FileNotFoundError("execution_costs_file and symbol_specs_file must be configured")
    defaults, per_symbol = _cost_blocks(env.base_dir / costs_path)
    specs = {
        str(name): SymbolSpec.from_mapping(str(name), values or {})
        for name, values in load_yaml(env.base_dir / specs_path).items()
    }
    rates = Rates(config.rates_static)
    market = load_market(env.data_root, config)
    start_ns = to_ns(config.start_time)
    start = int((market.bid.ts < start_ns).sum())
    trace = Trace(trace_events)
    portfolio = PortfolioRust(config.initial_balance)
    executor = Executor(
        portfolio,
        risk_per_trade=config.risk_per_trade,
        specs=specs,
        lot_sizer=LotSizer(specs, rates, config.account_currency),
        commission=CommissionModel(
            defaults, per_symbol, specs, rates, config.account_currency, config.execution.fee_multiplier
        ),
        slippage=_slippage(config, defaults),
        trace=trace,
    )
    factory = REGISTRY.get((config.strategy.module, config.strategy.class_))
    if factory is None:
        raise ValueError(f"no strategy {config.strategy.module}.{config.strategy.class_}")
    strategy = factory(config, market, portfolio, start, env.news_file)
    wrapped = _wrap(config, strategy, portfolio, timeframe_delta(config.timeframes.primary))
    bid, ask = market.bid.bars(), market.ask.bars()
    looped = time.perf_counter()
    tested = run_event_loop(market.times, bid, ask, start, wrapped, executor, portfolio, trace)
    done = time.perf_counter()
    return RunResult(
        portfolio=portfolio,
        metrics=compute_metrics(portfolio, config.initial_balance),
        trace=trace,
        start_index=start,
        bars_total=len(market.times),
        bars_tested=tested,
        loop_s=done - looped,
        wall_s=done - began,
    )
