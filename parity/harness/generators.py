"""Hypothesis strategies for whole cases: V1 configs and the markets they run on.

Public and overridable: causes are drawn before effects, simplest first, and everything is valid by construction.
A case is drawn from shape parameters plus a seed; NumPy builds the bars.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from parity.harness.case import DEFAULT_COSTS, DEFAULT_SPECS, Case
from parity.harness.markets import KINDS, MINUTE_NS, SYMBOLS, TIMEFRAME_MINUTES, Built, Segment, Shape, build

# Hypothesis mixes numbers and texts found in the project's loaded modules into its draws. What the gate draws would
# then depend on which tests run beside it, and a red run might not be repeatable alone. There is no public switch.
_providers: Any = providers
_providers._get_local_constants = _providers.Constants

MEAN_REVERSION = {
    "module": "strategies.mean_reversion_z_score.backtest.backtest_strategy",
    "class": "MeanReversionZScoreStrategy",
}
SCRIPTED = {"module": "strategies.scripted_orders", "class": "ScriptedOrdersStrategy"}
RATES = {"EURUSD": 1.1, "USDJPY": 150.0, "EURJPY": 165.0, "GBPUSD": 1.27}
CURRENCIES = ("USD", "EUR", "JPY", "GBP", "AUD", "CHF")


def segments(longest: int = 40) -> st.SearchStrategy[Segment]:
    """One stretch of a market."""
    return st.builds(Segment, kind=st.sampled_from(KINDS), bars=st.integers(1, longest), size=st.integers(1, 4))


@st.composite
def shapes(
    draw: st.DrawFn, *, timeframes: tuple[str, ...] = ("M1", "M5"), lead: int = 0, most_segments: int = 6
) -> Shape:
    """A market of up to a few hundred bars."""
    return Shape(
        symbol=draw(st.sampled_from(sorted(SYMBOLS, reverse=True)).map(lambda s: s)),
        timeframe=draw(st.sampled_from(timeframes)),
        lead=lead,
        segments=tuple(draw(st.lists(segments(), min_size=1, max_size=most_segments))),
        seed=draw(st.integers(0, 2**16)),
        spread=draw(st.sampled_from([10, 2, 30])),
    )


@st.composite
def scripted_orders(draw: st.DrawFn, market: Built, *, most: int = 6) -> list[dict[str, Any]]:
    """Orders around the market's own prices, so that triggers and levels are reached."""
    n = len(market.ts) - market.lead
    out = []
    for _ in range(draw(st.integers(1, most))):
        bar = draw(st.integers(0, n - 1))
        kind = draw(st.sampled_from(["market", "limit", "stop"]))
        direction = draw(st.sampled_from(["long", "short"]))
        sign = 1 if direction == "long" else -1
        side = market.ask if direction == "long" else market.bid
        price = int(side[market.lead + bar, 3])
        if kind != "market":
            price += sign * (-1 if kind == "limit" else 1) * draw(st.integers(0, 60))
        sl = price - sign * draw(st.integers(0, 80))
        tp = price + sign * draw(st.integers(-20, 120))
        order: dict[str, Any] = {"bar": bar, "direction": direction, "type": kind}
        order["entry"] = None if kind == "market" and draw(st.booleans()) else price / market.scale
        order["sl"], order["tp"] = sl / market.scale, tp / market.scale
        out.append(order)
    return sorted(out, key=lambda o: o["bar"])


@st.composite
def scripted_edits(draw: st.DrawFn, orders: list[dict[str, Any]], market: Built) -> list[dict[str, Any]]:
    """Level edits by the position manager on bars after the order's own."""
    n = len(market.ts) - market.lead
    out = []
    for _ in range(draw(st.integers(0, 2))):
        index = draw(st.integers(0, len(orders) - 1))
        bar = draw(st.integers(min(orders[index]["bar"], n - 1), n - 1))
        level = int(market.bid[market.lead + bar, 3]) + draw(st.integers(-60, 60))
        out.append({"bar": bar, "order": index, draw(st.sampled_from(["sl", "tp"])): level / market.scale})
    return out


@st.composite
def higher_filters(draw: st.DrawFn, primary: str) -> dict[str, Any]:
    """Both higher-timeframe filters; near timeframes, so that a short market has enough of their bars."""
    near = {"M1": ["M5", "M15", "H1"], "M5": ["M15", "M30", "H1"]}[primary]
    out: dict[str, Any] = {}
    for prefix in ("", "extra_"):
        wanted = draw(st.sampled_from(["none", "both", "above", "below"] if not prefix else ["none", "above"]))
        out[f"{prefix}htf_filter"] = wanted
        out[f"{prefix}htf_tf"] = draw(st.sampled_from([*near, "NONE"])) if wanted in ("above", "below") else "NONE"
        out[f"{prefix}htf_ema"] = draw(st.integers(2, 5))
    return out


