"""V1's metrics, rounded as V1 rounds them (Python's round)."""

from __future__ import annotations

import math
from typing import Any

from omega_rust import PortfolioRust

ZERO = {
    "net_profit_eur": 0.0, "net_profit_after_fees_eur": 0.0, "fees_total_eur": 0.0, "gross_profit_eur": 0.0,
    "gross_loss_eur": 0.0, "avg_result_eur": 0.0, "winrate_percent": 0.0, "avg_r_multiple": 0.0,
    "total_r_multiple": 0.0, "profit_factor": 0.0, "drawdown_eur": 0.0, "drawdown_percent": 0.0,
    "initial_drawdown_eur": 0.0, "total_trades": 0, "active_days": 0, "sharpe_trade": 0.0, "sortino_trade": 0.0,
}


def _sharpe(r: list[float]) -> float:
    if len(r) < 2:
        return 0.0
    mean = sum(r) / len(r)
    std = math.sqrt(sum((x - mean) ** 2 for x in r) / (len(r) - 1))
    return mean / std if std > 0 else 0.0


def _sortino(r: list[float]) -> float:
    if len(r) < 2:
        return 0.0
    downside = math.sqrt(sum(min(x, 0.0) ** 2 for x in r) / len(r))
    return sum(r) / len(r) / downside if downside > 0 else 0.0


def compute_metrics(portfolio: PortfolioRust, initial_balance: float) -> dict[str, Any]:
    """All metrics of one run; every one is 0 when no trade was closed."""
    trades = portfolio.closed_positions()
    if not trades:
        return dict(ZERO)
    n = len(trades)
    results = [t.result for t in trades]
    r = [t.r_multiple for t in trades]
    wins = [x for x in results if x > 0]
    losses = [x for x in results if x < 0]
    gross_profit, gross_loss = sum(wins), abs(sum(losses))
    lowest = min(value for _, value in portfolio.get_equity_curve())
    drawdown = round(portfolio.max_drawdown, 2)
    days = {t.entry_time.date() for t in trades} | {t.exit_time.date() for t in trades}
    return {
        "net_profit_eur": round(sum(results), 2),
        "net_profit_after_fees_eur": round(portfolio.cash - initial_balance, 2),
        "fees_total_eur": round(portfolio.total_fees, 2),
        "gross_profit_eur": round(gross_profit, 2),
        "gross_loss_eur": round(gross_loss, 2),
        "avg_result_eur": round(sum(results) / n, 2),
        "winrate_percent": round(len(wins) / n * 100, 2),
        "avg_r_multiple": round(sum(r) / n, 3),
        "total_r_multiple": round(sum(r), 3),
        "profit_factor": round(gross_profit / gross_loss, 2) if gross_loss > 0 else 0.0,
        "drawdown_eur": drawdown,
        "drawdown_percent": round(drawdown / initial_balance * 100, 2),
        "initial_drawdown_eur": round(max(0.0, initial_balance - lowest), 2),
        "total_trades": n,
        "active_days": len(days),
        "sharpe_trade": round(_sharpe(r), 3),
        "sortino_trade": round(_sortino(r), 3),
    }
