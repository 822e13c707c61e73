"""Scenario 6: the scenario-2 condition repeated over a chain of timeframes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backtest_engine.data import Market
from backtest_engine.indicators import IndicatorSet, stepwise

_PARAMETERS = ("window_length", "z_score_long", "z_score_short", "kalman_r", "kalman_q", "b_b_length", "std_factor")


def overrides(raw: dict[str, Any], timeframe: str, direction: str) -> dict[str, Any]:
    """Parameters of one link of the chain: the strategy's, the dict per timeframe (and side), flat keys last."""
    out = {name: raw[name] for name in _PARAMETERS}
    block = dict((raw.get("scenario6_params") or {}).get(timeframe) or {})
    own = block.get(direction) if isinstance(block.get(direction), dict) else {}
    for source in ({k: v for k, v in block.items() if not isinstance(v, dict)}, own or {}):
        if "z_score" in source:
            out["z_score_long"] = out["z_score_short"] = source["z_score"]
        out.update({k: v for k, v in source.items() if k in _PARAMETERS})
    prefix = f"scenario6_{timeframe}_{direction}_"
    for key, value in raw.items():
        if key.startswith(prefix):
            name = key[len(prefix) :]
            if name == "z_score":
                out["z_score_long"] = out["z_score_short"] = value
            elif name in _PARAMETERS:
                out[name] = value
    return out


class Chain:
    """Whether all (or any) of the timeframes are stretched in a direction."""

    def __init__(self, raw: dict[str, Any], market: Market, primary: IndicatorSet) -> None:
        self._raw, self._market, self._primary = raw, market, primary
        self._timeframes = [str(name).upper() for name in raw.get("scenario6_timeframes") or []]
        self._any = str(raw.get("scenario6_mode", "all")).lower() == "any"
        self._links: dict[tuple[str, str], list[bool]] = {}

    def holds(self, index: int, direction: str) -> bool:
        if not self._timeframes:
            return False
        answers = (self._link(name, direction)[index] for name in self._timeframes)
        return any(answers) if self._any else all(answers)

    def _link(self, name: str, direction: str) -> list[bool]:
        key = (name, direction)
        if key not in self._links:
            self._links[key] = self._compute(name, direction)
        return self._links[key]

    def _compute(self, name: str, direction: str) -> list[bool]:
        p = overrides(self._raw, name, direction)
        z_parameters = (int(p["window_length"]), float(p["kalman_r"]), float(p["kalman_q"]))
        band_parameters = (int(p["b_b_length"]), float(p["std_factor"]))
        n = len(self._market.bid.ts)
        if name in ("PRIMARY", self._market.timeframe):
            close = self._market.bid.ohlcv[:, 3].tolist()
            z = self._primary.one("kalman_zscore", *z_parameters)
            upper, _, lower = self._primary.series("bollinger", *band_parameters)
        elif name in self._market.higher and len(self._market.higher[name][0].ts):
            bid, _, visible, _ = self._market.higher[name]
            closes, ts = bid.ohlcv[:, 3], self._market.bid.ts
            close = np.where(visible >= 0, closes[np.maximum(visible, 0)], np.nan).tolist()
            z = stepwise("kalman_zscore_stepwise", closes, visible, ts, name, *z_parameters)[0]
            upper, _, lower = stepwise("bollinger_stepwise", closes, visible, ts, name, *band_parameters)
        else:
            return [False] * n
        if direction == "long":
            return [math.isfinite(z[i]) and z[i] <= p["z_score_long"] and close[i] <= lower[i] for i in range(n)]
        return [math.isfinite(z[i]) and z[i] >= p["z_score_short"] and close[i] >= upper[i] for i in range(n)]
