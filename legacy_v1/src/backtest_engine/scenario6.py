"""Scenario 6: the scenario-2 condition repeated over a chain of timeframes."""

from __future__ import annotations

import copy
import math
import re
from typing import Any

import numpy as np

from backtest_engine.data import Market
from backtest_engine.indicators import IndicatorSet, stepwise
from backtest_engine.parameters import converted

_PARAMETERS = ("window_length", "z_score_long", "z_score_short", "kalman_r", "kalman_q", "b_b_length", "std_factor")


def chain_parameters(raw: dict[str, Any], primary: str) -> dict[str, dict[str, Any]]:
    """Overrides per timeframe, flat keys written into the timeframe's block of their direction.

    Names of timeframes are upper-cased, and ``PRIMARY`` stands for the primary one.
    """

    def named(timeframe: str) -> str:
        name = timeframe.upper()
        return primary if name == "PRIMARY" else name

    blocks: dict[str, dict[str, Any]] = {}
    given = raw.get("scenario6_params") or {}
    if not isinstance(given, dict) or not all(isinstance(block or {}, dict) for block in given.values()):
        raise ValueError("strategy.parameters.scenario6_params: no mapping of a mapping for each timeframe")
    for timeframe, block in given.items():
        blocks[named(str(timeframe))] = copy.deepcopy(dict(block or {}))
    for key, value in raw.items():
        flat = re.fullmatch(r"scenario6_([a-z]+[0-9]*)_(long|short)_(\w+)", str(key).lower())
        if flat:
            block = blocks.setdefault(named(flat[1]), {})
            if not isinstance(block.get(flat[2]), dict):
                block[flat[2]] = {}
            block[flat[2]][flat[3]] = value
    return {name: _converted_block(block, f"strategy.parameters.scenario6_params.{name}") for name, block in blocks.items()}


def _converted_block(block: dict[str, Any], path: str) -> dict[str, Any]:
    sides = {side: converted(block[side], f"{path}.{side}") for side in ("long", "short") if isinstance(block.get(side), dict)}
    return {**converted(block, path), **sides}


def overrides(raw: dict[str, Any], block: dict[str, Any], direction: str) -> dict[str, Any]:
    """Parameters of one link of the chain: a block of the direction replaces what stands beside it."""
    out = {name: raw[name] for name in _PARAMETERS}
    source = block[direction] if isinstance(block.get(direction), dict) else block
    if "z_score" in source:
        out["z_score_long"] = out["z_score_short"] = source["z_score"]
    out.update({k: v for k, v in source.items() if k in _PARAMETERS})
    return out


class Chain:
    """Whether all (or any) of the timeframes are stretched in a direction."""

    def __init__(self, raw: dict[str, Any], market: Market, primary: IndicatorSet) -> None:
        self._raw, self._market, self._primary = raw, market, primary
        names = [str(name).upper() for name in raw.get("scenario6_timeframes") or []]
        self._timeframes = list(dict.fromkeys(market.timeframe if name == "PRIMARY" else name for name in names))
        self._blocks = chain_parameters(raw, market.timeframe)
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
        p = overrides(self._raw, self._blocks.get(name, {}), direction)
        z_parameters = (int(p["window_length"]), float(p["kalman_r"]), float(p["kalman_q"]))
        band_parameters = (int(p["b_b_length"]), float(p["std_factor"]))
        n = len(self._market.bid.ts)
        if name == self._market.timeframe:
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
