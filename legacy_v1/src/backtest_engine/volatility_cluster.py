"""Volatility regime of a bar: 1-D k-means over recent volatility, labels from low to extreme."""

from __future__ import annotations

import math
from typing import Any, Callable, Optional

import numpy as np

NAMES = ("low", "mid", "high", "very_high", "extreme")
ROUNDS = 30


def kmeans_1d(values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(centres, labels): starts at the quantiles i/(k+1), ties go to the lowest index."""
    k = min(k, len(np.unique(values)))
    if k == 1:
        return np.array([values.mean()]), np.zeros(len(values), dtype=int)
    centres = np.quantile(values, [i / (k + 1) for i in range(1, k + 1)])
    for _ in range(ROUNDS):
        labels = np.abs(values[:, None] - centres[None, :]).argmin(axis=1)
        members = [values[labels == j] for j in range(k)]
        moved = np.array([m.mean() if len(m) else centres[j] for j, m in enumerate(members)])
        settled = (np.abs(moved - centres) <= 1e-6 + 1e-4 * np.abs(centres)).all()
        centres = moved
        if settled:
            # Labels from before the last move are kept.
            return centres, labels
    return centres, np.abs(values[:, None] - centres[None, :]).argmin(axis=1)


def regime_name(rank: int) -> str:
    return NAMES[rank] if rank < len(NAMES) else f"cluster_{rank}"


class VolatilityCluster:
    """Whether a bar's regime is allowed; ``feature(index)`` gives the volatility series up to that bar."""

    def __init__(
        self,
        feature: Callable[[int], list[float]],
        *,
        window: int,
        k: int,
        log_transform: bool,
        min_points: int,
        hysteresis: int,
        allowed: list[str],
    ) -> None:
        self._feature = feature
        self._window, self._k, self._log, self._min_points = window, k, log_transform, min_points
        self._hysteresis, self._allowed = hysteresis, {str(name).lower() for name in allowed}
        self._labels: dict[int, Optional[str]] = {}

    def label(self, index: int) -> Optional[str]:
        """Regime of a bar, None when there is too little to tell."""
        if index not in self._labels:
            self._labels[index] = self._compute(index)
        return self._labels[index]

    def _compute(self, index: int) -> Optional[str]:
        values = [v for v in self._feature(index) if not math.isnan(v)]
        if len(values) < self._min_points:
            return None
        values = values[-self._window :]
        if len(values) < self._k or not values:
            return None
        if self._log:
            # Element by element: NumPy's vectorised log differs in the last bit between processors.
            values = [math.log(max(v, 1e-12)) for v in values]
        recent = np.array(values)
        centres, labels = kmeans_1d(recent, self._k)
        rank = int(np.flatnonzero(np.argsort(centres, kind="stable") == labels[-1])[0])
        return regime_name(rank)

    def allows(self, index: int) -> bool:
        current = self.label(index)
        if current is None:
            return False
        if self._hysteresis > 1:
            first = index - self._hysteresis + 1
            if first < 0 or any(self.label(i) != current for i in range(first, index)):
                return False
        return current in self._allowed


def cluster_window(timeframe: str) -> int:
    """V1's default window by timeframe."""
    return {"M5": 300, "M15": 200, "M30": 240, "H1": 240}.get(timeframe, 200)


def parameters(raw: dict[str, Any], timeframe: str) -> dict[str, Any]:
    """Cluster settings of a strategy's parameters."""
    return {
        "window": int(raw.get("intraday_vol_cluster_window") or cluster_window(timeframe)),
        "k": int(raw.get("intraday_vol_cluster_k", 3)),
        "log_transform": bool(raw.get("intraday_vol_log_transform", True)),
        "min_points": int(raw.get("intraday_vol_min_points", 60)),
        "hysteresis": int(raw.get("cluster_hysteresis_bars", 0)),
        "allowed": list(raw.get("intraday_vol_allowed", ["low", "mid"])),
    }