@st.composite
def garch_parameters(draw: st.DrawFn) -> dict[str, Any]:
    """Volatility model of scenarios 4 and 5, the unstable one included."""
    return {
        "garch_alpha": draw(st.sampled_from([0.05, 0.1])),
        "garch_beta": draw(st.sampled_from([0.9, 0.76, 0.95])),
        "garch_omega": draw(st.sampled_from([None, 1e-5, 0.0])),
        "garch_use_log_returns": draw(st.booleans()),
        "garch_scale": draw(st.sampled_from([100.0, 1.0])),
        "garch_min_periods": draw(st.integers(1, 8)),
        "local_z_lookback": draw(st.sampled_from([0, 12, 25])),
    }


@st.composite
def cluster_parameters(draw: st.DrawFn) -> dict[str, Any]:
    """Regimes of scenario 5."""
    names = ["low", "mid", "high", "very_high"]
    return {
        "intraday_vol_feature": draw(st.sampled_from(["garch_forecast", "atr_points"])),
        "intraday_vol_cluster_window": draw(st.integers(5, 40)),
        "intraday_vol_cluster_k": draw(st.integers(1, 4)),
        "intraday_vol_log_transform": draw(st.booleans()),
        "intraday_vol_min_points": draw(st.integers(1, 10)),
        "intraday_vol_garch_lookback": draw(st.sampled_from([0, 15, 40])),
        "cluster_hysteresis_bars": draw(st.integers(0, 3)),
        "intraday_vol_allowed": draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)),
    }


@st.composite
def chain_parameters(draw: st.DrawFn, primary: str) -> dict[str, Any]:
    """Timeframes of scenario 6 and their overrides, in all the forms that V1 reads."""
    near = {"M1": ["M5", "M15"], "M5": ["M15", "M30"]}[primary]
    names = draw(st.lists(st.sampled_from(["PRIMARY", primary, *near]), min_size=1, max_size=2, unique=True))
    wide = {"window_length": 3, "std_factor": 0.3, "z_score_long": -0.2, "z_score_short": 0.2, "b_b_length": 3}
    sided = {"long": {"z_score": -0.1, "window_length": 2}, "short": {"std_factor": 0.2, "z_score_short": 0.1}}
    blocks = st.sampled_from([{}, wide, sided, {**wide, **sided}])
    out: dict[str, Any] = {
        "scenario6_mode": draw(st.sampled_from(["all", "any"])),
        "scenario6_timeframes": names,
        "scenario6_params": {name: draw(blocks) for name in names},
    }
    if draw(st.booleans()):
        out[f"scenario6_{names[0]}_long_std_factor"] = 0.1
    return out


@st.composite
def mean_reversion_parameters(draw: st.DrawFn, primary: str) -> dict[str, Any]:
    """Parameters under which a short market trades."""
    stretch = draw(st.sampled_from([0.8, 0.5, 1.2, 1.8]))
    scenarios = draw(st.sampled_from([[1], [2], [1, 2], [3], [4], [5], [6], [1, 3, 4], [1, 2, 3, 4, 5, 6]]))
    return {
        "enabled_scenarios": scenarios,
        "direction_filter": draw(st.sampled_from(["both", "long", "short"])),
        "window_length": draw(st.integers(3, 12)),
        "ema_length": draw(st.integers(2, 10)),
        "atr_length": draw(st.integers(1, 8)),
        "atr_mult": draw(st.sampled_from([1.0, 0.5, 2.0])),
        "b_b_length": draw(st.integers(2, 10)),
        "std_factor": draw(st.sampled_from([0.5, 1.0])),
        "z_score_long": -stretch,
        "z_score_short": stretch,
        "kalman_r": draw(st.sampled_from([0.5, 0.01, 1.0])),
        "kalman_q": draw(st.sampled_from([0.05, 1.0])),
        **draw(higher_filters(primary)),
        **(draw(garch_parameters()) if {4, 5} & set(scenarios) else {}),
        **(draw(cluster_parameters()) if 5 in scenarios else {}),
        **(draw(chain_parameters(primary)) if 6 in scenarios else {}),
        "tp_min_distance": draw(st.sampled_from([0.0, 0.0002, -0.001])),
        "use_position_manager": draw(st.booleans()),
        "max_holding_minutes": draw(st.sampled_from([5, 0, 30, 7])),
    }


@st.composite
def costs(draw: st.DrawFn, symbol: str) -> dict[str, Any]:
    """A cost file: every schema, side and slippage model, or no costs at all."""
    if draw(st.booleans()):
        return {
            "defaults": {
                "schema": "per_lot",
                "per_lot": 0.0,
                "slippage": {"fixed_pips": 0.0, "random_pips": 0.0},
            }
        }
    block: dict[str, Any] = {
        "schema": draw(st.sampled_from(["per_lot", "per_million_notional", "percent_of_notional"])),
        "side": draw(st.sampled_from(["both", "entry", "exit"])),
        "per_lot": draw(st.sampled_from([2.5, 3.333])),
        "rate_per_million": 30.0,
        "pct": 2e-5,
        "min_fee": draw(st.sampled_from([0.0, 1.0])),
    }
    currency = draw(st.sampled_from([None, "USD", "EUR"]))
    if currency:
        block["fee_ccy"] = currency
    slippage = {
        "fixed_pips": draw(st.sampled_from([0.0, 0.2, 1.0])),
        "random_pips": draw(st.sampled_from([0.0, 0.3])),
    }
    return {"defaults": {**block, "slippage": slippage}, "per_symbol": {symbol: {"per_lot": 3.0}}}


