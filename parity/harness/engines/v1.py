"""V1, in a worker process."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from parity.harness.engines.process import ProcessEngine, WorkerDiedError
from parity.harness.model.capabilities import Capabilities
from parity.harness.model.case import Case

REPOSITORY = Path(__file__).resolve().parents[3]
WORKER = Path(__file__).with_name("v1_process") / "worker.py"
LEGACY_SRC = REPOSITORY / "legacy_v1" / "src"


#: MiB of address space of the worker, if nothing else is wanted.
MEMORY_MB = 8192


class V1Engine(ProcessEngine):
    """The frozen engine. It has no switches.

    ``timeout`` in seconds, ``memory_mb`` in MiB; ``command`` replaces the worker, for engines in tests that misbehave.
    """

    def __init__(
        self,
        *,
        name: str = "V1",
        timeout: float = 60.0,
        memory_mb: int = MEMORY_MB,
        command: list[str] | None = None,
    ) -> None:
        own = [sys.executable, str(WORKER), str(LEGACY_SRC)]
        can = Capabilities(switches=False, indicators=True) if command is None else None
        super().__init__(name, command or own, timeout=timeout, memory_mb=memory_mb, capabilities=can)

    def indicators(self, case: Case, ts: int) -> dict[str, float | None]:
        """V1's indicator values at the close of a bar: what its rules compared; empty for scripted orders.

        None is V1's NaN. Bars after ``ts`` are left out, and so are those that V1 would not have: rows of one side,
        and all but the last of rows with one time.
        """
        parameters: Mapping[str, Any] = case.config["strategy"].get("parameters", {})
        timeframe = case.primary
        bars = case.bars.get(timeframe)
        if not self.capabilities.indicators or bars is None or "orders" in parameters:
            return {}
        last = {t: i for i, t in enumerate(bars.ts.tolist()) if t <= ts}
        rows = [last[t] for t in sorted(last) if not math.isnan(bars.bid[last[t], 0] + bars.ask[last[t], 0])]
        kept = bars.take(rows)
        sides = {side: np.column_stack([prices, kept.volume]).tolist()
                 for side, prices in (("bid", kept.bid), ("ask", kept.ask))}  # fmt: skip
        request = {"op": "indicators", "symbol": case.config["symbol"], "timeframe": timeframe,
                   "ts": kept.ts.tolist(), **sides, "wanted": _wanted(parameters)}  # fmt: skip
        try:
            values: dict[str, float | None] = self.ask(request)["values"]
        except WorkerDiedError:
            return {}  # an explanation can do without
        return values


def _wanted(p: Mapping[str, Any]) -> list[tuple[str, str, list[Any], str, int]]:
    """(label, function, parameters, side, place) of what the rules of document 7 compare, defaults of V1 included."""
    window, length = int(p.get("window_length", 100)), int(p.get("ema_length", 30))
    noise = [float(p.get("kalman_r", 0.01)), float(p.get("kalman_q", 1.0))]
    band = [int(p.get("b_b_length", 20)), float(p.get("std_factor", 2.0))]
    atr = [int(p.get("atr_length", 14))]
    return [
        ("EMA", "ema", [length], "bid", 0), ("z", "zscore", [window, length], "bid", 0),
        ("Kalman z", "kalman_zscore", [window, *noise], "bid", 0), ("upper band", "bollinger", band, "bid", 0),
        ("mid", "bollinger", band, "bid", 1), ("lower band", "bollinger", band, "bid", 2),
        ("ATR bid", "atr", atr, "bid", 0), ("ATR ask", "atr", atr, "ask", 0),
    ]  # fmt: skip
