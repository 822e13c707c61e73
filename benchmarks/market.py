"""The market that all benchmarks run on: a mean-reverting M1 random walk of any length, built with NumPy.

Same seed and length, same bytes. Prices have five decimals, the spread is about one pip, weekends are left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

SYMBOL = "EURUSD"
MINUTE_NS = 60_000_000_000
WEEK_MINUTES = 5 * 1440
#: 1990-01-01 is a Monday; ten million bars end in 2017.
FIRST_NS = 631_152_000 * 1_000_000_000
COLUMNS = ["UTC time", "Open", "High", "Low", "Close", "Volume"]

Prices = npt.NDArray[np.float64]


def times(bars: int) -> npt.NDArray[np.int64]:
    """Bar open times in ns, UTC, shape (bars,): every minute from Monday to Friday."""
    minute = np.arange(bars, dtype=np.int64)
    return FIRST_NS + (minute // WEEK_MINUTES * 7 * 1440 + minute % WEEK_MINUTES) * MINUTE_NS


def mids(bars: int, seed: int) -> tuple[Prices, Prices, Prices, Prices]:
    """Open, high, low and close of the bid side, in points of 1e-5; each of shape (bars,)."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_t(5, bars) * 6.0
    # Slow waves keep the level near its start over any length, without a loop.
    slow = np.cumsum(steps)
    drift = np.linspace(0.0, slow[-1], bars)
    wave = 900.0 * np.sin(np.arange(bars) / 9_000.0) + 250.0 * np.sin(np.arange(bars) / 700.0)
    close = np.rint(110_000 + 20_000 * np.tanh((slow - drift) / 60_000) + wave + rng.normal(0, 4, bars))
    open_ = np.concatenate([[110_000.0], close[:-1]]) + np.rint(rng.normal(0, 1, bars))
    up, down = (np.rint(rng.exponential(4.0, bars)) for _ in range(2))
    return open_, np.maximum(open_, close) + up, np.minimum(open_, close) - down, close


def write(root: Path, bars: int, seed: int = 7) -> tuple[Path, Path]:
    """Writes both sides below ``root`` as pyarrow does by default (dictionary, snappy); returns (bid, ask)."""
    folder = root / SYMBOL
    bid, ask = (folder / f"{SYMBOL}_M1_{side}.parquet" for side in ("BID", "ASK"))
    if bid.exists() and ask.exists():
        return bid, ask
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed + 1)
    stamps = pa.array(times(bars)).cast(pa.timestamp("ns", tz="UTC"))
    columns = mids(bars, seed)
    spread = 8.0 + rng.poisson(2.0, bars)
    volume = rng.poisson(80.0, bars).astype(np.float64)
    for path, shift in ((bid, np.zeros(bars)), (ask, spread)):
        prices = [np.round((column + shift) / 100_000, 5) for column in columns]
        table = pa.table(dict(zip(COLUMNS, [stamps, *prices, volume], strict=True)))
        partial = path.with_suffix(".partial")
        pq.write_table(table, partial)
        partial.rename(path)
    return bid, ask


def config(bars: int, *, equity: str = "trades", warmup: int = 500) -> dict[str, object]:
    """Scenario 2 with costs over a market of ``bars`` bars: about nine trades in a thousand bars."""
    last = np.datetime64(int(times(bars)[-1]), "ns")
    first = np.datetime64(FIRST_NS, "ns") + np.timedelta64(1 if bars > 2_000 else 0, "D")
    # A day is too short for scenario 2's windows.
    scenarios = [2 if bars > 2_000 else 1]
    parameters: dict[str, object] = {"enabled_scenarios": scenarios, "window_length": 100, "b_b_length": 40}
    parameters |= {"z_score_long": -2.6, "z_score_short": 2.6, "kalman_r": 1.0, "kalman_q": 0.1}
    return {
        "schema_version": "2",
        "strategy_name": "mean_reversion_z_score",
        "strategy_parameters": parameters,
        "symbol": SYMBOL,
        "start_date": str(first)[:10],
        "end_date": str(last)[:10],
        "timeframes": {"primary": "M1"},
        "rates": {"EURUSD": 1.1},
        "warmup_bars": warmup if bars > 2_000 else 0,
        "output": {"equity": equity},
    }
