"""Builds the minimal witness of each semantics switch: ``python -m parity.harness.adr.witnesses [SWITCH ...]``.

Scripted witnesses are written out bar by bar. Those that need a strategy's indicators are searched with Hypothesis,
which also minimises them. The files in ``parity/cases`` are what counts; this module says where they came from.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import Phase, find, settings

from parity.harness.engines import SWITCHES, V1Engine, V2Engine
from parity.harness.generate.cases import RATES, SCRIPTED, cases
from parity.harness.model.bars import Bars
from parity.harness.model.case import DEFAULT_COSTS, Case
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.verdict import Verdict
from parity.harness.run.differential import Pair
from parity.harness.run.probe import Probe

CASES_DIR = Path(__file__).resolve().parents[2] / "cases"
START = 1_736_208_000_000_000_000  # 2025-01-07T00:00:00Z
STEP = 60_000_000_000
FREE = {"defaults": {"schema": "per_lot", "per_lot": 0.0, "slippage": {"fixed_pips": 0.0, "random_pips": 0.0}}}
ALL_DAY: dict[str, Any] = {"session_filter": {"fixed_times": [["00:00", "23:59"]]}}
#: A bar without news: bid open, high, low, close in pips around the base price.
QUIET = (0, 1, -1, 0)


def slipping(fixed: float, random: float = 0.0, per_lot: float = 0.0) -> dict[str, Any]:
    """A cost file with slippage."""
    slippage = {"fixed_pips": fixed, "random_pips": random}
    return {"defaults": {"schema": "per_lot", "per_lot": per_lot, "slippage": slippage}}


def rows(*bars: tuple[float, float, float, float], base: float = 1.1, pip: float = 0.0001) -> list[list[Any]]:
    """M1 bars from bid offsets in pips; the spread is one pip."""
    digits = 5 if pip < 0.001 else 3
    out: list[list[float]] = []
    for i, bar in enumerate(bars):
        bid = [round(base + x * pip, digits) for x in bar]
        ask = [round(x + pip, digits) for x in bid]
        out.append([START + i * STEP, *bid, *ask, 1.0])
    return out


def order(bar: int, direction: str, kind: str, entry: float | None, sl: float, tp: float) -> dict[str, Any]:
    """One scripted order: index of its bar, prices in price units; ``entry`` is None for a market order."""
    return {"bar": bar, "direction": direction, "type": kind, "entry": entry, "sl": sl, "tp": tp}


def scripted(
    switch: str,
    bars: list[list[float]],
    orders: list[dict[str, Any]],
    *,
    costs: dict[str, Any] | None = None,
    max_holding_minutes: float | None = None,
    symbol: str = "EURUSD",
    **top: Any,
) -> Case:
    """A witness of scripted orders on the bars of one day."""
    parameters = {"orders": orders, "max_holding_minutes": max_holding_minutes}
    config = {
        "symbol": symbol,
        "start_date": "2025-01-07",
        "end_date": "2025-01-08",
        "timeframes": {"primary": "M1", "additional": []},
        "warmup_bars": 0,
        "account_currency": "USD",
        "rates_static": RATES,
        "execution": {"random_seed": 42},
        "strategy": {**SCRIPTED, "parameters": parameters},
        **top,
    }
    return Case(
        id=f"switch::{switch}", description=f"minimal witness of the switch {switch}", config=config,
        bars={"M1": Bars.of(bars)}, costs=costs or FREE, tags=("witness", switch),
    )  # fmt: skip


LONG = order(0, "long", "market", 1.1001, 1.0981, 1.1021)
DIP = (0, 1, -25, -20)
RISE = (0, 25, -1, 20)


def _duplicate_row() -> list[list[float]]:
    bars = rows(QUIET, RISE)
    return [bars[0], rows(QUIET, (0, 2, -2, 1))[1], bars[1]]


def _over_midnight() -> Case:
    """A win and a loss that no rounding leaves as they are, opened before midnight and closed after it."""
    bars = rows(QUIET, QUIET, RISE)
    for bar in bars:
        bar[0] += (24 * 60 - 2) * STEP
    orders = [order(0, "long", "market", 1.1001, 1.0978, 1.1021), order(1, "short", "market", 1.1, 1.1023, 1.08)]
    return scripted("metrics_definition", bars, orders)


BUILDERS: dict[str, Callable[[], Case]] = {
    "bar_order": lambda: scripted("bar_order", rows(QUIET, QUIET), [LONG], max_holding_minutes=0, **ALL_DAY),
    "end_date": lambda: scripted("end_date", rows(QUIET, RISE), [LONG], end_date="2025-01-07"),
    "warmup": lambda: scripted("warmup", rows(QUIET, RISE), [LONG], warmup_bars=5),
    "data_rules": lambda: scripted("data_rules", _duplicate_row(), [LONG]),
    "config_rules": lambda: scripted(
        "config_rules", rows(QUIET, QUIET), [order(0, "long", "market", 1.1001, 1.0981, 1.0991)]
    ),
    "session_bounds": lambda: scripted(
        "session_bounds", rows(QUIET, RISE), [LONG], session_filter={"fixed_times": [["00:00", "00:01"]]}
    ),
    "stop_entry_gap": lambda: scripted(
        "stop_entry_gap", rows(QUIET, (12, 13, 11, 12), (12, 45, 11, 40)),
        [order(0, "long", "stop", 1.1005, 1.0985, 1.1035)],
    ),
    "pending_entry_slippage": lambda: scripted(
        "pending_entry_slippage", rows(QUIET, (0, 6, -1, 5), (5, 45, 4, 40)),
        [order(0, "long", "stop", 1.1005, 1.0985, 1.1035)], costs=slipping(1.0),
    ),
    "exit_slippage": lambda: scripted("exit_slippage", rows(QUIET, DIP), [LONG], costs=slipping(1.0)),
    "exit_gap": lambda: scripted("exit_gap", rows(QUIET, (-30, -29, -31, -30)), [LONG]),
    "fill_bar_take_profit": lambda: scripted(
        "fill_bar_take_profit", rows(QUIET, (0, 40, -1, 10)), [order(0, "long", "stop", 1.1005, 1.0985, 1.1035)]
    ),
    "min_stop_distance": lambda: scripted(
        "min_stop_distance", rows(QUIET, (0, 1, -12, -10)), [order(0, "long", "limit", 1.0991, 1.0991, 1.1035)]
    ),
    "pip_buffer_pip": lambda: scripted(
        "pip_buffer_pip", rows(QUIET, (0, 29.6, -1, 20), base=150.0, pip=0.01),
        [order(0, "long", "stop", 150.05, 149.85, 150.3)], symbol="USDJPY",
    ),
    "pending_entry_time": lambda: scripted(
        "pending_entry_time", rows(QUIET, (0, 1, -12, -10), RISE), [order(0, "long", "limit", 1.0991, 1.0971, 1.1011)]
    ),
    "pnl_model": lambda: scripted("pnl_model", rows(QUIET, RISE), [order(0, "long", "market", 1.1001, 1.0978, 1.1021)]),
    "volume_grid": lambda: scripted("volume_grid", rows(QUIET, RISE), [LONG], risk_per_trade=0.1),
    "fee_rounding": lambda: scripted(
        "fee_rounding", rows(QUIET, RISE), [order(0, "long", "market", 1.1001, 1.0978, 1.1021)],
        costs=slipping(0.0, 0.0, 2.5),
    ),
    "slippage_rng": lambda: scripted("slippage_rng", rows(QUIET, RISE), [LONG], costs=slipping(0.0, 0.5)),
    "timeout_clock": lambda: scripted(
        "timeout_clock", rows(QUIET, QUIET, (0, 1, -12, -10), QUIET, QUIET, QUIET),
        [order(0, "long", "limit", 1.0991, 1.0971, 1.1031)], max_holding_minutes=3, **ALL_DAY,
    ),
    "timeout_costs": lambda: scripted(
        "timeout_costs", rows(QUIET, QUIET, QUIET), [LONG], max_holding_minutes=2, costs=DEFAULT_COSTS, **ALL_DAY
    ),
    "timeout_reach": lambda: scripted("timeout_reach", rows(QUIET, QUIET, QUIET), [LONG], max_holding_minutes=2),
    "equity_mark": lambda: scripted("equity_mark", rows(QUIET, (0, 6, -1, 5)), [LONG]),
    "metrics_definition": _over_midnight,
}  # fmt: skip
SEARCHED = ("news_rule", "level_rounding", "scenario1_short_atr")


def effect(pair: Pair, case: Case, switch: str) -> bool:
    """Whether the engines agree with everything at ``v1`` and differ with this switch alone at ``v2``."""
    return Probe(pair, pair.prepare(case)).shows(switch)


def search(pair: Pair, switch: str, *, examples: int = 6000) -> Case:
    """The smallest generated mean-reversion case that shows a switch."""
    wanted = settings(max_examples=examples, database=None, deadline=None, phases=(Phase.generate, Phase.shrink))
    strategy = cases().filter(lambda case: "mean_reversion" in case.tags)
    found = find(strategy, lambda case: effect(pair, case, switch), settings=wanted)
    config = {**found.config}
    return Case(
        id=f"switch::{switch}", description=f"minimal witness of the switch {switch}", config=config,
        bars=found.bars, costs=found.costs, news=found.news, tags=("witness", switch),
    )  # fmt: skip


def main(names: list[str]) -> int:
    """Writes the witnesses of the named switches (default: all) and says which ones show their switch."""
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(V1Engine(), V2Engine(), Path(folder), Tolerances.load())
        for switch in names or SWITCHES:
            case = BUILDERS[switch]() if switch in BUILDERS else search(pair, switch)
            shown = effect(pair, case, switch)
            verdict = pair.run(case).verdict
            print(f"{switch:24} {'shown' if shown else 'NOT SHOWN'} ({verdict} at v1) {case.save(CASES_DIR).name}")
            if not shown or verdict is not Verdict.MATCH:
                failed.append(switch)
        pair.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
