"""Parameters of the mean-reversion strategy: V1's defaults, and what each of them is."""

from __future__ import annotations

from typing import Any, Callable

from backtest_engine.spellings import number, whole

DEFAULTS: dict[str, Any] = {
    "atr_length": 14, "atr_mult": 2.0, "b_b_length": 20, "std_factor": 2.0, "window_length": 100,
    "z_score_long": -2.5, "z_score_short": 2.5, "ema_length": 30, "kalman_r": 0.01, "kalman_q": 1.0,
    "tp_min_distance": 1.0, "direction_filter": "both", "enabled_scenarios": [], "use_position_manager": True,
    "max_holding_minutes": 30, "htf_tf": "D1", "htf_ema": 100, "htf_filter": "both",
    "extra_htf_tf": "AUTO", "extra_htf_ema": 50, "extra_htf_filter": "both",
    "garch_alpha": 0.05, "garch_beta": 0.90, "garch_omega": None, "garch_use_log_returns": True,
    "garch_scale": 100.0, "garch_min_periods": 50, "garch_sigma_floor": 1e-6, "local_z_lookback": 0,
    "intraday_vol_feature": "garch_forecast", "intraday_vol_garch_lookback": 500,
}
WHOLE = frozenset({
    "atr_length", "b_b_length", "window_length", "ema_length", "htf_ema", "extra_htf_ema", "garch_min_periods",
    "local_z_lookback", "intraday_vol_cluster_window", "intraday_vol_cluster_k", "intraday_vol_min_points",
    "intraday_vol_garch_lookback", "cluster_hysteresis_bars",
})
NUMBERS = frozenset({
    "atr_mult", "std_factor", "z_score_long", "z_score_short", "z_score", "kalman_r", "kalman_q", "tp_min_distance",
    "garch_alpha", "garch_beta", "garch_scale", "garch_sigma_floor",
})
#: Null means something: no timeout, omega from alpha and beta.
NUMBERS_OR_NULL = frozenset({"garch_omega", "max_holding_minutes"})


def _kind(name: str) -> Callable[[Any], Any]:
    if name in WHOLE:
        return whole
    if name in NUMBERS:
        return number
    if name in NUMBERS_OR_NULL:
        return lambda value: None if value is None else number(value)
    return lambda value: value


def converted(raw: dict[str, Any], path: str) -> dict[str, Any]:
    """The parameters as V1 calculates with them; ValueError names the one that V1 refuses."""
    out = {}
    for name, value in raw.items():
        try:
            out[name] = _kind(name)(value)
        except ValueError as error:
            raise ValueError(f"{path}.{name}: {error}") from None
    return out
