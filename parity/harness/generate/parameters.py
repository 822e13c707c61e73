"""Choices of everything in a V1 config besides market and orders: strategy parameters, costs, gates. Pure.

Valid by construction, the simplest choice first; causes are chosen before their effects.
"""

from __future__ import annotations

from typing import Any

from parity.harness.generate.choices import Choices
from parity.harness.model.limits import EVERYTHING, SCHEMAS, Limits

#: First rates are full; then those without one way of converting, so that inverse and crossed rates are met.
RATES = {"EURUSD": 1.1, "USDJPY": 150.0, "EURJPY": 165.0, "GBPUSD": 1.27}
RATE_TABLES = (RATES, {"EURUSD": 1.1, "USDJPY": 150.0}, {"USDEUR": 0.91, "JPYUSD": 0.0067}, {"EURJPY": 165.0})
NEAR = {"M1": ("M5", "M15", "H1"), "M5": ("M15", "M30", "H1")}
SCENARIOS = ([2], [1], [1, 2], [3], [4], [5], [6], [1, 3, 4], [1, 2, 3, 4, 5, 6])
ANCHORS = ("london", "tokyo", "sydney", "new_york", "frankfurt", "asia", "europe")
OFFSETS = [["-06:00", "+04:30"], ["-08:00", "-07:00"], ["-00:30", "+12:00"]]
REGIMES = ("low", "mid", "high", "very_high")


#: Cooldowns of a config by the gates that they are.
COOLDOWNS = {
    "cooldown_candles": "cooldown_candles", "cooldown_minutes": "cooldown_entry",
    "cooldown_minutes_trade": "cooldown_exit",
}  # fmt: skip


def _near(primary: str, limits: Limits) -> tuple[str, ...]:
    return tuple(name for name in NEAR[primary] if name in limits.higher_timeframes)


def _higher_filters(c: Choices, primary: str, limits: Limits) -> dict[str, Any]:
    """Both higher-timeframe filters; near timeframes, so that a short market has enough of their bars."""
    out: dict[str, Any] = {}
    # AUTO is H1 where the primary timeframe is M5, and nothing where it is M1.
    auto = primary != "M5" or "H1" in limits.higher_timeframes
    for prefix in ("", "extra_"):
        ways = ("none", "none", "both", "above", "below") if not prefix else (*("none",) * 4, "above", "below")
        wanted = c.pick(ways if "trend" in limits.gates else ("none",))
        near = (*_near(primary, limits), "NONE", *(("AUTO",) if prefix and auto else ()))
        out[f"{prefix}htf_filter"] = wanted
        out[f"{prefix}htf_tf"] = c.pick(near) if wanted in ("above", "below") else "NONE"
        out[f"{prefix}htf_ema"] = c.integer(2, 5)
    return out


def _garch(c: Choices) -> dict[str, Any]:
    """Volatility model of scenarios 4 and 5, the unstable one included."""
    return {
        "garch_alpha": c.pick((0.05, 0.1)),
        "garch_beta": c.pick((0.9, 0.76, 0.76, 0.95)),
        "garch_omega": c.pick((None, 1e-5, 0.0)),
        "garch_use_log_returns": not c.flag(),
        "garch_scale": c.pick((100.0, 1.0)),
        "garch_min_periods": c.integer(1, 8),
        "local_z_lookback": c.pick((0, 12, 25)),
    }


def _regimes(c: Choices) -> dict[str, Any]:
    """Regimes of scenario 5."""
    return {
        "intraday_vol_feature": c.pick(("garch_forecast", "atr_points")),
        "intraday_vol_cluster_window": c.integer(5, 40),
        "intraday_vol_cluster_k": c.integer(1, 4),
        "intraday_vol_log_transform": not c.flag(),
        "intraday_vol_min_points": c.integer(1, 10),
        "intraday_vol_garch_lookback": c.pick((0, 15, 40)),
        "cluster_hysteresis_bars": c.integer(0, 3),
        "intraday_vol_allowed": c.sample(REGIMES, least=1, most=4),
    }


def _chain(c: Choices, primary: str, limits: Limits) -> dict[str, Any]:
    """Timeframes of scenario 6 and their overrides, in all the forms that V1 reads."""
    near = [name for name in NEAR[primary][:2] if name in limits.higher_timeframes]
    names = c.sample(("PRIMARY", primary, *near), least=1, most=2)
    wide = {"window_length": 3, "std_factor": 0.3, "z_score_long": -0.2, "z_score_short": 0.2, "b_b_length": 3}
    sided = {"long": {"z_score": -0.1, "window_length": 2}, "short": {"std_factor": 0.2, "z_score_short": 0.1}}
    blocks: tuple[dict[str, Any], ...] = ({}, wide, sided, {**wide, **sided})
    out: dict[str, Any] = {
        "scenario6_mode": c.pick(("all", "any")),
        "scenario6_timeframes": names,
        "scenario6_params": {name: c.pick(blocks) for name in names},
    }
    if c.flag():
        out[f"scenario6_{names[0]}_long_std_factor"] = 0.1
    return out


