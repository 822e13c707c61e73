"""The benchmark's call, four hundred times (so that imports do not count), for a profiler to sample:

py-spy record --native --rate 500 --format flamegraph -o benchmarks/flame.svg -- python benchmarks/profile_target.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import bt  # noqa: E402

from benchmarks import market  # noqa: E402

ROOT = REPOSITORY / "var" / "bench" / "1000000"

if __name__ == "__main__":
    market.write(ROOT, 1_000_000)
    os.environ["OMEGA_DATA_PARQUET_ROOT"] = str(ROOT)
    CONFIG = market.config(1_000_000)
    for _ in range(400):
        bt.run_backtest(CONFIG)