@st.composite
def gates(draw: st.DrawFn, *, step_minutes: int) -> dict[str, Any]:
    """Sessions, anchored sessions and cooldowns; mostly absent."""
    out: dict[str, Any] = {}
    clock = st.tuples(st.integers(0, 5), st.sampled_from([0, 5, 15, 30])).map(lambda t: f"{t[0]:02}:{t[1]:02}")
    choice = draw(st.sampled_from(["none", "none", "sessions", "anchored", "all_day", "both"]))
    if choice in ("sessions", "both"):
        out["session_filter"] = {"fixed_times": draw(st.lists(st.tuples(clock, clock).map(list), max_size=2))}
    if choice == "all_day":
        out["session_filter"] = {"fixed_times": [["00:00", "23:59"]]}
    if choice in ("anchored", "both"):
        anchor = draw(st.sampled_from(["tokyo", "sydney", "london", "new_york", "frankfurt", "asia", "europe"]))
        out["anchored_session_filter"] = {"anchor": anchor, "windows": [["-06:00", "+04:30"]]}
    if draw(st.integers(0, 3)) == 3:
        key = draw(st.sampled_from(["cooldown_candles", "cooldown_minutes", "cooldown_minutes_trade"]))
        out[key] = draw(st.integers(1, 6)) * (1 if key == "cooldown_candles" else step_minutes)
    return out


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A whole case: scripted or mean reversion, any costs, any gates."""
    scripted = draw(st.booleans())
    lead = 0 if scripted else draw(st.sampled_from([10, 0, 30]))
    timeframes = ("M1", "M5") if scripted else ("M5", "M1")
    shape = draw(shapes(timeframes=timeframes, lead=lead))
    market = build(shape)
    minutes = TIMEFRAME_MINUTES[shape.timeframe]
    config: dict[str, Any] = {
        "symbol": shape.symbol,
        "start_date": shape.first_day.date().isoformat(),
        "end_date": shape.end_day.date().isoformat(),
        "timeframes": {"primary": shape.timeframe, "additional": []},
        "warmup_bars": lead,
        "initial_balance": 10000.0,
        "risk_per_trade": draw(st.sampled_from([100.0, 0.5, 2500.0])),
        "account_currency": draw(st.sampled_from(["USD", "EUR"])),
        "rates_static": RATES,
        "execution": {
            "random_seed": draw(st.integers(0, 2**40)),
            "fee_multiplier": draw(st.sampled_from([1.0, 1.5])),
        },
        "timestamp_alignment": {"entry_timestamp_mode": draw(st.sampled_from(["open", "close"]))},
        **draw(gates(step_minutes=minutes)),
    }
    bars = {shape.timeframe: market.rows()}
    news: tuple[tuple[str, str, str], ...] = ()
    if scripted:
        orders = draw(scripted_orders(market))
        parameters: dict[str, Any] = {"orders": orders, "edits": draw(scripted_edits(orders, market))}
        parameters["max_holding_minutes"] = draw(st.sampled_from([None, 3, 0, 10]))
        config["strategy"] = {**SCRIPTED, "parameters": parameters}
    else:
        parameters = draw(mean_reversion_parameters(shape.timeframe))
        named = {parameters["htf_tf"], parameters["extra_htf_tf"], *parameters.get("scenario6_timeframes", ())}
        named -= {"NONE", "PRIMARY", shape.timeframe}
        # A filter may name a timeframe that is not loaded: then it passes never.
        for higher in sorted(named) if draw(st.integers(0, 5)) else []:
            config["timeframes"]["additional"].append(higher)
            bars[higher] = market.resample(TIMEFRAME_MINUTES[higher] * MINUTE_NS).rows()
        config["timestamp_alignment"]["stale_bar_limit_bars"] = draw(st.sampled_from([0, 3]))
        config["strategy"] = {**MEAN_REVERSION, "parameters": parameters}
        hours = draw(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(CURRENCIES)), max_size=2))
        news = tuple((f"{shape.first_day:%Y-%m-%d} {hour:02}:40:00", currency, "HIGH") for hour, currency in hours)
    return Case(
        id="generated",
        config=config,
        bars=bars,
        costs=draw(costs(shape.symbol)),
        specs=DEFAULT_SPECS,
        news=news,
        tags=("scripted" if scripted else "mean_reversion",),
    )


__all__ = [
    "DEFAULT_COSTS",
    "cases",
    "costs",
    "gates",
    "mean_reversion_parameters",
    "scripted_orders",
    "segments",
    "shapes",
]
