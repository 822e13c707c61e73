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
from backtest_engine.gates import AnchoredCalendar, AnchoredSessionFilterWrapper, CooldownWrapper, UniversalSessionFilterWrapper
from backtest_engine.metrics import compute_metrics
from backtest_engine.money import CommissionModel, LotSizer, Rates, SlippageModel, SymbolSpec, load_costs, load_specs
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


def _commission(
    config: BacktestConfig, costs: Optional[tuple[dict[str, Any], dict[str, Any]]], specs: dict[str, SymbolSpec], rates: Rates
) -> Optional[CommissionModel]:
    if costs is None:
        return None
    return CommissionModel(*costs, specs, rates, config.account_currency, config.execution.fee_multiplier)


def _slippage(config: BacktestConfig, defaults: dict[str, Any]) -> SlippageModel:
    """Through the config a model always exists: zeros draw too."""
    block = dict(defaults.get("slippage") or {})
    given = {"fixed_pips": config.slippage.fixed_pips, "random_pips": config.slippage.random_pips}
    block.update({k: v for k, v in given.items() if v is not None})
    fixed, rand = float(block.get("fixed_pips") or 0.0), float(block.get("random_pips") or 0.0)
    return SlippageModel(fixed, rand, config.execution.slippage_multiplier)


def _wrap(config: BacktestConfig, strategy: Any, portfolio: PortfolioRust, step: timedelta) -> Any:
    shift = step if config.close_mode else timedelta(0)
    wrapped: Any = CooldownWrapper(
        strategy, portfolio, shift, config.cooldown_candles, config.cooldown_minutes, config.cooldown_minutes_trade
    )
    if config.session_windows is not None:
        wrapped = UniversalSessionFilterWrapper(wrapped, config.session_windows.fixed_times, step)
    if config.anchored_sessions is not None:
        wrapped = AnchoredSessionFilterWrapper(wrapped, AnchoredCalendar(config.anchored_sessions), step)
    return wrapped


def run_backtest(raw: dict[str, Any], env: Environment, *, trace_events: bool = False) -> RunResult:
    """Runs one configuration.

    Raises ``pydantic.ValidationError`` (a ValueError) for a bad config, FileNotFoundError for a missing
    file, ValueError for data or rates that cannot be used, AttributeError for V1's two-wrapper fault.
    """
    began = time.perf_counter()
    config = BacktestConfig.model_validate(raw)
    if config.seed is not None:
        random.seed(config.seed)
    costs_path = Path(config.execution_costs_file) if config.execution_costs_file else env.costs_file
    specs_path = Path(config.symbol_specs_file) if config.symbol_specs_file else env.specs_file
    if specs_path is None:
        raise FileNotFoundError("symbol_specs_file is not configured")
    costs = load_costs(env.base_dir / costs_path if costs_path else None)
    specs = load_specs(env.base_dir / specs_path)
    rates = Rates(config.rates_static)
    market = load_market(env.data_root, config)
    start_ns = to_ns(config.start_time)
    start = int((market.bid.ts < start_ns).sum())
    trace = Trace(trace_events)
    step = timeframe_delta(config.timeframes.primary)
    shift = step if config.close_mode else timedelta(0)
    portfolio = PortfolioRust(config.initial_balance, shift)
    executor = Executor(
        portfolio,
        risk_per_trade=config.risk_per_trade,
        specs=specs,
        lot_sizer=LotSizer(specs, rates, config.account_currency),
        commission=_commission(config, costs, specs, rates),
        slippage=_slippage(config, costs[0] if costs else {}),
        trace=trace,
    )
    factory = REGISTRY.get((config.strategy.module, config.strategy.class_))
    if factory is None:
        raise ValueError(f"no strategy {config.strategy.module}.{config.strategy.class_}")
    strategy = factory(config, market, portfolio, start, env.news_file)
    wrapped = _wrap(config, strategy, portfolio, step)
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
