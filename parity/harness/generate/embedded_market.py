"""The embedded default market: deterministic bid/ask candles, so that a fresh clone runs with nothing else.

Regimes (quiet, trending, wild), opening gaps, weekends, a few missing minutes, spreads that widen at night and in
wild hours. Written in the layout of spec 2.1 with a manifest of SHA-256 digests.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from parity.harness.generate.markets import Built, Ticks
from parity.harness.model.bars import MINUTE_NS
from parity.harness.model.files import write_candles

VERSION = 1
SYMBOL = "EURUSD"
SCALE = 100_000
FIRST = datetime(2024, 3, 4, tzinfo=UTC)
WEEKS = 3
MINUTES = {"M1": 1, "M5": 5, "H1": 60}
#: (bars it lasts on average, drift in ticks, volatility in ticks, pull towards the mean)
REGIMES = ((240, 0.0, 4.0, 0.02), (180, 0.6, 6.0, 0.0), (180, -0.6, 6.0, 0.0), (60, 0.0, 18.0, 0.01))


def _open_minutes() -> Ticks:
    """Minutes of the trading week (Sydney, Monday 07:00 to Saturday 07:00), as ns."""
    zone = ZoneInfo("Australia/Sydney")
    out = []
    for hour in range(WEEKS * 7 * 24):
        time = FIRST + timedelta(hours=hour)
        local = time.astimezone(zone)
        if 7 <= local.weekday() * 24 + local.hour < 5 * 24 + 7:
            out.append(int(time.timestamp()) // 60)
    minutes = (np.array(out, dtype=np.int64)[:, None] + np.arange(60)[None, :]).ravel()
    return minutes * MINUTE_NS


def _regimes(n: int, rng: np.random.Generator) -> Ticks:
    out: list[int] = []
    while len(out) < n:
        kind = int(rng.choice(len(REGIMES), p=[0.45, 0.2, 0.2, 0.15]))
        out += [kind] * int(rng.geometric(1 / REGIMES[kind][0]))
    return np.array(out[:n], dtype=np.int64)


def build_minutes(seed: int = 20240304) -> Built:
    """All M1 bars."""
    rng = np.random.default_rng(seed)
    ts = _open_minutes()
    # A few minutes are missing on both sides, as in real data.
    ts = np.delete(ts, rng.choice(len(ts), len(ts) // 500, replace=False))
    n = len(ts)
    regime = _regimes(n, rng)
    drift, volatility, pull = (np.array([r[i] for r in REGIMES])[regime] for i in (1, 2, 3))
    noise = rng.standard_t(4, n) * volatility * 0.7 + drift
    jump = np.zeros(n)
    after_break = np.flatnonzero(np.diff(ts) > 60 * MINUTE_NS) + 1
    jump[after_break] = rng.normal(0, 120, len(after_break))
    surprise = rng.random(n) < 1 / 3000
    jump[surprise] += rng.normal(0, 60, int(surprise.sum()))
    opens, closes = np.empty(n), np.empty(n)
    price = mean = 108_500.0
    for i in range(n):
        opens[i] = price + jump[i]
        price = opens[i] + noise[i] - pull[i] * (opens[i] - mean)
        mean += (price - mean) / 600
        closes[i] = price
    opens_t, closes_t = np.rint(opens).astype(np.int64), np.rint(closes).astype(np.int64)
    up, down = (np.rint(rng.exponential(volatility * 0.4, n)).astype(np.int64) for _ in range(2))
    bid = np.column_stack([opens_t, np.maximum(opens_t, closes_t) + up, np.minimum(opens_t, closes_t) - down, closes_t])
    hour = ts // (60 * MINUTE_NS) % 24
    spread = 8 + rng.poisson(2, n) + np.where((hour >= 21) | (hour < 1), 12, 0) + np.where(regime == 3, 10, 0)
    return Built(ts, bid, bid + spread[:, None], SCALE, 0)


def write(root: Path) -> Path:
    """Writes all timeframes below ``root`` unless this version is already there; returns ``root``."""
    manifest = root / "manifest.json"
    if manifest.exists() and json.loads(manifest.read_text(encoding="utf-8")).get("version") == VERSION:
        return root
    # Written aside and moved into place, because several processes may come here at once.
    target, root = root, root.with_name(f"{root.name}.{os.getpid()}")
    minutes = build_minutes()
    files = {}
    for timeframe, length in MINUTES.items():
        bars = minutes.bars() if length == 1 else minutes.resample(length * MINUTE_NS)
        for side, prices in (("BID", bars.bid), ("ASK", bars.ask)):
            path = root / SYMBOL / f"{SYMBOL}_{timeframe}_{side}.parquet"
            write_candles(path, [bars.ts, *prices.T, np.ones(len(bars.ts))])
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            files[str(path.relative_to(root))] = {"sha256": digest, "rows": len(bars.ts)}
    body = {"version": VERSION, "generator": "parity.harness.generate.embedded_market", "files": files}
    (root / manifest.name).write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    if target.exists() and not manifest.exists():
        shutil.rmtree(target)
    try:
        root.rename(target)
    except OSError:
        # Another process was faster; its bars are the same ones.
        shutil.rmtree(root)
    return target
