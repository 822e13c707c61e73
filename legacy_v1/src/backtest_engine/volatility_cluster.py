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

    def labels(self, index: int) -> Optional[list[str]]:
        """Regimes of the window that ends at a bar, oldest first; None when there is too little to tell."""
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
        names = {int(label): regime_name(rank) for rank, label in enumerate(np.argsort(centres, kind="stable"))}
        return [names[label] for label in labels.tolist()]

    def allows(self, index: int) -> bool:
        """Whether the bar's regime is allowed and, under hysteresis, that of the last bars of ITS clustering, too."""
        labels = self.labels(index)
        if labels is None:
            return False
        last = labels[-self._hysteresis :] if self._hysteresis > 1 else labels[-1:]
        if len(last) < self._hysteresis or set(last) != {labels[-1]}:
            return False
        return labels[-1] in self._allowed


def cluster_window(timeframe: str) -> int:
    """V1's default window by timeframe."""
    return {"M5": 300, "M15": 200, "M30": 240, "H1": 240}.get(timeframe, 200)


def parameters(raw: dict[str, Any], timeframe: str) -> dict[str, Any]:
    """Cluster settings of a strategy's parameters."""
    return {
        "window": int(raw.get("intraday_vol_cluster_window", cluster_window(timeframe))),
        "k": int(raw.get("intraday_vol_cluster_k", 3)),
        "log_transform": bool(raw.get("intraday_vol_log_transform", True)),
        "min_points": int(raw.get("intraday_vol_min_points", 60)),
        "hysteresis": int(raw.get("cluster_hysteresis_bars", 0)),
        "allowed": list(raw.get("intraday_vol_allowed", ["low", "mid"])),
    }
