"""The native module: one call."""

__version__: str
__debug_build__: bool

def run_backtest(config_json: str) -> str:
    """Runs one backtest: configuration as JSON text in, result or run-time error as JSON text out.

    Raises ``bt.ConfigError`` and ``bt.InternalError``.
    """
