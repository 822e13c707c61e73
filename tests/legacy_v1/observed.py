"""Walks the measured V1 outputs and runs V1 on them.

The folder comes from ``OMEGA_V1_OBSERVED`` (default: the project's own copy), so that further cases in
the same format run through the same tests.
"""

from __future__ import annotations

import json
import os
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from backtest_engine.config import timeframe_delta
from backtest_engine.data import from_ns, to_ns
from backtest_engine.event_loop import run_event_loop
from backtest_engine.execution import Executor, PositionManager, Signal, Trace
from backtest_engine.gates import (
    AnchoredSessionFilterWrapper,
    CooldownWrapper,
    FixedCalendar,
    UniversalSessionFilterWrapper,
)
from backtest_engine.money import CommissionModel, LegacyFee, LotSizer, Rates, SlippageModel, SymbolSpec
from omega_rust import BarRust, PortfolioRust

DEFAULT = Path(__file__).resolve().parents[2] / "legacy_v1" / "observed"
ROOT = Path(os.environ.get("OMEGA_V1_OBSERVED") or DEFAULT)


def is_own_copy() -> bool:
    """Whether the project's own copy is read, which has files of every kind."""
    return ROOT.resolve() == DEFAULT.resolve()


def files(kind: str, root: Path = ROOT) -> list[Path]:
    """Every case of a kind; a folder need not have every kind."""
    return sorted((root / kind).glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


class _Signals:
    """The signals of a scripted case, by absolute bar index."""

    def __init__(self, case: dict[str, Any]) -> None:
        setup = case["setup"]
        self.timeframe = setup["timeframe"]
        self._symbol = setup["symbol"]
        self._by_bar: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        for number, signal in enumerate(case["signals"]):
            self._by_bar.setdefault(signal["bar"], []).append((number, signal))
        edits = {int(bar): [edit] for bar, edit in (setup["pm_edits"] or {}).items()}
        wanted = edits or setup["max_holding_minutes"] is not None
        self.position_manager = PositionManager(setup["max_holding_minutes"], edits) if wanted else None

    def on_bar(self, index: int, time: Any) -> list[Signal]:
        return [
            Signal(
                s["direction"], s.get("type") or "market", s["entry"], s["sl"], s["tp"],
                self._symbol, s.get("scenario"), number,
            )
            for number, s in self._by_bar.get(index, ())
        ]


def _executor(setup: dict[str, Any], portfolio: PortfolioRust) -> Executor:
    specs = {name: SymbolSpec.from_mapping(name, raw) for name, raw in (setup["specs"] or {}).items()}
    rates = Rates(setup["static_rates"])
    account = setup["account_currency"]
    commission = setup["commission"]
    slippage = setup["slippage"]
    legacy = setup["legacy_fee"]
    executor = Executor(
        portfolio,
        risk_per_trade=setup["risk_per_trade"],
        specs=specs,
        lot_sizer=LotSizer(specs, rates, account) if setup["lot_sizer"] else None,
        commission=CommissionModel(
            commission["defaults"], commission["per_symbol"], specs, rates, account, setup["fee_multiplier"]
        )
        if commission
        else None,
        legacy_fee=LegacyFee(**legacy) if legacy else None,
        slippage=SlippageModel(slippage["fixed_pips"], slippage["random_pips"]) if slippage else None,
        unit_value=lambda spec: rates.convert(spec.contract_size, spec.quote, account),
    )
    executor.pip_buffer_factor = setup["pip_buffer_factor"]
    return executor


def run_scripted(case: dict[str, Any]) -> tuple[PortfolioRust, Executor]:
    """Runs one scripted case at class level, as it was measured."""
    setup = case["setup"]
    if setup["python_random_seed"] is not None:
        random.seed(setup["python_random_seed"])
    step = timeframe_delta(setup["timeframe"])
    shift = step if setup["entry_timestamp_mode"] == "close" else timedelta(0)
    portfolio = PortfolioRust(setup["initial_balance"], shift)
    executor = _executor(setup, portfolio)
    strategy: Any = CooldownWrapper(
        _Signals(case), portfolio, shift,
        **{key.removeprefix("cooldown_"): value for key, value in (setup["cooldown"] or {}).items()},
    )
    if setup["session_filter"] is not None:
        strategy = UniversalSessionFilterWrapper(strategy, setup["session_filter"]["fixed_times"], step)
    if setup["anchored_calendar"] is not None:
        strategy = AnchoredSessionFilterWrapper(strategy, FixedCalendar(setup["anchored_calendar"]), step)
    times = [from_ns(row[0]) for row in case["bars"]]
    bid = [BarRust(t, *row[1:5], 1.0) for t, row in zip(times, case["bars"], strict=True)]
    ask = [BarRust(t, *row[5:9], 1.0) for t, row in zip(times, case["bars"], strict=True)]
    run_event_loop(times, bid, ask, setup["start_bar"], strategy, executor, portfolio, Trace(False))
    return portfolio, executor


def trade_row(position: Any) -> dict[str, Any]:
    """A position in the words of the observed files."""
    ns = lambda t: None if t is None else to_ns(t)  # noqa: E731 - one-line helper of this function
    return {
        "entry_time_ns": ns(position.entry_time),
        "exit_time_ns": ns(position.exit_time),
        "trigger_time_ns": ns(position.trigger_time),
        "direction": position.direction,
        "symbol": position.symbol,
        "order_type": position.order_type,
        "entry_price": position.entry_price,
        "exit_price": position.exit_price,
        "initial_sl": position.initial_sl,
        "sl": position.current_sl,
        "tp": position.tp,
        "size": position.size,
        "result": position.result,
        "r_multiple": position.r_multiple,
        "reason": position.reason,
        "status": position.status,
        "entry_fee": position.entry_fee,
        "exit_fee": position.exit_fee,
        "scenario": position.scenario,
    }
