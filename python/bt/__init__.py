"""Omega's backtest engine V2: one call, configuration in, result out."""

from bt._document import Trade
from bt._native import __version__
from bt._run import run_backtest, run_backtest_json
from bt._schemas import schema
from bt.errors import BacktestError, BtError, ConfigError, ConfigIssue, InternalError, MigrationError
from bt.migrate import Migration, migrate_config
from bt.result import Result

__all__ = [
    "BacktestError",
    "BtError",
    "ConfigError",
    "ConfigIssue",
    "InternalError",
    "Migration",
    "MigrationError",
    "Result",
    "Trade",
    "__version__",
    "migrate_config",
    "run_backtest",
    "run_backtest_json",
    "schema",
]
