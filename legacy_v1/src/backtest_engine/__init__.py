"""V1's backtest engine: Python drives the loop and calls ``omega_rust`` for every bar."""
