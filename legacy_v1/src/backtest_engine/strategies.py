"""V1's two strategies and the registry of their names."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

import numpy as np

from backtest_engine.config import BacktestConfig, timeframe_delta
from backtest_engine.data import Market
from backtest_engine.execution import PositionManager, Signal
from backtest_engine.gates import NewsCalendar
from backtest_engine.indicators import IndicatorSet, read_indicator, stepwise
from backtest_engine.parameters import DEFAULTS, converted
from backtest_engine.scenario6 import Chain
from backtest_engine.spellings import direction as one_direction
from backtest_engine.spellings import scenarios
from backtest_engine.volatility_cluster import VolatilityCluster
from backtest_engine.volatility_cluster import parameters as cluster_parameters

AUTO_TIMEFRAME = {"M5": "H1", "M15": "H4", "M30": "H4"}


class ScriptedOrdersStrategy:
    """Places given orders on given bars (counted from the first tradable bar)."""

    def __init__(self, config: BacktestConfig, market: Market, portfolio: Any, start: int, news: Optional[Path]) -> None:
        params = config.strategy.parameters
        self.timeframe = market.timeframe
        self._symbol, self._start, self._market = config.symbol, start, market
        self._by_bar: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        for number, order in enumerate(params.get("orders") or []):
            self._by_bar.setdefault(int(order["bar"]), []).append((number, order))
        edits: dict[int, list[dict[str, Any]]] = {}
        for edit in params.get("edits") or []:
            edits.setdefault(int(edit["bar"]) + start, []).append(edit)
        manager = PositionManager(params.get("max_holding_minutes"), edits)
        self.position_manager = manager if params.get("use_position_manager", True) else None

    def on_bar(self, index: int, time: datetime) -> list[Signal]:
        return [self._signal(number, order, index) for number, order in self._by_bar.get(index - self._start, ())]

    def _signal(self, number: int, order: dict[str, Any], index: int) -> Signal:
        kind = order.get("type") or "market"
        entry = order.get("entry")
        if entry is None:
            side = self._market.ask if order["direction"] == "long" else self._market.bid
            entry = float(side.ohlcv[index, 3])
        return Signal(
            order["direction"], kind, float(entry), float(order["sl"]), float(order["tp"]),
            self._symbol, order.get("scenario"), number,
        )


class MeanReversionZScoreStrategy:
    """Fades stretched prices; the first rule that hits is the signal: 1S 1L 2S 2L 3S 3L 4S 4L 5L 5S 6L 6S."""

    def __init__(self, config: BacktestConfig, market: Market, portfolio: Any, start: int, news: Optional[Path]) -> None:
        self.params = {**DEFAULTS, **converted(config.strategy.parameters, "strategy.parameters")}
        self.timeframe = market.timeframe
        p = self.params
        self._symbol, self._portfolio, self._market = config.symbol, portfolio, market
        if news is None:
            raise FileNotFoundError("no news calendar is configured (OMEGA_NEWS_CALENDAR_FILE)")
        self._news = NewsCalendar(news, config.symbol)
        self._step = timeframe_delta(config.timeframes.primary)
        self._sets = IndicatorSet(config.symbol, market.timeframe, market.bid.ts, market.bid.ohlcv, market.ask.ohlcv)
        self._scenarios, self._only = scenarios(p["enabled_scenarios"]), one_direction(p["direction_filter"])
        self._orders = 0
        manager = PositionManager(p["max_holding_minutes"])
        self.position_manager = manager if p["use_position_manager"] else None
        self._bid_high, self._bid_low, self._bid_close = (market.bid.ohlcv[:, i].tolist() for i in (1, 2, 3))
        self._ask_close = market.ask.ohlcv[:, 3].tolist()
        self._rules = [
            (1, "short", self._rule_1), (1, "long", self._rule_1),
            (2, "short", self._rule_2), (2, "long", self._rule_2),
            (3, "short", self._rule_3), (3, "long", self._rule_3),
            (4, "short", self._rule_4), (4, "long", self._rule_4),
            (5, "long", self._rule_5), (5, "short", self._rule_5),
            (6, "long", self._rule_6), (6, "short", self._rule_6),
        ]
        self._cluster = VolatilityCluster(self._volatility, **cluster_parameters(p, market.timeframe))
        self._chain = Chain(p, market, self._sets)
        self._biases: dict[str, list[int]] = {}

    def on_bar(self, index: int, time: datetime) -> list[Signal]:
        # News is tested at the bar's close, whatever the entry timestamp mode is.
        if self._news.blocked(time + self._step):
            return []
        if self._portfolio.count_open(self._symbol) >= 1:
            return []
        for number, direction, rule in self._rules:
            if number not in self._scenarios or self._only not in (None, direction):
                continue
            levels = rule(index, direction)
            if levels is not None:
                return [self._signal(index, direction, number, *levels)]
        return []

    def _signal(self, index: int, direction: str, number: int, sl: float, tp: float) -> Signal:
        entry = self._ask_close[index] if direction == "long" else self._bid_close[index]
        order_id, self._orders = self._orders, self._orders + 1
        return Signal(
            direction, "market", entry, round(sl, 5), round(tp, 5), self._symbol, f"{direction}_{number}", order_id
        )

    def _stop(self, index: int, direction: str, side: str = "bid") -> float:
        atr = self._sets.one("atr", int(self.params["atr_length"]), side=side)[index]
        if direction == "long":
            return self._bid_low[index] - self.params["atr_mult"] * atr
        return self._bid_high[index] + self.params["atr_mult"] * atr

    def _stretched(self, z: float, direction: str) -> bool:
        if not math.isfinite(z):
            return False
        return z <= self.params["z_score_long"] if direction == "long" else z >= self.params["z_score_short"]

    def _rule_1(self, index: int, direction: str) -> Optional[tuple[float, float]]:
        p = self.params
        z = self._sets.one("zscore", int(p["window_length"]), int(p["ema_length"]))[index]
        if not self._stretched(z, direction):
            return None
        # V1 takes the ask series' ATR for the shorts of this scenario only.
        sl = self._stop(index, direction, "ask" if direction == "short" else "bid")
        tp = self._sets.one("ema", int(p["ema_length"]))[index]
        return None if math.isnan(sl) or math.isnan(tp) else (sl, tp)

    def _rule_2(self, index: int, direction: str) -> Optional[tuple[float, float]]:
        p = self.params
        if not self._htf_ok(index):
            return None
        z = self._sets.one("kalman_zscore", int(p["window_length"]), float(p["kalman_r"]), float(p["kalman_q"]))[index]
        if not self._stretched(z, direction):
            return None
        upper, mid, lower = self._sets.series("bollinger", int(p["b_b_length"]), float(p["std_factor"]))
        close = self._bid_close[index]
        outside = close <= lower[index] if direction == "long" else close >= upper[index]
        sl = self._stop(index, direction)
        if not outside or math.isnan(sl) or math.isnan(mid[index]):
            return None
        return sl, mid[index]

    def _rule_3(self, index: int, direction: str) -> Optional[tuple[float, float]]:
        base = self._rule_2(index, direction)
        if base is None:
            return None
        tp = self._sets.one("ema", int(self.params["ema_length"]))[index]
        least = self.params["tp_min_distance"]
        far = tp > self._ask_close[index] + least if direction == "long" else tp < self._bid_close[index] - least
        return (base[0], tp) if far else None

    def _garch(self) -> tuple[Any, ...]:
        p = self.params
        omega = None if p["garch_omega"] is None else float(p["garch_omega"])
        return (
            float(p["garch_alpha"]), float(p["garch_beta"]), omega, bool(p["garch_use_log_returns"]),
            float(p["garch_scale"]), int(p["garch_min_periods"]), float(p["garch_sigma_floor"]),
        )

    def _rule_4(self, index: int, direction: str) -> Optional[tuple[float, float]]:
        p = self.params
        if not self._htf_ok(index):
            return None
        upper, mid, lower = self._sets.series("bollinger", int(p["b_b_length"]), float(p["std_factor"]))
        close = self._bid_close[index]
        if not (close <= lower[index] if direction == "long" else close >= upper[index]):
            return None
        arguments = (float(p["kalman_r"]), float(p["kalman_q"]), *self._garch())
        lookback = int(p["local_z_lookback"])
        if lookback > 0:
            z = self._sets.local("kalman_garch_zscore_local", index, lookback, *arguments)
        else:
            z = self._sets.one("kalman_garch_zscore", *arguments)[index]
        sl = self._stop(index, direction)
        if z is None or not self._stretched(z, direction) or math.isnan(sl) or math.isnan(mid[index]):
            return None
        return sl, mid[index]

    def _volatility(self, index: int) -> list[float]:
        """Volatility up to a bar: the ATR series, or the local GARCH window."""
        p = self.params
        if p["intraday_vol_feature"] == "atr_points":
            return self._sets.one("atr", int(p["atr_length"]))[: index + 1]
        lookback = int(p["intraday_vol_garch_lookback"])
        stream = self._sets.local("garch_volatility_local", index, lookback if lookback > 0 else 500, *self._garch())
        return read_indicator(stream)[0]

    def _rule_5(self, index: int, direction: str) -> Optional[tuple[float, float]]:
        base = self._rule_2(index, direction)
        return base if base is not None and self._cluster.allows(index) else None

    def _rule_6(self, index: int, direction: str) -> Optional[tuple[float, float]]:
        base = self._rule_2(index, direction)
        return base if base is not None and self._chain.holds(index, direction) else None

    def _htf_ok(self, index: int) -> bool:
        p = self.params
        return self._passes(p["htf_filter"], p["htf_tf"], p["htf_ema"], index) and self._passes(
            p["extra_htf_filter"], p["extra_htf_tf"], p["extra_htf_ema"], index
        )

    def _passes(self, wanted: Any, timeframe: Any, length: Any, index: int) -> bool:
        wanted = str(wanted).lower()
        if wanted not in ("above", "below"):
            return True
        name = str(timeframe).upper()
        if name == "AUTO":
            name = AUTO_TIMEFRAME.get(self._market.timeframe, "NONE")
        key = f"{name}:{int(length)}"
        if key not in self._biases:
            self._biases[key] = self._bias_series(name, int(length))
        return self._biases[key][index] == (1 if wanted == "above" else -1)

    def _bias_series(self, timeframe: str, length: int) -> list[int]:
        """sign(HTF close - stepwise EMA) at each primary bar, 0 where there is none."""
        n = len(self._market.bid.ts)
        if timeframe not in self._market.higher:
            return [0] * n
        bid, _, visible, _ = self._market.higher[timeframe]
        if not len(bid.ts):
            return [0] * n
        closes = bid.ohlcv[:, 3]
        ema = np.array(stepwise("ema_stepwise", closes, visible, self._market.bid.ts, timeframe, length)[0])
        close = np.where(visible >= 0, closes[np.maximum(visible, 0)], np.nan)
        return [0 if math.isnan(d) else int(math.copysign(1, d)) if d else 0 for d in (close - ema).tolist()]


REGISTRY: dict[tuple[str, str], Any] = {
    ("strategies.mean_reversion_z_score.backtest.backtest_strategy", "MeanReversionZScoreStrategy"): MeanReversionZScoreStrategy,
    ("strategies.scripted_orders", "ScriptedOrdersStrategy"): ScriptedOrdersStrategy,
}
