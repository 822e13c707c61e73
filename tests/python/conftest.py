"""A small market on disk for the tests of ``bt``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.harness.model.files import write_candles

START = 1_736_208_000_000_000_000  # 2025-01-07T00:00:00Z
STEP = 60_000_000_000


class Market:
    """EURUSD M1 bars that tests may spoil before they are written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        n = 60
        self.ts = START + np.arange(-20, n - 20, dtype=np.int64) * STEP
        wave = np.round(1.1 + 0.001 * np.sin(np.arange(n) / 4.0), 5)
        opens = np.r_[wave[0], wave[:-1]]
        high, low = np.maximum(opens, wave) + 0.0002, np.minimum(opens, wave) - 0.0002
        self.bid = np.column_stack([opens, high, low, wave, np.ones(n)])
        self.ask = self.bid + np.array([0.0001] * 4 + [0.0])

    def path(self, side: str) -> Path:
        return self.root / "EURUSD" / f"EURUSD_M1_{side}.parquet"

    def write(self) -> None:
        for side, table in (("BID", self.bid), ("ASK", self.ask)):
            write_candles(self.path(side), [self.ts, *table.T])


@pytest.fixture
def market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Market:
    monkeypatch.setenv("OMEGA_DATA_PARQUET_ROOT", str(tmp_path))
    for name in ("OMEGA_EXECUTION_COSTS_FILE", "OMEGA_SYMBOL_SPECS_FILE", "OMEGA_NEWS_CALENDAR_FILE"):
        monkeypatch.delenv(name, raising=False)
    built = Market(tmp_path)
    built.write()
    return built


@pytest.fixture
def config() -> Callable[..., dict[str, Any]]:
    """A valid config; keywords replace top-level keys."""

    def build(**changes: Any) -> dict[str, Any]:
        return {
            "schema_version": "2",
            "strategy_name": "mean_reversion_z_score",
            "strategy_parameters": {
                "enabled_scenarios": [1], "window_length": 5, "ema_length": 5, "atr_length": 3,
                "z_score_long": -0.8, "z_score_short": 0.8,
            },
            "symbol": "EURUSD",
            "start_date": "2025-01-07",
            "end_date": "2025-01-07",
            "timeframes": {"primary": "M1"},
            "warmup_bars": 20,
            "rates": {"EURUSD": 1.1},
            **changes,
        }  # fmt: skip

    return build
