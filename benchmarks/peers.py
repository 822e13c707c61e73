"""What a user would pick instead, doing comparable work on the same files: read, compute, trade, report.

Biases, all in the peers' favour: they read one side of the market instead of two, check nothing, keep no provenance,
compute neither a Kalman filter nor a second z-score, and know no exit levels inside a bar except where said. Each
returns its number of trades, so that a peer that stopped trading cannot pass for fast.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks import market

REPOSITORY = Path(__file__).resolve().parents[1]
WINDOW, WIDTH, FEES, SLIPPAGE = 40, 2.6, 2.5e-5, 1e-6


def pyarrow_read(root: Path) -> int:
    """The floor: the same columns of the same two files, read and nothing else."""
    folder = root / market.SYMBOL
    tables = [
        pq.read_table(folder / f"{market.SYMBOL}_M1_{side}.parquet", columns=market.COLUMNS) for side in ("BID", "ASK")
    ]
    return sum(table.num_rows for table in tables)


def _bid(root: Path) -> pd.DataFrame:
    path = root / market.SYMBOL / f"{market.SYMBOL}_M1_BID.parquet"
    return pd.read_parquet(path).set_index("UTC time")


def vectorbt(root: Path) -> int:
    """Bollinger reversion with fees, slippage and a stop; profit and number of trades.

    The bands come from pandas: the library's own indicator wrapper takes several times as long.
    """
    import vectorbt as vbt

    close = _bid(root)["Close"]
    mean, reach = close.rolling(WINDOW).mean(), WIDTH * close.rolling(WINDOW).std()
    portfolio = vbt.Portfolio.from_signals(
        close,
        entries=close < mean - reach,
        exits=close > mean,
        short_entries=close > mean + reach,
        short_exits=close < mean,
        sl_stop=0.002,
        fees=FEES,
        slippage=SLIPPAGE,
        freq="1min",
    )
    trades = portfolio.trades
    assert np.isfinite(trades.pnl.sum())
    return int(trades.count())


def backtesting_py(root: Path) -> int:
    """The same rule in backtesting.py, stop and target inside the bar included."""
    from backtesting import Backtest, Strategy

    def mean(x: Any) -> Any:
        return pd.Series(x).rolling(WINDOW).mean()

    def width(x: Any) -> Any:
        return pd.Series(x).rolling(WINDOW).std()

    class Reversion(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            self.mean = self.I(mean, self.data.Close)
            self.width = self.I(width, self.data.Close)

        def next(self) -> None:
            price, mean, width = self.data.Close[-1], self.mean[-1], self.width[-1]
            if self.position or not width > 0:
                return
            if price <= mean - WIDTH * width:
                self.buy(size=0.1, sl=price - 0.002, tp=mean)
            elif price >= mean + WIDTH * width:
                self.sell(size=0.1, sl=price + 0.002, tp=mean)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = Backtest(_bid(root), Reversion, cash=10_000, commission=FEES, finalize_trades=True)
        return int(run.run()["# Trades"])


def v1(root: Path, bars: int) -> int:
    """The legacy engine on the migrated configuration's original; number of trades."""
    sys.path.insert(0, str(REPOSITORY / "legacy_v1" / "src"))
    from backtest_engine.runner import Environment, run_backtest

    observed = REPOSITORY / "legacy_v1" / "observed" / "data"
    environment = Environment(data_root=root, news_file=observed / "news" / "empty.csv", base_dir=observed.parent)
    result = run_backtest(v1_config(bars), environment)
    return len(result.portfolio.closed_positions())


def v1_config(bars: int) -> dict[str, Any]:
    """``market.config`` as V1 says it."""
    new: dict[str, Any] = market.config(bars)
    return {
        "start_date": new["start_date"],
        "end_date": new["end_date"],
        "symbol": new["symbol"],
        "timeframes": {"primary": "M1", "additional": []},
        "warmup_bars": new["warmup_bars"],
        "rates_static": new["rates"],
        "execution": {"random_seed": 42},
        "execution_costs_file": "data/execution_costs.yaml",
        "symbol_specs_file": "data/symbol_specs.yaml",
        "strategy": {
            "module": "strategies.mean_reversion_z_score.backtest.backtest_strategy",
            "class": "MeanReversionZScoreStrategy",
            "parameters": {**new["strategy_parameters"], "max_holding_minutes": None, "use_position_manager": False},
        },
    }
