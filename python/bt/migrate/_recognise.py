"""Whether a mapping is a V1 config or a V2 config. Only keys are looked at."""

from __future__ import annotations

from typing import Any

#: Top-level keys that only V1 has, and those that only V2 has.
_V1_ONLY = {
    "strategy", "mode", "initial_balance", "risk_per_trade", "account_currency", "rates_static", "execution",
    "slippage", "cooldown_candles", "cooldown_minutes", "cooldown_minutes_trade", "session_filter",
    "anchored_session_filter", "execution_costs_file", "symbol_specs_file", "reporting",
}  # fmt: skip
_V2_ONLY = {
    "schema_version", "strategy_name", "strategy_parameters", "execution_variant", "semantics", "data_mode",
    "run_mode", "account", "costs", "cooldown", "sessions", "anchored_sessions", "trade_management", "news_filter",
    "rng_seed",
}  # fmt: skip


def is_v1(config: Any) -> bool:
    """Whether a config is written for V1: it names its strategy by module and class, or has more keys of V1 than V2's.

    A config with ``schema_version`` is none of V1's.
    """
    if not isinstance(config, dict) or "schema_version" in config:
        return False
    strategy = config.get("strategy")
    if isinstance(strategy, dict) and ("module" in strategy or "class" in strategy):
        return True
    return len(_V1_ONLY & config.keys()) > len(_V2_ONLY & config.keys())


def is_v2(config: Any) -> bool:
    """Whether a config is written for V2: it has ``schema_version`` or ``strategy_name`` and no ``strategy``."""
    return (
        isinstance(config, dict)
        and "strategy" not in config
        and bool({"schema_version", "strategy_name"} & set(config))
    )