def mean_reversion(c: Choices, primary: str, limits: Limits = EVERYTHING) -> dict[str, Any]:
    """Parameters under which a short market trades."""
    scenarios = c.pick([several for several in SCENARIOS if set(several) <= set(limits.scenarios)])
    stretch = c.pick((0.8, 0.5, 0.3, 0.1, 1.2))
    # Thresholds on the other side of zero: then a bar may be a signal to both sides, and the order of the rules counts.
    crossed = c.pick(("neither", *("neither",) * 5, "long", "short", "both"))
    return {
        "enabled_scenarios": scenarios,
        "direction_filter": c.pick(("both", "long", "short")),
        "window_length": c.integer(3, 12),
        "ema_length": c.integer(2, 10),
        "atr_length": c.integer(1, 8),
        "atr_mult": c.pick((1.0, 0.5, 2.0)),
        "b_b_length": c.integer(2, 10),
        "std_factor": c.pick((0.5, 0.2, 0.05, 1.0)),
        "z_score_long": stretch if crossed in ("long", "both") else -stretch,
        "z_score_short": -stretch if crossed in ("short", "both") else stretch,
        "kalman_r": c.pick((0.5, 0.01, 1.0)),
        "kalman_q": c.pick((0.05, 1.0)),
        **_higher_filters(c, primary, limits),
        **(_garch(c) if {4, 5} & set(scenarios) else {}),
        **(_regimes(c) if 5 in scenarios else {}),
        **(_chain(c, primary, limits) if 6 in scenarios else {}),
        "tp_min_distance": c.pick((0.0, 0.0002, -0.001)),
        "use_position_manager": c.flag(),
        "max_holding_minutes": c.pick((5, 0, 30, 7)),
    }


def costs(c: Choices, symbol: str, limits: Limits = EVERYTHING) -> dict[str, Any]:
    """A cost file: every schema, side and slippage model, or no costs at all."""
    free = {"fixed_pips": 0.0, "random_pips": 0.0}
    may = limits.costs
    if not may or not c.one_in(2):
        return {"defaults": {"schema": "per_lot", "per_lot": 0.0, "slippage": free}}
    schemas = [name for name in SCHEMAS if name in may]
    block: dict[str, Any] = {
        "schema": c.pick(schemas or ("per_lot",)),
        "side": c.pick(("both", "entry", "exit") if "one_sided" in may else ("both",)),
        "per_lot": c.pick((2.5, 3.333) if "per_lot" in may else (0.0,)),
        **({"rate_per_million": 30.0} if "per_million_notional" in may else {}),
        **({"pct": 2e-5} if "percent_of_notional" in may else {}),
        "min_fee": c.pick((0.0, 1.0) if "min_fee" in may else (0.0,)),
    }
    currency = c.pick((None, "USD", "EUR") if "fee_currency" in may else (None,))
    if currency:
        block["fee_ccy"] = currency
    slippage = slippages(c, limits, fixed=(0.0, 0.2, 1.0), random=(0.0, 0.3))
    own = {symbol: {"per_lot": 3.0}} if {"per_symbol", "per_lot"} <= set(may) and c.one_in(4) else {}
    return {"defaults": {**block, "slippage": slippage}, "per_symbol": own}


def slippages(c: Choices, limits: Limits, *, fixed: tuple[float, ...], random: tuple[float, ...]) -> dict[str, float]:
    """A block of slippage in pips; a kind that an engine lacks is 0."""
    return {
        "fixed_pips": c.pick(fixed if "fixed_slippage" in limits.costs else (0.0,)),
        "random_pips": c.pick(random if "random_slippage" in limits.costs else (0.0,)),
    }


def _clock(c: Choices, hour: int) -> str:
    return f"{(hour + c.integer(0, 5)) % 24:02}:{c.pick((0, 5, 15, 30)):02}"


def gates(c: Choices, *, step_minutes: int, hour: int, limits: Limits = EVERYTHING) -> dict[str, Any]:
    """Sessions, anchored sessions and cooldowns around ``hour``, at which the market begins; mostly absent."""
    out: dict[str, Any] = {}
    needs = {"all_day": {"session"}, "sessions": {"session"}, "anchored": {"anchor"}, "both": {"session", "anchor"}}
    ways = (*("none",) * 3, *("all_day", "sessions", "anchored") * 2, "both")
    choice = c.pick([way for way in ways if needs.get(way, set()) <= set(limits.gates)])
    if choice in ("sessions", "both"):
        windows = [[_clock(c, hour), _clock(c, hour)] for _ in range(c.integer(0, 2))]
        out["session_filter"] = {"fixed_times": windows}
    if choice == "all_day":
        out["session_filter"] = {"fixed_times": [["00:00", "23:59"]]}
    if choice in ("anchored", "both"):
        out["anchored_session_filter"] = {"anchor": c.pick(ANCHORS), "offset_window": OFFSETS[: c.integer(1, 3)]}
    cooldowns = [key for key, gate in COOLDOWNS.items() if gate in limits.gates]
    if cooldowns and c.one_in(4):
        key = c.pick(cooldowns)
        out[key] = c.integer(1, 6) * (1 if key == "cooldown_candles" else step_minutes)
    return out
